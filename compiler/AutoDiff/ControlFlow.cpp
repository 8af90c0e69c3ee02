//===- ControlFlow.cpp - Gradients of conditions --------------------------===//
//
// A condition's gradient is a condition of the same predicate, each region of which computes its own branch
// again and walks back over it.
//
//===----------------------------------------------------------------------===//

#include "compiler/AutoDiff/ControlFlow.h"
#include "compiler/AutoDiff/Regions.h"
#include "dialects/Tg/IR/GradientBuilder.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;

namespace tgc {

ActiveCaptures getActiveCaptures(const ReverseSweep &sweep, Operation *op) {
  llvm::SetVector<Value> captured;
  getUsedValuesDefinedAbove(op->getRegions(), captured);
  ActiveCaptures active;
  for (Value value : captured)
    if (sweep.activity.isActive(value))
      (sweep.isByRows(value) ? active.byRows : active.whole).push_back(value);
  return active;
}

void cloneOps(OpBuilder &builder, Block &block, IRMapping &map,
              llvm::function_ref<bool(Operation *)> isWanted) {
  for (Operation &op : block.without_terminator())
    if (isWanted(&op))
      builder.clone(op, map);
}

void addRowPairs(ReverseSweep &sweep, ValueRange xs, ValueRange pairs) {
  for (auto [i, x] : llvm::enumerate(xs))
    sweep.addRows(x, {pairs[2 * i], pairs[2 * i + 1]});
}

bool isNoCheck(Operation *op) { return !isa<tg::CheckOp>(op); }

void eraseDeadOps(Block &block) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
    if (isOpTriviallyDead(&op))
      op.erase();
}

namespace {

LogicalResult differentiateIf(ReverseSweep &sweep, tg::IfOp op, ArrayRef<Value> incoming) {
  OpBuilder &builder = sweep.builder;
  auto [captures, rowCaptures] = getActiveCaptures(sweep, op);
  SmallVector<Value> xs = llvm::to_vector(llvm::concat<Value>(captures, rowCaptures));
  SmallVector<Type> types(ValueRange(captures).getTypes());
  for (Value captured : rowCaptures)
    llvm::append_range(types, tg::getRowTypes(cast<RankedTensorType>(captured.getType())));
  auto backward = tg::IfOp::create(builder, op.getLoc(), types, op.getCondition());
  for (auto [from, to] : llvm::zip_equal(op->getRegions(), backward->getRegions())) {
    OpBuilder::InsertionGuard guard(builder);
    builder.createBlock(&to);
    IRMapping map;
    cloneOps(builder, from.front(), map, isNoCheck);
    SmallVector<Value> ys = llvm::map_to_vector(from.front().getTerminator()->getOperands(),
                                                [&](Value value) { return map.lookupOrDefault(value); });
    tg::Activity activity(ys, xs, &to);
    ReverseSweep branch(builder, activity, rowCaptures);
    branch.checksNumerics = sweep.checksNumerics;
    for (auto [y, gradient] : llvm::zip_equal(ys, incoming))
      if (gradient)
        branch.add(y, gradient, op.getLoc());
    if (failed(branch.run()))
      return failure();
    llvm::SmallBitVector none;
    tg::GradientBuilder words(builder, op, none);
    SmallVector<Value> results = llvm::map_to_vector(captures, [&](Value captured) {
      Value gradient = branch.get(captured);
      return gradient ? gradient : words.number(captured, 0);
    });
    for (Value captured : rowCaptures) {
      // As TensorFlow has it, the branch that does not read the tensor gives it zeros, not no rows.
      auto rows = branch.getRows(captured, words);
      if (!rows)
        rows = getZeroRows(words, captured, words.getSizes(captured).front());
      results.append({rows->values, rows->indices});
    }
    tg::YieldOp::create(builder, op.getLoc(), results);
    eraseDeadOps(to.front());
  }
  for (auto [captured, gradient] : llvm::zip(captures, backward.getResults()))
    sweep.add(captured, gradient, op.getLoc());
  addRowPairs(sweep, rowCaptures, backward.getResults().drop_front(captures.size()));
  return success();
}

} // namespace

LogicalResult differentiateRegions(ReverseSweep &sweep, Operation *op, ArrayRef<Value> incoming) {
  if (auto condition = dyn_cast<tg::IfOp>(op))
    return differentiateIf(sweep, condition, incoming);
  if (auto loop = dyn_cast<tg::WhileOp>(op))
    return differentiateLoop(sweep, loop, incoming);
  return op->emitError() << "no gradient is known of " << op->getName();
}

} // namespace tgc
