//===- HoistLoopInvariants.cpp - What every iteration computes alike ------===//
//
// Slices, gathers, divisions and ops that match tensors of sizes known at run time only rely on checks that
// precede them, so they stay where they are: a loop that does not run must not read where nothing is.
//
//===----------------------------------------------------------------------===//

#include "compiler/Graph/Passes.h"
#include "dialects/Tg/IR/TgOps.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;

namespace tgc {
#define GEN_PASS_DEF_HOISTLOOPINVARIANTSPASS
#include "compiler/Graph/Passes.h.inc"

bool isSafeToSpeculate(Operation *op) {
  if (op->getNumRegions() || !isPure(op) || op->hasTrait<OpTrait::IsTerminator>())
    return false;
  if (isa<tg::HostCallOp, tg::DivOp, tg::FloorDivOp, tg::FloorModOp, tg::TruncModOp, tg::GatherOp,
          tg::ScatterOp, tg::SliceOp, tg::InsertSliceOp, tg::ReshapeOp>(op))
    return isa<tg::ReshapeOp>(op) && cast<RankedTensorType>(op->getOperand(0).getType()).hasStaticShape() &&
           op->getNumOperands() == 1;
  if (auto extract = dyn_cast<tensor::ExtractOp>(op))
    return extract.getIndices().empty();
  if (isa<tensor::CastOp>(op))
    return cast<RankedTensorType>(op->getOperand(0).getType()).hasStaticShape();
  int64_t numTensors = 0;
  bool isStatic = true;
  for (Value operand : op->getOperands())
    if (auto type = dyn_cast<RankedTensorType>(operand.getType())) {
      ++numTensors;
      isStatic &= type.hasStaticShape();
    }
  return numTensors == 0 || isStatic || (numTensors == 1 && op->getNumOperands() == 1);
}

namespace {

void hoistFrom(tg::WhileOp loop) {
  auto isOutside = [&](Value value) { return !loop->isAncestor(value.getParentRegion()->getParentOp()); };
  for (Block *block : {loop.getCond(), loop.getBody()})
    for (Operation &op : llvm::make_early_inc_range(*block))
      if (isSafeToSpeculate(&op) && llvm::all_of(op.getOperands(), isOutside))
        op.moveBefore(loop);
}

struct HoistLoopInvariantsPass : impl::HoistLoopInvariantsPassBase<HoistLoopInvariantsPass> {
  // Inner loops first, so that what leaves them may leave the outer ones too.
  void runOnOperation() override { getOperation().walk<WalkOrder::PostOrder>(hoistFrom); }
};

} // namespace
} // namespace tgc
