//===- Placement.h - Devices that nodes name --------------------*- C++ -*-===//
#ifndef TGC_FRONTEND_IMPORT_PLACEMENT_H
#define TGC_FRONTEND_IMPORT_PLACEMENT_H

#include "frontend/Import/Import.h"
#include <map>

namespace tgc {

/// Collects what the nodes that are imported say of devices.
class Placement {
public:
  explicit Placement(const ImportOptions &options) : options(options) {}

  /// Whether the node, which stands for itself or has the device of the variable that it changes, is placed
  /// on the CPU of a program with code for a GPU. `name` is the node's with the calls that lead to it.
  bool isOnHost(const proto::NodeDef &node, llvm::StringRef device, llvm::StringRef name);

  /// Tells the module which GPU is meant; an error names a node that cannot be placed.
  llvm::Error finish(mlir::ModuleOp module) const;

private:
  const ImportOptions &options;
  /// The number of each GPU that is named, and the beginning of the error if it is not there.
  std::map<int, std::string> gpus;
  std::string error; ///< the first
};

} // namespace tgc

#endif // TGC_FRONTEND_IMPORT_PLACEMENT_H
