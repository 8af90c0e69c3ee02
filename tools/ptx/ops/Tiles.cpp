//===- Tiles.cpp - Elements of matrix operands --------------------------------===//
#include "tools/ptx/ops/Tiles.h"
#include "llvm/ADT/StringSwitch.h"
#include <vector>

using namespace tgc::ptx;

std::optional<ElementType> tgc::ptx::elementTypeOf(llvm::StringRef modifier) {
  return llvm::StringSwitch<std::optional<ElementType>>(modifier)
      .Case("f16", ElementType::F16)
      .Case("bf16", ElementType::BF16)
      .Case("tf32", ElementType::TF32)
      .Case("f32", ElementType::F32)
      .Case("f64", ElementType::F64)
      .Case("s8", ElementType::S8)
      .Case("u8", ElementType::U8)
      .Case("s32", ElementType::S32)
      .Case("e4m3", ElementType::E4M3)
      .Case("e5m2", ElementType::E5M2)
      .Default(std::nullopt);
}

unsigned tgc::ptx::bytesOf(ElementType type) {
  switch (type) {
  case ElementType::F16:
  case ElementType::BF16:
    return 2;
  case ElementType::TF32:
  case ElementType::F32:
  case ElementType::S32:
    return 4;
  case ElementType::F64:
    return 8;
  default:
    return 1;
  }
}

bool tgc::ptx::isAccumulatorOf(ElementType sum, ElementType element) {
  switch (element) {
  case ElementType::F16:
  case ElementType::E4M3:
  case ElementType::E5M2:
    return sum == ElementType::F32 || sum == ElementType::F16;
  case ElementType::BF16:
  case ElementType::TF32:
    return sum == ElementType::F32;
  case ElementType::S8:
  case ElementType::U8:
    return sum == ElementType::S32;
  default:
    return false;
  }
}

/// All halves, so that a tile is read by look-up.
static const double *halves() {
  static const std::vector<double> table = [] {
    std::vector<double> values(1 << 16);
    for (uint32_t i = 0; i < values.size(); ++i)
      values[i] = f16ToDouble(i);
    return values;
  }();
  return table.data();
}

double tgc::ptx::readElement(ElementType type, const uint8_t *from) {
  uint16_t half;
  uint32_t word;
  switch (type) {
  case ElementType::F16:
    std::memcpy(&half, from, sizeof(half));
    return halves()[half];
  case ElementType::BF16:
    std::memcpy(&half, from, sizeof(half));
    return bf16ToDouble(half);
  case ElementType::TF32:
    // The device looks at 19 bits only.
    std::memcpy(&word, from, sizeof(word));
    return toFloat(word & 0xFFFFE000);
  case ElementType::F32:
    std::memcpy(&word, from, sizeof(word));
    return toFloat(word);
  case ElementType::F64: {
    double value;
    std::memcpy(&value, from, sizeof(value));
    return value;
  }
  case ElementType::S8:
    return int8_t(*from);
  case ElementType::U8:
    return *from;
  case ElementType::S32:
    std::memcpy(&word, from, sizeof(word));
    return int32_t(word);
  case ElementType::E4M3:
    return e4m3ToDouble(*from);
  case ElementType::E5M2:
    return e5m2ToDouble(*from);
  }
  return 0;
}

void tgc::ptx::writeSum(ElementType type, double sum, const uint8_t *from, uint8_t *to, bool saturates) {
  double before = from ? readElement(type, from) : 0;
  if (type == ElementType::S32) {
    int64_t value = int64_t(sum) + int64_t(before);
    int32_t result = !saturates          ? int32_t(value)
                     : value > INT32_MAX ? INT32_MAX
                     : value < INT32_MIN ? INT32_MIN
                                         : int32_t(value);
    std::memcpy(to, &result, sizeof(result));
  } else if (type == ElementType::F16) {
    uint16_t result = doubleToF16(roundTo(sum + before, kF16, Rounding::Nearest));
    std::memcpy(to, &result, sizeof(result));
  } else if (type == ElementType::F64) {
    double result = sum + before;
    std::memcpy(to, &result, sizeof(result));
  } else {
    float result = canonical(float(sum + before));
    std::memcpy(to, &result, sizeof(result));
  }
}
