//===- GatherOps.cpp - Gather, OneHot, Where, partitions ------------------===//

#include "frontend/Import/Indexing.h"
#include "frontend/Import/OpRegistry.h"
#include "frontend/Import/RowGradients.h"

using namespace mlir;

namespace tgc {
namespace {

using Size = OpFoldResult;
using Direction = tg::ComparisonDirection;

LogicalResult gather(NodeImporter &n, Value indices, int64_t axis, int64_t batchDims) {
  Value params = n.getTensor(0);
  int64_t indexRank = cast<RankedTensorType>(indices.getType()).getRank();
  if (batchDims < -indexRank || batchDims > indexRank)
    return n.error() << "batch_dims " << batchDims << " is out of range for indices of rank " << indexRank;
  batchDims += batchDims < 0 ? indexRank : 0;
  if (batchDims > axis)
    return n.error() << "batch_dims (" << batchDims << ") must be less than or equal to axis (" << axis
                     << ")";
  for (int64_t dim = 0; dim < batchDims; ++dim)
    if (failed(
            n.requireEqual(n.sizes.sizeOf(params, dim), n.sizes.sizeOf(indices, dim),
                           "params has %d elements in batch dimension " + Twine(dim) + ", indices has %d")))
      return failure();
  auto result = gatherAlong(n, watchLoopRead(n, params), indices, axis, batchDims);
  if (failed(result))
    return failure();
  noteLoopRead(n, *result);
  n.setResult(*result);
  return success();
}

LogicalResult importGather(NodeImporter &n) {
  if (n.getRank(0) == 0)
    return n.error() << "params must be at least 1 dimensional, got " << n.getType(0);
  return gather(n, toIndices(n, n.getTensor(1)), 0, 0);
}

LogicalResult importGatherV2(NodeImporter &n) {
  auto axis = n.getAxis(2, n.getRank(0));
  return failed(axis) ? failure() : gather(n, toIndices(n, n.getTensor(1)), *axis, n.getInt("batch_dims"));
}

/// A gather from a variable's value; the axis is the one after the batch dimensions.
LogicalResult importResourceGather(NodeImporter &n) {
  if (n.getRank(0) == 0)
    return n.error() << "the variable must be at least 1 dimensional, got " << n.getType(0);
  return gather(n, toIndices(n, n.getTensor(1)), n.getInt("batch_dims"), n.getInt("batch_dims"));
}

LogicalResult importGatherNd(NodeImporter &n) {
  Value params = n.getTensor(0), indices = toIndices(n, n.getTensor(1));
  auto type = n.getType(1);
  if (type.getRank() < 1 || type.isDynamicDim(type.getRank() - 1))
    return n.error() << "the last dimension of indices must be known, got " << type;
  int64_t depth = type.getShape().back();
  if (depth > n.getRank(0))
    return n.error() << "index innermost dimension length must be <= params rank; saw: " << depth << " vs. "
                     << n.getRank(0);
  if (depth == 0) {
    SmallVector<Size> shape = n.sizes.sizesOf(indices);
    shape.pop_back();
    llvm::append_range(shape, n.sizes.sizesOf(params));
    n.setResult(n.broadcastTo(params, shape));
    return success();
  }
  // TensorFlow's gradient of this form is one of rows too.
  if (n.wantsGradients() && type.getRank() == 2 && depth == 1 && n.getRank(0) > 0 &&
      n.getString("bad_indices_policy") != "IGNORE")
    return gather(n, n.reshape(indices, n.sizes.sizeOf(indices, 0)), 0, 0);
  auto bounds = n.getString("bad_indices_policy") == "IGNORE" ? tg::BoundsMode::Skip : tg::BoundsMode::Error;
  auto result = n.tryCreate<tg::GatherNdOp>(params, indices, n.builder.getI64IntegerAttr(0),
                                            tg::BoundsModeAttr::get(n.builder.getContext(), bounds));
  if (failed(result))
    return failure();
  n.setResult(*result);
  return success();
}

//===----------------------------------------------------------------------===//
// Made of comparisons
//===----------------------------------------------------------------------===//

LogicalResult importOneHot(NodeImporter &n) {
  Value indices = n.getTensor(0);
  auto depth = n.getScalarSize(1, "depth");
  if (failed(depth))
    return failure();
  if (auto known = IndexBuilder::getConstant(*depth); known && *known < 0)
    return n.error() << "depth must be non-negative, got: " << *known;
  if (!IndexBuilder::isNonNegative(*depth))
    n.check(n.sizes.lessEqual(n.sizes.constant(0), *depth), "depth must be non-negative, got: %d",
            n.sizes.get(*depth));
  for (size_t i : {2, 3})
    if (n.getRank(i) != 0)
      return n.error() << (i == 2 ? "on_value" : "off_value") << " must be a scalar, got " << n.getType(i);
  SmallVector<Size> shape = n.sizes.sizesOf(indices);
  auto axis = n.normalizeAxis(n.getInt("axis"), shape.size() + 1);
  if (failed(axis))
    return failure();
  if (n.getElementType(0).getIntOrFloatBitWidth() < 32)
    indices = n.cast(indices, n.builder.getI64Type());
  Type element = getElementTypeOrSelf(indices.getType());
  SmallVector<Size> column = shape;
  column.insert(column.begin() + *axis, n.sizes.constant(1));
  shape.insert(shape.begin() + *axis, *depth);
  Value isOn = n.compare(Direction::EQ, n.iota(shape, element, *axis),
                         n.broadcastTo(n.reshape(indices, column), shape));
  n.setResult(n.select(isOn, n.broadcastTo(n.getTensor(2), shape), n.broadcastTo(n.getTensor(3), shape)));
  return success();
}

/// How many boundaries are not larger than an element. A NaN is beyond all, as std::upper_bound finds.
LogicalResult importBucketize(NodeImporter &n) {
  const proto::AttrValue *attr = findAttr(n.node, "boundaries");
  SmallVector<float> boundaries(attr->list().f().begin(), attr->list().f().end());
  if (!llvm::is_sorted(boundaries))
    return n.error() << "expected sorted boundaries";
  Value x = n.getTensor(0);
  Type element = isa<FloatType>(n.getElementType(0)) ? n.getElementType(0) : n.builder.getF32Type();
  SmallVector<Size> shape = n.sizes.sizesOf(x), column = shape;
  column.push_back(n.sizes.constant(1));
  shape.push_back(n.sizes.constant(boundaries.size()));
  if (boundaries.empty()) {
    n.setResult(n.broadcastTo(n.scalar(n.builder.getI32Type(), 0), n.sizes.sizesOf(x)));
    return success();
  }
  auto values = DenseElementsAttr::get(RankedTensorType::get(boundaries.size(), n.builder.getF32Type()),
                                       ArrayRef<float>(boundaries));
  Value limits = n.broadcastTo(n.cast(n.create<tg::ConstantOp>(values), element), shape);
  Value isBelow =
      n.compare(Direction::LT, n.broadcastTo(n.reshape(n.cast(x, element), column), shape), limits);
  Value isPassed = n.cast(n.create<tg::NotOp>(isBelow), n.builder.getI32Type());
  n.setResult(n.reduce(tg::ReductionKind::Sum, isPassed, n.getRank(0)));
  return success();
}

/// Where each value would go in its sorted row: the number of elements before it (or, for UpperBound, not
/// behind it).
template <bool isUpper> LogicalResult importBound(NodeImporter &n) {
  Value sorted = n.getTensor(0), values = n.getTensor(1);
  auto element = n.getElementTypeAttr("out_type");
  if (failed(element))
    return failure();
  if (n.getRank(0) != 2 || n.getRank(1) != 2)
    return n.error() << "sorted_inputs and values must have rank 2, got " << n.getType(0) << " and "
                     << n.getType(1);
  Size rows = n.sizes.sizeOf(sorted, 0), length = n.sizes.sizeOf(sorted, 1),
       count = n.sizes.sizeOf(values, 1), one = n.sizes.constant(1);
  if (failed(n.requireEqual(rows, n.sizes.sizeOf(values, 0),
                            "Leading dim_size of both tensors must match: %d and %d")))
    return failure();
  SmallVector<Size> shape{rows, count, length};
  Value a = n.broadcastTo(n.reshape(sorted, {rows, one, length}), shape),
        b = n.broadcastTo(n.reshape(values, {rows, count, one}), shape);
  Value isBefore =
      isUpper ? n.create<tg::NotOp>(n.compare(Direction::LT, b, a)) : n.compare(Direction::LT, a, b);
  n.setResult(n.reduce(tg::ReductionKind::Sum, n.cast(isBefore, *element), 2));
  return success();
}

//===----------------------------------------------------------------------===//
// Sizes that the data decide
//===----------------------------------------------------------------------===//

LogicalResult importWhere(NodeImporter &n) {
  n.setResult(whereNonzero(n, n.getTensor(0)));
  return success();
}

LogicalResult importDynamicPartition(NodeImporter &n) {
  Value data = n.getTensor(0), partitions = n.getTensor(1);
  int64_t rank = n.getRank(1), count = n.getOutputs().size();
  if (rank > n.getRank(0))
    return n.error() << "the shape of data must start with the shape of partitions, got " << n.getType(0)
                     << " and " << n.getType(1);
  SmallVector<Size> shape = n.sizes.sizesOf(partitions);
  for (int64_t dim = 0; dim < rank; ++dim)
    if (failed(n.requireEqual(n.sizes.sizeOf(data, dim), shape[dim],
                              "data must start with the shape of partitions, but dimension " + Twine(dim) +
                                  " has %d elements, that of partitions %d")))
      return failure();
  Value isLow = n.compare(Direction::LT, partitions, n.splatLike(partitions, 0));
  Value isHigh = n.compare(Direction::GE, partitions, n.splatLike(partitions, count));
  n.checkAll(n.create<tg::NotOp>(n.create<tg::OrOp>(isLow, isHigh)),
             "partitions has an element that is not in [0, " + Twine(count) + ")");
  // A scalar partition is one row.
  if (rank == 0) {
    SmallVector<Size> rows = n.sizes.sizesOf(data);
    rows.insert(rows.begin(), n.sizes.constant(1));
    data = n.reshape(data, rows);
    partitions = n.reshape(partitions, {n.sizes.constant(1)});
  }
  for (int64_t i = 0; i < count; ++i) {
    Value rows = whereNonzero(n, n.compare(Direction::EQ, partitions, n.splatLike(partitions, i)));
    auto part =
        n.tryCreate<tg::GatherNdOp>(data, rows, n.builder.getI64IntegerAttr(0),
                                    tg::BoundsModeAttr::get(n.builder.getContext(), tg::BoundsMode::Error));
    if (failed(part))
      return failure();
    n.setResult(i, *part);
  }
  return success();
}

/// y[format[i]] for the dimensions of images: a permutation of NHWC-like letters.
FailureOr<SmallVector<int64_t>> getFormatMap(NodeImporter &n, int64_t count) {
  StringRef from = n.getString("src_format"), to = n.getString("dst_format");
  SmallVector<int64_t> map;
  bool isSpatial = static_cast<int64_t>(from.size()) == count + 2;
  std::string source = from.str(), target = to.str();
  if (isSpatial)
    for (std::string *format : {&source, &target})
      llvm::erase_if(*format, [](char c) { return c == 'N' || c == 'C'; });
  for (char c : target)
    if (size_t position = source.find(c); position != std::string::npos)
      map.push_back(position);
  if (source.size() != target.size() || map.size() != source.size()) {
    n.error() << "src_format " << from << " and dst_format " << to << " must hold the same letters";
    return failure();
  }
  return map;
}

/// Where a dimension of the source format stands in the target format.
LogicalResult importDataFormatDimMap(NodeImporter &n) {
  Value x = n.getTensor(0);
  int64_t rank = n.getString("src_format").size();
  auto sources = getFormatMap(n, rank);
  if (failed(sources))
    return failure();
  SmallVector<int64_t> map(rank);
  for (auto [to, from] : llvm::enumerate(*sources))
    map[from] = to;
  Value table = n.constantInts(map, n.getElementType(0));
  Value indices = n.select(n.compare(Direction::LT, x, n.splatLike(x, 0)), n.add(x, n.splatLike(x, rank)), x);
  auto result = gatherAlong(n, table, indices, 0);
  if (failed(result))
    return failure();
  n.setResult(*result);
  return success();
}

/// The elements (or rows) of x in the order of the target format.
LogicalResult importDataFormatVecPermute(NodeImporter &n) {
  auto type = n.getType(0);
  if ((type.getRank() != 1 && type.getRank() != 2) || type.isDynamicDim(0))
    return n.error() << "x must be a vector or matrix of known size, got " << type;
  auto sources = getFormatMap(n, type.getDimSize(0));
  if (failed(sources))
    return failure();
  if (static_cast<int64_t>(sources->size()) != type.getDimSize(0))
    return n.error() << "x has " << type.getDimSize(0) << " elements for src_format "
                     << n.getString("src_format");
  if (const HostTensor *host = n.getHost(0)) {
    int64_t width = type.getRank() == 2 ? type.getDimSize(1) : 1;
    HostTensor result{host->elementType, host->shape, {}};
    for (int64_t row : *sources)
      llvm::append_range(result.elements, ArrayRef(host->elements).slice(row * width, width));
    n.setHostResult(result);
    return success();
  }
  auto result = gatherAlong(n, n.getTensor(0), n.constantInts(*sources, n.builder.getI64Type()), 0);
  if (failed(result))
    return failure();
  n.setResult(*result);
  return success();
}

} // namespace

void registerGatherOps(OpRegistry &registry) {
  registry.add({"Gather"}, importGather);
  registry.add({"GatherV2"}, importGatherV2);
  registry.add({"ResourceGather"}, importResourceGather);
  registry.add({"GatherNd", "ResourceGatherNd"}, importGatherNd);
  registry.add({"OneHot"}, importOneHot);
  registry.add({"Bucketize"}, importBucketize);
  registry.add({"LowerBound"}, importBound<false>);
  registry.add({"UpperBound"}, importBound<true>);
  registry.add({"Where"}, importWhere);
  registry.add({"DynamicPartition"}, importDynamicPartition);
  registry.add({"DataFormatDimMap"}, importDataFormatDimMap);
  registry.add({"DataFormatVecPermute"}, importDataFormatVecPermute);
}

} // namespace tgc
