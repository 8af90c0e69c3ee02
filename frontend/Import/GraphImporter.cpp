//===- GraphImporter.cpp - Imports the nodes of one graph -----------------===//

#include "frontend/Import/GraphImporter.h"
#include "dialects/Tg/IR/Placement.h"
#include "frontend/GraphDef/DeviceName.h"
#include "frontend/GraphDef/OpSignatures.h"
#include "frontend/Import/NodeImporter.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace tgc {

//===----------------------------------------------------------------------===//
// GraphImporter
//===----------------------------------------------------------------------===//

GraphImporter::GraphImporter(EntryImporter &entry, GraphEdges::Nodes nodes, const GraphEdges &edges,
                             std::string prefix, GraphImporter *caller)
    : entry(entry), edges(edges), nodes(nodes), prefix(std::move(prefix)), caller(caller) {}

void GraphImporter::feed(NodeOutput output, ImportedValue value) {
  setValue(output, std::move(value));
  fed.insert({output.node, output.output});
}

void GraphImporter::setValue(NodeOutput output, ImportedValue value) {
  if (std::pair<int, int> key = {output.node, output.output}; !fed.contains(key))
    values[key] = std::move(value);
}

FailureOr<ImportedValue> GraphImporter::getValue(NodeOutput output, Location user) {
  auto it = values.find({output.node, output.output});
  if (it != values.end() && !it->second.isNull())
    return it->second;
  size_t count = 0;
  while (values.count({output.node, static_cast<int>(count)}))
    ++count;
  emitError(user) << "output " << output.output << " of " << describeNode(*nodes[output.node])
                  << " is asked for, but it has " << (count ? "only " : "") << count
                  << (count == 1 ? " output" : " outputs");
  return failure();
}

FailureOr<mlir::Value> GraphImporter::getTensor(NodeOutput output, Location user) {
  auto value = getValue(output, user);
  if (failed(value))
    return failure();
  ImportedValue inputs[] = {*value};
  NodeImporter identity(*this, *nodes[output.node], inputs, 0);
  return identity.getTensor(0);
}

Location GraphImporter::getLoc(const proto::NodeDef &node) {
  std::string name = prefix + node.name();
  entry.module.descriptions.try_emplace(name, "node " + name + " (" + node.op() + ")");
  MLIRContext *context = entry.builder.getContext();
  auto nodeName = StringAttr::get(context, name), op = StringAttr::get(context, node.op());
  StringRef device = getDevice(node);
  if (!device.empty() && entry.module.placement.isOnHost(node, device, name))
    return placeOnHost(nodeName, op);
  std::optional<DeviceName> parsed = parseDeviceName(device);
  if (parsed && parsed->type == "GPU" && entry.module.options.hasGpu)
    return placeOnGpu(nodeName, op, parsed->number.value_or(0));
  return NameLoc::get(nodeName, NameLoc::get(op));
}

/// What changes a variable is where the variable is.
StringRef GraphImporter::getDevice(const proto::NodeDef &node) const {
  auto deviceOf = [&](StringRef name) -> StringRef {
    int index = edges.find(name);
    return index < 0 ? StringRef() : StringRef(nodes[index]->device());
  };
  if (isUpdateOp(node.op()) && node.input_size())
    if (auto handle = parseTensorName(node.input(0)))
      if (StringRef device = deviceOf(handle->node); !device.empty())
        return device;
  if (!node.device().empty())
    return node.device();
  for (StringRef other : getStringListAttr(node, "_class"))
    if (other.consume_front("loc:@"))
      if (StringRef device = deviceOf(other); !device.empty())
        return device;
  return "";
}

int GraphImporter::depth() const { return caller ? caller->depth() + 1 : 0; }

LogicalResult GraphImporter::importCall(int index, ArrayRef<ImportedValue> inputs) {
  const proto::NodeDef &node = *nodes[index];
  proto::NameAttrList callee;
  callee.set_name(node.op());
  auto results = inlineFunction(callee, inputs, node.name(), getLoc(node), node);
  if (failed(results))
    return failure();
  for (auto [i, value] : llvm::enumerate(*results))
    setValue({index, static_cast<int>(i)}, std::move(value));
  return success();
}

/// Offsets into larger tensors would overflow in the code that is made for them.
static bool exceedsMemory(RankedTensorType type) {
  constexpr int64_t kMostElements = int64_t(1) << 46; // an address space has 2^47 bytes
  int64_t count = 1;
  for (int64_t size : type.getShape()) {
    if (size == 0)
      return false;
    if (!ShapedType::isDynamic(size) && llvm::MulOverflow(count, size, count))
      return true;
  }
  return count > kMostElements;
}

/// Whether an op takes axes that only the run decides as they are: it sums along them, or hands them on.
static bool takesOpenAxes(StringRef op) {
  static const llvm::StringSet<> ops{"Sum",
                                     "Identity",
                                     "IdentityN",
                                     "StopGradient",
                                     "PreventGradient",
                                     "Snapshot",
                                     "PartitionedCall",
                                     "StatefulPartitionedCall",
                                     "If",
                                     "StatelessIf",
                                     "Case",
                                     "StatelessCase",
                                     "While",
                                     "StatelessWhile",
                                     "SymbolicGradient"};
  return ops.contains(op);
}

/// The inputs, with such axes as numbers.
static FailureOr<SmallVector<ImportedValue>> closeAxes(EntryImporter &entry, Location loc,
                                                       ArrayRef<ImportedValue> inputs) {
  SmallVector<ImportedValue> closed(inputs);
  for (ImportedValue &value : closed) {
    if (!value.host || value.host->broadcastShapes[0].empty())
      continue;
    auto tensor = getTensor(entry, loc, value);
    if (failed(tensor))
      return failure();
    value = {};
    value.tensor = *tensor;
  }
  return closed;
}

/// Whether TensorFlow's kernel gives its input's buffer as its output.
static bool handsOnBuffer(StringRef op) {
  static const llvm::StringSet<> ops = {"CheckNumerics", "EnsureShape", "ExpandDims",  "PreventGradient",
                                        "Reshape",       "Squeeze",     "StopGradient"};
  return ops.contains(op);
}

LogicalResult GraphImporter::importNode(int index, ArrayRef<ImportedValue> inputs) {
  proto::NodeDef node = *nodes[index];
  Location loc = getLoc(node);
  const OpSignature *signature = lookupOpSignature(node.op());
  if (!signature && entry.module.functions.contains(node.op()))
    return importCall(index, inputs);
  NodeHandler handler = getOpRegistry().lookup(node.op());
  if (!signature || !handler)
    return emitError(loc) << "the operator is not supported";

  auto dtypeOf = [&](int i) -> std::optional<proto::DataType> {
    NodeOutput source = edges.dataInputs(index)[i];
    const OpSignature *producer = lookupOpSignature(nodes[source.node]->op());
    if (!producer)
      return std::nullopt;
    proto::NodeDef complete = *nodes[source.node];
    addDefaultAttrs(complete, *producer);
    auto types = outputTypes(complete, *producer);
    if (!types) {
      llvm::consumeError(types.takeError());
      return std::nullopt;
    }
    return source.output < static_cast<int>(types->size()) ? std::optional((*types)[source.output])
                                                           : std::nullopt;
  };
  // The description of the node is added to every diagnostic; the signatures' messages open with it too.
  auto withoutNode = [&](StringRef message) {
    message.consume_front("node " + describeNode(node) + ": ");
    return message.str();
  };
  addDefaultAttrs(node, *signature);
  if (llvm::Error invalid = checkNode(node, *signature, dtypeOf))
    return emitError(loc) << withoutNode(llvm::toString(std::move(invalid)));
  auto types = outputTypes(node, *signature);
  if (!types)
    return emitError(loc) << withoutNode(llvm::toString(types.takeError()));

  SmallVector<ImportedValue> closed;
  if (!takesOpenAxes(node.op())) {
    auto values = closeAxes(entry, loc, inputs);
    if (failed(values))
      return failure();
    closed = std::move(*values);
    inputs = closed;
  }
  HostHandler host = getOpRegistry().lookupHost(node.op());
  bool isOfHandles = !inputs.empty() && (inputs.front().list || inputs.front().optional);
  if (NodeHandler forHandles = getOpRegistry().lookupForHandles(node.op()); forHandles && isOfHandles) {
    handler = forHandles;
    host = nullptr;
  }
  NodeImporter importer(*this, node, inputs, types->size());
  if (!(host && host(importer)) && failed(handler(importer)))
    return failure();
  if (handsOnBuffer(node.op()))
    if (ImportedValue &output = importer.getOutputs().front(); output.tensor && output.aliases.empty())
      output.aliases = getAliases(entry, inputs.front(), output.tensor);
  for (const ImportedValue &output : importer.getOutputs())
    if (output.tensor && exceedsMemory(cast<RankedTensorType>(output.tensor.getType())))
      return emitError(loc) << "the result would be " << output.tensor.getType()
                            << ", more than any memory holds";
  if (entry.module.options.checkNumerics)
    for (const ImportedValue &output : importer.getOutputs())
      if (output.tensor && isa<FloatType>(getElementTypeOrSelf(output.tensor.getType())))
        importer.checkAll(importer.create<tg::NotOp>(importer.create<tg::IsNanOp>(output.tensor)),
                          "the node made a NaN (--check-numerics)");
  for (auto [i, output] : llvm::enumerate(importer.getOutputs())) {
    if (!caller && output.tensor && entry.watched.contains({index, static_cast<int>(i)}))
      output.tensor = tg::WatchOp::create(entry.builder, loc, output.tensor);
    setValue({index, static_cast<int>(i)}, std::move(output));
  }
  return success();
}

} // namespace tgc
