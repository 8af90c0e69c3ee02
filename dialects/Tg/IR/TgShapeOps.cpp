//===- TgShapeOps.cpp - Ops that move elements ----------------------------===//

#include "dialects/Tg/IR/TgOps.h"
#include "dialects/Tg/IR/TgShapes.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

using namespace mlir;

namespace tgc::tg {

/// One size operand for each `?` of the type.
static LogicalResult verifySizes(Operation *op, RankedTensorType type, ValueRange sizes) {
  if (static_cast<int64_t>(sizes.size()) != static_cast<int64_t>(type.getNumDynamicDims()))
    return op->emitOpError() << "has " << sizes.size() << " sizes for the " << type.getNumDynamicDims()
                             << " dynamic dimensions of " << type;
  return success();
}

/// One operand for each kDynamic of a static list, which the text form guarantees but the generic form does
/// not.
static LogicalResult verifyDynamicList(Operation *op, StringRef what, ArrayRef<int64_t> list,
                                       ValueRange operands) {
  int64_t wanted = llvm::count_if(list, ShapedType::isDynamic);
  if (static_cast<int64_t>(operands.size()) != wanted)
    return op->emitOpError() << "has " << operands.size() << " dynamic " << what << ", expected " << wanted;
  return success();
}

static LogicalResult verifySameElements(Operation *op, Type a, Type b) {
  if (getElementTypeOrSelf(a) != getElementTypeOrSelf(b))
    return op->emitOpError() << "cannot change the element type from " << getElementTypeOrSelf(a) << " to "
                             << getElementTypeOrSelf(b);
  return success();
}

//===----------------------------------------------------------------------===//
// Reshape, broadcast, transpose
//===----------------------------------------------------------------------===//

LogicalResult ReshapeOp::verify() {
  auto from = cast<RankedTensorType>(getX().getType()), to = cast<RankedTensorType>(getType());
  if (from.hasStaticShape() && to.hasStaticShape() && from.getNumElements() != to.getNumElements())
    return emitOpError() << "cannot reshape " << from.getNumElements() << " elements to " << to;
  if (failed(verifySameElements(*this, from, to)))
    return failure();
  return verifySizes(*this, to, getSizes());
}

OpFoldResult ReshapeOp::fold(FoldAdaptor adaptor) {
  auto type = cast<RankedTensorType>(getType());
  if (type == getX().getType() && (type.hasStaticShape() || type.getRank() == 1))
    return getX();
  if (auto inner = getX().getDefiningOp<ReshapeOp>()) {
    getXMutable().assign(inner.getX());
    return getResult();
  }
  auto elements = dyn_cast_or_null<DenseElementsAttr>(adaptor.getX());
  return elements && type.hasStaticShape() ? OpFoldResult(elements.reshape(type)) : OpFoldResult();
}

LogicalResult ReshapeOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &dims) {
  dims.push_back(mixSizes(builder, cast<RankedTensorType>(getType()), getSizes()));
  return success();
}

LogicalResult BroadcastToOp::verify() {
  auto from = cast<RankedTensorType>(getX().getType()), to = cast<RankedTensorType>(getType());
  int64_t lead = to.getRank() - from.getRank();
  if (lead < 0)
    return emitOpError() << "cannot broadcast " << from << " to the lower rank of " << to;
  for (int64_t dim = 0; dim < from.getRank(); ++dim) {
    int64_t size = from.getDimSize(dim), wanted = to.getDimSize(dim + lead);
    if (size != 1 && !ShapedType::isDynamic(size) && !ShapedType::isDynamic(wanted) && size != wanted)
      return emitOpError() << "cannot broadcast " << from << " to " << to << ": dimension " << dim
                           << " is neither 1 nor " << wanted;
  }
  for (int64_t dim : getEqualDimensions())
    if (dim < lead || dim >= to.getRank())
      return emitOpError() << "equal dimension " << dim << " is no dimension of " << from << " within " << to;
  if (failed(verifySameElements(*this, from, to)))
    return failure();
  return verifySizes(*this, to, getSizes());
}

OpFoldResult BroadcastToOp::fold(FoldAdaptor adaptor) {
  auto type = cast<RankedTensorType>(getType());
  if (type == getX().getType()) {
    auto isEqual = [&](int64_t dim) {
      return !type.isDynamicDim(dim) || llvm::is_contained(getEqualDimensions(), dim);
    };
    if (llvm::all_of(llvm::seq<int64_t>(0, type.getRank()), isEqual))
      return getX();
  }
  auto elements = dyn_cast_or_null<DenseElementsAttr>(adaptor.getX());
  if (elements && elements.isSplat() && type.hasStaticShape())
    return elements.resizeSplat(type);
  return {};
}

LogicalResult BroadcastToOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &dims) {
  dims.push_back(mixSizes(builder, cast<RankedTensorType>(getType()), getSizes()));
  return success();
}

LogicalResult TransposeOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor adaptor,
                                            SmallVectorImpl<Type> &types) {
  auto type = cast<RankedTensorType>(adaptor.getX().getType());
  ArrayRef<int64_t> permutation = adaptor.getPermutation();
  if (!isPermutationVector(permutation) || static_cast<int64_t>(permutation.size()) != type.getRank())
    return emitOptionalError(loc, "[", permutation, "] is no permutation of the ", type.getRank(),
                             " dimensions");
  SmallVector<int64_t> shape;
  for (int64_t dim : permutation)
    shape.push_back(type.getDimSize(dim));
  types.push_back(type.clone(shape));
  return success();
}

LogicalResult TransposeOp::verify() { return success(); }

OpFoldResult TransposeOp::fold(FoldAdaptor adaptor) {
  if (auto elements = dyn_cast_or_null<DenseElementsAttr>(adaptor.getX()); elements && elements.isSplat())
    return elements.resizeSplat(cast<ShapedType>(getType()));
  if (llvm::equal(getPermutation(), llvm::seq<int64_t>(0, getPermutation().size())))
    return getX();
  if (auto inner = getX().getDefiningOp<TransposeOp>()) {
    SmallVector<int64_t> both;
    for (int64_t dim : getPermutation())
      both.push_back(inner.getPermutation()[dim]);
    setPermutation(both);
    getXMutable().assign(inner.getX());
    return getResult();
  }
  return {};
}

LogicalResult TransposeOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &dims) {
  SmallVector<OpFoldResult> sizes;
  for (int64_t dim : getPermutation())
    sizes.push_back(getSize(builder, getLoc(), getX(), dim));
  dims.push_back(sizes);
  return success();
}

LogicalResult ReverseOp::verify() {
  int64_t rank = cast<RankedTensorType>(getType()).getRank();
  for (int64_t dim : getDimensions())
    if (dim < 0 || dim >= rank)
      return emitOpError() << "dimension " << dim << " is out of range for rank " << rank;
  return success();
}

LogicalResult ReverseOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &dims) {
  return reifyShapeOfOperand(builder, *this, 0, dims);
}

//===----------------------------------------------------------------------===//
// Slice and pad
//===----------------------------------------------------------------------===//

void SliceOp::build(OpBuilder &builder, OperationState &state, Value x, ArrayRef<OpFoldResult> offsets,
                    ArrayRef<OpFoldResult> sizes, ArrayRef<int64_t> strides) {
  SmallVector<int64_t> staticOffsets, staticSizes;
  SmallVector<Value> dynamicOffsets, dynamicSizes;
  dispatchIndexOpFoldResults(offsets, dynamicOffsets, staticOffsets);
  dispatchIndexOpFoldResults(sizes, dynamicSizes, staticSizes);
  auto type = RankedTensorType::get(staticSizes, getElementTypeOrSelf(x.getType()));
  build(builder, state, type, x, dynamicOffsets, dynamicSizes, staticOffsets, staticSizes, strides);
}

SmallVector<OpFoldResult> SliceOp::getMixedOffsets() {
  Builder builder(getContext());
  return getMixedValues(getStaticOffsets(), getOffsets(), builder);
}

SmallVector<OpFoldResult> SliceOp::getMixedSizes() {
  Builder builder(getContext());
  return getMixedValues(getStaticSizes(), getSizes(), builder);
}

LogicalResult SliceOp::verify() {
  auto from = cast<RankedTensorType>(getX().getType()), to = cast<RankedTensorType>(getType());
  size_t rank = from.getRank();
  if (getStaticOffsets().size() != rank || getStaticSizes().size() != rank || getStrides().size() != rank)
    return emitOpError() << "needs one offset, size and stride for each of the " << rank << " dimensions of "
                         << from;
  if (failed(verifyDynamicList(*this, "offsets", getStaticOffsets(), getOffsets())) ||
      failed(verifyDynamicList(*this, "sizes", getStaticSizes(), getSizes())))
    return failure();
  if (to.getShape() != getStaticSizes())
    return emitOpError() << "result " << to << " has other sizes than [" << getStaticSizes() << "]";
  for (size_t dim = 0; dim < rank; ++dim) {
    int64_t offset = getStaticOffsets()[dim], size = getStaticSizes()[dim], stride = getStrides()[dim],
            bound = from.getDimSize(dim);
    if (stride == 0)
      return emitOpError() << "stride of dimension " << dim << " is zero";
    if (ShapedType::isDynamic(offset) || ShapedType::isDynamic(size) || ShapedType::isDynamic(bound) ||
        size == 0)
      continue;
    int64_t last = offset + (size - 1) * stride;
    if (size < 0 || offset < 0 || offset >= bound || last < 0 || last >= bound)
      return emitOpError() << "reads elements " << offset << " to " << last << " of dimension " << dim
                           << ", which has " << bound;
  }
  return verifySameElements(*this, from, to);
}

OpFoldResult SliceOp::fold(FoldAdaptor adaptor) {
  auto type = cast<RankedTensorType>(getType());
  auto elements = dyn_cast_or_null<DenseElementsAttr>(adaptor.getX());
  if (elements && elements.isSplat() && type.hasStaticShape())
    return elements.resizeSplat(type);
  bool isWhole = type == getX().getType() && type.hasStaticShape() &&
                 llvm::all_of(getStaticOffsets(), [](int64_t o) { return o == 0; }) &&
                 llvm::all_of(getStrides(), [](int64_t s) { return s == 1; });
  return isWhole ? OpFoldResult(getX()) : OpFoldResult();
}

LogicalResult SliceOp::reifyResultShapes(OpBuilder &, ReifiedRankedShapedTypeDims &dims) {
  dims.push_back(getMixedSizes());
  return success();
}

void InsertSliceOp::build(OpBuilder &builder, OperationState &state, Value part, Value x,
                          ArrayRef<OpFoldResult> offsets) {
  SmallVector<int64_t> staticOffsets;
  SmallVector<Value> dynamicOffsets;
  dispatchIndexOpFoldResults(offsets, dynamicOffsets, staticOffsets);
  build(builder, state, x.getType(), part, x, dynamicOffsets, staticOffsets);
}

SmallVector<OpFoldResult> InsertSliceOp::getMixedOffsets() {
  Builder builder(getContext());
  return getMixedValues(getStaticOffsets(), getOffsets(), builder);
}

LogicalResult InsertSliceOp::verify() {
  auto part = cast<RankedTensorType>(getPart().getType()), into = cast<RankedTensorType>(getType());
  int64_t rank = into.getRank(), lead = rank - part.getRank();
  if (static_cast<int64_t>(getStaticOffsets().size()) != rank)
    return emitOpError() << "needs one offset for each of the " << rank << " dimensions of " << into;
  if (failed(verifyDynamicList(*this, "offsets", getStaticOffsets(), getOffsets())))
    return failure();
  if (lead < 0)
    return emitOpError() << "cannot insert " << part << " into the lower rank of " << into;
  for (int64_t dim = 0; dim < rank; ++dim) {
    int64_t offset = getStaticOffsets()[dim], size = dim < lead ? 1 : part.getDimSize(dim - lead),
            bound = into.getDimSize(dim);
    bool isUnknown =
        ShapedType::isDynamic(offset) || ShapedType::isDynamic(size) || ShapedType::isDynamic(bound);
    if (!isUnknown && (offset < 0 || offset + size > bound))
      return emitOpError() << "writes elements " << offset << " to " << offset + size - 1 << " of dimension "
                           << dim << ", which has " << bound;
  }
  return verifySameElements(*this, part, into);
}

OpFoldResult InsertSliceOp::fold(FoldAdaptor) {
  auto type = cast<RankedTensorType>(getType());
  return type.hasStaticShape() && getPart().getType() == type ? getPart() : Value();
}

LogicalResult InsertSliceOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &dims) {
  dims.push_back(tg::getSizes(builder, getLoc(), getX()));
  return success();
}

/// low + high + size + max(size - 1, 0) * interior.
static OpFoldResult getPaddedSize(OpBuilder &builder, Location loc, OpFoldResult size, OpFoldResult low,
                                  OpFoldResult high, int64_t interior) {
  OpFoldResult padded = addSizes(builder, loc, addSizes(builder, loc, size, low), high);
  if (!interior)
    return padded;
  OpFoldResult gaps = addSizes(builder, loc, size, builder.getIndexAttr(-1));
  if (auto constant = getConstantIntValue(gaps))
    gaps = builder.getIndexAttr(std::max<int64_t>(*constant, 0));
  else
    gaps = getAsOpFoldResult(builder.createOrFold<arith::MaxSIOp>(
        loc, cast<Value>(gaps), arith::ConstantIndexOp::create(builder, loc, 0)));
  return addSizes(builder, loc, padded, mulSizes(builder, loc, gaps, builder.getIndexAttr(interior)));
}

void PadOp::build(OpBuilder &builder, OperationState &state, Value x, Value value, ArrayRef<OpFoldResult> low,
                  ArrayRef<OpFoldResult> high, ArrayRef<int64_t> interior) {
  SmallVector<int64_t> staticLow, staticHigh, gaps(interior);
  gaps.resize(low.size(), 0);
  SmallVector<Value> dynamicLow, dynamicHigh;
  dispatchIndexOpFoldResults(low, dynamicLow, staticLow);
  dispatchIndexOpFoldResults(high, dynamicHigh, staticHigh);
  auto type = cast<RankedTensorType>(x.getType());
  SmallVector<int64_t> shape;
  for (int64_t dim = 0; dim < type.getRank(); ++dim) {
    int64_t size = type.getDimSize(dim);
    bool isDynamic = ShapedType::isDynamic(size) || ShapedType::isDynamic(staticLow[dim]) ||
                     ShapedType::isDynamic(staticHigh[dim]);
    shape.push_back(isDynamic ? ShapedType::kDynamic
                              : staticLow[dim] + staticHigh[dim] + size +
                                    std::max<int64_t>(size - 1, 0) * gaps[dim]);
  }
  build(builder, state, type.clone(shape), x, value, dynamicLow, dynamicHigh, staticLow, staticHigh, gaps);
}

SmallVector<OpFoldResult> PadOp::getMixedLow() {
  Builder builder(getContext());
  return getMixedValues(getStaticLow(), getLow(), builder);
}

SmallVector<OpFoldResult> PadOp::getMixedHigh() {
  Builder builder(getContext());
  return getMixedValues(getStaticHigh(), getHigh(), builder);
}

LogicalResult PadOp::verify() {
  auto from = cast<RankedTensorType>(getX().getType()), to = cast<RankedTensorType>(getType());
  size_t rank = from.getRank();
  if (getStaticLow().size() != rank || getStaticHigh().size() != rank || getInterior().size() != rank ||
      static_cast<size_t>(to.getRank()) != rank)
    return emitOpError() << "needs low, high and interior for each of the " << rank << " dimensions of "
                         << from;
  if (failed(verifyDynamicList(*this, "low", getStaticLow(), getLow())) ||
      failed(verifyDynamicList(*this, "high", getStaticHigh(), getHigh())))
    return failure();
  auto value = cast<RankedTensorType>(getValue().getType());
  if (value.getRank() != 0 || value.getElementType() != from.getElementType())
    return emitOpError() << "pads " << from << " with " << value
                         << ", which is no scalar of its element type";
  for (size_t dim = 0; dim < rank; ++dim) {
    if (getInterior()[dim] < 0)
      return emitOpError() << "interior padding " << getInterior()[dim] << " is negative";
    int64_t size = from.getDimSize(dim), low = getStaticLow()[dim], high = getStaticHigh()[dim];
    if (to.isDynamicDim(dim) || ShapedType::isDynamic(size) || ShapedType::isDynamic(low) ||
        ShapedType::isDynamic(high))
      continue;
    int64_t padded = low + high + size + std::max<int64_t>(size - 1, 0) * getInterior()[dim];
    if (to.getDimSize(dim) != padded)
      return emitOpError() << "dimension " << dim << " of the result has size " << to.getDimSize(dim)
                           << ", expected " << padded;
  }
  return verifySameElements(*this, from, to);
}

LogicalResult PadOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &dims) {
  SmallVector<OpFoldResult> sizes, low = getMixedLow(), high = getMixedHigh();
  auto type = cast<RankedTensorType>(getType());
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    sizes.push_back(type.isDynamicDim(dim)
                        ? getPaddedSize(builder, getLoc(), getSize(builder, getLoc(), getX(), dim), low[dim],
                                        high[dim], getInterior()[dim])
                        : OpFoldResult(builder.getIndexAttr(type.getDimSize(dim))));
  dims.push_back(sizes);
  return success();
}

//===----------------------------------------------------------------------===//
// Bitcast
//===----------------------------------------------------------------------===//

/// Bits of one element in memory.
static int64_t getElementBits(Type type) {
  Type element = getElementTypeOrSelf(type);
  if (auto complex = dyn_cast<ComplexType>(element))
    return 2 * complex.getElementType().getIntOrFloatBitWidth();
  return element.isInteger(1) ? 8 : element.getIntOrFloatBitWidth();
}

LogicalResult BitcastOp::verify() {
  auto from = cast<RankedTensorType>(getX().getType()), to = cast<RankedTensorType>(getType());
  if (isa<StringType>(from.getElementType()) || isa<StringType>(to.getElementType()))
    return emitOpError() << "strings have no bits to reinterpret";
  int64_t fromBits = getElementBits(from), toBits = getElementBits(to);
  int64_t wantedRank = from.getRank() + (fromBits > toBits) - (fromBits < toBits);
  if (to.getRank() != wantedRank)
    return emitOpError() << "of " << from << " to " << to.getElementType() << " has rank " << wantedRank
                         << ", got " << to;
  if (fromBits > toBits && to.getShape().back() != fromBits / toBits)
    return emitOpError() << "last dimension of " << to << " must be " << fromBits / toBits;
  if (fromBits < toBits && from.getShape().back() != toBits / fromBits)
    return emitOpError() << "last dimension of " << from << " must be " << toBits / fromBits;
  size_t common = std::min(from.getRank(), to.getRank());
  if (from.getShape().take_front(common) != to.getShape().take_front(common))
    return emitOpError() << "of " << from << " to " << to << " changes a size other than the last";
  return success();
}

LogicalResult BitcastOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &dims) {
  auto to = cast<RankedTensorType>(getType());
  SmallVector<OpFoldResult> sizes = getSizes(builder, getLoc(), getX());
  sizes.resize(to.getRank());
  if (to.getRank() > cast<RankedTensorType>(getX().getType()).getRank())
    sizes.back() = builder.getIndexAttr(to.getShape().back());
  dims.push_back(sizes);
  return success();
}

} // namespace tgc::tg
