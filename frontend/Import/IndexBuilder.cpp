//===- IndexBuilder.cpp - Arithmetic on sizes -----------------------------===//

#include "frontend/Import/IndexBuilder.h"
#include "dialects/Tg/IR/TgOps.h"
#include "dialects/Tg/IR/TgShapes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace tgc {

using Size = IndexBuilder::Size;

std::optional<int64_t> IndexBuilder::getConstant(Size size) { return getConstantIntValue(size); }

bool IndexBuilder::isEqual(Size a, Size b) { return isEqualConstantIntOrValue(a, b); }

Value IndexBuilder::get(Size size) { return getValueOrCreateConstantIndexOp(builder, location, size); }

SmallVector<Value> IndexBuilder::get(ArrayRef<Size> sizes) {
  return llvm::map_to_vector(sizes, [&](Size size) { return get(size); });
}

template <typename BuildFn>
Size IndexBuilder::build(Kind kind, Size a, Size b, bool commutes, BuildFn buildFn) {
  const void *x = a.getOpaqueValue(), *y = b.getOpaqueValue();
  if (commutes && y < x)
    std::swap(x, y);
  Key key{static_cast<unsigned>(kind), x, y};
  auto [it, isNew] = expressions.try_emplace(key);
  if (!isNew)
    return it->second;
  Value value = buildFn(get(a), get(b));
  expressions[key] = value;
  expressionLog.push_back(key);
  return value;
}

void IndexBuilder::release(Mark mark) {
  for (; expressionLog.size() > mark.expressions; expressionLog.pop_back())
    expressions.erase(expressionLog.back());
  for (; tensorLog.size() > mark.tensors; tensorLog.pop_back())
    tensors.erase(tensorLog.back());
  for (; equalLog.size() > mark.equal; equalLog.pop_back())
    equal.erase(equalLog.back());
  for (; broadcastLog.size() > mark.broadcasts; broadcastLog.pop_back())
    broadcastParts.erase(broadcastLog.back());
}

Size IndexBuilder::canonical(Size size) const {
  while (auto value = dyn_cast<Value>(size)) {
    auto it = equal.find(value);
    if (it == equal.end())
      break;
    size = it->second;
  }
  return size;
}

SmallVector<Size> IndexBuilder::canonical(ArrayRef<Size> sizes) const {
  return llvm::map_to_vector(sizes, [&](Size size) { return canonical(size); });
}

void IndexBuilder::setEqual(Size a, Size b) {
  auto x = dyn_cast<Value>(canonical(a)), y = dyn_cast<Value>(canonical(b));
  if (!x || !y || x == y)
    return;
  // The size of an argument stands for what is computed.
  if (auto dim = y.getDefiningOp<tensor::DimOp>(); dim && isa<BlockArgument>(dim.getSource()))
    std::swap(x, y);
  equal[y] = x;
  equalLog.push_back(y);
}

bool IndexBuilder::isBroadcastOf(Size size, Size part) const {
  size = canonical(size), part = canonical(part);
  if (isEqual(size, part))
    return true;
  auto value = dyn_cast<Value>(size);
  auto it = value ? broadcastParts.find(value) : broadcastParts.end();
  return it != broadcastParts.end() &&
         llvm::any_of(it->second, [&](Size known) { return isEqual(canonical(known), part); });
}

Size IndexBuilder::broadcast(Size a, Size b) {
  if (isBroadcastOf(a, b))
    return a;
  if (isBroadcastOf(b, a))
    return b;
  Size result = select(equals(a, constant(1)), b, a);
  auto value = dyn_cast<Value>(result);
  if (!value)
    return result;
  SmallVector<Size, 2> parts{a, b};
  for (Size part : {a, b})
    if (auto it = isa<Value>(part) ? broadcastParts.find(cast<Value>(part)) : broadcastParts.end();
        it != broadcastParts.end())
      llvm::append_range(parts, SmallVector<Size, 2>(it->second));
  if (broadcastParts.try_emplace(value, parts).second)
    broadcastLog.push_back(value);
  return result;
}

Size IndexBuilder::add(Size a, Size b) {
  auto x = getConstant(a), y = getConstant(b);
  if (x && y)
    return constant(static_cast<int64_t>(static_cast<uint64_t>(*x) + static_cast<uint64_t>(*y)));
  if (x == 0)
    return b;
  if (y == 0)
    return a;
  if (x)
    return add(b, a);
  // (v + c) + d, and (v - w) + w.
  if (Operation *op = cast<Value>(a).getDefiningOp()) {
    if (auto inner =
            isa<arith::AddIOp>(op) ? getConstant(getAsOpFoldResult(op->getOperand(1))) : std::nullopt;
        y && inner)
      return add(op->getOperand(0), add(constant(*inner), constant(*y)));
    if (isa<arith::SubIOp>(op) && isEqual(getAsOpFoldResult(op->getOperand(1)), b))
      return getAsOpFoldResult(op->getOperand(0));
  }
  if (auto difference = y ? nullptr : cast<Value>(b).getDefiningOp<arith::SubIOp>();
      difference && isEqual(getAsOpFoldResult(difference.getRhs()), a))
    return getAsOpFoldResult(difference.getLhs());
  return build(Kind::Add, a, b, true,
               [&](Value l, Value r) { return arith::AddIOp::create(builder, location, l, r); });
}

Size IndexBuilder::sub(Size a, Size b) {
  auto x = getConstant(a), y = getConstant(b);
  if (x && y)
    return constant(static_cast<int64_t>(static_cast<uint64_t>(*x) - static_cast<uint64_t>(*y)));
  if (y == 0)
    return a;
  if (isEqual(a, b))
    return constant(0);
  if (y)
    return add(a, sub(constant(0), constant(*y)));
  // v - (v - w), and (v + w) - w.
  if (auto difference = cast<Value>(b).getDefiningOp<arith::SubIOp>();
      difference && isEqual(getAsOpFoldResult(difference.getLhs()), a))
    return getAsOpFoldResult(difference.getRhs());
  if (auto sum = x ? nullptr : cast<Value>(a).getDefiningOp<arith::AddIOp>()) {
    if (isEqual(getAsOpFoldResult(sum.getRhs()), b))
      return getAsOpFoldResult(sum.getLhs());
    if (isEqual(getAsOpFoldResult(sum.getLhs()), b))
      return getAsOpFoldResult(sum.getRhs());
  }
  return build(Kind::Sub, a, b, false,
               [&](Value l, Value r) { return arith::SubIOp::create(builder, location, l, r); });
}

Size IndexBuilder::mul(Size a, Size b) {
  auto x = getConstant(a), y = getConstant(b);
  if (x && y)
    return constant(static_cast<int64_t>(static_cast<uint64_t>(*x) * static_cast<uint64_t>(*y)));
  if (x == 0 || y == 0)
    return constant(0);
  if (x == 1)
    return b;
  if (y == 1)
    return a;
  return build(Kind::Mul, a, b, true,
               [&](Value l, Value r) { return arith::MulIOp::create(builder, location, l, r); });
}

Size IndexBuilder::floorDiv(Size a, Size b) {
  auto x = getConstant(a), y = getConstant(b);
  if (x && y && *y != 0)
    return constant(llvm::divideFloorSigned(*x, *y));
  if (y == 1)
    return a;
  // (v * c) / c, the shape of a Reshape to [-1, c] and back.
  if (auto product = dyn_cast<Value>(a) ? cast<Value>(a).getDefiningOp<arith::MulIOp>() : nullptr) {
    if (isEqual(getAsOpFoldResult(product.getRhs()), b))
      return getAsOpFoldResult(product.getLhs());
    if (isEqual(getAsOpFoldResult(product.getLhs()), b))
      return getAsOpFoldResult(product.getRhs());
    auto factor = getConstant(getAsOpFoldResult(product.getRhs()));
    if (factor && y && *y > 0 && *factor % *y == 0)
      return mul(getAsOpFoldResult(product.getLhs()), constant(*factor / *y));
    factor = getConstant(getAsOpFoldResult(product.getLhs()));
    if (factor && y && *y > 0 && *factor % *y == 0)
      return mul(getAsOpFoldResult(product.getRhs()), constant(*factor / *y));
  }
  return build(Kind::FloorDiv, a, b, false,
               [&](Value l, Value r) { return arith::FloorDivSIOp::create(builder, location, l, r); });
}

Size IndexBuilder::floorMod(Size a, Size b) {
  auto x = getConstant(a), y = getConstant(b);
  if (x && y && *y != 0)
    return constant(*x - llvm::divideFloorSigned(*x, *y) * *y);
  return sub(a, mul(floorDiv(a, b), b));
}

Size IndexBuilder::ceilDiv(Size a, Size b) {
  return isConstant(b, 1) ? a : floorDiv(sub(add(a, b), constant(1)), b);
}

Size IndexBuilder::max(Size a, Size b) {
  auto x = getConstant(a), y = getConstant(b);
  if (x && y)
    return constant(std::max(*x, *y));
  if (isEqual(a, b) || (y && *y <= 0 && isNonNegative(a)))
    return a;
  if (x && *x <= 0 && isNonNegative(b))
    return b;
  return build(Kind::Max, a, b, true,
               [&](Value l, Value r) { return arith::MaxSIOp::create(builder, location, l, r); });
}

Size IndexBuilder::min(Size a, Size b) {
  auto x = getConstant(a), y = getConstant(b);
  if (x && y)
    return constant(std::min(*x, *y));
  if (isEqual(a, b))
    return a;
  return build(Kind::Min, a, b, true,
               [&](Value l, Value r) { return arith::MinSIOp::create(builder, location, l, r); });
}

Size IndexBuilder::select(Value condition, Size a, Size b) {
  if (isEqual(a, b))
    return a;
  return getAsOpFoldResult(builder.createOrFold<arith::SelectOp>(location, condition, get(a), get(b)));
}

Size IndexBuilder::product(ArrayRef<Size> sizes) {
  // Constants first, so that [?, 28, 28] and [?, 784] multiply to one expression.
  int64_t known = 1;
  Size unknown = constant(1);
  for (Size size : sizes) {
    if (auto value = getConstant(size))
      known *= *value;
    else
      unknown = mul(unknown, size);
  }
  return mul(unknown, constant(known));
}

Value IndexBuilder::equals(Size a, Size b) {
  auto x = getConstant(a), y = getConstant(b);
  if (isEqual(a, b) || (x && y))
    return arith::ConstantOp::create(builder, location, builder.getBoolAttr(isEqual(a, b)));
  return arith::CmpIOp::create(builder, location, arith::CmpIPredicate::eq, get(a), get(b));
}

Value IndexBuilder::compare(arith::CmpIPredicate predicate, Size a, Size b) {
  auto x = getConstant(a), y = getConstant(b);
  if (x && y)
    return arith::ConstantOp::create(
        builder, location,
        builder.getBoolAttr(arith::applyCmpPredicate(predicate, APInt(64, *x, true), APInt(64, *y, true))));
  return builder.createOrFold<arith::CmpIOp>(location, predicate, get(a), get(b));
}

Size IndexBuilder::fromBool(Value condition) {
  APInt known;
  if (matchPattern(condition, m_ConstantInt(&known)))
    return constant(!known.isZero());
  return arith::IndexCastUIOp::create(builder, location, builder.getIndexType(), condition).getResult();
}

Value IndexBuilder::isTrue(Size size) {
  if (auto known = getConstant(size))
    return arith::ConstantOp::create(builder, location, builder.getBoolAttr(*known != 0));
  if (auto widened = cast<Value>(size).getDefiningOp<arith::IndexCastUIOp>();
      widened && widened.getIn().getType().isInteger(1))
    return widened.getIn();
  return arith::CmpIOp::create(builder, location, arith::CmpIPredicate::ne, get(size), get(constant(0)));
}

bool IndexBuilder::isNonNegative(Size size) {
  if (auto value = getConstant(size))
    return *value >= 0;
  Operation *op = cast<Value>(size).getDefiningOp();
  auto operand = [&](unsigned i) { return isNonNegative(getAsOpFoldResult(op->getOperand(i))); };
  if (!op)
    return false;
  if (isa<tensor::DimOp, tg::CountNonzeroOp>(op))
    return true;
  if (isa<arith::MaxSIOp>(op))
    return operand(0) || operand(1);
  if (isa<arith::AddIOp, arith::MulIOp, arith::MinSIOp, arith::FloorDivSIOp>(op))
    return operand(0) && operand(1);
  return isa<arith::SelectOp>(op) && operand(1) && operand(2);
}

void IndexBuilder::setSizes(Value tensor, ArrayRef<Size> sizes) {
  tensors[tensor] = SmallVector<Size>(sizes);
  tensorLog.push_back(tensor);
}

SmallVector<Size> IndexBuilder::sizesOf(Value tensor) {
  auto type = cast<RankedTensorType>(tensor.getType());
  if (type.hasStaticShape())
    return getAsIndexOpFoldResult(builder.getContext(), type.getShape());
  if (auto it = tensors.find(tensor); it != tensors.end())
    return canonical(it->second);
  SmallVector<Size> sizes = computeSizes(tensor);
  for (auto [size, known] : llvm::zip_equal(sizes, type.getShape()))
    if (!ShapedType::isDynamic(known))
      size = constant(known);
  tensors[tensor] = sizes;
  tensorLog.push_back(tensor);
  return canonical(sizes);
}

SmallVector<Size> IndexBuilder::computeSizes(Value tensor) {
  auto type = cast<RankedTensorType>(tensor.getType());
  auto windowed = [&](Size size, Size window, int64_t stride, int64_t dilation) {
    Size room = sub(size, mul(sub(window, constant(1)), constant(dilation)));
    return max(add(floorDiv(sub(room, constant(1)), constant(stride)), constant(1)), constant(0));
  };
  if (!tensor.getDefiningOp())
    return tg::getSizes(builder, location, tensor);
  auto derived =
      TypeSwitch<Operation *, std::optional<SmallVector<Size>>>(tensor.getDefiningOp())
          .Case<tg::WatchOp, tg::StopGradientOp, tg::PreventGradientOp, tg::WithPartialsOp>(
              [&](Operation *op) { return sizesOf(op->getOperand(0)); })
          .Case<tg::ScalarOpInterface, tg::ReverseOp, tg::ScanOp, tensor::CastOp>(
              [&](Operation *op) { return sizesOf(op->getOperand(0)); })
          .Case<tg::ScatterOp, tg::InsertSliceOp>([&](auto op) { return sizesOf(op.getX()); })
          .Case([&](tg::ReduceOp op) {
            SmallVector<Size> sizes;
            for (auto [dim, size] : llvm::enumerate(sizesOf(op.getX())))
              if (!llvm::is_contained(op.getDimensions(), static_cast<int64_t>(dim)))
                sizes.push_back(size);
            return sizes;
          })
          .Case([&](tg::ArgReduceOp op) {
            SmallVector<Size> sizes = sizesOf(op.getX());
            sizes.erase(sizes.begin() + op.getDimension());
            return sizes;
          })
          .Case([&](tg::TransposeOp op) {
            SmallVector<Size> from = sizesOf(op.getX()), sizes;
            for (int64_t dim : op.getPermutation())
              sizes.push_back(from[dim]);
            return sizes;
          })
          .Case([&](tg::ConcatOp op) {
            SmallVector<Size> sizes = sizesOf(op.getInputs().front());
            for (Value input : op.getInputs().drop_front())
              sizes[op.getDimension()] = add(sizes[op.getDimension()], sizeOf(input, op.getDimension()));
            return sizes;
          })
          .Case([&](tg::ReduceWindowOp op) {
            SmallVector<Size> sizes = sizesOf(op.getX());
            for (size_t dim = 0; dim < sizes.size(); ++dim)
              if (op.getWindow()[dim] != 1 || op.getStrides()[dim] != 1)
                sizes[dim] = windowed(sizes[dim], constant(op.getWindow()[dim]), op.getStrides()[dim],
                                      op.getDilations()[dim]);
            return sizes;
          })
          .Case([&](tg::ConvOp op) {
            SmallVector<Size> sizes = sizesOf(op.getInput()), filter = sizesOf(op.getFilter());
            for (size_t dim = 0; dim < op.getStrides().size(); ++dim)
              sizes[dim + 1] =
                  windowed(sizes[dim + 1], filter[dim], op.getStrides()[dim], op.getDilations()[dim]);
            sizes.back() = filter.back();
            return sizes;
          })
          .Case([&](tg::MatMulOp op) {
            SmallVector<Size> lhs = sizesOf(op.getLhs()), rhs = sizesOf(op.getRhs());
            size_t rank = lhs.size();
            lhs[rank - 2] = lhs[rank - (op.getTransposeLhs() ? 1 : 2)];
            lhs[rank - 1] = rhs[rank - (op.getTransposeRhs() ? 2 : 1)];
            return lhs;
          })
          .Case([&](tg::PadOp op) {
            SmallVector<Size> sizes = sizesOf(op.getX()), low = op.getMixedLow(), high = op.getMixedHigh();
            for (size_t dim = 0; dim < sizes.size(); ++dim) {
              Size gaps = op.getInterior()[dim] ? mul(max(sub(sizes[dim], constant(1)), constant(0)),
                                                      constant(op.getInterior()[dim]))
                                                : constant(0);
              sizes[dim] = add(add(sizes[dim], gaps), add(low[dim], high[dim]));
            }
            return sizes;
          })
          .Case([&](tg::GatherOp op) {
            SmallVector<Size> params = sizesOf(op.getParams()), indices = sizesOf(op.getIndices());
            SmallVector<Size> sizes(ArrayRef(params).take_front(op.getAxis()));
            llvm::append_range(sizes, ArrayRef(indices).drop_front(op.getBatchDims()));
            llvm::append_range(sizes, ArrayRef(params).drop_front(op.getAxis() + 1));
            return sizes;
          })
          .Case<tg::ReshapeOp, tg::BroadcastToOp, tg::IotaOp>(
              [&](auto op) { return tg::mixSizes(builder, type, op.getSizes()); })
          .Case([&](tg::SliceOp op) { return op.getMixedSizes(); })
          .Default([](Operation *) { return std::nullopt; });
  if (derived)
    return *derived;
  if (auto op = tensor.getDefiningOp<ReifyRankedShapedTypeOpInterface>()) {
    ReifiedRankedShapedTypeDims dims;
    if (succeeded(op.reifyResultShapes(builder, dims)))
      return dims[cast<OpResult>(tensor).getResultNumber()];
  }
  return tg::getSizes(builder, location, tensor);
}

} // namespace tgc
