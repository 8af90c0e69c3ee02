//===- VectorizeNests.cpp - Loop nests on vectors -------------------------===//
//
// Left to itself LLVM keeps scalar what it cannot prove apart, and a nest that sums (or takes a maximum) into
// memory reads and writes its accumulator at every step. Two forms cover what graphs have:
//
//   columns  the result is contiguous along a parallel loop: vectors run along it, the accumulators of a tile
//            of columns stay in registers while all summed loops run inside (elementwise nests, pools,
//            depthwise convolutions, sums over leading dimensions). Each element is summed in the order of
//            the loops. What is the same for all columns is loaded and computed once. Wide columns of f32
//            that are summed in double precision are read in the order of memory instead, four rows at a
//            time, which are added in pairs, in f32; the sums stay in a cache.
//   rows     the operands are contiguous along a summed loop: several vectors of partial results, combined in
//            a fixed tree at the end (softmax, normalisation). Only where the order is free: maxima,
//            integers, and sums that carry the flag `reassoc`. Where f32 are summed in double precision, the
//            vectors of a step are added to one first, in f32: that rounds twice, and widens a quarter.
//
// Columns of large results (GroupEmitter says which) are stored past the caches where vectors are aligned.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/CPU/FreeCombiner.h"
#include "compiler/Codegen/CPU/LinearAccess.h"
#include "compiler/Codegen/CPU/NestVectorizer.h"
#include "compiler/Codegen/CPU/Passes.h"
#include "compiler/Codegen/CPU/TransposeNests.h"
#include "compiler/Codegen/CPU/VectorBody.h"
#include "compiler/Codegen/CPU/VectorizeArgRows.h"
#include "compiler/Codegen/CPU/VectorizeGathers.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace tgc {
#define GEN_PASS_DEF_VECTORIZENESTSPASS
#include "compiler/Codegen/CPU/Passes.h.inc"

namespace {

/// Whether the body and the operands are such that vectors can be made of them at all.
bool canVectorize(linalg::GenericOp op) {
  Block &body = op.getRegion().front();
  if (!op.hasPureBufferSemantics() || op.getNumDpsInits() != 1 ||
      !llvm::all_of(body.getArgumentTypes(), isVectorElement))
    return false;
  for (Operation &inner : body.without_terminator())
    if (!inner.hasTrait<OpTrait::ConstantLike>() && !isa<linalg::IndexOp>(inner) && !isVectorizable(inner))
      return false;
  for (AffineMap map : op.getIndexingMapsArray())
    for (AffineExpr expr : map.getResults())
      if (!isa<AffineConstantExpr>(expr) && !isLinear(expr))
        return false;
  return true;
}

struct VectorizeNestsPass : impl::VectorizeNestsPassBase<VectorizeNestsPass> {
  using VectorizeNestsPassBase::VectorizeNestsPassBase;

  void runOnOperation() override {
    SmallVector<linalg::CopyOp> copies;
    getOperation().walk([&](linalg::CopyOp op) { copies.push_back(op); });
    IRRewriter rewriter(&getContext());
    for (linalg::CopyOp op : copies) {
      rewriter.setInsertionPoint(op);
      (void)linalg::generalizeNamedOp(rewriter, op);
    }
    SmallVector<linalg::GenericOp> nests;
    getOperation().walk([&](linalg::GenericOp op) { nests.push_back(op); });
    VectorUnit unit = {vectorBytes, vectorRegisters, panelBytes};
    llvm::SetVector<func::FuncOp> streaming;
    for (linalg::GenericOp op : nests)
      if (canVectorize(op)) {
        if (NestVectorizer::isStreamed(op, unit))
          streaming.insert(op->getParentOfType<func::FuncOp>());
        if (op.hasIndexSemantics() || !transposeNest(op, unit))
          vectorize(op);
      } else if (!vectorizeArgRows(op, unit)) {
        vectorizeGather(op, unit);
      }
    for (func::FuncOp function : streaming)
      endStores(function);
  }

private:
  /// What went past the caches is in memory before anyone learns that the function is done.
  static void endStores(func::FuncOp function) {
    function.walk([](func::ReturnOp end) {
      OpBuilder builder(end);
      LLVM::FenceOp::create(builder, end.getLoc(), LLVM::AtomicOrdering::seq_cst);
    });
  }

  /// The sum of columns that are too many for the registers, and whose order is free.
  std::optional<FreeCombiner> matchColumnSums(linalg::GenericOp op, int64_t columns) {
    std::optional<FreeCombiner> combiner = matchFreeCombiner(op);
    int64_t floats = std::max<int64_t>(vectorBytes / 4, 1);
    bool areWide = ShapedType::isDynamic(columns) || columns > kColumnAccumulators * floats;
    bool sums = op.getNumReductionLoops() > 0 && combiner && combiner->getSummedFloat();
    return areWide && sums ? combiner : std::nullopt;
  }

  void vectorize(linalg::GenericOp op) {
    SmallVector<SmallVector<int64_t>> strides;
    for (auto [operand, map] : llvm::zip_equal(op->getOperands(), op.getIndexingMapsArray()))
      if (auto type = dyn_cast<MemRefType>(operand.getType()))
        strides.push_back(getKnownStrides(type, map));
    auto isContiguous = [&](unsigned loop) {
      return llvm::all_of(strides,
                          [&](ArrayRef<int64_t> each) { return each[loop] == 0 || each[loop] == 1; });
    };
    SmallVector<int64_t> sizes = op.getStaticLoopRanges();
    SmallVector<utils::IteratorType> types = op.getIteratorTypesArray();
    VectorUnit unit = {vectorBytes, vectorRegisters, panelBytes};
    auto isLonger = [&](unsigned loop, std::optional<unsigned> than) {
      return !than || ShapedType::isDynamic(sizes[loop]) || sizes[loop] > sizes[*than];
    };
    std::optional<unsigned> column, row;
    for (unsigned loop = 0; loop < sizes.size(); ++loop) {
      bool isSummed = types[loop] == utils::IteratorType::reduction;
      if (!isContiguous(loop) || (isSummed ? strides.back()[loop] != 0 : strides.back()[loop] != 1))
        continue;
      std::optional<unsigned> &chosen = isSummed ? row : column;
      if (isLonger(loop, chosen))
        chosen = loop;
    }
    auto isAtLeast = [&](unsigned loop, int64_t size) {
      return ShapedType::isDynamic(sizes[loop]) || sizes[loop] >= size;
    };
    if (column && isAtLeast(*column, kLeastColumns))
      return NestVectorizer(op, *column, matchColumnSums(op, sizes[*column]), unit).run();
    std::optional<FreeCombiner> combiner = matchFreeCombiner(op);
    bool readsAlong = row && llvm::any_of(strides, [&](ArrayRef<int64_t> each) { return each[*row] == 1; });
    if (readsAlong && combiner && isAtLeast(*row, kShortestVectorRow))
      NestVectorizer(op, *row, combiner, unit).run();
  }
};

} // namespace
} // namespace tgc
