//===- RandomPlanTest.cpp - Plans of random graphs ----------------------------===//
//
// Graphs of random nodes, most of which make no sense, must give an error or a plan in which every step finds
// its inputs: made before it, in its region or around it.
//
//===----------------------------------------------------------------------===//

#include "FlowGraphText.h"

#include "frontend/Import/ControlFlow/FlowGraph.h"

#include <algorithm>
#include <random>

using namespace llvm;
using namespace tgc;
using namespace tgc::flow;

namespace {

/// Walks a plan and says which step lacks an input.
class PlanChecker {
public:
  PlanChecker(const Plan &plan, const GraphEdges &edges, GraphEdges::Nodes nodes)
      : plan(plan), edges(edges), nodes(nodes) {}

  std::string problem;

  void check(const PlanRegion &region) {
    for (PlanStep step : region)
      check(step);
  }

private:
  using Visible = DenseSet<int>;

  void need(int node, int user) {
    if (!visible.contains(node) && problem.empty())
      problem = nodes[user]->name() + " lacks " + nodes[node]->name();
  }

  void checkNode(int node) {
    NodeKind kind = getNodeKind(*nodes[node]);
    auto forwarded = plan.forwardedMerges.find(node);
    for (auto [i, input] : enumerate(edges.dataInputs(node)))
      if (!(kind == NodeKind::Switch && i == 1) &&
          !(forwarded != plan.forwardedMerges.end() && static_cast<int>(i) != forwarded->second))
        need(input.node, node);
    visible.insert(node);
  }

  void check(PlanStep step) {
    switch (step.kind) {
    case PlanStep::Kind::Node:
      return checkNode(step.index);
    case PlanStep::Kind::Check:
      return need(plan.checks[step.index].predicate.node, plan.checks[step.index].predicate.node);
    case PlanStep::Kind::Cond:
      return checkCond(plan.conds[step.index]);
    case PlanStep::Kind::Loop:
      return checkLoop(plan.loops[step.index]);
    }
  }

  void checkCond(const PlanCond &cond) {
    need(cond.predicate.node, cond.predicate.node);
    Visible before = visible;
    for (auto [side, branch] : enumerate(cond.branches)) {
      check(branch);
      for (const PlanResult &result : cond.results)
        if (result.sources[side].node >= 0)
          need(result.sources[side].node, result.value.node);
      visible = before;
    }
    for (const PlanResult &result : cond.results)
      visible.insert(result.value.node);
  }

  void checkLoop(const PlanLoop &loop) {
    for (int enter : loop.enters)
      checkNode(enter);
    for (const PlanLoop::Carried &carried : loop.carried)
      visible.insert(carried.merge);
    Visible before = visible;
    check(loop.condition);
    need(loop.loopCond, loop.loopCond);
    visible = before;
    check(loop.body);
    for (const PlanLoop::Carried &carried : loop.carried)
      need(carried.nextIteration, carried.merge);
    visible = before;
    check(loop.after);
  }

  const Plan &plan;
  const GraphEdges &edges;
  GraphEdges::Nodes nodes;
  Visible visible;
};

/// A graph in the style of tf.cond and tf.while_loop, nested at random, and what it gives.
class Writer {
public:
  explicit Writer(unsigned seed) : random(seed) {}

  std::vector<proto::NodeDef> nodes;

  std::string add(StringRef op, std::vector<std::string> inputs, StringRef frame = "",
                  bool isConstant = false) {
    proto::NodeDef &node = nodes.emplace_back();
    node.set_name("n" + std::to_string(nodes.size()));
    node.set_op(op.str());
    for (const std::string &input : inputs)
      node.add_input(input);
    if (!frame.empty()) {
      (*node.mutable_attr())["frame_name"].set_s(frame.str());
      (*node.mutable_attr())["is_constant"].set_b(isConstant);
    }
    return node.name();
  }

  /// Some nodes on `values`, which grow by what they compute.
  void write(std::vector<std::string> &values, int depth) {
    for (int count = 2 + pick(4); count > 0; --count) {
      int what = depth > 0 ? pick(5) : 0;
      if (what < 3)
        values.push_back(add("Add", {any(values), any(values)}));
      else if (what == 3)
        writeCond(values, depth);
      else
        writeLoop(values, depth);
    }
  }

  int pick(int count) { return static_cast<int>(random() % count); }
  const std::string &any(const std::vector<std::string> &values) { return values[pick(values.size())]; }

private:
  void writeCond(std::vector<std::string> &values, int depth) {
    // Conditions of one level may share their predicate, or its negation.
    std::string &shared = predicates[depth];
    if (shared.empty() || !llvm::is_contained(values, shared)) {
      shared = add("Test", {any(values)});
      values.push_back(shared);
    }
    std::string predicate =
        pick(3) ? add("Test", {any(values)}) : add(pick(2) ? "Identity" : "LogicalNot", {shared});
    std::vector<std::string> sides[2];
    for (int captured = 1 + pick(3); captured > 0; --captured) {
      std::string node = add("Switch", {any(values), predicate});
      sides[0].push_back(node);
      sides[1].push_back(node + ":1");
    }
    write(sides[0], depth - 1);
    write(sides[1], depth - 1);
    for (int results = 1 + pick(2); results > 0; --results)
      values.push_back(add("Merge", {any(sides[0]), any(sides[1])}));
    if (pick(3))
      return;
    // A backward branch, which reads values of the forward branch.
    std::vector<std::string> backward = {add("Switch", {values.back(), predicate}) + ":1", any(sides[1])};
    write(backward, 0);
    values.push_back(add("Merge", {backward.back(), add("Switch", {values.back(), predicate})}));
  }

  void writeLoop(std::vector<std::string> &values, int depth) {
    std::string frame = "f" + std::to_string(nodes.size());
    std::vector<std::string> merges, invariants, body;
    std::vector<size_t> mergeIndex;
    for (int carried = 1 + pick(3); carried > 0; --carried) {
      std::string enter = add("Enter", {any(values)}, frame);
      mergeIndex.push_back(nodes.size());
      merges.push_back(add("Merge", {enter}));
    }
    invariants.push_back(add("Enter", {any(values)}, frame, true));
    std::vector<std::string> condition = merges;
    condition.push_back(invariants.back());
    write(condition, depth > 1 && !pick(4) ? 1 : 0);
    std::string go = add("LoopCond", {condition.back()});
    std::vector<std::string> exits;
    for (const std::string &merge : merges) {
      std::string node = add("Switch", {merge, go});
      body.push_back(node + ":1");
      exits.push_back(node);
    }
    if (pick(2))
      body.push_back(invariants.back());
    if (pick(2))
      body.push_back(condition.back());
    write(body, depth - 1);
    for (size_t index : mergeIndex) {
      std::string next = add("NextIteration", {body[body.size() - 1 - pick(2)]});
      nodes[index].add_input(next);
    }
    for (const std::string &node : exits)
      values.push_back(add("Exit", {node}));
  }

  std::mt19937 random;
  std::string predicates[8]; ///< by depth
};

/// "": a plan that is right; "error": no plan; else what is wrong with it.
std::string tryPlan(const std::vector<proto::NodeDef> &storage, int fetch, std::string *message = nullptr) {
  std::vector<const proto::NodeDef *> nodes;
  for (const proto::NodeDef &node : storage)
    nodes.push_back(&node);
  GraphEdges edges = cantFail(GraphEdges::build(nodes, false));
  auto plan = buildPlan(edges, nodes, NodeOutput{fetch, 0}, {}, [](NodeOutput) { return false; });
  if (!plan) {
    std::string text = toString(plan.takeError());
    if (message)
      *message = text;
    return "error";
  }
  PlanChecker checker(*plan, edges, nodes);
  checker.check(plan->main);
  return checker.problem;
}

TEST(RandomPlan, StructuredGraphs) {
  for (unsigned seed = 0; seed < 400; ++seed) {
    Writer writer(seed);
    std::vector<std::string> values = {writer.add("Placeholder", {}), writer.add("Placeholder", {})};
    writer.write(values, 3);
    std::string message;
    std::string problem = tryPlan(writer.nodes, writer.nodes.size() - 1, &message);
    EXPECT_EQ(problem, "") << "seed " << seed << ": " << message;
  }
}

TEST(RandomPlan, GraphsWithoutSense) {
  const char *ops[] = {"Add",  "Switch",        "Switch",   "Merge", "Enter",
                       "Exit", "NextIteration", "LoopCond", "Const", "Identity"};
  int plans = 0;
  for (unsigned seed = 0; seed < 4000; ++seed) {
    Writer writer(seed);
    int count = 4 + writer.pick(12);
    for (int i = 0; i < count; ++i) {
      StringRef op = ops[writer.pick(std::size(ops))];
      // NextIteration and Merge may look ahead.
      auto input = [&]() {
        int node = op == "Merge" ? writer.pick(count) : writer.pick(std::max(i, 1));
        std::string name = "n" + std::to_string(node + 1);
        return writer.pick(4) ? name : writer.pick(2) ? name + ":1" : "^" + name;
      };
      std::vector<std::string> inputs;
      for (int k = op == "Const" || i == 0                          ? 0
                   : op == "Switch" || op == "Merge" || op == "Add" ? 2
                                                                    : 1;
           k > 0; --k)
        inputs.push_back(input());
      std::stable_partition(inputs.begin(), inputs.end(),
                            [](const std::string &text) { return text[0] != '^'; });
      writer.add(i == 0 ? "Placeholder" : op, inputs, op == "Enter" ? (writer.pick(2) ? "f" : "g") : "",
                 writer.pick(2));
    }
    std::string problem = tryPlan(writer.nodes, count - 1);
    plans += problem.empty();
    EXPECT_TRUE(problem.empty() || problem == "error") << "seed " << seed << ": " << problem;
  }
  EXPECT_GT(plans, 100);
}

} // namespace
