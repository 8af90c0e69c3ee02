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
#include "compiler/Codegen/CPU/WinogradVectors.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;

namespace tgc {
namespace {

struct WinogradEmitter : TileEmitter {
  const WinogradPlan &plan;
  VectorUnit unit;
  LinearAccess lhs, init;
  Matrices elements, sums;

  WinogradEmitter(OpBuilder &builder, kernel::ContractOp op, const WinogradPlan &plan, VectorUnit unit,
                  const ContractOperands &in)
      : TileEmitter(builder, op, plan.tiles, plan.lanes, in), plan(plan), unit(unit) {
    lhs = LinearAccess::create(builder, loc, in.lhs, op.getLhsMap());
    init = LinearAccess::create(builder, loc, in.init, op.getInitMap());
    elements = allocate(plan.tilesPerUnit, plan.getTileStride());
    sums = allocate(plan.tilesPerUnit, plan.getGroupWidth());
  }

  void emit() {
    OpFoldResult numTiles = tiles.count(math, in.loopSizes), size = math.known(plan.tilesPerUnit);
    OpFoldResult groupWidth = math.known(plan.getGroupWidth());
    forEach(OpFoldResult(in.begin), OpFoldResult(in.end), 1, [&](OpFoldResult index) {
      OpFoldResult first = math.mul(index, size),
                   count = plan.areUnitsEqual ? size : math.min(size, math.sub(numTiles, first));
      forEach(math.known(0), count, 1, [&](OpFoldResult tile) {
        TilePlace place = locate(math.add(first, tile));
        forEachVector(math.known(plan.channels), plan.channels, [&](OpFoldResult channel, Value mask) {
          transformTile(lhs, place, channel, mask, elements, tile, channel);
        });
      });
      forEach(math.known(0), math.known(plan.numGroups), 1, [&](OpFoldResult group) {
        multiplyGroup(group, count);
        OpFoldResult column = math.mul(group, groupWidth);
        OpFoldResult width = math.min(groupWidth, math.sub(math.known(plan.columns), column));
        forEach(math.known(0), count, 1, [&](OpFoldResult tile) {
          TilePlace place = locate(math.add(first, tile));
          forEachVector(width, plan.columns, [&](OpFoldResult inGroup, Value mask) {
            storeTile(tile, place, inGroup, math.add(column, inGroup), mask);
          });
        });
      });
    });
  }

  void multiplyGroup(OpFoldResult group, OpFoldResult numTiles) {
    int64_t filterSize = plan.getFilterSize() / plan.numGroups;
    auto layout = StridedLayoutAttr::get(builder.getContext(), ShapedType::kDynamic, {1});
    OpFoldResult one = math.known(1), size = math.known(filterSize);
    Value filter = memref::ReinterpretCastOp::create(
        builder, loc, MemRefType::get({filterSize}, builder.getF32Type(), layout), in.rhs,
        math.materialize(math.mul(group, size)), ArrayRef(size), ArrayRef(one));
    int64_t width = plan.getGroupWidth();
    multiply(view(elements, numTiles, plan.channels), filter, view(sums, numTiles, width),
             {{0, 1, 2}, {0, 2, 3}, {0, 1, 3}},
             {math.known(kTileProducts), numTiles, math.known(plan.channels), math.known(width)},
             /*accumulates=*/false, plan.panelWidth, unit);
  }

  void storeTile(OpFoldResult tile, const TilePlace &place, OpFoldResult inGroup, OpFoldResult column,
                 Value mask) {
    auto results = transformSquare(
        kTileElements, [&](const Elements &m) { return transformSums(m); },
        [&](int64_t i, int64_t j) {
          return load(sums.flat, addressIn(sums, tile, i * kTileElements + j, inGroup));
        });
    // Results of the last tile that the one before it has stored.
    int64_t sharedDown = tiles.getSharedDown(), sharedAcross = tiles.getSharedAcross();
    auto storePart = [&](int64_t top, int64_t bottom, int64_t left, int64_t right) {
      SmallVector<Value> shared(extras.size());
      for (int64_t i = top; i < bottom; ++i)
        for (int64_t j = left; j < right; ++j) {
          auto addressOf = [&](const LinearAccess &access) {
            return math.add(addressAt(access, place, i, j), math.mul(column, access.strides[plan.column]));
          };
          store(finish(results[i][j], addressOf, {tiles.y, tiles.x}, mask, shared), init.flat,
                addressOf(init), mask);
        }
    };
    auto isNot = [&](Value isLast) -> Value {
      Value set = arith::ConstantIntOp::create(builder, loc, 1, 1);
      return arith::XOrIOp::create(builder, loc, isLast, set);
    };
    storePart(sharedDown, kTileResults, sharedAcross, kTileResults);
    if (sharedDown > 0)
      ifTrue(isNot(place.isLastDown), [&] {
        storePart(0, sharedDown, sharedAcross, kTileResults);
        if (sharedAcross > 0)
          ifTrue(isNot(place.isLastAcross), [&] { storePart(0, sharedDown, 0, sharedAcross); });
      });
    if (sharedAcross > 0)
      ifTrue(isNot(place.isLastAcross), [&] { storePart(sharedDown, kTileResults, 0, sharedAcross); });
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
