//===- Activity.cpp - What lies between two sets of values ----------------===//

#include "dialects/Tg/IR/Activity.h"
#include "dialects/Tg/IR/TgOps.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;

namespace tgc::tg {

/// Whether values of this type have gradients at all.
static bool isContinuous(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && isa<FloatType, ComplexType>(tensor.getElementType());
}

/// The operands of an op and what its regions use of the values outside.
static SmallVector<Value> getUses(Operation *op) {
  SmallVector<Value> uses(op->getOperands());
  if (op->getNumRegions() == 0)
    return uses;
  llvm::SetVector<Value> captured;
  getUsedValuesDefinedAbove(op->getRegions(), captured);
  llvm::append_range(uses, captured);
  return uses;
}

/// All ops that `ys` depend on, each after those that it depends on.
static SmallVector<Operation *> collectOps(ValueRange ys, Region *scope) {
  SmallVector<Operation *> order;
  llvm::DenseSet<Operation *> visited;
  SmallVector<std::pair<Operation *, SmallVector<Value>>> stack;
  auto enter = [&](Value value) {
    Operation *op = value.getDefiningOp();
    if (op && (!scope || scope->isAncestor(op->getParentRegion())) && visited.insert(op).second)
      stack.emplace_back(op, getUses(op));
  };
  for (Value y : ys) {
    enter(y);
    while (!stack.empty()) {
      if (stack.back().second.empty()) {
        order.push_back(stack.back().first);
        stack.pop_back();
        continue;
      }
      enter(stack.back().second.pop_back_val());
    }
  }
  return order;
}

Activity::Activity(ValueRange ys, ValueRange xs, Region *scope) {
  for (Value x : xs)
    active.insert(x);
  for (Operation *op : collectOps(ys, scope)) {
    // A gradient that is not expanded yet stands for ops that depend on what it depends on.
    bool isConstant = op->hasTrait<NoGradient>() && !isa<GradientOp>(op);
    if (llvm::none_of(getUses(op), [&](Value use) { return isActive(use); }))
      continue;
    for (Value result : op->getResults())
      if (!isConstant && isContinuous(result.getType()))
        active.insert(result);
    if (llvm::any_of(op->getResults(), [&](Value result) { return isActive(result); }))
      ops.push_back(op);
    else if (llvm::any_of(op->getResultTypes(), llvm::IsaPred<TensorType>)) // else it asks for a size
      ends.push_back(op);
  }
  for (Value y : ys)
    if (isActive(y))
      reached.insert(y);
  for (Operation *op : llvm::reverse(ops))
    if (llvm::any_of(op->getResults(), [&](Value result) { return isReached(result); }))
      for (Value use : getUses(op))
        if (isActive(use))
          reached.insert(use);
}

} // namespace tgc::tg
