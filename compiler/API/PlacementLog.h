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
  /// Lines as TensorFlow's: "y: (MatMul): /job:localhost/replica:0/task:0/device:GPU:0". Nodes of `device`'s
  /// kernels are on the kernel's GPU, which `gpus` gives the number of; all others on the CPU.
  void print(llvm::raw_ostream &stream, const DeviceCode *device, llvm::ArrayRef<int32_t> gpus) const;

private:
  llvm::MapVector<mlir::StringAttr, mlir::StringAttr> ops; ///< by node
};

} // namespace tgc

#endif // TGC_COMPILER_API_PLACEMENTLOG_H
