//===- KernelUses.cpp - What kernels and ops of the host touch ------------===//

#include "compiler/Codegen/GPU/KernelUses.h"
#include "compiler/Codegen/GPU/AttentionNests.h"
#include "compiler/Codegen/GPU/NestAccess.h"
#include "compiler/Codegen/GPU/NestChains.h"
#include "compiler/Codegen/GPU/OpNests.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;

namespace tgc {

/// Nests of fewer points, of which the device has nothing yet, are not worth a launch.
static constexpr int64_t kFewPoints = 64;

/// Whether a nest makes the key of random numbers that a kernel makes: on the device the state stays there.
static bool isStateOfKernel(linalg::GenericOp nest) {
  return getOpNest(nest) == OpNest::RandomState &&
         llvm::any_of(nest.getDpsInits()[0].getUsers(), [](Operation *user) {
           auto other = dyn_cast<linalg::GenericOp>(user);
           return other && getOpNest(other) == OpNest::Random;
         });
}

bool isSmall(const KernelRecord &record) {
  if (isStateOfKernel(cast<linalg::GenericOp>(record.op)))
    return false;
  int64_t points = 1;
  for (int64_t size : cast<linalg::GenericOp>(record.op).getStaticLoopRanges())
    points *= ShapedType::isDynamic(size) ? kFewPoints : size;
  return points < kFewPoints || record.op->hasAttr(kCopyAttribute);
}

bool isConstant(Value base) { return base.getDefiningOp<memref::GetGlobalOp>() != nullptr; }

bool KernelUses::canMirror(const KernelRecord &record) {
  return llvm::all_of(record.memories, [&](Value value) {
    Value base = memory.find(value).base;
    return base && memory.canMirror(base);
  });
}

llvm::SetVector<Value> KernelUses::getWritten(const KernelRecord &record) {
  llvm::SmallPtrSet<Value, 4> taken;
  llvm::SetVector<Value> written;
  for (Value value : record.memories)
    taken.insert(memory.find(value).base);
  for (Operation *member : record.members)
    for (OpOperand &output : cast<linalg::GenericOp>(member).getDpsInitsMutable())
      if (Value base = memory.find(output.get()).base; taken.contains(base))
        written.insert(base);
  return written;
}

bool KernelUses::isOverwritten(linalg::GenericOp nest, OpOperand &output) {
  return nest.getMatchingBlockArgument(&output).use_empty() &&
         nest.getMatchingIndexingMap(&output).isPermutation() && memory.find(output.get()).isWhole;
}

llvm::SetVector<Value> KernelUses::getRead(const KernelRecord &record) {
  llvm::SetVector<Value> read;
  llvm::SmallPtrSet<Value, 4> overwritten;
  for (Operation *member : record.members) {
    auto nest = cast<linalg::GenericOp>(member);
    for (Value value : record.memories) {
      bool isRead = llvm::any_of(nest->getOpOperands(), [&](OpOperand &operand) {
        return operand.get() == value && !(nest.isDpsInit(&operand) && isOverwritten(nest, operand));
      });
      bool isLoaded = llvm::is_contained(getLoaded(nest), value);
      if (Value base = memory.find(value).base; (isRead || isLoaded) && !overwritten.contains(base))
        read.insert(base);
    }
    for (OpOperand &output : nest.getDpsInitsMutable())
      if (isOverwritten(nest, output))
        overwritten.insert(memory.find(output.get()).base);
  }
  return read;
}

Effects KernelUses::findEffects(Operation &op) {
  Effects effects;
  op.walk([&](Operation *inner) {
    if (!inner->hasTrait<OpTrait::IsTerminator>())
      memory.addEffects(*inner, effects);
  });
  if (effects.isUnknown)
    for (Value base : memory.getBases())
      effects.touched[base] |= !isConstant(base);
  return effects;
}

} // namespace tgc
