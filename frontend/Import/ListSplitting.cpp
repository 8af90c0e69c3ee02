//===- ListSplitting.cpp - Lists of the parts of a tensor, and back -------===//

#include "frontend/Import/CompositeList.h"
#include "frontend/Import/GraphImporter.h"

using namespace mlir;

namespace tgc {

using Size = OpFoldResult;

bool isWholeRange(NodeImporter &n, size_t input, Size count) {
  if (const HostTensor *host = n.getHost(input)) {
    auto indices = host->getConstants();
    return indices && IndexBuilder::isConstant(count, indices->size()) &&
           llvm::equal(*indices, llvm::seq<int64_t>(0, indices->size()));
  }
  Value indices = n.getTensor(input);
  auto iota = indices.getDefiningOp<tg::IotaOp>();
  return iota && IndexBuilder::isEqual(n.sizes.sizeOf(indices, 0), count);
}

FailureOr<ListValue> splitIntoList(NodeImporter &n, Value rows, size_t lengthsInput,
                                   const PartialSizes &elementSizes, bool mayDiffer) {
  SmallVector<Size> sizes = n.sizes.sizesOf(rows);
  if (sizes.empty())
    return n.error() << "tensor must be at least a vector, got a scalar";
  const char *wrongSum = "Expected sum of lengths to be equal to values.shape[0], but sum of lengths is %d "
                         "and the value has %d rows";
  if (n.getHost(lengthsInput) == nullptr && n.getType(lengthsInput).isDynamicDim(0))
    return splitRagged(n, rows, n.getTensor(lengthsInput), elementSizes, wrongSum);
  auto lengths = n.getSizeOperand(lengthsInput, "lengths");
  if (failed(lengths))
    return failure();
  Size sum = n.sizes.constant(0);
  bool isEqual = true;
  for (Size length : *lengths) {
    if (auto known = IndexBuilder::getConstant(length); known && *known < 0)
      return n.error() << "Invalid length: lengths must not be negative, got " << *known;
    sum = n.sizes.add(sum, length);
    isEqual &= IndexBuilder::isEqual(length, lengths->front());
  }
  if (!isEqual && mayDiffer)
    return splitRagged(n, rows, n.getTensor(lengthsInput), elementSizes, wrongSum);
  for (Size length : *lengths)
    if (failed(n.requireEqual(length, lengths->front(),
                              "elements of %d and of %d rows in a list of elements of one shape")))
      return failure();
  if (failed(n.requireEqual(sum, sizes.front(), wrongSum)))
    return failure();
  Size count = n.sizes.constant(lengths->size());
  sizes.front() = lengths->empty() ? n.sizes.constant(0) : lengths->front();
  sizes.insert(sizes.begin(), count);
  auto list = createListOfRows(n, n.reshape(rows, sizes), elementSizes);
  if (succeeded(list))
    list->mayDiffer = mayDiffer;
  return list;
}

FailureOr<std::pair<Value, Value>> concatList(NodeImporter &n, ListValue &list) {
  if (list.kind == ListValue::Nested || list.kind == ListValue::Spelled)
    return n.error() << "a list of variants or of elements of different ranks cannot be joined to one tensor";
  if (list.kind == ListValue::Ragged)
    return concatRagged(n, list);
  if (list.elementSizes->empty())
    return n.error() << "Concat saw a scalar shape, but requires at least vectors";
  Size each = list.elementSizes->front();
  SmallVector<Size> sizes(*list.elementSizes);
  sizes.front() = n.sizes.mul(list.length, each);
  Value lengths = n.sizeTensor(each, n.builder.getI64Type(), {list.length});
  return std::make_pair(n.reshape(getListRows(n, list), sizes), lengths);
}

} // namespace tgc
