//===- RandomOps.cpp - Random numbers -------------------------------------===//
//
// Uniform and normal numbers, whose generator is the node's own, made from a seed, or given as key and
// counter.
//
//===----------------------------------------------------------------------===//

#include "frontend/Import/GraphImporter.h"
#include "frontend/Import/Indexing.h"
#include "frontend/Import/OpRegistry.h"
#include "frontend/Import/RandomGenerator.h"

using namespace mlir;

namespace tgc {
namespace {

using Size = OpFoldResult;

constexpr StringLiteral kUniform = "tgc_kernel_random_uniform", kNormal = "tgc_kernel_random_normal",
                        kTruncatedNormal = "tgc_kernel_random_truncated_normal",
                        kUniformInt = "tgc_kernel_random_uniform_int",
                        kFullInt = "tgc_kernel_random_uniform_full_int";

/// Kinds of numbers that the generators do not make are the graph's mistake.
LogicalResult checkElement(NodeImporter &n, Type element, bool isInteger) {
  if (isInteger ? element.isInteger() && element.getIntOrFloatBitWidth() >= 32 : isa<FloatType>(element))
    return success();
  return n.error() << "makes no numbers of type " << dataTypeName(getDataType(element));
}

/// Kernel, and where an integer operator has its bounds (else 0).
template <StringLiteral const &kernel, int bounds> LogicalResult importStateful(NodeImporter &n) {
  auto shape = n.getSizeOperand(0, "shape");
  auto element = n.getElementTypeAttr(bounds ? "Tout" : "dtype");
  if (failed(shape) || failed(element) || failed(checkSizes(n, *shape)) ||
      failed(checkElement(n, *element, bounds)))
    return failure();
  auto generator = getStatefulGenerator(n, getReservedSteps(n, *shape));
  if (failed(generator))
    return failure();
  fillRandom(n, kernel, *generator, *shape, *element,
             bounds ? n.getTensors(bounds, bounds + 2) : SmallVector<Value>());
  return success();
}

/// V1 forms have (shape, seed, bounds...), V2 forms (shape, key, counter, alg, bounds...).
template <StringLiteral const &kernel, bool isV2, bool hasBounds>
LogicalResult importStateless(NodeImporter &n) {
  auto shape = n.getSizeOperand(0, "shape");
  auto element = n.getElementTypeAttr("dtype");
  if (failed(shape) || failed(element) || failed(checkSizes(n, *shape)) ||
      failed(checkElement(n, *element, kernel == kUniformInt || kernel == kFullInt)))
    return failure();
  RandomGenerator generator;
  if (isV2) {
    if (failed(checkAlgorithm(n, 3, "alg")))
      return failure();
    generator = {n.getTensor(1), n.getTensor(2)};
  } else {
    auto seeded = getStatelessGenerator(n, n.getTensor(1));
    if (failed(seeded))
      return failure();
    generator = *seeded;
  }
  size_t first = isV2 ? 4 : 2;
  fillRandom(n, kernel, generator, *shape, *element,
             hasBounds ? n.getTensors(first, first + 2) : SmallVector<Value>());
  return success();
}

LogicalResult importGetKeyCounter(NodeImporter &n) {
  auto generator = getStatelessGenerator(n, n.getTensor(0));
  if (failed(generator))
    return failure();
  n.setResult(0, generator->key);
  n.setResult(1, generator->counter);
  if (n.getOutputs().size() > 2)
    n.setHostResult(2, {n.builder.getI32Type(), {}, {n.sizes.constant(1)}});
  return success();
}

LogicalResult importGetAlg(NodeImporter &n) {
  n.setHostResult({n.builder.getI32Type(), {}, {n.sizes.constant(1)}});
  return success();
}

} // namespace

void registerRandomOps(OpRegistry &registry) {
  registry.add({"RandomUniform"}, importStateful<kUniform, 0>);
  registry.add({"RandomStandardNormal"}, importStateful<kNormal, 0>);
  registry.add({"TruncatedNormal"}, importStateful<kTruncatedNormal, 0>);
  registry.add({"RandomUniformInt"}, importStateful<kUniformInt, 1>);
  registry.add({"StatelessRandomUniform"}, importStateless<kUniform, false, false>);
  registry.add({"StatelessRandomNormal"}, importStateless<kNormal, false, false>);
  registry.add({"StatelessTruncatedNormal"}, importStateless<kTruncatedNormal, false, false>);
  registry.add({"StatelessRandomUniformInt"}, importStateless<kUniformInt, false, true>);
  registry.add({"StatelessRandomUniformFullInt"}, importStateless<kFullInt, false, false>);
  registry.add({"StatelessRandomUniformV2"}, importStateless<kUniform, true, false>);
  registry.add({"StatelessRandomNormalV2"}, importStateless<kNormal, true, false>);
  registry.add({"StatelessTruncatedNormalV2"}, importStateless<kTruncatedNormal, true, false>);
  registry.add({"StatelessRandomUniformIntV2"}, importStateless<kUniformInt, true, true>);
  registry.add({"StatelessRandomUniformFullIntV2"}, importStateless<kFullInt, true, false>);
  registry.add({"StatelessRandomGetKeyCounter", "StatelessRandomGetKeyCounterAlg"}, importGetKeyCounter);
  registry.add({"StatelessRandomGetAlg"}, importGetAlg);
}

} // namespace tgc
