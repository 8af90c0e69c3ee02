//===- ContractEmitter.cpp - Loops around the tiles of a contraction ------===//
//
//   for each group of panels of columns
//     for each block of the summed loop (one, unless it is long)
//       the group's panels are packed, if the kernel packs them
//       for each unit: a tile of rows under one iteration of the outer loops
//         for each panel of the group
//           rows x vectors accumulators in registers, summed over the block; then the epilogue; then stored
//
// The group and the block outside of the rows: so much of the right operand stays in the second-level cache
// while rows stream by, each tile of them once per group. Each element is summed in the order of the loops
// whatever tile, panel or thread it falls to, so the result depends on nothing but the operands (blocks of a
// long sum are summed from zero each and added in order). Goto and van de Geijn, "Anatomy of high-performance
// matrix multiplication", 2008.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/CPU/ContractEmitter.h"
#include "compiler/Codegen/CPU/ContractTile.h"
#include "compiler/Codegen/CPU/SelectBlocks.h"
#include "compiler/Codegen/CPU/VectorBody.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/SaveAndRestore.h"

using namespace mlir;

namespace tgc {
namespace {

/// The loops around the tiles.
struct Emitter : ContractTile {
  using ContractTile::ContractTile;

  void forEach(OpFoldResult begin, OpFoldResult end, function_ref<void(OpFoldResult)> body) {
    if (isConstantIntValue(begin, 0) && isConstantIntValue(end, 1))
      return body(begin);
    scf::ForOp::create(builder, loc, math.materialize(begin), math.materialize(end),
                       math.materialize(math.known(1)), ValueRange(),
                       [&](OpBuilder &, Location, Value index, ValueRange) {
                         body(index);
                         scf::YieldOp::create(builder, loc);
                       });
  }

  /// Panels of columns, from the first to before the second.
  using PanelRange = std::pair<Value, Value>;

  void emit() {
    if (plan.lhsCopy != LhsCopy::None) {
      int64_t size = plan.lhsCopy == LhsCopy::AlongSum
                         ? plan.tiling.rows * (plan.copiedLength + kRoomBetweenCopies)
                         : plan.tiling.lanes * plan.copiedLength;
      copies = allocateOnStack(size, elementOf(lhs.flat));
    }
    if (plan.loopsOverRows)
      parked = allocateOnStack(plan.tiling.rows * plan.tiling.getPanelWidth(), op.getAccumulatorType());
    if (plan.rhsForm == RhsForm::AlongSum) {
      int64_t size = TileAlongSum::getScratchSize(plan);
      copies = allocateOnStack(size, op.getAccumulatorType());
      VectorType type = vectorOf(op.getAccumulatorType());
      Value zeros = arith::ConstantOp::create(builder, loc, type, builder.getZeroAttr(type));
      forEach(math.known(0), math.known(size / plan.tiling.lanes), [&](OpFoldResult part) {
        Value index = math.materialize(math.mul(part, math.known(plan.tiling.lanes)));
        vector::StoreOp::create(builder, loc, zeros, copies, ValueRange{index});
      });
    }
    OpFoldResult units = plan.countUnits(math, in.loopSizes), panels = plan.countPanels(math, in.loopSizes);
    auto select = [&](Value ifColumns, OpFoldResult otherwise) -> OpFoldResult {
      return arith::SelectOp::create(builder, loc, in.byColumns, ifColumns, math.materialize(otherwise))
          .getResult();
    };
    Value panelBegin = math.materialize(select(in.begin, math.known(0)));
    Value panelEnd = math.materialize(select(in.end, panels));
    Value unitBegin =
        arith::SelectOp::create(builder, loc, in.byColumns, math.materialize(math.known(0)), in.begin);
    Value unitEnd = arith::SelectOp::create(builder, loc, in.byColumns, math.materialize(units), in.end);
    forEachGroup(panelBegin, panelEnd, [&](PanelRange group) {
      Place place;
      place.lhs = lhs.offset;
      place.rhs = rhs.offset;
      place.init = init.offset;
      for (const LinearAccess &extra : extras)
        place.extras.push_back(extra.offset);
      place.sumBegin = math.known(0);
      for (const LoopGroup &sum : plan.sums)
        place.sumRanges.push_back({math.known(0), plan.getSize(math, in.loopSizes, sum)});
      place.sumEnd = plan.sums.empty() ? math.known(1) : place.sumRanges[0].second;
      if (!plan.isBlocked)
        return emitBlock(unitBegin, unitEnd, group, place);
      OpFoldResult length = place.sumEnd, blockSize = math.known(plan.blockLength);
      // A sum of no elements has one block too, which stores zeros.
      OpFoldResult blocks = math.ceilDiv(length, blockSize);
      Value atLeastOne =
          arith::MaxSIOp::create(builder, loc, math.materialize(blocks), math.materialize(math.known(1)));
      forEach(math.known(0), atLeastOne, [&](OpFoldResult block) {
        Place part = place;
        part.sumBegin = math.mul(block, blockSize);
        part.sumEnd = math.min(length, math.add(part.sumBegin, blockSize));
        auto equals = [&](OpFoldResult a, OpFoldResult b) -> Value {
          return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, math.materialize(a),
                                       math.materialize(b));
        };
        part.isFirst = equals(block, math.known(0));
        part.isLast = equals(part.sumEnd, length);
        emitBlock(unitBegin, unitEnd, group, part);
      });
    });
  }

  /// A block of the sum of a group of panels.
  void emitBlock(Value begin, Value end, PanelRange group, Place place) {
    if (plan.rhsForm == RhsForm::PackedByKernel) {
      emitBlockPacking(builder, loc, plan, source, rhs.flat, columnCount, group.first, group.second,
                       place.sumBegin, math.sub(place.sumEnd, place.sumBegin));
      OpFoldResult before =
          math.add(math.mul(group.first, rhsPanelStride), math.mul(place.sumBegin, rhsSumStrides[0]));
      place.rhs = math.sub(place.rhs, before);
    }
    if (plan.linesToFetch > 0) {
      // The same panels further along the sum, or the next ones from its beginning; steps count from there.
      OpFoldResult stride = source.strides[plan.sums[0].back()];
      OpFoldResult length = plan.getSize(math, in.loopSizes, plan.sums[0]);
      Value isLast = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq,
                                           math.materialize(place.sumEnd), math.materialize(length));
      OpFoldResult further = math.mul(math.sub(place.sumEnd, place.sumBegin), stride);
      OpFoldResult nextPanels = math.sub(math.mul(math.sub(group.second, group.first), sourcePanelStride),
                                         math.mul(place.sumBegin, stride));
      place.next =
          math.add(source.offset, arith::SelectOp::create(builder, loc, isLast, math.materialize(nextPanels),
                                                          math.materialize(further))
                                      .getResult());
      if (!isConstantIntValue(source.strides[plan.column], 1))
        place.nextBlock = math.add(place.next, math.mul(place.sumBegin, stride));
    }
    emitUnits(begin, end, group, place);
  }

  /// Cuts a range of panels into groups that stay in the second-level cache.
  void forEachGroup(Value begin, Value end, function_ref<void(PanelRange)> body) {
    auto panels = getConstantIntValue(plan.countPanels(math, in.loopSizes));
    if (panels && *panels <= plan.panelsPerGroup)
      return body({begin, end});
    Value step = math.materialize(math.known(plan.panelsPerGroup));
    scf::ForOp::create(
        builder, loc, begin, end, step, ValueRange(), [&](OpBuilder &, Location, Value index, ValueRange) {
          body({index, math.materialize(math.min(end, math.add(index, math.known(plan.panelsPerGroup))))});
          scf::YieldOp::create(builder, loc);
        });
  }

  /// The tiles of some rows in a group of panels.
  void emitTiles(int64_t rows, PanelRange group, const Place &rowPlace) {
    llvm::SaveAndRestore<LinearAccess> inPlace(lhs);
    Place place = rowPlace;
    if (rows < kLeastRowsToCopy)
      place.nextRows = nullptr;
    if (plan.lhsCopy != LhsCopy::None && rows >= kLeastRowsToCopy) {
      lhs = copyRows(rows, rowPlace);
      place.lhs = math.sub(math.known(0), math.mul(place.sumBegin, lhs.strides[plan.sums[0].back()]));
    }
    // A last panel of fewer vectors computes no more than those.
    auto columns = getConstantIntValue(columnCount);
    int64_t lastVectors =
        columns ? llvm::divideCeil(*columns % plan.tiling.getPanelWidth(), plan.tiling.lanes) : 0;
    if (lastVectors == 0 || lastVectors == vectors)
      return emitPanels(rows, group, group.second, place);
    Value last = math.materialize(math.known(*columns / plan.tiling.getPanelWidth()));
    llvm::SaveAndRestore<bool> masks(isMasked, false);
    emitPanels(rows, group, math.min(group.second, last), place);
    Value isLast = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::sgt, group.second, last);
    auto rest = scf::IfOp::create(builder, loc, isLast, /*withElseRegion=*/false);
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(rest.thenBlock());
    isMasked = *columns % plan.tiling.lanes != 0;
    llvm::SaveAndRestore<int64_t> fewer(vectors, lastVectors);
    emitPanel(rows, last, group, place);
  }

  /// The panels of the group before `end`.
  void emitPanels(int64_t rows, PanelRange group, OpFoldResult end, const Place &place) {
    forEach(group.first, end, [&](OpFoldResult panel) { emitPanel(rows, panel, group, place); });
  }

  /// Where the results of the next panel begin, or those of the group's first one in the rows behind.
  OpFoldResult getNextInit(int64_t rows, OpFoldResult panel, PanelRange group, const Place &place) {
    OpFoldResult following = math.add(panel, math.known(1));
    OpFoldResult further = math.mul(math.known(rows), getRowStride(init));
    Value isLast = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::sge, math.materialize(following),
                                         group.second);
    auto select = [&](OpFoldResult a, OpFoldResult b) -> OpFoldResult {
      return arith::SelectOp::create(builder, loc, isLast, math.materialize(a), math.materialize(b))
          .getResult();
    };
    OpFoldResult column = math.mul(select(group.first, following), math.known(plan.tiling.getPanelWidth()));
    return math.add(math.add(place.init, column), select(further, math.known(0)));
  }

  void emitPanel(int64_t rows, OpFoldResult panel, PanelRange group, const Place &place) {
    Place tile = place;
    if (plan.fetchesInitInSum && rows >= kLeastRowsToCopy)
      tile.nextInit = getNextInit(rows, panel, group, place);
    OpFoldResult firstColumn = math.mul(panel, math.known(plan.tiling.getPanelWidth()));
    for (int64_t v = 0; isMasked && v < vectors; ++v) {
      OpFoldResult left = math.sub(columnCount, math.add(firstColumn, math.known(v * plan.tiling.lanes)));
      tile.masks.push_back(createLaneMask(builder, loc, left, plan.tiling.lanes));
    }
    tile.columnsLeft = math.sub(columnCount, firstColumn);
    tile.lhs = math.add(place.lhs, math.mul(firstColumn, lhs.strides[plan.column]));
    tile.rhs = math.add(place.rhs, math.mul(panel, rhsPanelStride));
    if (place.next)
      (place.nextBlock ? tile.nextBlock : tile.next) =
          math.add(place.nextBlock ? place.nextBlock : place.next, math.mul(panel, sourcePanelStride));
    tile.init = math.add(place.init, math.mul(firstColumn, init.strides[plan.column]));
    for (auto [address, extra] : llvm::zip_equal(tile.extras, extras))
      address = math.add(address, math.mul(firstColumn, extra.strides[plan.column]));
    emitTile(rows, tile);
  }

  void emitUnits(Value begin, Value end, PanelRange group, const Place &groupPlace) {
    int64_t most = plan.tiling.rows;
    OpFoldResult tiles = math.ceilDiv(rowCount, math.known(most));
    forEach(begin, end, [&](OpFoldResult unit) {
      Place place = groupPlace;
      if (place.next)
        shareFetching(place, unit);
      OpFoldResult tile = plan.outer.empty() ? unit : math.rem(unit, tiles);
      OpFoldResult firstRow = math.mul(tile, math.known(most)), rest = unit;
      if (!plan.outer.empty())
        rest = math.div(unit, tiles);
      for (const LoopGroup &group : llvm::reverse(plan.outer)) {
        OpFoldResult size = plan.getSize(math, in.loopSizes, group);
        bool isOutermost = &group == &plan.outer.front();
        OpFoldResult index = isOutermost ? rest : math.rem(rest, size);
        if (!isOutermost)
          rest = math.div(rest, size);
        advance(place, index, group.back());
        leaveOutZeros(place, index, group);
      }
      if (!plan.rows.empty())
        advance(place, firstRow, plan.rows.back());
      if (plan.fetchesRows)
        place.nextRows = getNextRows(place, groupPlace, unit, begin, end);
      if (rowsWithinBorders)
        emitKinds(rowsWithinBorders->kinds, tile, group, place);
      else
        emitRows(firstRow, group, place);
    });
  }

  /// Where the tile of rows after `unit` begins, or the first one of the next block of the sum.
  OpFoldResult getNextRows(const Place &place, const Place &groupPlace, OpFoldResult unit, Value begin,
                           Value end) {
    OpFoldResult tileStride = math.mul(math.known(plan.tiling.rows), getRowStride(lhs));
    OpFoldResult following = math.add(place.lhs, tileStride);
    if (!plan.isBlocked)
      return following;
    OpFoldResult first = math.add(groupPlace.lhs, math.mul(OpFoldResult(begin), tileStride));
    OpFoldResult length = math.sub(place.sumEnd, place.sumBegin);
    first = math.add(first, math.mul(length, lhs.strides[plan.sums[0].back()]));
    Value isLast = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq,
                                         math.materialize(math.add(unit, math.known(1))), end);
    return arith::SelectOp::create(builder, loc, isLast, math.materialize(first), math.materialize(following))
        .getResult();
  }

  /// The tile, which is of one of the kinds.
  void emitKinds(ArrayRef<RowsWithinBorders::Kind> kinds, OpFoldResult tile, PanelRange group,
                 const Place &place) {
    const RowsWithinBorders::Kind &first = kinds.front();
    auto emitFirst = [&] {
      llvm::SaveAndRestore<const RowsWithinBorders::Kind *> ofTile(kind, first.rowsOfStep.empty() ? nullptr
                                                                                                  : &first);
      emitTiles(first.rows, group, place);
    };
    if (kinds.size() == 1)
      return emitFirst();
    Value isFirst;
    for (int64_t number : first.tiles) {
      Value isThis = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, math.materialize(tile),
                                           math.materialize(math.known(number)));
      isFirst = isFirst ? arith::OrIOp::create(builder, loc, isFirst, isThis) : isThis;
    }
    auto choice = scf::IfOp::create(builder, loc, isFirst, /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(choice.thenBlock());
    emitFirst();
    builder.setInsertionPointToStart(choice.elseBlock());
    emitKinds(kinds.drop_front(), tile, group, place);
  }

  /// Narrows the sums to what lies within the left operand's borders where the group stands at `index`.
  void leaveOutZeros(Place &place, OpFoldResult index, const LoopGroup &group) {
    for (const SumWithinBorders &part : sumsWithinBorders) {
      if (group.size() != 1 || part.place != group.front())
        continue;
      size_t level = llvm::find(plan.sums, LoopGroup{part.sum}) - plan.sums.begin();
      auto &[begin, end] = place.sumRanges[level];
      std::tie(begin, end) = part.getRange(math, index, end);
      if (level != 0)
        continue;
      place.sumBegin = math.max(place.sumBegin, begin);
      place.sumEnd = math.min(place.sumEnd, end);
    }
  }

  /// Moves the place `index` steps along a loop.
  void advance(Place &place, OpFoldResult index, unsigned loop) {
    auto move = [&](OpFoldResult &address, const LinearAccess &access) {
      address = math.add(address, math.mul(index, access.strides[loop]));
    };
    move(place.lhs, lhs);
    move(place.rhs, rhs);
    move(place.init, init);
    for (auto [address, access] : llvm::zip_equal(place.extras, extras))
      move(address, access);
  }

  /// A whole tile, or what is left of the rows: one tile of that size if it is known, else tiles of powers of
  /// two.
  void emitRows(OpFoldResult firstRow, PanelRange group, const Place &place) {
    int64_t most = plan.tiling.rows;
    auto known = getConstantIntValue(rowCount);
    if (known && *known % most == 0)
      return emitTiles(most, group, place);
    OpFoldResult left = math.sub(rowCount, firstRow);
    Value isWhole = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::sge, math.materialize(left),
                                          math.materialize(math.known(most)));
    auto choice = scf::IfOp::create(builder, loc, isWhole, /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(choice.thenBlock());
    emitTiles(most, group, place);
    builder.setInsertionPointToStart(choice.elseBlock());
    if (known)
      return emitTiles(*known % most, group, place);
    OpFoldResult done = math.known(0);
    for (int64_t part = llvm::bit_floor(static_cast<uint64_t>(most - 1)); part > 0; part /= 2) {
      Value bit =
          arith::AndIOp::create(builder, loc, math.materialize(left), math.materialize(math.known(part)));
      Value isSet =
          arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ne, bit, math.materialize(math.known(0)));
      auto tile = scf::IfOp::create(builder, loc, isSet, /*withElseRegion=*/false);
      {
        OpBuilder::InsertionGuard inner(builder);
        builder.setInsertionPointToStart(tile.thenBlock());
        Place partPlace = place;
        advance(partPlace, done, plan.rows.back());
        emitTiles(part, group, partPlace);
      }
      done = math.add(done, bit);
    }
  }
};

} // namespace

void emitContraction(OpBuilder &builder, kernel::ContractOp op, const ContractPlan &plan,
                     const ContractOperands &operands) {
  Emitter(builder, op, plan, operands).emit();
}

} // namespace tgc
