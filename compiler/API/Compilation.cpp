//===- Compilation.cpp - One model on its way to code ---------------------===//

#include "compiler/API/Compilation.h"
#include "compiler/ABI/NodeText.h"
#include "compiler/ABI/RtToLLVM.h"
#include "compiler/API/CodeCache.h"
#include "compiler/API/DeviceCode.h"
#include "compiler/API/FoldConstants.h"
#include "compiler/API/MemoryBudget.h"
#include "compiler/API/PlacementLog.h"
#include "compiler/API/Timing.h"
#include "compiler/API/Tune.h"
#include "compiler/API/Variants.h"
#include "compiler/InitAll.h"
#include "compiler/Pipelines/Pipelines.h"
#include "compiler/Target/Linker.h"
#include "compiler/Target/ObjectEmitter.h"
#include "compiler/Target/ParallelEmitter.h"
#include "compiler/Target/WeightsObject.h"
#include "frontend/Import/Import.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/xxhash.h"

using namespace mlir;

namespace tgc {

struct Compilation::State {
  CompileOptions options;
  CodeTarget target;
  std::unique_ptr<llvm::TargetMachine> machine;
  std::unique_ptr<MLIRContext> context;
  std::string modelPath, fingerprint, diagnostics;
  /// Owns the bytes that constants of the module refer to.
  std::unique_ptr<Model> model;
  OwningOpRef<ModuleOp> module;
  llvm::LLVMContext codeContext;
  std::unique_ptr<llvm::Module> code;
  /// If not empty, `module` is the first one's and there is no other code.
  std::vector<std::unique_ptr<Variant>> variants;
  /// Of CompileOptions::device, after the phase `linalg`.
  std::optional<DeviceCode> device;
  /// Empty without a cache.
  std::string cacheKey, warning;
  std::optional<CachedCode> cached;
};

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

/// Where the weights of the module that `query` describes are found.
std::string getWeightsSymbol(StringRef query) { return (query + ".weights").str(); }

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

bool Compilation::loadFromCache(bool externalWeights) {
  const CompileOptions &options = state->options;
  // What is known already has no placement to tell.
  if (options.cacheDirectory.empty() || options.placementLog)
    return false;
  StepTimer timer(options.timing, "cache");
  std::string text;
  llvm::raw_string_ostream stream(text);
  stream << state->variants.size() << ' ' << state->target.describe() << ' ' << state->target.features << ' '
         << options.optimizationLevel << ' ' << static_cast<int>(options.remat) << ' '
         << options.maxIterations << ' ' << options.debugInfo << ' ' << options.profile << ' '
         << externalWeights << ' ' << options.querySymbol << ' ' << options.weightsFile << ' '
         << options.device << ' ' << options.requiresDevice << ' ' << static_cast<int>(options.gpuF32) << ' '
         << options.exact << ' ' << options.memoryBudget << ' ' << options.tuneSeconds << ' '
         << getAssembler();
  state->cacheKey = makeCacheKey(*state->module, text);
  if (!state->cacheKey.empty())
    state->cached = readFromCache(options.cacheDirectory, state->cacheKey, state->warning);
  return state->cached.has_value();
}

std::string Compilation::weightsFingerprint() const {
  if (state->cached)
    return state->cached->fingerprint;
  ArrayRef<char> bytes = weights();
  return state->fingerprint +
         llvm::utohexstr(llvm::xxh3_64bits(StringRef(bytes.data(), bytes.size())), /*LowerCase=*/true);
}

llvm::Error Compilation::translateCode(bool externalWeights) {
  DescriptorOptions descriptor;
  // Code that stays in this process needs no check of the machine.
  descriptor.target =
      externalWeights ? state->target.describe() : describeNeeds(state->target, *state->machine);
  descriptor.fingerprint = weightsFingerprint();
  descriptor.weights = externalWeights                      ? WeightsLinkage::External
                       : state->options.weightsFile.empty() ? WeightsLinkage::Embedded
                                                            : WeightsLinkage::File;
  descriptor.weightsSymbol = getWeightsSymbol(querySymbol());
  descriptor.weightsFile = state->options.weightsFile;
  descriptor.hasRuntimeAPI = !externalWeights;
  descriptor.querySymbol = state->options.querySymbol;
  if (!state->variants.empty())
    return translateVariants(descriptor);
  StepTimer timer(state->options.timing, "translate");
  auto code = translateToLLVMIR(*state->module, descriptor, *state->machine, state->codeContext);
  if (!code)
    return code.takeError();
  state->code = std::move(*code);
  return llvm::Error::success();
}

void Compilation::optimizeCode() {
  StepTimer timer(state->options.timing, "optimize");
  optimize(*state->code, *state->machine, state->options.optimizationLevel);
}

/// All variants refer to the first one's weights if theirs are the same.
llvm::Error Compilation::translateVariants(const DescriptorOptions &descriptor) {
  StepTimer timer(state->options.timing, "translate");
  std::string query = querySymbol();
  for (std::unique_ptr<Variant> &variant : state->variants) {
    bool isFirst = variant == state->variants.front();
    ModuleOp module = isFirst ? *state->module : *variant->module;
    bool sharesWeights = weightsOf(module) == weights();
    if (!sharesWeights && descriptor.weights == WeightsLinkage::File)
      return llvm::createStringError("the variants of the code do not share their weights; choose one with "
                                     "--target cpu:x86-64-v3");
    DescriptorOptions own = descriptor;
    own.target = variant->target.describe();
    own.querySymbol = getVariantQuery(query, variant->level);
    if (!sharesWeights)
      own.weightsSymbol = getWeightsSymbol(own.querySymbol);
    auto code = translateToLLVMIR(module, own, *variant->machine, *variant->context);
    if (!code)
      return code.takeError();
    variant->code = std::move(*code);
  }
  emitVariantQuery(*state->variants.front()->code, query);
  return llvm::Error::success();
}

std::string Compilation::querySymbol() const {
  return state->options.querySymbol.empty() ? TGC_MODULE_QUERY_SYMBOL : state->options.querySymbol;
}

/// Variants whose weights are not the first one's bring their own.
llvm::Expected<SmallVector<char, 0>> Compilation::emitUnits() {
  SmallVector<CodeUnit> units;
  if (state->variants.empty())
    units.push_back({state->code.get(), &state->target, state->machine.get(), querySymbol()});
  SmallVector<WeightsObject, 0> ownWeights;
  for (const std::unique_ptr<Variant> &variant : state->variants) {
    std::string query = getVariantQuery(querySymbol(), variant->level);
    units.push_back({variant->code.get(), &variant->target, variant->machine.get(), query});
    ArrayRef<char> bytes = variant->module ? weightsOf(*variant->module) : weights();
    if (bytes != weights())
      ownWeights.emplace_back(variant->machine->getTargetTriple(), getWeightsSymbol(query), bytes);
  }
  auto code = tgc::emitObject(units, state->options.optimizationLevel);
  if (!code || ownWeights.empty())
    return code;
  SmallVector<ObjectPieces> objects = {{*code}};
  for (const WeightsObject &own : ownWeights)
    objects.push_back(own.pieces());
  return mergeObjects(objects);
}

llvm::Expected<SmallVector<char, 0>> Compilation::emitCode() {
  if (state->cached)
    return state->cached->object;
  StepTimer timer(state->options.timing, "object");
  llvm::Expected<SmallVector<char, 0>> object = emitUnits();
  if (object && !state->cacheKey.empty())
    writeToCache(state->options.cacheDirectory, state->cacheKey,
                 {*object, UnmanagedAsmResourceBlob::allocateWithAlign(weights(), kWeightsAlignment),
                  weightsFingerprint()},
                 state->warning);
  return object;
}

llvm::Error Compilation::useObjects(llvm::function_ref<llvm::Error(ArrayRef<ObjectPieces>)> use) {
  llvm::Expected<SmallVector<char, 0>> code = emitCode();
  if (!code)
    return code.takeError();
  if (weights().empty() || !state->options.weightsFile.empty())
    return use(ObjectPieces{*code});
  WeightsObject data(state->machine->getTargetTriple(), getWeightsSymbol(querySymbol()), weights());
  return use({{*code}, data.pieces()});
}

llvm::Expected<SmallVector<char, 0>> Compilation::emitObject() {
  SmallVector<char, 0> merged;
  llvm::Error error = useObjects(
      [&](ArrayRef<ObjectPieces> objects) -> llvm::Error { return mergeObjects(objects).moveInto(merged); });
  if (error)
    return std::move(error);
  return std::move(merged);
}

llvm::Expected<SmallVector<char, 0>> Compilation::emitAssembly() {
  // Comments say where loops are and which values registers do not hold.
  state->machine->Options.MCOptions.AsmVerbose = true;
  return tgc::emitCode(*state->code, *state->machine, llvm::CodeGenFileType::AssemblyFile);
}

llvm::Error Compilation::link(StringRef path, LinkFunction &link) {
  return useObjects([&](ArrayRef<ObjectPieces> objects) {
    StepTimer timer(state->options.timing, "link");
    LinkOptions options;
    options.target = state->target;
    options.debugInfo = state->options.debugInfo;
    return link(objects, path, options);
  });
}

void Compilation::printWeights(raw_ostream &stream) const {
  ArrayRef<char> bytes = weights();
  std::string trailer = weightsFingerprint();
  trailer.resize(TGC_WEIGHTS_TRAILER_SIZE);
  stream << StringRef(bytes.data(), bytes.size()) << trailer;
}

llvm::Error Compilation::writeLibrary(StringRef path) { return link(path, linkSharedLibrary); }
llvm::Error Compilation::writeProgram(StringRef path) { return link(path, linkProgram); }

} // namespace tgc
