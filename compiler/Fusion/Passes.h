//===- Passes.h - Which ops share a kernel ---------------------*- C++ -*-===//
#ifndef TGC_COMPILER_FUSION_PASSES_H
#define TGC_COMPILER_FUSION_PASSES_H

#include "dialects/Kernel/IR/KernelDialect.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace tgc {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "compiler/Fusion/Passes.h.inc"
} // namespace tgc

#endif // TGC_COMPILER_FUSION_PASSES_H
