//===- FeedTypes.h - Types of what an entry is fed --------------*- C++ -*-===//
#ifndef TGC_FRONTEND_IMPORT_FEEDTYPES_H
#define TGC_FRONTEND_IMPORT_FEEDTYPES_H

#include "frontend/Import/EntryBuilder.h"

namespace tgc {

/// What type a tensor of a graph has if it is fed: from the caller, options, the graph's own words, and what
/// computes it there.
class FeedTypes {
public:
  FeedTypes(ModuleImport &module, GraphEdges::Nodes nodes, const GraphEdges &edges)
      : module(module), nodes(nodes), edges(edges) {}

  llvm::Expected<mlir::RankedTensorType> get(const FeedSpec &feed, NodeOutput output);

private:
  /// The shape that the graph states for a tensor: of placeholders and variables, and what TensorFlow
  /// recorded.
  std::optional<std::vector<int64_t>> getGraphShape(NodeOutput output);
  /// The shape of a tensor in the middle of the graph: what importing its producers from the placeholders on
  /// gives. None where that is not possible.
  std::optional<std::vector<int64_t>> inferShape(NodeOutput output);

  ModuleImport &module;
  GraphEdges::Nodes nodes;
  const GraphEdges &edges;
};

} // namespace tgc

#endif // TGC_FRONTEND_IMPORT_FEEDTYPES_H
