//===- Compilation.cpp - One model on its way to code ---------------------===//

#include "compiler/API/Compilation.h"
#include "compiler/ABI/Descriptor.h"
#include "compiler/ABI/NodeText.h"
#include "compiler/API/CompilationState.h"
#include "compiler/API/FoldConstants.h"
#include "compiler/API/MemoryBudget.h"
#include "compiler/API/PlacementLog.h"
#include "compiler/API/Timing.h"
#include "compiler/API/Tune.h"
#include "compiler/InitAll.h"
#include "compiler/Pipelines/Pipelines.h"
#include "compiler/Target/ObjectEmitter.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/xxhash.h"

using namespace mlir;

namespace tgc {

Compilation::Compilation(std::unique_ptr<State> state) : state(std::move(state)) {}
Compilation::~Compilation() = default;

ModuleOp Compilation::module() const { return *state->module; }
ArrayRef<char> Compilation::weights() const {
  return state->cached ? state->cached->weights.getData() : weightsOf(*state->module);
}
VectorUnit Compilation::getVectorUnit() const { return state->options.vectors; }
const DeviceCode *Compilation::getDeviceCode() const { return state->device ? &*state->device : nullptr; }
StringRef Compilation::warning() const { return state->warning; }
void Compilation::printIR(raw_ostream &stream) const { state->module->print(stream); }
void Compilation::printLLVMIR(raw_ostream &stream) const { state->code->print(stream, nullptr); }

namespace {

/// The node or the place in a file that a location names.
std::string describeLocation(Location location, StringRef modelPath) {
  if (auto file = location->findInstanceOf<FileLineColLoc>(); file && !location->findInstanceOf<NameLoc>())
    return (file.getFilename().getValue() + ":" + Twine(file.getLine()) + ":" + Twine(file.getColumn()) +
            ": ")
        .str();
  if (auto name = location->findInstanceOf<NameLoc>())
    return (modelPath + ": " + getNodeText(name) + ": ").str();
  return (modelPath + ": ").str();
}

/// What the importer is asked for.
ImportOptions importOptions(const CompileOptions &options, ArrayRef<EntryRequest> entries) {
  ImportOptions result;
  for (const EntryRequest &entry : entries) {
    EntrySpec spec = {entry.name, {}, entry.fetches, entry.targets};
    for (const FeedRequest &feed : entry.feeds)
      spec.feeds.push_back({feed.tensor, std::nullopt,
                            feed.dtype == TGC_DTYPE_INVALID ? std::nullopt : std::optional(feed.shape),
                            feed.isExact, feed.elements});
    result.entries.push_back(std::move(spec));
  }
  for (const auto &[tensor, shape] : options.feedShapes)
    result.shapes[tensor] = shape;
  result.signature = options.signature;
  result.checkpoint = options.checkpoint;
  result.freeze = options.freeze;
  result.stripAsserts = options.stripAsserts;
  for (const GradientOptions &request : options.gradients)
    result.gradients.push_back({request.ys, request.xs});
  const TrainingOptions &training = options.training;
  if (!training.loss.empty())
    result.training = {training.loss, training.optimizer, training.trainable, training.clipNorm};
  for (const auto &[tensor, value] : options.constants)
    result.constants[tensor] = value;
  result.checkNumerics = options.checkNumerics;
  result.maxIterations = options.maxIterations;
  result.hasGpu = !options.device.empty();
  result.allowSoftPlacement = options.allowSoftPlacement;
  return result;
}

/// Names of entries become names of functions.
llvm::Error checkEntryNames(ArrayRef<EntryRequest> entries) {
  llvm::StringSet<> known;
  for (const EntryRequest &entry : entries) {
    if (entry.name.empty())
      return llvm::createStringError("an entry has no name");
    if (!known.insert(entry.name).second)
      return llvm::createStringError("entry '" + entry.name + "' is given twice");
  }
  return llvm::Error::success();
}

} // namespace

llvm::Expected<std::unique_ptr<Compilation>> Compilation::create(const CompileOptions &options) {
  StepTimer timer(options.timing, "startup");
  if (options.tuneSeconds > 0 && options.target != "cpu:native")
    return llvm::createStringError("--tune measures kernels on this machine, not for target '" +
                                   options.target + "': add --target=cpu:native");
  auto state = std::make_unique<State>();
  state->options = options;
  llvm::Expected<CodeTarget> target = parseTarget(options.target);
  if (!target)
    return target.takeError();
  state->target = *target;
  llvm::Expected<std::unique_ptr<llvm::TargetMachine>> machine =
      createTargetMachine(state->target, options.optimizationLevel);
  if (!machine)
    return machine.takeError();
  state->machine = std::move(*machine);
  state->options.vectors = tgc::getVectorUnit(*state->machine);
  DialectRegistry registry;
  registerAllDialects(registry);
  registerLLVMTranslations(registry);
  state->context = std::make_unique<MLIRContext>(registry, MLIRContext::Threading::DISABLED);
  State *raw = state.get();
  state->context->getDiagEngine().registerHandler([raw](Diagnostic &diagnostic) {
    if (diagnostic.getSeverity() == DiagnosticSeverity::Error)
      raw->diagnostics += (raw->diagnostics.empty() ? "" : "\n") +
                          describeLocation(diagnostic.getLocation(), raw->modelPath) + diagnostic.str();
  });
  return std::unique_ptr<Compilation>(new Compilation(std::move(state)));
}

llvm::Error Compilation::load(ModelSource source, ArrayRef<EntryRequest> entries) {
  StringRef modelPath = source.name;
  StepTimer timer(state->options.timing, "read");
  state->modelPath = modelPath.str();
  if (!source.bytes && !llvm::sys::fs::exists(modelPath))
    return llvm::createStringError("cannot open '" + modelPath + "': no such file or directory");
  if (llvm::Error error = checkEntryNames(entries))
    return error;
  StringRef extension = llvm::sys::path::extension(modelPath);
  if (!source.bytes && (extension == ".mlir" || extension == ".mlirbc"))
    return loadProgram(entries);
  ImportOptions options = importOptions(state->options, entries);
  llvm::Expected<ImportedModel> imported =
      source.bytes ? importModelBytes(*state->context, *source.bytes, modelPath, options)
                   : importModelFile(*state->context, modelPath, options);
  if (!imported)
    return imported.takeError();
  state->model = std::move(imported->model);
  state->module = std::move(imported->module);
  return llvm::Error::success();
}

llvm::Error Compilation::loadProgram(ArrayRef<EntryRequest> entries) {
  state->module = parseSourceFile<ModuleOp>(state->modelPath, state->context.get());
  if (!state->module)
    return llvm::createStringError(state->diagnostics);
  llvm::StringSet<> known;
  for (Operation &op : state->module->getOps())
    if (auto name = op.getAttrOfType<StringAttr>("tg.entry"))
      known.insert(name.getValue());
  for (const EntryRequest &entry : entries)
    if (!known.contains(entry.name))
      return llvm::createStringError("'" + state->modelPath + "' has no entry '" + entry.name + "'");
  return llvm::Error::success();
}

llvm::Error Compilation::addVariants() {
  if (!hasVariants(state->options.target))
    return llvm::Error::success();
  for (int level : getVariantLevels()) {
    auto variant = createVariant(level, state->options.optimizationLevel);
    if (!variant)
      return variant.takeError();
    state->variants.push_back(std::move(*variant));
  }
  state->options.vectors = state->variants.front()->vectors;
  return llvm::Error::success();
}

llvm::Error Compilation::compileDevice() {
  StepTimer timer(state->options.timing, "device");
  llvm::Expected<DeviceCode> code = compileForDevice(*state->module, state->options);
  if (code) {
    state->device = std::move(*code);
    return llvm::Error::success();
  }
  if (state->diagnostics.empty())
    return code.takeError();
  llvm::consumeError(code.takeError());
  return llvm::createStringError(state->diagnostics);
}

llvm::Error Compilation::runPhase(const PhaseInfo &info, ModuleOp module, const CompileOptions &options) {
  StepTimer timer(options.timing, info.name);
  if (state->device && info.phase == Phase::Buffers)
    addDeviceEntries(module, *state->device);
  if (state->device && info.phase == Phase::LLVM && failed(dispatchEntries(module, *state->device)))
    return llvm::createStringError(state->diagnostics);
  PassManager passes(state->context.get());
  if (options.timing)
    addPassTiming(passes, *options.timing);
  if (options.printIRAfterAll)
    passes.enableIRPrinting([](Pass *, Operation *) { return false; },
                            [](Pass *, Operation *) { return true; });
  buildPhasePipeline(info.phase, passes, options);
  // What comes out of the linalg phase is ours; looking at it after each pass would take a tenth of the time.
  bool verifiesPasses = info.phase <= Phase::Linalg;
  passes.enableVerifier(verifiesPasses);
  if (failed(passes.run(module)) || (!verifiesPasses && failed(verify(module))))
    return llvm::createStringError(state->diagnostics.empty() ? "phase '" + info.name.str() + "' failed"
                                                              : state->diagnostics);
  return llvm::Error::success();
}

llvm::Error Compilation::keepToBudget() {
  CompileOptions &options = state->options;
  if (options.remat != Remat::Auto || options.compileTo < Phase::Buffers)
    return llvm::Error::success();
  SmallVector<VectorUnit> units;
  for (const std::unique_ptr<Variant> &variant : state->variants)
    units.push_back(variant->vectors);
  if (units.empty())
    units.push_back(options.vectors);
  for (const VectorUnit &unit : units) {
    OwningOpRef<ModuleOp> trial = state->module->clone();
    CompileOptions own = options;
    own.vectors = unit;
    for (const PhaseInfo &info : kPhases)
      if (info.phase >= Phase::Linalg && info.phase <= Phase::Buffers)
        if (llvm::Error error = runPhase(info, *trial, own))
          return error;
    if (llvm::Error error = checkMemory(*trial, options.memoryBudget)) {
      llvm::consumeError(std::move(error));
      options.remat = Remat::Max;
      break;
    }
  }
  return llvm::Error::success();
}

llvm::Error Compilation::runPhases(llvm::function_ref<void(Phase, ModuleOp)> observe) {
  // Large constants count when they are one block of bytes.
  std::string text;
  llvm::raw_string_ostream stream(text);
  state->module->print(stream, OpPrintingFlags().elideLargeElementsAttrs(16).elideLargeResourceString(16));
  stream << state->target.describe() << state->target.features << state->options.optimizationLevel
         << state->options.device;
  state->fingerprint = llvm::utohexstr(llvm::xxh3_64bits(text), /*LowerCase=*/true);
  PlacementLog placement;
  if (state->options.placementLog)
    placement.collect(*state->module);
  for (const PhaseInfo &info : kPhases) {
    if (info.phase > state->options.compileTo)
      break;
    if (info.phase == Phase::Fusion)
      foldConstants(*state->module, state->options);
    if (info.phase == Phase::Linalg && state->options.memoryBudget)
      if (llvm::Error error = keepToBudget())
        return error;
    // From here on the program depends on the machine.
    if (info.phase == Phase::Tiled)
      for (size_t i = 1; i < state->variants.size(); ++i)
        state->variants[i]->module = state->module->clone();
    if (info.phase == Phase::Tiled && state->options.tuneSeconds > 0)
      tuneTiles(*state->module, state->options, state->target, *state->machine, state->warning);
    if (llvm::Error error = runPhase(info, *state->module, state->options))
      return error;
    auto checkBudget = [&](ModuleOp module) {
      return info.phase == Phase::Buffers && state->options.memoryBudget
                 ? checkMemory(module, state->options.memoryBudget)
                 : llvm::Error::success();
    };
    if (llvm::Error error = checkBudget(*state->module))
      return error;
    for (size_t i = 1; i < state->variants.size() && info.phase >= Phase::Tiled; ++i) {
      CompileOptions options = state->options;
      options.vectors = state->variants[i]->vectors;
      ModuleOp module = *state->variants[i]->module;
      if (llvm::Error error = runPhase(info, module, options))
        return error;
      if (llvm::Error error = checkBudget(module))
        return error;
    }
    if (observe)
      observe(info.phase, *state->module);
    if (info.phase == Phase::Linalg && !state->options.device.empty() &&
        state->options.compileTo > info.phase)
      if (llvm::Error error = compileDevice())
        return error;
  }
  if (state->options.placementLog)
    placement.print(*state->options.placementLog, getDeviceCode(), getGpus(*state->module));
  return llvm::Error::success();
}

llvm::Expected<std::string> Compilation::emitKernels() {
  StepTimer timer(state->options.timing, "kernels");
  llvm::Expected<std::string> text = emitDeviceKernels(*state->module, state->options);
  if (!text && !state->diagnostics.empty()) {
    llvm::consumeError(text.takeError());
    return llvm::createStringError(state->diagnostics);
  }
  return text;
}

} // namespace tgc
