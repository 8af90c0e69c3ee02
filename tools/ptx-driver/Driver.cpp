//===- Driver.cpp - The simulator behind NVIDIA's driver interface ------------===//
//
// A library that runs in libcuda's place: TGC_CUDA_DRIVER=.../libtgc-ptx-driver.so lets modules with device
// code run where there is no GPU, every kernel checked by the simulator. Memory of the device is the
// simulator's, so an address of the host that reaches a kernel is met. Everything is done when it is asked
// for, or, with `late`, when somebody waits for it and no sooner: what is right both ways has its events
// where they are needed. TGC_PTX_DRIVER says what is to go wrong (see Wishes), and `trace` to tell of each
// call.
//
//===----------------------------------------------------------------------===//
#include "tools/ptx/Simulator.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <functional>
#include <mutex>

using namespace tgc::ptx;
using llvm::StringRef;

namespace {

/// The results of the interface that are given here, with its numbers.
enum Result {
  Success = 0,
  InvalidValue = 1,
  OutOfMemory = 2,
  NoDevice = 100,
  InvalidContext = 201,
  InvalidPtx = 218,
  InvalidHandle = 400,
  NotFound = 500,
  NotReady = 600,
  LaunchFailed = 719,
  NotSupported = 801,
  CaptureUnsupported = 900,
  Unknown = 999,
};

struct Text {
  Result result;
  const char *text;
};
constexpr Text kTexts[] = {{Success, "no error"},
                           {InvalidValue, "invalid argument"},
                           {OutOfMemory, "out of memory"},
                           {NoDevice, "no CUDA-capable device is detected"},
                           {InvalidContext, "invalid device context"},
                           {InvalidPtx, "a PTX JIT compilation failed"},
                           {InvalidHandle, "invalid resource handle"},
                           {NotFound, "named symbol not found"},
                           {NotReady, "device not ready"},
                           {LaunchFailed, "unspecified launch failure"},
                           {NotSupported, "operation not supported"},
                           {CaptureUnsupported, "operation not permitted when stream is capturing"},
                           {Unknown, "unknown error"}};

/// A list like "trace,memory=4096".
struct Wishes {
  bool traces = false, hasDevice = true, hasGraphs = true;
  /// Streams do nothing until somebody waits for them.
  bool isLate = false;
  /// All memory of the host counts as page-locked.
  bool isPinned = false;
  /// There is page-locked memory to be had.
  bool hasPinnedMemory = true;
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
  uint64_t seed = 1;
};

Wishes readWishes() {
  Wishes wishes;
  const char *text = std::getenv("TGC_PTX_DRIVER");
  for (StringRef wish : llvm::split(text ? text : "", ',')) {
    auto [key, value] = wish.split('=');
    bool isBad = false;
    if (key == "trace")
      wishes.traces = true;
    else if (key == "pinned")
      wishes.isPinned = true;
    else if (key == "no-device")
      wishes.hasDevice = false;
    else if (key == "no-pinned-memory")
      wishes.hasPinnedMemory = false;
    else if (key == "late")
      wishes.isLate = true;
    else if (key == "no-peers")
      wishes.hasPeers = false;
    else if (key == "no-graphs")
      wishes.hasGraphs = false;
    else if (key == "version")
      isBad = value.getAsInteger(10, wishes.version);
    else if (key == "capability")
      isBad = value.getAsInteger(10, wishes.capability);
    else if (key == "devices")
      isBad = value.getAsInteger(10, wishes.numDevices);
    else if (key == "memory")
      isBad = value.getAsInteger(10, wishes.memory);
    else if (key == "fault-at")
      isBad = value.getAsInteger(10, wishes.faultAt);
    else if (key == "gone-at")
      isBad = value.getAsInteger(10, wishes.goneAt);
    else if (key == "seed")
      isBad = value.getAsInteger(10, wishes.seed);
    else
      isBad = !wish.empty();
    if (isBad)
      llvm::errs() << "ptx-driver: TGC_PTX_DRIVER has '" << wish << "', which is not known\n";
  }
  return wishes;
}

/// A device. Its address is that of its primary context.
struct Gpu {
  explicit Gpu(int number) : number(number), device(kGlobalBase + (uint64_t(number) << 40)) {}

  int number;
  Device device;
  llvm::DenseMap<uint64_t, uint64_t> sizes;
  std::vector<std::unique_ptr<Module>> modules;
  uint64_t bytesInUse = 0, numContexts = 0;
  bool isLost = false, isGone = false;

  /// Whether anything can be done at all.
  Result state() const { return isGone ? Unknown : isLost ? LaunchFailed : Success; }
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
  Wishes wishes = readWishes();
  std::vector<std::unique_ptr<Gpu>> gpus;
  /// Of both kinds: those that were recorded, and those that can be started.
  std::vector<std::unique_ptr<Graph>> graphs;
  /// What is recorded instead of being done.
  std::unique_ptr<Graph> captured;
  std::vector<std::unique_ptr<Stream>> streams;
  std::vector<std::unique_ptr<Mark>> events;
  /// Page-locked memory of the host, and whose context it came from.
  struct Pinned {
    size_t size;
    Gpu *gpu;
  };
  llvm::DenseMap<void *, Pinned> pinned;
  uint64_t numLaunches = 0;
  /// What stands for nanoseconds: instructions of warps so far.
  uint64_t clock = 0;

  Simulated() {
    for (int number = 0; number < wishes.numDevices; ++number)
      gpus.push_back(std::make_unique<Gpu>(number));
  }

  llvm::raw_ostream &trace() { return wishes.traces ? llvm::errs() << "ptx-driver: " : llvm::nulls(); }
  llvm::raw_ostream &trace(const Gpu &gpu) {
    return gpus.size() == 1 ? trace() : trace() << "GPU " << gpu.number << ": ";
  }
};

Simulated &simulated() {
  static Simulated instance;
  return instance;
}

/// The contexts that this thread is in.
thread_local std::vector<void *> contexts;

/// What each call does first.
struct Call : std::lock_guard<std::mutex> {
  Simulated &gpu = simulated();
  Call() : std::lock_guard<std::mutex>(simulated().mutex) {}

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
Result drain(Simulated &gpu, Stream &stream, llvm::function_ref<bool()> isDone = [] { return false; }) {
  while (!stream.work.empty() && !isDone()) {
    if (stream.gpu->isLost)
      return LaunchFailed;
    auto next = std::move(stream.work.front());
    stream.work.pop_front();
    if (Result result = next())
      return result;
  }
  return Success;
}

Result drainAll(Simulated &gpu) {
  for (auto &stream : gpu.streams)
    if (Result result = drain(gpu, *stream))
      return result;
  return Success;
}

/// Waits until a stream has come to the event for the `count`th time.
Result await(Simulated &gpu, Mark &event, uint64_t count) {
  return event.stream ? drain(gpu, *event.stream, [&] { return event.numDone >= count; }) : Success;
}

/// Does something on a stream. The one that has no name waits for all others.
Result enqueue(Simulated &gpu, void *stream, std::function<Result()> work) {
  if (!stream)
    if (Result result = drainAll(gpu))
      return result;
  if (!stream || !gpu.wishes.isLate)
    return work();
  static_cast<Stream *>(stream)->work.push_back(std::move(work));
  return Success;
}

bool isPinned(Simulated &gpu, const void *memory) {
  auto *byte = static_cast<const char *>(memory);
  return gpu.wishes.isPinned || llvm::any_of(gpu.pinned, [&](const auto &known) {
           auto *begin = static_cast<const char *>(known.first);
           return byte >= begin && byte < begin + known.second.size;
         });
}

/// Pageable memory is read at once, and has its new bytes when the call is back.
Result copy(bool isUpload, void *host, uint64_t device, size_t size, void *stream) {
  Call call;
  if (Result state = call.stateOf<Stream>(stream))
    return state;
  if (call.gpu.captured)
    return CaptureUnsupported;
  call.gpu.trace(call.here()) << (isUpload ? "upload " : "download ") << size << " bytes\n";
  llvm::MutableArrayRef<uint8_t> bytes = call.here().device.bytes(device);
  if (bytes.size() < size)
    return InvalidValue;
  if (isPinned(call.gpu, host))
    return enqueue(call.gpu, stream, [=] {
      std::memcpy(isUpload ? bytes.data() : host, isUpload ? host : bytes.data(), size);
      return Success;
    });
  if (isUpload) {
    auto *begin = static_cast<const uint8_t *>(host);
    return enqueue(call.gpu, stream, [bytes, taken = std::vector<uint8_t>(begin, begin + size)] {
      llvm::copy(taken, bytes.begin());
      return Success;
    });
  }
  if (stream)
    if (Result result = drain(call.gpu, *static_cast<Stream *>(stream)))
      return result;
  if (Result result = stream ? Success : drainAll(call.gpu))
    return result;
  std::memcpy(host, bytes.data(), size);
  return Success;
}

} // namespace

#define TGC_EXPORT extern "C" __attribute__((visibility("default"))) Result

TGC_EXPORT cuInit(unsigned) { return simulated().wishes.hasDevice ? Success : NoDevice; }

TGC_EXPORT cuDriverGetVersion(int *version) {
  *version = simulated().wishes.version;
  return Success;
}

TGC_EXPORT cuGetErrorString(Result result, const char **text) {
  for (const Text &known : kTexts)
    if (known.result == result)
      return *text = known.text, Success;
  return InvalidValue;
}

TGC_EXPORT cuDeviceGetCount(int *count) {
  *count = simulated().wishes.numDevices;
  return llvm::any_of(simulated().gpus, [](const auto &gpu) { return gpu->isGone; }) ? Unknown : Success;
}

TGC_EXPORT cuDeviceGet(int *device, int ordinal) {
  *device = ordinal;
  return ordinal >= 0 && ordinal < simulated().wishes.numDevices ? Success : InvalidValue;
}

TGC_EXPORT cuDeviceGetAttribute(int *value, int attribute, int) {
  constexpr int kMajor = 75, kMinor = 76, kProcessors = 16;
  // So few that blocks have several tiles.
  if (attribute == kProcessors)
    return *value = 2, Success;
  if (attribute != kMajor && attribute != kMinor)
    return InvalidValue;
  unsigned capability = simulated().wishes.capability;
  *value = attribute == kMajor ? capability / 10 : capability % 10;
  return Success;
}

TGC_EXPORT cuDevicePrimaryCtxRetain(void **context, int device) {
  Call call;
  if (size_t(device) >= call.gpu.gpus.size())
    return InvalidValue;
  if (call.gpu.gpus.size() > 1)
    call.gpu.trace() << "device " << device << "\n";
  Gpu &gpu = *call.gpu.gpus[device];
  ++gpu.numContexts;
  *context = &gpu;
  return Success;
}

TGC_EXPORT cuDevicePrimaryCtxRelease_v2(int device) {
  Call call;
  if (size_t(device) >= call.gpu.gpus.size())
    return InvalidValue;
  Gpu &gpu = *call.gpu.gpus[device];
  if (--gpu.numContexts)
    return Success;
  call.gpu.trace(gpu) << gpu.bytesInUse << " bytes were not given back, " << contexts.size()
                      << " contexts were not left\n";
  auto isOurs = [&](const auto &object) { return object->gpu == &gpu; };
  size_t left = llvm::count_if(call.gpu.streams, isOurs) + llvm::count_if(call.gpu.events, isOurs) +
                llvm::count_if(call.gpu.pinned, [&](const auto &known) { return known.second.gpu == &gpu; });
  if (left)
    call.gpu.trace(gpu) << left << " streams, events and pieces of memory were not given back\n";
  llvm::erase_if(call.gpu.streams, isOurs);
  llvm::erase_if(call.gpu.events, isOurs);
  if (size_t graphs = llvm::count_if(call.gpu.graphs, isOurs))
    call.gpu.trace(gpu) << graphs << " graphs were not destroyed\n";
  llvm::erase_if(call.gpu.graphs, isOurs);
  gpu.device.clear();
  gpu.sizes.clear();
  gpu.modules.clear();
  gpu.bytesInUse = 0;
  gpu.isLost = false;
  return Success;
}

TGC_EXPORT cuCtxPushCurrent_v2(void *context) {
  Call call;
  if (Result state = static_cast<Gpu *>(context)->state())
    return state;
  contexts.push_back(context);
  return Success;
}

TGC_EXPORT cuCtxPopCurrent_v2(void **context) {
  if (contexts.empty())
    return InvalidContext;
  *context = contexts.back();
  contexts.pop_back();
  return Success;
}

TGC_EXPORT cuPointerGetAttribute(void *value, int attribute, uint64_t address) {
  Call call;
  constexpr int kMemoryType = 2, kHost = 1;
  if (attribute != kMemoryType || !isPinned(call.gpu, reinterpret_cast<void *>(address)))
    return InvalidValue;
  *static_cast<int *>(value) = kHost;
  return Success;
}

TGC_EXPORT cuModuleLoadDataEx(void **module, const void *image, unsigned count, int *options, void **values) {
  Call call;
  if (Result state = call.state())
    return state;
  constexpr int kErrorLog = 5, kErrorLogSize = 6;
  auto loaded = loadModule(static_cast<const char *>(image), "<module>");
  if (loaded) {
    *module = loaded->get();
    call.here().modules.push_back(std::move(*loaded));
    return Success;
  }
  std::string message = llvm::toString(loaded.takeError());
  char *log = nullptr;
  size_t size = 0;
  for (unsigned i = 0; i < count; ++i) {
    if (options[i] == kErrorLog)
      log = static_cast<char *>(values[i]);
    if (options[i] == kErrorLogSize)
      size = reinterpret_cast<uintptr_t>(values[i]);
  }
  if (log && size)
    snprintf(log, size, "%s", message.c_str());
  return InvalidPtx;
}

TGC_EXPORT cuModuleUnload(void *module) {
  Call call;
  if (contexts.empty())
    return InvalidContext;
  llvm::erase_if(call.here().modules, [&](const auto &loaded) { return loaded.get() == module; });
  return Success;
}

TGC_EXPORT cuModuleGetFunction(void **function, void *module, const char *name) {
  Call call;
  auto *loaded = static_cast<const Module *>(module);
  const Kernel *kernel = loaded->find(name);
  *function = const_cast<Kernel *>(kernel);
  return kernel ? Success : NotFound;
}

TGC_EXPORT cuFuncSetAttribute(void *, int attribute, int value) {
  constexpr int kMostShared = 8, kMost = 227 << 10;
  return attribute == kMostShared && value <= kMost ? Success : InvalidValue;
}

TGC_EXPORT cuTensorMapEncodeTiled(TensorMap *out, int type, uint32_t rank, void *address,
                                  const uint64_t *sizes, const uint64_t *strides, const uint32_t *boxes,
                                  const uint32_t *steps, int interleave, int swizzle, int, int) {
  constexpr int kU8 = 0, kF16 = 6, kF32 = 7, kBF16 = 9, kTF32 = 11, kLargestSwizzle = 3;
  if (rank > TensorMap::kMaxRank || interleave || swizzle < 0 || swizzle > kLargestSwizzle)
    return InvalidValue;
  TensorMap map;
  map.address = reinterpret_cast<uintptr_t>(address);
  map.rank = rank;
  map.elementSize = type == kU8                     ? 1
                    : type == kF16 || type == kBF16 ? 2
                    : type == kF32 || type == kTF32 ? 4
                                                    : 0;
  map.swizzle = swizzle ? 16 << swizzle : 0;
  for (uint32_t i = 0; i < rank; ++i) {
    map.dims[i] = sizes[i];
    map.box[i] = boxes[i];
    if (i)
      map.strides[i - 1] = strides[i - 1];
    if (steps[i] != 1 || sizes[i] != map.dims[i])
      return InvalidValue;
  }
  auto encoded = encodeTensorMap(map);
  if (!encoded) {
    llvm::errs() << "ptx-driver: " << llvm::toString(encoded.takeError()) << "\n";
    return InvalidValue;
  }
  *out = *encoded;
  return Success;
}

TGC_EXPORT cuMemAlloc_v2(uint64_t *address, size_t size) {
  Call call;
  if (Result state = call.state())
    return state;
  if (!size)
    return InvalidValue;
  Gpu &gpu = call.here();
  if (size > call.gpu.wishes.memory - gpu.bytesInUse)
    return OutOfMemory;
  *address = gpu.device.allocate(size, "cuMemAlloc of " + std::to_string(size) + " bytes");
  gpu.sizes[*address] = size;
  gpu.bytesInUse += size;
  return Success;
}

TGC_EXPORT cuMemFree_v2(uint64_t address) {
  Call call;
  if (Result state = call.state())
    return state;
  Gpu &gpu = call.here();
  auto found = gpu.sizes.find(address);
  if (found == gpu.sizes.end())
    return InvalidValue;
  if (Result result = drainAll(call.gpu))
    return result;
  gpu.bytesInUse -= found->second;
  gpu.sizes.erase(found);
  gpu.device.release(address);
  return Success;
}

TGC_EXPORT cuMemcpyHtoDAsync_v2(uint64_t to, const void *from, size_t size, void *stream) {
  return copy(/*isUpload=*/true, const_cast<void *>(from), to, size, stream);
}

TGC_EXPORT cuMemcpyDtoHAsync_v2(void *to, uint64_t from, size_t size, void *stream) {
  return copy(/*isUpload=*/false, to, from, size, stream);
}

TGC_EXPORT cuMemcpyPeerAsync(uint64_t to, void *toContext, uint64_t from, void *fromContext, size_t size,
                             void *stream) {
  Call call;
  Gpu &target = *static_cast<Gpu *>(toContext), &source = *static_cast<Gpu *>(fromContext);
  if (Result state = call.stateOf<Stream>(stream))
    return state;
  if (!call.gpu.wishes.hasPeers)
    return NotSupported;
  if (call.gpu.captured)
    return CaptureUnsupported;
  call.gpu.trace(target) << "take " << size << " bytes from GPU " << source.number << "\n";
  llvm::MutableArrayRef<uint8_t> written = target.device.bytes(to), read = source.device.bytes(from);
  if (written.size() < size || read.size() < size)
    return InvalidValue;
  return enqueue(call.gpu, stream, [=, &source] {
    if (Result state = source.state())
      return state;
    std::memcpy(written.data(), read.data(), size);
    return Success;
  });
}

TGC_EXPORT cuMemHostAlloc(void **memory, size_t size, unsigned) {
  Call call;
  if (Result state = call.state())
    return state;
  if (!call.gpu.wishes.hasPinnedMemory)
    return OutOfMemory;
  *memory = std::malloc(size);
  call.gpu.trace() << "pin " << size << " bytes\n";
  call.gpu.pinned[*memory] = {size, &call.here()};
  return Success;
}

TGC_EXPORT cuMemFreeHost(void *memory) {
  Call call;
  Result result = drainAll(call.gpu);
  call.gpu.pinned.erase(memory);
  std::free(memory);
  return result;
}

/// Makes an object of the interface.
template <typename T>
static Result make(const Call &call, std::vector<std::unique_ptr<T>> &all, void **object) {
  if (Result state = call.state())
    return state;
  all.push_back(std::make_unique<T>());
  all.back()->gpu = &call.here();
  *object = all.back().get();
  return Success;
}

/// Ends one when all is done that was asked for.
template <typename T> static Result end(Simulated &gpu, std::vector<std::unique_ptr<T>> &all, void *object) {
  Result result = drainAll(gpu);
  llvm::erase_if(all, [&](const auto &known) { return known.get() == object; });
  return result;
}

TGC_EXPORT cuStreamCreate(void **stream, unsigned) {
  Call call;
  return make(call, call.gpu.streams, stream);
}

TGC_EXPORT cuStreamSynchronize(void *stream) {
  Call call;
  if (Result state = call.stateOf<Stream>(stream))
    return state;
  call.gpu.trace(call.here()) << "synchronize\n";
  return drain(call.gpu, *static_cast<Stream *>(stream));
}

TGC_EXPORT cuStreamDestroy_v2(void *stream) {
  Call call;
  return end(call.gpu, call.gpu.streams, stream);
}

TGC_EXPORT cuEventCreate(void **event, unsigned flags) {
  Call call;
  constexpr unsigned kWithoutTime = 2;
  if (Result result = make(call, call.gpu.events, event))
    return result;
  static_cast<Mark *>(*event)->hasTime = !(flags & kWithoutTime);
  return Success;
}

TGC_EXPORT cuEventDestroy_v2(void *event) {
  Call call;
  return end(call.gpu, call.gpu.events, event);
}

TGC_EXPORT cuEventRecord(void *recorded, void *stream) {
  Call call;
  if (Result state = call.stateOf<Stream>(stream))
    return state;
  if (Result state = call.stateOf<Mark>(recorded))
    return state;
  auto *event = static_cast<Mark *>(recorded);
  event->stream = static_cast<Stream *>(stream);
  return enqueue(call.gpu, stream, [&gpu = call.gpu, event, count = ++event->numRecorded] {
    event->numDone = count;
    event->time = gpu.clock;
    return Success;
  });
}

TGC_EXPORT cuStreamWaitEvent(void *stream, void *awaited, unsigned) {
  Call call;
  if (Result state = call.stateOf<Stream>(stream))
    return state;
  auto *event = static_cast<Mark *>(awaited);
  return enqueue(call.gpu, stream,
                 [&gpu = call.gpu, event, count = event->numRecorded] { return await(gpu, *event, count); });
}

TGC_EXPORT cuEventSynchronize(void *awaited) {
  Call call;
  if (Result state = call.state())
    return state;
  auto *event = static_cast<Mark *>(awaited);
  return await(call.gpu, *event, event->numRecorded);
}

TGC_EXPORT cuEventElapsedTime(float *milliseconds, void *first, void *second) {
  Call call;
  if (Result state = call.state())
    return state;
  auto *begin = static_cast<Mark *>(first), *end = static_cast<Mark *>(second);
  for (Mark *event : {begin, end})
    if (!event->hasTime || !event->numRecorded)
      return InvalidHandle;
  for (Mark *event : {begin, end})
    if (event->numDone < event->numRecorded)
      return NotReady;
  *milliseconds = float(double(int64_t(end->time - begin->time)) / 1e6);
  return Success;
}

/// Runs a kernel now.
static Result run(Simulated &all, Gpu &gpu, const Started &started) {
  if (Result state = gpu.state())
    return state;
  if (all.numLaunches + 1 == all.wishes.goneAt) {
    gpu.isGone = true;
    return Unknown;
  }
  all.trace(gpu) << "launch " << started.kernel->name << " <<<" << started.config.grid.x << ", "
                 << started.config.block.x << ">>>\n";
  bool fails = ++all.numLaunches == all.wishes.faultAt;
  auto stats =
      launch(gpu.device, *started.kernel->module, started.kernel->name, started.config, started.arguments);
  if (stats)
    all.clock += stats->instructions;
  if (stats && !fails)
    return Success;
  // The interface has no words for it.
  llvm::errs() << "ptx-driver: " << (stats ? "the launch was to fail" : llvm::toString(stats.takeError()))
               << "\n";
  gpu.isLost = true;
  return LaunchFailed;
}

TGC_EXPORT cuLaunchKernel(void *function, unsigned gridX, unsigned gridY, unsigned gridZ, unsigned blockX,
                          unsigned blockY, unsigned blockZ, unsigned sharedBytes, void *stream,
                          void **parameters, void **) {
  Call call;
  if (Result state = call.stateOf<Stream>(stream))
    return state;
  Started started{static_cast<const Kernel *>(function), {}, {}};
  if (llvm::none_of(call.here().modules,
                    [&](const auto &loaded) { return loaded.get() == started.kernel->module; }))
    return InvalidContext;
  for (auto [i, parameter] : llvm::enumerate(started.kernel->parameters))
    started.arguments.push_back(
        KernelArgument::ofBytes({static_cast<const uint8_t *>(parameters[i]), size_t(parameter.size)}));
  started.config.grid = {gridX, gridY, gridZ};
  started.config.block = {blockX, blockY, blockZ};
  started.config.cluster = {1, 1, 1};
  started.config.dynamicShared = sharedBytes;
  started.config.seed = call.gpu.wishes.seed;
  if (!call.gpu.captured)
    return enqueue(call.gpu, stream,
                   [&all = call.gpu, &gpu = call.here(), started] { return run(all, gpu, started); });
  call.gpu.captured->kernels.push_back(std::move(started));
  return Success;
}

TGC_EXPORT cuStreamBeginCapture_v2(void *, int) {
  Call call;
  if (Result state = call.state())
    return state;
  if (!call.gpu.wishes.hasGraphs)
    return NotSupported;
  call.gpu.captured = std::make_unique<Graph>();
  call.gpu.captured->gpu = &call.here();
  return Success;
}

static void *keep(Simulated &gpu, std::unique_ptr<Graph> graph) {
  gpu.graphs.push_back(std::move(graph));
  return gpu.graphs.back().get();
}

TGC_EXPORT cuStreamEndCapture(void *, void **graph) {
  Call call;
  if (!call.gpu.captured)
    return InvalidValue;
  *graph = keep(call.gpu, std::move(call.gpu.captured));
  return Success;
}

TGC_EXPORT cuGraphInstantiateWithFlags(void **executable, void *graph, unsigned long long) {
  Call call;
  if (Result state = call.state())
    return state;
  auto &recorded = *static_cast<const Graph *>(graph);
  call.gpu.trace(call.here()) << "instantiate a graph of " << recorded.kernels.size() << " kernels\n";
  *executable = keep(call.gpu, std::make_unique<Graph>(recorded));
  return Success;
}

TGC_EXPORT cuGraphLaunch(void *executable, void *stream) {
  Call call;
  if (Result state = call.stateOf<Stream>(stream))
    return state;
  auto &graph = *static_cast<const Graph *>(executable);
  call.gpu.trace(call.here()) << "graph of " << graph.kernels.size() << " kernels\n";
  return enqueue(call.gpu, stream, [&all = call.gpu, &gpu = call.here(), graph] {
    for (const Started &started : graph.kernels)
      if (Result result = run(all, gpu, started))
        return result;
    return Success;
  });
}

TGC_EXPORT cuGraphDestroy(void *graph) {
  Call call;
  return end(call.gpu, call.gpu.graphs, graph);
}

TGC_EXPORT cuGraphExecDestroy(void *executable) {
  Call call;
  return end(call.gpu, call.gpu.graphs, executable);
}
