//===- Cleanup.h - Between most steps --------------------------*- C++ -*-===//
#ifndef TGC_COMPILER_CODEGEN_COMMON_CLEANUP_H
#define TGC_COMPILER_CODEGEN_COMMON_CLEANUP_H

#include "mlir/Pass/PassManager.h"

namespace tgc {
/// Canonicalization, and common subexpressions.
void addCleanup(mlir::OpPassManager &passes);
} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_COMMON_CLEANUP_H
