//===- ConvertDynamicExpandShape.cpp - Expansion by given sizes -----------===//

#include "compiler/Conversion/MemRefViews/MemRefViews.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;

namespace tgc {
#define GEN_PASS_DEF_CONVERTDYNAMICEXPANDSHAPEPASS
#include "compiler/Conversion/MemRefViews/Passes.h.inc"

namespace {

bool hasGroupOfSeveralDynamicSizes(memref::ExpandShapeOp op) {
  return llvm::any_of(op.getReassociationIndices(), [&](ArrayRef<int64_t> group) {
    return llvm::count_if(group, [&](int64_t dim) { return op.getResultType().isDynamicDim(dim); }) > 1;
  });
}

/// The view as a cast: within a group the last dimension has the operand's stride, each other the extent of
/// the next.
void convert(memref::ExpandShapeOp op, IRRewriter &rewriter) {
  Location loc = op.getLoc();
  rewriter.setInsertionPoint(op);
  auto source = memref::ExtractStridedMetadataOp::create(rewriter, loc, op.getSrc());
  SmallVector<OpFoldResult> sizes = op.getMixedOutputShape(), strides(sizes.size());
  auto [knownStrides, knownOffset] = op.getResultType().getStridesAndOffset();
  for (auto [index, group] : llvm::enumerate(op.getReassociationIndices())) {
    Value stride = source.getStrides()[index];
    for (int64_t dim : llvm::reverse(group)) {
      bool isKnown = !ShapedType::isDynamic(knownStrides[dim]);
      strides[dim] = isKnown ? OpFoldResult(rewriter.getIndexAttr(knownStrides[dim])) : OpFoldResult(stride);
      Value size = getValueOrCreateConstantIndexOp(rewriter, loc, sizes[dim]);
      stride = rewriter.createOrFold<arith::MulIOp>(
          loc, getValueOrCreateConstantIndexOp(rewriter, loc, strides[dim]), size);
    }
  }
  OpFoldResult offset = source.getOffset();
  if (!ShapedType::isDynamic(knownOffset))
    offset = rewriter.getIndexAttr(knownOffset);
  rewriter.replaceOpWithNewOp<memref::ReinterpretCastOp>(op, op.getResultType(), source.getBaseBuffer(),
                                                         offset, sizes, strides);
}

struct ConvertDynamicExpandShapePass
    : impl::ConvertDynamicExpandShapePassBase<ConvertDynamicExpandShapePass> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    getOperation()->walk([&](memref::ExpandShapeOp op) {
      if (hasGroupOfSeveralDynamicSizes(op))
        convert(op, rewriter);
    });
  }
};

} // namespace
} // namespace tgc
