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

/// `value` as a size that the loop carries plus a constant.
static std::optional<std::pair<unsigned, int64_t>> getCounter(tg::WhileOp loop, Value value) {
  int64_t offset = 0;
  if (auto sum = value.getDefiningOp<arith::AddIOp>())
    if (auto constant = getConstantIntValue(getAsOpFoldResult(sum.getRhs()))) {
      offset = *constant;
      value = sum.getLhs();
    }
  auto argument = dyn_cast<BlockArgument>(value);
  if (!argument || argument.getOwner() != loop.getCond() || !argument.getType().isIndex())
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

SmallVector<CounterTest> getCounterTests(tg::WhileOp loop, bool &hasOthers) {
  using Predicate = arith::CmpIPredicate;
  SmallVector<CounterTest> tests;
  hasOthers = false;
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
    auto counter = compare ? getCounter(loop, compare.getLhs()) : std::nullopt;
    bool isOnTheRight = compare && !counter;
    if (isOnTheRight)
      counter = getCounter(loop, compare.getRhs());
    Predicate predicate = compare ? compare.getPredicate() : Predicate::eq;
    bool isLess = predicate == Predicate::slt || predicate == Predicate::sle;
    bool isMore = predicate == Predicate::sgt || predicate == Predicate::sge;
    if (!counter || !(isLess || isMore)) {
      hasOthers = true;
      continue;
    }
    bool includesBound = predicate == Predicate::sle || predicate == Predicate::sge;
    tests.push_back({isLess != isOnTheRight, includesBound, counter->first, counter->second,
                     &compare->getOpOperand(isOnTheRight ? 0 : 1)});
  }
  return tests;
}

bool isFromData(Value size) {
  Operation *op = size.getDefiningOp();
  if (!op || !isa<arith::ArithDialect>(op->getDialect()))
    return false;
  return isa<arith::IndexCastOp>(op) || llvm::any_of(op->getOperands(), isFromData);
}

/// Whether a size is data of 64 bits, or as far from zero as that.
static bool isWide(Size size) {
  auto value = dyn_cast<Value>(size);
  Operation *op = value ? value.getDefiningOp() : nullptr;
  if (!op || !isa<arith::ArithDialect>(op->getDialect()))
    return std::abs(static_cast<double>(IndexBuilder::getConstant(size).value_or(0))) >= 0x1p62;
  if (auto cast = dyn_cast<arith::IndexCastOp>(op))
    return cast.getIn().getType().isInteger(64);
  return llvm::any_of(op->getOperands(), [](Value operand) { return isWide(getAsOpFoldResult(operand)); });
}

/// How many steps lead from `from` to `to` or beyond; none if it is there. As many as there are numbers if
/// there are more.
static Size countSteps(IndexBuilder &sizes, OpBuilder &builder, Size from, Size to, int64_t step) {
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  Size zero = sizes.constant(0), one = sizes.constant(1);
  if (!isWide(from) && !isWide(to))
    return sizes.max(sizes.ceilDiv(sizes.sub(to, from), sizes.constant(step)), zero);
  std::optional<int64_t> first = IndexBuilder::getConstant(from), last = IndexBuilder::getConstant(to);
  if (first && last) {
    uint64_t distance = static_cast<uint64_t>(*last) - static_cast<uint64_t>(*first);
    uint64_t steps = *last <= *first ? 0 : (distance - 1) / static_cast<uint64_t>(step) + 1;
    return sizes.constant(static_cast<int64_t>(std::min<uint64_t>(steps, kMost)));
  }
  // The distance, where there is one, fits into 64 bits without a sign.
  Value before = sizes.get(sizes.sub(sizes.sub(to, from), one));
  Value quotient = arith::DivUIOp::create(builder, sizes.loc(), before, sizes.get(sizes.constant(step)));
  Size steps = sizes.add(quotient, one);
  steps = sizes.select(sizes.compare(arith::CmpIPredicate::sgt, steps, zero), steps, sizes.constant(kMost));
  return sizes.select(sizes.compare(arith::CmpIPredicate::sgt, to, from), steps, zero);
}

/// The trip count of a loop with this comparison as its condition. Builds before the loop.
static std::optional<Size> getTripCount(IndexBuilder &sizes, OpBuilder &builder, tg::WhileOp loop,
                                        const CounterTest &test) {
  constexpr int64_t kLeast = std::numeric_limits<int64_t>::min(), kMost = std::numeric_limits<int64_t>::max();
  int64_t step = getCounterStep(loop, test.counter);
  if (!step || test.isLess != (step > 0) || step == kLeast)
    return std::nullopt;
  Value rhs = computeBefore(builder, loop, test.bound->get());
  if (!rhs)
    return std::nullopt;
  Size bound = getAsOpFoldResult(rhs), start = getAsOpFoldResult(loop.getInits()[test.counter]);
  auto known = IndexBuilder::getConstant(bound), knownStart = IndexBuilder::getConstant(start);
  int64_t end = test.isLess ? kMost : kLeast;
  if (test.includesBound && known == end)
    return std::nullopt; // it always holds
  if (known)
    bound = sizes.constant(*known);
  // Constants beyond what 64 bits hold: no count.
  int64_t begin = 0;
  if (knownStart && llvm::AddOverflow(*knownStart, test.offset, begin))
    return std::nullopt;
  start = knownStart ? sizes.constant(begin) : sizes.add(start, sizes.constant(test.offset));
  if (test.includesBound && isWide(bound))
    bound = test.isLess ? sizes.min(bound, sizes.constant(kMost - 1))
                        : sizes.max(bound, sizes.constant(kLeast + 1));
  if (test.includesBound)
    bound = sizes.add(bound, sizes.constant(test.isLess ? 1 : -1));
  return test.isLess ? countSteps(sizes, builder, start, bound, step)
                     : countSteps(sizes, builder, bound, start, -step);
}

std::optional<TripCount> getTripCount(IndexBuilder &sizes, OpBuilder &builder, tg::WhileOp loop) {
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPoint(loop);
  std::optional<TripCount> count;
  bool hasOthers = false;
  bool isExact = true;
  for (const CounterTest &test : getCounterTests(loop, hasOthers)) {
    auto trips = getTripCount(sizes, builder, loop, test);
    isExact &= trips.has_value();
    if (trips)
      count = TripCount{count ? sizes.min(count->size, *trips) : *trips};
  }
  if (count)
    count->isExact = isExact && !hasOthers;
  return count;
}

void keepWrapping(IndexBuilder &sizes, OpBuilder &builder, tg::WhileOp loop, unsigned counter, Type type) {
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPoint(loop);
  bool hasOthers = false;
  int64_t step = getCounterStep(loop, counter);
  for (const CounterTest &test : getCounterTests(loop, hasOthers)) {
    bool staysInside = !test.includesBound && std::abs(step) == 1 && test.offset == 0;
    if (test.counter != counter || staysInside || !isFromData(test.bound->get()))
      continue;
    auto trips = getTripCount(sizes, builder, loop, test);
    Value bound = trips ? computeBefore(builder, loop, test.bound->get()) : nullptr;
    if (!bound)
      continue;
    unsigned width = type.getIntOrFloatBitWidth();
    Size last = sizes.add(loop.getInits()[counter], sizes.mul(*trips, sizes.constant(step)));
    Value wraps = test.isLess
                      ? sizes.compare(arith::CmpIPredicate::sgt, last, sizes.constant(llvm::maxIntN(width)))
                      : sizes.compare(arith::CmpIPredicate::slt, last, sizes.constant(llvm::minIntN(width)));
    Size never = sizes.constant(test.isLess ? std::numeric_limits<int64_t>::max()
                                            : std::numeric_limits<int64_t>::min());
    test.bound->set(sizes.get(sizes.select(wraps, never, bound)));
  }
}

} // namespace tgc
