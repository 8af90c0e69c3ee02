//===- WindowPlan.cpp - How a pool and its product are cut ----------------===//

#include "compiler/Codegen/CPU/GroupPlan.h"
#include "compiler/Codegen/CPU/SelectBlocks.h"
#include "compiler/Codegen/CPU/WindowGroup.h"

using namespace mlir;

namespace tgc {

int64_t WindowGroup::getRowsBefore() {
  return part ? *getConstantIntValue(part.getMixedOffsets()[rowDim]) : 0;
}

int64_t WindowGroup::getProductRows() { return product.getLoopSizes()[ofProduct.row]; }
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
  if (canRun())
    chooseBlock(unit);
}

int64_t WindowPlan::getRowsOfBlock() const { return (blockRows - 1) * group.step + group.reach; }

int64_t WindowPlan::getKeptRows() const {
  return isWholeImage() ? 0 : std::max<int64_t>(group.reach - group.step, 0);
}

int64_t WindowPlan::getWorkOfImage() const {
  int64_t work = getCostOfElement(group.pool), products = 1;
  for (auto [loop, size] : llvm::enumerate(group.pool.getStaticLoopRanges()))
    work *= loop == group.ofPool.image ? 1 : size;
  for (auto [loop, size] : llvm::enumerate(group.product.getLoopSizes()))
    products *= loop == group.ofProduct.image ? 1 : size;
  return work + products;
}

/// Whether all sizes but the number of images are known, and blocks read the right operand as the whole does.
bool WindowPlan::canRun() const {
  auto areKnown = [](ArrayRef<int64_t> sizes, unsigned image) {
    for (auto [loop, size] : llvm::enumerate(sizes))
      if (loop != image && (ShapedType::isDynamic(size) || size == 0))
        return false;
    return sizes[image] != 0;
  };
  return areKnown(group.product.getLoopSizes(), group.ofProduct.image) &&
         areKnown(group.pool.getStaticLoopRanges(), group.ofPool.image) &&
         llvm::is_contained({RhsForm::Direct, RhsForm::Packed, RhsForm::PackedByCall}, ofProduct.rhsForm);
}

void WindowPlan::chooseBlock(VectorUnit unit) {
  MemRefType type = group.getBufferType();
  int64_t bytesOfImage = countElements(type.getShape().drop_front()) * getBytes(type.getElementType());
  int64_t bytesOfRow = bytesOfImage / type.getDimSize(group.rowDim), images = group.getNumImages();
  int64_t most = getGroupBytes(unit) / 2, rhsElements = 1, work = getWorkOfImage();
  for (auto [loop, size] : llvm::enumerate(group.product.getLoopSizes()))
    rhsElements *= group.product.getRhsMap().isFunctionOfDim(loop) ? size : 1;
  int64_t rhsBytes = rhsElements * getBytes(getElementTypeOrSelf(group.product.getRhs().getType()));
  bool isOpen = ShapedType::isDynamic(images);
  // A right operand from further away than the second-level cache would come again for each block.
  if (rhsBytes > getGroupBytes(unit) || (!isOpen && images * bytesOfImage < kLeastWindowBytes) ||
      most / bytesOfRow < group.reach)
    return;
  blockRows = std::min((most / bytesOfRow - group.reach) / group.step + 1, group.getPoolRows());
  bool areEnough = isOpen ? work <= kMostWorkOfOpenImage : images * 2 >= kParallelPieces;
  if (isWholeImage() && areEnough)
    stripRows = blockRows;
  else
    chooseStrips(isOpen ? kParallelPieces / 2 : llvm::divideCeil(kParallelPieces, images));
  if (!pays())
    return;
  // Too few for threads, or for what a call costs.
  int64_t strips = getStrips();
  if ((!areEnough && 4 * strips * (isOpen ? 1 : images) < kParallelPieces) ||
      work / llvm::divideCeil(group.getPoolRows(), blockRows) < kLeastProductsOfWindows)
    blockRows = 0;
}

/// As many as threads may want: blocks of one size, or, where windows overlap, more than one of them, because
/// each strip computes again what it shares with the one before.
void WindowPlan::chooseStrips(int64_t pieces) {
  int64_t poolRows = group.getPoolRows(), shared = std::max<int64_t>(group.reach - group.step, 0);
  if (shared == 0) {
    blockRows = std::min<int64_t>(blockRows, llvm::divideCeil(poolRows, pieces));
    for (int64_t size = blockRows; size > blockRows / 2; --size)
      if (poolRows % size == 0) {
        blockRows = size;
        break;
      }
    stripRows = blockRows;
    return;
  }
  int64_t strips = std::clamp<int64_t>(group.getProductRows() / (shared * kLeastRowsOfStrip), 1, pieces);
  stripRows = llvm::divideCeil(poolRows, llvm::bit_floor(static_cast<uint64_t>(strips)));
  blockRows = llvm::divideCeil(stripRows, llvm::divideCeil(stripRows, blockRows));
  // Rows that move to the front must not lie there already.
  if (blockRows * group.step < shared && blockRows < stripRows)
    blockRows = 0;
}

} // namespace tgc
