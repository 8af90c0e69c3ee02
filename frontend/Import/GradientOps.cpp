//===- GradientOps.cpp - Nodes that tell gradients what to do -------------===//

#include "frontend/Import/GraphImporter.h"
#include "frontend/Import/NodeImporter.h"
#include "frontend/Import/OpRegistry.h"

using namespace mlir;

namespace tgc {
namespace {

LogicalResult importStopGradient(NodeImporter &n) {
  if (n.wantsGradients())
    n.setResult(n.stopGradient(n.getTensor(0)));
  else
    n.forward(0, 0);
  return success();
}

LogicalResult importPreventGradient(NodeImporter &n) {
  if (n.wantsGradients())
    n.setResult(n.create<tg::PreventGradientOp>(n.getTensor(0), n.getString("message")));
  else
    n.forward(0, 0);
  return success();
}

} // namespace

void registerGradientOps(OpRegistry &registry) {
  registry.add({"StopGradient"}, importStopGradient);
  registry.add({"PreventGradient"}, importPreventGradient);
}

} // namespace tgc
