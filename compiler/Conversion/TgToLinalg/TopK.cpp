//===- TopK.cpp - Lowering of the search for the largest elements ---------===//

#include "compiler/Conversion/TgToLinalg/Patterns.h"
#include "dialects/Kernel/IR/KernelDialect.h"

using namespace mlir;

namespace tgc::detail {
namespace {

struct LowerTopK : OpConversionPattern<tg::TopKOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(tg::TopKOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Type element = cast<RankedTensorType>(op.getX().getType()).getElementType();
    Value values = createEmptyResult(rewriter, op, 0), indices = createEmptyResult(rewriter, op, 1);
    rewriter.replaceOpWithNewOp<kernel::TopKOp>(op, TypeRange{values.getType(), indices.getType()},
                                                adaptor.getX(), values, indices, element.isUnsignedInteger());
    return success();
  }
};

} // namespace

void populateTopKPatterns(const TypeConverter &converter, RewritePatternSet &patterns) {
  patterns.add<LowerTopK>(converter, patterns.getContext());
}

} // namespace tgc::detail
