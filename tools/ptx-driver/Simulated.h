//===- Simulated.h - What stands behind the driver's interface --*- C++ -*-===//
//
// A library that runs in libcuda's place: TGC_CUDA_DRIVER=.../libtgc-ptx-driver.so lets modules with device
// code run where there is no GPU, every kernel checked by the simulator. Memory of the device is the
// simulator's, so an address of the host that reaches a kernel is met. Everything is done when it is asked
// for, or, with `late`, when somebody waits for it and no sooner: what is right both ways has its events
// where they are needed. TGC_PTX_DRIVER says what is to go wrong (see Wishes), and `trace` to tell of each
// call.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_TOOLS_PTX_DRIVER_SIMULATED_H
#define TGC_TOOLS_PTX_DRIVER_SIMULATED_H

#include "tools/ptx/Simulator.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/raw_ostream.h"
#include <deque>
#include <functional>
#include <mutex>

#define TGC_EXPORT extern "C" __attribute__((visibility("default"))) Result

namespace tgc::ptx {

/// The results of the interface that are given here, with its numbers.
enum Result {
  Success = 0,
  InvalidValue = 1,
  OutOfMemory = 2,
  Unavailable = 46,
  NoDevice = 100,
  InvalidContext = 201,
  NoBinary = 209,
  InvalidPtx = 218,
  InvalidHandle = 400,
  NotFound = 500,
  NotReady = 600,
  IllegalAddress = 700,
  LaunchFailed = 719,
  NotSupported = 801,
  CaptureUnsupported = 900,
  Unknown = 999,
};

/// A list like "trace,memory=4096".
struct Wishes {
  /// Devices tell how much memory was in use at most.
  bool tellsMemory = false;
  bool traces = false, hasDevice = true, hasGraphs = true;
  /// Streams do nothing until somebody waits for them.
  bool isLate = false;
  /// All memory of the host counts as page-locked.
  bool isPinned = false;
  /// There is page-locked memory to be had.
  bool hasPinnedMemory = true;
  /// A launch that equals one before it, arguments included, is not looked at for races again.
  bool looksForRacesOnce = false;
  int version = 12080;
  unsigned capability = 90;
  int numDevices = 1;
  /// The driver copies from one device to another.
  bool hasPeers = true;
  /// Bytes that a device has.
  uint64_t memory = uint64_t(4) << 30;
  /// The number of the launch that fails; 0: none does.
  uint64_t faultAt = 0;
  /// The number of the launch at which its device is pulled out; 0: all stay.
  uint64_t goneAt = 0;
  /// The numbers of the calls from which on all devices are pulled out, or broken by an illegal access; 0:
  /// none.
  uint64_t goneFrom = 0, brokenFrom = 0;
  uint64_t seed = 1;
  /// What of NCCL fails: "init", "call", or nothing.
  std::string ncclFault;
};

/// A device. Its address is that of its primary context.
struct Gpu {
  explicit Gpu(int number) : number(number), device(kGlobalBase + (uint64_t(number) << 40)) {}

  int number;
  Device device;
  llvm::DenseMap<uint64_t, uint64_t> sizes;
  std::vector<std::unique_ptr<Module>> modules;
  uint64_t bytesInUse = 0, mostInUse = 0, numContexts = 0;
  bool isLost = false, isGone = false, isBroken = false;

  /// Whether anything can be done at all.
  Result state() const {
    return isGone ? Unavailable : isBroken ? IllegalAddress : isLost ? LaunchFailed : Success;
  }
};

/// A kernel that is to run.
struct Started {
  const Kernel *kernel;
  LaunchConfig config;
  std::vector<KernelArgument> arguments;
};
struct Graph {
  Gpu *gpu = nullptr;
  std::vector<Started> kernels;
};

struct Stream {
  Gpu *gpu = nullptr;
  /// What is to be done, in this order.
  std::deque<std::function<Result()>> work;
  /// Something is being done that waits for another stream.
  bool isBusy = false;
};

struct Mark {
  Gpu *gpu = nullptr;
  /// Where it was recorded last, how often it was, and how many of these the stream has come to.
  Stream *stream = nullptr;
  uint64_t numRecorded = 0, numDone = 0;
  /// Simulated::clock then.
  bool hasTime = false;
  uint64_t time = 0;
};

/// All devices.
struct Simulated {
  std::mutex mutex;
  Wishes wishes;
  std::vector<std::unique_ptr<Gpu>> gpus;
  /// Of both kinds: those that were recorded, and those that can be started.
  std::vector<std::unique_ptr<Graph>> graphs;
  /// What is recorded instead of being done.
  std::unique_ptr<Graph> captured;
  std::vector<std::unique_ptr<Stream>> streams;
  std::vector<std::unique_ptr<Mark>> events;
  /// Of events that ended: streams of other devices may still come to them.
  std::vector<std::unique_ptr<Mark>> ended;
  /// Page-locked memory of the host, and whose context it came from.
  struct Pinned {
    size_t size;
    Gpu *gpu;
  };
  llvm::DenseMap<void *, Pinned> pinned;
  uint64_t numLaunches = 0, numCalls = 0;
  /// Launches in which races were looked for: kernel, sizes and arguments.
  llvm::StringSet<> known;
  /// What stands for nanoseconds: instructions of warps so far.
  uint64_t clock = 0;

  /// As TGC_PTX_DRIVER wants them.
  Simulated();

  llvm::raw_ostream &trace() { return wishes.traces ? llvm::errs() << "ptx-driver: " : llvm::nulls(); }
  llvm::raw_ostream &trace(const Gpu &gpu) {
    return gpus.size() == 1 ? trace() : trace() << "GPU " << gpu.number << ": ";
  }
};

Simulated &simulated();

/// The contexts that this thread is in.
extern thread_local std::vector<void *> contexts;

/// What each call does first.
struct Call : std::lock_guard<std::mutex> {
  Simulated &gpu = simulated();
  Call() : std::lock_guard<std::mutex>(simulated().mutex) {
    ++gpu.numCalls;
    for (auto &each : gpu.gpus) {
      each->isGone |= gpu.numCalls == gpu.wishes.goneFrom;
      each->isBroken |= gpu.numCalls == gpu.wishes.brokenFrom && each->numContexts;
    }
  }

  /// The device in whose context the thread is. Only if there is one: see state().
  Gpu &here() const { return *static_cast<Gpu *>(contexts.back()); }

  /// Whether a device can do anything now: the thread is in its context, and it is not broken.
  Result state() const { return contexts.empty() ? InvalidContext : here().state(); }
  /// The same of a device that has the stream or event.
  template <typename T> Result stateOf(const void *object) const {
    if (Result state = this->state())
      return state;
    return !object || static_cast<const T *>(object)->gpu == &here() ? Success : InvalidContext;
  }
};

/// Does what a stream has to do until `isDone`.
Result drain(Simulated &gpu, Stream &stream, llvm::function_ref<bool()> isDone = [] { return false; });
Result drainAll(Simulated &gpu);

/// Waits until a stream has come to the event for the `count`th time.
Result await(Simulated &gpu, Mark &event, uint64_t count);

/// Does something on a stream. The one that has no name waits for all others.
Result enqueue(Simulated &gpu, void *stream, std::function<Result()> work);

/// Makes an object of the interface.
template <typename T> Result make(const Call &call, std::vector<std::unique_ptr<T>> &all, void **object) {
  if (Result state = call.state())
    return state;
  all.push_back(std::make_unique<T>());
  all.back()->gpu = &call.here();
  *object = all.back().get();
  return Success;
}

/// What a stream that ends had recorded counts as done.
inline void forget(Simulated &gpu, std::unique_ptr<Stream> stream) {
  for (auto *marks : {&gpu.events, &gpu.ended})
    for (auto &mark : *marks)
      if (mark->stream == stream.get())
        mark->stream = nullptr;
}
inline void forget(Simulated &gpu, std::unique_ptr<Mark> event) { gpu.ended.push_back(std::move(event)); }
inline void forget(Simulated &, std::unique_ptr<Graph>) {}

/// Takes out those that `isEnded`.
template <typename T, typename Predicate>
void forgetIf(Simulated &gpu, std::vector<std::unique_ptr<T>> &all, Predicate isEnded) {
  for (auto &known : all)
    if (isEnded(known))
      forget(gpu, std::move(known));
  llvm::erase_if(all, [](const auto &known) { return !known; });
}

/// Ends one when all is done that was asked for.
template <typename T> Result end(Simulated &gpu, std::vector<std::unique_ptr<T>> &all, void *object) {
  Result result = drainAll(gpu);
  forgetIf(gpu, all, [&](const auto &known) { return known.get() == object; });
  return result;
}

} // namespace tgc::ptx

#endif // TGC_TOOLS_PTX_DRIVER_SIMULATED_H
