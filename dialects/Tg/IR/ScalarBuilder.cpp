//===- ScalarBuilder.cpp - Scalar code of elementwise ops -----------------===//

#include "dialects/Tg/IR/ScalarBuilder.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
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

/// Builds MathOp on floats and ComplexOp on complex numbers.
template <typename MathOp, typename ComplexOp> static Value build(OpBuilder &b, Location loc, Type element, Value x) {
  if (isa<ComplexType>(element))
    return ComplexOp::create(b, loc, x);
  return MathOp::create(b, loc, x);
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

Value ScalarBuilder::add(Value x, Value y) { return build<arith::AddFOp, arith::AddIOp, complex::AddOp>(b, loc, element, x, y); }
Value ScalarBuilder::sub(Value x, Value y) { return build<arith::SubFOp, arith::SubIOp, complex::SubOp>(b, loc, element, x, y); }
Value ScalarBuilder::mul(Value x, Value y) { return build<arith::MulFOp, arith::MulIOp, complex::MulOp>(b, loc, element, x, y); }

Value ScalarBuilder::div(Value x, Value y) {
  if (isUnsigned())
    return arith::DivUIOp::create(b, loc, x, y);
  if (isFloat() || isComplex())
    return build<arith::DivFOp, arith::DivSIOp, complex::DivOp>(b, loc, element, x, y);
  // The lowest number divided by -1 traps on x86; wrapped, it is the negation.
  Value minusOne = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, y, constant(y.getType(), -1));
  Value divisor = arith::SelectOp::create(b, loc, minusOne, constant(y.getType(), 1), y);
  Value quotient = arith::DivSIOp::create(b, loc, x, divisor);
  return arith::SelectOp::create(b, loc, minusOne, neg(x), quotient);
}

Value ScalarBuilder::truncMod(Value x, Value y) {
  if (isFloat())
    return arith::RemFOp::create(b, loc, x, y);
  if (isUnsigned())
    return arith::RemUIOp::create(b, loc, x, y);
  Value minusOne = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, y, constant(y.getType(), -1));
  Value divisor = arith::SelectOp::create(b, loc, minusOne, constant(y.getType(), 1), y);
  return arith::RemSIOp::create(b, loc, x, divisor);
}

Value ScalarBuilder::floorDiv(Value x, Value y) {
  if (isUnsigned())
    return arith::DivUIOp::create(b, loc, x, y);
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
    return arith::RemUIOp::create(b, loc, x, y);
  Value zero = constant(x.getType(), 0);
  Value remainder = truncMod(x, y);
  Value inexact, signsDiffer;
  if (isFloat()) {
    inexact = compareFloat(arith::CmpFPredicate::UNE, remainder, zero);
    signsDiffer = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, compareFloat(arith::CmpFPredicate::OLT, remainder, zero),
                                        compareFloat(arith::CmpFPredicate::OLT, y, zero));
  } else {
    inexact = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, remainder, zero);
    signsDiffer = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne,
                                        arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, remainder, zero),
                                        arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, y, zero));
  }
  return arith::SelectOp::create(b, loc, arith::AndIOp::create(b, loc, inexact, signsDiffer), add(remainder, y), remainder);
}

Value ScalarBuilder::pow(Value x, Value y) {
  if (isComplex())
    return complex::PowOp::create(b, loc, x, y);
  if (isFloat())
    return call("pow", {x, y});
  return math::IPowIOp::create(b, loc, x, y);
}

Value ScalarBuilder::maximum(Value x, Value y) {
  if (isFloat())
    return arith::MaximumFOp::create(b, loc, x, y);
  return isUnsigned() ? Value(arith::MaxUIOp::create(b, loc, x, y)) : Value(arith::MaxSIOp::create(b, loc, x, y));
}

Value ScalarBuilder::minimum(Value x, Value y) {
  if (isFloat())
    return arith::MinimumFOp::create(b, loc, x, y);
  return isUnsigned() ? Value(arith::MinUIOp::create(b, loc, x, y)) : Value(arith::MinSIOp::create(b, loc, x, y));
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
    Value divisor = complex(arith::SelectOp::create(b, loc, isZero, constant(size.getType(), 1), size), constant(size.getType(), 0));
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

Value ScalarBuilder::floor(Value x) { return math::FloorOp::create(b, loc, x); }
Value ScalarBuilder::ceil(Value x) { return math::CeilOp::create(b, loc, x); }
Value ScalarBuilder::roundEven(Value x) { return math::RoundEvenOp::create(b, loc, x); }
Value ScalarBuilder::exp(Value x) { return build<math::ExpOp, complex::ExpOp>(b, loc, element, x); }
Value ScalarBuilder::expm1(Value x) { return build<math::ExpM1Op, complex::Expm1Op>(b, loc, element, x); }
Value ScalarBuilder::log(Value x) { return build<math::LogOp, complex::LogOp>(b, loc, element, x); }
Value ScalarBuilder::log1p(Value x) { return build<math::Log1pOp, complex::Log1pOp>(b, loc, element, x); }
Value ScalarBuilder::sqrt(Value x) { return build<math::SqrtOp, complex::SqrtOp>(b, loc, element, x); }
Value ScalarBuilder::sin(Value x) { return build<math::SinOp, complex::SinOp>(b, loc, element, x); }
Value ScalarBuilder::cos(Value x) { return build<math::CosOp, complex::CosOp>(b, loc, element, x); }
Value ScalarBuilder::tan(Value x) { return build<math::TanOp, complex::TanOp>(b, loc, element, x); }
Value ScalarBuilder::tanh(Value x) { return build<math::TanhOp, complex::TanhOp>(b, loc, element, x); }

Value ScalarBuilder::rsqrt(Value x) {
  if (isComplex())
    return complex::RsqrtOp::create(b, loc, x);
  return arith::DivFOp::create(b, loc, constant(x.getType(), 1), math::SqrtOp::create(b, loc, x));
}

Value ScalarBuilder::sigmoid(Value x) { return div(constant(x.getType(), 1), add(constant(x.getType(), 1), exp(neg(x)))); }

Value ScalarBuilder::relu(Value x) {
  Value zero = constant(x.getType(), 0);
  if (isUnsigned())
    return x;
  // Zero only where 0 > x holds, so a NaN stays; LLVM makes one max instruction of it.
  Value negative = isFloat() ? compareFloat(arith::CmpFPredicate::OGT, zero, x) : compare(ComparisonDirection::GT, zero, x);
  return arith::SelectOp::create(b, loc, negative, zero, x);
}

Value ScalarBuilder::erf(Value x) { return math::ErfOp::create(b, loc, x); }

Value ScalarBuilder::unary(StringRef function, Value x) {
  if (!isComplex())
    return call(function, x);
  // By the definitions through logarithms and exponentials (DLMF 4.23, 4.28, 4.37).
  Type type = x.getType();
  Value one = constant(type, 1), half = constant(type, 0.5);
  Value imaginary = complex(constant(cast<ComplexType>(type).getElementType(), 0), constant(cast<ComplexType>(type).getElementType(), 1));
  if (function == "sinh")
    return mul(half, sub(exp(x), exp(neg(x))));
  if (function == "cosh")
    return mul(half, add(exp(x), exp(neg(x))));
  if (function == "asinh")
    return log(add(x, sqrt(add(mul(x, x), one))));
  if (function == "acosh")
    return log(add(x, mul(sqrt(add(x, one)), sqrt(sub(x, one)))));
  if (function == "atanh")
    return mul(half, sub(log1p(x), log1p(neg(x))));
  if (function == "asin")
    return neg(mul(imaginary, log(add(mul(imaginary, x), sqrt(sub(one, mul(x, x)))))));
  if (function == "acos")
    return neg(mul(imaginary, log(add(x, mul(imaginary, sqrt(sub(one, mul(x, x))))))));
  Value ix = mul(imaginary, x);
  return mul(mul(half, imaginary), sub(log1p(neg(ix)), log1p(ix))); // atan
}

/// The module's declaration of `name`, made where it is missing.
static void declareFunction(OpBuilder &b, Location loc, StringRef name, FunctionType type) {
  Operation *module = b.getInsertionBlock()->getParentOp();
  while (module && !isa<ModuleOp>(module))
    module = module->getParentOp();
  if (!module || SymbolTable::lookupSymbolIn(module, name))
    return;
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(cast<ModuleOp>(module).getBody());
  auto function = func::FuncOp::create(b, b.getUnknownLoc(), name, type);
  function.setPrivate();
  function->setAttr("llvm.readnone", b.getUnitAttr());
}

/// Calls `name`<suffix of the type> on args, which half precision enters and leaves through f32.
static Value callScalar(OpBuilder &b, Location loc, StringRef name, StringRef suffix32, StringRef suffix64, ValueRange args) {
  Type type = args[0].getType(), wide = type;
  SmallVector<Value> operands(args);
  if (type.getIntOrFloatBitWidth() < 32) {
    wide = b.getF32Type();
    for (Value &operand : operands)
      operand = arith::ExtFOp::create(b, loc, wide, operand);
  }
  std::string symbol = (name + (wide.isF32() ? suffix32 : suffix64)).str();
  auto functionType = b.getFunctionType(SmallVector<Type>(args.size(), wide), {wide});
  declareFunction(b, loc, symbol, functionType);
  Value result = func::CallOp::create(b, loc, symbol, TypeRange{wide}, operands).getResult(0);
  return wide == type ? result : arith::TruncFOp::create(b, loc, type, result);
}

Value ScalarBuilder::call(StringRef function, ValueRange args) { return callScalar(b, loc, function, "f", "", args); }

Value ScalarBuilder::special(StringRef function, ValueRange args) {
  return callScalar(b, loc, ("tgc_special_" + function).str(), "_f32", "_f64", args);
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

Value ScalarBuilder::shiftLeft(Value x, Value y) { return arith::ShLIOp::create(b, loc, x, clampShift(*this, b, loc, y)); }

Value ScalarBuilder::shiftRight(Value x, Value y) {
  Value distance = clampShift(*this, b, loc, y);
  return isUnsigned() ? Value(arith::ShRUIOp::create(b, loc, x, distance)) : Value(arith::ShRSIOp::create(b, loc, x, distance));
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

Value ScalarBuilder::select(Value condition, Value x, Value y) { return arith::SelectOp::create(b, loc, condition, x, y); }

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
Value ScalarBuilder::complexAbs(Value x) {
  Value re = real(x), im = imag(x);
  return callScalar(b, loc, "hypot", "f", "", {re, im});
}

Value ScalarBuilder::cast(Value x, Type from, Type to, bool truncate) {
  if (from == to)
    return x;
  auto fromComplex = dyn_cast<ComplexType>(from), toComplex = dyn_cast<ComplexType>(to);
  if (fromComplex && toComplex)
    return complex(castReal(real(x), fromComplex.getElementType(), toComplex.getElementType(), truncate),
                   castReal(imag(x), fromComplex.getElementType(), toComplex.getElementType(), truncate));
  if (toComplex)
    return complex(castReal(x, from, toComplex.getElementType(), truncate), constant(toComplex.getElementType(), 0));
  if (fromComplex) {
    if (to.isInteger(1)) {
      Value zero = constant(x.getType(), 0);
      return complex::NotEqualOp::create(b, loc, x, zero);
    }
    return castReal(real(x), fromComplex.getElementType(), to, truncate);
  }
  return castReal(x, from, to, truncate);
}

/// The high half of the bits of an f32: bfloat16 by truncation.
static Value dropBits(OpBuilder &b, Location loc, Value x) {
  Value bits = arith::BitcastOp::create(b, loc, b.getI32Type(), x);
  Value shifted = arith::ShRUIOp::create(b, loc, bits, arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(16)));
  return arith::BitcastOp::create(b, loc, b.getBF16Type(), arith::TruncIOp::create(b, loc, b.getI16Type(), shifted));
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
    if (truncate && to.isBF16()) {
      Value single = from.isF32() ? x : (width > 32 ? Value(arith::TruncFOp::create(b, loc, b.getF32Type(), x)) : x);
      return dropBits(b, loc, single);
    }
    return arith::TruncFOp::create(b, loc, to, x);
  }
  if (fromFloat) {
    // What lies out of range is undefined in LLVM, so convert to the machine's 64 bits (whose out-of-range result is
    // defined by the saturating form) and keep the low bits, as the scalar conversion of C compilers does on x86.
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
      Value rest = arith::SelectOp::create(b, loc, useHigh, arith::SubFOp::create(b, loc, wide, bound), lowest);
      Value highBits = arith::XOrIOp::create(b, loc, arith::FPToSIOp::create(b, loc, machine, rest),
                                             arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(INT64_MIN)));
      result = arith::SelectOp::create(b, loc, useHigh, highBits, result);
    }
    return machine == target ? result : Value(arith::TruncIOp::create(b, loc, target, result));
  }
  bool fromUnsigned = from.isUnsignedInteger() || from.isInteger(1);
  if (toFloat) {
    // TensorFlow converts integers to half precision through f32.
    Type wide = to.getIntOrFloatBitWidth() < 32 ? Type(b.getF32Type()) : to;
    Value result = fromUnsigned ? Value(arith::UIToFPOp::create(b, loc, wide, x)) : Value(arith::SIToFPOp::create(b, loc, wide, x));
    return wide == to ? result : Value(arith::TruncFOp::create(b, loc, to, result));
  }
  unsigned width = from.getIntOrFloatBitWidth(), newWidth = to.getIntOrFloatBitWidth();
  if (width == newWidth)
    return x;
  if (width > newWidth)
    return arith::TruncIOp::create(b, loc, target, x);
  return fromUnsigned ? Value(arith::ExtUIOp::create(b, loc, target, x)) : Value(arith::ExtSIOp::create(b, loc, target, x));
}

} // namespace tgc::tg
