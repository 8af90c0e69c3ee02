//===- FoldConstants.h - What can be computed when compiling ---*- C++ -*-===//
#ifndef TGC_COMPILER_API_FOLDCONSTANTS_H
#define TGC_COMPILER_API_FOLDCONSTANTS_H

#include "compiler/Pipelines/Options.h"
#include "mlir/IR/BuiltinOps.h"

namespace tgc {

/// Before the phase `fusion`: replaces what tg ops without effects make of constants alone by constants,
/// which this machine computes with the code that a run would have (its own, if it cannot run the target's).
/// What would become larger than what it is made of, and than 64 KB, is left to the run. So are products and
/// windows beyond those of the first 2^33 multiplications (a fraction of a second for f32, seconds for types
/// that the machine has no vectors of), since each compilation would compute them again; large ones are
/// computed on all threads, which changes no bit. So is all of it where no tensor of two elements is gained.
void foldConstants(mlir::ModuleOp module, const CompileOptions &options);

} // namespace tgc

#endif // TGC_COMPILER_API_FOLDCONSTANTS_H
