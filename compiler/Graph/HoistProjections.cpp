//===- HoistProjections.cpp - Input projections of recurrent layers -------===//
//
// A recurrent layer multiplies each step's input with the same weight, a product too small to use the machine
// well. The inputs of all steps are known before the loop (those that are computed in it are not touched), so
// one product does all.
//
//===----------------------------------------------------------------------===//

#include "compiler/Graph/Passes.h"
#include "dialects/Tg/IR/TgOps.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;

namespace tgc {
#define GEN_PASS_DEF_HOISTPROJECTIONSPASS
#include "compiler/Graph/Passes.h.inc"

namespace {

struct ProjectionHoister {
  tg::WhileOp loop;
  OpBuilder outside;

  explicit ProjectionHoister(tg::WhileOp loop) : loop(loop), outside(loop) {}

  bool isOutside(Value value) { return !loop->isAncestor(value.getParentRegion()->getParentOp()); }

  void run() {
    SmallVector<tg::MatMulOp> products;
    loop.getBodyRegion().walk([&](tg::MatMulOp op) {
      if (op->getParentOfType<tg::WhileOp>() == loop)
        products.push_back(op);
    });
    SmallVector<tg::MatMulOp> whole;
    for (tg::MatMulOp product : products)
      if (!splitConcat(product, whole))
        whole.push_back(product);
    for (tg::MatMulOp product : whole)
      hoist(product);
  }

  /// `matrix` as [1, m, k] of a [t, m, k] that the loop does not change, at a step that it does. Columns are
  /// taken whole.
  tg::SliceOp getStep(Value matrix) {
    auto reshape = matrix.getDefiningOp<tg::ReshapeOp>();
    auto slice = reshape ? reshape.getX().getDefiningOp<tg::SliceOp>() : nullptr;
    if (!slice || !isOutside(slice.getX()) || isOutside(slice.getResult()))
      return nullptr;
    auto from = cast<RankedTensorType>(slice.getX().getType()), to = cast<RankedTensorType>(matrix.getType());
    SmallVector<OpFoldResult> offsets = slice.getMixedOffsets(), sizes = slice.getMixedSizes();
    bool hasColumns = from.getRank() == 3 && to.getRank() == 2 && !from.isDynamicDim(2) &&
                      from.getDimSize(2) == to.getDimSize(1);
    return hasColumns && isConstantIntValue(sizes[0], 1) && !getConstantIntValue(offsets[0]) &&
                   isConstantIntValue(offsets[2], 0) && isConstantIntValue(sizes[2], from.getDimSize(2)) &&
                   llvm::all_of(slice.getStrides(), [](int64_t step) { return step == 1; })
               ? slice
               : nullptr;
  }

  /// concat(a, b) * w -> a * w[:k] + b * w[k:], if one of them is a step's input. Is `product` replaced (and
  /// erased)? Adds those of its parts that are products of a step.
  bool splitConcat(tg::MatMulOp product, SmallVectorImpl<tg::MatMulOp> &parts) {
    auto concat = product.getLhs().getDefiningOp<tg::ConcatOp>();
    if (!concat || concat.getDimension() != 1 || product.getTransposeLhs() || product.getTransposeRhs() ||
        !isOutside(product.getRhs()))
      return false;
    if (llvm::none_of(concat.getInputs(), [&](Value input) { return getStep(input); }) ||
        llvm::any_of(concat.getInputs(),
                     [](Value input) { return cast<RankedTensorType>(input.getType()).isDynamicDim(1); }))
      return false;
    auto type = cast<RankedTensorType>(product.getRhs().getType());
    if (type.getRank() != 2 || type.isDynamicDim(1))
      return false;
    OpBuilder inside(product);
    Location loc = product.getLoc();
    int64_t first = 0;
    Value sum;
    for (Value input : concat.getInputs()) {
      int64_t rows = cast<RankedTensorType>(input.getType()).getDimSize(1);
      Value weight = tg::SliceOp::create(
          outside, loc, product.getRhs(), {outside.getIndexAttr(first), outside.getIndexAttr(0)},
          {outside.getIndexAttr(rows), outside.getIndexAttr(type.getDimSize(1))}, {1, 1});
      first += rows;
      auto part = tg::MatMulOp::create(inside, loc, input, weight, false, false);
      Value term = part.getResult();
      if (term.getType() != product.getType())
        term = tensor::CastOp::create(inside, loc, product.getType(), term);
      sum = sum ? Value(tg::AddOp::create(inside, loc, sum, term)) : term;
      if (getStep(input))
        parts.push_back(part);
    }
    product.replaceAllUsesWith(sum);
    product.erase();
    return true;
  }

  void hoist(tg::MatMulOp product) {
    tg::SliceOp step = getStep(product.getLhs());
    auto weight = cast<RankedTensorType>(product.getRhs().getType());
    if (!step || product.getTransposeLhs() || !isOutside(product.getRhs()) || weight.getRank() != 2)
      return;
    Location loc = product.getLoc();
    Value x = step.getX();
    auto type = cast<RankedTensorType>(x.getType());
    unsigned column = product.getTransposeRhs() ? 0 : 1;
    OpFoldResult columns = tg::getSize(outside, loc, product.getRhs(), column);
    // [t, m, k] -> [t * m, k] -> [t * m, n] -> [t, m, n]
    SmallVector<OpFoldResult> sizes = tg::getSizes(outside, loc, x);
    SmallVector<OpFoldResult> flat{tg::mulSizes(outside, loc, sizes[0], sizes[1]), sizes[2]};
    Value rows = tg::ReshapeOp::create(outside, loc, tg::getTypeOfSizes(flat, type.getElementType()), x,
                                       tg::getDynamicSizes(flat));
    Value all = tg::MatMulOp::create(outside, loc, rows, product.getRhs(), false, product.getTransposeRhs())
                    .getResult();
    sizes[2] = columns;
    Value steps = tg::ReshapeOp::create(outside, loc, tg::getTypeOfSizes(sizes, type.getElementType()), all,
                                        tg::getDynamicSizes(sizes));

    OpBuilder inside(product);
    SmallVector<OpFoldResult> offsets = step.getMixedOffsets(), extents = step.getMixedSizes();
    extents[2] = columns;
    Value slice = tg::SliceOp::create(inside, loc, steps, offsets, extents, {1, 1, 1});
    SmallVector<OpFoldResult> matrix{extents[1], extents[2]};
    Value result = tg::ReshapeOp::create(inside, loc, tg::getTypeOfSizes(matrix, type.getElementType()),
                                         slice, tg::getDynamicSizes(matrix));
    if (result.getType() != product.getType())
      result = tensor::CastOp::create(inside, loc, product.getType(), result);
    product.replaceAllUsesWith(result);
    product.erase();
  }
};

struct HoistProjectionsPass : impl::HoistProjectionsPassBase<HoistProjectionsPass> {
  void runOnOperation() override {
    getOperation().walk<WalkOrder::PostOrder>([](tg::WhileOp loop) { ProjectionHoister(loop).run(); });
  }
};

} // namespace
} // namespace tgc
