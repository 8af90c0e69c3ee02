//===- TgReductionGradients.cpp - Gradients of reductions and scans -------===//

#include "dialects/Tg/IR/GradientBuilder.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"

using namespace mlir;

namespace tgc::tg {

using Direction = ComparisonDirection;
using Size = OpFoldResult;
using Gradients = SmallVector<Value>;

/// The product of all other elements for each, by running products from both ends: zeros are no exception.
static Value buildProductOfOthers(GradientBuilder &g, Value x, ArrayRef<int64_t> dimensions) {
  SmallVector<int64_t> permutation;
  SmallVector<Size> sizes = g.getSizes(x), rows, shape;
  for (int64_t dim = 0, rank = g.getRank(x); dim < rank; ++dim)
    if (!llvm::is_contained(dimensions, dim)) {
      permutation.push_back(dim);
      rows.push_back(sizes[dim]);
    }
  Size count = g.size(1);
  for (int64_t dim : dimensions)
    count = g.mulSizes(count, sizes[dim]);
  llvm::append_range(permutation, dimensions);
  for (int64_t dim : permutation)
    shape.push_back(sizes[dim]);
  rows.push_back(count);
  Value flat = g.reshape(g.transpose(x, permutation), rows);
  int64_t last = rows.size() - 1;
  Value before = ScanOp::create(g.builder, g.loc, ReductionKind::Prod, flat, last, /*exclusive=*/true,
                                /*reverse=*/false);
  Value after =
      ScanOp::create(g.builder, g.loc, ReductionKind::Prod, flat, last, /*exclusive=*/true, /*reverse=*/true);
  Value others = g.conj(g.mul(before, after));
  return g.refine(g.transpose(g.reshape(others, shape), invertPermutationVector(permutation)), x.getType());
}

FailureOr<Gradients> ReduceOp::buildGradients(GradientBuilder &g, ArrayRef<Value> gradients) {
  SmallVector<Size> sizes = g.getSizes(getX());
  auto spread = [&](Value y) {
    return g.refine(g.broadcastAlong(y, getDimensions(), sizes), getX().getType());
  };
  Value dy = spread(gradients[0]);
  switch (getKind()) {
  case ReductionKind::Sum:
    return Gradients{dy};
  case ReductionKind::Prod:
    return Gradients{getDimensions().empty() ? dy
                                             : g.mul(dy, buildProductOfOthers(g, getX(), getDimensions()))};
  case ReductionKind::Max:
  case ReductionKind::Min: {
    // Equal elements share.
    Value isChosen = g.compare(Direction::EQ, getX(), spread(getResult()));
    Value share = g.select(isChosen, g.number(getX(), 1), g.number(getX(), 0));
    return Gradients{g.mul(g.div(share, spread(g.reduce(ReductionKind::Sum, share, getDimensions()))), dy)};
  }
  case ReductionKind::All:
  case ReductionKind::Any:
    return Gradients{Value()};
  }
  llvm_unreachable("unknown kind of reduction");
}

FailureOr<Gradients> ScanOp::buildGradients(GradientBuilder &g, ArrayRef<Value> gradients) {
  auto sumBack = [&](Value x) -> Value {
    return ScanOp::create(g.builder, g.loc, ReductionKind::Sum, x, getDimension(), getExclusive(),
                          !getReverse());
  };
  if (getKind() == ReductionKind::Sum)
    return Gradients{sumBack(gradients[0])};
  if (getKind() != ReductionKind::Prod)
    return mlir::emitError(getLoc()) << "no gradient is known of a running "
                                     << stringifyReductionKind(getKind());
  // As TensorFlow: zero where x is, though the true derivative need not be.
  Value sum = sumBack(g.mul(g.conj(getResult()), gradients[0])), x = g.conj(getX());
  Value isZero = g.compare(Direction::EQ, x, g.number(x, 0));
  return Gradients{g.select(isZero, g.number(x, 0), g.div(sum, g.select(isZero, g.number(x, 1), x)))};
}

FailureOr<Gradients> TopKOp::buildGradients(GradientBuilder &g, ArrayRef<Value> gradients) {
  Gradients result(getNumOperands());
  if (!gradients[0])
    return result;
  SmallVector<Size> column = g.getSizes(getIndices());
  int64_t rank = column.size();
  column.push_back(g.size(1));
  SmallVector<Value> coordinates;
  Type element = getIndices().getType().getElementType();
  for (int64_t dim = 0; dim < rank - 1; ++dim)
    coordinates.push_back(g.iota(column, element, dim));
  coordinates.push_back(g.reshape(getIndices(), column));
  result[0] = g.scatterAdd(g.number(getX(), 0), g.concat(coordinates, rank), gradients[0], BoundsMode::Error);
  return result;
}

} // namespace tgc::tg
