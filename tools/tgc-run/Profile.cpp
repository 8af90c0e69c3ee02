//===- Profile.cpp - How long each kernel takes -------------------------------===//
#include "tools/tgc-run/Profile.h"
#include "tools/tgc-run/Benchmark.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"

using namespace tgc;
using llvm::createStringError;
using llvm::Error;
namespace json = llvm::json;

void Profiler::attach(tgc_session_options_t &options) {
  options.profile_user = this;
  options.profile = [](void *user, const char *kernel, const char *nodes, uint64_t begin, uint64_t end) {
    static_cast<Profiler *>(user)->record({kernel, nodes, begin, end});
  };
  options.profile_device = [](void *user, const tgc_device_work_t *work) {
    static_cast<Profiler *>(user)->record({work->kernel, work->nodes, work->begin, work->end,
                                           /*isOfDevice=*/true, work->bytes, work->operations});
  };
}

void Profiler::restart() {
  totals.clear();
  numRuns = 0;
}

void Profiler::record(const Event &event) {
  if (!event.kernel) { // a run begins
    ++numRuns;
    lastRun.clear();
    return;
  }
  Total &total = totals[{event.kernel, event.nodes}];
  total.isOfDevice = event.isOfDevice;
  total.time += event.end - event.begin;
  total.bytes += event.bytes;
  total.operations += event.operations;
  ++total.calls;
  lastRun.push_back(event);
}

Error Profiler::print(llvm::raw_ostream &out) const {
  if (numRuns == 0)
    return createStringError("the library has no hooks to measure kernels with; compile it with --profile");
  auto rows = llvm::to_vector(totals);
  llvm::sort(rows, [](const auto &a, const auto &b) { return a.second.time > b.second.time; });
  uint64_t all = 0;
  for (const auto &[key, total] : rows)
    all += total.time;
  bool hasDevice = llvm::any_of(rows, [](const auto &row) { return row.second.isOfDevice; });
  out << "      time  share     calls  " << (hasDevice ? "       MB      GB/s     MFLOP   GFLOP/s  " : "")
      << "kernel  nodes\n";
  for (const auto &[key, total] : rows) {
    out << llvm::format("%10s %5.1f%% %9.5g  ", timeText(double(total.time) / double(numRuns)).c_str(),
                        100.0 * double(total.time) / double(std::max<uint64_t>(all, 1)),
                        double(total.calls) / double(numRuns));
    if (hasDevice)
      printWork(out, total);
    out << (total.isOfDevice ? "gpu:" : "") << key.first << "  " << key.second << "\n";
  }
  return Error::success();
}

/// What a run does of it, and how much of that in a second.
void Profiler::printWork(llvm::raw_ostream &out, const Total &total) const {
  auto print = [&](uint64_t amount) {
    if (!amount)
      out << llvm::format("%9s %9s ", "-", "-");
    else
      out << llvm::format("%9.4g %9.4g ", double(amount) / 1e6 / double(numRuns),
                          double(amount) / double(std::max<uint64_t>(total.time, 1)));
  };
  print(total.bytes);
  print(total.operations);
  out << ' ';
}

/// The row of a trace: the host's, or that of the GPU that the kernel is named after, as "1:k3" is of GPU 1.
static unsigned getRow(llvm::StringRef kernel, bool isOfDevice) {
  unsigned gpu = 0;
  if (isOfDevice && kernel.contains(':'))
    kernel.split(':').first.getAsInteger(10, gpu);
  return isOfDevice ? 2 + gpu : 1;
}

Error Profiler::writeTrace(llvm::StringRef path) const {
  std::error_code code;
  llvm::raw_fd_ostream file(path, code);
  if (code)
    return createStringError(code, "cannot write '" + path + "': " + code.message());
  json::OStream out(file);
  uint64_t start = lastRun.empty() ? 0 : lastRun.front().begin;
  out.object([&] {
    out.attributeArray("traceEvents", [&] {
      for (const Event &event : lastRun) {
        json::Object arguments{{"kernel", event.kernel}};
        if (event.isOfDevice) {
          arguments["bytes"] = event.bytes;
          arguments["operations"] = event.operations;
        }
        out.value(json::Object{{"name", event.nodes},
                               {"cat", event.kernel},
                               {"ph", "X"},
                               {"ts", double(int64_t(event.begin - start)) / 1e3}, // microseconds
                               {"dur", double(event.end - event.begin) / 1e3},
                               {"pid", 1},
                               {"tid", getRow(event.kernel, event.isOfDevice)},
                               {"args", std::move(arguments)}});
      }
    });
  });
  file.flush();
  if (!file.has_error())
    return Error::success();
  code = file.error();
  file.clear_error();
  return createStringError(code, "cannot write '" + path + "': " + code.message());
}
