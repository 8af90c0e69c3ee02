//===- Plan.cpp - Which entries a script needs --------------------------------===//
#include "tools/tgc-run/Plan.h"
#include "tools/tgc-run/EntryNames.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"
#include <map>

using namespace tgc;
using llvm::createStringError;
using llvm::Expected;
using llvm::StringRef;

Expected<std::vector<PlannedStep>> tgc::planSteps(llvm::ArrayRef<Step> steps) {
  llvm::StringMap<std::shared_ptr<const NamedArrays>> files;
  std::vector<PlannedStep> planned;
  for (const Step &step : steps) {
    std::shared_ptr<const NamedArrays> feeds;
    if (step.kind == Step::Kind::Run && !step.path.empty()) {
      std::shared_ptr<const NamedArrays> &file = files[step.path];
      if (!file) {
        Expected<NamedArrays> arrays = readNpz(step.path);
        if (!arrays)
          return arrays.takeError();
        file = std::make_shared<const NamedArrays>(std::move(*arrays));
      }
      feeds = file;
    }
    planned.push_back({step, std::move(feeds)});
  }
  return planned;
}

/// Which dimensions are one. Runs that differ in it are entries of their own: it decides about broadcasting
/// and Squeeze.
static std::string onesOf(llvm::ArrayRef<int64_t> shape) {
  std::string ones;
  for (int64_t size : shape)
    ones += size == 1 ? '1' : '?';
  return ones;
}

/// All sizes, as text.
static std::string sizesOf(llvm::ArrayRef<int64_t> shape) {
  std::string sizes;
  for (int64_t size : shape)
    sizes += std::to_string(size) + ',';
  return sizes;
}

/// The elements of an array that may be a list of axes or sizes, else none.
static std::optional<std::vector<int64_t>> integersOf(const NumpyArray &array) {
  constexpr int64_t kMostIntegers = 16;
  bool isNarrow = array.dtype == TGC_INT32;
  if ((!isNarrow && array.dtype != TGC_INT64) || array.shape.size() > 1 ||
      array.numElements() > kMostIntegers)
    return std::nullopt;
  std::vector<int64_t> integers;
  for (int64_t i = 0; i < array.numElements(); ++i)
    integers.push_back(isNarrow ? reinterpret_cast<const int32_t *>(array.bytes.data())[i]
                                : reinterpret_cast<const int64_t *>(array.bytes.data())[i]);
  return integers;
}

bool tgc::feedsIntegers(llvm::ArrayRef<PlannedStep> steps) {
  return llvm::any_of(steps, [](const PlannedStep &planned) {
    return planned.feeds &&
           llvm::any_of(*planned.feeds, [](const auto &feed) { return integersOf(feed.second).has_value(); });
  });
}

/// What makes two steps runs of the same entry. Orders do not matter; the zero byte is in no name.
static std::string keyOf(const PlannedStep &planned, EntryShapes shapes) {
  std::vector<std::string> feeds;
  if (planned.feeds)
    for (const auto &[name, array] : *planned.feeds) {
      feeds.push_back(name + '\0' +
                      (shapes == EntryShapes::Open ? onesOf(array.shape) : sizesOf(array.shape)));
      if (auto integers = shapes == EntryShapes::Known ? integersOf(array) : std::nullopt)
        feeds.back() += '=' + sizesOf(*integers);
    }
  std::string key;
  for (std::vector<std::string> names : {feeds, planned.step.fetches, planned.step.targets}) {
    llvm::sort(names);
    for (const std::string &name : names)
      key += name + '\0';
    key += '\1';
  }
  return key;
}

/// Adds a further run to an entry: dimensions that are not always the same become unknown.
static void widenShapes(EntryRequest &entry, const NamedArrays &feeds) {
  for (const auto &named : feeds) {
    auto feed = llvm::find_if(entry.feeds, [&](const FeedRequest &f) { return f.tensor == named.first; });
    for (auto [known, dim] : llvm::zip_equal(feed->shape, named.second.shape))
      if (known != dim)
        known = -1;
  }
}

std::vector<EntryRequest> tgc::requestEntries(llvm::MutableArrayRef<PlannedStep> steps, EntryShapes shapes) {
  std::vector<EntryRequest> entries;
  if (llvm::any_of(steps, [](const PlannedStep &planned) {
        return planned.step.fetchesAll || !planned.step.entry.empty();
      }))
    return entries;
  std::map<std::string, size_t> known;
  for (PlannedStep &planned : steps) {
    Step &step = planned.step;
    if (step.kind != Step::Kind::Run || (step.fetches.empty() && step.targets.empty()))
      continue;
    auto [position, isNew] = known.try_emplace(keyOf(planned, shapes), entries.size());
    if (isNew) {
      EntryRequest entry{"run" + llvm::utostr(entries.size()), {}, step.fetches, step.targets};
      if (planned.feeds)
        for (const auto &[name, array] : *planned.feeds)
          entry.feeds.push_back({name, array.dtype, array.shape, shapes != EntryShapes::Open,
                                 shapes == EntryShapes::Known ? integersOf(array) : std::nullopt});
      llvm::sort(entry.feeds, [](const FeedRequest &a, const FeedRequest &b) { return a.tensor < b.tensor; });
      entries.push_back(std::move(entry));
    } else if (planned.feeds) {
      widenShapes(entries[position->second], *planned.feeds);
    }
    step.entry = entries[position->second].name;
  }
  return entries;
}

/// Whether the entry takes exactly these feeds, runs exactly these targets and has these fetches among its
/// own.
static bool fits(const tgc_entry_info_t &entry, const PlannedStep &planned) {
  Names feeds = feedNames(entry), fetches = fetchNames(entry), targets = targetNames(entry);
  const Step &step = planned.step;
  if (feeds.size() != (planned.feeds ? planned.feeds->size() : 0) || targets.size() != step.targets.size())
    return false;
  if (planned.feeds)
    for (const auto &feed : *planned.feeds)
      if (!llvm::is_contained(feeds, feed.first))
        return false;
  return llvm::all_of(step.fetches, [&](StringRef name) { return llvm::is_contained(fetches, name); }) &&
         llvm::all_of(step.targets, [&](StringRef name) { return llvm::is_contained(targets, name); });
}

Expected<uint32_t> tgc::findEntry(const tgc_module_info_t &module, const PlannedStep &planned) {
  Names names;
  for (uint32_t i = 0; i < module.num_entries; ++i) {
    names.push_back(module.entries[i].name);
    if (planned.step.entry == names.back())
      return i;
  }
  if (!planned.step.entry.empty())
    return createStringError("no entry '" + planned.step.entry + "'; the module has: " + listed(names));
  for (uint32_t i = 0; i < module.num_entries; ++i)
    if (fits(module.entries[i], planned))
      return i;
  if (module.num_entries == 1)
    return 0;
  return createStringError(
      "no entry of the module takes these feeds and has these fetches and targets; it has: " + listed(names) +
      " (tgc-run --list shows what they take; name one with --entry)");
}
