//===- SortOps.cpp - The largest elements ---------------------------------===//

#include "frontend/Import/Indexing.h"
#include "frontend/Import/NodeImporter.h"
#include "frontend/Import/OpRegistry.h"

using namespace mlir;

namespace tgc {
namespace {

using Size = OpFoldResult;

struct Largest {
  Value values, indices;
};

/// The `k` largest along the last dimension, descending.
Largest topK(NodeImporter &n, Value x, Size k, Type indexElement) {
  SmallVector<Size> shape = n.sizes.sizesOf(x);
  shape.back() = k;
  auto values = tg::getTypeOfSizes(shape, getElementTypeOrSelf(x.getType())),
       indices = tg::getTypeOfSizes(shape, indexElement);
  auto op = tg::TopKOp::create(n.builder, n.loc, TypeRange{values, indices}, x, n.sizes.get(k));
  for (Value result : op->getResults())
    n.sizes.setSizes(result, shape);
  return {op.getValues(), op.getIndices()};
}

/// Exactly the largest (or smallest), which any recall allows.
LogicalResult importApproxTopK(NodeImporter &n) {
  Value x = n.getTensor(0);
  int64_t rank = n.getRank(0), k = n.getInt("k");
  auto axis = n.normalizeAxis(n.getInt("reduction_dimension"), rank, "reduction_dimension");
  if (failed(axis) ||
      failed(n.requireAtMost(n.sizes.constant(0), n.sizes.constant(k), "k must be >= %d, got %d")) ||
      failed(n.requireAtMost(n.sizes.constant(k), n.sizes.sizeOf(x, *axis),
                             "input must have at least k columns. Needed %d, had %d")))
    return failure();
  if (!n.getBool("aggregate_to_topk"))
    return n.error() << "aggregate_to_topk must be true";
  auto order = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  std::swap(order[*axis], order.back());
  bool isLargest = n.getBool("is_max_k");
  x = n.transpose(isLargest ? x : n.create<tg::NegOp>(x), order);
  Largest largest = topK(n, x, n.sizes.constant(k), n.builder.getI32Type());
  Value values = n.transpose(largest.values, order);
  n.setResult(0, isLargest ? values : n.create<tg::NegOp>(values));
  n.setResult(1, n.transpose(largest.indices, order));
  return success();
}

LogicalResult importTopK(NodeImporter &n) {
  Value x = n.getTensor(0);
  FailureOr<Size> k =
      n.getNumInputs() > 1 ? n.getScalarSize(1, "k") : FailureOr<Size>(n.sizes.constant(n.getInt("k")));
  if (failed(k))
    return failure();
  if (n.getRank(0) < 1)
    return n.error() << "input must be >= 1-D, got " << x.getType();
  if (failed(n.requireAtMost(n.sizes.constant(0), *k, "k must be >= %d, got %d")) ||
      failed(n.requireAtMost(*k, n.sizes.sizesOf(x).back(),
                             "input must have at least k columns. Needed %d, had %d")))
    return failure();
  bool isWide = getTypeAttr(n.node, "index_type") == proto::DT_INT64;
  Type wanted = getTypeAttr(n.node, "index_type") == proto::DT_INT16
                    ? n.builder.getIntegerType(16)
                    : n.builder.getIntegerType(isWide ? 64 : 32);
  Largest largest = topK(n, x, *k, n.builder.getIntegerType(isWide ? 64 : 32));
  n.setResult(0, largest.values);
  n.setResult(1, n.cast(largest.indices, wanted));
  return success();
}

/// The element that stands at position n of the ascending (or, reversed, descending) order.
LogicalResult importNthElement(NodeImporter &n) {
  Value x = n.getTensor(0);
  auto position = n.getScalarSize(1, "n");
  if (failed(position))
    return failure();
  if (n.getRank(0) < 1)
    return n.error() << "input must be >= 1-D, got " << x.getType();
  SmallVector<Size> shape = n.sizes.sizesOf(x);
  Size last = n.sizes.sub(shape.back(), n.sizes.constant(1));
  if (failed(n.requireAtMost(n.sizes.constant(0), *position, "n must be at least %d, got %d")) ||
      failed(n.requireAtMost(*position, last,
                             "n must be less than the last dimension's size: got %d, expected at most %d")))
    return failure();
  Size place = n.getBool("reverse") ? *position : n.sizes.sub(last, *position), one = n.sizes.constant(1);
  Value values = topK(n, x, n.sizes.add(place, one), n.builder.getI32Type()).values;
  SmallVector<Size> offsets(shape.size(), n.sizes.constant(0)), sizes = shape;
  offsets.back() = place;
  sizes.back() = one;
  shape.pop_back();
  Value result = n.reshape(n.slice(values, offsets, sizes), shape);
  Type element = n.getElementType(0);
  // Equal elements share the gradient.
  if (n.wantsGradients() && isa<FloatType>(element)) {
    Value isIt = n.compare(tg::ComparisonDirection::EQ, x, broadcastTrailing(n, result, n.sizes.sizesOf(x)));
    Value shares = n.cast(isIt, element);
    Value count = n.reduce(tg::ReductionKind::Sum, shares, static_cast<int64_t>(shape.size()));
    result = n.withPartials(result, x, n.div(shares, broadcastTrailing(n, count, n.sizes.sizesOf(x))));
  }
  n.setResult(result);
  return success();
}

} // namespace

void registerSortOps(OpRegistry &registry) {
  registry.add({"TopK", "TopKV2"}, importTopK);
  registry.add({"ApproxTopK"}, importApproxTopK);
  registry.add({"NthElement"}, importNthElement);
}

} // namespace tgc
