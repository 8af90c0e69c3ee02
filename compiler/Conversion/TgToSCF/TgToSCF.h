//===- TgToSCF.h - Conversion of control flow to scf -----------*- C++ -*-===//
#ifndef TGC_COMPILER_CONVERSION_TGTOSCF_TGTOSCF_H
#define TGC_COMPILER_CONVERSION_TGTOSCF_TGTOSCF_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace tgc {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "compiler/Conversion/TgToSCF/Passes.h.inc"
} // namespace tgc

#endif // TGC_COMPILER_CONVERSION_TGTOSCF_TGTOSCF_H
