//===- ReverseSweep.cpp - From results back to operands -------------------===//

#include "compiler/AutoDiff/ReverseSweep.h"
#include "compiler/AutoDiff/ControlFlow.h"
#include "dialects/Tg/IR/GradientBuilder.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace tgc {

/// A NaN ends the run; the error names the node on the way back.
static void checkNumbers(OpBuilder &builder, Location loc, Value gradient) {
  if (!isa<FloatType>(getElementTypeOrSelf(gradient.getType())))
    return;
  Value isNumber = tg::NotOp::create(builder, loc, tg::IsNanOp::create(builder, loc, gradient));
  auto dimensions =
      llvm::to_vector(llvm::seq<int64_t>(0, cast<RankedTensorType>(gradient.getType()).getRank()));
  Value all =
      dimensions.empty()
          ? isNumber
          : tg::ReduceOp::create(builder, loc, tg::ReductionKind::All, isNumber, dimensions).getResult();
  tg::CheckOp::create(builder, loc, tensor::ExtractOp::create(builder, loc, all, ValueRange()),
                      tg::StatusCode::InvalidArgument,
                      "a gradient on the way back over the node is a NaN (--check-numerics)");
}

void ReverseSweep::add(Value value, Value gradient, Location loc) {
  if (!activity.isActive(value))
    return;
  if (isByRows(value)) {
    if (checksNumerics)
      checkNumbers(builder, loc, gradient);
    llvm::SmallBitVector none;
    tg::GradientBuilder words(builder, gradient.getParentBlock()->getParentOp(), none);
    return addRows(value, getAllRows(words, gradient));
  }
  Value &sum = gradients[value];
  sum = sum ? tg::accumulate(builder, loc, sum, gradient) : gradient;
  if (checksNumerics)
    checkNumbers(builder, loc, sum);
}

void ReverseSweep::replace(Value from, Value to) {
  if (Value gradient = get(from))
    gradients[to] = gradient;
}

std::optional<GradientRows> ReverseSweep::getRows(Value x, tg::GradientBuilder &words) const {
  ArrayRef<GradientRows> parts = rows.at(x);
  return parts.empty() ? std::nullopt : std::optional(joinRows(words, parts));
}

LogicalResult ReverseSweep::visit(Operation *op) {
  SmallVector<Value> incoming =
      llvm::map_to_vector(op->getResults(), [&](Value result) { return get(result); });
  if (llvm::none_of(incoming, [](Value gradient) { return static_cast<bool>(gradient); }))
    return success();
  if (op->hasTrait<tg::RegionGradient>())
    return differentiateRegions(*this, op, incoming);
  auto rule = dyn_cast<tg::DifferentiableOpInterface>(op);
  if (!rule)
    return op->emitError() << "no gradient is known of " << op->getName();
  llvm::SmallBitVector needed(op->getNumOperands());
  for (OpOperand &operand : op->getOpOperands())
    needed[operand.getOperandNumber()] = activity.isActive(operand.get());
  tg::GradientBuilder words(builder, op, needed);
  if (readsRows(op) && isByRows(op->getOperand(0))) {
    addRows(op->getOperand(0), getRowsOf(words, cast<tg::GatherOp>(op), incoming[0]));
    return success();
  }
  auto outgoing = rule.buildGradients(words, incoming);
  if (failed(outgoing))
    return failure();
  for (auto [operand, gradient] : llvm::zip_equal(op->getOperands(), *outgoing))
    if (gradient)
      add(operand, gradient, words.loc);
  return success();
}

LogicalResult ReverseSweep::run() {
  for (Operation *op : llvm::reverse(activity.getOps()))
    if (failed(visit(op)))
      return failure();
  return success();
}

} // namespace tgc
