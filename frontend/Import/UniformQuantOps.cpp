//===- UniformQuantOps.cpp - Scales and zero points -----------------------===//
//
// Products are summed in 32 bits; kernels move the sums to the output's scale with 31-bit fixed-point
// factors.
//
//===----------------------------------------------------------------------===//

#include "frontend/Import/HostFamilies.h"
#include "frontend/Import/KernelCalls.h"

using namespace mlir;

namespace tgc {
namespace {

using Size = OpFoldResult;

/// Scales and zero points are scalars, or vectors along the axis that attr `prefix`quantization_axis names.
LogicalResult checkQuantization(NodeImporter &n, StringRef prefix, Value x, Value scales, Value zeroPoints) {
  int64_t axis = n.getInt((prefix + "quantization_axis").str());
  SmallVector<Size> sizes = n.sizes.sizesOf(x), wanted;
  if (axis < -1 || axis >= static_cast<int64_t>(sizes.size()))
    return n.error() << prefix << "quantization_axis " << axis << " is out of range for rank "
                     << sizes.size();
  if (axis >= 0)
    wanted.push_back(sizes[axis]);
  return LogicalResult(n.withShape({scales, zeroPoints}, wanted));
}

std::string getBounds(NodeImporter &n, StringRef prefix, int64_t axis) {
  return (Twine(axis) + " " + Twine(n.getInt((prefix + "quantization_min_val").str())) + " " +
          Twine(n.getInt((prefix + "quantization_max_val").str())))
      .str();
}

/// UniformQuantize and UniformDequantize.
LogicalResult importLinear(NodeImporter &n, StringRef kernel) {
  auto element = n.getElementTypeAttr("Tout");
  Value x = n.getTensor(0);
  if (failed(element) || failed(checkQuantization(n, "", x, n.getTensor(1), n.getTensor(2))))
    return failure();
  n.setResult(callKernel(n, kernel, n.getTensors(0, 3), KernelResult{n.sizes.sizesOf(x), *element},
                         getBounds(n, "", n.getInt("quantization_axis")))
                  .front());
  return success();
}
LogicalResult importQuantize(NodeImporter &n) { return importLinear(n, "tgc_kernel_uniform_quantize"); }
LogicalResult importDequantize(NodeImporter &n) { return importLinear(n, "tgc_kernel_uniform_dequantize"); }

/// What a tensor is quantised by.
struct Quantization {
  Value scales, zeroPoints;
};

/// `x`, whose scale is the product of two, in another quantisation.
Value requantize(NodeImporter &n, Value x, Quantization from, Value otherScales, Quantization to,
                 Type element, const Twine &config) {
  return callKernel(n, "tgc_kernel_uniform_requantize",
                    {x, from.scales, otherScales, from.zeroPoints, to.scales, to.zeroPoints},
                    KernelResult{n.sizes.sizesOf(x), element}, config)
      .front();
}

LogicalResult importRequantize(NodeImporter &n) {
  auto element = n.getElementTypeAttr("Tout");
  Value x = n.getTensor(0);
  Quantization from{n.getTensor(1), n.getTensor(2)}, to{n.getTensor(3), n.getTensor(4)};
  int64_t axis = n.getInt("input_quantization_axis"), newAxis = n.getInt("output_quantization_axis");
  if (failed(element) || failed(checkQuantization(n, "input_", x, from.scales, from.zeroPoints)) ||
      failed(checkQuantization(n, "output_", x, to.scales, to.zeroPoints)))
    return failure();
  if (axis >= 0 && newAxis >= 0 && axis != newAxis)
    return n.error() << "input_quantization_axis " << axis << " and output_quantization_axis " << newAxis
                     << " differ";
  n.setResult(requantize(n, x, from, n.scalar(n.builder.getF32Type(), 1), to, *element,
                         getBounds(n, "output_", std::max(axis, newAxis))));
  return success();
}

/// Both sides in the output's scale, around zero, then the sum.
LogicalResult importAdd(NodeImporter &n) {
  Type element = n.getElementType(0);
  auto shape = n.broadcastSizes(n.sizes.sizesOf(n.getTensor(0)), n.sizes.sizesOf(n.getTensor(1)));
  if (failed(shape))
    return failure();
  Quantization to{n.getTensor(6), n.splatLike(n.getTensor(7), 0)};
  int64_t newAxis = n.getInt("output_quantization_axis"), rank = shape->size();
  SmallVector<Value> sides;
  for (int side = 0; side < 2; ++side) {
    StringRef prefix = side ? "rhs_" : "lhs_";
    Value x = n.getTensor(side);
    Quantization from{n.getTensor(2 + 2 * side), n.getTensor(3 + 2 * side)};
    if (failed(checkQuantization(n, prefix, x, from.scales, from.zeroPoints)))
      return failure();
    int64_t axis = n.getInt((prefix + "quantization_axis").str());
    int64_t shift = rank - cast<RankedTensorType>(x.getType()).getRank();
    if (axis >= 0 && newAxis >= 0 && axis + shift != newAxis)
      return n.error() << "the quantization axes of " << prefix << "and output must match";
    // Where the side is repeated along the output's axis, it is so before it is scaled.
    SmallVector<Size> sizes(*shape);
    sides.push_back(requantize(n, n.broadcastTo(x, sizes), from, n.scalar(n.builder.getF32Type(), 1), to,
                               element,
                               Twine(axis >= 0 ? axis + shift : newAxis) + " -2147483648 2147483647"));
  }
  Value zero = n.getTensor(7);
  zero = newAxis >= 0 ? n.broadcastAlong(zero, newAxis, *shape) : n.broadcastTo(zero, *shape);
  Value sum = n.add(n.add(sides[0], sides[1]), n.cast(zero, element));
  Value most = n.splatLike(sum, n.getInt("output_quantization_max_val")),
        least = n.splatLike(sum, n.getInt("output_quantization_min_val"));
  n.setResult(n.create<tg::MaximumOp>(n.create<tg::MinimumOp>(sum, most), least));
  return success();
}

/// min and max are quantised as the operand is.
LogicalResult importClip(NodeImporter &n) {
  Value x = n.getTensor(0);
  int64_t axis = n.getInt("quantization_axis");
  if (failed(checkQuantization(n, "", x, n.getTensor(3), n.getTensor(4))))
    return failure();
  SmallVector<Size> sizes = n.sizes.sizesOf(x);
  auto bound = [&](size_t i) -> FailureOr<Value> {
    SmallVector<Size> wanted;
    if (axis >= 0)
      wanted.push_back(sizes[axis]);
    auto vector = n.withShape({n.getTensor(i)}, wanted);
    if (failed(vector))
      return failure();
    return axis >= 0 ? n.broadcastAlong(vector->front(), axis, sizes) : n.broadcastTo(vector->front(), sizes);
  };
  auto least = bound(1), most = bound(2);
  if (failed(least) || failed(most))
    return failure();
  n.setResult(n.create<tg::MaximumOp>(n.create<tg::MinimumOp>(x, *most), *least));
  return success();
}

/// The elements as 32-bit distances from the zero point, which may be a vector along `axis`.
Value subtractZero(NodeImporter &n, Value x, Value zero, int64_t axis) {
  SmallVector<Size> sizes = n.sizes.sizesOf(x);
  Value spread = cast<RankedTensorType>(zero.getType()).getRank() == 0 ? n.broadcastTo(zero, sizes)
                                                                       : n.broadcastAlong(zero, axis, sizes);
  return n.sub(n.cast(x, n.builder.getI32Type()), spread);
}

/// Sums of products to the output's quantisation; vectors of scales are along `axis`.
LogicalResult setSums(NodeImporter &n, Value sums, int64_t axis) {
  auto element = n.getElementTypeAttr("Tout");
  if (failed(element) || failed(checkQuantization(n, "output_", sums, n.getTensor(6), n.getTensor(7))))
    return failure();
  Value zero = n.scalar(n.builder.getI32Type(), 0);
  n.setResult(requantize(n, sums, {n.getTensor(2), zero}, n.getTensor(4), {n.getTensor(6), n.getTensor(7)},
                         *element, getBounds(n, "output_", axis)));
  return success();
}

LogicalResult importDot(NodeImporter &n) {
  Value lhs = n.getTensor(0), rhs = n.getTensor(1);
  if (failed(requireRanks(n, 0, {2, 2})) || failed(requireRanks(n, 2, {0, 0})) ||
      failed(checkQuantization(n, "rhs_", rhs, n.getTensor(4), n.getTensor(5))) ||
      failed(n.requireEqual(n.sizes.sizeOf(lhs, 1), n.sizes.sizeOf(rhs, 0),
                            "lhs has %d columns, rhs has %d rows")))
    return failure();
  auto product = n.tryCreate<tg::MatMulOp>(subtractZero(n, lhs, n.getTensor(3), 0),
                                           subtractZero(n, rhs, n.getTensor(5), 1), false, false);
  return failed(product) ? failure() : setSums(n, *product, 1);
}

//===----------------------------------------------------------------------===//
// Convolution
//===----------------------------------------------------------------------===//

/// Which dimensions are what: of input, filter and output the batch (or, of the filter, the output channels),
/// the channels (the input channels), then the spatial dimensions.
struct Dimensions {
  SmallVector<int64_t> input, filter, output;
};

/// Reads the wire format of UniformQuantizedConvolutionDimensionNumbersAttr: numbers alone, lists packed or
/// not. An empty text: batch and channels lead, of the filter the output channels.
std::optional<Dimensions> readDimensions(StringRef text, int64_t rank) {
  SmallVector<int64_t> leading = llvm::to_vector(llvm::seq<int64_t>(0, rank)), filter = leading;
  if (text.empty())
    return Dimensions{leading, filter, leading};
  SmallVector<SmallVector<int64_t>> fields(10);
  auto varint = [&]() -> std::optional<uint64_t> {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && !text.empty(); shift += 7) {
      uint8_t byte = text.front();
      text = text.drop_front();
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80)
        return value;
    }
    return std::nullopt;
  };
  while (!text.empty()) {
    auto tag = varint();
    if (!tag || *tag >> 3 >= fields.size() || ((*tag & 7) != 0 && (*tag & 7) != 2))
      return std::nullopt;
    auto number = varint();
    if (!number)
      return std::nullopt;
    if ((*tag & 7) == 0) {
      fields[*tag >> 3].push_back(*number);
      continue;
    }
    size_t rest = text.size() - std::min<size_t>(*number, text.size());
    while (text.size() > rest) {
      auto element = varint();
      if (!element)
        return std::nullopt;
      fields[*tag >> 3].push_back(*element);
    }
  }
  auto collect = [&](size_t first, size_t second, size_t third) {
    auto one = [&](size_t i) { return fields[i].empty() ? 0 : fields[i].back(); };
    SmallVector<int64_t> result{one(first), one(second)};
    llvm::append_range(result, fields[third]);
    return result;
  };
  Dimensions dims{collect(1, 2, 3), collect(5, 4, 6), collect(7, 8, 9)};
  for (auto *list : {&dims.input, &dims.filter, &dims.output}) {
    SmallVector<int64_t> sorted(*list);
    llvm::sort(sorted);
    if (sorted != leading)
      return std::nullopt;
  }
  return dims;
}

/// The padding of a spatial dimension, for a dilated input of `input` and a dilated window of `window`.
std::pair<Size, Size> getPadding(NodeImporter &n, StringRef padding, ArrayRef<int64_t> given, int64_t i,
                                 Size input, int64_t window, int64_t stride) {
  IndexBuilder &s = n.sizes;
  if (padding == "EXPLICIT")
    return {s.constant(given[2 * i]), s.constant(given[2 * i + 1])};
  if (padding == "VALID")
    return {s.constant(0), s.constant(0)};
  Size outputs = s.ceilDiv(input, s.constant(stride));
  Size covered = s.add(s.mul(s.sub(outputs, s.constant(1)), s.constant(stride)), s.constant(window));
  Size total = s.max(s.sub(covered, input), s.constant(0)), low = s.floorDiv(total, s.constant(2));
  return {low, s.sub(total, low)};
}

LogicalResult importConvolution(NodeImporter &n) {
  int64_t rank = n.getRank(0), spatial = rank - 2;
  auto dims = readDimensions(n.getString("dimension_numbers"), rank);
  if (rank < 2 || n.getRank(1) != rank || !dims)
    return n.error() << "dimension_numbers do not fit operands of ranks " << rank << " and " << n.getRank(1);
  if (n.getInt("batch_group_count") != 1)
    return n.error() << "batch_group_count " << n.getInt("batch_group_count")
                     << " is not supported, expected 1";
  auto numbers = [&](StringRef attr) {
    auto list = n.getInts(attr);
    SmallVector<int64_t> result(list.begin(), list.end());
    result.resize(spatial, 1);
    return result;
  };
  SmallVector<int64_t> strides = numbers("window_strides"), spread = numbers("lhs_dilation"),
                       dilations = numbers("rhs_dilation");
  auto explicitPadding = n.getInts("explicit_padding");
  StringRef padding = n.getString("padding");
  if ((padding != "SAME" && padding != "VALID" && padding != "EXPLICIT") ||
      (padding == "EXPLICIT" && static_cast<int64_t>(explicitPadding.size()) != 2 * spatial))
    return n.error() << "padding " << padding
                     << " is not SAME, VALID, or EXPLICIT with two numbers for each of the " << spatial
                     << " spatial dimensions";
  for (int64_t i = 0; i < spatial; ++i)
    if (strides[i] < 1 || spread[i] < 1 || dilations[i] < 1)
      return n.error() << "window_strides and dilations must be positive";
  if (failed(requireRanks(n, 2, {0, 0})) ||
      failed(checkQuantization(n, "rhs_", n.getTensor(1), n.getTensor(4), n.getTensor(5))))
    return failure();
  // To [batch, spatial..., channels] and [spatial..., input channels, output channels].
  SmallVector<int64_t> order(ArrayRef(dims->input).take_front(1)),
      filterOrder(ArrayRef(dims->filter).drop_front(2));
  order.append(dims->input.begin() + 2, dims->input.end());
  order.push_back(dims->input[1]);
  filterOrder.append({dims->filter[1], dims->filter[0]});
  Value x = n.transpose(subtractZero(n, n.getTensor(0), n.getTensor(3), 0), order);
  Value filter = n.transpose(subtractZero(n, n.getTensor(1), n.getTensor(5), dims->filter[0]), filterOrder);
  SmallVector<Size> sizes = n.sizes.sizesOf(x), low(rank, n.sizes.constant(0)), high(low);
  SmallVector<int64_t> gaps(rank, 0);
  for (int64_t i = 0; i < spatial; ++i) {
    auto window = IndexBuilder::getConstant(n.sizes.sizeOf(filter, i));
    if (!window)
      return n.error() << "the sizes of the filter must be known at compile time; give them with --shape";
    gaps[i + 1] = spread[i] - 1;
    Size dilated = n.sizes.max(
        n.sizes.add(n.sizes.mul(n.sizes.sub(sizes[i + 1], n.sizes.constant(1)), n.sizes.constant(spread[i])),
                    n.sizes.constant(1)),
        n.sizes.constant(0));
    std::tie(low[i + 1], high[i + 1]) = getPadding(n, padding, llvm::to_vector(explicitPadding), i, dilated,
                                                   (*window - 1) * dilations[i] + 1, strides[i]);
  }
  x = n.pad(x, n.scalar(n.builder.getI32Type(), 0), low, high, gaps);
  auto sums = n.tryCreate<tg::ConvOp>(x, filter, strides, dilations, n.getInt("feature_group_count"));
  if (failed(sums))
    return failure();
  // Back: dimension dims->output[k] of the result is batch, channels, spatial...
  SmallVector<int64_t> back(rank);
  back[dims->output[0]] = 0;
  back[dims->output[1]] = rank - 1;
  for (int64_t i = 0; i < spatial; ++i)
    back[dims->output[i + 2]] = i + 1;
  return setSums(n, n.transpose(*sums, back), dims->output[1]);
}

} // namespace

void registerUniformQuantOps(OpRegistry &registry) {
  registry.add({"UniformQuantize"}, importQuantize);
  registry.add({"UniformDequantize"}, importDequantize);
  registry.add({"UniformRequantize"}, importRequantize);
  registry.add({"UniformQuantizedAdd"}, importAdd);
  registry.add({"UniformQuantizedClipByValue"}, importClip);
  registry.add({"UniformQuantizedDot"}, importDot);
  registry.add({"UniformQuantizedConvolution"}, importConvolution);
}

} // namespace tgc
