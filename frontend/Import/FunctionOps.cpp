//===- FunctionOps.cpp - Calls of library functions -----------------------===//
//
// Calls are inlined: the body is imported at the call, its nodes under the call's name. Recursion is an
// error.
//
//===----------------------------------------------------------------------===//

#include "frontend/Import/FunctionOps.h"
#include "frontend/GraphDef/OpSignatures.h"
#include "frontend/Import/ControlFlow/PlanImporter.h"
#include "frontend/Import/GraphImporter.h"
#include "frontend/Import/NodeImporter.h"
#include "frontend/Import/OpRegistry.h"

using namespace mlir;

namespace tgc {

/// Deeper nesting of calls than this is taken for recursion without end.
static constexpr int kMaxCallDepth = 400;

/// The element type of an edge, if it has one.
static Type getElement(const ImportedValue &value) {
  if (value.tensor)
    return getElementTypeOrSelf(value.tensor.getType());
  return value.host ? value.host->elementType : Type();
}

/// The name of an edge in the body of a function, "node:output:index". Where the node calls a function by its
/// name, as graphs of the first version do, the outputs have the names of that function's results, which no
/// signature of an op knows: "node:number" then.
static std::string nameEdge(const ModuleImport &module, const llvm::StringMap<StringRef> &ops,
                            const std::string &text) {
  auto name = parseTensorName(text);
  if (!name || name->isControl || name->outputArg.empty())
    return text;
  auto op = ops.find(name->node);
  auto callee = op == ops.end() ? module.functions.end() : module.functions.find(op->second);
  if (callee == module.functions.end() || lookupOpSignature(op->second))
    return text;
  int number = name->index;
  for (const proto::OpDef::ArgDef &output : callee->second->signature().output_arg()) {
    if (output.name() == name->outputArg)
      return (name->node + ":" + Twine(number)).str();
    ++number;
  }
  return text;
}

FailureOr<SmallVector<ImportedValue>> GraphImporter::inlineFunction(const proto::NameAttrList &callee,
                                                                    ArrayRef<ImportedValue> arguments,
                                                                    StringRef callName, Location location,
                                                                    const proto::NodeDef &call) {
  StringRef name = callee.name();
  auto it = entry.module.functions.find(name);
  if (it == entry.module.functions.end())
    return emitError(location) << "calls function " << name << ", which is not in the library";
  if (depth() > kMaxCallDepth)
    return emitError(location) << "calls of functions are nested more than " << kMaxCallDepth
                               << " deep, here that of " << name;
  const proto::FunctionDef &function = *it->second;
  const proto::OpDef &signature = function.signature();
  if (static_cast<int>(arguments.size()) != signature.input_arg_size())
    return emitError(location) << "function " << name << " takes " << signature.input_arg_size()
                               << " arguments, got " << arguments.size();
  auto findBound = [&](const std::string &attr) -> const proto::AttrValue * {
    auto it = callee.attr().find(attr);
    return it != callee.attr().end() ? &it->second : findAttr(call, attr);
  };
  for (auto [i, argument] : llvm::enumerate(arguments)) {
    const proto::OpDef::ArgDef &declared = signature.input_arg(i);
    proto::DataType dtype = declared.type();
    if (const proto::AttrValue *bound =
            declared.type_attr().empty() ? nullptr : findBound(declared.type_attr()))
      dtype = bound->type();
    Type expected = getElementType(entry.builder.getContext(), dtype), got = getElement(argument);
    if (expected && got && expected != got)
      return emitError(location) << "function " << name << ": argument " << declared.name() << " is "
                                 << dataTypeName(dtype) << ", got " << dataTypeName(getDataType(got));
  }

  // The body's nodes behind one node per argument, with the attributes that the call binds.
  std::vector<proto::NodeDef> body(signature.input_arg_size() + function.node_def_size());
  for (int i = 0; i < signature.input_arg_size(); ++i) {
    body[i].set_name(signature.input_arg(i).name());
    body[i].set_op("_Arg");
  }
  for (int i = 0; i < function.node_def_size(); ++i) {
    proto::NodeDef &node = body[signature.input_arg_size() + i] = function.node_def(i);
    if (node.device().empty())
      node.set_device(call.device());
    for (auto &attr : *node.mutable_attr())
      if (attr.second.has_placeholder())
        if (const proto::AttrValue *bound = findBound(attr.second.placeholder()))
          attr.second = proto::AttrValue(*bound);
  }
  llvm::StringMap<StringRef> ops;
  for (const proto::NodeDef &node : body)
    ops[node.name()] = node.op();
  for (proto::NodeDef &node : body)
    for (std::string &input : *node.mutable_input())
      input = nameEdge(entry.module, ops, input);
  std::vector<const proto::NodeDef *> pointers;
  for (const proto::NodeDef &node : body)
    pointers.push_back(&node);
  auto bodyEdges = GraphEdges::build(pointers, true);
  if (!bodyEdges)
    return emitError(location) << "function " << name << ": " << llvm::toString(bodyEdges.takeError());
  bodyEdges->findUpdates([&](const proto::NodeDef &node) { return entry.module.isUpdate(node); });

  GraphImporter graph(entry, pointers, *bodyEdges, (prefix + callName + "/").str(), this);
  for (auto [i, argument] : llvm::enumerate(arguments))
    graph.setValue({static_cast<int>(i), 0}, argument);
  SmallVector<NodeOutput> results;
  SmallVector<int> targets;
  for (const proto::OpDef::ArgDef &output : signature.output_arg()) {
    auto ret = function.ret().find(output.name());
    if (ret == function.ret().end())
      return emitError(location) << "function " << name << ": output " << output.name() << " is not returned";
    auto source = bodyEdges->resolve(nameEdge(entry.module, ops, ret->second),
                                     ("function " + name + ": return value " + output.name()).str());
    if (!source)
      return emitError(location) << llvm::toString(source.takeError());
    results.push_back(*source);
  }
  for (const auto &control : function.control_ret())
    if (int node = bodyEdges->find(control.second); node >= 0)
      targets.push_back(node);
  auto isArgument = [&](NodeOutput output) { return output.node < signature.input_arg_size(); };
  llvm::erase_if(targets, [&](int node) { return node < signature.input_arg_size(); });
  auto plan = flow::buildPlan(*bodyEdges, pointers, results, targets, isArgument);
  if (!plan)
    return emitError(location) << "function " << name << ": " << llvm::toString(plan.takeError());
  if (failed(flow::PlanImporter(graph, pointers, *plan).run()))
    return failure();
  SmallVector<ImportedValue> values;
  for (NodeOutput result : results) {
    auto value = graph.getValue(result, location);
    if (failed(value))
      return failure();
    values.push_back(*value);
  }
  return values;
}

bool ModuleImport::isUpdate(const proto::NodeDef &node) const {
  if (isUpdateOp(node.op()))
    return true;
  auto writes = [&](const proto::NameAttrList &callee) {
    auto it = functions.find(callee.name());
    if (it == functions.end())
      return false;
    auto [known, isNew] = functionsWithUpdates.try_emplace(callee.name(), false);
    if (!isNew)
      return known->second;
    bool found =
        llvm::any_of(it->second->node_def(), [&](const proto::NodeDef &inner) { return isUpdate(inner); });
    return functionsWithUpdates[callee.name()] = found;
  };
  return llvm::any_of(node.attr(), [&](const auto &attr) {
    return !StringRef(attr.first).starts_with("_") &&
           ((attr.second.has_func() && writes(attr.second.func())) ||
            (attr.second.has_list() && llvm::any_of(attr.second.list().func(), writes)));
  });
}

//===----------------------------------------------------------------------===//
// Results that are arguments
//===----------------------------------------------------------------------===//

int PassThrough::find(StringRef function, int result) { return findIn(function, result, 0); }

int PassThrough::findIn(StringRef name, int result, int depth) {
  auto it = module.functions.find(name);
  if (it == module.functions.end() || depth > kMaxCallDepth ||
      result >= it->second->signature().output_arg_size())
    return -1;
  const proto::FunctionDef &function = *it->second;
  auto [table, isNew] = tables.try_emplace(name);
  if (isNew)
    for (const proto::NodeDef &node : function.node_def())
      table->second[node.name()] = &node;
  auto ret = function.ret().find(function.signature().output_arg(result).name());
  return ret == function.ret().end() ? -1 : trace(function, table->second, ret->second, depth);
}

int PassThrough::trace(const proto::FunctionDef &function, const NodeTable &nodes, StringRef tensor,
                       int depth) {
  for (;;) {
    StringRef name = tensor.split(':').first;
    for (int i = 0; i < function.signature().input_arg_size(); ++i)
      if (function.signature().input_arg(i).name() == name)
        return i;
    int output = 0;
    if (tensor.rsplit(':').second.getAsInteger(10, output))
      output = 0;
    auto it = nodes.find(name);
    if (it == nodes.end())
      return -1;
    const proto::NodeDef &node = *it->second;
    int input = -1;
    if (node.op() == "Identity" || node.op() == "IdentityN") {
      input = output;
    } else if (node.op() == "PartitionedCall" || node.op() == "StatefulPartitionedCall") {
      input = findIn(getFunctionAttr(node, "f"), output, depth + 1);
    } else if (node.op() == "While" || node.op() == "StatelessWhile") {
      input = findIn(getFunctionAttr(node, "body"), output, depth + 1) == output ? output : -1;
    } else if (node.op() == "If" || node.op() == "StatelessIf") {
      int yes = findIn(getFunctionAttr(node, "then_branch"), output, depth + 1);
      input =
          yes >= 0 && yes == findIn(getFunctionAttr(node, "else_branch"), output, depth + 1) ? yes + 1 : -1;
    }
    if (input < 0 || input >= node.input_size() || StringRef(node.input(input)).starts_with("^"))
      return -1;
    tensor = node.input(input);
  }
}

//===----------------------------------------------------------------------===//
// Calls
//===----------------------------------------------------------------------===//

LogicalResult setCallResults(NodeImporter &n, ArrayRef<ImportedValue> results) {
  if (results.size() != n.getOutputs().size())
    return n.error() << "has " << n.getOutputs().size() << " outputs, the function gives " << results.size();
  auto types = outputTypes(n.node, *lookupOpSignature(n.node.op()));
  if (!types)
    return n.error() << llvm::toString(types.takeError());
  for (auto [i, value] : llvm::enumerate(results)) {
    Type expected = getElementType(n.builder.getContext(), (*types)[i]), got = getElement(value);
    if (expected && got && expected != got)
      return n.error() << "output " << i << " is " << dataTypeName((*types)[i]) << ", the function gives "
                       << dataTypeName(getDataType(got));
    n.setOutput(i, value);
  }
  return success();
}

namespace {

LogicalResult importCall(NodeImporter &n) {
  SmallVector<ImportedValue> arguments;
  for (size_t i = 0; i < n.getNumInputs(); ++i)
    arguments.push_back(n.getInput(i));
  auto results =
      n.graph.inlineFunction(findAttr(n.node, "f")->func(), arguments, n.node.name(), n.loc, n.node);
  return failed(results) ? failure() : setCallResults(n, *results);
}

} // namespace

void registerFunctionOps(OpRegistry &registry) {
  registry.add({"PartitionedCall", "StatefulPartitionedCall"}, importCall);
}

} // namespace tgc
