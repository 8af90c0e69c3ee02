//===- CompilerApiTest.cpp - The compiler as a C library --------------------===//
#include "tgc/compiler.hpp"
#include "tgc/jit.hpp"
#include "tgc/runtime.h"
#include "gtest/gtest.h"

#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

namespace {

const char *const kModel = TGC_TEST_MODEL;
const char *const kEntries = "entry=init\ntargets=init\nentry=predict\nfeeds=x:0\nfetches=add:0\n";

/// Initialises a session and predicts for [[1, 0], [1, 2]] with w = [[0.1, -0.2], [0.3, 0.4]] and b = 0.
void checkPrediction(tgc_module_t *module) {
  tgc_error_t error;
  tgc_session_t *session;
  uint32_t init, predict;
  ASSERT_EQ(tgc_session_create(module, nullptr, &session, &error), TGC_OK) << error.message;
  ASSERT_EQ(tgc_module_find_entry(module, "init", &init, &error), TGC_OK) << error.message;
  ASSERT_EQ(tgc_module_find_entry(module, "predict", &predict, &error), TGC_OK) << error.message;
  ASSERT_EQ(tgc_session_run(session, init, nullptr, 0, nullptr, 0, &error), TGC_OK) << error.message;
  float numbers[] = {1, 0, 1, 2};
  tgc_tensor_t x = {numbers, sizeof numbers, TGC_FLOAT32, 2, {2, 2}}, y = {};
  ASSERT_EQ(tgc_session_run(session, predict, &x, 1, &y, 1, &error), TGC_OK) << error.message;
  const float wanted[] = {0.1f, -0.2f, 0.7f, 0.6f};
  for (int i = 0; i < 4; ++i)
    EXPECT_NEAR(static_cast<float *>(y.data)[i], wanted[i], 1e-6f);
  tgc_session_release(session);
}

TEST(CompilerApi, MakesALibrary) {
  std::string path = (std::filesystem::temp_directory_path() / "tgc-compiler-api.so").string();
  char text[512];
  ASSERT_EQ(tgc_compile(kModel, path.c_str(), kEntries, text, sizeof text), TGC_OK) << text;
  tgc_error_t error;
  tgc_module_t *module;
  ASSERT_EQ(tgc_module_load(path.c_str(), nullptr, &module, &error), TGC_OK) << error.message;
  checkPrediction(module);
  tgc_module_release(module);
#if defined(__x86_64__)
  // As the command's: there is code for machines without AVX in it too.
  setenv("TGC_CPU_LEVEL", "1", 1);
  ASSERT_EQ(tgc_module_load(path.c_str(), nullptr, &module, &error), TGC_OK) << error.message;
  EXPECT_STREQ(tgc_module_info(module)->target, "x86_64-linux-gnu x86-64");
  checkPrediction(module);
  tgc_module_release(module);
  unsetenv("TGC_CPU_LEVEL");
#endif
  std::filesystem::remove(path);
}

TEST(CompilerApi, SaysWhatIsWrong) {
  char text[512];
  EXPECT_EQ(tgc_compile("no/model.pb", "x.so", nullptr, text, sizeof text), TGC_INVALID_ARGUMENT);
  EXPECT_STREQ(text, "cannot open 'no/model.pb': no such file or directory");
  EXPECT_EQ(tgc_compile(kModel, "x.so", "colour=red", text, sizeof text), TGC_INVALID_ARGUMENT);
  EXPECT_STREQ(text, "unknown option 'colour=red'; tgc/compiler.h lists them");
  EXPECT_EQ(tgc_compile(kModel, "x.so", "optimization=7", text, sizeof text), TGC_INVALID_ARGUMENT);
  EXPECT_STREQ(text, "optimization=7: expected 0 to 3");
  EXPECT_EQ(tgc_compile(kModel, "x.so", "feeds=x:0\nentry=a", text, sizeof text), TGC_INVALID_ARGUMENT);
  EXPECT_STREQ(text, "entry=a: feeds, fetches and targets follow the entry that they belong to");
  EXPECT_EQ(tgc_compile(kModel, "x.so", "shape=x:0=many", text, sizeof text), TGC_INVALID_ARGUMENT);
  EXPECT_NE(std::string(text).find("'many' is no size"), std::string::npos) << text;
  EXPECT_EQ(tgc_compile(kModel, "/no/folder/x.so", kEntries, text, sizeof text), TGC_INVALID_ARGUMENT);
  EXPECT_NE(std::string(text).find("/no/folder/x.so"), std::string::npos) << text;
  // A message is cut to its buffer, which may be missing.
  char few[8];
  EXPECT_EQ(tgc_compile("no/model.pb", "x.so", "", few, sizeof few), TGC_INVALID_ARGUMENT);
  EXPECT_STREQ(few, "cannot ");
  EXPECT_EQ(tgc_compile("no/model.pb", "x.so", "", nullptr, 0), TGC_INVALID_ARGUMENT);
}

TEST(JitApi, MakesCallableCode) {
  char text[512];
  tgc_jit_module_t *code;
  ASSERT_EQ(tgc_jit_compile(kModel, kEntries, &code, text, sizeof text), TGC_OK) << text;
  tgc_error_t error;
  tgc_module_t *module;
  ASSERT_EQ(tgc_module_from_info(tgc_jit_module_info(code), nullptr, &module, &error), TGC_OK)
      << error.message;
  checkPrediction(module);
  tgc_module_release(module);
  tgc_jit_module_release(code);
}

/// The losses are those of TensorFlow (Tools/tgc-run-train.test); b takes the step that its gradient says.
TEST(JitApi, MakesStepsAndGradients) {
  char text[512];
  tgc_jit_module_t *code;
  ASSERT_EQ(tgc_jit_compile(kModel,
                            "minimize=loss:0\noptimizer=sgd:learning_rate=lr:0\ngradients=loss:0\nwrt=b\n"
                            "entry=init\ntargets=init\nentry=slope\nfeeds=x:0,y:0\nfetches=gradients/b\n"
                            "entry=step\nfeeds=x:0,y:0,lr:0\nfetches=loss:0\ntargets=train\n",
                            &code, text, sizeof text),
            TGC_OK)
      << text;
  tgc_error_t error;
  tgc_module_t *module;
  tgc_session_t *session;
  ASSERT_EQ(tgc_module_from_info(tgc_jit_module_info(code), nullptr, &module, &error), TGC_OK)
      << error.message;
  ASSERT_EQ(tgc_session_create(module, nullptr, &session, &error), TGC_OK) << error.message;
  ASSERT_EQ(tgc_session_run(session, 0, nullptr, 0, nullptr, 0, &error), TGC_OK) << error.message;
  float first[] = {0, 0, .1f, .3f, .2f, .1f, .3f, .4f}, second[] = {.4f, .2f, .5f, 0, .6f, .3f, 0, .1f};
  float labels[] = {1, 0, 0, 1, 1, 0, 0, 1}, rate = 0.5f;
  tgc_tensor_t feeds[] = {{first, sizeof first, TGC_FLOAT32, 2, {4, 2}},
                          {labels, sizeof labels, TGC_FLOAT32, 2, {4, 2}},
                          {&rate, sizeof rate, TGC_FLOAT32, 0, {}}};
  tgc_tensor_t slope = {}, loss = {}, b = {};
  ASSERT_EQ(tgc_session_run(session, 1, feeds, 2, &slope, 1, &error), TGC_OK) << error.message;
  const float *slopes = static_cast<const float *>(slope.data);
  const float wanted[] = {-0.5f * slopes[0], -0.5f * slopes[1]};
  ASSERT_EQ(tgc_session_run(session, 2, feeds, 3, &loss, 1, &error), TGC_OK) << error.message;
  EXPECT_NEAR(*static_cast<float *>(loss.data), 0.693303, 1e-6);
  ASSERT_EQ(tgc_variable_get(session, "b", &b, &error), TGC_OK) << error.message;
  for (int i = 0; i < 2; ++i)
    EXPECT_NEAR(static_cast<float *>(b.data)[i], wanted[i], 1e-7f);
  EXPECT_NE(wanted[0], 0);
  feeds[0].data = second;
  ASSERT_EQ(tgc_session_run(session, 2, feeds, 3, &loss, 1, &error), TGC_OK) << error.message;
  EXPECT_NEAR(*static_cast<float *>(loss.data), 0.685922, 1e-6);
  tgc_session_release(session);
  tgc_module_release(module);
  tgc_jit_module_release(code);
}

/// A host that builds graphs: bytes in, code out, and the second time from the cache.
TEST(JitApi, CompilesBytes) {
  std::ifstream file(kModel, std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(file)), {}), text;
  std::filesystem::path folder = std::filesystem::temp_directory_path() / "tgc-jit-api-cache";
  std::filesystem::remove_all(folder);
  std::string options = kEntries + ("cache=" + folder.string());
  for (int turn = 0; turn < 2; ++turn) {
    tgc::JitModule code = tgc::JitModule::compileBytes(bytes.data(), bytes.size(), options, text);
    ASSERT_TRUE(code) << text;
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder), {}), 1);
    tgc_error_t error;
    tgc_module_t *module;
    ASSERT_EQ(tgc_module_from_info(code.info(), nullptr, &module, &error), TGC_OK) << error.message;
    checkPrediction(module);
    tgc_module_release(module);
  }
  std::filesystem::remove_all(folder);
  EXPECT_FALSE(tgc::JitModule::compileBytes("nonsense", 8, "", text));
  EXPECT_NE(text.find("the graph: "), std::string::npos) << text;
  EXPECT_EQ(tgc::compile("no/model.pb", "x.so"), "cannot open 'no/model.pb': no such file or directory");
}

TEST(JitApi, SaysWhatIsWrong) {
  char text[512];
  tgc_jit_module_t *code = nullptr;
  EXPECT_EQ(tgc_jit_compile(kModel, "fetches=nothing:0", &code, text, sizeof text), TGC_INVALID_ARGUMENT);
  EXPECT_NE(std::string(text).find("fetch tensor nothing:0 not found"), std::string::npos) << text;
  EXPECT_EQ(tgc_jit_compile(kModel, "entry", &code, text, sizeof text), TGC_INVALID_ARGUMENT);
  EXPECT_STREQ(text, "an entry has no name");
  EXPECT_EQ(tgc_jit_compile(kModel, "entry=a\nfetches=add:0\nentry=a", &code, text, sizeof text),
            TGC_INVALID_ARGUMENT);
  EXPECT_STREQ(text, "entry 'a' is given twice");
  EXPECT_EQ(code, nullptr);
}

TEST(JitApi, CompilesOnSeveralThreads) {
  std::vector<std::thread> threads;
  tgc_jit_module_t *codes[3] = {};
  tgc_status_t statuses[3];
  for (int i = 0; i < 3; ++i)
    threads.emplace_back([&, i] { statuses[i] = tgc_jit_compile(kModel, kEntries, &codes[i], nullptr, 0); });
  for (std::thread &thread : threads)
    thread.join();
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(statuses[i], TGC_OK);
    EXPECT_EQ(tgc_jit_module_info(codes[i])->num_entries, 2u);
    tgc_jit_module_release(codes[i]);
  }
}

} // namespace
