//===- Importer.cpp - Entries of a model ----------------------------------===//
//
// Finds the entries of a model and imports them into one module, with the values that variables have in its
// checkpoint, and turns diagnostics into messages that name file, node and op.
//
//===----------------------------------------------------------------------===//

#include "frontend/GraphDef/Checkpoint.h"
#include "frontend/GraphDef/OpSignatures.h"
#include "frontend/Import/ControlFlow/PlanImporter.h"
#include "frontend/Import/EntryBuilder.h"
#include "frontend/Import/EntryGradients.h"
#include "frontend/Import/GivenShapes.h"
#include "frontend/Import/GraphImporter.h"
#include "frontend/Import/Import.h"
#include "frontend/Import/Initializer.h"
#include "frontend/Import/StateOps.h"
#include "frontend/Import/TrainingStep.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Verifier.h"

using namespace mlir;

namespace tgc {
namespace {

/// The entry of a model that says nothing of entries: all placeholders that matter, all tensors that nobody
/// consumes.
EntrySpec getDefaultEntry(GraphEdges::Nodes nodes, const GraphEdges &edges) {
  llvm::DenseSet<int> consumed;
  for (int node = 0, e = edges.size(); node < e; ++node)
    for (NodeOutput input : edges.dataInputs(node))
      consumed.insert(input.node);
  SmallVector<int> candidates;
  for (int node = 0, e = edges.size(); node < e; ++node) {
    StringRef op = nodes[node]->op();
    const OpSignature *signature = lookupOpSignature(op);
    if (consumed.contains(node) || isUpdateOp(op) || (signature && signature->outputs.empty()))
      continue;
    if (op == "Placeholder" || op == "VarHandleOp" || op == "VariableV2" || op == "Const")
      continue;
    candidates.push_back(node);
  }
  SmallVector<int> roots = flow::findUnconditional(edges, nodes, candidates);
  EntrySpec spec{"main", {}, {}, {}};
  for (int node : roots)
    spec.fetches.push_back(nodes[node]->name() + ":0");
  auto plan = flow::buildPlan(edges, nodes, {}, roots, [](NodeOutput) { return false; });
  if (!plan) {
    llvm::consumeError(plan.takeError());
    return spec;
  }
  llvm::sort(plan->nodes);
  for (int node : plan->nodes)
    if (nodes[node]->op() == "Placeholder")
      spec.feeds.push_back({nodes[node]->name() + ":0", std::nullopt, std::nullopt});
  return spec;
}

llvm::Expected<std::vector<EntrySpec>> getEntries(const Model &model, const ImportOptions &options,
                                                  GraphEdges::Nodes nodes, const GraphEdges &edges) {
  if (!options.entries.empty())
    return options.entries;
  std::vector<EntrySpec> entries;
  std::string names;
  for (const Signature &signature : model.signatures) {
    names += (names.empty() ? "" : ", ") + signature.name;
    bool isInternal = signature.name == "__saved_model_init_op" || signature.name == "__saved_model_train_op";
    if (options.signature.empty() ? isInternal : signature.name != options.signature)
      continue;
    EntrySpec spec{signature.name, {}, {}, {}};
    for (const SignatureTensor &input : signature.inputs)
      spec.feeds.push_back({input.tensor, input.shape, std::nullopt});
    for (const SignatureTensor &output : signature.outputs)
      spec.fetches.push_back(output.tensor);
    entries.push_back(std::move(spec));
  }
  if (!options.signature.empty() && entries.empty())
    return llvm::createStringError("signature %s not found; the model has: %s", options.signature.c_str(),
                                   names.empty() ? "none" : names.c_str());
  if (entries.empty())
    entries.push_back(getDefaultEntry(nodes, edges));
  return entries;
}

/// A variable's value of a checkpoint, as an attribute of the wanted type; checked against it.
llvm::Expected<ElementsAttr> readVariableValue(const Checkpoint &checkpoint, const Model &model,
                                               const llvm::StringMap<std::string> &objectKeys, StringRef name,
                                               RankedTensorType type) {
  std::string key = name.str(), slice;
  if (auto it = model.variableSlices.find(name);
      it != model.variableSlices.end() && !checkpoint.contains(name)) {
    key = it->second.key;
    slice = it->second.spec;
  } else if (auto it = objectKeys.find(name); it != objectKeys.end() && !checkpoint.contains(name)) {
    // Where the graph says what it restores, an object may have the name of another variable by chance.
    if (model.variableKeys.empty() ||
        llvm::any_of(model.variableKeys, [&](const auto &known) { return known.second == name; }))
      key = it->second;
  }
  auto entry = checkpoint.lookup(key, slice);
  if (!entry)
    return entry.takeError();
  proto::DataType wanted = getDataType(type.getElementType());
  std::vector<int64_t> shape;
  for (int64_t size : type.getShape())
    shape.push_back(ShapedType::isDynamic(size) ? -1 : size);
  if (llvm::Error differs = checkpoint.check(key, wanted, shape, slice))
    return std::move(differs);
  auto data = checkpoint.read(key, slice);
  if (!data)
    return data.takeError();
  auto valueType = RankedTensorType::get(data->shape, type.getElementType());
  if (wanted == proto::DT_STRING)
    return ElementsAttr(DenseStringElementsAttr::get(
        valueType, SmallVector<StringRef>(data->strings.begin(), data->strings.end())));
  return getElementsAttr(valueType, *data, name);
}

} // namespace

llvm::Expected<OwningOpRef<ModuleOp>> importModel(MLIRContext &context, const Model &model,
                                                  const ImportOptions &options) {
  context.loadDialect<tg::TgDialect, arith::ArithDialect, complex::ComplexDialect, func::FuncDialect,
                      math::MathDialect, scf::SCFDialect, tensor::TensorDialect>();
  if (llvm::Error invalid = validateGraph(model.graph, model.path))
    return std::move(invalid);
  OwningOpRef<ModuleOp> module = ModuleOp::create(NameLoc::get(StringAttr::get(&context, model.path)));
  ModuleImport import{model, options, *module, {}, {}, {}, {}, {}};
  for (const proto::FunctionDef &function : model.graph.library().function())
    import.functions[function.signature().name()] = &function;
  for (const proto::GradientDef &gradient : model.graph.library().gradient())
    import.functionGradients[gradient.function_name()] = gradient.gradient_func();

  // Every diagnostic becomes one line of the error, with file, node and op.
  std::string text;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    if (diagnostic.getSeverity() != DiagnosticSeverity::Error)
      return failure();
    std::string where;
    if (auto name = dyn_cast<NameLoc>(diagnostic.getLocation()))
      if (auto it = import.descriptions.find(name.getName()); it != import.descriptions.end())
        where = it->second + ": ";
    text += (text.empty() ? "" : "\n") + model.path + ": " + where + diagnostic.str();
    return success();
  });
  auto fail = [&](llvm::Error error) -> llvm::Error {
    std::string message = llvm::toString(std::move(error));
    if (!message.empty())
      text += (text.empty() ? "" : "\n") + model.path + ": " + message;
    return llvm::createStringError(text);
  };

  Initializer initializer(import);
  std::optional<Checkpoint> checkpoint;
  llvm::StringMap<std::string> objectKeys;
  bool lacksIndex = false;
  if (std::string prefix = options.checkpoint.empty() ? model.checkpointPrefix : options.checkpoint;
      !prefix.empty()) {
    auto opened = openCheckpoint(prefix);
    if (!opened)
      return opened.takeError();
    checkpoint = std::move(*opened);
    auto keys = checkpoint->objectKeys();
    if (!keys)
      return keys.takeError();
    objectKeys = std::move(*keys);
    import.readCheckpoint = [&](StringRef name, RankedTensorType type) {
      auto value = readVariableValue(*checkpoint, model, objectKeys, name, type);
      if (value || !initializer.mayLackValues() || checkpoint->contains(name))
        return value;
      llvm::consumeError(value.takeError());
      return llvm::Expected<ElementsAttr>(ElementsAttr());
    };
  } else if (!model.missingIndex.empty()) {
    import.readCheckpoint = [&](StringRef name, RankedTensorType) -> llvm::Expected<ElementsAttr> {
      // One message tells enough.
      if (initializer.mayLackValues() || std::exchange(lacksIndex, true))
        return ElementsAttr();
      return llvm::createStringError("variable " + name + " has no value: there is no file " +
                                     model.missingIndex + "; give the values with --checkpoint");
    };
  }

  std::vector<const proto::NodeDef *> nodes;
  for (const proto::NodeDef &node : model.graph.node())
    nodes.push_back(&node);
  auto edges = GraphEdges::build(nodes, false);
  if (!edges)
    return fail(edges.takeError());
  edges->findUpdates([&](const proto::NodeDef &node) { return import.isUpdate(node); });
  auto entries = getEntries(model, options, nodes, *edges);
  if (!entries)
    return fail(entries.takeError());
  addGradientEntry(*entries, options, nodes, *edges);
  addTrainingEntry(*entries, options, nodes, *edges);
  // Entries that the model or nobody describes feed what is left.
  if (options.entries.empty())
    for (EntrySpec &spec : *entries)
      llvm::erase_if(spec.feeds, [&](const FeedSpec &feed) {
        return options.constants.contains(feed.tensor) ||
               options.constants.contains(StringRef(feed.tensor).split(':').first);
      });
  if (llvm::Error error = checkGivenShapes(options, *entries, nodes))
    return fail(std::move(error));
  auto importSpec = [&](const EntrySpec &spec) { return importEntry(import, nodes, *edges, spec); };
  initializer.import(importSpec);
  for (const EntrySpec &spec : *entries)
    if (llvm::Error error = importSpec(spec))
      return fail(std::move(error));
  if (llvm::Error error = initializer.finish(importSpec))
    return fail(std::move(error));
  if (options.freeze && !import.readCheckpoint)
    if (llvm::Error error = requireValues(import))
      return fail(std::move(error));

  OpBuilder builder = OpBuilder::atBlockBegin(module->getBody());
  for (auto &[name, variable] : import.variables)
    tg::VariableOp::create(builder, NameLoc::get(builder.getStringAttr(name)), name, variable.type,
                           variable.trainable, variable.initialValue);
  if (!text.empty())
    return llvm::createStringError(text);
  if (llvm::Error error = import.placement.finish(*module))
    return fail(std::move(error));
  if (failed(verify(*module)))
    return fail(llvm::Error::success());
  return module;
}

static llvm::Expected<ImportedModel>
importRead(MLIRContext &context, llvm::Expected<std::unique_ptr<Model>> model, const ImportOptions &options) {
  if (!model)
    return model.takeError();
  auto module = importModel(context, **model, options);
  if (!module)
    return module.takeError();
  return ImportedModel{std::move(*model), std::move(*module)};
}

llvm::Expected<ImportedModel> importModelFile(MLIRContext &context, StringRef path,
                                              const ImportOptions &options) {
  return importRead(context, readModel(path), options);
}

llvm::Expected<ImportedModel> importModelBytes(MLIRContext &context, StringRef bytes, StringRef name,
                                               const ImportOptions &options) {
  return importRead(context, readModelFromBytes(bytes, name), options);
}

} // namespace tgc
