//===- WinogradEmitter.cpp - Loops and vectors of convolutions by tiles ---===//
//
//   for each unit of tiles
//     for each tile: transform its elements, vectors along the channels      36 matrices [tile, channel]
//     for each group of panels of columns
//       multiply the matrices by those of the filter                         36 contractions
//       for each tile: transform the sums; then the epilogue; then store
//
// What lies between is on the stack, small enough for the second-level cache. The last tile of a row or
// column of tiles that do not divide the image lies further in, over elements that it reads once more;
// results that the tile before has stored are left alone, so each comes from one tile and depends on no
// thread.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/CPU/VectorBody.h"
#include "compiler/Codegen/CPU/Winograd.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace tgc {
namespace {

const double kNear = std::sqrt(0.5), kFar = std::sqrt(2.0);

/// Arithmetic and memory of vectors of f32.
struct VectorMath {
  OpBuilder &builder;
  Location loc;
  IndexMath math;
  VectorType type;

  VectorMath(OpBuilder &builder, Location loc, int64_t lanes)
      : builder(builder), loc(loc), math(builder, loc), type(VectorType::get({lanes}, builder.getF32Type())) {
  }

  Value constant(double value) {
    return arith::ConstantOp::create(builder, loc,
                                     DenseElementsAttr::get(type, builder.getF32FloatAttr(value).getValue()));
  }
  Value add(Value a, Value b) { return arith::AddFOp::create(builder, loc, a, b); }
  Value sub(Value a, Value b) { return arith::SubFOp::create(builder, loc, a, b); }
  Value scale(double factor, Value a) { return arith::MulFOp::create(builder, loc, constant(factor), a); }
  /// factor * a + b
  Value scaleAdd(double factor, Value a, Value b) {
    auto contract = arith::FastMathFlags::contract;
    Value product = arith::MulFOp::create(builder, loc, constant(factor), a, contract);
    return arith::AddFOp::create(builder, loc, product, b, contract);
  }

  Value load(Value flat, OpFoldResult address, Value mask = {}) {
    Value index = math.materialize(address);
    if (mask)
      return vector::MaskedLoadOp::create(builder, loc, type, flat, ValueRange{index}, mask, constant(0));
    return vector::LoadOp::create(builder, loc, type, flat, ValueRange{index});
  }
  void store(Value vector, Value flat, OpFoldResult address, Value mask = {}) {
    Value index = math.materialize(address);
    if (mask)
      vector::MaskedStoreOp::create(builder, loc, flat, ValueRange{index}, mask, vector);
    else
      vector::StoreOp::create(builder, loc, vector, flat, ValueRange{index});
  }

  void forEach(OpFoldResult begin, OpFoldResult end, int64_t step, function_ref<void(OpFoldResult)> body) {
    scf::ForOp::create(builder, loc, math.materialize(begin), math.materialize(end),
                       math.materialize(math.known(step)), ValueRange(),
                       [&](OpBuilder &, Location, Value index, ValueRange) {
                         body(OpFoldResult(index));
                         scf::YieldOp::create(builder, loc);
                       });
  }

  void ifTrue(Value condition, function_ref<void()> body) {
    auto choice = scf::IfOp::create(builder, loc, condition, /*withElseRegion=*/false);
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(choice.thenBlock());
    body();
  }

  /// Transforms of one dimension.
  using Elements = SmallVector<Value, 6>;

  Elements transformElements(const Elements &d) {
    Value evenNear = scaleAdd(-2, d[2], d[4]), oddNear = scaleAdd(-2, d[1], d[3]),
          evenFar = scaleAdd(-0.5, d[2], d[4]), oddFar = scaleAdd(-0.5, d[1], d[3]);
    return {scaleAdd(-2.5, d[2], add(d[0], d[4])), scaleAdd(kNear, oddNear, evenNear),
            scaleAdd(-kNear, oddNear, evenNear),   scaleAdd(kFar, oddFar, evenFar),
            scaleAdd(-kFar, oddFar, evenFar),      scaleAdd(-2.5, d[3], add(d[1], d[5]))};
  }

  Elements transformSums(const Elements &m) {
    Value evenNear = add(m[1], m[2]), oddNear = sub(m[1], m[2]), evenFar = add(m[3], m[4]),
          oddFar = sub(m[3], m[4]);
    return {add(add(m[0], evenNear), evenFar), scaleAdd(kFar, oddFar, scale(kNear, oddNear)),
            scaleAdd(2, evenFar, scale(0.5, evenNear)),
            scaleAdd(2 * kFar, oddFar, scaleAdd(0.5 * kNear, oddNear, m[5]))};
  }

  Elements transformFilter(const Elements &g) {
    Value even = scaleAdd(0.5, g[2], g[0]), odd = scale(kNear, g[1]), farEven = scaleAdd(2, g[2], g[0]),
          farOdd = scale(kFar, g[1]);
    return {g[0],
            scale(-2.0 / 3, add(even, odd)),
            scale(-2.0 / 3, sub(even, odd)),
            scale(1.0 / 6, add(farEven, farOdd)),
            scale(1.0 / 6, sub(farEven, farOdd)),
            g[2]};
  }

  /// Both dimensions of a square of `from` x `from` vectors: first the columns as they are loaded, then rows.
  template <typename Transform, typename Load>
  SmallVector<Elements> transformSquare(int64_t from, Transform transform, Load load) {
    SmallVector<Elements> columns, rows;
    for (int64_t j = 0; j < from; ++j) {
      Elements column;
      for (int64_t i = 0; i < from; ++i)
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
};

struct WinogradEmitter : VectorMath {
  kernel::ContractOp op;
  const WinogradPlan &plan;
  VectorUnit unit;
  const ContractOperands &in;
  LinearAccess lhs, init;
  SmallVector<LinearAccess> extras;
  /// [product, tile of the unit, channel] and [product, tile of the unit, column of the group].
  Value elements, sums;

  WinogradEmitter(OpBuilder &builder, kernel::ContractOp op, const WinogradPlan &plan, VectorUnit unit,
                  const ContractOperands &in)
      : VectorMath(builder, op.getLoc(), plan.lanes), op(op), plan(plan), unit(unit), in(in) {
    lhs = LinearAccess::create(builder, loc, in.lhs, op.getLhsMap());
    init = LinearAccess::create(builder, loc, in.init, op.getInitMap());
    for (auto [i, extra] : llvm::enumerate(in.extras))
      extras.push_back(LinearAccess::create(builder, loc, extra, op.getMap(i + 2)));
    elements = allocate(plan.getTileStride());
    sums = allocate(plan.getGroupWidth());
  }

  Value allocate(int64_t tileStride) {
    auto type = MemRefType::get({kTileProducts * plan.tilesPerUnit * tileStride}, builder.getF32Type());
    return memref::AllocaOp::create(builder, loc, type, builder.getI64IntegerAttr(64));
  }

  OpFoldResult addressOf(OpFoldResult tile, int64_t product, int64_t tileStride, OpFoldResult column) {
    OpFoldResult first = math.add(math.mul(tile, math.known(tileStride)), column);
    return math.add(first, math.known(product * plan.tilesPerUnit * tileStride));
  }

  void emit() {
    OpFoldResult numTiles = plan.countTiles(math, in.loopSizes), size = math.known(plan.tilesPerUnit);
    forEach(OpFoldResult(in.begin), OpFoldResult(in.end), 1, [&](OpFoldResult unit) {
      OpFoldResult first = math.mul(unit, size),
                   count = plan.areUnitsEqual ? size : math.min(size, math.sub(numTiles, first));
      forEach(math.known(0), count, 1, [&](OpFoldResult tile) {
        Place place = locate(math.add(first, tile));
        forEachVector(math.known(plan.channels), plan.channels,
                      [&](OpFoldResult channel, Value mask) { transformTile(tile, place, channel, mask); });
      });
      forEach(math.known(0), math.known(plan.numGroups), 1, [&](OpFoldResult group) {
        multiply(group, count);
        OpFoldResult column = math.mul(group, math.known(plan.getGroupWidth())),
                     width = math.min(math.known(plan.getGroupWidth()),
                                      math.sub(math.known(plan.columns), column));
        forEach(math.known(0), count, 1, [&](OpFoldResult tile) {
          Place place = locate(math.add(first, tile));
          forEachVector(width, plan.columns, [&](OpFoldResult inGroup, Value mask) {
            storeTile(tile, place, inGroup, math.add(column, inGroup), mask);
          });
        });
      });
    });
  }

  /// Steps of vectors through `size` elements, with masks if all of them, `whole`, are not whole vectors.
  void forEachVector(OpFoldResult size, int64_t whole, function_ref<void(OpFoldResult, Value)> body) {
    forEach(math.known(0), size, plan.lanes, [&](OpFoldResult index) {
      Value mask;
      if (whole % plan.lanes != 0)
        mask = createLaneMask(builder, loc, math.sub(size, index), plan.lanes);
      body(index, mask);
    });
  }

  /// Where a tile of results begins in its image, and whether it is the last one of its column and row.
  struct Place {
    OpFoldResult image, y, x;
    Value isLastDown, isLastAcross;
  };

  Place locate(OpFoldResult tile) {
    OpFoldResult across = math.known(plan.tilesAcross), down = math.known(plan.tilesDown);
    OpFoldResult row = math.div(tile, across);
    Place place;
    place.image = math.div(row, down);
    auto begin = [&](OpFoldResult index, int64_t count, int64_t size, Value &isLast) {
      isLast = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, math.materialize(index),
                                     math.materialize(math.known(count - 1)));
      return math.min(math.mul(index, math.known(kTileResults)), math.known(size - kTileResults));
    };
    place.y = begin(math.rem(row, down), plan.tilesDown, plan.height, place.isLastDown);
    place.x = begin(math.rem(tile, across), plan.tilesAcross, plan.width, place.isLastAcross);
    return place;
  }

  /// The address of what lies `i` and `j` from a tile's first element.
  OpFoldResult addressAt(const LinearAccess &access, const Place &place, int64_t i, int64_t j) {
    OpFoldResult address = math.add(access.offset, math.mul(place.image, access.strides[plan.image]));
    address = math.add(address, math.mul(math.add(place.y, math.known(i)), access.strides[plan.y]));
    return math.add(address, math.mul(math.add(place.x, math.known(j)), access.strides[plan.x]));
  }

  void transformTile(OpFoldResult tile, const Place &place, OpFoldResult channel, Value mask) {
    auto transformed = transformSquare(
        kTileElements, [&](const Elements &d) { return transformElements(d); },
        [&](int64_t i, int64_t j) {
          return load(lhs.flat, math.add(addressAt(lhs, place, i, j), channel), mask);
        });
    for (int64_t product = 0; product < kTileProducts; ++product)
      store(transformed[product / kTileElements][product % kTileElements], elements,
            addressOf(tile, product, plan.getTileStride(), channel));
  }

  /// A buffer of the stack as 36 matrices of as many rows as there are tiles.
  Value viewMatrices(Value flat, OpFoldResult tiles, int64_t columns, int64_t tileStride) {
    int64_t stride = plan.tilesPerUnit * tileStride;
    auto layout = StridedLayoutAttr::get(builder.getContext(), 0, {stride, tileStride, 1});
    int64_t known = getConstantIntValue(tiles).value_or(ShapedType::kDynamic);
    auto type = MemRefType::get({kTileProducts, known, columns}, builder.getF32Type(), layout);
    return memref::ReinterpretCastOp::create(
        builder, loc, type, flat, math.known(0),
        ArrayRef<OpFoldResult>{math.known(kTileProducts), tiles, math.known(columns)},
        ArrayRef<OpFoldResult>{math.known(stride), math.known(tileStride), math.known(1)});
  }

  void multiply(OpFoldResult group, OpFoldResult tiles) {
    int64_t filterSize = plan.getFilterSize() / plan.numGroups;
    auto layout = StridedLayoutAttr::get(builder.getContext(), ShapedType::kDynamic, {1});
    OpFoldResult one = math.known(1), size = math.known(filterSize);
    ContractOperands operands;
    operands.lhs = viewMatrices(elements, tiles, plan.channels, plan.getTileStride());
    operands.rhs = memref::ReinterpretCastOp::create(
        builder, loc, MemRefType::get({filterSize}, builder.getF32Type(), layout), in.rhs,
        math.materialize(math.mul(group, size)), ArrayRef(size), ArrayRef(one));
    operands.init = viewMatrices(sums, tiles, plan.getGroupWidth(), plan.getGroupWidth());
    operands.loopSizes = {math.known(kTileProducts), tiles, math.known(plan.channels),
                          math.known(plan.getGroupWidth())};
    SmallVector<int64_t> sizes;
    for (OpFoldResult loop : operands.loopSizes)
      sizes.push_back(getConstantIntValue(loop).value_or(ShapedType::kDynamic));
    MLIRContext *context = builder.getContext();
    auto makeMap = [&](ArrayRef<unsigned> loops) {
      SmallVector<AffineExpr> exprs;
      for (unsigned loop : loops)
        exprs.push_back(getAffineDimExpr(loop, context));
      return AffineMap::get(4, 0, exprs, context);
    };
    AffineMap maps[] = {makeMap({0, 1, 2}), makeMap({0, 2, 3}), makeMap({0, 1, 3})};
    auto products = kernel::ContractOp::create(
        builder, loc, TypeRange(), operands.lhs, operands.rhs, ValueRange(), operands.init,
        builder.getAffineMapArrayAttr(maps), builder.getDenseI64ArrayAttr(sizes), /*accumulates=*/false,
        builder.getI64IntegerAttr(plan.panelWidth));
    {
      OpBuilder::InsertionGuard guard(builder);
      Block *body = builder.createBlock(&products.getEpilogue(), {}, builder.getF32Type(), loc);
      kernel::YieldOp::create(builder, loc, body->getArgument(0));
    }
    ContractPlan contractPlan(products, unit);
    operands.byColumns = arith::ConstantIntOp::create(builder, loc, 0, 1);
    operands.begin = math.materialize(math.known(0));
    operands.end = math.materialize(contractPlan.countUnits(math, operands.loopSizes));
    emitContraction(builder, products, contractPlan, operands);
    products.erase();
  }

  void storeTile(OpFoldResult tile, const Place &place, OpFoldResult inGroup, OpFoldResult column,
                 Value mask) {
    auto results = transformSquare(
        kTileElements, [&](const Elements &m) { return transformSums(m); },
        [&](int64_t i, int64_t j) {
          return load(sums, addressOf(tile, i * kTileElements + j, plan.getGroupWidth(), inGroup));
        });
    // Results of the last tile that the one before it has stored.
    int64_t storedDown = plan.tilesDown * kTileResults - plan.height,
            storedAcross = plan.tilesAcross * kTileResults - plan.width;
    auto storePart = [&](int64_t top, int64_t bottom, int64_t left, int64_t right) {
      SmallVector<Value> shared(extras.size());
      for (int64_t i = top; i < bottom; ++i)
        for (int64_t j = left; j < right; ++j) {
          OpFoldResult address = addressAt(init, place, i, j);
          store(finish(results[i][j], place, i, j, column, mask, shared), init.flat,
                math.add(address, column), mask);
        }
    };
    auto isNot = [&](Value isLast) -> Value {
      Value set = arith::ConstantIntOp::create(builder, loc, 1, 1);
      return arith::XOrIOp::create(builder, loc, isLast, set);
    };
    storePart(storedDown, kTileResults, storedAcross, kTileResults);
    if (storedDown > 0)
      ifTrue(isNot(place.isLastDown), [&] {
        storePart(0, storedDown, storedAcross, kTileResults);
        if (storedAcross > 0)
          ifTrue(isNot(place.isLastAcross), [&] { storePart(0, storedDown, 0, storedAcross); });
      });
    if (storedAcross > 0)
      ifTrue(isNot(place.isLastAcross), [&] { storePart(storedDown, kTileResults, 0, storedAcross); });
  }

  /// The region of the op; `shared` holds what it reads that is the same for all results of a tile.
  Value finish(Value sum, const Place &place, int64_t i, int64_t j, OpFoldResult column, Value mask,
               MutableArrayRef<Value> shared) {
    SmallVector<Value> arguments = {sum};
    for (auto [access, known] : llvm::zip_equal(extras, shared)) {
      Value value = known;
      if (!value) {
        OpFoldResult address =
            math.add(addressAt(access, place, i, j), math.mul(column, access.strides[plan.column]));
        value = loadExtra(access, address, mask);
        if (!access.moves(plan.y) && !access.moves(plan.x))
          known = value;
      }
      arguments.push_back(value);
    }
    return computeOnVectors(builder, op.getEpilogue().front(), in.captured, arguments, plan.lanes);
  }

  /// An operand of the region, of any element type.
  Value loadExtra(const LinearAccess &access, OpFoldResult address, Value mask) {
    Type element = cast<MemRefType>(access.flat.getType()).getElementType();
    auto vectors = VectorType::get({plan.lanes}, element);
    Value index = math.materialize(address);
    if (!access.moves(plan.column))
      return vector::BroadcastOp::create(
          builder, loc, vectors, memref::LoadOp::create(builder, loc, access.flat, ValueRange{index}));
    if (!mask)
      return vector::LoadOp::create(builder, loc, vectors, access.flat, ValueRange{index});
    Value zeros = arith::ConstantOp::create(builder, loc, vectors, builder.getZeroAttr(vectors));
    return vector::MaskedLoadOp::create(builder, loc, vectors, access.flat, ValueRange{index}, mask, zeros);
  }
};

} // namespace

void emitWinograd(OpBuilder &builder, kernel::ContractOp op, const WinogradPlan &plan, VectorUnit unit,
                  const ContractOperands &operands) {
  WinogradEmitter(builder, op, plan, unit, operands).emit();
}

void emitFilterTransform(OpBuilder &builder, kernel::ContractOp op, const WinogradPlan &plan, Value rhs,
                         Value transformed, Value begin, Value end) {
  VectorMath vectors(builder, op.getLoc(), plan.lanes);
  IndexMath &math = vectors.math;
  Location loc = op.getLoc();
  LinearAccess filter = LinearAccess::create(builder, loc, rhs, op.getRhsMap());
  LinearAccess target = LinearAccess::create(builder, loc, transformed,
                                             AffineMap::getMultiDimIdentityMap(1, builder.getContext()));
  int64_t padded = plan.numGroups * plan.getGroupWidth();
  vectors.forEach(OpFoldResult(begin), OpFoldResult(end), 1, [&](OpFoldResult channel) {
    vectors.forEach(math.known(0), math.known(padded), plan.lanes, [&](OpFoldResult column) {
      Value mask;
      if (padded != plan.columns)
        mask = createLaneMask(
            builder, loc, math.max(math.sub(math.known(plan.columns), column), math.known(0)), plan.lanes);
      OpFoldResult from =
          math.add(math.add(filter.offset, column), math.mul(channel, filter.strides[plan.channel]));
      auto results = vectors.transformSquare(
          3, [&](const VectorMath::Elements &g) { return vectors.transformFilter(g); },
          [&](int64_t i, int64_t j) {
            OpFoldResult address = math.add(from, math.mul(math.known(i), filter.strides[plan.windowY]));
            return vectors.load(
                filter.flat, math.add(address, math.mul(math.known(j), filter.strides[plan.windowX])), mask);
          });
      // The order of getFilterOffset.
      OpFoldResult width = math.known(plan.getGroupWidth()), panelWidth = math.known(plan.panelWidth),
                   group = math.div(column, width), panel = math.div(math.rem(column, width), panelWidth);
      for (int64_t product = 0; product < kTileProducts; ++product) {
        OpFoldResult to = math.add(math.mul(group, math.known(kTileProducts)), math.known(product));
        to = math.add(math.mul(to, math.known(plan.panelsPerGroup)), panel);
        to = math.add(math.mul(to, math.known(plan.channels)), channel);
        to = math.add(math.mul(to, panelWidth), math.rem(column, panelWidth));
        vectors.store(results[product / kTileElements][product % kTileElements], target.flat, to);
      }
    });
  });
}

} // namespace tgc
