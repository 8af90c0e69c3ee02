//===- Jit.cpp - The C shell over in-memory compilation -------------------===//

#include "tgc/jit.h"
#include "compiler/API/OptionsText.h"

using namespace llvm;
using namespace tgc;

struct tgc_jit_module {
  std::unique_ptr<InMemoryModule> module;
};

tgc_status_t tgc_jit_compile(const char *model_path, const char *options, tgc_jit_module_t **out_module,
                             char *error, size_t error_size) {
  Expected<Request> request = parseOptionsText(options);
  if (!request) {
    reportError(request.takeError(), error, error_size);
    return TGC_INVALID_ARGUMENT;
  }
  auto module = compileInMemory(model_path, request->entries, request->options);
  if (!module) {
    reportError(module.takeError(), error, error_size);
    return TGC_INVALID_ARGUMENT;
  }
  *out_module = new tgc_jit_module{std::move(*module)};
  return TGC_OK;
}

const tgc_module_info_t *tgc_jit_module_info(const tgc_jit_module_t *module) { return module->module->info; }

void tgc_jit_module_release(tgc_jit_module_t *module) { delete module; }
