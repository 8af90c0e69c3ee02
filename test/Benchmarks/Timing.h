//===- Timing.h - How long the fastest of many runs takes ------*- C++ -*-===//
#ifndef TGC_TEST_BENCHMARKS_TIMING_H
#define TGC_TEST_BENCHMARKS_TIMING_H

#include <algorithm>
#include <chrono>
#include <functional>

inline double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// Seconds of the fastest run, or of the fastest series of short ones, within `span` seconds.
inline double timeLeast(double span, const std::function<void()> &run) {
  double least = 1e9;
  run();
  double start = now();
  run();
  int count = std::max(1, static_cast<int>(2e-4 / std::max(now() - start, 1e-7)));
  for (double end = now() + span; now() < end;) {
    start = now();
    for (int i = 0; i < count; ++i)
      run();
    least = std::min(least, (now() - start) / count);
  }
  return least;
}

#endif // TGC_TEST_BENCHMARKS_TIMING_H
