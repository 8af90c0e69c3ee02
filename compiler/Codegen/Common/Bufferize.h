//===- Bufferize.h - Tensors to memrefs ------------------------*- C++ -*-===//
#ifndef TGC_COMPILER_CODEGEN_COMMON_BUFFERIZE_H
#define TGC_COMPILER_CODEGEN_COMMON_BUFFERIZE_H

#include "mlir/IR/DialectRegistry.h"
#include "mlir/Pass/PassManager.h"

namespace tgc {
/// From tensors to memrefs with the identity layout; what is left to allocate is `memref.alloc`.
void buildBufferizationPipeline(mlir::OpPassManager &passes);

/// How tg.host_call bufferizes.
void registerHostCallBufferization(mlir::DialectRegistry &registry);
} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_COMMON_BUFFERIZE_H
