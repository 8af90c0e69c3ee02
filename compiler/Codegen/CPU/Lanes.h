//===- Lanes.h - Arithmetic on one float or on a vector --------*- C++ -*-===//
#ifndef TGC_COMPILER_CODEGEN_CPU_LANES_H
#define TGC_COMPILER_CODEGEN_CPU_LANES_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

namespace tgc {

/// Arithmetic on one float (f32 or f64), or on each of a vector, and on integers of its width.
class Lanes {
public:
  /// `scalesVectors`: whether vectors of 64 bytes may be scaled by AVX-512.
  Lanes(mlir::OpBuilder &builder, mlir::Location loc, mlir::Type like, bool scalesVectors = false)
      : builder(builder), loc(loc), floats(like) {
    auto whole = llvm::dyn_cast<mlir::VectorType>(like);
    canScale = scalesVectors && whole && whole.getNumElements() * whole.getElementTypeBitWidth() == 512;
    ints = builder.getIntegerType(mlir::getElementTypeOrSelf(like).getIntOrFloatBitWidth());
    if (auto vector = llvm::dyn_cast<mlir::VectorType>(like))
      ints = vector.clone(ints);
  }

  mlir::Value number(double value) const {
    return constant(floats, builder.getFloatAttr(mlir::getElementTypeOrSelf(floats), value));
  }
  mlir::Value integer(int64_t value) const {
    return constant(ints, builder.getIntegerAttr(mlir::getElementTypeOrSelf(ints), value));
  }

  mlir::Value add(mlir::Value a, mlir::Value b) const {
    return mlir::arith::AddFOp::create(builder, loc, a, b, kFused);
  }
  mlir::Value sub(mlir::Value a, mlir::Value b) const {
    return mlir::arith::SubFOp::create(builder, loc, a, b);
  }
  mlir::Value mul(mlir::Value a, mlir::Value b) const {
    return mlir::arith::MulFOp::create(builder, loc, a, b, kFused);
  }
  mlir::Value div(mlir::Value a, mlir::Value b) const {
    return mlir::arith::DivFOp::create(builder, loc, a, b);
  }
  /// a * b + c, in one rounding where the machine can.
  mlir::Value mulAdd(mlir::Value a, mlir::Value b, mlir::Value c) const { return add(mul(a, b), c); }
  mlir::Value abs(mlir::Value a) const { return mlir::math::AbsFOp::create(builder, loc, a); }
  mlir::Value copySign(mlir::Value magnitude, mlir::Value sign) const {
    return mlir::math::CopySignOp::create(builder, loc, magnitude, sign);
  }
  mlir::Value negate(mlir::Value a) const { return mlir::arith::NegFOp::create(builder, loc, a); }

  mlir::Value addInt(mlir::Value a, mlir::Value b) const {
    return mlir::arith::AddIOp::create(builder, loc, a, b);
  }
  mlir::Value subInt(mlir::Value a, mlir::Value b) const {
    return mlir::arith::SubIOp::create(builder, loc, a, b);
  }
  mlir::Value shiftRight(mlir::Value a, int32_t by) const {
    return mlir::arith::ShRSIOp::create(builder, loc, a, integer(by));
  }
  mlir::Value shiftLeft(mlir::Value a, int32_t by) const {
    return mlir::arith::ShLIOp::create(builder, loc, a, integer(by));
  }
  mlir::Value toFloat(mlir::Value a) const { return mlir::arith::SIToFPOp::create(builder, loc, floats, a); }
  mlir::Value asInt(mlir::Value a) const { return mlir::arith::BitcastOp::create(builder, loc, ints, a); }
  mlir::Value asFloat(mlir::Value a) const { return mlir::arith::BitcastOp::create(builder, loc, floats, a); }

  /// `ifTrue` where the ordered comparison holds; it never does for NaN.
  mlir::Value select(mlir::arith::CmpFPredicate predicate, mlir::Value a, mlir::Value b, mlir::Value ifTrue,
                     mlir::Value ifFalse) const {
    mlir::Value holds = mlir::arith::CmpFOp::create(builder, loc, predicate, a, b);
    return mlir::arith::SelectOp::create(builder, loc, holds, ifTrue, ifFalse);
  }
  /// `a` between the bounds; NaN stays.
  mlir::Value clamp(mlir::Value a, double low, double high) const {
    a = select(mlir::arith::CmpFPredicate::OLT, a, number(low), number(low), a);
    return select(mlir::arith::CmpFPredicate::OGT, a, number(high), number(high), a);
  }
  /// Whether `scale` has an instruction.
  bool hasScale() const { return canScale; }
  /// a * 2^n for whole n of any size: one instruction of AVX-512.
  mlir::Value scale(mlir::Value a, mlir::Value n) const;
  /// The polynomial with these coefficients, of the highest power first.
  mlir::Value polynomial(mlir::Value x, llvm::ArrayRef<double> coefficients) const {
    mlir::Value sum = number(coefficients.front());
    for (double coefficient : coefficients.drop_front())
      sum = mulAdd(sum, x, number(coefficient));
    return sum;
  }

private:
  static constexpr mlir::arith::FastMathFlags kFused = mlir::arith::FastMathFlags::contract;

  mlir::Value constant(mlir::Type type, mlir::TypedAttr value) const {
    if (auto vector = llvm::dyn_cast<mlir::VectorType>(type))
      value = mlir::DenseElementsAttr::get(vector, llvm::cast<mlir::Attribute>(value));
    return mlir::arith::ConstantOp::create(builder, loc, value);
  }

  mlir::OpBuilder &builder;
  mlir::Location loc;
  mlir::Type floats, ints;
  bool canScale;
};

/// x to the power y, of f32 or of vectors of it.
mlir::Value expandPower(mlir::OpBuilder &builder, mlir::math::PowFOp op);

/// A math.sin, math.cos or math.tan of f32 or of vectors of it.
mlir::Value expandCircular(mlir::OpBuilder &builder, mlir::Operation *op);

/// A math.erfc of f32 or of vectors of it.
mlir::Value expandErfc(mlir::OpBuilder &builder, mlir::math::ErfcOp op);

/// A math.exp, expm1, log, log1p or tanh of f64 or of vectors of it; null for other ops.
mlir::Value expandDouble(const Lanes &lanes, mlir::Operation *op);

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_CPU_LANES_H
