//===- GradientBuilder.cpp - The words of gradient rules ------------------===//

#include "dialects/Tg/IR/GradientBuilder.h"
#include "dialects/Tg/IR/GuardedRoot.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include <complex>

using namespace mlir;

namespace tgc::tg {

/// The location of what differentiates an op: its node's name, in a scope of its own.
static Location getGradientLoc(Location loc) {
  auto name = dyn_cast<NameLoc>(loc);
  if (!name)
    return loc;
  constexpr StringLiteral scope = "gradients/";
  if (name.getName().getValue().starts_with(scope))
    return loc;
  return NameLoc::get(StringAttr::get(loc.getContext(), scope + name.getName().getValue()),
                      name.getChildLoc());
}

GradientBuilder::GradientBuilder(OpBuilder &builder, Operation *op, const llvm::SmallBitVector &needed)
    : builder(builder), loc(getGradientLoc(op->getLoc())), needed(needed) {}

//===----------------------------------------------------------------------===//
// Elementwise
//===----------------------------------------------------------------------===//

Value GradientBuilder::conj(Value x) {
  return isa<ComplexType>(getType(x).getElementType()) ? unary<ConjOp>(x) : x;
}

Value GradientBuilder::truncate(Value x) {
  return select(compare(ComparisonDirection::LT, x, number(x, 0)), unary<CeilOp>(x), unary<FloorOp>(x));
}

/// `x` in the semantics of `type`.
static APFloat getFloat(FloatType type, double x) {
  APFloat value(x);
  bool losesInfo;
  value.convert(type.getFloatSemantics(), APFloat::rmNearestTiesToEven, &losesInfo);
  return value;
}

/// A constant of one element, repeated where the type is static.
static Value createSplat(OpBuilder &builder, Location loc, RankedTensorType type, double x) {
  Type element = type.getElementType();
  DenseElementsAttr value;
  if (auto complex = dyn_cast<ComplexType>(element)) {
    auto part = cast<FloatType>(complex.getElementType());
    value = DenseElementsAttr::get(type, std::complex<APFloat>(getFloat(part, x), getFloat(part, 0)));
  } else if (auto number = dyn_cast<FloatType>(element)) {
    value = DenseElementsAttr::get(type, getFloat(number, x));
  } else {
    value = DenseElementsAttr::get(type, APInt(element.getIntOrFloatBitWidth(),
                                               static_cast<uint64_t>(static_cast<int64_t>(x)), true, true));
  }
  return ConstantOp::create(builder, loc, value);
}

Value GradientBuilder::scalar(Type element, double x) {
  return createSplat(builder, loc, RankedTensorType::get({}, element), x);
}

Value GradientBuilder::zeros(ArrayRef<Size> sizes, Type element) {
  RankedTensorType type = getTypeOfSizes(sizes, element);
  if (type.hasStaticShape())
    return createSplat(builder, loc, type, 0);
  return BroadcastToOp::create(builder, loc, type, scalar(element, 0), getDynamicSizes(sizes),
                               ArrayRef<int64_t>());
}

Value GradientBuilder::number(Value like, double x) {
  RankedTensorType type = getType(like);
  if (type.hasStaticShape())
    return createSplat(builder, loc, type, x);
  return BroadcastToOp::create(builder, loc, type, scalar(type.getElementType(), x),
                               getDynamicSizes(getSizes(like)), ArrayRef<int64_t>());
}

Value GradientBuilder::where(ComparisonDirection direction, Value x, Value y, Value dy) {
  return select(compare(direction, x, y), dy, number(dy, 0));
}

Value GradientBuilder::unless(ComparisonDirection direction, Value x, Value y, Value dy) {
  return select(compare(direction, x, y), number(dy, 0), dy);
}

Value GradientBuilder::guardRoot(Value dy, Value y, bool isReciprocal) {
  return tg::guardRoot(builder, loc, dy, y, isReciprocal,
                       [&](Value like, double x) { return number(like, x); });
}

Value GradientBuilder::cast(Value x, Type type) {
  Type to = withElementType(x.getType(), getElementTypeOrSelf(type));
  return to == x.getType() ? x : CastOp::create(builder, loc, to, x, false).getResult();
}

Value GradientBuilder::complex(Value real, Value imag) {
  return ComplexOp::create(builder, loc, withComplexElement(real.getType()), real, imag);
}

Value GradientBuilder::powerBase(Value x, Value y, Value dz) {
  Value exponent = conj(y);
  return mul(mul(dz, exponent), binary<PowOp>(conj(x), sub(exponent, number(exponent, 1))));
}

Value GradientBuilder::powerExponent(Value x, Value z, Value dz) {
  bool isComplex = isa<ComplexType>(getType(x).getElementType());
  Value base = conj(x);
  Value hasLog =
      compare(isComplex ? ComparisonDirection::NE : ComparisonDirection::GT, base, number(base, 0));
  Value log = unary<LogOp>(select(hasLog, base, number(base, 1)));
  return mul(mul(dz, conj(z)), select(hasLog, log, number(log, 0)));
}

//===----------------------------------------------------------------------===//
// Shapes
//===----------------------------------------------------------------------===//

Value GradientBuilder::refine(Value x, Type type) {
  return x.getType() == type ? x : tensor::CastOp::create(builder, loc, type, x).getResult();
}

OpFoldResult GradientBuilder::divSizes(Size a, Size b) {
  auto x = getConstantIntValue(a), y = getConstantIntValue(b);
  if (x && y && *y)
    return size(*x / *y);
  if (y == 1)
    return a;
  return getAsOpFoldResult(
      builder.createOrFold<arith::DivSIOp>(loc, getValueOrCreateConstantIndexOp(builder, loc, a),
                                           getValueOrCreateConstantIndexOp(builder, loc, b)));
}

OpFoldResult GradientBuilder::maxSizes(Size a, Size b) {
  auto x = getConstantIntValue(a), y = getConstantIntValue(b);
  if (x && y)
    return size(std::max(*x, *y));
  return getAsOpFoldResult(
      builder.createOrFold<arith::MaxSIOp>(loc, getValueOrCreateConstantIndexOp(builder, loc, a),
                                           getValueOrCreateConstantIndexOp(builder, loc, b)));
}

OpFoldResult GradientBuilder::product(ArrayRef<Size> sizes) {
  Size result = size(1);
  for (Size factor : sizes)
    result = mulSizes(result, factor);
  return result;
}

Value GradientBuilder::reshape(Value x, ArrayRef<Size> sizes) {
  RankedTensorType type = getTypeOfSizes(sizes, getType(x).getElementType());
  if (type == x.getType() && type.getNumDynamicDims() <= 1)
    return x;
  return ReshapeOp::create(builder, loc, type, x, getDynamicSizes(sizes));
}

Value GradientBuilder::broadcast(Value x, ArrayRef<Size> sizes) {
  RankedTensorType from = getType(x), type = getTypeOfSizes(sizes, from.getElementType());
  SmallVector<int64_t> equal;
  int64_t lead = type.getRank() - from.getRank();
  for (int64_t dim = 0; dim < from.getRank(); ++dim)
    if (from.getDimSize(dim) != 1 || type.getDimSize(dim + lead) == 1)
      equal.push_back(dim + lead);
  if (lead == 0 && static_cast<int64_t>(equal.size()) == type.getRank())
    return refine(x, type);
  return BroadcastToOp::create(builder, loc, type, x, getDynamicSizes(sizes), equal);
}

Value GradientBuilder::broadcastAlong(Value x, ArrayRef<int64_t> missing, ArrayRef<Size> sizes) {
  SmallVector<Size> kept(sizes);
  for (int64_t dim : missing)
    kept[dim] = size(1);
  return broadcast(reshape(x, kept), sizes);
}

Value GradientBuilder::transpose(Value x, ArrayRef<int64_t> permutation) {
  return TransposeOp::create(builder, loc, x, permutation);
}

Value GradientBuilder::reverse(Value x, ArrayRef<int64_t> dimensions) {
  return dimensions.empty() ? x : ReverseOp::create(builder, loc, x, dimensions).getResult();
}

Value GradientBuilder::slice(Value x, ArrayRef<Size> offsets, ArrayRef<Size> sizes,
                             ArrayRef<int64_t> strides) {
  SmallVector<int64_t> ones(offsets.size(), 1);
  return SliceOp::create(builder, loc, x, offsets, sizes,
                         strides.empty() ? ArrayRef<int64_t>(ones) : strides);
}

Value GradientBuilder::pad(Value x, ArrayRef<Size> low, ArrayRef<Size> high, ArrayRef<int64_t> interior) {
  return PadOp::create(builder, loc, x, scalar(getType(x).getElementType(), 0), low, high, interior);
}

Value GradientBuilder::concat(ValueRange parts, int64_t dimension) {
  return ConcatOp::create(builder, loc, parts, dimension);
}

Value GradientBuilder::reduce(ReductionKind kind, Value x, ArrayRef<int64_t> dimensions) {
  return dimensions.empty() ? x : ReduceOp::create(builder, loc, kind, x, dimensions).getResult();
}

Value GradientBuilder::iota(ArrayRef<Size> sizes, Type element, int64_t dimension) {
  return IotaOp::create(builder, loc, getTypeOfSizes(sizes, element), getDynamicSizes(sizes), dimension);
}

Value GradientBuilder::scatterAdd(Value x, Value indices, Value updates, BoundsMode bounds) {
  return ScatterOp::create(builder, loc, ScatterKind::Add, x, indices, updates, bounds);
}

/// Whether all elements are known to be zero.
static bool isZero(Value x) {
  if (auto broadcast = x.getDefiningOp<BroadcastToOp>())
    x = broadcast.getX();
  auto constant = x.getDefiningOp<ConstantOp>();
  auto elements = constant ? dyn_cast<DenseElementsAttr>(constant.getValue()) : DenseElementsAttr();
  return elements && elements.isSplat() && isa<FloatType>(elements.getElementType()) &&
         elements.getSplatValue<APFloat>().isPosZero();
}

Value accumulate(OpBuilder &builder, Location loc, Value sum, Value gradient) {
  if (auto scatter = gradient.getDefiningOp<ScatterOp>();
      scatter && scatter.getKind() == ScatterKind::Add && isZero(scatter.getX()))
    return ScatterOp::create(builder, loc, ScatterKind::Add, sum, scatter.getIndices(), scatter.getUpdates(),
                             scatter.getBounds());
  auto insert = gradient.getDefiningOp<InsertSliceOp>();
  if (!insert || !isZero(insert.getX()) ||
      cast<RankedTensorType>(insert.getPart().getType()).getRank() != insert.getType().getRank())
    return AddOp::create(builder, loc, sum, gradient);
  SmallVector<OpFoldResult> offsets = insert.getMixedOffsets(),
                            sizes = getSizes(builder, loc, insert.getPart());
  SmallVector<int64_t> ones(sizes.size(), 1);
  Value part = SliceOp::create(builder, loc, sum, offsets, sizes, ones);
  if (part.getType() != insert.getPart().getType())
    part = tensor::CastOp::create(builder, loc, insert.getPart().getType(), part);
  return InsertSliceOp::create(builder, loc, AddOp::create(builder, loc, part, insert.getPart()), sum,
                               offsets);
}

Value GradientBuilder::gatherNd(Value x, Value indices, BoundsMode bounds) {
  return GatherNdOp::create(builder, loc, x, indices, 0, bounds);
}

} // namespace tgc::tg
