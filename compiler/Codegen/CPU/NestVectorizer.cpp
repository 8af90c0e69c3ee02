//===- NestVectorizer.cpp - What both forms of vectorized nests share -----===//

#include "compiler/Codegen/CPU/NestVectorizer.h"
#include "compiler/Codegen/CPU/KeepLoop.h"
#include "compiler/Codegen/CPU/NestGroup.h"
#include "compiler/Codegen/CPU/SelectBlocks.h"
#include "compiler/Codegen/CPU/VectorBody.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace tgc {

namespace {

/// The index that the op is, or makes an integer of, or keeps low bits of; null for other ops. What it makes
/// of a sum is the sum of what it makes of the summands, but for bits that are lost.
linalg::IndexOp getIndex(Operation &op) {
  if (auto index = dyn_cast<linalg::IndexOp>(op))
    return index;
  Operation *source =
      isa<arith::IndexCastOp, arith::TruncIOp>(op) ? op.getOperand(0).getDefiningOp() : nullptr;
  return source && source->getBlock() == op.getBlock() ? getIndex(*source) : nullptr;
}

/// Bytes of the widest element that the body computes, but for the sum of f32 in double precision.
int64_t getWidestElement(linalg::GenericOp op, Operation *sumOfFloats) {
  unsigned bits = 8;
  op.getRegion().walk([&](Operation *inner) {
    if (sumOfFloats && (inner == sumOfFloats || inner->hasTrait<OpTrait::IsTerminator>()))
      return;
    if (getIndex(*inner)) // in scalars
      return;
    for (Type type : inner->getOperandTypes())
      if (type.isIntOrIndexOrFloat())
        bits = std::max(bits, type.isIndex() ? 64 : type.getIntOrFloatBitWidth());
  });
  return bits / 8;
}

/// How many vectors of columns are computed side by side: with long bodies the code would only grow. A
/// function is one op: its steps wait for each other, so several side by side take less time than one after
/// the other.
int64_t selectColumnVectors(linalg::GenericOp op) {
  if (op.getNumReductionLoops() > 0)
    return kColumnAccumulators;
  int64_t cost = op.getRegion().front().getOperations().size() + 1;
  return std::clamp<int64_t>(2 * kColumnAccumulators / cost, 1, kColumnAccumulators / 2);
}

} // namespace

bool NestVectorizer::isStreamed(linalg::GenericOp op, VectorUnit unit) {
  return unit.bytes >= kLeastStreamingVector && op->hasAttr(kStreamed);
}

NestVectorizer::NestVectorizer(linalg::GenericOp op, unsigned vectorLoop,
                               std::optional<FreeCombiner> combiner, VectorUnit unit)
    : builder(op), op(op), loc(op.getLoc()), math(builder, loc), vectorLoop(vectorLoop), combiner(combiner),
      isRow(op.getIteratorTypesArray()[vectorLoop] == utils::IteratorType::reduction),
      init(op.getNumDpsInputs()) {
  if (combiner)
    summedFloat = combiner->getSummedFloat();
  for (Range range : cast<linalg::LinalgOp>(op.getOperation()).createLoopRanges(builder, loc))
    sizes.push_back(range.size);
  for (auto [operand, map] : llvm::zip_equal(op->getOperands(), op.getIndexingMapsArray())) {
    if (isa<MemRefType>(operand.getType()))
      accesses.push_back(LinearAccess::create(builder, loc, operand, map));
    else
      accesses.push_back({Value(), math.known(0), SmallVector<OpFoldResult>(sizes.size(), math.known(0))});
  }
  for (auto index : op.getRegion().getOps<linalg::IndexOp>()) {
    SmallVector<OpFoldResult> strides(sizes.size(), math.known(0));
    strides[index.getDim()] = math.known(1);
    accesses.push_back({Value(), math.known(0), strides});
  }
  for (auto [loop, type] : llvm::enumerate(op.getIteratorTypesArray()))
    if (type == utils::IteratorType::reduction && loop != vectorLoop)
      summedLoops.push_back(loop);
    else if (loop != vectorLoop && !isConstantIntValue(sizes[loop], 1))
      outerLoops.push_back(loop);
  while (!isRow && mergeOuterLoop())
    ;
  chooseVectors(unit);
}

void NestVectorizer::run() {
  Addresses place;
  for (const LinearAccess &access : accesses)
    place.push_back(access.offset);
  emitOuter(0, place);
  op.erase();
}

bool NestVectorizer::mergeOuterLoop() {
  auto size = getConstantIntValue(sizes[vectorLoop]);
  if (outerLoops.empty() || outerLoops.back() > vectorLoop || !size)
    return false;
  unsigned outer = outerLoops.back();
  for (const LinearAccess &access : accesses) {
    auto inner = getConstantIntValue(access.strides[vectorLoop]);
    if (!isConstantIntValue(access.strides[outer], *inner * *size))
      return false;
  }
  sizes[vectorLoop] = math.mul(sizes[outer], sizes[vectorLoop]);
  outerLoops.pop_back();
  return true;
}

void NestVectorizer::chooseVectors(VectorUnit unit) {
  lanes = std::max<int64_t>(unit.bytes / getWidestElement(op, summedFloat ? combiner->op : nullptr), 1);
  numVectors = isRow ? kRowAccumulators : selectColumnVectors(op);
  auto size = getConstantIntValue(sizes[vectorLoop]);
  bool isLong = !combiner && summedLoops.empty() && countOps(op.getRegion().front()) > kLongestRepeatedBody;
  if (isLong && (!size || *size % lanes != 0))
    numVectors = 1; // its code is there once
  streams = isStreamed(op, unit);
  if (!size)
    return;
  streams = streams && *size * getResultBytes() >= kLeastStreamedRow;
  if (*size < lanes)
    lanes = llvm::PowerOf2Ceil(*size);
  int64_t vectors = llvm::divideCeil(*size, lanes);
  while (isLong && vectors % numVectors != 0)
    --numVectors;
  if (isRow)
    numVectors = std::clamp<int64_t>(*size / lanes, 1, numVectors);
  else // shared out evenly
    numVectors = llvm::divideCeil(vectors, llvm::divideCeil(vectors, numVectors));
}

void NestVectorizer::emitOuter(size_t level, const Addresses &place) {
  if (level == outerLoops.size())
    return isRow ? emitRow(place) : summedFloat ? emitColumnSums(0, place) : emitColumns(place);
  unsigned loop = outerLoops[level];
  scf::ForOp::create(builder, loc, constant(0), math.materialize(sizes[loop]), constant(1), ValueRange(),
                     [&](OpBuilder &, Location, Value index, ValueRange) {
                       emitOuter(level + 1, moveAlong(math, accesses, place, loop, OpFoldResult(index)));
                       scf::YieldOp::create(builder, loc);
                     });
}

Value NestVectorizer::load(unsigned operand, OpFoldResult address, Value mask) {
  const LinearAccess &access = accesses[operand];
  if (!access.flat)
    return op->getOperand(operand);
  Value index = math.materialize(address);
  if (!movesWithLanes(operand))
    return memref::LoadOp::create(builder, loc, access.flat, index);
  VectorType type = vectorOf(cast<MemRefType>(access.flat.getType()).getElementType());
  if (!mask)
    return vector::LoadOp::create(builder, loc, type, access.flat, ValueRange{index});
  Value zeros = arith::ConstantOp::create(builder, loc, type, builder.getZeroAttr(type));
  return vector::MaskedLoadOp::create(builder, loc, type, access.flat, ValueRange{index}, mask, zeros);
}

void NestVectorizer::fetchAhead(unsigned operand, OpFoldResult address) {
  auto distances = op->getAttrOfType<DenseI64ArrayAttr>(kFetchAhead);
  if (!distances || distances[operand] == 0)
    return;
  Value index = math.materialize(math.add(address, math.known(distances[operand])));
  memref::PrefetchOp::create(builder, loc, accesses[operand].flat, ValueRange{index}, /*isWrite=*/false,
                             /*localityHint=*/3, /*isDataCache=*/true);
}

void NestVectorizer::computeBody(const Addresses &place, ArrayRef<Value> masks,
                                 MutableArrayRef<Value> accumulators) {
  Block &body = op.getRegion().front();
  unsigned numInputs = op.getNumDpsInputs();
  SmallVector<Value> scalars(numInputs);
  for (auto [v, accumulator] : llvm::enumerate(accumulators)) {
    IRMapping mapping(shared);
    Value mask = masks.empty() ? Value() : masks[v];
    for (unsigned i = 0; i < numInputs; ++i) {
      BlockArgument argument = body.getArgument(i);
      if (argument.use_empty() || mapping.contains(argument))
        continue;
      if (movesWithLanes(i)) {
        OpFoldResult address = math.add(place[i], math.known(v * lanes));
        mapping.map(argument, load(i, address, mask));
        if (!mask)
          fetchAhead(i, address);
      } else if (!scalars[i])
        scalars[i] = load(i, place[i], Value());
      if (!movesWithLanes(i))
        mapping.map(argument, scalars[i]);
    }
    if (accumulator)
      mapping.map(body.getArgument(numInputs), accumulator);
    mapIndices(place, v, mapping);
    Value result = summedFloat ? summedFloat : body.getTerminator()->getOperand(0);
    for (Operation &inner : body.without_terminator()) {
      if (getIndex(inner))
        continue;
      bool isSum = combiner && &inner == combiner->op;
      if (mapping.contains(inner.getResult(0)) || (summedFloat && (isSum || isWidening(inner))))
        continue;
      if (mask && isSum)
        mapping.map(combiner->combined,
                    maskOut(lookUpVector(builder, loc, combiner->combined, mapping, lanes), mask));
      cloneOnVectors(builder, inner, mapping, lanes);
    }
    accumulator = lookUpVector(builder, loc, result, mapping, lanes);
    if (mask && summedFloat)
      accumulator = maskOut(accumulator, mask);
  }
}

void NestVectorizer::shareScalars(const Addresses &place) {
  shared.clear();
  Block &body = op.getRegion().front();
  for (unsigned i = 0; i < op.getNumDpsInputs(); ++i) {
    bool isSame = !movesWithLanes(i) &&
                  llvm::none_of(summedLoops, [&](unsigned loop) { return accesses[i].moves(loop); });
    if (isSame && !body.getArgument(i).use_empty())
      shared.map(body.getArgument(i), load(i, place[i], Value()));
  }
  for (Operation &inner : body.without_terminator()) {
    if (getIndex(inner))
      continue;
    auto isKnown = [&](Value operand) {
      return shared.contains(operand) || operand.getParentRegion() != &op.getRegion();
    };
    if (llvm::all_of(inner.getOperands(), isKnown))
      builder.clone(inner, shared);
  }
}

Value NestVectorizer::neutralVector(Type element) {
  auto neutral = cast<TypedAttr>(combiner->neutral);
  if (element != neutral.getType())
    neutral = builder.getFloatAttr(element, -0.0);
  return arith::ConstantOp::create(builder, loc,
                                   DenseElementsAttr::get(vectorOf(element), Attribute(neutral)));
}

Value NestVectorizer::countLanes(Value first) {
  VectorType type = vectorOf(first.getType());
  unsigned bits = type.getElementType().isIndex() ? 64 : type.getElementTypeBitWidth();
  SmallVector<APInt> numbers;
  for (int64_t lane = 0; lane < lanes; ++lane)
    numbers.push_back(APInt(bits, lane));
  Value steps = arith::ConstantOp::create(builder, loc, DenseIntElementsAttr::get(type, numbers));
  return arith::AddIOp::create(builder, loc, vector::BroadcastOp::create(builder, loc, type, first), steps);
}

void NestVectorizer::mapIndices(const Addresses &place, int64_t vector, IRMapping &mapping) {
  Block &body = op.getRegion().front();
  IRMapping firsts;
  unsigned access = init + 1;
  for (Operation &inner : body.without_terminator()) {
    linalg::IndexOp index = getIndex(inner);
    if (!index)
      continue;
    Value value = inner.getResult(0), first;
    bool moves = index.getDim() == vectorLoop;
    if (index == &inner) {
      OpFoldResult at = place[access++];
      first = math.materialize(moves ? math.add(at, math.known(vector * lanes)) : at);
    } else {
      first = builder.clone(inner, firsts)->getResult(0);
    }
    firsts.map(value, first);
    bool isRead = llvm::any_of(value.getUsers(), [](Operation *user) { return !getIndex(*user); });
    if (isRead)
      mapping.map(value, moves ? countLanes(first) : first);
  }
}

Value NestVectorizer::maskOut(Value values, Value mask) {
  Value neutral = neutralVector(getElementTypeOrSelf(values.getType()));
  return arith::SelectOp::create(builder, loc, mask, values, neutral);
}

SmallVector<Value>
NestVectorizer::emitSummed(size_t level, const Addresses &place, ValueRange carried,
                           function_ref<SmallVector<Value>(const Addresses &, SmallVector<Value>)> body) {
  if (level == summedLoops.size())
    return body(place, SmallVector<Value>(carried));
  unsigned loop = summedLoops[level];
  if (isConstantIntValue(sizes[loop], 1))
    return emitSummed(level + 1, place, carried, body);
  return emitLoop(constant(0), math.materialize(sizes[loop]), constant(1), carried,
                  [&](Value index, ValueRange inner) {
                    return emitSummed(level + 1, moveAlong(math, accesses, place, loop, OpFoldResult(index)),
                                      inner, body);
                  });
}

SmallVector<Value> NestVectorizer::emitLoop(Value begin, Value end, Value step, ValueRange carried,
                                            function_ref<SmallVector<Value>(Value, ValueRange)> body) {
  auto loop = scf::ForOp::create(builder, loc, begin, end, step, carried,
                                 [&](OpBuilder &, Location, Value index, ValueRange inner) {
                                   scf::YieldOp::create(builder, loc, body(index, inner));
                                 });
  return SmallVector<Value>(loop.getResults());
}

} // namespace tgc
