//===- GroupNests.cpp - Which loop nests become one kernel ----------------===//
//
// Fusion of elementwise ops makes one nest of what has one use. What remains between nests goes through
// memory: softmax reads a row three times, an optimizer's step updates several tensors from one gradient. On
// buffers the question is simple: two nests that walk the same rows of every buffer that they share (and that
// one of them writes) may run row by row. No op is named. Columns of a buffer have its rows; what the body of
// a gather reads has none, and nobody in its group may write it.
//
// Ops are visited in order, with several groups open at a time: an op joins a group it shares memory with,
// else begins one; a group ends before an op that conflicts with it. So members of a group may be apart, as
// the updates of several variables are.
//
// A product of rows and of what all rows share may be a member too: what is computed of each row before it
// and after it stays in the caches (docs/decisions/0043-products-join-groups-of-rows.md).
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/CPU/InlineNests.h"
#include "compiler/Codegen/CPU/NestGroup.h"
#include "compiler/Codegen/CPU/Passes.h"
#include "compiler/Codegen/CPU/RowForms.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include <list>

using namespace mlir;

namespace tgc {
#define GEN_PASS_DEF_GROUPNESTSPASS
#include "compiler/Codegen/CPU/Passes.h.inc"

namespace {

/// Nests of a group, and groups that wait for further nests: without a limit, looking at all of them for each
/// nest would make the pass quadratic.
constexpr size_t kMostNestsOfGroup = 128, kMostOpenGroups = 128;

struct BlockGrouper {
  Block &block;
  KernelCalls &kernels;
  EntryMemory &memory;
  RowForms &forms;
  GroupKind kind;
  VectorUnit unit;
  std::list<NestGroup> open = {};

  void run() {
    for (Operation &op : llvm::make_early_inc_range(block)) {
      if (auto described = forms.describe(op, kind)) {
        addNest(std::move(*described));
        continue;
      }
      // What bufferization leaves of a part that is computed in place.
      if (auto copy = dyn_cast<memref::CopyOp>(op); copy && copy.getSource() == copy.getTarget())
        copy.erase();
      else
        closeConflicting(op);
    }
  }

  //===--------------------------------------------------------------------===//
  // Groups
  //===--------------------------------------------------------------------===//

  static Effects getEffects(const Nest &nest) {
    Effects effects;
    DestinationStyleOpInterface op = nest.op;
    for (OpOperand &operand : op->getOpOperands())
      if (isa<MemRefType>(operand.get().getType()))
        effects.add(nest.memories[operand.getOperandNumber()], op.isDpsInit(&operand));
    for (const Memory &table : nest.tables)
      effects.add(table, /*isWritten=*/false);
    return effects;
  }

  /// Whether there is a reason to look at both together. What a product and its group only read stays in no
  /// cache for each other.
  bool sharesMemory(const NestGroup &group, const Effects &effects) const {
    if (kind == GroupKind::AroundProduct)
      return group.effects.conflictsWith(effects);
    return llvm::any_of(effects.touched,
                        [&](const auto &entry) { return group.effects.touched.contains(entry.first); });
  }

  /// Whether both nests, by rows of this number, come to the same row of `base` at the same time.
  static bool walksRows(const Nest &nest, const RowCount &rows, Value base) {
    const RowForm *form = nest.getForm(rows);
    for (auto [i, memory] : llvm::enumerate(nest.memories)) {
      if (memory.base != base)
        continue;
      unsigned leading = form->leading[i];
      if (leading == RowForm::kSame || (!memory.isWhole && (!memory.hasAllRows || leading != 1)))
        return false;
    }
    return !nest.isTable(base);
  }

  static SmallVector<RowCount> findCommonRows(const NestGroup &a, const NestGroup &b) {
    SmallVector<RowCount> common;
    if (a.nests.size() + b.nests.size() > kMostNestsOfGroup || (a.findProduct() && b.findProduct()))
      return common;
    for (const RowCount &rows : a.rows) {
      bool fits = llvm::is_contained(b.rows, rows);
      for (const auto &[base, isWritten] : a.effects.touched) {
        auto found = b.effects.touched.find(base);
        if (!fits || found == b.effects.touched.end() || !(isWritten || found->second))
          continue;
        for (const NestGroup *group : {&a, &b})
          for (const Nest &nest : group->nests)
            fits = fits && walksRows(nest, rows, base);
      }
      if (fits)
        common.push_back(rows);
    }
    return common;
  }

  void addNest(Nest nest) {
    Effects effects = getEffects(nest);
    NestGroup joined;
    for (const RowForm &form : nest.forms)
      joined.rows.push_back(form.rows);
    joined.effects = effects;
    Operation *op = nest.op;
    joined.nests.push_back(std::move(nest));
    for (auto group = open.begin(); group != open.end();) {
      auto current = group++;
      if (!sharesMemory(*current, effects))
        continue;
      SmallVector<RowCount> common = findCommonRows(*current, joined);
      if (!common.empty()) {
        merge(joined, *current, common);
        open.erase(current);
      } else if (current->effects.conflictsWith(effects)) {
        close(*current, op);
        open.erase(current);
      }
    }
    open.push_back(std::move(joined));
    if (open.size() <= kMostOpenGroups)
      return;
    close(open.front(), op);
    open.pop_front();
  }

  static void merge(NestGroup &into, NestGroup &from, ArrayRef<RowCount> common) {
    into.nests.append(std::make_move_iterator(from.nests.begin()), std::make_move_iterator(from.nests.end()));
    llvm::sort(into.nests, [](const Nest &a, const Nest &b) { return a.op->isBeforeInBlock(b.op); });
    into.rows.assign(common.begin(), common.end());
    into.effects.add(from.effects);
  }

  void closeConflicting(Operation &op) {
    Effects effects;
    effects.isUnknown = op.hasTrait<OpTrait::IsTerminator>();
    op.walk([&](Operation *inner) { memory.addEffects(*inner, effects); });
    for (auto group = open.begin(); group != open.end();) {
      auto current = group++;
      if (!current->effects.conflictsWith(effects))
        continue;
      close(*current, &op);
      open.erase(current);
    }
  }

  void close(NestGroup &group, Operation *before) {
    if (kind == GroupKind::OfNests)
      inlineShortNests(group, forms, kind);
    OpBuilder builder(before);
    emitNestGroup(builder, group, kernels, kind, unit);
  }
};

struct GroupNestsPass : impl::GroupNestsPassBase<GroupNestsPass> {
  using GroupNestsPassBase::GroupNestsPassBase;

  /// Moves a size to where its buffer is made, so that any nest on the buffer may use it.
  static void hoistSize(memref::DimOp dim) {
    Operation *index = dim.getIndex().getDefiningOp(), *source = dim.getSource().getDefiningOp();
    index->moveBefore(dim->getBlock(), dim->getBlock()->begin());
    dim->moveAfter(source ? source : index);
  }

  void runOnOperation() override {
    KernelCalls kernels(getOperation());
    GroupKind kind = products ? GroupKind::AroundProduct : GroupKind::OfNests;
    VectorUnit unit = {vectorBytes, vectorRegisters, panelBytes, pairsBfloats, dotsBytes, pairsShorts};
    forEachEntry(getOperation(), [&](func::FuncOp entry, ArrayRef<Block *> blocks) {
      EntryMemory memory;
      DenseMap<std::pair<Value, int64_t>, Value> dims;
      entry.walk([&](memref::DimOp dim) {
        if (auto index = dim.getConstantIndex(); index && dim->getBlock() == &entry.front())
          if (dims.try_emplace({dim.getSource(), *index}, dim).second)
            hoistSize(dim);
      });
      RowForms forms(memory, dims);
      for (Block *block : blocks)
        BlockGrouper{*block, kernels, memory, forms, kind, unit}.run();
    });
  }
};

} // namespace
} // namespace tgc
