//===- FunctionOps.h - Functions of the library ----------------*- C++ -*-===//
#ifndef TGC_FRONTEND_IMPORT_FUNCTIONOPS_H
#define TGC_FRONTEND_IMPORT_FUNCTIONOPS_H

#include "frontend/Import/NodeImporter.h"

namespace tgc {

struct ModuleImport;

/// The results of a call as the outputs of the node; an error where number or types differ from the node's.
mlir::LogicalResult setCallResults(NodeImporter &n, llvm::ArrayRef<ImportedValue> results);

/// Finds which argument a result of a function is, handed through Identity, calls, branches and loops.
class PassThrough {
public:
  explicit PassThrough(const ModuleImport &module) : module(module) {}
  /// The number of the argument, or -1.
  int find(llvm::StringRef function, int result);

private:
  using NodeTable = llvm::StringMap<const proto::NodeDef *>;
  int trace(const proto::FunctionDef &function, const NodeTable &nodes, llvm::StringRef tensor, int depth);
  int findIn(llvm::StringRef function, int result, int depth);

  const ModuleImport &module;
  llvm::StringMap<NodeTable> tables;
};

} // namespace tgc

#endif // TGC_FRONTEND_IMPORT_FUNCTIONOPS_H
