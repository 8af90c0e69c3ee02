//===- Timing.h - Where the time of a compilation goes ---------*- C++ -*-===//
#ifndef TGC_COMPILER_API_TIMING_H
#define TGC_COMPILER_API_TIMING_H

#include "mlir/Pass/PassManager.h"
#include <chrono>

namespace tgc {

/// Writes the time of a step when it ends: on the clock, and of all CPUs.
class StepTimer {
public:
  /// A null stream: nothing is written.
  StepTimer(llvm::raw_ostream *stream, llvm::StringRef step);
  ~StepTimer();

private:
  llvm::raw_ostream *stream;
  llvm::StringRef step;
  std::chrono::steady_clock::time_point start;
  double startOfCpu;
};

/// Writes the passes that take long, above the step that they are of, when the pass manager is gone.
void addPassTiming(mlir::PassManager &passes, llvm::raw_ostream &stream);

} // namespace tgc

#endif // TGC_COMPILER_API_TIMING_H
