//===- TensorAttention.cpp - Attention on tensor cores --------------------===//
//
// f16, bf16 and tf32 with sums in f32, from sm_80 on. A block has 64 queries of one batch, each of four warps
// 16 of them, and goes through the keys 64 at a time:
//
//   scores = f(queries * keys)                      products of 16 x 8, in registers
//   the largest score of each row, and what earlier sums shrink by
//   weights = exp(scores - largest), and their sum
//   results = results * what they shrink by + weights * values
//
// What a lane has of the result of a product is, as 16 bits, what it needs of the first factor of the next,
// so weights stay in registers; so it is as tf32, if the keys 2t and 2t + 1 of eight are taken for the steps
// t and t + 4. f32 has one part or two, as in TensorKernels. Keys and values pass through a ring of pieces in
// shared memory, 64 lines of 128 bytes each, which asynchronous copies fill some pieces ahead; the queries
// stay there. Chunks of 16 bytes are permuted in their lines, so that `ldmatrix` meets each bank once; words
// across lines are loaded one by one. Tiles of keys that a mask alone hides from all of a block's queries are
// not even copied. Where all weights of a warp's rows are 0 in f32, it leaves the values out.
//
// Milakov and Gimelshein, "Online normalizer calculation for softmax", 2018; Dao et al., "FlashAttention",
// 2022, and Dao, "FlashAttention-2", 2023. Fragments are those of the instruction set's manual (see
// TensorKernels).
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/GPU/AttentionWriter.h"
#include "compiler/Codegen/GPU/ContractWriter.h"
#include "compiler/Codegen/GPU/Tf32Parts.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace tgc {
namespace {

class TensorAttention : AttentionWriter {
public:
  TensorAttention(const NestChain &chain, GpuF32 products, ModuleOp kernels, KernelRecord &record)
      : AttentionWriter(chain, kernels, record),
        element(getElementTypeOrSelf(op.getDpsInputs()[kQueries].getType())),
        hasParts(products != GpuF32::TF32) {}

  /// Longest queries and values of f32: with longer ones neither stages nor results find a place.
  static constexpr int64_t kMostF32 = 128;

  void write() {
    beginTiles(kThreads);
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
  /// Products have 16 x 8 results, of which a lane has four, and two chunks of steps.
  static constexpr unsigned kRows = 16, kColumns = 8, kResults = 4;
  /// Rows of which a lane has results in a product, and lanes that share a row.
  static constexpr unsigned kRowsOfLane = 2, kLanesOfRow = 4;
  static constexpr unsigned kWordBytes = 4, kChunkBytes = 16, kLineBytes = 128,
                            kPieceBytes = kTile * kLineBytes;
  /// All that a block can have without asking.
  static constexpr unsigned kMostShared = 48 << 10, kMostStages = 4;

  unsigned elementBytes() const { return element.getIntOrFloatBitWidth() / 8; }
  unsigned elementsOfLine() const { return kLineBytes / elementBytes(); }
  unsigned elementsOfChunk() const { return kChunkBytes / elementBytes(); }
  unsigned stepsOfProduct() const { return 2 * elementsOfChunk(); }
  unsigned piecesOf(int64_t elements) const { return llvm::divideCeil(elements, elementsOfLine()); }
  unsigned numStages() const { return std::min(kMostStages, kMostShared / kPieceBytes - piecesOf(depth)); }
  /// Pieces of a tile of keys: of the keys first, then of the values.
  unsigned piecesOfTile() const { return piecesOf(depth) + piecesOf(width); }
  /// The tiles that copies may be under way of.
  unsigned tilesAtOnce() const { return 1 + (piecesOfTile() + numStages() - 2) / piecesOfTile(); }
  /// Products side by side over the columns of results.
  unsigned productsAcross() const { return llvm::divideCeil(width, kColumns); }

  //===--------------------------------------------------------------------===//
  // Shared memory
  //===--------------------------------------------------------------------===//

  /// The byte of an element in the pieces from `begin` on.
  Value placeOf(Value begin, Value line, Value at) {
    unsigned ofChunk = elementsOfChunk();
    Value chunk = arith::XOrIOp::create(builder, loc, divide(at, ofChunk), remainder(line, 8));
    Value place =
        add(add(begin, multiply(line, constant(kLineBytes))), multiply(chunk, constant(kChunkBytes)));
    return elementOf(memory, builder.getI8Type(),
                     add(place, multiply(remainder(at, ofChunk), constant(elementBytes()))));
  }

  /// How many neighbours a copy takes; none: elements go through registers.
  unsigned elementsOfCopy(OpOperand &operand, unsigned loop) {
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
    unsigned copiesOfLine = elementsOfLine() / atOnce;
    forEach(thread, constant(kTile * copiesOfLine), constant(kThreads), {}, [&](Value copy, ValueRange) {
      Value line = divide(copy, copiesOfLine);
      Value at = multiply(remainder(copy, copiesOfLine), constant(atOnce));
      Value place = placeOf(to, line, at);
      line = add(first, line);
      at = add(at, constant(elementsOfLine() * piece));
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
      unsigned bytes = count * elementBytes();
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

  /// Starts to fill a slot with piece `number` of some tiles, if there is such a one.
  void fillSlot(ArrayRef<Value> batch, ArrayRef<Value> tiles, unsigned number, Value slot) {
    Value first = tiles[number / piecesOfTile()];
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

  /// As the instruction takes words of steps: vectors of f16, numbers for others.
  Value asWord(Value word) {
    Type type = element.isF16() ? Type(VectorType::get(2, element)) : Type(builder.getI32Type());
    return word.getType() == type ? word : Value(LLVM::BitcastOp::create(builder, loc, type, word));
  }

  /// Words of a factor.
  Tf32Parts split(ArrayRef<Value> words) {
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
  SmallVector<Value> readMatrices(Value begin, Value line, Value at, bool isTurned) {
    Type word = builder.getI32Type();
    auto all = LLVM::LLVMStructType::getLiteral(op.getContext(), {word, word, word, word});
    StringRef name =
        isTurned ? "ldmatrix.sync.aligned.m8n8.x4.trans.b16.p3" : "ldmatrix.sync.aligned.m8n8.x4.b16.p3";
    return unpack(callIntrinsic(name, all, placeOf(begin, line, at)));
  }

  /// Half a matrix further on: eight lines, or a chunk of elements.
  Value lineOf(Value half, unsigned from) { return add(multiply(half, constant(8)), constant(from)); }
  Value elementOfLine(Value half, unsigned from) {
    return add(multiply(half, constant(elementsOfChunk())), constant(from));
  }

  /// Adds a product of 16 x 8 results: of two words of `right` from `first` on.
  void multiplyWords(ArrayRef<Value> left, ArrayRef<Value> right, unsigned first,
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

  void multiplyFragments(const Tf32Parts &left, const Tf32Parts &right, unsigned first,
                         MutableArrayRef<Value> sums) {
    if (!left.small.empty()) {
      // The smallest first.
      multiplyWords(left.small, right.finite, first, sums);
      multiplyWords(left.finite, right.small, first, sums);
    }
    multiplyWords(left.large, right.large, first, sums);
  }

  /// Adds the products of a piece of keys to the scores.
  void multiplyKeys(unsigned piece, Value begin, MutableArrayRef<Value> scores) {
    Value queriesBegin = constant(piece * kPieceBytes);
    unsigned steps = std::min<int64_t>(elementsOfLine(), depth - int64_t(piece) * elementsOfLine());
    for (unsigned step = 0; step < steps; step += stepsOfProduct()) {
      Tf32Parts left = split(readMatrices(queriesBegin, add(warpRow, add(lineOf(lowHalf, 0), rowOfMatrix)),
                                          elementOfLine(highHalf, step), /*isTurned=*/false));
      for (unsigned key = 0; key < kTile; key += 2 * kColumns) {
        Tf32Parts right = split(readMatrices(begin, add(lineOf(highHalf, key), rowOfMatrix),
                                             elementOfLine(lowHalf, step), /*isTurned=*/false));
        for (unsigned i : {0, 1})
          multiplyFragments(left, right, 2 * i, scores.slice((key / kColumns + i) * kResults, kResults));
      }
    }
  }

  /// The words of two products' columns of values.
  SmallVector<Value> readValues(Value begin, unsigned key, unsigned column) {
    if (!element.isF32())
      return readMatrices(begin, add(lineOf(lowHalf, key), rowOfMatrix), elementOfLine(highHalf, column),
                          /*isTurned=*/true);
    SmallVector<Value> words;
    for (unsigned i = 0; i < 4; ++i) {
      Value line = add(multiply(inGroup, constant(2)), constant(key + i % 2));
      Value place = placeOf(begin, line, add(group, constant(column + i / 2 * kColumns)));
      words.push_back(LLVM::LoadOp::create(builder, loc, builder.getI32Type(), place));
    }
    return words;
  }

  /// Adds the products of weights and a piece of values to the results.
  void multiplyValues(unsigned piece, Value begin, ArrayRef<Value> weights, MutableArrayRef<Value> results) {
    unsigned first = piece * elementsOfLine() / kColumns;
    unsigned count = std::min(elementsOfLine() / kColumns, productsAcross() - first);
    for (unsigned step = 0; step < kTile; step += stepsOfProduct()) {
      Tf32Parts left = split(weights.slice(step / stepsOfProduct() * kResults, kResults));
      for (unsigned across = 0; across < count; across += 2) {
        Tf32Parts right = split(readValues(begin, step, across * kColumns));
        for (unsigned i = 0; i < std::min(2u, count - across); ++i)
          multiplyFragments(left, right, 2 * i, results.slice((first + across + i) * kResults, kResults));
      }
    }
  }

  //===--------------------------------------------------------------------===//
  // Weights
  //===--------------------------------------------------------------------===//

  /// What is carried from one tile of keys to the next: the first keys of that and of those to come; and of
  /// each of a lane's rows the largest score, the lane's sum of weights, and the sums of weighted values.
  struct Rows {
    SmallVector<Value> tiles;
    Value slot;
    SmallVector<Value> largest, sums, results;

    SmallVector<Value> all() const {
      SmallVector<Value> values(tiles);
      values.push_back(slot);
      values.append(largest);
      values.append(sums);
      values.append(results);
      return values;
    }
  };
  Rows rowsOf(ValueRange all) const {
    Rows rows;
    auto take = [&](unsigned count) {
      SmallVector<Value> values(all.take_front(count));
      all = all.drop_front(count);
      return values;
    };
    rows.tiles = take(tilesAtOnce());
    rows.slot = take(1).front();
    rows.largest = take(kRowsOfLane);
    rows.sums = take(kRowsOfLane);
    rows.results = take(all.size());
    return rows;
  }

  /// exp of a difference that is not positive, as near as the results need.
  Value weigh(Value score, Value from) {
    if (element.isF32())
      return AttentionWriter::weigh(score, from);
    Value difference = arith::SubFOp::create(builder, loc, score, from);
    Value exponent = arith::MulFOp::create(builder, loc, difference, number(1.44269504f));
    return callIntrinsic("ex2.approx.ftz.f32", f32, exponent);
  }

  /// Two weights as a pair of steps.
  Value pack(Value first, Value second) {
    StringRef name = element.isF16() ? "ff2f16x2.rn" : "ff2bf16x2.rn";
    return callIntrinsic(name, VectorType::get(2, element), {second, first});
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

  /// The words of the first factors of products with values.
  SmallVector<Value> packWeights(ArrayRef<Value> weights) {
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

  //===--------------------------------------------------------------------===//
  // Tiles
  //===--------------------------------------------------------------------===//

  Value nextOf(Value tile) { return add(tile, constant(kTile)); }

  /// `body` as long as the condition holds of what is carried.
  SmallVector<Value> repeat(ValueRange carried, function_ref<Value(ValueRange)> condition,
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

  /// The first tile of keys from `begin` on that is not hidden, by what is known so far.
  Value findTile(ArrayRef<Value> batch, Value firstQuery, Value begin, const Rows &rows) {
    if (!hasMask())
      return begin;
    Value no = arith::ConstantIntOp::create(builder, loc, 0, 1);
    auto isHiddenTile = [&](ValueRange carried) {
      Value first = carried.front();
      Value isBehind = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::uge, first, keys);
      return unless(isBehind, no, [&] {
        return SmallVector<Value>{isHidden(batch, firstQuery, first, rows.largest, /*mayGrow=*/true)};
      })[0];
    };
    return repeat(begin, isHiddenTile,
                  [&](ValueRange carried) { return SmallVector<Value>{nextOf(carried.front())}; })
        .front();
  }

  void writeTile(ArrayRef<Value> batch, Value firstQuery) {
    unsigned ahead = numStages() - 1;
    for (unsigned piece = 0; piece < piecesOf(depth); ++piece)
      fill(linesOf(kQueries), batch, firstQuery, piece, constant(piece * kPieceBytes));
    Rows rows;
    rows.slot = constant(0);
    rows.largest.assign(kRowsOfLane, number(-std::numeric_limits<float>::infinity()));
    rows.sums.assign(kRowsOfLane, number(0));
    rows.results.assign(productsAcross() * kResults, number(0));
    for (unsigned i = 0; i < tilesAtOnce(); ++i)
      rows.tiles.push_back(findTile(batch, firstQuery, i ? nextOf(rows.tiles.back()) : constant(0), rows));
    for (unsigned i = 0; i < ahead; ++i)
      fillSlot(batch, rows.tiles, i, constant(i));
    SmallVector<Value> all = repeat(
        rows.all(), [&](ValueRange all) { return isBelow(all.front(), keys); },
        [&](ValueRange all) {
          Rows inside = rowsOf(all);
          takeKeys(batch, firstQuery, inside);
          Value last = findTile(batch, firstQuery, nextOf(inside.tiles.back()), inside);
          inside.tiles.erase(inside.tiles.begin());
          inside.tiles.push_back(last);
          return inside.all();
        });
    rows = rowsOf(all);
    // Without keys the copies of queries are still under way.
    callIntrinsic("cp.async.wait.group", Type(),
                  arith::ConstantIntOp::create(builder, loc, 0, 32).getResult());
    wait();
    storeResults(batch, firstQuery, rows);
  }

  /// Goes on to the next piece, which is there for all threads then, and lets the slot that nobody reads any
  /// more be filled. Returns where the piece begins.
  Value takePiece(ArrayRef<Value> batch, ArrayRef<Value> tiles, unsigned piece, Value &slot) {
    unsigned ahead = numStages() - 1;
    Value open = arith::ConstantIntOp::create(builder, loc, ahead - 1, 32);
    callIntrinsic("cp.async.wait.group", Type(), open);
    wait();
    fillSlot(batch, tiles, piece + ahead, neighbour(slot, /*isNext=*/false));
    Value begin = beginOf(slot);
    slot = neighbour(slot, /*isNext=*/true);
    return begin;
  }

  void takeKeys(ArrayRef<Value> batch, Value firstQuery, Rows &rows) {
    Value firstKey = rows.tiles.front();
    SmallVector<Value> scores(kTile / kColumns * kResults, number(0));
    for (unsigned piece = 0; piece < piecesOf(depth); ++piece)
      multiplyKeys(piece, takePiece(batch, rows.tiles, piece, rows.slot), scores);
    for (unsigned i = 0; i < scores.size(); ++i)
      scores[i] = scoreOf(scores[i], batch, rowOf(firstQuery, i), add(firstKey, columnOf(i)));
    Value isSilent = weighScores(scores, rows);
    SmallVector<Value> weights = packWeights(scores);
    for (unsigned piece = 0; piece < piecesOf(width); ++piece) {
      Value begin = takePiece(batch, rows.tiles, piecesOf(depth) + piece, rows.slot);
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
    Value isFirst = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, inGroup, constant(0));
    for (unsigned row = 0; row < kRowsOfLane; ++row)
      storeStatistics(rows.largest[row], sums[row], batch, rowOf(firstQuery, 2 * row), isFirst);
    for (unsigned i = 0; i < rows.results.size(); ++i)
      storeResult(rows.results[i], sums[i % kResults / 2], batch, rowOf(firstQuery, i), columnOf(i));
  }

  Type element;
  bool hasParts;
  Value memory, thread, warpRow, group, inGroup, rowOfMatrix, lowHalf, highHalf;
};

} // namespace

void writeAttentionKernel(const NestChain &chain, GpuF32 products, ModuleOp kernels, KernelRecord &record) {
  if (isAttentionGradient(chain.main))
    return writeAttentionGradient(chain, kernels, record);
  linalg::GenericOp op = chain.main;
  AttentionLoops loops = getAttentionLoops(op);
  SmallVector<int64_t> ranges = op.getStaticLoopRanges();
  bool isLong = std::max(ranges[loops.depth], ranges[loops.value]) > TensorAttention::kMostF32;
  // Gradients compute the scores again, by threads, and should find those that the statistics are of.
  bool isOfThreads = products == GpuF32::IEEE && op.getNumDpsInits() > 1;
  if (getElementTypeOrSelf(op.getDpsInputs()[0].getType()).isF32() && (isLong || isOfThreads))
    return writeScalarAttention(chain, kernels, record);
  TensorAttention(chain, products, kernels, record).write();
}

} // namespace tgc
