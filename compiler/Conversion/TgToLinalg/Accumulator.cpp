//===- Accumulator.cpp - Precision and order of sums ----------------------===//

#include "compiler/Conversion/TgToLinalg/Accumulator.h"
#include "compiler/Conversion/TgToLinalg/Patterns.h"
#include "dialects/Tg/IR/ScalarBuilder.h"

using namespace mlir;

namespace tgc::detail {

Type getAccumulatorType(tg::ReductionKind kind, Type element, int64_t count) {
  if (kind != tg::ReductionKind::Sum && kind != tg::ReductionKind::Prod)
    return element;
  bool isLong = ShapedType::isDynamic(count) || count > kExactSumThreshold;
  if (element.isF32() && kind == tg::ReductionKind::Sum && isLong)
    return Float64Type::get(element.getContext());
  return getProductAccumulatorType(element);
}

Type getProductAccumulatorType(Type element) {
  return isa<Float16Type, BFloat16Type>(element) ? Float32Type::get(element.getContext()) : element;
}

/// `value` in the wider float type `to`.
static Value widen(OpBuilder &builder, Location loc, Value value, Type from, Type to) {
  return from == to ? value : Value(arith::ExtFOp::create(builder, loc, to, value));
}

/// Lets the code generator choose the order (and the fusion with a product) of a float addition.
static Value relax(Value sum, arith::FastMathFlags flags) {
  if (auto add = sum.getDefiningOp<arith::AddFOp>())
    add.setFastmath(flags);
  return sum;
}

/// Leaves open which of two zeros is the larger one.
static void relaxZeros(Value result) {
  if (auto largest = result.getDefiningOp<arith::MaximumFOp>())
    largest.setFastmath(arith::FastMathFlags::nsz);
  if (auto smallest = result.getDefiningOp<arith::MinimumFOp>())
    smallest.setFastmath(arith::FastMathFlags::nsz);
}

Value accumulate(OpBuilder &builder, Location loc, tg::ReductionKind kind, Type element, Type accumulatorType,
                 Value accumulator, Value value) {
  Value wide = widen(builder, loc, value, element, accumulatorType);
  Value result = combine(builder, loc, kind, accumulatorType, accumulator, wide);
  relaxZeros(result);
  return element == accumulatorType ? result : relax(result, arith::FastMathFlags::reassoc);
}

Value accumulateProduct(OpBuilder &builder, Location loc, Type element, Type accumulatorType,
                        Value accumulator, Value lhs, Value rhs) {
  tg::ScalarBuilder s(builder, loc, accumulatorType);
  Value product = s.mul(widen(builder, loc, lhs, element, accumulatorType),
                        widen(builder, loc, rhs, element, accumulatorType));
  if (auto mul = product.getDefiningOp<arith::MulFOp>())
    mul.setFastmath(arith::FastMathFlags::contract);
  return relax(s.add(accumulator, product), arith::FastMathFlags::reassoc | arith::FastMathFlags::contract);
}

Value createAccumulators(OpBuilder &builder, Location loc, tg::ReductionKind kind, Type accumulatorType,
                         ArrayRef<OpFoldResult> sizes) {
  Value neutral = createNeutralElement(builder, loc, kind, accumulatorType);
  Value empty = tensor::EmptyOp::create(builder, loc, sizes, tg::withoutSign(accumulatorType));
  return linalg::FillOp::create(builder, loc, neutral, empty).getResult(0);
}

Value roundAccumulators(OpBuilder &builder, Location loc, Value accumulators, Type element) {
  auto type = cast<RankedTensorType>(accumulators.getType());
  if (type.getElementType() == tg::withoutSign(element))
    return accumulators;
  Value init = tensor::EmptyOp::create(builder, loc, tg::getSizes(builder, loc, accumulators), element);
  return createParallelGeneric(builder, loc, init, accumulators,
                               builder.getMultiDimIdentityMap(type.getRank()),
                               [&](OpBuilder &b, Location l, ValueRange args) -> Value {
                                 return arith::TruncFOp::create(b, l, element, args[0]);
                               });
}

int64_t getProductOfSizes(ArrayRef<int64_t> sizes) {
  int64_t product = 1;
  for (int64_t size : sizes) {
    if (ShapedType::isDynamic(size))
      return ShapedType::kDynamic;
    product *= size;
  }
  return product;
}

} // namespace tgc::detail
