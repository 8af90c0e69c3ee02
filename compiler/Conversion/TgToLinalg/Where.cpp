//===- Where.cpp - Lowering of tg.count_nonzero and tg.where --------------===//

#include "compiler/Conversion/TgToLinalg/Bounds.h"
#include "compiler/Conversion/TgToLinalg/Patterns.h"
#include "dialects/Tg/IR/ScalarBuilder.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace tgc::detail {
namespace {

/// Whether a scalar of tg type `element` is not zero; a string, whether it is not empty. A NaN is not zero.
Value isNonzero(OpBuilder &b, Location loc, Type element, Value value) {
  if (element.isInteger(1))
    return value;
  if (isa<tg::StringType>(element)) {
    Value length = vector::ExtractOp::create(b, loc, value, ArrayRef<int64_t>{1});
    return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, length,
                                 createZero(b, loc, length.getType()));
  }
  return tg::ScalarBuilder(b, loc, element)
      .compare(tg::ComparisonDirection::NE, value, createZero(b, loc, value.getType()));
}

struct LowerCountNonzero : OpConversionPattern<tg::CountNonzeroOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(tg::CountNonzeroOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Type i64 = rewriter.getI64Type(), element = op.getX().getType().getElementType();
    int64_t rank = op.getX().getType().getRank();
    Value empty = tensor::EmptyOp::create(rewriter, loc, ArrayRef<int64_t>{}, i64);
    Value init = linalg::FillOp::create(rewriter, loc, createZero(rewriter, loc, i64), empty).getResult(0);
    AffineMap maps[] = {rewriter.getMultiDimIdentityMap(rank),
                        AffineMap::get(rank, 0, rewriter.getContext())};
    SmallVector<utils::IteratorType> iterators(rank, utils::IteratorType::reduction);
    auto sum = linalg::GenericOp::create(
        rewriter, loc, init.getType(), adaptor.getX(), init, maps, iterators,
        [&](OpBuilder &b, Location l, ValueRange args) {
          Value one = arith::ExtUIOp::create(b, l, i64, isNonzero(b, l, element, args[0]));
          linalg::YieldOp::create(b, l, Value(arith::AddIOp::create(b, l, args[1], one)));
        });
    Value count = tensor::ExtractOp::create(rewriter, loc, sum.getResult(0), ValueRange{});
    rewriter.replaceOpWithNewOp<arith::IndexCastOp>(op, rewriter.getIndexType(), count);
    return success();
  }
};

/// One walk over `x` that carries the number of coordinates found so far.
struct LowerWhere : OpConversionPattern<tg::WhereOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(tg::WhereOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value x = adaptor.getX(), init = createEmptyResult(rewriter, op);
    int64_t rank = op.getX().getType().getRank();
    if (rank == 0) {
      rewriter.replaceOp(op, init);
      return success();
    }
    Value zero = arith::ConstantIndexOp::create(rewriter, loc, 0),
          one = arith::ConstantIndexOp::create(rewriter, loc, 1);
    SmallVector<Value> begins(rank, zero), steps(rank, one);
    SmallVector<Value> ends = getValueOrCreateConstantIndexOp(rewriter, loc, getTypedSizes(rewriter, loc, x));
    auto body = [&](OpBuilder &b, Location l, ValueRange position, ValueRange state) -> scf::ValueVector {
      Value element = tensor::ExtractOp::create(b, l, x, position);
      auto found = [&](OpBuilder &inner, Location il) {
        Value target = state[1];
        for (auto [dim, index] : llvm::enumerate(position)) {
          Value column = arith::ConstantIndexOp::create(inner, il, dim);
          Value number = arith::IndexCastOp::create(inner, il, inner.getI64Type(), index);
          target = tensor::InsertOp::create(inner, il, number, target, ValueRange{state[0], column});
        }
        scf::YieldOp::create(inner, il, ValueRange{arith::AddIOp::create(inner, il, state[0], one), target});
      };
      auto skipped = [&](OpBuilder &inner, Location il) { scf::YieldOp::create(inner, il, state); };
      auto step = scf::IfOp::create(b, l, isNonzero(b, l, op.getX().getType().getElementType(), element),
                                    found, skipped);
      return scf::ValueVector(step.result_begin(), step.result_end());
    };
    scf::LoopNest nest = scf::buildLoopNest(rewriter, loc, begins, ends, steps, ValueRange{zero, init}, body);
    rewriter.replaceOp(op, nest.results[1]);
    return success();
  }
};

} // namespace

void populateWherePatterns(const TypeConverter &converter, RewritePatternSet &patterns) {
  patterns.add<LowerCountNonzero, LowerWhere>(converter, patterns.getContext());
}

} // namespace tgc::detail
