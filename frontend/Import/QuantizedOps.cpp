//===- QuantizedOps.cpp - Tensors with a range beside them ----------------===//
//
// What TensorFlow computes element by element, kernels compute with its rounding.
//
//===----------------------------------------------------------------------===//

#include "frontend/Import/QuantizedOps.h"
#include "frontend/Import/HostFamilies.h"
#include "frontend/Import/KernelCalls.h"
#include "frontend/Import/PoolOps.h"

using namespace mlir;

namespace tgc {
namespace {

using Kind = tg::ReductionKind;
using Size = OpFoldResult;

KernelResult number(NodeImporter &n) { return {{}, n.builder.getF32Type()}; }

/// The integers of a type.
struct Grid {
  unsigned bits;
  bool isSigned;
  explicit Grid(Type element)
      : bits(element.getIntOrFloatBitWidth()), isSigned(!element.isUnsignedInteger()) {}
  double lowest() const { return isSigned ? -std::ldexp(1.0, bits - 1) : 0; }
  double highest() const { return lowest() + std::ldexp(1.0, bits) - 1; }
  /// Ranges of products are those of as many steps below zero as above.
  double symmetricLowest() const { return std::max(lowest(), -highest()); }
};

/// The integer (i32, of rank 0) that stands for `value` in the range of a tensor of `element`.
Value quantizeNumber(NodeImporter &n, Value value, ArrayRef<Value> range, Type element, bool isClamped) {
  Grid grid(element);
  return callKernel(n, "tgc_kernel_quantize_number", {value, range[0], range[1]},
                    KernelResult{{}, n.builder.getI32Type()},
                    Twine(grid.bits) + " " + Twine(grid.isSigned ? 1 : 0) + " " + Twine(isClamped ? 1 : 0))
      .front();
}

Value requantize(NodeImporter &n, Value x, ArrayRef<Value> range, ArrayRef<Value> newRange, Type element) {
  return callKernel(n, "tgc_kernel_requantize", {x, range[0], range[1], newRange[0], newRange[1]},
                    KernelResult{n.sizes.sizesOf(x), element})
      .front();
}

} // namespace

FailureOr<SmallVector<Value>> getRange(NodeImporter &n, size_t first) {
  SmallVector<Value> range;
  for (size_t i = first; i < first + 2; ++i) {
    if (failed(n.requireEqual(n.sizes.product(n.sizes.sizesOf(n.getTensor(i))), n.sizes.constant(1),
                              "a range has %d elements, expected %d")))
      return failure();
    range.push_back(n.reshape(n.getTensor(i), {}));
  }
  return range;
}

Value findZero(NodeImporter &n, Value x, ArrayRef<Value> range) {
  Value zero = n.scalar(n.builder.getF32Type(), 0);
  return quantizeNumber(n, zero, range, getElementTypeOrSelf(x.getType()), false);
}

Value subtractZero(NodeImporter &n, Value x, ArrayRef<Value> range) {
  return n.sub(n.cast(x, n.builder.getI32Type()), n.broadcastTo(findZero(n, x, range), n.sizes.sizesOf(x)));
}

void setProductRange(NodeImporter &n, ArrayRef<Value> a, Type aElement, ArrayRef<Value> b, Type bElement,
                     Type element) {
  auto step = [&](ArrayRef<Value> range, Type type) {
    Grid grid(type);
    return n.div(n.sub(range[1], range[0]),
                 n.scalar(n.builder.getF32Type(), grid.highest() - grid.symmetricLowest()));
  };
  Value both = n.mul(step(a, aElement), step(b, bElement));
  Grid grid(element);
  n.setResult(1, n.mul(both, n.scalar(n.builder.getF32Type(), grid.symmetricLowest())));
  n.setResult(2, n.mul(both, n.scalar(n.builder.getF32Type(), grid.highest())));
}

namespace {

//===----------------------------------------------------------------------===//
// Between numbers and integers
//===----------------------------------------------------------------------===//

LogicalResult importQuantizeV2(NodeImporter &n) {
  auto element = n.getElementTypeAttr("T");
  if (failed(element))
    return failure();
  int64_t axis = n.getInt("axis");
  SmallVector<Size> sizes = n.sizes.sizesOf(n.getTensor(0)), ranges;
  if (axis != -1) {
    auto dim = n.normalizeAxis(axis, n.getRank(0));
    if (failed(dim))
      return failure();
    axis = *dim;
    ranges.push_back(sizes[axis]);
  }
  SmallVector<Value> operands{n.getTensor(0)};
  for (size_t i = 1; i < 3; ++i) {
    Value bound = n.getTensor(i);
    if (failed(n.requireEqual(n.sizes.product(n.sizes.sizesOf(bound)), n.sizes.product(ranges),
                              "there are %d ranges, expected %d")))
      return failure();
    operands.push_back(n.reshape(bound, ranges));
  }
  StringRef mode = n.getString("mode");
  std::string config;
  llvm::raw_string_ostream(config) << (mode == "SCALED"      ? 'S'
                                       : mode == "MIN_FIRST" ? 'F'
                                                             : 'C')
                                   << ' ' << (n.getString("round_mode") == "HALF_TO_EVEN") << ' '
                                   << n.getBool("narrow_range") << ' ' << axis << ' '
                                   << llvm::format("%.9g", n.getFloat("ensure_minimum_range"));
  Type f32 = n.builder.getF32Type();
  setResults(n, callKernel(n, "tgc_kernel_quantize", operands,
                           {{sizes, *element}, {ranges, f32}, {ranges, f32}}, config));
  return success();
}

SmallVector<Value> findRange(NodeImporter &n, ArrayRef<Value> range) {
  return callKernel(n, "tgc_kernel_requantization_range", {n.getTensor(0), range[0], range[1]},
                    {number(n), number(n)});
}

LogicalResult importRequantizationRange(NodeImporter &n) {
  auto range = getRange(n, 1);
  if (failed(range))
    return failure();
  setResults(n, findRange(n, *range));
  return success();
}

/// Requantize (the new range is given) and QuantizeDownAndShrinkRange (it is that of the elements).
template <bool isGiven> LogicalResult importRequantize(NodeImporter &n) {
  auto range = getRange(n, 1);
  auto newRange = isGiven ? getRange(n, 3) : range;
  auto element = n.getElementTypeAttr("out_type");
  if (failed(range) || failed(newRange) || failed(element))
    return failure();
  if (!isGiven)
    newRange = findRange(n, *range);
  n.setResult(0, requantize(n, n.getTensor(0), *range, *newRange, *element));
  n.setResult(1, (*newRange)[0]);
  n.setResult(2, (*newRange)[1]);
  return success();
}

//===----------------------------------------------------------------------===//
// Elementwise
//===----------------------------------------------------------------------===//

LogicalResult importAdd(NodeImporter &n) {
  auto first = getRange(n, 2), second = getRange(n, 4);
  auto both = n.broadcastTogether({n.getTensor(0), n.getTensor(1)});
  auto element = n.getElementTypeAttr("Toutput");
  if (failed(first) || failed(second) || failed(both) || failed(element))
    return failure();
  SmallVector<Value> operands(*both);
  llvm::append_range(operands, *first);
  llvm::append_range(operands, *second);
  operands.append({n.getTensor(0), n.getTensor(1)});
  setResults(n, callKernel(n, "tgc_kernel_quantized_add", operands,
                           {{n.sizes.sizesOf(both->front()), *element}, number(n), number(n)}));
  return success();
}

LogicalResult importMul(NodeImporter &n) {
  auto first = getRange(n, 2), second = getRange(n, 4);
  auto element = n.getElementTypeAttr("Toutput");
  if (failed(first) || failed(second) || failed(element))
    return failure();
  auto both = n.broadcastTogether(
      {subtractZero(n, n.getTensor(0), *first), subtractZero(n, n.getTensor(1), *second)});
  if (failed(both))
    return failure();
  n.setResult(0, n.cast(n.mul((*both)[0], (*both)[1]), *element));
  setProductRange(n, *first, n.getElementType(0), *second, n.getElementType(1), *element);
  return success();
}

/// Input and bias meet in a range that is symmetric and 2^17 times the larger of theirs.
LogicalResult importBiasAdd(NodeImporter &n) {
  auto range = getRange(n, 2), biasRange = getRange(n, 4);
  auto element = n.getElementTypeAttr("out_type");
  if (failed(range) || failed(biasRange) || failed(element) || failed(requireRanks(n, 1, {1})))
    return failure();
  if (n.getRank(0) < 1 ||
      failed(n.requireEqual(n.sizes.sizesOf(n.getTensor(0)).back(), n.sizes.sizeOf(n.getTensor(1), 0),
                            "the last dimension has %d elements, the bias has %d")))
    return n.getRank(0) < 1 ? LogicalResult(n.error() << "the input must have a dimension") : failure();
  auto larger = [&](Value a, Value b) { return n.create<tg::MaximumOp>(a, b); };
  auto neg = [&](Value x) { return n.create<tg::NegOp>(x); };
  Value most = larger(larger((*range)[1], neg((*range)[0])), larger((*biasRange)[1], neg((*biasRange)[0])));
  Value high = n.mul(most, n.scalar(n.builder.getF32Type(), 1 << 17)), low = neg(high);
  Value newRange[] = {low, high};
  Value zero = quantizeNumber(n, n.scalar(n.builder.getF32Type(), 0), newRange, *element, true);
  Value x = requantize(n, n.getTensor(0), *range, newRange, *element);
  Value bias = requantize(n, n.getTensor(1), *biasRange, newRange, *element);
  SmallVector<Size> sizes = n.sizes.sizesOf(x);
  Value offset = n.add(bias, n.broadcastTo(n.cast(zero, *element), n.sizes.sizesOf(bias)));
  n.setResult(0, n.add(x, n.broadcastAlong(offset, sizes.size() - 1, sizes)));
  n.setResult(1, low);
  n.setResult(2, high);
  return success();
}

/// QuantizedRelu, Relu6 and ReluX (whose bound is an input).
LogicalResult importRelu(NodeImporter &n) {
  StringRef op = n.node.op();
  size_t first = op == "QuantizedReluX" ? 2 : 1;
  auto range = getRange(n, first);
  auto element = n.getElementTypeAttr("out_type");
  if (failed(range) || failed(element))
    return failure();
  Value x = n.getTensor(0);
  auto bound = [&](Value value) {
    return n.broadcastTo(n.cast(quantizeNumber(n, value, *range, *element, true), *element),
                         n.sizes.sizesOf(x));
  };
  Type f32 = n.builder.getF32Type();
  x = n.create<tg::MaximumOp>(n.cast(x, *element), bound(n.scalar(f32, 0)));
  if (op != "QuantizedRelu")
    x = n.create<tg::MinimumOp>(x, bound(first == 2 ? n.reshape(n.getTensor(1), {}) : n.scalar(f32, 6)));
  n.setResult(0, x);
  n.setResult(1, (*range)[0]);
  n.setResult(2, (*range)[1]);
  return success();
}

//===----------------------------------------------------------------------===//
// Windows, shapes, normalisation
//===----------------------------------------------------------------------===//

LogicalResult setWithRange(NodeImporter &n, Value result, size_t first) {
  auto range = getRange(n, first);
  if (failed(range))
    return failure();
  n.setResult(0, result);
  n.setResult(1, (*range)[0]);
  n.setResult(2, (*range)[1]);
  return success();
}

/// Averages are integers, rounded towards zero.
template <bool isMax> LogicalResult importPool(NodeImporter &n) {
  Type element = n.getElementType(0), wide = isMax ? element : n.builder.getI32Type();
  Value x = n.cast(n.getTensor(0), wide);
  auto pooling = getPooling(n, n.sizes.sizesOf(x));
  if (failed(pooling))
    return failure();
  Value padded = padForWindows(n, x, isMax ? n.lowest(wide) : n.scalar(wide, 0), pooling->windows);
  Value reduced = pooling->reduceWindows(n, isMax ? Kind::Max : Kind::Sum, padded);
  return setWithRange(n, isMax ? reduced : n.cast(divideByCovered(n, reduced, *pooling), element), 1);
}

/// (dimension, values..., mins..., maxes...): all in one range, which is symmetric for signed integers.
LogicalResult importConcat(NodeImporter &n) {
  size_t count = (n.getNumInputs() - 1) / 3;
  Type element = n.getElementType(1);
  SmallVector<SmallVector<Value>> ranges;
  Value low, high;
  for (size_t i = 0; i < count; ++i) {
    SmallVector<Value> range{n.reshape(n.getTensor(1 + count + i), {}),
                             n.reshape(n.getTensor(1 + 2 * count + i), {})};
    low = low ? n.create<tg::MinimumOp>(low, range[0]) : range[0];
    high = high ? n.create<tg::MaximumOp>(high, range[1]) : range[1];
    ranges.push_back(range);
  }
  auto axis = n.getAxis(0, n.getRank(1), "concat axis");
  if (failed(axis))
    return failure();
  if (Grid(element).isSigned) {
    high = n.create<tg::MaximumOp>(n.create<tg::AbsOp>(low), n.create<tg::AbsOp>(high));
    low = n.create<tg::NegOp>(high);
  }
  SmallVector<Value> parts;
  for (size_t i = 0; i < count; ++i) {
    Value x = n.getTensor(1 + i), other = requantize(n, x, ranges[i], {low, high}, element);
    auto same = [&](Value a, Value b) { return n.compare(tg::ComparisonDirection::EQ, a, b); };
    Value isSame = n.create<tg::AndOp>(same(ranges[i][0], low), same(ranges[i][1], high));
    parts.push_back(n.select(n.broadcastTo(isSame, n.sizes.sizesOf(x)), x, other));
  }
  auto joined = n.tryCreate<tg::ConcatOp>(ValueRange(parts), n.builder.getI64IntegerAttr(*axis));
  if (failed(joined))
    return failure();
  n.setResult(0, *joined);
  n.setResult(1, low);
  n.setResult(2, high);
  return success();
}

/// The elements as the float operator of that name moves them.
LogicalResult importReshape(NodeImporter &n) {
  if (failed(getOpRegistry().lookup("Reshape")(n)))
    return failure();
  Value result = n.getOutputs()[0].tensor;
  return setWithRange(n, result, 2);
}

LogicalResult importResize(NodeImporter &n) {
  auto range = getRange(n, 2);
  auto wanted = n.getSizeOperand(1, "size");
  if (failed(range) || failed(wanted) || failed(requireRanks(n, 0, {4})))
    return failure();
  if (wanted->size() != 2)
    return n.error() << "size must have two elements, got " << wanted->size();
  if (failed(n.checkPositive(*wanted, "size")))
    return failure();
  SmallVector<Size> sizes = n.sizes.sizesOf(n.getTensor(0));
  sizes[1] = (*wanted)[0];
  sizes[2] = (*wanted)[1];
  setResults(n, callKernel(n, "tgc_kernel_quantized_resize", {n.getTensor(0), (*range)[0], (*range)[1]},
                           {{sizes, n.getElementType(0)}, number(n), number(n)},
                           Twine(n.getBool("align_corners") ? "1" : "0") +
                               (n.getBool("half_pixel_centers") ? " 1" : " 0")));
  return success();
}

LogicalResult importInstanceNorm(NodeImporter &n) {
  auto range = getRange(n, 1);
  if (failed(range) || failed(requireRanks(n, 0, {4})))
    return failure();
  if (!n.getElementType(0).isUnsignedInteger(8))
    return n.error() << "is not supported on " << n.getElementType(0);
  std::string config;
  llvm::raw_string_ostream stream(config);
  stream << n.getBool("output_range_given");
  for (StringRef attr : {"given_y_min", "given_y_max", "variance_epsilon", "min_separation"})
    stream << llvm::format(" %.9g", n.getFloat(attr));
  setResults(
      n, callKernel(n, "tgc_kernel_quantized_instance_norm", {n.getTensor(0), (*range)[0], (*range)[1]},
                    {{n.sizes.sizesOf(n.getTensor(0)), n.getElementType(0)}, number(n), number(n)}, config));
  return success();
}

/// (t, m, v, beta, gamma), each with its range.
LogicalResult importBatchNorm(NodeImporter &n) {
  auto element = n.getElementTypeAttr("out_type");
  if (failed(element) || failed(requireRanks(n, 0, {4})))
    return failure();
  SmallVector<Value> operands;
  Size depth = n.sizes.sizeOf(n.getTensor(0), 3);
  for (size_t i = 0; i < 15; i += 3) {
    auto range = getRange(n, i + 1);
    auto vector = i == 0 ? FailureOr<SmallVector<Value>>(SmallVector<Value>{n.getTensor(0)})
                         : n.withShape({n.getTensor(i)}, {depth});
    if (failed(range) || failed(vector))
      return failure();
    operands.append({vector->front(), (*range)[0], (*range)[1]});
  }
  std::string config;
  llvm::raw_string_ostream(config) << llvm::format("%.9g ", n.getFloat("variance_epsilon"))
                                   << n.getBool("scale_after_normalization");
  setResults(n, callKernel(n, "tgc_kernel_quantized_batch_norm", operands,
                           {{n.sizes.sizesOf(n.getTensor(0)), *element}, number(n), number(n)}, config));
  return success();
}

} // namespace

void registerQuantizedOps(OpRegistry &registry) {
  registerQuantizedProducts(registry);
  registry.add({"QuantizeV2"}, importQuantizeV2);
  registry.add({"RequantizationRange"}, importRequantizationRange);
  registry.add({"Requantize"}, importRequantize<true>);
  registry.add({"QuantizeDownAndShrinkRange"}, importRequantize<false>);
  registry.add({"QuantizedAdd"}, importAdd);
  registry.add({"QuantizedMul"}, importMul);
  registry.add({"QuantizedBiasAdd"}, importBiasAdd);
  registry.add({"QuantizedRelu", "QuantizedRelu6", "QuantizedReluX"}, importRelu);
  registry.add({"QuantizedMaxPool"}, importPool<true>);
  registry.add({"QuantizedAvgPool"}, importPool<false>);
  registry.add({"QuantizedConcat"}, importConcat);
  registry.add({"QuantizedReshape"}, importReshape);
  registry.add({"QuantizedResizeBilinear"}, importResize);
  registry.add({"QuantizedInstanceNorm"}, importInstanceNorm);
  registry.add({"QuantizedBatchNormWithGlobalNormalization"}, importBatchNorm);
}

} // namespace tgc
