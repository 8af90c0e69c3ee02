//===- Floats.h - Number formats and rounding -----------------------*- C++ -*-===//
//
// Narrow formats are computed in double and rounded once. Where a double cannot hold the exact result its
// last bit is made odd ("rounding to odd", Boldo and Melquiond 2008), so that the second rounding is right in
// every mode.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_TOOLS_PTX_FLOATS_H
#define TGC_TOOLS_PTX_FLOATS_H

#include "llvm/ADT/bit.h"
#include <cmath>
#include <cstdint>

namespace tgc::ptx {

enum class Rounding : uint8_t { Nearest, Zero, Down, Up, NearestAway };

/// Bits of the significand behind the point, exponents of the smallest and the largest normal number.
struct Format {
  int fraction, minExponent, maxExponent;
};
inline constexpr Format kF16{10, -14, 15}, kBF16{7, -126, 127}, kF32{23, -126, 127}, kTF32{10, -126, 127},
    kE4M3{3, -6, 8}, kE5M2{2, -14, 15};

/// The number of `format` that `value` becomes; infinity where it is too large and the mode rounds away.
double roundTo(double value, const Format &format, Rounding rounding);

inline float toFloat(uint32_t bits) { return llvm::bit_cast<float>(bits); }
inline uint32_t toBits(float value) { return llvm::bit_cast<uint32_t>(value); }
double f16ToDouble(uint16_t bits);
/// `value` must be a number of the format (see roundTo) or NaN, which becomes 0x7FFF.
uint16_t doubleToF16(double value);
inline double bf16ToDouble(uint16_t bits) { return toFloat(uint32_t(bits) << 16); }
inline uint16_t doubleToBF16(double value) {
  return std::isnan(value) ? 0x7FFF : uint16_t(toBits(float(value)) >> 16);
}
double e4m3ToDouble(uint8_t bits);
double e5m2ToDouble(uint8_t bits);
uint8_t doubleToE4M3(double value);
uint8_t doubleToE5M2(double value);

/// Sums and products whose last bit is odd where they are not exact.
double addToOdd(double a, double b);
double fmaToOdd(double a, double b, double c);
double divideToOdd(double a, double b);
double sqrtToOdd(double a);

/// f64 in a given mode.
double addIn(double a, double b, Rounding rounding);
double multiplyIn(double a, double b, Rounding rounding);
double fmaIn(double a, double b, double c, Rounding rounding);
double divideIn(double a, double b, Rounding rounding);
double sqrtIn(double a, Rounding rounding);

/// NaNs of results: f32 and the 16-bit formats have one, f64 keeps what the host makes.
inline float canonical(float value) { return value != value ? toFloat(0x7FFFFFFF) : value; }
inline double canonical(double value) { return value; }
/// Zero with the sign of a subnormal number.
inline float flush(float value) { return std::fabs(value) < 0x1p-126f ? std::copysign(0.0f, value) : value; }
inline float saturate(float value) { return value > 0 ? (value < 1 ? value : 1.0f) : 0.0f; }

} // namespace tgc::ptx

#endif // TGC_TOOLS_PTX_FLOATS_H
