//===- Compiler.cpp - The C shell over compilation ------------------------===//

#include "tgc/compiler.h"
#include "compiler/API/Compilation.h"
#include "compiler/API/OptionsText.h"

using namespace llvm;
using namespace tgc;

static Error compileToLibrary(const char *modelPath, const char *outputPath, const char *options) {
  Expected<Request> request = parseOptionsText(options);
  if (!request)
    return request.takeError();
  auto compilation = Compilation::create(request->options);
  if (!compilation)
    return compilation.takeError();
  if (Error error = (*compilation)->load(StringRef(modelPath), request->entries))
    return error;
  if (Error error = (*compilation)->addVariants())
    return error;
  if (Error error = (*compilation)->runPhases())
    return error;
  if (Error error = (*compilation)->translateCode(/*externalWeights=*/false))
    return error;
  return (*compilation)->writeLibrary(outputPath);
}

tgc_status_t tgc_compile(const char *model_path, const char *output_path, const char *options, char *error,
                         size_t error_size) {
  Error failure = compileToLibrary(model_path, output_path, options);
  if (!failure)
    return TGC_OK;
  reportError(std::move(failure), error, error_size);
  return TGC_INVALID_ARGUMENT;
}
