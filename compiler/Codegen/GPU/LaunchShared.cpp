//===- LaunchShared.cpp - What several GPUs do together -------------------===//

#include "compiler/Codegen/GPU/AttentionNests.h"
#include "compiler/Codegen/GPU/EntryWriter.h"

using namespace mlir;

namespace tgc {

bool EntryWriter::canWriteEverywhere(Value value) {
  Memory found = memory.find(value);
  return found.isWhole && !isResident(found.base);
}

void EntryWriter::share(KernelRecord &record, Sharing sharing) {
  Location loc = record.op->getLoc();
  record.shared = sharing.describe();
  takeFromWhereTheyAre(sharing);
  for (auto [gpu, operand] : llvm::zip_equal(sharing.gpus, sharing.operands))
    places.bring(memory.find(operand).base, gpu);
  Value base = memory.find(sharing.result).base;
  Gpus wanted = sharing.root ? bitOf(*sharing.root) : sharing.getMask();
  auto choice = scf::IfOp::create(builder, loc, createCanShare(builder, loc, sharing, places),
                                  /*withElseRegion=*/true);
  builder.setInsertionPoint(choice.thenBlock()->getTerminator());
  createShare(builder, loc, sharing, places);
  States before = places.states;
  builder.setInsertionPoint(choice.elseBlock()->getTerminator());
  launch(record);
  for (unsigned gpu = 0; gpu < places.getNumGpus(); ++gpu)
    if (wanted & bitOf(gpu))
      places.bring(base, gpu);
  places.states = std::move(before);
  places.stateOf(base) = {/*isOnHost=*/false, wanted};
  if (!sharing.root)
    shared.insert(base);
}

void EntryWriter::bringToReaders(Value base, const KernelRecord &record) {
  constexpr int kSeveral = 2;
  State &state = places.stateOf(base);
  unsigned root = isResident(base) ? places.homeOf(base) : firstOf(state.gpus);
  bool isOfOne = !state.isOnHost && (state.gpus || isResident(base)) && canHaveOne(base) &&
                 !(state.gpus & bitOf(record.gpu)) && record.gpu != root;
  Gpus to = isOfOne ? findReadersFrom(base, record.members.front()) & ~state.gpus & ~bitOf(root) : 0;
  if (llvm::popcount(to) < kSeveral)
    return places.bring(base, record.gpu);
  Location loc = record.op->getLoc();
  places.bring(base, root);
  places.keepMirrored(base);
  Sharing sharing = makeBroadcast(base, root, to | bitOf(root));
  auto choice =
      scf::IfOp::create(builder, loc, createCanShare(builder, loc, sharing, places), /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPoint(choice.thenBlock()->getTerminator());
  createShare(builder, loc, sharing, places);
  builder.setInsertionPoint(choice.elseBlock()->getTerminator());
  places.passToAll(base, root, to);
  places.stateOf(base).gpus |= to;
}

bool EntryWriter::canHaveOne(Value base) {
  return !isConstant(base) && !memory.isJoined(base) && memory.getMembers(base).size() == 1 &&
         isa<MemRefType>(base.getType());
}

Gpus EntryWriter::findReadersFrom(Value base, Operation *first) {
  if (numbers.empty()) {
    for (Operation &op : entry.front()) {
      unsigned number = numbers.size();
      numbers[&op] = number;
      auto kernel = kernels.find(&op);
      if (kernel == kernels.end()) {
        for (const auto &[touched, isWritten] : kernelUses.findEffects(op).touched)
          if (isWritten)
            touches[touched].push_back({number, 0, true});
        continue;
      }
      const KernelRecord &record = device.records[kernel->second];
      if (&op != record.members.front())
        continue;
      for (Value read : kernelUses.getRead(record))
        touches[read].push_back({number, bitOf(gpuOf(record)), false});
      for (Value written : kernelUses.getWritten(record))
        touches[written].push_back({number, 0, true});
    }
  }
  auto from = numbers.find(first);
  Gpus readers = 0;
  for (const Touch &touch : touches.lookup(base)) {
    if (from == numbers.end() || touch.number < from->second)
      continue;
    if (touch.isWritten)
      break;
    readers |= touch.readers;
  }
  return readers;
}

void EntryWriter::takeFromWhereTheyAre(Sharing &sharing) {
  for (size_t i = 0; i < sharing.gpus.size(); ++i)
    for (size_t j = 0; j < sharing.gpus.size(); ++j)
      if (i != j && has(sharing.gpus[i], sharing.operands[j]) && !has(sharing.gpus[i], sharing.operands[i]))
        std::swap(sharing.operands[i], sharing.operands[j]);
}

Gpus EntryWriter::findOthers(const KernelRecord &record, unsigned gpu) {
  if (places.getNumGpus() == 1 || !isElementwise(record))
    return 0;
  Gpus reading = 0;
  for (Value value : record.memories) {
    Value base = memory.find(value).base;
    if (!kernelUses.getWritten(record).contains(base))
      continue;
    if (!canWriteEverywhere(value))
      return 0;
    reading |= getReaders(base);
  }
  Gpus others = reading & ~bitOf(gpu);
  bool readsShared = false;
  for (Value base : kernelUses.getRead(record)) {
    readsShared |= shared.contains(base);
    if (!isConstant(base))
      others &= places.stateOf(base).gpus;
  }
  return readsShared ? others : 0;
}

bool EntryWriter::isElementwise(const KernelRecord &record) {
  return llvm::all_of(record.members, [](Operation *op) {
    auto nest = dyn_cast<linalg::GenericOp>(op);
    return nest && nest.getNumReductionLoops() == 0 && !isAttention(nest);
  });
}

Gpus EntryWriter::getReaders(Value base) {
  if (std::exchange(hasReaders, true))
    return readers.lookup(base);
  for (const KernelRecord &record : llvm::reverse(device.records)) {
    if (!record.op || !entry->isAncestor(record.op))
      continue;
    Gpus reading = bitOf(gpuOf(record));
    if (isElementwise(record))
      for (Value written : kernelUses.getWritten(record))
        reading |= readers.lookup(written);
    for (Value read : kernelUses.getRead(record))
      readers[read] |= reading;
  }
  return readers.lookup(base);
}

} // namespace tgc
