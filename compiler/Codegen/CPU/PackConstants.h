//===- PackConstants.h - Weights in the order in which they are read -*- C++ -*-===//
#ifndef TGC_COMPILER_CODEGEN_CPU_PACKCONSTANTS_H
#define TGC_COMPILER_CODEGEN_CPU_PACKCONSTANTS_H

#include "compiler/Codegen/CPU/SelectTiling.h"
#include "dialects/Kernel/IR/KernelDialect.h"
#include "mlir/IR/BuiltinAttributes.h"

#include <map>

namespace tgc {

/// The tile that the kernel of `contract` will work with.
ContractTiling getTiling(kernel::ContractOp contract, VectorUnit unit);

/// What is packed already, by constant and order: the steps of an unrolled loop and the entries of a module
/// share their weights.
using PackedConstants = std::map<std::pair<const void *, std::vector<int64_t>>, mlir::ElementsAttr>;

/// Packs the right operand if it is a constant and packing it pays.
void packConstant(kernel::ContractOp contract, VectorUnit unit, PackedConstants &known);

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_CPU_PACKCONSTANTS_H
