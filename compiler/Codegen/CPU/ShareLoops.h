//===- ShareLoops.h - Independent loops on all threads ---------*- C++ -*-===//
#ifndef TGC_COMPILER_CODEGEN_CPU_SHARELOOPS_H
#define TGC_COMPILER_CODEGEN_CPU_SHARELOOPS_H

#include "compiler/Codegen/CPU/KernelCalls.h"

namespace tgc {

/// Makes kernels of those loops in entries that are marked as independent (kernel::kIndependentAttr), the
/// outermost of more than one iteration, which threads share out where memory of many elements is walked.
void shareLoops(mlir::ModuleOp module, KernelCalls &kernels);

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_CPU_SHARELOOPS_H
