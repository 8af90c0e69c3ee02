//===- FusionCost.cpp - Whether a fusion pays -----------------------------===//
//
// Fusing a producer saves writing and reading its result: about one memory access per element. It costs what
// is computed again. Costs are in simple arithmetic ops per element of the producer's result.
//
//===----------------------------------------------------------------------===//

#include "compiler/Fusion/FusionCost.h"
#include "dialects/Tg/IR/Placement.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace tgc {
namespace {

/// What a store and a load of an element cost, where it leaves the nearest cache.
constexpr int64_t kMemoryCost = 4;
/// An exponential and the like.
constexpr int64_t kTranscendentalCost = 20;
constexpr int64_t kDivisionCost = 5;
/// What one loop computes of an element at most, unless its parts compute nothing. Beyond it an access of
/// memory saved is less than a percent, and the time that compilers take grows faster than the body.
constexpr int64_t kLargestBody = 1024;

int64_t costOf(Operation &op) {
  if (isa<func::CallOp>(op))
    return kTranscendentalCost;
  if (isa<math::AbsFOp, math::AbsIOp, math::FloorOp, math::CeilOp, math::CopySignOp, math::FmaOp,
          math::RoundEvenOp>(op))
    return 1;
  if (isa<math::MathDialect>(op.getDialect()))
    return isa<math::SqrtOp>(op) ? kDivisionCost : kTranscendentalCost;
  if (isa<arith::DivFOp, arith::RemFOp, arith::DivSIOp, arith::DivUIOp, arith::RemSIOp, arith::RemUIOp>(op))
    return kDivisionCost;
  return op.hasTrait<OpTrait::ConstantLike>() || op.hasTrait<OpTrait::IsTerminator>() ? 0 : 1;
}

/// How often each element of the operand is computed if its producer is fused, or ShapedType::kDynamic.
int64_t countRepetitions(linalg::LinalgOp consumer, OpOperand *operand) {
  AffineMap map = consumer.getMatchingIndexingMap(operand);
  int64_t repetitions = 1;
  for (auto [loop, size] : llvm::enumerate(consumer.getStaticLoopRanges())) {
    if (map.isFunctionOfDim(loop) || size == 1)
      continue;
    if (ShapedType::isDynamic(size))
      return ShapedType::kDynamic;
    repetitions *= size;
  }
  return repetitions;
}

/// Whether the producer reads elements itself, in the order of its loops, and the consumer runs along others:
/// fused, it would read across memory, one element at a time.
bool turnsGather(linalg::GenericOp producer, linalg::LinalgOp consumer, OpOperand *operand) {
  AffineMap map = consumer.getMatchingIndexingMap(operand);
  return !producer.getRegion().getOps<tensor::ExtractOp>().empty() && map.getNumResults() > 1 &&
         !map.getResults().back().isFunctionOfDim(map.getNumDims() - 1);
}

/// Whether the consumer multiplies its operands lane by lane, along elements that lie side by side only where
/// the producer puts them: vectors could not load what it reads.
bool feedsLanes(linalg::GenericOp producer, linalg::LinalgOp consumer) {
  // No contraction yet: while its other operand is fused it has two results.
  if (consumer.getNumReductionLoops() == 0 || consumer.getNumDpsInputs() != 2 ||
      producer.getNumDpsInputs() != 1 || producer.getNumDpsInits() != 1)
    return false;
  SmallVector<AffineMap> maps = consumer.getIndexingMapsArray();
  auto isAlongLanes = [&](AffineMap map) {
    return map.getNumResults() > 0 && map.getResults().back() == maps.back().getResults().back();
  };
  if (!llvm::all_of(maps, isAlongLanes))
    return false;
  AffineMap from = producer.getIndexingMapsArray().front(), to = producer.getIndexingMapsArray().back();
  return from.getNumResults() > 0 && from.getResults().back() != to.getResults().back();
}

/// Whether the op sums over columns, and the reshape would put other dimensions between those that it reads:
/// nothing that makes or shares them could be fused any more.
bool splitsSummedColumns(linalg::GenericOp producer, Operation *reshape) {
  return producer && isa<tensor::ExpandShapeOp>(reshape) && producer.getNumReductionLoops() > 0 &&
         producer.getIteratorTypesArray().back() == utils::IteratorType::parallel;
}

} // namespace

int64_t getMemoryCost() { return kMemoryCost; }

int64_t getCostOfElement(linalg::GenericOp op) {
  int64_t cost = 0;
  for (Operation &inner : op.getRegion().front())
    cost += costOf(inner);
  return cost;
}

bool isContraction(linalg::LinalgOp op) {
  if (op.getNumDpsInputs() != 2 || op.getNumDpsInits() != 1 || op.getNumReductionLoops() == 0)
    return false;
  Operation *sum = op.getBlock()->getTerminator()->getOperand(0).getDefiningOp();
  if (!isa_and_nonnull<arith::AddFOp, arith::AddIOp>(sum))
    return false;
  return llvm::any_of(sum->getOperands(), [](Value value) {
    return isa_and_nonnull<arith::MulFOp, arith::MulIOp>(value.getDefiningOp());
  });
}

bool paysToFuse(OpOperand *operand) {
  auto producer = operand->get().getDefiningOp<linalg::GenericOp>();
  auto consumer = dyn_cast<linalg::GenericOp>(operand->getOwner());
  // Reshapes move through ops; they compute nothing.
  if (!producer || !consumer)
    return operand->get().getDefiningOp() && operand->get().hasOneUse() &&
           !splitsSummedColumns(producer, operand->getOwner());
  return producer->hasOneUse() && paysToFuseCopy(operand);
}

bool paysToFuseCopy(OpOperand *operand) {
  auto producer = operand->get().getDefiningOp<linalg::GenericOp>();
  auto consumer = cast<linalg::GenericOp>(operand->getOwner());
  if (getPlace(producer.getLoc()) != getPlace(consumer.getLoc()))
    return false;
  int64_t cost = getCostOfElement(producer);
  if (cost == 0)
    return !feedsLanes(producer, consumer);
  if (turnsGather(producer, consumer, operand) || isContraction(consumer) ||
      cost + getCostOfElement(consumer) > kLargestBody)
    return false;
  int64_t repetitions = countRepetitions(consumer, operand);
  if (repetitions == 1)
    return true;
  if (ShapedType::isDynamic(repetitions))
    return cost <= kMemoryCost;
  return (repetitions - 1) * cost <= repetitions * kMemoryCost;
}

} // namespace tgc
