//===- LowerAttention.cpp - Attention, block by block ----------------------===//
//
//   for each block of queries, as many as a panel of a contraction has columns
//     pack the queries
//     for each block of keys
//       unless a mask makes all of these weights 0:
//       scores[key, query] = f(keys * queries)                        a contraction
//       the largest score so far, and what earlier sums shrink by     per query
//       scores -> weights, and their sum                              per query
//       result = result * what it shrinks by + weights * values       a contraction
//     result / sum of weights
//
// Scores of a block lie on the stack with the queries along the lanes, so the softmax needs no sum over
// lanes, and keys and values are read where they lie. Milakov and Gimelshein, "Online normalizer calculation
// for softmax", 2018; Dao et al., "FlashAttention", 2022. A unit of work is a block of queries, so results do
// not depend on the number of threads. Operands of 16-bit floats are copied to f32 before.
//
// Where there are masks, a block whose weights are all 0 in f32, beside the largest scores so far, is left
// out: before its scores are computed where the mask chooses a known number for all of them, after that
// otherwise. What a mask means is so found out by the run: finite numbers hide keys from queries that see
// others only.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/CPU/ContractEmitter.h"
#include "compiler/Codegen/CPU/KernelCalls.h"
#include "compiler/Codegen/CPU/PackConstants.h"
#include "compiler/Codegen/CPU/Passes.h"
#include "compiler/Codegen/CPU/SelectBlocks.h"
#include "compiler/Codegen/CPU/VectorBody.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;

namespace tgc {
#define GEN_PASS_DEF_LOWERATTENTIONPASS
#include "compiler/Codegen/CPU/Passes.h.inc"

namespace {

using Iterator = utils::IteratorType;

/// The maps of operands that have these loops as their dimensions.
SmallVector<AffineMap> makeMaps(MLIRContext *context, unsigned numLoops,
                                ArrayRef<SmallVector<unsigned>> dims) {
  SmallVector<AffineMap> maps;
  for (ArrayRef<unsigned> each : dims) {
    SmallVector<AffineExpr> exprs;
    for (unsigned dim : each)
      exprs.push_back(getAffineDimExpr(dim, context));
    maps.push_back(AffineMap::get(numLoops, 0, exprs, context));
  }
  return maps;
}

/// exp of less is 0 in f32, denormal numbers and all.
constexpr float kLeastExponent = -104;

struct AttentionEmitter {
  OpBuilder &builder;
  kernel::AttentionOp op;
  VectorUnit unitOfVectors;
  Location loc;
  IndexMath math;
  /// In the function: how loops move each operand, from the first to the init.
  SmallVector<LinearAccess> accesses;
  /// What the scores' region captures.
  IRMapping constants;
  int64_t depth, width, numQueries, numKeys, panelWidth, blockQueries, blockKeys;
  bool isOneBlock;
  /// An extra along keys by which the region chooses between a score and `score`, where its elements are 0,
  /// or where they are not.
  struct Choice {
    unsigned operand;
    bool hidesByZero;
    float score;
  };
  std::optional<Choice> choice;
  bool hasMask = false;

  AttentionEmitter(OpBuilder &builder, kernel::AttentionOp op, VectorUnit unit)
      : builder(builder), op(op), unitOfVectors(unit), loc(op.getLoc()), math(builder, loc) {
    depth = op.getStaticSize(0, op.getDepthLoop());
    width = op.getStaticSize(2, op.getValueLoop());
    numQueries = op.getStaticSize(op.getNumOperands() - 1, op.getQueryLoop());
    numKeys = op.getStaticSize(2, op.getKeyLoop());
    // No panel is wider than that of unknown columns.
    panelWidth =
        selectContractTiling(unitOfVectors, sizeof(float), ShapedType::kDynamic, ShapedType::kDynamic)
            .getPanelWidth();
    blockQueries = ShapedType::isDynamic(numQueries) ? panelWidth : std::min(panelWidth, numQueries);
    isOneBlock = !ShapedType::isDynamic(numKeys) && numKeys <= kMostKeysOfOneBlock;
    blockKeys = isOneBlock ? numKeys : kKeysOfBlock;
  }

  void emit(KernelCalls &kernels) {
    SmallVector<Value> arguments(op->getOperands());
    OpFoldResult units = math.ceilDiv(getLoopSize(op.getQueryLoop(), arguments), math.known(blockQueries));
    OpFoldResult work = getLoopSize(op.getKeyLoop(), arguments);
    for (unsigned batch = 0; batch < op.getNumBatches(); ++batch)
      units = math.mul(units, getLoopSize(batch, arguments));
    work = math.mul(work, math.mul(units, math.known(blockQueries * (depth + width + kProductsPerFunction))));
    func::FuncOp function = kernels.getFunction(builder, loc, "tgc_attention_", arguments,
                                                [&](OpBuilder &, Block &body) { emitBody(body); });
    KernelCalls::call(builder, loc, function, arguments, units, work);
    op.erase();
  }

private:
  /// Batches and queries are counted by the init, keys by the values.
  OpFoldResult getLoopSize(unsigned loop, ValueRange operands) {
    unsigned operand = loop == op.getKeyLoop() ? 2 : operands.size() - 1;
    unsigned dim = *op.getMap(operand).getResultPosition(builder.getAffineDimExpr(loop));
    auto type = cast<MemRefType>(operands[operand].getType());
    if (!type.isDynamicDim(dim))
      return math.known(type.getDimSize(dim));
    return memref::DimOp::create(builder, loc, operands[operand], dim).getResult();
  }

  //===--------------------------------------------------------------------===//
  // Memory
  //===--------------------------------------------------------------------===//

  /// The access of an operand, which stays in place along loops that repeat it.
  LinearAccess createAccess(unsigned operand, Value memref) {
    AffineMap map = op.getMap(operand);
    LinearAccess access = LinearAccess::create(builder, loc, memref, map);
    auto type = cast<MemRefType>(memref.getType());
    bool isRepeatable = operand + 1 != op.getNumOperands();
    for (unsigned dim = 0; isRepeatable && dim < map.getNumResults(); ++dim) {
      unsigned loop = map.getDimPosition(dim);
      if (loop == op.getDepthLoop() || loop == op.getValueLoop() || (operand == 2 && loop == op.getKeyLoop()))
        continue;
      OpFoldResult &stride = access.strides[loop];
      if (!type.isDynamicDim(dim)) {
        stride = type.getDimSize(dim) == 1 ? math.known(0) : stride;
        continue;
      }
      Value size = memref::DimOp::create(builder, loc, memref, dim);
      Value isOne = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, size,
                                          math.materialize(math.known(1)));
      stride = arith::SelectOp::create(builder, loc, isOne, math.materialize(math.known(0)),
                                       math.materialize(stride))
                   .getResult();
    }
    return access;
  }

  /// A part of an operand, from `offset`, with a dimension for each of `loops`.
  Value view(const LinearAccess &access, OpFoldResult offset, ArrayRef<unsigned> loops,
             ArrayRef<OpFoldResult> sizes) {
    SmallVector<OpFoldResult> strides;
    SmallVector<int64_t> knownStrides, knownSizes;
    auto known = [](OpFoldResult value) { return getConstantIntValue(value).value_or(ShapedType::kDynamic); };
    for (auto [loop, size] : llvm::zip_equal(loops, sizes)) {
      strides.push_back(access.strides[loop]);
      knownStrides.push_back(known(strides.back()));
      knownSizes.push_back(known(size));
    }
    auto layout = StridedLayoutAttr::get(builder.getContext(), known(offset), knownStrides);
    auto type = MemRefType::get(knownSizes, cast<MemRefType>(access.flat.getType()).getElementType(), layout);
    return memref::ReinterpretCastOp::create(builder, loc, type, access.flat, offset, sizes, strides);
  }

  Value allocate(ArrayRef<int64_t> shape) {
    return memref::AllocaOp::create(builder, loc, MemRefType::get(shape, builder.getF32Type()),
                                    builder.getI64IntegerAttr(64));
  }

  /// The first elements along each dimension.
  Value part(Value memref, ArrayRef<OpFoldResult> sizes) {
    auto shape = cast<MemRefType>(memref.getType()).getShape();
    if (llvm::all_of(llvm::zip_equal(shape, sizes),
                     [](auto pair) { return getConstantIntValue(std::get<1>(pair)) == std::get<0>(pair); }))
      return memref;
    SmallVector<OpFoldResult> offsets(sizes.size(), math.known(0)), strides(sizes.size(), math.known(1));
    return memref::SubViewOp::create(builder, loc, memref, offsets, sizes, strides);
  }

  //===--------------------------------------------------------------------===//
  // Nests
  //===--------------------------------------------------------------------===//

  /// Loops over the dimensions of `dims`; those that the last of them lacks are summed. `body` gets what is
  /// read, and the element of `out`.
  void nest(unsigned numLoops, ArrayRef<SmallVector<unsigned>> dims, ValueRange inputs, Value out,
            function_ref<Value(OpBuilder &, ValueRange)> body) {
    SmallVector<Iterator> iterators(numLoops, Iterator::reduction);
    for (unsigned loop : dims.back())
      iterators[loop] = Iterator::parallel;
    linalg::GenericOp::create(builder, loc, inputs, out, makeMaps(builder.getContext(), numLoops, dims),
                              iterators, [&](OpBuilder &b, Location, ValueRange arguments) {
                                linalg::YieldOp::create(b, loc, body(b, arguments));
                              });
  }

  void copy(unsigned numLoops, ArrayRef<unsigned> dims, Value from, Value to) {
    SmallVector<unsigned> same(dims);
    nest(numLoops, {same, same}, from, to, [](OpBuilder &, ValueRange arguments) { return arguments[0]; });
  }

  Value number(OpBuilder &b, float value) {
    return arith::ConstantOp::create(b, loc, b.getF32FloatAttr(value));
  }

  void fill(Value memref, float value) {
    linalg::FillOp::create(builder, loc, number(builder, value), memref);
  }

  kernel::ContractOp contract(Value lhs, Value rhs, ValueRange extras, Value init,
                              ArrayRef<SmallVector<unsigned>> dims, ArrayRef<OpFoldResult> sizes,
                              bool accumulates) {
    SmallVector<int64_t> known;
    for (OpFoldResult size : sizes)
      known.push_back(getConstantIntValue(size).value_or(ShapedType::kDynamic));
    return kernel::ContractOp::create(builder, loc, TypeRange(), lhs, rhs, extras, init,
                                      builder.getAffineMapArrayAttr(makeMaps(builder.getContext(), 3, dims)),
                                      builder.getDenseI64ArrayAttr(known), accumulates,
                                      /*panel_width=*/IntegerAttr(), /*in_place=*/false, /*winograd=*/false,
                                      /*pool=*/kernel::PoolAttr());
  }

  /// The region of a contraction, with `body` in it.
  void setEpilogue(kernel::ContractOp contract, function_ref<Value(ValueRange)> body) {
    OpBuilder::InsertionGuard guard(builder);
    size_t numArguments = contract.getExtras().size() + 1;
    Block *block = builder.createBlock(&contract.getEpilogue(), {},
                                       SmallVector<Type>(numArguments, builder.getF32Type()),
                                       SmallVector<Location>(numArguments, loc));
    kernel::YieldOp::create(builder, loc, body(block->getArguments()));
  }

  Value cloneScore(OpBuilder &b, ValueRange arguments) {
    Block &body = op.getScores().front();
    IRMapping mapping(constants);
    mapping.map(body.getArguments(), arguments);
    for (Operation &inner : body.without_terminator())
      b.clone(inner, mapping);
    return mapping.lookupOrDefault(body.getTerminator()->getOperand(0));
  }

  //===--------------------------------------------------------------------===//
  // The function
  //===--------------------------------------------------------------------===//

  /// What a unit works with: its place, its number of queries, and memory for a block: `most` is of a block
  /// of keys alone what `larger` is of all so far, `worst` one number of all queries.
  struct Unit {
    SmallVector<OpFoldResult> offsets;
    OpFoldResult queries;
    Value packed, scores, result, shrink, larger, most, sum, values, worst;
    SmallVector<Value> extras;
  };

  /// Parts of the extras, and which of the loops [key, query] each has.
  struct ExtraViews {
    SmallVector<Value> views;
    SmallVector<SmallVector<unsigned>> dims;
  };

  /// Whether a loop moves the operand, as far as is known.
  bool isAlong(unsigned operand, unsigned loop) {
    return op.getMap(operand).isFunctionOfDim(loop) && op.getStaticSize(operand, loop) != 1;
  }
  bool isAlongQueries(unsigned operand) { return isAlong(operand, op.getQueryLoop()); }
  bool isAlongKeys(unsigned operand) { return isAlong(operand, op.getKeyLoop()); }

  void findMasks() {
    for (unsigned i = 3; i + 1 < op.getNumOperands(); ++i)
      hasMask |= isAlongKeys(i);
    auto select = op.getScores().front().getTerminator()->getOperand(0).getDefiningOp<arith::SelectOp>();
    auto test = select ? select.getCondition().getDefiningOp<arith::CmpFOp>() : arith::CmpFOp();
    if (!test || test.getPredicate() != arith::CmpFPredicate::UNE ||
        !matchPattern(test.getRhs(), m_AnyZeroFloat()))
      return;
    auto element = dyn_cast<BlockArgument>(test.getLhs());
    if (!element || element.getOwner() != &op.getScores().front() || element.getArgNumber() == 0 ||
        !isAlongKeys(element.getArgNumber() + 2))
      return;
    FloatAttr score;
    bool hidesByZero = matchPattern(select.getFalseValue(), m_Constant(&score));
    if (hidesByZero || matchPattern(select.getTrueValue(), m_Constant(&score)))
      choice = Choice{element.getArgNumber() + 2, hidesByZero, score.getValue().convertToFloat()};
  }

  void emitBody(Block &body) {
    findMasks();
    // Folding moves the constants of the region out of it.
    llvm::SetVector<Value> captured;
    getUsedValuesDefinedAbove(op.getScores(), captured);
    for (Value value : captured)
      builder.clone(*value.getDefiningOp(), constants);
    SmallVector<Value> operands;
    for (unsigned i = 0; i < op.getNumOperands(); ++i) {
      operands.push_back(body.getArgument(i));
      accesses.push_back(createAccess(i, operands.back()));
    }
    Unit unit;
    unit.scores = allocate({blockKeys, blockQueries});
    unit.result = allocate({blockQueries, width});
    for (Value *row : {&unit.shrink, &unit.larger, &unit.most, &unit.sum})
      *row = allocate({blockQueries});
    unit.worst = allocate({});
    unit.packed = allocate({depth * panelWidth});
    if (!isConstantIntValue(accesses[2].strides[op.getValueLoop()], 1))
      unit.values = allocate({blockKeys, width});
    for (unsigned i = 3; i + 1 < op.getNumOperands(); ++i) {
      Value memory;
      if (isAlongQueries(i))
        memory = isAlongKeys(i) ? allocate({blockKeys, blockQueries}) : allocate({blockQueries});
      unit.extras.push_back(memory);
    }
    OpFoldResult queries = getLoopSize(op.getQueryLoop(), operands), size = math.known(blockQueries);
    OpFoldResult blocks = math.ceilDiv(queries, size), keys = getLoopSize(op.getKeyLoop(), operands);
    unsigned last = body.getNumArguments() - 1;
    Value one = math.materialize(math.known(1));
    scf::ForOp::create(builder, loc, body.getArgument(last - 1), body.getArgument(last), one, ValueRange(),
                       [&](OpBuilder &, Location, Value index, ValueRange) {
                         SmallVector<OpFoldResult> place(op.getNumBatches() + 4, math.known(0));
                         OpFoldResult rest = math.div(OpFoldResult(index), blocks);
                         for (unsigned batch = op.getNumBatches(); batch-- > 0;) {
                           OpFoldResult batches = getLoopSize(batch, operands);
                           place[batch] = math.rem(rest, batches);
                           rest = math.div(rest, batches);
                         }
                         OpFoldResult first = math.mul(math.rem(OpFoldResult(index), blocks), size);
                         place[op.getQueryLoop()] = first;
                         for (const LinearAccess &access : accesses) {
                           OpFoldResult offset = access.offset;
                           for (auto [at, stride] : llvm::zip_equal(place, access.strides))
                             offset = math.add(offset, math.mul(at, stride));
                           unit.offsets.push_back(offset);
                         }
                         bool isEven = !ShapedType::isDynamic(numQueries) && numQueries % blockQueries == 0;
                         unit.queries = isEven ? size : math.min(size, math.sub(queries, first));
                         emitUnit(unit, keys);
                         scf::YieldOp::create(builder, loc);
                       });
  }

  void emitUnit(const Unit &unit, OpFoldResult keys) {
    pack(unit);
    fill(unit.larger, -std::numeric_limits<float>::infinity());
    fill(unit.sum, 0);
    SmallVector<OpFoldResult> sizes = {unit.queries, math.known(width)};
    Value init = view(accesses.back(), unit.offsets.back(), {op.getQueryLoop(), op.getValueLoop()}, sizes);
    Value result = part(unit.result, sizes), sum = part(unit.sum, unit.queries);
    if (isOneBlock) {
      emitScores(unit, math.known(0), keys, viewExtras(unit, math.known(0), keys));
      emitWeights(unit, keys, Value());
      emitResult(unit, math.known(0), keys, result, /*accumulates=*/false);
    } else {
      fill(unit.result, 0);
      scf::ForOp::create(builder, loc, math.materialize(math.known(0)), math.materialize(keys),
                         math.materialize(math.known(blockKeys)), ValueRange(),
                         [&](OpBuilder &, Location, Value first, ValueRange) {
                           OpFoldResult size = math.known(blockKeys);
                           if (ShapedType::isDynamic(numKeys) || numKeys % blockKeys != 0)
                             size = math.min(size, math.sub(keys, OpFoldResult(first)));
                           emitBlock(unit, OpFoldResult(first), size, result);
                           scf::YieldOp::create(builder, loc);
                         });
    }
    // The sum over no keys is nothing, as is the sum of their weights.
    Value isEmpty = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, math.materialize(keys),
                                          math.materialize(math.known(0)));
    nest(2, {{0, 1}, {0}, {0, 1}}, {result, sum}, init, [&](OpBuilder &b, ValueRange arguments) -> Value {
      Value mean = arith::DivFOp::create(b, loc, arguments[0], arguments[1]);
      return arith::SelectOp::create(b, loc, isEmpty, arguments[0], mean);
    });
  }

  /// Queries in the order of a panel: their first elements, their second ones ...
  void pack(const Unit &unit) {
    SmallVector<OpFoldResult> sizes = {unit.queries, math.known(depth)};
    Value queries = view(accesses[0], unit.offsets[0], {op.getQueryLoop(), op.getDepthLoop()}, sizes);
    // The contraction of a block of keys, but for what it reads of them.
    kernel::ContractOp like = contract(queries, queries, {}, unit.scores, {{0, 1}, {2, 1}, {0, 2}},
                                       {math.known(ShapedType::kDynamic), sizes[1], sizes[0]}, false);
    setEpilogue(like, [](ValueRange arguments) { return arguments[0]; });
    emitPacking(builder, like, ContractPlan(like, unitOfVectors), queries, unit.packed,
                {math.known(blockKeys), sizes[1], sizes[0]}, math.materialize(math.known(0)),
                math.materialize(math.known(1)));
    like.erase();
  }

  void emitUnless(Value condition, function_ref<void()> body) {
    Value always = arith::ConstantIntOp::create(builder, loc, 1, 1);
    Value isNot = arith::XOrIOp::create(builder, loc, condition, always);
    scf::IfOp::create(builder, loc, isNot, [&](OpBuilder &, Location) {
      body();
      scf::YieldOp::create(builder, loc);
    });
  }

  /// Adds the values of the keys [first, first + size) to the result.
  void emitBlock(const Unit &unit, OpFoldResult first, OpFoldResult size, Value result) {
    ExtraViews extras = viewExtras(unit, first, size);
    auto emitRest = [&] {
      emitScores(unit, first, size, extras);
      if (!hasMask) {
        emitWeights(unit, size, result);
        emitResult(unit, first, size, result, /*accumulates=*/true);
        return;
      }
      Value most = findMost(unit, size);
      emitUnless(areSilent(unit, most), [&] {
        emitWeights(unit, size, result);
        emitResult(unit, first, size, result, /*accumulates=*/true);
      });
    };
    if (choice)
      emitUnless(isHidden(unit, extras), emitRest);
    else
      emitRest();
  }

  /// The largest of `value` over what is read, one number of all queries; NaN if there is one.
  Value findWorst(const Unit &unit, ValueRange inputs, ArrayRef<SmallVector<unsigned>> dims,
                  function_ref<Value(OpBuilder &, ValueRange)> value) {
    fill(unit.worst, -std::numeric_limits<float>::infinity());
    SmallVector<SmallVector<unsigned>> all(dims);
    all.push_back({});
    nest(1, all, inputs, unit.worst, [&](OpBuilder &b, ValueRange arguments) -> Value {
      return arith::MaximumFOp::create(b, loc, arguments.back(), value(b, arguments));
    });
    return memref::LoadOp::create(builder, loc, unit.worst, ValueRange());
  }

  Value isBelow(Value value, float bound) {
    return arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OLT, value, number(builder, bound));
  }

  /// Whether the mask chooses its number for all scores of a block, and no weight of that number is more than
  /// 0.
  Value isHidden(const Unit &unit, const ExtraViews &extras) {
    Value mask = extras.views[choice->operand - 3];
    // The larger is the more visible: -|x| where 0 is seen.
    auto visible = [&](OpBuilder &b, Value element) -> Value {
      Value size = math::AbsFOp::create(b, loc, element);
      return choice->hidesByZero ? size : Value(arith::NegFOp::create(b, loc, size));
    };
    Value most;
    if (isAlongQueries(choice->operand)) {
      Value rows = part(unit.most, unit.queries);
      fill(rows, -std::numeric_limits<float>::infinity());
      nest(2, {{0, 1}, {1}}, mask, rows, [&](OpBuilder &b, ValueRange arguments) -> Value {
        return arith::MaximumFOp::create(b, loc, arguments[1], visible(b, arguments[0]));
      });
      most = findWorst(unit, rows, {{0}}, [](OpBuilder &, ValueRange arguments) { return arguments[0]; });
    } else {
      most = findWorst(unit, mask, {{0}},
                       [&](OpBuilder &b, ValueRange arguments) { return visible(b, arguments[0]); });
    }
    Value zero = number(builder, 0);
    auto predicate = choice->hidesByZero ? arith::CmpFPredicate::OEQ : arith::CmpFPredicate::OLT;
    Value areChosen = arith::CmpFOp::create(builder, loc, predicate, most, zero);
    if (choice->score == -std::numeric_limits<float>::infinity())
      return areChosen;
    Value difference = findWorst(
        unit, part(unit.larger, unit.queries), {{0}}, [&](OpBuilder &b, ValueRange arguments) -> Value {
          return arith::SubFOp::create(b, loc, number(b, choice->score), arguments[0]);
        });
    return arith::AndIOp::create(builder, loc, areChosen, isBelow(difference, kLeastExponent));
  }

  /// The largest scores of a block, per query.
  Value findMost(const Unit &unit, OpFoldResult size) {
    Value most = part(unit.most, unit.queries);
    fill(most, -std::numeric_limits<float>::infinity());
    nest(2, {{0, 1}, {1}}, part(unit.scores, {size, unit.queries}), most,
         [&](OpBuilder &b, ValueRange arguments) -> Value {
           return arith::MaximumFOp::create(b, loc, arguments[1], arguments[0]);
         });
    return most;
  }

  /// Whether all weights of a block are 0, as its largest scores are far below those before.
  Value areSilent(const Unit &unit, Value most) {
    Value difference = findWorst(unit, {most, part(unit.larger, unit.queries)}, {{0}, {0}},
                                 [&](OpBuilder &b, ValueRange arguments) -> Value {
                                   Value largest =
                                       arith::MaximumFOp::create(b, loc, arguments[0], arguments[1]);
                                   return arith::SubFOp::create(b, loc, arguments[0], originOf(b, largest));
                                 });
    return isBelow(difference, kLeastExponent);
  }

  /// What scores are compared with: where all so far are -inf, so are their differences from 0.
  Value originOf(OpBuilder &b, Value largest) {
    Value isLowest = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ, largest,
                                           number(b, -std::numeric_limits<float>::infinity()));
    return arith::SelectOp::create(b, loc, isLowest, number(b, 0), largest);
  }

  /// For a block of keys; what differs from query to query is brought along the lanes.
  ExtraViews viewExtras(const Unit &unit, OpFoldResult first, OpFoldResult size) {
    ExtraViews extras;
    for (auto [i, memory] : llvm::enumerate(unit.extras)) {
      unsigned operand = i + 3;
      SmallVector<unsigned> loops, dim;
      SmallVector<OpFoldResult> sizes;
      if (isAlongKeys(operand)) {
        loops.push_back(op.getKeyLoop());
        dim.push_back(0);
        sizes.push_back(size);
      }
      if (isAlongQueries(operand)) {
        loops.push_back(op.getQueryLoop());
        dim.push_back(1);
        sizes.push_back(unit.queries);
      }
      Value extra = view(accesses[operand], offsetOf(unit, operand, first), loops, sizes);
      if (memory) {
        Value lanes = part(memory, sizes);
        copy(sizes.size(), llvm::to_vector(llvm::seq<unsigned>(sizes.size())), extra, lanes);
        extra = lanes;
      }
      extras.views.push_back(extra);
      extras.dims.push_back(dim);
    }
    return extras;
  }

  OpFoldResult offsetOf(const Unit &unit, unsigned operand, OpFoldResult firstKey) {
    return math.add(unit.offsets[operand], math.mul(firstKey, accesses[operand].strides[op.getKeyLoop()]));
  }

  /// Of the keys [first, first + size).
  void emitScores(const Unit &unit, OpFoldResult first, OpFoldResult size, const ExtraViews &extras) {
    Value keys = view(accesses[1], offsetOf(unit, 1, first), {op.getKeyLoop(), op.getDepthLoop()},
                      {size, math.known(depth)});
    Value scores = part(unit.scores, {size, unit.queries});
    Block &body = op.getScores().front();
    bool isVector = body.getOperations().size() <= static_cast<size_t>(kLargestEpilogue) &&
                    llvm::all_of(body.without_terminator(), isVectorizable);
    SmallVector<SmallVector<unsigned>> contractDims = {{0, 1}, {1, 2}};
    for (ArrayRef<unsigned> each : isVector ? ArrayRef(extras.dims) : ArrayRef<SmallVector<unsigned>>())
      contractDims.push_back(llvm::to_vector(llvm::map_range(each, [](unsigned dim) { return 2 * dim; })));
    contractDims.push_back({0, 2});
    auto products = contract(keys, unit.packed, isVector ? ValueRange(extras.views) : ValueRange(), scores,
                             contractDims, {size, math.known(depth), unit.queries}, /*accumulates=*/false);
    setEpilogue(products, [&](ValueRange arguments) {
      return isVector ? cloneScore(builder, arguments) : arguments[0];
    });
    products.setPanelWidth(getTiling(products, unitOfVectors).getPanelWidth());
    if (isVector)
      return;
    SmallVector<SmallVector<unsigned>> dims(extras.dims);
    dims.push_back({0, 1});
    nest(2, dims, extras.views, scores, [&](OpBuilder &b, ValueRange arguments) {
      SmallVector<Value> ordered = {arguments.back()};
      llvm::append_range(ordered, arguments.drop_back());
      return cloneScore(b, ordered);
    });
  }

  /// Makes weights of the scores of `size` keys, and shrinks what was summed before, if there is a result.
  void emitWeights(const Unit &unit, OpFoldResult size, Value result) {
    Value scores = part(unit.scores, {size, unit.queries});
    Value shrink = part(unit.shrink, unit.queries), larger = part(unit.larger, unit.queries),
          sum = part(unit.sum, unit.queries);
    if (result)
      copy(1, {0}, larger, shrink);
    nest(2, {{0, 1}, {1}}, scores, larger, [&](OpBuilder &b, ValueRange arguments) -> Value {
      return arith::MaximumFOp::create(b, loc, arguments[1], arguments[0]);
    });
    auto weigh = [&](OpBuilder &b, Value score, Value largest) -> Value {
      return math::ExpOp::create(b, loc, arith::SubFOp::create(b, loc, score, originOf(b, largest)));
    };
    if (result) {
      nest(1, {{0}, {0}}, larger, shrink,
           [&](OpBuilder &b, ValueRange arguments) { return weigh(b, arguments[1], arguments[0]); });
      auto multiply = [&](OpBuilder &b, ValueRange arguments) -> Value {
        return arith::MulFOp::create(b, loc, arguments[1], arguments[0]);
      };
      nest(1, {{0}, {0}}, shrink, sum, multiply);
      nest(2, {{0}, {0, 1}}, shrink, result, multiply);
    }
    nest(2, {{1}, {0, 1}}, larger, scores,
         [&](OpBuilder &b, ValueRange arguments) { return weigh(b, arguments[1], arguments[0]); });
    nest(2, {{0, 1}, {1}}, scores, sum, [&](OpBuilder &b, ValueRange arguments) -> Value {
      return arith::AddFOp::create(b, loc, arguments[1], arguments[0]);
    });
  }

  void emitResult(const Unit &unit, OpFoldResult first, OpFoldResult size, Value result, bool accumulates) {
    Value scores = part(unit.scores, {size, unit.queries});
    SmallVector<OpFoldResult> sizes = {size, math.known(width)};
    Value values =
        view(accesses[2], math.add(unit.offsets[2], math.mul(first, accesses[2].strides[op.getKeyLoop()])),
             {op.getKeyLoop(), op.getValueLoop()}, sizes);
    if (unit.values) {
      Value rows = part(unit.values, sizes);
      copy(2, {0, 1}, values, rows);
      values = rows;
    }
    auto products = contract(scores, values, {}, result, {{1, 0}, {1, 2}, {0, 2}},
                             {unit.queries, size, math.known(width)}, accumulates);
    products.setInPlace(true);
    setEpilogue(products, [](ValueRange arguments) { return arguments[0]; });
  }
};

/// Copies elements, as another type of floats.
void convert(OpBuilder &builder, Location loc, Value from, Value to) {
  int64_t rank = cast<MemRefType>(to.getType()).getRank();
  SmallVector<AffineMap> maps(2, builder.getMultiDimIdentityMap(rank));
  SmallVector<Iterator> iterators(rank, Iterator::parallel);
  linalg::GenericOp::create(builder, loc, from, to, maps, iterators,
                            [](OpBuilder &b, Location loc, ValueRange elements) {
                              Value element = elements[0];
                              Type type = elements[1].getType();
                              if (type.isF32())
                                element = arith::ExtFOp::create(b, loc, type, element);
                              else
                                element = arith::TruncFOp::create(b, loc, type, element);
                              linalg::YieldOp::create(b, loc, element);
                            });
}

/// Gives an op whose floats have 16 bits operands of f32: that is what is computed with.
void widenOperands(kernel::AttentionOp op) {
  OpBuilder builder(op);
  Location loc = op.getLoc();
  for (OpOperand &operand : op->getOpOperands()) {
    Value narrow = operand.get();
    auto type = cast<MemRefType>(narrow.getType());
    if (type.getElementType().isF32())
      continue;
    SmallVector<Value> sizes;
    for (int64_t dim = 0; dim < type.getRank(); ++dim)
      if (type.isDynamicDim(dim))
        sizes.push_back(memref::DimOp::create(builder, loc, narrow, dim));
    Value wide =
        memref::AllocOp::create(builder, loc, MemRefType::get(type.getShape(), builder.getF32Type()), sizes);
    bool isResult = operand.getOperandNumber() + 1 == op->getNumOperands();
    if (!isResult)
      convert(builder, loc, narrow, wide);
    operand.set(wide);
    if (!isResult)
      continue;
    builder.setInsertionPointAfter(op);
    convert(builder, loc, wide, narrow);
  }
}

struct LowerAttentionPass : impl::LowerAttentionPassBase<LowerAttentionPass> {
  using LowerAttentionPassBase::LowerAttentionPassBase;

  void runOnOperation() override {
    KernelCalls kernels(getOperation());
    SmallVector<kernel::AttentionOp> ops;
    getOperation().walk([&](kernel::AttentionOp op) { ops.push_back(op); });
    for (kernel::AttentionOp op : ops) {
      widenOperands(op);
      OpBuilder builder(op);
      AttentionEmitter(builder, op, {vectorBytes, vectorRegisters, panelBytes, pairsBfloats}).emit(kernels);
    }
  }
};

} // namespace
} // namespace tgc
