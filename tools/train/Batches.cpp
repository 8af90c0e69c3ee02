//===- Batches.cpp - Examples in random order, a batch at a time ----------===//

#include "tools/train/Batches.h"
#include <numeric>

using namespace llvm;

namespace tgc {

Batches::Batches(const std::vector<std::pair<std::string, BoundFeed>> &feeds, int64_t numRows,
                 BatchOptions options)
    : feeds(feeds), options(options), order(numRows) {}

Batches::~Batches() {
  if (pending.valid())
    pending.wait();
}

int64_t Batches::numPerEpoch() const {
  int64_t numRows = static_cast<int64_t>(order.size());
  return (options.dropsRemainder ? numRows : numRows + options.size - 1) / options.size;
}

void Batches::start(int64_t epoch) {
  if (pending.valid())
    pending.wait();
  std::iota(order.begin(), order.end(), 0);
  if (options.shuffles) {
    // Fisher and Yates; std::shuffle's order is the library's own.
    std::mt19937_64 random(options.seed * 0x9e3779b97f4a7c15u + static_cast<uint64_t>(epoch));
    for (size_t i = order.size(); i > 1; --i)
      std::swap(order[i - 1], order[random() % i]);
  }
  nextIndex = 0;
  prefetch(0);
}

void Batches::prefetch(int64_t index) {
  pending = {};
  if (index < numPerEpoch())
    pending = std::async(std::launch::async, [this, index] { return gather(index); });
}

Batch Batches::gather(int64_t index) const {
  ArrayRef<int64_t> rows = ArrayRef(order).drop_front(index * options.size);
  rows = rows.take_front(options.size);
  Batch batch;
  batch.numExamples = static_cast<int64_t>(rows.size());
  for (const auto &[name, feed] : feeds) {
    std::vector<int64_t> all(feed.isConstant && !feed.array.shape.empty() ? feed.array.shape[0] : 0);
    std::iota(all.begin(), all.end(), 0);
    if (feed.isConstant && feed.array.shape.empty()) {
      NumpyArray scalar = makeArray(feed.array.dtype, {});
      std::memcpy(scalar.bytes.data(), feed.array.bytes.data(), feed.array.bytes.size());
      batch.arrays.emplace_back(name, std::move(scalar));
    } else {
      batch.arrays.emplace_back(name, gatherRows(feed.array, feed.isConstant ? ArrayRef(all) : rows));
    }
  }
  return batch;
}

std::optional<Batch> Batches::next() {
  if (!pending.valid())
    return std::nullopt;
  Batch batch = pending.get();
  prefetch(++nextIndex);
  return batch;
}

} // namespace tgc
