//===- Driver.cpp - The simulator behind NVIDIA's driver interface ------------===//
//
// A library that runs in libcuda's place: TGC_CUDA_DRIVER=.../libtgc-ptx-driver.so lets modules with device
// code run where there is no GPU, every kernel checked by the simulator. Memory of the device is the
// simulator's, so an address of the host that reaches a kernel is met. Everything is done when it is asked
// for. TGC_PTX_DRIVER says what is to go wrong (see Wishes), and `trace` to tell of each call.
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
  NotFound = 500,
  LaunchFailed = 719,
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
                           {NotFound, "named symbol not found"},
                           {LaunchFailed, "unspecified launch failure"}};

/// A list like "trace,memory=4096".
struct Wishes {
  bool traces = false, hasDevice = true;
  /// All memory of the host counts as page-locked.
  bool isPinned = false;
  int version = 12080;
  unsigned capability = 90;
  /// They share their memory.
  int numDevices = 1;
  /// Bytes that the device has.
  uint64_t memory = uint64_t(4) << 30;
  /// The number of the launch that fails; 0: none does.
  uint64_t faultAt = 0;
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
    else if (key == "seed")
      isBad = value.getAsInteger(10, wishes.seed);
    else
      isBad = !wish.empty();
    if (isBad)
      llvm::errs() << "ptx-driver: TGC_PTX_DRIVER has '" << wish << "', which is not known\n";
  }
  return wishes;
}

/// The one device.
struct Simulated {
  std::mutex mutex;
  Wishes wishes = readWishes();
  Device device;
  llvm::DenseMap<uint64_t, uint64_t> sizes;
  std::vector<std::unique_ptr<Module>> modules;
  uint64_t bytesInUse = 0, numLaunches = 0, numContexts = 0;
  bool isLost = false;

  llvm::raw_ostream &trace() { return wishes.traces ? llvm::errs() << "ptx-driver: " : llvm::nulls(); }
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

  /// Whether the device can do anything now: it is not broken, and the thread is in its context.
  Result state() const {
    return gpu.isLost ? LaunchFailed : contexts.empty() || contexts.back() != &gpu ? InvalidContext : Success;
  }
};

Result copy(bool isUpload, void *host, uint64_t device, size_t size) {
  Call call;
  if (Result state = call.state())
    return state;
  call.gpu.trace() << (isUpload ? "upload " : "download ") << size << " bytes\n";
  llvm::MutableArrayRef<uint8_t> bytes = call.gpu.device.bytes(device);
  if (bytes.size() < size)
    return InvalidValue;
  if (isUpload)
    std::memcpy(bytes.data(), host, size);
  else
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
  return Success;
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
  if (call.gpu.wishes.numDevices > 1)
    call.gpu.trace() << "device " << device << "\n";
  ++call.gpu.numContexts;
  *context = &call.gpu;
  return Success;
}

TGC_EXPORT cuDevicePrimaryCtxRelease_v2(int) {
  Call call;
  if (--call.gpu.numContexts)
    return Success;
  call.gpu.trace() << call.gpu.bytesInUse << " bytes were not given back, " << contexts.size()
                   << " contexts were not left\n";
  call.gpu.device.clear();
  call.gpu.sizes.clear();
  call.gpu.modules.clear();
  call.gpu.bytesInUse = 0;
  call.gpu.isLost = false;
  return Success;
}

TGC_EXPORT cuCtxPushCurrent_v2(void *context) {
  Call call;
  if (call.gpu.isLost)
    return LaunchFailed;
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

TGC_EXPORT cuPointerGetAttribute(void *value, int attribute, uint64_t) {
  constexpr int kMemoryType = 2, kHost = 1;
  if (attribute != kMemoryType || !simulated().wishes.isPinned)
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
    call.gpu.modules.push_back(std::move(*loaded));
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
  llvm::erase_if(call.gpu.modules, [&](const auto &loaded) { return loaded.get() == module; });
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
  constexpr int kF16 = 6, kF32 = 7, kBF16 = 9, kTF32 = 11, kLargestSwizzle = 3;
  if (rank > TensorMap::kMaxRank || interleave || swizzle < 0 || swizzle > kLargestSwizzle)
    return InvalidValue;
  TensorMap map;
  map.address = reinterpret_cast<uintptr_t>(address);
  map.rank = rank;
  map.elementSize = type == kF16 || type == kBF16 ? 2 : type == kF32 || type == kTF32 ? 4 : 0;
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
  if (size > call.gpu.wishes.memory - call.gpu.bytesInUse)
    return OutOfMemory;
  *address = call.gpu.device.allocate(size, "cuMemAlloc of " + std::to_string(size) + " bytes");
  call.gpu.sizes[*address] = size;
  call.gpu.bytesInUse += size;
  return Success;
}

TGC_EXPORT cuMemFree_v2(uint64_t address) {
  Call call;
  if (Result state = call.state())
    return state;
  auto found = call.gpu.sizes.find(address);
  if (found == call.gpu.sizes.end())
    return InvalidValue;
  call.gpu.bytesInUse -= found->second;
  call.gpu.sizes.erase(found);
  call.gpu.device.release(address);
  return Success;
}

TGC_EXPORT cuMemcpyHtoDAsync_v2(uint64_t to, const void *from, size_t size, void *) {
  return copy(/*isUpload=*/true, const_cast<void *>(from), to, size);
}

TGC_EXPORT cuMemcpyDtoHAsync_v2(void *to, uint64_t from, size_t size, void *) {
  return copy(/*isUpload=*/false, to, from, size);
}

TGC_EXPORT cuStreamCreate(void **stream, unsigned) {
  *stream = &simulated();
  return Success;
}

TGC_EXPORT cuStreamSynchronize(void *) {
  Call call;
  call.gpu.trace() << "synchronize\n";
  return call.state();
}

TGC_EXPORT cuStreamDestroy_v2(void *) { return Success; }

TGC_EXPORT cuLaunchKernel(void *function, unsigned gridX, unsigned gridY, unsigned gridZ, unsigned blockX,
                          unsigned blockY, unsigned blockZ, unsigned sharedBytes, void *, void **parameters,
                          void **) {
  Call call;
  if (Result state = call.state())
    return state;
  auto *kernel = static_cast<const Kernel *>(function);
  call.gpu.trace() << "launch " << kernel->name << " <<<" << gridX << ", " << blockX << ">>>\n";
  std::vector<KernelArgument> arguments;
  for (auto [i, parameter] : llvm::enumerate(kernel->parameters))
    arguments.push_back(
        KernelArgument::ofBytes({static_cast<const uint8_t *>(parameters[i]), size_t(parameter.size)}));
  LaunchConfig config;
  config.grid = {gridX, gridY, gridZ};
  config.block = {blockX, blockY, blockZ};
  config.cluster = {1, 1, 1};
  config.dynamicShared = sharedBytes;
  config.seed = call.gpu.wishes.seed;
  bool fails = ++call.gpu.numLaunches == call.gpu.wishes.faultAt;
  auto stats = launch(call.gpu.device, *kernel->module, kernel->name, config, arguments);
  if (stats && !fails)
    return Success;
  // The interface has no words for it.
  llvm::errs() << "ptx-driver: " << (stats ? "the launch was to fail" : llvm::toString(stats.takeError()))
               << "\n";
  call.gpu.isLost = true;
  return LaunchFailed;
}
