//===- BlockLSTMOps.cpp - Whole layers of long short-term memory ----------===//
//
// The products that do not depend on the step before are taken for all steps at once; kernels do the steps.
//
//===----------------------------------------------------------------------===//

#include "frontend/Import/HostFamilies.h"
#include "frontend/Import/KernelCalls.h"

using namespace mlir;

namespace tgc {
namespace {

using Size = OpFoldResult;

/// The inputs that forward and gradient share, in f32: (seq_len_max, x, cs_prev, h_prev, w, wci, wcf, wco,
/// b).
struct Layer {
  Value steps, x, state, output, inputWeights, outputWeights, bias;
  SmallVector<Value> peepholes;
  Size length, batch, inputs, units;
};

FailureOr<Layer> getLayer(NodeImporter &n) {
  if (failed(requireRanks(n, 0, {0, 3, 2, 2, 2, 1, 1, 1, 1})))
    return failure();
  Type f32 = n.builder.getF32Type();
  auto tensor = [&](size_t i) { return n.cast(n.getTensor(i), f32); };
  IndexBuilder &s = n.sizes;
  Layer layer;
  layer.steps = n.getTensor(0);
  SmallVector<Size> sizes = s.sizesOf(n.getTensor(1)), weights = s.sizesOf(n.getTensor(4));
  layer.length = sizes[0];
  layer.batch = sizes[1];
  layer.inputs = sizes[2];
  layer.units = s.sizeOf(n.getTensor(2), 1);
  Size gates = s.mul(layer.units, s.constant(4));
  auto states = n.withShape({tensor(2), tensor(3)}, {layer.batch, layer.units});
  auto all = n.withShape({tensor(4)}, {s.add(layer.inputs, layer.units), gates});
  auto bias = n.withShape({tensor(8)}, {gates});
  if (failed(states) || failed(all) || failed(bias))
    return failure();
  for (size_t i = 5; i < 8; ++i) {
    // Peepholes that are not used may be empty.
    auto vector = n.getBool("use_peephole") ? n.withShape({tensor(i)}, {layer.units})
                                            : FailureOr<SmallVector<Value>>(SmallVector<Value>{tensor(i)});
    if (failed(vector))
      return failure();
    layer.peepholes.push_back(vector->front());
  }
  layer.x = tensor(1);
  layer.state = (*states)[0];
  layer.output = (*states)[1];
  layer.bias = bias->front();
  Size none = s.constant(0);
  layer.inputWeights = n.slice(all->front(), {none, none}, {layer.inputs, gates});
  layer.outputWeights = n.slice(all->front(), {layer.inputs, none}, {layer.units, gates});
  return layer;
}

std::string getConfig(NodeImporter &n, bool isSecond) {
  std::string config;
  llvm::raw_string_ostream(config) << llvm::format("%.9g %.9g ", isSecond ? 0.0f : n.getFloat("forget_bias"),
                                                   n.getFloat("cell_clip"))
                                   << n.getBool("use_peephole") << (isSecond ? " 2" : " 1");
  return config;
}

template <bool isSecond> LogicalResult importLayer(NodeImporter &n) {
  auto layer = getLayer(n);
  if (failed(layer))
    return failure();
  Type f32 = n.builder.getF32Type(), element = n.getElementType(1);
  Size rows = n.sizes.mul(layer->length, layer->batch),
       gates = n.sizes.mul(layer->units, n.sizes.constant(4));
  auto product = n.tryCreate<tg::MatMulOp>(n.reshape(layer->x, {rows, layer->inputs}), layer->inputWeights,
                                           false, false);
  if (failed(product))
    return failure();
  SmallVector<Value> operands{layer->steps, n.reshape(*product, {layer->length, layer->batch, gates}),
                              layer->state, layer->output, layer->outputWeights};
  llvm::append_range(operands, layer->peepholes);
  operands.push_back(layer->bias);
  KernelResult result{{layer->length, layer->batch, layer->units}, f32};
  for (auto [i, value] :
       llvm::enumerate(callKernel(n, "tgc_kernel_block_lstm", operands, SmallVector<KernelResult>(7, result),
                                  getConfig(n, isSecond))))
    n.setResult(i, n.cast(value, element));
  return success();
}

/// Behind the layer's inputs: (i, cs, f, o, ci, co, h, cs_grad, h_grad).
template <bool isSecond> LogicalResult importLayerGrad(NodeImporter &n) {
  auto layer = getLayer(n);
  if (failed(layer))
    return failure();
  IndexBuilder &s = n.sizes;
  Type f32 = n.builder.getF32Type(), element = n.getElementType(1);
  SmallVector<Size> shape{layer->length, layer->batch, layer->units};
  SmallVector<Value> given;
  for (Value value : n.getTensors(9, 18))
    given.push_back(n.cast(value, f32));
  if (llvm::any_of(given, [](Value value) { return cast<RankedTensorType>(value.getType()).getRank() != 3; }))
    return n.error() << "the results of the layer and their gradients must have rank 3";
  auto same = n.withShape(given, shape);
  if (failed(same))
    return failure();
  given = *same;
  Value outputs = given[6];
  Size gates = s.mul(layer->units, s.constant(4)), none = s.constant(0),
       rows = s.mul(layer->length, layer->batch);
  SmallVector<Value> operands{layer->steps, layer->state, n.transpose(layer->outputWeights, {1, 0})};
  llvm::append_range(operands, layer->peepholes);
  operands.append(given.begin(), given.begin() + 6);
  operands.append({given[7], given[8]});
  KernelResult state{{layer->batch, layer->units}, f32};
  SmallVector<KernelResult> results{{{layer->length, layer->batch, gates}, f32}, state, state};
  for (Value peephole : layer->peepholes)
    results.push_back({s.sizesOf(peephole), f32});
  SmallVector<Value> found =
      callKernel(n, "tgc_kernel_block_lstm_gradient", operands, results,
                 Twine("0 0 ") + (n.getBool("use_peephole") ? "1" : "0") + (isSecond ? " 2" : " 1"));
  // The outputs one step earlier, which each step saw.
  Value flat = n.reshape(found[0], {rows, gates});
  Value earlier =
      n.pad(outputs, n.scalar(f32, 0), {s.constant(1), none, none}, {s.constant(-1), none, none}, {0, 0, 0});
  Value isFirst = n.compare(tg::ComparisonDirection::EQ, n.iota(shape, n.builder.getI32Type(), 0),
                            n.splatLike(n.iota(shape, n.builder.getI32Type(), 0), 0));
  Value first = n.broadcastTo(n.reshape(layer->output, {s.constant(1), layer->batch, layer->units}), shape);
  earlier = n.select(isFirst, first, n.withSizes(earlier, shape));
  auto inputGradient = n.tryCreate<tg::MatMulOp>(flat, layer->inputWeights, false, true);
  auto inputWeights =
      n.tryCreate<tg::MatMulOp>(n.reshape(layer->x, {rows, layer->inputs}), flat, true, false);
  auto outputWeights = n.tryCreate<tg::MatMulOp>(n.reshape(earlier, {rows, layer->units}), flat, true, false);
  if (failed(inputGradient) || failed(inputWeights) || failed(outputWeights))
    return failure();
  Value weights = n.create<tg::ConcatOp>(ValueRange{*inputWeights, *outputWeights}, 0);
  Value bias = n.reduce(tg::ReductionKind::Sum, flat, {0});
  Value all[] = {n.reshape(*inputGradient, {layer->length, layer->batch, layer->inputs}),
                 found[1],
                 found[2],
                 weights,
                 found[3],
                 found[4],
                 found[5],
                 bias};
  for (auto [i, value] : llvm::enumerate(all))
    n.setResult(i, n.cast(value, element));
  return success();
}

} // namespace

void registerBlockLSTMOps(OpRegistry &registry) {
  registry.add({"BlockLSTM"}, importLayer<false>);
  registry.add({"BlockLSTMV2"}, importLayer<true>);
  registry.add({"BlockLSTMGrad"}, importLayerGrad<false>);
  registry.add({"BlockLSTMGradV2"}, importLayerGrad<true>);
}

} // namespace tgc
