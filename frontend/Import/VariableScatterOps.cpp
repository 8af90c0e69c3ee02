//===- VariableScatterOps.cpp - Updates of parts of variables -------------===//

#include "frontend/Import/GraphImporter.h"
#include "frontend/Import/Indexing.h"
#include "frontend/Import/OpRegistry.h"
#include "frontend/Import/StateOps.h"

using namespace mlir;

namespace tgc {
namespace {

using Kind = tg::ScatterKind;

/// Writes the variable with updates at coordinates.
LogicalResult scatterInto(NodeImporter &n, Kind kind, Value indices, Value updates) {
  auto name = getVariable(n, 0);
  if (failed(name))
    return failure();
  auto value = scatterNd(n, kind, n.graph.entry.readVariable(*name), indices, updates);
  if (failed(value))
    return failure();
  setVariable(n, *name, *value);
  if (!n.getOutputs().empty())
    n.forward(0, 0);
  return success();
}

/// Updates of rows; a scalar goes to all their elements.
template <Kind kind> LogicalResult importScatter(NodeImporter &n) {
  Value indices = n.getTensor(1), updates = n.getTensor(2);
  SmallVector<OpFoldResult> column = n.sizes.sizesOf(indices), shape = column,
                            whole = n.sizes.sizesOf(n.getTensor(0));
  if (whole.empty())
    return n.error() << "the variable must be at least 1-D, got " << n.getType(0);
  llvm::append_range(shape, ArrayRef(whole).drop_front());
  column.push_back(n.sizes.constant(1));
  if (n.getRank(2) == 0)
    updates = n.broadcastTo(updates, shape);
  return scatterInto(n, kind, n.reshape(indices, column), updates);
}

template <Kind kind> LogicalResult importScatterNd(NodeImporter &n) {
  return scatterInto(n, kind, n.getTensor(1), n.getTensor(2));
}

template <Kind kind> void add(OpRegistry &registry, const std::string &suffix) {
  registry.add({"Scatter" + suffix, "ResourceScatter" + suffix}, importScatter<kind>);
}

template <Kind kind> void addNd(OpRegistry &registry, const std::string &suffix) {
  registry.add({"ScatterNd" + suffix, "ResourceScatterNd" + suffix}, importScatterNd<kind>);
}

} // namespace

void registerVariableScatterOps(OpRegistry &registry) {
  add<Kind::Update>(registry, "Update");
  add<Kind::Add>(registry, "Add");
  add<Kind::Sub>(registry, "Sub");
  add<Kind::Mul>(registry, "Mul");
  add<Kind::Div>(registry, "Div");
  add<Kind::Min>(registry, "Min");
  add<Kind::Max>(registry, "Max");
  addNd<Kind::Update>(registry, "Update");
  addNd<Kind::Add>(registry, "Add");
  addNd<Kind::Sub>(registry, "Sub");
  addNd<Kind::Min>(registry, "Min");
  addNd<Kind::Max>(registry, "Max");
}

} // namespace tgc
