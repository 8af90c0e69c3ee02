//===- main.cpp - tgc-ptx-run: runs a PTX kernel without a GPU ----------------===//
#include "tools/flags/CommandLine.h"
#include "tools/tgc-ptx-run/Arguments.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/WithColor.h"
#include "llvm/Support/raw_ostream.h"

using namespace tgc;
using llvm::createStringError;
using llvm::Error;
using llvm::Expected;
using llvm::StringRef;
namespace cl = llvm::cl;

namespace {
/// Not globals: they may be registered only once LLVM's are gone.
struct Flags {
  cl::OptionCategory category{"tgc-ptx-run options"};
  cl::opt<std::string> path{cl::Positional, cl::desc("kernel.ptx"), cl::Required, cl::cat(category)};
  cl::opt<std::string> entry{"entry", cl::desc("The kernel (default: the module's only one)"),
                             cl::value_desc("NAME"), cl::cat(category)};
  cl::opt<std::string> grid{"grid", cl::desc("Blocks (default: 1)"), cl::value_desc("x[,y[,z]]"),
                            cl::cat(category)};
  cl::opt<std::string> block{"block", cl::desc("Threads of a block (default: what .reqntid says, or 32)"),
                             cl::value_desc("x[,y[,z]]"), cl::cat(category)};
  cl::opt<std::string> cluster{"cluster",
                               cl::desc("Blocks of a cluster (default: what .reqnctapercluster says, or 1)"),
                               cl::value_desc("x[,y[,z]]"), cl::cat(category)};
  cl::opt<uint32_t> shared{"shared", cl::desc("Bytes of dynamic shared memory"), cl::value_desc("BYTES"),
                           cl::cat(category)};
  cl::opt<std::string> in{"in", cl::desc("Arrays that arguments name"), cl::value_desc("in.npz"),
                          cl::cat(category)};
  cl::list<std::string> arg{"arg",
                            cl::desc("One argument of the kernel, in order: in:NAME (read only), inout:NAME, "
                                     "out:NAME:f32:4x1000, map:NAME:box=64,64:swizzle=128, i32:5, f32:0.5"),
                            cl::value_desc("ARGUMENT"), cl::cat(category)};
  cl::opt<std::string> out{"out", cl::desc("Where out and inout arrays go"), cl::value_desc("out.npz"),
                           cl::cat(category)};
  cl::opt<std::string> expect{"expect", cl::desc("Compare out and inout arrays with those of the same name"),
                              cl::value_desc("expected.npz"), cl::cat(category)};
  cl::opt<double> rtol{"rtol", cl::desc("Relative difference that --expect allows"), cl::init(1e-5),
                       cl::cat(category)};
  cl::opt<double> atol{"atol", cl::desc("Absolute difference that --expect allows"), cl::init(1e-6),
                       cl::cat(category)};
  cl::opt<uint64_t> seed{"seed", cl::desc("Names the order of warps and copies"), cl::value_desc("N"),
                         cl::cat(category)};
  cl::opt<uint32_t> seeds{"seeds", cl::desc("Run with so many seeds, from --seed on"), cl::value_desc("N"),
                          cl::init(1), cl::cat(category)};
  cl::opt<bool> noRaces{"no-racecheck", cl::desc("Do not look for races"), cl::cat(category)};
  cl::opt<uint32_t> resident{"resident", cl::desc("Clusters that run at the same time (default: 1)"),
                             cl::value_desc("N"), cl::init(1), cl::cat(category)};
  cl::opt<uint64_t> maxInstructions{"max-instructions",
                                    cl::desc("Give up after so many instructions of warps"),
                                    cl::value_desc("N"), cl::cat(category)};
  cl::opt<bool> list{"list", cl::desc("Show the module's kernels and their parameters"), cl::cat(category)};
  cl::opt<bool> stats{"stats", cl::desc("Say how much was run"), cl::cat(category)};
};
} // namespace

static Expected<ptx::Dim3> parseDims(StringRef flag, StringRef text, ptx::Dim3 otherwise) {
  if (text.empty())
    return otherwise;
  llvm::SmallVector<StringRef, 3> parts;
  text.split(parts, ',');
  ptx::Dim3 dims;
  uint32_t *sides[] = {&dims.x, &dims.y, &dims.z};
  bool isGood = parts.size() <= 3;
  for (size_t i = 0; isGood && i < parts.size(); ++i)
    isGood = !parts[i].getAsInteger(10, *sides[i]);
  if (!isGood)
    return createStringError("--" + flag + "=" + text + " is not x[,y[,z]]");
  return dims;
}

static void printKernels(const ptx::Module &module, llvm::raw_ostream &out) {
  for (const auto &kernel : module.kernels) {
    out << kernel->name << ": " << kernel->code.size() << " instructions, " << kernel->staticShared
        << " bytes of static shared memory" << (kernel->usesDynamicShared ? " and dynamic" : "");
    if (kernel->requiredThreads.x)
      out << ", blocks of " << kernel->requiredThreads.count() << " threads";
    out << "\n";
    for (const ptx::Parameter &parameter : kernel->parameters)
      out << "  " << parameter.name << ": " << parameter.size << " bytes\n";
  }
}

static Error runOnce(const Flags &flags, const ptx::Module &module, const ptx::Kernel &kernel, uint64_t seed,
                     bool isLast) {
  ptx::LaunchConfig config;
  auto orOne = [](ptx::Dim3 dims) { return dims.x ? dims : ptx::Dim3{}; };
  ptx::Dim3 block = kernel.requiredThreads.x ? kernel.requiredThreads : ptx::Dim3{ptx::kWarpSize, 1, 1};
  for (auto [flag, text, otherwise, dims] :
       {std::tuple(StringRef("grid"), StringRef(flags.grid), ptx::Dim3{}, &config.grid),
        std::tuple(StringRef("block"), StringRef(flags.block), block, &config.block),
        std::tuple(StringRef("cluster"), StringRef(flags.cluster), orOne(kernel.requiredCluster),
                   &config.cluster)}) {
    Expected<ptx::Dim3> parsed = parseDims(flag, text, otherwise);
    if (!parsed)
      return parsed.takeError();
    *dims = *parsed;
  }
  config.dynamicShared = flags.shared;
  config.seed = seed;
  config.checksRaces = !flags.noRaces;
  config.resident = flags.resident;
  if (flags.maxInstructions)
    config.maxInstructions = flags.maxInstructions;
  ptx::Device device;
  Arguments arguments(device);
  if (!flags.in.empty())
    if (Error error = arguments.read(flags.in))
      return error;
  for (const std::string &text : flags.arg)
    if (Error error = arguments.add(text))
      return error;
  Expected<ptx::LaunchStats> stats = ptx::launch(device, module, kernel.name, config, arguments.arguments());
  if (!stats)
    return stats.takeError();
  if (flags.stats && isLast)
    llvm::outs() << stats->blocks << " blocks, " << stats->instructions << " instructions of warps\n";
  NamedArrays results = arguments.results();
  if (!flags.expect.empty()) {
    Expected<NamedArrays> expected = readNpz(flags.expect);
    if (!expected)
      return expected.takeError();
    std::string text;
    llvm::raw_string_ostream stream(text);
    if (Error error = compareArrays(results, *expected, flags.rtol, flags.atol, stream))
      return error;
    if (isLast)
      llvm::outs() << text;
  }
  if (!flags.out.empty() && isLast)
    return writeNpz(flags.out, results);
  return Error::success();
}

static Error run(const Flags &flags) {
  auto buffer = llvm::MemoryBuffer::getFileOrSTDIN(flags.path);
  if (!buffer)
    return createStringError(flags.path + ": " + buffer.getError().message());
  std::string file = flags.path == "-" ? "<stdin>" : flags.path.getValue();
  Expected<std::unique_ptr<ptx::Module>> module = ptx::loadModule((*buffer)->getBuffer().str(), file);
  if (!module)
    return module.takeError();
  if (flags.list) {
    printKernels(**module, llvm::outs());
    return Error::success();
  }
  if (flags.entry.empty() && (*module)->kernels.size() != 1)
    return createStringError(file + " has " + llvm::Twine((*module)->kernels.size()) +
                             " kernels; name one with --entry");
  const ptx::Kernel *kernel =
      flags.entry.empty() ? (*module)->kernels.front().get() : (*module)->find(flags.entry);
  if (!kernel)
    return createStringError(file + " has no kernel '" + flags.entry + "'; --list shows what it has");
  for (uint32_t i = 0; i < flags.seeds; ++i)
    if (Error error = runOnce(flags, **module, *kernel, flags.seed + i, i + 1 == flags.seeds))
      return flags.seeds > 1 ? createStringError(llvm::toString(std::move(error)) +
                                                 "\n  with --seed=" + llvm::Twine(flags.seed + i))
                             : std::move(error);
  return Error::success();
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  removeForeignOptions();
  Flags flags;
  Error error =
      parseFlags(argc, argv,
                 "Runs a PTX kernel without a GPU: checks numbers, races, deadlocks, alignment and bounds\n");
  if (!error)
    error = run(flags);
  if (!error)
    return 0;
  std::string text = llvm::toString(std::move(error));
  // Errors of a module begin with its name and line.
  bool hasPlace = llvm::StringRef(text).contains(": error: ");
  llvm::errs() << (hasPlace ? "" : "tgc-ptx-run: error: ") << text << "\n";
  return 1;
}
