//===- FusionCost.h - Whether a fusion pays --------------------*- C++ -*-===//
#ifndef TGC_COMPILER_FUSION_FUSIONCOST_H
#define TGC_COMPILER_FUSION_FUSIONCOST_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace tgc {

/// Whether the op sums products of its two inputs: what a contraction kernel computes in registers.
bool isContraction(mlir::linalg::LinalgOp op);

/// Of an element of the result, in simple arithmetic ops; an access to memory costs as many as getMemoryCost
/// says.
int64_t getCostOfElement(mlir::linalg::GenericOp op);
int64_t getMemoryCost();

/// Whether computing the op that makes `operand` inside of the operand's owner saves more than it costs.
bool paysToFuse(mlir::OpOperand *operand);
/// The same for a copy of that op which `operand` alone would use.
bool paysToFuseCopy(mlir::OpOperand *operand);

} // namespace tgc

#endif // TGC_COMPILER_FUSION_FUSIONCOST_H
