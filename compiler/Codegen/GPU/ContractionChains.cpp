//===- ContractionChains.cpp - What a contraction's kernel does besides ---===//

#include "compiler/Codegen/GPU/ChainFinder.h"
#include "compiler/Codegen/GPU/FunctionCalls.h"

using namespace mlir;

namespace tgc {

/// Returns where the contraction stands after its chain was put together.
size_t ChainFinder::followContraction(size_t at) {
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
  size_t last = gather(members, at - (start ? 1 : 0));
  if (!start)
    old.insert(result);
  for (const auto &[base, found] : places)
    if (!old.contains(base) && isSeenByMembersOnly(base, chain))
      chain.own.insert(base);
  add(std::move(chain));
  return last;
}

/// The nest that fills the results before a reduction, if nothing else touches them in between.
std::optional<size_t> ChainFinder::findStart(size_t at, Value result) {
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
bool ChainFinder::follows(linalg::GenericOp op, Places &places, const Effects &touched,
                          llvm::SmallPtrSetImpl<Value> &old) {
  std::optional<SmallVector<int>> loops = findLoops(op, places);
  // Sums of products need the registers.
  if (!loops || callsFunctions(op))
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
bool ChainFinder::isAt(linalg::GenericOp op, OpOperand &operand, const Place &place, ArrayRef<int> loops) {
  std::optional<Walk> walk = walkOf(op, operand);
  return walk && walk->sizes == place.sizes &&
         llvm::all_of(llvm::zip(walk->loops, place.loops),
                      [&](auto pair) { return loops[std::get<0>(pair)] == std::get<1>(pair); });
}

/// The contraction's loop for each loop of a nest; nothing unless all memory of the chain says the same.
std::optional<SmallVector<int>> ChainFinder::findLoops(linalg::GenericOp op, const Places &places) {
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

} // namespace tgc
