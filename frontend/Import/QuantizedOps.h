//===- QuantizedOps.h - What quantized ops share ---------------*- C++ -*-===//
#ifndef TGC_FRONTEND_IMPORT_QUANTIZEDOPS_H
#define TGC_FRONTEND_IMPORT_QUANTIZEDOPS_H

#include "frontend/Import/OpRegistry.h"

namespace tgc {

/// The range of a tensor, inputs `first` and `first + 1`, as two scalars; TensorFlow takes vectors of one
/// element, too.
mlir::FailureOr<llvm::SmallVector<mlir::Value>> getRange(NodeImporter &n, size_t first);

/// The integer (i32, of rank 0) that stands for zero in the tensor `x` of this range; it may lie outside of
/// the integers of `x`.
mlir::Value findZero(NodeImporter &n, mlir::Value x, llvm::ArrayRef<mlir::Value> range);

/// The tensor as 32-bit integers of which 0 stands for zero.
mlir::Value subtractZero(NodeImporter &n, mlir::Value x, llvm::ArrayRef<mlir::Value> range);

/// Sets results 1 and 2, the range of products: what one step stands for is the product of the factors'
/// steps.
void setProductRange(NodeImporter &n, llvm::ArrayRef<mlir::Value> a, mlir::Type aElement,
                     llvm::ArrayRef<mlir::Value> b, mlir::Type bElement, mlir::Type element);

/// QuantizedMatMul, QuantizedConv2D, QuantizedDepthwiseConv2D.
void registerQuantizedProducts(OpRegistry &registry);

} // namespace tgc

#endif // TGC_FRONTEND_IMPORT_QUANTIZEDOPS_H
