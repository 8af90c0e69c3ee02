//===- Slice.cpp - Lowering of tg.slice and tg.insert_slice ---------------===//

#include "compiler/Conversion/TgToLinalg/Patterns.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;

namespace tgc::detail {
namespace {

/// A view where all strides are positive, a copy where the order of elements turns round.
struct LowerSlice : OpConversionPattern<tg::SliceOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(tg::SliceOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value x = adaptor.getX();
    auto from = cast<RankedTensorType>(x.getType()),
         to = getTypeConverter()->convertType<RankedTensorType>(op.getType());
    // A static offset behind the end says that nothing is read, which a view may not express.
    bool isEmpty = llvm::is_contained(to.getShape(), 0);
    for (auto [offset, bound] : llvm::zip_equal(op.getStaticOffsets(), from.getShape()))
      isEmpty |=
          !ShapedType::isDynamic(offset) && !ShapedType::isDynamic(bound) && (offset < 0 || offset >= bound);
    if (isEmpty) {
      rewriter.replaceOp(op, createEmptyResult(rewriter, op));
      return success();
    }
    SmallVector<OpFoldResult> offsets = op.getMixedOffsets();
    if (llvm::all_of(op.getStrides(), [](int64_t stride) { return stride > 0; })) {
      rewriter.replaceOpWithNewOp<tensor::ExtractSliceOp>(
          op, to, x, offsets, op.getMixedSizes(),
          getAsIndexOpFoldResult(rewriter.getContext(), op.getStrides()));
      return success();
    }
    SmallVector<Value> starts, strides;
    for (auto [offset, stride] : llvm::zip_equal(offsets, op.getStrides())) {
      starts.push_back(getValueOrCreateConstantIndexOp(rewriter, loc, offset));
      strides.push_back(arith::ConstantIndexOp::create(rewriter, loc, stride));
    }
    rewriter.replaceOp(
        op, createParallelGeneric(rewriter, loc, createEmptyResult(rewriter, op), {}, {},
                                  [&](OpBuilder &b, Location l, ValueRange) -> Value {
                                    SmallVector<Value> indices;
                                    for (size_t dim = 0; dim < starts.size(); ++dim) {
                                      Value step = arith::MulIOp::create(
                                          b, l, linalg::IndexOp::create(b, l, dim), strides[dim]);
                                      indices.push_back(arith::AddIOp::create(b, l, starts[dim], step));
                                    }
                                    return tensor::ExtractOp::create(b, l, x, indices);
                                  }));
    return success();
  }
};

/// The sizes of the part, behind a one for each dimension that it lacks.
struct LowerInsertSlice : OpConversionPattern<tg::InsertSliceOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(tg::InsertSliceOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    auto part = cast<RankedTensorType>(adaptor.getPart().getType());
    if (llvm::is_contained(part.getShape(), 0)) {
      rewriter.replaceOp(op, adaptor.getX());
      return success();
    }
    SmallVector<OpFoldResult> offsets = op.getMixedOffsets();
    SmallVector<OpFoldResult> ones(offsets.size(), rewriter.getIndexAttr(1)), sizes(ones);
    sizes.truncate(offsets.size() - part.getRank());
    llvm::append_range(sizes, getTypedSizes(rewriter, op.getLoc(), adaptor.getPart()));
    rewriter.replaceOpWithNewOp<tensor::InsertSliceOp>(op, adaptor.getPart(), adaptor.getX(), offsets, sizes,
                                                       ones);
    return success();
  }
};

} // namespace

void populateSlicePatterns(const TypeConverter &converter, RewritePatternSet &patterns) {
  patterns.add<LowerSlice, LowerInsertSlice>(converter, patterns.getContext());
}

} // namespace tgc::detail
