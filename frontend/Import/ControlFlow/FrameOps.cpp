//===- FrameOps.cpp - Switch, Enter and their kind alone -------------------===//
//
// What these nodes mean is where they stand (ControlFlow/Plan.h); by themselves they hand on their input.
//
//===----------------------------------------------------------------------===//

#include "frontend/Import/NodeImporter.h"
#include "frontend/Import/OpRegistry.h"

using namespace mlir;

namespace tgc {
namespace {

/// The sizes of what enters branches and loops are asked for outside, so that all of them know they are the
/// same.
LogicalResult importForward(NodeImporter &n) {
  if (Value tensor = n.getInput(0).tensor)
    n.sizes.sizesOf(tensor);
  for (size_t i = 0; i < n.getOutputs().size(); ++i)
    n.forward(i, 0);
  return success();
}

/// A Merge of which one input is known to be the one; the others are null.
LogicalResult importMerge(NodeImporter &n) {
  for (size_t i = 0; i < n.getNumInputs(); ++i)
    if (!n.getInput(i).isNull()) {
      n.forward(0, i);
      n.setHostResult(1, {n.builder.getI32Type(), {}, {n.sizes.constant(i)}, {}});
    }
  return success();
}

LogicalResult importNothing(NodeImporter &) { return success(); }

} // namespace

void registerFrameOps(OpRegistry &registry) {
  registry.add({"Switch", "RefSwitch", "_SwitchN", "Enter", "RefEnter", "Exit", "RefExit", "NextIteration",
                "RefNextIteration", "LoopCond"},
               importForward);
  registry.add({"Merge", "RefMerge"}, importMerge);
  registry.add({"ControlTrigger"}, importNothing);
}

} // namespace tgc
