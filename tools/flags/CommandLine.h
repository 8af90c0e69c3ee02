//===- CommandLine.h - Parsing of command lines -----------------*- C++ -*-===//
#ifndef TGC_TOOLS_FLAGS_COMMANDLINE_H
#define TGC_TOOLS_FLAGS_COMMANDLINE_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

namespace tgc {

/// LLVM's libraries register hundreds of options, some under names that are wanted here. Only the help stays.
void removeForeignOptions();

/// Sets the flags that are registered. `overview` opens the help. The error is one line without the program's
/// name; `--help` and `--version` end the process.
llvm::Error parseFlags(int argc, char **argv, llvm::StringRef overview);

} // namespace tgc

#endif // TGC_TOOLS_FLAGS_COMMANDLINE_H
