//===- Trainer.cpp - One training: a session and its examples -------------===//

#include "tools/tgc-run/Trainer.h"
#include "tgc/checkpoint.h"
#include "tools/tgc-run/Tensors.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include <cmath>
#include <csignal>

using llvm::ArrayRef;
using llvm::createStringError;
using llvm::Error;
using llvm::Expected;
using llvm::StringRef;
using llvm::Twine;

namespace tgc {
namespace {

volatile std::sig_atomic_t wasInterrupted = 0;

/// Takes Ctrl-C while it lives; the second one ends the process.
class InterruptHandler {
public:
  InterruptHandler() {
    wasInterrupted = 0;
    struct sigaction action = {};
    action.sa_handler = [](int) { wasInterrupted = 1; };
    action.sa_flags = static_cast<int>(SA_RESETHAND);
    sigaction(SIGINT, &action, &old);
  }
  ~InterruptHandler() { sigaction(SIGINT, &old, nullptr); }

private:
  struct sigaction old = {};
};

/// Means of metrics, weighted by examples.
class Means {
public:
  void add(ArrayRef<Metric> metrics, int64_t numExamples) {
    if (sums.empty())
      for (const Metric &metric : metrics)
        sums.push_back({metric.name, 0});
    for (auto [sum, metric] : llvm::zip_equal(sums, metrics))
      sum.value += metric.value * static_cast<double>(numExamples);
    count += numExamples;
  }
  std::vector<Metric> get() const {
    std::vector<Metric> means = sums;
    for (Metric &mean : means)
      mean.value /= static_cast<double>(std::max<int64_t>(count, 1));
    return means;
  }

private:
  std::vector<Metric> sums;
  int64_t count = 0;
};

/// Whether a fetch is one number in every step, whatever the batch's size.
bool isMetric(const tgc_tensor_info_t &fetch) {
  constexpr int32_t kTypes[] = {TGC_FLOAT32, TGC_FLOAT64, TGC_INT32, TGC_INT64};
  return llvm::is_contained(kTypes, fetch.dtype) &&
         llvm::all_of(ArrayRef(fetch.dims, std::max(fetch.rank, 0)), [](int64_t size) { return size == 1; });
}

/// The number that a metric's tensor holds.
double numberOf(const tgc_tensor_t &tensor) {
  switch (tensor.dtype) {
  case TGC_FLOAT32:
    return *static_cast<const float *>(tensor.data);
  case TGC_FLOAT64:
    return *static_cast<const double *>(tensor.data);
  case TGC_INT32:
    return *static_cast<const int32_t *>(tensor.data);
  case TGC_INT64:
    return static_cast<double>(*static_cast<const int64_t *>(tensor.data));
  default:
    llvm_unreachable("no metric has another type");
  }
}

std::vector<double> valuesOf(const tgc_tensor_t &tensor) {
  int64_t count = 1;
  for (int32_t dim = 0; dim < tensor.rank; ++dim)
    count *= tensor.dims[dim];
  if (tensor.dtype == TGC_FLOAT32)
    return std::vector<double>(static_cast<const float *>(tensor.data),
                               static_cast<const float *>(tensor.data) + count);
  if (tensor.dtype == TGC_FLOAT64)
    return std::vector<double>(static_cast<const double *>(tensor.data),
                               static_cast<const double *>(tensor.data) + count);
  return {};
}

} // namespace

Expected<BoundEntry> Trainer::bind(uint32_t index, const Dataset &data, ArrayRef<Binding> given) {
  const tgc_entry_info_t &info = module.info().entries[index];
  BoundEntry entry{index, &info, {}};
  std::vector<std::string> names;
  for (const tgc_tensor_info_t &feed : ArrayRef(info.feeds, info.num_feeds))
    names.push_back(feed.name);
  std::vector<Binding> bindings = completeBindings(given.vec(), data, names);
  for (const tgc_tensor_info_t &feed : ArrayRef(info.feeds, info.num_feeds)) {
    auto binding = llvm::find_if(bindings, [&](const Binding &b) { return b.tensor == feed.name; });
    if (binding == bindings.end())
      return createStringError(Twine("entry '") + info.name + "' needs the feed '" + feed.name +
                               "'; say what it gets: --bind " + feed.name +
                               "=COLUMN or NUMBER (the data has: " + data.listNames() + ")");
    Expected<BoundFeed> bound = bindFeed(*binding, data, feed);
    if (!bound)
      return bound.takeError();
    entry.feeds.emplace_back(feed.name, std::move(*bound));
  }
  return entry;
}

Error Trainer::setTraining(uint32_t entry, const Dataset &data) {
  Expected<BoundEntry> bound = bind(entry, data, options.bindings);
  if (!bound)
    return bound.takeError();
  training = std::move(*bound);
  numRows = data.numRows;
  for (const tgc_tensor_info_t &fetch : ArrayRef(training.info->fetches, training.info->num_fetches))
    if (!isMetric(fetch) && fetch.dtype != TGC_STRING)
      out << "fetch " << fetch.name << " is not shown: it is not one number for each step\n";
  return Error::success();
}

Error Trainer::setValidation(uint32_t entry, const Dataset &data) {
  std::vector<Binding> bindings = options.validationBindings;
  for (const Binding &binding : options.bindings)
    if (llvm::none_of(bindings, [&](const Binding &b) { return b.tensor == binding.tensor; }))
      bindings.push_back(binding);
  Expected<BoundEntry> bound = bind(entry, data, bindings);
  if (!bound)
    return bound.takeError();
  validation = std::move(*bound);
  numValidationRows = data.numRows;
  return Error::success();
}

Error Trainer::restore() {
  tgc_error_t error = {};
  llvm::SmallString<256> prefix(options.restore);
  if (llvm::sys::fs::is_directory(options.restore)) {
    char latest[4096];
    if (tgc_checkpoint_latest(options.restore.c_str(), latest, sizeof latest, &error) != TGC_OK)
      return runtimeError(error);
    prefix = latest;
  }
  if (Error failed =
          restoreVariables(session.get(), prefix.str().str(), options.selection, /*isPartial=*/false))
    return failed;
  // "model-1200" was saved after step 1200.
  StringRef digits = StringRef(prefix).rsplit('-').second;
  if (digits.empty() || digits.getAsInteger(10, step))
    step = 0;
  out << "restored " << prefix << "\n";
  return Error::success();
}

Expected<StepResult> Trainer::runStep(const BoundEntry &entry, const Batch &batch) {
  Expected<FeedTensors> feeds = bindFeeds(*entry.info, &batch.arrays, /*allowsUnused=*/true);
  if (!feeds)
    return feeds.takeError();
  std::vector<tgc_tensor_t> fetched(entry.info->num_fetches);
  tgc_error_t error = {};
  if (tgc_session_run(session.get(), entry.index, feeds->tensors.data(), feeds->tensors.size(),
                      fetched.data(), fetched.size(), &error) != TGC_OK)
    return createStringError("step " + Twine(step + 1) + ": " + llvm::toString(module.runError(error)));
  StepResult result;
  for (auto [i, tensor] : llvm::enumerate(fetched)) {
    if (tensor.dtype == TGC_STRING && tensor.rank == 0) {
      auto *text = static_cast<const tgc_string_t *>(tensor.data);
      result.summaries.emplace_back(text->data, text->size);
    } else if (isMetric(entry.info->fetches[i])) {
      result.metrics.push_back({entry.info->fetches[i].name, numberOf(tensor)});
    }
  }
  return result;
}

/// Says which fetch is not finite, and which variables.
Error Trainer::checkNumerics(ArrayRef<Metric> metrics) {
  auto bad = llvm::find_if(metrics, [](const Metric &metric) { return !std::isfinite(metric.value); });
  if (!options.checksNumerics || bad == metrics.end())
    return Error::success();
  std::string variables;
  for (const tgc_variable_info_t &variable : ArrayRef(module.info().variables, module.info().num_variables)) {
    tgc_tensor_t value;
    if (tgc_variable_get(session.get(), variable.tensor.name, &value, nullptr) == TGC_OK &&
        llvm::any_of(valuesOf(value), [](double number) { return !std::isfinite(number); }))
      variables += (variables.empty() ? "" : ", ") + std::string(variable.tensor.name);
  }
  return createStringError("step " + Twine(step) + ": fetch " + bad->name + " is " +
                           std::to_string(bad->value) +
                           "; variables that are not finite: " + (variables.empty() ? "none" : variables));
}

Error Trainer::openLogs() {
  if (options.logFolder.empty())
    return Error::success();
  Expected<std::unique_ptr<EventWriter>> writer = EventWriter::create(options.logFolder);
  if (!writer)
    return writer.takeError();
  log = std::move(*writer);
  if (!graph.empty())
    log->addGraph(graph);
  if (!validation.info)
    return Error::success();
  llvm::SmallString<256> folder(options.logFolder);
  llvm::sys::path::append(folder, "validation");
  writer = EventWriter::create(folder);
  if (!writer)
    return writer.takeError();
  validationLog = std::move(*writer);
  return Error::success();
}

bool Trainer::isDone() const {
  return wasInterrupted || (options.maxSteps && step - firstStep >= options.maxSteps);
}

Error Trainer::trainEpoch(int64_t epoch, Batches &batches, Progress &progress) {
  Means means;
  batches.start(epoch);
  // A training that goes on in the middle of an epoch leaves out what it has seen.
  int64_t numSeen = std::max<int64_t>(step - epoch * batches.numPerEpoch(), 0);
  for (int64_t i = 0; !isDone(); ++i) {
    std::optional<Batch> batch = batches.next();
    if (!batch)
      break;
    if (i < numSeen)
      continue;
    Expected<StepResult> result = runStep(training, *batch);
    if (!result)
      return result.takeError();
    ++step;
    means.add(result->metrics, batch->numExamples);
    for (const Metric &metric : result->metrics)
      if (log)
        log->addScalar(metric.name, step, metric.value);
    for (const std::string &summary : result->summaries)
      if (log)
        log->addSummary(summary, step);
    if (Error error = checkNumerics(result->metrics))
      return error;
    progress.step(step, epoch + 1, i + 1, batch->numExamples, result->metrics);
    if (options.saveEvery && step % options.saveEvery == 0)
      if (Error error = save())
        return error;
  }
  epochMetrics = means.get();
  return Error::success();
}

Expected<std::vector<Metric>> Trainer::validate() {
  BatchOptions inOrder{options.batch.size, /*shuffles=*/false, /*dropsRemainder=*/false, 0};
  Batches batches(validation.feeds, numValidationRows, inOrder);
  batches.start(0);
  Means means;
  while (std::optional<Batch> batch = batches.next()) {
    Expected<StepResult> result = runStep(validation, *batch);
    if (!result)
      return result.takeError();
    means.add(result->metrics, batch->numExamples);
  }
  std::vector<Metric> metrics = means.get();
  for (const Metric &metric : metrics)
    if (validationLog)
      validationLog->addScalar(metric.name, step, metric.value);
  return metrics;
}

Error Trainer::logHistograms() {
  if (!log || !options.logsHistograms)
    return Error::success();
  ArrayRef variables(module.info().variables, module.info().num_variables);
  // A graph without collections does not say which variables are trained.
  bool isKnown = llvm::any_of(variables, [](const auto &variable) { return variable.is_trainable != 0; });
  for (const tgc_variable_info_t &variable : variables) {
    tgc_tensor_t value;
    tgc_error_t error = {};
    if (isKnown && !variable.is_trainable)
      continue;
    if (tgc_variable_get(session.get(), variable.tensor.name, &value, &error) != TGC_OK)
      return runtimeError(error);
    if (std::vector<double> values = valuesOf(value); !values.empty())
      log->addHistogram(variable.tensor.name, step, values);
  }
  return Error::success();
}

Error Trainer::save() {
  if (options.savePrefix.empty() || step == lastSaved)
    return Error::success();
  tgc_save_options_t how = {};
  how.size = sizeof how;
  how.has_step = 1;
  how.step = step;
  how.max_to_keep = options.maxToKeep;
  how.keep_every_seconds = options.keepEverySeconds;
  tgc_error_t error = {};
  if (tgc_session_save(session.get(), options.savePrefix.c_str(), &how, &error) != TGC_OK)
    return runtimeError(error);
  lastSaved = step;
  return Error::success();
}

Expected<bool> Trainer::isStalled(ArrayRef<Metric> metrics) {
  if (!options.patience || metrics.empty())
    return false;
  auto watched =
      options.monitor.empty() ? metrics.begin() : llvm::find_if(metrics, [&](const Metric &metric) {
        return metric.name == options.monitor || metric.name == options.monitor + ":0";
      });
  if (watched == metrics.end())
    return createStringError("--monitor=" + options.monitor +
                             " is not among the fetches: " + metricsText(metrics));
  double value = options.maximizes ? -watched->value : watched->value;
  // Any number is better than none.
  if (!best || value < *best || (std::isnan(*best) && !std::isnan(value))) {
    best = value;
    numStalled = 0;
    return false;
  }
  return ++numStalled >= options.patience;
}

Error Trainer::endEpoch(int64_t epoch, Progress &progress) {
  std::string line = "epoch " + std::to_string(epoch + 1) + '/' + std::to_string(options.epochs) + ": " +
                     metricsText(epochMetrics);
  if (validation.info) {
    Expected<std::vector<Metric>> metrics = validate();
    if (!metrics)
      return metrics.takeError();
    epochMetrics = std::move(*metrics);
    line += "; validation: " + metricsText(epochMetrics);
  }
  progress.line(line);
  if (Error error = logHistograms())
    return error;
  for (const std::unique_ptr<EventWriter> &writer : {std::ref(log), std::ref(validationLog)})
    if (writer)
      if (Error error = writer->flush())
        return error;
  return options.saveEvery ? Error::success() : save();
}

Expected<bool> Trainer::run() {
  InterruptHandler handler;
  if (Error error = openLogs())
    return std::move(error);
  Batches batches(training.feeds, numRows, options.batch);
  if (!batches.numPerEpoch())
    return createStringError("the data has " + Twine(numRows) + " examples, fewer than a batch of " +
                             Twine(options.batch.size) +
                             "; leave out --drop-remainder or make batches smaller");
  Progress progress(out, options.epochs, batches.numPerEpoch(), options.logEvery);
  firstStep = step;
  for (int64_t epoch = step / batches.numPerEpoch(); epoch < options.epochs && !isDone(); ++epoch) {
    if (Error error = trainEpoch(epoch, batches, progress))
      return std::move(error);
    if (wasInterrupted)
      break;
    if (Error error = endEpoch(epoch, progress))
      return std::move(error);
    Expected<bool> stalled = isStalled(epochMetrics);
    if (!stalled)
      return stalled.takeError();
    if (*stalled) {
      progress.line("stopped early: no improvement for " + std::to_string(options.patience) + " epochs");
      break;
    }
  }
  if (Error error = save())
    return std::move(error);
  if (log)
    if (Error error = log->flush())
      return std::move(error);
  if (wasInterrupted)
    progress.line("interrupted after step " + std::to_string(step) +
                  (lastSaved == step ? "; saved " + options.savePrefix + "-" + std::to_string(step) : ""));
  return !wasInterrupted;
}

} // namespace tgc
