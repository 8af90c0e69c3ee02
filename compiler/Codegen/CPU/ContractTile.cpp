//===- ContractTile.cpp - One tile of a contraction ===//

#include "compiler/Codegen/CPU/ContractTile.h"
#include "compiler/Codegen/CPU/KeepLoop.h"
#include "compiler/Codegen/CPU/SelectBlocks.h"
#include "compiler/Codegen/CPU/VectorBody.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace tgc {

OpFoldResult ContractTile::getRowStride(const LinearAccess &access) const {
  return plan.rows.empty() ? math.known(0) : access.strides[plan.rows.back()];
}

LinearAccess ContractTile::copyRows(int64_t rows, const Place &place) {
  bool isAlongSum = plan.lhsCopy == LhsCopy::AlongSum;
  int64_t rowDistance = isAlongSum ? plan.copiedLength + kRoomBetweenCopies : 1;
  int64_t stepDistance = isAlongSum ? 1 : plan.tiling.lanes;
  unsigned sumLoop = plan.sums[0].back();
  OpFoldResult block = math.add(place.lhs, math.mul(place.sumBegin, lhs.strides[sumLoop]));
  Value mask;
  if (!isAlongSum && rows != plan.tiling.lanes)
    mask = createLaneMask(builder, loc, math.known(rows), plan.tiling.lanes);
  scf::ForOp::create(
      builder, loc, math.materialize(math.known(0)), math.materialize(math.sub(place.sumEnd, place.sumBegin)),
      math.materialize(math.known(isAlongSum ? plan.tiling.lanes : 1)), ValueRange(),
      [&](OpBuilder &, Location, Value step, ValueRange) {
        OpFoldResult from = math.add(block, math.mul(step, lhs.strides[sumLoop]));
        OpFoldResult to = math.mul(step, math.known(stepDistance));
        for (int64_t row = 0; row < (isAlongSum ? rows : 1); ++row) {
          Value part = loadVector(lhs, math.add(from, math.mul(math.known(row), getRowStride(lhs))), mask);
          Value index = math.materialize(math.add(to, math.known(row * rowDistance)));
          vector::StoreOp::create(builder, loc, part, copies, ValueRange{index});
        }
        scf::YieldOp::create(builder, loc);
      });
  LinearAccess access = {copies, math.known(0), SmallVector<OpFoldResult>(lhs.strides.size(), math.known(0))};
  access.strides[sumLoop] = math.known(stepDistance);
  access.strides[plan.rows.back()] = math.known(rowDistance);
  return access;
}

TileAlongSum ContractTile::getTileAlongSum(int64_t rows, const Place &place) {
  TileAlongSum tile;
  tile.lhs = lhs.flat;
  tile.rhs = rhs.flat;
  tile.lhsAt = place.lhs;
  tile.rhsAt = place.rhs;
  tile.rowStride = getRowStride(lhs);
  tile.columnStride = rhs.strides[plan.column];
  tile.rows = rows;
  tile.columns = place.columnsLeft;
  tile.begin = place.sumBegin;
  tile.end = place.sumEnd;
  tile.scratch = copies;
  tile.fetchesNext = plan.fetchesColumns;
  return tile;
}

void ContractTile::emitTile(int64_t rows, const Place &place) {
  VectorType type = vectorOf(op.getAccumulatorType());
  Value zeros = arith::ConstantOp::create(builder, loc, type, builder.getZeroAttr(type));
  SmallVector<Value> sums((shiftsBytes() ? rows + 1 : rows) * vectors, zeros);
  auto addressOf = [&](int64_t i) {
    OpFoldResult row = math.mul(math.known(i / vectors), getRowStride(init));
    return math.add(math.add(place.init, row), math.known(i % vectors * plan.tiling.lanes));
  };
  // What the result's memory holds arrives while the sums are computed.
  bool fetchesInit = plan.fetchesInit && rows >= kLeastRowsToCopy && !place.nextInit;
  for (size_t i = 0; fetchesInit && i < static_cast<size_t>(rows * vectors); ++i)
    memref::PrefetchOp::create(builder, loc, init.flat, ValueRange{math.materialize(addressOf(i))},
                               /*isWrite=*/true, /*localityHint=*/3, /*isDataCache=*/true);
  sums = plan.rhsForm == RhsForm::AlongSum ? sumAlongMemory(builder, loc, plan, getTileAlongSum(rows, place))
                                           : sumProducts(rows, 0, place.lhs, place.rhs, place, sums);
  for (int64_t i = 0; shiftsBytes() && i < rows * vectors; ++i)
    sums[i] = arith::SubIOp::create(builder, loc, sums[i], sums[rows * vectors + i % vectors]);
  sums.truncate(rows * vectors);
  auto addPrior = [&] {
    SmallVector<Value> totals;
    for (auto [i, sum] : llvm::enumerate(sums))
      totals.push_back(
          createSum(builder, loc, loadVector(init, addressOf(i), getMask(place, i % vectors)), sum));
    return totals;
  };
  if (op.getAccumulates())
    sums = addPrior();
  else if (place.isFirst)
    sums = ifElse(place.isFirst, sums, [&] { return sums; }, addPrior);
  if (plan.loopsOverRows && rows > 1) {
    if (!place.isLast)
      return storeEpilogues(rows, sums, place);
    auto choice = scf::IfOp::create(builder, loc, place.isLast, /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(choice.thenBlock());
    storeEpilogues(rows, sums, place);
    builder.setInsertionPointToStart(choice.elseBlock());
    return store(math.known(0), sums, place);
  }
  auto finish = [&] { return computeEpilogues(rows, sums, place); };
  Block &epilogue = op.getEpilogue().front();
  if (epilogue.getTerminator()->getOperand(0) != epilogue.getArgument(0))
    sums = place.isLast ? ifElse(place.isLast, sums, finish, [&] { return sums; }) : finish();
  store(math.known(0), sums, place);
}

SmallVector<Value> ContractTile::ifElse(Value condition, ValueRange like,
                                        function_ref<SmallVector<Value>()> whenTrue,
                                        function_ref<SmallVector<Value>()> whenFalse) {
  auto branch = [&](function_ref<SmallVector<Value>()> body) {
    return [&, body](OpBuilder &, Location) { scf::YieldOp::create(builder, loc, body()); };
  };
  auto choice = scf::IfOp::create(builder, loc, condition, branch(whenTrue), branch(whenFalse));
  return SmallVector<Value>(choice.getResults());
}

void ContractTile::store(OpFoldResult row, ValueRange results, const Place &place) {
  OpFoldResult begin = math.add(place.init, math.mul(row, getRowStride(init)));
  for (auto [i, result] : llvm::enumerate(results)) {
    OpFoldResult address = math.add(begin, math.mul(math.known(i / vectors), getRowStride(init)));
    Value index = math.materialize(math.add(address, math.known(i % vectors * plan.tiling.lanes)));
    if (Value mask = getMask(place, i % vectors))
      vector::MaskedStoreOp::create(builder, loc, init.flat, ValueRange{index}, mask, result);
    else
      vector::StoreOp::create(builder, loc, result, init.flat, ValueRange{index});
  }
}

SmallVector<Value> ContractTile::computeEpilogue(OpFoldResult row, ValueRange sums, const Place &place,
                                                 SharedOperands &shared) {
  SmallVector<Value> results;
  for (auto [v, sum] : llvm::enumerate(sums)) {
    SmallVector<Value> arguments = {sum};
    for (auto [x, access] : llvm::enumerate(extras)) {
      bool movesRows = !isConstantIntValue(getRowStride(access), 0), movesColumns = access.moves(plan.column);
      Value &known = shared[{x, movesColumns ? v : 0}];
      if (movesRows || !known) {
        OpFoldResult address = math.add(place.extras[x], math.mul(row, getRowStride(access)));
        known = movesColumns ? loadVector(access, math.add(address, math.known(v * plan.tiling.lanes)),
                                          getMask(place, v))
                             : splat(loadSplat(access, address));
      }
      arguments.push_back(known);
    }
    results.push_back(
        computeOnVectors(builder, op.getEpilogue().front(), in.captured, arguments, plan.tiling.lanes));
  }
  return results;
}

SmallVector<Value> ContractTile::computeEpilogues(int64_t rows, ValueRange sums, const Place &place) {
  SmallVector<Value> results;
  SharedOperands shared;
  for (int64_t row = 0; row < rows; ++row)
    llvm::append_range(results,
                       computeEpilogue(math.known(row), sums.slice(row * vectors, vectors), place, shared));
  return results;
}

void ContractTile::storeEpilogues(int64_t rows, ValueRange sums, const Place &place) {
  LinearAccess access = {parked, math.known(0), {}};
  for (auto [i, sum] : llvm::enumerate(sums)) {
    Value index = math.materialize(math.known(i * plan.tiling.lanes));
    vector::StoreOp::create(builder, loc, sum, parked, ValueRange{index});
  }
  auto loop = scf::ForOp::create(
      builder, loc, math.materialize(math.known(0)), math.materialize(math.known(rows)),
      math.materialize(math.known(1)), ValueRange(), [&](OpBuilder &, Location, Value row, ValueRange) {
        SmallVector<Value> ofRow;
        OpFoldResult begin = math.mul(row, math.known(vectors * plan.tiling.lanes));
        for (int64_t v = 0; v < vectors; ++v)
          ofRow.push_back(loadVector(access, math.add(begin, math.known(v * plan.tiling.lanes)), Value()));
        SharedOperands shared;
        store(row, computeEpilogue(row, ofRow, place, shared), place);
        scf::YieldOp::create(builder, loc);
      });
  keepLoop(loop);
}

} // namespace tgc
