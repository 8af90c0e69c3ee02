//===- PackCalls.h - Calls that pack a right operand -----------*- C++ -*-===//
#ifndef TGC_COMPILER_CODEGEN_CPU_PACKCALLS_H
#define TGC_COMPILER_CODEGEN_CPU_PACKCALLS_H

#include "compiler/Codegen/CPU/ContractPlan.h"
#include "compiler/Codegen/CPU/KernelCalls.h"
#include "compiler/Codegen/CPU/Winograd.h"

namespace tgc {

/// The size of each loop, read off the operands where it is not static.
llvm::SmallVector<mlir::OpFoldResult> getLoopSizes(mlir::OpBuilder &builder, kernel::ContractOp op);

/// Appends the sizes that only the run knows.
void appendDynamic(llvm::ArrayRef<mlir::OpFoldResult> sizes, llvm::SmallVectorImpl<mlir::Value> &arguments);

/// The sizes, with arguments of a function for those that only the run knows.
llvm::SmallVector<mlir::OpFoldResult> replaceDynamic(llvm::ArrayRef<mlir::OpFoldResult> sizes,
                                                     llvm::ArrayRef<mlir::BlockArgument> arguments);

/// Packs the right operand in new memory, by a function whose name begins with `prefix`.
mlir::Value packRhs(mlir::OpBuilder &builder, KernelCalls &kernels, llvm::StringRef prefix,
                    kernel::ContractOp op, const ContractPlan &plan,
                    llvm::ArrayRef<mlir::OpFoldResult> sizes);

/// The same for the filter of a convolution by tiles, which is transformed.
mlir::Value transformFilter(mlir::OpBuilder &builder, KernelCalls &kernels, kernel::ContractOp op,
                            const WinogradPlan &plan);

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_CPU_PACKCALLS_H
