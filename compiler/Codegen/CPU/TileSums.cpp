//===- TileSums.cpp - The sums of a tile ----------------------------------===//
//
// Products added to sums in registers, and what each step fetches meanwhile.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/CPU/ContractTile.h"
#include "compiler/Codegen/CPU/PairProducts.h"
#include "compiler/Codegen/CPU/VectorBody.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace tgc {

SmallVector<Value> ContractTile::sumProducts(int64_t rows, size_t level, OpFoldResult lhsAt,
                                             OpFoldResult rhsAt, const Place &place, ValueRange sums) {
  if (level == plan.sums.size())
    return addProducts(rows, lhsAt, rhsAt, place, sums);
  if (kind && rowsWithinBorders->level == level)
    return sumWithinBorders(lhsAt, rhsAt, place, sums);
  auto [begin, end] = level == 0 ? std::pair(place.sumBegin, place.sumEnd) : place.sumRanges[level];
  return sumRange(rows, level, {begin, end}, lhsAt, rhsAt, place, sums);
}

SmallVector<Value> ContractTile::sumWithinBorders(OpFoldResult lhsAt, OpFoldResult rhsAt, const Place &place,
                                                  ValueRange sums) {
  SmallVector<Value> result(sums);
  int64_t inner = rowsWithinBorders->stepsOfSum;
  for (auto [step, range] : llvm::enumerate(kind->rowsOfStep)) {
    auto [begin, end] = range;
    if (begin >= end)
      continue;
    MutableArrayRef<Value> part = MutableArrayRef(result).slice(begin * vectors, (end - begin) * vectors);
    OpFoldResult firstRow = math.add(lhsAt, math.mul(math.known(begin), getRowStride(lhs)));
    int64_t first = static_cast<int64_t>(step) * inner;
    llvm::copy(sumRange(end - begin, rowsWithinBorders->level, {math.known(first), math.known(first + inner)},
                        firstRow, rhsAt, place, SmallVector<Value>(part)),
               part.begin());
  }
  return result;
}

SmallVector<Value> ContractTile::sumRange(int64_t rows, size_t level,
                                          std::pair<OpFoldResult, OpFoldResult> range, OpFoldResult lhsAt,
                                          OpFoldResult rhsAt, const Place &place, ValueRange sums) {
  auto sumSteps = [&](OpFoldResult begin, OpFoldResult end, int64_t distance, ValueRange before, auto body) {
    auto loop = scf::ForOp::create(
        builder, loc, math.materialize(begin), math.materialize(end), math.materialize(math.known(distance)),
        before, [&](OpBuilder &, Location, Value step, ValueRange carried) {
          OpFoldResult nextLhs = math.add(lhsAt, math.mul(step, lhs.strides[plan.sums[level].back()]));
          OpFoldResult nextRhs = math.add(rhsAt, math.mul(step, rhsSumStrides[level]));
          if (place.next)
            fetchNext(place, step, distance);
          if (place.nextRows)
            fetchRows(rows, place, step);
          if (place.nextInit)
            fetchInit(rows, place, step);
          scf::YieldOp::create(builder, loc, body(nextLhs, nextRhs, carried));
        });
    return SmallVector<Value>(loop.getResults());
  };
  auto nextLevel = [&](OpFoldResult nextLhs, OpFoldResult nextRhs, ValueRange carried) {
    return sumProducts(rows, level + 1, nextLhs, nextRhs, place, carried);
  };
  auto [begin, end] = range;
  int64_t atOnce = plan.stepsAtOnce;
  if (atOnce == 1 || level + 1 < plan.sums.size())
    return sumSteps(begin, end, 1, sums, nextLevel);
  OpFoldResult length = math.sub(end, begin);
  OpFoldResult afterWhole = math.sub(end, math.rem(length, math.known(atOnce)));
  auto addWhole = [&](OpFoldResult nextLhs, OpFoldResult nextRhs, ValueRange carried) {
    OpFoldResult rhsStep = rhsSumStrides[level];
    if (atOnce == 4)
      return addQuads(rows, nextLhs, nextRhs, rhsStep, place, carried);
    return addPairs(rows, nextLhs, nextRhs, rhsStep, place, carried);
  };
  SmallVector<Value> ofWhole = sumSteps(begin, afterWhole, atOnce, sums, addWhole);
  auto known = getConstantIntValue(length);
  return known && *known % atOnce == 0 ? ofWhole : sumSteps(afterWhole, end, 1, ofWhole, nextLevel);
}

void ContractTile::fetchNext(const Place &place, Value step, int64_t distance) {
  OpFoldResult stride = source.strides[plan.sums[0].back()], lineLength = math.known(plan.elementsOfLine);
  for (int64_t i = 0; i < distance; ++i)
    for (int64_t line = 0; line < plan.linesToFetch; ++line) {
      OpFoldResult at = math.add(step, math.known(i));
      if (place.nextBlock) {
        OpFoldResult number = math.mul(at, math.known(plan.linesToFetch));
        number = math.add(math.add(place.next, number), math.known(line));
        OpFoldResult width = math.known(plan.tiling.getPanelWidth());
        OpFoldResult column = math.rem(number, width), part = math.div(number, width);
        at = math.add(math.mul(column, source.strides[plan.column]), math.mul(part, lineLength));
        at = math.add(place.nextBlock, at);
      } else {
        at = math.add(place.next, math.mul(at, stride));
        at = math.add(at, math.mul(math.known(line), lineLength));
      }
      memref::PrefetchOp::create(builder, loc, source.flat, ValueRange{math.materialize(at)},
                                 /*isWrite=*/false, /*localityHint=*/2, /*isDataCache=*/true);
    }
}

void ContractTile::fetchRows(int64_t rows, const Place &place, Value step) {
  auto fetch = [&](OpFoldResult at) {
    memref::PrefetchOp::create(builder, loc, lhsInPlace.flat, ValueRange{math.materialize(at)},
                               /*isWrite=*/false, /*localityHint=*/2, /*isDataCache=*/true);
  };
  OpFoldResult sumStride = lhsInPlace.strides[plan.sums[0].back()];
  // The rows of a step lie together: the first of them may be on the line that this tile reads.
  if (!isConstantIntValue(sumStride, 1))
    return fetch(math.add(math.add(place.nextRows, math.mul(step, sumStride)), math.known(rows - 1)));
  // As many steps as a line has elements fetch a line of as many rows.
  int64_t length = plan.elementsOfRowLine;
  OpFoldResult inLine = math.rem(step, math.known(length)), line = math.sub(step, inLine);
  for (int64_t row = 0; row < rows; row += length) {
    OpFoldResult offset = math.mul(math.add(inLine, math.known(row)), getRowStride(lhsInPlace));
    fetch(math.add(math.add(place.nextRows, line), offset));
  }
}

void ContractTile::fetchInit(int64_t rows, const Place &place, Value step) {
  OpFoldResult vectorsOfRow = math.known(plan.tiling.vectors);
  OpFoldResult line =
      math.rem(step, math.known(llvm::PowerOf2Ceil(static_cast<uint64_t>(rows * plan.tiling.vectors))));
  OpFoldResult row = math.mul(math.div(line, vectorsOfRow), getRowStride(init));
  OpFoldResult column = math.mul(math.rem(line, vectorsOfRow), math.known(plan.tiling.lanes));
  Value at = math.materialize(math.add(math.add(place.nextInit, row), column));
  memref::PrefetchOp::create(builder, loc, init.flat, ValueRange{at}, /*isWrite=*/true, /*localityHint=*/3,
                             /*isDataCache=*/true);
}

void ContractTile::shareFetching(Place &place, OpFoldResult unit) {
  OpFoldResult width = math.known(plan.tiling.getPanelWidth());
  if (!place.nextBlock) {
    place.next = math.add(place.next, math.div(math.mul(unit, width), math.known(plan.fetchingUnits)));
    return;
  }
  // A block along the sum has two lines for a step at most: what one or two tiles fetch. Those that follow
  // ask for the same again by turns, so that their own rows, which come from as far, do not drive it out.
  OpFoldResult steps = math.mul(math.known(plan.linesToFetch), math.sub(place.sumEnd, place.sumBegin));
  place.next = math.sub(math.mul(math.rem(unit, math.known(2)), steps),
                        math.mul(math.known(plan.linesToFetch), place.sumBegin));
}

bool ContractTile::masksRhs() const {
  return isMasked && (plan.rhsForm == RhsForm::Direct || plan.rhsForm == RhsForm::ChosenByCall);
}

SmallVector<Value> ContractTile::loadColumns(OpFoldResult rhsAt, const Place &place) {
  SmallVector<Value> columns;
  for (int64_t v = 0; v < vectors; ++v)
    columns.push_back(loadVector(rhs, math.add(rhsAt, math.known(v * plan.tiling.lanes)),
                                 masksRhs() ? place.masks[v] : Value()));
  return columns;
}

SmallVector<Value> ContractTile::addPairs(int64_t rows, OpFoldResult lhsAt, OpFoldResult rhsAt,
                                          OpFoldResult rhsStep, const Place &place, ValueRange sums) {
  Type element = elementOf(lhs.flat);
  bool areBytes = element.isInteger(8);
  SmallVector<Value> columns, result;
  for (auto [low, high] :
       llvm::zip_equal(loadColumns(rhsAt, place), loadColumns(math.add(rhsAt, rhsStep), place)))
    columns.push_back(areBytes
                          ? widenToShorts(builder, loc, vector::InterleaveOp::create(builder, loc, low, high),
                                          isUnsigned(kUnsignedRhs))
                          : pairUp(builder, loc, low, high));
  for (int64_t row = 0; row < rows; ++row) {
    OpFoldResult address = math.add(lhsAt, math.mul(math.known(row), getRowStride(lhs)));
    Value pair = vector::LoadOp::create(builder, loc, VectorType::get({2}, element), lhs.flat,
                                        ValueRange{math.materialize(address)});
    Value repeated = areBytes
                         ? widenToShorts(builder, loc, repeatBytes(builder, loc, pair, plan.tiling.lanes),
                                         isUnsigned(kUnsignedLhs))
                         : repeatPair(builder, loc, pair, plan.tiling.lanes);
    for (int64_t v = 0; v < vectors; ++v) {
      Value sum = sums[row * vectors + v];
      result.push_back(areBytes ? addShortProducts(builder, loc, sum, repeated, columns[v])
                                : addPairProducts(builder, loc, sum, repeated, columns[v]));
    }
  }
  return result;
}

SmallVector<Value> ContractTile::loadQuads(OpFoldResult rhsAt, OpFoldResult rhsStep, const Place &place) {
  int64_t lanes = plan.tiling.lanes;
  SmallVector<Value> quads;
  // Smaller vectors have no permutation of two of them.
  bool permutesTwo = lanes == 16;
  if (masksRhs() || vectors > 2 || !permutesTwo || !isConstantIntValue(rhsStep, vectors * lanes)) {
    SmallVector<Value> steps[4];
    for (int64_t step = 0; step < 4; ++step)
      steps[step] = loadColumns(math.add(rhsAt, math.mul(math.known(step), rhsStep)), place);
    for (int64_t v = 0; v < vectors; ++v)
      quads.push_back(joinQuads(builder, loc, {steps[0][v], steps[1][v], steps[2][v], steps[3][v]}));
    return quads;
  }
  // The steps follow each other: as few loads as there are vectors.
  SmallVector<Value> parts;
  for (int64_t v = 0; v < vectors; ++v)
    parts.push_back(
        vector::LoadOp::create(builder, loc, VectorType::get({4 * lanes}, builder.getI8Type()), rhs.flat,
                               ValueRange{math.materialize(math.add(rhsAt, math.known(v * 4 * lanes)))}));
  for (int64_t v = 0; v < vectors; ++v) {
    SmallVector<int64_t> order;
    for (int64_t lane = 0; lane < lanes; ++lane)
      for (int64_t step = 0; step < 4; ++step)
        order.push_back((step * vectors + v) * lanes + lane);
    quads.push_back(vector::ShuffleOp::create(builder, loc, parts.front(), parts.back(), order));
  }
  return quads;
}

SmallVector<Value> ContractTile::addQuads(int64_t rows, OpFoldResult lhsAt, OpFoldResult rhsAt,
                                          OpFoldResult rhsStep, const Place &place, ValueRange sums) {
  SmallVector<Value> columns = loadQuads(rhsAt, rhsStep, place), result;
  VectorType quadType = VectorType::get({4}, builder.getI8Type());
  Value shift = shiftsBytes() ? createByteShift(builder, loc, plan.tiling.lanes) : Value();
  auto addTo = [&](Value sum, Value bytes, Value column) {
    result.push_back(addByteProducts(builder, loc, sum, bytes, column, isUnsigned(kUnsignedRhs)));
  };
  for (int64_t row = 0; row < rows; ++row) {
    OpFoldResult address = math.add(lhsAt, math.mul(math.known(row), getRowStride(lhs)));
    Value quad =
        vector::LoadOp::create(builder, loc, quadType, lhs.flat, ValueRange{math.materialize(address)});
    Value bytes = repeatBytes(builder, loc, quad, plan.tiling.lanes);
    if (shift)
      bytes = arith::XOrIOp::create(builder, loc, bytes, shift);
    for (int64_t v = 0; v < vectors; ++v)
      addTo(sums[row * vectors + v], bytes, columns[v]);
  }
  for (int64_t v = 0; shift && v < vectors; ++v)
    addTo(sums[rows * vectors + v], shift, columns[v]);
  return result;
}

SmallVector<Value> ContractTile::addProducts(int64_t rows, OpFoldResult lhsAt, OpFoldResult rhsAt,
                                             const Place &place, ValueRange sums) {
  SmallVector<Value> columns, result;
  for (Value column : loadColumns(rhsAt, place))
    columns.push_back(widen(column, isUnsigned(kUnsignedRhs)));
  OpFoldResult rowStride = getRowStride(lhs);
  for (int64_t row = 0; row < rows; ++row) {
    OpFoldResult address = math.add(lhsAt, math.mul(math.known(row), rowStride));
    Value element =
        plan.isLanewise ? Value() : splat(widen(loadSplat(lhs, address), isUnsigned(kUnsignedLhs)));
    for (int64_t v = 0; v < vectors; ++v) {
      if (plan.isLanewise)
        element =
            widen(loadVector(lhs, math.add(address, math.known(v * plan.tiling.lanes)), getMask(place, v)),
                  isUnsigned(kUnsignedLhs));
      result.push_back(createMultiplyAdd(builder, loc, element, columns[v], sums[row * vectors + v]));
    }
  }
  llvm::append_range(result, sums.drop_front(result.size()));
  return result;
}

} // namespace tgc
