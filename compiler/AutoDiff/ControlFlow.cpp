//===- ControlFlow.cpp - Gradients of conditions and loops ----------------===//
//
// A condition's gradient is a condition of the same predicate, each region of which computes its own branch again and walks
// back over it. A loop's gradient is a loop that runs the other way: the forward loop keeps what it carries into each iteration
// on stacks (those that the way back reads), and an iteration of the backward loop computes the forward one again and walks back
// over it. The stacks are as long as the loop runs, which a loop before it counts: only what its condition needs is computed
// there.
//
//===----------------------------------------------------------------------===//

#include "compiler/AutoDiff/ControlFlow.h"
#include "dialects/Tg/IR/GradientBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;

namespace tgc {
namespace {

bool isContinuous(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && isa<FloatType, ComplexType>(tensor.getElementType());
}

/// What the regions of an op use from outside and gradients flow to.
SmallVector<Value> getActiveCaptures(const ReverseSweep &sweep, Operation *op) {
  llvm::SetVector<Value> captured;
  getUsedValuesDefinedAbove(op->getRegions(), captured);
  return llvm::filter_to_vector(captured, [&](Value value) { return sweep.activity.isActive(value); });
}

/// Clones the ops of a block but its terminator. Checks have been made by then.
void cloneOps(OpBuilder &builder, Block &block, IRMapping &map, llvm::function_ref<bool(Operation *)> isWanted) {
  for (Operation &op : block.without_terminator())
    if (isWanted(&op))
      builder.clone(op, map);
}

bool isNoCheck(Operation *op) { return !isa<tg::CheckOp>(op); }

/// Erases what computes nothing that is used.
void eraseDeadOps(Block &block) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
    if (isOpTriviallyDead(&op))
      op.erase();
}

//===----------------------------------------------------------------------===//
// Conditions
//===----------------------------------------------------------------------===//

LogicalResult differentiateIf(ReverseSweep &sweep, tg::IfOp op, ArrayRef<Value> incoming) {
  OpBuilder &builder = sweep.builder;
  SmallVector<Value> captures = getActiveCaptures(sweep, op);
  auto backward = tg::IfOp::create(builder, op.getLoc(), ValueRange(captures).getTypes(), op.getCondition());
  for (auto [from, to] : llvm::zip_equal(op->getRegions(), backward->getRegions())) {
    OpBuilder::InsertionGuard guard(builder);
    builder.createBlock(&to);
    IRMapping map;
    cloneOps(builder, from.front(), map, isNoCheck);
    SmallVector<Value> ys = llvm::map_to_vector(from.front().getTerminator()->getOperands(),
                                                [&](Value value) { return map.lookupOrDefault(value); });
    tg::Activity activity(ys, captures, &to);
    ReverseSweep branch(builder, activity);
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
    tg::YieldOp::create(builder, op.getLoc(), results);
    eraseDeadOps(to.front());
  }
  for (auto [captured, gradient] : llvm::zip_equal(captures, backward.getResults()))
    sweep.add(captured, gradient, op.getLoc());
  return success();
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

/// A loop like `op` that carries more. `extend` gets the carried values at the start of an iteration and the further ones, and
/// returns the next of these.
tg::WhileOp cloneWithMore(OpBuilder &builder, tg::WhileOp op, ValueRange inits,
                          llvm::function_ref<SmallVector<Value>(ValueRange carried, ValueRange further)> extend) {
  SmallVector<Value> all(op.getInits());
  llvm::append_range(all, inits);
  auto loop = tg::WhileOp::create(builder, op.getLoc(), ValueRange(all).getTypes(), all);
  SmallVector<Location> locs(all.size(), op.getLoc());
  unsigned count = op.getInits().size();
  for (auto [from, to] : llvm::zip_equal(op->getRegions(), loop->getRegions())) {
    OpBuilder::InsertionGuard guard(builder);
    Block *block = builder.createBlock(&to, {}, ValueRange(all).getTypes(), locs);
    IRMapping map;
    ValueRange carried = block->getArguments().take_front(count), further = block->getArguments().drop_front(count);
    map.map(from.getArguments(), carried);
    bool isBody = &to == &loop.getBodyRegion();
    SmallVector<Value> next = isBody ? extend(carried, further) : SmallVector<Value>();
    cloneOps(builder, from.front(), map, [](Operation *) { return true; });
    SmallVector<Value> yielded =
        llvm::map_to_vector(from.front().getTerminator()->getOperands(), [&](Value value) { return map.lookupOrDefault(value); });
    llvm::append_range(yielded, next);
    tg::YieldOp::create(builder, op.getLoc(), yielded);
  }
  return loop;
}

/// Marks the ops of a block, and those of its arguments, that values of it depend on.
void collectNeeded(ValueRange values, Block &block, llvm::DenseSet<Operation *> &ops, llvm::BitVector &arguments) {
  SmallVector<Value> pending(values);
  while (!pending.empty()) {
    Value value = pending.pop_back_val();
    if (auto argument = dyn_cast<BlockArgument>(value); argument && argument.getOwner() == &block)
      arguments.set(argument.getArgNumber());
    Operation *op = value.getDefiningOp();
    if (!op || op->getBlock() != &block || !ops.insert(op).second)
      continue;
    llvm::append_range(pending, op->getOperands());
    llvm::SetVector<Value> captured;
    getUsedValuesDefinedAbove(op->getRegions(), captured);
    llvm::append_range(pending, captured);
  }
}

/// How often the loop runs: a loop of what its condition needs.
Value countIterations(OpBuilder &builder, tg::WhileOp op) {
  Location loc = op.getLoc();
  llvm::DenseSet<Operation *> needed;
  llvm::BitVector carried(op.getInits().size());
  collectNeeded(op.getCondYield().getValues(), *op.getCond(), needed, carried);
  for (llvm::BitVector before; before != carried;) {
    before = carried;
    SmallVector<Value> next;
    for (unsigned i : before.set_bits())
      next.push_back(op.getBodyYield().getValues()[i]);
    collectNeeded(next, *op.getBody(), needed, carried);
  }
  // Data that decides is computed with the checks that guard it; of counters nothing can go wrong.
  bool onlyCounts = llvm::all_of(carried.set_bits(), [&](unsigned i) { return !isa<RankedTensorType>(op.getInits()[i].getType()); });
  auto isWanted = [&](Operation *inner) { return !onlyCounts || needed.contains(inner); };
  if (!onlyCounts)
    carried.set();
  SmallVector<Value> inits;
  for (unsigned i : carried.set_bits())
    inits.push_back(op.getInits()[i]);
  inits.push_back(arith::ConstantIndexOp::create(builder, loc, 0));
  auto loop = tg::WhileOp::create(builder, loc, ValueRange(inits).getTypes(), inits);
  SmallVector<Location> locs(inits.size(), loc);
  for (auto [from, to] : llvm::zip_equal(op->getRegions(), loop->getRegions())) {
    OpBuilder::InsertionGuard guard(builder);
    Block *block = builder.createBlock(&to, {}, ValueRange(inits).getTypes(), locs);
    IRMapping map;
    for (auto [place, i] : llvm::enumerate(carried.set_bits()))
      map.map(from.getArgument(i), block->getArgument(place));
    cloneOps(builder, from.front(), map, isWanted);
    SmallVector<Value> yielded;
    ValueRange values = from.front().getTerminator()->getOperands();
    if (&to == &loop.getCondRegion()) {
      yielded.push_back(map.lookupOrDefault(values[0]));
    } else {
      for (unsigned i : carried.set_bits())
        yielded.push_back(map.lookupOrDefault(values[i]));
      Value one = arith::ConstantIndexOp::create(builder, loc, 1);
      yielded.push_back(arith::AddIOp::create(builder, loc, block->getArguments().back(), one));
    }
    tg::YieldOp::create(builder, loc, yielded);
  }
  return loop.getResults().back();
}

/// Differentiates one loop.
class LoopGradient {
public:
  LoopGradient(ReverseSweep &sweep, tg::WhileOp op)
      : sweep(sweep), builder(sweep.builder), op(op), loc(op.getLoc()), words(builder, op, none) {}

  LogicalResult run(ArrayRef<Value> incoming);

private:
  void findActive();
  RankedTensorType getStackType(Type carried);
  Value load(Value stack, Value at, unsigned i);
  Value store(Value stack, Value at, Value value);
  LogicalResult buildBackward(ArrayRef<Value> incoming);
  void buildForward();

  ReverseSweep &sweep;
  OpBuilder &builder;
  tg::WhileOp op;
  Location loc;
  llvm::SmallBitVector none;
  tg::GradientBuilder words;
  SmallVector<Value> captures;   ///< active values from outside
  llvm::BitVector isActive;      ///< carried values that gradients flow through
  Value count;                   ///< of iterations
  /// Stand in for the stacks until it is known which are read.
  SmallVector<UnrealizedConversionCastOp> stacks;
};

/// Carried values are active that are so at the start or become so in an iteration.
void LoopGradient::findActive() {
  unsigned size = op.getInits().size();
  isActive.resize(size);
  for (unsigned i = 0; i < size; ++i)
    isActive[i] = sweep.activity.isActive(op.getInits()[i]);
  for (llvm::BitVector before; before != isActive;) {
    before = isActive;
    SmallVector<Value> xs(captures);
    for (unsigned i : isActive.set_bits())
      xs.push_back(op.getBody()->getArgument(i));
    ValueRange next = op.getBodyYield().getValues();
    tg::Activity activity(next, xs, &op.getBodyRegion());
    for (unsigned i = 0; i < size; ++i)
      if (isContinuous(next[i].getType()) && activity.isActive(next[i]))
        isActive.set(i);
  }
}

/// Sizes and booleans stand on stacks as integers.
RankedTensorType LoopGradient::getStackType(Type carried) {
  auto tensor = dyn_cast<RankedTensorType>(carried);
  SmallVector<int64_t> shape{ShapedType::kDynamic};
  if (!tensor)
    return RankedTensorType::get(shape, carried.isIndex() ? Type(builder.getI64Type()) : carried);
  llvm::append_range(shape, tensor.getShape());
  return tensor.clone(shape);
}

/// What iteration `at` found as carried value `i`. Its sizes are those before the loop: the forward loop checks that.
Value LoopGradient::load(Value stack, Value at, unsigned i) {
  Value init = op.getInits()[i];
  Type type = init.getType();
  bool isTensor = isa<RankedTensorType>(type);
  SmallVector<OpFoldResult> sizes = isTensor ? words.getSizes(init) : SmallVector<OpFoldResult>(), whole{words.size(1)};
  llvm::append_range(whole, sizes);
  SmallVector<OpFoldResult> offsets(whole.size(), words.size(0));
  offsets[0] = at;
  Value element = words.reshape(words.slice(stack, offsets, whole), sizes);
  if (isTensor)
    return words.refine(element, type);
  Value scalar = tensor::ExtractOp::create(builder, loc, element, ValueRange());
  return type.isIndex() ? arith::IndexCastOp::create(builder, loc, type, scalar).getResult() : scalar;
}

Value LoopGradient::store(Value stack, Value at, Value value) {
  if (!isa<RankedTensorType>(value.getType())) {
    if (value.getType().isIndex())
      value = arith::IndexCastOp::create(builder, loc, builder.getI64Type(), value);
    value = tensor::FromElementsOp::create(builder, loc, RankedTensorType::get({}, value.getType()), value);
  }
  SmallVector<OpFoldResult> offsets(cast<RankedTensorType>(stack.getType()).getRank(), words.size(0));
  offsets[0] = at;
  return tg::InsertSliceOp::create(builder, loc, value, stack, offsets);
}

LogicalResult LoopGradient::buildBackward(ArrayRef<Value> incoming) {
  for (Value init : op.getInits())
    stacks.push_back(UnrealizedConversionCastOp::create(builder, loc, getStackType(init.getType()), ValueRange()));
  // Carried: the iteration, the gradients of the carried values, those of what is captured.
  SmallVector<Value> inits{count};
  for (unsigned i : isActive.set_bits())
    inits.push_back(incoming[i] ? incoming[i] : words.number(op.getResult(i), 0));
  for (Value captured : captures)
    inits.push_back(words.number(captured, 0));
  auto backward = tg::WhileOp::create(builder, loc, ValueRange(inits).getTypes(), inits);
  SmallVector<Location> locs(inits.size(), loc);
  {
    OpBuilder::InsertionGuard guard(builder);
    Block *cond = builder.createBlock(&backward.getCondRegion(), {}, ValueRange(inits).getTypes(), locs);
    Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
    Value isMore = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::sgt, cond->getArgument(0), zero);
    tg::YieldOp::create(builder, loc, isMore);

    Block *body = builder.createBlock(&backward.getBodyRegion(), {}, ValueRange(inits).getTypes(), locs);
    Value one = arith::ConstantIndexOp::create(builder, loc, 1);
    Value at = arith::SubIOp::create(builder, loc, body->getArgument(0), one);
    IRMapping map;
    SmallVector<Value> xs;
    for (unsigned i = 0; i < op.getInits().size(); ++i) {
      Value loaded = load(stacks[i].getResult(0), at, i);
      map.map(op.getBody()->getArgument(i), loaded);
      if (isActive[i])
        xs.push_back(loaded);
    }
    unsigned numCarried = xs.size();
    llvm::append_range(xs, captures);
    cloneOps(builder, *op.getBody(), map, isNoCheck);
    ValueRange next = op.getBodyYield().getValues();
    SmallVector<Value> ys = llvm::map_to_vector(next, [&](Value value) { return map.lookupOrDefault(value); });
    tg::Activity activity(ys, xs, &backward.getBodyRegion());
    ReverseSweep iteration(builder, activity);
    for (auto [captured, sum] : llvm::zip_equal(captures, body->getArguments().drop_front(1 + numCarried)))
      iteration.add(captured, sum, loc);
    for (auto [place, i] : llvm::enumerate(isActive.set_bits()))
      iteration.add(ys[i], body->getArgument(1 + place), loc);
    if (failed(iteration.run()))
      return failure();
    SmallVector<Value> yielded{at};
    for (Value x : xs) {
      Value gradient = iteration.get(x);
      yielded.push_back(gradient ? gradient : words.number(x, 0));
    }
    tg::YieldOp::create(builder, loc, yielded);
    // Sizes do not need the values.
    for (unsigned i = 0; i < op.getInits().size(); ++i) {
      Value loaded = map.lookup(op.getBody()->getArgument(i));
      for (Operation *user : llvm::make_early_inc_range(loaded.getUsers()))
        if (isa<tensor::DimOp>(user))
          user->setOperand(0, op.getInits()[i]);
    }
    eraseDeadOps(*body);
  }
  ValueRange results = backward.getResults().drop_front();
  for (auto [place, i] : llvm::enumerate(isActive.set_bits()))
    sweep.add(op.getInits()[i], results[place], loc);
  for (auto [captured, gradient] : llvm::zip_equal(captures, results.drop_front(isActive.count())))
    sweep.add(captured, gradient, loc);
  return success();
}

/// Replaces the loop by one that keeps what the backward loop reads.
void LoopGradient::buildForward() {
  SmallVector<unsigned> kept;
  for (auto [i, stack] : llvm::enumerate(stacks))
    if (!stack.getResult(0).use_empty())
      kept.push_back(i);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPoint(op);
  SmallVector<Value> inits{arith::ConstantIndexOp::create(builder, loc, 0)};
  for (unsigned i : kept) {
    SmallVector<OpFoldResult> sizes{count};
    Value init = op.getInits()[i];
    if (isa<RankedTensorType>(init.getType()))
      llvm::append_range(sizes, words.getSizes(init));
    auto type = cast<RankedTensorType>(stacks[i].getResult(0).getType());
    inits.push_back(words.refine(words.zeros(sizes, type.getElementType()), type));
  }
  auto forward = cloneWithMore(builder, op, inits, [&](ValueRange carried, ValueRange further) {
    Value at = further.front(), one = arith::ConstantIndexOp::create(builder, loc, 1);
    SmallVector<Value> next{arith::AddIOp::create(builder, loc, at, one)};
    for (auto [place, i] : llvm::enumerate(kept)) {
      Value value = carried[i];
      auto type = dyn_cast<RankedTensorType>(value.getType());
      for (int64_t dim = 0; type && dim < type.getRank(); ++dim) {
        if (!type.isDynamicDim(dim))
          continue;
        Value now = tensor::DimOp::create(builder, loc, value, dim), before = tensor::DimOp::create(builder, loc, op.getInits()[i], dim);
        Value isSame = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, now, before);
        constexpr int32_t unimplemented = 12;
        tg::CheckOp::create(builder, loc, isSame, unimplemented,
                            "the gradient of a loop needs tensors of one size: an iteration found %d elements in dimension " +
                                std::to_string(dim) + ", the first %d",
                            ValueRange{now, before});
      }
      next.push_back(store(further[1 + place], at, value));
    }
    return next;
  });
  for (auto [place, i] : llvm::enumerate(kept))
    stacks[i].getResult(0).replaceAllUsesWith(forward.getResult(op.getNumResults() + 1 + place));
  for (UnrealizedConversionCastOp stack : stacks)
    stack.erase();
  ValueRange results = forward.getResults().take_front(op.getNumResults());
  for (auto [from, to] : llvm::zip_equal(op.getResults(), results))
    sweep.replace(from, to);
  op.replaceAllUsesWith(results);
  op.erase();
}

LogicalResult LoopGradient::run(ArrayRef<Value> incoming) {
  captures = getActiveCaptures(sweep, op);
  findActive();
  {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPoint(op);
    count = countIterations(builder, op);
  }
  if (failed(buildBackward(incoming)))
    return failure();
  buildForward();
  return success();
}

} // namespace

LogicalResult differentiateRegions(ReverseSweep &sweep, Operation *op, ArrayRef<Value> incoming) {
  if (auto condition = dyn_cast<tg::IfOp>(op))
    return differentiateIf(sweep, condition, incoming);
  if (auto loop = dyn_cast<tg::WhileOp>(op))
    return LoopGradient(sweep, loop).run(incoming);
  return op->emitError() << "no gradient is known of " << op->getName();
}

} // namespace tgc
