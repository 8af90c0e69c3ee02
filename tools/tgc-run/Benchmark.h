//===- Benchmark.h - How long a run takes -------------------------------------===//
#ifndef TGC_TOOLS_TGC_RUN_BENCHMARK_H
#define TGC_TOOLS_TGC_RUN_BENCHMARK_H

#include "tools/tgc-run/Execute.h"
#include "llvm/Support/raw_ostream.h"

namespace tgc {

/// Nanoseconds of the runs of one measurement.
struct RunTimes {
  size_t count;
  double median, min, p99;
};

/// Of at least one sample. The 99th percentile is the smallest time that 99% of the runs do not exceed.
RunTimes summarize(std::vector<double> nanoseconds);

/// "12.3 us": three digits and the unit that suits them.
std::string timeText(double nanoseconds);

/// Runs the step's entry for about a second (`numRuns` times if that is not 0) after a warm-up, and prints
/// what a run takes. Feeds that the step does not bring are invented. The profiler, if
/// there is one, keeps the times of the measured runs.
llvm::Error benchmark(Session &session, const LoadedModule &module, PlannedStep planned, uint64_t numRuns,
                      llvm::raw_ostream &out, Profiler *profiler = nullptr);

} // namespace tgc

#endif // TGC_TOOLS_TGC_RUN_BENCHMARK_H
