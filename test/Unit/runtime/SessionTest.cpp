//===- SessionTest.cpp - Variables, isolation, modules ---===//
#include "TestModule.h"

#include <thread>

using namespace tgc::test;

namespace {

int64_t increment(Session &s) {
  std::vector<tgc_tensor_t> fetches;
  EXPECT_EQ(s.run(kIncrement, {}, fetches), TGC_OK) << s.error.message;
  return *static_cast<int64_t *>(fetches[0].data);
}

TEST(Session, StartsWithTheModulesValues) {
  Session s;
  tgc_tensor_t value;
  ASSERT_EQ(tgc_variable_get(s.session, "step", &value, &s.error), TGC_OK) << s.error.message;
  EXPECT_EQ(*static_cast<int64_t *>(value.data), 41);
  EXPECT_EQ(increment(s), 42);
  EXPECT_EQ(increment(s), 43);
}

TEST(Session, UninitializedReadsFail) {
  Session s;
  tgc_tensor_t value;
  EXPECT_EQ(tgc_variable_get(s.session, "unset", &value, &s.error), TGC_FAILED_PRECONDITION);
  EXPECT_STREQ(s.error.message, "Attempting to use uninitialized value unset");
  EXPECT_EQ(s.run(kReadUnset), TGC_FAILED_PRECONDITION);
  EXPECT_STREQ(s.error.message, "Attempting to use uninitialized value unset [node: unset/read (Identity)]");
}

TEST(Session, SetCopiesTheValue) {
  Session s;
  std::vector<float> pair = {3, 4};
  tgc_tensor_t value = tensor(TGC_FLOAT32, pair, {2});
  ASSERT_EQ(tgc_variable_set(s.session, "unset", &value, &s.error), TGC_OK) << s.error.message;
  pair = {0, 0};
  std::vector<tgc_tensor_t> fetches;
  ASSERT_EQ(s.run(kReadUnset, {}, fetches), TGC_OK) << s.error.message;
  EXPECT_EQ(static_cast<float *>(fetches[0].data)[1], 4);
}

TEST(Session, SetChecksTheValue) {
  Session s;
  std::vector<float> numbers = {1, 2, 3};
  tgc_tensor_t value = tensor(TGC_FLOAT32, numbers, {3});
  EXPECT_EQ(tgc_variable_set(s.session, "unset", &value, &s.error), TGC_INVALID_ARGUMENT);
  EXPECT_STREQ(s.error.message,
               "Cannot assign a value of shape [3] to variable 'unset', which has shape [2]");
  value.dtype = TGC_INT32;
  EXPECT_EQ(tgc_variable_set(s.session, "unset", &value, &s.error), TGC_INVALID_ARGUMENT);
  EXPECT_STREQ(s.error.message,
               "Cannot assign a value of dtype int32 to variable 'unset', which has dtype float32");
  value = tensor(TGC_FLOAT32, numbers, {2});
  value.byte_size = 7;
  EXPECT_EQ(tgc_variable_set(s.session, "unset", &value, &s.error), TGC_INVALID_ARGUMENT);
  EXPECT_STREQ(s.error.message,
               "Cannot assign to variable 'unset': the value has 7 bytes, shape [2] of float32 needs 8");
  EXPECT_EQ(tgc_variable_set(s.session, "nope", &value, &s.error), TGC_NOT_FOUND);
  EXPECT_STREQ(s.error.message, "the module has no variable nope (it has: step, unset, label, v)");
}

TEST(Session, StringVariablesOwnTheirBytes) {
  Session s;
  std::string name = "Ada";
  std::vector<tgc_string_t> names = {{name.data(), name.size()}};
  ASSERT_EQ(s.run(kGreet, {tensor(TGC_STRING, names, {1})}), TGC_OK) << s.error.message;
  name = "***";
  tgc_tensor_t label;
  ASSERT_EQ(tgc_variable_get(s.session, "label", &label, &s.error), TGC_OK) << s.error.message;
  EXPECT_EQ(text(*static_cast<tgc_string_t *>(label.data)), "Ada");
  // A run that writes nothing keeps the old bytes.
  names.clear();
  ASSERT_EQ(s.run(kGreet, {tensor(TGC_STRING, names, {0})}), TGC_OK) << s.error.message;
  ASSERT_EQ(tgc_variable_get(s.session, "label", &label, &s.error), TGC_OK) << s.error.message;
  EXPECT_EQ(text(*static_cast<tgc_string_t *>(label.data)), "Ada");
  // Setting a variable to its own borrowed value is legal.
  ASSERT_EQ(tgc_variable_set(s.session, "label", &label, &s.error), TGC_OK) << s.error.message;
  ASSERT_EQ(tgc_variable_get(s.session, "label", &label, &s.error), TGC_OK) << s.error.message;
  EXPECT_EQ(text(*static_cast<tgc_string_t *>(label.data)), "Ada");
}

TEST(Session, SessionsAreIsolated) {
  Session a;
  tgc_session_t *b;
  ASSERT_EQ(tgc_session_create(a.module, nullptr, &b, &a.error), TGC_OK) << a.error.message;
  EXPECT_EQ(increment(a), 42);
  EXPECT_EQ(increment(a), 43);
  tgc_tensor_t fetch = {};
  ASSERT_EQ(tgc_session_run(b, kIncrement, nullptr, 0, &fetch, 1, &a.error), TGC_OK) << a.error.message;
  EXPECT_EQ(*static_cast<int64_t *>(fetch.data), 42);
  tgc_session_release(b);
}

TEST(Session, SessionsRunAtTheSameTime) {
  Session owner;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      tgc_session_t *session;
      tgc_error_t error;
      ASSERT_EQ(tgc_session_create(owner.module, nullptr, &session, &error), TGC_OK) << error.message;
      for (int64_t i = 0; i < 500; ++i) {
        tgc_tensor_t fetch = {};
        ASSERT_EQ(tgc_session_run(session, kIncrement, nullptr, 0, &fetch, 1, &error), TGC_OK)
            << error.message;
        ASSERT_EQ(*static_cast<int64_t *>(fetch.data), 42 + i);
      }
      tgc_session_release(session);
    });
  for (std::thread &thread : threads)
    thread.join();
}

TEST(Session, SecondThreadIsTurnedAway) {
  Session s;
  resetWaiters();
  std::thread first(
      [&] { EXPECT_EQ(tgc_session_run(s.session, kWait, nullptr, 0, nullptr, 0, nullptr), TGC_OK); });
  while (!waitersInside())
    std::this_thread::yield();
  tgc_error_t error;
  EXPECT_EQ(tgc_session_run(s.session, kNothing, nullptr, 0, nullptr, 0, &error), TGC_FAILED_PRECONDITION);
  EXPECT_STREQ(error.message,
               "the session is in use on another thread; give each thread a session of its own");
  tgc_tensor_t value;
  EXPECT_EQ(tgc_variable_get(s.session, "step", &value, nullptr), TGC_FAILED_PRECONDITION);
  releaseWaiters();
  first.join();
  EXPECT_EQ(s.run(kNothing), TGC_OK);
}

TEST(Session, KeepsTheModuleAlive) {
  Session s;
  tgc_module_release(s.module);
  s.module = nullptr;
  EXPECT_EQ(increment(s), 42);
}

TEST(Module, FindsEntriesFeedsAndFetches) {
  Session s;
  uint32_t index = 99;
  EXPECT_EQ(tgc_module_find_entry(s.module, "nested", &index, &s.error), TGC_OK);
  EXPECT_EQ(index, kNested);
  const tgc_entry_info_t &entry = tgc_module_info(s.module)->entries[kRandomState];
  EXPECT_EQ(tgc_entry_find_fetch(&entry, "count:0", &index, &s.error), TGC_OK);
  EXPECT_EQ(index, 1u);
  EXPECT_EQ(tgc_entry_find_feed(&entry, "x:0", &index, &s.error), TGC_NOT_FOUND);
  EXPECT_STREQ(s.error.message, "the module has no feed x:0 (it has: nothing)");
  EXPECT_EQ(tgc_module_find_entry(s.module, "nope", &index, &s.error), TGC_NOT_FOUND);
  EXPECT_STREQ(s.error.message,
               "the module has no entry nope (it has: scale, nothing, increment, read_unset, fail, "
               "sum_pieces, fail_pieces, nested, greet, dynamic, host_output, random_state and 1 more)");
}

TEST(Module, RefusesDamagedDescriptors) {
  tgc_error_t error;
  tgc_module_t *module;
  EXPECT_EQ(tgc_module_from_info(nullptr, nullptr, &module, &error), TGC_INVALID_ARGUMENT);
  tgc_module_info_t info = moduleInfo();
  info.version = TGC_ABI_VERSION + 1;
  EXPECT_EQ(tgc_module_from_info(&info, nullptr, &module, &error), TGC_FAILED_PRECONDITION);
  EXPECT_STREQ(error.message, "the module has ABI version 2, this runtime knows 1; use a newer runtime");
  info = moduleInfo();
  info.size = 8;
  EXPECT_EQ(tgc_module_from_info(&info, nullptr, &module, &error), TGC_INVALID_ARGUMENT);
  info = moduleInfo();
  tgc_entry_info_t entry = info.entries[kScale];
  const int64_t dims[] = {2};
  tgc_tensor_info_t feed = {"x:0", 77, 1, dims};
  entry.feeds = &feed;
  info.entries = &entry;
  info.num_entries = 1;
  EXPECT_EQ(tgc_module_from_info(&info, nullptr, &module, &error), TGC_INVALID_ARGUMENT);
  EXPECT_STREQ(error.message, "the module descriptor is damaged");
}

/// A descriptor of the first version ends before `api`; nothing behind it may be read.
TEST(Module, OldDescriptorsAreShorter) {
  tgc_module_info_t info = moduleInfo();
  info.size = offsetof(tgc_module_info_t, api);
  info.num_counters = 0xffffffff;
  tgc_error_t error;
  tgc_module_t *module;
  ASSERT_EQ(tgc_module_from_info(&info, nullptr, &module, &error), TGC_OK) << error.message;
  tgc_session_t *session;
  EXPECT_EQ(tgc_session_create(module, nullptr, &session, &error), TGC_OK) << error.message;
  tgc_session_release(session);
  tgc_module_release(module);
}

TEST(Services, AllocationFailuresAreErrors) {
  // The n-th allocation fails, for every n until a session can be made and run.
  static int numLeft;
  static int numLive;
  tgc_services_t services = {};
  services.size = sizeof services;
  services.allocate = [](void *, uint64_t bytes, uint64_t alignment) -> void * {
    if (numLeft-- <= 0)
      return nullptr;
    ++numLive;
    return aligned_alloc(alignment, bytes);
  };
  services.release = [](void *, void *memory) {
    --numLive;
    free(memory);
  };
  tgc_status_t status = TGC_UNKNOWN;
  numLive = 0;
  for (int allowed = 0; allowed < 200 && status != TGC_OK; ++allowed) {
    tgc_module_t *module = nullptr;
    tgc_session_t *session = nullptr;
    tgc_error_t error;
    int64_t n = 20;
    tgc_tensor_t feed = scalar(TGC_INT64, n), fetch = {};
    numLeft = allowed;
    status = tgc_module_from_info(&moduleInfo(), &services, &module, &error);
    if (status == TGC_OK)
      status = tgc_session_create(module, nullptr, &session, &error);
    if (status == TGC_OK)
      status = tgc_session_run(session, kDynamic, &feed, 1, &fetch, 1, &error);
    if (status != TGC_OK) {
      EXPECT_EQ(status, TGC_RESOURCE_EXHAUSTED) << error.message;
      EXPECT_NE(std::string(error.message).find("cannot allocate"), std::string::npos) << error.message;
    }
    tgc_session_release(session);
    tgc_module_release(module);
    EXPECT_EQ(numLive, 0) << allowed;
  }
  EXPECT_EQ(status, TGC_OK);
}

TEST(Services, HalfATableIsRefused) {
  tgc_services_t services = {};
  tgc_error_t error;
  tgc_module_t *module;
  EXPECT_EQ(tgc_module_from_info(&moduleInfo(), &services, &module, &error), TGC_INVALID_ARGUMENT);
  EXPECT_STREQ(error.message, "tgc_services_t: size is 0; set it to sizeof(tgc_services_t)");
  services.size = sizeof services;
  services.release = [](void *, void *) {};
  EXPECT_EQ(tgc_module_from_info(&moduleInfo(), &services, &module, &error), TGC_INVALID_ARGUMENT);
  EXPECT_STREQ(error.message, "tgc_services_t: allocate and release must be given together");
}

TEST(Names, OfCodesAndTypes) {
  EXPECT_STREQ(tgc_status_name(TGC_OK), "OK");
  EXPECT_STREQ(tgc_status_name(TGC_INVALID_ARGUMENT), "INVALID_ARGUMENT");
  EXPECT_STREQ(tgc_status_name(TGC_DATA_LOSS), "DATA_LOSS");
  EXPECT_STREQ(tgc_status_name(-1), "UNKNOWN");
  EXPECT_STREQ(tgc_status_name(16), "UNKNOWN");
  EXPECT_STREQ(tgc_dtype_name(TGC_BFLOAT16), "bfloat16");
  EXPECT_STREQ(tgc_dtype_name(20), "invalid");
  EXPECT_EQ(tgc_dtype_size(TGC_COMPLEX128), 16u);
  EXPECT_EQ(tgc_dtype_size(TGC_STRING), sizeof(tgc_string_t));
  EXPECT_EQ(tgc_dtype_size(21), 0u);
  EXPECT_EQ(tgc_dtype_size(24), 0u);
}

} // namespace
