//===- ParallelEmitter.cpp - Object code on all CPUs ----------------------===//

#include "compiler/Target/ParallelEmitter.h"
#include "compiler/Target/Linker.h"
#include "compiler/Target/ObjectEmitter.h"
#include "llvm/ADT/EquivalenceClasses.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/Bitcode/BitcodeWriter.h"
#include "llvm/IR/Constants.h"
#include "llvm/Support/Threading.h"
#include "llvm/Transforms/Utils/Cloning.h"
#include <atomic>
#include <map>
#include <pthread.h>

using namespace llvm;

namespace tgc {
namespace {

/// A part of fewer instructions is not worth a context, and of so many parts a machine keeps its CPUs busy.
constexpr size_t kLeastInstructionsOfPart = 4000, kMostParts = 16;
/// Constants that every part may have a copy of.
constexpr uint64_t kLargestCopiedConstant = 4096;

/// Code that one thread works on.
struct Part {
  const CodeUnit *unit;
  /// The rest of the unit's own module if empty.
  SmallVector<char, 0> bitcode;
  SmallVector<char, 0> object = {};
  std::string error = {};
};

/// Small data that LLVM looks into, or that is not worth a symbol.
bool isCopied(const GlobalVariable &global) {
  return global.isConstant() && global.hasLocalLinkage() && global.hasInitializer() &&
         isa<ConstantData>(global.getInitializer()) &&
         global.getDataLayout().getTypeAllocSize(global.getValueType()) <= kLargestCopiedConstant;
}

/// Gives the functions numbers of parts of about equal size; what must be inlined is where it is called.
DenseMap<const GlobalValue *, size_t> assignParts(Module &code, size_t numParts) {
  EquivalenceClasses<Function *> together;
  for (Function &function : code) {
    if (function.isDeclaration())
      continue;
    together.insert(&function);
    for (User *user : function.users())
      if (auto *call = dyn_cast<CallBase>(user); call && function.hasFnAttribute(Attribute::AlwaysInline))
        together.unionSets(&function, call->getFunction());
  }
  MapVector<Function *, SmallVector<Function *>> groups;
  for (Function &function : code)
    if (!function.isDeclaration())
      groups[together.getLeaderValue(&function)].push_back(&function);
  std::multimap<size_t, ArrayRef<Function *>, std::greater<>> bySize; // equal ones stay in order
  for (const auto &[leader, group] : groups) {
    size_t size = 0;
    for (Function *function : group)
      size += function->getInstructionCount();
    bySize.insert({size, group});
  }
  SmallVector<size_t> load(numParts, 0);
  DenseMap<const GlobalValue *, size_t> partOf;
  for (auto [size, group] : bySize) {
    size_t part = min_element(load) - load.begin();
    load[part] += size;
    for (Function *function : group)
      partOf[function] = part;
  }
  return partOf;
}

/// Parts refer to each other by names.
void shareSymbols(Module &code, StringRef prefix) {
  for (GlobalValue &value : code.global_values()) {
    auto *variable = dyn_cast<GlobalVariable>(&value);
    if (value.isDeclaration() || !value.hasLocalLinkage() || (variable && isCopied(*variable)))
      continue;
    value.setName(prefix + "." + value.getName());
    value.setLinkage(GlobalValue::ExternalLinkage);
    value.setVisibility(GlobalValue::HiddenVisibility);
  }
}

/// Cuts the unit's module; the first part keeps the module and all large data.
void split(const CodeUnit &unit, std::vector<Part> &parts) {
  Module &code = *unit.code;
  size_t numInstructions = code.getInstructionCount();
  size_t numParts = std::clamp<size_t>(numInstructions / kLeastInstructionsOfPart, 1, kMostParts);
  parts.push_back({&unit, {}});
  if (numParts == 1)
    return;
  shareSymbols(code, unit.prefix);
  DenseMap<const GlobalValue *, size_t> partOf = assignParts(code, numParts);
  for (size_t i = 1; i < numParts; ++i) {
    ValueToValueMapTy mapping;
    std::unique_ptr<Module> part = CloneModule(code, mapping, [&](const GlobalValue *value) {
      auto *variable = dyn_cast<GlobalVariable>(value);
      return variable ? isCopied(*variable) : partOf.lookup(value) == i;
    });
    for (GlobalValue &value : make_early_inc_range(part->global_values()))
      if (value.use_empty() && (value.isDeclaration() || value.hasLocalLinkage()))
        value.eraseFromParent();
    parts.push_back({&unit, {}});
    raw_svector_ostream stream(parts.back().bitcode);
    WriteBitcodeToFile(*part, stream);
  }
  for (auto [value, part] : partOf)
    if (part != 0)
      cast<Function>(const_cast<GlobalValue *>(value))->deleteBody();
}

void compile(Module &code, TargetMachine &machine, unsigned level, Part &part) {
  optimize(code, machine, level);
  auto object = emitCode(code, machine, CodeGenFileType::ObjectFile);
  if (object)
    part.object = std::move(*object);
  else
    part.error = toString(object.takeError());
}

void compile(Part &part, unsigned level) {
  if (part.bitcode.empty())
    return compile(*part.unit->code, *part.unit->machine, level, part);
  LLVMContext context;
  StringRef bytes(part.bitcode.data(), part.bitcode.size());
  auto code = parseBitcodeFile(MemoryBufferRef(bytes, "tgc"), context);
  auto machine = createTargetMachine(*part.unit->target, level);
  if (code && machine)
    return compile(**code, **machine, level, part);
  part.error = toString(joinErrors(code.takeError(), machine.takeError()));
}

} // namespace

Expected<SmallVector<char, 0>> emitObject(ArrayRef<CodeUnit> units, unsigned level) {
  std::vector<Part> parts;
  for (const CodeUnit &unit : units)
    split(unit, parts);
  std::atomic<size_t> next = 0;
  auto work = [&] {
    for (size_t i; (i = next++) < parts.size();)
      compile(parts[i], level);
  };
  // A std::thread that the system refuses would end the process; without it the others have more to do.
  auto start = [](void *context) -> void * {
    (*static_cast<decltype(work) *>(context))();
    return nullptr;
  };
  SmallVector<pthread_t> threads;
  size_t numThreads = std::min<size_t>(hardware_concurrency().compute_thread_count(), parts.size());
  for (pthread_t thread; threads.size() + 1 < numThreads;) {
    if (pthread_create(&thread, nullptr, start, &work))
      break;
    threads.push_back(thread);
  }
  work();
  for (pthread_t thread : threads)
    pthread_join(thread, nullptr);
  std::vector<ObjectPieces> objects;
  for (const Part &part : parts) {
    if (!part.error.empty())
      return createStringError(part.error);
    objects.push_back({part.object});
  }
  if (parts.size() == 1)
    return std::move(parts.front().object);
  return mergeObjects(objects);
}

} // namespace tgc
