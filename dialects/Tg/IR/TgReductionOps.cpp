//===- TgReductionOps.cpp - Reductions, scans, windows --------------------===//

#include "dialects/Tg/IR/TgOps.h"
#include "dialects/Tg/IR/TgShapes.h"

using namespace mlir;

namespace tgc::tg {

/// Ascending dimensions within the rank.
static LogicalResult verifyDimensions(Operation *op, ArrayRef<int64_t> dimensions, int64_t rank) {
  int64_t last = -1;
  for (int64_t dimension : dimensions) {
    if (dimension < 0 || dimension >= rank)
      return op->emitOpError() << "dimension " << dimension << " is out of range for rank " << rank;
    if (dimension <= last)
      return op->emitOpError() << "dimensions must ascend, got " << dimension << " after " << last;
    last = dimension;
  }
  return success();
}

static LogicalResult verifyDimension(Operation *op, int64_t dimension, int64_t rank) {
  return verifyDimensions(op, {dimension}, rank);
}

LogicalResult ReduceOp::inferReturnTypes(MLIRContext *, std::optional<Location>, Adaptor adaptor,
                                         SmallVectorImpl<Type> &types) {
  auto type = cast<RankedTensorType>(adaptor.getX().getType());
  SmallVector<int64_t> shape;
  for (auto [dim, size] : llvm::enumerate(type.getShape()))
    if (!llvm::is_contained(adaptor.getDimensions(), static_cast<int64_t>(dim)))
      shape.push_back(size);
  types.push_back(type.clone(shape));
  return success();
}

LogicalResult ReduceOp::verify() {
  auto type = getX().getType();
  bool isLogical = getKind() == ReductionKind::All || getKind() == ReductionKind::Any;
  if (isLogical != type.getElementType().isInteger(1))
    return emitOpError() << stringifyReductionKind(getKind()) << " cannot combine elements of type "
                         << type.getElementType();
  return verifyDimensions(*this, getDimensions(), type.getRank());
}

OpFoldResult ReduceOp::fold(FoldAdaptor) {
  return getDimensions().empty() ? OpFoldResult(getX()) : OpFoldResult();
}

LogicalResult ReduceOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &dims) {
  SmallVector<OpFoldResult> sizes;
  for (int64_t dim = 0; dim < getX().getType().getRank(); ++dim)
    if (!llvm::is_contained(getDimensions(), dim))
      sizes.push_back(getSize(builder, getLoc(), getX(), dim));
  dims.push_back(sizes);
  return success();
}

LogicalResult ArgReduceOp::verify() {
  auto type = cast<RankedTensorType>(getX().getType()), result = cast<RankedTensorType>(getType());
  if (getKind() != ReductionKind::Max && getKind() != ReductionKind::Min)
    return emitOpError() << "takes max or min, got " << stringifyReductionKind(getKind());
  if (failed(verifyDimension(*this, getDimension(), type.getRank())))
    return failure();
  if (result.getRank() != type.getRank() - 1 || !isa<IntegerType>(result.getElementType()))
    return emitOpError() << "result " << result << " is no integer tensor of rank " << type.getRank() - 1;
  return success();
}

LogicalResult ArgReduceOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &dims) {
  SmallVector<OpFoldResult> sizes = getSizes(builder, getLoc(), getX());
  sizes.erase(sizes.begin() + getDimension());
  dims.push_back(sizes);
  return success();
}

LogicalResult ScanOp::verify() {
  if (getKind() != ReductionKind::Sum && getKind() != ReductionKind::Prod)
    return emitOpError() << "takes sum or prod, got " << stringifyReductionKind(getKind());
  return verifyDimension(*this, getDimension(), cast<RankedTensorType>(getType()).getRank());
}

LogicalResult ScanOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &dims) {
  return reifyShapeOfOperand(builder, *this, 0, dims);
}

LogicalResult ReduceWindowOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor adaptor,
                                               SmallVectorImpl<Type> &types) {
  auto type = cast<RankedTensorType>(adaptor.getX().getType());
  size_t rank = type.getRank();
  if (adaptor.getWindow().size() != rank || adaptor.getStrides().size() != rank ||
      adaptor.getDilations().size() != rank)
    return emitOptionalError(loc, "window, strides and dilations need one number for each of the ", rank,
                             " dimensions");
  SmallVector<int64_t> shape;
  for (size_t dim = 0; dim < rank; ++dim) {
    if (adaptor.getWindow()[dim] < 1 || adaptor.getStrides()[dim] < 1 || adaptor.getDilations()[dim] < 1)
      return emitOptionalError(loc, "window, strides and dilations must be at least 1");
    shape.push_back(getWindowedSize(type.getDimSize(dim), adaptor.getWindow()[dim], adaptor.getStrides()[dim],
                                    adaptor.getDilations()[dim]));
  }
  types.push_back(type.clone(shape));
  return success();
}

LogicalResult ReduceWindowOp::verify() {
  if (getKind() == ReductionKind::All || getKind() == ReductionKind::Any)
    return emitOpError() << "takes sum, prod, max or min, got " << stringifyReductionKind(getKind());
  return success();
}

LogicalResult ReduceWindowOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &dims) {
  SmallVector<OpFoldResult> sizes;
  for (auto [dim, window] : llvm::enumerate(getWindow()))
    sizes.push_back(getWindowedSize(builder, getLoc(), getSize(builder, getLoc(), getX(), dim),
                                    builder.getIndexAttr(window), getStrides()[dim], getDilations()[dim]));
  dims.push_back(sizes);
  return success();
}

LogicalResult TopKOp::verify() {
  auto type = cast<RankedTensorType>(getX().getType()),
       values = cast<RankedTensorType>(getValues().getType()),
       indices = cast<RankedTensorType>(getIndices().getType());
  if (type.getRank() < 1)
    return emitOpError() << "needs a tensor of rank 1 or more, got " << type;
  if (values.getElementType() != type.getElementType() || values.getShape() != indices.getShape() ||
      values.getRank() != type.getRank())
    return emitOpError() << "results " << values << " and " << indices << " do not fit the operand " << type;
  return success();
}

LogicalResult TopKOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &dims) {
  SmallVector<OpFoldResult> sizes = getSizes(builder, getLoc(), getX());
  int64_t known = cast<RankedTensorType>(getValues().getType()).getShape().back();
  sizes.back() =
      ShapedType::isDynamic(known) ? OpFoldResult(getK()) : OpFoldResult(builder.getIndexAttr(known));
  dims.append(2, sizes);
  return success();
}

} // namespace tgc::tg
