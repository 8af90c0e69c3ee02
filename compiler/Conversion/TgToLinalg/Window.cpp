//===- Window.cpp - Lowering of sliding windows ---------------------------===//

#include "compiler/Conversion/TgToLinalg/Accumulator.h"
#include "compiler/Conversion/TgToLinalg/Patterns.h"

using namespace mlir;

namespace tgc::detail {
namespace {

/// Loops over the result and, inside, over the window. A last dimension that no window covers (the channels
/// of NHWC) stays innermost: there the accumulators are contiguous.
struct LowerReduceWindow : OpConversionPattern<tg::ReduceWindowOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(tg::ReduceWindowOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    auto type = cast<RankedTensorType>(op.getType());
    Type element = type.getElementType();
    if (llvm::is_contained(type.getShape(), 0)) {
      rewriter.replaceOp(op, createEmptyResult(rewriter, op));
      return success();
    }
    ArrayRef<int64_t> window = op.getWindow();
    SmallVector<int64_t> covered, coveredSizes;
    for (auto [dim, size] : llvm::enumerate(window))
      if (size > 1) {
        covered.push_back(dim);
        coveredSizes.push_back(size);
      }
    int64_t rank = type.getRank(), loops = rank + covered.size();
    bool channelsLast = rank > 0 && window.back() == 1;
    int64_t firstWindowLoop = channelsLast ? rank - 1 : rank;
    SmallVector<AffineExpr> resultExprs, operandExprs, windowExprs;
    SmallVector<utils::IteratorType> iterators(loops, utils::IteratorType::parallel);
    for (int64_t dim = 0; dim < rank; ++dim)
      resultExprs.push_back(rewriter.getAffineDimExpr(dim < firstWindowLoop ? dim : loops - 1));
    for (auto [dim, expr] : llvm::enumerate(resultExprs))
      operandExprs.push_back(expr * op.getStrides()[dim]);
    for (auto [i, dim] : llvm::enumerate(covered)) {
      windowExprs.push_back(rewriter.getAffineDimExpr(firstWindowLoop + i));
      iterators[firstWindowLoop + i] = utils::IteratorType::reduction;
      operandExprs[dim] = operandExprs[dim] + windowExprs.back() * op.getDilations()[dim];
    }
    MLIRContext *context = rewriter.getContext();
    AffineMap maps[] = {AffineMap::get(loops, 0, operandExprs, context),
                        AffineMap::get(loops, 0, windowExprs, context),
                        AffineMap::get(loops, 0, resultExprs, context)};

    Type accumulatorType = getAccumulatorType(op.getKind(), element, getProductOfSizes(coveredSizes));
    Value init =
        createAccumulators(rewriter, loc, op.getKind(), accumulatorType, reifyResultSizes(rewriter, op));
    // Gives the loops over the window their bounds; its elements are never read.
    Value bounds = tensor::EmptyOp::create(rewriter, loc, coveredSizes, tg::withoutSign(element));
    auto generic = linalg::GenericOp::create(
        rewriter, loc, init.getType(), ValueRange{adaptor.getX(), bounds}, init, maps, iterators,
        [&](OpBuilder &b, Location l, ValueRange args) {
          linalg::YieldOp::create(b, l,
                                  accumulate(b, l, op.getKind(), element, accumulatorType, args[2], args[0]));
        });
    rewriter.replaceOp(op, roundAccumulators(rewriter, loc, generic.getResult(0), element));
    return success();
  }
};

} // namespace

void populateWindowPatterns(const TypeConverter &converter, RewritePatternSet &patterns) {
  patterns.add<LowerReduceWindow>(converter, patterns.getContext());
}

} // namespace tgc::detail
