//===- ContractPlan.cpp - The loops that a kernel makes of a contraction --===//

#include "compiler/Codegen/CPU/ContractPlan.h"
#include "compiler/Codegen/CPU/AlongSum.h"
#include "compiler/Codegen/CPU/CopiedOperands.h"
#include "compiler/Codegen/CPU/KeepLoop.h"
#include "compiler/Codegen/CPU/SelectBlocks.h"
#include "compiler/Codegen/CPU/TunedTiles.h"

using namespace mlir;

namespace tgc {

int64_t getBytes(Type type) { return llvm::divideCeil(type.getIntOrFloatBitWidth(), 8); }

namespace {

StaticAccess describe(MemRefType type, AffineMap map, bool isPacked) {
  StaticAccess access = {map, SmallVector<int64_t>(map.getNumDims(), 0), type.getLayout().isIdentity(),
                         isPacked};
  if (isPacked)
    return access;
  access.strides = getKnownStrides(type, map);
  return access;
}

/// Whether one loop over the product of their sizes walks the operand as `outer` around `inner` does.
bool areOneWalk(const StaticAccess &access, unsigned outer, unsigned inner, int64_t innerSize) {
  if (!access.moves(outer) && !access.moves(inner))
    return true;
  if (!access.moves(outer) || !access.moves(inner))
    return false;
  if (access.isPacked)
    return true;
  int64_t outerStride = access.strides[outer], innerStride = access.strides[inner];
  if (!ShapedType::isDynamic(outerStride) && !ShapedType::isDynamic(innerStride) &&
      !ShapedType::isDynamic(innerSize))
    return outerStride == innerStride * innerSize;
  auto position = [&](unsigned loop) {
    return access.map.getResultPosition(getAffineDimExpr(loop, access.map.getContext()));
  };
  std::optional<unsigned> outerDim = position(outer), innerDim = position(inner);
  auto isUsedOnce = [&](unsigned loop) {
    return llvm::count_if(access.map.getResults(),
                          [&](AffineExpr expr) { return expr.isFunctionOfDim(loop); }) == 1;
  };
  return access.isRowMajor && outerDim && innerDim && *outerDim + 1 == *innerDim && isUsedOnce(outer) &&
         isUsedOnce(inner);
}

/// Whether the operand's rows are those of one panel, as they lie in memory.
bool isOnePanel(kernel::ContractOp op, VectorUnit unit) {
  auto type = cast<MemRefType>(op.getRhs().getType());
  int64_t columns = op.getLoopSizes()[op.getColumnLoop()];
  ContractTiling tiling =
      selectContractTiling(unit, getBytes(op.getAccumulatorType()), columns, ShapedType::kDynamic);
  tiling = getTunedTile(op).apply(tiling, ShapedType::kDynamic);
  return type.getLayout().isIdentity() && type.getShape().back() == columns &&
         tiling.getPanelWidth() == columns;
}

/// Steps of the sum that one instruction takes, if both operands hold them one behind the other.
int64_t countStepsAtOnce(kernel::ContractOp op, VectorUnit unit) {
  auto areBoth = [&](auto isElement) {
    return llvm::all_of(ValueRange{op.getLhs(), op.getRhs()}, [&](Value operand) {
      return isElement(cast<MemRefType>(operand.getType()).getElementType());
    });
  };
  if (unit.pairsBfloats && op.getAccumulatorType().isF32() && areBoth([](Type t) { return t.isBF16(); }))
    return 2;
  if (op.getAccumulatorType().isInteger(32) && areBoth([](Type t) { return t.isInteger(8); }))
    return unit.dotsBytes ? 4 : unit.pairsShorts ? 2 : 1;
  return 1;
}

} // namespace

ContractPlan::ContractPlan(kernel::ContractOp op, VectorUnit unit)
    : column(op.getColumnLoop()), staticSizes(op.getLoopSizes()) {
  SmallVector<StaticAccess> accesses;
  for (auto [i, operand] : llvm::enumerate(op.getOperands()))
    accesses.push_back(
        describe(cast<MemRefType>(operand.getType()), op.getMap(i), i == 1 && op.getPanelWidth()));
  for (int64_t loop : op.getReversedLoops())
    if (int64_t &stride = accesses[1].strides[loop]; !ShapedType::isDynamic(stride))
      stride = -stride;
  const StaticAccess &lhs = accesses.front(), &init = accesses.back();
  auto inRhs = [&](unsigned loop) { return op.getRhsMap().isFunctionOfDim(loop); };

  LoopGroup allRows;
  for (unsigned loop = 0; loop < staticSizes.size(); ++loop)
    if (loop != column && init.moves(loop) && !inRhs(loop))
      allRows.push_back(loop);
  int64_t numAllRows = getStaticSize(allRows);
  bool isReadable = accesses[1].strides[column] == 1;
  // Both operands have a row for each step of the sum, as in a gradient by a filter.
  bool isTransposed = !allRows.empty() && lhs.strides[allRows.back()] == 1;
  TunedTile tuned = getTunedTile(op);
  bool staysInPlace = isReadable && canReadInPlace(op, numAllRows, isTransposed, unit);
  bool isPackedInRun =
      !op.getPanelWidth() && !op.getInPlace() && !staysInPlace &&
      (!isReadable || (!ShapedType::isDynamic(numAllRows) && numAllRows >= kLeastRowsToPack));
  if (op.getPanelWidth())
    rhsForm = RhsForm::Packed;
  else if (op.getInPlace() || staysInPlace || (tuned.readsInPlace && isReadable))
    rhsForm = RhsForm::Direct;
  else if (isPackedInRun)
    rhsForm = isReadable && isOnePanel(op, unit) ? RhsForm::Direct : RhsForm::PackedByCall;
  else
    rhsForm = ShapedType::isDynamic(numAllRows) ? RhsForm::ChosenByCall : RhsForm::Direct;
  accesses[1].isPacked = rhsForm == RhsForm::Packed;
  groupLoops(op, accesses);
  isLanewise = lhs.moves(column);
  bool isPackedInBlocks = isPackedInRun && canKernelPack(op, numAllRows);
  if (rhsForm == RhsForm::PackedByCall && canSumAlong(op, accesses, numAllRows, unit)) {
    rhsForm = RhsForm::AlongSum;
    isPackedInBlocks = false;
  } else if (rhsForm == RhsForm::PackedByCall && isPackedInBlocks) {
    rhsForm = RhsForm::PackedByKernel;
  } else if (rhsForm == RhsForm::PackedByCall) {
    accesses[1].isPacked = true;
    groupLoops(op, accesses);
  }
  // Two strides say where a panel is only if there are no others, and the first element comes first.
  if (rhsForm == RhsForm::ChosenByCall && (sums.size() != 1 || !getRhsBatches(op).empty() ||
                                           !accesses[1].isRowMajor || !op.getReversedLoops().empty()))
    rhsForm = RhsForm::PackedByCall;

  tiling = widenForFewRows(
      selectContractTiling(unit, getBytes(op.getAccumulatorType()), staticSizes[column], getStaticSize(rows)),
      unit, getElementTypeOrSelf(op.getRhs()) == op.getAccumulatorType(), staticSizes[column], numAllRows);
  if (!isLanewise && tiling.lanes >= 4 && !sums.empty() && lhs.strides[sums.back().back()] == 1)
    stepsAtOnce = countStepsAtOnce(op, unit);
  if (stepsAtOnce > 1)
    tiling = leaveRoomToJoinSteps(tiling, unit, stepsAtOnce, getStaticSize(rows));
  if (rhsForm == RhsForm::AlongSum) {
    tiling = selectTilingAlongSum(unit, getBytes(op.getAccumulatorType()), getStaticSize(rows));
    columnsAlongSum = selectColumnsAlongSum(tiling.rows, tiling.lanes, unit.registers);
    fetchesColumns = comesFromFar(op);
  }
  // Blocks are the table's whatever was measured: they are the order of the sum.
  selectBlocks(op, lhs.strides, isPackedInBlocks);
  selectFetching(op, accesses[1], unit);
  // Few tiles that read much: smaller ones do better than copies of rows that collide.
  if (rhsForm == RhsForm::Packed && linesToFetch > 0 && lhsCopy == LhsCopy::AlongSum) {
    int64_t numRows = getStaticSize(rows);
    tiling.rows = llvm::divideCeil(numRows, llvm::divideCeil(numRows, kLeastRowsToCopy - 1));
    selectBlocks(op, lhs.strides, isPackedInBlocks);
  }
  if (rhsForm != RhsForm::AlongSum)
    tiling = tuned.apply(tiling, getStaticSize(rows));
  // Panels are as wide as the product for which they were packed liked them; this one may be a block of its
  // rows.
  if (std::optional<uint64_t> width = op.getPanelWidth(); width && !op.getWinograd())
    tiling.vectors = static_cast<int64_t>(*width) / tiling.lanes;
  if (lhsCopy != selectCopy(op, lhs.strides))
    lhsCopy = LhsCopy::None;
  selectFetching(op, accesses[1], unit);
  if (rhsForm == RhsForm::PackedByKernel)
    selectGroups(op, kSmallGroupBytes);
  else if (tuned.groupBytes > 0)
    selectGroups(op, tuned.groupBytes);
  else
    selectGroups(op, linesToFetch > 0 ? kSmallGroupBytes : getGroupBytes(unit));
  selectFetchingOfRows(op, lhs.strides);
  selectFetchingOfInit(op);
  loopsOverRows = tiling.rows > 1 && countOps(op.getEpilogue().front()) > kLongestRepeatedBody;
  // Steps that are taken together would fetch fewer lines than a tile has.
  fetchesRows &= stepsAtOnce == 1;
  fetchesInitInSum &= stepsAtOnce == 1;
}

void ContractPlan::groupLoops(kernel::ContractOp op, ArrayRef<StaticAccess> accesses) {
  const StaticAccess &lhs = accesses.front(), &init = accesses.back();
  SmallVector<LoopGroup> batches, rowGroups;
  outer.clear(), rows.clear(), sums.clear();
  auto addLoop = [&](SmallVectorImpl<LoopGroup> &groups, unsigned loop) {
    if (!groups.empty() && llvm::all_of(accesses, [&](const StaticAccess &access) {
          return areOneWalk(access, groups.back().back(), loop, staticSizes[loop]);
        }))
      groups.back().push_back(loop);
    else
      groups.push_back({loop});
  };
  for (unsigned loop = 0; loop < staticSizes.size(); ++loop) {
    if (loop == column || staticSizes[loop] == 1)
      continue;
    if (!init.moves(loop))
      addLoop(sums, loop);
    else if (accesses[1].moves(loop) || !lhs.moves(loop))
      addLoop(batches, loop);
    else
      addLoop(rowGroups, loop);
  }
  if (!rowGroups.empty())
    rows = rowGroups.pop_back_val();
  outer = batches;
  outer.append(rowGroups);
}

/// Whether a right operand that is summed along memory is larger than caches keep.
bool ContractPlan::comesFromFar(kernel::ContractOp op) const {
  int64_t length = getStaticSize(sums[0]), columns = staticSizes[column];
  return !ShapedType::isDynamic(length) && !ShapedType::isDynamic(columns) &&
         length * columns * getBytes(op.getAccumulatorType()) > kMostBytesAlongSum;
}

/// Whether the right operand, contiguous along the columns, stays where it is although many rows read it:
/// packing gains less than it costs.
bool ContractPlan::canReadInPlace(kernel::ContractOp op, int64_t numRows, bool isTransposed,
                                  VectorUnit unit) const {
  Type element = cast<MemRefType>(op.getRhs().getType()).getElementType();
  if (unit.bytes < 64 || element != op.getAccumulatorType())
    return false;
  LoopGroup steps;
  for (unsigned loop = 0; loop < staticSizes.size(); ++loop)
    if (op.getRhsMap().isFunctionOfDim(loop) && !op.getInitMap().isFunctionOfDim(loop))
      steps.push_back(loop);
  int64_t length = getStaticSize(steps), columns = staticSizes[column];
  if (ShapedType::isDynamic(columns))
    return false;
  int64_t rowBytes = columns * getBytes(element);
  auto serves = [&](int64_t mostRows) { return !ShapedType::isDynamic(numRows) && numRows <= mostRows; };
  if (isTransposed && serves(kMostRowsOfNarrow) && rowBytes <= kMostBytesOfNarrowRow)
    return true;
  if (ShapedType::isDynamic(length))
    return false;
  int64_t numBytes = length * rowBytes;
  bool comesInPieces = numBytes > kMostBytesOfFewRowsInPlace && columns >= kLeastColumnsOfKernelPacking &&
                       numRows >= kLeastRowsToPack;
  return numBytes <= kMostBytesInPlace ||
         (serves(kMostRowsInPlace) && rowBytes <= kMostBytesOfRowInPlace && !comesInPieces);
}

/// Whether few rows read columns that lie along the sum, as the rows do.
bool ContractPlan::canSumAlong(kernel::ContractOp op, ArrayRef<StaticAccess> accesses, int64_t numRows,
                               VectorUnit unit) const {
  Type element = op.getAccumulatorType();
  if (sums.size() != 1 || isLanewise || ShapedType::isDynamic(numRows) || unit.bytes / getBytes(element) < 2)
    return false;
  unsigned sum = sums[0].back();
  int64_t length = getStaticSize(sums[0]), steps = ShapedType::isDynamic(length) ? kTypicalSize : length;
  auto lies = [&](unsigned operand) {
    return accesses[operand].strides[sum] == 1 &&
           cast<MemRefType>(op->getOperand(operand).getType()).getElementType() == element;
  };
  int64_t mostRows = comesFromFar(op) ? kFewRowsAlongSum : kMostRowsAlongSum;
  return numRows <= mostRows && steps >= numRows * kLeastStepsPerRowAlongSum && lies(0) && lies(1);
}

/// Whether blocks of panels that the kernel packs on its stack are of a known size, and columns enough to be
/// shared out: each thread packs what it reads.
bool ContractPlan::canKernelPack(kernel::ContractOp op, int64_t numRows) const {
  if (sums.size() != 1 || isLanewise || !getRhsBatches(op).empty() || ShapedType::isDynamic(numRows) ||
      numRows > kMostRowsOfWideKernelPacking)
    return false;
  int64_t length = getStaticSize(sums[0]), columns = staticSizes[column];
  bool meetsInResult = cast<MemRefType>(op.getInit().getType()).getElementType() == op.getAccumulatorType();
  return (meetsInResult || (!ShapedType::isDynamic(length) && length <= kLongestUnblockedSum)) &&
         (numRows > kMostRowsOfKernelPacking
              ? columns >= kLeastColumnsOfWideKernelPacking
              : ShapedType::isDynamic(columns) || columns >= kLeastColumnsOfKernelPacking);
}

int64_t ContractPlan::getStaticSize(ArrayRef<unsigned> group) const {
  int64_t size = 1;
  for (unsigned loop : group) {
    if (ShapedType::isDynamic(staticSizes[loop]))
      return ShapedType::kDynamic;
    size *= staticSizes[loop];
  }
  return size;
}

OpFoldResult ContractPlan::getSize(const IndexMath &math, ArrayRef<OpFoldResult> loopSizes,
                                   ArrayRef<unsigned> group) const {
  OpFoldResult size = math.known(1);
  for (unsigned loop : group)
    size = math.mul(size, loopSizes[loop]);
  return size;
}

OpFoldResult ContractPlan::countUnits(const IndexMath &math, ArrayRef<OpFoldResult> loopSizes) const {
  OpFoldResult units = math.ceilDiv(getSize(math, loopSizes, rows), math.known(tiling.rows));
  for (const LoopGroup &group : outer)
    units = math.mul(units, getSize(math, loopSizes, group));
  return units;
}

OpFoldResult ContractPlan::countRows(const IndexMath &math, ArrayRef<OpFoldResult> loopSizes) const {
  OpFoldResult count = getSize(math, loopSizes, rows);
  for (const LoopGroup &group : outer)
    count = math.mul(count, getSize(math, loopSizes, group));
  return count;
}

OpFoldResult ContractPlan::countPanels(const IndexMath &math, ArrayRef<OpFoldResult> loopSizes) const {
  return math.ceilDiv(loopSizes[column], math.known(tiling.getPanelWidth()));
}

SmallVector<LoopGroup> ContractPlan::getRhsBatches(kernel::ContractOp op) const {
  SmallVector<LoopGroup> batches;
  for (const LoopGroup &group : outer)
    if (op.getRhsMap().isFunctionOfDim(group.front()))
      batches.push_back(group);
  return batches;
}

} // namespace tgc
