//===- RowChains.cpp - Nests that go through the same rows ----------------===//

#include "compiler/Codegen/GPU/ChainFinder.h"
#include "compiler/Codegen/GPU/NestWriter.h"

using namespace mlir;

namespace tgc {

/// Bytes of a block's shared memory for rows that wait: all have 48 KiB, some of it for reductions.
static constexpr int64_t kMostStaged = 40 << 10;
/// A row of more elements is too much for one block where a whole grid could walk through it.
static constexpr int64_t kLongestRow = 32 << 10;

bool ChainFinder::isReduction(linalg::GenericOp op) {
  return (isRowReduction(op) || isArgReduction(op)) && !isContraction(op);
}

/// Nests that fill what a reduction adds to stand before it.
void ChainFinder::bringStarts(size_t at) {
  for (OpOperand &output : nests[at].getDpsInitsMutable())
    if (std::optional<size_t> start = findStart(at, baseOf(output.get())))
      std::rotate(nests.begin() + *start, nests.begin() + *start + 1, nests.begin() + at);
}

void ChainFinder::growRows(size_t at) {
  rows = 0;
  space = getSpace(nests[at]);
  SmallVector<unsigned> real = getRealLoops(nests[at]);
  SmallVector<utils::IteratorType> types = nests[at].getIteratorTypesArray();
  while (rows < real.size() && types[real[rows]] == utils::IteratorType::parallel)
    ++rows;
  size_t first = at, end = at + 1;
  if (rows == real.size() || !isInStep(first, end))
    return;
  auto canTake = [&](size_t one) { return end - first < kMostMembers && !taken.contains(nests[one]); };
  while (first > 0 && canTake(first - 1) && isInStep(first - 1, end))
    --first;
  while (end < nests.size() && canTake(end) && isInStep(first, end + 1))
    ++end;
  // The last may be there for what comes behind.
  while (end > at + 1 && isInStep(first, end) && isApart(nests[end - 1]))
    --end;
  if (end - first < 2 || !isInStep(first, end) || !isSound())
    return;
  NestChain chain;
  chain.form = NestChain::Rows;
  chain.main = nests[at];
  chain.members.assign(nests.begin() + first, nests.begin() + end);
  chain.rowLoops = rows;
  planRows(chain);
  add(std::move(chain));
}

/// Whether the nests walk through the same rows. Fills `accesses`.
bool ChainFinder::isInStep(size_t first, size_t end) {
  accesses.clear();
  for (size_t i = first; i < end; ++i)
    if (!takeMember(nests[i]))
      return false;
  return llvm::none_of(accesses,
                       [](const auto &pair) { return pair.second.isWritten && pair.second.isMixed; });
}

/// All threads of a row read what one of them writes: only a single sum may keep what was there.
bool ChainFinder::isSound() const {
  return llvm::none_of(accesses, [&](const auto &pair) {
    const RowAccess &access = pair.second;
    return access.isWritten && access.depth != space.size() && access.readsOld &&
           !(access.members == 1 && access.isCombined);
  });
}

/// Whether a member shares no memory with others.
bool ChainFinder::isApart(linalg::GenericOp op) {
  return llvm::all_of(effectsOf(op).touched,
                      [&](const auto &pair) { return accesses[pair.first].members == 1; });
}

bool ChainFinder::takeMember(linalg::GenericOp op) {
  SmallVector<unsigned> real = getRealLoops(op);
  SmallVector<NestSize> own = getSpace(op);
  bool isWhole = own == space, isSummed = !isParallel(op);
  if (!isWhole && own != SmallVector<NestSize>(ArrayRef(space).take_front(rows)))
    return false;
  if (isSummed && (!isWhole || !isReduction(op)))
    return false;
  if (isWhole && !isSummed && !canWalkThrough())
    return false;
  SmallVector<utils::IteratorType> types = op.getIteratorTypesArray();
  for (auto [place, loop] : llvm::enumerate(real))
    if ((types[loop] == utils::IteratorType::reduction) != (isSummed && place >= rows))
      return false;
  llvm::SmallPtrSet<Value, 4> touched;
  auto touch = [&](Value base) -> RowAccess & {
    RowAccess &access = accesses[base];
    access.members += touched.insert(base).second;
    return access;
  };
  for (Value loaded : getLoaded(op))
    touch(baseOf(loaded)).isMixed = true;
  for (OpOperand &operand : op->getOpOperands()) {
    Value base = baseOf(operand.get());
    if (!base)
      continue;
    RowAccess &access = touch(base);
    std::optional<Walk> walk = walkOf(op, operand);
    bool isInOrder = walk && ArrayRef(walk->loops) == ArrayRef(real).take_front(walk->loops.size());
    size_t depth = isInOrder ? walk->loops.size() : 0;
    if (!isInOrder || (depth != rows && depth != space.size()) || (access.depth && access.depth != depth))
      access.isMixed = true;
    access.depth = depth;
    access.type = getElementTypeOrSelf(operand.get().getType());
    bool isOutput = op.isDpsInit(&operand);
    if ((!isOutput || readsOld(op, operand)) && !access.isWritten)
      access.readsOld = true;
  }
  for (OpOperand &output : op.getDpsInitsMutable()) {
    RowAccess &access = accesses[baseOf(output.get())];
    if (access.isMixed || access.depth != (isSummed ? rows : real.size()))
      return false;
    access.isWritten = true;
    access.isCombined = isSummed && op.getNumDpsInits() == 1;
  }
  return true;
}

/// Elements of a row, if that is known.
std::optional<int64_t> ChainFinder::getColumns() const {
  int64_t columns = 1;
  for (const NestSize &size : ArrayRef(space).drop_front(rows)) {
    if (size.fixed < 0)
      return std::nullopt;
    columns *= size.fixed;
  }
  return columns;
}

/// Whether rows are so many, and so short, that a nest may be done a row at a time as well.
bool ChainFinder::canWalkThrough() const {
  std::optional<int64_t> columns = getColumns();
  return rows > 0 && (!columns || *columns <= kLongestRow);
}

/// Which rows wait in shared memory, and how many threads have one.
void ChainFinder::planRows(NestChain &chain) {
  std::optional<int64_t> columns = getColumns();
  int64_t bytes = 0;
  for (const auto &[base, access] : accesses)
    if (!access.isMixed && access.depth == space.size() && (access.isWritten || access.members > 1)) {
      chain.staged.push_back(base);
      bytes += std::max(access.type.getIntOrFloatBitWidth() / 8, 1u);
    }
  auto fits = [&](unsigned lanes) {
    return columns && *columns * bytes * (kRowThreads / lanes) <= kMostStaged;
  };
  chain.lanes = !columns || *columns >= kLongRow || (!fits(kWarpThreads) && fits(kRowThreads)) ? kRowThreads
                                                                                               : kWarpThreads;
  if (!fits(chain.lanes))
    chain.staged.clear();
  for (const auto &[base, access] : accesses)
    if (access.isWritten && !access.readsOld && isSeenByMembersOnly(base, chain) &&
        (access.depth != space.size() || llvm::is_contained(chain.staged, base)))
      chain.own.insert(base);
}

} // namespace tgc
