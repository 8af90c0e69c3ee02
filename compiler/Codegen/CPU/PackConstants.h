//===- PackConstants.h - Weights in the order in which they are read -*- C++ -*-===//
#ifndef TGC_COMPILER_CODEGEN_CPU_PACKCONSTANTS_H
#define TGC_COMPILER_CODEGEN_CPU_PACKCONSTANTS_H

#include "compiler/Codegen/CPU/SelectTiling.h"
#include "dialects/Kernel/IR/KernelDialect.h"

namespace tgc {

/// The tile that the kernel of `contract` will work with.
ContractTiling getTiling(kernel::ContractOp contract, VectorUnit unit);

/// Packs the right operand if it is a constant and packing it pays.
void packConstant(kernel::ContractOp contract, VectorUnit unit);

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_CPU_PACKCONSTANTS_H
