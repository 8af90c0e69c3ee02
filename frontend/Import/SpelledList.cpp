//===- SpelledList.cpp - Lists of elements of different ranks -------------===//
//
// Tensors of different ranks have no place in one buffer. Such a list is what the graph spells out: its
// length and all indices are known at import, and each element is a value of its own.
//
//===----------------------------------------------------------------------===//

#include "frontend/Import/CompositeList.h"
#include "frontend/Import/GraphImporter.h"

using namespace mlir;

namespace tgc {

using Size = OpFoldResult;

/// A longer list is not taken apart.
static constexpr int64_t kMaxSpelledElements = 1024;

bool hasOtherRank(const ListValue &list, Value element) {
  return (list.kind == ListValue::Dense || list.kind == ListValue::Ragged) && list.mayDiffer &&
         list.isWritten() && !list.declaredSizes &&
         static_cast<int64_t>(list.elementSizes->size()) !=
             cast<RankedTensorType>(element.getType()).getRank();
}

/// Where a list stays as it is.
static LogicalResult refuse(NodeImporter &n, const Twine &what) {
  return n.error() << "a list has elements of different ranks, and " << what
                   << " is known at run time only; elements of one rank can be written anywhere";
}

LogicalResult spellList(NodeImporter &n, ListValue &list) {
  auto length = IndexBuilder::getConstant(list.length);
  if (!length || *length > kMaxSpelledElements || list.isCarried)
    return refuse(n, "its length");
  ListValue dense = list;
  std::vector<ImportedValue> elements(*length);
  for (auto [i, element] : llvm::enumerate(elements)) {
    Size index = n.sizes.constant(i);
    if (dense.kind == ListValue::Dense && dense.onlyElement &&
        !IndexBuilder::isConstant(dense.onlyElement->first, i)) {
      if (!IndexBuilder::getConstant(dense.onlyElement->first))
        return refuse(n, "where the first was written");
      continue;
    }
    element.tensor = dense.kind == ListValue::Ragged ? readRagged(n, dense, index, true)
                                                     : readListElement(n, dense, index);
  }
  list.kind = ListValue::Spelled;
  list.parts.clear();
  list.buffer = nullptr;
  list.onlyElement.reset();
  list.elementSizes.reset();
  list.room.reset();
  list.mayBeUniform = false;
  list.uniformElement.reset();
  list.elements = std::move(elements);
  return success();
}

void resizeSpelled(IndexBuilder &sizes, ListValue &list, size_t length) {
  list.elements.resize(length);
  list.length = list.capacity = sizes.constant(length);
}

LogicalResult requireSpelled(NodeImporter &n, const ListValue &list, Size index) {
  if (list.kind != ListValue::Spelled)
    return success();
  auto known = IndexBuilder::getConstant(index);
  if (!known)
    return refuse(n, "the index");
  if (*known >= 0 && *known < static_cast<int64_t>(list.elements.size()) && list.elements[*known].isNull())
    return n.error() << "Trying to read an uninitialized tensor but element_shape is not fully defined";
  return success();
}

LogicalResult writeSpelled(NodeImporter &n, ListValue &list, Size index, Value element, bool addTo) {
  auto known = IndexBuilder::getConstant(index);
  if (!known)
    return refuse(n, "the index");
  ImportedValue &old = list.elements[*known];
  if (addTo && !old.isNull()) {
    auto both = n.withOneShape({old.tensor, element});
    if (failed(both))
      return failure();
    element = n.add((*both)[0], (*both)[1]);
  }
  old = ImportedValue();
  old.tensor = element;
  return success();
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

SpelledLoop::SpelledLoop(ArrayRef<ImportedValue> inits, ArrayRef<bool> isInvariant) : inits(inits) {
  // A list with an element that was never written has no type to carry for that.
  for (auto [init, isSame] : llvm::zip_equal(inits, isInvariant))
    isSpread.push_back(!isSame && init.list && init.list->kind == ListValue::Spelled &&
                       llvm::none_of(init.list->elements, [](auto &element) { return element.isNull(); }));
}

SpelledLoop::Values SpelledLoop::spread(ArrayRef<ImportedValue> values) const {
  Values all;
  for (auto [value, isList] : llvm::zip_equal(values, isSpread)) {
    if (isList)
      llvm::append_range(all, value.list->elements);
    else
      all.push_back(value);
  }
  return all;
}

FailureOr<SpelledLoop::Values> SpelledLoop::spreadNext(Location loc, ArrayRef<ImportedValue> values) const {
  if (values.size() != inits.size())
    return emitError(loc) << "the body gives " << values.size() << " values, the loop carries "
                          << inits.size();
  for (auto [i, value] : llvm::enumerate(values))
    if (isSpread[i] && (!value.list || value.list->kind != ListValue::Spelled ||
                        value.list->elements.size() != inits[i].list->elements.size()))
      return emitError(loc) << "a list of " << inits[i].list->elements.size()
                            << " elements of different ranks has another length after an iteration";
  return spread(values);
}

SpelledLoop::Values SpelledLoop::gather(ArrayRef<ImportedValue> values) const {
  Values all;
  for (auto [i, init] : llvm::enumerate(inits)) {
    ArrayRef<ImportedValue> part = values.take_front(getWidth(i));
    values = values.drop_front(part.size());
    if (!isSpread[i]) {
      all.push_back(part.front());
      continue;
    }
    ListValue list = *init.list;
    list.elements.assign(part.begin(), part.end());
    all.emplace_back().list = std::make_shared<const ListValue>(std::move(list));
  }
  return all;
}

} // namespace tgc
