//===- TensorArrayOps.cpp - TensorArray, versions 1 to 3 ------------------===//
//
// An array is state of the entry, as a variable is: the handle names it, and what an op finds or leaves there
// is decided by the order of the import. The flow that orders accesses in TensorFlow is passed through
// untouched.
//
//===----------------------------------------------------------------------===//

#include "frontend/Import/ArrayAccesses.h"
#include "frontend/Import/CompositeList.h"
#include "frontend/Import/GraphImporter.h"
#include "frontend/Import/Indexing.h"
#include "frontend/Import/ListValue.h"
#include "frontend/Import/Messages.h"
#include "frontend/Import/OpRegistry.h"

using namespace mlir;

namespace tgc {
namespace {

using Size = OpFoldResult;

/// The array that input 0 names. Reads state the type of elements as `dtype`, writes as `T`.
FailureOr<ListObject> getArray(NodeImporter &n) {
  StringRef typeAttr = findAttr(n.node, "dtype") ? "dtype" : findAttr(n.node, "T") ? "T" : "";
  return getListObject(n, false, typeAttr);
}

/// TensorArray, TensorArrayV2, TensorArrayV3.
LogicalResult importArray(NodeImporter &n) {
  auto element = n.getElementTypeAttr("dtype");
  auto size = n.getScalarSize(0, "size");
  if (failed(element) || failed(size) || failed(requireNonNegative(n, *size, "Size should be >= 0, got %d")))
    return failure();
  ListObject object;
  object.list = createList(n, *element, getElementShapeAttr(n, "element_shape"), *size);
  object.name =
      n.getString("tensor_array_name").empty() ? n.node.name() : n.getString("tensor_array_name").str();
  object.isDynamic = n.getBool("dynamic_size");
  object.hasIdenticalElements = n.getBool("identical_element_shapes");
  object.list.mayDiffer = !object.hasIdenticalElements;
  object.clearsAfterRead = n.getBool("clear_after_read");
  createListObject(n, std::move(object));
  return success();
}

/// The gradient of an array is an array too, made by the first that asks for it under the name of its source.
LogicalResult importGrad(NodeImporter &n) {
  auto array = getArray(n);
  if (failed(array))
    return failure();
  EntryImporter &entry = n.graph.entry;
  std::string label = n.getString("source").str(), name = n.getInput(0).listObject->name + "@" + label;
  EntryImporter::GradientArray gradient{n.getInput(0).listObject->name, {}, label};
  if (n.node.op() == "TensorArrayGradWithShape") {
    auto sizes = n.getSizeOperand(2, "shape_to_prepend");
    if (failed(sizes))
      return failure();
    gradient.leadingSizes = *sizes;
  }
  entry.gradientArrays[name] = std::move(gradient);
  if (!entry.listObjects.count(name))
    entry.listObjects[name] = createGradientArray(entry, name);
  ImportedValue value;
  value.listObject = ListReference{name};
  n.setOutput(0, std::move(value));
  if (n.getOutputs().size() > 1)
    n.forward(1, 1);
  return success();
}

//===----------------------------------------------------------------------===//
// Elements
//===----------------------------------------------------------------------===//

LogicalResult importRead(NodeImporter &n) {
  auto array = getArray(n);
  auto index = n.getScalarSize(1, "index");
  if (failed(array) || failed(index))
    return failure();
  ListValue &list = array->list;
  if (failed(
          requireElementSizes(n, list, "TensorArray " + array->name + ": Could not read from TensorArray")) ||
      failed(requireSpelled(n, list, *index)))
    return failure();
  bool isInside = checkListIndex(n, *index, list.length, "Tried to read from index %d but array size is: %d");
  if (isInside) {
    noteArrayAccess(n, *array, false, *index);
    n.setResult(readListElement(n, list, *index));
    return success();
  }
  if (!list.hasKnownElements())
    return n.error() << "TensorArray " << array->name << ": Could not read from an empty TensorArray";
  n.setResult(n.broadcastTo(n.scalar(list.elementType, 0), *list.elementSizes));
  return success();
}

LogicalResult importWrite(NodeImporter &n) {
  auto array = getArray(n);
  auto index = n.getScalarSize(1, "index");
  if (failed(array) || failed(index))
    return failure();
  n.forward(0, 3);
  if (array->isDynamic)
    growList(n, array->list, n.sizes.max(array->list.length, n.sizes.add(*index, n.sizes.constant(1))));
  std::string name = "TensorArray " + escapeMessage(array->name) + ": ";
  if (!checkListIndex(n, *index, array->list.length,
                      name + "Tried to write to index %d but array is not resizeable and size is: %d"))
    return success();
  noteArrayAccess(n, *array, true, *index);
  if (failed(writeListElement(
          n, array->list, *index, n.getTensor(2),
          array->isGradient
              ? name + "Could not aggregate to TensorArray because the new input shape has a dimension of %d "
                       "elements where the existing shape has %d."
              : name +
                    "Could not write to TensorArray because the value shape has a dimension of %d elements "
                    "where the TensorArray's element shape has %d.",
          array->isGradient)))
    return failure();
  setListObject(n, std::move(*array));
  return success();
}

//===----------------------------------------------------------------------===//
// Many elements
//===----------------------------------------------------------------------===//

/// All elements as one tensor; `shapeAttr` may say more of their shape.
FailureOr<ListObject> getArrayOfShape(NodeImporter &n, StringRef shapeAttr) {
  auto array = getArray(n);
  if (failed(array))
    return failure();
  ListValue &list = array->list;
  PartialSizes sizes = getElementShapeAttr(n, shapeAttr);
  // The attribute of Concat leaves the first dimension out.
  if (sizes && shapeAttr == "element_shape_except0")
    sizes->insert(sizes->begin(), Size());
  if (failed(mergeElementSizes(n, list, sizes,
                               "TensorArray " + escapeMessage(array->name) +
                                   ": element_shape asks for a dimension of %d elements, "
                                   "the elements have %d")) ||
      failed(
          requireElementSizes(n, list, "TensorArray " + array->name + ": Could not read from TensorArray")))
    return failure();
  if (list.kind == ListValue::Spelled)
    return n.error() << "TensorArray " << array->name
                     << ": its elements have different ranks, so they are no one tensor";
  return *array;
}

LogicalResult importGather(NodeImporter &n) {
  auto array = getArrayOfShape(n, "element_shape");
  if (failed(array))
    return failure();
  ListValue &list = array->list;
  bool isAll = n.node.op() == "TensorArrayPack" || isWholeRange(n, 1, list.length);
  if (!isAll && n.getRank(1) != 1)
    return n.error() << "Expected indices to be a vector, but received shape: " << n.getType(1);
  if (isAll)
    noteArrayAccess(n, *array, false, Size());
  else
    noteArrayAccesses(n, *array, false, 1);
  FailureOr<Value> rows = isAll ? getListRows(n, list) : gatherListElements(n, list, n.getTensor(1));
  if (failed(rows))
    return failure();
  n.setResult(*rows);
  return success();
}

/// `list` becomes what the array holds; a gradient adds it to that.
LogicalResult setList(NodeImporter &n, ListObject array, ListValue list) {
  list.mayDiffer = array.list.mayDiffer;
  const ListValue &old = array.list;
  bool isZero =
      old.kind == ListValue::Ragged ? !old.parts[1].buffer && !old.parts[1].onlyElement : !old.isWritten();
  if (array.isGradient && !isZero && failed(addList(n, list, old)))
    return failure();
  list.declaredSizes = old.declaredSizes;
  array.list = std::move(list);
  setListObject(n, std::move(array));
  return success();
}

/// `rows` become all elements of the array.
LogicalResult setRows(NodeImporter &n, ListObject array, Value rows) {
  noteArrayAccess(n, array, true, Size());
  auto list = createListOfRows(n, rows, array.list.elementSizes);
  if (failed(list))
    return failure();
  return setList(n, std::move(array), std::move(*list));
}

LogicalResult importScatter(NodeImporter &n) {
  auto array = getArray(n);
  if (failed(array))
    return failure();
  n.forward(0, 3);
  Value rows = n.getTensor(2);
  if (n.getRank(2) == 0)
    return n.error() << "Expected value to be at least a vector, but received shape: []";
  if (isWholeRange(n, 1, array->list.length) &&
      IndexBuilder::isEqual(n.sizes.sizeOf(rows, 0), array->list.length))
    return setRows(n, *array, rows);
  Value indices = n.getTensor(1);
  if (n.getRank(1) != 1)
    return n.error() << "Expected indices to be a vector, but received shape: " << n.getType(1);
  if (failed(n.requireEqual(n.sizes.sizeOf(indices, 0), n.sizes.sizeOf(rows, 0),
                            "Expected len(indices) == values.shape[0], but saw: %d vs. %d")))
    return failure();
  Size largest = isWholeRange(n, 1, n.sizes.sizeOf(indices, 0))
                     ? n.sizes.sub(n.sizes.sizeOf(indices, 0), n.sizes.constant(1))
                     : largestElement(n, indices, -1);
  if (array->isDynamic)
    growList(n, array->list, n.sizes.max(array->list.length, n.sizes.add(largest, n.sizes.constant(1))));
  else
    n.check(n.sizes.compare(arith::CmpIPredicate::slt, largest, array->list.length),
            "Max scatter index must be < array size (%d vs. %d)", n.sizes.get({largest, array->list.length}));
  noteArrayAccesses(n, *array, true, 1);
  if (failed(scatterListElements(n, array->list, indices, rows, array->isGradient)))
    return failure();
  setListObject(n, std::move(*array));
  return success();
}

/// TensorArrayUnpack: the rows become all elements.
LogicalResult importUnpack(NodeImporter &n) {
  auto array = getArray(n);
  if (failed(array))
    return failure();
  n.forward(0, 2);
  Value rows = n.getTensor(1);
  if (n.getRank(1) == 0)
    return n.error() << "Expected value to be at least a vector, but received shape: []";
  if (!array->isDynamic && failed(n.requireEqual(array->list.length, n.sizes.sizeOf(rows, 0),
                                                 "TensorArray's size is not equal to the first dimension of "
                                                 "its value (%d vs. %d), and the TensorArray is not "
                                                 "marked as dynamically resizeable")))
    return failure();
  return setRows(n, *array, rows);
}

LogicalResult importSplit(NodeImporter &n) {
  auto array = getArray(n);
  if (failed(array))
    return failure();
  n.forward(0, 3);
  PartialSizes stated = array->list.isWritten() ? array->list.declaredSizes : array->list.elementSizes;
  auto list = splitIntoList(n, n.getTensor(1), 2, stated, array->list.mayDiffer);
  if (failed(list))
    return failure();
  if (!array->isDynamic && failed(n.requireEqual(array->list.length, list->length,
                                                 "TensorArray's size is not equal to the size of lengths (%d "
                                                 "vs. %d), and the TensorArray is not marked as "
                                                 "dynamically resizeable")))
    return failure();
  if (list->kind == ListValue::Dense)
    return setRows(n, *array, getListRows(n, *list));
  noteArrayAccess(n, *array, true, Size());
  return setList(n, *array, std::move(*list));
}

LogicalResult importConcat(NodeImporter &n) {
  auto array = getArrayOfShape(n, "element_shape_except0");
  if (failed(array))
    return failure();
  noteArrayAccess(n, *array, false, Size());
  auto joined = concatList(n, array->list);
  if (failed(joined))
    return failure();
  n.setResult(0, joined->first);
  n.setResult(1, joined->second);
  return success();
}

LogicalResult importSize(NodeImporter &n) {
  auto array = getArray(n);
  if (failed(array))
    return failure();
  n.setHostResult({n.builder.getI32Type(), {}, {array->list.length}});
  return success();
}

LogicalResult importClose(NodeImporter &n) {
  auto array = getArray(n);
  if (failed(array))
    return failure();
  array->isClosed = true;
  setListObject(n, std::move(*array));
  return success();
}

} // namespace

void registerTensorArrayOps(OpRegistry &registry) {
  registry.add({"TensorArray", "TensorArrayV2", "TensorArrayV3"}, importArray);
  registry.add({"TensorArrayGrad", "TensorArrayGradV2", "TensorArrayGradV3", "TensorArrayGradWithShape"},
               importGrad);
  registry.add({"TensorArrayRead", "TensorArrayReadV2", "TensorArrayReadV3"}, importRead);
  registry.add({"TensorArrayWrite", "TensorArrayWriteV2", "TensorArrayWriteV3"}, importWrite);
  registry.add({"TensorArrayGather", "TensorArrayGatherV2", "TensorArrayGatherV3", "TensorArrayPack"},
               importGather);
  registry.add({"TensorArrayScatter", "TensorArrayScatterV2", "TensorArrayScatterV3"}, importScatter);
  registry.add({"TensorArrayUnpack"}, importUnpack);
  registry.add({"TensorArraySplit", "TensorArraySplitV2", "TensorArraySplitV3"}, importSplit);
  registry.add({"TensorArrayConcat", "TensorArrayConcatV2", "TensorArrayConcatV3"}, importConcat);
  registry.add({"TensorArraySize", "TensorArraySizeV2", "TensorArraySizeV3"}, importSize);
  registry.add({"TensorArrayClose", "TensorArrayCloseV2", "TensorArrayCloseV3"}, importClose);
}

} // namespace tgc
