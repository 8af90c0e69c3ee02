//===- KeepLoop.cpp - Loops that LLVM leaves alone ------------------------===//

#include "compiler/Codegen/CPU/KeepLoop.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace tgc {

/// What a polynomial with its special cases is long.
static constexpr int64_t kOpsOfFunction = 20;

int64_t countOps(Block &body) {
  int64_t count = 0;
  for (Operation &op : body.without_terminator()) {
    bool isInstruction = isa<math::AbsFOp, math::AbsIOp, math::CopySignOp, math::FloorOp, math::CeilOp,
                             math::FmaOp, math::RoundEvenOp, math::SqrtOp>(op);
    bool isFunction = isa<math::MathDialect>(op.getDialect()) && !isInstruction;
    if (!op.hasTrait<OpTrait::ConstantLike>())
      count += isFunction ? kOpsOfFunction : 1;
  }
  return count;
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
