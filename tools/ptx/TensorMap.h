//===- TensorMap.h - What cuTensorMapEncodeTiled holds --------------*- C++ -*-===//
#ifndef TGC_TOOLS_PTX_TENSORMAP_H
#define TGC_TOOLS_PTX_TENSORMAP_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"
#include <array>
#include <cstdint>

namespace tgc::ptx {

/// The description of a tensor for bulk copies; sizes innermost first. Its 128 bytes are an argument of the
/// kernel. The layout is the simulator's own: a device's maps are opaque.
struct TensorMap {
  static constexpr unsigned kMaxRank = 5;
  uint64_t magic = 0;
  uint64_t address = 0;
  uint32_t dims[kMaxRank] = {};
  uint32_t box[kMaxRank] = {};
  /// Bytes from one index to the next, of dimensions 1 and up.
  uint64_t strides[kMaxRank - 1] = {};
  uint8_t rank = 0, elementSize = 0;
  uint8_t swizzle = 0; ///< 0, 32, 64 or 128 bytes
  uint8_t fillsNaN = 0;
  uint32_t reserved[9] = {};
};
static_assert(sizeof(TensorMap) == 128);

/// Checks what the driver checks and marks the map as good.
llvm::Expected<TensorMap> encodeTensorMap(TensorMap map);
bool isEncoded(const TensorMap &map);

} // namespace tgc::ptx

#endif // TGC_TOOLS_PTX_TENSORMAP_H
