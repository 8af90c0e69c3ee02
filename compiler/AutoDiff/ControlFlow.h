//===- ControlFlow.h - Gradients of conditions and loops -------*- C++ -*-===//
#ifndef TGC_COMPILER_AUTODIFF_CONTROLFLOW_H
#define TGC_COMPILER_AUTODIFF_CONTROLFLOW_H

#include "compiler/AutoDiff/ReverseSweep.h"

namespace tgc {

/// Carries the gradients of an op's results (null where there is none) into its regions and out to the values
/// that the op uses. Fails with a diagnostic where the op is not known.
mlir::LogicalResult differentiateRegions(ReverseSweep &sweep, mlir::Operation *op,
                                         llvm::ArrayRef<mlir::Value> incoming);

} // namespace tgc

#endif // TGC_COMPILER_AUTODIFF_CONTROLFLOW_H
