//===- TileSide.cpp - One dimension of a convolution's tiles --------------===//

#include "compiler/Codegen/CPU/TileSide.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"
#include <cmath>

namespace tgc {

llvm::ArrayRef<double> TileSide::getPoints() const {
  static const double six[] = {std::sqrt(0.5), std::sqrt(2.0)};
  static const double eight[] = {0.5, 1, 2};
  static const double nine[] = {0.233, 0.676, 1.126, 2.179};
  switch (elements) {
  case 6:
    return six;
  case 8:
    return eight;
  case 9:
    return nine;
  default:
    return {};
  }
}

llvm::SmallVector<double> TileSide::getSquaresProduct(int64_t left) const {
  llvm::SmallVector<double> product = {1};
  for (auto [pair, point] : llvm::enumerate(getPoints())) {
    if (static_cast<int64_t>(pair) == left)
      continue;
    product.push_back(0);
    for (size_t power = product.size() - 1; power > 0; --power)
      product[power] = product[power - 1] - point * point * product[power];
    product[0] *= -point * point;
  }
  return product;
}

double TileSide::getPairFactor(int64_t pair) const {
  double point = getPoints()[pair], product = 0;
  for (double coefficient : llvm::reverse(getSquaresProduct(pair)))
    product = product * point * point + coefficient;
  return 1 / (2 * point * product * (hasZero() ? point : 1));
}

llvm::SmallVector<double> TileSide::transformFilter(llvm::ArrayRef<double> weights) const {
  if (isPlain())
    return {weights.front()};
  auto evaluate = [&](double point) {
    double value = 0;
    for (double weight : llvm::reverse(weights))
      value = value * point + weight;
    return value;
  };
  llvm::SmallVector<double> values;
  if (hasZero())
    values.push_back(weights.front() * getZeroFactor());
  for (auto [pair, point] : llvm::enumerate(getPoints()))
    for (double signedPoint : {point, -point})
      values.push_back(evaluate(signedPoint) * getPairFactor(pair));
  values.push_back(weights.back());
  return values;
}

TileSide selectLine(int64_t window, int64_t size) {
  TileSide best;
  int64_t fewest = window * size;
  for (int64_t elements : {6, 8, 9}) {
    int64_t results = elements + 1 - window;
    // Nine make larger errors; windows of 6 and 7 are worth them.
    if (results < 2 || results > size || (elements == 9 && window < 6))
      continue;
    int64_t products = llvm::divideCeil(size, results) * elements;
    if (products < fewest) {
      fewest = products;
      best = {elements, results};
    }
  }
  return best;
}

} // namespace tgc
