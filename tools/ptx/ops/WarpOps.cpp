//===- WarpOps.cpp - Shuffles, votes, matches, reductions of a warp -----------===//
#include "tools/ptx/ops/Collective.h"
#include "tools/ptx/ops/Families.h"

using namespace tgc::ptx;
using llvm::StringRef;

enum Shuffle : uint32_t { Up, Down, Butterfly, Index };

/// What a lane gets from one that takes no part.
static constexpr uint32_t kGarbage = 0xDEADBEEF;

static Step runShuffle(Warp &warp, const Instr &in, uint32_t mask) {
  uint32_t members;
  if (!readMembers(warp, in, mask, in.src[3], members))
    return Step::Failed;
  return runTogether(warp, in, mask, members, false, [&](uint32_t all) {
    const uint32_t *a = warp.row<uint32_t>(in.src[0]), *b = warp.row<uint32_t>(in.src[1]),
                   *c = warp.row<uint32_t>(in.src[2]);
    uint32_t values[kWarpSize], valid = 0;
    forEachLane(all, [&](unsigned lane) {
      uint32_t segment = c[lane] >> 8 & 31, clamp = c[lane] & 31, offset = b[lane] & 31;
      uint32_t highest = (lane & segment) | (clamp & ~segment), lowest = lane & segment;
      int from = 0;
      bool ok = true;
      switch (in.flags) {
      case Up:
        from = int(lane) - int(offset);
        ok = from >= int(highest);
        break;
      case Down:
        from = lane + offset;
        ok = from <= int(highest);
        break;
      case Butterfly:
        from = lane ^ offset;
        ok = from <= int(highest);
        break;
      case Index:
        from = lowest | (offset & ~segment);
        ok = from <= int(highest);
        break;
      }
      if (!ok)
        from = lane;
      valid |= uint32_t(ok) << lane;
      values[lane] = all >> from & 1 ? a[from] : kGarbage;
    });
    forEachLane(all, [&](unsigned lane) { warp.row<uint32_t>(in.dst)[lane] = values[lane]; });
    if (in.dst2 != kSinkRow)
      warp.mask(in.dst2) = (warp.mask(in.dst2) & ~all) | valid;
    return Step::Next;
  });
}

static void setPair(Decode &d, Type first) {
  const Operand &to = d.operand(0);
  if (to.kind == Operand::Kind::Pair) {
    d.in.dst = d.dest(to.parts[0], first);
    d.in.dst2 = d.dest(to.parts[1], Type::Pred);
  } else {
    d.setDest(0, first);
  }
}

static void decodeShuffle(Decode &d) {
  if (!d.take("sync"))
    return d.fail("'" + d.statement.opcode + "': only shfl.sync is there since sm_70");
  int how = d.takeOneOf({"up", "down", "bfly", "idx"});
  d.needType();
  if (how < 0)
    return d.fail("'" + d.statement.opcode + "' names no direction");
  if (!d.expectOperands(5))
    return;
  setPair(d, Type::B32);
  for (unsigned i = 0; i < 4; ++i)
    d.setSource(i, i + 1, Type::B32);
  d.in.flags = how;
  d.in.run = &runShuffle;
}

enum Vote : uint32_t { All, Any, Uniform, Ballot };

static Step runVote(Warp &warp, const Instr &in, uint32_t mask) {
  uint32_t members;
  if (!readMembers(warp, in, mask, in.src[1], members))
    return Step::Failed;
  return runTogether(warp, in, mask, members, false, [&](uint32_t all) {
    uint32_t votes = warp.mask(in.src[0]);
    if (in.detail)
      votes = ~votes;
    votes &= all;
    if (in.flags == Ballot) {
      forEachLane(all, [&](unsigned lane) { warp.row<uint32_t>(in.dst)[lane] = votes; });
      return Step::Next;
    }
    bool result = in.flags == All ? votes == all : in.flags == Any ? votes != 0 : votes == all || !votes;
    warp.mask(in.dst) = (warp.mask(in.dst) & ~all) | (result ? all : 0);
    return Step::Next;
  });
}

static void decodeVote(Decode &d) {
  if (!d.take("sync"))
    return d.fail("'" + d.statement.opcode + "': only vote.sync is there since sm_70");
  int how = d.takeOneOf({"all", "any", "uni", "ballot"});
  d.takeType();
  if (how < 0)
    return d.fail("'" + d.statement.opcode + "' names no vote");
  if (!d.expectOperands(3))
    return;
  d.setDest(0, how == Ballot ? Type::B32 : Type::Pred);
  d.setSource(0, 1, Type::Pred);
  d.in.detail = d.operand(1).isNegated;
  d.setSource(1, 2, Type::B32);
  d.in.flags = how;
  d.in.run = &runVote;
}

template <typename T> static Step runMatch(Warp &warp, const Instr &in, uint32_t mask) {
  uint32_t members;
  if (!readMembers(warp, in, mask, in.src[1], members))
    return Step::Failed;
  return runTogether(warp, in, mask, members, false, [&](uint32_t all) {
    const T *a = warp.row<T>(in.src[0]);
    uint32_t equal[kWarpSize];
    forEachLane(all, [&](unsigned lane) {
      equal[lane] = 0;
      forEachLane(all, [&](unsigned other) { equal[lane] |= uint32_t(a[other] == a[lane]) << other; });
    });
    bool isAll = in.flags, isSame = equal[llvm::countr_zero(all)] == all;
    forEachLane(all, [&](unsigned lane) {
      warp.row<uint32_t>(in.dst)[lane] = !isAll ? equal[lane] : isSame ? all : 0;
    });
    if (isAll && in.dst2 != kSinkRow)
      warp.mask(in.dst2) = (warp.mask(in.dst2) & ~all) | (isSame ? all : 0);
    return Step::Next;
  });
}

static void decodeMatch(Decode &d) {
  int how = d.takeOneOf({"any", "all"});
  Type type = d.needType();
  if (!d.take("sync") || how < 0)
    return d.fail("'match' needs .any or .all, and .sync");
  if (!d.expectOperands(3))
    return;
  setPair(d, Type::B32);
  d.setSource(0, 1, type);
  d.setSource(1, 2, Type::B32);
  d.in.flags = how;
  d.in.run = sizeOf(type) == 8 ? &runMatch<uint64_t> : sizeOf(type) == 4 ? &runMatch<uint32_t> : nullptr;
}

enum Reduction : uint32_t { Add, Min, Max, And, Or, Xor };

template <typename T> static Step runReduction(Warp &warp, const Instr &in, uint32_t mask) {
  uint32_t members;
  if (!readMembers(warp, in, mask, in.src[1], members))
    return Step::Failed;
  return runTogether(warp, in, mask, members, false, [&](uint32_t all) {
    const T *a = warp.row<T>(in.src[0]);
    T result = a[llvm::countr_zero(all)];
    forEachLane(all & (all - 1), [&](unsigned lane) {
      switch (in.flags) {
      case Add:
        result = T(uint32_t(result) + uint32_t(a[lane]));
        break;
      case Min:
        result = std::min(result, a[lane]);
        break;
      case Max:
        result = std::max(result, a[lane]);
        break;
      case And:
        result = T(uint32_t(result) & uint32_t(a[lane]));
        break;
      case Or:
        result = T(uint32_t(result) | uint32_t(a[lane]));
        break;
      default:
        result = T(uint32_t(result) ^ uint32_t(a[lane]));
      }
    });
    forEachLane(all, [&](unsigned lane) { warp.row<T>(in.dst)[lane] = result; });
    return Step::Next;
  });
}

static void decodeReduction(Decode &d) {
  int how = d.takeOneOf({"add", "min", "max", "and", "or", "xor"});
  Type type = d.needType();
  if (!d.take("sync") || how < 0 || sizeOf(type) != 4 || isFloat(type))
    return d.fail("'" + d.statement.opcode + "' is no redux.sync of 32-bit integers");
  if (!d.setOperands(type, {type, Type::B32}))
    return;
  d.in.flags = how;
  d.in.run = isSigned(type) ? &runReduction<int32_t> : &runReduction<uint32_t>;
}

static Step runActiveMask(Warp &warp, const Instr &in, uint32_t mask) {
  forEachLane(mask, [&](unsigned lane) { warp.row<uint32_t>(in.dst)[lane] = mask; });
  return Step::Next;
}

static void decodeActiveMask(Decode &d) {
  d.needType();
  if (!d.expectOperands(1))
    return;
  d.setDest(0, Type::B32);
  d.in.run = &runActiveMask;
}

/// elect.sync: which lane is chosen is the device's business; here chance decides.
static Step runElect(Warp &warp, const Instr &in, uint32_t mask) {
  uint32_t members;
  if (!readMembers(warp, in, mask, in.src[0], members))
    return Step::Failed;
  return runTogether(warp, in, mask, members, false, [&](uint32_t all) {
    uint32_t chosen = all;
    for (unsigned skip = warp.cta->cluster->number % llvm::popcount(all); skip; --skip)
      chosen &= chosen - 1;
    unsigned leader = llvm::countr_zero(chosen);
    forEachLane(all, [&](unsigned lane) { warp.row<uint32_t>(in.dst)[lane] = leader; });
    warp.mask(in.dst2) = (warp.mask(in.dst2) & ~all) | uint32_t(1) << leader;
    return Step::Next;
  });
}

static void decodeElect(Decode &d) {
  if (!d.take("sync"))
    return d.fail("'elect' needs .sync");
  if (!d.expectOperands(2))
    return;
  if (d.operand(0).kind != Operand::Kind::Pair)
    return d.fail("'elect.sync' needs two results, a|p");
  setPair(d, Type::B32);
  d.setSource(0, 1, Type::B32);
  d.in.run = &runElect;
}

DecodeFunction tgc::ptx::warpDecoderOf(StringRef opcode) {
  return llvm::StringSwitch<DecodeFunction>(opcode)
      .Case("shfl", decodeShuffle)
      .Case("vote", decodeVote)
      .Case("match", decodeMatch)
      .Case("redux", decodeReduction)
      .Case("activemask", decodeActiveMask)
      .Case("elect", decodeElect)
      .Default(nullptr);
}
