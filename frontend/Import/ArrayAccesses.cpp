//===- ArrayAccesses.cpp - Who has read and written elements --------------===//

#include "frontend/Import/ArrayAccesses.h"
#include "frontend/Import/Messages.h"
#include "frontend/Import/RegionImporter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace tgc {

using Size = OpFoldResult;

/// Of one array. Straight-line code compares each access with all before it; an array with more of them gets
/// flags.
static constexpr size_t kMaxAccesses = 256;

std::string getConflictMessage(const ListObject &array, bool isWrite, bool wasWritten) {
  std::string text = "TensorArray " + escapeMessage(array.name);
  if (!isWrite)
    return text + ": Could not read index %d twice because it was cleared after a previous read (perhaps try "
                  "setting clear_after_read = false?).";
  return text + ": Could not write to TensorArray index %d because it has already been " +
         (wasWritten ? "written to." : "read.");
}

namespace {

/// Builds the checks for one access.
class AccessChecker {
public:
  AccessChecker(EntryImporter &entry, Location loc) : entry(entry), sizes(entry.sizes), loc(loc) {}

  /// Ends the run unless `isFine`; `index` is for the message.
  void require(const ListObject &array, const ArrayAccess &earlier, bool isWrite, Value isFine, Size index) {
    if (matchPattern(isFine, m_One()))
      return;
    tg::CheckOp::create(entry.builder, loc, isFine, tg::StatusCode::InvalidArgument,
                        getConflictMessage(array, isWrite, earlier.isWrite), sizes.get(index));
  }

  void compare(const ListObject &array, const ArrayAccess &earlier, const ArrayAccess &later) {
    if (!earlier.end && !later.end) {
      Size a = sizes.canonical(earlier.begin), b = sizes.canonical(later.begin);
      Value isFine = IndexBuilder::isEqual(a, b) ? arith::ConstantIntOp::create(entry.builder, loc, 0, 1)
                                                 : isUnequal(a, b);
      return require(array, earlier, later.isWrite, isFine, later.begin);
    }
    Size one = sizes.constant(1), index = sizes.max(earlier.begin, later.begin);
    auto endOf = [&](const ArrayAccess &access) {
      return access.end ? access.end : sizes.add(access.begin, one);
    };
    // No element is in both; there is none if one of them has none.
    Size end = sizes.min(endOf(earlier), endOf(later));
    require(array, earlier, later.isWrite, sizes.lessEqual(end, index), index);
  }

private:
  Value isUnequal(Size a, Size b) {
    if (auto distance = IndexBuilder::getConstant(sizes.sub(a, b)))
      return arith::ConstantIntOp::create(entry.builder, loc, *distance != 0, 1);
    return sizes.compare(arith::CmpIPredicate::ne, a, b);
  }

  EntryImporter &entry;
  IndexBuilder &sizes;
  Location loc;
};

} // namespace

/// Whether an element must not be touched this way after it was touched that way.
static bool isConflict(const ListObject &array, const ArrayAccess &earlier, bool isWrite) {
  return isWrite || (!earlier.isWrite && array.clearsAfterRead);
}

static void note(NodeImporter &n, ListObject &array, ArrayAccess access) {
  EntryImporter &entry = n.graph.entry;
  AccessChecker checker(entry, n.loc);
  // A loop imports a node twice that its condition and its body use.
  for (const ArrayAccess &earlier : array.accesses)
    if (isConflict(array, earlier, access.isWrite) && (earlier.isOver || earlier.loc != access.loc))
      checker.compare(array, earlier, access);
  array.accesses.push_back(access);
}

/// Remembers what was noted, and no more: what the node knows of the elements is its own.
static void store(NodeImporter &n, const ListObject &array) {
  ListObject noted = *n.graph.entry.listObjects[n.getInput(0).listObject->name];
  noted.accesses = array.accesses;
  setListObject(n, std::move(noted));
}

/// Has an array with many accesses have flags: from here on, or from before the loop that this is in.
static void flagBusyArray(NodeImporter &n, const ListObject &array, size_t numMore) {
  const std::string &key = n.getInput(0).listObject->name;
  if (array.accesses.size() + numMore <= kMaxAccesses || hasFlags(n.graph.entry, key))
    return;
  n.graph.entry.flaggedArrays.insert(key);
  createFlags(n.graph.entry, n.loc, key);
}

void noteArrayAccess(NodeImporter &n, ListObject &array, bool isWrite, Size index) {
  if (array.isGradient)
    return;
  flagBusyArray(n, array, 1);
  if (hasFlags(n.graph.entry, n.getInput(0).listObject->name))
    return touchElement(n, array, isWrite, index);
  if (index.isNull())
    note(n, array, {isWrite, n.loc, n.sizes.constant(0), array.list.length});
  else
    note(n, array, {isWrite, n.loc, index, Size()});
  store(n, array);
}

void noteArrayAccesses(NodeImporter &n, ListObject &array, bool isWrite, size_t indicesInput) {
  const HostTensor *host = n.getHost(indicesInput);
  EntryImporter &entry = n.graph.entry;
  const std::string &key = n.getInput(0).listObject->name;
  if (array.isGradient)
    return;
  flagBusyArray(n, array, host ? host->elements.size() : kMaxAccesses + 1);
  if (hasFlags(entry, key))
    return touchElements(n, array, isWrite, n.getTensor(indicesInput));
  size_t before = array.accesses.size();
  for (Size index : host->elements) {
    ArrayAccess access{isWrite, n.loc, index, Size()};
    // An index that comes twice is as bad as two nodes.
    AccessChecker checker(n.graph.entry, n.loc);
    for (const ArrayAccess &earlier : ArrayRef(array.accesses).drop_front(before))
      if (isConflict(array, earlier, isWrite))
        checker.compare(array, earlier, access);
    note(n, array, access);
  }
  store(n, array);
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

void LoopAccesses::collect(const EntryImporter &entry, const EntryImporter::State &before) {
  accesses.clear();
  for (const auto &[key, object] : before.listObjects) {
    auto now = entry.listObjects.find(key);
    if (now == entry.listObjects.end() || now->second == object)
      continue;
    for (const ArrayAccess &access : ArrayRef(now->second->accesses).drop_front(object->accesses.size()))
      accesses.push_back({key, access});
  }
}

namespace {

/// An index inside a loop: what no iteration changes, plus or minus a counter.
struct CountedIndex {
  std::optional<unsigned> counter; ///< none: the index is the same in all iterations
  Size offset;
  bool isMinus = false;
};

} // namespace

static bool isOutside(tg::WhileOp loop, Size size) {
  auto value = dyn_cast<Value>(size);
  return !value || !loop->isAncestor(value.getParentRegion()->getParentOp());
}

static std::optional<CountedIndex> getCountedIndex(IndexBuilder &sizes, tg::WhileOp loop, Size index) {
  if (isOutside(loop, index))
    return CountedIndex{std::nullopt, index};
  auto getCounter = [&](Value value) -> std::optional<unsigned> {
    auto argument = dyn_cast<BlockArgument>(value);
    if (!argument || argument.getOwner() != loop.getBody() || !argument.getType().isIndex() ||
        !getCounterStep(loop, argument.getArgNumber()))
      return std::nullopt;
    return argument.getArgNumber();
  };
  Value value = cast<Value>(index);
  if (auto counter = getCounter(value))
    return CountedIndex{counter, sizes.constant(0)};
  auto asSize = [&](Value operand) -> Size {
    auto constant = getConstantIntValue(getAsOpFoldResult(operand));
    return constant ? sizes.constant(*constant) : Size(operand);
  };
  if (auto sum = value.getDefiningOp<arith::AddIOp>())
    for (auto [a, b] : {std::pair(sum.getLhs(), sum.getRhs()), std::pair(sum.getRhs(), sum.getLhs())})
      if (auto counter = getCounter(a); counter && isOutside(loop, asSize(b)))
        return CountedIndex{counter, asSize(b)};
  if (auto difference = value.getDefiningOp<arith::SubIOp>()) {
    Size lhs = asSize(difference.getLhs()), rhs = asSize(difference.getRhs());
    if (auto counter = getCounter(difference.getLhs()); counter && isOutside(loop, rhs))
      return CountedIndex{counter, sizes.sub(sizes.constant(0), rhs)};
    if (auto counter = getCounter(difference.getRhs()); counter && isOutside(loop, lhs))
      return CountedIndex{counter, lhs, true};
  }
  return std::nullopt;
}

/// A counter that tells how often the loop ran.
static std::optional<unsigned> findCounter(tg::WhileOp loop) {
  for (unsigned i = 0; i < loop.getNumResults(); ++i)
    if (loop.getResult(i).getType().isIndex() && getCounterStep(loop, i))
      return i;
  return std::nullopt;
}

/// What all iterations touch with an access, as far as it is a range: its first element in an iteration.
static std::optional<CountedIndex> getRangeIndex(IndexBuilder &sizes, tg::WhileOp loop,
                                                 const ArrayAccess &access) {
  auto index = getCountedIndex(sizes, loop, access.begin);
  if (!index || (access.end && (index->counter || !isOutside(loop, access.end))) ||
      (index->counter && std::abs(getCounterStep(loop, *index->counter)) != 1))
    return std::nullopt;
  return index;
}

bool createFlags(EntryImporter &entry, Location loc) {
  bool isNew = false;
  for (const std::string &key : entry.flaggedArrays)
    if (entry.listObjects.count(key) && !hasFlags(entry, key)) {
      createFlags(entry, loc, key);
      isNew = true;
    }
  return isNew;
}

bool LoopAccesses::needFlags(EntryImporter &entry, tg::WhileOp loop,
                             const EntryImporter::State &before) const {
  bool counts = findCounter(loop).has_value();
  for (const auto &[key, access] : accesses)
    if (!counts || !getRangeIndex(entry.sizes, loop, access))
      entry.flaggedArrays.insert(key);
  return llvm::any_of(entry.flaggedArrays, [&](const std::string &key) {
    return before.listObjects.count(key) && !hasFlags(entry, key);
  });
}

void flagTouchedArrays(EntryImporter &entry, const EntryImporter::State &before,
                       const EntryImporter::State &after) {
  for (const auto &[key, object] : before.listObjects) {
    auto now = after.listObjects.find(key);
    if (now != after.listObjects.end() && now->second->accesses.size() > object->accesses.size())
      entry.flaggedArrays.insert(key);
  }
}

void LoopAccesses::finish(EntryImporter &entry, tg::WhileOp loop) const {
  IndexBuilder &sizes = entry.sizes;
  std::optional<unsigned> anyCounter = findCounter(loop);
  if (accesses.empty() || !anyCounter)
    return;
  auto startOf = [&](unsigned counter) -> Size {
    auto constant = getConstantIntValue(getAsOpFoldResult(loop.getInits()[counter]));
    return constant ? sizes.constant(*constant) : Size(loop.getInits()[counter]);
  };
  /// How far a counter has come, which is not negative.
  auto distanceOf = [&](unsigned counter) {
    Size start = startOf(counter), end = Value(loop.getResult(counter));
    return getCounterStep(loop, counter) > 0 ? sizes.sub(end, start) : sizes.sub(start, end);
  };
  auto at = [&](const CountedIndex &index, Size counter) {
    return index.isMinus ? sizes.sub(index.offset, counter) : sizes.add(index.offset, counter);
  };
  auto isWithin = [&](unsigned counter, int64_t iterations) {
    int64_t step = std::abs(getCounterStep(loop, counter));
    return sizes.lessEqual(distanceOf(counter), sizes.constant(iterations * step));
  };

  std::map<std::string, std::vector<std::pair<ArrayAccess, CountedIndex>>> byArray;
  for (const auto &[key, access] : accesses) {
    if (auto index = getRangeIndex(sizes, loop, access))
      byArray[key].push_back({access, *index});
  }
  for (const auto &[key, touched] : byArray) {
    ListObject array = *entry.listObjects[key];
    for (const auto &[access, index] : touched) {
      AccessChecker checker(entry, access.loc);
      // Each iteration touches the same elements.
      if (!index.counter && isConflict(array, access, access.isWrite)) {
        Value isFine = isWithin(*anyCounter, 1);
        if (access.end)
          isFine = entry.builder.createOrFold<arith::OrIOp>(access.loc, isFine,
                                                            sizes.lessEqual(access.end, access.begin));
        checker.require(array, access, access.isWrite, isFine, access.begin);
      }
      // Another node comes where this one was some iterations ago.
      for (const auto &[later, laterIndex] : touched) {
        auto offset = IndexBuilder::getConstant(index.offset),
             laterOffset = IndexBuilder::getConstant(laterIndex.offset);
        if (!index.counter || index.counter != laterIndex.counter || index.isMinus != laterIndex.isMinus ||
            !offset || !laterOffset || !isConflict(array, access, later.isWrite))
          continue;
        int64_t step = getCounterStep(loop, *index.counter) * (index.isMinus ? -1 : 1),
                ahead = *offset - *laterOffset;
        if (ahead % step == 0 && ahead / step > 0)
          AccessChecker(entry, later.loc)
              .require(array, access, later.isWrite, isWithin(*index.counter, ahead / step),
                       at(index, startOf(*index.counter)));
      }
    }
    for (const auto &[access, index] : touched) {
      ArrayAccess all = access;
      Size one = sizes.constant(1);
      if (index.counter) {
        int64_t step = getCounterStep(loop, *index.counter) * (index.isMinus ? -1 : 1);
        Size first = at(index, startOf(*index.counter)),
             last = at(index, Value(loop.getResult(*index.counter)));
        all.begin = step > 0 ? first : sizes.add(last, one);
        all.end = step > 0 ? last : sizes.add(first, one);
      } else {
        // None if no iteration ran.
        Size end = access.end ? access.end : sizes.add(access.begin, one);
        all.end = sizes.select(isWithin(*anyCounter, 0), access.begin, end);
      }
      array.accesses.push_back(all);
    }
    entry.listObjects[key] = std::make_shared<const ListObject>(std::move(array));
  }
}

} // namespace tgc
