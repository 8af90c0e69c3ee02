//===- LoadModule.h - A module to run, from a library or a model --------------===//
#ifndef TGC_TOOLS_TGC_RUN_LOADMODULE_H
#define TGC_TOOLS_TGC_RUN_LOADMODULE_H

#include "compiler/API/CompileInMemory.h"
#include "tgc/runtime.h"

namespace tgc {

/// A module of the runtime and, if it was compiled here, the code behind it.
class LoadedModule {
public:
  LoadedModule(llvm::StringRef path, tgc_module_t *module, std::unique_ptr<InMemoryModule> code)
      : path(path), code(std::move(code)), handle(module) {}
  LoadedModule(LoadedModule &&other) noexcept
      : path(std::move(other.path)), code(std::move(other.code)),
        handle(std::exchange(other.handle, nullptr)) {}
  LoadedModule &operator=(LoadedModule &&) = delete;
  ~LoadedModule() { tgc_module_release(handle); }

  tgc_module_t *module() const { return handle; }
  const tgc_module_info_t &info() const { return *tgc_module_info(handle); }
  bool isCompiledHere() const { return code != nullptr; }
  /// The error of a run: "PATH: INVALID_ARGUMENT: text".
  llvm::Error runError(const tgc_error_t &error) const;

private:
  std::string path;
  std::unique_ptr<InMemoryModule> code; // outlives the handle, which the destructor releases
  tgc_module_t *handle;
};

/// Whether the file is a graph, whose entries are chosen when it is compiled; a shared library and a module
/// of MLIR bring theirs. An error if the file cannot be read.
llvm::Expected<bool> compilesEntries(llvm::StringRef path);

/// Loads a shared library, or compiles a model with `entries` (see compileInMemory) in memory.
llvm::Expected<LoadedModule> loadModule(llvm::StringRef path, llvm::ArrayRef<EntryRequest> entries,
                                        const CompileOptions &options);

/// The runtime's error as LLVM's, "INVALID_ARGUMENT: text".
llvm::Error runtimeError(const tgc_error_t &error);

} // namespace tgc

#endif // TGC_TOOLS_TGC_RUN_LOADMODULE_H
