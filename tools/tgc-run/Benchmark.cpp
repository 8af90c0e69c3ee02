//===- Benchmark.cpp - How long a run takes -----------------------------------===//
//
// The median says what to expect, the minimum what the code can do, the 99th percentile what the machine
// adds.
//
//===----------------------------------------------------------------------===//
#include "tools/tgc-run/Benchmark.h"
#include "tools/tgc-run/Tensors.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Format.h"
#include <chrono>
#include <cmath>

using namespace tgc;
using llvm::Error;
using llvm::Expected;
using Clock = std::chrono::steady_clock;

/// Seconds of measuring, and of running before it so that caches, clock rates and memory are as in the long
/// run.
static constexpr double kMeasureSeconds = 1.0, kWarmUpSeconds = 0.2;
static constexpr size_t kMinRuns = 10, kMaxRuns = 1000000;

RunTimes tgc::summarize(std::vector<double> nanoseconds) {
  llvm::sort(nanoseconds);
  size_t count = nanoseconds.size();
  double median = (nanoseconds[(count - 1) / 2] + nanoseconds[count / 2]) / 2;
  size_t p99 = size_t(std::ceil(0.99 * double(count))) - 1;
  return {count, median, nanoseconds.front(), nanoseconds[p99]};
}

std::string tgc::timeText(double nanoseconds) {
  const std::pair<double, const char *> units[] = {{1e9, " s"}, {1e6, " ms"}, {1e3, " us"}, {1, " ns"}};
  for (auto [scale, unit] : units) {
    double value = nanoseconds / scale;
    if (value < 1 && scale > 1)
      continue;
    std::string text;
    int digits = value < 10 ? 2 : value < 100 ? 1 : 0;
    llvm::raw_string_ostream(text) << llvm::format("%.*f", digits, value) << unit;
    return text;
  }
  llvm_unreachable("the last unit takes everything");
}

static uint64_t bytesOf(llvm::ArrayRef<tgc_tensor_t> tensors) {
  uint64_t bytes = 0;
  for (const tgc_tensor_t &tensor : tensors)
    bytes += tensor.byte_size;
  return bytes;
}

static double secondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

Error tgc::benchmark(Session &session, const LoadedModule &module, PlannedStep planned, uint64_t numRuns,
                     llvm::raw_ostream &out, Profiler *profiler) {
  Expected<uint32_t> index = findEntry(module.info(), planned);
  if (!index)
    return index.takeError();
  const tgc_entry_info_t &entry = module.info().entries[*index];
  if (!planned.feeds)
    planned.feeds = std::make_shared<const NamedArrays>(inventFeeds(entry));
  Expected<FeedTensors> feeds = bindFeeds(entry, planned.feeds.get(), module.isCompiledHere());
  if (!feeds)
    return feeds.takeError();
  std::vector<tgc_tensor_t> fetched(entry.num_fetches);
  tgc_error_t error = {};
  auto run = [&] {
    return tgc_session_run(session.get(), *index, feeds->tensors.data(), feeds->tensors.size(),
                           fetched.data(), fetched.size(), &error);
  };

  Clock::time_point start = Clock::now();
  for (size_t i = 0; i < 2 || (secondsSince(start) < kWarmUpSeconds && i < kMaxRuns); ++i)
    if (run() != TGC_OK)
      return module.runError(error);

  if (profiler)
    profiler->restart(feeds->tensors);
  std::vector<double> samples;
  samples.reserve(numRuns ? numRuns : kMaxRuns);
  auto isDone = [&] {
    if (numRuns)
      return samples.size() >= numRuns;
    return samples.size() >= kMaxRuns ||
           (samples.size() >= kMinRuns && secondsSince(start) > kMeasureSeconds);
  };
  for (start = Clock::now(); !isDone();) {
    Clock::time_point before = Clock::now();
    if (run() != TGC_OK)
      return module.runError(error);
    samples.push_back(std::chrono::duration<double, std::nano>(Clock::now() - before).count());
  }

  RunTimes times = summarize(std::move(samples));
  uint64_t bytes = bytesOf(feeds->tensors) + bytesOf(fetched);
  out << "entry " << entry.name << ": " << times.count << " runs\n"
      << "  median " << timeText(times.median) << ", min " << timeText(times.min) << ", p99 "
      << timeText(times.p99) << " per run\n"
      << "  " << bytes << " bytes fed and fetched, " << llvm::format("%.3g", double(bytes) / times.median)
      << " GB/s\n";
  return Error::success();
}
