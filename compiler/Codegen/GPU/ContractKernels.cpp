//===- ContractKernels.cpp - Tiles of sums of products --------------------===//
//
// The contraction writer for arithmetic that is done element by element: a block takes a tile of 64 x 64
// results of two operands, whose elements pass through shared memory 16 steps of the sum at a time; each
// thread keeps 4 x 4 results in registers. Rows, columns and steps are numbers of points in spaces of several
// loops, so batches, transposed operands and convolutions (whose windows are gathered on the way to shared
// memory) are one form. At ragged edges elements inside are read in the place of those outside, and results
// outside are not stored. Sums are taken in the order of the loops.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/GPU/NestWriter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace tgc {
namespace {

constexpr unsigned kThreads = 256, kTile = 64, kSteps = 16;
/// Threads stand in a square; each has results this far apart.
constexpr unsigned kSide = 16, kPerThread = kTile / kSide;
/// An element more in each line of shared memory: neighbours of a column lie in different banks.
constexpr unsigned kLine = kTile + 1;
/// Smaller operands leave most of a tile empty.
constexpr int64_t kSmallestSide = 8, kFewestSteps = 4;

/// The loops of a contraction by the operands that they run along.
struct Loops {
  /// Along both operands; along the first; along the second.
  SmallVector<unsigned> batch, rows, columns;
};

std::optional<Loops> sortLoops(linalg::GenericOp op) {
  if (op.getNumDpsInputs() != 2 || op.getNumDpsInits() != 1)
    return std::nullopt;
  AffineMap first = op.getMatchingIndexingMap(op.getDpsInputOperand(0));
  AffineMap second = op.getMatchingIndexingMap(op.getDpsInputOperand(1));
  SmallVector<unsigned> parallel;
  op.getParallelDims(parallel);
  Loops loops;
  for (unsigned loop : parallel) {
    bool inFirst = first.isFunctionOfDim(loop), inSecond = second.isFunctionOfDim(loop);
    if (!inFirst && !inSecond)
      return std::nullopt;
    (inFirst && inSecond ? loops.batch : inFirst ? loops.rows : loops.columns).push_back(loop);
  }
  return loops;
}

/// A size that is known only during the run counts as large.
bool isAtLeast(linalg::GenericOp op, ArrayRef<unsigned> loops, int64_t least) {
  int64_t size = 1;
  for (unsigned loop : loops) {
    int64_t range = op.getStaticLoopRanges()[loop];
    size *= ShapedType::isDynamic(range) ? least : range;
  }
  return size >= least;
}

/// One of the two operands on its way through shared memory.
struct Side {
  OpOperand *operand;
  ArrayRef<unsigned> loops;
  /// The tile's first row or column, and how many there are.
  Value begin, count;
  Value shared;
  Type type;
};

class ContractWriter : NestWriter {
public:
  using NestWriter::NestWriter;

  void write() {
    loops = *sortLoops(op);
    record.threads = kThreads;
    record.pointsPerBlock = kTile * kTile;
    Side rows = makeSide(0, loops.rows), columns = makeSide(1, loops.columns);
    Value thread = special("tid.x"), side = constant(kSide);
    threadRow = arith::DivUIOp::create(builder, loc, thread, side);
    threadColumn = arith::RemUIOp::create(builder, loc, thread, side);
    Value tilesDown = countTiles(rows.count), tilesAcross = countTiles(columns.count);
    Value tilesOfBatch = multiply(tilesDown, tilesAcross);
    Value tiles = multiply(countPoints(loops.batch), tilesOfBatch);
    // All threads of a block go through the loop equally often: there are barriers in it.
    forEach(special("ctaid.x"), tiles, special("nctaid.x"), {}, [&](Value tile, ValueRange) {
      Value inBatch = arith::RemUIOp::create(builder, loc, tile, tilesOfBatch);
      rows.begin = multiply(arith::DivUIOp::create(builder, loc, inBatch, tilesAcross), constant(kTile));
      columns.begin = multiply(arith::RemUIOp::create(builder, loc, inBatch, tilesAcross), constant(kTile));
      writeTile(arith::DivUIOp::create(builder, loc, tile, tilesOfBatch), rows, columns, thread);
      return SmallVector<Value>();
    });
    finish();
  }

private:
  Side makeSide(unsigned operand, ArrayRef<unsigned> ownLoops) {
    Side side = {op.getDpsInputOperand(operand), ownLoops, Value(), countPoints(ownLoops), Value(), Type()};
    side.type = getElementTypeOrSelf(side.operand->get().getType());
    side.shared = declareShared("side" + std::to_string(operand), side.type, kLine * kSteps);
    return side;
  }

  Value countTiles(Value count) { return arith::CeilDivUIOp::create(builder, loc, count, constant(kTile)); }

  void writeTile(Value batch, const Side &rows, const Side &columns, Value thread) {
    SmallVector<Value> index(op.getNumLoops());
    splitPoint(batch, loops.batch, index);
    OpOperand &output = op.getDpsInitsMutable()[0];
    SmallVector<Value> sums;
    forEachResult(rows, columns, index,
                  [&](Value, ArrayRef<Value> place) { sums.push_back(load(output, place)); });
    Value steps = countPoints(reductionLoops), most = constant(kSteps);
    Value rest = arith::RemUIOp::create(builder, loc, steps, most);
    Value whole = arith::SubIOp::create(builder, loc, steps, rest);
    auto take = [&](Value first, Value count, ValueRange carried) {
      fetch(rows, index, thread, first, steps);
      fetch(columns, index, thread, first, steps);
      wait();
      SmallVector<Value> results = multiplyTiles(rows, columns, count, carried);
      wait();
      return results;
    };
    sums = forEach(constant(0), whole, most, sums,
                   [&](Value first, ValueRange carried) { return take(first, most, carried); });
    sums = take(whole, rest, sums);
    unsigned next = 0;
    forEachResult(rows, columns, index, [&](Value isInside, ArrayRef<Value> place) {
      auto ifInside = scf::IfOp::create(builder, loc, isInside, /*withElseRegion=*/false);
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPointToStart(ifInside.thenBlock());
      store(sums[next++], output, place);
    });
  }

  /// A position that exists: the last one for those behind it.
  Value clip(Value position, Value count) {
    Value last = arith::SubIOp::create(builder, loc, count, constant(1));
    return arith::MinUIOp::create(builder, loc, position, last);
  }

  /// The thread's results, row by row, with their indices.
  void forEachResult(const Side &rows, const Side &columns, ArrayRef<Value> batch,
                     function_ref<void(Value isInside, ArrayRef<Value> place)> visit) {
    SmallVector<Value> place = llvm::to_vector(batch);
    for (unsigned i = 0; i < kPerThread; ++i) {
      Value row = add(rows.begin, add(threadRow, constant(kSide * i)));
      Value rowInside = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ult, row, rows.count);
      splitPoint(clip(row, rows.count), rows.loops, place);
      for (unsigned j = 0; j < kPerThread; ++j) {
        Value column = add(columns.begin, add(threadColumn, constant(kSide * j)));
        Value inside = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ult, column, columns.count);
        splitPoint(clip(column, columns.count), columns.loops, place);
        visit(arith::AndIOp::create(builder, loc, rowInside, inside), place);
      }
    }
  }

  /// Whether neighbours in memory are neighbours in the sum.
  bool runsAlongSum(const Side &side) {
    AffineMap map = op.getMatchingIndexingMap(side.operand);
    return map.getNumResults() && llvm::any_of(reductionLoops, [&](unsigned loop) {
             return map.getResults().back().isFunctionOfDim(loop);
           });
  }

  /// Brings the elements of kSteps steps from `first` on to shared memory.
  void fetch(const Side &side, ArrayRef<Value> batch, Value thread, Value first, Value steps) {
    unsigned alongSum = runsAlongSum(side);
    Value across = constant(alongSum ? kSteps : kTile);
    Value fast = arith::RemUIOp::create(builder, loc, thread, across);
    Value slow = arith::DivUIOp::create(builder, loc, thread, across);
    unsigned rowsOfThreads = kThreads / (alongSum ? kSteps : kTile);
    for (unsigned i = 0; i < kTile * kSteps / kThreads; ++i) {
      Value moved = add(slow, constant(rowsOfThreads * i));
      Value position = alongSum ? moved : fast, step = alongSum ? fast : moved;
      SmallVector<Value> place = llvm::to_vector(batch);
      splitPoint(clip(add(side.begin, position), side.count), side.loops, place);
      splitPoint(clip(add(first, step), steps), reductionLoops, place);
      LLVM::StoreOp::create(builder, loc, load(*side.operand, place), inShared(side, step, position));
    }
  }

  Value inShared(const Side &side, Value step, Value position) {
    return elementOf(side.shared, side.type, add(multiply(step, constant(kLine)), position));
  }

  /// The elements of a step that the thread takes of one operand.
  SmallVector<Value> readStep(const Side &side, Value step, Value threadPosition) {
    SmallVector<Value> elements;
    for (unsigned i = 0; i < kPerThread; ++i) {
      Value address = inShared(side, step, add(threadPosition, constant(kSide * i)));
      elements.push_back(LLVM::LoadOp::create(builder, loc, side.type, address));
    }
    return elements;
  }

  SmallVector<Value> multiplyTiles(const Side &rows, const Side &columns, Value count, ValueRange sums) {
    return forEach(constant(0), count, constant(1), sums, [&](Value step, ValueRange carried) {
      SmallVector<Value> left = readStep(rows, step, threadRow),
                         right = readStep(columns, step, threadColumn);
      SmallVector<Value> results;
      for (unsigned i = 0; i < kPerThread; ++i)
        for (unsigned j = 0; j < kPerThread; ++j)
          results.push_back(computeOf({left[i], right[j]}, carried[kPerThread * i + j])[0]);
      return results;
    });
  }

  Loops loops;
  Value threadRow, threadColumn;
};

} // namespace

bool isContraction(linalg::GenericOp op) {
  std::optional<Loops> loops = sortLoops(op);
  SmallVector<unsigned> summed;
  op.getReductionDims(summed);
  if (!loops || summed.empty() || !isAtLeast(op, loops->rows, kSmallestSide) ||
      !isAtLeast(op, loops->columns, kSmallestSide) || !isAtLeast(op, summed, kFewestSteps))
    return false;
  if (!llvm::all_of(op.getDpsInputs(), [](Value value) { return isa<MemRefType>(value.getType()); }))
    return false;
  // Elements are all that the body may look at: those outside of the edges are others than it thinks.
  bool isPlain = true;
  op.getRegion().walk([&](Operation *inner) { isPlain &= isPure(inner) && !isa<linalg::IndexOp>(inner); });
  return isPlain;
}

void writeContractKernel(linalg::GenericOp op, ModuleOp kernels, KernelRecord &record) {
  ContractWriter(op, kernels, record).write();
}

} // namespace tgc
