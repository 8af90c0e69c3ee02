//===- TgHostOps.cpp - Checks and calls of hand-written code --------------===//

#include "dialects/Tg/IR/TgOps.h"
#include "dialects/Tg/IR/TgShapes.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;

namespace tgc::tg {

LogicalResult CheckOp::canonicalize(CheckOp op, PatternRewriter &rewriter) {
  if (!matchPattern(op.getCondition(), m_One()))
    return rewriter.notifyMatchFailure(op, "condition is not known to hold");
  rewriter.eraseOp(op);
  return success();
}

void HostCallOp::getEffects(SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>> &effects) {
  if (getPure())
    return;
  effects.emplace_back(MemoryEffects::Read::get());
  effects.emplace_back(MemoryEffects::Write::get());
}

LogicalResult HostCallOp::verify() {
  int64_t dynamic = 0;
  for (Type type : getResultTypes())
    dynamic += cast<RankedTensorType>(type).getNumDynamicDims();
  int64_t wanted = getFindsSizes() ? 0 : dynamic;
  if (static_cast<int64_t>(getSizes().size()) != wanted)
    return emitOpError() << "has " << getSizes().size() << " sizes, expected " << wanted;
  return success();
}

LogicalResult HostCallOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &dims) {
  if (getFindsSizes())
    return failure();
  ValueRange sizes = getSizes();
  for (Type result : getResultTypes()) {
    auto type = cast<RankedTensorType>(result);
    dims.push_back(mixSizes(builder, type, sizes.take_front(type.getNumDynamicDims())));
    sizes = sizes.drop_front(type.getNumDynamicDims());
  }
  return success();
}

} // namespace tgc::tg
