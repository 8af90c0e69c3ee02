//===- AlignedBuffer.h - Bytes at a 64-byte boundary --------------------------===//
//
// Arrays are handed to compiled code without a copy, and that code is fastest on memory aligned to a cache
// line.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_TOOLS_NPZ_ALIGNEDBUFFER_H
#define TGC_TOOLS_NPZ_ALIGNEDBUFFER_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/MemAlloc.h"
#include <cstring>
#include <utility>

namespace tgc {

class AlignedBuffer {
public:
  static constexpr size_t kAlignment = 64;

  AlignedBuffer() = default;
  /// The contents are zero.
  explicit AlignedBuffer(size_t size) : bytes(allocate(size)), numBytes(size) {
    if (size)
      std::memset(bytes, 0, size);
  }
  AlignedBuffer(const void *source, size_t size) : bytes(allocate(size)), numBytes(size) {
    if (size)
      std::memcpy(bytes, source, size);
  }
  AlignedBuffer(AlignedBuffer &&other) noexcept { swap(other); }
  AlignedBuffer &operator=(AlignedBuffer &&other) noexcept {
    AlignedBuffer taken(std::move(other));
    swap(taken);
    return *this;
  }
  ~AlignedBuffer() {
    if (bytes)
      llvm::deallocate_buffer(bytes, numBytes, kAlignment);
  }

  char *data() { return bytes; }
  const char *data() const { return bytes; }
  size_t size() const { return numBytes; }
  llvm::ArrayRef<char> ref() const { return {bytes, numBytes}; }

private:
  static char *allocate(size_t size) {
    return size ? static_cast<char *>(llvm::allocate_buffer(size, kAlignment)) : nullptr;
  }
  void swap(AlignedBuffer &other) {
    std::swap(bytes, other.bytes);
    std::swap(numBytes, other.numBytes);
  }

  char *bytes = nullptr;
  size_t numBytes = 0;
};

} // namespace tgc

#endif // TGC_TOOLS_NPZ_ALIGNEDBUFFER_H
