//===- Winograd.cpp - Which convolutions are computed by tiles ------------===//

#include "compiler/Codegen/CPU/Winograd.h"
#include "compiler/Codegen/CPU/SelectBlocks.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include <cmath>

using namespace mlir;

namespace tgc {
namespace {

/// The loops [image, y, x, window's y, window's x, channel] of a convolution with windows; nothing if the
/// contraction is none.
std::optional<std::array<unsigned, 6>> matchWindows(kernel::ContractOp op) {
  AffineMap lhs = op.getLhsMap(), rhs = op.getRhsMap(), init = op.getInitMap();
  if (lhs.getNumResults() != 4 || init.getNumResults() != 4 || lhs.getNumDims() != 7)
    return std::nullopt;
  auto asLoop = [](AffineExpr expr) -> std::optional<unsigned> {
    auto dim = dyn_cast<AffineDimExpr>(expr);
    return dim ? std::optional(dim.getPosition()) : std::nullopt;
  };
  std::array<unsigned, 6> loops;
  for (auto [dim, place] : {std::pair(0u, 0), {3u, 5}}) {
    std::optional<unsigned> loop = asLoop(lhs.getResult(dim));
    if (!loop)
      return std::nullopt;
    loops[place] = *loop;
  }
  for (unsigned dim : {1u, 2u}) {
    auto sum = dyn_cast<AffineBinaryOpExpr>(lhs.getResult(dim));
    if (!sum || sum.getKind() != AffineExprKind::Add)
      return std::nullopt;
    std::optional<unsigned> a = asLoop(sum.getLHS()), b = asLoop(sum.getRHS());
    if (!a || !b)
      return std::nullopt;
    if (!init.isFunctionOfDim(*a))
      std::swap(a, b);
    loops[dim] = *a;
    loops[dim + 2] = *b;
  }
  auto [image, y, x, windowY, windowX, channel] = loops;
  unsigned column = op.getColumnLoop();
  auto has = [](AffineMap map, std::initializer_list<unsigned> dims) {
    return map.isProjectedPermutation() && map.getNumResults() == dims.size() &&
           llvm::all_of(dims, [&](unsigned dim) { return map.isFunctionOfDim(dim); });
  };
  // A packed filter keeps the map that it had.
  bool fits = has(init, {image, y, x, column}) && has(rhs, {windowY, windowX, channel, column}) &&
              rhs.getResults().back() == getAffineDimExpr(column, op.getContext());
  return fits ? std::optional(loops) : std::nullopt;
}

bool isF32(Value value) { return cast<ShapedType>(value.getType()).getElementType().isF32(); }

/// A filter's three elements along one dimension, transformed.
std::array<double, 6> transformFilter(double g0, double g1, double g2) {
  double even = g0 + 0.5 * g2, odd = std::sqrt(0.5) * g1, farEven = g0 + 2 * g2, farOdd = std::sqrt(2.0) * g1;
  return {g0, (even + odd) * -2 / 3, (even - odd) * -2 / 3, (farEven + farOdd) / 6, (farEven - farOdd) / 6,
          g2};
}

/// What a plan has to know before it cuts tiles into units.
int64_t countKnownTiles(const WinogradPlan &plan, kernel::ContractOp op) {
  int64_t images = op.getLoopSizes()[plan.image];
  return ShapedType::isDynamic(images) ? images : images * plan.tilesDown * plan.tilesAcross;
}

} // namespace

WinogradPlan::WinogradPlan(kernel::ContractOp op, VectorUnit unit) : column(op.getColumnLoop()) {
  std::tie(image, y, x, windowY, windowX, channel) = std::tuple_cat(*matchWindows(op));
  ArrayRef<int64_t> sizes = op.getLoopSizes();
  height = sizes[y];
  this->width = sizes[x];
  channels = sizes[channel];
  columns = sizes[column];
  tilesDown = llvm::divideCeil(height, kTileResults);
  tilesAcross = llvm::divideCeil(width, kTileResults);
  ContractTiling tiling = selectContractTiling(unit, sizeof(float), columns, ShapedType::kDynamic);
  lanes = tiling.lanes;
  panelWidth = tiling.getPanelWidth();
  int64_t numPanels = llvm::divideCeil(columns, panelWidth);
  panelsPerGroup = 1;
  for (int64_t count = 1; count <= kWinogradGroupColumns / panelWidth; ++count)
    if (numPanels % count == 0)
      panelsPerGroup = count;
  numGroups = numPanels / panelsPerGroup;

  int64_t bytesOfTile = kTileProducts * sizeof(float) * (getTileStride() + getGroupWidth());
  tilesPerUnit = std::min(kWinogradScratchBytes / bytesOfTile, kMostTilesOfUnit);
  tilesPerUnit = std::max(tilesPerUnit / tiling.rows * tiling.rows, tiling.rows);
  areUnitsEqual = false;
  if (int64_t tiles = countKnownTiles(*this, op); !ShapedType::isDynamic(tiles)) {
    // Some units for threads to share.
    tilesPerUnit = std::min(tilesPerUnit, std::max<int64_t>(llvm::divideCeil(tiles, 4), tiling.rows));
    tilesPerUnit = std::min(tilesPerUnit, tiles);
    for (int64_t count = tilesPerUnit; count * 2 > tilesPerUnit && !areUnitsEqual; --count)
      if (tiles % count == 0) {
        tilesPerUnit = count;
        areUnitsEqual = true;
      }
  }
}

int64_t WinogradPlan::getFilterOffset(int64_t product, int64_t channel, int64_t column) const {
  int64_t group = column / getGroupWidth(), panel = column % getGroupWidth() / panelWidth;
  return (((group * kTileProducts + product) * panelsPerGroup + panel) * channels + channel) * panelWidth +
         column % panelWidth;
}

OpFoldResult WinogradPlan::countTiles(const IndexMath &math, ArrayRef<OpFoldResult> loopSizes) const {
  return math.mul(loopSizes[image], math.known(tilesDown * tilesAcross));
}

OpFoldResult WinogradPlan::countUnits(const IndexMath &math, ArrayRef<OpFoldResult> loopSizes) const {
  return math.ceilDiv(countTiles(math, loopSizes), math.known(tilesPerUnit));
}

bool paysWinograd(kernel::ContractOp op) {
  auto loops = matchWindows(op);
  if (!loops || op.getAccumulates() || !isF32(op.getLhs()) || !isF32(op.getRhs()) || !isF32(op.getInit()) ||
      !op.getAccumulatorType().isF32())
    return false;
  auto [image, y, x, windowY, windowX, channel] = *loops;
  ArrayRef<int64_t> sizes = op.getLoopSizes();
  int64_t images = sizes[image], height = sizes[y], width = sizes[x], channels = sizes[channel],
          columns = sizes[op.getColumnLoop()];
  if (sizes[windowY] != 3 || sizes[windowX] != 3 || ShapedType::isDynamic(height) ||
      ShapedType::isDynamic(width) || ShapedType::isDynamic(channels) || ShapedType::isDynamic(columns) ||
      height < kTileResults || width < kTileResults || channels < kLeastWinogradChannels ||
      columns < kLeastWinogradChannels || images == 0)
    return false;
  if (ShapedType::isDynamic(images))
    images = kTypicalSize;
  // In multiplications of a kernel: of each element that is transformed, and of each of the filter's that is
  // read anew for a unit of tiles.
  double tiles =
             double(images) * llvm::divideCeil(height, kTileResults) * llvm::divideCeil(width, kTileResults),
         products = double(channels) * columns, direct = 9.0 * products * images * height * width,
         byTiles =
             kTileProducts * (tiles * (1.2 * products + kProductsPerTransformed * (channels + columns)) +
                              products * kProductsPerFilterElement);
  return direct >= kLeastWinogradProducts && byTiles < 0.9 * direct;
}

void selectWinograd(kernel::ContractOp op, VectorUnit unit, PackedConstants &known) {
  WinogradPlan plan(op, unit);
  std::optional<ConstantOperand> constant = findConstantRhs(op);
  if (constant && plan.getFilterSize() > kMostConstantFilter)
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
