//===- ModelFlags.h - Flags of all tools that compile models ----*- C++ -*-===//
#ifndef TGC_TOOLS_FLAGS_MODELFLAGS_H
#define TGC_TOOLS_FLAGS_MODELFLAGS_H

#include "compiler/Pipelines/Options.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Error.h"

namespace tgc {

/// They register themselves when they are made: not globals, as tools first remove what LLVM's libraries
/// register.
struct ModelFlags {
  explicit ModelFlags(llvm::cl::OptionCategory &category);

  /// What the flags say; an error where a value is malformed.
  llvm::Error apply(CompileOptions &options) const;

  llvm::cl::opt<std::string> signature;
  llvm::cl::list<std::string> shape;
  llvm::cl::opt<std::string> checkpoint;
  llvm::cl::opt<bool> stripAsserts;
  llvm::cl::opt<bool> exact;
  llvm::cl::list<std::string> gradients, wrt;
  llvm::cl::opt<std::string> minimize, optimizer, trainable;
  llvm::cl::opt<double> clipNorm;
  llvm::cl::opt<std::string> remat, memoryBudget, gpuF32;
  llvm::cl::list<std::string> set;
  llvm::cl::opt<bool> checkNumerics, allowSoftPlacement, logDevicePlacement;
  llvm::cl::opt<std::string> cache, tune;
};

} // namespace tgc

#endif // TGC_TOOLS_FLAGS_MODELFLAGS_H
