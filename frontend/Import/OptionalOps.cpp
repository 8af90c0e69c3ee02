//===- OptionalOps.cpp - Variants that hold tensors or nothing ------------===//
//
// Gradients of conditions in TensorFlow 2 carry what a branch left as an optional, which is empty if the
// other was taken.
//
//===----------------------------------------------------------------------===//

#include "frontend/Import/ListValue.h"
#include "frontend/Import/OpRegistry.h"

using namespace mlir;

namespace tgc {
namespace {

void setOptional(NodeImporter &n, OptionalValue optional) {
  ImportedValue value;
  value.optional = std::make_shared<const OptionalValue>(std::move(optional));
  n.setOutput(0, std::move(value));
}

Value constantBool(NodeImporter &n, bool value) {
  return arith::ConstantOp::create(n.builder, n.loc, n.builder.getBoolAttr(value));
}

LogicalResult importNone(NodeImporter &n) {
  setOptional(n, {constantBool(n, false), {}});
  return success();
}

LogicalResult importFromValue(NodeImporter &n) {
  OptionalValue optional{constantBool(n, true), {}};
  for (size_t i = 0; i < n.getNumInputs(); ++i)
    optional.components.push_back(n.getInput(i));
  setOptional(n, std::move(optional));
  return success();
}

LogicalResult importHasValue(NodeImporter &n) {
  const auto &optional = n.getInput(0).optional;
  if (!optional)
    return n.error() << "input 0 is no optional";
  n.setResult(n.create<tensor::FromElementsOp>(RankedTensorType::get({}, n.builder.getI1Type()),
                                               optional->isPresent));
  return success();
}

LogicalResult importGetValue(NodeImporter &n) {
  const auto &optional = n.getInput(0).optional;
  if (!optional)
    return n.error() << "input 0 is no optional";
  n.check(optional->isPresent, "The given optional does not have a value.");
  if (optional->components.size() != n.getOutputs().size())
    return n.error() << "the optional has " << optional->components.size() << " components, asked for "
                     << n.getOutputs().size();
  for (auto [i, component] : llvm::enumerate(optional->components))
    n.setOutput(i, component);
  return success();
}

} // namespace

void registerOptionalOps(OpRegistry &registry) {
  registry.add({"OptionalNone"}, importNone);
  registry.add({"OptionalFromValue"}, importFromValue);
  registry.add({"OptionalHasValue"}, importHasValue);
  registry.add({"OptionalGetValue"}, importGetValue);
}

} // namespace tgc
