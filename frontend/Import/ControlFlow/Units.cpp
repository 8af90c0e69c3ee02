//===- Units.cpp - What regions are made of -------------------------------===//

#include "frontend/Import/ControlFlow/RegionBuilder.h"

using namespace llvm;

namespace tgc::flow {

std::pair<Units::Kind, int> Units::get(int unit) const {
  if (unit < ofLoop(0))
    return {Kind::Node, unit};
  if (unit < ofPart(0))
    return {Kind::Loop, unit - ofLoop(0)};
  if (unit < ofCheck(0))
    return {Kind::Part, unit - ofPart(0)};
  return {Kind::Check, unit - ofCheck(0)};
}

int Units::makerOf(NodeOutput value) const {
  if (graph.isCut(value))
    return -1;
  switch (graph.kind(value.node)) {
  case NodeKind::Constant:
  case NodeKind::Enter:
    return -1;
  case NodeKind::Exit:
    return ofLoop(frames.frameOf(value.node));
  case NodeKind::Merge: {
    if (conditions.isCarried(value.node))
      return -1;
    int part = conditions.partOf(value.node);
    return part < 0 ? ofNode(value.node) : ofPart(part);
  }
  default:
    return ofNode(value.node);
  }
}

bool Units::isPivot(int node) const {
  ArrayRef<NodeOutput> inputs = graph.inputs(node);
  bool isForwarded = graph.node(node).op() == "Identity" && inputs.size() == 1;
  NodeKind kind = graph.kind(isForwarded ? inputs[0].node : node);
  return kind != NodeKind::Plain && kind != NodeKind::Constant;
}

SmallVector<NodeOutput, 4> Units::inputsOf(int unit) const {
  SmallVector<NodeOutput, 4> inputs;
  auto [kind, index] = get(unit);
  auto addControls = [&](int node) {
    for (NodeOutput input : graph.inputs(node))
      if (input.output < 0)
        inputs.push_back(input);
  };
  switch (kind) {
  case Kind::Loop:
    for (int enter : frames.frame(index).enters)
      append_range(inputs, graph.inputs(enter));
    return inputs;
  case Kind::Check:
    return {checks[index].predicate};
  case Kind::Part: {
    const MergePart &part = conditions.parts()[index];
    for (MergePart::Source source : part.sides)
      if (source.input >= 0)
        inputs.push_back(graph.dataInputs(part.node)[source.input]);
    if (conditions.partOf(part.node) == index)
      addControls(part.node);
    return inputs;
  }
  case Kind::Node:
    break;
  }
  switch (graph.kind(index)) {
  case NodeKind::Merge:
    inputs.push_back(graph.dataInputs(index)[conditions.forwardedInput(index)]);
    addControls(index);
    return inputs;
  case NodeKind::Switch:
    // Whether the loop goes on is not asked inside of its body.
    for (NodeOutput input : graph.inputs(index))
      if (graph.kind(input.node) != NodeKind::LoopCond)
        inputs.push_back(input);
    return inputs;
  default:
    append_range(inputs, graph.inputs(index));
    // TensorFlow leaves out a control edge to a node that has an input with this edge. A constant is no unit,
    // so its edges are those of its users; but those that put it into a branch say nothing about the order.
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (graph.kind(inputs[i].node) != NodeKind::Constant)
        continue;
      for (NodeOutput before : graph.inputs(inputs[i].node))
        if (!isPivot(before.node) && !is_contained(inputs, before))
          inputs.push_back(before);
    }
    return inputs;
  }
}

int Units::contextOf(int unit) const {
  auto [kind, index] = get(unit);
  switch (kind) {
  case Kind::Node:
    return conditions.contextOf(index);
  case Kind::Loop:
    return conditions.loopContext(index);
  case Kind::Part:
    return conditions.parts()[index].context;
  case Kind::Check:
    return checkContexts[index];
  }
  return kAlways;
}

int Units::rank(int unit) const {
  auto [kind, index] = get(unit);
  if (kind == Kind::Check)
    return 2;
  return (kind == Kind::Node && graph.isUpdate(index)) ||
         (kind == Kind::Loop && frames.frame(index).hasUpdates);
}

int Units::position(int unit) const {
  auto [kind, index] = get(unit);
  switch (kind) {
  case Kind::Node:
    return index;
  case Kind::Loop:
    return *llvm::min_element(frames.frame(index).enters);
  case Kind::Part:
    return conditions.parts()[index].node;
  case Kind::Check:
    return graph.size() + index;
  }
  return 0;
}

} // namespace tgc::flow
