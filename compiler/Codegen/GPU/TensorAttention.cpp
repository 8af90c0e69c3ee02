//===- TensorAttention.cpp - Attention on tensor cores --------------------===//
//
// f16 and bf16 with sums in f32, from sm_80 on. A block has 64 queries of one batch, each of four warps 16 of
// them, and goes through the keys 64 at a time:
//
//   scores = f(queries * keys)                      products of 16 x 8, in registers
//   the largest score of each row, and what earlier sums shrink by
//   weights = exp(scores - largest), and their sum
//   results = results * what they shrink by + weights * values
//
// What a lane has of the result of a product is, as 16 bits, what it needs of the first factor of the next,
// so weights stay in registers. Keys and values pass through a ring of pieces in shared memory, 64 lines of
// 128 bytes each, which asynchronous copies fill some pieces ahead; the queries stay there. Chunks of 16
// bytes are permuted in their lines, so that `ldmatrix` meets each bank once. Where all weights of a warp's
// rows are 0 in f32, it leaves the values out: masks at the end of keys or above a diagonal cost half.
//
// Milakov and Gimelshein, "Online normalizer calculation for softmax", 2018; Dao et al., "FlashAttention",
// 2022, and Dao, "FlashAttention-2", 2023. Fragments are those of the instruction set's manual (see
// TensorKernels).
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/GPU/AttentionWriter.h"
#include "compiler/Codegen/GPU/ContractWriter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace tgc {
namespace {

class TensorAttention : AttentionWriter {
public:
  using AttentionWriter::AttentionWriter;

  void write() {
    beginTiles(kThreads);
    element = getElementTypeOrSelf(op.getDpsInputs()[kQueries].getType());
    memory = declareShared("pieces", builder.getI8Type(), (piecesOf(depth) + numStages()) * kPieceBytes);
    thread = special("tid.x");
    Value lane = remainder(thread, kWarp);
    warpRow = multiply(divide(thread, kWarp), constant(kRows));
    group = divide(lane, 4);
    inGroup = remainder(lane, 4);
    rowOfMatrix = remainder(lane, 8);
    lowHalf = remainder(divide(lane, 8), 2);
    highHalf = divide(lane, 16);
    forEachTile(countTiles(queries), [&](ArrayRef<Value> batch, Value tile) {
      writeTile(batch, multiply(tile, constant(kTile)));
    });
    finish();
  }

private:
  static constexpr unsigned kThreads = 128, kWarp = 32;
  /// Products have 16 x 8 results and 16 steps; a lane has four of the results.
  static constexpr unsigned kRows = 16, kColumns = 8, kSteps = 16, kResults = 4;
  /// Rows of which a lane has results in a product, and lanes that share a row.
  static constexpr unsigned kRowsOfLane = 2, kLanesOfRow = 4;
  static constexpr unsigned kChunkBytes = 16, kLineBytes = 128, kPieceBytes = kTile * kLineBytes;
  static constexpr unsigned kElementBytes = 2, kElementsOfLine = kLineBytes / kElementBytes;
  /// All that a block can have without asking.
  static constexpr unsigned kMostShared = 48 << 10, kMostStages = 4;

  static unsigned piecesOf(int64_t elements) { return llvm::divideCeil(elements, kElementsOfLine); }
  unsigned numStages() const { return std::min(kMostStages, kMostShared / kPieceBytes - piecesOf(depth)); }
  /// Pieces of a tile of keys: of the keys first, then of the values.
  unsigned piecesOfTile() const { return piecesOf(depth) + piecesOf(width); }
  /// Products side by side over the columns of results.
  unsigned productsAcross() const { return llvm::divideCeil(width, kColumns); }

  //===--------------------------------------------------------------------===//
  // Shared memory
  //===--------------------------------------------------------------------===//

  /// The byte of an element in the pieces from `begin` on.
  Value placeOf(Value begin, Value line, Value at) {
    constexpr unsigned kOfChunk = kChunkBytes / kElementBytes;
    Value chunk = arith::XOrIOp::create(builder, loc, divide(at, kOfChunk), remainder(line, 8));
    Value place =
        add(add(begin, multiply(line, constant(kLineBytes))), multiply(chunk, constant(kChunkBytes)));
    return elementOf(memory, builder.getI8Type(),
                     add(place, multiply(remainder(at, kOfChunk), constant(kElementBytes))));
  }

  /// How many neighbours a copy takes; none: elements go through registers.
  unsigned elementsOfCopy(OpOperand &operand, unsigned loop) {
    AffineMap map = op.getMatchingIndexingMap(&operand);
    if (map.getResults().back() != builder.getAffineDimExpr(loop))
      return 0;
    int64_t range = op.getStaticLoopRanges()[loop];
    for (unsigned count = kChunkBytes / kElementBytes; count > 1; count /= 2)
      if (range % count == 0 && hasGroups(cast<MemRefType>(operand.get().getType()), count))
        return count;
    return 0;
  }

  /// Lines of queries, keys or values, and the elements along them.
  struct Lines {
    unsigned operand, loop, elementLoop;
    Value count;
  };
  Lines linesOf(unsigned operand) {
    return {operand, operand == kQueries ? loops.query : loops.key,
            operand == kValues ? loops.value : loops.depth, operand == kQueries ? queries : keys};
  }

  /// Starts to bring piece `piece` of the lines from `first` on to `to`. What lies outside becomes zero.
  void fill(const Lines &lines, ArrayRef<Value> batch, Value first, unsigned piece, Value to) {
    OpOperand &operand = *op.getDpsInputOperand(lines.operand);
    Value numElements = constant(op.getStaticLoopRanges()[lines.elementLoop]);
    unsigned count = elementsOfCopy(operand, lines.elementLoop), atOnce = std::max(count, 1u);
    unsigned copiesOfLine = kElementsOfLine / atOnce;
    forEach(thread, constant(kTile * copiesOfLine), constant(kThreads), {}, [&](Value copy, ValueRange) {
      Value line = divide(copy, copiesOfLine);
      Value at = multiply(remainder(copy, copiesOfLine), constant(atOnce));
      Value place = placeOf(to, line, at);
      line = add(first, line);
      at = add(at, constant(kElementsOfLine * piece));
      Value isInside =
          arith::AndIOp::create(builder, loc, isBelow(line, lines.count), isBelow(at, numElements));
      SmallVector<Value> index(batch);
      index[lines.loop] = clip(line, lines.count);
      index[lines.elementLoop] = choose(isInside, at, constant(0));
      Value from = addressAt(operand, index);
      if (!count) {
        Value zero = arith::ConstantOp::create(builder, loc, builder.getZeroAttr(element));
        Value loaded = LLVM::LoadOp::create(builder, loc, element, from);
        LLVM::StoreOp::create(builder, loc, choose(isInside, loaded, zero), place);
        return SmallVector<Value>();
      }
      auto word = [&](int64_t number) { return arith::ConstantIntOp::create(builder, loc, number, 32); };
      unsigned bytes = count * kElementBytes;
      Value taken = choose(isInside, word(bytes), word(0));
      StringRef name = bytes == kChunkBytes ? "cp.async.cg.shared.global.16.s"
                       : bytes == 8         ? "cp.async.ca.shared.global.8.s"
                                            : "cp.async.ca.shared.global.4.s";
      callIntrinsic(name, Type(), {place, from, taken});
      return SmallVector<Value>();
    });
  }

  /// Where the pieces of a ring's slot begin, behind the queries.
  Value beginOf(Value slot) { return multiply(add(slot, constant(piecesOf(depth))), constant(kPieceBytes)); }

  /// Starts to fill a slot with piece `number` of the tiles from `firstKey` on, if there is such a one.
  void fillSlot(ArrayRef<Value> batch, Value firstKey, unsigned number, Value slot) {
    Value first = add(firstKey, constant(kTile * (number / piecesOfTile())));
    unsigned piece = number % piecesOfTile(), numKeyPieces = piecesOf(depth);
    auto ifThere = scf::IfOp::create(builder, loc, isBelow(first, keys), /*withElseRegion=*/false);
    {
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPointToStart(ifThere.thenBlock());
      bool isOfKeys = piece < numKeyPieces;
      fill(linesOf(isOfKeys ? kKeys : kValues), batch, first, isOfKeys ? piece : piece - numKeyPieces,
           beginOf(slot));
    }
    callIntrinsic("cp.async.commit.group", Type(), {});
  }

  /// The next slot, or the one before.
  Value neighbour(Value slot, bool isNext) {
    unsigned last = numStages() - 1;
    Value isAtEnd =
        arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, slot, constant(isNext ? last : 0));
    Value moved =
        isNext ? add(slot, constant(1)) : Value(arith::SubIOp::create(builder, loc, slot, constant(1)));
    return choose(isAtEnd, constant(isNext ? 0 : last), moved);
  }

  //===--------------------------------------------------------------------===//
  // Products
  //===--------------------------------------------------------------------===//

  SmallVector<Value> unpack(Value four) {
    SmallVector<Value> values;
    for (int64_t i = 0; i < kResults; ++i)
      values.push_back(LLVM::ExtractValueOp::create(builder, loc, four, i));
    return values;
  }

  /// As the instruction takes pairs of steps: vectors of f16, words for bf16.
  Value asPair(Value word) {
    Type pair = element.isF16() ? Type(VectorType::get(2, element)) : Type(builder.getI32Type());
    return word.getType() == pair ? word : Value(LLVM::BitcastOp::create(builder, loc, pair, word));
  }

  /// Four matrices of 8 x 8 elements: the one of this lane's number begins at its line and its element.
  SmallVector<Value> readMatrices(Value begin, Value line, Value at, bool isTurned) {
    Type word = builder.getI32Type();
    auto all = LLVM::LLVMStructType::getLiteral(op.getContext(), {word, word, word, word});
    StringRef name =
        isTurned ? "ldmatrix.sync.aligned.m8n8.x4.trans.b16.p3" : "ldmatrix.sync.aligned.m8n8.x4.b16.p3";
    SmallVector<Value> words = unpack(callIntrinsic(name, all, placeOf(begin, line, at)));
    for (Value &one : words)
      one = asPair(one);
    return words;
  }

  Value halved(Value half, unsigned from) { return add(multiply(half, constant(8)), constant(from)); }

  /// Adds a product of 16 x 8 results.
  void multiplyFragments(ArrayRef<Value> left, ArrayRef<Value> right, MutableArrayRef<Value> sums) {
    SmallVector<Value> operands(left);
    llvm::append_range(operands, right);
    llvm::append_range(operands, sums);
    auto all = LLVM::LLVMStructType::getLiteral(op.getContext(), {f32, f32, f32, f32});
    StringRef name = element.isF16() ? "mma.m16n8k16.row.col.f32.f32" : "mma.m16n8k16.row.col.bf16";
    llvm::copy(unpack(callIntrinsic(name, all, operands)), sums.begin());
  }

  /// Adds the products of a piece of keys to the scores.
  void multiplyKeys(unsigned piece, Value begin, MutableArrayRef<Value> scores) {
    Value queriesBegin = constant(piece * kPieceBytes);
    unsigned steps = std::min<int64_t>(kElementsOfLine, depth - int64_t(piece) * kElementsOfLine);
    for (unsigned step = 0; step < steps; step += kSteps) {
      SmallVector<Value> left = readMatrices(queriesBegin, add(warpRow, add(halved(lowHalf, 0), rowOfMatrix)),
                                             halved(highHalf, step), /*isTurned=*/false);
      for (unsigned key = 0; key < kTile; key += 2 * kColumns) {
        SmallVector<Value> right = readMatrices(begin, add(halved(highHalf, key), rowOfMatrix),
                                                halved(lowHalf, step), /*isTurned=*/false);
        for (unsigned i : {0, 1})
          multiplyFragments(left, ArrayRef(right).slice(2 * i, 2),
                            scores.slice((key / kColumns + i) * kResults, kResults));
      }
    }
  }

  /// Adds the products of weights and a piece of values to the results.
  void multiplyValues(unsigned piece, Value begin, ArrayRef<Value> weights, MutableArrayRef<Value> results) {
    unsigned first = piece * kElementsOfLine / kColumns;
    unsigned count = std::min(kElementsOfLine / kColumns, productsAcross() - first);
    for (unsigned step = 0; step < kTile; step += kSteps)
      for (unsigned across = 0; across < count; across += 2) {
        SmallVector<Value> right = readMatrices(begin, add(halved(lowHalf, step), rowOfMatrix),
                                                halved(highHalf, across * kColumns), /*isTurned=*/true);
        for (unsigned i = 0; i < std::min(2u, count - across); ++i)
          multiplyFragments(weights.slice(step / kSteps * kResults, kResults),
                            ArrayRef(right).slice(2 * i, 2),
                            results.slice((first + across + i) * kResults, kResults));
      }
  }

  //===--------------------------------------------------------------------===//
  // Weights
  //===--------------------------------------------------------------------===//

  /// What is carried from one tile of keys to the next, of each of a lane's rows: the largest score, the
  /// lane's sum of weights, and the sums of weighted values.
  struct Rows {
    Value slot;
    SmallVector<Value> largest, sums, results;

    SmallVector<Value> all() const {
      SmallVector<Value> values = {slot};
      values.append(largest);
      values.append(sums);
      values.append(results);
      return values;
    }
  };
  static Rows rowsOf(ValueRange all) {
    ValueRange numbers = all.drop_front();
    return {all.front(), llvm::to_vector(numbers.take_front(kRowsOfLane)),
            llvm::to_vector(numbers.slice(kRowsOfLane, kRowsOfLane)),
            llvm::to_vector(numbers.drop_front(2 * kRowsOfLane))};
  }

  /// exp of a difference that is not positive, as near as 16 bits of the result need.
  Value weigh(Value score, Value from) {
    Value difference = arith::SubFOp::create(builder, loc, score, from);
    Value exponent = arith::MulFOp::create(builder, loc, difference, number(1.44269504f));
    return callIntrinsic("ex2.approx.ftz.f32", f32, exponent);
  }

  /// Two weights as a pair of steps.
  Value pack(Value first, Value second) {
    StringRef name = element.isF16() ? "ff2f16x2.rn" : "ff2bf16x2.rn";
    return asPair(callIntrinsic(name, VectorType::get(2, element), {second, first}));
  }

  /// Makes weights of a tile's scores, and lets what was summed before shrink. Returns whether all weights of
  /// the warp are 0.
  Value weighScores(MutableArrayRef<Value> scores, Rows &rows) {
    Value isSilent;
    for (unsigned row = 0; row < kRowsOfLane; ++row) {
      SmallVector<unsigned> own;
      for (unsigned i = 0; i < scores.size(); ++i)
        if (i % kResults / 2 == row)
          own.push_back(i);
      Value most = scores[own.front()];
      for (unsigned i : ArrayRef(own).drop_front())
        most = arith::MaximumFOp::create(builder, loc, most, scores[i]);
      most = combine<arith::MaximumFOp>(most, kLanesOfRow);
      Value before = rows.largest[row];
      Value largest = arith::MaximumFOp::create(builder, loc, before, most);
      Value from = originOf(largest), shrink = weigh(before, from), sum = number(0);
      for (unsigned i : own) {
        scores[i] = weigh(scores[i], from);
        sum = arith::AddFOp::create(builder, loc, sum, scores[i]);
      }
      rows.largest[row] = largest;
      rows.sums[row] = fma(rows.sums[row], shrink, sum);
      for (unsigned i = 0; i < rows.results.size(); ++i)
        if (i % kResults / 2 == row)
          rows.results[i] = arith::MulFOp::create(builder, loc, rows.results[i], shrink);
      Value difference = arith::SubFOp::create(builder, loc, most, from);
      Value isLow =
          arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OLT, difference, number(kLeastExponent));
      isSilent = row ? Value(arith::AndIOp::create(builder, loc, isSilent, isLow)) : isLow;
    }
    Value all = arith::ConstantIntOp::create(builder, loc, -1, 32);
    return callIntrinsic("vote.all.sync", builder.getI1Type(), {all, isSilent});
  }

  /// The first factors of products with values, 16 keys each.
  SmallVector<Value> packWeights(ArrayRef<Value> weights) {
    SmallVector<Value> packed;
    for (unsigned i = 0; i < weights.size(); i += 2)
      packed.push_back(pack(weights[i], weights[i + 1]));
    return packed;
  }

  //===--------------------------------------------------------------------===//
  // Tiles
  //===--------------------------------------------------------------------===//

  void writeTile(ArrayRef<Value> batch, Value firstQuery) {
    unsigned ahead = numStages() - 1;
    for (unsigned piece = 0; piece < piecesOf(depth); ++piece)
      fill(linesOf(kQueries), batch, firstQuery, piece, constant(piece * kPieceBytes));
    for (unsigned i = 0; i < ahead; ++i)
      fillSlot(batch, constant(0), i, constant(i));
    Rows rows;
    rows.slot = constant(0);
    rows.largest.assign(kRowsOfLane, number(-std::numeric_limits<float>::infinity()));
    rows.sums.assign(kRowsOfLane, number(0));
    rows.results.assign(productsAcross() * kResults, number(0));
    rows =
        rowsOf(forEach(constant(0), keys, constant(kTile), rows.all(), [&](Value firstKey, ValueRange all) {
          Rows inside = rowsOf(all);
          takeKeys(batch, firstQuery, firstKey, inside);
          return inside.all();
        }));
    // Without keys the copies of queries are still under way.
    callIntrinsic("cp.async.wait.group", Type(),
                  arith::ConstantIntOp::create(builder, loc, 0, 32).getResult());
    wait();
    storeResults(batch, firstQuery, rows);
  }

  /// Goes on to the next piece, which is there for all threads then, and lets the slot that nobody reads any
  /// more be filled. Returns where the piece begins.
  Value takePiece(ArrayRef<Value> batch, Value firstKey, unsigned piece, Value &slot) {
    unsigned ahead = numStages() - 1;
    Value open = arith::ConstantIntOp::create(builder, loc, ahead - 1, 32);
    callIntrinsic("cp.async.wait.group", Type(), open);
    wait();
    fillSlot(batch, firstKey, piece + ahead, neighbour(slot, /*isNext=*/false));
    Value begin = beginOf(slot);
    slot = neighbour(slot, /*isNext=*/true);
    return begin;
  }

  void takeKeys(ArrayRef<Value> batch, Value firstQuery, Value firstKey, Rows &rows) {
    SmallVector<Value> scores(kTile / kColumns * kResults, number(0));
    for (unsigned piece = 0; piece < piecesOf(depth); ++piece)
      multiplyKeys(piece, takePiece(batch, firstKey, piece, rows.slot), scores);
    for (unsigned i = 0; i < scores.size(); ++i)
      scores[i] = scoreOf(scores[i], batch, rowOf(firstQuery, i), add(firstKey, columnOf(i)));
    Value isSilent = weighScores(scores, rows);
    SmallVector<Value> weights = packWeights(scores);
    for (unsigned piece = 0; piece < piecesOf(width); ++piece) {
      Value begin = takePiece(batch, firstKey, piecesOf(depth) + piece, rows.slot);
      auto choice =
          scf::IfOp::create(builder, loc, ValueRange(rows.results).getTypes(), isSilent, /*withElse=*/true);
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPointToStart(choice.thenBlock());
      scf::YieldOp::create(builder, loc, rows.results);
      builder.setInsertionPointToStart(choice.elseBlock());
      multiplyValues(piece, begin, weights, rows.results);
      scf::YieldOp::create(builder, loc, rows.results);
      rows.results.assign(choice.result_begin(), choice.result_end());
    }
  }

  /// The query, and the column, of a lane's result number `i` in a row of products.
  Value rowOf(Value firstQuery, unsigned i) {
    return add(add(firstQuery, warpRow), add(group, constant(i % kResults / 2 * 8)));
  }
  Value columnOf(unsigned i) {
    return add(multiply(inGroup, constant(2)), constant(i / kResults * kColumns + i % 2));
  }

  void storeResults(ArrayRef<Value> batch, Value firstQuery, const Rows &rows) {
    SmallVector<Value> sums;
    for (Value sum : rows.sums)
      sums.push_back(combine<arith::AddFOp>(sum, kLanesOfRow));
    for (unsigned i = 0; i < rows.results.size(); ++i)
      storeResult(rows.results[i], sums[i % kResults / 2], batch, rowOf(firstQuery, i), columnOf(i));
  }

  Type element;
  Value memory, thread, warpRow, group, inGroup, rowOfMatrix, lowHalf, highHalf;
};

} // namespace

void writeAttentionKernel(const NestChain &chain, ModuleOp kernels, KernelRecord &record) {
  if (isAttentionGradient(chain.main))
    writeAttentionGradient(chain, kernels, record);
  else if (getElementTypeOrSelf(chain.main->getOperand(0).getType()).isF32())
    writeScalarAttention(chain, kernels, record);
  else
    TensorAttention(chain, kernels, record).write();
}

} // namespace tgc
