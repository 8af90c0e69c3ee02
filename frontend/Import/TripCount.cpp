//===- TripCount.cpp - How often a loop runs ------------------------------===//
//
// Counters of constant step that the condition compares with what no iteration changes: the count is a size
// that is computed before the loop. Lists take it as their room, unrolling as its limit.
//
//===----------------------------------------------------------------------===//

#include "dialects/Tg/IR/TgOps.h"
#include "frontend/Import/RegionImporter.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace tgc {

using Size = OpFoldResult;

int64_t getCounterStep(tg::WhileOp loop, unsigned i) {
  auto next = loop.getBodyYield().getValues()[i].getDefiningOp<arith::AddIOp>();
  if (!next || next.getLhs() != loop.getBody()->getArgument(i))
    return 0;
  return getConstantIntValue(getAsOpFoldResult(next.getRhs())).value_or(0);
}

/// `value` as a carried value of the loop plus a constant.
static std::optional<std::pair<unsigned, int64_t>> getCounter(tg::WhileOp loop, Value value) {
  int64_t offset = 0;
  if (auto sum = value.getDefiningOp<arith::AddIOp>())
    if (auto constant = getConstantIntValue(getAsOpFoldResult(sum.getRhs()))) {
      offset = *constant;
      value = sum.getLhs();
    }
  auto argument = dyn_cast<BlockArgument>(value);
  if (!argument || argument.getOwner() != loop.getCond() || !argument.getType().isIndex() ||
      !getCounterStep(loop, argument.getArgNumber()))
    return std::nullopt;
  return std::pair(argument.getArgNumber(), offset);
}

/// A number that the loop's condition reads, computed before the loop; null if it is not the same in all
/// iterations.
static Value computeBefore(OpBuilder &builder, tg::WhileOp loop, Value value) {
  if (!loop->isAncestor(value.getParentRegion()->getParentOp()))
    return value;
  Operation *op = value.getDefiningOp();
  if (!op || !isa<arith::ConstantOp, arith::IndexCastOp, arith::AddIOp, arith::SubIOp, arith::MinSIOp,
                  arith::MaxSIOp, tensor::ExtractOp, tensor::DimOp>(op))
    return nullptr;
  if (auto extract = dyn_cast<tensor::ExtractOp>(op); extract && !extract.getIndices().empty())
    return nullptr;
  SmallVector<Value> operands;
  for (Value operand : op->getOperands()) {
    operands.push_back(computeBefore(builder, loop, operand));
    if (!operands.back())
      return nullptr;
  }
  Operation *copy = builder.clone(*op);
  copy->setOperands(operands);
  return copy->getResult(0);
}

/// The trip count of a loop with this comparison as its condition.
static std::optional<Size> getTripCount(IndexBuilder &sizes, OpBuilder &builder, tg::WhileOp loop,
                                        arith::CmpIOp compare) {
  using Predicate = arith::CmpIPredicate;
  Value lhs = compare.getLhs(), rhs = compare.getRhs();
  Predicate predicate = compare.getPredicate();
  auto counter = getCounter(loop, lhs);
  if (!counter) {
    counter = getCounter(loop, rhs);
    std::swap(lhs, rhs);
    predicate = predicate == Predicate::slt   ? Predicate::sgt
                : predicate == Predicate::sle ? Predicate::sge
                : predicate == Predicate::sgt ? Predicate::slt
                : predicate == Predicate::sge ? Predicate::sle
                                              : predicate;
  }
  if (!counter)
    return std::nullopt;
  rhs = computeBefore(builder, loop, rhs);
  if (!rhs)
    return std::nullopt;
  Size bound = getAsOpFoldResult(rhs);
  if (auto constant = getConstantIntValue(bound))
    bound = sizes.constant(*constant);
  int64_t step = getCounterStep(loop, counter->first);
  Size start = sizes.add(getAsOpFoldResult(loop.getInits()[counter->first]), sizes.constant(counter->second));
  if (predicate == Predicate::sle)
    bound = sizes.add(bound, sizes.constant(1));
  if (predicate == Predicate::sge)
    bound = sizes.sub(bound, sizes.constant(1));
  bool isUp = predicate == Predicate::slt || predicate == Predicate::sle;
  bool isDown = predicate == Predicate::sgt || predicate == Predicate::sge;
  if ((isUp && step > 0) || (isDown && step < 0)) {
    Size distance = isUp ? sizes.sub(bound, start) : sizes.sub(start, bound);
    return sizes.max(sizes.ceilDiv(distance, sizes.constant(std::abs(step))), sizes.constant(0));
  }
  return std::nullopt;
}

std::optional<TripCount> getTripCount(IndexBuilder &sizes, OpBuilder &builder, tg::WhileOp loop) {
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPoint(loop);
  std::optional<TripCount> count;
  bool isExact = true;
  SmallVector<Value> conditions{loop.getCondYield().getValues()[0]};
  while (!conditions.empty()) {
    Value condition = conditions.pop_back_val();
    if (matchPattern(condition, m_One()))
      continue;
    if (auto both = condition.getDefiningOp<arith::AndIOp>()) {
      conditions.append({both.getLhs(), both.getRhs()});
      continue;
    }
    auto compare = condition.getDefiningOp<arith::CmpIOp>();
    auto trips = compare ? getTripCount(sizes, builder, loop, compare) : std::nullopt;
    isExact &= trips.has_value();
    if (trips)
      count = TripCount{count ? sizes.min(count->size, *trips) : *trips};
  }
  if (count)
    count->isExact = isExact;
  return count;
}

} // namespace tgc
