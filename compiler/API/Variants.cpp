//===- Variants.cpp - Code for several machines in one module -------------===//

#include "compiler/API/Variants.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"

using namespace llvm;

namespace tgc {

static constexpr int kLevels[] = {1, 3, 4};
/// Bytes of a row of a panel: two vectors of AVX2, one of AVX-512.
static constexpr unsigned kPanelBytes = 64;

bool hasVariants(StringRef target) {
  return target == "cpu" && Triple(sys::getProcessTriple()).getArch() == Triple::x86_64;
}

ArrayRef<int> getVariantLevels() { return kLevels; }

Expected<std::unique_ptr<Variant>> createVariant(int level, unsigned optimizationLevel) {
  auto variant = std::make_unique<Variant>();
  variant->level = level;
  Expected<CodeTarget> target =
      parseTarget(level == 1 ? "cpu:x86-64" : ("cpu:x86-64-v" + Twine(level)).str());
  if (!target)
    return target.takeError();
  variant->target = *target;
  Expected<std::unique_ptr<TargetMachine>> machine = createTargetMachine(*target, optimizationLevel);
  if (!machine)
    return machine.takeError();
  variant->machine = std::move(*machine);
  variant->vectors = getVectorUnit(*variant->machine);
  variant->vectors.panelBytes = kPanelBytes;
  variant->context = std::make_unique<LLVMContext>();
  return variant;
}

std::string getVariantQuery(StringRef query, int level) { return (query + ".v" + Twine(level)).str(); }

void emitVariantQuery(Module &code, StringRef query) {
  LLVMContext &context = code.getContext();
  Type *i32 = Type::getInt32Ty(context);
  PointerType *pointer = PointerType::getUnqual(context);
  FunctionCallee getLevel = code.getOrInsertFunction("tgc_cpu_level", FunctionType::get(i32, false));
  FunctionType *type = FunctionType::get(pointer, {i32}, false);
  auto *function = Function::Create(type, GlobalValue::ExternalLinkage, query, code);
  function->addFnAttr(Attribute::NoUnwind);
  function->addFnAttr("target-cpu", "x86-64");
  IRBuilder<> builder(BasicBlock::Create(context, "", function));
  Value *level = builder.CreateCall(getLevel), *chosen = nullptr;
  for (int known : kLevels) {
    std::string name = getVariantQuery(query, known);
    Value *own = code.getOrInsertFunction(name, type).getCallee();
    auto *declared = cast<Function>(own);
    declared->setVisibility(GlobalValue::HiddenVisibility);
    chosen = chosen ? builder.CreateSelect(builder.CreateICmpSGE(level, builder.getInt32(known)), own, chosen)
                    : own;
  }
  builder.CreateRet(builder.CreateCall(type, chosen, {function->getArg(0)}));
}

} // namespace tgc
