//===- ParallelTest.cpp - Parallel regions and the thread pool ---===//
#include "TestModule.h"

#include <atomic>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace tgc::test;

namespace {

/// ThreadSanitizer cannot follow a fork of a process with threads.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
constexpr bool kCanFork = false;
#else
constexpr bool kCanFork = true;
#endif
#endif

std::vector<float> sums(Session &s, int64_t n) {
  std::vector<tgc_tensor_t> fetches;
  EXPECT_EQ(s.run(kSumPieces, {scalar(TGC_INT64, n)}, fetches), TGC_OK) << s.error.message;
  const auto *data = static_cast<float *>(fetches[0].data);
  return std::vector<float>(data, data + fetches[0].dims[0]);
}

float expectedSum(int64_t begin, int64_t end) {
  float sum = 0;
  for (int64_t i = begin; i < end; ++i)
    sum += 1.0f / static_cast<float>(i + 1);
  return sum;
}

TEST(Parallel, PiecesDependOnCountAndGrainOnly) {
  Session one(1), two(2), many(7);
  for (int64_t n : {0, 1, 99, 100, 101, 12345}) {
    std::vector<float> serial = sums(one, n);
    ASSERT_EQ(serial.size(), static_cast<size_t>((n + 99) / 100));
    for (size_t i = 0; i < serial.size(); ++i)
      ASSERT_EQ(serial[i], expectedSum(i * 100, std::min<int64_t>(n, i * 100 + 100)));
    EXPECT_EQ(sums(two, n), serial);
    EXPECT_EQ(sums(many, n), serial);
  }
}

TEST(Parallel, ManyRegions) {
  Session s(4);
  std::vector<float> expected = sums(s, 1000);
  for (int i = 0; i < 2000; ++i)
    ASSERT_EQ(sums(s, 1000), expected);
}

TEST(Parallel, SleepingWorkersWakeUp) {
  Session s(3);
  std::vector<float> expected = sums(s, 1000);
  for (int i = 0; i < 5; ++i) {
    usleep(20000);
    ASSERT_EQ(sums(s, 1000), expected);
  }
}

TEST(Parallel, ThePoolServesSeveralSessions) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([] {
      Session s(3);
      std::vector<float> expected = sums(s, 2000);
      for (int i = 0; i < 200; ++i)
        ASSERT_EQ(sums(s, 2000), expected);
    });
  for (std::thread &thread : threads)
    thread.join();
}

TEST(Parallel, ThreadsEndWithTheLastSession) {
  for (int i = 0; i < 20; ++i) {
    Session s(4);
    EXPECT_EQ(sums(s, 1000).size(), 10u);
  }
}

TEST(Parallel, NestedRegionsAreSerial) {
  Session s(4);
  int64_t n = 16;
  std::vector<tgc_tensor_t> fetches;
  ASSERT_EQ(s.run(kNested, {scalar(TGC_INT64, n)}, fetches), TGC_OK) << s.error.message;
  for (int64_t i = 0; i < n; ++i)
    EXPECT_EQ(static_cast<int64_t *>(fetches[0].data)[i], 1000);
}

TEST(Parallel, FailureEndsTheRegionAndTheRun) {
  for (uint32_t numThreads : {1, 2, 4}) {
    Session s(numThreads);
    int64_t n = 64;
    for (int i = 0; i < 50; ++i) {
      ASSERT_EQ(s.run(kFailPieces, {scalar(TGC_INT64, n)}), TGC_OUT_OF_RANGE);
      ASSERT_STREQ(s.error.message, "piece 3 [node: loop (While)]");
      ASSERT_STREQ(s.error.node, "loop (While)");
    }
    EXPECT_EQ(sums(s, 1000).size(), 10u);
  }
}

TEST(Parallel, HostsThreads) {
  static std::atomic<int> numRegions;
  numRegions = 0;
  tgc_services_t services = {};
  services.size = sizeof services;
  services.parallel_for = [](void *, tgc_loop_body_fn task, void *context, int64_t count) {
    ++numRegions;
    std::vector<std::thread> threads;
    for (int64_t i = 0; i < count; i += 3)
      threads.emplace_back([=] { task(context, i, std::min(count, i + 3)); });
    for (std::thread &thread : threads)
      thread.join();
  };
  Session host(4, &services), own(1);
  EXPECT_EQ(sums(host, 1234), sums(own, 1234));
  EXPECT_EQ(numRegions, 1);
  int64_t n = 10;
  EXPECT_EQ(host.run(kFailPieces, {scalar(TGC_INT64, n)}), TGC_OUT_OF_RANGE);
  EXPECT_STREQ(host.error.message, "piece 3 [node: loop (While)]");
}

TEST(Parallel, HostsThatLeaveOutPiecesAreCaught) {
  tgc_services_t services = {};
  services.size = sizeof services;
  services.parallel_for = [](void *, tgc_loop_body_fn task, void *context, int64_t count) {
    task(context, 0, count - 1);
  };
  Session s(4, &services);
  int64_t n = 1000;
  EXPECT_EQ(s.run(kSumPieces, {scalar(TGC_INT64, n)}), TGC_INTERNAL);
  EXPECT_STREQ(s.error.message, "the host's parallel_for did not visit each of 10 pieces once");
}

/// A session that runs inside the region of another one: its failures are its own.
TEST(Parallel, SessionsInRegionsOfAHost) {
  static std::vector<Session *> *inner;
  std::vector<Session *> sessions;
  for (int i = 0; i < 4; ++i)
    sessions.push_back(new Session(2));
  inner = &sessions;
  tgc_services_t services = {};
  services.size = sizeof services;
  services.parallel_for = [](void *, tgc_loop_body_fn task, void *context, int64_t count) {
    int64_t n = 8;
    for (Session *s : *inner)
      EXPECT_EQ(s->run(kFailPieces, {scalar(TGC_INT64, n)}), TGC_OUT_OF_RANGE);
    task(context, 0, count);
  };
  Session outer(2, &services);
  EXPECT_EQ(sums(outer, 1000).size(), 10u);
  for (Session *s : sessions)
    delete s;
}

TEST(Parallel, WorksAfterAFork) {
  if (!kCanFork)
    GTEST_SKIP() << "ThreadSanitizer cannot follow a fork";
  Session s(3);
  std::vector<float> expected = sums(s, 1000);
  pid_t child = fork();
  if (child == 0)
    _exit(sums(s, 1000) == expected ? 0 : 1);
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  EXPECT_EQ(sums(s, 1000), expected);
}

} // namespace
