//===- UnsupportedOps.cpp - Names the ops that cannot be imported ---------===//

#include "frontend/GraphDef/OpSignatures.h"
#include "frontend/Import/GraphImporter.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace tgc {

/// The nodes of a function that its results and effects need.
static SmallVector<const proto::NodeDef *> findNeededNodes(const proto::FunctionDef &function) {
  llvm::StringMap<const proto::NodeDef *> nodes;
  for (const proto::NodeDef &node : function.node_def())
    nodes[node.name()] = &node;
  SmallVector<const proto::NodeDef *> needed;
  llvm::StringSet<> visited;
  auto need = [&](StringRef input) {
    auto it = nodes.find(input.ltrim('^').split(':').first);
    if (it != nodes.end() && visited.insert(it->getKey()).second)
      needed.push_back(it->second);
  };
  for (const auto &output : function.signature().output_arg())
    if (auto ret = function.ret().find(output.name()); ret != function.ret().end())
      need(ret->second);
  for (const std::string &output : function.signature().control_output())
    if (auto ret = function.control_ret().find(output); ret != function.control_ret().end())
      need(ret->second);
  for (size_t i = 0; i < needed.size(); ++i)
    for (const std::string &input : needed[i]->input())
      need(input);
  return needed;
}

/// The supported op that is spelled almost like this one, if any is.
static std::optional<StringRef> findSimilarOp(StringRef op) {
  constexpr unsigned kMostEdits = 2;
  std::optional<StringRef> similar;
  unsigned least = std::min<unsigned>(kMostEdits, op.size() / 3) + 1;
  for (StringRef known : getOpRegistry().list())
    if (unsigned edits = op.edit_distance_insensitive(known, /*AllowReplacements=*/true, least);
        edits < least) {
      least = edits;
      similar = known;
    }
  return similar;
}

llvm::Error findUnsupportedOps(const ModuleImport &module, GraphEdges::Nodes nodes, ArrayRef<int> order) {
  std::map<std::string, std::vector<std::string>> missing;
  llvm::StringSet<> visited;
  SmallVector<StringRef> functions;
  auto visit = [&](const proto::NodeDef &node, StringRef prefix) {
    bool isFunction = module.functions.count(node.op());
    if (!isFunction && (!lookupOpSignature(node.op()) || !getOpRegistry().lookup(node.op())))
      missing[node.op()].push_back((prefix + node.name()).str());
    if (isFunction && visited.insert(node.op()).second)
      functions.push_back(module.functions.find(node.op())->getKey());
    for (const auto &[attrName, attr] : node.attr()) {
      if (StringRef(attrName).starts_with("_"))
        continue;
      if (attr.has_func() && visited.insert(attr.func().name()).second)
        functions.push_back(attr.func().name());
      if (attr.has_list())
        for (const proto::NameAttrList &function : attr.list().func())
          if (visited.insert(function.name()).second)
            functions.push_back(function.name());
    }
  };
  for (int index : order)
    visit(*nodes[index], "");
  while (!functions.empty()) {
    StringRef name = functions.pop_back_val();
    if (auto it = module.functions.find(name); it != module.functions.end())
      for (const proto::NodeDef *node : findNeededNodes(*it->second))
        visit(*node, (name + "/").str());
  }
  if (missing.empty())
    return llvm::Error::success();
  std::string text;
  llvm::raw_string_ostream os(text);
  os << missing.size() << (missing.size() == 1 ? " operator is" : " operators are") << " not supported: ";
  llvm::interleave(
      missing, os,
      [&](const auto &entry) {
        os << entry.first << " (" << entry.second.size()
           << (entry.second.size() == 1 ? " node: " : " nodes: ");
        size_t shown = std::min<size_t>(entry.second.size(), 5);
        llvm::interleave(ArrayRef(entry.second).take_front(shown), os, ", ");
        os << (shown < entry.second.size() ? ", ...)" : ")");
        if (auto similar = findSimilarOp(entry.first))
          os << " (" << *similar << " is supported)";
      },
      ", ");
  if (auto it = missing.find("IteratorGetNext"); it != missing.end())
    os << "; what reads and prepares data does not become part of a module: feed what it gives (--feeds "
       << it->second.front() << ":0,...)";
  else
    os << "; a tensor after them can be fed instead (--feeds)";
  return llvm::createStringError(text);
}

} // namespace tgc
