//===- Options.cpp - The command line of tgc-run ------------------------------===//
#include "tools/tgc-run/Options.h"
#include "compiler/API/OptionsText.h"
#include "tools/flags/CommandLine.h"
#include "tools/flags/ModelFlags.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CommandLine.h"

using namespace tgc;
using llvm::createStringError;
using llvm::Error;
using llvm::Expected;
using llvm::StringRef;
namespace cl = llvm::cl;

namespace {
/// Not globals: they may be registered only once LLVM's are gone.
struct Flags {
  cl::OptionCategory category{"tgc-run options"};
  cl::opt<std::string> path{cl::Positional, cl::desc("MODEL_OR_SO"), cl::cat(category)};
  cl::opt<std::string> feeds{"feeds", cl::desc("Arrays to feed; their names are tensor names"),
                             cl::value_desc("in.npz"), cl::cat(category)};
  cl::list<std::string> fetch{"fetch", cl::CommaSeparated,
                              cl::desc("Tensors to fetch (default: all of the entry)"),
                              cl::value_desc("a:0,b:0"), cl::cat(category)};
  cl::list<std::string> target{"target", cl::CommaSeparated, cl::desc("Operations to run"),
                               cl::value_desc("op,..."), cl::cat(category)};
  cl::opt<std::string> entry{"entry", cl::desc("The entry to run (default: the one that fits)"),
                             cl::value_desc("NAME"), cl::cat(category)};
  cl::opt<std::string> out{
      "out", cl::desc("Where the fetches go (default: they are printed); with --script a folder"),
      cl::value_desc("out.npz|DIR"), cl::cat(category)};
  cl::opt<std::string> script{"script", cl::desc("Steps of one session; step i leaves DIR/s<i>.npz"),
                              cl::value_desc("steps.json"), cl::cat(category)};
  cl::opt<std::string> device{
      "device", cl::init("cpu"),
      cl::desc("What to compile a model for: cpu, cpu,cuda (a GPU where there is one), "
               "cuda:<chip> (a run without one fails)"),
      cl::value_desc("TARGET"), cl::cat(category)};
  ModelFlags model{category};
  cl::opt<uint64_t> maxIterations{"max-iterations",
                                  cl::desc("End the run with an error if a loop goes on for longer"),
                                  cl::value_desc("N"), cl::cat(category)};
  cl::opt<bool> benchmark{"benchmark",
                          cl::desc("Measure how long a run takes; without --feeds on invented numbers"),
                          cl::cat(category)};
  cl::opt<std::string> profile{
      "profile", cl::ValueOptional,
      cl::desc("As --benchmark, with the time of each kernel, and of the last run as "
               "a trace for Chrome or Perfetto"),
      cl::value_desc("TRACE.json"), cl::cat(category)};
  cl::opt<uint64_t> runs{"runs", cl::desc("How many runs to measure (default: about a second)"),
                         cl::value_desc("N"), cl::cat(category)};
  cl::opt<unsigned> threads{"threads", cl::desc("Threads that a run may use (default: one per CPU)"),
                            cl::value_desc("N"), cl::cat(category)};
  cl::opt<uint64_t> seed{"seed",
                         cl::desc("For random operators that the graph gives no seed (default: the "
                                  "system's), and the order of examples"),
                         cl::value_desc("N"), cl::cat(category)};
  cl::opt<bool> list{"list", cl::desc("Show the module's entries, feeds, fetches and variables"),
                     cl::cat(category)};
};
} // namespace

/// The runtime's 0 stands for the operating system's; a seed that was given repeats, whatever it is.
/// TensorFlow makes the same of two seeds of 0.
static uint64_t getSeed(const cl::opt<uint64_t> &flag) {
  return flag.getNumOccurrences() && flag == 0 ? INT32_MAX : flag.getValue();
}

static Error checkFlags(const Flags &flags) {
  bool hasScript = !flags.script.empty();
  if (flags.runs.getNumOccurrences() && !flags.benchmark && !flags.profile.getNumOccurrences())
    return createStringError("--runs is for --benchmark or --profile, which is missing");
  if (flags.list + (flags.benchmark || flags.profile.getNumOccurrences()) + hasScript > 1)
    return createStringError("--list, --benchmark (or --profile) and --script exclude each other");
  if (!hasScript)
    return Error::success();
  if (!flags.feeds.empty() || !flags.entry.empty() || !flags.fetch.empty() || !flags.target.empty())
    return createStringError("--script brings its own feeds, fetches, targets and entries; "
                             "--feeds, --fetch, --target and --entry do not go with it");
  return flags.out.empty() ? createStringError("--script needs --out DIR") : Error::success();
}

Expected<RunOptions> tgc::parseCommandLine(int argc, char **argv) {
  removeForeignOptions();
  // They stay registered, and lld goes through all registered options again when it merges objects.
  static Flags flags;
  static TrainFlags trainFlags;
  if (Error error = parseFlags(
          argc, argv,
          "tgc-run: runs a module that tgc has compiled, or a model, which it compiles in memory first\n"))
    return std::move(error);
  if (flags.path.empty())
    return createStringError("no module or model given; tgc-run --help shows how");
  if (Error error = checkFlags(flags))
    return std::move(error);
  RunOptions options;
  options.profiles = flags.profile.getNumOccurrences() > 0;
  options.tracePath = flags.profile;
  bool measures = flags.benchmark || options.profiles;
  options.mode = flags.list              ? RunOptions::Mode::List
                 : measures              ? RunOptions::Mode::Benchmark
                 : !flags.script.empty() ? RunOptions::Mode::Script
                 : trainFlags.areUsed()  ? RunOptions::Mode::Train
                                         : RunOptions::Mode::Once;
  options.modelPath = flags.path;
  options.feedsPath = flags.feeds;
  options.entryName = flags.entry;
  options.fetches = flags.fetch;
  options.targets = flags.target;
  options.scriptPath = flags.script;
  options.outPath = flags.out;
  options.numRuns = flags.runs;
  options.numThreads = flags.threads;
  options.seed = getSeed(flags.seed);
  Expected<TrainOptions> train = trainFlags.read(flags.seed);
  if (!train)
    return train.takeError();
  options.train = std::move(*train);
  if (Error error = flags.model.apply(options.compile))
    return std::move(error);
  if (Error error = applyTarget(options.compile, flags.device))
    return std::move(error);
  options.compile.profile = options.profiles;
  options.compile.maxIterations = flags.maxIterations;
  options.train.checksNumerics = flags.model.checkNumerics;
  return options;
}
