//===- KeepLoop.cpp - Loops that LLVM leaves alone ------------------------===//

#include "compiler/Codegen/CPU/KeepLoop.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace tgc {

/// What a polynomial with its special cases is long.
static constexpr int64_t kOpsOfFunction = 20;

static int64_t countOp(Operation &op) {
  bool isInstruction = isa<math::AbsFOp, math::AbsIOp, math::CopySignOp, math::FloorOp, math::CeilOp,
                           math::FmaOp, math::RoundEvenOp, math::SqrtOp>(op);
  bool isFunction = isa<math::MathDialect>(op.getDialect()) && !isInstruction;
  return op.hasTrait<OpTrait::ConstantLike>() ? 0 : isFunction ? kOpsOfFunction : 1;
}

static int64_t countOpsBut(Block &body, llvm::SmallPtrSet<Value, 8> shared) {
  auto isShared = [&](Value value) { return value.getParentBlock() != &body || shared.contains(value); };
  int64_t count = 0;
  for (Operation &op : body.without_terminator())
    if (op.getNumResults() == 1 && op.getNumOperands() && llvm::all_of(op.getOperands(), isShared))
      shared.insert(op.getResult(0));
    else
      count += countOp(op);
  return count;
}

int64_t countOps(Block &body) { return countOpsBut(body, {}); }

int64_t countOpsOfElement(linalg::LinalgOp op) {
  llvm::SmallPtrSet<Value, 8> shared;
  for (OpOperand &operand : op->getOpOperands())
    if (!op.getMatchingIndexingMap(&operand).isFunctionOfDim(op.getNumLoops() - 1))
      shared.insert(op.getMatchingBlockArgument(&operand));
  return countOpsBut(*op.getBlock(), std::move(shared));
}

void keepLoop(scf::ForOp loop) {
  MLIRContext *context = loop.getContext();
  auto unroll =
      LLVM::LoopUnrollAttr::get(context, /*disable=*/BoolAttr::get(context, true), {}, {}, {}, {}, {}, {});
  auto annotation =
      LLVM::LoopAnnotationAttr::get(context, {}, {}, {}, unroll, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {});
  loop->setDiscardableAttr("llvm.loop_annotation", annotation);
}

} // namespace tgc
