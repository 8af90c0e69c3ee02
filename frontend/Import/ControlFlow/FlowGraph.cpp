//===- FlowGraph.cpp - What an entry needs of a graph with control flow ---===//

#include "frontend/Import/ControlFlow/FlowGraph.h"

#include "llvm/ADT/StringSwitch.h"

using namespace llvm;

namespace tgc::flow {

NodeKind getNodeKind(const proto::NodeDef &node) {
  return StringSwitch<NodeKind>(node.op())
      .Case("Const", NodeKind::Constant)
      .Cases({"Switch", "RefSwitch", "_SwitchN"}, NodeKind::Switch)
      .Cases({"Merge", "RefMerge"}, NodeKind::Merge)
      .Cases({"Enter", "RefEnter"}, NodeKind::Enter)
      .Cases({"Exit", "RefExit"}, NodeKind::Exit)
      .Cases({"NextIteration", "RefNextIteration"}, NodeKind::NextIteration)
      .Case("LoopCond", NodeKind::LoopCond)
      .Case("ControlTrigger", NodeKind::ControlTrigger)
      .Default(NodeKind::Plain);
}

/// The number of data inputs of an op of control flow; -1: any.
static int getArity(NodeKind kind) {
  switch (kind) {
  case NodeKind::Plain:
  case NodeKind::Merge:
    return -1;
  case NodeKind::Constant:
  case NodeKind::ControlTrigger:
    return 0;
  case NodeKind::Switch:
    return 2;
  default:
    return 1;
  }
}

Expected<FlowGraph> FlowGraph::build(const GraphEdges &edges, Nodes nodes, ArrayRef<int> roots,
                                     function_ref<bool(NodeOutput)> isCut) {
  FlowGraph graph;
  graph.edges = &edges;
  graph.nodes = nodes;
  if (Error error = graph.findNeeded(roots, isCut))
    return std::move(error);
  if (Error error = graph.findOrder())
    return std::move(error);
  return graph;
}

Error FlowGraph::findNeeded(ArrayRef<int> roots, function_ref<bool(NodeOutput)> isCut) {
  kinds.assign(nodes.size(), NodeKind::Plain);
  needed.assign(nodes.size(), 0);
  inputLists.resize(nodes.size());
  SmallVector<int> work;
  auto need = [&](int node) {
    if (!needed[node]) {
      needed[node] = 1;
      work.push_back(node);
    }
  };
  for_each(roots, need);
  while (!work.empty()) {
    int index = work.pop_back_val();
    NodeKind kind = kinds[index] = getNodeKind(*nodes[index]);
    hasFlow |= kind > NodeKind::Constant && kind != NodeKind::ControlTrigger;
    int arity = getArity(kind), given = dataInputs(index).size();
    if (arity >= 0 ? given != arity : (kind == NodeKind::Merge && given == 0))
      return createStringError("%s: %s %d %s expected, %d given", describe(index).c_str(),
                               arity < 0 ? "at least" : "exactly", arity < 0 ? 1 : arity,
                               arity == 1 || arity < 0 ? "input is" : "inputs are", given);
    for (NodeOutput input : dataInputs(index)) {
      if (isCut(input)) {
        cut.insert({input.node, input.output});
        continue;
      }
      inputLists[index].push_back(input);
      need(input.node);
    }
    for (int input : edges->controlInputs(index)) {
      // What is fed does not run, and nothing waits for it.
      if (isCut({input, 0}))
        continue;
      inputLists[index].push_back({input, -1});
      need(input);
    }
  }
  return Error::success();
}

/// A constant behind an update, or behind what waited for one, holds back those who use it: it keeps its
/// place. Other control edges come from pivots, which only say where a constant stands.
void FlowGraph::findOrderedConstants() {
  std::vector<char> hasHappened(size(), 0); // in the scope of the node
  for (int index : topologicalOrder) {
    StringRef op = nodes[index]->op();
    bool isOrdered = any_of(inputs(index), [&](NodeOutput input) { return hasHappened[input.node]; });
    switch (kinds[index]) {
    case NodeKind::Merge: // that of a loop begins a turn
      hasHappened[index] = none_of(
          inputs(index), [&](NodeOutput input) { return kinds[input.node] == NodeKind::NextIteration; });
      break;
    case NodeKind::Exit:
      hasHappened[index] = true;
      break;
    case NodeKind::Constant:
      if (isOrdered)
        kinds[index] = NodeKind::Plain;
      [[fallthrough]];
    default:
      hasHappened[index] = isOrdered || isUpdate(index) || op.starts_with("Print") || op == "Assert";
    }
  }
}

Error FlowGraph::findOrder() {
  std::vector<int> waiting(size(), 0);
  std::vector<SmallVector<int, 2>> users(size());
  SmallVector<int> ready;
  size_t count = 0;
  for (int node = 0; node < size(); ++node) {
    if (!needed[node])
      continue;
    ++count;
    for (NodeOutput input : inputs(node))
      if (kinds[input.node] != NodeKind::NextIteration) {
        users[input.node].push_back(node);
        ++waiting[node];
      }
    if (!waiting[node])
      ready.push_back(node);
  }
  topologicalOrder.reserve(count);
  while (!ready.empty()) {
    int node = ready.pop_back_val();
    topologicalOrder.push_back(node);
    for (int user : users[node])
      if (--waiting[user] == 0)
        ready.push_back(user);
  }
  if (topologicalOrder.size() == count) {
    findOrderedConstants();
    return Error::success();
  }
  std::string names;
  for (int node = 0; node < size() && names.size() < 200; ++node)
    if (waiting[node])
      names += (names.empty() ? "" : ", ") + nodes[node]->name();
  return createStringError("the graph has a cycle through nodes %s (without NextIteration)", names.c_str());
}

} // namespace tgc::flow
