//===- Memory.cpp - Memory and copies of the interface --------------------===//
#include "tools/ptx-driver/Simulated.h"
#include <cstdlib>
#include <cstring>

using namespace tgc::ptx;

static bool isPinned(Simulated &gpu, const void *memory) {
  auto *byte = static_cast<const char *>(memory);
  return gpu.wishes.isPinned || llvm::any_of(gpu.pinned, [&](const auto &known) {
           auto *begin = static_cast<const char *>(known.first);
           return byte >= begin && byte < begin + known.second.size;
         });
}

/// Pageable memory is read at once, and has its new bytes when the call is back.
static Result copy(bool isUpload, void *host, uint64_t device, size_t size, void *stream) {
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

TGC_EXPORT cuPointerGetAttribute(void *value, int attribute, uint64_t address) {
  Call call;
  constexpr int kMemoryType = 2, kHost = 1;
  if (attribute != kMemoryType || !isPinned(call.gpu, reinterpret_cast<void *>(address)))
    return InvalidValue;
  *static_cast<int *>(value) = kHost;
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
  gpu.mostInUse = std::max(gpu.mostInUse, gpu.bytesInUse);
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
