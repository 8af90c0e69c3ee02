//===- Scatter.cpp - Lowering of tg.scatter -------------------------------===//
//
// Updates are applied one after the other, in the order that the op promises, to a tensor that starts as `x`;
// bufferization makes that an update in place wherever `x` is not needed any more.
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/TgToLinalg/Bounds.h"
#include "compiler/Conversion/TgToLinalg/Patterns.h"
#include "dialects/Tg/IR/ScalarBuilder.h"
#include "dialects/Tg/IR/ScatterOrder.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace tgc::detail {
namespace {

/// The larger or the smaller of an element and an update; of NaN and a number what the operator keeps.
Value chooseExtreme(OpBuilder &b, Location loc, tg::ScatterOp op, Value old, Value update) {
  bool isMax = op.getKind() == tg::ScatterKind::Max;
  Type element = op.getType().getElementType();
  if (!isa<FloatType>(element)) {
    tg::ScalarBuilder s(b, loc, element);
    return isMax ? s.maximum(old, update) : s.minimum(old, update);
  }
  auto [kept, other] = op->hasAttr(tg::kKeepsUpdates) ? std::pair(update, old) : std::pair(old, update);
  auto isWorse = isMax ? arith::CmpFPredicate::OLT : arith::CmpFPredicate::OGT;
  return arith::SelectOp::create(b, loc, arith::CmpFOp::create(b, loc, isWorse, kept, other), other, kept);
}

/// One update of one element.
Value applyUpdate(OpBuilder &b, Location loc, tg::ScatterOp op, Value old, Value update) {
  tg::ScalarBuilder s(b, loc, op.getType().getElementType());
  switch (op.getKind()) {
  case tg::ScatterKind::Update:
    return update;
  case tg::ScatterKind::Add:
    return s.add(old, update);
  case tg::ScatterKind::Sub:
    return s.sub(old, update);
  case tg::ScatterKind::Mul:
    return s.mul(old, update);
  case tg::ScatterKind::Div:
    return s.div(old, update);
  case tg::ScatterKind::Max:
  case tg::ScatterKind::Min:
    return chooseExtreme(b, loc, op, old, update);
  }
  llvm_unreachable("unknown scatter kind");
}

/// Combines two tensors of one shape, in place of `old`.
Value updateSlice(OpBuilder &builder, Location loc, tg::ScatterOp op, Value old, Value update) {
  auto type = cast<RankedTensorType>(old.getType());
  SmallVector<AffineMap> maps(2, builder.getMultiDimIdentityMap(type.getRank()));
  SmallVector<utils::IteratorType> iterators(type.getRank(), utils::IteratorType::parallel);
  auto generic = linalg::GenericOp::create(
      builder, loc, type, update, old, maps, iterators, [&](OpBuilder &b, Location l, ValueRange args) {
        linalg::YieldOp::create(b, l, applyUpdate(b, l, op, args[1], args[0]));
      });
  return generic.getResult(0);
}

/// The part of a `rank`-dimensional tensor at `leading` coordinates, all of the other dimensions.
struct SliceAt {
  SmallVector<OpFoldResult> offsets, sizes, strides;

  SliceAt(OpBuilder &builder, ArrayRef<Value> leading, ArrayRef<OpFoldResult> rest) {
    for (Value coordinate : leading) {
      offsets.push_back(coordinate);
      sizes.push_back(builder.getIndexAttr(1));
    }
    offsets.append(rest.size(), builder.getIndexAttr(0));
    llvm::append_range(sizes, rest);
    strides.append(offsets.size(), builder.getIndexAttr(1));
  }
};

struct LowerScatter : OpConversionPattern<tg::ScatterOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(tg::ScatterOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value x = adaptor.getX();
    auto type = cast<RankedTensorType>(x.getType());
    int64_t depth = cast<RankedTensorType>(op.getIndices().getType()).getShape().back();
    SmallVector<OpFoldResult> sizes = getTypedSizes(rewriter, loc, x),
                              tupleSizes = getTypedSizes(rewriter, loc, adaptor.getIndices());
    tupleSizes.pop_back();
    OpFoldResult count = rewriter.getIndexAttr(1);
    for (OpFoldResult size : tupleSizes)
      count = tg::mulSizes(rewriter, loc, count, size);
    Value rows = createReshape(rewriter, loc, adaptor.getIndices(), {count, rewriter.getIndexAttr(depth)});
    SmallVector<OpFoldResult> sliceSizes(ArrayRef(sizes).drop_front(depth)), updateSizes{count};
    llvm::append_range(updateSizes, sliceSizes);
    Value updates = createReshape(rewriter, loc, adaptor.getUpdates(), updateSizes);

    SmallVector<Value> sizeValues = getValueOrCreateConstantIndexOp(rewriter, loc, sizes);
    ArrayRef<Value> limits = ArrayRef(sizeValues).take_front(depth);
    if (op.getBounds() == tg::BoundsMode::Error)
      createBoundsCheck(
          rewriter, loc, rows, tupleSizes,
          {sizeValues, llvm::to_vector(llvm::seq(int64_t(0), depth)), depth == 1 ? "" : "shape"});
    if (llvm::is_contained(type.getShape(), 0)) {
      rewriter.replaceOp(op, x);
      return success();
    }

    auto sliceType = RankedTensorType::get(type.getShape().drop_front(depth), type.getElementType());
    auto applyRow = [&](OpBuilder &b, Location l, Value row, ArrayRef<Value> coordinates,
                        Value target) -> Value {
      if (sliceSizes.empty()) {
        Value update = tensor::ExtractOp::create(b, l, updates, row), old;
        if (op.getKind() != tg::ScatterKind::Update)
          old = tensor::ExtractOp::create(b, l, target, coordinates);
        return tensor::InsertOp::create(b, l, applyUpdate(b, l, op, old, update), target, coordinates);
      }
      SliceAt source(b, row, sliceSizes), place(b, coordinates, sliceSizes);
      Value slice = tensor::ExtractSliceOp::create(b, l, sliceType, updates, source.offsets, source.sizes,
                                                   source.strides);
      if (op.getKind() != tg::ScatterKind::Update) {
        Value old = tensor::ExtractSliceOp::create(b, l, sliceType, target, place.offsets, place.sizes,
                                                   place.strides);
        slice = updateSlice(b, l, op, old, slice);
      }
      return tensor::InsertSliceOp::create(b, l, slice, target, place.offsets, place.sizes, place.strides);
    };

    Value zero = arith::ConstantIndexOp::create(rewriter, loc, 0),
          one = arith::ConstantIndexOp::create(rewriter, loc, 1);
    Value end = getValueOrCreateConstantIndexOp(rewriter, loc, count);
    auto loop = scf::ForOp::create(
        rewriter, loc, zero, end, one, x, [&](OpBuilder &b, Location l, Value row, ValueRange args) {
          SmallVector<Value> coordinates;
          for (int64_t dim = 0; dim < depth; ++dim) {
            Value column = arith::ConstantIndexOp::create(b, l, dim);
            Value number = tensor::ExtractOp::create(b, l, rows, ValueRange{row, column});
            coordinates.push_back(arith::IndexCastOp::create(b, l, b.getIndexType(), number));
          }
          // Guarded in either mode: nothing is written out of bounds even if a pass moves the loop before the
          // check.
          auto inside = [&](OpBuilder &inner, Location il) {
            scf::YieldOp::create(inner, il, applyRow(inner, il, row, coordinates, args[0]));
          };
          auto outside = [&](OpBuilder &inner, Location il) { scf::YieldOp::create(inner, il, args[0]); };
          auto guarded = scf::IfOp::create(b, l, isInBounds(b, l, coordinates, limits), inside, outside);
          scf::YieldOp::create(b, l, guarded.getResults());
        });
    rewriter.replaceOp(op, loop.getResults());
    return success();
  }
};

} // namespace

void populateScatterPatterns(const TypeConverter &converter, RewritePatternSet &patterns) {
  patterns.add<LowerScatter>(converter, patterns.getContext());
}

} // namespace tgc::detail
