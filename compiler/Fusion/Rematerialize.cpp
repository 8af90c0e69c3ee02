//===- Rematerialize.cpp - Forward values that gradients compute again ----===//
//
// What the forward part of a training step leaves for its backward part lies in memory in between. An
// elementwise value may be computed a second time instead, from values that are there anyway: then fusion
// takes it into the loop that reads it. Revolve (Griewank, Walther 2000) and its followers choose points of a
// chain; here the chain is broken by contractions and reductions, which are never computed twice.
//
//===----------------------------------------------------------------------===//

#include "compiler/Fusion/FusionCost.h"
#include "compiler/Fusion/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace tgc {
#define GEN_PASS_DEF_REMATERIALIZEPASS
#include "compiler/Fusion/Passes.h.inc"

namespace {

/// Gradients are named so by TensorFlow and by tgc-expand-gradients.
bool isBackward(Operation *op) {
  auto name = op->getLoc()->findInstanceOf<NameLoc>();
  return name && name.getName().getValue().contains("gradients");
}

/// Elementwise with one result, and no loop is longer than it.
bool isElementwise(Operation *op) {
  auto generic = dyn_cast<linalg::GenericOp>(op);
  return generic && generic->getNumResults() == 1 && generic.getNumReductionLoops() == 0 &&
         generic.getMatchingIndexingMap(generic.getDpsInitOperand(0)).isPermutation() &&
         !generic.payloadUsesValueFromOperand(generic.getDpsInitOperand(0));
}

/// Whether the loop asks which numbers are equal, as gradients of maxima do. Computed again, a number may be
/// rounded otherwise.
bool asksForEquality(Operation *op) {
  using arith::CmpFPredicate;
  auto isEquality = [](arith::CmpFOp compare) {
    return llvm::is_contained(
        {CmpFPredicate::OEQ, CmpFPredicate::UEQ, CmpFPredicate::ONE, CmpFPredicate::UNE},
        compare.getPredicate());
  };
  return op
      ->walk([&](arith::CmpFOp compare) {
        return isEquality(compare) ? WalkResult::interrupt() : WalkResult::advance();
      })
      .wasInterrupted();
}

/// The steps of one block, from its last value to its first.
class Rematerialization {
public:
  Rematerialization(Block &block, bool recomputesAll) : block(block), recomputesAll(recomputesAll) {}

  void run() {
    SmallVector<linalg::GenericOp> candidates;
    for (Operation &op : block)
      if (isElementwise(&op) && !isBackward(&op))
        candidates.push_back(cast<linalg::GenericOp>(op));
    // Last first: what is computed again there counts as backward for what it reads.
    for (linalg::GenericOp op : llvm::reverse(candidates)) {
      collectUses(op);
      if (uses.empty())
        continue;
      if (recomputesAll)
        recomputeOnce(op);
      else
        recomputeInConsumers(op);
    }
  }

private:
  /// Operands of backward ops of this block that read the result. None if something in a region reads it, or
  /// needs its very bits.
  void collectUses(linalg::GenericOp op) {
    uses.clear();
    bool isNested = false;
    for (OpOperand &use : op->getUses()) {
      isNested |= use.getOwner()->getBlock() != &block || asksForEquality(use.getOwner());
      if (isLate(use.getOwner()) && use.getOwner() != block.getTerminator())
        uses.push_back(&use);
    }
    if (isNested)
      uses.clear();
  }

  bool isLate(Operation *op) const { return isBackward(op) || addedCost.contains(op); }

  /// Whether a value is in memory at `user` whatever happens here: it comes from outside of the block, is
  /// smaller, or something there or later reads it.
  bool isKept(OpOperand &operand, linalg::GenericOp reader, Operation *user) const {
    Value value = operand.get();
    Operation *op = value.getDefiningOp();
    if (!op || op->getBlock() != &block || op->hasTrait<OpTrait::ConstantLike>())
      return true;
    if (!reader.getMatchingIndexingMap(&operand).isPermutation())
      return true;
    return llvm::any_of(value.getUsers(), [&](Operation *other) {
      Operation *ancestor = block.findAncestorOpInBlock(*other);
      return ancestor && ancestor != reader && isLate(ancestor) && !ancestor->isBeforeInBlock(user);
    });
  }

  unsigned countLost(linalg::GenericOp op, Operation *user, bool exceptElementwise) const {
    return llvm::count_if(op.getDpsInputOperands(), [&](OpOperand *input) {
      Operation *producer = input->get().getDefiningOp();
      return !isKept(*input, op, user) && !(exceptElementwise && producer && isElementwise(producer));
    });
  }

  /// In each loop that reads it, if all of them can, and cheaply.
  void recomputeInConsumers(linalg::GenericOp op) {
    int64_t cost = getCostOfElement(op);
    for (OpOperand *use : uses) {
      Operation *user = use->getOwner();
      auto consumer = dyn_cast<linalg::GenericOp>(user);
      bool isFused = consumer && !isContraction(consumer) && consumer.isDpsInput(use) && paysToFuseCopy(use);
      if (!isFused || cost + addedCost.lookup(user) > getMemoryCost() || countLost(op, user, false) > 0)
        return;
    }
    for (OpOperand *use : uses) {
      Operation *user = use->getOwner();
      OpBuilder builder(user);
      Operation *copy = builder.clone(*op);
      use->set(copy->getResult(0));
      addedCost[copy] = cost + addedCost.lookup(user);
    }
  }

  /// Once, before the first of the backward part that reads it.
  void recomputeOnce(linalg::GenericOp op) {
    Operation *first = uses.front()->getOwner();
    for (OpOperand *use : uses)
      if (use->getOwner()->isBeforeInBlock(first))
        first = use->getOwner();
    if (countLost(op, first, true) > 0 || countLost(op, first, false) > 1)
      return;
    OpBuilder builder(first);
    Operation *copy = builder.clone(*op);
    // Different attributes keep the two from being joined again.
    copy->setAttr("tgc.again", builder.getI64IntegerAttr(addedCost.size()));
    for (OpOperand *use : uses)
      use->set(copy->getResult(0));
    addedCost[copy] = 0;
  }

  Block &block;
  bool recomputesAll;
  SmallVector<OpOperand *> uses;
  /// The copies, with what the loop they are fused into computes again.
  llvm::DenseMap<Operation *, int64_t> addedCost;
};

struct RematerializePass : impl::RematerializePassBase<RematerializePass> {
  using RematerializePassBase::RematerializePassBase;

  void runOnOperation() override {
    getOperation().walk([&](Operation *op) {
      for (Region &region : op->getRegions())
        for (Block &block : region)
          if (!isa<linalg::LinalgOp>(op) && !isa<ModuleOp>(op))
            Rematerialization(block, recomputesAll).run();
    });
  }
};

} // namespace
} // namespace tgc
