//===- ContractBorders.cpp - What a contraction leaves out of padding -----===//

#include "compiler/Codegen/CPU/ContractPlan.h"
#include "compiler/Codegen/CPU/SelectBlocks.h"

using namespace mlir;

namespace tgc {

SmallVector<SumWithinBorders> ContractPlan::findSumsWithinBorders(kernel::ContractOp op) const {
  if (sums.size() < 2)
    return {};
  auto single = [](ArrayRef<LoopGroup> groups) {
    SmallVector<unsigned> loops;
    for (const LoopGroup &group : groups)
      if (group.size() == 1)
        loops.push_back(group.front());
    return loops;
  };
  return tgc::findSumsWithinBorders(op, single(outer), single(sums));
}

std::optional<RowsWithinBorders> ContractPlan::findRowsWithinBorders(kernel::ContractOp op) const {
  int64_t numRows = getStaticSize(rows);
  if (rows.size() != 1 || ShapedType::isDynamic(numRows) || stepsAtOnce == 4 || linesToFetch > 0 ||
      lhsCopy != LhsCopy::None)
    return std::nullopt;
  for (auto [level, group] : llvm::enumerate(sums)) {
    if (level == 0 && isBlocked)
      continue;
    for (const SumWithinBorders &part : tgc::findSumsWithinBorders(op, rows, group.front())) {
      RowsWithinBorders found = {level, getStaticSize(ArrayRef(group).drop_front()), {}};
      if (ShapedType::isDynamic(found.stepsOfSum))
        continue;
      int64_t steps = found.stepsOfSum;
      for (const LoopGroup &within : ArrayRef(sums).drop_front(level + 1))
        if (int64_t size = getStaticSize(within); !ShapedType::isDynamic(size))
          steps *= size;
      if (steps < kLeastStepsOfWindow)
        continue;
      for (int64_t first = 0, tile = 0; first < numRows; first += tiling.rows, ++tile) {
        RowsWithinBorders::Kind kind = getKind(part, first, std::min(tiling.rows, numRows - first));
        auto same = llvm::find_if(found.kinds, [&](const RowsWithinBorders::Kind &other) {
          return other.rows == kind.rows && other.rowsOfStep == kind.rowsOfStep;
        });
        if (same == found.kinds.end())
          same = found.kinds.insert(same, kind);
        same->tiles.push_back(tile);
      }
      llvm::stable_sort(found.kinds,
                        [](const auto &a, const auto &b) { return a.tiles.size() < b.tiles.size(); });
      int64_t products = 0;
      for (const RowsWithinBorders::Kind &kind : found.kinds)
        products += std::max<int64_t>(kind.rowsOfStep.size(), 1) * kind.rows * tiling.vectors;
      if (products <= kMostProductsOfWindow)
        return found;
    }
  }
  return std::nullopt;
}

RowsWithinBorders::Kind ContractPlan::getKind(const SumWithinBorders &part, int64_t first,
                                              int64_t numRows) const {
  RowsWithinBorders::Kind kind = {numRows, {}, {}};
  bool areAll = true;
  for (int64_t step = 0; step < staticSizes[part.sum]; ++step) {
    auto isWithin = [&](int64_t row) {
      int64_t index = (first + row) * part.factor + step * part.step + part.constant;
      return index >= part.begin && index < part.end;
    };
    int64_t begin = 0, end = numRows;
    while (begin < end && !isWithin(begin))
      ++begin;
    while (end > begin && !isWithin(end - 1))
      --end;
    areAll &= begin == 0 && end == numRows;
    kind.rowsOfStep.push_back({begin, end});
  }
  if (areAll)
    kind.rowsOfStep.clear();
  return kind;
}

} // namespace tgc
