//===- RaggedVariantOps.cpp - Ragged tensors as variants ------------------===//
//
// As tf.map_fn takes and gives them: a vector of variants, one for each row. Each holds a tensor, so it is an
// optional, and the vector is a list of such (docs/decisions/0033).
//
//===----------------------------------------------------------------------===//

#include "frontend/Import/CompositeList.h"
#include "frontend/Import/KernelCalls.h"
#include "frontend/Import/OpRegistry.h"
#include "frontend/Import/RaggedOps.h"

using namespace mlir;

namespace tgc {
namespace {

using Size = OpFoldResult;

ImportedValue asVariant(NodeImporter &n, ArrayRef<Value> tensors) {
  OptionalValue optional{arith::ConstantOp::create(n.builder, n.loc, n.builder.getBoolAttr(true)), {}};
  for (Value tensor : tensors) {
    ImportedValue component;
    component.tensor = tensor;
    optional.components.push_back(std::move(component));
  }
  ImportedValue value;
  value.optional = std::make_shared<const OptionalValue>(std::move(optional));
  return value;
}

/// Elements [splits[row], splits[row + 1]) of `values`.
FailureOr<Value> getRaggedRow(NodeImporter &n, Value splits, Value values, Size row) {
  IndexBuilder &s = n.sizes;
  Size begin = n.extract(getRow(n, splits, row), {}),
       end = n.extract(getRow(n, splits, s.add(row, s.constant(1))), {});
  SmallVector<Size> shape = s.sizesOf(values), offsets(shape.size(), s.constant(0));
  if (failed(n.requireAtMost(s.constant(0), begin, "a split must be at least %d, got %d")) ||
      failed(n.requireAtMost(begin, end, "splits must not decrease, got %d before %d")) ||
      failed(n.requireAtMost(end, shape.front(), "split %d is beyond the %d values")))
    return failure();
  offsets.front() = begin;
  shape.front() = s.sub(end, begin);
  return n.slice(values, offsets, shape);
}

/// (splits..., values): one variant, or one for each row.
LogicalResult importToVariant(NodeImporter &n) {
  size_t numSplits = n.getInt("RAGGED_RANK");
  Value values = n.getTensor(numSplits);
  if (!n.getBool("batched_input")) {
    n.setOutput(0, asVariant(n, n.getTensors(0, numSplits + 1)));
    return success();
  }
  if (numSplits > 1)
    return n.error() << "rows that are ragged themselves are not supported, RAGGED_RANK is " << numSplits;
  if (n.getRank(numSplits) < 1 || failed(requireRanks(n, 0, SmallVector<int64_t>(numSplits, 1))))
    return n.error() << "splits must be vectors and values have a dimension at least, got "
                     << values.getType();
  IndexBuilder &s = n.sizes;
  Size rows = s.sizeOf(n.getTensor(0), 0);
  if (numSplits) {
    if (failed(n.requireAtMost(s.constant(1), rows, "there must be at least %d split, got %d")))
      return failure();
    rows = s.sub(rows, s.constant(1));
  }
  ListValue vector = createHandleVector(n);
  auto append = [&](ListValue &next, Size index) -> LogicalResult {
    FailureOr<Value> row =
        numSplits ? getRaggedRow(n, n.getTensor(0), values, index) : FailureOr(getRow(n, values, index));
    return failed(row) ? failure() : appendListElement(n, next, asVariant(n, *row));
  };
  if (failed(forEachIndex(n, vector, rows, append)))
    return failure();
  setHandleVector(n, std::move(vector));
  return success();
}

/// The splits between rows of these lengths: zero, then running sums.
Value getSplits(NodeImporter &n, Value lengths, Type element) {
  Value sums = n.create<tg::ScanOp>(tg::ReductionKind::Sum, lengths, int64_t(0), false, false);
  Value zero = n.scalar(getElementTypeOrSelf(lengths.getType()), 0);
  return n.cast(n.pad(sums, zero, {n.sizes.constant(1)}, {n.sizes.constant(0)}), element);
}

/// One variant gives what it was made of, a vector its rows one behind the other.
LogicalResult importFromVariant(NodeImporter &n) {
  const ImportedValue &input = n.getInput(0);
  size_t numSplits = n.getInt("output_ragged_rank");
  auto splitType = n.getElementTypeAttr("Tsplits");
  if (failed(splitType))
    return failure();
  if (input.optional) {
    if (input.optional->components.size() != numSplits + 1)
      return n.error() << "the variant has " << input.optional->components.size() << " tensors, expected "
                       << numSplits << " splits and values";
    for (auto [i, component] : llvm::enumerate(input.optional->components))
      n.setOutput(i, component);
    return success();
  }
  bool isVector = input.list && input.list->isVector && input.list->kind == ListValue::Nested;
  const ElementForm *form = isVector ? input.list->form.get() : nullptr;
  if (!form || form->kind != ElementForm::Optional || form->components.size() != 1 ||
      form->components.front().kind != ElementForm::Tensor || numSplits != 1)
    return n.error() << "expected a ragged tensor, or a vector of rows that are tensors for one dimension of "
                        "splits, but "
                     << numSplits << " are asked for";
  // Of each variant there is whether it holds a tensor, then the tensor.
  ListValue rows = input.list->parts[1];
  if (failed(requireElementSizes(n, rows, "Tried to join the rows of a ragged tensor")))
    return failure();
  auto joined = concatList(n, rows);
  if (failed(joined))
    return failure();
  n.setResult(0, getSplits(n, joined->second, *splitType));
  n.setResult(1, joined->first);
  return success();
}

} // namespace

void registerRaggedVariantOps(OpRegistry &registry) {
  registry.add({"RaggedTensorToVariant"}, importToVariant);
  registry.add({"RaggedTensorFromVariant"}, importFromVariant);
}

} // namespace tgc
