//===- KernelFacts.h - How much a kernel does ------------------*- C++ -*-===//
//
// Of what the tiled phase leaves: contractions with what is computed of their sums, attention, loop nests.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_COMPILER_CODEGEN_CPU_KERNELFACTS_H
#define TGC_COMPILER_CODEGEN_CPU_KERNELFACTS_H

#include "compiler/Codegen/CPU/SymbolicSize.h"
#include "mlir/IR/Operation.h"

namespace tgc {

/// A kernel of an entry: what it runs over, and for one run its arithmetic on floating-point numbers and the
/// bytes of its operands.
struct KernelFacts {
  std::string node, kind;
  std::vector<SymbolicSize> sizes, summed;
  SymbolicSize flops, bytes;
  /// What is computed, as KernelWork has it.
  std::string type = "f32";
  bool isInLoop = false;
  /// What --tune chose instead of the table's tile; empty if it did not.
  std::string tile;
};

/// Of all elements of a tensor or a buffer; nothing of a scalar.
SymbolicSize getBytes(mlir::Value value, SizeNames &names);

/// The location with the work of all ops, which become one kernel over `arguments`, if it is known: what
/// several of them read and write passes the memory once. They have one at least.
mlir::Location describeTogether(mlir::Location loc, llvm::ArrayRef<mlir::Operation *> ops,
                                mlir::ValueRange arguments);

/// None if the op is no kernel. Sizes are named by the names of the op's entry.
std::optional<KernelFacts> getKernelFacts(mlir::Operation *op, SizeNames &names);

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_CPU_KERNELFACTS_H
