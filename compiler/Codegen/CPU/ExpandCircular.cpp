//===- ExpandCircular.cpp - Sine, cosine and tangent of f32 ---------------===//
//
// In double precision, for all numbers alike. x * 2/pi modulo 4 is exact piece by piece: 2/pi is cut into
// parts of 29 bits, whose products with the 24 bits of x are whole doubles and lose their multiples of 4
// without rounding (Payne and Hanek 1983, with doubles as digits). Seven parts reach 2^-75 for the largest
// number, and no f32 is closer to a multiple of pi/2 than 2^-30.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/CPU/Lanes.h"

using namespace mlir;

namespace tgc {
namespace {

/// x = (4 k + quarter) * pi/2 + angle, |angle| <= pi/4.
struct ReducedAngle {
  Value angle;
  /// As an integer in the low bits; garbage for infinities and NaN, whose angle is NaN.
  Value quarter;
};

ReducedAngle reduceAngle(OpBuilder &builder, Location loc, const Lanes &d, Value x) {
  auto round = [&](Value value) { return Value(math::RoundEvenOp::create(builder, loc, value)); };
  constexpr int64_t kParts[] = {341782637, 423170132, 352195499, 488592205, 461485765, 90590992, 478285810};
  constexpr double kPartSize = 1.0 / (1 << 29);
  SmallVector<Value> pieces;
  Value turns;
  double unit = 1;
  for (int64_t part : kParts) {
    unit *= kPartSize;
    Value product = d.mul(x, d.number(part * unit));
    pieces.push_back(d.sub(product, d.mul(round(d.mul(product, d.number(0.25))), d.number(4))));
    turns = turns ? d.add(turns, pieces.back()) : pieces.back();
  }
  // Each sum is exact until what is left is small.
  Value quarters = round(turns), rest = d.sub(pieces.front(), quarters);
  for (Value piece : llvm::drop_begin(pieces))
    rest = d.add(rest, piece);
  // Adding 1.5 * 2^52 leaves an integer in the low bits.
  return {d.mul(rest, d.number(1.5707963267948966)), d.asInt(d.add(quarters, d.number(6755399441055744.0)))};
}

Value expandSine(const Lanes &d, Value angle, Value square) {
  Value p = d.polynomial(square, {-1.0 / 39916800, 1.0 / 362880, -1.0 / 5040, 1.0 / 120, -1.0 / 6});
  return d.mulAdd(d.mul(p, square), angle, angle);
}

Value expandCosine(const Lanes &d, Value square) {
  return d.polynomial(square,
                      {1.0 / 479001600, -1.0 / 3628800, 1.0 / 40320, -1.0 / 720, 1.0 / 24, -0.5, 1.0});
}

} // namespace

Value expandCircular(OpBuilder &builder, Operation *op) {
  Location loc = op->getLoc();
  Value x = op->getOperand(0);
  Type type = x.getType(), wide = builder.getF64Type();
  if (auto vector = dyn_cast<VectorType>(type))
    wide = vector.clone(wide);
  Lanes l(builder, loc, type), d(builder, loc, wide);
  ReducedAngle reduced = reduceAngle(builder, loc, d, arith::ExtFOp::create(builder, loc, wide, x));
  Value square = d.mul(reduced.angle, reduced.angle);
  Value sine = expandSine(d, reduced.angle, square), cosine = expandCosine(d, square);

  bool isCosine = isa<math::CosOp>(op);
  Value quarter = isCosine ? d.addInt(reduced.quarter, d.integer(1)) : reduced.quarter;
  auto isSet = [&](Value bits, int64_t bit) -> Value {
    Value masked = arith::AndIOp::create(builder, loc, bits, d.integer(bit));
    return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ne, masked, d.integer(0));
  };
  auto choose = [&](Value condition, Value a, Value b) -> Value {
    return arith::SelectOp::create(builder, loc, condition, a, b);
  };
  Value isOdd = isSet(quarter, 1), result;
  if (isa<math::TanOp>(op)) {
    result = d.div(choose(isOdd, d.negate(cosine), sine), choose(isOdd, sine, cosine));
  } else {
    result = choose(isOdd, cosine, sine);
    result = choose(isSet(quarter, 2), d.negate(result), result);
  }
  result = arith::TruncFOp::create(builder, loc, type, result);
  // -0 stays.
  return isCosine ? result : l.select(arith::CmpFPredicate::OEQ, x, l.number(0), x, result);
}

} // namespace tgc
