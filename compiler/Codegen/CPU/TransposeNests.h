//===- TransposeNests.h - Nests that turn rows into columns ----*- C++ -*-===//
#ifndef TGC_COMPILER_CODEGEN_CPU_TRANSPOSENESTS_H
#define TGC_COMPILER_CODEGEN_CPU_TRANSPOSENESTS_H

#include "compiler/Codegen/CPU/SelectTiling.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace tgc {

/// Transposes a square of vectors, as many as they have lanes (a power of two).
llvm::SmallVector<mlir::Value> transposeSquare(mlir::OpBuilder &builder, mlir::Location loc,
                                               llvm::SmallVector<mlir::Value> vectors);

/// Replaces a nest on memrefs, whose body can be computed on vectors, by one over squares, if its operands
/// are contiguous along one loop and its result along another. Is it replaced?
bool transposeNest(mlir::linalg::GenericOp op, VectorUnit unit);

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_CPU_TRANSPOSENESTS_H
