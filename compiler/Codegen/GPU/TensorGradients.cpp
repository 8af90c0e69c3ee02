//===- TensorGradients.cpp - Gradients of attention on tensor cores -------===//
//
// As AttentionGradients, with products as in TensorTiles: a block makes 64 rows of one of the three
// gradients, and each of its four warps 16 of them. What weights and their gradients are made of is kept in
// shared memory for the block's rows, and passes through the ring for the columns:
//
//                  kept                   in the ring, for each tile of columns
//   of queries     queries, gradients     keys, values, keys
//   of keys        keys, values           queries, gradients, queries
//   of values      keys                   queries, gradients
//
// Products of the last of them with weights, which stay in registers, are summed. Three numbers of each query
// wait in shared memory. Tiles that a mask hides are not copied; a warp whose weights are all 0 in f32
// multiplies nothing more of a tile.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/GPU/TensorTiles.h"
#include "dialects/Kernel/IR/KernelDialect.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;

namespace tgc {
namespace {

using Op = kernel::AttentionGradOp;

class TensorGradient : TensorTiles {
public:
  using TensorTiles::TensorTiles;

  void write() {
    beginTiles(kThreads);
    countBlocksOfGradients();
    findPlaces(piecesOf(depth) + piecesOf(width));
    for (Value &of : statistics)
      of = declareShared("statistics" + std::to_string(&of - statistics), f32, kTile);
    forEachGradient([&](ArrayRef<Value> batch, Gradient gradient, Value firstRow) {
      writeRows(batch, gradient, firstRow);
    });
    finish();
  }

private:
  /// What is known of each query: the number that scores are compared with, what weights are multiplied by,
  /// and the sum of gradients * attended.
  enum Statistic { Origin, Share, Difference, kNumStatistics };

  /// What is carried from one tile of columns to the next.
  struct Columns {
    SmallVector<Value> tiles;
    Value slot;
    SmallVector<Value> sums;

    SmallVector<Value> all() const {
      SmallVector<Value> values(tiles);
      values.push_back(slot);
      values.append(sums);
      return values;
    }
  };
  Columns columnsOf(ValueRange all) const {
    unsigned count = tilesAtOnce();
    return {llvm::to_vector(all.take_front(count)), all[count], llvm::to_vector(all.drop_front(count + 1))};
  }

  /// A tile of queries and keys, of which the rows are one.
  struct Tile {
    ArrayRef<Value> batch;
    Gradient gradient;
    Value firstRow, firstColumn;

    bool hasQueries() const { return gradient == OfQueries; }
    Value firstQuery() const { return hasQueries() ? firstRow : firstColumn; }
    Value firstKey() const { return hasQueries() ? firstColumn : firstRow; }
  };

  /// The operands whose products are scores, and those that give the gradients of weights: of rows, and of
  /// columns.
  static std::pair<unsigned, unsigned> factorsOf(Gradient gradient, bool ofWeights) {
    std::pair<unsigned, unsigned> factors = ofWeights
                                                ? std::pair<unsigned, unsigned>(Op::kGradients, Op::kValues)
                                                : std::pair<unsigned, unsigned>(Op::kQueries, Op::kKeys);
    return gradient == OfQueries ? factors : std::pair(factors.second, factors.first);
  }
  /// What weights or products are multiplied by, and summed.
  static unsigned summedOf(Gradient gradient) {
    return gradient == OfValues ? unsigned(Op::kGradients) : factorsOf(gradient, /*ofWeights=*/false).second;
  }
  int64_t lengthOf(Gradient gradient) const { return gradient == OfValues ? width : depth; }

  void writeRows(ArrayRef<Value> batch, Gradient gradient, Value firstRow) {
    bool hasQueries = gradient == OfQueries;
    Value end = hasQueries ? keys : queries;
    SmallVector<Piece> kept, passing;
    for (bool ofWeights : {false, true}) {
      if (ofWeights && gradient == OfValues)
        continue;
      auto [row, column] = factorsOf(gradient, ofWeights);
      appendPieces(row, kept);
      appendPieces(column, passing);
    }
    appendPieces(summedOf(gradient), passing);
    beginRing(passing);
    for (auto [place, piece] : llvm::enumerate(kept))
      fill(piece, batch, firstRow, constant(place * kPieceBytes));
    if (hasQueries)
      shareStatistics(batch, firstRow, /*hasDifferences=*/true);

    auto find = [&](Value begin) {
      return findTile(begin, end,
                      [&](Value first) { return isHiddenTile({batch, gradient, firstRow, first}); });
    };
    Columns columns;
    columns.slot = constant(0);
    columns.sums.assign(productsAcross(lengthOf(gradient)) * kResults, number(0));
    for (unsigned i = 0; i < tilesAtOnce(); ++i)
      columns.tiles.push_back(find(i ? nextOf(columns.tiles.back()) : constant(0)));
    startRing(batch, columns.tiles);
    SmallVector<Value> all = repeat(
        columns.all(), [&](ValueRange all) { return isBelow(all.front(), end); },
        [&](ValueRange all) {
          Columns inside = columnsOf(all);
          takeColumns({batch, gradient, firstRow, inside.tiles.front()}, inside);
          Value last = find(nextOf(inside.tiles.back()));
          inside.tiles.erase(inside.tiles.begin());
          inside.tiles.push_back(last);
          return inside.all();
        });
    endRing();
    storeRows(batch, gradient, firstRow, columnsOf(all).sums);
  }

  /// Each thread looks at the largest score of one of the tile's queries.
  Value isHiddenTile(const Tile &tile) {
    SmallVector<Value> index(tile.batch);
    index[loops.query] = clip(add(tile.firstQuery(), remainder(thread, kTile)), queries);
    Value largest = load(*op.getDpsInputOperand(Op::kLargest), index);
    return isHidden(tile.batch, tile.firstQuery(), tile.firstKey(), largest, /*mayGrow=*/false);
  }

  /// Puts what is known of a tile's queries into shared memory, two threads each. Read behind the next
  /// barrier.
  void shareStatistics(ArrayRef<Value> batch, Value firstQuery, bool hasDifferences) {
    constexpr unsigned kParts = kThreads / kTile;
    Value row = divide(thread, kParts), part = remainder(thread, kParts);
    SmallVector<Value> index(batch);
    index[loops.query] = clip(add(firstQuery, row), queries);
    Value difference;
    if (hasDifferences)
      difference = sumOfProducts(index, part, kParts);
    Value isFirst = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, part, constant(0));
    branch(isFirst, [&] {
      auto keep = [&](Statistic which, Value value) {
        LLVM::StoreOp::create(builder, loc, value, elementOf(statistics[which], f32, row));
      };
      keep(Origin, originOf(load(*op.getDpsInputOperand(Op::kLargest), index)));
      Value sum = load(*op.getDpsInputOperand(Op::kSums), index);
      keep(Share, arith::DivFOp::create(builder, loc, number(1), sum));
      if (hasDifferences)
        keep(Difference, difference);
    });
  }

  Value statisticOf(Statistic which, Value query) {
    return LLVM::LoadOp::create(builder, loc, f32, elementOf(statistics[which], f32, query));
  }

  /// The same tile, of which nobody knows that it is the same: addresses of extras would fill the registers
  /// from the first products to the second.
  Tile again(const Tile &tile) {
    Value nothing = loadZero();
    return {tile.batch, tile.gradient, add(tile.firstRow, nothing), add(tile.firstColumn, nothing)};
  }

  /// The place of a lane's result number `i` in the tile; the query, counted in it.
  struct Place {
    Value inQueries, query, key;
  };
  Place placeOf(unsigned i, const Tile &tile) {
    Value row = rowOf(constant(0), i), column = columnOf(i);
    Place place;
    place.inQueries = tile.hasQueries() ? row : column;
    place.query = add(tile.firstQuery(), place.inQueries);
    place.key = add(tile.firstKey(), tile.hasQueries() ? column : row);
    return place;
  }

  /// Takes the next pieces of the ring, and adds what `multiply` makes of them.
  void takePieces(const Tile &tile, Columns &columns, unsigned &piece, unsigned count, Value isSilent,
                  SmallVector<Value> &sums,
                  function_ref<void(unsigned, Value, MutableArrayRef<Value>)> multiply) {
    for (unsigned number = 0; number < count; ++number) {
      Value begin = takePiece(tile.batch, columns.tiles, piece++, columns.slot);
      sums = unless(isSilent, sums, [&] {
        SmallVector<Value> added(sums);
        multiply(number, begin, added);
        return added;
      });
    }
  }

  SmallVector<Value> multiplyTile(const Tile &tile, Columns &columns, unsigned &piece, bool ofWeights,
                                  Value isSilent) {
    int64_t length = ofWeights ? width : depth;
    unsigned firstKept = ofWeights ? piecesOf(depth) : 0;
    SmallVector<Value> sums(kTile / kColumns * kResults, number(0));
    takePieces(tile, columns, piece, piecesOf(length), isSilent, sums,
               [&](unsigned number, Value begin, MutableArrayRef<Value> added) {
                 multiplyLines(number, length, constant((firstKept + number) * kPieceBytes), begin, added);
               });
    return sums;
  }

  void takeColumns(const Tile &tile, Columns &columns) {
    Gradient gradient = tile.gradient;
    if (!tile.hasQueries())
      shareStatistics(tile.batch, tile.firstColumn, /*hasDifferences=*/gradient == OfKeys);
    unsigned piece = 0;
    SmallVector<Value> weights = multiplyTile(tile, columns, piece, /*ofWeights=*/false, Value());
    Value areZero;
    for (unsigned i = 0; i < weights.size(); ++i) {
      Place place = placeOf(i, tile);
      Value score = scoreOf(weights[i], tile.batch, place.query, place.key);
      Value weight = weigh(score, statisticOf(Origin, place.inQueries));
      weight = arith::MulFOp::create(builder, loc, weight, statisticOf(Share, place.inQueries));
      // What lies outside has no part in sums.
      Value isInside =
          arith::AndIOp::create(builder, loc, isBelow(place.query, queries), isBelow(place.key, keys));
      weights[i] = choose(isInside, weight, number(0));
      Value isZero = arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OEQ, weights[i], number(0));
      areZero = areZero ? Value(arith::AndIOp::create(builder, loc, areZero, isZero)) : isZero;
    }
    Value isSilent = mayHideKeys() ? agreeInWarp(areZero) : Value();
    if (gradient != OfValues) {
      SmallVector<Value> products = multiplyTile(tile, columns, piece, /*ofWeights=*/true, isSilent);
      Tile same = again(tile);
      for (unsigned i = 0; i < weights.size(); ++i) {
        Place place = placeOf(i, same);
        Value less =
            arith::SubFOp::create(builder, loc, products[i], statisticOf(Difference, place.inQueries));
        Value given = arith::MulFOp::create(builder, loc, less, weights[i]);
        weights[i] = gradientOf(given, tile.batch, place.query, place.key);
      }
    }
    SmallVector<Value> packed = packWeights(weights);
    int64_t length = lengthOf(gradient);
    takePieces(tile, columns, piece, piecesOf(length), isSilent, columns.sums,
               [&](unsigned number, Value begin, MutableArrayRef<Value> added) {
                 multiplyWeights(number, length, begin, packed, added);
               });
  }

  void storeRows(ArrayRef<Value> batch, Gradient gradient, Value firstRow, ArrayRef<Value> sums) {
    for (unsigned i = 0; i < sums.size(); ++i)
      storeGradient(sums[i], gradient, batch, rowOf(firstRow, i), columnOf(i));
  }

  Value statistics[kNumStatistics];
};

} // namespace

void writeTensorGradient(const NestChain &chain, GpuF32 products, ModuleOp kernels, KernelRecord &record) {
  TensorGradient(chain, products, kernels, record).write();
}

} // namespace tgc
