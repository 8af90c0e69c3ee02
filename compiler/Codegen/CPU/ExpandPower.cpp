//===- ExpandPower.cpp - Powers of f32 ------------------------------------===//
//
// 2^(y log2 |x|) in double precision: the logarithm of an f32 and its product with another have errors there
// that an f32 does not show, so no pair of floats has to carry them. Twice as many vectors as for f32, and
// still many times faster than a call per element. Special cases as in annex F of C.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/CPU/Lanes.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace tgc {
namespace {

using Predicate = arith::CmpFPredicate;

/// For normal numbers, to about 1e-13.
Value expandLog2(const Lanes &d, Value x) {
  // x = 2^e m with m between sqrt(1/2) and sqrt(2); log m = 2 atanh((m - 1) / (m + 1)).
  Value bits = d.asInt(x);
  Value e = d.shiftRight(d.subInt(bits, d.integer(0x3fe6a09e667f3bcd)), 52);
  Value m = d.asFloat(d.subInt(bits, d.shiftLeft(e, 52)));
  Value s = d.div(d.sub(m, d.number(1)), d.add(m, d.number(1)));
  constexpr double kScale = 2.8853900817779268; // 2 / ln 2
  Value p = d.polynomial(d.mul(s, s), {kScale / 15, kScale / 13, kScale / 11, kScale / 9, kScale / 7,
                                       kScale / 5, kScale / 3, kScale});
  return d.mulAdd(s, p, d.toFloat(e));
}

/// For |x| up to 1000, to about 1e-13.
Value expandExp2(const Lanes &d, Value x) {
  // Adding 1.5 * 2^52 rounds to an integer, which then stands in the low bits.
  Value shift = d.number(6755399441055744.0);
  Value shifted = d.add(x, shift);
  Value n = d.subInt(d.asInt(shifted), d.asInt(shift));
  Value r = d.mul(d.sub(x, d.sub(shifted, shift)), d.number(0.69314718055994531));
  // The series of e^r, |r| <= 0.35.
  Value p = d.polynomial(r, {1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880, 1.0 / 40320, 1.0 / 5040, 1.0 / 720,
                             1.0 / 120, 1.0 / 24, 1.0 / 6, 0.5, 1.0, 1.0});
  return d.mul(p, d.asFloat(d.shiftLeft(d.addInt(n, d.integer(1023)), 52)));
}

std::optional<APFloat> getConstant(Value value) {
  FloatAttr scalar;
  DenseElementsAttr vector;
  if (matchPattern(value, m_Constant(&scalar)))
    return scalar.getValue();
  if (matchPattern(value, m_Constant(&vector)) && vector.isSplat())
    return vector.getSplatValue<APFloat>();
  return std::nullopt;
}

} // namespace

Value expandPower(OpBuilder &builder, math::PowFOp op) {
  Location loc = op.getLoc();
  Type type = op.getType(), wide = builder.getF64Type();
  if (auto vector = dyn_cast<VectorType>(type))
    wide = vector.clone(wide);
  Lanes l(builder, loc, type), d(builder, loc, wide);
  Value x = op.getLhs(), y = op.getRhs();
  if (std::optional<APFloat> exponent = getConstant(y)) {
    if (exponent->isExactlyValue(2))
      return l.mul(x, x);
    if (exponent->isExactlyValue(3))
      return l.mul(l.mul(x, x), x);
  }
  double infinity = std::numeric_limits<double>::infinity();
  Value magnitude = arith::ExtFOp::create(builder, loc, wide, l.abs(x));
  Value log = expandLog2(d, magnitude);
  log = d.select(Predicate::OEQ, magnitude, d.number(0), d.number(-infinity), log);
  log = d.select(Predicate::OEQ, magnitude, d.number(infinity), d.number(infinity), log);
  Value exponent = d.clamp(d.mul(arith::ExtFOp::create(builder, loc, wide, y), log), -300, 300);
  Value power = d.select(Predicate::OEQ, magnitude, d.number(1), d.number(1), expandExp2(d, exponent));
  power = arith::TruncFOp::create(builder, loc, type, power);

  // Of negative numbers there are whole powers only, odd ones being negative.
  Value zero = l.number(0), one = l.number(1), nan = l.number(std::numeric_limits<double>::quiet_NaN());
  auto floor = [&](Value value) { return Value(math::FloorOp::create(builder, loc, value)); };
  Value half = l.mul(y, l.number(0.5));
  Value whole = l.select(Predicate::OEQ, floor(half), half, power, l.copySign(power, x));
  Value other =
      l.select(Predicate::OLT, x, zero, l.select(Predicate::OEQ, x, l.number(-infinity), power, nan), power);
  Value result = l.select(Predicate::OEQ, floor(y), y, whole, other);
  result = l.select(Predicate::UNO, x, y, nan, result);
  result = l.select(Predicate::OEQ, y, zero, one, result);
  return l.select(Predicate::OEQ, x, one, one, result);
}

} // namespace tgc
