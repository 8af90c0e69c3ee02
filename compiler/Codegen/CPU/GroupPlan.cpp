//===- GroupPlan.cpp - How a group of nests runs --------------------------===//

#include "compiler/Codegen/CPU/GroupPlan.h"
#include "compiler/Codegen/CPU/KeepLoop.h"
#include "compiler/Codegen/CPU/SelectBlocks.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;

namespace tgc {

int64_t getElementBytes(Type element) {
  if (auto complex = dyn_cast<ComplexType>(element))
    return 2 * getElementBytes(complex.getElementType());
  return llvm::divideCeil(element.getIntOrFloatBitWidth(), 8);
}

int64_t countElements(ArrayRef<int64_t> shape) {
  int64_t count = 1;
  for (int64_t size : shape) {
    if (ShapedType::isDynamic(size))
      return size;
    count *= size;
  }
  return count;
}

GroupPlan::GroupPlan(const NestGroup &group, VectorUnit unit)
    : group(group), unit(unit), product(group.findProduct()), rows(group.rows.back()) {
  if (product)
    ofProduct.emplace(product->getProduct(), unit);
  findLocalBuffers();
  if (product)
    chooseBlockOfProduct();
  else
    chooseBlock();
  keepOnStack();
}

//===----------------------------------------------------------------------===//
// Sizes
//===----------------------------------------------------------------------===//

/// Elements that a nest computes per row; unknown sizes count as some.
int64_t GroupPlan::getElementsOfRow(const Nest &nest) const {
  int64_t count = 1, numRows = rows.known;
  for (int64_t size : nest.getLoopSizes())
    count *= ShapedType::isDynamic(size) ? kTypicalSize : size;
  for (size_t i = 0; i < rows.sizes.size(); ++i)
    numRows *= kTypicalSize;
  return std::max<int64_t>(count / numRows, 1);
}

int64_t GroupPlan::getWorkOfRow() const {
  int64_t work = 0;
  for (const Nest &nest : group.nests)
    work += (nest.getProduct() ? 1 : getCostOfElement(nest.op)) * getElementsOfRow(nest);
  return work;
}

bool GroupPlan::pays() const {
  if (product)
    return paysAroundProduct();
  if (!rows.sizes.empty())
    return true;
  int64_t work = rows.known * getWorkOfRow();
  return work >= (group.nests.size() > 1 ? kLeastGroupedWork : kLeastParallelProducts);
}

int64_t GroupPlan::getRowElements(const Nest &nest, unsigned operand) const {
  auto type = cast<MemRefType>(nest.op->getOperand(operand).getType());
  return countElements(type.getShape().drop_front(formOf(nest).leading[operand]));
}

void GroupPlan::chooseBlock() {
  llvm::MapVector<Value, int64_t> bytesOfRow;
  for (const Nest &nest : group.nests)
    for (auto [i, leading] : llvm::enumerate(formOf(nest).leading)) {
      if (leading == RowForm::kSame || local.lookup(nest.memories[i].base).destination)
        continue;
      int64_t elements = getRowElements(nest, i);
      Type element = cast<MemRefType>(nest.op->getOperand(i).getType()).getElementType();
      int64_t bytes = getElementBytes(element) * (ShapedType::isDynamic(elements) ? kTypicalSize : elements);
      int64_t &known = bytesOfRow[nest.memories[i].base];
      known = nest.memories[i].isWhole ? std::max(known, bytes) : known + bytes;
    }
  int64_t bytes = 0;
  for (auto [base, each] : bytesOfRow)
    bytes += each;
  bool streams =
      group.nests.size() > 1 && llvm::any_of(group.nests, [&](const Nest &nest) { return isStreamed(nest); });
  int64_t most = streams ? kStreamedBlockBytes : kBlockBytes;
  blockRows = std::max<int64_t>(most / std::max<int64_t>(bytes, 1), 1);
  if (!rows.sizes.empty())
    return;
  blockRows = std::min(blockRows, rows.known);
  cutEvenly(blockRows >= 32 ? 16 : 1);
}

/// Whole blocks only, if there is a size not much smaller that allows it.
void GroupPlan::cutEvenly(int64_t step) {
  for (int64_t size = blockRows / step * step; size > blockRows / 2; size -= step)
    if (rows.known % size == 0) {
      blockRows = size;
      isEven = true;
      return;
    }
}

//===----------------------------------------------------------------------===//
// Blocks of a product
//===----------------------------------------------------------------------===//

/// Whether a nest and the product meet in that memory.
bool GroupPlan::areShared(Value base) const {
  return product->touches(base) && group.effects.touched.lookup(base) &&
         llvm::any_of(group.nests, [&](const Nest &nest) { return &nest != product && nest.touches(base); });
}

/// What has to stay in the second-level cache: what a nest hands on, and the product's rows, which it reads
/// once for each group of panels.
int64_t GroupPlan::getSharedBytesOfRow() const {
  llvm::MapVector<Value, int64_t> bytesOfRow;
  for (const Nest &nest : group.nests)
    for (auto [i, memory] : llvm::enumerate(nest.memories)) {
      if (formOf(nest).leading[i] == RowForm::kSame)
        continue;
      bool isRead = &nest == product && i == 0;
      bool isHandedOn =
          group.effects.touched.lookup(memory.base) &&
          llvm::count_if(group.nests, [&](const Nest &other) { return other.touches(memory.base); }) > 1;
      int64_t elements = getRowElements(nest, i);
      if (!isRead && !isHandedOn)
        continue;
      if (ShapedType::isDynamic(elements))
        return ShapedType::kDynamic;
      Type element = cast<MemRefType>(nest.op->getOperand(i).getType()).getElementType();
      int64_t &known = bytesOfRow[memory.base];
      known = std::max(known, elements * getElementBytes(element));
    }
  int64_t bytes = 0;
  for (auto [base, each] : bytesOfRow)
    bytes += each;
  return bytes;
}

/// Those of the right operand, or ShapedType::kDynamic.
int64_t GroupPlan::getRhsElements() const {
  kernel::ContractOp op = product->getProduct();
  int64_t elements = 1;
  for (auto [loop, size] : llvm::enumerate(op.getLoopSizes())) {
    if (!op.getRhsMap().isFunctionOfDim(loop))
      continue;
    if (ShapedType::isDynamic(size))
      return size;
    elements *= size;
  }
  return elements;
}

/// As many rows as the nearest cache likes, if the right operand stays in the second-level cache; else as
/// many as that holds, for which it comes once from further away. 0: no number does.
void GroupPlan::chooseBlockOfProduct() {
  blockRows = 0;
  kernel::ContractOp op = product->getProduct();
  int64_t rhsElements = getRhsElements(), bytesOfRow = getSharedBytesOfRow();
  if (ShapedType::isDynamic(rhsElements) || ShapedType::isDynamic(bytesOfRow) || rhsElements == 0 ||
      bytesOfRow == 0)
    return;
  int64_t tile = selectContractTiling(unit, getBytes(op.getAccumulatorType()),
                                      op.getLoopSizes()[op.getColumnLoop()], ShapedType::kDynamic)
                     .rows;
  int64_t rhsBytes = rhsElements * getElementBytes(getElementTypeOrSelf(op.getRhs().getType()));
  int64_t most = getGroupBytes(unit) / 2 / bytesOfRow / tile * tile;
  bool isNear = rhsBytes <= getGroupBytes(unit);
  int64_t wanted = std::max({kBlockBytes / bytesOfRow, kLeastProductsOfBlock / rhsElements, 4 * tile});
  wanted = isNear ? llvm::alignTo(wanted, tile) : kMostRowsOfBlock;
  if (most == 0 || (!isNear && most < kLeastRowsOfFarBlock))
    return;
  blockRows = std::min(most, wanted);
  if (!rows.sizes.empty())
    return;
  blockRows = std::min(blockRows, rows.known);
  isEven = rows.known % blockRows == 0;
  if (!isEven)
    cutEvenly(/*step=*/4);
}

/// Whether what the product reads or makes stays in the caches, there are as many blocks as threads would get
/// pieces otherwise, and nothing is packed again for each of them.
bool GroupPlan::paysAroundProduct() const {
  auto isFew = [&](int64_t work) { return work < kLeastParallelProducts; };
  if (blockRows == 0 || group.nests.size() < 2)
    return false;
  RhsForm form = ofProduct->rhsForm;
  int64_t workOfRow = getWorkOfRow();
  if (form != RhsForm::Direct && form != RhsForm::Packed && form != RhsForm::PackedByCall)
    return false;
  kernel::ContractOp op = product->getProduct();
  Value result = product->memories[op.getDpsInitOperand(0)->getOperandNumber()].base;
  int64_t bytesOfRow = 0;
  for (auto [i, memory] : llvm::enumerate(product->memories))
    if (areShared(memory.base) && (local.contains(memory.base) || memory.base == result))
      bytesOfRow += getRowElements(*product, i) *
                    getElementBytes(cast<MemRefType>(op->getOperand(i).getType()).getElementType());
  if (bytesOfRow == 0)
    return false;
  if (!rows.sizes.empty())
    return form != RhsForm::PackedByCall && isFew(blockRows * workOfRow);
  int64_t pieces = std::min<int64_t>(kParallelPieces, llvm::divideCeil(op.getLoopSizes()[op.getColumnLoop()],
                                                                       ofProduct->tiling.getPanelWidth()));
  return rows.known * bytesOfRow >= kBlockBytes && rows.known * workOfRow >= kLeastGroupedWork &&
         (isFew(rows.known * workOfRow) || llvm::divideCeilSigned(rows.known, blockRows) >= pieces);
}

//===----------------------------------------------------------------------===//
// Buffers
//===----------------------------------------------------------------------===//

static bool isViewOp(Operation *op) {
  return isa<memref::ExpandShapeOp, memref::CollapseShapeOp, memref::CastOp>(op);
}

/// Whether the group's nests are all that uses the buffer.
bool GroupPlan::isUsedHereOnly(Value buffer, const llvm::SmallPtrSetImpl<Operation *> &members) const {
  return llvm::all_of(buffer.getUsers(), [&](Operation *user) {
    return members.contains(user) || (isViewOp(user) && isUsedHereOnly(user->getResult(0), members));
  });
}

void GroupPlan::findLocalBuffers() {
  llvm::SmallPtrSet<Operation *, 8> members;
  for (const Nest &nest : group.nests)
    members.insert(nest.op);
  for (auto [base, isWritten] : group.effects.touched) {
    auto alloc = base.getDefiningOp<memref::AllocOp>();
    if (!alloc || !isUsedHereOnly(base, members))
      continue;
    int64_t elements = 0;
    bool areRows = llvm::none_of(group.nests, [base = base](const Nest &nest) { return nest.isTable(base); });
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

/// The memory of what the last of the buffer's readers computes of each of its elements, and what stands
/// for it, if it is free as long as the buffer is used.
std::optional<std::pair<Value, Value>> GroupPlan::findDestination(Value base, int64_t elements) const {
  auto uses = [&](const Nest &nest) { return nest.touches(base); };
  auto first = llvm::find_if(group.nests, uses);
  const Nest &last = *llvm::find_if(llvm::reverse(group.nests), uses);
  linalg::LinalgOp op = last.getLoops();
  if (&*first == &last || !op || op.getNumReductionLoops() || op.getNumDpsInits() != 1 || isStreamed(last))
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
    if (nest->touches(memory.base))
      return std::nullopt;
  return std::pair(init->get(), memory.base);
}

bool GroupPlan::isStreamed(const Nest &nest) const {
  linalg::LinalgOp op = nest.getLoops();
  if (unit.bytes < kLeastStreamingVector || product || !op || !nest.tables.empty() ||
      op.getNumDpsInits() != 1 || op.getNumReductionLoops() ||
      op.payloadUsesValueFromOperand(op.getDpsInitOperand(0)))
    return false;
  OpOperand *init = op.getDpsInitOperand(0);
  unsigned number = init->getOperandNumber();
  auto type = cast<MemRefType>(init->get().getType());
  Value base = nest.memories[number].base;
  int64_t bytes = getElementBytes(type.getElementType()), uses = 0;
  for (const Nest &other : group.nests)
    uses += llvm::count_if(other.memories, [&](const Memory &memory) { return memory.base == base; }) +
            other.isTable(base);
  bool isNear = group.nests.size() == 1 || getRowElements(nest, number) * bytes <= kMostStreamedRow;
  if (uses != 1 || local.contains(base) || !type.hasStaticShape() || !isNear ||
      type.getNumElements() * bytes < kLeastStreamedBytes)
    return false;
  return countOpsOfElement(op) <= kMostStreamedOps;
}

/// What is too large for the stack stays where it is.
void GroupPlan::keepOnStack() {
  int64_t total = 0;
  local.remove_if([&](auto &entry) {
    auto &[buffer, described] = entry;
    if (described.destination)
      return false;
    int64_t bytes =
        described.elements * blockRows * getElementBytes(cast<MemRefType>(buffer.getType()).getElementType());
    if (total + bytes > (product ? getGroupBytes(unit) / 2 : kLargestBlockOnStack))
      return true;
    total += bytes;
    return false;
  });
}

} // namespace tgc
