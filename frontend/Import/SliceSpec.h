//===- SliceSpec.h - Python's slices ---------------------------*- C++ -*-===//
#ifndef TGC_FRONTEND_IMPORT_SLICESPEC_H
#define TGC_FRONTEND_IMPORT_SLICESPEC_H

#include <algorithm>
#include <cstdint>
#include <optional>

namespace tgc {

struct StaticRange {
  int64_t first, count;
};

/// What begin:end:step takes of `size` elements, as Python counts: negative positions from the end, all of
/// them clamped. `step` is not zero.
inline StaticRange resolveRange(int64_t size, std::optional<int64_t> begin, std::optional<int64_t> end,
                                int64_t step) {
  int64_t low = step > 0 ? 0 : -1, high = step > 0 ? size : size - 1;
  auto clamp = [&](int64_t position) {
    return std::clamp(position < 0 ? position + size : position, low, high);
  };
  int64_t first = begin ? clamp(*begin) : (step > 0 ? low : high);
  int64_t last = end ? clamp(*end) : (step > 0 ? high : low);
  int64_t span = step > 0 ? last - first : first - last, stride = step > 0 ? step : -step;
  return {first, span <= 0 ? 0 : (span + stride - 1) / stride};
}

} // namespace tgc

#endif // TGC_FRONTEND_IMPORT_SLICESPEC_H
