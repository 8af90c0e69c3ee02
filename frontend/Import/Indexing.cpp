//===- Indexing.cpp - Gathers and scatters that several families build ----===//

#include "frontend/Import/Indexing.h"

using namespace mlir;

namespace tgc {

using Size = OpFoldResult;

Value toIndices(NodeImporter &n, Value indices) {
  Type element = getElementTypeOrSelf(indices.getType());
  bool isIndex = element.isSignlessInteger(32) || element.isSignlessInteger(64);
  return isIndex ? indices : n.cast(indices, n.builder.getI64Type());
}

FailureOr<Value> gatherAlong(NodeImporter &n, Value params, Value indices, int64_t axis, int64_t batchDims) {
  return n.tryCreate<tg::GatherOp>(params, indices, n.builder.getI64IntegerAttr(axis),
                                   n.builder.getI64IntegerAttr(batchDims),
                                   tg::BoundsModeAttr::get(n.builder.getContext(), tg::BoundsMode::Error));
}

Value scatterRows(NodeImporter &n, tg::ScatterKind kind, Value x, Value rows, Value updates,
                  tg::BoundsMode bounds) {
  SmallVector<Size> column = n.sizes.sizesOf(rows);
  column.push_back(n.sizes.constant(1));
  return n.create<tg::ScatterOp>(kind, x, n.reshape(toIndices(n, rows), column), updates, bounds);
}

FailureOr<Value> scatterNd(NodeImporter &n, tg::ScatterKind kind, Value x, Value indices, Value updates) {
  auto type = cast<RankedTensorType>(x.getType()), indexType = cast<RankedTensorType>(indices.getType()),
       updateType = cast<RankedTensorType>(updates.getType());
  int64_t rank = type.getRank(), indexRank = indexType.getRank();
  if (indexRank < 1 || indexType.isDynamicDim(indexRank - 1))
    return n.error() << "the last dimension of indices must be known, got " << indexType;
  int64_t depth = indexType.getShape().back();
  if (depth > rank)
    return n.error() << "indices hold coordinates of " << depth << " numbers into a tensor of rank " << rank;
  SmallVector<Size> expected = n.sizes.sizesOf(indices), shape = n.sizes.sizesOf(x),
                    got = n.sizes.sizesOf(updates);
  expected.pop_back();
  llvm::append_range(expected, ArrayRef(shape).drop_front(depth));
  if (got.size() != expected.size())
    return n.error() << "updates must have rank " << expected.size() << " for indices " << indexType
                     << " into " << type << ", got " << updateType;
  for (auto [dim, size] : llvm::enumerate(got))
    if (failed(n.requireEqual(size, expected[dim],
                              "Dimension " + Twine(dim) + " of updates has %d elements, expected %d")))
      return failure();
  // A boolean sum is an or.
  bool isBool = type.getElementType().isInteger(1) && kind != tg::ScatterKind::Update;
  Type wide = n.builder.getIntegerType(8);
  if (isBool && kind != tg::ScatterKind::Add)
    return n.error() << "is not defined on booleans";
  if (isa<ComplexType>(type.getElementType()) &&
      (kind == tg::ScatterKind::Min || kind == tg::ScatterKind::Max))
    return n.error() << "is not defined on complex numbers";
  if (updateType.getElementType() != type.getElementType())
    return n.error() << "updates must have the elements of " << type << ", got " << updateType;
  auto bounds = n.getString("bad_indices_policy") == "IGNORE" ? tg::BoundsMode::Skip : tg::BoundsMode::Error;
  if (!isBool)
    return n.create<tg::ScatterOp>(kind, x, toIndices(n, indices), updates, bounds);
  return n.cast(n.create<tg::ScatterOp>(tg::ScatterKind::Max, n.cast(x, wide), toIndices(n, indices),
                                        n.cast(updates, wide), bounds),
                type.getElementType());
}

Value whereNonzero(NodeImporter &n, Value x) {
  int64_t rank = cast<RankedTensorType>(x.getType()).getRank();
  Value count = n.create<tg::CountNonzeroOp>(n.builder.getIndexType(), x);
  return n.create<tg::WhereOp>(RankedTensorType::get({ShapedType::kDynamic, rank}, n.builder.getI64Type()), x,
                               count);
}

OpFoldResult largestElement(NodeImporter &n, Value x, int64_t ifEmpty) {
  SmallVector<int64_t> all =
      llvm::to_vector(llvm::seq<int64_t>(0, cast<RankedTensorType>(x.getType()).getRank()));
  Size count = n.sizes.product(n.sizes.sizesOf(x));
  if (IndexBuilder::isConstant(count, 0))
    return n.sizes.constant(ifEmpty);
  Size largest = n.extract(n.reduce(tg::ReductionKind::Max, x, all), {});
  if (IndexBuilder::getConstant(count))
    return largest;
  return n.sizes.select(n.sizes.equals(count, n.sizes.constant(0)), n.sizes.constant(ifEmpty), largest);
}

Value broadcastTrailing(NodeImporter &n, Value x, ArrayRef<Size> sizes) {
  SmallVector<Size> column = n.sizes.sizesOf(x);
  column.resize(sizes.size(), n.sizes.constant(1));
  return n.broadcastTo(n.reshape(x, column), sizes);
}

LogicalResult checkCount(NodeImporter &n, ArrayRef<OpFoldResult> sizes) {
  std::string message = "Shape [";
  SmallVector<Size> shown;
  for (auto [i, size] : llvm::enumerate(sizes)) {
    auto known = IndexBuilder::getConstant(size);
    message += (i ? "," : "") + (known ? std::to_string(*known) : std::string("%d"));
    if (!known)
      shown.push_back(size);
  }
  message += "] has more elements than any memory holds";

  int64_t fixed = 1;
  for (OpFoldResult size : sizes)
    if (auto known = IndexBuilder::getConstant(size))
      fixed = *known && fixed > kMostElements / *known ? kMostElements + 1 : fixed * *known;
  if (fixed == 0)
    return success();
  if (fixed > kMostElements)
    return n.error() << (shown.empty() ? message : "the shape has more elements than any memory holds");
  Size count = n.sizes.constant(fixed);
  for (OpFoldResult size : shown) {
    Size most = n.sizes.floorDiv(n.sizes.constant(kMostElements), n.sizes.max(count, n.sizes.constant(1)));
    n.check(n.sizes.lessEqual(size, most), message, n.sizes.get(shown), tg::StatusCode::ResourceExhausted);
    count = n.sizes.mul(count, size);
  }
  return success();
}

LogicalResult checkSizes(NodeImporter &n, ArrayRef<OpFoldResult> sizes) {
  bool isKnown = true, isGivenByData = false;
  for (OpFoldResult size : sizes) {
    auto known = IndexBuilder::getConstant(size);
    if (known && *known < 0)
      return n.error() << "Dimension " << *known << " must be >= 0";
    if (!known && !IndexBuilder::isNonNegative(size))
      n.check(n.sizes.lessEqual(n.sizes.constant(0), size), "Dimension %d must be >= 0", n.sizes.get(size));
    isKnown &= known.has_value();
    isGivenByData |= !IndexBuilder::isNonNegative(size);
  }
  return isKnown || isGivenByData ? checkCount(n, sizes) : success();
}

} // namespace tgc
