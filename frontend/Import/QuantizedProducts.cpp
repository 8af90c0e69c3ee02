//===- QuantizedProducts.cpp - Products of quantized tensors --------------===//
//
// Products stay those of bytes, which machines have instructions for. With the zero points x and y of the
// operands, the sum of (a - x)(b - y) is the sum of ab, less y times that of a, less x times that of b - y:
// two sums of one operand each. All of it wraps alike.
//
//===----------------------------------------------------------------------===//

#include "frontend/Import/ConvOps.h"
#include "frontend/Import/KernelCalls.h"
#include "frontend/Import/QuantizedOps.h"

using namespace mlir;

namespace tgc {
namespace {

using Kind = tg::ReductionKind;
using Size = OpFoldResult;

LogicalResult importMatMul(NodeImporter &n) {
  auto a = getRange(n, 2), b = getRange(n, 4);
  auto element = n.getElementTypeAttr("Toutput");
  if (failed(a) || failed(b) || failed(element) || failed(requireRanks(n, 0, {2, 2})))
    return failure();
  Value lhs = n.getTensor(0), rhs = n.getTensor(1);
  bool isLhs = n.getBool("transpose_a"), isRhs = n.getBool("transpose_b");
  if (failed(n.requireEqual(n.sizes.sizeOf(lhs, isLhs ? 0 : 1), n.sizes.sizeOf(rhs, isRhs ? 1 : 0),
                            "the factors have %d columns and %d rows")))
    return failure();
  Type i32 = n.builder.getI32Type();
  Value wideLhs = n.cast(lhs, i32);
  auto product = n.tryCreate<tg::MatMulOp>(wideLhs, n.cast(rhs, i32), isLhs, isRhs);
  if (failed(product))
    return failure();
  SmallVector<Size> sizes = n.sizes.sizesOf(*product);
  auto subtract = [&](Value from, Value zero, Value sums, int64_t axis) {
    Value term = n.mul(sums, n.broadcastTo(zero, n.sizes.sizesOf(sums)));
    return n.sub(from, n.broadcastAlong(term, axis, sizes));
  };
  Value rowSums = n.reduce(Kind::Sum, wideLhs, {isLhs ? 0 : 1});
  Value columnSums = n.reduce(Kind::Sum, subtractZero(n, rhs, *b), {isRhs ? 1 : 0});
  Value shifted = subtract(*product, findZero(n, rhs, *b), rowSums, 0);
  n.setResult(0, n.cast(subtract(shifted, findZero(n, lhs, *a), columnSums, 1), *element));
  setProductRange(n, *a, n.getElementType(0), *b, n.getElementType(1), *element);
  return success();
}

/// A convolution of bytes. What is padded stands for zero, so it has no part in any of the sums: that of the
/// window's input is a convolution by ones, that of the window's filter one of an image of ones.
FailureOr<Value> convolveBytes(NodeImporter &n, ArrayRef<Value> inputRange, ArrayRef<Value> filterRange) {
  Value input = n.getTensor(0), filter = n.getTensor(1);
  Type i32 = n.builder.getI32Type();
  Value wide = n.cast(input, i32), one = n.scalar(i32, 1);
  auto sumChannels = [&](Value x, int64_t dim) {
    SmallVector<Size> sizes = n.sizes.sizesOf(x);
    sizes[dim] = n.sizes.constant(1);
    return n.reshape(n.reduce(Kind::Sum, x, {dim}), sizes);
  };
  SmallVector<Size> window = n.sizes.sizesOf(filter), image = n.sizes.sizesOf(input);
  window[2] = window[3] = image[0] = image[3] = n.sizes.constant(1);
  auto product = buildConvolution(n, input, filter, false, i32);
  auto inputSums = buildConvolution(n, sumChannels(wide, 3), n.broadcastTo(one, window), false);
  auto filterSums = buildConvolution(n, n.broadcastTo(one, image),
                                     sumChannels(subtractZero(n, filter, filterRange), 2), false);
  if (failed(product) || failed(inputSums) || failed(filterSums))
    return failure();
  SmallVector<Size> sizes = n.sizes.sizesOf(*product);
  auto subtract = [&](Value from, Value zero, Value sums) {
    Value term = n.mul(sums, n.broadcastTo(zero, n.sizes.sizesOf(sums)));
    return n.sub(from, n.broadcastTo(term, sizes));
  };
  return subtract(subtract(*product, findZero(n, filter, filterRange), *inputSums),
                  findZero(n, input, inputRange), *filterSums);
}

/// Whether a sum over the window has more products than the two other sums have elements.
bool hasManyChannels(NodeImporter &n) {
  auto channels = IndexBuilder::getConstant(n.sizes.sizeOf(n.getTensor(0), 3));
  return !channels || *channels >= 8;
}

template <bool isDepthwise> LogicalResult importConv(NodeImporter &n) {
  auto a = getRange(n, 2), b = getRange(n, 4);
  auto element = n.getElementTypeAttr("out_type");
  if (failed(a) || failed(b) || failed(element) || failed(requireRanks(n, 0, {4, 4})))
    return failure();
  auto result = isDepthwise || !hasManyChannels(n)
                    ? buildConvolution(n, subtractZero(n, n.getTensor(0), *a),
                                       subtractZero(n, n.getTensor(1), *b), isDepthwise)
                    : convolveBytes(n, *a, *b);
  if (failed(result))
    return failure();
  n.setResult(0, n.cast(*result, *element));
  setProductRange(n, *a, n.getElementType(0), *b, n.getElementType(1), *element);
  return success();
}

} // namespace

void registerQuantizedProducts(OpRegistry &registry) {
  registry.add({"QuantizedMatMul"}, importMatMul);
  registry.add({"QuantizedConv2D"}, importConv<false>);
  registry.add({"QuantizedDepthwiseConv2D"}, importConv<true>);
}

} // namespace tgc
