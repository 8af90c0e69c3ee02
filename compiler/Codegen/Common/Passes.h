//===- Passes.h - Buffers and LLVM, for every target -----------*- C++ -*-===//
#ifndef TGC_COMPILER_CODEGEN_COMMON_PASSES_H
#define TGC_COMPILER_CODEGEN_COMMON_PASSES_H

#include "dialects/Rt/IR/RtDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace tgc {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "compiler/Codegen/Common/Passes.h.inc"
} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_COMMON_PASSES_H
