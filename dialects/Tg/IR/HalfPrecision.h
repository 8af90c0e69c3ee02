//===- HalfPrecision.h - f16 and bf16 through f32 --------------*- C++ -*-===//
#ifndef TGC_DIALECTS_TG_IR_HALFPRECISION_H
#define TGC_DIALECTS_TG_IR_HALFPRECISION_H

#include "mlir/Dialect/Arith/IR/Arith.h"

namespace tgc::tg {

/// Half precision as f32, everything else as it is.
inline mlir::Value extendHalf(mlir::OpBuilder &b, mlir::Location loc, mlir::Value x) {
  bool isHalf = llvm::isa<mlir::Float16Type, mlir::BFloat16Type>(x.getType());
  return isHalf ? mlir::Value(mlir::arith::ExtFOp::create(b, loc, b.getF32Type(), x)) : x;
}

/// `x` rounded to `type` where it was computed in f32 on behalf of half precision.
inline mlir::Value roundToHalf(mlir::OpBuilder &b, mlir::Location loc, mlir::Value x, mlir::Type type) {
  return x.getType() == type ? x : mlir::Value(mlir::arith::TruncFOp::create(b, loc, type, x));
}

} // namespace tgc::tg

#endif // TGC_DIALECTS_TG_IR_HALFPRECISION_H
