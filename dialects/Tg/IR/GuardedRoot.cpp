//===- GuardedRoot.cpp - Roots whose gradient nobody asks for -------------===//

#include "dialects/Tg/IR/GuardedRoot.h"
#include "dialects/Tg/IR/TgOps.h"

#include <limits>

using namespace mlir;

namespace tgc::tg {

Value guardRoot(OpBuilder &builder, Location loc, Value dy, Value y, bool isReciprocal,
                function_ref<Value(Value, double)> number) {
  bool isComplex = isa<ComplexType>(getElementTypeOrSelf(y.getType()));
  Value size = isComplex ? ComplexAbsOp::create(builder, loc, y).getResult()
                         : AbsOp::create(builder, loc, y).getResult();
  auto compare = [&](ComparisonDirection direction, Value x, double bound) {
    return CompareOp::create(builder, loc, direction, x, number(x, bound)).getResult();
  };
  Value hasGradient = isReciprocal
                          ? compare(ComparisonDirection::LT, size, std::numeric_limits<double>::infinity())
                          : compare(ComparisonDirection::GT, size, 0);
  Value isAsked = compare(ComparisonDirection::NE, dy, 0);
  return SelectOp::create(builder, loc, OrOp::create(builder, loc, hasGradient, isAsked), y, number(y, 1));
}

} // namespace tgc::tg
