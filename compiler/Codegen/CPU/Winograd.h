//===- Winograd.h - Convolutions with fewer products -----------*- C++ -*-===//
//
// A tile of 4 x 4 results of a convolution with windows of 3 x 3 is A'((G g G') * (B' d B))A: 36 products for
// each channel instead of 144, between transforms of the filter g, of 6 x 6 elements d of the operand and of
// the sums. Summed over channels, the products are 36 contractions, in which tiles are the rows. Lavin and
// Gray, "Fast algorithms for convolutional neural networks", 2016. The same 6 x 6 elements and products make
// 5 x 5 results of windows of 2 x 2, 3 x 3 of 4 x 4 and 2 x 2 of 5 x 5. Windows of one row or column have
// tiles of one row or column of 6, 8 or 9 elements.
//
// The polynomials behind 6 elements are taken at 0, +-sqrt(1/2), +-sqrt(2) and infinity: pairs whose product
// is 1 keep the transforms' numbers small, so the error is 1 to 2 times that of the sum itself, where the
// usual
// +-1 and +-2 make it 6 times as large (docs/numerics.md). One dimension has an error that is the root of
// that of two, so 8 and 9 elements have room there.
//
// A convolution by 3 to 10 in steps of 2 is the sum of four by 1 to 5 of every other row and column, so it is
// computed likewise, with four times the channels.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_COMPILER_CODEGEN_CPU_WINOGRAD_H
#define TGC_COMPILER_CODEGEN_CPU_WINOGRAD_H

#include "compiler/Codegen/CPU/ContractEmitter.h"
#include "compiler/Codegen/CPU/PackConstants.h"
#include "compiler/Codegen/CPU/SelectBlocks.h"
#include "compiler/Codegen/CPU/TileSide.h"

namespace tgc {

/// Images that are cut into tiles. The last tile of a row or column of tiles that do not divide the image
/// lies further in, over results of the one before.
struct ImageTiles {
  /// Loops.
  unsigned image, y, x;
  int64_t height, width;
  TileSide down, across;

  /// Pairs of matrices that are multiplied.
  int64_t getProducts() const { return down.elements * across.elements; }
  /// Whether tiles are one row or column.
  bool areLines() const { return down.isPlain() || across.isPlain(); }
  int64_t getDown() const { return llvm::divideCeil(height, down.results); }
  int64_t getAcross() const { return llvm::divideCeil(width, across.results); }
  /// Results of the last tile that are those of the one before it.
  int64_t getSharedDown() const { return getDown() * down.results - height; }
  int64_t getSharedAcross() const { return getAcross() * across.results - width; }
  mlir::OpFoldResult count(const IndexMath &math, llvm::ArrayRef<mlir::OpFoldResult> loopSizes) const {
    return math.mul(loopSizes[image], math.known(getDown() * getAcross()));
  }
};

/// What a convolution and its gradient have in common.
struct TilesPlan {
  TilesPlan(kernel::ContractOp op, VectorUnit unit);

  ImageTiles tiles;
  /// Loops.
  unsigned windowY, windowX, channel, column;
  int64_t windowHeight, windowWidth;
  /// From row to row of results in the operand, 1 or 2. Steps of 2 part the operand and the filter in four
  /// phases by odd and even rows and columns: the channels of a sum of four convolutions.
  int64_t stride, channelsOfPhase;
  int64_t channels, columns;
  /// Of a vector of results, of a panel of the contractions, and of their tiles.
  int64_t lanes, panelWidth, rowsOfTiling;
  /// Columns are summed in groups of panels, so that the sums of a unit's tiles stay in the cache.
  int64_t panelsPerGroup, numGroups;

  int64_t getNumPhases() const { return stride * stride; }
  /// Of the last row or column of a phase's windows: whether windows of even phases only have it.
  bool isOfEvenOnly(int64_t window, bool isLast) const { return isLast && stride == 2 && window % 2 == 1; }
  int64_t getGroupWidth() const { return panelWidth * panelsPerGroup; }
};

/// On a convolution that is a part of a larger one, which threads share out.
inline constexpr llvm::StringLiteral kIsPart = "kernel.is_part";

struct WinogradPlan : TilesPlan {
  WinogradPlan(kernel::ContractOp op, VectorUnit unit);

  /// Tiles that fit on the stack, those that are transformed together, and the bytes that this takes at most.
  int64_t mostTiles, tilesPerUnit, scratchBytes;
  /// Whether the last unit has as many, whatever the number of images.
  bool areUnitsEqual;

  /// The transformed filter: [group, product, panel of the group, channel, column of the panel].
  int64_t getFilterOffset(int64_t product, int64_t channel, int64_t column) const;
  int64_t getFilterSize() const { return tiles.getProducts() * numGroups * getGroupWidth() * channels; }
  /// From tile to tile among the transformed elements of a product: not a multiple of what makes lines of the
  /// cache collide.
  int64_t getTileStride() const {
    int64_t stride = llvm::alignTo(channels, 16) + kRoomBetweenCopies;
    return stride * sizeof(float) % kCollidingStride == 0 ? stride + kRoomBetweenCopies : stride;
  }
  mlir::OpFoldResult countUnits(const IndexMath &math, llvm::ArrayRef<mlir::OpFoldResult> loopSizes) const;
};

/// The gradient by the filter: the sum over tiles of G'((A g A') * (B' d B))G, where g are gradients of a
/// tile's results.
struct FilterGradientPlan : TilesPlan {
  FilterGradientPlan(kernel::ContractOp op, VectorUnit unit);

  /// Sums of a unit of work: of so many channels and a group of columns, over a part of the tiles; parts are
  /// added in order.
  int64_t channelsOfUnit, numParts;
  /// Tiles that are transformed together, and whether all blocks have so many.
  int64_t tilesOfBlock;
  bool areBlocksEqual;

  /// Channels of a unit, if their number has such divisors.
  int64_t getChannelsWanted() const {
    return tiles.areLines() ? kChannelsOfLinesGradient : kChannelsOfGradient;
  }
  int64_t getNumUnits() const { return numParts * (channels / channelsOfUnit) * numGroups; }
  /// The sums, [part, product, channel, column].
  int64_t getRowSize() const { return numGroups * getGroupWidth(); }
  int64_t getPartSize() const { return tiles.getProducts() * channels * getRowSize(); }
};

/// Whether the contraction is a gradient by a filter, if it is computed by tiles at all.
bool isFilterGradient(kernel::ContractOp op);

/// The height and the width of the tiles of a contraction that is computed by tiles.
std::pair<TileSide, TileSide> getTile(kernel::ContractOp op);

/// Whether the contraction is such a convolution, or its gradient by the filter, and takes less time as
/// tiles.
bool paysWinograd(kernel::ContractOp op, VectorUnit unit);

/// The multiplications by tiles that do what so many would.
int64_t countProductsByTiles(kernel::ContractOp op, int64_t products);

/// Lets the contraction be computed by tiles; a constant filter is transformed.
void selectWinograd(kernel::ContractOp op, VectorUnit unit, PackedConstants &known);

/// Lets the kernel of a convolution by tiles pool its results, if nothing but a pool with windows of 2 x 2
/// reads them, and what is computed of them in between is computed of each. Returns the convolution.
kernel::ContractOp absorbPool(kernel::ContractOp op);

/// Emits the kernel at `builder`. The right operand is the transformed filter.
void emitWinograd(mlir::OpBuilder &builder, kernel::ContractOp op, const WinogradPlan &plan, VectorUnit unit,
                  const ContractOperands &operands);

/// Emits the units [begin, end) of the sums of a filter's gradient, and the loops that make the gradient of
/// the channels [begin, end) of the sums, the right operand.
void emitGradientSums(mlir::OpBuilder &builder, kernel::ContractOp op, const FilterGradientPlan &plan,
                      VectorUnit unit, const ContractOperands &operands);
void emitFilterGradient(mlir::OpBuilder &builder, kernel::ContractOp op, const FilterGradientPlan &plan,
                        const ContractOperands &operands);

/// Emits loops that transform the filter of the channels [begin, end) of `rhs` into `transformed`.
void emitFilterTransform(mlir::OpBuilder &builder, kernel::ContractOp op, const WinogradPlan &plan,
                         mlir::Value rhs, mlir::Value transformed, mlir::Value begin, mlir::Value end);

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_CPU_WINOGRAD_H
