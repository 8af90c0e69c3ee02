//===- LoopForms.cpp - Loops in other forms -------------------------------===//
//
// Iterations one after the other where there are few or the trials failed, and loops whose condition changes
// variables.
//
//===----------------------------------------------------------------------===//

#include "dialects/Tg/IR/IterationLimit.h"
#include "frontend/Import/HeldErrors.h"
#include "frontend/Import/LoopImporter.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "llvm/Support/SaveAndRestore.h"

using namespace mlir;

namespace tgc {

using Values = RegionImporter::Values;

/// One iteration after the other, at most `trips`; none if the condition is not known or anything fails.
std::optional<Values> LoopImporter::unroll(int64_t trips) {
  Values values;
  for (const Carried &carried : ArrayRef(all).take_front(numInits))
    values.push_back(carried.init);
  for (int64_t trip = 0; trip <= trips; ++trip) {
    auto predicate = cond(values);
    auto condition =
        failed(predicate) ? FailureOr<Value>() : RegionImporter(entry, loc).getCondition(predicate->front());
    APInt known;
    if (failed(condition) || !matchPattern(*condition, m_ConstantInt(&known)))
      return std::nullopt;
    if (known.isZero())
      return values;
    // What comes after it is not computed, but has the types that the nodes behind the loop expect.
    if (int64_t most = entry.module.options.maxIterations; most > 0 && trip == most)
      tg::createIterationLimit(builder, loc, arith::ConstantIndexOp::create(builder, loc, trip), most);
    auto next = body(values);
    if (failed(next) || next->size() != numInits)
      return std::nullopt;
    values = *next;
    endIteration(entry, before);
  }
  return std::nullopt;
}

/// The same; nothing is left where it fails, and no error.
std::optional<Values> LoopImporter::tryUnroll(int64_t trips) {
  Block *block = builder.getInsertionBlock();
  Operation *last = block->empty() ? nullptr : &block->back();
  IndexBuilder::Mark start = entry.sizes.mark();
  HeldErrors held(builder.getContext());
  llvm::SaveAndRestore<unsigned> inside(entry.numUnrolled, entry.numUnrolled + 1);
  auto values = unroll(trips);
  if (values && held.errors.empty())
    return values;
  entry.sizes.release(start);
  entry.restoreState(before);
  while (!block->empty() && &block->back() != last)
    block->back().erase();
  return std::nullopt;
}

/// For conditions that change variables: the loop carries what the condition says.
FailureOr<Values> LoopImporter::importWithCarriedCondition(ArrayRef<ImportedValue> inits,
                                                           ArrayRef<RegionImporter::CarriedHint> hints) {
  auto first = cond(inits);
  if (failed(first))
    return failure();
  // As a tensor: whether it holds at first must not be taken for all iterations.
  auto holds = RegionImporter(entry, loc).getCondition(first->front());
  if (failed(holds))
    return failure();
  auto asTensor = [&](Value condition) {
    ImportedValue value;
    value.tensor = tensor::FromElementsOp::create(builder, loc,
                                                  RankedTensorType::get({}, builder.getI1Type()), condition);
    return value;
  };
  Values all(inits);
  all.push_back(asTensor(*holds));
  SmallVector<RegionImporter::CarriedHint> allHints(hints);
  if (!allHints.empty())
    allHints.emplace_back();
  auto results =
      RegionImporter(entry, loc)
          .importWhile(
              all, allHints,
              [](ArrayRef<ImportedValue> values) -> FailureOr<Values> { return Values{values.back()}; },
              [&](ArrayRef<ImportedValue> values) -> FailureOr<Values> {
                auto next = body(values.drop_back());
                if (failed(next))
                  return failure();
                auto predicate = cond(*next);
                auto condition = failed(predicate)
                                     ? FailureOr<Value>()
                                     : RegionImporter(entry, loc).getCondition(predicate->front());
                if (failed(condition))
                  return failure();
                next->push_back(asTensor(*condition));
                return next;
              });
  if (succeeded(results))
    results->pop_back();
  return results;
}

} // namespace tgc
