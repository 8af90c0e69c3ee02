//===- AttentionKernels.cpp - Attention, tile by tile ---------------------===//
//
//   for each tile of 64 queries                               a block
//     for each tile of 64 keys
//       scores = f(queries * keys)                            in registers, 4 x 4 of a thread
//       the largest score so far, and what earlier sums shrink by
//       weights = exp(scores - largest), and their sum        the weights through shared memory
//       results = results * what they shrink by + weights * values
//     results / sum of weights
//
// A thread has the same four rows of scores and of results, so what a row shrinks by is at hand; sixteen
// lanes side by side share a row. Tiles of keys that a mask hides from all queries of a block are left out
// before the first product if the mask alone tells, else before the second. Milakov and Gimelshein, "Online
// normalizer calculation for softmax", 2018; Dao et al., "FlashAttention", 2022. Products and sums are those
// of f32.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/GPU/ScalarTiles.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace tgc {
namespace {

class ScalarAttention : ScalarTiles {
public:
  using ScalarTiles::ScalarTiles;

  void write() {
    beginTiles(kThreads);
    prepare(width);
    forEachTile(countTiles(queries), [&](ArrayRef<Value> batch, Value tile) {
      writeTile(batch, multiply(tile, constant(kTile)));
    });
    finish();
  }

private:
  unsigned columns() const { return columnsOf(width); }

  /// What is carried from one tile of keys to the next, of each of a thread's rows: the largest score, the
  /// sum of weights and the sums of weighted values.
  struct Rows {
    SmallVector<Value> largest, sums, results;

    SmallVector<Value> all() const {
      SmallVector<Value> values(largest);
      values.append(sums);
      values.append(results);
      return values;
    }
  };
  static Rows rowsOf(ValueRange all) {
    return {llvm::to_vector(all.take_front(kEach)), llvm::to_vector(all.slice(kEach, kEach)),
            llvm::to_vector(all.drop_front(2 * kEach))};
  }

  /// The weights of a tile of keys, in shared memory; shrinks what was summed before. Returns whether all
  /// weights of the block are 0, if there is something that may make them so.
  Value weighScores(ArrayRef<Value> scores, Rows &rows) {
    SmallVector<Value> weights;
    Value isSilent;
    for (unsigned i = 0; i < kEach; ++i) {
      ArrayRef<Value> row = scores.slice(kEach * i, kEach);
      Value most = row.front();
      for (Value score : row.drop_front())
        most = arith::MaximumFOp::create(builder, loc, most, score);
      Value before = rows.largest[i];
      most = combine<arith::MaximumFOp>(most, kSide);
      Value largest = arith::MaximumFOp::create(builder, loc, before, most);
      Value from = originOf(largest), shrink = weigh(before, from), sum = number(0);
      for (Value score : row) {
        weights.push_back(weigh(score, from));
        sum = arith::AddFOp::create(builder, loc, sum, weights.back());
      }
      rows.largest[i] = largest;
      rows.sums[i] = fma(rows.sums[i], shrink, combine<arith::AddFOp>(sum, kSide));
      for (unsigned j = 0; j < columns(); ++j) {
        Value &result = rows.results[columns() * i + j];
        result = arith::MulFOp::create(builder, loc, result, shrink);
      }
      Value difference = arith::SubFOp::create(builder, loc, most, from);
      Value isLow =
          arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OLT, difference, number(kLeastExponent));
      isSilent = i ? Value(arith::AndIOp::create(builder, loc, isSilent, isLow)) : isLow;
    }
    shareMatrix(weights);
    return mayHideKeys() ? agree(isSilent) : Value();
  }

  void writeTile(ArrayRef<Value> batch, Value firstQuery) {
    Rows rows;
    rows.largest.assign(kEach, number(-std::numeric_limits<float>::infinity()));
    rows.sums.assign(kEach, number(0));
    rows.results.assign(kEach * columns(), number(0));
    rows =
        rowsOf(forEach(constant(0), keys, constant(kTile), rows.all(), [&](Value firstKey, ValueRange all) {
          Value hidden = isHidden(batch, firstQuery, firstKey, rowsOf(all).largest, /*mayGrow=*/true);
          return unless(hidden, all, [&] { return takeKeys(batch, firstQuery, firstKey, rowsOf(all)); });
        }));
    storeResults(batch, firstQuery, rows);
  }

  SmallVector<Value> takeKeys(ArrayRef<Value> batch, Value firstQuery, Value firstKey, Rows rows) {
    SmallVector<Value> scores = multiplyTiles(batch, {kQueries, loops.query, loops.depth, firstQuery},
                                              {kKeys, loops.key, loops.depth, firstKey});
    for (unsigned i = 0; i < kEach * kEach; ++i)
      scores[i] =
          scoreOf(scores[i], batch, add(firstQuery, rowOf(i / kEach)), add(firstKey, columnOf(i % kEach)));
    Value isSilent = weighScores(scores, rows);
    rows.results = unless(isSilent, rows.results, [&] {
      return addProducts(batch, {kValues, loops.key, loops.value, firstKey}, rows.results);
    });
    return rows.all();
  }

  void storeResults(ArrayRef<Value> batch, Value firstQuery, const Rows &rows) {
    Value isFirst = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, threadColumn, constant(0));
    for (unsigned i = 0; i < kEach; ++i) {
      Value query = add(firstQuery, rowOf(i));
      storeStatistics(rows.largest[i], rows.sums[i], batch, query, isFirst);
      for (unsigned j = 0; j < columns(); ++j)
        storeResult(rows.results[columns() * i + j], rows.sums[i], batch, query, columnOf(j));
    }
  }
};

} // namespace

void writeScalarAttention(const NestChain &chain, ModuleOp kernels, KernelRecord &record) {
  ScalarAttention(chain, kernels, record).write();
}

void writeAttentionKernel(const NestChain &chain, GpuF32 products, ModuleOp kernels, KernelRecord &record) {
  // With longer queries or values neither stages nor results find a place.
  constexpr int64_t kLongest = 128;
  linalg::GenericOp op = chain.main;
  AttentionLoops loops = getAttentionLoops(op);
  SmallVector<int64_t> ranges = op.getStaticLoopRanges();
  bool isLong = std::max(ranges[loops.depth], ranges[loops.value]) > kLongest;
  bool isGradient = isAttentionGradient(op);
  if (isGradient && isLong)
    return writeScalarGradient(chain, kernels, record);
  if (isGradient)
    return writeTensorGradient(chain, products, kernels, record);
  if (isLong && getElementTypeOrSelf(op.getDpsInputs()[0].getType()).isF32())
    return writeScalarAttention(chain, kernels, record);
  writeTensorAttention(chain, products, kernels, record);
}

} // namespace tgc
