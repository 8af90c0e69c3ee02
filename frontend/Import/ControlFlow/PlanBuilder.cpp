//===- PlanBuilder.cpp - What to import in which order --------------------===//

#include "frontend/Import/ControlFlow/Plan.h"
#include "frontend/Import/ControlFlow/RegionBuilder.h"

#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace tgc::flow {
namespace {

/// Whether it matters how often a node runs.
bool hasEffect(const proto::NodeDef &node) {
  StringRef op = node.op();
  return isUpdateOp(op) || op.starts_with("Random") || op == "TruncatedNormal" || op == "Multinomial" ||
         op.starts_with("Stack") || op.starts_with("Print");
}

class PlanBuilder {
public:
  PlanBuilder(const FlowGraph &graph, const FrameTree &frames, const Conditions &conditions, Plan &plan)
      : graph(graph), frames(frames), conditions(conditions), units(graph, frames, conditions), plan(plan) {}

  Error build(ArrayRef<NodeOutput> fetches);

private:
  Error addChecks(ArrayRef<NodeOutput> fetches);
  Expected<int> buildLoop(int frame);
  /// The units of a loop that `roots` need, themselves included.
  SmallVector<int> findScope(int frame, ArrayRef<int> roots) const;
  Expected<PlanRegion> buildScope(ArrayRef<int> scope, int base, ArrayRef<NodeOutput> roots);
  bool sharesEffects(ArrayRef<int> condition, ArrayRef<int> scope) const;
  bool isDead(int unit) const { return units.contextOf(unit) == kNever; }

  const FlowGraph &graph;
  const FrameTree &frames;
  const Conditions &conditions;
  Units units;
  Plan &plan;
};

/// Fetches of tensors that are not always there are checked at the end, outermost predicate first.
Error PlanBuilder::addChecks(ArrayRef<NodeOutput> fetches) {
  for (auto [index, fetch] : enumerate(fetches)) {
    if (units.makerOf(fetch) < 0)
      continue;
    int context = conditions.contextOf(fetch);
    if (context == kNever)
      return createStringError("fetch %s:%d: %s never runs, since its inputs exclude each other",
                               graph.node(fetch.node).name().c_str(), fetch.output,
                               graph.describe(fetch.node).c_str());
    for (Literal literal : conditions.tree().path(context, kAlways)) {
      const Predicate &predicate = conditions.predicates()[literal.predicate];
      units.checks.push_back(
          {predicate.value, literal.side, predicate.numSides, static_cast<int>(index), fetch});
      units.checkContexts.push_back(0);
    }
    for (int check = units.checks.size(); context != kAlways; context = conditions.tree().parent(context))
      units.checkContexts[--check] = conditions.tree().parent(context);
  }
  return Error::success();
}

Error PlanBuilder::build(ArrayRef<NodeOutput> fetches) {
  if (Error error = addChecks(fetches))
    return error;
  for (int node : graph.order()) {
    if (graph.kind(node) == NodeKind::Constant)
      plan.main.push_back({PlanStep::Kind::Node, node});
    if (graph.kind(node) == NodeKind::Merge && !conditions.isCarried(node) && conditions.partOf(node) < 0)
      plan.forwardedMerges[node] = conditions.forwardedInput(node);
  }
  auto noteIndex = [&](NodeOutput value) {
    if (value.output == 1 && graph.kind(value.node) == NodeKind::Merge)
      plan.indexedMerges.insert(value.node);
  };
  for_each(fetches, noteIndex);
  for (int node : graph.order())
    for_each(graph.inputs(node), noteIndex);
  sort(plan.main, [](PlanStep a, PlanStep b) { return a.index < b.index; });
  SmallVector<int> scope;
  auto add = [&](int unit) {
    if (!isDead(unit))
      scope.push_back(unit);
  };
  for (int unit : frames.frame(0).order) {
    auto [kind, index] = units.get(unit);
    if (kind == Units::Kind::Loop || (graph.kind(index) != NodeKind::Constant &&
                                      (graph.kind(index) != NodeKind::Merge || conditions.partOf(index) < 0)))
      add(unit);
  }
  for (auto [index, part] : enumerate(conditions.parts()))
    if (frames.frameOf(part.node) <= 0)
      add(units.ofPart(index));
  for (size_t check = 0; check < units.checks.size(); ++check)
    add(units.ofCheck(check));
  auto region = buildScope(scope, kAlways, fetches);
  if (!region)
    return region.takeError();
  append_range(plan.main, *region);
  plan.checks = units.checks;
  return Error::success();
}

Expected<PlanRegion> PlanBuilder::buildScope(ArrayRef<int> scope, int base, ArrayRef<NodeOutput> roots) {
  return RegionBuilder(units, plan, base, [&](int frame) { return buildLoop(frame); }).build(scope, roots);
}

SmallVector<int> PlanBuilder::findScope(int frame, ArrayRef<int> roots) const {
  DenseSet<int> seen;
  SmallVector<int> scope; // its end is the work list
  auto need = [&](int unit) {
    if (unit >= 0 && !isDead(unit) && seen.insert(unit).second)
      scope.push_back(unit);
  };
  auto needValue = [&](NodeOutput value) {
    if (frames.outputFrame(value.node) == frame && graph.kind(value.node) != NodeKind::LoopCond)
      need(units.makerOf(value));
  };
  for (int root : roots)
    need(units.ofNode(root));
  for (size_t i = 0; i < scope.size(); ++i) {
    for (NodeOutput input : units.inputsOf(scope[i]))
      needValue(input);
    // Constants alone may have put it into a branch, so its predicates are not among what its inputs need.
    for (Literal literal : conditions.tree().path(units.contextOf(scope[i]), conditions.loopContext(frame)))
      needValue(conditions.predicates()[literal.predicate].value);
    auto [kind, index] = units.get(scope[i]);
    if (kind != Units::Kind::Part)
      continue;
    const MergePart &part = conditions.parts()[index];
    needValue(conditions.predicates()[part.predicate].value);
    for (MergePart::Source source : part.sides)
      if (source.part >= 0)
        need(units.ofPart(source.part));
  }
  sort(scope);
  return scope;
}

/// Whether the body or the end of a loop uses something of the condition that may happen only once.
bool PlanBuilder::sharesEffects(ArrayRef<int> condition, ArrayRef<int> scope) const {
  return any_of(scope, [&](int unit) {
    if (!std::binary_search(condition.begin(), condition.end(), unit))
      return false;
    auto [kind, index] = units.get(unit);
    return (kind == Units::Kind::Node && hasEffect(graph.node(index))) ||
           (kind == Units::Kind::Loop && frames.frame(index).hasUpdates);
  });
}

Expected<int> PlanBuilder::buildLoop(int index) {
  const Frame &frame = frames.frame(index);
  PlanLoop loop;
  loop.name = frame.name;
  loop.loopCond = frame.loopCond;
  for (const CarriedValue &value : frame.carried)
    loop.carried.push_back({value.merge, value.enter, value.nextIteration});
  loop.enters = frame.enters;
  sort(loop.enters);
  int base = conditions.loopContext(index);
  SmallVector<int> condition = findScope(index, frame.loopCond), nexts;
  for (const CarriedValue &value : frame.carried)
    nexts.push_back(value.nextIteration);
  SmallVector<int> body = findScope(index, nexts), after = findScope(index, frame.exits);
  SmallVector<NodeOutput> shared;
  if (sharesEffects(condition, body) || sharesEffects(condition, after)) {
    loop.isConditionCarried = true;
    auto isShared = [&](int unit) { return std::binary_search(condition.begin(), condition.end(), unit); };
    auto share = [&](NodeOutput value) {
      if (value.output >= 0 && value.node != frame.loopCond && frames.outputFrame(value.node) == index &&
          isShared(units.makerOf(value)) && !is_contained(shared, value))
        shared.push_back(value);
    };
    for (SmallVector<int> *scope : {&body, &after}) {
      erase_if(*scope, isShared);
      for (int unit : *scope) {
        for_each(units.inputsOf(unit), share);
        for (Literal literal : conditions.tree().path(units.contextOf(unit), base))
          share(conditions.predicates()[literal.predicate].value);
      }
    }
  }
  auto build = [&](PlanRegion &region, ArrayRef<int> scope, ArrayRef<int> roots, int context) -> Error {
    SmallVector<NodeOutput> outputs;
    for (int root : roots)
      outputs.push_back({root, 0});
    if (context == base)
      append_range(outputs, shared);
    auto built = buildScope(scope, context, outputs);
    if (!built)
      return built.takeError();
    region = std::move(*built);
    return Error::success();
  };
  if (Error error = build(loop.condition, condition, frame.loopCond, base))
    return std::move(error);
  if (Error error = build(loop.body, body, nexts, conditions.extend(base, conditions.loopLiteral(index, 1))))
    return std::move(error);
  if (Error error =
          build(loop.after, after, frame.exits, conditions.extend(base, conditions.loopLiteral(index, 0))))
    return std::move(error);
  loop.shared = std::move(shared);
  plan.loops.push_back(std::move(loop));
  return static_cast<int>(plan.loops.size()) - 1;
}

/// Prints a plan with two spaces per level.
class PlanPrinter {
public:
  PlanPrinter(const Plan &plan, GraphEdges::Nodes nodes) : plan(plan), nodes(nodes), os(text) {}

  std::string print() {
    print(plan.main, 0);
    return text;
  }

private:
  std::string name(NodeOutput value) const {
    return value.node < 0
               ? "-"
               : nodes[value.node]->name() + (value.output ? ":" + std::to_string(value.output) : "");
  }
  raw_ostream &line(int depth) { return os.indent(2 * depth); }

  void print(const PlanRegion &region, int depth) {
    for (PlanStep step : region) {
      switch (step.kind) {
      case PlanStep::Kind::Node:
        line(depth) << nodes[step.index]->name() << "\n";
        break;
      case PlanStep::Kind::Cond:
        print(plan.conds[step.index], depth);
        break;
      case PlanStep::Kind::Loop:
        print(plan.loops[step.index], depth);
        break;
      case PlanStep::Kind::Check: {
        const PlanCheck &check = plan.checks[step.index];
        line(depth) << "check fetch " << check.fetch << ": " << name(check.predicate) << " == " << check.side
                    << "\n";
        break;
      }
      }
    }
  }

  void print(const PlanCond &cond, int depth) {
    for (auto [side, branch] : enumerate(cond.branches)) {
      line(depth) << "if " << name(cond.predicate) << " == " << side << "\n";
      print(branch, depth + 1);
    }
    for (const PlanResult &result : cond.results) {
      line(depth) << (result.isMerge ? "merge " : "export ") << name(result.value) << " =";
      for (NodeOutput source : result.sources)
        os << " " << name(source);
      os << "\n";
    }
  }

  void print(const PlanLoop &loop, int depth) {
    line(depth) << "loop " << loop.name << " carries";
    for (const PlanLoop::Carried &value : loop.carried)
      os << " " << name({value.merge, 0});
    os << "\n";
    line(depth) << "condition\n";
    print(loop.condition, depth + 1);
    line(depth) << "body\n";
    print(loop.body, depth + 1);
    line(depth) << "after\n";
    print(loop.after, depth + 1);
  }

  const Plan &plan;
  GraphEdges::Nodes nodes;
  std::string text;
  raw_string_ostream os;
};

} // namespace

Expected<Plan> buildPlan(const GraphEdges &edges, GraphEdges::Nodes nodes, ArrayRef<NodeOutput> fetches,
                         ArrayRef<int> targets, function_ref<bool(NodeOutput)> isCut) {
  SmallVector<int> roots(targets);
  for (NodeOutput fetch : fetches)
    if (!isCut(fetch))
      roots.push_back(fetch.node);
  auto graph = FlowGraph::build(edges, nodes, roots, isCut);
  if (!graph)
    return graph.takeError();
  Plan plan;
  if (!graph->hasControlFlow()) {
    auto order = scheduleNodes(edges, nodes, roots, isCut);
    if (!order)
      return order.takeError();
    for (int node : *order)
      plan.main.push_back({PlanStep::Kind::Node, node});
    plan.nodes = std::move(*order);
    return plan;
  }
  plan.nodes = graph->order();
  auto frames = FrameTree::build(*graph, roots);
  if (!frames)
    return frames.takeError();
  auto conditions = Conditions::build(*graph, *frames);
  if (!conditions)
    return conditions.takeError();
  if (Error error = PlanBuilder(*graph, *frames, *conditions, plan).build(fetches))
    return std::move(error);
  return plan;
}

SmallVector<int> findUnconditional(const GraphEdges &edges, GraphEdges::Nodes nodes,
                                   ArrayRef<int> candidates) {
  SmallVector<int> found(candidates);
  auto graph = FlowGraph::build(edges, nodes, candidates, [](NodeOutput) { return false; });
  auto frames = graph ? FrameTree::build(*graph, {}) : Expected<FrameTree>(graph.takeError());
  auto conditions = frames ? Conditions::build(*graph, *frames) : Expected<Conditions>(frames.takeError());
  if (!conditions) {
    consumeError(conditions.takeError());
    return found;
  }
  erase_if(found,
           [&](int node) { return frames->outputFrame(node) > 0 || conditions->contextOf(node) != kAlways; });
  return found;
}

std::string printPlan(const Plan &plan, GraphEdges::Nodes nodes) { return PlanPrinter(plan, nodes).print(); }

} // namespace tgc::flow
