//===- GradientRows.h - Gradients of some rows of a tensor -----*- C++ -*-===//
//
// TensorFlow's IndexedSlices: where a tensor is read by gathers of rows, its gradient is a list of rows and
// their indices, which may repeat. Inside of compiler/AutoDiff only.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_COMPILER_AUTODIFF_GRADIENTROWS_H
#define TGC_COMPILER_AUTODIFF_GRADIENTROWS_H

#include "dialects/Tg/IR/GradientBuilder.h"

namespace tgc {

/// `values` is [n, ...], `indices` [n] of 64 bits, both of the types that tg::getRowTypes has.
struct GradientRows {
  mlir::Value values, indices;
};

/// Whether an op reads rows of its first operand.
bool readsRows(mlir::Operation *op);
/// What flows back to the rows that a gather read.
GradientRows getRowsOf(tg::GradientBuilder &words, tg::GatherOp gather, mlir::Value gradient);
/// All rows of a whole gradient.
GradientRows getAllRows(tg::GradientBuilder &words, mlir::Value gradient);
/// The first `count` rows of a gradient that is zero, for a tensor like `x`.
GradientRows getZeroRows(tg::GradientBuilder &words, mlir::Value x, mlir::OpFoldResult count);
/// One list behind the other.
GradientRows joinRows(tg::GradientBuilder &words, llvm::ArrayRef<GradientRows> parts);

} // namespace tgc

#endif // TGC_COMPILER_AUTODIFF_GRADIENTROWS_H
