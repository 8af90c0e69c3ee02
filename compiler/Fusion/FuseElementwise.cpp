//===- FuseElementwise.cpp - Chains of elementwise ops as one loop --------===//
//
// A producer of one use is fused where that pays. Masks, which are integers made of indices and of what is
// the same for whole rows, take about as long to compute as to read: each loop that reads one computes its
// own.
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

/// Whether the op makes integers of nothing that is as large as they are, and of little of it.
bool isMask(linalg::GenericOp op) {
  if (op->getNumResults() != 1 || op.getNumReductionLoops() > 0 || !op.hasPureTensorSemantics() ||
      !getElementTypeOrSelf(op.getResult(0).getType()).isInteger() ||
      op.payloadUsesValueFromOperand(op.getDpsInitOperand(0)) || getCostOfElement(op) > getMemoryCost())
    return false;
  auto isSmaller = [&](OpOperand *input) { return !op.getMatchingIndexingMap(input).isPermutation(); };
  return op.getMatchingIndexingMap(op.getDpsInitOperand(0)).isPermutation() &&
         llvm::all_of(op.getDpsInputOperands(), isSmaller);
}

/// Gives each loop that reads a mask its own; false if there is none.
bool repeatMasks(Operation *root) {
  SmallVector<OpOperand *> reads;
  root->walk([&](linalg::GenericOp op) {
    if (!isMask(op) || op->hasOneUse())
      return;
    for (OpOperand &use : op->getUses())
      if (auto reader = dyn_cast<linalg::GenericOp>(use.getOwner());
          reader && reader.isDpsInput(&use) && paysToFuseCopy(&use))
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
    if (repeatMasks(getOperation()))
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
