//===- ScriptTest.cpp - What a script may say ---------------------------------===//
#include "tools/tgc-run/Script.h"
#include "gtest/gtest.h"

using namespace tgc;
using Names = std::vector<std::string>;

static std::string messageOf(llvm::StringRef text) {
  llvm::Expected<std::vector<Step>> steps = parseScript(text, "");
  return steps ? "no error" : llvm::toString(steps.takeError());
}

TEST(ScriptTest, ReadsTheThreeKindsOfSteps) {
  auto steps = parseScript(R"([{"load": "ckpt/init"},
    {"feeds": "s1.npz", "fetch": ["loss:0", "a:0", "loss:0"], "target": ["train"], "entry": "e"},
    {"feeds": null}, {"save": "/abs/out"}])",
                           "dir");
  ASSERT_TRUE(bool(steps)) << llvm::toString(steps.takeError());
  ASSERT_EQ(steps->size(), 4u);
  EXPECT_EQ((*steps)[0].kind, Step::Kind::Load);
  EXPECT_EQ((*steps)[0].path, "dir/ckpt/init");
  EXPECT_EQ((*steps)[1].kind, Step::Kind::Run);
  EXPECT_EQ((*steps)[1].path, "dir/s1.npz");
  EXPECT_EQ((*steps)[1].fetches, Names({"loss:0", "a:0"}));
  EXPECT_EQ((*steps)[1].targets, Names({"train"}));
  EXPECT_EQ((*steps)[1].entry, "e");
  EXPECT_EQ((*steps)[2].path, "");
  EXPECT_EQ((*steps)[3].kind, Step::Kind::Save);
  EXPECT_EQ((*steps)[3].path, "/abs/out");
}

TEST(ScriptTest, SaysWhatIsWrong) {
  EXPECT_EQ(messageOf("{}"), "a script is a list of steps");
  EXPECT_EQ(messageOf("[1]"), "step 0: a step is an object");
  EXPECT_EQ(messageOf("[{}]"),
            "step 0: a step has \"feeds\", \"fetch\" and \"target\", or \"load\", or \"save\"");
  EXPECT_EQ(messageOf(R"([{"feeds": 1}])"), "step 0: \"feeds\" is a text that is not empty");
  EXPECT_EQ(messageOf(R"([{"fetch": "a:0"}])"), "step 0: \"fetch\" is a list of names");
  EXPECT_EQ(messageOf(R"([{"target": [1]}])"), "step 0: \"target\" is a list of names");
  EXPECT_EQ(messageOf(R"([{"load": null}])"), "step 0: \"load\" is a text that is not empty");
  EXPECT_EQ(messageOf(R"([{"load": "a", "fetch": []}])"),
            "step 0: \"load\" and \"save\" stand alone in their step");
  EXPECT_EQ(messageOf(R"([{"load": "a", "save": "b"}])"),
            "step 0: \"load\" and \"save\" stand alone in their step");
  EXPECT_EQ(
      messageOf(R"([{"fetch": []}, {"fetched": []}])"),
      "step 1: unknown key \"fetched\"; feeds, fetch, target, entry, load, only, renames and save are known");
}
