//===- Execute.cpp - Running the steps of a script ----------------------------===//
#include "tools/tgc-run/Execute.h"
#include "tools/tgc-run/EntryNames.h"
#include "tools/tgc-run/Tensors.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace tgc;
using llvm::createStringError;
using llvm::Error;
using llvm::Expected;
using llvm::StringRef;
using llvm::Twine;

Expected<Session> Session::create(const LoadedModule &module, uint32_t numThreads, uint64_t seed,
                                  Profiler *profiler) {
  tgc_session_options_t options = {};
  options.size = sizeof(options);
  options.num_threads = numThreads;
  options.seed = seed;
  if (profiler)
    profiler->attach(options);
  tgc_session_t *handle = nullptr;
  tgc_error_t error = {};
  if (tgc_session_create(module.module(), &options, &handle, &error) != TGC_OK)
    return runtimeError(error);
  return Session(module, handle);
}

/// The wanted fetches out of all that the entry has computed.
static Expected<NamedArrays> collect(const tgc_entry_info_t &entry, const Step &step,
                                     llvm::ArrayRef<tgc_tensor_t> fetched) {
  NamedArrays arrays;
  for (uint32_t i = 0; i < entry.num_fetches; ++i) {
    if (!step.fetchesAll && !llvm::is_contained(step.fetches, entry.fetches[i].name))
      continue;
    Expected<NumpyArray> array = copyTensor(fetched[i]);
    if (!array)
      return createStringError(Twine("fetch '") + entry.fetches[i].name +
                               "': " + llvm::toString(array.takeError()));
    arrays.emplace_back(entry.fetches[i].name, std::move(*array));
  }
  return arrays;
}

/// That the entry has the step's fetches and runs its targets.
static Error checkWanted(const tgc_entry_info_t &entry, const Step &step) {
  Names fetches = fetchNames(entry), targets = targetNames(entry);
  for (const std::string &name : step.fetches)
    if (!llvm::is_contained(fetches, name))
      return createStringError(Twine("entry '") + entry.name + "' has no fetch '" + name +
                               "'; it has: " + listed(fetches));
  for (const std::string &name : step.targets)
    if (!llvm::is_contained(targets, name))
      return createStringError(Twine("entry '") + entry.name + "' has no target '" + name +
                               "'; it has: " + listed(targets));
  return Error::success();
}

Expected<NamedArrays> Session::run(const PlannedStep &planned) {
  const Step &step = planned.step;
  if (step.entry.empty() && step.fetches.empty() && step.targets.empty() && !step.fetchesAll)
    return NamedArrays();
  Expected<uint32_t> index = findEntry(module->info(), planned);
  if (!index)
    return index.takeError();
  const tgc_entry_info_t &entry = module->info().entries[*index];
  if (Error error = checkWanted(entry, step))
    return std::move(error);
  Expected<FeedTensors> feeds = bindFeeds(entry, planned.feeds.get(), module->isCompiledHere());
  if (!feeds)
    return feeds.takeError();
  std::vector<tgc_tensor_t> fetched(entry.num_fetches);
  tgc_error_t error = {};
  if (tgc_session_run(handle, *index, feeds->tensors.data(), feeds->tensors.size(), fetched.data(),
                      fetched.size(), &error) != TGC_OK)
    return module->runError(error);
  return collect(entry, step, fetched);
}

Expected<NamedArrays> Session::execute(const PlannedStep &planned) {
  tgc_error_t error = {};
  const char *prefix = planned.step.path.c_str();
  switch (planned.step.kind) {
  case Step::Kind::Run:
    return run(planned);
  case Step::Kind::Load:
    if (Error failed =
            restoreVariables(handle, planned.step.path, planned.step.selection, /*isPartial=*/true))
      return std::move(failed);
    return NamedArrays();
  case Step::Kind::Save:
    if (tgc_session_save(handle, prefix, nullptr, &error) != TGC_OK)
      return runtimeError(error);
    return NamedArrays();
  }
  llvm_unreachable("all kinds of steps are handled");
}

Error tgc::executeScript(Session &session, llvm::ArrayRef<PlannedStep> steps, StringRef folder) {
  if (std::error_code code = llvm::sys::fs::create_directories(folder))
    return createStringError(code, folder + ": " + code.message());
  for (auto [i, planned] : llvm::enumerate(steps)) {
    Expected<NamedArrays> arrays = session.execute(planned);
    if (!arrays)
      return createStringError("step " + Twine(i) + ": " + llvm::toString(arrays.takeError()));
    if (planned.step.kind != Step::Kind::Run)
      continue;
    llvm::SmallString<256> path(folder);
    llvm::sys::path::append(path, "s" + Twine(i) + ".npz");
    if (Error error = writeNpz(path, *arrays))
      return error;
  }
  return Error::success();
}
