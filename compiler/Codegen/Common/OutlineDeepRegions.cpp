//===- OutlineDeepRegions.cpp - Functions of deep branches and loops ------===//
//
// One-shot analysis compares each write of a tensor with each read of what it may alias, and for each pair
// walks up the regions. The results of conditions that lie in each other all alias: n levels cost O(n^4). A
// call is one write, so functions of a few levels each keep the whole linear. What a region reads of feeds
// goes in as the memory that it is: as a tensor it might have to be copied.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/Common/Passes.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;

namespace tgc {
#define GEN_PASS_DEF_OUTLINEDEEPREGIONSPASS
#include "compiler/Codegen/Common/Passes.h.inc"

namespace {

/// Levels of regions that stay together. Programs that people write by hand hardly have more.
constexpr unsigned kLevels = 8;

/// Whether a function may have its own copy of `op`: it costs nothing, or stands for memory that nobody
/// writes.
bool isCopied(Operation *op) {
  if (auto toTensor = dyn_cast<bufferization::ToTensorOp>(op))
    return !toTensor.getWritable();
  return op->hasTrait<OpTrait::ConstantLike>() || (isa<tensor::EmptyOp>(op) && op->getNumOperands() == 0);
}

struct OutlineDeepRegionsPass : impl::OutlineDeepRegionsPassBase<OutlineDeepRegionsPass> {
  void runOnOperation() override {
    SmallVector<Operation *> deep;
    for (func::FuncOp func : getOperation().getOps<func::FuncOp>())
      for (Block &block : func.getBody())
        collect(block, 0, deep);
    for (Operation *op : deep)
      outline(op);
  }

private:
  /// The innermost first.
  static void collect(Block &block, unsigned depth, SmallVectorImpl<Operation *> &deep) {
    for (Operation &op : block) {
      if (!isa<scf::IfOp, scf::WhileOp, scf::ForOp>(op))
        continue;
      for (Region &region : op.getRegions())
        for (Block &inner : region)
          collect(inner, depth + 1, deep);
      if (depth > 0 && depth % kLevels == 0)
        deep.push_back(&op);
    }
  }

  void outline(Operation *op) {
    llvm::SetVector<Value> captured(op->operand_begin(), op->operand_end());
    getUsedValuesDefinedAbove(op->getRegions(), captured);
    SmallVector<Operation *> copied;
    llvm::SetVector<Value> arguments;
    for (Value value : captured) {
      Operation *definition = value.getDefiningOp();
      if (!definition || !isCopied(definition)) {
        arguments.insert(value);
        continue;
      }
      copied.push_back(definition);
      arguments.insert(definition->operand_begin(), definition->operand_end());
    }
    OpBuilder builder(op);
    auto type = builder.getFunctionType(ValueRange(arguments.getArrayRef()).getTypes(), op->getResultTypes());
    builder.setInsertionPointToEnd(getOperation().getBody());
    auto func =
        func::FuncOp::create(builder, op->getLoc(), ("tgc_region_" + Twine(numFunctions++)).str(), type);
    func.setPrivate();
    Block *body = func.addEntryBlock();
    builder.setInsertionPoint(op);
    auto call = func::CallOp::create(builder, op->getLoc(), func, arguments.getArrayRef());
    op->replaceAllUsesWith(call.getResults());

    builder.setInsertionPointToStart(body);
    IRMapping mapping;
    mapping.map(arguments.getArrayRef(), body->getArguments());
    for (Operation *definition : copied)
      builder.clone(*definition, mapping);
    auto returned = func::ReturnOp::create(builder, op->getLoc(), op->getResults());
    op->moveBefore(returned);
    op->walk([&](Operation *inner) {
      for (OpOperand &operand : inner->getOpOperands())
        operand.set(mapping.lookupOrDefault(operand.get()));
    });
  }

  unsigned numFunctions = 0;
};

} // namespace
} // namespace tgc
