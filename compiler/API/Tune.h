//===- Tune.h - Tiles chosen by the clock ----------------------*- C++ -*-===//
#ifndef TGC_COMPILER_API_TUNE_H
#define TGC_COMPILER_API_TUNE_H

#include "compiler/Pipelines/Options.h"
#include "compiler/Target/CodeTarget.h"
#include "mlir/IR/BuiltinOps.h"

namespace tgc {

/// Between the phases `linalg` and `tiled`: finds the contractions that `module` will have, those with most
/// products first, compiles each with a few tiles and measures them on invented numbers, on one thread, for
/// CompileOptions::tuneSeconds in all. The module's attribute kTunedTiles names the fastest, for what had its
/// turn. Where there is a cache, tiles are kept there and not measured again. `warning` says what of the
/// cache did not work.
void tuneTiles(mlir::ModuleOp module, const CompileOptions &options, const CodeTarget &target,
               llvm::TargetMachine &machine, std::string &warning);

} // namespace tgc

#endif // TGC_COMPILER_API_TUNE_H
