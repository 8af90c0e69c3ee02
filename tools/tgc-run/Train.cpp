//===- Train.cpp - The training loop --------------------------------------===//
//
// Of a graph three entries are compiled: "train" (targets and fetches), "eval" (fetches only) and "init"; a
// library has its own.
//
//===----------------------------------------------------------------------===//

#include "tools/tgc-run/Train.h"
#include "frontend/GraphDef/Graph.h"
#include "tools/tgc-run/EntryNames.h"
#include "tools/tgc-run/Trainer.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FileSystem.h"

using llvm::createStringError;
using llvm::Error;
using llvm::Expected;
using llvm::StringRef;

namespace tgc {
namespace {

/// The columns of several specs side by side.
Expected<Dataset> readAll(llvm::ArrayRef<DataSpec> specs, Vocabulary &vocabulary) {
  Dataset all;
  for (const DataSpec &spec : specs) {
    Expected<Dataset> data = readDataset(spec, vocabulary);
    if (!data)
      return data.takeError();
    if (!all.columns.empty() && data->numRows != all.numRows)
      return createStringError(spec.paths.front() + ": has " + llvm::Twine(data->numRows) +
                               " examples, the data before it " + llvm::Twine(all.numRows));
    all.numRows = data->numRows;
    for (auto &[name, column] : data->columns) {
      if (all.find(name))
        return createStringError(spec.paths.front() + ": there is a column '" + name + "' already");
      all.columns.emplace_back(name, std::move(column));
    }
  }
  return all;
}

bool needsInit(const RunOptions &options) {
  return options.train.restore.empty() && options.compile.checkpoint.empty() &&
         !llvm::sys::fs::is_directory(options.modelPath);
}

/// The entries that training a graph needs.
Expected<std::vector<EntryRequest>> requestEntries(const RunOptions &options, const Dataset &data) {
  if (options.fetches.empty() || options.targets.empty())
    return createStringError("training a graph needs --target TRAIN_OP and --fetch LOSS[,...]");
  std::vector<Binding> bindings = options.train.bindings;
  if (bindings.empty())
    bindings = completeBindings({}, data, {});
  std::vector<EntryRequest> entries = {{"train", {}, options.fetches, options.targets}};
  if (!options.train.validation.empty())
    entries.push_back({"eval", {}, options.fetches, {}});
  for (EntryRequest &entry : entries)
    for (const Binding &binding : bindings)
      entry.feeds.push_back({binding.tensor, TGC_DTYPE_INVALID, {}});
  for (const Binding &binding : options.train.validationBindings)
    if (entries.size() > 1 &&
        llvm::none_of(bindings, [&](const Binding &b) { return b.tensor == binding.tensor; }))
      entries[1].feeds.push_back({binding.tensor, TGC_DTYPE_INVALID, {}});
  if (needsInit(options) || !options.train.initEntry.empty())
    entries.push_back(
        {"init", {}, {}, {options.train.initEntry.empty() ? std::string("init") : options.train.initEntry}});
  return entries;
}

std::optional<uint32_t> findEntry(const tgc_module_info_t &module, StringRef name) {
  for (uint32_t i = 0; i < module.num_entries; ++i)
    if (name == module.entries[i].name)
      return i;
  return std::nullopt;
}

/// The entry of a wanted name, or else the one of the usual name; an error if a wanted one is missing.
Expected<std::optional<uint32_t>> chooseEntry(const tgc_module_info_t &module, StringRef wanted,
                                              StringRef usual) {
  std::optional<uint32_t> found = findEntry(module, wanted.empty() ? usual : wanted);
  if (found || wanted.empty())
    return found;
  Names names;
  for (const tgc_entry_info_t &entry : llvm::ArrayRef(module.entries, module.num_entries))
    names.push_back(entry.name);
  return createStringError("no entry '" + wanted + "'; the module has: " + listed(names));
}

/// The only entry with targets and feeds, for libraries that name none of theirs "train".
std::optional<uint32_t> onlyTrainingEntry(const tgc_module_info_t &module) {
  std::optional<uint32_t> only;
  for (uint32_t i = 0; i < module.num_entries; ++i) {
    if (!module.entries[i].num_targets || !module.entries[i].num_feeds)
      continue;
    if (only)
      return std::nullopt;
    only = i;
  }
  return only;
}

Error initialize(Session &session, const LoadedModule &module, const RunOptions &options) {
  bool isCompiledHere = module.isCompiledHere();
  auto entry =
      chooseEntry(module.info(), isCompiledHere ? StringRef() : StringRef(options.train.initEntry), "init");
  if (!entry)
    return entry.takeError();
  if (*entry && (needsInit(options) || !options.train.initEntry.empty())) {
    tgc_error_t error = {};
    std::vector<tgc_tensor_t> fetched(module.info().entries[**entry].num_fetches);
    if (tgc_session_run(session.get(), **entry, nullptr, 0, fetched.data(), fetched.size(), &error) != TGC_OK)
      return runtimeError(error);
  }
  if (isCompiledHere || options.compile.checkpoint.empty())
    return Error::success();
  return restoreVariables(session.get(), options.compile.checkpoint, options.train.selection,
                          /*isPartial=*/true);
}

} // namespace

Expected<bool> train(const RunOptions &options, llvm::raw_ostream &out) {
  Vocabulary vocabulary;
  Expected<Dataset> data = readAll(options.train.data, vocabulary);
  if (!data)
    return data.takeError();
  Expected<Dataset> validation = readAll(options.train.validation, vocabulary);
  if (!validation)
    return validation.takeError();
  Expected<bool> isGraph = compilesEntries(options.modelPath);
  if (!isGraph)
    return isGraph.takeError();
  std::vector<EntryRequest> requests;
  if (*isGraph) {
    Expected<std::vector<EntryRequest>> wanted = requestEntries(options, *data);
    if (!wanted)
      return wanted.takeError();
    requests = std::move(*wanted);
  }
  Expected<LoadedModule> module = loadModule(options.modelPath, requests, options.compile);
  if (!module)
    return module.takeError();
  Expected<Session> session = Session::create(*module, options.numThreads, options.seed);
  if (!session)
    return session.takeError();

  auto entry = chooseEntry(module->info(), options.entryName, "train");
  if (!entry)
    return entry.takeError();
  if (!*entry)
    entry = onlyTrainingEntry(module->info());
  if (!*entry)
    return createStringError(options.modelPath +
                             ": has no entry 'train'; name the one that trains with --entry");
  Trainer trainer(*session, *module, options.train, out);
  if (Error error = trainer.setTraining(**entry, *data))
    return std::move(error);
  if (!options.train.validation.empty()) {
    auto evaluation = chooseEntry(module->info(), options.train.validationEntry, "eval");
    if (!evaluation)
      return evaluation.takeError();
    if (!*evaluation)
      return createStringError(options.modelPath +
                               ": has no entry 'eval'; name the one that validates with --validation-entry");
    if (Error error = trainer.setValidation(**evaluation, *validation))
      return std::move(error);
  }
  if (!options.train.logFolder.empty() && *isGraph) {
    Expected<std::unique_ptr<Model>> model = readModel(options.modelPath);
    if (!model)
      return model.takeError();
    trainer.setGraph((*model)->graph.SerializeAsString());
  }
  if (Error error = initialize(*session, *module, options))
    return std::move(error);
  if (!options.train.restore.empty())
    if (Error error = trainer.restore())
      return std::move(error);
  return trainer.run();
}

} // namespace tgc
