//===- TensorAttention.cpp - Attention on tensor cores --------------------===//
//
// A block has 64 queries of one batch, each of four warps 16 of them, and goes through the keys 64 at a time:
//
//   scores = f(queries * keys)                      products of 16 x 8, in registers
//   the largest score of each row, and what earlier sums shrink by
//   weights = exp(scores - largest), and their sum
//   results = results * what they shrink by + weights * values
//
// Queries are kept in shared memory, keys and values pass through its ring (see TensorTiles). Tiles of keys
// that a mask alone hides from all of a block's queries are not even copied. Where all weights of a warp's
// rows are 0 in f32, it leaves the values out.
//
// Milakov and Gimelshein, "Online normalizer calculation for softmax", 2018; Dao et al., "FlashAttention",
// 2022, and Dao, "FlashAttention-2", 2023.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/GPU/TensorTiles.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace tgc {
namespace {

class TensorAttention : TensorTiles {
public:
  using TensorTiles::TensorTiles;

  void write() {
    beginTiles(kThreads);
    SmallVector<Piece> pieces;
    appendPieces(kKeys, pieces);
    appendPieces(kValues, pieces);
    beginRing(pieces);
    findPlaces(piecesOf(depth));
    forEachTile(countTiles(queries), [&](ArrayRef<Value> batch, Value tile) {
      writeTile(batch, multiply(tile, constant(kTile)));
    });
    finish();
  }

private:
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
    return agreeInWarp(isSilent);
  }

  /// The first tile of keys from `begin` on that is not hidden, by what is known so far.
  Value findKeys(ArrayRef<Value> batch, Value firstQuery, Value begin, const Rows &rows) {
    return findTile(begin, keys, [&](Value first) {
      return isHidden(batch, firstQuery, first, rows.largest, /*mayGrow=*/true);
    });
  }

  void writeTile(ArrayRef<Value> batch, Value firstQuery) {
    for (unsigned piece = 0; piece < piecesOf(depth); ++piece)
      fill({kQueries, piece}, batch, firstQuery, constant(piece * kPieceBytes));
    Rows rows;
    rows.slot = constant(0);
    rows.largest.assign(kRowsOfLane, number(-std::numeric_limits<float>::infinity()));
    rows.sums.assign(kRowsOfLane, number(0));
    rows.results.assign(productsAcross(width) * kResults, number(0));
    for (unsigned i = 0; i < tilesAtOnce(); ++i)
      rows.tiles.push_back(findKeys(batch, firstQuery, i ? nextOf(rows.tiles.back()) : constant(0), rows));
    startRing(batch, rows.tiles);
    SmallVector<Value> all = repeat(
        rows.all(), [&](ValueRange all) { return isBelow(all.front(), keys); },
        [&](ValueRange all) {
          Rows inside = rowsOf(all);
          takeKeys(batch, firstQuery, inside);
          Value last = findKeys(batch, firstQuery, nextOf(inside.tiles.back()), inside);
          inside.tiles.erase(inside.tiles.begin());
          inside.tiles.push_back(last);
          return inside.all();
        });
    rows = rowsOf(all);
    // Without keys the copies of queries are still under way.
    endRing();
    storeResults(batch, firstQuery, rows);
  }

  /// Some at a time: addresses of extras and what lies there would fill the registers, from the first
  /// products on, where nobody kept them apart.
  void scoreProducts(MutableArrayRef<Value> scores, ArrayRef<Value> batch, Value firstQuery, Value firstKey) {
    constexpr unsigned kAtOnce = kResults;
    Value all = arith::ConstantIntOp::create(builder, loc, -1, 32), sameQuery, sameKey;
    for (unsigned i = 0; i < scores.size(); ++i) {
      if (i % kAtOnce == 0) {
        callIntrinsic("bar.warp.sync", Type(), all);
        Value nothing = loadZero();
        sameQuery = add(firstQuery, nothing);
        sameKey = add(firstKey, nothing);
      }
      scores[i] = scoreOf(scores[i], batch, rowOf(sameQuery, i), add(sameKey, columnOf(i)));
    }
  }

  void takeKeys(ArrayRef<Value> batch, Value firstQuery, Rows &rows) {
    Value firstKey = rows.tiles.front();
    SmallVector<Value> scores(kTile / kColumns * kResults, number(0));
    for (unsigned piece = 0; piece < piecesOf(depth); ++piece)
      multiplyLines(piece, depth, constant(piece * kPieceBytes),
                    takePiece(batch, rows.tiles, piece, rows.slot), scores);
    scoreProducts(scores, batch, firstQuery, firstKey);
    Value isSilent = weighScores(scores, rows);
    SmallVector<Value> weights = packWeights(scores);
    for (unsigned piece = 0; piece < piecesOf(width); ++piece) {
      Value begin = takePiece(batch, rows.tiles, piecesOf(depth) + piece, rows.slot);
      rows.results = unless(isSilent, rows.results, [&] {
        SmallVector<Value> sums(rows.results);
        multiplyWeights(piece, width, begin, weights, sums);
        return sums;
      });
    }
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
};

} // namespace

void writeTensorAttention(const NestChain &chain, GpuF32 products, ModuleOp kernels, KernelRecord &record) {
  TensorAttention(chain, products, kernels, record).write();
}

} // namespace tgc
