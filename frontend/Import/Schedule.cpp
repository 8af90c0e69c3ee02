//===- Schedule.cpp - Which nodes an entry needs, in which order ----------===//

#include "frontend/Import/Schedule.h"
#include "frontend/GraphDef/OpSignatures.h"
#include "frontend/Import/Collectives.h"

#include <queue>

using namespace llvm;

namespace tgc {

Expected<GraphEdges> GraphEdges::build(Nodes nodes, bool isFunction) {
  GraphEdges edges;
  edges.isFunction = isFunction;
  edges.nodes.assign(nodes.begin(), nodes.end());
  edges.data.resize(nodes.size());
  edges.control.resize(nodes.size());
  edges.findUpdates([](const proto::NodeDef &node) { return isUpdateOp(node.op()); });
  for (auto [index, node] : enumerate(nodes))
    edges.indices[node->name()] = index;
  for (auto [index, node] : enumerate(nodes)) {
    for (const std::string &input : node->input()) {
      auto source = edges.resolve(input, describeNode(*node));
      if (!source)
        return source.takeError();
      if (source->output < 0)
        edges.control[index].push_back(source->node);
      else
        edges.data[index].push_back(*source);
    }
  }
  edges.collectives = findCollectives(nodes, edges.data, edges.control);
  for (const auto &[index, group] : edges.collectives)
    if (group->error.empty())
      edges.data[index].append(group->given);
  return edges;
}

void GraphEdges::findUpdates(function_ref<bool(const proto::NodeDef &)> isUpdate) {
  updates.clear();
  for (const proto::NodeDef *node : nodes)
    updates.push_back(isUpdate(*node));
}

const Collective *GraphEdges::getCollective(StringRef name) const {
  auto it = collectives.find(find(name));
  return it == collectives.end() ? nullptr : it->second.get();
}

int GraphEdges::find(StringRef name) const {
  auto it = indices.find(name);
  return it == indices.end() ? -1 : it->second;
}

Expected<NodeOutput> GraphEdges::resolve(StringRef text, StringRef user) const {
  auto name = parseTensorName(text);
  if (!name)
    return createStringError("%s: input '%s' is no name of a tensor", user.str().c_str(), text.str().c_str());
  int node = find(name->node);
  if (node < 0)
    return createStringError("%s: input %s does not exist", user.str().c_str(), name->node.str().c_str());
  if (name->isControl)
    return NodeOutput{node, -1};
  if (!isFunction || name->outputArg.empty())
    return NodeOutput{node, name->index};
  const OpSignature *signature = lookupOpSignature(nodes[node]->op());
  if (!signature) // an unsupported op, reported as such if it is needed
    return NodeOutput{node, name->index};
  auto range = outputRange(*nodes[node], *signature, name->outputArg);
  if (!range)
    return range.takeError();
  return NodeOutput{node, range->first + name->index};
}

bool isUpdateOp(StringRef op) {
  return op.starts_with("Assign") || op.starts_with("Apply") || op.starts_with("SparseApply") ||
         op.starts_with("ResourceApply") || op.starts_with("ResourceSparseApply") ||
         op.starts_with("ResourceScatter") || op.starts_with("ResourceStridedSlice") ||
         op == "StridedSliceAssign" || op == "CountUpTo" || op == "ResourceCountUpTo" ||
         op == "DestroyResourceOp" ||
         (op.starts_with("Scatter") && op != "ScatterNd" && op != "ScatterNdNonAliasingAdd");
}

Expected<std::vector<int>> scheduleNodes(const GraphEdges &edges, GraphEdges::Nodes nodes,
                                         ArrayRef<int> roots, function_ref<bool(NodeOutput)> isCut) {
  // The needed nodes, backwards from the roots.
  std::vector<char> needed(edges.size(), 0);
  SmallVector<int> work;
  auto need = [&](int node) {
    if (!needed[node]) {
      needed[node] = 1;
      work.push_back(node);
    }
  };
  for (int root : roots)
    need(root);
  while (!work.empty()) {
    int node = work.pop_back_val();
    for (NodeOutput input : edges.dataInputs(node))
      if (!isCut(input))
        need(input.node);
    // What is fed does not run, and nothing waits for it.
    for (int input : edges.controlInputs(node))
      if (!isCut({input, 0}))
        need(input);
  }

  // Kahn's algorithm over them; among the ready nodes updates wait, else the order of the file decides.
  std::vector<int> waiting(edges.size(), 0);
  std::vector<SmallVector<int, 2>> users(edges.size());
  for (int node = 0, e = edges.size(); node < e; ++node) {
    if (!needed[node])
      continue;
    auto wait = [&](int input) {
      users[input].push_back(node);
      ++waiting[node];
    };
    for (NodeOutput input : edges.dataInputs(node))
      if (!isCut(input))
        wait(input.node);
    for (int input : edges.controlInputs(node))
      if (!isCut({input, 0}))
        wait(input);
  }
  using Ready = std::pair<bool, int>;
  std::priority_queue<Ready, std::vector<Ready>, std::greater<Ready>> ready;
  auto push = [&](int node) { ready.push({edges.isUpdate(node), node}); };
  size_t count = 0;
  for (int node = 0, e = edges.size(); node < e; ++node) {
    count += needed[node];
    if (needed[node] && !waiting[node])
      push(node);
  }
  std::vector<int> order;
  while (!ready.empty()) {
    int node = ready.top().second;
    ready.pop();
    order.push_back(node);
    for (int user : users[node])
      if (--waiting[user] == 0)
        push(user);
  }
  if (order.size() == count)
    return order;
  std::string names;
  for (int node = 0, e = edges.size(); node < e; ++node)
    if (needed[node] && waiting[node] && names.size() < 200)
      names += (names.empty() ? "" : ", ") + nodes[node]->name();
  return createStringError("the graph has a cycle through nodes %s", names.c_str());
}

} // namespace tgc
