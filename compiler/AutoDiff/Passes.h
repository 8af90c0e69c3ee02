//===- Passes.h - Automatic differentiation --------------------*- C++ -*-===//
#ifndef TGC_COMPILER_AUTODIFF_PASSES_H
#define TGC_COMPILER_AUTODIFF_PASSES_H

#include "dialects/Tg/IR/TgDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace tgc {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "compiler/AutoDiff/Passes.h.inc"
} // namespace tgc

#endif // TGC_COMPILER_AUTODIFF_PASSES_H
