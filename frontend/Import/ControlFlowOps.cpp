//===- ControlFlowOps.cpp - Branches and loops over functions -------------===//
//
// If, Case and While call functions of the library as branches and bodies.
//
//===----------------------------------------------------------------------===//

#include "dialects/Tg/IR/Activity.h"
#include "frontend/GraphDef/OpSignatures.h"
#include "frontend/Import/FunctionOps.h"
#include "frontend/Import/GraphImporter.h"
#include "frontend/Import/NodeImporter.h"
#include "frontend/Import/OpRegistry.h"
#include "frontend/Import/RegionImporter.h"
#include "llvm/Support/SaveAndRestore.h"

using namespace mlir;

namespace tgc {
namespace {

using Values = RegionImporter::Values;

/// A function of the library as a branch or a body of this node.
FailureOr<Values> call(NodeImporter &n, const proto::NameAttrList &function,
                       ArrayRef<ImportedValue> arguments, StringRef role) {
  return n.graph.inlineFunction(function, arguments, n.node.name() + "/" + role.str(), n.loc, n.node);
}

Values getInputs(NodeImporter &n, size_t begin) {
  Values inputs;
  for (size_t i = begin; i < n.getNumInputs(); ++i)
    inputs.push_back(n.getInput(i));
  return inputs;
}

LogicalResult importIf(NodeImporter &n) {
  Values inputs = getInputs(n, 1);
  auto results =
      RegionImporter(n.graph.entry, n.loc)
          .importIf(
              n.getInput(0), [&] { return call(n, findAttr(n.node, "then_branch")->func(), inputs, "then"); },
              [&] { return call(n, findAttr(n.node, "else_branch")->func(), inputs, "else"); });
  return failed(results) ? failure() : setCallResults(n, *results);
}

LogicalResult importCase(NodeImporter &n) {
  Values inputs = getInputs(n, 1);
  const auto &functions = findAttr(n.node, "branches")->list().func();
  if (functions.empty())
    return n.error() << "has no branches";
  SmallVector<std::function<FailureOr<Values>()>> branches;
  for (int i = 0; i < functions.size(); ++i)
    branches.push_back([&, i] { return call(n, functions[i], inputs, "branch" + std::to_string(i)); });
  SmallVector<RegionImporter::BranchFn> references(branches.begin(), branches.end());
  auto results = RegionImporter(n.graph.entry, n.loc).importCase(n.getInput(0), references);
  return failed(results) ? failure() : setCallResults(n, *results);
}

LogicalResult importWhile(NodeImporter &n) {
  const proto::NameAttrList &cond = findAttr(n.node, "cond")->func(),
                            &body = findAttr(n.node, "body")->func();
  Values inits = getInputs(n, 0);
  const ModuleImport &module = n.graph.entry.module;
  const proto::AttrValue *shapes = findAttr(n.node, "output_shapes");
  SmallVector<RegionImporter::CarriedHint> hints(inits.size());
  PassThrough passThrough(module);
  for (auto [i, hint] : llvm::enumerate(hints)) {
    hint.isInvariant = passThrough.find(body.name(), i) == static_cast<int>(i);
    if (shapes && static_cast<int>(i) < shapes->list().shape_size())
      hint.shape = shapeFromProto(shapes->list().shape(i));
  }
  auto results =
      RegionImporter(n.graph.entry, n.loc)
          .importWhile(
              inits, hints,
              [&](ArrayRef<ImportedValue> values) -> FailureOr<Values> {
                auto predicate = call(n, cond, values, "cond");
                if (succeeded(predicate) && predicate->size() != 1)
                  return n.error() << "the condition " << cond.name() << " gives " << predicate->size()
                                   << " values, expected 1";
                return predicate;
              },
              [&](ArrayRef<ImportedValue> values) {
                llvm::SaveAndRestore inside(n.graph.entry.loopForm, EntryImporter::LoopForm::Function);
                return call(n, body, values, "body");
              });
  return failed(results) ? failure() : setCallResults(n, *results);
}

/// Calls the function that the library states as the gradient of `f`.
FailureOr<Values> callStatedGradient(NodeImporter &n, StringRef gradient, ArrayRef<ImportedValue> inputs) {
  proto::NameAttrList callee = findAttr(n.node, "f")->func();
  callee.set_name(gradient.str());
  return n.graph.inlineFunction(callee, inputs, n.node.name(), n.loc, n.node);
}

/// The gradients of a function of the library with respect to its arguments; what flows back to its results
/// are the inputs behind them. Arguments that no result depends on have zeros.
LogicalResult importSymbolicGradient(NodeImporter &n) {
  EntryImporter &entry = n.graph.entry;
  const proto::NameAttrList &function = findAttr(n.node, "f")->func();
  Values inputs = getInputs(n, 0);
  size_t numArguments = n.getOutputs().size();
  if (auto stated = entry.module.functionGradients.find(function.name());
      stated != entry.module.functionGradients.end()) {
    auto results = callStatedGradient(n, stated->second, inputs);
    return failed(results) ? failure() : setCallResults(n, *results);
  }
  Values arguments(ArrayRef(inputs).take_front(numArguments));
  SmallVector<Value> xs;
  for (ImportedValue &argument : arguments) {
    auto tensor = getTensor(entry, n.loc, argument);
    if (failed(tensor))
      return failure();
    xs.push_back(*tensor);
    if (!isa<FloatType, ComplexType>(getElementTypeOrSelf(tensor->getType())))
      continue;
    SmallVector<OpFoldResult> known = n.sizes.sizesOf(*tensor);
    argument = ImportedValue();
    argument.tensor = xs.back() = n.create<tg::WatchOp>(*tensor);
    n.sizes.setSizes(argument.tensor, known);
  }
  bool outer = std::exchange(entry.hasGradients, true);
  auto results = n.graph.inlineFunction(function, arguments, n.node.name(), n.loc, n.node);
  entry.hasGradients = outer;
  if (failed(results))
    return failure();
  if (inputs.size() != numArguments + results->size())
    return n.error() << "has " << inputs.size() << " inputs, expected the " << numArguments
                     << " arguments of function " << function.name() << " and a gradient for each of its "
                     << results->size() << " results";
  SmallVector<Value> ys, seeds;
  for (auto [result, given] : llvm::zip_equal(*results, ArrayRef(inputs).drop_front(numArguments))) {
    auto y = getTensor(entry, n.loc, result), seed = getTensor(entry, n.loc, given);
    if (failed(y) || failed(seed))
      return failure();
    if (!isa<FloatType, ComplexType>(getElementTypeOrSelf(y->getType())))
      continue;
    auto both = n.withOneShape({*y, *seed});
    if (failed(both))
      return failure();
    ys.push_back((*both)[0]);
    seeds.push_back((*both)[1]);
  }
  tg::Activity activity(ys, xs);
  SmallVector<Value> reached;
  for (Value x : xs)
    if (x.getDefiningOp<tg::WatchOp>() && activity.isReached(x))
      reached.push_back(x);
  tg::GradientOp op;
  if (!reached.empty())
    op = tg::GradientOp::create(n.builder, n.loc, ys, seeds, reached, 0);
  unsigned next = 0;
  for (auto [i, x] : llvm::enumerate(xs)) {
    if (next == reached.size() || reached[next] != x) {
      n.setResult(i, n.splatLike(x, 0));
      continue;
    }
    Value gradient = op.getGradients()[next++];
    n.sizes.setSizes(gradient, n.sizes.sizesOf(x));
    n.setResult(i, gradient);
  }
  return success();
}

/// One of several references: the reference itself if it is known which one, else its value.
LogicalResult importRefSelect(NodeImporter &n) {
  size_t count = n.getNumInputs() - 1;
  if (const HostTensor *host = n.getHost(0)) {
    auto known = host->getConstants();
    if (known && known->size() == 1) {
      if (known->front() < 0 || known->front() >= static_cast<int64_t>(count))
        return n.error() << "index must be in the range [0, " << count << ") but got " << known->front();
      n.forward(0, known->front() + 1);
      return success();
    }
  }
  auto index = n.getScalarSize(0, "index");
  if (failed(index))
    return failure();
  n.check(n.sizes.compare(arith::CmpIPredicate::ult, *index, n.sizes.constant(count)),
          ("index must be in the range [0, " + Twine(count) + ") but got %d").str(), n.sizes.get(*index));
  SmallVector<std::function<FailureOr<Values>()>> branches;
  for (size_t i = 1; i <= count; ++i)
    branches.push_back([&n, i]() -> FailureOr<Values> {
      ImportedValue value;
      value.tensor = n.getTensor(i);
      return Values{value};
    });
  SmallVector<RegionImporter::BranchFn> references(branches.begin(), branches.end());
  auto results = RegionImporter(n.graph.entry, n.loc).importCase(n.getInput(0), references);
  if (failed(results))
    return failure();
  n.setOutput(0, results->front());
  return success();
}

/// What a branch gives for an output that only the other branch has: nobody uses it where this one runs.
LogicalResult importFakeParam(NodeImporter &n) {
  auto element = n.getElementTypeAttr("dtype");
  auto shape = getShapeAttr(n.node, "shape");
  if (failed(element))
    return failure();
  if (!shape)
    return n.error() << "the rank of the value is not known";
  SmallVector<OpFoldResult> sizes;
  for (int64_t size : *shape)
    sizes.push_back(n.sizes.constant(std::max<int64_t>(size, 0)));
  n.setResult(n.broadcastTo(n.scalar(*element, 0), sizes));
  return success();
}

} // namespace

void registerControlFlowOps(OpRegistry &registry) {
  registry.add({"FakeParam"}, importFakeParam);
  registry.add({"If", "StatelessIf"}, importIf);
  registry.add({"RefSelect"}, importRefSelect);
  registry.add({"SymbolicGradient"}, importSymbolicGradient);
  registry.add({"Case", "StatelessCase"}, importCase);
  registry.add({"While", "StatelessWhile"}, importWhile);
}

} // namespace tgc
