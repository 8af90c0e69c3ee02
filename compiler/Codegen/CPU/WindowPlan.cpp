//===- WindowPlan.cpp - How a pool and its product are cut ----------------===//

#include "compiler/Codegen/CPU/GroupPlan.h"
#include "compiler/Codegen/CPU/SelectBlocks.h"
#include "compiler/Codegen/CPU/WindowGroup.h"

using namespace mlir;

namespace tgc {

int64_t WindowGroup::getRowsBefore() {
  return part ? *getConstantIntValue(part.getMixedOffsets()[rowDim]) : 0;
}

int64_t WindowGroup::getProductRows() {
  int64_t rows = product.getLoopSizes()[ofProduct.row];
  if (areKept)
    return rows;
  int64_t read = (getPoolRows() - 1) * step + reach - getRowsBefore();
  return std::clamp(read, std::min<int64_t>(product.getWinograd() ? getTile(product).first.results : 1, rows),
                    rows);
}
int64_t WindowGroup::getPoolRows() { return pool.getStaticLoopRanges()[ofPool.row]; }
int64_t WindowGroup::getNumImages() { return getBufferType().getDimSize(0); }

int64_t WindowGroup::getFactor(AffineExpr expr, unsigned loop) {
  if (auto dim = dyn_cast<AffineDimExpr>(expr))
    return dim.getPosition() == loop;
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary)
    return 0;
  if (binary.getKind() == AffineExprKind::Add)
    return getFactor(binary.getLHS(), loop) + getFactor(binary.getRHS(), loop);
  return getFactor(binary.getLHS(), loop) * cast<AffineConstantExpr>(binary.getRHS()).getValue();
}

WindowPlan::WindowPlan(WindowGroup &group, VectorUnit unit) : group(group), ofProduct(group.product, unit) {
  if (group.product.getWinograd())
    ofTiles.emplace(group.product, unit);
  if (canRun())
    chooseBlocks(unit);
}

int64_t WindowPlan::getBlocks() const {
  int64_t rows = group.getProductRows();
  return ofTiles ? std::max<int64_t>(rows / blockRows, 1) : llvm::divideCeil(rows, blockRows);
}

int64_t WindowPlan::getRowsOfLastBlock() const {
  return group.getProductRows() - (getBlocks() - 1) * blockRows;
}

int64_t WindowPlan::getKeptRows() const {
  int64_t above = group.getRowsBefore();
  return isWholeImage() ? above : above + getWindowsBehind() * group.step;
}

int64_t WindowPlan::getWindowsBehind() const {
  return isWholeImage() ? 0 : (group.reach - 1 - group.getRowsBefore()) / group.step;
}

int64_t WindowPlan::getRowsOfSeam() const {
  return getSharedWindows() == 0 ? 0 : (getSharedWindows() - 1) * group.step + group.reach;
}

int64_t WindowPlan::getRowsBelow() const {
  int64_t needed = (group.getPoolRows() - 1) * group.step + group.reach;
  return std::max<int64_t>(needed - group.getRowsBefore() - group.getProductRows(), 0);
}

int64_t WindowPlan::getRowsOfMemory() const {
  return getKeptRows() + std::max(blockRows, getRowsOfLastBlock()) + getRowsBelow();
}

int64_t WindowPlan::getWorkOfImage() const {
  int64_t work = getCostOfElement(group.pool), products = 1;
  for (auto [loop, size] : llvm::enumerate(group.pool.getStaticLoopRanges()))
    work *= loop == group.ofPool.image ? 1 : size;
  for (auto [loop, size] : llvm::enumerate(group.product.getLoopSizes()))
    products *= loop == group.ofProduct.image ? 1 : size;
  return work + (ofTiles ? countProductsByTiles(group.product, products) : products);
}

/// Whether all sizes but the number of images are known, and blocks read the right operand as the whole does.
bool WindowPlan::canRun() const {
  auto areKnown = [](ArrayRef<int64_t> sizes, unsigned image) {
    for (auto [loop, size] : llvm::enumerate(sizes))
      if (loop != image && (ShapedType::isDynamic(size) || size == 0))
        return false;
    return sizes[image] != 0;
  };
  if (!areKnown(group.product.getLoopSizes(), group.ofProduct.image) ||
      !areKnown(group.pool.getStaticLoopRanges(), group.ofPool.image) || group.getRowsBefore() >= group.reach)
    return false;
  // Tiles of one row or column are chosen by the size of the image, and a block has another one.
  if (ofTiles)
    return !ofTiles->tiles.areLines();
  return llvm::is_contained({RhsForm::Direct, RhsForm::Packed, RhsForm::PackedByCall}, ofProduct.rhsForm);
}

int64_t WindowPlan::getRhsBytes() const {
  if (ofTiles)
    return ofTiles->getFilterSize() * sizeof(float);
  int64_t elements = 1;
  for (auto [loop, size] : llvm::enumerate(group.product.getLoopSizes()))
    elements *= group.product.getRhsMap().isFunctionOfDim(loop) ? size : 1;
  return elements * getBytes(getElementTypeOrSelf(group.product.getRhs().getType()));
}

void WindowPlan::chooseBlocks(VectorUnit unit) {
  MemRefType type = group.getBufferType();
  int64_t bytesOfImage = countElements(type.getShape().drop_front()) * getBytes(type.getElementType());
  int64_t bytesOfRow = bytesOfImage / type.getDimSize(group.rowDim), images = group.getNumImages();
  int64_t most = getGroupBytes(unit) / 2, work = getWorkOfImage();
  bool isOpen = ShapedType::isDynamic(images), isFar = getRhsBytes() > getGroupBytes(unit);
  if ((!isOpen && images * bytesOfImage < kLeastWindowBytes) ||
      work / (bytesOfImage / getBytes(type.getElementType())) > kMostProductsOfResult)
    return;
  // What the last cache gives back of one image costs less than seams.
  if (images == 1 && group.reach > group.step && !group.areKept && !ofTiles)
    return;
  // Images, and strips of them, are what threads share out.
  bool areEnough = isOpen ? work <= kMostWorkOfOpenImage : images * 2 >= kParallelPieces;
  int64_t pieces = isOpen ? kParallelPieces / 2 : llvm::divideCeil(kParallelPieces, images);
  if (bytesOfImage <= most && areEnough)
    blockRows = group.getProductRows();
  else
    chooseStrips(most / bytesOfRow, pieces, isFar);
  if (!pays())
    return;
  if ((!areEnough && 4 * getStrips() * (isOpen ? 1 : images) < kParallelPieces) ||
      work / getBlocks() < kLeastProductsOfWindows)
    blockRows = 0;
  // A right operand from further away than the second-level cache would come again for each block; tiles read
  // it for some of them anyway.
  else if (ofTiles ? countTiles() < getLeastTiles(isFar) : isFar)
    blockRows = 0;
}

int64_t WindowPlan::countTiles() const {
  return llvm::divideCeil(blockRows, ofTiles->tiles.down.results) * ofTiles->tiles.getAcross();
}

/// Tiles that a block has at least. A filter from further away than the second-level cache comes again for so
/// many anyway.
int64_t WindowPlan::getLeastTiles(bool isFar) const {
  return isFar ? ofTiles->mostTiles : kLeastTilesOfBlock;
}

/// Blocks of at most `mostRows` with those that windows need besides, all with as many windows: the rows of
/// one are a multiple of the pool's step, and of a tile's.
void WindowPlan::chooseStrips(int64_t mostRows, int64_t pieces, bool isFar) {
  int64_t height = group.getProductRows(),
          unit = ofTiles ? std::lcm(group.step, ofTiles->tiles.down.results) : group.step;
  int64_t most = mostRows - group.reach - getRowsBelow(), wanted = llvm::divideCeil(height, pieces);
  if (ofTiles)
    wanted = std::max<int64_t>(wanted, llvm::divideCeil(getLeastTiles(isFar), ofTiles->tiles.getAcross()) *
                                           ofTiles->tiles.down.results);
  int64_t rows = std::min<int64_t>(most, llvm::alignTo(wanted, unit)) / unit * unit, even = rows;
  while (even > rows / 2 && height % even != 0)
    even -= unit;
  if (even > rows / 2)
    rows = even;
  else if (ofTiles) // What is left over joins the last block.
    rows = std::min(rows, most / 2 / unit * unit);
  if (rows < group.reach || rows >= height)
    return;
  blockRows = rows;
  stripBlocks = std::max<int64_t>(getBlocks() / pieces, 1);
}

} // namespace tgc
