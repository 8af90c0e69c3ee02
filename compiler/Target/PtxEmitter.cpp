//===- PtxEmitter.cpp - Kernels as PTX ------------------------------------===//
//
// PTX comes from LLVM alone: no toolkit, no libdevice. Version 8.0 of the language is what drivers of
// CUDA 12.0 read.
//
//===----------------------------------------------------------------------===//

#include "compiler/Target/PtxEmitter.h"
#include "compiler/Target/CodeTarget.h"
#include "compiler/Target/GpuFunctions.h"
#include "compiler/Target/ObjectEmitter.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/DIBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/MC/MCSubtargetInfo.h"

using namespace llvm;

namespace tgc {

static CodeTarget targetOf(StringRef chip) { return {"nvptx64-nvidia-cuda", chip.str(), "+ptx80"}; }

Expected<std::string> parseCudaTarget(StringRef target) {
  auto [device, chip] = target.split(':');
  if (device != "cuda")
    return createStringError("'" + target + "' is no GPU, expected cuda:<chip>, as in cuda:sm_90a");
  if (chip.empty())
    chip = "sm_80"; // newer ones run its code
  // LLVM takes every name and warns later.
  unsigned version;
  StringRef digits = chip;
  bool isGood = digits.consume_front("sm_") && !digits.consumeInteger(10, version) &&
                (digits.empty() || digits == "a") && version >= 80 && version <= 90 &&
                (digits.empty() || version == 90);
  if (!isGood)
    return createStringError("unknown chip '" + chip + "', expected sm_80, sm_86, sm_89, sm_90 or sm_90a");
  auto machine = createTargetMachine(targetOf(chip), 0);
  if (!machine)
    return machine.takeError();
  if (!(*machine)->getMCSubtargetInfo()->isCPUStringValid(chip))
    return createStringError("unknown chip '" + chip + "', expected sm_80, sm_86, sm_89, sm_90 or sm_90a");
  return chip.str();
}

/// A node's name as that of a file, "a:b:c" for "a/b/c". What stands before a slash would be a directory, and
/// assemblers (ptxas 13.0, for sm_90 and above) die of more than 127 of these.
static std::string getFileName(StringRef node) {
  std::string name = node.str();
  llvm::replace(name, '/', ':');
  return name;
}

/// Line tables only: a file per node, and every instruction of its kernel on line 1 of it.
static void addLocations(Module &code, const StringMap<PtxKernel> &described) {
  code.addModuleFlag(Module::Warning, "Debug Info Version", DEBUG_METADATA_VERSION);
  DIBuilder builder(code);
  DIFile *graph = builder.createFile("graph", "");
  builder.createCompileUnit(DISourceLanguageName(dwarf::DW_LANG_C), graph, "tgc", true, "", 0, "",
                            DICompileUnit::DebugDirectivesOnly);
  DISubroutineType *type = builder.createSubroutineType(builder.getOrCreateTypeArray({}));
  for (Function &function : code) {
    auto found = described.find(function.getName());
    if (function.isDeclaration() || found == described.end() || found->second.node.empty())
      continue;
    DIFile *file = builder.createFile(getFileName(found->second.node), "");
    DISubprogram *scope = builder.createFunction(file, function.getName(), function.getName(), file, 1, type,
                                                 1, DINode::FlagZero, DISubprogram::SPFlagDefinition);
    function.setSubprogram(scope);
    for (BasicBlock &block : function)
      for (Instruction &instruction : block)
        instruction.setDebugLoc(DILocation::get(code.getContext(), 1, 0, scope));
  }
  builder.finalize();
}

static void makeKernel(Function &function, const PtxKernel &described) {
  constexpr unsigned kMapBytes = 128, kMapAlignment = 64;
  LLVMContext &context = function.getContext();
  function.setCallingConv(CallingConv::PTX_Kernel);
  if (described.isAlone) {
    function.addFnAttr("nvvm.reqntid", std::to_string(described.threads));
    function.addFnAttr("nvvm.minctasm", "1");
  }
  if (described.cluster > 1)
    function.addFnAttr("nvvm.cluster_dim", std::to_string(described.cluster));
  // Memory is in the global space; all other pointers are tensor maps, which copies take where they lie.
  for (Argument &argument : function.args()) {
    auto *pointer = dyn_cast<PointerType>(argument.getType());
    if (!pointer || pointer->getAddressSpace())
      continue;
    argument.addAttr(
        Attribute::getWithByValType(context, ArrayType::get(Type::getInt8Ty(context), kMapBytes)));
    argument.addAttr(Attribute::getWithAlignment(context, Align(kMapAlignment)));
    argument.addAttr(Attribute::get(context, "nvvm.grid_constant"));
  }
  // Instructions that LLVM has no name for act for all threads that run them together.
  for (Instruction &instruction : instructions(function))
    if (auto *call = dyn_cast<CallInst>(&instruction); call && call->isInlineAsm())
      call->setConvergent();
}

Expected<std::string> emitPtx(mlir::ModuleOp kernels, const StringMap<PtxKernel> &described, StringRef chip) {
  // Kernels are single loops: what the next level does to them costs more time than it saves.
  constexpr unsigned kLevel = 1;
  auto machine = createTargetMachine(targetOf(chip), kLevel);
  if (!machine)
    return machine.takeError();
  LLVMContext context;
  std::unique_ptr<Module> code = mlir::translateModuleToLLVMIR(kernels, context, "kernels");
  if (!code)
    return createStringError("the kernels cannot be expressed in LLVM IR");
  code->setTargetTriple((*machine)->getTargetTriple());
  code->setDataLayout((*machine)->createDataLayout());
  for (Function &function : *code)
    if (!function.isDeclaration())
      makeKernel(function, described.lookup(function.getName()));
  if (Error error = linkGpuFunctions(*code))
    return std::move(error);
  addLocations(*code, described);
  optimize(*code, **machine, kLevel);
  auto text = emitCode(*code, **machine, CodeGenFileType::AssemblyFile);
  if (!text)
    return text.takeError();
  return std::string(text->begin(), text->end());
}

} // namespace tgc
