//===- CheckpointOps.cpp - Restoring variables ----------------------------===//
//
// The node says nothing of the shapes of what it restores, so its outputs are names until an assignment gives them the type of its
// variable; then the tensor is read, one call of the runtime's checkpoint reader each.
//
//===----------------------------------------------------------------------===//

#include "frontend/Import/NodeImporter.h"
#include "frontend/Import/OpRegistry.h"

using namespace mlir;

namespace tgc {
namespace {

/// The elements of a string input that is constant.
FailureOr<SmallVector<std::string>> getConstantStrings(NodeImporter &n, size_t i, StringRef what) {
  auto constant = n.getTensor(i).getDefiningOp<tg::StringConstantOp>();
  if (!constant) {
    n.error() << what << " must be known at compile time";
    return failure();
  }
  SmallVector<std::string> strings;
  for (Attribute value : constant.getValues())
    strings.push_back(cast<StringAttr>(value).str());
  strings.resize(n.getType(i).getNumElements(), strings.empty() ? std::string() : strings.front());
  return strings;
}

LogicalResult importRestoreV2(NodeImporter &n) {
  auto names = getConstantStrings(n, 1, "tensor_names"), slices = getConstantStrings(n, 2, "shape_and_slices");
  if (failed(names) || failed(slices))
    return failure();
  if (names->size() != n.getOutputs().size() || slices->size() != names->size())
    return n.error() << "has " << names->size() << " names and " << slices->size() << " slices for " << n.getOutputs().size() << " tensors";
  for (auto [i, name] : llvm::enumerate(*names)) {
    if (!(*slices)[i].empty())
      return n.error() << "restores the slice " << (*slices)[i] << " of " << name << "; only whole tensors are supported";
    ImportedValue value;
    value.restored = std::make_shared<RestoredTensor>(RestoredTensor{n.getTensor(0), name});
    n.setOutput(i, value);
  }
  return success();
}

} // namespace

void registerCheckpointOps(OpRegistry &registry) { registry.add({"RestoreV2"}, importRestoreV2); }

} // namespace tgc
