//===- TgGradientOps.cpp - Gradients as values ----------------------------===//

#include "dialects/Tg/IR/GradientBuilder.h"
#include "dialects/Tg/IR/TgOps.h"
#include "dialects/Tg/IR/TgShapes.h"

using namespace mlir;

namespace tgc::tg {

SmallVector<Type> getRowTypes(RankedTensorType type) {
  SmallVector<int64_t> shape(type.getShape());
  if (!shape.empty())
    shape[0] = ShapedType::kDynamic;
  return {type.clone(shape),
          RankedTensorType::get({ShapedType::kDynamic}, IntegerType::get(type.getContext(), 64))};
}

LogicalResult GradientOp::inferReturnTypes(MLIRContext *, std::optional<Location>, Adaptor adaptor,
                                           SmallVectorImpl<Type> &types) {
  // Defaults are filled in and numbers verified later.
  IntegerAttr byRows = adaptor.getByRowsAttr();
  int64_t numRows = std::clamp<int64_t>(byRows ? byRows.getInt() : 0, 0, adaptor.getXs().size());
  llvm::append_range(types, adaptor.getXs().drop_back(numRows).getTypes());
  for (Value x : adaptor.getXs().take_back(numRows))
    llvm::append_range(types, getRowTypes(cast<RankedTensorType>(x.getType())));
  return success();
}

LogicalResult GradientOp::verify() {
  if (getYs().empty())
    return emitOpError() << "needs at least one tensor to differentiate";
  if (!getSeeds().empty() && getSeeds().getTypes() != getYs().getTypes())
    return emitOpError() << "seeds must have the types of the tensors that are differentiated";
  if (getByRows() < 0 || static_cast<size_t>(getByRows()) > getXs().size())
    return emitOpError() << "by_rows is " << getByRows() << " of " << getXs().size() << " tensors";
  for (Value x : getRowXs())
    if (cast<RankedTensorType>(x.getType()).getRank() == 0)
      return emitOpError() << "a scalar has no rows";
  return success();
}

LogicalResult GradientOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &dims) {
  // How many rows come back is known where it is expanded.
  if (getByRows())
    return failure();
  for (Value x : getXs())
    dims.push_back(getSizes(builder, getLoc(), x));
  return success();
}

LogicalResult WatchOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &dims) {
  return reifyShapeOfOperand(builder, *this, 0, dims);
}

FailureOr<SmallVector<Value>> WatchOp::buildGradients(GradientBuilder &, ArrayRef<Value> gradients) {
  return SmallVector<Value>{gradients[0]};
}

LogicalResult StopGradientOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &dims) {
  return reifyShapeOfOperand(builder, *this, 0, dims);
}

LogicalResult PreventGradientOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &dims) {
  return reifyShapeOfOperand(builder, *this, 0, dims);
}

FailureOr<SmallVector<Value>> PreventGradientOp::buildGradients(GradientBuilder &, ArrayRef<Value>) {
  return mlir::emitError(getLoc()) << "the graph prevents gradients here"
                                   << (getMessage().empty() ? "" : ": ") << getMessage();
}

LogicalResult WithPartialsOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &dims) {
  return reifyShapeOfOperand(builder, *this, 0, dims);
}

LogicalResult WithPartialsOp::verify() {
  if (getXs().getTypes() != getPartials().getTypes())
    return emitOpError() << "needs one partial for each tensor, of its type";
  for (Value x : getXs())
    if (cast<RankedTensorType>(x.getType()).getRank() < getY().getType().getRank())
      return emitOpError() << "partials need the dimensions of " << getY().getType() << ", got "
                           << x.getType();
  return success();
}

FailureOr<SmallVector<Value>> WithPartialsOp::buildGradients(GradientBuilder &g, ArrayRef<Value> gradients) {
  SmallVector<Value> result(getNumOperands());
  for (auto [i, x, partial] : llvm::enumerate(getXs(), getPartials())) {
    auto trailing = llvm::to_vector(llvm::seq<int64_t>(getType().getRank(), g.getRank(x)));
    Value dy = g.refine(g.broadcastAlong(gradients[0], trailing, g.getSizes(x)),
                        withElementType(x.getType(), getType().getElementType()));
    result[1 + i] = g.mul(g.cast(dy, x.getType()), partial);
  }
  return result;
}

} // namespace tgc::tg
