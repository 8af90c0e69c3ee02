//===- Elementwise.cpp - Lowering of elementwise ops ----------------------===//

#include "compiler/Conversion/TgToLinalg/Patterns.h"

using namespace mlir;

namespace tgc::detail {
namespace {

/// Lowers every op that knows its scalar body; names no op.
struct LowerScalarOp : OpInterfaceConversionPattern<tg::ScalarOpInterface> {
  using OpInterfaceConversionPattern::OpInterfaceConversionPattern;
  LogicalResult matchAndRewrite(tg::ScalarOpInterface op, ArrayRef<Value> operands,
                                ConversionPatternRewriter &rewriter) const override {
    Value init = createEmptyResult(rewriter, op);
    auto type = cast<RankedTensorType>(init.getType());
    SmallVector<AffineMap> maps(operands.size(), rewriter.getMultiDimIdentityMap(type.getRank()));
    rewriter.replaceOp(op, createParallelGeneric(rewriter, op.getLoc(), init, operands, maps,
                                                 [&](OpBuilder &b, Location loc, ValueRange args) {
                                                   return op.buildScalar(b, loc, args);
                                                 }));
    return success();
  }
};

} // namespace

void populateElementwisePatterns(const TypeConverter &converter, RewritePatternSet &patterns) {
  patterns.add<LowerScalarOp>(converter, patterns.getContext());
}

} // namespace tgc::detail
