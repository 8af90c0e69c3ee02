//===- Move.cpp - Values from place to place ----------------------------------===//
#include "tools/ptx/ops/Families.h"
#include "tools/ptx/ops/Lanes.h"
#include "llvm/ADT/STLExtras.h"

using namespace tgc::ptx;
using llvm::StringRef;

static Handler copyHandler(unsigned width) {
  switch (width) {
  case 2:
    return lanes<[](uint16_t a) { return a; }>();
  case 4:
    return lanes<[](uint32_t a) { return a; }>();
  case 8:
    return lanes<[](uint64_t a) { return a; }>();
  default:
    return nullptr;
  }
}

static Step runMovePredicate(Warp &warp, const Instr &in, uint32_t mask) {
  warp.mask(in.dst) = (warp.mask(in.dst) & ~mask) | (warp.mask(in.src[0]) & mask);
  return Step::Next;
}

/// Parts of a value to registers of their own, lowest first.
static Step runUnpack(Warp &warp, const Instr &in, uint32_t mask) {
  unsigned part = in.width / in.listSize;
  forEachLane(mask, [&](unsigned lane) {
    uint8_t *value = warp.row<uint8_t>(in.src[0]) + lane * in.width;
    for (unsigned i = 0; i < in.listSize; ++i)
      std::memcpy(warp.row<uint8_t>(warp.kernel->lists[in.list + i]) + lane * part, value + i * part, part);
  });
  return Step::Next;
}

static Step runPack(Warp &warp, const Instr &in, uint32_t mask) {
  unsigned part = in.width / in.listSize;
  forEachLane(mask, [&](unsigned lane) {
    uint8_t value[16];
    for (unsigned i = 0; i < in.listSize; ++i)
      std::memcpy(value + i * part, warp.row<uint8_t>(warp.kernel->lists[in.list + i]) + lane * part, part);
    std::memcpy(warp.row<uint8_t>(in.dst) + lane * in.width, value, in.width);
  });
  return Step::Next;
}

/// A clock counts instructions of the warp; it differs from device to device anyway.
template <typename T> static Step runClock(Warp &warp, const Instr &in, uint32_t mask) {
  forEachLane(mask, [&](unsigned lane) { warp.row<T>(in.dst)[lane] = T(warp.executed >> in.flags); });
  return Step::Next;
}

static std::optional<Type> partType(unsigned bytes) {
  switch (bytes) {
  case 1:
    return Type::B8;
  case 2:
    return Type::B16;
  case 4:
    return Type::B32;
  case 8:
    return Type::B64;
  default:
    return std::nullopt;
  }
}

static void decodeVectorMove(Decode &d, Type type, const Operand &vector, const Operand &whole,
                             bool isUnpack) {
  size_t n = vector.parts.size();
  std::optional<Type> part = n == 2 || n == 4 ? partType(sizeOf(type) / n) : std::nullopt;
  if (!part)
    return d.fail("'" + d.statement.opcode + "' cannot have " + llvm::Twine(n) + " parts");
  d.in.width = sizeOf(type);
  d.in.list = d.frame.kernel.lists.size();
  d.in.listSize = d.rowsOf(vector, *part, isUnpack);
  if (isUnpack) {
    d.in.src[0] = d.source(whole, type);
    d.in.numSources = 1;
    d.in.flags |= kListIsWritten;
    d.in.run = &runUnpack;
  } else {
    d.in.dst = d.dest(whole, type);
    d.in.run = &runPack;
  }
}

static void decodeMove(Decode &d) {
  Type type = d.needType();
  if (!d.expectOperands(2))
    return;
  const Operand &to = d.operand(0), &from = d.operand(1);
  if (to.kind == Operand::Kind::Vector)
    return decodeVectorMove(d, type, to, from, true);
  if (from.kind == Operand::Kind::Vector)
    return decodeVectorMove(d, type, from, to, false);
  d.setDest(0, type);
  if (type == Type::Pred) {
    d.setSource(0, 1, type);
    d.in.run = &runMovePredicate;
    return;
  }
  static const StringRef kClocks[] = {"%clock",       "%clock64",        "%clock_hi",
                                      "%globaltimer", "%globaltimer_lo", "%globaltimer_hi"};
  if (from.kind == Operand::Kind::Special && llvm::is_contained(kClocks, from.name)) {
    d.in.flags = from.name.ends_with("_hi") ? 32 : 0;
    d.in.run = sizeOf(type) == 8 ? &runClock<uint64_t> : &runClock<uint32_t>;
    return;
  }
  d.setSource(0, 1, type);
  d.in.flags = kIsCopy;
  d.in.run = copyHandler(sizeOf(type));
}

template <typename T> static Step runSelect(Warp &warp, const Instr &in, uint32_t mask) {
  uint32_t chosen = warp.mask(in.src[2]);
  const T *a = warp.row<T>(in.src[0]), *b = warp.row<T>(in.src[1]);
  T *to = warp.row<T>(in.dst);
  forEachLane(mask, [&](unsigned lane) { to[lane] = chosen >> lane & 1 ? a[lane] : b[lane]; });
  return Step::Next;
}

static void decodeSelect(Decode &d) {
  Type type = d.needType();
  if (!d.setOperands(type, {type, type, Type::Pred}))
    return;
  switch (sizeOf(type)) {
  case 2:
    d.in.run = &runSelect<uint16_t>;
    break;
  case 4:
    d.in.run = &runSelect<uint32_t>;
    break;
  case 8:
    d.in.run = &runSelect<uint64_t>;
    break;
  }
}

/// slct: a where c is not negative, else b.
static void decodeSlct(Decode &d) {
  d.take("ftz");
  Type type = d.needType(), test = d.needType();
  if (!d.setOperands(type, {type, type, test}))
    return;
  if (sizeOf(type) == 4)
    d.in.run = test == Type::F32 ? lanes<[](uint32_t a, uint32_t b, float c) { return c >= 0 ? a : b; }>()
                                 : lanes<[](uint32_t a, uint32_t b, int32_t c) { return c >= 0 ? a : b; }>();
  if (sizeOf(type) == 8)
    d.in.run = test == Type::F32 ? lanes<[](uint64_t a, uint64_t b, float c) { return c >= 0 ? a : b; }>()
                                 : lanes<[](uint64_t a, uint64_t b, int32_t c) { return c >= 0 ? a : b; }>();
}

static uint64_t windowOf(Space space) {
  switch (space) {
  case Space::Shared:
  case Space::SharedCluster:
    return kSharedWindow;
  case Space::Local:
    return kLocalWindow;
  case Space::Param:
    return kParamWindow;
  default:
    return 0;
  }
}

/// Moves an address into a window or out of it.
static Step runConvertAddress(Warp &warp, const Instr &in, uint32_t mask) {
  forEachLane(mask, [&](unsigned lane) {
    uint64_t address =
        in.addressWidth == 8 ? warp.row<uint64_t>(in.src[0])[lane] : warp.row<uint32_t>(in.src[0])[lane];
    address += in.imm;
    if (in.registerWidth == 8)
      warp.row<uint64_t>(in.dst)[lane] = address;
    else
      warp.row<uint32_t>(in.dst)[lane] = uint32_t(address);
  });
  return Step::Next;
}

static void decodeCvta(Decode &d) {
  bool isTo = d.take("to");
  Space space = d.takeSpace(Space::Generic);
  Type type = d.needType();
  if (!d.setOperands(type, {type}))
    return;
  d.in.registerWidth = d.in.addressWidth = sizeOf(type);
  d.in.imm = isTo ? -int64_t(windowOf(space)) : int64_t(windowOf(space));
  d.in.run = &runConvertAddress;
}

static Step runIsSpace(Warp &warp, const Instr &in, uint32_t mask) {
  uint32_t result = 0;
  forEachLane(mask, [&](unsigned lane) {
    uint64_t address = warp.row<uint64_t>(in.src[0])[lane], window = address >> 40;
    bool is = in.space == Space::Global || in.space == Space::Const ? address >= kGlobalBase
              : in.space == Space::Shared || in.space == Space::SharedCluster
                  ? window == 1
                  : window == windowOf(in.space) >> 40;
    result |= uint32_t(is) << lane;
  });
  warp.mask(in.dst) = (warp.mask(in.dst) & ~mask) | result;
  return Step::Next;
}

static void decodeIsSpace(Decode &d) {
  d.in.space = d.takeSpace(Space::Generic);
  if (!d.setOperands(Type::Pred, {Type::B64}))
    return;
  d.in.run = &runIsSpace;
}

/// mapa: the same address in another block of the cluster.
template <typename T> static Step runMapAddress(Warp &warp, const Instr &in, uint32_t mask) {
  bool isGeneric = in.space == Space::Generic;
  uint32_t numCtas = warp.cta->cluster->ctas.size();
  Step step = Step::Next;
  forEachLane(mask, [&](unsigned lane) {
    uint64_t address = warp.row<T>(in.src[0])[lane];
    uint32_t rank = warp.row<uint32_t>(in.src[1])[lane];
    if (rank >= numCtas)
      step = warp.fail(in, lane,
                       "block rank " + llvm::Twine(rank) + " is not in a cluster of " + llvm::Twine(numCtas));
    uint64_t offset = (isGeneric ? address - kSharedWindow : address) & ((uint64_t(1) << kRankShift) - 1);
    warp.row<T>(in.dst)[lane] =
        T((isGeneric ? kSharedWindow : 0) + ((uint64_t(rank) + 1) << kRankShift | offset));
  });
  return step;
}

static void decodeMapa(Decode &d) {
  d.in.space = d.takeSpace(Space::Generic);
  Type type = d.needType();
  if (!d.setOperands(type, {type, Type::U32}))
    return;
  d.in.run = sizeOf(type) == 8   ? &runMapAddress<uint64_t>
             : sizeOf(type) == 4 ? &runMapAddress<uint32_t>
                                 : nullptr;
}

DecodeFunction tgc::ptx::moveDecoderOf(StringRef opcode) {
  return llvm::StringSwitch<DecodeFunction>(opcode)
      .Case("mov", decodeMove)
      .Case("selp", decodeSelect)
      .Case("slct", decodeSlct)
      .Case("cvta", decodeCvta)
      .Case("isspacep", decodeIsSpace)
      .Case("mapa", decodeMapa)
      .Default(nullptr);
}
