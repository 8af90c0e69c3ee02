//===- StatelessOps.cpp - Random maps with a given key and counter --------===//

#include "frontend/Import/HostFamilies.h"
#include "frontend/Import/RandomGenerator.h"

using namespace mlir;

namespace tgc {
namespace {

using Direction = tg::ComparisonDirection;
using Size = OpFoldResult;

/// (value, key, counter, algorithm).
LogicalResult importShuffle(NodeImporter &n) {
  Value value = n.getTensor(0);
  if (failed(checkAlgorithm(n, 3, "alg")))
    return failure();
  if (n.getRank(0) == 0) {
    n.forward(0, 0);
    return success();
  }
  fillRandom(n, "tgc_kernel_random_shuffle", {n.getTensor(1), n.getTensor(2)}, n.sizes.sizesOf(value),
             n.getElementType(0), value);
  return success();
}

/// Rounds away from zero with the probability of the fraction. What no integer can hold becomes the nearest
/// one, a NaN zero.
LogicalResult importStochasticCast(NodeImporter &n) {
  auto element = n.getElementTypeAttr("Tout");
  if (failed(element) || failed(checkAlgorithm(n, 3, "alg")))
    return failure();
  unsigned width = element->getIntOrFloatBitWidth();
  Type wide = n.builder.getF64Type();
  Value x = n.getTensor(0);
  SmallVector<Size> sizes = n.sizes.sizesOf(x);
  fillRandom(n, "tgc_kernel_random_uniform", {n.getTensor(1), n.getTensor(2)}, sizes, n.builder.getF32Type());
  Value chance = n.cast(n.getOutputs()[0].tensor, wide), number = n.cast(x, wide);
  Value size = n.create<tg::AbsOp>(number), whole = n.create<tg::FloorOp>(size);
  Value isUp = n.compare(Direction::LT, chance, n.sub(size, whole));
  Value rounded =
      n.mul(n.select(isUp, n.add(whole, n.splatLike(whole, 1)), whole), n.create<tg::SignOp>(number));
  rounded = n.select(n.create<tg::IsNanOp>(number), n.splatLike(rounded, 0), rounded);
  Type integer = n.builder.getI64Type();
  double least = -std::ldexp(1.0, width - 1), most = width == 64 ? std::nextafter(-least, 0) : -least - 1;
  Value clamped = n.create<tg::MaximumOp>(n.create<tg::MinimumOp>(rounded, n.splatLike(rounded, most)),
                                          n.splatLike(rounded, least));
  n.setResult(n.cast(n.cast(clamped, integer), *element));
  return success();
}

LogicalResult importGammaGrad(NodeImporter &n) {
  auto both = n.broadcastTogether({n.getTensor(0), n.getTensor(1)});
  if (failed(both))
    return failure();
  n.setResult(differentiateGammaSample(n, (*both)[0], (*both)[1]));
  return success();
}

} // namespace

void registerStatelessOps(OpRegistry &registry) {
  registry.add({"StatelessShuffle"}, importShuffle);
  registry.add({"StochasticCastToInt"}, importStochasticCast);
  registry.add({"RandomGammaGrad"}, importGammaGrad);
}

} // namespace tgc
