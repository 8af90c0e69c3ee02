//===- NormOps.cpp - Batch and local response normalisation ---------------===//
//
// Formulas of TensorFlow's CPU kernels. The fused ops keep statistics in f32 whatever the type of the images
// is; their outputs hold the variance with Bessel's correction (for the moving average) and without (for the
// gradient).
//
//===----------------------------------------------------------------------===//

#include "frontend/Import/OpRegistry.h"
#include "frontend/Import/SlidingWindow.h"

using namespace mlir;

namespace tgc {
namespace {

using Kind = tg::ReductionKind;
using Size = OpFoldResult;

/// Images, in the type of the statistics, and how to move between them and vectors over the channels.
struct ChannelView {
  NodeImporter &n;
  Value x;
  int64_t channel;
  SmallVector<int64_t> others;
  SmallVector<Size> shape;
  Size count; ///< elements per channel

  Value spread(Value vector) const { return n.broadcastAlong(vector, channel, shape); }
  Value sum(Value images) const { return n.reduce(Kind::Sum, images, others); }
  Value mean(Value images) const {
    return n.div(sum(images), n.broadcastTo(n.sizeTensor(count, getElementTypeOrSelf(images.getType())),
                                            {shape[channel]}));
  }
};

FailureOr<ChannelView> viewChannels(NodeImporter &n, size_t input) {
  auto layout = getDataLayout(n, n.getRank(input));
  if (failed(layout))
    return failure();
  Value x = n.getTensor(input);
  ChannelView view{
      n, n.cast(x, n.getSumType(n.getElementType(input))), layout->channel(), {}, n.sizes.sizesOf(x), {}};
  SmallVector<Size> counted;
  for (int64_t dim = 0; dim < layout->rank; ++dim)
    if (dim != view.channel) {
      view.others.push_back(dim);
      counted.push_back(view.shape[dim]);
    }
  view.count = n.sizes.product(counted);
  return view;
}

/// A vector with one element per channel.
FailureOr<Value> getChannelVector(NodeImporter &n, size_t input, const ChannelView &view, StringRef what) {
  Value vector = n.getTensor(input);
  auto have = n.getRank(input) == 1 ? IndexBuilder::getConstant(n.sizes.sizeOf(vector, 0)) : std::nullopt;
  auto want = IndexBuilder::getConstant(view.shape[view.channel]);
  if (n.getRank(input) != 1 || (have && want && *have != *want)) {
    n.error() << what << " must be a vector with one element for each channel of " << view.x.getType()
              << ", got " << vector.getType();
    return failure();
  }
  Size size = n.sizes.sizeOf(vector, 0);
  if (!IndexBuilder::isEqual(size, view.shape[view.channel]))
    n.check(n.sizes.equals(size, view.shape[view.channel]), what + " has %d elements for %d channels",
            {n.sizes.get(size), n.sizes.get(view.shape[view.channel])});
  return n.cast(n.withSizes(vector, view.shape[view.channel]), getElementTypeOrSelf(view.x.getType()));
}

FailureOr<SmallVector<Value>> getChannelVectors(NodeImporter &n, const ChannelView &view,
                                                ArrayRef<std::pair<size_t, StringRef>> inputs) {
  SmallVector<Value> vectors;
  for (auto [input, what] : inputs) {
    auto vector = getChannelVector(n, input, view, what);
    if (failed(vector))
      return failure();
    vectors.push_back(*vector);
  }
  return vectors;
}

/// 1 / sqrt(variance + epsilon)
Value inverseDeviation(NodeImporter &n, Value variance, StringRef epsilon) {
  return n.create<tg::RsqrtOp>(n.add(variance, n.splatLike(variance, n.getFloat(epsilon))));
}

/// x less the channels' means.
Value center(const ChannelView &view, Value mean) { return view.n.sub(view.x, view.spread(mean)); }

/// factor * fresh + (1 - factor) * old, the moving average of training.
Value movingAverage(NodeImporter &n, Value old, Value fresh, double factor) {
  if (factor == 1)
    return fresh;
  return n.add(n.mul(n.splatLike(old, 1 - factor), old), n.mul(n.splatLike(fresh, factor), fresh));
}

/// Outputs: y, batch mean, batch variance, saved mean, saved variance, and a scalar that V3 gives to cuDNN.
LogicalResult importFusedBatchNorm(NodeImporter &n) {
  auto view = viewChannels(n, 0);
  if (failed(view))
    return failure();
  auto affine = getChannelVectors(n, *view, {{1, "scale"}, {2, "offset"}});
  if (failed(affine))
    return failure();
  bool isTraining = n.getBool("is_training");
  double factor = findAttr(n.node, "exponential_avg_factor") ? n.getFloat("exponential_avg_factor") : 1;
  bool usesEstimates = !isTraining || factor != 1;
  SmallVector<Value> estimates(2);
  if (usesEstimates) {
    auto vectors = getChannelVectors(n, *view, {{3, "mean"}, {4, "variance"}});
    if (failed(vectors))
      return failure();
    // TensorFlow's gradient knows neither what estimates nor what statistics depend on.
    for (auto [estimate, vector] : llvm::zip_equal(estimates, *vectors))
      estimate = n.stopGradient(vector);
  }

  Value mean = isTraining ? view->mean(view->x) : estimates[0];
  Value centered = center(*view, mean);
  Value variance = isTraining ? view->mean(n.mul(centered, centered)) : estimates[1];
  Value scaling = n.mul(inverseDeviation(n, variance, "epsilon"), (*affine)[0]);
  Value y = n.add(n.mul(centered, view->spread(scaling)), view->spread((*affine)[1]));
  n.setResult(0, n.cast(y, n.getElementType(0)));
  mean = n.stopGradient(mean);
  variance = n.stopGradient(variance);
  n.setResult(3, mean);
  n.setResult(4, variance);
  if (isTraining) {
    // N / (N - 1)
    Type element = getElementTypeOrSelf(variance.getType());
    Value count = n.sizeTensor(view->count, element);
    Value less = n.sizeTensor(n.sizes.max(n.sizes.sub(view->count, n.sizes.constant(1)), n.sizes.constant(1)),
                              element);
    Value unbiased = n.mul(variance, n.broadcastTo(n.div(count, less), {view->shape[view->channel]}));
    mean = movingAverage(n, estimates[0], mean, factor);
    variance = movingAverage(n, estimates[1], unbiased, factor);
  }
  n.setResult(1, mean);
  n.setResult(2, variance);
  if (n.getOutputs().size() > 5)
    n.setResult(5, n.scalar(getElementTypeOrSelf(variance.getType()), 0));
  return success();
}

/// Inputs: gradient, x, scale, saved mean, saved variance. Outputs: gradients of x, scale and offset, and two
/// that are not used. The gradient of this gradient of training reaches x through the statistics, which are
/// computed again for it: the saved ones are constants (TensorFlow's _FusedBatchNormGradGrad).
LogicalResult importFusedBatchNormGrad(NodeImporter &n) {
  auto same = n.withOneShape({n.getTensor(0), n.getTensor(1)});
  if (failed(same))
    return failure();
  auto view = viewChannels(n, 1);
  if (failed(view))
    return failure();
  auto vectors = getChannelVectors(n, *view, {{2, "scale"}, {3, "reserve_space_1"}, {4, "reserve_space_2"}});
  if (failed(vectors))
    return failure();
  Type element = getElementTypeOrSelf(view->x.getType());
  view->shape = n.sizes.sizesOf((*same)[1]);
  view->x = n.cast((*same)[1], element);
  Value dy = n.cast((*same)[0], element), scale = (*vectors)[0], mean = (*vectors)[1];
  Value variance = (*vectors)[2];
  bool isTraining = n.getBool("is_training");
  if (isTraining && n.wantsGradients())
    mean = view->mean(view->x);
  Value centered = center(*view, mean);
  if (isTraining && n.wantsGradients())
    variance = view->mean(n.mul(centered, centered));
  Value inverse = inverseDeviation(n, variance, "epsilon");
  Value offsetGradient = view->sum(dy), centeredSum = view->sum(n.mul(dy, centered));
  Value gradient = dy;
  if (isTraining) {
    Value count = n.broadcastTo(n.sizeTensor(view->count, element), {view->shape[view->channel]});
    Value slope = n.div(n.mul(n.mul(inverse, inverse), centeredSum), count);
    gradient =
        n.sub(n.sub(dy, view->spread(n.div(offsetGradient, count))), n.mul(centered, view->spread(slope)));
  }
  gradient = n.mul(gradient, view->spread(n.mul(scale, inverse)));
  n.setResult(0, n.cast(gradient, n.getElementType(1)));
  n.setResult(1, n.mul(centeredSum, inverse));
  n.setResult(2, offsetGradient);
  Value unused = n.broadcastTo(n.scalar(element, 0), {n.sizes.constant(0)});
  n.setResult(3, unused);
  n.setResult(4, unused);
  return success();
}

/// Operands: t, mean, variance, beta, gamma.
LogicalResult importGlobalNormalization(NodeImporter &n) {
  auto view = viewChannels(n, 0);
  if (failed(view))
    return failure();
  auto vectors = getChannelVectors(n, *view, {{1, "m"}, {2, "v"}, {3, "beta"}, {4, "gamma"}});
  if (failed(vectors))
    return failure();
  Value scaling = inverseDeviation(n, (*vectors)[1], "variance_epsilon");
  if (n.getBool("scale_after_normalization"))
    scaling = n.mul(scaling, (*vectors)[3]);
  Value y = n.add(n.mul(center(*view, (*vectors)[0]), view->spread(scaling)), view->spread((*vectors)[2]));
  n.setResult(n.cast(y, n.getElementType(0)));
  return success();
}

/// Operands: t, mean, variance, gamma, gradient. Outputs: gradients of t, mean, variance, beta, gamma.
LogicalResult importGlobalNormalizationGrad(NodeImporter &n) {
  auto view = viewChannels(n, 0);
  if (failed(view))
    return failure();
  auto vectors = getChannelVectors(n, *view, {{1, "m"}, {2, "v"}, {3, "gamma"}});
  auto same = n.withOneShape({view->x, n.cast(n.getTensor(4), getElementTypeOrSelf(view->x.getType()))});
  if (failed(vectors) || failed(same))
    return failure();
  view->x = same->front();
  view->shape = n.sizes.sizesOf(view->x);
  Value dy = same->back(), inverse = inverseDeviation(n, (*vectors)[1], "variance_epsilon");
  bool scales = n.getBool("scale_after_normalization");
  Value scaling = scales ? n.mul(inverse, (*vectors)[2]) : inverse;
  Value offsetGradient = view->sum(dy), centeredSum = view->sum(n.mul(dy, center(*view, (*vectors)[0])));
  Value cubed = n.mul(n.mul(inverse, inverse), scaling);
  SmallVector<Value> results{n.mul(dy, view->spread(scaling)),
                             n.create<tg::NegOp>(n.mul(offsetGradient, scaling)),
                             n.mul(n.mul(centeredSum, cubed), n.splatLike(cubed, -0.5)), offsetGradient,
                             scales ? n.mul(centeredSum, inverse) : n.splatLike(inverse, 0)};
  for (auto [i, result] : llvm::enumerate(results))
    n.setResult(i, n.cast(result, n.getElementType(0)));
  return success();
}

/// Sums of `x` over the channels at most depth_radius away.
Value sumNeighbours(NodeImporter &n, Value x) {
  auto type = cast<RankedTensorType>(x.getType());
  int64_t rank = type.getRank(), radius = n.getInt("depth_radius");
  if (!type.isDynamicDim(rank - 1)) // further away is nothing
    radius = std::min(radius, type.getDimSize(rank - 1));
  SmallVector<int64_t> window(rank, 1), ones(rank, 1);
  window.back() = 2 * radius + 1;
  SmallVector<Size> border(rank, n.sizes.constant(0));
  border.back() = n.sizes.constant(radius);
  Value padded = n.pad(x, n.scalar(getElementTypeOrSelf(x.getType()), 0), border, border);
  return n.withSizes(n.create<tg::ReduceWindowOp>(Kind::Sum, padded, window, ones, ones), n.sizes.sizesOf(x));
}

/// bias + alpha * (sum of squares of the neighbouring channels)
Value localNorm(NodeImporter &n, Value x) {
  Value sums = sumNeighbours(n, n.mul(x, x));
  return n.add(n.mul(sums, n.splatLike(sums, n.getFloat("alpha"))), n.splatLike(sums, n.getFloat("bias")));
}

LogicalResult checkLocal(NodeImporter &n) {
  if (n.getRank(0) != 4)
    return n.error() << "expects a tensor of rank 4, got " << n.getType(0);
  if (n.getInt("depth_radius") < 0)
    return n.error() << "depth_radius " << n.getInt("depth_radius") << " is negative";
  return success();
}

LogicalResult importLocalResponse(NodeImporter &n) {
  if (failed(checkLocal(n)))
    return failure();
  Type element = n.getElementType(0);
  Value x = n.cast(n.getTensor(0), n.getSumType(element)), norm = localNorm(n, x);
  n.setResult(n.cast(n.mul(x, n.create<tg::PowOp>(norm, n.splatLike(norm, -n.getFloat("beta")))), element));
  return success();
}

/// Operands: gradient, input, output.
LogicalResult importLocalResponseGrad(NodeImporter &n) {
  if (failed(checkLocal(n)))
    return failure();
  auto same = n.withOneShape(n.getTensors(0, 3));
  if (failed(same))
    return failure();
  Type element = n.getElementType(0), wide = n.getSumType(element);
  Value dy = n.cast((*same)[0], wide), x = n.cast((*same)[1], wide), y = n.cast((*same)[2], wide);
  Value norm = localNorm(n, x);
  double beta = n.getFloat("beta");
  Value direct = n.mul(dy, n.create<tg::PowOp>(norm, n.splatLike(norm, -beta)));
  Value across = n.mul(x, sumNeighbours(n, n.div(n.mul(dy, y), norm)));
  n.setResult(
      n.cast(n.add(direct, n.mul(across, n.splatLike(across, -2 * n.getFloat("alpha") * beta))), element));
  return success();
}

} // namespace

void registerNormOps(OpRegistry &registry) {
  registry.add({"FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"}, importFusedBatchNorm);
  registry.add({"FusedBatchNormGrad", "FusedBatchNormGradV2", "FusedBatchNormGradV3"},
               importFusedBatchNormGrad);
  registry.add({"BatchNormWithGlobalNormalization"}, importGlobalNormalization);
  registry.add({"BatchNormWithGlobalNormalizationGrad"}, importGlobalNormalizationGrad);
  registry.add({"LRN"}, importLocalResponse);
  registry.add({"LRNGrad"}, importLocalResponseGrad);
}

} // namespace tgc
