//===- PoolOps.cpp - Maximum and average pooling --------------------------===//

#include "frontend/Import/PoolOps.h"
#include "frontend/Import/OpRegistry.h"
#include "frontend/Import/PatchOps.h"

using namespace mlir;

namespace tgc {

using Kind = tg::ReductionKind;
using Size = OpFoldResult;

SmallVector<int64_t> Pooling::window() const {
  return llvm::map_to_vector(windows,
                             [](const SlidingWindow &w) { return *IndexBuilder::getConstant(w.window); });
}

SmallVector<int64_t> Pooling::strides() const {
  return llvm::map_to_vector(windows, [](const SlidingWindow &w) { return w.stride; });
}

Value Pooling::reduceWindows(NodeImporter &n, tg::ReductionKind kind, Value padded) const {
  SmallVector<int64_t> ones(windows.size(), 1);
  return n.withSizes(n.create<tg::ReduceWindowOp>(kind, padded, window(), strides(), ones),
                     getOutputSizes(windows));
}

FailureOr<Pooling> getPooling(NodeImporter &n, ArrayRef<Size> inputSizes, std::optional<size_t> windowInput) {
  int64_t rank = inputSizes.size();
  auto layout = getDataLayout(n, rank);
  if (failed(layout))
    return failure();
  WindowAttrs attrs;
  attrs.padding = n.getString("padding");
  attrs.explicitPaddings = llvm::to_vector(n.getInts("explicit_paddings"));
  SmallVector<int64_t> window = llvm::to_vector(n.getInts("ksize"));
  attrs.strides = llvm::to_vector(n.getInts("strides"));
  if (windowInput) {
    auto first = n.getConstants(*windowInput, "ksize"), second = n.getConstants(*windowInput + 1, "strides");
    if (failed(first) || failed(second))
      return failure();
    window = *first;
    attrs.strides = *second;
  }
  attrs.dilations.assign(rank, 1);
  if (failed(checkWindowAttrs(n, attrs, rank)))
    return failure();
  if (static_cast<int64_t>(window.size()) != rank) {
    n.error() << "ksize has " << window.size() << " numbers, expected one for each of the " << rank
              << " dimensions";
    return failure();
  }
  if (window[0] != 1 || attrs.strides[0] != 1) {
    n.error() << "pooling over the batch dimension is not supported, expected ksize and stride 1, got "
              << window[0] << " and " << attrs.strides[0];
    return failure();
  }
  Pooling pooling{*layout, {}};
  for (int64_t dim = 0; dim < rank; ++dim) {
    if (window[dim] < 1) {
      n.error() << "ksize " << window[dim] << " is not positive";
      return failure();
    }
    auto w = getWindow(n, attrs, dim, inputSizes[dim], n.sizes.constant(window[dim]));
    if (failed(w))
      return failure();
    pooling.windows.push_back(*w);
  }
  return pooling;
}

/// How many elements of the input each position of a window covers: a number where all are equal, else a
/// vector.
static OpFoldResult countCovered(NodeImporter &n, const SlidingWindow &w) {
  auto input = IndexBuilder::getConstant(w.input), low = IndexBuilder::getConstant(w.low),
       output = IndexBuilder::getConstant(w.output);
  int64_t window = *IndexBuilder::getConstant(w.window);
  if (IndexBuilder::isConstant(w.low, 0) && IndexBuilder::isConstant(w.high, 0))
    return OpFoldResult(n.builder.getI64IntegerAttr(window));
  if (input && low && output) {
    SmallVector<int64_t> counts;
    for (int64_t i = 0; i < *output; ++i)
      counts.push_back(std::min(i * w.stride - *low + window, *input) -
                       std::max<int64_t>(i * w.stride - *low, 0));
    return n.constantInts(counts, n.builder.getI32Type());
  }
  Type i32 = n.builder.getI32Type();
  Value start = n.iota({w.output}, i32, 0);
  start =
      n.sub(n.mul(start, n.splatLike(start, w.stride)), n.broadcastTo(n.sizeTensor(w.low, i32), {w.output}));
  Value end = n.create<tg::MinimumOp>(n.add(start, n.splatLike(start, window)),
                                      n.broadcastTo(n.sizeTensor(w.input, i32), {w.output}));
  return n.sub(end, n.create<tg::MaximumOp>(start, n.splatLike(start, 0)));
}

Value divideByCovered(NodeImporter &n, Value x, const Pooling &pooling) {
  SmallVector<Size> shape = getOutputSizes(pooling.windows);
  Type element = getElementTypeOrSelf(x.getType());
  int64_t common = 1;
  Value counts;
  for (auto [dim, w] : llvm::enumerate(pooling.windows)) {
    OpFoldResult covered = countCovered(n, w);
    if (auto number = dyn_cast<Attribute>(covered)) {
      common *= cast<IntegerAttr>(number).getInt();
      continue;
    }
    SmallVector<Size> alone(shape.size(), n.sizes.constant(1)), both = alone;
    alone[dim] = shape[dim];
    Value along = n.reshape(n.cast(cast<Value>(covered), element), alone);
    if (counts) {
      both = n.sizes.sizesOf(counts);
      both[dim] = shape[dim];
      counts = n.mul(n.broadcastTo(counts, both), n.broadcastTo(along, both));
    } else {
      counts = along;
    }
  }
  if (!counts)
    return n.div(x, n.splatLike(x, common));
  if (common != 1)
    counts = n.mul(counts, n.splatLike(counts, common));
  return n.div(x, n.broadcastTo(counts, shape));
}

namespace {

template <bool windowIsInput> LogicalResult importMaxPool(NodeImporter &n) {
  Value x = n.getTensor(0);
  auto pooling = getPooling(n, n.sizes.sizesOf(x), windowIsInput ? std::optional<size_t>(1) : std::nullopt);
  if (failed(pooling))
    return failure();
  Value padded = padForWindows(n, x, n.lowest(n.getElementType(0)), pooling->windows);
  Value y = pooling->reduceWindows(n, Kind::Max, padded);
  if (n.node.op() == "MaxPool3D" && n.wantsGradients()) {
    // TensorFlow's gradient goes to all that are as large as the maximum.
    SmallVector<Value> places, partials;
    auto addPlaces = [&](Value x, Value maxima) {
      Value isMax = n.compare(tg::ComparisonDirection::EQ, x, maxima);
      places.push_back(x);
      partials.push_back(n.select(isMax, n.splatLike(x, 1), n.splatLike(x, 0)));
    };
    if (getWindowElements(pooling->windows) <= kMaxUnrolledWindow) {
      forEachPlace(pooling->window(), [&](int64_t, ArrayRef<int64_t> position) {
        addPlaces(sliceAtPosition(n, padded, pooling->windows, position), y);
      });
    } else {
      Value patches = extractPatches(n, padded, pooling->windows);
      SmallVector<Size> shape = n.sizes.sizesOf(patches), column = shape;
      column.back() = n.sizes.constant(1);
      addPlaces(patches, n.broadcastTo(n.reshape(y, column), shape));
    }
    y = n.withPartials(y, places, partials);
  }
  n.setResult(y);
  return success();
}

LogicalResult importAvgPool(NodeImporter &n) {
  Type element = n.getElementType(0);
  Value x = n.cast(n.getTensor(0), n.getSumType(element));
  auto pooling = getPooling(n, n.sizes.sizesOf(x));
  if (failed(pooling))
    return failure();
  Value padded = padForWindows(n, x, n.scalar(getElementTypeOrSelf(x.getType()), 0), pooling->windows);
  n.setResult(n.cast(divideByCovered(n, pooling->reduceWindows(n, Kind::Sum, padded), *pooling), element));
  return success();
}

} // namespace

void registerPoolOps(OpRegistry &registry) {
  registry.add({"MaxPool", "MaxPool3D"}, importMaxPool<false>);
  registry.add({"MaxPoolV2"}, importMaxPool<true>);
  registry.add({"AvgPool", "AvgPool3D"}, importAvgPool);
}

} // namespace tgc
