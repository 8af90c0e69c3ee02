//===- ContractEmitter.cpp - Loops and vectors of a contraction -----------===//
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
#include "compiler/Codegen/CPU/AlongSum.h"
#include "compiler/Codegen/CPU/ByteProducts.h"
#include "compiler/Codegen/CPU/PairProducts.h"
#include "compiler/Codegen/CPU/VectorBody.h"
#include "compiler/Codegen/CPU/ZeroBorders.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/SaveAndRestore.h"

using namespace mlir;

namespace tgc {
namespace {

struct Emitter {
  OpBuilder &builder;
  kernel::ContractOp op;
  const ContractPlan &plan;
  const ContractOperands &in;
  Location loc;
  IndexMath math;
  LinearAccess lhs, rhs, init;
  SmallVector<LinearAccess> extras;
  /// Strides of the right operand per group of summed loops.
  SmallVector<OpFoldResult> rhsSumStrides;
  OpFoldResult rhsPanelStride;
  OpFoldResult rowCount, columnCount;
  /// Memory for the rows of a tile, if they are copied together.
  Value copies;
  /// The right operand where it comes from: in memory, whatever is packed of it.
  LinearAccess source;
  OpFoldResult sourcePanelStride;
  bool isMasked;
  SmallVector<SumWithinBorders> sumsWithinBorders;
  std::optional<RowsWithinBorders> rowsWithinBorders;
  /// Vectors of columns of the panel at hand.
  int64_t vectors;

  Emitter(OpBuilder &builder, kernel::ContractOp op, const ContractPlan &plan, const ContractOperands &in)
      : builder(builder), op(op), plan(plan), in(in), loc(op.getLoc()), math(builder, loc) {
    lhs = LinearAccess::create(builder, loc, in.lhs, op.getLhsMap());
    init = LinearAccess::create(builder, loc, in.init, op.getInitMap());
    for (auto [i, extra] : llvm::enumerate(in.extras))
      extras.push_back(LinearAccess::create(builder, loc, extra, op.getMap(i + 2)));
    rowCount = plan.getSize(math, in.loopSizes, plan.rows);
    columnCount = in.loopSizes[plan.column];
    int64_t width = plan.tiling.getPanelWidth();
    auto known = getConstantIntValue(columnCount);
    isMasked = !known || *known % width != 0;
    vectors = plan.tiling.vectors;
    sumsWithinBorders = plan.findSumsWithinBorders(op);
    rowsWithinBorders = plan.findRowsWithinBorders(op);
    accessRhs(width);
  }

  /// Memory of the function's frame, whatever loops the kernel stands in.
  Value allocateOnStack(int64_t size, Type element) {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(
        &builder.getInsertionBlock()->getParent()->getParentOfType<func::FuncOp>().front());
    return memref::AllocaOp::create(builder, loc, MemRefType::get({size}, element),
                                    builder.getI64IntegerAttr(64));
  }

  void accessRhs(int64_t width) {
    if (plan.rhsForm == RhsForm::Direct || plan.rhsForm == RhsForm::AlongSum ||
        plan.rhsForm == RhsForm::PackedByKernel) {
      source = LinearAccess::create(builder, loc, in.rhs, op.getRhsMap());
      sourcePanelStride = math.mul(math.known(width), source.strides[plan.column]);
    }
    if (plan.rhsForm == RhsForm::Direct || plan.rhsForm == RhsForm::AlongSum) {
      rhs = source;
      rhsPanelStride = sourcePanelStride;
      for (const LoopGroup &group : plan.sums)
        rhsSumStrides.push_back(rhs.strides[group.back()]);
      return;
    }
    if (plan.rhsForm == RhsForm::PackedByKernel) {
      rhs.flat = allocateOnStack(plan.panelsPerGroup * plan.getPackedSteps() * width, elementOf(in.rhs));
      rhs.offset = math.known(0);
      rhs.strides.assign(source.strides.size(), math.known(0));
      rhs.strides[plan.column] = math.known(1);
      rhsSumStrides.push_back(math.known(width));
      rhsPanelStride = math.known(plan.getPackedSteps() * width);
      return;
    }
    rhs = LinearAccess::create(
        builder, loc, in.rhs,
        AffineMap::get(op.getLoopSizes().size(), 0, getAffineDimExpr(plan.column, op.getContext())));
    rhs.strides[plan.column] = math.known(1);
    if (plan.rhsForm == RhsForm::ChosenByCall) {
      rhsSumStrides.push_back(in.rhsSumStride);
      rhsPanelStride = in.rhsPanelStride;
      return;
    }
    OpFoldResult stride = math.known(width);
    rhsSumStrides.resize(plan.sums.size());
    for (size_t i = plan.sums.size(); i-- > 0;) {
      rhsSumStrides[i] = stride;
      stride = math.mul(stride, plan.getSize(math, in.loopSizes, plan.sums[i]));
    }
    rhsPanelStride = stride;
    source = rhs;
    sourcePanelStride = rhsPanelStride;
    if (plan.sums.size() == 1)
      source.strides[plan.sums[0].back()] = rhsSumStrides[0];
    stride = math.mul(stride, plan.countPanels(math, in.loopSizes));
    SmallVector<LoopGroup> batches = plan.getRhsBatches(op);
    for (const LoopGroup &group : llvm::reverse(batches)) {
      rhs.strides[group.back()] = stride;
      stride = math.mul(stride, plan.getSize(math, in.loopSizes, group));
    }
  }

  //===--------------------------------------------------------------------===//
  // Elements and vectors
  //===--------------------------------------------------------------------===//

  VectorType vectorOf(Type element) const { return VectorType::get({plan.tiling.lanes}, element); }
  Type elementOf(Value memref) const { return cast<MemRefType>(memref.getType()).getElementType(); }

  bool isUnsigned(StringRef operand) { return op->hasAttr(operand); }

  Value widen(Value value, bool byZeros) {
    Type target = op.getAccumulatorType();
    if (getElementTypeOrSelf(value.getType()) == target)
      return value;
    Type type = isa<VectorType>(value.getType()) ? Type(vectorOf(target)) : target;
    if (byZeros)
      return arith::ExtUIOp::create(builder, loc, type, value);
    if (isa<IntegerType>(target))
      return arith::ExtSIOp::create(builder, loc, type, value);
    return arith::ExtFOp::create(builder, loc, type, value);
  }

  Value loadVector(const LinearAccess &access, OpFoldResult address, Value mask) {
    VectorType type = vectorOf(elementOf(access.flat));
    Value index = math.materialize(address);
    if (!mask)
      return vector::LoadOp::create(builder, loc, type, access.flat, ValueRange{index});
    Value zeros = arith::ConstantOp::create(builder, loc, type, builder.getZeroAttr(type));
    return vector::MaskedLoadOp::create(builder, loc, type, access.flat, ValueRange{index}, mask, zeros);
  }

  Value loadSplat(const LinearAccess &access, OpFoldResult address) {
    Value scalar = memref::LoadOp::create(builder, loc, access.flat, ValueRange{math.materialize(address)});
    return scalar;
  }

  Value splat(Value scalar) {
    return vector::BroadcastOp::create(builder, loc, vectorOf(scalar.getType()), scalar);
  }

  Value multiplyAdd(Value a, Value b, Value sum) {
    if (isa<IntegerType>(op.getAccumulatorType()))
      return arith::AddIOp::create(builder, loc, sum, arith::MulIOp::create(builder, loc, a, b));
    auto contract = arith::FastMathFlags::contract;
    Value product = arith::MulFOp::create(builder, loc, a, b, contract);
    return arith::AddFOp::create(builder, loc, sum, product, contract);
  }

  Value add(Value a, Value b) {
    if (isa<IntegerType>(op.getAccumulatorType()))
      return arith::AddIOp::create(builder, loc, a, b);
    return arith::AddFOp::create(builder, loc, a, b);
  }

  //===--------------------------------------------------------------------===//
  // The tile
  //===--------------------------------------------------------------------===//

  /// Where a tile lies in each operand.
  struct Place {
    OpFoldResult lhs, rhs, init;
    SmallVector<OpFoldResult> extras;
    SmallVector<Value> masks;
    /// Of the outermost summed loop.
    OpFoldResult sumBegin, sumEnd;
    /// Of each group of summed loops; the outermost one's is the whole of it, whatever the block.
    SmallVector<std::pair<OpFoldResult, OpFoldResult>> sumRanges;
    /// Whether this block is the first and the last; null if it is known to be both.
    Value isFirst, isLast;
    /// Of the block of the right operand that is summed next, what the tile fetches for step 0 of the sum: an
    /// address if rows of the block are contiguous, else the number of a line and the address of the block.
    OpFoldResult next, nextBlock;
    /// From the first one of the panel on.
    OpFoldResult columnsLeft;
  };

  /// The sums after the loops from `level` on.
  SmallVector<Value> sumProducts(int64_t rows, size_t level, OpFoldResult lhsAt, OpFoldResult rhsAt,
                                 const Place &place, ValueRange sums) {
    if (level == plan.sums.size())
      return addProducts(rows, lhsAt, rhsAt, place, sums);
    if (rowsWithinBorders && rowsWithinBorders->level == level && rows == plan.tiling.rows)
      return sumWithinBorders(lhsAt, rhsAt, place, sums);
    auto [begin, end] = level == 0 ? std::pair(place.sumBegin, place.sumEnd) : place.sumRanges[level];
    return sumRange(rows, level, {begin, end}, lhsAt, rhsAt, place, sums);
  }

  /// Each step of the window's part of the sum is for the rows of the tile that it meets within the image.
  SmallVector<Value> sumWithinBorders(OpFoldResult lhsAt, OpFoldResult rhsAt, const Place &place,
                                      ValueRange sums) {
    SmallVector<Value> result(sums);
    int64_t inner = rowsWithinBorders->stepsOfSum;
    for (auto [step, range] : llvm::enumerate(rowsWithinBorders->rowsOfStep)) {
      auto [begin, end] = range;
      if (begin >= end)
        continue;
      MutableArrayRef<Value> part = MutableArrayRef(result).slice(begin * vectors, (end - begin) * vectors);
      OpFoldResult firstRow = math.add(lhsAt, math.mul(math.known(begin), getRowStride(lhs)));
      int64_t first = static_cast<int64_t>(step) * inner;
      llvm::copy(sumRange(end - begin, rowsWithinBorders->level,
                          {math.known(first), math.known(first + inner)}, firstRow, rhsAt, place,
                          SmallVector<Value>(part)),
                 part.begin());
    }
    return result;
  }

  /// The sums after the steps [first, second) of the loops of `level`, and of all within.
  SmallVector<Value> sumRange(int64_t rows, size_t level, std::pair<OpFoldResult, OpFoldResult> range,
                              OpFoldResult lhsAt, OpFoldResult rhsAt, const Place &place, ValueRange sums) {
    auto sumSteps = [&](OpFoldResult begin, OpFoldResult end, int64_t distance, ValueRange before,
                        auto body) {
      auto loop =
          scf::ForOp::create(builder, loc, math.materialize(begin), math.materialize(end),
                             math.materialize(math.known(distance)), before,
                             [&](OpBuilder &, Location, Value step, ValueRange carried) {
                               OpFoldResult nextLhs =
                                   math.add(lhsAt, math.mul(step, lhs.strides[plan.sums[level].back()]));
                               OpFoldResult nextRhs = math.add(rhsAt, math.mul(step, rhsSumStrides[level]));
                               if (place.next)
                                 fetchNext(place, step, distance);
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
      return atOnce == 2 ? addPairs(rows, nextLhs, nextRhs, rhsSumStrides[level], place, carried)
                         : addQuads(rows, nextLhs, nextRhs, rhsSumStrides[level], place, carried);
    };
    SmallVector<Value> ofWhole = sumSteps(begin, afterWhole, atOnce, sums, addWhole);
    auto known = getConstantIntValue(length);
    return known && *known % atOnce == 0 ? ofWhole : sumSteps(afterWhole, end, 1, ofWhole, nextLevel);
  }

  /// Fetches what a step of the sum, or `distance` of them, has to fetch of the next block.
  void fetchNext(const Place &place, Value step, int64_t distance) {
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

  /// Lets the tile of rows `unit` fetch its part of the lines.
  void shareFetching(Place &place, OpFoldResult unit) {
    OpFoldResult width = math.known(plan.tiling.getPanelWidth());
    if (!place.nextBlock) {
      place.next = math.add(place.next, math.div(math.mul(unit, width), math.known(plan.fetchingUnits)));
      return;
    }
    // A block along the sum has two lines for a step at most: what one or two tiles fetch.
    OpFoldResult steps = math.mul(math.known(plan.linesToFetch), math.sub(place.sumEnd, place.sumBegin));
    place.next = math.sub(math.mul(math.min(unit, math.known(1)), steps),
                          math.mul(math.known(plan.linesToFetch), place.sumBegin));
  }

  /// Whether vectors of the right operand end before the panel does.
  bool masksRhs() const {
    return isMasked && (plan.rhsForm == RhsForm::Direct || plan.rhsForm == RhsForm::ChosenByCall);
  }

  /// The right operand's vectors of a step of the sum.
  SmallVector<Value> loadColumns(OpFoldResult rhsAt, const Place &place) {
    SmallVector<Value> columns;
    for (int64_t v = 0; v < vectors; ++v)
      columns.push_back(loadVector(rhs, math.add(rhsAt, math.known(v * plan.tiling.lanes)),
                                   masksRhs() ? place.masks[v] : Value()));
    return columns;
  }

  /// Two steps of the sum at once.
  SmallVector<Value> addPairs(int64_t rows, OpFoldResult lhsAt, OpFoldResult rhsAt, OpFoldResult rhsStep,
                              const Place &place, ValueRange sums) {
    SmallVector<Value> columns, result;
    for (auto [low, high] :
         llvm::zip_equal(loadColumns(rhsAt, place), loadColumns(math.add(rhsAt, rhsStep), place)))
      columns.push_back(pairUp(builder, loc, low, high));
    VectorType pairType = VectorType::get({2}, builder.getBF16Type());
    for (int64_t row = 0; row < rows; ++row) {
      OpFoldResult address = math.add(lhsAt, math.mul(math.known(row), getRowStride(lhs)));
      Value pair =
          vector::LoadOp::create(builder, loc, pairType, lhs.flat, ValueRange{math.materialize(address)});
      Value repeated = repeatPair(builder, loc, pair, plan.tiling.lanes);
      for (int64_t v = 0; v < vectors; ++v)
        result.push_back(addPairProducts(builder, loc, sums[row * vectors + v], repeated, columns[v]));
    }
    return result;
  }

  /// The right operand's bytes of four steps of the sum, those of a column together.
  SmallVector<Value> loadQuads(OpFoldResult rhsAt, OpFoldResult rhsStep, const Place &place) {
    int64_t lanes = plan.tiling.lanes;
    SmallVector<Value> quads;
    if (masksRhs() || vectors > 2 || !isConstantIntValue(rhsStep, vectors * lanes)) {
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

  /// Four steps of the sum at once. Behind the sums of the tile stand, where both operands have signs or
  /// neither has, those of what it adds to each column that the left operand is shifted to the other range.
  SmallVector<Value> addQuads(int64_t rows, OpFoldResult lhsAt, OpFoldResult rhsAt, OpFoldResult rhsStep,
                              const Place &place, ValueRange sums) {
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
      Value bytes = repeatQuad(builder, loc, quad, plan.tiling.lanes, shift);
      for (int64_t v = 0; v < vectors; ++v)
        addTo(sums[row * vectors + v], bytes, columns[v]);
    }
    for (int64_t v = 0; shift && v < vectors; ++v)
      addTo(sums[rows * vectors + v], shift, columns[v]);
    return result;
  }

  /// Whether the left operand's bytes have to be shifted: the instruction takes one operand with signs and
  /// one without.
  bool shiftsBytes() { return plan.stepsAtOnce == 4 && isUnsigned(kUnsignedLhs) == isUnsigned(kUnsignedRhs); }

  /// One step of the sum.
  SmallVector<Value> addProducts(int64_t rows, OpFoldResult lhsAt, OpFoldResult rhsAt, const Place &place,
                                 ValueRange sums) {
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
        result.push_back(multiplyAdd(element, columns[v], sums[row * vectors + v]));
      }
    }
    llvm::append_range(result, sums.drop_front(result.size()));
    return result;
  }

  OpFoldResult getRowStride(const LinearAccess &access) const {
    return plan.rows.empty() ? math.known(0) : access.strides[plan.rows.back()];
  }

  /// Copies the elements of this block of the sum; the access of the copies.
  LinearAccess copyRows(int64_t rows, const Place &place) {
    bool isAlongSum = plan.lhsCopy == LhsCopy::AlongSum;
    int64_t rowDistance = isAlongSum ? plan.copiedLength + kRoomBetweenCopies : 1;
    int64_t stepDistance = isAlongSum ? 1 : plan.tiling.lanes;
    unsigned sumLoop = plan.sums[0].back();
    OpFoldResult block = math.add(place.lhs, math.mul(place.sumBegin, lhs.strides[sumLoop]));
    Value mask;
    if (!isAlongSum && rows != plan.tiling.lanes)
      mask = createLaneMask(builder, loc, math.known(rows), plan.tiling.lanes);
    scf::ForOp::create(builder, loc, math.materialize(math.known(0)),
                       math.materialize(math.sub(place.sumEnd, place.sumBegin)),
                       math.materialize(math.known(isAlongSum ? plan.tiling.lanes : 1)), ValueRange(),
                       [&](OpBuilder &, Location, Value step, ValueRange) {
                         OpFoldResult from = math.add(block, math.mul(step, lhs.strides[sumLoop]));
                         OpFoldResult to = math.mul(step, math.known(stepDistance));
                         for (int64_t row = 0; row < (isAlongSum ? rows : 1); ++row) {
                           Value part = loadVector(
                               lhs, math.add(from, math.mul(math.known(row), getRowStride(lhs))), mask);
                           Value index = math.materialize(math.add(to, math.known(row * rowDistance)));
                           vector::StoreOp::create(builder, loc, part, copies, ValueRange{index});
                         }
                         scf::YieldOp::create(builder, loc);
                       });
    LinearAccess access = {copies, math.known(0),
                           SmallVector<OpFoldResult>(lhs.strides.size(), math.known(0))};
    access.strides[sumLoop] = math.known(stepDistance);
    access.strides[plan.rows.back()] = math.known(rowDistance);
    return access;
  }

  TileAlongSum getTileAlongSum(int64_t rows, const Place &place) {
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

  void emitTile(int64_t rows, const Place &place) {
    VectorType type = vectorOf(op.getAccumulatorType());
    Value zeros = arith::ConstantOp::create(builder, loc, type, builder.getZeroAttr(type));
    SmallVector<Value> sums((shiftsBytes() ? rows + 1 : rows) * vectors, zeros);
    auto addressOf = [&](int64_t i) {
      OpFoldResult row = math.mul(math.known(i / vectors), getRowStride(init));
      return math.add(math.add(place.init, row), math.known(i % vectors * plan.tiling.lanes));
    };
    // What the result's memory holds arrives while the sums are computed.
    for (size_t i = 0;
         plan.fetchesInit && rows >= kLeastRowsToCopy && i < static_cast<size_t>(rows * vectors); ++i)
      memref::PrefetchOp::create(builder, loc, init.flat, ValueRange{math.materialize(addressOf(i))},
                                 /*isWrite=*/true, /*localityHint=*/3, /*isDataCache=*/true);
    sums = plan.rhsForm == RhsForm::AlongSum
               ? sumAlongMemory(builder, loc, plan, getTileAlongSum(rows, place))
               : sumProducts(rows, 0, place.lhs, place.rhs, place, sums);
    for (int64_t i = 0; shiftsBytes() && i < rows * vectors; ++i)
      sums[i] = arith::SubIOp::create(builder, loc, sums[i], sums[rows * vectors + i % vectors]);
    sums.truncate(rows * vectors);
    auto addPrior = [&] {
      SmallVector<Value> totals;
      for (auto [i, sum] : llvm::enumerate(sums))
        totals.push_back(add(loadVector(init, addressOf(i), getMask(place, i % vectors)), sum));
      return totals;
    };
    if (op.getAccumulates())
      sums = addPrior();
    else if (place.isFirst)
      sums = ifElse(place.isFirst, sums, [&] { return sums; }, addPrior);
    auto finish = [&] { return computeEpilogue(rows, sums, place); };
    if (op.getEpilogue().front().getOperations().size() > 1)
      sums = place.isLast ? ifElse(place.isLast, sums, finish, [&] { return sums; }) : finish();
    for (auto [i, sum] : llvm::enumerate(sums)) {
      Value index = math.materialize(addressOf(i));
      if (Value mask = getMask(place, i % vectors))
        vector::MaskedStoreOp::create(builder, loc, init.flat, ValueRange{index}, mask, sum);
      else
        vector::StoreOp::create(builder, loc, sum, init.flat, ValueRange{index});
    }
  }

  Value getMask(const Place &place, int64_t v) const { return isMasked ? place.masks[v] : Value(); }

  SmallVector<Value> ifElse(Value condition, ValueRange like, function_ref<SmallVector<Value>()> whenTrue,
                            function_ref<SmallVector<Value>()> whenFalse) {
    auto branch = [&](function_ref<SmallVector<Value>()> body) {
      return [&, body](OpBuilder &, Location) { scf::YieldOp::create(builder, loc, body()); };
    };
    auto choice = scf::IfOp::create(builder, loc, condition, branch(whenTrue), branch(whenFalse));
    return SmallVector<Value>(choice.getResults());
  }

  //===--------------------------------------------------------------------===//
  // The epilogue
  //===--------------------------------------------------------------------===//

  /// The region of the op, computed for each accumulator. What it reads is read before anything is stored.
  SmallVector<Value> computeEpilogue(int64_t rows, ArrayRef<Value> sums, const Place &place) {
    Block &body = op.getEpilogue().front();
    SmallVector<Value> results;
    /// What does not depend on the row is loaded once.
    DenseMap<std::pair<size_t, int64_t>, Value> shared;
    for (auto [i, sum] : llvm::enumerate(sums)) {
      int64_t row = i / vectors, v = i % vectors;
      SmallVector<Value> arguments = {sum};
      for (auto [x, access] : llvm::enumerate(extras)) {
        bool movesRows = !isConstantIntValue(getRowStride(access), 0),
             movesColumns = access.moves(plan.column);
        Value &known = shared[{x, movesColumns ? v : 0}];
        if (movesRows || !known) {
          OpFoldResult address = math.add(place.extras[x], math.mul(math.known(row), getRowStride(access)));
          known = movesColumns ? loadVector(access, math.add(address, math.known(v * plan.tiling.lanes)),
                                            getMask(place, v))
                               : splat(loadSplat(access, address));
        }
        arguments.push_back(known);
      }
      results.push_back(computeOnVectors(builder, body, in.captured, arguments, plan.tiling.lanes));
    }
    return results;
  }

  //===--------------------------------------------------------------------===//
  // Loops around the tile
  //===--------------------------------------------------------------------===//

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
    if (plan.lhsCopy != LhsCopy::None && rows >= kLeastRowsToCopy) {
      lhs = copyRows(rows, rowPlace);
      place.lhs = math.sub(math.known(0), math.mul(place.sumBegin, lhs.strides[plan.sums[0].back()]));
    }
    // A last panel of fewer vectors computes no more than those.
    auto columns = getConstantIntValue(columnCount);
    int64_t lastVectors =
        columns ? llvm::divideCeil(*columns % plan.tiling.getPanelWidth(), plan.tiling.lanes) : 0;
    if (lastVectors == 0 || lastVectors == vectors)
      return emitPanels(rows, group.first, group.second, place);
    Value last = math.materialize(math.known(*columns / plan.tiling.getPanelWidth()));
    llvm::SaveAndRestore<bool> masks(isMasked, false);
    emitPanels(rows, group.first, math.min(group.second, last), place);
    Value isLast = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::sgt, group.second, last);
    auto rest = scf::IfOp::create(builder, loc, isLast, /*withElseRegion=*/false);
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(rest.thenBlock());
    isMasked = *columns % plan.tiling.lanes != 0;
    llvm::SaveAndRestore<int64_t> fewer(vectors, lastVectors);
    emitPanel(rows, last, place);
  }

  void emitPanels(int64_t rows, OpFoldResult begin, OpFoldResult end, const Place &place) {
    forEach(begin, end, [&](OpFoldResult panel) { emitPanel(rows, panel, place); });
  }

  void emitPanel(int64_t rows, OpFoldResult panel, const Place &place) {
    Place tile = place;
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
      emitRows(firstRow, group, place);
    });
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
