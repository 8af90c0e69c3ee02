//===- AttentionWriter.cpp - What kernels of attention share --------------===//

#include "compiler/Codegen/GPU/AttentionWriter.h"
#include "mlir/Dialect/Affine/Utils.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace tgc {

AttentionWriter::AttentionWriter(const NestChain &chain, ModuleOp kernels, KernelRecord &record)
    : NestWriter(chain, kernels, record), loops(getAttentionLoops(op)) {}

void AttentionWriter::beginTiles(unsigned numThreads) {
  record.threads = threads = numThreads;
  record.spaces = {{}, {{extentOf(loops.query)}, kTile}};
  for (unsigned loop : loops.batches)
    record.spaces.front().extents.push_back(extentOf(loop));
  queries = sizeOf(loops.query);
  keys = sizeOf(loops.key);
  depth = op.getStaticLoopRanges()[loops.depth];
  width = op.getStaticLoopRanges()[loops.value];
  f32 = builder.getF32Type();
  findMask();
}

Value AttentionWriter::countTiles(Value count) {
  return arith::CeilDivUIOp::create(builder, loc, count, constant(kTile));
}

void AttentionWriter::forEachTile(Value tiles, function_ref<void(ArrayRef<Value>, Value)> body) {
  Value all = multiply(tiles, countPoints(loops.batches));
  forEach(special("ctaid.x"), all, special("nctaid.x"), {}, [&](Value tile, ValueRange) {
    SmallVector<Value> index(op.getNumLoops());
    splitPoint(arith::DivUIOp::create(builder, loc, tile, tiles), loops.batches, index);
    body(index, arith::RemUIOp::create(builder, loc, tile, tiles));
    return SmallVector<Value>();
  });
}

Value AttentionWriter::divide(Value a, unsigned b) {
  return arith::DivUIOp::create(builder, loc, a, constant(b));
}
Value AttentionWriter::remainder(Value a, unsigned b) {
  return arith::RemUIOp::create(builder, loc, a, constant(b));
}
Value AttentionWriter::isBelow(Value a, Value b) {
  return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ult, a, b);
}
Value AttentionWriter::number(float value) {
  return arith::ConstantOp::create(builder, loc, builder.getF32FloatAttr(value));
}
Value AttentionWriter::choose(Value condition, Value a, Value b) {
  return arith::SelectOp::create(builder, loc, condition, a, b);
}
Value AttentionWriter::fma(Value a, Value b, Value c) { return math::FmaOp::create(builder, loc, a, b, c); }

Value AttentionWriter::clip(Value position, Value count) {
  Value last = arith::SubIOp::create(builder, loc, count, constant(1));
  return arith::MinUIOp::create(builder, loc, position, last);
}

Value AttentionWriter::addressAt(OpOperand &operand, ValueRange index) {
  AffineMap map = op.getMatchingIndexingMap(&operand);
  auto type = cast<MemRefType>(operand.get().getType());
  SmallVector<Value> place = *affine::expandAffineMap(builder, loc, map, index);
  for (auto [dim, at] : llvm::enumerate(place))
    if (type.isDynamicDim(dim))
      at = clip(at, NestWriter::number({KernelNumber::Size, operand.get(), unsigned(dim)}));
  return addressOf(operand.get(), place);
}

Value AttentionWriter::load(OpOperand &operand, ValueRange index) {
  Type type = getElementTypeOrSelf(operand.get().getType());
  return LLVM::LoadOp::create(builder, loc, type, addressAt(operand, index));
}

Value AttentionWriter::loadFloat(OpOperand &operand, ValueRange index) {
  Value loaded = load(operand, index);
  return loaded.getType() == f32 ? loaded : Value(arith::ExtFOp::create(builder, loc, f32, loaded));
}

void AttentionWriter::storeFloat(Value value, OpOperand &operand, ValueRange index) {
  Type type = getElementTypeOrSelf(operand.get().getType());
  store(type == f32 ? value : Value(arith::TruncFOp::create(builder, loc, type, value)), operand, index);
}

Value AttentionWriter::yieldOf(unsigned which, Value first, ArrayRef<Value> batch, Value query, Value key) {
  SmallVector<Value> index(batch), elements(getFirstExtra(op), number(0));
  index[loops.query] = clip(query, queries);
  index[loops.key] = clip(key, keys);
  elements[which] = first;
  for (unsigned i = elements.size(); i < op.getNumDpsInputs(); ++i)
    elements.push_back(load(*op.getDpsInputOperand(i), index));
  SmallVector<Value> outputs(op.getNumDpsInits(), elements[1 - which]);
  return computeOf(elements, outputs)[which];
}

Value AttentionWriter::scoreOf(Value product, ArrayRef<Value> batch, Value query, Value key) {
  Value score = yieldOf(0, product, batch, query, key);
  return choose(isBelow(key, keys), score, number(-std::numeric_limits<float>::infinity()));
}

Value AttentionWriter::gradientOf(Value given, ArrayRef<Value> batch, Value query, Value key) {
  return yieldOf(1, given, batch, query, key);
}

Value AttentionWriter::weigh(Value score, Value from) {
  return math::ExpOp::create(builder, loc, arith::SubFOp::create(builder, loc, score, from));
}

Value AttentionWriter::originOf(Value largest) {
  Value lowest = number(-std::numeric_limits<float>::infinity());
  Value isLowest = arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OEQ, largest, lowest);
  return choose(isLowest, number(0), largest);
}

Value AttentionWriter::takeFrom(Value value, unsigned distance) {
  auto word = [&](int64_t number) { return arith::ConstantIntOp::create(builder, loc, number, 32); };
  return callIntrinsic("shfl.sync.bfly.f32", f32, {word(-1), value, word(distance), word(31)});
}

bool AttentionWriter::mayHideKeys() {
  for (unsigned i = getFirstExtra(op); i < op.getNumDpsInputs(); ++i)
    if (op.getMatchingIndexingMap(op.getDpsInputOperand(i)).isFunctionOfDim(loops.key))
      return true;
  return false;
}

void AttentionWriter::findMask() {
  auto isMask = [&](Value value) {
    auto element = dyn_cast<BlockArgument>(value);
    return element && element.getOwner() == op.getBody() && element.getArgNumber() >= getFirstExtra(op) &&
           element.getArgNumber() < op.getNumDpsInputs() &&
           op.getMatchingIndexingMap(op.getDpsInputOperand(element.getArgNumber()))
               .isFunctionOfDim(loops.key);
  };
  auto numberOf = [](Value value) { return cast<BlockArgument>(value).getArgNumber(); };
  Value score = op.getBody()->getTerminator()->getOperand(0);
  if (auto widened = score.getDefiningOp<arith::ExtFOp>())
    if (auto rounded = widened.getIn().getDefiningOp<arith::TruncFOp>())
      score = rounded.getIn();
  if (auto sum = score.getDefiningOp<arith::AddFOp>()) {
    for (Value term : sum->getOperands())
      if (isMask(term) && !mask)
        mask = Mask{numberOf(term), Mask::HidesByLowest, -std::numeric_limits<float>::infinity()};
    return;
  }
  auto select = score.getDefiningOp<arith::SelectOp>();
  auto test = select ? select.getCondition().getDefiningOp<arith::CmpFOp>() : arith::CmpFOp();
  if (!test || test.getPredicate() != arith::CmpFPredicate::UNE ||
      !matchPattern(test.getRhs(), m_AnyZeroFloat()) || !isMask(test.getLhs()))
    return;
  FloatAttr chosen;
  if (matchPattern(select.getFalseValue(), m_Constant(&chosen)))
    mask = Mask{numberOf(test.getLhs()), Mask::HidesByZero, chosen.getValue().convertToFloat()};
  else if (matchPattern(select.getTrueValue(), m_Constant(&chosen)))
    mask = Mask{numberOf(test.getLhs()), Mask::HidesUnlessZero, chosen.getValue().convertToFloat()};
}

Value AttentionWriter::agree(Value condition) {
  Value barrier = arith::ConstantIntOp::create(builder, loc, 0, 32);
  return callIntrinsic("barrier.cta.red.and.aligned.all", builder.getI1Type(), {barrier, condition});
}

SmallVector<Value> AttentionWriter::unless(Value condition, ValueRange carried,
                                           function_ref<SmallVector<Value>()> body) {
  if (!condition)
    return body();
  auto choice = scf::IfOp::create(builder, loc, carried.getTypes(), condition, /*withElse=*/true);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(choice.thenBlock());
  if (!carried.empty())
    scf::YieldOp::create(builder, loc, carried);
  builder.setInsertionPointToStart(choice.elseBlock());
  SmallVector<Value> results = body();
  if (!carried.empty())
    scf::YieldOp::create(builder, loc, results);
  return SmallVector<Value>(choice.getResults());
}

Value AttentionWriter::hidesAll(ArrayRef<Value> batch, Value firstQuery, unsigned numQueries,
                                Value firstKey) {
  OpOperand &operand = *op.getDpsInputOperand(mask->operand);
  Value hidden = number(mask->kind == Mask::HidesByLowest ? mask->score : 0);
  auto predicate =
      mask->kind == Mask::HidesUnlessZero ? arith::CmpFPredicate::UNE : arith::CmpFPredicate::OEQ;
  Value yes = arith::ConstantIntOp::create(builder, loc, 1, 1);
  // Neighbours in memory are most often keys.
  auto all = forEach(
      special("tid.x"), constant(numQueries * kTile), constant(threads), yes,
      [&](Value place, ValueRange carried) {
        SmallVector<Value> index(batch);
        index[loops.query] = clip(add(firstQuery, divide(place, kTile)), queries);
        index[loops.key] = clip(add(firstKey, remainder(place, kTile)), keys);
        Value hides = arith::CmpFOp::create(builder, loc, predicate, load(operand, index), hidden);
        return SmallVector<Value>{arith::AndIOp::create(builder, loc, carried.front(), hides).getResult()};
      });
  return all.front();
}

Value AttentionWriter::isHidden(ArrayRef<Value> batch, Value firstQuery, Value firstKey,
                                ArrayRef<Value> largest, bool mayGrow) {
  if (!mask)
    return {};
  // The last query sees the most below a diagonal, so it alone most often tells that a tile is seen.
  Value hides = hidesAll(batch, add(firstQuery, constant(kTile - 1)), 1, firstKey);
  if (!mayGrow || mask->score != -std::numeric_limits<float>::infinity())
    for (Value one : largest) {
      Value difference = arith::SubFOp::create(builder, loc, number(mask->score), one);
      Value isLow =
          arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OLT, difference, number(kLeastExponent));
      hides = arith::AndIOp::create(builder, loc, hides, isLow);
    }
  hides = agree(hides);
  if (!op.getMatchingIndexingMap(op.getDpsInputOperand(mask->operand)).isFunctionOfDim(loops.query))
    return hides;
  Value isSeen = arith::XOrIOp::create(builder, loc, hides, arith::ConstantIntOp::create(builder, loc, 1, 1));
  return unless(isSeen, hides,
                [&] { return SmallVector<Value>{agree(hidesAll(batch, firstQuery, kTile, firstKey))}; })[0];
}

void AttentionWriter::branch(Value condition, function_ref<void()> yes, function_ref<void()> no) {
  auto choice = scf::IfOp::create(builder, loc, condition, /*withElseRegion=*/bool(no));
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(choice.thenBlock());
  yes();
  if (!no)
    return;
  builder.setInsertionPointToStart(choice.elseBlock());
  no();
}

void AttentionWriter::storeStatistics(Value largest, Value sum, ArrayRef<Value> batch, Value query,
                                      Value isMine) {
  if (op.getNumDpsInits() == 1)
    return;
  branch(arith::AndIOp::create(builder, loc, isMine, isBelow(query, queries)), [&] {
    SmallVector<Value> index(batch);
    index[loops.query] = query;
    store(largest, op.getDpsInitsMutable()[1], index);
    store(sum, op.getDpsInitsMutable()[2], index);
  });
}

void AttentionWriter::storeResult(Value sum, Value sumOfWeights, ArrayRef<Value> batch, Value query,
                                  Value column) {
  // The sum over no keys is nothing, as is the sum of their weights.
  Value isEmpty = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, keys, constant(0));
  Value isInside =
      arith::AndIOp::create(builder, loc, isBelow(query, queries), isBelow(column, constant(width)));
  branch(isInside, [&] {
    SmallVector<Value> index(batch);
    index[loops.query] = query;
    index[loops.value] = column;
    Value mean = choose(isEmpty, sum, arith::DivFOp::create(builder, loc, sum, sumOfWeights));
    storeFloat(mean, op.getDpsInitsMutable()[0], index);
  });
}

} // namespace tgc
