//===- VectorizeGathers.cpp - Rows that indices name, on vectors ----------===//
//
// An embedding takes rows of a table: all of an index but its last number is the same along a row, so it is
// computed once and the row is moved in vectors. Several rows are on their way at a time then; element by
// element the processor waits for one after the other.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/CPU/VectorizeGathers.h"
#include "compiler/Codegen/CPU/LinearAccess.h"
#include "compiler/Codegen/CPU/VectorBody.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace tgc {
namespace {

bool isContiguous(MemRefType type) {
  SmallVector<int64_t> strides;
  int64_t offset;
  return succeeded(type.getStridesAndOffset(strides, offset)) && !strides.empty() && strides.back() == 1;
}

struct GatherVectorizer {
  linalg::GenericOp op;
  OpBuilder builder;
  Location loc;
  IndexMath math;
  unsigned column; ///< the loop that vectors run along
  SmallVector<OpFoldResult> sizes;
  SmallVector<LinearAccess> accesses;
  /// What differs from column to column.
  llvm::DenseSet<Value> varying;
  int64_t lanes = 1;

  explicit GatherVectorizer(linalg::GenericOp op)
      : op(op), builder(op), loc(op.getLoc()), math(builder, loc), column(op.getNumLoops() - 1) {}

  bool matches() {
    Block &body = op.getRegion().front();
    if (!op.hasPureBufferSemantics() || op.getNumDpsInits() != 1 || op.getNumLoops() == 0 ||
        op.getNumReductionLoops() != 0 || !body.getArguments().back().use_empty() ||
        !llvm::all_of(body.getArgumentTypes(), isVectorElement) || !matchOperands())
      return false;
    int64_t size = op.getStaticLoopRanges()[column];
    if (!ShapedType::isDynamic(size) && size < kLeastColumns)
      return false;
    bool loadsRows = false;
    for (Operation &inner : body.without_terminator())
      if (!matchOp(inner, loadsRows))
        return false;
    return loadsRows;
  }

  void run(VectorUnit unit) {
    int64_t bytes = 1;
    auto count = [&](Type type) { bytes = std::max<int64_t>(bytes, type.getIntOrFloatBitWidth() / 8); };
    count(op.getRegion().front().getArguments().back().getType());
    for (Value value : varying)
      if (value.getType().isIntOrFloat())
        count(value.getType());
    lanes = std::max<int64_t>(unit.bytes / bytes, 1);
    for (Range range : cast<linalg::LinalgOp>(op.getOperation()).createLoopRanges(builder, loc))
      sizes.push_back(range.size);
    for (auto [operand, map] : llvm::zip_equal(op->getOperands(), op.getIndexingMapsArray()))
      accesses.push_back(LinearAccess::create(builder, loc, operand, map));
    SmallVector<Value> indices;
    emitOuter(indices);
    op.erase();
  }

private:
  /// Whether vectors can be loaded and stored along the last loop, or one element for all columns.
  bool matchOperands() {
    for (auto [i, map] : llvm::enumerate(op.getIndexingMapsArray())) {
      auto type = dyn_cast<MemRefType>(op->getOperand(i).getType());
      if (!type || !llvm::all_of(map.getResults(), [](AffineExpr expr) {
            return isa<AffineConstantExpr>(expr) || isLinear(expr);
          }))
        return false;
      int64_t stride = getKnownStrides(type, map)[column];
      bool isInit = i + 1 == op->getNumOperands();
      if (stride != 1 && (isInit || stride != 0))
        return false;
      if (stride == 1 && !isInit)
        varying.insert(op.getRegion().front().getArgument(i));
    }
    return true;
  }

  bool matchOp(Operation &inner, bool &loadsRows) {
    auto varies = [&](Value value) { return varying.contains(value); };
    if (auto index = dyn_cast<linalg::IndexOp>(inner)) {
      if (index.getDim() == column)
        varying.insert(index);
      return true;
    }
    if (auto load = dyn_cast<memref::LoadOp>(inner)) {
      if (llvm::none_of(load.getIndices(), varies))
        return true;
      auto last = load.getIndices().back().getDefiningOp<linalg::IndexOp>();
      if (!last || last.getDim() != column || llvm::any_of(load.getIndices().drop_back(), varies) ||
          !isContiguous(load.getMemRefType()) || !isVectorElement(load.getType()))
        return false;
      varying.insert(load);
      return loadsRows = true;
    }
    if (inner.hasTrait<OpTrait::ConstantLike>())
      return true;
    if (!isVectorizable(inner))
      return false;
    if (llvm::none_of(inner.getOperands(), varies))
      return true;
    // An index of a lane is where a row is read, and nothing else.
    if (llvm::any_of(inner.getOperandTypes(), [](Type type) { return type.isIndex(); }) ||
        inner.getResult(0).getType().isIndex())
      return false;
    varying.insert(inner.getResult(0));
    return true;
  }

  void emitOuter(SmallVectorImpl<Value> &indices) {
    if (indices.size() == column)
      return emitRow(indices);
    auto loop = scf::ForOp::create(builder, loc, math.materialize(math.known(0)),
                                   math.materialize(sizes[indices.size()]), math.materialize(math.known(1)));
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(loop.getBody());
    indices.push_back(loop.getInductionVar());
    emitOuter(indices);
    indices.pop_back();
  }

  /// What is the same for the whole row, then the row in vectors.
  void emitRow(ArrayRef<Value> indices) {
    SmallVector<OpFoldResult> place;
    for (const LinearAccess &access : accesses) {
      place.push_back(access.offset);
      for (auto [loop, index] : llvm::enumerate(indices))
        place.back() = math.add(place.back(), math.mul(OpFoldResult(index), access.strides[loop]));
    }
    Block &body = op.getRegion().front();
    IRMapping shared;
    for (unsigned i = 0; i < op.getNumDpsInputs(); ++i)
      if (BlockArgument argument = body.getArgument(i); !varying.contains(argument) && !argument.use_empty())
        shared.map(argument,
                   memref::LoadOp::create(builder, loc, accesses[i].flat, math.materialize(place[i])));
    for (Operation &inner : body.without_terminator()) {
      if (auto index = dyn_cast<linalg::IndexOp>(inner); index && index.getDim() != column)
        shared.map(index.getResult(), indices[index.getDim()]);
      else if (!varying.contains(inner.getResult(0)))
        builder.clone(inner, shared);
    }
    OpFoldResult size = sizes[column], step = math.known(lanes);
    OpFoldResult whole = math.mul(math.div(size, step), step);
    if (!isConstantIntValue(whole, 0))
      emitLoop(whole, [&](Value at) { emitVector(place, at, Value(), shared); });
    if (auto known = getConstantIntValue(size); known && *known % lanes == 0)
      return;
    Value mask = createLaneMask(builder, loc, math.sub(size, whole), lanes);
    emitVector(place, math.materialize(whole), mask, shared);
  }

  void emitLoop(OpFoldResult end, function_ref<void(Value)> body) {
    scf::ForOp::create(builder, loc, math.materialize(math.known(0)), math.materialize(end),
                       math.materialize(math.known(lanes)), ValueRange(),
                       [&](OpBuilder &, Location, Value at, ValueRange) {
                         body(at);
                         scf::YieldOp::create(builder, loc);
                       });
  }

  Value load(Value memref, ValueRange indices, Value mask) {
    auto type = VectorType::get({lanes}, cast<MemRefType>(memref.getType()).getElementType());
    if (!mask)
      return vector::LoadOp::create(builder, loc, type, memref, indices);
    Value zeros = arith::ConstantOp::create(builder, loc, type, builder.getZeroAttr(type));
    return vector::MaskedLoadOp::create(builder, loc, type, memref, indices, mask, zeros);
  }

  /// The columns from `at` on.
  void emitVector(ArrayRef<OpFoldResult> place, Value at, Value mask, const IRMapping &shared) {
    Block &body = op.getRegion().front();
    IRMapping mapping(shared);
    auto addressOf = [&](size_t i) { return math.materialize(math.add(place[i], OpFoldResult(at))); };
    for (unsigned i = 0; i < op.getNumDpsInputs(); ++i)
      if (BlockArgument argument = body.getArgument(i); varying.contains(argument))
        mapping.map(argument, load(accesses[i].flat, addressOf(i), mask));
    for (Operation &inner : body.without_terminator()) {
      if (!varying.contains(inner.getResult(0)) || isa<linalg::IndexOp>(inner))
        continue;
      if (auto row = dyn_cast<memref::LoadOp>(inner)) {
        SmallVector<Value> indices;
        for (Value index : row.getIndices().drop_back())
          indices.push_back(mapping.lookupOrDefault(index));
        indices.push_back(at);
        mapping.map(row.getResult(), load(mapping.lookupOrDefault(row.getMemRef()), indices, mask));
        continue;
      }
      cloneOnVectors(builder, inner, mapping, lanes);
    }
    Value result = lookUpVector(builder, loc, body.getTerminator()->getOperand(0), mapping, lanes);
    Value flat = accesses.back().flat, address = addressOf(accesses.size() - 1);
    if (mask)
      vector::MaskedStoreOp::create(builder, loc, flat, ValueRange{address}, mask, result);
    else
      vector::StoreOp::create(builder, loc, result, flat, ValueRange{address});
  }
};

} // namespace

void vectorizeGather(linalg::GenericOp op, VectorUnit unit) {
  if (GatherVectorizer gather(op); gather.matches())
    gather.run(unit);
}

} // namespace tgc
