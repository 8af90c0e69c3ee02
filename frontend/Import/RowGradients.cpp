//===- RowGradients.cpp - Gradients of some rows of a variable ------------===//

#include "frontend/Import/RowGradients.h"
#include "frontend/Import/GraphImporter.h"
#include "frontend/Import/Indexing.h"

using namespace mlir;

namespace tgc {

SmallVector<tg::GatherOp> findRowGathers(Value variable, const tg::Activity &activity) {
  SmallVector<tg::GatherOp> gathers;
  for (OpOperand &use : variable.getUses()) {
    Operation *op = use.getOwner();
    // A use in a region is one of the op that holds it: not a gather.
    if (op->getParentRegion() != variable.getParentRegion())
      return {};
    if (llvm::none_of(op->getResults(), [&](Value result) { return activity.isReached(result); }))
      continue;
    auto gather = dyn_cast<tg::GatherOp>(op);
    bool isOfRows =
        gather && use.getOperandNumber() == 0 && gather.getAxis() == 0 && gather.getBatchDims() == 0;
    if (!isOfRows)
      return {};
    gathers.push_back(gather);
  }
  return gathers;
}

FailureOr<RowGradient> sumEqualRows(NodeImporter &n, RowGradient rows) {
  auto call = [&](StringRef op, ArrayRef<ImportedValue> inputs,
                  size_t numOutputs) -> FailureOr<SmallVector<ImportedValue>> {
    proto::NodeDef node;
    node.set_name(n.node.name());
    node.set_op(op.str());
    (*node.mutable_attr())["out_idx"].set_type(proto::DT_INT64);
    NodeImporter importer(n.graph, node, inputs, numOutputs);
    if (failed(getOpRegistry().lookup(op)(importer)))
      return failure();
    return SmallVector<ImportedValue>(importer.getOutputs());
  };
  ImportedValue values, indices, count;
  values.tensor = rows.values;
  indices.tensor = rows.indices;
  auto unique = call("Unique", indices, 2);
  if (failed(unique))
    return failure();
  count.host = std::make_shared<HostTensor>(
      HostTensor{n.builder.getI64Type(), {}, {n.sizes.sizeOf((*unique)[0].tensor, 0)}, {}});
  auto sums = call("UnsortedSegmentSum", {values, (*unique)[1], count}, 1);
  if (failed(sums))
    return failure();
  return RowGradient{sums->front().tensor, (*unique)[0].tensor};
}

FailureOr<RowGradient> joinRows(NodeImporter &n, ArrayRef<tg::GatherOp> gathers, ValueRange gradients) {
  SmallVector<Value> values, indices;
  for (auto [read, gradient] : llvm::zip_equal(gathers, gradients)) {
    tg::GatherOp gather = read;
    SmallVector<OpFoldResult> shape = n.sizes.sizesOf(gather.getIndices()),
                              sizes = n.sizes.sizesOf(gather.getParams());
    sizes[0] = n.sizes.product(shape);
    RowGradient rows{n.reshape(gradient, sizes),
                     n.cast(n.reshape(gather.getIndices(), sizes[0]), n.builder.getI64Type())};
    if (gather->hasAttr(kSumsEqualRows)) {
      auto sums = sumEqualRows(n, rows);
      if (failed(sums))
        return failure();
      rows = *sums;
    }
    values.push_back(rows.values);
    indices.push_back(rows.indices);
  }
  if (values.size() == 1)
    return RowGradient{values[0], indices[0]};
  return RowGradient{n.create<tg::ConcatOp>(values, 0), n.create<tg::ConcatOp>(indices, 0)};
}

Value spreadRows(NodeImporter &n, RowGradient rows, Value variable) {
  return scatterRows(n, tg::ScatterKind::Add, n.splatLike(variable, 0), rows.indices, rows.values);
}

} // namespace tgc
