//===- PackIntervalsTest.cpp - Offsets of what lives for a while ----------===//

#include "compiler/Codegen/Common/PackIntervals.h"
#include "llvm/ADT/SmallVector.h"
#include "gtest/gtest.h"
#include <random>

using tgc::Interval;

namespace {

void expectApart(llvm::ArrayRef<Interval> intervals, int64_t total) {
  for (size_t i = 0; i < intervals.size(); ++i) {
    EXPECT_GE(intervals[i].offset, 0);
    EXPECT_LE(intervals[i].offset + intervals[i].size, total);
    for (size_t j = 0; j < i; ++j)
      EXPECT_TRUE(!intervals[i].livesWith(intervals[j]) ||
                  intervals[i].offset + intervals[i].size <= intervals[j].offset ||
                  intervals[j].offset + intervals[j].size <= intervals[i].offset)
          << i << " and " << j;
  }
}

TEST(PackIntervalsTest, NothingNeedsNothing) {
  EXPECT_EQ(tgc::packIntervals({}), 0);
  EXPECT_EQ(tgc::countLiveBytes({}), 0);
}

TEST(PackIntervalsTest, WhatDoesNotLiveTogetherSharesMemory) {
  Interval intervals[] = {{0, 1, 64}, {1, 2, 128}, {2, 3, 64}};
  EXPECT_EQ(tgc::packIntervals(intervals), 192);
  expectApart(intervals, 192);
}

/// The largest first needs 18, 9 and 12 of these, size times lifetime first 18, 10 and 12.
TEST(PackIntervalsTest, FindsPlansThatNoSingleOrderFinds) {
  llvm::SmallVector<Interval> cases[] = {
      {{5, 5, 4}, {4, 6, 4}, {5, 6, 6}, {1, 4, 5}, {5, 5, 3}, {4, 4, 6}},
      {{1, 4, 3}, {5, 6, 4}, {3, 6, 3}, {4, 4, 2}, {0, 1, 2}},
      {{1, 1, 5}, {2, 5, 3}, {1, 3, 4}, {2, 5, 3}},
  };
  int64_t least[] = {17, 8, 10};
  for (auto [intervals, expected] : llvm::zip_equal(cases, least)) {
    EXPECT_EQ(tgc::countLiveBytes(intervals), expected);
    EXPECT_EQ(tgc::packIntervals(intervals), expected);
    expectApart(intervals, expected);
  }
}

/// An LSTM's: what a step puts together is read by its gates, these by its result, which the next step puts
/// together; the cell lives on. In the middle of a long chain no order by size is right.
TEST(PackIntervalsTest, StepsHandTheirMemoryOn) {
  llvm::SmallVector<Interval> intervals = {{0, 300, 512}};
  for (int64_t step = 0; step < 100; ++step) {
    intervals.push_back({3 * step, 3 * step + 1, 640});
    intervals.push_back({3 * step + 1, 3 * step + 2, 2048});
    intervals.push_back({3 * step + 2, 3 * step + 3, 512});
  }
  EXPECT_EQ(tgc::countLiveBytes(intervals), 3200);
  EXPECT_EQ(tgc::packIntervals(intervals), 3200);
  expectApart(intervals, 3200);
}

TEST(PackIntervalsTest, ThousandsOfIntervalsDoNotOverlap) {
  std::mt19937 random(7);
  llvm::SmallVector<Interval> intervals;
  for (int i = 0; i < 3000; ++i) {
    int64_t begin = random() % 3000;
    intervals.push_back({begin, begin + int64_t(random() % 40), int64_t(random() % 100) * 64});
  }
  int64_t total = tgc::packIntervals(intervals);
  expectApart(intervals, total);
  EXPECT_GE(total, tgc::countLiveBytes(intervals));
}

} // namespace
