//===- FreeCombiner.cpp - Reductions whose order is free ------------------===//

#include "compiler/Codegen/CPU/FreeCombiner.h"

using namespace mlir;

namespace tgc {

Value FreeCombiner::getSummedFloat() const {
  auto widened = combined.getDefiningOp<arith::ExtFOp>();
  bool isSum = kind == vector::CombiningKind::ADD && combined.getType().isF64() && widened &&
               widened->hasOneUse() && widened.getIn().getType().isF32();
  return isSum ? widened.getIn() : Value();
}

std::optional<FreeCombiner> matchFreeCombiner(linalg::GenericOp op) {
  Block &body = op.getRegion().front();
  BlockArgument accumulator = body.getArguments().back();
  Operation *last = body.getTerminator()->getOperand(0).getDefiningOp();
  if (!accumulator.hasOneUse() || !last || *accumulator.user_begin() != last || last->getNumOperands() != 2)
    return std::nullopt;
  FreeCombiner combiner;
  combiner.op = last;
  combiner.combined = last->getOperand(last->getOperand(0) == accumulator ? 1 : 0);
  Builder builder(op.getContext());
  Type type = accumulator.getType();
  if (auto floatType = dyn_cast<FloatType>(type)) {
    auto attribute = [&](APFloat value) { combiner.neutral = builder.getFloatAttr(floatType, value); };
    const llvm::fltSemantics &semantics = floatType.getFloatSemantics();
    if (auto add = dyn_cast<arith::AddFOp>(last);
        add && bitEnumContainsAll(add.getFastmath(), arith::FastMathFlags::reassoc)) {
      combiner.kind = vector::CombiningKind::ADD;
      // Zero of the sign that changes no sum.
      attribute(APFloat::getZero(semantics, /*Negative=*/true));
    } else if (isa<arith::MaximumFOp>(last)) {
      combiner.kind = vector::CombiningKind::MAXIMUMF;
      attribute(APFloat::getInf(semantics, /*Negative=*/true));
    } else if (isa<arith::MinimumFOp>(last)) {
      combiner.kind = vector::CombiningKind::MINIMUMF;
      attribute(APFloat::getInf(semantics));
    } else {
      return std::nullopt;
    }
    return combiner;
  }
  if (!type.isInteger())
    return std::nullopt;
  unsigned width = type.getIntOrFloatBitWidth();
  auto attribute = [&](vector::CombiningKind kind, APInt value) {
    combiner.kind = kind;
    combiner.neutral = builder.getIntegerAttr(type, value);
  };
  if (isa<arith::AddIOp>(last))
    attribute(vector::CombiningKind::ADD, APInt::getZero(width));
  else if (isa<arith::MaxSIOp>(last))
    attribute(vector::CombiningKind::MAXSI, APInt::getSignedMinValue(width));
  else if (isa<arith::MinSIOp>(last))
    attribute(vector::CombiningKind::MINSI, APInt::getSignedMaxValue(width));
  else if (isa<arith::MaxUIOp>(last))
    attribute(vector::CombiningKind::MAXUI, APInt::getZero(width));
  else if (isa<arith::MinUIOp>(last))
    attribute(vector::CombiningKind::MINUI, APInt::getMaxValue(width));
  else
    return std::nullopt;
  return combiner;
}

} // namespace tgc
