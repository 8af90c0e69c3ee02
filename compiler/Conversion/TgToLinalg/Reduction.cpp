//===- Reduction.cpp - Lowering of reductions -----------------------------===//

#include "compiler/Conversion/TgToLinalg/Accumulator.h"
#include "compiler/Conversion/TgToLinalg/Patterns.h"
#include "dialects/Tg/IR/ScalarBuilder.h"

using namespace mlir;

namespace tgc::detail {
namespace {

/// The map of a result that lacks the dimensions `reduced`, and the iterators of the operand's dimensions.
AffineMap getReducedMap(OpBuilder &builder, int64_t rank, ArrayRef<int64_t> reduced,
                        SmallVectorImpl<utils::IteratorType> &iterators) {
  SmallVector<AffineExpr> kept;
  for (int64_t dim = 0; dim < rank; ++dim) {
    bool isReduced = llvm::is_contained(reduced, dim);
    iterators.push_back(isReduced ? utils::IteratorType::reduction : utils::IteratorType::parallel);
    if (!isReduced)
      kept.push_back(builder.getAffineDimExpr(dim));
  }
  return AffineMap::get(rank, 0, kept, builder.getContext());
}

/// Loops run in the operand's order, so the innermost one is contiguous whether it is kept or reduced.
struct LowerReduce : OpConversionPattern<tg::ReduceOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(tg::ReduceOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    auto type = op.getX().getType();
    Type element = type.getElementType();
    SmallVector<int64_t> reducedSizes;
    for (int64_t dim : op.getDimensions())
      reducedSizes.push_back(type.getDimSize(dim));
    Type accumulatorType = getAccumulatorType(op.getKind(), element, getProductOfSizes(reducedSizes));
    Value init =
        createAccumulators(rewriter, loc, op.getKind(), accumulatorType, reifyResultSizes(rewriter, op));
    if (llvm::is_contained(type.getShape(), 0)) { // linalg refuses loops that are known to be empty
      rewriter.replaceOp(op, roundAccumulators(rewriter, loc, init, element));
      return success();
    }
    SmallVector<utils::IteratorType> iterators;
    AffineMap resultMap = getReducedMap(rewriter, type.getRank(), op.getDimensions(), iterators);
    AffineMap maps[] = {rewriter.getMultiDimIdentityMap(type.getRank()), resultMap};
    auto generic = linalg::GenericOp::create(
        rewriter, loc, init.getType(), adaptor.getX(), init, maps, iterators,
        [&](OpBuilder &b, Location l, ValueRange args) {
          linalg::YieldOp::create(b, l,
                                  accumulate(b, l, op.getKind(), element, accumulatorType, args[1], args[0]));
        });
    rewriter.replaceOp(op, roundAccumulators(rewriter, loc, generic.getResult(0), element));
    return success();
  }
};

/// The value that the search for the largest (smallest) element starts from: the lowest (highest) finite one.
Value createSearchStart(OpBuilder &builder, Location loc, tg::ReductionKind kind, Type element) {
  auto floatType = dyn_cast<FloatType>(element);
  if (!floatType)
    return createNeutralElement(builder, loc, kind, element);
  APFloat start = APFloat::getLargest(floatType.getFloatSemantics(), kind == tg::ReductionKind::Max);
  return arith::ConstantOp::create(builder, loc, builder.getFloatAttr(floatType, start));
}

struct LowerArgReduce : OpConversionPattern<tg::ArgReduceOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(tg::ArgReduceOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    auto type = cast<RankedTensorType>(op.getX().getType());
    Type element = type.getElementType();
    int64_t dimension = op.getDimension();
    Type indexElement = tg::withoutSign(cast<RankedTensorType>(op.getType()).getElementType());
    SmallVector<OpFoldResult> sizes = reifyResultSizes(rewriter, op);
    Value zero = arith::ConstantOp::create(rewriter, loc, rewriter.getIntegerAttr(indexElement, 0));
    Value noIndex = tensor::EmptyOp::create(rewriter, loc, sizes, indexElement);
    Value firstIndex = linalg::FillOp::create(rewriter, loc, zero, noIndex).getResult(0);
    if (llvm::is_contained(type.getShape(), 0)) {
      rewriter.replaceOp(op, firstIndex);
      return success();
    }
    Value noValue = tensor::EmptyOp::create(rewriter, loc, sizes, tg::withoutSign(element));
    Value start = createSearchStart(rewriter, loc, op.getKind(), element);
    Value firstValue = linalg::FillOp::create(rewriter, loc, start, noValue).getResult(0);
    SmallVector<utils::IteratorType> iterators;
    AffineMap resultMap = getReducedMap(rewriter, type.getRank(), dimension, iterators);
    AffineMap maps[] = {rewriter.getMultiDimIdentityMap(type.getRank()), resultMap, resultMap};
    auto direction =
        op.getKind() == tg::ReductionKind::Max ? tg::ComparisonDirection::GT : tg::ComparisonDirection::LT;
    Value inits[] = {firstValue, firstIndex};
    auto generic = linalg::GenericOp::create(
        rewriter, loc, TypeRange{firstValue.getType(), firstIndex.getType()}, adaptor.getX(), inits, maps,
        iterators, [&](OpBuilder &b, Location l, ValueRange args) {
          Value isBetter = tg::ScalarBuilder(b, l, element).compare(direction, args[0], args[1]);
          Value index =
              arith::IndexCastOp::create(b, l, indexElement, linalg::IndexOp::create(b, l, dimension));
          Value value = arith::SelectOp::create(b, l, isBetter, args[0], args[1]);
          Value where = arith::SelectOp::create(b, l, isBetter, index, args[2]);
          linalg::YieldOp::create(b, l, ValueRange{value, where});
        });
    rewriter.replaceOp(op, generic.getResult(1));
    return success();
  }
};

} // namespace

void populateReductionPatterns(const TypeConverter &converter, RewritePatternSet &patterns) {
  patterns.add<LowerReduce, LowerArgReduce>(converter, patterns.getContext());
}

} // namespace tgc::detail
