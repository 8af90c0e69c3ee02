//===- TgShapes.cpp - Sizes and element types of tg values ----------------===//

#include "dialects/Tg/IR/TgShapes.h"
#include "dialects/Tg/IR/TgDialect.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;

namespace tgc::tg {

Type withElementType(Type type, Type element) { return cast<RankedTensorType>(type).clone(element); }

Type withBoolElement(Type type) { return withElementType(type, IntegerType::get(type.getContext(), 1)); }

Type withRealElement(Type type) {
  auto element = dyn_cast<ComplexType>(getElementTypeOrSelf(type));
  return element ? withElementType(type, element.getElementType()) : type;
}

Type withComplexElement(Type type) {
  return withElementType(type, ComplexType::get(getElementTypeOrSelf(type)));
}

Type withoutSign(Type type) {
  if (auto tensor = dyn_cast<RankedTensorType>(type))
    return tensor.clone(withoutSign(tensor.getElementType()));
  if (isa<StringType>(type))
    return VectorType::get({2}, IntegerType::get(type.getContext(), 64));
  auto integer = dyn_cast<IntegerType>(type);
  return integer ? IntegerType::get(type.getContext(), integer.getWidth()) : type;
}

OpFoldResult getSize(OpBuilder &builder, Location loc, Value tensor, int64_t dim) {
  return tensor::getMixedSize(builder, loc, tensor, dim);
}

SmallVector<OpFoldResult> getSizes(OpBuilder &builder, Location loc, Value tensor) {
  return tensor::getMixedSizes(builder, loc, tensor);
}

OpFoldResult addSizes(OpBuilder &builder, Location loc, OpFoldResult a, OpFoldResult b) {
  auto x = getConstantIntValue(a), y = getConstantIntValue(b);
  if (x && y)
    return builder.getIndexAttr(*x + *y);
  if (x && *x == 0)
    return b;
  if (y && *y == 0)
    return a;
  return getAsOpFoldResult(
      builder.createOrFold<arith::AddIOp>(loc, getValueOrCreateConstantIndexOp(builder, loc, a),
                                          getValueOrCreateConstantIndexOp(builder, loc, b)));
}

OpFoldResult mulSizes(OpBuilder &builder, Location loc, OpFoldResult a, OpFoldResult b) {
  auto x = getConstantIntValue(a), y = getConstantIntValue(b);
  if (x && y)
    return builder.getIndexAttr(*x * *y);
  if (x && *x == 1)
    return b;
  if (y && *y == 1)
    return a;
  return getAsOpFoldResult(
      builder.createOrFold<arith::MulIOp>(loc, getValueOrCreateConstantIndexOp(builder, loc, a),
                                          getValueOrCreateConstantIndexOp(builder, loc, b)));
}

int64_t getWindowedSize(int64_t size, int64_t window, int64_t stride, int64_t dilation) {
  if (ShapedType::isDynamic(size) || ShapedType::isDynamic(window))
    return ShapedType::kDynamic;
  int64_t room = size - (window - 1) * dilation - 1;
  return room < 0 ? 0 : room / stride + 1;
}

OpFoldResult getWindowedSize(OpBuilder &builder, Location loc, OpFoldResult size, OpFoldResult window,
                             int64_t stride, int64_t dilation) {
  auto x = getConstantIntValue(size), w = getConstantIntValue(window);
  if (x && w)
    return builder.getIndexAttr(getWindowedSize(*x, *w, stride, dilation));
  if (w && *w == 1 && stride == 1)
    return size;
  // max(0, floordiv(size - (window - 1) * dilation - 1 + stride, stride)); the dividend is at least zero
  // after the max.
  auto constant = [&](int64_t value) -> Value { return arith::ConstantIndexOp::create(builder, loc, value); };
  Value reach = builder.createOrFold<arith::MulIOp>(
      loc, getValueOrCreateConstantIndexOp(builder, loc, window), constant(-dilation));
  Value room =
      builder.createOrFold<arith::AddIOp>(loc, getValueOrCreateConstantIndexOp(builder, loc, size), reach);
  room = builder.createOrFold<arith::AddIOp>(loc, room, constant(dilation - 1 + stride));
  room = builder.createOrFold<arith::MaxSIOp>(loc, room, constant(0));
  return getAsOpFoldResult(builder.createOrFold<arith::DivUIOp>(loc, room, constant(stride)));
}

LogicalResult reifyShapeOfOperand(OpBuilder &builder, Operation *op, unsigned operand,
                                  ReifiedRankedShapedTypeDims &dims) {
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPoint(op);
  dims.push_back(getSizes(builder, op->getLoc(), op->getOperand(operand)));
  return success();
}

SmallVector<OpFoldResult> mixSizes(OpBuilder &builder, RankedTensorType type, ValueRange sizes) {
  return getMixedValues(type.getShape(), sizes, builder);
}

RankedTensorType getTypeOfSizes(ArrayRef<OpFoldResult> sizes, Type element) {
  SmallVector<int64_t> shape;
  for (OpFoldResult size : sizes)
    shape.push_back(getConstantIntValue(size).value_or(ShapedType::kDynamic));
  return RankedTensorType::get(shape, element);
}

SmallVector<Value> getDynamicSizes(ArrayRef<OpFoldResult> sizes) {
  SmallVector<Value> dynamic;
  for (OpFoldResult size : sizes)
    if (!getConstantIntValue(size))
      dynamic.push_back(cast<Value>(size));
  return dynamic;
}

} // namespace tgc::tg
