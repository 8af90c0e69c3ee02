//===- EntryGradients.h - Gradients that an entry asks for -----*- C++ -*-===//
//
// With ImportOptions::gradients an entry can fetch tensors that no node makes: `gradients/x:0` is the
// gradient of what the first request differentiates with respect to x:0, `gradients_1/...` belongs to the
// second request, and so on, as TensorFlow names the scopes. A request may differentiate the gradients of
// those before it.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_FRONTEND_IMPORT_ENTRYGRADIENTS_H
#define TGC_FRONTEND_IMPORT_ENTRYGRADIENTS_H

#include "frontend/Import/GraphImporter.h"

namespace tgc {

/// Resolves the name of a tensor of the graph; `what` it is, for messages.
using ResolveTensorFn =
    llvm::function_ref<llvm::Expected<NodeOutput>(const std::string &text, llvm::StringRef what)>;

/// The name under which a gradient is fetched.
std::string getGradientName(size_t request, llvm::StringRef x);

class EntryGradients {
public:
  explicit EntryGradients(const ImportOptions &options)
      : options(options), requests(options.gradients.size()) {}

  /// Whether `fetch` names a gradient.
  bool isGradient(llvm::StringRef fetch) const { return find(fetch).has_value(); }
  /// Notes that the entry needs this gradient.
  llvm::Error request(llvm::StringRef fetch, ResolveTensorFn resolve);
  /// The tensors of the graph that the requested gradients need.
  llvm::SmallVector<NodeOutput> getNeeded() const;
  /// The tensors that are differentiated with respect to.
  llvm::SmallVector<NodeOutput> getWatched() const;
  bool isEmpty() const {
    return !llvm::any_of(requests, [](const Request &r) { return r.isNeeded; });
  }

  /// The gradient that `fetch` names, built when it is first asked for.
  mlir::FailureOr<mlir::Value> get(GraphImporter &graph, llvm::StringRef fetch);

private:
  struct Request {
    bool isNeeded = false;
    llvm::SmallVector<std::optional<NodeOutput>> ys; ///< none: a gradient
    llvm::SmallVector<NodeOutput> xs;
    llvm::SmallVector<mlir::Value> gradients;
  };
  /// The request and the place in it that a name means.
  std::optional<std::pair<size_t, size_t>> find(llvm::StringRef fetch) const;
  mlir::LogicalResult build(GraphImporter &graph, size_t index);

  const ImportOptions &options;
  std::vector<Request> requests;
};

/// Adds the placeholders that tensors need to the feeds of an entry.
void feedPlaceholders(EntrySpec &spec, llvm::ArrayRef<std::string> tensors, GraphEdges::Nodes nodes,
                      const GraphEdges &edges);

/// Adds the entry that fetches all gradients and what is differentiated, unless another one fetches
/// gradients.
void addGradientEntry(std::vector<EntrySpec> &entries, const ImportOptions &options, GraphEdges::Nodes nodes,
                      const GraphEdges &edges);

/// Builds the gradients of the sum of `ys`. Fails with an error that lists those of `xs`, which have `names`,
/// that the ys do not depend on. The last `byRows` of `xs` get rows and indices, two results each.
mlir::FailureOr<llvm::SmallVector<mlir::Value>> buildGradients(EntryImporter &entry, mlir::ValueRange ys,
                                                               mlir::ValueRange xs,
                                                               llvm::ArrayRef<std::string> names,
                                                               llvm::StringRef what, size_t byRows = 0);

/// The nodes that use one of the xs, that the ys depend on, and that no gradient passes: "node a (ArgMax),
/// ...".
std::string listEnds(const ModuleImport &module, mlir::ValueRange ys, mlir::ValueRange xs);

} // namespace tgc

#endif // TGC_FRONTEND_IMPORT_ENTRYGRADIENTS_H
