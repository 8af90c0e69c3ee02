//===- PtxEmitter.h - Kernels as PTX ----------------------------*- C++ -*-===//
#ifndef TGC_COMPILER_TARGET_PTXEMITTER_H
#define TGC_COMPILER_TARGET_PTXEMITTER_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Error.h"
#include <string>

namespace tgc {

/// Understands "cuda" (sm_80) and "cuda:<chip>"; gives the chip.
llvm::Expected<std::string> parseCudaTarget(llvm::StringRef target);

struct PtxKernel {
  /// Of the graph.
  std::string node;
  unsigned threads = 0;
  /// A processor runs no more than one block of it at a time, which may have all registers.
  bool isAlone = false;
  /// Blocks that see each other's shared memory.
  unsigned cluster = 1;
};

/// The text of a module in the LLVM dialect whose functions are all kernels. .loc lines lead to their nodes.
llvm::Expected<std::string> emitPtx(mlir::ModuleOp kernels, const llvm::StringMap<PtxKernel> &described,
                                    llvm::StringRef chip);

} // namespace tgc

#endif // TGC_COMPILER_TARGET_PTXEMITTER_H
