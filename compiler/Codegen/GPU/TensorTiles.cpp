//===- TensorTiles.cpp - Products of tiles of attention on tensor cores ---===//

#include "compiler/Codegen/GPU/TensorTiles.h"
#include "compiler/Codegen/GPU/ContractWriter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace tgc {

TensorTiles::TensorTiles(const NestChain &chain, GpuF32 products, ModuleOp kernels, KernelRecord &record)
    : AttentionWriter(chain, kernels, record),
      element(getElementTypeOrSelf(op.getDpsInputs()[kQueries].getType())),
      hasParts(products != GpuF32::TF32) {}

void TensorTiles::findPlaces(unsigned kept) {
  numKept = kept;
  unsigned bytes = (numKept + kStages) * kPieceBytes;
  record.sharedBytes = bytes + kChunkBytes;
  memory = declareDynamicShared("pieces", kLineBytes);
  thread = special("tid.x");
  Lane own = laneOf(thread);
  warpRow = own.warpRow;
  group = own.group;
  inGroup = own.inGroup;
  zero = elementOf(memory, builder.getI8Type(), constant(bytes));
  Value isFirst = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, thread, constant(0));
  branch(isFirst, [&] {
    Value none = arith::ConstantIntOp::create(builder, loc, 0, 32);
    LLVM::StoreOp::create(builder, loc, none, zero);
  });
  wait();
}

TensorTiles::Lane TensorTiles::laneOf(Value number) {
  Value ofWarp = remainder(number, kWarp);
  return {remainder(ofWarp, 8), remainder(divide(ofWarp, 8), 2),
          divide(ofWarp, 16),   remainder(ofWarp, 4),
          divide(ofWarp, 4),    multiply(divide(number, kWarp), constant(kRows))};
}

Value TensorTiles::loadZero() {
  Value loaded = LLVM::LoadOp::create(builder, loc, builder.getI32Type(), zero);
  return arith::IndexCastUIOp::create(builder, loc, builder.getIndexType(), loaded);
}

void TensorTiles::beginRing(ArrayRef<Piece> all) { pieces.assign(all.begin(), all.end()); }

//===----------------------------------------------------------------------===//
// Shared memory
//===----------------------------------------------------------------------===//

unsigned TensorTiles::lineLoopOf(unsigned operand) const {
  return operand == kKeys || operand == kValues ? loops.key : loops.query;
}

unsigned TensorTiles::elementLoopOf(unsigned operand) const {
  return operand == kQueries || operand == kKeys ? loops.depth : loops.value;
}

void TensorTiles::appendPieces(unsigned operand, SmallVectorImpl<Piece> &all) {
  unsigned count = piecesOf(op.getStaticLoopRanges()[elementLoopOf(operand)]);
  for (unsigned number = 0; number < count; ++number)
    all.push_back({operand, number});
}

/// The byte of an element in the pieces from `begin` on.
Value TensorTiles::placeOf(Value begin, Value line, Value at) {
  unsigned ofChunk = elementsOfChunk();
  Value chunk = arith::XOrIOp::create(builder, loc, divide(at, ofChunk), remainder(line, 8));
  Value place = add(add(begin, multiply(line, constant(kLineBytes))), multiply(chunk, constant(kChunkBytes)));
  return elementOf(memory, builder.getI8Type(),
                   add(place, multiply(remainder(at, ofChunk), constant(elementBytes()))));
}

/// How many neighbours a copy takes; none: elements go through registers.
unsigned TensorTiles::elementsOfCopy(OpOperand &operand, unsigned loop) {
  AffineMap map = op.getMatchingIndexingMap(&operand);
  unsigned least = elementBytes() == kWordBytes ? 1 : 0;
  if (map.getResults().back() != builder.getAffineDimExpr(loop))
    return least;
  int64_t range = op.getStaticLoopRanges()[loop];
  for (unsigned count = elementsOfChunk(); count > 1; count /= 2)
    if (range % count == 0 && hasGroups(cast<MemRefType>(operand.get().getType()), count))
      return count;
  return least;
}

void TensorTiles::fill(Piece piece, ArrayRef<Value> batch, Value first, Value to) {
  OpOperand &operand = *op.getDpsInputOperand(piece.operand);
  unsigned lineLoop = lineLoopOf(piece.operand), elementLoop = elementLoopOf(piece.operand);
  Value numLines = lineLoop == loops.key ? keys : queries;
  Value numElements = constant(op.getStaticLoopRanges()[elementLoop]);
  unsigned count = elementsOfCopy(operand, elementLoop), atOnce = std::max(count, 1u);
  unsigned copiesOfLine = elementsOfLine() / atOnce;
  forEach(add(thread, loadZero()), constant(kTile * copiesOfLine), constant(kThreads), {},
          [&](Value copy, ValueRange) {
            Value line = divide(copy, copiesOfLine);
            Value at = multiply(remainder(copy, copiesOfLine), constant(atOnce));
            Value place = placeOf(to, line, at);
            line = add(first, line);
            at = add(at, constant(elementsOfLine() * piece.number));
            Value isInside =
                arith::AndIOp::create(builder, loc, isBelow(line, numLines), isBelow(at, numElements));
            SmallVector<Value> index(batch);
            index[lineLoop] = clip(line, numLines);
            index[elementLoop] = choose(isInside, at, constant(0));
            Value from = addressAt(operand, index);
            if (!count) {
              Value zero = arith::ConstantOp::create(builder, loc, builder.getZeroAttr(element));
              Value loaded = LLVM::LoadOp::create(builder, loc, element, from);
              LLVM::StoreOp::create(builder, loc, choose(isInside, loaded, zero), place);
              return SmallVector<Value>();
            }
            auto word = [&](int64_t number) {
              return arith::ConstantIntOp::create(builder, loc, number, 32);
            };
            unsigned bytes = count * elementBytes();
            Value taken = choose(isInside, word(bytes), word(0));
            StringRef name = bytes == kChunkBytes ? "cp.async.cg.shared.global.16.s"
                             : bytes == 8         ? "cp.async.ca.shared.global.8.s"
                                                  : "cp.async.ca.shared.global.4.s";
            callIntrinsic(name, Type(), {place, from, taken});
            return SmallVector<Value>();
          });
}

/// Where the piece of a ring's slot begins.
Value TensorTiles::beginOf(Value slot) {
  return multiply(add(slot, constant(numKept)), constant(kPieceBytes));
}

/// Starts to fill a slot with piece `number` of some tiles, if there is such a one.
void TensorTiles::fillSlot(ArrayRef<Value> batch, ArrayRef<Value> tiles, unsigned number, Value slot) {
  Value first = tiles[number / pieces.size()];
  Piece piece = pieces[number % pieces.size()];
  branch(isBelow(first, lineLoopOf(piece.operand) == loops.key ? keys : queries),
         [&] { fill(piece, batch, first, beginOf(slot)); });
  callIntrinsic("cp.async.commit.group", Type(), {});
}

/// The next slot, or the one before.
Value TensorTiles::neighbour(Value slot, bool isNext) {
  unsigned last = kStages - 1;
  Value isAtEnd =
      arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, slot, constant(isNext ? last : 0));
  Value moved =
      isNext ? add(slot, constant(1)) : Value(arith::SubIOp::create(builder, loc, slot, constant(1)));
  return choose(isAtEnd, constant(isNext ? 0 : last), moved);
}

void TensorTiles::startRing(ArrayRef<Value> batch, ArrayRef<Value> tiles) {
  for (unsigned i = 0; i + 1 < kStages; ++i)
    fillSlot(batch, tiles, i, constant(i));
}

Value TensorTiles::takePiece(ArrayRef<Value> batch, ArrayRef<Value> tiles, unsigned piece, Value &slot) {
  constexpr unsigned ahead = kStages - 1;
  Value open = arith::ConstantIntOp::create(builder, loc, ahead - 1, 32);
  callIntrinsic("cp.async.wait.group", Type(), open);
  wait();
  fillSlot(batch, tiles, piece + ahead, neighbour(slot, /*isNext=*/false));
  Value begin = beginOf(slot);
  slot = neighbour(slot, /*isNext=*/true);
  return begin;
}

void TensorTiles::endRing() {
  callIntrinsic("cp.async.wait.group", Type(), arith::ConstantIntOp::create(builder, loc, 0, 32).getResult());
  wait();
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

SmallVector<Value> TensorTiles::unpack(Value four) {
  SmallVector<Value> values;
  for (int64_t i = 0; i < kResults; ++i)
    values.push_back(LLVM::ExtractValueOp::create(builder, loc, four, i));
  return values;
}

/// As the instruction takes words of steps: vectors of f16, numbers for others.
Value TensorTiles::asWord(Value word) {
  Type type = element.isF16() ? Type(VectorType::get(2, element)) : Type(builder.getI32Type());
  return word.getType() == type ? word : Value(LLVM::BitcastOp::create(builder, loc, type, word));
}

/// Words of a factor.
Tf32Parts TensorTiles::split(ArrayRef<Value> words) {
  Tf32Parts parts;
  for (Value word : words) {
    if (element.isF32())
      parts.add(builder, loc, word, hasParts);
    else
      parts.large.push_back(asWord(word));
  }
  return parts;
}

/// Four matrices of 8 x 8 elements: the one of this lane's number begins at its line and its element.
SmallVector<Value> TensorTiles::readMatrices(Value begin, Value line, Value at, bool isTurned) {
  Type word = builder.getI32Type();
  auto all = LLVM::LLVMStructType::getLiteral(op.getContext(), {word, word, word, word});
  StringRef name =
      isTurned ? "ldmatrix.sync.aligned.m8n8.x4.trans.b16.p3" : "ldmatrix.sync.aligned.m8n8.x4.b16.p3";
  return unpack(callIntrinsic(name, all, placeOf(begin, line, at)));
}

/// Half a matrix further on: eight lines, or a chunk of elements.
Value TensorTiles::lineOf(Value half, unsigned from) {
  return add(multiply(half, constant(8)), constant(from));
}
Value TensorTiles::elementOfLine(Value half, unsigned from) {
  return add(multiply(half, constant(elementsOfChunk())), constant(from));
}

/// Adds a product of 16 x 8 results: of two words of `right` from `first` on.
void TensorTiles::multiplyWords(ArrayRef<Value> left, ArrayRef<Value> right, unsigned first,
                                MutableArrayRef<Value> sums) {
  SmallVector<Value> operands(left);
  llvm::append_range(operands, right.slice(first, 2));
  llvm::append_range(operands, sums);
  auto all = LLVM::LLVMStructType::getLiteral(op.getContext(), {f32, f32, f32, f32});
  StringRef name = element.isF16()    ? "mma.m16n8k16.row.col.f32.f32"
                   : element.isBF16() ? "mma.m16n8k16.row.col.bf16"
                                      : "mma.m16n8k8.row.col.tf32";
  llvm::copy(unpack(callIntrinsic(name, all, operands)), sums.begin());
}

void TensorTiles::multiplyFragments(const Tf32Parts &left, const Tf32Parts &right, unsigned first,
                                    MutableArrayRef<Value> sums) {
  if (!left.small.empty()) {
    // The smallest first.
    multiplyWords(left.small, right.finite, first, sums);
    multiplyWords(left.finite, right.small, first, sums);
  }
  multiplyWords(left.large, right.large, first, sums);
}

void TensorTiles::multiplyLines(unsigned number, int64_t length, Value rows, Value columns,
                                MutableArrayRef<Value> sums) {
  lane = laneOf(add(thread, loadZero()));
  unsigned steps = std::min<int64_t>(elementsOfLine(), length - int64_t(number) * elementsOfLine());
  for (unsigned step = 0; step < steps; step += stepsOfProduct()) {
    Tf32Parts left =
        split(readMatrices(rows, add(lane.warpRow, add(lineOf(lane.lowHalf, 0), lane.rowOfMatrix)),
                           elementOfLine(lane.highHalf, step), /*isTurned=*/false));
    for (unsigned column = 0; column < kTile; column += 2 * kColumns) {
      Tf32Parts right = split(readMatrices(columns, add(lineOf(lane.highHalf, column), lane.rowOfMatrix),
                                           elementOfLine(lane.lowHalf, step), /*isTurned=*/false));
      for (unsigned i : {0, 1})
        multiplyFragments(left, right, 2 * i, sums.slice((column / kColumns + i) * kResults, kResults));
    }
  }
}

/// The words of two products' columns of elements: steps are lines.
SmallVector<Value> TensorTiles::readAcross(Value begin, unsigned line, unsigned at) {
  if (!element.isF32())
    return readMatrices(begin, add(lineOf(lane.lowHalf, line), lane.rowOfMatrix),
                        elementOfLine(lane.highHalf, at),
                        /*isTurned=*/true);
  SmallVector<Value> words;
  for (unsigned i = 0; i < 4; ++i) {
    Value step = add(multiply(lane.inGroup, constant(2)), constant(line + i % 2));
    Value place = placeOf(begin, step, add(lane.group, constant(at + i / 2 * kColumns)));
    words.push_back(LLVM::LoadOp::create(builder, loc, builder.getI32Type(), place));
  }
  return words;
}

void TensorTiles::multiplyWeights(unsigned number, int64_t length, Value lines, ArrayRef<Value> weights,
                                  MutableArrayRef<Value> sums) {
  lane = laneOf(add(thread, loadZero()));
  unsigned first = number * elementsOfLine() / kColumns;
  unsigned count = std::min(elementsOfLine() / kColumns, productsAcross(length) - first);
  for (unsigned step = 0; step < kTile; step += stepsOfProduct()) {
    Tf32Parts left = split(weights.slice(step / stepsOfProduct() * kResults, kResults));
    for (unsigned across = 0; across < count; across += 2) {
      Tf32Parts right = split(readAcross(lines, step, across * kColumns));
      for (unsigned i = 0; i < std::min(2u, count - across); ++i)
        multiplyFragments(left, right, 2 * i, sums.slice((first + across + i) * kResults, kResults));
    }
  }
}

//===----------------------------------------------------------------------===//
// Weights and tiles
//===----------------------------------------------------------------------===//

Value TensorTiles::weigh(Value score, Value from) {
  if (element.isF32())
    return AttentionWriter::weigh(score, from);
  Value difference = arith::SubFOp::create(builder, loc, score, from);
  Value exponent = arith::MulFOp::create(builder, loc, difference, number(1.44269504f));
  return callIntrinsic("ex2.approx.ftz.f32", f32, exponent);
}

/// Two weights as a pair of steps.
Value TensorTiles::pack(Value first, Value second) {
  StringRef name = element.isF16() ? "ff2f16x2.rn" : "ff2bf16x2.rn";
  return callIntrinsic(name, VectorType::get(2, element), {second, first});
}

SmallVector<Value> TensorTiles::packWeights(ArrayRef<Value> weights) {
  SmallVector<Value> packed;
  if (element.isF32()) {
    for (unsigned first = 0; first < weights.size(); first += kResults)
      for (unsigned i : {0, 2, 1, 3})
        packed.push_back(arith::BitcastOp::create(builder, loc, builder.getI32Type(), weights[first + i]));
    return packed;
  }
  for (unsigned i = 0; i < weights.size(); i += 2)
    packed.push_back(pack(weights[i], weights[i + 1]));
  return packed;
}

Value TensorTiles::agreeInWarp(Value condition) {
  Value all = arith::ConstantIntOp::create(builder, loc, -1, 32);
  return callIntrinsic("vote.all.sync", builder.getI1Type(), {all, condition});
}

Value TensorTiles::findTile(Value begin, Value end, function_ref<Value(Value)> isHiddenTile) {
  if (!hasMask())
    return begin;
  Value no = arith::ConstantIntOp::create(builder, loc, 0, 1);
  auto condition = [&](ValueRange carried) {
    Value first = carried.front();
    Value isBehind = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::uge, first, end);
    return unless(isBehind, no, [&] { return SmallVector<Value>{isHiddenTile(first)}; })[0];
  };
  return repeat(begin, condition,
                [&](ValueRange carried) { return SmallVector<Value>{nextOf(carried.front())}; })
      .front();
}

SmallVector<Value> TensorTiles::repeat(ValueRange carried, function_ref<Value(ValueRange)> condition,
                                       function_ref<SmallVector<Value>(ValueRange)> body) {
  auto loop = scf::WhileOp::create(
      builder, loc, carried.getTypes(), carried, [](OpBuilder &, Location, ValueRange) {},
      [](OpBuilder &, Location, ValueRange) {});
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToEnd(loop.getBeforeBody());
  scf::ConditionOp::create(builder, loc, condition(loop.getBeforeArguments()), loop.getBeforeArguments());
  builder.setInsertionPointToEnd(loop.getAfterBody());
  scf::YieldOp::create(builder, loc, body(loop.getAfterArguments()));
  return SmallVector<Value>(loop.getResults());
}

} // namespace tgc
