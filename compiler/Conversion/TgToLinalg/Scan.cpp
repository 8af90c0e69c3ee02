//===- Scan.cpp - Lowering of running sums and products -------------------===//
//
// A scan is a recurrence, which linalg cannot say: it becomes a nest of loops over the dimensions in memory
// order. Every element takes its predecessor from the result, so the innermost loop is free of dependences
// unless it is the scanned one; half precision rounds at every step, as TensorFlow's CPU kernel.
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/TgToLinalg/Patterns.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace tgc::detail {
namespace {

using ElementBody = function_ref<Value(OpBuilder &, Location, ValueRange steps, Value result)>;

struct LowerScan : OpConversionPattern<tg::ScanOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(tg::ScanOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Type element = cast<RankedTensorType>(op.getType()).getElementType();
    size_t dimension = op.getDimension();
    Value x = adaptor.getX(), zero = arith::ConstantIndexOp::create(rewriter, loc, 0),
          one = arith::ConstantIndexOp::create(rewriter, loc, 1);
    SmallVector<Value> upper = getValueOrCreateConstantIndexOp(rewriter, loc, reifyResultSizes(rewriter, op));
    SmallVector<Value> lower(upper.size(), zero);
    Value size = upper[dimension], last = arith::SubIOp::create(rewriter, loc, size, one);

    // The loops count steps of the scan; `place` turns a step into the element it stands for.
    auto place = [&](OpBuilder &b, Location l, ValueRange steps, bool previous) {
      SmallVector<Value> indices(steps);
      Value step = steps[dimension];
      if (previous)
        step = arith::SubIOp::create(b, l, step, one);
      indices[dimension] = op.getReverse() ? Value(arith::SubIOp::create(b, l, last, step)) : step;
      return indices;
    };
    auto scan = [&](Value result, ElementBody body) {
      SmallVector<Value> steps(upper.size(), one);
      return scf::buildLoopNest(
                 rewriter, loc, lower, upper, steps, result,
                 [&](OpBuilder &b, Location l, ValueRange at, ValueRange iterArgs) -> scf::ValueVector {
                   Value value = body(b, l, at, iterArgs[0]);
                   return {tensor::InsertOp::create(b, l, value, iterArgs[0], place(b, l, at, false))};
                 })
          .results[0];
    };

    Value empty = createEmptyResult(rewriter, op);
    upper[dimension] = arith::MinSIOp::create(rewriter, loc, size, one);
    Value started = scan(empty, [&](OpBuilder &b, Location l, ValueRange at, Value) -> Value {
      if (op.getExclusive())
        return createNeutralElement(b, l, op.getKind(), element);
      return tensor::ExtractOp::create(b, l, x, place(b, l, at, false));
    });
    lower[dimension] = one;
    upper[dimension] = size;
    rewriter.replaceOp(op, scan(started, [&](OpBuilder &b, Location l, ValueRange at, Value result) {
                         Value sum = tensor::ExtractOp::create(b, l, result, place(b, l, at, true));
                         Value next = tensor::ExtractOp::create(b, l, x, place(b, l, at, op.getExclusive()));
                         return combine(b, l, op.getKind(), element, sum, next);
                       }));
    return success();
  }
};

} // namespace

void populateScanPatterns(const TypeConverter &converter, RewritePatternSet &patterns) {
  patterns.add<LowerScan>(converter, patterns.getContext());
}

} // namespace tgc::detail
