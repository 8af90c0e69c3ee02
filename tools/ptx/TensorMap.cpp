//===- TensorMap.cpp - What cuTensorMapEncodeTiled checks ---------------------===//
#include "tools/ptx/TensorMap.h"
#include "llvm/ADT/Twine.h"

using namespace tgc::ptx;
using llvm::createStringError;
using llvm::Expected;
using llvm::Twine;

static constexpr uint64_t kMagic = 0x70616d726f736e74; // "tnsormap"

Expected<TensorMap> tgc::ptx::encodeTensorMap(TensorMap map) {
  if (map.rank < 1 || map.rank > TensorMap::kMaxRank)
    return createStringError("a tensor map has rank 1 to 5, not " + Twine(unsigned(map.rank)));
  if (map.elementSize != 1 && map.elementSize != 2 && map.elementSize != 4 && map.elementSize != 8)
    return createStringError("a tensor map's elements have 1, 2, 4 or 8 bytes, not " +
                             Twine(unsigned(map.elementSize)));
  if (map.address % 16)
    return createStringError("a tensor map's address must be a multiple of 16");
  if (map.swizzle != 0 && map.swizzle != 32 && map.swizzle != 64 && map.swizzle != 128)
    return createStringError("a tensor map swizzles 32, 64 or 128 bytes, not " +
                             Twine(unsigned(map.swizzle)));
  for (unsigned i = 0; i < map.rank; ++i) {
    if (!map.dims[i])
      return createStringError("size " + Twine(i) + " of a tensor map is zero");
    if (!map.box[i] || map.box[i] > 256)
      return createStringError("a tensor map's box has 1 to 256 elements, not " + Twine(map.box[i]));
    if (i && map.strides[i - 1] % 16)
      return createStringError("stride " + Twine(map.strides[i - 1]) +
                               " of a tensor map is no multiple of 16 bytes");
  }
  uint64_t inner = uint64_t(map.box[0]) * map.elementSize;
  if (inner % 16)
    return createStringError("the inner side of a tensor map's box has " + Twine(inner) +
                             " bytes, which is no multiple of 16");
  if (map.swizzle && inner > map.swizzle)
    return createStringError("the inner side of a tensor map's box has " + Twine(inner) +
                             " bytes, more than the " + Twine(unsigned(map.swizzle)) + " that are swizzled");
  map.magic = kMagic;
  return map;
}

bool tgc::ptx::isEncoded(const TensorMap &map) { return map.magic == kMagic; }
