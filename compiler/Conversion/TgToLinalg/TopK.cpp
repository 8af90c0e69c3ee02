//===- TopK.cpp - Lowering of the search for the largest elements ---------===//
//
// Each row is read once. The k best elements so far stand in the row of the results as a heap, the worst of
// them at the root; whoever is better than the root takes its place. At the end the heap is taken apart from
// the root, which leaves the row in descending order: O(n log k) steps, no memory but the results. Most
// elements are not better: a vector of them is compared with the root at once, and only those lanes that may
// be are looked at one by one. Of equal elements the one with the lower index is better. A NaN counts as
// larger than every number, so it is not lost.
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/TgToLinalg/Patterns.h"
#include "dialects/Kernel/IR/Independent.h"
#include "dialects/Tg/IR/ScalarBuilder.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace tgc::detail {
namespace {

/// Elements that are compared with the worst of the best at once: few, so that it is worse each time.
constexpr int64_t kLanes = 16;

/// An element and where it was.
struct Candidate {
  Value value, index;
};

/// The code of one row's search, at the insertion point of `b`. `values` and `indices` are the results so
/// far.
struct RowSearch {
  OpBuilder &b;
  Location loc;
  Type element;
  /// The indices of the row in the leading dimensions.
  ValueRange row;

  RowSearch at(OpBuilder &builder) const { return {builder, loc, element, row}; }

  Value constant(int64_t value) { return arith::ConstantIndexOp::create(b, loc, value); }
  Value add(Value x, Value y) { return arith::AddIOp::create(b, loc, x, y); }
  Value sub(Value x, Value y) { return arith::SubIOp::create(b, loc, x, y); }
  Value less(Value x, Value y) { return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, x, y); }
  Value both(Value x, Value y) { return arith::AndIOp::create(b, loc, x, y); }
  Value either(Value x, Value y) { return arith::OrIOp::create(b, loc, x, y); }
  Value choose(Value condition, Value x, Value y) { return arith::SelectOp::create(b, loc, condition, x, y); }

  Value isLarger(Value x, Value y) {
    tg::ScalarBuilder s(b, loc, element);
    Value larger = s.compare(tg::ComparisonDirection::GT, x, y);
    if (!s.isFloat())
      return larger;
    return either(larger, both(s.isNan(x), arith::CmpFOp::create(b, loc, arith::CmpFPredicate::ORD, y, y)));
  }

  /// Whether x comes before y in the result.
  Value isBetter(Candidate x, Candidate y) {
    Value comesFirst = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, x.index, y.index);
    Value isNotSmaller = arith::XOrIOp::create(b, loc, isLarger(y.value, x.value), createTrue());
    return either(isLarger(x.value, y.value), both(isNotSmaller, comesFirst));
  }
  Value createTrue() { return arith::ConstantOp::create(b, loc, b.getBoolAttr(true)); }

  SmallVector<Value> place(Value last) {
    SmallVector<Value> indices(row);
    indices.push_back(last);
    return indices;
  }
  Value read(Value tensor, Value last) { return tensor::ExtractOp::create(b, loc, tensor, place(last)); }
  Candidate read(ValueRange results, Value slot) { return {read(results[0], slot), read(results[1], slot)}; }
  SmallVector<Value> write(ValueRange results, Value slot, Candidate x) {
    return {tensor::InsertOp::create(b, loc, x.value, results[0], place(slot)),
            tensor::InsertOp::create(b, loc, x.index, results[1], place(slot))};
  }

  /// Element `i` of the operand, as a candidate.
  Candidate readOperand(Value x, Value i, Value indices) {
    Type indexType = cast<RankedTensorType>(indices.getType()).getElementType();
    return {read(x, i), arith::IndexCastOp::create(b, loc, indexType, i)};
  }

  /// Puts `x` into the heap of the first `size` slots in place of slot `hole`: children that are worse move
  /// up.
  SmallVector<Value> siftDown(ValueRange results, Value hole, Value size, Candidate x);

  /// Builds `for i = lower; i < upper` over the results.
  SmallVector<Value> forEach(Value lower, Value upper, ValueRange results,
                             function_ref<SmallVector<Value>(RowSearch, Value i, ValueRange results)> body) {
    auto loop = scf::ForOp::create(b, loc, lower, upper, constant(1), results,
                                   [&](OpBuilder &inner, Location l, Value i, ValueRange state) {
                                     scf::YieldOp::create(inner, l, body(at(inner), i, state));
                                   });
    return loop.getResults();
  }

  /// Lets the `i`th element of the row into the heap, if it is better than the root.
  SmallVector<Value> offer(Value x, Value i, Value k, ValueRange results);

  /// A bit for each of the elements from the `first`th on that may be better than the root.
  Value findHits(Value x, Value first, ValueRange results);

  /// The same for a vector of elements.
  SmallVector<Value> offerHits(Value x, Value first, Value k, ValueRange results);

  SmallVector<Value> run(Value x, Value size, Value k, ValueRange results);
};

SmallVector<Value> RowSearch::siftDown(ValueRange results, Value hole, Value size, Candidate x) {
  Type indexType = b.getIndexType(), valueType = x.value.getType(), positionType = x.index.getType();
  SmallVector<Type> before{results[0].getType(), results[1].getType(), indexType}, after(before);
  after.append({indexType, valueType, positionType});
  auto loop = scf::WhileOp::create(
      b, loc, after, ValueRange{results[0], results[1], hole},
      [&](OpBuilder &inner, Location l, ValueRange state) {
        RowSearch s = at(inner);
        // Children that do not exist are read as the last slot, which does.
        Value left = s.add(s.add(state[2], state[2]), s.constant(1)), last = s.sub(size, s.constant(1));
        Value first = arith::MinSIOp::create(inner, l, left, last);
        Value second = arith::MinSIOp::create(inner, l, s.add(left, s.constant(1)), last);
        Candidate a = s.read(state, first), c = s.read(state, second);
        Value secondIsWorse = s.isBetter(a, c);
        Candidate child{s.choose(secondIsWorse, c.value, a.value), s.choose(secondIsWorse, c.index, a.index)};
        Value goesOn = s.both(s.less(left, size), s.isBetter(x, child));
        scf::ConditionOp::create(inner, l, goesOn,
                                 ValueRange{state[0], state[1], state[2],
                                            s.choose(secondIsWorse, second, first), child.value,
                                            child.index});
      },
      [&](OpBuilder &inner, Location l, ValueRange state) {
        SmallVector<Value> next = at(inner).write(state.take_front(2), state[2], {state[4], state[5]});
        next.push_back(state[3]);
        scf::YieldOp::create(inner, l, next);
      });
  return write(loop.getResults().take_front(2), loop.getResult(2), x);
}

SmallVector<Value> RowSearch::offer(Value x, Value i, Value k, ValueRange results) {
  Candidate candidate = readOperand(x, i, results[1]);
  Value enters = isLarger(candidate.value, read(results[0], constant(0)));
  auto choice = scf::IfOp::create(
      b, loc, enters,
      [&](OpBuilder &inner, Location l) {
        RowSearch t = at(inner);
        scf::YieldOp::create(inner, l, t.siftDown(results, t.constant(0), k, candidate));
      },
      [&](OpBuilder &inner, Location l) { scf::YieldOp::create(inner, l, results); });
  return choice.getResults();
}

Value RowSearch::findHits(Value x, Value first, ValueRange results) {
  Type type = cast<RankedTensorType>(x.getType()).getElementType();
  auto vectorType = VectorType::get({kLanes}, type);
  Value elements = vector::TransferReadOp::create(b, loc, vectorType, x, place(first),
                                                  arith::ConstantOp::create(b, loc, b.getZeroAttr(type)),
                                                  ArrayRef<bool>{true});
  Value root = vector::BroadcastOp::create(b, loc, vectorType, read(results[0], constant(0)));
  Value hits;
  // A NaN on either side is a hit.
  if (isa<FloatType>(type))
    hits = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UGT, elements, root);
  else
    hits = arith::CmpIOp::create(
        b, loc, element.isUnsignedInteger() ? arith::CmpIPredicate::ugt : arith::CmpIPredicate::sgt, elements,
        root);
  Value bits = vector::BitCastOp::create(b, loc, VectorType::get({1}, b.getIntegerType(kLanes)), hits);
  return vector::ExtractOp::create(b, loc, bits, ArrayRef<int64_t>{0});
}

SmallVector<Value> RowSearch::offerHits(Value x, Value first, Value k, ValueRange results) {
  Value hits = findHits(x, first, results);
  SmallVector<Type> types{results[0].getType(), results[1].getType(), hits.getType()};
  Type bitsType = hits.getType();
  auto loop = scf::WhileOp::create(
      b, loc, types, ValueRange{results[0], results[1], hits},
      [&](OpBuilder &inner, Location l, ValueRange state) {
        Value none = arith::ConstantOp::create(inner, l, inner.getIntegerAttr(bitsType, 0));
        Value isLeft = arith::CmpIOp::create(inner, l, arith::CmpIPredicate::ne, state[2], none);
        scf::ConditionOp::create(inner, l, isLeft, state);
      },
      [&](OpBuilder &inner, Location l, ValueRange state) {
        RowSearch s = at(inner);
        Value lane = math::CountTrailingZerosOp::create(inner, l, state[2]);
        Value i = s.add(first, arith::IndexCastUIOp::create(inner, l, inner.getIndexType(), lane));
        SmallVector<Value> next = s.offer(x, i, k, state.take_front(2));
        Value one = arith::ConstantOp::create(inner, l, inner.getIntegerAttr(bitsType, 1));
        next.push_back(s.both(state[2], s.sub(state[2], one)));
        scf::YieldOp::create(inner, l, next);
      });
  return {loop.getResult(0), loop.getResult(1)};
}

SmallVector<Value> RowSearch::run(Value x, Value size, Value k, ValueRange results) {
  Value zero = constant(0), one = constant(1);
  auto filled = forEach(zero, k, results, [&](RowSearch s, Value i, ValueRange state) {
    return s.write(state, i, s.readOperand(x, i, state[1]));
  });
  // Slots k / 2 - 1, ..., 0 have children.
  Value parents = arith::ShRUIOp::create(b, loc, k, one);
  auto heap = forEach(zero, parents, filled, [&](RowSearch s, Value i, ValueRange state) {
    Value slot = s.sub(s.sub(parents, s.constant(1)), i);
    return s.siftDown(state, slot, k, s.read(state, slot));
  });
  // A heap of nothing has no root to compare with.
  Value end = choose(less(zero, k), size, zero);
  Value lanes = constant(kLanes), left = arith::MaxSIOp::create(b, loc, sub(end, k), zero);
  Value whole = arith::DivUIOp::create(b, loc, left, lanes);
  auto vectors = forEach(zero, whole, heap, [&](RowSearch s, Value block, ValueRange state) {
    Value first = s.add(k, arith::MulIOp::create(s.b, loc, block, lanes));
    return s.offerHits(x, first, k, state);
  });
  Value rest = add(k, arith::MulIOp::create(b, loc, whole, lanes));
  auto best = forEach(rest, end, vectors,
                      [&](RowSearch s, Value i, ValueRange state) { return s.offer(x, i, k, state); });
  return forEach(one, arith::MaxSIOp::create(b, loc, k, one), best,
                 [&](RowSearch s, Value i, ValueRange state) {
                   Value last = s.sub(k, i);
                   Candidate worst = s.read(state, s.constant(0)), moved = s.read(state, last);
                   return s.siftDown(s.write(state, last, worst), s.constant(0), last, moved);
                 });
}

struct LowerTopK : OpConversionPattern<tg::TopKOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(tg::TopKOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Type element = cast<RankedTensorType>(op.getX().getType()).getElementType();
    Value x = adaptor.getX(),
          empty[] = {createEmptyResult(rewriter, op, 0), createEmptyResult(rewriter, op, 1)};
    SmallVector<Value> sizes = getValueOrCreateConstantIndexOp(rewriter, loc, tg::getSizes(rewriter, loc, x));
    Value size = sizes.pop_back_val();
    Value zero = arith::ConstantIndexOp::create(rewriter, loc, 0),
          one = arith::ConstantIndexOp::create(rewriter, loc, 1);
    SmallVector<Value> lower(sizes.size(), zero), steps(sizes.size(), one);
    auto nest = scf::buildLoopNest(
        rewriter, loc, lower, sizes, steps, empty,
        [&](OpBuilder &b, Location l, ValueRange row, ValueRange state) -> scf::ValueVector {
          SmallVector<Value> found = RowSearch{b, l, element, row}.run(x, size, adaptor.getK(), state);
          return {found.begin(), found.end()};
        });
    for (scf::ForOp loop : nest.loops)
      loop->setDiscardableAttr(kernel::kIndependentAttr, rewriter.getUnitAttr());
    rewriter.replaceOp(op, nest.results);
    return success();
  }
};

} // namespace

void populateTopKPatterns(const TypeConverter &converter, RewritePatternSet &patterns) {
  patterns.add<LowerTopK>(converter, patterns.getContext());
}

} // namespace tgc::detail
