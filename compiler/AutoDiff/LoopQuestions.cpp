//===- LoopQuestions.cpp - What is known of a loop before it runs ---------===//
//
// Where the condition depends on counters alone, a loop of these finds out how often the loop runs. Sizes are
// followed through the ops that hand them on.
//
//===----------------------------------------------------------------------===//

#include "compiler/AutoDiff/Regions.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;

namespace tgc {

namespace {

/// Marks the ops of a block, and those of its arguments, that values of it depend on.
void collectNeeded(ValueRange values, Block &block, llvm::DenseSet<Operation *> &ops,
                   llvm::BitVector &arguments) {
  SmallVector<Value> pending(values);
  while (!pending.empty()) {
    Value value = pending.pop_back_val();
    if (auto argument = dyn_cast<BlockArgument>(value); argument && argument.getOwner() == &block)
      arguments.set(argument.getArgNumber());
    Operation *op = value.getDefiningOp();
    if (!op || op->getBlock() != &block || !ops.insert(op).second)
      continue;
    llvm::append_range(pending, op->getOperands());
    llvm::SetVector<Value> captured;
    getUsedValuesDefinedAbove(op->getRegions(), captured);
    llvm::append_range(pending, captured);
  }
}

/// Where a size comes from: a dimension of a value, or an index value, or a number.
struct SizeSource {
  Value value;
  int64_t dim = -1;
  int64_t number = ShapedType::kDynamic;

  bool operator==(const SizeSource &other) const {
    return value == other.value && dim == other.dim && number == other.number;
  }
};

/// Follows a size through the ops that hand it on; ops that compute sizes in between are left dead.
SizeSource findSize(OpBuilder &builder, Value value, int64_t dim) {
  while (true) {
    auto type = cast<RankedTensorType>(value.getType());
    if (!type.isDynamicDim(dim))
      return {Value(), -1, type.getDimSize(dim)};
    Operation *op = value.getDefiningOp();
    SizeSource here{value, dim};
    if (!op)
      return here;
    if (auto cast = dyn_cast<tensor::CastOp>(op)) {
      value = cast.getSource();
      continue;
    }
    auto shaped = dyn_cast<ReifyRankedShapedTypeOpInterface>(op);
    if (!shaped)
      return here;
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPoint(op);
    ReifiedRankedShapedTypeDims dims;
    unsigned result = cast<OpResult>(value).getResultNumber();
    if (failed(shaped.reifyResultShapes(builder, dims)))
      return here;
    OpFoldResult size = dims[result][dim];
    if (auto number = getConstantIntValue(size))
      return {Value(), -1, *number};
    auto read = cast<Value>(size).getDefiningOp<tensor::DimOp>();
    if (!read || !read.getConstantIndex())
      return {cast<Value>(size)};
    value = read.getSource();
    dim = *read.getConstantIndex();
  }
}

} // namespace

Value countIterations(OpBuilder &builder, tg::WhileOp op) {
  Location loc = op.getLoc();
  llvm::DenseSet<Operation *> needed;
  llvm::BitVector carried(op.getInits().size());
  collectNeeded(op.getCondYield().getValues(), *op.getCond(), needed, carried);
  for (llvm::BitVector before; before != carried;) {
    before = carried;
    SmallVector<Value> next;
    for (unsigned i : before.set_bits())
      next.push_back(op.getBodyYield().getValues()[i]);
    collectNeeded(next, *op.getBody(), needed, carried);
  }
  for (unsigned i : carried.set_bits())
    if (isa<RankedTensorType>(op.getInits()[i].getType()))
      return Value();
  auto isWanted = [&](Operation *inner) { return needed.contains(inner); };
  SmallVector<Value> inits;
  for (unsigned i : carried.set_bits())
    inits.push_back(op.getInits()[i]);
  inits.push_back(arith::ConstantIndexOp::create(builder, loc, 0));
  auto loop = tg::WhileOp::create(builder, loc, ValueRange(inits).getTypes(), inits);
  SmallVector<Location> locs(inits.size(), loc);
  for (auto [from, to] : llvm::zip_equal(op->getRegions(), loop->getRegions())) {
    OpBuilder::InsertionGuard guard(builder);
    Block *block = builder.createBlock(&to, {}, ValueRange(inits).getTypes(), locs);
    IRMapping map;
    for (auto [place, i] : llvm::enumerate(carried.set_bits()))
      map.map(from.getArgument(i), block->getArgument(place));
    cloneOps(builder, from.front(), map, isWanted);
    SmallVector<Value> yielded;
    ValueRange values = from.front().getTerminator()->getOperands();
    if (&to == &loop.getCondRegion()) {
      yielded.push_back(map.lookupOrDefault(values[0]));
    } else {
      for (unsigned i : carried.set_bits())
        yielded.push_back(map.lookupOrDefault(values[i]));
      Value one = arith::ConstantIndexOp::create(builder, loc, 1);
      yielded.push_back(arith::AddIOp::create(builder, loc, block->getArguments().back(), one));
    }
    tg::YieldOp::create(builder, loc, yielded);
  }
  return loop.getResults().back();
}

bool keepsSizes(OpBuilder &builder, tg::WhileOp op, unsigned i) {
  auto type = dyn_cast<RankedTensorType>(op.getInits()[i].getType());
  for (int64_t dim = 0; type && dim < type.getRank(); ++dim) {
    if (!type.isDynamicDim(dim))
      continue;
    Value argument = op.getBody()->getArgument(i);
    SizeSource next = findSize(builder, op.getBodyYield().getValues()[i], dim);
    if (!(next == SizeSource{argument, dim}) && !(next == findSize(builder, op.getInits()[i], dim)))
      return false;
  }
  return true;
}

} // namespace tgc
