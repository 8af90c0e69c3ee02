//===- SaveTest.cpp - Variables of a session to checkpoints ---===//
#include "CheckpointBuilder.h"
#include "TestModule.h"
#include "tgc/checkpoint.h"

#include <atomic>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

using namespace tgc::test;

namespace {

/// A folder of its own for each test.
class Save : public testing::Test {
protected:
  void SetUp() override {
    folder = std::filesystem::temp_directory_path() /
             (std::string("tgc-save-") + testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
  }
  void TearDown() override { std::filesystem::remove_all(folder); }

  std::string path(const std::string &name) const { return (folder / name).string(); }
  bool has(const std::string &name) const { return std::filesystem::exists(folder / name); }
  std::string state() const {
    std::stringstream text;
    text << std::ifstream(folder / "checkpoint").rdbuf();
    return text.str();
  }

  std::filesystem::path folder;
};

/// Gives the variables without an initial value one.
void complete(Session &s) {
  std::vector<float> pair = {8, 9}, v = {0, 1, 2, 3, 4, 5, 6, 7};
  std::string bytes = "a label";
  std::vector<tgc_string_t> label = {{bytes.data(), bytes.size()}};
  tgc_tensor_t unset = tensor(TGC_FLOAT32, pair, {2}), text = tensor(TGC_STRING, label, {}),
               matrix = tensor(TGC_FLOAT32, v, {4, 2});
  ASSERT_EQ(tgc_variable_set(s.session, "unset", &unset, &s.error), TGC_OK) << s.error.message;
  ASSERT_EQ(tgc_variable_set(s.session, "label", &text, &s.error), TGC_OK) << s.error.message;
  ASSERT_EQ(tgc_variable_set(s.session, "v", &matrix, &s.error), TGC_OK) << s.error.message;
}

int64_t step(Session &s) {
  tgc_tensor_t value;
  EXPECT_EQ(tgc_variable_get(s.session, "step", &value, &s.error), TGC_OK) << s.error.message;
  return *static_cast<int64_t *>(value.data);
}

tgc_save_options_t numbered(int64_t step, uint32_t maxToKeep) {
  tgc_save_options_t options = {};
  options.size = sizeof options;
  options.has_step = 1;
  options.step = step;
  options.max_to_keep = maxToKeep;
  return options;
}

TEST_F(Save, ComesBack) {
  Session s;
  complete(s);
  ASSERT_EQ(s.run(kIncrement), TGC_OK) << s.error.message;
  ASSERT_EQ(tgc_session_save(s.session, path("model").c_str(), nullptr, &s.error), TGC_OK) << s.error.message;
  EXPECT_NE(state().find("model_checkpoint_path: \"model\"\n"), std::string::npos) << state();
  Session other;
  ASSERT_EQ(tgc_session_restore(other.session, path("model").c_str(), nullptr, &other.error), TGC_OK)
      << other.error.message;
  EXPECT_EQ(step(other), 42);
  tgc_tensor_t value;
  ASSERT_EQ(tgc_variable_get(other.session, "label", &value, &s.error), TGC_OK);
  EXPECT_EQ(text(*static_cast<tgc_string_t *>(value.data)), "a label");
  ASSERT_EQ(tgc_variable_get(other.session, "v", &value, &s.error), TGC_OK);
  EXPECT_EQ(static_cast<float *>(value.data)[7], 7);
}

TEST_F(Save, OneSessionSavesWhileAnotherTrains) {
  Session saving;
  complete(saving);
  std::atomic<bool> isDone = false;
  std::thread training([&] {
    tgc_session_t *session;
    tgc_error_t error;
    ASSERT_EQ(tgc_session_create(saving.module, nullptr, &session, &error), TGC_OK) << error.message;
    int64_t steps = 0;
    tgc_tensor_t fetch;
    for (; !isDone || steps < 100; ++steps) {
      fetch = {};
      ASSERT_EQ(tgc_session_run(session, kIncrement, nullptr, 0, &fetch, 1, &error), TGC_OK) << error.message;
      ASSERT_EQ(*static_cast<int64_t *>(fetch.data), 42 + steps);
    }
    tgc_session_release(session);
  });
  for (int64_t i = 0; i < 25; ++i) {
    ASSERT_EQ(saving.run(kIncrement), TGC_OK) << saving.error.message;
    tgc_save_options_t options = numbered(i, 2);
    ASSERT_EQ(tgc_session_save(saving.session, path("model").c_str(), &options, &saving.error), TGC_OK)
        << saving.error.message;
    Session other;
    std::string prefix = path("model-" + std::to_string(i));
    ASSERT_EQ(tgc_session_restore(other.session, prefix.c_str(), nullptr, &other.error), TGC_OK)
        << other.error.message;
    EXPECT_EQ(step(other), 42 + i);
  }
  isDone = true;
  training.join();
}

TEST_F(Save, UninitializedVariablesAreListed) {
  Session s;
  EXPECT_EQ(tgc_session_save(s.session, path("model").c_str(), nullptr, &s.error), TGC_FAILED_PRECONDITION);
  EXPECT_NE(std::string(s.error.message).find("uninitialized value unset, label, v"), std::string::npos)
      << s.error.message;
  EXPECT_TRUE(std::filesystem::is_empty(folder));
}

TEST_F(Save, ReplacesACheckpointOfTheSameName) {
  Session s;
  complete(s);
  for (int64_t wanted : {42, 43, 44}) {
    ASSERT_EQ(s.run(kIncrement), TGC_OK);
    ASSERT_EQ(tgc_session_save(s.session, path("model").c_str(), nullptr, &s.error), TGC_OK)
        << s.error.message;
    Session other;
    ASSERT_EQ(tgc_session_restore(other.session, path("model").c_str(), nullptr, &other.error), TGC_OK)
        << other.error.message;
    EXPECT_EQ(step(other), wanted);
    // The index, one data file, and the file `checkpoint`.
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder), {}), 3);
  }
}

TEST_F(Save, KeepsTheLastFew) {
  Session s;
  complete(s);
  for (int64_t number = 1; number <= 5; ++number) {
    tgc_save_options_t options = numbered(100 * number, 2);
    ASSERT_EQ(tgc_session_save(s.session, path("m").c_str(), &options, &s.error), TGC_OK) << s.error.message;
  }
  EXPECT_FALSE(has("m-300.index") || has("m-300.data-00000-of-00001"));
  EXPECT_TRUE(has("m-400.index") && has("m-500.index") && has("m-500.data-00000-of-00001"));
  EXPECT_NE(state().find("model_checkpoint_path: \"m-500\"\n"
                         "all_model_checkpoint_paths: \"m-400\"\n"
                         "all_model_checkpoint_paths: \"m-500\"\n"
                         "all_model_checkpoint_timestamps: "),
            std::string::npos)
      << state();
  char latest[4096];
  ASSERT_EQ(tgc_checkpoint_latest(folder.c_str(), latest, sizeof latest, &s.error), TGC_OK);
  EXPECT_EQ(latest, path("m-500"));
}

TEST_F(Save, SetsSomeAsideForGood) {
  Session s;
  complete(s);
  // Written an hour apart, as TensorFlow's CheckpointManager notes it; one was set aside before the first.
  for (const char *name : {"m-1", "m-2", "m-3"}) {
    tgc_save_options_t options = numbered(name[2] - '0', 0);
    ASSERT_EQ(tgc_session_save(s.session, path("m").c_str(), &options, &s.error), TGC_OK);
  }
  std::ofstream(folder / "checkpoint") << "model_checkpoint_path: \"m-3\"\n"
                                       << "all_model_checkpoint_paths: \"m-1\"\n"
                                       << "all_model_checkpoint_paths: 'm-\\062'\n"
                                       << "all_model_checkpoint_paths: \"m-3\"\n"
                                       << "all_model_checkpoint_timestamps: 10000\n"
                                       << "all_model_checkpoint_timestamps: 13600\n"
                                       << "all_model_checkpoint_timestamps: 17200.5\n"
                                       << "last_preserved_timestamp: 6400.0\n";
  tgc_save_options_t options = numbered(4, 1);
  options.keep_every_seconds = 7200;
  ASSERT_EQ(tgc_session_save(s.session, path("m").c_str(), &options, &s.error), TGC_OK) << s.error.message;
  EXPECT_FALSE(has("m-1.index")); // 3600 s after the last that was set aside
  EXPECT_TRUE(has("m-2.index"));  // 7200 s
  EXPECT_FALSE(has("m-3.index"));
  EXPECT_TRUE(has("m-4.index"));
  EXPECT_NE(state().find("last_preserved_timestamp: 13600"), std::string::npos) << state();
}

TEST_F(Save, LeavesTheStateFileIfAsked) {
  Session s;
  complete(s);
  tgc_save_options_t options = {};
  options.size = sizeof options;
  options.keeps_state_file = 1;
  ASSERT_EQ(tgc_session_save(s.session, path("new/model").c_str(), &options, &s.error), TGC_OK)
      << s.error.message;
  EXPECT_TRUE(has("new/model.index"));
  EXPECT_FALSE(has("new/checkpoint"));
  char latest[4096];
  EXPECT_EQ(tgc_checkpoint_latest(path("new").c_str(), latest, sizeof latest, &s.error), TGC_NOT_FOUND);
}

TEST_F(Save, SaysWhatIsWrongWithThePlace) {
  Session s;
  complete(s);
  EXPECT_EQ(tgc_session_save(s.session, path("a/b/model").c_str(), nullptr, &s.error), TGC_NOT_FOUND);
  EXPECT_EQ(s.error.message, path("a/b") + ": cannot make the folder: No such file or directory");
  EXPECT_EQ(tgc_session_save(s.session, path("").c_str(), nullptr, &s.error), TGC_INVALID_ARGUMENT);
  std::ofstream(folder / "file") << "x";
  EXPECT_EQ(tgc_session_save(s.session, path("file/model").c_str(), nullptr, &s.error), TGC_NOT_FOUND);
}

} // namespace
