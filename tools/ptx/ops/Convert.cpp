//===- Convert.cpp - cvt ------------------------------------------------------===//
//
// One handler per kind of pair: integers and floats on either side, and packed pairs. A value travels as a
// 64-bit integer or as a double, which holds every other format.
//
//===----------------------------------------------------------------------===//
#include "tools/ptx/Floats.h"
#include "tools/ptx/ops/Families.h"
#include "tools/ptx/ops/Lanes.h"

using namespace tgc::ptx;
using llvm::StringRef;

static constexpr uint32_t kFlush = 1 << 4, kSaturate = 1 << 5, kRelu = 1 << 6, kFinite = 1 << 7,
                          kToInteger = 1 << 8;
static constexpr uint32_t kRoundingMask = 7;

/// The source's type stands in in.detail, the result's in in.type; in.width is that of the source's register.
static uint64_t readRaw(Warp &warp, const Instr &in, unsigned lane, unsigned source = 0) {
  uint64_t raw = 0;
  std::memcpy(&raw, warp.row<uint8_t>(in.src[source]) + lane * in.width, std::min<unsigned>(in.width, 8));
  return raw;
}

static void writeRaw(Warp &warp, const Instr &in, unsigned lane, uint64_t raw) {
  std::memcpy(warp.row<uint8_t>(in.dst) + lane * in.registerWidth, &raw, in.registerWidth);
}

static int64_t extend(uint64_t raw, Type type) {
  unsigned shift = 64 - 8 * sizeOf(type);
  return isSigned(type) ? int64_t(raw << shift) >> shift : int64_t(raw << shift >> shift);
}

static double readFloat(uint64_t raw, Type type) {
  switch (type) {
  case Type::F16:
    return f16ToDouble(raw);
  case Type::BF16:
    return bf16ToDouble(raw);
  case Type::F64:
    return llvm::bit_cast<double>(raw);
  default:
    return toFloat(uint32_t(raw));
  }
}

/// Limits of an integer type, as far as a double can hold them.
static double lowest(Type type) { return isSigned(type) ? -std::ldexp(1.0, 8 * sizeOf(type) - 1) : 0; }
static double above(Type type) { return std::ldexp(1.0, 8 * sizeOf(type) - isSigned(type)); }

static uint64_t maxBits(Type type) { return ~uint64_t(0) >> (64 - 8 * sizeOf(type) + isSigned(type)); }
static uint64_t minBits(Type type) { return isSigned(type) ? ~maxBits(type) : 0; }

static Step runIntToInt(Warp &warp, const Instr &in, uint32_t mask) {
  Type from = Type(in.detail), to = in.type;
  forEachLane(mask, [&](unsigned lane) {
    int64_t value = extend(readRaw(warp, in, lane), from);
    if (in.flags & kSaturate) {
      bool isNegative = isSigned(from) && value < 0;
      if (isNegative) {
        if (!isSigned(to) || value < int64_t(minBits(to)))
          value = minBits(to);
      } else if (uint64_t(value) > maxBits(to)) {
        value = maxBits(to);
      }
    }
    writeRaw(warp, in, lane, extend(value, to));
  });
  return Step::Next;
}

static double roundToInteger(double value, Rounding rounding) {
  switch (rounding) {
  case Rounding::Zero:
    return std::trunc(value);
  case Rounding::Down:
    return std::floor(value);
  case Rounding::Up:
    return std::ceil(value);
  default:
    return std::nearbyint(value);
  }
}

static double flushSmall(double value, Type type, bool flushes) {
  return flushes && type == Type::F32 && std::fabs(value) < 0x1p-126 ? std::copysign(0.0, value) : value;
}

static Step runFloatToInt(Warp &warp, const Instr &in, uint32_t mask) {
  Type from = Type(in.detail), to = in.type;
  forEachLane(mask, [&](unsigned lane) {
    double value = flushSmall(readFloat(readRaw(warp, in, lane), from), from, in.flags & kFlush);
    double whole = roundToInteger(value, Rounding(in.flags & kRoundingMask));
    uint64_t bits = std::isnan(whole)    ? 0
                    : whole >= above(to) ? maxBits(to)
                    : whole < lowest(to) ? minBits(to)
                    : isSigned(to)       ? uint64_t(int64_t(whole))
                                         : uint64_t(whole);
    writeRaw(warp, in, lane, extend(bits, to));
  });
  return Step::Next;
}

/// A number that is not quite a double, in two parts: the second is what the first lacks.
static std::pair<double, double> split(int64_t value, bool isUnsigned) {
  uint64_t low = uint64_t(value) & 0x7FF;
  uint64_t high = uint64_t(value) - low;
  return {isUnsigned ? double(high) : double(int64_t(high)), double(low)};
}

static uint64_t writeFloat(double value, Type to, const Instr &in) {
  Rounding rounding = Rounding(in.flags & kRoundingMask);
  if (in.flags & kSaturate)
    value = value > 0 ? std::min(value, 1.0) : 0;
  if ((in.flags & kRelu) && !(value > 0) && !std::isnan(value))
    value = 0;
  const Format *format = to == Type::F16    ? &kF16
                         : to == Type::BF16 ? &kBF16
                         : to == Type::TF32 ? &kTF32
                                            : &kF32;
  if (to == Type::F64)
    return llvm::bit_cast<uint64_t>(value);
  double rounded = roundTo(value, *format, rounding);
  if ((in.flags & kFinite) && std::isinf(rounded))
    rounded = roundTo(std::copysign(0x1.fffffep1023, rounded), *format, Rounding::Zero);
  rounded = flushSmall(rounded, to, in.flags & kFlush);
  if (to == Type::F16)
    return doubleToF16(rounded);
  if (to == Type::BF16)
    return doubleToBF16(rounded);
  return toBits(canonical(float(rounded)));
}

static Step runIntToFloat(Warp &warp, const Instr &in, uint32_t mask) {
  Type from = Type(in.detail);
  forEachLane(mask, [&](unsigned lane) {
    auto [high, low] = split(extend(readRaw(warp, in, lane), from), !isSigned(from));
    double value =
        in.type == Type::F64 ? addIn(high, low, Rounding(in.flags & kRoundingMask)) : addToOdd(high, low);
    writeRaw(warp, in, lane, writeFloat(value, in.type, in));
  });
  return Step::Next;
}

static Step runFloatToFloat(Warp &warp, const Instr &in, uint32_t mask) {
  Type from = Type(in.detail);
  forEachLane(mask, [&](unsigned lane) {
    double value = flushSmall(readFloat(readRaw(warp, in, lane), from), from, in.flags & kFlush);
    if (in.flags & kToInteger)
      value = roundToInteger(value, Rounding(in.flags & kRoundingMask));
    writeRaw(warp, in, lane, writeFloat(value, in.type, in));
  });
  return Step::Next;
}

/// Eight-bit floats saturate: they have no infinity to give.
static uint8_t writeFp8(double value, Type to, bool relu) {
  if (relu && value < 0)
    value = 0;
  if (to == Type::E5M2x2) {
    double rounded = roundTo(value, kE5M2, Rounding::Nearest);
    return doubleToE5M2(std::isinf(rounded) ? std::copysign(57344.0, value) : rounded);
  }
  double rounded = roundTo(value, kE4M3, Rounding::Nearest);
  if (std::fabs(rounded) > 448)
    rounded = std::copysign(448.0, value);
  return doubleToE4M3(rounded);
}

/// Two floats (the first is the upper half), or a pair of another format, to a pair.
static Step runToPair(Warp &warp, const Instr &in, uint32_t mask) {
  Type from = Type(in.detail), to = in.type;
  bool isFp8 = to == Type::E4M3x2 || to == Type::E5M2x2;
  Type half = to == Type::F16x2 ? Type::F16 : Type::BF16;
  forEachLane(mask, [&](unsigned lane) {
    double upper, lower;
    uint32_t raw = readRaw(warp, in, lane);
    if (from == Type::F32) {
      upper = toFloat(raw);
      lower = toFloat(readRaw(warp, in, lane, 1));
    } else if (from == Type::E4M3x2 || from == Type::E5M2x2) {
      auto read = from == Type::E4M3x2 ? e4m3ToDouble : e5m2ToDouble;
      upper = read(raw >> 8);
      lower = read(raw);
    } else {
      auto read = from == Type::F16x2 ? f16ToDouble : bf16ToDouble;
      upper = read(raw >> 16);
      lower = read(raw);
    }
    bool relu = in.flags & kRelu;
    uint32_t result =
        isFp8 ? uint32_t(writeFp8(upper, to, relu)) << 8 | writeFp8(lower, to, relu)
              : uint32_t(writeFloat(upper, half, in)) << 16 | uint32_t(writeFloat(lower, half, in));
    writeRaw(warp, in, lane, result);
  });
  return Step::Next;
}

static Rounding roundingOf(Decode &d, uint32_t &flags) {
  int mode = d.takeOneOf({"rn", "rz", "rm", "rp", "rna"});
  if (mode >= 0)
    return Rounding(mode);
  mode = d.takeOneOf({"rni", "rzi", "rmi", "rpi"});
  if (mode >= 0)
    flags |= kToInteger;
  return Rounding(std::max(mode, 0));
}

static bool isPair(Type type) {
  return type == Type::F16x2 || type == Type::BF16x2 || type == Type::E4M3x2 || type == Type::E5M2x2;
}

static void decodeConvert(Decode &d) {
  uint32_t flags = 0;
  if (d.take("pack"))
    return d.fail("'cvt.pack' is not supported");
  flags |= uint32_t(roundingOf(d, flags));
  flags |= d.take("ftz") ? kFlush : 0;
  flags |= d.take("sat") ? kSaturate : 0;
  flags |= d.take("relu") ? kRelu : 0;
  flags |= d.take("satfinite") ? kFinite : 0;
  Type to = d.needType(), from = d.needType();
  d.in.flags = flags;
  d.in.type = to;
  d.in.detail = uint32_t(from);
  if (isPair(to) || isPair(from)) {
    bool isTwo = from == Type::F32;
    if (!isPair(to) || !d.expectOperands(isTwo ? 3 : 2))
      return;
    d.setDest(0, to);
    d.setSource(0, 1, from);
    if (isTwo)
      d.setSource(1, 2, from);
    d.in.width = sizeOf(from);
    d.in.registerWidth = sizeOf(to);
    d.in.run = &runToPair;
    return;
  }
  if (!d.expectOperands(2))
    return;
  bool fromFloat = isFloat(from), toFloat = isFloat(to);
  bool narrows = fromFloat && toFloat && sizeOf(to) < sizeOf(from);
  if (fromFloat != toFloat || narrows) {
    StringRef opcode = d.statement.opcode;
    bool hasMode = opcode.contains(".r");
    if (!hasMode)
      return d.fail("'" + opcode + "' needs a rounding mode");
  }
  d.in.dst = d.dest(d.operand(0), to, !toFloat);
  d.in.registerWidth = d.operand(0).kind == Operand::Kind::Sink ? sizeOf(to) : d.widthOf(d.operand(0));
  d.setSource(0, 1, from, !fromFloat);
  d.in.width =
      d.widthOf(d.operand(1)) ? d.widthOf(d.operand(1)) : std::max(sizeOf(from), fromFloat ? 0u : 4u);
  d.in.run = fromFloat ? (toFloat ? &runFloatToFloat : &runFloatToInt)
             : toFloat ? &runIntToFloat
                       : &runIntToInt;
}

DecodeFunction tgc::ptx::convertDecoderOf(StringRef opcode) {
  return opcode == "cvt" ? decodeConvert : nullptr;
}
