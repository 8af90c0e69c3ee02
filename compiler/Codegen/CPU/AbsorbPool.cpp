//===- AbsorbPool.cpp - Pools in the kernels of convolutions --------------===//
//
// A tile of 4 x 4 results holds four windows of a pool by 2 x 2, one of 2 x 2 is such a window, so their
// maxima or sums are made of registers, and the results themselves, four times as much memory, are never
// stored.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/CPU/SelectTiling.h"
#include "compiler/Codegen/CPU/VectorBody.h"
#include "compiler/Codegen/CPU/Winograd.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace tgc {
namespace {

/// Whether the op fills with what a sum or a maximum begins with.
bool fillsWithIdentity(linalg::FillOp fill, bool isSum) {
  if (!fill)
    return false;
  Value scalar = fill.getInputs()[0];
  return isSum ? matchPattern(scalar, m_AnyZeroFloat()) : matchPattern(scalar, m_NegInfFloat());
}

/// A pool over rows and columns [image, y, x, column], and what its body computes of an element before.
struct PoolMatch {
  linalg::GenericOp op;
  bool isSum;
  /// Which input has the elements; the body's value of one that is combined.
  unsigned input;
  Value element;
  linalg::FillOp fill;
};

std::optional<PoolMatch> matchPool(Operation *user, Value elements) {
  auto op = dyn_cast_or_null<linalg::GenericOp>(user);
  if (!op || op.getNumDpsInits() != 1 || op.getNumResults() != 1 || op.hasIndexSemantics() ||
      !op.hasPureTensorSemantics() || op.getNumReductionLoops() != 2)
    return std::nullopt;
  Block &body = op.getRegion().front();
  BlockArgument accumulator = body.getArguments().back();
  Operation *combine = body.getTerminator()->getOperand(0).getDefiningOp();
  if (!isa_and_nonnull<arith::MaximumFOp, arith::AddFOp>(combine) || !accumulator.hasOneUse() ||
      !llvm::is_contained(combine->getOperands(), accumulator))
    return std::nullopt;
  PoolMatch match = {op, isa<arith::AddFOp>(combine), 0,
                     combine->getOperand(combine->getOperand(0) == accumulator ? 1 : 0),
                     op.getDpsInits()[0].getDefiningOp<linalg::FillOp>()};
  ValueRange inputs = op.getInputs();
  match.input = llvm::find(inputs, elements) - inputs.begin();
  if (llvm::count(inputs, elements) != 1 || !fillsWithIdentity(match.fill, match.isSum))
    return std::nullopt;
  AffineMap from = op.getIndexingMapsArray()[match.input], to = op.getIndexingMapsArray().back();
  SmallVector<int64_t> sizes = op.getStaticLoopRanges();
  if (from.getNumResults() != 4 || to.getNumResults() != 4 || !to.isProjectedPermutation() ||
      from.getResult(0) != to.getResult(0) || from.getResult(3) != to.getResult(3))
    return std::nullopt;
  for (unsigned dim : {1u, 2u}) {
    AffineExpr twice = to.getResult(dim) * 2;
    // The loop that is left is the window's.
    auto inWindow =
        dyn_cast<AffineDimExpr>(simplifyAffineExpr(from.getResult(dim) - twice, from.getNumDims(), 0));
    if (!inWindow || to.isFunctionOfDim(inWindow.getPosition()) || sizes[inWindow.getPosition()] != 2)
      return std::nullopt;
  }
  return match;
}

/// The copy of all results into the first rows and columns of larger images that are filled with what does
/// not count.
tensor::InsertSliceOp matchPadding(Operation *user, Value elements) {
  auto insert = dyn_cast_or_null<tensor::InsertSliceOp>(user);
  auto type = cast<RankedTensorType>(elements.getType());
  if (!insert || insert.getSource() != elements || !insert.hasUnitStride() ||
      insert.getType().getRank() != type.getRank() ||
      !llvm::all_of(insert.getMixedOffsets(), [](OpFoldResult at) { return isConstantIntValue(at, 0); }))
    return {};
  return insert;
}

} // namespace

kernel::ContractOp absorbPool(kernel::ContractOp op) {
  auto onlyUser = [](Value value) -> Operation * {
    return value.hasOneUse() ? *value.user_begin() : nullptr;
  };
  if (isFilterGradient(op))
    return op;
  auto [down, across] = getTile(op);
  if (down.results % 2 != 0 || across.results % 2 != 0)
    return op;
  Value elements = op.getResult(0);
  tensor::InsertSliceOp padding = matchPadding(onlyUser(elements), elements);
  if (padding)
    elements = padding.getResult();
  std::optional<PoolMatch> match = matchPool(onlyUser(elements), elements);
  if (!match || match->op->getBlock() != op->getBlock())
    return op;
  linalg::GenericOp pool = match->op;
  Block &body = pool.getRegion().front();
  AffineMap elementMap = op.getInitMap(), from = pool.getIndexingMapsArray()[match->input];
  auto pooledType = cast<RankedTensorType>(pool.getResult(0).getType());
  if (!pooledType.getElementType().isF32() || pooledType.isDynamicDim(1) || pooledType.isDynamicDim(2))
    return op;
  SmallVector<int64_t> sizes(op.getLoopSizes());
  for (unsigned dim : {1u, 2u}) {
    unsigned loop = elementMap.getDimPosition(dim);
    int64_t windows = pooledType.getDimSize(dim), rest = sizes[loop] - 2 * windows;
    // Windows behind the last element need a padding; elements behind the last window need not be computed.
    if (!op.getLhsMap().getResult(dim).isFunctionOfDim(loop) || rest < (padding ? -1 : 0) || rest > 1)
      return op;
    sizes[loop] -= std::max<int64_t>(rest, 0);
    if (sizes[loop] < (dim == 1 ? down : across).results)
      return op;
  }
  auto isComputed = [&](Operation &inner) {
    return &inner != body.getTerminator()->getOperand(0).getDefiningOp();
  };
  int64_t numOps = body.getOperations().size() + op.getEpilogue().front().getOperations().size();
  bool isPlain = match->element == body.getArgument(match->input);
  if (padding
          ? !isPlain || !fillsWithIdentity(padding.getDest().getDefiningOp<linalg::FillOp>(), match->isSum)
          : numOps > kLargestEpilogue)
    return op;
  for (Operation &inner : body.without_terminator())
    if (isComputed(inner) && !isVectorizable(inner))
      return op;

  // What the body reads besides, by the loops of the convolution.
  SmallVector<Value> extras(op.getExtras());
  SmallVector<AffineMap> maps;
  for (unsigned i = 0; i + 1 < op.getIndexingMaps().size(); ++i)
    maps.push_back(op.getMap(i));
  SmallVector<std::pair<BlockArgument, Type>> read;
  for (auto [i, input] : llvm::enumerate(pool.getInputs())) {
    BlockArgument argument = body.getArgument(i);
    if (i == match->input || argument.use_empty())
      continue;
    SmallVector<AffineExpr> exprs;
    for (AffineExpr expr : pool.getIndexingMapsArray()[i].getResults()) {
      auto position = llvm::find(from.getResults(), expr);
      if (position == from.getResults().end() && !isa<AffineConstantExpr>(expr))
        return op;
      exprs.push_back(
          isa<AffineConstantExpr>(expr) ? expr : elementMap.getResult(position - from.getResults().begin()));
    }
    AffineMap map = AffineMap::get(elementMap.getNumDims(), 0, exprs, op.getContext());
    // Elements along the columns are loaded as vectors.
    if (!map.isProjectedPermutation(/*allowZeroInResults=*/true) || !isVectorElement(argument.getType()) ||
        (map.isFunctionOfDim(op.getColumnLoop()) &&
         map.getResults().back() != getAffineDimExpr(op.getColumnLoop(), op.getContext())))
      return op;
    extras.push_back(input);
    maps.push_back(map);
    read.push_back({argument, argument.getType()});
  }
  maps.push_back(elementMap);

  OpBuilder builder(pool);
  auto pooled = kernel::ContractOp::create(
      builder, pool.getLoc(), pool.getResultTypes(), op.getLhs(), op.getRhs(), extras,
      match->fill.getOutputs()[0], builder.getAffineMapArrayAttr(maps), builder.getDenseI64ArrayAttr(sizes),
      /*accumulates=*/false, op.getPanelWidthAttr(), /*in_place=*/false, /*winograd=*/true,
      kernel::PoolAttr::get(op.getContext(), match->isSum ? kernel::Pool::Sum : kernel::Pool::Maximum),
      op.getZeroBordersAttr(), op.getReversedRhsAttr());
  pooled.getEpilogue().takeBody(op.getEpilogue());
  Block &epilogue = pooled.getEpilogue().front();
  Operation *yield = epilogue.getTerminator();
  IRMapping mapping;
  mapping.map(body.getArgument(match->input), yield->getOperand(0));
  for (auto [argument, type] : read)
    mapping.map(argument, epilogue.addArgument(type, argument.getLoc()));
  builder.setInsertionPoint(yield);
  for (Operation &inner : body.without_terminator())
    if (isComputed(inner))
      builder.clone(inner, mapping);
  yield->setOperand(0, mapping.lookupOrDefault(match->element));
  pool.replaceAllUsesWith(pooled->getResults());
  pool.erase();
  if (padding)
    padding.erase();
  op.erase();
  return pooled;
}

} // namespace tgc
