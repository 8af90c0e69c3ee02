//===- Atomics.cpp - atom and red ---------------------------------------------===//
#include "tools/ptx/Floats.h"
#include "tools/ptx/ops/Families.h"
#include "tools/ptx/ops/FloatMath.h"
#include "tools/ptx/ops/Lanes.h"
#include "tools/ptx/ops/MemoryOrder.h"
#include <type_traits>

using namespace tgc::ptx;
using llvm::StringRef;

static constexpr StringRef kOps[] = {"add", "min", "max", "and", "or", "xor", "exch", "cas", "inc", "dec"};
enum Op : unsigned { Add, Min, Max, And, Or, Xor, Exch, Cas, Inc, Dec };
static constexpr uint32_t kOpMask = 15, kHasResult = 16;

template <typename T> static T updated(unsigned op, T old, T b, T c) {
  if (op == Add) {
    if constexpr (std::is_floating_point_v<T>)
      return canonical(old + b);
    else
      return T(std::make_unsigned_t<T>(old) + std::make_unsigned_t<T>(b));
  }
  if (op == Min)
    return old < b ? old : b;
  if (op == Max)
    return old > b ? old : b;
  if (op == Exch)
    return b;
  if (op == Cas)
    return old == b ? c : old;
  if constexpr (std::is_integral_v<T>)
    switch (op) {
    case And:
      return old & b;
    case Or:
      return old | b;
    case Xor:
      return old ^ b;
    case Inc:
      return old >= b ? 0 : old + 1;
    case Dec:
      return old == 0 || old > b ? b : old - 1;
    }
  return old;
}

/// Sums of halves, alone or in pairs.
template <typename Word, bool IsBF> static Word addHalves(Word old, Word b) {
  Word result = 0;
  for (unsigned shift = 0; shift < 8 * sizeof(Word); shift += 16) {
    uint16_t x = uint16_t(old >> shift), y = uint16_t(b >> shift);
    uint16_t sum =
        IsBF ? doubleToBF16(roundTo(addToOdd(bf16ToDouble(x), bf16ToDouble(y)), kBF16, Rounding::Nearest))
             : doubleToF16(roundTo(addToOdd(f16ToDouble(x), f16ToDouble(y)), kF16, Rounding::Nearest));
    result |= Word(sum) << shift;
  }
  return result;
}

/// Lanes take their turns in an order that no program may rely on.
template <typename T, typename Update>
static Step runAtomic(Warp &warp, const Instr &in, uint32_t mask, Update update) {
  Launch &launch = *warp.launch;
  Access access{launch.eventOf(warp, in, Event::Atomic), 0, &warp.knowledge};
  unsigned first = launch.draw(kWarpSize);
  for (unsigned i = 0; i < kWarpSize; ++i) {
    unsigned lane = (first + i) % kWarpSize;
    if (!(mask >> lane & 1))
      continue;
    Place place;
    if (!launch.locate(warp, in, lane, in.space, warp.addressOf(in, lane), sizeof(T), sizeof(T), Use::Atomic,
                       place))
      return Step::Failed;
    access.lane = lane;
    acquire(warp, place, in.flags & kAcquire);
    if (!launch.noteWrite(warp, in, lane, place, sizeof(T), access))
      return Step::Failed;
    T old;
    std::memcpy(&old, place.bytes, sizeof(T));
    T value = update(old, warp.row<T>(in.src[1])[lane], warp.row<T>(in.src[2])[lane]);
    std::memcpy(place.bytes, &value, sizeof(T));
    if (in.flags & kHasResult)
      warp.row<T>(in.dst)[lane] = old;
    release(warp, place, in.flags & kRelease);
  }
  if (in.flags & kRelease)
    warp.tick();
  ++warp.cta->cluster->progress;
  return Step::Next;
}

template <typename T> static Step runPlain(Warp &warp, const Instr &in, uint32_t mask) {
  unsigned op = in.flags & kOpMask;
  return runAtomic<T>(warp, in, mask, [op](T old, T b, T c) { return updated(op, old, b, c); });
}

template <typename Word, bool IsBF> static Step runHalves(Warp &warp, const Instr &in, uint32_t mask) {
  return runAtomic<Word>(warp, in, mask,
                         [](Word old, Word b, Word) { return addHalves<Word, IsBF>(old, b); });
}

static Handler handlerOf(Type type, unsigned op) {
  switch (type) {
  case Type::B16:
    return op == Cas || op == Exch ? &runPlain<uint16_t> : nullptr;
  case Type::B32:
  case Type::U32:
    return &runPlain<uint32_t>;
  case Type::B64:
  case Type::U64:
    return &runPlain<uint64_t>;
  case Type::S32:
    return &runPlain<int32_t>;
  case Type::S64:
    return &runPlain<int64_t>;
  case Type::F32:
    return op == Add ? &runPlain<float> : nullptr;
  case Type::F64:
    return op == Add ? &runPlain<double> : nullptr;
  case Type::F16:
    return op == Add ? &runHalves<uint16_t, false> : nullptr;
  case Type::BF16:
    return op == Add ? &runHalves<uint16_t, true> : nullptr;
  case Type::F16x2:
    return op == Add ? &runHalves<uint32_t, false> : nullptr;
  case Type::BF16x2:
    return op == Add ? &runHalves<uint32_t, true> : nullptr;
  default:
    return nullptr;
  }
}

static void decodeAtomic(Decode &d) {
  bool hasResult = d.in.opcode == "atom";
  uint32_t flags = takeOrder(d);
  d.in.space = d.takeSpace(Space::Generic);
  d.take("noftz");
  d.takeHints();
  int op = d.takeOneOf(kOps);
  if (op < 0)
    return d.fail("'" + d.statement.opcode + "' names no operation");
  Type type = d.needType();
  size_t n = (hasResult ? 1 : 0) + (op == Cas ? 3 : 2);
  if (!d.expectOperands(n))
    return;
  size_t at = hasResult ? 1 : 0;
  if (hasResult)
    d.setDest(0, type);
  d.setAddress(0, d.operand(at));
  d.setSource(1, at + 1, type);
  d.in.src[2] = d.in.src[1];
  if (op == Cas)
    d.setSource(2, at + 2, type);
  d.in.flags = flags | op | (hasResult ? kHasResult : 0);
  d.in.run = handlerOf(type, op);
}

DecodeFunction tgc::ptx::atomicDecoderOf(StringRef opcode) {
  return opcode == "atom" || opcode == "red" ? decodeAtomic : nullptr;
}
