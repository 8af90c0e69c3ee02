//===- LoopGradient.cpp - Gradients of loops ------------------------------===//
//
// A loop's gradient is a loop that runs the other way: the forward loop keeps what it carries into each
// iteration on stacks (those that the way back reads), and an iteration of the backward loop computes the
// forward one again and walks back over it. Where the condition depends on counters alone, a loop before it
// counts how long the stacks will be; else they grow. Tensors of one size are the rows of their stack. Others
// lie one behind the other, and a second stack says where and of what sizes.
//
//===----------------------------------------------------------------------===//

#include "compiler/AutoDiff/Regions.h"
#include "dialects/Tg/IR/GradientBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;

namespace tgc {
namespace {

bool isContinuous(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && isa<FloatType, ComplexType>(tensor.getElementType());
}

/// A loop like `op` that carries more. `extend` gets the carried values at the start of an iteration and the
/// further ones, and returns the next of these.
tg::WhileOp
cloneWithMore(OpBuilder &builder, tg::WhileOp op, ValueRange inits,
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
    ValueRange carried = block->getArguments().take_front(count),
               further = block->getArguments().drop_front(count);
    map.map(from.getArguments(), carried);
    bool isBody = &to == &loop.getBodyRegion();
    SmallVector<Value> next = isBody ? extend(carried, further) : SmallVector<Value>();
    cloneOps(builder, from.front(), map, [](Operation *) { return true; });
    SmallVector<Value> yielded = llvm::map_to_vector(from.front().getTerminator()->getOperands(),
                                                     [&](Value value) { return map.lookupOrDefault(value); });
    llvm::append_range(yielded, next);
    tg::YieldOp::create(builder, op.getLoc(), yielded);
  }
  return loop;
}

/// Differentiates one loop.
class LoopGradient {
public:
  LoopGradient(ReverseSweep &sweep, tg::WhileOp op)
      : sweep(sweep), builder(sweep.builder), op(op), loc(op.getLoc()), words(builder, op, none) {}

  LogicalResult run(ArrayRef<Value> incoming);

private:
  void findActive();
  /// What the forward loop keeps of one carried value. The casts stand in for the stacks until it is known
  /// which are read.
  struct Stack {
    UnrealizedConversionCastOp
        elements; ///< a row per iteration; the elements of all iterations if `places` is there
    UnrealizedConversionCastOp places; ///< where the iteration's elements begin, and the sizes
  };
  RankedTensorType getStackType(Type carried);
  Value load(Stack stack, Value at, unsigned i);
  Value loadRow(Value stack, Value at, ArrayRef<OpFoldResult> sizes);
  Value createStack(RankedTensorType type, OpFoldResult rows, Value like);
  Value insert(Value part, Value stack, Value at);
  Value makeRoom(Value stack, Value needed);
  void checkSizes(Value value, Value first);
  Value storePlace(Value stack, Value at, Value used, Value value);
  LogicalResult buildBackward(ArrayRef<Value> incoming);
  void buildForward();

  ReverseSweep &sweep;
  OpBuilder &builder;
  tg::WhileOp op;
  Location loc;
  llvm::SmallBitVector none;
  tg::GradientBuilder words;
  SmallVector<Value> captures;    ///< active values from outside
  SmallVector<Value> rowCaptures; ///< those of which rows are read
  llvm::BitVector isActive;       ///< carried values that gradients flow through
  Value count; ///< of iterations; stood in for by `laterCount` where the forward loop finds it out
  UnrealizedConversionCastOp laterCount;
  SmallVector<Stack> stacks;
};

/// Carried values are active that are so at the start or become so in an iteration.
void LoopGradient::findActive() {
  unsigned size = op.getInits().size();
  isActive.resize(size);
  for (unsigned i = 0; i < size; ++i)
    isActive[i] = sweep.activity.isActive(op.getInits()[i]);
  for (llvm::BitVector before; before != isActive;) {
    before = isActive;
    SmallVector<Value> xs = llvm::to_vector(llvm::concat<Value>(captures, rowCaptures));
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

Value LoopGradient::loadRow(Value stack, Value at, ArrayRef<OpFoldResult> sizes) {
  SmallVector<OpFoldResult> whole{words.size(1)};
  llvm::append_range(whole, sizes);
  SmallVector<OpFoldResult> offsets(whole.size(), words.size(0));
  offsets[0] = at;
  return words.reshape(words.slice(stack, offsets, whole), sizes);
}

/// What iteration `at` found as carried value `i`.
Value LoopGradient::load(Stack stack, Value at, unsigned i) {
  Value init = op.getInits()[i], elements = stack.elements.getResult(0);
  auto type = dyn_cast<RankedTensorType>(init.getType());
  if (!type) {
    Value scalar = tensor::ExtractOp::create(builder, loc, loadRow(elements, at, {}), ValueRange());
    return init.getType().isIndex()
               ? arith::IndexCastOp::create(builder, loc, init.getType(), scalar).getResult()
               : scalar;
  }
  // The forward loop has checked that the sizes are those before the loop.
  if (!stack.places)
    return words.refine(loadRow(elements, at, words.getSizes(init)), type);
  Value place = loadRow(stack.places.getResult(0), at, {words.size(type.getRank() + 1)});
  SmallVector<OpFoldResult> numbers;
  for (int64_t k = 0; k <= type.getRank(); ++k) {
    Value which = arith::ConstantIndexOp::create(builder, loc, k);
    Value number = tensor::ExtractOp::create(builder, loc, place, which);
    bool isKnown = k > 0 && !type.isDynamicDim(k - 1);
    numbers.push_back(
        isKnown ? words.size(type.getDimSize(k - 1))
                : OpFoldResult(
                      arith::IndexCastOp::create(builder, loc, builder.getIndexType(), number).getResult()));
  }
  ArrayRef<OpFoldResult> sizes = ArrayRef(numbers).drop_front();
  return words.refine(words.reshape(words.slice(elements, numbers.front(), words.product(sizes)), sizes),
                      type);
}

/// With `rows` rows of the sizes of `like`, or that many times its elements.
Value LoopGradient::createStack(RankedTensorType type, OpFoldResult rows, Value like) {
  SmallVector<OpFoldResult> sizes{rows}, element;
  if (isa<RankedTensorType>(like.getType()))
    element = words.getSizes(like);
  if (type.getRank() == static_cast<int64_t>(element.size()) + 1)
    llvm::append_range(sizes, element);
  else
    sizes[0] = words.mulSizes(rows, words.product(element));
  return words.refine(words.zeros(sizes, type.getElementType()), type);
}

/// Puts a row, or elements, where `at` says.
Value LoopGradient::insert(Value part, Value stack, Value at) {
  if (!isa<RankedTensorType>(part.getType())) {
    if (part.getType().isIndex())
      part = arith::IndexCastOp::create(builder, loc, builder.getI64Type(), part);
    part = tensor::FromElementsOp::create(builder, loc, RankedTensorType::get({}, part.getType()), part);
  }
  SmallVector<OpFoldResult> offsets(cast<RankedTensorType>(stack.getType()).getRank(), words.size(0));
  offsets[0] = at;
  return tg::InsertSliceOp::create(builder, loc, part, stack, offsets);
}

/// The stack, or one at least twice as long that begins with it.
Value LoopGradient::makeRoom(Value stack, Value needed) {
  Value zero = arith::ConstantIndexOp::create(builder, loc, 0),
        rows = tensor::DimOp::create(builder, loc, stack, zero);
  Value isEnough = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::sle, needed, rows);
  auto choice = tg::IfOp::create(builder, loc, TypeRange{stack.getType()}, isEnough);
  OpBuilder::InsertionGuard guard(builder);
  builder.createBlock(&choice.getThenRegion());
  tg::YieldOp::create(builder, loc, stack);
  builder.createBlock(&choice.getElseRegion());
  Value twice = arith::AddIOp::create(builder, loc, rows, rows),
        more = arith::MaxSIOp::create(builder, loc, twice, needed);
  SmallVector<OpFoldResult> sizes = words.getSizes(stack), start(sizes.size(), words.size(0));
  sizes[0] = more;
  auto type = cast<RankedTensorType>(stack.getType());
  Value longer = words.refine(words.zeros(sizes, type.getElementType()), type);
  tg::YieldOp::create(builder, loc,
                      tg::InsertSliceOp::create(builder, loc, stack, longer, start).getResult());
  return choice.getResult(0);
}

void LoopGradient::checkSizes(Value value, Value first) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  for (int64_t dim = 0; type && dim < type.getRank(); ++dim) {
    if (!type.isDynamicDim(dim))
      continue;
    Value now = tensor::DimOp::create(builder, loc, value, dim),
          before = tensor::DimOp::create(builder, loc, first, dim);
    Value isSame = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, now, before);
    tg::CheckOp::create(builder, loc, isSame, tg::StatusCode::Internal,
                        "the gradient of a loop took a tensor for one of constant sizes: an iteration found "
                        "%d elements in dimension " +
                            std::to_string(dim) + ", the first %d",
                        ValueRange{now, before});
  }
}

/// Notes where the elements of `value` begin and its sizes.
Value LoopGradient::storePlace(Value stack, Value at, Value used, Value value) {
  SmallVector<Value> numbers{used};
  for (int64_t dim = 0; dim < cast<RankedTensorType>(value.getType()).getRank(); ++dim)
    numbers.push_back(tensor::DimOp::create(builder, loc, value, dim));
  for (Value &number : numbers)
    number = arith::IndexCastOp::create(builder, loc, builder.getI64Type(), number);
  auto type = RankedTensorType::get({static_cast<int64_t>(numbers.size())}, builder.getI64Type());
  return insert(tensor::FromElementsOp::create(builder, loc, type, numbers), stack, at);
}

LogicalResult LoopGradient::buildBackward(ArrayRef<Value> incoming) {
  auto standIn = [&](Type type) {
    return UnrealizedConversionCastOp::create(builder, loc, type, ValueRange());
  };
  if (!count) {
    laterCount = standIn(builder.getIndexType());
    count = laterCount.getResult(0);
  }
  for (auto [i, init] : llvm::enumerate(op.getInits())) {
    RankedTensorType type = getStackType(init.getType());
    if (keepsSizes(builder, op, i)) {
      stacks.push_back({standIn(type), nullptr});
      continue;
    }
    SmallVector<int64_t> one{ShapedType::kDynamic};
    stacks.push_back(
        {standIn(type.clone(one)),
         standIn(RankedTensorType::get({ShapedType::kDynamic, type.getRank()}, builder.getI64Type()))});
  }
  // Carried: the iteration, the gradients of the carried values, those of what is captured, and the lists of
  // rows, which get longer.
  SmallVector<Value> inits{count};
  for (unsigned i : isActive.set_bits())
    inits.push_back(incoming[i] ? incoming[i] : words.number(op.getResult(i), 0));
  for (Value captured : captures)
    inits.push_back(words.number(captured, 0));
  for (Value captured : rowCaptures) {
    GradientRows none = getZeroRows(words, captured, words.size(0));
    inits.append({none.values, none.indices});
  }
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
      Value loaded = load(stacks[i], at, i);
      map.map(op.getBody()->getArgument(i), loaded);
      if (isActive[i])
        xs.push_back(loaded);
    }
    unsigned numCarried = xs.size();
    llvm::append_range(xs, captures);
    SmallVector<Value> allXs = llvm::to_vector(llvm::concat<Value>(xs, rowCaptures));
    cloneOps(builder, *op.getBody(), map, isNoCheck);
    ValueRange next = op.getBodyYield().getValues();
    SmallVector<Value> ys =
        llvm::map_to_vector(next, [&](Value value) { return map.lookupOrDefault(value); });
    tg::Activity activity(ys, allXs, &backward.getBodyRegion());
    ReverseSweep iteration(builder, activity, rowCaptures);
    iteration.checksNumerics = sweep.checksNumerics;
    for (auto [captured, sum] : llvm::zip(captures, body->getArguments().drop_front(1 + numCarried)))
      iteration.add(captured, sum, loc);
    addRowPairs(iteration, rowCaptures, body->getArguments().drop_front(1 + xs.size()));
    for (auto [place, i] : llvm::enumerate(isActive.set_bits()))
      iteration.add(ys[i], body->getArgument(1 + place), loc);
    if (failed(iteration.run()))
      return failure();
    SmallVector<Value> yielded{at};
    for (Value x : xs) {
      Value gradient = iteration.get(x);
      yielded.push_back(gradient ? gradient : words.number(x, 0));
    }
    for (Value captured : rowCaptures) {
      GradientRows rows = *iteration.getRows(captured, words);
      yielded.append({rows.values, rows.indices});
    }
    tg::YieldOp::create(builder, loc, yielded);
    // Sizes do not need the values.
    for (unsigned i = 0; i < op.getInits().size(); ++i) {
      Value loaded = map.lookup(op.getBody()->getArgument(i));
      if (stacks[i].places)
        continue;
      for (Operation *user : llvm::make_early_inc_range(loaded.getUsers()))
        if (isa<tensor::DimOp>(user))
          user->setOperand(0, op.getInits()[i]);
    }
    eraseDeadOps(*body);
  }
  ValueRange results = backward.getResults().drop_front();
  for (auto [place, i] : llvm::enumerate(isActive.set_bits()))
    sweep.add(op.getInits()[i], results[place], loc);
  results = results.drop_front(isActive.count());
  for (auto [captured, gradient] : llvm::zip(captures, results))
    sweep.add(captured, gradient, loc);
  addRowPairs(sweep, rowCaptures, results.drop_front(captures.size()));
  return success();
}

/// Replaces the loop by one that keeps what the backward loop reads.
void LoopGradient::buildForward() {
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPoint(op);
  constexpr int64_t firstRows = 8;
  OpFoldResult rows = laterCount ? words.size(firstRows) : OpFoldResult(count);
  // Carried: the iteration, then for each value the number of elements kept, if sizes differ, and its stacks.
  Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
  SmallVector<Value> inits{zero};
  SmallVector<UnrealizedConversionCastOp> readers{laterCount};
  auto isRead = [](UnrealizedConversionCastOp stack) { return stack && !stack.getResult(0).use_empty(); };
  auto carry = [&](Value init, UnrealizedConversionCastOp reader) {
    inits.push_back(init);
    readers.push_back(reader);
  };
  for (auto [i, stack] : llvm::enumerate(stacks)) {
    Value init = op.getInits()[i];
    auto typeOf = [](UnrealizedConversionCastOp reader) {
      return cast<RankedTensorType>(reader.getResult(0).getType());
    };
    if (stack.places && (isRead(stack.places) || isRead(stack.elements))) {
      carry(zero, nullptr);
      SmallVector<OpFoldResult> sizes{rows, words.size(typeOf(stack.places).getDimSize(1))};
      carry(words.refine(words.zeros(sizes, builder.getI64Type()), typeOf(stack.places)), stack.places);
    }
    if (isRead(stack.elements))
      carry(createStack(typeOf(stack.elements), rows, init), stack.elements);
  }
  auto forward = cloneWithMore(builder, op, inits, [&](ValueRange carried, ValueRange further) {
    Value at = further.front(), one = arith::ConstantIndexOp::create(builder, loc, 1);
    Value after = arith::AddIOp::create(builder, loc, at, one);
    SmallVector<Value> next{after};
    auto row = [&](Value stack) { return laterCount ? makeRoom(stack, after) : stack; };
    for (auto [i, stack] : llvm::enumerate(stacks)) {
      Value value = carried[i];
      if (stack.places && (isRead(stack.places) || isRead(stack.elements))) {
        Value used = further[next.size()], places = further[next.size() + 1];
        OpFoldResult count = words.product(words.getSizes(value));
        Value end = getValueOrCreateConstantIndexOp(builder, loc, words.addSizes(used, count));
        next.push_back(end);
        next.push_back(storePlace(row(places), at, used, value));
        if (isRead(stack.elements))
          next.push_back(insert(words.reshape(value, count), makeRoom(further[next.size()], end), used));
      } else if (isRead(stack.elements)) {
        checkSizes(value, op.getInits()[i]);
        next.push_back(insert(value, row(further[next.size()]), at));
      }
    }
    return next;
  });
  for (auto [place, reader] : llvm::enumerate(readers))
    if (reader)
      reader.getResult(0).replaceAllUsesWith(forward.getResult(op.getNumResults() + place));
  if (laterCount)
    laterCount.erase();
  for (Stack &stack : stacks) {
    stack.elements.erase();
    if (stack.places)
      stack.places.erase();
  }
  ValueRange results = forward.getResults().take_front(op.getNumResults());
  for (auto [from, to] : llvm::zip_equal(op.getResults(), results))
    sweep.replace(from, to);
  op.replaceAllUsesWith(results);
  op.erase();
}

LogicalResult LoopGradient::run(ArrayRef<Value> incoming) {
  auto active = getActiveCaptures(sweep, op);
  captures = active.whole;
  rowCaptures = active.byRows;
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

LogicalResult differentiateLoop(ReverseSweep &sweep, tg::WhileOp op, ArrayRef<Value> incoming) {
  return LoopGradient(sweep, op).run(incoming);
}

} // namespace tgc
