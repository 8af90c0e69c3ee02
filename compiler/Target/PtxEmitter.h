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

/// The text of a module in the LLVM dialect whose functions are all kernels. Each has a node of the graph:
/// .loc lines lead to it.
llvm::Expected<std::string> emitPtx(mlir::ModuleOp kernels, const llvm::StringMap<std::string> &nodes,
                                    llvm::StringRef chip);

} // namespace tgc

#endif // TGC_COMPILER_TARGET_PTXEMITTER_H
