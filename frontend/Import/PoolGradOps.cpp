//===- PoolGradOps.cpp - Gradients of pooling, and where maxima were ------===//
//
// The gradient of a maximum goes to the first of the largest elements under the window, in row-major order
// (of volumes: to all), as TensorFlow's CPU kernels have it. Windows of few elements are taken apart: one
// comparison per place in the window finds which place won, one padded tensor per place carries the gradient
// back, and all of it is elementwise. Larger windows go through indices.
//
//===----------------------------------------------------------------------===//

#include "frontend/Import/OpRegistry.h"
#include "frontend/Import/PatchOps.h"
#include "frontend/Import/PoolOps.h"

using namespace mlir;

namespace tgc {
namespace {

using Direction = tg::ComparisonDirection;
using Kind = tg::ReductionKind;
using Size = OpFoldResult;

/// A maximum pooling whose winners are asked for.
struct MaxPooling {
  NodeImporter &n;
  Pooling pooling;
  Value padded; ///< the input; what is around it equals no maximum
  Value y;      ///< the maxima

  bool isUnrolled() const { return getWindowElements(pooling.windows) <= kMaxUnrolledWindow; }

  /// The same pooling with the channels last, where the vectors of kernels lie.
  MaxPooling withChannelsLast() const;

  /// The number (i32) of the place in each window where the maximum stands first.
  Value findWinners() const;
  /// The same as positions in the flattened input, of type `element`. `countsBatch`: the images before count.
  Value findPositions(Type element, bool countsBatch) const;
};

MaxPooling MaxPooling::withChannelsLast() const {
  SmallVector<int64_t> order = pooling.layout.toChannelsLast();
  Pooling turned{DataLayout{pooling.layout.rank, false}, {}};
  for (int64_t dim : order)
    turned.windows.push_back(pooling.windows[dim]);
  return MaxPooling{n, turned, n.transpose(padded, order), n.transpose(y, order)};
}

Value MaxPooling::findWinners() const {
  Type i32 = n.builder.getI32Type();
  SmallVector<Size> shape = getOutputSizes(pooling.windows);
  if (!isUnrolled()) {
    Value patches = extractPatches(n, padded, pooling.windows);
    SmallVector<Size> places = n.sizes.sizesOf(patches), one = shape;
    one.push_back(n.sizes.constant(1));
    Value isMax = n.compare(Direction::EQ, patches, n.broadcastTo(n.reshape(y, one), places));
    return n.create<tg::ArgReduceOp>(tg::getTypeOfSizes(shape, i32), Kind::Max,
                                     n.cast(isMax, n.builder.getIntegerType(8)),
                                     static_cast<int64_t>(shape.size()));
  }
  SmallVector<SmallVector<int64_t>> places;
  forEachPlace(pooling.window(), [&](int64_t, ArrayRef<int64_t> position) { places.emplace_back(position); });
  Value winners = n.broadcastTo(n.scalar(i32, 0), shape);
  for (int64_t number = places.size() - 1; number > 0; --number) {
    Value isMax = n.compare(Direction::EQ, sliceAtPosition(n, padded, pooling.windows, places[number]), y);
    winners = n.select(isMax, n.splatLike(winners, number), winners);
  }
  // The first place is asked last, for it wins over all others.
  Value isFirst = n.compare(Direction::EQ, sliceAtPosition(n, padded, pooling.windows, places.front()), y);
  return n.select(isFirst, n.splatLike(winners, 0), winners);
}

Value MaxPooling::findPositions(Type element, bool countsBatch) const {
  return flattenPositions(n, findWinners(), pooling.windows, element, countsBatch);
}

FailureOr<MaxPooling> getMaxPooling(NodeImporter &n, Value x, Value y,
                                    std::optional<size_t> windowInput = std::nullopt) {
  auto pooling = getPooling(n, n.sizes.sizesOf(x), windowInput);
  if (failed(pooling))
    return failure();
  Type element = getElementTypeOrSelf(x.getType());
  if (!y)
    y = pooling->reduceWindows(n, Kind::Max, padForWindows(n, x, n.lowest(element), pooling->windows));
  // Of windows over nothing but the lowest number no place around the input wins: comparisons with NaN fail.
  Value outside = isa<FloatType>(element) ? n.scalar(element, std::nan("")) : n.lowest(element);
  return MaxPooling{n, *pooling, padForWindows(n, x, outside, pooling->windows), y};
}

/// Whether no element of the input is under two windows, so that each has one place in one of them.
bool areSideBySide(ArrayRef<SlidingWindow> windows) {
  return llvm::all_of(windows, [](const SlidingWindow &w) {
    return w.dilation == 1 && IndexBuilder::isConstant(w.window, w.stride);
  });
}

/// The sizes of the outputs, each followed by that of its window, or by 1, where the window is larger than 1.
SmallVector<Size> getTiledSizes(NodeImporter &n, ArrayRef<SlidingWindow> windows, bool areRepeated) {
  SmallVector<Size> sizes;
  for (const SlidingWindow &w : windows) {
    sizes.push_back(w.output);
    if (w.stride != 1)
      sizes.push_back(areRepeated ? w.window : n.sizes.constant(1));
  }
  return sizes;
}

/// The gradient of windows that lie side by side: that of each window where its maximum stands first, in one
/// pass over the input.
Value placeSideBySide(NodeImporter &n, Value winners, Value gradient, const Pooling &pooling) {
  ArrayRef<SlidingWindow> windows = pooling.windows;
  SmallVector<Size> tiled = getTiledSizes(n, windows, true), places, joined, low, high;
  auto repeat = [&](Value x) { return n.broadcastTo(n.reshape(x, getTiledSizes(n, windows, false)), tiled); };
  for (const SlidingWindow &w : windows) {
    places.push_back(n.sizes.constant(1));
    if (w.stride != 1)
      places.push_back(w.window);
    joined.push_back(n.sizes.mul(w.output, n.sizes.constant(w.stride)));
    low.push_back(n.sizes.sub(n.sizes.constant(0), w.low));
    high.push_back(n.sizes.sub(n.sizes.sub(w.input, low.back()), joined.back()));
  }
  auto numbers = llvm::to_vector(llvm::seq<int64_t>(0, getWindowElements(windows)));
  Value place = n.broadcastTo(n.reshape(n.constantInts(numbers, n.builder.getI32Type()), places), tiled);
  Value wins = n.compare(Direction::EQ, repeat(winners), place), repeated = repeat(gradient);
  Value placed = n.reshape(n.select(wins, repeated, n.splatLike(repeated, 0)), joined);
  Value zero = n.scalar(getElementTypeOrSelf(gradient.getType()), 0);
  return n.withSizes(n.pad(placed, zero, low, high), getInputSizes(windows));
}

Value takeAtPositions(NodeImporter &n, Value x, Value positions) {
  Value flat = n.reshape(x, {n.sizes.product(n.sizes.sizesOf(x))});
  return n.create<tg::GatherOp>(flat, positions, 0, 0, tg::BoundsMode::Error);
}

/// The gradient of the input from that of the maxima, both with the layout of `max`.
Value routeToWinners(NodeImporter &n, const MaxPooling &max, Value gradient) {
  // TensorFlow's kernel for volumes gives it to all that are as large as the maximum.
  bool goesToAll = n.node.op() == "MaxPool3DGrad";
  ArrayRef<SlidingWindow> windows = max.pooling.windows;
  if (!goesToAll && !max.isUnrolled())
    return addAtPositions(n, max.findPositions(n.builder.getI64Type(), true), gradient,
                          getInputSizes(windows));
  Value winners = goesToAll ? Value() : max.findWinners(), zero = n.splatLike(gradient, 0), sum;
  if (winners && areSideBySide(windows))
    return placeSideBySide(n, winners, gradient, max.pooling);
  forEachPlace(max.pooling.window(), [&](int64_t number, ArrayRef<int64_t> position) {
    Value wins = goesToAll
                     ? n.compare(Direction::EQ, sliceAtPosition(n, max.padded, windows, position), max.y)
                     : n.compare(Direction::EQ, winners, n.splatLike(winners, number));
    Value spread = spreadFromPosition(n, n.select(wins, gradient, zero), windows, position);
    sum = sum ? n.add(sum, spread) : spread;
  });
  return sum;
}

/// Inputs: input, output, gradient (, ksize, strides).
template <bool windowIsInput> LogicalResult importMaxPoolGrad(NodeImporter &n) {
  auto max = getMaxPooling(n, n.getTensor(0), n.getTensor(1),
                           windowIsInput ? std::optional<size_t>(3) : std::nullopt);
  if (failed(max))
    return failure();
  auto outputs = n.withShape({n.getTensor(1), n.getTensor(2)}, getOutputSizes(max->pooling.windows));
  if (failed(outputs))
    return failure();
  max->y = outputs->front();
  const DataLayout &layout = max->pooling.layout;
  Value gradient = n.transpose(outputs->back(), layout.toChannelsLast());
  n.setResult(n.transpose(routeToWinners(n, max->withChannelsLast(), gradient), layout.fromChannelsLast()));
  return success();
}

/// Inputs: input, output, gradient of the gradient (as large as the input) (, ksize, strides).
template <bool windowIsInput> LogicalResult importMaxPoolGradGrad(NodeImporter &n) {
  auto same = n.withOneShape({n.getTensor(0), n.getTensor(2)});
  if (failed(same))
    return failure();
  auto max = getMaxPooling(n, same->front(), n.getTensor(1),
                           windowIsInput ? std::optional<size_t>(3) : std::nullopt);
  if (failed(max))
    return failure();
  auto outputs = n.withShape({n.getTensor(1)}, getOutputSizes(max->pooling.windows));
  if (failed(outputs))
    return failure();
  max->y = outputs->front();
  n.setResult(takeAtPositions(n, same->back(), max->findPositions(n.builder.getI64Type(), true)));
  return success();
}

LogicalResult importMaxPoolWithArgmax(NodeImporter &n) {
  auto element = n.getElementTypeAttr("Targmax");
  if (failed(element))
    return failure();
  auto max = getMaxPooling(n, n.getTensor(0), nullptr);
  if (failed(max))
    return failure();
  n.setResult(0, max->y);
  n.setResult(1, max->findPositions(*element, n.getBool("include_batch_in_index")));
  return success();
}

/// Flat positions in the input, where argmax may leave out the images before.
Value getAbsolutePositions(NodeImporter &n, Value argmax, ArrayRef<Size> inputSizes) {
  Value positions = n.cast(argmax, n.builder.getI64Type());
  if (n.getBool("include_batch_in_index"))
    return positions;
  Size perImage = n.sizes.product(inputSizes.drop_front());
  Value image = n.iota(n.sizes.sizesOf(positions), n.builder.getI64Type(), 0);
  return n.add(positions, n.mul(image, n.broadcastTo(n.sizeTensor(perImage, n.builder.getI64Type()),
                                                     n.sizes.sizesOf(positions))));
}

/// Inputs: input, gradient, argmax.
LogicalResult importMaxPoolGradWithArgmax(NodeImporter &n) {
  auto same = n.withOneShape({n.getTensor(1), n.getTensor(2)});
  if (failed(same))
    return failure();
  SmallVector<Size> shape = n.sizes.sizesOf(n.getTensor(0));
  n.setResult(addAtPositions(n, getAbsolutePositions(n, same->back(), shape), same->front(), shape));
  return success();
}

/// Inputs: input, gradient (as large as the input), argmax.
LogicalResult importMaxPoolGradGradWithArgmax(NodeImporter &n) {
  auto same = n.withOneShape({n.getTensor(0), n.getTensor(1)});
  if (failed(same))
    return failure();
  n.setResult(takeAtPositions(n, same->back(),
                              getAbsolutePositions(n, n.getTensor(2), n.sizes.sizesOf(same->front()))));
  return success();
}

/// Inputs: sizes of the input, gradient. Each element of the input gets its share from every window over it.
LogicalResult importAvgPoolGrad(NodeImporter &n) {
  auto inputSizes = n.getSizeOperand(0, "orig_input_shape");
  if (failed(inputSizes))
    return failure();
  if (static_cast<int64_t>(inputSizes->size()) != n.getRank(1))
    return n.error() << "orig_input_shape has " << inputSizes->size() << " numbers for a gradient of rank "
                     << n.getRank(1);
  auto pooling = getPooling(n, *inputSizes);
  if (failed(pooling))
    return failure();
  auto outputs = n.withShape({n.getTensor(1)}, getOutputSizes(pooling->windows));
  if (failed(outputs))
    return failure();
  Type element = n.getElementType(1);
  Value shares = divideByCovered(n, n.cast(outputs->front(), n.getSumType(element)), *pooling);
  SmallVector<int64_t> ones(pooling->windows.size(), 1);
  Value sum = n.create<tg::ReduceWindowOp>(Kind::Sum, padForTransposed(n, shares, pooling->windows),
                                           pooling->window(), ones, ones);
  n.setResult(n.cast(n.withSizes(sum, *inputSizes), element));
  return success();
}

} // namespace

void registerPoolGradOps(OpRegistry &registry) {
  registry.add({"MaxPoolGrad", "MaxPool3DGrad"}, importMaxPoolGrad<false>);
  registry.add({"MaxPoolGradV2"}, importMaxPoolGrad<true>);
  registry.add({"MaxPoolGradGrad", "MaxPool3DGradGrad"}, importMaxPoolGradGrad<false>);
  registry.add({"MaxPoolGradGradV2"}, importMaxPoolGradGrad<true>);
  registry.add({"MaxPoolWithArgmax"}, importMaxPoolWithArgmax);
  registry.add({"MaxPoolGradWithArgmax"}, importMaxPoolGradWithArgmax);
  registry.add({"MaxPoolGradGradWithArgmax"}, importMaxPoolGradGradWithArgmax);
  registry.add({"AvgPoolGrad", "AvgPool3DGrad"}, importAvgPoolGrad);
}

} // namespace tgc
