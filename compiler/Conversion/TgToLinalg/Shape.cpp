//===- Shape.cpp - Lowering of broadcast, transpose, reverse, concat ------===//

#include "compiler/Conversion/TgToLinalg/Patterns.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;

namespace tgc::detail {
namespace {

/// Known dimensions are indexed by affine maps. One that may be one or equal is found out at run time: then
/// the element is read by computed indices, `size == 1 ? 0 : i` in such a dimension.
struct LowerBroadcastTo : OpConversionPattern<tg::BroadcastToOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(tg::BroadcastToOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value x = adaptor.getX(), init = createEmptyResult(rewriter, op);
    auto from = cast<RankedTensorType>(x.getType()), to = cast<RankedTensorType>(init.getType());
    int64_t lead = to.getRank() - from.getRank();
    Value zero = arith::ConstantIndexOp::create(rewriter, loc, 0),
          one = arith::ConstantIndexOp::create(rewriter, loc, 1);
    SmallVector<AffineExpr> exprs;
    SmallVector<Value> isRepeated(from.getRank());
    bool isComputed = false;
    for (int64_t dim = 0; dim < from.getRank(); ++dim) {
      exprs.push_back(from.getDimSize(dim) == 1 ? rewriter.getAffineConstantExpr(0)
                                                : rewriter.getAffineDimExpr(dim + lead));
      if (!from.isDynamicDim(dim) || to.getDimSize(dim + lead) == 1 ||
          llvm::is_contained(op.getEqualDimensions(), dim + lead))
        continue;
      Value size = tensor::DimOp::create(rewriter, loc, x, dim);
      isRepeated[dim] = arith::CmpIOp::create(rewriter, loc, arith::CmpIPredicate::eq, size, one);
      isComputed = true;
    }
    if (!isComputed) {
      AffineMap map = AffineMap::get(to.getRank(), 0, exprs, rewriter.getContext());
      rewriter.replaceOp(
          op, createParallelGeneric(rewriter, loc, init, x, map,
                                    [](OpBuilder &, Location, ValueRange args) { return args[0]; }));
      return success();
    }
    rewriter.replaceOp(
        op, createParallelGeneric(
                rewriter, loc, init, {}, {}, [&](OpBuilder &b, Location l, ValueRange) -> Value {
                  SmallVector<Value> indices;
                  for (int64_t dim = 0; dim < from.getRank(); ++dim) {
                    Value index =
                        from.getDimSize(dim) == 1 ? zero : Value(linalg::IndexOp::create(b, l, dim + lead));
                    indices.push_back(isRepeated[dim]
                                          ? Value(arith::SelectOp::create(b, l, isRepeated[dim], zero, index))
                                          : index);
                  }
                  return tensor::ExtractOp::create(b, l, x, indices);
                }));
    return success();
  }
};

struct LowerTranspose : OpConversionPattern<tg::TransposeOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(tg::TransposeOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    SmallVector<AffineExpr> exprs(op.getPermutation().size());
    for (auto [dim, source] : llvm::enumerate(op.getPermutation()))
      exprs[source] = rewriter.getAffineDimExpr(dim);
    AffineMap map = AffineMap::get(exprs.size(), 0, exprs, rewriter.getContext());
    rewriter.replaceOp(
        op, createParallelGeneric(rewriter, op.getLoc(), createEmptyResult(rewriter, op), adaptor.getX(), map,
                                  [](OpBuilder &, Location, ValueRange args) { return args[0]; }));
    return success();
  }
};

struct LowerReverse : OpConversionPattern<tg::ReverseOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(tg::ReverseOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value x = adaptor.getX(), init = createEmptyResult(rewriter, op),
          one = arith::ConstantIndexOp::create(rewriter, loc, 1);
    SmallVector<Value> last(op.getType().getRank());
    for (int64_t dim : op.getDimensions())
      last[dim] = arith::SubIOp::create(rewriter, loc, tensor::DimOp::create(rewriter, loc, x, dim), one);
    rewriter.replaceOp(
        op, createParallelGeneric(
                rewriter, loc, init, {}, {}, [&](OpBuilder &b, Location l, ValueRange) -> Value {
                  SmallVector<Value> indices;
                  for (auto [dim, end] : llvm::enumerate(last)) {
                    Value index = linalg::IndexOp::create(b, l, dim);
                    indices.push_back(end ? Value(arith::SubIOp::create(b, l, end, index)) : index);
                  }
                  return tensor::ExtractOp::create(b, l, x, indices);
                }));
    return success();
  }
};

//===----------------------------------------------------------------------===//
// Concat
//===----------------------------------------------------------------------===//

/// How many tensors one chain of insertions puts together. Bufferization looks at all pairs of a chain, so a
/// longer one is cut up, at the price of copying twice.
constexpr size_t kMaxChain = 64;

/// The tensor made of `inputs` one behind the other along `dimension`; `sizes` are those of the first of
/// them.
Value concatenate(OpBuilder &builder, Location loc, ArrayRef<Value> inputs, int64_t dimension,
                  SmallVector<OpFoldResult> sizes) {
  if (inputs.size() == 1)
    return inputs.front();
  if (inputs.size() > kMaxChain) {
    SmallVector<Value> parts;
    for (ArrayRef<Value> rest = inputs; !rest.empty();
         rest = rest.drop_front(std::min(kMaxChain, rest.size())))
      parts.push_back(concatenate(builder, loc, rest.take_front(kMaxChain), dimension, sizes));
    return concatenate(builder, loc, parts, dimension, sizes);
  }
  SmallVector<OpFoldResult> offsets(sizes.size(), builder.getIndexAttr(0)),
      strides(sizes.size(), builder.getIndexAttr(1)), lengths;
  sizes[dimension] = builder.getIndexAttr(0);
  for (Value input : inputs) {
    lengths.push_back(getTypedSizes(builder, loc, input)[dimension]);
    sizes[dimension] = tg::addSizes(builder, loc, sizes[dimension], lengths.back());
  }
  Value result = tensor::EmptyOp::create(builder, loc, sizes, getElementTypeOrSelf(inputs.front().getType()));
  for (auto [input, length] : llvm::zip_equal(inputs, lengths)) {
    sizes[dimension] = length;
    if (!isConstantIntValue(length, 0))
      result = tensor::InsertSliceOp::create(builder, loc, input, result, offsets, sizes, strides);
    offsets[dimension] = tg::addSizes(builder, loc, offsets[dimension], length);
  }
  return result;
}

struct LowerConcat : OpConversionPattern<tg::ConcatOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(tg::ConcatOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    auto type = getTypeConverter()->convertType<RankedTensorType>(op.getType());
    if (llvm::is_contained(type.getShape(), 0)) {
      rewriter.replaceOp(op, createEmptyResult(rewriter, op));
      return success();
    }
    auto isOneElement = [](Value input) {
      auto inputType = cast<RankedTensorType>(input.getType());
      return inputType.hasStaticShape() && inputType.getNumElements() == 1;
    };
    if (llvm::all_of(adaptor.getInputs(), isOneElement)) {
      SmallVector<Value> indices(type.getRank(), arith::ConstantIndexOp::create(rewriter, loc, 0)), elements;
      for (Value input : adaptor.getInputs())
        elements.push_back(tensor::ExtractOp::create(rewriter, loc, input, indices));
      rewriter.replaceOpWithNewOp<tensor::FromElementsOp>(op, type, elements);
      return success();
    }
    // Inputs that disagree about what is static are brought to the result's sizes.
    SmallVector<Value> inputs;
    SmallVector<OpFoldResult> sizes = reifyResultSizes(rewriter, op);
    for (Value input : adaptor.getInputs()) {
      auto inputType = cast<RankedTensorType>(input.getType());
      SmallVector<int64_t> shape(type.getShape());
      shape[op.getDimension()] = inputType.getDimSize(op.getDimension());
      inputs.push_back(inputType.getShape() == ArrayRef(shape)
                           ? input
                           : Value(tensor::CastOp::create(rewriter, loc, type.clone(shape), input)));
    }
    Value result = concatenate(rewriter, loc, inputs, op.getDimension(), sizes);
    rewriter.replaceOp(
        op, result.getType() == type ? result : Value(tensor::CastOp::create(rewriter, loc, type, result)));
    return success();
  }
};

} // namespace

void populateShapePatterns(const TypeConverter &converter, RewritePatternSet &patterns) {
  patterns.add<LowerBroadcastTo, LowerTranspose, LowerReverse, LowerConcat>(converter, patterns.getContext());
}

} // namespace tgc::detail
