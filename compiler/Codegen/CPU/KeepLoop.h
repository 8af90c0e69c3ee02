//===- KeepLoop.h - Loops that LLVM leaves alone ---------------*- C++ -*-===//
//
// A loop with a long body is made where copies of the body would cost more to compile than they save when
// they run. LLVM would unroll it nonetheless if it runs a few times only.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_COMPILER_CODEGEN_CPU_KEEPLOOP_H
#define TGC_COMPILER_CODEGEN_CPU_KEEPLOOP_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace tgc {

/// Ops on one element that the block computes, a function that becomes a polynomial counting as many.
int64_t countOps(mlir::Block &body);
/// The same of what changes along the last loop.
int64_t countOpsOfElement(mlir::linalg::LinalgOp op);

/// Keeps the loop from being unrolled. The LLVM dialect has to be loaded.
void keepLoop(mlir::scf::ForOp loop);

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_CPU_KEEPLOOP_H
