//===- LoopComparison.cpp - What an iteration does to its values ----------===//

#include "frontend/Import/LoopImporter.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;

namespace tgc {

using Size = OpFoldResult;

/// A vector with more elements that change is carried as a tensor.
constexpr unsigned kMaxCounters = 8;

/// Whether a counter of 32 bits with this step comes a long way before it overflows: a small constant (half a
/// million turns), a dimension, another counter; not what data says.
static bool isSmallStep(Value step) {
  constexpr int64_t kMaxStep = 1 << 12;
  if (auto constant = getConstantIntValue(getAsOpFoldResult(step)))
    return std::abs(*constant) <= kMaxStep;
  return step.getType().isIndex() && !isFromData(step);
}

/// Whether an element's next value may be computed as a size: 64 bits are what sizes have, and booleans
/// cannot overflow.
static bool isCountable(tg::WhileOp loop, Type element, Value current, Size next) {
  if (element.isInteger(64) || element.isInteger(1))
    return true;
  auto value = dyn_cast<Value>(next);
  if (!value || value == current)
    return value != nullptr;
  auto isOutside = [&](Value step) {
    return isSmallStep(step) && (getConstantIntValue(getAsOpFoldResult(step)) ||
                                 !loop->isAncestor(step.getParentRegion()->getParentOp()));
  };
  if (auto sum = value.getDefiningOp<arith::AddIOp>())
    return (sum.getLhs() == current && isOutside(sum.getRhs())) ||
           (sum.getRhs() == current && isOutside(sum.getLhs()));
  auto difference = value.getDefiningOp<arith::SubIOp>();
  return difference && difference.getLhs() == current && isOutside(difference.getRhs());
}

/// Whether the condition ends the loop before a counter with this next value leaves the numbers of its type,
/// or what data says decides that. A loop that ends because its counter wraps carries that as a tensor.
static bool staysInRange(tg::WhileOp loop, Type element, unsigned counter, Size next) {
  unsigned width = element.getIntOrFloatBitWidth();
  auto sum = dyn_cast<Value>(next) ? cast<Value>(next).getDefiningOp<arith::AddIOp>() : nullptr;
  auto step = sum ? getConstantIntValue(getAsOpFoldResult(sum.getRhs())) : std::nullopt;
  if (!step || width == 64 || !element.isSignlessInteger())
    return true;
  bool hasOthers = false, leaves = false;
  for (const CounterTest &test : getCounterTests(loop, hasOthers)) {
    if (test.counter != counter)
      continue;
    auto bound = getConstantIntValue(getAsOpFoldResult(test.bound->get()));
    bool isToward = test.isLess == (*step > 0);
    if (isToward && !bound)
      return true;
    // The first number behind the bound.
    leaves = true;
    if (!isToward)
      continue;
    int64_t last = *bound - test.offset + (test.includesBound ? 0 : test.isLess ? -1 : 1);
    if (llvm::isIntN(width, last + *step))
      return true;
  }
  return !leaves;
}

/// Whether the next value fits the assumption; weakens it otherwise.
bool LoopImporter::nextTensor(Carried &carried, const ImportedValue &next, Value &yielded, bool &isOk) {
  auto tensor = getTensor(entry, loc, next);
  if (failed(tensor)) {
    isOk = false;
    return true;
  }
  auto type = cast<RankedTensorType>(tensor->getType()),
       current = cast<RankedTensorType>(carried.tensor.getType());
  if (type.getElementType() != current.getElementType() || type.getRank() != current.getRank()) {
    error() << describe(carried) << " is " << current << " before the loop and " << type
            << " after an iteration, expected tensors of one type and rank";
    isOk = false;
    return true;
  }
  bool fits = true;
  for (auto [size, now] : llvm::zip_equal(carried.sizes, entry.sizes.sizesOf(*tensor)))
    if (size && !IndexBuilder::isEqual(size, now)) {
      size = Size();
      fits = false;
    }
  if (fits) {
    type = carried.getType();
    yielded =
        tensor->getType() == type ? *tensor : Value(tensor::CastOp::create(builder, loc, type, *tensor));
    carried.nextBuffers.clear();
    for (const BufferAlias &alias : getAliases(entry, next, *tensor))
      if (!alias.condition)
        carried.nextBuffers.push_back(alias.variable);
  }
  return fits;
}

LoopImporter::Outcome LoopImporter::compare(ArrayRef<ImportedValue> next, SmallVectorImpl<Value> &yielded) {
  bool fits = true, isOk = true;
  unsigned argument = 0;
  for (auto [carried, value] : llvm::zip_equal(all, next)) {
    if (carried.kind == Carried::Invariant) {
      if (isSame(carried.init, value))
        continue;
      // Sums of flows are numbers, and what a reference variable held before the loop is a tensor.
      if ((carried.init.listObject || carried.init.variable) && (value.tensor || value.host)) {
        weaken(carried);
        fits = false;
        continue;
      }
      if (carried.init.variable || carried.init.listObject || carried.init.optional) {
        std::string what = carried.init.variable     ? "the variable " + carried.init.variable->name
                           : carried.init.listObject ? "a tensor array or stack"
                                                     : "an optional";
        error() << describe(carried) << " is " << what
                << ", and an iteration gives another value; only tensors can change";
        isOk = false;
        continue;
      }
      weaken(carried);
      fits = false;
      continue;
    }
    if (carried.kind == Carried::List) {
      argument += carried.list->getNumArguments();
      if (!value.list) {
        error() << describe(carried) << " is a list before the loop and none after an iteration";
        isOk = false;
        continue;
      }
      CarriedList::Fit fit = carried.list->compare(loop, *value.list, yielded);
      fits &= fit == CarriedList::Fit::Fits;
      isOk &= fit != CarriedList::Fit::Fails;
      continue;
    }
    if (carried.kind == Carried::Host) {
      const HostTensor *host = value.host.get();
      const HostTensor &init = *carried.init.host;
      bool isHost = host && host->shape == init.shape && host->elementType == init.elementType &&
                    host->possibleAxes.empty();
      unsigned first = argument;
      argument += carried.isCounter.count();
      for (unsigned i = 0; isHost && i < init.elements.size(); ++i) {
        if (!carried.isCounter[i]) {
          if (!IndexBuilder::isEqual(host->elements[i], init.elements[i])) {
            carried.isCounter.set(i);
            fits = false;
            isHost = carried.isCounter.count() <= kMaxCounters;
          }
          continue;
        }
        Value current = loop.getBody()->getArgument(first);
        isHost = isCountable(loop, init.elementType, current, host->elements[i]) &&
                 staysInRange(loop, init.elementType, first++, host->elements[i]);
        yielded.push_back(entry.sizes.get(host->elements[i]));
      }
      if (!isHost) {
        fits = false;
        carried.kind = Carried::NeedsTensor;
      }
      continue;
    }
    ++argument;
    Value tensor;
    fits &= nextTensor(carried, value, tensor, isOk);
    yielded.push_back(tensor);
  }
  return !isOk ? Outcome::Fails : fits ? Outcome::Fits : Outcome::Weakened;
}

} // namespace tgc
