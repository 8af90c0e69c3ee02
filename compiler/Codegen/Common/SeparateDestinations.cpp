//===- SeparateDestinations.cpp - One fill for each that is written over --===//
//
// Equal fills are one after common subexpressions are eliminated. Two accumulations that start from one fill
// would have to share its memory: empty tensor elimination would give it to the fetch that the first of them
// makes, and the second would be computed there as well. With a start of its own each goes straight to where
// it belongs.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/Common/Passes.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace tgc {
#define GEN_PASS_DEF_SEPARATEDESTINATIONSPASS
#include "compiler/Codegen/Common/Passes.h.inc"

namespace {

/// Gives every use of `op` (one result) but the first a copy of it, in the block of `op`: a loop fills once.
void separate(Operation *op) {
  if (op->use_empty() || op->hasOneUse())
    return;
  for (OpOperand &use : llvm::make_early_inc_range(llvm::drop_begin(op->getUses()))) {
    Operation *user = op->getBlock()->findAncestorOpInBlock(*use.getOwner());
    OpBuilder builder(user);
    use.set(builder.clone(*op)->getResult(0));
  }
}

/// A fill, also as a loop that computes nothing.
bool isFill(linalg::LinalgOp op) {
  return isa<linalg::FillOp>(op) ||
         (isa<linalg::GenericOp>(op) && op.getNumDpsInputs() == 0 && llvm::hasSingleElement(*op.getBlock()));
}

struct SeparateDestinationsPass : impl::SeparateDestinationsPassBase<SeparateDestinationsPass> {
  void runOnOperation() override {
    SmallVector<Operation *> fills, empties;
    getOperation().walk([&](linalg::LinalgOp op) {
      if (op->getNumResults() == 1 && isFill(op))
        fills.push_back(op);
    });
    llvm::for_each(fills, separate);
    getOperation().walk([&](tensor::EmptyOp empty) { empties.push_back(empty); });
    llvm::for_each(empties, separate);
  }
};

} // namespace
} // namespace tgc
