//===- FeedTypes.cpp - Types of what an entry is fed ----------------------===//

#include "frontend/Import/FeedTypes.h"
#include "frontend/GraphDef/OpSignatures.h"
#include "frontend/Import/ControlFlow/PlanImporter.h"
#include "frontend/Import/GivenShapes.h"
#include "frontend/Import/GraphImporter.h"
#include "frontend/Import/NodeImporter.h"

using namespace mlir;

namespace tgc {

std::optional<std::vector<int64_t>> FeedTypes::getGraphShape(NodeOutput output) {
  const proto::NodeDef &node = *nodes[output.node];
  // An empty shape attribute of a Placeholder meant "unknown" before graph version 24.
  if (StringRef(node.op()) == "Placeholder") {
    auto shape = getShapeAttr(node, "shape");
    if (shape && shape->empty() && module.model.graph.versions().producer() < 24)
      return std::nullopt;
    return shape;
  }
  if (auto shape = getShapeAttr(node, "shape"))
    return shape;
  for (StringRef name : {"output_shapes", "_output_shapes"})
    if (const proto::AttrValue *shapes = findAttr(node, name))
      if (shapes->has_list() && output.output < shapes->list().shape_size())
        return shapeFromProto(shapes->list().shape(output.output));
  return std::nullopt;
}

std::optional<std::vector<int64_t>> FeedTypes::inferShape(NodeOutput output) {
  auto isPlaceholder = [&](NodeOutput value) { return nodes[value.node]->op() == "Placeholder"; };
  auto all = flow::buildPlan(edges, nodes, output, {}, [](NodeOutput) { return false; });
  auto plan = flow::buildPlan(edges, nodes, output, {}, isPlaceholder);
  if (!all || !plan) {
    llvm::consumeError(llvm::joinErrors(all.takeError(), plan.takeError()));
    return std::nullopt;
  }
  MLIRContext *context = module.module.getContext();
  ScopedDiagnosticHandler silence(context, [](Diagnostic &) { return success(); });
  OwningOpRef<ModuleOp> scratch = ModuleOp::create(UnknownLoc::get(context));
  ModuleImport import = module;
  import.module = *scratch;
  OpBuilder builder = OpBuilder::atBlockEnd(scratch->getBody());
  auto function =
      func::FuncOp::create(builder, UnknownLoc::get(context), "scratch", builder.getFunctionType({}, {}));
  function.addEntryBlock();
  EntryImporter entry(import, function);
  GraphImporter graph(entry, nodes, edges, "", nullptr);
  for (int node : all->nodes) {
    if (!isPlaceholder({node, 0}))
      continue;
    auto type = get({nodes[node]->name() + ":0", std::nullopt, std::nullopt}, {node, 0});
    if (!type) {
      llvm::consumeError(type.takeError());
      return std::nullopt;
    }
    ImportedValue value;
    value.tensor = function.getBody().front().addArgument(*type, UnknownLoc::get(context));
    graph.setValue({node, 0}, value);
  }
  if (failed(flow::PlanImporter(graph, nodes, *plan).run()))
    return std::nullopt;
  auto value = graph.getValue(output, UnknownLoc::get(context));
  if (failed(value))
    return std::nullopt;
  if (value->host)
    return std::vector<int64_t>(value->host->shape.begin(), value->host->shape.end());
  Type type = value->tensor ? value->tensor.getType() : Type(import.variables[value->variable->name].type);
  std::vector<int64_t> shape;
  for (int64_t size : cast<RankedTensorType>(type).getShape())
    shape.push_back(ShapedType::isDynamic(size) ? -1 : size);
  return shape;
}

llvm::Expected<RankedTensorType> FeedTypes::get(const FeedSpec &feed, NodeOutput output) {
  const proto::NodeDef &node = *nodes[output.node];
  std::string name = (describeNode(node));
  const OpSignature *signature = lookupOpSignature(node.op());
  if (!signature)
    return llvm::createStringError(
        "node %s: the operator is not supported, so the type of feed %s is not known", name.c_str(),
        feed.tensor.c_str());
  proto::NodeDef complete = node;
  addDefaultAttrs(complete, *signature);
  if (llvm::Error invalid = checkNode(complete, *signature))
    return std::move(invalid);
  auto types = outputTypes(complete, *signature);
  if (!types)
    return types.takeError();
  if (output.output >= static_cast<int>(types->size()))
    return llvm::createStringError("feed %s: %s has only %zu outputs", feed.tensor.c_str(), name.c_str(),
                                   types->size());
  proto::DataType dtype = (*types)[output.output];
  Type element = getElementType(module.module.getContext(), dtype);
  if (!element)
    return llvm::createStringError("feed %s is %s, which tgc has no tensors of", feed.tensor.c_str(),
                                   dataTypeName(dtype).c_str());
  std::optional<std::vector<int64_t>> shape = feed.shape;
  if (!shape)
    shape = findGivenShape(module.options, feed.tensor);
  if (!shape)
    shape = getGraphShape(output);
  if (!shape && !feed.fed && node.op() != "Placeholder")
    shape = inferShape(output);
  if (feed.fed &&
      (!shape || (!feed.shape && shape->size() != feed.fed->size() && node.op() != "Placeholder")))
    shape = std::vector<int64_t>(feed.fed->size(), -1);
  // A vector of integers may be a shape: its length is a rank.
  bool mayBeShape = element.isSignlessInteger(32) || element.isSignlessInteger(64);
  if (feed.fed && shape && shape->size() == feed.fed->size())
    for (auto [size, fed] : llvm::zip_equal(*shape, *feed.fed))
      if (size < 0 && (feed.isFedExactly || fed == 1 || (mayBeShape && shape->size() == 1)))
        size = fed;
  if (!shape)
    return llvm::createStringError(
        "node %s: the rank of feed %s is not known; give its shape with --shape %s=?,...", name.c_str(),
        feed.tensor.c_str(), feed.tensor.c_str());
  SmallVector<int64_t> dims;
  for (int64_t size : *shape)
    dims.push_back(size < 0 ? ShapedType::kDynamic : size);
  return RankedTensorType::get(dims, element);
}

} // namespace tgc
