//===- ArithmeticTest.cpp - Instructions of one lane against mathematics ------===//
#include "test/Unit/tools/ptx/Harness.h"
#include <cmath>
#include <limits>

using namespace tgc::ptx;

template <typename T> static void expectBits(const std::vector<T> &got, const std::vector<T> &want) {
  ASSERT_EQ(got.size(), want.size());
  for (size_t i = 0; i < got.size(); ++i)
    EXPECT_EQ(got[i], want[i]) << "element " << i;
}

static uint32_t bitsOf(float value) { return llvm::bit_cast<uint32_t>(value); }
static std::vector<uint32_t> bitsOf(std::vector<float> values) {
  std::vector<uint32_t> all;
  for (float value : values)
    all.push_back(bitsOf(value));
  return all;
}
static const float kInf = INFINITY, kNaN = NAN;

TEST(PtxInteger, WrapsAndSaturates) {
  std::vector<int32_t> a{INT32_MAX, INT32_MIN, -1, 7}, b{1, -1, 1, -9};
  expectBits(evaluate<int32_t>("add.s32 %d, %a, %b;", a, b), {INT32_MIN, INT32_MAX, 0, -2});
  expectBits(evaluate<int32_t>("add.sat.s32 %d, %a, %b;", a, b), {INT32_MAX, INT32_MIN, 0, -2});
  expectBits(evaluate<int32_t>("sub.sat.s32 %d, %a, %b;", a, b), {INT32_MAX - 1, INT32_MIN + 1, -2, 16});
  expectBits(evaluate<int32_t>("abs.s32 %d, %a;", a), {INT32_MAX, INT32_MIN, 1, 7});
  expectBits(evaluate<int32_t>("neg.s32 %d, %a;", a), {-INT32_MAX, INT32_MIN, 1, -7});
  expectBits(evaluate<int32_t>("min.s32 %d, %a, %b;", a, b), {1, INT32_MIN, -1, -9});
  expectBits(evaluate<int32_t>("max.u32 %d, %a, %b;", a, b), {INT32_MAX, -1, -1, -9});
}

TEST(PtxInteger, MultipliesHalvesAndWhole) {
  std::vector<uint32_t> a{0xFFFFFFFF, 0x80000000, 12345}, b{0xFFFFFFFF, 2, 678};
  expectBits(evaluate<uint32_t>("mul.lo.u32 %d, %a, %b;", a, b), {1, 0, 12345 * 678});
  expectBits(evaluate<uint32_t>("mul.hi.u32 %d, %a, %b;", a, b), {0xFFFFFFFE, 1, 0});
  expectBits(evaluate<uint32_t>("mul.hi.s32 %d, %a, %b;", a, b), {0, 0xFFFFFFFF, 0});
  expectBits(evaluate<uint64_t>("mul.wide.u32 %d, %a, %b;", a, b),
             {0xFFFFFFFE00000001, 0x100000000, 12345ull * 678});
  expectBits(evaluate<int64_t>("mul.wide.s32 %d, %a, %b;", a, b), {1, -4294967296, 12345 * 678});
  std::vector<uint64_t> x{~0ull, 1ull << 63}, y{~0ull, 4};
  expectBits(evaluate<uint64_t>("mul.hi.u64 %d, %a, %b;", x, y), {~0ull - 1, 2});
  expectBits(evaluate<uint64_t>("mul.hi.s64 %d, %a, %b;", x, y), {0, ~0ull - 1});
}

TEST(PtxInteger, DividesTowardsZero) {
  std::vector<int32_t> a{7, -7, INT32_MIN, -8}, b{-2, 2, -1, 3};
  expectBits(evaluate<int32_t>("div.s32 %d, %a, %b;", a, b), {-3, -3, INT32_MIN, -2});
  expectBits(evaluate<int32_t>("rem.s32 %d, %a, %b;", a, b), {1, -1, 0, -2});
  expectBits(
      evaluate<uint32_t>("div.u32 %d, %a, %b;", std::vector<uint32_t>{7, 5}, std::vector<uint32_t>{2, 0}),
      {3, ~0u});
}

TEST(PtxInteger, CarriesInto128Bits) {
  auto got =
      evaluate<uint64_t>("add.cc.u64 %d, %a, %b;\naddc.u64 %d, %c, 0;", std::vector<uint64_t>{~0ull, 5},
                         std::vector<uint64_t>{1, 6}, std::vector<uint64_t>{10, 10});
  expectBits(got, {11, 10});
  got = evaluate<uint64_t>("sub.cc.u64 %d, %a, %b;\nsubc.u64 %d, %c, 0;", std::vector<uint64_t>{0, 5},
                           std::vector<uint64_t>{1, 5}, std::vector<uint64_t>{10, 10});
  expectBits(got, {9, 10});
}

TEST(PtxBits, ShiftsBeyondTheWidth) {
  std::vector<uint32_t> a(4, 0x80000001), n{1, 31, 32, 0xFFFFFFFF};
  expectBits(evaluate<uint32_t>("shl.b32 %d, %a, %b;", a, n), {2, 0x80000000, 0, 0});
  expectBits(evaluate<uint32_t>("shr.u32 %d, %a, %b;", a, n), {0x40000000, 1, 0, 0});
  expectBits(evaluate<uint32_t>("shr.s32 %d, %a, %b;", a, n), {0xC0000000, ~0u, ~0u, ~0u});
  std::vector<uint64_t> w(2, 1ull << 63);
  expectBits(evaluate<uint64_t>("shr.s64 %d, %a, %b;", w, std::vector<uint32_t>{63, 64}), {~0ull, ~0ull});
  expectBits(
      evaluate<uint16_t>("shl.b16 %d, %a, %b;", std::vector<uint16_t>{3, 3}, std::vector<uint32_t>{15, 16}),
      {0x8000, 0});
  expectBits(evaluate<uint32_t>("shf.l.wrap.b32 %d, %a, %b, 8;", std::vector<uint32_t>{0x11223344},
                                std::vector<uint32_t>{0x55667788}),
             {0x66778811});
  expectBits(evaluate<uint32_t>("shf.r.clamp.b32 %d, %a, %b, 40;", std::vector<uint32_t>{0x11223344},
                                std::vector<uint32_t>{0x55667788}),
             {0x55667788});
}

TEST(PtxBits, FieldsBytesAndCounts) {
  std::vector<uint32_t> a{0xF0, 0x80000000, 0};
  expectBits(evaluate<uint32_t>("bfe.u32 %d, %a, 4, 4;", a), {15, 0, 0});
  expectBits(evaluate<uint32_t>("bfe.s32 %d, %a, 4, 4;", a), {~0u, 0, 0});
  expectBits(evaluate<uint32_t>("bfe.s32 %d, %a, 28, 8;", a), {0, 0xFFFFFFF8, 0});
  expectBits(evaluate<uint32_t>("bfi.b32 %d, 5, %a, 4, 4;", a), {0x50, 0x80000050, 0x50});
  expectBits(evaluate<uint32_t>("clz.b32 %d, %a;", a), {24, 0, 32});
  expectBits(evaluate<uint32_t>("popc.b32 %d, %a;", a), {4, 1, 0});
  expectBits(evaluate<uint32_t>("brev.b32 %d, %a;", a), {0x0F000000, 1, 0});
  expectBits(evaluate<uint32_t>("bfind.u32 %d, %a;", a), {7, 31, ~0u});
  expectBits(evaluate<uint32_t>("prmt.b32 %d, %a, 0x44332211, 0x5410;", a),
             {0x221100F0, 0x22110000, 0x22110000});
  expectBits(evaluate<uint32_t>("prmt.b32 %d, %a, 0, 0x0008;", a), {0xF0F0F0FF, 0, 0});
  // 0xE8 is the majority of three bits.
  expectBits(evaluate<uint32_t>("lop3.b32 %d, %a, 0x3C, 0xFF, 0xE8;", a), {0xFC, 0x3C, 0x3C});
  expectBits(evaluate<int32_t>("dp4a.s32.s32 %d, %a, %b, 10;", std::vector<uint32_t>{0x01FF0203},
                               std::vector<uint32_t>{0x02030405}),
             {10 + 3 * 5 + 2 * 4 + -1 * 3 + 1 * 2});
}

TEST(PtxFloat, RoundsInEveryMode) {
  // 1 + 2^-24 lies halfway between 1 and its neighbour.
  std::vector<float> a{1, -1}, b{0x1p-24f, -0x1p-24f};
  float up = std::nextafter(1.0f, 2.0f);
  expectBits(evaluate<float>("add.rn.f32 %d, %a, %b;", a, b), {1, -1});
  expectBits(evaluate<float>("add.rz.f32 %d, %a, %b;", a, b), {1, -1});
  expectBits(evaluate<float>("add.rp.f32 %d, %a, %b;", a, b), {up, -1});
  expectBits(evaluate<float>("add.rm.f32 %d, %a, %b;", a, b), {1, -up});
  expectBits(evaluate<double>("add.rp.f64 %d, %a, %b;", std::vector<double>{1}, std::vector<double>{0x1p-60}),
             {std::nextafter(1.0, 2.0)});
  expectBits(evaluate<float>("div.rp.f32 %d, %a, %b;", std::vector<float>{1}, std::vector<float>{3}),
             {std::nextafter(1.0f / 3, 0.0f) > 1.0 / 3 ? std::nextafter(1.0f / 3, 0.0f) : 1.0f / 3});
  expectBits(evaluate<float>("sqrt.rm.f32 %d, %a;", std::vector<float>{2}),
             {std::sqrt(2.0f) > std::sqrt(2.0) ? std::nextafter(std::sqrt(2.0f), 0.0f) : std::sqrt(2.0f)});
  // x - x is -0 only when rounding down.
  expectBits(bitsOf(evaluate<float>("sub.rm.f32 %d, %a, %a;", a)), {0x80000000, 0x80000000});
  expectBits(bitsOf(evaluate<float>("sub.rn.f32 %d, %a, %a;", a)), {0, 0});
}

TEST(PtxFloat, FusesWithOneRounding) {
  std::vector<float> a, b, c, want;
  uint32_t state = 12345;
  for (int i = 0; i < 4000; ++i) {
    auto next = [&] {
      state = state * 1664525 + 1013904223;
      return llvm::bit_cast<float>((state & 0x807FFFFF) | (100 + (state >> 24) % 60) << 23);
    };
    a.push_back(next());
    b.push_back(next());
    // Products that nearly cancel need the exact product.
    c.push_back(i % 2 ? next() : -(a.back() * b.back()));
    want.push_back(std::fma(a.back(), b.back(), c.back()));
  }
  expectBits(bitsOf(evaluate<float>("fma.rn.f32 %d, %a, %b, %c;", a, b, c)), bitsOf(want));
}

TEST(PtxFloat, NaNsZerosAndSaturation) {
  std::vector<float> a{kNaN, 1, 0.0f, kNaN}, b{2, kNaN, -0.0f, kNaN};
  expectBits(bitsOf(evaluate<float>("min.f32 %d, %a, %b;", a, b)),
             {bitsOf(2.0f), bitsOf(1.0f), 0x80000000, 0x7FFFFFFF});
  expectBits(bitsOf(evaluate<float>("max.f32 %d, %a, %b;", a, b)),
             {bitsOf(2.0f), bitsOf(1.0f), 0, 0x7FFFFFFF});
  expectBits(bitsOf(evaluate<float>("max.NaN.f32 %d, %a, %b;", a, b)),
             {0x7FFFFFFF, 0x7FFFFFFF, 0, 0x7FFFFFFF});
  expectBits(evaluate<float>("add.sat.f32 %d, %a, %b;", std::vector<float>{3, -1, kNaN, 0.25f},
                             std::vector<float>{1, 0, 0, 0.5f}),
             {1, 0, 0, 0.75f});
  expectBits(bitsOf(evaluate<float>("mul.ftz.f32 %d, %a, %b;", std::vector<float>{-0x1p-100f, 0x1p-140f},
                                    std::vector<float>{0x1p-40f, kInf})),
             {0x80000000, 0x7FFFFFFF});
}

TEST(PtxHalf, AgreesWithTheCompiler) {
  std::vector<uint16_t> a, b, want;
  for (uint32_t i = 0; i < 65536; i += 37) {
    uint16_t x = i, y = uint16_t(i * 40503u);
    auto isNaN = [](uint16_t v) { return (v & 0x7FFF) > 0x7C00; };
    if (isNaN(x) || isNaN(y))
      continue;
    float sum = float(llvm::bit_cast<_Float16>(x)) * float(llvm::bit_cast<_Float16>(y));
    uint16_t result = llvm::bit_cast<uint16_t>(_Float16(sum));
    a.push_back(x);
    b.push_back(y);
    want.push_back(isNaN(result) ? 0x7FFF : result);
  }
  // A product of two halves is exact in a float, so that the compiler's conversion rounds it once.
  expectBits(evaluate<uint16_t>("mul.rn.f16 %d, %a, %b;", a, b), want);
  auto both = evaluate<uint32_t>("add.rn.f16x2 %d, %a, %b;", std::vector<uint32_t>{0x3C004000},
                                 std::vector<uint32_t>{0x3C00C000});
  expectBits(both, {0x40000000}); // 1+1, 2-2
  expectBits(evaluate<uint32_t>("fma.rn.relu.bf16x2 %d, %a, %b, %c;", std::vector<uint32_t>{0x3F80BF80},
                                std::vector<uint32_t>{0x40004000}, std::vector<uint32_t>{0x3F803F80}),
             {0x40400000}); // 1*2+1, max(0, -1*2+1)
  expectBits(
      evaluate<uint16_t>("max.NaN.f16 %d, %a, %b;", std::vector<uint16_t>{0x7E00}, std::vector<uint16_t>{0}),
      {0x7FFF});
}

TEST(PtxConvert, FloatsToIntegersClampAndRound) {
  std::vector<float> a{2.5f, -2.5f, 3.5f, 1e20f, -1e20f, kNaN};
  expectBits(evaluate<int32_t>("cvt.rni.s32.f32 %d, %a;", a), {2, -2, 4, INT32_MAX, INT32_MIN, 0});
  expectBits(evaluate<int32_t>("cvt.rzi.s32.f32 %d, %a;", a), {2, -2, 3, INT32_MAX, INT32_MIN, 0});
  expectBits(evaluate<int32_t>("cvt.rmi.s32.f32 %d, %a;", a), {2, -3, 3, INT32_MAX, INT32_MIN, 0});
  expectBits(evaluate<int32_t>("cvt.rpi.s32.f32 %d, %a;", a), {3, -2, 4, INT32_MAX, INT32_MIN, 0});
  expectBits(evaluate<uint32_t>("cvt.rzi.u32.f32 %d, %a;", a), {2, 0, 3, UINT32_MAX, 0, 0});
  expectBits(evaluate<int32_t>("cvt.rzi.s8.f32 %d, %a;", a), {2, -2, 3, 127, -128, 0});
  expectBits(evaluate<uint64_t>("cvt.rzi.u64.f32 %d, %a;", a), {2, 0, 3, UINT64_MAX, 0, 0});
  expectBits(evaluate<float>("cvt.rni.f32.f32 %d, %a;", std::vector<float>{2.5f, -0.4f}), {2.0f, -0.0f});
}

TEST(PtxConvert, IntegersToIntegersAndFloats) {
  std::vector<int32_t> a{-1, 300, -300, 127};
  expectBits(evaluate<int32_t>("cvt.s8.s32 %t, %a;\nmov.b32 %d, %t;", a), {-1, 44, -44, 127});
  expectBits(evaluate<int32_t>("cvt.sat.s8.s32 %t, %a;\nmov.b32 %d, %t;", a), {-1, 127, -128, 127});
  expectBits(evaluate<uint32_t>("cvt.sat.u8.s32 %t, %a;\nmov.b32 %d, %t;", a), {0, 255, 0, 127});
  expectBits(evaluate<int64_t>("cvt.s64.s32 %d, %a;", a), {-1, 300, -300, 127});
  expectBits(evaluate<int64_t>("cvt.u64.u32 %d, %a;", a), {0xFFFFFFFF, 300, 4294966996, 127});
  // 2^62 + 2^38 + 1 is above the middle of two floats by its last bit.
  std::vector<int64_t> w{(1ll << 62) + (1ll << 38) + 1, (1ll << 62) + (1ll << 38), -1};
  expectBits(evaluate<float>("cvt.rn.f32.s64 %d, %a;", w), {0x1.000002p62f, 0x1p62f, -1});
  expectBits(evaluate<float>("cvt.rz.f32.s64 %d, %a;", w), {0x1p62f, 0x1p62f, -1});
  expectBits(evaluate<float>("cvt.rn.f32.u64 %d, %a;", w), {0x1.000002p62f, 0x1p62f, 0x1p64f});
  expectBits(evaluate<double>("cvt.rp.f64.s64 %d, %a;", std::vector<int64_t>{(1ll << 60) + 1}),
             {std::nextafter(0x1p60, 0x1p61)});
}

TEST(PtxConvert, FloatFormats) {
  std::vector<float> a;
  std::vector<uint16_t> half, bfloat;
  uint32_t state = 99;
  for (int i = 0; i < 6000; ++i) {
    state = state * 1664525 + 1013904223;
    float value = llvm::bit_cast<float>((state & 0x807FFFFF) | (95 + (state >> 23) % 50) << 23);
    a.push_back(value);
    half.push_back(llvm::bit_cast<uint16_t>(_Float16(value)));
    uint32_t bits = bitsOf(value);
    bfloat.push_back((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
  }
  expectBits(evaluate<uint16_t>("cvt.rn.f16.f32 %d, %a;", a), half);
  expectBits(evaluate<uint16_t>("cvt.rn.bf16.f32 %d, %a;", a), bfloat);
  std::vector<uint16_t> all;
  std::vector<float> want;
  for (uint32_t i = 0; i < 65536; i += 13) {
    if ((i & 0x7FFF) > 0x7C00)
      continue;
    all.push_back(i);
    want.push_back(float(llvm::bit_cast<_Float16>(uint16_t(i))));
  }
  expectBits(bitsOf(evaluate<float>("cvt.f32.f16 %d, %a;", all)), bitsOf(want));
  expectBits(
      evaluate<uint32_t>("cvt.rn.f16x2.f32 %d, %a, %b;", std::vector<float>{1}, std::vector<float>{-2}),
      {0x3C00C000});
  expectBits(
      evaluate<uint32_t>("cvt.rn.relu.bf16x2.f32 %d, %a, %b;", std::vector<float>{1}, std::vector<float>{-2}),
      {0x3F800000});
  expectBits(evaluate<uint32_t>("cvt.rna.tf32.f32 %d, %a;", std::vector<float>{1.0f + 0x1p-11f}),
             {0x3F802000});
  expectBits(evaluate<uint16_t>("cvt.rn.satfinite.e4m3x2.f32 %d, %a, %b;", std::vector<float>{448, 1000},
                                std::vector<float>{1, -0.0625f}),
             {0x7E38, 0x7E98});
  expectBits(evaluate<float>("cvt.rz.f32.f64 %d, %a;", std::vector<double>{1 + 0x1.fp-24}), {1});
}

TEST(PtxCompare, OrderedAndNot) {
  std::vector<float> a{1, kNaN, 2}, b{2, 1, 2};
  auto test = [&](const std::string &op) {
    return evaluate<uint32_t>("setp." + op + ".f32 %p, %a, %b;\nselp.b32 %d, 1, 0, %p;", a, b);
  };
  expectBits(test("lt"), {1, 0, 0});
  expectBits(test("ltu"), {1, 1, 0});
  expectBits(test("ne"), {1, 0, 0});
  expectBits(test("neu"), {1, 1, 0});
  expectBits(test("num"), {1, 0, 1});
  expectBits(test("nan"), {0, 1, 0});
  expectBits(evaluate<uint32_t>("setp.lt.s32 %p|%q, %a, %b;\nselp.b32 %d, 1, 0, %q;",
                                std::vector<int32_t>{-1, 3}, std::vector<int32_t>{1, 1}),
             {0, 1});
  expectBits(
      evaluate<uint32_t>("setp.eq.u32 %q, %a, 3;\nsetp.lt.and.u32 %p, %a, %b, !%q;\nselp.b32 %d, 1, 0, %p;",
                         std::vector<uint32_t>{2, 3}, std::vector<uint32_t>{5, 5}),
      {1, 0});
}
