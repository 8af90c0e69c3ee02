//===- ScatterOps.cpp - Updates at given places, stitches, counts ---------===//

#include "frontend/Import/HostFamilies.h"
#include "frontend/Import/Indexing.h"
#include "frontend/Import/OpRegistry.h"

using namespace mlir;

namespace tgc {
namespace {

using Size = OpFoldResult;
using Direction = tg::ComparisonDirection;
using Kind = tg::ScatterKind;

LogicalResult setScattered(NodeImporter &n, Kind kind, Value x, Value indices, Value updates) {
  auto result = scatterNd(n, kind, x, indices, updates);
  if (failed(result))
    return failure();
  n.setResult(*result);
  return success();
}

LogicalResult importScatterNd(NodeImporter &n) {
  auto shape = n.getSizeOperand(2, "shape");
  if (failed(shape))
    return failure();
  for (Size size : *shape)
    if (!IndexBuilder::isNonNegative(size) &&
        failed(n.requireAtMost(n.sizes.constant(0), size, "sizes of shape must be at least %d, got %d")))
      return failure();
  if (isa<tg::StringType>(n.getElementType(1))) {
    Value empty = n.broadcastTo(createStrings(n, {""}, /*isScalar=*/true), *shape);
    return setScattered(n, Kind::Update, empty, n.getTensor(0), n.getTensor(1));
  }
  Value zeros = n.broadcastTo(n.scalar(n.getElementType(1), 0), *shape);
  return setScattered(n, Kind::Add, zeros, n.getTensor(0), n.getTensor(1));
}

template <Kind kind> LogicalResult importTensorScatter(NodeImporter &n) {
  return setScattered(n, kind, n.getTensor(0), n.getTensor(1), n.getTensor(2));
}

/// Rows named modulo their number. TensorFlow changes x itself; here, as everywhere, who else reads x reads
/// it before the update.
template <Kind kind> LogicalResult importInplace(NodeImporter &n) {
  Value x = n.getTensor(0), rows = n.getTensor(1), updates = n.getTensor(2);
  if (n.getRank(0) < 1 || n.getRank(1) != 1 || n.getRank(2) != n.getRank(0))
    return n.error() << "x and v must have one rank, at least 1, and i rank 1, got " << n.getType(0) << ", "
                     << n.getType(2) << " and " << n.getType(1);
  if (failed(
          n.requireEqual(n.sizes.sizeOf(updates, 0), n.sizes.sizeOf(rows, 0), "v has %d rows, i names %d")))
    return failure();
  for (int64_t dim = 1; dim < n.getRank(0); ++dim)
    if (failed(n.requireEqual(n.sizes.sizeOf(x, dim), n.sizes.sizeOf(updates, dim),
                              "x and v have %d and %d elements in dimension " + Twine(dim))))
      return failure();
  Type i32 = n.getElementType(1);
  Size count = n.sizes.max(n.sizes.sizeOf(x, 0), n.sizes.constant(1));
  rows = n.create<tg::FloorModOp>(rows, n.sizeTensor(count, i32, n.sizes.sizesOf(rows)));
  n.setResult(scatterRows(n, kind, x, rows, updates));
  return success();
}

/// The rows of all data at their indices; of doubles the last. What no index names stays zero.
LogicalResult importDynamicStitch(NodeImporter &n) {
  size_t count = n.getNumInputs() / 2;
  SmallVector<Value> rows, data;
  SmallVector<Size> rest;
  Size total = n.sizes.constant(0), one = n.sizes.constant(1);
  int64_t largest = -1;
  bool isKnown = true;
  for (size_t i = 0; i < count; ++i) {
    Value indices = n.getTensor(i), values = n.getTensor(count + i);
    SmallVector<Size> from = n.sizes.sizesOf(indices), shape = n.sizes.sizesOf(values);
    if (shape.size() < from.size())
      return n.error() << "the shape of data[" << i << "] must start with that of indices[" << i << "], got "
                       << values.getType() << " and " << indices.getType();
    for (auto [dim, size] : llvm::enumerate(from))
      if (failed(n.requireEqual(shape[dim], size,
                                "data[" + Twine(i) + "] must start with the shape of indices[" + Twine(i) +
                                    "], but has %d elements instead of %d in dimension " + Twine(dim))))
        return failure();
    ArrayRef<Size> tail = ArrayRef(shape).drop_front(from.size());
    if (i == 0)
      rest.assign(tail.begin(), tail.end());
    if (tail.size() != rest.size())
      return n.error() << "data[0] and data[" << i << "] have rows of different rank, " << rest.size()
                       << " and " << tail.size();
    for (auto [dim, size] : llvm::enumerate(tail))
      if (failed(n.requireEqual(rest[dim], size,
                                "data[0] and data[" + Twine(i) + "] have rows of different size, %d and %d")))
        return failure();
    Size length = n.sizes.product(from);
    rows.push_back(n.reshape(indices, {length}));
    SmallVector<Size> flat{length};
    llvm::append_range(flat, rest);
    data.push_back(n.reshape(values, flat));
    total = n.sizes.add(total, length);
    auto known = n.getHost(i) ? n.getHost(i)->getConstants() : std::nullopt;
    isKnown &= known.has_value();
    for (int64_t index : known.value_or(SmallVector<int64_t>()))
      largest = std::max(largest, index);
  }
  auto join = [&](ArrayRef<Value> parts) {
    return parts.size() == 1 ? FailureOr<Value>(parts.front())
                             : n.tryCreate<tg::ConcatOp>(ValueRange(parts), n.builder.getI64IntegerAttr(0));
  };
  auto allRows = join(rows), allData = join(data);
  if (failed(allRows) || failed(allData))
    return failure();
  SmallVector<Size> shape{isKnown ? n.sizes.constant(largest + 1)
                                  : n.sizes.add(largestElement(n, *allRows, -1), one)};
  llvm::append_range(shape, rest);
  Value start = n.broadcastTo(n.scalar(getElementTypeOrSelf(data.front().getType()), 0), shape);
  n.setResult(scatterRows(n, Kind::Update, start, *allRows, *allData));
  return success();
}

/// The same of known sizes, as the gradients of reductions compute their shapes.
bool hostDynamicStitch(NodeImporter &n) {
  size_t count = n.getNumInputs() / 2;
  SmallVector<Size> merged;
  for (size_t i = 0; i < count; ++i) {
    const HostTensor *indices = n.getHost(i), *data = n.getHost(count + i);
    auto places = indices ? indices->getConstants() : std::nullopt;
    if (!places || !data || data->shape != indices->shape)
      return false;
    for (auto [place, element] : llvm::zip_equal(*places, data->elements)) {
      if (place < 0 || place >= kMaxHostElements)
        return false;
      merged.resize(std::max<size_t>(merged.size(), place + 1));
      merged[place] = element;
    }
  }
  if (llvm::is_contained(merged, Size()))
    return false;
  n.setSizesResult(0, merged, n.getHost(count)->elementType);
  return true;
}

LogicalResult importInvertPermutation(NodeImporter &n) {
  Value x = n.getTensor(0);
  if (n.getRank(0) != 1)
    return n.error() << "invert_permutation expects a 1D vector, got " << n.getType(0);
  Value zeros = n.splatLike(x, 0), ones = n.splatLike(x, 1);
  Value uses = scatterRows(n, Kind::Add, zeros, x, ones);
  n.checkAll(n.compare(Direction::EQ, uses, ones), "a number is duplicated in the input");
  n.setResult(scatterRows(n, Kind::Update, zeros, x, n.iota(n.sizes.sizesOf(x), n.getElementType(0), 0)));
  return success();
}

//===----------------------------------------------------------------------===//
// Counts
//===----------------------------------------------------------------------===//

/// How often each of [0, size) occurs (or the sum of the weights), per row of a matrix. What is beyond is
/// left out.
LogicalResult importBincount(NodeImporter &n) {
  Value x = n.getTensor(0), weights = n.getTensor(2);
  auto size = n.getScalarSize(1, "size");
  if (failed(size))
    return failure();
  if (!IndexBuilder::isNonNegative(*size) &&
      failed(n.requireAtMost(n.sizes.constant(0), *size, "size must be at least %d, got %d")))
    return failure();
  bool isBinary = n.getBool("binary_output"), isDense = n.node.op() == "DenseBincount";
  int64_t rank = n.getRank(0);
  if (isDense && rank > 2)
    return n.error() << "shape must be at most rank 2, got " << n.getType(0);
  n.checkAll(n.compare(Direction::GE, x, n.splatLike(x, 0)), "Input arr must be non-negative!");
  SmallVector<Size> shape = n.sizes.sizesOf(x);
  Type element = n.getElementType(2);
  Value ones = n.broadcastTo(n.scalar(element, 1), shape);
  Size weightCount = n.sizes.product(n.sizes.sizesOf(weights));
  if (!IndexBuilder::getConstant(weightCount))
    return n.error() << "whether weights has elements must be known at compile time, got " << n.getType(2)
                     << "; give its shape with --shape";
  bool hasWeights = !IndexBuilder::isConstant(weightCount, 0) && !isBinary;
  if (hasWeights && failed(n.requireEqual(n.sizes.product(shape), weightCount,
                                          "weights must have as many elements as the input, %d, got %d")))
    return failure();
  Value amounts = hasWeights ? n.reshape(weights, shape) : ones;
  Kind kind = isBinary ? Kind::Update : Kind::Add;
  Value zero = n.scalar(element, 0);
  if (rank != 2 || !isDense) {
    Size total = n.sizes.product(shape);
    n.setResult(scatterRows(n, kind, n.broadcastTo(zero, {*size}), n.reshape(x, {total}),
                            n.reshape(amounts, {total}), tg::BoundsMode::Skip));
    return success();
  }
  SmallVector<Size> column{shape[0], shape[1], n.sizes.constant(1)};
  Value rows = n.reshape(n.iota(shape, n.getElementType(0), 0), column);
  auto places =
      n.tryCreate<tg::ConcatOp>(ValueRange{rows, n.reshape(x, column)}, n.builder.getI64IntegerAttr(2));
  if (failed(places))
    return failure();
  n.setResult(n.create<tg::ScatterOp>(kind, n.broadcastTo(zero, {shape[0], *size}), toIndices(n, *places),
                                      amounts, tg::BoundsMode::Skip));
  return success();
}

//===----------------------------------------------------------------------===//
// Sparse tensors as indices, values and shape
//===----------------------------------------------------------------------===//

LogicalResult importSparseToDense(NodeImporter &n) {
  Value indices = n.getTensor(0), values = n.getTensor(2), start = n.getTensor(3);
  auto shape = n.getSizeOperand(1, "output_shape");
  if (failed(shape) || failed(checkSizes(n, *shape)))
    return failure();
  Size one = n.sizes.constant(1), depth = n.sizes.constant(shape->size());
  SmallVector<Size> from = n.sizes.sizesOf(indices);
  if (from.size() > 2)
    return n.error() << "sparse_indices should be a scalar, vector, or matrix, got " << indices.getType();
  if (n.getRank(3) != 0)
    return n.error() << "default_value should be a scalar, got " << start.getType();
  Size count = from.empty() ? one : from[0];
  if (failed(n.requireEqual(from.size() == 2 ? from[1] : one, depth,
                            "sparse_indices hold coordinates of %d numbers, output_shape has %d")))
    return failure();
  indices = n.reshape(toIndices(n, indices), {count, depth});
  if (n.getRank(2) == 0)
    values = n.broadcastTo(values, {count});
  else if (n.getRank(2) != 1 ||
           failed(n.requireEqual(n.sizes.sizeOf(values, 0), count,
                                 "sparse_values has %d elements, sparse_indices names %d places")))
    return n.error() << "sparse_values must be a scalar or one value for each index, got " << n.getType(2);
  if (n.getBool("validate_indices") && !IndexBuilder::isConstant(count, 0) &&
      !IndexBuilder::isConstant(count, 1)) {
    // Each index is behind the one before: their row-major positions ascend.
    Type element = n.builder.getI64Type();
    Value positions = n.broadcastTo(n.scalar(element, 0), {count});
    for (auto [dim, size] : llvm::enumerate(*shape)) {
      Value column =
          n.reshape(n.slice(indices, {n.sizes.constant(0), n.sizes.constant(dim)}, {count, one}), {count});
      positions = n.add(n.mul(positions, n.sizeTensor(size, element, {count})), n.cast(column, element));
    }
    Size pairs = n.sizes.max(n.sizes.sub(count, one), n.sizes.constant(0));
    Value before = n.slice(positions, {n.sizes.constant(0)}, {pairs}),
          after = n.slice(positions, {n.sizes.sub(count, pairs)}, {pairs});
    n.checkAll(n.compare(Direction::LT, before, after),
               "sparse_indices is out of order or has a repeated index");
  }
  n.setResult(n.create<tg::ScatterOp>(Kind::Update, n.broadcastTo(start, *shape), indices, values,
                                      tg::BoundsMode::Error));
  return success();
}

/// Row i of the product gathers value * row of b over the entries in row i of the sparse matrix.
LogicalResult importSparseTensorDenseMatMul(NodeImporter &n) {
  Value indices = toIndices(n, n.getTensor(0)), values = n.getTensor(1), b = n.getTensor(3);
  auto shape = n.getSizeOperand(2, "a_shape");
  if (failed(shape))
    return failure();
  if (shape->size() != 2 || n.getRank(3) != 2 || n.getRank(0) != 2 || n.getRank(1) != 1)
    return n.error() << "expects a sparse and a dense matrix, got indices " << n.getType(0) << ", values "
                     << n.getType(1) << ", " << shape->size() << " sizes and " << b.getType();
  bool adjointA = n.getBool("adjoint_a"), isComplex = isa<ComplexType>(n.getElementType(3));
  if (n.getBool("adjoint_b"))
    b = n.transpose(isComplex ? n.create<tg::ConjOp>(b) : b, {1, 0});
  if (adjointA && isComplex)
    values = n.create<tg::ConjOp>(values);
  Size count = n.sizes.sizeOf(values, 0), one = n.sizes.constant(1), width = n.sizes.sizeOf(b, 1);
  if (failed(n.requireEqual(n.sizes.sizeOf(indices, 0), count,
                            "a_indices has %d rows, a_values has %d elements")) ||
      failed(n.requireEqual((*shape)[adjointA ? 0 : 1], n.sizes.sizeOf(b, 0),
                            "Cannot multiply A and B because inner dimension does not match: %d vs. %d")))
    return failure();
  auto column = [&](int64_t i) {
    return n.reshape(n.slice(indices, {n.sizes.constant(0), n.sizes.constant(i)}, {count, one}), {count});
  };
  auto rows = gatherAlong(n, b, column(adjointA ? 0 : 1), 0);
  if (failed(rows))
    return failure();
  Value scaled = n.mul(*rows, broadcastTrailing(n, values, n.sizes.sizesOf(*rows)));
  Value zeros = n.broadcastTo(n.scalar(n.getElementType(3), 0), {(*shape)[adjointA ? 1 : 0], width});
  n.setResult(scatterRows(n, Kind::Add, zeros, column(adjointA ? 1 : 0), scaled));
  return success();
}

} // namespace

void registerScatterOps(OpRegistry &registry) {
  registry.add({"InplaceAdd"}, importInplace<Kind::Add>);
  registry.add({"InplaceSub"}, importInplace<Kind::Sub>);
  registry.add({"InplaceUpdate"}, importInplace<Kind::Update>);
  registry.add({"ScatterNd"}, importScatterNd);
  registry.add({"TensorScatterUpdate"}, importTensorScatter<Kind::Update>);
  registry.add({"TensorScatterAdd", "ScatterNdNonAliasingAdd"}, importTensorScatter<Kind::Add>);
  registry.add({"TensorScatterSub"}, importTensorScatter<Kind::Sub>);
  registry.add({"TensorScatterMax"}, importTensorScatter<Kind::Max>);
  registry.add({"TensorScatterMin"}, importTensorScatter<Kind::Min>);
  registry.add({"DynamicStitch", "ParallelDynamicStitch"}, importDynamicStitch);
  registry.addHost({"DynamicStitch", "ParallelDynamicStitch"}, hostDynamicStitch);
  registry.add({"InvertPermutation"}, importInvertPermutation);
  registry.add({"Bincount", "DenseBincount"}, importBincount);
  registry.add({"SparseToDense"}, importSparseToDense);
  registry.add({"SparseTensorDenseMatMul"}, importSparseTensorDenseMatMul);
}

} // namespace tgc
