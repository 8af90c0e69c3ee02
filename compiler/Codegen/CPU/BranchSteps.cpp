//===- BranchSteps.cpp - Ops that may run beside others ------------------===//

#include "compiler/Codegen/CPU/BranchSteps.h"
#include "compiler/Codegen/CPU/KernelCalls.h"
#include "compiler/Codegen/CPU/LinearAccess.h"
#include "compiler/Codegen/CPU/SelectTiling.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;

namespace tgc {

func::CallOp getSerialCall(Operation *op) {
  if (auto choice = dyn_cast<scf::IfOp>(op); choice && choice->hasAttr(KernelCalls::kChoice))
    return *choice.elseBlock()->getOps<func::CallOp>().begin();
  return dyn_cast<func::CallOp>(op);
}

SmallVector<Value> getArguments(Operation *op) {
  if (func::CallOp call = getSerialCall(op))
    op = call;
  llvm::SetVector<Value> used(op->operand_begin(), op->operand_end());
  getUsedValuesDefinedAbove(op->getRegions(), used);
  return used.takeVector();
}

/// The work on which such a choice depends.
static Value getChosenWork(Operation *op) {
  return cast<scf::IfOp>(op).getCondition().getDefiningOp<arith::CmpIOp>().getLhs();
}

static int64_t estimate(OpFoldResult size) {
  if (auto known = getConstantIntValue(size))
    return *known;
  if (auto product = cast<Value>(size).getDefiningOp<arith::MulIOp>())
    return llvm::SaturatingMultiply<uint64_t>(estimate(product.getLhs()), estimate(product.getRhs()));
  return kTypicalSize;
}

/// Whether a parallel region can pass the value on.
static bool isShort(Value value) {
  Type type = value.getType();
  return isa<MemRefType, IndexType>(type) || matchPattern(value, m_Constant()) ||
         (type.isIntOrFloat() && type.getIntOrFloatBitWidth() <= 64);
}

std::optional<int64_t> getWork(Operation *op) {
  std::optional<int64_t> work;
  if (auto call = dyn_cast<func::CallOp>(op)) {
    if (auto known = op->getAttrOfType<IntegerAttr>(KernelCalls::kWork))
      work = known.getInt();
  } else if (op->hasAttr(KernelCalls::kChoice)) {
    work = estimate(getChosenWork(op));
  } else if (auto nest = dyn_cast<linalg::LinalgOp>(op); nest && !nest->getNumResults()) {
    work = getCostOfElement(nest);
    for (int64_t size : nest.getStaticLoopRanges())
      *work *= ShapedType::isDynamic(size) ? kTypicalSize : size;
  } else if (auto copy = dyn_cast<memref::CopyOp>(op); copy && isa<MemRefType>(copy.getSource().getType())) {
    work = kProductsPerPackedElement;
    for (int64_t size : cast<MemRefType>(copy.getSource().getType()).getShape())
      *work *= ShapedType::isDynamic(size) ? kTypicalSize : size;
  }
  return work && llvm::all_of(getArguments(op), isShort) ? work : std::nullopt;
}

bool hasOpenWork(Operation *op) {
  if (auto nest = dyn_cast<linalg::LinalgOp>(op))
    return llvm::is_contained(nest.getStaticLoopRanges(), ShapedType::kDynamic);
  if (auto copy = dyn_cast<memref::CopyOp>(op))
    return !cast<MemRefType>(copy.getSource().getType()).hasStaticShape();
  return op->hasAttr(KernelCalls::kChoice);
}

OpFoldResult computeWork(OpBuilder &builder, const Step &step) {
  IndexMath math(builder, step.op->getLoc());
  if (step.op->hasAttr(KernelCalls::kChoice))
    return getChosenWork(step.op);
  OpFoldResult work = math.known(step.work);
  if (auto nest = dyn_cast<linalg::LinalgOp>(step.op)) {
    work = math.known(getCostOfElement(nest));
    for (Range range : nest.createLoopRanges(builder, nest.getLoc()))
      work = math.mul(work, range.size);
  } else if (auto copy = dyn_cast<memref::CopyOp>(step.op)) {
    work = math.known(kProductsPerPackedElement);
    for (OpFoldResult size : memref::getMixedSizes(builder, copy.getLoc(), copy.getSource()))
      work = math.mul(work, size);
  }
  return work;
}

} // namespace tgc
