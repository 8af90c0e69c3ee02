//===- OrderLoops.cpp - The order of a contraction's loops ----------------===//
//
// A convolution's gradient by filter is a convolution whose batch are the channels: its loops come in an
// order that walks neither operand in the order of memory, and its result is transposed afterwards. Rows of a
// tile are long, and reads local, only if the order of the loops is that of memory.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/CPU/OrderLoops.h"
#include "compiler/Codegen/CPU/ByteProducts.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace tgc {

/// How all users' loops map to the dimensions of a value, if it is one permutation; else null.
static AffineMap getReadOrder(Value value) {
  AffineMap order;
  for (OpOperand &use : value.getUses()) {
    auto user = dyn_cast<linalg::GenericOp>(use.getOwner());
    if (!user || !user.isDpsInput(&use) || !user.hasPureTensorSemantics())
      return {};
    AffineMap map = user.getMatchingIndexingMap(&use);
    if (!map.isPermutation() || (order && map != order))
      return {};
    order = map;
  }
  return order;
}

/// Lets the users of a value read it in the order of their loops.
static void readInOrder(Value value) {
  for (OpOperand &use : value.getUses()) {
    auto user = cast<linalg::GenericOp>(use.getOwner());
    SmallVector<AffineMap> maps = user.getIndexingMapsArray();
    maps[use.getOperandNumber()] = AffineMap::getMultiDimIdentityMap(user.getNumLoops(), user.getContext());
    user.setIndexingMapsAttr(Builder(user.getContext()).getAffineMapArrayAttr(maps));
  }
}

kernel::ContractOp storeAsRead(kernel::ContractOp contract) {
  assert(contract.getExtras().empty() && "extras have maps of their own");
  auto empty = contract.getInit().getDefiningOp<tensor::EmptyOp>();
  AffineMap order = getReadOrder(contract.getResult(0));
  if (!empty || contract.getAccumulates() || !order || order.isIdentity() ||
      order.getDimPosition(order.getNumDims() - 1) != order.getNumDims() - 1)
    return contract;
  OpBuilder builder(contract);
  SmallVector<OpFoldResult> sizes = empty.getMixedSizes(), ordered(sizes);
  AffineMap oldMap = contract.getInitMap();
  SmallVector<AffineExpr> exprs(oldMap.getResults());
  for (unsigned dim = 0; dim < order.getNumDims(); ++dim) {
    ordered[order.getDimPosition(dim)] = sizes[dim];
    exprs[order.getDimPosition(dim)] = oldMap.getResult(dim);
  }
  Value init = tensor::EmptyOp::create(builder, empty.getLoc(), ordered, empty.getType().getElementType());
  AffineMap maps[] = {contract.getLhsMap(), contract.getRhsMap(),
                      AffineMap::get(oldMap.getNumDims(), 0, exprs, builder.getContext())};
  auto stored = kernel::ContractOp::create(
      builder, contract.getLoc(), init.getType(), contract.getLhs(), contract.getRhs(), ValueRange(), init,
      builder.getAffineMapArrayAttr(maps), contract.getLoopSizesAttr(), contract.getAccumulatesAttr(),
      contract.getPanelWidthAttr(), /*in_place=*/UnitAttr(), /*winograd=*/UnitAttr(),
      /*pool=*/kernel::PoolAttr(), /*zero_borders=*/DenseI64ArrayAttr(),
      /*reversed_rhs=*/DenseI64ArrayAttr());
  widenLike(stored, contract);
  stored.getEpilogue().takeBody(contract.getEpilogue());
  readInOrder(contract.getResult(0));
  contract.replaceAllUsesWith(stored->getResults());
  contract.erase();
  return stored;
}

/// Whether a loop runs over a whole dimension of the left operand, and not over windows or a part of it.
static bool readsWhole(kernel::ContractOp contract, unsigned loop) {
  ArrayRef<int64_t> shape = cast<ShapedType>(contract.getLhs().getType()).getShape();
  AffineExpr dim = getAffineDimExpr(loop, contract.getContext());
  return llvm::any_of(llvm::zip_equal(contract.getLhsMap().getResults(), shape), [&](const auto &pair) {
    return std::get<0>(pair) == dim && std::get<1>(pair) == contract.getLoopSizes()[loop];
  });
}

/// The reassociation of the left operand under which the loops of each group are one dimension of it and of
/// the result; nothing if they are not neighbours there, if only a part of the operand is read, or the right
/// operand has one.
static std::optional<SmallVector<ReassociationIndices>>
getJoinedDims(kernel::ContractOp contract, ArrayRef<ReassociationIndices> resultGroups) {
  AffineMap initMap = contract.getInitMap(), lhsMap = contract.getLhsMap();
  SmallVector<ReassociationIndices> groups;
  for (int64_t dim = 0; dim < lhsMap.getNumResults(); ++dim) {
    auto expr = dyn_cast<AffineDimExpr>(lhsMap.getResult(dim));
    auto group = llvm::find_if(resultGroups, [&](const ReassociationIndices &dims) {
      return dims.size() > 1 && expr && initMap.getResult(dims.front()) == expr;
    });
    groups.push_back({dim});
    if (group == resultGroups.end())
      continue;
    for (int64_t resultDim : ArrayRef(*group).drop_front())
      if (++dim < lhsMap.getNumResults() && lhsMap.getResult(dim) == initMap.getResult(resultDim))
        groups.back().push_back(dim);
      else
        return std::nullopt;
  }
  for (const ReassociationIndices &dims : resultGroups)
    for (int64_t dim : dims.size() > 1 ? ArrayRef(dims) : ArrayRef<int64_t>()) {
      unsigned loop = initMap.getDimPosition(dim);
      if (contract.getRhsMap().isFunctionOfDim(loop) || !readsWhole(contract, loop) ||
          llvm::count_if(lhsMap.getResults(), [&](AffineExpr expr) { return expr.isFunctionOfDim(loop); }) !=
              1)
        return std::nullopt;
    }
  return groups;
}

kernel::ContractOp joinRows(kernel::ContractOp contract) {
  Value result = contract.getResult(0);
  auto joined = result.hasOneUse() ? dyn_cast<tensor::CollapseShapeOp>(*result.user_begin())
                                   : tensor::CollapseShapeOp();
  if (!joined || contract.getAccumulates() || !contract.getExtras().empty() || contract.getPanelWidth() ||
      !joined.getResultType().hasStaticShape() || joined.getResultType().getRank() == 0 ||
      !cast<ShapedType>(contract.getLhs().getType()).hasStaticShape())
    return contract;
  SmallVector<ReassociationIndices> resultGroups = joined.getReassociationIndices();
  auto lhsGroups = getJoinedDims(contract, resultGroups);
  if (!lhsGroups)
    return contract;

  // The first loop of a group becomes the joined one, the others go.
  AffineMap initMap = contract.getInitMap();
  SmallVector<int64_t> sizes(contract.getLoopSizes());
  SmallVector<AffineExpr> exprs;
  llvm::SmallBitVector isGone(sizes.size());
  for (const ReassociationIndices &dims : resultGroups) {
    unsigned first = initMap.getDimPosition(dims.front());
    exprs.push_back(initMap.getResult(dims.front()));
    for (int64_t dim : ArrayRef(dims).drop_front()) {
      unsigned loop = initMap.getDimPosition(dim);
      sizes[first] *= sizes[loop];
      isGone.set(loop);
    }
  }
  OpBuilder builder(contract);
  SmallVector<AffineExpr> renamed, lhsExprs;
  SmallVector<int64_t> newSizes;
  for (unsigned loop = 0; loop < sizes.size(); ++loop) {
    renamed.push_back(builder.getAffineDimExpr(newSizes.size()));
    if (!isGone[loop])
      newSizes.push_back(sizes[loop]);
  }
  for (const ReassociationIndices &dims : *lhsGroups)
    lhsExprs.push_back(contract.getLhsMap().getResult(dims.front()));
  SmallVector<AffineMap> maps;
  for (ArrayRef<AffineExpr> each : {ArrayRef(lhsExprs), contract.getRhsMap().getResults(), ArrayRef(exprs)})
    maps.push_back(AffineMap::get(sizes.size(), 0, each, builder.getContext())
                       .replaceDimsAndSymbols(renamed, {}, newSizes.size(), 0));
  Location loc = contract.getLoc();
  Value lhs = contract.getLhs();
  if (lhsGroups->size() != static_cast<size_t>(cast<ShapedType>(lhs.getType()).getRank()))
    lhs = tensor::CollapseShapeOp::create(builder, loc, lhs, *lhsGroups);
  Value init = tensor::EmptyOp::create(builder, loc, joined.getResultType().getShape(),
                                       joined.getResultType().getElementType());
  auto flat = kernel::ContractOp::create(
      builder, loc, init.getType(), lhs, contract.getRhs(), ValueRange(), init,
      builder.getAffineMapArrayAttr(maps), builder.getDenseI64ArrayAttr(newSizes),
      contract.getAccumulatesAttr(), contract.getPanelWidthAttr(), /*in_place=*/UnitAttr(),
      /*winograd=*/UnitAttr(), /*pool=*/kernel::PoolAttr(), /*zero_borders=*/DenseI64ArrayAttr(),
      /*reversed_rhs=*/DenseI64ArrayAttr());
  widenLike(flat, contract);
  flat.getEpilogue().takeBody(contract.getEpilogue());
  joined.replaceAllUsesWith(flat.getResult(0));
  joined.erase();
  contract.erase();
  return flat;
}

void orderLoops(kernel::ContractOp contract) {
  AffineMap initMap = contract.getInitMap(), lhsMap = contract.getLhsMap();
  unsigned column = contract.getColumnLoop(), numLoops = initMap.getNumDims();
  SmallVector<unsigned> order, sums;
  for (AffineExpr expr : initMap.getResults().drop_back())
    order.push_back(cast<AffineDimExpr>(expr).getPosition());
  for (unsigned loop = 0; loop < numLoops; ++loop)
    if (!initMap.isFunctionOfDim(loop))
      sums.push_back(loop);
  auto placeOf = [&](unsigned loop) {
    auto dim =
        llvm::find_if(lhsMap.getResults(), [&](AffineExpr expr) { return expr.isFunctionOfDim(loop); });
    return std::pair(dim, loop);
  };
  llvm::sort(sums, [&](unsigned a, unsigned b) { return placeOf(a) < placeOf(b); });
  order.append(sums);
  order.push_back(column);
  if (llvm::is_sorted(order))
    return;

  Builder builder(contract.getContext());
  SmallVector<AffineExpr> renamed(numLoops);
  SmallVector<int64_t> sizes;
  for (auto [position, loop] : llvm::enumerate(order)) {
    renamed[loop] = builder.getAffineDimExpr(position);
    sizes.push_back(contract.getLoopSizes()[loop]);
  }
  SmallVector<AffineMap> maps;
  for (unsigned i = 0; i < contract.getNumOperands(); ++i)
    maps.push_back(contract.getMap(i).replaceDimsAndSymbols(renamed, {}, numLoops, 0));
  contract.setIndexingMapsAttr(builder.getAffineMapArrayAttr(maps));
  contract.setLoopSizes(sizes);
}

} // namespace tgc
