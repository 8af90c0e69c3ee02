//===- VectorizeArgRows.cpp - Where a row is largest ----------------------===//
//
// Each lane remembers its first largest element and where it was; of the lanes that have the largest of all
// the first counts. An element takes the place of another only if an ordered comparison says so: NaN never
// does, and what the result held before stays unless something is larger.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/CPU/VectorizeArgRows.h"
#include "compiler/Codegen/CPU/LinearAccess.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace tgc {
namespace {

/// The comparison under which an element takes the place of the one before.
struct ArgComparison {
  Operation *op = nullptr;
  vector::CombiningKind kind;
};

std::optional<vector::CombiningKind> getKind(Operation *comparison) {
  using Kind = vector::CombiningKind;
  if (auto floats = dyn_cast<arith::CmpFOp>(comparison)) {
    if (floats.getPredicate() == arith::CmpFPredicate::OGT)
      return Kind::MAXNUMF;
    if (floats.getPredicate() == arith::CmpFPredicate::OLT)
      return Kind::MINNUMF;
    return std::nullopt;
  }
  switch (cast<arith::CmpIOp>(comparison).getPredicate()) {
  case arith::CmpIPredicate::sgt:
    return Kind::MAXSI;
  case arith::CmpIPredicate::slt:
    return Kind::MINSI;
  case arith::CmpIPredicate::ugt:
    return Kind::MAXUI;
  case arith::CmpIPredicate::ult:
    return Kind::MINUI;
  default:
    return std::nullopt;
  }
}

/// The summed loop of a nest that yields select(x > best, x, best) and select(x > best, index, where).
std::optional<ArgComparison> matchBody(linalg::GenericOp op, unsigned row) {
  Block &body = op.getRegion().front();
  Value x = body.getArgument(0), best = body.getArgument(1), where = body.getArgument(2);
  auto value = body.getTerminator()->getOperand(0).getDefiningOp<arith::SelectOp>();
  auto place = body.getTerminator()->getOperand(1).getDefiningOp<arith::SelectOp>();
  if (!value || !place || value.getCondition() != place.getCondition() || value.getTrueValue() != x ||
      value.getFalseValue() != best || place.getFalseValue() != where)
    return std::nullopt;
  // Lanes are compared by where they found it: a narrow index may wrap, a wide one does not.
  if (where.getType().getIntOrFloatBitWidth() < 32)
    return std::nullopt;
  Operation *comparison = value.getCondition().getDefiningOp();
  auto cast = place.getTrueValue().getDefiningOp<arith::IndexCastOp>();
  auto index = cast ? cast.getIn().getDefiningOp<linalg::IndexOp>() : nullptr;
  if (!isa_and_nonnull<arith::CmpFOp, arith::CmpIOp>(comparison) || comparison->getOperand(0) != x ||
      comparison->getOperand(1) != best || !index || index.getDim() != row)
    return std::nullopt;
  std::optional<vector::CombiningKind> kind = getKind(comparison);
  return kind ? std::optional(ArgComparison{comparison, *kind}) : std::nullopt;
}

struct ArgRowVectorizer {
  OpBuilder builder;
  linalg::GenericOp op;
  unsigned row;
  ArgComparison comparison;
  int64_t lanes;
  Location loc;
  IndexMath math;
  SmallVector<OpFoldResult> sizes;
  SmallVector<LinearAccess> accesses;

  ArgRowVectorizer(linalg::GenericOp op, unsigned row, ArgComparison comparison, int64_t lanes)
      : builder(op), op(op), row(row), comparison(comparison), lanes(lanes), loc(op.getLoc()),
        math(builder, loc) {
    for (Range range : cast<linalg::LinalgOp>(op.getOperation()).createLoopRanges(builder, loc))
      sizes.push_back(range.size);
    for (auto [operand, map] : llvm::zip_equal(op->getOperands(), op.getIndexingMapsArray()))
      accesses.push_back(LinearAccess::create(builder, loc, operand, map));
  }

  void run() {
    emitOuter(0, {accesses[0].offset, accesses[1].offset, accesses[2].offset});
    op.erase();
  }

private:
  /// An element and where it is, or vectors of both.
  struct Best {
    Value value, index;
  };

  Value constant(int64_t value) { return math.materialize(math.known(value)); }

  VectorType vectorOf(Type element) const { return VectorType::get({lanes}, element); }

  Value splat(Value scalar) {
    return vector::BroadcastOp::create(builder, loc, vectorOf(scalar.getType()), scalar);
  }

  void emitOuter(unsigned loop, const Addresses &place) {
    if (loop == sizes.size())
      return emitRow(place);
    if (loop == row)
      return emitOuter(loop + 1, place);
    scf::ForOp::create(builder, loc, constant(0), math.materialize(sizes[loop]), constant(1), ValueRange(),
                       [&](OpBuilder &, Location, Value index, ValueRange) {
                         emitOuter(loop + 1, moveAlong(math, accesses, place, loop, OpFoldResult(index)));
                         scf::YieldOp::create(builder, loc);
                       });
  }

  /// `best`, unless an element compares as larger (or smaller).
  Best replace(Best best, Value x, Value index) {
    OperationState state(loc, comparison.op->getName(), ValueRange{x, best.value},
                         cast<ShapedType>(vectorOf(builder.getI1Type())), comparison.op->getAttrs());
    if (!isa<VectorType>(x.getType()))
      state.types = {builder.getI1Type()};
    Value isBetter = builder.create(state)->getResult(0);
    return {arith::SelectOp::create(builder, loc, isBetter, x, best.value),
            arith::SelectOp::create(builder, loc, isBetter, index, best.index)};
  }

  Best emitLoop(OpFoldResult begin, OpFoldResult end, int64_t step, Best before,
                function_ref<Best(Value, Best)> body) {
    auto loop = scf::ForOp::create(builder, loc, math.materialize(begin), math.materialize(end),
                                   constant(step), ValueRange{before.value, before.index},
                                   [&](OpBuilder &, Location, Value index, ValueRange carried) {
                                     Best next = body(index, {carried[0], carried[1]});
                                     scf::YieldOp::create(builder, loc, ValueRange{next.value, next.index});
                                   });
    return {loop.getResult(0), loop.getResult(1)};
  }

  void emitRow(const Addresses &place) {
    Best best;
    Value valueAt = math.materialize(place[1]), indexAt = math.materialize(place[2]);
    best.value = memref::LoadOp::create(builder, loc, accesses[1].flat, valueAt);
    best.index = memref::LoadOp::create(builder, loc, accesses[2].flat, indexAt);
    Type element = best.value.getType(), indexType = best.index.getType();
    SmallVector<Attribute> numbers;
    for (int64_t lane = 0; lane < lanes; ++lane)
      numbers.push_back(builder.getIntegerAttr(indexType, lane));
    Value lane =
        arith::ConstantOp::create(builder, loc, DenseElementsAttr::get(vectorOf(indexType), numbers));
    OpFoldResult whole = math.mul(math.div(sizes[row], math.known(lanes)), math.known(lanes));
    auto toIndex = [&](Value step) -> Value {
      return arith::IndexCastOp::create(builder, loc, indexType, step);
    };
    Best ofLanes = emitLoop(
        math.known(0), whole, lanes, {splat(best.value), splat(best.index)}, [&](Value step, Best carried) {
          Value at = math.materialize(math.add(place[0], OpFoldResult(step)));
          Value x = vector::LoadOp::create(builder, loc, vectorOf(element), accesses[0].flat, ValueRange{at});
          return replace(carried, x, arith::AddIOp::create(builder, loc, splat(toIndex(step)), lane));
        });
    best = combineLanes(ofLanes);
    best = emitLoop(whole, sizes[row], 1, best, [&](Value step, Best carried) {
      Value at = math.materialize(math.add(place[0], OpFoldResult(step)));
      return replace(carried, memref::LoadOp::create(builder, loc, accesses[0].flat, at), toIndex(step));
    });
    memref::StoreOp::create(builder, loc, best.value, accesses[1].flat, valueAt);
    memref::StoreOp::create(builder, loc, best.index, accesses[2].flat, indexAt);
  }

  Best combineLanes(Best lanewise) {
    Value value = vector::ReductionOp::create(builder, loc, comparison.kind, lanewise.value);
    Value isBest;
    if (isa<FloatType>(value.getType()))
      isBest = arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OEQ, lanewise.value, splat(value));
    else
      isBest = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, lanewise.value, splat(value));
    auto type = cast<VectorType>(lanewise.index.getType());
    APInt most = APInt::getSignedMaxValue(type.getElementTypeBitWidth());
    Value none = arith::ConstantOp::create(builder, loc, DenseElementsAttr::get(type, most));
    Value candidates = arith::SelectOp::create(builder, loc, isBest, lanewise.index, none);
    return {value, vector::ReductionOp::create(builder, loc, vector::CombiningKind::MINSI, candidates)};
  }
};

} // namespace

bool vectorizeArgRows(linalg::GenericOp op, VectorUnit unit) {
  if (!op.hasPureBufferSemantics() || op.getNumDpsInputs() != 1 || op.getNumDpsInits() != 2 ||
      op.getNumReductionLoops() != 1 ||
      !llvm::all_of(op->getOperandTypes(), [](Type type) { return isa<MemRefType>(type); }))
    return false;
  unsigned row = 0;
  while (op.getIteratorTypesArray()[row] != utils::IteratorType::reduction)
    ++row;
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  auto getStride = [&](unsigned operand) {
    return getKnownStrides(cast<MemRefType>(op->getOperand(operand).getType()), maps[operand])[row];
  };
  Type element = op.getRegion().getArgument(0).getType();
  int64_t size = op.getStaticLoopRanges()[row];
  if (!llvm::all_of(maps, [](AffineMap map) { return map.isProjectedPermutation(); }) || getStride(0) != 1 ||
      getStride(1) != 0 || getStride(2) != 0 || !element.isIntOrFloat() ||
      (element.getIntOrFloatBitWidth() != 32 && element.getIntOrFloatBitWidth() != 64))
    return false;
  int64_t lanes = unit.bytes * 8 / element.getIntOrFloatBitWidth();
  std::optional<ArgComparison> comparison = matchBody(op, row);
  if (!comparison || (!ShapedType::isDynamic(size) && size < 2 * lanes))
    return false;
  ArgRowVectorizer(op, row, *comparison, lanes).run();
  return true;
}

} // namespace tgc
