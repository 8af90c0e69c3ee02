//===- GpuFunctions.cpp - Functions that code for GPUs can call -----------===//

#include "compiler/Target/GpuFunctions.h"
#include "compiler/Target/RuntimeArchives.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/Linker/Linker.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace llvm;

namespace tgc {

static Expected<std::unique_ptr<Module>> readFunctions(LLVMContext &context) {
  return parseBitcodeFile(MemoryBufferRef(gpuFunctions(), "gpumath"), context);
}

bool isGpuFunction(StringRef name) {
  static const StringSet<> names = [] {
    StringSet<> found;
    LLVMContext context;
    std::unique_ptr<Module> functions = cantFail(readFunctions(context));
    for (const Function &function : *functions)
      if (!function.isDeclaration() && !function.hasLocalLinkage())
        found.insert(function.getName());
    return found;
  }();
  return names.contains(name);
}

Error linkGpuFunctions(Module &code) {
  if (none_of(code, [](const Function &function) {
        return function.isDeclaration() && isGpuFunction(function.getName());
      }))
    return Error::success();
  Expected<std::unique_ptr<Module>> functions = readFunctions(code.getContext());
  if (!functions)
    return functions.takeError();
  SmallVector<std::string> names;
  for (const Function &function : **functions)
    if (!function.isDeclaration())
      names.push_back(function.getName().str());
  // What one machine for all chips was told of when the functions were compiled says nothing of this one.
  for (Function &function : **functions) {
    function.removeFnAttr("target-cpu");
    function.removeFnAttr("target-features");
  }
  (*functions)->setTargetTriple(code.getTargetTriple());
  (*functions)->setDataLayout(code.getDataLayout());
  if (Linker::linkModules(code, std::move(*functions), Linker::Flags::LinkOnlyNeeded))
    return createStringError("the functions that kernels call cannot be linked");
  for (Function &function : code)
    if (!function.isDeclaration() && is_contained(names, function.getName())) {
      function.setLinkage(GlobalValue::InternalLinkage);
      function.removeFnAttr(Attribute::NoInline);
      function.addFnAttr(Attribute::AlwaysInline);
    }
  return Error::success();
}

} // namespace tgc
