//===- FuseElementwise.cpp - Chains of elementwise ops as one loop --------===//
//
// A producer of one use is fused where that pays. What takes about as long to compute as to read is computed
// by each loop that reads it, if nothing else does: masks, which are integers made of indices and of what is
// the same for whole rows, and what is made of one tensor that is in memory anyway, such as x - mean of a
// batch norm. The latter saves a pass over memory: x is read instead, and nothing is stored.
//
//===----------------------------------------------------------------------===//

#include "compiler/Fusion/FusionCost.h"
#include "compiler/Fusion/Passes.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace tgc {
#define GEN_PASS_DEF_FUSEELEMENTWISEPASS
#include "compiler/Fusion/Passes.h.inc"

namespace {

/// Whether the op computes each element once, of little and in few steps.
bool isCheap(linalg::GenericOp op) {
  return op->getNumResults() == 1 && op.getNumReductionLoops() == 0 && op.hasPureTensorSemantics() &&
         !op.payloadUsesValueFromOperand(op.getDpsInitOperand(0)) &&
         op.getMatchingIndexingMap(op.getDpsInitOperand(0)).isPermutation() &&
         getCostOfElement(op) <= getMemoryCost();
}

/// The inputs that have an element for each of the result.
SmallVector<OpOperand *> getLargeInputs(linalg::GenericOp op) {
  return llvm::to_vector(llvm::make_filter_range(op.getDpsInputOperands(), [&](OpOperand *input) {
    return op.getMatchingIndexingMap(input).isPermutation();
  }));
}

/// Whether the op makes integers of nothing that is as large as they are.
bool isMask(linalg::GenericOp op) {
  return getElementTypeOrSelf(op.getResult(0).getType()).isInteger() && getLargeInputs(op).empty();
}

/// Whether the op makes its result of one tensor as large, in memory for others too, and no wider.
bool isMadeOfStored(linalg::GenericOp op) {
  SmallVector<OpOperand *> large = getLargeInputs(op);
  if (large.size() != 1)
    return false;
  Value x = large.front()->get();
  Type from = getElementTypeOrSelf(x.getType()), to = getElementTypeOrSelf(op.getResult(0).getType());
  return (!x.hasOneUse() || !x.getDefiningOp()) && from.isIntOrFloat() && to.isIntOrFloat() &&
         from.getIntOrFloatBitWidth() <= to.getIntOrFloatBitWidth();
}

/// Whether a copy of the op that makes the operand, for it alone, would be fused and computed once.
bool takesCopy(OpOperand &use) {
  auto reader = dyn_cast<linalg::GenericOp>(use.getOwner());
  return reader && reader.isDpsInput(&use) && paysToFuseCopy(&use);
}

/// Whether all that use the result, at the same place of the program, would compute it once.
bool isRepeatedByAll(linalg::GenericOp op) {
  return llvm::all_of(op->getUses(), [&](OpOperand &use) {
    return takesCopy(use) && use.getOwner()->getBlock() == op->getBlock() &&
           cast<linalg::GenericOp>(use.getOwner()).getMatchingIndexingMap(&use).isPermutation();
  });
}

/// Gives loops their own copies of what is as cheap as a read; false if there is none.
bool repeatCheapOps(Operation *root) {
  SmallVector<OpOperand *> reads;
  root->walk([&](linalg::GenericOp op) {
    if (!isCheap(op) || op->hasOneUse())
      return;
    if (!isMask(op) && (!isMadeOfStored(op) || !isRepeatedByAll(op)))
      return;
    for (OpOperand &use : op->getUses())
      if (takesCopy(use))
        reads.push_back(&use);
  });
  for (OpOperand *read : reads) {
    OpBuilder builder(read->getOwner());
    read->set(builder.clone(*read->get().getDefiningOp())->getResult(0));
  }
  return !reads.empty();
}

struct FuseElementwisePass : impl::FuseElementwisePassBase<FuseElementwisePass> {
  void runOnOperation() override {
    fuse();
    if (repeatCheapOps(getOperation()))
      fuse();
  }

private:
  void fuse() {
    MLIRContext *context = &getContext();
    RewritePatternSet patterns(context);
    linalg::populateElementwiseOpsFusionPatterns(patterns, paysToFuse);
    linalg::populateFoldReshapeOpsByExpansionPatterns(patterns, paysToFuse);
    affine::AffineApplyOp::getCanonicalizationPatterns(patterns, context);
    linalg::GenericOp::getCanonicalizationPatterns(patterns, context);
    tensor::ExpandShapeOp::getCanonicalizationPatterns(patterns, context);
    tensor::CollapseShapeOp::getCanonicalizationPatterns(patterns, context);
    context->getLoadedDialect<linalg::LinalgDialect>()->getCanonicalizationPatterns(patterns);
    linalg::populateConstantFoldLinalgOperations(patterns, paysToFuse);
    // Top down: otherwise the time is quadratic in the length of chains.
    GreedyRewriteConfig config;
    config.setUseTopDownTraversal();
    (void)applyPatternsGreedily(getOperation(), std::move(patterns), config);
  }
};

} // namespace
} // namespace tgc
