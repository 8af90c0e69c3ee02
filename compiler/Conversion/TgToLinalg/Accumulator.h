//===- Accumulator.h - Precision and order of sums -------------*- C++ -*-===//
//
// What the lowerings of reductions, products and convolutions share: in which type they accumulate, and what
// order of the additions they leave open.
//
// - f16 and bf16 accumulate in f32 and round once. f32 sums of more than kExactSumThreshold elements, or of a
// number only
//   known at run time, accumulate in f64 and round once. There the order of the additions is left to the code
//   generator
//   (`reassoc`): what it can change lies below the rounding of the result.
// - f32 and f64 otherwise accumulate in their own type, in the order of the elements in memory.
// - Products of matrices and convolutions accumulate f32 and f64 in their own type; the order of the sum and
// the use of
//   fused multiply-adds (`reassoc`, `contract`) belong to the kernel. It never depends on the number of
//   threads.
// - The sign of a zero that is the largest or the smallest is open (`nsz`), as it is in TensorFlow. NaN stays
// NaN.
// - Integers wrap.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_COMPILER_CONVERSION_TGTOLINALG_ACCUMULATOR_H
#define TGC_COMPILER_CONVERSION_TGTOLINALG_ACCUMULATOR_H

#include "dialects/Tg/IR/TgOps.h"
#include "mlir/IR/Builders.h"

namespace tgc::detail {

/// The longest f32 sum that is accumulated in f32.
constexpr int64_t kExactSumThreshold = 64;

/// The type (with the sign of a tg type) in which `count` elements of tg type `element` are combined; count
/// may be kDynamic.
mlir::Type getAccumulatorType(tg::ReductionKind kind, mlir::Type element, int64_t count);

/// The type in which products of elements of tg type `element` are summed.
mlir::Type getProductAccumulatorType(mlir::Type element);

/// One step of a reduction: `value` (of the lowered type of `element`) goes into `accumulator` (of that of
/// `accumulatorType`).
mlir::Value accumulate(mlir::OpBuilder &builder, mlir::Location loc, tg::ReductionKind kind,
                       mlir::Type element, mlir::Type accumulatorType, mlir::Value accumulator,
                       mlir::Value value);

/// accumulator + lhs * rhs, the factors of the lowered type of `element`.
mlir::Value accumulateProduct(mlir::OpBuilder &builder, mlir::Location loc, mlir::Type element,
                              mlir::Type accumulatorType, mlir::Value accumulator, mlir::Value lhs,
                              mlir::Value rhs);

/// A tensor of `sizes` filled with the neutral element of `kind`.
mlir::Value createAccumulators(mlir::OpBuilder &builder, mlir::Location loc, tg::ReductionKind kind,
                               mlir::Type accumulatorType, llvm::ArrayRef<mlir::OpFoldResult> sizes);

/// The accumulators rounded to `element`; themselves where they have that type.
mlir::Value roundAccumulators(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value accumulators,
                              mlir::Type element);

/// The product of sizes, kDynamic if one is.
int64_t getProductOfSizes(llvm::ArrayRef<int64_t> sizes);

} // namespace tgc::detail

#endif // TGC_COMPILER_CONVERSION_TGTOLINALG_ACCUMULATOR_H
