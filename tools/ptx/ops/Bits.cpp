//===- Bits.cpp - Logic, shifts and fields ------------------------------------===//
#include "tools/ptx/ops/Families.h"
#include "tools/ptx/ops/Lanes.h"
#include "llvm/Support/MathExtras.h"
#include <type_traits>

using namespace tgc::ptx;
using llvm::StringRef;

/// Calls `visit` with a value of the unsigned C++ type of the same size.
template <typename Visit> static Handler bySize(Type type, Visit visit) {
  switch (sizeOf(type)) {
  case 2:
    return visit(uint16_t());
  case 4:
    return visit(uint32_t());
  case 8:
    return visit(uint64_t());
  default:
    return nullptr;
  }
}

template <int What> static Step runPredicateLogic(Warp &warp, const Instr &in, uint32_t mask) {
  uint32_t a = warp.mask(in.src[0]), b = in.numSources > 1 ? warp.mask(in.src[1]) : 0;
  uint32_t value = What == 0 ? a & b : What == 1 ? a | b : What == 2 ? a ^ b : ~a;
  warp.mask(in.dst) = (warp.mask(in.dst) & ~mask) | (value & mask);
  return Step::Next;
}

template <int What> static void decodeLogic(Decode &d) {
  Type type = d.needType();
  unsigned n = What == 3 ? 1 : 2;
  if (!d.expectOperands(n + 1))
    return;
  d.setDest(0, type);
  for (unsigned i = 0; i < n; ++i)
    d.setSource(i, i + 1, type);
  if (type == Type::Pred) {
    d.in.run = &runPredicateLogic<What>;
    return;
  }
  d.in.run = bySize(type, [](auto zero) {
    using T = decltype(zero);
    if constexpr (What == 0)
      return lanes<[](T a, T b) { return T(a & b); }>();
    else if constexpr (What == 1)
      return lanes<[](T a, T b) { return T(a | b); }>();
    else if constexpr (What == 2)
      return lanes<[](T a, T b) { return T(a ^ b); }>();
    else
      return lanes<[](T a) { return T(~a); }>();
  });
}

/// Shifts by the width or more leave nothing, or the sign.
template <bool IsLeft> static void decodeShift(Decode &d) {
  Type type = d.needType();
  if (!d.setOperands(type, {type, Type::U32}))
    return;
  bool fills = isSigned(type);
  d.in.run = bySize(type, [&](auto zero) {
    using T = decltype(zero);
    using S = std::make_signed_t<T>;
    constexpr uint32_t kBits = 8 * sizeof(T);
    if constexpr (IsLeft)
      return lanes<[](T a, uint32_t n) { return n >= kBits ? T(0) : T(a << n); }>();
    else
      return fills ? lanes<[](T a, uint32_t n) { return T(S(a) >> std::min(n, kBits - 1)); }>()
                   : lanes<[](T a, uint32_t n) { return n >= kBits ? T(0) : T(a >> n); }>();
  });
}

/// 32 of the 64 bits of b:a.
static void decodeFunnel(Decode &d) {
  bool isLeft = d.takeOneOf({"l", "r"}) == 0, wraps = d.takeOneOf({"clamp", "wrap"}) == 1;
  d.needType();
  if (!d.setOperands(Type::B32, {Type::B32, Type::B32, Type::B32}))
    return;
  if (isLeft)
    d.in.run = wraps ? lanes<[](uint32_t a, uint32_t b, uint32_t c) {
      return uint32_t(((uint64_t(b) << 32 | a) << (c & 31)) >> 32);
    }>()
                     : lanes<[](uint32_t a, uint32_t b, uint32_t c) {
                         return uint32_t(((uint64_t(b) << 32 | a) << std::min(c, 32u)) >> 32);
                       }>();
  else
    d.in.run = wraps ? lanes<[](uint32_t a, uint32_t b, uint32_t c) {
      return uint32_t((uint64_t(b) << 32 | a) >> (c & 31));
    }>()
                     : lanes<[](uint32_t a, uint32_t b, uint32_t c) {
                         return uint32_t((uint64_t(b) << 32 | a) >> std::min(c, 32u));
                       }>();
}

static Step runLop3(Warp &warp, const Instr &in, uint32_t mask) {
  const uint32_t *a = warp.row<uint32_t>(in.src[0]), *b = warp.row<uint32_t>(in.src[1]),
                 *c = warp.row<uint32_t>(in.src[2]);
  forEachLane(mask, [&](unsigned lane) {
    uint32_t result = 0;
    for (unsigned k = 0; k < 8; ++k)
      if (in.flags >> k & 1)
        result |= (k & 4 ? a[lane] : ~a[lane]) & (k & 2 ? b[lane] : ~b[lane]) & (k & 1 ? c[lane] : ~c[lane]);
    warp.row<uint32_t>(in.dst)[lane] = result;
  });
  return Step::Next;
}

static void decodeLop3(Decode &d) {
  d.needType();
  if (!d.expectOperands(5))
    return;
  d.setDest(0, Type::B32);
  for (unsigned i = 0; i < 3; ++i)
    d.setSource(i, i + 1, Type::B32);
  d.in.flags = uint32_t(d.needInteger(4)) & 0xFF;
  d.in.run = &runLop3;
}

/// One byte of result: of the eight of b:a, or its sign in all bits.
static uint32_t selectByte(uint64_t bytes, uint32_t selector) {
  uint8_t byte = bytes >> (8 * (selector & 7));
  return selector & 8 ? (byte & 0x80 ? 0xFF : 0) : byte;
}

template <int Mode> static uint32_t permute(uint32_t a, uint32_t b, uint32_t c) {
  uint64_t bytes = uint64_t(b) << 32 | a;
  uint32_t result = 0, s = c & 3;
  for (unsigned i = 0; i < 4; ++i) {
    uint32_t selector = Mode == 0   ? c >> (4 * i) & 15
                        : Mode == 1 ? s + i                  // f4e
                        : Mode == 2 ? (s - i) & 7            // b4e
                        : Mode == 3 ? s                      // rc8
                        : Mode == 4 ? std::max(i, s)         // ecl
                        : Mode == 5 ? std::min(i, s)         // ecr
                                    : (s & 1) * 2 + (i & 1); // rc16
    result |= selectByte(bytes, selector) << (8 * i);
  }
  return result;
}

static void decodePermute(Decode &d) {
  d.needType();
  int mode = 1 + d.takeOneOf({"f4e", "b4e", "rc8", "ecl", "ecr", "rc16"});
  if (!d.setOperands(Type::B32, {Type::B32, Type::B32, Type::B32}))
    return;
  static constexpr Handler kModes[] = {
      lanes<[](uint32_t a, uint32_t b, uint32_t c) { return permute<0>(a, b, c); }>(),
      lanes<[](uint32_t a, uint32_t b, uint32_t c) { return permute<1>(a, b, c); }>(),
      lanes<[](uint32_t a, uint32_t b, uint32_t c) { return permute<2>(a, b, c); }>(),
      lanes<[](uint32_t a, uint32_t b, uint32_t c) { return permute<3>(a, b, c); }>(),
      lanes<[](uint32_t a, uint32_t b, uint32_t c) { return permute<4>(a, b, c); }>(),
      lanes<[](uint32_t a, uint32_t b, uint32_t c) { return permute<5>(a, b, c); }>(),
      lanes<[](uint32_t a, uint32_t b, uint32_t c) { return permute<6>(a, b, c); }>()};
  d.in.run = kModes[mode];
}

template <typename T> static T bitsBelow(uint32_t n) {
  return n >= 8 * sizeof(T) ? T(~T(0)) : T((T(1) << n) - 1);
}

/// bfe: `len` bits from `pos`; a signed field is extended by its highest bit, or the value's where it runs
/// out.
template <typename T> static T extract(T a, uint32_t pos, uint32_t len, bool fills) {
  constexpr uint32_t kBits = 8 * sizeof(T);
  pos &= 0xFF;
  len &= 0xFF;
  if (!len)
    return 0;
  T field = pos >= kBits ? T(0) : T(a >> pos) & bitsBelow<T>(len);
  if (!fills)
    return field;
  uint32_t signAt = std::min(pos + len - 1, kBits - 1);
  if (!(a >> signAt & 1))
    return field;
  uint32_t has = pos >= kBits ? 0 : std::min(len, kBits - pos);
  return field | T(~bitsBelow<T>(has));
}

static void decodeExtract(Decode &d) {
  Type type = d.needType();
  if (!d.setOperands(type, {type, Type::U32, Type::U32}))
    return;
  bool fills = isSigned(type);
  d.in.run = bySize(type, [&](auto zero) -> Handler {
    using T = decltype(zero);
    return fills ? lanes<[](T a, uint32_t p, uint32_t n) { return extract(a, p, n, true); }>()
                 : lanes<[](T a, uint32_t p, uint32_t n) { return extract(a, p, n, false); }>();
  });
}

template <typename T> static T insertField(T field, T into, uint32_t pos, uint32_t len) {
  pos &= 0xFF;
  if (pos >= 8 * sizeof(T))
    return into;
  T mask = T(bitsBelow<T>(len & 0xFF) << pos);
  return (into & ~mask) | (T(field << pos) & mask);
}

static void decodeInsert(Decode &d) {
  Type type = d.needType();
  if (!d.setOperands(type, {type, type, Type::U32, Type::U32}))
    return;
  d.in.run = bySize(type, [](auto zero) {
    using T = decltype(zero);
    return lanes<[](T a, T b, uint32_t p, uint32_t n) { return insertField(a, b, p, n); }>();
  });
}

/// Bits of a word, counted into 32 bits; and its reversal, as wide as itself.
template <int What> static void decodeCount(Decode &d) {
  Type type = d.needType();
  bool asShift = d.take("shiftamt");
  if (!d.setOperands(What == 2 ? type : Type::B32, {type}))
    return;
  bool fills = isSigned(type);
  d.in.run = bySize(type, [&](auto zero) -> Handler {
    using T = decltype(zero);
    using S = std::make_signed_t<T>;
    constexpr uint32_t kBits = 8 * sizeof(T);
    if constexpr (What == 0)
      return lanes<[](T a) { return uint32_t(llvm::popcount(a)); }>();
    else if constexpr (What == 1)
      return lanes<[](T a) { return uint32_t(llvm::countl_zero(a)); }>();
    else if constexpr (What == 2)
      return lanes<[](T a) { return T(llvm::reverseBits(a)); }>();
    else if (asShift)
      return fills ? lanes<[](T a) {
        T u = S(a) < 0 ? T(~a) : a;
        return u ? uint32_t(llvm::countl_zero(u)) : ~uint32_t(0);
      }>()
                   : lanes<[](T a) { return a ? uint32_t(llvm::countl_zero(a)) : ~uint32_t(0); }>();
    else
      return fills
                 ? lanes<[](T a) {
                     T u = S(a) < 0 ? T(~a) : a;
                     return u ? kBits - 1 - uint32_t(llvm::countl_zero(u)) : ~uint32_t(0);
                   }>()
                 : lanes<[](T a) { return a ? kBits - 1 - uint32_t(llvm::countl_zero(a)) : ~uint32_t(0); }>();
  });
}

static void decodeCnot(Decode &d) {
  Type type = d.needType();
  if (!d.setOperands(type, {type}))
    return;
  d.in.run = bySize(type, [](auto zero) {
    using T = decltype(zero);
    return lanes<[](T a) { return T(a == 0); }>();
  });
}

static void decodeMask(Decode &d) {
  bool wraps = d.takeOneOf({"clamp", "wrap"}) == 1;
  d.needType();
  if (!d.setOperands(Type::B32, {Type::B32, Type::B32}))
    return;
  d.in.run = wraps
                 ? lanes<[](uint32_t p, uint32_t n) { return bitsBelow<uint32_t>(n & 31) << (p & 31); }>()
                 : lanes<[](uint32_t p, uint32_t n) { return p >= 32 ? 0u : bitsBelow<uint32_t>(n) << p; }>();
}

DecodeFunction tgc::ptx::bitDecoderOf(StringRef opcode) {
  return llvm::StringSwitch<DecodeFunction>(opcode)
      .Case("and", decodeLogic<0>)
      .Case("or", decodeLogic<1>)
      .Case("xor", decodeLogic<2>)
      .Case("not", decodeLogic<3>)
      .Case("cnot", decodeCnot)
      .Case("shl", decodeShift<true>)
      .Case("shr", decodeShift<false>)
      .Case("shf", decodeFunnel)
      .Case("lop3", decodeLop3)
      .Case("prmt", decodePermute)
      .Case("bfe", decodeExtract)
      .Case("bfi", decodeInsert)
      .Case("bmsk", decodeMask)
      .Case("popc", decodeCount<0>)
      .Case("clz", decodeCount<1>)
      .Case("brev", decodeCount<2>)
      .Case("bfind", decodeCount<3>)
      .Default(nullptr);
}
