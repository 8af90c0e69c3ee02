//===- Softmax.cpp - Quotients by the sum of a softmax --------------------===//
//
// The exponentials of a row, less its largest element first, sum to at least 1 and to no more than their
// number. So the reciprocal of the sum is finite, and each element is a product with it: one division a row,
// as in TensorFlow's kernel of Softmax.
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/TgToLinalg/Patterns.h"

using namespace mlir;

namespace tgc::detail {
namespace {

/// A reduction along dimensions that are repeated to the shape of what it reduces.
struct RepeatedReduction {
  tg::ReshapeOp column; ///< With dimensions of size one where it is reduced.
  tg::ReduceOp reduce;
};

std::optional<RepeatedReduction> matchRepeated(Value value, tg::ReductionKind kind) {
  auto broadcast = value.getDefiningOp<tg::BroadcastToOp>();
  auto column = broadcast ? broadcast.getX().getDefiningOp<tg::ReshapeOp>() : tg::ReshapeOp();
  auto reduce = column ? column.getX().getDefiningOp<tg::ReduceOp>() : tg::ReduceOp();
  if (!reduce || reduce.getKind() != kind)
    return std::nullopt;
  auto type = cast<RankedTensorType>(column.getType()), full = cast<RankedTensorType>(broadcast.getType());
  if (type.getRank() != full.getRank() || reduce.getX().getType().getRank() != full.getRank())
    return std::nullopt;
  OpBuilder builder(value.getContext());
  SmallVector<OpFoldResult> own = tg::mixSizes(builder, type, column.getSizes()),
                            all = tg::mixSizes(builder, full, broadcast.getSizes());
  for (int64_t dim = 0; dim < type.getRank(); ++dim) {
    bool isReduced = llvm::is_contained(reduce.getDimensions(), dim);
    if (isReduced ? type.getDimSize(dim) != 1 : own[dim] != all[dim])
      return std::nullopt;
  }
  return RepeatedReduction{column, reduce};
}

/// Whether these are exponentials of elements less the largest along the dimensions.
bool isShifted(Value exponentials, ArrayRef<int64_t> dimensions) {
  auto exponential = exponentials.getDefiningOp<tg::ExpOp>();
  auto difference = exponential ? exponential.getX().getDefiningOp<tg::SubOp>() : tg::SubOp();
  auto largest = difference ? matchRepeated(difference.getRhs(), tg::ReductionKind::Max) : std::nullopt;
  return largest && largest->reduce.getX() == difference.getLhs() &&
         largest->reduce.getDimensions() == dimensions;
}

/// A pattern of the interface, as that of all scalar ops is: among such the benefit counts.
struct LowerQuotientBySum : OpInterfaceConversionPattern<tg::ScalarOpInterface> {
  LowerQuotientBySum(const TypeConverter &converter, MLIRContext *context)
      : OpInterfaceConversionPattern(converter, context, /*benefit=*/2) {}

  LogicalResult matchAndRewrite(tg::ScalarOpInterface op, ArrayRef<Value> lowered,
                                ConversionPatternRewriter &rewriter) const override {
    auto quotient = dyn_cast<tg::DivOp>(op.getOperation());
    auto sums = quotient ? matchRepeated(quotient.getRhs(), tg::ReductionKind::Sum) : std::nullopt;
    if (!sums || !isShifted(sums->reduce.getX(), sums->reduce.getDimensions()))
      return failure();
    Location loc = op.getLoc();
    Value column = rewriter.getRemappedValue(sums->column.getResult());
    auto type = cast<RankedTensorType>(column.getType());
    int64_t rank = type.getRank();
    Value reciprocals = createParallelGeneric(
        rewriter, loc, createEmptyResult(rewriter, sums->column), column,
        rewriter.getMultiDimIdentityMap(rank), [&](OpBuilder &b, Location l, ValueRange args) -> Value {
          Value one = arith::ConstantOp::create(b, l, b.getFloatAttr(type.getElementType(), 1));
          return arith::DivFOp::create(b, l, one, args[0]);
        });
    SmallVector<AffineExpr> row;
    for (int64_t dim = 0; dim < rank; ++dim)
      row.push_back(type.getDimSize(dim) == 1 ? rewriter.getAffineConstantExpr(0)
                                              : rewriter.getAffineDimExpr(dim));
    AffineMap maps[] = {rewriter.getMultiDimIdentityMap(rank),
                        AffineMap::get(rank, 0, row, rewriter.getContext())};
    Value operands[] = {lowered.front(), reciprocals};
    rewriter.replaceOp(op,
                       createParallelGeneric(rewriter, loc, createEmptyResult(rewriter, op), operands, maps,
                                             [](OpBuilder &b, Location l, ValueRange args) -> Value {
                                               return arith::MulFOp::create(b, l, args[0], args[1]);
                                             }));
    return success();
  }
};

} // namespace

void populateSoftmaxPatterns(const TypeConverter &converter, RewritePatternSet &patterns) {
  patterns.add<LowerQuotientBySum>(converter, patterns.getContext());
}

} // namespace tgc::detail
