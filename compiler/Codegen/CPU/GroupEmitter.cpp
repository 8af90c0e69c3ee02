//===- GroupEmitter.cpp - Blocks of rows through several nests ------------===//
//
//   for each block of rows of the share (so many that what they touch fits the nearest cache)
//     each nest, on the block's rows of its operands
//
// Buffers that no one else uses hold one block, on the stack, or are the memory of the result that is
// computed of them in the end: it leaves the caches while the nests before compute. What a nest alone moves
// to memory that no cache holds is stored past the caches. Elementwise nests see a block as one row of
// elements, whatever its dimensions.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/CPU/KeepLoop.h"
#include "compiler/Codegen/CPU/LinearAccess.h"
#include "compiler/Codegen/CPU/NestGroup.h"
#include "compiler/Codegen/CPU/SelectBlocks.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;

namespace tgc {
namespace {

int64_t getBytes(Type element) {
  if (auto complex = dyn_cast<ComplexType>(element))
    return 2 * getBytes(complex.getElementType());
  return llvm::divideCeil(element.getIntOrFloatBitWidth(), 8);
}

/// The number of elements of these dimensions, or ShapedType::kDynamic.
int64_t countElements(ArrayRef<int64_t> shape) {
  int64_t count = 1;
  for (int64_t size : shape) {
    if (ShapedType::isDynamic(size))
      return size;
    count *= size;
  }
  return count;
}

/// A buffer that only the nests of a group use.
struct LocalBuffer {
  int64_t elements; ///< Of a row.
  /// The memory of a result, where all of the buffer lies; null: a block is on the stack.
  Value destination;
};

struct GroupEmitter {
  OpBuilder &builder;
  NestGroup &group;
  KernelCalls &kernels;
  Location loc;
  IndexMath math;
  RowCount rows;
  int64_t blockRows = 1;
  /// Whether each block has that many rows.
  bool isEven = false;
  llvm::MapVector<Value, LocalBuffer> local;

  GroupEmitter(OpBuilder &builder, NestGroup &group, KernelCalls &kernels)
      : builder(builder), group(group), kernels(kernels), loc(group.nests.back().op.getLoc()),
        math(builder, loc), rows(group.rows.back()) {}

  void emit() {
    if (!pays())
      return;
    findLocalBuffers();
    chooseBlock();
    keepOnStack();
    SmallVector<Value> arguments = collectArguments();
    OpFoldResult rowCount = getRowCount();
    if (auto value = dyn_cast<Value>(rowCount))
      arguments.push_back(value);
    func::FuncOp function =
        kernels.getFunction(builder, loc, "tgc_nests_", arguments,
                            [&](OpBuilder &, Block &body) { emitBody(body, arguments, rowCount); });
    OpFoldResult count = math.ceilDiv(rowCount, math.known(blockRows));
    KernelCalls::call(builder, loc, function, arguments, count,
                      math.mul(rowCount, math.known(getWorkOfRow())));
    for (Nest &nest : llvm::reverse(group.nests))
      nest.op->erase();
    for (auto &[buffer, described] : local)
      eraseWithViews(buffer.getDefiningOp());
  }

private:
  //===--------------------------------------------------------------------===//
  // Sizes
  //===--------------------------------------------------------------------===//

  const RowForm &formOf(const Nest &nest) const { return *nest.getForm(rows); }

  /// Elements that a nest computes per row; unknown sizes count as some.
  int64_t getElementsOfRow(const Nest &nest) const {
    int64_t count = 1;
    for (int64_t size : linalg::LinalgOp(nest.op).getStaticLoopRanges())
      count *= ShapedType::isDynamic(size) ? kTypicalSize : size;
    return std::max<int64_t>(count / (rows.sizes.empty() ? rows.known : rows.known * power(kTypicalSize)), 1);
  }

  int64_t power(int64_t base) const {
    int64_t result = 1;
    for (size_t i = 0; i < rows.sizes.size(); ++i)
      result *= base;
    return result;
  }

  /// In multiplications of a contraction.
  int64_t getWorkOfRow() const {
    int64_t work = 0;
    for (const Nest &nest : group.nests)
      work += getCostOfElement(nest.op) * getElementsOfRow(nest);
    return work;
  }

  /// Small groups stay loops in the entry, where LLVM sees what is around them.
  bool pays() const {
    if (!rows.sizes.empty())
      return true;
    int64_t work = rows.known * getWorkOfRow();
    return work >= (group.nests.size() > 1 ? kLeastGroupedWork : kLeastParallelProducts);
  }

  OpFoldResult getRowCount() {
    OpFoldResult count = math.known(rows.known);
    for (Value size : rows.sizes)
      count = math.mul(count, OpFoldResult(size));
    return count;
  }

  /// Elements of one row of the operand, or ShapedType::kDynamic.
  int64_t getRowElements(const Nest &nest, unsigned operand) const {
    auto type = cast<MemRefType>(nest.op->getOperand(operand).getType());
    return countElements(type.getShape().drop_front(formOf(nest).leading[operand]));
  }

  void chooseBlock() {
    llvm::MapVector<Value, int64_t> bytesOfRow;
    for (const Nest &nest : group.nests)
      for (auto [i, leading] : llvm::enumerate(formOf(nest).leading)) {
        if (leading == RowForm::kSame || local.lookup(nest.memories[i].base).destination)
          continue;
        int64_t elements = getRowElements(nest, i);
        Type element = cast<MemRefType>(nest.op->getOperand(i).getType()).getElementType();
        int64_t bytes = getBytes(element) * (ShapedType::isDynamic(elements) ? kTypicalSize : elements);
        int64_t &known = bytesOfRow[nest.memories[i].base];
        known = nest.memories[i].isWhole ? std::max(known, bytes) : known + bytes;
      }
    int64_t bytes = 0;
    for (auto [base, each] : bytesOfRow)
      bytes += each;
    blockRows = std::max<int64_t>(kBlockBytes / std::max<int64_t>(bytes, 1), 1);
    if (!rows.sizes.empty())
      return;
    blockRows = std::min(blockRows, rows.known);
    // Whole blocks only, if there is a size not much smaller that allows it.
    int64_t step = blockRows >= 32 ? 16 : 1;
    for (int64_t size = blockRows / step * step; size > blockRows / 2; size -= step)
      if (rows.known % size == 0) {
        blockRows = size;
        isEven = true;
        return;
      }
  }

  //===--------------------------------------------------------------------===//
  // Buffers
  //===--------------------------------------------------------------------===//

  static bool isViewOp(Operation *op) {
    return isa<memref::ExpandShapeOp, memref::CollapseShapeOp, memref::CastOp>(op);
  }

  /// Whether the group's nests are all that uses the buffer.
  bool isUsedHereOnly(Value buffer, const llvm::SmallPtrSetImpl<Operation *> &members) const {
    return llvm::all_of(buffer.getUsers(), [&](Operation *user) {
      return members.contains(user) || (isViewOp(user) && isUsedHereOnly(user->getResult(0), members));
    });
  }

  void findLocalBuffers() {
    llvm::SmallPtrSet<Operation *, 8> members;
    for (const Nest &nest : group.nests)
      members.insert(nest.op);
    for (auto [base, isWritten] : group.effects.touched) {
      auto alloc = base.getDefiningOp<memref::AllocOp>();
      if (!alloc || !isUsedHereOnly(base, members))
        continue;
      int64_t elements = 0;
      bool areRows =
          llvm::none_of(group.nests, [base = base](const Nest &nest) { return nest.isTable(base); });
      for (const Nest &nest : group.nests)
        for (auto [i, memory] : llvm::enumerate(nest.memories))
          if (memory.base == base) {
            areRows = areRows && formOf(nest).leading[i] != RowForm::kSame;
            if (areRows)
              elements = getRowElements(nest, i);
            areRows = areRows && !ShapedType::isDynamic(elements); // one view may not know what another does
          }
      if (areRows)
        local[base] = {elements, Value()};
    }
    llvm::SmallPtrSet<Value, 4> taken;
    for (auto &[base, described] : local)
      if (auto found = findDestination(base, described.elements); found && taken.insert(found->second).second)
        described.destination = found->first;
  }

  static bool touches(const Nest &nest, Value base) {
    return llvm::any_of(nest.memories, [&](const Memory &memory) { return memory.base == base; });
  }

  /// The memory of what the last of the buffer's readers computes of each of its elements, and what stands
  /// for it, if it is free as long as the buffer is used.
  std::optional<std::pair<Value, Value>> findDestination(Value base, int64_t elements) const {
    auto uses = [&](const Nest &nest) { return touches(nest, base); };
    auto first = llvm::find_if(group.nests, uses);
    const Nest &last = *llvm::find_if(llvm::reverse(group.nests), uses);
    linalg::LinalgOp op = last.op;
    if (&*first == &last || op.getNumReductionLoops() || op.getNumDpsInits() != 1)
      return std::nullopt;
    OpOperand *init = op.getDpsInitOperand(0);
    unsigned number = init->getOperandNumber();
    const Memory &memory = last.memories[number];
    auto type = cast<MemRefType>(init->get().getType());
    if (!memory.isWhole || local.contains(memory.base) || !type.getLayout().isIdentity() ||
        type.getElementType() != cast<MemRefType>(base.getType()).getElementType() ||
        op.payloadUsesValueFromOperand(init))
      return std::nullopt;
    for (OpOperand *input : op.getDpsInputOperands()) {
      Value inputBase = last.memories[input->getOperandNumber()].base;
      if (inputBase == memory.base ||
          (inputBase == base && (op.getMatchingIndexingMap(input) != op.getMatchingIndexingMap(init) ||
                                 getRowElements(last, number) != elements ||
                                 cast<MemRefType>(input->get().getType()).getShape() != type.getShape())))
        return std::nullopt;
    }
    for (const Nest *nest = &*first; nest != &last; ++nest)
      if (touches(*nest, memory.base))
        return std::nullopt;
    return std::pair(init->get(), memory.base);
  }

  /// Whether the nest does little but move what leaves the caches before anything reads it. Where more is
  /// computed, the caches take what is stored while the next elements are; without them stores would wait.
  bool isStreamed(const Nest &nest) const {
    linalg::LinalgOp op = nest.op;
    if (group.nests.size() != 1 || !nest.tables.empty() || op.getNumDpsInits() != 1 ||
        op.getNumReductionLoops() || op.payloadUsesValueFromOperand(op.getDpsInitOperand(0)) ||
        countOps(op->getRegion(0).front()) > kMostStreamedOps)
      return false;
    OpOperand *init = op.getDpsInitOperand(0);
    auto type = cast<MemRefType>(init->get().getType());
    Value base = nest.memories[init->getOperandNumber()].base;
    auto isResult = [&](const Memory &memory) { return memory.base == base; };
    return type.hasStaticShape() && llvm::count_if(nest.memories, isResult) == 1 &&
           type.getNumElements() * getBytes(type.getElementType()) >= kLeastStreamedBytes;
  }

  /// What is too large for the stack stays where it is.
  void keepOnStack() {
    int64_t total = 0;
    local.remove_if([&](auto &entry) {
      auto &[buffer, described] = entry;
      if (described.destination)
        return false;
      int64_t bytes =
          described.elements * blockRows * getBytes(cast<MemRefType>(buffer.getType()).getElementType());
      if (total + bytes > kLargestBlockOnStack)
        return true;
      total += bytes;
      return false;
    });
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
        if (!local.contains(nest.memories[i].base) || !isa<MemRefType>(operand.getType()))
          captured.insert(operand);
      getUsedValuesDefinedAbove(nest.op->getRegions(), captured);
    }
    return llvm::filter_to_vector(captured, [](Value value) { return !isConstant(value); });
  }

  static bool isConstant(Value value) {
    Operation *op = value.getDefiningOp();
    return op && op->hasTrait<OpTrait::ConstantLike>();
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
                         for (const Nest &nest : group.nests)
                           emitNest(nest, mapping, first, size);
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
      if (isConstant(value) && !mapping.contains(value))
        builder.clone(*value.getDefiningOp(), mapping);
  }

  /// Whether the nest computes element by element what lies in one order in all operands.
  bool isFlat(const Nest &nest) const {
    linalg::LinalgOp op = nest.op;
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
  /// has time to fetch, if it has functions to compute.
  SmallVector<int64_t> getFetchedAhead(const Nest &nest) const {
    SmallVector<int64_t> ahead(nest.op->getNumOperands(), 0);
    for (OpOperand *input : linalg::LinalgOp(nest.op).getDpsInputOperands()) {
      unsigned number = input->getOperandNumber();
      Value base = nest.memories[number].base;
      auto type = dyn_cast<MemRefType>(input->get().getType());
      if (!type || !type.getLayout().isIdentity() || local.contains(base) ||
          group.effects.touched.lookup(base) || formOf(nest).leading[number] == RowForm::kSame ||
          findFetcher(base) != &nest)
        continue;
      int64_t elements = getRowElements(nest, number);
      if (!ShapedType::isDynamic(elements) &&
          elements * blockRows * getBytes(type.getElementType()) <= kLargestBlockOnStack)
        ahead[number] = elements * blockRows;
    }
    return ahead;
  }

  const Nest *findFetcher(Value base) const {
    const Nest *fetcher = nullptr;
    bool isFirst = true;
    for (const Nest &nest : group.nests) {
      if (!touches(nest, base))
        continue;
      if (!isFirst && getCostOfElement(nest.op) >= kProductsPerFunction &&
          (!fetcher || getCostOfElement(nest.op) > getCostOfElement(fetcher->op)))
        fetcher = &nest;
      isFirst = false;
    }
    return fetcher;
  }

  void emitNest(const Nest &nest, const IRMapping &mapping, OpFoldResult first, OpFoldResult size) {
    linalg::LinalgOp op = nest.op;
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

void emitNestGroup(OpBuilder &builder, NestGroup &group, KernelCalls &kernels) {
  GroupEmitter(builder, group, kernels).emit();
}

} // namespace tgc
