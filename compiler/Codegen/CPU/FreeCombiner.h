//===- FreeCombiner.h - Reductions whose order is free ---------*- C++ -*-===//
#ifndef TGC_COMPILER_CODEGEN_CPU_FREECOMBINER_H
#define TGC_COMPILER_CODEGEN_CPU_FREECOMBINER_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace tgc {

/// How the accumulator is combined with a value: the op of the body that does it.
struct FreeCombiner {
  mlir::Operation *op = nullptr;
  mlir::Value combined;
  mlir::vector::CombiningKind kind;
  mlir::TypedAttr neutral;

  /// Of a sum in double precision: the f32 that is widened for it, else null.
  mlir::Value getSummedFloat() const;
};

/// The op that yields the new accumulator, if its order is free: maxima, integers, and sums that carry the
/// flag `reassoc`.
std::optional<FreeCombiner> matchFreeCombiner(mlir::linalg::GenericOp op);

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_CPU_FREECOMBINER_H
