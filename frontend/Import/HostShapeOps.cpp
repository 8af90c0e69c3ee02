//===- HostShapeOps.cpp - Shapes of tensors, and what ops on them give ----===//
//
// Shape, ConcatOffset, BroadcastGradientArgs and their like give small integer tensors whose elements are
// known as sizes; HostElementOps.cpp moves these, HostArithmeticOps.cpp computes with them.
//
//===----------------------------------------------------------------------===//

#include "frontend/Import/HostElementOps.h"
#include "frontend/Import/NodeImporter.h"
#include "frontend/Import/OpRegistry.h"

using namespace mlir;

namespace tgc {
namespace {

using Size = OpFoldResult;

constexpr StringLiteral kConcatOffset = "tgc_kernel_concat_offset",
                        kBroadcastArgs = "tgc_kernel_broadcast_args";

Type getIntegerAttrType(NodeImporter &n, StringRef name) {
  return n.builder.getIntegerType(getTypeAttr(n.node, name) == proto::DT_INT64 ? 64 : 32);
}

//===----------------------------------------------------------------------===//
// From shapes to host tensors: these are never data first
//===----------------------------------------------------------------------===//

LogicalResult importShape(NodeImporter &n) {
  Type element = getIntegerAttrType(n, "out_type");
  for (size_t i = 0; i < n.getNumInputs(); ++i)
    n.setSizesResult(i, n.sizes.sizesOf(n.getTensor(i)), element);
  return success();
}

LogicalResult importRank(NodeImporter &n) {
  int64_t rank = n.getHost(0) ? n.getHost(0)->shape.size() : n.getRank(0);
  n.setHostResult({n.builder.getI32Type(), {}, {n.sizes.constant(rank)}});
  return success();
}

LogicalResult importSize(NodeImporter &n) {
  n.setHostResult(
      {getIntegerAttrType(n, "out_type"), {}, {n.sizes.product(n.sizes.sizesOf(n.getTensor(0)))}});
  return success();
}

//===----------------------------------------------------------------------===//
// From known elements
//===----------------------------------------------------------------------===//

bool hostShape(NodeImporter &n) {
  auto hosts = getHosts(n, 0, n.getNumInputs());
  for (auto [i, host] : llvm::enumerate(hosts))
    n.setSizesResult(i,
                     llvm::map_to_vector(host->shape, [&](int64_t size) { return n.sizes.constant(size); }),
                     getIntegerAttrType(n, "out_type"));
  return !hosts.empty();
}

/// The elements of a shape: known ones, or, where only their number is, what the tensor holds.
std::optional<SmallVector<Size>> getShapeElements(NodeImporter &n, size_t i) {
  if (const HostTensor *host = n.getHost(i))
    return host->elements;
  if (!n.getInput(i).tensor || n.getRank(i) != 1 || !n.getType(i).hasStaticShape() ||
      !n.getElementType(i).isSignlessInteger())
    return std::nullopt;
  SmallVector<Size> elements;
  for (int64_t dim = 0, rank = n.getType(i).getDimSize(0); dim < rank; ++dim)
    elements.push_back(n.sizes.max(n.extract(n.getTensor(i), dim), n.sizes.constant(0)));
  return elements;
}

/// Where each of several shapes starts in their concatenation.
bool hostConcatOffset(NodeImporter &n) {
  auto axis = n.getHost(0) ? n.getHost(0)->getConstants() : std::nullopt;
  if (!axis || axis->size() != 1 || n.getNumInputs() < 2)
    return false;
  SmallVector<SmallVector<Size>> shapes;
  for (size_t i = 1; i < n.getNumInputs(); ++i) {
    auto elements = getShapeElements(n, i);
    if (!elements || (!shapes.empty() && elements->size() != shapes[0].size()))
      return false;
    shapes.push_back(*elements);
  }
  int64_t rank = shapes[0].size(), dim = axis->front() < 0 ? axis->front() + rank : axis->front();
  if (dim < 0 || dim >= rank)
    return false;
  Type element = getIntegerAttrType(n, "shape_type");
  Size offset = n.sizes.constant(0);
  for (auto [i, shape] : llvm::enumerate(shapes)) {
    SmallVector<Size> start(rank, n.sizes.constant(0));
    start[dim] = offset;
    offset = n.sizes.add(offset, shape[dim]);
    n.setSizesResult(i, start, element);
  }
  return true;
}

bool hostBroadcastArgs(NodeImporter &n) {
  auto a = getShapeElements(n, 0), b = getShapeElements(n, 1);
  if (!a || !b)
    return false;
  auto shape = n.broadcastSizes(*a, *b);
  if (failed(shape))
    return false;
  n.setSizesResult(0, *shape, getIntegerAttrType(n, "T"));
  return true;
}

/// For each of two shapes, the dimensions along which its gradient is summed up. Shapes that backward loops
/// find on their accumulators are tensors, whose number of elements is known.
bool hostBroadcastGradientArgs(NodeImporter &n) {
  auto first = getShapeElements(n, 0), second = getShapeElements(n, 1);
  if (!first || !second)
    return false;
  Type elementType = getIntegerAttrType(n, "T");
  ArrayRef<Size> a = *first, b = *second;
  // Of equal shapes TensorFlow names no axes, not even those of one element.
  bool areEqual = a.size() == b.size() && llvm::all_of_zip(a, b, IndexBuilder::isEqual);
  size_t rank = areEqual ? 0 : std::max(a.size(), b.size());
  HostTensor axes[2];
  for (size_t dim = 0; dim < rank; ++dim) {
    Size one = n.sizes.constant(1);
    Size sizes[] = {dim + a.size() < rank ? one : a[dim + a.size() - rank],
                    dim + b.size() < rank ? one : b[dim + b.size() - rank]};
    for (int i : {0, 1}) {
      bool isKnown = IndexBuilder::getConstant(sizes[i]).has_value();
      if (isKnown && IndexBuilder::isConstant(sizes[i], 1))
        axes[i].elements.push_back(n.sizes.constant(dim));
      else if (!isKnown && !IndexBuilder::isEqual(sizes[0], sizes[1]) &&
               !IndexBuilder::isConstant(sizes[1 - i], 1))
        axes[i].possibleAxes.push_back({dim, sizes[i]}); // one at run time, perhaps, and the other is not
    }
  }
  bool mayBeEqual = a.size() == b.size() && !areEqual && llvm::all_of_zip(a, b, [](Size x, Size y) {
                      auto xValue = IndexBuilder::getConstant(x), yValue = IndexBuilder::getConstant(y);
                      return !xValue || !yValue || *xValue == *yValue;
                    });
  for (int i : {0, 1}) {
    axes[i].elementType = elementType;
    axes[i].shape = {static_cast<int64_t>(axes[i].elements.size())};
    if (mayBeEqual || !axes[i].possibleAxes.empty()) {
      axes[i].broadcastShapes[0] = a.vec();
      axes[i].broadcastShapes[1] = b.vec();
      axes[i].broadcastOperand = i;
    }
    n.setHostResult(i, std::move(axes[i]));
  }
  return true;
}

/// Shapes whose very ranks come at run time: vectors of numbers.
template <StringLiteral const &kernel> LogicalResult importShapeKernel(NodeImporter &n) {
  SmallVector<Type> types;
  for (size_t i = 0; i < n.getOutputs().size(); ++i)
    types.push_back(RankedTensorType::get({ShapedType::kDynamic}, n.getElementType(n.getNumInputs() - 1)));
  SmallVector<Value> shapes = n.getTensors(0, n.getNumInputs());
  for (size_t i = n.node.op() == "ConcatOffset"; i < shapes.size(); ++i)
    if (n.getRank(i) != 1)
      return n.error() << "input " << i << " must be a vector, got " << n.getType(i);
  SmallVector<Value> results =
      n.hostCall(kernel, shapes, types, "", {}, /*isPure=*/true, /*findsSizes=*/true);
  for (auto [i, result] : llvm::enumerate(results))
    n.setResult(i, result);
  return success();
}

} // namespace

void registerHostShapeOps(OpRegistry &registry) {
  registry.add({"Shape", "ShapeN"}, importShape);
  registry.add({"Rank"}, importRank);
  registry.add({"Size"}, importSize);
  registry.add({"ConcatOffset"}, importShapeKernel<kConcatOffset>);
  registry.add({"BroadcastArgs"}, importShapeKernel<kBroadcastArgs>);
  registry.add({"BroadcastGradientArgs"}, importShapeKernel<kBroadcastGradientArgsKernel>);
  registry.addHost({"Shape", "ShapeN"}, hostShape);
  registry.addHost({"ConcatOffset"}, hostConcatOffset);
  registry.addHost({"BroadcastArgs"}, hostBroadcastArgs);
  registry.addHost({"BroadcastGradientArgs"}, hostBroadcastGradientArgs);
}

} // namespace tgc
