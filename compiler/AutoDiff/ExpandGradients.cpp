//===- ExpandGradients.cpp - Replaces gradients by their code -------------===//

#include "compiler/AutoDiff/Passes.h"
#include "compiler/AutoDiff/ReverseSweep.h"
#include "dialects/Tg/IR/GradientBuilder.h"

using namespace mlir;

namespace tgc {
#define GEN_PASS_DEF_EXPANDGRADIENTSPASS
#include "compiler/AutoDiff/Passes.h.inc"

namespace {

LogicalResult expand(tg::GradientOp op) {
  OpBuilder builder(op);
  tg::Activity activity(op.getYs(), op.getXs());
  ReverseSweep sweep(builder, activity, op.getRowXs());
  sweep.checksNumerics = op->hasAttr(tg::kChecksNumerics);
  llvm::SmallBitVector none;
  tg::GradientBuilder words(builder, op, none);
  for (auto [i, y] : llvm::enumerate(op.getYs()))
    if (activity.isActive(y))
      sweep.add(y, op.getSeeds().empty() ? words.number(y, 1) : op.getSeeds()[i], op.getLoc());
  if (failed(sweep.run()))
    return failure();
  SmallVector<Value> gradients;
  for (auto [i, x] : llvm::enumerate(op.getWholeXs())) {
    gradients.push_back(sweep.get(x));
    if (!gradients.back())
      return op.emitError() << "what is differentiated does not depend on operand " << i << " of wrt";
  }
  for (Value x : op.getRowXs()) {
    auto rows = sweep.getRows(x, words);
    if (!rows)
      rows = getZeroRows(words, x, words.size(0));
    gradients.append({rows->values, rows->indices});
  }
  op.replaceAllUsesWith(gradients);
  op.erase();
  return success();
}

struct ExpandGradientsPass : impl::ExpandGradientsPassBase<ExpandGradientsPass> {
  void runOnOperation() final {
    SmallVector<tg::GradientOp> gradients;
    getOperation().walk([&](tg::GradientOp op) { gradients.push_back(op); });
    for (tg::GradientOp op : gradients)
      if (failed(expand(op)))
        return signalPassFailure();
    getOperation().walk([](Operation *op) {
      if (!isa<tg::WatchOp, tg::StopGradientOp, tg::PreventGradientOp, tg::WithPartialsOp>(op))
        return;
      op->replaceAllUsesWith(op->getOperands().take_front());
      op->erase();
    });
  }
};

} // namespace
} // namespace tgc
