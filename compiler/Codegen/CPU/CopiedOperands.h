//===- CopiedOperands.h - Operands that are copies of others ---*- C++ -*-===//
//
// A gradient by data multiplies by the filter with its channels exchanged, from its last pixel to its first,
// and with a step of s by every s-th pixel of that. What packs the filter reads it once anyway, in whichever
// order, so it reads the filter itself. (Kernels of tiles transform the filter and take it as it comes.)
//
//===----------------------------------------------------------------------===//
#ifndef TGC_COMPILER_CODEGEN_CPU_COPIEDOPERANDS_H
#define TGC_COMPILER_CODEGEN_CPU_COPIEDOPERANDS_H

#include "compiler/Codegen/CPU/LinearAccess.h"
#include "dialects/Kernel/IR/KernelDialect.h"

namespace tgc {

/// Lets the contraction read what its right operand is a copy of, if it is one of another order or of a part.
void readThroughCopies(kernel::ContractOp op);

/// The access of `memref`, the right operand as it is, by the loops of the contraction.
LinearAccess accessRhs(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value memref,
                       kernel::ContractOp op);

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_CPU_COPIEDOPERANDS_H
