//===- Remainders.cpp - Remainders of floats on devices -------------------===//
//
// LLVM has x - trunc(x / y) y for NVIDIA's devices, which is right only while the quotient is exact. Long
// division instead: the divisor, times a power of two, is taken from what is left as often as an integer of
// the mantissa's size says, until less than the divisor is left. The quotient of two floats is rounded up to
// an integer at most where it is one too large, and a fused multiply-add of it loses nothing: what it leaves
// is a multiple of the divisor's last bit, and smaller than the divisor. Mostly one step is all.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/GPU/Remainders.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace tgc {

using Predicate = arith::CmpFPredicate;

/// Bits of the quotient that a step finds at most, of 24 and 53 that are exact.
static constexpr int kStepOfFloat = 22, kStepOfDouble = 50;

/// From `start` on, as long as `holds`.
static Value loopWhile(OpBuilder &builder, Location loc, Value start,
                       function_ref<Value(OpBuilder &, Value)> holds,
                       function_ref<Value(OpBuilder &, Value)> next) {
  auto loop = scf::WhileOp::create(
      builder, loc, start.getType(), start,
      [&](OpBuilder &inner, Location, ValueRange carried) {
        scf::ConditionOp::create(inner, loc, holds(inner, carried[0]), carried);
      },
      [&](OpBuilder &inner, Location, ValueRange carried) {
        scf::YieldOp::create(inner, loc, next(inner, carried[0]));
      });
  return loop.getResult(0);
}

static Value remainderOf(OpBuilder &builder, Location loc, Value x, Value y) {
  auto type = cast<FloatType>(x.getType());
  int bits = type.isF32() ? kStepOfFloat : kStepOfDouble;
  auto number = [&](const llvm::APFloat &value) -> Value {
    return arith::ConstantOp::create(builder, loc, FloatAttr::get(type, value));
  };
  auto power = [&](int exponent) {
    return number(scalbn(llvm::APFloat::getOne(type.getFloatSemantics()), exponent,
                         llvm::APFloat::rmNearestTiesToEven));
  };
  auto compare = [&](OpBuilder &at, Predicate predicate, Value a, Value b) -> Value {
    return arith::CmpFOp::create(at, loc, predicate, a, b);
  };
  auto choose = [&](OpBuilder &at, Value condition, Value a, Value b) -> Value {
    return arith::SelectOp::create(at, loc, condition, a, b);
  };
  Value zero = number(llvm::APFloat::getZero(type.getFloatSemantics()));
  Value none = number(llvm::APFloat::getNaN(type.getFloatSemantics()));
  Value least = power(-bits), factor = power(bits - 2);
  Value dividend = math::AbsFOp::create(builder, loc, x), divisor = math::AbsFOp::create(builder, loc, y);
  // Nothing is greater than NaN, so the loop does not begin.
  divisor = choose(builder, compare(builder, Predicate::OEQ, divisor, zero), none, divisor);
  Value left = loopWhile(
      builder, loc, dividend,
      [&](OpBuilder &at, Value left) { return compare(at, Predicate::OGE, left, divisor); },
      [&](OpBuilder &at, Value left) -> Value {
        Value enough = arith::MulFOp::create(at, loc, left, least);
        Value scaled = loopWhile(
            at, loc, divisor,
            [&](OpBuilder &inner, Value scaled) { return compare(inner, Predicate::OLT, scaled, enough); },
            [&](OpBuilder &inner, Value scaled) -> Value {
              return arith::MulFOp::create(inner, loc, scaled, factor);
            });
        Value quotient = math::TruncOp::create(at, loc, arith::DivFOp::create(at, loc, left, scaled));
        Value rest = math::FmaOp::create(at, loc, arith::NegFOp::create(at, loc, quotient), scaled, left);
        Value more = arith::AddFOp::create(at, loc, rest, scaled);
        return choose(at, compare(at, Predicate::OLT, rest, zero), more, rest);
      });
  Value result = math::CopySignOp::create(builder, loc, left, x);
  return choose(builder, compare(builder, Predicate::UNO, divisor, divisor), none, result);
}

void expandRemainders(ModuleOp kernels) {
  kernels.walk([](arith::RemFOp op) {
    if (!op.getType().isF32() && !op.getType().isF64())
      return;
    OpBuilder builder(op);
    op.replaceAllUsesWith(remainderOf(builder, op.getLoc(), op.getLhs(), op.getRhs()));
    op.erase();
  });
}

} // namespace tgc
