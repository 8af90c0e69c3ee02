//===- WindowEmitter.cpp - Blocks of a product and a pool over it ---------===//
//
//   for each strip of the share: some neighbouring blocks of rows of an image
//     for each block of the strip
//       the rows that the block before has computed too move to the front
//       the product's rows follow, with the border around them
//       the pool's rows whose windows end there
//
// Windows that begin in one strip and end in the next are left to a second call: both strips leave the rows
// that those need in memory of their own, the seams. So each row is computed once, whatever the threads.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/CPU/KernelFacts.h"
#include "compiler/Codegen/CPU/LinearAccess.h"
#include "compiler/Codegen/CPU/PackCalls.h"
#include "compiler/Codegen/CPU/SelectBlocks.h"
#include "compiler/Codegen/CPU/WindowMemory.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;

namespace tgc {
namespace {

struct WindowEmitter : WindowMemory {
  KernelCalls &kernels;
  /// The product's right operand, packed for all blocks; else null.
  Value packed = {};

  WindowEmitter(OpBuilder &builder, const WindowPlan &plan, KernelCalls &kernels)
      : WindowMemory(builder, plan), kernels(kernels) {}

  void emit() {
    kernel::ContractOp product = group.product;
    SmallVector<OpFoldResult> sizes = getLoopSizes(builder, product);
    OpFoldResult images = sizes[group.ofProduct.image];
    if (plan.ofTiles && !product.getPanelWidth())
      packed = transformFilter(builder, kernels, product, *plan.ofTiles);
    else if (!plan.ofTiles && plan.ofProduct.rhsForm == RhsForm::PackedByCall)
      packed = packRhs(builder, kernels, "tgc_pack_rows_", product, plan.ofProduct, sizes);
    if (hasSeams() && !group.areKept)
      allocateSeams(math.mul(images, math.known(plan.getStrips() - 1)));
    SmallVector<Operation *> ops(group.padding.begin(), group.padding.end());
    ops.append({product, group.pool});
    if (group.fill)
      ops.push_back(group.fill);
    OpFoldResult work = math.mul(images, math.known(plan.getWorkOfImage()));
    emitCall(
        "tgc_windows_", /*ofSeams=*/false, ops, plan.getStrips(), images, work,
        [&](Value strip, OpFoldResult image, OpFoldResult ofImage) { emitStrip(strip, image, ofImage); });
    if (hasSeams())
      emitCall("tgc_window_seams_", /*ofSeams=*/true, {group.pool.getOperation()}, plan.getStrips() - 1,
               images, math.div(work, math.known(plan.blockRows)),
               [&](Value seam, OpFoldResult image, OpFoldResult ofImage) { emitSeam(seam, image, ofImage); });
    erase();
  }

private:
  /// A function of so many pieces of each image, and its call.
  void emitCall(StringRef prefix, bool ofSeams, ArrayRef<Operation *> ops, int64_t pieces,
                OpFoldResult images, OpFoldResult work,
                function_ref<void(Value, OpFoldResult, OpFoldResult)> emitPiece) {
    llvm::SetVector<Value> used = collectUsed(ofSeams);
    SmallVector<Value> arguments =
        llvm::filter_to_vector(used, [](Value value) { return !matchPattern(value, m_Constant()); });
    Location described = describeTogether(loc, ops, arguments);
    func::FuncOp function =
        kernels.getFunction(builder, loc, prefix, arguments, [&](OpBuilder &, Block &body) {
          mapping.clear();
          for (auto [i, argument] : llvm::enumerate(arguments))
            mapping.map(argument, body.getArgument(i));
          for (Value value : used)
            if (matchPattern(value, m_Constant()))
              builder.clone(*value.getDefiningOp(), mapping);
          if (!ofSeams && !group.areKept)
            allocateScratch();
          unsigned last = body.getNumArguments() - 1;
          forEach(body.getArgument(last - 1), body.getArgument(last), [&](Value piece) {
            OpFoldResult perImage = math.known(pieces), number = OpFoldResult(piece);
            if (pieces == 1)
              emitPiece(piece, number, math.known(0));
            else
              emitPiece(piece, math.div(number, perImage), math.rem(number, perImage));
          });
        });
    KernelCalls::call(builder, described, function, arguments, math.mul(images, math.known(pieces)), work);
  }

  void erase() {
    group.pool.erase();
    if (group.fill)
      group.fill.erase();
    group.product.erase();
    if (!group.areKept)
      eraseUses(group.buffer.getDefiningOp());
  }

  static void eraseUses(Operation *op) {
    while (!op->use_empty())
      eraseUses(*op->user_begin());
    op->erase();
  }

  /// What the ops use from outside, constants included.
  llvm::SetVector<Value> collectUsed(bool ofSeams) {
    llvm::SetVector<Value> used;
    kernel::ContractOp product = group.product;
    if (!ofSeams) {
      for (Value operand : product->getOperands().drop_back())
        used.insert(packed && operand == product.getRhs() ? packed : operand);
      if (!group.padding.empty() && !group.areKept)
        used.insert(group.padding[0].getInputs()[0]);
      getUsedValuesDefinedAbove(product->getRegions(), used);
    }
    used.insert(group.pool->operand_begin(), group.pool->operand_end());
    if (!group.areKept)
      used.remove(group.buffer);
    if (seams)
      used.insert(seams);
    if (group.fill)
      used.insert(group.fill.getInputs()[0]);
    getUsedValuesDefinedAbove(group.pool->getRegions(), used);
    return used;
  }

  void forEach(Value begin, Value end, function_ref<void(Value)> body) {
    scf::ForOp::create(builder, loc, begin, end, math.materialize(math.known(1)), ValueRange(),
                       [&](OpBuilder &, Location, Value index, ValueRange) {
                         body(index);
                         scf::YieldOp::create(builder, loc);
                       });
  }

  void ifHolds(Value condition, function_ref<void()> body) {
    auto choice = scf::IfOp::create(builder, loc, condition, /*withElseRegion=*/false);
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(choice.thenBlock());
    body();
  }

  Value isEqual(OpFoldResult a, OpFoldResult b) {
    return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, math.materialize(a),
                                 math.materialize(b));
  }

  OpFoldResult select(Value condition, OpFoldResult a, OpFoldResult b) {
    return arith::SelectOp::create(builder, loc, condition, math.materialize(a), math.materialize(b))
        .getResult();
  }

  void emitStrip(Value number, OpFoldResult image, OpFoldResult strip) {
    if (plan.isWholeImage()) {
      Rows rows = {image, math.known(0), math.known(plan.blockRows)};
      emitProduct(rows);
      return emitPool({image, math.known(0), math.known(group.getPoolRows())},
                      viewRows(image, math.known(0), math.known(0)));
    }
    OpFoldResult first = math.mul(strip, math.known(plan.stripBlocks));
    OpFoldResult end = math.min(math.add(first, math.known(plan.stripBlocks)), math.known(plan.getBlocks()));
    OpFoldResult seam = math.sub(OpFoldResult(number), image); // The one after the strip.
    forEach(math.materialize(first), math.materialize(end), [&](Value block) {
      emitBlock(image, block, isEqual(OpFoldResult(block), first),
                isEqual(math.add(OpFoldResult(block), math.known(1)), end), seam);
    });
  }

  /// A block of rows, which may be the first or the last of its strip.
  void emitBlock(OpFoldResult image, OpFoldResult block, Value begins, Value ends, OpFoldResult seam) {
    int64_t kept = plan.getKeptRows(), above = group.getRowsBefore(), below = plan.getRowsBelow();
    int64_t size = plan.blockRows, lastSize = plan.getRowsOfLastBlock(), behind = plan.getWindowsBehind();
    Value isFirst = isEqual(block, math.known(0)), isLast = isEqual(block, math.known(plan.getBlocks() - 1));
    Value isSet = arith::ConstantIntOp::create(builder, loc, 1, 1);
    auto isNot = [&](Value value) -> Value { return arith::XOrIOp::create(builder, loc, value, isSet); };
    auto both = [&](Value a, Value b) -> Value { return arith::AndIOp::create(builder, loc, a, b); };
    if (scratch && kept > 0)
      ifHolds(isNot(begins), [&] { copyRows(viewScratch(size, kept), viewScratch(0, kept)); });
    if (scratch && above > 0)
      ifHolds(isFirst, [&] { fillRows(kept - above, above); });
    OpFoldResult first = math.mul(block, math.known(size));
    if (plan.ofTiles && lastSize != size) {
      // Kernels by tiles know how many rows they have.
      ifHolds(isLast, [&] { emitProduct({image, first, math.known(lastSize)}); });
      ifHolds(isNot(isLast), [&] { emitProduct({image, first, math.known(size)}); });
    } else {
      OpFoldResult count = math.known(size);
      emitProduct({image, first, lastSize == size ? count : select(isLast, math.known(lastSize), count)});
    }
    if (scratch && below > 0)
      ifHolds(isLast, [&] { fillRows(kept + lastSize, below); });
    if (scratch && hasSeams()) {
      int64_t rest = plan.getRowsOfSeam() - kept;
      ifHolds(both(begins, isNot(isFirst)), [&] {
        copyRows(viewScratch(kept, rest), viewSeam(math.sub(seam, math.known(1)), kept, rest));
      });
      ifHolds(both(ends, isNot(isLast)), [&] { copyRows(viewScratch(size, kept), viewSeam(seam, 0, kept)); });
    }
    // The windows that end with the block, less those over the seam before it.
    int64_t windows = size / group.step;
    OpFoldResult begin = math.sub(math.mul(block, math.known(windows)), math.known(behind));
    OpFoldResult skipped = select(
        begins, select(isFirst, math.known(behind), math.known(plan.getSharedWindows())), math.known(0));
    OpFoldResult poolRows = math.known(group.getPoolRows());
    OpFoldResult end = select(isLast, poolRows, math.min(math.add(begin, math.known(windows)), poolRows));
    OpFoldResult from = math.add(begin, skipped);
    Rows rows = {image, from, math.max(math.sub(end, from), math.known(0))};
    emitPool(rows, viewRows(image, math.mul(skipped, math.known(group.step)),
                            math.mul(from, math.known(group.step))));
  }

  /// The windows that begin in a strip and end in the next.
  void emitSeam(Value number, OpFoldResult image, OpFoldResult seam) {
    int64_t windows = plan.blockRows * plan.stripBlocks / group.step;
    OpFoldResult first = math.sub(math.mul(math.add(seam, math.known(1)), math.known(windows)),
                                  math.known(plan.getWindowsBehind()));
    OpFoldResult count = math.min(math.known(plan.getSharedWindows()),
                                  math.max(math.sub(math.known(group.getPoolRows()), first), math.known(0)));
    Value elements = group.areKept ? viewRows(image, math.known(0), math.mul(first, math.known(group.step)))
                                   : viewSeam(OpFoldResult(number), 0, plan.getRowsOfSeam());
    emitPool({image, first, count}, elements);
  }

  /// What those rows of the op's loops touch of the operand.
  Value viewOperand(Value operand, AffineMap map, ImageLoops loops, const Rows &rows) {
    Value memory = mapping.lookup(operand);
    auto type = dyn_cast<MemRefType>(memory.getType());
    if (!type || (!map.isFunctionOfDim(loops.image) && !map.isFunctionOfDim(loops.row)))
      return memory;
    SmallVector<OpFoldResult> offsets, sizes, strides(type.getRank(), math.known(1));
    for (auto [dim, expr] : llvm::enumerate(map.getResults())) {
      OpFoldResult size = math.known(type.getDimSize(dim));
      if (expr.isFunctionOfDim(loops.image)) {
        offsets.push_back(rows.image);
        sizes.push_back(math.known(1));
      } else if (expr == getAffineDimExpr(loops.row, builder.getContext())) {
        offsets.push_back(rows.first);
        sizes.push_back(rows.count);
      } else {
        if (type.isDynamicDim(dim))
          size = memref::DimOp::create(builder, loc, memory, dim).getResult();
        offsets.push_back(math.mul(rows.first, math.known(WindowGroup::getFactor(expr, loops.row))));
        sizes.push_back(math.sub(size, offsets.back()));
      }
    }
    return memref::SubViewOp::create(builder, loc, memory, offsets, sizes, strides);
  }

  void emitProduct(const Rows &rows) {
    kernel::ContractOp op = group.product;
    SmallVector<Value> operands;
    for (auto [i, operand] : llvm::enumerate(op->getOperands().drop_back()))
      operands.push_back(
          viewOperand(i == 1 && packed ? packed : operand, op.getMap(i), group.ofProduct, rows));
    operands.push_back(viewResults(rows));
    IRMapping inner(mapping);
    auto block = cast<kernel::ContractOp>(builder.clone(*op, inner));
    block->setOperands(operands);
    SmallVector<int64_t> sizes(op.getLoopSizes());
    sizes[group.ofProduct.image] = 1;
    sizes[group.ofProduct.row] = getConstantIntValue(rows.count).value_or(ShapedType::kDynamic);
    block.setLoopSizes(sizes);
    if (plan.ofTiles)
      block->setDiscardableAttr(kIsPart, builder.getUnitAttr());
    if (packed) {
      block.setPanelWidth(plan.ofTiles ? plan.ofTiles->panelWidth : plan.ofProduct.tiling.getPanelWidth());
      block.removeReversedRhsAttr();
    } else if (!op.getPanelWidth()) {
      block.setInPlace(true);
    }
    if (!plan.isWholeImage())
      dropBordersOfRows(block);
    auto lhs = cast<MemRefType>(op.getLhs().getType());
    if (!lhs.hasStaticShape() ||
        lhs.getNumElements() * getBytes(lhs.getElementType()) >= kLeastBytesToFetchInSum)
      block->setDiscardableAttr(kFarRows, builder.getUnitAttr());
  }

  /// Where zeros lie in the image says nothing about the block's rows of it.
  void dropBordersOfRows(kernel::ContractOp block) {
    ArrayRef<int64_t> borders = block.getZeroBorders().value_or(ArrayRef<int64_t>());
    SmallVector<int64_t> left;
    for (size_t i = 0; i < borders.size(); i += 3)
      if (!block.getLhsMap().getResult(borders[i]).isFunctionOfDim(group.ofProduct.row))
        llvm::append_range(left, borders.slice(i, 3));
    if (left.empty())
      block.removeZeroBordersAttr();
    else
      block.setZeroBorders(left);
  }

  /// The pool's rows, of what those windows read.
  void emitPool(const Rows &rows, Value elements) {
    linalg::GenericOp op = group.pool;
    SmallVector<Value> operands;
    for (OpOperand &operand : op->getOpOperands())
      operands.push_back(
          operand.get() == group.buffer
              ? elements
              : viewOperand(operand.get(), op.getMatchingIndexingMap(&operand), group.ofPool, rows));
    if (group.fill)
      store(group.fill.getLoc(), mapping.lookup(group.fill.getInputs()[0]), operands.back());
    IRMapping inner(mapping);
    builder.clone(*op, inner)->setOperands(operands);
  }
};

} // namespace

void emitWindowGroup(OpBuilder &builder, const WindowPlan &plan, KernelCalls &kernels) {
  WindowEmitter(builder, plan, kernels).emit();
}

} // namespace tgc
