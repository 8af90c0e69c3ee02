//===- ExpandSplats.cpp - Constants of one value as fills -----------------===//
//
// A constant that repeats one value takes no bytes in the artefact, and where it is the start of an
// accumulation the fill goes straight into the accumulator instead of being copied there.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/Common/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace tgc {
#define GEN_PASS_DEF_EXPANDSPLATSPASS
#include "compiler/Codegen/Common/Passes.h.inc"

namespace {

/// Smaller ones cost less as a load.
constexpr int64_t kLargestKept = 16;

struct ExpandSplatsPass : impl::ExpandSplatsPassBase<ExpandSplatsPass> {
  void runOnOperation() override {
    getOperation().walk([](arith::ConstantOp constant) {
      auto value = dyn_cast<DenseElementsAttr>(constant.getValue());
      auto type = value ? dyn_cast<RankedTensorType>(value.getType()) : RankedTensorType();
      if (!type || !value.isSplat() || type.getNumElements() <= kLargestKept ||
          !type.getElementType().isIntOrFloat())
        return;
      Location loc = constant.getLoc();
      // Each user gets a fill of its own, in the memory where it wants to write.
      for (OpOperand &use : llvm::make_early_inc_range(constant->getUses())) {
        OpBuilder builder(use.getOwner());
        Value scalar =
            arith::ConstantOp::create(builder, loc, cast<TypedAttr>(value.getSplatValue<Attribute>()));
        Value empty = tensor::EmptyOp::create(builder, loc, type.getShape(), type.getElementType());
        use.set(linalg::FillOp::create(builder, loc, scalar, empty).getResult(0));
      }
      constant.erase();
    });
  }
};

} // namespace
} // namespace tgc
