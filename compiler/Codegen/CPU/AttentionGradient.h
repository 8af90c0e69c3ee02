//===- AttentionGradient.h - Gradients of attention ------------*- C++ -*-===//
#ifndef TGC_COMPILER_CODEGEN_CPU_ATTENTIONGRADIENT_H
#define TGC_COMPILER_CODEGEN_CPU_ATTENTIONGRADIENT_H

#include "compiler/Codegen/CPU/KernelCalls.h"
#include "compiler/Codegen/CPU/SelectTiling.h"
#include "dialects/Kernel/IR/KernelDialect.h"

namespace tgc {

/// Makes a function of the op, which is on memrefs, and a call of it; the op is gone.
void lowerAttentionGradient(kernel::AttentionGradOp op, VectorUnit unit, KernelCalls &kernels);

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_CPU_ATTENTIONGRADIENT_H
