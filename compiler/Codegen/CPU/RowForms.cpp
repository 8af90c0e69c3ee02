//===- RowForms.cpp - Which rows an op walks ------------------------------===//

#include "compiler/Codegen/CPU/RowForms.h"
#include "dialects/Rt/IR/RtDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;

namespace tgc {

void RowCount::multiply(Value size) {
  sizes.insert(
      llvm::upper_bound(sizes, size,
                        [](Value a, Value b) { return a.getAsOpaquePointer() < b.getAsOpaquePointer(); }),
      size);
}

linalg::LinalgOp Nest::getLoops() const { return dyn_cast<linalg::LinalgOp>(static_cast<Operation *>(op)); }

kernel::ContractOp Nest::getProduct() const {
  return dyn_cast<kernel::ContractOp>(static_cast<Operation *>(op));
}

AffineMap Nest::getMap(unsigned operand) const {
  if (kernel::ContractOp product = getProduct())
    return product.getMap(operand);
  return getLoops().getMatchingIndexingMap(&op->getOpOperand(operand));
}

SmallVector<int64_t> Nest::getLoopSizes() const {
  if (kernel::ContractOp product = getProduct())
    return SmallVector<int64_t>(product.getLoopSizes());
  return getLoops().getStaticLoopRanges();
}

const RowForm *Nest::getForm(const RowCount &rows) const {
  for (const RowForm &form : forms)
    if (form.rows == rows)
      return &form;
  return nullptr;
}

bool Nest::isTable(Value base) const {
  return llvm::any_of(tables, [&](const Memory &table) { return table.base == base; });
}

bool Nest::touches(Value base) const {
  return llvm::any_of(memories, [&](const Memory &memory) { return memory.base == base; });
}

const Nest *NestGroup::findProduct() const {
  auto found = llvm::find_if(nests, [](const Nest &nest) { return nest.getProduct() != nullptr; });
  return found == nests.end() ? nullptr : &*found;
}

static bool isNumber(Type type) { return type.isIntOrFloat() || isa<ComplexType>(type); }

/// A value that stands for the dynamic size, the same for buffers that were made with one size.
Value RowForms::findSize(Value memref, int64_t dim) {
  for (;;) {
    Operation *op = memref.getDefiningOp();
    int64_t index = cast<MemRefType>(memref.getType()).getDynamicDimIndex(dim);
    if (auto alloc = dyn_cast_or_null<memref::AllocOp>(op))
      return alloc.getDynamicSizes()[index];
    if (auto fetch = dyn_cast_or_null<rt::FetchOp>(op))
      return fetch.getSizes()[index];
    if (auto variable = dyn_cast_or_null<rt::NewVariableOp>(op))
      return variable.getSizes()[index];
    if (auto expand = dyn_cast_or_null<memref::ExpandShapeOp>(op))
      return expand.getOutputShape()[index];
    if (auto part = dyn_cast_or_null<memref::SubViewOp>(op); part && part.getDroppedDims().none())
      return cast<Value>(part.getMixedSizes()[dim]);
    auto cast = dyn_cast_or_null<memref::CastOp>(op);
    auto source = cast ? dyn_cast<MemRefType>(cast.getSource().getType()) : nullptr;
    if (!source || !source.isDynamicDim(dim))
      break;
    memref = cast.getSource();
  }
  Value &known = dims[{memref, dim}];
  if (!known) {
    OpBuilder builder(memref.getContext());
    builder.setInsertionPointAfterValue(memref);
    known = memref::DimOp::create(builder, memref.getLoc(), memref, dim);
  }
  return known;
}

/// How many of the operand's first dimensions the first loops walk, in order; nothing if they walk it some
/// other way.
static std::optional<unsigned> countLeading(AffineMap map, MemRefType type, ArrayRef<int64_t> sizes,
                                            unsigned numLoops) {
  auto isRowLoop = [&](AffineExpr expr) {
    for (unsigned loop = 0; loop < numLoops; ++loop)
      if (sizes[loop] != 1 && expr.isFunctionOfDim(loop))
        return true;
    return false;
  };
  if (llvm::none_of(map.getResults(), isRowLoop))
    return RowForm::kSame;
  unsigned dim = 0;
  for (unsigned loop = 0; loop < numLoops; ++loop) {
    if (sizes[loop] == 1)
      continue;
    while (dim < map.getNumResults() && type.getDimSize(dim) == 1)
      ++dim;
    if (dim == map.getNumResults() || map.getResult(dim) != getAffineDimExpr(loop, map.getContext()))
      return std::nullopt;
    ++dim;
  }
  for (AffineExpr expr : map.getResults().drop_front(dim))
    if (isRowLoop(expr))
      return std::nullopt;
  return dim;
}

/// Whether the dimensions behind the leading ones say how long each loop of a row is: a loop of one iteration
/// may have walked nothing but a leading one.
static bool saysLoopSizes(const Nest &nest, const RowForm &form) {
  DestinationStyleOpInterface op = nest.op;
  for (unsigned loop = form.numLoops, end = nest.getLoopSizes().size(); loop < end; ++loop)
    if (llvm::none_of(op->getOpOperands(), [&](OpOperand &operand) {
          AffineMap map = nest.getMap(operand.getOperandNumber());
          unsigned leading = form.leading[operand.getOperandNumber()];
          return llvm::any_of(map.getResults().drop_front(leading == RowForm::kSame ? 0 : leading),
                              [&](AffineExpr expr) { return expr.isFunctionOfDim(loop); });
        }))
      return false;
  return true;
}

static bool fillLeading(const Nest &nest, RowForm &form) {
  SmallVector<int64_t> sizes = nest.getLoopSizes();
  bool hasIndex = false;
  nest.op->walk([&](linalg::IndexOp index) { hasIndex |= index.getDim() < form.numLoops; });
  if (hasIndex)
    return false;
  DestinationStyleOpInterface op = nest.op;
  for (OpOperand &operand : op->getOpOperands()) {
    AffineMap map = nest.getMap(operand.getOperandNumber());
    auto type = dyn_cast<MemRefType>(operand.get().getType());
    std::optional<unsigned> leading = type ? countLeading(map, type, sizes, form.numLoops) : RowForm::kSame;
    if (!leading || (*leading == RowForm::kSame && op.isDpsInit(&operand)))
      return false;
    // Several dimensions are seen as one.
    if (*leading != RowForm::kSame && *leading != 1 && !type.getLayout().isIdentity())
      return false;
    form.leading.push_back(*leading);
  }
  return !nest.getLoops() || saysLoopSizes(nest, form);
}

/// Whether the loop is one of rows.
static bool isRowLoop(const Nest &nest, unsigned loop) {
  if (kernel::ContractOp product = nest.getProduct())
    return product.getInitMap().isFunctionOfDim(loop) && loop != product.getColumnLoop() &&
           !product.getRhsMap().isFunctionOfDim(loop);
  return nest.getLoops().getIteratorTypesArray()[loop] == utils::IteratorType::parallel;
}

/// Whether a block of its rows is a product like it.
static bool isPlainProduct(kernel::ContractOp op) {
  return !op.getWinograd() && !op.getPool() && !op.getZeroBorders() && op.getReversedLoops().empty();
}

std::optional<Nest> RowForms::describe(Operation &op, GroupKind kind) {
  auto product = kind == GroupKind::AroundProduct ? dyn_cast<kernel::ContractOp>(op) : nullptr;
  auto loops = dyn_cast<linalg::LinalgOp>(op);
  bool isNest = loops && isa<linalg::GenericOp, linalg::FillOp>(op) && loops.hasPureBufferSemantics();
  if (op.getNumResults() || !(product ? isPlainProduct(product) : isNest))
    return std::nullopt;
  Nest nest = {cast<DestinationStyleOpInterface>(op), {}, {}, {}};
  for (Value operand : op.getOperands()) {
    auto type = dyn_cast<MemRefType>(operand.getType());
    nest.memories.push_back(type ? memory.find(operand) : Memory());
    if (type && (!nest.memories.back().base || !isNumber(type.getElementType())))
      return std::nullopt;
  }
  if (!findTables(nest))
    return std::nullopt;
  RowCount rows;
  for (unsigned loop = 0; loop < nest.getLoopSizes().size(); ++loop) {
    if (!isRowLoop(nest, loop) || !multiplyBySize(nest, loop, rows))
      break;
    if (rows.isOne())
      continue;
    RowForm form = {rows, loop + 1, {}};
    if (fillLeading(nest, form))
      nest.forms.push_back(std::move(form));
  }
  if (nest.forms.empty())
    return std::nullopt;
  return nest;
}

/// Whether the memory that the body itself touches is known, and only read: not what the nest writes.
bool RowForms::findTables(Nest &nest) {
  auto result = nest.op->getRegion(0).walk([&](Operation *inner) {
    if (llvm::none_of(inner->getOperandTypes(), llvm::IsaPred<BaseMemRefType>))
      return WalkResult::advance();
    auto load = dyn_cast<memref::LoadOp>(inner);
    if (!load || !isNumber(load.getType()))
      return WalkResult::interrupt();
    nest.tables.push_back(memory.find(load.getMemRef()));
    return nest.tables.back().base ? WalkResult::advance() : WalkResult::interrupt();
  });
  return !result.wasInterrupted() && llvm::none_of(nest.op.getDpsInitsMutable(), [&](OpOperand &init) {
    return nest.isTable(nest.memories[init.getOperandNumber()].base);
  });
}

bool RowForms::multiplyBySize(const Nest &nest, unsigned loop, RowCount &rows) {
  int64_t size = nest.getLoopSizes()[loop];
  if (!ShapedType::isDynamic(size)) {
    rows.multiply(size);
    return size > 0;
  }
  for (auto [i, operand] : llvm::enumerate(nest.op->getOperands())) {
    // A packed operand has dimensions of its own.
    AffineMap map = nest.getMap(i);
    auto type = dyn_cast<ShapedType>(operand.getType());
    if (!type || type.getRank() != map.getNumResults())
      continue;
    if (auto dim = map.getResultPosition(getAffineDimExpr(loop, nest.op->getContext()))) {
      rows.multiply(findSize(operand, *dim));
      return true;
    }
  }
  return false;
}

} // namespace tgc
