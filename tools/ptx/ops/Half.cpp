//===- Half.cpp - f16 and bf16, alone and in pairs ----------------------------===//
#include "tools/ptx/Floats.h"
#include "tools/ptx/ops/Families.h"
#include "tools/ptx/ops/FloatMath.h"
#include "tools/ptx/ops/Lanes.h"

using namespace tgc::ptx;
using llvm::StringRef;

static constexpr uint32_t kFlush = 1, kSaturate = 2, kNaNWins = 4, kRelu = 8, kXorSign = 16;
static constexpr unsigned kOpShift = 8;

namespace {
struct F16 {
  static constexpr Format format = kF16;
  static double read(uint16_t bits) { return f16ToDouble(bits); }
  static uint16_t write(double value) { return doubleToF16(value); }
};
struct BF16 {
  static constexpr Format format = kBF16;
  static double read(uint16_t bits) { return bf16ToDouble(bits); }
  static uint16_t write(double value) { return doubleToBF16(value); }
};
} // namespace

static double flushHalf(double value, bool flushes) {
  return flushes && std::fabs(value) < 0x1p-14 ? std::copysign(0.0, value) : value;
}

template <typename H> static uint16_t apply(FloatOp op, uint32_t flags, uint16_t a, uint16_t b, uint16_t c) {
  if (op == FloatOp::Neg || op == FloatOp::Abs) {
    if ((flags & kFlush) && flushHalf(H::read(a), true) == 0)
      a &= 0x8000;
    return op == FloatOp::Neg ? a ^ 0x8000 : a & 0x7FFF;
  }
  bool flushes = flags & kFlush;
  double x = flushHalf(H::read(a), flushes), y = flushHalf(H::read(b), flushes),
         z = flushHalf(H::read(c), flushes);
  double value;
  switch (op) {
  case FloatOp::Add:
    value = addToOdd(x, y);
    break;
  case FloatOp::Sub:
    value = addToOdd(x, -y);
    break;
  case FloatOp::Mul:
    value = x * y;
    break;
  case FloatOp::Fma:
    value = fmaToOdd(x, y, z);
    break;
  case FloatOp::Min:
  case FloatOp::Max:
    if (flags & kXorSign) {
      bool isNegative = std::signbit(x) != std::signbit(y);
      value = op == FloatOp::Min ? smaller(std::fabs(x), std::fabs(y), flags & kNaNWins)
                                 : larger(std::fabs(x), std::fabs(y), flags & kNaNWins);
      value = isNegative ? -value : value;
      break;
    }
    value = op == FloatOp::Min ? smaller(x, y, flags & kNaNWins) : larger(x, y, flags & kNaNWins);
    break;
  default:
    value = evaluate(op, x);
  }
  value = flushHalf(roundTo(value, H::format, Rounding::Nearest), flushes);
  if (flags & kSaturate)
    value = value > 0 ? std::min(value, 1.0) : 0;
  if ((flags & kRelu) && value < 0)
    value = 0;
  return H::write(value);
}

template <typename H, typename Word> static Step runHalf(Warp &warp, const Instr &in, uint32_t mask) {
  FloatOp op = FloatOp(in.flags >> kOpShift & 0xFF);
  forEachLane(mask, [&](unsigned lane) {
    Word v[3] = {};
    for (unsigned i = 0; i < in.numSources; ++i)
      v[i] = warp.row<Word>(in.src[i])[lane];
    Word result = 0;
    for (unsigned shift = 0; shift < 8 * sizeof(Word); shift += 16)
      result |= Word(apply<H>(op, in.flags, uint16_t(v[0] >> shift), uint16_t(v[1] >> shift),
                              uint16_t(v[2] >> shift)))
                << shift;
    warp.row<Word>(in.dst)[lane] = result;
  });
  return Step::Next;
}

static void decodeHalf(Decode &d) {
  FloatOp op = *floatOpOf(d.in.opcode);
  d.take("rn");
  d.take("approx");
  uint32_t flags = uint32_t(op) << kOpShift;
  flags |= d.take("ftz") ? kFlush : 0;
  flags |= d.take("sat") ? kSaturate : 0;
  flags |= d.take("NaN") ? kNaNWins : 0;
  flags |= d.take("relu") ? kRelu : 0;
  if (d.take("xorsign"))
    flags |= d.take("abs") ? kXorSign : 0;
  Type type = d.needType();
  unsigned n = numSourcesOf(op);
  if (!d.expectOperands(n + 1))
    return;
  d.setDest(0, type);
  for (unsigned i = 0; i < n; ++i)
    d.setSource(i, i + 1, type);
  d.in.flags = flags;
  switch (type) {
  case Type::F16:
    d.in.run = &runHalf<F16, uint16_t>;
    break;
  case Type::BF16:
    d.in.run = &runHalf<BF16, uint16_t>;
    break;
  case Type::F16x2:
    d.in.run = &runHalf<F16, uint32_t>;
    break;
  default:
    d.in.run = &runHalf<BF16, uint32_t>;
  }
}

DecodeFunction tgc::ptx::halfDecoderOf(StringRef opcode) { return floatOpOf(opcode) ? decodeHalf : nullptr; }
