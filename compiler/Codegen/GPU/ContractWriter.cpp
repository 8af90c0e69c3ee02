//===- ContractWriter.cpp - Tiles of sums of products ---------------------===//

#include "compiler/Codegen/GPU/ContractWriter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace tgc {

std::optional<ContractLoops> sortLoops(linalg::GenericOp op) {
  if (op.getNumDpsInputs() != 2 || op.getNumDpsInits() != 1)
    return std::nullopt;
  AffineMap first = op.getMatchingIndexingMap(op.getDpsInputOperand(0));
  AffineMap second = op.getMatchingIndexingMap(op.getDpsInputOperand(1));
  AffineMap result = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  if (!result.isProjectedPermutation())
    return std::nullopt;
  SmallVector<unsigned> parallel;
  op.getParallelDims(parallel);
  ContractLoops loops;
  for (unsigned loop : parallel) {
    bool inFirst = first.isFunctionOfDim(loop), inSecond = second.isFunctionOfDim(loop);
    if ((!inFirst && !inSecond) || !result.isFunctionOfDim(loop))
      return std::nullopt;
    (inFirst && inSecond ? loops.batch : inFirst ? loops.rows : loops.columns).push_back(loop);
  }
  return loops;
}

bool hasGroups(MemRefType memory, int64_t count) {
  SmallVector<int64_t> strides;
  int64_t offset;
  if (failed(memory.getStridesAndOffset(strides, offset)) || ShapedType::isDynamic(offset) ||
      offset % count || strides.back() != 1)
    return false;
  // Strides that only the run knows are multiples of the last size.
  int64_t last = memory.getShape().back();
  bool isLastGrouped = memory.getLayout().isIdentity() && !ShapedType::isDynamic(last) && last % count == 0;
  return llvm::all_of(ArrayRef(strides).drop_back(), [&](int64_t stride) {
    return ShapedType::isDynamic(stride) ? isLastGrouped : stride % count == 0;
  });
}

ContractWriter::ContractWriter(const NestChain &chain, ModuleOp kernels, KernelRecord &record, TileShape tile)
    : NestWriter(chain, kernels, record), loops(*sortLoops(op)), tile(tile) {}

void ContractWriter::beginTiles() {
  record.spaces = {spaceOf(loops.batch, 1), spaceOf(loops.rows, tile.rows),
                   spaceOf(loops.columns, tile.columns)};
  sides[0] = makeSide(0, loops.rows, tile.rows);
  sides[1] = makeSide(1, loops.columns, tile.columns);
}

void ContractWriter::forEachTile(
    ValueRange carried, function_ref<SmallVector<Value>(ArrayRef<Value> batch, ValueRange carried)> body) {
  auto &[rows, columns] = sides;
  Value tilesAcross = arith::CeilDivUIOp::create(builder, loc, columns.count, constant(tile.columns));
  Value tilesDown = arith::CeilDivUIOp::create(builder, loc, rows.count, constant(tile.rows));
  Value tilesOfBatch = multiply(tilesDown, tilesAcross);
  Value tiles = multiply(countPoints(loops.batch), tilesOfBatch);
  forEach(special("ctaid.x"), tiles, special("nctaid.x"), carried, [&](Value number, ValueRange inside) {
    Value inBatch = arith::RemUIOp::create(builder, loc, number, tilesOfBatch);
    rows.begin = multiply(arith::DivUIOp::create(builder, loc, inBatch, tilesAcross), constant(tile.rows));
    columns.begin =
        multiply(arith::RemUIOp::create(builder, loc, inBatch, tilesAcross), constant(tile.columns));
    SmallVector<Value> index(op.getNumLoops());
    splitPoint(arith::DivUIOp::create(builder, loc, number, tilesOfBatch), loops.batch, index);
    return body(index, inside);
  });
}

void TileWriter::write() {
  record.threads = kThreads;
  beginTiles();
  prepare(special("tid.x"));
  // All threads of a block go through the loop equally often: there are barriers in it.
  forEachTile({}, [&](ArrayRef<Value> batch, ValueRange) {
    writeTile(batch, sides[0], sides[1]);
    return SmallVector<Value>();
  });
  finish();
}

Space ContractWriter::spaceOf(ArrayRef<unsigned> ownLoops, unsigned pointsPerBlock) {
  return {llvm::map_to_vector(ownLoops, [&](unsigned loop) { return extentOf(loop); }), pointsPerBlock};
}

ContractWriter::Side ContractWriter::makeSide(unsigned operand, ArrayRef<unsigned> ownLoops,
                                              unsigned ofTile) {
  OpOperand *of = op.getDpsInputOperand(operand);
  AffineMap map = op.getMatchingIndexingMap(of);
  bool runsAlongSum = map.getNumResults() && llvm::any_of(reductionLoops, [&](unsigned loop) {
                        return map.getResults().back().isFunctionOfDim(loop);
                      });
  Type type = getElementTypeOrSelf(of->get().getType());
  return {of, ownLoops, Value(), countPoints(ownLoops), type, ofTile, runsAlongSum};
}

Value ContractWriter::load(OpOperand &operand, ValueRange index) {
  Value known = atHand.lookup(chain.bases.lookup(operand.get()));
  return known ? known : NestWriter::load(operand, index);
}

void ContractWriter::follow(linalg::GenericOp member, ArrayRef<Value> place) {
  enter(member);
  SmallVector<Value> index;
  for (int loop : chain.followed.lookup(member))
    index.push_back(loop < 0 ? constant(0) : place[loop]);
  SmallVector<Value> old;
  for (OpOperand &output : op.getDpsInitsMutable())
    old.push_back(op.getMatchingBlockArgument(&output).use_empty() ? Value() : load(output, index));
  for (auto [output, value] : llvm::zip(op.getDpsInitsMutable(), compute(index, old))) {
    Value base = chain.bases.lookup(output.get());
    atHand[base] = value;
    bool isStart = member == chain.members.front();
    if (!isStart && !chain.own.contains(base))
      store(value, output, index);
  }
  enter(chain.main);
}

Value ContractWriter::startAt(ArrayRef<Value> place) {
  if (chain.members.front() != chain.main)
    follow(chain.members.front(), place);
  Value start = load(op.getDpsInitsMutable()[0], place);
  atHand.clear();
  return start;
}

void ContractWriter::finishAt(Value sum, ArrayRef<Value> place) {
  OpOperand &output = op.getDpsInitsMutable()[0];
  Value base = chain.bases.lookup(output.get());
  if (!chain.own.contains(base))
    store(sum, output, place);
  atHand[base] = sum;
  for (linalg::GenericOp member :
       ArrayRef(chain.members).drop_until([&](auto one) { return one == chain.main; }).drop_front())
    follow(member, place);
  atHand.clear();
}

void ContractWriter::finishSum(Value sum, ArrayRef<Value> batch, Value row, Value column) {
  Value isInside =
      arith::AndIOp::create(builder, loc, isBelow(row, sides[0].count), isBelow(column, sides[1].count));
  auto ifInside = scf::IfOp::create(builder, loc, isInside, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(ifInside.thenBlock());
  SmallVector<Value> place = llvm::to_vector(batch);
  splitPoint(row, loops.rows, place);
  splitPoint(column, loops.columns, place);
  Value start = startAt(place);
  bool isInteger = sum.getType().isInteger();
  finishAt(isInteger ? Value(arith::AddIOp::create(builder, loc, start, sum))
                     : Value(arith::AddFOp::create(builder, loc, start, sum)),
           place);
}

bool ContractWriter::resultRunsDown() {
  AffineMap map = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  return map.getNumResults() && llvm::is_contained(loops.rows, map.getDimPosition(map.getNumResults() - 1));
}

Value ContractWriter::clip(Value position, Value count) {
  Value last = arith::SubIOp::create(builder, loc, count, constant(1));
  return arith::MinUIOp::create(builder, loc, position, last);
}

Value ContractWriter::isBelow(Value a, Value b) {
  return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ult, a, b);
}

} // namespace tgc
