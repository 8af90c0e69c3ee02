//===- SamplerOps.cpp - Random numbers of given parameters ----------------===//
//
// Gamma, Poisson, binomial and truncated normal numbers, classes by their logits, orders of a shuffle; and
// the operators that keep their generator in a variable. What each stateful operator reserves of its stream
// is what TensorFlow's kernel does.
//
//===----------------------------------------------------------------------===//

#include "frontend/Import/HostFamilies.h"
#include "frontend/Import/Indexing.h"
#include "frontend/Import/RandomGenerator.h"

using namespace mlir;

namespace tgc {
namespace {

using Size = OpFoldResult;

constexpr StringLiteral kGamma = "tgc_kernel_random_gamma", kPoisson = "tgc_kernel_random_poisson",
                        kBinomial = "tgc_kernel_random_binomial",
                        kParameterized = "tgc_kernel_random_parameterized",
                        kCategorical = "tgc_kernel_random_categorical",
                        kShuffle = "tgc_kernel_random_shuffle";

FailureOr<Type> getOutputType(NodeImporter &n, StringRef attr) {
  return attr.empty() ? FailureOr<Type>(n.getElementType(1)) : n.getElementTypeAttr(attr);
}

/// An error unless there is a parameter to sample from.
LogicalResult checkParameters(NodeImporter &n, ArrayRef<Size> shape, StringRef what) {
  return n.requireAtMost(n.sizes.constant(1), n.sizes.product(shape),
                         "Input " + what + " should have at least %d element, got: %d");
}

/// Lets gradients flow from samples of the gamma distribution to their parameter.
void differentiateGamma(NodeImporter &n, Value alpha, ArrayRef<Size> shape) {
  Value samples = n.getOutputs()[0].tensor;
  if (!n.wantsGradients() || !isa<FloatType>(getElementTypeOrSelf(alpha.getType())))
    return;
  Value each = n.broadcastTo(n.cast(alpha, getElementTypeOrSelf(samples.getType())), shape);
  n.setResult(0, n.withPartials(samples, each, differentiateGammaSample(n, each, samples)));
}

/// The same from those of the truncated normal distribution, whose parameters have one shape.
void differentiateTruncated(NodeImporter &n, ArrayRef<Value> parameters, ArrayRef<Size> shape) {
  if (!n.wantsGradients())
    return;
  SmallVector<Value> each =
      llvm::map_to_vector(parameters, [&](Value parameter) { return n.broadcastTo(parameter, shape); });
  Value samples = n.getOutputs()[0].tensor;
  n.setResult(0, n.withPartials(samples, each, differentiateTruncatedSample(n, each, samples)));
}

/// (samples' shape, parameter): the parameter's shape follows that of the samples.
template <StringLiteral const &kernel>
LogicalResult importStateful(NodeImporter &n, StringRef outputType, StringRef what) {
  auto shape = n.getSizeOperand(0, "shape");
  auto element = getOutputType(n, outputType);
  if (failed(shape) || failed(element) || failed(checkSizes(n, *shape)))
    return failure();
  Value parameter = n.getTensor(1);
  SmallVector<Size> parameterSizes = n.sizes.sizesOf(parameter);
  llvm::append_range(*shape, parameterSizes);
  if (failed(checkParameters(n, parameterSizes, what)))
    return failure();
  auto generator = getStatefulGenerator(n, getReservedSteps(n, *shape));
  if (failed(generator))
    return failure();
  fillRandom(n, kernel, *generator, *shape, *element, parameter);
  if (kernel == kGamma)
    differentiateGamma(n, parameter, *shape);
  return success();
}

LogicalResult importGamma(NodeImporter &n) { return importStateful<kGamma>(n, "T", "alpha"); }
LogicalResult importPoisson(NodeImporter &n) { return importStateful<kPoisson>(n, "dtype", "rate"); }

/// Parameters of one shape, with which `shape` must end.
FailureOr<SmallVector<Value>> getParameters(NodeImporter &n, size_t first, size_t count,
                                            ArrayRef<Size> shape) {
  auto parameters = n.broadcastTogether(n.getTensors(first, first + count));
  if (failed(parameters))
    return failure();
  SmallVector<Size> sizes = n.sizes.sizesOf(parameters->front());
  StringRef text = "Shape passed in must end with broadcasted shape";
  if (sizes.size() > shape.size()) {
    n.error() << text << ": it has " << shape.size() << " dimensions, the parameters have " << sizes.size();
    return failure();
  }
  for (auto [given, wanted] : llvm::zip_equal(shape.take_back(sizes.size()), sizes))
    if (failed(n.requireEqual(given, wanted, text + ": got size %d, expected %d")))
      return failure();
  return parameters;
}

/// (shape, seed, parameters...), the output's shape.
template <StringLiteral const &kernel, int count> LogicalResult importStateless(NodeImporter &n) {
  auto shape = n.getSizeOperand(0, "shape");
  auto element = n.getElementTypeAttr("dtype");
  if (failed(shape) || failed(element))
    return failure();
  auto parameters = getParameters(n, 2, count, *shape);
  if (failed(parameters))
    return failure();
  auto generator = getStatelessGenerator(n, n.getTensor(1));
  if (failed(generator))
    return failure();
  fillRandom(n, kernel, *generator, *shape, *element, *parameters, count == 4 ? "LAST" : "");
  if (kernel == kGamma)
    differentiateGamma(n, parameters->front(), *shape);
  if (kernel == kParameterized)
    differentiateTruncated(n, *parameters, *shape);
  return success();
}

/// (shape, key, counter, alg, alpha).
LogicalResult importGammaV3(NodeImporter &n) {
  auto shape = n.getSizeOperand(0, "shape");
  auto element = n.getElementTypeAttr("dtype");
  if (failed(shape) || failed(element) || failed(checkAlgorithm(n, 3, "alg")))
    return failure();
  auto parameters = getParameters(n, 4, 1, *shape);
  if (failed(parameters))
    return failure();
  fillRandom(n, kGamma, {n.getTensor(1), n.getTensor(2)}, *shape, *element, *parameters);
  differentiateGamma(n, parameters->front(), *shape);
  return success();
}

/// Steps that a batch of truncated normal numbers reserves: 1000 tries of two numbers for each element.
Size getTruncatedSteps(NodeImporter &n, Size batches, Size samples) {
  Size tries =
      n.sizes.mul(n.sizes.mul(batches, n.sizes.constant(2000)), n.sizes.add(samples, n.sizes.constant(3)));
  return n.sizes.floorDiv(tries, n.sizes.constant(4));
}

LogicalResult importParameterized(NodeImporter &n) {
  auto shape = n.getSizeOperand(0, "shape");
  auto element = n.getElementTypeAttr("dtype");
  if (failed(shape) || failed(element))
    return failure();
  if (shape->empty())
    return n.error() << "shape must not be empty";
  bool isShared = true;
  for (size_t i = 1; i < 5; ++i) {
    RankedTensorType type = n.getType(i);
    if (type.getRank() > 1)
      return n.error() << "the parameters should be scalars or vectors, got " << type;
    isShared &= type.getRank() == 0 || (i < 3 && type.getDimSize(0) == 1);
  }
  // Of equal parameters, a hundred elements in a row are a batch; else each slice is one.
  Size total = n.sizes.product(*shape), batch = n.sizes.constant(100);
  Size batches = isShared ? n.sizes.ceilDiv(total, batch) : shape->front();
  Size samples = isShared ? batch : n.sizes.product(ArrayRef(*shape).drop_front());
  if (!isShared)
    for (size_t i = 1; i < 5; ++i)
      if (RankedTensorType type = n.getType(i); type.getRank() == 1 && type.getDimSize(0) != 1)
        if (failed(n.requireEqual(
                n.sizes.sizeOf(n.getTensor(i), 0), batches,
                "the parameters should have length 1 or shape[0], got length %d for shape[0] %d")))
          return failure();
  auto generator = getStatefulGenerator(n, getTruncatedSteps(n, batches, samples));
  if (failed(generator))
    return failure();
  fillRandom(n, kParameterized, *generator, *shape, *element, n.getTensors(1, 5), isShared ? "100" : "0");
  return success();
}

/// (logits [batch, classes], how many[, seed]).
template <bool isStateless> LogicalResult importMultinomial(NodeImporter &n) {
  auto element = n.getElementTypeAttr("output_dtype");
  auto count = n.getScalarSize(1, "num_samples");
  if (failed(element) || failed(count))
    return failure();
  Value logits = n.getTensor(0);
  if (n.getRank(0) != 2)
    return n.error() << "logits should be a matrix, got " << logits.getType();
  if (failed(n.requireAtMost(n.sizes.constant(0), *count,
                             "num_samples should be nonnegative, at least %d, got %d")))
    return failure();
  SmallVector<Size> shape{n.sizes.sizeOf(logits, 0), *count};
  if (failed(n.requireAtMost(n.sizes.min(n.sizes.product(shape), n.sizes.constant(1)),
                             n.sizes.sizeOf(logits, 1),
                             "num_classes should be positive, at least %d, got %d")))
    return failure();
  RandomGenerator generator;
  if (isStateless) {
    auto seeded = getStatelessGenerator(n, n.getTensor(2));
    if (failed(seeded))
      return failure();
    generator = *seeded;
  } else {
    // Two words for each of the samples, whose number is rounded up to a step.
    Size rounded = n.sizes.mul(n.sizes.ceilDiv(*count, n.sizes.constant(4)), n.sizes.constant(8));
    auto stateful = getStatefulGenerator(n, getReservedSteps(n, {shape[0], rounded}));
    if (failed(stateful))
      return failure();
    generator = *stateful;
  }
  fillRandom(n, kCategorical, generator, shape, *element, logits);
  return success();
}

LogicalResult importShuffle(NodeImporter &n) {
  Value value = n.getTensor(0);
  if (n.getRank(0) == 0) {
    n.forward(0, 0);
    return success();
  }
  // One word for each element but the last.
  SmallVector<Size> shape = n.sizes.sizesOf(value);
  Size steps = n.sizes.floorDiv(n.sizes.add(shape[0], n.sizes.constant(2)), n.sizes.constant(4));
  auto generator =
      getStatefulGenerator(n, n.sizes.mul(steps, n.sizes.min(n.sizes.product(shape), n.sizes.constant(1))));
  if (failed(generator))
    return failure();
  fillRandom(n, kShuffle, *generator, shape, n.getElementType(0), value);
  return success();
}

/// (image [height, width, channels], size [2]).
LogicalResult importCrop(NodeImporter &n) {
  Value image = n.getTensor(0);
  auto wanted = n.getSizeOperand(1, "size");
  if (failed(wanted))
    return failure();
  if (n.getRank(0) != 3 || wanted->size() != 2)
    return n.error() << "expected a 3-D image and 2 sizes, got " << image.getType() << " and "
                     << wanted->size();
  SmallVector<Size> shape = n.sizes.sizesOf(image), rest;
  for (int dim = 0; dim < 2; ++dim) {
    if (failed(n.requireAtMost((*wanted)[dim], shape[dim], "Can't crop to %d elements of %d")))
      return failure();
    rest.push_back(n.sizes.sub(shape[dim], (*wanted)[dim]));
  }
  auto generator = getStatefulGenerator(n, n.sizes.min(n.sizes.add(rest[0], rest[1]), n.sizes.constant(1)));
  if (failed(generator))
    return failure();
  Type i64 = n.builder.getI64Type();
  SmallVector<Value> elements;
  for (Size size : rest)
    elements.push_back(arith::IndexCastOp::create(n.builder, n.loc, i64, n.sizes.get(size)));
  auto pair = RankedTensorType::get({2}, i64);
  Value offsets =
      n.hostCall("tgc_kernel_random_offsets",
                 {generator->key, generator->counter, n.create<tensor::FromElementsOp>(pair, elements)}, pair)
          .front();
  n.setResult(n.slice(image, {n.extract(offsets, {0}), n.extract(offsets, {1}), n.sizes.constant(0)},
                      {(*wanted)[0], (*wanted)[1], shape[2]}));
  return success();
}

//===----------------------------------------------------------------------===//
// Generators in variables
//===----------------------------------------------------------------------===//

Value getWord(NodeImporter &n, Size size) {
  Value word = arith::IndexCastOp::create(n.builder, n.loc, n.builder.getI64Type(), n.sizes.get(size));
  return n.cast(n.create<tensor::FromElementsOp>(RankedTensorType::get({}, n.builder.getI64Type()), word),
                IntegerType::get(n.builder.getContext(), 64, IntegerType::Unsigned));
}

/// (variable, algorithm, shape, more...): `count` more operands.
template <StringLiteral const &kernel, int count> LogicalResult importVariable(NodeImporter &n) {
  auto shape = n.getSizeOperand(2, "shape");
  auto element = n.getElementTypeAttr("dtype");
  if (failed(shape) || failed(element) || failed(checkAlgorithm(n, 1, "algorithm")))
    return failure();
  auto generator = getVariableGenerator(n, getWord(n, getReservedSteps(n, *shape)));
  if (failed(generator))
    return failure();
  fillRandom(n, kernel, *generator, *shape, *element, n.getTensors(3, 3 + count));
  return success();
}

LogicalResult importVariableBinomial(NodeImporter &n) {
  auto shape = n.getSizeOperand(2, "shape");
  auto element = n.getElementTypeAttr("dtype");
  if (failed(shape) || failed(element) || failed(checkAlgorithm(n, 1, "algorithm")))
    return failure();
  auto parameters = getParameters(n, 3, 2, *shape);
  if (failed(parameters))
    return failure();
  // What TensorFlow reserves: batches * 2 * 100 * (samples of each + 3) / 4 elements.
  Size batches = n.sizes.product(n.sizes.sizesOf(parameters->front()));
  Size samples = n.sizes.product(
      ArrayRef(*shape).drop_back(cast<RankedTensorType>(parameters->front().getType()).getRank()));
  Size elements = n.sizes.floorDiv(
      n.sizes.mul(n.sizes.mul(batches, n.sizes.constant(200)), n.sizes.add(samples, n.sizes.constant(3))),
      n.sizes.constant(4));
  auto generator = getVariableGenerator(n, getWord(n, getReservedSteps(n, {elements})));
  if (failed(generator))
    return failure();
  fillRandom(n, kBinomial, *generator, *shape, *element, *parameters);
  return success();
}

/// Moves a generator on by 256 times `delta`; RngReadAndSkip gives its counter and key from before.
LogicalResult importSkip(NodeImporter &n) {
  if (failed(checkAlgorithm(n, 1, "algorithm")))
    return failure();
  Type word = IntegerType::get(n.builder.getContext(), 64, IntegerType::Unsigned);
  Value delta = n.cast(n.getTensor(2), word);
  if (cast<RankedTensorType>(delta.getType()).getRank() != 0)
    return n.error() << "delta must be a scalar, got " << delta.getType();
  auto generator = getVariableGenerator(n, n.mul(delta, n.scalar(word, 256)));
  if (failed(generator))
    return failure();
  if (n.getOutputs().empty())
    return success();
  Type i64 = n.builder.getI64Type();
  Value parts[] = {n.cast(generator->counter, i64), n.cast(generator->key, i64)};
  auto joined = n.tryCreate<tg::ConcatOp>(ValueRange(parts), n.builder.getI64IntegerAttr(0));
  if (failed(joined))
    return failure();
  n.setResult(*joined);
  return success();
}

constexpr StringLiteral kUniform = "tgc_kernel_random_uniform", kNormal = "tgc_kernel_random_normal",
                        kTruncatedNormal = "tgc_kernel_random_truncated_normal",
                        kUniformInt = "tgc_kernel_random_uniform_int",
                        kFullInt = "tgc_kernel_random_uniform_full_int";

} // namespace

void registerSamplerOps(OpRegistry &registry) {
  registry.add({"RandomGamma"}, importGamma);
  registry.add({"RandomPoisson", "RandomPoissonV2"}, importPoisson);
  registry.add({"StatelessRandomGammaV2"}, importStateless<kGamma, 1>);
  registry.add({"StatelessRandomGammaV3"}, importGammaV3);
  registry.add({"StatelessRandomPoisson"}, importStateless<kPoisson, 1>);
  registry.add({"StatelessRandomBinomial"}, importStateless<kBinomial, 2>);
  registry.add({"StatelessParameterizedTruncatedNormal"}, importStateless<kParameterized, 4>);
  registry.add({"ParameterizedTruncatedNormal"}, importParameterized);
  registry.add({"Multinomial"}, importMultinomial<false>);
  registry.add({"StatelessMultinomial"}, importMultinomial<true>);
  registry.add({"RandomShuffle"}, importShuffle);
  registry.add({"RandomCrop"}, importCrop);
  registry.add({"StatefulUniform"}, importVariable<kUniform, 0>);
  registry.add({"StatefulStandardNormalV2"}, importVariable<kNormal, 0>);
  registry.add({"StatefulTruncatedNormal"}, importVariable<kTruncatedNormal, 0>);
  registry.add({"StatefulUniformInt"}, importVariable<kUniformInt, 2>);
  registry.add({"StatefulUniformFullInt"}, importVariable<kFullInt, 0>);
  registry.add({"StatefulRandomBinomial"}, importVariableBinomial);
  registry.add({"RngSkip", "RngReadAndSkip"}, importSkip);
}

} // namespace tgc
