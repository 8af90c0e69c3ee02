//===- TgSpecialGradients.cpp - Gradients of special functions ------------===//
//
// Derivatives as Abramowitz, Stegun: Handbook of Mathematical Functions (1964) has them. Orders and shape
// parameters for which no closed form is known get no gradient, as in TensorFlow.
//
//===----------------------------------------------------------------------===//

#include "dialects/Tg/IR/GradientBuilder.h"
#include "llvm/ADT/StringMap.h"
#include <numbers>

using namespace mlir;

namespace tgc::tg {
namespace {

using Gradients = SmallVector<Value>;

/// One use of a special function: its operands, its result, and what flows back.
struct Use {
  GradientBuilder &g;
  ValueRange x;
  Value y, dy;

  Value call(StringRef function, ValueRange operands) const {
    return SpecialOp::create(g.builder, g.loc, y.getType(), operands, function);
  }
  Value exp(Value z) const { return g.unary<ExpOp>(z); }
  Value log(Value z) const { return g.unary<LogOp>(z); }
  Value sign(Value z) const { return g.unary<SignOp>(z); }
  /// `value`, or the number `limit` where x is zero.
  Value unlessZero(Value value, double limit) const {
    return g.select(g.compare(ComparisonDirection::EQ, x[0], g.number(y, 0)), g.number(y, limit), value);
  }
  /// One over x, one where x is zero.
  Value inverse() const { return g.div(g.number(y, 1), unlessZero(x[0], 1)); }
};

/// The derivative of a function of one number.
using Derivative = Value (*)(const Use &);

const llvm::StringMap<Derivative> &getDerivatives() {
  using std::numbers::pi, std::numbers::inv_sqrtpi;
  static const llvm::StringMap<Derivative> derivatives = {
      {"lgamma", [](const Use &u) { return u.call("digamma", u.x); }},
      {"digamma", [](const Use &u) { return u.call("polygamma", {u.g.number(u.y, 1), u.x[0]}); }},
      {"erfinv", [](const Use &u) { return u.g.mul(u.exp(u.g.square(u.y)), 0.5 / inv_sqrtpi); }},
      {"ndtri",
       [](const Use &u) {
         return u.g.mul(u.exp(u.g.mul(u.g.square(u.y), 0.5)), std::numbers::sqrt2 / inv_sqrtpi);
       }},
      {"bessel_i0", [](const Use &u) { return u.call("bessel_i1", u.x); }},
      {"bessel_i0e",
       [](const Use &u) { return u.g.sub(u.call("bessel_i1e", u.x), u.g.mul(u.sign(u.x[0]), u.y)); }},
      {"bessel_i1",
       [](const Use &u) {
         return u.unlessZero(u.g.sub(u.call("bessel_i0", u.x), u.g.mul(u.y, u.inverse())), 0.5);
       }},
      {"bessel_i1e",
       [](const Use &u) {
         return u.unlessZero(
             u.g.sub(u.call("bessel_i0e", u.x), u.g.mul(u.y, u.g.add(u.sign(u.x[0]), u.inverse()))), 0.5);
       }},
      {"bessel_j0", [](const Use &u) { return u.g.neg(u.call("bessel_j1", u.x)); }},
      {"bessel_j1",
       [](const Use &u) {
         return u.unlessZero(u.g.sub(u.call("bessel_j0", u.x), u.g.mul(u.y, u.inverse())), 0.5);
       }},
      {"bessel_k0", [](const Use &u) { return u.g.neg(u.call("bessel_k1", u.x)); }},
      {"bessel_k0e", [](const Use &u) { return u.g.sub(u.y, u.call("bessel_k1e", u.x)); }},
      {"bessel_k1",
       [](const Use &u) { return u.g.neg(u.g.add(u.call("bessel_k0", u.x), u.g.div(u.y, u.x[0]))); }},
      {"bessel_k1e",
       [](const Use &u) { return u.g.sub(u.g.sub(u.y, u.g.div(u.y, u.x[0])), u.call("bessel_k0e", u.x)); }},
      {"bessel_y0", [](const Use &u) { return u.g.neg(u.call("bessel_y1", u.x)); }},
      {"bessel_y1", [](const Use &u) { return u.g.sub(u.call("bessel_y0", u.x), u.g.div(u.y, u.x[0])); }},
      {"dawsn", [](const Use &u) { return u.g.sub(1, u.g.mul(u.g.mul(u.x[0], u.y), 2)); }},
      {"expint", [](const Use &u) { return u.g.div(u.exp(u.x[0]), u.x[0]); }},
      {"fresnel_cos", [](const Use &u) { return u.g.unary<CosOp>(u.g.mul(u.g.square(u.x[0]), pi / 2)); }},
      {"fresnel_sin", [](const Use &u) { return u.g.unary<SinOp>(u.g.mul(u.g.square(u.x[0]), pi / 2)); }},
      {"spence",
       [](const Use &u) {
         Value isOne = u.g.compare(ComparisonDirection::EQ, u.x[0], u.g.number(u.y, 1));
         Value rest = u.g.select(isOne, u.g.number(u.y, 1), u.g.sub(1, u.x[0]));
         return u.g.select(isOne, u.g.number(u.y, -1), u.g.div(u.log(u.x[0]), rest));
       }},
  };
  return derivatives;
}

/// x^(a-1) exp(-x) / gamma(a), the derivative of the lower incomplete gamma function.
Value buildGammaDensity(const Use &u) {
  GradientBuilder &g = u.g;
  Value a = u.x[0], x = u.x[1];
  return u.exp(g.sub(g.sub(g.mul(g.add(a, -1), u.log(x)), x), u.call("lgamma", a)));
}

/// x^(a-1) (1-x)^(b-1) / beta(a, b), the derivative of the incomplete beta function.
Value buildBetaDensity(const Use &u) {
  GradientBuilder &g = u.g;
  Value a = u.x[0], b = u.x[1], x = u.x[2];
  Value logBeta = g.sub(g.add(u.call("lgamma", a), u.call("lgamma", b)), u.call("lgamma", g.add(a, b)));
  Value powers = g.add(g.mul(g.add(b, -1), g.unary<Log1pOp>(g.neg(x))), g.mul(g.add(a, -1), u.log(x)));
  return u.exp(g.sub(powers, logBeta));
}

} // namespace

FailureOr<Gradients> SpecialOp::buildGradients(GradientBuilder &g, ArrayRef<Value> gradients) {
  Use use{g, getOperands(), getResult(), gradients[0]};
  StringRef function = getFunction();
  auto times = [&](Value derivative) { return g.mul(use.dy, derivative); };
  if (Derivative derivative = getDerivatives().lookup(function))
    return Gradients{times(derivative(use))};
  if (function == "polygamma")
    return Gradients{Value(), times(use.call(function, {g.add(use.x[0], 1), use.x[1]}))};
  if (function == "zeta")
    return Gradients{Value(),
                     times(g.neg(g.mul(use.x[0], use.call(function, {g.add(use.x[0], 1), use.x[1]}))))};
  if (function == "igamma")
    return Gradients{times(use.call("igamma_grad_a", use.x)), times(buildGammaDensity(use))};
  if (function == "igammac")
    return Gradients{g.neg(times(use.call("igamma_grad_a", use.x))), g.neg(times(buildGammaDensity(use)))};
  if (function == "betainc")
    return Gradients{Value(), Value(), times(buildBetaDensity(use))};
  return mlir::emitError(getLoc()) << "no gradient is known of the function " << function;
}

} // namespace tgc::tg
