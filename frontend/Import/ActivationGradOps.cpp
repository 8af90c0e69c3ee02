//===- ActivationGradOps.cpp - Biases and gradients of activations --------===//
//
// TensorFlow's own backward passes use these. Some take the activation's input, some its output: each formula
// says which. Half precision is computed in f32.
//
//===----------------------------------------------------------------------===//

#include "dialects/Tg/IR/GuardedRoot.h"
#include "frontend/Import/OpRegistry.h"
#include "frontend/Import/SlidingWindow.h"

using namespace mlir;

namespace tgc {
namespace {

using Direction = tg::ComparisonDirection;
using Size = OpFoldResult;

/// Builds the gradient from the node's two operands in the order the op has them.
using Formula = Value (*)(NodeImporter &, Value, Value);

template <Formula formula> LogicalResult importFormula(NodeImporter &n) {
  auto operands = n.withOneShape({n.getTensor(0), n.getTensor(1)});
  if (failed(operands))
    return failure();
  Type element = n.getElementType(0), wide = n.getSumType(element);
  n.setResult(n.cast(formula(n, n.cast(operands->front(), wide), n.cast(operands->back(), wide)), element));
  return success();
}

Value isPositive(NodeImporter &n, Value x) { return n.compare(Direction::GT, x, n.splatLike(x, 0)); }
Value isNegative(NodeImporter &n, Value x) { return n.compare(Direction::LT, x, n.splatLike(x, 0)); }

/// The conjugate of complex numbers.
Value conjugate(NodeImporter &n, Value x) {
  return isa<ComplexType>(getElementTypeOrSelf(x.getType())) ? n.create<tg::ConjOp>(x) : x;
}

/// The gradient times one where `passes` and zero elsewhere. TensorFlow multiplies, so that a gradient that
/// is NaN or infinite becomes NaN where nothing passes: after a loss that is no number no weight keeps its
/// value.
Value maskGradient(NodeImporter &n, Value passes, Value dy) {
  return n.mul(dy, n.select(passes, n.splatLike(dy, 1), n.splatLike(dy, 0)));
}

/// (gradient, input or output)
Value reluGradient(NodeImporter &n, Value dy, Value x) { return maskGradient(n, isPositive(n, x), dy); }

/// (gradient, input or output)
Value relu6Gradient(NodeImporter &n, Value dy, Value x) {
  Value isInside = n.create<tg::AndOp>(isPositive(n, x), n.compare(Direction::LT, x, n.splatLike(x, 6)));
  return maskGradient(n, isInside, dy);
}

/// (gradient, input)
Value leakyReluGradient(NodeImporter &n, Value dy, Value x) {
  return n.select(isPositive(n, x), dy, n.mul(dy, n.splatLike(dy, n.getFloat("alpha"))));
}

/// (gradient, output)
Value eluGradient(NodeImporter &n, Value dy, Value y) {
  return n.select(isNegative(n, y), n.mul(n.add(y, n.splatLike(y, 1)), dy), dy);
}

/// (gradient, output); the constants of Klambauer et al., 2017.
Value seluGradient(NodeImporter &n, Value dy, Value y) {
  constexpr double scale = 1.0507009873554804934193349852946, scaleAlpha = 1.7580993408473768599402175208123;
  return n.select(isNegative(n, y), n.mul(dy, n.add(y, n.splatLike(y, scaleAlpha))),
                  n.mul(dy, n.splatLike(dy, scale)));
}

/// (output, gradient); who writes a backward pass of complex numbers gives the output's conjugate.
Value sigmoidGradient(NodeImporter &n, Value y, Value dy) {
  return n.mul(n.mul(dy, y), n.sub(n.splatLike(y, 1), y));
}

/// (output, gradient), with the conjugate as above.
Value tanhGradient(NodeImporter &n, Value y, Value dy) {
  return n.mul(dy, n.sub(n.splatLike(y, 1), n.mul(y, y)));
}

/// (gradient, input)
Value softplusGradient(NodeImporter &n, Value dy, Value x) {
  return n.div(dy, n.add(n.create<tg::ExpOp>(n.create<tg::NegOp>(x)), n.splatLike(x, 1)));
}

/// (gradient, input)
Value softsignGradient(NodeImporter &n, Value dy, Value x) {
  Value below = n.add(n.create<tg::AbsOp>(x), n.splatLike(x, 1));
  return n.div(dy, n.mul(below, below));
}

/// What a root's or a reciprocal's gradient divides by, or is a product of.
Value guardRoot(NodeImporter &n, Value dy, Value y, bool isReciprocal) {
  return conjugate(n, tg::guardRoot(n.builder, n.loc, dy, y, isReciprocal,
                                    [&](Value like, double number) { return n.splatLike(like, number); }));
}

/// (output, gradient)
Value sqrtGradient(NodeImporter &n, Value y, Value dy) {
  return n.div(n.mul(dy, n.splatLike(dy, 0.5)), guardRoot(n, dy, y, /*isReciprocal=*/false));
}

/// (output, gradient)
Value rsqrtGradient(NodeImporter &n, Value y, Value dy) {
  y = guardRoot(n, dy, y, /*isReciprocal=*/true);
  return n.mul(n.mul(n.mul(y, y), y), n.mul(dy, n.splatLike(dy, -0.5)));
}

/// (output, gradient)
Value reciprocalGradient(NodeImporter &n, Value y, Value dy) {
  y = guardRoot(n, dy, y, /*isReciprocal=*/true);
  return n.mul(n.create<tg::NegOp>(dy), n.mul(y, y));
}

/// Where the channels of a tensor with bias are: last, or second.
FailureOr<int64_t> getBiasDimension(NodeImporter &n) {
  int64_t rank = n.getRank(0);
  StringRef format = n.getString("data_format");
  if (rank < 1 || (rank < 2 && n.node.op() != "BiasAddGrad")) {
    n.error() << "expects a tensor of rank 2 or more, got " << n.getType(0);
    return failure();
  }
  if (format.empty() || format == "NHWC" || format == "NDHWC")
    return rank - 1;
  if (format == "NCHW" || format == "NCDHW")
    return std::min<int64_t>(1, rank - 1);
  n.error() << "data_format " << format << " is not supported, expected NHWC or NCHW";
  return failure();
}

LogicalResult importBiasAdd(NodeImporter &n) {
  Value value = n.getTensor(0), bias = n.getTensor(1);
  auto dim = getBiasDimension(n);
  if (failed(dim))
    return failure();
  if (n.getRank(1) != 1)
    return n.error() << "bias must be a vector, got " << bias.getType();
  SmallVector<Size> shape = n.sizes.sizesOf(value);
  Size channels = shape[*dim], biases = n.sizes.sizeOf(bias, 0);
  auto channelCount = IndexBuilder::getConstant(channels), biasCount = IndexBuilder::getConstant(biases);
  if (channelCount && biasCount && *channelCount != *biasCount)
    return n.error() << "bias has " << *biasCount << " elements, the value has " << *channelCount
                     << " channels";
  if (!IndexBuilder::isEqual(channels, biases)) {
    n.check(n.sizes.equals(channels, biases), "bias has %d elements, the value has %d channels",
            {n.sizes.get(biases), n.sizes.get(channels)});
    if (biasCount)
      shape[*dim] = biases;
    value = n.withSizes(value, shape);
    bias = n.withSizes(bias, shape[*dim]);
  }
  n.setResult(n.add(value, n.broadcastAlong(bias, *dim, shape)));
  return success();
}

LogicalResult importBiasAddGrad(NodeImporter &n) {
  auto dim = getBiasDimension(n);
  if (failed(dim))
    return failure();
  SmallVector<int64_t> others;
  for (int64_t i = 0; i < n.getRank(0); ++i)
    if (i != *dim)
      others.push_back(i);
  Type element = n.getElementType(0);
  n.setResult(n.cast(n.reduce(tg::ReductionKind::Sum, n.cast(n.getTensor(0), n.getSumType(element)), others),
                     element));
  return success();
}

} // namespace

void registerActivationGradOps(OpRegistry &registry) {
  registry.add({"ReluGrad"}, importFormula<reluGradient>);
  registry.add({"Relu6Grad"}, importFormula<relu6Gradient>);
  registry.add({"LeakyReluGrad"}, importFormula<leakyReluGradient>);
  registry.add({"EluGrad"}, importFormula<eluGradient>);
  registry.add({"SeluGrad"}, importFormula<seluGradient>);
  registry.add({"SigmoidGrad"}, importFormula<sigmoidGradient>);
  registry.add({"TanhGrad"}, importFormula<tanhGradient>);
  registry.add({"SoftplusGrad"}, importFormula<softplusGradient>);
  registry.add({"SoftsignGrad"}, importFormula<softsignGradient>);
  registry.add({"SqrtGrad"}, importFormula<sqrtGradient>);
  registry.add({"RsqrtGrad"}, importFormula<rsqrtGradient>);
  registry.add({"ReciprocalGrad", "InvGrad"}, importFormula<reciprocalGradient>);
  registry.add({"BiasAdd", "BiasAddV1"}, importBiasAdd);
  registry.add({"BiasAddGrad"}, importBiasAddGrad);
}

} // namespace tgc
