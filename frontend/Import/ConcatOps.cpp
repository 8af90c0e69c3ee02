//===- ConcatOps.cpp - Tensors joined and repeated ------------------------===//

#include "frontend/Import/Indexing.h"
#include "frontend/Import/NodeImporter.h"
#include "frontend/Import/OpRegistry.h"

using namespace mlir;

namespace tgc {
namespace {

using Size = OpFoldResult;

/// The parts one behind the other; all other dimensions must agree.
LogicalResult concat(NodeImporter &n, ArrayRef<Value> parts, int64_t axis) {
  auto firstType = cast<RankedTensorType>(parts.front().getType());
  int64_t rank = firstType.getRank();
  SmallVector<SmallVector<Size>> shapes =
      llvm::map_to_vector(parts, [&](Value part) { return n.sizes.sizesOf(part); });
  SmallVector<Size> result = shapes[0];
  for (auto [i, shape] : llvm::enumerate(llvm::drop_begin(shapes))) {
    if (static_cast<int64_t>(shape.size()) != rank)
      return n.error() << "ranks of all inputs should match, got " << firstType << " and "
                       << parts[i + 1].getType();
    for (int64_t dim = 0; dim < rank; ++dim) {
      if (dim == axis) {
        result[dim] = n.sizes.add(result[dim], shape[dim]);
        continue;
      }
      if (failed(n.requireEqual(shapes[0][dim], shape[dim],
                                "Dimension " + Twine(dim) +
                                    " in both shapes must be equal: input 0 has %d, input " + Twine(i + 1) +
                                    " has %d elements")))
        return failure();
      if (IndexBuilder::getConstant(shape[dim]))
        result[dim] = shape[dim];
    }
  }
  if (parts.size() == 1) {
    n.setResult(parts.front());
    return success();
  }
  auto joined = n.tryCreate<tg::ConcatOp>(ValueRange(parts), n.builder.getI64IntegerAttr(axis));
  if (failed(joined))
    return failure();
  n.sizes.setSizes(*joined, result);
  n.setResult(*joined);
  return success();
}

LogicalResult importConcat(NodeImporter &n, size_t begin, size_t end, size_t axisInput) {
  auto axis = n.getAxis(axisInput, n.getRank(begin), "concat axis");
  if (failed(axis))
    return failure();
  return concat(n, n.getTensors(begin, end), *axis);
}
LogicalResult importConcatV1(NodeImporter &n) { return importConcat(n, 1, n.getNumInputs(), 0); }
LogicalResult importConcatV2(NodeImporter &n) {
  return importConcat(n, 0, n.getNumInputs() - 1, n.getNumInputs() - 1);
}

/// Rows, each a tensor whose first size is one.
LogicalResult importParallelConcat(NodeImporter &n) {
  SmallVector<Value> rows = n.getTensors(0, n.getNumInputs());
  for (Value row : rows) {
    SmallVector<Size> shape = n.sizes.sizesOf(row);
    if (shape.empty())
      return n.error() << "expects rows of rank 1 or more, got " << row.getType();
    if (failed(n.requireEqual(n.sizes.constant(1), shape.front(),
                              "the first dimension must have %d element, got %d")))
      return failure();
  }
  return concat(n, rows, 0);
}

/// Where the elements with these numbers are in a tensor of sizes `dims`: a row of the result for each
/// dimension.
LogicalResult importUnravelIndex(NodeImporter &n) {
  auto dims = n.getSizeOperand(1, "dims");
  if (failed(dims))
    return failure();
  if (n.getRank(0) > 1 || dims->empty())
    return n.error() << "indices must be a scalar or a vector and dims not empty, got " << n.getType(0)
                     << " and " << dims->size() << " dims";
  Value index = n.getTensor(0);
  Type element = n.getElementType(0);
  SmallVector<Size> shape = n.sizes.sizesOf(index), row{n.sizes.constant(1)};
  llvm::append_range(row, shape);
  n.checkAll(
      n.compare(tg::ComparisonDirection::LT, index, n.sizeTensor(n.sizes.product(*dims), element, shape)),
      "index is out of bound as with dims");
  SmallVector<Value> rows(dims->size());
  for (size_t i = dims->size(); i-- > 0;) {
    if (failed(n.requireAtMost(n.sizes.constant(1), (*dims)[i], "Input dims cannot be less than %d, got %d")))
      return failure();
    Value size = n.sizeTensor((*dims)[i], element, shape), above = n.div(index, size);
    rows[i] = n.reshape(n.sub(index, n.mul(above, size)), row);
    index = above;
  }
  return concat(n, rows, 0);
}

LogicalResult importPack(NodeImporter &n) {
  SmallVector<Value> parts = n.getTensors(0, n.getNumInputs());
  int64_t rank = n.getRank(0);
  auto axis = n.normalizeAxis(n.getInt("axis"), rank + 1);
  if (failed(axis))
    return failure();
  for (Value &part : parts) {
    SmallVector<Size> shape = n.sizes.sizesOf(part);
    if (static_cast<int64_t>(shape.size()) != rank)
      return n.error() << "shapes of all inputs must match, got " << n.getType(0) << " and "
                       << part.getType();
    shape.insert(shape.begin() + *axis, n.sizes.constant(1));
    part = n.reshape(part, shape);
  }
  return concat(n, parts, *axis);
}

/// Each dimension that is repeated becomes two, [times, size], of which the first is broadcast.
LogicalResult importTile(NodeImporter &n) {
  Value x = n.getTensor(0);
  SmallVector<Size> shape = n.sizes.sizesOf(x);
  auto times = n.getSizeOperand(1, "multiples");
  if (failed(times))
    return failure();
  if (times->size() != shape.size())
    return n.error() << "multiples has " << times->size() << " elements for an input of rank "
                     << shape.size();
  SmallVector<Size> split, repeated;
  bool isGivenByData = false;
  for (auto [dim, size] : llvm::enumerate(shape)) {
    Size count = (*times)[dim];
    if (!IndexBuilder::isNonNegative(count) &&
        failed(n.requireAtMost(n.sizes.constant(0), count,
                               "Expected multiples[" + Twine(dim) + "] >= %d, but got %d")))
      return failure();
    bool isOne = IndexBuilder::isConstant(size, 1), isOnce = IndexBuilder::isConstant(count, 1);
    if (!isOne && !isOnce) {
      split.push_back(n.sizes.constant(1));
      repeated.push_back(count);
    }
    split.push_back(size);
    repeated.push_back(isOne ? count : size);
    isGivenByData |= !IndexBuilder::isNonNegative(count);
  }
  if (isGivenByData && failed(checkCount(n, repeated)))
    return failure();
  SmallVector<Size> result;
  for (auto [count, size] : llvm::zip_equal(*times, shape))
    result.push_back(n.sizes.mul(count, size));
  n.setResult(n.reshape(n.broadcastTo(n.reshape(x, split), repeated), result));
  return success();
}

} // namespace

void registerConcatOps(OpRegistry &registry) {
  registry.add({"Concat"}, importConcatV1);
  registry.add({"ConcatV2"}, importConcatV2);
  registry.add({"Pack"}, importPack);
  registry.add({"ParallelConcat"}, importParallelConcat);
  registry.add({"UnravelIndex"}, importUnravelIndex);
  registry.add({"Tile"}, importTile);
}

} // namespace tgc
