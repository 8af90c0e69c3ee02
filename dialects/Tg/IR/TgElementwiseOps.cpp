//===- TgElementwiseOps.cpp - Elementwise ops -----------------------------===//

#include "dialects/Tg/IR/ScalarBuilder.h"
#include "dialects/Tg/IR/TgOps.h"
#include "mlir/Dialect/CommonFolders.h"
#include "mlir/Dialect/UB/IR/UBOps.h"

using namespace mlir;

namespace tgc::tg {

/// Folds an elementwise op of two small constants; the identity `neutral` on the right gives the left
/// operand.
template <typename IntFn, typename FloatFn>
static OpFoldResult foldBinary(ArrayRef<Attribute> operands, Type element, IntFn intFn, FloatFn floatFn) {
  for (Attribute operand : operands)
    if (auto elements = dyn_cast_or_null<ElementsAttr>(operand);
        elements && elements.getNumElements() > 64 && !elements.isSplat())
      return {};
  if (isa<IntegerType>(element) && !element.isUnsignedInteger())
    return constFoldBinaryOp<IntegerAttr>(operands, intFn);
  if (isa<FloatType>(element))
    return constFoldBinaryOp<FloatAttr>(operands, floatFn);
  return {};
}

/// Whether `value` is a splat of `number`. Floats: only where x op number is x for every x, signed zeros
/// included.
static bool isSplatOf(Attribute value, double number) {
  auto elements = dyn_cast_or_null<DenseElementsAttr>(value);
  if (!elements || !elements.isSplat())
    return false;
  if (auto type = dyn_cast<FloatType>(elements.getElementType()))
    return elements.getSplatValue<APFloat>().bitwiseIsEqual([&] {
      APFloat wanted(number);
      bool losesInfo;
      wanted.convert(type.getFloatSemantics(), APFloat::rmNearestTiesToEven, &losesInfo);
      return wanted;
    }());
  if (isa<IntegerType>(elements.getElementType()))
    return elements.getSplatValue<APInt>() == static_cast<uint64_t>(number);
  return false;
}

OpFoldResult AddOp::fold(FoldAdaptor adaptor) {
  // -0.0, not 0.0, is the neutral element of floating-point addition.
  if (isSplatOf(adaptor.getRhs(), isa<FloatType>(getType().getElementType()) ? -0.0 : 0.0))
    return getLhs();
  return foldBinary(
      adaptor.getOperands(), getType().getElementType(), [](APInt a, const APInt &b) { return a + b; },
      [](APFloat a, const APFloat &b) { return a + b; });
}

OpFoldResult SubOp::fold(FoldAdaptor adaptor) {
  if (isSplatOf(adaptor.getRhs(), 0.0))
    return getLhs();
  return foldBinary(
      adaptor.getOperands(), getType().getElementType(), [](APInt a, const APInt &b) { return a - b; },
      [](APFloat a, const APFloat &b) { return a - b; });
}

OpFoldResult MulOp::fold(FoldAdaptor adaptor) {
  if (isSplatOf(adaptor.getRhs(), 1.0))
    return getLhs();
  return foldBinary(
      adaptor.getOperands(), getType().getElementType(), [](APInt a, const APInt &b) { return a * b; },
      [](APFloat a, const APFloat &b) { return a * b; });
}

OpFoldResult DivOp::fold(FoldAdaptor adaptor) {
  return isSplatOf(adaptor.getRhs(), 1.0) ? OpFoldResult(getLhs()) : OpFoldResult();
}

OpFoldResult SelectOp::fold(FoldAdaptor adaptor) {
  if (getOnTrue() == getOnFalse())
    return getOnTrue();
  auto condition = dyn_cast_or_null<DenseElementsAttr>(adaptor.getCondition());
  if (condition && condition.isSplat())
    return condition.getSplatValue<bool>() ? getOnTrue() : getOnFalse();
  return {};
}

OpFoldResult CastOp::fold(FoldAdaptor) {
  return getX().getType() == getType() ? OpFoldResult(getX()) : OpFoldResult();
}

LogicalResult CastOp::verify() {
  Type from = getX().getType().getElementType(), to = getType().getElementType();
  if ((isa<StringType>(from) || isa<StringType>(to)) && from != to)
    return emitOpError() << "cannot convert " << from << " to " << to << ": strings are no numbers";
  return success();
}

LogicalResult SpecialOp::verify() {
  if (getOperands().empty())
    return emitOpError() << "needs at least one operand";
  for (Value operand : getOperands())
    if (operand.getType() != getType())
      return emitOpError() << "operand has type " << operand.getType() << ", the result " << getType();
  return success();
}

Value SpecialOp::buildScalar(OpBuilder &builder, Location loc, ValueRange args) {
  return ScalarBuilder(builder, loc, getType().getElementType()).special(getFunction(), args);
}

LogicalResult SpecialOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &dims) {
  return reifyShapeOfOperand(builder, *this, 0, dims);
}

} // namespace tgc::tg
