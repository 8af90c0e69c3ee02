//===- FlatChains.cpp - Elementwise nests that share a kernel -------------===//
//
// Nests of the same points that read the same elements, or take what others make, are done by the same
// threads: what they share is read once, and what only they see is in no memory. A thread may touch only what
// it has touched itself, so of memory that one writes all touch the element of their point.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/GPU/ChainFinder.h"

using namespace mlir;

namespace tgc {

size_t ChainFinder::growElements(size_t at) {
  SmallVector<NestSize> points = getSpace(nests[at]);
  ElementAccesses touched = findAccesses(nests[at]);
  SmallVector<size_t> members = {at};
  Effects passed;
  for (size_t i = at + 1; i < nests.size() && i - at <= members.size() + kMostPassed; ++i) {
    linalg::GenericOp op = nests[i];
    Effects effects = effectsOf(op);
    ElementAccesses own = findAccesses(op);
    if (members.size() == kMostMembers || taken.contains(op) || !isParallel(op) || getSpace(op) != points ||
        passed.conflictsWith(effects) || !goesAlong(touched, own)) {
      passed.add(effects);
      continue;
    }
    members.push_back(i);
    for (auto &[base, access] : own) {
      auto [known, isNew] = touched.try_emplace(base, access);
      if (isNew)
        continue;
      ElementAccess &all = known->second;
      all.readsOld |= access.readsOld && !all.isWritten;
      all.isElsewhere |= access.isElsewhere;
      all.isWritten |= access.isWritten;
    }
  }
  if (members.size() == 1)
    return at;
  NestChain chain;
  chain.form = NestChain::Flat;
  chain.main = nests[at];
  for (size_t member : members)
    chain.members.push_back(nests[member]);
  size_t last = gather(members, at);
  for (const auto &[base, access] : touched)
    if (access.isWritten && !access.readsOld && !access.isElsewhere && isSeenByMembersOnly(base, chain))
      chain.own.insert(base);
  add(std::move(chain));
  return last;
}

ChainFinder::ElementAccesses ChainFinder::findAccesses(linalg::GenericOp op) {
  ElementAccesses found;
  SmallVector<unsigned> real = getRealLoops(op);
  for (Value loaded : getLoaded(op))
    found[baseOf(loaded)].isElsewhere = true;
  for (OpOperand &operand : op->getOpOperands()) {
    Value base = baseOf(operand.get());
    if (!base)
      continue;
    ElementAccess &access = found[base];
    std::optional<Walk> walk = walkOf(op, operand);
    access.isElsewhere |= !walk || ArrayRef(walk->loops) != ArrayRef(real);
    bool isOutput = op.isDpsInit(&operand);
    access.readsOld |= !isOutput || readsOld(op, operand);
    access.isWritten |= isOutput;
  }
  return found;
}

bool ChainFinder::goesAlong(const ElementAccesses &some, const ElementAccesses &others) {
  bool sharesAny = false;
  for (const auto &[base, access] : others) {
    const auto *known = some.find(base);
    if (known == some.end())
      continue;
    const ElementAccess &other = known->second;
    if (!access.isElsewhere && !other.isElsewhere)
      sharesAny = true;
    else if (access.isWritten || other.isWritten)
      return false;
  }
  return sharesAny;
}

} // namespace tgc
