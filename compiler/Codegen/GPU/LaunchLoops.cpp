//===- LaunchLoops.cpp - Launches in conditions and loops -----------------===//
//
// The branches of a condition end with values in the same places. A loop starts each iteration with values
// where most of its ops want them.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/GPU/EntryWriter.h"
#include "dialects/Tg/IR/Placement.h"
#include "llvm/ADT/SetOperations.h"

using namespace mlir;

namespace tgc {

void EntryWriter::runChoice(scf::IfOp choice) {
  States before = places.states;
  llvm::SmallPtrSet<Value, 4> disownedBefore = places.disowned;
  run(*choice.thenBlock());
  States thenStates = std::exchange(places.states, before);
  llvm::SmallPtrSet<Value, 4> disownedThen = std::exchange(places.disowned, disownedBefore);
  if (choice.elseBlock())
    run(*choice.elseBlock());
  llvm::set_intersect(places.disowned, disownedThen);
  for (Value base : memory.getBases()) {
    if (!places.states.contains(base) && !thenStates.contains(base))
      continue;
    State yes = thenStates.contains(base) ? thenStates.lookup(base) : places.initialState(base);
    State no = places.stateOf(base);
    if (!(yes.isOnHost && no.isOnHost) && !(yes.gpus & no.gpus) && !isResident(base)) {
      // The branches left the value in different places: one that is there copies.
      bool isThen = !choice.elseBlock() || yes.gpus;
      State &changed = isThen ? yes : no;
      const State &other = isThen ? no : yes;
      builder.setInsertionPoint((isThen ? choice.thenBlock() : choice.elseBlock())->getTerminator());
      if (other.isOnHost)
        places.download(base, changed);
      else
        places.bring(base, changed, firstOf(other.gpus));
    }
    places.stateOf(base) = {yes.isOnHost && no.isOnHost, yes.gpus & no.gpus};
  }
}

void EntryWriter::runLoop(Operation &loop) {
  UsesOf all = findUses(loop);
  for (const auto &[base, uses] : all)
    enterLoop(base, uses);
  States head = places.states;
  llvm::SmallPtrSet<Value, 4> disownedAtHead = places.disowned;
  auto runBody = [&](Block &body) {
    run(body);
    builder.setInsertionPoint(body.getTerminator());
    for (const auto &[base, uses] : all) {
      Operation *op = base.getDefiningOp();
      if (loop.isProperAncestor(op) && !memory.isJoined(base))
        continue; // no iteration sees that of another
      State wanted = head.lookup(base);
      if (wanted.isOnHost)
        places.download(base);
      for (unsigned gpu = 0; gpu < places.getNumGpus(); ++gpu)
        if (wanted.gpus & bitOf(gpu))
          places.bring(base, gpu);
    }
  };
  if (auto steps = dyn_cast<scf::ForOp>(loop)) {
    runBody(*steps.getBody());
    places.states = std::move(head);
    // The body may not run at all.
    places.disowned = std::move(disownedAtHead);
    return;
  }
  auto steps = cast<scf::WhileOp>(loop);
  run(*steps.getBeforeBody());
  States exit = places.states;
  llvm::SmallPtrSet<Value, 4> disownedAtExit = places.disowned;
  runBody(*steps.getAfterBody());
  places.states = std::move(exit);
  places.disowned = std::move(disownedAtExit);
}

void EntryWriter::enterLoop(Value base, const Uses &uses) {
  places.disowned.erase(base);
  bool isWritten = uses.isWrittenByHost || uses.isWrittenByKernel;
  if (isResident(base) && isWritten) {
    places.stateOf(base) = {/*isOnHost=*/false, /*gpus=*/0};
    return;
  }
  bool isHosts = !uses.byKernel || (uses.isWrittenByHost && !uses.isWrittenByKernel);
  if (isHosts || (uses.byHost && !isWritten))
    places.download(base);
  // What no iteration changes is where all of them want it.
  Gpus wanted = isHosts ? 0 : isWritten ? bitOf(uses.writer) : uses.byKernel;
  for (unsigned gpu = 0; gpu < places.getNumGpus(); ++gpu)
    if (wanted & bitOf(gpu))
      places.bring(base, gpu);
  if (isWritten)
    places.stateOf(base) = {isHosts, wanted};
}

EntryWriter::UsesOf EntryWriter::findUses(Operation &loop) {
  UsesOf all;
  SmallVector<KernelRecord *> small;
  SmallVector<Operation *> ofHost;
  loop.walk<WalkOrder::PreOrder>([&](Operation *op) {
    auto kernel = kernels.find(op);
    if (kernel == kernels.end()) {
      if (!op->hasTrait<OpTrait::IsTerminator>() && !isa<scf::IfOp, scf::WhileOp, scf::ForOp>(op))
        ofHost.push_back(op);
      return WalkResult::advance();
    }
    KernelRecord &record = device.records[kernel->second];
    if (op != record.members.front())
      return WalkResult::skip();
    if (!kernelUses.canMirror(record))
      ofHost.append(record.members);
    else if (isSmall(record))
      small.push_back(&record);
    else
      addUses(record, all);
    return WalkResult::skip();
  });
  for (bool isChanged = true; isChanged;) {
    isChanged = false;
    llvm::erase_if(small, [&](KernelRecord *record) {
      bool isLaunched = llvm::any_of(record->memories, [&](Value value) {
        Value base = memory.find(value).base;
        State state = places.states.contains(base) ? places.states.lookup(base) : places.initialState(base);
        return all.lookup(base).byKernel || isResident(base) || (state.gpus && !state.isOnHost);
      });
      if (isLaunched)
        addUses(*record, all);
      isChanged |= isLaunched;
      return isLaunched;
    });
  }
  for (KernelRecord *record : small)
    ofHost.append(record->members);
  for (Operation *op : ofHost)
    for (const auto &[base, isWritten] : kernelUses.findEffects(*op).touched) {
      all[base].byHost = true;
      all[base].isWrittenByHost |= isWritten;
    }
  return all;
}

void EntryWriter::addUses(const KernelRecord &record, UsesOf &all) {
  for (Value value : record.memories)
    all[memory.find(value).base].byKernel |= bitOf(gpuOf(record));
  for (Value base : kernelUses.getWritten(record)) {
    Uses &uses = all[base];
    if (!uses.isWrittenByKernel)
      uses.writer = gpuOf(record);
    uses.isWrittenByKernel = true;
  }
}

void EntryWriter::findResidents() {
  UsesOf all;
  llvm::SmallPtrSet<Value, 4> changedBySeveral;
  for (const KernelRecord &record : device.records) {
    if (!record.op || !entry->isAncestor(record.op))
      continue;
    addUses(record, all);
    for (Value base : kernelUses.getWritten(record))
      if (all[base].writer != gpuOf(record))
        changedBySeveral.insert(base);
  }
  for (const KernelRecord &record : device.records) {
    if (!record.op || !entry->isAncestor(record.op) || isSmall(record))
      continue;
    for (Value value : record.memories) {
      Value base = memory.find(value).base;
      auto variable = base ? base.getDefiningOp<rt::VariableOp>() : rt::VariableOp();
      if (variable && !variable.getUnchecked() && !memory.isJoined(base) &&
          !isPlacedOnHost(variable.getLoc()) && !changedBySeveral.contains(base)) {
        variable.setResident(true);
        const Uses &uses = all[base];
        unsigned home = uses.isWrittenByKernel ? uses.writer : firstOf(uses.byKernel);
        places.setHome(base, home);
        if (home)
          variable->setAttr(kGpuNumberAttribute, builder.getI32IntegerAttr(home));
        places.states[variable] = {/*isOnHost=*/false, /*gpus=*/0};
      }
    }
  }
}

} // namespace tgc
