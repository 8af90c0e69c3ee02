//===- RaggedList.cpp - Lists of elements of different sizes --------------===//

#include "frontend/Import/CompositeList.h"
#include "frontend/Import/GraphImporter.h"
#include "frontend/Import/Indexing.h"

using namespace mlir;

namespace tgc {

using Size = OpFoldResult;

/// `x` under other sizes.
static Value reshapeTo(EntryImporter &entry, Location loc, Value x, ArrayRef<Size> sizes) {
  auto type = tg::getTypeOfSizes(sizes, getElementTypeOrSelf(x.getType()));
  Value result = type == x.getType()
                     ? x
                     : Value(tg::ReshapeOp::create(entry.builder, loc, type, x, tg::getDynamicSizes(sizes)));
  entry.sizes.setSizes(result, sizes);
  return result;
}

/// A size in each place of a column of the table.
static Value createColumn(EntryImporter &entry, Location loc, Size value, Size count) {
  OpBuilder &builder = entry.builder;
  Type i64 = builder.getI64Type();
  Value number = arith::IndexCastOp::create(builder, loc, i64, entry.sizes.get(value));
  Value scalar = tensor::FromElementsOp::create(builder, loc, RankedTensorType::get({}, i64), number);
  Size sizes[] = {count, entry.sizes.constant(1)};
  Value column = tg::BroadcastToOp::create(builder, loc, tg::getTypeOfSizes(sizes, i64), scalar,
                                           tg::getDynamicSizes(sizes), ArrayRef<int64_t>());
  entry.sizes.setSizes(column, sizes);
  return column;
}

/// Columns of a table side by side.
static Value joinColumns(EntryImporter &entry, Location loc, ArrayRef<Value> columns, Size count) {
  if (columns.size() == 1)
    return columns.front();
  Value table = tg::ConcatOp::create(entry.builder, loc, ValueRange(columns), int64_t(1));
  entry.sizes.setSizes(table, {count, entry.sizes.constant(columns.size())});
  return table;
}

/// A row of the table.
static Value createRow(EntryImporter &entry, Location loc, Size start, ArrayRef<Size> extents) {
  ImportedValue row;
  SmallVector<Size> elements = {entry.sizes.add(start, entry.sizes.constant(1))};
  llvm::append_range(elements, extents);
  int64_t count = elements.size();
  row.host =
      std::make_shared<HostTensor>(HostTensor{entry.builder.getI64Type(), {count}, std::move(elements), {}});
  return *getTensor(entry, loc, row);
}

/// The parts of a list of `length` elements, none of which is written.
static void createParts(EntryImporter &entry, ListValue &list, size_t rank) {
  IndexBuilder &sizes = entry.sizes;
  ListValue table, data;
  table.elementType = entry.builder.getI64Type();
  table.elementSizes = SmallVector<Size>{sizes.constant(rank + 1)};
  table.declaredSizes = table.elementSizes;
  table.length = list.length;
  table.capacity = list.capacity;
  data.elementType = list.elementType;
  data.declaredSizes = data.elementSizes = SmallVector<Size>();
  data.length = data.capacity = sizes.constant(0);
  list.kind = ListValue::Ragged;
  list.parts = {std::move(table), std::move(data)};
}

bool weakenElementSizes(ListValue &list, ArrayRef<Size> sizes) {
  bool isWeaker = false;
  for (auto [dim, known] : llvm::enumerate(*list.elementSizes)) {
    bool isStated = list.declaredSizes && (*list.declaredSizes)[dim];
    if (isStated || !known || (sizes[dim] && IndexBuilder::isEqual(known, sizes[dim])))
      continue;
    known = Size();
    isWeaker = true;
  }
  return isWeaker;
}

void makeRagged(EntryImporter &entry, Location loc, ListValue &list, ArrayRef<Size> otherSizes) {
  IndexBuilder &sizes = entry.sizes;
  ListValue dense = list;
  createParts(entry, list, otherSizes.size());
  list.buffer = nullptr;
  list.onlyElement.reset();
  list.room.reset();
  if (!list.declaredSizes || list.declaredSizes->size() != otherSizes.size())
    list.declaredSizes.reset();
  list.elementSizes = SmallVector<Size>(otherSizes);
  for (auto [dim, size] : llvm::enumerate(*list.elementSizes)) {
    if (list.declaredSizes && (*list.declaredSizes)[dim])
      size = (*list.declaredSizes)[dim];
    else if (!size || !isa<Attribute>(size) ||
             (dense.isWritten() && dim < dense.elementSizes->size() && (*dense.elementSizes)[dim] != size))
      size = Size();
  }
  ListValue &table = list.parts[0], &data = list.parts[1];
  if (dense.onlyElement) {
    Size count = sizes.product(*dense.elementSizes);
    data.buffer = reshapeTo(entry, loc, dense.onlyElement->second, {count});
    data.length = data.capacity = count;
    table.onlyElement = {dense.onlyElement->first,
                         createRow(entry, loc, sizes.constant(0), *dense.elementSizes)};
    return;
  }
  if (!dense.buffer)
    return;
  Size each = sizes.product(*dense.elementSizes), rows = dense.capacity;
  data.capacity = sizes.mul(rows, each);
  data.length = sizes.mul(dense.length, each);
  data.buffer = reshapeTo(entry, loc, dense.buffer, {data.capacity});
  Size columnSizes[] = {rows, sizes.constant(1)};
  Type i64 = entry.builder.getI64Type();
  Value number = tg::IotaOp::create(entry.builder, loc, tg::getTypeOfSizes(columnSizes, i64),
                                    tg::getDynamicSizes(columnSizes), 0);
  entry.sizes.setSizes(number, columnSizes);
  Value start = tg::MulOp::create(entry.builder, loc, number, createColumn(entry, loc, each, rows));
  start = tg::AddOp::create(entry.builder, loc, start, createColumn(entry, loc, sizes.constant(1), rows));
  SmallVector<Value> columns = {start};
  for (Size size : *dense.elementSizes)
    columns.push_back(createColumn(entry, loc, size, rows));
  table.buffer = joinColumns(entry, loc, columns, rows);
}

//===----------------------------------------------------------------------===//
// Elements
//===----------------------------------------------------------------------===//

namespace {

/// What the table says of an element.
struct Row {
  Size begin; ///< plus one
  SmallVector<Size> extents;

  /// `row` is a vector.
  Row(NodeImporter &n, Value row) : begin(n.extract(row, {0})) {
    for (int64_t dim = 1, width = cast<RankedTensorType>(row.getType()).getDimSize(0); dim < width; ++dim)
      extents.push_back(n.sizes.max(n.extract(row, {dim}), n.sizes.constant(0)));
  }
  Value isWritten(NodeImporter &n) const { return n.sizes.lessEqual(n.sizes.constant(1), begin); }
  Size start(NodeImporter &n) const { return n.sizes.sub(begin, n.sizes.constant(1)); }
};

} // namespace

static Value readData(NodeImporter &n, ListValue &list, Size start, ArrayRef<Size> extents) {
  Value data = getListBuffer(n.graph.entry, n.loc, list.parts[1]);
  return reshapeTo(n.graph.entry, n.loc, n.slice(data, start, n.sizes.product(extents)), extents);
}

/// One of two tensors of these sizes. The branches leave nothing behind.
static Value choose(NodeImporter &n, Value condition, ArrayRef<Size> sizes, Type element,
                    llvm::function_ref<Value()> thenFn, llvm::function_ref<Value()> elseFn) {
  auto type = tg::getTypeOfSizes(sizes, element);
  auto op = tg::IfOp::create(n.builder, n.loc, TypeRange{type}, condition);
  {
    OpBuilder::InsertionGuard guard(n.builder);
    for (unsigned k = 0; k < 2; ++k) {
      IndexBuilder::Mark mark = n.sizes.mark();
      n.builder.createBlock(&op->getRegion(k));
      Value value = k ? elseFn() : thenFn();
      if (value.getType() != type)
        value = n.create<tensor::CastOp>(type, value);
      tg::YieldOp::create(n.builder, n.loc, value);
      n.sizes.release(mark);
    }
  }
  n.sizes.setSizes(op.getResult(0), sizes);
  return op.getResult(0);
}

Value isWrittenRagged(NodeImporter &n, ListValue &list, Size index) {
  return Row(n, readListElement(n, list.parts[0], index)).isWritten(n);
}

Value readRagged(NodeImporter &n, ListValue &list, Size index, bool mayLack) {
  Row row(n, readListElement(n, list.parts[0], index));
  auto checkKnown = [&] {
    SmallVector<Size> extents = row.extents;
    for (auto [extent, known] : llvm::zip_equal(extents, *list.elementSizes)) {
      if (known.isNull())
        continue;
      if (!IndexBuilder::isEqual(extent, known))
        n.check(n.sizes.equals(extent, known),
                "Incompatible shapes: a list element has a dimension of %d elements, expected %d",
                n.sizes.get({extent, known}));
      extent = known;
    }
    return extents;
  };
  if (mayLack)
    return readData(n, list, n.sizes.max(row.start(n), n.sizes.constant(0)), row.extents);
  if (!list.hasKnownElements()) {
    n.check(row.isWritten(n),
            "Trying to read an uninitialized tensor but element_shape is not fully defined");
    return readData(n, list, row.start(n), checkKnown());
  }
  return choose(
      n, row.isWritten(n), *list.elementSizes, list.elementType,
      [&] { return readData(n, list, row.start(n), checkKnown()); },
      [&] { return createZeros(n.graph.entry, n.loc, *list.elementSizes, list.elementType); });
}

/// What is stated of all elements holds for this one.
static LogicalResult checkElement(NodeImporter &n, ListValue &list, Value element, const Twine &message) {
  SmallVector<Size> extents = n.sizes.sizesOf(element);
  if (extents.size() != list.elementSizes->size())
    return n.error() << "elements have rank " << list.elementSizes->size() << ", got rank " << extents.size();
  weakenElementSizes(list, extents);
  for (auto [extent, known] : llvm::zip_equal(extents, *list.elementSizes))
    if (!known.isNull() && failed(n.requireEqual(extent, known, message)))
      return failure();
  return success();
}

/// Writes the element at `start` of the data, which ends at `end` then, and its row of the table at `index`.
static LogicalResult writeAt(NodeImporter &n, ListValue &list, Size index, Size start, Size end,
                             Value element) {
  EntryImporter &entry = n.graph.entry;
  ListValue &table = list.parts[0], &data = list.parts[1];
  SmallVector<Size> extents = n.sizes.sizesOf(element);
  reserveList(entry, n.loc, data, end);
  Value flat = reshapeTo(entry, n.loc, element, {n.sizes.product(extents)});
  data.buffer = n.create<tg::InsertSliceOp>(flat, getListBuffer(entry, n.loc, data), ArrayRef<Size>{start});
  data.length = end;
  return writeListElement(n, table, index, createRow(entry, n.loc, start, extents),
                          "a row of %d elements, not of %d");
}

LogicalResult writeRagged(NodeImporter &n, ListValue &list, Size index, Value element, const Twine &message,
                          bool addTo) {
  if (failed(checkElement(n, list, element, message)))
    return failure();
  list.mayBeUniform = false;
  list.uniformElement.reset();
  SmallVector<Size> extents = n.sizes.sizesOf(element);
  if (addTo) {
    ListValue same = list;
    same.elementSizes = extents;
    element = n.add(readRagged(n, same, index), element);
  }
  Row old(n, readListElement(n, list.parts[0], index));
  Size count = n.sizes.product(extents), used = list.parts[1].length;
  Value hasRoom =
      n.create<arith::AndIOp>(old.isWritten(n), n.sizes.lessEqual(count, n.sizes.product(old.extents)));
  Size start = n.sizes.select(hasRoom, old.start(n), used);
  return writeAt(n, list, index, start, n.sizes.select(hasRoom, used, n.sizes.add(used, count)), element);
}

LogicalResult appendRagged(NodeImporter &n, ListValue &list, Value element) {
  if (failed(checkElement(n, list, element,
                          "an element has a dimension of %d elements where the list states %d")))
    return failure();
  ListValue &table = list.parts[0];
  Size index = table.length, one = n.sizes.constant(1), used = list.parts[1].length;
  reserveList(n.graph.entry, n.loc, table, n.sizes.add(index, one));
  if (failed(writeAt(n, list, index, used, n.sizes.add(used, n.sizes.product(n.sizes.sizesOf(element))),
                     element)))
    return failure();
  table.length = n.sizes.add(index, one);
  syncLength(list);
  return success();
}

//===----------------------------------------------------------------------===//
// Many elements
//===----------------------------------------------------------------------===//

/// Column `column` of rows of a table, as a vector.
static Value getColumn(NodeImporter &n, Value rows, int64_t column) {
  Size count = n.sizes.sizeOf(rows, 0), zero = n.sizes.constant(0), one = n.sizes.constant(1);
  return reshapeTo(n.graph.entry, n.loc, n.slice(rows, {zero, n.sizes.constant(column)}, {count, one}),
                   {count});
}

/// A size in each place of a vector of the type of `like`.
static Value repeat(NodeImporter &n, Size size, Value like) {
  SmallVector<Size> count = {n.sizes.sizeOf(like, 0)};
  Value vector = n.sizeTensor(size, n.builder.getI64Type(), count);
  return vector.getType() == like.getType() ? vector : n.create<tensor::CastOp>(like.getType(), vector);
}

/// The size that all elements have in dimension `dim`; elements that were never written do not count.
static Size getCommonExtent(NodeImporter &n, const ListValue &list, Value rows, int64_t dim,
                            const Twine &message) {
  Size known = (*list.elementSizes)[dim];
  Value column = getColumn(n, rows, dim + 1);
  Size extent = known ? known : n.sizes.max(largestElement(n, column, 0), n.sizes.constant(0));
  Value begin = getColumn(n, rows, 0);
  Value isEqual = n.compare(tg::ComparisonDirection::EQ, column, repeat(n, extent, column));
  Value isUnwritten = n.compare(tg::ComparisonDirection::EQ, begin, repeat(n, n.sizes.constant(0), begin));
  n.checkAll(n.create<tg::OrOp>(isEqual, isUnwritten), message);
  return extent;
}

/// Puts elements into `into`, one after the other: `placeOf` says where, from the number of the element and
/// the position that the sum of its `advance`s is.
static Value collect(NodeImporter &n, ListValue &list, Value rows, Value into,
                     llvm::function_ref<SmallVector<Size>(Row &)> partSizes,
                     llvm::function_ref<SmallVector<Size>(Size, Size)> placeOf) {
  Size count = n.sizes.sizeOf(rows, 0), width = n.sizes.sizeOf(rows, 1);
  Value data = getListBuffer(n.graph.entry, n.loc, list.parts[1]);
  Value zero = n.sizes.get(n.sizes.constant(0));
  SmallVector<Value> inits = {zero, zero, into};
  SmallVector<Size> intoSizes = n.sizes.sizesOf(into);
  auto loop = tg::WhileOp::create(n.builder, n.loc, ValueRange(inits).getTypes(), inits);
  OpBuilder::InsertionGuard guard(n.builder);
  IndexBuilder::Mark mark = n.sizes.mark();
  Block *cond = n.builder.createBlock(&loop.getCondRegion());
  cond->addArguments(ValueRange(inits).getTypes(), SmallVector<Location>(3, n.loc));
  tg::YieldOp::create(n.builder, n.loc,
                      n.sizes.compare(arith::CmpIPredicate::slt, Value(cond->getArgument(0)), count));
  n.sizes.release(mark);
  Block *body = n.builder.createBlock(&loop.getBodyRegion());
  body->addArguments(ValueRange(inits).getTypes(), SmallVector<Location>(3, n.loc));
  Size index = Value(body->getArgument(0)), position = Value(body->getArgument(1));
  Value sofar = body->getArgument(2);
  n.sizes.setSizes(sofar, intoSizes);
  Row row(n, n.reshape(n.slice(rows, {index, n.sizes.constant(0)}, {n.sizes.constant(1), width}), {width}));
  Value next = choose(
      n, row.isWritten(n), intoSizes, list.elementType,
      [&] {
        Value part = n.slice(data, row.start(n), n.sizes.product(row.extents));
        part = reshapeTo(n.graph.entry, n.loc, part, partSizes(row));
        return n.create<tg::InsertSliceOp>(part, sofar, placeOf(index, position));
      },
      [&] { return sofar; });
  Value after = n.sizes.get(n.sizes.add(position, n.sizes.product(row.extents)));
  Value another = n.sizes.get(n.sizes.add(index, n.sizes.constant(1)));
  if (next.getType() != into.getType())
    next = n.create<tensor::CastOp>(into.getType(), next);
  tg::YieldOp::create(n.builder, n.loc, ValueRange{another, after, next});
  n.sizes.release(mark);
  n.sizes.setSizes(loop.getResult(2), intoSizes);
  return loop.getResult(2);
}

Value stackRagged(NodeImporter &n, ListValue &list, Value indices) {
  Value rows = getListRows(n, list.parts[0]);
  if (indices)
    if (auto gathered = gatherAlong(n, rows, indices, 0); succeeded(gathered))
      rows = *gathered;
  SmallVector<Size> sizes = {n.sizes.sizeOf(rows, 0)};
  for (int64_t dim = 0, rank = list.elementSizes->size(); dim < rank; ++dim)
    sizes.push_back(getCommonExtent(n, list, rows, dim, "Tried to stack list elements of different shapes"));
  SmallVector<Size> part(sizes);
  part.front() = n.sizes.constant(1);
  return collect(
      n, list, rows, createZeros(n.graph.entry, n.loc, sizes, list.elementType), [&](Row &) { return part; },
      [&](Size index, Size) {
        SmallVector<Size> place(sizes.size(), n.sizes.constant(0));
        place.front() = index;
        return place;
      });
}

FailureOr<std::pair<Value, Value>> concatRagged(NodeImporter &n, ListValue &list) {
  size_t rank = list.elementSizes->size();
  if (rank == 0)
    return n.error() << "Concat saw a scalar shape, but requires at least vectors";
  Value rows = getListRows(n, list.parts[0]), lengths = getColumn(n, rows, 1);
  Value total = n.reduce(tg::ReductionKind::Sum, lengths, {0});
  SmallVector<Size> sizes = {n.sizes.max(n.extract(total, {}), n.sizes.constant(0))};
  for (size_t dim = 1; dim < rank; ++dim)
    sizes.push_back(getCommonExtent(
        n, list, rows, dim, "Tried to concat list elements of different shapes behind the first dimension"));
  Size count = n.sizes.product(sizes);
  Value flat = collect(
      n, list, rows, createZeros(n.graph.entry, n.loc, count, list.elementType),
      [&](Row &row) { return SmallVector<Size>{n.sizes.product(row.extents)}; },
      [](Size, Size position) { return SmallVector<Size>{position}; });
  return std::make_pair(reshapeTo(n.graph.entry, n.loc, flat, sizes), lengths);
}

FailureOr<ListValue> splitRagged(NodeImporter &n, Value rows, Value lengths, const PartialSizes &elementSizes,
                                 const Twine &wrongSum) {
  EntryImporter &entry = n.graph.entry;
  Type i64 = n.builder.getI64Type();
  SmallVector<Size> sizes = n.sizes.sizesOf(rows);
  Size count = n.sizes.sizeOf(lengths, 0);
  lengths = n.cast(lengths, i64);
  n.checkAll(n.compare(tg::ComparisonDirection::GE, lengths, repeat(n, n.sizes.constant(0), lengths)),
             "Invalid length: lengths must not be negative");
  Size sum = n.extract(n.reduce(tg::ReductionKind::Sum, lengths, {0}), {});
  if (failed(n.requireEqual(sum, sizes.front(), wrongSum)))
    return failure();
  ListValue list = createList(n, getElementTypeOrSelf(rows.getType()), elementSizes, count);
  if (elementSizes && elementSizes->size() != sizes.size())
    return n.error() << "elements have rank " << elementSizes->size() << ", the tensor has rank "
                     << sizes.size();
  list.mayDiffer = true;
  createParts(entry, list, sizes.size());
  list.elementSizes = sizes;
  list.elementSizes->front() = elementSizes ? elementSizes->front() : Size();
  Size each = n.sizes.product(ArrayRef(sizes).drop_front());
  Value before = n.create<tg::ScanOp>(tg::ReductionKind::Sum, lengths, int64_t(0), true, false);
  Value start = n.add(n.mul(before, repeat(n, each, before)), repeat(n, n.sizes.constant(1), before));
  Size columnSizes[] = {count, n.sizes.constant(1)};
  SmallVector<Value> columns = {reshapeTo(entry, n.loc, start, columnSizes),
                                reshapeTo(entry, n.loc, lengths, columnSizes)};
  for (Size size : llvm::drop_begin(sizes))
    columns.push_back(createColumn(entry, n.loc, size, count));
  list.parts[0].buffer = joinColumns(entry, n.loc, columns, count);
  ListValue &data = list.parts[1];
  data.length = data.capacity = n.sizes.product(sizes);
  data.buffer = reshapeTo(entry, n.loc, rows, data.length);
  return list;
}

/// Memory that the last element has at the end is free again.
static void dropLastRagged(NodeImporter &n, ListValue &list) {
  ListValue &table = list.parts[0], &data = list.parts[1];
  Size last = n.sizes.sub(table.length, n.sizes.constant(1));
  Row row(n, readListElement(n, table, last));
  Size end = n.sizes.add(row.start(n), n.sizes.product(row.extents));
  Value isAtEnd = n.create<arith::AndIOp>(row.isWritten(n), n.sizes.equals(end, data.length));
  data.length = n.sizes.select(isAtEnd, row.start(n), data.length);
  table.length = last;
}

void dropLast(NodeImporter &n, ListValue &list) {
  if (list.kind == ListValue::Spelled)
    return resizeSpelled(n.sizes, list, list.elements.size() - 1);
  if (list.kind == ListValue::Ragged) {
    dropLastRagged(n, list);
  } else {
    for (ListValue &part : list.parts) {
      if (part.kind == ListValue::Dense)
        part.length = n.sizes.sub(part.length, n.sizes.constant(1));
      else
        dropLast(n, part);
    }
  }
  syncLength(list);
}

} // namespace tgc
