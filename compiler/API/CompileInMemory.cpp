//===- CompileInMemory.cpp - A model, compiled to callable code -----------===//

#include "compiler/API/CompileInMemory.h"
#include "compiler/API/Compilation.h"
#include "compiler/JIT/Engine.h"
#include "llvm/Support/WithColor.h"

namespace tgc {
namespace {

/// The code and what it points into: the weights belong to the compilation.
struct CompiledModule : InMemoryModule {
  std::unique_ptr<Compilation> compilation;
  std::unique_ptr<Engine> engine;
};

} // namespace

llvm::Expected<std::unique_ptr<InMemoryModule>>
compileInMemory(ModelSource model, llvm::ArrayRef<EntryRequest> entries, const CompileOptions &options) {
  CompileOptions hostOptions = options;
  hostOptions.target = "cpu:native";
  hostOptions.compileTo = Phase::LLVM;
  auto result = std::make_unique<CompiledModule>();
  auto compilation = Compilation::create(hostOptions);
  if (!compilation)
    return compilation.takeError();
  result->compilation = std::move(*compilation);
  if (llvm::Error error = result->compilation->load(model, entries))
    return std::move(error);
  if (!result->compilation->loadFromCache(/*externalWeights=*/true)) {
    if (llvm::Error error = result->compilation->runPhases())
      return std::move(error);
    if (llvm::Error error = result->compilation->translateCode(/*externalWeights=*/true))
      return std::move(error);
  }
  llvm::Expected<llvm::SmallVector<char, 0>> object = result->compilation->emitCode();
  if (!object)
    return object.takeError();
  if (llvm::StringRef warning = result->compilation->warning(); !warning.empty())
    llvm::WithColor::warning(llvm::errs(), "tgc") << warning << "\n";
  auto engine = Engine::create(*object, result->compilation->weights());
  if (!engine)
    return engine.takeError();
  result->engine = std::move(*engine);
  result->info = result->engine->info();
  return result;
}

} // namespace tgc
