//===- ContractWriter.cpp - Tiles of sums of products ---------------------===//

#include "compiler/Codegen/GPU/ContractWriter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace tgc {

std::optional<ContractLoops> sortLoops(linalg::GenericOp op) {
  if (op.getNumDpsInputs() != 2 || op.getNumDpsInits() != 1)
    return std::nullopt;
  AffineMap first = op.getMatchingIndexingMap(op.getDpsInputOperand(0));
  AffineMap second = op.getMatchingIndexingMap(op.getDpsInputOperand(1));
  AffineMap result = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  if (!result.isProjectedPermutation())
    return std::nullopt;
  SmallVector<unsigned> parallel;
  op.getParallelDims(parallel);
  ContractLoops loops;
  for (unsigned loop : parallel) {
    bool inFirst = first.isFunctionOfDim(loop), inSecond = second.isFunctionOfDim(loop);
    if ((!inFirst && !inSecond) || !result.isFunctionOfDim(loop))
      return std::nullopt;
    (inFirst && inSecond ? loops.batch : inFirst ? loops.rows : loops.columns).push_back(loop);
  }
  return loops;
}

void ContractWriter::write() {
  loops = *sortLoops(op);
  record.threads = kThreads;
  record.pointsPerBlock = kTile * kTile;
  Side rows = makeSide(0, loops.rows), columns = makeSide(1, loops.columns);
  Value thread = special("tid.x"), tile = constant(kTile);
  locate(thread);
  Value tilesAcross = arith::CeilDivUIOp::create(builder, loc, columns.count, tile);
  Value tilesOfBatch = multiply(arith::CeilDivUIOp::create(builder, loc, rows.count, tile), tilesAcross);
  Value tiles = multiply(countPoints(loops.batch), tilesOfBatch);
  // All threads of a block go through the loop equally often: there are barriers in it.
  forEach(special("ctaid.x"), tiles, special("nctaid.x"), {}, [&](Value number, ValueRange) {
    Value inBatch = arith::RemUIOp::create(builder, loc, number, tilesOfBatch);
    rows.begin = multiply(arith::DivUIOp::create(builder, loc, inBatch, tilesAcross), tile);
    columns.begin = multiply(arith::RemUIOp::create(builder, loc, inBatch, tilesAcross), tile);
    writeTile(arith::DivUIOp::create(builder, loc, number, tilesOfBatch), rows, columns, thread);
    return SmallVector<Value>();
  });
  finish();
}

ContractWriter::Side ContractWriter::makeSide(unsigned operand, ArrayRef<unsigned> ownLoops) {
  Side side = {op.getDpsInputOperand(operand), ownLoops, Value(), countPoints(ownLoops), Value(), Type()};
  side.type = getElementTypeOrSelf(side.operand->get().getType());
  side.shared = declareShared("side" + std::to_string(operand), side.type, sharedSize());
  return side;
}

Value ContractWriter::load(OpOperand &operand, ValueRange index) {
  Value known = atHand.lookup(chain.bases.lookup(operand.get()));
  return known ? known : NestWriter::load(operand, index);
}

void ContractWriter::follow(linalg::GenericOp member, ArrayRef<Value> place) {
  enter(member);
  SmallVector<Value> index;
  for (int loop : chain.followed.lookup(member))
    index.push_back(loop < 0 ? constant(0) : place[loop]);
  SmallVector<Value> old;
  for (OpOperand &output : op.getDpsInitsMutable())
    old.push_back(op.getMatchingBlockArgument(&output).use_empty() ? Value() : load(output, index));
  for (auto [output, value] : llvm::zip(op.getDpsInitsMutable(), compute(index, old))) {
    Value base = chain.bases.lookup(output.get());
    atHand[base] = value;
    bool isStart = member == chain.members.front();
    if (!isStart && !chain.own.contains(base))
      store(value, output, index);
  }
  enter(chain.main);
}

/// What a sum begins with.
Value ContractWriter::startAt(ArrayRef<Value> place) {
  if (chain.members.front() != chain.main)
    follow(chain.members.front(), place);
  Value start = load(op.getDpsInitsMutable()[0], place);
  atHand.clear();
  return start;
}

void ContractWriter::finishAt(Value sum, ArrayRef<Value> place) {
  OpOperand &output = op.getDpsInitsMutable()[0];
  Value base = chain.bases.lookup(output.get());
  if (!chain.own.contains(base))
    store(sum, output, place);
  atHand[base] = sum;
  for (linalg::GenericOp member :
       ArrayRef(chain.members).drop_until([&](auto one) { return one == chain.main; }).drop_front())
    follow(member, place);
  atHand.clear();
}

void ContractWriter::writeTile(Value batch, const Side &rows, const Side &columns, Value thread) {
  SmallVector<Value> index(op.getNumLoops());
  splitPoint(batch, loops.batch, index);
  SmallVector<Value> sums;
  forEachResult(rows, columns, index, [&](Value, ArrayRef<Value> place) { sums.push_back(startAt(place)); });
  Value steps = countPoints(reductionLoops), most = constant(kSteps);
  auto take = [&](Value first, Value count, ValueRange carried) {
    fetch(rows, index, thread, first, steps);
    fetch(columns, index, thread, first, steps);
    wait();
    SmallVector<Value> results = multiplyTiles(rows, columns, count, carried);
    wait();
    return results;
  };
  auto takeAll = [&](Value first, ValueRange carried) { return take(first, most, carried); };
  if (needsWholeSteps()) {
    sums = forEach(constant(0), steps, most, sums, takeAll);
  } else {
    Value rest = arith::RemUIOp::create(builder, loc, steps, most);
    Value whole = arith::SubIOp::create(builder, loc, steps, rest);
    sums = forEach(constant(0), whole, most, sums, takeAll);
    Value hasRest = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ne, rest, constant(0));
    auto ifRest = scf::IfOp::create(builder, loc, ValueRange(sums).getTypes(), hasRest,
                                    /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(ifRest.elseBlock());
    scf::YieldOp::create(builder, loc, sums);
    builder.setInsertionPointToStart(ifRest.thenBlock());
    scf::YieldOp::create(builder, loc, take(whole, rest, sums));
    sums.assign(ifRest.result_begin(), ifRest.result_end());
  }
  // Threads outside have read old results that others write now; without steps nothing has parted the two.
  wait();
  unsigned next = 0;
  forEachResult(rows, columns, index, [&](Value isInside, ArrayRef<Value> place) {
    auto ifInside = scf::IfOp::create(builder, loc, isInside, /*withElseRegion=*/false);
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(ifInside.thenBlock());
    finishAt(sums[next++], place);
  });
}

/// A position that exists: the last one for those behind it.
Value ContractWriter::clip(Value position, Value count) {
  Value last = arith::SubIOp::create(builder, loc, count, constant(1));
  return arith::MinUIOp::create(builder, loc, position, last);
}

/// The thread's results with their indices.
void ContractWriter::forEachResult(const Side &rows, const Side &columns, ArrayRef<Value> batch,
                                   function_ref<void(Value isInside, ArrayRef<Value> place)> visit) {
  SmallVector<Value> place = llvm::to_vector(batch);
  auto go = [&](const Side &side, Value at) {
    Value position = add(side.begin, at);
    splitPoint(clip(position, side.count), side.loops, place);
    return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ult, position, side.count);
  };
  for (unsigned i = 0; i < kResults; ++i) {
    auto [row, column] = resultAt(i);
    Value rowInside = go(rows, row), columnInside = go(columns, column);
    visit(arith::AndIOp::create(builder, loc, rowInside, columnInside), place);
  }
}

/// Whether neighbours in memory are neighbours in the sum.
bool ContractWriter::runsAlongSum(const Side &side) {
  AffineMap map = op.getMatchingIndexingMap(side.operand);
  return map.getNumResults() && llvm::any_of(reductionLoops, [&](unsigned loop) {
           return map.getResults().back().isFunctionOfDim(loop);
         });
}

/// Brings the elements of kSteps steps from `first` on to shared memory. Neighbouring threads take neighbours
/// in memory.
void ContractWriter::fetch(const Side &side, ArrayRef<Value> batch, Value thread, Value first, Value steps) {
  bool alongSum = runsAlongSum(side);
  unsigned across = alongSum ? kSteps : kTile;
  Value fast = arith::RemUIOp::create(builder, loc, thread, constant(across));
  Value slow = arith::DivUIOp::create(builder, loc, thread, constant(across));
  for (unsigned i = 0; i < kTile * kSteps / kThreads; ++i) {
    Value moved = add(slow, constant(kThreads / across * i));
    Value position = alongSum ? moved : fast, step = alongSum ? fast : moved;
    SmallVector<Value> place = llvm::to_vector(batch);
    splitPoint(clip(add(side.begin, position), side.count), side.loops, place);
    Value stepOfSum = add(first, step);
    splitPoint(clip(stepOfSum, steps), reductionLoops, place);
    Value element = load(*side.operand, place);
    if (needsWholeSteps()) {
      Value isInside = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ult, stepOfSum, steps);
      Value zero = arith::ConstantOp::create(builder, loc, builder.getZeroAttr(side.type));
      element = arith::SelectOp::create(builder, loc, isInside, element, zero);
    }
    LLVM::StoreOp::create(builder, loc, element,
                          elementOf(side.shared, side.type, placeInShared(step, position)));
  }
}

} // namespace tgc
