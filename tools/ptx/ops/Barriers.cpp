//===- Barriers.cpp - bar, barrier, barrier.cluster and fences ----------------===//
#include "tools/ptx/ops/Collective.h"
#include "tools/ptx/ops/Families.h"
#include "tools/ptx/ops/MemoryOrder.h"

using namespace tgc::ptx;
using llvm::StringRef;

enum Kind : uint32_t { Sync, Arrive, Reduce };
static constexpr uint32_t kKindMask = 3, kAligned = 4, kHasCount = 8;
static constexpr unsigned kReductionShift = 4; ///< popc, and, or
/// Of a fragment that has arrived and waits for the others.
static constexpr uint32_t kWaitsForBarrier = 2;

/// Lanes count as the hardware counts them: a warp that comes whole counts 32, though its block ends inside
/// it.
static uint32_t threadsOf(const Warp &warp, uint32_t mask) {
  return mask == warp.initial ? kWarpSize : llvm::popcount(mask);
}

static void complete(Barrier &barrier) {
  barrier.released = std::move(barrier.gathered);
  barrier.gathered = {};
  barrier.arrived = barrier.expected = 0;
  ++barrier.generation;
  barrier.reductionResult = barrier.reduction;
  barrier.hasReduction = false;
}

static Step leave(Warp &warp, const Instr &in, uint32_t mask, const Barrier &barrier) {
  warp.knowledge.join(barrier.released);
  ++warp.epoch;
  if ((in.flags & kKindMask) == Reduce) {
    unsigned how = in.flags >> kReductionShift & 3;
    if (how == 0)
      forEachLane(mask, [&](unsigned lane) { warp.row<uint32_t>(in.dst)[lane] = barrier.reductionResult; });
    else
      warp.mask(in.dst) = (warp.mask(in.dst) & ~mask) | (barrier.reductionResult ? mask : 0);
  }
  return Step::Next;
}

static Step runBarrier(Warp &warp, const Instr &in, uint32_t mask) {
  Cta &cta = *warp.cta;
  Fragment &at = warp.fragment();
  unsigned first = llvm::countr_zero(mask);
  uint32_t number = warp.row<uint32_t>(in.src[0])[first];
  if (number >= cta.barriers.size())
    return warp.fail(in, first, "barrier " + llvm::Twine(number) + " does not exist, a block has 16");
  Barrier &barrier = cta.barriers[number];
  if (at.waitState == kWaitsForBarrier)
    return barrier.generation == at.waitValue ? Step::Wait : leave(warp, in, mask, barrier);
  if ((in.flags & kAligned) && mask != warp.initial)
    return warp.fail(in, -1,
                     llvm::Twine("an aligned barrier in divergent code: ") +
                         (mask == warp.live ? "other lanes of the warp have ended"
                                            : "other lanes of the warp are elsewhere"));
  uint32_t threads = cta.warps.size() * kWarpSize;
  if (in.flags & kHasCount) {
    threads = warp.row<uint32_t>(in.src[1])[first];
    if (!threads || threads % kWarpSize || threads > cta.warps.size() * kWarpSize)
      return warp.fail(in, first,
                       "a barrier of " + llvm::Twine(threads) + " threads in a block of " +
                           llvm::Twine(warp.launch->config.block.count()));
  }
  if (barrier.expected && barrier.expected != threads)
    return warp.fail(in, first,
                     "barrier " + llvm::Twine(number) + " was begun with " + llvm::Twine(barrier.expected) +
                         " threads, here it has " + llvm::Twine(threads));
  if ((in.flags & kKindMask) == Reduce) {
    uint32_t votes = warp.mask(in.src[2]);
    if (in.detail)
      votes = ~votes;
    votes &= mask;
    unsigned how = in.flags >> kReductionShift & 3;
    uint32_t value = how == 0 ? llvm::popcount(votes) : how == 1 ? votes == mask : votes != 0;
    if (!barrier.hasReduction)
      barrier.reduction = value;
    else
      barrier.reduction = how == 0   ? barrier.reduction + value
                          : how == 1 ? barrier.reduction & value
                                     : barrier.reduction | value;
    barrier.hasReduction = true;
  }
  barrier.expected = threads;
  barrier.arrived += threadsOf(warp, mask);
  barrier.gathered.join(warp.knowledge);
  warp.tick();
  ++cta.cluster->progress;
  uint32_t generation = barrier.generation;
  if (barrier.arrived > threads)
    return warp.fail(in, first,
                     "more than " + llvm::Twine(threads) + " threads have come to barrier " +
                         llvm::Twine(number));
  bool isLast = barrier.arrived == threads;
  if (isLast) {
    complete(barrier);
    if (threads == cta.warps.size() * kWarpSize)
      cta.phase = warp.launch->nextPhase();
  }
  if ((in.flags & kKindMask) == Arrive)
    return Step::Next;
  if (isLast)
    return leave(warp, in, mask, barrier);
  at.waitState = kWaitsForBarrier;
  at.waitValue = generation;
  return Step::Wait;
}

static Step runClusterBarrier(Warp &warp, const Instr &in, uint32_t mask) {
  Cluster &cluster = *warp.cta->cluster;
  Barrier &barrier = cluster.barrier;
  Fragment &at = warp.fragment();
  bool isArrive = (in.flags & kKindMask) == Arrive;
  if (isArrive) {
    barrier.gathered.join(warp.knowledge);
    warp.tick();
    warp.clusterGeneration = barrier.generation;
    barrier.arrived += threadsOf(warp, mask);
    ++cluster.progress;
    if (barrier.arrived == cluster.ctas.size() * warp.cta->warps.size() * kWarpSize)
      complete(barrier);
    return Step::Next;
  }
  if (barrier.generation == warp.clusterGeneration) {
    at.waitState = kWaitsForBarrier;
    return Step::Wait;
  }
  warp.knowledge.join(barrier.released);
  ++warp.epoch;
  return Step::Next;
}

static void decodeClusterBarrier(Decode &d) {
  int kind = d.takeOneOf({"wait", "arrive"});
  d.takeOneOf({"acquire", "release", "relaxed"});
  d.take("aligned");
  if (kind < 0)
    return d.fail("'" + d.statement.opcode + "' says neither .arrive nor .wait");
  if (!d.expectOperands(0))
    return;
  d.in.flags = kind == 1 ? Arrive : Sync;
  d.in.run = &runClusterBarrier;
}

static Step runWarpBarrier(Warp &warp, const Instr &in, uint32_t mask) {
  uint32_t members;
  if (!readMembers(warp, in, mask, in.src[0], members))
    return Step::Failed;
  return runTogether(warp, in, mask, members, true, [&](uint32_t) {
    ++warp.epoch;
    return Step::Next;
  });
}

static void decodeBarrier(Decode &d) {
  bool isBar = d.in.opcode == "bar";
  if (d.take("cluster"))
    return decodeClusterBarrier(d);
  if (d.take("warp")) {
    d.take("sync");
    if (!d.expectOperands(1))
      return;
    d.setSource(0, 0, Type::B32);
    d.in.run = &runWarpBarrier;
    return;
  }
  d.take("cta");
  int kind = d.takeOneOf({"sync", "arrive", "red"});
  int reduction = d.takeOneOf({"popc", "and", "or"});
  d.takeType();
  if (kind < 0 || (kind == Reduce) != (reduction >= 0))
    return d.fail("'" + d.statement.opcode + "' says neither .sync nor .arrive nor .red with its operation");
  size_t at = kind == Reduce ? 1 : 0;
  if (!d.expectOperands(at + 1, kind == Reduce ? 4 : 2))
    return;
  d.in.flags = kind | (d.take("aligned") || isBar ? kAligned : 0) | std::max(reduction, 0) << kReductionShift;
  d.setSource(0, at, Type::B32);
  bool hasCount = d.numOperands() == (kind == Reduce ? 4 : 2);
  if (hasCount) {
    d.setSource(1, at + 1, Type::B32);
    d.in.flags |= kHasCount;
  }
  d.frame.kernel.needsClocks |= kind == Arrive;
  if (kind == Arrive && !hasCount)
    return d.fail("'" + d.statement.opcode + "' needs the number of threads");
  if (kind == Reduce) {
    d.setDest(0, reduction == 0 ? Type::B32 : Type::Pred);
    d.setSource(2, d.numOperands() - 1, Type::Pred);
    d.in.detail = d.operand(d.numOperands() - 1).isNegated;
  }
  d.in.run = &runBarrier;
}

static constexpr uint32_t kProxy = 1;

static Step runFence(Warp &warp, const Instr &in, uint32_t) {
  if (in.flags & kProxy) {
    warp.knowledge.proxy.join(warp.knowledge.order);
    warp.tick();
    return Step::Next;
  }
  warp.knowledge.join(warp.pendingAcquire);
  warp.fenced = warp.knowledge;
  warp.tick();
  if (in.flags & kWholeDevice)
    warp.launch->races.setFenced(warp.cta->cluster->number);
  return Step::Next;
}

static void decodeFence(Decode &d) {
  if (d.in.opcode == "membar") {
    int scope = d.takeOneOf({"cta", "gl", "sys"});
    if (d.take("proxy"))
      return d.fail("'" + d.statement.opcode + "' is not supported, use fence.proxy");
    d.in.flags = scope >= 1 ? kWholeDevice : 0;
  } else if (d.take("proxy")) {
    if (d.takeOneOf({"async", "async::generic", "alias", "tensormap::generic"}) < 0)
      return d.fail("'" + d.statement.opcode + "' names no proxy that is known here");
    takeOrder(d);
    d.takeSpace(Space::Generic);
    d.in.flags = kProxy;
    // Those of tensor maps name an address and a size.
    if (d.numOperands() > 2)
      return d.fail("'" + d.statement.opcode + "' has too many operands");
  } else {
    d.take("mbarrier_init");
    d.in.flags = takeOrder(d) & kWholeDevice;
  }
  d.in.run = &runFence;
}

DecodeFunction tgc::ptx::barrierDecoderOf(StringRef opcode) {
  return llvm::StringSwitch<DecodeFunction>(opcode)
      .Cases({"bar", "barrier"}, decodeBarrier)
      .Cases({"fence", "membar"}, decodeFence)
      .Default(nullptr);
}
