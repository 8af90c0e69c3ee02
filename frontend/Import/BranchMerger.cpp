//===- BranchMerger.cpp - What a condition gives --------------------------===//

#include "frontend/Import/BranchMerger.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace tgc {

using Size = OpFoldResult;

LogicalResult BranchMerger::add(const ImportedValue &a, const ImportedValue &b, const Twine &what) {
  if (a.isNull() || b.isNull())
    return addOneSided(a.isNull() ? b : a, a.isNull() ? 1 : 0);
  if (isSame(a, b)) {
    merged.emplace_back().result = a;
    return success();
  }
  if (a.list && b.list)
    return addList(a, b);
  if (a.optional && b.optional)
    return addOptional(*a.optional, *b.optional, what);
  if (a.host && b.host && a.host->shape == b.host->shape && a.host->elementType == b.host->elementType &&
      a.host->possibleAxes.empty() && b.host->possibleAxes.empty()) {
    addHost(*a.host, *b.host);
    return success();
  }
  return addTensor(a, b, what);
}

void BranchMerger::addConditions() {
  for (unsigned k = 0; k < 2; ++k)
    for (ImportedValue &output : branches[k].outputs)
      for (BufferAlias &alias : output.aliases)
        if (alias.condition)
          conditions.push_back({&alias, addCondition(alias, k)});
}

RegionImporter::Values BranchMerger::finish(ValueRange results) {
  for (auto [alias, number] : conditions) {
    alias->condition = results[number];
    alias->whenTrue = true;
  }
  RegionImporter::Values values;
  for (Merged &value : merged)
    values.push_back(finish(value, results));
  return values;
}

ImportedValue BranchMerger::finish(Merged &value, ValueRange results) {
  for (auto [element, number] : value.elements)
    value.result.host->elements[element] = results[number];
  if (value.list)
    value.result.list =
        std::make_shared<const ListValue>(value.list->finish(results.drop_front(value.firstPart)));
  if (value.result.list && !value.components.empty()) {
    ListValue list = *value.result.list;
    for (auto [element, component] : llvm::zip_equal(list.elements, value.components))
      element = finish(component, results);
    value.result.list = std::make_shared<const ListValue>(std::move(list));
  }
  if (value.isOptional) {
    OptionalValue optional{value.isPresent ? value.isPresent : Value(results[*value.tensor]), {}};
    for (Merged &component : value.components)
      optional.components.push_back(finish(component, results));
    for (Merged &other : value.other)
      optional.other = finish(other, results).optional;
    optional.branches = value.branches;
    value.result.optional = std::make_shared<const OptionalValue>(std::move(optional));
  } else if (value.tensor) {
    value.result.tensor = results[*value.tensor];
    setKnownSizes(entry, loc, value.result.tensor, value.sizes);
  }
  return value.result;
}

FailureOr<Value> BranchMerger::getTensorIn(const Branch &branch, const ImportedValue &value) {
  EntryImporter::State outside = entry.saveState();
  entry.restoreState(branch.state);
  auto tensor = getTensor(entry, loc, value);
  entry.restoreState(outside);
  return tensor;
}

unsigned BranchMerger::addResult(Value a, Value b) {
  branches[0].yielded.push_back(a);
  branches[1].yielded.push_back(b);
  types.push_back(a.getType());
  return types.size() - 1;
}

unsigned BranchMerger::addCondition(const BufferAlias &alias, unsigned branch) {
  OpBuilder::InsertionGuard guard(entry.builder);
  Value holds[2];
  for (unsigned k = 0; k < 2; ++k) {
    entry.builder.setInsertionPointToEnd(branches[k].block);
    holds[k] = k == branch ? alias.holds(entry.builder, loc)
                           : arith::ConstantIntOp::create(entry.builder, loc, 0, 1);
  }
  return addResult(holds[0], holds[1]);
}

void BranchMerger::addHost(const HostTensor &a, const HostTensor &b) {
  Merged value;
  value.result.host = std::make_shared<HostTensor>(a);
  for (unsigned i = 0; i < a.elements.size(); ++i) {
    if (IndexBuilder::isEqual(a.elements[i], b.elements[i]))
      continue;
    Value elements[2];
    for (unsigned k = 0; k < 2; ++k) {
      OpBuilder::InsertionGuard guard(entry.builder);
      entry.builder.setInsertionPointToEnd(branches[k].block);
      elements[k] = entry.sizes.get(k ? b.elements[i] : a.elements[i]);
    }
    value.elements.push_back({i, addResult(elements[0], elements[1])});
  }
  merged.push_back(std::move(value));
}

bool BranchMerger::isOutside(Value value) {
  return !branches[0].block->getParentOp()->isAncestor(value.getParentRegion()->getParentOp());
}

LogicalResult BranchMerger::addOneSided(const ImportedValue &given, unsigned from) {
  if (given.list)
    return addOneSidedList(given, from);
  if (given.optional) {
    OpBuilder::InsertionGuard guard(entry.builder);
    entry.builder.setInsertionPointToEnd(branches[1 - from].block);
    OptionalValue none{arith::ConstantIntOp::create(entry.builder, loc, 0, 1), {}};
    return from == 0 ? addOptional(*given.optional, none, "an optional")
                     : addOptional(none, *given.optional, "an optional");
  }
  bool isSizes = given.host && given.host->possibleAxes.empty();
  bool isReference = !given.tensor && !given.host;
  if (isReference || (!given.host && isOutside(given.tensor)) ||
      (isSizes && llvm::all_of(given.host->elements, [&](Size element) { return isOutside(element); }))) {
    ImportedValue value = given;
    if (isSizes)
      value.tensor = nullptr;
    merged.emplace_back().result = value;
    return success();
  }
  if (isSizes) {
    HostTensor other = *given.host;
    for (Size &element : other.elements)
      if (!isOutside(element))
        element = entry.sizes.constant(0);
    if (from == 0)
      addHost(*given.host, other);
    else
      addHost(other, *given.host);
    return success();
  }
  OpBuilder::InsertionGuard guard(entry.builder);
  entry.builder.setInsertionPointToEnd(branches[from].block);
  auto tensor = getTensorIn(branches[from], given);
  if (failed(tensor))
    return failure();
  auto type = cast<RankedTensorType>(tensor->getType());
  // Sizes from outside are known afterwards; the others are zero where the branch does not run.
  Merged value;
  SmallVector<Size> zeroSizes;
  auto it = branches[from].sizes.find(*tensor);
  for (auto [dim, fixed] : llvm::enumerate(type.getShape())) {
    Size size = it == branches[from].sizes.end() ? Size() : it->second[dim];
    if (!ShapedType::isDynamic(fixed))
      size = entry.sizes.constant(fixed);
    else if (size && !isOutside(size))
      size = Size();
    value.sizes.push_back(size);
    zeroSizes.push_back(size ? size : entry.sizes.constant(0));
  }
  SmallVector<int64_t> shape;
  for (Size size : value.sizes)
    shape.push_back(size ? IndexBuilder::getConstant(size).value_or(ShapedType::kDynamic)
                         : ShapedType::kDynamic);
  auto result = RankedTensorType::get(shape, type.getElementType());
  Value tensors[2];
  tensors[from] =
      type == result ? *tensor : Value(tensor::CastOp::create(entry.builder, loc, result, *tensor));
  entry.builder.setInsertionPointToEnd(branches[1 - from].block);
  Value zeros = createZeros(entry, loc, zeroSizes, type.getElementType());
  tensors[1 - from] =
      zeros.getType() == result ? zeros : Value(tensor::CastOp::create(entry.builder, loc, result, zeros));
  value.tensor = addResult(tensors[0], tensors[1]);
  merged.push_back(std::move(value));
  return success();
}

LogicalResult BranchMerger::addOneSidedList(const ImportedValue &given, unsigned from) {
  ListValue empty = createEmptyLike(entry, *given.list, [&](Size size) { return isOutside(size); });
  ImportedValue other;
  other.list = std::make_shared<const ListValue>(std::move(empty));
  return from == 0 ? addList(given, other) : addList(other, given);
}

LogicalResult BranchMerger::addSpelled(const ImportedValue &a, const ImportedValue &b) {
  Merged value;
  value.result = a;
  std::vector<Merged> others = std::exchange(merged, {});
  for (auto [x, y] : llvm::zip_equal(a.list->elements, b.list->elements)) {
    if (x.isNull() != y.isNull())
      return emitError(loc) << "a list of elements of different ranks gets an element in one branch only";
    if (failed(add(x, y, "an element of a list")))
      return failure();
  }
  value.components = std::exchange(merged, std::move(others));
  merged.push_back(std::move(value));
  return success();
}

LogicalResult BranchMerger::addList(const ImportedValue &a, const ImportedValue &b) {
  if (a.list->kind == ListValue::Spelled && b.list->kind == ListValue::Spelled &&
      a.list->elements.size() == b.list->elements.size())
    return addSpelled(a, b);
  auto list = MergedList::create(entry, loc, {*a.list, *b.list}, {branches[0].block, branches[1].block});
  if (failed(list))
    return failure();
  Merged value;
  value.firstPart = types.size();
  for (auto [x, y] : llvm::zip_equal(list->getYielded(0), list->getYielded(1)))
    addResult(x, y);
  value.list = std::move(*list);
  merged.push_back(std::move(value));
  return success();
}

LogicalResult BranchMerger::addOptional(const OptionalValue &a, const OptionalValue &b, const Twine &what) {
  SmallVector<const OptionalValue *> left;
  for (const OptionalValue *form = &b; form; form = form->other.get())
    left.push_back(form);
  std::optional<Merged> first;
  auto addForm = [&](const OptionalValue &x, const OptionalValue &y) {
    std::vector<Merged> others = std::exchange(merged, {});
    LogicalResult result = addSameTypes(x, y, what);
    if (succeeded(result)) {
      Merged form = std::move(merged.back());
      if (first)
        form.other.push_back(std::move(*first));
      first = std::move(form);
    }
    merged = std::move(others);
    return result;
  };
  auto none = [&](unsigned branch) {
    OpBuilder::InsertionGuard guard(entry.builder);
    entry.builder.setInsertionPointToEnd(branches[branch].block);
    return OptionalValue{arith::ConstantIntOp::create(entry.builder, loc, 0, 1), {}};
  };
  for (const OptionalValue *form = &a; form; form = form->other.get()) {
    auto *mate = llvm::find_if(left, [&](auto *other) { return haveSameTypes(*form, *other); });
    if (failed(addForm(*form, mate == left.end() ? none(1) : **mate)))
      return failure();
    if (mate != left.end())
      left.erase(mate);
  }
  for (const OptionalValue *form : left)
    if (failed(addForm(none(0), *form)))
      return failure();
  merged.push_back(std::move(*first));
  return success();
}

LogicalResult BranchMerger::addSameTypes(const OptionalValue &a, const OptionalValue &b, const Twine &what) {
  const OptionalValue *optionals[2] = {&a, &b};
  size_t count = std::max(a.components.size(), b.components.size());
  RegionImporter::Values components[2];
  for (unsigned k = 0; k < 2; ++k) {
    components[k] = optionals[k]->components;
    components[k].resize(count);
  }
  Merged value;
  if (a.isPresent == b.isPresent)
    value.isPresent = a.isPresent;
  else
    value.tensor = addResult(a.isPresent, b.isPresent);
  std::vector<Merged> others = std::exchange(merged, {});
  for (auto [x, y] : llvm::zip_equal(components[0], components[1]))
    if (failed(add(x, y, "a component of " + what)))
      return failure();
  value.components = std::exchange(merged, std::move(others));
  value.isOptional = true;
  value.branches = a.branches;
  value.branches.insert(b.branches.begin(), b.branches.end());
  merged.push_back(std::move(value));
  return success();
}

LogicalResult BranchMerger::addTensor(const ImportedValue &a, const ImportedValue &b, const Twine &what) {
  Value tensors[2];
  SmallVector<Size> known[2];
  for (unsigned k = 0; k < 2; ++k) {
    OpBuilder::InsertionGuard guard(entry.builder);
    entry.builder.setInsertionPointToEnd(branches[k].block);
    auto tensor = getTensorIn(branches[k], k ? b : a);
    if (failed(tensor))
      return failure();
    tensors[k] = *tensor;
    auto it = branches[k].sizes.find(*tensor);
    auto type = cast<RankedTensorType>(tensor->getType());
    known[k] = it != branches[k].sizes.end() ? it->second : SmallVector<Size>(type.getRank());
    for (auto [size, fixed] : llvm::zip_equal(known[k], type.getShape()))
      if (!ShapedType::isDynamic(fixed))
        size = entry.sizes.constant(fixed);
  }
  auto x = cast<RankedTensorType>(tensors[0].getType()), y = cast<RankedTensorType>(tensors[1].getType());
  if (x.getElementType() != y.getElementType() || x.getRank() != y.getRank())
    return emitError(loc) << what << " is " << x << " in one branch and " << y
                          << " in the other, expected tensors of one type and rank; --set fixes the "
                             "predicate";
  Merged value;
  SmallVector<int64_t> shape;
  for (auto [p, q] : llvm::zip_equal(known[0], known[1])) {
    bool isEqual = p && q && IndexBuilder::isEqual(p, q);
    auto constant = isEqual ? IndexBuilder::getConstant(p) : std::nullopt;
    value.sizes.push_back(isEqual ? p : Size());
    shape.push_back(constant ? *constant : ShapedType::kDynamic);
  }
  auto type = RankedTensorType::get(shape, x.getElementType());
  for (unsigned k = 0; k < 2; ++k) {
    OpBuilder::InsertionGuard guard(entry.builder);
    entry.builder.setInsertionPointToEnd(branches[k].block);
    if (tensors[k].getType() != type)
      tensors[k] = tensor::CastOp::create(entry.builder, loc, type, tensors[k]);
  }
  value.tensor = addResult(tensors[0], tensors[1]);
  merged.push_back(std::move(value));
  return success();
}

} // namespace tgc
