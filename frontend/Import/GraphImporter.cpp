//===- GraphImporter.cpp - Imports the nodes of one graph -----------------===//

#include "frontend/Import/GraphImporter.h"
#include "dialects/Tg/IR/Placement.h"
#include "frontend/GraphDef/DeviceName.h"
#include "frontend/GraphDef/OpSignatures.h"
#include "frontend/Import/ListValue.h"
#include "frontend/Import/NodeImporter.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace tgc {

//===----------------------------------------------------------------------===//
// EntryImporter
//===----------------------------------------------------------------------===//

EntryImporter::EntryImporter(ModuleImport &module, func::FuncOp function)
    : module(module), function(function), builder(OpBuilder::atBlockEnd(&function.getBody().front())),
      sizes(builder) {}

LogicalResult EntryImporter::declareVariable(StringRef name, RankedTensorType type, Location loc) {
  auto [it, isNew] = module.variables.insert({name.str(), ModuleVariable{type, false, nullptr}});
  it->second.isOnHost |= isPlacedOnHost(loc);
  if (!isNew && it->second.type != type)
    return emitError(loc) << "variable " << name << " has type " << it->second.type << " elsewhere, got "
                          << type;
  if (!isNew || !module.readCheckpoint || name.starts_with(kRandomStatePrefix))
    return success();
  auto value = module.readCheckpoint(name, type);
  if (!value)
    return emitError(loc) << llvm::toString(value.takeError());
  if (*value && isa<tg::StringType>(type.getElementType()))
    return emitError(loc) << "variable " << name << " holds strings, which cannot be initial values";
  it->second.initialValue = *value;
  return success();
}

Value EntryImporter::readVariable(StringRef name) {
  VariableState &state = variables[name.str()];
  if (state.value)
    return state.value;
  ModuleVariable &variable = module.variables[name.str()];
  if (module.options.freeze && variable.initialValue) {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(&function.getBody().front());
    state.initial = tg::ConstantOp::create(builder, builder.getUnknownLoc(), variable.initialValue);
  } else {
    StringAttr node = builder.getStringAttr(name);
    Location loc = variable.isOnHost ? placeOnHost(node, builder.getStringAttr("VarHandleOp"))
                                     : Location(NameLoc::get(node));
    state.initial = function.getBody().front().addArgument(variable.type, loc);
  }
  state.value = state.initial;
  return state.value;
}

void EntryImporter::writeVariable(StringRef name, Value value) {
  VariableState &state = variables[name.str()];
  state.value = value;
  state.isWritten = true;
}

void EntryImporter::restoreState(const State &old) {
  for (auto &[name, state] : variables) {
    auto it = old.variables.find(name);
    Value initial = state.initial;
    bool hadValue = it != old.variables.end() && it->second.value;
    state = hadValue ? it->second : VariableState{initial, initial, false};
    state.initial = initial;
  }
  listObjects = old.listObjects;
}

std::vector<std::string> EntryImporter::getStateKeys() const {
  std::vector<std::string> keys;
  for (const auto &[name, state] : variables)
    if (state.value)
      keys.push_back(name);
  for (const auto &[name, object] : listObjects)
    keys.push_back(name);
  return keys;
}

bool EntryImporter::hasState(StringRef key) const {
  return !ListReference::isName(key) || listObjects.count(key.str()) || createGradientArray(*this, key);
}

ImportedValue EntryImporter::readState(StringRef key) {
  ImportedValue value;
  if (ListReference::isName(key)) {
    auto it = listObjects.find(key.str());
    auto object = it == listObjects.end() ? createGradientArray(*this, key) : it->second;
    value.list = std::shared_ptr<const ListValue>(object, &object->list);
  } else {
    value.tensor = readVariable(key);
  }
  return value;
}

LogicalResult EntryImporter::writeState(StringRef key, const ImportedValue &value, Location loc) {
  if (ListReference::isName(key)) {
    auto it = listObjects.find(key.str());
    ListObject object = it == listObjects.end() ? *createGradientArray(*this, key) : *it->second;
    object.list = *value.list;
    listObjects[key.str()] = std::make_shared<const ListObject>(std::move(object));
    return success();
  }
  auto tensor = getTensor(*this, loc, value);
  if (failed(tensor))
    return failure();
  RankedTensorType type = module.variables[key.str()].type;
  if (tensor->getType() != type)
    tensor = tensor::CastOp::create(builder, loc, type, *tensor).getResult();
  writeVariable(key, *tensor);
  return success();
}

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

//===----------------------------------------------------------------------===//
// Unsupported ops
//===----------------------------------------------------------------------===//

/// The nodes of a function that its results and effects need.
static SmallVector<const proto::NodeDef *> findNeededNodes(const proto::FunctionDef &function) {
  llvm::StringMap<const proto::NodeDef *> nodes;
  for (const proto::NodeDef &node : function.node_def())
    nodes[node.name()] = &node;
  SmallVector<const proto::NodeDef *> needed;
  llvm::StringSet<> visited;
  auto need = [&](StringRef input) {
    auto it = nodes.find(input.ltrim('^').split(':').first);
    if (it != nodes.end() && visited.insert(it->getKey()).second)
      needed.push_back(it->second);
  };
  for (const auto &output : function.signature().output_arg())
    if (auto ret = function.ret().find(output.name()); ret != function.ret().end())
      need(ret->second);
  for (const std::string &output : function.signature().control_output())
    if (auto ret = function.control_ret().find(output); ret != function.control_ret().end())
      need(ret->second);
  for (size_t i = 0; i < needed.size(); ++i)
    for (const std::string &input : needed[i]->input())
      need(input);
  return needed;
}

/// The supported op that is spelled almost like this one, if any is.
static std::optional<StringRef> findSimilarOp(StringRef op) {
  constexpr unsigned kMostEdits = 2;
  std::optional<StringRef> similar;
  unsigned least = std::min<unsigned>(kMostEdits, op.size() / 3) + 1;
  for (StringRef known : getOpRegistry().list())
    if (unsigned edits = op.edit_distance_insensitive(known, /*AllowReplacements=*/true, least);
        edits < least) {
      least = edits;
      similar = known;
    }
  return similar;
}

llvm::Error findUnsupportedOps(const ModuleImport &module, GraphEdges::Nodes nodes, ArrayRef<int> order) {
  std::map<std::string, std::vector<std::string>> missing;
  llvm::StringSet<> visited;
  SmallVector<StringRef> functions;
  auto visit = [&](const proto::NodeDef &node, StringRef prefix) {
    bool isFunction = module.functions.count(node.op());
    if (!isFunction && (!lookupOpSignature(node.op()) || !getOpRegistry().lookup(node.op())))
      missing[node.op()].push_back((prefix + node.name()).str());
    if (isFunction && visited.insert(node.op()).second)
      functions.push_back(module.functions.find(node.op())->getKey());
    for (const auto &[attrName, attr] : node.attr()) {
      if (StringRef(attrName).starts_with("_"))
        continue;
      if (attr.has_func() && visited.insert(attr.func().name()).second)
        functions.push_back(attr.func().name());
      if (attr.has_list())
        for (const proto::NameAttrList &function : attr.list().func())
          if (visited.insert(function.name()).second)
            functions.push_back(function.name());
    }
  };
  for (int index : order)
    visit(*nodes[index], "");
  while (!functions.empty()) {
    StringRef name = functions.pop_back_val();
    if (auto it = module.functions.find(name); it != module.functions.end())
      for (const proto::NodeDef *node : findNeededNodes(*it->second))
        visit(*node, (name + "/").str());
  }
  if (missing.empty())
    return llvm::Error::success();
  std::string text;
  llvm::raw_string_ostream os(text);
  os << missing.size() << (missing.size() == 1 ? " operator is" : " operators are") << " not supported: ";
  llvm::interleave(
      missing, os,
      [&](const auto &entry) {
        os << entry.first << " (" << entry.second.size()
           << (entry.second.size() == 1 ? " node: " : " nodes: ");
        size_t shown = std::min<size_t>(entry.second.size(), 5);
        llvm::interleave(ArrayRef(entry.second).take_front(shown), os, ", ");
        os << (shown < entry.second.size() ? ", ...)" : ")");
        if (auto similar = findSimilarOp(entry.first))
          os << " (" << *similar << " is supported)";
      },
      ", ");
  if (auto it = missing.find("IteratorGetNext"); it != missing.end())
    os << "; what reads and prepares data does not become part of a module: feed what it gives (--feeds "
       << it->second.front() << ":0,...)";
  else
    os << "; a tensor after them can be fed instead (--feeds)";
  return llvm::createStringError(text);
}

//===----------------------------------------------------------------------===//
// Element types
//===----------------------------------------------------------------------===//

Type getElementType(MLIRContext *context, proto::DataType dtype) {
  auto integer = [&](unsigned width, bool isUnsigned) -> Type {
    return IntegerType::get(context, width, isUnsigned ? IntegerType::Unsigned : IntegerType::Signless);
  };
  switch (withoutReference(dtype)) {
  case proto::DT_HALF:
    return Float16Type::get(context);
  case proto::DT_BFLOAT16:
    return BFloat16Type::get(context);
  case proto::DT_FLOAT:
    return Float32Type::get(context);
  case proto::DT_DOUBLE:
    return Float64Type::get(context);
  case proto::DT_INT8:
  case proto::DT_QINT8:
    return integer(8, false);
  case proto::DT_INT16:
  case proto::DT_QINT16:
    return integer(16, false);
  case proto::DT_INT32:
  case proto::DT_QINT32:
    return integer(32, false);
  case proto::DT_INT64:
    return integer(64, false);
  case proto::DT_UINT8:
  case proto::DT_QUINT8:
    return integer(8, true);
  case proto::DT_UINT16:
  case proto::DT_QUINT16:
    return integer(16, true);
  case proto::DT_UINT32:
    return integer(32, true);
  case proto::DT_UINT64:
    return integer(64, true);
  case proto::DT_BOOL:
    return integer(1, false);
  case proto::DT_COMPLEX64:
    return ComplexType::get(Float32Type::get(context));
  case proto::DT_COMPLEX128:
    return ComplexType::get(Float64Type::get(context));
  case proto::DT_STRING:
    return tg::StringType::get(context);
  default:
    return nullptr;
  }
}

proto::DataType getDataType(Type element) {
  for (int dtype = proto::DT_FLOAT; dtype <= proto::DT_UINT64; ++dtype)
    if (getElementType(element.getContext(), static_cast<proto::DataType>(dtype)) == element)
      return static_cast<proto::DataType>(dtype);
  return proto::DT_INVALID;
}

} // namespace tgc
