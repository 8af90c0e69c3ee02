//===- EntryBuilder.cpp - One entry of a model ----------------------------===//
//
// Decides what an entry feeds and fetches, and imports the part of the graph that it needs into a function of
// its own, with the variables that it reads as arguments and those that it writes as results.
//
//===----------------------------------------------------------------------===//

#include "frontend/Import/EntryBuilder.h"
#include "frontend/GraphDef/OpSignatures.h"
#include "frontend/Import/ControlFlow/PlanImporter.h"
#include "frontend/Import/EntryGradients.h"
#include "frontend/Import/FeedTypes.h"
#include "frontend/Import/GraphImporter.h"
#include "frontend/Import/HostFamilies.h"
#include "frontend/Import/NodeImporter.h"
#include "frontend/Import/TrainingStep.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace tgc {
namespace {

/// Imports one entry of a model.
class EntryBuilder {
public:
  EntryBuilder(ModuleImport &module, GraphEdges::Nodes nodes, const GraphEdges &edges, const EntrySpec &spec)
      : module(module), nodes(nodes), edges(edges), spec(spec), types(module, nodes, edges),
        gradients(module.options), training(module.options, edges, nodes) {}

  llvm::Error run();

private:
  llvm::Error resolve();
  llvm::Expected<ImportedValue> getConstant(EntryImporter &entry, NodeOutput output, StringRef text);
  LogicalResult finish(EntryImporter &entry, GraphImporter &graph);

  ModuleImport &module;
  GraphEdges::Nodes nodes;
  const GraphEdges &edges;
  const EntrySpec &spec;
  SmallVector<NodeOutput> feeds;
  SmallVector<std::optional<NodeOutput>> fetches; ///< none: a gradient
  FeedTypes types;
  EntryGradients gradients;
  TrainingStep training;
  SmallVector<std::pair<NodeOutput, std::string>> constants;
  SmallVector<int> targets;
};

llvm::Error EntryBuilder::resolve() {
  // Outside of scopes, unless `inScopes`.
  auto listNodes = [&](StringRef op, bool inScopes) -> std::string {
    std::string names;
    for (const proto::NodeDef *candidate : nodes)
      if (StringRef(candidate->op()).starts_with(op) && names.size() < 120 &&
          (inScopes || !StringRef(candidate->name()).contains('/')))
        names += (names.empty() ? "" : ", ") + candidate->name();
    return nodes.empty()   ? " (the graph has no nodes)"
           : names.empty() ? ""
                           : (" (the graph has " + op + " " + names + ")").str();
  };
  auto resolveTensor = [&](const std::string &text, StringRef what) -> llvm::Expected<NodeOutput> {
    auto name = parseTensorName(text);
    int node = name ? edges.find(name->node) : -1;
    if (!name || node < 0 || name->isControl) {
      return llvm::createStringError(what + " tensor " + text + " not found" +
                                     listNodes("Placeholder", true));
    }
    return NodeOutput{node, name->index};
  };
  for (const FeedSpec &feed : spec.feeds) {
    auto output = resolveTensor(feed.tensor, "feed");
    if (!output)
      return output.takeError();
    auto before = llvm::find(feeds, *output);
    if (before != feeds.end())
      return llvm::createStringError("tensor %s:%d is fed more than once, as %s and as %s",
                                     nodes[output->node]->name().c_str(), output->output,
                                     spec.feeds[before - feeds.begin()].tensor.c_str(), feed.tensor.c_str());
    feeds.push_back(*output);
  }
  for (const std::string &fetch : spec.fetches) {
    if (gradients.isGradient(fetch)) {
      if (llvm::Error error = gradients.request(fetch, resolveTensor))
        return error;
      fetches.push_back(std::nullopt);
      continue;
    }
    auto output = resolveTensor(fetch, "fetch");
    if (!output)
      return output.takeError();
    fetches.push_back(*output);
  }
  for (const std::string &target : spec.targets) {
    if (training.isTrainingStep(target)) {
      if (llvm::Error error = training.request(resolveTensor))
        return error;
      continue;
    }
    int node = edges.find(StringRef(target).ltrim('^').split(':').first);
    if (node < 0)
      return llvm::createStringError("target operation " + target + " not found" + listNodes("NoOp", false));
    targets.push_back(node);
  }
  for (const auto &[tensor, value] : module.options.constants) {
    auto output = resolveTensor(tensor.str(), "constant");
    if (!output)
      return output.takeError();
    if (llvm::is_contained(feeds, *output))
      return llvm::createStringError("tensor %s is fed and set to %s at once", tensor.str().c_str(),
                                     value.c_str());
    constants.push_back({*output, value});
  }
  return llvm::Error::success();
}

/// A tensor that every element of which is the number (or word) `text`.
llvm::Expected<ImportedValue> EntryBuilder::getConstant(EntryImporter &entry, NodeOutput output,
                                                        StringRef text) {
  std::string tensor = nodes[output.node]->name() + ":" + std::to_string(output.output);
  auto type = types.get({tensor, std::nullopt, std::nullopt}, output);
  if (!type)
    return type.takeError();
  auto fail = [&](const char *what) {
    return llvm::createStringError("tensor %s cannot be set to '%s': %s", tensor.c_str(), text.str().c_str(),
                                   what);
  };
  if (!type->hasStaticShape())
    return fail("its sizes are not all known; give them with --shape");
  Type element = type->getElementType();
  Attribute attribute;
  if (auto floating = dyn_cast<FloatType>(element)) {
    APFloat number(floating.getFloatSemantics());
    auto status = number.convertFromString(text, APFloat::rmNearestTiesToEven);
    if (!status) {
      llvm::consumeError(status.takeError());
      return fail("a number is expected");
    }
    attribute = FloatAttr::get(element, number);
  } else if (auto integer = dyn_cast<IntegerType>(element)) {
    int64_t number = text == "true";
    if (integer.getWidth() == 1
            ? text != "true" && text != "false" && (text.getAsInteger(10, number) || number < 0 || number > 1)
            : text.getAsInteger(10, number))
      return fail(integer.getWidth() == 1 ? "true or false is expected" : "an integer is expected");
    attribute =
        IntegerAttr::get(element, APInt(integer.getWidth(), static_cast<uint64_t>(number), false, true));
    if (type->getRank() <= 1 && type->getNumElements() <= kMaxHostElements && !integer.isUnsigned()) {
      ImportedValue value;
      SmallVector<OpFoldResult> elements(type->getNumElements(), entry.sizes.constant(number));
      value.host = std::make_shared<HostTensor>(
          HostTensor{element, SmallVector<int64_t>(type->getShape()), elements, {}});
      return value;
    }
  } else {
    return fail("only numbers and booleans can be set");
  }
  ImportedValue value;
  value.tensor = tg::ConstantOp::create(entry.builder, entry.builder.getUnknownLoc(),
                                        cast<ElementsAttr>(DenseElementsAttr::get(*type, attribute)));
  return value;
}

llvm::Error EntryBuilder::run() {
  if (llvm::Error error = resolve())
    return error;
  auto isFed = [&](NodeOutput output) {
    return llvm::is_contained(feeds, output) ||
           llvm::any_of(constants, [&](const auto &known) { return known.first == output; });
  };
  SmallVector<NodeOutput> wanted = gradients.getNeeded();
  llvm::append_range(wanted, training.getNeeded());
  for (std::optional<NodeOutput> fetch : fetches)
    if (fetch)
      wanted.push_back(*fetch);
  auto plan = flow::buildPlan(edges, nodes, wanted, targets, isFed);
  if (!plan)
    return plan.takeError();
  for (int node : plan->nodes)
    if (nodes[node]->op() == "Placeholder" && !isFed({node, 0})) {
      std::string needs =
          fetches.empty() ? (targets.empty() ? "" : nodes[targets[0]]->name()) : spec.fetches[0];
      return llvm::createStringError("placeholder %s is needed by %s and is not fed",
                                     nodes[node]->name().c_str(), needs.c_str());
    }
  if (llvm::Error unsupported = findUnsupportedOps(module, nodes, plan->nodes))
    return unsupported;

  MLIRContext *context = module.module.getContext();
  OpBuilder builder = OpBuilder::atBlockEnd(module.module.getBody());
  auto function = func::FuncOp::create(builder, NameLoc::get(builder.getStringAttr(spec.name)), spec.name,
                                       builder.getFunctionType({}, {}));
  function.addEntryBlock();
  EntryImporter entry(module, function);
  entry.hasGradients = !gradients.isEmpty() || training.isRequested();
  for (NodeOutput output : gradients.getWatched())
    entry.watched.insert({output.node, output.output});
  GraphImporter graph(entry, nodes, edges, "", nullptr);
  for (auto [feed, output] : llvm::zip_equal(spec.feeds, feeds)) {
    auto type = types.get(feed, output);
    if (!type)
      return type.takeError();
    ImportedValue value;
    value.tensor = function.getBody().front().addArgument(
        *type, NameLoc::get(StringAttr::get(context, nodes[output.node]->name())));
    if (feed.elements && type->hasStaticShape() && type->getRank() <= 1 &&
        type->getNumElements() == static_cast<int64_t>(feed.elements->size()))
      value.host = std::make_shared<HostTensor>(HostTensor{
          type->getElementType(), SmallVector<int64_t>(type->getShape()),
          llvm::map_to_vector(*feed.elements, [&](int64_t e) { return entry.sizes.constant(e); })});
    graph.feed(output, value);
  }
  for (const auto &[output, text] : constants) {
    auto value = getConstant(entry, output, text);
    if (!value)
      return value.takeError();
    graph.feed(output, *value);
  }
  if (failed(flow::PlanImporter(graph, nodes, *plan).run()) ||
      (training.isRequested() && failed(training.build(graph))) || failed(finish(entry, graph)))
    return llvm::createStringError("");
  return llvm::Error::success();
}

/// The variables that an entry asks whether they have a value: the run must not fail at its start without
/// one.
llvm::StringSet<> getTestedVariables(func::FuncOp function) {
  llvm::StringSet<> names;
  function.walk([&](tg::HostCallOp call) {
    if (call.getKernel() == kIsInitializedKernel)
      names.insert(call.getConfig());
  });
  return names;
}

/// Moves the check that a variable has a value to where the value is used: before the first use in each
/// block. What passes a value on (a branch's result, a size) does not use it.
void guardUses(Value argument, StringRef name, size_t numFetches) {
  llvm::MapVector<Block *, Operation *> firstUses;
  for (OpOperand &use : argument.getUses()) {
    Operation *user = use.getOwner();
    bool isFetch = isa<func::ReturnOp>(user) && use.getOperandNumber() < numFetches;
    if ((user->hasTrait<OpTrait::IsTerminator>() && !isFetch) || isa<tensor::DimOp>(user))
      continue;
    Operation *&first = firstUses[user->getBlock()];
    if (!first || user->isBeforeInBlock(first))
      first = user;
  }
  for (auto [block, first] : firstUses) {
    OpBuilder builder(first);
    Location loc = first->getLoc();
    auto type = RankedTensorType::get({}, builder.getI1Type());
    auto test = tg::HostCallOp::create(builder, loc, type, ValueRange(), ValueRange(), kIsInitializedKernel,
                                       name, /*pure=*/true,
                                       /*finds_sizes=*/false);
    Value isSet = tensor::ExtractOp::create(builder, loc, test.getResult(0), ValueRange());
    tg::CheckOp::create(builder, loc, isSet, tg::StatusCode::FailedPrecondition,
                        "Attempting to use uninitialized value " + name);
  }
}

/// Returns fetches and new values of variables, and writes down what arguments and results are.
LogicalResult EntryBuilder::finish(EntryImporter &entry, GraphImporter &graph) {
  func::FuncOp function = entry.function;
  OpBuilder &builder = entry.builder;
  SmallVector<Value> results;
  SmallVector<DictionaryAttr> resultAttrs;
  auto named = [&](StringRef key, StringRef name) {
    return builder.getDictionaryAttr(builder.getNamedAttr(key, builder.getStringAttr(name)));
  };
  for (auto [name, fetch] : llvm::zip_equal(spec.fetches, fetches)) {
    auto value =
        fetch ? graph.getTensor(*fetch, graph.getLoc(*nodes[fetch->node])) : gradients.get(graph, name);
    if (failed(value))
      return failure();
    results.push_back(*value);
    resultAttrs.push_back(named("tg.fetch", name));
  }
  for (auto &[name, state] : entry.variables)
    if (state.isWritten) {
      results.push_back(state.value);
      resultAttrs.push_back(named("tg.variable", name));
    }
  func::ReturnOp::create(builder, function.getLoc(), results);

  Block &body = function.getBody().front();
  SmallVector<DictionaryAttr> argAttrs;
  for (const FeedSpec &feed : spec.feeds)
    argAttrs.push_back(named("tg.feed", feed.tensor));
  // Arguments of variables were added in the order of their first read.
  argAttrs.resize(body.getNumArguments());
  llvm::StringSet<> tested = getTestedVariables(function);
  for (auto &[name, state] : entry.variables) {
    BlockArgument argument = state.getArgument();
    if (!argument)
      continue;
    DictionaryAttr &attrs = argAttrs[argument.getArgNumber()];
    attrs = named("tg.variable", name);
    if (!tested.contains(name))
      continue;
    SmallVector<NamedAttribute> both(attrs.getValue());
    both.push_back(builder.getNamedAttr("tg.tested", builder.getUnitAttr()));
    attrs = builder.getDictionaryAttr(both);
    guardUses(argument, name, spec.fetches.size());
  }
  function.setFunctionType(builder.getFunctionType(body.getArgumentTypes(), ValueRange(results).getTypes()));
  function.setAllArgAttrs(argAttrs);
  function.setAllResultAttrs(resultAttrs);
  function->setAttr("tg.entry", builder.getStringAttr(spec.name));
  SmallVector<StringRef> targetNames(spec.targets.begin(), spec.targets.end());
  function->setAttr("tg.targets", builder.getStrArrayAttr(targetNames));
  return success();
}

} // namespace

llvm::Error importEntry(ModuleImport &module, GraphEdges::Nodes nodes, const GraphEdges &edges,
                        const EntrySpec &spec) {
  return EntryBuilder(module, nodes, edges, spec).run();
}

} // namespace tgc
