//===- PlanImporter.h - Imports a plan -------------------------*- C++ -*-===//
//
// Walks the regions of a plan: nodes by the handlers of their ops, conditions and loops by RegionImporter.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_FRONTEND_IMPORT_CONTROLFLOW_PLANIMPORTER_H
#define TGC_FRONTEND_IMPORT_CONTROLFLOW_PLANIMPORTER_H

#include "dialects/Tg/IR/TgOps.h"
#include "frontend/Import/ControlFlow/Plan.h"
#include "frontend/Import/GraphImporter.h"
#include "frontend/Import/RegionImporter.h"

namespace tgc::flow {

class PlanImporter {
public:
  PlanImporter(GraphImporter &graph, GraphEdges::Nodes nodes, const Plan &plan)
      : graph(graph), nodes(nodes), plan(plan) {}

  /// Imports everything. Goes on after an error, so that one run reports all that can be reported.
  mlir::LogicalResult run() { return importRegion(plan.main); }

private:
  using Values = RegionImporter::Values;

  mlir::LogicalResult importRegion(const PlanRegion &region);
  mlir::LogicalResult importNode(int node);
  mlir::LogicalResult importCond(const PlanCond &cond);
  mlir::FailureOr<Values> importBranch(const PlanCond &cond, size_t side);
  mlir::LogicalResult importLoop(const PlanLoop &loop);
  mlir::LogicalResult importCheck(const PlanCheck &check);
  /// The value of an output, found by a user at `node`; failure, and no further error, if what makes it
  /// failed.
  mlir::FailureOr<ImportedValue> getValue(NodeOutput output, int node);
  bool isInvariant(const PlanLoop &loop, const PlanLoop::Carried &carried) const;
  mlir::Location getLoc(int node) { return graph.getLoc(*nodes[node]); }

  GraphImporter &graph;
  GraphEdges::Nodes nodes;
  const Plan &plan;
  llvm::DenseSet<int> failedNodes;
};

} // namespace tgc::flow

#endif // TGC_FRONTEND_IMPORT_CONTROLFLOW_PLANIMPORTER_H
