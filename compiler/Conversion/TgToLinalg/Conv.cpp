//===- Conv.cpp - Lowering of convolutions --------------------------------===//
//
// Three forms over the same index arithmetic. Loops run over the batch, the result's pixels, the filter's
// pixels and the channels, output channels innermost: there result and filter are contiguous.
//
//   one group            [b, o..., w..., c, f]    result[b, o, f]     += input[b, o*s + w*d, c]    *
//   filter[w, c, f] groups               [b, o..., g, w..., c, f] result[b, o, g, f]  += input[b, o*s + w*d,
//   g, c] * filter[w, c, g, f] depthwise (c == 1)   [b, o..., w..., g, f]    result[b, o, g, f]  += input[b,
//   o*s + w*d, g]    * filter[w, g, f]
//
// Where a depthwise filter has one output per channel, f is dropped.
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/TgToLinalg/Accumulator.h"
#include "compiler/Conversion/TgToLinalg/Patterns.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace tgc::detail {
namespace {

/// How many groups of how many channels; sizes may be dynamic.
struct Grouping {
  int64_t groups;
  OpFoldResult inputsPerGroup, outputsPerGroup;
  bool isDepthwise() const { return groups > 1 && getConstantIntValue(inputsPerGroup) == 1; }
  bool splitsInput() const { return groups > 1 && !isDepthwise(); }
  bool hasOutputLoop() const { return !isDepthwise() || getConstantIntValue(outputsPerGroup) != 1; }
  bool splitsOutput() const { return groups > 1 && hasOutputLoop(); }
};

/// The last dimension of `tensor` as [outer, inner].
Value splitLastDim(OpBuilder &builder, Location loc, Value tensor, OpFoldResult outer, OpFoldResult inner) {
  auto type = cast<RankedTensorType>(tensor.getType());
  SmallVector<OpFoldResult> sizes = tg::getSizes(builder, loc, tensor);
  sizes.pop_back();
  sizes.append({outer, inner});
  SmallVector<ReassociationIndices> groups;
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    groups.push_back({dim});
  groups.back().push_back(type.getRank());
  // The type that the sizes give; a dynamic dimension may stand only where the operand's is dynamic too.
  return tensor::ExpandShapeOp::create(builder, loc, tg::getTypeOfSizes(sizes, type.getElementType()), tensor,
                                       groups, sizes);
}

/// The filter [w..., c, groups * f] without the c of a depthwise filter.
Value dropInputChannel(OpBuilder &builder, Location loc, Value filter) {
  int64_t rank = cast<RankedTensorType>(filter.getType()).getRank();
  SmallVector<ReassociationIndices> groups;
  for (int64_t dim = 0; dim < rank - 2; ++dim)
    groups.push_back({dim});
  groups.push_back({rank - 2, rank - 1});
  return tensor::CollapseShapeOp::create(builder, loc, filter, groups);
}

/// The loops of one form, in order, and the maps of its operands.
struct ConvLoops {
  ConvLoops(tg::ConvOp op, const Grouping &grouping, OpBuilder &builder) {
    int64_t spatial = op.getInput().getType().getRank() - 2;
    using utils::IteratorType;
    auto addLoop = [&](IteratorType iterator) {
      iterators.push_back(iterator);
      return builder.getAffineDimExpr(iterators.size() - 1);
    };
    SmallVector<AffineExpr> input, filter, result;
    input.push_back(addLoop(IteratorType::parallel));
    result.push_back(input[0]);
    for (int64_t dim = 0; dim < spatial; ++dim)
      result.push_back(addLoop(IteratorType::parallel));
    AffineExpr group, channel;
    if (grouping.splitsInput())
      group = addLoop(IteratorType::parallel);
    for (int64_t dim = 0; dim < spatial; ++dim) {
      filter.push_back(addLoop(IteratorType::reduction));
      input.push_back(result[dim + 1] * op.getStrides()[dim] + filter[dim] * op.getDilations()[dim]);
    }
    if (grouping.isDepthwise())
      group = addLoop(IteratorType::parallel);
    else
      channel = addLoop(IteratorType::reduction);
    for (SmallVector<AffineExpr> *exprs : {&input, &result})
      if (group)
        exprs->push_back(group);
    if (channel) {
      input.push_back(channel);
      filter.push_back(channel);
    }
    if (group)
      filter.push_back(group);
    if (grouping.hasOutputLoop()) {
      AffineExpr output = addLoop(IteratorType::parallel);
      filter.push_back(output);
      result.push_back(output);
    }
    for (const SmallVector<AffineExpr> *exprs : {&input, &filter, &result})
      maps.push_back(AffineMap::get(iterators.size(), 0, *exprs, builder.getContext()));
  }

  SmallVector<utils::IteratorType> iterators;
  SmallVector<AffineMap> maps;
};

struct LowerConv : OpConversionPattern<tg::ConvOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(tg::ConvOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Type element = op.getInput().getType().getElementType(),
         accumulatorType = getProductAccumulatorType(element);
    SmallVector<OpFoldResult> sizes = reifyResultSizes(rewriter, op);
    auto hasNone = [](Value value) {
      return llvm::is_contained(cast<RankedTensorType>(value.getType()).getShape(), 0);
    };
    if (hasNone(op.getInput()) || hasNone(op.getFilter()) || hasNone(op)) {
      Value sums = createAccumulators(rewriter, loc, tg::ReductionKind::Sum, accumulatorType, sizes);
      rewriter.replaceOp(op, roundAccumulators(rewriter, loc, sums, element));
      return success();
    }

    Value input = adaptor.getInput(), filter = adaptor.getFilter();
    int64_t rank = op.getInput().getType().getRank(), groups = op.getGroups();
    OpFoldResult outputs = sizes.back();
    Grouping grouping{groups, tg::getSize(rewriter, loc, filter, rank - 2), outputs};
    if (groups > 1) {
      auto known = getConstantIntValue(outputs);
      Value count = arith::ConstantIndexOp::create(rewriter, loc, groups);
      grouping.outputsPerGroup =
          known ? OpFoldResult(rewriter.getIndexAttr(*known / groups))
                : getAsOpFoldResult(rewriter.createOrFold<arith::DivUIOp>(
                      loc, getValueOrCreateConstantIndexOp(rewriter, loc, outputs), count));
    }
    if (grouping.splitsInput())
      input = splitLastDim(rewriter, loc, input, rewriter.getIndexAttr(groups), grouping.inputsPerGroup);
    if (grouping.isDepthwise())
      filter = dropInputChannel(rewriter, loc, filter);
    if (grouping.splitsOutput()) {
      filter = splitLastDim(rewriter, loc, filter, rewriter.getIndexAttr(groups), grouping.outputsPerGroup);
      sizes.back() = rewriter.getIndexAttr(groups);
      sizes.push_back(grouping.outputsPerGroup);
    }

    ConvLoops loops(op, grouping, rewriter);
    Value init = createAccumulators(rewriter, loc, tg::ReductionKind::Sum, accumulatorType, sizes);
    Value result =
        linalg::GenericOp::create(
            rewriter, loc, init.getType(), ValueRange{input, filter}, init, loops.maps, loops.iterators,
            [&](OpBuilder &b, Location l, ValueRange args) {
              linalg::YieldOp::create(
                  b, l, accumulateProduct(b, l, element, accumulatorType, args[2], args[0], args[1]));
            })
            .getResult(0);
    result = roundAccumulators(rewriter, loc, result, element);
    if (grouping.splitsOutput()) {
      SmallVector<ReassociationIndices> merged;
      for (int64_t dim = 0; dim < rank; ++dim)
        merged.push_back({dim});
      merged.back().push_back(rank);
      result = tensor::CollapseShapeOp::create(rewriter, loc, result, merged);
    }
    if (result.getType() != getTypeConverter()->convertType(op.getType()))
      result = tensor::CastOp::create(rewriter, loc, getTypeConverter()->convertType(op.getType()), result);
    rewriter.replaceOp(op, result);
    return success();
  }
};

} // namespace

void populateConvPatterns(const TypeConverter &converter, RewritePatternSet &patterns) {
  patterns.add<LowerConv>(converter, patterns.getContext());
}

} // namespace tgc::detail
