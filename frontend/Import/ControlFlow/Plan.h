//===- Plan.h - What to import in which order ------------------*- C++ -*-===//
//
// The structured form of an entry's nodes: regions of nodes, conditions with a region per branch, loops with
// regions for condition and body. A graph without control flow is one region of nodes.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_FRONTEND_IMPORT_CONTROLFLOW_PLAN_H
#define TGC_FRONTEND_IMPORT_CONTROLFLOW_PLAN_H

#include "frontend/Import/Schedule.h"

namespace tgc::flow {

/// A step: a node by index, or an element of the plan's list of that kind.
struct PlanStep {
  enum class Kind : uint8_t { Node, Cond, Loop, Check };
  Kind kind;
  int index;
};

using PlanRegion = std::vector<PlanStep>;

/// A value that a condition gives: of a Merge, or one that a branch computes for another branch of the same
/// predicate.
struct PlanResult {
  NodeOutput value;
  bool isMerge = false;
  /// Per branch: where the value comes from; node -1: the branch has none, and nobody asks then.
  llvm::SmallVector<NodeOutput, 2> sources;
  /// Of a Merge, per branch: the index of its input; -1: a condition inside the branch has made value and
  /// index.
  llvm::SmallVector<int, 2> inputs;
};

struct PlanCond {
  NodeOutput predicate;
  std::vector<PlanRegion> branches; ///< by output of Switch: the false branch comes first
  std::vector<PlanResult> results;
};

struct PlanLoop {
  std::string name; ///< of the frame
  int loopCond;
  struct Carried {
    int merge;
    int enter;
    int nextIteration;
  };
  std::vector<Carried> carried;
  std::vector<int> enters; ///< all of them; they come first
  PlanRegion condition;    ///< ends with loopCond
  PlanRegion body;         ///< ends with the NextIterations; repeats what it needs of the condition
  PlanRegion after;        ///< with the values at the end: ends with the Exits
  /// The body uses what the condition computes with effects: instead of repeating it the loop carries these
  /// values and what the condition says, which is evaluated before the loop and at the end of each turn.
  bool isConditionCarried = false;
  llvm::SmallVector<NodeOutput> shared;
};

/// A fetch that is there only if the predicate chooses that side.
struct PlanCheck {
  NodeOutput predicate;
  int side;
  int numSides;
  int fetch; ///< index of the fetch
  NodeOutput fetched;
};

struct Plan {
  std::vector<int> nodes; ///< all that are needed, inputs first (but for loops)
  PlanRegion main;
  std::vector<PlanCond> conds;
  std::vector<PlanLoop> loops;
  std::vector<PlanCheck> checks;
  /// Merges that give one of their inputs whatever happens: the index of that input.
  llvm::DenseMap<int, int> forwardedMerges;
  /// Merges whose second output is asked for: the index of the input that they give.
  llvm::DenseSet<int> indexedMerges;
};

/// Plans the nodes that `fetches` and `targets` need, `isCut` outputs being given.
llvm::Expected<Plan> buildPlan(const GraphEdges &edges, GraphEdges::Nodes nodes,
                               llvm::ArrayRef<NodeOutput> fetches, llvm::ArrayRef<int> targets,
                               llvm::function_ref<bool(NodeOutput)> isCut);

/// Those of `candidates` that can be fetched whatever the predicates say: they are in no loop and in no
/// branch. All of them if the graph makes no sense; importing it says why.
llvm::SmallVector<int> findUnconditional(const GraphEdges &edges, GraphEdges::Nodes nodes,
                                         llvm::ArrayRef<int> candidates);

/// The plan as text, indented by nesting, for tests and debugging.
std::string printPlan(const Plan &plan, GraphEdges::Nodes nodes);

} // namespace tgc::flow

#endif // TGC_FRONTEND_IMPORT_CONTROLFLOW_PLAN_H
