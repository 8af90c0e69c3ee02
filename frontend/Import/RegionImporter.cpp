//===- RegionImporter.cpp - Branches --------------------------------------===//

#include "frontend/Import/RegionImporter.h"
#include "frontend/Import/ArrayAccesses.h"
#include "frontend/Import/BranchMerger.h"
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
      std::function<void(const ImportedValue &)> keepSizes = [&](const ImportedValue &value) {
        if (value.tensor)
          branch.sizes[value.tensor] = entry.sizes.sizesOf(value.tensor);
        for (const OptionalValue *form = value.optional.get(); form; form = form->other.get())
          llvm::for_each(form->components, keepSizes);
        if (value.list)
          llvm::for_each(value.list->elements, keepSizes);
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
