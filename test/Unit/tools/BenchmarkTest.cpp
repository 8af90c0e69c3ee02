//===- BenchmarkTest.cpp - Statistics of run times ----------------------------===//
#include "tools/tgc-run/Benchmark.h"
#include "gtest/gtest.h"

using namespace tgc;

TEST(BenchmarkTest, SummarizesInAnyOrder) {
  std::vector<double> samples;
  for (int i = 0; i < 200; ++i)
    samples.push_back(1 + (i * 77) % 200); // 1 to 200, shuffled: 77 and 200 have no common divisor
  RunTimes times = summarize(samples);
  EXPECT_EQ(times.count, 200u);
  EXPECT_EQ(times.min, 1);
  EXPECT_EQ(times.median, 100.5);
  EXPECT_EQ(times.p99, 198);
}

TEST(BenchmarkTest, OneSampleIsEverything) {
  RunTimes times = summarize({7});
  EXPECT_EQ(times.min, 7);
  EXPECT_EQ(times.median, 7);
  EXPECT_EQ(times.p99, 7);
}

TEST(BenchmarkTest, TimesHaveThreeDigitsAndAUnit) {
  EXPECT_EQ(timeText(0.5), "0.50 ns");
  EXPECT_EQ(timeText(123), "123 ns");
  EXPECT_EQ(timeText(1234), "1.23 us");
  EXPECT_EQ(timeText(45.67e6), "45.7 ms");
  EXPECT_EQ(timeText(2e9), "2.00 s");
}
