//===- OrderLoops.h - The order of a contraction's loops -------*- C++ -*-===//
#ifndef TGC_COMPILER_CODEGEN_CPU_ORDERLOOPS_H
#define TGC_COMPILER_CODEGEN_CPU_ORDERLOOPS_H

#include "dialects/Kernel/IR/KernelDialect.h"

namespace tgc {

/// Gives the result of a contraction without extras the dimensions in the order in which all its users read
/// them, where vectors along the columns stay what they are.
kernel::ContractOp storeAsRead(kernel::ContractOp contract);

/// Makes one loop of rows that the only user reads as one dimension: what follows computes on that.
kernel::ContractOp joinRows(kernel::ContractOp contract);

/// Brings the loops in the order in which the result and, of the summed ones, the left operand have them:
/// neighbours that walk memory as one loop become one.
void orderLoops(kernel::ContractOp contract);

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_CPU_ORDERLOOPS_H
