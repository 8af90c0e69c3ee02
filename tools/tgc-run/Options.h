//===- Options.h - The command line of tgc-run --------------------------------===//
#ifndef TGC_TOOLS_TGC_RUN_OPTIONS_H
#define TGC_TOOLS_TGC_RUN_OPTIONS_H

#include "compiler/Pipelines/Options.h"
#include "tools/tgc-run/TrainOptions.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <string>
#include <vector>

namespace tgc {

struct RunOptions {
  enum class Mode { Once, Script, Benchmark, List, Train };
  Mode mode = Mode::Once;
  std::string modelPath;
  /// Once and Benchmark: what to run. An empty name or list means: whatever fits.
  std::string feedsPath, entryName;
  std::vector<std::string> fetches, targets;
  std::string scriptPath;
  /// An npz file, or the folder of a script's results; empty: print.
  std::string outPath;
  /// Of Benchmark: whether kernels are measured, and where the trace goes; empty: nowhere.
  bool profiles = false;
  std::string tracePath;
  uint64_t numRuns = 0;    // of Benchmark; 0: about a second
  uint32_t numThreads = 0; // 0: one per CPU
  uint64_t seed = 0;
  TrainOptions train;
  CompileOptions compile;
};

/// Reads the command line; --help, --version and options that are unknown or malformed end the process.
llvm::Expected<RunOptions> parseCommandLine(int argc, char **argv);

} // namespace tgc

#endif // TGC_TOOLS_TGC_RUN_OPTIONS_H
