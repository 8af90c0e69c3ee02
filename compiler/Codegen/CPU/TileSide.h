//===- TileSide.h - One dimension of a convolution's tiles -----*- C++ -*-===//
//
// Along one dimension, n elements d of the operand and a window of n + 1 - m weights g make m results
// A'((G g) * (B' d)), of n products. They are the values of polynomials at n - 1 points and at infinity: B'
// has the coefficients of the products of all (x - point) but one, or but none, A the powers of the points,
// and G the powers divided by the products of all differences from the other points. Lavin and Gray, "Fast
// algorithms for convolutional neural networks", 2016.
//
// Points come in pairs, +p and -p, whose transforms share sums of even and of odd elements; where n is even,
// 0 is a point too. The points are those that keep errors small (docs/numerics.md).
//
//===----------------------------------------------------------------------===//
#ifndef TGC_COMPILER_CODEGEN_CPU_TILESIDE_H
#define TGC_COMPILER_CODEGEN_CPU_TILESIDE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include <cstdint>

namespace tgc {

struct TileSide {
  /// Elements of the operand, which are as many products, and results. One of each where the window has one
  /// weight: nothing is transformed.
  int64_t elements = 1, results = 1;

  bool isPlain() const { return elements == 1; }
  int64_t getWindow() const { return elements + 1 - results; }
  /// The positive points of the pairs.
  llvm::ArrayRef<double> getPoints() const;
  bool hasZero() const { return elements % 2 == 0; }

  /// The coefficients of the product of all (x - p * p), or but that of the pair `left`: of x ^ 0 first; the
  /// last is 1.
  llvm::SmallVector<double> getSquaresProduct(int64_t left = -1) const;
  /// What G multiplies the weights' polynomial with at 0, and at both points of a pair. B' of a negative
  /// point has the other sign where 0 is no point.
  double getZeroFactor() const { return 1 / getSquaresProduct().front(); }
  double getPairFactor(int64_t pair) const;

  /// G g, in the order 0 if it is a point, the pairs, first the positive point, and infinity.
  llvm::SmallVector<double> transformFilter(llvm::ArrayRef<double> weights) const;
};

/// The elements of a tile of one row or column that take the fewest products for windows of `window` weights
/// and so many results; 1 if there are none.
TileSide selectLine(int64_t window, int64_t size);

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_CPU_TILESIDE_H
