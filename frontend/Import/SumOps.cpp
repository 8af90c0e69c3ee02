//===- SumOps.cpp - Sums, zeros and ones of any value ---------------------===//
//
// Gradients add up tensors, lists and optionals, and start from zeros of them.
//
//===----------------------------------------------------------------------===//

#include "frontend/Import/ElementwiseFamilies.h"
#include "frontend/Import/ListValue.h"
#include "frontend/Import/NodeImporter.h"
#include "frontend/Import/OpRegistry.h"

using namespace mlir;

namespace tgc {
namespace {

LogicalResult importAddN(NodeImporter &n);

/// Values of the same types are both there, or neither is.
FailureOr<OptionalValue> addOptionals(NodeImporter &n, OptionalValue sum, const OptionalValue &next) {
  if (!haveSameTypes(sum, next) || !sum.other != !next.other)
    return n.error() << "Cannot add optionals that hold tensors of unlike types";
  if (next.isPresent != sum.isPresent)
    n.check(n.sizes.equals(n.sizes.fromBool(sum.isPresent), n.sizes.fromBool(next.isPresent)),
            "Cannot add optionals because one has a value and the other doesn't.");
  if (sum.components.empty())
    sum.components = next.components;
  else if (!next.components.empty())
    for (auto [component, mate] : llvm::zip_equal(sum.components, next.components)) {
      ImportedValue both[] = {component, mate};
      NodeImporter part(n.graph, n.node, both, 1);
      if (failed(importAddN(part)))
        return failure();
      component = part.getOutputs().front();
    }
  if (sum.other) {
    auto other = addOptionals(n, *sum.other, *next.other);
    if (failed(other))
      return failure();
    sum.other = std::make_shared<const OptionalValue>(std::move(*other));
  }
  return sum;
}

LogicalResult importOptionalSum(NodeImporter &n) {
  FailureOr<OptionalValue> sum = *n.getInput(0).optional;
  for (size_t i = 1; i < n.getNumInputs(); ++i) {
    if (!n.getInput(i).optional)
      return n.error() << "input " << i << " is no optional";
    sum = addOptionals(n, std::move(*sum), *n.getInput(i).optional);
    if (failed(sum))
      return failure();
  }
  ImportedValue value;
  value.optional = std::make_shared<const OptionalValue>(std::move(*sum));
  n.setOutput(0, std::move(value));
  return success();
}

LogicalResult importAddN(NodeImporter &n) {
  if (n.getInput(0).list)
    return importListSum(n);
  if (n.getInput(0).optional)
    return importOptionalSum(n);
  SmallVector<Value> operands = n.getTensors(0, n.getNumInputs());
  for (auto [i, operand] : llvm::enumerate(llvm::drop_begin(operands))) {
    SmallVector<OpFoldResult> first = n.sizes.sizesOf(operands.front()), shape = n.sizes.sizesOf(operand);
    if (first.size() != shape.size())
      return n.error() << "inputs must have the same size and shape, input 0 is "
                       << operands.front().getType() << ", input " << i + 1 << " is " << operand.getType();
    for (auto [dim, sizes] : llvm::enumerate(llvm::zip_equal(first, shape)))
      if (failed(n.requireEqual(std::get<0>(sizes), std::get<1>(sizes),
                                "inputs must have the same size and shape, dimension " + Twine(dim) +
                                    " is %d of input 0 and %d of input " + Twine(i + 1))))
        return failure();
  }
  auto equal = n.broadcastTogether(operands); // of one type now
  if (failed(equal))
    return failure();
  Value sum = equal->front();
  for (Value operand : llvm::drop_begin(*equal))
    sum = n.add(sum, operand);
  n.setResult(sum);
  return success();
}

LogicalResult importZerosLike(NodeImporter &n) {
  if (n.getInput(0).list)
    return importListZeros(n);
  if (const auto &optional = n.getInput(0).optional) {
    // As much is there, all zeros.
    ImportedValue zeros;
    OptionalValue value{optional->isPresent, {}, nullptr, optional->branches};
    for (const ImportedValue &component : optional->components) {
      NodeImporter part(n.graph, n.node, component, 1);
      if (failed(importZerosLike(part)))
        return failure();
      value.components.push_back(part.getOutputs().front());
    }
    if (optional->other) {
      ImportedValue other;
      other.optional = optional->other;
      NodeImporter part(n.graph, n.node, other, 1);
      if (failed(importZerosLike(part)))
        return failure();
      value.other = part.getOutputs().front().optional;
    }
    zeros.optional = std::make_shared<const OptionalValue>(std::move(value));
    n.setOutput(0, std::move(zeros));
    return success();
  }
  Value x = n.getTensor(0);
  if (isa<tg::StringType>(n.getElementType(0))) {
    auto type = RankedTensorType::get({}, n.getElementType(0));
    Value empty = n.create<tg::StringConstantOp>(type, n.builder.getStrArrayAttr({""}));
    n.setResult(n.broadcastTo(empty, n.sizes.sizesOf(x)));
    return success();
  }
  n.setResult(n.splatLike(x, 0));
  return success();
}

LogicalResult importOnesLike(NodeImporter &n) {
  n.setResult(n.splatLike(n.getTensor(0), 1));
  return success();
}

} // namespace

void registerSumOps(OpRegistry &registry) {
  registry.add({"AddN", "AccumulateNV2"}, importAddN);
  registry.add({"ZerosLike"}, importZerosLike);
  registry.add({"OnesLike"}, importOnesLike);
}

} // namespace tgc
