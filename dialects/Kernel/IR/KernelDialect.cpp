//===- KernelDialect.cpp - What the CPU has machine code for --------------===//

#include "dialects/Kernel/IR/KernelDialect.h"

#include "dialects/Kernel/IR/KernelDialect.cpp.inc"
#include "dialects/Kernel/IR/KernelEnums.cpp.inc"
#define GET_OP_CLASSES
#include "dialects/Kernel/IR/KernelOps.cpp.inc"

using namespace mlir;

namespace tgc::kernel {

void KernelDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "dialects/Kernel/IR/KernelOps.cpp.inc"
      >();
}

using Effects = SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>;

/// Reads all operands that are memory but the init, which it writes.
static void addEffects(Operation *op, OpOperand &init, bool readsInit, Effects &effects) {
  for (OpOperand &operand : op->getOpOperands()) {
    if (!isa<BaseMemRefType>(operand.get().getType()))
      continue;
    bool isInit = &operand == &init;
    if (!isInit || readsInit)
      effects.emplace_back(MemoryEffects::Read::get(), &operand);
    if (isInit)
      effects.emplace_back(MemoryEffects::Write::get(), &operand);
  }
}

/// The region computes an element of `init`; results are of its type, if it is a tensor.
static LogicalResult verifyBody(Operation *op, Block &body, unsigned numArguments, Value init, Type element) {
  if (body.getNumArguments() != numArguments)
    return op->emitOpError() << "region has " << body.getNumArguments() << " arguments, expected "
                             << numArguments;
  auto yield = dyn_cast<YieldOp>(body.getTerminator());
  if (!yield || yield.getValue().getType() != element)
    return op->emitOpError() << "region must yield one " << element;
  bool isTensor = isa<TensorType>(init.getType());
  if (op->getNumResults() != (isTensor ? 1u : 0u) ||
      (isTensor && op->getResult(0).getType() != init.getType()))
    return op->emitOpError() << "expected " << (isTensor ? "a result of the type of its init" : "no result");
  return success();
}

void ContractOp::getEffects(Effects &effects) {
  addEffects(*this, getInitMutable(), getAccumulates(), effects);
}

/// Windows of 2 x 2 rows and columns of images are what the init has elements for.
static LogicalResult verifyPool(ContractOp op) {
  if (!op.getPool())
    return success();
  if (!op.getWinograd() || op.getAccumulates())
    return op.emitOpError() << "pools the results of convolutions by tiles only, which accumulate nothing";
  AffineMap map = op.getInitMap();
  auto type = cast<ShapedType>(op.getInit().getType());
  if (map.getNumResults() != 4)
    return op.emitOpError() << "pools images, expected an init of 4 dimensions, got " << type;
  for (unsigned dim : {1u, 2u}) {
    int64_t elements = op.getLoopSizes()[map.getDimPosition(dim)];
    if (ShapedType::isDynamic(elements) || type.getDimSize(dim) != (elements + 1) / 2)
      return op.emitOpError() << "pools windows of 2 x 2, expected half as many elements along dimension "
                              << dim << " of its init as its loop has, got " << type;
  }
  return success();
}

LogicalResult ContractOp::verify() {
  size_t numOperands = getNumOperands(), numLoops = getLoopSizes().size();
  if (getIndexingMaps().size() != numOperands)
    return emitOpError() << "has " << getIndexingMaps().size() << " indexing maps, expected " << numOperands;
  for (auto [i, operand] : llvm::enumerate(getOperands())) {
    AffineMap map = getMap(i);
    bool isPacked = i == 1 && getPanelWidth();
    auto type = cast<ShapedType>(operand.getType());
    if (!type.hasRank() || map.getNumDims() != numLoops || map.getNumSymbols() != 0 ||
        (!isPacked && map.getNumResults() != type.getRank()))
      return emitOpError() << "map " << AffineMapAttr::get(map) << " does not fit operand " << i
                           << " of type " << type << " under " << numLoops << " loops";
    if (i != 0 && !map.isProjectedPermutation(/*allowZeroInResults=*/i > 1 && i + 1 < numOperands))
      return emitOpError() << "map " << AffineMapAttr::get(map) << " of operand " << i
                           << " is not a projected permutation";
  }
  if (getInitMap().getNumResults() == 0)
    return emitOpError() << "needs a dimension of its result to run along";
  if (failed(verifyPool(*this)))
    return failure();
  return verifyBody(*this, getEpilogue().front(), numOperands - 2, getInit(),
                    getElementTypeOrSelf(getInit().getType()));
}

void AttentionOp::getEffects(Effects &effects) {
  addEffects(*this, getInitMutable(), /*readsInit=*/false, effects);
}

int64_t AttentionOp::getStaticSize(unsigned operand, unsigned loop) {
  auto position = getMap(operand).getResultPosition(getAffineDimExpr(loop, getContext()));
  return cast<ShapedType>(getOperand(operand).getType()).getDimSize(*position);
}

LogicalResult AttentionOp::verify() {
  size_t numOperands = getNumOperands();
  if (getIndexingMaps().size() != numOperands)
    return emitOpError() << "has " << getIndexingMaps().size() << " indexing maps, expected " << numOperands;
  unsigned numLoops = getMap(0).getNumDims();
  for (auto [i, operand] : llvm::enumerate(getOperands())) {
    AffineMap map = getMap(i);
    auto type = cast<ShapedType>(operand.getType());
    if (!type.hasRank() || numLoops < 4 || map.getNumDims() != numLoops || !map.isProjectedPermutation() ||
        map.getNumResults() != type.getRank())
      return emitOpError() << "map " << AffineMapAttr::get(map) << " does not fit operand " << i
                           << " of type " << type << " under " << numLoops << " loops";
  }
  unsigned query = numLoops - 4, key = query + 1, depth = key + 1, value = depth + 1, init = numOperands - 1;
  for (auto [operand, loop] : {std::pair(0u, query),
                               {0u, depth},
                               {1u, key},
                               {1u, depth},
                               {2u, key},
                               {2u, value},
                               {init, query},
                               {init, value}})
    if (!getMap(operand).isFunctionOfDim(loop))
      return emitOpError() << "operand " << operand << " lacks loop " << loop;
  if (ShapedType::isDynamic(getStaticSize(0, depth)) || ShapedType::isDynamic(getStaticSize(2, value)) ||
      getStaticSize(0, depth) != getStaticSize(1, depth) ||
      getStaticSize(2, value) != getStaticSize(init, value))
    return emitOpError() << "needs known sizes of queries, keys and values, which agree";
  Type element = getElementTypeOrSelf(getQueries().getType());
  if (!(element.isF32() || element.isF16() || element.isBF16()) ||
      llvm::any_of(ValueRange{getKeys(), getValues(), getInit()},
                   [&](Value operand) { return getElementTypeOrSelf(operand.getType()) != element; }))
    return emitOpError() << "needs queries, keys, values and results of f32, f16 or bf16, all alike";
  return verifyBody(*this, getScores().front(), numOperands - 3, getInit(), Float32Type::get(getContext()));
}

} // namespace tgc::kernel
