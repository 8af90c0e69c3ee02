//===- OpNests.h - Scans, scatters, searches, random numbers ----*- C++ -*-===//
//
// Where device code is made, ops that are no nests but have kernels become nests, as attention does
// (AttentionNests.h), so that all that is known of nests (memory, sizes, launches) goes for them. A
// dictionary among a nest's attributes says what it is; no code but that kernel's may take its body for what
// it says. What has no launch becomes the op again.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_COMPILER_CODEGEN_GPU_OPNESTS_H
#define TGC_COMPILER_CODEGEN_GPU_OPNESTS_H

#include "compiler/Codegen/GPU/NestChains.h"

namespace tgc {

struct KernelRecord;

enum class OpNest {
  None,
  Scan,        ///< kernel.scan; the body combines the second element with the first
  TopK,        ///< kernel.top_k; loops are those of rows, one over a row and one over its results
  RandomState, ///< rt.host_call of a kernel that makes keys and counters
  Random,      ///< rt.host_call of one that fills a tensor with numbers; loops are those of the tensor
  Scatter,     ///< a loop that scatters rows (ScatterNests.h)
};

OpNest getOpNest(mlir::linalg::GenericOp op);

/// Of a program on buffers.
void turnOpsIntoNests(mlir::ModuleOp program);
/// The op that the nest was; the nest is gone.
mlir::Operation *turnIntoOp(mlir::linalg::GenericOp nest);

/// Whether a call does nothing but ask for the session's seed, which kernels are told.
bool asksForSeed(mlir::Operation *op);

struct Scan {
  unsigned dimension;
  bool isExclusive, isReversed;
};
Scan getScan(mlir::linalg::GenericOp nest);

/// Why no kernel finds the largest elements of these rows; empty if one does.
std::string whyNoSearch(mlir::linalg::GenericOp nest);
bool isUnsignedSearch(mlir::linalg::GenericOp nest);

struct RandomNumbers {
  enum Kind { Uniform, Integers, Normal, TruncatedNormal } kind;
  /// Of integers: the least, and how many there are; 0: all of the type.
  uint64_t low = 0, range = 0;
};
RandomNumbers getRandomNumbers(mlir::linalg::GenericOp nest);

struct RandomState {
  /// From the seed in input 0; else from a count of steps in input 0 and these seeds. The first is input 1 if
  /// the session has it.
  bool isStateless, isOfSession;
  uint64_t seed, seed2;
};
RandomState getRandomState(mlir::linalg::GenericOp nest);

/// A thread for each line, or a warp or a block where lines are few.
void writeScanKernel(const NestChain &chain, mlir::ModuleOp kernels, KernelRecord &record);
/// A warp for some of the places that rows go to, which takes the rows in their order.
void writeScatterKernel(const NestChain &chain, mlir::ModuleOp kernels, KernelRecord &record);
/// A block for each row.
void writeTopKKernel(const NestChain &chain, mlir::ModuleOp kernels, KernelRecord &record);
/// A thread for each step of the generator.
void writeRandomKernel(const NestChain &chain, mlir::ModuleOp kernels, KernelRecord &record);
void writeRandomStateKernel(const NestChain &chain, mlir::ModuleOp kernels, KernelRecord &record);

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_GPU_OPNESTS_H
