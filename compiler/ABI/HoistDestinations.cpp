//===- HoistDestinations.cpp - Memory of fetches, early -------------------===//

#include "compiler/ABI/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
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

/// Adds the ops of `block` that `op` needs to `needed`; false if one of them has to stay where it is.
bool collectNeeded(Operation *op, Block *block, llvm::SetVector<Operation *> &needed) {
  for (Value operand : op->getOperands()) {
    Operation *definition = operand.getDefiningOp();
    if (!definition || isInput(*definition) || needed.contains(definition))
      continue;
    bool computesTensors =
        llvm::any_of(definition->getOperandTypes(), llvm::IsaPred<TensorType>) && !readsFeed(definition);
    if (definition->getBlock() != block || computesTensors || definition->getNumRegions() ||
        !isPure(definition) || !collectNeeded(definition, block, needed))
      return false;
    needed.insert(definition);
  }
  return true;
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
    for (Operation &op : llvm::make_early_inc_range(block)) {
      auto newVariable = dyn_cast<rt::NewVariableOp>(op);
      llvm::SetVector<Operation *> moved;
      bool isDestination =
          isa<rt::FetchOp>(op) || (newVariable && !readVariables.contains(newVariable.getIndex()));
      if (!isDestination || !collectNeeded(&op, &block, moved))
        continue;
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
