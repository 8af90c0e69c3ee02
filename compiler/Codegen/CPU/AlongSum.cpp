//===- AlongSum.cpp - Products of rows with columns that lie along the sum ===//

#include "compiler/Codegen/CPU/AlongSum.h"
#include "compiler/Codegen/CPU/VectorBody.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace tgc {

int64_t selectColumnsAlongSum(int64_t rows, int64_t lanes, unsigned registers) {
  return lanes >= 4 && rows * 4 + 4 + 1 <= registers ? 4 : 2;
}

namespace {

struct AlongSumEmitter {
  OpBuilder &builder;
  Location loc;
  const TileAlongSum &tile;
  IndexMath math;
  int64_t lanes, width;
  VectorType type;

  AlongSumEmitter(OpBuilder &builder, Location loc, const ContractPlan &plan, const TileAlongSum &tile)
      : builder(builder), loc(loc), tile(tile), math(builder, loc), lanes(plan.tiling.lanes),
        width(plan.columnsAlongSum) {
    type = VectorType::get({lanes}, cast<MemRefType>(tile.lhs.getType()).getElementType());
  }

  Value zeros() { return arith::ConstantOp::create(builder, loc, type, builder.getZeroAttr(type)); }

  Value load(Value memory, OpFoldResult address, Value mask) {
    Value index = math.materialize(address);
    if (!mask)
      return vector::LoadOp::create(builder, loc, type, memory, ValueRange{index});
    return vector::MaskedLoadOp::create(builder, loc, type, memory, ValueRange{index}, mask, zeros());
  }

  /// A vector of steps of the sum, times all rows and the columns that begin at `columns`.
  SmallVector<Value> addProducts(OpFoldResult step, ArrayRef<OpFoldResult> columns, ValueRange sums,
                                 Value mask) {
    SmallVector<Value> loaded, result;
    for (OpFoldResult column : columns) {
      loaded.push_back(load(tile.rhs, math.add(column, step), mask));
      if (!tile.fetchesNext || mask)
        continue;
      OpFoldResult next = math.add(math.add(column, math.mul(math.known(width), tile.columnStride)), step);
      memref::PrefetchOp::create(builder, loc, tile.rhs, ValueRange{math.materialize(next)},
                                 /*isWrite=*/false, /*localityHint=*/2, /*isDataCache=*/true);
    }
    for (int64_t row = 0; row < tile.rows; ++row) {
      OpFoldResult address = math.add(tile.lhsAt, math.mul(math.known(row), tile.rowStride));
      Value elements = load(tile.lhs, math.add(address, step), mask);
      for (int64_t i = 0; i < width; ++i)
        result.push_back(createMultiplyAdd(builder, loc, elements, loaded[i], sums[row * width + i]));
    }
    return result;
  }

  /// The sums of some columns with each row, a vector of lanes each.
  SmallVector<Value> sumColumns(ArrayRef<OpFoldResult> columns) {
    SmallVector<Value> sums(tile.rows * width, zeros());
    OpFoldResult length = math.sub(tile.end, tile.begin), left = math.rem(length, math.known(lanes));
    OpFoldResult afterWhole = math.sub(tile.end, left);
    auto loop = scf::ForOp::create(
        builder, loc, math.materialize(tile.begin), math.materialize(afterWhole),
        math.materialize(math.known(lanes)), sums,
        [&](OpBuilder &, Location, Value step, ValueRange carried) {
          scf::YieldOp::create(builder, loc, addProducts(OpFoldResult(step), columns, carried, Value()));
        });
    if (isConstantIntValue(left, 0))
      return SmallVector<Value>(loop.getResults());
    return addProducts(afterWhole, columns, loop.getResults(), createLaneMask(builder, loc, left, lanes));
  }

  /// Halves the number of vectors: both halves of each become neighbours' lanes and are added.
  SmallVector<Value> addHalves(SmallVector<Value> vectors) {
    SmallVector<int64_t> low, high;
    for (int64_t i = 0; i < lanes / 2; ++i) {
      low.append({i, lanes + i});
      high.append({lanes / 2 + i, lanes + lanes / 2 + i});
    }
    size_t half = vectors.size() / 2;
    SmallVector<Value> result;
    for (size_t i = 0; i < half; ++i) {
      Value first = vector::ShuffleOp::create(builder, loc, vectors[i], vectors[half + i], low);
      Value second = vector::ShuffleOp::create(builder, loc, vectors[i], vectors[half + i], high);
      result.push_back(createSum(builder, loc, first, second));
    }
    return result;
  }

  Value getScratchIndex(int64_t row, OpFoldResult group) {
    OpFoldResult number = math.add(math.known(row * (lanes / width)), group);
    return math.materialize(math.mul(number, math.known(lanes)));
  }

  void emitGroup(OpFoldResult group) {
    OpFoldResult last = math.sub(tile.columns, math.known(1));
    SmallVector<OpFoldResult> columns;
    for (int64_t i = 0; i < width; ++i) {
      // Columns beyond the last read the last again.
      OpFoldResult column = math.min(math.add(math.mul(group, math.known(width)), math.known(i)), last);
      columns.push_back(math.add(tile.rhsAt, math.mul(column, tile.columnStride)));
    }
    SmallVector<Value> sums = sumColumns(columns);
    for (int64_t row = 0; row < tile.rows; ++row) {
      SmallVector<Value> parts(ArrayRef(sums).slice(row * width, width));
      while (parts.size() > 1)
        parts = addHalves(parts);
      vector::StoreOp::create(builder, loc, parts.front(), tile.scratch,
                              ValueRange{getScratchIndex(row, group)});
    }
  }

  SmallVector<Value> emit() {
    int64_t groups = lanes / width;
    OpFoldResult count = math.min(math.ceilDiv(tile.columns, math.known(width)), math.known(groups));
    scf::ForOp::create(builder, loc, math.materialize(math.known(0)), math.materialize(count),
                       math.materialize(math.known(1)), ValueRange(),
                       [&](OpBuilder &, Location, Value group, ValueRange) {
                         emitGroup(OpFoldResult(group));
                         scf::YieldOp::create(builder, loc);
                       });
    // Groups are interleaved by now, and so are the columns of a group.
    SmallVector<int64_t> order;
    for (int64_t column = 0; column < lanes; ++column)
      order.push_back(column % width * groups + column / width);
    SmallVector<Value> result;
    for (int64_t row = 0; row < tile.rows; ++row) {
      SmallVector<Value> parts;
      for (int64_t group = 0; group < groups; ++group)
        parts.push_back(vector::LoadOp::create(builder, loc, type, tile.scratch,
                                               ValueRange{getScratchIndex(row, math.known(group))}));
      while (parts.size() > 1)
        parts = addHalves(parts);
      result.push_back(vector::ShuffleOp::create(builder, loc, parts.front(), parts.front(), order));
    }
    return result;
  }
};

} // namespace

SmallVector<Value> sumAlongMemory(OpBuilder &builder, Location loc, const ContractPlan &plan,
                                  const TileAlongSum &tile) {
  return AlongSumEmitter(builder, loc, plan, tile).emit();
}

} // namespace tgc
