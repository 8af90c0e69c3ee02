//===- Exponential.cpp - e^x of f32 and of f64 ----------------------------===//

#include "compiler/Codegen/CPU/Exponential.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;

namespace tgc {

using Predicate = arith::CmpFPredicate;

Value Lanes::scale(Value a, Value n) const {
  bool isSingle = getElementTypeOrSelf(floats).isF32();
  StringRef name = isSingle ? "llvm.x86.avx512.mask.scalef.ps.512" : "llvm.x86.avx512.mask.scalef.pd.512";
  Type mask = builder.getIntegerType(isSingle ? 16 : 8);
  Value all = arith::ConstantOp::create(builder, loc, builder.getIntegerAttr(mask, -1));
  // 4: rounds as the thread does.
  Value rounding = arith::ConstantOp::create(builder, loc, builder.getI32IntegerAttr(4));
  return LLVM::CallIntrinsicOp::create(builder, loc, floats, builder.getStringAttr(name),
                                       ValueRange{a, n, a, all, rounding})
      .getResult(0);
}

Exponential::Reduced Exponential::reduce(Value x) const {
  Value shift = l.number(format.shift);
  Value shifted = l.mulAdd(x, l.number(1.44269504088896341), shift);
  Value n = l.sub(shifted, shift);
  Value r = l.mulAdd(n, l.number(-format.ln2High), x);
  r = l.mulAdd(n, l.number(-format.ln2Low), r);
  return {r, l.polynomial(r, format.series), n, l.subInt(l.asInt(shifted), l.asInt(shift))};
}

Value Exponential::powerOfTwo(Value n) const {
  return l.asFloat(l.shiftLeft(l.addInt(n, l.integer(format.bias)), format.mantissaBits));
}

Value Exponential::exp(Value x) const { return boundedExp(l.clamp(x, format.lowest, format.highest)); }

Value Exponential::expOfPositive(Value x) const {
  return boundedExp(l.select(Predicate::OGT, x, l.number(format.highest), l.number(format.highest), x));
}

Value Exponential::boundedExp(Value x) const {
  Reduced e = reduce(x);
  Value slope = l.mulAdd(e.series, e.remainder, l.number(1));
  Value mantissa = l.mulAdd(slope, e.remainder, l.number(1));
  if (l.hasScale())
    return l.scale(mantissa, e.whole);
  // In two steps, since n may lie beyond the exponents of normal numbers.
  Value half = l.shiftRight(e.exponent, 1);
  return l.mul(l.mul(mantissa, powerOfTwo(half)), powerOfTwo(l.subInt(e.exponent, half)));
}

Value Exponential::smallExpM1(Value x) const {
  Reduced e = reduce(l.clamp(x, format.lowestOfM1, format.highestOfM1));
  Value scale = powerOfTwo(e.exponent);
  // Not the product of r and the slope of `boundedExp`: it is r's last place that counts near 0.
  Value rise = l.mulAdd(e.series, l.mul(e.remainder, e.remainder), e.remainder);
  Value y = l.mulAdd(rise, scale, l.sub(scale, l.number(1)));
  // -0 stays.
  return l.select(Predicate::OEQ, x, l.number(0), x, y);
}

Value Exponential::inverseOf1PlusExp(Value x) const {
  Reduced e = reduce(l.clamp(x, format.lowestOfM1, format.highestPower));
  Value slope = l.mulAdd(e.series, e.remainder, l.number(1)), scale = powerOfTwo(e.exponent);
  // 2^n is exact and 1 + 2^n (e^r - 1) small beside it where the quotient's last place counts most.
  Value rest = l.mulAdd(slope, l.mul(e.remainder, scale), l.number(1));
  // Beyond the last power of two it is 0, also where denormal numbers stay.
  return l.select(Predicate::OGT, x, l.number(format.highestPower), l.number(0),
                  l.div(l.number(1), l.add(scale, rest)));
}

Value Exponential::expM1(Value x) const {
  // Beyond 60 the 1 does not count.
  return l.select(Predicate::OGT, x, l.number(60), exp(x), smallExpM1(x));
}

Value expandLog1P(const Lanes &l, Value x, llvm::function_ref<Value(const Lanes &, Value)> log) {
  // What the rounding of u = 1 + x loses comes back by the derivative of the logarithm.
  Value one = l.number(1), u = l.add(one, x), lost = l.sub(x, l.sub(u, one));
  Value logarithm = log(l, u);
  Value y = l.select(Predicate::OEQ, u, l.number(0), logarithm, l.add(logarithm, l.div(lost, u)));
  y = l.select(Predicate::OEQ, u, one, x, y);
  return l.select(Predicate::OEQ, x, l.number(std::numeric_limits<double>::infinity()), x, y);
}

Value completeLog(const Lanes &l, Value x, Value y) {
  Value infinity = l.number(std::numeric_limits<double>::infinity());
  y = l.select(Predicate::OEQ, x, infinity, x, y);
  y = l.select(Predicate::OEQ, x, l.number(0), l.negate(infinity), y);
  // The logarithm of a negative number, and of NaN.
  return l.select(Predicate::OGE, x, l.number(0), y, l.number(std::numeric_limits<double>::quiet_NaN()));
}

} // namespace tgc
