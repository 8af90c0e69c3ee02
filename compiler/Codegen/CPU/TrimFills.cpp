//===- TrimFills.cpp - Fill borders only ----------------------------------===//
//
// Padding fills a buffer and then computes a part of it over the fill: most of what was stored is stored
// again before anyone reads it. What is left here are the slabs around that part.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/CPU/KernelFacts.h"
#include "compiler/Codegen/CPU/Passes.h"
#include "compiler/Codegen/Common/KernelWork.h"
#include "dialects/Kernel/IR/KernelDialect.h"
#include "dialects/Rt/IR/RtDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

using namespace mlir;

namespace tgc {
#define GEN_PASS_DEF_TRIMFILLSPASS
#include "compiler/Codegen/CPU/Passes.h.inc"

namespace {

/// Bytes that need not be stored twice from which slabs of their own pay.
constexpr int64_t kLeastSavedBytes = 1 << 15;

/// Of one fill: more than two for each dimension that a buffer may have.
constexpr int64_t kMostSlabs = 1024;

/// The sizes of memory that nothing else is a name of: of a buffer, or of what the caller takes a fetch from.
std::optional<SmallVector<OpFoldResult>> getSizesOfOwn(Value memory) {
  if (auto alloc = memory.getDefiningOp<memref::AllocOp>())
    return alloc.getMixedSizes();
  if (auto fetch = memory.getDefiningOp<rt::FetchOp>())
    return getMixedValues(cast<MemRefType>(memory.getType()).getShape(), fetch.getSizes(),
                          memory.getContext());
  return std::nullopt;
}

/// The buffer and all views of it; nothing if it goes by other names too: through loops, conditions,
/// selections.
std::optional<llvm::SmallDenseSet<Value>> collectViews(Value buffer) {
  llvm::SmallDenseSet<Value> views = {buffer};
  SmallVector<Value> open = {buffer};
  while (!open.empty())
    for (Operation *user : open.pop_back_val().getUsers()) {
      bool makesMemory = llvm::any_of(user->getResultTypes(), llvm::IsaPred<BaseMemRefType>);
      bool leavesRegion =
          isa<RegionBranchTerminatorOpInterface>(user) && !isa<FunctionOpInterface>(user->getParentOp());
      if (leavesRegion || isa<RegionBranchOpInterface>(user))
        return std::nullopt;
      if (!makesMemory)
        continue;
      if (!isa<ViewLikeOpInterface>(user) || user->getNumResults() != 1)
        return std::nullopt;
      if (views.insert(user->getResult(0)).second)
        open.push_back(user->getResult(0));
    }
  return views;
}

bool touches(Operation *op, const llvm::SmallDenseSet<Value> &views) {
  return op
      ->walk([&](Operation *inner) {
        bool uses = llvm::any_of(inner->getOperands(), [&](Value value) { return views.contains(value); });
        return uses ? WalkResult::interrupt() : WalkResult::advance();
      })
      .wasInterrupted();
}

/// The memory that the op stores every element of, if that and nothing else of `views` is what it touches.
Value getOverwritten(Operation *op, const llvm::SmallDenseSet<Value> &views) {
  Value target;
  if (auto contract = dyn_cast<kernel::ContractOp>(op)) {
    if (!contract.getAccumulates())
      target = contract.getInit();
  } else if (auto copy = dyn_cast<memref::CopyOp>(op)) {
    target = copy.getTarget();
  } else if (auto fill = dyn_cast<linalg::FillOp>(op)) {
    target = fill.getOutputs()[0];
  } else if (auto generic = dyn_cast<linalg::GenericOp>(op)) {
    if (generic.getNumDpsInits() == 1 && generic.getNumReductionLoops() == 0 &&
        generic.getIndexingMapsArray().back().isPermutation() &&
        generic.getRegion().front().getArguments().back().use_empty())
      target = generic.getDpsInits()[0];
  }
  if (!target || llvm::count_if(op->getOperands(), [&](Value value) { return views.contains(value); }) != 1)
    return {};
  bool isInRegion = llvm::any_of(op->getRegions(), [&](Region &region) {
    return llvm::any_of(region.getOps(), [&](Operation &inner) { return touches(&inner, views); });
  });
  return isInRegion ? Value() : target;
}

struct TrimFillsPass : impl::TrimFillsPassBase<TrimFillsPass> {
  void runOnOperation() override {
    SmallVector<linalg::FillOp> fills;
    getOperation().walk([&](linalg::FillOp fill) {
      if (fill.hasPureBufferSemantics())
        fills.push_back(fill);
    });
    for (linalg::FillOp fill : fills)
      if (memref::SubViewOp part = findOverwrittenPart(fill))
        trim(fill, part);
  }

private:
  /// The part of the filled buffer that is stored next, before anything else touches the buffer.
  static memref::SubViewOp findOverwrittenPart(linalg::FillOp fill) {
    Value memory = fill.getOutputs()[0];
    if (!getSizesOfOwn(memory))
      return {};
    std::optional<llvm::SmallDenseSet<Value>> views = collectViews(memory);
    if (!views)
      return {};
    for (Operation *next = fill->getNextNode(); next; next = next->getNextNode()) {
      if (isa<ViewLikeOpInterface, memref::DimOp>(next) || !touches(next, *views))
        continue;
      Value target = getOverwritten(next, *views);
      auto part = target ? target.getDefiningOp<memref::SubViewOp>() : memref::SubViewOp();
      bool isPart = part && part.getSource() == memory && part->getBlock() == fill->getBlock() &&
                    part.getSourceType().getRank() == part.getType().getRank() && pays(memory, part);
      return isPart ? part : memref::SubViewOp();
    }
    return {};
  }

  /// Whether the part leaves dimensions whole or is a known range of them, and is large enough.
  static bool pays(Value memory, memref::SubViewOp part) {
    auto type = cast<MemRefType>(memory.getType());
    if (!type.getElementType().isIntOrFloat())
      return false;
    SmallVector<OpFoldResult> sizes = *getSizesOfOwn(memory);
    int64_t bytes = llvm::divideCeil(type.getElementTypeBitWidth(), 8);
    bool isTrimmed = false;
    for (int64_t dim = 0; dim < type.getRank(); ++dim) {
      OpFoldResult offset = part.getMixedOffsets()[dim], size = part.getMixedSizes()[dim];
      bool isWhole = size == sizes[dim] && isConstantIntValue(offset, 0);
      bool isKnown = !type.isDynamicDim(dim) && getConstantIntValue(offset) && getConstantIntValue(size);
      if (!isConstantIntValue(part.getMixedStrides()[dim], 1) || (!isWhole && !isKnown))
        return false;
      isTrimmed |= !isWhole;
      if (isKnown)
        bytes *= *getConstantIntValue(size);
    }
    return isTrimmed && bytes >= kLeastSavedBytes;
  }

  /// Of the fill's work it has its own part; numbers below 0 are those of slabs.
  static void describe(linalg::FillOp slab, int64_t number) {
    std::optional<KernelWork> work = getWork(slab.getLoc());
    if (!work || !work->isKnown())
      return;
    SizeNames names;
    SymbolicSize bytes = getBytes(slab.getOutputs()[0], names);
    if (std::optional<std::string> formula = names.getFormula(bytes))
      setWork(slab, {-(work->number * kMostSlabs + number), /*isNest=*/true, work->operations, *formula,
                     work->type});
  }

  /// Fills, for each dimension, what lies before and behind the part, within the part along the dimensions
  /// before.
  static void trim(linalg::FillOp fill, memref::SubViewOp part) {
    OpBuilder builder(fill);
    Location loc = fill.getLoc();
    int64_t slabs = 0;
    Value memory = fill.getOutputs()[0];
    SmallVector<OpFoldResult> sizes = *getSizesOfOwn(memory);
    SmallVector<OpFoldResult> offsets(sizes.size(), builder.getIndexAttr(0)),
        ones(sizes.size(), builder.getIndexAttr(1));
    for (size_t dim = 0; dim < sizes.size(); ++dim) {
      if (part.getMixedSizes()[dim] == sizes[dim])
        continue;
      int64_t begin = *getConstantIntValue(part.getMixedOffsets()[dim]);
      int64_t end = begin + *getConstantIntValue(part.getMixedSizes()[dim]);
      int64_t whole = cast<MemRefType>(memory.getType()).getDimSize(dim);
      for (auto [from, to] :
           {std::pair<int64_t, int64_t>(0, begin), std::pair<int64_t, int64_t>(end, whole)}) {
        if (from == to)
          continue;
        offsets[dim] = builder.getIndexAttr(from);
        sizes[dim] = builder.getIndexAttr(to - from);
        Value slab = memref::SubViewOp::create(builder, loc, memory, offsets, sizes, ones);
        describe(linalg::FillOp::create(builder, loc, fill.getInputs()[0], slab), ++slabs);
      }
      offsets[dim] = builder.getIndexAttr(begin);
      sizes[dim] = builder.getIndexAttr(end - begin);
    }
    fill.erase();
  }
};

} // namespace
} // namespace tgc
