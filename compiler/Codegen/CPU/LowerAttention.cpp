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

#include "compiler/Codegen/CPU/AttentionBlocks.h"
#include "compiler/Codegen/CPU/AttentionGradient.h"
#include "compiler/Codegen/CPU/KernelCalls.h"
#include "compiler/Codegen/CPU/Passes.h"
#include "compiler/Codegen/CPU/SelectBlocks.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace tgc {
#define GEN_PASS_DEF_LOWERATTENTIONPASS
#include "compiler/Codegen/CPU/Passes.h.inc"

namespace {

class AttentionEmitter : AttentionBlocks {
public:
  bool isOneBlock;

  AttentionEmitter(OpBuilder &builder, kernel::AttentionOp op, VectorUnit unit)
      : AttentionBlocks(builder, op, unit) {
    blockQueries = ShapedType::isDynamic(numQueries) ? panelWidth : std::min(panelWidth, numQueries);
    isOneBlock = !ShapedType::isDynamic(numKeys) && numKeys <= kMostKeysOfOneBlock;
    blockKeys = isOneBlock ? numKeys : kKeysOfBlock;
  }

  void emit(KernelCalls &kernels) {
    SmallVector<Value> arguments(op->getOperands());
    OpFoldResult units = math.ceilDiv(getLoopSize(queryLoop(), arguments), math.known(blockQueries));
    OpFoldResult work = getLoopSize(keyLoop(), arguments);
    for (unsigned batch = 0; batch < numBatches; ++batch)
      units = math.mul(units, getLoopSize(batch, arguments));
    work = math.mul(work, math.mul(units, math.known(blockQueries * (depth + width + kProductsPerFunction))));
    func::FuncOp function = kernels.getFunction(builder, loc, "tgc_attention_", arguments,
                                                [&](OpBuilder &, Block &body) { emitBody(body); });
    KernelCalls::call(builder, loc, function, arguments, units, work);
    op->erase();
  }

private:
  //===--------------------------------------------------------------------===//
  // The function
  //===--------------------------------------------------------------------===//

  /// What a unit works with.
  struct Unit : Queries {
    Value result, shrink, sum, values;
  };

  void emitBody(Block &body) {
    SmallVector<Value> operands = beginBody(body);
    Unit unit;
    allocateBlock(unit);
    unit.result = allocate({blockQueries, width});
    for (Value *row : {&unit.shrink, &unit.sum})
      *row = allocate({blockQueries});
    if (!isConstantIntValue(accesses[kValues].strides[valueLoop()], 1))
      unit.values = allocate({blockKeys, width});
    OpFoldResult queries = getLoopSize(queryLoop(), operands), size = math.known(blockQueries);
    OpFoldResult blocks = math.ceilDiv(queries, size), keys = getLoopSize(keyLoop(), operands);
    unsigned last = body.getNumArguments() - 1;
    Value one = math.materialize(math.known(1));
    scf::ForOp::create(builder, loc, body.getArgument(last - 1), body.getArgument(last), one, ValueRange(),
                       [&](OpBuilder &, Location, Value index, ValueRange) {
                         auto place = placeOfBatch(math.div(OpFoldResult(index), blocks), operands);
                         OpFoldResult first = math.mul(math.rem(OpFoldResult(index), blocks), size);
                         place[queryLoop()] = first;
                         unit.offsets = offsetsOf(place);
                         bool isEven = !ShapedType::isDynamic(numQueries) && numQueries % blockQueries == 0;
                         unit.queries = isEven ? size : math.min(size, math.sub(queries, first));
                         emitUnit(unit, keys);
                         scf::YieldOp::create(builder, loc);
                       });
  }

  void emitUnit(const Unit &unit, OpFoldResult keys) {
    pack(unit, kQueries, depthLoop(), depth, unit.packed);
    fill(unit.larger, -std::numeric_limits<float>::infinity());
    fill(unit.sum, 0);
    SmallVector<OpFoldResult> sizes = {unit.queries, math.known(width)};
    Value init = view(accesses[initNumber], unit.offsets[initNumber], {queryLoop(), valueLoop()}, sizes);
    Value result = part(unit.result, sizes), sum = part(unit.sum, unit.queries);
    if (isOneBlock) {
      emitScores(unit, math.known(0), keys, viewExtras(unit, math.known(0), keys));
      emitWeights(unit, keys, Value());
      emitResult(unit, math.known(0), keys, result, /*accumulates=*/false);
    } else {
      fill(unit.result, 0);
      forEachBlock(keys, blockKeys,
                   [&](OpFoldResult first, OpFoldResult size) { emitBlock(unit, first, size, result); });
    }
    // The sum over no keys is nothing, as is the sum of their weights.
    Value isEmpty = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, math.materialize(keys),
                                          math.materialize(math.known(0)));
    nest(2, {{0, 1}, {0}, {0, 1}}, {result, sum}, init, [&](OpBuilder &b, ValueRange arguments) -> Value {
      Value mean = arith::DivFOp::create(b, loc, arguments[0], arguments[1]);
      return arith::SelectOp::create(b, loc, isEmpty, arguments[0], mean);
    });
    if (op->getNumOperands() == initNumber + 1)
      return;
    for (unsigned i : {1, 2}) {
      Value statistic =
          view(accesses[initNumber + i], unit.offsets[initNumber + i], queryLoop(), unit.queries);
      copy(1, {0}, part(i == 1 ? unit.larger : unit.sum, unit.queries), statistic);
    }
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
      emitUnless(isHidden(unit, extras, /*mayGrow=*/true), emitRest);
    else
      emitRest();
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
    Value values = view(accesses[kValues], offsetOf(unit, kValues, first), {keyLoop(), valueLoop()}, sizes);
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

using Iterator = utils::IteratorType;

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
template <typename Op> void widenOperands(Op op) {
  Location loc = op.getLoc();
  for (OpOperand &operand : op->getOpOperands()) {
    OpBuilder builder(op);
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
    operand.set(wide);
    if (!op.isDpsInit(&operand)) {
      convert(builder, loc, narrow, wide);
      continue;
    }
    builder.setInsertionPointAfter(op);
    convert(builder, loc, wide, narrow);
  }
}

struct LowerAttentionPass : impl::LowerAttentionPassBase<LowerAttentionPass> {
  using LowerAttentionPassBase::LowerAttentionPassBase;

  void runOnOperation() override {
    KernelCalls kernels(getOperation());
    VectorUnit unit{vectorBytes, vectorRegisters, panelBytes, pairsBfloats};
    SmallVector<Operation *> ops;
    getOperation().walk([&](Operation *op) {
      if (isa<kernel::AttentionOp, kernel::AttentionGradOp>(op))
        ops.push_back(op);
    });
    for (Operation *op : ops) {
      if (auto gradient = dyn_cast<kernel::AttentionGradOp>(op)) {
        widenOperands(gradient);
        lowerAttentionGradient(gradient, unit, kernels);
        continue;
      }
      auto attention = cast<kernel::AttentionOp>(op);
      widenOperands(attention);
      OpBuilder builder(op);
      AttentionEmitter(builder, attention, unit).emit(kernels);
    }
  }
};

} // namespace
} // namespace tgc
