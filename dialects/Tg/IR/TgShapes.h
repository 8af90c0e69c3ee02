//===- TgShapes.h - Sizes and element types of tg values -------*- C++ -*-===//
//
// The vocabulary in which ops state the type and the sizes of their results: mixed static and dynamic sizes
// (OpFoldResult), arithmetic on them, and types that differ from another in one thing only.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_DIALECTS_TG_IR_TGSHAPES_H
#define TGC_DIALECTS_TG_IR_TGSHAPES_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"

namespace tgc::tg {

/// Some rows of a tensor of this type and their indices.
llvm::SmallVector<mlir::Type> getRowTypes(mlir::RankedTensorType type);

/// `type` (a ranked tensor) with another element type.
mlir::Type withElementType(mlir::Type type, mlir::Type element);
/// `type` with boolean elements.
mlir::Type withBoolElement(mlir::Type type);
/// A tensor of complex<T> as the tensor of T of the same shape, and the other way round.
mlir::Type withRealElement(mlir::Type type);
mlir::Type withComplexElement(mlir::Type type);
/// The type without the sign of its elements, as lowered code has it: `tensor<4xui8>` -> `tensor<4xi8>`. A
/// string is its pointer and length, `vector<2xi64>`.
mlir::Type withoutSign(mlir::Type type);

/// Size of dimension `dim` of a ranked tensor: a constant where the type knows it, else a folded
/// `tensor.dim`.
mlir::OpFoldResult getSize(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value tensor, int64_t dim);
llvm::SmallVector<mlir::OpFoldResult> getSizes(mlir::OpBuilder &builder, mlir::Location loc,
                                               mlir::Value tensor);

/// Arithmetic on sizes; folds constants, builds `arith` on index otherwise.
mlir::OpFoldResult addSizes(mlir::OpBuilder &builder, mlir::Location loc, mlir::OpFoldResult a,
                            mlir::OpFoldResult b);
mlir::OpFoldResult mulSizes(mlir::OpBuilder &builder, mlir::Location loc, mlir::OpFoldResult a,
                            mlir::OpFoldResult b);

/// Size of one dimension after a window slid over it: max(0, floor((size - (window - 1) * dilation - 1) /
/// stride) + 1). `window` may be dynamic (a filter that is computed).
mlir::OpFoldResult getWindowedSize(mlir::OpBuilder &builder, mlir::Location loc, mlir::OpFoldResult size,
                                   mlir::OpFoldResult window, int64_t stride, int64_t dilation);
/// The same on static sizes; kDynamic if `size` or `window` is.
int64_t getWindowedSize(int64_t size, int64_t window, int64_t stride, int64_t dilation);

/// Reifies the shape of result 0 as that of operand `operand`.
llvm::LogicalResult reifyShapeOfOperand(mlir::OpBuilder &builder, mlir::Operation *op, unsigned operand,
                                        mlir::ReifiedRankedShapedTypeDims &dims);
/// Reifies the shape of `type` whose `?` sizes are `sizes` in order.
llvm::SmallVector<mlir::OpFoldResult> mixSizes(mlir::OpBuilder &builder, mlir::RankedTensorType type,
                                               mlir::ValueRange sizes);

/// The tensor type with these sizes: constants stay, the rest becomes `?`.
mlir::RankedTensorType getTypeOfSizes(llvm::ArrayRef<mlir::OpFoldResult> sizes, mlir::Type element);
/// The dynamic ones of `sizes` as index values, in order.
llvm::SmallVector<mlir::Value> getDynamicSizes(llvm::ArrayRef<mlir::OpFoldResult> sizes);

} // namespace tgc::tg

#endif // TGC_DIALECTS_TG_IR_TGSHAPES_H
