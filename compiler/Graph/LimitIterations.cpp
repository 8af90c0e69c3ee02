//===- LimitIterations.cpp - An end for loops that have none --------------===//

#include "compiler/Graph/Passes.h"
#include "dialects/Tg/IR/IterationLimit.h"
#include "dialects/Tg/IR/TgOps.h"

using namespace mlir;

namespace tgc {
#define GEN_PASS_DEF_LIMITITERATIONSPASS
#include "compiler/Graph/Passes.h.inc"

namespace {

/// Gives the loop one more carried value, which counts.
void limit(tg::WhileOp loop, int64_t most) {
  OpBuilder builder(loop);
  Location loc = loop.getLoc();
  SmallVector<Value> inits(loop.getInits());
  inits.push_back(arith::ConstantIndexOp::create(builder, loc, 0));
  auto limited = tg::WhileOp::create(builder, loc, ValueRange(inits).getTypes(), inits);
  limited.getCondRegion().takeBody(loop.getCondRegion());
  limited.getBodyRegion().takeBody(loop.getBodyRegion());
  limited.getCond()->addArgument(builder.getIndexType(), loc);
  Value count = limited.getBody()->addArgument(builder.getIndexType(), loc);
  builder.setInsertionPointToStart(limited.getBody());
  tg::createIterationLimit(builder, loc, count, most);
  Value next = arith::AddIOp::create(builder, loc, count, arith::ConstantIndexOp::create(builder, loc, 1));
  limited.getBodyYield().getValuesMutable().append(next);
  loop.replaceAllUsesWith(limited.getResults().drop_back());
  loop.erase();
}

struct LimitIterationsPass : impl::LimitIterationsPassBase<LimitIterationsPass> {
  using LimitIterationsPassBase::LimitIterationsPassBase;
  void runOnOperation() override {
    SmallVector<tg::WhileOp> loops;
    getOperation().walk([&](tg::WhileOp loop) { loops.push_back(loop); });
    for (tg::WhileOp loop : loops)
      limit(loop, most);
  }
};

} // namespace
} // namespace tgc
