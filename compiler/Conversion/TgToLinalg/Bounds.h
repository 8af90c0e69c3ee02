//===- Bounds.h - Checks of indices ----------------------------*- C++ -*-===//
//
// Gathers and scatters check their indices as a whole before they move anything: one reduction over the
// indices, then one tg.check that names the first offender the way TensorFlow does.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_COMPILER_CONVERSION_TGTOLINALG_BOUNDS_H
#define TGC_COMPILER_CONVERSION_TGTOLINALG_BOUNDS_H

#include "mlir/IR/Builders.h"

namespace tgc::detail {

/// What the check of indices says about the tensor that they point into.
struct IndexedTensor {
  /// All sizes of it, as index values.
  llvm::SmallVector<mlir::Value> sizes;
  /// Its dimensions that the coordinates point into.
  llvm::SmallVector<int64_t> dimensions;
  /// What the message calls it ("param shape"); empty: coordinates are single numbers, the message gives
  /// their limit.
  llvm::StringRef name;
};

/// Ends the run with INVALID_ARGUMENT unless every coordinate lies in its dimension. `rows` is `[n, depth]`,
/// a coordinate tuple in each row; `sizes` are those of the tensor of tuples, for the message to say where
/// the first offender stands.
void createBoundsCheck(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value rows,
                       llvm::ArrayRef<mlir::OpFoldResult> sizes, const IndexedTensor &target);

/// Whether each of `coordinates` (index values) is at least zero and below its limit.
mlir::Value isInBounds(mlir::OpBuilder &builder, mlir::Location loc, mlir::ValueRange coordinates,
                       mlir::ValueRange limits);

/// Zero of a lowered element type; the empty string.
mlir::Value createZero(mlir::OpBuilder &builder, mlir::Location loc, mlir::Type element);

} // namespace tgc::detail

#endif // TGC_COMPILER_CONVERSION_TGTOLINALG_BOUNDS_H
