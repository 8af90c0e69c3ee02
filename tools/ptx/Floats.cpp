//===- Floats.cpp - Number formats and rounding -------------------------------===//
#include "tools/ptx/Floats.h"
#include <cfenv>

using namespace tgc::ptx;

double tgc::ptx::roundTo(double value, const Format &format, Rounding rounding) {
  if (value == 0 || !std::isfinite(value))
    return value;
  int exponent = std::ilogb(value);
  // The weight of the last bit, that of subnormal numbers at least.
  int last = std::max(exponent, format.minExponent) - format.fraction;
  double scaled = std::scalbn(value, -last), whole = std::trunc(scaled), rest = std::fabs(scaled - whole);
  double away = whole + (value < 0 ? -1 : 1);
  bool isUp = false;
  switch (rounding) {
  case Rounding::Nearest:
    isUp = rest > 0.5 || (rest == 0.5 && std::fmod(whole, 2) != 0);
    break;
  case Rounding::NearestAway:
    isUp = rest >= 0.5;
    break;
  case Rounding::Zero:
    break;
  case Rounding::Down:
    isUp = rest > 0 && value < 0;
    break;
  case Rounding::Up:
    isUp = rest > 0 && value > 0;
    break;
  }
  double result = std::copysign(std::scalbn(isUp ? away : whole, last), value);
  double largest = std::scalbn(2 - std::scalbn(1.0, -format.fraction), format.maxExponent);
  if (std::fabs(result) <= largest)
    return result;
  bool becomesInfinite = rounding == Rounding::Nearest || rounding == Rounding::NearestAway ||
                         (rounding == Rounding::Up && value > 0) || (rounding == Rounding::Down && value < 0);
  return std::copysign(becomesInfinite ? INFINITY : largest, value);
}

/// A number without its sign, from the bits of its exponent and its fraction.
static double magnitude(const Format &format, unsigned bits) {
  int exponent = int(bits >> format.fraction), fraction = int(bits & ((1u << format.fraction) - 1));
  if (exponent == 0)
    return std::scalbn(double(fraction), format.minExponent - format.fraction);
  return std::scalbn(double((1 << format.fraction) + fraction),
                     exponent - 1 + format.minExponent - format.fraction);
}

/// The bits of a finite number of the format that is not negative.
static unsigned magnitudeBits(const Format &format, double value) {
  if (value < std::scalbn(1.0, format.minExponent))
    return unsigned(std::scalbn(value, format.fraction - format.minExponent));
  int exponent = std::ilogb(value);
  return (unsigned(exponent - format.minExponent) << format.fraction) +
         unsigned(std::scalbn(value, format.fraction - exponent));
}

double tgc::ptx::f16ToDouble(uint16_t bits) {
  unsigned unsignedBits = bits & 0x7FFF;
  double value = unsignedBits > 0x7C00    ? NAN
                 : unsignedBits == 0x7C00 ? INFINITY
                                          : magnitude(kF16, unsignedBits);
  return bits >> 15 ? -value : value;
}

uint16_t tgc::ptx::doubleToF16(double value) {
  if (std::isnan(value))
    return 0x7FFF;
  unsigned bits = std::isinf(value) ? 0x7C00 : magnitudeBits(kF16, std::fabs(value));
  return uint16_t(bits | (std::signbit(value) ? 0x8000 : 0));
}

double tgc::ptx::e5m2ToDouble(uint8_t bits) { return f16ToDouble(uint16_t(bits) << 8); }
uint8_t tgc::ptx::doubleToE5M2(double value) { return std::isnan(value) ? 0x7F : doubleToF16(value) >> 8; }

double tgc::ptx::e4m3ToDouble(uint8_t bits) {
  double value = (bits & 0x7F) == 0x7F ? NAN : magnitude(kE4M3, bits & 0x7F);
  return bits >> 7 ? -value : value;
}

uint8_t tgc::ptx::doubleToE4M3(double value) {
  if (std::isnan(value))
    return 0x7F;
  return uint8_t(magnitudeBits(kE4M3, std::fabs(value)) | (std::signbit(value) ? 0x80 : 0));
}

/// `value` plus a rest that it lacks: the neighbour in the rest's direction with an odd last bit, or itself
/// if odd.
static double makeOdd(double value, double rest) {
  if (rest == 0 || !std::isfinite(value) || !std::isfinite(rest) || (llvm::bit_cast<uint64_t>(value) & 1))
    return value;
  return std::nextafter(value, rest > 0 ? INFINITY : -INFINITY);
}

double tgc::ptx::addToOdd(double a, double b) {
  double sum = a + b, part = sum - a;
  double rest = (a - (sum - part)) + (b - part);
  return makeOdd(sum, rest);
}

double tgc::ptx::fmaToOdd(double a, double b, double c) {
  // Both factors have 24 bits at most: their product is exact.
  return addToOdd(a * b, c);
}

double tgc::ptx::divideToOdd(double a, double b) {
  double quotient = a / b;
  if (!std::isfinite(quotient) || !std::isfinite(b) || quotient == 0)
    return quotient;
  double rest = std::fma(-quotient, b, a);
  return makeOdd(quotient, b < 0 ? -rest : rest);
}

double tgc::ptx::sqrtToOdd(double a) {
  double root = std::sqrt(a);
  return std::isfinite(root) ? makeOdd(root, std::fma(-root, root, a)) : root;
}

namespace {
/// The host's rounding mode while it lives. What is computed under it goes through volatile variables, which
/// the optimizer may not move.
struct HostRounding {
  explicit HostRounding(Rounding rounding) : before(std::fegetround()) {
    static constexpr int kModes[] = {FE_TONEAREST, FE_TOWARDZERO, FE_DOWNWARD, FE_UPWARD, FE_TONEAREST};
    std::fesetround(kModes[int(rounding)]);
  }
  ~HostRounding() { std::fesetround(before); }
  int before;
};
} // namespace

double tgc::ptx::addIn(double a, double b, Rounding rounding) {
  HostRounding mode(rounding);
  volatile double x = a, y = b, result = x + y;
  return result;
}

double tgc::ptx::multiplyIn(double a, double b, Rounding rounding) {
  HostRounding mode(rounding);
  volatile double x = a, y = b, result = x * y;
  return result;
}

double tgc::ptx::fmaIn(double a, double b, double c, Rounding rounding) {
  HostRounding mode(rounding);
  volatile double x = a, y = b, z = c, result = std::fma(x, y, z);
  return result;
}

double tgc::ptx::divideIn(double a, double b, Rounding rounding) {
  HostRounding mode(rounding);
  volatile double x = a, y = b, result = x / y;
  return result;
}

double tgc::ptx::sqrtIn(double a, Rounding rounding) {
  HostRounding mode(rounding);
  volatile double x = a, result = std::sqrt(x);
  return result;
}
