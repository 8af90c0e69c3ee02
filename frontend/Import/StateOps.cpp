//===- StateOps.cpp - Variables -------------------------------------------===//
//
// Reference and resource variables become values: an edge carries the variable's name, and whoever uses it as
// data gets the value that stands at this point of the order. A reference forwards through Identity, so its
// consumer sees an update that was ordered before the consumer; ReadVariableOp takes a snapshot.
//
//===----------------------------------------------------------------------===//

#include "frontend/Import/StateOps.h"
#include "frontend/Import/GraphImporter.h"
#include "frontend/Import/OpRegistry.h"

using namespace mlir;

namespace tgc {

FailureOr<std::string> getVariable(NodeImporter &n, size_t i) {
  if (const auto &variable = n.getInput(i).variable)
    return variable->name;
  n.error() << "input " << i << " is no variable";
  return failure();
}

void setVariable(NodeImporter &n, StringRef name, Value value) {
  n.graph.entry.writeVariable(name, n.refine(value, n.graph.entry.module.variables[name.str()].type));
}

namespace {

/// VariableV2, Variable, VarHandleOp: nothing happens; the edge is the variable.
LogicalResult importVariable(NodeImporter &n) {
  auto element = n.getElementTypeAttr("dtype");
  if (failed(element))
    return failure();
  auto shape = getShapeAttr(n.node, "shape");
  if (!shape)
    return n.error() << "the rank of the variable is not known";
  SmallVector<int64_t> dims;
  for (int64_t size : *shape)
    dims.push_back(size < 0 ? ShapedType::kDynamic : size);
  const Model &model = n.graph.entry.module.model;
  std::string name = n.node.name();
  if (StringRef shared = n.getString("shared_name"); !shared.empty() && n.node.op() == "VarHandleOp")
    name = shared.str();
  if (auto key = model.variableKeys.find(n.node.name()); key != model.variableKeys.end())
    name = key->second;
  if (failed(n.graph.entry.declareVariable(name, RankedTensorType::get(dims, *element), n.loc)))
    return failure();
  ImportedValue value;
  value.variable = VariableReference{name};
  n.setOutput(0, value);
  return success();
}

LogicalResult importRead(NodeImporter &n) {
  auto name = getVariable(n, 0);
  if (failed(name))
    return failure();
  n.setResult(n.graph.entry.readVariable(*name));
  return success();
}

/// What is assigned: input 1, read from the checkpoint now that its type is known if it is restored.
FailureOr<Value> getOperand(NodeImporter &n, StringRef variable, RankedTensorType type) {
  const auto &restored = n.getInput(1).restored;
  if (!restored)
    return n.getTensor(1);
  if (!type.hasStaticShape()) {
    n.error() << "the shape of the variable " << variable << " must be known to restore it, got " << type;
    return failure();
  }
  if (!restored->slice.empty())
    return n
        .hostCall("tgc_kernel_restore_slice", restored->prefix, type, restored->slice + "\n" + restored->name)
        .front();
  return n.hostCall("tgc_kernel_restore_tensor", restored->prefix, type, restored->name).front();
}

/// Writes the result of `fn(old value, operand)`; the output of the reference form is the variable again.
template <typename Fn> LogicalResult update(NodeImporter &n, Fn fn) {
  auto name = getVariable(n, 0);
  if (failed(name))
    return failure();
  RankedTensorType type = n.graph.entry.module.variables[*name].type;
  auto operand = getOperand(n, *name, type);
  if (failed(operand))
    return failure();
  Value value = fn(*name, *operand);
  if (!value)
    return failure();
  auto newType = cast<RankedTensorType>(value.getType());
  if (type.getElementType() != newType.getElementType() || failed(verifyCompatibleShape(type, newType)))
    return n.error() << "cannot assign a tensor of type " << newType << " to the variable " << *name
                     << " of type " << type;
  for (auto [dim, size] : llvm::enumerate(type.getShape()))
    if (!ShapedType::isDynamic(size) && newType.isDynamicDim(dim))
      n.check(n.sizes.equals(n.sizes.sizeOf(value, dim), n.sizes.constant(size)),
              "Assign requires shapes of both tensors to match: dimension " + Twine(dim) +
                  " is %d, the variable's is " + Twine(size),
              n.sizes.get(n.sizes.sizeOf(value, dim)));
  setVariable(n, *name, value);
  if (!n.getOutputs().empty())
    n.forward(0, 0);
  return success();
}

LogicalResult importAssign(NodeImporter &n) {
  return update(n, [&](StringRef, Value value) { return value; });
}

template <typename Op> LogicalResult importAssignWith(NodeImporter &n) {
  return update(n, [&](StringRef name, Value value) -> Value {
    Value old = n.graph.entry.readVariable(name);
    if (failed(verifyCompatibleShape(old.getType(), value.getType()))) {
      n.error() << "the variable " << name << " has type " << old.getType() << ", got " << value.getType();
      return nullptr;
    }
    return n.create<Op>(old, n.broadcastTo(value, n.sizes.sizesOf(old)));
  });
}

LogicalResult importNothing(NodeImporter &) { return success(); }

LogicalResult importVariableShape(NodeImporter &n) {
  auto name = getVariable(n, 0);
  if (failed(name))
    return failure();
  Type element = n.builder.getIntegerType(getTypeAttr(n.node, "out_type") == proto::DT_INT64 ? 64 : 32);
  RankedTensorType type = n.graph.entry.module.variables[*name].type;
  n.setSizesResult(
      0,
      type.hasStaticShape()
          ? llvm::map_to_vector(type.getShape(), [&](int64_t size) { return n.sizes.constant(size); })
          : n.sizes.sizesOf(n.graph.entry.readVariable(*name)),
      element);
  return success();
}

} // namespace

void registerStateOps(OpRegistry &registry) {
  registry.add({"VariableV2", "Variable", "VarHandleOp"}, importVariable);
  registry.add({"ReadVariableOp"}, importRead);
  registry.add({"Assign", "AssignVariableOp"}, importAssign);
  registry.add({"AssignAdd", "AssignAddVariableOp"}, importAssignWith<tg::AddOp>);
  registry.add({"AssignSub", "AssignSubVariableOp"}, importAssignWith<tg::SubOp>);
  registry.add({"DisableCopyOnRead"}, importNothing);
  registry.add({"VariableShape"}, importVariableShape);
}

} // namespace tgc
