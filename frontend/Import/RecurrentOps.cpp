//===- RecurrentOps.cpp - Cells of recurrent nets -------------------------===//
//
// Whole cells in one node, taken apart into products and elementwise ops, which fuse again.
//
//===----------------------------------------------------------------------===//

#include "frontend/Import/KernelCalls.h"
#include "frontend/Import/OpRegistry.h"
#include "frontend/Import/SequenceOps.h"

using namespace mlir;

namespace tgc {
namespace {

using Size = OpFoldResult;

/// [x, h] * w + b, for inputs of rank 2 and a bias of rank 1.
FailureOr<Value> multiplyJoined(NodeImporter &n, Value x, Value h, Value w, Value b) {
  SmallVector<Value> parts{x, h};
  auto joined = n.tryCreate<tg::ConcatOp>(ValueRange(parts), n.builder.getI64IntegerAttr(1));
  if (failed(joined))
    return failure();
  if (failed(n.requireEqual(n.sizes.sizeOf(*joined, 1), n.sizes.sizeOf(w, 0),
                            "the input and the state have %d columns, the weights %d rows")) ||
      failed(n.requireEqual(n.sizes.sizeOf(b, 0), n.sizes.sizeOf(w, 1),
                            "the bias has %d elements, the weights %d columns")))
    return failure();
  auto product = n.tryCreate<tg::MatMulOp>(*joined, w, false, false);
  if (failed(product))
    return failure();
  return n.add(*product, n.broadcastAlong(b, 1, n.sizes.sizesOf(*product)));
}

/// Part `i` of `count` along the columns.
Value takePart(NodeImporter &n, Value x, int64_t i, int64_t count) {
  SmallVector<Size> sizes = n.sizes.sizesOf(x);
  Size width = n.sizes.floorDiv(sizes[1], n.sizes.constant(count));
  return n.slice(x, {n.sizes.constant(0), n.sizes.mul(width, n.sizes.constant(i))}, {sizes[0], width});
}

LogicalResult checkRanks(NodeImporter &n, ArrayRef<int64_t> ranks) {
  for (auto [i, rank] : llvm::enumerate(ranks))
    if (n.getRank(i) != rank)
      return n.error() << "input " << i << " must have rank " << rank << ", got " << n.getType(i);
  return success();
}

Value sigmoid(NodeImporter &n, Value x) { return n.create<tg::SigmoidOp>(x); }
Value tanh(NodeImporter &n, Value x) { return n.create<tg::TanhOp>(x); }

/// (x, cs_prev, h_prev, w, wci, wcf, wco, b): gates stand in the order i, ci, f, o.
LogicalResult importLSTMCell(NodeImporter &n) {
  if (failed(checkRanks(n, {2, 2, 2, 2, 1, 1, 1, 1})))
    return failure();
  Value old = n.getTensor(1);
  auto gates = multiplyJoined(n, n.getTensor(0), n.getTensor(2), n.getTensor(3), n.getTensor(7));
  if (failed(gates))
    return failure();
  auto states = n.withOneShape({old, takePart(n, *gates, 0, 4)});
  if (failed(states))
    return failure();
  old = (*states)[0];
  SmallVector<Size> sizes = n.sizes.sizesOf(old);
  auto part = [&](int64_t i) { return n.withSizes(takePart(n, *gates, i, 4), sizes); };
  auto peep = [&](Value gate, Value state, size_t weights) {
    return n.getBool("use_peephole")
               ? n.add(gate, n.mul(state, n.broadcastAlong(n.getTensor(weights), 1, sizes)))
               : gate;
  };
  Value in = sigmoid(n, peep(part(0), old, 4)), candidate = tanh(n, part(1));
  Value forget = n.add(part(2), n.splatLike(old, n.getFloat("forget_bias")));
  forget = sigmoid(n, peep(forget, old, 5));
  Value state = n.add(n.mul(candidate, in), n.mul(old, forget));
  if (float clip = n.getFloat("cell_clip"); clip > 0)
    state = n.create<tg::MaximumOp>(n.create<tg::MinimumOp>(state, n.splatLike(state, clip)),
                                    n.splatLike(state, -clip));
  Value out = sigmoid(n, peep(part(3), state, 6)), shown = tanh(n, state);
  Value results[] = {in, state, forget, out, candidate, shown, n.mul(shown, out)};
  for (auto [i, result] : llvm::enumerate(results))
    n.setResult(i, result);
  return success();
}

/// (x, h_prev, w_ru, w_c, b_ru, b_c).
LogicalResult importGRUCell(NodeImporter &n) {
  if (failed(checkRanks(n, {2, 2, 2, 2, 1, 1})))
    return failure();
  Value x = n.getTensor(0), old = n.getTensor(1);
  auto gates = multiplyJoined(n, x, old, n.getTensor(2), n.getTensor(4));
  if (failed(gates))
    return failure();
  auto parts = n.withOneShape({old, takePart(n, *gates, 0, 2), takePart(n, *gates, 1, 2)});
  if (failed(parts))
    return failure();
  old = (*parts)[0];
  Value reset = sigmoid(n, (*parts)[1]), update = sigmoid(n, (*parts)[2]);
  auto candidate = multiplyJoined(n, x, n.mul(old, reset), n.getTensor(3), n.getTensor(5));
  if (failed(candidate))
    return failure();
  auto both = n.withOneShape({old, *candidate});
  if (failed(both))
    return failure();
  Value fresh = tanh(n, (*both)[1]);
  Value state = n.add(n.mul(n.sub(n.splatLike(update, 1), update), fresh), n.mul(update, old));
  Value results[] = {reset, update, fresh, state};
  for (auto [i, result] : llvm::enumerate(results))
    n.setResult(i, result);
  return success();
}

//===----------------------------------------------------------------------===//
// Gradients of cells
//===----------------------------------------------------------------------===//

Value complement(NodeImporter &n, Value x) { return n.sub(n.splatLike(x, 1), x); }

/// What flows back through a sigmoid with result y.
Value throughSigmoid(NodeImporter &n, Value y, Value gradient) {
  return n.mul(n.mul(y, complement(n, y)), gradient);
}
Value throughTanh(NodeImporter &n, Value y, Value gradient) {
  return n.mul(complement(n, n.mul(y, y)), gradient);
}

/// (x, cs_prev, h_prev, w, wci, wcf, wco, b, i, cs, f, o, ci, co, cs_grad, h_grad).
LogicalResult importLSTMCellGrad(NodeImporter &n) {
  if (failed(checkRanks(n, {2, 2, 2, 2, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2})))
    return failure();
  SmallVector<Value> tensors{n.getTensor(1)};
  llvm::append_range(tensors, n.getTensors(8, 16));
  auto same = n.withOneShape(tensors);
  if (failed(same))
    return failure();
  auto [old, in, state, forget, out, candidate, shown, stateGradient, gradient] =
      std::tie((*same)[0], (*same)[1], (*same)[2], (*same)[3], (*same)[4], (*same)[5], (*same)[6], (*same)[7],
               (*same)[8]);
  SmallVector<Size> sizes = n.sizes.sizesOf(old);
  bool hasPeepholes = n.getBool("use_peephole");
  auto peep = [&](size_t i) { return n.broadcastAlong(n.getTensor(i), 1, sizes); };
  Value dOut = throughSigmoid(n, out, n.mul(gradient, shown));
  Value dState = n.add(throughTanh(n, shown, n.mul(gradient, out)), stateGradient);
  if (hasPeepholes)
    dState = n.add(dState, n.mul(dOut, peep(6)));
  Value dCandidate = throughTanh(n, candidate, n.mul(dState, in));
  Value dForget = throughSigmoid(n, forget, n.mul(dState, old)),
        dIn = throughSigmoid(n, in, n.mul(dState, candidate));
  Value dOld = n.mul(dState, forget);
  if (hasPeepholes)
    dOld = n.add(dOld, n.add(n.mul(dIn, peep(4)), n.mul(dForget, peep(5))));
  SmallVector<Value> gates{dIn, dCandidate, dForget, dOut};
  auto joined = n.tryCreate<tg::ConcatOp>(ValueRange(gates), n.builder.getI64IntegerAttr(1));
  if (failed(joined))
    return failure();
  auto sum = [&](Value x, size_t weights) {
    return hasPeepholes ? n.reduce(tg::ReductionKind::Sum, x, {0}) : n.splatLike(n.getTensor(weights), 0);
  };
  setResults(
      n, {dOld, *joined, sum(n.mul(dIn, old), 4), sum(n.mul(dForget, old), 5), sum(n.mul(dOut, state), 6)});
  return success();
}

/// (x, h_prev, w_ru, w_c, b_ru, b_c, r, u, c, d_h).
LogicalResult importGRUCellGrad(NodeImporter &n) {
  if (failed(checkRanks(n, {2, 2, 2, 2, 1, 1, 2, 2, 2, 2})))
    return failure();
  SmallVector<Value> tensors{n.getTensor(1)};
  llvm::append_range(tensors, n.getTensors(6, 10));
  auto same = n.withOneShape(tensors);
  if (failed(same))
    return failure();
  Value old = (*same)[0], reset = (*same)[1], update = (*same)[2], fresh = (*same)[3], gradient = (*same)[4];
  SmallVector<Size> inputSizes = n.sizes.sizesOf(n.getTensor(0)), sizes = n.sizes.sizesOf(old);
  Size none = n.sizes.constant(0);
  /// gates * weights^T, split into what goes to x and to h.
  auto back = [&](Value gates, Value weights) -> FailureOr<std::pair<Value, Value>> {
    if (failed(n.requireEqual(n.sizes.sizeOf(gates, 1), n.sizes.sizeOf(weights, 1),
                              "the gates have %d columns, the weights %d")) ||
        failed(n.requireEqual(n.sizes.add(inputSizes[1], sizes[1]), n.sizes.sizeOf(weights, 0),
                              "the input and the state have %d columns, the weights %d rows")))
      return failure();
    auto both = n.tryCreate<tg::MatMulOp>(gates, weights, false, true);
    if (failed(both))
      return failure();
    return std::pair(n.slice(*both, {none, none}, inputSizes), n.slice(*both, {none, inputSizes[1]}, sizes));
  };
  Value dFresh = throughTanh(n, fresh, n.mul(gradient, complement(n, update)));
  Value dUpdate = throughSigmoid(n, update, n.mul(gradient, n.sub(old, fresh)));
  auto first = back(dFresh, n.getTensor(3));
  if (failed(first))
    return failure();
  Value dReset = throughSigmoid(n, reset, n.mul(first->second, old));
  SmallVector<Value> gates{dReset, dUpdate};
  auto joined = n.tryCreate<tg::ConcatOp>(ValueRange(gates), n.builder.getI64IntegerAttr(1));
  if (failed(joined))
    return failure();
  auto second = back(*joined, n.getTensor(2));
  if (failed(second))
    return failure();
  Value dOld = n.add(n.add(second->second, n.mul(first->second, reset)), n.mul(gradient, update));
  setResults(n, {n.add(first->first, second->first), dOld, dFresh, *joined});
  return success();
}

} // namespace

void registerRecurrentOps(OpRegistry &registry) {
  registry.add({"LSTMBlockCellGrad"}, importLSTMCellGrad);
  registry.add({"GRUBlockCellGrad"}, importGRUCellGrad);
  registry.add({"LSTMBlockCell"}, importLSTMCell);
  registry.add({"GRUBlockCell"}, importGRUCell);
}

} // namespace tgc
