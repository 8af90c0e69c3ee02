//===- SlidingWindow.cpp - Layouts and windows of convolution and pooling -===//

#include "frontend/Import/SlidingWindow.h"

using namespace mlir;

namespace tgc {

using Size = OpFoldResult;

//===----------------------------------------------------------------------===//
// Layouts
//===----------------------------------------------------------------------===//

SmallVector<int64_t> DataLayout::toChannelsLast() const {
  SmallVector<int64_t> permutation{0};
  for (int64_t i = 0; i < spatialRank(); ++i)
    permutation.push_back(spatial(i));
  permutation.push_back(channel());
  return permutation;
}

SmallVector<int64_t> DataLayout::fromChannelsLast() const {
  SmallVector<int64_t> permutation(rank);
  for (auto [to, from] : llvm::enumerate(toChannelsLast()))
    permutation[from] = to;
  return permutation;
}

FailureOr<DataLayout> getDataLayout(NodeImporter &n, int64_t rank) {
  StringRef format = n.getString("data_format");
  if (rank < 3) {
    n.error() << "expects a tensor of rank 3 or more, got rank " << rank;
    return failure();
  }
  if (format == "NHWC" || format == "NDHWC" || format == "CHANNELS_LAST" || format.empty())
    return DataLayout{rank, false};
  if (format == "NCHW" || format == "NCDHW" || format == "CHANNELS_FIRST")
    return DataLayout{rank, true};
  n.error() << "data_format " << format
            << " is not supported, expected channels last (NHWC, NDHWC) or first (NCHW, NCDHW)";
  return failure();
}

//===----------------------------------------------------------------------===//
// Attributes
//===----------------------------------------------------------------------===//

LogicalResult checkWindowAttrs(NodeImporter &n, const WindowAttrs &attrs, int64_t rank) {
  auto checkList = [&](ArrayRef<int64_t> list, StringRef what) -> LogicalResult {
    if (static_cast<int64_t>(list.size()) != rank)
      return n.error() << what << "s has " << list.size() << " numbers, expected one for each of the " << rank
                       << " dimensions";
    for (int64_t number : list)
      if (number < 1)
        return n.error() << what << " " << number << " is not positive";
    return success();
  };
  if (failed(checkList(attrs.strides, "stride")) || failed(checkList(attrs.dilations, "dilation")))
    return failure();
  if (attrs.padding != "SAME" && attrs.padding != "VALID" && attrs.padding != "EXPLICIT")
    return n.error() << "padding " << attrs.padding << " is neither SAME nor VALID nor EXPLICIT";
  if (attrs.padding != "EXPLICIT" && !attrs.explicitPaddings.empty())
    return n.error() << "explicit_paddings must be empty if padding is " << attrs.padding;
  if (attrs.padding != "EXPLICIT")
    return success();
  if (static_cast<int64_t>(attrs.explicitPaddings.size()) != 2 * rank)
    return n.error() << "explicit_paddings has " << attrs.explicitPaddings.size()
                     << " numbers, expected two for each of the " << rank << " dimensions";
  for (int64_t amount : attrs.explicitPaddings)
    if (amount < 0)
      return n.error() << "padding " << amount << " in explicit_paddings is negative";
  return success();
}

FailureOr<WindowAttrs> getWindowAttrs(NodeImporter &n, int64_t rank, StringRef dilations) {
  WindowAttrs attrs;
  attrs.strides = llvm::to_vector(n.getInts("strides"));
  attrs.dilations = llvm::to_vector(n.getInts(dilations));
  if (attrs.dilations.empty())
    attrs.dilations.assign(rank, 1);
  attrs.padding = n.getString("padding");
  attrs.explicitPaddings = llvm::to_vector(n.getInts("explicit_paddings"));
  if (failed(checkWindowAttrs(n, attrs, rank)))
    return failure();
  return attrs;
}

LogicalResult checkSpatialOnly(NodeImporter &n, const WindowAttrs &attrs, const DataLayout &layout) {
  for (int64_t dim : {int64_t(0), layout.channel()}) {
    if (attrs.strides[dim] != 1)
      return n.error() << "stride " << attrs.strides[dim] << " in the batch or channel dimension, expected 1";
    if (attrs.dilations[dim] != 1)
      return n.error() << "dilation " << attrs.dilations[dim]
                       << " in the batch or channel dimension, expected 1";
    if (attrs.padding == "EXPLICIT" &&
        (attrs.explicitPaddings[2 * dim] || attrs.explicitPaddings[2 * dim + 1]))
      return n.error() << "explicit_paddings pads the batch or channel dimension, expected 0";
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Windows
//===----------------------------------------------------------------------===//

FailureOr<SlidingWindow> getWindow(NodeImporter &n, const WindowAttrs &attrs, int64_t dim, Size input,
                                   Size window) {
  IndexBuilder &s = n.sizes;
  SlidingWindow w{input, window, attrs.strides[dim], attrs.dilations[dim], s.constant(0), s.constant(0), {}};
  Size extent = s.add(s.mul(s.sub(window, s.constant(1)), s.constant(w.dilation)), s.constant(1));
  if (attrs.padding == "SAME") {
    w.output = s.ceilDiv(input, s.constant(w.stride));
    // With stride 1 the padding does not depend on the input's size.
    Size total =
        w.stride == 1
            ? s.sub(extent, s.constant(1))
            : s.sub(s.add(s.mul(s.sub(w.output, s.constant(1)), s.constant(w.stride)), extent), input);
    total = IndexBuilder::getConstant(extent) && w.stride == 1 ? total : s.max(total, s.constant(0));
    w.low = s.floorDiv(total, s.constant(2));
    w.high = s.sub(total, w.low);
    return w;
  }
  if (attrs.padding == "EXPLICIT") {
    w.low = s.constant(attrs.explicitPaddings[2 * dim]);
    w.high = s.constant(attrs.explicitPaddings[2 * dim + 1]);
  }
  Size room = s.sub(s.add(input, s.add(w.low, w.high)), extent);
  auto known = IndexBuilder::getConstant(room);
  // TensorFlow refuses a negative size where shapes tell it, for which Conv3D has no dilations; in a run, and
  // where patches and dilations are taken, a window that is too large by less than two strides has no place.
  auto undilated = IndexBuilder::getConstant(s.sub(s.add(input, s.add(w.low, w.high)), window));
  StringRef op = n.node.op();
  bool hasNoPlace = known && *known > -2 * w.stride &&
                    (op.starts_with("Dilation2D") || op == "ExtractImagePatches" ||
                     op == "ExtractVolumePatches" || (op == "Conv3D" && undilated && *undilated >= 0));
  if (known && *known < 0 && !hasNoPlace) {
    n.error() << "window of " << *IndexBuilder::getConstant(extent)
              << " elements is larger than the padded input of "
              << *known + *IndexBuilder::getConstant(extent) << " in dimension " << dim;
    return failure();
  }
  if (!known && !IndexBuilder::isConstant(extent, 1))
    n.check(
        s.lessEqual(s.constant(1 - 2 * w.stride), room),
        "Computed output size would be negative: a window of %d elements, and %d more than the padded input",
        s.get({extent, s.sub(s.constant(0), room)}));
  if (IndexBuilder::isConstant(extent, 1) && w.stride == 1)
    w.output = s.add(input, s.add(w.low, w.high));
  else
    w.output = s.max(s.add(s.floorDiv(room, s.constant(w.stride)), s.constant(1)), s.constant(0));
  return w;
}

SmallVector<Size> getOutputSizes(ArrayRef<SlidingWindow> windows) {
  return llvm::map_to_vector(windows, [](const SlidingWindow &w) { return w.output; });
}

SmallVector<Size> getInputSizes(ArrayRef<SlidingWindow> windows) {
  return llvm::map_to_vector(windows, [](const SlidingWindow &w) { return w.input; });
}

Value padForWindows(NodeImporter &n, Value x, Value value, ArrayRef<SlidingWindow> windows) {
  return n.pad(x, value, llvm::map_to_vector(windows, [](const SlidingWindow &w) { return w.low; }),
               llvm::map_to_vector(windows, [](const SlidingWindow &w) { return w.high; }));
}

Value sliceAtPosition(NodeImporter &n, Value padded, ArrayRef<SlidingWindow> windows,
                      ArrayRef<int64_t> position) {
  SmallVector<Size> offsets;
  SmallVector<int64_t> strides;
  for (auto [w, place] : llvm::zip_equal(windows, position)) {
    offsets.push_back(n.sizes.constant(place * w.dilation));
    strides.push_back(w.stride);
  }
  return n.slice(padded, offsets, getOutputSizes(windows), strides);
}

/// How many elements `count` elements with `stride - 1` others between them take.
static Size getSpreadSize(IndexBuilder &s, Size count, int64_t stride) {
  if (stride == 1)
    return count;
  return s.add(count, s.mul(s.max(s.sub(count, s.constant(1)), s.constant(0)), s.constant(stride - 1)));
}

Value spreadFromPosition(NodeImporter &n, Value x, ArrayRef<SlidingWindow> windows,
                         ArrayRef<int64_t> position) {
  IndexBuilder &s = n.sizes;
  SmallVector<Size> low, high;
  SmallVector<int64_t> interior;
  for (auto [w, place] : llvm::zip_equal(windows, position)) {
    low.push_back(s.sub(s.constant(place * w.dilation), w.low));
    high.push_back(s.sub(s.sub(w.input, low.back()), getSpreadSize(s, w.output, w.stride)));
    interior.push_back(w.stride - 1);
  }
  Value spread = n.pad(x, n.scalar(getElementTypeOrSelf(x.getType()), 0), low, high, interior);
  return n.withSizes(spread, getInputSizes(windows));
}

Value padForTransposed(NodeImporter &n, Value x, ArrayRef<SlidingWindow> windows) {
  IndexBuilder &s = n.sizes;
  SmallVector<Size> low, high;
  SmallVector<int64_t> interior;
  for (const SlidingWindow &w : windows) {
    Size reach = s.mul(s.sub(w.window, s.constant(1)), s.constant(w.dilation));
    low.push_back(s.sub(reach, w.low));
    Size wanted = s.add(w.input, reach);
    high.push_back(s.sub(s.sub(wanted, low.back()), getSpreadSize(s, w.output, w.stride)));
    interior.push_back(w.stride - 1);
  }
  return n.pad(x, n.scalar(getElementTypeOrSelf(x.getType()), 0), low, high, interior);
}

void forEachPlace(ArrayRef<int64_t> window, llvm::function_ref<void(int64_t, ArrayRef<int64_t>)> fn) {
  SmallVector<int64_t> position(window.size(), 0);
  int64_t count = 1;
  for (int64_t size : window)
    count *= size;
  for (int64_t number = 0; number < count; ++number) {
    fn(number, position);
    for (int64_t dim = window.size() - 1; dim >= 0 && ++position[dim] == window[dim]; --dim)
      position[dim] = 0;
  }
}

} // namespace tgc
