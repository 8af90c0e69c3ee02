//===- ExpandDouble.cpp - Exponentials and logarithms of f64 --------------===//
//
// As ExpandMath.cpp does for f32, with series long enough for 53 bits: an argument is reduced in two steps
// (Cody and Waite 1980), e^r is its Taylor series, and log m = 2 atanh((m - 1) / (m + 1)). Integers become
// doubles by adding 1.5 * 2^52, for which every machine has vectors. Errors: docs/numerics.md.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/CPU/Lanes.h"

using namespace mlir;

namespace tgc {
namespace {

using Predicate = arith::CmpFPredicate;

/// Added to a whole number below 2^51, it leaves that number in the low bits.
constexpr double kShift = 6755399441055744.0;
/// ln 2 in two parts; the first has 21 zeros at its end, so that its products with exponents are exact.
constexpr double kLn2High = 0x1.62e42fee00000p-1, kLn2Low = 0x1.a39ef35793c76p-33;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// x = n ln 2 + r with |r| <= ln 2 / 2.
struct ReducedExponent {
  Value remainder;
  /// e^r - 1 - r.
  Value tail;
  /// n as an integer; garbage for NaN.
  Value exponent;
};

ReducedExponent reduceExponent(const Lanes &l, Value x) {
  Value shift = l.number(kShift);
  Value shifted = l.mulAdd(x, l.number(1.4426950408889634), shift);
  Value n = l.sub(shifted, shift);
  Value r = l.mulAdd(n, l.number(-kLn2High), x);
  r = l.mulAdd(n, l.number(-kLn2Low), r);
  // 1 / k! down to k = 2: the next term is below 2^-57.
  Value p = l.polynomial(r, {1.0 / 6227020800, 1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880,
                             1.0 / 40320, 1.0 / 5040, 1.0 / 720, 1.0 / 120, 1.0 / 24, 1.0 / 6, 0.5});
  return {r, l.mul(p, l.mul(r, r)), l.subInt(l.asInt(shifted), l.asInt(shift))};
}

/// 2^n of a normal number.
Value powerOfTwo(const Lanes &l, Value n) { return l.asFloat(l.shiftLeft(l.addInt(n, l.integer(1023)), 52)); }

Value expandExp(const Lanes &l, Value x) {
  ReducedExponent e = reduceExponent(l, l.clamp(x, -746, 711));
  Value mantissa = l.add(l.add(e.tail, e.remainder), l.number(1));
  // In two steps, since n may lie beyond the exponents of normal numbers.
  Value half = l.shiftRight(e.exponent, 1);
  return l.mul(l.mul(mantissa, powerOfTwo(l, half)), powerOfTwo(l, l.subInt(e.exponent, half)));
}

/// e^x - 1 for x up to 700.
Value expandSmallExpM1(const Lanes &l, Value x) {
  ReducedExponent e = reduceExponent(l, l.clamp(x, -50, 700));
  Value scale = powerOfTwo(l, e.exponent);
  Value y = l.mulAdd(l.add(e.tail, e.remainder), scale, l.sub(scale, l.number(1)));
  // -0 stays.
  return l.select(Predicate::OEQ, x, l.number(0), x, y);
}

Value expandExpM1(const Lanes &l, Value x) {
  // Beyond 60 the 1 does not count.
  return l.select(Predicate::OGT, x, l.number(60), expandExp(l, x), expandSmallExpM1(l, x));
}

Value expandLog(const Lanes &l, Value x) {
  // Denormal numbers become normal ones times 2^-52.
  Value tiny = l.number(std::numeric_limits<double>::min());
  Value scaled = l.select(Predicate::OLT, x, tiny, l.mul(x, l.number(0x1p52)), x);
  Value bias = l.select(Predicate::OLT, x, tiny, l.number(-52), l.number(0));
  // x = 2^e m with m between sqrt(1/2) and sqrt(2).
  Value bits = l.asInt(scaled);
  Value e = l.shiftRight(l.subInt(bits, l.integer(0x3fe6a09e667f3bcd)), 52);
  Value f = l.sub(l.asFloat(l.subInt(bits, l.shiftLeft(e, 52))), l.number(1));
  Value exponent = l.sub(l.asFloat(l.addInt(e, l.asInt(l.number(kShift)))), l.number(kShift));
  exponent = l.add(exponent, bias);
  // With s = f / (2 + f), log(1 + f) = f - s (f - R) and R = 2 s^2 (1/3 + s^2/5 + ...), whose error f hides.
  Value s = l.div(f, l.add(f, l.number(2))), square = l.mul(s, s);
  Value p = l.polynomial(square, {2.0 / 23, 2.0 / 21, 2.0 / 19, 2.0 / 17, 2.0 / 15, 2.0 / 13, 2.0 / 11,
                                  2.0 / 9, 2.0 / 7, 2.0 / 5, 2.0 / 3});
  Value half = l.mul(l.mul(f, f), l.number(0.5));
  // f - s (f - R) = f - (f^2 / 2 - s (f^2 / 2 + R)).
  Value y = l.mul(s, l.mulAdd(p, square, half));
  y = l.mulAdd(exponent, l.number(kLn2Low), y);
  y = l.add(f, l.sub(y, half));
  y = l.mulAdd(exponent, l.number(kLn2High), y);
  y = l.select(Predicate::OEQ, x, l.number(kInfinity), x, y);
  y = l.select(Predicate::OEQ, x, l.number(0), l.number(-kInfinity), y);
  // The logarithm of a negative number, and of NaN.
  return l.select(Predicate::OGE, x, l.number(0), y, l.number(std::numeric_limits<double>::quiet_NaN()));
}

Value expandLog1P(const Lanes &l, Value x) {
  // What the rounding of u = 1 + x loses comes back by the derivative of the logarithm.
  Value one = l.number(1), u = l.add(one, x), lost = l.sub(x, l.sub(u, one));
  Value logarithm = expandLog(l, u);
  Value y = l.select(Predicate::OEQ, u, l.number(0), logarithm, l.add(logarithm, l.div(lost, u)));
  y = l.select(Predicate::OEQ, u, one, x, y);
  return l.select(Predicate::OEQ, x, l.number(kInfinity), x, y);
}

Value expandTanh(const Lanes &l, Value x) {
  // t / (t + 2) = 1 - 2 / (t + 2) with t = e^2|x| - 1; from 20 on it is 1.
  Value magnitude = l.select(Predicate::OGT, l.abs(x), l.number(20), l.number(20), l.abs(x));
  Value t = expandSmallExpM1(l, l.add(magnitude, magnitude));
  Value most = l.number(0.5), one = l.number(1), two = l.number(2), sum = l.add(t, two);
  Value quotient = l.div(l.select(Predicate::OLT, magnitude, most, t, two), sum);
  // What the rounding of the sum lost changes a small quotient q by its part of the sum, 2 / (1 - q).
  Value lost = l.mul(l.sub(t, l.sub(sum, two)), l.number(-0.5));
  Value small = l.mulAdd(l.mul(lost, l.sub(one, quotient)), quotient, quotient);
  return l.copySign(l.select(Predicate::OLT, magnitude, most, small, l.sub(one, quotient)), x);
}

} // namespace

Value expandDouble(OpBuilder &builder, Operation *op) {
  Lanes lanes(builder, op->getLoc(), op->getResult(0).getType());
  if (isa<math::ExpOp>(op))
    return expandExp(lanes, op->getOperand(0));
  if (isa<math::ExpM1Op>(op))
    return expandExpM1(lanes, op->getOperand(0));
  if (isa<math::LogOp>(op))
    return expandLog(lanes, op->getOperand(0));
  if (isa<math::Log1pOp>(op))
    return expandLog1P(lanes, op->getOperand(0));
  if (isa<math::TanhOp>(op))
    return expandTanh(lanes, op->getOperand(0));
  return {};
}

} // namespace tgc
