//===- RegionImporter.cpp - Branches --------------------------------------===//

#include "frontend/Import/RegionImporter.h"
#include "frontend/Import/ArrayAccesses.h"
#include "frontend/Import/CompositeList.h"
#include "frontend/Import/ListRegions.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace tgc {

using Size = OpFoldResult;

void setKnownSizes(EntryImporter &entry, Location loc, Value tensor, ArrayRef<Size> known) {
  auto type = cast<RankedTensorType>(tensor.getType());
  if (type.hasStaticShape())
    return;
  SmallVector<Size> sizes(known);
  for (auto [dim, size] : llvm::enumerate(sizes))
    if (!type.isDynamicDim(dim) || !size)
      size = tg::getSize(entry.builder, loc, tensor, dim);
  entry.sizes.setSizes(tensor, sizes);
}

FailureOr<Value> RegionImporter::getCondition(const ImportedValue &value) {
  OpBuilder &builder = entry.builder;
  entry.sizes.setLoc(loc);
  auto known = [&](bool holds) -> Value {
    return arith::ConstantOp::create(builder, loc, builder.getBoolAttr(holds));
  };
  if (value.host)
    return value.host->isScalar() ? entry.sizes.isTrue(value.host->elements.front())
                                  : known(!value.host->elements.empty());
  auto tensor = getTensor(entry, loc, value);
  if (failed(tensor))
    return failure();
  auto type = cast<RankedTensorType>(tensor->getType());
  if (type.getRank() > 0)
    return entry.sizes.isTrue(entry.sizes.product(entry.sizes.sizesOf(*tensor)));
  Type element = type.getElementType();
  if (isa<tg::StringType>(element))
    return emitError(loc) << "a string as a condition is not supported; compare it";
  if (isa<ComplexType>(element))
    return emitError(loc) << "the condition is " << element << ", expected a boolean or a real number";
  Value condition = *tensor;
  DenseElementsAttr constant;
  if (matchPattern(condition, m_Constant(&constant)) && element.isInteger(1))
    return known(constant.getSplatValue<bool>());
  if (!element.isInteger(1)) {
    Attribute zero = isa<FloatType>(element) ? Attribute(builder.getFloatAttr(element, 0))
                                             : builder.getIntegerAttr(tg::withoutSign(element), 0);
    if (isa<IntegerType>(element))
      zero = IntegerAttr::get(element, APInt(element.getIntOrFloatBitWidth(), 0));
    Value zeroTensor =
        tg::ConstantOp::create(builder, loc, cast<ElementsAttr>(DenseElementsAttr::get(type, zero)));
    condition = tg::CompareOp::create(builder, loc, tg::ComparisonDirection::NE, condition, zeroTensor);
  }
  return tensor::ExtractOp::create(builder, loc, condition, ValueRange()).getResult();
}

namespace {

/// One branch as it was imported.
struct Branch {
  Block *block;
  RegionImporter::Values outputs;
  EntryImporter::State state;
  /// The sizes of outputs that are tensors, as they are known inside.
  DenseMap<Value, SmallVector<Size>> sizes;
  SmallVector<Value> yielded;
};

/// Makes the results of a tg.if from what its branches give.
class BranchMerger {
public:
  BranchMerger(EntryImporter &entry, Location loc, MutableArrayRef<Branch> branches)
      : entry(entry), loc(loc), branches(branches) {}

  /// A value of the first branch and one of the second become one. `what` names it in messages.
  LogicalResult add(const ImportedValue &a, const ImportedValue &b, const Twine &what) {
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

  /// Where the values of a branch lie in a variable's buffer if something holds in that branch: whether it
  /// has run and that holds is a result of the op.
  void addConditions() {
    for (unsigned k = 0; k < 2; ++k)
      for (ImportedValue &output : branches[k].outputs)
        for (BufferAlias &alias : output.aliases)
          if (alias.condition)
            conditions.push_back({&alias, addCondition(alias, k)});
  }

  ArrayRef<Type> getTypes() const { return types; }

  /// What the outputs are, now that the op is there.
  RegionImporter::Values finish(ValueRange results) {
    for (auto [alias, number] : conditions) {
      alias->condition = results[number];
      alias->whenTrue = true;
    }
    RegionImporter::Values values;
    for (Merged &value : merged)
      values.push_back(finish(value, results));
    return values;
  }

private:
  struct Merged {
    ImportedValue result;
    SmallVector<std::pair<unsigned, unsigned>> elements; ///< element of the host tensor, number of the result
    std::optional<unsigned> tensor;                      ///< number of the result
    SmallVector<Size> sizes;                             ///< of the tensor, null where they are not known
    std::optional<MergedList> list;
    unsigned firstPart = 0; ///< list: number of its first result
    bool isOptional = false;
    Value isPresent;                ///< optional, if it is not a result
    std::vector<Merged> components; ///< optional, and a list of elements of different ranks
    std::vector<Merged> other;      ///< optional: at most one, the values of other types
  };

  ImportedValue finish(Merged &value, ValueRange results) {
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
      value.result.optional = std::make_shared<const OptionalValue>(std::move(optional));
    } else if (value.tensor) {
      value.result.tensor = results[*value.tensor];
      setKnownSizes(entry, loc, value.result.tensor, value.sizes);
    }
    return value.result;
  }

  /// The value at the end of the branch.
  FailureOr<Value> getTensorIn(const Branch &branch, const ImportedValue &value) {
    EntryImporter::State outside = entry.saveState();
    entry.restoreState(branch.state);
    auto tensor = getTensor(entry, loc, value);
    entry.restoreState(outside);
    return tensor;
  }

  unsigned addResult(Value a, Value b) {
    branches[0].yielded.push_back(a);
    branches[1].yielded.push_back(b);
    types.push_back(a.getType());
    return types.size() - 1;
  }

  unsigned addCondition(const BufferAlias &alias, unsigned branch) {
    OpBuilder::InsertionGuard guard(entry.builder);
    Value holds[2];
    for (unsigned k = 0; k < 2; ++k) {
      entry.builder.setInsertionPointToEnd(branches[k].block);
      holds[k] = k == branch ? alias.holds(entry.builder, loc)
                             : arith::ConstantIntOp::create(entry.builder, loc, 0, 1);
    }
    return addResult(holds[0], holds[1]);
  }

  void addHost(const HostTensor &a, const HostTensor &b) {
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

  bool isOutside(Value value) {
    return !branches[0].block->getParentOp()->isAncestor(value.getParentRegion()->getParentOp());
  }
  bool isOutside(Size size) { return isa<Attribute>(size) || isOutside(cast<Value>(size)); }

  /// A value that only branch `from` has: nobody uses it if the other runs, which gives zeros of the same
  /// type.
  LogicalResult addOneSided(const ImportedValue &given, unsigned from) {
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

  /// The same for a list: an empty one in the other branch.
  LogicalResult addOneSidedList(const ImportedValue &given, unsigned from) {
    ListValue empty = createEmptyLike(entry, *given.list, [&](Size size) { return isOutside(size); });
    ImportedValue other;
    other.list = std::make_shared<const ListValue>(std::move(empty));
    return from == 0 ? addList(given, other) : addList(other, given);
  }

  /// Elements of different ranks, each a value of its own.
  LogicalResult addSpelled(const ImportedValue &a, const ImportedValue &b) {
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

  LogicalResult addList(const ImportedValue &a, const ImportedValue &b) {
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

  /// Values of the same types become one; those that one branch alone has are not there in the other.
  LogicalResult addOptional(const OptionalValue &a, const OptionalValue &b, const Twine &what) {
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

  /// An optional that is empty in one branch has components all the same, which nobody uses.
  LogicalResult addSameTypes(const OptionalValue &a, const OptionalValue &b, const Twine &what) {
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
    merged.push_back(std::move(value));
    return success();
  }

  LogicalResult addTensor(const ImportedValue &a, const ImportedValue &b, const Twine &what) {
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

  EntryImporter &entry;
  Location loc;
  MutableArrayRef<Branch> branches;
  std::vector<Merged> merged;
  SmallVector<Type> types;
  SmallVector<std::pair<BufferAlias *, unsigned>> conditions; ///< and the number of the result
};

} // namespace

FailureOr<RegionImporter::Values> RegionImporter::importIf(const ImportedValue &predicate, BranchFn thenFn,
                                                           BranchFn elseFn) {
  OpBuilder &builder = entry.builder;
  auto condition = getCondition(predicate);
  if (failed(condition))
    return failure();
  APInt known;
  if (matchPattern(*condition, m_ConstantInt(&known)))
    return known.isZero() ? elseFn() : thenFn();

  EntryImporter::State before = entry.saveState();
  auto draft = tg::IfOp::create(builder, loc, TypeRange(), *condition);
  Branch branches[2];
  bool isOk = true;
  for (unsigned k = 0; k < 2; ++k) {
    Branch &branch = branches[k];
    OpBuilder::InsertionGuard guard(builder);
    branch.block = builder.createBlock(&draft->getRegion(k));
    IndexBuilder::Mark mark = entry.sizes.mark();
    auto outputs = k ? elseFn() : thenFn();
    isOk &= succeeded(outputs);
    if (succeeded(outputs)) {
      branch.outputs = *outputs;
      branch.state = entry.saveState();
      auto keepTensorSizes = [&](const ImportedValue &value) {
        if (value.tensor)
          branch.sizes[value.tensor] = entry.sizes.sizesOf(value.tensor);
      };
      auto keepSizes = [&](const ImportedValue &value) {
        keepTensorSizes(value);
        if (value.optional)
          llvm::for_each(value.optional->components, keepTensorSizes);
        if (value.list)
          llvm::for_each(value.list->elements, keepTensorSizes);
      };
      llvm::for_each(branch.outputs, keepSizes);
      for (const std::string &key : entry.getStateKeys())
        keepSizes(entry.readState(key));
    }
    entry.sizes.release(mark);
    entry.restoreState(before);
  }
  entry.sizes.setLoc(loc);
  if (isOk && branches[0].outputs.size() != branches[1].outputs.size()) {
    emitError(loc) << "one branch gives " << branches[0].outputs.size() << " values, the other "
                   << branches[1].outputs.size();
    isOk = false;
  }

  for (const Branch &branch : branches)
    flagTouchedArrays(entry, before, branch.state);
  if (isOk && createFlags(entry, loc)) {
    draft.erase();
    return importIf(predicate, thenFn, elseFn);
  }

  BranchMerger merger(entry, loc, branches);
  std::vector<std::string> keys;
  std::vector<std::pair<std::string, ListObject>> shells;
  for (unsigned i = 0; isOk && i < branches[0].outputs.size(); ++i)
    isOk = succeeded(merger.add(branches[0].outputs[i], branches[1].outputs[i], "output " + Twine(i)));
  merger.addConditions();
  if (isOk) {
    llvm::StringMap<ImportedValue> ends[2];
    llvm::StringSet<> all;
    for (unsigned k = 0; k < 2; ++k) {
      entry.restoreState(branches[k].state);
      for (const std::string &key : entry.getStateKeys()) {
        ends[k][key] = entry.readState(key);
        if (all.insert(key).second)
          keys.push_back(key);
      }
      entry.restoreState(before);
    }
    llvm::sort(keys);
    // What one branch alone knows the other finds as it was before.
    llvm::erase_if(keys, [&](const std::string &key) {
      if (!entry.hasState(key))
        return true;
      for (auto &end : ends)
        if (!end.count(key))
          end[key] = entry.readState(key);
      return isSame(ends[0][key], ends[1][key]) && isSame(ends[0][key], entry.readState(key));
    });
    for (const std::string &key : keys)
      isOk &= succeeded(merger.add(ends[0][key], ends[1][key], key));
    // Gradients may ask for arrays that a branch has made.
    for (unsigned k = 0; k < 2; ++k)
      for (const auto &[name, object] : branches[k].state.listObjects) {
        if (object->isStack || object->isGradient || before.listObjects.count(name))
          continue;
        ImportedValue shell, none;
        shell.list = std::make_shared<const ListValue>(getShell(object->list));
        isOk &= succeeded(merger.add(k ? none : shell, k ? shell : none, name));
        shells.push_back({name, *object});
      }
  }
  if (!isOk) {
    draft.erase();
    return failure();
  }

  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPoint(draft);
  auto op = tg::IfOp::create(builder, loc, merger.getTypes(), *condition);
  for (unsigned k = 0; k < 2; ++k) {
    op->getRegion(k).takeBody(draft->getRegion(k));
    builder.setInsertionPointToEnd(branches[k].block);
    tg::YieldOp::create(builder, loc, branches[k].yielded);
  }
  draft.erase();
  builder.setInsertionPointAfter(op);
  Values values = merger.finish(op.getResults());
  for (auto [shell, value] : llvm::zip_equal(shells, ArrayRef(values).take_back(shells.size()))) {
    auto &[name, object] = shell;
    object.list = *value.list;
    object.accesses.clear();
    object.isShell = true;
    entry.listObjects[name] = std::make_shared<const ListObject>(std::move(object));
  }
  values.truncate(values.size() - shells.size());
  for (auto [key, value] : llvm::zip_equal(keys, ArrayRef(values).take_back(keys.size())))
    if (failed(entry.writeState(key, value, loc)))
      return failure();
  values.truncate(values.size() - keys.size());
  // A merged value lies in the buffer that the branch has given.
  for (auto [i, value] : llvm::enumerate(values)) {
    bool isMerged = value.tensor && value.tensor.getDefiningOp() == op;
    for (unsigned k = 0; k < 2 && isMerged; ++k)
      for (BufferAlias alias : getAliases(entry, branches[k].outputs[i], value.tensor))
        value.aliases.push_back({alias.variable, entry.readVariable(alias.variable),
                                 alias.condition ? alias.condition : *condition,
                                 alias.condition ? true : k == 0});
  }
  return values;
}

FailureOr<RegionImporter::Values>
RegionImporter::importCounted(Size count, ArrayRef<ImportedValue> inits,
                              function_ref<FailureOr<Values>(Size, Values)> body) {
  auto asNumber = [&](Type type, Size size) {
    ImportedValue value;
    value.host = std::make_shared<HostTensor>(HostTensor{type, {}, {size}, {}});
    return value;
  };
  OpBuilder &builder = entry.builder;
  Values all = {asNumber(builder.getI64Type(), entry.sizes.constant(0))};
  llvm::append_range(all, inits);
  auto results = importWhile(
      all, {},
      [&](ArrayRef<ImportedValue> values) -> FailureOr<Values> {
        entry.sizes.setLoc(loc);
        Value goesOn =
            entry.sizes.compare(arith::CmpIPredicate::slt, values[0].host->elements.front(), count);
        return Values{asNumber(builder.getI1Type(), entry.sizes.fromBool(goesOn))};
      },
      [&](ArrayRef<ImportedValue> values) -> FailureOr<Values> {
        entry.sizes.setLoc(loc);
        Size number = values[0].host->elements.front();
        auto next = body(number, Values(values.drop_front()));
        if (failed(next))
          return failure();
        next->insert(next->begin(),
                     asNumber(builder.getI64Type(), entry.sizes.add(number, entry.sizes.constant(1))));
        return next;
      });
  entry.sizes.setLoc(loc);
  if (succeeded(results))
    results->erase(results->begin());
  return results;
}

FailureOr<RegionImporter::Values> RegionImporter::importCase(const ImportedValue &number,
                                                             ArrayRef<BranchFn> branches) {
  if (branches.size() == 1)
    return branches.front()();
  if (number.host)
    if (auto known = number.host->getConstants()) {
      int64_t chosen = known->empty() ? -1 : known->front();
      return branches[chosen < 0 || chosen >= static_cast<int64_t>(branches.size()) ? branches.size() - 1
                                                                                    : chosen]();
    }
  entry.sizes.setLoc(loc);
  Size index;
  if (number.host) {
    index = number.host->elements.front();
  } else {
    auto tensor = getTensor(entry, loc, number);
    if (failed(tensor))
      return failure();
    if (cast<RankedTensorType>(tensor->getType()).getRank() != 0)
      return emitError(loc) << "the number of the branch must be a scalar, got " << tensor->getType();
    Value element = tensor::ExtractOp::create(entry.builder, loc, *tensor, ValueRange());
    index = arith::IndexCastOp::create(entry.builder, loc, entry.builder.getIndexType(), element).getResult();
  }
  // Each number of a branch but the last is asked for; what is left takes the last.
  auto importFrom = [&](auto &&self, size_t first) -> FailureOr<Values> {
    if (first + 1 == branches.size())
      return branches[first]();
    ImportedValue isFirst;
    isFirst.host = std::make_shared<HostTensor>(
        HostTensor{entry.builder.getI1Type(),
                   {},
                   {entry.sizes.fromBool(entry.sizes.equals(index, entry.sizes.constant(first)))},
                   {}});
    return importIf(isFirst, branches[first], [&] { return self(self, first + 1); });
  };
  return importFrom(importFrom, 0);
}

} // namespace tgc
