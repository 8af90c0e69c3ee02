//===- Gather.cpp - Lowering of tg.gather and tg.gather_nd ----------------===//
//
// One pass over the result that reads by computed indices. Where an index out of range is an error, it is
// clamped as well: nothing is read out of bounds even if a pass moves the reads before the check.
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/TgToLinalg/Bounds.h"
#include "compiler/Conversion/TgToLinalg/Patterns.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace tgc::detail {
namespace {

SmallVector<Value> getSizeValues(OpBuilder &builder, Location loc, Value tensor) {
  return getValueOrCreateConstantIndexOp(builder, loc, getTypedSizes(builder, loc, tensor));
}

/// min(coordinate, limit - 1) in the unsigned order: a negative one becomes the last.
Value clamp(OpBuilder &b, Location loc, Value coordinate, Value limit) {
  Value one = arith::ConstantIndexOp::create(b, loc, 1);
  return arith::MinUIOp::create(b, loc, coordinate, arith::SubIOp::create(b, loc, limit, one));
}

/// Reads `params` at `position`, of which the dimensions `checked` came from the user.
Value read(OpBuilder &b, Location loc, Value params, SmallVector<Value> position, ArrayRef<int64_t> checked,
           ArrayRef<Value> sizes, tg::BoundsMode bounds) {
  if (bounds == tg::BoundsMode::Error) {
    for (int64_t dim : checked)
      position[dim] = clamp(b, loc, position[dim], sizes[dim]);
    return tensor::ExtractOp::create(b, loc, params, position);
  }
  SmallVector<Value> coordinates, limits;
  for (int64_t dim : checked) {
    coordinates.push_back(position[dim]);
    limits.push_back(sizes[dim]);
  }
  auto inside = [&](OpBuilder &inner, Location l) {
    scf::YieldOp::create(inner, l, Value(tensor::ExtractOp::create(inner, l, params, position)));
  };
  auto outside = [&](OpBuilder &inner, Location l) {
    scf::YieldOp::create(inner, l, createZero(inner, l, getElementTypeOrSelf(params.getType())));
  };
  return scf::IfOp::create(b, loc, isInBounds(b, loc, coordinates, limits), inside, outside).getResult(0);
}

struct LowerGather : OpConversionPattern<tg::GatherOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(tg::GatherOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value params = adaptor.getParams(), indices = adaptor.getIndices(),
          init = createEmptyResult(rewriter, op);
    int64_t axis = op.getAxis(), batch = op.getBatchDims(),
            rank = cast<RankedTensorType>(init.getType()).getRank();
    int64_t span = cast<RankedTensorType>(indices.getType()).getRank() - batch;
    SmallVector<Value> sizes = getSizeValues(rewriter, loc, params);
    if (op.getBounds() == tg::BoundsMode::Error) {
      SmallVector<OpFoldResult> indexSizes = getTypedSizes(rewriter, loc, indices);
      OpFoldResult count = rewriter.getIndexAttr(1);
      for (OpFoldResult size : indexSizes)
        count = tg::mulSizes(rewriter, loc, count, size);
      Value rows = createReshape(rewriter, loc, indices, {count, rewriter.getIndexAttr(1)});
      createBoundsCheck(rewriter, loc, rows, indexSizes, {sizes, {axis}, ""});
    }
    SmallVector<AffineExpr> exprs;
    for (int64_t dim = 0; dim < batch; ++dim)
      exprs.push_back(rewriter.getAffineDimExpr(dim));
    for (int64_t dim = axis; dim < axis + span; ++dim)
      exprs.push_back(rewriter.getAffineDimExpr(dim));
    AffineMap map = AffineMap::get(rank, 0, exprs, rewriter.getContext());
    rewriter.replaceOp(op,
                       createParallelGeneric(
                           rewriter, loc, init, indices, map, [&](OpBuilder &b, Location l, ValueRange args) {
                             SmallVector<Value> position;
                             for (int64_t dim = 0; dim < axis; ++dim)
                               position.push_back(linalg::IndexOp::create(b, l, dim));
                             position.push_back(arith::IndexCastOp::create(b, l, b.getIndexType(), args[0]));
                             for (int64_t dim = axis + span; dim < rank; ++dim)
                               position.push_back(linalg::IndexOp::create(b, l, dim));
                             return read(b, l, params, position, axis, sizes, op.getBounds());
                           }));
    return success();
  }
};

struct LowerGatherNd : OpConversionPattern<tg::GatherNdOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(tg::GatherNdOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value params = adaptor.getParams(), indices = adaptor.getIndices(),
          init = createEmptyResult(rewriter, op);
    auto indexType = cast<RankedTensorType>(indices.getType());
    int64_t lead = indexType.getRank() - 1, depth = indexType.getShape().back(), batch = op.getBatchDims();
    int64_t rank = cast<RankedTensorType>(init.getType()).getRank();
    SmallVector<Value> sizes = getSizeValues(rewriter, loc, params);
    SmallVector<int64_t> checked = llvm::to_vector(llvm::seq(batch, batch + depth));
    if (op.getBounds() == tg::BoundsMode::Error && depth > 0) {
      SmallVector<OpFoldResult> tupleSizes = getTypedSizes(rewriter, loc, indices);
      tupleSizes.pop_back();
      OpFoldResult count = rewriter.getIndexAttr(1);
      for (OpFoldResult size : tupleSizes)
        count = tg::mulSizes(rewriter, loc, count, size);
      Value rows = createReshape(rewriter, loc, indices, {count, rewriter.getIndexAttr(depth)});
      createBoundsCheck(rewriter, loc, rows, tupleSizes, {sizes, checked, "param shape"});
    }
    // One operand per coordinate, each a column of the indices.
    SmallVector<AffineMap> maps;
    for (int64_t column = 0; column < depth; ++column) {
      SmallVector<AffineExpr> exprs;
      for (int64_t dim = 0; dim < lead; ++dim)
        exprs.push_back(rewriter.getAffineDimExpr(dim));
      exprs.push_back(rewriter.getAffineConstantExpr(column));
      maps.push_back(AffineMap::get(rank, 0, exprs, rewriter.getContext()));
    }
    SmallVector<Value> columns(depth, indices);
    rewriter.replaceOp(
        op, createParallelGeneric(
                rewriter, loc, init, columns, maps, [&](OpBuilder &b, Location l, ValueRange args) {
                  SmallVector<Value> position;
                  for (int64_t dim = 0; dim < batch; ++dim)
                    position.push_back(linalg::IndexOp::create(b, l, dim));
                  for (Value coordinate : args)
                    position.push_back(arith::IndexCastOp::create(b, l, b.getIndexType(), coordinate));
                  for (int64_t dim = lead; dim < rank; ++dim)
                    position.push_back(linalg::IndexOp::create(b, l, dim));
                  return read(b, l, params, position, checked, sizes, op.getBounds());
                }));
    return success();
  }
};

} // namespace

void populateGatherPatterns(const TypeConverter &converter, RewritePatternSet &patterns) {
  patterns.add<LowerGather, LowerGatherNd>(converter, patterns.getContext());
}

} // namespace tgc::detail
