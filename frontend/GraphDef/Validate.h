//===- Validate.h - Parts of the check of a graph ----------------------------===//
//
// Private to Validate.cpp and ValidateFunctions.cpp; the public door is tgc::validateGraph.
//
//===----------------------------------------------------------------------===//

#ifndef TGC_FRONTEND_GRAPHDEF_VALIDATE_H
#define TGC_FRONTEND_GRAPHDEF_VALIDATE_H

#include "frontend/GraphDef/Graph.h"

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/Twine.h"

namespace tgc::validate {

/// Collects the problems of one file, the first ones in full.
class Problems {
public:
  explicit Problems(llvm::StringRef path) : path(path) {}
  void add(const llvm::Twine &message);
  llvm::Error take();

private:
  /// A file that is broken everywhere should not scroll its first problem away.
  static constexpr int kMostShown = 50;

  llvm::StringRef path;
  int count = 0;
  llvm::Error error = llvm::Error::success();
};

using Nodes = google::protobuf::RepeatedPtrField<proto::NodeDef>;

/// Nodes of the graph or of one function, by name. Building it checks the names.
class NodeTable {
public:
  /// `function` is empty for the graph itself.
  NodeTable(const Nodes &nodes, llvm::StringRef function, Problems &problems);
  std::optional<int> find(llvm::StringRef name) const;

  const Nodes &nodes;

private:
  llvm::StringMap<int> indices;
};

/// Inputs of all nodes. `isArgument` accepts names that are no nodes; it is null outside of functions.
void checkEdges(const NodeTable &table, llvm::StringRef function,
                llvm::function_ref<bool(llvm::StringRef)> isArgument, Problems &problems);
void checkCycles(const NodeTable &table, llvm::StringRef function, Problems &problems);
/// The functions that the graph reaches: those that nothing calls may be broken.
void checkFunctions(const proto::GraphDef &graph, Problems &problems);

} // namespace tgc::validate

#endif // TGC_FRONTEND_GRAPHDEF_VALIDATE_H
