//===- ListOps.cpp - TensorList -------------------------------------------===//
//
// Lists of TensorFlow 2 are values: every op takes one and gives a new one. Which of them share memory is
// decided once they are buffers.
//
//===----------------------------------------------------------------------===//

#include "frontend/Import/CompositeList.h"
#include "frontend/Import/GraphImporter.h"
#include "frontend/Import/Indexing.h"
#include "frontend/Import/ListValue.h"
#include "frontend/Import/OpRegistry.h"

using namespace mlir;

namespace tgc {
namespace {

using Size = OpFoldResult;

void setScalar(NodeImporter &n, size_t output, Size size) {
  n.setHostResult(output, {n.builder.getI32Type(), {}, {size}});
}

/// Input `i` as a list whose elements have the shape that operand `shapeInput` states.
FailureOr<ListValue> getListOfShape(NodeImporter &n, size_t i, size_t shapeInput) {
  auto list = getList(n, i);
  if (failed(list))
    return failure();
  auto sizes = getElementShapeOperand(n, shapeInput);
  if (failed(sizes) || failed(mergeElementSizes(
                           n, *list, *sizes,
                           "Incompatible shapes during merge: a dimension of %d elements is asked for, the "
                           "list has %d")))
    return failure();
  return *list;
}

//===----------------------------------------------------------------------===//
// Making lists
//===----------------------------------------------------------------------===//

LogicalResult importEmpty(NodeImporter &n) {
  auto element = getListElementType(n, "element_dtype");
  auto sizes = getElementShapeOperand(n, 0);
  auto most = n.getScalarSize(1, "max_num_elements");
  if (failed(element) || failed(sizes) || failed(most))
    return failure();
  ListValue list = createList(n, *element, *sizes, n.sizes.constant(0));
  list.mayDiffer = true;
  auto known = IndexBuilder::getConstant(*most);
  if (known ? *known >= 0 : IndexBuilder::isNonNegative(*most))
    list.limit = *most;
  // Room for all there may be, but not on the word of a limit that only guards against endless loops.
  if (!list.limit.isNull() && (!known || *known <= kMaxReservedElements))
    list.capacity = list.limit;
  setList(n, std::move(list));
  return success();
}

LogicalResult importReserve(NodeImporter &n) {
  auto element = getListElementType(n, "element_dtype");
  auto sizes = getElementShapeOperand(n, 0);
  auto count = n.getScalarSize(1, "num_elements");
  if (failed(element) || failed(sizes) || failed(count) ||
      failed(requireNonNegative(n, *count,
                                "The num_elements to reserve must be a non negative number, but got %d")))
    return failure();
  ListValue list = createList(n, *element, *sizes, *count);
  list.mayDiffer = true;
  setList(n, std::move(list));
  return success();
}

LogicalResult importFromTensor(NodeImporter &n) {
  auto sizes = getElementShapeOperand(n, 1);
  if (failed(sizes))
    return failure();
  auto list = createListOfRows(n, n.getTensor(0), *sizes);
  if (failed(list))
    return failure();
  list->mayDiffer = true;
  setList(n, std::move(*list));
  return success();
}

/// Into `list`, which becomes as long as the largest index asks.
LogicalResult scatter(NodeImporter &n, ListValue list, Value rows, size_t indicesInput, Size least) {
  Value indices = n.getTensor(indicesInput);
  if (n.getRank(indicesInput) != 1)
    return n.error() << "Expected indices to be a vector, got " << n.getType(indicesInput);
  SmallVector<Size> sizes = n.sizes.sizesOf(rows);
  if (sizes.empty())
    return n.error() << "Tensor must be at least a vector, but saw shape: []";
  if (failed(n.requireEqual(n.sizes.sizeOf(indices, 0), sizes.front(),
                            "Invalid number of rows in input tensor. Expected: %d Actual: %d")))
    return failure();
  Size end = least;
  if (const HostTensor *host = n.getHost(indicesInput)) {
    for (Size index : host->elements)
      end = n.sizes.max(end, n.sizes.add(index, n.sizes.constant(1)));
  } else {
    end = n.sizes.max(end, n.sizes.add(largestElement(n, indices, -1), n.sizes.constant(1)));
  }
  growList(n, list, end);
  if (failed(scatterListElements(n, list, indices, rows)))
    return failure();
  setList(n, std::move(list));
  return success();
}

LogicalResult importScatter(NodeImporter &n) {
  auto sizes = getElementShapeOperand(n, 2);
  if (failed(sizes))
    return failure();
  Size least = n.sizes.constant(0);
  if (n.getNumInputs() > 3) {
    auto count = n.getScalarSize(3, "num_elements");
    if (failed(count))
      return failure();
    least = n.sizes.max(*count, n.sizes.constant(0));
    if (!IndexBuilder::isConstant(*count, -1) && n.getHost(1))
      for (Size index : n.getHost(1)->elements)
        checkListIndex(n, index, *count,
                       "TensorListScatter: Trying to scatter at index %d in list with size %d");
  }
  return scatter(n, createList(n, n.getElementType(0), *sizes, n.sizes.constant(0)), n.getTensor(0), 1,
                 least);
}

LogicalResult importScatterIntoExisting(NodeImporter &n) {
  auto list = getList(n, 0);
  if (failed(list))
    return failure();
  return scatter(n, *list, n.getTensor(1), 2, list->length);
}

LogicalResult importSplit(NodeImporter &n) {
  auto sizes = getElementShapeOperand(n, 1);
  if (failed(sizes))
    return failure();
  auto list = splitIntoList(n, n.getTensor(0), 2, *sizes, true);
  if (failed(list))
    return failure();
  setList(n, std::move(*list));
  return success();
}

//===----------------------------------------------------------------------===//
// Elements
//===----------------------------------------------------------------------===//

LogicalResult importGetItem(NodeImporter &n) {
  auto list = getListOfShape(n, 0, 2);
  auto index = n.getScalarSize(1, "index");
  if (failed(list) || failed(index) ||
      failed(requireElementSizes(n, *list, "Trying to read an uninitialized tensor")) ||
      failed(requireSpelled(n, *list, *index)))
    return failure();
  if (!checkListIndex(n, *index, list->length, "Trying to access element %d in a list with %d elements.")) {
    if (!list->elementType || !list->hasKnownElements())
      return n.error() << "Trying to access an element of an empty list";
    n.setResult(n.broadcastTo(n.scalar(list->elementType, 0), *list->elementSizes));
    return success();
  }
  n.setOutput(0, getListElement(n, *list, *index));
  return success();
}

LogicalResult importSetItem(NodeImporter &n) {
  auto list = getList(n, 0);
  auto index = n.getScalarSize(1, "index");
  if (failed(list) || failed(index))
    return failure();
  if (n.getBool("resize_if_index_out_of_bounds")) {
    Size end = n.sizes.add(*index, n.sizes.constant(1));
    growList(n, *list, n.sizes.max(list->length, end));
  }
  if (!checkListIndex(n, *index, list->length, "Trying to modify element %d in a list with %d elements.")) {
    setList(n, std::move(*list));
    return success();
  }
  if (failed(setListElement(n, *list, *index, n.getInput(2),
                            "Tried to set a tensor with incompatible shape at a list index: a dimension has "
                            "%d elements, the list's %d")))
    return failure();
  setList(n, std::move(*list));
  return success();
}

LogicalResult importPushBack(NodeImporter &n) {
  auto list = getList(n, 0);
  if (failed(list))
    return failure();
  bool hasRoom = list->limit.isNull() ||
                 checkListIndex(n, list->length, list->limit,
                                "Tried to push item into a full list list size: %d max_num_elements: %d");
  if (hasRoom && failed(pushListElement(n, *list, 1)))
    return failure();
  setList(n, std::move(*list));
  return success();
}

LogicalResult importPopBack(NodeImporter &n) {
  auto list = getListOfShape(n, 0, 1);
  if (failed(list) || failed(requireElementSizes(n, *list, "Trying to read an uninitialized tensor")))
    return failure();
  if (failed(requireSpelled(n, *list, n.sizes.sub(list->length, n.sizes.constant(1)))))
    return failure();
  ImportedValue element;
  if (checkNotEmpty(n, *list, "Trying to pop from an empty list."))
    element = popListElement(n, *list);
  else if (list->elementType && list->hasKnownElements())
    element.tensor = n.broadcastTo(n.scalar(list->elementType, 0), *list->elementSizes);
  else
    return n.error() << "Trying to pop from an empty list.";
  setList(n, std::move(*list));
  n.setOutput(1, std::move(element));
  return success();
}

//===----------------------------------------------------------------------===//
// Whole lists
//===----------------------------------------------------------------------===//

LogicalResult importLength(NodeImporter &n) {
  auto list = getList(n, 0);
  if (failed(list))
    return failure();
  setScalar(n, 0, list->length);
  return success();
}

LogicalResult importElementShape(NodeImporter &n) {
  auto list = getList(n, 0);
  if (failed(list))
    return failure();
  Type type = n.builder.getIntegerType(getTypeAttr(n.node, "shape_type") == proto::DT_INT64 ? 64 : 32);
  if (!list->declaredSizes) {
    n.setHostResult({type, {}, {n.sizes.constant(-1)}});
    return success();
  }
  n.setSizesResult(
      0,
      llvm::map_to_vector(*list->declaredSizes,
                          [&](Size size) { return size.isNull() ? n.sizes.constant(-1) : size; }),
      type);
  return success();
}

LogicalResult importResize(NodeImporter &n) {
  auto list = getList(n, 0);
  auto count = n.getScalarSize(1, "size");
  if (failed(list) || failed(count) ||
      failed(requireNonNegative(n, *count, "TensorListSlice expects size to be non-negative. Got: %d")))
    return failure();
  resizeList(n, *list, *count);
  setList(n, std::move(*list));
  return success();
}

/// An error unless the elements can be one tensor.
LogicalResult requireStackable(NodeImporter &n, const ListValue &list) {
  if (list.kind == ListValue::Spelled)
    return n.error() << "Tried to stack elements of a list of different ranks";
  return success();
}

LogicalResult importStack(NodeImporter &n) {
  auto list = getListOfShape(n, 0, 1);
  if (failed(list))
    return failure();
  int64_t count = n.getInt("num_elements");
  if (count >= 0 &&
      failed(n.requireEqual(n.sizes.constant(count), list->length,
                            "Operation expected a list with %d elements but got a list with %d elements.")))
    return failure();
  if (!list->elementType) {
    setHandleVector(n, std::move(*list));
    return success();
  }
  if (failed(requireElementSizes(n, *list, "Tried to stack the elements of a list")))
    return failure();
  if (failed(requireStackable(n, *list)))
    return failure();
  if (count >= 0) {
    if (!list->buffer && list->kind == ListValue::Dense)
      list->capacity = n.sizes.constant(count);
    list->length = n.sizes.constant(count);
    if (list->kind == ListValue::Ragged)
      list->parts.front().length = list->length;
  }
  n.setResult(getListRows(n, *list));
  return success();
}

LogicalResult importGather(NodeImporter &n) {
  auto list = getListOfShape(n, 0, 2);
  if (failed(list))
    return failure();
  if (n.getRank(1) != 1)
    return n.error() << "Expected indices to be a vector, got " << n.getType(1);
  if (!list->elementType) {
    auto handles = gatherHandles(n, *list, 1);
    if (failed(handles))
      return failure();
    setHandleVector(n, std::move(*handles));
    return success();
  }
  if (failed(requireElementSizes(n, *list, "Tried to gather elements of a list")))
    return failure();
  if (failed(requireStackable(n, *list)))
    return failure();
  if (isWholeRange(n, 1, list->length)) {
    n.setResult(getListRows(n, *list));
    return success();
  }
  auto rows = gatherListElements(n, *list, n.getTensor(1));
  if (failed(rows))
    return failure();
  n.setResult(*rows);
  return success();
}

/// The operand states the shape of an element; older graphs have an attribute.
LogicalResult importConcat(NodeImporter &n) {
  bool hasOperands = n.getNumInputs() > 1;
  auto list = hasOperands ? getListOfShape(n, 0, 1) : getList(n, 0);
  if (failed(list))
    return failure();
  if (!hasOperands && failed(mergeElementSizes(n, *list, getElementShapeAttr(n, "element_shape"),
                                               "a dimension has %d elements, expected %d")))
    return failure();
  // Nothing was written: no element has a row.
  if (list->elementSizes && !list->elementSizes->empty() && list->elementSizes->front().isNull() &&
      !list->buffer)
    list->elementSizes->front() = n.sizes.constant(0);
  if (failed(requireElementSizes(n, *list, "Tried to concat the elements of a list")))
    return failure();
  auto joined = concatList(n, *list);
  if (failed(joined))
    return failure();
  n.setResult(0, joined->first);
  n.setResult(1, joined->second);
  return success();
}

} // namespace

void registerListOps(OpRegistry &registry) {
  registry.add({"EmptyTensorList"}, importEmpty);
  registry.add({"TensorListReserve"}, importReserve);
  registry.add({"TensorListFromTensor"}, importFromTensor);
  registry.add({"TensorListScatter", "TensorListScatterV2"}, importScatter);
  registry.add({"TensorListScatterIntoExistingList"}, importScatterIntoExisting);
  registry.add({"TensorListSplit"}, importSplit);
  registry.add({"TensorListConcatLists"}, importListConcat);
  registry.add({"TensorListGetItem"}, importGetItem);
  registry.add({"TensorListSetItem"}, importSetItem);
  registry.add({"TensorListPushBack"}, importPushBack);
  registry.add({"TensorListPopBack"}, importPopBack);
  registry.add({"TensorListLength"}, importLength);
  registry.add({"TensorListElementShape"}, importElementShape);
  registry.add({"TensorListResize"}, importResize);
  registry.add({"TensorListStack"}, importStack);
  registry.add({"TensorListGather"}, importGather);
  registry.add({"TensorListConcat", "TensorListConcatV2"}, importConcat);
}

} // namespace tgc
