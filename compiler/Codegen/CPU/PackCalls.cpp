//===- PackCalls.cpp - Calls that pack a right operand --------------------===//

#include "compiler/Codegen/CPU/PackCalls.h"
#include "compiler/Codegen/CPU/ContractEmitter.h"
#include "compiler/Codegen/CPU/SelectBlocks.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;

namespace tgc {

SmallVector<OpFoldResult> getLoopSizes(OpBuilder &builder, kernel::ContractOp op) {
  SmallVector<OpFoldResult> sizes;
  for (auto [loop, size] : llvm::enumerate(op.getLoopSizes())) {
    sizes.push_back(builder.getIndexAttr(size));
    for (unsigned i = 0; ShapedType::isDynamic(size) && i < op.getNumOperands(); ++i) {
      if (i == 1 && op.getPanelWidth())
        continue;
      std::optional<unsigned> dim = op.getMap(i).getResultPosition(builder.getAffineDimExpr(loop));
      if (!dim)
        continue;
      sizes.back() = memref::DimOp::create(builder, op.getLoc(), op->getOperand(i), *dim).getResult();
      break;
    }
  }
  return sizes;
}

void appendDynamic(ArrayRef<OpFoldResult> sizes, SmallVectorImpl<Value> &arguments) {
  for (OpFoldResult size : sizes)
    if (auto value = dyn_cast<Value>(size))
      arguments.push_back(value);
}

SmallVector<OpFoldResult> replaceDynamic(ArrayRef<OpFoldResult> sizes, ArrayRef<BlockArgument> arguments) {
  SmallVector<OpFoldResult> result;
  for (OpFoldResult size : sizes) {
    if (!isa<Value>(size)) {
      result.push_back(size);
      continue;
    }
    result.push_back(arguments.front());
    arguments = arguments.drop_front();
  }
  return result;
}

Value packRhs(OpBuilder &builder, KernelCalls &kernels, StringRef prefix, kernel::ContractOp op,
              const ContractPlan &plan, ArrayRef<OpFoldResult> sizes) {
  Location loc = op.getLoc();
  IndexMath math(builder, loc);
  OpFoldResult panels = plan.countPanels(math, sizes);
  for (const LoopGroup &group : plan.getRhsBatches(op))
    panels = math.mul(panels, plan.getSize(math, sizes, group));
  OpFoldResult elements = math.mul(panels, math.known(plan.tiling.getPanelWidth()));
  for (const LoopGroup &group : plan.sums)
    elements = math.mul(elements, plan.getSize(math, sizes, group));
  auto known = getConstantIntValue(elements);
  auto type = MemRefType::get({known.value_or(ShapedType::kDynamic)},
                              cast<MemRefType>(op.getRhs().getType()).getElementType());
  Value packed =
      memref::AllocOp::create(builder, loc, type, known ? ValueRange() : ValueRange{cast<Value>(elements)},
                              builder.getI64IntegerAttr(64));

  SmallVector<Value> arguments = {op.getRhs(), packed};
  appendDynamic(sizes, arguments);
  func::FuncOp function =
      kernels.getFunction(builder, loc, prefix, arguments, [&](OpBuilder &b, Block &body) {
        emitPacking(b, op, plan, body.getArgument(0), body.getArgument(1),
                    replaceDynamic(sizes, body.getArguments().drop_front(2)),
                    body.getArgument(body.getNumArguments() - 2),
                    body.getArgument(body.getNumArguments() - 1));
      });
  // An element that is packed costs about as much as a few multiplications.
  KernelCalls::call(builder, loc, function, arguments, panels,
                    math.mul(elements, math.known(kProductsPerPackedElement)));
  return packed;
}

Value transformFilter(OpBuilder &builder, KernelCalls &kernels, kernel::ContractOp op,
                      const WinogradPlan &plan) {
  Location loc = op.getLoc();
  IndexMath math(builder, loc);
  auto type = MemRefType::get({plan.getFilterSize()}, builder.getF32Type());
  Value filter = memref::AllocOp::create(builder, loc, type, ValueRange(), builder.getI64IntegerAttr(64));
  Value arguments[] = {op.getRhs(), filter};
  func::FuncOp function =
      kernels.getFunction(builder, loc, "tgc_filter_", arguments, [&](OpBuilder &b, Block &body) {
        emitFilterTransform(b, op, plan, body.getArgument(0), body.getArgument(1), body.getArgument(2),
                            body.getArgument(3));
      });
  KernelCalls::call(builder, loc, function, arguments, math.known(plan.channels),
                    math.known(plan.getFilterSize() * kProductsPerTransformed));
  return filter;
}

} // namespace tgc
