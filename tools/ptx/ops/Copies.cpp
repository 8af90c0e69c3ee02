//===- Copies.cpp - cp.async --------------------------------------------------===//
//
// A copy lands at once or as late as a wait allows, by chance. Its writes belong to the warp's copy engine,
// whose clock the warp learns by waiting: a read before that is a race even where the bytes have landed.
//
//===----------------------------------------------------------------------===//
#include "tools/ptx/ops/Copies.h"
#include "tools/ptx/ops/Families.h"
#include "tools/ptx/ops/Lanes.h"
#include "tools/ptx/ops/MBarriers.h"

using namespace tgc::ptx;
using llvm::StringRef;
using llvm::Twine;

static constexpr uint32_t kHasSourceSize = 1, kHasIgnore = 2;

static bool land(Warp &warp, const LaneCopy &copy) {
  Launch &launch = *warp.launch;
  const Instr &in = *copy.instr;
  Access access{copy.event, copy.lane, copy.knowledge.get()};
  uint8_t bytes[16] = {};
  Place from, to;
  if (copy.filled) {
    if (!launch.locate(warp, in, copy.lane, Space::Global, copy.source, copy.filled, 1, Use::Read, from) ||
        !launch.noteRead(warp, in, copy.lane, from, copy.filled, access))
      return false;
    std::memcpy(bytes, from.bytes, copy.filled);
  }
  if (!launch.locate(warp, in, copy.lane, Space::Shared, copy.destination, copy.size, 1, Use::Write, to) ||
      !launch.noteWrite(warp, in, copy.lane, to, copy.size, access, bytes))
    return false;
  std::memcpy(to.bytes, bytes, copy.size);
  return true;
}

static Step runCopy(Warp &warp, const Instr &in, uint32_t mask) {
  Launch &launch = *warp.launch;
  const AddressOperand *addresses = warp.kernel->addresses.data() + in.detail;
  uint32_t slot = warp.slot + 1, event = launch.engineEvent(warp, in, slot, ++warp.copyClock, 0);
  auto knowledge = std::make_shared<Knowledge>(warp.knowledge);
  uint32_t size = in.width;
  for (uint32_t rest = mask; rest; rest &= rest - 1) {
    unsigned lane = llvm::countr_zero(rest);
    LaneCopy copy{warp.addressOf(addresses[1], lane),
                  warp.addressOf(addresses[0], lane),
                  size,
                  size,
                  warp.copyGroup[lane],
                  event,
                  uint8_t(lane),
                  &in,
                  knowledge};
    if (in.flags & kHasSourceSize)
      copy.filled = std::min(warp.row<uint32_t>(in.src[0])[lane], size);
    if ((in.flags & kHasIgnore) && (warp.mask(in.src[0]) >> lane & 1))
      copy.filled = 0;
    Place place;
    if (!launch.locate(warp, in, lane, Space::Shared, copy.destination, size, size, Use::Write, place))
      return Step::Failed;
    if (copy.filled &&
        !launch.locate(warp, in, lane, Space::Global, copy.source, copy.filled, size, Use::Read, place))
      return Step::Failed;
    if (launch.chance(4)) {
      if (!land(warp, copy))
        return Step::Failed;
      copy.size = 0; // landed; its clock is learnt at the wait all the same
    }
    warp.copies.push_back(std::move(copy));
  }
  return Step::Next;
}

/// Ends the copies of `mask`'s lanes in all groups but the last `open` that are committed.
static bool finish(Warp &warp, uint32_t mask, uint32_t open, bool all) {
  std::vector<LaneCopy> left;
  uint32_t clock = 0;
  for (LaneCopy &copy : warp.copies) {
    bool isDue = (mask >> copy.lane & 1) && (all || copy.group + open < warp.copyGroup[copy.lane]);
    if (!isDue) {
      left.push_back(std::move(copy));
      continue;
    }
    if (copy.size && !land(warp, copy))
      return false;
    if (copy.event)
      clock = std::max(clock, warp.launch->races[copy.event].clock);
  }
  warp.copies = std::move(left);
  uint32_t slot = warp.slot + 1;
  if (clock > warp.knowledge.order[slot])
    warp.knowledge.order.set(slot, clock);
  ++warp.cta->cluster->progress;
  return true;
}

static Step runCommit(Warp &warp, const Instr &, uint32_t mask) {
  forEachLane(mask, [&](unsigned lane) { ++warp.copyGroup[lane]; });
  return Step::Next;
}

static Step runWait(Warp &warp, const Instr &in, uint32_t mask) {
  return finish(warp, mask, in.imm, false) ? Step::Next : Step::Failed;
}

static Step runWaitAll(Warp &warp, const Instr &, uint32_t mask) {
  return finish(warp, mask, 0, true) ? Step::Next : Step::Failed;
}

/// cp.async.mbarrier.arrive: an arrival when the copies before it have landed. Without .noinc the mbarrier
/// waits for one arrival more.
static Step runArrive(Warp &warp, const Instr &in, uint32_t mask) {
  if (!finish(warp, mask, 0, true))
    return Step::Failed;
  for (uint32_t rest = mask; rest; rest &= rest - 1) {
    unsigned lane = llvm::countr_zero(rest);
    FoundMBarrier found = findMBarrier(warp, in, lane, in.space, warp.addressOf(in, lane), true);
    if (!found.barrier)
      return Step::Failed;
    found.barrier->gathered.join(warp.knowledge);
    found.barrier->pending += in.flags ? 0 : 1;
    if (!arriveAt(warp, in, lane, *found.barrier, 1, 0))
      return Step::Failed;
  }
  warp.tick();
  return Step::Next;
}

static void decodeCopy(Decode &d) {
  d.frame.kernel.needsClocks = true;
  if (!d.take("async"))
    return d.fail("'" + d.statement.opcode + "' is not supported");
  if (d.take("bulk"))
    return decodeBulkCopy(d);
  if (d.take("commit_group")) {
    d.in.run = &runCommit;
    return;
  }
  if (d.take("wait_all")) {
    d.in.run = &runWaitAll;
    return;
  }
  if (d.take("wait_group")) {
    d.in.imm = d.needInteger(0);
    d.in.run = &runWait;
    return;
  }
  if (d.take("mbarrier")) {
    if (!d.take("arrive"))
      return d.fail("'" + d.statement.opcode + "' is not known");
    d.in.flags = d.take("noinc");
    d.in.space = d.takeSpace(Space::Generic);
    d.take("b64");
    if (!d.expectOperands(1))
      return;
    d.setAddress(0, d.operand(0));
    d.in.run = &runArrive;
    return;
  }
  bool isWide = d.takeOneOf({"ca", "cg"}) == 1, hasPolicy = d.take("L2::cache_hint");
  d.takeHints();
  if (d.takeSpace(Space::Generic) != Space::Shared || !d.take("global"))
    return d.fail("'" + d.statement.opcode + "' must be .shared.global");
  if (!d.expectOperands(3, hasPolicy ? 5 : 4))
    return;
  d.in.detail = d.addAddress(d.operand(0));
  d.addAddress(d.operand(1));
  int64_t size = d.needInteger(2);
  if (size != 16 && (isWide || (size != 4 && size != 8)))
    return d.fail("'" + d.statement.opcode + "' copies " + (isWide ? "16" : "4, 8 or 16") + " bytes, not " +
                  Twine(size));
  d.in.width = size;
  if (d.numOperands() > (hasPolicy ? 4u : 3u)) {
    const Operand &extra = d.operand(3);
    bool isPredicate =
        extra.kind == Operand::Kind::Register && d.frame.registerOf(extra.number).type == Type::Pred;
    d.setSource(0, 3, isPredicate ? Type::Pred : Type::B32);
    d.in.flags = isPredicate ? kHasIgnore : kHasSourceSize;
  }
  d.in.run = &runCopy;
}

DecodeFunction tgc::ptx::copyDecoderOf(StringRef opcode) { return opcode == "cp" ? decodeCopy : nullptr; }
