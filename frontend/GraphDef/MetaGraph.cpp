//===- MetaGraph.cpp - Meta graphs and SavedModels to models -----------------===//
//
// A SavedModel is a list of meta graphs, told apart by tags, beside a checkpoint with the values of the
// variables.
//
//===----------------------------------------------------------------------===//

#include "frontend/GraphDef/MetaGraph.h"

#include "frontend/GraphDef/MessageParser.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace llvm;
using namespace tgc;

/// The signature that only says which op initialises tables and the like, in files of TensorFlow 2.
static constexpr char kInitSignature[] = "__saved_model_init_op";
static constexpr char kTrainSignature[] = "__saved_model_train_op";

/// Inputs or outputs of a signature, in the order of their keys: maps have none.
static std::vector<SignatureTensor>
sortedTensors(const google::protobuf::Map<std::string, proto::TensorInfo> &infos) {
  std::vector<SignatureTensor> tensors;
  for (const auto &[key, info] : infos) {
    SignatureTensor tensor;
    tensor.key = key;
    tensor.tensor = info.name();
    tensor.dtype = info.dtype();
    if (info.has_tensor_shape())
      tensor.shape = shapeFromProto(info.tensor_shape());
    tensors.push_back(std::move(tensor));
  }
  sort(tensors, [](const SignatureTensor &a, const SignatureTensor &b) { return a.key < b.key; });
  return tensors;
}

static void takeSignatures(const proto::MetaGraphDef &meta, Model &model) {
  for (const auto &[name, def] : meta.signature_def()) {
    if (name == kInitSignature) {
      if (auto it = def.outputs().find(kInitSignature); it != def.outputs().end())
        model.initOp = it->second.name();
      continue;
    }
    if (name == kTrainSignature)
      continue;
    model.signatures.push_back(
        {name, def.method_name(), sortedTensors(def.inputs()), sortedTensors(def.outputs())});
  }
  sort(model.signatures, [](const Signature &a, const Signature &b) { return a.name < b.name; });
}

/// Adds the VariableDefs of one collection; a variable that is known already only becomes trainable.
static void takeVariables(const proto::CollectionDef &collection, bool trainable, Model &model) {
  for (const std::string &bytes : collection.bytes_list().value()) {
    proto::VariableDef def;
    if (!tryParseBinary(bytes, def) || def.variable_name().empty())
      continue;
    auto known = find_if(model.variables, [&](const CollectedVariable &variable) {
      return variable.name == def.variable_name();
    });
    if (known != model.variables.end()) {
      known->trainable |= trainable;
      continue;
    }
    model.variables.push_back({def.variable_name(), def.initializer_name(), def.snapshot_name(),
                               def.initial_value_name(), def.is_resource(), trainable});
  }
}

static void takeCollections(const proto::MetaGraphDef &meta, Model &model) {
  // Maps have no order: the collections that list variables first, in a fixed one.
  const auto &collections = meta.collection_def();
  for (auto [name, trainable] : {std::pair("trainable_variables", true), std::pair("variables", false),
                                 std::pair("local_variables", false)})
    if (auto it = collections.find(name); it != collections.end())
      takeVariables(it->second, trainable, model);
  for (const auto &[name, collection] : collections)
    if (collection.has_node_list())
      model.nodeCollections[name].assign(collection.node_list().value().begin(),
                                         collection.node_list().value().end());
  // Where TensorFlow 1 put the op that its signature names today.
  for (StringRef name : {"saved_model_main_op", "legacy_init_op"})
    if (auto it = model.nodeCollections.find(name); model.initOp.empty() && it != model.nodeCollections.end())
      if (!it->second.empty())
        model.initOp = it->second.front();
}

void tgc::takeMetaGraph(proto::MetaGraphDef &&meta, Model &model) {
  model.tags.assign(meta.meta_info_def().tags().begin(), meta.meta_info_def().tags().end());
  takeSignatures(meta, model);
  takeCollections(meta, model);
  if (meta.has_saver_def())
    model.saver = meta.saver_def();
  model.graph = std::move(*meta.mutable_graph_def());
  if (model.saver)
    findVariableKeys(model.saver->restore_op_name(), model);
}

//===----------------------------------------------------------------------===//
// SavedModel
//===----------------------------------------------------------------------===//

/// "[serve]" or "[serve, gpu]".
static std::string tagsToString(ArrayRef<std::string> tags) { return "[" + join(tags, ", ") + "]"; }

static std::vector<std::string> tagsOf(const proto::MetaGraphDef &meta) {
  return {meta.meta_info_def().tags().begin(), meta.meta_info_def().tags().end()};
}

/// Index of the meta graph with exactly these tags, else of the only one that has them all.
static Expected<int> chooseMetaGraph(const proto::SavedModel &saved, ArrayRef<std::string> wanted,
                                     StringRef path) {
  std::vector<int> supersets;
  std::vector<std::string> available;
  for (int i = 0; i < saved.meta_graphs_size(); ++i) {
    std::vector<std::string> tags = tagsOf(saved.meta_graphs(i));
    available.push_back(tagsToString(tags));
    if (!all_of(wanted, [&](const std::string &tag) { return is_contained(tags, tag); }))
      continue;
    if (tags.size() == wanted.size())
      return i;
    supersets.push_back(i);
  }
  if (supersets.size() == 1)
    return supersets.front();
  std::string has = available.empty() ? "it has no MetaGraph at all" : "it has " + join(available, ", ");
  if (supersets.empty())
    return createStringError(path + ": SavedModel has no MetaGraph with tag" +
                             (wanted.size() == 1 ? " " : "s ") + join(wanted, ", ") + "; " + has);
  return createStringError(path + ": several MetaGraphs of the SavedModel have the tags " +
                           tagsToString(wanted) + "; " + has);
}

Expected<std::unique_ptr<Model>> tgc::modelFromSavedModel(proto::SavedModel &&saved, StringRef path,
                                                          const ReadOptions &options) {
  Expected<int> index = chooseMetaGraph(saved, options.tags, path);
  if (!index)
    return index.takeError();
  auto model = std::make_unique<Model>();
  model->path = path.str();
  model->format = ModelFormat::SavedModel;
  takeMetaGraph(std::move(*saved.mutable_meta_graphs(*index)), *model);

  SmallString<128> prefix(sys::path::parent_path(path));
  sys::path::append(prefix, "variables", "variables");
  if (sys::fs::exists(prefix + ".index"))
    model->checkpointPrefix = prefix.str().str();
  return std::move(model);
}
