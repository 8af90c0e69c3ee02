//===- ZeroBorders.h - Products with padding that need no time -*- C++ -*-===//
//
// A convolution with padding multiplies as many zeros as its windows reach over the edges: of 12 x 12 results
// by 5 x 5 elements 19 in 100 products. Where a row of results is fixed, so is the part of the window that
// lies within the image, and the sum runs over that part only. What is left out would add zeros (but NaN
// where the other factor is infinite, which oneDNN's convolutions leave out too).
//
//===----------------------------------------------------------------------===//
#ifndef TGC_COMPILER_CODEGEN_CPU_ZEROBORDERS_H
#define TGC_COMPILER_CODEGEN_CPU_ZEROBORDERS_H

#include "compiler/Codegen/CPU/LinearAccess.h"
#include "dialects/Kernel/IR/KernelDialect.h"

namespace tgc {

/// Sets the op's `zero_borders` if the left operand is a tensor that was put into zeros.
void markZeroBorders(kernel::ContractOp op);

/// The iterations of `sum` whose factors from the left operand lie within the borders of a dimension, where
/// the element at place * factor + sum * step + constant is read.
struct SumWithinBorders {
  /// A loop around the sum, and the loop of the sum.
  unsigned place, sum;
  int64_t factor, step, constant;
  int64_t begin, end;

  /// The range [first, last) of `sum`, of `size` iterations; it is empty where nothing is within the borders.
  std::pair<mlir::OpFoldResult, mlir::OpFoldResult> getRange(const IndexMath &math, mlir::OpFoldResult index,
                                                             mlir::OpFoldResult size) const;
};

/// One for each dimension of zero_borders along which one loop of `sums` and one of `places` move, if what
/// can be left out is worth the arithmetic.
llvm::SmallVector<SumWithinBorders>
findSumsWithinBorders(kernel::ContractOp op, llvm::ArrayRef<unsigned> places, llvm::ArrayRef<unsigned> sums);

/// The share of all products that is left if each sum runs within the borders.
double getShareWithinBorders(kernel::ContractOp op);

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_CPU_ZEROBORDERS_H
