//===- PlacementLog.h - The device of each node -----------------*- C++ -*-===//
#ifndef TGC_COMPILER_API_PLACEMENTLOG_H
#define TGC_COMPILER_API_PLACEMENTLOG_H

#include "compiler/API/DeviceCode.h"
#include "llvm/ADT/MapVector.h"

namespace tgc {

/// Where each node of a program is computed, as --log-device-placement tells it.
class PlacementLog {
public:
  /// The nodes of a program as it was imported. Constants compute nothing: they are where they are used.
  void collect(mlir::ModuleOp program);
  /// Lines as TensorFlow's: "y: (MatMul): /job:localhost/replica:0/task:0/device:GPU:0", of its devices: the
  /// one that the graph names, or else the first of `gpus`, or the CPU for what has no kernel. What is fused,
  /// computed once for equal nodes, or so small that the host does it is where TensorFlow has it. Nodes of
  /// several GPUs are on that of their kernel.
  void print(llvm::raw_ostream &stream, const DeviceCode *device, llvm::ArrayRef<int32_t> gpus) const;

private:
  struct Node {
    mlir::StringAttr op;
    mlir::Location loc;
  };
  llvm::MapVector<mlir::StringAttr, Node> nodes; ///< by name
};

} // namespace tgc

#endif // TGC_COMPILER_API_PLACEMENTLOG_H
