//===- AccumulatorOps.cpp - Sums of the gradients of several workers ------===//
//
// As optimizers that synchronise replicas keep them. The handle is an edge that names an object of the
// session; the kernels' config travels in the name.
//
//===----------------------------------------------------------------------===//

#include "frontend/Import/GraphImporter.h"
#include "frontend/Import/HostFamilies.h"
#include "frontend/Import/NodeImporter.h"

using namespace mlir;

namespace tgc {
namespace {

/// Opens the names of accumulators among the references that edges carry; what follows is the kernels'
/// config.
constexpr StringLiteral kAccumulatorPrefix = "tgc.accumulator/";

LogicalResult importAccumulator(NodeImporter &n) {
  StringRef reduction = n.getString("reduction_type"), shared = n.getString("shared_name");
  if (reduction != "MEAN" && reduction != "SUM")
    return n.error() << "reduction_type must be MEAN or SUM, got " << reduction;
  StringRef name = shared.empty() ? cast<NameLoc>(n.loc).getName().getValue() : shared;
  ImportedValue value;
  value.variable =
      VariableReference{(kAccumulatorPrefix + reduction.take_front() + " accumulator/" + name).str()};
  n.setOutput(0, value);
  return success();
}

/// The config of the accumulator that input 0 is the handle of.
FailureOr<std::string> getAccumulator(NodeImporter &n) {
  if (const auto &reference = n.getInput(0).variable)
    if (StringRef name = reference->name; name.consume_front(kAccumulatorPrefix))
      return name.str();
  n.error() << "input 0 is no accumulator";
  return failure();
}

/// The type of what the accumulator sums, by the node that made it.
FailureOr<RankedTensorType> getSumType(NodeImporter &n, StringRef config) {
  StringRef name = config.split("accumulator/").second;
  auto element = n.getElementTypeAttr("dtype");
  if (failed(element))
    return failure();
  for (const proto::NodeDef &node : n.graph.entry.module.model.graph.node()) {
    if (!StringRef(node.op()).ends_with("ConditionalAccumulator") ||
        (node.name() != name && getStringAttr(node, "shared_name") != name))
      continue;
    auto shape = getShapeAttr(node, "shape");
    if (!shape)
      break;
    auto dims =
        llvm::map_to_vector(*shape, [](int64_t size) { return size < 0 ? ShapedType::kDynamic : size; });
    return RankedTensorType::get(dims, *element);
  }
  n.error() << "the rank of what is accumulated is not known; give the accumulator a shape";
  return failure();
}

/// (handle, step of the gradient, gradient) or (handle, step, indices, values, shape).
template <bool isSparse> LogicalResult importApply(NodeImporter &n) {
  auto accumulator = getAccumulator(n);
  if (failed(accumulator))
    return failure();
  if (n.getRank(1) != 0)
    return n.error() << "local_step must be a scalar, got " << n.getType(1);
  if (isSparse && (n.getRank(2) != 1 || n.getRank(3) < 1 ||
                   failed(n.requireEqual(n.sizes.sizeOf(n.getTensor(2), 0), n.sizes.sizeOf(n.getTensor(3), 0),
                                         "there are %d indices and %d rows of values"))))
    return n.error() << "expects a vector of indices and a row of values for each, got " << n.getType(2)
                     << " and " << n.getType(3);
  n.hostCall(isSparse ? "tgc_kernel_accumulator_apply_sparse" : "tgc_kernel_accumulator_apply",
             n.getTensors(1, isSparse ? 4 : 3), {}, *accumulator, {}, /*isPure=*/false);
  return success();
}

template <bool isSparse> LogicalResult importTake(NodeImporter &n) {
  auto accumulator = getAccumulator(n);
  if (failed(accumulator))
    return failure();
  auto type = getSumType(n, *accumulator);
  if (failed(type))
    return failure();
  if (n.getRank(1) != 0)
    return n.error() << "num_required must be a scalar, got " << n.getType(1);
  if (!isSparse) {
    n.setResult(n.hostCall("tgc_kernel_accumulator_take", n.getTensor(1), *type, *accumulator, {},
                           /*isPure=*/false, /*findsSizes=*/true)
                    .front());
    return success();
  }
  if (type->getRank() < 1)
    return n.error() << "sparse gradients need a rank of 1 or more, got " << *type;
  Type i64 = n.builder.getI64Type();
  SmallVector<int64_t> rows(type->getShape());
  Value count = n.scalar(i64, ShapedType::isDynamic(rows[0]) ? -1.0 : static_cast<double>(rows[0]));
  rows[0] = ShapedType::kDynamic;
  Type types[] = {RankedTensorType::get({ShapedType::kDynamic}, i64), type->clone(rows),
                  RankedTensorType::get({type->getRank()}, i64)};
  SmallVector<Value> results =
      n.hostCall("tgc_kernel_accumulator_take_sparse", {n.getTensor(1), count}, types, *accumulator, {},
                 /*isPure=*/false, /*findsSizes=*/true);
  for (auto [i, result] : llvm::enumerate(results))
    n.setResult(i, result);
  return success();
}

LogicalResult importCount(NodeImporter &n) {
  auto accumulator = getAccumulator(n);
  if (failed(accumulator))
    return failure();
  n.setResult(n.hostCall("tgc_kernel_accumulator_count", {},
                         RankedTensorType::get({}, n.builder.getI32Type()), *accumulator, {},
                         /*isPure=*/false)
                  .front());
  return success();
}

LogicalResult importSetStep(NodeImporter &n) {
  auto accumulator = getAccumulator(n);
  if (failed(accumulator))
    return failure();
  if (n.getRank(1) != 0)
    return n.error() << "new_global_step must be a scalar, got " << n.getType(1);
  n.hostCall("tgc_kernel_accumulator_set_step", n.getTensor(1), {}, *accumulator, {}, /*isPure=*/false);
  return success();
}

} // namespace

void registerAccumulatorOps(OpRegistry &registry) {
  registry.add({"ConditionalAccumulator", "ResourceConditionalAccumulator", "SparseConditionalAccumulator"},
               importAccumulator);
  registry.add({"AccumulatorApplyGradient", "ResourceAccumulatorApplyGradient"}, importApply<false>);
  registry.add({"SparseAccumulatorApplyGradient"}, importApply<true>);
  registry.add({"AccumulatorTakeGradient", "ResourceAccumulatorTakeGradient"}, importTake<false>);
  registry.add({"SparseAccumulatorTakeGradient"}, importTake<true>);
  registry.add({"AccumulatorNumAccumulated", "ResourceAccumulatorNumAccumulated"}, importCount);
  registry.add({"AccumulatorSetGlobalStep", "ResourceAccumulatorSetGlobalStep"}, importSetStep);
}

} // namespace tgc
