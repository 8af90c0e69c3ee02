//===- ListArithmetic.cpp - Whole lists of TensorList ---------------------===//
//
// Sums, zeros and joins of lists. Dense lists are added and joined as the tensors that they are; where one of
// the lists is ragged, a loop goes over the elements, which carries the list as any loop does.
//
//===----------------------------------------------------------------------===//

#include "frontend/Import/CompositeList.h"
#include "frontend/Import/GraphImporter.h"
#include "frontend/Import/RegionImporter.h"

using namespace mlir;

namespace tgc {

using Size = OpFoldResult;
using Values = RegionImporter::Values;

FailureOr<ListValue> getList(NodeImporter &n, size_t i) {
  if (n.getInput(i).list &&
      failed(requireElementType(n, *n.getInput(i).list,
                                findAttr(n.node, "element_dtype") ? "element_dtype" : "")))
    return failure();
  if (n.getInput(i).list && n.getInput(i).list->isVector)
    return n.error() << "input " << i << " is a vector of lists, expected one list";
  if (n.getInput(i).list)
    return *n.getInput(i).list;
  return n.error() << "input " << i << " is no list of tensors";
}

void setList(NodeImporter &n, ListValue list) {
  ImportedValue value;
  value.list = std::make_shared<const ListValue>(std::move(list));
  n.setOutput(0, std::move(value));
}

//===----------------------------------------------------------------------===//
// One element after the other
//===----------------------------------------------------------------------===//

ImportedValue asValue(ListValue list) {
  ImportedValue value;
  value.list = std::make_shared<const ListValue>(std::move(list));
  return value;
}

static ImportedValue asValue(NodeImporter &n, Value condition) {
  ImportedValue value;
  value.host =
      std::make_shared<HostTensor>(HostTensor{n.builder.getI1Type(), {}, {n.sizes.fromBool(condition)}, {}});
  return value;
}

LogicalResult forEachIndex(NodeImporter &n, ListValue &list, Size count,
                           llvm::function_ref<LogicalResult(ListValue &, Size)> change) {
  auto results =
      RegionImporter(n.graph.entry, n.loc)
          .importCounted(count, asValue(list), [&](Size index, Values values) -> FailureOr<Values> {
            n.sizes.setLoc(n.loc);
            ListValue next = *values.front().list;
            if (failed(change(next, index)))
              return failure();
            return Values{asValue(std::move(next))};
          });
  if (failed(results))
    return failure();
  list = *results->front().list;
  return success();
}

/// Calls `change` with the list where element `index` of `other` was ever written.
static LogicalResult ifWritten(NodeImporter &n, ListValue &other, Size index, ListValue &list,
                               llvm::function_ref<LogicalResult(ListValue &)> change) {
  if (other.kind != ListValue::Ragged)
    return change(list);
  auto changed = RegionImporter(n.graph.entry, n.loc)
                     .importIf(
                         asValue(n, isWrittenRagged(n, other, index)),
                         [&]() -> FailureOr<Values> {
                           ListValue next = list;
                           if (failed(change(next)))
                             return failure();
                           return Values{asValue(std::move(next))};
                         },
                         [&]() -> FailureOr<Values> { return Values{asValue(list)}; });
  if (failed(changed))
    return failure();
  list = *changed->front().list;
  return success();
}

Value getRow(NodeImporter &n, Value rows, Size index) {
  SmallVector<Size> sizes = n.sizes.sizesOf(rows), offsets(sizes.size(), n.sizes.constant(0));
  SmallVector<Size> rowSizes(sizes);
  offsets.front() = index;
  rowSizes.front() = n.sizes.constant(1);
  return n.reshape(n.slice(rows, offsets, rowSizes), ArrayRef(sizes).drop_front());
}

LogicalResult scatterOneByOne(NodeImporter &n, ListValue &list, Value indices, Value rows, bool addTo) {
  return forEachIndex(n, list, n.sizes.sizeOf(rows, 0), [&](ListValue &next, Size number) {
    return writeListElement(n, next, n.extract(getRow(n, indices, number), {}), getRow(n, rows, number),
                            "an element has a dimension of %d elements where the list states %d", addTo);
  });
}

//===----------------------------------------------------------------------===//
// Sums
//===----------------------------------------------------------------------===//

/// Elements that are ragged lists, each of which begins elsewhere, or lists of lists: one after the other.
static LogicalResult addEachElement(NodeImporter &n, ListValue &sum, ListValue &other) {
  auto addElement = [&](ListValue &next, Size index) -> LogicalResult {
    ListValue right = other;
    ImportedValue b = readNested(n, right, index);
    auto add = [&]() -> FailureOr<Values> {
      ListValue left = next;
      ListValue both = *readNested(n, left, index).list;
      if (failed(addList(n, both, *b.list)))
        return failure();
      return Values{asValue(std::move(both))};
    };
    auto total = next.parts.front().kind == ListValue::Ragged
                     ? RegionImporter(n.graph.entry, n.loc)
                           .importIf(asValue(n, isWrittenRagged(n, next.parts.front(), index)), add,
                                     [&]() -> FailureOr<Values> { return Values{b}; })
                     : add();
    return failed(total) ? failure() : writeNested(n, next, index, total->front());
  };
  return forEachIndex(n, sum, sum.length, [&](ListValue &next, Size index) {
    return ifWritten(n, other.parts.front(), index, next,
                     [&](ListValue &changed) { return addElement(changed, index); });
  });
}

/// Elements that are lists are added as lists; what an element is does not change.
static LogicalResult addNested(NodeImporter &n, ListValue &sum, ListValue &other) {
  if (sum.kind != other.kind || !isSameForm(*sum.form, *other.form) || sum.form->kind != ElementForm::List)
    return n.error() << "lists of unlike variants cannot be added";
  if (sum.form->isUnwritten)
    return success();
  if (sum.form->list.kind != ListValue::Dense)
    return addEachElement(n, sum, other);
  for (auto [part, mate] : llvm::zip_equal(sum.parts, other.parts))
    if (failed(addList(n, part, mate)))
      return failure();
  return success();
}

/// Elements of different ranks.
static LogicalResult addSpelled(NodeImporter &n, ListValue &sum, ListValue &other) {
  for (ListValue *list : {&sum, &other})
    if (list->kind != ListValue::Spelled && failed(spellList(n, *list)))
      return failure();
  if (sum.elements.size() != other.elements.size())
    return n.error() << "Trying to add two lists of tensors with different lengths: " << sum.elements.size()
                     << " and " << other.elements.size();
  for (auto [i, element] : llvm::enumerate(other.elements))
    if (!element.isNull() &&
        failed(writeSpelled(n, sum, n.sizes.constant(i), element.tensor, /*addTo=*/true)))
      return failure();
  return success();
}

LogicalResult addList(NodeImporter &n, ListValue &sum, ListValue other) {
  if (failed(n.requireEqual(sum.length, other.length,
                            "Trying to add two lists of tensors with different lengths: %d and %d")))
    return failure();
  if (!sum.isWritten())
    std::swap(sum, other);
  if (!other.isWritten())
    return success();
  if (sum.kind == ListValue::Nested || other.kind == ListValue::Nested)
    return addNested(n, sum, other);
  if (sum.kind == ListValue::Spelled || other.kind == ListValue::Spelled)
    return addSpelled(n, sum, other);
  // The list that is all zeros but for one element is added in place.
  if (sum.onlyElement && !other.onlyElement)
    std::swap(sum, other);
  const char *message = "Trying to add lists whose elements have a dimension of %d and of %d elements";
  if (other.onlyElement)
    return writeListElement(n, sum, other.onlyElement->first, other.onlyElement->second, message, true);
  if (sum.elementSizes->size() != other.elementSizes->size())
    return n.error() << "Trying to add lists whose elements have rank " << sum.elementSizes->size()
                     << " and rank " << other.elementSizes->size();
  bool isEqual =
      sum.kind == ListValue::Dense && other.kind == ListValue::Dense &&
      (!sum.mayDiffer || llvm::equal(*sum.elementSizes, *other.elementSizes, IndexBuilder::isEqual));
  sum.mayBeUniform = false;
  sum.uniformElement.reset();
  if (!isEqual)
    return forEachIndex(n, sum, sum.length, [&](ListValue &next, Size index) {
      return ifWritten(n, other, index, next, [&](ListValue &changed) {
        ListValue source = other;
        return writeListElement(n, changed, index, readListElement(n, source, index), message, true);
      });
    });
  if (failed(mergeElementSizes(n, sum, other.elementSizes, message)))
    return failure();
  Value a = getListRows(n, sum);
  auto b = n.withShape(getListRows(n, other), n.sizes.sizesOf(a));
  if (failed(b))
    return failure();
  sum.buffer = n.add(a, b->front());
  sum.capacity = sum.length;
  return success();
}

LogicalResult importListSum(NodeImporter &n) {
  auto sum = getList(n, 0);
  if (failed(sum))
    return failure();
  for (size_t i = 1; i < n.getNumInputs(); ++i) {
    auto other = getList(n, i);
    if (failed(other))
      return failure();
    if (sum->elementType != other->elementType)
      return n.error() << "Trying to add two lists of tensors of different dtypes";
    if (failed(addList(n, *sum, *other)))
      return failure();
  }
  setList(n, std::move(*sum));
  return success();
}

//===----------------------------------------------------------------------===//
// Zeros
//===----------------------------------------------------------------------===//

static void collectData(const ElementForm &form, SmallVectorImpl<bool> &isData);

/// For each tensor of a list that is an element: whether it is data, and not where elements are or how many.
static void collectData(const ListValue &list, SmallVectorImpl<bool> &isData) {
  SmallVector<bool> ofParts{true};
  if (list.kind == ListValue::Ragged)
    ofParts = {false, true};
  if (list.kind == ListValue::Nested) {
    ofParts.clear();
    collectData(*list.form, ofParts);
  }
  for (auto [part, isPartData] : llvm::zip(list.parts, ofParts)) {
    size_t first = isData.size();
    collectData(part, isData);
    for (size_t i = first; i < isData.size(); ++i)
      isData[i] = isData[i] && isPartData;
  }
  if (list.parts.empty())
    isData.push_back(true);
}

/// The same for each tensor of an element; whether an optional is there is no data.
static void collectData(const ElementForm &form, SmallVectorImpl<bool> &isData) {
  if (form.kind == ElementForm::List && !form.isUnwritten)
    return collectData(form.list, isData);
  isData.push_back(form.kind == ElementForm::Tensor);
  for (const ElementForm &part : llvm::concat<const ElementForm>(form.components, form.other))
    collectData(part, isData);
}

/// The same list with zeros in all elements, of their shapes.
static void clear(NodeImporter &n, ListValue &list) {
  list.mayBeUniform = false;
  list.uniformElement.reset();
  switch (list.kind) {
  case ListValue::Spelled:
    for (ImportedValue &element : list.elements)
      if (element.tensor)
        element.tensor = n.splatLike(element.tensor, 0);
    return;
  case ListValue::Dense:
    list.buffer = nullptr;
    list.onlyElement.reset();
    return;
  case ListValue::Ragged:
    return clear(n, list.parts[1]);
  case ListValue::Nested:
    SmallVector<bool> isData;
    collectData(*list.form, isData);
    for (auto [part, isPartData] : llvm::zip_equal(list.parts, isData))
      if (isPartData)
        clear(n, part);
    return;
  }
}

LogicalResult importListZeros(NodeImporter &n) {
  auto list = getList(n, 0);
  if (failed(list))
    return failure();
  clear(n, *list);
  setList(n, std::move(*list));
  return success();
}

//===----------------------------------------------------------------------===//
// Joins
//===----------------------------------------------------------------------===//

LogicalResult importListConcat(NodeImporter &n) {
  auto a = getList(n, 0), b = getList(n, 1);
  if (failed(a) || failed(b))
    return failure();
  if (a->kind == ListValue::Nested || b->kind == ListValue::Nested || a->kind == ListValue::Spelled ||
      b->kind == ListValue::Spelled)
    return n.error() << "lists of variants, or of elements of different ranks, cannot be joined";
  a->mayBeUniform = false;
  a->uniformElement.reset();
  bool isEqual = a->kind == ListValue::Dense && b->kind == ListValue::Dense &&
                 (!a->isWritten() || !b->isWritten() || !a->mayDiffer ||
                  llvm::equal(*a->elementSizes, *b->elementSizes, IndexBuilder::isEqual));
  if (!isEqual) {
    Size start = a->length;
    growList(n, *a, n.sizes.add(start, b->length));
    if (failed(forEachIndex(n, *a, b->length, [&](ListValue &next, Size index) {
          return ifWritten(n, *b, index, next, [&](ListValue &changed) {
            ListValue source = *b;
            return writeListElement(n, changed, n.sizes.add(start, index), readListElement(n, source, index),
                                    "an element has a dimension of %d elements where the list states %d");
          });
        })))
      return failure();
    setList(n, std::move(*a));
    return success();
  }
  if (failed(
          mergeElementSizes(n, *a, b->elementSizes,
                            "elements have a dimension of %d elements in one list and of %d in the other")))
    return failure();
  if (!a->hasKnownElements()) {
    a->length = a->capacity = n.sizes.add(a->length, b->length);
    setList(n, *a);
    return success();
  }
  b->elementSizes = a->elementSizes;
  Value second = getListRows(n, *b);
  Size start = a->length;
  resizeList(n, *a, n.sizes.add(start, b->length));
  SmallVector<Size> offsets(a->elementSizes->size() + 1, n.sizes.constant(0));
  offsets.front() = start;
  a->buffer = n.create<tg::InsertSliceOp>(second, getListBuffer(n.graph.entry, n.loc, *a), offsets);
  setList(n, std::move(*a));
  return success();
}

} // namespace tgc
