//===- InitializationOps.cpp - Variables that come and go -----------------===//
//
// Tests whether variables have values, values taken away, variables of one run, counters with an end.
//
//===----------------------------------------------------------------------===//

#include "frontend/Import/GraphImporter.h"
#include "frontend/Import/HostFamilies.h"
#include "frontend/Import/StateOps.h"

using namespace mlir;

namespace tgc {
namespace {

/// A variable that this run has written, or that became a constant, has a value; of others the session knows.
LogicalResult importIsInitialized(NodeImporter &n) {
  auto name = getVariable(n, 0);
  if (failed(name))
    return failure();
  EntryImporter &entry = n.graph.entry;
  bool isConstant = entry.module.options.freeze && entry.module.variables[*name].initialValue;
  if (isConstant || entry.variables[*name].isWritten) {
    n.setHostResult({n.builder.getI1Type(), {}, {n.sizes.constant(1)}});
    return success();
  }
  n.setResult(
      n.hostCall(kIsInitializedKernel, {}, RankedTensorType::get({}, n.builder.getI1Type()), *name).front());
  return success();
}

LogicalResult importDestroy(NodeImporter &n) {
  auto name = getVariable(n, 0);
  if (failed(name))
    return failure();
  n.hostCall("tgc_kernel_variable_destroy", {}, {}, *name, {}, /*isPure=*/false);
  // What this run wrote before is not kept.
  n.graph.entry.variables[*name].isWritten = false;
  return success();
}

/// A variable of this run: it has no value until it is assigned one, and is gone after its last use.
LogicalResult importTemporary(NodeImporter &n) {
  auto element = n.getElementTypeAttr("dtype");
  auto shape = getShapeAttr(n.node, "shape");
  if (failed(element))
    return failure();
  if (!shape || llvm::is_contained(*shape, -1))
    return n.error() << "the shape of a temporary variable must be known";
  std::string name = ("tgc.temporary/" + cast<NameLoc>(n.loc).getName().getValue()).str();
  auto type = RankedTensorType::get(*shape, *element);
  if (failed(n.graph.entry.declareVariable(name, type, n.loc)))
    return failure();
  // What is not assigned yet reads as zeros.
  SmallVector<OpFoldResult> sizes;
  for (int64_t size : *shape)
    sizes.push_back(n.sizes.constant(size));
  n.graph.entry.variables[name].value = n.broadcastTo(n.scalar(*element, 0), sizes);
  ImportedValue value;
  value.variable = VariableReference{name};
  n.setOutput(0, value);
  return success();
}

LogicalResult importDestroyTemporary(NodeImporter &n) {
  auto name = getVariable(n, 0);
  if (failed(name))
    return failure();
  EntryImporter &entry = n.graph.entry;
  n.setResult(entry.readVariable(*name));
  entry.variables.erase(*name);
  entry.module.variables.erase(*name);
  return success();
}

/// The old value; OUT_OF_RANGE once it has come to the limit.
LogicalResult importCountUpTo(NodeImporter &n) {
  auto name = getVariable(n, 0);
  if (failed(name))
    return failure();
  Value old = n.graph.entry.readVariable(*name);
  auto type = cast<RankedTensorType>(old.getType());
  if (type.getRank() != 0 || !type.getElementType().isInteger())
    return n.error() << "counts an integer scalar, got " << type;
  int64_t limit = n.getInt("limit");
  OpFoldResult count = n.extract(old, {});
  n.check(n.sizes.compare(arith::CmpIPredicate::slt, count, n.sizes.constant(limit)),
          "Reached limit of " + Twine(limit), {}, tg::StatusCode::OutOfRange);
  setVariable(n, *name, n.add(old, n.scalar(type.getElementType(), 1)));
  n.setResult(old);
  return success();
}

} // namespace

llvm::Error requireValues(const ModuleImport &module) {
  std::string names;
  for (const auto &[name, variable] : module.variables)
    if (!variable.initialValue && !StringRef(name).starts_with(kRandomStatePrefix))
      names += (names.empty() ? "" : ", ") + name;
  if (names.empty())
    return llvm::Error::success();
  return llvm::createStringError(
      "variables cannot be frozen without values, and there is no checkpoint (--checkpoint) "
      "that has those of " +
      names);
}

void registerInitializationOps(OpRegistry &registry) {
  registry.add({"IsVariableInitialized", "VarIsInitializedOp"}, importIsInitialized);
  registry.add({"DestroyResourceOp"}, importDestroy);
  registry.add({"TemporaryVariable"}, importTemporary);
  registry.add({"DestroyTemporaryVariable"}, importDestroyTemporary);
  registry.add({"CountUpTo", "ResourceCountUpTo"}, importCountUpTo);
}

} // namespace tgc
