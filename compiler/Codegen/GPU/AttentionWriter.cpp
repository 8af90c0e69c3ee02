//===- AttentionWriter.cpp - What kernels of attention share --------------===//

#include "compiler/Codegen/GPU/AttentionWriter.h"
#include "mlir/Dialect/Affine/Utils.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace tgc {

AttentionWriter::AttentionWriter(const NestChain &chain, ModuleOp kernels, KernelRecord &record)
    : NestWriter(chain, kernels, record), loops(getAttentionLoops(op)) {}

void AttentionWriter::beginTiles(unsigned threads) {
  record.threads = threads;
  record.spaces = {{}, {{extentOf(loops.query)}, kTile}};
  for (unsigned loop : loops.batches)
    record.spaces.front().extents.push_back(extentOf(loop));
  queries = sizeOf(loops.query);
  keys = sizeOf(loops.key);
  depth = op.getStaticLoopRanges()[loops.depth];
  width = op.getStaticLoopRanges()[loops.value];
  f32 = builder.getF32Type();
}

void AttentionWriter::forEachTile(function_ref<void(ArrayRef<Value>, Value)> body) {
  Value tiles = arith::CeilDivUIOp::create(builder, loc, queries, constant(kTile));
  Value all = multiply(tiles, countPoints(loops.batches));
  forEach(special("ctaid.x"), all, special("nctaid.x"), {}, [&](Value tile, ValueRange) {
    SmallVector<Value> index(op.getNumLoops());
    splitPoint(arith::DivUIOp::create(builder, loc, tile, tiles), loops.batches, index);
    Value inBatch = arith::RemUIOp::create(builder, loc, tile, tiles);
    body(index, multiply(inBatch, constant(kTile)));
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

Value AttentionWriter::scoreOf(Value product, ArrayRef<Value> batch, Value query, Value key) {
  SmallVector<Value> index(batch), elements = {product, number(0), number(0)};
  index[loops.query] = clip(query, queries);
  index[loops.key] = clip(key, keys);
  for (unsigned i = kExtras; i < op.getNumDpsInputs(); ++i)
    elements.push_back(load(*op.getDpsInputOperand(i), index));
  Value score = computeOf(elements, number(0))[0];
  return choose(isBelow(key, keys), score, number(-std::numeric_limits<float>::infinity()));
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

void AttentionWriter::storeResult(Value sum, Value sumOfWeights, ArrayRef<Value> batch, Value query,
                                  Value column) {
  // The sum over no keys is nothing, as is the sum of their weights.
  Value isEmpty = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, keys, constant(0));
  Value isInside =
      arith::AndIOp::create(builder, loc, isBelow(query, queries), isBelow(column, constant(width)));
  auto ifInside = scf::IfOp::create(builder, loc, isInside, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(ifInside.thenBlock());
  SmallVector<Value> index(batch);
  index[loops.query] = query;
  index[loops.value] = column;
  Value mean = choose(isEmpty, sum, arith::DivFOp::create(builder, loc, sum, sumOfWeights));
  OpOperand &result = op.getDpsInitsMutable()[0];
  Type type = getElementTypeOrSelf(result.get().getType());
  if (type != f32)
    mean = arith::TruncFOp::create(builder, loc, type, mean);
  store(mean, result, index);
}

} // namespace tgc
