//===- GuardedRoot.h - Roots whose gradient nobody asks for -----*- C++ -*-===//
#ifndef TGC_DIALECTS_TG_IR_GUARDEDROOT_H
#define TGC_DIALECTS_TG_IR_GUARDEDROOT_H

#include "mlir/IR/Builders.h"

namespace tgc::tg {

/// The output `y` of a root; one where it is zero (of a reciprocal or its root: infinite) or NaN and its
/// gradient `dy` is zero: the gradient of the input is zero there, as TensorFlow's kernels have it, so that a
/// root that `where` guards has one. `number` makes a tensor as large as the first operand, all of one
/// number.
mlir::Value guardRoot(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value dy, mlir::Value y,
                      bool isReciprocal, llvm::function_ref<mlir::Value(mlir::Value, double)> number);

} // namespace tgc::tg

#endif // TGC_DIALECTS_TG_IR_GUARDEDROOT_H
