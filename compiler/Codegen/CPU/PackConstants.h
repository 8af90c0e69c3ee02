//===- PackConstants.h - Weights in the order in which they are read -*- C++ -*-===//
#ifndef TGC_COMPILER_CODEGEN_CPU_PACKCONSTANTS_H
#define TGC_COMPILER_CODEGEN_CPU_PACKCONSTANTS_H

#include "compiler/Codegen/CPU/SelectTiling.h"
#include "dialects/Kernel/IR/KernelDialect.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/BuiltinAttributes.h"
#include <map>
#include <optional>

namespace tgc {

/// The tile that the kernel of `contract` will work with.
ContractTiling getTiling(kernel::ContractOp contract, VectorUnit unit);

/// The number of rows that one right operand serves, as far as it is known.
int64_t countKernelRows(kernel::ContractOp contract);

/// What is packed already, by constant and order: the steps of an unrolled loop and the entries of a module
/// share their weights.
using PackedConstants = std::map<std::pair<const void *, std::vector<int64_t>>, mlir::ElementsAttr>;

/// A right operand that is known when compiling: its value and the bytes of it in row-major order.
struct ConstantOperand {
  mlir::arith::ConstantOp op;
  mlir::ElementsAttr value;
  llvm::ArrayRef<char> bytes;
};

/// The right operand's constant, seen through reshapes.
std::optional<ConstantOperand> findConstantRhs(kernel::ContractOp contract);

/// The bytes of a constant in row-major order; empty if it has none of its own.
llvm::ArrayRef<char> getConstantBytes(mlir::ElementsAttr value);

/// A constant with these bytes, aligned for vectors.
mlir::ElementsAttr makeAlignedConstant(llvm::ArrayRef<char> bytes, mlir::RankedTensorType type);

/// A constant of one dimension with these bytes, aligned for vectors.
mlir::ElementsAttr makePackedConstant(llvm::ArrayRef<char> bytes, mlir::Type elementType);

/// Lets the contraction read what was packed instead, and erases the constant if nothing else reads it.
void replaceConstantRhs(kernel::ContractOp contract, ConstantOperand old, mlir::ElementsAttr packed,
                        int64_t panelWidth);

/// Packs the right operand if it is a constant and packing it pays.
void packConstant(kernel::ContractOp contract, VectorUnit unit, PackedConstants &known);

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_CPU_PACKCONSTANTS_H
