//===- Conditions.cpp - Which branches a node runs in ---------------------===//

#include "frontend/Import/ControlFlow/Conditions.h"

using namespace llvm;

namespace tgc::flow {

/// Of a _SwitchN: whoever asks for more has a broken file.
static constexpr int kMaxSides = 4096;
/// That decide one Merge: n predicates that have nothing to do with each other make 2^n parts.
static constexpr size_t kMaxParts = 4096;

Expected<Conditions> Conditions::build(const FlowGraph &graph, const FrameTree &frames) {
  Conditions conditions(graph, frames);
  if (Error error = conditions.visitFrame(0))
    return std::move(error);
  return conditions;
}

int Conditions::contextOf(NodeOutput output) const {
  int context = contextOfNode[output.node];
  if (output.output < 0 || graph->kind(output.node) != NodeKind::Switch)
    return context;
  const auto &literals = switchLiterals.find(output.node)->second;
  for (Literal literal : literals[std::min<size_t>(output.output, literals.size() - 1)])
    context = contexts.extend(context, literal);
  return context;
}

int Conditions::getPredicate(NodeOutput value, int numSides) {
  auto [it, isNew] =
      predicateIds.insert({{value.node, value.output}, static_cast<int>(predicateList.size())});
  if (isNew)
    predicateList.push_back({value, numSides, static_cast<int>(predicateList.size())});
  return it->second;
}

/// The units of a loop that run once more than its body: what its condition and its Exits need.
DenseSet<int> Conditions::findEarlyUnits(int index) const {
  const Frame &frame = frames->frame(index);
  DenseSet<int> early;
  SmallVector<int> work;
  auto need = [&](int node) {
    bool isLoop = graph->kind(node) == NodeKind::Exit && frames->frameOf(node) != index;
    if (early.insert(isLoop ? graph->size() + frames->frameOf(node) : node).second)
      work.push_back(node);
  };
  need(frame.loopCond);
  for_each(frame.exits, need);
  while (!work.empty()) {
    int node = work.pop_back_val();
    if (frames->frameOf(node) == index) {
      for (NodeOutput input : graph->inputs(node))
        if (frames->outputFrame(input.node) == index && graph->kind(input.node) != NodeKind::NextIteration)
          need(input.node);
      continue;
    }
    for (int enter : frames->frame(frames->frameOf(node)).enters)
      for (NodeOutput input : graph->inputs(enter))
        if (frames->outputFrame(input.node) == index)
          need(input.node);
  }
  return early;
}

/// Walks a frame in its order; a loop inside runs where all the values it carries enter.
Error Conditions::visitFrame(int index) {
  const Frame &frame = frames->frame(index);
  int base = loopContexts[index], bodyBase = base;
  size_t numParts = partList.size();
  DenseSet<int> early;
  if (index > 0) {
    loopPredicates[index] = getPredicate({frame.loopCond, 0}, 2);
    bodyBase = contexts.extend(base, loopLiteral(index, 1));
    early = findEarlyUnits(index);
  }
  auto baseOf = [&](int unit) { return index == 0 || early.contains(unit) ? base : bodyBase; };
  // Enters are no units of the order; their contexts count where they are used.
  for (int node : frame.enters)
    contextOfNode[node] = contexts.unite(base, uniteInputs(node, kAlways), predicateList);
  for (const CarriedValue &value : frame.carried) {
    contextOfNode[value.merge] = base;
    carriedMerges.insert(value.merge);
  }
  for (int unit : frame.order) {
    if (unit < graph->size()) {
      if (Error error = visitNode(unit, baseOf(unit)))
        return error;
      continue;
    }
    int inner = unit - graph->size();
    loopContexts[inner] = baseOf(unit);
    for (const CarriedValue &value : frames->frame(inner).carried)
      loopContexts[inner] =
          contexts.unite(loopContexts[inner], uniteInputs(value.enter, baseOf(unit)), predicateList);
    if (Error error = visitFrame(inner))
      return error;
  }
  if (index == 0)
    return Error::success();
  // Invariants of the condition may say more about where the loop runs than what it carries.
  int condition = contextOfNode[frame.loopCond];
  if (condition == base)
    return checkLoop(frame, base);
  for (Literal literal : contexts.path(condition, base))
    if (condition == kNever || frames->outputFrame(predicateList[literal.predicate].value.node) == index)
      return createStringError(
          "%s, the condition of loop frame %s, runs only in a branch of a condition inside the loop",
          graph->describe(frame.loopCond).c_str(), frame.name.c_str());
  loopContexts[index] = condition;
  partList.resize(numParts);
  return visitFrame(index);
}

/// The context in which all inputs of a node are there.
int Conditions::uniteInputs(int node, int base) const {
  int context = base;
  for (NodeOutput input : graph->inputs(node))
    context = contexts.unite(context, contextOf(input), predicateList);
  return context;
}

/// An integer that a Const holds.
static std::optional<int64_t> getConstant(const proto::NodeDef &node) {
  const proto::AttrValue *value = node.op() == "Const" ? findAttr(node, "value") : nullptr;
  if (!value || !value->has_tensor())
    return std::nullopt;
  auto data = decodeTensor(value->tensor(), "");
  if (!data) {
    consumeError(data.takeError());
    return std::nullopt;
  }
  if (data->elementCount != 1 || (data->dtype != proto::DT_INT32 && data->dtype != proto::DT_INT64))
    return std::nullopt;
  int64_t number = 0;
  std::memcpy(&number, data->bytes.data(), data->dtype == proto::DT_INT32 ? 4 : 8);
  return data->dtype == proto::DT_INT32 ? static_cast<int32_t>(number) : number;
}

/// The literals that must hold for a Merge to take input `input`; none if it may take it another way, too.
std::optional<SmallVector<Literal, 2>> Conditions::getPathOfInput(int part, int input) const {
  std::optional<SmallVector<Literal, 2>> path;
  for (auto [side, source] : enumerate(partList[part].sides)) {
    std::optional<SmallVector<Literal, 2>> inner;
    if (source.part >= 0)
      inner = getPathOfInput(source.part, input);
    else if (source.input == input)
      inner.emplace();
    if (inner && path)
      return std::nullopt;
    if (!inner)
      continue;
    inner->insert(inner->begin(), {partList[part].predicate, static_cast<int>(side)});
    path = inner;
  }
  return path;
}

SmallVector<Literal, 2> Conditions::getChosenPath(NodeOutput value) const {
  if (graph->isCut(value) || graph->node(value.node).op() != "Equal")
    return {};
  ArrayRef<NodeOutput> inputs = graph->dataInputs(value.node);
  if (inputs.size() != 2)
    return {};
  for (auto [index, constant] : {std::pair(inputs[0], inputs[1]), std::pair(inputs[1], inputs[0])}) {
    if (graph->isCut(index) || graph->isCut(constant) || graph->kind(index.node) != NodeKind::Merge ||
        index.output != 1 || isCarried(index.node) || partOf(index.node) < 0)
      continue;
    auto number = getConstant(graph->node(constant.node));
    auto path = number ? getPathOfInput(partOf(index.node), *number) : std::nullopt;
    if (path)
      return *path;
  }
  return {};
}

Error Conditions::visitNode(int node, int base) {
  int &context = contextOfNode[node];
  switch (graph->kind(node)) {
  case NodeKind::Merge:
    return visitMerge(node, base);
  case NodeKind::ControlTrigger:
    context = base;
    return Error::success();
  case NodeKind::Exit:
    // The loop as a whole runs in the context of its start.
    context = loopContexts[frames->frameOf(node)];
    return Error::success();
  case NodeKind::Switch:
    break;
  default:
    context = uniteInputs(node, base);
    return Error::success();
  }

  // A Switch. Predicates are known by where their value comes from, through Identity and LogicalNot, and into
  // the frames of loops.
  context = uniteInputs(node, base);
  if (contexts.depth(context) >= kMaxConditionDepth)
    return createStringError("%s: conditions are nested more than %d deep", graph->describe(node).c_str(),
                             kMaxConditionDepth);
  NodeOutput value = graph->dataInputs(node)[1];
  bool isNot = false;
  bool isBinary = graph->node(node).op() != "_SwitchN";
  while (!graph->isCut(value)) {
    StringRef op = graph->node(value.node).op();
    bool negates = op == "LogicalNot";
    bool isInvariant = graph->kind(value.node) == NodeKind::Enter &&
                       getBoolAttr(graph->node(value.node), "is_constant", false);
    if (!(op == "Identity" || negates || isInvariant) || !isBinary ||
        graph->dataInputs(value.node).size() != 1)
      break;
    NodeOutput source = graph->dataInputs(value.node)[0];
    // A variable's value is the one at the time of the Identity.
    if (!graph->isCut(source) && StringRef(graph->node(source.node).op()).starts_with("Variable"))
      break;
    isNot ^= negates;
    value = source;
  }
  int numSides = isBinary ? 2 : getIntAttr(graph->node(node), "num_outs", 0);
  if (numSides < 1 || numSides > kMaxSides)
    return createStringError("%s: attr num_outs must be between 1 and %d, got %d",
                             graph->describe(node).c_str(), kMaxSides, numSides);
  int predicate = getPredicate(value, numSides);
  if (predicateList[predicate].numSides != numSides)
    return createStringError("%s has %d outputs, another Switch by the same predicate has %d",
                             graph->describe(node).c_str(), numSides, predicateList[predicate].numSides);
  SmallVector<SmallVector<Literal, 2>, 2> literals;
  for (int side = 0; side < numSides; ++side)
    literals.push_back({{predicate, isNot ? 1 - side : side}});
  // Whether a Merge took an input is known by what made that input be there.
  if (SmallVector<Literal, 2> path = isBinary ? getChosenPath(value) : SmallVector<Literal, 2>();
      !path.empty()) {
    literals[isNot ? 0 : 1] = path;
    if (path.size() == 1 && predicateList[path[0].predicate].numSides == 2)
      literals[isNot ? 1 : 0] = {{path[0].predicate, 1 - path[0].side}};
  }
  switchLiterals[node] = std::move(literals);
  return Error::success();
}

//===----------------------------------------------------------------------===//
// Merges
//===----------------------------------------------------------------------===//

Error Conditions::visitMerge(int node, int base) {
  if (isCarried(node))
    return Error::success();
  // Control inputs must have finished, but whether they ran does not matter to a Merge.
  SmallVector<int> alive;
  int common = -1;
  for (auto [i, input] : enumerate(graph->dataInputs(node))) {
    int context = graph->isCut(input) ? kAlways : contexts.unite(base, contextOf(input), predicateList);
    if (context == kNever)
      continue;
    alive.push_back(i);
    common = common < 0 ? context : contexts.commonAncestor(common, context);
  }
  if (alive.empty()) {
    contextOfNode[node] = kNever;
    forwarded[node] = 0;
    mergePart[node] = -1;
    return Error::success();
  }
  contextOfNode[node] = common;
  firstPart = partList.size();
  auto source = resolve(node, common, alive);
  if (!source)
    return source.takeError();
  mergePart[node] = source->part;
  forwarded[node] = source->input;
  return Error::success();
}

Expected<MergePart::Source> Conditions::resolve(int node, int context, ArrayRef<int> inputs) {
  // The literals that an input needs beyond the context.
  auto pathOf = [&](int i) {
    NodeOutput input = graph->dataInputs(node)[i];
    int there = contexts.unite(context, graph->isCut(input) ? static_cast<int>(kAlways) : contextOf(input),
                               predicateList);
    return there == kNever ? std::nullopt : std::optional(contexts.path(there, context));
  };
  SmallVector<int> alive;
  SmallVector<SmallVector<Literal>> paths;
  for (int i : inputs) {
    auto path = pathOf(i);
    if (!path)
      continue;
    // An input that is always there decides.
    if (path->empty())
      return MergePart::Source{i, -1};
    alive.push_back(i);
    paths.push_back(std::move(*path));
  }
  if (alive.empty())
    return MergePart::Source{-1, -1};
  if (partList.size() - firstPart > kMaxParts)
    return createStringError(
        "%s: takes the first of %zu inputs whose predicates have nothing to do with each "
        "other; a Merge of so many is not supported",
        graph->describe(node).c_str(), graph->dataInputs(node).size());
  int predicate = paths.front().front().predicate;
  SmallVector<SmallVector<int>> sides(predicateList[predicate].numSides);
  SmallVector<int> unrelated;
  for (auto [i, path] : zip_equal(alive, paths)) {
    auto *decided = find_if(path, [&](Literal literal) { return literal.predicate == predicate; });
    if (decided == path.end())
      unrelated.push_back(i);
    else
      sides[decided->side].push_back(i);
  }
  MergePart part{node, context, predicate, {}};
  for (auto [side, subset] : enumerate(sides)) {
    // Inputs of other predicates may give the value where those of this one do not; which of two that are
    // there is the first to come is open in TensorFlow, too.
    append_range(subset, unrelated);
    auto source = resolve(node, contexts.extend(context, {predicate, static_cast<int>(side)}), subset);
    if (!source)
      return source;
    part.sides.push_back(*source);
  }
  partList.push_back(std::move(part));
  return MergePart::Source{-1, static_cast<int>(partList.size()) - 1};
}

/// What a loop carries on and gives must be there in every turn.
Error Conditions::checkLoop(const Frame &frame, int context) const {
  auto check = [&](int node, int side, const char *what) -> Error {
    NodeOutput input = graph->dataInputs(node)[0];
    if (graph->isCut(input))
      return Error::success();
    int wanted = contexts.extend(context, {loopPredicates[frames->frameOf(node)], side});
    int actual = contexts.unite(wanted, contextOf(input), predicateList);
    if (actual == wanted)
      return Error::success();
    return createStringError("%s takes %s, which is %s %s of loop frame %s", graph->describe(node).c_str(),
                             describeNode(graph->node(input.node)).c_str(),
                             actual == kNever ? "not there" : "there only in a branch", what,
                             frame.name.c_str());
  };
  for (const CarriedValue &value : frame.carried)
    if (Error error = check(value.nextIteration, 1, "in the turns"))
      return error;
  for (int exit : frame.exits)
    if (Error error = check(exit, 0, "at the end"))
      return error;
  return Error::success();
}

} // namespace tgc::flow
