//===- Passes.h - Entries and the module descriptor ------------*- C++ -*-===//
#ifndef TGC_COMPILER_ABI_PASSES_H
#define TGC_COMPILER_ABI_PASSES_H

#include "dialects/Rt/IR/RtDialect.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace tgc {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "compiler/ABI/Passes.h.inc"
} // namespace tgc

#endif // TGC_COMPILER_ABI_PASSES_H
