//===- Integer.cpp - Integer arithmetic ---------------------------------------===//
#include "tools/ptx/ops/Families.h"
#include "tools/ptx/ops/Lanes.h"
#include <limits>
#include <type_traits>

using namespace tgc::ptx;

/// The type that holds a product of two T.
template <typename T> struct Wide;
template <> struct Wide<uint16_t> {
  using type = uint32_t;
};
template <> struct Wide<int16_t> {
  using type = int32_t;
};
template <> struct Wide<uint32_t> {
  using type = uint64_t;
};
template <> struct Wide<int32_t> {
  using type = int64_t;
};
template <> struct Wide<uint64_t> {
  using type = unsigned __int128;
};
template <> struct Wide<int64_t> {
  using type = __int128;
};
template <typename T> using WideOf = typename Wide<T>::type;
template <typename T> using UnsignedOf = std::make_unsigned_t<T>;

/// Calls `visit` with a value of the C++ type of an integer PTX type of 16 to 64 bits; null for others.
template <typename Visit> static Handler byInteger(Type type, Visit visit) {
  switch (type) {
  case Type::B16:
  case Type::U16:
    return visit(uint16_t());
  case Type::S16:
    return visit(int16_t());
  case Type::B32:
  case Type::U32:
    return visit(uint32_t());
  case Type::S32:
    return visit(int32_t());
  case Type::B64:
  case Type::U64:
    return visit(uint64_t());
  case Type::S64:
    return visit(int64_t());
  default:
    return nullptr;
  }
}

template <typename T> static T addWrap(T a, T b) { return T(UnsignedOf<T>(a) + UnsignedOf<T>(b)); }
template <typename T> static T subWrap(T a, T b) { return T(UnsignedOf<T>(a) - UnsignedOf<T>(b)); }
template <typename T> static T mulLow(T a, T b) {
  return T(UnsignedOf<WideOf<T>>(a) * UnsignedOf<WideOf<T>>(b));
}
template <typename T> static T mulHigh(T a, T b) {
  return T((WideOf<T>(a) * WideOf<T>(b)) >> (8 * sizeof(T)));
}

/// What the device gives where mathematics gives nothing: all ones, and the one quotient that overflows
/// wraps.
template <typename T> static T divide(T a, T b) {
  if (b == 0)
    return T(-1);
  if (std::is_signed_v<T> && b == T(-1))
    return subWrap(T(0), a);
  return a / b;
}
template <typename T> static T remainder(T a, T b) {
  if (b == 0)
    return a;
  if (std::is_signed_v<T> && b == T(-1))
    return 0;
  return a % b;
}
template <typename T> static T absolute(T a) { return a < 0 ? subWrap(T(0), a) : a; }

static int32_t clampTo32(int64_t value) {
  return value < INT32_MIN ? INT32_MIN : value > INT32_MAX ? INT32_MAX : int32_t(value);
}

template <int What, typename T> static Handler binaryHandler() {
  if constexpr (What == 0)
    return lanes<[](T a, T b) { return addWrap(a, b); }>();
  else if constexpr (What == 1)
    return lanes<[](T a, T b) { return subWrap(a, b); }>();
  else if constexpr (What == 2)
    return lanes<[](T a, T b) { return divide(a, b); }>();
  else if constexpr (What == 3)
    return lanes<[](T a, T b) { return remainder(a, b); }>();
  else if constexpr (What == 4)
    return lanes<[](T a, T b) { return a < b ? a : b; }>();
  else
    return lanes<[](T a, T b) { return a > b ? a : b; }>();
}

template <int What> static void decodeBinary(Decode &d) {
  Type type = d.needType();
  if (!d.setOperands(type, {type, type}))
    return;
  d.in.run = byInteger(type, [](auto zero) { return binaryHandler<What, decltype(zero)>(); });
  if (d.take("sat")) {
    if (type != Type::S32 || What > 1)
      return d.fail("'" + d.statement.opcode + "': .sat is for .s32 sums");
    d.in.run = What == 0 ? lanes<[](int32_t a, int32_t b) { return clampTo32(int64_t(a) + b); }>()
                         : lanes<[](int32_t a, int32_t b) { return clampTo32(int64_t(a) - b); }>();
  }
  if (d.take("relu"))
    return d.fail("'.relu' of integers is not supported");
}

/// Sums with a carry, in and out. Each 64-bit half of a 128-bit number is such a sum.
template <typename T, bool IsSub> static Step runCarry(Warp &warp, const Instr &in, uint32_t mask) {
  constexpr uint32_t kTakes = 1, kGives = 2;
  forEachLane(mask, [&](unsigned lane) {
    T a = warp.row<T>(in.src[0])[lane], b = warp.row<T>(in.src[1])[lane];
    unsigned carry = (in.flags & kTakes) ? warp.carry >> lane & 1 : 0;
    unsigned __int128 sum = IsSub ? (unsigned __int128)(a)-b - carry : (unsigned __int128)(a) + b + carry;
    warp.row<T>(in.dst)[lane] = T(sum);
    if (in.flags & kGives)
      warp.carry = (warp.carry & ~(uint32_t(1) << lane)) | (uint32_t(sum >> (8 * sizeof(T)) & 1) << lane);
  });
  return Step::Next;
}

template <bool IsSub> static void decodeCarry(Decode &d, bool takes) {
  bool gives = d.take("cc");
  Type type = d.needType();
  if (!d.setOperands(type, {type, type}))
    return;
  d.in.flags = (takes ? 1 : 0) | (gives ? 2 : 0);
  if (sizeOf(type) == 4)
    d.in.run = &runCarry<uint32_t, IsSub>;
  else if (sizeOf(type) == 8)
    d.in.run = &runCarry<uint64_t, IsSub>;
  else
    d.fail("'" + d.statement.opcode + "': carries are of 32 and 64 bits");
}

template <typename T> static Handler mulHandler(int part, bool hasAdd) {
  if (part == 0)
    return hasAdd ? lanes<[](T a, T b, T c) { return addWrap(mulLow(a, b), c); }>()
                  : lanes<[](T a, T b) { return mulLow(a, b); }>();
  if (part == 1)
    return hasAdd ? lanes<[](T a, T b, T c) { return addWrap(mulHigh(a, b), c); }>()
                  : lanes<[](T a, T b) { return mulHigh(a, b); }>();
  if constexpr (sizeof(T) == 8)
    return nullptr;
  else
    return hasAdd ? lanes<[](T a, T b, WideOf<T> c) { return addWrap(WideOf<T>(WideOf<T>(a) * b), c); }>()
                  : lanes<[](T a, T b) { return WideOf<T>(WideOf<T>(a) * b); }>();
}

static Type wider(Type type) {
  switch (type) {
  case Type::U16:
    return Type::U32;
  case Type::S16:
    return Type::S32;
  case Type::U32:
    return Type::U64;
  case Type::S32:
    return Type::S64;
  default:
    return Type::B128;
  }
}

/// mul and mad: the low half, the high half, or the whole product.
static void decodeMul(Decode &d, bool hasAdd) {
  int part = d.takeOneOf({"lo", "hi", "wide"});
  if (part < 0)
    return d.fail("'" + d.statement.opcode + "' says neither .lo nor .hi nor .wide");
  Type type = d.needType();
  if (!d.expectOperands(hasAdd ? 4 : 3))
    return;
  Type result = part == 2 ? wider(type) : type;
  if (result == Type::B128)
    return d.fail("'" + d.statement.opcode + "': .wide is for 16 and 32 bits");
  d.setDest(0, result);
  d.setSource(0, 1, type);
  d.setSource(1, 2, type);
  if (hasAdd)
    d.setSource(2, 3, result);
  d.in.run = byInteger(type, [&](auto zero) { return mulHandler<decltype(zero)>(part, hasAdd); });
}

static void decodeMul24(Decode &d, bool hasAdd) {
  bool isHigh = d.takeOneOf({"lo", "hi"}) == 1;
  Type type = d.needType();
  if (!d.expectOperands(hasAdd ? 4 : 3))
    return;
  d.setDest(0, type);
  for (unsigned i = 0; i < (hasAdd ? 3u : 2u); ++i)
    d.setSource(i, i + 1, type);
  if (isHigh)
    return d.fail("'" + d.statement.opcode + "': .hi is not supported");
  auto low = [](auto zero, bool hasAdd) {
    using T = decltype(zero);
    constexpr unsigned kShift = 8;
    return hasAdd ? lanes<[](T a, T b, T c) {
      return T(uint32_t((int64_t(T(uint32_t(a) << kShift) >> kShift)) *
                        int64_t(T(uint32_t(b) << kShift) >> kShift)) +
               uint32_t(c));
    }>()
                  : lanes<[](T a, T b) {
                      return T(uint32_t((int64_t(T(uint32_t(a) << kShift) >> kShift)) *
                                        int64_t(T(uint32_t(b) << kShift) >> kShift)));
                    }>();
  };
  d.in.run = type == Type::S32   ? low(int32_t(), hasAdd)
             : type == Type::U32 ? low(uint32_t(), hasAdd)
                                 : nullptr;
}

template <bool IsNeg> static void decodeUnary(Decode &d) {
  Type type = d.needType();
  if (!d.setOperands(type, {type}))
    return;
  d.in.run = byInteger(type, [](auto zero) -> Handler {
    using T = decltype(zero);
    if constexpr (IsNeg)
      return lanes<[](T a) { return subWrap(T(0), a); }>();
    else
      return lanes<[](T a) { return absolute(a); }>();
  });
}

/// dp4a: four products of bytes, and a sum.
template <typename A, typename B> static uint32_t dotOfBytes(uint32_t a, uint32_t b, uint32_t c) {
  for (unsigned i = 0; i < 4; ++i)
    c += uint32_t(int32_t(A(a >> (8 * i))) * int32_t(B(b >> (8 * i))));
  return c;
}

static void decodeDot(Decode &d) {
  std::optional<Type> a = d.takeType(), b = d.takeType();
  if (!a || !b)
    return d.fail("'dp4a' needs two types");
  if (!d.setOperands(Type::B32, {Type::B32, Type::B32, Type::B32}))
    return;
  d.in.run = isSigned(*a) ? (isSigned(*b) ? lanes<[](uint32_t x, uint32_t y, uint32_t z) {
    return dotOfBytes<int8_t, int8_t>(x, y, z);
  }>()
                                          : lanes<[](uint32_t x, uint32_t y, uint32_t z) {
                                              return dotOfBytes<int8_t, uint8_t>(x, y, z);
                                            }>())
                          : (isSigned(*b) ? lanes<[](uint32_t x, uint32_t y, uint32_t z) {
                              return dotOfBytes<uint8_t, int8_t>(x, y, z);
                            }>()
                                          : lanes<[](uint32_t x, uint32_t y, uint32_t z) {
                                              return dotOfBytes<uint8_t, uint8_t>(x, y, z);
                                            }>());
}

static void decodeSad(Decode &d) {
  Type type = d.needType();
  if (!d.setOperands(type, {type, type, type}))
    return;
  d.in.run = byInteger(type, [](auto zero) {
    using T = decltype(zero);
    return lanes<[](T a, T b, T c) { return addWrap(c, a < b ? subWrap(b, a) : subWrap(a, b)); }>();
  });
}

DecodeFunction tgc::ptx::integerDecoderOf(llvm::StringRef opcode) {
  return llvm::StringSwitch<DecodeFunction>(opcode)
      .Case("add",
            [](Decode &d) {
              llvm::StringRef op = d.statement.opcode;
              op.contains(".cc") ? decodeCarry<false>(d, false) : decodeBinary<0>(d);
            })
      .Case("sub",
            [](Decode &d) {
              llvm::StringRef op = d.statement.opcode;
              op.contains(".cc") ? decodeCarry<true>(d, false) : decodeBinary<1>(d);
            })
      .Case("addc", [](Decode &d) { decodeCarry<false>(d, true); })
      .Case("subc", [](Decode &d) { decodeCarry<true>(d, true); })
      .Case("div", decodeBinary<2>)
      .Case("rem", decodeBinary<3>)
      .Case("min", decodeBinary<4>)
      .Case("max", decodeBinary<5>)
      .Case("mul", [](Decode &d) { decodeMul(d, false); })
      .Case("mad", [](Decode &d) { decodeMul(d, true); })
      .Case("mul24", [](Decode &d) { decodeMul24(d, false); })
      .Case("mad24", [](Decode &d) { decodeMul24(d, true); })
      .Case("neg", decodeUnary<true>)
      .Case("abs", decodeUnary<false>)
      .Case("dp4a", decodeDot)
      .Case("sad", decodeSad)
      .Default(nullptr);
}
