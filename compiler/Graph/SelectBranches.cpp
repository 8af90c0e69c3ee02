//===- SelectBranches.cpp - Branches that are not worth a branch ----------===//

#include "compiler/Graph/Passes.h"
#include "dialects/Tg/IR/TgOps.h"

using namespace mlir;

namespace tgc {
#define GEN_PASS_DEF_SELECTBRANCHESPASS
#include "compiler/Graph/Passes.h.inc"

namespace {

/// Ops of both branches together, and elements of each tensor, up to which both are computed.
constexpr int64_t kMostOps = 8;
constexpr int64_t kMostElements = 64;

bool isSmall(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return !tensor || (tensor.hasStaticShape() && tensor.getNumElements() <= kMostElements &&
                     !isa<tg::StringType>(tensor.getElementType()));
}

bool isCheap(tg::IfOp op) {
  int64_t numOps = 0;
  for (Region *region : {&op.getThenRegion(), &op.getElseRegion()})
    for (Operation &inner : region->front().without_terminator()) {
      if (!isSafeToSpeculate(&inner) || !llvm::all_of(inner.getResultTypes(), isSmall) || ++numOps > kMostOps)
        return false;
    }
  return llvm::all_of(op.getResultTypes(), isSmall);
}

void replace(tg::IfOp op) {
  OpBuilder builder(op);
  Location loc = op.getLoc();
  for (Region *region : {&op.getThenRegion(), &op.getElseRegion()})
    for (Operation &inner : llvm::make_early_inc_range(region->front().without_terminator()))
      inner.moveBefore(op);
  Value condition;
  for (auto [result, yes, no] :
       llvm::zip_equal(op.getResults(), op.getThenYield().getValues(), op.getElseYield().getValues())) {
    auto type = dyn_cast<RankedTensorType>(result.getType());
    if (!type) {
      result.replaceAllUsesWith(arith::SelectOp::create(builder, loc, op.getCondition(), yes, no));
      continue;
    }
    if (!condition)
      condition = tensor::FromElementsOp::create(builder, loc, RankedTensorType::get({}, builder.getI1Type()),
                                                 op.getCondition());
    Value mask = condition;
    if (type.getRank())
      mask =
          tg::BroadcastToOp::create(builder, loc, RankedTensorType::get(type.getShape(), builder.getI1Type()),
                                    condition, ValueRange(), builder.getDenseI64ArrayAttr({}));
    result.replaceAllUsesWith(tg::SelectOp::create(builder, loc, mask, yes, no));
  }
  op.erase();
}

struct SelectBranchesPass : impl::SelectBranchesPassBase<SelectBranchesPass> {
  void runOnOperation() override {
    getOperation().walk<WalkOrder::PostOrder>([](tg::IfOp op) {
      if (op.getNumResults() && isCheap(op))
        replace(op);
    });
  }
};

} // namespace
} // namespace tgc
