//===- TurnRows.cpp - Few rows that lie across the sum --------------------===//
//
// Turning the right operand costs as much as five rows' products; the left one has no more rows than that few
// times.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/CPU/TurnRows.h"
#include "compiler/Codegen/CPU/SelectBlocks.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace tgc {

void turnFewRows(kernel::ContractOp op, VectorUnit unit) {
  AffineMap lhs = op.getLhsMap(), rhs = op.getRhsMap(), init = op.getInitMap();
  auto type = dyn_cast<RankedTensorType>(op.getLhs().getType());
  Type element = op.getAccumulatorType();
  if (!type || op.getLoopSizes().size() != 3 || !lhs.isProjectedPermutation() || lhs.getNumResults() != 2 ||
      !rhs.isProjectedPermutation() || rhs.getNumResults() != 2 || !op.getReversedLoops().empty() ||
      type.getElementType() != element || getElementTypeOrSelf(op.getRhs().getType()) != element ||
      unit.bytes / llvm::divideCeil(element.getIntOrFloatBitWidth(), 8) < 2)
    return;
  unsigned sum = lhs.getDimPosition(0), row = lhs.getDimPosition(1);
  int64_t rows = op.getLoopSizes()[row], steps = op.getLoopSizes()[sum];
  if (init.isFunctionOfDim(sum) || rhs.isFunctionOfDim(row) || rhs.getDimPosition(1) != sum ||
      ShapedType::isDynamic(rows) || rows < 2 || rows > kMostRowsAlongSum ||
      (ShapedType::isDynamic(steps) ? kTypicalSize : steps) < rows * kLeastStepsPerRowAlongSum)
    return;
  OpBuilder builder(op);
  Location loc = op.getLoc();
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, loc, op.getLhs());
  std::swap(sizes[0], sizes[1]);
  Value empty = tensor::EmptyOp::create(builder, loc, sizes, element);
  AffineMap identity = builder.getMultiDimIdentityMap(2);
  AffineMap turned = AffineMap::get(2, 0, {identity.getResult(1), identity.getResult(0)}, op.getContext());
  SmallVector<utils::IteratorType> loops(2, utils::IteratorType::parallel);
  auto copy = linalg::GenericOp::create(
      builder, loc, empty.getType(), op.getLhs(), empty, ArrayRef<AffineMap>{turned, identity}, loops,
      [](OpBuilder &b, Location at, ValueRange values) { linalg::YieldOp::create(b, at, values[0]); });
  op->setOperand(0, copy.getResult(0));
  SmallVector<Attribute> maps(op.getIndexingMaps().getValue());
  AffineMap ordered =
      AffineMap::get(lhs.getNumDims(), 0, {lhs.getResult(1), lhs.getResult(0)}, op.getContext());
  maps[0] = AffineMapAttr::get(ordered);
  op.setIndexingMapsAttr(builder.getArrayAttr(maps));
}

} // namespace tgc
