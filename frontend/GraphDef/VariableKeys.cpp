//===- VariableKeys.cpp - Which variable has which key in the checkpoint -----===//
//
// A TF2 SavedModel names its checkpoint entries after objects of the program
// ("net/layer/kernel/.ATTRIBUTES/..."), not after nodes. The graph itself says which is which: its restore op
// reads keys and assigns what it read.
//
//===----------------------------------------------------------------------===//

#include "frontend/GraphDef/MetaGraph.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringSet.h"

using namespace llvm;
using namespace tgc;

namespace {

using NodeMap = StringMap<const proto::NodeDef *>;
using Nodes = google::protobuf::RepeatedPtrField<proto::NodeDef>;

/// Steps that a name is followed through identities: a broken graph may have a cycle of them.
constexpr int kMostSteps = 64;

class KeyFinder {
public:
  explicit KeyFinder(Model &model) : model(model) {
    const proto::GraphDef &graph = model.graph;
    for (const proto::NodeDef &node : graph.node())
      topLevel.try_emplace(node.name(), &node);
    for (const proto::FunctionDef &function : graph.library().function())
      functions.try_emplace(function.signature().name(), &function);
  }

  void run(StringRef restoreOp);

  std::vector<StoredTable> tables;

private:
  /// Follows identities back from input `index` of `node`.
  const proto::NodeDef *source(const NodeMap &nodes, const proto::NodeDef &node, int index,
                               TensorName &name) const;
  /// What input `input` of an Assign or another user of restored tensors has of the checkpoint, or none.
  std::optional<VariableSlice> restoredKey(const NodeMap &nodes, const proto::NodeDef &user, int input);
  /// The strings of a constant, or none if it is no such constant. A restore op's names are asked for once
  /// per variable.
  const std::vector<std::string> &namesIn(const proto::NodeDef &constant);
  void visitAssign(const proto::NodeDef &assign);
  void visitCall(const proto::NodeDef &call, const proto::FunctionDef &function);
  void addVariable(const proto::NodeDef &variable, const VariableSlice &slice);
  /// What an assignment or an import of a table in `nodes` does to `target`, a node of the graph.
  void visitRestored(const NodeMap &nodes, const proto::NodeDef &node, const proto::NodeDef *target);

  Model &model;
  NodeMap topLevel;
  StringMap<const proto::FunctionDef *> functions;
  DenseMap<const proto::NodeDef *, std::vector<std::string>> decodedNames;
};

bool isAssign(const proto::NodeDef &node) { return node.op() == "Assign" || node.op() == "AssignVariableOp"; }

bool isTableImport(const proto::NodeDef &node) {
  return node.op() == "LookupTableImport" || node.op() == "LookupTableImportV2";
}

bool isIdentity(const proto::NodeDef &node) { return node.op() == "Identity" || node.op() == "RefIdentity"; }

} // namespace

const proto::NodeDef *KeyFinder::source(const NodeMap &nodes, const proto::NodeDef &node, int index,
                                        TensorName &name) const {
  const proto::NodeDef *at = &node;
  for (int step = 0; step < kMostSteps; ++step) {
    if (index >= at->input_size())
      return nullptr;
    std::optional<TensorName> input = parseTensorName(at->input(index));
    if (!input || input->isControl)
      return nullptr;
    name = *input;
    at = nodes.lookup(input->node);
    if (!at || !isIdentity(*at))
      return at;
    index = 0;
  }
  return nullptr;
}

std::optional<VariableSlice> KeyFinder::restoredKey(const NodeMap &nodes, const proto::NodeDef &user,
                                                    int input) {
  TensorName value, unused;
  const proto::NodeDef *restore = source(nodes, user, input, value);
  bool isFirst = restore && (restore->op() == "Restore" || restore->op() == "RestoreSlice");
  if (!isFirst && (!restore || restore->op() != "RestoreV2"))
    return std::nullopt;
  auto element = [&](int input) -> std::optional<std::string> {
    const proto::NodeDef *constant = source(nodes, *restore, input, unused);
    if (!constant)
      return std::nullopt;
    const std::vector<std::string> &names = namesIn(*constant);
    if (names.empty())
      return std::nullopt;
    // The last value of a constant repeats.
    return names[std::min<size_t>(value.index, names.size() - 1)];
  };
  std::optional<std::string> key = element(1);
  if (!key)
    return std::nullopt;
  bool hasSlice = restore->op() != "Restore";
  return VariableSlice{*key, hasSlice ? element(2).value_or("") : ""};
}

const std::vector<std::string> &KeyFinder::namesIn(const proto::NodeDef &constant) {
  auto [entry, isNew] = decodedNames.try_emplace(&constant);
  std::vector<std::string> &names = entry->second;
  const proto::AttrValue *value = constant.op() == "Const" ? findAttr(constant, "value") : nullptr;
  if (!isNew || !value || !value->has_tensor())
    return names;
  Expected<TensorData> data = decodeTensor(value->tensor(), constant.name());
  if (data)
    names = std::move(data->strings);
  else
    consumeError(data.takeError());
  return names;
}

void KeyFinder::addVariable(const proto::NodeDef &variable, const VariableSlice &slice) {
  auto add = [&](StringRef name) {
    if (slice.spec.empty())
      model.variableKeys.try_emplace(name, slice.key);
    else
      model.variableSlices.try_emplace(name, slice);
  };
  add(variable.name());
  if (StringRef shared = getStringAttr(variable, "shared_name"); !shared.empty())
    add(shared);
}

void KeyFinder::visitRestored(const NodeMap &nodes, const proto::NodeDef &node,
                              const proto::NodeDef *target) {
  std::optional<VariableSlice> first = target ? restoredKey(nodes, node, 1) : std::nullopt;
  if (!first)
    return;
  if (isAssign(node)) {
    addVariable(*target, *first);
    return;
  }
  if (std::optional<VariableSlice> values = restoredKey(nodes, node, 2))
    tables.push_back({target->name(), first->key, values->key});
}

void KeyFinder::visitAssign(const proto::NodeDef &assign) {
  TensorName name;
  visitRestored(topLevel, assign, source(topLevel, assign, 0, name));
}

void KeyFinder::visitCall(const proto::NodeDef &call, const proto::FunctionDef &function) {
  NodeMap body;
  for (const proto::NodeDef &node : function.node_def())
    body.try_emplace(node.name(), &node);
  StringMap<int> arguments;
  for (const auto &[index, arg] : enumerate(function.signature().input_arg()))
    arguments.try_emplace(arg.name(), static_cast<int>(index));

  for (const proto::NodeDef &node : function.node_def()) {
    if (!isAssign(node) && !isTableImport(node))
      continue;
    TensorName resource;
    // The walk ends at the argument, which is no node.
    if (source(body, node, 0, resource) != nullptr)
      continue;
    auto argument = arguments.find(resource.node);
    if (argument == arguments.end())
      continue;
    TensorName name;
    visitRestored(body, node, source(topLevel, call, argument->second, name));
  }
}

void KeyFinder::run(StringRef restoreOp) {
  std::optional<TensorName> root = parseTensorName(restoreOp);
  if (!root)
    return;
  StringSet<> seen;
  std::vector<StringRef> work{root->node};
  while (!work.empty()) {
    StringRef name = work.back();
    work.pop_back();
    const proto::NodeDef *node = topLevel.lookup(name);
    if (!node || !seen.insert(name).second)
      continue;
    if (isAssign(*node) || isTableImport(*node))
      visitAssign(*node);
    else if (const proto::FunctionDef *function = functions.lookup(getFunctionAttr(*node, "f")))
      visitCall(*node, *function);
    for (const std::string &input : node->input())
      if (std::optional<TensorName> source = parseTensorName(input))
        work.push_back(source->node);
  }
}

void tgc::findVariableKeys(StringRef restoreOp, Model &model) { KeyFinder(model).run(restoreOp); }

void tgc::findStoredTables(StringRef restoreOp, Model &model, std::vector<StoredTable> &tables) {
  KeyFinder finder(model);
  finder.run(restoreOp);
  tables = std::move(finder.tables);
}
