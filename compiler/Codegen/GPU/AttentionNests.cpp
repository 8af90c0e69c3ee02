//===- AttentionNests.cpp - Attention among the nests ---------------------===//

#include "compiler/Codegen/GPU/AttentionNests.h"
#include "dialects/Kernel/IR/KernelDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace tgc {

static constexpr const char kAttribute[] = "tgc.attention";
/// Queries, keys and values come before what scores are made of besides.
static constexpr unsigned kNumProducts = 3;

bool isAttention(linalg::GenericOp op) { return op->hasAttr(kAttribute); }

AttentionLoops getAttentionLoops(linalg::GenericOp op) {
  unsigned first = op.getNumLoops() - 4;
  return {llvm::to_vector(llvm::seq(first)), first, first + 1, first + 2, first + 3};
}

OpOperand &getCounter(linalg::GenericOp op, unsigned loop) {
  AttentionLoops loops = getAttentionLoops(op);
  bool isOfValues = loop == loops.key, isOfQueries = loop == loops.depth;
  return isOfValues    ? *op.getDpsInputOperand(2)
         : isOfQueries ? *op.getDpsInputOperand(0)
                       : op.getDpsInitsMutable()[0];
}

/// Whether a loop may find one element of an operand where it wants many.
static bool isRepeatable(kernel::AttentionOp op, unsigned operand, unsigned loop) {
  if (loop < op.getNumBatches())
    return true;
  return operand >= kNumProducts && (loop == op.getQueryLoop() || loop == op.getKeyLoop());
}

/// Whether operands agree on the sizes of loops, but for those that are repeated. Kernels make no statistics.
static bool isNest(kernel::AttentionOp op) {
  if (!op.getStatistics().empty())
    return false;
  SmallVector<int64_t> sizes(op.getMap(0).getNumDims(), ShapedType::kDynamic);
  unsigned last = op.getNumOperands() - 1;
  for (unsigned i = 0; i <= last; ++i)
    for (auto [dim, size] : llvm::enumerate(cast<MemRefType>(op.getOperand(i).getType()).getShape())) {
      unsigned loop = op.getMap(i).getDimPosition(dim);
      if (ShapedType::isDynamic(size) || (size == 1 && i != last && isRepeatable(op, i, loop)))
        continue;
      if (!ShapedType::isDynamic(sizes[loop]) && sizes[loop] != size)
        return false;
      sizes[loop] = size;
    }
  return true;
}

/// Drops a dimension of size one that a loop would repeat.
static std::pair<Value, AffineMap> withoutRepeated(OpBuilder &builder, kernel::AttentionOp op,
                                                   unsigned operand) {
  Value memory = op.getOperand(operand);
  AffineMap map = op.getMap(operand);
  auto type = cast<MemRefType>(memory.getType());
  SmallVector<int64_t> kept;
  SmallVector<AffineExpr> exprs;
  for (auto [dim, size] : llvm::enumerate(type.getShape()))
    if (size != 1 || !isRepeatable(op, operand, map.getDimPosition(dim))) {
      kept.push_back(size);
      exprs.push_back(map.getResult(dim));
    }
  if (kept.size() == size_t(type.getRank()))
    return {memory, map};
  SmallVector<OpFoldResult> offsets(type.getRank(), builder.getIndexAttr(0)),
      strides(type.getRank(), builder.getIndexAttr(1));
  SmallVector<OpFoldResult> sizes = memref::getMixedSizes(builder, op.getLoc(), memory);
  MemRefType reduced = memref::SubViewOp::inferRankReducedResultType(kept, type, offsets, sizes, strides);
  Value view = memref::SubViewOp::create(builder, op.getLoc(), reduced, memory, offsets, sizes, strides);
  return {view, AffineMap::get(map.getNumDims(), 0, exprs, builder.getContext())};
}

static void turnIntoNest(kernel::AttentionOp op) {
  OpBuilder builder(op);
  unsigned numLoops = op.getMap(0).getNumDims(), last = op.getNumOperands() - 1;
  SmallVector<Value> inputs;
  SmallVector<AffineMap> maps;
  for (unsigned i = 0; i < last; ++i) {
    auto [memory, map] = withoutRepeated(builder, op, i);
    inputs.push_back(memory);
    maps.push_back(map);
  }
  maps.push_back(op.getMap(last));
  SmallVector<utils::IteratorType> iterators(numLoops, utils::IteratorType::parallel);
  iterators[op.getKeyLoop()] = iterators[op.getDepthLoop()] = utils::IteratorType::reduction;
  Block &scores = op.getScores().front();
  auto nest = linalg::GenericOp::create(
      builder, op.getLoc(), inputs, op.getInit(), maps, iterators,
      [&](OpBuilder &inner, Location loc, ValueRange elements) {
        IRMapping mapping;
        mapping.map(scores.getArgument(0), elements.front());
        mapping.map(scores.getArguments().drop_front(), elements.drop_front(kNumProducts).drop_back());
        for (Operation &one : scores.without_terminator())
          inner.clone(one, mapping);
        linalg::YieldOp::create(inner, loc, mapping.lookupOrDefault(scores.getTerminator()->getOperand(0)));
      });
  nest->setAttr(kAttribute, builder.getUnitAttr());
  nest->setAttr(kAloneAttribute, builder.getUnitAttr());
  op.erase();
}

void turnAttentionIntoNests(ModuleOp program) {
  SmallVector<kernel::AttentionOp> ops;
  program.walk([&](kernel::AttentionOp op) {
    if (isNest(op))
      ops.push_back(op);
  });
  llvm::for_each(ops, turnIntoNest);
}

Operation *turnIntoAttention(linalg::GenericOp nest) {
  OpBuilder builder(nest);
  auto inputs = nest.getDpsInputs();
  auto op = kernel::AttentionOp::create(builder, nest.getLoc(), TypeRange(), inputs[0], inputs[1], inputs[2],
                                        ValueRange(inputs).drop_front(kNumProducts), nest.getDpsInits()[0],
                                        /*statistics=*/ValueRange(), nest.getIndexingMaps());
  Block &body = *nest.getBody();
  OpBuilder::InsertionGuard guard(builder);
  Block *scores = builder.createBlock(&op.getScores());
  IRMapping mapping;
  for (unsigned i = 0; i < inputs.size(); ++i)
    if (i == 0 || i >= kNumProducts)
      mapping.map(body.getArgument(i), scores->addArgument(builder.getF32Type(), nest.getLoc()));
  for (Operation &one : body.without_terminator())
    builder.clone(one, mapping);
  kernel::YieldOp::create(builder, nest.getLoc(),
                          mapping.lookupOrDefault(body.getTerminator()->getOperand(0)));
  nest.erase();
  return op;
}

} // namespace tgc
