//===- PlanImporter.cpp - Imports a plan ----------------------------------===//
//
// Switch, Enter, Exit, NextIteration and LoopCond forward their input: where they stand says what they mean.
// Regions may be imported several times; each time sets the values of all their nodes anew.
//
//===----------------------------------------------------------------------===//

#include "frontend/Import/ControlFlow/PlanImporter.h"
#include "frontend/Import/ControlFlow/FlowGraph.h"
#include "frontend/Import/Messages.h"
#include "frontend/Import/NodeImporter.h"
#include "llvm/Support/SaveAndRestore.h"

using namespace mlir;

namespace tgc::flow {

LogicalResult PlanImporter::importRegion(const PlanRegion &region) {
  bool isOk = true;
  for (PlanStep step : region) {
    switch (step.kind) {
    case PlanStep::Kind::Node:
      isOk &= succeeded(importNode(step.index));
      break;
    case PlanStep::Kind::Cond:
      isOk &= succeeded(importCond(plan.conds[step.index]));
      break;
    case PlanStep::Kind::Loop:
      isOk &= succeeded(importLoop(plan.loops[step.index]));
      break;
    case PlanStep::Kind::Check:
      isOk &= succeeded(importCheck(plan.checks[step.index]));
      break;
    }
  }
  return success(isOk);
}

FailureOr<ImportedValue> PlanImporter::getValue(NodeOutput output, int node) {
  if (failedNodes.contains(output.node))
    return failure();
  return graph.getValue(output, getLoc(node));
}

/// Imports a node; what needs a failed node fails silently.
LogicalResult PlanImporter::importNode(int node) {
  NodeKind kind = getNodeKind(*nodes[node]);
  auto forwarded = plan.forwardedMerges.find(node);
  SmallVector<ImportedValue> inputs;
  bool isOk = true;
  for (auto [i, source] : llvm::enumerate(graph.edges.dataInputs(node))) {
    // By now the predicate of a Switch has done its work, and so have the other inputs of a Merge.
    bool isNeeded = !(kind == NodeKind::Switch && i == 1) &&
                    !(forwarded != plan.forwardedMerges.end() && static_cast<int>(i) != forwarded->second);
    auto value = isNeeded ? getValue(source, node) : FailureOr<ImportedValue>(ImportedValue());
    isOk &= succeeded(value);
    inputs.push_back(succeeded(value) ? *value : ImportedValue());
  }
  if (isOk && succeeded(graph.importNode(node, inputs))) {
    failedNodes.erase(node);
    return success();
  }
  failedNodes.insert(node);
  return failure();
}

//===----------------------------------------------------------------------===//
// Conditions
//===----------------------------------------------------------------------===//

/// The values that a branch gives: one per result, and for Merges whose index is asked for that too.
FailureOr<RegionImporter::Values> PlanImporter::importBranch(const PlanCond &cond, size_t side) {
  if (failed(importRegion(cond.branches[side])))
    return failure();
  Values values;
  for (const PlanResult &result : cond.results) {
    NodeOutput source = result.sources[side];
    if (source.node < 0 && result.isMerge) {
      OpBuilder &builder = graph.entry.builder;
      Value never = arith::ConstantIntOp::create(builder, getLoc(result.value.node), 0, 1);
      tg::CheckOp::create(builder, getLoc(result.value.node), never, tg::StatusCode::InvalidArgument,
                          "none of the inputs of this Merge has a value");
    }
    auto value =
        source.node < 0 ? FailureOr<ImportedValue>(ImportedValue()) : getValue(source, result.value.node);
    if (failed(value))
      return failure();
    values.push_back(*value);
    if (!result.isMerge || !plan.indexedMerges.contains(result.value.node))
      continue;
    if (source.node < 0) {
      values.push_back(ImportedValue());
      continue;
    }
    if (result.inputs[side] < 0) {
      auto index = getValue({result.value.node, 1}, result.value.node);
      if (failed(index))
        return failure();
      values.push_back(*index);
      continue;
    }
    ImportedValue index;
    OpBuilder &builder = graph.entry.builder;
    index.host = std::make_shared<HostTensor>(
        HostTensor{builder.getI32Type(), {}, {builder.getIndexAttr(result.inputs[side])}, {}});
    values.push_back(std::move(index));
  }
  return values;
}

LogicalResult PlanImporter::importCond(const PlanCond &cond) {
  int where = cond.results.empty() ? cond.predicate.node : cond.results.front().value.node;
  auto predicate = getValue(cond.predicate, where);
  FailureOr<Values> values = failure();
  RegionImporter regions(graph.entry, getLoc(where));
  auto branch = [&](size_t side) {
    llvm::SaveAndRestore inside(graph.entry.isBehindSwitch, true);
    return importBranch(cond, side);
  };
  if (succeeded(predicate) && cond.branches.size() == 2) {
    values = regions.importIf(*predicate, [&] { return branch(1); }, [&] { return branch(0); });
  } else if (succeeded(predicate)) {
    std::vector<std::function<FailureOr<Values>()>> functions;
    for (size_t side = 0; side < cond.branches.size(); ++side)
      functions.push_back([&branch, side] { return branch(side); });
    SmallVector<RegionImporter::BranchFn> branches(functions.begin(), functions.end());
    values = regions.importCase(*predicate, branches);
  }
  size_t next = 0;
  for (const PlanResult &result : cond.results) {
    int node = result.value.node;
    if (failed(values)) {
      failedNodes.insert(node);
      continue;
    }
    failedNodes.erase(node);
    graph.setValue(result.value, (*values)[next++]);
    if (result.isMerge && plan.indexedMerges.contains(node))
      graph.setValue({node, 1}, (*values)[next++]);
  }
  return success(succeeded(values));
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

/// Whether a turn hands the value on, through nodes that forward it.
bool PlanImporter::isInvariant(const PlanLoop &loop, const PlanLoop::Carried &carried) const {
  for (int at = carried.nextIteration;;) {
    if (at == carried.merge)
      return true;
    NodeKind kind = getNodeKind(*nodes[at]);
    if (kind != NodeKind::NextIteration && kind != NodeKind::Switch && nodes[at]->op() != "Identity")
      return false;
    at = graph.edges.dataInputs(at)[0].node;
  }
}

LogicalResult PlanImporter::importLoop(const PlanLoop &loop) {
  bool isOk = true;
  for (int enter : loop.enters)
    isOk &= succeeded(importNode(enter));
  Values inits;
  SmallVector<RegionImporter::CarriedHint> hints;
  for (const PlanLoop::Carried &carried : loop.carried) {
    failedNodes.erase(carried.merge);
    auto init = getValue({carried.enter, 0}, carried.merge);
    isOk &= succeeded(init);
    inits.push_back(succeeded(init) ? *init : ImportedValue());
    hints.emplace_back();
    hints.back().isInvariant = isInvariant(loop, carried);
  }
  // Behind the values of the graph: which input each Merge that is asked for it gives, and what the condition
  // shares.
  SmallVector<NodeOutput> indices;
  for (const PlanLoop::Carried &carried : loop.carried)
    if (plan.indexedMerges.contains(carried.merge))
      indices.push_back({carried.merge, 1});
  auto setCarried = [&](ArrayRef<ImportedValue> values) {
    for (auto [carried, value] : llvm::zip_equal(loop.carried, values.take_front(loop.carried.size())))
      graph.setValue({carried.merge, 0}, value);
    values = values.drop_front(loop.carried.size());
    for (auto [index, value] : llvm::zip_equal(indices, values.take_front(indices.size())))
      graph.setValue(index, value);
    for (auto [shared, value] : llvm::zip(loop.shared, values.drop_front(indices.size())))
      graph.setValue(shared, value);
  };
  // What the condition says and shares, with the carried values set.
  auto evaluate = [&](Values &values) -> LogicalResult {
    if (failed(importRegion(loop.condition)))
      return failure();
    for (NodeOutput shared : loop.shared) {
      auto value = getValue(shared, loop.loopCond);
      if (failed(value))
        return failure();
      values.push_back(*value);
    }
    auto holds = getValue({loop.loopCond, 0}, loop.loopCond);
    auto tensor = failed(holds) ? FailureOr<Value>() : getTensor(graph.entry, getLoc(loop.loopCond), *holds);
    if (failed(tensor))
      return failure();
    values.emplace_back();
    values.back().tensor = *tensor;
    return success();
  };
  auto condition = [&](ArrayRef<ImportedValue> values) -> FailureOr<Values> {
    if (loop.isConditionCarried)
      return Values{values.back()};
    setCarried(values);
    if (failed(importRegion(loop.condition)))
      return failure();
    auto value = getValue({loop.loopCond, 0}, loop.loopCond);
    return failed(value) ? FailureOr<Values>() : FailureOr<Values>(Values{*value});
  };
  auto appendIndices = [&](Values &values, int64_t number) {
    OpBuilder &builder = graph.entry.builder;
    for (size_t i = 0; i < indices.size(); ++i) {
      values.emplace_back();
      values.back().host = std::make_shared<HostTensor>(
          HostTensor{builder.getI32Type(), {}, {builder.getIndexAttr(number)}, {}});
    }
  };
  auto body = [&](ArrayRef<ImportedValue> values) -> FailureOr<Values> {
    llvm::SaveAndRestore inside(graph.entry.loopForm, EntryImporter::LoopForm::Frame);
    setCarried(values);
    if (failed(importRegion(loop.body)))
      return failure();
    Values next;
    for (const PlanLoop::Carried &carried : loop.carried) {
      auto value = getValue({carried.nextIteration, 0}, carried.nextIteration);
      if (failed(value))
        return failure();
      next.push_back(*value);
    }
    appendIndices(next, 1);
    if (!loop.isConditionCarried)
      return next;
    setCarried(next);
    if (failed(evaluate(next)))
      return failure();
    return next;
  };
  appendIndices(inits, 0);
  if (isOk && loop.isConditionCarried) {
    setCarried(inits);
    isOk = succeeded(evaluate(inits));
  }
  hints.resize(inits.size());
  FailureOr<Values> results = failure();
  if (isOk)
    results = RegionImporter(graph.entry, getLoc(loop.loopCond)).importWhile(inits, hints, condition, body);
  if (succeeded(results)) {
    setCarried(*results);
    return importRegion(loop.after);
  }
  for (const PlanLoop::Carried &carried : loop.carried)
    failedNodes.insert(carried.merge);
  // The Exits fail silently.
  (void)importRegion(loop.after);
  return failure();
}

//===----------------------------------------------------------------------===//
// Checks
//===----------------------------------------------------------------------===//

LogicalResult PlanImporter::importCheck(const PlanCheck &check) {
  int node = check.predicate.node;
  auto predicate = getValue(check.predicate, node);
  if (failed(predicate))
    return failure();
  OpBuilder &builder = graph.entry.builder;
  NodeImporter importer(graph, *nodes[node], *predicate, 0);
  Value holds;
  if (check.numSides == 2) {
    auto condition = RegionImporter(graph.entry, importer.loc).getCondition(*predicate);
    if (failed(condition))
      return failure();
    Value side = arith::ConstantOp::create(builder, importer.loc, builder.getBoolAttr(check.side));
    holds = arith::CmpIOp::create(builder, importer.loc, arith::CmpIPredicate::eq, *condition, side);
  } else {
    auto number = importer.getScalarSize(0, "the number of the branch");
    if (failed(number))
      return failure();
    // Numbers out of range choose the last branch.
    IndexBuilder &sizes = importer.sizes;
    holds = sizes.equals(*number, sizes.constant(check.side));
    if (check.side + 1 == check.numSides) {
      Value isBelow = sizes.compare(arith::CmpIPredicate::slt, *number, sizes.constant(0));
      Value isAbove = sizes.compare(arith::CmpIPredicate::sge, *number, sizes.constant(check.side));
      holds = arith::OrIOp::create(builder, importer.loc, isBelow, isAbove);
    }
  }
  std::string fetched = nodes[check.fetched.node]->name() + ":" + std::to_string(check.fetched.output);
  importer.check(holds, "Retval[" + Twine(check.fetch) + "] does not have value: " + escapeMessage(fetched) +
                            " is in a branch that this predicate does not choose");
  return success();
}

} // namespace tgc::flow
