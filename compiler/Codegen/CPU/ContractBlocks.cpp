//===- ContractBlocks.cpp - What of a contraction stays in caches ---------===//
//
// Blocks of long sums, groups of panels, copies of rows that collide, and what is fetched before it is read.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/CPU/ContractPlan.h"
#include "compiler/Codegen/CPU/SelectBlocks.h"

using namespace mlir;

namespace tgc {

/// Whether the next block is fetched while one is summed: elements of a row or of a column of it lie
/// together, and it comes from further away than the second-level cache.
void ContractPlan::selectFetching(kernel::ContractOp op, const StaticAccess &rhs, VectorUnit unit) {
  linesToFetch = 0;
  if (sums.size() != 1 || rhsForm == RhsForm::ChosenByCall || rhsForm == RhsForm::AlongSum ||
      !getRhsBatches(op).empty() || isLanewise ||
      (!rhs.isPacked && rhs.strides[column] != 1 && rhs.strides[sums[0].back()] != 1))
    return;
  LoopGroup outerLoops;
  for (const LoopGroup &group : outer)
    outerLoops.append(group);
  int64_t numOuter = getStaticSize(outerLoops), numRows = getStaticSize(rows);
  int64_t length = getStaticSize(sums[0]), columns = staticSizes[column];
  int64_t bytes = getBytes(cast<MemRefType>(op.getRhs().getType()).getElementType());
  if (llvm::is_contained({numOuter, numRows, length, columns}, ShapedType::kDynamic))
    return;
  bool isFast = unit.bytes >= 64 && numOuter * numRows <= kFewRows;
  int64_t leastBytes = !isFast        ? kLeastBytesToFetch
                       : rhs.isPacked ? kLeastPackedBytesToFetch
                                      : kLeastBytesInPlaceToFetch;
  if (length * columns * bytes < leastBytes)
    return;
  int64_t units = numOuter * llvm::divideCeil(numRows, tiling.rows);
  // Panels that one tile reads once, from memory, come in the order that machines foresee themselves.
  bool isStream = rhs.isPacked && units == 1 && numRows > kFewRows &&
                  length * columns * bytes >= kLeastPackedBytesToFetch;
  if (units == 0 || units > kMostUnitsToFetch || isStream)
    return;
  int64_t lines = llvm::divideCeil(tiling.getPanelWidth() * bytes, kCacheLine);
  fetchingUnits = units;
  elementsOfLine = kCacheLine / bytes;
  linesToFetch = llvm::divideCeil(lines, units);
}

/// Whether rows come from further away than the second-level cache: those of the next tile arrive while one
/// is summed. They are contiguous along the sum, or beside those of this tile.
void ContractPlan::selectFetchingOfRows(kernel::ContractOp op, ArrayRef<int64_t> lhsStrides) {
  if (rows.empty() || !outer.empty() || sums.size() != 1 || isLanewise || rhsForm == RhsForm::AlongSum)
    return;
  int64_t bytes = getBytes(cast<MemRefType>(op.getLhs().getType()).getElementType());
  int64_t numRows = getStaticSize(rows), length = getStaticSize(sums[0]);
  bool areFar = op->hasAttr(kFarRows) || ShapedType::isDynamic(numRows) || ShapedType::isDynamic(length) ||
                numRows * length * bytes >= kLeastBytesToFetchInSum;
  fetchesRows = areFar && tiling.rows >= kLeastRowsToCopy &&
                (lhsStrides[sums[0].back()] == 1 || lhsStrides[rows.back()] == 1);
  elementsOfRowLine = kCacheLine / bytes;
}

void ContractPlan::selectFetchingOfInit(kernel::ContractOp op) {
  int64_t bytes = getBytes(cast<MemRefType>(op.getInit().getType()).getElementType());
  LoopGroup loops;
  for (unsigned loop = 0; loop < staticSizes.size(); ++loop)
    if (op.getInitMap().isFunctionOfDim(loop))
      loops.push_back(loop);
  int64_t elements = getStaticSize(loops);
  bool isFar = op->hasAttr(kFarResults) || ShapedType::isDynamic(elements) ||
               elements * bytes >= kLeastBytesToFetchInSum;
  fetchesInitInSum = fetchesInit && isFar && sums.size() == 1 && rhsForm != RhsForm::AlongSum;
}

LhsCopy ContractPlan::selectCopy(kernel::ContractOp op, ArrayRef<int64_t> lhsStrides) const {
  int64_t lhsBytes = getBytes(cast<MemRefType>(op.getLhs().getType()).getElementType());
  bool hasRows = !rows.empty() && sums.size() == 1 && tiling.vectors > 1 && tiling.rows >= kLeastRowsToCopy;
  int64_t length = hasRows ? getStaticSize(sums[0]) : ShapedType::kDynamic;
  if (ShapedType::isDynamic(length) || isLanewise)
    return LhsCopy::None;
  int64_t rowStride = lhsStrides[rows.back()], sumStride = lhsStrides[sums[0].back()];
  int64_t columns = staticSizes[column];
  // Rows this far apart fall on few sets of the first-level cache, where they evict each other.
  if (sumStride == 1 && rowStride > 0 && rowStride * lhsBytes % kCollidingStride == 0 &&
      length % tiling.lanes == 0)
    return LhsCopy::AlongSum;
  if (rowStride == 1 && sumStride > 0 && sumStride * lhsBytes >= kLeastStrideToCopy &&
      tiling.rows <= tiling.lanes && length >= kLeastSumToCopy &&
      (ShapedType::isDynamic(columns) ||
       llvm::divideCeil(columns, tiling.getPanelWidth()) >= kLeastPanelsToCopy))
    return LhsCopy::AlongRows;
  return LhsCopy::None;
}

void ContractPlan::selectBlocks(kernel::ContractOp op, ArrayRef<int64_t> lhsStrides, bool isPackedInBlocks) {
  int64_t length = sums.size() == 1 ? getStaticSize(sums[0]) : 1, numRows = getStaticSize(rows);
  bool isLong = ShapedType::isDynamic(length) || length > kLongestUnblockedSum;
  if (sums.size() > 1) {
    LoopGroup nested;
    for (const LoopGroup &group : ArrayRef(sums).drop_front())
      nested.append(group);
    int64_t steps = getStaticSize(nested), count = getStaticSize(sums[0]);
    if (!ShapedType::isDynamic(steps) && steps > 0) {
      blockLength = std::max<int64_t>(kSumBlock / steps, 1);
      isLong = ShapedType::isDynamic(count) || (count > blockLength && count * steps > kLongestNestedSum);
    }
  }
  lhsCopy = selectCopy(op, lhsStrides);
  isLong |= lhsCopy != LhsCopy::None && length > kSumBlock;
  if (isPackedInBlocks) {
    blockLength = kPackedSumBlock;
    isLong = ShapedType::isDynamic(length) || length > kSumBlock;
  }
  isBlocked = isLong && (isPackedInBlocks || ShapedType::isDynamic(numRows) || numRows > tiling.rows) &&
              cast<MemRefType>(op.getInit().getType()).getElementType() == op.getAccumulatorType();
  // Blocks of one length, so that the next can be fetched while one is summed.
  if (isBlocked && isPackedInBlocks && !ShapedType::isDynamic(length))
    blockLength =
        llvm::alignTo(llvm::divideCeil(length, llvm::divideCeil(length, blockLength)), tiling.lanes);
  copiedLength = isBlocked ? blockLength : length;
  if (copiedLength > kLongestUnblockedSum)
    lhsCopy = LhsCopy::None;
}

void ContractPlan::selectGroups(kernel::ContractOp op, int64_t groupBytes) {
  int64_t steps = isBlocked ? blockLength : 1;
  for (const LoopGroup &group : ArrayRef(sums).drop_front(isBlocked ? 1 : 0)) {
    int64_t size = getStaticSize(group);
    steps *= ShapedType::isDynamic(size) ? kTypicalSize : size;
  }
  Type rhsElement = cast<MemRefType>(op.getRhs().getType()).getElementType();
  int64_t panelBytes = std::max<int64_t>(steps * tiling.getPanelWidth() * getBytes(rhsElement), 1);
  panelsPerGroup = std::max<int64_t>(groupBytes / panelBytes, 1);
  // Groups of one size, if the columns are known.
  if (int64_t columns = staticSizes[column]; !ShapedType::isDynamic(columns) && columns > 0) {
    int64_t panels = llvm::divideCeil(columns, tiling.getPanelWidth());
    panelsPerGroup = llvm::divideCeil(panels, llvm::divideCeil(panels, panelsPerGroup));
  }
  fetchesInit = steps >= kLeastSumToFetchInit;
}

} // namespace tgc
