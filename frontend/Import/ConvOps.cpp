//===- ConvOps.cpp - Convolutions -----------------------------------------===//
//
// All become tg.conv: padding is a tg.pad before it, other layouts are transposed, a depthwise convolution is
// a grouped one with as many groups as channels.
//
//===----------------------------------------------------------------------===//

#include "frontend/Import/ConvOps.h"
#include "frontend/Import/OpRegistry.h"

using namespace mlir;

namespace tgc {

using Size = OpFoldResult;

SmallVector<int64_t> Convolution::strides() const {
  return llvm::map_to_vector(windows, [](const SlidingWindow &w) { return w.stride; });
}

SmallVector<int64_t> Convolution::dilations() const {
  return llvm::map_to_vector(windows, [](const SlidingWindow &w) { return w.dilation; });
}

SmallVector<SlidingWindow> Convolution::windowsOfAll(NodeImporter &n, Size batch, Size channels) const {
  Size zero = n.sizes.constant(0), one = n.sizes.constant(1);
  SmallVector<SlidingWindow> all{{batch, one, 1, 1, zero, zero, batch}};
  all.append(windows);
  all.push_back({channels, one, 1, 1, zero, zero, channels});
  return all;
}

SmallVector<Size> getGroupedFilterSizes(NodeImporter &n, ArrayRef<Size> depthwise) {
  SmallVector<Size> sizes(depthwise);
  size_t rank = sizes.size();
  sizes[rank - 1] = n.sizes.mul(sizes[rank - 2], sizes[rank - 1]);
  sizes[rank - 2] = n.sizes.constant(1);
  return sizes;
}

/// Finds how many groups there are from the channels of input and filter.
static LogicalResult findGroups(NodeImporter &n, Convolution &conv, Size channels, ArrayRef<Size> filterSizes,
                                bool isDepthwise) {
  Size perGroup = filterSizes[conv.layout.rank - 2], outputs = filterSizes.back();
  auto have = IndexBuilder::getConstant(channels), want = IndexBuilder::getConstant(perGroup),
       made = IndexBuilder::getConstant(outputs);
  if (isDepthwise) {
    if (!have && !want)
      return n.error()
             << "the number of channels must be known at compile time; give the shape of a feed with --shape";
    if (have && want && *have != *want)
      return n.error() << "input has " << *have << " channels, the filter wants " << *want;
    conv.groups = have ? *have : *want;
  } else if (have && want) {
    if (*want < 1 || *have % *want)
      return n.error() << "input has " << *have << " channels, the filter wants " << *want
                       << " or, in groups, a multiple of that";
    conv.groups = std::max<int64_t>(*have / *want, 1);
    if (made && *made % conv.groups)
      return n.error() << "the filter makes " << *made << " channels, which do not divide into the "
                       << conv.groups << " groups of " << *want << " input channels";
  }
  if ((!have || !want) && !IndexBuilder::isEqual(channels, perGroup))
    n.check(n.sizes.equals(channels, perGroup),
            "input has %d channels, the filter wants %d; groups need a number of channels that is known when "
            "compiling (--shape)",
            {n.sizes.get(channels), n.sizes.get(perGroup)});
  return success();
}

FailureOr<Convolution> getConvolution(NodeImporter &n, ArrayRef<Size> inputSizes, ArrayRef<Size> filterSizes,
                                      bool isDepthwise) {
  int64_t rank = inputSizes.size();
  auto layout = getDataLayout(n, rank);
  if (failed(layout))
    return failure();
  if (static_cast<int64_t>(filterSizes.size()) != rank) {
    n.error() << "filter has rank " << filterSizes.size() << ", the input has rank " << rank
              << "; expected equal ranks";
    return failure();
  }
  auto attrs = getWindowAttrs(n, rank);
  if (failed(attrs) || failed(checkSpatialOnly(n, *attrs, *layout)))
    return failure();
  Convolution conv{*layout, *attrs, {}, 1};
  for (int64_t i = 0; i < layout->spatialRank(); ++i) {
    int64_t dim = layout->spatial(i);
    if (IndexBuilder::isConstant(filterSizes[i], 0)) {
      n.error() << "the filter has no elements in spatial dimension " << i;
      return failure();
    }
    auto window = getWindow(n, *attrs, dim, inputSizes[dim], filterSizes[i]);
    if (failed(window))
      return failure();
    conv.windows.push_back(*window);
  }
  if (failed(findGroups(n, conv, inputSizes[layout->channel()], filterSizes, isDepthwise)))
    return failure();
  return conv;
}

FailureOr<Value> buildConvolution(NodeImporter &n, Value input, Value filter, bool isDepthwise,
                                  Type element) {
  SmallVector<Size> filterSizes = n.sizes.sizesOf(filter);
  auto conv = getConvolution(n, n.sizes.sizesOf(input), filterSizes, isDepthwise);
  if (failed(conv))
    return failure();
  if (isDepthwise)
    filter = n.reshape(filter, getGroupedFilterSizes(n, filterSizes));
  input = n.transpose(input, conv->layout.toChannelsLast());
  SmallVector<Size> sizes = n.sizes.sizesOf(input);
  auto windows = conv->windowsOfAll(n, sizes.front(), sizes.back());
  Value padded = padForWindows(n, input, n.scalar(getElementTypeOrSelf(input.getType()), 0), windows);
  if (element) {
    padded = n.cast(padded, element);
    filter = n.cast(filter, element);
  }
  auto result = n.tryCreate<tg::ConvOp>(padded, filter, conv->strides(), conv->dilations(), conv->groups);
  if (failed(result))
    return failure();
  SmallVector<Size> outputSizes = getOutputSizes(windows);
  outputSizes.back() = n.sizes.sizeOf(filter, filterSizes.size() - 1);
  return n.transpose(n.withSizes(*result, outputSizes), conv->layout.fromChannelsLast());
}

namespace {

LogicalResult importConvolution(NodeImporter &n, bool isDepthwise) {
  auto result = buildConvolution(n, n.getTensor(0), n.getTensor(1), isDepthwise);
  if (failed(result))
    return failure();
  n.setResult(*result);
  return success();
}

LogicalResult importConv(NodeImporter &n) { return importConvolution(n, false); }
LogicalResult importDepthwise(NodeImporter &n) { return importConvolution(n, true); }

/// The operator for any number of spatial dimensions: strides and paddings may leave out batch and channels,
/// several batch dimensions count as one.
LogicalResult importGenericConv(NodeImporter &n) {
  Value x = n.getTensor(0);
  int64_t batchDims = n.getInt("batch_dims"), groups = n.getInt("groups");
  if (batchDims < 1 || batchDims > n.getRank(0) - 2)
    return n.error() << "batch_dims must be at least 1 and leave dimensions of input to convolve, got "
                     << batchDims << " for " << x.getType();
  SmallVector<Size> shape = n.sizes.sizesOf(x), batch(ArrayRef(shape).take_front(batchDims)),
                    flat{n.sizes.product(batch)};
  flat.append(shape.begin() + batchDims, shape.end());
  x = n.reshape(x, flat);
  auto channels =
      IndexBuilder::getConstant(n.getString("data_format") == "CHANNELS_FIRST" ? flat[1] : flat.back());
  auto perGroup =
      IndexBuilder::getConstant(n.sizes.sizeOf(n.getTensor(1), std::max<int64_t>(n.getRank(1) - 2, 0)));
  if (channels && perGroup && *channels != *perGroup * groups)
    return n.error() << "input has " << *channels << " channels, the filter wants " << *perGroup * groups
                     << " in " << groups << " groups";
  auto result = buildConvolution(n, x, n.getTensor(1), false);
  if (failed(result))
    return failure();
  llvm::append_range(batch, ArrayRef(n.sizes.sizesOf(*result)).drop_front());
  n.setResult(n.reshape(*result, batch));
  return success();
}

} // namespace

void registerConvOps(OpRegistry &registry) {
  registry.add({"Conv2D", "Conv3D"}, importConv);
  registry.add({"Conv"}, importGenericConv);
  registry.add({"DepthwiseConv2dNative"}, importDepthwise);
}

} // namespace tgc
