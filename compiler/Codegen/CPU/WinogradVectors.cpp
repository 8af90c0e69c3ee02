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

/// The points of interpolation, but for 0 and infinity.
static const double kNear = std::sqrt(0.5), kFar = std::sqrt(2.0);

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

VectorMath::Elements VectorMath::transformElements(const Elements &d) {
  Value evenNear = scaleAdd(-2, d[2], d[4]), oddNear = scaleAdd(-2, d[1], d[3]),
        evenFar = scaleAdd(-0.5, d[2], d[4]), oddFar = scaleAdd(-0.5, d[1], d[3]);
  return {scaleAdd(-2.5, d[2], add(d[0], d[4])), scaleAdd(kNear, oddNear, evenNear),
          scaleAdd(-kNear, oddNear, evenNear),   scaleAdd(kFar, oddFar, evenFar),
          scaleAdd(-kFar, oddFar, evenFar),      scaleAdd(-2.5, d[3], add(d[1], d[5]))};
}

VectorMath::Parities VectorMath::evaluate(const Elements &coefficients) {
  // Of every other coefficient from the one at `first` on, by Horner's rule in the square of the point.
  auto evaluateHalf = [&](size_t first, double square) {
    size_t last = first + (coefficients.size() - 1 - first) / 2 * 2;
    Value value = coefficients[last];
    while (last > first) {
      last -= 2;
      value = scaleAdd(square, value, coefficients[last]);
    }
    return value;
  };
  return {evaluateHalf(0, kNear * kNear), scale(kNear, evaluateHalf(1, kNear * kNear)),
          evaluateHalf(0, kFar * kFar), scale(kFar, evaluateHalf(1, kFar * kFar))};
}

VectorMath::Elements VectorMath::sumPowers(Value atZero, const Parities &at, Value atInfinity,
                                           int64_t count) {
  Elements sums = {add(add(atZero, at.evenNear), at.evenFar)};
  double near = 1, far = 1;
  for (int64_t power = 1; power < count; ++power) {
    near *= kNear;
    far *= kFar;
    bool isOdd = power % 2 == 1;
    Value nearest = isOdd ? at.oddNear : at.evenNear;
    Value sum = power == count - 1 ? scaleAdd(near, nearest, atInfinity) : scale(near, nearest);
    sums.push_back(scaleAdd(far, isOdd ? at.oddFar : at.evenFar, sum));
  }
  return sums;
}

VectorMath::Elements VectorMath::transformSums(const Elements &m, int64_t count) {
  return sumPowers(m[0], {add(m[1], m[2]), sub(m[1], m[2]), add(m[3], m[4]), sub(m[3], m[4])}, m[5], count);
}

VectorMath::Elements VectorMath::transformGradients(const Elements &g) {
  auto [evenNear, oddNear, evenFar, oddFar] = evaluate(g);
  return {
      g.front(), add(evenNear, oddNear), sub(evenNear, oddNear), add(evenFar, oddFar), sub(evenFar, oddFar),
      g.back()};
}

VectorMath::Elements VectorMath::transformFilter(const Elements &g) {
  auto [evenNear, oddNear, evenFar, oddFar] = evaluate(g);
  return {g.front(),
          scale(-2.0 / 3, add(evenNear, oddNear)),
          scale(-2.0 / 3, sub(evenNear, oddNear)),
          scale(1.0 / 6, add(evenFar, oddFar)),
          scale(1.0 / 6, sub(evenFar, oddFar)),
          g.back()};
}

VectorMath::Elements VectorMath::transformFilterSums(const Elements &m, int64_t count) {
  return sumPowers(m[0],
                   {scale(-2.0 / 3, add(m[1], m[2])), scale(-2.0 / 3, sub(m[1], m[2])),
                    scale(1.0 / 6, add(m[3], m[4])), scale(1.0 / 6, sub(m[3], m[4]))},
                   m[5], count);
}

SmallVector<VectorMath::Elements>
VectorMath::transformSquare(int64_t size, function_ref<Elements(const Elements &)> transform,
                            function_ref<Value(int64_t, int64_t)> load) {
  SmallVector<Elements> columns, rows;
  for (int64_t j = 0; j < size; ++j) {
    Elements column;
    for (int64_t i = 0; i < size; ++i)
      column.push_back(load(i, j));
    columns.push_back(transform(column));
  }
  for (size_t i = 0; i < columns.front().size(); ++i) {
    Elements row;
    for (const Elements &column : columns)
      row.push_back(column[i]);
    rows.push_back(transform(row));
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
  if (plan.isNever(plan.windowHeight, isLastRow) || plan.isNever(plan.windowWidth, isLastColumn))
    return constant(0);
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
  auto begin = [&](OpFoldResult index, int64_t count, int64_t size, Value &isLast) {
    isLast = isEqual(index, math.known(count - 1));
    return math.min(math.mul(index, math.known(tiles.results)), math.known(size - tiles.results));
  };
  place.y = begin(math.rem(row, down), tiles.getDown(), tiles.height, place.isLastDown);
  place.x = begin(math.rem(tile, across), tiles.getAcross(), tiles.width, place.isLastAcross);
  return place;
}

OpFoldResult TileEmitter::addressAt(const LinearAccess &access, const TilePlace &place, int64_t i,
                                    int64_t j) {
  OpFoldResult address = math.add(access.offset, math.mul(place.image, access.strides[tiles.image]));
  address = math.add(address, math.mul(math.add(place.y, math.known(i)), access.strides[tiles.y]));
  return math.add(address, math.mul(math.add(place.x, math.known(j)), access.strides[tiles.x]));
}

TileEmitter::Matrices TileEmitter::allocate(int64_t numTiles, int64_t tileStride) {
  auto type = MemRefType::get({kTileProducts * numTiles * tileStride}, builder.getF32Type());
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
  auto type = MemRefType::get({kTileProducts, known, columns}, builder.getF32Type(), layout);
  OpFoldResult sizes[] = {math.known(kTileProducts), rows, math.known(columns)};
  OpFoldResult strides[] = {math.known(stride), math.known(matrices.tileStride), math.known(1)};
  return memref::ReinterpretCastOp::create(builder, loc, type, matrices.flat, math.known(0), sizes, strides);
}

void TileEmitter::transformTile(const LinearAccess &lhs, const TilePlace &place, ChannelPhase phase,
                                OpFoldResult channel, Value mask, const Matrices &to, OpFoldResult tile,
                                OpFoldResult column) {
  auto transformed = transformSquare(
      kTileElements, [&](const Elements &d) { return transformElements(d); },
      [&](int64_t i, int64_t j) {
        return loadOfPhase(common, phase, i + 1 == kTileElements, j + 1 == kTileElements, lhs,
                           math.add(addressAt(lhs, place, i, j), channel), mask);
      });
  for (int64_t product = 0; product < kTileProducts; ++product)
    store(transformed[product / kTileElements][product % kTileElements], to.flat,
          addressIn(to, tile, product, column));
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
