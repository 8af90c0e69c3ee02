//===- RestoreTest.cpp - Variables of a session from checkpoints ---===//
#include "CheckpointBuilder.h"
#include "TestModule.h"

using namespace tgc::test;

namespace {

const std::string kInputs = TGC_TEST_INPUTS;

/// What a checkpoint of the whole test module holds.
CheckpointBuilder complete() {
  CheckpointBuilder builder;
  builder.add("step", TGC_INT64, {}, bytesOf<int64_t>({7}));
  builder.add("unset", TGC_FLOAT32, {2}, bytesOf<float>({8, 9}));
  builder.addStrings("label", {}, {"a label"});
  builder.add("v", TGC_FLOAT32, {4, 2}, bytesOf<float>({0, 1, 2, 3, 4, 5, 6, 7}));
  builder.add("unwanted", TGC_FLOAT32, {1}, bytesOf<float>({1}));
  return builder;
}

int64_t step(Session &s) {
  tgc_tensor_t value;
  EXPECT_EQ(tgc_variable_get(s.session, "step", &value, &s.error), TGC_OK) << s.error.message;
  return *static_cast<int64_t *>(value.data);
}

tgc_restore_options_t partialOptions() {
  tgc_restore_options_t options = {};
  options.size = sizeof options;
  options.partial = 1;
  return options;
}

TEST(Restore, GivesEveryVariableItsValue) {
  Session s;
  std::string prefix = complete().write("complete");
  ASSERT_EQ(tgc_session_restore(s.session, prefix.c_str(), nullptr, &s.error), TGC_OK) << s.error.message;
  EXPECT_EQ(step(s), 7);
  tgc_tensor_t value;
  ASSERT_EQ(tgc_variable_get(s.session, "label", &value, &s.error), TGC_OK) << s.error.message;
  EXPECT_EQ(value.byte_size, sizeof(tgc_string_t));
  EXPECT_EQ(text(*static_cast<tgc_string_t *>(value.data)), "a label");
  ASSERT_EQ(tgc_variable_get(s.session, "v", &value, &s.error), TGC_OK) << s.error.message;
  EXPECT_EQ(value.byte_size, 32u);
  EXPECT_EQ(static_cast<float *>(value.data)[7], 7);
  // The session goes on from there, strings included.
  std::string name = "Ada";
  std::vector<tgc_string_t> names = {{name.data(), name.size()}};
  ASSERT_EQ(s.run(kGreet, {tensor(TGC_STRING, names, {1})}), TGC_OK) << s.error.message;
  ASSERT_EQ(s.run(kIncrement), TGC_OK) << s.error.message;
  EXPECT_EQ(step(s), 8);
}

TEST(Restore, MissingVariablesAreListed) {
  Session s;
  std::string prefix = kInputs + "/bad/good";
  EXPECT_EQ(tgc_session_restore(s.session, prefix.c_str(), nullptr, &s.error), TGC_NOT_FOUND);
  EXPECT_EQ(s.error.message, prefix + ": checkpoint has no tensors step, unset, label (it has: v)");
  EXPECT_EQ(step(s), 41);
}

TEST(Restore, PartialTakesWhatIsThere) {
  Session s;
  tgc_restore_options_t options = partialOptions();
  ASSERT_EQ(tgc_session_restore(s.session, (kInputs + "/bad/good").c_str(), &options, &s.error), TGC_OK)
      << s.error.message;
  tgc_tensor_t value;
  ASSERT_EQ(tgc_variable_get(s.session, "v", &value, &s.error), TGC_OK) << s.error.message;
  EXPECT_EQ(static_cast<float *>(value.data)[5], 5);
  EXPECT_EQ(step(s), 41);
  EXPECT_EQ(tgc_variable_get(s.session, "unset", &value, &s.error), TGC_FAILED_PRECONDITION);
}

TEST(Restore, PartialTakesSomething) {
  Session s;
  CheckpointBuilder builder;
  builder.add("other", TGC_INT64, {}, bytesOf<int64_t>({99}));
  std::string prefix = builder.write("foreign");
  tgc_restore_options_t options = partialOptions();
  EXPECT_EQ(tgc_session_restore(s.session, prefix.c_str(), &options, &s.error), TGC_NOT_FOUND);
  EXPECT_EQ(s.error.message, prefix + ": checkpoint has no tensors step, unset, label, v (it has: other)");
}

TEST(Restore, TakesWhatIsSelected) {
  Session s;
  std::string prefix = complete().write("selected");
  tgc_restore_options_t options = {};
  options.size = sizeof options;
  options.selects = [](void *user, const char *variable) -> uint8_t {
    return *static_cast<const char *>(user) == *variable;
  };
  char initial = 'v';
  options.user = &initial;
  ASSERT_EQ(tgc_session_restore(s.session, prefix.c_str(), &options, &s.error), TGC_OK) << s.error.message;
  EXPECT_EQ(step(s), 41);
  tgc_tensor_t value;
  ASSERT_EQ(tgc_variable_get(s.session, "v", &value, &s.error), TGC_OK) << s.error.message;
  EXPECT_EQ(static_cast<float *>(value.data)[7], 7);
  // What is selected must be there, the rest need not.
  prefix = kInputs + "/bad/good";
  EXPECT_EQ(tgc_session_restore(s.session, prefix.c_str(), &options, &s.error), TGC_OK) << s.error.message;
  initial = 's';
  EXPECT_EQ(tgc_session_restore(s.session, prefix.c_str(), &options, &s.error), TGC_NOT_FOUND);
  EXPECT_EQ(s.error.message, prefix + ": checkpoint has no tensor step (it has: v)");
}

TEST(Restore, RenamesVariables) {
  Session s;
  CheckpointBuilder builder;
  builder.add("global_step", TGC_INT64, {}, bytesOf<int64_t>({99}));
  std::string prefix = builder.write("renamed");
  tgc_rename_t rename = {"step", "global_step"};
  tgc_restore_options_t options = partialOptions();
  options.num_renames = 1;
  options.renames = &rename;
  ASSERT_EQ(tgc_session_restore(s.session, prefix.c_str(), &options, &s.error), TGC_OK) << s.error.message;
  EXPECT_EQ(step(s), 99);
}

TEST(Restore, FailsWhereAValueDoesNotFit) {
  Session s;
  tgc_restore_options_t options = partialOptions();
  struct {
    const char *file, *message;
  } cases[] = {
      {"/bad/wrong_shape", ": checkpoint tensor v has shape [2,4], the graph wants [4,2]"},
      {"/bad/wrong_dtype", ": checkpoint tensor v is float64, the graph wants float32"},
  };
  for (const auto &c : cases) {
    std::string prefix = kInputs + c.file;
    EXPECT_EQ(tgc_session_restore(s.session, prefix.c_str(), &options, &s.error), TGC_INVALID_ARGUMENT);
    EXPECT_EQ(s.error.message, prefix + c.message);
  }
}

TEST(Restore, AllOrNothing) {
  Session s;
  CheckpointBuilder builder = complete();
  builder.shards[0][builder.shards[0].size() - 5] ^= 1; // in v, the last that is read
  std::string prefix = builder.write("half");
  EXPECT_EQ(tgc_session_restore(s.session, prefix.c_str(), nullptr, &s.error), TGC_DATA_LOSS);
  EXPECT_NE(std::string(s.error.message).find("checksum of tensor v does not match"), std::string::npos);
  EXPECT_EQ(step(s), 41);
}

TEST(Restore, LogsWhatItDid) {
  static std::string logged;
  tgc_services_t services = {};
  services.size = sizeof services;
  services.log = [](void *, const char *text) { logged = text; };
  Session s(1, &services);
  std::string prefix = complete().write("logged");
  ASSERT_EQ(tgc_session_restore(s.session, prefix.c_str(), nullptr, &s.error), TGC_OK) << s.error.message;
  EXPECT_EQ(logged, prefix + ": restored 4 of 4 variables, the checkpoint has 5 tensors");
}

} // namespace
