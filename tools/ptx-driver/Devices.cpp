//===- Devices.cpp - Devices, contexts and modules of the interface -------===//
#include "tools/ptx-driver/Simulated.h"
#include "llvm/Support/Error.h"
#include <cstdio>

using namespace tgc::ptx;

namespace {

struct Text {
  Result result;
  const char *text;
};
constexpr Text kTexts[] = {{Success, "no error"},
                           {InvalidValue, "invalid argument"},
                           {OutOfMemory, "out of memory"},
                           {Unavailable, "CUDA-capable device(s) is/are busy or unavailable"},
                           {NoDevice, "no CUDA-capable device is detected"},
                           {InvalidContext, "invalid device context"},
                           {NoBinary, "no kernel image is available for execution on the device"},
                           {InvalidPtx, "a PTX JIT compilation failed"},
                           {InvalidHandle, "invalid resource handle"},
                           {NotFound, "named symbol not found"},
                           {NotReady, "device not ready"},
                           {IllegalAddress, "an illegal memory access was encountered"},
                           {LaunchFailed, "unspecified launch failure"},
                           {NotSupported, "operation not supported"},
                           {CaptureUnsupported, "operation not permitted when stream is capturing"},
                           {Unknown, "unknown error"}};

} // namespace

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
  return llvm::any_of(simulated().gpus, [](const auto &gpu) { return gpu->isGone; }) ? Unavailable : Success;
}

TGC_EXPORT cuDeviceGet(int *device, int ordinal) {
  *device = ordinal;
  return ordinal >= 0 && ordinal < simulated().wishes.numDevices ? Success : InvalidValue;
}

TGC_EXPORT cuDeviceGetAttribute(int *value, int attribute, int) {
  constexpr int kClock = 13, kProcessors = 16, kMemoryClock = 36, kMemoryWidth = 37, kMajor = 75, kMinor = 76;
  unsigned capability = simulated().wishes.capability;
  switch (attribute) {
  case kProcessors:
    return *value = 2, Success; // so few that blocks have several tiles
  // In kHz and bits: 1 GHz, 8 GB in a second.
  case kClock:
    return *value = 1000000, Success;
  case kMemoryClock:
    return *value = 500000, Success;
  case kMemoryWidth:
    return *value = 64, Success;
  case kMajor:
    return *value = int(capability / 10), Success;
  case kMinor:
    return *value = int(capability % 10), Success;
  default:
    return InvalidValue;
  }
}

TGC_EXPORT cuDevicePrimaryCtxRetain(void **context, int device) {
  Call call;
  if (size_t(device) >= call.gpu.gpus.size())
    return InvalidValue;
  if (call.gpu.gpus.size() > 1)
    call.gpu.trace() << "device " << device << "\n";
  Gpu &gpu = *call.gpu.gpus[device];
  if (gpu.isGone)
    return gpu.state();
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
  if (call.gpu.wishes.tellsMemory)
    llvm::errs() << "ptx-driver: GPU " << device << ": " << gpu.mostInUse << " bytes were in use at most\n";
  call.gpu.trace(gpu) << gpu.bytesInUse << " bytes were not given back, " << contexts.size()
                      << " contexts were not left\n";
  auto isOurs = [&](const auto &object) { return object->gpu == &gpu; };
  size_t left = llvm::count_if(call.gpu.streams, isOurs) + llvm::count_if(call.gpu.events, isOurs) +
                llvm::count_if(call.gpu.pinned, [&](const auto &known) { return known.second.gpu == &gpu; });
  if (left)
    call.gpu.trace(gpu) << left << " streams, events and pieces of memory were not given back\n";
  forgetIf(call.gpu, call.gpu.streams, isOurs);
  forgetIf(call.gpu, call.gpu.events, isOurs);
  if (size_t graphs = llvm::count_if(call.gpu.graphs, isOurs))
    call.gpu.trace(gpu) << graphs << " graphs were not destroyed\n";
  forgetIf(call.gpu, call.gpu.graphs, isOurs);
  gpu.device.clear();
  gpu.sizes.clear();
  gpu.modules.clear();
  gpu.bytesInUse = gpu.mostInUse = 0;
  gpu.isLost = gpu.isBroken = false;
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

TGC_EXPORT cuModuleLoadDataEx(void **module, const void *image, unsigned count, int *options, void **values) {
  Call call;
  if (Result state = call.state())
    return state;
  constexpr int kErrorLog = 5, kErrorLogSize = 6;
  if (llvm::StringRef(static_cast<const char *>(image), 4) == "\177ELF") {
    call.gpu.trace() << "machine code, which the simulator cannot run\n";
    return NoBinary;
  }
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
