//===- MBarriers.cpp - mbarrier objects ---------------------------------------===//
//
// The object's 8 bytes stay as they are; what they stand for is kept beside the block's memory, where
// ordinary accesses cannot reach it.
//
//===----------------------------------------------------------------------===//
#include "tools/ptx/ops/MBarriers.h"
#include "tools/ptx/ops/Families.h"
#include "tools/ptx/ops/Lanes.h"
#include "tools/ptx/ops/MemoryOrder.h"

using namespace tgc::ptx;
using llvm::StringRef;
using llvm::Twine;

static constexpr uint32_t kMaxCount = (1 << 20) - 1;
static constexpr int64_t kMaxTransactions = (1 << 20) - 1;
static constexpr uint64_t kSize = 8;

FoundMBarrier tgc::ptx::findMBarrier(Warp &warp, const Instr &in, int lane, Space space, uint64_t address,
                                     bool isWrite) {
  Launch &launch = *warp.launch;
  Place place;
  if (!launch.locate(warp, in, lane, space, address, kSize, kSize, Use::Atomic, place))
    return {};
  if (!place.region || place.region->space != Space::Shared) {
    launch.report(warp, in, lane, "an mbarrier must be in shared memory");
    return {};
  }
  for (auto &cta : warp.cta->cluster->ctas) {
    if (&cta->shared != place.region)
      continue;
    auto it = cta->mbarriers.find(place.offset);
    if (it == cta->mbarriers.end())
      break;
    if (lane >= 0) {
      Access access{launch.eventOf(warp, in, Event::Atomic), uint8_t(lane), &warp.knowledge};
      if (!(isWrite ? launch.noteWrite(warp, in, lane, place, kSize, access)
                    : launch.noteRead(warp, in, lane, place, kSize, access)))
        return {};
    }
    return {&it->second, cta.get(), uint32_t(place.offset)};
  }
  launch.report(warp, in, lane,
                "no mbarrier has been initialised at byte " + Twine(place.offset) + " of shared memory");
  return {};
}

void tgc::ptx::settle(MBarrier &barrier) {
  if (barrier.pending || barrier.transactions)
    return;
  ++barrier.phase;
  barrier.pending = barrier.expected;
  barrier.released = barrier.gathered;
}

bool tgc::ptx::arriveAt(Warp &warp, const Instr &in, int lane, MBarrier &barrier, uint32_t count,
                        int64_t transactions) {
  if (count > barrier.pending) {
    warp.fail(in, lane,
              "more than the " + Twine(barrier.expected) +
                  " arrivals of the mbarrier's phase (it was "
                  "initialised at line " +
                  Twine(barrier.line) + ")");
    return false;
  }
  barrier.transactions += transactions;
  if (barrier.transactions > kMaxTransactions || barrier.transactions < -kMaxTransactions) {
    warp.fail(in, lane,
              Twine(barrier.transactions) + " bytes are expected at one mbarrier, which counts up to " +
                  Twine(kMaxTransactions));
    return false;
  }
  barrier.pending -= count;
  ++warp.cta->cluster->progress;
  settle(barrier);
  return true;
}

static Step runInit(Warp &warp, const Instr &in, uint32_t mask) {
  for (uint32_t rest = mask; rest; rest &= rest - 1) {
    unsigned lane = llvm::countr_zero(rest);
    Place place;
    Launch &launch = *warp.launch;
    if (!launch.locate(warp, in, lane, in.space, warp.addressOf(in, lane), kSize, kSize, Use::Atomic, place))
      return Step::Failed;
    if (place.region != &warp.cta->shared)
      return warp.fail(in, lane, "an mbarrier is initialised by its own block");
    uint32_t count = warp.row<uint32_t>(in.src[1])[lane];
    if (!count || count > kMaxCount)
      return warp.fail(in, lane,
                       "an mbarrier counts 1 to " + Twine(kMaxCount) + " arrivals, not " + Twine(count));
    Access access{launch.eventOf(warp, in), uint8_t(lane), &warp.knowledge};
    if (!launch.noteWrite(warp, in, lane, place, kSize, access))
      return Step::Failed;
    MBarrier barrier;
    barrier.expected = barrier.pending = count;
    barrier.slot = warp.cta->cluster->numSlots++;
    barrier.line = in.line;
    warp.cta->mbarriers[place.offset] = std::move(barrier);
  }
  ++warp.cta->cluster->progress;
  return Step::Next;
}

static Step runInvalidate(Warp &warp, const Instr &in, uint32_t mask) {
  for (uint32_t rest = mask; rest; rest &= rest - 1) {
    unsigned lane = llvm::countr_zero(rest);
    FoundMBarrier found = findMBarrier(warp, in, lane, in.space, warp.addressOf(in, lane), true);
    if (!found.barrier)
      return Step::Failed;
    found.cta->mbarriers.erase(found.offset);
  }
  return Step::Next;
}

static constexpr uint32_t kHasState = 1, kHasCount = 2, kExpects = 4, kDrops = 8, kNoArrival = 16,
                          kCompletes = 32;

static Step runArrive(Warp &warp, const Instr &in, uint32_t mask) {
  for (uint32_t rest = mask; rest; rest &= rest - 1) {
    unsigned lane = llvm::countr_zero(rest);
    FoundMBarrier found = findMBarrier(warp, in, lane, in.space, warp.addressOf(in, lane), true);
    if (!found.barrier)
      return Step::Failed;
    MBarrier &barrier = *found.barrier;
    uint32_t operand =
        in.flags & (kHasCount | kExpects | kCompletes) ? warp.row<uint32_t>(in.src[1])[lane] : 1;
    uint32_t count = in.flags & kNoArrival ? 0 : in.flags & kExpects ? 1 : operand;
    int64_t transactions = in.flags & kExpects     ? int64_t(operand)
                           : in.flags & kCompletes ? -int64_t(operand)
                                                   : 0;
    if (in.flags & kHasState)
      warp.row<uint64_t>(in.dst)[lane] = barrier.phase;
    if (count)
      barrier.gathered.join(warp.knowledge);
    if (in.flags & kDrops)
      barrier.expected -= std::min(barrier.expected, count);
    if (!arriveAt(warp, in, lane, barrier, count, transactions))
      return Step::Failed;
  }
  warp.tick();
  return Step::Next;
}

static constexpr uint32_t kParity = 1, kMayWait = 2;

static Step runWait(Warp &warp, const Instr &in, uint32_t mask) {
  uint32_t ready = 0;
  for (uint32_t rest = mask; rest; rest &= rest - 1) {
    unsigned lane = llvm::countr_zero(rest);
    FoundMBarrier found = findMBarrier(warp, in, lane, in.space, warp.addressOf(in, lane), false);
    if (!found.barrier)
      return Step::Failed;
    if (found.cta != warp.cta)
      return warp.fail(in, lane, "only a block's own mbarrier can be waited for");
    uint64_t phase = found.barrier->phase;
    bool isReady = in.flags & kParity ? (phase & 1) != (warp.row<uint32_t>(in.src[1])[lane] & 1)
                                      : phase != warp.row<uint64_t>(in.src[1])[lane];
    if (!isReady)
      continue;
    ready |= uint32_t(1) << lane;
    warp.knowledge.join(found.barrier->released);
  }
  // try_wait may give up, so that now and then it does; else the warp sleeps here.
  if (ready != mask && (in.flags & kMayWait) && (warp.fragment().waitState || !warp.launch->chance(8))) {
    warp.fragment().waitState = 3;
    return Step::Wait;
  }
  warp.mask(in.dst) = (warp.mask(in.dst) & ~mask) | ready;
  return Step::Next;
}

static Step runPendingCount(Warp &warp, const Instr &in, uint32_t mask) {
  return warp.fail(in, llvm::countr_zero(mask), "mbarrier.pending_count is not supported");
}

static void decodeArrive(Decode &d, bool drops) {
  uint32_t flags = drops ? kDrops : 0;
  if (d.take("expect_tx"))
    flags |= kExpects;
  d.take("noComplete");
  takeOrder(d);
  d.in.space = d.takeSpace(Space::Generic);
  d.take("b64");
  if (!d.expectOperands(1, 3))
    return;
  bool hasState = d.operand(0).kind != Operand::Kind::Address;
  size_t at = hasState ? 1 : 0;
  if (hasState && d.operand(0).kind != Operand::Kind::Sink) {
    d.setDest(0, Type::B64);
    flags |= kHasState;
  }
  if (at >= d.numOperands())
    return d.fail("'" + d.statement.opcode + "' needs an address");
  d.setAddress(0, d.operand(at));
  if (at + 1 < d.numOperands()) {
    d.setSource(1, at + 1, Type::B32);
    flags |= kHasCount;
  } else if (flags & kExpects) {
    return d.fail("'" + d.statement.opcode + "' needs a number of bytes");
  }
  d.in.flags = flags;
  d.in.run = &runArrive;
}

static void decodeMBarrier(Decode &d) {
  d.frame.kernel.needsClocks = true;
  if (d.take("init")) {
    d.in.space = d.takeSpace(Space::Generic);
    d.take("b64");
    if (!d.expectOperands(2))
      return;
    d.setAddress(0, d.operand(0));
    d.setSource(1, 1, Type::B32);
    d.in.run = &runInit;
  } else if (d.take("inval")) {
    d.in.space = d.takeSpace(Space::Generic);
    d.take("b64");
    if (!d.expectOperands(1))
      return;
    d.setAddress(0, d.operand(0));
    d.in.run = &runInvalidate;
  } else if (d.take("arrive")) {
    decodeArrive(d, false);
  } else if (d.take("arrive_drop")) {
    decodeArrive(d, true);
  } else if (int kind = d.takeOneOf({"expect_tx", "complete_tx"}); kind >= 0) {
    takeOrder(d);
    d.in.space = d.takeSpace(Space::Generic);
    d.take("b64");
    if (!d.expectOperands(2))
      return;
    d.setAddress(0, d.operand(0));
    d.setSource(1, 1, Type::B32);
    d.in.flags = kNoArrival | (kind == 0 ? kExpects : kCompletes);
    d.in.run = &runArrive;
  } else if (int kind = d.takeOneOf({"test_wait", "try_wait"}); kind >= 0) {
    d.in.flags = (kind == 1 ? kMayWait : 0) | (d.take("parity") ? kParity : 0);
    takeOrder(d);
    d.in.space = d.takeSpace(Space::Generic);
    d.take("b64");
    if (!d.expectOperands(3, 4))
      return;
    d.setDest(0, Type::Pred);
    d.setAddress(0, d.operand(1));
    d.setSource(1, 2, d.in.flags & kParity ? Type::B32 : Type::B64);
    d.in.run = &runWait;
  } else if (d.take("pending_count")) {
    d.take("b64");
    d.in.run = &runPendingCount;
  } else {
    d.fail("'" + d.statement.opcode + "' is not known");
  }
}

DecodeFunction tgc::ptx::mbarrierDecoderOf(StringRef opcode) {
  return opcode == "mbarrier" ? decodeMBarrier : nullptr;
}
