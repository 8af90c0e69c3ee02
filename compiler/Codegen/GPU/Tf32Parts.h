//===- Tf32Parts.h - Parts of f32 for tensor cores --------------*- C++ -*-===//
#ifndef TGC_COMPILER_CODEGEN_GPU_TF32PARTS_H
#define TGC_COMPILER_CODEGEN_GPU_TF32PARTS_H

#include "mlir/IR/Builders.h"

namespace tgc {

/// Words of a factor: the larger parts of some elements, those of them that are finite, and the smaller
/// parts. tf32 has 11 bits of a factor; two parts have 22, and without the product of the two smaller ones as
/// many are right of a product. Factors in one part are larger parts only.
struct Tf32Parts {
  llvm::SmallVector<mlir::Value> large, finite, small;

  /// Adds the parts of an f32, given as 32 bits.
  void add(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value bits, bool hasParts);
};

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_GPU_TF32PARTS_H
