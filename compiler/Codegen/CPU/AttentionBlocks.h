//===- AttentionBlocks.h - Blocks of queries and keys ----------*- C++ -*-===//
//
// What the code of attention and that of its gradients share: parts of operands, scores of a block with the
// queries along the lanes, and which blocks a mask hides.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_COMPILER_CODEGEN_CPU_ATTENTIONBLOCKS_H
#define TGC_COMPILER_CODEGEN_CPU_ATTENTIONBLOCKS_H

#include "compiler/Codegen/CPU/LinearAccess.h"
#include "compiler/Codegen/CPU/SelectTiling.h"
#include "dialects/Kernel/IR/KernelDialect.h"
#include "mlir/IR/IRMapping.h"
#include <optional>

namespace tgc {

/// exp of less is 0 in f32, denormal numbers and all.
inline constexpr float kLeastExponent = -104;

/// Code for an op of the kind of `kernel.attention`: its first operands are queries, keys and values.
class AttentionBlocks {
protected:
  enum : unsigned { kQueries, kKeys, kValues };

  template <typename Op>
  AttentionBlocks(mlir::OpBuilder &builder, Op op, VectorUnit unit)
      : AttentionBlocks(builder, op.getOperation(), op.getScores(), unit) {
    for (unsigned i = 0; i < op->getNumOperands(); ++i)
      maps.push_back(op.getMap(i));
    initNumber = op.getInitNumber();
    firstExtra = initNumber - op.getExtras().size();
    findSizes();
  }

  /// A block of queries: where it lies in each operand, its number of queries, and memory for it and a block
  /// of keys. `larger` has the largest scores of all keys so far, `most` those of one block, `worst` one
  /// number of all queries.
  struct Queries {
    llvm::SmallVector<mlir::OpFoldResult> offsets;
    mlir::OpFoldResult queries;
    mlir::Value packed, scores, larger, most, worst;
    llvm::SmallVector<mlir::Value> extras;
  };

  /// Parts of the extras, and which of the loops [key, query] each has.
  struct ExtraViews {
    llvm::SmallVector<mlir::Value> views;
    llvm::SmallVector<llvm::SmallVector<unsigned>> dims;
  };

  /// An extra along keys by which the region chooses between a score and `score`, where its elements are 0,
  /// or where they are not.
  struct Choice {
    unsigned operand;
    bool hidesByZero;
    float score;
  };

  unsigned queryLoop() const { return numBatches; }
  unsigned keyLoop() const { return numBatches + 1; }
  unsigned depthLoop() const { return numBatches + 2; }
  unsigned valueLoop() const { return numBatches + 3; }
  int64_t getStaticSize(unsigned operand, unsigned loop);

  /// Batches and queries are counted by the init, keys by the values.
  mlir::OpFoldResult getLoopSize(unsigned loop, mlir::ValueRange operands);
  /// The access of an operand, which stays in place along loops that repeat it.
  LinearAccess createAccess(unsigned operand, mlir::Value memref);
  /// A part of an operand, from `offset`, with a dimension for each of `loops`.
  mlir::Value view(const LinearAccess &access, mlir::OpFoldResult offset, llvm::ArrayRef<unsigned> loops,
                   llvm::ArrayRef<mlir::OpFoldResult> sizes);
  mlir::Value allocate(llvm::ArrayRef<int64_t> shape);
  /// The first elements along each dimension.
  mlir::Value part(mlir::Value memref, llvm::ArrayRef<mlir::OpFoldResult> sizes);
  /// Loops over the dimensions of `dims`; those that the last of them lacks are summed. `body` gets what is
  /// read, and the element of `out`.
  void nest(unsigned numLoops, llvm::ArrayRef<llvm::SmallVector<unsigned>> dims, mlir::ValueRange inputs,
            mlir::Value out, llvm::function_ref<mlir::Value(mlir::OpBuilder &, mlir::ValueRange)> body);
  void copy(unsigned numLoops, llvm::ArrayRef<unsigned> dims, mlir::Value from, mlir::Value to);
  mlir::Value number(mlir::OpBuilder &b, float value);
  void fill(mlir::Value memref, float value);
  kernel::ContractOp contract(mlir::Value lhs, mlir::Value rhs, mlir::ValueRange extras, mlir::Value init,
                              llvm::ArrayRef<llvm::SmallVector<unsigned>> dims,
                              llvm::ArrayRef<mlir::OpFoldResult> sizes, bool accumulates);
  /// The region of a contraction, with `body` in it.
  void setEpilogue(kernel::ContractOp contract, llvm::function_ref<mlir::Value(mlir::ValueRange)> body);
  /// What a region of the op computes.
  mlir::Value cloneRegion(mlir::OpBuilder &b, mlir::Region &region, mlir::ValueRange arguments);
  /// Whether a loop moves the operand, as far as is known.
  bool isAlong(unsigned operand, unsigned loop);
  bool isAlongQueries(unsigned operand);
  bool isAlongKeys(unsigned operand);
  void findMasks();
  /// In the function, before anything else. Returns the operands.
  llvm::SmallVector<mlir::Value> beginBody(mlir::Block &body);
  void allocateBlock(Queries &unit);
  /// For rows of a block of queries, in panels that are not wider than `panelWidth`.
  mlir::Value allocatePacked(int64_t length);
  /// The place of a batch, by its number in the order of the loops.
  llvm::SmallVector<mlir::OpFoldResult> placeOfBatch(mlir::OpFoldResult number, mlir::ValueRange operands);
  llvm::SmallVector<mlir::OpFoldResult> offsetsOf(llvm::ArrayRef<mlir::OpFoldResult> place);
  mlir::OpFoldResult offsetOf(const Queries &unit, unsigned operand, mlir::OpFoldResult firstKey);
  /// Goes through [0, count) block by block; `body` gets the first and the number of each.
  void forEachBlock(mlir::OpFoldResult count, int64_t block,
                    llvm::function_ref<void(mlir::OpFoldResult, mlir::OpFoldResult)> body);
  /// Rows of a block of queries in the order of panels: their first elements, their second ones ...
  void pack(const Queries &unit, unsigned operand, unsigned elementLoop, int64_t length, mlir::Value packed);
  /// out[key, query] = what `region` makes of the sum over elements of rows[key, element] * packed[query,
  /// element] and of extras.
  void emitProducts(const Queries &unit, mlir::Value rows, mlir::OpFoldResult size, int64_t length,
                    mlir::Value packed, const ExtraViews &extras, mlir::Value out, unsigned numOps,
                    llvm::function_ref<mlir::Value(mlir::OpBuilder &, mlir::ValueRange)> region,
                    bool isVector);
  bool isVectorizableRegion(mlir::Region &region);
  /// Of the keys [first, first + size).
  void emitScores(const Queries &unit, mlir::OpFoldResult first, mlir::OpFoldResult size,
                  const ExtraViews &extras);
  void emitUnless(mlir::Value condition, llvm::function_ref<void()> body);
  /// The largest of `value` over what is read, one number of all queries; NaN if there is one.
  mlir::Value findWorst(const Queries &unit, mlir::ValueRange inputs,
                        llvm::ArrayRef<llvm::SmallVector<unsigned>> dims,
                        llvm::function_ref<mlir::Value(mlir::OpBuilder &, mlir::ValueRange)> value);
  mlir::Value isBelow(mlir::Value value, float bound);
  /// Whether the mask chooses its number for all scores of a block, and no weight of that number is more than
  /// 0. Where `larger` may still grow, none of minus infinity is; where it is of all keys, a query that sees
  /// nothing has weights of NaN.
  mlir::Value isHidden(const Queries &unit, const ExtraViews &extras, bool mayGrow);
  /// The largest scores of a block, per query.
  mlir::Value findMost(const Queries &unit, mlir::OpFoldResult size);
  /// What scores are compared with: where all so far are -inf, so are their differences from 0.
  mlir::Value originOf(mlir::OpBuilder &b, mlir::Value largest);
  /// For a block of keys; what differs from query to query is brought along the lanes.
  ExtraViews viewExtras(const Queries &unit, mlir::OpFoldResult first, mlir::OpFoldResult size);

  mlir::OpBuilder &builder;
  mlir::Operation *op;
  mlir::Region &scores;
  VectorUnit unitOfVectors;
  mlir::Location loc;
  IndexMath math;
  llvm::SmallVector<mlir::AffineMap> maps;
  unsigned numBatches = 0, firstExtra = 0, initNumber = 0;
  /// In the function: how loops move each operand.
  llvm::SmallVector<LinearAccess> accesses;
  /// What the op's regions capture.
  mlir::IRMapping constants;
  int64_t depth = 0, width = 0, numQueries = 0, numKeys = 0, panelWidth = 0;
  /// Sizes of a block, which the derived class chooses.
  int64_t blockQueries = 0, blockKeys = 0;
  std::optional<Choice> choice;
  bool hasMask = false;

private:
  AttentionBlocks(mlir::OpBuilder &builder, mlir::Operation *op, mlir::Region &scores, VectorUnit unit)
      : builder(builder), op(op), scores(scores), unitOfVectors(unit), loc(op->getLoc()), math(builder, loc) {
  }
  void findSizes();
};

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_CPU_ATTENTIONBLOCKS_H
