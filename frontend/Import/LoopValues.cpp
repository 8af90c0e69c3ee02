//===- LoopValues.cpp - What goes into a loop and comes out of it ---------===//

#include "frontend/Import/LoopImporter.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace tgc {

using Size = OpFoldResult;
using Values = RegionImporter::Values;

/// What the carried values are where `next` gives their parts, by type and in order, and `nextList` their
/// lists.
Values LoopImporter::takeCarried(function_ref<Value(Type)> next,
                                 function_ref<ListValue(const Carried &)> nextList) {
  Values values;
  for (const Carried &carried : all) {
    ImportedValue value = carried.init;
    if (carried.kind == Carried::Host) {
      value = ImportedValue();
      value.host = std::make_shared<HostTensor>(*carried.init.host);
      for (unsigned i : carried.isCounter.set_bits())
        value.host->elements[i] = next(builder.getIndexType());
    } else if (carried.kind == Carried::Tensor) {
      value = ImportedValue();
      value.tensor = next(carried.getType());
      setKnownSizes(entry, loc, value.tensor, carried.sizes);
    } else if (carried.kind == Carried::List) {
      value.list = std::make_shared<const ListValue>(nextList(carried));
    }
    if (!carried.key.empty())
      (void)entry.writeState(carried.key, value, loc);
    values.push_back(value);
  }
  values.truncate(numInits);
  return values;
}

/// Builds the arguments of a region and says what they are.
Values LoopImporter::enter(Block *block) {
  builder.setInsertionPointToStart(block);
  entry.sizes.setLoc(loc);
  return takeCarried([&](Type type) { return block->addArgument(type, loc); },
                     [&](const Carried &carried) { return carried.list->enter(block); });
}

void LoopImporter::addInits(SmallVectorImpl<Value> &inits) {
  for (Carried &carried : all) {
    if (carried.kind == Carried::Host)
      for (unsigned i : carried.isCounter.set_bits())
        inits.push_back(entry.sizes.get(carried.init.host->elements[i]));
    if (carried.kind == Carried::List)
      carried.list->addInits(inits);
    if (carried.kind != Carried::Tensor)
      continue;
    RankedTensorType type = carried.getType();
    inits.push_back(carried.tensor.getType() == type
                        ? carried.tensor
                        : Value(tensor::CastOp::create(builder, loc, type, carried.tensor)));
  }
}

/// Sizes have 64 bits, counters may have fewer.
void LoopImporter::keepCountersWrapping() {
  unsigned argument = 0;
  for (const Carried &carried : all) {
    if (carried.kind == Carried::Host)
      for (unsigned i = 0; i < carried.isCounter.count(); ++i, ++argument)
        if (Type type = carried.init.host->elementType; type.isSignlessInteger(32))
          keepWrapping(entry.sizes, builder, loop, argument, type);
    if (carried.kind == Carried::List)
      argument += carried.list->getNumArguments();
    argument += carried.kind == Carried::Tensor;
  }
}

/// Whether there is a first iteration, asked before the loop; none if asking does more than to compute.
FailureOr<Value> LoopImporter::isEntered() {
  bool hasEffects = false;
  loop.getCondRegion().walk([&](Operation *op) { hasEffects |= !isMemoryEffectFree(op); });
  if (hasEffects)
    return failure();
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPoint(loop);
  Values inits;
  for (const Carried &carried : ArrayRef(all).take_front(numInits))
    inits.push_back(carried.init);
  EntryImporter::State after = entry.saveState();
  entry.restoreState(before);
  auto predicate = cond(inits);
  auto condition =
      failed(predicate) ? FailureOr<Value>() : RegionImporter(entry, loc).getCondition(predicate->front());
  entry.restoreState(after);
  return condition;
}

/// A result lies in the buffer that the last iteration has given, or else in that of the value before the
/// loop. Of a loop whose condition has effects, results lie in none.
void LoopImporter::addAliases(Values &values) {
  FailureOr<Value> entered;
  for (auto [carried, value] : llvm::zip_equal(ArrayRef(all).take_front(numInits), values)) {
    if (carried.kind != Carried::Tensor || !carried.getType().hasStaticShape())
      continue;
    std::vector<BufferAlias> initial = getAliases(entry, carried.init, carried.tensor);
    if (initial.empty() && carried.nextBuffers.empty())
      continue;
    if (failed(entered) && failed(entered = isEntered()))
      return;
    auto add = [&](const std::string &name, Value condition, bool whenTrue) {
      value.aliases.push_back({name, entry.readVariable(name), condition, whenTrue});
    };
    for (const std::string &name : carried.nextBuffers)
      add(name, *entered, true);
    for (const BufferAlias &alias : initial)
      if (!alias.condition)
        add(alias.variable, *entered, false);
      else
        add(alias.variable,
            arith::SelectOp::create(builder, loc, *entered,
                                    arith::ConstantIntOp::create(builder, loc, 0, 1).getResult(),
                                    alias.holds(builder, loc)),
            true);
  }
}

/// The results of the loop.
Values LoopImporter::finish(std::optional<Size> exactTrips) {
  unsigned next = 0;
  Values values =
      takeCarried([&](Type) { return loop.getResult(next++); },
                  [&](const Carried &carried) { return carried.list->finish(loop, next, exactTrips); });
  accesses.finish(entry, loop);
  addAliases(values);
  return values;
}

} // namespace tgc
