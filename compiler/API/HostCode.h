//===- HostCode.h - A small module, run while compiling --------*- C++ -*-===//
#ifndef TGC_COMPILER_API_HOSTCODE_H
#define TGC_COMPILER_API_HOSTCODE_H

#include "compiler/JIT/Engine.h"
#include "compiler/Target/CodeTarget.h"
#include "mlir/IR/BuiltinOps.h"
#include "tgc/runtime.h"

namespace tgc {

/// Code in this process, with a session of it.
class HostCode {
public:
  /// Of a module after the phase `llvm`, whose weights the code reads where they are. An error if this
  /// machine lacks what the target has. 0 threads: as many as the machine has CPUs.
  static llvm::Expected<std::unique_ptr<HostCode>> create(mlir::ModuleOp module, const CodeTarget &target,
                                                          llvm::TargetMachine &machine, unsigned level,
                                                          unsigned numThreads = 1);
  ~HostCode();

  tgc_session_t *getSession() const { return session; }

private:
  HostCode() = default;

  std::unique_ptr<Engine> engine;
  tgc_module_t *code = nullptr;
  tgc_session_t *session = nullptr;
};

} // namespace tgc

#endif // TGC_COMPILER_API_HOSTCODE_H
