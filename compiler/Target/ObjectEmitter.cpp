//===- ObjectEmitter.cpp - LLVM dialect to object code --------------------===//

#include "compiler/Target/ObjectEmitter.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/Analysis/LoopAnalysisManager.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/OptBisect.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Transforms/Scalar/LoopPassManager.h"

using namespace llvm;

namespace tgc {

void registerLLVMTranslations(mlir::DialectRegistry &registry) {
  mlir::registerBuiltinDialectTranslation(registry);
  mlir::registerLLVMDialectTranslation(registry);
}

Expected<std::unique_ptr<Module>> translateToLLVMIR(mlir::ModuleOp module,
                                                    const DescriptorOptions &descriptor,
                                                    TargetMachine &machine, LLVMContext &context) {
  std::unique_ptr<Module> code = mlir::translateModuleToLLVMIR(module, context, "tgc");
  if (!code)
    return createStringError("the program cannot be expressed in LLVM IR");
  code->setTargetTriple(machine.getTargetTriple());
  code->setDataLayout(machine.createDataLayout());
  const Function *query = emitDescriptor(module, descriptor, *code);
  for (Function &function : *code) {
    if (function.isDeclaration())
      continue;
    function.addFnAttr("target-cpu", machine.getTargetCPU());
    function.addFnAttr("target-features", machine.getTargetFeatureString());
    // Nothing here unwinds; without tables the code is smaller.
    function.addFnAttr(Attribute::NoUnwind);
    if (!function.hasExternalLinkage() || &function == query)
      continue;
    function.setLinkage(GlobalValue::InternalLinkage);
  }
  return code;
}

namespace {

/// Keeps loops that fill or copy a piece of memory each time from being unrolled: LLVM takes that for one
/// instruction, and makes dozens of each, which its schedulers take more than linear time for.
struct KeepLoopsOverMemory : PassInfoMixin<KeepLoopsOverMemory> {
  static bool isPiece(const Instruction &op) {
    auto *piece = dyn_cast<MemIntrinsic>(&op);
    auto *length = piece ? dyn_cast<ConstantInt>(piece->getLength()) : nullptr;
    return piece && (!length || length->getValue().ugt(64)); // else a vector or two
  }

  PreservedAnalyses run(Loop &loop, LoopAnalysisManager &, LoopStandardAnalysisResults &, LPMUpdater &) {
    for (BasicBlock *block : loop.blocks())
      if (any_of(*block, isPiece)) {
        loop.setLoopAlreadyUnrolled();
        break;
      }
    return PreservedAnalyses::all();
  }
};

/// Single bfloats move as integers. As floats, LLVM takes vectors of them apart by conversions where the
/// machine has no AVX512-BF16, and calls a function for these that no library here has.
void moveBfloatsAsIntegers(Function &function) {
  Type *bits = Type::getInt16Ty(function.getContext());
  for (Instruction &op : make_early_inc_range(instructions(function))) {
    IRBuilder<> builder(&op);
    if (auto *load = dyn_cast<LoadInst>(&op); load && load->getType()->isBFloatTy()) {
      LoadInst *integer = builder.CreateAlignedLoad(bits, load->getPointerOperand(), load->getAlign());
      integer->copyMetadata(*load);
      load->replaceAllUsesWith(builder.CreateBitCast(integer, load->getType()));
      load->eraseFromParent();
    } else if (auto *store = dyn_cast<StoreInst>(&op);
               store && store->getValueOperand()->getType()->isBFloatTy()) {
      store->setOperand(0, builder.CreateBitCast(store->getValueOperand(), bits));
    }
  }
}

/// Leaves out of x86 what takes up to half of LLVM's time and gains nothing: addresses and loads of kernels'
/// loops are as they should be, and reducing their strength only renames them (docs/performance.md,
/// Compiling).
struct KernelPasses : OptPassGate {
  bool shouldRunPass(StringRef pass, StringRef) const override {
    return pass != "Loop Strength Reduction" && pass != "LoopLoadEliminationPass";
  }
  bool isEnabled() const override { return true; }
};

KernelPasses kernelPasses;

/// Bytes of a local array that an instruction reads or writes.
struct LocalAccess {
  const Instruction *op;
  int64_t begin, end;

  bool isStore() const { return isa<StoreInst>(op); }
  bool overlaps(const LocalAccess &other) const { return begin < other.end && other.begin < end; }
};

/// Whether SROA of LLVM 22 would make one vector of what `load` reads where its last part is stored, though
/// other parts are stored, and may be computed, behind that.
bool isMergedTooEarly(const LocalAccess &load, ArrayRef<LocalAccess> accesses) {
  const LocalAccess *last = nullptr;
  SmallVector<const LocalAccess *> parts;
  for (const LocalAccess &access : accesses) {
    if (access.op == load.op || !access.overlaps(load))
      continue;
    // Others read or write it too: it is not merged.
    if (!access.isStore() || access.begin < load.begin || access.end > load.end)
      return false;
    parts.push_back(&access);
    if (!last || access.begin > last->begin)
      last = &access;
  }
  return any_of(parts, [&](const LocalAccess *part) {
    return part->op->getParent() == last->op->getParent() && last->op->comesBefore(part->op);
  });
}

bool isMergedTooEarly(const Function &function) {
  const DataLayout &layout = function.getDataLayout();
  MapVector<const Value *, SmallVector<LocalAccess>> arrays;
  for (const Instruction &op : instructions(function)) {
    const Value *pointer = getLoadStorePointerOperand(&op);
    if (!pointer)
      continue;
    APInt begin(layout.getIndexTypeSizeInBits(pointer->getType()), 0);
    const Value *base = pointer->stripAndAccumulateConstantOffsets(layout, begin, /*AllowNonInbounds=*/true);
    TypeSize size = layout.getTypeStoreSize(getLoadStoreType(&op));
    if (isa<AllocaInst>(base) && !size.isScalable())
      arrays[base].push_back(
          {&op, begin.getSExtValue(), begin.getSExtValue() + static_cast<int64_t>(size.getFixedValue())});
  }
  return any_of(arrays, [](const auto &array) {
    return any_of(array.second, [&](const LocalAccess &access) {
      return !access.isStore() && isa<FixedVectorType>(access.op->getType()) &&
             isMergedTooEarly(access, array.second);
    });
  });
}

} // namespace

void optimize(Module &code, TargetMachine &machine, unsigned level) {
  for (Function &function : code)
    moveBfloatsAsIntegers(function);
  LoopAnalysisManager loops;
  FunctionAnalysisManager functions;
  CGSCCAnalysisManager components;
  ModuleAnalysisManager modules;
  PipelineTuningOptions tuning;
  tuning.LoopVectorization = tuning.SLPVectorization = level >= 2;
  PassInstrumentationCallbacks callbacks;
  if (machine.getTargetTriple().isX86())
    callbacks.registerShouldRunOptionalPassCallback(
        [](StringRef pass, Any) { return kernelPasses.shouldRunPass(pass, ""); });
  callbacks.registerShouldRunOptionalPassCallback([](StringRef pass, Any ir) {
    const auto *function = any_cast<const Function *>(&ir);
    return pass != "SROAPass" || !function || !isMergedTooEarly(**function);
  });
  PassBuilder builder(&machine, tuning, std::nullopt, &callbacks);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  builder.registerLateLoopOptimizationsEPCallback(
      [](LoopPassManager &passes, OptimizationLevel) { passes.addPass(KeepLoopsOverMemory()); });
  const OptimizationLevel kLevels[] = {OptimizationLevel::O0, OptimizationLevel::O1, OptimizationLevel::O2,
                                       OptimizationLevel::O3};
  OptimizationLevel chosen = kLevels[std::min(level, 3u)];
  ModulePassManager passes =
      level == 0 ? builder.buildO0DefaultPipeline(chosen) : builder.buildPerModuleDefaultPipeline(chosen);
  passes.run(code, modules);
}

Expected<SmallVector<char, 0>> emitCode(Module &code, TargetMachine &machine, CodeGenFileType kind) {
  SmallVector<char, 0> bytes;
  raw_svector_ostream stream(bytes);
  if (machine.getTargetTriple().isX86())
    code.getContext().setOptPassGate(kernelPasses);
  legacy::PassManager passes;
  if (machine.addPassesToEmitFile(passes, stream, nullptr, kind))
    return createStringError("the target cannot emit this kind of file");
  passes.run(code);
  return bytes;
}

} // namespace tgc
