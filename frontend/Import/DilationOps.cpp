//===- DilationOps.cpp - Grey-scale dilation ------------------------------===//
//
// The largest of the elements under a window, each with the filter's element added. Gradients go to the first
// of the largest.
//
//===----------------------------------------------------------------------===//

#include "frontend/Import/OpRegistry.h"
#include "frontend/Import/PatchOps.h"

using namespace mlir;

namespace tgc {
namespace {

using Direction = tg::ComparisonDirection;
using Kind = tg::ReductionKind;
using Size = OpFoldResult;

/// A dilation of images [batch, rows, columns, channels] by a filter [rows, columns, channels].
struct Dilation {
  SmallVector<SlidingWindow> windows;
  Value sums; ///< [batch, rows, columns, channels, elements of the window]

  /// The number (i32) of the place in each window where the largest sum stands first.
  Value findWinners(NodeImporter &n) const {
    auto type = tg::getTypeOfSizes(getOutputSizes(windows), n.builder.getI32Type());
    return n.create<tg::ArgReduceOp>(type, Kind::Max, sums, 4);
  }
};

FailureOr<Dilation> getDilation(NodeImporter &n) {
  Value x = n.getTensor(0), filter = n.getTensor(1);
  if (n.getRank(0) != 4 || n.getRank(1) != 3) {
    n.error() << "expects images of rank 4 and a filter of rank 3, got " << x.getType() << " and "
              << filter.getType();
    return failure();
  }
  auto attrs = getWindowAttrs(n, 4, "rates");
  if (failed(attrs) || failed(checkSpatialOnly(n, *attrs, DataLayout{4, false})))
    return failure();
  SmallVector<Size> sizes = n.sizes.sizesOf(x), filterSizes = n.sizes.sizesOf(filter);
  if (!IndexBuilder::getConstant(filterSizes[0]) || !IndexBuilder::getConstant(filterSizes[1])) {
    n.error() << "the size of the filter must be known at compile time, got " << filter.getType()
              << "; give it with --shape";
    return failure();
  }
  auto channels = IndexBuilder::getConstant(sizes[3]),
       filterChannels = IndexBuilder::getConstant(filterSizes[2]);
  if (channels && filterChannels && *channels != *filterChannels) {
    n.error() << "images have " << *channels << " channels, the filter has " << *filterChannels;
    return failure();
  }
  if (!IndexBuilder::isEqual(sizes[3], filterSizes[2]))
    n.check(n.sizes.equals(sizes[3], filterSizes[2]), "images have %d channels, the filter has %d",
            n.sizes.get({sizes[3], filterSizes[2]}));

  Dilation dilation;
  for (int64_t dim = 0; dim < 4; ++dim) {
    Size window = dim == 1 || dim == 2 ? filterSizes[dim - 1] : n.sizes.constant(1);
    auto w = getWindow(n, *attrs, dim, sizes[dim], window);
    if (failed(w))
      return failure();
    dilation.windows.push_back(*w);
  }
  Value lowest = n.lowest(n.getElementType(0));
  auto getPatches = [&](Value of, Value padding) {
    return extractPatches(n, padForWindows(n, of, padding, dilation.windows), dilation.windows);
  };
  Value patches = getPatches(x, lowest);
  Value places = n.reshape(n.transpose(filter, {2, 0, 1}),
                           {sizes[3], n.sizes.constant(getWindowElements(dilation.windows))});
  SmallVector<Size> shape = n.sizes.sizesOf(patches);
  dilation.sums = n.add(patches, n.broadcastTo(places, shape));
  // The lowest integer is not the lowest any more with something added to it.
  if (!isa<FloatType>(n.getElementType(0)))
    dilation.sums = n.select(getPatches(n.broadcastTo(n.scalar(n.builder.getI1Type(), 1), sizes),
                                        n.scalar(n.builder.getI1Type(), 0)),
                             dilation.sums, n.broadcastTo(lowest, shape));
  return dilation;
}

LogicalResult importDilation(NodeImporter &n) {
  auto dilation = getDilation(n);
  if (failed(dilation))
    return failure();
  Value sums = dilation->sums;
  // TensorFlow keeps what is larger than the lowest finite number, so NaN and -infinity do not count.
  if (auto element = dyn_cast<FloatType>(n.getElementType(0))) {
    APFloat largest = APFloat::getLargest(element.getFloatSemantics(), /*Negative=*/true);
    Value lowest = n.splatLike(sums, largest.convertToDouble());
    sums = n.select(n.compare(Direction::GT, sums, lowest), sums, lowest);
  }
  n.setResult(n.reduce(Kind::Max, sums, {4}));
  return success();
}

/// A dilation with the gradient of its result.
struct DilationGradient {
  Dilation dilation;
  Value winners, gradient;
};

/// Inputs of both gradients: images, filter, gradient.
FailureOr<DilationGradient> getDilationGradient(NodeImporter &n) {
  auto dilation = getDilation(n);
  if (failed(dilation))
    return failure();
  auto gradient = n.withShape({n.getTensor(2)}, getOutputSizes(dilation->windows));
  if (failed(gradient))
    return failure();
  Value winners = dilation->findWinners(n);
  return DilationGradient{std::move(*dilation), winners, gradient->front()};
}

LogicalResult importInputGradient(NodeImporter &n) {
  auto back = getDilationGradient(n);
  if (failed(back))
    return failure();
  ArrayRef<SlidingWindow> windows = back->dilation.windows;
  Value positions = flattenPositions(n, back->winners, windows, n.builder.getI64Type(), true);
  n.setResult(addAtPositions(n, positions, back->gradient, getInputSizes(windows)));
  return success();
}

LogicalResult importFilterGradient(NodeImporter &n) {
  auto back = getDilationGradient(n);
  if (failed(back))
    return failure();
  const Dilation &dilation = back->dilation;
  SmallVector<Size> shape = n.sizes.sizesOf(dilation.sums), outputs = getOutputSizes(dilation.windows);
  outputs.push_back(n.sizes.constant(1));
  auto spread = [&](Value x) { return n.broadcastTo(n.reshape(x, outputs), shape); };
  Value won = n.compare(Direction::EQ, spread(back->winners), n.iota(shape, n.builder.getI32Type(), 4));
  Value parts = n.select(won, spread(back->gradient), n.splatLike(dilation.sums, 0));
  Value byChannel = n.reduce(Kind::Sum, parts, {0, 1, 2});
  n.setResult(n.reshape(n.transpose(byChannel, {1, 0}), n.sizes.sizesOf(n.getTensor(1))));
  return success();
}

} // namespace

void registerDilationOps(OpRegistry &registry) {
  registry.add({"Dilation2D"}, importDilation);
  registry.add({"Dilation2DBackpropInput"}, importInputGradient);
  registry.add({"Dilation2DBackpropFilter"}, importFilterGradient);
}

} // namespace tgc
