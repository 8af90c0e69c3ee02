//===- SelectTiling.cpp - The numbers of the CPU's kernels ----------------===//

#include "compiler/Codegen/CPU/SelectTiling.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>

using namespace mlir;

namespace tgc {

namespace {
/// Rows of a tile, such that the accumulators, a row of the panel and one broadcast element fit: of a tile of
/// one and of two vectors, and of the latter at most, where a known number of rows is shared out evenly.
struct TileRows {
  unsigned registers;
  int64_t ofOneVector, ofTwo, ofTwoAtMost;
};
} // namespace

static constexpr TileRows kTileRows[] = {
    {32, 16, 12, 14}, // AVX-512, NEON
    {16, 8, 6, 6},    // SSE2, AVX2
};

static const TileRows &getTileRows(VectorUnit unit) {
  return unit.registers >= kTileRows[0].registers ? kTileRows[0] : kTileRows[1];
}

/// A panel of the same width whatever the vectors are, for packed constants that several machines share.
static ContractTiling selectSharedTiling(VectorUnit unit, int64_t elementBytes, int64_t columns,
                                         int64_t rows) {
  int64_t width = std::max<int64_t>(unit.panelBytes / elementBytes, 1);
  if (!ShapedType::isDynamic(columns) && columns < width)
    width = std::min<int64_t>(width, std::max<int64_t>(llvm::PowerOf2Ceil(columns), 16 / elementBytes));
  ContractTiling tiling;
  tiling.lanes = std::min<int64_t>(std::max<int64_t>(unit.bytes / elementBytes, 1), width);
  tiling.vectors = width / tiling.lanes;
  // Of the registers, some hold a row of the panel and one an element of the left operand.
  tiling.rows = std::clamp<int64_t>((unit.registers - tiling.vectors - 1) / tiling.vectors, 1, 14);
  if (ShapedType::isDynamic(rows))
    return tiling;
  int64_t tiles = std::max<int64_t>(llvm::divideCeil(rows, tiling.rows), 1);
  tiling.rows = std::max<int64_t>(llvm::divideCeil(rows, tiles), 1);
  return tiling;
}

ContractTiling selectContractTiling(VectorUnit unit, int64_t elementBytes, int64_t columns, int64_t rows) {
  if (unit.panelBytes > 0)
    return selectSharedTiling(unit, elementBytes, columns, rows);
  ContractTiling tiling;
  tiling.lanes = std::max<int64_t>(unit.bytes / elementBytes, 1);
  tiling.vectors = 2;
  if (!ShapedType::isDynamic(columns) && columns <= tiling.lanes) {
    tiling.vectors = 1;
    tiling.lanes =
        std::min<int64_t>(tiling.lanes, std::max<int64_t>(llvm::PowerOf2Ceil(columns), 16 / elementBytes));
  }
  const TileRows &known = getTileRows(unit);
  tiling.rows = tiling.vectors == 1 ? known.ofOneVector : known.ofTwo;
  if (ShapedType::isDynamic(rows))
    return tiling;
  int64_t most = tiling.vectors == 1 ? known.ofOneVector : known.ofTwoAtMost;
  int64_t tiles = std::max<int64_t>(llvm::divideCeil(rows, most), 1);
  tiling.rows = std::max<int64_t>(llvm::divideCeil(rows, tiles), 1);
  return tiling;
}

ContractTiling leaveRoomToJoinSteps(ContractTiling tiling, VectorUnit unit, int64_t steps, int64_t rows) {
  int64_t most = steps == 4 && unit.registers < 32 ? kMostRowsThatJoinQuads : kMostRowsThatJoinSteps;
  if (tiling.rows <= most || tiling.vectors == 1)
    return tiling;
  tiling.rows = ShapedType::isDynamic(rows) ? most : llvm::divideCeil(rows, llvm::divideCeil(rows, most));
  return tiling;
}

} // namespace tgc
