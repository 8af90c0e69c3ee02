//===- ScheduleKernels.cpp - Kernels in the order that needs least memory -===//
//
// A graph names its nodes in any order. Where it goes through several branches side by side, what each of
// them leaves waits for the others. Here kernels are final and what they read and write is known exactly:
// each block gets an order in which less lives at one time, if there is one.
//
// What the order must keep: reads and writes of one memory; calls of the host and what the runtime is asked
// for, among each other; checks before all that comes after them, which may rely on them; variables unchanged
// until nothing can end the run that came before their change. Ops that compute sizes and views go where they
// are needed.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/Common/ArenaPlan.h"
#include "compiler/Codegen/Common/ListScheduler.h"
#include "compiler/Codegen/Common/MemoryEffects.h"
#include "compiler/Codegen/Common/Passes.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;

namespace tgc {
#define GEN_PASS_DEF_SCHEDULEKERNELSPASS
#include "compiler/Codegen/Common/Passes.h.inc"

namespace {

/// Ops that stand wherever somebody needs them.
bool isOnDemand(Operation *op) { return isPure(op) || isa<memref::AllocOp>(op); }

/// Ops by the values of which `op` or something in it is computed.
SmallVector<Operation *> getSources(Operation *op) {
  llvm::SetVector<Value> used(op->operand_begin(), op->operand_end());
  getUsedValuesDefinedAbove(op->getRegions(), used);
  SmallVector<Operation *> sources;
  for (Value value : used)
    if (Operation *source = value.getDefiningOp(); source && source->getBlock() == op->getBlock())
      sources.push_back(source);
  return sources;
}

/// What an op does beyond memory.
struct Order {
  /// It keeps its place among its like.
  bool isStateful = false;
  /// Ops after it may rely on what it has found out.
  bool isCheck = false;
  bool changesVariable = false;
  /// Nothing passes it.
  bool isBarrier = false;
};

Order getOrder(Operation *op, const Effects &effects) {
  Order order;
  order.isBarrier = effects.isUnknown;
  order.changesVariable = llvm::any_of(effects.touched, [](const auto &entry) {
    return entry.second && isa<rt::VariableOp, rt::NewVariableOp>(entry.first.getDefiningOp());
  });
  op->walk([&](Operation *inner) {
    auto call = dyn_cast<rt::HostCallOp>(inner);
    order.isCheck |=
        isa<rt::FailOp>(inner) || (call && call.getOutputs().empty() && call.getResults().empty());
    if (isa<rt::FailOp, rt::HostCallOp, rt::VariableOp, rt::NewVariableOp, rt::FetchOp>(inner))
      order.isStateful = true;
    else if (isa<rt::RtDialect>(inner->getDialect()) && !isPure(inner) &&
             !isa<rt::ParallelForOp, rt::LaunchOp>(inner))
      order.isBarrier = true;
    else if (auto function = dyn_cast<func::CallOp>(inner))
      order.isBarrier |=
          SymbolTable::lookupNearestSymbolFrom<func::FuncOp>(function, function.getCalleeAttr())
              .isDeclaration();
  });
  return order;
}

/// The ops of a block as steps.
class BlockSteps {
public:
  BlockSteps(Block &block, OpEffects &effects, const DenseMap<Block *, int64_t> &peaks)
      : block(block), effects(effects), peaks(peaks) {}

  StepGraph graph;
  SmallVector<Operation *> ops;

  void build(ArrayRef<Buffer *> buffers) {
    for (Operation &op : block) {
      numbers[&op] = ops.size();
      ops.push_back(&op);
      addStep(op);
    }
    for (Buffer *buffer : buffers)
      addBuffer(*buffer);
  }

private:
  void addStep(Operation &op) {
    unsigned number = graph.steps.size();
    graph.steps.emplace_back();
    for (Operation *source : getSources(&op))
      graph.addOrder(numbers.lookup(source), number);
    for (Region &region : op.getRegions())
      for (Block &inner : region)
        graph.steps.back().inner = std::max(graph.steps.back().inner, peaks.lookup(&inner));
    if (!isOnDemand(&op) || op.hasTrait<OpTrait::IsTerminator>())
      addEffects(op, number);
  }

  void addEffects(Operation &op, unsigned number) {
    Effects own = effects.get(op);
    Order order = getOrder(&op, own);
    if (barrier)
      graph.addOrder(*barrier, number);
    if (order.isBarrier) {
      for (unsigned other : sinceBarrier)
        graph.addOrder(other, number);
      sinceBarrier.clear();
      memories.clear();
      state = Accesses();
      check.reset();
      barrier = number;
      return;
    }
    sinceBarrier.push_back(number);
    if (check)
      graph.addOrder(*check, number);
    for (const auto &[base, isWritten] : own.touched)
      if (!isa<rt::FeedOp, rt::WeightsOp, memref::GetGlobalOp>(base.getDefiningOp()))
        access(memories[base], number, isWritten);
    if (order.isStateful || order.changesVariable)
      access(state, number, order.isStateful);
    if (order.isCheck)
      check = number;
  }

  /// Who touched something since it was written.
  struct Accesses {
    std::optional<unsigned> writer;
    SmallVector<unsigned, 4> readers;
  };

  void access(Accesses &accesses, unsigned number, bool isWritten) {
    if (accesses.writer)
      graph.addOrder(*accesses.writer, number);
    if (!isWritten) {
      accesses.readers.push_back(number);
      return;
    }
    for (unsigned reader : accesses.readers)
      graph.addOrder(reader, number);
    accesses = {number, {}};
  }

  void addBuffer(Buffer &buffer) {
    llvm::SmallSetVector<unsigned, 8> users;
    for (Operation *op : findUses(buffer.alloc).ops)
      users.insert(numbers.lookup(block.findAncestorOpInBlock(*op)));
    for (unsigned user : users)
      graph.steps[user].buffers.push_back(graph.sizes.size());
    graph.sizes.push_back(buffer.getAssumedBytes());
  }

  Block &block;
  OpEffects &effects;
  /// What blocks inside need by themselves.
  const DenseMap<Block *, int64_t> &peaks;
  DenseMap<Operation *, unsigned> numbers;
  DenseMap<Value, Accesses> memories;
  Accesses state;
  SmallVector<unsigned> sinceBarrier;
  std::optional<unsigned> barrier, check;
};

/// Puts the ops of a block in another order. What is computed on demand comes before the first that needs it,
/// or, if it stands before all else, stays.
class Reorder {
public:
  explicit Reorder(Block &block) : block(block), last(block.getTerminator()) {}

  void run(ArrayRef<Operation *> order) {
    SmallVector<Operation *> head;
    for (Operation &op : block) {
      if (!isOnDemand(&op))
        break;
      head.push_back(&op);
    }
    llvm::for_each(head, [&](Operation *op) { place(op); });
    for (Operation *op : order)
      if (!isOnDemand(op) && op != last)
        place(op);
    for (Operation *op : order)
      if (op != last)
        place(op);
  }

private:
  void place(Operation *op) {
    SmallVector<Operation *> stack = {op};
    while (!stack.empty()) {
      Operation *top = stack.back();
      size_t before = stack.size();
      if (!placed.contains(top))
        for (Operation *source : getSources(top))
          if (!placed.contains(source))
            stack.push_back(source);
      if (stack.size() != before)
        continue;
      stack.pop_back();
      if (placed.insert(top).second)
        top->moveBefore(last);
    }
  }

  Block &block;
  Operation *last;
  llvm::DenseSet<Operation *> placed;
};

std::vector<Buffer> collectBuffers(func::FuncOp entry) {
  std::vector<Buffer> buffers;
  entry.walk([&](memref::AllocOp alloc) {
    buffers.emplace_back(alloc);
    llvm::sort(buffers.back().sizes,
               [](Value a, Value b) { return a.getAsOpaquePointer() < b.getAsOpaquePointer(); });
  });
  return buffers;
}

class EntryScheduler {
public:
  EntryScheduler(func::FuncOp entry, SymbolTable &symbols) : entry(entry), effects(memory, symbols) {}

  void run(ArrayRef<Block *> blocks) {
    std::vector<Buffer> buffers = collectBuffers(entry);
    if (buffers.size() < 2)
      return;
    DenseMap<Block *, SmallVector<Buffer *>> homes;
    for (Buffer &buffer : buffers)
      homes[findUses(buffer.alloc).home].push_back(&buffer);
    for (Block *block : blocks)
      visit(*block, homes.lookup(block));
    if (given.empty())
      return;
    int64_t after = ArenaPlan(entry, buffers).getAssumedBytes();
    auto swap = [&] {
      for (auto &[block, order] : given) {
        SmallVector<Operation *> current;
        for (Operation &op : block->without_terminator())
          current.push_back(&op);
        for (Operation *op : order)
          op->moveBefore(block->getTerminator());
        order = std::move(current);
      }
    };
    // Places in the arena may need more than what lives at one time.
    swap();
    if (after < ArenaPlan(entry, std::move(buffers)).getAssumedBytes())
      swap();
  }

private:
  void visit(Block &block, ArrayRef<Buffer *> buffers) {
    BlockSteps steps(block, effects, peaks);
    steps.build(buffers);
    SmallVector<unsigned> own = llvm::to_vector(llvm::seq<unsigned>(0, steps.ops.size()));
    SmallVector<unsigned> order = buffers.size() > 1 ? schedule(steps.graph) : SmallVector<unsigned>();
    peaks[&block] = countLiveBytes(steps.graph, order.empty() ? own : order);
    if (order.empty())
      return;
    given.emplace_back(&block, ArrayRef(steps.ops).drop_back());
    SmallVector<Operation *> ops;
    for (unsigned number : order)
      ops.push_back(steps.ops[number]);
    Reorder(block).run(ops);
  }

  func::FuncOp entry;
  EntryMemory memory;
  OpEffects effects;
  DenseMap<Block *, int64_t> peaks;
  /// Blocks that have changed, with their ops as they were.
  std::vector<std::pair<Block *, SmallVector<Operation *>>> given;
};

struct ScheduleKernelsPass : impl::ScheduleKernelsPassBase<ScheduleKernelsPass> {
  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    forEachEntry(getOperation(), [&](func::FuncOp entry, ArrayRef<Block *> blocks) {
      EntryScheduler(entry, symbols).run(blocks);
    });
  }
};

} // namespace
} // namespace tgc
