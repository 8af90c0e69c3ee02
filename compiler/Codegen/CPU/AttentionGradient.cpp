//===- AttentionGradient.cpp - Gradients of attention, block by block -----===//
//
//   for each block of queries
//     pack the queries and the gradients of their results
//     differences = sum of gradients * results                               per query
//     for each block of keys, unless a mask makes all of its weights 0
//       weights[key, query] = exp(f(keys * queries) - largest) / sum         a contraction
//       products[key, query] = f'(weights * (values * gradients - differences))   a contraction
//       gradients of values += weights * gradients                           a contraction
//       gradients of keys += products * queries                              a contraction
//       gradients of queries += products * keys                              a contraction
//
// Weights are computed again from what the attention keeps of each query: Dao, "FlashAttention-2", 2023. A
// unit of work is a batch (a head): gradients of its keys are sums over all of its queries, whose order so
// does not depend on the number of threads. Both matrices of a block lie on the stack.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/CPU/AttentionGradient.h"
#include "compiler/Codegen/CPU/AttentionBlocks.h"
#include "compiler/Codegen/CPU/SelectBlocks.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace tgc {
namespace {

using Op = kernel::AttentionGradOp;

class GradientEmitter : AttentionBlocks {
public:
  GradientEmitter(OpBuilder &builder, Op grad, VectorUnit unit)
      : AttentionBlocks(builder, grad, unit), gradient(grad.getGradient()) {
    auto atMost = [](int64_t size, int64_t most) {
      return ShapedType::isDynamic(size) ? most : std::min(size, most);
    };
    blockQueries = atMost(numQueries, kQueriesOfGradientBlock);
    blockKeys = atMost(numKeys, kKeysOfBlock);
  }

  void emit(KernelCalls &kernels) {
    SmallVector<Value> arguments(op->getOperands());
    OpFoldResult units = math.known(1);
    for (unsigned batch = 0; batch < numBatches; ++batch)
      units = math.mul(units, getLoopSize(batch, arguments));
    OpFoldResult work = math.mul(getLoopSize(queryLoop(), arguments), getLoopSize(keyLoop(), arguments));
    work = math.mul(math.mul(work, units), math.known(3 * depth + 2 * width + kProductsPerFunction));
    func::FuncOp function = kernels.getFunction(builder, loc, "tgc_attention_grad_", arguments,
                                                [&](OpBuilder &, Block &body) { emitBody(body); });
    KernelCalls::call(builder, loc, function, arguments, units, work);
    op->erase();
  }

private:
  /// What a unit works with. Rows have memory where they do not lie together: of keys, queries and gradients.
  struct Unit : Queries {
    Value products, packedGradients, differences, shares, keyRows, queryRows, gradientRows;
  };

  Value allocateRows(unsigned operand, unsigned elementLoop, int64_t count, int64_t length) {
    bool isTogether = isConstantIntValue(accesses[operand].strides[elementLoop], 1);
    return isTogether ? Value() : allocate({count, length});
  }

  void emitBody(Block &body) {
    SmallVector<Value> operands = beginBody(body);
    Unit unit;
    allocateBlock(unit);
    unit.products = allocate({blockKeys, blockQueries});
    unit.packedGradients = allocatePacked(width);
    unit.differences = allocate({blockQueries});
    unit.shares = allocate({blockQueries});
    unit.keyRows = allocateRows(Op::kKeys, depthLoop(), blockKeys, depth);
    unit.queryRows = allocateRows(Op::kQueries, depthLoop(), blockQueries, depth);
    unit.gradientRows = allocateRows(Op::kGradients, valueLoop(), blockQueries, width);
    OpFoldResult queries = getLoopSize(queryLoop(), operands), keys = getLoopSize(keyLoop(), operands);
    unsigned last = body.getNumArguments() - 1;
    Value one = math.materialize(math.known(1));
    scf::ForOp::create(builder, loc, body.getArgument(last - 1), body.getArgument(last), one, ValueRange(),
                       [&](OpBuilder &, Location, Value index, ValueRange) {
                         emitUnit(unit, placeOfBatch(OpFoldResult(index), operands), queries, keys);
                         scf::YieldOp::create(builder, loc);
                       });
  }

  /// The part of a gradient from the unit's place on.
  Value viewGradient(const Unit &unit, unsigned number, unsigned loop, OpFoldResult first,
                     OpFoldResult count) {
    unsigned operand = initNumber + number, elementLoop = number == 2 ? valueLoop() : depthLoop();
    OpFoldResult offset = math.add(unit.offsets[operand], math.mul(first, accesses[operand].strides[loop]));
    return view(accesses[operand], offset, {loop, elementLoop},
                {count, math.known(number == 2 ? width : depth)});
  }

  void emitUnit(Unit &unit, SmallVector<OpFoldResult> place, OpFoldResult queries, OpFoldResult keys) {
    unit.offsets = offsetsOf(place);
    fill(viewGradient(unit, 0, queryLoop(), math.known(0), queries), 0);
    for (unsigned number : {1, 2})
      fill(viewGradient(unit, number, keyLoop(), math.known(0), keys), 0);
    forEachBlock(queries, blockQueries, [&](OpFoldResult first, OpFoldResult count) {
      place[queryLoop()] = first;
      unit.offsets = offsetsOf(place);
      unit.queries = count;
      emitQueries(unit);
      forEachBlock(keys, blockKeys,
                   [&](OpFoldResult first, OpFoldResult size) { emitBlock(unit, first, size); });
    });
  }

  /// Rows where they lie, or copied to `memory`.
  Value takeRows(unsigned operand, OpFoldResult offset, unsigned loop, unsigned elementLoop,
                 ArrayRef<OpFoldResult> sizes, Value memory) {
    Value rows = view(accesses[operand], offset, {loop, elementLoop}, sizes);
    if (!memory)
      return rows;
    Value together = part(memory, sizes);
    copy(2, {0, 1}, rows, together);
    return together;
  }

  Value takeStatistic(const Unit &unit, unsigned operand) {
    return view(accesses[operand], unit.offsets[operand], queryLoop(), unit.queries);
  }

  /// What all blocks of keys have in common.
  void emitQueries(const Unit &unit) {
    pack(unit, Op::kQueries, depthLoop(), depth, unit.packed);
    pack(unit, Op::kGradients, valueLoop(), width, unit.packedGradients);
    copy(1, {0}, takeStatistic(unit, Op::kLargest), part(unit.larger, unit.queries));
    nest(1, {{0}, {0}}, takeStatistic(unit, Op::kSums), part(unit.shares, unit.queries),
         [&](OpBuilder &b, ValueRange arguments) -> Value {
           return arith::DivFOp::create(b, loc, number(b, 1), arguments[0]);
         });
    Value differences = part(unit.differences, unit.queries);
    fill(differences, 0);
    SmallVector<Value> rows;
    for (unsigned operand : {Op::kGradients, Op::kAttended})
      rows.push_back(view(accesses[operand], unit.offsets[operand], {queryLoop(), valueLoop()},
                          {unit.queries, math.known(width)}));
    nest(2, {{0, 1}, {0, 1}, {0}}, rows, differences, [&](OpBuilder &b, ValueRange arguments) -> Value {
      Value product = arith::MulFOp::create(b, loc, arguments[0], arguments[1]);
      return arith::AddFOp::create(b, loc, arguments[2], product);
    });
  }

  void emitBlock(const Unit &unit, OpFoldResult first, OpFoldResult size) {
    ExtraViews extras = viewExtras(unit, first, size);
    auto emitRest = [&] {
      emitScores(unit, first, size, extras);
      if (!hasMask)
        return emitSums(unit, first, size, extras);
      Value most = findMost(unit, size);
      // NaN where a query sees nothing: its weights are.
      Value difference = findWorst(unit, {most, part(unit.larger, unit.queries)}, {{0}, {0}},
                                   [&](OpBuilder &b, ValueRange arguments) -> Value {
                                     return arith::SubFOp::create(b, loc, arguments[0], arguments[1]);
                                   });
      emitUnless(isBelow(difference, kLeastExponent), [&] { emitSums(unit, first, size, extras); });
    };
    if (choice)
      emitUnless(isHidden(unit, extras, /*mayGrow=*/false), emitRest);
    else
      emitRest();
  }

  /// Adds what a block of keys gives to the gradients.
  void emitSums(const Unit &unit, OpFoldResult first, OpFoldResult size, const ExtraViews &extras) {
    Value weights = part(unit.scores, {size, unit.queries}),
          products = part(unit.products, {size, unit.queries});
    Value larger = part(unit.larger, unit.queries), shares = part(unit.shares, unit.queries);
    nest(2, {{1}, {1}, {0, 1}}, {larger, shares}, weights, [&](OpBuilder &b, ValueRange arguments) -> Value {
      Value less = arith::SubFOp::create(b, loc, arguments[2], originOf(b, arguments[0]));
      return arith::MulFOp::create(b, loc, math::ExpOp::create(b, loc, less), arguments[1]);
    });
    emitGradients(unit, first, size, extras, weights, products);
    OpFoldResult longDepth = math.known(depth), longWidth = math.known(width);
    Value gradients = takeRows(Op::kGradients, unit.offsets[Op::kGradients], queryLoop(), valueLoop(),
                               {unit.queries, longWidth}, unit.gradientRows);
    accumulate(weights, {0, 1}, gradients, viewGradient(unit, 2, keyLoop(), first, size),
               {size, unit.queries, longWidth});
    Value queries = takeRows(Op::kQueries, unit.offsets[Op::kQueries], queryLoop(), depthLoop(),
                             {unit.queries, longDepth}, unit.queryRows);
    accumulate(products, {0, 1}, queries, viewGradient(unit, 1, keyLoop(), first, size),
               {size, unit.queries, longDepth});
    Value keys = takeRows(Op::kKeys, offsetOf(unit, Op::kKeys, first), keyLoop(), depthLoop(),
                          {size, longDepth}, unit.keyRows);
    accumulate(products, {1, 0}, keys, viewGradient(unit, 0, queryLoop(), math.known(0), unit.queries),
               {unit.queries, size, longDepth});
  }

  /// The gradients of the products of keys and queries.
  void emitGradients(const Unit &unit, OpFoldResult first, OpFoldResult size, const ExtraViews &extras,
                     Value weights, Value products) {
    ExtraViews all = extras;
    all.views.append({weights, part(unit.differences, unit.queries)});
    all.dims.push_back({0, 1});
    all.dims.push_back({1});
    Value values = view(accesses[kValues], offsetOf(unit, kValues, first), {keyLoop(), valueLoop()},
                        {size, math.known(width)});
    emitProducts(
        unit, values, size, width, unit.packedGradients, all, products,
        gradient.front().getOperations().size() + 2,
        [&](OpBuilder &b, ValueRange arguments) {
          ValueRange others = arguments.drop_front();
          Value weight = others[extras.views.size()], difference = others.back();
          Value less = arith::SubFOp::create(b, loc, arguments[0], difference);
          SmallVector<Value> given = {arith::MulFOp::create(b, loc, less, weight)};
          llvm::append_range(given, others.take_front(extras.views.size()));
          return cloneRegion(b, gradient, given);
        },
        isVectorizableRegion(gradient));
  }

  /// sums += left * rows; `leftLoops` say how the left operand has the loops of rows and of what is summed.
  void accumulate(Value left, SmallVector<unsigned> leftLoops, Value rows, Value sums,
                  ArrayRef<OpFoldResult> sizes) {
    auto products = contract(left, rows, {}, sums, {leftLoops, {1, 2}, {0, 2}}, sizes, /*accumulates=*/true);
    products.setInPlace(true);
    setEpilogue(products, [](ValueRange arguments) { return arguments[0]; });
  }

  Region &gradient;
};

} // namespace

void lowerAttentionGradient(Op op, VectorUnit unit, KernelCalls &kernels) {
  OpBuilder builder(op);
  GradientEmitter(builder, op, unit).emit(kernels);
}

} // namespace tgc
