//===- ScalarFunctions.cpp - Powers, roundings and functions of one number ===//

#include "dialects/Tg/IR/HalfPrecision.h"
#include "dialects/Tg/IR/ScalarBuilder.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace tgc::tg {

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
  // Not libm's in f32, which is off by 2.8 units and no code for vectors.
  if (Type type = args[0].getType(); function == "erfc" && !type.isF64())
    return roundToHalf(b, loc, math::ErfcOp::create(b, loc, extendHalf(b, loc, args[0])), type);
  return callScalar(b, loc, function, "f", "", args);
}

Value ScalarBuilder::special(StringRef function, ValueRange args) {
  return callScalar(b, loc, ("tgc_special_" + function).str(), "_f32", "_f64", args);
}

Value ScalarBuilder::complexAbs(Value x) {
  Value re = real(x), im = imag(x);
  return callScalar(b, loc, "hypot", "f", "", {re, im});
}

} // namespace tgc::tg
