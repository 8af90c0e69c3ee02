//===- KernelCalls.h - Calls of kernels whose sizes are known --*- C++ -*-===//
#ifndef TGC_FRONTEND_IMPORT_KERNELCALLS_H
#define TGC_FRONTEND_IMPORT_KERNELCALLS_H

#include "frontend/Import/NodeImporter.h"

namespace tgc {

/// What a kernel gives: a tensor of these sizes.
struct KernelResult {
  llvm::SmallVector<mlir::OpFoldResult> sizes;
  mlir::Type element;
};

/// Calls a kernel; its results have the sizes that are stated.
llvm::SmallVector<mlir::Value> callKernel(NodeImporter &n, llvm::StringRef kernel, mlir::ValueRange operands,
                                          llvm::ArrayRef<KernelResult> results,
                                          const llvm::Twine &config = "", bool isPure = true);

/// Sets the first outputs of the node.
void setResults(NodeImporter &n, mlir::ValueRange results);

/// An error unless the inputs from `first` on have these ranks; -1: any.
mlir::LogicalResult requireRanks(NodeImporter &n, size_t first, llvm::ArrayRef<int64_t> ranks);

} // namespace tgc

#endif // TGC_FRONTEND_IMPORT_KERNELCALLS_H
