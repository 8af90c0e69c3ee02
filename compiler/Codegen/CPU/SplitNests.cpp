//===- SplitNests.cpp - Large loop nests on all threads -------------------===//
//
// What groups of rows leave: nests whose operands are walked in other orders (transposes, windows, sums over
// rows, gathers) and sums of few results. Two forms:
//
//   shares   threads take parts of one parallel loop, each of which writes a part of the result of its own
//   blocks   a summed loop is cut into a fixed number of blocks; their results are combined in order
//
// Loops that are no nests, but are marked as independent, are shared out too (ShareLoops).
//
// Blocks and the least share do not depend on the number of threads, so neither do the bits.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/CPU/FreeCombiner.h"
#include "compiler/Codegen/CPU/KernelCalls.h"
#include "compiler/Codegen/CPU/LinearAccess.h"
#include "compiler/Codegen/CPU/Passes.h"
#include "compiler/Codegen/CPU/SelectTiling.h"
#include "compiler/Codegen/CPU/ShareLoops.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;

namespace tgc {
#define GEN_PASS_DEF_SPLITNESTSPASS
#include "compiler/Codegen/CPU/Passes.h.inc"

namespace {

/// The constant factor of the loop in a sum of loops; nothing if it occurs in another way.
std::optional<int64_t> getFactor(AffineExpr expr, unsigned loop) {
  if (!expr.isFunctionOfDim(loop))
    return 0;
  if (isa<AffineDimExpr>(expr))
    return 1;
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary)
    return std::nullopt;
  auto left = getFactor(binary.getLHS(), loop), right = getFactor(binary.getRHS(), loop);
  if (!left || !right)
    return std::nullopt;
  if (expr.getKind() == AffineExprKind::Add)
    return *left + *right;
  auto factor = dyn_cast<AffineConstantExpr>(binary.getRHS());
  if (expr.getKind() == AffineExprKind::Mul && factor)
    return *left * factor.getValue();
  return std::nullopt;
}

/// Whether a part of the loop sees a part of each operand, in the same order.
bool canCut(linalg::LinalgOp op, unsigned loop) {
  for (AffineMap map : op.getIndexingMapsArray())
    for (AffineExpr expr : map.getResults())
      if (std::optional<int64_t> factor = getFactor(expr, loop); !factor || *factor < 0)
        return false;
  return true;
}

struct NestSplitter {
  linalg::LinalgOp op;
  KernelCalls &kernels;
  OpBuilder builder;
  Location loc;
  IndexMath math;
  SmallVector<int64_t> known;
  SmallVector<utils::IteratorType> types;
  SmallVector<OpFoldResult> sizes = {};
  /// What the kernel takes: all values that the nest uses but constants.
  SmallVector<Value> arguments = {};
  llvm::SetVector<Value> constants = {};

  NestSplitter(linalg::LinalgOp op, KernelCalls &kernels)
      : op(op), kernels(kernels), builder(op), loc(op.getLoc()), math(builder, loc),
        known(op.getStaticLoopRanges()), types(op.getIteratorTypesArray()) {}

  void run() {
    if (!op.hasPureBufferSemantics() || op.getNumDpsInits() != 1 || op->getNumResults())
      return;
    if (!mayPay() || !collectArguments())
      return;
    std::optional<unsigned> shared = chooseSharedLoop(), summed = chooseSummedLoop();
    auto generic = dyn_cast<linalg::GenericOp>(op.getOperation());
    std::optional<FreeCombiner> combiner = generic ? matchFreeCombiner(generic) : std::nullopt;
    if (!shared && (!summed || !combiner))
      return;
    // Whole rows are read faster than strips of columns (ColumnSums.cpp).
    if (summed && combiner && combiner->getSummedFloat() &&
        known[*summed] >= kParallelPieces * kLeastColumnsOfShare)
      shared.reset();
    for (Range range : op.createLoopRanges(builder, loc))
      sizes.push_back(range.size);
    if (shared)
      shareLoop(*shared);
    else
      sumBlocks(*summed, *combiner);
    op->erase();
  }

private:
  /// Nests that are known to be small stay in the entry, where LLVM sees what is around them; so do those
  /// whose known sizes let that be expected.
  bool mayPay() const {
    int64_t work = getCostOfElement(op), numOpen = llvm::count(known, ShapedType::kDynamic);
    for (unsigned loop = 0; loop < known.size(); ++loop)
      work = llvm::SaturatingMultiply<uint64_t>(work, getTypicalSize(loop));
    // Of a list or a matrix without a known size nothing can be expected.
    bool isUnknown = numOpen == static_cast<int64_t>(known.size()) && numOpen <= 2;
    return work >= kLeastParallelProducts || isUnknown;
  }

  bool collectArguments() {
    llvm::SetVector<Value> used(op->operand_begin(), op->operand_end());
    getUsedValuesDefinedAbove(op->getRegions(), used);
    for (Value value : used) {
      Operation *definition = value.getDefiningOp();
      Type type = value.getType();
      if (definition && definition->hasTrait<OpTrait::ConstantLike>())
        constants.insert(value);
      else if (isa<MemRefType, IndexType>(type) ||
               (type.isIntOrFloat() && type.getIntOrFloatBitWidth() <= 64))
        arguments.push_back(value);
      else
        return false;
    }
    return true;
  }

  int64_t getTypicalSize(unsigned loop) const {
    return ShapedType::isDynamic(known[loop]) ? kTypicalSize : known[loop];
  }

  //===--------------------------------------------------------------------===//
  // Which loop
  //===--------------------------------------------------------------------===//

  /// The outermost dimension of the result that is long enough to share out, if there are many results.
  std::optional<unsigned> chooseSharedLoop() {
    AffineMap map = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
    int64_t numResults = 1;
    std::optional<unsigned> chosen;
    for (auto [dim, expr] : llvm::enumerate(map.getResults())) {
      auto loop = dyn_cast<AffineDimExpr>(expr);
      if (!loop)
        continue;
      unsigned position = loop.getPosition();
      numResults *= getTypicalSize(position);
      bool isLast = dim + 1 == map.getNumResults();
      if (types[position] != utils::IteratorType::parallel || !canCut(op, position) ||
          getTypicalSize(position) < (isLast ? 4 * kLeastColumnsOfShare : 2))
        continue;
      if (!chosen || (getTypicalSize(*chosen) < kParallelPieces &&
                      getTypicalSize(position) > getTypicalSize(*chosen) && !isLast))
        chosen = position;
    }
    bool isSummed = op.getNumReductionLoops() > 0;
    return isSummed && numResults < kLeastSharedResults ? std::nullopt : chosen;
  }

  /// The longest summed loop.
  std::optional<unsigned> chooseSummedLoop() {
    std::optional<unsigned> chosen;
    for (unsigned loop = 0; loop < known.size(); ++loop)
      if (types[loop] == utils::IteratorType::reduction && canCut(op, loop) &&
          getTypicalSize(loop) >= kParallelPieces &&
          (!chosen || getTypicalSize(loop) > getTypicalSize(*chosen)))
        chosen = loop;
    AffineMap map = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
    return map.isProjectedPermutation() ? chosen : std::nullopt;
  }

  //===--------------------------------------------------------------------===//
  // Code around the kernels
  //===--------------------------------------------------------------------===//

  OpFoldResult getWork() {
    OpFoldResult work = math.known(getCostOfElement(op));
    for (OpFoldResult size : sizes)
      work = math.mul(work, size);
    return work;
  }

  /// Calls a kernel for [0, count), in parallel if the work is large.
  void call(func::FuncOp function, ArrayRef<Value> operands, OpFoldResult count) {
    KernelCalls::call(builder, loc, function, operands, count, getWork());
  }

  /// Maps what the nest uses to the function's arguments.
  void mapArguments(OpBuilder &b, Block &body, IRMapping &mapping) {
    for (auto [i, argument] : llvm::enumerate(arguments))
      mapping.map(argument, body.getArgument(i));
    for (Value value : constants)
      b.clone(*value.getDefiningOp(), mapping);
  }

  /// The part of an operand that `size` iterations of the loop from `first` on see.
  Value cut(OpBuilder &b, const IRMapping &mapping, OpOperand &operand, unsigned loop, OpFoldResult first,
            OpFoldResult size, OpFoldResult whole) {
    Value memory = mapping.lookup(operand.get());
    AffineMap map = op.getMatchingIndexingMap(&operand);
    if (!isa<MemRefType>(memory.getType()) || !map.isFunctionOfDim(loop))
      return memory;
    IndexMath inner(b, loc);
    SmallVector<OpFoldResult> lengths = memref::getMixedSizes(b, loc, memory);
    SmallVector<OpFoldResult> offsets(lengths.size(), inner.known(0)), steps(lengths.size(), inner.known(1));
    for (auto [dim, expr] : llvm::enumerate(map.getResults())) {
      OpFoldResult factor = inner.known(*getFactor(expr, loop));
      if (isConstantIntValue(factor, 0))
        continue;
      offsets[dim] = inner.mul(first, factor);
      // Of a plain dimension the part has one element per iteration; of a window, what is around it too.
      lengths[dim] = isa<AffineDimExpr>(expr)
                         ? size
                         : inner.sub(lengths[dim], inner.mul(inner.sub(whole, size), factor));
    }
    return memref::SubViewOp::create(b, loc, memory, offsets, lengths, steps);
  }

  /// The nest over a part of the loop; `result`: where to, if not to the nest's own result.
  void emitPart(OpBuilder &b, const IRMapping &mapping, unsigned loop, OpFoldResult first, OpFoldResult size,
                OpFoldResult whole, Value result) {
    SmallVector<Value> inputs;
    for (OpOperand *input : op.getDpsInputOperands())
      inputs.push_back(cut(b, mapping, *input, loop, first, size, whole));
    if (!result)
      result = cut(b, mapping, *op.getDpsInitOperand(0), loop, first, size, whole);
    auto part = linalg::GenericOp::create(b, loc, TypeRange(), inputs, ValueRange{result},
                                          op.getIndexingMapsArray(), types);
    IRMapping inner(mapping);
    op->getRegion(0).cloneInto(&part.getRegion(), inner);
    part.walk([&](linalg::IndexOp index) {
      if (index.getDim() != loop)
        return;
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointAfter(index);
      auto moved = arith::AddIOp::create(b, loc, index, IndexMath(b, loc).materialize(first));
      index.getResult().replaceAllUsesExcept(moved, moved);
    });
  }

  /// The size as the kernel sees it: an argument if it is open.
  static OpFoldResult pass(OpFoldResult size, SmallVectorImpl<Value> &passed) {
    if (auto value = dyn_cast<Value>(size))
      passed.push_back(value);
    return size;
  }

  //===--------------------------------------------------------------------===//
  // Shares
  //===--------------------------------------------------------------------===//

  void shareLoop(unsigned loop) {
    AffineMap map = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
    bool isLast = map.getResult(map.getNumResults() - 1) == builder.getAffineDimExpr(loop);
    OpFoldResult unit = math.known(isLast ? kLeastColumnsOfShare : 1);
    SmallVector<Value> operands = arguments;
    OpFoldResult whole = pass(sizes[loop], operands);
    func::FuncOp function =
        kernels.getFunction(builder, loc, "tgc_share_", operands, [&](OpBuilder &b, Block &body) {
          IRMapping mapping;
          mapArguments(b, body, mapping);
          IndexMath inner(b, loc);
          unsigned last = body.getNumArguments() - 1;
          OpFoldResult length = isa<Value>(whole) ? OpFoldResult(body.getArgument(last - 2)) : whole;
          OpFoldResult first = inner.mul(OpFoldResult(body.getArgument(last - 1)), unit);
          OpFoldResult end = inner.min(inner.mul(OpFoldResult(body.getArgument(last)), unit), length);
          emitPart(b, mapping, loop, first, inner.sub(end, first), length, Value());
        });
    call(function, operands, math.ceilDiv(whole, unit));
  }

  //===--------------------------------------------------------------------===//
  // Blocks
  //===--------------------------------------------------------------------===//

  void sumBlocks(unsigned loop, const FreeCombiner &combiner) {
    Value result = op.getDpsInits().front();
    auto type = cast<MemRefType>(result.getType());
    SmallVector<int64_t> shape = {kParallelPieces};
    llvm::append_range(shape, type.getShape());
    SmallVector<Value> open;
    for (int64_t dim = 0; dim < type.getRank(); ++dim)
      if (type.isDynamicDim(dim))
        open.push_back(memref::DimOp::create(builder, loc, result, dim));
    Value partial = memref::AllocOp::create(builder, loc, MemRefType::get(shape, type.getElementType()), open,
                                            builder.getI64IntegerAttr(64));
    SmallVector<Value> operands = arguments;
    operands.push_back(partial);
    OpFoldResult whole = pass(sizes[loop], operands);
    OpFoldResult blockLength = getBlockLength(math, whole);
    func::FuncOp function =
        kernels.getFunction(builder, loc, "tgc_blocks_", operands,
                            [&](OpBuilder &b, Block &body) { emitBlocks(b, body, loop, combiner, whole); });
    call(function, operands, math.ceilDiv(whole, blockLength));
    combine(combiner, partial, math.ceilDiv(whole, blockLength));
  }

  /// Of what is small there is one block.
  static OpFoldResult getBlockLength(const IndexMath &math, OpFoldResult size) {
    return math.max(math.ceilDiv(size, math.known(kParallelPieces)), math.known(kLeastColumnsOfShare));
  }

  void emitBlocks(OpBuilder &b, Block &body, unsigned loop, const FreeCombiner &combiner,
                  OpFoldResult whole) {
    IRMapping mapping;
    mapArguments(b, body, mapping);
    IndexMath inner(b, loc);
    unsigned last = body.getNumArguments() - 1;
    Value partial = body.getArgument(arguments.size());
    OpFoldResult length = isa<Value>(whole) ? OpFoldResult(body.getArgument(last - 2)) : whole;
    OpFoldResult blockLength = getBlockLength(inner, length);
    Value neutral = arith::ConstantOp::create(b, loc, combiner.neutral);
    auto blocks = scf::ForOp::create(b, loc, body.getArgument(last - 1), body.getArgument(last),
                                     inner.materialize(inner.known(1)));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(blocks.getBody());
    OpFoldResult block = blocks.getInductionVar();
    Value target = viewBlock(b, partial, block);
    linalg::FillOp::create(b, loc, neutral, target);
    OpFoldResult first = inner.mul(block, blockLength);
    OpFoldResult size = inner.min(blockLength, inner.sub(length, first));
    emitPart(b, mapping, loop, first, size, length, target);
  }

  Value viewBlock(OpBuilder &b, Value partial, OpFoldResult block) {
    auto type = cast<MemRefType>(partial.getType());
    SmallVector<OpFoldResult> lengths = memref::getMixedSizes(b, loc, partial);
    SmallVector<OpFoldResult> offsets(lengths.size(), b.getIndexAttr(0)),
        steps(lengths.size(), b.getIndexAttr(1));
    offsets[0] = block;
    lengths[0] = b.getIndexAttr(1);
    MemRefType view = memref::SubViewOp::inferRankReducedResultType(type.getShape().drop_front(), type,
                                                                    offsets, lengths, steps);
    return memref::SubViewOp::create(b, loc, view, partial, offsets, lengths, steps);
  }

  /// Combines the blocks' results with the nest's own.
  void combine(const FreeCombiner &combiner, Value partial, OpFoldResult numBlocks) {
    Value result = op.getDpsInits().front();
    int64_t rank = cast<MemRefType>(result.getType()).getRank();
    SmallVector<OpFoldResult> lengths = memref::getMixedSizes(builder, loc, partial);
    SmallVector<OpFoldResult> offsets(lengths.size(), math.known(0)), steps(lengths.size(), math.known(1));
    lengths[0] = numBlocks;
    Value blocks = memref::SubViewOp::create(builder, loc, partial, offsets, lengths, steps);
    // Loops: those of the result, then the blocks.
    SmallVector<AffineExpr> own, all = {builder.getAffineDimExpr(rank)};
    for (int64_t dim = 0; dim < rank; ++dim)
      own.push_back(builder.getAffineDimExpr(dim));
    llvm::append_range(all, own);
    SmallVector<AffineMap> maps = {AffineMap::get(rank + 1, 0, all, builder.getContext()),
                                   AffineMap::get(rank + 1, 0, own, builder.getContext())};
    SmallVector<utils::IteratorType> loops(rank, utils::IteratorType::parallel);
    loops.push_back(utils::IteratorType::reduction);
    linalg::GenericOp::create(builder, loc, TypeRange(), ValueRange{blocks}, ValueRange{result}, maps, loops,
                              [&](OpBuilder &b, Location, ValueRange values) {
                                IRMapping mapping;
                                Value accumulator =
                                    combiner.op->getOperand(combiner.op->getOperand(0) == combiner.combined);
                                mapping.map(combiner.combined, values[0]);
                                mapping.map(accumulator, values[1]);
                                Operation *combined = b.clone(*combiner.op, mapping);
                                linalg::YieldOp::create(b, loc, combined->getResult(0));
                              });
  }
};

struct SplitNestsPass : impl::SplitNestsPassBase<SplitNestsPass> {
  void runOnOperation() override {
    KernelCalls kernels(getOperation());
    SmallVector<Operation *> ops;
    for (auto entry : getOperation().getOps<func::FuncOp>())
      if (entry->hasAttr("rt.feeds"))
        entry.walk([&](Operation *op) {
          if (isa<linalg::LinalgOp, memref::CopyOp>(op))
            ops.push_back(op);
        });
    shareLoops(getOperation(), kernels);
    for (Operation *op : ops) {
      if (auto copy = dyn_cast<memref::CopyOp>(op))
        op = makeNestOfLarge(copy);
      if (auto nest = dyn_cast_or_null<linalg::LinalgOp>(op))
        NestSplitter(nest, kernels).run();
    }
  }

  /// A copy that threads can share out, of one that is known to be large; null for others.
  static Operation *makeNestOfLarge(memref::CopyOp copy) {
    auto source = dyn_cast<MemRefType>(copy.getSource().getType()),
         target = dyn_cast<MemRefType>(copy.getTarget().getType());
    if (!source || !target || !source.hasStaticShape() || source.getRank() == 0 ||
        source.getNumElements() * kProductsPerPackedElement < kLeastParallelProducts)
      return nullptr;
    OpBuilder builder(copy);
    auto nest = linalg::CopyOp::create(builder, copy.getLoc(), copy.getSource(), copy.getTarget());
    copy.erase();
    return nest;
  }
};

} // namespace
} // namespace tgc
