//===- NestedList.cpp - Lists of lists and of optionals -------------------===//

#include "frontend/Import/CompositeList.h"
#include "frontend/Import/GraphImporter.h"

using namespace mlir;

namespace tgc {

using Size = OpFoldResult;

void syncLength(ListValue &list) {
  if (list.parts.empty())
    return;
  list.length = list.parts.front().length;
  list.capacity = list.parts.front().capacity;
}

void forEachRowOfParts(ListValue &list, llvm::function_ref<void(ListValue &)> change) {
  if (list.kind == ListValue::Ragged)
    change(list.parts.front());
  else
    llvm::for_each(list.parts, change);
  syncLength(list);
}

ListValue createEmptyLike(EntryImporter &entry, const ListValue &list,
                          llvm::function_ref<bool(Size)> isKnown) {
  ListValue empty = list;
  empty.length = empty.capacity = entry.sizes.constant(0);
  empty.buffer = nullptr;
  empty.onlyElement.reset();
  empty.elements.clear();
  if (empty.elementSizes)
    for (Size &size : *empty.elementSizes)
      if (size && !isKnown(size))
        size = list.kind == ListValue::Dense ? entry.sizes.constant(0) : Size();
  for (ListValue &part : empty.parts)
    part = createEmptyLike(entry, part, isKnown);
  return empty;
}

//===----------------------------------------------------------------------===//
// Forms
//===----------------------------------------------------------------------===//

/// What does not change from one list to the next.
static ListValue getSkeleton(const ListValue &list) {
  ListValue skeleton;
  skeleton.kind = list.kind;
  skeleton.elementType = list.elementType;
  skeleton.form = list.form;
  skeleton.mayDiffer = list.mayDiffer;
  auto keepConstants = [](const PartialSizes &sizes) {
    if (!sizes)
      return PartialSizes();
    return PartialSizes(
        llvm::map_to_vector(*sizes, [](Size size) { return size && isa<Attribute>(size) ? size : Size(); }));
  };
  skeleton.declaredSizes = keepConstants(list.declaredSizes);
  skeleton.elementSizes = keepConstants(list.elementSizes);
  for (const ListValue &part : list.parts)
    skeleton.parts.push_back(getSkeleton(part));
  return skeleton;
}

static bool isSameSkeleton(const ListValue &a, const ListValue &b) {
  if (a.kind != b.kind || a.elementType != b.elementType ||
      a.elementSizes.has_value() != b.elementSizes.has_value() ||
      (a.elementSizes && a.elementSizes->size() != b.elementSizes->size()))
    return false;
  if (a.kind == ListValue::Nested && !isSameForm(*a.form, *b.form))
    return false;
  return a.parts.size() == b.parts.size() && llvm::all_of(llvm::zip_equal(a.parts, b.parts), [](auto pair) {
           return isSameSkeleton(std::get<0>(pair), std::get<1>(pair));
         });
}

bool isSameForm(const ElementForm &a, const ElementForm &b) {
  if (a.kind != b.kind || a.isUnwritten != b.isUnwritten)
    return false;
  if (a.kind == ElementForm::List && !isSameSkeleton(a.list, b.list))
    return false;
  auto areSame = [](ArrayRef<ElementForm> x, ArrayRef<ElementForm> y) {
    return x.size() == y.size() && llvm::all_of_zip(x, y, isSameForm);
  };
  return areSame(a.components, b.components) && areSame(a.other, b.other);
}

/// The types of the tensors that an element of this form consists of.
static void collectTypes(MLIRContext *context, const ElementForm &form, SmallVectorImpl<Type> &types) {
  auto addList = [&](auto &&self, const ListValue &list) -> void {
    if (list.parts.empty())
      types.push_back(list.elementType);
    for (const ListValue &part : list.parts)
      self(self, part);
  };
  switch (form.kind) {
  case ElementForm::Tensor:
    types.push_back(form.list.elementType);
    return;
  case ElementForm::List:
    if (form.isUnwritten)
      types.push_back(IntegerType::get(context, 64));
    else
      addList(addList, form.list);
    return;
  case ElementForm::Optional:
    types.push_back(IntegerType::get(context, 1));
    for (const ElementForm &part : llvm::concat<const ElementForm>(form.components, form.other))
      collectTypes(context, part, types);
    return;
  }
}

/// Whether nothing says what the tensors of the list would be.
static bool isUnwritten(const ListValue &list) {
  return list.kind == ListValue::Dense && !list.isWritten() &&
         (!list.elementType || !list.hasKnownElements());
}

static void flattenList(EntryImporter &entry, Location loc, ListValue list, SmallVectorImpl<Value> &tensors) {
  for (const ListValue &part : list.parts)
    flattenList(entry, loc, part, tensors);
  if (!list.parts.empty())
    return;
  Value buffer = getListBuffer(entry, loc, list);
  SmallVector<Size> sizes = {list.length};
  llvm::append_range(sizes, *list.elementSizes);
  SmallVector<Size> start(sizes.size(), entry.sizes.constant(0));
  if (!IndexBuilder::isEqual(list.length, list.capacity)) {
    buffer =
        tg::SliceOp::create(entry.builder, loc, buffer, start, sizes, SmallVector<int64_t>(sizes.size(), 1));
    entry.sizes.setSizes(buffer, sizes);
  }
  tensors.push_back(buffer);
}

/// The form of an element, and its tensors.
static LogicalResult flatten(EntryImporter &entry, Location loc, const ImportedValue &element,
                             ElementForm &form, SmallVectorImpl<Value> &tensors) {
  OpBuilder &builder = entry.builder;
  if (element.list && element.list->kind == ListValue::Spelled)
    return emitError(loc) << "a list of elements of different ranks cannot be an element of a list";
  if (element.list && element.list->isVector)
    return emitError(loc) << "a vector of variants cannot be an element of a list";
  if (element.list) {
    form.kind = ElementForm::List;
    form.list = getSkeleton(*element.list);
    form.isUnwritten = isUnwritten(*element.list);
    if (form.isUnwritten) {
      Value length = arith::IndexCastOp::create(builder, loc, builder.getI64Type(),
                                                entry.sizes.get(element.list->length));
      tensors.push_back(tensor::FromElementsOp::create(
          builder, loc, RankedTensorType::get({}, builder.getI64Type()), length));
    } else {
      flattenList(entry, loc, *element.list, tensors);
    }
    return success();
  }
  if (element.optional) {
    form.kind = ElementForm::Optional;
    form.branches = element.optional->branches;
    tensors.push_back(tensor::FromElementsOp::create(
        builder, loc, RankedTensorType::get({}, builder.getI1Type()), element.optional->isPresent));
    for (const ImportedValue &component : element.optional->components)
      if (failed(flatten(entry, loc, component, form.components.emplace_back(), tensors)))
        return failure();
    if (!element.optional->other)
      return success();
    ImportedValue other;
    other.optional = element.optional->other;
    return flatten(entry, loc, other, form.other.emplace_back(), tensors);
  }
  auto tensor = getTensor(entry, loc, element);
  if (failed(tensor))
    return failure();
  form.kind = ElementForm::Tensor;
  form.list.elementType = getElementTypeOrSelf(tensor->getType());
  tensors.push_back(*tensor);
  return success();
}

static ListValue unflattenList(EntryImporter &entry, Location loc, const ListValue &skeleton,
                               ArrayRef<Value> &tensors) {
  ListValue list = skeleton;
  // The rows of a table have a known width, whatever is known of the tensor.
  if (list.kind == ListValue::Ragged && !tensors.empty()) {
    SmallVector<Size> sizes = {entry.sizes.sizeOf(tensors.front(), 0),
                               entry.sizes.constant(list.elementSizes->size() + 1)};
    Type type = tg::getTypeOfSizes(sizes, list.parts[0].elementType);
    Value table = tensors.front();
    if (table.getType() != type)
      table = tensor::CastOp::create(entry.builder, loc, type, table);
    entry.sizes.setSizes(table, sizes);
    ArrayRef<Value> first = table;
    list.parts[0] = unflattenList(entry, loc, list.parts[0], first);
    tensors = tensors.drop_front();
    list.parts[1] = unflattenList(entry, loc, list.parts[1], tensors);
    syncLength(list);
    return list;
  }
  for (ListValue &part : list.parts)
    part = unflattenList(entry, loc, part, tensors);
  if (!list.parts.empty()) {
    syncLength(list);
    return list;
  }
  list.buffer = tensors.front();
  tensors = tensors.drop_front();
  SmallVector<Size> sizes = entry.sizes.sizesOf(list.buffer);
  list.length = list.capacity = sizes.front();
  list.elementSizes = SmallVector<Size>(llvm::drop_begin(sizes));
  return list;
}

static ImportedValue unflatten(NodeImporter &n, const ElementForm &form, ArrayRef<Value> &tensors) {
  ImportedValue element;
  if (form.kind == ElementForm::List && form.isUnwritten) {
    ListValue list = form.list;
    list.length = list.capacity = n.sizes.max(n.extract(tensors.front(), {}), n.sizes.constant(0));
    tensors = tensors.drop_front();
    element.list = std::make_shared<const ListValue>(std::move(list));
  } else if (form.kind == ElementForm::List) {
    element.list = std::make_shared<const ListValue>(unflattenList(n.graph.entry, n.loc, form.list, tensors));
  } else if (form.kind == ElementForm::Optional) {
    OptionalValue optional{n.create<tensor::ExtractOp>(tensors.front(), ValueRange()), {}};
    tensors = tensors.drop_front();
    for (const ElementForm &component : form.components)
      optional.components.push_back(unflatten(n, component, tensors));
    for (const ElementForm &other : form.other)
      optional.other = unflatten(n, other, tensors).optional;
    optional.branches = form.branches;
    element.optional = std::make_shared<const OptionalValue>(std::move(optional));
  } else {
    element.tensor = tensors.front();
    tensors = tensors.drop_front();
  }
  return element;
}

//===----------------------------------------------------------------------===//
// Elements
//===----------------------------------------------------------------------===//

void makeNested(EntryImporter &entry, ListValue &list, std::shared_ptr<const ElementForm> form) {
  SmallVector<Type> types;
  collectTypes(entry.builder.getContext(), *form, types);
  list.kind = ListValue::Nested;
  list.form = std::move(form);
  list.room.reset();
  list.parts.clear();
  for (Type type : types) {
    ListValue part;
    part.elementType = type;
    part.length = list.length;
    part.capacity = list.length;
    part.mayDiffer = true;
    list.parts.push_back(std::move(part));
  }
  syncLength(list);
}

static void forgetUniform(ListValue &list) {
  list.mayBeUniform = false;
  list.uniformElement.reset();
}

/// The tensors of an element as this list keeps them.
static FailureOr<SmallVector<Value>> getTensors(NodeImporter &n, ListValue &list,
                                                const ImportedValue &element) {
  auto form = std::make_shared<ElementForm>();
  SmallVector<Value> tensors;
  if (!element.list && !element.optional)
    return n.error() << "a tensor cannot be an element of a list of variants";
  if (failed(flatten(n.graph.entry, n.loc, element, *form, tensors)))
    return failure();
  if (list.kind == ListValue::Dense)
    makeNested(n.graph.entry, list, form);
  if (!isSameForm(*form, *list.form)) {
    // A loop starts again with what its elements were found to be.
    if (!IndexBuilder::isConstant(list.length, 0) && !list.isCarried)
      return n.error() << "an element is another kind of list or optional than the elements before it";
    makeNested(n.graph.entry, list, form);
  }
  return tensors;
}

ImportedValue readNested(NodeImporter &n, ListValue &list, Size index) {
  SmallVector<Value> tensors;
  for (ListValue &part : list.parts) {
    if (!part.isWritten() && !part.hasKnownElements())
      part.elementSizes = SmallVector<Size>();
    tensors.push_back(readListElement(n, part, index));
  }
  ArrayRef<Value> left = tensors;
  return unflatten(n, *list.form, left);
}

LogicalResult writeNested(NodeImporter &n, ListValue &list, Size index, const ImportedValue &element) {
  auto tensors = getTensors(n, list, element);
  if (failed(tensors))
    return failure();
  for (auto [part, tensor] : llvm::zip_equal(list.parts, *tensors))
    if (failed(writeListElement(n, part, index, tensor, "a dimension of %d elements where others have %d")))
      return failure();
  forgetUniform(list);
  return success();
}

LogicalResult appendNested(NodeImporter &n, ListValue &list, const ImportedValue &element) {
  auto tensors = getTensors(n, list, element);
  if (failed(tensors))
    return failure();
  for (auto [part, tensor] : llvm::zip_equal(list.parts, *tensors)) {
    ImportedValue value;
    value.tensor = tensor;
    if (failed(appendListElement(n, part, value)))
      return failure();
  }
  forgetUniform(list);
  syncLength(list);
  return success();
}

} // namespace tgc
