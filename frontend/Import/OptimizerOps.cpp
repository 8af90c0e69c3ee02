//===- OptimizerOps.cpp - Steps of optimizers -----------------------------===//
//
// The formulas, each once for its four forms (by reference or handle, dense or sparse gradient). Terms are
// grouped as in TensorFlow's CPU kernels, so that results differ by rounding at most.
//
//===----------------------------------------------------------------------===//

#include "frontend/GraphDef/OpSignatures.h"
#include "frontend/Import/OpRegistry.h"
#include "frontend/Import/OptimizerStep.h"

using namespace mlir;

namespace tgc {
namespace {

void gradientDescent(OptimizerStep &s) { s.set("var", s.get("var") - s.getGradient() * s.get("alpha")); }

/// Qian: On the momentum term in gradient descent learning algorithms (1999).
void momentum(OptimizerStep &s) {
  Term grad = s.getGradient(), lr = s.get("lr"), decay = s.get("momentum");
  Term accum = s.get("accum") * decay + grad;
  s.set("accum", accum);
  s.set("var", s.get("var") - (s.getFlag("use_nesterov") ? grad * lr + accum * decay * lr : accum * lr));
}

/// The same with the learning rate inside the accumulator.
void kerasMomentum(OptimizerStep &s) {
  Term step = s.getGradient() * s.get("lr"), decay = s.get("momentum");
  Term accum = s.get("accum") * decay - step;
  s.set("accum", accum);
  s.set("var", s.get("var") + (s.getFlag("use_nesterov") ? accum * decay - step : accum));
}

//===----------------------------------------------------------------------===//
// Duchi et al.: Adaptive subgradient methods (2011)
//===----------------------------------------------------------------------===//

Term addSquares(OptimizerStep &s) {
  if (!s.getFlag("update_slots"))
    return s.get("accum");
  Term accum = s.get("accum") + square(s.getGradient());
  s.set("accum", accum);
  return accum;
}

void adagrad(OptimizerStep &s) {
  Term accum = addSquares(s);
  s.set("var", s.get("var") - s.getGradient() * s.get("lr") * rsqrt(accum));
}

void adagradV2(OptimizerStep &s) {
  Term accum = addSquares(s);
  s.set("var", s.get("var") - s.getGradient() * s.get("lr") / (sqrt(accum) + s.get("epsilon")));
}

/// x moved towards zero by `distance`, which is not negative, but not beyond.
Term shrink(Term x, Term distance) { return sign(x) * max(abs(x) - distance, x.number(0)); }

void adagradDualAveraging(OptimizerStep &s) {
  Term grad = s.getGradient(), lr = s.get("lr"), step = s.get("global_step");
  Term sum = s.get("gradient_accumulator") + grad,
       squares = s.get("gradient_squared_accumulator") + square(grad);
  s.set("gradient_accumulator", sum);
  s.set("gradient_squared_accumulator", squares);
  s.set("var", -(lr * shrink(sum, step * s.get("l1"))) / (s.get("l2") * step * lr + sqrt(squares)));
}

/// Duchi, Singer: Efficient learning using forward-backward splitting (2009).
void proximalGradientDescent(OptimizerStep &s) {
  Term alpha = s.get("alpha"), moved = s.get("var") - s.getGradient() * alpha;
  s.set("var", shrink(moved, alpha * s.get("l1")) / (1 + alpha * s.get("l2")));
}

void proximalAdagrad(OptimizerStep &s) {
  Term grad = s.getGradient(), accum = s.get("accum") + square(grad);
  Term rate = rsqrt(accum) * s.get("lr"), moved = s.get("var") - grad * rate;
  s.set("accum", accum);
  s.set("var", shrink(moved, rate * s.get("l1")) / (1 + rate * s.get("l2")));
}

//===----------------------------------------------------------------------===//
// Moving averages
//===----------------------------------------------------------------------===//

/// Zeiler: ADADELTA (2012).
void adadelta(OptimizerStep &s) {
  Term grad = s.getGradient(), rho = s.get("rho"), epsilon = s.get("epsilon"),
       updates = s.get("accum_update");
  Term accum = s.get("accum") * rho + square(grad) * (1 - rho);
  Term update = sqrt(updates + epsilon) * rsqrt(accum + epsilon) * grad;
  s.set("accum", accum);
  s.set("accum_update", updates * rho + square(update) * (1 - rho));
  s.set("var", s.get("var") - update * s.get("lr"));
}

/// `average` moved towards `x` by `rate`.
Term approach(Term average, Term x, Term rate) { return average + (x - average) * rate; }

/// Hinton: Neural networks for machine learning, lecture 6 (2012). The centred form divides by the deviation.
template <bool isCentered> void rmsProp(OptimizerStep &s) {
  Term grad = s.getGradient(), rate = 1 - s.get("rho");
  Term squares = approach(s.get("ms"), square(grad), rate), spread = squares;
  s.set("ms", squares);
  if (isCentered) {
    Term mean = approach(s.get("mg"), grad, rate);
    s.set("mg", mean);
    spread = squares - square(mean);
  }
  Term moment = s.get("mom") * s.get("momentum") + grad * s.get("lr") / sqrt(spread + s.get("epsilon"));
  s.set("mom", moment);
  s.set("var", s.get("var") - moment);
}

/// Kingma, Ba: Adam (2015); Dozat: Incorporating Nesterov momentum into Adam (2016); with the maximum of all
/// second moments, Reddi et al.: On the convergence of Adam and beyond (2018).
template <bool keepsMaximum> void adam(OptimizerStep &s) {
  Term grad = s.getGradient(), beta1 = s.get("beta1");
  Term alpha = s.get("lr") * sqrt(1 - s.get("beta2_power")) / (1 - s.get("beta1_power"));
  Term m = approach(s.get("m"), grad, 1 - beta1), v = approach(s.get("v"), square(grad), 1 - s.get("beta2"));
  s.set("m", m);
  s.set("v", v);
  if (keepsMaximum) {
    v = max(s.get("vhat"), v);
    s.set("vhat", v);
  }
  Term direction = !keepsMaximum && s.getFlag("use_nesterov") ? grad * (1 - beta1) + beta1 * m : m;
  s.set("var", s.get("var") - direction * alpha / (sqrt(v) + s.get("epsilon")));
}

/// Adam with the maximum norm, from the same paper.
void adaMax(OptimizerStep &s) {
  Term grad = s.getGradient();
  Term m = approach(s.get("m"), grad, 1 - s.get("beta1")), v = max(s.get("beta2") * s.get("v"), abs(grad));
  s.set("m", m);
  s.set("v", v);
  s.set("var", s.get("var") - s.get("lr") / (1 - s.get("beta1_power")) * (m / (v + s.get("epsilon"))));
}

/// Bello et al.: Neural optimizer search (2017). 1 where the gradient agrees with its average, else -1 (or
/// 0).
Term agreement(OptimizerStep &s) {
  Term grad = s.getGradient(), beta = s.get("beta");
  Term m = s.get("m") * beta + grad * (1 - beta);
  s.set("m", m);
  return sign(grad) * sign(m);
}

void addSign(OptimizerStep &s) {
  Term scale = s.get("alpha") + s.get("sign_decay") * agreement(s);
  s.set("var", s.get("var") - s.get("lr") * scale * s.getGradient());
}

void powerSign(OptimizerStep &s) {
  Term scale = exp(s.get("logbase") * s.get("sign_decay") * agreement(s));
  s.set("var", s.get("var") - s.get("lr") * scale * s.getGradient());
}

//===----------------------------------------------------------------------===//
// McMahan et al.: Ad click prediction (2013)
//===----------------------------------------------------------------------===//

/// x to the power -lr_power. The usual power is a square root, which is exact and cheaper.
Term ftrlPower(Term x, Term lrPower) {
  DenseElementsAttr elements;
  if (auto constant = lrPower.value.getDefiningOp<tg::ConstantOp>())
    elements = dyn_cast<DenseElementsAttr>(constant.getValue());
  if (elements && elements.getSplatValue<APFloat>().convertToDouble() == -0.5)
    return sqrt(x);
  return pow(x, -lrPower);
}

/// The forms differ in whether `linear` is scaled by the learning rate.
template <bool hasShrinkage> void ftrl(OptimizerStep &s) {
  Term var = s.get("var"), grad = s.getGradient(), lr = s.get("lr"), l1 = s.get("l1"), l2 = 2 * s.get("l2");
  Term old = s.get("accum"), accum = old + square(grad), power = ftrlPower(accum, s.get("lr_power"));
  Term growth = power - ftrlPower(old, s.get("lr_power"));
  if (hasShrinkage)
    grad = grad + 2 * s.get("l2_shrinkage") * var;
  bool isScaled = s.getFlag("multiply_linear_by_lr");
  Term linear = s.get("linear") + (isScaled ? grad * lr - growth * var : grad - growth / lr * var);
  Term limit = isScaled ? l1 * lr : l1, divisor = isScaled ? power + l2 * lr : power / lr + l2;
  s.set("accum", accum);
  s.set("linear", linear);
  NodeImporter &n = *var.n;
  // Not a shrink(): where both numbers are zero, so that the quotient is no number, the variable becomes
  // zero.
  Term bound{&n, n.broadcastTo(limit.value, n.sizes.sizesOf(linear.value))};
  Value isBeyond = n.compare(tg::ComparisonDirection::GT, abs(linear).value, bound.value);
  Term moved = (limit * sign(linear) - linear) / divisor;
  s.set("var", {&n, n.select(isBeyond, moved.value, n.splatLike(linear.value, 0))});
}

template <void (*formula)(OptimizerStep &), Numbers numbers> LogicalResult importStep(NodeImporter &n) {
  return importOptimizerStep(n, formula, numbers);
}

/// All forms that TensorFlow has of an optimizer. To look for a name is cheaper than to read its signature.
template <void (*formula)(OptimizerStep &), Numbers numbers = Numbers::Real>
void add(OpRegistry &registry, StringRef optimizer) {
  static const std::vector<StringRef> known = listOpSignatures();
  for (StringRef form : {"Apply", "ResourceApply", "SparseApply", "ResourceSparseApply"})
    if (std::string op = (form + optimizer).str(); llvm::binary_search(known, op))
      registry.add({op}, importStep<formula, numbers>);
}

} // namespace

void registerOptimizerOps(OpRegistry &registry) {
  constexpr Numbers kAll = Numbers::RealOrComplex;
  add<gradientDescent, kAll>(registry, "GradientDescent");
  add<momentum, kAll>(registry, "Momentum");
  add<kerasMomentum, kAll>(registry, "KerasMomentum");
  add<adagrad, kAll>(registry, "Adagrad");
  add<adagradV2, kAll>(registry, "AdagradV2");
  add<adagradDualAveraging>(registry, "AdagradDA");
  add<proximalGradientDescent>(registry, "ProximalGradientDescent");
  add<proximalAdagrad>(registry, "ProximalAdagrad");
  add<adadelta, kAll>(registry, "Adadelta");
  add<rmsProp<false>, kAll>(registry, "RMSProp");
  add<rmsProp<true>, kAll>(registry, "CenteredRMSProp");
  add<adam<false>, kAll>(registry, "Adam");
  add<adam<true>>(registry, "AdamWithAmsgrad");
  add<adaMax>(registry, "AdaMax");
  add<addSign>(registry, "AddSign");
  add<powerSign>(registry, "PowerSign");
  add<ftrl<false>>(registry, "Ftrl");
  add<ftrl<true>>(registry, "FtrlV2");
}

} // namespace tgc
