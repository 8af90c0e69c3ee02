//===- ContractWriter.cpp - Tiles of sums of products ---------------------===//

#include "compiler/Codegen/GPU/ContractWriter.h"
#include "compiler/Codegen/GPU/OperandMakers.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

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
  numParts = constant(1);
  if (record.parts)
    numParts = countParts();
  sides[0] = makeSide(0, loops.rows, tile.rows);
  sides[1] = makeSide(1, loops.columns, tile.columns);
}

void ContractWriter::forEachTile(
    ValueRange carried, function_ref<SmallVector<Value>(ArrayRef<Value> batch, ValueRange carried)> body) {
  auto &[rows, columns] = sides;
  Value tilesAcross = arith::CeilDivUIOp::create(builder, loc, columns.count, constant(tile.columns));
  // Blocks of a cluster have tiles one below the other, the last of which may be empty.
  unsigned rowsAtOnce = tile.rows * record.cluster;
  Value tilesDown = arith::CeilDivUIOp::create(builder, loc, rows.count, constant(rowsAtOnce));
  Value tilesOfBatch = multiply(tilesDown, tilesAcross);
  Value tiles = multiply(countPoints(loops.batch), tilesOfBatch);
  Value all = record.parts ? multiply(tiles, numParts) : tiles;
  Value first = special("ctaid.x"), step = special("nctaid.x"), blocks = constant(record.cluster);
  Value rank = record.cluster == 1 ? constant(0) : Value(arith::RemUIOp::create(builder, loc, first, blocks));
  if (record.cluster > 1) {
    first = arith::DivUIOp::create(builder, loc, first, blocks);
    step = arith::DivUIOp::create(builder, loc, step, blocks);
  }
  forEach(first, all, step, carried, [&](Value number, ValueRange inside) {
    if (record.parts) {
      takePart(arith::DivUIOp::create(builder, loc, number, tiles));
      number = arith::RemUIOp::create(builder, loc, number, tiles);
    } else {
      firstStep = constant(0);
      endStep = countPoints(reductionLoops);
    }
    tileNumber = number;
    placeTile(arith::RemUIOp::create(builder, loc, number, tilesOfBatch), tilesDown, tilesAcross);
    rows.begin = add(rows.begin, multiply(rank, constant(tile.rows)));
    SmallVector<Value> index(op.getNumLoops());
    splitPoint(arith::DivUIOp::create(builder, loc, number, tilesOfBatch), loops.batch, index);
    return body(index, inside);
  });
}

/// Blocks that run at a time have numbers side by side, and tiles that are near a square: what they read of
/// both operands is little then, and the cache has it. So tiles are gone through in groups of some rows,
/// column by column.
void ContractWriter::placeTile(Value number, Value tilesDown, Value tilesAcross) {
  constexpr unsigned kRowsOfSquareTiles = 8;
  unsigned rowsAtOnce = tile.rows * record.cluster;
  Value most = constant(kRowsOfSquareTiles * std::max(tile.columns / rowsAtOnce, 1u));
  Value ofGroup = multiply(most, tilesAcross);
  Value above = multiply(arith::DivUIOp::create(builder, loc, number, ofGroup), most);
  Value inGroup = arith::RemUIOp::create(builder, loc, number, ofGroup);
  Value left = arith::SubIOp::create(builder, loc, tilesDown, above);
  Value rows = arith::MinUIOp::create(builder, loc, left, most);
  Value row = add(above, arith::RemUIOp::create(builder, loc, inGroup, rows));
  Value column = arith::DivUIOp::create(builder, loc, inGroup, rows);
  sides[0].begin = multiply(row, constant(rowsAtOnce));
  sides[1].begin = multiply(column, constant(tile.columns));
}

void ContractWriter::takePart(Value part) {
  partNumber = part;
  Value all = countPoints(reductionLoops), steps = sizeOfHost(record.parts->steps);
  firstStep = arith::MinUIOp::create(builder, loc, multiply(part, steps), all);
  endStep = arith::MinUIOp::create(builder, loc, add(firstStep, steps), all);
}

void ContractWriter::finishTile(ArrayRef<Value> sums, const Group &group,
                                function_ref<void(ArrayRef<Value>)> finish) {
  if (!record.parts)
    return finish(sums);
  SmallVector<Value> whole = {arith::ConstantIntOp::create(builder, loc, 1, 1)};
  llvm::append_range(whole, sums);
  Value isShared = isBelow(constant(1), numParts);
  auto choice =
      scf::IfOp::create(builder, loc, ValueRange(whole).getTypes(), isShared, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(choice.thenBlock());
  scf::YieldOp::create(builder, loc, joinParts(sums, group));
  builder.setInsertionPointToStart(choice.elseBlock());
  scf::YieldOp::create(builder, loc, whole);
  builder.setInsertionPointAfter(choice);
  auto ifLast = scf::IfOp::create(builder, loc, choice.getResult(0), /*withElseRegion=*/false);
  builder.setInsertionPointToStart(ifLast.thenBlock());
  finish(llvm::to_vector_of<Value>(choice.getResults().drop_front()));
}

/// Whether the block is the tile's last one, and all of the sums if it is. Each thread finds what the same
/// thread of other blocks left, so sums lie as neighbouring threads have them.
SmallVector<Value> ContractWriter::joinParts(ArrayRef<Value> sums, const Group &group) {
  Value inTile = add(multiply(tileNumber, constant(group.count)), group.number);
  auto placeOf = [&](Value part, size_t sum) {
    Value number = add(multiply(multiply(tileNumber, numParts), constant(group.count)),
                       add(multiply(part, constant(group.count)), group.number));
    number = add(multiply(number, constant(sums.size())), constant(sum));
    return addressOf(record.parts->sums, add(multiply(number, constant(group.threads)), group.thread));
  };
  for (auto [i, sum] : llvm::enumerate(sums))
    LLVM::StoreOp::create(builder, loc, sum, placeOf(partNumber, i));
  Value threads = arith::ConstantIntOp::create(builder, loc, group.threads, 32);
  callIntrinsic("barrier.cta.sync.aligned.count", Type(), {group.barrier, threads});
  Value isFirst = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, group.thread, constant(0));
  auto counted = scf::IfOp::create(builder, loc, builder.getI1Type(), isFirst, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(counted.thenBlock());
  // A fence of one thread, between barriers, is one for what all of the group store and load.
  callIntrinsic("membar.gl", Type(), {});
  Value one = arith::ConstantIntOp::create(builder, loc, 1, 32);
  Value before = LLVM::AtomicRMWOp::create(builder, loc, LLVM::AtomicBinOp::add,
                                           addressOf(record.parts->counters, inTile), one,
                                           LLVM::AtomicOrdering::monotonic, "device");
  callIntrinsic("membar.gl", Type(), {});
  before = arith::IndexCastUIOp::create(builder, loc, builder.getIndexType(), before);
  Value isHere =
      arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, add(before, constant(1)), numParts);
  scf::YieldOp::create(builder, loc, isHere);
  builder.setInsertionPointToStart(counted.elseBlock());
  scf::YieldOp::create(builder, loc, arith::ConstantIntOp::create(builder, loc, 0, 1).getResult());
  builder.setInsertionPointAfter(counted);
  Value isLast = callIntrinsic("barrier.cta.red.or.aligned.count", builder.getI1Type(),
                               {group.barrier, threads, counted.getResult(0)});
  auto joined = scf::IfOp::create(builder, loc, ValueRange(sums).getTypes(), isLast, /*withElseRegion=*/true);
  builder.setInsertionPointToStart(joined.elseBlock());
  scf::YieldOp::create(builder, loc, sums);
  builder.setInsertionPointToStart(joined.thenBlock());
  Type type = sums.front().getType();
  SmallVector<Value> zeros(sums.size(), arith::ConstantOp::create(builder, loc, builder.getZeroAttr(type)));
  auto addUp = [&](Value part, ValueRange carried) {
    SmallVector<Value> results;
    for (auto [i, sum] : llvm::enumerate(carried))
      results.push_back(addUpTwo(sum, LLVM::LoadOp::create(builder, loc, type, placeOf(part, i))));
    return results;
  };
  scf::YieldOp::create(builder, loc, forEach(constant(0), numParts, constant(1), zeros, addUp));
  builder.setInsertionPointAfter(joined);
  SmallVector<Value> results = {isLast};
  llvm::append_range(results, joined.getResults());
  return results;
}

Value ContractWriter::addUpTwo(Value a, Value b) {
  if (a.getType().isInteger())
    return arith::AddIOp::create(builder, loc, a, b);
  return arith::AddFOp::create(builder, loc, a, b);
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

TileWriter::Group TileWriter::groupOf(Value thread) {
  return {thread, constant(0), arith::ConstantIntOp::create(builder, loc, 0, 32), kThreads, 1};
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
  return {of, ownLoops, Value(), countPoints(ownLoops), type, ofTile, runsAlongSum, chain.makers[operand]};
}

Value ContractWriter::load(OpOperand &operand, ValueRange index) {
  Value known = atHand.lookup(chain.bases.lookup(operand.get()));
  return known ? known : NestWriter::load(operand, index);
}

linalg::GenericOp ContractWriter::getStart() {
  const auto *main = llvm::find(chain.members, chain.main);
  if (main == chain.members.begin() || llvm::is_contained(chain.makers, *std::prev(main)))
    return {};
  return *std::prev(main);
}

SmallVector<Value> ContractWriter::indexOf(linalg::GenericOp member, ArrayRef<Value> place) {
  return llvm::map_to_vector(chain.followed.lookup(member),
                             [&](int loop) { return loop < 0 ? constant(0) : place[loop]; });
}

SmallVector<Value> ContractWriter::loadParts(const Side &side, ArrayRef<Value> place) {
  if (!side.maker)
    return {NestWriter::load(*side.operand, place)};
  SmallVector<Value> index = indexOf(side.maker, place);
  enter(side.maker);
  SmallVector<Value> parts;
  for (OpOperand *input : getMakerInputs(side.maker))
    parts.push_back(NestWriter::load(*input, index));
  enter(chain.main);
  return parts;
}

Value ContractWriter::makeElement(const Side &side, ValueRange parts) {
  if (!side.maker)
    return parts.front();
  enter(side.maker);
  SmallVector<Value> elements;
  auto next = parts.begin();
  for (OpOperand *input : op.getDpsInputOperands())
    elements.push_back(isa<MemRefType>(input->get().getType()) ? *next++ : NestWriter::load(*input, {}));
  Value element = computeOf(elements, SmallVector<Value>(1)).front();
  enter(chain.main);
  return element;
}

void ContractWriter::follow(linalg::GenericOp member, ArrayRef<Value> place) {
  enter(member);
  SmallVector<Value> index = indexOf(member, place);
  SmallVector<Value> old;
  for (OpOperand &output : op.getDpsInitsMutable())
    old.push_back(op.getMatchingBlockArgument(&output).use_empty() ? Value() : load(output, index));
  for (auto [output, value] : llvm::zip(op.getDpsInitsMutable(), compute(index, old))) {
    Value base = chain.bases.lookup(output.get());
    atHand[base] = value;
    if (member != getStart() && !chain.own.contains(base))
      store(value, output, index);
  }
  enter(chain.main);
}

Value ContractWriter::startAt(ArrayRef<Value> place) {
  if (linalg::GenericOp start = getStart())
    follow(start, place);
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
  finishAt(addUpTwo(startAt(place), sum), place);
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
