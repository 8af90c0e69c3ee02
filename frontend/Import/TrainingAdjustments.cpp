//===- TrainingAdjustments.cpp - What a training step does beside the formula -===//
//
// Gradients are clipped before the optimizer's formula; weights decay before it. After it norms are limited,
// counters move on, and moving averages follow the variables.
//
//===----------------------------------------------------------------------===//

#include "frontend/Import/HostFamilies.h"
#include "frontend/Import/OptimizerStep.h"
#include "frontend/Import/TrainingStep.h"

using namespace mlir;

namespace tgc {

//===----------------------------------------------------------------------===//
// Before
//===----------------------------------------------------------------------===//

/// As tf.clip_by_value, tf.clip_by_norm and tf.clip_by_global_norm, in this order.
LogicalResult TrainingStep::clip(GraphImporter &graph, MutableArrayRef<Trained> trained) {
  proto::NodeDef node;
  node.set_name("train/clip");
  NodeImporter n(graph, node, {}, 0);
  auto sumOfSquares = [&](Term x) {
    int64_t rank = cast<RankedTensorType>(x.value.getType()).getRank();
    return Term{
        &n, n.reduce(tg::ReductionKind::Sum, square(x).value, llvm::to_vector(llvm::seq<int64_t>(0, rank)))};
  };
  for (Trained &t : trained) {
    Term grad{&n, t.gradient};
    if (double bound = optimizer.clipValue) {
      Term upper{&n, n.splatLike(t.gradient, bound)}, lower{&n, n.splatLike(t.gradient, -bound)};
      grad = max({&n, n.create<tg::MinimumOp>(grad.value, upper.value)}, lower);
    }
    if (double bound = optimizer.clipEachNorm) {
      // The root of zero squares has no gradient, and is not taken.
      Term sum = sumOfSquares(grad);
      Value isPositive = n.compare(tg::ComparisonDirection::GT, sum.value, sum.number(0).value);
      Term safe{&n, n.select(isPositive, sum.value, sum.number(1).value)};
      Term norm{&n, n.select(isPositive, sqrt(safe).value, sum.value)};
      grad = bound * grad / max(norm, norm.number(bound));
    }
    t.gradient = grad.value;
  }
  double bound = options.training->clipNorm;
  if (!bound)
    return success();
  Term total{&n, Value()};
  for (const Trained &t : trained) {
    Term half = 0.5 * sumOfSquares({&n, t.gradient});
    if (total.value && total.value.getType() != half.value.getType())
      return n.error() << "the global norm of gradients of different types is not defined: " << t.name
                       << " differs";
    total = total.value ? total + half : half;
  }
  Term norm = sqrt(2 * total), one = norm.number(1), limit = norm.number(bound);
  Term scale = limit * Term{&n, n.create<tg::MinimumOp>((one / norm).value, (one / limit).value)};
  // Not a number if the norm is not finite.
  scale = scale + (norm - norm);
  for (Trained &t : trained)
    t.gradient = (Term{&n, t.gradient} * scale).value;
  return success();
}

/// AdamW and its like: Loshchilov, Hutter: Decoupled weight decay regularization (2019).
LogicalResult TrainingStep::decayWeights(GraphImporter &graph, ArrayRef<Trained> trained) {
  proto::NodeDef node;
  node.set_name("train/decay");
  NodeImporter n(graph, node, {}, 0);
  for (const Trained &t : trained) {
    Term variable{&n, graph.entry.readVariable(t.name)};
    Type element = getElementTypeOrSelf(variable.value.getType());
    auto rate = getHyperparameter(graph, "learning_rate", element);
    if (failed(rate))
      return failure();
    Term decay = optimizer.weightDecay * Term{&n, *rate};
    graph.entry.writeVariable(t.name, (variable - variable * decay).value);
  }
  return success();
}

//===----------------------------------------------------------------------===//
// After
//===----------------------------------------------------------------------===//

/// As tf.clip_by_norm along one axis, of variables that have two or more.
LogicalResult TrainingStep::limitNorms(GraphImporter &graph, ArrayRef<Trained> trained) {
  proto::NodeDef node;
  node.set_name("train/max_norm");
  NodeImporter n(graph, node, {}, 0);
  for (const Trained &t : trained) {
    Term variable{&n, graph.entry.readVariable(t.name)};
    int64_t rank = cast<RankedTensorType>(variable.value.getType()).getRank(), axis = optimizer.maxNormAxis;
    if (rank < 2)
      continue;
    axis += axis < 0 ? rank : 0;
    if (axis < 0 || axis >= rank)
      return n.error() << "max_norm_axis=" << optimizer.maxNormAxis << " is no dimension of " << t.name
                       << ", which has " << rank;
    Term sum{&n, n.reduce(tg::ReductionKind::Sum, square(variable).value, axis, /*keepDims=*/true)};
    Term norm = max(sqrt(sum), sum.number(optimizer.maxNorm));
    Term whole{&n, n.broadcastTo(norm.value, n.sizes.sizesOf(variable.value))};
    graph.entry.writeVariable(t.name, (optimizer.maxNorm * variable / whole).value);
  }
  return success();
}

LogicalResult TrainingStep::advancePowers(GraphImporter &graph) {
  proto::NodeDef node;
  node.set_name("train/advance");
  NodeImporter n(graph, node, {}, 0);
  for (const Power &power : optimizer.kind->powers) {
    Value value = graph.entry.readVariable(power.name);
    auto factor = getHyperparameter(graph, power.key, getElementTypeOrSelf(value.getType()));
    if (failed(factor))
      return failure();
    graph.entry.writeVariable(power.name, n.mul(value, *factor));
  }
  return success();
}

LogicalResult TrainingStep::advanceGlobalStep(GraphImporter &graph) {
  if (globalStep < 0)
    return success();
  proto::NodeDef node;
  node.set_name("train/global_step");
  NodeImporter n(graph, node, {}, 0);
  auto step = graph.getValue({globalStep, 0}, n.loc);
  if (failed(step))
    return failure();
  if (!step->variable)
    return n.error() << nodes[globalStep]->name() << " is no variable that counts steps";
  Value value = graph.entry.readVariable(step->variable->name);
  graph.entry.writeVariable(step->variable->name, n.add(value, n.splatLike(value, 1)));
  return success();
}

/// As tf.train.ExponentialMovingAverage: an average starts as the variable before its first step, and goes
/// the part 1 - decay of the way to the variable in each.
LogicalResult TrainingStep::updateAverages(GraphImporter &graph, ArrayRef<Trained> trained) {
  EntryImporter &entry = graph.entry;
  proto::NodeDef node;
  node.set_name("train/averages");
  NodeImporter n(graph, node, {}, 0);
  Type f32 = n.builder.getF32Type();
  Term decay{&n, n.scalar(f32, static_cast<float>(optimizer.averageDecay))};
  if (optimizer.countsAverages) {
    // Averages of few steps follow faster: the decay is (1 + steps) / (10 + steps) at most.
    auto step = globalStep < 0 ? FailureOr<ImportedValue>(failure()) : graph.getValue({globalStep, 0}, n.loc);
    if (failed(step) || !step->variable)
      return n.error() << "ema_num_updates needs the variable that counts steps: global_step=NAME";
    Term steps{&n, n.cast(entry.readVariable(step->variable->name), f32)};
    decay = {&n, n.create<tg::MinimumOp>(decay.value, ((1 + steps) / (10 + steps)).value)};
  }
  for (const Trained &t : trained) {
    std::string name = t.name + "/ExponentialMovingAverage";
    RankedTensorType type = entry.module.variables[t.name].type;
    if (failed(entry.declareVariable(name, type, n.loc)))
      return failure();
    Value hasAverage =
        n.hostCall(kIsInitializedKernel, {}, RankedTensorType::get({}, n.builder.getI1Type()), name).front();
    auto choice = tg::IfOp::create(n.builder, n.loc, TypeRange{type},
                                   tensor::ExtractOp::create(n.builder, n.loc, hasAverage, ValueRange()));
    Value sources[] = {entry.readVariable(name), entry.variables[t.name].initial};
    for (auto [region, source] : llvm::zip_equal(choice->getRegions(), sources)) {
      OpBuilder::InsertionGuard guard(n.builder);
      n.builder.createBlock(&region);
      tg::YieldOp::create(n.builder, n.loc, source);
    }
    Term average{&n, choice.getResult(0)}, variable{&n, entry.readVariable(t.name)};
    Term part{&n, n.cast((1 - decay).value, type.getElementType())};
    entry.writeVariable(name, (average - (average - variable) * part).value);
  }
  return success();
}

} // namespace tgc
