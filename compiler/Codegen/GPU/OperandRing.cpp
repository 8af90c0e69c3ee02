//===- OperandRing.cpp - Operands on their way to tensor cores ------------===//

#include "compiler/Codegen/GPU/OperandRing.h"
#include "compiler/Codegen/GPU/OperandMakers.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace tgc {

Value RingWriter::divide(Value a, unsigned b) { return arith::DivUIOp::create(builder, loc, a, constant(b)); }
Value RingWriter::remainder(Value a, unsigned b) {
  return arith::RemUIOp::create(builder, loc, a, constant(b));
}

unsigned RingWriter::stepsOfStage() {
  return kStageBytes * 8 / getElementTypeOrSelf(op.getDpsInputs()[0].getType()).getIntOrFloatBitWidth();
}

unsigned RingWriter::countElementsOfThread(linalg::GenericOp op, unsigned operand, TileShape tile) {
  unsigned bits = getElementTypeOrSelf(op.getDpsInputs()[operand].getType()).getIntOrFloatBitWidth();
  return (operand ? tile.columns : tile.rows) * kStageBytes * 8 / bits / kThreads;
}

void RingWriter::prepare(Value tid) {
  thread = tid;
  ring = declareShared("ring", builder.getI8Type(), numStages() * bytesOfStage());
}

Value RingWriter::byteOf(Value place) { return elementOf(ring, builder.getI8Type(), place); }

Value RingWriter::placeInStage(const Side &side, Value step, Value position) {
  bool isAlong = liesAlongSum(side);
  unsigned size = sizeOf(side), bytesOfLine = isAlong ? kStageBytes : side.tile * size;
  Value line = isAlong ? position : step, element = isAlong ? step : position;
  // Matrices are eight lines; words that `ldmatrix` cannot turn are taken from four.
  Value mix = isAlong     ? remainder(divide(line, 2), 4)
              : size == 2 ? remainder(line, 8)
                          : multiply(remainder(line, 4), constant(2));
  unsigned ofChunk = kChunk / size;
  Value chunk = arith::XOrIOp::create(builder, loc, divide(element, ofChunk), mix);
  Value place = add(multiply(line, constant(bytesOfLine)), multiply(chunk, constant(kChunk)));
  place = add(place, multiply(remainder(element, ofChunk), constant(size)));
  return side.operand->getOperandNumber() ? add(place, constant(tile.rows * kStageBytes)) : place;
}

/// How many neighbours a copy takes; none: elements go through registers.
unsigned RingWriter::elementsOfCopy(const Side &side) {
  constexpr unsigned kSmallest = 4;
  unsigned size = sizeOf(side), least = size == kSmallest ? 1 : 0;
  AffineMap map = op.getMatchingIndexingMap(side.operand);
  ArrayRef<unsigned> ownLoops = side.runsAlongSum ? ArrayRef(reductionLoops) : side.loops;
  if (!map.getNumResults() || ownLoops.empty())
    return least;
  unsigned along = ownLoops.back();
  if (map.getResults().back() != builder.getAffineDimExpr(along) ||
      llvm::any_of(map.getResults().drop_back(), [&](AffineExpr one) { return one.isFunctionOfDim(along); }))
    return least;
  if (liesAlongSum(side) != side.runsAlongSum)
    return 0;
  int64_t range = op.getStaticLoopRanges()[along];
  for (unsigned bytes = kChunk; bytes >= kSmallest; bytes /= 2)
    if (int64_t count = bytes / size; !ShapedType::isDynamic(range) && range % count == 0 &&
                                      hasGroups(cast<MemRefType>(side.operand->get().getType()), count))
      return count;
  return least;
}

/// Starts the copies of a stage's part of an operand: the steps from `first` on. What lies outside becomes
/// zero.
void RingWriter::fill(const Side &side, ArrayRef<Value> batch, Value stage, Value first, Value steps) {
  unsigned size = sizeOf(side), count = elementsOfCopy(side), atOnce = std::max(count, 1u);
  unsigned copiesOfLine = (side.runsAlongSum ? stepsOfStage() : side.tile) / atOnce;
  Value fast = multiply(remainder(thread, copiesOfLine), constant(atOnce));
  Value slow = divide(thread, copiesOfLine);
  auto bring = [&](Value number) {
    Value line = add(slow, multiply(number, constant(kThreads / copiesOfLine)));
    Value position = side.runsAlongSum ? line : fast, step = side.runsAlongSum ? fast : line;
    Value to = byteOf(add(stage, placeInStage(side, step, position)));
    position = add(side.begin, position);
    step = add(first, step);
    Value isInside = arith::AndIOp::create(builder, loc, isBelow(position, side.count), isBelow(step, steps));
    SmallVector<Value> place = llvm::to_vector(batch);
    if (!count) {
      splitPoint(clip(position, side.count), side.loops, place);
      splitPoint(clip(step, steps), reductionLoops, place);
      Value zero = arith::ConstantOp::create(builder, loc, builder.getZeroAttr(side.type));
      Value element = NestWriter::load(*side.operand, place);
      LLVM::StoreOp::create(builder, loc, arith::SelectOp::create(builder, loc, isInside, element, zero), to);
      return;
    }
    splitPoint(position, side.loops, place);
    splitPoint(step, reductionLoops, place);
    auto bytes = [&](int64_t number) { return arith::ConstantIntOp::create(builder, loc, number, 32); };
    Value taken = arith::SelectOp::create(builder, loc, isInside, bytes(count * size), bytes(0));
    StringRef name = count * size == kChunk ? "cp.async.cg.shared.global.16.s"
                     : count * size == 8    ? "cp.async.ca.shared.global.8.s"
                                            : "cp.async.ca.shared.global.4.s";
    callIntrinsic(name, Type(), {to, addressOf(*side.operand, place), taken});
  };
  unsigned copies = side.tile * stepsOfStage() / atOnce / kThreads;
  for (unsigned i = 0; i < copies && copies <= kMostUnrolled; ++i)
    bring(constant(i));
  if (copies > kMostUnrolled)
    forEach(constant(0), constant(copies), constant(1), {}, [&](Value number, ValueRange) {
      bring(number);
      return SmallVector<Value>();
    });
}

void RingWriter::forEachMade(const Side &side, function_ref<void(Value position, Value step)> visit) {
  unsigned ofLine = side.runsAlongSum ? stepsOfStage() : side.tile;
  Value fast = remainder(thread, ofLine), slow = divide(thread, ofLine);
  unsigned count = countElementsOfThread(op, side.operand->getOperandNumber(), tile);
  for (unsigned i = 0; i < count; ++i) {
    Value line = add(slow, constant(kThreads / ofLine * i));
    visit(side.runsAlongSum ? line : fast, side.runsAlongSum ? fast : line);
  }
}

/// Elements inside are loaded in the place of those outside, and nothing of a stage that there is not.
SmallVector<Value> RingWriter::loadMade(const Side &side, ArrayRef<Value> batch, Stage stage) {
  SmallVector<Value> zeros, parts;
  for (OpOperand *input : getMakerInputs(side.maker))
    zeros.push_back(arith::ConstantOp::create(
        builder, loc, builder.getZeroAttr(getElementTypeOrSelf(input->get().getType()))));
  SmallVector<Value> none;
  for (unsigned i = countElementsOfThread(op, side.operand->getOperandNumber(), tile); i > 0; --i)
    llvm::append_range(none, zeros);
  auto ifThere = scf::IfOp::create(builder, loc, ValueRange(none).getTypes(),
                                   isBelow(stage.number, stage.count), /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(ifThere.elseBlock());
  scf::YieldOp::create(builder, loc, none);
  builder.setInsertionPointToStart(ifThere.thenBlock());
  Value first = add(firstStep, multiply(stage.number, constant(stepsOfStage())));
  forEachMade(side, [&](Value position, Value step) {
    SmallVector<Value> place = llvm::to_vector(batch);
    splitPoint(clip(add(side.begin, position), side.count), side.loops, place);
    splitPoint(clip(add(first, step), endStep), reductionLoops, place);
    llvm::append_range(parts, loadParts(side, place));
  });
  scf::YieldOp::create(builder, loc, parts);
  return llvm::to_vector(ValueRange(ifThere.getResults()));
}

/// Makes the elements of a stage, at the byte `place`. What lies outside becomes zero.
void RingWriter::storeMade(const Side &side, Stage stage, Value place, ValueRange parts) {
  auto ifThere =
      scf::IfOp::create(builder, loc, isBelow(stage.number, stage.count), /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(ifThere.thenBlock());
  Value first = add(firstStep, multiply(stage.number, constant(stepsOfStage())));
  Value zero = arith::ConstantOp::create(builder, loc, builder.getZeroAttr(side.type));
  size_t ofElement = getMakerInputs(side.maker).size();
  forEachMade(side, [&](Value position, Value step) {
    Value element = makeElement(side, parts.take_front(ofElement));
    parts = parts.drop_front(ofElement);
    Value isInside = arith::AndIOp::create(builder, loc, isBelow(add(side.begin, position), side.count),
                                           isBelow(add(first, step), endStep));
    LLVM::StoreOp::create(builder, loc, arith::SelectOp::create(builder, loc, isInside, element, zero),
                          byteOf(add(place, placeInStage(side, step, position))));
  });
}

SmallVector<Value>
RingWriter::forEachStage(ArrayRef<Value> batch, const Side &rows, const Side &columns, ValueRange sums,
                         function_ref<SmallVector<Value>(Value, SmallVector<Value>)> multiplyStage) {
  Value ofStage = constant(stepsOfStage());
  Value steps = arith::SubIOp::create(builder, loc, endStep, firstStep);
  Value count = arith::CeilDivUIOp::create(builder, loc, steps, ofStage);
  unsigned ahead = numStages() - 1;
  SmallVector<const Side *> made, copied;
  for (const Side *side : {&rows, &columns})
    (side->maker ? made : copied).push_back(side);
  auto fillStage = [&](Value number, Value slot) {
    auto ifThere = scf::IfOp::create(builder, loc, isBelow(number, count), /*withElseRegion=*/false);
    {
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPointToStart(ifThere.thenBlock());
      Value stage = multiply(slot, constant(bytesOfStage()));
      for (const Side *side : copied)
        fill(*side, batch, stage, add(firstStep, multiply(number, ofStage)), endStep);
    }
    callIntrinsic("cp.async.commit.group", Type(), {});
  };
  forEach(constant(0), constant(ahead), constant(1), {}, [&](Value number, ValueRange) {
    fillStage(number, number);
    return SmallVector<Value>();
  });
  // What stages are made of, each in registers: the next one's first, `held` behind the one at hand.
  auto loadStage = [&](Value number) {
    SmallVector<Value> parts;
    for (const Side *side : made)
      llvm::append_range(parts, loadMade(*side, batch, {number, count}));
    return parts;
  };
  auto storeStage = [&](Value number, Value slot, ValueRange parts) {
    for (const Side *side : made) {
      size_t ofSide = getMakerInputs(side->maker).size() *
                      countElementsOfThread(op, side->operand->getOperandNumber(), tile);
      storeMade(*side, {number, count}, multiply(slot, constant(bytesOfStage())), parts.take_front(ofSide));
      parts = parts.drop_front(ofSide);
    }
  };
  unsigned words = 0;
  for (const Side *side : made)
    words += countHeldWords(side->maker, countElementsOfThread(op, side->operand->getOperandNumber(), tile));
  unsigned held = made.empty() ? 0 : std::min(kMostHeldWords / words, kMostStages) - 1;
  SmallVector<Value> next = loadStage(constant(0)), carried = {constant(0)};
  llvm::append_range(carried, sums);
  size_t ofStageParts = next.size(), numSums = sums.size();
  for (unsigned i = 0; i < held; ++i)
    llvm::append_range(carried, loadStage(constant(i + 1)));
  storeStage(constant(0), constant(0), next);
  carried = forEach(constant(0), count, constant(1), carried, [&](Value number, ValueRange inside) {
    // All groups but those of the stages ahead are there; behind the barrier, for all threads.
    Value open = arith::ConstantIntOp::create(builder, loc, ahead - 1, 32);
    callIntrinsic("cp.async.wait.group", Type(), open);
    wait();
    Value slot = inside.front();
    auto wrapped = [&](Value moved, int64_t end, int64_t begin) {
      Value isAtEnd = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, slot, constant(end));
      return arith::SelectOp::create(builder, loc, isAtEnd, constant(begin), moved).getResult();
    };
    // The stage that was multiplied before this one.
    Value before = arith::SubIOp::create(builder, loc, slot, constant(1));
    fillStage(add(number, constant(ahead)), wrapped(before, 0, ahead));
    SmallVector<Value> parts = llvm::to_vector(inside.drop_front(1 + numSums));
    llvm::append_range(parts, loadStage(add(number, constant(held + 1))));
    Value nextSlot = wrapped(add(slot, constant(1)), ahead, 0);
    SmallVector<Value> results = {nextSlot};
    llvm::append_range(results, multiplyStage(multiply(slot, constant(bytesOfStage())),
                                              llvm::to_vector(inside.slice(1, numSums))));
    storeStage(add(number, constant(1)), nextSlot, ArrayRef(parts).take_front(ofStageParts));
    llvm::append_range(results, ArrayRef(parts).drop_front(ofStageParts));
    return results;
  });
  return llvm::to_vector(ArrayRef(carried).slice(1, numSums));
}

} // namespace tgc
