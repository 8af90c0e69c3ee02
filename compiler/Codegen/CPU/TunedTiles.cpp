//===- TunedTiles.cpp - Tiles that were measured --------------------------===//

#include "compiler/Codegen/CPU/TunedTiles.h"
#include "compiler/Codegen/CPU/ByteProducts.h"
#include "compiler/Codegen/CPU/PackConstants.h"
#include "compiler/Codegen/CPU/SelectBlocks.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/xxhash.h"

using namespace mlir;

namespace tgc {
namespace {

/// Writes the ops of a region with numbers for their values, so that names do not tell equal ones apart.
void describe(raw_ostream &stream, Region &region) {
  DenseMap<Value, unsigned> numbers;
  auto number = [&](ValueRange values) {
    for (Value value : values)
      numbers.try_emplace(value, numbers.size());
  };
  number(region.getArguments());
  for (Operation &op : region.front()) {
    stream << op.getName() << op.getAttrDictionary();
    for (Value operand : op.getOperands()) {
      Attribute constant;
      if (auto known = numbers.find(operand); known != numbers.end())
        stream << " " << known->second;
      else if (matchPattern(operand, m_Constant(&constant)))
        stream << " " << constant;
      else
        stream << " " << operand.getType();
    }
    stream << ";";
    number(op.getResults());
  }
}

bool isPacked(kernel::ContractOp op) { return op.getPanelWidth() || findConstantRhs(op); }

} // namespace

std::string describeKernel(kernel::ContractOp op) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  llvm::interleaveComma(op.getLoopSizes(), stream);
  for (auto [i, operand] : llvm::enumerate(op->getOperands())) {
    stream << " " << op.getMap(i) << ":";
    if (i == 1 && isPacked(op))
      stream << "packed " << getElementTypeOrSelf(operand.getType());
    else
      stream << operand.getType();
  }
  stream << (op.getAccumulates() ? " accumulates" : "") << (op.getInPlace() ? " in place" : "");
  for (StringRef name : {kUnsignedLhs, kUnsignedRhs})
    stream << (op->hasAttr(name) ? (" " + name).str() : "");
  stream << " {" << op.getAccumulatorType() << " ";
  describe(stream, op.getEpilogue());
  stream << "}";
  return text;
}

std::string getTileKey(kernel::ContractOp op) {
  return llvm::utohexstr(llvm::xxh3_64bits(describeKernel(op)), /*LowerCase=*/true);
}

bool TunedTile::isSane() const {
  return vectors >= 0 && vectors <= kMostFewRowsAccumulators && rows >= 0 && rows <= kMostTunedRows &&
         groupBytes >= 0 && groupBytes <= kMostTunedBytes;
}

ContractTiling TunedTile::apply(ContractTiling table, int64_t numRows) const {
  if (vectors > 0)
    table.vectors = vectors;
  if (rows > 0)
    table.rows = rows;
  if (rows > 0 && !ShapedType::isDynamic(numRows)) {
    int64_t tiles = std::max<int64_t>(llvm::divideCeil(numRows, rows), 1);
    table.rows = std::max<int64_t>(llvm::divideCeil(numRows, tiles), 1);
  }
  return table;
}

TunedTile getTunedTile(kernel::ContractOp op) {
  auto numbers = op->getAttrOfType<DenseI64ArrayAttr>(kTunedTile);
  if (!numbers || numbers.size() != 4)
    return {};
  TunedTile tile = {numbers[0], numbers[1], numbers[2], numbers[3] != 0};
  return tile.isSane() ? tile : TunedTile();
}

void setTunedTile(kernel::ContractOp op, TunedTile tile) {
  int64_t numbers[] = {tile.vectors, tile.rows, tile.groupBytes, tile.readsInPlace};
  op->setAttr(kTunedTile, DenseI64ArrayAttr::get(op.getContext(), numbers));
}

void takeTunedTile(kernel::ContractOp op, DictionaryAttr tiles) {
  if (tiles && !op.getWinograd())
    if (Attribute tile = tiles.get(getTileKey(op)))
      op->setAttr(kTunedTile, tile);
}

SmallVector<TunedTile> listTileShapes(kernel::ContractOp op, VectorUnit unit) {
  ContractTiling table = getTiling(op, unit);
  int64_t columns = op.getLoopSizes()[op.getColumnLoop()], rows = countKernelRows(op);
  bool hasFewRows = !ShapedType::isDynamic(rows) && rows <= kFewRows;
  SmallVector<TunedTile> tiles;
  for (int64_t vectors = 1; vectors <= (hasFewRows ? kFewRowsAccumulators : kMostTunedVectors); ++vectors) {
    if (vectors > 1 && !ShapedType::isDynamic(columns) && (vectors - 1) * table.lanes >= columns)
      break;
    // Accumulators, a row of the panel and a broadcast element fit into the registers.
    int64_t most = (unit.registers - vectors - 1) / vectors;
    most = std::min(most, vectors == 1 ? kMostTunedRows : kMostTunedRowsOfVectors);
    for (int64_t limit : {most, most * 2 / 3}) {
      TunedTile tile = {vectors, std::max<int64_t>(limit, 1)};
      if (!ShapedType::isDynamic(rows))
        tile.rows = std::min(tile.rows, std::max<int64_t>(rows, 1));
      if (!llvm::is_contained(tiles, tile))
        tiles.push_back(tile);
    }
  }
  return tiles;
}

SmallVector<TunedTile> listTileForms(kernel::ContractOp op, TunedTile best, VectorUnit unit) {
  SmallVector<TunedTile> tiles;
  int64_t rhsBytes = llvm::divideCeil(getElementTypeOrSelf(op.getRhs().getType()).getIntOrFloatBitWidth(), 8);
  for (auto [loop, size] : llvm::enumerate(op.getLoopSizes()))
    if (op.getRhsMap().isFunctionOfDim(loop))
      rhsBytes *= ShapedType::isDynamic(size) ? kTypicalSize : size;
  auto add = [&](int64_t groupBytes, bool readsInPlace) {
    tiles.push_back({best.vectors, best.rows, groupBytes, readsInPlace});
  };
  int64_t known = getGroupBytes(unit);
  for (int64_t bytes : {known / 2, known * 2})
    if (rhsBytes > std::min(bytes, known))
      add(bytes, false);
  AffineMap map = op.getRhsMap();
  if (!isPacked(op) && !op.getInPlace() &&
      map.getResults().back() == getAffineDimExpr(op.getColumnLoop(), op.getContext()))
    add(0, true);
  return tiles;
}

} // namespace tgc
