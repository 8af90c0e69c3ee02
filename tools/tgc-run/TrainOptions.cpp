//===- TrainOptions.cpp - What a training is told -------------------------===//

#include "tools/tgc-run/TrainOptions.h"
#include "llvm/Support/CommandLine.h"

using llvm::createStringError;
using llvm::Expected;
namespace cl = llvm::cl;

namespace tgc {

struct TrainFlags::Flags {
  cl::OptionCategory category{"training options"};
  cl::list<std::string> data{
      "data",
      cl::desc("Train on these examples; formats: npz, npy, csv, idx, cifar10, cifar100, "
               "records, tfrecord, text"),
      cl::value_desc("[FORMAT:]PATH,...[:KEY=VALUE]"), cl::cat(category)};
  cl::list<std::string> validation{"validation", cl::desc("Examples to validate on after each epoch"),
                                   cl::value_desc("[FORMAT:]PATH,..."), cl::cat(category)};
  cl::list<std::string> bind{
      "bind",
      cl::desc("What a tensor is fed: columns (default: that of its name) with operations /N "
               "*N +N -N onehot:K nhwc, or a number"),
      cl::value_desc("x:0=image,/255"), cl::cat(category)};
  cl::list<std::string> validationBind{"validation-bind", cl::desc("The same, for validation only"),
                                       cl::value_desc("keep_prob:0=1"), cl::cat(category)};
  cl::opt<int64_t> batch{"batch", cl::init(32), cl::desc("Examples per step (default: 32)"),
                         cl::value_desc("N"), cl::cat(category)};
  cl::opt<int64_t> epochs{"epochs", cl::init(1), cl::desc("Passes over the examples (default: 1)"),
                          cl::value_desc("N"), cl::cat(category)};
  cl::opt<int64_t> steps{"steps", cl::desc("Stop after so many steps"), cl::value_desc("N"),
                         cl::cat(category)};
  cl::opt<bool> noShuffle{"no-shuffle", cl::desc("Take the examples in their order"), cl::cat(category)};
  cl::opt<bool> dropRemainder{"drop-remainder", cl::desc("Leave out an epoch's last batch if it is smaller"),
                              cl::cat(category)};
  cl::opt<std::string> validationEntry{"validation-entry",
                                       cl::desc("The entry that validates (default: eval)"),
                                       cl::value_desc("NAME"), cl::cat(category)};
  cl::opt<std::string> init{"init", cl::desc("The operation or entry that initialises (default: init)"),
                            cl::value_desc("NAME"), cl::cat(category)};
  cl::opt<std::string> save{"save", cl::desc("Save as PREFIX-<step>"), cl::value_desc("PREFIX"),
                            cl::cat(category)};
  cl::opt<int64_t> saveEvery{"save-every", cl::desc("Steps between checkpoints (default: once per epoch)"),
                             cl::value_desc("N"), cl::cat(category)};
  cl::opt<unsigned> maxToKeep{"max-to-keep", cl::init(5),
                              cl::desc("Checkpoints to keep; 0: all (default: 5)"), cl::value_desc("N"),
                              cl::cat(category)};
  cl::opt<double> keepEvery{"keep-every-hours", cl::desc("Keep one checkpoint per so many hours for good"),
                            cl::value_desc("HOURS"), cl::cat(category)};
  cl::opt<std::string> restore{"restore", cl::desc("Go on from a checkpoint, or from a folder's latest"),
                               cl::value_desc("PREFIX|DIR"), cl::cat(category)};
  cl::opt<std::string> restoreOnly{
      "restore-only",
      cl::desc("Of --restore, and of --checkpoint for a library: only variables of these names"),
      cl::value_desc("REGEX"), cl::cat(category)};
  cl::list<std::string> restoreAs{"restore-as",
                                  cl::desc("The same: a variable has another name in the checkpoint"),
                                  cl::value_desc("VARIABLE=TENSOR"), cl::cat(category)};
  cl::opt<std::string> logdir{"logdir", cl::desc("Write events for TensorBoard"), cl::value_desc("DIR"),
                              cl::cat(category)};
  cl::opt<bool> histograms{
      "histograms",
      cl::desc(
          "Log histograms of the trainable variables after each epoch (of all, if a graph does not say)"),
      cl::cat(category)};
  cl::opt<int64_t> logEvery{"log-every", cl::init(100),
                            cl::desc("Steps between lines of progress (default: 100)"), cl::value_desc("N"),
                            cl::cat(category)};
  cl::opt<int64_t> patience{"patience", cl::desc("Stop after so many epochs without improvement"),
                            cl::value_desc("N"), cl::cat(category)};
  cl::opt<std::string> monitor{"monitor", cl::desc("The fetch that must improve (default: the first)"),
                               cl::value_desc("loss:0"), cl::cat(category)};
  cl::opt<bool> maximize{"maximize", cl::desc("Greater is better for what is monitored"), cl::cat(category)};
};

TrainFlags::TrainFlags() : flags(std::make_unique<Flags>()) {}
TrainFlags::~TrainFlags() = default;
bool TrainFlags::areUsed() const { return !flags->data.empty(); }

static llvm::Error readSpecs(const cl::list<std::string> &texts, std::vector<DataSpec> &specs) {
  for (const std::string &text : texts) {
    Expected<DataSpec> spec = parseDataSpec(text);
    if (!spec)
      return spec.takeError();
    specs.push_back(std::move(*spec));
  }
  return llvm::Error::success();
}

static llvm::Error readBindings(const cl::list<std::string> &texts, std::vector<Binding> &bindings) {
  for (const std::string &text : texts) {
    Expected<Binding> binding = parseBinding(text);
    if (!binding)
      return binding.takeError();
    bindings.push_back(std::move(*binding));
  }
  return llvm::Error::success();
}

Expected<TrainOptions> TrainFlags::read(uint64_t seed) const {
  TrainOptions options;
  options.selection.only = flags->restoreOnly;
  for (const std::string &text : flags->restoreAs) {
    auto rename = parseRename(text);
    if (!rename)
      return createStringError("--restore-as=" + toString(rename.takeError()));
    options.selection.renames.push_back(std::move(*rename));
  }
  if (!areUsed()) {
    const cl::Option *const forTraining[] = {
        &flags->batch,           &flags->epochs,    &flags->steps,   &flags->noShuffle, &flags->dropRemainder,
        &flags->validationEntry, &flags->init,      &flags->save,    &flags->saveEvery, &flags->restore,
        &flags->logdir,          &flags->patience,  &flags->monitor, &flags->maximize,  &flags->histograms,
        &flags->maxToKeep,       &flags->keepEvery, &flags->logEvery};
    for (const cl::Option *option : forTraining)
      if (option->getNumOccurrences())
        return createStringError("--" + option->ArgStr + " is for training; --data is missing");
    if (!flags->validation.empty() || !flags->bind.empty() || !flags->validationBind.empty())
      return createStringError("--validation and --bind are for training; --data is missing");
    return options;
  }
  if (llvm::Error error = readSpecs(flags->data, options.data))
    return std::move(error);
  if (llvm::Error error = readSpecs(flags->validation, options.validation))
    return std::move(error);
  if (llvm::Error error = readBindings(flags->bind, options.bindings))
    return std::move(error);
  if (llvm::Error error = readBindings(flags->validationBind, options.validationBindings))
    return std::move(error);
  for (const cl::opt<int64_t> *count : {&flags->batch, &flags->epochs, &flags->logEvery})
    if (*count < 1)
      return createStringError("--" + count->ArgStr + " is " + llvm::Twine(*count) +
                               "; a number from 1 on is expected");
  for (const cl::opt<int64_t> *count : {&flags->steps, &flags->saveEvery, &flags->patience})
    if (*count < 0)
      return createStringError("--" + count->ArgStr + " is " + llvm::Twine(*count) +
                               "; a number from 0 on is expected");
  options.batch = {flags->batch, !flags->noShuffle, flags->dropRemainder, seed};
  options.epochs = flags->epochs;
  options.maxSteps = flags->steps;
  options.validationEntry = flags->validationEntry;
  options.initEntry = flags->init;
  options.savePrefix = flags->save;
  options.restore = flags->restore;
  options.logFolder = flags->logdir;
  options.saveEvery = flags->saveEvery;
  options.maxToKeep = flags->maxToKeep;
  options.keepEverySeconds = flags->keepEvery * 3600;
  options.logEvery = flags->logEvery;
  options.logsHistograms = flags->histograms;
  options.patience = flags->patience;
  options.monitor = flags->monitor;
  options.maximizes = flags->maximize;
  return options;
}

} // namespace tgc
