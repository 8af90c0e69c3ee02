//===- NestRows.cpp - Nests on vectors along a summed loop ----------------===//

#include "compiler/Codegen/CPU/NestVectorizer.h"
#include "compiler/Codegen/CPU/VectorBody.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace tgc {

Value NestVectorizer::combine(Value a, Value b) {
  OperationState state(loc, combiner->op->getName(), ValueRange{a, b}, a.getType(), combiner->op->getAttrs());
  return builder.create(state)->getResult(0);
}

/// All of the vectors in one: in a tree.
static Value combineAll(SmallVector<Value> vectors, function_ref<Value(Value, Value)> combine) {
  for (size_t count = vectors.size(); count > 1; count = llvm::divideCeil(count, 2))
    for (size_t i = 0; i < count / 2; ++i)
      vectors[i] = combine(vectors[i], vectors[count - 1 - i]);
  return vectors.front();
}

void NestVectorizer::emitRow(const Addresses &place) {
  shareScalars(place);
  SmallVector<Value> partial(summedFloat ? 1 : numVectors, neutralVector(combiner->neutral.getType()));
  partial = emitSummed(0, place, partial, [&](const Addresses &inner, SmallVector<Value> carried) {
    return emitRowVectors(inner, carried);
  });
  Value all = combineAll(partial, [&](Value a, Value b) { return combine(a, b); });
  auto flags = arith::FastMathFlags::none;
  if (auto floats = dyn_cast<arith::ArithFastMathInterface>(combiner->op))
    flags = floats.getFastMathFlagsAttr().getValue();
  Value total = vector::ReductionOp::create(builder, loc, combiner->kind, all, flags);
  Value memory = accesses[init].flat;
  Value index = math.materialize(place[init]);
  Value prior = memref::LoadOp::create(builder, loc, memory, index);
  memref::StoreOp::create(builder, loc, combine(prior, total), memory, index);
}

SmallVector<Value> NestVectorizer::emitStep(const Addresses &place, ArrayRef<Value> masks, ValueRange carried,
                                            int64_t count) {
  SmallVector<Value> next(carried);
  if (!summedFloat) {
    computeBody(place, masks, next);
    return next;
  }
  next.assign(count, Value());
  computeBody(place, masks, next);
  Value sum = combineAll(next, [&](Value a, Value b) { return createSum(builder, loc, a, b); });
  sum = arith::ExtFOp::create(builder, loc, carried.front().getType(), sum);
  return {combine(carried.front(), sum)};
}

SmallVector<Value> NestVectorizer::emitRowVectors(const Addresses &place, SmallVector<Value> carried) {
  OpFoldResult size = sizes[vectorLoop];
  int64_t width = numVectors * lanes;
  OpFoldResult whole = math.mul(math.div(size, math.known(width)), math.known(width));
  auto known = getConstantIntValue(size);
  auto placeAt = [&](Value index) {
    return moveAlong(math, accesses, place, vectorLoop, OpFoldResult(index));
  };
  if (!isConstantIntValue(whole, 0))
    carried = emitLoop(
        constant(0), math.materialize(whole), constant(width), carried,
        [&](Value index, ValueRange inner) { return emitStep(placeAt(index), {}, inner, numVectors); });
  if (known && *known % width == 0)
    return carried;
  // The rest goes to the first accumulator, a vector at a time.
  SmallVector<Value> first =
      emitLoop(math.materialize(whole), math.materialize(size), constant(lanes), carried.front(),
               [&](Value index, ValueRange inner) {
                 SmallVector<Value> masks;
                 if (!known || *known % lanes != 0)
                   masks.push_back(createLaneMask(builder, loc, math.sub(size, OpFoldResult(index)), lanes));
                 return emitStep(placeAt(index), masks, inner, 1);
               });
  carried.front() = first.front();
  return carried;
}

} // namespace tgc
