//===- Options.h - The command line of tgc ---------------------*- C++ -*-===//
#ifndef TGC_TOOLS_TGC_OPTIONS_H
#define TGC_TOOLS_TGC_OPTIONS_H

#include "tools/tgc/Config.h"

namespace tgc {

enum class EmitKind { Library, Program, Object, Assembly, LLVM, MLIR, PTX };

struct CommandLine {
  std::string modelPath, outputPath;
  EmitKind emit = EmitKind::Library;
  bool listsOps = false;
  std::vector<EntryRequest> entries;
  CompileOptions compile;
  /// With an object: where its C++ class goes; empty: none is wanted.
  std::string headerPath;
  /// Where external weights go; empty: they are embedded.
  std::string weightsPath;
  ClassName className;
  /// Names of feeds and fetches that a config gives.
  std::vector<TensorAlias> aliases;
  /// Tells what was compiled, as text, or as JSON in a file.
  bool explains = false;
  std::string explainPath;
};

/// Reads the command line; --help and options that are unknown or malformed end the process.
llvm::Expected<CommandLine> parseCommandLine(int argc, char **argv);

} // namespace tgc

#endif // TGC_TOOLS_TGC_OPTIONS_H
