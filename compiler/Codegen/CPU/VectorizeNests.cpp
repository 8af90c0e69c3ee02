//===- VectorizeNests.cpp - Loop nests on vectors -------------------------===//
//
// Left to itself LLVM keeps scalar what it cannot prove apart, and a nest that sums (or takes a maximum) into
// memory reads and writes its accumulator at every step. Two forms cover what graphs have:
//
//   columns  the result is contiguous along a parallel loop: vectors run along it, the accumulators of a tile
//            of columns stay in registers while all summed loops run inside (elementwise nests, pools,
//            depthwise convolutions, sums over leading dimensions). Each element is summed in the order of
//            the loops. What is the same for all columns is loaded and computed once.
//   rows     the operands are contiguous along a summed loop: several vectors of partial results, combined in
//            a fixed tree at the end (softmax, normalisation). Only where the order is free: maxima,
//            integers, and sums that carry the flag `reassoc`. Where f32 are summed in double precision, the
//            vectors of a step are added to one first, in f32: that rounds twice, and widens a quarter.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/CPU/FreeCombiner.h"
#include "compiler/Codegen/CPU/KeepLoop.h"
#include "compiler/Codegen/CPU/LinearAccess.h"
#include "compiler/Codegen/CPU/NestGroup.h"
#include "compiler/Codegen/CPU/Passes.h"
#include "compiler/Codegen/CPU/SelectBlocks.h"
#include "compiler/Codegen/CPU/TransposeNests.h"
#include "compiler/Codegen/CPU/VectorBody.h"
#include "compiler/Codegen/CPU/VectorizeArgRows.h"
#include "compiler/Codegen/CPU/VectorizeGathers.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace tgc {
#define GEN_PASS_DEF_VECTORIZENESTSPASS
#include "compiler/Codegen/CPU/Passes.h.inc"

namespace {

/// Whether the body and the operands are such that vectors can be made of them at all.
bool canVectorize(linalg::GenericOp op) {
  Block &body = op.getRegion().front();
  if (!op.hasPureBufferSemantics() || op.getNumDpsInits() != 1 || op.hasIndexSemantics() ||
      !llvm::all_of(body.getArgumentTypes(), isVectorElement))
    return false;
  for (Operation &inner : body.without_terminator())
    if (!inner.hasTrait<OpTrait::ConstantLike>() && !isVectorizable(inner))
      return false;
  for (AffineMap map : op.getIndexingMapsArray())
    for (AffineExpr expr : map.getResults())
      if (!isa<AffineConstantExpr>(expr) && !isLinear(expr))
        return false;
  return true;
}

/// Bytes of the widest element that the body computes, but for the sum of f32 in double precision.
int64_t getWidestElement(linalg::GenericOp op, Operation *sumOfFloats) {
  unsigned bits = 8;
  op.getRegion().walk([&](Operation *inner) {
    if (sumOfFloats && (inner == sumOfFloats || inner->hasTrait<OpTrait::IsTerminator>()))
      return;
    for (Type type : inner->getOperandTypes())
      if (type.isIntOrFloat())
        bits = std::max(bits, type.getIntOrFloatBitWidth());
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

struct NestVectorizer {
  OpBuilder builder;
  linalg::GenericOp op;
  Location loc;
  IndexMath math;
  unsigned vectorLoop;
  int64_t lanes, numVectors;
  std::optional<FreeCombiner> combiner; // of rows
  /// What is summed in f32 within a step of a row, and then in double precision; else null.
  Value summedFloat;
  SmallVector<OpFoldResult> sizes;
  SmallVector<LinearAccess> accesses; // without memory for scalars
  SmallVector<unsigned> outerLoops, summedLoops;
  /// What the body has of scalars that are the same for all columns.
  IRMapping shared;

  NestVectorizer(linalg::GenericOp op, unsigned vectorLoop, std::optional<FreeCombiner> combiner,
                 VectorUnit unit)
      : builder(op), op(op), loc(op.getLoc()), math(builder, loc), vectorLoop(vectorLoop),
        combiner(combiner) {
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
    for (auto [loop, type] : llvm::enumerate(op.getIteratorTypesArray()))
      if (type == utils::IteratorType::reduction && loop != vectorLoop)
        summedLoops.push_back(loop);
      else if (loop != vectorLoop && !isConstantIntValue(sizes[loop], 1))
        outerLoops.push_back(loop);
    while (!combiner && mergeOuterLoop())
      ;
    chooseVectors(unit);
  }

  void run() {
    Addresses place;
    for (const LinearAccess &access : accesses)
      place.push_back(access.offset);
    emitOuter(0, place);
    op.erase();
  }

private:
  /// Makes one loop of the vectors' and the one around it, if that walks all operands the same way.
  bool mergeOuterLoop() {
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

  void chooseVectors(VectorUnit unit) {
    lanes = std::max<int64_t>(unit.bytes / getWidestElement(op, summedFloat ? combiner->op : nullptr), 1);
    numVectors = combiner ? kRowAccumulators : selectColumnVectors(op);
    auto size = getConstantIntValue(sizes[vectorLoop]);
    bool isLong = !combiner && summedLoops.empty() && countOps(op.getRegion().front()) > kLongestRepeatedBody;
    if (isLong && (!size || *size % lanes != 0))
      numVectors = 1; // its code is there once
    if (!size)
      return;
    if (*size < lanes)
      lanes = llvm::PowerOf2Ceil(*size);
    int64_t vectors = llvm::divideCeil(*size, lanes);
    while (isLong && vectors % numVectors != 0)
      --numVectors;
    if (combiner)
      numVectors = std::clamp<int64_t>(*size / lanes, 1, numVectors);
    else // shared out evenly
      numVectors = llvm::divideCeil(vectors, llvm::divideCeil(vectors, numVectors));
  }

  Value constant(int64_t value) { return math.materialize(math.known(value)); }

  void emitOuter(size_t level, const Addresses &place) {
    if (level == outerLoops.size())
      return combiner ? emitRow(place) : emitColumns(place);
    unsigned loop = outerLoops[level];
    scf::ForOp::create(builder, loc, constant(0), math.materialize(sizes[loop]), constant(1), ValueRange(),
                       [&](OpBuilder &, Location, Value index, ValueRange) {
                         emitOuter(level + 1, moveAlong(math, accesses, place, loop, OpFoldResult(index)));
                         scf::YieldOp::create(builder, loc);
                       });
  }

  //===--------------------------------------------------------------------===//
  // Loads, and the body on vectors
  //===--------------------------------------------------------------------===//

  VectorType vectorOf(Type element) const { return VectorType::get({lanes}, element); }

  bool movesWithLanes(unsigned operand) const { return accesses[operand].moves(vectorLoop); }

  Value load(unsigned operand, OpFoldResult address, Value mask) {
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

  /// Asks for a line of the next block, where a vector begins one.
  void fetchAhead(unsigned operand, OpFoldResult address) {
    auto distances = op->getAttrOfType<DenseI64ArrayAttr>(kFetchAhead);
    if (!distances || distances[operand] == 0)
      return;
    Value index = math.materialize(math.add(address, math.known(distances[operand])));
    memref::PrefetchOp::create(builder, loc, accesses[operand].flat, ValueRange{index}, /*isWrite=*/false,
                               /*localityHint=*/3, /*isDataCache=*/true);
  }

  /// The body for `count` vectors side by side, with or without `masks`; `accumulators` are replaced by the
  /// new ones.
  void computeBody(const Addresses &place, ArrayRef<Value> masks, MutableArrayRef<Value> accumulators) {
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
      Value result = summedFloat ? summedFloat : body.getTerminator()->getOperand(0);
      for (Operation &inner : body.without_terminator()) {
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

  /// Whether the op makes of an f32 what is summed.
  bool isWidening(Operation &op) const { return op.getResult(0) == combiner->combined; }

  /// What changes no result, of the type of a result or, of sums in double precision, f32.
  Value neutralVector(Type element) {
    auto neutral = cast<TypedAttr>(combiner->neutral);
    if (element != neutral.getType())
      neutral = builder.getFloatAttr(element, -0.0);
    return arith::ConstantOp::create(builder, loc,
                                     DenseElementsAttr::get(vectorOf(element), Attribute(neutral)));
  }

  Value maskOut(Value values, Value mask) {
    Value neutral = neutralVector(getElementTypeOrSelf(values.getType()));
    return arith::SelectOp::create(builder, loc, mask, values, neutral);
  }

  //===--------------------------------------------------------------------===//
  // Columns
  //===--------------------------------------------------------------------===//

  /// Loads and computes what neither the columns nor the summed loops change.
  void shareScalars(const Addresses &place) {
    shared.clear();
    Block &body = op.getRegion().front();
    for (unsigned i = 0; i < op.getNumDpsInputs(); ++i) {
      bool isSame = !movesWithLanes(i) &&
                    llvm::none_of(summedLoops, [&](unsigned loop) { return accesses[i].moves(loop); });
      if (isSame && !body.getArgument(i).use_empty())
        shared.map(body.getArgument(i), load(i, place[i], Value()));
    }
    for (Operation &inner : body.without_terminator()) {
      auto isKnown = [&](Value operand) {
        return shared.contains(operand) || operand.getParentRegion() != &op.getRegion();
      };
      if (llvm::all_of(inner.getOperands(), isKnown))
        builder.clone(inner, shared);
    }
  }

  void emitColumns(const Addresses &place) {
    shareScalars(place);
    int64_t width = numVectors * lanes;
    auto known = getConstantIntValue(sizes[vectorLoop]);
    if (known && *known == width)
      return emitTile(place, {});
    if (known && *known < width) { // of small powers of two
      SmallVector<Value> masks;
      for (int64_t v = 0; v < numVectors; ++v)
        masks.push_back(createLaneMask(builder, loc, math.known(*known - v * lanes), lanes));
      return emitTile(place, masks);
    }
    bool hasRest = !known || *known % width != 0;
    if (hasRest && numVectors == 1 && summedLoops.empty() &&
        countOps(op.getRegion().front()) > kLongestRepeatedBody)
      return emitLongColumns(place);
    OpFoldResult tiles = math.div(sizes[vectorLoop], math.known(width));
    scf::ForOp::create(builder, loc, constant(0), math.materialize(tiles), constant(1), ValueRange(),
                       [&](OpBuilder &, Location, Value tile, ValueRange) {
                         emitTile(moveAlong(math, accesses, place, vectorLoop,
                                            math.mul(OpFoldResult(tile), math.known(width))),
                                  {});
                         scf::YieldOp::create(builder, loc);
                       });
    if (!hasRest)
      return;
    OpFoldResult begin = math.mul(tiles, math.known(width)), left = math.sub(sizes[vectorLoop], begin);
    auto emitRest = [&] {
      SmallVector<Value> masks;
      int64_t vectors = known ? llvm::divideCeil(*known % width, lanes) : numVectors;
      for (int64_t v = 0; v < vectors; ++v)
        masks.push_back(createLaneMask(builder, loc, math.sub(left, math.known(v * lanes)), lanes));
      emitTile(moveAlong(math, accesses, place, vectorLoop, begin), masks);
    };
    if (known)
      return emitRest();
    Value isLeft =
        arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::sgt, math.materialize(left), constant(0));
    scf::IfOp::create(builder, loc, isLeft, [&](OpBuilder &, Location) {
      emitRest();
      scf::YieldOp::create(builder, loc);
    });
  }

  /// The code of a long body once: the rest differs from whole vectors in how it is loaded and stored only.
  void emitLongColumns(const Addresses &place) {
    unsigned init = accesses.size() - 1;
    Block &body = op.getRegion().front();
    SmallVector<unsigned> moving;
    for (unsigned i = 0; i <= init; ++i)
      if (movesWithLanes(i) && !body.getArgument(i).use_empty())
        moving.push_back(i);
    auto loop = scf::ForOp::create(
        builder, loc, constant(0), math.materialize(sizes[vectorLoop]), constant(lanes), ValueRange(),
        [&](OpBuilder &, Location, Value index, ValueRange) {
          Addresses here = moveAlong(math, accesses, place, vectorLoop, OpFoldResult(index));
          OpFoldResult left = math.sub(sizes[vectorLoop], OpFoldResult(index));
          Value isWhole = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::sge,
                                                math.materialize(left), constant(lanes));
          auto loadAll = [&](bool isMasked) {
            return [&, isMasked](OpBuilder &, Location) {
              Value mask = isMasked ? createLaneMask(builder, loc, left, lanes) : Value();
              SmallVector<Value> vectors;
              for (unsigned operand : moving)
                vectors.push_back(load(operand, here[operand], mask));
              scf::YieldOp::create(builder, loc, vectors);
            };
          };
          IRMapping mapping(shared);
          if (!moving.empty()) {
            auto loaded = scf::IfOp::create(builder, loc, isWhole, loadAll(false), loadAll(true));
            for (auto [operand, vector] : llvm::zip_equal(moving, loaded.getResults()))
              mapping.map(body.getArgument(operand), vector);
          }
          std::swap(shared, mapping);
          Value result;
          computeBody(here, {}, result);
          std::swap(shared, mapping);
          auto store = [&](bool isMasked) {
            return [&, isMasked](OpBuilder &, Location) {
              Value to = math.materialize(here[init]);
              if (isMasked)
                vector::MaskedStoreOp::create(builder, loc, accesses[init].flat, to,
                                              createLaneMask(builder, loc, left, lanes), result);
              else
                vector::StoreOp::create(builder, loc, result, accesses[init].flat, to);
              scf::YieldOp::create(builder, loc);
            };
          };
          scf::IfOp::create(builder, loc, isWhole, store(false), store(true));
          scf::YieldOp::create(builder, loc);
        });
    keepLoop(loop);
  }

  void emitTile(const Addresses &place, ArrayRef<Value> masks) {
    unsigned init = accesses.size() - 1;
    SmallVector<Value> accumulators;
    int64_t count = masks.empty() ? numVectors : masks.size();
    auto addressOf = [&](int64_t v) { return math.add(place[init], math.known(v * lanes)); };
    bool readsInit = !summedLoops.empty() || !op.getRegion().front().getArguments().back().use_empty();
    for (int64_t v = 0; v < count; ++v)
      accumulators.push_back(readsInit ? load(init, addressOf(v), masks.empty() ? Value() : masks[v])
                                       : Value());
    accumulators =
        emitSummed(0, place, accumulators, [&](const Addresses &inner, SmallVector<Value> carried) {
          computeBody(inner, masks, carried);
          return carried;
        });
    for (int64_t v = 0; v < count; ++v) {
      Value index = math.materialize(addressOf(v));
      if (masks.empty())
        vector::StoreOp::create(builder, loc, accumulators[v], accesses[init].flat, ValueRange{index});
      else
        vector::MaskedStoreOp::create(builder, loc, accesses[init].flat, ValueRange{index}, masks[v],
                                      accumulators[v]);
    }
  }

  /// The summed loops around `body`, which carry vectors.
  SmallVector<Value>
  emitSummed(size_t level, const Addresses &place, ValueRange carried,
             function_ref<SmallVector<Value>(const Addresses &, SmallVector<Value>)> body) {
    if (level == summedLoops.size())
      return body(place, SmallVector<Value>(carried));
    unsigned loop = summedLoops[level];
    if (isConstantIntValue(sizes[loop], 1))
      return emitSummed(level + 1, place, carried, body);
    return emitLoop(
        constant(0), math.materialize(sizes[loop]), constant(1), carried, [&](Value index, ValueRange inner) {
          return emitSummed(level + 1, moveAlong(math, accesses, place, loop, OpFoldResult(index)), inner,
                            body);
        });
  }

  SmallVector<Value> emitLoop(Value begin, Value end, Value step, ValueRange carried,
                              function_ref<SmallVector<Value>(Value, ValueRange)> body) {
    auto loop = scf::ForOp::create(builder, loc, begin, end, step, carried,
                                   [&](OpBuilder &, Location, Value index, ValueRange inner) {
                                     scf::YieldOp::create(builder, loc, body(index, inner));
                                   });
    return SmallVector<Value>(loop.getResults());
  }

  //===--------------------------------------------------------------------===//
  // Rows
  //===--------------------------------------------------------------------===//

  Value combine(Value a, Value b) {
    OperationState state(loc, combiner->op->getName(), ValueRange{a, b}, a.getType(),
                         combiner->op->getAttrs());
    return builder.create(state)->getResult(0);
  }

  /// All of the vectors in one: in a tree.
  static Value combineAll(SmallVector<Value> vectors, function_ref<Value(Value, Value)> combine) {
    for (size_t count = vectors.size(); count > 1; count = llvm::divideCeil(count, 2))
      for (size_t i = 0; i < count / 2; ++i)
        vectors[i] = combine(vectors[i], vectors[count - 1 - i]);
    return vectors.front();
  }

  void emitRow(const Addresses &place) {
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
    const LinearAccess &init = accesses.back();
    Value index = math.materialize(place.back());
    Value prior = memref::LoadOp::create(builder, loc, init.flat, index);
    memref::StoreOp::create(builder, loc, combine(prior, total), init.flat, index);
  }

  /// Partial results with those of `count` vectors more.
  SmallVector<Value> emitStep(const Addresses &place, ArrayRef<Value> masks, ValueRange carried,
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

  SmallVector<Value> emitRowVectors(const Addresses &place, SmallVector<Value> carried) {
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
    SmallVector<Value> first = emitLoop(
        math.materialize(whole), math.materialize(size), constant(lanes), carried.front(),
        [&](Value index, ValueRange inner) {
          SmallVector<Value> masks;
          if (!known || *known % lanes != 0)
            masks.push_back(createLaneMask(builder, loc, math.sub(size, OpFoldResult(index)), lanes));
          return emitStep(placeAt(index), masks, inner, 1);
        });
    carried.front() = first.front();
    return carried;
  }
};

struct VectorizeNestsPass : impl::VectorizeNestsPassBase<VectorizeNestsPass> {
  using VectorizeNestsPassBase::VectorizeNestsPassBase;

  void runOnOperation() override {
    SmallVector<linalg::CopyOp> copies;
    getOperation().walk([&](linalg::CopyOp op) { copies.push_back(op); });
    IRRewriter rewriter(&getContext());
    for (linalg::CopyOp op : copies) {
      rewriter.setInsertionPoint(op);
      (void)linalg::generalizeNamedOp(rewriter, op);
    }
    SmallVector<linalg::GenericOp> nests;
    getOperation().walk([&](linalg::GenericOp op) { nests.push_back(op); });
    VectorUnit unit = {vectorBytes, vectorRegisters, panelBytes};
    for (linalg::GenericOp op : nests)
      if (canVectorize(op)) {
        if (!transposeNest(op, unit))
          vectorize(op);
      } else if (!vectorizeArgRows(op, unit)) {
        vectorizeGather(op, unit);
      }
  }

private:
  void vectorize(linalg::GenericOp op) {
    SmallVector<SmallVector<int64_t>> strides;
    for (auto [operand, map] : llvm::zip_equal(op->getOperands(), op.getIndexingMapsArray()))
      if (auto type = dyn_cast<MemRefType>(operand.getType()))
        strides.push_back(getKnownStrides(type, map));
    auto isContiguous = [&](unsigned loop) {
      return llvm::all_of(strides,
                          [&](ArrayRef<int64_t> each) { return each[loop] == 0 || each[loop] == 1; });
    };
    SmallVector<int64_t> sizes = op.getStaticLoopRanges();
    SmallVector<utils::IteratorType> types = op.getIteratorTypesArray();
    VectorUnit unit = {vectorBytes, vectorRegisters, panelBytes};
    auto isLonger = [&](unsigned loop, std::optional<unsigned> than) {
      return !than || ShapedType::isDynamic(sizes[loop]) || sizes[loop] > sizes[*than];
    };
    std::optional<unsigned> column, row;
    for (unsigned loop = 0; loop < sizes.size(); ++loop) {
      bool isSummed = types[loop] == utils::IteratorType::reduction;
      if (!isContiguous(loop) || (isSummed ? strides.back()[loop] != 0 : strides.back()[loop] != 1))
        continue;
      std::optional<unsigned> &chosen = isSummed ? row : column;
      if (isLonger(loop, chosen))
        chosen = loop;
    }
    auto isAtLeast = [&](unsigned loop, int64_t size) {
      return ShapedType::isDynamic(sizes[loop]) || sizes[loop] >= size;
    };
    if (column && isAtLeast(*column, kLeastColumns))
      return NestVectorizer(op, *column, std::nullopt, unit).run();
    std::optional<FreeCombiner> combiner = matchFreeCombiner(op);
    bool readsAlong = row && llvm::any_of(strides, [&](ArrayRef<int64_t> each) { return each[*row] == 1; });
    if (readsAlong && combiner && isAtLeast(*row, kShortestVectorRow))
      NestVectorizer(op, *row, combiner, unit).run();
  }
};

} // namespace
} // namespace tgc
