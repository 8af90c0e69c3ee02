//===- LoadTest.cpp - Modules that are shared libraries ---===//
#include "TestModule.h"

#include <atomic>
#include <dlfcn.h>
#include <fstream>
#include <sys/wait.h>
#include <unistd.h>

using namespace tgc::test;

namespace {

/// Calls the entry with a count of 1000 and checks the squares.
template <typename Run> void checkSquares(Run run, tgc_session_t *session) {
  int64_t n = 1000;
  tgc_tensor_t feed = scalar(TGC_INT64, n), fetch = {};
  tgc_error_t error;
  ASSERT_EQ(run(session, 0, &feed, 1, &fetch, 1, &error), TGC_OK) << error.message;
  for (int64_t i = 0; i < n; ++i)
    ASSERT_EQ(static_cast<int64_t *>(fetch.data)[i], i * i);
}

TEST(Load, TheModuleRunsOnItsHostsRuntime) {
  static std::atomic<int> numRegions;
  numRegions = 0;
  tgc_services_t services = {};
  services.size = sizeof services;
  services.num_threads = 2;
  services.parallel_for = [](void *, tgc_loop_body_fn task, void *context, int64_t count) {
    ++numRegions;
    task(context, 0, count);
  };
  tgc_error_t error;
  tgc_module_t *module;
  tgc_session_t *session;
  ASSERT_EQ(tgc_module_load(TGC_TEST_MODULE, &services, &module, &error), TGC_OK) << error.message;
  ASSERT_EQ(tgc_session_create(module, nullptr, &session, &error), TGC_OK) << error.message;
  checkSquares(tgc_session_run, session);
  EXPECT_EQ(numRegions, 1);
  int64_t n = -3;
  tgc_tensor_t feed = scalar(TGC_INT64, n), fetch = {};
  EXPECT_EQ(tgc_session_run(session, 0, &feed, 1, &fetch, 1, &error), TGC_INVALID_ARGUMENT);
  EXPECT_STREQ(error.message, "n is -3 [node: range (Range)]");
  tgc_module_release(module);
  checkSquares(tgc_session_run, session); // the library stays until the session goes
  tgc_session_release(session);
}

TEST(Load, TheLibraryIsWhole) {
  for (int i = 0; i < 10; ++i) {
    void *library = dlopen(TGC_TEST_MODULE, RTLD_NOW | RTLD_LOCAL);
    ASSERT_TRUE(library) << dlerror();
    EXPECT_EQ(dlsym(library, "tgc_session_run"), nullptr);
    EXPECT_EQ(dlsym(library, "tgc_rt_fail"), nullptr);
    auto query = reinterpret_cast<tgc_module_query_fn>(dlsym(library, TGC_MODULE_QUERY_SYMBOL));
    ASSERT_TRUE(query);
    EXPECT_EQ(query(0), nullptr);
    const tgc_module_info_t *info = query(TGC_ABI_VERSION);
    const tgc_runtime_api_t *api = info->api;
    EXPECT_EQ(api->size, sizeof(tgc_runtime_api_t));
    EXPECT_NE(api->session_run, tgc_session_run);
    tgc_error_t error;
    tgc_module_t *module;
    tgc_session_t *session;
    tgc_session_options_t options = {};
    options.size = sizeof options;
    options.num_threads = 3;
    ASSERT_EQ(api->module_from_info(info, nullptr, &module, &error), TGC_OK) << error.message;
    ASSERT_EQ(api->session_create(module, &options, &session, &error), TGC_OK) << error.message;
    checkSquares(api->session_run, session);
    api->session_release(session);
    api->module_release(module);
    EXPECT_EQ(dlclose(library), 0);
  }
}

/// Who forgets a session and closes the library must not leave threads in code that is gone. In a child
/// process, for what is forgotten is leaked.
TEST(Load, UnloadingEndsTheThreads) {
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
  GTEST_SKIP() << "ThreadSanitizer cannot follow a fork";
#endif
#endif
  pid_t child = fork();
  if (child == 0) {
    void *library = dlopen(TGC_TEST_MODULE, RTLD_NOW | RTLD_LOCAL);
    auto query = reinterpret_cast<tgc_module_query_fn>(dlsym(library, TGC_MODULE_QUERY_SYMBOL));
    const tgc_module_info_t *info = query(TGC_ABI_VERSION);
    tgc_error_t error;
    tgc_module_t *module;
    tgc_session_t *session;
    tgc_session_options_t options = {};
    options.size = sizeof options;
    options.num_threads = 3;
    info->api->module_from_info(info, nullptr, &module, &error);
    info->api->session_create(module, &options, &session, &error);
    checkSquares(info->api->session_run, session);
    dlclose(library);
    bool isGone = !dlopen(TGC_TEST_MODULE, RTLD_NOW | RTLD_NOLOAD);
    usleep(20000);
    _exit(isGone ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

TEST(Load, TheExampleOfTheDocumentationWorks) {
  FILE *pipe = popen(TGC_TEST_EXAMPLE, "r");
  ASSERT_TRUE(pipe);
  char output[1024];
  size_t length = fread(output, 1, sizeof output, pipe);
  EXPECT_EQ(pclose(pipe), 0);
  EXPECT_EQ(std::string(output, length),
            "FAILED_PRECONDITION: Attempting to use uninitialized value b [node: "
            "add/ReadVariableOp (ReadVariableOp)]\n3\n5\n7\n");
}

TEST(Load, SaysWhyNot) {
  tgc_error_t error;
  tgc_module_t *module;
  EXPECT_EQ(tgc_module_load("no/such/file.so", nullptr, &module, &error), TGC_NOT_FOUND);
  EXPECT_STREQ(error.message, "no/such/file.so: No such file or directory");
  std::string garbage = ::testing::TempDir() + "tgc-garbage.so";
  std::ofstream(garbage) << "not a library";
  EXPECT_EQ(tgc_module_load(garbage.c_str(), nullptr, &module, &error), TGC_INVALID_ARGUMENT);
  EXPECT_NE(std::string(error.message).find("cannot be loaded: "), std::string::npos) << error.message;
  EXPECT_EQ(tgc_module_load(TGC_TEST_STRANGER, nullptr, &module, &error), TGC_INVALID_ARGUMENT);
  EXPECT_EQ(std::string(error.message),
            std::string(TGC_TEST_STRANGER) + ": not a module that tgc compiled (no symbol tgc_module_query)");
  EXPECT_EQ(tgc_module_load(TGC_TEST_NEWER, nullptr, &module, &error), TGC_FAILED_PRECONDITION);
  EXPECT_EQ(std::string(error.message), std::string(TGC_TEST_NEWER) +
                                            ": needs a newer ABI than version 1 of this "
                                            "runtime; use a newer runtime");
}

/// Loading must not die of a file that ends early (a copy that was broken off).
TEST(Load, ABeginningOfALibraryIsRefused) {
  std::ifstream file(TGC_TEST_MODULE, std::ios::binary);
  std::string whole((std::istreambuf_iterator<char>(file)), {});
  std::string path = ::testing::TempDir() + "tgc-beginning.so";
  for (size_t length : {size_t(5), size_t(63), size_t(64), size_t(100), size_t(3000), size_t(8000)}) {
    std::ofstream(path, std::ios::binary) << whole.substr(0, length);
    tgc_error_t error;
    tgc_module_t *module;
    EXPECT_EQ(tgc_module_load(path.c_str(), nullptr, &module, &error), TGC_INVALID_ARGUMENT) << length;
    EXPECT_NE(std::string(error.message)
                  .find(path + ": damaged: the file has " + std::to_string(length) +
                        " bytes, its headers ask for "),
              std::string::npos)
        << error.message;
  }
  std::ofstream(path, std::ios::binary) << whole;
  tgc_error_t error;
  tgc_module_t *module = nullptr;
  EXPECT_EQ(tgc_module_load(path.c_str(), nullptr, &module, &error), TGC_OK) << error.message;
  tgc_module_release(module);
  unlink(path.c_str());
}

TEST(Load, AModuleForAnotherMachineIsRefused) {
  tgc_module_info_t info = moduleInfo();
  tgc_error_t error;
  tgc_module_t *module = nullptr;
  setenv("TGC_CPU_LEVEL", "1", 1);
  info.target = "x86_64-linux-gnu x86-64-v3";
  EXPECT_EQ(tgc_module_from_info(&info, nullptr, &module, &error), TGC_FAILED_PRECONDITION);
  EXPECT_STREQ(error.message, "the module is made for x86_64-linux-gnu x86-64-v3, this machine has x86-64; "
                              "compile it with --target cpu");
  info.target = "x86_64-linux-gnu znver4 x86-64-v4";
  EXPECT_EQ(tgc_module_from_info(&info, nullptr, &module, &error), TGC_FAILED_PRECONDITION);
  setenv("TGC_CPU_LEVEL", "4", 1);
  info.target = "x86_64-linux-gnu znver4 x86-64-v4+avx512bf16";
  EXPECT_EQ(tgc_module_from_info(&info, nullptr, &module, &error), TGC_FAILED_PRECONDITION);
  info.target = "x86_64-linux-gnu cascadelake x86-64-v4+avx512vnni";
  EXPECT_EQ(tgc_module_from_info(&info, nullptr, &module, &error), TGC_FAILED_PRECONDITION);
  setenv("TGC_CPU_LEVEL", "1", 1);
  info.target = "x86_64-linux-gnu alderlake x86-64-v3+avxvnni";
  EXPECT_EQ(tgc_module_from_info(&info, nullptr, &module, &error), TGC_FAILED_PRECONDITION);
  info.target = "x86_64-linux-gnu x86-64";
  EXPECT_EQ(tgc_module_from_info(&info, nullptr, &module, &error), TGC_OK) << error.message;
  unsetenv("TGC_CPU_LEVEL");
  tgc_module_release(module);
}

TEST(Load, APathWithoutSlashIsAFile) {
  std::string path = TGC_TEST_MODULE;
  size_t slash = path.rfind('/');
  char before[4096];
  ASSERT_TRUE(getcwd(before, sizeof before));
  ASSERT_EQ(chdir(path.substr(0, slash).c_str()), 0);
  tgc_error_t error;
  tgc_module_t *module = nullptr;
  EXPECT_EQ(tgc_module_load(path.substr(slash + 1).c_str(), nullptr, &module, &error), TGC_OK)
      << error.message;
  tgc_module_release(module);
  ASSERT_EQ(chdir(before), 0);
}

} // namespace
