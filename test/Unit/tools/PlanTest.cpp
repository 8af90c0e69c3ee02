//===- PlanTest.cpp - Which steps are runs of the same entry ------------------===//
#include "tools/tgc-run/Plan.h"
#include "gtest/gtest.h"

using namespace tgc;
using Shape = std::vector<int64_t>;
using Names = std::vector<std::string>;

/// A run step that feeds arrays of the given names and shapes.
static PlannedStep runOf(std::vector<std::pair<std::string, Shape>> feeds, Names fetches,
                         Names targets = {}) {
  auto arrays = std::make_shared<NamedArrays>();
  for (auto &[name, shape] : feeds) {
    NumpyArray array;
    array.dtype = TGC_FLOAT32;
    array.shape = shape;
    arrays->emplace_back(name, std::move(array));
  }
  PlannedStep planned;
  planned.step.fetches = std::move(fetches);
  planned.step.targets = std::move(targets);
  planned.feeds = arrays;
  return planned;
}

TEST(PlanTest, StepsOfTheSameTripleShareAnEntry) {
  std::vector<PlannedStep> steps;
  steps.push_back(runOf({{"x:0", {32, 4}}, {"y:0", {32}}}, {"loss:0"}, {"train"}));
  steps.push_back(runOf({{"x:0", {32, 4}}}, {"out:0", "loss:0"}));
  steps.push_back(
      runOf({{"y:0", {10}}, {"x:0", {10, 4}}}, {"loss:0"}, {"train"})); // another order, another batch
  steps.push_back(runOf({{"x:0", {32, 4}}}, {"loss:0", "out:0"}));
  steps.push_back(runOf({{"x:0", {32, 4, 1}}}, {"loss:0", "out:0"})); // another rank
  std::vector<EntryRequest> entries = requestEntries(steps);
  ASSERT_EQ(entries.size(), 3u);
  EXPECT_EQ(entries[0].name, "run0");
  ASSERT_EQ(entries[0].feeds.size(), 2u);
  EXPECT_EQ(entries[0].feeds[0].tensor, "x:0");
  EXPECT_EQ(entries[0].feeds[0].dtype, TGC_FLOAT32);
  EXPECT_EQ(entries[0].feeds[0].shape, Shape({-1, 4}));
  EXPECT_EQ(entries[0].feeds[1].shape, Shape({-1}));
  EXPECT_EQ(entries[0].fetches, Names({"loss:0"}));
  EXPECT_EQ(entries[0].targets, Names({"train"}));
  EXPECT_EQ(entries[1].feeds[0].shape, Shape({32, 4}));
  EXPECT_EQ(entries[2].feeds[0].shape, Shape({32, 4, 1}));
  Names chosen;
  for (const PlannedStep &planned : steps)
    chosen.push_back(planned.step.entry);
  EXPECT_EQ(chosen, Names({"run0", "run1", "run0", "run1", "run2"}));
}

TEST(PlanTest, ExactShapesAreEntriesOfTheirOwn) {
  std::vector<PlannedStep> steps = {runOf({{"x:0", {32, 4}}}, {"y:0"}), runOf({{"x:0", {10, 4}}}, {"y:0"}),
                                    runOf({{"x:0", {32, 4}}}, {"y:0"})};
  std::vector<EntryRequest> entries = requestEntries(steps, EntryShapes::Exact);
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_TRUE(entries[0].feeds[0].isExact);
  EXPECT_EQ(entries[0].feeds[0].shape, Shape({32, 4}));
  EXPECT_EQ(entries[1].feeds[0].shape, Shape({10, 4}));
  EXPECT_EQ(steps[2].step.entry, "run0");
}

TEST(PlanTest, NamesDoNotRunTogether) {
  std::vector<PlannedStep> steps = {runOf({}, {"a", "b"}), runOf({}, {"ab"}), runOf({}, {"a"}, {"b"})};
  EXPECT_EQ(requestEntries(steps).size(), 3u);
}

TEST(PlanTest, StepsThatAskForNothingNeedNoEntry) {
  PlannedStep load;
  load.step.kind = Step::Kind::Load;
  std::vector<PlannedStep> steps = {load, runOf({{"x:0", {1}}}, {})};
  EXPECT_TRUE(requestEntries(steps).empty());
}

TEST(PlanTest, NamedEntriesAreTheCompilersChoice) {
  std::vector<PlannedStep> steps = {runOf({}, {"a:0"})};
  steps[0].step.entry = "serving_default";
  EXPECT_TRUE(requestEntries(steps).empty());
  EXPECT_EQ(steps[0].step.entry, "serving_default");
}

namespace {
/// A module with the entries f(x) -> y, z and g(x) -> y with target t.
struct TwoEntries {
  tgc_tensor_info_t x = {"x:0", TGC_FLOAT32, 0, nullptr};
  tgc_tensor_info_t yz[2] = {{"y:0", TGC_FLOAT32, 0, nullptr}, {"z:0", TGC_FLOAT32, 0, nullptr}};
  const char *t = "t";
  tgc_entry_info_t entries[2] = {{"f", 1, 2, 0, &x, yz, nullptr, 0, nullptr},
                                 {"g", 1, 1, 1, &x, yz, &t, 0, nullptr}};
  tgc_module_info_t info = {};

  TwoEntries() {
    info.num_entries = 2;
    info.entries = entries;
  }
};
} // namespace

TEST(PlanTest, AStepFindsTheEntryThatFits) {
  TwoEntries module;
  auto found = [&](const PlannedStep &planned) {
    return llvm::toString(findEntry(module.info, planned).takeError());
  };
  auto index = [&](const PlannedStep &planned) {
    llvm::Expected<uint32_t> entry = findEntry(module.info, planned);
    EXPECT_TRUE(bool(entry));
    return entry ? *entry : 99;
  };
  EXPECT_EQ(index(runOf({{"x:0", {}}}, {"z:0"})), 0u);
  EXPECT_EQ(index(runOf({{"x:0", {}}}, {"y:0"}, {"t"})), 1u);
  EXPECT_EQ(found(runOf({{"x:0", {}}}, {"z:0"}, {"t"})),
            "no entry of the module takes these feeds and has these fetches and targets; it has: f, g "
            "(tgc-run --list shows "
            "what they take; name one with --entry)");
  PlannedStep named;
  named.step.entry = "h";
  EXPECT_EQ(found(named), "no entry 'h'; the module has: f, g");
  module.info.num_entries = 1; // nothing to choose: what does not fit is said when it runs
  EXPECT_EQ(index(runOf({}, {"q:0"})), 0u);
}
