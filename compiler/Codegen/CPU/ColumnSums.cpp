//===- ColumnSums.cpp - Sums of wide columns in the order of memory -------===//
//
// A strip of columns that fits into registers touches a little of every row: each row is another page, and no
// hardware reads ahead. Whole rows are read as fast as memory gives them; what it costs to read and write the
// sums again is a quarter, as four rows are added first.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/CPU/NestVectorizer.h"
#include "compiler/Codegen/CPU/VectorBody.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace tgc {

/// Rows that are added in f32.
static constexpr int64_t kRowsAtOnce = 4;

void NestVectorizer::emitColumnSums(size_t level, const Addresses &place) {
  unsigned loop = summedLoops[level];
  bool isInnermost = level + 1 == summedLoops.size();
  auto emitPart = [&](OpFoldResult begin, OpFoldResult end, int64_t step) {
    scf::ForOp::create(builder, loc, math.materialize(begin), math.materialize(end), constant(step),
                       ValueRange(), [&](OpBuilder &, Location, Value index, ValueRange) {
                         Addresses inner = moveAlong(math, accesses, place, loop, OpFoldResult(index));
                         if (isInnermost)
                           addRows(inner, step);
                         else
                           emitColumnSums(level + 1, inner);
                         scf::YieldOp::create(builder, loc);
                       });
  };
  if (!isInnermost)
    return emitPart(math.known(0), sizes[loop], 1);
  OpFoldResult four = math.known(kRowsAtOnce), whole = math.mul(math.div(sizes[loop], four), four);
  emitPart(math.known(0), whole, kRowsAtOnce);
  emitPart(whole, sizes[loop], 1);
}

void NestVectorizer::addRows(const Addresses &place, int64_t count) {
  shareScalars(place);
  OpFoldResult size = sizes[vectorLoop], width = math.known(lanes);
  OpFoldResult whole = math.mul(math.div(size, width), width), left = math.sub(size, whole);
  auto placeAt = [&](OpFoldResult column) { return moveAlong(math, accesses, place, vectorLoop, column); };
  scf::ForOp::create(builder, loc, constant(0), math.materialize(whole), constant(lanes), ValueRange(),
                     [&](OpBuilder &, Location, Value column, ValueRange) {
                       addRowsOfVector(placeAt(OpFoldResult(column)), count, {});
                       scf::YieldOp::create(builder, loc);
                     });
  if (isConstantIntValue(left, 0))
    return;
  Value isLeft =
      arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::sgt, math.materialize(left), constant(0));
  scf::IfOp::create(builder, loc, isLeft, [&](OpBuilder &, Location) {
    addRowsOfVector(placeAt(whole), count, createLaneMask(builder, loc, left, lanes));
    scf::YieldOp::create(builder, loc);
  });
}

void NestVectorizer::addRowsOfVector(const Addresses &place, int64_t count, ArrayRef<Value> masks) {
  SmallVector<Value> sums;
  for (int64_t row = 0; row < count; ++row) {
    Value sum;
    computeBody(moveAlong(math, accesses, place, summedLoops.back(), math.known(row)), masks, sum);
    sums.push_back(sum);
  }
  for (; sums.size() > 1; sums.resize(sums.size() / 2))
    for (size_t i = 0; i < sums.size() / 2; ++i)
      sums[i] = createSum(builder, loc, sums[2 * i], sums[2 * i + 1]);
  Value mask = masks.empty() ? Value() : masks.front();
  Value before = load(init, place[init], mask), index = math.materialize(place[init]);
  Value after = combine(before, arith::ExtFOp::create(builder, loc, before.getType(), sums.front()));
  if (mask)
    vector::MaskedStoreOp::create(builder, loc, accesses[init].flat, ValueRange{index}, mask, after);
  else
    vector::StoreOp::create(builder, loc, after, accesses[init].flat, ValueRange{index});
}

} // namespace tgc
