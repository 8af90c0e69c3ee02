//===- Scan.cpp - Lowering of running sums and products -------------------===//
//
// A scan is a recurrence, which linalg cannot say: it stays an op until there are buffers.
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/TgToLinalg/Patterns.h"
#include "dialects/Kernel/IR/KernelDialect.h"

using namespace mlir;

namespace tgc::detail {
namespace {

struct LowerScan : OpConversionPattern<tg::ScanOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(tg::ScanOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Type element = cast<RankedTensorType>(op.getType()).getElementType();
    Value empty = createEmptyResult(rewriter, op);
    Value start = createNeutralElement(rewriter, loc, op.getKind(), element);
    auto scan = kernel::ScanOp::create(rewriter, loc, empty.getType(), adaptor.getX(), start, empty,
                                       op.getDimension(), op.getExclusive(), op.getReverse());
    OpBuilder::InsertionGuard guard(rewriter);
    Type type = start.getType();
    Block *body = rewriter.createBlock(&scan.getCombination(), {}, {type, type}, {loc, loc});
    Value next = combine(rewriter, loc, op.getKind(), element, body->getArgument(0), body->getArgument(1));
    kernel::YieldOp::create(rewriter, loc, next);
    rewriter.replaceOp(op, scan.getResults());
    return success();
  }
};

} // namespace

void populateScanPatterns(const TypeConverter &converter, RewritePatternSet &patterns) {
  patterns.add<LowerScan>(converter, patterns.getContext());
}

} // namespace tgc::detail
