//===- WindowEmitter.cpp - Blocks of a product and a pool over it ---------===//
//
//   for each strip of the share: some neighbouring blocks of rows of an image
//     for each block of the strip
//       the rows that the block before has computed too move to the front
//       the product's other rows follow, with the border around them
//       the pool's rows
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/CPU/KernelFacts.h"
#include "compiler/Codegen/CPU/LinearAccess.h"
#include "compiler/Codegen/CPU/PackCalls.h"
#include "compiler/Codegen/CPU/SelectBlocks.h"
#include "compiler/Codegen/CPU/WindowGroup.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;

namespace tgc {
namespace {

/// Rows of one image.
struct Rows {
  OpFoldResult image, first, count;
};

struct WindowEmitter {
  OpBuilder &builder;
  const WindowPlan &plan;
  WindowGroup &group;
  KernelCalls &kernels;
  Location loc;
  IndexMath math;
  /// The product's right operand, packed for all blocks; else null.
  Value packed = {};
  IRMapping mapping = {};
  /// Memory of a block.
  Value scratch = {};

  WindowEmitter(OpBuilder &builder, const WindowPlan &plan, KernelCalls &kernels)
      : builder(builder), plan(plan), group(plan.group), kernels(kernels), loc(group.product.getLoc()),
        math(builder, loc) {}

  void emit() {
    kernel::ContractOp product = group.product;
    SmallVector<OpFoldResult> sizes = getLoopSizes(builder, product);
    if (plan.ofProduct.rhsForm == RhsForm::PackedByCall)
      packed = packRhs(builder, kernels, "tgc_pack_rows_", product, plan.ofProduct, sizes);
    SmallVector<Value> arguments = collectArguments();
    SmallVector<Operation *> ops(group.padding.begin(), group.padding.end());
    ops.append({product, group.pool});
    if (group.fill)
      ops.push_back(group.fill);
    Location described = describeTogether(loc, ops, arguments);
    func::FuncOp function = kernels.getFunction(builder, loc, "tgc_windows_", arguments,
                                                [&](OpBuilder &, Block &body) { emitBody(body, arguments); });
    OpFoldResult images = sizes[group.ofProduct.image];
    KernelCalls::call(builder, described, function, arguments, math.mul(images, math.known(plan.getStrips())),
                      math.mul(images, math.known(plan.getWorkOfImage())));
    erase();
  }

private:
  void erase() {
    group.pool.erase();
    if (group.fill)
      group.fill.erase();
    group.product.erase();
    eraseUses(group.buffer);
  }

  static void eraseUses(Operation *op) {
    while (!op->use_empty())
      eraseUses(*op->user_begin());
    op->erase();
  }

  /// What the ops use from outside, constants included.
  llvm::SetVector<Value> collectUsed() {
    llvm::SetVector<Value> used;
    kernel::ContractOp product = group.product;
    for (Value operand : product->getOperands().drop_back())
      used.insert(packed && operand == product.getRhs() ? packed : operand);
    used.insert(group.pool->operand_begin(), group.pool->operand_end());
    used.remove(group.buffer.getResult());
    for (linalg::FillOp fill : {group.padding.empty() ? linalg::FillOp() : group.padding[0], group.fill})
      if (fill)
        used.insert(fill.getInputs()[0]);
    getUsedValuesDefinedAbove(product->getRegions(), used);
    getUsedValuesDefinedAbove(group.pool->getRegions(), used);
    return used;
  }

  SmallVector<Value> collectArguments() {
    return llvm::filter_to_vector(collectUsed(),
                                  [](Value value) { return !matchPattern(value, m_Constant()); });
  }

  void emitBody(Block &body, ArrayRef<Value> arguments) {
    for (auto [i, argument] : llvm::enumerate(arguments))
      mapping.map(argument, body.getArgument(i));
    for (Value value : collectUsed())
      if (matchPattern(value, m_Constant()))
        builder.clone(*value.getDefiningOp(), mapping);
    MemRefType type = group.getBufferType();
    SmallVector<int64_t> shape(type.getShape());
    shape[0] = 1;
    shape[group.rowDim] = plan.getRowsOfBlock();
    scratch = memref::AllocaOp::create(builder, loc, MemRefType::get(shape, type.getElementType()),
                                       builder.getI64IntegerAttr(64));
    fillSides();
    unsigned last = body.getNumArguments() - 1;
    forEach(body.getArgument(last - 1), body.getArgument(last), [&](Value strip) {
      if (plan.getStrips() == 1)
        return emitStrip(strip, math.known(0));
      OpFoldResult strips = math.known(plan.getStrips());
      emitStrip(math.div(OpFoldResult(strip), strips), math.rem(OpFoldResult(strip), strips));
    });
  }

  void forEach(Value begin, Value end, function_ref<void(Value)> body) {
    scf::ForOp::create(builder, loc, begin, end, math.materialize(math.known(1)), ValueRange(),
                       [&](OpBuilder &, Location, Value index, ValueRange) {
                         body(index);
                         scf::YieldOp::create(builder, loc);
                       });
  }

  void emitStrip(OpFoldResult image, OpFoldResult strip) {
    int64_t poolRows = group.getPoolRows(), stripRows = plan.stripRows, blockRows = plan.blockRows;
    OpFoldResult begin = math.mul(strip, math.known(stripRows)), numRows = math.known(stripRows);
    if (poolRows % stripRows != 0)
      numRows = math.min(numRows, math.sub(math.known(poolRows), begin));
    if (blockRows == stripRows)
      return emitBlock({image, begin, numRows}, Value());
    Value blocks = math.materialize(math.ceilDiv(numRows, math.known(blockRows)));
    Value zero = math.materialize(math.known(0));
    forEach(zero, blocks, [&](Value block) {
      Value follows = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ne, block, zero);
      OpFoldResult done = math.mul(OpFoldResult(block), math.known(blockRows)), count = math.known(blockRows);
      if (poolRows % stripRows != 0 || stripRows % blockRows != 0)
        count = math.min(count, math.sub(numRows, done));
      emitBlock({image, math.add(begin, done), count}, follows);
    });
  }

  /// Rows of the pool. `follows`: whether the rows before have been computed into the same memory; null: they
  /// have not.
  void emitBlock(const Rows &rows, Value follows) {
    int64_t above = group.getRowsBefore(), height = group.getProductRows();
    // In rows of the buffer that the block's memory stands for.
    OpFoldResult top = math.mul(rows.first, math.known(group.step));
    OpFoldResult numRows = math.add(math.mul(math.sub(rows.count, math.known(1)), math.known(group.step)),
                                    math.known(group.reach));
    OpFoldResult kept = math.known(0);
    if (follows) {
      moveKeptRows(follows);
      kept = arith::SelectOp::create(builder, loc, follows, math.materialize(math.known(plan.getKeptRows())),
                                     math.materialize(kept))
                 .getResult();
    }
    // In rows of the block's memory: where the results begin and end.
    OpFoldResult begin = kept, end = numRows;
    if (above > 0) {
      OpFoldResult border = math.max(math.sub(math.known(above), top), math.known(0));
      fillRows(math.known(0), math.min(border, numRows));
      begin = math.max(begin, border);
    }
    if ((group.getPoolRows() - 1) * group.step + group.reach > above + height) {
      OpFoldResult below = math.max(math.sub(math.known(above + height), top), math.known(0));
      end = math.min(end, below);
      fillRows(end, math.sub(numRows, end));
    }
    OpFoldResult computed = math.max(math.sub(end, begin), math.known(0));
    emitProduct({rows.image, math.sub(math.add(top, begin), math.known(above)), computed}, begin);
    emitPool(rows);
  }

  //===--------------------------------------------------------------------===//
  // The block's memory
  //===--------------------------------------------------------------------===//

  Value viewScratch(OpFoldResult first, OpFoldResult count) {
    auto type = cast<MemRefType>(scratch.getType());
    SmallVector<OpFoldResult> offsets(type.getRank(), math.known(0)), strides(type.getRank(), math.known(1));
    SmallVector<OpFoldResult> sizes;
    for (int64_t size : type.getShape())
      sizes.push_back(math.known(size));
    offsets[group.rowDim] = first;
    sizes[group.rowDim] = count;
    return memref::SubViewOp::create(builder, loc, scratch, offsets, sizes, strides);
  }

  Value getPadding() { return mapping.lookup(group.padding[0].getInputs()[0]); }

  /// What lies beside the results, which no block writes.
  void fillSides() {
    auto type = cast<MemRefType>(scratch.getType());
    for (int64_t dim = 1; group.part && dim < type.getRank(); ++dim) {
      int64_t begin = *getConstantIntValue(group.part.getMixedOffsets()[dim]);
      int64_t end = begin + group.part.getType().getDimSize(dim), size = type.getDimSize(dim);
      if (dim == group.rowDim)
        continue;
      for (auto [from, to] : {std::pair(int64_t(0), begin), std::pair(end, size)}) {
        if (from == to)
          continue;
        SmallVector<OpFoldResult> offsets(type.getRank(), math.known(0)), sizes,
            strides(type.getRank(), math.known(1));
        for (int64_t each : type.getShape())
          sizes.push_back(math.known(each));
        offsets[dim] = math.known(from);
        sizes[dim] = math.known(to - from);
        Value side = memref::SubViewOp::create(builder, loc, scratch, offsets, sizes, strides);
        store(group.padding[0].getLoc(), getPadding(), side);
      }
    }
  }

  /// A number, or what memory of the same shape holds, as a nest that is computed on vectors.
  void store(Location where, Value what, Value to) {
    unsigned rank = cast<MemRefType>(to.getType()).getRank();
    AffineMap all = builder.getMultiDimIdentityMap(rank);
    AffineMap maps[] = {isa<MemRefType>(what.getType()) ? all : AffineMap::get(rank, 0, builder.getContext()),
                        all};
    SmallVector<utils::IteratorType> iterators(rank, utils::IteratorType::parallel);
    linalg::GenericOp::create(
        builder, where, TypeRange(), what, to, maps, iterators,
        [](OpBuilder &b, Location l, ValueRange arguments) { linalg::YieldOp::create(b, l, arguments[0]); });
  }

  void fillRows(OpFoldResult first, OpFoldResult count) {
    store(group.padding[0].getLoc(), getPadding(), viewScratch(first, count));
  }

  /// Neither part reaches into the other: a block has as many rows of its own at least.
  void moveKeptRows(Value follows) {
    auto choice = scf::IfOp::create(builder, loc, follows, /*withElseRegion=*/false);
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(choice.thenBlock());
    OpFoldResult kept = math.known(plan.getKeptRows());
    Value from = viewScratch(math.known(plan.blockRows * group.step), kept);
    store(loc, from, viewScratch(math.known(0), kept));
  }

  //===--------------------------------------------------------------------===//
  // The block's ops
  //===--------------------------------------------------------------------===//

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

  void emitProduct(const Rows &rows, OpFoldResult firstInScratch) {
    kernel::ContractOp op = group.product;
    SmallVector<Value> operands;
    for (auto [i, operand] : llvm::enumerate(op->getOperands().drop_back()))
      operands.push_back(
          viewOperand(i == 1 && packed ? packed : operand, op.getMap(i), group.ofProduct, rows));
    operands.push_back(viewResults(firstInScratch, rows.count));
    IRMapping inner(mapping);
    auto block = cast<kernel::ContractOp>(builder.clone(*op, inner));
    block->setOperands(operands);
    SmallVector<int64_t> sizes(op.getLoopSizes());
    sizes[group.ofProduct.image] = 1;
    sizes[group.ofProduct.row] = getConstantIntValue(rows.count).value_or(ShapedType::kDynamic);
    block.setLoopSizes(sizes);
    if (packed) {
      block.setPanelWidth(plan.ofProduct.tiling.getPanelWidth());
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

  Value viewResults(OpFoldResult first, OpFoldResult count) {
    auto type = cast<MemRefType>(scratch.getType());
    SmallVector<OpFoldResult> offsets(type.getRank(), math.known(0)), sizes,
        strides(type.getRank(), math.known(1));
    auto results = cast<MemRefType>(group.product.getInit().getType());
    for (int64_t dim = 0; dim < type.getRank(); ++dim) {
      if (group.part)
        offsets[dim] = math.known(*getConstantIntValue(group.part.getMixedOffsets()[dim]));
      sizes.push_back(math.known(dim == 0 ? 1 : results.getDimSize(dim)));
    }
    offsets[group.rowDim] = first;
    sizes[group.rowDim] = count;
    return memref::SubViewOp::create(builder, loc, scratch, offsets, sizes, strides);
  }

  void emitPool(const Rows &rows) {
    linalg::GenericOp op = group.pool;
    SmallVector<Value> operands;
    for (OpOperand &operand : op->getOpOperands())
      operands.push_back(
          operand.get() == group.buffer.getResult()
              ? scratch
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
