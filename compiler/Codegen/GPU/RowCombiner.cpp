//===- RowCombiner.cpp - How partial results of a row meet ----------------===//

#include "compiler/Codegen/GPU/RowCombiner.h"
#include "compiler/Codegen/CPU/FreeCombiner.h"
#include "compiler/Codegen/GPU/NestWriter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace tgc {

/// Fewer elements leave most lanes without work.
static constexpr int64_t kShortestRow = 16;

/// Products and logical functions, which FreeCombiner leaves out, and all that it knows. Products of floats
/// only if they may be taken in any order: what overflows in one may not in another.
static std::optional<RowCombiner> findFreeCombiner(linalg::GenericOp op) {
  if (auto known = matchFreeCombiner(op))
    return RowCombiner{known->op, known->neutral};
  Operation *last = op.getBody()->getTerminator()->getOperand(0).getDefiningOp();
  BlockArgument accumulator = op.getBody()->getArguments().back();
  if (!last || !accumulator.hasOneUse() || *accumulator.user_begin() != last || last->getNumOperands() != 2)
    return std::nullopt;
  Builder builder(op.getContext());
  Type type = accumulator.getType();
  if (auto product = dyn_cast<arith::MulFOp>(last);
      product && bitEnumContainsAll(product.getFastmath(), arith::FastMathFlags::reassoc))
    return RowCombiner{last, builder.getFloatAttr(type, 1.0)};
  if (isa<arith::MulIOp>(last))
    return RowCombiner{last, builder.getIntegerAttr(type, 1)};
  if (isa<arith::AndIOp>(last))
    return RowCombiner{last, builder.getIntegerAttr(type, -1)};
  if (isa<arith::OrIOp>(last))
    return RowCombiner{last, builder.getIntegerAttr(type, 0)};
  return std::nullopt;
}

/// Whether a comparison is true for the better of two different numbers, and false for equal ones.
static bool isStrict(Operation *op) {
  if (auto compare = dyn_cast<arith::CmpFOp>(op))
    return llvm::is_contained({arith::CmpFPredicate::OGT, arith::CmpFPredicate::OLT}, compare.getPredicate());
  auto compare = dyn_cast<arith::CmpIOp>(op);
  return compare && llvm::is_contained({arith::CmpIPredicate::sgt, arith::CmpIPredicate::slt,
                                        arith::CmpIPredicate::ugt, arith::CmpIPredicate::ult},
                                       compare.getPredicate());
}

/// The comparison of a reduction that keeps the better of two elements, and the number of its iteration.
static Operation *findComparison(linalg::GenericOp op) {
  SmallVector<unsigned> reduced;
  op.getReductionDims(reduced);
  if (op.getNumDpsInits() != 2 || reduced.size() != 1)
    return nullptr;
  ValueRange results = op.getBody()->getTerminator()->getOperands();
  auto element = results[0].getDefiningOp<arith::SelectOp>(),
       place = results[1].getDefiningOp<arith::SelectOp>();
  BlockArgument best = op.getRegionOutputArgs()[0], at = op.getRegionOutputArgs()[1];
  if (!element || !place || element.getCondition() != place.getCondition() ||
      element.getFalseValue() != best || place.getFalseValue() != at || !at.hasOneUse())
    return nullptr;
  Operation *compare = element.getCondition().getDefiningOp();
  auto number = place.getTrueValue().getDefiningOp<arith::IndexCastOp>();
  auto index = number ? number.getIn().getDefiningOp<linalg::IndexOp>() : linalg::IndexOp();
  bool isFound =
      compare && isStrict(compare) && compare->getOperand(0) == element.getTrueValue() &&
      compare->getOperand(1) == best && index && index.getDim() == reduced[0] &&
      llvm::all_of(best.getUsers(), [&](Operation *user) { return user == compare || user == element; });
  return isFound ? compare : nullptr;
}

std::optional<RowCombiner> findCombiner(linalg::GenericOp op) {
  if (op.getNumDpsInits() == 1)
    return findFreeCombiner(op);
  if (Operation *compare = findComparison(op))
    return RowCombiner{compare, TypedAttr()};
  return std::nullopt;
}

SmallVector<Value> RowCombiner::combine(OpBuilder &builder, ValueRange some, ValueRange others) const {
  auto apply = [&](Value a, Value b) {
    Operation *copy = builder.clone(*op);
    copy->setOperands({a, b});
    return copy->getResult(0);
  };
  if (!findsPlace())
    return {apply(some[0], others[0])};
  // Of equal elements the first.
  Location loc = op->getLoc();
  Value isWorse = apply(some[0], others[0]), isBetter = apply(others[0], some[0]);
  Value isBefore = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::slt, others[1], some[1]);
  Value no = arith::ConstantIntOp::create(builder, loc, 0, 1);
  Value isFirst = arith::SelectOp::create(builder, loc, isWorse, no, isBefore);
  Value takesOthers = arith::OrIOp::create(builder, loc, isBetter, isFirst);
  SmallVector<Value> best;
  for (auto [a, b] : llvm::zip(some, others))
    best.push_back(arith::SelectOp::create(builder, loc, takesOthers, b, a));
  return best;
}

/// The points of the reduction; nothing if that is known only during the run.
std::optional<int64_t> getRowLength(linalg::GenericOp op) {
  SmallVector<unsigned> loops;
  op.getReductionDims(loops);
  int64_t length = 1;
  for (unsigned loop : loops) {
    int64_t size = op.getStaticLoopRanges()[loop];
    if (ShapedType::isDynamic(size))
      return std::nullopt;
    length *= size;
  }
  return length;
}

/// Whether several threads may share a result, and its elements are enough.
static bool canShare(linalg::GenericOp op) {
  SmallVector<unsigned> loops;
  op.getReductionDims(loops);
  std::optional<int64_t> length = getRowLength(op);
  if (loops.empty() || (length && *length < kShortestRow) || !findCombiner(op))
    return false;
  // The last loop of the reduction must step through neighbours in memory in some operand.
  return llvm::any_of(op.getDpsInputOperands(), [&](OpOperand *operand) {
    AffineMap map = op.getMatchingIndexingMap(operand);
    auto type = dyn_cast<MemRefType>(operand->get().getType());
    if (!type || !map.getNumResults())
      return false;
    auto last = dyn_cast<AffineDimExpr>(map.getResults().back());
    return last && last.getPosition() == loops.back() && type.isLastDimUnitStride();
  });
}

bool isRowReduction(linalg::GenericOp op) { return op.getNumDpsInits() == 1 && canShare(op); }
bool isArgReduction(linalg::GenericOp op) { return op.getNumDpsInits() == 2 && canShare(op); }

} // namespace tgc
