//===- PatchOps.h - Overlapping windows laid side by side ------*- C++ -*-===//
#ifndef TGC_FRONTEND_IMPORT_PATCHOPS_H
#define TGC_FRONTEND_IMPORT_PATCHOPS_H

#include "frontend/Import/SlidingWindow.h"

namespace tgc {

/// All windows (of known sizes) over a padded tensor, one window per dimension: [outputs..., elements of a
/// window].
mlir::Value extractPatches(NodeImporter &n, mlir::Value padded, llvm::ArrayRef<SlidingWindow> windows);

/// Where place number `winners` (of as many as a window has elements) of each window lies in the flattened
/// input: integers of type `element`. Without `countsBatch` the first dimension does not count.
mlir::Value flattenPositions(NodeImporter &n, mlir::Value winners, llvm::ArrayRef<SlidingWindow> windows,
                             mlir::Type element, bool countsBatch);

/// A tensor of `shape`, zero but for `updates` added at flat `positions`.
mlir::Value addAtPositions(NodeImporter &n, mlir::Value positions, mlir::Value updates,
                           llvm::ArrayRef<mlir::OpFoldResult> shape);

/// The number of elements of a window.
int64_t getWindowElements(llvm::ArrayRef<SlidingWindow> windows);

} // namespace tgc

#endif // TGC_FRONTEND_IMPORT_PATCHOPS_H
