//===- CheckpointOps.cpp - Saving and restoring variables -----------------===//
//
// Saving is a call with effects, which stays where control edges put it. Of restoring the node says nothing
// of the shapes of what it restores, so its outputs are names until an assignment gives them the type of its
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
    n.error() << what << " must be known at compile time; a constant of the graph is expected";
    return failure();
  }
  SmallVector<std::string> strings;
  for (Attribute value : constant.getValues())
    strings.push_back(cast<StringAttr>(value).str());
  strings.resize(n.getType(i).getNumElements(), strings.empty() ? std::string() : strings.front());
  return strings;
}

LogicalResult importRestoreV2(NodeImporter &n) {
  auto names = getConstantStrings(n, 1, "tensor_names"),
       slices = getConstantStrings(n, 2, "shape_and_slices");
  if (failed(names) || failed(slices))
    return failure();
  if (names->size() != n.getOutputs().size() || slices->size() != names->size())
    return n.error() << "has " << names->size() << " names and " << slices->size() << " slices for "
                     << n.getOutputs().size() << " tensors";
  for (auto [i, name] : llvm::enumerate(*names)) {
    ImportedValue value;
    value.restored = std::make_shared<RestoredTensor>(RestoredTensor{n.getTensor(0), name, (*slices)[i]});
    n.setOutput(i, value);
  }
  return success();
}

/// (file pattern, name) or (file pattern, name, slice): one tensor, as the first version has it.
LogicalResult importRestore(NodeImporter &n) {
  auto name = getConstantStrings(n, 1, "tensor_name");
  if (failed(name))
    return failure();
  SmallVector<std::string> slice{""};
  if (n.getNumInputs() > 2) {
    auto given = getConstantStrings(n, 2, "shape_and_slice");
    if (failed(given))
      return failure();
    slice = *given;
  }
  if (name->size() != 1 || slice.size() != 1)
    return n.error() << "tensor_name and shape_and_slice must be one string, got " << name->size() << " and "
                     << slice.size();
  ImportedValue value;
  value.restored =
      std::make_shared<RestoredTensor>(RestoredTensor{n.getTensor(0), name->front(), slice.front()});
  n.setOutput(0, value);
  return success();
}

/// (path, names, tensors...), or with slices behind the names.
LogicalResult importSave(NodeImporter &n) {
  bool hasSlices = n.node.op() == "SaveSlices";
  size_t numTensors = n.getNumInputs() - (hasSlices ? 3 : 2);
  for (size_t i = 1; i < (hasSlices ? 3 : 2); ++i)
    if (n.getRank(i) != 1 || n.getType(i).getDimSize(0) != static_cast<int64_t>(numTensors))
      return n.error() << "input " << i << " is of type " << n.getType(i)
                       << "; a vector of one string for each of the " << numTensors << " tensors is expected";
  n.hostCall("tgc_kernel_save_first_version", n.getTensors(0, n.getNumInputs()), {}, hasSlices ? "1" : "0",
             {},
             /*isPure=*/false);
  return success();
}

LogicalResult importSaveV2(NodeImporter &n) {
  size_t numTensors = n.getNumInputs() - 3;
  for (size_t i : {1, 2})
    if (n.getType(i).getRank() != 1 || n.getType(i).getDimSize(0) != static_cast<int64_t>(numTensors))
      return n.error() << "input " << i << " is of type " << n.getType(i)
                       << "; a vector of one string for each of the " << numTensors << " tensors is expected";
  n.hostCall("tgc_kernel_save_tensors", n.getTensors(0, n.getNumInputs()), {}, "", {}, /*isPure=*/false);
  return success();
}

LogicalResult importMergeV2Checkpoints(NodeImporter &n) {
  n.hostCall("tgc_kernel_merge_checkpoints", n.getTensors(0, 2), {},
             n.getBool("delete_old_dirs") ? "delete" : "", {},
             /*isPure=*/false);
  return success();
}

/// (base, shard, number of shards), or without the shard.
LogicalResult importShardedName(NodeImporter &n) {
  bool isSpec = n.getNumInputs() == 2;
  n.setResult(n.hostCall(isSpec ? "tgc_kernel_sharded_filespec" : "tgc_kernel_sharded_filename",
                         n.getTensors(0, n.getNumInputs()), n.getType(0))
                  .front());
  return success();
}

} // namespace

void registerCheckpointOps(OpRegistry &registry) {
  registry.add({"RestoreV2"}, importRestoreV2);
  registry.add({"SaveV2"}, importSaveV2);
  registry.add({"Restore", "RestoreSlice"}, importRestore);
  registry.add({"Save", "SaveSlices"}, importSave);
  registry.add({"MergeV2Checkpoints"}, importMergeV2Checkpoints);
  registry.add({"ShardedFilename", "ShardedFilespec"}, importShardedName);
}

} // namespace tgc
