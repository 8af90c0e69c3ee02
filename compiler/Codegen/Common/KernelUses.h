//===- KernelUses.h - The kernels that an entry runs -----------*- C++ -*-===//
//
// One list for those who measure kernels and those who describe them: what a run takes the time of.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_COMPILER_CODEGEN_COMMON_KERNELUSES_H
#define TGC_COMPILER_CODEGEN_COMMON_KERNELUSES_H

#include "compiler/Codegen/Common/KernelWork.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include <vector>

namespace tgc {

struct KernelUse {
  mlir::Operation *op;
  /// Of its function, or what it is.
  std::string name;
  /// Of the graph, in the order of the code; a few of them.
  std::string nodes;
  /// What it is made of, and whether that is all of it.
  std::vector<KernelWork> works;
  bool isKnown;
};

/// Of a module whose buffers are planned, in the order of the entry's code. Branches are the ways to run one
/// kernel, or several: all are listed.
std::vector<KernelUse> findKernels(mlir::func::FuncOp entry, const mlir::SymbolTable &symbols);

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_COMMON_KERNELUSES_H
