//===- ParallelBranches.cpp - Independent kernels side by side ------------===//
//
// A kernel with enough rows uses all threads by itself. Branches of small kernels (towers, the parts of an
// Inception block) use them only side by side. Ops are visited in order; those that depend on each other form
// chains, the branches. Where two branches meet, what was collected becomes one parallel region, a branch a
// piece, if that saves more than a region costs.
//
//   a1 a2 b1 b2 join(a, b)   ->   region { a1 a2 | b1 b2 }  join
//
// A branch runs on one thread, its ops in their order: the number of threads changes no bit. Places in the
// arena are given afterwards, when the region is one op that uses all buffers of all branches.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/CPU/BranchSteps.h"
#include "compiler/Codegen/CPU/KernelCalls.h"
#include "compiler/Codegen/CPU/LinearAccess.h"
#include "compiler/Codegen/CPU/Passes.h"
#include "compiler/Codegen/CPU/SelectTiling.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace tgc {
#define GEN_PASS_DEF_PARALLELBRANCHESPASS
#include "compiler/Codegen/CPU/Passes.h.inc"

namespace {

/// Regions of an entry that are decided on in the run: each is more code, twice.
constexpr int64_t kMostOpenRegions = 8;

struct Branch {
  SmallVector<Step> steps;
  Effects effects;
  int64_t work = 0;

  void append(Step step) {
    effects.add(step.effects);
    work += step.work;
    steps.push_back(std::move(step));
  }

  Branch dropFront(size_t count) const {
    Branch tail;
    for (const Step &step : ArrayRef(steps).drop_front(count))
      tail.append(step);
    return tail;
  }

  /// The steps after the last one that conflicts with `other`.
  Branch splitAfterConflict(const Effects &other) const {
    size_t first = steps.size();
    while (first > 0 && !steps[first - 1].effects.conflictsWith(other))
      --first;
    return dropFront(first);
  }
};

struct BranchFinder {
  Block &block;
  int64_t &numOpenRegions;
  func::FuncOp entry;
  KernelCalls &kernels;
  OpEffects &opEffects;
  SmallVector<Branch> branches;

  BranchFinder(Block &block, int64_t &numOpenRegions, func::FuncOp entry, KernelCalls &kernels,
               OpEffects &opEffects)
      : block(block), numOpenRegions(numOpenRegions), entry(entry), kernels(kernels), opEffects(opEffects) {}

  void run() {
    for (Operation &op : llvm::make_early_inc_range(block)) {
      Effects effects = opEffects.get(op);
      if (std::optional<int64_t> work = getWork(&op))
        addStep({&op, std::move(effects), *work});
      else
        pass(op, effects);
    }
  }

private:
  //===--------------------------------------------------------------------===//
  // Branches
  //===--------------------------------------------------------------------===//

  void addStep(Step step) {
    SmallVector<size_t> met;
    int64_t numHeavy = 0;
    for (auto [i, branch] : llvm::enumerate(branches))
      if (branch.effects.conflictsWith(step.effects) &&
          branch.splitAfterConflict(step.effects).work < kLeastBranchWork) {
        met.push_back(i);
        numHeavy += branch.work >= kLeastBranchWork;
      }
    if ((numHeavy >= 2 || branches.size() >= kMostBranches) && pays()) {
      emit(step.op);
      met.clear();
    }
    Branch joined;
    SmallVector<Branch> kept;
    for (auto [i, branch] : llvm::enumerate(branches)) {
      if (!llvm::is_contained(met, i))
        keepAfterConflict(std::move(branch), step.effects, kept);
      else if (joined.steps.empty())
        joined = std::move(branch);
      else
        for (Step &own : branch.steps)
          joined.append(std::move(own));
    }
    if (met.size() > 1)
      llvm::sort(joined.steps, [](const Step &a, const Step &b) { return a.op->isBeforeInBlock(b.op); });
    joined.append(std::move(step));
    if (joined.steps.size() > kMostBranchSteps)
      joined = joined.dropFront(kMostBranchSteps / 2);
    if (kept.size() >= kMostBranches)
      kept.clear();
    kept.push_back(std::move(joined));
    branches = std::move(kept);
  }

  /// An op that stays where it is.
  void pass(Operation &op, const Effects &effects) {
    auto conflicts = [&](const Branch &branch) { return branch.effects.conflictsWith(effects); };
    if (llvm::any_of(branches, conflicts) && pays())
      emit(&op);
    SmallVector<Branch> kept;
    for (Branch &branch : branches)
      keepAfterConflict(std::move(branch), effects, kept);
    branches = std::move(kept);
  }

  /// What the branch does up to the conflict stays in its place, before the region.
  static void keepAfterConflict(Branch branch, const Effects &effects, SmallVectorImpl<Branch> &kept) {
    if (!branch.effects.conflictsWith(effects)) {
      kept.push_back(std::move(branch));
      return;
    }
    Branch tail = branch.splitAfterConflict(effects);
    if (!tail.steps.empty())
      kept.push_back(std::move(tail));
  }

  /// Whether two threads would save more than the region costs.
  bool pays() const {
    int64_t total = 0, longest = 0;
    bool isOpen = false;
    for (const Branch &branch : branches) {
      total += branch.work;
      longest = std::max(longest, branch.work);
      for (const Step &step : branch.steps)
        isOpen |= hasOpenWork(step.op);
    }
    if (isOpen && numOpenRegions >= kMostOpenRegions)
      return false;
    return total - std::max(longest, total / 2) >= kLeastSavedWork;
  }

  //===--------------------------------------------------------------------===//
  // Regions
  //===--------------------------------------------------------------------===//

  void emit(Operation *before) {
    OpBuilder builder(before);
    Location loc = builder.getUnknownLoc(); // A branch's kernels know what they do, and for which nodes.
    // The longest first: the others fill the gaps.
    llvm::sort(branches, [](const Branch &a, const Branch &b) {
      return a.work != b.work ? a.work > b.work : a.steps.front().op->isBeforeInBlock(b.steps.front().op);
    });
    Value isWorthIt = decideAtRunTime(builder, loc);
    if (isWorthIt) {
      ++numOpenRegions;
      auto choice = scf::IfOp::create(builder, loc, isWorthIt, /*withElseRegion=*/true);
      SmallVector<Operation *> ops;
      for (const Branch &branch : branches)
        for (const Step &step : branch.steps)
          ops.push_back(step.op);
      llvm::sort(ops, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
      builder.setInsertionPointToStart(choice.thenBlock());
      emitRegion(builder, loc);
      for (Operation *op : ops)
        op->moveBefore(choice.elseBlock()->getTerminator());
    } else {
      emitRegion(builder, loc);
      for (const Branch &branch : branches)
        for (const Step &step : branch.steps)
          step.op->erase();
    }
    branches.clear();
  }

  /// Whether the sizes of the run make it pay: null if that is known now. A kernel that is large enough for
  /// all threads is better off alone.
  Value decideAtRunTime(OpBuilder &builder, Location loc) {
    IndexMath math(builder, loc);
    auto atLeast = [&](Value a, Value b) {
      return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::sge, a, b).getResult();
    };
    OpFoldResult total = math.known(0), longest = math.known(0);
    Value isWorthIt;
    for (const Branch &branch : branches) {
      OpFoldResult work = math.known(0);
      for (const Step &step : branch.steps) {
        OpFoldResult own = computeWork(builder, step);
        work = math.add(work, own);
        if (!step.op->hasAttr(KernelCalls::kChoice))
          continue;
        Value isSmall =
            atLeast(math.materialize(math.known(kLeastParallelProducts - 1)), math.materialize(own));
        isWorthIt = isWorthIt ? arith::AndIOp::create(builder, loc, isWorthIt, isSmall).getResult() : isSmall;
      }
      total = math.add(total, work);
      longest = math.max(longest, work);
    }
    if (getConstantIntValue(total))
      return isWorthIt;
    Value saves =
        atLeast(math.materialize(math.sub(total, longest)), math.materialize(math.known(kLeastSavedWork)));
    return isWorthIt ? arith::AndIOp::create(builder, loc, isWorthIt, saves).getResult() : saves;
  }

  void emitRegion(OpBuilder &builder, Location loc) {
    llvm::SetVector<Value> used;
    for (const Branch &branch : branches)
      for (const Step &step : branch.steps)
        used.insert_range(getArguments(step.op));
    SmallVector<Value> arguments =
        llvm::filter_to_vector(used, [](Value v) { return !matchPattern(v, m_Constant()); });
    func::FuncOp function =
        kernels.getFunction(builder, loc, "tgc_branches_", arguments, [&](OpBuilder &b, Block &body) {
          IRMapping mapping;
          mapping.map(arguments, body.getArguments().drop_back(2));
          for (Value value : used)
            if (matchPattern(value, m_Constant()))
              b.clone(*value.getDefiningOp(), mapping);
          Value one = arith::ConstantIndexOp::create(b, loc, 1);
          unsigned last = body.getNumArguments() - 1;
          auto loop = scf::ForOp::create(b, loc, body.getArgument(last - 1), body.getArgument(last), one);
          OpBuilder::InsertionGuard guard(b);
          b.setInsertionPointToStart(loop.getBody());
          emitChoice(b, loc, loop.getInductionVar(), mapping);
        });
    // Called from one place, the region's body, which has the arguments in memory.
    function->setAttr("passthrough", builder.getStrArrayAttr({"alwaysinline"}));
    Value count = arith::ConstantIndexOp::create(builder, loc, branches.size());
    Value one = arith::ConstantIndexOp::create(builder, loc, 1);
    rt::ParallelForOp::create(builder, loc, entry.getArgument(0), function.getName(), count, one, arguments);
  }

  /// The branch of that number.
  void emitChoice(OpBuilder &b, Location loc, Value number, const IRMapping &mapping) {
    SmallVector<int64_t> cases = llvm::to_vector(llvm::seq<int64_t>(branches.size() - 1));
    auto choice = scf::IndexSwitchOp::create(b, loc, TypeRange(), number, cases, cases.size());
    for (auto [i, branch] : llvm::enumerate(branches)) {
      Region &region = i < cases.size() ? choice.getCaseRegions()[i] : choice.getDefaultRegion();
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(&region.emplaceBlock());
      IRMapping inner(mapping);
      for (const Step &step : branch.steps) {
        func::CallOp call = getSerialCall(step.op);
        b.clone(call ? *call.getOperation() : *step.op, inner);
      }
      scf::YieldOp::create(b, loc);
    }
  }
};

struct ParallelBranchesPass : impl::ParallelBranchesPassBase<ParallelBranchesPass> {
  void runOnOperation() override {
    KernelCalls kernels(getOperation());
    SymbolTable symbols(getOperation());
    forEachEntry(getOperation(), [&](func::FuncOp entry, ArrayRef<Block *> blocks) {
      EntryMemory memory;
      OpEffects effects(memory, symbols);
      int64_t numOpenRegions = 0;
      for (Block *block : blocks)
        BranchFinder(*block, numOpenRegions, entry, kernels, effects).run();
    });
    getOperation().walk([](Operation *op) {
      op->removeDiscardableAttr(KernelCalls::kWork);
      op->removeDiscardableAttr(KernelCalls::kChoice);
    });
  }
};

} // namespace
} // namespace tgc
