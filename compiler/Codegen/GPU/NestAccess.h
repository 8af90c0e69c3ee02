//===- NestAccess.h - How nests walk through memory -------------*- C++ -*-===//
#ifndef TGC_COMPILER_CODEGEN_GPU_NESTACCESS_H
#define TGC_COMPILER_CODEGEN_GPU_NESTACCESS_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace tgc {

/// A size: a number, or what shows it during the run: a value, or a dimension of memory.
struct NestSize {
  int64_t fixed = -1;
  mlir::Value value;
  int64_t dim = -1;

  bool operator==(const NestSize &other) const = default;
};

/// The same for all memory that was made with one size.
NestSize getSize(mlir::Value memref, int64_t dim);
NestSize getSize(mlir::linalg::GenericOp op, unsigned loop);

/// Memory as a nest walks through it: the dimensions of more than one element, and the loop along each.
struct Walk {
  llvm::SmallVector<NestSize> sizes;
  llvm::SmallVector<unsigned> loops;
};

/// Nothing if the operand is not walked along loops, one for each dimension, or leaves gaps.
std::optional<Walk> getWalk(mlir::linalg::GenericOp op, mlir::OpOperand &operand);

/// Memory that the body loads from by itself.
llvm::SmallVector<mlir::Value> getLoaded(mlir::linalg::GenericOp op);

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_GPU_NESTACCESS_H
