//===- ConvGradOps.cpp - Gradients of convolutions ------------------------===//
//
// Both gradients are convolutions again. With respect to the input: the gradient, with zeros between its
// elements where the stride was more than one, over the filter turned around and with its two kinds of
// channels swapped. With respect to the filter: the input over the gradient, batch and channels changing
// roles, strides and dilations too.
//
//===----------------------------------------------------------------------===//

#include "frontend/Import/ConvOps.h"
#include "frontend/Import/OpRegistry.h"

using namespace mlir;

namespace tgc {
namespace {

using Size = OpFoldResult;

/// Sizes of a tensor that the node gives as an operand of sizes (`isSizes`) or as a tensor of that shape.
FailureOr<SmallVector<Size>> getShapeOperand(NodeImporter &n, size_t input, bool isSizes, StringRef what,
                                             int64_t rank) {
  if (!isSizes)
    return n.sizes.sizesOf(n.getTensor(input));
  auto sizes = n.getSizeOperand(input, what);
  if (failed(sizes))
    return failure();
  if (static_cast<int64_t>(sizes->size()) != rank) {
    n.error() << what << " has " << sizes->size() << " numbers for rank " << rank;
    return failure();
  }
  return sizes;
}

/// Checks that the gradient has the output's size, and states it.
FailureOr<Value> checkGradient(NodeImporter &n, const Convolution &conv, Value gradient, Size batch,
                               Size outputs) {
  SmallVector<Size> want = getOutputSizes(conv.windowsOfAll(n, batch, outputs)),
                    have = n.sizes.sizesOf(gradient);
  for (auto [dim, pair] : llvm::enumerate(llvm::zip_equal(want, have))) {
    auto [wanted, got] = pair;
    if (IndexBuilder::isEqual(wanted, got))
      continue;
    auto wantedNumber = IndexBuilder::getConstant(wanted), gotNumber = IndexBuilder::getConstant(got);
    if (wantedNumber && gotNumber) {
      n.error() << "out_backprop has size " << *gotNumber << " where the convolution's output has "
                << *wantedNumber;
      return failure();
    }
    n.check(n.sizes.equals(wanted, got), "out_backprop has size %d where the convolution's output has %d",
            {n.sizes.get(got), n.sizes.get(wanted)});
  }
  return n.withSizes(gradient, want);
}

/// Swaps the channels of a grouped filter: [spatial..., c, groups * f] -> [spatial..., f, groups * c].
Value swapChannels(NodeImporter &n, Value filter, int64_t groups) {
  SmallVector<Size> sizes = n.sizes.sizesOf(filter);
  int64_t spatial = sizes.size() - 2;
  auto leading = llvm::to_vector(llvm::seq<int64_t>(0, spatial));
  Size inputs = sizes[spatial], outputs = sizes[spatial + 1];
  if (groups == 1) {
    leading.append({spatial + 1, spatial});
    return n.transpose(filter, leading);
  }
  Size group = n.sizes.constant(groups), perGroup = n.sizes.floorDiv(outputs, group);
  SmallVector<Size> split(ArrayRef(sizes).take_front(spatial)), joined = split;
  split.append({inputs, group, perGroup});
  joined.append({perGroup, n.sizes.mul(group, inputs)});
  leading.append({spatial + 2, spatial + 1, spatial});
  return n.reshape(n.transpose(n.reshape(filter, split), leading), joined);
}

/// The sizes of the input whose gradient is wanted. Two numbers stand for height and width alone.
FailureOr<SmallVector<Size>> getInputShape(NodeImporter &n, bool isSizes, ArrayRef<Size> filterSizes,
                                           Value gradient) {
  SmallVector<Size> batchAndMore = n.sizes.sizesOf(gradient);
  int64_t rank = batchAndMore.size();
  const HostTensor *host = isSizes ? n.getHost(0) : nullptr;
  if (rank != 4 || filterSizes.size() != 4 || !host || host->elements.size() != 2)
    return getShapeOperand(n, 0, isSizes, "input_sizes", rank);
  auto layout = getDataLayout(n, rank);
  if (failed(layout))
    return failure();
  SmallVector<Size> sizes(rank, batchAndMore.front());
  sizes[layout->spatial(0)] = host->elements[0];
  sizes[layout->spatial(1)] = host->elements[1];
  sizes[layout->channel()] = filterSizes[2];
  return sizes;
}

/// With respect to the input. Operands: input (sizes), filter, gradient.
LogicalResult importInputGradient(NodeImporter &n, bool isSizes, bool isDepthwise) {
  Value filter = n.getTensor(1), gradient = n.getTensor(2);
  SmallVector<Size> filterSizes = n.sizes.sizesOf(filter);
  auto sizes = getInputShape(n, isSizes, filterSizes, gradient);
  if (failed(sizes))
    return failure();
  auto conv = getConvolution(n, *sizes, filterSizes, isDepthwise);
  if (failed(conv))
    return failure();
  if (isDepthwise)
    filter = n.reshape(filter, filterSizes = getGroupedFilterSizes(n, filterSizes));

  Size batch = sizes->front(), channels = (*sizes)[conv->layout.channel()];
  auto checked = checkGradient(n, *conv, n.transpose(gradient, conv->layout.toChannelsLast()), batch,
                               filterSizes.back());
  if (failed(checked))
    return failure();
  Value spread = padForTransposed(n, *checked, conv->windowsOfAll(n, batch, filterSizes.back()));
  auto spatialDims = llvm::to_vector(llvm::seq<int64_t>(0, conv->layout.spatialRank()));
  Value turned = n.create<tg::ReverseOp>(swapChannels(n, filter, conv->groups), spatialDims);
  SmallVector<int64_t> ones(conv->windows.size(), 1);
  auto result = n.tryCreate<tg::ConvOp>(spread, turned, ones, conv->dilations(), conv->groups);
  if (failed(result))
    return failure();
  Value sized = n.withSizes(*result, getInputSizes(conv->windowsOfAll(n, batch, channels)));
  n.setResult(n.transpose(sized, conv->layout.fromChannelsLast()));
  return success();
}

/// The input of the filter gradient's convolution: [batch, spatial..., groups * c] -> [c, spatial..., groups
/// * batch].
Value swapBatch(NodeImporter &n, Value input, int64_t groups) {
  SmallVector<Size> sizes = n.sizes.sizesOf(input);
  int64_t last = sizes.size() - 1;
  auto spatial = llvm::to_vector(llvm::seq<int64_t>(1, last));
  SmallVector<int64_t> permutation;
  if (groups == 1) {
    permutation.push_back(last);
    llvm::append_range(permutation, spatial);
    permutation.push_back(0);
    return n.transpose(input, permutation);
  }
  Size group = n.sizes.constant(groups), perGroup = n.sizes.floorDiv(sizes[last], group);
  SmallVector<Size> split(ArrayRef(sizes).drop_back());
  split.append({group, perGroup});
  permutation.push_back(last + 1);
  llvm::append_range(permutation, spatial);
  permutation.append({last, 0});
  SmallVector<Size> joined{perGroup};
  llvm::append_range(joined, ArrayRef(sizes).slice(1, last - 1));
  joined.push_back(n.sizes.mul(group, sizes[0]));
  return n.reshape(n.transpose(n.reshape(input, split), permutation), joined);
}

/// With respect to the filter. Operands: input, filter (sizes), gradient.
LogicalResult importFilterGradient(NodeImporter &n, bool isSizes, bool isDepthwise) {
  Value input = n.getTensor(0), gradient = n.getTensor(2);
  SmallVector<Size> inputSizes = n.sizes.sizesOf(input);
  auto filterSizes = getShapeOperand(n, 1, isSizes, "filter_sizes", n.getRank(0));
  if (failed(filterSizes))
    return failure();
  auto conv = getConvolution(n, inputSizes, *filterSizes, isDepthwise);
  if (failed(conv))
    return failure();
  SmallVector<Size> grouped = isDepthwise ? getGroupedFilterSizes(n, *filterSizes) : *filterSizes;
  const DataLayout &layout = conv->layout;
  auto checked = checkGradient(n, *conv, n.transpose(gradient, layout.toChannelsLast()), inputSizes.front(),
                               grouped.back());
  if (failed(checked))
    return failure();

  // The part of the padded input that the gradient slides over, so that there are as many positions as the
  // filter is large.
  IndexBuilder &s = n.sizes;
  SmallVector<Size> low{s.constant(0)}, high{s.constant(0)};
  for (const SlidingWindow &w : conv->windows) {
    Size reach = s.add(s.mul(s.sub(w.window, s.constant(1)), s.constant(w.dilation)),
                       s.mul(s.sub(w.output, s.constant(1)), s.constant(w.stride)));
    low.push_back(w.low);
    high.push_back(s.sub(s.sub(s.add(reach, s.constant(1)), w.input), w.low));
  }
  low.push_back(s.constant(0));
  high.push_back(s.constant(0));
  Value padded =
      n.pad(n.transpose(input, layout.toChannelsLast()), n.scalar(n.getElementType(0), 0), low, high);
  Value asInput = swapBatch(n, padded, conv->groups);
  // The gradient as the filter: [spatial..., batch, outputs].
  auto permutation = llvm::to_vector(llvm::seq<int64_t>(1, layout.rank - 1));
  permutation.append({0, layout.rank - 1});
  Value asFilter = n.transpose(*checked, permutation);
  auto result = n.tryCreate<tg::ConvOp>(asInput, asFilter, conv->dilations(), conv->strides(), conv->groups);
  if (failed(result))
    return failure();
  auto back = llvm::to_vector(llvm::seq<int64_t>(1, layout.rank - 1));
  back.append({0, layout.rank - 1});
  Value filter = n.withSizes(n.transpose(*result, back), grouped);
  n.setResult(n.reshape(filter, *filterSizes));
  return success();
}

template <bool isSizes, bool isDepthwise> LogicalResult importInput(NodeImporter &n) {
  return importInputGradient(n, isSizes, isDepthwise);
}
template <bool isSizes, bool isDepthwise> LogicalResult importFilter(NodeImporter &n) {
  return importFilterGradient(n, isSizes, isDepthwise);
}

} // namespace

void registerConvGradOps(OpRegistry &registry) {
  registry.add({"Conv2DBackpropInput", "Conv3DBackpropInputV2"}, importInput<true, false>);
  registry.add({"Conv2DBackpropInputV2", "Conv3DBackpropInput"}, importInput<false, false>);
  registry.add({"DepthwiseConv2dNativeBackpropInput"}, importInput<true, true>);
  registry.add({"Conv2DBackpropFilter", "Conv3DBackpropFilterV2"}, importFilter<true, false>);
  registry.add({"Conv2DBackpropFilterV2", "Conv3DBackpropFilter"}, importFilter<false, false>);
  registry.add({"DepthwiseConv2dNativeBackpropFilter"}, importFilter<true, true>);
}

} // namespace tgc
