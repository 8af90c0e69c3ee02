//===- OutlineLongChains.cpp - Functions of the updates of one tensor -----===//
//
// All values of a tensor that is updated in place alias each other: n updates in a row cost one-shot analysis
// O(n^3), for each of them compares all writes with all reads. Cut into functions of a few updates, and
// functions of those, they cost O(n log n).
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/Common/Outline.h"
#include "compiler/Codegen/Common/Passes.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "llvm/ADT/EquivalenceClasses.h"

using namespace mlir;

namespace tgc {
#define GEN_PASS_DEF_OUTLINELONGCHAINSPASS
#include "compiler/Codegen/Common/Passes.h.inc"

namespace {

/// Updates of one tensor in a block that stay together: less than half a second of analysis. Recurrent nets
/// of this many steps keep their form.
constexpr unsigned kMostUpdates = 32;
/// Updates that a function has, or calls of such functions.
constexpr unsigned kUpdates = 8;

/// The updates of one tensor in the block, or of its parts, in their order: where there are most.
SmallVector<Operation *> getLongestChain(Block &block) {
  llvm::EquivalenceClasses<void *> memory;
  SmallVector<std::pair<Operation *, void *>> updates;
  auto join = [&](Value from, Value to) {
    memory.unionSets(from.getAsOpaquePointer(), to.getAsOpaquePointer());
  };
  for (Operation &op : block) {
    if (isa<tensor::ExtractSliceOp, tensor::CastOp, tensor::ExpandShapeOp, tensor::CollapseShapeOp>(op))
      join(op.getOperand(0), op.getResult(0));
    auto destination = dyn_cast<DestinationStyleOpInterface>(op);
    if (!destination)
      continue;
    for (OpResult result : op.getResults()) {
      Value init = destination.getTiedOpOperand(result)->get();
      if (init.getDefiningOp<tensor::EmptyOp>())
        continue;
      join(init, result);
      updates.push_back({&op, result.getAsOpaquePointer()});
    }
  }
  llvm::DenseMap<void *, SmallVector<Operation *>> chains;
  SmallVector<Operation *> *longest = nullptr;
  for (auto [op, value] : updates) {
    SmallVector<Operation *> &chain = chains[memory.getLeaderValue(value)];
    if (chain.empty() || chain.back() != op)
      chain.push_back(op);
  }
  for (auto &[leader, chain] : chains)
    if (!longest || chain.size() > longest->size() ||
        (chain.size() == longest->size() && chain.front()->isBeforeInBlock(longest->front())))
      longest = &chain;
  return longest ? *longest : SmallVector<Operation *>();
}

struct OutlineLongChainsPass : impl::OutlineLongChainsPassBase<OutlineLongChainsPass> {
  void runOnOperation() override {
    getOperation().walk([&](Block *block) {
      if (block->getParentOp() != getOperation())
        blocks.push_back(block);
    });
    while (!blocks.empty()) {
      Block *block = blocks.pop_back_val();
      SmallVector<Operation *> chain = getLongestChain(*block);
      if (chain.size() <= kMostUpdates)
        continue;
      cut(chain, chain.front());
      blocks.push_back(block);
    }
  }

private:
  /// What is before the last update of the chain, from `first` on, becomes at most as many calls as a
  /// function has updates.
  void cut(ArrayRef<Operation *> chain, Operation *first) {
    size_t perCall = kUpdates;
    while (perCall * kUpdates < chain.size())
      perCall *= kUpdates;
    while (!chain.empty()) {
      ArrayRef<Operation *> part = chain.take_front(perCall);
      chain = chain.drop_front(part.size());
      SmallVector<Operation *> ops;
      Operation *last = part.back(), *next = last->getNextNode();
      // Functions have their own copies of constants.
      for (Operation *op = first; op != next; op = op->getNextNode())
        if (!op->hasTrait<OpTrait::ConstantLike>())
          ops.push_back(op);
      for (Operation &op :
           llvm::make_early_inc_range(llvm::make_range(first->getIterator(), last->getIterator())))
        if (op.hasTrait<OpTrait::ConstantLike>())
          op.moveBefore(ops.front());
      func::FuncOp func = outlineOps(getOperation(), ops, ("tgc_chain_" + Twine(numFunctions++)).str());
      if (part.size() > kUpdates)
        cut(part, ops.front());
      blocks.push_back(&func.getBody().front());
      first = next;
    }
  }

  SmallVector<Block *> blocks;
  unsigned numFunctions = 0;
};

} // namespace
} // namespace tgc
