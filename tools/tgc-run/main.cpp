//===- main.cpp - tgc-run: runs a compiled module or a model ------------------===//
#include "tools/tgc-run/Benchmark.h"
#include "tools/tgc-run/Execute.h"
#include "tools/tgc-run/Options.h"
#include "tools/tgc-run/Print.h"
#include "tools/tgc-run/Train.h"
#include "llvm/Support/InitLLVM.h"

using namespace tgc;
using llvm::Error;
using llvm::Expected;

/// The script, or the one step that the options describe.
static Expected<std::vector<Step>> stepsOf(const RunOptions &options) {
  if (options.mode == RunOptions::Mode::Script)
    return readScript(options.scriptPath);
  Step step;
  step.path = options.feedsPath;
  step.entry = options.entryName;
  step.fetches = options.fetches;
  step.targets = options.targets;
  step.fetchesAll = options.fetches.empty() && options.targets.empty();
  return std::vector<Step>{step};
}

static Error runOnce(Session &session, const PlannedStep &planned, const std::string &outPath) {
  Expected<NamedArrays> arrays = session.execute(planned);
  if (!arrays)
    return arrays.takeError();
  if (!outPath.empty())
    return writeNpz(outPath, *arrays);
  printArrays(*arrays, llvm::outs());
  return Error::success();
}

static Error measure(Session &session, const LoadedModule &module, const PlannedStep &step,
                     const RunOptions &options, Profiler &profiler) {
  if (Error error = benchmark(session, module, step, options.numRuns, llvm::outs(), &profiler))
    return error;
  if (!options.profiles)
    return Error::success();
  if (Error error = profiler.print(llvm::outs()))
    return error;
  return options.tracePath.empty() ? Error::success() : profiler.writeTrace(options.tracePath);
}

static Error runSession(const LoadedModule &module, llvm::ArrayRef<PlannedStep> steps,
                        const RunOptions &options) {
  Profiler profiler;
  Expected<Session> session =
      Session::create(module, options.numThreads, options.seed, options.profiles ? &profiler : nullptr);
  if (!session)
    return session.takeError();
  // A library knows nothing of --checkpoint; its session loads one as a script would.
  if (!module.isCompiledHere() && !options.compile.checkpoint.empty())
    if (Error error = restoreVariables(session->get(), options.compile.checkpoint, options.train.selection,
                                       /*isPartial=*/true))
      return error;
  switch (options.mode) {
  case RunOptions::Mode::Benchmark:
    return measure(*session, module, steps.front(), options, profiler);
  case RunOptions::Mode::Script:
    if (Error error = executeScript(*session, steps, options.outPath))
      return llvm::createStringError(options.scriptPath + ": " + llvm::toString(std::move(error)));
    return Error::success();
  default:
    return runOnce(*session, steps.front(), options.outPath);
  }
}

/// The module that the steps run. A model is compiled for any size where that is possible, else (an operator
/// that needs a channel count, a rank that a shape decides) for the shapes that are fed, else (an axis that
/// is fed) for the integers too.
static Expected<LoadedModule> loadFor(std::vector<PlannedStep> &steps, bool needsRequests,
                                      const RunOptions &options) {
  if (!needsRequests)
    return loadModule(options.modelPath, {}, options.compile);
  const std::vector<PlannedStep> given = steps;
  std::vector<EntryRequest> requests = requestEntries(steps);
  Expected<LoadedModule> module = loadModule(options.modelPath, requests, options.compile);
  bool hasFeeds = llvm::any_of(requests, [](const EntryRequest &entry) { return !entry.feeds.empty(); });
  if (module || !hasFeeds)
    return module;
  llvm::consumeError(module.takeError());
  steps = given;
  module = loadModule(options.modelPath, requestEntries(steps, EntryShapes::Exact), options.compile);
  if (module || !feedsIntegers(steps))
    return module;
  llvm::consumeError(module.takeError());
  steps = given;
  return loadModule(options.modelPath, requestEntries(steps, EntryShapes::Known), options.compile);
}

/// Runs the steps. Where a check of the run asks for sizes that compiling would have had to know (groups of a
/// convolution), the model is compiled for those that are fed and the session starts again.
static Error runSteps(LoadedModule &module, std::vector<PlannedStep> &steps, std::vector<PlannedStep> given,
                      bool needsRequests, const RunOptions &options) {
  Error error = runSession(module, steps, options);
  if (!error || !needsRequests)
    return error;
  std::string text = llvm::toString(std::move(error));
  if (!llvm::StringRef(text).contains("--shape"))
    return llvm::createStringError(text);
  Expected<LoadedModule> exact =
      loadModule(options.modelPath, requestEntries(given, EntryShapes::Exact), options.compile);
  return exact ? runSession(*exact, given, options) : exact.takeError();
}

/// What a shell gives a program that Ctrl-C ended.
static constexpr int kInterrupted = 130;

static Error runTool(int argc, char **argv, int &exitStatus) {
  Expected<RunOptions> options = parseCommandLine(argc, argv);
  if (!options)
    return options.takeError();
  if (options->mode == RunOptions::Mode::Train) {
    Expected<bool> isComplete = train(*options, llvm::outs());
    if (isComplete && !*isComplete)
      exitStatus = kInterrupted;
    return isComplete.takeError();
  }
  Expected<bool> needsRequests = compilesEntries(options->modelPath);
  if (!needsRequests)
    return needsRequests.takeError();
  Expected<std::vector<Step>> steps = stepsOf(*options);
  if (!steps)
    return steps.takeError();
  Expected<std::vector<PlannedStep>> planned = planSteps(*steps);
  if (!planned)
    return planned.takeError();
  std::vector<PlannedStep> given = *planned;
  Expected<LoadedModule> module = loadFor(*planned, *needsRequests, *options);
  if (!module)
    return module.takeError();
  if (options->mode != RunOptions::Mode::List)
    return runSteps(*module, *planned, std::move(given), *needsRequests, *options);
  printModule(module->info(), llvm::outs());
  return Error::success();
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  int exitStatus = 0;
  if (Error error = runTool(argc, argv, exitStatus)) {
    llvm::errs() << "tgc-run: error: " << llvm::toString(std::move(error)) << '\n';
    return 1;
  }
  return exitStatus;
}
