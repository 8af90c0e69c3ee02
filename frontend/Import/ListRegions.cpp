//===- ListRegions.cpp - Lists that branches and loops change -------------===//

#include "frontend/Import/ListRegions.h"
#include "frontend/Import/GraphImporter.h"

using namespace mlir;

namespace tgc {

using Size = OpFoldResult;
using Fit = CarriedList::Fit;

bool isSameList(const ListValue &a, const ListValue &b) {
  if (a.elementType != b.elementType || a.buffer != b.buffer || !IndexBuilder::isEqual(a.length, b.length) ||
      !IndexBuilder::isEqual(a.capacity, b.capacity) || a.onlyElement != b.onlyElement || a.elementSizes.has_value() != b.elementSizes.has_value())
    return false;
  return !a.elementSizes || llvm::equal(*a.elementSizes, *b.elementSizes, [](Size x, Size y) {
    return x.isNull() || y.isNull() ? x.isNull() && y.isNull() : IndexBuilder::isEqual(x, y);
  });
}

static bool isInside(Operation *region, Value value) { return region->isAncestor(value.getParentRegion()->getParentOp()); }

/// A size that holds before the loop: itself, or computed again there from what is known there.
static std::optional<Size> hoist(EntryImporter &entry, Operation *loop, Size size) {
  auto value = dyn_cast<Value>(size);
  if (!value || !isInside(loop, value))
    return size;
  Operation *op = value.getDefiningOp();
  if (!op || op->getNumRegions() || !isa<arith::ArithDialect>(op->getDialect()))
    return std::nullopt;
  IRMapping mapping;
  for (Value operand : op->getOperands()) {
    auto outside = hoist(entry, loop, operand);
    if (!outside)
      return std::nullopt;
    mapping.map(operand, entry.sizes.get(*outside));
  }
  return Size(entry.builder.clone(*op, mapping)->getResult(0));
}

/// The same for an element: sizes, or a tensor from outside.
static std::optional<ImportedValue> hoist(EntryImporter &entry, Operation *loop, const ImportedValue &element) {
  ImportedValue outside = element;
  if (!element.host)
    return element.tensor && !isInside(loop, element.tensor) ? std::optional(outside) : std::nullopt;
  outside.tensor = nullptr;
  outside.host = std::make_shared<HostTensor>(*element.host);
  for (Size &size : outside.host->elements) {
    auto known = hoist(entry, loop, size);
    if (!known)
      return std::nullopt;
    size = *known;
  }
  return outside;
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

CarriedList::CarriedList(EntryImporter &entry, Location loc, const ListValue &init)
    : entry(entry), loc(loc), init(init), needsBuffer(init.buffer || init.onlyElement) {}

RankedTensorType CarriedList::getBufferType() const {
  SmallVector<Size> sizes = {init.capacity};
  llvm::append_range(sizes, *init.elementSizes);
  RankedTensorType type = tg::getTypeOfSizes(sizes, init.elementType);
  if (!changesCapacity)
    return type;
  SmallVector<int64_t> shape(type.getShape());
  shape.front() = ShapedType::kDynamic;
  return type.clone(shape);
}

/// `buffer` is an argument or a result of the loop: its sizes as far as they are known. Gives the capacity.
Size CarriedList::setBufferSizes(Value buffer) const {
  SmallVector<Size> sizes = {changesCapacity ? tg::getSize(entry.builder, loc, buffer, 0) : init.capacity};
  llvm::append_range(sizes, *init.elementSizes);
  entry.sizes.setSizes(buffer, sizes);
  return sizes.front();
}

void CarriedList::addInits(SmallVectorImpl<Value> &inits) {
  if (needsBuffer) {
    Value buffer = getListBuffer(entry, loc, init);
    RankedTensorType type = getBufferType();
    inits.push_back(buffer.getType() == type ? buffer : Value(tensor::CastOp::create(entry.builder, loc, type, buffer)));
  }
  if (changesLength)
    inits.push_back(entry.sizes.get(init.length));
}

ListValue CarriedList::enter(Block *block) {
  inside = init;
  needsBufferInside = needsBuffer;
  changesLengthInside = changesLength;
  if (needsBuffer) {
    inside.buffer = block->addArgument(getBufferType(), loc);
    inside.capacity = setBufferSizes(inside.buffer);
  }
  if (changesLength)
    inside.length = Value(block->addArgument(entry.builder.getIndexType(), loc));
  inside.room.reset();
  if (!changesCapacity)
    inside.room = ListValue::Room{inside.length, 0, false};
  return inside;
}

/// The first write in the body decides on the sizes of elements.
Fit CarriedList::learnElementSizes(tg::WhileOp loop, const ListValue &next) {
  OpBuilder::InsertionGuard guard(entry.builder);
  entry.builder.setInsertionPoint(loop);
  SmallVector<Size> sizes;
  for (Size size : *next.elementSizes) {
    auto outside = hoist(entry, loop, size);
    if (!outside) {
      emitError(loc) << "a list gets elements whose sizes are known within an iteration only; the element shape of the list would tell";
      return Fit::Fails;
    }
    sizes.push_back(*outside);
  }
  init.elementSizes = std::move(sizes);
  needsBuffer = true;
  return Fit::Weakened;
}

Fit CarriedList::compareUniform(tg::WhileOp loop, const ListValue &next) {
  uniformElement.reset();
  if (!inside.mayBeUniform)
    return Fit::Fits;
  if (next.mayBeUniform && !next.uniformElement)
    return Fit::Fits;
  if (next.mayBeUniform && inside.uniformElement) {
    uniformElement = inside.uniformElement;
    if (isSame(*inside.uniformElement, *next.uniformElement))
      return Fit::Fits;
  } else if (next.mayBeUniform) {
    OpBuilder::InsertionGuard guard(entry.builder);
    entry.builder.setInsertionPoint(loop);
    uniformElement = hoist(entry, loop, *next.uniformElement);
    if (uniformElement)
      return Fit::Fits;
  }
  init.mayBeUniform = false;
  init.uniformElement.reset();
  return Fit::Weakened;
}

Fit CarriedList::compare(tg::WhileOp loop, const ListValue &after, SmallVectorImpl<Value> &yielded) {
  ListValue next = after;
  if (next.elementType != init.elementType) {
    emitError(loc) << "a list of " << init.elementType << " becomes a list of " << next.elementType;
    return Fit::Fails;
  }
  if (!needsBuffer && (next.buffer || next.onlyElement))
    return learnElementSizes(loop, next);
  bool fits = compareUniform(loop, next) == Fit::Fits;
  if (!changesLength && !IndexBuilder::isEqual(next.length, init.length)) {
    changesLength = true;
    fits = false;
  }
  appended = IndexBuilder::getConstant(entry.sizes.sub(next.length, inside.length));
  room = next.room;
  if (!needsBuffer) {
    if (changesLength)
      yielded.push_back(entry.sizes.get(next.length));
    return fits ? Fit::Fits : Fit::Weakened;
  }
  if (!next.hasKnownElements())
    next.elementSizes = init.elementSizes;
  if (!llvm::equal(*next.elementSizes, *init.elementSizes, IndexBuilder::isEqual)) {
    emitError(loc) << "the elements of a list have other sizes after an iteration";
    return Fit::Fails;
  }
  Value buffer = getListBuffer(entry, loc, next);
  if (!changesCapacity && !IndexBuilder::isEqual(next.capacity, inside.capacity)) {
    changesCapacity = true;
    fits = false;
  }
  if (!fits)
    return Fit::Weakened;
  RankedTensorType type = getBufferType();
  yielded.push_back(buffer.getType() == type ? buffer : Value(tensor::CastOp::create(entry.builder, loc, type, buffer)));
  if (changesLength)
    yielded.push_back(entry.sizes.get(next.length));
  return Fit::Fits;
}

Fit CarriedList::checkRoom(std::optional<Size> trips) {
  if (changesCapacity || (room && !room->isUnknown && room->needed == 0))
    return Fit::Fits;
  auto known = trips ? IndexBuilder::getConstant(*trips) : std::nullopt;
  bool canTell = room && !room->isUnknown && trips && (!known || *known <= kMaxReservedElements);
  if (!canTell) {
    changesCapacity = true;
    return Fit::Weakened;
  }
  if (hasMadeRoom)
    return Fit::Fits;
  hasMadeRoom = true;
  // An iteration that appends in one of its branches appends no more than it makes room for.
  int64_t each = appended ? std::max<int64_t>(*appended, 0) : room->needed;
  Size appendedByAll = entry.sizes.mul(*trips, entry.sizes.constant(each));
  Size needed = entry.sizes.add(entry.sizes.add(init.length, appendedByAll), entry.sizes.constant(room->needed - each));
  Size before = init.capacity;
  reserveList(entry, loc, init, needed, true);
  return IndexBuilder::isEqual(before, init.capacity) ? Fit::Fits : Fit::Weakened;
}

ListValue CarriedList::finish(tg::WhileOp loop, unsigned &result, std::optional<Size> trips) {
  ListValue list = init;
  if (needsBuffer) {
    list.buffer = loop.getResult(result++);
    list.capacity = setBufferSizes(list.buffer);
  }
  if (changesLength) {
    list.length = Value(loop.getResult(result++));
    if (trips && appended)
      list.length = entry.sizes.add(init.length, entry.sizes.mul(*trips, entry.sizes.constant(*appended)));
  }
  if (uniformElement)
    list.uniformElement = uniformElement;
  return list;
}

//===----------------------------------------------------------------------===//
// Branches
//===----------------------------------------------------------------------===//

FailureOr<MergedList> MergedList::create(EntryImporter &entry, Location loc, ArrayRef<ListValue> given, ArrayRef<Block *> blocks) {
  MergedList merged(entry, loc);
  ListValue lists[2] = {given[0], given[1]};
  ListValue &result = merged.result = lists[0];
  Operation *op = blocks[0]->getParentOp();
  if (lists[0].elementType != lists[1].elementType)
    return emitError(loc) << "a list of " << lists[0].elementType << " in one branch and of " << lists[1].elementType << " in the other";
  auto isOutside = [&](Size size) { return !isa<Value>(size) || !isInside(op, cast<Value>(size)); };
  auto isSharedSize = [&](Size a, Size b) { return IndexBuilder::isEqual(a, b) && isOutside(a); };

  // A branch that pushes nothing agrees with what the other pushes, if that is known outside.
  auto isElementOutside = [&](const ImportedValue &element) {
    return element.host ? llvm::all_of(element.host->elements, isOutside) : element.tensor && !isInside(op, element.tensor);
  };
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

  merged.changesLength = !isSharedSize(lists[0].length, lists[1].length);
  bool isWritten = llvm::any_of(lists, [](const ListValue &list) { return list.buffer || list.onlyElement; });
  bool isSameBuffer = lists[0].buffer && lists[0].buffer == lists[1].buffer;
  merged.hasBuffer = isWritten && !isSameBuffer;
  if (!isWritten) {
    // Zeros of either length; sizes that only one branch knows are not known.
    if (!lists[0].hasKnownElements() || !lists[1].hasKnownElements() || !llvm::equal(*lists[0].elementSizes, *lists[1].elementSizes, isSharedSize))
      result.elementSizes = result.declaredSizes;
    merged.changesCapacity = !isSharedSize(lists[0].capacity, lists[1].capacity);
  }
  if (merged.hasBuffer) {
    for (unsigned k = 0; k < 2; ++k) {
      if (lists[k].hasKnownElements())
        continue;
      if (!llvm::all_of(*lists[1 - k].elementSizes, isOutside))
        return emitError(loc) << "a list gets elements in one branch only, whose sizes are not known outside; the element shape of the "
                              << "list would tell";
      lists[k].elementSizes = lists[1 - k].elementSizes;
    }
    SmallVector<Size> sizes = {lists[0].capacity}, other = {lists[1].capacity};
    llvm::append_range(sizes, *lists[0].elementSizes);
    llvm::append_range(other, *lists[1].elementSizes);
    if (sizes.size() != other.size())
      return emitError(loc) << "the elements of a list have rank " << sizes.size() - 1 << " in one branch and " << other.size() - 1 << " in the other";
    for (auto [size, mate] : llvm::zip_equal(sizes, other)) {
      merged.sizes.push_back(isSharedSize(size, mate) ? size : Size());
      merged.shape.push_back(merged.sizes.back() ? IndexBuilder::getConstant(size).value_or(ShapedType::kDynamic) : ShapedType::kDynamic);
    }
  }
  for (unsigned k = 0; k < 2; ++k) {
    OpBuilder::InsertionGuard guard(entry.builder);
    entry.builder.setInsertionPointToEnd(blocks[k]);
    if (merged.hasBuffer) {
      Value buffer = getListBuffer(entry, loc, lists[k]);
      auto type = RankedTensorType::get(merged.shape, result.elementType);
      merged.yielded[k].push_back(buffer.getType() == type ? buffer : Value(tensor::CastOp::create(entry.builder, loc, type, buffer)));
    }
    if (merged.changesLength)
      merged.yielded[k].push_back(entry.sizes.get(lists[k].length));
    if (merged.changesCapacity)
      merged.yielded[k].push_back(entry.sizes.get(lists[k].capacity));
  }
  return merged;
}

ListValue MergedList::finish(ValueRange results) {
  ListValue list = result;
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
