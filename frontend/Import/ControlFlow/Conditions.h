//===- Conditions.h - Which branches a node runs in ------------*- C++ -*-===//
//
// A Switch gives its value on one of its outputs; nodes run only if all their inputs are there, a Merge if
// one is. So each node has a context: the list of (predicate, side) that must hold for it to run. Contexts
// form a tree, context 0 being "always". A Merge of all sides of a predicate is back in the context around
// it.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_FRONTEND_IMPORT_CONTROLFLOW_CONDITIONS_H
#define TGC_FRONTEND_IMPORT_CONTROLFLOW_CONDITIONS_H

#include "frontend/Import/ControlFlow/Frames.h"

namespace tgc::flow {

/// What a Switch decides by.
struct Predicate {
  NodeOutput value;
  int numSides;
  int position; ///< in the order of the graph
};

/// "The predicate chooses this output."
struct Literal {
  int predicate;
  int side;
  bool operator==(const Literal &other) const { return predicate == other.predicate && side == other.side; }
};

constexpr int kAlways = 0;
constexpr int kNever = 1; ///< for nodes whose inputs exclude each other

/// Conditions nested deeper are an error: whoever walks them recurses.
constexpr int kMaxConditionDepth = 1000;

class ContextTree {
public:
  ContextTree() : contexts(2) {}

  int parent(int context) const { return contexts[context].parent; }
  Literal last(int context) const { return contexts[context].literal; }
  int depth(int context) const { return contexts[context].depth; }
  /// The context in which `literal` holds too: itself if it is implied, kNever if it is excluded.
  int extend(int context, Literal literal);
  /// The context in which both hold.
  int unite(int a, int b, llvm::ArrayRef<Predicate> predicates);
  bool isWithin(int context, int outer) const { return ancestor(context, depth(outer)) == outer; }
  int commonAncestor(int a, int b) const;
  /// The ancestor at that depth; the context itself if it is less deep.
  int ancestor(int context, int depth) const;
  /// The literals between `outer`, exclusive, and `context`; those that `outer` implies are left out if it is
  /// no ancestor.
  llvm::SmallVector<Literal> path(int context, int outer) const;

private:
  struct Context {
    int parent = -1;
    Literal literal{-1, -1};
    int depth = 0;
  };
  std::vector<Context> contexts;
  llvm::DenseMap<std::pair<int, std::pair<int, int>>, int> children;
};

/// The part of a Merge that one predicate decides: per side an input, or a further part.
struct MergePart {
  struct Source {
    int input = -1; ///< index of the input of the Merge, or
    int part = -1;  ///< index of the part; neither: there is no value
  };
  int node;
  int context; ///< in which it gives a value
  int predicate;
  llvm::SmallVector<Source, 2> sides;
};

class Conditions {
public:
  static llvm::Expected<Conditions> build(const FlowGraph &graph, const FrameTree &frames);

  int contextOf(int node) const { return contextOfNode[node]; }
  int contextOf(NodeOutput output) const;
  /// The context of the turns of a loop, and of their second half, which runs unless the loop ends.
  int loopContext(int frame) const { return loopContexts[frame]; }
  const ContextTree &tree() const { return contexts; }
  int extend(int context, Literal literal) const { return contexts.extend(context, literal); }
  llvm::ArrayRef<Predicate> predicates() const { return predicateList; }
  llvm::ArrayRef<MergePart> parts() const { return partList; }
  /// The part that gives the value of a Merge; -1 if it just forwards `forwardedInput`.
  int partOf(int merge) const { return mergePart.lookup(merge); }
  /// Whether a Merge gives what a loop carries.
  bool isCarried(int merge) const { return carriedMerges.contains(merge); }
  int forwardedInput(int merge) const { return forwarded.lookup(merge); }
  /// The literal of "the loop goes on" (side 1) or "ends" (side 0).
  Literal loopLiteral(int frame, int side) const { return {loopPredicates[frame], side}; }

private:
  Conditions(const FlowGraph &graph, const FrameTree &frames)
      : graph(&graph), frames(&frames), contextOfNode(graph.size(), kAlways),
        loopContexts(frames.frames().size(), kAlways), loopPredicates(frames.frames().size(), -1) {}

  llvm::DenseSet<int> findEarlyUnits(int frame) const;
  llvm::Error visitFrame(int frame);
  llvm::Error visitNode(int node, int base);
  int uniteInputs(int node, int base) const;
  llvm::Error visitMerge(int node, int base);
  /// Merges `inputs` into a value; the run shows whether there is one everywhere in `context`.
  llvm::Expected<MergePart::Source> resolve(int node, int context, llvm::ArrayRef<int> inputs);
  /// What must hold for `Equal(number of the input that a Merge took, constant)`, as gradients of Merge ask;
  /// empty: it is not that, or not known.
  llvm::SmallVector<Literal, 2> getChosenPath(NodeOutput value) const;
  std::optional<llvm::SmallVector<Literal, 2>> getPathOfInput(int part, int input) const;
  int getPredicate(NodeOutput value, int numSides);
  llvm::Error checkLoop(const Frame &frame, int context) const;

  const FlowGraph *graph;
  const FrameTree *frames;
  mutable ContextTree contexts;
  std::vector<int> contextOfNode;
  std::vector<int> loopContexts, loopPredicates;
  std::vector<Predicate> predicateList;
  llvm::DenseMap<std::pair<int, int>, int> predicateIds;
  /// By Switch and output: what must hold for the output to be there.
  llvm::DenseMap<int, llvm::SmallVector<llvm::SmallVector<Literal, 2>, 2>> switchLiterals;
  std::vector<MergePart> partList;
  size_t firstPart = 0; ///< of the Merge that is resolved
  llvm::DenseMap<int, int> mergePart, forwarded;
  llvm::DenseSet<int> carriedMerges;
};

} // namespace tgc::flow

#endif // TGC_FRONTEND_IMPORT_CONTROLFLOW_CONDITIONS_H
