//===- Winograd.cpp - Which convolutions are computed by tiles ------------===//

#include "compiler/Codegen/CPU/Winograd.h"
#include "compiler/Codegen/CPU/ZeroBorders.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace tgc {
namespace {

/// The loops of a sum over windows, by where they stand in the operands.
struct WindowLoops {
  /// In the left operand: [image, stride * y + windowY, stride * x + windowX, channel].
  unsigned image, y, x, windowY, windowX, channel;
  int64_t stride;
  /// Whether images are summed too, with their rows and columns: the gradient by the filter.
  bool isGradient;
};

/// One dimension of an image.
struct WindowDim {
  unsigned pixel, window;
  int64_t stride;
};

std::optional<unsigned> asLoop(AffineExpr expr) {
  auto dim = dyn_cast<AffineDimExpr>(expr);
  return dim ? std::optional(dim.getPosition()) : std::nullopt;
}

/// A sum of two loops, of which the one of pixels may have a factor.
std::optional<WindowDim> matchDim(AffineExpr expr, function_ref<bool(unsigned)> isPixel) {
  auto sum = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!sum || sum.getKind() != AffineExprKind::Add)
    return std::nullopt;
  auto matchOrder = [&](AffineExpr pixel, AffineExpr window) -> std::optional<WindowDim> {
    int64_t stride = 1;
    if (auto product = dyn_cast<AffineBinaryOpExpr>(pixel)) {
      auto factor = dyn_cast<AffineConstantExpr>(product.getRHS());
      if (product.getKind() != AffineExprKind::Mul || !factor)
        return std::nullopt;
      pixel = product.getLHS();
      stride = factor.getValue();
    }
    std::optional<unsigned> a = asLoop(pixel), b = asLoop(window);
    if (!a || !b || !isPixel(*a) || isPixel(*b))
      return std::nullopt;
    return WindowDim{*a, *b, stride};
  };
  std::optional<WindowDim> dim = matchOrder(sum.getLHS(), sum.getRHS());
  return dim ? dim : matchOrder(sum.getRHS(), sum.getLHS());
}

/// Nothing if the contraction is no such sum.
std::optional<WindowLoops> matchWindows(kernel::ContractOp op) {
  AffineMap lhs = op.getLhsMap(), rhs = op.getRhsMap(), init = op.getInitMap();
  if (lhs.getNumResults() != 4 || init.getNumResults() != 4 || lhs.getNumDims() != 7)
    return std::nullopt;
  std::optional<unsigned> image = asLoop(lhs.getResult(0)), channel = asLoop(lhs.getResult(3));
  if (!image || !channel)
    return std::nullopt;
  unsigned column = op.getColumnLoop();
  bool isGradient = !init.isFunctionOfDim(*image);
  auto isPixel = [&](unsigned loop) { return init.isFunctionOfDim(loop) != isGradient; };
  std::optional<WindowDim> down = matchDim(lhs.getResult(1), isPixel),
                           across = matchDim(lhs.getResult(2), isPixel);
  if (!down || !across || down->stride != across->stride)
    return std::nullopt;
  auto has = [](AffineMap map, std::initializer_list<unsigned> dims) {
    return map.isProjectedPermutation() && map.getNumResults() == dims.size() &&
           llvm::all_of(dims, [&](unsigned dim) { return map.isFunctionOfDim(dim); });
  };
  AffineMap images = isGradient ? rhs : init, filter = isGradient ? init : rhs;
  // A packed filter keeps the map that it had; another one is brought to the order of vectors
  // (selectWinograd).
  bool fits = has(images, {*image, down->pixel, across->pixel, column}) &&
              has(filter, {*channel, down->window, across->window, column}) &&
              (!isGradient || rhs.getResults().back() == getAffineDimExpr(column, op.getContext()));
  if (!fits)
    return std::nullopt;
  return WindowLoops{*image,         down->pixel, across->pixel, down->window,
                     across->window, *channel,    down->stride,  isGradient};
}

bool isF32(Value value) { return cast<ShapedType>(value.getType()).getElementType().isF32(); }

/// The height and the width of tiles, if there are such tiles of a convolution of known sizes.
std::optional<std::pair<TileSide, TileSide>> selectTile(kernel::ContractOp op, const WindowLoops &loops) {
  ArrayRef<int64_t> sizes = op.getLoopSizes();
  int64_t height = sizes[loops.y], width = sizes[loops.x], windowY = sizes[loops.windowY],
          windowX = sizes[loops.windowX];
  if (loops.stride == 1 && (windowY == 1) != (windowX == 1)) {
    TileSide down, across;
    (windowX == 1 ? down : across) = windowX == 1 ? selectLine(windowY, height) : selectLine(windowX, width);
    if (down.isPlain() && across.isPlain())
      return std::nullopt;
    return std::pair(down, across);
  }
  // Of the largest windows of a phase.
  auto select = [&](int64_t window, int64_t size) -> std::optional<TileSide> {
    window = llvm::divideCeil(window, loops.stride);
    int64_t results = kSquareElements + 1 - window;
    if (window < 2 || results < 2 || size < results)
      return std::nullopt;
    return TileSide{kSquareElements, results};
  };
  std::optional<TileSide> down = select(windowY, height), across = select(windowX, width);
  if (!down || !across || loops.stride > 2)
    return std::nullopt;
  return std::pair(*down, *across);
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

/// The dimension of the filter that its columns are.
unsigned getColumnDim(kernel::ContractOp op) {
  return *op.getRhsMap().getResultPosition(getAffineDimExpr(op.getColumnLoop(), op.getContext()));
}

/// Copies the filter to where its columns are the last dimension, if they are not.
void moveColumnsLast(kernel::ContractOp op) {
  AffineMap map = op.getRhsMap();
  unsigned rank = map.getNumResults(), dim = getColumnDim(op);
  if (dim + 1 == rank)
    return;
  SmallVector<int64_t> order;
  for (unsigned each = 0; each < rank; ++each)
    if (each != dim)
      order.push_back(each);
  order.push_back(dim);
  OpBuilder builder(op);
  auto type = cast<RankedTensorType>(op.getRhs().getType());
  SmallVector<AffineExpr> moved, results;
  SmallVector<int64_t> shape;
  for (int64_t each : order) {
    moved.push_back(builder.getAffineDimExpr(each));
    results.push_back(map.getResult(each));
    shape.push_back(type.getDimSize(each));
  }
  // The loops of the copy are the dimensions that it has, so that it is written in order.
  AffineMap to = builder.getMultiDimIdentityMap(rank),
            from = inversePermutation(AffineMap::get(rank, 0, moved, op.getContext()));
  Value empty = tensor::EmptyOp::create(builder, op.getLoc(), shape, type.getElementType());
  SmallVector<utils::IteratorType> loops(rank, utils::IteratorType::parallel);
  auto copy =
      linalg::GenericOp::create(builder, op.getLoc(), empty.getType(), op.getRhs(), empty, ArrayRef{from, to},
                                loops, [](OpBuilder &b, Location loc, ValueRange arguments) {
                                  linalg::YieldOp::create(b, loc, arguments[0]);
                                });
  op.getRhsMutable().assign(copy.getResult(0));
  SmallVector<Attribute> maps(op.getIndexingMaps().getValue());
  maps[1] = AffineMapAttr::get(AffineMap::get(map.getNumDims(), 0, results, op.getContext()));
  op.setIndexingMapsAttr(builder.getArrayAttr(maps));
}

} // namespace

TilesPlan::TilesPlan(kernel::ContractOp op, VectorUnit unit) : column(op.getColumnLoop()) {
  WindowLoops loops = *matchWindows(op);
  ArrayRef<int64_t> sizes = op.getLoopSizes();
  tiles = {loops.image, loops.y, loops.x, sizes[loops.y], sizes[loops.x], {}, {}};
  std::tie(tiles.down, tiles.across) = getTile(op);
  windowY = loops.windowY;
  windowX = loops.windowX;
  channel = loops.channel;
  stride = loops.stride;
  windowHeight = sizes[windowY];
  windowWidth = sizes[windowX];
  channelsOfPhase = sizes[channel];
  channels = getNumPhases() * channelsOfPhase;
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
  int64_t bytesOfTile = tiles.getProducts() * sizeof(float) * (getTileStride() + getGroupWidth());
  tilesPerUnit =
      std::min(kWinogradScratchBytes / bytesOfTile, tiles.areLines() ? kMostLinesOfUnit : kMostTilesOfUnit);
  tilesPerUnit = std::max(
      {tilesPerUnit / rowsOfTiling * rowsOfTiling, std::min(tilesPerUnit, rowsOfTiling), kLeastTilesOfUnit});
  scratchBytes = tilesPerUnit * bytesOfTile;
  mostTiles = tilesPerUnit;
  areUnitsEqual = false;
  if (int64_t known = countKnownTiles(tiles, op); !ShapedType::isDynamic(known)) {
    // Some units for threads to share.
    int64_t units = op->hasAttr(kIsPart) ? 1 : 4;
    tilesPerUnit = std::min(tilesPerUnit, std::max<int64_t>(llvm::divideCeil(known, units), rowsOfTiling));
    int64_t divisor = getLargestDivisor(known, tilesPerUnit);
    areUnitsEqual = divisor * 2 > tilesPerUnit || divisor == known;
    if (areUnitsEqual)
      tilesPerUnit = divisor;
  }
}

FilterGradientPlan::FilterGradientPlan(kernel::ContractOp op, VectorUnit unit) : TilesPlan(op, unit) {
  channelsOfUnit = getLargestDivisor(channelsOfPhase, getChannelsWanted());
  if (channelsOfUnit < kLeastWinogradChannels)
    channelsOfUnit = channelsOfPhase;
  numParts = 1;
  numParts = llvm::divideCeil(kGradientUnits, getNumUnits());
  tilesOfBlock = tiles.areLines() ? kLinesOfGradientBlock : kTilesOfGradientBlock;
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
  return (((group * tiles.getProducts() + product) * panelsPerGroup + panel) * channels + channel) *
             panelWidth +
         column % panelWidth;
}

OpFoldResult WinogradPlan::countUnits(const IndexMath &math, ArrayRef<OpFoldResult> loopSizes) const {
  return math.ceilDiv(tiles.count(math, loopSizes), math.known(tilesPerUnit));
}

bool isFilterGradient(kernel::ContractOp op) { return matchWindows(op)->isGradient; }

std::pair<TileSide, TileSide> getTile(kernel::ContractOp op) { return *selectTile(op, *matchWindows(op)); }

bool paysWinograd(kernel::ContractOp op, VectorUnit unit) {
  auto loops = matchWindows(op);
  if (!loops || unit.bytes * unit.registers < kLeastRegisterBytes || op.getAccumulates() ||
      !isF32(op.getLhs()) || !isF32(op.getRhs()) || !isF32(op.getInit()) || !op.getAccumulatorType().isF32())
    return false;
  ArrayRef<int64_t> sizes = op.getLoopSizes();
  int64_t images = sizes[loops->image], height = sizes[loops->y], width = sizes[loops->x],
          windowY = sizes[loops->windowY], windowX = sizes[loops->windowX], channels = sizes[loops->channel],
          columns = sizes[op.getColumnLoop()];
  if (llvm::any_of(ArrayRef{height, width, windowY, windowX, channels, columns}, ShapedType::isDynamic) ||
      channels < kLeastWinogradChannels || columns < kLeastWinogradChannels || images == 0)
    return false;
  auto tile = selectTile(op, *loops);
  if (!tile)
    return false;
  auto [down, across] = *tile;
  if (ShapedType::isDynamic(images))
    images = kTypicalSize;
  // In multiplications of a kernel: of each element that is transformed, and of each of the filter's that is
  // read anew for a unit of tiles.
  double tiles =
      double(images) * llvm::divideCeil(height, down.results) * llvm::divideCeil(width, across.results);
  int64_t numProducts = down.elements * across.elements;
  double direct =
      double(windowY) * windowX * channels * columns * images * height * width * getShareWithinBorders(op);
  channels *= loops->stride * loops->stride;
  double products = double(channels) * columns;
  int64_t costOfFilter = kProductsPerFilterElement;
  if (loops->isGradient && numProducts * products > kMostNearSums)
    costOfFilter += kProductsPerFarSum;
  if (!loops->isGradient && numProducts * products > kMostNearWeights)
    costOfFilter += kProductsPerFarWeight;
  double byTiles =
      tiles * (1.2 * products + kProductsPerTransformed * (channels + columns)) + products * costOfFilter;
  return direct >= kLeastWinogradProducts && numProducts * byTiles < 0.9 * direct;
}

int64_t countProductsByTiles(kernel::ContractOp op, int64_t products) {
  WindowLoops loops = *matchWindows(op);
  int64_t window = op.getLoopSizes()[loops.windowY] * op.getLoopSizes()[loops.windowX];
  auto [down, across] = getTile(op);
  return products * down.elements * across.elements * loops.stride * loops.stride /
         (down.results * across.results * window);
}

void selectWinograd(kernel::ContractOp op, VectorUnit unit, PackedConstants &known) {
  if (isFilterGradient(op)) {
    FilterGradientPlan plan(op, unit);
    op.setWinograd(plan.channelsOfUnit <= 2 * plan.getChannelsWanted());
    return;
  }
  WinogradPlan plan(op, unit);
  std::optional<ConstantOperand> constant = findConstantRhs(op);
  bool canMove = cast<RankedTensorType>(op.getRhs().getType()).hasStaticShape();
  if (constant && plan.getFilterSize() > kMostConstantFilter)
    constant.reset();
  if ((!canMove && getColumnDim(op) + 1 != op.getRhsMap().getNumResults()) ||
      plan.scratchBytes > 2 * kWinogradScratchBytes)
    return;
  op.setWinograd(true);
  if (!constant)
    return moveColumnsLast(op);
  AffineMap map = op.getRhsMap();
  auto type = cast<RankedTensorType>(op.getRhs().getType());
  auto strideOf = [&](unsigned loop) {
    unsigned dim = *map.getResultPosition(getAffineDimExpr(loop, op.getContext()));
    return computeProduct(type.getShape().drop_front(dim + 1));
  };
  int64_t strideY = strideOf(plan.windowY), strideX = strideOf(plan.windowX),
          strideChannel = strideOf(plan.channel), strideColumn = strideOf(plan.column);
  PackedConstants::key_type key = {constant->value.getAsOpaquePointer(),
                                   {plan.tiles.down.elements, plan.tiles.across.elements, plan.stride,
                                    strideY, strideX, strideChannel, strideColumn, plan.panelWidth}};
  ElementsAttr &transformed = known[key];
  if (!transformed) {
    auto elements = reinterpret_cast<const float *>(constant->bytes.data());
    SmallVector<float, 0> filter(plan.getFilterSize());
    for (int64_t channel = 0; channel < plan.channels; ++channel)
      for (int64_t column = 0; column < plan.columns; ++column) {
        int64_t phase = channel / plan.channelsOfPhase, down = phase / plan.stride,
                across = phase % plan.stride;
        const float *g = elements + channel % plan.channelsOfPhase * strideChannel + column * strideColumn;
        auto weight = [&](int64_t i, int64_t j) -> double {
          int64_t y = plan.stride * i + down, x = plan.stride * j + across;
          return y < plan.windowHeight && x < plan.windowWidth ? g[y * strideY + x * strideX] : 0;
        };
        const TileSide &tileDown = plan.tiles.down, &tileAcross = plan.tiles.across;
        SmallVector<SmallVector<double>> rows;
        for (int64_t i = 0; i < tileDown.getWindow(); ++i) {
          SmallVector<double> weights;
          for (int64_t j = 0; j < tileAcross.getWindow(); ++j)
            weights.push_back(weight(i, j));
          rows.push_back(tileAcross.transformFilter(weights));
        }
        for (int64_t j = 0; j < tileAcross.elements; ++j) {
          SmallVector<double> weights;
          for (const auto &row : rows)
            weights.push_back(row[j]);
          for (auto [i, both] : llvm::enumerate(tileDown.transformFilter(weights)))
            filter[plan.getFilterOffset(i * tileAcross.elements + j, channel, column)] = both;
        }
      }
    transformed = makePackedConstant(
        ArrayRef(reinterpret_cast<const char *>(filter.data()), filter.size() * sizeof(float)),
        type.getElementType());
  }
  replaceConstantRhs(op, *constant, transformed, plan.panelWidth);
}

} // namespace tgc
