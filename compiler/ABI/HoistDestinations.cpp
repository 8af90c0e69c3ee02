//===- HoistDestinations.cpp - Memory of fetches, early -------------------===//
//
// Results that are computed in their destinations are never copied, so destinations come first, and with them
// the checks of what their sizes are made of: no memory is asked for before it is known that they are sizes.
//
//===----------------------------------------------------------------------===//

#include "compiler/ABI/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace tgc {
#define GEN_PASS_DEF_HOISTDESTINATIONSPASS
#include "compiler/ABI/Passes.h.inc"

namespace {

/// Whether `op` belongs to the head of an entry: what it was given.
bool isInput(Operation &op) {
  if (auto toTensor = dyn_cast<bufferization::ToTensorOp>(op))
    return toTensor.getBuffer().getDefiningOp<rt::FeedOp>() ||
           toTensor.getBuffer().getDefiningOp<rt::VariableOp>();
  return isa<rt::FeedOp, rt::VariableOp>(op) || op.hasTrait<OpTrait::ConstantLike>();
}

/// Feeds are never written, so that reading one early reads the same.
bool readsFeed(Operation *op) {
  auto extract = dyn_cast<tensor::ExtractOp>(op);
  auto source = extract ? extract.getTensor().getDefiningOp<bufferization::ToTensorOp>() : nullptr;
  return source && source.getBuffer().getDefiningOp<rt::FeedOp>();
}

/// Adds the ops of `block` that `values` need to `needed`; false if one of them has to stay where it is.
bool collectNeeded(ValueRange values, Block *block, llvm::SetVector<Operation *> &needed) {
  for (Value operand : values) {
    Operation *definition = operand.getDefiningOp();
    if (!definition || isInput(*definition) || needed.contains(definition))
      continue;
    bool computesTensors =
        llvm::any_of(definition->getOperandTypes(), llvm::IsaPred<TensorType>) && !readsFeed(definition);
    if (definition->getBlock() != block || computesTensors || definition->getNumRegions() ||
        !isPure(definition) || !collectNeeded(definition->getOperands(), block, needed))
      return false;
    needed.insert(definition);
  }
  return true;
}

/// What the check that `op` is looks at: its condition and what its message tells. Empty: it is none.
SmallVector<Value> getChecked(Operation &op) {
  auto ifFails = dyn_cast<scf::IfOp>(op);
  if (!ifFails || ifFails.elseBlock())
    return {};
  auto fail = dyn_cast<rt::FailOp>(ifFails.thenBlock()->front());
  if (!fail || fail->getNextNode() != ifFails.thenBlock()->getTerminator())
    return {};
  SmallVector<Value> checked(fail.getValues());
  checked.push_back(ifFails.getCondition());
  return checked;
}

/// A check that can go to the head of its block, and what it needs there.
struct Check {
  Operation *op;
  llvm::SetVector<Operation *> needed;
};

std::vector<Check> findChecks(Block &block) {
  std::vector<Check> checks;
  for (Operation &op : block) {
    Check check{&op, {}};
    SmallVector<Value> checked = getChecked(op);
    if (!checked.empty() && collectNeeded(checked, &block, check.needed))
      checks.push_back(std::move(check));
  }
  return checks;
}

/// Adds the checks before `op` of something that is in `needed`, and what they need themselves.
void addChecks(ArrayRef<Check> checks, Operation &op, llvm::SetVector<Operation *> &needed) {
  auto isOfNeeded = [&](const Check &check) {
    return check.op->isBeforeInBlock(&op) &&
           llvm::any_of(check.needed, [&](Operation *test) { return needed.contains(test); });
  };
  SmallVector<const Check *> own;
  for (const Check &check : checks)
    if (isOfNeeded(check))
      own.push_back(&check);
  for (const Check *check : own) {
    needed.insert_range(check->needed);
    needed.insert(check->op);
  }
}

struct HoistDestinationsPass : impl::HoistDestinationsPassBase<HoistDestinationsPass> {
  void runOnOperation() override {
    for (func::FuncOp func : getOperation().getOps<func::FuncOp>())
      if (func->hasAttr("tg.entry"))
        hoist(func.front());
  }

  void hoist(Block &block) {
    llvm::SmallDenseSet<int64_t> readVariables;
    for (Operation &op : block)
      if (auto variable = dyn_cast<rt::VariableOp>(op))
        readVariables.insert(variable.getIndex());
    Operation *anchor = &block.front();
    for (Operation &op : llvm::make_early_inc_range(block))
      if (isInput(op)) {
        if (&op == anchor)
          anchor = anchor->getNextNode();
        else
          op.moveBefore(anchor);
      }
    const std::vector<Check> checks = findChecks(block);
    for (Operation &op : llvm::make_early_inc_range(block)) {
      auto newVariable = dyn_cast<rt::NewVariableOp>(op);
      llvm::SetVector<Operation *> moved;
      bool isDestination =
          isa<rt::FetchOp>(op) || (newVariable && !readVariables.contains(newVariable.getIndex()));
      if (!isDestination || !collectNeeded(op.getOperands(), &block, moved))
        continue;
      addChecks(checks, op, moved);
      moved.insert(&op);
      for (Operation *needed : moved) {
        if (needed == anchor)
          anchor = anchor->getNextNode();
        else if (anchor->isBeforeInBlock(needed))
          needed->moveBefore(anchor);
      }
    }
  }
};

} // namespace
} // namespace tgc
