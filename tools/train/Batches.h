//===- Batches.h - Examples in random order, a batch at a time --*- C++ -*-===//
#ifndef TGC_TOOLS_TRAIN_BATCHES_H
#define TGC_TOOLS_TRAIN_BATCHES_H

#include "tools/train/Binding.h"
#include <future>
#include <random>

namespace tgc {

/// What a step feeds.
struct Batch {
  NamedArrays arrays;
  int64_t numExamples = 0;
};

struct BatchOptions {
  int64_t size = 32;
  bool shuffles = true;
  bool dropsRemainder = false;
  uint64_t seed = 0;
};

/// One pass over the examples after the other. The next batch is gathered on a thread of its own meanwhile.
class Batches {
public:
  Batches(const std::vector<std::pair<std::string, BoundFeed>> &feeds, int64_t numRows, BatchOptions options);
  ~Batches();

  int64_t numPerEpoch() const;
  /// Goes back to the first batch, in a new order; the order of epoch `epoch` depends on it and the seed
  /// only.
  void start(int64_t epoch);
  /// The next batch; none at the end of the epoch.
  std::optional<Batch> next();

private:
  Batch gather(int64_t index) const;
  void prefetch(int64_t index);

  const std::vector<std::pair<std::string, BoundFeed>> &feeds;
  BatchOptions options;
  std::vector<int64_t> order;
  int64_t nextIndex = 0;
  std::future<Batch> pending;
};

} // namespace tgc

#endif // TGC_TOOLS_TRAIN_BATCHES_H
