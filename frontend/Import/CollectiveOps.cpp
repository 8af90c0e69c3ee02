//===- CollectiveOps.cpp - Sums and copies over several devices -----------===//
//
// In one program a group of nodes is one computation. Its members take what all were given, besides their own
// inputs (Collectives.h), and have one result: operands are added by rank, whichever way devices share them.
//
//===----------------------------------------------------------------------===//

#include "dialects/Tg/IR/Placement.h"
#include "frontend/Import/Collectives.h"
#include "frontend/Import/GraphImporter.h"
#include "frontend/Import/NodeImporter.h"
#include "frontend/Import/OpRegistry.h"

using namespace mlir;

namespace tgc {
namespace {

LogicalResult concat(NodeImporter &n, ArrayRef<Value> parts) {
  SmallVector<OpFoldResult> result = n.sizes.sizesOf(parts.front());
  if (result.empty())
    return n.error() << "the operands of a gather are of rank 1 at least, got " << parts.front().getType();
  for (Value part : parts.drop_front())
    result.front() = n.sizes.add(result.front(), n.sizes.sizesOf(part).front());
  if (parts.size() == 1) {
    n.setResult(parts.front());
    return success();
  }
  auto joined = n.tryCreate<tg::ConcatOp>(ValueRange(parts), n.builder.getI64IntegerAttr(0));
  if (failed(joined))
    return failure();
  n.sizes.setSizes(*joined, result);
  n.setResult(*joined);
  return success();
}

/// Sizes that operands must have the same of, which `names` are the nodes of.
LogicalResult requireOneShape(NodeImporter &n, ArrayRef<Value> operands, ArrayRef<std::string> names) {
  SmallVector<OpFoldResult> first = n.sizes.sizesOf(operands.front());
  for (auto [operand, name] : llvm::zip_equal(operands.drop_front(), names.drop_front())) {
    SmallVector<OpFoldResult> shape = n.sizes.sizesOf(operand);
    if (shape.size() != first.size())
      return n.error() << names.front() << " is given " << operands.front().getType() << ", " << name
                       << " is given " << operand.getType();
    for (auto [dim, sizes] : llvm::enumerate(llvm::zip_equal(first, shape)))
      if (failed(n.requireEqual(std::get<0>(sizes), std::get<1>(sizes),
                                "dimension " + Twine(dim) + " of what " + names.front() +
                                    " is given is %d, that of " + name + " is %d")))
        return failure();
  }
  return success();
}

/// What the members of the node's group were given.
FailureOr<SmallVector<Value>> getGiven(NodeImporter &n, const Collective *&group) {
  group = n.graph.edges.getCollective(n.node.name());
  if (!group || !group->error.empty())
    return n.error() << (group ? group->error : "the node is of no group");
  size_t end = n.getNumInputs();
  return n.getTensors(end - group->given.size(), end);
}

/// The nodes' names.
SmallVector<std::string> getNames(NodeImporter &n, const Collective &group) {
  return llvm::map_to_vector(group.members, [&](int member) { return n.graph.getNode(member).name(); });
}

enum class Reduction { Sum, Product, Maximum, Minimum };

Reduction getReduction(StringRef name) {
  return name == "sum" || name == "Add"    ? Reduction::Sum
         : name == "prod" || name == "Mul" ? Reduction::Product
         : name == "max" || name == "Max"  ? Reduction::Maximum
                                           : Reduction::Minimum;
}

StringRef getKind(Reduction reduction) {
  constexpr StringLiteral kinds[] = {"sum", "prod", "max", "min"};
  return kinds[static_cast<int>(reduction)];
}

/// Where a group computes: on the GPUs of all its nodes, if each has one of its own, else where the first is.
/// `root`: the node that alone has the result, which is among them, or -1.
Location getSharedLoc(NodeImporter &n, Reduction reduction, ArrayRef<int> nodes, int root = -1) {
  auto locOf = [&](int node) { return n.graph.getLoc(n.graph.getNode(node)); };
  Location own = locOf(root < 0 ? nodes.front() : root);
  SharedReduction shared{getKind(reduction), {}, std::nullopt};
  for (int node : nodes) {
    std::optional<int32_t> gpu = getGpuNumber(locOf(node));
    if (!gpu || llvm::is_contained(shared.gpus, *gpu))
      return own;
    shared.gpus.push_back(*gpu);
  }
  if (root >= 0)
    shared.root = getGpuNumber(own);
  auto name = cast<NameLoc>(own);
  auto op = dyn_cast<NameLoc>(name.getChildLoc());
  bool isShared =
      op && nodes.size() > 1 && (root < 0 || (shared.root && llvm::is_contained(shared.gpus, *shared.root)));
  return isShared ? placeOnAll(name.getName(), op.getName(), shared) : own;
}

Value combine(NodeImporter &n, Reduction reduction, Value a, Value b) {
  switch (reduction) {
  case Reduction::Sum:
    return n.add(a, b);
  case Reduction::Product:
    return n.mul(a, b);
  case Reduction::Maximum:
    return n.create<tg::MaximumOp>(a, b);
  case Reduction::Minimum:
    return n.create<tg::MinimumOp>(a, b);
  }
  llvm_unreachable("unknown reduction");
}

FailureOr<Value> reduce(NodeImporter &n, Reduction reduction, ArrayRef<Value> operands,
                        ArrayRef<std::string> names, Location loc) {
  if (failed(requireOneShape(n, operands, names)))
    return failure();
  auto equal = n.broadcastTogether(operands); // of one type now
  if (failed(equal))
    return failure();
  Value result = equal->front();
  Location own = std::exchange(n.loc, loc);
  for (Value operand : llvm::drop_begin(*equal))
    result = combine(n, reduction, result, operand);
  n.loc = own;
  return result;
}

/// What all members of the node's group are given, reduced; `count`: how many they are.
FailureOr<Value> reduceGroup(NodeImporter &n, Reduction reduction, size_t &count) {
  const Collective *group;
  auto given = getGiven(n, group);
  if (failed(given))
    return failure();
  count = given->size();
  return reduce(n, reduction, *given, getNames(n, *group), getSharedLoc(n, reduction, group->members));
}

/// TensorFlow has gradients of sums alone.
void setNcclResult(NodeImporter &n, Reduction reduction, Value result) {
  if (reduction != Reduction::Sum && n.wantsGradients())
    result = n.create<tg::PreventGradientOp>(result, "No gradient defined for " + n.node.op() +
                                                         " except reduction=\"sum\".");
  n.setResult(result);
}

LogicalResult importNcclAllReduce(NodeImporter &n) {
  Reduction reduction = getReduction(n.getString("reduction"));
  size_t count;
  auto result = reduceGroup(n, reduction, count);
  if (failed(result))
    return failure();
  setNcclResult(n, reduction, *result);
  return success();
}

LogicalResult importNcclReduce(NodeImporter &n) {
  Reduction reduction = getReduction(n.getString("reduction"));
  SmallVector<std::string> names;
  for (size_t i = 0; i < n.getNumInputs(); ++i)
    names.push_back("input " + std::to_string(i));
  if (names.empty())
    return n.error() << "num_devices is 0, expected 1 at least";
  int self = n.graph.edges.find(n.node.name());
  SmallVector<int> givers =
      llvm::map_to_vector(n.graph.edges.dataInputs(self), [](NodeOutput input) { return input.node; });
  auto result =
      reduce(n, reduction, n.getTensors(0, names.size()), names, getSharedLoc(n, reduction, givers, self));
  if (failed(result))
    return failure();
  setNcclResult(n, reduction, *result);
  return success();
}

LogicalResult importNcclBroadcast(NodeImporter &n) {
  if (auto shape = getShapeAttr(n.node, "shape")) {
    SmallVector<OpFoldResult> sizes = n.sizes.sizesOf(n.getTensor(0));
    if (shape->size() != sizes.size())
      return n.error() << "shape is " << shapeToString(shape) << ", input is " << n.getType(0);
    for (auto [size, wanted] : llvm::zip_equal(sizes, *shape))
      if (wanted >= 0 && failed(n.requireEqual(size, n.sizes.constant(wanted),
                                               "a dimension of input is %d, that of shape is %d")))
        return failure();
  }
  n.setResult(n.getTensor(0));
  return success();
}

LogicalResult importCollectiveReduce(NodeImporter &n) {
  size_t count;
  auto result = reduceGroup(n, getReduction(n.getString("merge_op")), count);
  if (failed(result))
    return failure();
  n.setResult(n.getString("final_op") == "Div" ? n.div(*result, n.splatLike(*result, count)) : *result);
  return success();
}

LogicalResult importCollectiveGather(NodeImporter &n) {
  const Collective *group;
  auto given = getGiven(n, group);
  if (failed(given) || failed(requireOneShape(n, *given, getNames(n, *group))))
    return failure();
  return concat(n, *given);
}

LogicalResult importCollectiveBcast(NodeImporter &n) {
  const Collective *group;
  auto given = getGiven(n, group);
  if (failed(given))
    return failure();
  Value sent = given->front();
  SmallVector<OpFoldResult> sizes = n.sizes.sizesOf(sent);
  SmallVector<OpFoldResult> wanted = sizes;
  bool receivesShape = n.node.op() == "CollectiveBcastRecvV2";
  if (receivesShape) {
    auto shape = n.getSizeOperand(3, "shape");
    if (failed(shape))
      return failure();
    wanted = *shape;
  } else if (auto shape = getShapeAttr(n.node, "shape")) {
    wanted.clear();
    for (int64_t size : *shape)
      wanted.push_back(n.sizes.constant(size));
  }
  if (wanted.size() != sizes.size())
    return n.error() << "shape has " << wanted.size() << " dimensions, what is sent is " << sent.getType();
  for (auto [size, other] : llvm::zip_equal(sizes, wanted))
    if (IndexBuilder::getConstant(other).value_or(0) >= 0 &&
        failed(n.requireEqual(size, other, "a dimension of what is sent is %d, that of shape is %d")))
      return failure();
  n.setResult(sent);
  return success();
}

} // namespace

void registerCollectiveOps(OpRegistry &registry) {
  registry.add({"NcclAllReduce"}, importNcclAllReduce);
  registry.add({"NcclReduce"}, importNcclReduce);
  registry.add({"NcclBroadcast"}, importNcclBroadcast);
  registry.add({"CollectiveReduce", "CollectiveReduceV2"}, importCollectiveReduce);
  registry.add({"CollectiveGather", "CollectiveGatherV2"}, importCollectiveGather);
  registry.add(
      {"CollectiveBcastSend", "CollectiveBcastSendV2", "CollectiveBcastRecv", "CollectiveBcastRecvV2"},
      importCollectiveBcast);
}

} // namespace tgc
