//===- HostCode.cpp - A small module, run while compiling -----------------===//

#include "compiler/API/HostCode.h"
#include "compiler/ABI/Descriptor.h"
#include "compiler/Target/ObjectEmitter.h"
#include "compiler/Target/ParallelEmitter.h"

namespace tgc {

llvm::Expected<std::unique_ptr<HostCode>> HostCode::create(mlir::ModuleOp module, const CodeTarget &target,
                                                           llvm::TargetMachine &machine, unsigned level,
                                                           unsigned numThreads) {
  DescriptorOptions descriptor;
  descriptor.target = describeNeeds(target, machine);
  descriptor.weights = WeightsLinkage::External;
  llvm::LLVMContext context;
  auto llvmModule = translateToLLVMIR(module, descriptor, machine, context);
  if (!llvmModule)
    return llvmModule.takeError();
  CodeUnit unit = {llvmModule->get(), &target, &machine, TGC_MODULE_QUERY_SYMBOL};
  auto object = emitObject(unit, level);
  if (!object)
    return object.takeError();
  std::unique_ptr<HostCode> result(new HostCode);
  auto engine = Engine::create(*object, weightsOf(module));
  if (!engine)
    return engine.takeError();
  result->engine = std::move(*engine);
  tgc_error_t error;
  tgc_session_options_t options = {};
  options.size = sizeof options;
  options.num_threads = numThreads;
  tgc_status_t status = tgc_module_from_info(result->engine->info(), nullptr, &result->code, &error);
  if (status == TGC_OK)
    status = tgc_session_create(result->code, &options, &result->session, &error);
  if (status != TGC_OK)
    return llvm::createStringError(error.message);
  return result;
}

HostCode::~HostCode() {
  tgc_session_release(session);
  tgc_module_release(code);
}

} // namespace tgc
