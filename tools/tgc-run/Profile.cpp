//===- Profile.cpp - How long each kernel takes -------------------------------===//
//
// The name of a host's kernel whose work is known is "name<tab>operations<tab>bytes", each a sum of products
// of numbers and of sizes of feeds: "3136*0.1+64", in which 0.1 is the size of dimension 1 of feed 0. A tab
// and a type follow if it computes in another than f32.
//
//===----------------------------------------------------------------------===//
#include "tools/tgc-run/Profile.h"
#include "compiler/Target/CodeTarget.h"
#include "tools/tgc-run/Benchmark.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MathExtras.h"

using namespace tgc;
using llvm::createStringError;
using llvm::Error;
using llvm::StringRef;
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

void Profiler::restart(llvm::ArrayRef<tgc_tensor_t> feeds) {
  shapes.clear();
  for (const tgc_tensor_t &feed : feeds)
    shapes.emplace_back(feed.dims, feed.dims + feed.rank);
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

/// None of what is no such sum: the library may be another version's.
std::optional<uint64_t> Profiler::evaluate(StringRef formula) const {
  int64_t sum = 0;
  for (StringRef term : llvm::split(formula, '+')) {
    int64_t product = 1;
    for (StringRef factor : llvm::split(term, '*')) {
      int64_t number = 0;
      size_t feed = 0, dim = 0;
      auto [first, second] = factor.split('.');
      if (factor.getAsInteger(10, number)) {
        if (first.getAsInteger(10, feed) || second.getAsInteger(10, dim) || feed >= shapes.size() ||
            dim >= shapes[feed].size())
          return std::nullopt;
        number = shapes[feed][dim];
      }
      if (llvm::MulOverflow(product, number, product))
        return std::nullopt;
    }
    if (llvm::AddOverflow(sum, product, sum))
      return std::nullopt;
  }
  return sum < 0 ? std::nullopt : std::optional<uint64_t>(sum);
}

void Profiler::addWork(const char *kernel, Total &total) const {
  auto [operations, rest] = StringRef(kernel).split('\t').second.split('\t');
  auto [bytes, type] = rest.split('\t');
  if (total.isOfDevice || bytes.empty())
    return;
  total.operations += evaluate(operations).value_or(0) * total.calls;
  total.bytes += evaluate(bytes).value_or(0) * total.calls;
  total.type = type;
}

static StringRef getName(const char *kernel) { return StringRef(kernel).split('\t').first; }

Error Profiler::print(llvm::raw_ostream &out) const {
  if (numRuns == 0)
    return createStringError("the library has no hooks to measure kernels with; compile it with --profile");
  auto rows = llvm::to_vector(totals);
  llvm::sort(rows, [](const auto &a, const auto &b) { return a.second.time > b.second.time; });
  uint64_t all = 0;
  for (auto &[key, total] : rows) {
    all += total.time;
    addWork(key.first, total);
  }
  auto machine = createTargetMachine(hostTarget(), /*optimizationLevel=*/0);
  if (!machine)
    return machine.takeError();
  Roofline roofline(getVectorUnit(**machine));
  bool hasWork =
      llvm::any_of(rows, [](const auto &row) { return row.second.isOfDevice || row.second.bytes > 0; });
  out << "      time  share     calls  "
      << (hasWork ? "       MB      GB/s     MFLOP   GFLOP/s  bound           " : "") << "kernel  nodes\n";
  for (const auto &[key, total] : rows) {
    out << llvm::format("%10s %5.1f%% %9.5g  ", timeText(double(total.time) / double(numRuns)).c_str(),
                        100.0 * double(total.time) / double(std::max<uint64_t>(all, 1)),
                        double(total.calls) / double(numRuns));
    if (hasWork)
      printWork(out, key.first, total, roofline);
    out << (total.isOfDevice ? "gpu:" : "") << getName(key.first) << "  " << key.second << "\n";
  }
  return Error::success();
}

/// How long a kernel takes a GPU at its best, in nanoseconds, and whether that is for its operations. The
/// text of the kernel tells how many BYTES and OPERATIONS the GPU can do in a second; none: it does not.
static std::optional<std::pair<double, bool>> predictOnDevice(StringRef kernel, double operations,
                                                              double bytes) {
  auto [first, second] = kernel.split('\t').second.split('\t');
  uint64_t byteRate = 0, operationRate = 0;
  if (first.getAsInteger(10, byteRate) || second.getAsInteger(10, operationRate) || !byteRate ||
      (operations > 0 && !operationRate))
    return std::nullopt;
  double traffic = bytes * 1e9 / double(byteRate);
  double compute = operations > 0 ? operations * 1e9 / double(operationRate) : 0;
  return std::pair(std::max(traffic, compute), compute >= traffic);
}

/// What a run does of it, how much of that in a second, and which share of the time one thread, or the GPU,
/// should take.
void Profiler::printWork(llvm::raw_ostream &out, StringRef kernel, const Total &total,
                         const Roofline &roofline) const {
  auto print = [&](uint64_t amount) {
    if (!amount)
      out << llvm::format("%9s %9s ", "-", "-");
    else
      out << llvm::format("%9.4g %9.4g ", double(amount) / 1e6 / double(numRuns),
                          double(amount) / double(std::max<uint64_t>(total.time, 1)));
  };
  print(total.bytes);
  print(total.operations);
  double operations = double(total.operations) / double(total.calls);
  double bytes = double(total.bytes) / double(total.calls);
  std::optional<std::pair<double, bool>> predicted;
  if (total.isOfDevice)
    predicted = predictOnDevice(kernel, operations, bytes);
  else
    predicted = {roofline.predict(operations, bytes, total.type),
                 roofline.isBoundByCompute(operations, bytes, total.type)};
  if (!predicted || !total.bytes) {
    out << llvm::format(" %-14s  ", "-");
    return;
  }
  double share = predicted->first * double(total.calls) / double(std::max<uint64_t>(total.time, 1));
  out << llvm::format(" %4.0f%% of %-6s  ", 100 * share, predicted->second ? "compute" : "memory");
}

/// The row of a trace: the host's, or that of the GPU that the kernel is named after, as "1:k3" is of GPU 1.
static unsigned getRow(StringRef kernel, bool isOfDevice) {
  unsigned gpu = 0;
  if (isOfDevice && kernel.contains(':'))
    kernel.split(':').first.getAsInteger(10, gpu);
  return isOfDevice ? 2 + gpu : 1;
}

Error Profiler::writeTrace(StringRef path) const {
  std::error_code code;
  llvm::raw_fd_ostream file(path, code);
  if (code)
    return createStringError(code, "cannot write '" + path + "': " + code.message());
  json::OStream out(file);
  uint64_t start = lastRun.empty() ? 0 : lastRun.front().begin;
  out.object([&] {
    out.attributeArray("traceEvents", [&] {
      for (const Event &event : lastRun) {
        StringRef kernel = getName(event.kernel);
        Total work;
        work.isOfDevice = event.isOfDevice;
        work.calls = 1;
        work.bytes = event.bytes;
        work.operations = event.operations;
        addWork(event.kernel, work);
        json::Object arguments{{"kernel", kernel}};
        if (event.isOfDevice || work.bytes > 0) {
          arguments["bytes"] = work.bytes;
          arguments["operations"] = work.operations;
        }
        out.value(json::Object{{"name", event.nodes},
                               {"cat", kernel},
                               {"ph", "X"},
                               {"ts", double(int64_t(event.begin - start)) / 1e3}, // microseconds
                               {"dur", double(event.end - event.begin) / 1e3},
                               {"pid", 1},
                               {"tid", getRow(kernel, event.isOfDevice)},
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
