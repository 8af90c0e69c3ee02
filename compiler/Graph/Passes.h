//===- Passes.h - From tg to tg --------------------------------*- C++ -*-===//
#ifndef TGC_COMPILER_GRAPH_PASSES_H
#define TGC_COMPILER_GRAPH_PASSES_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace tgc {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "compiler/Graph/Passes.h.inc"

/// Whether an op may run although the program might not get to it: it has no effects and reads nothing that a
/// check before it has to guard. Sizes that the types do not state are taken to agree only where there is one
/// tensor.
bool isSafeToSpeculate(mlir::Operation *op);

} // namespace tgc

#endif // TGC_COMPILER_GRAPH_PASSES_H
