//===- Outline.cpp - Functions of a few ops, for bufferization ------------===//

#include "compiler/Codegen/Common/Outline.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/LLVMIR/LLVMTypes.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/SmallPtrSet.h"

using namespace mlir;

namespace tgc {

/// Whether a function may have its own copy of `op`: it costs nothing, or stands for memory that nobody
/// writes.
static bool isCopied(Operation *op) {
  if (auto toTensor = dyn_cast<bufferization::ToTensorOp>(op))
    return !toTensor.getWritable();
  return op->hasTrait<OpTrait::ConstantLike>() || (isa<tensor::EmptyOp>(op) && op->getNumOperands() == 0);
}

/// Whether a tensor has no contents yet, or those of another.
static bool isViewOrEmpty(Operation *op) {
  return isa<tensor::EmptyOp, tensor::CastOp, tensor::ExpandShapeOp, tensor::CollapseShapeOp,
             tensor::ExtractSliceOp>(op);
}

/// Lets what is behind the ops make its own views and empty tensors: bufferization takes each result of a
/// function for memory of its own, so none may share memory with another one, nor be written before it is
/// returned because it is empty.
static void copyViewsBehind(ArrayRef<Operation *> ops, function_ref<bool(Operation *)> isInside) {
  OpBuilder builder(ops.back()->getContext());
  for (Operation *op : llvm::reverse(ops)) {
    if (!isViewOrEmpty(op) || llvm::all_of(op->getUsers(), [&](Operation *user) { return isInside(user); }))
      continue;
    builder.setInsertionPointAfter(ops.back());
    Operation *copy = builder.clone(*op);
    op->getResult(0).replaceUsesWithIf(copy->getResult(0),
                                       [&](OpOperand &use) { return !isInside(use.getOwner()); });
  }
}

func::FuncOp outlineOps(ModuleOp module, ArrayRef<Operation *> ops, StringRef name) {
  llvm::SmallPtrSet<Operation *, 16> inside(ops.begin(), ops.end());
  Block *block = ops.front()->getBlock();
  auto isInside = [&](Operation *op) {
    Operation *ancestor = op ? block->findAncestorOpInBlock(*op) : nullptr;
    return ancestor && inside.contains(ancestor);
  };
  copyViewsBehind(ops, isInside);
  llvm::SetVector<Value> captured;
  for (Operation *op : ops) {
    captured.insert(op->operand_begin(), op->operand_end());
    getUsedValuesDefinedAbove(op->getRegions(), captured);
  }
  SmallVector<Operation *> copied;
  llvm::SetVector<Value> arguments;
  // The frame is the first argument of whatever calls kernels.
  auto caller = ops.front()->getParentOfType<func::FuncOp>();
  if (caller.getNumArguments() > 0 && isa<LLVM::LLVMPointerType>(caller.getArgument(0).getType()))
    arguments.insert(caller.getArgument(0));
  for (Value value : captured) {
    Operation *definition = value.getDefiningOp();
    if (isInside(definition))
      continue;
    if (!definition || !isCopied(definition)) {
      arguments.insert(value);
      continue;
    }
    copied.push_back(definition);
    arguments.insert(definition->operand_begin(), definition->operand_end());
  }
  SmallVector<Value> results;
  for (Operation *op : ops)
    for (Value result : op->getResults())
      if (llvm::any_of(result.getUsers(), [&](Operation *user) { return !isInside(user); }))
        results.push_back(result);

  OpBuilder builder(module.getBody(), module.getBody()->end());
  Location loc = ops.front()->getLoc();
  auto type =
      builder.getFunctionType(ValueRange(arguments.getArrayRef()).getTypes(), ValueRange(results).getTypes());
  auto func = func::FuncOp::create(builder, loc, name, type);
  func.setPrivate();
  Block *body = func.addEntryBlock();
  builder.setInsertionPoint(ops.front());
  auto call = func::CallOp::create(builder, loc, func, arguments.getArrayRef());
  for (auto [result, returned] : llvm::zip_equal(results, call.getResults()))
    result.replaceUsesWithIf(returned, [&](OpOperand &use) { return !isInside(use.getOwner()); });

  builder.setInsertionPointToStart(body);
  IRMapping mapping;
  mapping.map(arguments.getArrayRef(), body->getArguments());
  for (Operation *definition : copied)
    builder.clone(*definition, mapping);
  auto returned = func::ReturnOp::create(builder, loc, results);
  for (Operation *op : ops)
    op->moveBefore(returned);
  func.walk([&](Operation *inner) {
    for (OpOperand &operand : inner->getOpOperands())
      operand.set(mapping.lookupOrDefault(operand.get()));
  });
  return func;
}

} // namespace tgc
