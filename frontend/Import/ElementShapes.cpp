//===- ElementShapes.cpp - What the graph says of elements of lists -------===//

#include "frontend/Import/GraphImporter.h"
#include "frontend/Import/ListValue.h"

using namespace mlir;

namespace tgc {

using Size = OpFoldResult;

FailureOr<PartialSizes> getElementShapeOperand(NodeImporter &n, size_t i) {
  auto isUnknown = [](Size size) { return IndexBuilder::isConstant(size, -1); };
  const HostTensor *host = n.getHost(i);
  if (host ? host->isScalar() : n.getRank(i) == 0) {
    // A scalar can only say that the shape is not known.
    if (host && !isUnknown(host->elements.front())) {
      n.error() << "the element shape must be a vector, or a scalar -1";
      return failure();
    }
    return PartialSizes();
  }
  auto sizes = n.getSizeOperand(i, "element_shape");
  if (failed(sizes))
    return failure();
  for (Size &size : *sizes) {
    // A size that data gives may turn out to be -1; the first write tells.
    auto known = IndexBuilder::getConstant(size);
    if (known && *known < -1) {
      n.error() << "size " << *known << " of the element shape is negative";
      return failure();
    }
    bool isData = !known && !IndexBuilder::isNonNegative(size) &&
                  isa_and_nonnull<arith::IndexCastOp>(cast<Value>(size).getDefiningOp());
    if (isData || (known && *known < 0))
      size = Size();
  }
  return PartialSizes(std::move(*sizes));
}

PartialSizes getElementShapeAttr(NodeImporter &n, StringRef name) {
  auto shape = getShapeAttr(n.node, name);
  if (!shape)
    return std::nullopt;
  return llvm::map_to_vector(*shape,
                             [&](int64_t size) { return size < 0 ? Size() : n.sizes.constant(size); });
}

LogicalResult mergeElementSizes(NodeImporter &n, ListValue &list, const PartialSizes &sizes,
                                const Twine &message) {
  if (!sizes || list.kind == ListValue::Nested || list.kind == ListValue::Spelled)
    return success();
  if (!list.elementSizes) {
    list.elementSizes = sizes;
    return success();
  }
  if (list.elementSizes->size() != sizes->size())
    return n.error() << "elements have rank " << list.elementSizes->size() << ", got rank " << sizes->size();
  for (auto [known, size] : llvm::zip_equal(*list.elementSizes, *sizes)) {
    if (size.isNull())
      continue;
    if (!known.isNull() && failed(n.requireEqual(size, known, message)))
      return failure();
    // A constant says more than a value; where there is a buffer its sizes stand.
    if (known.isNull() || (!list.buffer && IndexBuilder::getConstant(size)))
      known = size;
  }
  return success();
}

LogicalResult requireElementSizes(NodeImporter &n, const ListValue &list, const Twine &what) {
  if (list.hasKnownElements() || list.kind != ListValue::Dense)
    return success();
  return n.error() << what
                   << ", but no element was written before and the element shape is not fully defined; the "
                   << "element_shape of the list would tell";
}

} // namespace tgc
