//===- Schedule.h - Which nodes an entry needs, in which order -*- C++ -*-===//
#ifndef TGC_FRONTEND_IMPORT_SCHEDULE_H
#define TGC_FRONTEND_IMPORT_SCHEDULE_H

#include "frontend/GraphDef/Graph.h"

#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/SmallVector.h"
#include <memory>

namespace tgc {

/// An output of a node of a graph, by index.
struct NodeOutput {
  int node;
  int output;
  bool operator==(const NodeOutput &other) const { return node == other.node && output == other.output; }
};

struct Collective;

/// The edges of a graph (the main one or a function's body), resolved to indices. Arguments of functions are
/// nodes too: they come first, as `_Arg`.
class GraphEdges {
public:
  using Nodes = llvm::ArrayRef<const proto::NodeDef *>;

  /// Resolves all inputs. In function bodies an input is "node:output_arg:index", in the main graph
  /// "node:index".
  static llvm::Expected<GraphEdges> build(Nodes nodes, bool isFunction);

  /// Data inputs of a node, in order; behind them, of one that runs together with others, what these were
  /// given.
  llvm::ArrayRef<NodeOutput> dataInputs(int node) const { return data[node]; }
  llvm::ArrayRef<int> controlInputs(int node) const { return control[node]; }
  /// The group of nodes with which the one of that name runs; null: it runs by itself.
  const Collective *getCollective(llvm::StringRef name) const;
  /// Index of the node of that name, or -1.
  int find(llvm::StringRef name) const;
  size_t size() const { return data.size(); }
  /// Whether a node writes a variable.
  bool isUpdate(int node) const { return updates[node]; }
  /// Calls write variables too if the functions do, which only the whole model knows.
  void findUpdates(llvm::function_ref<bool(const proto::NodeDef &)> isUpdate);
  /// Resolves the name of a tensor as an input in this graph would be.
  llvm::Expected<NodeOutput> resolve(llvm::StringRef text, llvm::StringRef user) const;

private:
  std::vector<const proto::NodeDef *> nodes;
  llvm::StringMap<int> indices;
  std::vector<llvm::SmallVector<NodeOutput, 2>> data;
  std::vector<llvm::SmallVector<int, 1>> control;
  std::vector<char> updates;
  llvm::DenseMap<int, std::shared_ptr<const Collective>> collectives;
  bool isFunction = false;
};

/// The nodes that `roots` need, `cut` outputs being given, in an order in which they can run: inputs first,
/// and of what may run, nodes that update variables last (TensorFlow leaves that race open; reads come before
/// updates here).
llvm::Expected<std::vector<int>> scheduleNodes(const GraphEdges &edges, GraphEdges::Nodes nodes,
                                               llvm::ArrayRef<int> roots,
                                               llvm::function_ref<bool(NodeOutput)> isCut);

/// Whether an op writes a variable.
bool isUpdateOp(llvm::StringRef op);

} // namespace tgc

#endif // TGC_FRONTEND_IMPORT_SCHEDULE_H
