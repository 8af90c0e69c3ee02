//===- TgIndexingOps.cpp - Gather and scatter -----------------------------===//

#include "dialects/Tg/IR/TgOps.h"
#include "dialects/Tg/IR/TgShapes.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;

namespace tgc::tg {

LogicalResult GatherOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor adaptor,
                                         SmallVectorImpl<Type> &types) {
  auto params = cast<RankedTensorType>(adaptor.getParams().getType()),
       indices = cast<RankedTensorType>(adaptor.getIndices().getType());
  int64_t axis = adaptor.getAxis(), batch = adaptor.getBatchDims();
  if (axis < 0 || axis >= params.getRank())
    return emitOptionalError(loc, "axis ", axis, " is out of range for rank ", params.getRank());
  if (batch < 0 || batch > axis || batch > indices.getRank())
    return emitOptionalError(loc, batch, " batch dimensions do not fit axis ", axis, " and indices of rank ",
                             indices.getRank());
  SmallVector<int64_t> shape(params.getShape().take_front(axis));
  for (int64_t dim = 0; dim < batch; ++dim) {
    int64_t size = indices.getDimSize(dim);
    if (!ShapedType::isDynamic(shape[dim]) && !ShapedType::isDynamic(size) && shape[dim] != size)
      return emitOptionalError(loc, "batch dimensions of ", params, " and ", indices, " differ");
    if (ShapedType::isDynamic(shape[dim]))
      shape[dim] = size;
  }
  llvm::append_range(shape, indices.getShape().drop_front(batch));
  llvm::append_range(shape, params.getShape().drop_front(axis + 1));
  types.push_back(params.clone(shape));
  return success();
}

LogicalResult GatherOp::verify() { return success(); }

LogicalResult GatherOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &dims) {
  SmallVector<OpFoldResult> params = getSizes(builder, getLoc(), getParams()),
                            indices = getSizes(builder, getLoc(), getIndices());
  SmallVector<OpFoldResult> sizes(ArrayRef(params).take_front(getAxis()));
  for (uint64_t dim = 0; dim < getBatchDims(); ++dim)
    if (isa<Value>(sizes[dim]))
      sizes[dim] = indices[dim];
  llvm::append_range(sizes, ArrayRef(indices).drop_front(getBatchDims()));
  llvm::append_range(sizes, ArrayRef(params).drop_front(getAxis() + 1));
  dims.push_back(sizes);
  return success();
}

LogicalResult GatherNdOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor adaptor,
                                           SmallVectorImpl<Type> &types) {
  auto params = cast<RankedTensorType>(adaptor.getParams().getType()),
       indices = cast<RankedTensorType>(adaptor.getIndices().getType());
  int64_t batch = adaptor.getBatchDims();
  if (indices.getRank() < 1 || ShapedType::isDynamic(indices.getShape().back()))
    return emitOptionalError(loc, "indices ", indices, " need a last dimension of known size");
  int64_t depth = indices.getShape().back();
  if (batch < 0 || batch >= indices.getRank() || batch + depth > params.getRank())
    return emitOptionalError(loc, "coordinates of ", depth, " numbers after ", batch,
                             " batch dimensions do not fit ", params);
  SmallVector<int64_t> shape(indices.getShape().drop_back());
  llvm::append_range(shape, params.getShape().drop_front(batch + depth));
  types.push_back(params.clone(shape));
  return success();
}

LogicalResult GatherNdOp::verify() { return success(); }

LogicalResult GatherNdOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &dims) {
  SmallVector<OpFoldResult> params = getSizes(builder, getLoc(), getParams()),
                            sizes = getSizes(builder, getLoc(), getIndices());
  int64_t depth = cast<RankedTensorType>(getIndices().getType()).getShape().back();
  sizes.pop_back();
  llvm::append_range(sizes, ArrayRef(params).drop_front(getBatchDims() + depth));
  dims.push_back(sizes);
  return success();
}

LogicalResult ScatterOp::verify() {
  auto x = cast<RankedTensorType>(getX().getType()), indices = cast<RankedTensorType>(getIndices().getType()),
       updates = cast<RankedTensorType>(getUpdates().getType());
  if (indices.getRank() < 1 || ShapedType::isDynamic(indices.getShape().back()))
    return emitOpError() << "indices " << indices << " need a last dimension of known size";
  int64_t depth = indices.getShape().back();
  if (depth > x.getRank())
    return emitOpError() << "coordinates of " << depth << " numbers do not fit " << x;
  if (updates.getElementType() != x.getElementType() ||
      updates.getRank() != indices.getRank() - 1 + x.getRank() - depth)
    return emitOpError() << "updates " << updates << " do not fit indices " << indices << " into " << x;
  SmallVector<int64_t> wanted(indices.getShape().drop_back());
  llvm::append_range(wanted, x.getShape().drop_front(depth));
  if (failed(verifyCompatibleShape(updates.getShape(), wanted)))
    return emitOpError() << "updates " << updates << " do not fit indices " << indices << " into " << x;
  Type element = x.getElementType();
  bool isOrder = getKind() == ScatterKind::Max || getKind() == ScatterKind::Min;
  if (getKind() != ScatterKind::Update &&
      (element.isInteger(1) || isa<StringType>(element) || (isOrder && isa<ComplexType>(element))))
    return emitOpError() << stringifyScatterKind(getKind()) << " cannot combine elements of type " << element;
  return success();
}

LogicalResult ScatterOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &dims) {
  return reifyShapeOfOperand(builder, *this, 0, dims);
}

LogicalResult WhereOp::verify() {
  auto type = cast<RankedTensorType>(getType());
  int64_t rank = cast<RankedTensorType>(getX().getType()).getRank();
  if (type.getRank() != 2 || !type.isDynamicDim(0) || type.getDimSize(1) != rank)
    return emitOpError() << "result " << type << " must be tensor<?x" << rank << "xi64>";
  return success();
}

LogicalResult WhereOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &dims) {
  dims.push_back({getCount(), builder.getIndexAttr(cast<RankedTensorType>(getType()).getDimSize(1))});
  return success();
}

} // namespace tgc::tg
