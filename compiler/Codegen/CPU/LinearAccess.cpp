//===- LinearAccess.cpp - Addresses of operands as sums of loops ----------===//

#include "compiler/Codegen/CPU/LinearAccess.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace tgc {

Value IndexMath::materialize(OpFoldResult value) const {
  return getValueOrCreateConstantIndexOp(builder, loc, value);
}

OpFoldResult IndexMath::add(OpFoldResult a, OpFoldResult b) const {
  auto x = getConstantIntValue(a), y = getConstantIntValue(b);
  if (x && y)
    return known(*x + *y);
  if (x && *x == 0)
    return b;
  if (y && *y == 0)
    return a;
  return arith::AddIOp::create(builder, loc, materialize(a), materialize(b)).getResult();
}

OpFoldResult IndexMath::sub(OpFoldResult a, OpFoldResult b) const {
  auto x = getConstantIntValue(a), y = getConstantIntValue(b);
  if (x && y)
    return known(*x - *y);
  if (y && *y == 0)
    return a;
  return arith::SubIOp::create(builder, loc, materialize(a), materialize(b)).getResult();
}

OpFoldResult IndexMath::mul(OpFoldResult a, OpFoldResult b) const {
  auto x = getConstantIntValue(a), y = getConstantIntValue(b);
  if (x && y)
    return known(*x * *y);
  if ((x && *x == 0) || (y && *y == 1))
    return a;
  if ((y && *y == 0) || (x && *x == 1))
    return b;
  return arith::MulIOp::create(builder, loc, materialize(a), materialize(b)).getResult();
}

OpFoldResult IndexMath::min(OpFoldResult a, OpFoldResult b) const {
  auto x = getConstantIntValue(a), y = getConstantIntValue(b);
  if (x && y)
    return known(std::min(*x, *y));
  return arith::MinSIOp::create(builder, loc, materialize(a), materialize(b)).getResult();
}

OpFoldResult IndexMath::max(OpFoldResult a, OpFoldResult b) const {
  auto x = getConstantIntValue(a), y = getConstantIntValue(b);
  if (x && y)
    return known(std::max(*x, *y));
  return arith::MaxSIOp::create(builder, loc, materialize(a), materialize(b)).getResult();
}

OpFoldResult IndexMath::div(OpFoldResult a, OpFoldResult b) const {
  auto x = getConstantIntValue(a), y = getConstantIntValue(b);
  if (y && *y == 1)
    return a;
  if (x && y && *y != 0)
    return known(*x / *y);
  return arith::DivUIOp::create(builder, loc, materialize(a), materialize(b)).getResult();
}

OpFoldResult IndexMath::rem(OpFoldResult a, OpFoldResult b) const {
  auto x = getConstantIntValue(a), y = getConstantIntValue(b);
  if (y && *y == 1)
    return known(0);
  if (x && y && *y != 0)
    return known(*x % *y);
  return arith::RemUIOp::create(builder, loc, materialize(a), materialize(b)).getResult();
}

OpFoldResult IndexMath::ceilDiv(OpFoldResult a, OpFoldResult b) const {
  return div(add(a, sub(b, known(1))), b);
}

/// Adds `factor` times the loops of `expr` to the strides.
static void addLoops(const IndexMath &math, AffineExpr expr, OpFoldResult factor, LinearAccess &access) {
  if (auto sum = dyn_cast<AffineBinaryOpExpr>(expr); sum && expr.getKind() == AffineExprKind::Add) {
    addLoops(math, sum.getLHS(), factor, access);
    addLoops(math, sum.getRHS(), factor, access);
  } else if (auto product = dyn_cast<AffineBinaryOpExpr>(expr)) {
    int64_t scale = cast<AffineConstantExpr>(product.getRHS()).getValue();
    addLoops(math, product.getLHS(), math.mul(factor, math.known(scale)), access);
  } else if (auto dim = dyn_cast<AffineDimExpr>(expr)) {
    OpFoldResult &stride = access.strides[dim.getPosition()];
    stride = math.add(stride, factor);
  } else {
    access.offset =
        math.add(access.offset, math.mul(factor, math.known(cast<AffineConstantExpr>(expr).getValue())));
  }
}

LinearAccess LinearAccess::create(OpBuilder &builder, Location loc, Value memref, AffineMap map) {
  IndexMath math(builder, loc);
  auto type = cast<MemRefType>(memref.getType());
  int64_t knownOffset;
  SmallVector<int64_t> knownStrides;
  [[maybe_unused]] LogicalResult isStrided = type.getStridesAndOffset(knownStrides, knownOffset);
  assert(succeeded(isStrided) && "bufferization makes strided layouts only");
  auto metadata = memref::ExtractStridedMetadataOp::create(builder, loc, memref);

  LinearAccess access;
  access.offset =
      ShapedType::isDynamic(knownOffset) ? OpFoldResult(metadata.getOffset()) : math.known(knownOffset);
  access.strides.assign(map.getNumDims(), math.known(0));
  for (auto [dim, expr] : llvm::enumerate(map.getResults()))
    addLoops(math, expr,
             ShapedType::isDynamic(knownStrides[dim]) ? OpFoldResult(metadata.getStrides()[dim])
                                                      : math.known(knownStrides[dim]),
             access);
  auto flatType = MemRefType::get({ShapedType::kDynamic}, type.getElementType(), MemRefLayoutAttrInterface(),
                                  type.getMemorySpace());
  // Its size is never asked for: addresses are those of iterations.
  access.flat = memref::ReinterpretCastOp::create(
      builder, loc, flatType, metadata.getBaseBuffer(), math.known(0),
      ArrayRef<OpFoldResult>{math.materialize(math.known(std::numeric_limits<int64_t>::max() / 8))},
      ArrayRef<OpFoldResult>{math.known(1)});
  return access;
}

Addresses moveAlong(const IndexMath &math, ArrayRef<LinearAccess> accesses, const Addresses &place,
                    unsigned loop, OpFoldResult steps) {
  Addresses moved;
  for (auto [address, access] : llvm::zip_equal(place, accesses))
    moved.push_back(math.add(address, math.mul(steps, access.strides[loop])));
  return moved;
}

bool isLinear(AffineExpr expr) {
  switch (expr.getKind()) {
  case AffineExprKind::Add: {
    auto sum = cast<AffineBinaryOpExpr>(expr);
    return isLinear(sum.getLHS()) && isLinear(sum.getRHS());
  }
  case AffineExprKind::Mul: {
    auto product = cast<AffineBinaryOpExpr>(expr);
    return isa<AffineDimExpr>(product.getLHS()) && isa<AffineConstantExpr>(product.getRHS());
  }
  case AffineExprKind::DimId:
    return true;
  default:
    return false;
  }
}

static void addKnownStrides(AffineExpr expr, int64_t factor, SmallVectorImpl<int64_t> &strides) {
  if (auto binary = dyn_cast<AffineBinaryOpExpr>(expr)) {
    if (expr.getKind() == AffineExprKind::Add) {
      addKnownStrides(binary.getLHS(), factor, strides);
      addKnownStrides(binary.getRHS(), factor, strides);
      return;
    }
    int64_t scale = cast<AffineConstantExpr>(binary.getRHS()).getValue();
    return addKnownStrides(binary.getLHS(), ShapedType::isDynamic(factor) ? factor : factor * scale, strides);
  }
  auto dim = dyn_cast<AffineDimExpr>(expr);
  if (!dim)
    return;
  int64_t &stride = strides[dim.getPosition()];
  stride =
      ShapedType::isDynamic(factor) || ShapedType::isDynamic(stride) ? ShapedType::kDynamic : stride + factor;
}

SmallVector<int64_t> getKnownStrides(MemRefType type, AffineMap map) {
  SmallVector<int64_t> result(map.getNumDims(), 0), strides;
  int64_t offset;
  [[maybe_unused]] LogicalResult isStrided = type.getStridesAndOffset(strides, offset);
  assert(succeeded(isStrided) && "bufferization makes strided layouts only");
  for (auto [dim, expr] : llvm::enumerate(map.getResults()))
    addKnownStrides(expr, strides[dim], result);
  return result;
}

} // namespace tgc
