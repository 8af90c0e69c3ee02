//===- NestChains.cpp - Nests that one kernel does ------------------------===//

#include "compiler/Codegen/GPU/NestChains.h"
#include "compiler/Codegen/GPU/NestAccess.h"
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

namespace {

/// A kernel of more nests than this compiles slowly and helps no more.
constexpr size_t kMostMembers = 16;
/// Nests that a contraction's follower is moved across at most.
constexpr size_t kMostPassed = 8;
/// Bytes of a block's shared memory for rows that wait: all have 48 KiB, some of it for reductions.
constexpr int64_t kMostStaged = 40 << 10;
/// A row of more elements is too much for one block where a whole grid could walk through it.
constexpr int64_t kLongestRow = 32 << 10;

bool isParallel(linalg::GenericOp op) { return op.getNumParallelLoops() == op.getNumLoops(); }

/// Whether the old value of an output is looked at.
bool readsOld(linalg::GenericOp op, OpOperand &output) {
  return !op.getMatchingBlockArgument(&output).use_empty();
}

/// Where elements of memory that a contraction's chain writes are, by loops of the contraction.
struct Place {
  SmallVector<NestSize> sizes;
  SmallVector<int> loops;
};
using Places = llvm::DenseMap<Value, Place>;

class ChainFinder {
public:
  explicit ChainFinder(func::FuncOp entry) : entry(entry), memory(entry) {}

  std::vector<NestChain> run() {
    SmallVector<Block *> blocks;
    entry.walk([&](Block *block) { blocks.push_back(block); });
    for (Block *block : blocks)
      if (!isa<linalg::LinalgOp>(block->getParentOp()))
        runBlock(*block);
    return std::move(chains);
  }

private:
  void runBlock(Block &block) {
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

  /// Nests between which nothing has effects.
  void runNests() {
    for (size_t i = 0; i < nests.size(); ++i)
      if (isContraction(nests[i]) && !taken.contains(nests[i]))
        i = followContraction(i);
    for (size_t i = 0; i < nests.size(); ++i)
      if (isReduction(nests[i]))
        bringStarts(i);
    for (size_t i = 0; i < nests.size(); ++i)
      if (!taken.contains(nests[i]) && isReduction(nests[i]))
        growRows(i);
    nests.clear();
    others.clear();
  }

  static bool isMovable(Operation &op) {
    return (isPure(&op) && !op.getNumRegions() && !op.hasTrait<OpTrait::IsTerminator>()) ||
           isa<memref::AllocOp, rt::FetchOp>(op);
  }

  bool canJoin(linalg::GenericOp op) {
    if (op->getNumResults() || op->hasAttr(kCopyAttribute) || op->hasAttr(kAloneAttribute) ||
        !whyNoKernel(op).empty())
      return false;
    SmallVector<Value> all = getLoaded(op);
    llvm::append_range(all, op->getOperands());
    return llvm::all_of(
        all, [&](Value value) { return !isa<BaseMemRefType>(value.getType()) || memory.find(value).base; });
  }

  Value baseOf(Value value) {
    return isa<BaseMemRefType>(value.getType()) ? memory.find(value).base : Value();
  }

  /// How an operand is walked through, if it is all of its memory.
  std::optional<Walk> walkOf(linalg::GenericOp op, OpOperand &operand) {
    return memory.find(operand.get()).isWhole ? getWalk(op, operand) : std::nullopt;
  }

  /// All memory of a nest, and whether it is written.
  Effects effectsOf(linalg::GenericOp op) {
    Effects effects;
    for (Value value : getLoaded(op))
      effects.add(memory.find(value), /*isWritten=*/false);
    for (OpOperand &operand : op->getOpOperands())
      if (baseOf(operand.get()))
        effects.add(memory.find(operand.get()), op.isDpsInit(&operand));
    return effects;
  }

  //===--------------------------------------------------------------------===//
  // Contractions
  //===--------------------------------------------------------------------===//

  /// Returns where the contraction stands after its chain was put together.
  size_t followContraction(size_t at) {
    NestChain chain;
    chain.form = NestChain::Contraction;
    chain.main = nests[at];
    OpOperand &output = chain.main.getDpsInitsMutable()[0];
    std::optional<Walk> walk = walkOf(chain.main, output);
    if (!walk)
      return at;
    Places places;
    Value result = baseOf(output.get());
    places[result] = {walk->sizes, SmallVector<int>(walk->loops.begin(), walk->loops.end())};
    Effects touched = effectsOf(chain.main);
    SmallVector<size_t> members = {at};
    std::optional<size_t> start = findStart(at, result);
    if (start) {
      members.insert(members.begin(), *start);
      chain.followed[nests[*start]] = *findLoops(nests[*start], places);
    }
    llvm::SmallPtrSet<Value, 4> old;
    Effects passed;
    for (size_t i = at + 1; i < nests.size() && i - at <= members.size() + kMostPassed; ++i) {
      Effects effects = effectsOf(nests[i]);
      if (members.size() < kMostMembers && !taken.contains(nests[i]) && !passed.conflictsWith(effects) &&
          follows(nests[i], places, touched, old)) {
        members.push_back(i);
        chain.followed[nests[i]] = *findLoops(nests[i], places);
        touched.add(effects);
      } else {
        passed.add(effects);
      }
    }
    if (members.size() == 1)
      return at;
    for (size_t member : members)
      chain.members.push_back(nests[member]);
    size_t place = at - (start ? 1 : 0);
    for (size_t member : llvm::reverse(members))
      nests.erase(nests.begin() + member);
    nests.insert(nests.begin() + place, chain.members.begin(), chain.members.end());
    if (!start)
      old.insert(result);
    for (const auto &[base, found] : places)
      if (!old.contains(base) && isSeenByMembersOnly(base, chain))
        chain.own.insert(base);
    add(std::move(chain));
    return place + members.size() - 1;
  }

  /// The nest that fills the results before a reduction, if nothing else touches them in between.
  std::optional<size_t> findStart(size_t at, Value result) {
    for (size_t i = at; i-- > 0;) {
      linalg::GenericOp op = nests[i];
      Effects effects = effectsOf(op);
      if (!effects.touched.contains(result))
        continue;
      bool isStart = !taken.contains(op) && isParallel(op) && effects.touched.size() == 1 &&
                     op.getNumDpsInits() == 1 && !readsOld(op, op.getDpsInitsMutable()[0]);
      std::optional<Walk> walk = isStart ? walkOf(op, op.getDpsInitsMutable()[0]) : std::nullopt;
      if (!walk || walk->loops.size() != getRealLoops(op).size())
        return std::nullopt;
      return i;
    }
    return std::nullopt;
  }

  /// Whether each iteration of an elementwise nest can be done where the elements of the contraction are that
  /// it takes. Memory whose old values it needs is `old`.
  bool follows(linalg::GenericOp op, Places &places, const Effects &touched,
               llvm::SmallPtrSetImpl<Value> &old) {
    std::optional<SmallVector<int>> loops = findLoops(op, places);
    if (!loops)
      return false;
    Places added;
    for (OpOperand &output : op.getDpsInitsMutable()) {
      Value base = baseOf(output.get());
      std::optional<Walk> walk = walkOf(op, output);
      if (!walk || walk->loops.size() != getRealLoops(op).size() ||
          (!places.contains(base) && touched.touched.contains(base)))
        return false;
      if (readsOld(op, output) && !places.contains(base))
        old.insert(base);
      Place &place = added[base];
      place.sizes = walk->sizes;
      for (unsigned loop : walk->loops)
        place.loops.push_back((*loops)[loop]);
    }
    for (Value loaded : getLoaded(op))
      if (Value base = baseOf(loaded); places.contains(base) || added.contains(base))
        return false;
    for (OpOperand *input : op.getDpsInputOperands())
      if (Value base = baseOf(input->get()); base && added.contains(base)) {
        if (!isAt(op, *input, added[base], *loops))
          return false;
        if (!places.contains(base))
          old.insert(base);
      }
    for (auto &[base, place] : added)
      places.try_emplace(base, place);
    return true;
  }

  /// Whether an iteration touches the element that lies at the same iteration of the contraction.
  bool isAt(linalg::GenericOp op, OpOperand &operand, const Place &place, ArrayRef<int> loops) {
    std::optional<Walk> walk = walkOf(op, operand);
    return walk && walk->sizes == place.sizes &&
           llvm::all_of(llvm::zip(walk->loops, place.loops),
                        [&](auto pair) { return loops[std::get<0>(pair)] == std::get<1>(pair); });
  }

  /// The contraction's loop for each loop of a nest; nothing unless all memory of the chain says the same.
  std::optional<SmallVector<int>> findLoops(linalg::GenericOp op, const Places &places) {
    if (!isParallel(op))
      return std::nullopt;
    SmallVector<int> loops(op.getNumLoops(), -1);
    bool isBound = false;
    for (OpOperand &operand : op->getOpOperands()) {
      auto place = places.find(baseOf(operand.get()));
      if (place == places.end())
        continue;
      std::optional<Walk> walk = walkOf(op, operand);
      if (!walk || walk->sizes != place->second.sizes)
        return std::nullopt;
      isBound = true;
      for (auto [loop, followed] : llvm::zip(walk->loops, place->second.loops)) {
        if (loops[loop] >= 0 && loops[loop] != followed)
          return std::nullopt;
        loops[loop] = followed;
      }
    }
    if (!isBound)
      return std::nullopt;
    llvm::SmallDenseSet<int> different;
    for (unsigned loop : getRealLoops(op))
      if (loops[loop] < 0 || !different.insert(loops[loop]).second)
        return std::nullopt;
    for (OpOperand &operand : op->getOpOperands())
      if (auto place = places.find(baseOf(operand.get()));
          place != places.end() && !isAt(op, operand, place->second, loops))
        return std::nullopt;
    return loops;
  }

  //===--------------------------------------------------------------------===//
  // Rows
  //===--------------------------------------------------------------------===//

  /// The sizes of a nest's real loops.
  static SmallVector<NestSize> getSpace(linalg::GenericOp op) {
    return llvm::map_to_vector(getRealLoops(op), [&](unsigned loop) { return getSize(op, loop); });
  }

  static bool isReduction(linalg::GenericOp op) {
    return (isRowReduction(op) || isArgReduction(op)) && !isContraction(op);
  }

  /// Nests that fill what a reduction adds to stand before it.
  void bringStarts(size_t at) {
    for (OpOperand &output : nests[at].getDpsInitsMutable())
      if (std::optional<size_t> start = findStart(at, baseOf(output.get())))
        std::rotate(nests.begin() + *start, nests.begin() + *start + 1, nests.begin() + at);
  }

  void growRows(size_t at) {
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

  /// What the members do to memory.
  struct RowAccess {
    /// How many of the space's loops walk through it: all of them, or those of rows.
    std::optional<size_t> depth;
    bool isMixed = false, isWritten = false, readsOld = false, isCombined = false;
    size_t members = 0;
    Type type;
  };

  /// Whether the nests walk through the same rows. Fills `accesses`.
  bool isInStep(size_t first, size_t end) {
    accesses.clear();
    for (size_t i = first; i < end; ++i)
      if (!takeMember(nests[i]))
        return false;
    return llvm::none_of(accesses,
                         [](const auto &pair) { return pair.second.isWritten && pair.second.isMixed; });
  }

  /// All threads of a row read what one of them writes: only a single sum may keep what was there.
  bool isSound() const {
    return llvm::none_of(accesses, [&](const auto &pair) {
      const RowAccess &access = pair.second;
      return access.isWritten && access.depth != space.size() && access.readsOld &&
             !(access.members == 1 && access.isCombined);
    });
  }

  /// Whether a member shares no memory with others.
  bool isApart(linalg::GenericOp op) {
    return llvm::all_of(effectsOf(op).touched,
                        [&](const auto &pair) { return accesses[pair.first].members == 1; });
  }

  bool takeMember(linalg::GenericOp op) {
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
  std::optional<int64_t> getColumns() const {
    int64_t columns = 1;
    for (const NestSize &size : ArrayRef(space).drop_front(rows)) {
      if (size.fixed < 0)
        return std::nullopt;
      columns *= size.fixed;
    }
    return columns;
  }

  /// Whether rows are so many, and so short, that a nest may be done a row at a time as well.
  bool canWalkThrough() const {
    std::optional<int64_t> columns = getColumns();
    return rows > 0 && (!columns || *columns <= kLongestRow);
  }

  /// Which rows wait in shared memory, and how many threads have one.
  void planRows(NestChain &chain) {
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
    chain.lanes = !columns || *columns >= kLongRow || (!fits(kWarpThreads) && fits(kRowThreads))
                      ? kRowThreads
                      : kWarpThreads;
    if (!fits(chain.lanes))
      chain.staged.clear();
    for (const auto &[base, access] : accesses)
      if (access.isWritten && !access.readsOld && isSeenByMembersOnly(base, chain) &&
          (access.depth != space.size() || llvm::is_contained(chain.staged, base)))
        chain.own.insert(base);
  }

  //===--------------------------------------------------------------------===//
  // Chains
  //===--------------------------------------------------------------------===//

  bool isSeenByMembersOnly(Value base, const NestChain &chain) {
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

  void add(NestChain chain) {
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

  func::FuncOp entry;
  DeviceMemory memory;
  SmallVector<linalg::GenericOp> nests;
  /// What stands between the nests and may stand before them.
  SmallVector<Operation *> others;
  llvm::SmallPtrSet<Operation *, 16> taken;
  std::vector<NestChain> chains;
  /// Of the rows that are looked at: the sizes of loops, and how many of them are rows.
  SmallVector<NestSize> space;
  size_t rows = 0;
  llvm::MapVector<Value, RowAccess> accesses;
};

} // namespace

std::vector<NestChain> findChains(func::FuncOp entry) { return ChainFinder(entry).run(); }

} // namespace tgc
