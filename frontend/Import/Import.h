//===- Import.h - From TensorFlow's graphs to tg ---------------*- C++ -*-===//
//
// The importer's public face: a model and what is wanted of it go in, a module with one function per entry
// comes out.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_FRONTEND_IMPORT_IMPORT_H
#define TGC_FRONTEND_IMPORT_IMPORT_H

#include "frontend/GraphDef/Graph.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace tgc {

/// One feed of an entry. What is not given is taken from the graph.
struct FeedSpec {
  std::string tensor; ///< "x:0"
  /// Sizes that refine or replace the graph's; -1: dynamic.
  std::optional<std::vector<int64_t>> shape;
  /// Sizes of the tensor that will be fed, -1 where they vary. Gives the rank where the graph does not know
  /// it, sizes of one where the graph has unknown ones (whether a dimension is one decides about broadcasting
  /// and Squeeze), and the length of integer vectors, which may be shapes.
  std::optional<std::vector<int64_t>> fed;
  /// All sizes that the graph leaves open are those that will be fed.
  bool isFedExactly = false;
  /// Integers that will be fed, where the entry is made for them.
  std::optional<std::vector<int64_t>> elements = std::nullopt;
};

/// One (feeds, fetches, targets) triple, as Session.run takes it.
struct EntrySpec {
  std::string name;
  std::vector<FeedSpec> feeds;
  std::vector<std::string> fetches; ///< "y:0" or "y"
  std::vector<std::string> targets; ///< operation names
};

/// The gradients of the sum of some tensors with respect to others, as tf.gradients takes them.
struct GradientRequest {
  std::vector<std::string> ys, xs; ///< "y:0"; gradients of earlier requests may be differentiated
};

/// What a training step does: minimises a loss with an optimizer.
struct TrainingRequest {
  std::string loss;
  std::string optimizer; ///< "adam:learning_rate=1e-3,beta1=0.9"
  /// Extended regular expression that the names of the variables to train begin with; "": all that the loss
  /// depends on.
  std::string trainable;
  double clipNorm = 0; ///< gradients are scaled to this global norm at most; 0: as they are
};

struct ImportOptions {
  /// None: the signatures of a SavedModel, or else one entry `main` that feeds the placeholders which the
  /// tensors that nobody consumes need, and fetches those.
  std::vector<EntrySpec> entries;
  /// Entries can fetch `gradients/x:0`, `gradients_1/x:0` ... If none does, an entry `gradients` is added
  /// that fetches all.
  std::vector<GradientRequest> gradients;
  /// Entries can run the target `train`. If none does, an entry `train` is added that runs it and fetches the
  /// loss.
  std::optional<TrainingRequest> training;
  /// The signature whose feeds and fetches make the entry, if `entries` is empty; "": all.
  std::string signature;
  /// Sizes of feeds by tensor name, for any entry.
  llvm::StringMap<std::vector<int64_t>> shapes;
  /// Values of the variables; "": the SavedModel's own, if it has some.
  std::string checkpoint;
  /// Variables become constants.
  bool freeze = false;
  /// Values of tensors that become constants, by tensor name: "true", "0.5", ...; of every element.
  llvm::StringMap<std::string> constants;
  /// Assert and CheckNumerics are left out.
  bool stripAsserts = false;
  /// Every node that makes a NaN ends the run.
  bool checkNumerics = false;
  /// There is code for a GPU, too: nodes that the graph places on the CPU stay there.
  bool hasGpu = false;
  /// Nodes that name a device that is not there are placed elsewhere; otherwise each is an error.
  bool allowSoftPlacement = true;
  /// A loop that goes on for longer ends the run, also where it is unrolled; 0: it may go on.
  int64_t maxIterations = 0;
};

/// Imports what the entries need. The module refers to the model's memory for its constants, so the model
/// must outlive it. Problems are reported through the context's diagnostic handler and summed up in the
/// error.
llvm::Expected<mlir::OwningOpRef<mlir::ModuleOp>> importModel(mlir::MLIRContext &context, const Model &model,
                                                              const ImportOptions &options);

/// Reads and imports a file. The model lives as long as the returned object.
struct ImportedModel {
  std::unique_ptr<Model> model;
  mlir::OwningOpRef<mlir::ModuleOp> module;
};
llvm::Expected<ImportedModel> importModelFile(mlir::MLIRContext &context, llvm::StringRef path,
                                              const ImportOptions &options);
/// The same for the bytes of a file; messages call it `name`.
llvm::Expected<ImportedModel> importModelBytes(mlir::MLIRContext &context, llvm::StringRef bytes,
                                               llvm::StringRef name, const ImportOptions &options);

} // namespace tgc

#endif // TGC_FRONTEND_IMPORT_IMPORT_H
