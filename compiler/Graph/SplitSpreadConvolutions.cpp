//===- SplitSpreadConvolutions.cpp - Transposed convolutions by phases ----===//
//
// A transposed convolution (and the gradient of a strided one) reads an operand with zeros between its
// elements, and most products are with those zeros. The results o = s q + p of one phase p meet every s-th
// weight only: all phases together are one convolution of the operand without the zeros, with s times the
// channels per dimension, whose channels are then dealt out to the pixels (Shi et al., "Real-time single
// image and video super-resolution", 2016).
//
// Where phases have enough results of their own to fill vectors, and meet few weights, each is a convolution
// of its own, which skips the weights that the others meet: 9 products of 3 x 3 weights under a spread of 2
// instead of 16. Its results go to every s-th pixel.
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

/// Columns that a kernel computes at once.
constexpr int64_t kColumnsOfVector = 16;
/// More phases are not worth the code.
constexpr int64_t kMostPhasesApart = 16;
/// A window of which kernels by tiles make fewer products, and the channels that they need for it.
constexpr int64_t kTileWindow = 3, kLeastTileChannels = 12;

bool isZero(Value value) {
  DenseElementsAttr elements;
  if (!matchPattern(value, m_Constant(&elements)) || !elements.isSplat())
    return false;
  auto number = dyn_cast<FloatAttr>(elements.getSplatValue<Attribute>());
  return number && number.getValue().isZero();
}

/// The elements, from the `first` on, that the results of one phase meet, and the weights that they meet
/// there: from `firstWeight` on in steps of the spread.
struct Phase {
  int64_t first, firstWeight, taps, results;
};

/// One spatial dimension.
struct Dimension {
  int64_t spread, low, operand, filter, result;

  int64_t getBase() const { return llvm::mod(low, spread); }
  /// The first element that phase 0 of the first result meets.
  int64_t getFirst() const { return (getBase() - low) / spread; }
  /// Elements that a result meets, in any phase.
  int64_t getTaps() const { return (filter + spread - 2 - getBase()) / spread + 1; }
  int64_t getResultsPerPhase() const { return llvm::divideCeil(result, spread); }
  /// `first` counts from the first element that phase 0 of the first result meets.
  Phase getPhase(int64_t p) const {
    int64_t first = p > getBase() ? 1 : 0, last = llvm::divideFloorSigned(filter - 1 + p - getBase(), spread);
    return {first, spread * first + getBase() - p, last - first + 1,
            llvm::divideCeilSigned(result - p, spread)};
  }
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
    Value result = areBetterApart() ? convolveApart() : dealOut(convolveTogether());
    op.getResult().replaceAllUsesWith(reshape(result, tg::getSizes(builder, loc, result), op.getType()));
    op.erase();
  }

private:
  int64_t getChannels() { return op.getFilter().getType().getDimSize(dimensions.size()); }
  int64_t getOutputs() { return op.getFilter().getType().getDimSize(dimensions.size() + 1); }

  /// Calls `body` with the number of a phase along each dimension, for all phases.
  void forEachPhase(function_ref<void(ArrayRef<int64_t>)> body) const {
    SmallVector<int64_t> numbers(dimensions.size(), 0);
    for (;;) {
      body(numbers);
      size_t dim = dimensions.size();
      while (dim > 0 && ++numbers[dim - 1] == dimensions[dim - 1].spread)
        numbers[--dim] = 0;
      if (dim == 0)
        return;
    }
  }

  /// Whether a convolution for each phase does fewer products than one of all phases as channels.
  bool areBetterApart() {
    int64_t productsApart = 0, productsJoined = 1, numPhases = 1;
    bool areTiles = dimensions.size() == 2 && getChannels() >= kLeastTileChannels;
    for (const Dimension &each : dimensions) {
      productsJoined *= each.getTaps();
      numPhases *= each.spread;
      areTiles = areTiles && each.getTaps() == kTileWindow;
    }
    if (areTiles || numPhases > kMostPhasesApart)
      return false;
    productsJoined *= llvm::alignTo(numPhases * getOutputs(), kColumnsOfVector);
    forEachPhase([&](ArrayRef<int64_t> numbers) {
      int64_t products = llvm::alignTo(getOutputs(), kColumnsOfVector);
      for (auto [each, number] : llvm::zip_equal(dimensions, numbers))
        products *= std::max<int64_t>(each.getPhase(number).taps, 0);
      productsApart += products;
    });
    return productsApart < productsJoined;
  }

  /// A convolution for each phase, [b, q..., f], stored to every s-th of the results [b, o..., f].
  Value convolveApart() {
    Value operand = padOperand(), filter = op.getFilter();
    OpFoldResult batch = tg::getSize(builder, loc, operand, 0);
    SmallVector<OpFoldResult> sizes = {batch}, steps = {size(1)};
    for (const Dimension &each : dimensions) {
      sizes.push_back(size(each.result));
      steps.push_back(size(each.spread));
    }
    sizes.push_back(size(getOutputs()));
    steps.push_back(size(1));
    Value results = tensor::EmptyOp::create(builder, loc, sizes, element);
    forEachPhase([&](ArrayRef<int64_t> numbers) {
      SmallVector<OpFoldResult> first = {size(0)}, met = {batch}, firstWeight, weights, offsets = {size(0)},
                                counts = {batch};
      SmallVector<int64_t> ones(dimensions.size() + 2, 1), weightSteps;
      bool areNone = false, meetNone = false;
      for (auto [each, number] : llvm::zip_equal(dimensions, numbers)) {
        Phase phase = each.getPhase(number);
        areNone |= phase.results <= 0;
        meetNone |= phase.taps <= 0;
        first.push_back(size(phase.first));
        met.push_back(size(phase.results + phase.taps - 1));
        firstWeight.push_back(size(phase.firstWeight));
        weights.push_back(size(phase.taps));
        weightSteps.push_back(each.spread);
        offsets.push_back(size(number));
        counts.push_back(size(phase.results));
      }
      if (areNone)
        return;
      first.push_back(size(0));
      met.push_back(size(getChannels()));
      firstWeight.append(2, size(0));
      weights.append({size(getChannels()), size(getOutputs())});
      weightSteps.append(2, 1);
      offsets.push_back(size(0));
      counts.push_back(size(getOutputs()));
      Value part;
      if (meetNone)
        part = tg::BroadcastToOp::create(builder, loc, tg::getTypeOfSizes(counts, element), pad.getValue(),
                                         tg::getDynamicSizes(counts), ArrayRef<int64_t>());
      else
        part =
            tg::ConvOp::create(builder, loc, tg::SliceOp::create(builder, loc, operand, first, met, ones),
                               tg::SliceOp::create(builder, loc, filter, firstWeight, weights, weightSteps),
                               op.getStrides(), op.getDilations(), /*groups=*/1);
      results = tensor::InsertSliceOp::create(builder, loc, part, results, offsets, counts, steps);
    });
    return results;
  }

  Value convolveTogether() {
    return tg::ConvOp::create(builder, loc, padOperand(), arrangeFilter(), op.getStrides(), op.getDilations(),
                              /*groups=*/1);
  }

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
    int64_t spatial = dimensions.size(), channels = getChannels(), outputs = getOutputs(), numPhases = 1;
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
    int64_t spatial = dimensions.size(), outputs = getOutputs();
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
