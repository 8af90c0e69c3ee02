//===- Frames.cpp - The loops of a graph ----------------------------------===//

#include "frontend/Import/ControlFlow/Frames.h"

#include <map>

using namespace llvm;

namespace tgc::flow {

/// Loops nested deeper are an error: whoever walks them recurses.
static constexpr int kMaxLoopDepth = 256;

Expected<FrameTree> FrameTree::build(const FlowGraph &graph, ArrayRef<int> roots) {
  FrameTree tree(graph);
  tree.frameList.emplace_back();
  if (Error error = tree.assignFrames(roots))
    return std::move(error);
  if (Error error = tree.findCarriedValues())
    return std::move(error);
  if (Error error = tree.orderFrames())
    return std::move(error);
  return tree;
}

int FrameTree::outputFrame(int node) const {
  int frame = frameOfNode[node];
  return graph->kind(node) == NodeKind::Exit ? frameList[frame].parent : frame;
}

std::string FrameTree::describe(int frame) const {
  return frame <= 0 ? "outside of all loops" : "in loop frame " + frameList[frame].name;
}

/// The frame that the inputs of a node belong to; -1 if it has none, or only constants that name none.
Expected<int> FrameTree::getInputFrame(int node) const {
  int frame = -1, witness = -1;
  for (NodeOutput input : graph->inputs(node)) {
    if (graph->kind(input.node) == NodeKind::NextIteration) {
      if (graph->kind(node) == NodeKind::Merge)
        continue;
      return createStringError("%s: takes the value of %s for the next turn of a loop; only a Merge can",
                               graph->describe(node).c_str(), graph->describe(input.node).c_str());
    }
    int other = outputFrame(input.node);
    if (other < 0 || other == frame)
      continue;
    if (frame >= 0)
      return createStringError(
          "%s has inputs from different loop frames: %s is %s, %s is %s; a value comes into a frame by Enter "
          "and leaves it by Exit",
          graph->describe(node).c_str(), describeNode(graph->node(witness)).c_str(), describe(frame).c_str(),
          describeNode(graph->node(input.node)).c_str(), describe(other).c_str());
    frame = other;
    witness = input.node;
  }
  return frame;
}

Error FrameTree::assignFrames(ArrayRef<int> roots) {
  std::map<std::pair<int, std::string>, int> ids;
  for (int node : graph->order()) {
    auto input = getInputFrame(node);
    if (!input)
      return input.takeError();
    NodeKind kind = graph->kind(node);
    int frame = kind == NodeKind::Constant ? *input : std::max(*input, 0);
    if (kind == NodeKind::Enter) {
      std::string name = getStringAttr(graph->node(node), "frame_name").str();
      auto [it, isNew] = ids.insert({{frame, name}, static_cast<int>(frameList.size())});
      if (isNew) {
        Frame inner;
        inner.name = name;
        inner.parent = frame;
        inner.depth = frameList[frame].depth + 1;
        if (inner.depth > kMaxLoopDepth)
          return createStringError("%s: loops are nested more than %d deep", graph->describe(node).c_str(),
                                   kMaxLoopDepth);
        frameList.push_back(std::move(inner));
      }
      frame = it->second;
    }
    frameOfNode[node] = frame;
    if (frame <= 0) {
      if (kind == NodeKind::Exit || kind == NodeKind::NextIteration || kind == NodeKind::LoopCond)
        return createStringError("%s is outside of all loops: no Enter leads to it",
                                 graph->describe(node).c_str());
      continue;
    }
    Frame &current = frameList[frame];
    current.nodes.push_back(node);
    if (kind == NodeKind::Enter)
      current.enters.push_back(node);
    if (kind == NodeKind::Exit)
      current.exits.push_back(node);
    if (kind == NodeKind::NextIteration)
      current.nextIterations.push_back(node);
    if (kind == NodeKind::LoopCond) {
      if (current.loopCond >= 0)
        return createStringError(
            "loop frame %s has two conditions, %s and %s; two loops need frames of different names",
            current.name.c_str(), graph->node(std::min(current.loopCond, node)).name().c_str(),
            graph->node(std::max(current.loopCond, node)).name().c_str());
      current.loopCond = node;
    }
    if (graph->isUpdate(node))
      for (int outer = frame; outer > 0; outer = frameList[outer].parent)
        frameList[outer].hasUpdates = true;
    for (NodeOutput data : graph->dataInputs(node))
      if (graph->isCut(data) && kind != NodeKind::Enter)
        return createStringError(
            "%s: its input %s:%d is fed inside of loop frame %s; only tensors outside of loops can be fed",
            graph->describe(node).c_str(), graph->node(data.node).name().c_str(), data.output,
            current.name.c_str());
  }
  for (int root : roots)
    if (int frame = outputFrame(root); frame > 0 && graph->kind(root) != NodeKind::Constant)
      return createStringError("%s is inside of loop frame %s and is asked for outside of it (missing Exit)",
                               graph->describe(root).c_str(), frameList[frame].name.c_str());
  return Error::success();
}

Error FrameTree::findCarriedValues() {
  for (int node : graph->order()) {
    if (graph->kind(node) != NodeKind::Merge)
      continue;
    int enter = -1, next = -1;
    for (NodeOutput input : graph->inputs(node)) {
      if (input.output < 0)
        continue;
      if (graph->kind(input.node) == NodeKind::Enter)
        enter = input.node;
      if (graph->kind(input.node) == NodeKind::NextIteration)
        next = input.node;
    }
    if (enter < 0 && next < 0)
      continue;
    std::string what = graph->describe(node);
    size_t count = graph->dataInputs(node).size();
    if (count != 2)
      return createStringError(
          "%s starts a turn of %s and has %zu inputs; one Enter and one NextIteration are expected",
          what.c_str(), describe(frameOfNode[node]).substr(3).c_str(), count);
    if (enter < 0 || next < 0)
      return createStringError("%s has %s %s but no %s; a loop carries a value by a Merge of both",
                               what.c_str(), enter < 0 ? "the NextIteration" : "the Enter",
                               graph->node(enter < 0 ? next : enter).name().c_str(),
                               enter < 0 ? "Enter" : "NextIteration");
    if (frameOfNode[next] != frameOfNode[node])
      return createStringError("%s joins %s, which is %s, with %s, which is %s", what.c_str(),
                               describeNode(graph->node(enter)).c_str(), describe(frameOfNode[enter]).c_str(),
                               describeNode(graph->node(next)).c_str(), describe(frameOfNode[next]).c_str());
    frameList[frameOfNode[node]].carried.push_back({node, enter, next});
  }
  for (Frame &frame : drop_begin(frameList)) {
    // The order of the file: loops look as they were written.
    sort(frame.carried, [](const CarriedValue &a, const CarriedValue &b) { return a.merge < b.merge; });
    if (Error error = checkComplete(frame))
      return error;
  }
  return Error::success();
}

Error FrameTree::checkComplete(const Frame &frame) const {
  std::string missing;
  if (frame.carried.empty())
    missing = "Merge/NextIteration";
  if (frame.loopCond < 0)
    missing += missing.empty() ? "LoopCond" : "/LoopCond";
  if (!missing.empty())
    return createStringError("loop frame %s has Enter (%s) and %s%s%s but no %s", frame.name.c_str(),
                             graph->node(frame.enters.front()).name().c_str(),
                             frame.exits.empty() ? "no Exit" : "Exit (",
                             frame.exits.empty() ? "" : graph->node(frame.exits.front()).name().c_str(),
                             frame.exits.empty() ? "" : ")", missing.c_str());
  // A value that is no constant of the loop is there in the first turn only.
  DenseSet<int> carried;
  for (const CarriedValue &value : frame.carried)
    carried.insert(value.enter);
  for (int node : frame.nodes)
    for (NodeOutput input : graph->inputs(node))
      if (input.output >= 0 && graph->kind(input.node) == NodeKind::Enter &&
          graph->kind(node) != NodeKind::Merge && frameOfNode[input.node] == frameOfNode[node] &&
          !getBoolAttr(graph->node(input.node), "is_constant", false))
        return createStringError(
            "%s takes %s, which is there in the first turn of loop frame %s only (is_constant is false)%s",
            graph->describe(node).c_str(), describeNode(graph->node(input.node)).c_str(), frame.name.c_str(),
            carried.contains(input.node) ? "; its Merge has the value of every turn" : "");
  return Error::success();
}

/// Orders each frame with the loops inside as one unit each: a loop runs when all that enters it is there.
Error FrameTree::orderFrames() {
  int numNodes = graph->size(), numUnits = numNodes + frameList.size();
  std::vector<SmallVector<int, 2>> users(numUnits);
  std::vector<int> waiting(numUnits, 0);
  std::vector<SmallVector<int>> ready(frameList.size());
  auto unitFrame = [&](int unit) {
    return unit < numNodes ? std::max(frameOfNode[unit], 0) : frameList[unit - numNodes].parent;
  };
  for (int node : graph->order()) {
    // An Enter is part of the loop it enters, an Exit part of the loop it leaves.
    int unit = graph->kind(node) == NodeKind::Enter ? numNodes + frameOfNode[node] : node;
    for (NodeOutput input : graph->inputs(node)) {
      NodeKind kind = graph->kind(input.node);
      if (kind == NodeKind::NextIteration || kind == NodeKind::Enter || outputFrame(input.node) < 0)
        continue;
      int source = kind == NodeKind::Exit ? numNodes + frameOfNode[input.node] : input.node;
      users[source].push_back(unit);
      ++waiting[unit];
    }
  }
  std::vector<int> counts(frameList.size(), 0);
  auto addReady = [&](int unit) {
    ++counts[unitFrame(unit)];
    if (!waiting[unit])
      ready[unitFrame(unit)].push_back(unit);
  };
  for (int node : graph->order())
    if (graph->kind(node) != NodeKind::Enter)
      addReady(node);
  for (int frame = 1, e = frameList.size(); frame < e; ++frame)
    addReady(numNodes + frame);
  for (int index = 0, e = frameList.size(); index < e; ++index) {
    Frame &frame = frameList[index];
    while (!ready[index].empty()) {
      int unit = ready[index].pop_back_val();
      frame.order.push_back(unit);
      for (int user : users[unit])
        if (--waiting[user] == 0)
          ready[index].push_back(user);
    }
    if (static_cast<int>(frame.order.size()) == counts[index])
      continue;
    for (int inner = 1; inner < e; ++inner)
      if (frameList[inner].parent == index && waiting[numNodes + inner])
        return createStringError("loop frame %s needs a value that depends on its own result (Enter %s)",
                                 frameList[inner].name.c_str(),
                                 graph->node(frameList[inner].enters.front()).name().c_str());
  }
  return Error::success();
}

} // namespace tgc::flow
