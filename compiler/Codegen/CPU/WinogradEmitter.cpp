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
// thread. Windows of a pool lie within tiles: of a last tile that begins at an odd row, those that the tile
// before does not have begin with its second or fourth row.
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
  /// Of a pool's windows; 1: elements are stored as they are.
  int64_t windowSize;

  WinogradEmitter(OpBuilder &builder, kernel::ContractOp op, const WinogradPlan &plan, VectorUnit unit,
                  const ContractOperands &in)
      : TileEmitter(builder, op, plan, in), plan(plan), unit(unit), windowSize(op.getPool() ? 2 : 1) {
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
        forEach(math.known(0), math.known(plan.getNumPhases()), 1, [&](OpFoldResult number) {
          OpFoldResult first = math.mul(number, math.known(plan.channelsOfPhase));
          ChannelPhase phase = getPhase(plan, first);
          forEachVector(
              math.known(plan.channelsOfPhase), plan.channelsOfPhase, [&](OpFoldResult channel, Value mask) {
                transformTile(lhs, place, phase, channel, mask, elements, tile, math.add(first, channel));
              });
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
             {math.known(tiles.getProducts()), numTiles, math.known(plan.channels), math.known(width)},
             /*accumulates=*/false, plan.panelWidth, unit);
  }

  void storeTile(OpFoldResult tile, const TilePlace &place, OpFoldResult inGroup, OpFoldResult column,
                 Value mask) {
    auto results = transform(
        tiles.down.elements, tiles.across.elements, &VectorMath::transformSums,
        [&](int64_t i, int64_t j) {
          return load(sums.flat, addressIn(sums, tile, i * tiles.across.elements + j, inGroup));
        },
        tiles);
    auto emitWindows = [&](ArrayRef<Window> down, ArrayRef<Window> across) {
      SmallVector<Value> shared(extras.size());
      for (Window rows : down)
        for (Window columns : across) {
          Value pooled;
          for (int64_t i = rows.begin; i < rows.begin + rows.size; ++i)
            for (int64_t j = columns.begin; j < columns.begin + columns.size; ++j) {
              Value element = finish(
                  results[i][j],
                  [&](const LinearAccess &access) {
                    return math.add(addressAt(access, place, i, j),
                                    math.mul(column, access.strides[plan.column]));
                  },
                  {tiles.y, tiles.x}, mask, shared);
              pooled = pooled ? combine(pooled, element) : element;
            }
          store(pooled, init.flat, addressOfResult(place, rows.begin, columns.begin, column), mask);
        }
    };
    for (const Part &down : getParts(tiles.getSharedDown(), tiles.down.results))
      ifHolds(down, place.isLastDown, [&] {
        for (const Part &across : getParts(tiles.getSharedAcross(), tiles.across.results))
          ifHolds(across, place.isLastAcross, [&] { emitWindows(down.windows, across.windows); });
      });
  }

  /// Results of a tile along one dimension that become one element, and those windows of a tile that are
  /// stored under one condition.
  struct Window {
    int64_t begin, size;
  };
  struct Part {
    enum { Always, OfLast, OfOthers } tiles;
    SmallVector<Window, 4> windows;
  };

  /// The windows of a tile along a dimension of so many results. Of the last one's the tile before it has
  /// stored the first, `shared`.
  SmallVector<Part> getParts(int64_t shared, int64_t results) {
    int64_t size = windowSize;
    auto getWindows = [&](int64_t begin, int64_t end) {
      SmallVector<Window, 4> windows;
      for (; begin < end; begin += size)
        windows.push_back({begin, std::min(size, end - begin)});
      return windows;
    };
    if (shared == 0)
      return {{Part::Always, getWindows(0, results)}};
    // Windows lie otherwise in the last tile.
    if (shared % size != 0)
      return {{Part::OfOthers, getWindows(0, results)}, {Part::OfLast, getWindows(shared, results)}};
    return {{Part::Always, getWindows(shared, results)}, {Part::OfOthers, getWindows(0, shared)}};
  }

  void ifHolds(const Part &part, Value isLast, function_ref<void()> body) {
    if (part.tiles == Part::Always)
      return body();
    Value set = arith::ConstantIntOp::create(builder, loc, 1, 1);
    ifTrue(part.tiles == Part::OfLast ? isLast : arith::XOrIOp::create(builder, loc, isLast, set), body);
  }

  Value combine(Value a, Value b) {
    if (op.getPool() == kernel::Pool::Sum)
      return add(a, b);
    return arith::MaximumFOp::create(builder, loc, a, b);
  }

  /// Where the window goes whose first result lies `i` and `j` from the tile's.
  OpFoldResult addressOfResult(const TilePlace &place, int64_t i, int64_t j, OpFoldResult column) {
    OpFoldResult size = math.known(windowSize);
    OpFoldResult address = math.add(init.offset, math.mul(place.image, init.strides[tiles.image]));
    OpFoldResult y = math.div(math.add(place.y, math.known(i)), size),
                 x = math.div(math.add(place.x, math.known(j)), size);
    address = math.add(address, math.mul(y, init.strides[tiles.y]));
    address = math.add(address, math.mul(x, init.strides[tiles.x]));
    return math.add(address, math.mul(column, init.strides[plan.column]));
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
  // Channels follow each other in memory for each product.
  vectors.forEach(math.known(0), math.known(padded), plan.lanes, [&](OpFoldResult column) {
    vectors.forEach(OpFoldResult(begin), OpFoldResult(end), 1, [&](OpFoldResult channel) {
      Value mask;
      if (padded != plan.columns)
        mask = createLaneMask(
            builder, loc, math.max(math.sub(math.known(plan.columns), column), math.known(0)), plan.lanes);
      ChannelPhase phase = vectors.getPhase(plan, channel);
      OpFoldResult from =
          math.add(math.add(filter.offset, column), math.mul(phase.channel, filter.strides[plan.channel]));
      const ImageTiles &tiles = plan.tiles;
      int64_t height = tiles.down.getWindow(), width = tiles.across.getWindow();
      auto results = vectors.transform(
          height, width, &VectorMath::transformFilter,
          [&](int64_t i, int64_t j) {
            OpFoldResult address =
                math.add(from, math.mul(math.known(plan.stride * i), filter.strides[plan.windowY]));
            address = math.add(address, math.mul(math.known(plan.stride * j), filter.strides[plan.windowX]));
            return vectors.loadOfPhase(plan, phase, i + 1 == height, j + 1 == width, filter, address, mask);
          },
          tiles);
      // The order of getFilterOffset.
      OpFoldResult groupWidth = math.known(plan.getGroupWidth()), panelWidth = math.known(plan.panelWidth),
                   group = math.div(column, groupWidth),
                   panel = math.div(math.rem(column, groupWidth), panelWidth);
      for (int64_t product = 0; product < tiles.getProducts(); ++product) {
        OpFoldResult to = math.add(math.mul(group, math.known(tiles.getProducts())), math.known(product));
        to = math.add(math.mul(to, math.known(plan.panelsPerGroup)), panel);
        to = math.add(math.mul(to, math.known(plan.channels)), channel);
        to = math.add(math.mul(to, panelWidth), math.rem(column, panelWidth));
        vectors.store(results[product / tiles.across.elements][product % tiles.across.elements], target.flat,
                      to);
      }
    });
  });
}

} // namespace tgc
