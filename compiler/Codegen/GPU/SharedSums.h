//===- SharedSums.h - Sums that several blocks share ------------*- C++ -*-===//
//
// A product with few tiles of results and a long sum, or few rows that are reduced, leave most of a GPU idle.
// Sums are cut into parts,
// as many as give each processor a block; which, the host computes when sizes are known. A block adds up one
// part of a tile and leaves it in memory of the program's plan; the last one of a tile to come, told by a
// counter, adds all parts, always in the same order.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_COMPILER_CODEGEN_GPU_SHAREDSUMS_H
#define TGC_COMPILER_CODEGEN_GPU_SHAREDSUMS_H

#include "compiler/Codegen/GPU/ContractWriter.h"

namespace tgc {

struct SharedSums {
  SumParts parts;
  /// Sets the counters to zero.
  mlir::linalg::GenericOp start;
};

/// Cuts the sums of a contraction, before an op that stands where its operands are known already; nothing if
/// its sums have an order, or there is no need.
std::optional<SharedSums> shareSums(mlir::linalg::GenericOp op, GpuF32 products, mlir::Operation *before);

/// The same for a chain of rows that are few and long, and in which all but one reduction is done once a row.
std::optional<SharedSums> shareRows(const NestChain &chain, mlir::Operation *before);

/// Takes out what was made for kernels that are written once more.
void dropSharedSums(mlir::ModuleOp program);

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_GPU_SHAREDSUMS_H
