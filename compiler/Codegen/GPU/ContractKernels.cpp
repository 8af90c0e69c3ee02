//===- ContractKernels.cpp - Contractions, element by element -------------===//
//
// For arithmetic that must be exactly what the program says: f32 and f64 by fused multiply-adds, integers.
// Sums are taken in the order of the loops.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/GPU/ContractWriter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace tgc {
namespace {

/// Smaller operands leave most of a tile empty.
constexpr int64_t kSmallestSide = 8, kFewestSteps = 4;

/// A size that is known only during the run counts as large.
bool isAtLeast(linalg::GenericOp op, ArrayRef<unsigned> loops, int64_t least) {
  int64_t size = 1;
  for (unsigned loop : loops) {
    int64_t range = op.getStaticLoopRanges()[loop];
    size *= ShapedType::isDynamic(range) ? least : range;
  }
  return size >= least;
}

class ScalarWriter : public TileWriter {
public:
  ScalarWriter(const NestChain &chain, ModuleOp kernels, KernelRecord &record)
      : TileWriter(chain, kernels, record, kScalarTile) {}

private:
  /// Threads stand in a square; each has 4 x 4 results this far apart.
  static constexpr unsigned kTile = kScalarTile.rows, kSide = 16, kPerThread = kTile / kSide;
  static constexpr unsigned kResults = kPerThread * kPerThread;
  /// Steps of the sum that are in shared memory at a time.
  static constexpr unsigned kSteps = 16;
  /// An element more in each line of shared memory: neighbours of a column lie in different banks.
  static constexpr unsigned kLine = kTile + 1;

  void prepare(Value tid) override {
    thread = tid;
    threadRow = arith::DivUIOp::create(builder, loc, thread, constant(kSide));
    threadColumn = arith::RemUIOp::create(builder, loc, thread, constant(kSide));
    for (unsigned i : {0, 1})
      shared[i] = declareShared("side" + std::to_string(i),
                                getElementTypeOrSelf(op.getDpsInputs()[i].getType()), kLine * kSteps);
  }

  Value placeInShared(const Side &side, Value step, Value position) {
    Value memory = shared[side.operand->getOperandNumber()];
    return elementOf(memory, side.type, add(multiply(step, constant(kLine)), position));
  }

  /// The elements of a step that the thread takes of one operand.
  SmallVector<Value> readStep(const Side &side, Value step, Value threadPosition) {
    SmallVector<Value> elements;
    for (unsigned i = 0; i < kPerThread; ++i) {
      Value place = placeInShared(side, step, add(threadPosition, constant(kSide * i)));
      elements.push_back(LLVM::LoadOp::create(builder, loc, side.type, place));
    }
    return elements;
  }

  /// Adds the products of `count` steps in shared memory to the thread's results.
  SmallVector<Value> multiplyTiles(const Side &rows, const Side &columns, Value count, ValueRange sums) {
    return forEach(constant(0), count, constant(1), sums, [&](Value step, ValueRange carried) {
      SmallVector<Value> left = readStep(rows, step, threadRow);
      SmallVector<Value> right = readStep(columns, step, threadColumn);
      SmallVector<Value> results;
      for (unsigned i = 0; i < kResults; ++i)
        results.push_back(computeOf({left[i / kPerThread], right[i % kPerThread]}, carried[i])[0]);
      return results;
    });
  }

  /// Brings the elements of kSteps steps from `first` on to shared memory. Neighbouring threads take
  /// neighbours in memory. Elements inside are read in the place of those outside.
  void fetch(const Side &side, ArrayRef<Value> batch, Value first, Value steps) {
    unsigned across = side.runsAlongSum ? kSteps : kTile;
    Value fast = arith::RemUIOp::create(builder, loc, thread, constant(across));
    Value slow = arith::DivUIOp::create(builder, loc, thread, constant(across));
    for (unsigned i = 0; i < kTile * kSteps / kThreads; ++i) {
      Value moved = add(slow, constant(kThreads / across * i));
      Value position = side.runsAlongSum ? moved : fast, step = side.runsAlongSum ? fast : moved;
      SmallVector<Value> place = llvm::to_vector(batch);
      splitPoint(clip(add(side.begin, position), side.count), side.loops, place);
      splitPoint(clip(add(first, step), steps), reductionLoops, place);
      LLVM::StoreOp::create(builder, loc, makeElement(side, loadParts(side, place)),
                            placeInShared(side, step, position));
    }
  }

  void writeTile(ArrayRef<Value> batch, const Side &rows, const Side &columns) override {
    SmallVector<Value> sums;
    Type type = getElementTypeOrSelf(op.getDpsInits()[0].getType());
    if (record.parts) // what they begin with is added by whoever has all of them
      sums.assign(kResults, arith::ConstantOp::create(builder, loc, builder.getZeroAttr(type)));
    else
      forEachResult(rows, columns, batch,
                    [&](Value, ArrayRef<Value> place) { sums.push_back(startAt(place)); });
    Value most = constant(kSteps);
    auto take = [&](Value first, Value count, ValueRange carried) {
      fetch(rows, batch, first, endStep);
      fetch(columns, batch, first, endStep);
      wait();
      SmallVector<Value> results = multiplyTiles(rows, columns, count, carried);
      wait();
      return results;
    };
    Value steps = arith::SubIOp::create(builder, loc, endStep, firstStep);
    Value rest = arith::RemUIOp::create(builder, loc, steps, most);
    Value whole = arith::SubIOp::create(builder, loc, endStep, rest);
    sums = forEach(firstStep, whole, most, sums,
                   [&](Value first, ValueRange carried) { return take(first, most, carried); });
    Value hasRest = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ne, rest, constant(0));
    auto ifRest = scf::IfOp::create(builder, loc, ValueRange(sums).getTypes(), hasRest,
                                    /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(ifRest.elseBlock());
    scf::YieldOp::create(builder, loc, sums);
    builder.setInsertionPointToStart(ifRest.thenBlock());
    scf::YieldOp::create(builder, loc, take(whole, rest, sums));
    sums.assign(ifRest.result_begin(), ifRest.result_end());
    builder.setInsertionPointAfter(ifRest);
    // Threads outside have read old results that others write now; without steps nothing has parted the two.
    wait();
    finishTile(sums, groupOf(thread), [&](ArrayRef<Value> all) {
      unsigned next = 0;
      forEachResult(rows, columns, batch, [&](Value isInside, ArrayRef<Value> place) {
        auto ifInside = scf::IfOp::create(builder, loc, isInside, /*withElseRegion=*/false);
        OpBuilder::InsertionGuard guard(builder);
        builder.setInsertionPointToStart(ifInside.thenBlock());
        Value sum = all[next++];
        finishAt(record.parts ? addUpTwo(startAt(place), sum) : sum, place);
      });
    });
  }

  /// The thread's results with their indices.
  void forEachResult(const Side &rows, const Side &columns, ArrayRef<Value> batch,
                     function_ref<void(Value isInside, ArrayRef<Value> place)> visit) {
    SmallVector<Value> place = llvm::to_vector(batch);
    auto go = [&](const Side &side, Value first, unsigned i) {
      Value position = add(side.begin, add(first, constant(kSide * i)));
      splitPoint(clip(position, side.count), side.loops, place);
      return isBelow(position, side.count);
    };
    for (unsigned i = 0; i < kResults; ++i) {
      Value rowInside = go(rows, threadRow, i / kPerThread);
      Value columnInside = go(columns, threadColumn, i % kPerThread);
      visit(arith::AndIOp::create(builder, loc, rowInside, columnInside), place);
    }
  }

  Value thread, threadRow, threadColumn;
  /// By the operand's number.
  Value shared[2];
};

} // namespace

bool isContraction(linalg::GenericOp op) {
  std::optional<ContractLoops> loops = sortLoops(op);
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

void writeContractKernel(const NestChain &chain, GpuF32 products, ModuleOp kernels, KernelRecord &record) {
  if (isTensorContraction(chain.main, products))
    writeTensorKernel(chain, products, kernels, record);
  else
    ScalarWriter(chain, kernels, record).write();
}

} // namespace tgc
