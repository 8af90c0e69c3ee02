//===- Winograd.cpp - Which convolutions are computed by tiles ------------===//

#include "compiler/Codegen/CPU/Winograd.h"
#include "compiler/Codegen/CPU/SelectBlocks.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include <cmath>

using namespace mlir;

namespace tgc {
namespace {

/// The loops of a sum over windows, by where they stand in the operands.
struct WindowLoops {
  /// In the left operand: [image, resultY + summedY, resultX + summedX, channel].
  unsigned image, resultY, resultX, summedY, summedX, channel;
  /// Whether images are summed too, with the windows' places: the gradient by the filter.
  bool isGradient;
};

/// Nothing if the contraction is no such sum.
std::optional<WindowLoops> matchWindows(kernel::ContractOp op) {
  AffineMap lhs = op.getLhsMap(), rhs = op.getRhsMap(), init = op.getInitMap();
  if (lhs.getNumResults() != 4 || init.getNumResults() != 4 || lhs.getNumDims() != 7)
    return std::nullopt;
  auto asLoop = [](AffineExpr expr) -> std::optional<unsigned> {
    auto dim = dyn_cast<AffineDimExpr>(expr);
    return dim ? std::optional(dim.getPosition()) : std::nullopt;
  };
  std::optional<unsigned> image = asLoop(lhs.getResult(0)), channel = asLoop(lhs.getResult(3));
  unsigned results[2], summed[2];
  for (unsigned dim : {0u, 1u}) {
    auto sum = dyn_cast<AffineBinaryOpExpr>(lhs.getResult(dim + 1));
    if (!sum || sum.getKind() != AffineExprKind::Add)
      return std::nullopt;
    std::optional<unsigned> a = asLoop(sum.getLHS()), b = asLoop(sum.getRHS());
    if (!a || !b)
      return std::nullopt;
    if (!init.isFunctionOfDim(*a))
      std::swap(a, b);
    results[dim] = *a;
    summed[dim] = *b;
  }
  if (!image || !channel)
    return std::nullopt;
  unsigned column = op.getColumnLoop();
  bool isGradient = !init.isFunctionOfDim(*image);
  auto has = [](AffineMap map, std::initializer_list<unsigned> dims) {
    return map.isProjectedPermutation() && map.getNumResults() == dims.size() &&
           llvm::all_of(dims, [&](unsigned dim) { return map.isFunctionOfDim(dim); });
  };
  unsigned kept = isGradient ? *channel : *image, gone = isGradient ? *image : *channel;
  // A packed filter keeps the map that it had.
  bool fits = has(init, {kept, results[0], results[1], column}) &&
              has(rhs, {gone, summed[0], summed[1], column}) &&
              rhs.getResults().back() == getAffineDimExpr(column, op.getContext());
  if (!fits)
    return std::nullopt;
  return WindowLoops{*image, results[0], results[1], summed[0], summed[1], *channel, isGradient};
}

bool isF32(Value value) { return cast<ShapedType>(value.getType()).getElementType().isF32(); }

/// A filter's three elements along one dimension, transformed.
std::array<double, 6> transformFilter(double g0, double g1, double g2) {
  double even = g0 + 0.5 * g2, odd = std::sqrt(0.5) * g1, farEven = g0 + 2 * g2, farOdd = std::sqrt(2.0) * g1;
  return {g0, (even + odd) * -2 / 3, (even - odd) * -2 / 3, (farEven + farOdd) / 6, (farEven - farOdd) / 6,
          g2};
}

/// The number of tiles, if the number of images is known.
int64_t countKnownTiles(const ImageTiles &tiles, kernel::ContractOp op) {
  int64_t images = op.getLoopSizes()[tiles.image];
  return ShapedType::isDynamic(images) ? images : images * tiles.getDown() * tiles.getAcross();
}

/// The largest number up to `most` that divides `count`.
int64_t getLargestDivisor(int64_t count, int64_t most) {
  int64_t divisor = std::max<int64_t>(std::min(count, most), 1);
  while (count % divisor != 0)
    --divisor;
  return divisor;
}

} // namespace

TilesPlan::TilesPlan(kernel::ContractOp op, VectorUnit unit) : column(op.getColumnLoop()) {
  WindowLoops loops = *matchWindows(op);
  tiles = {loops.image, loops.resultY, loops.resultX, 0, 0};
  windowY = loops.summedY;
  windowX = loops.summedX;
  if (loops.isGradient) {
    std::swap(tiles.y, windowY);
    std::swap(tiles.x, windowX);
  }
  channel = loops.channel;
  ArrayRef<int64_t> sizes = op.getLoopSizes();
  tiles.height = sizes[tiles.y];
  tiles.width = sizes[tiles.x];
  channels = sizes[channel];
  columns = sizes[column];
  ContractTiling tiling = selectContractTiling(unit, sizeof(float), columns, ShapedType::kDynamic);
  rowsOfTiling = tiling.rows;
  lanes = tiling.lanes;
  panelWidth = tiling.getPanelWidth();
  int64_t numPanels = llvm::divideCeil(columns, panelWidth);
  panelsPerGroup = getLargestDivisor(numPanels, kWinogradGroupColumns / panelWidth);
  numGroups = numPanels / panelsPerGroup;
}

WinogradPlan::WinogradPlan(kernel::ContractOp op, VectorUnit unit) : TilesPlan(op, unit) {
  int64_t bytesOfTile = kTileProducts * sizeof(float) * (getTileStride() + getGroupWidth());
  tilesPerUnit = std::min(kWinogradScratchBytes / bytesOfTile, kMostTilesOfUnit);
  tilesPerUnit = std::max(
      {tilesPerUnit / rowsOfTiling * rowsOfTiling, std::min(tilesPerUnit, rowsOfTiling), kLeastTilesOfUnit});
  scratchBytes = tilesPerUnit * bytesOfTile;
  areUnitsEqual = false;
  if (int64_t known = countKnownTiles(tiles, op); !ShapedType::isDynamic(known)) {
    // Some units for threads to share.
    tilesPerUnit = std::min(tilesPerUnit, std::max<int64_t>(llvm::divideCeil(known, 4), rowsOfTiling));
    int64_t divisor = getLargestDivisor(known, tilesPerUnit);
    areUnitsEqual = divisor * 2 > tilesPerUnit || divisor == known;
    if (areUnitsEqual)
      tilesPerUnit = divisor;
  }
}

FilterGradientPlan::FilterGradientPlan(kernel::ContractOp op, VectorUnit unit) : TilesPlan(op, unit) {
  channelsOfUnit = getLargestDivisor(channels, kChannelsOfGradient);
  if (channelsOfUnit < kLeastWinogradChannels)
    channelsOfUnit = channels;
  numParts = 1;
  numParts = llvm::divideCeil(kGradientUnits, getNumUnits());
  tilesOfBlock = kTilesOfGradientBlock;
  areBlocksEqual = false;
  int64_t known = countKnownTiles(tiles, op);
  if (ShapedType::isDynamic(known) || known % numParts != 0)
    return;
  int64_t divisor = getLargestDivisor(known / numParts, tilesOfBlock);
  areBlocksEqual = divisor * 2 > tilesOfBlock;
  if (areBlocksEqual)
    tilesOfBlock = divisor;
}

int64_t WinogradPlan::getFilterOffset(int64_t product, int64_t channel, int64_t column) const {
  int64_t group = column / getGroupWidth(), panel = column % getGroupWidth() / panelWidth;
  return (((group * kTileProducts + product) * panelsPerGroup + panel) * channels + channel) * panelWidth +
         column % panelWidth;
}

OpFoldResult WinogradPlan::countUnits(const IndexMath &math, ArrayRef<OpFoldResult> loopSizes) const {
  return math.ceilDiv(tiles.count(math, loopSizes), math.known(tilesPerUnit));
}

bool isFilterGradient(kernel::ContractOp op) { return matchWindows(op)->isGradient; }

bool paysWinograd(kernel::ContractOp op, VectorUnit unit) {
  auto loops = matchWindows(op);
  if (!loops || unit.bytes * unit.registers < kLeastRegisterBytes || op.getAccumulates() ||
      !isF32(op.getLhs()) || !isF32(op.getRhs()) || !isF32(op.getInit()) || !op.getAccumulatorType().isF32())
    return false;
  ArrayRef<int64_t> sizes = op.getLoopSizes();
  int64_t images = sizes[loops->image], height = sizes[loops->resultY], width = sizes[loops->resultX],
          windowY = sizes[loops->summedY], windowX = sizes[loops->summedX], channels = sizes[loops->channel],
          columns = sizes[op.getColumnLoop()];
  if (loops->isGradient) {
    std::swap(height, windowY);
    std::swap(width, windowX);
  }
  if (windowY != 3 || windowX != 3 || ShapedType::isDynamic(height) || ShapedType::isDynamic(width) ||
      ShapedType::isDynamic(channels) || ShapedType::isDynamic(columns) || height < kTileResults ||
      width < kTileResults || channels < kLeastWinogradChannels || columns < kLeastWinogradChannels ||
      images == 0)
    return false;
  if (ShapedType::isDynamic(images))
    images = kTypicalSize;
  // In multiplications of a kernel: of each element that is transformed, and of each of the filter's that is
  // read anew for a unit of tiles.
  double tiles =
      double(images) * llvm::divideCeil(height, kTileResults) * llvm::divideCeil(width, kTileResults);
  double products = double(channels) * columns, direct = 9 * products * images * height * width;
  double byTiles = tiles * (1.2 * products + kProductsPerTransformed * (channels + columns)) +
                   products * kProductsPerFilterElement;
  return direct >= kLeastWinogradProducts && kTileProducts * byTiles < 0.9 * direct;
}

void selectWinograd(kernel::ContractOp op, VectorUnit unit, PackedConstants &known) {
  if (isFilterGradient(op)) {
    op.setWinograd(FilterGradientPlan(op, unit).channelsOfUnit <= 2 * kChannelsOfGradient);
    return;
  }
  WinogradPlan plan(op, unit);
  std::optional<ConstantOperand> constant = findConstantRhs(op);
  if (plan.scratchBytes > 2 * kWinogradScratchBytes ||
      (constant && plan.getFilterSize() > kMostConstantFilter))
    return;
  op.setWinograd(true);
  if (!constant)
    return;
  AffineMap map = op.getRhsMap();
  auto type = cast<RankedTensorType>(op.getRhs().getType());
  auto strideOf = [&](unsigned loop) {
    unsigned dim = *map.getResultPosition(getAffineDimExpr(loop, op.getContext()));
    return computeProduct(type.getShape().drop_front(dim + 1));
  };
  int64_t strideY = strideOf(plan.windowY), strideX = strideOf(plan.windowX),
          strideChannel = strideOf(plan.channel);
  PackedConstants::key_type key = {constant->value.getAsOpaquePointer(),
                                   {kTileProducts, strideY, strideX, strideChannel, plan.panelWidth}};
  ElementsAttr &transformed = known[key];
  if (!transformed) {
    auto elements = reinterpret_cast<const float *>(constant->bytes.data());
    SmallVector<float, 0> filter(plan.getFilterSize());
    for (int64_t channel = 0; channel < plan.channels; ++channel)
      for (int64_t column = 0; column < plan.columns; ++column) {
        const float *g = elements + channel * strideChannel + column;
        std::array<std::array<double, 6>, 3> rows;
        for (int64_t i = 0; i < 3; ++i)
          rows[i] = transformFilter(g[i * strideY], g[i * strideY + strideX], g[i * strideY + 2 * strideX]);
        for (int64_t j = 0; j < kTileElements; ++j) {
          std::array<double, 6> both = transformFilter(rows[0][j], rows[1][j], rows[2][j]);
          for (int64_t i = 0; i < kTileElements; ++i)
            filter[plan.getFilterOffset(i * kTileElements + j, channel, column)] = both[i];
        }
      }
    transformed = makePackedConstant(
        ArrayRef(reinterpret_cast<const char *>(filter.data()), filter.size() * sizeof(float)),
        type.getElementType());
  }
  replaceConstantRhs(op, *constant, transformed, plan.panelWidth);
}

} // namespace tgc
