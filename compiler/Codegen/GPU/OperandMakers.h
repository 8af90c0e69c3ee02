//===- OperandMakers.h - Operands that products compute ---------*- C++ -*-===//
//
// What makes an operand of a product element by element (a cast, a scale, an activation, a mask) may be done
// where the product loads it: then it is in no memory. A product loads an element once for each tile beside
// it, and computes it as often.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_COMPILER_CODEGEN_GPU_OPERANDMAKERS_H
#define TGC_COMPILER_CODEGEN_GPU_OPERANDMAKERS_H

#include "compiler/Codegen/GPU/GpuF32.h"
#include "compiler/Codegen/GPU/NestChains.h"

namespace tgc {

/// Registers in which a thread has elements on their way to shared memory, if products are by tensor cores.
inline constexpr unsigned kMostHeldWords = 32;

/// The operands of a maker that are memory.
llvm::SmallVector<mlir::OpOperand *> getMakerInputs(mlir::linalg::GenericOp maker);
/// Registers that hold what `count` elements are made of.
unsigned countHeldWords(mlir::linalg::GenericOp maker, unsigned count);

/// Gives products makers of their operands, where that costs no more than memory in between; moves these
/// before the products' chains. Products that have no chain get one.
void takeMakers(mlir::func::FuncOp entry, GpuF32 products, std::vector<NestChain> &chains);

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_GPU_OPERANDMAKERS_H
