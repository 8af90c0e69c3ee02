//===- PoolOps.h - What pooling and its gradients share --------*- C++ -*-===//
#ifndef TGC_FRONTEND_IMPORT_POOLOPS_H
#define TGC_FRONTEND_IMPORT_POOLOPS_H

#include "frontend/Import/SlidingWindow.h"

namespace tgc {

/// Windows with more elements than this are not taken apart: the code would grow with them.
constexpr int64_t kMaxUnrolledWindow = 64;

/// The windows of a pooling node, one per dimension of its input in the node's layout. Their sizes are
/// constants.
struct Pooling {
  DataLayout layout;
  llvm::SmallVector<SlidingWindow> windows;

  llvm::SmallVector<int64_t> window() const;
  llvm::SmallVector<int64_t> strides() const;
  /// Combines the elements under the windows of a padded input.
  mlir::Value reduceWindows(NodeImporter &n, tg::ReductionKind kind, mlir::Value padded) const;
};

/// Reads and checks the node's attributes for an input of these sizes. `windowInput`: the input that holds
/// ksize, the next holds the strides, for the versions that have them there.
mlir::FailureOr<Pooling> getPooling(NodeImporter &n, llvm::ArrayRef<mlir::OpFoldResult> inputSizes,
                                    std::optional<size_t> windowInput = std::nullopt);

/// `x` (as large as the output) over the number of elements that each window covers, padding not counted.
mlir::Value divideByCovered(NodeImporter &n, mlir::Value x, const Pooling &pooling);

} // namespace tgc

#endif // TGC_FRONTEND_IMPORT_POOLOPS_H
