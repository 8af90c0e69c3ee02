//===- KernelDialect.cpp - What the CPU has machine code for --------------===//

#include "dialects/Kernel/IR/KernelDialect.h"
#include "mlir/Transforms/InliningUtils.h"

#include "dialects/Kernel/IR/KernelDialect.cpp.inc"
#include "dialects/Kernel/IR/KernelEnums.cpp.inc"
#define GET_OP_CLASSES
#include "dialects/Kernel/IR/KernelOps.cpp.inc"

using namespace mlir;

namespace tgc::kernel {
namespace {

struct KernelInlinerInterface : DialectInlinerInterface {
  using DialectInlinerInterface::DialectInlinerInterface;

  bool isLegalToInline(Operation *, Region *, bool, IRMapping &) const final { return true; }
  bool isLegalToInline(Region *, Region *, bool, IRMapping &) const final { return true; }
};

} // namespace

void KernelDialect::initialize() {
  addInterfaces<KernelInlinerInterface>();
  addOperations<
#define GET_OP_LIST
#include "dialects/Kernel/IR/KernelOps.cpp.inc"
      >();
}

using Effects = SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>;

/// Reads all operands that are memory but the inits, which it writes.
static void addEffects(DestinationStyleOpInterface op, bool readsInit, Effects &effects) {
  for (OpOperand &operand : op->getOpOperands()) {
    if (!isa<BaseMemRefType>(operand.get().getType()))
      continue;
    bool isInit = op.isDpsInit(&operand);
    if (!isInit || readsInit)
      effects.emplace_back(MemoryEffects::Read::get(), &operand);
    if (isInit)
      effects.emplace_back(MemoryEffects::Write::get(), &operand);
  }
}

/// The region computes an element from so many numbers.
static LogicalResult verifyRegion(Operation *op, Block &body, unsigned numArguments, Type element) {
  if (body.getNumArguments() != numArguments)
    return op->emitOpError() << "region has " << body.getNumArguments() << " arguments, expected "
                             << numArguments;
  auto yield = dyn_cast<YieldOp>(body.getTerminator());
  if (!yield || yield.getValue().getType() != element)
    return op->emitOpError() << "region must yield one " << element;
  return success();
}

/// Results are of the types of the inits, if these are tensors.
static LogicalResult verifyResults(DestinationStyleOpInterface op) {
  ValueRange inits = op.getDpsInits();
  bool isTensor = isa<TensorType>(inits.front().getType());
  if (isTensor ? inits.getTypes() != op->getResultTypes() : op->getNumResults() != 0)
    return op->emitOpError() << "expected "
                             << (isTensor ? "a result of the type of each of its inits" : "no result");
  return success();
}

void ContractOp::getEffects(Effects &effects) { addEffects(*this, getAccumulates(), effects); }

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

/// Each dimension of the left operand is named at most once, with a range within its size.
static LogicalResult verifyZeroBorders(ContractOp op) {
  ArrayRef<int64_t> borders = op.getZeroBorders().value_or(ArrayRef<int64_t>());
  auto type = cast<ShapedType>(op.getLhs().getType());
  if (borders.size() % 3 != 0)
    return op.emitOpError() << "zero_borders has " << borders.size()
                            << " numbers, expected three for each dimension";
  int64_t previous = -1;
  for (size_t i = 0; i < borders.size(); i += 3) {
    int64_t dim = borders[i], begin = borders[i + 1], end = borders[i + 2];
    if (dim <= previous || dim >= type.getRank())
      return op.emitOpError() << "zero_borders names dimension " << dim << ", expected rising dimensions of "
                              << type;
    if (begin < 0 || end < begin || (!type.isDynamicDim(dim) && end > type.getDimSize(dim)))
      return op.emitOpError() << "zero_borders has the range [" << begin << ", " << end << ") of dimension "
                              << dim << " of " << type;
    previous = dim;
  }
  return success();
}

/// The right operand moves along each of the loops, whose sizes are known.
static LogicalResult verifyReversedRhs(ContractOp op) {
  for (int64_t loop : op.getReversedLoops())
    if (loop < 0 || loop >= static_cast<int64_t>(op.getLoopSizes().size()) || op.getPanelWidth() ||
        ShapedType::isDynamic(op.getLoopSizes()[loop]) || !op.getRhsMap().isFunctionOfDim(loop))
      return op.emitOpError() << "reversed_rhs names " << loop
                              << ", expected loops of known sizes of a right operand that is not packed";
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
  if (failed(verifyPool(*this)) || failed(verifyZeroBorders(*this)) || failed(verifyReversedRhs(*this)))
    return failure();
  if (failed(verifyRegion(*this, getEpilogue().front(), numOperands - 2,
                          getElementTypeOrSelf(getInit().getType()))))
    return failure();
  return verifyResults(*this);
}

/// The size that an operand has along a loop.
template <typename Op> static int64_t getSize(Op op, unsigned operand, unsigned loop) {
  auto position = op.getMap(operand).getResultPosition(getAffineDimExpr(loop, op.getContext()));
  return cast<ShapedType>(op.getOperand(operand).getType()).getDimSize(*position);
}

/// Whether maps fit operands, and those have the loops that they need: pairs of both.
template <typename Op>
static LogicalResult verifyMaps(Op op, ArrayRef<std::pair<unsigned, unsigned>> needed) {
  size_t numOperands = op->getNumOperands();
  if (op.getIndexingMaps().size() != numOperands)
    return op.emitOpError() << "has " << op.getIndexingMaps().size() << " indexing maps, expected "
                            << numOperands;
  unsigned numLoops = op.getMap(0).getNumDims();
  for (auto [i, operand] : llvm::enumerate(op.getOperands())) {
    AffineMap map = op.getMap(i);
    auto type = cast<ShapedType>(operand.getType());
    if (!type.hasRank() || numLoops < 4 || map.getNumDims() != numLoops || !map.isProjectedPermutation() ||
        map.getNumResults() != type.getRank())
      return op.emitOpError() << "map " << AffineMapAttr::get(map) << " does not fit operand " << i
                              << " of type " << type << " under " << numLoops << " loops";
  }
  // Counted from the last loops, [i, j, d, e].
  for (auto [operand, loop] : needed)
    if (!op.getMap(operand).isFunctionOfDim(numLoops - 4 + loop))
      return op.emitOpError() << "operand " << operand << " lacks loop " << numLoops - 4 + loop;
  return success();
}

/// The last four loops, behind those of batches.
enum : unsigned { kQueryLoop, kKeyLoop, kDepthLoop, kValueLoop };

/// Whether operands have the same known size along a loop.
template <typename Op> static bool agree(Op op, unsigned loop, ArrayRef<unsigned> operands) {
  return llvm::all_of(operands, [&](unsigned operand) {
    int64_t size = op.getStaticSize(operand, loop);
    return !ShapedType::isDynamic(size) && size == op.getStaticSize(operands.front(), loop);
  });
}

static bool areFloatsAlike(ArrayRef<Value> operands) {
  Type element = getElementTypeOrSelf(operands.front().getType());
  return (element.isF32() || element.isF16() || element.isBF16()) &&
         llvm::all_of(operands,
                      [&](Value operand) { return getElementTypeOrSelf(operand.getType()) == element; });
}

void AttentionOp::getEffects(Effects &effects) { addEffects(*this, /*readsInit=*/false, effects); }

int64_t AttentionOp::getStaticSize(unsigned operand, unsigned loop) { return getSize(*this, operand, loop); }

LogicalResult AttentionOp::verify() {
  if (!getStatistics().empty() && getStatistics().size() != 2)
    return emitOpError() << "has " << getStatistics().size() << " statistics, expected none or two";
  unsigned init = getInitNumber();
  SmallVector<std::pair<unsigned, unsigned>> needed = {{0, kQueryLoop},    {0, kDepthLoop},   {1, kKeyLoop},
                                                       {1, kDepthLoop},    {2, kKeyLoop},     {2, kValueLoop},
                                                       {init, kQueryLoop}, {init, kValueLoop}};
  for (unsigned i = init + 1; i < getNumOperands(); ++i)
    needed.push_back({i, kQueryLoop});
  if (failed(verifyMaps(*this, needed)))
    return failure();
  if (!agree(*this, getDepthLoop(), {0, 1}) || !agree(*this, getValueLoop(), {2, init}))
    return emitOpError() << "needs known sizes of queries, keys and values, which agree";
  if (!areFloatsAlike({getQueries(), getKeys(), getValues(), getInit()}))
    return emitOpError() << "needs queries, keys, values and results of f32, f16 or bf16, all alike";
  for (Value statistic : getStatistics())
    if (!getElementTypeOrSelf(statistic.getType()).isF32())
      return emitOpError() << "needs statistics of f32, got " << statistic.getType();
  if (failed(
          verifyRegion(*this, getScores().front(), 1 + getExtras().size(), Float32Type::get(getContext()))))
    return failure();
  return verifyResults(*this);
}

void AttentionGradOp::getEffects(Effects &effects) { addEffects(*this, /*readsInit=*/false, effects); }

int64_t AttentionGradOp::getStaticSize(unsigned operand, unsigned loop) {
  return getSize(*this, operand, loop);
}

LogicalResult AttentionGradOp::verify() {
  unsigned ofQueries = getInitNumber(), ofKeys = ofQueries + 1, ofValues = ofKeys + 1;
  if (failed(verifyMaps(*this, {{kQueries, kQueryLoop},
                                {kQueries, kDepthLoop},
                                {kKeys, kKeyLoop},
                                {kKeys, kDepthLoop},
                                {kValues, kKeyLoop},
                                {kValues, kValueLoop},
                                {kAttended, kQueryLoop},
                                {kAttended, kValueLoop},
                                {kGradients, kQueryLoop},
                                {kGradients, kValueLoop},
                                {kLargest, kQueryLoop},
                                {kSums, kQueryLoop},
                                {ofQueries, kQueryLoop},
                                {ofQueries, kDepthLoop},
                                {ofKeys, kKeyLoop},
                                {ofKeys, kDepthLoop},
                                {ofValues, kKeyLoop},
                                {ofValues, kValueLoop}})))
    return failure();
  if (!agree(*this, getDepthLoop(), {kQueries, kKeys, ofQueries, ofKeys}) ||
      !agree(*this, getValueLoop(), {kValues, kAttended, kGradients, ofValues}))
    return emitOpError() << "needs known sizes of queries, keys and values, which agree";
  if (!areFloatsAlike({getQueries(), getKeys(), getValues(), getAttended(), getGradients(),
                       getQueryGradients(), getKeyGradients(), getValueGradients()}))
    return emitOpError()
           << "needs queries, keys, values, results and gradients of f32, f16 or bf16, all alike";
  SmallVector<Value> others(getExtras());
  others.append({getLargest(), getSums()});
  for (Value other : others)
    if (!getElementTypeOrSelf(other.getType()).isF32())
      return emitOpError() << "needs statistics and extras of f32, got " << other.getType();
  for (Region *region : getRegions())
    if (failed(verifyRegion(*this, region->front(), 1 + getExtras().size(), Float32Type::get(getContext()))))
      return failure();
  return verifyResults(*this);
}

void ScanOp::getEffects(Effects &effects) { addEffects(*this, /*readsInit=*/false, effects); }

LogicalResult ScanOp::verify() {
  auto type = cast<ShapedType>(getX().getType()), init = cast<ShapedType>(getInit().getType());
  Type element = type.getElementType();
  if (!type.hasRank() || !init.hasRank() || type.getRank() != init.getRank() ||
      element != init.getElementType() || element != getStart().getType())
    return emitOpError() << "needs an operand, an init and a start of the same element type and rank, got "
                         << type << ", " << init << " and " << getStart().getType();
  if (getDimension() >= static_cast<uint64_t>(type.getRank()))
    return emitOpError() << "runs along dimension " << getDimension() << " of " << type;
  if (failed(verifyRegion(*this, getCombination().front(), 2, element)))
    return failure();
  return verifyResults(*this);
}

void TopKOp::getEffects(Effects &effects) { addEffects(*this, /*readsInit=*/false, effects); }

LogicalResult TopKOp::verify() {
  auto type = cast<ShapedType>(getX().getType()), values = cast<ShapedType>(getValues().getType()),
       indices = cast<ShapedType>(getIndices().getType());
  if (!type.hasRank() || type.getRank() == 0 || !values.hasRank() || !indices.hasRank() ||
      values.getRank() != type.getRank() || indices.getRank() != type.getRank() ||
      values.getElementType() != type.getElementType() || !isa<IntegerType>(indices.getElementType()))
    return emitOpError() << "needs values like its operand and integers as indices, of its rank, got " << type
                         << ", " << values << " and " << indices;
  return verifyResults(*this);
}

} // namespace tgc::kernel
