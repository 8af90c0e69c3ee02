//===- TopK.cpp - Lowering of the search for the largest elements ---------===//
//
// Each row is read once; an element that belongs to the k largest so far is inserted at its place among them,
// behind its equals. Random rows need about k log(n / k) insertions. A NaN counts as larger than every
// number, so it is not lost.
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/TgToLinalg/Patterns.h"
#include "dialects/Tg/IR/ScalarBuilder.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace tgc::detail {
namespace {

/// The scalar code of one search.
struct TopKBuilder {
  OpBuilder &b;
  Location loc;
  Type element;

  Value index(int64_t value) { return arith::ConstantIndexOp::create(b, loc, value); }
  Value equals(Value x, Value y) { return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, x, y); }
  Value less(Value x, Value y) { return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, x, y); }
  Value either(Value x, Value y) { return arith::OrIOp::create(b, loc, x, y); }
  Value choose(Value condition, Value x, Value y) { return arith::SelectOp::create(b, loc, condition, x, y); }

  Value isLarger(Value x, Value y) {
    tg::ScalarBuilder s(b, loc, element);
    Value larger = s.compare(tg::ComparisonDirection::GT, x, y);
    if (!s.isFloat())
      return larger;
    Value isNumber = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::ORD, y, y);
    return either(larger, arith::AndIOp::create(b, loc, s.isNan(x), isNumber));
  }

  /// The indices of element `last` of the row.
  static SmallVector<Value> at(ValueRange row, Value last) {
    SmallVector<Value> indices(row);
    indices.push_back(last);
    return indices;
  }

  /// Walks down the slots of the row: from the first one that holds less than the element (or nothing yet:
  /// slot `filled`) on, each takes what it gets and hands on what it held.
  ValueRange insertElement(ValueRange row, Value x, Value xIndex, Value filled, Value end,
                           ValueRange results) {
    Value isMoving = arith::ConstantOp::create(b, loc, b.getBoolAttr(false));
    auto loop = scf::ForOp::create(
        b, loc, index(0), end, index(1), ValueRange{results[0], results[1], x, xIndex, isMoving},
        [&](OpBuilder &inner, Location l, Value slot, ValueRange state) {
          TopKBuilder t{inner, l, element};
          SmallVector<Value> place = at(row, slot);
          Value held = tensor::ExtractOp::create(inner, l, state[0], place),
                heldIndex = tensor::ExtractOp::create(inner, l, state[1], place);
          Value takes = t.either(t.either(state[4], t.equals(slot, filled)), t.isLarger(state[2], held));
          Value values = tensor::InsertOp::create(inner, l, t.choose(takes, state[2], held), state[0], place);
          Value indices =
              tensor::InsertOp::create(inner, l, t.choose(takes, state[3], heldIndex), state[1], place);
          Value next = t.choose(takes, held, state[2]), nextIndex = t.choose(takes, heldIndex, state[3]);
          scf::YieldOp::create(inner, l, ValueRange{values, indices, next, nextIndex, takes});
        });
    return loop.getResults().take_front(2);
  }

  /// Searches the row whose leading indices are `row`.
  ValueRange searchRow(ValueRange row, Value x, Value size, Value k, ValueRange results) {
    Value none = equals(k, index(0));
    Value lastSlot = arith::SubIOp::create(b, loc, k, choose(none, index(0), index(1)));
    auto loop = scf::ForOp::create(
        b, loc, index(0), choose(none, index(0), size), index(1), results,
        [&](OpBuilder &inner, Location l, Value i, ValueRange state) {
          TopKBuilder t{inner, l, element};
          Value value = tensor::ExtractOp::create(inner, l, x, at(row, i));
          Value smallest = tensor::ExtractOp::create(inner, l, state[0], at(row, lastSlot));
          Value isWanted = t.either(t.less(i, k), t.isLarger(value, smallest));
          auto choice = scf::IfOp::create(
              inner, l, isWanted,
              [&](OpBuilder &then, Location tl) {
                TopKBuilder tt{then, tl, element};
                Type indexType = cast<RankedTensorType>(state[1].getType()).getElementType();
                Value position = arith::IndexCastOp::create(then, tl, indexType, i);
                Value end =
                    arith::MinUIOp::create(then, tl, k, arith::AddIOp::create(then, tl, i, tt.index(1)));
                scf::YieldOp::create(then, tl, tt.insertElement(row, value, position, i, end, state));
              },
              [&](OpBuilder &otherwise, Location ol) { scf::YieldOp::create(otherwise, ol, state); });
          scf::YieldOp::create(inner, l, choice.getResults());
        });
    return loop.getResults();
  }
};

struct LowerTopK : OpConversionPattern<tg::TopKOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(tg::TopKOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Type element = cast<RankedTensorType>(op.getX().getType()).getElementType();
    Value empty[] = {createEmptyResult(rewriter, op, 0), createEmptyResult(rewriter, op, 1)};
    SmallVector<Value> sizes =
        getValueOrCreateConstantIndexOp(rewriter, loc, tg::getSizes(rewriter, loc, adaptor.getX()));
    Value size = sizes.pop_back_val();
    Value zero = arith::ConstantIndexOp::create(rewriter, loc, 0),
          one = arith::ConstantIndexOp::create(rewriter, loc, 1);
    SmallVector<Value> lower(sizes.size(), zero), steps(sizes.size(), one);
    auto nest = scf::buildLoopNest(
        rewriter, loc, lower, sizes, steps, empty,
        [&](OpBuilder &b, Location l, ValueRange row, ValueRange state) -> scf::ValueVector {
          ValueRange found =
              TopKBuilder{b, l, element}.searchRow(row, adaptor.getX(), size, adaptor.getK(), state);
          return {found.begin(), found.end()};
        });
    rewriter.replaceOp(op, nest.results);
    return success();
  }
};

} // namespace

void populateTopKPatterns(const TypeConverter &converter, RewritePatternSet &patterns) {
  patterns.add<LowerTopK>(converter, patterns.getContext());
}

} // namespace tgc::detail
