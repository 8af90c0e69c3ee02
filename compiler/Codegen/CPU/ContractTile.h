//===- ContractTile.h - One tile of a contraction --------------*- C++ -*-===//
//
// Sums in registers, and what the epilogue computes of them.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_COMPILER_CODEGEN_CPU_CONTRACTTILE_H
#define TGC_COMPILER_CODEGEN_CPU_CONTRACTTILE_H

#include "compiler/Codegen/CPU/AlongSum.h"
#include "compiler/Codegen/CPU/ByteProducts.h"
#include "compiler/Codegen/CPU/ContractAccess.h"

namespace tgc {

/// Emits tiles of `rows` times `vectors` accumulators, in registers from the first product to the store.
struct ContractTile : ContractAccess {
  using ContractAccess::ContractAccess;

  /// Where a tile lies in each operand.
  struct Place {
    mlir::OpFoldResult lhs, rhs, init;
    llvm::SmallVector<mlir::OpFoldResult> extras;
    llvm::SmallVector<mlir::Value> masks;
    /// Of the outermost summed loop.
    mlir::OpFoldResult sumBegin, sumEnd;
    /// Of each group of summed loops; the outermost one's is the whole of it, whatever the block.
    llvm::SmallVector<std::pair<mlir::OpFoldResult, mlir::OpFoldResult>> sumRanges;
    /// Whether this block is the first and the last; null if it is known to be both.
    mlir::Value isFirst, isLast;
    /// Of the block of the right operand that is summed next, what the tile fetches for step 0 of the sum: an
    /// address if rows of the block are contiguous, else the number of a line and the address of the block.
    mlir::OpFoldResult next, nextBlock;
    /// Of the left operand, what the next tile of rows reads at step 0 of the sum; null: it is not fetched.
    mlir::OpFoldResult nextRows;
    /// Of the result's memory, where the next tile begins; null: it is not fetched in the steps of the sum.
    mlir::OpFoldResult nextInit;
    /// From the first one of the panel on.
    mlir::OpFoldResult columnsLeft;
  };

  /// The sums after the loops from `level` on.
  llvm::SmallVector<mlir::Value> sumProducts(int64_t rows, size_t level, mlir::OpFoldResult lhsAt,
                                             mlir::OpFoldResult rhsAt, const Place &place,
                                             mlir::ValueRange sums);

  /// Each step of the window's part of the sum is for the rows of the tile that it meets within the image.
  llvm::SmallVector<mlir::Value> sumWithinBorders(mlir::OpFoldResult lhsAt, mlir::OpFoldResult rhsAt,
                                                  const Place &place, mlir::ValueRange sums);

  /// The sums after the steps [first, second) of the loops of `level`, and of all within.
  llvm::SmallVector<mlir::Value> sumRange(int64_t rows, size_t level,
                                          std::pair<mlir::OpFoldResult, mlir::OpFoldResult> range,
                                          mlir::OpFoldResult lhsAt, mlir::OpFoldResult rhsAt,
                                          const Place &place, mlir::ValueRange sums);

  /// Fetches what a step of the sum, or `distance` of them, has to fetch of the next block.
  void fetchNext(const Place &place, mlir::Value step, int64_t distance);

  /// Fetches what a step of the sum has to fetch of the next tile's rows.
  void fetchRows(int64_t rows, const Place &place, mlir::Value step);

  /// Fetches what a step of the sum has to fetch of the next tile's results.
  void fetchInit(int64_t rows, const Place &place, mlir::Value step);

  /// Lets the tile of rows `unit` fetch its part of the lines.
  void shareFetching(Place &place, mlir::OpFoldResult unit);

  /// Whether vectors of the right operand end before the panel does.
  bool masksRhs() const;

  /// The right operand's vectors of a step of the sum.
  llvm::SmallVector<mlir::Value> loadColumns(mlir::OpFoldResult rhsAt, const Place &place);

  /// Two steps of the sum at once, of bf16, or of bytes that become 16 bits.
  llvm::SmallVector<mlir::Value> addPairs(int64_t rows, mlir::OpFoldResult lhsAt, mlir::OpFoldResult rhsAt,
                                          mlir::OpFoldResult rhsStep, const Place &place,
                                          mlir::ValueRange sums);

  /// The right operand's bytes of four steps of the sum, those of a column together.
  llvm::SmallVector<mlir::Value> loadQuads(mlir::OpFoldResult rhsAt, mlir::OpFoldResult rhsStep,
                                           const Place &place);

  /// Four steps of the sum at once. Behind the sums of the tile stand, where both operands have signs or
  /// neither has, those of what it adds to each column that the left operand is shifted to the other range.
  llvm::SmallVector<mlir::Value> addQuads(int64_t rows, mlir::OpFoldResult lhsAt, mlir::OpFoldResult rhsAt,
                                          mlir::OpFoldResult rhsStep, const Place &place,
                                          mlir::ValueRange sums);

  /// Whether the left operand's bytes have to be shifted: the instruction takes one operand with signs and
  /// one without.
  bool shiftsBytes() { return plan.stepsAtOnce == 4 && isUnsigned(kUnsignedLhs) == isUnsigned(kUnsignedRhs); }

  /// One step of the sum.
  llvm::SmallVector<mlir::Value> addProducts(int64_t rows, mlir::OpFoldResult lhsAt, mlir::OpFoldResult rhsAt,
                                             const Place &place, mlir::ValueRange sums);
  mlir::OpFoldResult getRowStride(const LinearAccess &access) const;

  /// Copies the elements of this block of the sum; the access of the copies.
  LinearAccess copyRows(int64_t rows, const Place &place);
  TileAlongSum getTileAlongSum(int64_t rows, const Place &place);
  void emitTile(int64_t rows, const Place &place);
  mlir::Value getMask(const Place &place, int64_t v) const {
    return isMasked ? place.masks[v] : mlir::Value();
  }
  llvm::SmallVector<mlir::Value> ifElse(mlir::Value condition, mlir::ValueRange like,
                                        llvm::function_ref<llvm::SmallVector<mlir::Value>()> whenTrue,
                                        llvm::function_ref<llvm::SmallVector<mlir::Value>()> whenFalse);

  /// What the rows of a tile share of the operands of the epilogue: by operand and vector of columns.
  using SharedOperands = llvm::DenseMap<std::pair<size_t, int64_t>, mlir::Value>;

  /// The region of the op, computed for the sums of a row.
  llvm::SmallVector<mlir::Value> computeEpilogue(mlir::OpFoldResult row, mlir::ValueRange sums,
                                                 const Place &place, SharedOperands &shared);
  /// The same for each accumulator. What is read is read before anything is stored.
  llvm::SmallVector<mlir::Value> computeEpilogues(int64_t rows, mlir::ValueRange sums, const Place &place);
  /// The same by a loop that stores the results of each row: the code of a long epilogue is there once.
  void storeEpilogues(int64_t rows, mlir::ValueRange sums, const Place &place);
  /// Stores the results of rows from `row` on.
  void store(mlir::OpFoldResult row, mlir::ValueRange results, const Place &place);
};

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_CPU_CONTRACTTILE_H
