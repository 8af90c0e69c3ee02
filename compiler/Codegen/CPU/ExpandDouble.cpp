//===- ExpandDouble.cpp - Exponentials and logarithms of f64 --------------===//
//
// And erfc of f32, whose product of three inexact factors f64 hides.
//
// As ExpandMath.cpp does for f32, with series long enough for 53 bits: e^r is its Taylor series, and log m =
// 2 atanh((m - 1) / (m + 1)). Integers become doubles by adding 1.5 * 2^52, for which every machine has
// vectors. Errors: docs/numerics.md.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/CPU/Exponential.h"

using namespace mlir;

namespace tgc {
namespace {

using Predicate = arith::CmpFPredicate;

// 1 / k! down to k = 2: the next term is below 2^-57.
constexpr double kSeries[] = {1.0 / 6227020800, 1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800,
                              1.0 / 362880,     1.0 / 40320,     1.0 / 5040,     1.0 / 720,
                              1.0 / 120,        1.0 / 24,        1.0 / 6,        0.5};
constexpr ExponentialFormat kFormat = {.mantissaBits = 52,
                                       .bias = 1023,
                                       .shift = 6755399441055744, // 1.5 * 2^52
                                       .ln2High = 0x1.62e42fee00000p-1,
                                       .ln2Low = 0x1.a39ef35793c76p-33,
                                       .series = kSeries,
                                       .lowest = -746,
                                       .highest = 711,
                                       .lowestOfM1 = -50,
                                       .highestOfM1 = 700,
                                       .highestPower = 709.4};

Value expandLog(const Lanes &l, Value x) {
  // Denormal numbers become normal ones times 2^-52.
  Value tiny = l.number(std::numeric_limits<double>::min());
  Value scaled = l.select(Predicate::OLT, x, tiny, l.mul(x, l.number(0x1p52)), x);
  Value bias = l.select(Predicate::OLT, x, tiny, l.number(-52), l.number(0));
  // x = 2^e m with m between sqrt(1/2) and sqrt(2).
  Value bits = l.asInt(scaled);
  Value e = l.shiftRight(l.subInt(bits, l.integer(0x3fe6a09e667f3bcd)), 52);
  Value f = l.sub(l.asFloat(l.subInt(bits, l.shiftLeft(e, 52))), l.number(1));
  Value exponent = l.sub(l.asFloat(l.addInt(e, l.asInt(l.number(kFormat.shift)))), l.number(kFormat.shift));
  exponent = l.add(exponent, bias);
  // With s = f / (2 + f), log(1 + f) = f - s (f - R) and R = 2 s^2 (1/3 + s^2/5 + ...), whose error f hides.
  Value s = l.div(f, l.add(f, l.number(2))), square = l.mul(s, s);
  Value p = l.polynomial(square, {2.0 / 23, 2.0 / 21, 2.0 / 19, 2.0 / 17, 2.0 / 15, 2.0 / 13, 2.0 / 11,
                                  2.0 / 9, 2.0 / 7, 2.0 / 5, 2.0 / 3});
  Value half = l.mul(l.mul(f, f), l.number(0.5));
  // f - s (f - R) = f - (f^2 / 2 - s (f^2 / 2 + R)).
  Value y = l.mul(s, l.mulAdd(p, square, half));
  y = l.mulAdd(exponent, l.number(kFormat.ln2Low), y);
  y = l.add(f, l.sub(y, half));
  y = l.mulAdd(exponent, l.number(kFormat.ln2High), y);
  return completeLog(l, x, y);
}

Value expandTanh(const Lanes &l, Value x) {
  // t / (t + 2) = 1 - 2 / (t + 2) with t = e^2|x| - 1; from 20 on it is 1.
  Value magnitude = l.select(Predicate::OGT, l.abs(x), l.number(20), l.number(20), l.abs(x));
  Value t = Exponential(l, kFormat).smallExpM1(l.add(magnitude, magnitude));
  Value most = l.number(0.5), one = l.number(1), two = l.number(2), sum = l.add(t, two);
  Value quotient = l.div(l.select(Predicate::OLT, magnitude, most, t, two), sum);
  // What the rounding of the sum lost changes a small quotient q by its part of the sum, 2 / (1 - q).
  Value lost = l.mul(l.sub(t, l.sub(sum, two)), l.number(-0.5));
  Value small = l.mulAdd(l.mul(lost, l.sub(one, quotient)), quotient, quotient);
  return l.copySign(l.select(Predicate::OLT, magnitude, most, small, l.sub(one, quotient)), x);
}

} // namespace

Value expandErfc(OpBuilder &builder, math::ErfcOp op) {
  Location loc = op.getLoc();
  Type type = op.getType(), wide = builder.getF64Type();
  if (auto vector = dyn_cast<VectorType>(type))
    wide = vector.clone(wide);
  Lanes d(builder, loc, wide);
  Value x = arith::ExtFOp::create(builder, loc, wide, op.getOperand());
  // From 11 on it is 0 in f32.
  Value a = d.select(Predicate::OGT, d.abs(x), d.number(11), d.number(11), d.abs(x));
  // erfc(a) e^(a a) (a + 3) is a polynomial of (a - 3) / (a + 3), by a minimax fit to 2^-29.5 of it.
  Value inverse = d.div(d.number(1), d.add(a, d.number(3)));
  Value p = d.polynomial(d.mul(d.sub(a, d.number(3)), inverse),
                         {-3.314832595e-4, -4.950768625e-4, 3.077364914e-3, -1.220818886e-3, -2.683748414e-2,
                          0.1195282119, -0.3104663573, 0.5902283457, -0.8833944749, 1.074006907});
  Value tail = d.mul(d.mul(p, inverse), Exponential(d, kFormat).boundedExp(d.negate(d.mul(a, a))));
  Value y = d.select(Predicate::OLT, x, d.number(0), d.sub(d.number(2), tail), tail);
  return arith::TruncFOp::create(builder, loc, type, y);
}

Value expandDouble(const Lanes &lanes, Operation *op) {
  if (isa<math::ExpOp>(op))
    return Exponential(lanes, kFormat).exp(op->getOperand(0));
  if (isa<math::ExpM1Op>(op))
    return Exponential(lanes, kFormat).expM1(op->getOperand(0));
  if (isa<math::LogOp>(op))
    return expandLog(lanes, op->getOperand(0));
  if (isa<math::Log1pOp>(op))
    return expandLog1P(lanes, op->getOperand(0), expandLog);
  if (isa<math::TanhOp>(op))
    return expandTanh(lanes, op->getOperand(0));
  return {};
}

} // namespace tgc
