//===- Passes.h - Kernels for CPUs -----------------------------*- C++ -*-===//
#ifndef TGC_COMPILER_CODEGEN_CPU_PASSES_H
#define TGC_COMPILER_CODEGEN_CPU_PASSES_H

#include "dialects/Kernel/IR/KernelDialect.h"
#include "dialects/Rt/IR/RtDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace tgc {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "compiler/Codegen/CPU/Passes.h.inc"

/// How kernel.contract bufferizes.
void registerContractBufferization(mlir::DialectRegistry &registry);
} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_CPU_PASSES_H
