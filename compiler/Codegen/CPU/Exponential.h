//===- Exponential.h - e^x of f32 and of f64 -------------------*- C++ -*-===//
//
// One sequence of steps with the constants of either format. An argument is reduced in two steps (Cody and
// Waite 1980); the rest is a polynomial.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_COMPILER_CODEGEN_CPU_EXPONENTIAL_H
#define TGC_COMPILER_CODEGEN_CPU_EXPONENTIAL_H

#include "compiler/Codegen/CPU/Lanes.h"
#include <limits>

namespace tgc {

/// What distinguishes the formats.
struct ExponentialFormat {
  /// Of a mantissa, and what the exponent's field has for 2^0.
  int32_t mantissaBits;
  int64_t bias;
  /// Added to a whole number of moderate size, it leaves that number in the low bits.
  double shift;
  /// ln 2 in two parts; the first has zeros at its end, so that its products with exponents are exact.
  double ln2High, ln2Low;
  /// (e^r - 1 - r) / r^2 for |r| <= ln 2 / 2, the highest power first.
  llvm::ArrayRef<double> series;
  /// From where to where e^x is neither 0 nor infinite, and e^x - 1 is neither -1 nor infinite.
  double lowest, highest, lowestOfM1, highestOfM1;
  /// Up to where 2^n of `reduce` is finite; 1 / e^x is denormal there.
  double highestPower;
};

class Exponential {
public:
  Exponential(const Lanes &lanes, const ExponentialFormat &format) : l(lanes), format(format) {}

  mlir::Value exp(mlir::Value x) const;
  /// e^x for x that is not below 0, and for x between `lowest` and `highest`; NaN for NaN.
  mlir::Value expOfPositive(mlir::Value x) const;
  mlir::Value boundedExp(mlir::Value x) const;
  mlir::Value expM1(mlir::Value x) const;
  /// e^x - 1 for x up to `highestOfM1`.
  mlir::Value smallExpM1(mlir::Value x) const;
  /// 1 / (1 + e^x), with one rounding less than in those steps.
  mlir::Value inverseOf1PlusExp(mlir::Value x) const;

private:
  /// x = n ln 2 + r with |r| <= ln 2 / 2.
  struct Reduced {
    mlir::Value remainder;
    /// (e^r - 1 - r) / r^2.
    mlir::Value series;
    /// n as a float, and as an integer; the latter is garbage for NaN.
    mlir::Value whole, exponent;
  };
  Reduced reduce(mlir::Value x) const;
  /// 2^n of a normal number.
  mlir::Value powerOfTwo(mlir::Value n) const;

  const Lanes &l;
  const ExponentialFormat &format;
};

/// log(1 + x) where `log` is the logarithm.
mlir::Value expandLog1P(const Lanes &lanes, mlir::Value x,
                        llvm::function_ref<mlir::Value(const Lanes &, mlir::Value)> log);

/// A logarithm of a positive finite x is `y`; what it is of others.
mlir::Value completeLog(const Lanes &lanes, mlir::Value x, mlir::Value y);

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_CPU_EXPONENTIAL_H
