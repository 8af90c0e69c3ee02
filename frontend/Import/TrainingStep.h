//===- TrainingStep.h - The target `train` of an entry ---------*- C++ -*-===//
//
// With ImportOptions::training an entry can run the target `train`, which no node of the graph is: one step
// of an optimizer that makes the loss smaller. Variables, slots and the order of updates are those of
// TensorFlow's `minimize`, so that checkpoints of either resume in the other.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_FRONTEND_IMPORT_TRAININGSTEP_H
#define TGC_FRONTEND_IMPORT_TRAININGSTEP_H

#include "frontend/Import/EntryGradients.h"
#include "frontend/Import/OptimizerKinds.h"

namespace tgc {

constexpr llvm::StringLiteral kTrainTarget = "train";

class TrainingStep {
public:
  TrainingStep(const ImportOptions &options, const GraphEdges &edges, GraphEdges::Nodes nodes)
      : options(options), edges(edges), nodes(nodes) {}

  /// Whether `target` is the training step.
  bool isTrainingStep(llvm::StringRef target) const { return options.training && target == kTrainTarget; }
  /// Notes that the entry trains.
  llvm::Error request(ResolveTensorFn resolve);
  bool isRequested() const { return optimizer.kind; }
  /// The tensors of the graph that it needs: the loss, hyperparameters that are tensors, the counter of
  /// steps.
  llvm::SmallVector<NodeOutput> getNeeded() const;
  /// Builds the gradients and writes the variables.
  mlir::LogicalResult build(GraphImporter &graph);

private:
  struct Trained {
    std::string name;
    mlir::Value gradient;
    mlir::Value indices; ///< of a gradient that has only some rows; else null
  };
  mlir::FailureOr<llvm::SmallVector<Trained>> getGradients(GraphImporter &graph);
  mlir::FailureOr<llvm::SmallVector<std::string>> chooseVariables(EntryImporter &entry, mlir::Value loss);
  mlir::LogicalResult clip(GraphImporter &graph, llvm::MutableArrayRef<Trained> trained);
  mlir::LogicalResult declareSlot(EntryImporter &entry, const std::string &name, mlir::RankedTensorType type,
                                  llvm::StringRef initial);
  mlir::LogicalResult update(GraphImporter &graph, Trained trained);
  mlir::LogicalResult descendRows(GraphImporter &graph, const Trained &trained);
  mlir::FailureOr<bool> prepareRows(GraphImporter &graph, Trained &trained);
  mlir::FailureOr<mlir::Value> getHyperparameter(GraphImporter &graph, llvm::StringRef key,
                                                 mlir::Type element);
  mlir::LogicalResult decayWeights(GraphImporter &graph, llvm::ArrayRef<Trained> trained);
  mlir::LogicalResult limitNorms(GraphImporter &graph, llvm::ArrayRef<Trained> trained);
  mlir::LogicalResult updateAverages(GraphImporter &graph, llvm::ArrayRef<Trained> trained);
  mlir::LogicalResult advancePowers(GraphImporter &graph);
  mlir::LogicalResult advanceGlobalStep(GraphImporter &graph);

  const ImportOptions &options;
  const GraphEdges &edges;
  GraphEdges::Nodes nodes;
  OptimizerChoice optimizer;
  NodeOutput loss{-1, 0};
  llvm::StringMap<NodeOutput> tensors; ///< hyperparameters that the graph computes, by key
  int globalStep = -1;                 ///< the node of the counter, or -1
};

/// Adds the entry that runs the training step and fetches the loss, unless another one trains; and with it,
/// to a graph that has an op `init`, the entry that runs that.
void addTrainingEntry(std::vector<EntrySpec> &entries, const ImportOptions &options, GraphEdges::Nodes nodes,
                      const GraphEdges &edges);

} // namespace tgc

#endif // TGC_FRONTEND_IMPORT_TRAININGSTEP_H
