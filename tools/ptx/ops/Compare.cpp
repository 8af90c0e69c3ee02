//===- Compare.cpp - set and setp ---------------------------------------------===//
#include "tools/ptx/Floats.h"
#include "tools/ptx/ops/Families.h"
#include "tools/ptx/ops/Lanes.h"

using namespace tgc::ptx;
using llvm::StringRef;

static constexpr StringRef kComparisons[] = {"eq", "ne",  "lt",  "le",  "gt",  "ge",  "lo",  "ls",  "hi",
                                             "hs", "equ", "neu", "ltu", "leu", "gtu", "geu", "num", "nan"};
static constexpr uint32_t kFlush = 1 << 8, kNegated = 1 << 9;
static constexpr unsigned kCombineShift = 12;

template <typename T> static bool compare(unsigned what, T a, T b) {
  bool unordered = a != a || b != b;
  switch (what) {
  case 0:
    return a == b;
  case 1:
    return a != b && !unordered;
  case 2:
  case 6:
    return a < b;
  case 3:
  case 7:
    return a <= b;
  case 4:
  case 8:
    return a > b;
  case 5:
  case 9:
    return a >= b;
  case 10:
    return unordered || a == b;
  case 11:
    return unordered || a != b;
  case 12:
    return unordered || a < b;
  case 13:
    return unordered || a <= b;
  case 14:
    return unordered || a > b;
  case 15:
    return unordered || a >= b;
  case 16:
    return !unordered;
  default:
    return unordered;
  }
}

/// The lanes where the comparison holds.
template <typename T, typename Read> static uint32_t compareLanes(Warp &warp, const Instr &in, Read read) {
  uint32_t result = 0;
  unsigned what = in.flags & 0xFF;
  const T *a = warp.row<T>(in.src[0]), *b = warp.row<T>(in.src[1]);
  for (unsigned lane = 0; lane < kWarpSize; ++lane)
    result |= uint32_t(compare(what, read(a[lane]), read(b[lane]))) << lane;
  return result;
}

static uint32_t compareTyped(Warp &warp, const Instr &in) {
  auto same = [](auto value) { return value; };
  switch (in.type) {
  case Type::B16:
  case Type::U16:
    return compareLanes<uint16_t>(warp, in, same);
  case Type::S16:
    return compareLanes<int16_t>(warp, in, same);
  case Type::B32:
  case Type::U32:
    return compareLanes<uint32_t>(warp, in, same);
  case Type::S32:
    return compareLanes<int32_t>(warp, in, same);
  case Type::B64:
  case Type::U64:
    return compareLanes<uint64_t>(warp, in, same);
  case Type::S64:
    return compareLanes<int64_t>(warp, in, same);
  case Type::F32:
    if (in.flags & kFlush)
      return compareLanes<float>(warp, in, [](float value) { return flush(value); });
    return compareLanes<float>(warp, in, same);
  case Type::F64:
    return compareLanes<double>(warp, in, same);
  case Type::F16:
    return compareLanes<uint16_t>(warp, in, f16ToDouble);
  case Type::BF16:
    return compareLanes<uint16_t>(warp, in, bf16ToDouble);
  default:
    return 0;
  }
}

static uint32_t combine(Warp &warp, const Instr &in, uint32_t value) {
  unsigned how = in.flags >> kCombineShift & 3;
  if (!how)
    return value;
  uint32_t other = warp.mask(in.src[2]);
  if (in.flags & kNegated)
    other = ~other;
  return how == 1 ? value & other : how == 2 ? value | other : value ^ other;
}

static void writeMask(Warp &warp, uint32_t row, uint32_t value, uint32_t mask) {
  warp.mask(row) = (warp.mask(row) & ~mask) | (value & mask);
}

static Step runSetp(Warp &warp, const Instr &in, uint32_t mask) {
  uint32_t value = compareTyped(warp, in), first = combine(warp, in, value),
           second = combine(warp, in, ~value);
  writeMask(warp, in.dst, first, mask);
  if (in.dst2 != kSinkRow)
    writeMask(warp, in.dst2, second, mask);
  return Step::Next;
}

/// Pairs of f16 or bf16: the low half gives the first predicate, the high half the second.
static Step runSetpPair(Warp &warp, const Instr &in, uint32_t mask) {
  uint32_t low = 0, high = 0;
  auto read = in.type == Type::F16x2 ? f16ToDouble : bf16ToDouble;
  forEachLane(mask, [&](unsigned lane) {
    uint32_t a = warp.row<uint32_t>(in.src[0])[lane], b = warp.row<uint32_t>(in.src[1])[lane];
    low |= uint32_t(compare(in.flags & 0xFF, read(uint16_t(a)), read(uint16_t(b)))) << lane;
    high |= uint32_t(compare(in.flags & 0xFF, read(uint16_t(a >> 16)), read(uint16_t(b >> 16)))) << lane;
  });
  writeMask(warp, in.dst, combine(warp, in, low), mask);
  writeMask(warp, in.dst2, combine(warp, in, high), mask);
  return Step::Next;
}

/// set: all ones or zero, or 1.0 or 0.0.
static Step runSet(Warp &warp, const Instr &in, uint32_t mask) {
  uint32_t value = combine(warp, in, compareTyped(warp, in));
  uint32_t isTrue = Type(in.detail) == Type::F32 ? toBits(1.0f) : ~uint32_t(0);
  forEachLane(mask, [&](unsigned lane) {
    if (in.registerWidth == 2)
      warp.row<uint16_t>(in.dst)[lane] = value >> lane & 1 ? (Type(in.detail) == Type::F16    ? 0x3C00
                                                              : Type(in.detail) == Type::BF16 ? 0x3F80
                                                                                              : 0xFFFF)
                                                           : 0;
    else
      warp.row<uint32_t>(in.dst)[lane] = value >> lane & 1 ? isTrue : 0;
  });
  return Step::Next;
}

static void decodeSetp(Decode &d) {
  bool isSet = d.in.opcode == "set";
  int what = d.takeOneOf(kComparisons);
  if (what < 0)
    return d.fail("'" + d.statement.opcode + "' names no comparison");
  uint32_t how = 1 + d.takeOneOf({"and", "or", "xor"});
  d.in.flags = what | how << kCombineShift | (d.take("ftz") ? kFlush : 0);
  Type result = isSet ? d.needType() : Type::Pred;
  d.in.type = d.needType();
  if (!d.expectOperands(how ? 4 : 3))
    return;
  const Operand &to = d.operand(0);
  bool isPair = d.in.type == Type::F16x2 || d.in.type == Type::BF16x2;
  if (to.kind == Operand::Kind::Pair && !isSet) {
    d.in.dst = d.dest(to.parts[0], result);
    d.in.dst2 = d.dest(to.parts[1], result);
  } else if (isPair) {
    return d.fail("'" + d.statement.opcode + "' needs two predicates, a|b");
  } else {
    d.setDest(0, result);
  }
  d.setSource(0, 1, d.in.type);
  d.setSource(1, 2, d.in.type);
  if (how) {
    d.setSource(2, 3, Type::Pred);
    d.in.flags |= d.operand(3).isNegated ? kNegated : 0;
  }
  d.in.detail = uint32_t(result);
  d.in.registerWidth = sizeOf(result);
  if (sizeOf(d.in.type) < 2 || d.in.type == Type::TF32 || (isSet && sizeOf(result) > 4))
    return;
  d.in.run = isSet ? &runSet : isPair ? &runSetpPair : &runSetp;
}

DecodeFunction tgc::ptx::compareDecoderOf(StringRef opcode) {
  return opcode == "setp" || opcode == "set" ? decodeSetp : nullptr;
}
