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
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/CPU/NestGroup.h"
#include "compiler/Codegen/CPU/Passes.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include <list>

using namespace mlir;

namespace tgc {
#define GEN_PASS_DEF_GROUPNESTSPASS
#include "compiler/Codegen/CPU/Passes.h.inc"

void RowCount::multiply(Value size) {
  sizes.insert(
      llvm::upper_bound(sizes, size,
                        [](Value a, Value b) { return a.getAsOpaquePointer() < b.getAsOpaquePointer(); }),
      size);
}

const RowForm *Nest::getForm(const RowCount &rows) const {
  for (const RowForm &form : forms)
    if (form.rows == rows)
      return &form;
  return nullptr;
}

bool Nest::isTable(Value base) const {
  return llvm::any_of(tables, [&](const Memory &table) { return table.base == base; });
}

bool Nest::touches(Value base) const {
  return llvm::any_of(memories, [&](const Memory &memory) { return memory.base == base; });
}

namespace {

bool isNumber(Type type) { return type.isIntOrFloat() || isa<ComplexType>(type); }

struct BlockGrouper {
  Block &block;
  KernelCalls &kernels;
  EntryMemory &memory;
  DenseMap<std::pair<Value, int64_t>, Value> &dims;
  std::list<NestGroup> open = {};

  void run() {
    for (Operation &op : llvm::make_early_inc_range(block)) {
      if (auto nest = dyn_cast<linalg::LinalgOp>(op))
        if (auto described = describe(nest)) {
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
  // Sizes
  //===--------------------------------------------------------------------===//

  /// A value that stands for the dynamic size, the same for buffers that were made with one size.
  Value findSize(Value memref, int64_t dim) {
    for (;;) {
      Operation *op = memref.getDefiningOp();
      int64_t index = cast<MemRefType>(memref.getType()).getDynamicDimIndex(dim);
      if (auto alloc = dyn_cast_or_null<memref::AllocOp>(op))
        return alloc.getDynamicSizes()[index];
      if (auto fetch = dyn_cast_or_null<rt::FetchOp>(op))
        return fetch.getSizes()[index];
      if (auto variable = dyn_cast_or_null<rt::NewVariableOp>(op))
        return variable.getSizes()[index];
      if (auto expand = dyn_cast_or_null<memref::ExpandShapeOp>(op))
        return expand.getOutputShape()[index];
      if (auto part = dyn_cast_or_null<memref::SubViewOp>(op); part && part.getDroppedDims().none())
        return cast<Value>(part.getMixedSizes()[dim]);
      auto cast = dyn_cast_or_null<memref::CastOp>(op);
      auto source = cast ? dyn_cast<MemRefType>(cast.getSource().getType()) : nullptr;
      if (!source || !source.isDynamicDim(dim))
        break;
      memref = cast.getSource();
    }
    Value &known = dims[{memref, dim}];
    if (!known) {
      OpBuilder builder(memref.getContext());
      builder.setInsertionPointAfterValue(memref);
      known = memref::DimOp::create(builder, memref.getLoc(), memref, dim);
    }
    return known;
  }

  //===--------------------------------------------------------------------===//
  // Rows
  //===--------------------------------------------------------------------===//

  std::optional<Nest> describe(linalg::LinalgOp op) {
    if (!isa<linalg::GenericOp, linalg::FillOp>(op) || !op.hasPureBufferSemantics() || op->getNumResults())
      return std::nullopt;
    Nest nest = {op, {}, {}, {}};
    for (Value operand : op->getOperands()) {
      auto type = dyn_cast<MemRefType>(operand.getType());
      nest.memories.push_back(type ? memory.find(operand) : Memory());
      if (type && (!nest.memories.back().base || !isNumber(type.getElementType())))
        return std::nullopt;
    }
    if (!findTables(nest))
      return std::nullopt;
    RowCount rows;
    for (auto [loop, type] : llvm::enumerate(op.getIteratorTypesArray())) {
      if (type != utils::IteratorType::parallel || !multiplyBySize(op, loop, rows))
        break;
      if (rows.isOne())
        continue;
      RowForm form = {rows, static_cast<unsigned>(loop + 1), {}};
      if (fillLeading(op, form))
        nest.forms.push_back(std::move(form));
    }
    if (nest.forms.empty())
      return std::nullopt;
    return nest;
  }

  /// Whether the memory that the body itself touches is known, and only read: not what the nest writes.
  bool findTables(Nest &nest) {
    auto result = nest.op->getRegion(0).walk([&](Operation *inner) {
      if (llvm::none_of(inner->getOperandTypes(), llvm::IsaPred<BaseMemRefType>))
        return WalkResult::advance();
      auto load = dyn_cast<memref::LoadOp>(inner);
      if (!load || !isNumber(load.getType()))
        return WalkResult::interrupt();
      nest.tables.push_back(memory.find(load.getMemRef()));
      return nest.tables.back().base ? WalkResult::advance() : WalkResult::interrupt();
    });
    return !result.wasInterrupted() && llvm::none_of(nest.op.getDpsInitsMutable(), [&](OpOperand &init) {
      return nest.isTable(nest.memories[init.getOperandNumber()].base);
    });
  }

  bool multiplyBySize(linalg::LinalgOp op, unsigned loop, RowCount &rows) {
    int64_t size = op.getStaticLoopRanges()[loop];
    if (!ShapedType::isDynamic(size)) {
      rows.multiply(size);
      return size > 0;
    }
    for (OpOperand &operand : op->getOpOperands()) {
      AffineMap map = op.getMatchingIndexingMap(&operand);
      if (auto dim = map.getResultPosition(getAffineDimExpr(loop, op.getContext()))) {
        rows.multiply(findSize(operand.get(), *dim));
        return true;
      }
    }
    return false;
  }

  static bool fillLeading(linalg::LinalgOp op, RowForm &form) {
    SmallVector<int64_t> sizes = op.getStaticLoopRanges();
    bool hasIndex = false;
    op->walk([&](linalg::IndexOp index) { hasIndex |= index.getDim() < form.numLoops; });
    if (hasIndex)
      return false;
    for (OpOperand &operand : op->getOpOperands()) {
      AffineMap map = op.getMatchingIndexingMap(&operand);
      auto type = dyn_cast<MemRefType>(operand.get().getType());
      std::optional<unsigned> leading = type ? countLeading(map, type, sizes, form.numLoops) : RowForm::kSame;
      if (!leading || (*leading == RowForm::kSame && op.isDpsInit(&operand)))
        return false;
      // Several dimensions are seen as one.
      if (*leading != RowForm::kSame && *leading != 1 && !type.getLayout().isIdentity())
        return false;
      form.leading.push_back(*leading);
    }
    return true;
  }

  /// How many of the operand's first dimensions the first loops walk, in order; nothing if they walk it some
  /// other way.
  static std::optional<unsigned> countLeading(AffineMap map, MemRefType type, ArrayRef<int64_t> sizes,
                                              unsigned numLoops) {
    auto isRowLoop = [&](AffineExpr expr) {
      for (unsigned loop = 0; loop < numLoops; ++loop)
        if (sizes[loop] != 1 && expr.isFunctionOfDim(loop))
          return true;
      return false;
    };
    if (llvm::none_of(map.getResults(), isRowLoop))
      return RowForm::kSame;
    unsigned dim = 0;
    for (unsigned loop = 0; loop < numLoops; ++loop) {
      if (sizes[loop] == 1)
        continue;
      while (dim < map.getNumResults() && type.getDimSize(dim) == 1)
        ++dim;
      if (dim == map.getNumResults() || map.getResult(dim) != getAffineDimExpr(loop, map.getContext()))
        return std::nullopt;
      ++dim;
    }
    for (AffineExpr expr : map.getResults().drop_front(dim))
      if (isRowLoop(expr))
        return std::nullopt;
    return dim;
  }

  //===--------------------------------------------------------------------===//
  // Groups
  //===--------------------------------------------------------------------===//

  static Effects getEffects(const Nest &nest) {
    Effects effects;
    linalg::LinalgOp op = nest.op;
    for (OpOperand &operand : op->getOpOperands())
      if (isa<MemRefType>(operand.get().getType()))
        effects.add(nest.memories[operand.getOperandNumber()], op.isDpsInit(&operand));
    for (const Memory &table : nest.tables)
      effects.add(table, /*isWritten=*/false);
    return effects;
  }

  static bool sharesMemory(const NestGroup &group, const Effects &effects) {
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
    OpBuilder builder(before);
    emitNestGroup(builder, group, kernels);
  }
};

struct GroupNestsPass : impl::GroupNestsPassBase<GroupNestsPass> {
  /// Moves a size to where its buffer is made, so that any nest on the buffer may use it.
  static void hoistSize(memref::DimOp dim) {
    Operation *index = dim.getIndex().getDefiningOp(), *source = dim.getSource().getDefiningOp();
    index->moveBefore(dim->getBlock(), dim->getBlock()->begin());
    dim->moveAfter(source ? source : index);
  }

  void runOnOperation() override {
    KernelCalls kernels(getOperation());
    forEachEntry(getOperation(), [&](func::FuncOp entry, ArrayRef<Block *> blocks) {
      EntryMemory memory;
      DenseMap<std::pair<Value, int64_t>, Value> dims;
      entry.walk([&](memref::DimOp dim) {
        if (auto index = dim.getConstantIndex(); index && dim->getBlock() == &entry.front())
          if (dims.try_emplace({dim.getSource(), *index}, dim).second)
            hoistSize(dim);
      });
      for (Block *block : blocks)
        BlockGrouper{*block, kernels, memory, dims}.run();
    });
  }
};

} // namespace
} // namespace tgc
