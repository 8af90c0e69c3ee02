//===- Options.h - The command line of tgc ---------------------*- C++ -*-===//
#ifndef TGC_TOOLS_TGC_OPTIONS_H
#define TGC_TOOLS_TGC_OPTIONS_H

#include "compiler/API/CompileInMemory.h"

namespace tgc {

enum class EmitKind { Library, Object, Assembly, LLVM, MLIR };

struct CommandLine {
  std::string modelPath, outputPath;
  EmitKind emit = EmitKind::Library;
  bool listsOps = false;
  std::vector<EntryRequest> entries;
  CompileOptions compile;
};

/// Reads the command line; --help and options that are unknown or malformed end the process.
llvm::Expected<CommandLine> parseCommandLine(int argc, char **argv);

} // namespace tgc

#endif // TGC_TOOLS_TGC_OPTIONS_H
