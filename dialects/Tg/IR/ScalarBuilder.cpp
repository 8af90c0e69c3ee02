//===- ScalarBuilder.cpp - Arithmetic, bits and comparisons ---------------===//

#include "dialects/Tg/IR/ScalarBuilder.h"
#include "dialects/Tg/IR/HalfPrecision.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace tgc::tg {

/// Builds FloatOp, IntOp or ComplexOp by the element type.
template <typename FloatOp, typename IntOp, typename ComplexOp>
static Value build(OpBuilder &b, Location loc, Type element, Value x, Value y) {
  if (isa<FloatType>(element))
    return FloatOp::create(b, loc, x, y);
  if (isa<ComplexType>(element))
    return ComplexOp::create(b, loc, x, y);
  return IntOp::create(b, loc, x, y);
}

Value ScalarBuilder::constant(Type type, double value) {
  if (auto complex = dyn_cast<ComplexType>(type)) {
    Value re = constant(complex.getElementType(), value), im = constant(complex.getElementType(), 0);
    return complex::CreateOp::create(b, loc, complex, re, im);
  }
  if (isa<FloatType>(type))
    return arith::ConstantOp::create(b, loc, b.getFloatAttr(type, value));
  return arith::ConstantOp::create(b, loc, b.getIntegerAttr(type, static_cast<int64_t>(value)));
}

Value ScalarBuilder::add(Value x, Value y) {
  return build<arith::AddFOp, arith::AddIOp, complex::AddOp>(b, loc, element, x, y);
}
Value ScalarBuilder::sub(Value x, Value y) {
  return build<arith::SubFOp, arith::SubIOp, complex::SubOp>(b, loc, element, x, y);
}
Value ScalarBuilder::mul(Value x, Value y) {
  return build<arith::MulFOp, arith::MulIOp, complex::MulOp>(b, loc, element, x, y);
}

Value ScalarBuilder::safeDivisor(Value y) {
  Value isZero = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, y, constant(y.getType(), 0));
  Value refused = isZero;
  if (!isUnsigned()) {
    Value isMinusOne = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, y, constant(y.getType(), -1));
    refused = arith::OrIOp::create(b, loc, isZero, isMinusOne);
  }
  return arith::SelectOp::create(b, loc, refused, constant(y.getType(), 1), y);
}

Value ScalarBuilder::div(Value x, Value y) {
  if (isFloat())
    return arith::DivFOp::create(b, loc, x, y);
  if (isComplex())
    return complex::DivOp::create(b, loc, x, y);
  Value zero = constant(y.getType(), 0);
  Value isZero = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, y, zero);
  if (isUnsigned())
    return arith::SelectOp::create(b, loc, isZero, zero, arith::DivUIOp::create(b, loc, x, safeDivisor(y)));
  // The lowest number divided by -1 wraps: it is its own negation.
  Value isMinusOne = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, y, constant(y.getType(), -1));
  Value quotient = arith::DivSIOp::create(b, loc, x, safeDivisor(y));
  return arith::SelectOp::create(b, loc, isZero, zero,
                                 arith::SelectOp::create(b, loc, isMinusOne, neg(x), quotient));
}

Value ScalarBuilder::truncMod(Value x, Value y) {
  if (isFloat())
    return roundToHalf(b, loc, arith::RemFOp::create(b, loc, extendHalf(b, loc, x), extendHalf(b, loc, y)),
                       x.getType());
  if (isUnsigned())
    return arith::RemUIOp::create(b, loc, x, safeDivisor(y));
  return arith::RemSIOp::create(b, loc, x, safeDivisor(y));
}

Value ScalarBuilder::floorDiv(Value x, Value y) {
  if (isUnsigned())
    return div(x, y);
  if (isFloat())
    return math::FloorOp::create(b, loc, arith::DivFOp::create(b, loc, x, y));
  // One less than the truncated quotient where the signs differ and there is a remainder.
  Value zero = constant(x.getType(), 0);
  Value remainder = truncMod(x, y);
  Value inexact = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, remainder, zero);
  Value xNegative = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, x, zero);
  Value yNegative = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, y, zero);
  Value signsDiffer = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, xNegative, yNegative);
  Value below = arith::AndIOp::create(b, loc, inexact, signsDiffer);
  Value quotient = div(x, y);
  Value less = arith::SubIOp::create(b, loc, quotient, constant(x.getType(), 1));
  return arith::SelectOp::create(b, loc, below, less, quotient);
}

Value ScalarBuilder::floorMod(Value x, Value y) {
  if (isUnsigned())
    return truncMod(x, y);
  Value zero = constant(x.getType(), 0);
  Value remainder = truncMod(x, y);
  Value inexact, signsDiffer;
  if (isFloat()) {
    inexact = compareFloat(arith::CmpFPredicate::UNE, remainder, zero);
    signsDiffer = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne,
                                        compareFloat(arith::CmpFPredicate::OLT, remainder, zero),
                                        compareFloat(arith::CmpFPredicate::OLT, y, zero));
  } else {
    inexact = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, remainder, zero);
    signsDiffer =
        arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne,
                              arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, remainder, zero),
                              arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, y, zero));
  }
  return arith::SelectOp::create(b, loc, arith::AndIOp::create(b, loc, inexact, signsDiffer),
                                 add(remainder, y), remainder);
}

Value ScalarBuilder::maximum(Value x, Value y) {
  if (isFloat())
    return arith::MaximumFOp::create(b, loc, x, y);
  return isUnsigned() ? Value(arith::MaxUIOp::create(b, loc, x, y))
                      : Value(arith::MaxSIOp::create(b, loc, x, y));
}

Value ScalarBuilder::minimum(Value x, Value y) {
  if (isFloat())
    return arith::MinimumFOp::create(b, loc, x, y);
  return isUnsigned() ? Value(arith::MinUIOp::create(b, loc, x, y))
                      : Value(arith::MinSIOp::create(b, loc, x, y));
}

Value ScalarBuilder::neg(Value x) {
  if (isFloat())
    return arith::NegFOp::create(b, loc, x);
  if (isComplex())
    return complex::NegOp::create(b, loc, x);
  return arith::SubIOp::create(b, loc, constant(x.getType(), 0), x);
}

Value ScalarBuilder::abs(Value x) {
  if (isFloat())
    return math::AbsFOp::create(b, loc, x);
  return isUnsigned() ? x : Value(math::AbsIOp::create(b, loc, x));
}

Value ScalarBuilder::sign(Value x) {
  Type type = x.getType();
  if (isComplex()) {
    Value size = complexAbs(x);
    Value isZero = compareFloat(arith::CmpFPredicate::OEQ, size, constant(size.getType(), 0));
    Value divisor = complex(arith::SelectOp::create(b, loc, isZero, constant(size.getType(), 1), size),
                            constant(size.getType(), 0));
    return complex::DivOp::create(b, loc, x, divisor);
  }
  Value zero = constant(type, 0), one = constant(type, 1), minusOne = constant(type, -1);
  Value positive = compare(ComparisonDirection::GT, x, zero);
  if (isUnsigned())
    return arith::SelectOp::create(b, loc, positive, one, zero);
  Value negative = compare(ComparisonDirection::LT, x, zero);
  // Zero of either sign and NaN stay themselves.
  Value rest = arith::SelectOp::create(b, loc, negative, minusOne, isFloat() ? x : zero);
  return arith::SelectOp::create(b, loc, positive, one, rest);
}

Value ScalarBuilder::relu(Value x) {
  Value zero = constant(x.getType(), 0);
  if (isUnsigned())
    return x;
  // Zero only where 0 > x holds, so a NaN stays; LLVM makes one max instruction of it.
  Value negative = isFloat() ? compareFloat(arith::CmpFPredicate::OGT, zero, x)
                             : compare(ComparisonDirection::GT, zero, x);
  return arith::SelectOp::create(b, loc, negative, zero, x);
}

Value ScalarBuilder::bitAnd(Value x, Value y) { return arith::AndIOp::create(b, loc, x, y); }
Value ScalarBuilder::bitOr(Value x, Value y) { return arith::OrIOp::create(b, loc, x, y); }
Value ScalarBuilder::bitXor(Value x, Value y) { return arith::XOrIOp::create(b, loc, x, y); }
Value ScalarBuilder::bitNot(Value x) { return arith::XOrIOp::create(b, loc, x, constant(x.getType(), -1)); }

/// The distance of a shift clamped to [0, width - 1], as TensorFlow's kernels do.
static Value clampShift(ScalarBuilder &s, OpBuilder &b, Location loc, Value y) {
  Value last = s.constant(y.getType(), y.getType().getIntOrFloatBitWidth() - 1);
  if (s.isUnsigned())
    return arith::MinUIOp::create(b, loc, y, last);
  return arith::MinSIOp::create(b, loc, arith::MaxSIOp::create(b, loc, y, s.constant(y.getType(), 0)), last);
}

Value ScalarBuilder::shiftLeft(Value x, Value y) {
  return arith::ShLIOp::create(b, loc, x, clampShift(*this, b, loc, y));
}

Value ScalarBuilder::shiftRight(Value x, Value y) {
  Value distance = clampShift(*this, b, loc, y);
  return isUnsigned() ? Value(arith::ShRUIOp::create(b, loc, x, distance))
                      : Value(arith::ShRSIOp::create(b, loc, x, distance));
}

Value ScalarBuilder::populationCount(Value x) {
  Value count = math::CtPopOp::create(b, loc, x);
  Type byte = b.getI8Type();
  return x.getType() == byte ? count : Value(arith::TruncIOp::create(b, loc, byte, count));
}

Value ScalarBuilder::compareFloat(arith::CmpFPredicate predicate, Value x, Value y) {
  return arith::CmpFOp::create(b, loc, predicate, x, y);
}

Value ScalarBuilder::compare(ComparisonDirection direction, Value x, Value y) {
  using Float = arith::CmpFPredicate;
  using Int = arith::CmpIPredicate;
  static constexpr Float floats[] = {Float::OEQ, Float::UNE, Float::OLT, Float::OLE, Float::OGT, Float::OGE};
  static constexpr Int ints[] = {Int::eq, Int::ne, Int::slt, Int::sle, Int::sgt, Int::sge};
  static constexpr Int unsignedInts[] = {Int::eq, Int::ne, Int::ult, Int::ule, Int::ugt, Int::uge};
  unsigned i = static_cast<unsigned>(direction);
  if (isComplex()) {
    if (direction == ComparisonDirection::EQ)
      return complex::EqualOp::create(b, loc, x, y);
    return complex::NotEqualOp::create(b, loc, x, y);
  }
  if (isFloat())
    return compareFloat(floats[i], x, y);
  return arith::CmpIOp::create(b, loc, isUnsigned() ? unsignedInts[i] : ints[i], x, y);
}

Value ScalarBuilder::select(Value condition, Value x, Value y) {
  return arith::SelectOp::create(b, loc, condition, x, y);
}

Value ScalarBuilder::isNan(Value x) { return compareFloat(arith::CmpFPredicate::UNO, x, x); }

Value ScalarBuilder::isInf(Value x) {
  Value infinity = arith::ConstantOp::create(
      b, loc, b.getFloatAttr(x.getType(), APFloat::getInf(cast<FloatType>(x.getType()).getFloatSemantics())));
  return compareFloat(arith::CmpFPredicate::OEQ, math::AbsFOp::create(b, loc, x), infinity);
}

Value ScalarBuilder::isFinite(Value x) {
  Value infinity = arith::ConstantOp::create(
      b, loc, b.getFloatAttr(x.getType(), APFloat::getInf(cast<FloatType>(x.getType()).getFloatSemantics())));
  return compareFloat(arith::CmpFPredicate::OLT, math::AbsFOp::create(b, loc, x), infinity);
}

Value ScalarBuilder::complex(Value re, Value im) {
  return complex::CreateOp::create(b, loc, ComplexType::get(re.getType()), re, im);
}
Value ScalarBuilder::real(Value x) { return complex::ReOp::create(b, loc, x); }
Value ScalarBuilder::imag(Value x) { return complex::ImOp::create(b, loc, x); }
Value ScalarBuilder::conj(Value x) { return complex::ConjOp::create(b, loc, x); }
} // namespace tgc::tg
