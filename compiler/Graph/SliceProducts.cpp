//===- SliceProducts.cpp - Only the part of a product that is read --------===//
//
// A net that multiplies concat(x, h) with a weight has the gradients of both in one product, of which the
// part that belongs to x, which no variable is behind, is never read. The rest is the product of the rows of
// the weight that h meets.
//
//===----------------------------------------------------------------------===//

#include "compiler/Graph/Passes.h"
#include "dialects/Tg/IR/TgOps.h"
#include "dialects/Tg/IR/TgShapes.h"

using namespace mlir;

namespace tgc {
#define GEN_PASS_DEF_SLICEPRODUCTSPASS
#include "compiler/Graph/Passes.h.inc"

namespace {

/// `size` elements from `offset` on along a dimension of a matrix of known sizes.
Value sliceMatrix(OpBuilder &builder, Location loc, Value matrix, int64_t dim, int64_t offset, int64_t size) {
  auto type = cast<RankedTensorType>(matrix.getType());
  if (type.getDimSize(dim) == size)
    return matrix;
  SmallVector<OpFoldResult> offsets(2, builder.getIndexAttr(0)), sizes;
  for (int64_t each : type.getShape())
    sizes.push_back(builder.getIndexAttr(each));
  offsets[dim] = builder.getIndexAttr(offset);
  sizes[dim] = builder.getIndexAttr(size);
  return tg::SliceOp::create(builder, loc, matrix, offsets, sizes, ArrayRef<int64_t>{1, 1});
}

struct SliceProductsPass : impl::SliceProductsPassBase<SliceProductsPass> {
  void runOnOperation() override {
    SmallVector<tg::SliceOp> slices;
    getOperation().walk([&](tg::SliceOp op) { slices.push_back(op); });
    for (tg::SliceOp slice : slices)
      moveUp(slice);
  }

private:
  static void moveUp(tg::SliceOp slice) {
    auto product = slice.getX().getDefiningOp<tg::MatMulOp>();
    ArrayRef<int64_t> offsets = slice.getStaticOffsets(), sizes = slice.getStaticSizes();
    auto isStatic = [](Value value) { return cast<RankedTensorType>(value.getType()).hasStaticShape(); };
    auto isOne = [](int64_t step) { return step == 1; };
    if (!product || !product->hasOneUse() || product->getBlock() != slice->getBlock() || sizes.size() != 2 ||
        !isStatic(product.getLhs()) || !isStatic(product.getRhs()) || ShapedType::isDynamicShape(offsets) ||
        ShapedType::isDynamicShape(sizes) || !llvm::all_of(slice.getStrides(), isOne))
      return;
    OpBuilder builder(slice);
    Location loc = product.getLoc();
    Value lhs =
        sliceMatrix(builder, loc, product.getLhs(), product.getTransposeLhs() ? 1 : 0, offsets[0], sizes[0]);
    Value rhs =
        sliceMatrix(builder, loc, product.getRhs(), product.getTransposeRhs() ? 0 : 1, offsets[1], sizes[1]);
    Value part = tg::MatMulOp::create(builder, loc, slice.getType(), lhs, rhs, product.getTransposeLhs(),
                                      product.getTransposeRhs());
    slice.getResult().replaceAllUsesWith(part);
  }
};

} // namespace
} // namespace tgc
