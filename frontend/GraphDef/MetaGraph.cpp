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

#include <google/protobuf/unknown_field_set.h>

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

/// The contents of a message's fields of that number.
static std::vector<std::string> fieldsOf(const std::string &message, int number) {
  std::vector<std::string> contents;
  google::protobuf::UnknownFieldSet fields;
  if (!fields.ParseFromString(message))
    return contents;
  for (int i = 0; i < fields.field_count(); ++i) {
    const google::protobuf::UnknownField &field = fields.field(i);
    if (field.number() == number && field.type() == google::protobuf::UnknownField::TYPE_LENGTH_DELIMITED)
      contents.push_back(field.length_delimited());
  }
  return contents;
}

/// The files that the meta graph lists; TensorFlow 1 did so in a collection.
static std::vector<proto::AssetFileDef> listAssets(const proto::MetaGraphDef &meta) {
  if (!meta.asset_file_def().empty())
    return {meta.asset_file_def().begin(), meta.asset_file_def().end()};
  std::vector<proto::AssetFileDef> assets;
  auto collection = meta.collection_def().find("saved_model_assets");
  if (collection == meta.collection_def().end())
    return assets;
  // A list of google.protobuf.Any, which no other collection that is read has: the schema leaves it out.
  for (const std::string &list : fieldsOf(collection->second.SerializeAsString(), 5))
    for (const std::string &any : fieldsOf(list, 1))
      for (const std::string &bytes : fieldsOf(any, 2))
        if (proto::AssetFileDef def; tryParseBinary(bytes, def))
          assets.push_back(std::move(def));
  return assets;
}

/// What TensorFlow feeds when it loads the model is written into the graph: the paths of the files.
static void takeAssets(ArrayRef<proto::AssetFileDef> assets, StringRef directory, Model &model) {
  StringMap<proto::NodeDef *> nodes;
  if (!assets.empty())
    for (proto::NodeDef &node : *model.graph.mutable_node())
      nodes[node.name()] = &node;
  for (const proto::AssetFileDef &asset : assets) {
    std::optional<TensorName> name = parseTensorName(asset.tensor_info().name());
    proto::NodeDef *node = name && name->index == 0 ? nodes.lookup(name->node) : nullptr;
    if (!node)
      continue;
    SmallString<128> path(directory);
    sys::path::append(path, "assets", asset.filename());
    sys::fs::make_absolute(path);
    node->set_op("Const");
    node->clear_input();
    node->clear_attr();
    auto &attrs = *node->mutable_attr();
    attrs["dtype"].set_type(proto::DT_STRING);
    proto::TensorProto &value = *attrs["value"].mutable_tensor();
    value.set_dtype(proto::DT_STRING);
    value.mutable_tensor_shape();
    value.add_string_val(path.str().str());
    attrs[kAssetAttr].set_b(true);
  }
}

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

/// Lets the op that is run when the model is loaded fill tables from the checkpoint, too.
static void restoreTables(ArrayRef<StoredTable> tables, Model &model) {
  if (tables.empty())
    return;
  StringMap<const proto::NodeDef *> nodes;
  for (const proto::NodeDef &node : model.graph.node())
    nodes[node.name()] = &node;
  auto add = [&](const std::string &name, const char *op) -> proto::NodeDef & {
    proto::NodeDef &node = *model.graph.add_node();
    node.set_name(name);
    node.set_op(op);
    return node;
  };
  auto addStrings = [&](const std::string &name, ArrayRef<std::string> strings) {
    proto::NodeDef &node = add(name, "Const");
    auto &attrs = *node.mutable_attr();
    attrs["dtype"].set_type(proto::DT_STRING);
    proto::TensorProto &value = *attrs["value"].mutable_tensor();
    value.set_dtype(proto::DT_STRING);
    if (strings.size() > 1)
      value.mutable_tensor_shape()->add_dim()->set_size(strings.size());
    for (const std::string &string : strings)
      value.add_string_val(string);
  };
  const std::string prefix = "tgc.restore";
  addStrings(prefix, model.checkpointPrefix);
  std::vector<std::string> imports;
  for (const StoredTable &table : tables) {
    const proto::NodeDef *handle = nodes.lookup(table.node);
    if (!handle)
      continue;
    std::string name = prefix + "/" + table.node;
    addStrings(name + "/names", {table.keys, table.values});
    addStrings(name + "/slices", {"", ""});
    proto::AttrValue key, value;
    key.set_type(getTypeAttr(*handle, "key_dtype"));
    value.set_type(getTypeAttr(*handle, "value_dtype"));
    proto::NodeDef &restore = add(name + "/RestoreV2", "RestoreV2");
    for (const std::string &input : {prefix, name + "/names", name + "/slices"})
      restore.add_input(input);
    auto &dtypes = *(*restore.mutable_attr())["dtypes"].mutable_list();
    dtypes.add_type(key.type());
    dtypes.add_type(value.type());
    bool isResource = !StringRef(handle->op()).ends_with("Table");
    proto::NodeDef &import = add(name, isResource ? "LookupTableImportV2" : "LookupTableImport");
    for (const std::string &input : {table.node, restore.name(), restore.name() + ":1"})
      import.add_input(input);
    (*import.mutable_attr())["Tin"] = key;
    (*import.mutable_attr())["Tout"] = value;
    imports.push_back("^" + name);
  }
  proto::NodeDef &all = add("tgc.initialize", "NoOp");
  if (std::optional<TensorName> init = parseTensorName(model.initOp))
    imports.push_back("^" + init->node.str());
  for (const std::string &input : imports)
    all.add_input(input);
  model.initOp = all.name();
}

Expected<std::unique_ptr<Model>> tgc::modelFromSavedModel(proto::SavedModel &&saved, StringRef path,
                                                          const ReadOptions &options) {
  Expected<int> index = chooseMetaGraph(saved, options.tags, path);
  if (!index)
    return index.takeError();
  auto model = std::make_unique<Model>();
  model->path = path.str();
  model->format = ModelFormat::SavedModel;
  proto::MetaGraphDef &meta = *saved.mutable_meta_graphs(*index);
  std::vector<proto::AssetFileDef> assets = listAssets(meta);
  takeMetaGraph(std::move(meta), *model);
  takeAssets(assets, sys::path::parent_path(path), *model);

  SmallString<128> prefix(sys::path::parent_path(path));
  sys::path::append(prefix, "variables", "variables");
  if (sys::fs::exists(prefix + ".index"))
    model->checkpointPrefix = prefix.str().str();
  else if (model->saver)
    model->missingIndex = (prefix + ".index").str();
  std::vector<StoredTable> tables;
  if (model->saver)
    findStoredTables(model->saver->restore_op_name(), *model, tables);
  restoreTables(tables, *model);
  return std::move(model);
}
