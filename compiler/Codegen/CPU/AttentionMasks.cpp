//===- AttentionMasks.cpp - Blocks of keys that nobody sees ---------------===//

#include "compiler/Codegen/CPU/AttentionBlocks.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace tgc {

void AttentionBlocks::findMasks() {
  for (unsigned i = firstExtra; i < initNumber; ++i)
    hasMask |= isAlongKeys(i);
  auto select = scores.front().getTerminator()->getOperand(0).getDefiningOp<arith::SelectOp>();
  auto test = select ? select.getCondition().getDefiningOp<arith::CmpFOp>() : arith::CmpFOp();
  if (!test || test.getPredicate() != arith::CmpFPredicate::UNE ||
      !matchPattern(test.getRhs(), m_AnyZeroFloat()))
    return;
  auto element = dyn_cast<BlockArgument>(test.getLhs());
  if (!element || element.getOwner() != &scores.front() || element.getArgNumber() == 0 ||
      !isAlongKeys(firstExtra + element.getArgNumber() - 1))
    return;
  FloatAttr score;
  bool hidesByZero = matchPattern(select.getFalseValue(), m_Constant(&score));
  if (hidesByZero || matchPattern(select.getTrueValue(), m_Constant(&score)))
    choice = Choice{firstExtra + element.getArgNumber() - 1, hidesByZero, score.getValue().convertToFloat()};
}

void AttentionBlocks::emitUnless(Value condition, function_ref<void()> body) {
  Value always = arith::ConstantIntOp::create(builder, loc, 1, 1);
  Value isNot = arith::XOrIOp::create(builder, loc, condition, always);
  scf::IfOp::create(builder, loc, isNot, [&](OpBuilder &, Location) {
    body();
    scf::YieldOp::create(builder, loc);
  });
}

Value AttentionBlocks::findWorst(const Queries &unit, ValueRange inputs, ArrayRef<SmallVector<unsigned>> dims,
                                 function_ref<Value(OpBuilder &, ValueRange)> value) {
  fill(unit.worst, -std::numeric_limits<float>::infinity());
  SmallVector<SmallVector<unsigned>> all(dims);
  all.push_back({});
  nest(1, all, inputs, unit.worst, [&](OpBuilder &b, ValueRange arguments) -> Value {
    return arith::MaximumFOp::create(b, loc, arguments.back(), value(b, arguments));
  });
  return memref::LoadOp::create(builder, loc, unit.worst, ValueRange());
}

Value AttentionBlocks::isBelow(Value value, float bound) {
  return arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OLT, value, number(builder, bound));
}

Value AttentionBlocks::isHidden(const Queries &unit, const ExtraViews &extras, bool mayGrow) {
  Value mask = extras.views[choice->operand - firstExtra];
  // The larger is the more visible: -|x| where 0 is seen.
  auto visible = [&](OpBuilder &b, Value element) -> Value {
    Value size = math::AbsFOp::create(b, loc, element);
    return choice->hidesByZero ? size : Value(arith::NegFOp::create(b, loc, size));
  };
  Value most;
  if (isAlongQueries(choice->operand)) {
    Value rows = part(unit.most, unit.queries);
    fill(rows, -std::numeric_limits<float>::infinity());
    nest(2, {{0, 1}, {1}}, mask, rows, [&](OpBuilder &b, ValueRange arguments) -> Value {
      return arith::MaximumFOp::create(b, loc, arguments[1], visible(b, arguments[0]));
    });
    most = findWorst(unit, rows, {{0}}, [](OpBuilder &, ValueRange arguments) { return arguments[0]; });
  } else {
    most = findWorst(unit, mask, {{0}},
                     [&](OpBuilder &b, ValueRange arguments) { return visible(b, arguments[0]); });
  }
  Value zero = number(builder, 0);
  auto predicate = choice->hidesByZero ? arith::CmpFPredicate::OEQ : arith::CmpFPredicate::OLT;
  Value areChosen = arith::CmpFOp::create(builder, loc, predicate, most, zero);
  if (mayGrow && choice->score == -std::numeric_limits<float>::infinity())
    return areChosen;
  Value difference = findWorst(unit, part(unit.larger, unit.queries), {{0}},
                               [&](OpBuilder &b, ValueRange arguments) -> Value {
                                 return arith::SubFOp::create(b, loc, number(b, choice->score), arguments[0]);
                               });
  return arith::AndIOp::create(builder, loc, areChosen, isBelow(difference, kLeastExponent));
}

Value AttentionBlocks::findMost(const Queries &unit, OpFoldResult size) {
  Value most = part(unit.most, unit.queries);
  fill(most, -std::numeric_limits<float>::infinity());
  nest(2, {{0, 1}, {1}}, part(unit.scores, {size, unit.queries}), most,
       [&](OpBuilder &b, ValueRange arguments) -> Value {
         return arith::MaximumFOp::create(b, loc, arguments[1], arguments[0]);
       });
  return most;
}

Value AttentionBlocks::originOf(OpBuilder &b, Value largest) {
  Value isLowest = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ, largest,
                                         number(b, -std::numeric_limits<float>::infinity()));
  return arith::SelectOp::create(b, loc, isLowest, number(b, 0), largest);
}

} // namespace tgc
