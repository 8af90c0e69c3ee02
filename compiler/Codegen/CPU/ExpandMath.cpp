//===- ExpandMath.cpp - Transcendental functions as polynomials -----------===//
//
// A call of libm per element keeps a loop scalar. Here each function is arithmetic without branches, on
// scalars (loops of which LLVM vectorises) and on vectors alike. The polynomials are minimax fits in the
// relative error of the function, below 2^-25 each. Infinities, NaN and zeros give what C's annex F says;
// docs/numerics.md has the errors over all of f32. Maxima and minima whose zeros may have either sign become
// LLVM's, which take fewer instructions than comparisons and selections.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/CPU/Exponential.h"
#include "compiler/Codegen/CPU/Passes.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace tgc {
#define GEN_PASS_DEF_EXPANDMATHPASS
#include "compiler/Codegen/CPU/Passes.h.inc"

namespace {

using Predicate = arith::CmpFPredicate;

constexpr double kSeries[] = {1.3814321e-3f, 8.3688517e-3f, 4.1668400e-2f, 1.6666520e-1f, 0.49999994f};
constexpr ExponentialFormat kFormat = {.mantissaBits = 23,
                                       .bias = 127,
                                       .shift = 12582912, // 1.5 * 2^23
                                       .ln2High = 0.693359375,
                                       .ln2Low = -2.12194440054690583e-4,
                                       .series = kSeries,
                                       .lowest = -104,
                                       .highest = 89,
                                       .lowestOfM1 = -30,
                                       .highestOfM1 = 89,
                                       .highestPower = 88.3};

Value expandLog(const Lanes &l, Value x) {
  // Denormal numbers become normal ones times 2^-23.
  Value tiny = l.number(1.17549435e-38);
  Value scaled = l.select(Predicate::OLT, x, tiny, l.mul(x, l.number(8388608.0)), x);
  Value bias = l.select(Predicate::OLT, x, tiny, l.number(-23), l.number(0));
  // x = 2^e m with m between sqrt(1/2) and sqrt(2).
  Value bits = l.asInt(scaled);
  Value e = l.shiftRight(l.subInt(bits, l.integer(0x3f3504f3)), 23);
  Value f = l.sub(l.asFloat(l.subInt(bits, l.shiftLeft(e, 23))), l.number(1));
  Value exponent = l.add(l.toFloat(e), bias);
  Value square = l.mul(f, f);
  Value y = l.polynomial(f, {6.7466013e-2f, -1.1675641e-1f, 1.1888175e-1f, -1.2405591e-1f, 1.4219551e-1f,
                             -1.6667996e-1f, 2.0002119e-1f, -2.5000009e-1f, 3.3333313e-1f});
  y = l.mul(l.mul(y, f), square);
  y = l.mulAdd(exponent, l.number(kFormat.ln2Low), y);
  y = l.mulAdd(square, l.number(-0.5), y);
  y = l.mulAdd(exponent, l.number(kFormat.ln2High), l.add(f, y));
  return completeLog(l, x, y);
}

Value expandTanh(const Lanes &l, Value x) {
  Value magnitude = l.abs(x), square = l.mul(x, x);
  Value p =
      l.polynomial(square, {-5.7170363e-3f, 2.0650579e-2f, -5.3743497e-2f, 1.3331491e-1f, -3.3333284e-1f});
  // Of the magnitude, so that zero keeps its sign.
  Value small = l.mulAdd(l.mul(p, square), magnitude, magnitude);
  Value e = Exponential(l, kFormat).expOfPositive(l.add(magnitude, magnitude));
  Value large = l.sub(l.number(1), l.div(l.number(2), l.add(e, l.number(1))));
  return l.copySign(l.select(Predicate::OLT, magnitude, l.number(0.625), small, large), x);
}

Value expandErf(const Lanes &l, Value x) {
  Value magnitude = l.abs(x);
  Value p = l.polynomial(l.mul(x, x), {-5.9768936e-4f, 4.9909800e-3f, -2.6765566e-2f, 1.1281803e-1f,
                                       -3.7612495e-1f, 1.2837915e-1f});
  Value small = l.mulAdd(p, x, x);
  // 1 - exp(q(a)) with q = log(erfc(a)), fitted up to 4, where erf is 1.
  Value a = l.select(Predicate::OGT, magnitude, l.number(4), l.number(4), magnitude);
  Value q = l.polynomial(a, {-1.1231466e-5f, 3.2280540e-4f, -3.6424650e-3f, 2.3762075e-2f, -1.0623689e-1f,
                             -6.3515133e-1f, -1.2864849e-1f});
  Value large = l.sub(l.number(1), Exponential(l, kFormat).boundedExp(l.mulAdd(q, a, l.negate(a))));
  return l.select(Predicate::OLT, magnitude, l.number(0.93), small, l.copySign(large, x));
}

/// The x of a quotient 1 / (1 + e^x) in f32; null of other ops.
Value getArgumentOfSigmoid(arith::DivFOp quotient) {
  auto sum = quotient.getRhs().getDefiningOp<arith::AddFOp>();
  if (!getElementTypeOrSelf(quotient.getType()).isF32() || !sum ||
      !matchPattern(quotient.getLhs(), m_OneFloat()))
    return {};
  Value exponential = matchPattern(sum.getLhs(), m_OneFloat()) ? sum.getRhs() : sum.getLhs();
  Value one = exponential == sum.getRhs() ? sum.getLhs() : sum.getRhs();
  auto exp = exponential.getDefiningOp<math::ExpOp>();
  return exp && matchPattern(one, m_OneFloat()) ? exp.getOperand() : Value();
}

/// Erases the sum of a quotient that is gone, and its exponential, if nothing else needs them.
void eraseUnused(Operation *sum) {
  if (!sum->use_empty())
    return;
  SmallVector<Value> operands(sum->getOperands());
  sum->erase();
  for (Value operand : operands)
    if (auto exp = operand.getDefiningOp<math::ExpOp>(); exp && exp->use_empty())
      exp->erase();
}

struct ExpandMathPass : impl::ExpandMathPassBase<ExpandMathPass> {
  using ExpandMathPassBase::ExpandMathPassBase;

  void runOnOperation() override {
    // First, while exponentials are ops.
    getOperation().walk([&](arith::DivFOp quotient) {
      Value x = getArgumentOfSigmoid(quotient);
      if (!x || isa<TensorType>(x.getType()))
        return;
      OpBuilder builder(quotient);
      Lanes lanes(builder, quotient.getLoc(), x.getType(), scalesVectors);
      quotient.replaceAllUsesWith(Exponential(lanes, kFormat).inverseOf1PlusExp(x));
      Operation *sum = quotient.getRhs().getDefiningOp();
      quotient.erase();
      eraseUnused(sum);
    });
    getOperation().walk([&](Operation *op) {
      if (op->getNumResults() != 1 || isa<TensorType>(op->getResult(0).getType()))
        return;
      Type element = getElementTypeOrSelf(op->getResult(0).getType());
      if (!element.isF32() && !element.isF64())
        return;
      OpBuilder builder(op);
      Lanes lanes(builder, op->getLoc(), op->getResult(0).getType(), scalesVectors);
      Value result;
      if (isa<arith::MaximumFOp, arith::MinimumFOp>(op))
        result = expandExtremum(builder, op);
      else if (element.isF64())
        result = expandDouble(lanes, op);
      else if (auto power = dyn_cast<math::PowFOp>(op))
        result = expandPower(builder, power);
      else if (auto erfc = dyn_cast<math::ErfcOp>(op))
        result = expandErfc(builder, erfc);
      else if (isa<math::SinOp, math::CosOp, math::TanOp>(op))
        result = expandCircular(builder, op);
      else
        result = expand(lanes, op);
      if (result) {
        op->getResult(0).replaceAllUsesWith(result);
        op->erase();
      }
    });
  }

  /// Machines compare and then care for NaN; what zeros need besides is worth it only if their order counts.
  static Value expandExtremum(OpBuilder &builder, Operation *op) {
    auto flags = cast<arith::ArithFastMathInterface>(op).getFastMathFlagsAttr().getValue();
    if (!bitEnumContainsAll(flags, arith::FastMathFlags::nsz))
      return {};
    auto zeros = LLVM::FastmathFlagsAttr::get(builder.getContext(), LLVM::FastmathFlags::nsz);
    Value a = op->getOperand(0), b = op->getOperand(1);
    if (isa<arith::MaximumFOp>(op))
      return LLVM::MaximumOp::create(builder, op->getLoc(), a.getType(), a, b, zeros);
    return LLVM::MinimumOp::create(builder, op->getLoc(), a.getType(), a, b, zeros);
  }

  static Value expand(const Lanes &lanes, Operation *op) {
    if (isa<math::ExpOp>(op))
      return Exponential(lanes, kFormat).exp(op->getOperand(0));
    if (isa<math::ExpM1Op>(op))
      return Exponential(lanes, kFormat).expM1(op->getOperand(0));
    if (isa<math::LogOp>(op))
      return expandLog(lanes, op->getOperand(0));
    if (isa<math::Log1pOp>(op))
      return expandLog1P(lanes, op->getOperand(0), expandLog);
    if (isa<math::TanhOp>(op))
      return expandTanh(lanes, op->getOperand(0));
    if (isa<math::ErfOp>(op))
      return expandErf(lanes, op->getOperand(0));
    return {};
  }
};

} // namespace
} // namespace tgc
