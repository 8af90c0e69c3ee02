//===- FlowGraph.h - What an entry needs of a graph with control flow -*- C++ -*-===//
//
// The first form of TensorFlow's control flow is made of nodes: Switch and Merge for conditions, Enter,
// NextIteration, Exit and LoopCond for loops. A FlowGraph is the part of such a graph that an entry needs,
// with the edges that feeds do not cut. Nothing here knows MLIR's IR.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_FRONTEND_IMPORT_CONTROLFLOW_FLOWGRAPH_H
#define TGC_FRONTEND_IMPORT_CONTROLFLOW_FLOWGRAPH_H

#include "frontend/Import/Schedule.h"

#include "llvm/ADT/DenseSet.h"

namespace tgc::flow {

enum class NodeKind : uint8_t {
  Plain,
  Constant, ///< a value wherever it stands: branches and loops do not matter to it, nor what happened before
  Switch,   ///< also RefSwitch and _SwitchN
  Merge,
  Enter,
  Exit,
  NextIteration,
  LoopCond,
  ControlTrigger, ///< runs even if its inputs did not
};

NodeKind getNodeKind(const proto::NodeDef &node);

class FlowGraph {
public:
  using Nodes = GraphEdges::Nodes;

  /// The nodes that `roots` need. Fails if an op of control flow has the wrong number of inputs, or on a
  /// cycle that no NextIteration closes.
  static llvm::Expected<FlowGraph> build(const GraphEdges &edges, Nodes nodes, llvm::ArrayRef<int> roots,
                                         llvm::function_ref<bool(NodeOutput)> isCut);

  int size() const { return static_cast<int>(kinds.size()); }
  NodeKind kind(int node) const { return kinds[node]; }
  /// Data inputs that no feed cuts, then control inputs (of output -1).
  llvm::ArrayRef<NodeOutput> inputs(int node) const { return inputLists[node]; }
  /// All data inputs, in order.
  llvm::ArrayRef<NodeOutput> dataInputs(int node) const { return edges->dataInputs(node); }
  bool isUpdate(int node) const { return edges->isUpdate(node); }
  bool isCut(NodeOutput output) const { return cut.contains({output.node, output.output}); }
  /// The needed nodes, inputs first, but for what NextIteration carries back.
  llvm::ArrayRef<int> order() const { return topologicalOrder; }
  /// Whether there is anything to raise.
  bool hasControlFlow() const { return hasFlow; }

  const proto::NodeDef &node(int index) const { return *nodes[index]; }
  /// "node y (MatMul)".
  std::string describe(int index) const { return "node " + describeNode(*nodes[index]); }

private:
  llvm::Error findNeeded(llvm::ArrayRef<int> roots, llvm::function_ref<bool(NodeOutput)> isCut);
  llvm::Error findOrder();
  void findOrderedConstants();

  const GraphEdges *edges = nullptr;
  Nodes nodes;
  std::vector<NodeKind> kinds;
  std::vector<char> needed;
  std::vector<llvm::SmallVector<NodeOutput, 3>> inputLists;
  llvm::DenseSet<std::pair<int, int>> cut;
  std::vector<int> topologicalOrder;
  bool hasFlow = false;
};

} // namespace tgc::flow

#endif // TGC_FRONTEND_IMPORT_CONTROLFLOW_FLOWGRAPH_H
