//===- ScalarBuilder.cpp - Scalar code of elementwise ops -----------------===//

#include "dialects/Tg/IR/ScalarBuilder.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

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

/// Half precision as f32, everything else as it is.
static Value extendHalf(OpBuilder &b, Location loc, Value x) {
  bool isHalf = isa<Float16Type, BFloat16Type>(x.getType());
  return isHalf ? Value(arith::ExtFOp::create(b, loc, b.getF32Type(), x)) : x;
}

/// `x` rounded to `type` where it was computed in f32 on behalf of half precision.
static Value roundToHalf(OpBuilder &b, Location loc, Value x, Type type) {
  return x.getType() == type ? x : Value(arith::TruncFOp::create(b, loc, type, x));
}

/// Builds ComplexOp in double precision: the formulas behind it cancel for small arguments.
template <typename ComplexOp>
static Value buildInDouble(OpBuilder &b, Location loc, ScalarBuilder &s, Value x) {
  Type type = x.getType(), wide = ComplexType::get(b.getF64Type());
  return s.cast(ComplexOp::create(b, loc, s.cast(x, type, wide, false)), wide, type, false);
}

/// Builds MathOp on floats (half precision through f32) and ComplexOp on complex numbers.
template <typename MathOp, typename ComplexOp>
static Value build(OpBuilder &b, Location loc, Type element, Value x) {
  if (isa<ComplexType>(element))
    return ComplexOp::create(b, loc, x);
  return roundToHalf(b, loc, MathOp::create(b, loc, extendHalf(b, loc, x)), x.getType());
}

/// Builds MathOp in f32 (half precision through it), which code generation writes out, and calls libm in f64:
/// the conversions to LLVM write expm1 as exp(x) - 1 and know no log1p or erf.
template <typename MathOp>
static Value buildOrCall(OpBuilder &b, Location loc, ScalarBuilder &s, StringRef function, Value x) {
  Value wide = extendHalf(b, loc, x);
  return wide.getType().isF32() ? roundToHalf(b, loc, MathOp::create(b, loc, wide), x.getType())
                                : s.call(function, x);
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

/// x to the power y by repeated squaring, one bit of y a turn; wraps. A negative y is read as the unsigned
/// number of its bits, so the loop ends.
static Value integerPower(OpBuilder &b, Location loc, Value x, Value y) {
  auto constant = [&](OpBuilder &at, int64_t value) -> Value {
    return arith::ConstantOp::create(at, loc, at.getIntegerAttr(x.getType(), value));
  };
  SmallVector<Type> types(3, x.getType());
  auto loop = scf::WhileOp::create(
      b, loc, types, ValueRange{constant(b, 1), x, y},
      [&](OpBuilder &before, Location l, ValueRange state) {
        Value goesOn =
            arith::CmpIOp::create(before, l, arith::CmpIPredicate::ne, state[2], constant(before, 0));
        scf::ConditionOp::create(before, l, goesOn, state);
      },
      [&](OpBuilder &after, Location l, ValueRange state) {
        Value one = constant(after, 1);
        Value isOdd = arith::CmpIOp::create(after, l, arith::CmpIPredicate::eq,
                                            arith::AndIOp::create(after, l, state[2], one), one);
        Value product = arith::MulIOp::create(after, l, state[0], state[1]);
        Value power = arith::SelectOp::create(after, l, isOdd, product, state[0]);
        Value square = arith::MulIOp::create(after, l, state[1], state[1]);
        scf::YieldOp::create(after, l,
                             ValueRange{power, square, arith::ShRUIOp::create(after, l, state[2], one)});
      });
  return loop.getResult(0);
}

Value ScalarBuilder::pow(Value x, Value y) {
  if (isComplex())
    return complex::PowOp::create(b, loc, x, y);
  if (isFloat())
    return roundToHalf(b, loc, math::PowFOp::create(b, loc, extendHalf(b, loc, x), extendHalf(b, loc, y)),
                       x.getType());
  return integerPower(b, loc, x, y);
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

Value ScalarBuilder::floor(Value x) {
  return roundToHalf(b, loc, math::FloorOp::create(b, loc, extendHalf(b, loc, x)), x.getType());
}
Value ScalarBuilder::ceil(Value x) {
  return roundToHalf(b, loc, math::CeilOp::create(b, loc, extendHalf(b, loc, x)), x.getType());
}
Value ScalarBuilder::roundEven(Value x) {
  return roundToHalf(b, loc, math::RoundEvenOp::create(b, loc, extendHalf(b, loc, x)), x.getType());
}
Value ScalarBuilder::exp(Value x) { return build<math::ExpOp, complex::ExpOp>(b, loc, element, x); }
Value ScalarBuilder::expm1(Value x) {
  return isComplex() ? buildInDouble<complex::Expm1Op>(b, loc, *this, x)
                     : buildOrCall<math::ExpM1Op>(b, loc, *this, "expm1", x);
}
Value ScalarBuilder::log(Value x) { return build<math::LogOp, complex::LogOp>(b, loc, element, x); }
Value ScalarBuilder::log1p(Value x) {
  return isComplex() ? complexUnary("log1p", x) : buildOrCall<math::Log1pOp>(b, loc, *this, "log1p", x);
}
Value ScalarBuilder::sqrt(Value x) { return build<math::SqrtOp, complex::SqrtOp>(b, loc, element, x); }
Value ScalarBuilder::sin(Value x) {
  return isComplex() ? buildInDouble<complex::SinOp>(b, loc, *this, x)
                     : build<math::SinOp, complex::SinOp>(b, loc, element, x);
}
Value ScalarBuilder::cos(Value x) {
  return isComplex() ? buildInDouble<complex::CosOp>(b, loc, *this, x)
                     : build<math::CosOp, complex::CosOp>(b, loc, element, x);
}
Value ScalarBuilder::tan(Value x) {
  return isComplex() ? buildInDouble<complex::TanOp>(b, loc, *this, x)
                     : build<math::TanOp, complex::TanOp>(b, loc, element, x);
}
Value ScalarBuilder::tanh(Value x) {
  return isComplex() ? buildInDouble<complex::TanhOp>(b, loc, *this, x)
                     : build<math::TanhOp, complex::TanhOp>(b, loc, element, x);
}

Value ScalarBuilder::rsqrt(Value x) {
  if (isComplex())
    return complex::RsqrtOp::create(b, loc, x);
  Value wide = extendHalf(b, loc, x);
  Value root = math::SqrtOp::create(b, loc, wide);
  return roundToHalf(b, loc, arith::DivFOp::create(b, loc, constant(wide.getType(), 1), root), x.getType());
}

Value ScalarBuilder::sigmoid(Value x) {
  Value wide = extendHalf(b, loc, x), one = constant(wide.getType(), 1);
  return roundToHalf(b, loc, div(one, add(one, exp(neg(wide)))), x.getType());
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

Value ScalarBuilder::erf(Value x) { return buildOrCall<math::ErfOp>(b, loc, *this, "erf", x); }

Value ScalarBuilder::unary(StringRef function, Value x) {
  return isComplex() ? complexUnary(function, x) : call(function, x);
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
static Value callScalar(OpBuilder &b, Location loc, StringRef name, StringRef suffix32, StringRef suffix64,
                        ValueRange args) {
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

Value ScalarBuilder::call(StringRef function, ValueRange args) {
  return callScalar(b, loc, function, "f", "", args);
}

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
