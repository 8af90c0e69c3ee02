//===- Pad.cpp - Lowering of tg.pad ---------------------------------------===//
//
// The result is filled with the padding value and the elements that remain are copied over it in one strided
// insertion. Which ones remain when `low` or `high` is negative is arithmetic on sizes that folds away where
// they are static.
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/TgToLinalg/Patterns.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;

namespace tgc::detail {
namespace {

/// Arithmetic on sizes that folds what is static.
struct SizeMath {
  OpBuilder &b;
  Location loc;

  template <typename Op, typename Fn> OpFoldResult fold(OpFoldResult x, OpFoldResult y, Fn fn) {
    auto p = getConstantIntValue(x), q = getConstantIntValue(y);
    if (p && q)
      return b.getIndexAttr(fn(*p, *q));
    return getAsOpFoldResult(b.createOrFold<Op>(loc, getValueOrCreateConstantIndexOp(b, loc, x),
                                                getValueOrCreateConstantIndexOp(b, loc, y)));
  }
  OpFoldResult sub(OpFoldResult x, OpFoldResult y) {
    return isConstantIntValue(y, 0) ? x
                                    : fold<arith::SubIOp>(x, y, [](int64_t p, int64_t q) { return p - q; });
  }
  OpFoldResult min(OpFoldResult x, OpFoldResult y) {
    return fold<arith::MinSIOp>(x, y, [](int64_t p, int64_t q) { return std::min(p, q); });
  }
  OpFoldResult atLeastZero(OpFoldResult x) {
    return fold<arith::MaxSIOp>(x, b.getIndexAttr(0), [](int64_t p, int64_t q) { return std::max(p, q); });
  }
  /// x divided by the positive y, rounded up; x is not negative.
  OpFoldResult ceilDiv(OpFoldResult x, int64_t y) {
    if (y == 1)
      return x;
    OpFoldResult sum = tg::addSizes(b, loc, x, b.getIndexAttr(y - 1));
    return fold<arith::DivUIOp>(sum, b.getIndexAttr(y), [](int64_t p, int64_t q) { return p / q; });
  }
};

/// Of one dimension: the elements [first, first + count) land at position, position + step, ...
struct Placement {
  OpFoldResult first, count, position;
  int64_t step;
};

Placement getPlacement(SizeMath math, OpFoldResult size, OpFoldResult low, OpFoldResult high,
                       int64_t interior, OpFoldResult padded) {
  int64_t step = interior + 1;
  OpFoldResult zero = math.b.getIndexAttr(0);
  bool keepsStart = getConstantIntValue(low).value_or(-1) >= 0,
       keepsEnd = getConstantIntValue(high).value_or(-1) >= 0;
  if (keepsStart && keepsEnd)
    return {zero, size, low, step};
  OpFoldResult first = math.ceilDiv(math.atLeastZero(math.sub(zero, low)), step);
  OpFoldResult position =
      tg::addSizes(math.b, math.loc, low, tg::mulSizes(math.b, math.loc, first, math.b.getIndexAttr(step)));
  OpFoldResult end = math.min(size, math.ceilDiv(math.atLeastZero(math.sub(padded, low)), step));
  return {first, math.atLeastZero(math.sub(end, first)), position, step};
}

/// Whether a static `offset` lies behind the static end `bound`: then nothing is there, which a view may not
/// express.
bool isBehind(OpFoldResult offset, OpFoldResult bound) {
  auto p = getConstantIntValue(offset), q = getConstantIntValue(bound);
  return p && q && *p >= *q;
}

struct LowerPad : OpConversionPattern<tg::PadOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(tg::PadOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value x = adaptor.getX();
    SmallVector<OpFoldResult> sizes = getTypedSizes(rewriter, loc, x),
                              padded = reifyResultSizes(rewriter, op);
    SmallVector<OpFoldResult> low = op.getMixedLow(), high = op.getMixedHigh();
    SmallVector<OpFoldResult> firsts, counts, positions, steps, ones(sizes.size(), rewriter.getIndexAttr(1));
    bool isEmpty = false, isCut = false;
    for (size_t dim = 0; dim < sizes.size(); ++dim) {
      Placement p =
          getPlacement({rewriter, loc}, sizes[dim], low[dim], high[dim], op.getInterior()[dim], padded[dim]);
      isEmpty |= isConstantIntValue(p.count, 0) || isBehind(p.first, sizes[dim]) ||
                 isBehind(p.position, padded[dim]);
      isCut |= p.count != sizes[dim];
      firsts.push_back(p.first);
      counts.push_back(p.count);
      positions.push_back(p.position);
      steps.push_back(rewriter.getIndexAttr(p.step));
    }
    Value value = tensor::ExtractOp::create(rewriter, loc, adaptor.getValue(), ValueRange{});
    Value result = createFilledResult(rewriter, op, value);
    if (!isEmpty) {
      if (isCut)
        x = tensor::ExtractSliceOp::create(rewriter, loc, x, firsts, counts, ones);
      result = tensor::InsertSliceOp::create(rewriter, loc, x, result, positions, counts, steps);
    }
    rewriter.replaceOp(op, result);
    return success();
  }
};

} // namespace

void populatePadPatterns(const TypeConverter &converter, RewritePatternSet &patterns) {
  patterns.add<LowerPad>(converter, patterns.getContext());
}

} // namespace tgc::detail
