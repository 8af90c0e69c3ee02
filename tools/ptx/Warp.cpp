//===- Warp.cpp - How a warp goes through its code ----------------------------===//
#include "tools/ptx/Launch.h"
#include "llvm/ADT/STLExtras.h"

using namespace tgc::ptx;

Step Warp::fail(const Instr &in, int lane, const llvm::Twine &message) {
  launch->report(*this, in, lane, message);
  return Step::Failed;
}

void Warp::exit(uint32_t lanes) {
  live &= ~lanes;
  ++cta->cluster->progress;
  for (size_t j = 0; j < joins.size(); ++j)
    if (joins[j].inUse) {
      joins[j].expected &= ~lanes;
      joins[j].arrived &= ~lanes;
    }
  for (size_t j = joins.size(); j-- > 0;)
    if (joins[j].inUse && joins[j].arrived == joins[j].expected)
      release(j);
}

/// All that are left have come: they go on together.
void Warp::release(int32_t index) {
  Join join = joins[index];
  joins[index].inUse = false;
  if (join.expected)
    fragments.push_back({join.pc, join.expected, join.parent});
}

void Warp::arriveAtJoin(int32_t index, uint32_t lanes) {
  Join &join = joins[index];
  join.arrived |= lanes;
  if (join.arrived == join.expected)
    release(index);
}

void Warp::branch(uint32_t taken, uint32_t target, uint32_t joinPc) {
  Fragment before = fragment();
  uint32_t others = before.mask & ~taken;
  if (!others) {
    fragment().pc = target;
    return;
  }
  int32_t join = before.join;
  if (joinPc != kNone && (join < 0 || joins[join].pc != joinPc)) {
    join = -1;
    for (size_t j = 0; j < joins.size() && join < 0; ++j)
      if (!joins[j].inUse)
        join = j;
    if (join < 0) {
      join = joins.size();
      joins.emplace_back();
    }
    joins[join] = {joinPc, 0, before.mask, before.join, true};
  }
  fragments[current] = {before.pc + 1, others, join};
  fragments.push_back({target, taken, join});
}

/// Lets the current fragment arrive where it must meet others; false if it has ended so.
bool Warp::settle() {
  Fragment now = fragment();
  if (!(now.mask & live)) {
    fragments.erase(fragments.begin() + current);
    return false;
  }
  if (now.join >= 0 && joins[now.join].pc == now.pc) {
    fragments.erase(fragments.begin() + current);
    arriveAtJoin(now.join, now.mask);
    return false;
  }
  return true;
}

/// While a wgmma is under way its registers belong to it.
bool Warp::checkRows(const Instr &in) {
  auto isFree = [&](uint32_t row) {
    if (!stateOf(row).pending)
      return true;
    fail(in, -1, "a register of a wgmma that is under way is used before wgmma.wait_group");
    return false;
  };
  for (unsigned i = 0; i < in.numSources; ++i)
    if (!isFree(in.src[i]))
      return false;
  for (uint32_t i = 0; i < in.listSize; ++i)
    if (!isFree(kernel->lists[in.list + i]))
      return false;
  return isFree(in.dst) && isFree(in.dst2);
}

Step Warp::step(Fragment &at) {
  const Instr &in = kernel->code[at.pc];
  uint32_t active = at.mask;
  if (in.predicate != kNone)
    active &= in.predicateNegated ? ~mask(in.predicate) : mask(in.predicate);
  ++executed;
  ++launch->stats.instructions;
  if (!active)
    return Step::Next;
  if (kernel->usesWgmma && !(in.flags & kIsWgmma)) {
    if (numPendingRows && !checkRows(in))
      return Step::Failed;
    // LLVM copies registers between a fence and the wgmma; what counts is when their values came to be.
    stateOf(in.dst).writtenAtFence = in.flags & kIsCopy ? stateOf(in.src[0]).writtenAtFence : wgmmaFence;
    if (in.listSize && (in.flags & kListIsWritten))
      for (uint32_t i = 0; i < in.listSize; ++i)
        stateOf(kernel->lists[in.list + i]).writtenAtFence = wgmmaFence;
  }
  return in.run(*this, in, active);
}

bool Warp::run(unsigned quantum) {
  bool moved = false;
  size_t waits = 0;
  current = fragments.size() > 1 ? launch->draw(fragments.size()) : 0;
  while (quantum && !fragments.empty()) {
    if (current >= fragments.size())
      current = 0;
    if (!settle()) {
      moved = true;
      continue;
    }
    Fragment &at = fragment();
    switch (step(at)) {
    case Step::Next: {
      Fragment &now = fragment();
      ++now.pc;
      now.waitState = 0;
      moved = true;
      waits = 0;
      --quantum;
      break;
    }
    case Step::Jumped:
      moved = true;
      waits = 0;
      --quantum;
      break;
    case Step::Wait:
      if (++waits >= fragments.size())
        return moved;
      ++current;
      break;
    case Step::Failed:
      return false;
    }
  }
  return moved;
}
