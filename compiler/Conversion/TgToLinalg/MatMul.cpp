//===- MatMul.cpp - Lowering of products of matrices ----------------------===//

#include "compiler/Conversion/TgToLinalg/Accumulator.h"
#include "compiler/Conversion/TgToLinalg/Patterns.h"

using namespace mlir;

namespace tgc::detail {
namespace {

/// Loops over the batches, m, k and n where rows of the right operand are contiguous (the innermost loop runs
/// along them), and over the batches, m, n and k where its columns are.
struct LowerMatMul : OpConversionPattern<tg::MatMulOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(tg::MatMulOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    auto lhsType = op.getLhs().getType(), rhsType = op.getRhs().getType();
    Type element = lhsType.getElementType(), accumulatorType = getProductAccumulatorType(element);
    Value init = createAccumulators(rewriter, loc, tg::ReductionKind::Sum, accumulatorType,
                                    reifyResultSizes(rewriter, op));
    if (llvm::is_contained(lhsType.getShape(), 0) || llvm::is_contained(rhsType.getShape(), 0)) {
      rewriter.replaceOp(op, roundAccumulators(rewriter, loc, init, element));
      return success();
    }
    unsigned rank = lhsType.getRank(), loops = rank + 1;
    unsigned m = rank - 2, k = op.getTransposeRhs() ? rank : rank - 1,
             n = op.getTransposeRhs() ? rank - 1 : rank;
    auto getMap = [&](unsigned row, unsigned column) {
      SmallVector<unsigned> dims = llvm::to_vector(llvm::seq<unsigned>(0, rank - 2));
      dims.append({row, column});
      SmallVector<AffineExpr> exprs;
      for (unsigned dim : dims)
        exprs.push_back(rewriter.getAffineDimExpr(dim));
      return AffineMap::get(loops, 0, exprs, rewriter.getContext());
    };
    AffineMap maps[] = {op.getTransposeLhs() ? getMap(k, m) : getMap(m, k),
                        op.getTransposeRhs() ? getMap(n, k) : getMap(k, n), getMap(m, n)};
    SmallVector<utils::IteratorType> iterators(loops, utils::IteratorType::parallel);
    iterators[k] = utils::IteratorType::reduction;
    auto generic = linalg::GenericOp::create(
        rewriter, loc, init.getType(), ValueRange{adaptor.getLhs(), adaptor.getRhs()}, init, maps, iterators,
        [&](OpBuilder &b, Location l, ValueRange args) {
          linalg::YieldOp::create(
              b, l, accumulateProduct(b, l, element, accumulatorType, args[2], args[0], args[1]));
        });
    rewriter.replaceOp(op, roundAccumulators(rewriter, loc, generic.getResult(0), element));
    return success();
  }
};

} // namespace

void populateMatMulPatterns(const TypeConverter &converter, RewritePatternSet &patterns) {
  patterns.add<LowerMatMul>(converter, patterns.getContext());
}

} // namespace tgc::detail
