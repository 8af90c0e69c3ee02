//===- ActivationOps.cpp - Activation functions ---------------------------===//
//
// By the formulas of TensorFlow's CPU kernels; their gradients follow from the parts, or are stated where
// TensorFlow's are others.
//
//===----------------------------------------------------------------------===//

#include "frontend/Import/ElementwiseFamilies.h"
#include "frontend/Import/NodeImporter.h"
#include "frontend/Import/OpRegistry.h"

using namespace mlir;

namespace tgc {
namespace {

using Direction = tg::ComparisonDirection;

LogicalResult importRelu6(NodeImporter &n) {
  Value x = n.getTensor(0), zero = n.splatLike(x, 0), six = n.splatLike(x, 6);
  Value y = n.create<tg::MinimumOp>(n.create<tg::ReluOp>(x), six);
  if (n.wantsGradients() && isa<FloatType>(n.getElementType(0))) {
    // No gradient at either end.
    Value isInside = n.create<tg::AndOp>(n.compare(Direction::GT, x, zero), n.compare(Direction::LT, x, six));
    y = n.withPartials(y, x, n.select(isInside, n.splatLike(x, 1), zero));
  }
  n.setResult(y);
  return success();
}

LogicalResult importLeakyRelu(NodeImporter &n) {
  Value x = n.getTensor(0);
  Value scaled = n.mul(x, n.splatLike(x, n.getFloat("alpha")));
  n.setResult(n.select(n.compare(Direction::GT, x, n.splatLike(x, 0)), x, scaled));
  return success();
}

/// exp(x) - 1 where x is negative. Elsewhere it is not used; its gradient must not overflow there.
Value expm1OfNegative(NodeImporter &n, Value x) {
  return n.create<tg::Expm1Op>(n.wantsGradients() ? n.create<tg::MinimumOp>(x, n.splatLike(x, 0)) : x);
}

LogicalResult importElu(NodeImporter &n) {
  Value x = n.getTensor(0);
  n.setResult(n.select(n.compare(Direction::LT, x, n.splatLike(x, 0)), expm1OfNegative(n, x), x));
  return success();
}

/// Klambauer et al., Self-Normalizing Neural Networks, 2017.
LogicalResult importSelu(NodeImporter &n) {
  constexpr double scale = 1.0507009873554804934193349852946, scaleAlpha = 1.7580993408473768599402175208123;
  Value x = n.getTensor(0);
  Value negative = n.mul(n.splatLike(x, scaleAlpha), expm1OfNegative(n, x));
  n.setResult(
      n.select(n.compare(Direction::LT, x, n.splatLike(x, 0)), negative, n.mul(n.splatLike(x, scale), x)));
  return success();
}

/// log(1 + exp(x)) as max(x, 0) + log1p(exp(-|x|)).
LogicalResult importSoftplus(NodeImporter &n) {
  Value x = n.getTensor(0);
  Value tail = n.create<tg::Log1pOp>(n.create<tg::ExpOp>(n.create<tg::NegOp>(n.create<tg::AbsOp>(x))));
  Value y = n.add(n.create<tg::MaximumOp>(x, n.splatLike(x, 0)), tail);
  n.setResult(n.wantsGradients() ? n.withPartials(y, x, n.create<tg::SigmoidOp>(x)) : y);
  return success();
}

LogicalResult importSoftsign(NodeImporter &n) {
  Value x = n.getTensor(0);
  n.setResult(n.div(x, n.add(n.create<tg::AbsOp>(x), n.splatLike(x, 1))));
  return success();
}

} // namespace

void registerActivationOps(OpRegistry &registry) {
  registry.add({"Relu6"}, importRelu6);
  registry.add({"LeakyRelu"}, importLeakyRelu);
  registry.add({"Elu"}, importElu);
  registry.add({"Selu"}, importSelu);
  registry.add({"Softplus"}, importSoftplus);
  registry.add({"Softsign"}, importSoftsign);
}

} // namespace tgc
