//===- ScalarCasts.cpp - Casts of numbers ---------------------------------===//

#include "dialects/Tg/IR/ScalarBuilder.h"
#include "mlir/Dialect/Complex/IR/Complex.h"

using namespace mlir;

namespace tgc::tg {

Value ScalarBuilder::cast(Value x, Type from, Type to, bool truncate) {
  if (from == to)
    return x;
  auto fromComplex = dyn_cast<ComplexType>(from), toComplex = dyn_cast<ComplexType>(to);
  if (fromComplex && toComplex)
    return complex(castReal(real(x), fromComplex.getElementType(), toComplex.getElementType(), truncate),
                   castReal(imag(x), fromComplex.getElementType(), toComplex.getElementType(), truncate));
  if (toComplex)
    return complex(castReal(x, from, toComplex.getElementType(), truncate),
                   constant(toComplex.getElementType(), 0));
  if (fromComplex) {
    if (to.isInteger(1)) {
      Value zero = constant(x.getType(), 0);
      return complex::NotEqualOp::create(b, loc, x, zero);
    }
    return castReal(real(x), fromComplex.getElementType(), to, truncate);
  }
  return castReal(x, from, to, truncate);
}

/// `x` without the bits of its mantissa that `to` has no room for; NaN stays NaN.
static Value dropMantissaBits(OpBuilder &b, Location loc, Value x, Type to) {
  auto from = cast<FloatType>(x.getType());
  unsigned width = from.getWidth(),
           surplus = from.getFPMantissaWidth() - cast<FloatType>(to).getFPMantissaWidth();
  Type word = b.getIntegerType(width);
  Value mask = arith::ConstantOp::create(
      b, loc, b.getIntegerAttr(word, APInt::getHighBitsSet(width, width - surplus)));
  Value kept = arith::AndIOp::create(b, loc, arith::BitcastOp::create(b, loc, word, x), mask);
  Value isNan = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNO, x, x);
  return arith::SelectOp::create(b, loc, isNan, x, arith::BitcastOp::create(b, loc, from, kept));
}

Value ScalarBuilder::castReal(Value x, Type from, Type to, bool truncate) {
  if (from == to)
    return x;
  Type target = to.isInteger() ? Type(IntegerType::get(to.getContext(), to.getIntOrFloatBitWidth())) : to;
  bool fromFloat = isa<FloatType>(from), toFloat = isa<FloatType>(to);
  if (to.isInteger(1)) {
    if (fromFloat)
      return compareFloat(arith::CmpFPredicate::UNE, x, constant(x.getType(), 0));
    return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, x, constant(x.getType(), 0));
  }
  if (fromFloat && toFloat) {
    unsigned width = from.getIntOrFloatBitWidth(), newWidth = to.getIntOrFloatBitWidth();
    if (width < newWidth)
      return arith::ExtFOp::create(b, loc, to, x);
    if (width == newWidth) // f16 and bf16 meet in f32
      return arith::TruncFOp::create(b, loc, to, arith::ExtFOp::create(b, loc, b.getF32Type(), x));
    // TensorFlow truncates all but f64 to bfloat16, which it rounds whatever Truncate says.
    if (truncate && !(width > 32 && to.isBF16()))
      x = dropMantissaBits(b, loc, x, to);
    // TensorFlow's half types are made of f32 only: f64 rounds twice.
    if (width > 32 && newWidth < 32)
      x = arith::TruncFOp::create(b, loc, b.getF32Type(), x);
    return arith::TruncFOp::create(b, loc, to, x);
  }
  if (fromFloat) {
    // What lies out of range is undefined in LLVM, so convert to the machine's 64 bits (whose out-of-range
    // result is defined by the saturating form) and keep the low bits, as the scalar conversion of C
    // compilers does on x86.
    Value wide = x;
    if (from.getIntOrFloatBitWidth() < 32)
      wide = arith::ExtFOp::create(b, loc, b.getF32Type(), x);
    bool isWide = to.isUnsignedInteger(64) || to.isUnsignedInteger(32) || to.getIntOrFloatBitWidth() == 64;
    Type machine = isWide ? b.getI64Type() : b.getI32Type();
    Value lowest = constant(wide.getType(), isWide ? -0x1p63 : -0x1p31);
    Value bound = constant(wide.getType(), isWide ? 0x1p63 : 0x1p31);
    Value inRange = arith::AndIOp::create(b, loc, compareFloat(arith::CmpFPredicate::OGE, wide, lowest),
                                          compareFloat(arith::CmpFPredicate::OLT, wide, bound));
    Value safe = arith::SelectOp::create(b, loc, inRange, wide, lowest);
    Value result = arith::FPToSIOp::create(b, loc, machine, safe);
    if (to.isUnsignedInteger(64)) {
      Value high = compareFloat(arith::CmpFPredicate::OGE, wide, bound);
      Value belowTop = compareFloat(arith::CmpFPredicate::OLT, wide, constant(wide.getType(), 0x1p64));
      Value useHigh = arith::AndIOp::create(b, loc, high, belowTop);
      Value rest =
          arith::SelectOp::create(b, loc, useHigh, arith::SubFOp::create(b, loc, wide, bound), lowest);
      Value highBits =
          arith::XOrIOp::create(b, loc, arith::FPToSIOp::create(b, loc, machine, rest),
                                arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(INT64_MIN)));
      result = arith::SelectOp::create(b, loc, useHigh, highBits, result);
    }
    if (machine == target)
      return result;
    // Half precision saturates on its way to fewer than 32 bits; f32 and f64 keep the low bits.
    if (from.getIntOrFloatBitWidth() < 32 && to.getIntOrFloatBitWidth() < 32) {
      unsigned bits = to.getIntOrFloatBitWidth(), isUnsigned = to.isUnsignedInteger();
      int64_t most = (int64_t(1) << (isUnsigned ? bits : bits - 1)) - 1, least = isUnsigned ? 0 : -most - 1;
      auto integer = [&](int64_t number) {
        return arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(number));
      };
      result = arith::MinSIOp::create(b, loc, arith::MaxSIOp::create(b, loc, result, integer(least)),
                                      integer(most));
    }
    return arith::TruncIOp::create(b, loc, target, result);
  }
  bool fromUnsigned = from.isUnsignedInteger() || from.isInteger(1);
  if (toFloat) {
    // TensorFlow converts integers to half precision through f32.
    Type wide = to.getIntOrFloatBitWidth() < 32 ? Type(b.getF32Type()) : to;
    Value result = fromUnsigned ? Value(arith::UIToFPOp::create(b, loc, wide, x))
                                : Value(arith::SIToFPOp::create(b, loc, wide, x));
    return wide == to ? result : Value(arith::TruncFOp::create(b, loc, to, result));
  }
  unsigned width = from.getIntOrFloatBitWidth(), newWidth = to.getIntOrFloatBitWidth();
  if (width == newWidth)
    return x;
  if (width > newWidth)
    return arith::TruncIOp::create(b, loc, target, x);
  return fromUnsigned ? Value(arith::ExtUIOp::create(b, loc, target, x))
                      : Value(arith::ExtSIOp::create(b, loc, target, x));
}

} // namespace tgc::tg
