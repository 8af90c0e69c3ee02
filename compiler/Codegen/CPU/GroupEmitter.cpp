//===- GroupEmitter.cpp - Blocks of rows through several nests ------------===//
//
//   for each block of rows of the share (so many that what they touch fits the nearest cache)
//     each nest, on the block's rows of its operands
//
// Buffers that no one else uses hold one block, on the stack, or are the memory of the result that is
// computed of them in the end: it leaves the caches while the nests before compute. What a nest does little
// but move to memory that no cache holds is stored past the caches. Elementwise nests see a block as one row
// of elements, whatever its dimensions. A product's block of rows is a product of its own, whose right
// operand is packed once for all blocks.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/CPU/GroupPlan.h"
#include "compiler/Codegen/CPU/KeepLoop.h"
#include "compiler/Codegen/CPU/KernelFacts.h"
#include "compiler/Codegen/CPU/LinearAccess.h"
#include "compiler/Codegen/CPU/PackCalls.h"
#include "compiler/Codegen/CPU/SelectBlocks.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;

namespace tgc {
namespace {

struct GroupEmitter : GroupPlan {
  OpBuilder &builder;
  KernelCalls &kernels;
  Location loc;
  IndexMath math;
  /// The product's right operand, if it is packed for all blocks; else null.
  Value packed;

  GroupEmitter(OpBuilder &builder, const NestGroup &group, KernelCalls &kernels, VectorUnit unit)
      : GroupPlan(group, unit), builder(builder), kernels(kernels),
        loc((product ? *product : group.nests.back()).op->getLoc()), math(builder, loc) {}

  void emit() {
    if (!pays())
      return;
    if (product && ofProduct->rhsForm == RhsForm::PackedByCall) {
      kernel::ContractOp op = product->getProduct();
      packed = packRhs(builder, kernels, "tgc_pack_rows_", op, *ofProduct, getLoopSizes(builder, op));
    }
    SmallVector<Value> arguments = collectArguments();
    OpFoldResult rowCount = getRowCount();
    if (auto value = dyn_cast<Value>(rowCount))
      arguments.push_back(value);
    func::FuncOp function =
        kernels.getFunction(builder, loc, product ? "tgc_product_rows_" : "tgc_nests_", arguments,
                            [&](OpBuilder &, Block &body) { emitBody(body, arguments, rowCount); });
    OpFoldResult count = math.ceilDiv(rowCount, math.known(blockRows));
    SmallVector<Operation *> ops;
    for (const Nest &nest : group.nests)
      ops.push_back(nest.op);
    KernelCalls::call(builder, describeTogether(loc, ops, arguments), function, arguments, count,
                      math.mul(rowCount, math.known(getWorkOfRow())));
    for (const Nest &nest : llvm::reverse(group.nests))
      nest.op->erase();
    for (auto &[buffer, described] : local)
      eraseWithViews(buffer.getDefiningOp());
  }

private:
  OpFoldResult getRowCount() {
    OpFoldResult count = math.known(rows.known);
    for (Value size : rows.sizes)
      count = math.mul(count, OpFoldResult(size));
    return count;
  }

  static void eraseWithViews(Operation *op) {
    for (Operation *user : llvm::make_early_inc_range(op->getUsers()))
      eraseWithViews(user);
    op->erase();
  }

  SmallVector<Value> collectArguments() {
    llvm::SetVector<Value> captured;
    for (const Nest &nest : group.nests) {
      for (auto [i, operand] : llvm::enumerate(nest.op->getOperands()))
        if (isPacked(nest, i))
          captured.insert(packed);
        else if (!local.contains(nest.memories[i].base) || !isa<MemRefType>(operand.getType()))
          captured.insert(operand);
      getUsedValuesDefinedAbove(nest.op->getRegions(), captured);
    }
    return llvm::filter_to_vector(captured, [](Value value) { return !matchPattern(value, m_Constant()); });
  }

  bool isPacked(const Nest &nest, unsigned operand) const {
    return packed && &nest == product && operand == 1;
  }

  //===--------------------------------------------------------------------===//
  // The function
  //===--------------------------------------------------------------------===//

  void emitBody(Block &body, ArrayRef<Value> arguments, OpFoldResult rowCount) {
    IRMapping mapping;
    for (auto [i, argument] : llvm::enumerate(arguments))
      mapping.map(argument, body.getArgument(i));
    markDistinct(body, arguments);
    for (const Nest &nest : group.nests)
      cloneConstants(nest, mapping);
    for (auto &[buffer, described] : local) {
      if (described.destination)
        continue;
      auto type = MemRefType::get({described.elements * blockRows},
                                  cast<MemRefType>(buffer.getType()).getElementType());
      mapping.map(buffer, memref::AllocaOp::create(builder, loc, type, builder.getI64IntegerAttr(64)));
    }
    if (auto value = dyn_cast<Value>(rowCount))
      rowCount = mapping.lookup(value);
    unsigned last = body.getNumArguments() - 1;
    Value one = math.materialize(math.known(1));
    scf::ForOp::create(builder, loc, body.getArgument(last - 1), body.getArgument(last), one, ValueRange(),
                       [&](OpBuilder &, Location, Value block, ValueRange) {
                         OpFoldResult size = math.known(blockRows);
                         OpFoldResult first = math.mul(OpFoldResult(block), size);
                         if (!isEven)
                           size = math.min(size, math.sub(rowCount, first));
                         for (const Nest &nest : group.nests) {
                           if (&nest == product)
                             emitProduct(mapping, first, size);
                           else
                             emitNest(nest, mapping, first, size);
                         }
                         scf::YieldOp::create(builder, loc);
                       });
  }

  /// Tells LLVM which arguments are memory of their own.
  void markDistinct(Block &body, ArrayRef<Value> arguments) {
    llvm::MapVector<Value, SmallVector<unsigned, 2>> users;
    for (const Nest &nest : group.nests)
      for (auto [i, operand] : llvm::enumerate(nest.op->getOperands()))
        if (auto found = llvm::find(arguments, operand);
            found != arguments.end() && isa<MemRefType>(operand.getType())) {
          unsigned argument = found - arguments.begin();
          SmallVector<unsigned, 2> &known = users[nest.memories[i].base];
          if (!llvm::is_contained(known, argument))
            known.push_back(argument);
        }
    auto function = cast<func::FuncOp>(body.getParentOp());
    for (const auto &[base, positions] : users)
      if (positions.size() == 1)
        function.setArgAttr(positions.front(), "llvm.noalias", builder.getUnitAttr());
  }

  void cloneConstants(const Nest &nest, IRMapping &mapping) {
    llvm::SetVector<Value> used(nest.op->operand_begin(), nest.op->operand_end());
    getUsedValuesDefinedAbove(nest.op->getRegions(), used);
    for (Value value : used)
      if (matchPattern(value, m_Constant()) && !mapping.contains(value))
        builder.clone(*value.getDefiningOp(), mapping);
  }

  /// Whether the nest computes element by element what lies in one order in all operands.
  bool isFlat(const Nest &nest) const {
    linalg::LinalgOp op = nest.getLoops();
    if (op.getNumReductionLoops() || !op->getRegion(0).getOps<linalg::IndexOp>().empty())
      return false;
    for (OpOperand &operand : op->getOpOperands()) {
      auto type = dyn_cast<MemRefType>(operand.get().getType());
      if (type && (!type.getLayout().isIdentity() || type.getRank() != op.getNumLoops() ||
                   !op.getMatchingIndexingMap(&operand).isIdentity() ||
                   formOf(nest).leading[operand.getOperandNumber()] == RowForm::kSame))
        return false;
    }
    return true;
  }

  /// Of each operand: how many elements on the next block's begin, if this nest is to fetch them. What
  /// several nests read comes from memory for the first of them; of the others, the one that computes most
  /// has time to fetch, if it has functions of each element to compute.
  SmallVector<int64_t> getFetchedAhead(const Nest &nest) const {
    SmallVector<int64_t> ahead(nest.op->getNumOperands(), 0);
    for (OpOperand *input : nest.getLoops().getDpsInputOperands()) {
      unsigned number = input->getOperandNumber();
      Value base = nest.memories[number].base;
      auto type = dyn_cast<MemRefType>(input->get().getType());
      if (!type || !type.getLayout().isIdentity() || local.contains(base) ||
          group.effects.touched.lookup(base) || formOf(nest).leading[number] == RowForm::kSame ||
          findFetcher(base) != &nest)
        continue;
      int64_t elements = getRowElements(nest, number);
      if (!ShapedType::isDynamic(elements) &&
          elements * blockRows * getElementBytes(type.getElementType()) <= kLargestBlockOnStack)
        ahead[number] = elements * blockRows;
    }
    return ahead;
  }

  const Nest *findFetcher(Value base) const {
    const Nest *fetcher = nullptr;
    bool isFirst = true;
    for (const Nest &nest : group.nests) {
      if (!nest.touches(base))
        continue;
      if (!isFirst && !nest.getProduct() && getCostOfElement(nest.op) >= kProductsPerFunction &&
          countOpsOfElement(nest.getLoops()) > kMostStreamedOps &&
          (!fetcher || getCostOfElement(nest.op) > getCostOfElement(fetcher->op)))
        fetcher = &nest;
      isFirst = false;
    }
    return fetcher;
  }

  /// Whether all rows of the product's operand are more than the second-level cache keeps.
  bool isFar(unsigned operand) const {
    auto type = cast<MemRefType>(product->op->getOperand(operand).getType());
    return !local.contains(product->memories[operand].base) &&
           (!type.hasStaticShape() ||
            type.getNumElements() * getElementBytes(type.getElementType()) >= kLeastBytesToFetchInSum);
  }

  /// The product of a block's rows.
  void emitProduct(const IRMapping &mapping, OpFoldResult first, OpFoldResult size) {
    kernel::ContractOp op = product->getProduct();
    const RowForm &form = formOf(*product);
    SmallVector<Value> operands;
    SmallVector<AffineMap> maps;
    for (auto [i, operand] : llvm::enumerate(op->getOperands())) {
      if (form.leading[i] != RowForm::kSame)
        operands.push_back(viewRows(*product, i, mapping, first, size, /*flat=*/false));
      else
        operands.push_back(mapping.lookup(isPacked(*product, i) ? packed : operand));
      maps.push_back(rowMap(op.getMap(i), form, i));
    }
    SmallVector<int64_t> sizes = {getConstantIntValue(size).value_or(ShapedType::kDynamic)};
    llvm::append_range(sizes, op.getLoopSizes().drop_front(form.numLoops));
    IntegerAttr width = op.getPanelWidthAttr();
    if (packed)
      width = builder.getI64IntegerAttr(ofProduct->tiling.getPanelWidth());
    auto block = kernel::ContractOp::create(
        builder, op.getLoc(), TypeRange(), operands[0], operands[1],
        ArrayRef(operands).drop_front(2).drop_back(), operands.back(), builder.getAffineMapArrayAttr(maps),
        builder.getDenseI64ArrayAttr(sizes), op.getAccumulates(), width, /*in_place=*/!width,
        /*winograd=*/false, /*pool=*/kernel::PoolAttr(), /*zero_borders=*/DenseI64ArrayAttr(),
        /*reversed_rhs=*/DenseI64ArrayAttr());
    block->setDiscardableAttrs(op->getDiscardableAttrDictionary());
    if (isFar(0))
      block->setDiscardableAttr(kFarRows, builder.getUnitAttr());
    if (isFar(operands.size() - 1))
      block->setDiscardableAttr(kFarResults, builder.getUnitAttr());
    IRMapping inner(mapping);
    op.getEpilogue().cloneInto(&block.getEpilogue(), inner);
  }

  void emitNest(const Nest &nest, const IRMapping &mapping, OpFoldResult first, OpFoldResult size) {
    linalg::LinalgOp op = nest.getLoops();
    const RowForm &form = formOf(nest);
    bool flat = isFlat(nest);
    SmallVector<Value> inputs, outputs;
    SmallVector<AffineMap> maps;
    for (OpOperand &operand : op->getOpOperands()) {
      unsigned number = operand.getOperandNumber();
      Value value = operand.get();
      if (isa<MemRefType>(value.getType()) && form.leading[number] != RowForm::kSame)
        value = viewRows(nest, number, mapping, first, size, flat);
      else
        value = mapping.lookup(value);
      (op.isDpsInit(&operand) ? outputs : inputs).push_back(value);
      maps.push_back(flat ? flatMap(operand) : rowMap(op.getMatchingIndexingMap(&operand), form, number));
    }
    SmallVector<utils::IteratorType> iterators = {utils::IteratorType::parallel};
    if (!flat)
      llvm::append_range(iterators, ArrayRef(op.getIteratorTypesArray()).drop_front(form.numLoops));
    auto block =
        linalg::GenericOp::create(builder, op.getLoc(), TypeRange(), inputs, outputs, maps, iterators);
    if (auto ahead = getFetchedAhead(nest);
        llvm::any_of(ahead, [](int64_t elements) { return elements > 0; }))
      block->setAttr(kFetchAhead, builder.getDenseI64ArrayAttr(ahead));
    if (isStreamed(nest))
      block->setAttr(kStreamed, builder.getUnitAttr());
    IRMapping inner(mapping);
    op->getRegion(0).cloneInto(&block.getRegion(), inner);
    block.walk([&](linalg::IndexOp index) { index.setDim(index.getDim() - form.numLoops + 1); });
  }

  AffineMap flatMap(OpOperand &operand) {
    bool isMemory = isa<MemRefType>(operand.get().getType());
    return isMemory ? builder.getMultiDimIdentityMap(1) : AffineMap::get(1, 0, builder.getContext());
  }

  /// The map over [rows of the block, loops of a row].
  AffineMap rowMap(AffineMap map, const RowForm &form, unsigned operand) {
    SmallVector<AffineExpr> replacements;
    for (unsigned loop = 0; loop < map.getNumDims(); ++loop)
      replacements.push_back(loop < form.numLoops ? builder.getAffineConstantExpr(0)
                                                  : builder.getAffineDimExpr(loop - form.numLoops + 1));
    SmallVector<AffineExpr> results;
    unsigned leading = form.leading[operand];
    if (leading != RowForm::kSame)
      results.push_back(builder.getAffineDimExpr(0));
    for (AffineExpr expr : map.getResults().drop_front(leading == RowForm::kSame ? 0 : leading))
      results.push_back(simplifyAffineExpr(expr.replaceDims(replacements), map.getNumDims(), 0));
    return AffineMap::get(map.getNumDims() - form.numLoops + 1, 0, results, builder.getContext());
  }

  /// The rows [first, first + size) of an operand; `flat`: as one dimension.
  Value viewRows(const Nest &nest, unsigned number, const IRMapping &mapping, OpFoldResult first,
                 OpFoldResult size, bool flat) {
    Value operand = nest.op->getOperand(number), base = nest.memories[number].base;
    auto type = cast<MemRefType>(operand.getType());
    unsigned leading = formOf(nest).leading[number];
    if (auto found = local.find(base); found != local.end()) {
      auto [elements, destination] = found->second;
      OpFoldResult offset = destination ? math.mul(first, math.known(elements)) : math.known(0);
      return viewLocal(mapping.lookup(destination ? destination : base), type, leading, offset, size, flat);
    }
    Value memory = mapping.lookup(operand);
    OpFoldResult rowElements = math.known(1);
    SmallVector<OpFoldResult> offsets = {first}, sizes = {size};
    for (int64_t dim = leading; dim < type.getRank(); ++dim) {
      OpFoldResult length = math.known(type.getDimSize(dim));
      if (type.isDynamicDim(dim))
        length = memref::DimOp::create(builder, loc, memory, dim).getResult();
      rowElements = math.mul(rowElements, length);
      offsets.push_back(math.known(0));
      sizes.push_back(length);
    }
    unsigned joined = flat ? type.getRank() : leading;
    if (flat) {
      offsets = {math.mul(first, rowElements)};
      sizes = {math.mul(size, rowElements)};
    }
    if (joined > 1) {
      SmallVector<ReassociationIndices> dims(1, llvm::to_vector(llvm::seq<int64_t>(joined)));
      for (int64_t dim = joined; dim < type.getRank(); ++dim)
        dims.push_back({dim});
      memory = memref::CollapseShapeOp::create(builder, loc, memory, dims);
    }
    SmallVector<OpFoldResult> strides(sizes.size(), math.known(1));
    return memref::SubViewOp::create(builder, loc, memory, offsets, sizes, strides);
  }

  Value viewLocal(Value memory, MemRefType type, unsigned leading, OpFoldResult offset, OpFoldResult size,
                  bool flat) {
    ArrayRef<int64_t> row = type.getShape().drop_front(leading);
    SmallVector<OpFoldResult> sizes = {size}, strides = {math.known(countElements(row))};
    if (flat) {
      sizes = {math.mul(size, math.known(countElements(row)))};
      strides = {math.known(1)};
    } else {
      for (size_t i = 0; i < row.size(); ++i) {
        sizes.push_back(math.known(row[i]));
        strides.push_back(math.known(countElements(row.drop_front(i + 1))));
      }
    }
    SmallVector<int64_t> knownSizes, knownStrides;
    for (auto [length, stride] : llvm::zip_equal(sizes, strides)) {
      knownSizes.push_back(getConstantIntValue(length).value_or(ShapedType::kDynamic));
      knownStrides.push_back(*getConstantIntValue(stride));
    }
    auto view = MemRefType::get(
        knownSizes, type.getElementType(),
        StridedLayoutAttr::get(builder.getContext(),
                               getConstantIntValue(offset).value_or(ShapedType::kDynamic), knownStrides));
    return memref::ReinterpretCastOp::create(builder, loc, view, memory, offset, sizes, strides);
  }
};

} // namespace

void emitNestGroup(OpBuilder &builder, const NestGroup &group, KernelCalls &kernels, GroupKind kind,
                   VectorUnit unit) {
  if (kind == GroupKind::OfNests || group.findProduct())
    GroupEmitter(builder, group, kernels, unit).emit();
}

} // namespace tgc
