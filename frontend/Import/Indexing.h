//===- Indexing.h - Gathers and scatters that several families build -*- C++ -*-===//
#ifndef TGC_FRONTEND_IMPORT_INDEXING_H
#define TGC_FRONTEND_IMPORT_INDEXING_H

#include "frontend/Import/NodeImporter.h"

namespace tgc {

/// `indices` in one of the types that tg indexes with.
mlir::Value toIndices(NodeImporter &n, mlir::Value indices);
/// Rows (or other slices) of `params` along `axis`.
mlir::FailureOr<mlir::Value> gatherAlong(NodeImporter &n, mlir::Value params, mlir::Value indices,
                                         int64_t axis, int64_t batchDims = 0);
/// `x` with `updates` at the rows `rows` (of any rank) of its first dimension.
mlir::Value scatterRows(NodeImporter &n, tg::ScatterKind kind, mlir::Value x, mlir::Value rows,
                        mlir::Value updates, tg::BoundsMode bounds = tg::BoundsMode::Error);
/// `x` with updates at coordinates (the last dimension of `indices`); an error unless `updates` has the shape
/// indices[:-1] + x[depth:].
mlir::FailureOr<mlir::Value> scatterNd(NodeImporter &n, tg::ScatterKind kind, mlir::Value x,
                                       mlir::Value indices, mlir::Value updates);
/// Coordinates of the elements that are not zero, [count, rank].
mlir::Value whereNonzero(NodeImporter &n, mlir::Value x);
/// The largest element of an integer tensor as a size; `ifEmpty` if it has none.
mlir::OpFoldResult largestElement(NodeImporter &n, mlir::Value x, int64_t ifEmpty);
/// `x` (of any rank) repeated along trailing dimensions to `sizes`, whose first sizes are those of `x`.
mlir::Value broadcastTrailing(NodeImporter &n, mlir::Value x, llvm::ArrayRef<mlir::OpFoldResult> sizes);

/// No memory holds a tensor of more elements. Sums of some thousand sizes up to this one do not wrap.
constexpr int64_t kMostElements = int64_t(1) << 47;
/// Checks that a tensor of these sizes, none of them negative, has at most kMostElements.
mlir::LogicalResult checkCount(NodeImporter &n, llvm::ArrayRef<mlir::OpFoldResult> sizes);
/// Checks that sizes which data gives are not negative, nor their product too large, at run time where
/// they are not known.
mlir::LogicalResult checkSizes(NodeImporter &n, llvm::ArrayRef<mlir::OpFoldResult> sizes);

} // namespace tgc

#endif // TGC_FRONTEND_IMPORT_INDEXING_H
