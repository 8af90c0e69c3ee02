//===- SpecialOps.cpp - Special functions ---------------------------------===//
//
// Kernels of runtime/kernels/special compute them.
//
//===----------------------------------------------------------------------===//

#include "frontend/Import/ElementwiseFamilies.h"
#include "frontend/Import/NodeImporter.h"
#include "frontend/Import/OpRegistry.h"

using namespace mlir;

namespace tgc {
namespace {

using Direction = tg::ComparisonDirection;

/// Special functions of one or more numbers, by the name that runtime/kernels/special gives them.
LogicalResult importSpecial(NodeImporter &n) {
  static const llvm::StringMap<StringRef> names = {{"Lgamma", "lgamma"},
                                                   {"Digamma", "digamma"},
                                                   {"Erfinv", "erfinv"},
                                                   {"Ndtri", "ndtri"},
                                                   {"Zeta", "zeta"},
                                                   {"Polygamma", "polygamma"},
                                                   {"Igamma", "igamma"},
                                                   {"Igammac", "igammac"},
                                                   {"IgammaGradA", "igamma_grad_a"},
                                                   {"Betainc", "betainc"},
                                                   {"BesselI0", "bessel_i0"},
                                                   {"BesselI0e", "bessel_i0e"},
                                                   {"BesselI1", "bessel_i1"},
                                                   {"BesselI1e", "bessel_i1e"},
                                                   {"BesselJ0", "bessel_j0"},
                                                   {"BesselJ1", "bessel_j1"},
                                                   {"BesselK0", "bessel_k0"},
                                                   {"BesselK0e", "bessel_k0e"},
                                                   {"BesselK1", "bessel_k1"},
                                                   {"BesselK1e", "bessel_k1e"},
                                                   {"BesselY0", "bessel_y0"},
                                                   {"BesselY1", "bessel_y1"},
                                                   {"Dawsn", "dawsn"},
                                                   {"Expint", "expint"},
                                                   {"FresnelCos", "fresnel_cos"},
                                                   {"FresnelSin", "fresnel_sin"},
                                                   {"Spence", "spence"}};
  auto operands = n.broadcastTogether(n.getTensors(0, n.getNumInputs()));
  if (failed(operands))
    return failure();
  auto call = [&](StringRef name) -> Value {
    return n.create<tg::SpecialOp>(operands->front().getType(), *operands, name);
  };
  Value y = call(names.lookup(n.node.op()));
  if (n.node.op() == "BesselI1" && n.wantsGradients()) {
    // One at zero, as TensorFlow has it, where the derivative is one half.
    Value x = operands->front(), one = n.splatLike(x, 1);
    Value isZero = n.compare(Direction::EQ, x, n.splatLike(x, 0));
    Value slope = n.sub(call("bessel_i0"), n.div(y, n.select(isZero, one, x)));
    y = n.withPartials(y, x, n.select(isZero, one, slope));
  }
  n.setResult(y);
  return success();
}

} // namespace

void registerSpecialOps(OpRegistry &registry) {
  registry.add({"Lgamma",   "Digamma",     "Erfinv",   "Ndtri",      "Zeta",       "Polygamma", "Igamma",
                "Igammac",  "IgammaGradA", "Betainc",  "BesselI0",   "BesselI0e",  "BesselI1",  "BesselI1e",
                "BesselJ0", "BesselJ1",    "BesselK0", "BesselK0e",  "BesselK1",   "BesselK1e", "BesselY0",
                "BesselY1", "Dawsn",       "Expint",   "FresnelCos", "FresnelSin", "Spence"},
               importSpecial);
}

} // namespace tgc
