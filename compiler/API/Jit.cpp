//===- Jit.cpp - The C shell over in-memory compilation -------------------===//

#include "tgc/jit.h"
#include "compiler/API/OptionsText.h"

using namespace llvm;
using namespace tgc;

struct tgc_jit_module {
  std::unique_ptr<InMemoryModule> module;
};

static tgc_status_t compile(ModelSource model, const char *options, tgc_jit_module_t **out_module,
                            char *error, size_t error_size) {
  Expected<Request> request = parseOptionsText(options);
  if (!request) {
    reportError(request.takeError(), error, error_size);
    return TGC_INVALID_ARGUMENT;
  }
  auto module = compileInMemory(model, request->entries, request->options);
  if (!module) {
    reportError(module.takeError(), error, error_size);
    return TGC_INVALID_ARGUMENT;
  }
  *out_module = new tgc_jit_module{std::move(*module)};
  return TGC_OK;
}

tgc_status_t tgc_jit_compile(const char *model_path, const char *options, tgc_jit_module_t **out_module,
                             char *error, size_t error_size) {
  return compile(StringRef(model_path), options, out_module, error, error_size);
}

tgc_status_t tgc_jit_compile_bytes(const void *bytes, size_t size, const char *options,
                                   tgc_jit_module_t **out_module, char *error, size_t error_size) {
  ModelSource model(StringRef(static_cast<const char *>(bytes), size), "the graph");
  return compile(model, options, out_module, error, error_size);
}

const tgc_module_info_t *tgc_jit_module_info(const tgc_jit_module_t *module) { return module->module->info; }

void tgc_jit_module_release(tgc_jit_module_t *module) { delete module; }
