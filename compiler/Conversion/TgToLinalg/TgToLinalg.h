//===- TgToLinalg.h - Conversion of tg to linalg ---------------*- C++ -*-===//
#ifndef TGC_COMPILER_CONVERSION_TGTOLINALG_TGTOLINALG_H
#define TGC_COMPILER_CONVERSION_TGTOLINALG_TGTOLINALG_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace tgc {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "compiler/Conversion/TgToLinalg/Passes.h.inc"
} // namespace tgc

#endif // TGC_COMPILER_CONVERSION_TGTOLINALG_TGTOLINALG_H
