//===- ControlFlowOps.cpp - Branches and loops over functions -------------===//
//
// If, Case and While call functions of the library as branches and bodies.
//
//===----------------------------------------------------------------------===//

#include "frontend/GraphDef/OpSignatures.h"
#include "frontend/Import/FunctionOps.h"
#include "frontend/Import/GraphImporter.h"
#include "frontend/Import/NodeImporter.h"
#include "frontend/Import/OpRegistry.h"
#include "frontend/Import/RegionImporter.h"

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
  auto results = RegionImporter(n.graph.entry, n.loc)
                     .importWhile(
                         inits, hints,
                         [&](ArrayRef<ImportedValue> values) -> FailureOr<Values> {
                           auto predicate = call(n, cond, values, "cond");
                           if (succeeded(predicate) && predicate->size() != 1)
                             return n.error() << "the condition " << cond.name() << " gives "
                                              << predicate->size() << " values, expected 1";
                           return predicate;
                         },
                         [&](ArrayRef<ImportedValue> values) { return call(n, body, values, "body"); });
  return failed(results) ? failure() : setCallResults(n, *results);
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
  registry.add({"Case", "StatelessCase"}, importCase);
  registry.add({"While", "StatelessWhile"}, importWhile);
}

} // namespace tgc
