//===- Progress.h - How far a training is -----------------------*- C++ -*-===//
#ifndef TGC_TOOLS_TGC_RUN_PROGRESS_H
#define TGC_TOOLS_TGC_RUN_PROGRESS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/raw_ostream.h"
#include <chrono>
#include <string>

namespace tgc {

/// A number that a step fetched, by the fetch's name.
struct Metric {
  std::string name;
  double value;
};

/// "loss:0 0.1234 accuracy:0 0.95".
std::string metricsText(llvm::ArrayRef<Metric> metrics);

/// A bar on a terminal, a line every so many steps elsewhere.
class Progress {
public:
  Progress(llvm::raw_ostream &out, int64_t numEpochs, int64_t stepsPerEpoch, int64_t logEvery);

  /// After each step. `stepOfEpoch` and `epoch` count from 1.
  void step(int64_t step, int64_t epoch, int64_t stepOfEpoch, int64_t numExamples,
            llvm::ArrayRef<Metric> metrics);
  /// A line of its own, below the bar.
  void line(const std::string &text);

private:
  std::string rate() const;
  std::string timeLeft(int64_t epoch, int64_t stepOfEpoch) const;

  using Clock = std::chrono::steady_clock;
  llvm::raw_ostream &out;
  int64_t numEpochs, stepsPerEpoch, logEvery;
  bool isTerminal;
  Clock::time_point start = Clock::now(), drawn;
  int64_t numSteps = 0, numExamples = 0;
};

} // namespace tgc

#endif // TGC_TOOLS_TGC_RUN_PROGRESS_H
