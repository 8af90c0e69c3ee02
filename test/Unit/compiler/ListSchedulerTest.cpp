//===- ListSchedulerTest.cpp - Orders of steps that need little memory ----===//

#include "compiler/Codegen/Common/ListScheduler.h"
#include "gtest/gtest.h"
#include <numeric>
#include <random>

using tgc::StepGraph;

namespace {

/// Steps that compute one buffer each: `sources` of each step are earlier ones.
StepGraph makeGraph(llvm::ArrayRef<llvm::SmallVector<unsigned>> sources, llvm::ArrayRef<int64_t> sizes) {
  StepGraph graph;
  graph.steps.resize(sources.size());
  graph.sizes.assign(sizes.begin(), sizes.end());
  for (unsigned i = 0; i < sources.size(); ++i) {
    graph.steps[i].buffers.push_back(i);
    for (unsigned source : sources[i]) {
      if (!llvm::is_contained(graph.steps[i].buffers, source))
        graph.steps[i].buffers.push_back(source);
      graph.addOrder(source, i);
    }
  }
  return graph;
}

/// Branches side by side, one step of each after the other: of each layer one size.
StepGraph makeBranches(unsigned count, llvm::ArrayRef<int64_t> layers) {
  llvm::SmallVector<llvm::SmallVector<unsigned>> sources;
  llvm::SmallVector<int64_t> sizes;
  for (int64_t size : layers)
    for (unsigned i = 0; i < count; ++i) {
      sources.emplace_back();
      if (sizes.size() >= count)
        sources.back().push_back(sizes.size() - count);
      sizes.push_back(size);
    }
  return makeGraph(sources, sizes);
}

int64_t countGiven(const StepGraph &graph) {
  llvm::SmallVector<unsigned> given(graph.steps.size());
  std::iota(given.begin(), given.end(), 0);
  return countLiveBytes(graph, given);
}

/// Every step once, after those it needs.
void expectOrder(const StepGraph &graph, llvm::ArrayRef<unsigned> order) {
  ASSERT_EQ(order.size(), graph.steps.size());
  std::vector<unsigned> place(order.size(), ~0u);
  for (unsigned i = 0; i < order.size(); ++i)
    place[order[i]] = i;
  for (unsigned i = 0; i < order.size(); ++i)
    for (unsigned after : graph.steps[i].after)
      EXPECT_LT(place[i], place[after]);
}

TEST(ListSchedulerTest, NothingIsBetterThanAChain) {
  StepGraph graph = makeGraph({{}, {0}, {1}}, {64, 64, 64});
  EXPECT_EQ(countGiven(graph), 128);
  EXPECT_TRUE(schedule(graph).empty());
  EXPECT_TRUE(schedule(StepGraph()).empty());
}

/// Six branches side by side: one after the other only one has its large value.
TEST(ListSchedulerTest, BranchesComeOneAfterTheOther) {
  StepGraph graph = makeBranches(6, {1000, 1});
  EXPECT_EQ(countGiven(graph), 6001);
  llvm::SmallVector<unsigned> order = schedule(graph);
  expectOrder(graph, order);
  EXPECT_EQ(order, (llvm::SmallVector<unsigned>{0, 6, 1, 7, 2, 8, 3, 9, 4, 10, 5, 11}));
  EXPECT_EQ(countLiveBytes(graph, order), 1001);
}

/// A small beginning whose end is large: what a step asks for alone would begin all branches.
TEST(ListSchedulerTest, BranchesMayGrow) {
  StepGraph graph = makeBranches(4, {100, 200, 1});
  llvm::SmallVector<unsigned> order = schedule(graph);
  expectOrder(graph, order);
  EXPECT_EQ(countLiveBytes(graph, order), 300);
}

/// What a step needs alone counts while it runs.
TEST(ListSchedulerTest, InnerBytesLiveDuringTheStep) {
  StepGraph graph = makeGraph({{}, {0}}, {8, 8});
  graph.steps[0].inner = 100;
  EXPECT_EQ(countGiven(graph), 108);
}

TEST(ListSchedulerTest, RandomGraphsNeverNeedMore) {
  std::minstd_rand random(7);
  int better = 0;
  for (int round = 0; round < 500; ++round) {
    unsigned count = 2 + random() % 40;
    llvm::SmallVector<llvm::SmallVector<unsigned>> sources(count);
    llvm::SmallVector<int64_t> sizes;
    for (unsigned i = 0; i < count; ++i) {
      sizes.push_back(1 + random() % 100);
      for (unsigned n = i ? random() % 3 : 0; n > 0; --n)
        sources[i].push_back(random() % i);
    }
    StepGraph graph = makeGraph(sources, sizes);
    llvm::SmallVector<unsigned> order = schedule(graph);
    if (order.empty())
      continue;
    ++better;
    expectOrder(graph, order);
    EXPECT_LT(countLiveBytes(graph, order), countGiven(graph));
  }
  EXPECT_GT(better, 250);
}

/// So many that a quadratic search would show, with a value that all of them read.
TEST(ListSchedulerTest, OrdersLargeGraphs) {
  constexpr unsigned kCount = 20000;
  llvm::SmallVector<llvm::SmallVector<unsigned>> sources(kCount);
  llvm::SmallVector<int64_t> sizes(kCount, 64);
  for (unsigned i = 1; i < kCount; ++i)
    sources[i] = {0, i / 2};
  StepGraph graph = makeGraph(sources, sizes);
  expectOrder(graph, schedule(graph));
}

} // namespace
