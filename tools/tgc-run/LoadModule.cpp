//===- LoadModule.cpp - A module to run, from a library or a model ------------===//
#include "tools/tgc-run/LoadModule.h"
#include "llvm/BinaryFormat/Magic.h"
#include "llvm/Support/FileSystem.h"

using namespace tgc;
using llvm::createStringError;
using llvm::Error;
using llvm::Expected;
using llvm::StringRef;

Error tgc::runtimeError(const tgc_error_t &error) {
  return createStringError(llvm::Twine(tgc_status_name(error.code)) + ": " + error.message);
}

Error LoadedModule::runError(const tgc_error_t &error) const {
  return createStringError(path + ": " + llvm::toString(runtimeError(error)));
}

/// Whether the file is a shared library; anything else is a model.
static Expected<bool> isSharedLibrary(StringRef path) {
  if (llvm::sys::fs::is_directory(path)) // a SavedModel
    return false;
  llvm::file_magic magic;
  if (std::error_code code = llvm::identify_magic(path, magic))
    return createStringError(code, path + ": " + code.message());
  if (path.ends_with(".so") && !magic.is_object())
    return createStringError(path + ": not a shared library, though its name ends in .so");
  return magic.is_object();
}

Expected<bool> tgc::compilesEntries(StringRef path) {
  Expected<bool> isLibrary = isSharedLibrary(path);
  if (!isLibrary)
    return isLibrary.takeError();
  return !*isLibrary && !path.ends_with(".mlir") && !path.ends_with(".mlirbc");
}

static Expected<LoadedModule> loadLibrary(StringRef path, const CompileOptions &options) {
  const std::pair<bool, StringRef> forModels[] = {
      {!options.signature.empty(), "--signature"},
      {!options.feedShapes.empty(), "--shape"},
      {!options.constants.empty(), "--set"},
      {!options.gradients.empty(), "--gradients"},
      {!options.training.loss.empty(), "--minimize"},
      {options.maxIterations != 0, "--max-iterations"},
      {options.stripAsserts, "--strip-asserts"},
      {options.exact, "--exact"},
      {options.memoryBudget != 0, "--memory-budget"},
      {!options.allowSoftPlacement, "--allow-soft-placement"},
      {options.placementLog != nullptr, "--log-device-placement"}};
  for (auto [isGiven, name] : forModels)
    if (isGiven)
      return createStringError(path + ": " + name + " is for models; this one is compiled already");
  if (!options.device.empty())
    return createStringError(path +
                             ": --device is for models; this one is compiled already. The environment's "
                             "TGC_DEVICE=cuda asks a library for the GPU that it was compiled for");
  tgc_module_t *module = nullptr;
  tgc_error_t error = {};
  if (tgc_module_load(path.str().c_str(), nullptr, &module, &error) != TGC_OK)
    return runtimeError(error);
  return LoadedModule(path, module, nullptr);
}

static Expected<LoadedModule> compileModel(StringRef path, llvm::ArrayRef<EntryRequest> entries,
                                           const CompileOptions &options) {
  Expected<std::unique_ptr<InMemoryModule>> code = compileInMemory(path, entries, options);
  if (!code)
    return code.takeError();
  tgc_module_t *module = nullptr;
  tgc_error_t error = {};
  if (tgc_module_from_info((*code)->info, nullptr, &module, &error) != TGC_OK)
    return runtimeError(error);
  return LoadedModule(path, module, std::move(*code));
}

Expected<LoadedModule> tgc::loadModule(StringRef path, llvm::ArrayRef<EntryRequest> entries,
                                       const CompileOptions &options) {
  Expected<bool> isLibrary = isSharedLibrary(path);
  if (!isLibrary)
    return isLibrary.takeError();
  return *isLibrary ? loadLibrary(path, options) : compileModel(path, entries, options);
}
