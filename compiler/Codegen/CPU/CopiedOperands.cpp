//===- CopiedOperands.cpp - Operands that are copies of others ------------===//

#include "compiler/Codegen/CPU/CopiedOperands.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace tgc {
namespace {

/// An index of the body as a sum of the op's loops and constants; null if it is none.
AffineExpr asExpr(Value index) {
  MLIRContext *context = index.getContext();
  IntegerAttr known;
  if (matchPattern(index, m_Constant(&known)))
    return getAffineConstantExpr(known.getInt(), context);
  Operation *op = index.getDefiningOp();
  if (auto loop = dyn_cast_or_null<linalg::IndexOp>(op))
    return getAffineDimExpr(loop.getDim(), context);
  if (!isa_and_nonnull<arith::AddIOp, arith::SubIOp>(op))
    return {};
  AffineExpr a = asExpr(op->getOperand(0)), b = asExpr(op->getOperand(1));
  if (!a || !b)
    return {};
  return isa<arith::AddIOp>(op) ? a + b : a - b;
}

/// A tensor, and which element of it stands at a place of another one.
struct Source {
  Value value;
  AffineMap map;
};

/// What the op copies elements of, each to a place of its result; no value if it does anything else.
Source getCopied(linalg::GenericOp op) {
  if (op.getNumDpsInits() != 1 || op.getNumResults() != 1 || op.getNumReductionLoops() != 0 ||
      !op.hasPureTensorSemantics() || !op.getIndexingMapsArray().back().isPermutation())
    return {};
  AffineMap loops = inversePermutation(op.getIndexingMapsArray().back());
  Block &body = op.getRegion().front();
  Value yielded = body.getTerminator()->getOperand(0);
  if (auto argument = dyn_cast<BlockArgument>(yielded)) {
    if (argument.getOwner() != &body || argument.getArgNumber() >= op.getNumDpsInputs())
      return {};
    OpOperand *input = op.getDpsInputOperand(argument.getArgNumber());
    return {input->get(), op.getMatchingIndexingMap(input).compose(loops)};
  }
  auto element = yielded.getDefiningOp<tensor::ExtractOp>();
  if (!element || element->getBlock() != &body ||
      op.getRegion().isAncestor(element.getTensor().getParentRegion()))
    return {};
  SmallVector<AffineExpr> exprs;
  for (Value index : element.getIndices()) {
    exprs.push_back(asExpr(index));
    if (!exprs.back())
      return {};
  }
  return {element.getTensor(), AffineMap::get(op.getNumLoops(), 0, exprs, op.getContext()).compose(loops)};
}

/// What `slice` is a part of, if it is of its rank.
Source getSliced(tensor::ExtractSliceOp slice) {
  auto isStatic = [](ArrayRef<int64_t> values) { return llvm::none_of(values, ShapedType::isDynamic); };
  if (slice.getType().getRank() != slice.getSourceType().getRank() || !isStatic(slice.getStaticOffsets()) ||
      !isStatic(slice.getStaticStrides()))
    return {};
  MLIRContext *context = slice.getContext();
  SmallVector<AffineExpr> exprs;
  for (auto [dim, step] : llvm::enumerate(slice.getStaticStrides()))
    exprs.push_back(getAffineDimExpr(dim, context) * step + slice.getStaticOffsets()[dim]);
  return {slice.getSource(), AffineMap::get(exprs.size(), 0, exprs, context)};
}

/// first + step * dim.
struct Walk {
  unsigned dim;
  int64_t first, step;
};

/// One per dimension of the source, each along another dimension of the copy, whose shape is `shape`.
std::optional<SmallVector<Walk>> getWalks(AffineMap map, ArrayRef<int64_t> shape) {
  SmallVector<Walk> walks;
  llvm::SmallBitVector isWalked(shape.size());
  SmallVector<int64_t> zeros(shape.size(), 0);
  // Dimensions of one element need not occur: they go where a constant stands.
  for (unsigned dim = 0; dim < shape.size(); ++dim)
    isWalked[dim] = map.isFunctionOfDim(dim);
  for (unsigned result = 0; result < map.getNumResults(); ++result) {
    AffineMap index = map.getSubMap({result});
    int64_t first = index.compose(zeros).front();
    std::optional<Walk> walk;
    for (unsigned dim = 0; dim < shape.size(); ++dim) {
      if (!index.isFunctionOfDim(dim))
        continue;
      SmallVector<int64_t> one(zeros);
      one[dim] = 1;
      if (walk || llvm::any_of(walks, [&](const Walk &other) { return other.dim == dim; }))
        return std::nullopt;
      walk = {dim, first, index.compose(one).front() - first};
    }
    for (unsigned dim = 0; dim < shape.size() && !walk; ++dim)
      if (!isWalked[dim] && shape[dim] == 1) {
        walk = {dim, first, 1};
        isWalked.set(dim);
      }
    if (!walk || walk->step == 0)
      return std::nullopt;
    walks.push_back(*walk);
  }
  return walks.size() == shape.size() && isWalked.all() ? std::optional(walks) : std::nullopt;
}

} // namespace

void readThroughCopies(kernel::ContractOp op) {
  auto type = dyn_cast<RankedTensorType>(op.getRhs().getType());
  if (!type || !type.hasStaticShape() || op.getPanelWidth() || type.getNumElements() == 0)
    return;
  MLIRContext *context = op.getContext();
  Source source = {op.getRhs(), AffineMap::getMultiDimIdentityMap(type.getRank(), context)};
  Value found;
  SmallVector<Walk> walks;
  for (;;) {
    Operation *maker = source.value.getDefiningOp();
    // A copy in front of a loop is made once.
    if (!maker || maker->getBlock() != op->getBlock())
      break;
    Source next;
    if (auto copy = dyn_cast<linalg::GenericOp>(maker))
      next = getCopied(copy);
    else if (auto slice = dyn_cast<tensor::ExtractSliceOp>(maker))
      next = getSliced(slice);
    if (!next.value)
      break;
    source = {next.value, simplifyAffineMap(next.map.compose(source.map))};
    std::optional<SmallVector<Walk>> walked = getWalks(source.map, type.getShape());
    if (!walked)
      break;
    if (isa<linalg::GenericOp>(maker)) {
      found = source.value;
      walks = *walked;
    }
  }
  // Constants are packed when compiling, copied or not.
  if (!found || matchPattern(found, m_Constant()) ||
      !cast<RankedTensorType>(found.getType()).hasStaticShape())
    return;

  OpBuilder builder(op);
  AffineMap map = op.getRhsMap();
  SmallVector<AffineExpr> exprs;
  SmallVector<int64_t> reversed;
  SmallVector<OpFoldResult> offsets, sizes, steps;
  bool isWhole = true;
  for (auto [dim, walk] : llvm::enumerate(walks)) {
    int64_t size = type.getDimSize(walk.dim), first = walk.first;
    exprs.push_back(map.getResult(walk.dim));
    if (walk.step < 0) {
      first += walk.step * (size - 1);
      if (size > 1)
        reversed.push_back(map.getDimPosition(walk.dim));
    }
    isWhole &= size == cast<RankedTensorType>(found.getType()).getDimSize(dim);
    offsets.push_back(builder.getIndexAttr(first));
    sizes.push_back(builder.getIndexAttr(size));
    steps.push_back(builder.getIndexAttr(std::abs(walk.step)));
  }
  if (!isWhole)
    found = tensor::ExtractSliceOp::create(builder, op.getLoc(), found, offsets, sizes, steps);
  op.getRhsMutable().assign(found);
  SmallVector<Attribute> maps(op.getIndexingMaps().getValue());
  maps[1] = AffineMapAttr::get(AffineMap::get(map.getNumDims(), 0, exprs, context));
  op.setIndexingMapsAttr(builder.getArrayAttr(maps));
  if (!reversed.empty())
    op.setReversedRhs(reversed);
}

LinearAccess accessRhs(OpBuilder &builder, Location loc, Value memref, kernel::ContractOp op) {
  IndexMath math(builder, loc);
  LinearAccess access = LinearAccess::create(builder, loc, memref, op.getRhsMap());
  for (int64_t loop : op.getReversedLoops()) {
    OpFoldResult &stride = access.strides[loop];
    access.offset = math.add(access.offset, math.mul(math.known(op.getLoopSizes()[loop] - 1), stride));
    stride = math.mul(math.known(-1), stride);
  }
  return access;
}

} // namespace tgc
