//===- FusionCost.h - Whether a fusion pays --------------------*- C++ -*-===//
#ifndef TGC_COMPILER_FUSION_FUSIONCOST_H
#define TGC_COMPILER_FUSION_FUSIONCOST_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace tgc {

/// Whether the op sums products of its two inputs: what a contraction kernel computes in registers.
bool isContraction(mlir::linalg::LinalgOp op);

/// Whether computing the op that makes `operand` inside of the operand's owner saves more than it costs.
bool paysToFuse(mlir::OpOperand *operand);

} // namespace tgc

#endif // TGC_COMPILER_FUSION_FUSIONCOST_H
