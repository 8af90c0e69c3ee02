//===- TgConcatOp.cpp - Joins tensors along a dimension -------------------===//

#include "dialects/Tg/IR/TgOps.h"
#include "dialects/Tg/IR/TgShapes.h"

using namespace mlir;

namespace tgc::tg {

LogicalResult ConcatOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor adaptor,
                                         SmallVectorImpl<Type> &types) {
  if (adaptor.getInputs().empty())
    return emitOptionalError(loc, "needs at least one input");
  auto first = cast<RankedTensorType>(adaptor.getInputs().front().getType());
  int64_t axis = adaptor.getDimension();
  if (axis < 0 || axis >= first.getRank())
    return emitOptionalError(loc, "dimension ", axis, " is out of range for rank ", first.getRank());
  SmallVector<int64_t> shape(first.getShape());
  for (Value input : adaptor.getInputs().drop_front()) {
    auto type = cast<RankedTensorType>(input.getType());
    if (type.getRank() != first.getRank() || type.getElementType() != first.getElementType())
      return emitOptionalError(loc, "inputs need one rank and element type, got ", first, " and ", type);
    for (int64_t dim = 0; dim < first.getRank(); ++dim) {
      int64_t size = type.getDimSize(dim);
      if (dim == axis)
        shape[dim] = ShapedType::isDynamic(shape[dim]) || ShapedType::isDynamic(size) ? ShapedType::kDynamic
                                                                                      : shape[dim] + size;
      else if (ShapedType::isDynamic(shape[dim]))
        shape[dim] = size;
      else if (!ShapedType::isDynamic(size) && size != shape[dim])
        return emitOptionalError(loc, "inputs must agree but in dimension ", axis, ", got ", first, " and ",
                                 type);
    }
  }
  types.push_back(first.clone(shape));
  return success();
}

LogicalResult ConcatOp::verify() { return success(); }

LogicalResult ConcatOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &dims) {
  auto type = cast<RankedTensorType>(getType());
  SmallVector<OpFoldResult> sizes;
  for (int64_t dim = 0; dim < type.getRank(); ++dim) {
    if (dim != static_cast<int64_t>(getDimension())) {
      sizes.push_back(type.isDynamicDim(dim) ? getSize(builder, getLoc(), getInputs().front(), dim)
                                             : OpFoldResult(builder.getIndexAttr(type.getDimSize(dim))));
      continue;
    }
    OpFoldResult sum = builder.getIndexAttr(0);
    for (Value input : getInputs())
      sum = addSizes(builder, getLoc(), sum, getSize(builder, getLoc(), input, dim));
    sizes.push_back(sum);
  }
  dims.push_back(sizes);
  return success();
}

} // namespace tgc::tg
