//===- ContractEmitter.h - Loops and vectors of a contraction --*- C++ -*-===//
#ifndef TGC_COMPILER_CODEGEN_CPU_CONTRACTEMITTER_H
#define TGC_COMPILER_CODEGEN_CPU_CONTRACTEMITTER_H

#include "compiler/Codegen/CPU/ContractPlan.h"
#include "mlir/IR/IRMapping.h"

namespace tgc {

/// What the body of a kernel's function computes with.
struct ContractOperands {
  mlir::Value lhs, rhs, init;
  llvm::SmallVector<mlir::Value> extras;
  /// The size of each loop.
  llvm::SmallVector<mlir::OpFoldResult> loopSizes;
  /// Strides of `rhs` along the summed loop and from panel to panel, where the call chooses its form.
  mlir::Value rhsSumStride, rhsPanelStride;
  /// Where the values that the epilogue captures stand in the function.
  mlir::IRMapping captured;
  /// The share of this call: panels if `byColumns` is set, else units (row tiles over all outer loops).
  mlir::Value byColumns, begin, end;
};

/// Emits the kernel at `builder`.
void emitContraction(mlir::OpBuilder &builder, kernel::ContractOp op, const ContractPlan &plan,
                     const ContractOperands &operands);

/// Emits loops that pack the panels [begin, end), over all batches, of `rhs` into `packed`, in the order of
/// `panel_width`.
void emitPacking(mlir::OpBuilder &builder, kernel::ContractOp op, const ContractPlan &plan, mlir::Value rhs,
                 mlir::Value packed, llvm::ArrayRef<mlir::OpFoldResult> loopSizes, mlir::Value begin,
                 mlir::Value end);

/// The same for steps [`step`, `step` + `count`) of the only summed loop of the panels from `begin` to before
/// `end`, which lie as ContractPlan::getPackedSteps() says.
void emitBlockPacking(mlir::OpBuilder &builder, mlir::Location loc, const ContractPlan &plan,
                      const LinearAccess &rhs, mlir::Value packed, mlir::OpFoldResult columns,
                      mlir::Value begin, mlir::Value end, mlir::OpFoldResult step, mlir::OpFoldResult count);

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_CPU_CONTRACTEMITTER_H
