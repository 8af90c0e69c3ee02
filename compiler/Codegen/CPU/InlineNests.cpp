//===- InlineNests.cpp - Nests computed where they are read ---------------===//
//
// A value with several readers is a nest of its own: the differences of a layer norm are squared and summed,
// and scaled in the end. In a group of rows its readers walk the same rows, and the row that it is computed
// of is in the nearest cache. So a few ops on one such row are computed again for each reader, as they load;
// else they would be stored and loaded.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/CPU/InlineNests.h"
#include "compiler/Codegen/CPU/KeepLoop.h"
#include "compiler/Codegen/CPU/SelectBlocks.h"
#include "compiler/Codegen/Common/KernelWork.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace tgc {
namespace {

/// Whether the op takes no longer than a load, and makes the same bits wherever it stands.
bool isCheap(Operation &op) {
  if (auto floats = dyn_cast<arith::ArithFastMathInterface>(op))
    if (auto flags = floats.getFastMathFlagsAttr(); flags && flags.getValue() != arith::FastMathFlags::none)
      return false;
  return isa<arith::ArithDialect>(op.getDialect()) &&
         !isa<arith::DivFOp, arith::RemFOp, arith::DivSIOp, arith::DivUIOp, arith::RemSIOp, arith::RemUIOp,
              arith::CeilDivSIOp, arith::CeilDivUIOp, arith::FloorDivSIOp>(op);
}

class NestInliner {
public:
  NestInliner(NestGroup &group, RowForms &forms, GroupKind kind) : group(group), forms(forms), kind(kind) {}

  void run() {
    for (size_t i = 0; i < group.nests.size();)
      if (!inlineNest(i))
        ++i;
  }

private:
  /// Whether the nest is gone.
  bool inlineNest(size_t number) {
    auto producer = dyn_cast<linalg::GenericOp>(static_cast<Operation *>(group.nests[number].op));
    if (!producer || !group.nests[number].tables.empty() || !isShort(producer))
      return false;
    OpOperand *init = producer.getDpsInitOperand(0);
    Memory made = group.nests[number].memories[init->getOperandNumber()];
    auto buffer = made.base.getDefiningOp<memref::AllocOp>();
    if (!buffer || !made.isWhole || !isContiguous(init->get()))
      return false;
    SmallVector<size_t> readers;
    for (size_t i = 0; i < group.nests.size(); ++i)
      if (i != number && group.nests[i].touches(made.base))
        readers.push_back(i);
    if (readers.empty() || readers.front() < number || !isUsedByGroup(buffer) ||
        isChanged(producer, number, readers.back()))
      return false;
    SmallVector<std::pair<size_t, Nest>> replaced;
    for (size_t reader : readers) {
      std::optional<Nest> nest = computeInside(producer, made.base, group.nests[reader]);
      if (!nest) {
        for (auto &[i, other] : replaced)
          other.op->erase();
        return false;
      }
      replaced.emplace_back(reader, std::move(*nest));
    }
    for (auto &[i, nest] : replaced) {
      group.nests[i].op->erase();
      group.nests[i] = std::move(nest);
    }
    producer->erase();
    group.nests.erase(group.nests.begin() + number);
    group.effects.touched.erase(made.base);
    eraseWithViews(buffer);
    return true;
  }

  /// Few ops on elements of one operand, and on what is the same for a row.
  static bool isShort(linalg::GenericOp op) {
    Block &body = op.getRegion().front();
    OpOperand *init = op.getDpsInitOperand(0);
    if (op.getNumDpsInits() != 1 || op.getNumReductionLoops() || op.getNumLoops() == 0 ||
        op.payloadUsesValueFromOperand(init) || !op.getMatchingIndexingMap(init).isPermutation())
      return false;
    auto movesAlong = [&](OpOperand *input) {
      return op.getMatchingIndexingMap(input).isFunctionOfDim(op.getNumLoops() - 1);
    };
    return llvm::count_if(op.getDpsInputOperands(), movesAlong) == 1 &&
           countOpsOfElement(op) <= kMostOpsComputedAgain && llvm::all_of(body.without_terminator(), isCheap);
  }

  static bool isContiguous(Value memory) {
    return cast<MemRefType>(memory.getType()).getLayout().isIdentity();
  }

  bool isUsedByGroup(Operation *op) const {
    return llvm::all_of(op->getUsers(), [&](Operation *user) {
      return llvm::any_of(group.nests, [&](const Nest &nest) { return nest.op == user; }) ||
             (isa<memref::ExpandShapeOp, memref::CollapseShapeOp, memref::CastOp>(user) &&
              isUsedByGroup(user));
    });
  }

  static void eraseWithViews(Operation *op) {
    for (Operation *user : llvm::make_early_inc_range(op->getUsers()))
      eraseWithViews(user);
    op->erase();
  }

  /// Whether the nests up to the last reader write to what the producer reads.
  bool isChanged(linalg::GenericOp producer, size_t number, size_t last) const {
    for (size_t i = number + 1; i <= last; ++i) {
      DestinationStyleOpInterface op = group.nests[i].op;
      for (OpOperand &init : op.getDpsInitsMutable())
        for (OpOperand *input : producer.getDpsInputOperands())
          if (isa<MemRefType>(input->get().getType()) &&
              group.nests[number].memories[input->getOperandNumber()].base ==
                  group.nests[i].memories[init.getOperandNumber()].base)
            return true;
    }
    return false;
  }

  /// The reader with the producer's ops inside, in front of it; nothing if it cannot be.
  std::optional<Nest> computeInside(linalg::GenericOp producer, Value made, const Nest &nest) {
    auto reader = dyn_cast<linalg::GenericOp>(static_cast<Operation *>(nest.op));
    if (!reader)
      return std::nullopt;
    SmallVector<Value> inputs;
    SmallVector<AffineMap> maps;
    // Where the arguments of the reader's body come from: an operand of its own, or the producer's operands
    // from that place on.
    SmallVector<std::pair<unsigned, bool>> sources;
    for (OpOperand &operand : reader->getOpOperands()) {
      AffineMap map = reader.getMatchingIndexingMap(&operand);
      bool isMade = nest.memories[operand.getOperandNumber()].base == made;
      sources.emplace_back(maps.size(), isMade);
      if (!isMade) {
        maps.push_back(map);
        if (reader.isDpsInput(&operand))
          inputs.push_back(operand.get());
        continue;
      }
      std::optional<SmallVector<AffineExpr>> loops = findLoops(producer, operand.get(), map);
      if (!loops || reader.isDpsInit(&operand))
        return std::nullopt;
      for (OpOperand *input : producer.getDpsInputOperands()) {
        inputs.push_back(input->get());
        maps.push_back(producer.getMatchingIndexingMap(input).replaceDimsAndSymbols(
            *loops, {}, map.getNumDims(), /*numResultSyms=*/0));
      }
    }
    if (!inversePermutation(concatAffineMaps(maps, reader.getContext())))
      return std::nullopt;
    OpBuilder builder(reader);
    auto inlined = linalg::GenericOp::create(builder, describeBoth(producer, reader), TypeRange(), inputs,
                                             reader.getDpsInits(), maps, reader.getIteratorTypesArray());
    emitBody(producer, reader, inlined, sources);
    std::optional<Nest> described = forms.describe(*inlined, kind);
    if (described && llvm::all_of(group.rows, [&](const RowCount &rows) { return described->getForm(rows); }))
      return described;
    inlined->erase();
    return std::nullopt;
  }

  /// The reader's location, with the work of both.
  static Location describeBoth(linalg::GenericOp producer, linalg::GenericOp reader) {
    std::optional<KernelWork> inside = getWork(producer.getLoc()), own = getWork(reader.getLoc());
    if (!inside || !own || !inside->isKnown() || !own->isKnown())
      return reader.getLoc();
    own->operations = addFormulas(inside->operations, own->operations);
    return describeWork(reader.getLoc(), *own);
  }

  /// What the producer's loops are where the reader's are those of `map`, if both see the buffer's dimensions
  /// alike, but for those of one element.
  static std::optional<SmallVector<AffineExpr>> findLoops(linalg::GenericOp producer, Value view,
                                                          AffineMap map) {
    OpOperand *init = producer.getDpsInitOperand(0);
    auto from = cast<MemRefType>(init->get().getType()), to = cast<MemRefType>(view.getType());
    if (!isContiguous(view) || from.getNumDynamicDims() > 1 || to.getNumDynamicDims() > 1)
      return std::nullopt;
    AffineMap made = producer.getMatchingIndexingMap(init);
    SmallVector<AffineExpr> loops(producer.getNumLoops(), getAffineConstantExpr(0, view.getContext()));
    int64_t dim = 0;
    for (int64_t own = 0; own < from.getRank(); ++own) {
      if (from.getDimSize(own) == 1)
        continue;
      while (dim < to.getRank() && to.getDimSize(dim) == 1)
        ++dim;
      if (dim == to.getRank() || to.getDimSize(dim) != from.getDimSize(own))
        return std::nullopt;
      loops[made.getDimPosition(own)] = map.getResult(dim++);
    }
    while (dim < to.getRank() && to.getDimSize(dim) == 1)
      ++dim;
    if (dim != to.getRank())
      return std::nullopt;
    return loops;
  }

  static void emitBody(linalg::GenericOp producer, linalg::GenericOp reader, linalg::GenericOp inlined,
                       ArrayRef<std::pair<unsigned, bool>> sources) {
    Region &region = inlined.getRegion();
    OpBuilder builder(inlined.getContext());
    Block *body = builder.createBlock(&region);
    for (Value operand : inlined->getOperands())
      body->addArgument(getElementTypeOrSelf(operand.getType()), inlined.getLoc());
    IRMapping mapping;
    for (auto [argument, source] : llvm::zip_equal(reader.getRegion().getArguments(), sources)) {
      auto [first, isMade] = source;
      if (!isMade) {
        mapping.map(argument, body->getArgument(first));
        continue;
      }
      IRMapping inner;
      Block &made = producer.getRegion().front();
      for (auto [i, input] : llvm::enumerate(made.getArguments().drop_back()))
        inner.map(input, body->getArgument(first + i));
      for (Operation &op : made.without_terminator())
        builder.clone(op, inner);
      mapping.map(argument, inner.lookupOrDefault(made.getTerminator()->getOperand(0)));
    }
    for (Operation &op : reader.getRegion().front())
      builder.clone(op, mapping);
  }

  NestGroup &group;
  RowForms &forms;
  GroupKind kind;
};

} // namespace

void inlineShortNests(NestGroup &group, RowForms &forms, GroupKind kind) {
  NestInliner(group, forms, kind).run();
}

} // namespace tgc
