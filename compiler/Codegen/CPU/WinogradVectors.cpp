//===- WinogradVectors.cpp - Transforms of tiles on vectors ---------------===//

#include "compiler/Codegen/CPU/WinogradVectors.h"
#include "compiler/Codegen/CPU/VectorBody.h"
#include "compiler/Codegen/CPU/Winograd.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include <cmath>

using namespace mlir;

namespace tgc {

VectorMath::VectorMath(OpBuilder &builder, Location loc, int64_t lanes)
    : builder(builder), loc(loc), math(builder, loc), type(VectorType::get({lanes}, builder.getF32Type())) {}

Value VectorMath::constant(double value) {
  return arith::ConstantOp::create(builder, loc,
                                   DenseElementsAttr::get(type, builder.getF32FloatAttr(value).getValue()));
}

Value VectorMath::add(Value a, Value b) { return arith::AddFOp::create(builder, loc, a, b); }

Value VectorMath::sub(Value a, Value b) { return arith::SubFOp::create(builder, loc, a, b); }

Value VectorMath::scale(double factor, Value a) {
  return arith::MulFOp::create(builder, loc, constant(factor), a);
}

Value VectorMath::scaleAdd(double factor, Value a, Value b) {
  auto contract = arith::FastMathFlags::contract;
  Value product = arith::MulFOp::create(builder, loc, constant(factor), a, contract);
  return arith::AddFOp::create(builder, loc, product, b, contract);
}

Value VectorMath::load(Value flat, OpFoldResult address, Value mask) {
  Value index = math.materialize(address);
  if (mask)
    return vector::MaskedLoadOp::create(builder, loc, type, flat, ValueRange{index}, mask, constant(0));
  return vector::LoadOp::create(builder, loc, type, flat, ValueRange{index});
}

void VectorMath::store(Value vector, Value flat, OpFoldResult address, Value mask) {
  Value index = math.materialize(address);
  if (mask)
    vector::MaskedStoreOp::create(builder, loc, flat, ValueRange{index}, mask, vector);
  else
    vector::StoreOp::create(builder, loc, vector, flat, ValueRange{index});
}

void VectorMath::forEachVector(OpFoldResult size, int64_t whole,
                               function_ref<void(OpFoldResult, Value)> body) {
  int64_t lanes = type.getDimSize(0);
  forEach(math.known(0), size, lanes, [&](OpFoldResult index) {
    Value mask;
    if (whole % lanes != 0)
      mask = createLaneMask(builder, loc, math.sub(size, index), lanes);
    body(index, mask);
  });
}

void VectorMath::forEach(OpFoldResult begin, OpFoldResult end, int64_t step,
                         function_ref<void(OpFoldResult)> body) {
  scf::ForOp::create(builder, loc, math.materialize(begin), math.materialize(end),
                     math.materialize(math.known(step)), ValueRange(),
                     [&](OpBuilder &, Location, Value index, ValueRange) {
                       body(OpFoldResult(index));
                       scf::YieldOp::create(builder, loc);
                     });
}

void VectorMath::ifTrue(Value condition, function_ref<void()> body) {
  auto choice = scf::IfOp::create(builder, loc, condition, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(choice.thenBlock());
  body();
}

Value VectorMath::isEqual(OpFoldResult a, OpFoldResult b) {
  return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, math.materialize(a),
                               math.materialize(b));
}

Value VectorMath::sumEveryOther(ArrayRef<double> factors, const Elements &vectors, int64_t first) {
  Value sum = vectors[first + 2 * (factors.size() - 1)];
  for (int64_t i = factors.size() - 2; i >= 0; --i)
    sum = scaleAdd(factors[i], vectors[first + 2 * i], sum);
  return sum;
}

VectorMath::Elements VectorMath::transformElements(const Elements &d, const TileSide &side) {
  if (side.isPlain())
    return d;
  SmallVector<double> all = side.getSquaresProduct();
  int64_t zero = side.hasZero();
  Elements transformed;
  if (zero)
    transformed.push_back(sumEveryOther(all, d, 0));
  // (x + p) and (x - p) times what both have in common: even and odd powers, whose sums and differences these
  // are.
  for (auto [i, point] : llvm::enumerate(side.getPoints())) {
    SmallVector<double> common = side.getSquaresProduct(i);
    Value byElement = sumEveryOther(common, d, 1 + zero), byPoint = sumEveryOther(common, d, zero);
    transformed.push_back(scaleAdd(point, byPoint, byElement));
    transformed.push_back(zero ? scaleAdd(-point, byPoint, byElement)
                               : scaleAdd(point, byPoint, arith::NegFOp::create(builder, loc, byElement)));
  }
  transformed.push_back(sumEveryOther(all, d, zero));
  return transformed;
}

VectorMath::Parities VectorMath::evaluate(const Elements &coefficients, double point) {
  // Of every other coefficient from the one at `first` on, by Horner's rule in the square of the point.
  auto evaluateHalf = [&](size_t first) {
    size_t last = first + (coefficients.size() - 1 - first) / 2 * 2;
    Value value = coefficients[last];
    while (last > first) {
      last -= 2;
      value = scaleAdd(point * point, value, coefficients[last]);
    }
    return value;
  };
  return {evaluateHalf(0), scale(point, evaluateHalf(1))};
}

VectorMath::Elements VectorMath::sumPowers(Value atZero, ArrayRef<Parities> pairs, Value atInfinity,
                                           int64_t count, const TileSide &side) {
  Elements sums;
  for (int64_t power = 0; power < count; ++power) {
    Value sum = power == 0 ? atZero : power == count - 1 ? atInfinity : Value();
    for (auto [parities, point] : llvm::zip_equal(pairs, side.getPoints())) {
      Value even = power % 2 == 0 ? parities.even : parities.odd;
      double factor = std::pow(point, power);
      sum = sum ? scaleAdd(factor, even, sum) : scale(factor, even);
    }
    sums.push_back(sum);
  }
  return sums;
}

SmallVector<VectorMath::Parities> VectorMath::getParities(const Elements &m, const TileSide &side) {
  SmallVector<Parities> pairs;
  for (size_t at = side.hasZero(); at + 1 < m.size(); at += 2)
    pairs.push_back({add(m[at], m[at + 1]), sub(m[at], m[at + 1])});
  return pairs;
}

VectorMath::Elements VectorMath::transformSums(const Elements &m, const TileSide &side) {
  if (side.isPlain())
    return m;
  return sumPowers(side.hasZero() ? m.front() : Value(), getParities(m, side), m.back(), side.results, side);
}

VectorMath::Elements VectorMath::transformGradients(const Elements &g, const TileSide &side) {
  if (side.isPlain())
    return g;
  Elements transformed;
  if (side.hasZero())
    transformed.push_back(g.front());
  for (double point : side.getPoints()) {
    auto [even, odd] = evaluate(g, point);
    transformed.append({add(even, odd), sub(even, odd)});
  }
  transformed.push_back(g.back());
  return transformed;
}

VectorMath::Elements VectorMath::transformFilter(const Elements &g, const TileSide &side) {
  Elements values = transformGradients(g, side);
  if (side.isPlain())
    return values;
  size_t at = 0;
  if (side.hasZero())
    values[at++] = scale(side.getZeroFactor(), g.front());
  for (size_t i = 0; i < side.getPoints().size(); ++i)
    for (int sign = 0; sign < 2; ++sign, ++at)
      values[at] = scale(side.getPairFactor(i), values[at]);
  return values;
}

VectorMath::Elements VectorMath::transformFilterSums(const Elements &m, const TileSide &side) {
  if (side.isPlain())
    return m;
  SmallVector<Parities> pairs = getParities(m, side);
  for (auto [i, parities] : llvm::enumerate(pairs)) {
    parities.even = scale(side.getPairFactor(i), parities.even);
    parities.odd = scale(side.getPairFactor(i), parities.odd);
  }
  Value atZero = side.hasZero() ? scale(side.getZeroFactor(), m.front()) : Value();
  return sumPowers(atZero, pairs, m.back(), side.getWindow(), side);
}

SmallVector<VectorMath::Elements> VectorMath::transform(int64_t height, int64_t width, Transform transform,
                                                        function_ref<Value(int64_t, int64_t)> load,
                                                        const ImageTiles &tiles) {
  SmallVector<Elements> columns, rows;
  for (int64_t j = 0; j < width; ++j) {
    Elements column;
    for (int64_t i = 0; i < height; ++i)
      column.push_back(load(i, j));
    columns.push_back((this->*transform)(column, tiles.down));
  }
  for (size_t i = 0; i < columns.front().size(); ++i) {
    Elements row;
    for (const Elements &column : columns)
      row.push_back(column[i]);
    rows.push_back((this->*transform)(row, tiles.across));
  }
  return rows;
}

ChannelPhase VectorMath::getPhase(const TilesPlan &plan, OpFoldResult channel) {
  if (plan.stride == 1)
    return {math.known(0), math.known(0), channel};
  OpFoldResult stride = math.known(plan.stride), size = math.known(plan.channelsOfPhase),
               number = math.div(channel, size);
  return {math.div(number, stride), math.rem(number, stride), math.rem(channel, size)};
}

Value VectorMath::loadOfPhase(const TilesPlan &plan, ChannelPhase phase, bool isLastRow, bool isLastColumn,
                              const LinearAccess &access, OpFoldResult address, Value mask) {
  if (plan.stride == 1)
    return load(access.flat, address, mask);
  SmallVector<OpFoldResult, 2> zeroIfOdd;
  auto move = [&](OpFoldResult odd, unsigned loop, bool isOfEvenOnly) {
    if (isOfEvenOnly)
      zeroIfOdd.push_back(odd);
    else
      address = math.add(address, math.mul(odd, access.strides[loop]));
  };
  move(phase.down, plan.windowY, plan.isOfEvenOnly(plan.windowHeight, isLastRow));
  move(phase.across, plan.windowX, plan.isOfEvenOnly(plan.windowWidth, isLastColumn));
  Value element = load(access.flat, address, mask);
  for (OpFoldResult odd : zeroIfOdd)
    element = arith::SelectOp::create(builder, loc, isEqual(odd, math.known(1)), constant(0), element);
  return element;
}

void VectorMath::multiply(Value lhs, Value rhs, Value init, ArrayRef<ArrayRef<unsigned>> dims,
                          ArrayRef<OpFoldResult> sizes, bool accumulates, int64_t panelWidth,
                          VectorUnit unit) {
  ContractOperands operands;
  operands.lhs = lhs;
  operands.rhs = rhs;
  operands.init = init;
  operands.loopSizes = SmallVector<OpFoldResult>(sizes);
  SmallVector<int64_t> known;
  for (OpFoldResult size : sizes)
    known.push_back(getConstantIntValue(size).value_or(ShapedType::kDynamic));
  SmallVector<AffineMap> maps;
  for (ArrayRef<unsigned> loops : dims) {
    SmallVector<AffineExpr> exprs;
    for (unsigned loop : loops)
      exprs.push_back(builder.getAffineDimExpr(loop));
    maps.push_back(AffineMap::get(sizes.size(), 0, exprs, builder.getContext()));
  }
  auto products = kernel::ContractOp::create(
      builder, loc, TypeRange(), lhs, rhs, ValueRange(), init, builder.getAffineMapArrayAttr(maps),
      builder.getDenseI64ArrayAttr(known), accumulates,
      panelWidth ? builder.getI64IntegerAttr(panelWidth) : IntegerAttr(), /*in_place=*/panelWidth == 0,
      /*winograd=*/false, /*pool=*/kernel::PoolAttr(), /*zero_borders=*/DenseI64ArrayAttr(),
      /*reversed_rhs=*/DenseI64ArrayAttr());
  {
    OpBuilder::InsertionGuard guard(builder);
    Block *body = builder.createBlock(&products.getEpilogue(), {}, builder.getF32Type(), loc);
    kernel::YieldOp::create(builder, loc, body->getArgument(0));
  }
  ContractPlan plan(products, unit);
  operands.byColumns = arith::ConstantIntOp::create(builder, loc, 0, 1);
  operands.begin = math.materialize(math.known(0));
  operands.end = math.materialize(plan.countUnits(math, sizes));
  emitContraction(builder, products, plan, operands);
  products.erase();
}

TileEmitter::TileEmitter(OpBuilder &builder, kernel::ContractOp op, const TilesPlan &plan,
                         const ContractOperands &in)
    : VectorMath(builder, op.getLoc(), plan.lanes), common(plan), op(op), in(in), tiles(plan.tiles),
      lanes(plan.lanes) {
  for (auto [i, extra] : llvm::enumerate(in.extras))
    extras.push_back(LinearAccess::create(builder, loc, extra, op.getMap(i + 2)));
}

TilePlace TileEmitter::locate(OpFoldResult tile) {
  OpFoldResult across = math.known(tiles.getAcross()), down = math.known(tiles.getDown());
  OpFoldResult row = math.div(tile, across);
  TilePlace place;
  place.image = math.div(row, down);
  auto begin = [&](OpFoldResult index, int64_t count, int64_t size, const TileSide &side, Value &isLast) {
    isLast = isEqual(index, math.known(count - 1));
    return math.min(math.mul(index, math.known(side.results)), math.known(size - side.results));
  };
  place.y = begin(math.rem(row, down), tiles.getDown(), tiles.height, tiles.down, place.isLastDown);
  place.x = begin(math.rem(tile, across), tiles.getAcross(), tiles.width, tiles.across, place.isLastAcross);
  return place;
}

OpFoldResult TileEmitter::addressAt(const LinearAccess &access, const TilePlace &place, int64_t i,
                                    int64_t j) {
  OpFoldResult address = math.add(access.offset, math.mul(place.image, access.strides[tiles.image]));
  address = math.add(address, math.mul(math.add(place.y, math.known(i)), access.strides[tiles.y]));
  return math.add(address, math.mul(math.add(place.x, math.known(j)), access.strides[tiles.x]));
}

TileEmitter::Matrices TileEmitter::allocate(int64_t numTiles, int64_t tileStride) {
  auto type = MemRefType::get({tiles.getProducts() * numTiles * tileStride}, builder.getF32Type());
  Value flat = memref::AllocaOp::create(builder, loc, type, builder.getI64IntegerAttr(64));
  return {flat, numTiles, tileStride};
}

OpFoldResult TileEmitter::addressIn(const Matrices &matrices, OpFoldResult tile, int64_t product,
                                    OpFoldResult column) {
  OpFoldResult first = math.add(math.mul(tile, math.known(matrices.tileStride)), column);
  return math.add(first, math.known(product * matrices.numTiles * matrices.tileStride));
}

Value TileEmitter::view(const Matrices &matrices, OpFoldResult rows, int64_t columns) {
  int64_t stride = matrices.numTiles * matrices.tileStride;
  auto layout = StridedLayoutAttr::get(builder.getContext(), 0, {stride, matrices.tileStride, 1});
  int64_t known = getConstantIntValue(rows).value_or(ShapedType::kDynamic);
  auto type = MemRefType::get({tiles.getProducts(), known, columns}, builder.getF32Type(), layout);
  OpFoldResult sizes[] = {math.known(tiles.getProducts()), rows, math.known(columns)};
  OpFoldResult strides[] = {math.known(stride), math.known(matrices.tileStride), math.known(1)};
  return memref::ReinterpretCastOp::create(builder, loc, type, matrices.flat, math.known(0), sizes, strides);
}

void TileEmitter::transformTile(const LinearAccess &lhs, const TilePlace &place, ChannelPhase phase,
                                OpFoldResult channel, Value mask, const Matrices &to, OpFoldResult tile,
                                OpFoldResult column) {
  int64_t height = tiles.down.elements, width = tiles.across.elements;
  auto transformed = transform(
      height, width, &VectorMath::transformElements,
      [&](int64_t i, int64_t j) {
        return loadOfPhase(common, phase, i + 1 == height, j + 1 == width, lhs,
                           math.add(addressAt(lhs, place, i, j), channel), mask);
      },
      tiles);
  for (int64_t product = 0; product < tiles.getProducts(); ++product)
    store(transformed[product / width][product % width], to.flat, addressIn(to, tile, product, column));
}

Value TileEmitter::finish(Value sum, function_ref<OpFoldResult(const LinearAccess &)> addressOf,
                          ArrayRef<unsigned> rows, Value mask, MutableArrayRef<Value> shared) {
  SmallVector<Value> arguments = {sum};
  for (auto [access, known] : llvm::zip_equal(extras, shared)) {
    Value value = known ? known : loadExtra(access, addressOf(access), mask);
    if (llvm::none_of(rows, [&](unsigned loop) { return access.moves(loop); }))
      known = value;
    arguments.push_back(value);
  }
  return computeOnVectors(builder, op.getEpilogue().front(), in.captured, arguments, lanes);
}

/// An operand of the region, of any element type.
Value TileEmitter::loadExtra(const LinearAccess &access, OpFoldResult address, Value mask) {
  auto vectors = VectorType::get({lanes}, cast<MemRefType>(access.flat.getType()).getElementType());
  Value index = math.materialize(address);
  if (!access.moves(op.getColumnLoop())) {
    Value scalar = memref::LoadOp::create(builder, loc, access.flat, ValueRange{index});
    return vector::BroadcastOp::create(builder, loc, vectors, scalar);
  }
  if (!mask)
    return vector::LoadOp::create(builder, loc, vectors, access.flat, ValueRange{index});
  Value zeros = arith::ConstantOp::create(builder, loc, vectors, builder.getZeroAttr(vectors));
  return vector::MaskedLoadOp::create(builder, loc, vectors, access.flat, ValueRange{index}, mask, zeros);
}

} // namespace tgc
