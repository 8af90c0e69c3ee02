//===- NestChains.cpp - Nests that one kernel does ------------------------===//

#include "compiler/Codegen/GPU/ChainFinder.h"
#include "compiler/Codegen/GPU/HostProgram.h"
#include "compiler/Codegen/GPU/NestWriter.h"
#include "dialects/Rt/IR/RtDialect.h"
#include "dialects/Tg/IR/Placement.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

using namespace mlir;

namespace tgc {

SmallVector<unsigned> getRealLoops(linalg::GenericOp op) {
  SmallVector<unsigned> loops;
  for (auto [loop, range] : llvm::enumerate(op.getStaticLoopRanges()))
    if (range != 1)
      loops.push_back(loop);
  return loops;
}

std::vector<NestChain> ChainFinder::run() {
  SmallVector<Block *> blocks;
  entry.walk([&](Block *block) { blocks.push_back(block); });
  for (Block *block : blocks)
    if (!isa<linalg::LinalgOp>(block->getParentOp()))
      runBlock(*block);
  return std::move(chains);
}

static bool isMovable(Operation &op) {
  return (isPure(&op) && !op.getNumRegions() && !op.hasTrait<OpTrait::IsTerminator>()) ||
         isa<memref::AllocOp, rt::FetchOp>(op);
}

void ChainFinder::runBlock(Block &block) {
  for (Operation &op : block) {
    auto nest = dyn_cast<linalg::GenericOp>(op);
    if (nest && canJoin(nest)) {
      if (!nests.empty() && getPlace(nests.back().getLoc()) != getPlace(nest.getLoc()))
        runNests();
      nests.push_back(nest);
    } else if (isMovable(op))
      others.push_back(&op);
    else
      runNests();
  }
  runNests();
}

void ChainFinder::runNests() {
  for (size_t i = 0; i < nests.size(); ++i)
    if (isContraction(nests[i]) && !taken.contains(nests[i]))
      i = followContraction(i);
  for (size_t i = 0; i < nests.size(); ++i)
    if (isReduction(nests[i]))
      bringStarts(i);
  for (size_t i = 0; i < nests.size(); ++i)
    if (!taken.contains(nests[i]) && isReduction(nests[i]))
      growRows(i);
  // Several GPUs choose nest by nest whether each computes it or takes it from another one.
  if (getGpus(entry->getParentOfType<ModuleOp>()).size() == 1)
    for (size_t i = 0; i < nests.size(); ++i)
      if (!taken.contains(nests[i]) && isParallel(nests[i]))
        i = growElements(i);
  nests.clear();
  others.clear();
}

bool ChainFinder::canJoin(linalg::GenericOp op) {
  if (op->getNumResults() || op->hasAttr(kCopyAttribute) || op->hasAttr(kAloneAttribute) || isComplex(op) ||
      !whyNoKernel(op).empty())
    return false;
  SmallVector<Value> all = getLoaded(op);
  llvm::append_range(all, op->getOperands());
  return llvm::all_of(
      all, [&](Value value) { return !isa<BaseMemRefType>(value.getType()) || memory.find(value).base; });
}

Value ChainFinder::baseOf(Value value) {
  return isa<BaseMemRefType>(value.getType()) ? memory.find(value).base : Value();
}

std::optional<Walk> ChainFinder::walkOf(linalg::GenericOp op, OpOperand &operand) {
  return memory.find(operand.get()).isWhole ? getWalk(op, operand) : std::nullopt;
}

Effects ChainFinder::effectsOf(linalg::GenericOp op) {
  Effects effects;
  for (Value value : getLoaded(op))
    effects.add(memory.find(value), /*isWritten=*/false);
  for (OpOperand &operand : op->getOpOperands())
    if (baseOf(operand.get()))
      effects.add(memory.find(operand.get()), op.isDpsInit(&operand));
  return effects;
}

SmallVector<NestSize> ChainFinder::getSpace(linalg::GenericOp op) {
  return llvm::map_to_vector(getRealLoops(op), [&](unsigned loop) { return getSize(op, loop); });
}

bool ChainFinder::isSeenByMembersOnly(Value base, const NestChain &chain) {
  if (!base.getDefiningOp<memref::AllocOp>() || memory.isJoined(base))
    return false;
  SmallVector<Value> views = {base};
  while (!views.empty())
    for (Operation *user : views.pop_back_val().getUsers()) {
      if (isa<ViewLikeOpInterface>(user))
        views.push_back(user->getResult(0));
      else if (!llvm::is_contained(chain.members, user) && !isa<memref::DimOp>(user))
        return false;
    }
  return true;
}

size_t ChainFinder::gather(ArrayRef<size_t> members, size_t at) {
  SmallVector<linalg::GenericOp> gathered =
      llvm::map_to_vector(members, [&](size_t member) { return nests[member]; });
  for (size_t member : llvm::reverse(members))
    nests.erase(nests.begin() + member);
  nests.insert(nests.begin() + at, gathered.begin(), gathered.end());
  return at + gathered.size() - 1;
}

void ChainFinder::add(NestChain chain) {
  for (Operation *other : others)
    if (nests.front()->isBeforeInBlock(other))
      other->moveBefore(nests.front());
  others.clear();
  for (auto [before, after] : llvm::zip(ArrayRef(nests).drop_back(), ArrayRef(nests).drop_front()))
    after->moveAfter(before);
  for (linalg::GenericOp op : chain.members) {
    taken.insert(op);
    for (Value operand : op->getOperands())
      if (Value base = baseOf(operand))
        chain.bases[operand] = base;
  }
  chains.push_back(std::move(chain));
}

std::vector<NestChain> findChains(func::FuncOp entry) { return ChainFinder(entry).run(); }

} // namespace tgc
