//===- KeepRounding.cpp - Narrow floats are rounded after each operation --===//
//
// The pass that computes bf16 in f32 allows the two conversions between one operation and the next to vanish.
// TensorFlow rounds there, and elements of bf16 that are compared bit for bit show it.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/Common/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace tgc {
#define GEN_PASS_DEF_KEEPROUNDINGPASS
#include "compiler/Codegen/Common/Passes.h.inc"

namespace {

struct KeepRoundingPass : impl::KeepRoundingPassBase<KeepRoundingPass> {
  void runOnOperation() override {
    getOperation().walk([](Operation *op) {
      if (auto extended = dyn_cast<arith::ExtFOp>(op))
        extended.setFastmath(arith::FastMathFlags::none);
      else if (auto truncated = dyn_cast<arith::TruncFOp>(op))
        truncated.setFastmath(arith::FastMathFlags::none);
    });
  }
};

} // namespace
} // namespace tgc
