//===- HostCode.h - A small module, run while compiling --------*- C++ -*-===//
#ifndef TGC_COMPILER_API_HOSTCODE_H
#define TGC_COMPILER_API_HOSTCODE_H

#include "compiler/JIT/Engine.h"
#include "compiler/Target/CodeTarget.h"
#include "mlir/IR/BuiltinOps.h"
#include "tgc/runtime.h"

namespace tgc {

/// Code in this process, with a session of it on one thread.
class HostCode {
public:
  /// Of a module after the phase `llvm`, whose weights the code reads where they are. An error if this
  /// machine lacks what the target has.
  static llvm::Expected<std::unique_ptr<HostCode>> create(mlir::ModuleOp module, const CodeTarget &target,
                                                          llvm::TargetMachine &machine, unsigned level);
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
