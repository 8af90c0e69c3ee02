//===- ListValue.cpp - Lists of tensors as dense buffers ------------------===//

#include "frontend/Import/ListValue.h"
#include "frontend/Import/CompositeList.h"
#include "frontend/Import/GraphImporter.h"
#include "frontend/Import/Indexing.h"

using namespace mlir;

namespace tgc {

using Size = OpFoldResult;

bool ListValue::hasKnownElements() const {
  return elementSizes && llvm::all_of(*elementSizes, [](Size size) { return !size.isNull(); });
}

//===----------------------------------------------------------------------===//
// Lists
//===----------------------------------------------------------------------===//

ListValue createList(NodeImporter &n, Type elementType, PartialSizes elementSizes, Size length) {
  ListValue list;
  list.elementType = elementType;
  list.declaredSizes = elementSizes;
  list.elementSizes = std::move(elementSizes);
  list.length = list.capacity = length;
  list.mayBeUniform = IndexBuilder::isConstant(length, 0);
  return list;
}

FailureOr<ListValue> createListOfRows(NodeImporter &n, Value rows, const PartialSizes &elementSizes) {
  SmallVector<Size> sizes = n.sizes.sizesOf(rows);
  if (sizes.empty()) {
    n.error() << "Tensor must be at least a vector, but saw shape: []";
    return failure();
  }
  ListValue list = createList(n, getElementTypeOrSelf(rows.getType()), elementSizes, sizes.front());
  if (failed(mergeElementSizes(
          n, list, PartialSizes(SmallVector<Size>(llvm::drop_begin(sizes))),
          "Specified a list of elements of another shape than the tensor has: dimension of %d "
          "elements, expected %d")))
    return failure();
  llvm::copy(*list.elementSizes, sizes.begin() + 1);
  list.buffer = n.withSizes(rows, sizes);
  return list;
}

bool checkListIndex(NodeImporter &n, Size index, Size length, const Twine &message) {
  Value isInside = n.sizes.compare(arith::CmpIPredicate::ult, index, length);
  n.check(isInside, message, n.sizes.get({index, length}));
  auto i = IndexBuilder::getConstant(index), count = IndexBuilder::getConstant(length);
  return !((i && *i < 0) || (count == 0) || (i && count && *i >= *count));
}

bool checkNotEmpty(NodeImporter &n, const ListValue &list, const Twine &message) {
  n.check(n.sizes.lessEqual(n.sizes.constant(1), list.length), message);
  return !IndexBuilder::isConstant(list.length, 0);
}

LogicalResult requireNonNegative(NodeImporter &n, Size size, const Twine &message) {
  auto known = IndexBuilder::getConstant(size);
  if (known && *known < 0)
    return n.error() << StringRef(message.str()).split("%d").first << *known;
  if (!IndexBuilder::isNonNegative(size))
    n.check(n.sizes.lessEqual(n.sizes.constant(0), size), message, n.sizes.get(size));
  return success();
}

/// [`count`, element sizes...].
static SmallVector<Size> getRowSizes(const ListValue &list, Size count) {
  SmallVector<Size> sizes = {count};
  llvm::append_range(sizes, *list.elementSizes);
  return sizes;
}

/// Where row `index` of the buffer starts.
static SmallVector<Size> getRowStart(EntryImporter &entry, const ListValue &list, Size index) {
  SmallVector<Size> offsets(list.elementSizes->size() + 1, entry.sizes.constant(0));
  offsets.front() = index;
  return offsets;
}
static SmallVector<Size> getRowStart(NodeImporter &n, const ListValue &list, Size index) {
  return getRowStart(n.graph.entry, list, index);
}

/// A zero of rank 0.
static Value createZero(OpBuilder &builder, Location loc, Type element) {
  auto type = RankedTensorType::get({}, element);
  if (isa<tg::StringType>(element))
    return tg::StringConstantOp::create(builder, loc, type, builder.getStrArrayAttr({""}));
  Attribute zero;
  if (auto complex = dyn_cast<ComplexType>(element)) {
    Attribute part = builder.getZeroAttr(complex.getElementType());
    zero = builder.getArrayAttr({part, part});
  } else {
    zero = isa<FloatType>(element) ? Attribute(builder.getZeroAttr(element))
                                   : IntegerAttr::get(element, APInt(element.getIntOrFloatBitWidth(), 0));
  }
  return tg::ConstantOp::create(builder, loc, cast<ElementsAttr>(DenseElementsAttr::get(type, zero)));
}

Value createZeros(EntryImporter &entry, Location loc, ArrayRef<Size> sizes, Type element) {
  Value zeros = tg::BroadcastToOp::create(entry.builder, loc, tg::getTypeOfSizes(sizes, element),
                                          createZero(entry.builder, loc, element), tg::getDynamicSizes(sizes),
                                          ArrayRef<int64_t>());
  entry.sizes.setSizes(zeros, sizes);
  return zeros;
}

/// `count` rows of zeros, or of nothing in particular.
static Value createRows(EntryImporter &entry, Location loc, const ListValue &list, Size count, bool fill) {
  SmallVector<Size> sizes = getRowSizes(list, count);
  if (fill)
    return createZeros(entry, loc, sizes, list.elementType);
  Value rows = tensor::EmptyOp::create(entry.builder, loc, sizes, list.elementType);
  entry.sizes.setSizes(rows, sizes);
  return rows;
}

Value getListBuffer(EntryImporter &entry, Location loc, ListValue &list) {
  if (list.buffer)
    return list.buffer;
  list.buffer = createRows(entry, loc, list, list.capacity, !IndexBuilder::isConstant(list.length, 0));
  if (auto only = std::exchange(list.onlyElement, std::nullopt))
    list.buffer = tg::InsertSliceOp::create(entry.builder, loc, only->second, list.buffer,
                                            getRowStart(entry, list, only->first));
  return list.buffer;
}

static Value getListBuffer(NodeImporter &n, ListValue &list) {
  return getListBuffer(n.graph.entry, n.loc, list);
}

Value getListRows(NodeImporter &n, ListValue &list) {
  if (list.kind == ListValue::Ragged)
    return stackRagged(n, list);
  Value buffer = getListBuffer(n, list);
  return n.slice(buffer, getRowStart(n, list, n.sizes.constant(0)), getRowSizes(list, list.length));
}

Value readListElement(NodeImporter &n, ListValue &list, Size index) {
  if (list.kind == ListValue::Spelled)
    return list.elements[*IndexBuilder::getConstant(index)].tensor;
  if (list.kind == ListValue::Ragged)
    return readRagged(n, list, index);
  if (list.onlyElement && IndexBuilder::isEqual(list.onlyElement->first, index))
    return list.onlyElement->second;
  if (!list.buffer && !list.onlyElement)
    return n.broadcastTo(n.scalar(list.elementType, 0), *list.elementSizes);
  Value row =
      n.slice(getListBuffer(n, list), getRowStart(n, list, index), getRowSizes(list, n.sizes.constant(1)));
  return n.reshape(row, *list.elementSizes);
}

/// Whether an element has other sizes than those that were written before it.
static bool differs(NodeImporter &n, const ListValue &list, Value element) {
  if (!list.mayDiffer || list.kind != ListValue::Dense || !(list.buffer || list.onlyElement))
    return false;
  SmallVector<Size> sizes = n.sizes.sizesOf(element);
  return sizes.size() == list.elementSizes->size() &&
         !llvm::equal(sizes, *list.elementSizes, [&](Size a, Size b) {
           return IndexBuilder::isEqual(n.sizes.canonical(a), n.sizes.canonical(b));
         });
}

LogicalResult writeListElement(NodeImporter &n, ListValue &list, Size index, Value element,
                               const Twine &message, bool addTo) {
  if (hasOtherRank(list, element) && failed(spellList(n, list)))
    return failure();
  if (list.kind == ListValue::Spelled)
    return writeSpelled(n, list, index, element, addTo);
  if (differs(n, list, element))
    makeRagged(n.graph.entry, n.loc, list, n.sizes.sizesOf(element));
  if (list.kind == ListValue::Ragged)
    return writeRagged(n, list, index, element, message, addTo);
  if (failed(mergeElementSizes(n, list, PartialSizes(n.sizes.sizesOf(element)), message)))
    return failure();
  list.mayBeUniform = false;
  list.uniformElement.reset();
  Value part = n.withSizes(element, *list.elementSizes);
  if (!list.buffer && !list.onlyElement && !IndexBuilder::isConstant(list.length, 0)) {
    list.onlyElement = {index, part};
    return success();
  }
  if (addTo)
    part = n.add(readListElement(n, list, index), part);
  list.buffer = n.create<tg::InsertSliceOp>(part, getListBuffer(n, list), getRowStart(n, list, index));
  return success();
}

LogicalResult scatterListElements(NodeImporter &n, ListValue &list, Value indices, Value rows, bool addTo) {
  SmallVector<Size> sizes = n.sizes.sizesOf(rows);
  if (list.kind == ListValue::Spelled)
    return n.error() << "many elements at once cannot be written into a list of elements of different ranks";
  if (list.kind == ListValue::Dense && list.mayDiffer && list.isWritten() && list.elementSizes &&
      !llvm::equal(ArrayRef(sizes).drop_front(), *list.elementSizes, IndexBuilder::isEqual))
    makeRagged(n.graph.entry, n.loc, list, ArrayRef(sizes).drop_front());
  if (list.kind != ListValue::Dense)
    return scatterOneByOne(n, list, indices, rows, addTo);
  if (failed(mergeElementSizes(n, list, PartialSizes(SmallVector<Size>(llvm::drop_begin(sizes))),
                               "an element has a dimension of %d elements where the others have %d")))
    return failure();
  llvm::copy(*list.elementSizes, sizes.begin() + 1);
  list.mayBeUniform = false;
  list.uniformElement.reset();
  list.buffer = scatterRows(n, addTo ? tg::ScatterKind::Add : tg::ScatterKind::Update, getListBuffer(n, list),
                            indices, n.withSizes(rows, sizes));
  return success();
}

FailureOr<Value> gatherListElements(NodeImporter &n, ListValue &list, Value indices) {
  if (list.kind == ListValue::Ragged)
    return stackRagged(n, list, indices);
  return gatherAlong(n, getListRows(n, list), indices, 0);
}

//===----------------------------------------------------------------------===//
// Growing and shrinking
//===----------------------------------------------------------------------===//

/// The first `count` rows of the buffer in a buffer of `capacity`.
static Value moveRows(EntryImporter &entry, Location loc, const ListValue &list, Size count, Size capacity,
                      bool fill) {
  SmallVector<Size> start = getRowStart(entry, list, entry.sizes.constant(0)),
                    extents = getRowSizes(list, count);
  SmallVector<int64_t> strides(start.size(), 1);
  Value rows = tg::SliceOp::create(entry.builder, loc, list.buffer, start, extents, strides);
  return tg::InsertSliceOp::create(entry.builder, loc, rows, createRows(entry, loc, list, capacity, fill),
                                   start);
}

void reserveList(EntryImporter &entry, Location loc, ListValue &list, Size needed, bool exactly) {
  IndexBuilder &sizes = entry.sizes;
  if (list.room) {
    auto beyond = IndexBuilder::getConstant(sizes.sub(needed, list.room->begin));
    list.room->isUnknown |= !beyond;
    list.room->needed = std::max(list.room->needed, beyond.value_or(0));
    return;
  }
  auto has = IndexBuilder::getConstant(list.capacity), wants = IndexBuilder::getConstant(needed);
  if (IndexBuilder::isEqual(list.capacity, needed) || (has && wants && *wants <= *has))
    return;
  if (exactly || !list.buffer || (has && wants)) {
    // Doubled, so that n pushes move O(n) elements.
    Size capacity = exactly ? needed : sizes.max(needed, sizes.mul(list.capacity, sizes.constant(2)));
    if (!has || !wants)
      capacity = sizes.max(capacity, list.capacity);
    if (list.buffer)
      list.buffer = moveRows(entry, loc, list, list.length, capacity, false);
    list.capacity = capacity;
    return;
  }
  OpBuilder &builder = entry.builder;
  auto type = cast<RankedTensorType>(list.buffer.getType());
  SmallVector<int64_t> shape(type.getShape());
  shape.front() = ShapedType::kDynamic;
  RankedTensorType grownType = type.clone(shape);
  auto castTo = [&](Value buffer) {
    return buffer.getType() == grownType ? buffer
                                         : Value(tensor::CastOp::create(builder, loc, grownType, buffer));
  };
  Value isEnough = sizes.lessEqual(needed, list.capacity);
  auto op = tg::IfOp::create(builder, loc, TypeRange{grownType, builder.getIndexType()}, isEnough);
  {
    OpBuilder::InsertionGuard guard(builder);
    IndexBuilder::Mark mark = sizes.mark();
    builder.createBlock(&op.getThenRegion());
    tg::YieldOp::create(builder, loc, ValueRange{castTo(list.buffer), sizes.get(list.capacity)});
    sizes.release(mark);
    builder.createBlock(&op.getElseRegion());
    Size capacity = sizes.max(needed, sizes.mul(list.capacity, sizes.constant(2)));
    Value grown = moveRows(entry, loc, list, list.length, capacity, false);
    tg::YieldOp::create(builder, loc, ValueRange{castTo(grown), sizes.get(capacity)});
    sizes.release(mark);
  }
  list.buffer = op.getResult(0);
  list.capacity = op.getResult(1);
  sizes.setSizes(list.buffer, getRowSizes(list, list.capacity));
}

void growList(NodeImporter &n, ListValue &list, Size length) {
  Size added = n.sizes.sub(length, list.length);
  if (IndexBuilder::isConstant(added, 0))
    return;
  list.mayBeUniform = false;
  list.uniformElement.reset();
  if (list.kind == ListValue::Spelled && IndexBuilder::getConstant(length))
    return resizeSpelled(n.sizes, list, *IndexBuilder::getConstant(length));
  if (list.kind != ListValue::Dense)
    return forEachRowOfParts(list, [&](ListValue &part) { growList(n, part, length); });
  if (list.onlyElement || list.buffer) {
    getListBuffer(n, list);
    reserveList(n.graph.entry, n.loc, list, length);
    list.buffer = n.create<tg::InsertSliceOp>(createRows(n.graph.entry, n.loc, list, added, true),
                                              list.buffer, getRowStart(n, list, list.length));
    list.length = length;
    return;
  }
  list.length = list.capacity = length;
}

void resizeList(NodeImporter &n, ListValue &list, Size length) {
  if (IndexBuilder::isEqual(list.length, length))
    return;
  list.mayBeUniform = false;
  list.uniformElement.reset();
  if (list.kind == ListValue::Spelled && IndexBuilder::getConstant(length))
    return resizeSpelled(n.sizes, list, *IndexBuilder::getConstant(length));
  if (list.kind != ListValue::Dense)
    return forEachRowOfParts(list, [&](ListValue &part) { resizeList(n, part, length); });
  if (list.onlyElement)
    getListBuffer(n, list);
  if (list.buffer)
    list.buffer = moveRows(n.graph.entry, n.loc, list, n.sizes.min(list.length, length), length, true);
  list.length = list.capacity = length;
}

ImportedValue getListElement(NodeImporter &n, ListValue &list, Size index) {
  if (list.uniformElement)
    return *list.uniformElement;
  if (list.kind == ListValue::Nested)
    return readNested(n, list, index);
  ImportedValue element;
  element.tensor = readListElement(n, list, index);
  return element;
}

LogicalResult setListElement(NodeImporter &n, ListValue &list, Size index, const ImportedValue &element,
                             const Twine &message, bool addTo) {
  if (!list.elementType)
    return writeNested(n, list, index, element);
  auto tensor = getTensor(n.graph.entry, n.loc, element);
  return failed(tensor) ? failure() : writeListElement(n, list, index, *tensor, message, addTo);
}

LogicalResult pushListElement(NodeImporter &n, ListValue &list, size_t input) {
  const ImportedValue &element = n.getInput(input);
  bool isUniform = list.mayBeUniform && (!list.uniformElement || isSame(*list.uniformElement, element));
  ImportedValue pushed = element;
  if (list.elementType)
    pushed.tensor = n.getTensor(input);
  if (failed(appendListElement(n, list, pushed)))
    return failure();
  list.mayBeUniform = isUniform;
  if (isUniform)
    list.uniformElement = element;
  return success();
}

LogicalResult appendListElement(NodeImporter &n, ListValue &list, const ImportedValue &element) {
  Size index = list.length;
  if (!list.elementType)
    return appendNested(n, list, element);
  auto tensor = getTensor(n.graph.entry, n.loc, element);
  if (failed(tensor))
    return failure();
  if (hasOtherRank(list, *tensor) && failed(spellList(n, list)))
    return failure();
  if (list.kind == ListValue::Spelled) {
    resizeSpelled(n.sizes, list, list.elements.size() + 1);
    return writeSpelled(n, list, index, *tensor, false);
  }
  if (differs(n, list, *tensor))
    makeRagged(n.graph.entry, n.loc, list, n.sizes.sizesOf(*tensor));
  if (list.kind == ListValue::Ragged)
    return appendRagged(n, list, *tensor);
  // A list of limited length has room for all it may hold.
  if (list.limit.isNull() || !IndexBuilder::isEqual(list.limit, list.capacity))
    reserveList(n.graph.entry, n.loc, list, n.sizes.add(index, n.sizes.constant(1)));
  if (failed(writeListElement(n, list, index, *tensor,
                              "an element has a dimension of %d elements where the others have %d")))
    return failure();
  list.length = n.sizes.add(index, n.sizes.constant(1));
  return success();
}

ImportedValue popListElement(NodeImporter &n, ListValue &list) {
  Size last = n.sizes.sub(list.length, n.sizes.constant(1));
  ImportedValue element = getListElement(n, list, last);
  if (list.kind == ListValue::Dense)
    list.length = last;
  else
    dropLast(n, list);
  return element;
}

} // namespace tgc
