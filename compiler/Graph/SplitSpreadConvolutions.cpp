//===- SplitSpreadConvolutions.cpp - Transposed convolutions by phases ----===//
//
// A transposed convolution (and the gradient of a strided one) reads an operand with zeros between its
// elements, and most products are with those zeros. The results o = s q + p of one phase p meet every s-th
// weight only: all phases together are one convolution of the operand without the zeros, with s times the
// channels per dimension, whose channels are then dealt out to the pixels (Shi et al., "Real-time single
// image and video super-resolution", 2016).
//
// Per dimension, with element i at position low + s i: weight k of result o meets element i where k = s i +
// low - o. With base = low mod s and i = q + first + j that is k = s j + base - p.
//
//===----------------------------------------------------------------------===//

#include "compiler/Graph/Passes.h"
#include "dialects/Tg/IR/TgOps.h"
#include "dialects/Tg/IR/TgShapes.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace tgc {
#define GEN_PASS_DEF_SPLITSPREADCONVOLUTIONSPASS
#include "compiler/Graph/Passes.h.inc"

namespace {

bool isZero(Value value) {
  DenseElementsAttr elements;
  if (!matchPattern(value, m_Constant(&elements)) || !elements.isSplat())
    return false;
  auto number = dyn_cast<FloatAttr>(elements.getSplatValue<Attribute>());
  return number && number.getValue().isZero();
}

/// One spatial dimension.
struct Dimension {
  int64_t spread, low, operand, filter, result;

  int64_t getBase() const { return llvm::mod(low, spread); }
  /// The first element that phase 0 of the first result meets.
  int64_t getFirst() const { return (getBase() - low) / spread; }
  /// Elements that a result meets, in any phase.
  int64_t getTaps() const { return (filter + spread - 2 - getBase()) / spread + 1; }
  int64_t getResultsPerPhase() const { return llvm::divideCeil(result, spread); }
};

struct Splitter {
  OpBuilder builder;
  tg::ConvOp op;
  tg::PadOp pad;
  Location loc;
  Type element;
  SmallVector<Dimension> dimensions;

  explicit Splitter(tg::ConvOp op)
      : builder(op), op(op), pad(op.getInput().getDefiningOp<tg::PadOp>()), loc(op.getLoc()),
        element(op.getInput().getType().getElementType()) {}

  bool matches() {
    auto isOne = [](int64_t value) { return value == 1; };
    if (!pad || !isZero(pad.getValue()) || op.getGroups() != 1 || !llvm::all_of(op.getStrides(), isOne) ||
        !llvm::all_of(op.getDilations(), isOne) || !op.getFilter().getType().hasStaticShape())
      return false;
    auto operand = cast<RankedTensorType>(pad.getX().getType());
    int64_t rank = operand.getRank();
    bool isSpread = false;
    for (int64_t dim = 0; dim < rank; ++dim) {
      int64_t low = pad.getStaticLow()[dim], high = pad.getStaticHigh()[dim],
              interior = pad.getInterior()[dim];
      if (dim == 0 || dim == rank - 1) {
        if (low != 0 || high != 0 || interior != 0)
          return false;
        continue;
      }
      int64_t size = operand.getDimSize(dim), result = op.getResult().getType().getDimSize(dim);
      if (ShapedType::isDynamic(low) || ShapedType::isDynamic(size) || ShapedType::isDynamic(result) ||
          size == 0 || result == 0)
        return false;
      isSpread |= interior > 0;
      dimensions.push_back({interior + 1, low, size, op.getFilter().getType().getDimSize(dim - 1), result});
    }
    return isSpread && operand.getDimSize(rank - 1) > 0 && op.getFilter().getType().getNumElements() > 0;
  }

  void run() {
    Value phases =
        tg::ConvOp::create(builder, loc, padOperand(), arrangeFilter(), op.getStrides(), op.getDilations(),
                           /*groups=*/1);
    Value result = dealOut(phases);
    op.getResult().replaceAllUsesWith(reshape(result, tg::getSizes(builder, loc, result), op.getType()));
    op.erase();
  }

private:
  OpFoldResult size(int64_t value) { return builder.getIndexAttr(value); }

  Value reshape(Value value, ArrayRef<OpFoldResult> sizes, Type type = {}) {
    Type target = type ? type : tg::getTypeOfSizes(sizes, element);
    if (value.getType() == target)
      return value;
    return tg::ReshapeOp::create(
        builder, loc, target, value,
        tg::getDynamicSizes(type ? tg::getSizes(builder, loc, value) : ArrayRef(sizes)));
  }

  Value zeroPad(Value value, ArrayRef<int64_t> low, ArrayRef<int64_t> high) {
    auto toSizes = [&](ArrayRef<int64_t> values) {
      return llvm::map_to_vector(values, [&](int64_t each) { return size(each); });
    };
    return tg::PadOp::create(builder, loc, value, pad.getValue(), toSizes(low), toSizes(high));
  }

  /// What the results meet, without zeros between.
  Value padOperand() {
    SmallVector<int64_t> low = {0}, high = {0};
    for (const Dimension &each : dimensions) {
      low.push_back(-each.getFirst());
      high.push_back(each.getResultsPerPhase() + each.getTaps() - 1 - each.operand + each.getFirst());
    }
    low.push_back(0);
    high.push_back(0);
    return zeroPad(pad.getX(), low, high);
  }

  /// [k..., c, f] as [j..., c, p... f].
  Value arrangeFilter() {
    int64_t spatial = dimensions.size(), channels = op.getFilter().getType().getDimSize(spatial),
            outputs = op.getFilter().getType().getDimSize(spatial + 1), numPhases = 1;
    SmallVector<int64_t> low, high, reversed, permutation, phaseDims;
    SmallVector<OpFoldResult> split, joined;
    for (auto [i, each] : llvm::enumerate(dimensions)) {
      low.push_back(each.spread - 1 - each.getBase());
      high.push_back(each.spread * each.getTaps() - each.filter - low.back());
      split.append({size(each.getTaps()), size(each.spread)});
      reversed.push_back(2 * i + 1);
      permutation.push_back(2 * i);
      phaseDims.push_back(2 * i + 1);
      joined.push_back(size(each.getTaps()));
      numPhases *= each.spread;
    }
    low.append(2, 0);
    high.append(2, 0);
    split.append({size(channels), size(outputs)});
    permutation.push_back(2 * spatial);
    permutation.append(phaseDims);
    permutation.push_back(2 * spatial + 1);
    joined.append({size(channels), size(numPhases * outputs)});
    Value filter = reshape(zeroPad(op.getFilter(), low, high), split);
    filter = tg::ReverseOp::create(builder, loc, filter, builder.getDenseI64ArrayAttr(reversed));
    filter = tg::TransposeOp::create(builder, loc, filter, builder.getDenseI64ArrayAttr(permutation));
    return reshape(filter, joined);
  }

  /// [b, q..., p... f] as [b, o..., f].
  Value dealOut(Value phases) {
    int64_t spatial = dimensions.size(), outputs = op.getFilter().getType().getDimSize(spatial + 1);
    OpFoldResult batch = tg::getSize(builder, loc, phases, 0);
    SmallVector<OpFoldResult> split = {batch}, joined = {batch}, wanted = {batch};
    SmallVector<int64_t> permutation = {0};
    for (auto [i, each] : llvm::enumerate(dimensions)) {
      split.push_back(size(each.getResultsPerPhase()));
      joined.push_back(size(each.getResultsPerPhase() * each.spread));
      wanted.push_back(size(each.result));
      permutation.append({static_cast<int64_t>(i) + 1, static_cast<int64_t>(i) + 1 + spatial});
    }
    for (const Dimension &each : dimensions)
      split.push_back(size(each.spread));
    split.push_back(size(outputs));
    joined.push_back(size(outputs));
    wanted.push_back(size(outputs));
    permutation.push_back(2 * spatial + 1);
    Value value = tg::TransposeOp::create(builder, loc, reshape(phases, split),
                                          builder.getDenseI64ArrayAttr(permutation));
    value = reshape(value, joined);
    if (joined == wanted)
      return value;
    SmallVector<OpFoldResult> offsets(wanted.size(), size(0));
    SmallVector<int64_t> steps(wanted.size(), 1);
    return tg::SliceOp::create(builder, loc, value, offsets, wanted, steps);
  }
};

struct SplitSpreadConvolutionsPass : impl::SplitSpreadConvolutionsPassBase<SplitSpreadConvolutionsPass> {
  void runOnOperation() override {
    SmallVector<tg::ConvOp> convolutions;
    getOperation().walk([&](tg::ConvOp op) { convolutions.push_back(op); });
    for (tg::ConvOp op : convolutions)
      if (Splitter splitter(op); splitter.matches())
        splitter.run();
  }
};

} // namespace
} // namespace tgc
