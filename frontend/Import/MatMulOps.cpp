//===- MatMulOps.cpp - Matrix products ------------------------------------===//

#include "frontend/Import/NodeImporter.h"
#include "frontend/Import/OpRegistry.h"

using namespace mlir;

namespace tgc {
namespace {

using Size = OpFoldResult;

/// Ends the run where the sizes that are summed over differ.
void checkInner(NodeImporter &n, Size left, Size right) {
  if (IndexBuilder::isEqual(left, right) ||
      (IndexBuilder::getConstant(left) && IndexBuilder::getConstant(right)))
    return;
  n.check(n.sizes.equals(left, right), "Matrix size-incompatible: inner dimensions are %d and %d",
          {n.sizes.get(left), n.sizes.get(right)});
}

LogicalResult multiply(NodeImporter &n, Value lhs, Value rhs, bool transposeLhs, bool transposeRhs) {
  int64_t rank = cast<RankedTensorType>(lhs.getType()).getRank();
  checkInner(n, n.sizes.sizeOf(lhs, rank - (transposeLhs ? 2 : 1)),
             n.sizes.sizeOf(rhs, rank - (transposeRhs ? 1 : 2)));
  auto result = n.tryCreate<tg::MatMulOp>(lhs, rhs, transposeLhs, transposeRhs);
  if (failed(result))
    return failure();
  n.setResult(*result);
  return success();
}

LogicalResult importMatMul(NodeImporter &n) {
  Value lhs = n.getTensor(0), rhs = n.getTensor(1);
  if (n.getRank(0) != 2 || n.getRank(1) != 2)
    return n.error() << "expects matrices, got " << lhs.getType() << " and " << rhs.getType();
  return multiply(n, lhs, rhs, n.getBool("transpose_a"), n.getBool("transpose_b"));
}

/// BatchMatMul, V2 and V3: batch dimensions broadcast (V1 has none that need it).
LogicalResult importBatchMatMul(NodeImporter &n) {
  Value operands[] = {n.getTensor(0), n.getTensor(1)};
  bool transposed[] = {n.getBool("adj_x"), n.getBool("adj_y")};
  SmallVector<Size> shapes[2];
  for (int i : {0, 1}) {
    if (n.getRank(i) < 2)
      return n.error() << "expects tensors of rank 2 or more, got " << operands[i].getType();
    if (transposed[i] && isa<ComplexType>(n.getElementType(i)))
      operands[i] = n.create<tg::ConjOp>(operands[i]);
    shapes[i] = n.sizes.sizesOf(operands[i]);
  }
  if (proto::DataType out = getTypeAttr(n.node, "Tout"); out != proto::DT_INVALID) {
    auto element = n.getElementTypeAttr("Tout");
    if (failed(element))
      return failure();
    for (Value &operand : operands)
      operand = n.cast(operand, *element);
  }
  auto batch = n.broadcastSizes(ArrayRef(shapes[0]).drop_back(2), ArrayRef(shapes[1]).drop_back(2));
  if (failed(batch))
    return failure();
  for (int i : {0, 1}) {
    SmallVector<Size> full(*batch);
    llvm::append_range(full, ArrayRef(shapes[i]).take_back(2));
    operands[i] = n.broadcastTo(operands[i], full);
  }
  return multiply(n, operands[0], operands[1], transposed[0], transposed[1]);
}

} // namespace

void registerMatMulOps(OpRegistry &registry) {
  registry.add({"MatMul"}, importMatMul);
  registry.add({"BatchMatMul", "BatchMatMulV2", "BatchMatMulV3"}, importBatchMatMul);
}

} // namespace tgc
