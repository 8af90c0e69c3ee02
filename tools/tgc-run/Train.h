//===- Train.h - The training loop ------------------------------*- C++ -*-===//
#ifndef TGC_TOOLS_TGC_RUN_TRAIN_H
#define TGC_TOOLS_TGC_RUN_TRAIN_H

#include "tools/tgc-run/Options.h"
#include "llvm/Support/raw_ostream.h"

namespace tgc {

/// Compiles or loads the model and trains it as the options say. An interrupt (Ctrl-C) ends it after the step
/// that is under way, with a checkpoint if one is wanted; the result is false then.
llvm::Expected<bool> train(const RunOptions &options, llvm::raw_ostream &out);

} // namespace tgc

#endif // TGC_TOOLS_TGC_RUN_TRAIN_H
