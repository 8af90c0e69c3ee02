//===- ListRegions.cpp - Lists that branches and loops change -------------===//

#include "frontend/Import/ListRegions.h"
#include "frontend/Import/CompositeList.h"
#include "frontend/Import/GraphImporter.h"

using namespace mlir;

namespace tgc {

using Size = OpFoldResult;
using Fit = CarriedList::Fit;

bool isSameList(const ListValue &a, const ListValue &b) {
  if (a.kind != b.kind || a.isVector != b.isVector || a.parts.size() != b.parts.size() ||
      !llvm::all_of(llvm::zip_equal(a.parts, b.parts),
                    [](auto pair) { return isSameList(std::get<0>(pair), std::get<1>(pair)); }))
    return false;
  if (a.elementType != b.elementType || a.buffer != b.buffer || !IndexBuilder::isEqual(a.length, b.length) ||
      !IndexBuilder::isEqual(a.capacity, b.capacity) || a.onlyElement != b.onlyElement ||
      a.elementSizes.has_value() != b.elementSizes.has_value())
    return false;
  if (a.elements.size() != b.elements.size() ||
      !llvm::all_of(llvm::zip_equal(a.elements, b.elements), [](auto pair) {
        auto &[x, y] = pair;
        return x.isNull() || y.isNull() ? x.isNull() && y.isNull() : isSame(x, y);
      }))
    return false;
  return !a.elementSizes || llvm::equal(*a.elementSizes, *b.elementSizes, [](Size x, Size y) {
    return x.isNull() || y.isNull() ? x.isNull() && y.isNull() : IndexBuilder::isEqual(x, y);
  });
}

bool isInside(Operation *region, Value value) {
  return region->isAncestor(value.getParentRegion()->getParentOp());
}

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

bool isOutside(Operation *region, const ImportedValue &element) {
  auto isOutsideSize = [&](Size size) {
    return !size || !isa<Value>(size) || !isInside(region, cast<Value>(size));
  };
  auto isOutsideList = [&](auto &&self, const ListValue &list) -> bool {
    return list.elements.empty() && !list.onlyElement && !list.uniformElement && isOutsideSize(list.length) &&
           isOutsideSize(list.capacity) && (!list.buffer || !isInside(region, list.buffer)) &&
           (!list.elementSizes || llvm::all_of(*list.elementSizes, isOutsideSize)) &&
           llvm::all_of(list.parts, [&](const ListValue &part) { return self(self, part); });
  };
  // A handle is a name, and what goes with it does not come from the region.
  if (element.listObject)
    return true;
  if (element.list)
    return isOutsideList(isOutsideList, *element.list);
  if (element.optional)
    return !element.optional->other && !isInside(region, element.optional->isPresent) &&
           llvm::all_of(element.optional->components,
                        [&](const ImportedValue &component) { return isOutside(region, component); });
  if (element.host)
    return llvm::all_of(element.host->elements, isOutsideSize);
  return element.tensor && !isInside(region, element.tensor);
}

/// The same for an element: sizes, or what is from outside.
static std::optional<ImportedValue> hoist(EntryImporter &entry, Operation *loop,
                                          const ImportedValue &element) {
  ImportedValue outside = element;
  if (element.list || element.optional || element.listObject)
    return isOutside(loop, element) ? std::optional(outside) : std::nullopt;
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
    : entry(entry), loc(loc), init(init) {
  restart();
}

/// Assumes the best of `init`.
void CarriedList::restart() {
  needsBuffer = init.buffer || init.onlyElement;
  changesLength = changesCapacity = hasMadeRoom = false;
  parts.clear();
  for (const ListValue &part : init.parts)
    parts.emplace_back(entry, loc, part);
}

unsigned CarriedList::getNumArguments() const {
  unsigned count = needsBufferInside + changesLengthInside;
  for (const CarriedList &part : parts)
    count += part.getNumArguments();
  return count;
}

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
  for (CarriedList &part : parts)
    part.addInits(inits);
  if (!parts.empty())
    return;
  if (needsBuffer) {
    Value buffer = getListBuffer(entry, loc, init);
    RankedTensorType type = getBufferType();
    inits.push_back(
        buffer.getType() == type ? buffer : Value(tensor::CastOp::create(entry.builder, loc, type, buffer)));
  }
  if (changesLength)
    inits.push_back(entry.sizes.get(init.length));
}

ListValue CarriedList::enter(Block *block) {
  inside = init;
  if (!parts.empty()) {
    needsBufferInside = changesLengthInside = false;
    for (auto [part, carried] : llvm::zip_equal(inside.parts, parts))
      part = carried.enter(block);
    syncLength(inside);
    inside.isCarried = true;
    return inside;
  }
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

void CarriedList::prepare() {
  for (CarriedList &part : parts)
    part.prepare();
  if (nestedForm)
    makeNested(entry, init, std::exchange(nestedForm, nullptr));
  else if (raggedSizes)
    makeRagged(entry, loc, init, *std::exchange(raggedSizes, std::nullopt));
  else
    return;
  restart();
}

/// Elements were found to differ.
Fit CarriedList::becomeRagged(ArrayRef<Size> elementSizes) {
  // Only constants are known outside.
  raggedSizes = llvm::map_to_vector(elementSizes,
                                    [](Size size) { return size && isa<Attribute>(size) ? size : Size(); });
  return Fit::Weakened;
}

/// Elements were found to be lists or optionals. More may be known of them from one trial to the next.
Fit CarriedList::becomeNested(std::shared_ptr<const ElementForm> form) {
  constexpr unsigned kMostChanges = 16;
  if (!IndexBuilder::isConstant(init.length, 0) && init.kind == ListValue::Nested) {
    emitError(loc) << "the elements of a list are other kinds of lists or optionals after an iteration";
    return Fit::Fails;
  }
  if (++formChanges > kMostChanges) {
    emitError(loc) << "the elements of a list are other kinds of lists or optionals in each iteration";
    return Fit::Fails;
  }
  nestedForm = std::move(form);
  return Fit::Weakened;
}

/// The first write in the body decides on the sizes of elements; if they differ from iteration to iteration,
/// the list is ragged.
Fit CarriedList::learnElementSizes(tg::WhileOp loop, const ListValue &next) {
  OpBuilder::InsertionGuard guard(entry.builder);
  entry.builder.setInsertionPoint(loop);
  SmallVector<Size> sizes;
  for (Size size : *next.elementSizes) {
    auto outside = hoist(entry, loop, size);
    if (!outside && init.mayDiffer)
      return becomeRagged(*next.elementSizes);
    if (!outside) {
      emitError(loc) << "a list of elements of one shape gets elements whose sizes are known within an "
                        "iteration only; the element shape "
                        "of the list would tell";
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
  if (next.isVector != init.isVector) {
    emitError(loc) << "a list becomes a vector of lists, or the other way round";
    return Fit::Fails;
  }
  if (next.elementType != init.elementType) {
    emitError(loc) << "a list of " << init.elementType << " becomes a list of " << next.elementType;
    return Fit::Fails;
  }
  if (init.kind == ListValue::Spelled || next.kind == ListValue::Spelled) {
    if (isSameList(inside, next))
      return Fit::Fits;
    emitError(loc) << "a list whose elements have different ranks changes in a loop";
    return Fit::Fails;
  }
  auto hasOtherRank = [](const ListValue &a, const ListValue &b) {
    return a.isWritten() && b.isWritten() && a.elementSizes && b.elementSizes &&
           a.elementSizes->size() != b.elementSizes->size();
  };
  if (hasOtherRank(init, next)) {
    emitError(loc) << "the elements of a list have rank " << init.elementSizes->size()
                   << " before an iteration and " << next.elementSizes->size() << " after it";
    return Fit::Fails;
  }
  if (next.kind != init.kind) {
    if (init.kind == ListValue::Ragged)
      makeRagged(entry, loc, next, *init.elementSizes);
    else if (init.kind == ListValue::Nested && next.kind == ListValue::Dense)
      makeNested(entry, next, init.form);
    else
      return next.kind == ListValue::Nested ? becomeNested(next.form) : becomeRagged(*next.elementSizes);
  }
  if (init.kind == ListValue::Nested && !isSameForm(*init.form, *next.form))
    return becomeNested(next.form);
  if (!parts.empty()) {
    Fit fit = compareUniform(loop, next);
    if (init.kind == ListValue::Ragged && weakenElementSizes(init, *next.elementSizes))
      fit = Fit::Weakened;
    for (auto [part, carried] : llvm::zip_equal(next.parts, parts)) {
      Fit partFit = carried.compare(loop, part, yielded);
      if (partFit == Fit::Fails)
        return partFit;
      if (partFit == Fit::Weakened)
        fit = partFit;
    }
    return fit;
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
    if (init.mayDiffer && next.elementSizes->size() == init.elementSizes->size())
      return becomeRagged(*next.elementSizes);
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
  yielded.push_back(
      buffer.getType() == type ? buffer : Value(tensor::CastOp::create(entry.builder, loc, type, buffer)));
  if (changesLength)
    yielded.push_back(entry.sizes.get(next.length));
  return Fit::Fits;
}

Fit CarriedList::checkRoom(std::optional<Size> trips) {
  if (!parts.empty()) {
    Fit fit = Fit::Fits;
    for (CarriedList &part : parts)
      if (part.checkRoom(trips) != Fit::Fits)
        fit = Fit::Weakened;
    return fit;
  }
  if (init.kind == ListValue::Spelled || changesCapacity || (room && !room->isUnknown && room->needed == 0))
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
  Size needed =
      entry.sizes.add(entry.sizes.add(init.length, appendedByAll), entry.sizes.constant(room->needed - each));
  Size before = init.capacity;
  reserveList(entry, loc, init, needed, true);
  return IndexBuilder::isEqual(before, init.capacity) ? Fit::Fits : Fit::Weakened;
}

ListValue CarriedList::finish(tg::WhileOp loop, unsigned &result, std::optional<Size> trips) {
  ListValue list = init;
  for (auto [part, carried] : llvm::zip_equal(list.parts, parts))
    part = carried.finish(loop, result, trips);
  syncLength(list);
  if (parts.empty() && needsBuffer) {
    list.buffer = loop.getResult(result++);
    list.capacity = setBufferSizes(list.buffer);
  }
  if (parts.empty() && changesLength) {
    list.length = Value(loop.getResult(result++));
    if (trips && appended)
      list.length = entry.sizes.add(init.length, entry.sizes.mul(*trips, entry.sizes.constant(*appended)));
  }
  if (uniformElement)
    list.uniformElement = uniformElement;
  return list;
}

} // namespace tgc
