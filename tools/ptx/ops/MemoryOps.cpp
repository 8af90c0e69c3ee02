//===- MemoryOps.cpp - Loads and stores ---------------------------------------===//
#include "tools/ptx/ops/Families.h"
#include "tools/ptx/ops/Lanes.h"
#include "tools/ptx/ops/MemoryOrder.h"

using namespace tgc::ptx;
using llvm::StringRef;

/// Widens an element to its register: by its sign or with zeros.
static void writeElement(Warp &warp, const Instr &in, uint32_t row, unsigned lane, const uint8_t *from) {
  uint8_t *to = warp.row<uint8_t>(row) + size_t(lane) * in.registerWidth;
  if (in.width == in.registerWidth) {
    std::memcpy(to, from, in.width);
    return;
  }
  uint64_t raw = 0;
  std::memcpy(&raw, from, in.width);
  if (isSigned(in.type)) {
    unsigned shift = 64 - 8 * in.width;
    raw = uint64_t(int64_t(raw << shift) >> shift);
  }
  std::memcpy(to, &raw, in.registerWidth);
}

static Step runLoad(Warp &warp, const Instr &in, uint32_t mask) {
  Launch &launch = *warp.launch;
  bool isStrong = in.flags & kStrong;
  unsigned size = in.width * in.count;
  Access access{launch.eventOf(warp, in, isStrong ? Event::Atomic : 0), 0, &warp.knowledge};
  const uint32_t *rows = warp.kernel->lists.data() + in.list;
  for (uint32_t rest = mask; rest; rest &= rest - 1) {
    unsigned lane = llvm::countr_zero(rest);
    Place place;
    if (!launch.locate(warp, in, lane, in.space, warp.addressOf(in, lane), size, size, Use::Read, place))
      return Step::Failed;
    access.lane = lane;
    if (isStrong)
      acquire(warp, place, in.flags & kAcquire);
    if (!launch.noteRead(warp, in, lane, place, size, access))
      return Step::Failed;
    for (unsigned i = 0; i < in.count; ++i)
      writeElement(warp, in, rows[i], lane, place.bytes + i * in.width);
  }
  return Step::Next;
}

static Step runStore(Warp &warp, const Instr &in, uint32_t mask) {
  Launch &launch = *warp.launch;
  bool isStrong = in.flags & kStrong;
  unsigned size = in.width * in.count;
  const uint32_t *rows = warp.kernel->lists.data() + in.list;
  Access access{launch.eventOf(warp, in, isStrong ? Event::Atomic : 0), 0, &warp.knowledge};
  for (uint32_t rest = mask; rest; rest &= rest - 1) {
    unsigned lane = llvm::countr_zero(rest);
    Place place;
    if (!launch.locate(warp, in, lane, in.space, warp.addressOf(in, lane), size, size, Use::Write, place))
      return Step::Failed;
    uint8_t bytes[64];
    for (unsigned i = 0; i < in.count; ++i)
      std::memcpy(bytes + i * in.width, warp.row<uint8_t>(rows[i]) + size_t(lane) * in.registerWidth,
                  in.width);
    access.lane = lane;
    if (!launch.noteWrite(warp, in, lane, place, size, access, bytes))
      return Step::Failed;
    std::memcpy(place.bytes, bytes, size);
    if (isStrong)
      release(warp, place, in.flags & kRelease);
  }
  if (in.flags & kRelease)
    warp.tick();
  ++warp.cta->cluster->progress;
  return Step::Next;
}

static void decodeAccess(Decode &d, bool isLoad) {
  d.in.flags = takeOrder(d);
  d.in.space = d.takeSpace(Space::Generic);
  bool hasPolicy = d.take("L2::cache_hint");
  d.takeHints();
  d.take("unified");
  int vector = d.takeOneOf({"v2", "v4", "v8"});
  d.in.count = vector < 0 ? 1 : 2 << vector;
  d.in.type = d.needType();
  d.in.width = sizeOf(d.in.type);
  if (!d.expectOperands(2, hasPolicy ? 3 : 2))
    return;
  if (d.in.width * d.in.count > 32 || d.in.type == Type::Pred)
    return d.fail("'" + d.statement.opcode + "' is too wide");
  if (d.in.space == Space::Shared)
    d.frame.kernel.sharedUnit = std::min<uint32_t>(d.frame.kernel.sharedUnit, d.in.width * d.in.count);
  const Operand &value = d.operand(isLoad ? 0 : 1);
  d.setAddress(0, d.operand(isLoad ? 1 : 0));
  d.in.list = d.frame.kernel.lists.size();
  d.in.listSize = d.rowsOf(value, d.in.type, isLoad, true);
  d.in.flags |= isLoad ? kListIsWritten : 0;
  if (d.in.listSize != d.in.count)
    return d.fail("'" + d.statement.opcode + "' needs " + llvm::Twine(unsigned(d.in.count)) +
                  " registers, got " + llvm::Twine(d.in.listSize));
  d.in.registerWidth = 0;
  auto note = [&](const Operand &part) {
    unsigned width = d.widthOf(part)                    ? d.widthOf(part)
                     : part.kind == Operand::Kind::Sink ? 0
                                                        : std::max<unsigned>(d.in.width, 4);
    if (width && d.in.registerWidth && width != d.in.registerWidth)
      d.fail("the registers of '" + d.statement.opcode + "' differ in width");
    if (width)
      d.in.registerWidth = width;
  };
  if (value.kind == Operand::Kind::Vector)
    for (const Operand &part : value.parts)
      note(part);
  else
    note(value);
  if (!d.in.registerWidth)
    d.in.registerWidth = d.in.width;
  d.in.run = isLoad ? &runLoad : &runStore;
}

static Step runNothing(Warp &, const Instr &, uint32_t) { return Step::Next; }

/// Prefetches and hints: their operands are not looked at.
static void decodeHint(Decode &d) {
  while (!d.peekModifier().empty())
    d.dropModifier();
  d.in.run = &runNothing;
}

/// A cache policy is a number that only hints take.
static void decodePolicy(Decode &d) {
  while (!d.peekModifier().empty())
    d.dropModifier();
  if (!d.expectOperands(1, 8))
    return;
  d.setDest(0, Type::B64);
  d.in.src[0] = d.frame.constantRow(8, 0);
  d.in.run = lanes<[](uint64_t a) { return a; }>();
}

DecodeFunction tgc::ptx::memoryDecoderOf(StringRef opcode) {
  return llvm::StringSwitch<DecodeFunction>(opcode)
      .Cases({"ld", "ldu"}, [](Decode &d) { decodeAccess(d, true); })
      .Case("st", [](Decode &d) { decodeAccess(d, false); })
      .Cases({"prefetch", "prefetchu", "applypriority", "discard"}, decodeHint)
      .Case("createpolicy", decodePolicy)
      .Default(nullptr);
}
