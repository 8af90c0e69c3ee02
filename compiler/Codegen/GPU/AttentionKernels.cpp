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
// lanes side by side share a row. Operands pass through shared memory 16 elements of depth, or 16 keys, at a
// time. Milakov and Gimelshein, "Online normalizer calculation for softmax", 2018; Dao et al.,
// "FlashAttention", 2022. Products and sums are those of f32.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/GPU/AttentionWriter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace tgc {
namespace {

class ScalarAttention : AttentionWriter {
public:
  using AttentionWriter::AttentionWriter;

  void write() {
    beginTiles(kThreads);
    Value thread = special("tid.x");
    threadRow = divide(thread, kSide);
    threadColumn = remainder(thread, kSide);
    sides[0] = declareShared("queries", f32, kSteps * kLine);
    sides[1] = declareShared("keys", f32, kSteps * kLine);
    weights = declareShared("weights", f32, kTile * kLine);
    values = declareShared("values", f32, kSteps * columns() * kSide);
    forEachTile([&](ArrayRef<Value> batch, Value firstQuery) { writeTile(batch, firstQuery); });
    finish();
  }

private:
  /// Threads stand in a square; each has 4 x 4 scores this far apart.
  static constexpr unsigned kThreads = 256, kSide = 16, kEach = kTile / kSide, kSteps = 16;
  /// An element more in each line of shared memory: neighbours of a column lie in different banks.
  static constexpr unsigned kLine = kTile + 1;

  /// Columns of results that a thread has of each of its rows.
  unsigned columns() const { return (width + kSide - 1) / kSide; }

  Value inShared(Value memory, Value line, Value place, unsigned pitch) {
    return elementOf(memory, f32, add(multiply(line, constant(pitch)), place));
  }
  Value loadShared(Value address) { return LLVM::LoadOp::create(builder, loc, f32, address); }

  /// Brings kSteps elements of kTile queries or keys to shared memory, the steps from `first` on; zeros from
  /// behind the last.
  void fetchSide(unsigned operand, ArrayRef<Value> batch, unsigned loop, Value begin, Value first) {
    Value step = add(first, threadColumn);
    Value isInside = isBelow(step, constant(depth));
    SmallVector<Value> index(batch);
    index[loops.depth] = clip(step, constant(depth));
    for (unsigned i = 0; i < kEach; ++i) {
      Value position = add(threadRow, constant(kSide * i));
      index[loop] = clip(add(begin, position), sizeOf(loop));
      Value element = choose(isInside, load(*op.getDpsInputOperand(operand), index), number(0));
      LLVM::StoreOp::create(builder, loc, element, inShared(sides[operand], threadColumn, position, kLine));
    }
  }

  SmallVector<Value> multiplyTiles(ArrayRef<Value> batch, Value firstQuery, Value firstKey) {
    SmallVector<Value> zeros(kEach * kEach, number(0));
    return forEach(constant(0), constant(depth), constant(kSteps), zeros, [&](Value first, ValueRange sums) {
      fetchSide(kQueries, batch, loops.query, firstQuery, first);
      fetchSide(kKeys, batch, loops.key, firstKey, first);
      wait();
      SmallVector<Value> results =
          forEach(constant(0), constant(kSteps), constant(1), sums, [&](Value step, ValueRange carried) {
            auto read = [&](unsigned side, Value at, unsigned i) {
              return loadShared(inShared(sides[side], step, add(at, constant(kSide * i)), kLine));
            };
            SmallVector<Value> left, right, added;
            for (unsigned i = 0; i < kEach; ++i) {
              left.push_back(read(kQueries, threadRow, i));
              right.push_back(read(kKeys, threadColumn, i));
            }
            for (unsigned i = 0; i < kEach * kEach; ++i)
              added.push_back(fma(left[i / kEach], right[i % kEach], carried[i]));
            return added;
          });
      wait();
      return results;
    });
  }

  Value weigh(Value score, Value from) {
    return math::ExpOp::create(builder, loc, arith::SubFOp::create(builder, loc, score, from));
  }

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

  /// The weights of a tile of keys, in shared memory; shrinks what was summed before.
  void weighScores(ArrayRef<Value> scores, Rows &rows) {
    for (unsigned i = 0; i < kEach; ++i) {
      ArrayRef<Value> row = scores.slice(kEach * i, kEach);
      Value most = row.front();
      for (Value score : row.drop_front())
        most = arith::MaximumFOp::create(builder, loc, most, score);
      Value before = rows.largest[i];
      Value largest =
          arith::MaximumFOp::create(builder, loc, before, combine<arith::MaximumFOp>(most, kSide));
      Value from = originOf(largest), shrink = weigh(before, from), sum = number(0);
      for (unsigned j = 0; j < kEach; ++j) {
        Value weight = weigh(row[j], from);
        sum = arith::AddFOp::create(builder, loc, sum, weight);
        LLVM::StoreOp::create(builder, loc, weight,
                              inShared(weights, add(threadRow, constant(kSide * i)),
                                       add(threadColumn, constant(kSide * j)), kLine));
      }
      rows.largest[i] = largest;
      rows.sums[i] = fma(rows.sums[i], shrink, combine<arith::AddFOp>(sum, kSide));
      for (unsigned j = 0; j < columns(); ++j) {
        Value &result = rows.results[columns() * i + j];
        result = arith::MulFOp::create(builder, loc, result, shrink);
      }
    }
  }

  void fetchValues(ArrayRef<Value> batch, Value firstKey) {
    SmallVector<Value> index(batch);
    Value key = add(firstKey, threadRow), isInside = isBelow(key, keys);
    index[loops.key] = clip(key, keys);
    for (unsigned j = 0; j < columns(); ++j) {
      Value column = add(threadColumn, constant(kSide * j));
      index[loops.value] = clip(column, constant(width));
      Value element = choose(isInside, load(*op.getDpsInputOperand(kValues), index), number(0));
      LLVM::StoreOp::create(builder, loc, element, inShared(values, threadRow, column, columns() * kSide));
    }
  }

  /// Adds the weighted values of a tile of keys.
  void addValues(ArrayRef<Value> batch, Value firstKey, Rows &rows) {
    rows.results = forEach(
        constant(0), constant(kTile), constant(kSteps), rows.results, [&](Value first, ValueRange sums) {
          fetchValues(batch, add(firstKey, first));
          wait();
          SmallVector<Value> results =
              forEach(constant(0), constant(kSteps), constant(1), sums, [&](Value step, ValueRange carried) {
                SmallVector<Value> right, added;
                for (unsigned j = 0; j < columns(); ++j)
                  right.push_back(loadShared(
                      inShared(values, step, add(threadColumn, constant(kSide * j)), columns() * kSide)));
                for (unsigned i = 0; i < kEach; ++i) {
                  Value row = add(threadRow, constant(kSide * i));
                  Value weight = loadShared(inShared(weights, row, add(first, step), kLine));
                  for (unsigned j = 0; j < columns(); ++j)
                    added.push_back(fma(weight, right[j], carried[columns() * i + j]));
                }
                return added;
              });
          wait();
          return results;
        });
  }

  void writeTile(ArrayRef<Value> batch, Value firstQuery) {
    Rows rows;
    rows.largest.assign(kEach, number(-std::numeric_limits<float>::infinity()));
    rows.sums.assign(kEach, number(0));
    rows.results.assign(kEach * columns(), number(0));
    rows =
        rowsOf(forEach(constant(0), keys, constant(kTile), rows.all(), [&](Value firstKey, ValueRange all) {
          Rows inside = rowsOf(all);
          SmallVector<Value> scores = multiplyTiles(batch, firstQuery, firstKey);
          for (unsigned i = 0; i < kEach * kEach; ++i) {
            Value query = add(firstQuery, add(threadRow, constant(kSide * (i / kEach))));
            Value key = add(firstKey, add(threadColumn, constant(kSide * (i % kEach))));
            scores[i] = scoreOf(scores[i], batch, query, key);
          }
          weighScores(scores, inside);
          addValues(batch, firstKey, inside);
          return inside.all();
        }));
    storeResults(batch, firstQuery, rows);
  }

  void storeResults(ArrayRef<Value> batch, Value firstQuery, const Rows &rows) {
    for (unsigned i = 0; i < kEach * columns(); ++i) {
      Value query = add(firstQuery, add(threadRow, constant(kSide * (i / columns()))));
      Value column = add(threadColumn, constant(kSide * (i % columns())));
      storeResult(rows.results[i], rows.sums[i / columns()], batch, query, column);
    }
  }

  Value threadRow, threadColumn, sides[2], weights, values;
};

} // namespace

void writeScalarAttention(const NestChain &chain, ModuleOp kernels, KernelRecord &record) {
  ScalarAttention(chain, kernels, record).write();
}

} // namespace tgc
