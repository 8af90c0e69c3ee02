//===- Timing.cpp - Where the time of a compilation goes ------------------===//

#include "compiler/API/Timing.h"
#include "mlir/Pass/PassInstrumentation.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/Support/Format.h"
#include <ctime>

using namespace mlir;

namespace tgc {
namespace {

/// Milliseconds of a pass that are worth a line.
constexpr double kLeastShown = 1;

/// Milliseconds that all CPUs have given this process.
double getCpuTime() {
  timespec time = {};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return 1e3 * static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_nsec);
}

struct PassClock : PassInstrumentation {
  explicit PassClock(raw_ostream &stream) : stream(stream) {}
  ~PassClock() override {
    for (const auto &[name, time] : times)
      if (time >= kLeastShown)
        stream << llvm::format("%10s     %10.2f ms CPU    ", "", time) << name << "\n";
  }

  void runBeforePass(Pass *, Operation *) override { starts.push_back(getCpuTime()); }
  void runAfterPass(Pass *pass, Operation *) override {
    double time = getCpuTime() - starts.pop_back_val();
    if (!pass->getArgument().empty()) // what only holds passes has none
      times[pass->getArgument()] += time;
  }
  void runAfterPassFailed(Pass *, Operation *) override { starts.pop_back(); }

  raw_ostream &stream;
  SmallVector<double> starts;
  llvm::MapVector<StringRef, double> times;
};

} // namespace

StepTimer::StepTimer(raw_ostream *stream, StringRef step)
    : stream(stream), step(step), start(std::chrono::steady_clock::now()), startOfCpu(getCpuTime()) {}

StepTimer::~StepTimer() {
  if (!stream)
    return;
  std::chrono::duration<double, std::milli> elapsed = std::chrono::steady_clock::now() - start;
  *stream << llvm::format("%10.2f ms  %10.2f ms CPU  ", elapsed.count(), getCpuTime() - startOfCpu) << step
          << "\n";
}

void addPassTiming(PassManager &passes, raw_ostream &stream) {
  passes.addInstrumentation(std::make_unique<PassClock>(stream));
}

} // namespace tgc
