//===- VectorBody.h - Scalar bodies computed on vectors --------*- C++ -*-===//
//
// Kernels compute the regions of linalg and kernel ops, which are written for one element, on vectors of
// elements.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_COMPILER_CODEGEN_CPU_VECTORBODY_H
#define TGC_COMPILER_CODEGEN_CPU_VECTORBODY_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"

namespace tgc {

/// Whether vectors of this type in memory are what its elements are one by one; booleans are bytes there.
bool isVectorElement(mlir::Type type);

/// Whether the op computes each element of vectors as it does a scalar.
bool isVectorizable(mlir::Operation &op);

/// What the mapping has for `scalar` (or `scalar` itself), as a vector.
mlir::Value lookUpVector(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value scalar,
                         const mlir::IRMapping &mapping, int64_t lanes);

/// Clones the op onto vectors and maps its result; what is computed of scalars alone stays a scalar.
void cloneOnVectors(mlir::OpBuilder &builder, mlir::Operation &op, mlir::IRMapping &mapping, int64_t lanes);

/// What the block yields for `arguments`, computed on vectors; `captured` has what it reads besides them.
mlir::Value computeOnVectors(mlir::OpBuilder &builder, mlir::Block &body, const mlir::IRMapping &captured,
                             mlir::ValueRange arguments, int64_t lanes);

/// Set for the first `count` lanes.
mlir::Value createLaneMask(mlir::OpBuilder &builder, mlir::Location loc, mlir::OpFoldResult count,
                           int64_t lanes);

/// a + b, and sum + a * b in one rounding where the machine can, of integers or floats.
mlir::Value createSum(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value a, mlir::Value b);
mlir::Value createMultiplyAdd(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value a, mlir::Value b,
                              mlir::Value sum);

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_CPU_VECTORBODY_H
