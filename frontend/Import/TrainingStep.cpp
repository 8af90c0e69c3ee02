//===- TrainingStep.cpp - The target `train` of an entry ------------------===//

#include "frontend/Import/TrainingStep.h"
#include "dialects/Tg/IR/Activity.h"
#include "frontend/GraphDef/OpSignatures.h"
#include "frontend/Import/Indexing.h"
#include "frontend/Import/OptimizerStep.h"
#include "frontend/Import/RowGradients.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/Regex.h"

using namespace mlir;

namespace tgc {

//===----------------------------------------------------------------------===//
// What is asked for
//===----------------------------------------------------------------------===//

/// Whether text is a number, not the name of a tensor.
static bool isNumber(StringRef text) {
  double number;
  return !text.getAsDouble(number);
}

llvm::Error TrainingStep::request(ResolveTensorFn resolve) {
  const TrainingRequest &training = *options.training;
  if (options.freeze)
    return llvm::createStringError("a model cannot be trained and frozen at once");
  if (edges.find(kTrainTarget) >= 0)
    return llvm::createStringError(
        "the graph has an operation named train already; run that one instead of minimizing %s",
        training.loss.c_str());
  auto choice = parseOptimizer(training.optimizer);
  if (!choice)
    return choice.takeError();
  optimizer = *choice;
  auto output = resolve(training.loss, "loss");
  if (!output)
    return output.takeError();
  loss = *output;
  for (const auto &[key, value] : optimizer.values) {
    if (isNumber(value))
      continue;
    auto tensor = resolve(value, key);
    if (!tensor)
      return tensor.takeError();
    tensors.try_emplace(key, *tensor);
  }
  if (optimizer.globalStep == "-")
    return llvm::Error::success();
  globalStep = edges.find(optimizer.globalStep.empty() ? "global_step" : optimizer.globalStep);
  if (globalStep < 0 && !optimizer.globalStep.empty())
    return llvm::createStringError("global_step=%s: the graph has no such variable",
                                   optimizer.globalStep.c_str());
  if (globalStep < 0 && optimizer.kind->needsGlobalStep)
    return llvm::createStringError(
        "optimizer %s needs a counter of steps, but the graph has no variable global_step",
        optimizer.kind->name.str().c_str());
  return llvm::Error::success();
}

SmallVector<NodeOutput> TrainingStep::getNeeded() const {
  if (!isRequested())
    return {};
  SmallVector<NodeOutput> needed{loss};
  for (const auto &entry : tensors)
    needed.push_back(entry.second);
  if (globalStep >= 0)
    needed.push_back({globalStep, 0});
  return needed;
}

void addTrainingEntry(std::vector<EntrySpec> &entries, const ImportOptions &options, GraphEdges::Nodes nodes,
                      const GraphEdges &edges) {
  if (!options.training)
    return;
  for (const EntrySpec &spec : entries)
    if (llvm::is_contained(spec.targets, kTrainTarget.str()))
      return;
  EntrySpec spec{kTrainTarget.str(), {}, {options.training->loss}, {kTrainTarget.str()}};
  std::vector<std::string> needed{options.training->loss};
  auto optimizer = parseOptimizer(options.training->optimizer);
  if (optimizer) {
    for (const auto &entry : optimizer->values)
      if (!isNumber(entry.second))
        needed.push_back(entry.second);
  } else {
    llvm::consumeError(optimizer.takeError()); // reported when the entry is imported
  }
  feedPlaceholders(spec, needed, nodes, edges);
  entries.push_back(std::move(spec));
  bool hasInit = llvm::any_of(entries, [](const EntrySpec &entry) { return entry.name == "init"; });
  if (int init = edges.find("init"); init >= 0 && nodes[init]->op() == "NoOp" && !hasInit)
    entries.push_back({"init", {}, {}, {"init"}});
}

//===----------------------------------------------------------------------===//
// Gradients
//===----------------------------------------------------------------------===//

/// What hinders gradients of a loss that has none: "depends on no variable", or the nodes that none passes.
static std::string explainNothing(const EntryImporter &entry, Value loss) {
  SmallVector<Value> used;
  std::string names, ends;
  for (const auto &[name, state] : entry.variables)
    if (state.initial && !listEnds(entry.module, loss, state.initial).empty()) {
      used.push_back(state.initial);
      names += (names.empty() ? "" : ", ") + name;
    }
  return used.empty() ? "depends on no variable"
                      : "depends on the variables " + names + " through " +
                            listEnds(entry.module, loss, used) + " alone, which no gradient passes";
}

/// The variables that the pattern names, or all, of those that the loss has a gradient with respect to.
FailureOr<SmallVector<std::string>> TrainingStep::chooseVariables(EntryImporter &entry, Value lossValue) {
  Location loc = NameLoc::get(entry.builder.getStringAttr(kTrainTarget));
  const TrainingRequest &training = *options.training;
  llvm::Regex pattern("^(" + training.trainable + ")");
  std::string problem;
  if (!pattern.isValid(problem)) {
    emitError(loc) << "trainable=" << training.trainable << " is no regular expression: " << problem;
    return failure();
  }
  SmallVector<Value> arguments;
  for (auto &[name, state] : entry.variables)
    if (state.initial)
      arguments.push_back(state.initial);
  tg::Activity activity(lossValue, arguments);
  // A meta graph knows which variables are trained.
  llvm::StringSet<> collected;
  for (const CollectedVariable &variable : entry.module.model.variables)
    if (variable.trainable)
      collected.insert(StringRef(variable.name).split(':').first);
  SmallVector<std::string> chosen;
  std::string reached;
  for (auto &[name, state] : entry.variables) {
    bool isFloat = isa<FloatType>(entry.module.variables[name].type.getElementType());
    if (!state.initial || !isFloat)
      continue;
    bool isReached = activity.isReached(state.initial);
    if (isReached)
      reached += (reached.empty() ? "" : ", ") + name;
    // Those that are named and not reached are an error of the gradients.
    if (training.trainable.empty() ? isReached && (collected.empty() || collected.contains(name))
                                   : pattern.match(name))
      chosen.push_back(name);
  }
  if (chosen.empty()) {
    emitError(loc) << "there is nothing to train: " << training.loss << " "
                   << (reached.empty() ? explainNothing(entry, lossValue)
                                       : "depends on the variables " + reached)
                   << (training.trainable.empty() || reached.empty()
                           ? ""
                           : ", none of which " + training.trainable + " matches");
    return failure();
  }
  return chosen;
}

FailureOr<SmallVector<TrainingStep::Trained>> TrainingStep::getGradients(GraphImporter &graph) {
  EntryImporter &entry = graph.entry;
  auto value = graph.getTensor(loss, graph.getLoc(*nodes[loss.node]));
  if (failed(value))
    return failure();
  if (!isa<FloatType>(getElementTypeOrSelf(value->getType()))) {
    emitError(graph.getLoc(*nodes[loss.node]))
        << "the loss has type " << value->getType() << ", expected floating point";
    return failure();
  }
  auto names = chooseVariables(entry, *value);
  if (failed(names))
    return failure();
  auto arguments =
      llvm::map_to_vector(*names, [&](const std::string &name) { return entry.variables[name].initial; });
  tg::Activity activity(*value, arguments);
  // With respect to the variable, or to the rows that are read of it.
  SmallVector<RowReads> allReads;
  SmallVector<Value> xs, rowXs;
  SmallVector<std::string> xNames, rowNames;
  for (auto [name, argument] : llvm::zip_equal(*names, arguments)) {
    const RowReads &reads = allReads.emplace_back(findRowReads(argument, activity));
    if (reads.empty())
      xs.push_back(argument);
    for (tg::GatherOp gather : reads.gathers)
      xs.push_back(gather.getResult());
    xNames.resize(xs.size(), name);
    llvm::append_range(rowXs, reads.inRegions);
    rowNames.resize(rowXs.size(), name);
  }
  size_t numWhole = xs.size();
  llvm::append_range(xs, rowXs);
  llvm::append_range(xNames, rowNames);
  auto gradients = buildGradients(entry, *value, xs, xNames, options.training->loss, rowXs.size());
  if (failed(gradients))
    return failure();
  proto::NodeDef node;
  node.set_name("train/rows");
  NodeImporter n(graph, node, {}, 0);
  SmallVector<Trained> trained;
  auto take = [](ArrayRef<Value> &list, size_t count) {
    ArrayRef<Value> taken = list.take_front(count);
    list = list.drop_front(count);
    return taken;
  };
  auto whole = ArrayRef(*gradients).take_front(numWhole), pairs = ArrayRef(*gradients).drop_front(numWhole);
  for (auto [name, reads] : llvm::zip_equal(*names, allReads)) {
    entry.module.variables[name].trainable = true;
    if (reads.empty()) {
      trained.push_back({name, take(whole, 1).front(), Value()});
      continue;
    }
    ArrayRef<Value> parts = take(whole, reads.gathers.size());
    auto rows = joinRows(n, reads, parts, take(pairs, 2 * reads.inRegions.size()));
    if (failed(rows))
      return failure();
    trained.push_back({name, rows->values, rows->indices});
  }
  return trained;
}

//===----------------------------------------------------------------------===//
// Updates
//===----------------------------------------------------------------------===//

LogicalResult TrainingStep::declareSlot(EntryImporter &entry, const std::string &name, RankedTensorType type,
                                        StringRef initial) {
  Location loc = NameLoc::get(entry.builder.getStringAttr(name));
  auto value = optimizer.values.find(initial);
  StringRef text = value == optimizer.values.end() ? initial : StringRef(value->second);
  double number;
  if (text.getAsDouble(number))
    return emitError(loc) << initial << "=" << text
                          << " must be a number: it is the initial value of the variable " << name;
  if (!type.hasStaticShape())
    return emitError(loc) << "the shape of the trained variable must be known, got " << type;
  if (failed(entry.declareVariable(name, type, loc)))
    return failure();
  ModuleVariable &variable = entry.module.variables[name];
  if (!variable.initialValue)
    variable.initialValue =
        DenseElementsAttr::get(type, entry.builder.getFloatAttr(type.getElementType(), number).getValue());
  return success();
}

FailureOr<Value> TrainingStep::getHyperparameter(GraphImporter &graph, StringRef key, Type element) {
  proto::NodeDef node;
  node.set_name("train/" + key.str());
  NodeImporter n(graph, node, {}, 0);
  auto tensor = tensors.find(key);
  if (tensor == tensors.end()) {
    // TensorFlow makes 32-bit constants of them, whatever is trained.
    double number = 0;
    StringRef(optimizer.values[key]).getAsDouble(number);
    return n.scalar(element, static_cast<float>(number));
  }
  auto value = graph.getTensor(tensor->second, n.loc);
  if (failed(value))
    return failure();
  return n.cast(*value, element);
}

/// Brings a gradient of rows into the form that the optimizer takes; whether that is one of rows.
FailureOr<bool> TrainingStep::prepareRows(GraphImporter &graph, Trained &trained) {
  if (!trained.indices)
    return false;
  proto::NodeDef node;
  node.set_name("train/rows_of_" + trained.name);
  NodeImporter n(graph, node, {}, 0);
  RowGradient rows{trained.gradient, trained.indices};
  bool takesRows = lookupOpSignature("ResourceSparseApply" + optimizer.kind->op.str());
  if (!takesRows) {
    trained = {trained.name, spreadRows(n, rows, graph.entry.readVariable(trained.name)), Value()};
    return false;
  }
  auto sums = sumEqualRows(n, rows);
  if (failed(sums))
    return failure();
  trained = {trained.name, sums->values, sums->indices};
  return true;
}

/// Gradient descent needs no row to be read; equal ones are subtracted one by one.
LogicalResult TrainingStep::descendRows(GraphImporter &graph, const Trained &trained) {
  proto::NodeDef node;
  node.set_name("train/update_" + trained.name);
  NodeImporter n(graph, node, {}, 0);
  Value variable = graph.entry.readVariable(trained.name);
  auto rate = getHyperparameter(graph, "learning_rate", getElementTypeOrSelf(variable.getType()));
  if (failed(rate))
    return failure();
  Value step = (Term{&n, trained.gradient} * Term{&n, *rate}).value;
  graph.entry.writeVariable(trained.name,
                            scatterRows(n, tg::ScatterKind::Sub, variable, trained.indices, step));
  return success();
}

LogicalResult TrainingStep::update(GraphImporter &graph, Trained trained) {
  if (trained.indices && optimizer.kind->name == "sgd")
    return descendRows(graph, trained);
  auto hasRows = prepareRows(graph, trained);
  if (failed(hasRows))
    return failure();
  EntryImporter &entry = graph.entry;
  const OptimizerKind &kind = *optimizer.kind;
  RankedTensorType type = entry.module.variables[trained.name].type;
  proto::NodeDef node;
  node.set_name("train/update_" + trained.name);
  node.set_op((*hasRows ? "ResourceSparseApply" : "ResourceApply") + kind.op.str());
  const OpSignature &signature = *lookupOpSignature(node.op());
  (*node.mutable_attr())["T"].set_type(getDataType(type.getElementType()));
  addDefaultAttrs(node, signature);
  if (kind.usesNesterov)
    (*node.mutable_attr())["use_nesterov"].set_b(true);

  NodeImporter n(graph, node, {}, 0);
  llvm::StringMap<ImportedValue> operands;
  auto setVariable = [&](StringRef input, const std::string &name) {
    operands[input].variable = VariableReference{name};
  };
  setVariable("var", trained.name);
  for (auto [i, slot] : llvm::enumerate(kind.slots)) {
    std::string name = trained.name + "/" + kind.slotName.str() + (i ? "_" + std::to_string(i) : "");
    if (failed(declareSlot(entry, name, type, slot.initial)))
      return failure();
    setVariable(slot.input, name);
  }
  for (const Power &power : kind.powers) {
    if (failed(declareSlot(entry, power.name.str(), RankedTensorType::get({}, n.builder.getF32Type()),
                           power.key)))
      return failure();
    operands[power.name].tensor = n.cast(entry.readVariable(power.name), type.getElementType());
  }
  for (const Hyperparameter &hyperparameter : kind.hyperparameters) {
    if (hyperparameter.input.empty())
      continue;
    auto value = getHyperparameter(graph, hyperparameter.key, type.getElementType());
    if (failed(value))
      return failure();
    operands[hyperparameter.input].tensor = *value;
  }
  if (globalStep >= 0) {
    auto step = graph.getValue({globalStep, 0}, n.loc);
    if (failed(step))
      return failure();
    // Dual averaging divides by the number of steps, this one included.
    Value count = step->variable ? entry.readVariable(step->variable->name) : step->tensor;
    if (kind.needsGlobalStep && count)
      operands["global_step"].tensor = n.cast(n.add(count, n.splatLike(count, 1)), n.builder.getI64Type());
  }
  operands["grad"].tensor = operands["delta"].tensor = trained.gradient;
  operands["indices"].tensor = trained.indices;
  auto inputs =
      llvm::map_to_vector(signature.inputs, [&](const OpArg &input) { return operands[input.name]; });
  NodeImporter importer(graph, node, inputs, 0);
  return getOpRegistry().lookup(node.op())(importer);
}

LogicalResult TrainingStep::build(GraphImporter &graph) {
  auto trained = getGradients(graph);
  if (failed(trained) || failed(clip(graph, *trained)))
    return failure();
  if (optimizer.weightDecay && failed(decayWeights(graph, *trained)))
    return failure();
  for (const Trained &variable : *trained)
    if (failed(update(graph, variable)))
      return failure();
  if (optimizer.maxNorm && failed(limitNorms(graph, *trained)))
    return failure();
  if (failed(advancePowers(graph)) || failed(advanceGlobalStep(graph)))
    return failure();
  return optimizer.averageDecay ? updateAverages(graph, *trained) : success();
}

} // namespace tgc
