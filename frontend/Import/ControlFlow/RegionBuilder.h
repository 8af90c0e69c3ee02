//===- RegionBuilder.h - Nodes of one scope as regions ---------*- C++ -*-===//
//
// A scope is the graph outside of loops, or condition, body or end of one loop. Its units (nodes, loops
// inside, parts of Merges, checks) have contexts; units of equal contexts gather in as few conditions as
// their order allows.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_FRONTEND_IMPORT_CONTROLFLOW_REGIONBUILDER_H
#define TGC_FRONTEND_IMPORT_CONTROLFLOW_REGIONBUILDER_H

#include "frontend/Import/ControlFlow/Conditions.h"
#include "frontend/Import/ControlFlow/Plan.h"

#include <map>

namespace tgc::flow {

/// Numbers all that a region orders: nodes, then loops, then parts of Merges, then checks. Constants are
/// none: they stand before everything else.
class Units {
public:
  enum class Kind : uint8_t { Node, Loop, Part, Check };

  Units(const FlowGraph &graph, const FrameTree &frames, const Conditions &conditions)
      : graph(graph), frames(frames), conditions(conditions) {}

  int ofNode(int node) const { return node; }
  int ofLoop(int frame) const { return graph.size() + frame; }
  int ofPart(int part) const { return ofLoop(frames.frames().size()) + part; }
  int ofCheck(int check) const { return ofPart(conditions.parts().size()) + check; }
  std::pair<Kind, int> get(int unit) const;

  /// The unit that makes a value, as seen from outside of the loops inside; -1 for what is there before:
  /// feeds, constants, what enters a loop and what it carries.
  int makerOf(NodeOutput value) const;
  /// What must have run before a unit.
  llvm::SmallVector<NodeOutput, 4> inputsOf(int unit) const;
  int contextOf(int unit) const;
  /// Among the units that may run, those of a lower rank and then of a lower position do.
  int rank(int unit) const;
  int position(int unit) const;

  /// Whether a node is there to say in which branch or loop something runs.
  bool isPivot(int node) const;

  const FlowGraph &graph;
  const FrameTree &frames;
  const Conditions &conditions;
  /// Checks of fetches, and their contexts.
  std::vector<PlanCheck> checks;
  std::vector<int> checkContexts;
};

class RegionBuilder {
public:
  /// Builds a loop: its index in the plan.
  using MakeLoop = llvm::function_ref<llvm::Expected<int>(int frame)>;

  /// `base` is the context of the whole scope.
  RegionBuilder(const Units &units, Plan &plan, int base, MakeLoop makeLoop)
      : units(units), plan(plan), base(base), makeLoop(makeLoop) {}

  /// Orders the units of the scope; `roots` are asked for at its end.
  llvm::Expected<PlanRegion> build(llvm::ArrayRef<int> scope, llvm::ArrayRef<NodeOutput> roots);

private:
  /// A region that is being built.
  struct Home {
    int parent; ///< the one around it
    int cond, side;
    int depth;
  };
  /// Units that are ordered together, and what they need of each other.
  struct Members;

  llvm::Expected<PlanRegion> buildRegion(llvm::ArrayRef<int> unitList, size_t level, int home);
  llvm::Expected<PlanStep> buildCond(llvm::ArrayRef<int> unitList, size_t level, int home);
  void fillResults(PlanCond &cond, llvm::ArrayRef<int> parts);
  llvm::ArrayRef<Literal> pathOf(int unit);
  int addHome(int parent, int cond, int side);
  /// Makes the values that are used outside of the branch that computes them results of its condition.
  void exportValues(llvm::ArrayRef<int> scope, llvm::ArrayRef<NodeOutput> roots);
  void exportTo(NodeOutput value, int home);

  const Units &units;
  Plan &plan;
  int base;
  MakeLoop makeLoop;
  llvm::DenseMap<int, llvm::SmallVector<Literal>> paths; ///< by context
  llvm::DenseMap<int, int> homeOf;                       ///< by unit
  std::vector<Home> homes;
  llvm::DenseMap<int, int> condOfPart;
  struct CondHomes {
    int cond, home;
    llvm::SmallVector<int, 2> branches;
  };
  std::map<int, CondHomes> condHomes;
  llvm::DenseSet<std::pair<int, std::pair<int, int>>> exported;
};

} // namespace tgc::flow

#endif // TGC_FRONTEND_IMPORT_CONTROLFLOW_REGIONBUILDER_H
