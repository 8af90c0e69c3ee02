//===- PackIntervals.cpp - Offsets of what lives for a while --------------===//

#include "compiler/Codegen/Common/PackIntervals.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include <map>
#include <numeric>
#include <random>

using namespace llvm;

namespace tgc {
namespace {

/// Orders that are tried, and pairs of intervals that may be compared for that, which bounds the time.
constexpr size_t kMostOrders = 1024, kMostComparisons = size_t(1) << 24;

using Order = SmallVector<unsigned>;

/// Places intervals one after the other; returns the bytes that they need.
int64_t place(MutableArrayRef<Interval> intervals, ArrayRef<unsigned> order) {
  SmallVector<const Interval *> placed; // By offset.
  int64_t total = 0;
  for (unsigned i : order) {
    Interval &interval = intervals[i];
    int64_t offset = 0;
    for (const Interval *other : placed) {
      if (!interval.livesWith(*other))
        continue;
      if (offset + interval.size <= other->offset)
        break;
      offset = std::max(offset, other->offset + other->size);
    }
    interval.offset = offset;
    total = std::max(total, offset + interval.size);
    auto isLower = [](const Interval *a, const Interval *b) { return a->offset < b->offset; };
    placed.insert(upper_bound(placed, &interval, isLower), &interval);
  }
  return total;
}

/// Places intervals in the order of time into the smallest gap below `limit` that holds them, or above all
/// others; returns the bytes that they need. The side of the gap where the neighbour lives longer leaves the
/// other to what dies sooner.
int64_t placeInTime(MutableArrayRef<Interval> intervals, ArrayRef<unsigned> order, int64_t limit) {
  SmallVector<Interval *> live; // By offset.
  int64_t total = 0;
  for (unsigned i : order) {
    Interval &interval = intervals[i];
    llvm::erase_if(live, [&](const Interval *other) { return other->end < interval.begin; });
    constexpr int64_t kForever = std::numeric_limits<int64_t>::max();
    int64_t from = 0, lower = kForever, smallest = kForever, offset = 0;
    auto consider = [&](int64_t to, int64_t upper) {
      int64_t gap = to - from;
      if (gap < interval.size || gap >= smallest)
        return;
      smallest = gap;
      offset = upper > lower ? to - interval.size : from;
    };
    for (const Interval *other : live) {
      consider(other->offset, other->end);
      from = std::max(from, other->offset + other->size);
      lower = other->end;
    }
    consider(limit, kForever);
    interval.offset = smallest == kForever ? from : offset;
    total = std::max(total, interval.offset + interval.size);
    auto isLower = [](const Interval *a, const Interval *b) { return a->offset < b->offset; };
    live.insert(upper_bound(live, &interval, isLower), &interval);
  }
  return total;
}

template <typename Key> Order orderBy(ArrayRef<Interval> intervals, Key key) {
  Order order(intervals.size());
  std::iota(order.begin(), order.end(), 0);
  llvm::sort(order, [&](unsigned a, unsigned b) {
    return std::pair(key(intervals[b]), a) < std::pair(key(intervals[a]), b);
  });
  return order;
}

} // namespace

int64_t countLiveBytes(ArrayRef<Interval> intervals) {
  std::map<int64_t, int64_t> changes;
  for (const Interval &interval : intervals) {
    changes[interval.begin] += interval.size;
    changes[interval.end + 1] -= interval.size;
  }
  int64_t live = 0, most = 0;
  for (const auto &[position, change] : changes)
    most = std::max(most, live += change);
  return most;
}

int64_t packIntervals(MutableArrayRef<Interval> intervals) {
  if (intervals.empty())
    return 0;
  int64_t least = countLiveBytes(intervals), bestTotal = std::numeric_limits<int64_t>::max();
  SmallVector<Interval> best;
  size_t numOrders =
      std::clamp<size_t>(kMostComparisons / (intervals.size() * intervals.size()), 2, kMostOrders);
  Order bySize = orderBy(intervals, [](const Interval &interval) { return interval.size; });
  Order byArea = orderBy(intervals, [](const Interval &interval) {
    return double(interval.size) * (interval.end - interval.begin + 1);
  });
  std::minstd_rand random; // The same numbers in each compilation.
  for (Order &order : {std::ref(bySize), std::ref(byArea)}) {
    for (size_t i = 0; i < numOrders / 2 && bestTotal > least; ++i) {
      int64_t total = place(intervals, order);
      if (total < bestTotal) {
        bestTotal = total;
        best.assign(intervals.begin(), intervals.end());
      }
      auto isHighest = [&](unsigned j) { return intervals[j].offset + intervals[j].size == total; };
      std::stable_partition(order.begin(), order.end(), isHighest);
      if (i >= numOrders / 4)
        std::swap(order[random() % order.size()], order[random() % order.size()]);
    }
  }
  if (bestTotal > least) {
    Order byTime = orderBy(
        intervals, [](const Interval &interval) { return std::pair(-interval.begin, interval.size); });
    if (int64_t total = placeInTime(intervals, byTime, least); total < bestTotal)
      return total;
  }
  copy(best, intervals.begin());
  return bestTotal;
}

} // namespace tgc
