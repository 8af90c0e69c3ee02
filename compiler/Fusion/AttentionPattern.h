//===- AttentionPattern.h - Softmax between two products -------*- C++ -*-===//
//
// softmax(f(Q K^T)) V on tg, and its gradients where a graph has them, too.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_COMPILER_FUSION_ATTENTIONPATTERN_H
#define TGC_COMPILER_FUSION_ATTENTIONPATTERN_H

#include "dialects/Kernel/IR/KernelDialect.h"
#include "dialects/Tg/IR/TgOps.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"
#include <optional>

namespace tgc {

/// Floats that f32 holds: scores are f32 in the kernel.
inline bool isFloat(mlir::Value value) {
  mlir::Type type = llvm::cast<mlir::RankedTensorType>(value.getType()).getElementType();
  return type.isF32() || type.isF16() || type.isBF16();
}

/// Whether an op only changes which of these floats a value is.
inline bool isFloatCast(mlir::Operation *op) {
  auto cast = llvm::dyn_cast_or_null<tg::CastOp>(op);
  return cast && isFloat(cast.getX()) && isFloat(cast.getResult());
}

/// What a value is before such changes, which `passed` gets.
template <typename Set> mlir::Value skipFloatCasts(mlir::Value value, Set &passed) {
  while (isFloatCast(value.getDefiningOp())) {
    passed.insert(value.getDefiningOp());
    value = value.getDefiningOp()->getOperand(0);
  }
  return value;
}

/// An operand and the loop of each of its dimensions.
struct AttentionOperand {
  mlir::Value value;
  llvm::SmallVector<unsigned> loops;

  mlir::RankedTensorType getType() const { return llvm::cast<mlir::RankedTensorType>(value.getType()); }
  bool operator==(const AttentionOperand &other) const {
    return value == other.value && loops == other.loops;
  }
  unsigned getRank() const { return loops.size(); }
};

/// What is replaced by a result, and the loop of each of its dimensions.
struct AttentionResult {
  mlir::Operation *replaced = nullptr;
  llvm::SmallVector<unsigned> loops;
};

/// A product of weights and values, and what makes the weights.
class Attention {
public:
  explicit Attention(tg::MatMulOp product) : product(product) {}

  /// The gradients of the weights may be their users, too, if these are made as a whole.
  bool match();
  void replace();

private:
  using Operand = AttentionOperand;

  /// `value`, repeated along rows, as the reduction of rows of what it returns.
  mlir::Value matchRowReduction(mlir::Value value, tg::ReductionKind kind);
  bool matchSoftmax();
  /// Whether a value is computed element by element from the product of queries and keys, the first that is
  /// met.
  bool findScores(mlir::Value value);
  unsigned numBatches() const { return llvm::cast<mlir::RankedTensorType>(weights.getType()).getRank() - 2; }
  unsigned query() const { return numBatches(); }
  unsigned key() const { return numBatches() + 1; }
  unsigned depth() const { return numBatches() + 2; }
  unsigned value() const { return numBatches() + 3; }
  /// The loops [batches..., query, last].
  llvm::SmallVector<unsigned> allLoops(unsigned last) const;
  mlir::AffineMap getMap(llvm::ArrayRef<unsigned> loops) const;
  /// A matrix operand of a product, and what it is transposed from or repeated from along `spread` loops.
  Operand describe(mlir::Value matrix, unsigned row, unsigned column, llvm::ArrayRef<unsigned> spread) const;
  /// Whether dimensions of other loops than batches and `spread` keep their sizes.
  bool repeatsOnly(tg::BroadcastToOp broadcast, llvm::ArrayRef<unsigned> loops,
                   llvm::ArrayRef<unsigned> spread) const;
  void findOperands();
  int64_t getStaticSize(const Operand &operand, unsigned loop) const;
  bool pays() const;
  mlir::OpFoldResult findLoopSize(mlir::OpBuilder &builder, unsigned loop) const;
  /// Whether the region computes the op again: it is what the scores depend on, or a step to it from what is
  /// repeated to all scores.
  bool isInRegion(mlir::Operation *op) const;
  static mlir::Value skipBroadcasts(mlir::Value value);
  static std::optional<mlir::TypedAttr> getSplat(mlir::Value value);
  /// Finds what a score reads besides the product. Are all of it floats or booleans?
  bool collectExtras(mlir::Value value);
  /// Vectors can hold floats, not booleans.
  mlir::Value asFloat(mlir::OpBuilder &builder, mlir::Value extra);
  static mlir::TypedAttr widen(mlir::TypedAttr number);
  mlir::Value buildScore(mlir::OpBuilder &builder, mlir::Block &body, mlir::Value value,
                         llvm::DenseMap<mlir::Value, mlir::Value> &scalars);

  //===--------------------------------------------------------------------===//
  // Gradients
  //===--------------------------------------------------------------------===//

  /// Finds the gradients of queries, keys and values, and what only they are computed from.
  bool matchGradients();
  /// Finds the gradients of scores, as TensorFlow's rule of softmax makes them of those of the weights, or
  /// those of its steps. Returns the gradients of the weights.
  mlir::Value matchScoreGradients();
  mlir::Value matchGradientsOfSoftmax();
  mlir::Value matchGradientsOfSteps();
  bool matchValueGradients();
  /// From the gradients of scores to those of queries and keys.
  bool matchProductGradients();
  bool matchProductGradient(tg::MatMulOp product);
  /// Are users of what is to be found in time for them where all that is needed is known?
  bool findPlaceOfGradients();
  void replaceGradients(mlir::Value attended, llvm::ArrayRef<unsigned> loops, mlir::ValueRange statistics);
  /// A result and the transpose behind it that nothing else reads.
  static AttentionResult withTranspose(tg::MatMulOp product, llvm::SmallVector<unsigned> loops);
  mlir::Value createInit(mlir::OpBuilder &builder, llvm::ArrayRef<unsigned> loops, mlir::Type element);
  /// The block of a region that gets `root` and the first of the extras, and yields `result`.
  void buildRegion(mlir::OpBuilder &builder, mlir::Region &region, size_t numExtras, mlir::Value root,
                   mlir::Value result);

  tg::MatMulOp product, scores;
  /// The first factor of the product, and what it is before it has 16 bits.
  mlir::Value weights, quotients, logits;
  /// What the region is made of that is built: from here, by these.
  mlir::Value root;
  const llvm::SmallSetVector<mlir::Operation *, 16> *rootMembers = nullptr;
  /// What the kernel computes instead, and whether each op that was looked at is a step from the product of
  /// queries and keys to the scores.
  llvm::SmallSetVector<mlir::Operation *, 16> members;
  llvm::MapVector<mlir::Operation *, bool> steps;
  Operand queries, keys, values;
  llvm::SmallVector<Operand> extras;
  llvm::DenseMap<mlir::Value, unsigned> extraOf;
  llvm::SmallPtrSet<mlir::Operation *, 16> visited;

  bool hasGradients = false;
  /// Steps from the gradients of scores to those of the products, which are in the region of gradients, and
  /// all that is not needed any more.
  mlir::Value scoreGradients, productGradients;
  llvm::SmallSetVector<mlir::Operation *, 16> gradientSteps;
  tg::MatMulOp ofQueries, ofKeys, ofValues;
  AttentionResult queryGradients, keyGradients, valueGradients;
  /// Of the attention's results.
  Operand gradients;
  /// The extras of scores come first.
  size_t numScoreExtras = 0;
  mlir::Operation *placeOfGradients = nullptr;
};

} // namespace tgc

#endif // TGC_COMPILER_FUSION_ATTENTIONPATTERN_H
