//===- Float.cpp - f32 and f64 arithmetic -------------------------------------===//
//
// What kernels use most (rn, nothing flushed, nothing saturated) has handlers of its own, which compilers
// turn into vector code; all other combinations go through one that looks at flags.
//
//===----------------------------------------------------------------------===//
#include "tools/ptx/Floats.h"
#include "tools/ptx/ops/Families.h"
#include "tools/ptx/ops/FloatMath.h"
#include "tools/ptx/ops/Lanes.h"

using namespace tgc::ptx;
using llvm::StringRef;

static constexpr uint32_t kFlush = 1 << 4, kSaturate = 1 << 5, kNaNWins = 1 << 6;
static constexpr uint32_t kRoundingMask = 7;

std::optional<FloatOp> tgc::ptx::floatOpOf(StringRef opcode) {
  return llvm::StringSwitch<std::optional<FloatOp>>(opcode)
      .Case("add", FloatOp::Add)
      .Case("sub", FloatOp::Sub)
      .Case("mul", FloatOp::Mul)
      .Cases({"fma", "mad"}, FloatOp::Fma)
      .Case("div", FloatOp::Div)
      .Case("min", FloatOp::Min)
      .Case("max", FloatOp::Max)
      .Case("neg", FloatOp::Neg)
      .Case("abs", FloatOp::Abs)
      .Case("rcp", FloatOp::Rcp)
      .Case("sqrt", FloatOp::Sqrt)
      .Case("rsqrt", FloatOp::Rsqrt)
      .Case("ex2", FloatOp::Ex2)
      .Case("lg2", FloatOp::Lg2)
      .Case("sin", FloatOp::Sin)
      .Case("cos", FloatOp::Cos)
      .Case("tanh", FloatOp::Tanh)
      .Case("copysign", FloatOp::Copysign)
      .Default(std::nullopt);
}

unsigned tgc::ptx::numSourcesOf(FloatOp op) {
  switch (op) {
  case FloatOp::Fma:
    return 3;
  case FloatOp::Add:
  case FloatOp::Sub:
  case FloatOp::Mul:
  case FloatOp::Div:
  case FloatOp::Min:
  case FloatOp::Max:
  case FloatOp::Copysign:
    return 2;
  default:
    return 1;
  }
}

double tgc::ptx::evaluate(FloatOp op, double a) {
  switch (op) {
  case FloatOp::Rcp:
    return 1 / a;
  case FloatOp::Rsqrt:
    return 1 / std::sqrt(a);
  case FloatOp::Sqrt:
    return std::sqrt(a);
  case FloatOp::Ex2:
    return std::exp2(a);
  case FloatOp::Lg2:
    return std::log2(a);
  case FloatOp::Sin:
    return std::sin(a);
  case FloatOp::Cos:
    return std::cos(a);
  case FloatOp::Tanh:
    return std::tanh(a);
  default:
    return a;
  }
}

static float compute(FloatOp op, float a, float b, float c, Rounding rounding, bool nanWins) {
  bool isNearest = rounding == Rounding::Nearest;
  double odd = 0;
  switch (op) {
  case FloatOp::Add:
    if (isNearest)
      return a + b;
    odd = addToOdd(a, b);
    break;
  case FloatOp::Sub:
    if (isNearest)
      return a - b;
    odd = addToOdd(a, -double(b));
    break;
  case FloatOp::Mul:
    if (isNearest)
      return a * b;
    odd = double(a) * b;
    break;
  case FloatOp::Fma:
    odd = fmaToOdd(a, b, c);
    break;
  case FloatOp::Div:
    if (isNearest)
      return a / b;
    odd = divideToOdd(a, b);
    break;
  case FloatOp::Rcp:
    if (isNearest)
      return 1 / a;
    odd = divideToOdd(1, a);
    break;
  case FloatOp::Sqrt:
    if (isNearest)
      return std::sqrt(a);
    odd = sqrtToOdd(a);
    break;
  case FloatOp::Min:
    return smaller(a, b, nanWins);
  case FloatOp::Max:
    return larger(a, b, nanWins);
  default:
    return float(evaluate(op, a));
  }
  if (isNearest)
    return float(odd);
  // An exact zero sum is -0 when rounding down, unless both were +0.
  if (odd == 0 && (op == FloatOp::Add || op == FloatOp::Sub))
    return float(addIn(a, op == FloatOp::Add ? double(b) : -double(b), rounding));
  if (odd == 0 && op == FloatOp::Fma)
    return float(addIn(double(a) * b, c, rounding));
  return float(roundTo(odd, kF32, rounding));
}

static double compute(FloatOp op, double a, double b, double c, Rounding rounding, bool nanWins) {
  switch (op) {
  case FloatOp::Add:
    return addIn(a, b, rounding);
  case FloatOp::Sub:
    return addIn(a, -b, rounding);
  case FloatOp::Mul:
    return multiplyIn(a, b, rounding);
  case FloatOp::Fma:
    return fmaIn(a, b, c, rounding);
  case FloatOp::Div:
    return divideIn(a, b, rounding);
  case FloatOp::Rcp:
    return divideIn(1, a, rounding);
  case FloatOp::Sqrt:
    return sqrtIn(a, rounding);
  case FloatOp::Min:
    return smaller(a, b, nanWins);
  case FloatOp::Max:
    return larger(a, b, nanWins);
  default:
    return evaluate(op, a);
  }
}

static float flushIf(float value, bool flushes) { return flushes ? flush(value) : value; }
static double flushIf(double value, bool) { return value; }

/// Any operation in any mode.
template <typename T, FloatOp Op> static Step runGeneral(Warp &warp, const Instr &in, uint32_t mask) {
  constexpr unsigned kSources = 3;
  bool flushes = in.flags & kFlush;
  T *to = warp.row<T>(in.dst);
  forEachLane(mask, [&](unsigned lane) {
    T v[kSources] = {};
    for (unsigned i = 0; i < in.numSources; ++i)
      v[i] = flushIf(warp.row<T>(in.src[i])[lane], flushes);
    T result;
    if (Op == FloatOp::Neg)
      result = -v[0];
    else if (Op == FloatOp::Abs)
      result = std::fabs(v[0]);
    else if (Op == FloatOp::Copysign)
      result = std::copysign(v[1], v[0]);
    else
      result =
          canonical(compute(Op, v[0], v[1], v[2], Rounding(in.flags & kRoundingMask), in.flags & kNaNWins));
    result = flushIf(result, flushes);
    if (in.flags & kSaturate)
      result = T(saturate(float(result)));
    to[lane] = result;
  });
  return Step::Next;
}

template <typename T> static Handler generalHandler(FloatOp op) {
  switch (op) {
#define TGC_PTX_CASE(Name)                                                                                   \
  case FloatOp::Name:                                                                                        \
    return &runGeneral<T, FloatOp::Name>;
    TGC_PTX_CASE(Add)
    TGC_PTX_CASE(Sub)
    TGC_PTX_CASE(Mul)
    TGC_PTX_CASE(Fma)
    TGC_PTX_CASE(Div)
    TGC_PTX_CASE(Min)
    TGC_PTX_CASE(Max)
    TGC_PTX_CASE(Neg)
    TGC_PTX_CASE(Abs)
    TGC_PTX_CASE(Rcp)
    TGC_PTX_CASE(Sqrt)
    TGC_PTX_CASE(Rsqrt)
    TGC_PTX_CASE(Ex2)
    TGC_PTX_CASE(Lg2)
    TGC_PTX_CASE(Sin)
    TGC_PTX_CASE(Cos)
    TGC_PTX_CASE(Tanh)
    TGC_PTX_CASE(Copysign)
#undef TGC_PTX_CASE
  }
  return nullptr;
}

#if defined(__x86_64__)
#define TGC_PTX_FUSES __attribute__((target("avx2,fma")))
static bool hostFuses() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }
#else
#define TGC_PTX_FUSES
static bool hostFuses() { return false; }
#endif

/// By the host's instruction, where it has one.
template <typename T> TGC_PTX_FUSES static Step runFused(Warp &warp, const Instr &in, uint32_t mask) {
  const T *a = warp.row<T>(in.src[0]), *b = warp.row<T>(in.src[1]), *c = warp.row<T>(in.src[2]);
  T *to = warp.row<T>(in.dst), result[kWarpSize];
  for (unsigned lane = 0; lane < kWarpSize; ++lane) {
    if constexpr (sizeof(T) == sizeof(float)) {
      float value = __builtin_fmaf(a[lane], b[lane], c[lane]);
      result[lane] = value != value ? llvm::bit_cast<float>(0x7FFFFFFFu) : value;
    } else {
      result[lane] = __builtin_fma(a[lane], b[lane], c[lane]);
    }
  }
  if (mask == ~uint32_t(0))
    std::memcpy(to, result, sizeof(result));
  else
    for (unsigned lane = 0; lane < kWarpSize; ++lane)
      to[lane] = mask >> lane & 1 ? result[lane] : to[lane];
  return Step::Next;
}

/// Fused in f64 through the host's fma, in f32 through a double whose last bit is odd, unless the host has an
/// instruction for it.
template <typename T> static Handler nearestHandler(FloatOp op) {
  if (op == FloatOp::Fma && hostFuses())
    return &runFused<T>;
  switch (op) {
  case FloatOp::Add:
    return lanes<[](T a, T b) { return canonical(a + b); }>();
  case FloatOp::Sub:
    return lanes<[](T a, T b) { return canonical(a - b); }>();
  case FloatOp::Mul:
    return lanes<[](T a, T b) { return canonical(a * b); }>();
  case FloatOp::Div:
    return lanes<[](T a, T b) { return canonical(a / b); }>();
  case FloatOp::Fma:
    if constexpr (sizeof(T) == 4)
      return lanes<[](T a, T b, T c) { return canonical(float(fmaToOdd(a, b, c))); }>();
    else
      return lanes<[](T a, T b, T c) { return std::fma(a, b, c); }>();
  case FloatOp::Sqrt:
    return lanes<[](T a) { return canonical(T(std::sqrt(a))); }>();
  default:
    return nullptr;
  }
}

static void decodeFloat(Decode &d) {
  FloatOp op = *floatOpOf(d.in.opcode);
  int rounding = d.takeOneOf({"rn", "rz", "rm", "rp"});
  bool isApproximate = d.takeOneOf({"approx", "full"}) >= 0;
  uint32_t flags = std::max(rounding, 0);
  flags |= d.take("ftz") ? kFlush : 0;
  flags |= d.take("sat") ? kSaturate : 0;
  flags |= d.take("NaN") ? kNaNWins : 0;
  Type type = d.needType();
  unsigned n = numSourcesOf(op);
  if (!d.expectOperands(n + 1))
    return;
  bool needsMode = op == FloatOp::Fma || op == FloatOp::Div || op == FloatOp::Rcp || op == FloatOp::Sqrt;
  if (needsMode && rounding < 0 && !isApproximate)
    return d.fail("'" + d.statement.opcode + "' needs a rounding mode (.rn) or .approx");
  if (type == Type::F64 && (flags & (kFlush | kSaturate)) && op != FloatOp::Rcp && op != FloatOp::Rsqrt)
    return d.fail("'" + d.statement.opcode + "': .ftz and .sat are not for f64");
  d.setDest(0, type);
  for (unsigned i = 0; i < n; ++i)
    d.setSource(i, i + 1, type);
  d.in.flags = flags;
  d.in.run = flags ? nullptr : type == Type::F32 ? nearestHandler<float>(op) : nearestHandler<double>(op);
  if (!d.in.run)
    d.in.run = type == Type::F32 ? generalHandler<float>(op) : generalHandler<double>(op);
}

/// testp: what kind of number this is, as a predicate.
template <typename T> static Step runTest(Warp &warp, const Instr &in, uint32_t mask) {
  uint32_t result = 0;
  forEachLane(mask, [&](unsigned lane) {
    T value = warp.row<T>(in.src[0])[lane];
    int kind = std::fpclassify(value);
    bool is[] = {kind != FP_NAN && kind != FP_INFINITE,
                 kind == FP_INFINITE,
                 kind != FP_NAN,
                 kind == FP_NAN,
                 kind == FP_NORMAL,
                 kind == FP_SUBNORMAL};
    result |= uint32_t(is[in.flags]) << lane;
  });
  warp.mask(in.dst) = (warp.mask(in.dst) & ~mask) | result;
  return Step::Next;
}

static void decodeTest(Decode &d) {
  int kind = d.takeOneOf({"finite", "infinite", "number", "notanumber", "normal", "subnormal"});
  Type type = d.needType();
  if (kind < 0)
    return d.fail("'testp' names no kind of number");
  if (!d.setOperands(Type::Pred, {type}))
    return;
  d.in.flags = kind;
  d.in.run = type == Type::F32 ? &runTest<float> : type == Type::F64 ? &runTest<double> : nullptr;
}

DecodeFunction tgc::ptx::floatDecoderOf(StringRef opcode) {
  if (opcode == "testp")
    return decodeTest;
  return floatOpOf(opcode) ? decodeFloat : nullptr;
}
