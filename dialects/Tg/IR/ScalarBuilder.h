//===- ScalarBuilder.h - Scalar code of elementwise ops --------*- C++ -*-===//
//
// The vocabulary in which elementwise ops state what they compute. Each function takes scalars in lowered
// form (no signed or unsigned integer types) and picks the instruction by the element type that the op's
// first operand has in tg, which still knows the sign. Semantics are those of TensorFlow's CPU kernels.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_DIALECTS_TG_IR_SCALARBUILDER_H
#define TGC_DIALECTS_TG_IR_SCALARBUILDER_H

#include "dialects/Tg/IR/TgOps.h"

namespace tgc::tg {

class ScalarBuilder {
public:
  ScalarBuilder(mlir::OpBuilder &builder, mlir::Location loc, mlir::Type element)
      : b(builder), loc(loc), element(element) {}

  using Value = mlir::Value;
  Value add(Value x, Value y);
  Value sub(Value x, Value y);
  Value mul(Value x, Value y);
  Value div(Value x, Value y);
  Value floorDiv(Value x, Value y);
  Value floorMod(Value x, Value y);
  Value truncMod(Value x, Value y);
  Value pow(Value x, Value y);
  Value maximum(Value x, Value y);
  Value minimum(Value x, Value y);
  Value neg(Value x);
  Value abs(Value x);
  Value sign(Value x);
  Value floor(Value x);
  Value ceil(Value x);
  Value roundEven(Value x);
  Value exp(Value x);
  Value expm1(Value x);
  Value log(Value x);
  Value log1p(Value x);
  Value sqrt(Value x);
  Value rsqrt(Value x);
  Value sin(Value x);
  Value cos(Value x);
  Value tan(Value x);
  Value tanh(Value x);
  Value sigmoid(Value x);
  Value relu(Value x);
  Value erf(Value x);
  /// A function of one number by the name of libm: `asin`, `cosh` ...; complex numbers by formula.
  Value unary(llvm::StringRef function, Value x);
  /// A call of libm's `function` (`function`f for f32); half precision goes through f32.
  Value call(llvm::StringRef function, mlir::ValueRange args);
  /// A call of the runtime's tgc_special_<function>_{f32,f64}.
  Value special(llvm::StringRef function, mlir::ValueRange args);
  Value bitAnd(Value x, Value y);
  Value bitOr(Value x, Value y);
  Value bitXor(Value x, Value y);
  Value bitNot(Value x);
  Value shiftLeft(Value x, Value y);
  Value shiftRight(Value x, Value y);
  Value populationCount(Value x);
  Value compare(ComparisonDirection direction, Value x, Value y);
  Value select(Value condition, Value x, Value y);
  Value isNan(Value x);
  Value isInf(Value x);
  Value isFinite(Value x);
  Value cast(Value x, mlir::Type from, mlir::Type to, bool truncate);
  Value complex(Value real, Value imag);
  Value real(Value x);
  Value imag(Value x);
  Value complexAbs(Value x);
  Value conj(Value x);

  /// A constant of the (lowered) type of `like`.
  Value constant(mlir::Type type, double value);
  bool isUnsigned() const { return element.isUnsignedInteger() || element.isInteger(1); }
  bool isFloat() const { return llvm::isa<mlir::FloatType>(element); }
  bool isComplex() const { return llvm::isa<mlir::ComplexType>(element); }

private:
  /// Inverse and hyperbolic functions of complex numbers (ComplexFunctions.cpp).
  Value complexUnary(llvm::StringRef function, Value x);
  /// `y`, or 1 where a division of integers by it would trap.
  Value safeDivisor(Value y);
  Value compareFloat(mlir::arith::CmpFPredicate predicate, Value x, Value y);
  Value castReal(Value x, mlir::Type from, mlir::Type to, bool truncate);

  mlir::OpBuilder &b;
  mlir::Location loc;
  /// The element type of the op's first operand, with its sign.
  mlir::Type element;
};

} // namespace tgc::tg

#endif // TGC_DIALECTS_TG_IR_SCALARBUILDER_H
