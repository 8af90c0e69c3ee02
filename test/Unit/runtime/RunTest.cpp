//===- RunTest.cpp - Feeds, fetches and errors of a run ---===//
#include "TestModule.h"

using namespace tgc::test;

namespace {

std::vector<float> values = {1, 2, 3, 4, 5, 6};

TEST(Run, LendsTheFetch) {
  Session s;
  std::vector<tgc_tensor_t> fetches;
  ASSERT_EQ(s.run(kScale, {tensor(TGC_FLOAT32, values, {3, 2})}, fetches), TGC_OK) << s.error.message;
  EXPECT_EQ(fetches[0].dtype, TGC_FLOAT32);
  ASSERT_EQ(fetches[0].rank, 2);
  EXPECT_EQ(fetches[0].dims[0], 3);
  EXPECT_EQ(fetches[0].dims[1], 2);
  EXPECT_EQ(fetches[0].byte_size, 24u);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(fetches[0].data) % 64, 0u);
  EXPECT_EQ(static_cast<float *>(fetches[0].data)[5], 12);
}

TEST(Run, LentTensorMayBePassedAgain) {
  Session s;
  std::vector<tgc_tensor_t> fetches;
  ASSERT_EQ(s.run(kScale, {tensor(TGC_FLOAT32, values, {1, 2})}, fetches), TGC_OK);
  ASSERT_EQ(s.run(kScale, {tensor(TGC_FLOAT32, values, {3, 2})}, fetches), TGC_OK) << s.error.message;
  EXPECT_EQ(fetches[0].byte_size, 24u);
  EXPECT_EQ(static_cast<float *>(fetches[0].data)[5], 12);
}

TEST(Run, LentTensorMayBeFed) {
  Session s;
  std::vector<tgc_tensor_t> fetches;
  ASSERT_EQ(s.run(kScale, {tensor(TGC_FLOAT32, values, {3, 2})}, fetches), TGC_OK);
  for (float expected = 4; expected < 1000; expected *= 2) {
    tgc_tensor_t fed = fetches[0];
    ASSERT_EQ(s.run(kScale, {fed}, fetches), TGC_OK) << s.error.message;
    EXPECT_NE(fetches[0].data, fed.data);
    EXPECT_EQ(static_cast<float *>(fed.data)[0], expected / 2);
    EXPECT_EQ(static_cast<float *>(fetches[0].data)[0], expected);
  }
}

TEST(Run, WritesToTheCallersMemory) {
  Session s;
  std::vector<float> room(8);
  std::vector<tgc_tensor_t> fetches(1);
  fetches[0].data = room.data();
  fetches[0].byte_size = 32;
  ASSERT_EQ(s.run(kScale, {tensor(TGC_FLOAT32, values, {3, 2})}, fetches), TGC_OK) << s.error.message;
  EXPECT_EQ(fetches[0].data, room.data());
  EXPECT_EQ(fetches[0].byte_size, 32u);
  EXPECT_EQ(room[5], 12);
  EXPECT_EQ(room[6], 0);
}

TEST(Run, RefusesMemoryThatIsTooSmall) {
  Session s;
  std::vector<float> room(2);
  std::vector<tgc_tensor_t> fetches(1);
  fetches[0].data = room.data();
  fetches[0].byte_size = 8;
  EXPECT_EQ(s.run(kScale, {tensor(TGC_FLOAT32, values, {3, 2})}, fetches), TGC_INVALID_ARGUMENT);
  EXPECT_STREQ(s.error.message, "fetch 'y:0': the memory given has 8 bytes, shape [3,2] of float32 needs 24");
}

TEST(Run, EmptyBatchNeedsNoData) {
  Session s;
  std::vector<tgc_tensor_t> fetches;
  tgc_tensor_t x = tensor(TGC_FLOAT32, values, {0, 2});
  x.data = nullptr;
  x.byte_size = 0;
  ASSERT_EQ(s.run(kScale, {x}, fetches), TGC_OK) << s.error.message;
  EXPECT_EQ(fetches[0].dims[0], 0);
}

struct BadFeed {
  const char *what;
  tgc_tensor_t feed;
  const char *message;
};

TEST(Run, ExplainsBadFeeds) {
  std::vector<BadFeed> cases;
  auto add = [&](const char *what, const char *message) -> tgc_tensor_t & {
    cases.push_back({what, tensor(TGC_FLOAT32, values, {3, 2}), message});
    return cases.back().feed;
  };
  add("dtype", "Cannot feed value of dtype float64 for tensor 'x:0', which has dtype float32").dtype =
      TGC_FLOAT64;
  add("unknown dtype", "Cannot feed value of dtype invalid for tensor 'x:0', which has dtype float32").dtype =
      99;
  add("dim", "Cannot feed value of shape [3,4] for tensor 'x:0', which has shape [?,2]").dims[1] = 4;
  add("rank", "Cannot feed value of shape [3] for tensor 'x:0', which has shape [?,2]").rank = 1;
  add("negative rank", "Cannot feed value of rank -1 for tensor 'x:0', which has shape [?,2]").rank = -1;
  add("huge rank", "Cannot feed value of rank 17 for tensor 'x:0', which has shape [?,2]").rank = 17;
  add("negative dim",
      "Cannot feed value of shape [-3,2] for tensor 'x:0': a dimension is negative or the size overflows")
      .dims[0] = -3;
  add("overflow",
      "Cannot feed value of shape [4611686018427387904,2] for tensor 'x:0': a dimension is negative or "
      "the size overflows")
      .dims[0] = int64_t(1) << 62;
  add("null", "Cannot feed tensor 'x:0' of shape [3,2]: its data is NULL").data = nullptr;
  add("short", "Cannot feed tensor 'x:0': the value has 23 bytes, shape [3,2] of float32 needs 24")
      .byte_size = 23;
  Session s;
  for (const BadFeed &c : cases) {
    EXPECT_EQ(s.run(kScale, {c.feed}), TGC_INVALID_ARGUMENT) << c.what;
    EXPECT_STREQ(s.error.message, c.message) << c.what;
    EXPECT_EQ(s.error.code, TGC_INVALID_ARGUMENT) << c.what;
  }
}

TEST(Run, ExplainsBadCalls) {
  Session s;
  EXPECT_EQ(s.run(kScale), TGC_INVALID_ARGUMENT);
  EXPECT_STREQ(s.error.message, "entry scale takes 1 feeds (x:0), 0 are given");
  tgc_tensor_t x = tensor(TGC_FLOAT32, values, {3, 2});
  EXPECT_EQ(tgc_session_run(s.session, kScale, &x, 1, nullptr, 0, &s.error), TGC_INVALID_ARGUMENT);
  EXPECT_STREQ(s.error.message, "entry scale has 1 fetches (y:0), 0 are asked for");
  EXPECT_EQ(tgc_session_run(s.session, kScale, nullptr, 1, &x, 1, &s.error), TGC_INVALID_ARGUMENT);
  EXPECT_STREQ(s.error.message, "entry scale: the array of feeds is NULL");
  EXPECT_EQ(tgc_session_run(s.session, kNumEntries, nullptr, 0, nullptr, 0, &s.error), TGC_INVALID_ARGUMENT);
  EXPECT_STREQ(s.error.message, "entry number 13: the module has 13");
}

TEST(Run, SuccessClearsTheError) {
  Session s;
  EXPECT_EQ(s.run(kScale), TGC_INVALID_ARGUMENT);
  EXPECT_EQ(s.run(kNothing), TGC_OK);
  EXPECT_EQ(s.error.code, TGC_OK);
  EXPECT_STREQ(s.error.message, "");
}

TEST(Run, FailureNamesTheNode) {
  Session s;
  int32_t code = TGC_OUT_OF_RANGE;
  EXPECT_EQ(s.run(kFail, {scalar(TGC_INT32, code)}), TGC_OUT_OF_RANGE);
  EXPECT_STREQ(s.error.message,
               "index 7 (seven) is not in [0, -1), 100% sure [node: layer/Gather (GatherV2)]");
  EXPECT_STREQ(s.error.node, "layer/Gather (GatherV2)");
  EXPECT_STREQ(tgc_status_name(s.error.code), "OUT_OF_RANGE");
}

TEST(Run, FailureIsNeverSuccess) {
  Session s;
  for (int32_t code : {0, -5, 99}) {
    EXPECT_EQ(s.run(kFail, {scalar(TGC_INT32, code)}), TGC_UNKNOWN);
    EXPECT_EQ(s.error.code, TGC_UNKNOWN);
  }
}

TEST(Run, FailureWithoutAnErrorToFill) {
  Session s;
  int32_t code = TGC_ABORTED;
  tgc_tensor_t feed = scalar(TGC_INT32, code);
  EXPECT_EQ(tgc_session_run(s.session, kFail, &feed, 1, nullptr, 0, nullptr), TGC_ABORTED);
  EXPECT_EQ(s.run(kNothing), TGC_OK);
}

TEST(Run, MemoryGrowsAndStays) {
  Session s;
  std::vector<tgc_tensor_t> fetches;
  for (int64_t n : {3, 1000, 10, 0}) {
    ASSERT_EQ(s.run(kDynamic, {scalar(TGC_INT64, n)}, fetches), TGC_OK) << s.error.message;
    ASSERT_EQ(fetches[0].dims[0], n);
    for (int64_t i = 0; i < n; ++i)
      ASSERT_EQ(static_cast<float *>(fetches[0].data)[i], 1);
  }
}

#ifdef __linux__
TEST(Run, LargeMemoryBeginsALargePage) {
  Session s;
  std::vector<tgc_tensor_t> fetches;
  int64_t n = 1 << 20;
  ASSERT_EQ(s.run(kDynamic, {scalar(TGC_INT64, n)}, fetches), TGC_OK) << s.error.message;
  EXPECT_EQ(reinterpret_cast<uintptr_t>(fetches[0].data) % (2 << 20), 0u);
}
#endif

TEST(Run, ImpossibleSizesAreErrors) {
  Session s;
  int64_t n = int64_t(1) << 61;
  EXPECT_EQ(s.run(kDynamic, {scalar(TGC_INT64, n)}), TGC_RESOURCE_EXHAUSTED);
  EXPECT_STREQ(s.error.message, "entry dynamic: cannot allocate 9223372036854775808 bytes for a tensor");
  n = 2;
  EXPECT_EQ(s.run(kDynamic, {scalar(TGC_INT64, n)}), TGC_OK) << s.error.message;
}

TEST(Run, HostOutputs) {
  Session s;
  std::vector<tgc_tensor_t> fetches;
  std::vector<int64_t> dims = {5, 7};
  ASSERT_EQ(s.run(kHostOutput, {tensor(TGC_INT64, dims, {2})}, fetches), TGC_OK) << s.error.message;
  EXPECT_EQ(*static_cast<int64_t *>(fetches[0].data), 140);
  dims[1] = -7;
  EXPECT_EQ(s.run(kHostOutput, {tensor(TGC_INT64, dims, {2})}), TGC_INVALID_ARGUMENT);
  EXPECT_STREQ(s.error.message, "an output has shape [5,-7]: a dimension is negative or the size overflows");
  dims = {6, 7};
  EXPECT_EQ(s.run(kHostOutput, {tensor(TGC_INT64, dims, {2})}), TGC_INVALID_ARGUMENT);
  EXPECT_STREQ(s.error.message, "an output has shape [6,7], expected [5,?]");
}

TEST(Run, FetchedStringsOwnTheirBytes) {
  Session s;
  std::vector<tgc_tensor_t> fetches;
  std::string first = "Ada", second = "Grace";
  std::vector<tgc_string_t> names = {{first.data(), first.size()}, {second.data(), second.size()}};
  ASSERT_EQ(s.run(kGreet, {tensor(TGC_STRING, names, {2})}, fetches), TGC_OK) << s.error.message;
  first = "***";
  second = "*****";
  const auto *greetings = static_cast<tgc_string_t *>(fetches[0].data);
  EXPECT_EQ(text(greetings[0]), "Hello Ada");
  EXPECT_EQ(text(greetings[1]), "Hello Grace");
}

TEST(Run, CountersAndSeed) {
  Session s(1, nullptr, 1234);
  std::vector<tgc_tensor_t> fetches;
  for (int64_t expected : {1, 2, 3}) {
    ASSERT_EQ(s.run(kRandomState, {}, fetches), TGC_OK) << s.error.message;
    EXPECT_EQ(*static_cast<int64_t *>(fetches[0].data), 1234);
    EXPECT_EQ(*static_cast<int64_t *>(fetches[1].data), expected);
  }
}

TEST(Run, SeedsOfTheSystemDiffer) {
  int64_t seeds[2];
  for (int64_t &seed : seeds) {
    Session s;
    std::vector<tgc_tensor_t> fetches;
    ASSERT_EQ(s.run(kRandomState, {}, fetches), TGC_OK) << s.error.message;
    seed = *static_cast<int64_t *>(fetches[0].data);
  }
  EXPECT_NE(seeds[0], seeds[1]);
}

TEST(Run, NoAllocationOnceAShapeWasSeen) {
  static int numAllocations;
  numAllocations = 0;
  tgc_services_t services = {};
  services.size = sizeof services;
  services.allocate = [](void *, uint64_t bytes, uint64_t alignment) -> void * {
    ++numAllocations;
    return aligned_alloc(alignment, bytes);
  };
  services.release = [](void *, void *memory) { free(memory); };
  Session s(1, &services);
  int64_t n = 50;
  std::vector<tgc_tensor_t> fetches;
  ASSERT_EQ(s.run(kDynamic, {scalar(TGC_INT64, n)}, fetches), TGC_OK);
  int before = numAllocations;
  EXPECT_GT(before, 0);
  ASSERT_EQ(s.run(kDynamic, {scalar(TGC_INT64, n)}, fetches), TGC_OK);
  n = 20;
  ASSERT_EQ(s.run(kDynamic, {scalar(TGC_INT64, n)}, fetches), TGC_OK);
  EXPECT_EQ(numAllocations, before);
}

} // namespace
