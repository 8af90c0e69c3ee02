//===- BulkOperands.h - Operands that the copy engine takes -----*- C++ -*-===//
#ifndef TGC_COMPILER_CODEGEN_GPU_BULKOPERANDS_H
#define TGC_COMPILER_CODEGEN_GPU_BULKOPERANDS_H

#include "compiler/Codegen/GPU/ContractWriter.h"

namespace tgc {

/// What a dimension of an operand's tensor map runs along.
enum class BulkAxis { Own, Sum, Batch };

struct BulkDim {
  BulkAxis axis;
  /// Its loops: several, if they follow each other in memory and in the axis.
  llvm::SmallVector<unsigned> loops;
};

/// An operand as a tensor of at most five dimensions, outermost first, of which one is the side's and one the
/// sum's; nothing if it is no such tensor, or bulk copies do not take it.
std::optional<llvm::SmallVector<BulkDim>> findBulkDims(mlir::linalg::GenericOp op, unsigned operand,
                                                       const ContractLoops &loops);

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_GPU_BULKOPERANDS_H
