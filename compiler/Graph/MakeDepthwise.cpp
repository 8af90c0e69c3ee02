//===- MakeDepthwise.cpp - Convolutions of small groups, lane by lane -----===//
//
// A group with few output channels leaves most lanes of a vector without work. One convolution with a group
// per output channel has all channels in its lanes: the f outputs of a group read copies of its input, which
// are made once, before the image is padded; and its c input channels are one more dimension of the window,
// the first one. There they are in filters of gradients by the filter, whose channels are images.
//
//   [b, s..., g * c] x [w..., c, g * f]  ->  [b, c, s..., g * f] x [c, w..., 1, g * f], g * f groups
//
//===----------------------------------------------------------------------===//

#include "compiler/Graph/Passes.h"
#include "dialects/Tg/IR/TgOps.h"
#include "dialects/Tg/IR/TgShapes.h"

using namespace mlir;

namespace tgc {
#define GEN_PASS_DEF_MAKEDEPTHWISEPASS
#include "compiler/Graph/Passes.h.inc"

namespace {

/// Groups of fewer outputs leave half a vector without work or more (with several inputs, from which on the
/// kernel of products of matrices reads fewer elements); fewer outputs in all fill none.
constexpr int64_t kOutputsOfChannel = 8, kOutputsOfGroup = 4, kLeastOutputs = 3;

/// The value that a chain of reshapes and of transposes that only move dimensions of one element begins with.
Value skipMovedOnes(Value value) {
  for (;;) {
    if (auto transpose = value.getDefiningOp<tg::TransposeOp>()) {
      auto type = cast<RankedTensorType>(transpose.getX().getType());
      SmallVector<int64_t> longDims(transpose.getPermutation());
      llvm::erase_if(longDims, [&](int64_t dim) { return type.getDimSize(dim) == 1; });
      if (!llvm::is_sorted(longDims))
        return value;
      value = transpose.getX();
    } else if (auto reshape = value.getDefiningOp<tg::ReshapeOp>()) {
      value = reshape.getX();
    } else {
      return value;
    }
  }
}

struct Maker {
  OpBuilder builder;
  tg::ConvOp op;
  Location loc;
  int64_t spatial, groups, inputs, outputs; ///< Inputs and outputs of a group.

  explicit Maker(tg::ConvOp op)
      : builder(op), op(op), loc(op.getLoc()), spatial(op.getInput().getType().getRank() - 2),
        groups(op.getGroups()), inputs(op.getFilter().getType().getDimSize(spatial)),
        outputs(op.getFilter().getType().getDimSize(spatial + 1)) {
    if (!ShapedType::isDynamic(outputs))
      outputs /= groups;
  }

  /// Sees operands as they lie in memory: gradients of one image transpose nothing but ones.
  void simplifyOperands() {
    if (groups == 1)
      return;
    for (OpOperand &operand : op->getOpOperands())
      if (auto type = cast<RankedTensorType>(operand.get().getType()); type.hasStaticShape())
        operand.set(
            builder.createOrFold<tg::ReshapeOp>(loc, type, skipMovedOnes(operand.get()), ValueRange()));
  }

  bool matches() {
    return groups > 1 && inputs > 0 && outputs > 0 && (inputs > 1 || outputs > 1) &&
           outputs < (inputs == 1 ? kOutputsOfChannel : kOutputsOfGroup) &&
           groups * outputs >= kLeastOutputs &&
           !ShapedType::isDynamic(op.getInput().getType().getDimSize(spatial + 1)) &&
           op.getInput().getType().getElementType().isIntOrFloat();
  }

  void run() {
    auto pad = op.getInput().getDefiningOp<tg::PadOp>();
    bool padsLater = pad && pad->hasOneUse() && pad.getStaticLow().back() == 0 &&
                     pad.getStaticHigh().back() == 0 && pad.getInterior().back() == 0;
    Value input = spread(padsLater ? pad.getX() : Value(op.getInput()));
    SmallVector<int64_t> strides(op.getStrides()), dilations(op.getDilations());
    Value filter = op.getFilter();
    if (inputs > 1) {
      strides.insert(strides.begin(), 1);
      dilations.insert(dilations.begin(), 1);
      SmallVector<int64_t> permutation = {spatial};
      llvm::append_range(permutation, llvm::seq(spatial));
      permutation.push_back(spatial + 1);
      filter = transpose(filter, permutation);
      SmallVector<OpFoldResult> sizes = tg::getSizes(builder, loc, filter);
      sizes.insert(sizes.end() - 1, size(1));
      filter = reshape(filter, sizes);
    }
    if (padsLater) {
      SmallVector<OpFoldResult> low = pad.getMixedLow(), high = pad.getMixedHigh();
      SmallVector<int64_t> interior(pad.getInterior());
      if (inputs > 1) {
        low.insert(low.begin() + 1, size(0));
        high.insert(high.begin() + 1, size(0));
        interior.insert(interior.begin() + 1, 0);
      }
      input = tg::PadOp::create(builder, loc, input, pad.getValue(), low, high, interior);
    }
    Value result = tg::ConvOp::create(builder, loc, input, filter, strides, dilations, groups * outputs);
    if (result.getType() != op.getType()) {
      SmallVector<OpFoldResult> sizes = tg::getSizes(builder, loc, result);
      if (inputs > 1)
        sizes.erase(sizes.begin() + 1);
      result =
          tg::ReshapeOp::create(builder, loc, op.getType(), result, getDynamicSizes(op.getType(), sizes));
    }
    op.getResult().replaceAllUsesWith(result);
    op.erase();
    if (padsLater)
      pad.erase();
  }

private:
  OpFoldResult size(int64_t value) { return builder.getIndexAttr(value); }

  /// Those of `sizes` that a type leaves open.
  SmallVector<Value> getDynamicSizes(RankedTensorType type, ArrayRef<OpFoldResult> sizes) {
    SmallVector<Value> open;
    for (auto [dim, each] : llvm::enumerate(sizes))
      if (type.isDynamicDim(dim))
        open.push_back(getValueOrCreateConstantIndexOp(builder, loc, each));
    return open;
  }

  Value reshape(Value value, ArrayRef<OpFoldResult> sizes) {
    Type target = tg::getTypeOfSizes(sizes, getElementTypeOrSelf(value.getType()));
    return builder.createOrFold<tg::ReshapeOp>(loc, target, value, tg::getDynamicSizes(sizes));
  }

  Value transpose(Value value, ArrayRef<int64_t> permutation) {
    return tg::TransposeOp::create(builder, loc, value, builder.getDenseI64ArrayAttr(permutation));
  }

  /// [b, s..., g * c] as [b, c, s..., g * f], without c if that is one.
  Value spread(Value x) {
    SmallVector<OpFoldResult> sizes = tg::getSizes(builder, loc, x);
    if (inputs > 1) {
      sizes.back() = size(groups);
      sizes.push_back(size(inputs));
      SmallVector<int64_t> permutation = {0, spatial + 2};
      llvm::append_range(permutation, llvm::seq<int64_t>(1, spatial + 2));
      x = transpose(reshape(x, sizes), permutation);
      sizes.pop_back();
      sizes.insert(sizes.begin() + 1, size(inputs));
    }
    if (outputs == 1)
      return x;
    SmallVector<OpFoldResult> repeated(sizes), joined(sizes);
    sizes.push_back(size(1));
    repeated.push_back(size(outputs));
    joined.back() = size(groups * outputs);
    Value copies = tg::BroadcastToOp::create(
        builder, loc, tg::getTypeOfSizes(repeated, getElementTypeOrSelf(x.getType())), reshape(x, sizes),
        tg::getDynamicSizes(repeated), llvm::to_vector(llvm::seq<int64_t>(repeated.size() - 1)));
    return reshape(copies, joined);
  }
};

struct MakeDepthwisePass : impl::MakeDepthwisePassBase<MakeDepthwisePass> {
  void runOnOperation() override {
    SmallVector<tg::ConvOp> convolutions;
    getOperation().walk([&](tg::ConvOp op) { convolutions.push_back(op); });
    for (tg::ConvOp op : convolutions) {
      Maker maker(op);
      maker.simplifyOperands();
      if (maker.matches())
        maker.run();
    }
  }
};

} // namespace
} // namespace tgc
