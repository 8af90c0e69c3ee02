//===- TgIndexingGradients.cpp - Gradients of gather and scatter ----------===//

#include "dialects/Tg/IR/GradientBuilder.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"

using namespace mlir;

namespace tgc::tg {

using Size = OpFoldResult;
using Gradients = SmallVector<Value>;

/// Coordinates into a tensor whose first `batchDims` dimensions are those of the indices: `indices` holds the
/// rest of them, `depth` numbers in its last dimension.
static Value addBatchCoordinates(GradientBuilder &g, Value indices, int64_t batchDims) {
  if (!batchDims)
    return indices;
  SmallVector<Size> column = g.getSizes(indices);
  column.back() = g.size(1);
  SmallVector<Value> parts;
  for (int64_t dim = 0; dim < batchDims; ++dim)
    parts.push_back(g.iota(column, g.getType(indices).getElementType(), dim));
  parts.push_back(indices);
  return g.concat(parts, column.size() - 1);
}

FailureOr<Gradients> GatherOp::buildGradients(GradientBuilder &g, ArrayRef<Value> gradients) {
  // params [B, P, n, Q] and indices [B, I] gave [B, P, I, Q]; what is gathered goes first: [B, I, P, Q] into
  // [B, n, P, Q].
  int64_t batch = getBatchDims(), axis = getAxis(), rank = getParams().getType().getRank();
  int64_t outer = axis - batch, inner = getIndices().getType().getRank() - batch,
          resultRank = getType().getRank();
  SmallVector<int64_t> permutation, paramsPermutation;
  auto append = [](SmallVector<int64_t> &list, int64_t begin, int64_t end) {
    llvm::append_range(list, llvm::seq<int64_t>(begin, end));
  };
  append(permutation, 0, batch);
  append(permutation, axis, axis + inner);
  append(permutation, batch, axis);
  append(permutation, axis + inner, resultRank);
  append(paramsPermutation, 0, batch);
  paramsPermutation.push_back(axis);
  append(paramsPermutation, batch, axis);
  append(paramsPermutation, axis + 1, rank);
  SmallVector<Size> from = g.getSizes(getParams()), column = g.getSizes(getIndices());
  auto sizes = llvm::map_to_vector(paramsPermutation, [&](int64_t dim) { return from[dim]; });
  column.push_back(g.size(1));
  Value coordinates = addBatchCoordinates(g, g.reshape(getIndices(), column), batch);
  Value updates = outer ? g.transpose(gradients[0], permutation) : gradients[0];
  Value sum = g.scatterAdd(g.zeros(sizes, getType().getElementType()), coordinates, updates, getBounds());
  Gradients result(2);
  result[0] = g.refine(outer ? g.transpose(sum, invertPermutationVector(paramsPermutation)) : sum,
                       getParams().getType());
  return result;
}

FailureOr<Gradients> GatherNdOp::buildGradients(GradientBuilder &g, ArrayRef<Value> gradients) {
  Gradients result(2);
  result[0] = g.scatterAdd(g.number(getParams(), 0), addBatchCoordinates(g, getIndices(), getBatchDims()),
                           gradients[0], getBounds());
  return result;
}

/// The larger or smaller of an element and its updates: all that equal it share its gradient.
static Gradients buildExtremeGradient(GradientBuilder &g, ScatterOp op, Value dy) {
  Value y = op.getResult(), updates = op.getUpdates();
  auto equals = [&](Value a, Value b) {
    return g.select(g.compare(ComparisonDirection::EQ, a, b), g.number(a, 1), g.number(a, 0));
  };
  Value own = equals(op.getX(), y);
  Value theirs = equals(updates, g.refine(g.gatherNd(y, op.getIndices(), op.getBounds()), updates.getType()));
  Value count = g.scatterAdd(own, op.getIndices(), theirs, op.getBounds());
  // Nobody shares where nothing was written and x is NaN.
  Value share = g.div(
      dy, g.select(g.compare(ComparisonDirection::EQ, count, g.number(count, 0)), g.number(count, 1), count));
  Value gathered = g.refine(g.gatherNd(share, op.getIndices(), op.getBounds()), updates.getType());
  return {g.mul(share, own), Value(), g.mul(gathered, theirs)};
}

/// The product of an element and its updates. Zeros are counted apart, so that a single one gets the product
/// of the others.
static Gradients buildProductGradient(GradientBuilder &g, ScatterOp op, Value dy) {
  auto isZero = [&](Value x) { return g.compare(ComparisonDirection::EQ, x, g.number(x, 0)); };
  auto orOne = [&](Value x) { return g.select(isZero(x), g.number(x, 1), x); };
  auto count = [&](Value x) { return g.select(isZero(x), g.number(x, 1), g.number(x, 0)); };
  Value x = op.getX(), updates = op.getUpdates();
  Value zeros = g.scatterAdd(count(x), op.getIndices(), count(updates), op.getBounds());
  Value rest = ScatterOp::create(g.builder, g.loc, ScatterKind::Mul, orOne(x), op.getIndices(),
                                 orOne(updates), op.getBounds());
  // dy times the product of what is not zero, and how many zeros there are, at each operand's place.
  auto build = [&](Value operand, Value scaled, Value zerosThere) {
    Value others = g.sub(zerosThere, count(operand));
    return g.select(isZero(others), g.div(scaled, g.conj(orOne(operand))), g.number(operand, 0));
  };
  Value scaled = g.mul(dy, g.conj(rest));
  auto gather = [&](Value from) {
    return g.refine(g.gatherNd(from, op.getIndices(), op.getBounds()), updates.getType());
  };
  return {build(x, scaled, zeros), Value(), build(updates, gather(scaled), gather(zeros))};
}

FailureOr<Gradients> ScatterOp::buildGradients(GradientBuilder &g, ArrayRef<Value> gradients) {
  Value dy = gradients[0];
  auto gathered = [&] { return g.refine(g.gatherNd(dy, getIndices(), getBounds()), getUpdates().getType()); };
  switch (getKind()) {
  case ScatterKind::Update: {
    Value kept = ScatterOp::create(g.builder, g.loc, ScatterKind::Update, dy, getIndices(),
                                   g.number(getUpdates(), 0), getBounds());
    return Gradients{kept, Value(), gathered()};
  }
  case ScatterKind::Add:
    return Gradients{dy, Value(), gathered()};
  case ScatterKind::Sub:
    return Gradients{dy, Value(), g.neg(gathered())};
  case ScatterKind::Max:
  case ScatterKind::Min:
    return buildExtremeGradient(g, *this, dy);
  case ScatterKind::Mul:
    return buildProductGradient(g, *this, dy);
  case ScatterKind::Div:
    return mlir::emitError(getLoc()) << "no gradient is known of a scattered quotient";
  }
  llvm_unreachable("unknown kind of scatter");
}

} // namespace tgc::tg
