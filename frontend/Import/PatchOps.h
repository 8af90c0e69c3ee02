//===- PatchOps.h - Overlapping windows laid side by side ------*- C++ -*-===//
#ifndef TGC_FRONTEND_IMPORT_PATCHOPS_H
#define TGC_FRONTEND_IMPORT_PATCHOPS_H

#include "frontend/Import/SlidingWindow.h"

namespace tgc {

/// All windows (of known sizes) over a padded tensor, one window per dimension: [outputs..., elements of a window].
mlir::Value extractPatches(NodeImporter &n, mlir::Value padded, llvm::ArrayRef<SlidingWindow> windows);

} // namespace tgc

#endif // TGC_FRONTEND_IMPORT_PATCHOPS_H
