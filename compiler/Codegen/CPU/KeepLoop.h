//===- KeepLoop.h - Loops that LLVM leaves alone ---------------*- C++ -*-===//
//
// A loop with a long body is made where copies of the body would cost more to compile than they save when
// they run. LLVM would unroll it nonetheless if it runs a few times only.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_COMPILER_CODEGEN_CPU_KEEPLOOP_H
#define TGC_COMPILER_CODEGEN_CPU_KEEPLOOP_H

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/SmallBitVector.h"

namespace tgc {

/// Ops on one element that the block computes, a function that becomes a polynomial counting as many.
int64_t countOps(mlir::Block &body);
/// The same of the ops that are computed for each element, where the arguments `areShared` are the same for
/// many.
int64_t countOpsOfElement(mlir::Block &body, const llvm::SmallBitVector &areShared);

/// Keeps the loop from being unrolled. The LLVM dialect has to be loaded.
void keepLoop(mlir::scf::ForOp loop);

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_CPU_KEEPLOOP_H
