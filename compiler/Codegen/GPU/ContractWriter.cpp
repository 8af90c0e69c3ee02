//===- ContractWriter.cpp - Tiles of sums of products ---------------------===//

#include "compiler/Codegen/GPU/ContractWriter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

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

ContractWriter::ContractWriter(const NestChain &chain, ModuleOp kernels, KernelRecord &record, TileShape tile)
    : NestWriter(chain, kernels, record), loops(*sortLoops(op)), tile(tile) {}

void ContractWriter::write() {
  record.threads = kThreads;
  record.spaces = {spaceOf(loops.batch, 1), spaceOf(loops.rows, tile.rows),
                   spaceOf(loops.columns, tile.columns)};
  Side rows = makeSide(0, loops.rows, tile.rows), columns = makeSide(1, loops.columns, tile.columns);
  prepare(special("tid.x"));
  Value tilesAcross = arith::CeilDivUIOp::create(builder, loc, columns.count, constant(tile.columns));
  Value tilesDown = arith::CeilDivUIOp::create(builder, loc, rows.count, constant(tile.rows));
  Value tilesOfBatch = multiply(tilesDown, tilesAcross);
  Value tiles = multiply(countPoints(loops.batch), tilesOfBatch);
  // All threads of a block go through the loop equally often: there are barriers in it.
  forEach(special("ctaid.x"), tiles, special("nctaid.x"), {}, [&](Value number, ValueRange) {
    Value inBatch = arith::RemUIOp::create(builder, loc, number, tilesOfBatch);
    rows.begin = multiply(arith::DivUIOp::create(builder, loc, inBatch, tilesAcross), constant(tile.rows));
    columns.begin =
        multiply(arith::RemUIOp::create(builder, loc, inBatch, tilesAcross), constant(tile.columns));
    SmallVector<Value> index(op.getNumLoops());
    splitPoint(arith::DivUIOp::create(builder, loc, number, tilesOfBatch), loops.batch, index);
    writeTile(index, rows, columns);
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

Value ContractWriter::clip(Value position, Value count) {
  Value last = arith::SubIOp::create(builder, loc, count, constant(1));
  return arith::MinUIOp::create(builder, loc, position, last);
}

Value ContractWriter::isBelow(Value a, Value b) {
  return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ult, a, b);
}

} // namespace tgc
