//===- TurnRows.h - Few rows that lie across the sum -----------*- C++ -*-===//
#ifndef TGC_COMPILER_CODEGEN_CPU_TURNROWS_H
#define TGC_COMPILER_CODEGEN_CPU_TURNROWS_H

#include "compiler/Codegen/CPU/SelectTiling.h"
#include "dialects/Kernel/IR/KernelDialect.h"

namespace tgc {

/// Lets a product of two transposed matrices read a copy of the left one along the sum, if that has few rows:
/// then the right one, whose columns lie along the sum, is read where it is (AlongSum.h). On tensors, where
/// the right operand is no constant.
void turnFewRows(kernel::ContractOp op, VectorUnit unit);

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_CPU_TURNROWS_H
