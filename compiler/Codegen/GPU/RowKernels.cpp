//===- RowKernels.cpp - Threads that share a row --------------------------===//
//
// The row writer: reductions along the dimension that lies side by side in memory, and what a chain has
// around them. The lanes of a warp, or the threads of a block where a row is long, take the row's elements in
// turn, packs of neighbours where the row is whole packs, so that a warp reads whole lines. Each sees those
// elements only that it has made itself: in shared memory, or where they belong. Partial results meet by
// shuffles in a butterfly, then through shared memory: the order depends on the sizes only, not on where
// memory begins, so results are the same each time. After that all threads have them.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/GPU/PackWriter.h"
#include "compiler/Codegen/GPU/RowCombiner.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace tgc {
namespace {

class RowWriter : PackWriter {
public:
  using PackWriter::PackWriter;

  void write() {
    std::optional<int64_t> length = getRowLength(op);
    lanes = chain.lanes ? chain.lanes : length && *length < kLongRow ? kWarpThreads : kRowThreads;
    if (record.parts)
      lanes = kRowThreads;
    record.threads = kRowThreads;
    pointsPerBlock = record.spaces.front().pointsPerBlock = kRowThreads / lanes;
    Value thread = special("tid.x");
    Value perBlock = constant(pointsPerBlock);
    lane = arith::RemUIOp::create(builder, loc, thread, constant(lanes));
    rowOfBlock = arith::DivUIOp::create(builder, loc, thread, constant(lanes));
    columns = countPoints(reductionLoops);
    for (Value base : chain.staged)
      declareStage(base);
    chooseRowPacks(length);
    // All threads that share a row go through the loop equally often: they wait for each other in it.
    Value first = add(multiply(special("ctaid.x"), perBlock), rowOfBlock);
    Value step = multiply(special("nctaid.x"), perBlock);
    Value rows = countPoints(parallelLoops), all = rows;
    if (record.parts) {
      numParts = countParts();
      all = multiply(rows, numParts);
    }
    forEach(first, all, step, {}, [&](Value number, ValueRange) {
      if (record.parts) {
        part = arith::DivUIOp::create(builder, loc, number, rows);
        number = arith::RemUIOp::create(builder, loc, number, rows);
      }
      writeRow(number);
      return SmallVector<Value>();
    });
    finish();
  }

private:
  /// Packs end where lines do, and leave no lane without work.
  void chooseRowPacks(std::optional<int64_t> length) {
    SmallVector<linalg::GenericOp> nests;
    for (linalg::GenericOp member : chain.members) {
      enter(member);
      if (!getLoops().empty())
        nests.push_back(member);
    }
    enter(chain.main);
    choosePacks(nests, /*mayBeApart=*/true);
    while (length && mostPoints > 1 && (*getLineLength() % mostPoints || *length / mostPoints < lanes))
      mostPoints /= 2;
    if (mostPoints > 1)
      canBeWide = isAligned(nests);
  }

  /// A row of each piece of memory that waits, for each row that the block has.
  struct Stage {
    Value shared;
    Type type;
    bool isFilled = false;
  };

  void declareStage(Value base) {
    Type type = cast<MemRefType>(base.getType()).getElementType();
    unsigned count = *getRowLength(op) * pointsPerBlock;
    stages[base] = {declareShared("row" + std::to_string(stages.size()), type, count), type};
  }

  Value placeIn(const Stage &stage) {
    Value place = add(multiply(rowOfBlock, columns), column);
    return elementOf(stage.shared, stage.type, place);
  }

  void writeRow(Value row) {
    rowNumber = row;
    OpBuilder::InsertionGuard guard(builder);
    rowIndex.resize(op.getNumLoops());
    SmallVector<unsigned> loops = getRowLoops();
    splitPoint(row, loops, rowIndex);
    rowIndex = llvm::map_to_vector(loops, [&](unsigned loop) { return rowIndex[loop]; });
    for (linalg::GenericOp member : chain.members) {
      enter(member);
      if (!reductionLoops.empty())
        reduce();
      else if (getRealLoops(op).size() > rowIndex.size())
        walkThrough();
      else
        computeOnce();
      for (OpOperand &operand : op->getOpOperands()) {
        // What is not used was not read either.
        if (op.isDpsInput(&operand) && op.getMatchingBlockArgument(&operand).use_empty())
          continue;
        if (auto stage = stages.find(chain.bases.lookup(operand.get())); stage != stages.end())
          stage->second.isFilled = true;
      }
    }
    enter(chain.main);
  }

  /// The loops that say which row it is, and those along it.
  SmallVector<unsigned> getRowLoops() {
    SmallVector<unsigned> real = getRealLoops(op);
    if (reductionLoops.empty())
      return llvm::to_vector(ArrayRef(real).take_front(chain.rowLoops));
    llvm::erase_if(real, [&](unsigned loop) { return llvm::is_contained(reductionLoops, loop); });
    return real;
  }
  SmallVector<unsigned> getLoops() override {
    SmallVector<unsigned> real = getRealLoops(op);
    if (reductionLoops.empty())
      return llvm::to_vector(ArrayRef(real).drop_front(std::min<size_t>(chain.rowLoops, real.size())));
    llvm::erase_if(real, [&](unsigned loop) { return !llvm::is_contained(reductionLoops, loop); });
    return real;
  }

  SmallVector<Value> getIndex() {
    SmallVector<Value> index(op.getNumLoops(), constant(0));
    for (auto [loop, at] : llvm::zip(getRowLoops(), rowIndex))
      index[loop] = at;
    return index;
  }

  Value load(OpOperand &operand, ValueRange index) override {
    Value known = ofRow.lookup(chain.bases.lookup(operand.get()));
    return known ? known : PackWriter::load(operand, index);
  }

  SmallVector<Value> loadPack(OpOperand &operand, Points points) override {
    Value base = chain.bases.lookup(operand.get());
    if (Value known = ofRow.lookup(base))
      return SmallVector<Value>(width, known);
    auto stage = stages.find(base);
    if (stage == stages.end())
      return PackWriter::loadPack(operand, points);
    Value place = placeIn(stage->second);
    if (stage->second.isFilled)
      return loadNext(place, stage->second.type);
    SmallVector<Value> loaded = PackWriter::loadPack(operand, points);
    storeNext(loaded, place);
    return loaded;
  }

  SmallVector<Value> loadOld(ValueRange index) {
    SmallVector<Value> old;
    for (OpOperand &output : op.getDpsInitsMutable())
      old.push_back(op.getMatchingBlockArgument(&output).use_empty() ? Value() : load(output, index));
    return old;
  }

  /// The columns that are this thread's, packs of them or one by one.
  SmallVector<Value> forEachColumn(SmallVector<Value> carried,
                                   function_ref<SmallVector<Value>(Points, ValueRange)> body) {
    Value begin = constant(0), end = countPoints(getLoops()),
          isWhole = mostPoints > 1 ? isWholePacks() : Value();
    if (record.parts) {
      // Whole packs, too.
      Value steps = sizeOfHost(record.parts->steps);
      begin = multiply(part, steps);
      end = arith::MinUIOp::create(builder, loc, add(begin, steps), end);
    }
    if (mostPoints == 1)
      return forEachOf(add(begin, lane), end, 1, carried, body);
    auto inPacks = [&](Value elements) {
      return arith::DivUIOp::create(builder, loc, elements, constant(mostPoints)).getResult();
    };
    Value endOfPacks = inPacks(end), first = add(inPacks(begin), lane);
    if (getLineLength())
      return forEachOf(first, endOfPacks, mostPoints, carried, body);
    endOfPacks = arith::SelectOp::create(builder, loc, isWhole, endOfPacks, constant(0));
    carried = forEachOf(first, endOfPacks, mostPoints, carried, body);
    Value rest = arith::SelectOp::create(builder, loc, isWhole, end, begin);
    return forEachOf(add(rest, lane), end, 1, carried, body);
  }

  SmallVector<Value> forEachOf(Value first, Value end, unsigned points, ValueRange carried,
                               function_ref<SmallVector<Value>(Points, ValueRange)> body) {
    SmallVector<Value> start = getIndex();
    width = points;
    carried = forEach(first, end, constant(lanes), carried, [&](Value number, ValueRange values) {
      column = multiply(number, constant(points));
      SmallVector<SmallVector<Value>> places;
      for (ArrayRef<Value> place : placePoints(column)) {
        places.push_back(start);
        for (auto [loop, at] : llvm::zip_equal(getLoops(), place))
          places.back()[loop] = at;
      }
      readElements(places);
      SmallVector<Value> results = body(places, values);
      forgetElements();
      return results;
    });
    width = 1;
    return carried;
  }

  /// An elementwise nest of a whole row.
  void walkThrough() {
    forEachColumn({}, [&](Points points, ValueRange) {
      SmallVector<SmallVector<Value>> results(op.getNumDpsInits());
      for (point = 0; point < width; ++point)
        for (auto [all, value] : llvm::zip_equal(results, compute(points[point], loadOld(points[point]))))
          all.push_back(value);
      for (auto [output, values] : llvm::zip(op.getDpsInitsMutable(), results)) {
        Value base = chain.bases.lookup(output.get());
        if (auto stage = stages.find(base); stage != stages.end())
          storeNext(values, placeIn(stage->second));
        if (!chain.own.contains(base))
          storePack(values, output, points);
      }
      return SmallVector<Value>();
    });
  }

  /// A nest of one iteration for a row: all threads do it.
  void computeOnce() {
    SmallVector<Value> index = getIndex();
    keep(compute(index, loadOld(index)), index);
  }

  /// Results of a row, which all threads have: one stores them.
  void keep(ArrayRef<Value> values, ArrayRef<Value> index) {
    for (auto [output, value] : llvm::zip(op.getDpsInitsMutable(), values)) {
      Value base = chain.bases.lookup(output.get());
      ofRow[base] = value;
      // What the sum starts with is not what it comes to.
      linalg::GenericOp main = chain.main;
      bool isStart = record.parts && !isJoined && base == chain.bases.lookup(main.getDpsInits()[0]);
      if (!chain.own.contains(base) && !isStart)
        onFirst([&] { store(value, output, index); });
    }
  }

  void onFirst(function_ref<void()> write) {
    Value isFirst = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, lane, constant(0));
    if (record.parts && !isJoined) {
      Value isFirstPart = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, part, constant(0));
      isFirst = arith::AndIOp::create(builder, loc, isFirst, isFirstPart);
    }
    auto ifFirst = scf::IfOp::create(builder, loc, isFirst, /*withElseRegion=*/false);
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(ifFirst.thenBlock());
    write();
  }

  void reduce() {
    combiner = *findCombiner(op);
    SmallVector<Value> index = getIndex();
    OpOperand &output = op.getDpsInitsMutable()[0];
    bool hasOld = ofRow.contains(chain.bases.lookup(output.get()));
    SmallVector<Value> start;
    if (combiner.findsPlace())
      start = loadOld(index);
    else
      start.push_back(arith::ConstantOp::create(builder, loc, combiner.neutral));
    SmallVector<Value> result = forEachColumn(start, [&](Points points, ValueRange values) {
      SmallVector<Value> carried = llvm::to_vector(values);
      for (point = 0; point < width; ++point)
        carried = compute(points[point], carried);
      return carried;
    });
    result = combineLanes(result);
    if (lanes > kWarpThreads)
      result = combineWarps(result);
    if (record.parts)
      result = joinParts(result.front());
    if (combiner.findsPlace())
      return keep(result, index);
    if (hasOld)
      return keep(combiner.combine(builder, load(output, index), result), index);
    onFirst([&] { store(combiner.combine(builder, load(output, index), result)[0], output, index); });
  }

  /// A butterfly: each lane has the whole result.
  SmallVector<Value> combineLanes(SmallVector<Value> values) {
    for (unsigned distance = kWarpThreads / 2; distance; distance /= 2) {
      SmallVector<Value> others =
          llvm::map_to_vector(values, [&](Value value) { return shuffle("bfly", value, distance); });
      values = combiner.combine(builder, values, others);
    }
    return values;
  }

  /// Warps leave their results in shared memory, and each reads all of them.
  SmallVector<Value> combineWarps(ArrayRef<Value> values) {
    constexpr unsigned kWarps = kRowThreads / kWarpThreads;
    SmallVector<Value> shared;
    for (Value value : values)
      shared.push_back(declareShared("parts" + std::to_string(parts++), value.getType(), kWarps));
    Value warp = arith::DivUIOp::create(builder, loc, lane, constant(kWarpThreads));
    Value laneOfWarp = arith::RemUIOp::create(builder, loc, lane, constant(kWarpThreads));
    Value isFirst = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, laneOfWarp, constant(0));
    auto ifFirst = scf::IfOp::create(builder, loc, isFirst, /*withElseRegion=*/false);
    {
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPointToStart(ifFirst.thenBlock());
      for (auto [value, place] : llvm::zip(values, shared))
        LLVM::StoreOp::create(builder, loc, value, elementOf(place, value.getType(), warp));
    }
    wait();
    SmallVector<Value> result;
    for (unsigned i = 0; i < kWarps; ++i) {
      SmallVector<Value> part;
      for (auto [value, place] : llvm::zip(values, shared))
        part.push_back(LLVM::LoadOp::create(builder, loc, value.getType(),
                                            elementOf(place, value.getType(), constant(i))));
      result = i ? combiner.combine(builder, result, part) : part;
    }
    // The next row must not overtake.
    wait();
    return result;
  }

  /// All parts of a row. What follows is done by the block that has them: the last one to come.
  SmallVector<Value> joinParts(Value mine) {
    Type type = mine.getType(), flag = builder.getI1Type();
    Value yes = arith::ConstantIntOp::create(builder, loc, 1, 1),
          no = arith::ConstantIntOp::create(builder, loc, 0, 1);
    auto placeOf = [&](Value number) {
      return addressOf(record.parts->sums, add(multiply(rowNumber, numParts), number));
    };
    auto createIf = [&](Value condition, TypeRange types) {
      return scf::IfOp::create(builder, loc, types, condition, /*withElseRegion=*/true);
    };
    Value isShared = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ugt, numParts, constant(1));
    auto shared = createIf(isShared, {flag, type});
    builder.setInsertionPointToStart(shared.elseBlock());
    scf::YieldOp::create(builder, loc, ValueRange{yes, mine});
    builder.setInsertionPointToStart(shared.thenBlock());
    Value isFirst = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, lane, constant(0));
    auto counted = createIf(isFirst, flag);
    builder.setInsertionPointToStart(counted.elseBlock());
    scf::YieldOp::create(builder, loc, no);
    builder.setInsertionPointToStart(counted.thenBlock());
    LLVM::StoreOp::create(builder, loc, mine, placeOf(part));
    // A fence of one thread, before a barrier, is one for what all of the block load behind it.
    callIntrinsic("membar.gl", Type(), {});
    Value before = LLVM::AtomicRMWOp::create(
        builder, loc, LLVM::AtomicBinOp::add, addressOf(record.parts->counters, rowNumber),
        arith::ConstantIntOp::create(builder, loc, 1, 32), LLVM::AtomicOrdering::monotonic, "device");
    callIntrinsic("membar.gl", Type(), {});
    Value count =
        add(arith::IndexCastUIOp::create(builder, loc, builder.getIndexType(), before), constant(1));
    scf::YieldOp::create(
        builder, loc,
        arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, count, numParts).getResult());
    builder.setInsertionPointAfter(counted);
    auto number = [&](int64_t n) { return arith::ConstantIntOp::create(builder, loc, n, 32).getResult(); };
    Value isLast = callIntrinsic("barrier.cta.red.or.aligned.count", flag,
                                 {number(0), number(kRowThreads), counted.getResult(0)});
    auto joined = createIf(isLast, type);
    builder.setInsertionPointToStart(joined.elseBlock());
    scf::YieldOp::create(builder, loc, mine);
    builder.setInsertionPointToStart(joined.thenBlock());
    auto loadPart = [&](Value at) -> Value { return LLVM::LoadOp::create(builder, loc, type, placeOf(at)); };
    scf::YieldOp::create(
        builder, loc,
        forEach(constant(1), numParts, constant(1), loadPart(constant(0)), [&](Value at, ValueRange carried) {
          return combiner.combine(builder, carried, loadPart(at));
        }));
    builder.setInsertionPointAfter(joined);
    scf::YieldOp::create(builder, loc, ValueRange{isLast, joined.getResult(0)});
    builder.setInsertionPointAfter(shared);
    auto ifLast = scf::IfOp::create(builder, loc, shared.getResult(0), /*withElseRegion=*/false);
    builder.setInsertionPointToStart(ifLast.thenBlock());
    isJoined = true;
    return {shared.getResult(1)};
  }

  RowCombiner combiner;
  unsigned lanes = kWarpThreads, pointsPerBlock = 1, parts = 0;
  Value lane, rowOfBlock, columns;
  /// Of parts: how many a row has, that of the block, and whether all of them have met.
  Value numParts, part, rowNumber;
  bool isJoined = false;
  /// The element of the row that is being written.
  Value column;
  SmallVector<Value> rowIndex;
  /// By memory: what all threads have of the row; and where its elements wait.
  llvm::DenseMap<Value, Value> ofRow;
  llvm::DenseMap<Value, Stage> stages;
};

} // namespace

void writeRowKernel(const NestChain &chain, ModuleOp kernels, KernelRecord &record) {
  RowWriter(chain, kernels, record).write();
}

} // namespace tgc
