//===- BranchSteps.h - Ops that may run beside others ----------*- C++ -*-===//
#ifndef TGC_COMPILER_CODEGEN_CPU_BRANCHSTEPS_H
#define TGC_COMPILER_CODEGEN_CPU_BRANCHSTEPS_H

#include "compiler/Codegen/Common/MemoryEffects.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace tgc {

/// An op that may run beside others.
struct Step {
  mlir::Operation *op;
  Effects effects;
  /// In multiplications of a kernel; unknown sizes count as some.
  int64_t work;
};

/// A step's work; nothing for an op that cannot be a step.
std::optional<int64_t> getWork(mlir::Operation *op);

/// Whether only the run knows the op's work.
bool hasOpenWork(mlir::Operation *op);

/// The work of this run.
mlir::OpFoldResult computeWork(mlir::OpBuilder &builder, const Step &step);

/// The kernel that the op calls if the work of the run is small.
mlir::func::CallOp getSerialCall(mlir::Operation *op);

/// The values that the op, or the serial call that it chooses, uses.
llvm::SmallVector<mlir::Value> getArguments(mlir::Operation *op);

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_CPU_BRANCHSTEPS_H
