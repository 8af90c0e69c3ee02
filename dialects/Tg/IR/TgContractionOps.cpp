//===- TgContractionOps.cpp - Matrix products and convolutions ------------===//

#include "dialects/Tg/IR/TgOps.h"
#include "dialects/Tg/IR/TgShapes.h"

using namespace mlir;

namespace tgc::tg {

/// Whether two sizes can be equal at run time.
static bool mayBeEqual(int64_t a, int64_t b) {
  return ShapedType::isDynamic(a) || ShapedType::isDynamic(b) || a == b;
}

/// The more precise of two sizes that are equal.
static int64_t meet(int64_t a, int64_t b) { return ShapedType::isDynamic(a) ? b : a; }

LogicalResult MatMulOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor adaptor,
                                         SmallVectorImpl<Type> &types) {
  auto lhs = cast<RankedTensorType>(adaptor.getLhs().getType()),
       rhs = cast<RankedTensorType>(adaptor.getRhs().getType());
  int64_t rank = lhs.getRank();
  if (rank < 2 || rhs.getRank() != rank)
    return emitOptionalError(loc, "operands need one rank of 2 or more, got ", lhs, " and ", rhs);
  bool tl = adaptor.getTransposeLhs(), tr = adaptor.getTransposeRhs();
  int64_t m = lhs.getDimSize(rank - (tl ? 1 : 2)), k = lhs.getDimSize(rank - (tl ? 2 : 1));
  int64_t n = rhs.getDimSize(rank - (tr ? 2 : 1)), rhsK = rhs.getDimSize(rank - (tr ? 1 : 2));
  if (!mayBeEqual(k, rhsK))
    return emitOptionalError(loc, "inner dimensions ", k, " and ", rhsK, " of ", lhs, " and ", rhs,
                             " differ");
  SmallVector<int64_t> shape;
  for (int64_t dim = 0; dim < rank - 2; ++dim) {
    if (!mayBeEqual(lhs.getDimSize(dim), rhs.getDimSize(dim)))
      return emitOptionalError(loc, "batch dimensions of ", lhs, " and ", rhs, " differ");
    shape.push_back(meet(lhs.getDimSize(dim), rhs.getDimSize(dim)));
  }
  shape.append({m, n});
  types.push_back(lhs.clone(shape));
  return success();
}

LogicalResult MatMulOp::verify() {
  if (getLhs().getType().getElementType() != getRhs().getType().getElementType())
    return emitOpError() << "operands need one element type, got " << getLhs().getType() << " and "
                         << getRhs().getType();
  return success();
}

LogicalResult MatMulOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &dims) {
  SmallVector<OpFoldResult> sizes;
  int64_t rank = getLhs().getType().getRank();
  for (int64_t dim = 0; dim < rank - 2; ++dim)
    sizes.push_back(
        getSize(builder, getLoc(), getLhs().getType().isDynamicDim(dim) ? getRhs() : getLhs(), dim));
  sizes.push_back(getSize(builder, getLoc(), getLhs(), rank - (getTransposeLhs() ? 1 : 2)));
  sizes.push_back(getSize(builder, getLoc(), getRhs(), rank - (getTransposeRhs() ? 2 : 1)));
  dims.push_back(sizes);
  return success();
}

LogicalResult ConvOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor adaptor,
                                       SmallVectorImpl<Type> &types) {
  auto input = cast<RankedTensorType>(adaptor.getInput().getType()),
       filter = cast<RankedTensorType>(adaptor.getFilter().getType());
  int64_t rank = input.getRank(), spatial = rank - 2, groups = adaptor.getGroups();
  if (rank < 3 || filter.getRank() != rank)
    return emitOptionalError(loc, "input and filter need one rank of 3 or more, got ", input, " and ",
                             filter);
  if (static_cast<int64_t>(adaptor.getStrides().size()) != spatial ||
      static_cast<int64_t>(adaptor.getDilations().size()) != spatial)
    return emitOptionalError(loc, "strides and dilations need one number for each of the ", spatial,
                             " spatial dimensions");
  if (groups < 1)
    return emitOptionalError(loc, "groups must be at least 1, got ", groups);
  int64_t channels = input.getShape().back(), perGroup = filter.getDimSize(rank - 2),
          outputs = filter.getShape().back();
  if (!ShapedType::isDynamic(channels) && !ShapedType::isDynamic(perGroup) && channels != perGroup * groups)
    return emitOptionalError(loc, "input has ", channels, " channels, the filter wants ", perGroup * groups);
  if (!ShapedType::isDynamic(outputs) && outputs % groups)
    return emitOptionalError(loc, outputs, " output channels do not divide into ", groups, " groups");
  SmallVector<int64_t> shape{input.getDimSize(0)};
  for (int64_t dim = 0; dim < spatial; ++dim) {
    if (adaptor.getStrides()[dim] < 1 || adaptor.getDilations()[dim] < 1)
      return emitOptionalError(loc, "strides and dilations must be at least 1");
    shape.push_back(getWindowedSize(input.getDimSize(dim + 1), filter.getDimSize(dim),
                                    adaptor.getStrides()[dim], adaptor.getDilations()[dim]));
  }
  shape.push_back(outputs);
  types.push_back(input.clone(shape));
  return success();
}

LogicalResult ConvOp::verify() {
  if (getInput().getType().getElementType() != getFilter().getType().getElementType())
    return emitOpError() << "operands need one element type, got " << getInput().getType() << " and "
                         << getFilter().getType();
  return success();
}

LogicalResult ConvOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &dims) {
  int64_t rank = getInput().getType().getRank();
  SmallVector<OpFoldResult> sizes{getSize(builder, getLoc(), getInput(), 0)};
  for (int64_t dim = 0; dim < rank - 2; ++dim)
    sizes.push_back(getWindowedSize(builder, getLoc(), getSize(builder, getLoc(), getInput(), dim + 1),
                                    getSize(builder, getLoc(), getFilter(), dim), getStrides()[dim],
                                    getDilations()[dim]));
  sizes.push_back(getSize(builder, getLoc(), getFilter(), rank - 1));
  dims.push_back(sizes);
  return success();
}

} // namespace tgc::tg
