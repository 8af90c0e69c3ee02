//===- Remainders.h - Remainders of floats on devices ----------*- C++ -*-===//
#ifndef TGC_COMPILER_CODEGEN_GPU_REMAINDERS_H
#define TGC_COMPILER_CODEGEN_GPU_REMAINDERS_H

#include "mlir/IR/BuiltinOps.h"

namespace tgc {

/// Replaces each `arith.remf` of f32 or f64 by a loop whose result is exact, as that of C's fmod.
void expandRemainders(mlir::ModuleOp kernels);

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_GPU_REMAINDERS_H
