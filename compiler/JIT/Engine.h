//===- Engine.h - Objects as code of this process --------------*- C++ -*-===//
#ifndef TGC_COMPILER_JIT_ENGINE_H
#define TGC_COMPILER_JIT_ENGINE_H

#include "tgc/abi.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"
#include <memory>

namespace tgc {

/// One object file, linked into the process and onto its runtime. The code lives as long as the engine.
class Engine {
public:
  /// `weights` is what the symbol of rt.weights stands for; the caller keeps it.
  static llvm::Expected<std::unique_ptr<Engine>> create(llvm::ArrayRef<char> object,
                                                        llvm::ArrayRef<char> weights);
  ~Engine();

  const tgc_module_info_t *info() const { return moduleInfo; }

private:
  struct State;
  explicit Engine(std::unique_ptr<State> state);

  std::unique_ptr<State> state;
  const tgc_module_info_t *moduleInfo = nullptr;
};

} // namespace tgc

#endif // TGC_COMPILER_JIT_ENGINE_H
