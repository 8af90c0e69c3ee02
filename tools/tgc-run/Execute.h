//===- Execute.h - Running the steps of a script ------------------------------===//
#ifndef TGC_TOOLS_TGC_RUN_EXECUTE_H
#define TGC_TOOLS_TGC_RUN_EXECUTE_H

#include "tools/tgc-run/LoadModule.h"
#include "tools/tgc-run/Plan.h"
#include "tools/tgc-run/Profile.h"

namespace tgc {

/// A session of the runtime.
class Session {
public:
  static llvm::Expected<Session> create(const LoadedModule &module, uint32_t numThreads, uint64_t seed,
                                        Profiler *profiler = nullptr);
  Session(Session &&other) noexcept : module(other.module), handle(std::exchange(other.handle, nullptr)) {}
  Session &operator=(Session &&) = delete;
  ~Session() { tgc_session_release(handle); }

  /// Runs one step and returns its fetches; none for a step that loads or saves.
  llvm::Expected<NamedArrays> execute(const PlannedStep &planned);

  tgc_session_t *get() const { return handle; }

private:
  Session(const LoadedModule &module, tgc_session_t *handle) : module(&module), handle(handle) {}
  llvm::Expected<NamedArrays> run(const PlannedStep &planned);

  const LoadedModule *module;
  tgc_session_t *handle;
};

/// Runs all steps; run step i leaves `folder`/s<i>.npz.
llvm::Error executeScript(Session &session, llvm::ArrayRef<PlannedStep> steps, llvm::StringRef folder);

} // namespace tgc

#endif // TGC_TOOLS_TGC_RUN_EXECUTE_H
