//===- ListBranches.cpp - Lists that branches change ----------------------===//

#include "frontend/Import/CompositeList.h"
#include "frontend/Import/GraphImporter.h"
#include "frontend/Import/ListRegions.h"

using namespace mlir;

namespace tgc {

using Size = OpFoldResult;

FailureOr<MergedList> MergedList::create(EntryImporter &entry, Location loc, ArrayRef<ListValue> given,
                                         ArrayRef<Block *> blocks) {
  MergedList merged(entry, loc);
  ListValue lists[2] = {given[0], given[1]};
  ListValue &result = merged.result = lists[0];
  Operation *op = blocks[0]->getParentOp();
  if (lists[0].isVector != lists[1].isVector)
    return emitError(loc) << "a list in one branch and a vector of lists in the other";
  if (lists[0].elementType != lists[1].elementType)
    return emitError(loc) << "a list of " << lists[0].elementType << " in one branch and of "
                          << lists[1].elementType << " in the other";
  if (lists[0].kind == ListValue::Spelled || lists[1].kind == ListValue::Spelled)
    return emitError(loc) << "a list whose elements have different ranks changes in a branch";
  auto isOutside = [&](Size size) { return !isa<Value>(size) || !isInside(op, cast<Value>(size)); };
  auto isSharedSize = [&](Size a, Size b) { return IndexBuilder::isEqual(a, b) && isOutside(a); };

  // A branch that pushes nothing agrees with what the other pushes, if that is known outside.
  auto isElementOutside = [&](const ImportedValue &element) { return tgc::isOutside(op, element); };
  const std::optional<ImportedValue> &first = lists[0].uniformElement, &second = lists[1].uniformElement;
  bool isUniform = lists[0].mayBeUniform && lists[1].mayBeUniform &&
                   (first && second ? isSame(*first, *second)
                                    : !(first || second) || isElementOutside(first ? *first : *second));
  result.mayBeUniform = isUniform;
  if (isUniform && !first)
    result.uniformElement = second;
  if (!isUniform)
    result.uniformElement.reset();
  else if (result.uniformElement && result.uniformElement->host)
    result.uniformElement->tensor = nullptr;
  if (lists[0].room && lists[1].room) {
    result.room->needed = std::max(lists[0].room->needed, lists[1].room->needed);
    result.room->isUnknown |= lists[1].room->isUnknown;
  } else {
    result.room.reset();
  }

  result.mayDiffer = lists[0].mayDiffer || lists[1].mayDiffer;
  bool isDifferent = false;
  if (lists[0].kind == ListValue::Dense && lists[1].kind == ListValue::Dense && result.mayDiffer)
    for (unsigned k = 0; k < 2; ++k)
      isDifferent |= lists[1 - k].isWritten() && !lists[k].hasKnownElements() &&
                     !llvm::all_of(*lists[1 - k].elementSizes, isOutside);
  if (lists[0].isWritten() && lists[1].isWritten() && lists[0].elementSizes && lists[1].elementSizes &&
      lists[0].elementSizes->size() != lists[1].elementSizes->size())
    return emitError(loc) << "the elements of a list have rank " << lists[0].elementSizes->size()
                          << " in one branch and " << lists[1].elementSizes->size() << " in the other";
  for (unsigned k = 0; k < 2; ++k) {
    OpBuilder::InsertionGuard guard(entry.builder);
    entry.builder.setInsertionPointToEnd(blocks[k]);
    const ListValue &other = lists[1 - k];
    if (lists[k].kind != ListValue::Dense)
      continue;
    IndexBuilder::Mark mark = entry.sizes.mark();
    if (other.kind == ListValue::Nested)
      makeNested(entry, lists[k], other.form);
    else if (other.kind == ListValue::Ragged || isDifferent)
      makeRagged(entry, loc, lists[k], *(other.isWritten() ? other : lists[k]).elementSizes);
    entry.sizes.release(mark);
  }
  // In a loop one branch may know more of what elements are; the next trial begins with that.
  if (lists[0].kind == ListValue::Nested && lists[1].kind == ListValue::Nested && lists[0].isCarried &&
      lists[1].isCarried && !isSameForm(*lists[0].form, *lists[1].form)) {
    unsigned known = lists[0].form->isUnwritten;
    makeNested(entry, lists[1 - known], lists[known].form);
  }
  if (lists[0].kind != ListValue::Dense) {
    if (lists[0].kind != lists[1].kind ||
        (lists[0].kind == ListValue::Nested && !isSameForm(*lists[0].form, *lists[1].form)))
      return emitError(loc) << "the elements of a list are of different kinds in the branches";
    ListValue shared = lists[0];
    shared.mayBeUniform = result.mayBeUniform, shared.uniformElement = result.uniformElement,
    shared.room.reset();
    result = std::move(shared);
    if (result.elementSizes && lists[1].elementSizes)
      for (auto [size, mate] : llvm::zip_equal(*result.elementSizes, *lists[1].elementSizes))
        if (!size || !mate || !isSharedSize(size, mate))
          size = Size();
    for (auto [first, second] : llvm::zip_equal(lists[0].parts, lists[1].parts)) {
      auto part = create(entry, loc, {first, second}, blocks);
      if (failed(part))
        return failure();
      for (unsigned k = 0; k < 2; ++k)
        llvm::append_range(merged.yielded[k], part->yielded[k]);
      merged.parts.push_back(std::move(*part));
    }
    return merged;
  }

  merged.changesLength = !isSharedSize(lists[0].length, lists[1].length);
  bool isWritten = llvm::any_of(lists, [](const ListValue &list) { return list.buffer || list.onlyElement; });
  bool isSameBuffer = lists[0].buffer && lists[0].buffer == lists[1].buffer;
  merged.hasBuffer = isWritten && !isSameBuffer;
  if (!isWritten) {
    // Zeros of either length; sizes that only one branch knows are not known.
    if (!lists[0].hasKnownElements() || !lists[1].hasKnownElements() ||
        !llvm::equal(*lists[0].elementSizes, *lists[1].elementSizes, isSharedSize))
      result.elementSizes = result.declaredSizes;
    merged.changesCapacity = !isSharedSize(lists[0].capacity, lists[1].capacity);
  }
  if (merged.hasBuffer) {
    for (unsigned k = 0; k < 2; ++k) {
      if (lists[k].hasKnownElements())
        continue;
      if (!llvm::all_of(*lists[1 - k].elementSizes, isOutside))
        return emitError(loc) << "a list gets elements in one branch only, whose sizes are not known "
                                 "outside; the element shape of the "
                              << "list would tell";
      lists[k].elementSizes = lists[1 - k].elementSizes;
    }
    SmallVector<Size> sizes = {lists[0].capacity}, other = {lists[1].capacity};
    llvm::append_range(sizes, *lists[0].elementSizes);
    llvm::append_range(other, *lists[1].elementSizes);
    if (sizes.size() != other.size())
      return emitError(loc) << "the elements of a list have rank " << sizes.size() - 1
                            << " in one branch and " << other.size() - 1 << " in the other";
    for (auto [size, mate] : llvm::zip_equal(sizes, other)) {
      merged.sizes.push_back(isSharedSize(size, mate) ? size : Size());
      merged.shape.push_back(merged.sizes.back()
                                 ? IndexBuilder::getConstant(size).value_or(ShapedType::kDynamic)
                                 : ShapedType::kDynamic);
    }
  }
  for (unsigned k = 0; k < 2; ++k) {
    OpBuilder::InsertionGuard guard(entry.builder);
    entry.builder.setInsertionPointToEnd(blocks[k]);
    IndexBuilder::Mark mark = entry.sizes.mark();
    if (merged.hasBuffer) {
      Value buffer = getListBuffer(entry, loc, lists[k]);
      auto type = RankedTensorType::get(merged.shape, result.elementType);
      merged.yielded[k].push_back(buffer.getType() == type
                                      ? buffer
                                      : Value(tensor::CastOp::create(entry.builder, loc, type, buffer)));
    }
    if (merged.changesLength)
      merged.yielded[k].push_back(entry.sizes.get(lists[k].length));
    if (merged.changesCapacity)
      merged.yielded[k].push_back(entry.sizes.get(lists[k].capacity));
    entry.sizes.release(mark);
  }
  return merged;
}

ListValue MergedList::finish(ValueRange results) {
  ListValue list = result;
  if (!parts.empty()) {
    for (auto [part, merged] : llvm::zip_equal(list.parts, parts)) {
      part = merged.finish(results);
      results = results.drop_front(merged.yielded[0].size());
    }
    syncLength(list);
    return list;
  }
  unsigned next = 0;
  if (hasBuffer) {
    list.onlyElement.reset();
    list.buffer = results[next++];
    for (auto [dim, size] : llvm::enumerate(sizes))
      if (!size)
        size = tg::getSize(entry->builder, loc, list.buffer, dim);
    entry->sizes.setSizes(list.buffer, sizes);
    list.capacity = sizes.front();
    list.elementSizes = SmallVector<Size>(llvm::drop_begin(sizes));
  }
  if (changesLength)
    list.length = results[next++];
  if (changesCapacity)
    list.capacity = results[next++];
  return list;
}

} // namespace tgc
