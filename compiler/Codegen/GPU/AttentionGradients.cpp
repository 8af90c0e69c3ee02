//===- AttentionGradients.cpp - Gradients of attention, tile by tile ------===//
//
// A block makes 64 rows of one of the three gradients, of tiles of 64 queries and 64 keys:
//
//   of queries: for each tile of keys       sums += products * keys
//   of keys:    for each tile of queries    sums += products^T * queries
//   of values:  for each tile of queries    sums += weights^T * gradients
//
//   weights = exp(f(queries * keys) - largest) / sum                               4 x 4 of a thread
//   products = f'(weights * (gradients * values - sum of gradients * attended))
//
// Weights are computed again from the two numbers that the attention keeps of each query: Dao,
// "FlashAttention-2", 2023. Each row has one block, which goes through the tiles in their order, so nothing
// depends on how many blocks there are. Products by queries and keys are computed three times, those by
// gradients twice: with a block for the gradients of keys and of values together its sums would not fit into
// registers. Tiles that a mask hides are left out, as in AttentionKernels. Here threads multiply, in f32,
// what does not fit tensor cores (TensorGradients).
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/GPU/ScalarTiles.h"
#include "dialects/Kernel/IR/KernelDialect.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;

namespace tgc {
namespace {

using Op = kernel::AttentionGradOp;

class ScalarGradient : ScalarTiles {
public:
  using ScalarTiles::ScalarTiles;

  void write() {
    beginTiles(kThreads);
    countBlocksOfGradients();
    prepare(std::max(depth, width));
    differences = declareShared("differences", f32, kTile);
    forgetPlaces();
    forEachGradient([&](ArrayRef<Value> batch, Gradient gradient, Value firstRow) {
      writeRows(batch, gradient, firstRow);
    });
    finish();
  }

private:
  /// What a thread knows of its queries.
  struct Statistics {
    SmallVector<Value> largest, shares;
  };

  /// What is multiplied by weights or products, and summed.
  Lines linesOf(Gradient gradient, Value begin) {
    return gradient == OfQueries ? Lines{Op::kKeys, loops.key, loops.depth, begin}
           : gradient == OfKeys  ? Lines{Op::kQueries, loops.query, loops.depth, begin}
                                 : Lines{Op::kGradients, loops.query, loops.value, begin};
  }

  void writeRows(ArrayRef<Value> batch, Gradient gradient, Value firstRow) {
    bool hasQueries = gradient == OfQueries;
    forgetPlaces();
    Lines none = linesOf(gradient, {});
    unsigned columns = columnsOf(lengthOf(none.elementLoop));
    SmallVector<Value> sums(kEach * columns, number(0));
    Statistics statistics;
    if (hasQueries) {
      statistics = takeStatistics(batch, firstRow, /*areRows=*/true);
      shareDifferences(batch, firstRow);
    }
    sums =
        forEach(constant(0), sizeOf(none.loop), constant(kTile), sums, [&](Value first, ValueRange carried) {
          forgetPlaces();
          Value firstQuery = hasQueries ? firstRow : first, firstKey = hasQueries ? first : firstRow;
          Statistics inside = hasQueries ? statistics : takeStatistics(batch, firstQuery, /*areRows=*/false);
          Value hidden = isHidden(batch, firstQuery, firstKey, inside.largest, /*mayGrow=*/false);
          return unless(hidden, carried, [&] {
            SmallVector<Value> weights = makeWeights(batch, firstQuery, firstKey, hasQueries, inside);
            Value isSilent = mayHideKeys() ? agree(areZero(weights)) : Value();
            return unless(isSilent, carried, [&] {
              if (gradient == OfKeys)
                shareDifferences(batch, firstQuery);
              if (gradient != OfValues)
                weights = makeProducts(batch, firstQuery, firstKey, hasQueries, weights);
              shareMatrix(weights);
              return addProducts(batch, linesOf(gradient, first), carried);
            });
          });
        });
    forgetPlaces();
    storeRows(batch, gradient, firstRow, sums);
  }

  /// Of the queries of a thread's rows, or columns.
  Statistics takeStatistics(ArrayRef<Value> batch, Value firstQuery, bool areRows) {
    Statistics statistics;
    SmallVector<Value> index(batch);
    for (unsigned i = 0; i < kEach; ++i) {
      index[loops.query] = clip(add(firstQuery, areRows ? rowOf(i) : columnOf(i)), queries);
      statistics.largest.push_back(load(*op.getDpsInputOperand(Op::kLargest), index));
      Value sum = load(*op.getDpsInputOperand(Op::kSums), index);
      statistics.shares.push_back(arith::DivFOp::create(builder, loc, number(1), sum));
    }
    return statistics;
  }

  /// The sums of gradients * attended of a tile of queries, four threads each. Read behind the next barrier.
  void shareDifferences(ArrayRef<Value> batch, Value firstQuery) {
    constexpr unsigned kParts = kThreads / kTile;
    Value thread = special("tid.x"), row = divide(thread, kParts), part = remainder(thread, kParts);
    SmallVector<Value> index(batch);
    index[loops.query] = clip(add(firstQuery, row), queries);
    Value sum = sumOfProducts(index, part, kParts);
    Value isFirst = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, part, constant(0));
    branch(isFirst, [&] { LLVM::StoreOp::create(builder, loc, sum, elementOf(differences, f32, row)); });
  }

  Value areZero(ArrayRef<Value> weights) {
    Value all;
    for (Value weight : weights) {
      Value isZero = arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OEQ, weight, number(0));
      all = all ? Value(arith::AndIOp::create(builder, loc, all, isZero)) : isZero;
    }
    return all;
  }

  /// Rows are queries, or keys.
  SmallVector<Value> multiplyBy(ArrayRef<Value> batch, Lines ofQueries, Lines ofKeys, bool hasQueries) {
    return hasQueries ? multiplyTiles(batch, ofQueries, ofKeys) : multiplyTiles(batch, ofKeys, ofQueries);
  }

  /// The place of a thread's element number `i` in the tile.
  struct Place {
    unsigned inQueries;
    Value query, key;
  };
  Place placeOf(unsigned i, Value firstQuery, Value firstKey, bool hasQueries) {
    unsigned row = i / kEach, column = i % kEach;
    return {hasQueries ? row : column, add(firstQuery, hasQueries ? rowOf(row) : columnOf(column)),
            add(firstKey, hasQueries ? columnOf(column) : rowOf(row))};
  }

  SmallVector<Value> makeWeights(ArrayRef<Value> batch, Value firstQuery, Value firstKey, bool hasQueries,
                                 const Statistics &statistics) {
    SmallVector<Value> all = multiplyBy(batch, {Op::kQueries, loops.query, loops.depth, firstQuery},
                                        {Op::kKeys, loops.key, loops.depth, firstKey}, hasQueries);
    for (unsigned i = 0; i < all.size(); ++i) {
      Place place = placeOf(i, firstQuery, firstKey, hasQueries);
      Value score = scoreOf(all[i], batch, place.query, place.key);
      Value weight = weigh(score, originOf(statistics.largest[place.inQueries]));
      weight = arith::MulFOp::create(builder, loc, weight, statistics.shares[place.inQueries]);
      // What lies outside has no part in sums.
      all[i] = choose(isInside(place), weight, number(0));
    }
    return all;
  }

  Value isInside(const Place &place) {
    return arith::AndIOp::create(builder, loc, isBelow(place.query, queries), isBelow(place.key, keys));
  }

  SmallVector<Value> makeProducts(ArrayRef<Value> batch, Value firstQuery, Value firstKey, bool hasQueries,
                                  ArrayRef<Value> weights) {
    SmallVector<Value> all = multiplyBy(batch, {Op::kGradients, loops.query, loops.value, firstQuery},
                                        {Op::kValues, loops.key, loops.value, firstKey}, hasQueries);
    SmallVector<Value> less;
    for (unsigned i = 0; i < kEach; ++i)
      less.push_back(loadShared(elementOf(differences, f32, hasQueries ? rowOf(i) : columnOf(i))));
    for (unsigned i = 0; i < all.size(); ++i) {
      Place place = placeOf(i, firstQuery, firstKey, hasQueries);
      Value difference = arith::SubFOp::create(builder, loc, all[i], less[place.inQueries]);
      Value given = arith::MulFOp::create(builder, loc, difference, weights[i]);
      all[i] = choose(isInside(place), gradientOf(given, batch, place.query, place.key), number(0));
    }
    return all;
  }

  void storeRows(ArrayRef<Value> batch, Gradient gradient, Value firstRow, ArrayRef<Value> sums) {
    unsigned columns = sums.size() / kEach;
    for (unsigned i = 0; i < sums.size(); ++i)
      storeGradient(sums[i], gradient, batch, add(firstRow, rowOf(i / columns)), columnOf(i % columns));
  }

  Value differences;
};

} // namespace

void AttentionWriter::countBlocksOfGradients() {
  // Three tiles for each of keys, or as many as there are.
  Space tiles{{extentOf(loops.key)}, kTile / 3};
  int64_t numQueries = op.getStaticLoopRanges()[loops.query], numKeys = op.getStaticLoopRanges()[loops.key];
  if (!ShapedType::isDynamic(numQueries) && !ShapedType::isDynamic(numKeys)) {
    int64_t count = llvm::divideCeil(numQueries, kTile) + 2 * llvm::divideCeil(numKeys, kTile);
    tiles = {{Extent{count, -1}}, 1};
  }
  record.spaces.back() = tiles;
}

void AttentionWriter::forEachGradient(function_ref<void(ArrayRef<Value>, Gradient, Value)> body) {
  Value ofQueries = countTiles(queries), ofKeys = countTiles(keys), both = add(ofQueries, ofKeys);
  forEachTile(add(both, ofKeys), [&](ArrayRef<Value> batch, Value tile) {
    auto rowsFrom = [&](Gradient gradient, Value begin) {
      Value inGradient = arith::SubIOp::create(builder, loc, tile, begin);
      body(batch, gradient, multiply(inGradient, constant(kTile)));
    };
    branch(
        isBelow(tile, ofQueries), [&] { rowsFrom(OfQueries, constant(0)); },
        [&] {
          branch(
              isBelow(tile, both), [&] { rowsFrom(OfKeys, ofQueries); }, [&] { rowsFrom(OfValues, both); });
        });
  });
}

Value AttentionWriter::sumOfProducts(ArrayRef<Value> index, Value first, unsigned step) {
  SmallVector<Value> place(index);
  Value sum = forEach(first, constant(width), constant(step), number(0), [&](Value at, ValueRange carried) {
                place[loops.value] = at;
                Value gradient = loadFloat(*op.getDpsInputOperand(Op::kGradients), place);
                Value attended = loadFloat(*op.getDpsInputOperand(Op::kAttended), place);
                return SmallVector<Value>{fma(gradient, attended, carried.front())};
              }).front();
  return combine<arith::AddFOp>(sum, step);
}

void AttentionWriter::storeGradient(Value sum, Gradient gradient, ArrayRef<Value> batch, Value row,
                                    Value column) {
  unsigned rowLoop = gradient == OfQueries ? loops.query : loops.key;
  unsigned elementLoop = gradient == OfValues ? loops.value : loops.depth;
  Value isInside = arith::AndIOp::create(builder, loc, isBelow(row, sizeOf(rowLoop)),
                                         isBelow(column, constant(op.getStaticLoopRanges()[elementLoop])));
  branch(isInside, [&] {
    SmallVector<Value> index(batch);
    index[rowLoop] = row;
    index[elementLoop] = column;
    storeFloat(sum, op.getDpsInitsMutable()[gradient], index);
  });
}

void writeScalarGradient(const NestChain &chain, ModuleOp kernels, KernelRecord &record) {
  ScalarGradient(chain, kernels, record).write();
}

} // namespace tgc
