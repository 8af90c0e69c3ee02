//===- LoopImporter.cpp - Loops -------------------------------------------===//

#include "frontend/Import/LoopImporter.h"
#include "frontend/Import/CompositeList.h"
#include "frontend/Import/HeldErrors.h"

using namespace mlir;

namespace tgc {

using Size = OpFoldResult;
using Values = RegionImporter::Values;

RankedTensorType Carried::getType() const {
  SmallVector<int64_t> shape;
  for (Size size : sizes)
    shape.push_back(size ? IndexBuilder::getConstant(size).value_or(ShapedType::kDynamic)
                         : ShapedType::kDynamic);
  return RankedTensorType::get(shape, getElementTypeOrSelf(tensor.getType()));
}

/// The place of a loop, whichever trial of a loop around it imports it. An iteration that is unrolled may
/// know more than others, and finds out for itself.
static std::optional<StringRef> getPlace(const EntryImporter &entry, Location loc) {
  auto name = dyn_cast<NameLoc>(loc);
  return name && !entry.numUnrolled ? std::optional(name.getName().getValue()) : std::nullopt;
}

/// Starts with what was found when the loop was imported before: otherwise nested loops would need trials
/// exponential in their depth.
void LoopImporter::applyLearned() {
  auto place = getPlace(entry, loc);
  auto found = place ? entry.learnedLoops.find(*place) : entry.learnedLoops.end();
  if (found == entry.learnedLoops.end() || found->second->numInits != numInits)
    return;
  const LearnedLoop &learned = *found->second;
  for (auto [carried, known] : llvm::zip_equal(all, ArrayRef(learned.all).take_front(numInits))) {
    bool isTensor = carried.init.tensor || carried.init.host;
    if (known.kind == Carried::Host && carried.kind == Carried::Host &&
        known.isCounter.size() == carried.isCounter.size()) {
      carried.isCounter |= known.isCounter;
    } else if (known.kind == Carried::Tensor && isTensor && !carried.init.list) {
      carried.kind = Carried::NeedsTensor;
      carried.hasUnknownSize = known.hasUnknownSize;
    }
  }
  for (const Carried &known : ArrayRef(learned.all).drop_front(numInits))
    if (entry.hasState(known.key))
      written.push_back(known.key);
}

void LoopImporter::storeLearned() {
  auto place = getPlace(entry, loc);
  if (!place)
    return;
  auto learned = std::make_shared<LearnedLoop>();
  learned->numInits = numInits;
  for (const Carried &carried : all) {
    Carried known{carried.kind, {}, carried.key, std::nullopt, carried.isCounter, {}, {}, nullptr, {}};
    for (Size size : carried.sizes)
      known.hasUnknownSize.push_back(!size);
    learned->all.push_back(std::move(known));
  }
  entry.learnedLoops[*place] = std::move(learned);
}

/// Builds before the loop what the next trial starts from.
LogicalResult LoopImporter::prepare() {
  entry.sizes.setLoc(loc);
  for (const std::string &key : written)
    weaken(all.emplace_back(
        Carried{Carried::Invariant, entry.readState(key), key, std::nullopt, {}, {}, {}, nullptr, {}}));
  written.clear();
  for (Carried &carried : all) {
    if (carried.kind == Carried::List)
      carried.list->prepare();
    if (carried.kind != Carried::NeedsTensor)
      continue;
    auto tensor = getTensor(entry, loc, carried.init);
    if (failed(tensor))
      return failure();
    carried.kind = Carried::Tensor;
    carried.tensor = *tensor;
    carried.sizes = entry.sizes.sizesOf(*tensor);
    if (carried.hasUnknownSize.size() == carried.sizes.size())
      for (auto [size, isUnknown] : llvm::zip_equal(carried.sizes, carried.hasUnknownSize))
        if (isUnknown)
          size = Size();
  }
  mark = entry.sizes.mark();
  return success();
}

/// What is left to assume of a value that is not invariant.
void LoopImporter::weaken(Carried &carried) {
  if (carried.init.list) {
    carried.kind = Carried::List;
    carried.list = std::make_shared<CarriedList>(entry, loc, *carried.init.list);
    return;
  }
  const HostTensor *host = carried.init.host.get();
  bool isHost = host && host->possibleAxes.empty();
  carried.kind = isHost ? Carried::Host : Carried::NeedsTensor;
  if (isHost)
    carried.isCounter.resize(host->elements.size(), host->isScalar());
}

/// The keys of what has another value than it had then.
SmallVector<std::string> LoopImporter::getChangedState(const EntryImporter::State &since) {
  SmallVector<std::string> keys;
  for (const std::string &key : entry.getStateKeys()) {
    if (ListReference::isName(key)) {
      // An array that the region makes for itself is none of the state around it.
      auto old = since.listObjects.find(key);
      bool isNew = old == since.listObjects.end();
      auto source = isNew ? entry.gradientArrays.find(key) : entry.gradientArrays.end();
      bool isGradient =
          source != entry.gradientArrays.end() && since.listObjects.count(source->second.source);
      if (isNew ? isGradient
                : old->second != entry.listObjects[key] &&
                      !isSameList(old->second->list, entry.listObjects[key]->list))
        keys.push_back(key);
      continue;
    }
    auto old = since.variables.find(key);
    bool hadValue = old != since.variables.end() && old->second.value;
    if (entry.readState(key).tensor != (hadValue ? old->second.value : entry.variables[key].initial))
      keys.push_back(key);
  }
  return keys;
}

/// Imports both regions under the present assumptions.
LoopImporter::Outcome LoopImporter::tryImport() {
  OpBuilder::InsertionGuard guard(builder);
  SmallVector<Value> inits;
  addInits(inits);
  loop = tg::WhileOp::create(builder, loc, ValueRange(inits).getTypes(), inits);
  Block *condBlock = &loop.getCondRegion().emplaceBlock(), *bodyBlock = &loop.getBodyRegion().emplaceBlock();

  IndexBuilder::Mark inside = entry.sizes.mark();
  Values arguments = enter(condBlock);
  EntryImporter::State entered = entry.saveState();
  auto predicate = cond(arguments);
  if (failed(predicate))
    return Outcome::Fails;
  if (!getChangedState(entered).empty())
    return Outcome::CondHasEffects;
  auto condition = RegionImporter(entry, loc).getCondition(predicate->front());
  if (failed(condition))
    return Outcome::Fails;
  tg::YieldOp::create(builder, loc, *condition);
  entry.sizes.release(inside);
  entry.restoreState(before);

  auto next = body(enter(bodyBlock));
  if (failed(next))
    return Outcome::Fails;
  if (next->size() != numInits) {
    error() << "the body gives " << next->size() << " values, the loop carries " << numInits;
    return Outcome::Fails;
  }
  entry.sizes.setLoc(loc);
  for (const std::string &key : getChangedState(before))
    if (llvm::none_of(all, [&](const Carried &carried) { return carried.key == key; }))
      written.push_back(key);
  for (const Carried &carried : ArrayRef(all).drop_front(numInits))
    next->push_back(entry.readState(carried.key));
  SmallVector<Value> yielded;
  Outcome outcome = compare(*next, yielded);
  if (outcome == Outcome::Fits && written.empty()) {
    tg::YieldOp::create(builder, loc, yielded);
    accesses.collect(entry, before);
  }
  entry.sizes.release(inside);
  entry.restoreState(before);
  if (outcome == Outcome::Fits && written.empty())
    keepCountersWrapping();
  return outcome == Outcome::Fits && !written.empty() ? Outcome::Weakened : outcome;
}

void LoopImporter::erase() {
  if (loop)
    loop.erase();
  loop = nullptr;
  entry.sizes.release(mark);
  entry.restoreState(before);
}

/// Sees to it that lists have room for what the finished loop appends; whether that is so with the loop as it
/// is.
bool LoopImporter::makeRoom() {
  if (llvm::none_of(all, [](const Carried &carried) { return carried.kind == Carried::List; }))
    return true;
  auto trips = getTripCount(entry.sizes, builder, loop);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPoint(loop);
  bool fits = true;
  for (Carried &carried : all)
    if (carried.kind == Carried::List)
      fits &= carried.list->checkRoom(trips ? std::optional(trips->size) : std::nullopt) ==
              CarriedList::Fit::Fits;
  return fits;
}

/// Gives up the sizes that TensorFlow does not promise; whether there were any.
bool LoopImporter::weakenStatedShapes() {
  bool isWeaker = false;
  for (Carried &carried : all) {
    if (carried.kind != Carried::Tensor || !carried.statedShape ||
        carried.statedShape->size() != carried.sizes.size())
      continue;
    for (auto [size, stated] : llvm::zip_equal(carried.sizes, *carried.statedShape))
      if (size && stated < 0) {
        size = Size();
        isWeaker = true;
      }
  }
  return isWeaker;
}

FailureOr<Values> LoopImporter::run(ArrayRef<ImportedValue> inits,
                                    ArrayRef<RegionImporter::CarriedHint> hints) {
  numInits = inits.size();
  entry.sizes.setLoc(loc);
  mark = entry.sizes.mark();
  before = entry.saveState();
  for (auto [i, init] : llvm::enumerate(inits)) {
    Carried carried{Carried::Invariant, init, "", std::nullopt, {}, {}, {}, nullptr, {}};
    bool isInvariant = init.variable || init.restored || init.listObject || init.optional ||
                       (!hints.empty() && hints[i].isInvariant);
    if (!hints.empty())
      carried.statedShape = hints[i].shape;
    if (!isInvariant)
      weaken(carried);
    all.push_back(std::move(carried));
  }

  applyLearned();
  std::vector<std::pair<Location, std::string>> errors;
  for (;;) {
    HeldErrors held(builder.getContext());
    Outcome outcome = failed(prepare()) ? Outcome::Fails : tryImport();
    if (outcome == Outcome::Fits && held.errors.empty() && !makeRoom())
      outcome = Outcome::Weakened;
    bool lacksFlags =
        outcome == Outcome::Fits && held.errors.empty() && accesses.needFlags(entry, loop, before);
    if (outcome == Outcome::Fits && held.errors.empty() && !lacksFlags)
      break;
    erase();
    if (lacksFlags) {
      createFlags(entry, loc);
      before = entry.saveState();
      continue;
    }
    if (outcome == Outcome::CondHasEffects && held.errors.empty())
      return importWithCarriedCondition(inits, hints);
    if (outcome == Outcome::Weakened && held.errors.empty())
      continue;
    if (errors.empty())
      errors = std::move(held.errors);
    if (!weakenStatedShapes())
      break;
  }
  if (!loop) {
    if (auto values = tryUnroll(kForcedUnrollTrips))
      return *values;
    for (auto &[where, text] : errors)
      emitError(where) << text;
    return failure();
  }
  storeLearned();
  auto trips = getTripCount(entry.sizes, builder, loop);
  auto known = trips && trips->isExact ? IndexBuilder::getConstant(trips->size) : std::nullopt;
  int64_t numOps = 0;
  loop.getBodyRegion().walk([&](Operation *) { ++numOps; });
  if (known && *known <= kUnrollLimit && (*known <= 1 || *known * numOps <= kUnrollLimit))
    if (auto values = tryUnroll(*known)) {
      loop.erase();
      return *values;
    }
  return finish(trips && trips->isExact ? std::optional(trips->size) : std::nullopt);
}

/// A loop with lists of elements of different ranks carries the elements.
static FailureOr<Values> importSpread(RegionImporter regions, Location loc, const SpelledLoop &lists,
                                      ArrayRef<ImportedValue> inits,
                                      ArrayRef<RegionImporter::CarriedHint> hints,
                                      RegionImporter::BodyFn cond, RegionImporter::BodyFn body) {
  SmallVector<RegionImporter::CarriedHint> allHints;
  for (auto [i, hint] : llvm::enumerate(hints))
    if (lists.getWidth(i) == 1)
      allHints.push_back(hint);
    else
      allHints.resize(allHints.size() + lists.getWidth(i));
  auto results = regions.importWhile(
      lists.spread(inits), allHints,
      [&](ArrayRef<ImportedValue> values) { return cond(lists.gather(values)); },
      [&](ArrayRef<ImportedValue> values) -> FailureOr<Values> {
        auto next = body(lists.gather(values));
        if (failed(next))
          return failure();
        return lists.spreadNext(loc, *next);
      });
  if (failed(results))
    return failure();
  return lists.gather(*results);
}

FailureOr<Values> RegionImporter::importWhile(ArrayRef<ImportedValue> inits, ArrayRef<CarriedHint> hints,
                                              BodyFn cond, BodyFn body) {
  SmallVector<bool> isInvariant(inits.size(), false);
  for (auto [i, hint] : llvm::enumerate(hints))
    isInvariant[i] = hint.isInvariant;
  if (SpelledLoop lists(inits, isInvariant); lists.hasLists())
    return importSpread(*this, loc, lists, inits, hints, cond, body);
  return LoopImporter(entry, loc, cond, body).run(inits, hints);
}

} // namespace tgc
