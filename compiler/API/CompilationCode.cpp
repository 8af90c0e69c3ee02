//===- CompilationCode.cpp - From the last phase to files -----------------===//

#include "compiler/ABI/RtToLLVM.h"
#include "compiler/API/CompilationState.h"
#include "compiler/API/Timing.h"
#include "compiler/Target/Linker.h"
#include "compiler/Target/ObjectEmitter.h"
#include "compiler/Target/ParallelEmitter.h"
#include "compiler/Target/WeightsObject.h"
#include "llvm/Support/xxhash.h"

using namespace mlir;

namespace tgc {

/// Where the weights of the module that `query` describes are found.
static std::string getWeightsSymbol(StringRef query) { return (query + ".weights").str(); }

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
