//===- GroupWindows.cpp - Which pools run with the product before them ----===//

#include "compiler/Codegen/CPU/LinearAccess.h"
#include "compiler/Codegen/CPU/Passes.h"
#include "compiler/Codegen/CPU/WindowGroup.h"
#include "dialects/Rt/IR/RtDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace tgc {
#define GEN_PASS_DEF_GROUPWINDOWSPASS
#include "compiler/Codegen/CPU/Passes.h.inc"

namespace {

/// The value of `expr` where the loop `row` is at `index` and each other loop at its place of `others`.
std::optional<int64_t> evaluate(AffineExpr expr, unsigned row, int64_t index, ArrayRef<int64_t> others) {
  SmallVector<AffineExpr> places;
  for (auto [loop, place] : llvm::enumerate(others))
    places.push_back(getAffineConstantExpr(loop == row ? index : place, expr.getContext()));
  auto value = dyn_cast<AffineConstantExpr>(
      simplifyAffineExpr(expr.replaceDims(places), /*numDims=*/0, /*numSymbols=*/0));
  return value ? std::optional(value.getValue()) : std::nullopt;
}

std::optional<unsigned> getLoop(AffineExpr expr) {
  auto loop = dyn_cast<AffineDimExpr>(expr);
  return loop ? std::optional(loop.getPosition()) : std::nullopt;
}

/// Whether a block of an operand is a part of it: images and rows are dimensions of their own, but windows
/// may lie along those of rows.
bool hasBlocks(AffineMap map, ImageLoops loops) {
  return llvm::all_of(map.getResults(), [&](AffineExpr expr) {
    bool hasImage = expr.isFunctionOfDim(loops.image), hasRow = expr.isFunctionOfDim(loops.row);
    if (hasImage)
      return isa<AffineDimExpr>(expr);
    return !hasRow || (isLinear(expr) && WindowGroup::getFactor(expr, loops.row) > 0);
  });
}

bool isMemory(Value value) { return isa<MemRefType>(value.getType()); }

/// Whether elements of the last dimension lie together, as kernels by tiles want them.
bool isInRows(Value memory) {
  SmallVector<int64_t> strides;
  int64_t offset;
  auto type = cast<MemRefType>(memory.getType());
  return succeeded(type.getStridesAndOffset(strides, offset)) && !strides.empty() && strides.back() == 1;
}

struct Finder {
  linalg::GenericOp pool;
  EntryMemory &memory;
  WindowGroup group = {};

  std::optional<WindowGroup> find() {
    if (pool.getNumDpsInits() != 1 || !pool.hasPureBufferSemantics() || pool.hasIndexSemantics() ||
        pool.getNumReductionLoops() == 0 || readsMemory(pool.getRegion()))
      return std::nullopt;
    for (OpOperand *input : pool.getDpsInputOperands())
      if (findBuffer(input->get()) && findWindows(*input) && matchesLoops(*input) && isFreeToMove())
        return group;
    return std::nullopt;
  }

private:
  static bool readsMemory(Region &region) {
    return region
        .walk([](Operation *op) {
          return llvm::any_of(op->getOperandTypes(), llvm::IsaPred<BaseMemRefType>) ? WalkResult::interrupt()
                                                                                    : WalkResult::advance();
        })
        .wasInterrupted();
  }

  /// The buffer that only the product writes, and that nothing reads before the pool.
  bool findBuffer(Value input) {
    group = WindowGroup();
    group.pool = pool;
    group.buffer = input;
    group.areKept = input.getDefiningOp<rt::FetchOp>() != nullptr;
    if (!group.areKept && !input.getDefiningOp<memref::AllocOp>())
      return false;
    for (Operation *user : input.getUsers()) {
      if (user == pool)
        continue;
      if (isBehind(user)) {
        group.areKept = true;
        continue;
      }
      if (user->getBlock() != pool->getBlock())
        return false;
      auto part = dyn_cast<memref::SubViewOp>(user);
      bool isPart = part && llvm::any_of(part->getUsers(), [&](Operation *inner) {
                      return isa<kernel::ContractOp>(inner) && !isBehind(inner);
                    });
      if (isPart && !group.part)
        group.part = part;
      SmallVector<Operation *> inners = {user};
      if (part)
        inners.assign(part->user_begin(), part->user_end());
      for (Operation *inner : inners)
        if (isBehind(inner))
          group.areKept = true;
        else if (!takePadding(inner) && !takeProduct(inner) && !isCopyOfItself(inner))
          return false;
    }
    if (!group.product || group.product.getInit() != (group.part ? group.part.getResult() : input) ||
        llvm::count(group.product->getOperands(), group.product.getInit()) != 1 ||
        bool(group.part) == group.padding.empty())
      return false;
    return llvm::all_of(group.padding,
                        [&](linalg::FillOp fill) {
                          return fill->isBeforeInBlock(group.product) &&
                                 fill.getInputs()[0] == group.padding[0].getInputs()[0];
                        }) &&
           (!group.part || isInterior());
  }

  /// Whether the op, or what holds it, runs after the pool.
  bool isBehind(Operation *op) {
    Operation *own = pool->getBlock()->findAncestorOpInBlock(*op);
    return own && own != pool && pool->isBeforeInBlock(own);
  }

  bool takePadding(Operation *op) {
    auto fill = dyn_cast<linalg::FillOp>(op);
    if (fill && fill->getBlock() == pool->getBlock())
      group.padding.push_back(fill);
    return fill && fill->getBlock() == pool->getBlock();
  }

  /// What bufferization leaves of a part that is computed in place.
  static bool isCopyOfItself(Operation *op) {
    auto copy = dyn_cast<memref::CopyOp>(op);
    return copy && copy.getSource() == copy.getTarget();
  }

  bool takeProduct(Operation *op) {
    auto product = dyn_cast<kernel::ContractOp>(op);
    if (!product || group.product || product->getBlock() != pool->getBlock() ||
        !product->isBeforeInBlock(pool) || product.getAccumulates() || product.getPool() ||
        readsMemory(product.getEpilogue()))
      return false;
    if (product.getWinograd() &&
        (isFilterGradient(product) || !llvm::all_of(product->getOperands(), isInRows)))
      return false;
    group.product = product;
    return true;
  }

  OpFoldResult getNumImages() {
    if (!group.getBufferType().isDynamicDim(0))
      return Builder(pool.getContext()).getIndexAttr(group.getNumImages());
    if (auto fetch = group.buffer.getDefiningOp<rt::FetchOp>())
      return OpFoldResult(fetch.getSizes()[0]);
    return group.buffer.getDefiningOp<memref::AllocOp>().getMixedSizes()[0];
  }

  /// Whether the results lie in the buffer as they are, at a known place, all images of it.
  bool isInterior() {
    memref::SubViewOp part = group.part;
    MemRefType type = part.getSourceType();
    if (!part.getDroppedDims().none() || !isConstantIntValue(part.getMixedOffsets()[0], 0) ||
        !isEqualConstantIntOrValue(part.getMixedSizes()[0], getNumImages()))
      return false;
    for (int64_t dim = 1; dim < type.getRank(); ++dim)
      if (!getConstantIntValue(part.getMixedOffsets()[dim]) || part.getType().isDynamicDim(dim))
        return false;
    return llvm::all_of(part.getMixedStrides(),
                        [](OpFoldResult stride) { return isConstantIntValue(stride, 1); });
  }

  /// The first dimension along which the pool has windows is that of rows.
  bool findWindows(OpOperand &input) {
    AffineMap map = pool.getMatchingIndexingMap(&input), results = group.product.getInitMap();
    SmallVector<int64_t> sizes = pool.getStaticLoopRanges();
    auto window = llvm::find_if_not(map.getResults(), llvm::IsaPred<AffineDimExpr>);
    if (window == map.getResults().begin() || window == map.getResults().end() || !isLinear(*window))
      return false;
    group.rowDim = window - map.getResults().begin();
    std::optional<unsigned> image = getLoop(map.getResult(0)), row;
    SmallVector<int64_t> first(sizes.size(), 0), last(sizes.size(), 0);
    for (unsigned loop = 0; loop < sizes.size(); ++loop) {
      if (!window->isFunctionOfDim(loop))
        continue;
      if (ShapedType::isDynamic(sizes[loop]) || sizes[loop] == 0)
        return false;
      if (!pool.getMatchingIndexingMap(pool.getDpsInitOperand(0)).isFunctionOfDim(loop))
        last[loop] = sizes[loop] - 1;
      else if (row)
        return false;
      else
        row = loop;
    }
    if (!image || !row || image == row)
      return false;
    std::optional<int64_t> begin = evaluate(*window, *row, 0, first),
                           next = evaluate(*window, *row, 1, first), end = evaluate(*window, *row, 0, last);
    if (!begin || !next || !end || *begin != 0 || *next < 1 || *end < 0)
      return false;
    group.ofPool = {*image, *row};
    group.step = *next;
    group.reach = *end + 1;
    std::optional<unsigned> imageOfProduct = getLoop(results.getResult(0)),
                            rowOfProduct = getLoop(results.getResult(group.rowDim));
    if (!imageOfProduct || !rowOfProduct || group.product.getColumnLoop() == *rowOfProduct)
      return false;
    group.ofProduct = {*imageOfProduct, *rowOfProduct};
    return true;
  }

  /// Whether blocks of all that both touch are parts of it.
  bool matchesLoops(OpOperand &input) {
    MemRefType type = group.getBufferType();
    for (int64_t dim = 1; dim < type.getRank(); ++dim)
      if (type.isDynamicDim(dim))
        return false;
    kernel::ContractOp product = group.product;
    if (ShapedType::isDynamic(product.getLoopSizes()[group.ofProduct.row]) ||
        product.getRhsMap().isFunctionOfDim(group.ofProduct.image) ||
        product.getRhsMap().isFunctionOfDim(group.ofProduct.row) ||
        !product.getLhsMap().isFunctionOfDim(group.ofProduct.image))
      return false;
    for (auto [i, operand] : llvm::enumerate(product->getOperands()))
      if (i != 1 && !hasBlocks(product.getMap(i), group.ofProduct))
        return false;
    for (OpOperand &operand : pool->getOpOperands())
      if (isMemory(operand.get()) && (!hasBlocks(pool.getMatchingIndexingMap(&operand), group.ofPool) ||
                                      (operand.get() == group.buffer && &operand != &input)))
        return false;
    AffineMap results = pool.getMatchingIndexingMap(pool.getDpsInitOperand(0));
    return results.isProjectedPermutation() && results.isFunctionOfDim(group.ofPool.image) &&
           !ShapedType::isDynamic(group.getPoolRows());
  }

  /// Whether nothing keeps the product from being computed where the pool is, and its threads apart.
  bool isFreeToMove() {
    Effects ofProduct, ofResult;
    for (Value operand : group.product->getOperands().drop_back())
      ofProduct.add(memory.find(operand), /*isWritten=*/false);
    for (OpOperand *input : pool.getDpsInputOperands())
      if (isMemory(input->get()) && input->get() != group.buffer)
        ofProduct.add(memory.find(input->get()), /*isWritten=*/false);
    ofResult.add(memory.find(group.getResult()), /*isWritten=*/true);
    if (ofProduct.isUnknown || ofResult.isUnknown || ofProduct.conflictsWith(ofResult))
      return false;
    for (Operation *op = pool->getPrevNode(); op != group.product; op = op->getPrevNode()) {
      if (auto fill = dyn_cast<linalg::FillOp>(op);
          fill && !group.fill && fill.getOutputs()[0] == group.getResult() && !ofResult.isUnknown) {
        group.fill = fill;
        continue;
      }
      Effects effects;
      op->walk([&](Operation *inner) { memory.addEffects(*inner, effects); });
      if (effects.conflictsWith(ofProduct))
        return false;
      // Who touches the result after it was filled keeps the fill where it is.
      if (!group.fill && effects.conflictsWith(ofResult))
        ofResult.isUnknown = true;
    }
    return true;
  }
};

struct GroupWindowsPass : impl::GroupWindowsPassBase<GroupWindowsPass> {
  using GroupWindowsPassBase::GroupWindowsPassBase;

  void runOnOperation() override {
    KernelCalls kernels(getOperation());
    VectorUnit unit = {vectorBytes, vectorRegisters, panelBytes, pairsBfloats, dotsBytes, pairsShorts};
    forEachEntry(getOperation(), [&](func::FuncOp, ArrayRef<Block *> blocks) {
      EntryMemory memory;
      for (Block *block : blocks)
        for (auto pool : llvm::to_vector(block->getOps<linalg::GenericOp>())) {
          std::optional<WindowGroup> group = findWindowGroup(pool, memory);
          if (!group)
            continue;
          WindowPlan plan(*group, unit);
          OpBuilder builder(pool);
          if (plan.pays())
            emitWindowGroup(builder, plan, kernels);
        }
    });
  }
};

} // namespace

std::optional<WindowGroup> findWindowGroup(linalg::GenericOp pool, EntryMemory &memory) {
  return Finder{pool, memory}.find();
}

} // namespace tgc
