//===- RowGradients.cpp - Gradients of some rows of a variable ------------===//

#include "frontend/Import/RowGradients.h"
#include "frontend/Import/GraphImporter.h"
#include "frontend/Import/Indexing.h"

using namespace mlir;

namespace tgc {

/// Whether an op in a region can pass a gradient on to what it uses.
static bool mayBeActive(Operation *op) {
  return op->hasTrait<OpTrait::IsTerminator>() || llvm::any_of(op->getResultTypes(), [](Type type) {
           return isa<RankedTensorType>(type) && isa<FloatType, ComplexType>(getElementTypeOrSelf(type));
         });
}

/// The branch around a gather that has a gradient of its own; null if there is none.
static Region *findSwitchedBranch(Operation *gather) {
  if (!gather->hasAttr(kReadsBehindSwitch))
    return nullptr;
  Region *region = gather->getParentRegion();
  while (!isa<tg::IfOp, func::FuncOp>(region->getParentOp()))
    region = region->getParentRegion();
  return isa<tg::IfOp>(region->getParentOp()) ? region : nullptr;
}

RowReads findRowReads(Value variable, const tg::Activity &activity) {
  RowReads reads;
  llvm::MapVector<Region *, SmallVector<OpOperand *>> nested;
  for (OpOperand &use : variable.getUses()) {
    Operation *op = use.getOwner(), *outer = variable.getParentRegion()->findAncestorOpInRegion(*op);
    if (llvm::none_of(outer->getResults(), [&](Value result) { return activity.isReached(result); }) ||
        (op != outer && !mayBeActive(op)))
      continue;
    auto gather = dyn_cast<tg::GatherOp>(op);
    bool isOfRows =
        gather && use.getOperandNumber() == 0 && gather.getAxis() == 0 && gather.getBatchDims() == 0;
    if (!isOfRows)
      return {};
    reads.readsFirstRow |= gather->hasAttr(kReadsInFrame);
    if (op == outer)
      reads.gathers.push_back(gather);
    else
      nested[findSwitchedBranch(op)].push_back(&use);
  }
  OpBuilder builder(variable.getContext());
  builder.setInsertionPointAfterValue(variable);
  for (auto &[branch, uses] : nested) {
    auto watch = tg::WatchOp::create(builder, variable.getLoc(), variable);
    // Else these ops would be equal, and become one.
    watch->setAttr("tg.branch", builder.getI64IntegerAttr(reads.inRegions.size()));
    reads.inRegions.push_back(watch);
    for (OpOperand *use : uses)
      use->set(reads.inRegions.back());
  }
  return reads;
}

Value watchLoopRead(NodeImporter &n, Value params) {
  bool losesRows = n.wantsGradients() && n.graph.entry.loopForm == EntryImporter::LoopForm::Function;
  return losesRows ? n.create<tg::WatchOp>(params) : params;
}

void noteLoopRead(NodeImporter &n, Value gathered) {
  if (n.wantsGradients() && n.graph.entry.loopForm == EntryImporter::LoopForm::Frame)
    gathered.getDefiningOp()->setAttr(kReadsInFrame, n.builder.getUnitAttr());
  if (n.wantsGradients() && n.graph.entry.isBehindSwitch)
    gathered.getDefiningOp()->setAttr(kReadsBehindSwitch, n.builder.getUnitAttr());
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

FailureOr<RowGradient> joinRows(NodeImporter &n, const RowReads &reads, ValueRange gradients,
                                ValueRange pairs) {
  SmallVector<Value> values, indices;
  if (reads.readsFirstRow) {
    Value like =
        reads.gathers.empty() ? reads.inRegions.front() : tg::GatherOp(reads.gathers.front()).getParams();
    SmallVector<OpFoldResult> sizes = n.sizes.sizesOf(like);
    sizes[0] = n.sizes.constant(1);
    values.push_back(n.broadcastTo(n.scalar(getElementTypeOrSelf(like.getType()), 0), sizes));
    indices.push_back(n.broadcastTo(n.scalar(n.builder.getI64Type(), 0), sizes[0]));
  }
  for (size_t i = 0; i < pairs.size(); i += 2) {
    values.push_back(pairs[i]);
    indices.push_back(pairs[i + 1]);
  }
  for (auto [read, gradient] : llvm::zip_equal(reads.gathers, gradients)) {
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
