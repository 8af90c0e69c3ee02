//===- MemoryBudget.h - What intermediate values may take ------*- C++ -*-===//
#ifndef TGC_COMPILER_API_MEMORYBUDGET_H
#define TGC_COMPILER_API_MEMORYBUDGET_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/Error.h"

namespace tgc {

/// An error that lists the entries whose arena, after the phase `buffers`, has more than `budget` bytes, or
/// whose arena has a size that only the run knows.
llvm::Error checkMemory(mlir::ModuleOp module, int64_t budget);

} // namespace tgc

#endif // TGC_COMPILER_API_MEMORYBUDGET_H
