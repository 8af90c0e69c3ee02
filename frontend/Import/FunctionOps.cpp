//===- FunctionOps.cpp - Calls of library functions -----------------------===//
//
// Calls are inlined: the body is imported at the call, its nodes under the call's name. Recursion is an error.
//
//===----------------------------------------------------------------------===//

#include "frontend/GraphDef/OpSignatures.h"
#include "frontend/Import/GraphImporter.h"
#include "frontend/Import/NodeImporter.h"
#include "frontend/Import/OpRegistry.h"

using namespace mlir;

namespace tgc {

/// Deeper nesting of calls than this is taken for recursion without end.
static constexpr int kMaxCallDepth = 64;

FailureOr<SmallVector<ImportedValue>> GraphImporter::inlineFunction(StringRef name, ArrayRef<ImportedValue> arguments, StringRef callName,
                                                                    Location location, const proto::NodeDef &call) {
  auto it = entry.module.functions.find(name);
  if (it == entry.module.functions.end())
    return emitError(location) << "calls function " << name << ", which is not in the library";
  if (depth() > kMaxCallDepth)
    return emitError(location) << "function " << name << " calls itself without end";
  const proto::FunctionDef &function = *it->second;
  const proto::OpDef &signature = function.signature();
  if (static_cast<int>(arguments.size()) != signature.input_arg_size())
    return emitError(location) << "function " << name << " takes " << signature.input_arg_size() << " arguments, got " << arguments.size();

  // The body's nodes behind one node per argument, with the attributes that the call binds.
  std::vector<proto::NodeDef> body(signature.input_arg_size() + function.node_def_size());
  for (int i = 0; i < signature.input_arg_size(); ++i) {
    body[i].set_name(signature.input_arg(i).name());
    body[i].set_op("_Arg");
  }
  for (int i = 0; i < function.node_def_size(); ++i) {
    proto::NodeDef &node = body[signature.input_arg_size() + i] = function.node_def(i);
    for (auto &attr : *node.mutable_attr())
      if (attr.second.has_placeholder())
        if (const proto::AttrValue *bound = findAttr(call, attr.second.placeholder()))
          attr.second = *bound;
  }
  std::vector<const proto::NodeDef *> pointers;
  for (const proto::NodeDef &node : body)
    pointers.push_back(&node);
  auto bodyEdges = GraphEdges::build(pointers, true);
  if (!bodyEdges)
    return emitError(location) << "function " << name << ": " << llvm::toString(bodyEdges.takeError());

  GraphImporter graph(entry, pointers, *bodyEdges, (prefix + callName + "/").str(), this);
  for (auto [i, argument] : llvm::enumerate(arguments))
    graph.setValue({static_cast<int>(i), 0}, argument);
  SmallVector<NodeOutput> results;
  SmallVector<int> roots;
  for (const proto::OpDef::ArgDef &output : signature.output_arg()) {
    auto ret = function.ret().find(output.name());
    if (ret == function.ret().end())
      return emitError(location) << "function " << name << ": output " << output.name() << " is not returned";
    auto source = bodyEdges->resolve(ret->second, ("function " + name + ": return value " + output.name()).str());
    if (!source)
      return emitError(location) << llvm::toString(source.takeError());
    results.push_back(*source);
    roots.push_back(source->node);
  }
  for (const auto &control : function.control_ret())
    if (int node = bodyEdges->find(control.second); node >= 0)
      roots.push_back(node);
  auto isArgument = [&](NodeOutput output) { return output.node < signature.input_arg_size(); };
  llvm::erase_if(roots, [&](int node) { return node < signature.input_arg_size(); });
  auto order = scheduleNodes(*bodyEdges, pointers, roots, isArgument);
  if (!order)
    return emitError(location) << "function " << name << ": " << llvm::toString(order.takeError());
  if (failed(graph.importNodes(*order)))
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

namespace {

LogicalResult importCall(NodeImporter &n) {
  SmallVector<ImportedValue> arguments;
  for (size_t i = 0; i < n.getNumInputs(); ++i)
    arguments.push_back(n.getInput(i));
  auto results = n.graph.inlineFunction(getFunctionAttr(n.node, "f"), arguments, n.node.name(), n.loc, n.node);
  if (failed(results))
    return failure();
  if (results->size() != n.getOutputs().size())
    return n.error() << "the call has " << n.getOutputs().size() << " outputs, the function " << results->size();
  for (auto [i, value] : llvm::enumerate(*results))
    n.setOutput(i, value);
  return success();
}

} // namespace

void registerFunctionOps(OpRegistry &registry) { registry.add({"PartitionedCall", "StatefulPartitionedCall"}, importCall); }

} // namespace tgc
