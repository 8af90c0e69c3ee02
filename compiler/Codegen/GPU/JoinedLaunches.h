//===- JoinedLaunches.h - Independent kernels as one launch -----*- C++ -*-===//
#ifndef TGC_COMPILER_CODEGEN_GPU_JOINEDLAUNCHES_H
#define TGC_COMPILER_CODEGEN_GPU_JOINEDLAUNCHES_H

#include "compiler/Codegen/GPU/DeviceProgram.h"
#include "dialects/Rt/IR/RtDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseMap.h"

namespace tgc {

/// The memory that a launch touches, as bases of DeviceMemory.
struct LaunchUses {
  llvm::SmallVector<mlir::Value, 0> read, written;
};

/// Of an entry's launches.
using LaunchUsesOf = llvm::DenseMap<mlir::Operation *, LaunchUses>;

/// Makes one kernel of several.
class KernelJoiner {
public:
  /// `used` are the records that launches number; a joined kernel is a new one at its end.
  KernelJoiner(DeviceProgram &device, std::vector<KernelRecord> &used) : device(device), used(used) {}

  /// Whether its blocks need nothing of their processor but threads, as many as all others that can.
  bool canJoin(rt::LaunchOp launch) const;
  /// Puts one launch before `point` that does what all of them do, whose blocks come one after another. They
  /// are of one GPU, touch nothing that another one writes, and go. More than a kernel's parameters hold
  /// become several launches.
  void join(llvm::ArrayRef<rt::LaunchOp> launches, mlir::Operation *point);

private:
  void joinAll(llvm::ArrayRef<rt::LaunchOp> launches, mlir::Operation *point);
  const KernelRecord &recordOf(rt::LaunchOp launch) const { return used[launch.getKernel()]; }

  DeviceProgram &device;
  std::vector<KernelRecord> &used;
  unsigned numNamed = 0;
};

/// Goes through the blocks of an entry with launches and copies, and joins what does not depend on each
/// other. Kernels that change variables, which is what optimizers are, wait for each other across all that
/// has nothing to do with them; others only while no large kernel comes between, for what they read and write
/// lives as long.
void joinLaunches(mlir::func::FuncOp entry, const LaunchUsesOf &uses, KernelJoiner &joiner,
                  llvm::function_ref<mlir::Value(mlir::Value)> findBase);

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_GPU_JOINEDLAUNCHES_H
