//===- PlaceResults.cpp - Compute results where they belong ---------------===//
//
// Elimination of empty tensors computes a fetch in the caller's memory instead of copying it there.
// Bufferization does not know that this memory is written once more by what was to be the copy, so the value
// there must be nobody else's: where another op would update it in place, a list that goes on in a loop or a
// second update of one tensor, it might do so in the fetch, which is then overwritten. Such values keep
// memory of their own.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/Common/Passes.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Bufferization/Transforms/OneShotAnalysis.h"
#include "mlir/Dialect/Bufferization/Transforms/OneShotModuleBufferize.h"
#include "mlir/Dialect/Bufferization/Transforms/Transforms.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/SubsetOpInterface.h"

using namespace mlir;

namespace tgc {
#define GEN_PASS_DEF_PLACERESULTSPASS
#include "compiler/Codegen/Common/Passes.h.inc"

namespace {

/// Whether the op may write over the operand.
bool isOverwritten(OpOperand &use) {
  Operation *op = use.getOwner();
  if (auto destination = dyn_cast<DestinationStyleOpInterface>(op))
    return destination.isDpsInit(&use);
  return isa<scf::ForOp, scf::WhileOp, scf::YieldOp, func::CallOp>(op);
}

/// What a function that is not external returns for a result of a call; null if that is none.
Value getReturned(OpResult result) {
  auto call = dyn_cast<func::CallOp>(result.getOwner());
  auto callee =
      call ? SymbolTable::lookupNearestSymbolFrom<func::FuncOp>(call, call.getCalleeAttr()) : nullptr;
  return callee && !callee.isExternal()
             ? callee.getBody().back().getTerminator()->getOperand(result.getResultNumber())
             : nullptr;
}

Value getPlace(Value value);

/// The argument of the function in whose memory `value` is computed, or null.
BlockArgument getArgument(Value value) {
  while (value && !isa<BlockArgument>(value))
    value = getPlace(value);
  auto argument = dyn_cast_if_present<BlockArgument>(value);
  return argument && isa<func::FuncOp>(argument.getOwner()->getParentOp()) ? argument : nullptr;
}

/// The operand in whose memory the value is computed, or null.
Value getPlace(Value value) {
  auto result = dyn_cast<OpResult>(value);
  if (!result)
    return nullptr;
  Operation *op = result.getOwner();
  if (Value returned = getReturned(result)) {
    BlockArgument argument = getArgument(returned);
    return argument ? op->getOperand(argument.getArgNumber()) : Value();
  }
  if (auto destination = dyn_cast<DestinationStyleOpInterface>(op))
    return destination.getTiedOpOperand(result)->get();
  if (isa<tensor::CastOp, tensor::ExpandShapeOp, tensor::CollapseShapeOp>(op))
    return op->getOperand(0);
  if (auto loop = dyn_cast<scf::ForOp>(op))
    return loop.getInitArgs()[result.getResultNumber()];
  if (auto loop = dyn_cast<scf::WhileOp>(op); loop && loop.getInits().size() == loop.getNumResults())
    return loop.getInits()[result.getResultNumber()];
  return nullptr;
}

/// Whether `source` and all that it is made of in place is written over at most once.
bool isAlone(Value source) {
  for (Value value = source; value && !value.getDefiningOp<tensor::EmptyOp>(); value = getPlace(value)) {
    if (llvm::count_if(value.getUses(), isOverwritten) > 1)
      return false;
    auto result = dyn_cast<OpResult>(value);
    if (Value returned = result ? getReturned(result) : Value(); returned && !isAlone(returned))
      return false;
  }
  return true;
}

/// Whether the memory of `empty` becomes the source's without a copy between, whatever branch is taken.
/// Behind a copy it would be read as what the first op left there, maybe after the source is written.
bool isSameMemory(bufferization::AnalysisState &state, OpOperand &source, Value empty) {
  bufferization::TraversalConfig config;
  config.alwaysIncludeLeaves = false;
  config.followInPlaceOnly = config.followEquivalentOnly = config.followSameTypeOrCastsOnly = true;
  auto isEnd = [&](Value value) { return value == empty || value.getDefiningOp<scf::IfOp>(); };
  llvm::SetVector<Value> ends = state.findValueInReverseUseDefChain(&source, isEnd, config);
  return !ends.empty() && llvm::all_of(ends, [&](Value value) {
    if (value == empty)
      return true;
    auto condition = value.getDefiningOp<scf::IfOp>();
    unsigned number = cast<OpResult>(value).getResultNumber();
    return llvm::all_of(condition->getRegions(), [&](Region &branch) {
      OpOperand &yielded = branch.front().getTerminator()->getOpOperand(number);
      return state.isInPlace(yielded) && isSameMemory(state, yielded, empty);
    });
  });
}

/// Moves each empty tensor of a block up to where its sizes are known. What takes its place is made there,
/// before all that could be computed in a part of it. Sizes of the run alone may have to be checked before
/// there is memory of that size: such tensors stay behind what has effects.
void hoistEmpties(Block &block) {
  SmallVector<std::pair<tensor::EmptyOp, Operation *>> empties;
  Operation *barrier = nullptr;
  for (Operation &op : block) {
    if (auto empty = dyn_cast<tensor::EmptyOp>(op))
      empties.emplace_back(empty, empty.getType().hasStaticShape() ? nullptr : barrier);
    else if (!isMemoryEffectFree(&op))
      barrier = &op;
  }
  for (auto [empty, last] : empties) {
    for (Value operand : empty->getOperands()) {
      Operation *definition = operand.getDefiningOp();
      definition = definition ? block.findAncestorOpInBlock(*definition) : nullptr;
      if (definition && (!last || last->isBeforeInBlock(definition)))
        last = definition;
    }
    if (last)
      empty->moveAfter(last);
    else
      empty->moveBefore(&block, block.begin());
  }
}

struct PlaceResultsPass : impl::PlaceResultsPassBase<PlaceResultsPass> {
  void runOnOperation() override {
    getOperation().walk([](Block *block) { hoistEmpties(*block); });
    bufferization::OneShotBufferizationOptions options;
    options.allowReturnAllocsFromLoops = true;
    options.bufferizeFunctionBoundaries = true;
    bufferization::OneShotAnalysisState state(getOperation(), options);
    if (failed(bufferization::analyzeModuleOp(getOperation(), state)))
      return signalPassFailure();
    IRRewriter rewriter(&getContext());
    auto extract = [&](RewriterBase &rewriter, SubsetInsertionOpInterface insertion, tensor::EmptyOp empty,
                       Operation *user) {
      OpOperand &source = insertion.getSourceOperand();
      return isAlone(source.get()) && isSameMemory(state, source, empty)
                 ? bufferization::buildSubsetExtraction(rewriter, insertion, empty, user)
                 : Value();
    };
    // The last first: where a concatenation goes has to be known before its operands go there.
    SmallVector<SubsetInsertionOpInterface> insertions;
    getOperation().walk([&](SubsetInsertionOpInterface op) { insertions.push_back(op); });
    for (SubsetInsertionOpInterface insertion : llvm::reverse(insertions))
      if (failed(bufferization::eliminateEmptyTensors(rewriter, insertion, state, extract)))
        return signalPassFailure();
  }
};

} // namespace
} // namespace tgc
