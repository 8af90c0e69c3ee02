//===- ReadBytes.cpp - Products of bytes that were widened ----------------===//

#include "compiler/Codegen/CPU/ReadBytes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace tgc {

namespace {

/// Bytes, which of them an iteration reads, and the op that widens one; no op: there are none.
struct Found {
  Value value;
  AffineMap map;
  Operation *extension = nullptr;
};

} // namespace

/// The bytes that an operand of 32-bit integers is made of element by element, and the op that widens one.
static Found findBytes(OpOperand &operand) {
  auto op = cast<linalg::GenericOp>(operand.getOwner());
  auto cast = operand.get().getDefiningOp<linalg::GenericOp>();
  if (!cast || cast.getNumDpsInputs() != 1 || cast.getNumDpsInits() != 1 || cast.getNumReductionLoops() != 0)
    return {};
  Block &body = cast.getRegion().front();
  Operation *extension = body.getTerminator()->getOperand(0).getDefiningOp();
  SmallVector<AffineMap> maps = cast.getIndexingMapsArray();
  if (!isa_and_nonnull<arith::ExtSIOp, arith::ExtUIOp>(extension) || extension != &body.front() ||
      extension->getOperand(0) != body.getArgument(0) || !extension->getOperand(0).getType().isInteger(8) ||
      !extension->getResult(0).getType().isInteger(32) || !maps[1].isIdentity() || !maps[0].isPermutation())
    return {};
  return {cast.getDpsInputs()[0], maps[0].compose(op.getMatchingIndexingMap(&operand)), extension};
}

void readBytes(linalg::GenericOp op) {
  if (op.getNumDpsInputs() != 2 || op.getNumReductionLoops() == 0)
    return;
  Found found[] = {findBytes(op->getOpOperand(0)), findBytes(op->getOpOperand(1))};
  if (!found[0].extension || !found[1].extension)
    return;
  OpBuilder builder = OpBuilder::atBlockBegin(&op.getRegion().front());
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  llvm::SmallSetVector<Value, 2> wide;
  wide.insert_range(op.getDpsInputs());
  for (auto [i, bytes] : llvm::enumerate(found)) {
    op->setOperand(i, bytes.value);
    maps[i] = bytes.map;
    BlockArgument argument = op.getRegion().getArgument(i);
    argument.setType(builder.getI8Type());
    Operation *widened = builder.clone(*bytes.extension);
    argument.replaceAllUsesWith(widened->getResult(0));
    widened->setOperand(0, argument);
  }
  op.setIndexingMapsAttr(builder.getAffineMapArrayAttr(maps));
  for (Value value : wide)
    if (Operation *cast = value.getDefiningOp(); cast && cast->use_empty())
      cast->erase();
}

} // namespace tgc
