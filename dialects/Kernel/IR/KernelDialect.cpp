//===- KernelDialect.cpp - What the CPU has machine code for --------------===//

#include "dialects/Kernel/IR/KernelDialect.h"

#include "dialects/Kernel/IR/KernelDialect.cpp.inc"
#define GET_OP_CLASSES
#include "dialects/Kernel/IR/KernelOps.cpp.inc"

using namespace mlir;

namespace tgc::kernel {

void KernelDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "dialects/Kernel/IR/KernelOps.cpp.inc"
      >();
}

void ContractOp::getEffects(SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>> &effects) {
  for (OpOperand &operand : (*this)->getOpOperands()) {
    if (!isa<BaseMemRefType>(operand.get().getType()))
      continue;
    bool isInit = &operand == &getInitMutable();
    if (!isInit || getAccumulates())
      effects.emplace_back(MemoryEffects::Read::get(), &operand);
    if (isInit)
      effects.emplace_back(MemoryEffects::Write::get(), &operand);
  }
}

LogicalResult ContractOp::verify() {
  size_t numOperands = getNumOperands(), numLoops = getLoopSizes().size();
  if (getIndexingMaps().size() != numOperands)
    return emitOpError() << "has " << getIndexingMaps().size() << " indexing maps, expected " << numOperands;
  for (auto [i, operand] : llvm::enumerate(getOperands())) {
    AffineMap map = getMap(i);
    bool isPacked = i == 1 && getPanelWidth();
    auto type = cast<ShapedType>(operand.getType());
    if (!type.hasRank() || map.getNumDims() != numLoops || map.getNumSymbols() != 0 ||
        (!isPacked && map.getNumResults() != type.getRank()))
      return emitOpError() << "map " << AffineMapAttr::get(map) << " does not fit operand " << i
                           << " of type " << type << " under " << numLoops << " loops";
    if (i != 0 && !map.isProjectedPermutation(/*allowZeroInResults=*/i > 1 && i + 1 < numOperands))
      return emitOpError() << "map " << AffineMapAttr::get(map) << " of operand " << i
                           << " is not a projected permutation";
  }
  if (getInitMap().getNumResults() == 0)
    return emitOpError() << "needs a dimension of its result to run along";
  Block &body = getEpilogue().front();
  if (body.getNumArguments() != numOperands - 2)
    return emitOpError() << "region has " << body.getNumArguments() << " arguments, expected "
                         << numOperands - 2;
  auto yield = dyn_cast<YieldOp>(body.getTerminator());
  Type element = cast<ShapedType>(getInit().getType()).getElementType();
  if (!yield || yield.getValue().getType() != element)
    return emitOpError() << "region must yield one " << element;
  bool isTensor = isa<TensorType>(getInit().getType());
  if (getNumResults() != (isTensor ? 1u : 0u) || (isTensor && getResult(0).getType() != getInit().getType()))
    return emitOpError() << "expected " << (isTensor ? "a result of the type of its init" : "no result");
  return success();
}

} // namespace tgc::kernel
