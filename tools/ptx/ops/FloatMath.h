//===- FloatMath.h - The floating-point operations of PTX -----------*- C++ -*-===//
#ifndef TGC_TOOLS_PTX_OPS_FLOATMATH_H
#define TGC_TOOLS_PTX_OPS_FLOATMATH_H

#include "llvm/ADT/StringRef.h"
#include <cmath>
#include <limits>
#include <optional>

namespace tgc::ptx {

enum class FloatOp : uint8_t {
  Add,
  Sub,
  Mul,
  Fma,
  Div,
  Min,
  Max,
  Neg,
  Abs,
  Rcp,
  Sqrt,
  Rsqrt,
  Ex2,
  Lg2,
  Sin,
  Cos,
  Tanh,
  Copysign
};

std::optional<FloatOp> floatOpOf(llvm::StringRef opcode);
unsigned numSourcesOf(FloatOp op);

/// Functions of one argument that the device approximates; here they are as exact as a double allows.
double evaluate(FloatOp op, double a);

/// The smaller number, where -0 is less than +0. Of a NaN and a number the number, unless NaNs win.
template <typename T> T smaller(T a, T b, bool nanWins) {
  if (a != a || b != b)
    return nanWins || (a != a && b != b) ? std::numeric_limits<T>::quiet_NaN() : a != a ? b : a;
  if (a == b)
    return std::signbit(a) ? a : b;
  return a < b ? a : b;
}
template <typename T> T larger(T a, T b, bool nanWins) {
  if (a != a || b != b)
    return nanWins || (a != a && b != b) ? std::numeric_limits<T>::quiet_NaN() : a != a ? b : a;
  if (a == b)
    return std::signbit(a) ? b : a;
  return a > b ? a : b;
}

} // namespace tgc::ptx

#endif // TGC_TOOLS_PTX_OPS_FLOATMATH_H
