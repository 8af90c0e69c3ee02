//===- EntryGradients.cpp - Gradients that an entry asks for --------------===//

#include "frontend/Import/EntryGradients.h"
#include "dialects/Tg/IR/Activity.h"
#include "dialects/Tg/IR/GradientBuilder.h"
#include "frontend/Import/ControlFlow/Plan.h"
#include "frontend/Import/NodeImporter.h"

using namespace mlir;

namespace tgc {

std::string getGradientName(size_t request, StringRef x) {
  return (request ? "gradients_" + std::to_string(request) : "gradients") + "/" + x.str();
}

std::optional<std::pair<size_t, size_t>> EntryGradients::find(StringRef fetch) const {
  auto isSame = [](StringRef a, StringRef b) {
    return a == b || (a.consume_back(":0"), b.consume_back(":0"), a == b);
  };
  for (auto [i, request] : llvm::enumerate(options.gradients))
    for (auto [j, x] : llvm::enumerate(request.xs))
      if (isSame(fetch, getGradientName(i, x)))
        return std::pair(i, j);
  return std::nullopt;
}

llvm::Error EntryGradients::request(StringRef fetch, ResolveTensorFn resolve) {
  size_t index = find(fetch)->first;
  Request &wanted = requests[index];
  if (wanted.isNeeded)
    return llvm::Error::success();
  wanted.isNeeded = true;
  for (const std::string &y : options.gradients[index].ys) {
    auto inner = find(y);
    if (inner && inner->first >= index)
      return llvm::createStringError(
          "gradient of %s: only gradients of an earlier request can be differentiated", y.c_str());
    if (inner) {
      if (llvm::Error error = request(y, resolve))
        return error;
      wanted.ys.push_back(std::nullopt);
      continue;
    }
    auto output = resolve(y, "differentiated");
    if (!output)
      return output.takeError();
    wanted.ys.push_back(*output);
  }
  for (const std::string &x : options.gradients[index].xs) {
    auto output = resolve(x, "wrt");
    if (!output)
      return output.takeError();
    wanted.xs.push_back(*output);
  }
  return llvm::Error::success();
}

SmallVector<NodeOutput> EntryGradients::getNeeded() const {
  SmallVector<NodeOutput> needed = getWatched();
  for (const Request &request : requests)
    for (std::optional<NodeOutput> y : request.ys)
      if (y)
        needed.push_back(*y);
  return needed;
}

SmallVector<NodeOutput> EntryGradients::getWatched() const {
  SmallVector<NodeOutput> watched;
  for (const Request &request : requests)
    llvm::append_range(watched, request.xs);
  return watched;
}

FailureOr<Value> EntryGradients::get(GraphImporter &graph, StringRef fetch) {
  auto [index, place] = *find(fetch);
  if (requests[index].gradients.empty() && failed(build(graph, index)))
    return failure();
  return requests[index].gradients[place];
}

LogicalResult EntryGradients::build(GraphImporter &graph, size_t index) {
  const GradientRequest &names = options.gradients[index];
  Request &request = requests[index];
  EntryImporter &entry = graph.entry;
  Location loc = NameLoc::get(entry.builder.getStringAttr("gradients"));
  SmallVector<Value> ys, xs;
  for (auto [name, output] : llvm::zip_equal(names.ys, request.ys)) {
    auto y = output ? graph.getTensor(*output, loc) : get(graph, name);
    if (failed(y))
      return failure();
    ys.push_back(*y);
  }
  for (NodeOutput output : request.xs) {
    auto value = graph.getValue(output, loc);
    if (failed(value))
      return failure();
    // What the entry read of a variable first is what the graph depends on.
    auto x = value->variable ? FailureOr<Value>(entry.readVariable(value->variable->name))
                             : graph.getTensor(output, loc);
    if (failed(x))
      return failure();
    Value initial = value->variable ? entry.variables[value->variable->name].initial : Value();
    xs.push_back(initial ? initial : *x);
  }
  auto gradients = buildGradients(entry, ys, xs, names.xs, llvm::join(names.ys, " + "));
  if (failed(gradients))
    return failure();
  request.gradients = *gradients;
  return success();
}

void feedPlaceholders(EntrySpec &spec, ArrayRef<std::string> tensors, GraphEdges::Nodes nodes,
                      const GraphEdges &edges) {
  SmallVector<int> roots;
  for (const std::string &tensor : tensors)
    if (auto name = parseTensorName(tensor); name && edges.find(name->node) >= 0)
      roots.push_back(edges.find(name->node));
  auto plan = flow::buildPlan(edges, nodes, {}, roots, [](NodeOutput) { return false; });
  if (!plan)
    return llvm::consumeError(plan.takeError());
  llvm::sort(plan->nodes);
  for (int node : plan->nodes)
    if (nodes[node]->op() == "Placeholder")
      spec.feeds.push_back({nodes[node]->name() + ":0", std::nullopt, std::nullopt});
}

void addGradientEntry(std::vector<EntrySpec> &entries, const ImportOptions &options, GraphEdges::Nodes nodes,
                      const GraphEdges &edges) {
  EntryGradients gradients(options);
  for (const EntrySpec &spec : entries)
    if (llvm::any_of(spec.fetches, [&](const std::string &fetch) { return gradients.isGradient(fetch); }))
      return;
  if (options.gradients.empty())
    return;
  EntrySpec spec{"gradients", {}, {}, {}};
  std::vector<std::string> needed;
  for (const GradientRequest &request : options.gradients) {
    for (const std::string &y : request.ys)
      if (!gradients.isGradient(y) && !llvm::is_contained(spec.fetches, y))
        spec.fetches.push_back(y);
    llvm::append_range(needed, request.xs);
  }
  llvm::append_range(needed, spec.fetches);
  for (auto [i, request] : llvm::enumerate(options.gradients))
    for (const std::string &x : request.xs)
      spec.fetches.push_back(getGradientName(i, x));
  feedPlaceholders(spec, needed, nodes, edges);
  entries.push_back(std::move(spec));
}

std::string listEnds(const ModuleImport &module, ValueRange ys, ValueRange xs) {
  constexpr size_t kMostShown = 3;
  llvm::SetVector<StringRef> ends;
  tg::Activity activity(ys, xs);
  for (Operation *op : activity.getEnds())
    if (auto name = dyn_cast<NameLoc>(op->getLoc()))
      if (auto it = module.descriptions.find(name.getName()); it != module.descriptions.end())
        ends.insert(it->second);
  ArrayRef<StringRef> shown = ends.getArrayRef().take_front(kMostShown);
  return llvm::join(shown, ", ") + (shown.size() < ends.size() ? ", ..." : "");
}

FailureOr<SmallVector<Value>> buildGradients(EntryImporter &entry, ValueRange ys, ValueRange xs,
                                             ArrayRef<std::string> names, StringRef what, size_t byRows) {
  Location loc = NameLoc::get(entry.builder.getStringAttr("gradients"));
  auto isContinuous = [](Value value) {
    return isa<FloatType, ComplexType>(getElementTypeOrSelf(value.getType()));
  };
  for (Value y : ys)
    if (!isContinuous(y)) {
      emitError(loc) << what << " has type " << y.getType() << ": only floating-point tensors have gradients";
      return failure();
    }
  tg::Activity activity(ys, xs);
  SmallVector<Value> missing;
  SmallVector<StringRef> missingNames;
  for (auto [x, name] : llvm::zip_equal(xs, names))
    if (!isContinuous(x) || !activity.isReached(x)) {
      missing.push_back(x);
      missingNames.push_back(name);
    }
  if (!missing.empty()) {
    std::string ends = listEnds(entry.module, ys, missing);
    emitError(loc) << "no gradient of " << what << " with respect to " << llvm::join(missingNames, ", ")
                   << ": it does not depend on it"
                   << (ends.empty() ? "" : " but through " + ends + ", which no gradient passes");
    return failure();
  }
  auto op = tg::GradientOp::create(entry.builder, loc, ys, ValueRange(), xs, byRows);
  if (entry.module.options.checkNumerics)
    op->setAttr(tg::kChecksNumerics, entry.builder.getUnitAttr());
  SmallVector<Value> gradients(op.getGradients());
  for (auto [gradient, x] : llvm::zip(gradients, op.getWholeXs()))
    entry.sizes.setSizes(gradient, entry.sizes.sizesOf(x));
  for (auto [i, x] : llvm::enumerate(op.getRowXs())) {
    auto pair = ArrayRef(gradients).drop_front(op.getWholeXs().size() + 2 * i);
    SmallVector<OpFoldResult> sizes = entry.sizes.sizesOf(x);
    sizes[0] = entry.sizes.sizeOf(pair[1], 0);
    entry.sizes.setSizes(pair[0], sizes);
  }
  return gradients;
}

} // namespace tgc
