//===- ContractPlan.cpp - The loops that a kernel makes of a contraction --===//

#include "compiler/Codegen/CPU/ContractPlan.h"

using namespace mlir;

namespace tgc {
namespace {

/// What is known of an operand's strides per loop.
struct StaticAccess {
  AffineMap map;
  SmallVector<int64_t> strides;
  bool isRowMajor = true;
  /// Packed in the order of its loops, whatever its map says.
  bool isPacked = false;

  bool moves(unsigned loop) const { return map.isFunctionOfDim(loop); }
};

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

} // namespace

ContractPlan::ContractPlan(kernel::ContractOp op, VectorUnit unit)
    : column(op.getColumnLoop()), staticSizes(op.getLoopSizes()) {
  SmallVector<StaticAccess> accesses;
  for (auto [i, operand] : llvm::enumerate(op.getOperands()))
    accesses.push_back(
        describe(cast<MemRefType>(operand.getType()), op.getMap(i), i == 1 && op.getPanelWidth()));
  const StaticAccess &lhs = accesses.front(), &init = accesses.back();
  auto inRhs = [&](unsigned loop) { return op.getRhsMap().isFunctionOfDim(loop); };

  LoopGroup allRows;
  for (unsigned loop = 0; loop < staticSizes.size(); ++loop)
    if (loop != column && init.moves(loop) && !inRhs(loop))
      allRows.push_back(loop);
  int64_t numAllRows = getStaticSize(allRows);
  bool isReadable = accesses[1].strides[column] == 1;
  if (op.getPanelWidth())
    rhsForm = RhsForm::Packed;
  else if (!isReadable || (!ShapedType::isDynamic(numAllRows) && numAllRows >= kLeastRowsToPack))
    rhsForm = RhsForm::PackedByCall;
  else
    rhsForm = ShapedType::isDynamic(numAllRows) ? RhsForm::ChosenByCall : RhsForm::Direct;
  accesses[1].isPacked = rhsForm == RhsForm::Packed || rhsForm == RhsForm::PackedByCall;

  SmallVector<LoopGroup> batches, rowGroups;
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
    else if (inRhs(loop) || !lhs.moves(loop))
      addLoop(batches, loop);
    else
      addLoop(rowGroups, loop);
  }
  if (!rowGroups.empty())
    rows = rowGroups.pop_back_val();
  outer = batches;
  outer.append(rowGroups);
  // Two strides say where a panel is only if there are no others.
  if (rhsForm == RhsForm::ChosenByCall &&
      (sums.size() != 1 || !getRhsBatches(op).empty() || !accesses[1].isRowMajor))
    rhsForm = RhsForm::PackedByCall;

  auto bytesOf = [](Type type) { return llvm::divideCeil(type.getIntOrFloatBitWidth(), 8); };
  int64_t bytes = bytesOf(op.getAccumulatorType());
  tiling = selectContractTiling(unit, bytes, staticSizes[column], getStaticSize(rows));
  int64_t length = sums.size() == 1 ? getStaticSize(sums[0]) : 1, numRows = getStaticSize(rows);
  bool isLong = ShapedType::isDynamic(length) || length > kLongestUnblockedSum;
  // Rows this far apart fall on few sets of the first-level cache, where they evict each other.
  Type lhsElement = cast<MemRefType>(op.getLhs().getType()).getElementType();
  int64_t apart = rows.empty() || sums.size() != 1 ? 0 : lhs.strides[rows.back()];
  bool collide = apart > 0 && apart * bytesOf(lhsElement) % kCollidingStride == 0 &&
                 lhs.strides[sums[0].back()] == 1 && !ShapedType::isDynamic(length) &&
                 length % tiling.lanes == 0 && tiling.vectors > 1 && tiling.rows >= kLeastRowsToCopy;
  isLong |= collide && length > kSumBlock;
  isBlocked = isLong && (ShapedType::isDynamic(numRows) || numRows > tiling.rows) &&
              cast<MemRefType>(op.getInit().getType()).getElementType() == op.getAccumulatorType();
  copiedLength = isBlocked ? kSumBlock : length;
  copiesLhs = collide && copiedLength <= kLongestUnblockedSum;
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
