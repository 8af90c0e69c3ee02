//===- AttentionNests.h - Attention among the nests -------------*- C++ -*-===//
//
// Where device code is made, `kernel.attention` and `kernel.attention_grad` are nests, so that all that is
// known of nests (memory, sizes, launches) goes for them: inputs, results and loops are those of the op. The
// body, marked by an attribute, makes a score of the product, an f32, in the place of its first element,
// which may have 16 bits; of gradients also that of a product of that of its score, in the place of its
// second. No other code may take it for what it says; what has no launch becomes the op again.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_COMPILER_CODEGEN_GPU_ATTENTIONNESTS_H
#define TGC_COMPILER_CODEGEN_GPU_ATTENTIONNESTS_H

#include "compiler/Codegen/GPU/GpuF32.h"
#include "compiler/Codegen/GPU/NestChains.h"

namespace tgc {

struct KernelRecord;

struct AttentionLoops {
  llvm::SmallVector<unsigned> batches;
  unsigned query, key, depth, value;
};

/// Whether a nest is attention or its gradients; or the latter.
bool isAttention(mlir::linalg::GenericOp op);
bool isAttentionGradient(mlir::linalg::GenericOp op);
/// The inputs from which on a body gets more than a product.
unsigned getFirstExtra(mlir::linalg::GenericOp op);
AttentionLoops getAttentionLoops(mlir::linalg::GenericOp op);
/// The operand that counts a loop. Others may have size one there, and be repeated.
mlir::OpOperand &getCounter(mlir::linalg::GenericOp op, unsigned loop);

/// Of a program on buffers.
void turnAttentionIntoNests(mlir::ModuleOp program);
/// A block for each tile of queries; of gradients one for each tile of queries, and two for each of keys. On
/// tensor cores, f32 in two parts or, as products say, in one; but by threads where an element is long.
void writeAttentionKernel(const NestChain &chain, GpuF32 products, mlir::ModuleOp kernels,
                          KernelRecord &record);
void writeScalarAttention(const NestChain &chain, mlir::ModuleOp kernels, KernelRecord &record);
void writeTensorAttention(const NestChain &chain, GpuF32 products, mlir::ModuleOp kernels,
                          KernelRecord &record);
void writeScalarGradient(const NestChain &chain, mlir::ModuleOp kernels, KernelRecord &record);
void writeTensorGradient(const NestChain &chain, GpuF32 products, mlir::ModuleOp kernels,
                         KernelRecord &record);
/// The op that the nest was; the nest is gone.
mlir::Operation *turnIntoAttention(mlir::linalg::GenericOp nest);

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_GPU_ATTENTIONNESTS_H
