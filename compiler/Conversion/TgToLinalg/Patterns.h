//===- Patterns.h - Lowering patterns by family ----------------*- C++ -*-===//
//
// One populate function per family, defined in the file of the same name, and what they share. Patterns see
// operands whose types are converted already: no signed or unsigned integers.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_COMPILER_CONVERSION_TGTOLINALG_PATTERNS_H
#define TGC_COMPILER_CONVERSION_TGTOLINALG_PATTERNS_H

#include "dialects/Tg/IR/TgOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Transforms/DialectConversion.h"

namespace tgc::detail {

void populateElementwisePatterns(const mlir::TypeConverter &converter, mlir::RewritePatternSet &patterns);
void populateBitcastPatterns(const mlir::TypeConverter &converter, mlir::RewritePatternSet &patterns);
void populateConstantPatterns(const mlir::TypeConverter &converter, mlir::RewritePatternSet &patterns);
void populateConvPatterns(const mlir::TypeConverter &converter, mlir::RewritePatternSet &patterns);
void populateGatherPatterns(const mlir::TypeConverter &converter, mlir::RewritePatternSet &patterns);
void populateMatMulPatterns(const mlir::TypeConverter &converter, mlir::RewritePatternSet &patterns);
void populatePadPatterns(const mlir::TypeConverter &converter, mlir::RewritePatternSet &patterns);
void populateReductionPatterns(const mlir::TypeConverter &converter, mlir::RewritePatternSet &patterns);
void populateReshapePatterns(const mlir::TypeConverter &converter, mlir::RewritePatternSet &patterns);
void populateScanPatterns(const mlir::TypeConverter &converter, mlir::RewritePatternSet &patterns);
void populateScatterPatterns(const mlir::TypeConverter &converter, mlir::RewritePatternSet &patterns);
void populateShapePatterns(const mlir::TypeConverter &converter, mlir::RewritePatternSet &patterns);
void populateSlicePatterns(const mlir::TypeConverter &converter, mlir::RewritePatternSet &patterns);
void populateSoftmaxPatterns(const mlir::TypeConverter &converter, mlir::RewritePatternSet &patterns);
void populateTopKPatterns(const mlir::TypeConverter &converter, mlir::RewritePatternSet &patterns);
void populateWherePatterns(const mlir::TypeConverter &converter, mlir::RewritePatternSet &patterns);
void populateWindowPatterns(const mlir::TypeConverter &converter, mlir::RewritePatternSet &patterns);

/// The sizes of result `index` of `op` by its ReifyRankedShapedTypeOpInterface; attributes exactly where the
/// type is static.
llvm::SmallVector<mlir::OpFoldResult> reifyResultSizes(mlir::OpBuilder &builder, mlir::Operation *op,
                                                       unsigned index = 0);

/// The sizes of a lowered tensor; attributes exactly where its type is static.
llvm::SmallVector<mlir::OpFoldResult> getTypedSizes(mlir::OpBuilder &builder, mlir::Location loc,
                                                    mlir::Value tensor);

/// An uninitialised tensor for result `index` of `op`, of the converted element type.
mlir::Value createEmptyResult(mlir::OpBuilder &builder, mlir::Operation *op, unsigned index = 0);

/// A tensor like result `index` of `op`, filled with `scalar`.
mlir::Value createFilledResult(mlir::OpBuilder &builder, mlir::Operation *op, mlir::Value scalar,
                               unsigned index = 0);

/// A linalg.generic over the index space of `init` (all dimensions parallel, every operand indexed by `maps`,
/// init by the identity), its body built by `body`.
mlir::Value createParallelGeneric(
    mlir::OpBuilder &builder, mlir::Location loc, mlir::Value init, mlir::ValueRange inputs,
    llvm::ArrayRef<mlir::AffineMap> maps,
    llvm::function_ref<mlir::Value(mlir::OpBuilder &, mlir::Location, mlir::ValueRange)> body);

/// `x` as a tensor of these sizes, which hold as many elements: a view. `original` is what `tensor.dim`s may
/// call `x`.
mlir::Value createReshape(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value x,
                          llvm::ArrayRef<mlir::OpFoldResult> sizes, mlir::Value original = {});

/// The neutral element of a reduction over elements of tg type `element`, as a constant of its lowered type.
mlir::Value createNeutralElement(mlir::OpBuilder &builder, mlir::Location loc, tg::ReductionKind kind,
                                 mlir::Type element);

/// One step of a reduction on scalars: `accumulator` and `value` of the lowered type of `element`.
mlir::Value combine(mlir::OpBuilder &builder, mlir::Location loc, tg::ReductionKind kind, mlir::Type element,
                    mlir::Value accumulator, mlir::Value value);

} // namespace tgc::detail

#endif // TGC_COMPILER_CONVERSION_TGTOLINALG_PATTERNS_H
