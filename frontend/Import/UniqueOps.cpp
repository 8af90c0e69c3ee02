//===- UniqueOps.cpp - Different elements, differences of lists -----------===//
//
// How many elements there are the data decide: kernels of runtime/kernels/array find out.
//
//===----------------------------------------------------------------------===//

#include "frontend/Import/NodeImporter.h"
#include "frontend/Import/OpRegistry.h"

using namespace mlir;

namespace tgc {
namespace {

using Size = OpFoldResult;

/// The room that the kernels search in, for `count` elements.
Type getRoomType(NodeImporter &n, Size count) {
  auto known = IndexBuilder::getConstant(count);
  return RankedTensorType::get({known ? 8 * *known + 8 : ShapedType::kDynamic}, n.builder.getI64Type());
}

/// The last result is room for the kernel and no output.
LogicalResult setResults(NodeImporter &n, ArrayRef<Value> results, size_t count) {
  for (size_t i = 0; i < count; ++i)
    n.setResult(i, results[i]);
  return success();
}

LogicalResult importUnique(NodeImporter &n) {
  Value x = n.getTensor(0);
  int64_t axis = 0, rank = n.getRank(0);
  if (n.getNumInputs() > 1) {
    auto axes = n.getAxes(1, rank);
    if (failed(axes))
      return failure();
    if (axes->size() > 1 || (axes->empty() && rank != 1))
      return n.error() << "axis must be one number, got " << axes->size() << " for an input of rank " << rank;
    axis = axes->empty() ? 0 : axes->front();
  } else if (rank != 1) {
    return n.error() << "unique expects a 1D vector, got " << x.getType();
  }
  auto index = n.getElementTypeAttr("out_idx");
  if (failed(index))
    return failure();
  Size count = n.sizes.sizeOf(x, axis);
  SmallVector<int64_t> shape(n.getType(0).getShape());
  shape[axis] = ShapedType::kDynamic;
  auto found = RankedTensorType::get({ShapedType::kDynamic}, *index);
  SmallVector<Type> types{RankedTensorType::get(shape, n.getElementType(0)),
                          tg::getTypeOfSizes({count}, *index), found, getRoomType(n, count)};
  SmallVector<Value> results = n.hostCall("tgc_kernel_unique", x, types, std::to_string(axis), {},
                                          /*isPure=*/true, /*findsSizes=*/true);
  return setResults(n, results, n.getOutputs().size());
}

LogicalResult importListDiff(NodeImporter &n) {
  Value x = n.getTensor(0), y = n.getTensor(1);
  if (n.getRank(0) != 1 || n.getRank(1) != 1)
    return n.error() << "x and y should be 1D vectors, got " << x.getType() << " and " << y.getType();
  auto index = n.getElementTypeAttr("out_idx");
  if (failed(index))
    return failure();
  SmallVector<Type> types{RankedTensorType::get({ShapedType::kDynamic}, n.getElementType(0)),
                          RankedTensorType::get({ShapedType::kDynamic}, *index),
                          getRoomType(n, n.sizes.sizeOf(y, 0))};
  SmallVector<Value> results =
      n.hostCall("tgc_kernel_list_difference", {x, y}, types, "", {}, /*isPure=*/true, /*findsSizes=*/true);
  return setResults(n, results, 2);
}

/// (splits, values, size, weights): counts of each row.
LogicalResult importRaggedBincount(NodeImporter &n) {
  auto size = n.getScalarSize(2, "size");
  if (failed(size) || failed(n.requireAtMost(n.sizes.constant(0), *size, "size must be at least %d, got %d")))
    return failure();
  if (n.getRank(0) != 1 || n.getRank(1) != 1)
    return n.error() << "splits and values must be vectors, got " << n.getType(0) << " and " << n.getType(1);
  Size rows = n.sizes.sub(n.sizes.sizeOf(n.getTensor(0), 0), n.sizes.constant(1));
  if (failed(n.requireAtMost(n.sizes.constant(0), rows, "splits must not be empty")))
    return failure();
  SmallVector<Size> shape{rows, *size};
  Type type = tg::getTypeOfSizes(shape, n.getElementType(3));
  Value result = n.hostCall("tgc_kernel_ragged_bincount", {n.getTensor(0), n.getTensor(1), n.getTensor(3)},
                            type, n.getBool("binary_output") ? "1" : "0", tg::getDynamicSizes(shape))
                     .front();
  n.sizes.setSizes(result, shape);
  n.setResult(result);
  return success();
}

/// Of known numbers the difference is known.
bool hostListDiff(NodeImporter &n) {
  const HostTensor *x = n.getHost(0), *y = n.getHost(1);
  auto xs = x ? x->getConstants() : std::nullopt, ys = y ? y->getConstants() : std::nullopt;
  if (!xs || !ys || x->shape.size() != 1 || y->shape.size() != 1)
    return false;
  SmallVector<Size> kept, places;
  for (auto [i, value] : llvm::enumerate(*xs))
    if (!llvm::is_contained(*ys, value)) {
      kept.push_back(n.sizes.constant(value));
      places.push_back(n.sizes.constant(i));
    }
  Type index = n.builder.getIntegerType(getTypeAttr(n.node, "out_idx") == proto::DT_INT64 ? 64 : 32);
  n.setSizesResult(0, kept, x->elementType);
  n.setSizesResult(1, places, index);
  return true;
}

} // namespace

void registerUniqueOps(OpRegistry &registry) {
  registry.add({"Unique", "UniqueV2", "UniqueWithCounts", "UniqueWithCountsV2"}, importUnique);
  registry.add({"ListDiff"}, importListDiff);
  registry.addHost({"ListDiff"}, hostListDiff);
  registry.add({"RaggedBincount"}, importRaggedBincount);
}

} // namespace tgc
