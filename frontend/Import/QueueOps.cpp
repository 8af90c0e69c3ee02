//===- QueueOps.cpp - Queues ----------------------------------------------===//
//
// The handle of a queue is an edge that names an object of the session; what the node says of the queue
// travels in the name, so that whichever kernel comes first makes it.
//
//===----------------------------------------------------------------------===//

#include "frontend/Import/GraphImporter.h"
#include "frontend/Import/HostFamilies.h"
#include "frontend/Import/NodeImporter.h"
#include "frontend/Import/QueueShapes.h"

using namespace mlir;

namespace tgc {
namespace {

using Size = OpFoldResult;

/// Opens the names of queues among the references that edges carry; what follows is the kernels' config.
constexpr StringLiteral kQueuePrefix = "tgc.queue/";

template <char kind> LogicalResult importQueue(NodeImporter &n) {
  StringRef shared = n.getString("shared_name");
  StringRef name = shared.empty() ? cast<NameLoc>(n.loc).getName().getValue() : shared;
  std::string config = std::string(1, kind) + " " + std::to_string(n.getInt("capacity")) + " " +
                       std::to_string(n.getInt("min_after_dequeue")) + " " +
                       std::to_string(n.getInt("seed")) + " " + std::to_string(n.getInt("seed2")) +
                       " queue/" + name.str();
  ImportedValue value;
  value.variable = VariableReference{kQueuePrefix.str() + config};
  n.setOutput(0, value);
  return success();
}

/// The config of the queue that input 0 is the handle of.
FailureOr<std::string> getQueue(NodeImporter &n) {
  if (const auto &reference = n.getInput(0).variable)
    if (StringRef name = reference->name; name.consume_front(kQueuePrefix))
      return name.str();
  n.error() << "input 0 is no queue";
  return failure();
}

/// The node that made the queue of input 0, through any Identity.
const proto::NodeDef *findQueueNode(NodeImporter &n, StringRef config) {
  StringRef name = config.split("queue/").second;
  for (const proto::NodeDef &node : n.graph.entry.module.model.graph.node())
    if (StringRef(node.op()).contains("Queue") &&
        (node.name() == name || getStringAttr(node, "shared_name") == name) &&
        findAttr(node, "component_types"))
      return &node;
  return nullptr;
}

/// What goes in or comes out, of the types that `attr` lists, must be of the types of the queue's components.
LogicalResult checkComponents(NodeImporter &n, StringRef config, StringRef attr) {
  const proto::NodeDef *node = findQueueNode(n, config);
  const proto::AttrValue *made = node ? findAttr(*node, "component_types") : nullptr;
  const proto::AttrValue *given = findAttr(n.node, attr);
  if (!made || !given)
    return success();
  bool isOrdered = config.starts_with("O");
  bool isEqual = given->list().type_size() == made->list().type_size() + isOrdered;
  for (int i = 0; isEqual && i < given->list().type_size(); ++i)
    isEqual =
        given->list().type(i) == (isOrdered && i == 0 ? proto::DT_INT64 : made->list().type(i - isOrdered));
  if (isEqual)
    return success();
  return n.error() << "its components are of other types than those of the queue (" << node->name() << ")";
}

template <StringLiteral const &kernel> LogicalResult importEnqueue(NodeImporter &n) {
  auto queue = getQueue(n);
  if (failed(queue) || failed(checkComponents(n, *queue, "Tcomponents")))
    return failure();
  SmallVector<Value> parts = n.getTensors(1, n.getNumInputs());
  if (parts.empty())
    return n.error() << "enqueues nothing";
  n.hostCall(kernel, parts, {}, *queue, {}, /*isPure=*/false);
  return success();
}

/// Slices of all components, of which there must be equally many.
LogicalResult importEnqueueMany(NodeImporter &n) {
  auto queue = getQueue(n);
  if (failed(queue) || failed(checkComponents(n, *queue, "Tcomponents")))
    return failure();
  SmallVector<Value> parts = n.getTensors(1, n.getNumInputs());
  for (size_t i = 1; i < n.getNumInputs(); ++i) {
    if (n.getRank(i) == 0)
      return n.error() << "component " << i - 1 << " is a scalar, its slices cannot be enqueued";
    if (failed(n.requireEqual(n.sizes.sizeOf(parts[0], 0), n.sizes.sizeOf(parts[i - 1], 0),
                              "All input tensors must have the same size in the 0th dimension: %d and %d")))
      return failure();
  }
  if (parts.empty())
    return n.error() << "enqueues nothing";
  n.hostCall("tgc_kernel_queue_enqueue_many", parts, {}, *queue, {}, /*isPure=*/false);
  return success();
}

/// The types of an element's components, which the queue's node must tell; behind a first dimension `batch`
/// if that is given.
FailureOr<SmallVector<Type>> getTypes(NodeImporter &n, StringRef config, std::optional<int64_t> batch) {
  if (failed(checkComponents(n, config, "component_types")))
    return failure();
  const proto::NodeDef *node = findQueueNode(n, config);
  const proto::AttrValue *shapes = node ? findAttr(*node, "shapes") : nullptr;
  const proto::AttrValue *types = findAttr(n.node, "component_types");
  int count = types ? types->list().type_size() : 0;
  bool isOrdered = config.starts_with("O");
  SmallVector<Type> result;
  if (!shapes || shapes->list().shape_size() + isOrdered != count) {
    SmallVector<RankedTensorType> enqueued;
    if (node && (!shapes || shapes->list().shape_size() == 0))
      enqueued = findEnqueuedTypes(*n.builder.getContext(), n.graph.entry.module.model,
                                   n.graph.entry.module.options, *node);
    for (auto [i, type] : llvm::enumerate(enqueued)) {
      if (static_cast<int>(i) >= count ||
          getElementType(n.builder.getContext(), types->list().type(i)) != type.getElementType())
        break;
      SmallVector<int64_t> dims;
      if (batch)
        dims.push_back(*batch);
      llvm::append_range(dims, type.getShape());
      result.push_back(RankedTensorType::get(dims, type.getElementType()));
    }
    if (static_cast<int>(result.size()) == count && count > 0)
      return result;
    n.error() << "the shapes of the queue's components are not known; give the queue shapes, or feed the "
                 "tensors that are dequeued";
    return failure();
  }
  for (int i = 0; i < count; ++i) {
    std::vector<int64_t> shape;
    if (!isOrdered || i > 0) {
      auto known = shapeFromProto(shapes->list().shape(i - isOrdered));
      if (!known) {
        n.error() << "the rank of component " << i << " of the queue is not known";
        return failure();
      }
      shape = *known;
    }
    SmallVector<int64_t> dims;
    if (batch)
      dims.push_back(*batch);
    for (int64_t size : shape)
      dims.push_back(size < 0 ? ShapedType::kDynamic : size);
    Type element = getElementType(n.builder.getContext(), types->list().type(i));
    if (!element) {
      n.error() << "component " << i << " of the queue is of a type that tgc has no tensors of";
      return failure();
    }
    result.push_back(RankedTensorType::get(dims, element));
  }
  return result;
}

void setResults(NodeImporter &n, ArrayRef<Value> results) {
  for (auto [i, result] : llvm::enumerate(results))
    n.setResult(i, result);
}

LogicalResult importDequeue(NodeImporter &n) {
  auto queue = getQueue(n);
  if (failed(queue))
    return failure();
  auto types = getTypes(n, *queue, std::nullopt);
  if (failed(types))
    return failure();
  setResults(n, n.hostCall("tgc_kernel_queue_dequeue", {}, *types, *queue, {}, /*isPure=*/false,
                           /*findsSizes=*/true));
  return success();
}

/// (queue, how many); of QueueDequeueUpTo there may be fewer.
template <bool isUpTo> LogicalResult importDequeueMany(NodeImporter &n) {
  auto queue = getQueue(n);
  auto count = n.getScalarSize(1, "n");
  if (failed(queue) || failed(count))
    return failure();
  if (failed(n.requireAtMost(n.sizes.constant(0), *count, "n must be at least %d, got %d")))
    return failure();
  auto known = IndexBuilder::getConstant(*count);
  auto types = getTypes(n, *queue, isUpTo || !known ? ShapedType::kDynamic : *known);
  if (failed(types))
    return failure();
  StringRef kernel = isUpTo ? "tgc_kernel_queue_dequeue_up_to" : "tgc_kernel_queue_dequeue_many";
  setResults(n, n.hostCall(kernel, n.sizeTensor(*count, n.builder.getI64Type()), *types, *queue, {},
                           /*isPure=*/false,
                           /*findsSizes=*/true));
  return success();
}

LogicalResult importClose(NodeImporter &n) {
  auto queue = getQueue(n);
  if (failed(queue))
    return failure();
  n.hostCall("tgc_kernel_queue_close", {}, {}, *queue, {}, /*isPure=*/false);
  return success();
}

/// Whether the queue is closed, or its size.
template <int result> LogicalResult importState(NodeImporter &n) {
  auto queue = getQueue(n);
  if (failed(queue))
    return failure();
  Type types[] = {RankedTensorType::get({}, n.builder.getI1Type()),
                  RankedTensorType::get({}, n.builder.getI32Type())};
  n.setResult(n.hostCall("tgc_kernel_queue_state", {}, types, *queue, {}, /*isPure=*/false)[result]);
  return success();
}

constexpr StringLiteral kEnqueue = "tgc_kernel_queue_enqueue";

} // namespace

void registerQueueOps(OpRegistry &registry) {
  registry.add({"FIFOQueue", "FIFOQueueV2"}, importQueue<'F'>);
  registry.add({"PaddingFIFOQueue", "PaddingFIFOQueueV2"}, importQueue<'P'>);
  registry.add({"RandomShuffleQueue", "RandomShuffleQueueV2"}, importQueue<'S'>);
  registry.add({"PriorityQueue", "PriorityQueueV2"}, importQueue<'O'>);
  registry.add({"QueueEnqueue", "QueueEnqueueV2"}, importEnqueue<kEnqueue>);
  registry.add({"QueueEnqueueMany", "QueueEnqueueManyV2"}, importEnqueueMany);
  registry.add({"QueueDequeue", "QueueDequeueV2"}, importDequeue);
  registry.add({"QueueDequeueMany", "QueueDequeueManyV2"}, importDequeueMany<false>);
  registry.add({"QueueDequeueUpTo", "QueueDequeueUpToV2"}, importDequeueMany<true>);
  registry.add({"QueueClose", "QueueCloseV2"}, importClose);
  registry.add({"QueueIsClosed", "QueueIsClosedV2"}, importState<0>);
  registry.add({"QueueSize", "QueueSizeV2"}, importState<1>);
}

} // namespace tgc
