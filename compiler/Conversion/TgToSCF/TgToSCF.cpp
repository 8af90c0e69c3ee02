//===- TgToSCF.cpp - Conversion of control flow to scf --------------------===//
//
// The two dialects say the same of conditions and loops; scf is what bufferization knows. Types stay as they
// are, the conversion to linalg changes them with all others.
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/TgToSCF/TgToSCF.h"
#include "dialects/Tg/IR/TgOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;

namespace tgc {
#define GEN_PASS_DEF_CONVERTTGTOSCFPASS
#include "compiler/Conversion/TgToSCF/Passes.h.inc"

namespace {

/// The region of an scf op from one of a tg op.
void moveRegion(IRRewriter &rewriter, Region &from, Region &to) {
  to.takeBody(from);
  auto yield = cast<tg::YieldOp>(to.front().getTerminator());
  rewriter.setInsertionPoint(yield);
  rewriter.replaceOpWithNewOp<scf::YieldOp>(yield, yield.getValues());
}

void lowerIf(IRRewriter &rewriter, tg::IfOp op) {
  rewriter.setInsertionPoint(op);
  auto lowered =
      scf::IfOp::create(rewriter, op.getLoc(), op.getResultTypes(), op.getCondition(), /*addThenBlock=*/false,
                        /*addElseBlock=*/false);
  moveRegion(rewriter, op.getThenRegion(), lowered.getThenRegion());
  moveRegion(rewriter, op.getElseRegion(), lowered.getElseRegion());
  rewriter.replaceOp(op, lowered);
}

void lowerWhile(IRRewriter &rewriter, tg::WhileOp op) {
  rewriter.setInsertionPoint(op);
  auto lowered = scf::WhileOp::create(rewriter, op.getLoc(), op.getResultTypes(), op.getInits());
  tg::YieldOp condition = op.getCondYield();
  rewriter.setInsertionPoint(condition);
  rewriter.replaceOpWithNewOp<scf::ConditionOp>(condition, condition.getValues()[0],
                                                op.getCond()->getArguments());
  lowered.getBefore().takeBody(op.getCondRegion());
  moveRegion(rewriter, op.getBodyRegion(), lowered.getAfter());
  rewriter.replaceOp(op, lowered);
}

struct ConvertTgToSCFPass : impl::ConvertTgToSCFPassBase<ConvertTgToSCFPass> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    SmallVector<Operation *> ops;
    getOperation().walk([&](Operation *op) {
      if (isa<tg::IfOp, tg::WhileOp>(op))
        ops.push_back(op);
    });
    for (Operation *op : ops) {
      if (auto ifOp = dyn_cast<tg::IfOp>(op))
        lowerIf(rewriter, ifOp);
      else
        lowerWhile(rewriter, cast<tg::WhileOp>(op));
    }
  }
};

} // namespace
} // namespace tgc
