//===- AsyncTest.cpp - Runs that are waited for later, places of tensors ---===//
#include "TestModule.h"

#include <atomic>
#include <thread>

using namespace tgc::test;

namespace {

std::vector<float> values = {1, 2, 3, 4, 5, 6};

tgc_run_request_t request(uint32_t entry, std::vector<tgc_tensor_t> &feeds,
                          std::vector<tgc_tensor_t> &fetches) {
  tgc_run_request_t result = {};
  result.size = sizeof result;
  result.entry = entry;
  result.feeds = feeds.data();
  result.num_feeds = feeds.size();
  fetches.resize(moduleInfo().entries[entry].num_fetches);
  result.fetches = fetches.data();
  result.num_fetches = fetches.size();
  return result;
}

struct Scale {
  std::vector<tgc_tensor_t> feeds = {tensor(TGC_FLOAT32, values, {3, 2})}, fetches;
  tgc_run_request_t call = request(kScale, feeds, fetches);
};

TEST(Async, GivesWhatARunGives) {
  Session s;
  Scale scale;
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(tgc_session_run_async(s.session, &scale.call, &s.error), TGC_OK) << s.error.message;
    ASSERT_EQ(tgc_session_wait(s.session, &s.error), TGC_OK) << s.error.message;
    EXPECT_EQ(static_cast<float *>(scale.fetches[0].data)[5], 12);
  }
  EXPECT_EQ(s.run(kNothing), TGC_OK) << s.error.message;
}

TEST(Async, TheSessionBelongsToTheRun) {
  Session s;
  resetWaiters();
  std::vector<tgc_tensor_t> none, fetches;
  tgc_run_request_t call = request(kWait, none, fetches);
  ASSERT_EQ(tgc_session_run_async(s.session, &call, &s.error), TGC_OK) << s.error.message;
  while (!waitersInside())
    std::this_thread::yield();
  EXPECT_EQ(s.run(kNothing), TGC_FAILED_PRECONDITION);
  EXPECT_EQ(tgc_session_run_async(s.session, &call, &s.error), TGC_FAILED_PRECONDITION);
  releaseWaiters();
  EXPECT_EQ(tgc_session_wait(s.session, &s.error), TGC_OK) << s.error.message;
  EXPECT_EQ(s.run(kNothing), TGC_OK) << s.error.message;
}

TEST(Async, ErrorsComeWithTheWait) {
  Session s;
  int32_t code = TGC_OUT_OF_RANGE;
  std::vector<tgc_tensor_t> feeds = {scalar(TGC_INT32, code)}, fetches;
  tgc_run_request_t call = request(kFail, feeds, fetches);
  ASSERT_EQ(tgc_session_run_async(s.session, &call, &s.error), TGC_OK);
  EXPECT_EQ(tgc_session_wait(s.session, nullptr), TGC_OUT_OF_RANGE);
  ASSERT_EQ(tgc_session_run_async(s.session, &call, &s.error), TGC_OK);
  EXPECT_EQ(tgc_session_wait(s.session, &s.error), TGC_OUT_OF_RANGE);
  EXPECT_EQ(s.error.code, TGC_OUT_OF_RANGE);
  EXPECT_EQ(tgc_session_wait(s.session, &s.error), TGC_FAILED_PRECONDITION);
}

TEST(Async, NothingToWaitFor) {
  Session s;
  EXPECT_EQ(tgc_session_wait(s.session, &s.error), TGC_FAILED_PRECONDITION);
  EXPECT_STREQ(s.error.message, "no run was started that could be waited for");
}

TEST(Async, RequestsThatDoNotFitAreErrorsAtOnce) {
  Session s;
  Scale scale;
  EXPECT_EQ(tgc_session_run_async(s.session, nullptr, &s.error), TGC_INVALID_ARGUMENT);
  scale.call.size = 4;
  EXPECT_EQ(tgc_session_run_async(s.session, &scale.call, &s.error), TGC_INVALID_ARGUMENT);
  EXPECT_STREQ(s.error.message, "tgc_run_request_t: size is 4; set it to sizeof(tgc_run_request_t)");
  scale.call.size = sizeof scale.call;
  scale.call.num_feeds = 0;
  EXPECT_EQ(tgc_session_run_async(s.session, &scale.call, &s.error), TGC_INVALID_ARGUMENT);
  scale.call.num_feeds = 1;
  scale.call.entry = kNumEntries;
  EXPECT_EQ(tgc_session_run_async(s.session, &scale.call, &s.error), TGC_INVALID_ARGUMENT);
  EXPECT_EQ(tgc_session_wait(s.session, &s.error), TGC_FAILED_PRECONDITION);
}

TEST(Async, ReleaseWaits) {
  resetWaiters();
  std::vector<tgc_tensor_t> none, fetches;
  tgc_run_request_t call = request(kWait, none, fetches);
  std::thread releaser;
  std::atomic<bool> mayEnd = false;
  {
    Session s;
    ASSERT_EQ(tgc_session_run_async(s.session, &call, &s.error), TGC_OK) << s.error.message;
    while (!waitersInside())
      std::this_thread::yield();
    releaser = std::thread([&] {
      mayEnd = true;
      releaseWaiters();
    });
  }
  EXPECT_TRUE(mayEnd);
  releaser.join();
}

TEST(Places, OfTheHost) {
  Session s;
  Scale scale;
  int64_t strides[] = {2, 1};
  tgc_place_t place = {TGC_DEVICE_CPU, 0, strides}, pinned = {TGC_DEVICE_CUDA_HOST, 0, nullptr};
  scale.call.feed_places = &place;
  scale.call.fetch_places = &pinned;
  ASSERT_EQ(tgc_session_run_request(s.session, &scale.call, &s.error), TGC_OK) << s.error.message;
  EXPECT_EQ(static_cast<float *>(scale.fetches[0].data)[5], 12);
}

TEST(Places, OlderRequestsHaveNone) {
  Session s;
  Scale scale;
  tgc_place_t unread = {77, 0, nullptr};
  scale.call.feed_places = &unread;
  scale.call.size = offsetof(tgc_run_request_t, feed_places);
  EXPECT_EQ(tgc_session_run_request(s.session, &scale.call, &s.error), TGC_OK) << s.error.message;
}

TEST(Places, MustFit) {
  Session s;
  Scale scale;
  int64_t columns[] = {1, 3};
  tgc_place_t place = {TGC_DEVICE_CPU, 0, columns};
  scale.call.feed_places = &place;
  EXPECT_EQ(tgc_session_run_request(s.session, &scale.call, &s.error), TGC_INVALID_ARGUMENT);
  EXPECT_STREQ(s.error.message, "feed 'x:0': its strides are not those of a row-major tensor without gaps");
  place = {TGC_DEVICE_CUDA, 0, nullptr};
  EXPECT_EQ(tgc_session_run_request(s.session, &scale.call, &s.error), TGC_FAILED_PRECONDITION);
  EXPECT_STREQ(s.error.message,
               "feed 'x:0' lies on a GPU, for which the entry has no code; compile with --target cpu,cuda");
  place = {77, 0, nullptr};
  EXPECT_EQ(tgc_session_run_request(s.session, &scale.call, &s.error), TGC_INVALID_ARGUMENT);
  place = {TGC_DEVICE_CPU, 0, nullptr};
  tgc_place_t strided = {TGC_DEVICE_CPU, 0, columns};
  scale.call.fetch_places = &strided;
  EXPECT_EQ(tgc_session_run_request(s.session, &scale.call, &s.error), TGC_INVALID_ARGUMENT);
  EXPECT_STREQ(s.error.message, "fetch 'y:0' is written row-major: give no strides");
}

} // namespace
