//===- SelectBlocks.h - The numbers of a kernel's memory -------*- C++ -*-===//
//
// Beside the sizes of SelectTiling.h: what of a contraction's operands stays in which cache, and what is
// copied together. Where they come from: docs/decisions/0009-contractions-are-kernels.md.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_COMPILER_CODEGEN_CPU_SELECTBLOCKS_H
#define TGC_COMPILER_CODEGEN_CPU_SELECTBLOCKS_H

#include "compiler/Codegen/CPU/SelectTiling.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/Support/MathExtras.h"

namespace tgc {

/// Bytes of packed panels that stay in the second-level cache while rows stream by: three quarters of a
/// megabyte on machines with 32 vector registers, a third of that on others.
inline constexpr int64_t kGroupBytes = 3 << 18;
inline constexpr int64_t kSmallGroupBytes = 1 << 18;
inline int64_t getGroupBytes(VectorUnit unit) {
  return unit.registers >= 32 ? kGroupBytes : kSmallGroupBytes;
}
/// Rows that pass through a product and the nests around it together, where the right operand is more than
/// the second-level cache holds: for so many of them it may come from further away. Where it is less, a block
/// has so many products at least.
inline constexpr int64_t kLeastRowsOfFarBlock = 48, kMostRowsOfBlock = 96;
inline constexpr int64_t kLeastProductsOfBlock = 1 << 16;
/// Results of a product that a pool reads pass through a block on the stack if they have so many bytes at
/// least, one takes so many products at most, which leaves the way to memory something to save, and a block
/// has so many products and, if it is computed by tiles, so many of those. Of an open number of images each
/// has so many products at most, because threads share out images.
inline constexpr int64_t kLeastWindowBytes = 1 << 18, kLeastProductsOfWindows = 1 << 15;
inline constexpr int64_t kMostProductsOfResult = 3 << 8, kLeastTilesOfBlock = 32;
inline constexpr int64_t kMostWorkOfOpenImage = 1 << 22;
/// Shapes that --tune tries beside the table's: vectors of a tile, and its rows, with one vector and with
/// more.
inline constexpr int64_t kMostTunedVectors = 4, kMostTunedRows = 24, kMostTunedRowsOfVectors = 14;
/// What --tune does not measure: kernels of fewer products, which a call costs as much as, and operands and
/// results of more bytes together.
inline constexpr int64_t kLeastTunedProducts = 1 << 16, kMostTunedBytes = int64_t(1) << 30;
/// Where a step of a tile takes longer than to fetch a piece of a row, as with vectors of 64 bytes, a right
/// operand of up to so many bytes is read in place by any number of rows; a larger one by up to so many rows,
/// if a row of it has so many bytes at most: its pieces lie on as many pages as the sum has steps. Of a
/// larger one than that, whose rows are long enough to be packed by the kernel, they would come piece by
/// piece from memory.
inline constexpr int64_t kMostBytesInPlace = 5 << 19, kMostRowsInPlace = 96, kMostBytesOfRowInPlace = 1 << 13;
inline constexpr int64_t kMostBytesOfFewRowsInPlace = 1 << 22;
/// The same for up to so many rows of a transposed left operand, whatever the length of the sum, if a row has
/// so many bytes at most: its pieces lie as close as in panels.
inline constexpr int64_t kMostRowsOfNarrow = 512, kMostBytesOfNarrowRow = 1024;
/// Up to so many rows the kernel packs the right operand itself, if it has so many columns at least: so many
/// steps of a long sum at a time, and of so many panels at least, for which rows are copied once. More rows
/// could be shared out among threads instead, so it takes more columns then.
inline constexpr int64_t kMostRowsOfKernelPacking = 256, kLeastColumnsOfKernelPacking = 128;
inline constexpr int64_t kMostRowsOfWideKernelPacking = 512, kLeastColumnsOfWideKernelPacking = 1024;
inline constexpr int64_t kPackedSumBlock = 256, kPanelsOfPackingShare = 4;
/// From how many bytes on it pays to fetch what few rows read of the right operand ahead, by up to so many
/// tiles of rows.
inline constexpr int64_t kLeastBytesToFetch = 1 << 19, kMostUnitsToFetch = 16, kCacheLine = 64;
/// The same where vectors of 64 bytes meet one or two rows, which read as fast as the caches give: packed,
/// and in place.
inline constexpr int64_t kLeastPackedBytesToFetch = 3 << 22, kLeastBytesInPlaceToFetch = 1 << 25;
/// Sums over several loops up to this length run in one go: their outermost loop is cut, into parts that are
/// rarely of the length one would like.
inline constexpr int64_t kLongestNestedSum = 2048;
/// Zeros of padding are left out row by row of a tile if each step of the window has so many steps of the sum
/// at least, and if the code of all its steps has so many products at most.
inline constexpr int64_t kLeastStepsOfWindow = 8, kMostProductsOfWindow = 384;
/// Length of a sum that takes longer than to fetch what the result's memory holds.
inline constexpr int64_t kLeastSumToFetchInit = 24;
/// Bytes from one step of the sum to the next, and steps, from which it pays to copy a tile of a transposed
/// left operand together, for so many panels: each step touches a page of its own.
inline constexpr int64_t kLeastStrideToCopy = 4096, kLeastSumToCopy = 128, kLeastPanelsToCopy = 8;
/// Bytes of the left operand, or of the result, from which what the next tile needs of it is fetched in the
/// steps of the sum: the second-level cache does not keep it from one run to the next.
inline constexpr int64_t kLeastBytesToFetchInSum = 1 << 20;
/// Results that have so many bytes at least and take so many ops an element at most are stored past the
/// caches, by machines whose vectors have so many bytes, in rows of so many: a line that is written as a
/// whole is not read first. Copies of 16 MB gain by it, those of 8 MB lose.
inline constexpr int64_t kLeastStreamedBytes = 1 << 24, kMostStreamedOps = 8;
inline constexpr int64_t kLeastStreamingVector = 32, kLeastStreamedRow = 256;
/// Behind other nests of a group only rows of up to so many bytes are: what they are computed of then lies on
/// the stack, and shares the nearest cache with what those nests read.
inline constexpr int64_t kMostStreamedRow = 1 << 14;
/// What such a block of rows touches: memory is read in its first nest and written in its last, so short
/// blocks let the processor overlap both.
inline constexpr int64_t kStreamedBlockBytes = 1 << 13;
/// Ops of an element that are computed again by each nest that reads it, which is in the nearest cache as it
/// was before them.
inline constexpr int64_t kMostOpsComputedAgain = 4;
/// Longer bodies, in ops of KeepLoop.h's count, are not repeated for each accumulator or for the rest of a
/// loop: what a loop costs when it runs is less than a percent, and LLVM's time grows with the code.
inline constexpr int64_t kLongestRepeatedBody = 16;
/// Accumulators of few rows: enough to hide the latency of an addition, and on machines with 32 registers so
/// many that long pieces of a row of the right operand are read at once.
inline constexpr int64_t kFewRows = 2;
inline constexpr int64_t kFewRowsAccumulators = 8, kMostFewRowsAccumulators = 24;

/// Up to so many rows, products with columns that lie along the sum are summed along memory, if the sum has
/// so many steps for each row at least: turning the right operand costs less than adding lanes at the end of
/// short sums. An operand of more bytes comes from so far that there is time to turn it for more than a few
/// rows; for those, the next columns are fetched.
inline constexpr int64_t kMostRowsAlongSum = 48, kLeastStepsPerRowAlongSum = 6;
inline constexpr int64_t kMostBytesAlongSum = 1 << 23, kFewRowsAlongSum = 8;
/// Rows of such a tile: with four columns their sums fit into 32 registers, with two into 16.
inline constexpr int64_t kMostTileRowsAlongSum = 6;

/// Keys of attention whose scores with a block of queries lie on the stack: up to so many at once, else in
/// blocks of so many.
inline constexpr int64_t kMostKeysOfOneBlock = 256, kKeysOfBlock = 128;
/// Queries of a block of its gradients: what sums over them is read and written once for so many.
inline constexpr int64_t kQueriesOfGradientBlock = 128;

/// Bytes on the stack for transformed tiles and their sums, which share the second-level cache with a filter;
/// twice as much at most, with many channels.
inline constexpr int64_t kWinogradScratchBytes = 3 << 17;
/// Columns of a group of panels: the sums of a tile.
inline constexpr int64_t kWinogradGroupColumns = 64;
inline constexpr int64_t kMostTilesOfUnit = 48, kLeastTilesOfUnit = 8;
/// Tiles of one row or column have fewer products, so there are more of them.
inline constexpr int64_t kMostLinesOfUnit = 96;
/// Channels whose sums with a group of columns stay in the second-level cache while tiles stream by, tiles of
/// a block of those, and units of work that a gradient by the filter has at least.
inline constexpr int64_t kChannelsOfGradient = 32, kTilesOfGradientBlock = 32, kGradientUnits = 4;
inline constexpr int64_t kChannelsOfLinesGradient = 64, kLinesOfGradientBlock = 96;
/// Bytes of all vector registers, at least, that hold a transform of a tile: the first level of x86-64 has
/// half of them, and machines that have no more are older than the code for tiles is worth.
inline constexpr int64_t kLeastRegisterBytes = 512;
/// With fewer channels or columns transforms cost more than the products that they save; convolutions of
/// fewer products are not worth the code.
inline constexpr int64_t kLeastWinogradChannels = 12;
inline constexpr int64_t kLeastWinogradProducts = 1 << 20;
/// Elements of a tile along both dimensions, if it has two.
inline constexpr int64_t kSquareElements = 6;
/// What transforming an element costs, and reading an element of the filter from the third-level cache, in
/// multiplications of a kernel.
inline constexpr int64_t kProductsPerTransformed = 7;
inline constexpr int64_t kProductsPerFilterElement = 10;
/// What an element of a filter's gradient costs besides, if there are more sums than these: they go to memory
/// and come back.
inline constexpr int64_t kProductsPerFarSum = 20, kMostNearSums = 1 << 20;
/// What an element of a filter costs besides, if there are more transformed ones than the last cache holds.
inline constexpr int64_t kProductsPerFarWeight = 12, kMostNearWeights = 1 << 22;
/// Elements of a transformed filter that is kept in the code's constants: four times what the filter has.
inline constexpr int64_t kMostConstantFilter = 1 << 20;

/// Widens the tile of a contraction of few rows: panels of as equal a width as can be. `allRows` counts
/// the rows that one right operand serves. Bytes and halves, which are not summed as they are, are put
/// together in registers, several steps at a time, so panels of them stay narrow.
inline ContractTiling widenForFewRows(ContractTiling tiling, VectorUnit unit, bool sumsAsTheyAre,
                                      int64_t columns, int64_t allRows) {
  if (tiling.vectors != 2 || mlir::ShapedType::isDynamic(columns) || mlir::ShapedType::isDynamic(allRows) ||
      allRows > kFewRows)
    return tiling;
  int64_t needed = llvm::divideCeil(columns, tiling.lanes);
  bool isLong = unit.registers >= 32 && sumsAsTheyAre;
  int64_t most = (isLong ? kMostFewRowsAccumulators : kFewRowsAccumulators) / std::max<int64_t>(allRows, 1);
  tiling.vectors = llvm::divideCeil(needed, llvm::divideCeil(needed, most));
  return tiling;
}

/// A tile whose vectors run along the sum is one vector of columns wide.
inline ContractTiling selectTilingAlongSum(VectorUnit unit, int64_t elementBytes, int64_t rows) {
  int64_t tiles = std::max<int64_t>(llvm::divideCeil(rows, kMostTileRowsAlongSum), 1);
  return {unit.bytes / elementBytes, 1, std::max<int64_t>(llvm::divideCeil(rows, tiles), 1)};
}

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_CPU_SELECTBLOCKS_H
