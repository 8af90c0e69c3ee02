//===- Config.h - tfcompile's description of an entry -----------*- C++ -*-===//
#ifndef TGC_TOOLS_TGC_CONFIG_H
#define TGC_TOOLS_TGC_CONFIG_H

#include "compiler/API/CompileInMemory.h"
#include "tools/tgc/Header.h"

namespace tgc {

struct Config {
  EntryRequest entry; // named main
  std::vector<std::pair<std::string, std::vector<int64_t>>> feedShapes;
  std::vector<TensorAlias> names;
};

/// Reads a tf2xla.Config in text form. Variables need no mention: those of the model belong to the session.
llvm::Expected<Config> readConfig(llvm::StringRef path);

} // namespace tgc

#endif // TGC_TOOLS_TGC_CONFIG_H
