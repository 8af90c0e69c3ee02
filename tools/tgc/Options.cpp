//===- Options.cpp - The command line of tgc ------------------------------===//

#include "tools/tgc/Options.h"
#include "compiler/API/OptionsText.h"
#include "tools/flags/CommandLine.h"
#include "tools/flags/ModelFlags.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include <map>

using namespace llvm;

namespace tgc {
namespace {

struct Flags {
  cl::OptionCategory category{"tgc options"};
  cl::opt<std::string> path{cl::Positional, cl::desc("MODEL"), cl::cat(category)};
  cl::opt<std::string> output{
      "o", cl::desc("Output file; its ending tells what to write (.so, .o, .s, .ll, .mlir, .ptx)"),
      cl::value_desc("OUT"), cl::cat(category)};
  cl::list<std::string> entry{
      "entry", cl::desc("Begins an entry: the --feeds, --fetches and --targets that follow are its own"),
      cl::value_desc("NAME"), cl::cat(category)};
  cl::list<std::string> feeds{"feeds", cl::desc("Tensors that are fed"), cl::value_desc("a:0,b:0"),
                              cl::cat(category)};
  cl::list<std::string> fetches{"fetches", cl::desc("Tensors that are fetched"), cl::value_desc("c:0"),
                                cl::cat(category)};
  cl::list<std::string> targets{"targets", cl::desc("Operations that are run"), cl::value_desc("op,..."),
                                cl::cat(category)};
  ModelFlags model{category};
  cl::opt<std::string> config{"config",
                              cl::desc("A tf2xla.Config that names feeds and fetches, as tfcompile takes it"),
                              cl::value_desc("FILE"), cl::cat(category)};
  cl::opt<bool> freeze{"freeze", cl::desc("Variables become constants"), cl::cat(category)};
  cl::opt<std::string> target{"target", cl::init("cpu"),
                              cl::desc("cpu (code for x86-64, v3 and v4 in one file), cpu:native, cpu:<CPU>, "
                                       "cpu:aarch64; cpu,cuda (a GPU where there is one), cuda:<chip>"),
                              cl::value_desc("TARGET"), cl::cat(category)};
  cl::opt<unsigned> level{"O", cl::Prefix, cl::init(2), cl::desc("Optimisation level, 0 to 3 (default: 2)"),
                          cl::cat(category)};
  cl::opt<std::string> emit{"emit", cl::desc("What to write: so, exe (a program), obj, asm, llvm, mlir, ptx"),
                            cl::value_desc("KIND"), cl::cat(category)};
  cl::opt<std::string> weights{
      "weights", cl::init("embed"),
      cl::desc("Where weights go: embed (the default), or external (OUT.weights, mapped)"),
      cl::value_desc("embed|external"), cl::cat(category)};
  cl::opt<std::string> header{"header", cl::desc("With an object: also write a C++ class over it"),
                              cl::value_desc("x.h"), cl::cat(category)};
  cl::opt<std::string> className{"cpp-class", cl::desc("Its name (default: that of the header's file)"),
                                 cl::value_desc("ns::Name"), cl::cat(category)};
  cl::opt<std::string> explain{"explain", cl::ValueOptional,
                               cl::desc("Tell kernels, sizes and memory, as text or as JSON in a file"),
                               cl::value_desc("FILE.json"), cl::cat(category)};
  cl::opt<std::string> compileTo{"compile-to", cl::desc("Stop after a phase and print the program"),
                                 cl::value_desc("PHASE"), cl::cat(category)};
  cl::opt<bool> printIRAfterAll{"print-ir-after-all", cl::desc("Print the program after each pass to stderr"),
                                cl::cat(category)};
  cl::opt<bool> timePasses{"time-passes", cl::desc("Print the time of each step to stderr"),
                           cl::cat(category)};
  cl::opt<bool> profile{"profile", cl::desc("Let tgc-run --profile measure the code's kernels"),
                        cl::cat(category)};
  cl::opt<bool> debugInfo{"g", cl::desc("Keep names and line tables"), cl::cat(category)};
  cl::opt<bool> listOps{"list-ops", cl::desc("Print the operators that can be imported"), cl::cat(category)};
};

/// The entries in the order of the command line.
Expected<std::vector<EntryRequest>> entriesOf(Flags &flags) {
  enum Kind { Entry, Feeds, Fetches, Targets };
  std::map<unsigned, std::pair<Kind, std::string>> ordered;
  auto collect = [&](cl::list<std::string> &list, Kind kind) {
    for (unsigned i = 0; i < list.size(); ++i)
      ordered[list.getPosition(i)] = {kind, list[i]};
  };
  collect(flags.entry, Entry);
  collect(flags.feeds, Feeds);
  collect(flags.fetches, Fetches);
  collect(flags.targets, Targets);
  std::vector<EntryRequest> entries;
  for (auto &[position, option] : ordered) {
    auto &[kind, text] = option;
    if (kind == Entry) {
      entries.push_back({text, {}, {}, {}});
      continue;
    }
    if (entries.empty() && !flags.entry.empty())
      return createStringError("--feeds, --fetches and --targets follow the --entry that they belong to");
    if (entries.empty())
      entries.push_back({"main", {}, {}, {}});
    for (std::string &name : splitNames(text)) {
      if (kind == Feeds)
        entries.back().feeds.push_back({name, TGC_DTYPE_INVALID, {}});
      else
        (kind == Fetches ? entries.back().fetches : entries.back().targets).push_back(name);
    }
  }
  return entries;
}

/// By --emit, or else by the ending of the output's name.
Expected<EmitKind> emitKindOf(const Flags &flags) {
  StringRef kind = flags.emit, output = flags.output;
  if (kind.empty())
    kind = output.ends_with(".o")      ? "obj"
           : output.ends_with(".s")    ? "asm"
           : output.ends_with(".ll")   ? "llvm"
           : output.ends_with(".mlir") ? "mlir"
           : output.ends_with(".ptx")  ? "ptx"
                                       : "so";
  const std::pair<StringRef, EmitKind> kKinds[] = {{"so", EmitKind::Library}, {"exe", EmitKind::Program},
                                                   {"obj", EmitKind::Object}, {"asm", EmitKind::Assembly},
                                                   {"llvm", EmitKind::LLVM},  {"mlir", EmitKind::MLIR},
                                                   {"ptx", EmitKind::PTX}};
  for (auto &[name, value] : kKinds)
    if (name == kind)
      return value;
  return createStringError("--emit=" + kind + ": expected so, exe, obj, asm, llvm, mlir or ptx");
}

/// --config is one way to say which entry there is, --feeds and the like another.
Error readConfigFlag(const Flags &flags, CommandLine &result) {
  if (flags.config.empty())
    return Error::success();
  if (!flags.entry.empty() || !flags.feeds.empty() || !flags.fetches.empty() || !flags.targets.empty())
    return createStringError(
        "--config says what is fed and fetched; --entry, --feeds, --fetches and --targets do "
        "not go with it");
  Expected<Config> config = readConfig(flags.config);
  if (!config)
    return config.takeError();
  result.entries = {config->entry};
  result.aliases = std::move(config->names);
  for (auto &shape : config->feedShapes)
    if (none_of(result.compile.feedShapes, [&](const auto &given) { return given.first == shape.first; }))
      result.compile.feedShapes.push_back(std::move(shape));
  return Error::success();
}

/// PTX is what the phase `linalg` leaves, written for a GPU.
Error readGpuFlags(const Flags &flags, CommandLine &result) {
  if (Error error = applyTarget(result.compile, flags.target))
    return error;
  if (result.emit != EmitKind::PTX)
    return Error::success();
  if (result.compile.device.empty())
    return createStringError("--emit=ptx needs --target=cuda:<chip>");
  result.compile.compileTo = Phase::Linalg;
  return Error::success();
}

/// "dir/my_model.h" is the class my_model.
Error readHeaderFlags(const Flags &flags, CommandLine &result) {
  if (flags.header.empty() && flags.className.empty())
    return Error::success();
  if (flags.header.empty() || result.emit != EmitKind::Object)
    return createStringError("--header and --cpp-class belong to an object: -o x.o --header x.h");
  StringRef stem = sys::path::stem(flags.header);
  Expected<ClassName> name = ClassName::parse(flags.className.empty() ? stem : StringRef(flags.className));
  if (!name)
    return createStringError(toString(name.takeError()) + " (--cpp-class)");
  result.headerPath = flags.header;
  result.className = std::move(*name);
  result.compile.querySymbol = result.className.querySymbol();
  return Error::success();
}

Error readWeightsFlag(const Flags &flags, CommandLine &result) {
  if (flags.weights == "embed")
    return Error::success();
  if (flags.weights != "external")
    return createStringError("--weights=" + flags.weights + ": expected embed or external");
  if (result.emit != EmitKind::Library && result.emit != EmitKind::Program)
    return createStringError("--weights=external belongs to a library or a program");
  result.weightsPath = result.outputPath + ".weights";
  result.compile.weightsFile = sys::path::filename(result.weightsPath).str();
  return Error::success();
}

Expected<Phase> phaseOf(StringRef name) {
  if (std::optional<Phase> phase = findPhase(name))
    return *phase;
  std::string known;
  for (const PhaseInfo &info : kPhases)
    known += info.name.str() + ", ";
  return createStringError("--compile-to=" + name + ": expected one of " + known + "object, library");
}

} // namespace

Expected<CommandLine> parseCommandLine(int argc, char **argv) {
  // LLVM's libraries bring an option of this name for their own passes.
  cl::getRegisteredOptions().erase("time-passes");
  // They stay registered, and lld goes through all registered options again.
  static Flags flags;
  cl::HideUnrelatedOptions(flags.category);
  if (Error error = parseFlags(argc, argv, "tgc: compiles TensorFlow graphs to native code\n"))
    return std::move(error);
  CommandLine result;
  result.modelPath = flags.path;
  result.outputPath = flags.output;
  result.listsOps = flags.listOps;
  CompileOptions &compile = result.compile;
  compile.freeze = flags.freeze;
  compile.optimizationLevel = flags.level;
  compile.printIRAfterAll = flags.printIRAfterAll;
  compile.debugInfo = flags.debugInfo;
  compile.profile = flags.profile;
  compile.timing = flags.timePasses ? &errs() : nullptr;
  if (flags.level > 3)
    return createStringError("-O" + Twine(flags.level) + ": expected 0 to 3");
  if (Error error = flags.model.apply(compile))
    return std::move(error);
  if (Error error = readConfigFlag(flags, result))
    return std::move(error);
  auto entries = entriesOf(flags);
  if (!entries)
    return entries.takeError();
  if (!entries->empty())
    result.entries = std::move(*entries);
  auto emit = emitKindOf(flags);
  if (!emit)
    return emit.takeError();
  result.emit = *emit;
  if (Error error = readHeaderFlags(flags, result))
    return std::move(error);
  if (Error error = readWeightsFlag(flags, result))
    return std::move(error);
  if (Error error = readGpuFlags(flags, result))
    return std::move(error);
  result.explains = flags.explain.getNumOccurrences() > 0;
  result.explainPath = flags.explain;
  if (flags.compileTo == "object" || flags.compileTo == "library") { // the whole way
    result.emit = flags.compileTo == "object" ? EmitKind::Object : EmitKind::Library;
  } else if (!flags.compileTo.empty()) {
    auto phase = phaseOf(flags.compileTo);
    if (!phase)
      return phase.takeError();
    compile.compileTo = *phase;
    result.emit = EmitKind::MLIR;
  }
  if (result.listsOps)
    return result;
  if (result.modelPath.empty())
    return createStringError("no model given; tgc --help shows how");
  bool isLinked = result.emit == EmitKind::Library || result.emit == EmitKind::Program;
  if (isLinked && result.outputPath.empty())
    return createStringError("no output file given; add -o OUT.so");
  return result;
}

} // namespace tgc
