//===- MemoryEffects.cpp - What ops do to buffers -------------------------===//

#include "compiler/Codegen/Common/MemoryEffects.h"
#include "dialects/Rt/IR/RtDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;

namespace tgc {

void Effects::add(const Memory &memory, bool isWritten) {
  if (!memory.base)
    isUnknown = true;
  else
    touched[memory.base] |= isWritten;
}

void Effects::add(const Effects &other) {
  isUnknown |= other.isUnknown;
  mayEndRun |= other.mayEndRun;
  for (const auto &[base, isWritten] : other.touched)
    touched[base] |= isWritten;
}

static bool writesVariable(const Effects &effects) {
  return llvm::any_of(effects.touched, [](const auto &entry) {
    return entry.second && isa<rt::VariableOp, rt::NewVariableOp>(entry.first.getDefiningOp());
  });
}

bool Effects::conflictsWith(const Effects &other) const {
  if (isUnknown || other.isUnknown)
    return true;
  if ((mayEndRun && writesVariable(other)) || (other.mayEndRun && writesVariable(*this)))
    return true;
  if (touched.size() > other.touched.size())
    return other.conflictsWith(*this);
  return llvm::any_of(touched, [&](const auto &entry) {
    auto found = other.touched.find(entry.first);
    return found != other.touched.end() && (entry.second || found->second);
  });
}

/// Whether the view's first dimension is that of what it views.
static bool keepsRows(Operation *view) {
  if (isa<memref::CastOp>(view))
    return true;
  auto source = dyn_cast<MemRefType>(view->getOperand(0).getType()),
       result = dyn_cast<MemRefType>(view->getResult(0).getType());
  if (!source || !result || source.getRank() == 0 || result.getRank() == 0)
    return false;
  bool isSameSize = !source.isDynamicDim(0) && source.getDimSize(0) == result.getDimSize(0);
  if (isa<memref::ExpandShapeOp, memref::CollapseShapeOp>(view))
    return isSameSize;
  auto part = dyn_cast<memref::SubViewOp>(view);
  if (!part || part.getDroppedDims().test(0) || !isConstantIntValue(part.getMixedOffsets()[0], 0) ||
      !isConstantIntValue(part.getMixedStrides()[0], 1))
    return false;
  auto size = dyn_cast<Value>(part.getMixedSizes()[0]);
  auto dim = size ? size.getDefiningOp<memref::DimOp>() : nullptr;
  return isSameSize || (dim && dim.getSource() == part.getSource() && dim.getConstantIndex() == 0);
}

Memory EntryMemory::find(Value value) {
  Memory memory;
  for (;;) {
    Operation *op = value.getDefiningOp();
    if (!op)
      return {Value(), false};
    if (isa<memref::ExpandShapeOp, memref::CollapseShapeOp, memref::CastOp>(op)) {
      memory.hasAllRows &= keepsRows(op);
      value = op->getOperand(0);
    } else if (isa<memref::SubViewOp, memref::ReinterpretCastOp, memref::TransposeOp>(op)) {
      memory.hasAllRows &= keepsRows(op);
      value = op->getOperand(0);
      memory.isWhole = false;
    } else if (isa<memref::AllocOp, memref::GetGlobalOp, rt::FeedOp, rt::FetchOp, rt::WeightsOp>(op)) {
      memory.base = value;
      return memory;
    } else if (auto variable = dyn_cast<rt::VariableOp>(op)) {
      memory.base = variables.try_emplace(variable.getIndex(), value).first->second;
      return memory;
    } else if (auto variable = dyn_cast<rt::NewVariableOp>(op)) {
      memory.base = variables.try_emplace(variable.getIndex(), value).first->second;
      return memory;
    } else {
      return {Value(), false};
    }
  }
}

void EntryMemory::addEffects(Operation &op, Effects &effects) {
  if (isPure(&op) || isa<memref::AllocOp, rt::FeedOp, rt::FetchOp, rt::VariableOp, rt::WeightsOp>(op))
    return;
  if (isa<rt::NewVariableOp>(op))
    return effects.add(find(op.getResult(0)), /*isWritten=*/true);
  effects.mayEndRun |= isa<rt::FailOp, rt::HostCallOp>(op);
  // A kernel without tensors may be one that destroys a variable, which it knows by name.
  auto call = dyn_cast<rt::HostCallOp>(op);
  effects.isUnknown |= call && call.getInputs().empty() && call.getOutputs().empty();
  auto destinations = dyn_cast<DestinationStyleOpInterface>(op);
  for (OpOperand &operand : op.getOpOperands())
    if (isa<BaseMemRefType>(operand.get().getType())) {
      bool isRead = isa<memref::LoadOp>(op) || (isa<memref::CopyOp>(op) && operand.getOperandNumber() == 0) ||
                    (destinations && !destinations.isDpsInit(&operand));
      effects.add(find(operand.get()), !isRead);
    }
}

/// Whether some use of the memref, or of a view of it, may write.
static bool isWritten(Value memref) {
  for (OpOperand &use : memref.getUses()) {
    Operation *user = use.getOwner();
    if (isa<memref::PrefetchOp>(user))
      continue;
    if (isPure(user)) {
      for (Value result : user->getResults())
        if (!isa<BaseMemRefType>(result.getType()) ? isa<memref::ExtractAlignedPointerAsIndexOp>(user)
                                                   : isWritten(result))
          return true;
      continue;
    }
    auto interface = dyn_cast<MemoryEffectOpInterface>(user);
    if (!interface)
      return true;
    SmallVector<MemoryEffects::EffectInstance> instances;
    interface.getEffects(instances);
    for (const MemoryEffects::EffectInstance &instance : instances)
      if (!isa<MemoryEffects::Read>(instance.getEffect()) &&
          (!instance.getValue() || instance.getValue() == memref))
        return true;
  }
  return false;
}

bool writesArgument(func::FuncOp function, unsigned argument) {
  return function.isDeclaration() || isWritten(function.getArgument(argument));
}

/// A call touches what it is given, and what it does not write is read by others meanwhile.
void OpEffects::addCall(StringRef name, ValueRange arguments, Effects &effects) {
  auto callee = symbols.lookup<func::FuncOp>(name);
  if (!callee)
    callee = cast<ModuleOp>(symbols.getOp()).lookupSymbol<func::FuncOp>(name);
  for (auto [i, argument] : llvm::enumerate(arguments))
    if (isa<BaseMemRefType>(argument.getType())) {
      auto [known, isNew] = written.try_emplace({callee, i}, false);
      if (isNew)
        known->second = writesArgument(callee, i);
      effects.add(memory.find(argument), known->second);
    }
}

Effects OpEffects::get(Operation &op) {
  Effects effects;
  effects.isUnknown = op.hasTrait<OpTrait::IsTerminator>();
  op.walk([&](Operation *inner) {
    if (auto call = dyn_cast<func::CallOp>(inner))
      addCall(call.getCallee(), call.getOperands(), effects);
    else if (auto loop = dyn_cast<rt::ParallelForOp>(inner))
      addCall(loop.getCallee(), loop.getArguments(), effects);
    else
      memory.addEffects(*inner, effects);
  });
  return effects;
}

void forEachEntry(ModuleOp module, function_ref<void(func::FuncOp, ArrayRef<Block *>)> visit) {
  auto entries = llvm::to_vector(llvm::make_filter_range(
      module.getOps<func::FuncOp>(), [](func::FuncOp function) { return function->hasAttr("rt.feeds"); }));
  for (func::FuncOp entry : entries) {
    SmallVector<Block *> blocks;
    entry.walk([&](Block *block) {
      if (!isa<linalg::LinalgOp>(block->getParentOp()))
        blocks.push_back(block);
    });
    visit(entry, blocks);
  }
}

} // namespace tgc
