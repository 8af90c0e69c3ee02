//===- PairProducts.h - Products of pairs of bfloat16 ----------*- C++ -*-===//
#ifndef TGC_COMPILER_CODEGEN_CPU_PAIRPRODUCTS_H
#define TGC_COMPILER_CODEGEN_CPU_PAIRPRODUCTS_H

#include "mlir/IR/Builders.h"

namespace tgc {

/// The pairs (low[i], high[i]) of two vectors of bf16, as one vector.
mlir::Value pairUp(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value low, mlir::Value high);

/// `lanes` times the same pair: `pair` is a vector of two bf16.
mlir::Value repeatPair(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value pair, int64_t lanes);

/// sum[i] + x[2i] * y[2i] + x[2i+1] * y[2i+1] on vectors of 4, 8 or 16 sums of f32, by one instruction of
/// AVX512-BF16. It takes subnormal numbers, of operands and sums, for zeros.
mlir::Value addPairProducts(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value sum, mlir::Value x,
                            mlir::Value y);

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_CPU_PAIRPRODUCTS_H
