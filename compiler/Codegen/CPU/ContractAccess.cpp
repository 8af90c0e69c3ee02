//===- ContractAccess.cpp - How a kernel reads its operands ===//

#include "compiler/Codegen/CPU/ContractAccess.h"
#include "compiler/Codegen/CPU/CopiedOperands.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace tgc {

ContractAccess::ContractAccess(OpBuilder &builder, kernel::ContractOp op, const ContractPlan &plan,
                               const ContractOperands &in)
    : builder(builder), op(op), plan(plan), in(in), loc(op.getLoc()), math(builder, loc) {
  lhs = LinearAccess::create(builder, loc, in.lhs, op.getLhsMap());
  lhsInPlace = lhs;
  init = LinearAccess::create(builder, loc, in.init, op.getInitMap());
  for (auto [i, extra] : llvm::enumerate(in.extras))
    extras.push_back(LinearAccess::create(builder, loc, extra, op.getMap(i + 2)));
  rowCount = plan.getSize(math, in.loopSizes, plan.rows);
  columnCount = in.loopSizes[plan.column];
  int64_t width = plan.tiling.getPanelWidth();
  auto known = getConstantIntValue(columnCount);
  isMasked = !known || *known % width != 0;
  vectors = plan.tiling.vectors;
  sumsWithinBorders = plan.findSumsWithinBorders(op);
  rowsWithinBorders = plan.findRowsWithinBorders(op);
  accessRhs(width);
}

Value ContractAccess::allocateOnStack(int64_t size, Type element) {
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(
      &builder.getInsertionBlock()->getParent()->getParentOfType<func::FuncOp>().front());
  return memref::AllocaOp::create(builder, loc, MemRefType::get({size}, element),
                                  builder.getI64IntegerAttr(64));
}

void ContractAccess::accessRhs(int64_t width) {
  if (plan.rhsForm == RhsForm::Direct || plan.rhsForm == RhsForm::AlongSum ||
      plan.rhsForm == RhsForm::PackedByKernel) {
    source = tgc::accessRhs(builder, loc, in.rhs, op);
    sourcePanelStride = math.mul(math.known(width), source.strides[plan.column]);
  }
  if (plan.rhsForm == RhsForm::Direct || plan.rhsForm == RhsForm::AlongSum) {
    rhs = source;
    rhsPanelStride = sourcePanelStride;
    for (const LoopGroup &group : plan.sums)
      rhsSumStrides.push_back(rhs.strides[group.back()]);
    return;
  }
  if (plan.rhsForm == RhsForm::PackedByKernel) {
    rhs.flat = allocateOnStack(plan.panelsPerGroup * plan.getPackedSteps() * width, elementOf(in.rhs));
    rhs.offset = math.known(0);
    rhs.strides.assign(source.strides.size(), math.known(0));
    rhs.strides[plan.column] = math.known(1);
    rhsSumStrides.push_back(math.known(width));
    rhsPanelStride = math.known(plan.getPackedSteps() * width);
    return;
  }
  rhs = LinearAccess::create(
      builder, loc, in.rhs,
      AffineMap::get(op.getLoopSizes().size(), 0, getAffineDimExpr(plan.column, op.getContext())));
  rhs.strides[plan.column] = math.known(1);
  if (plan.rhsForm == RhsForm::ChosenByCall) {
    rhsSumStrides.push_back(in.rhsSumStride);
    rhsPanelStride = in.rhsPanelStride;
    return;
  }
  OpFoldResult stride = math.known(width);
  rhsSumStrides.resize(plan.sums.size());
  for (size_t i = plan.sums.size(); i-- > 0;) {
    rhsSumStrides[i] = stride;
    stride = math.mul(stride, plan.getSize(math, in.loopSizes, plan.sums[i]));
  }
  rhsPanelStride = stride;
  source = rhs;
  sourcePanelStride = rhsPanelStride;
  if (plan.sums.size() == 1)
    source.strides[plan.sums[0].back()] = rhsSumStrides[0];
  stride = math.mul(stride, plan.countPanels(math, in.loopSizes));
  SmallVector<LoopGroup> batches = plan.getRhsBatches(op);
  for (const LoopGroup &group : llvm::reverse(batches)) {
    rhs.strides[group.back()] = stride;
    stride = math.mul(stride, plan.getSize(math, in.loopSizes, group));
  }
}

Value ContractAccess::widen(Value value, bool byZeros) {
  Type target = op.getAccumulatorType();
  if (getElementTypeOrSelf(value.getType()) == target)
    return value;
  Type type = isa<VectorType>(value.getType()) ? Type(vectorOf(target)) : target;
  if (byZeros)
    return arith::ExtUIOp::create(builder, loc, type, value);
  if (isa<IntegerType>(target))
    return arith::ExtSIOp::create(builder, loc, type, value);
  return arith::ExtFOp::create(builder, loc, type, value);
}

Value ContractAccess::loadVector(const LinearAccess &access, OpFoldResult address, Value mask) {
  VectorType type = vectorOf(elementOf(access.flat));
  Value index = math.materialize(address);
  if (!mask)
    return vector::LoadOp::create(builder, loc, type, access.flat, ValueRange{index});
  Value zeros = arith::ConstantOp::create(builder, loc, type, builder.getZeroAttr(type));
  return vector::MaskedLoadOp::create(builder, loc, type, access.flat, ValueRange{index}, mask, zeros);
}

Value ContractAccess::loadSplat(const LinearAccess &access, OpFoldResult address) {
  Value scalar = memref::LoadOp::create(builder, loc, access.flat, ValueRange{math.materialize(address)});
  return scalar;
}

Value ContractAccess::splat(Value scalar) {
  return vector::BroadcastOp::create(builder, loc, vectorOf(scalar.getType()), scalar);
}

} // namespace tgc
