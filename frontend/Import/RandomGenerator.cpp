//===- RandomGenerator.cpp - Where random operators draw from -------------===//

#include "frontend/Import/RandomGenerator.h"
#include "frontend/Import/GraphImporter.h"
#include "frontend/Import/StateOps.h"
#include <numbers>

using namespace mlir;

namespace tgc {

using Size = OpFoldResult;

/// Steps that most stateful operators reserve for each element.
constexpr int64_t kStepsPerElement = 256;

/// A vector of words, or with count 0 one word of rank 0.
static RankedTensorType getWordType(NodeImporter &n, int64_t count) {
  Type word = IntegerType::get(n.builder.getContext(), 64, IntegerType::Unsigned);
  return count ? RankedTensorType::get({count}, word) : RankedTensorType::get({}, word);
}

FailureOr<RandomGenerator> getStatefulGenerator(NodeImporter &n, Size reserved) {
  EntryImporter &entry = n.graph.entry;
  std::string name = (kRandomStatePrefix + cast<NameLoc>(n.loc).getName().getValue()).str();
  auto type = RankedTensorType::get({}, n.builder.getI64Type());
  if (failed(entry.declareVariable(name, type, n.loc)))
    return failure();
  entry.module.variables[name].initialValue = DenseElementsAttr::get(type, int64_t(0));
  Value steps = entry.readVariable(name);
  std::string config = std::to_string(n.getInt("seed")) + " " + std::to_string(n.getInt("seed2"));
  SmallVector<Value> state =
      n.hostCall("tgc_kernel_random_state", steps, {getWordType(n, 1), getWordType(n, 2)}, config);
  Value taken = arith::IndexCastOp::create(n.builder, n.loc, n.builder.getI64Type(), n.sizes.get(reserved));
  entry.writeVariable(name, n.add(steps, n.create<tensor::FromElementsOp>(type, taken)));
  return RandomGenerator{state[0], state[1]};
}

Size getReservedSteps(NodeImporter &n, ArrayRef<Size> shape) {
  return n.sizes.mul(n.sizes.product(shape), n.sizes.constant(kStepsPerElement));
}

FailureOr<RandomGenerator> getStatelessGenerator(NodeImporter &n, Value seed) {
  if (cast<RankedTensorType>(seed.getType()).getRank() != 1)
    return n.error() << "seed must have shape [2], got " << seed.getType();
  if (failed(
          n.requireEqual(n.sizes.sizeOf(seed, 0), n.sizes.constant(2), "seed has %d elements, expected %d")))
    return failure();
  SmallVector<Value> state =
      n.hostCall("tgc_kernel_random_stateless_state", seed, {getWordType(n, 1), getWordType(n, 2)});
  return RandomGenerator{state[0], state[1]};
}

FailureOr<RandomGenerator> getVariableGenerator(NodeImporter &n, Value steps) {
  auto name = getVariable(n, 0);
  if (failed(name))
    return failure();
  Value state = n.graph.entry.readVariable(*name);
  auto type = cast<RankedTensorType>(state.getType());
  if (!type.getElementType().isSignlessInteger(64) || type.getRank() != 1 ||
      (type.hasStaticShape() && type.getDimSize(0) < 3))
    return n.error() << "the state of the generator must be an int64 vector of at least 3 elements, got "
                     << type;
  Size size = n.sizes.sizeOf(state, 0);
  if (failed(n.requireAtMost(n.sizes.constant(3), size,
                             "For the Philox algorithm, the size of state must be at least %d; got %d")))
    return failure();
  SmallVector<Value> results =
      n.hostCall("tgc_kernel_random_generator", {state, steps}, {getWordType(n, 1), getWordType(n, 2), type},
                 "", tg::getDynamicSizes({size}));
  setVariable(n, *name, results[2]);
  return RandomGenerator{results[0], results[1]};
}

LogicalResult checkAlgorithm(NodeImporter &n, size_t i, StringRef what) {
  auto algorithm = n.getConstant(i, what);
  if (failed(algorithm))
    return failure();
  if (*algorithm != 1 && *algorithm != 3)
    return n.error() << what << " " << *algorithm
                     << " is not supported, expected 1 (Philox) or 3 (auto select)";
  return success();
}

void fillRandom(NodeImporter &n, StringRef kernel, RandomGenerator generator, ArrayRef<Size> shape,
                Type element, ValueRange more, StringRef config) {
  SmallVector<Value> operands{generator.key, generator.counter};
  llvm::append_range(operands, more);
  RankedTensorType type = tg::getTypeOfSizes(shape, element);
  Value result = n.hostCall(kernel, operands, type, config, tg::getDynamicSizes(shape)).front();
  n.sizes.setSizes(result, shape);
  n.setResult(result);
}

/// Minus the derivative of the distribution by the shape, over its density.
Value differentiateGammaSample(NodeImporter &n, Value alpha, Value sample) {
  Type wide = n.builder.getF64Type(), element = getElementTypeOrSelf(alpha.getType());
  alpha = n.cast(alpha, wide);
  sample = n.cast(sample, wide);
  auto special = [&](StringRef function, ValueRange operands) {
    return n.create<tg::SpecialOp>(alpha.getType(), operands, function);
  };
  Value logDensity =
      n.sub(n.sub(n.mul(n.sub(alpha, n.splatLike(alpha, 1)), n.create<tg::LogOp>(sample)), sample),
            special("lgamma", alpha));
  Value slope = n.create<tg::NegOp>(special("igamma_grad_a", {alpha, sample}));
  Value result = n.div(slope, n.create<tg::ExpOp>(logDensity));
  // A sample of zero stays one.
  Value isZero = n.compare(tg::ComparisonDirection::EQ, sample, n.splatLike(sample, 0));
  return n.cast(n.select(isZero, n.splatLike(result, 0), result), element);
}

SmallVector<Value> differentiateTruncatedSample(NodeImporter &n, ValueRange parameters, Value sample) {
  auto number = [&](double x) { return n.splatLike(sample, x); };
  auto standardise = [&](Value x) { return n.div(n.sub(x, parameters[0]), parameters[1]); };
  Value x = standardise(sample), low = standardise(parameters[2]), high = standardise(parameters[3]);
  // Twice the share of the normal distribution that lies below.
  auto below = [&](Value end) { return n.create<tg::ErfcOp>(n.mul(end, number(-1 / std::numbers::sqrt2))); };
  Value share = n.div(n.sub(below(x), below(low)), n.sub(below(high), below(low)));
  // Shares of nothing and of all have no logarithm.
  const llvm::fltSemantics &semantics =
      cast<FloatType>(getElementTypeOrSelf(sample.getType())).getFloatSemantics();
  double tiny = llvm::APFloat::getSmallestNormalized(semantics).convertToDouble();
  double epsilon = std::ldexp(1, 1 - static_cast<int>(llvm::APFloat::semanticsPrecision(semantics)));
  share = n.create<tg::MaximumOp>(n.create<tg::MinimumOp>(share, number(1 - epsilon)), number(tiny));
  auto slope = [&](Value end, Value logShare) {
    Value ratio = n.mul(n.sub(n.mul(x, x), n.mul(end, end)), number(0.5));
    return n.create<tg::ExpOp>(n.add(ratio, logShare));
  };
  return {number(1), x, slope(low, n.create<tg::Log1pOp>(n.create<tg::NegOp>(share))),
          slope(high, n.create<tg::LogOp>(share))};
}

} // namespace tgc
