//===- FormContractions.cpp - Kernels of sums of products -----------------===//
//
// What makes a contraction is its body and its maps, not its name: products of matrices, of batches of them,
// transposed or not, and convolutions come here as linalg.generic and leave as one op. The right operand is
// the one that shares the result's last loop: vectors run along it.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/CPU/ByteProducts.h"
#include "compiler/Codegen/CPU/CopiedOperands.h"
#include "compiler/Codegen/CPU/JoinSiblings.h"
#include "compiler/Codegen/CPU/LinearAccess.h"
#include "compiler/Codegen/CPU/OrderLoops.h"
#include "compiler/Codegen/CPU/PackConstants.h"
#include "compiler/Codegen/CPU/Passes.h"
#include "compiler/Codegen/CPU/ReadBytes.h"
#include "compiler/Codegen/CPU/SelectBlocks.h"
#include "compiler/Codegen/CPU/TunedTiles.h"
#include "compiler/Codegen/CPU/TurnRows.h"
#include "compiler/Codegen/CPU/VectorBody.h"
#include "compiler/Codegen/CPU/Winograd.h"
#include "compiler/Codegen/CPU/ZeroBorders.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace tgc {
#define GEN_PASS_DEF_FORMCONTRACTIONSPASS
#include "compiler/Codegen/CPU/Passes.h.inc"

namespace {

/// Looks through the widening of an element.
Value skipWidening(Value value) {
  Operation *extension = value.getDefiningOp();
  return isa_and_nonnull<arith::ExtFOp, arith::ExtSIOp, arith::ExtUIOp>(extension) ? extension->getOperand(0)
                                                                                   : value;
}

/// The operands (0 and 1 in either order) whose product the body adds to its accumulator; failure if it does
/// anything else.
LogicalResult matchBody(linalg::GenericOp op) {
  Block &body = op.getRegion().front();
  Value yielded = body.getTerminator()->getOperand(0), accumulator = body.getArgument(2);
  Operation *add = yielded.getDefiningOp();
  if (!isa_and_nonnull<arith::AddFOp, arith::AddIOp>(add))
    return failure();
  Value product = add->getOperand(0) == accumulator ? add->getOperand(1) : add->getOperand(0);
  if (product == accumulator || !llvm::is_contained(add->getOperands(), accumulator))
    return failure();
  Operation *mul = product.getDefiningOp();
  if (!isa_and_nonnull<arith::MulFOp, arith::MulIOp>(mul))
    return failure();
  Value a = skipWidening(mul->getOperand(0)), b = skipWidening(mul->getOperand(1));
  if (a == body.getArgument(1))
    std::swap(a, b);
  return success(a == body.getArgument(0) && b == body.getArgument(1) && body.getArgument(2).hasOneUse());
}

bool involves(AffineMap map, unsigned loop) { return map.isFunctionOfDim(loop); }

/// The operands of a contraction in the roles that a kernel gives them.
struct Roles {
  unsigned lhs = 0, rhs = 1;
};

/// Whether the loop runs along the last dimension and no other.
bool runsAlong(AffineMap map, unsigned loop) {
  return map.getNumResults() != 0 && map.getResults().back() == getAffineDimExpr(loop, map.getContext()) &&
         llvm::none_of(map.getResults().drop_back(),
                       [&](AffineExpr expr) { return expr.isFunctionOfDim(loop); });
}

/// Whether products of both operands' lanes are worth a kernel: rows that share the right operand, as pixels
/// share the weights of a depthwise convolution.
bool isLanewise(ArrayRef<AffineMap> maps, Roles roles, unsigned column, ArrayRef<int64_t> sizes) {
  auto areRows = [&](unsigned loop) {
    return sizes[loop] != 1 && involves(maps[2], loop) && involves(maps[roles.lhs], loop) &&
           !involves(maps[roles.rhs], loop);
  };
  return runsAlong(maps[roles.lhs], column) && runsAlong(maps[roles.rhs], column) &&
         maps[roles.rhs].isProjectedPermutation() &&
         llvm::any_of(llvm::seq<unsigned>(0, sizes.size()), areRows);
}

std::optional<Roles> assignRoles(linalg::GenericOp op) {
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  AffineMap result = maps[2];
  if (!result.isProjectedPermutation() || result.getNumResults() == 0)
    return std::nullopt;
  unsigned column = result.getDimPosition(result.getNumResults() - 1);
  Roles roles;
  bool areBoth = involves(maps[roles.lhs], column) && involves(maps[roles.rhs], column);
  auto fits = [&] {
    return areBoth ? isLanewise(maps, roles, column, op.getStaticLoopRanges())
                   : involves(maps[roles.rhs], column) && maps[roles.rhs].isProjectedPermutation();
  };
  if (!fits())
    std::swap(roles.lhs, roles.rhs);
  if (!fits() || !llvm::all_of(maps[roles.lhs].getResults(), isLinear))
    return std::nullopt;
  for (unsigned loop = 0; loop < op.getNumLoops(); ++loop) {
    bool inLhs = involves(maps[roles.lhs], loop), inRhs = involves(maps[roles.rhs], loop);
    // A loop of one operand alone would be a sum of its own or a broadcast of the result.
    if (involves(result, loop) ? !inLhs && !inRhs : !inLhs || !inRhs)
      return std::nullopt;
  }
  return roles;
}

/// A value, and which element of it an iteration reads.
struct Source {
  Value value;
  AffineMap map;
};

/// Looks through copies that spread a value over more dimensions: the region reads the value itself.
Source skipBroadcasts(Source source) {
  while (auto copy = source.value.getDefiningOp<linalg::GenericOp>()) {
    SmallVector<AffineMap> maps = copy.getIndexingMapsArray();
    Block &body = copy.getRegion().front();
    if (copy.getNumDpsInputs() != 1 || copy.getNumDpsInits() != 1 || copy.getNumReductionLoops() != 0 ||
        !copy.hasPureTensorSemantics() || !maps[1].isIdentity() ||
        !maps[0].isProjectedPermutation(/*allowZeroInResults=*/true) ||
        maps[0].getNumResults() >= maps[0].getNumDims() || &body.front() != body.getTerminator() ||
        body.getTerminator()->getOperand(0) != body.getArgument(0))
      break;
    source = {copy.getDpsInputs()[0], maps[0].compose(source.map)};
  }
  return source;
}

/// The init of a sum that starts with nothing, if it does.
Value getZeroFilled(Value init) {
  auto fill = init.getDefiningOp<linalg::FillOp>();
  if (!fill)
    return {};
  Value scalar = fill.getInputs()[0];
  return matchPattern(scalar, m_AnyZeroFloat()) || matchPattern(scalar, m_Zero()) ? fill.getOutputs()[0]
                                                                                  : Value();
}

struct FormContractionsPass : impl::FormContractionsPassBase<FormContractionsPass> {
  using FormContractionsPassBase::FormContractionsPassBase;

  void runOnOperation() override {
    VectorUnit unit = getUnit();
    SmallVector<SumOfProducts> sums;
    getOperation().walk([&](linalg::GenericOp op) {
      readBytes(op);
      if (std::optional<Roles> roles = match(op))
        sums.push_back({op, roles->lhs, roles->rhs});
    });
    joinSiblings(sums, unit);
    SmallVector<kernel::ContractOp> formed;
    for (const SumOfProducts &sum : sums)
      if (kernel::ContractOp contract = form(sum))
        formed.push_back(contract);
    PackedConstants packed;
    auto tiles = getOperation()->getAttrOfType<DictionaryAttr>(kTunedTiles);
    for (kernel::ContractOp contract : formed) {
      contract = storeAsRead(joinRows(contract));
      while (kernel::ContractOp larger = absorbUser(contract))
        contract = larger;
      orderLoops(contract);
      markZeroBorders(contract);
      if (!exact && paysWinograd(contract, unit))
        selectWinograd(contract, unit, packed);
      if (contract.getWinograd())
        contract = absorbPool(contract);
      if (!contract.getWinograd())
        readThroughCopies(contract);
      takeTunedTile(contract, tiles);
      if (!contract.getPanelWidth() && !contract.getWinograd())
        packConstant(contract, unit, packed);
      if (!contract.getPanelWidth() && !contract.getWinograd())
        turnFewRows(contract, unit);
    }
    getOperation()->removeAttr(kTunedTiles);
  }

private:
  VectorUnit getUnit() const {
    return {vectorBytes, vectorRegisters, panelBytes, pairsBfloats, dotsBytes, pairsShorts};
  }

  static std::optional<Roles> match(linalg::GenericOp op) {
    if (op.getNumDpsInputs() != 2 || op.getNumDpsInits() != 1 || op.getNumResults() != 1 ||
        !op.hasPureTensorSemantics() || op.getNumReductionLoops() == 0 || op.hasIndexSemantics() ||
        failed(matchBody(op)))
      return std::nullopt;
    return assignRoles(op);
  }

  kernel::ContractOp form(SumOfProducts sum) {
    linalg::GenericOp op = sum.op;
    SmallVector<int64_t> sizes = op.getStaticLoopRanges();
    if (isTooSmall(op, sizes))
      return {};
    OpBuilder builder(op);
    Value init = op.getDpsInits()[0], empty = getZeroFilled(init);
    SmallVector<AffineMap> maps = op.getIndexingMapsArray();
    AffineMap ordered[] = {maps[sum.lhs], maps[sum.rhs], maps[2]};
    auto contract = kernel::ContractOp::create(
        builder, op.getLoc(), op.getResultTypes(), op.getDpsInputs()[sum.lhs], op.getDpsInputs()[sum.rhs],
        ValueRange(), empty ? empty : init, builder.getAffineMapArrayAttr(ordered),
        builder.getDenseI64ArrayAttr(sizes),
        /*accumulates=*/!empty, /*panel_width=*/IntegerAttr(), /*in_place=*/false, /*winograd=*/false,
        /*pool=*/kernel::PoolAttr(), /*zero_borders=*/DenseI64ArrayAttr(),
        /*reversed_rhs=*/DenseI64ArrayAttr());
    Block &old = op.getRegion().front();
    for (auto [input, name] : {std::pair(sum.lhs, kUnsignedLhs), {sum.rhs, kUnsignedRhs}})
      if (isa<arith::ExtUIOp>(*old.getArgument(input).user_begin()))
        contract->setDiscardableAttr(name, builder.getUnitAttr());
    Type element = getElementTypeOrSelf(init.getType());
    Block *body = builder.createBlock(&contract.getEpilogue(), {}, element, op.getLoc());
    kernel::YieldOp::create(builder, op.getLoc(), body->getArgument(0));
    op.replaceAllUsesWith(contract->getResults());
    op.erase();
    return contract;
  }

  static bool isTooSmall(linalg::GenericOp op, ArrayRef<int64_t> sizes) {
    AffineMap result = op.getIndexingMapsArray()[2];
    int64_t columns = sizes[result.getDimPosition(result.getNumResults() - 1)], products = 1;
    if (!ShapedType::isDynamic(columns) && columns < kLeastColumns)
      return true;
    for (int64_t size : sizes) {
      if (ShapedType::isDynamic(size))
        return false;
      products *= size;
    }
    return products < kLeastProducts;
  }

  /// Moves the only user of the result into the region, if it computes element by element.
  kernel::ContractOp absorbUser(kernel::ContractOp contract) {
    Value result = contract.getResult(0);
    if (contract.getAccumulates() || result.use_empty())
      return {};
    auto user = dyn_cast<linalg::GenericOp>(*result.user_begin());
    if (!user || !llvm::all_of(result.getUsers(), [&](Operation *other) { return other == user; }) ||
        user->getBlock() != contract->getBlock() || !canAbsorb(contract, user))
      return {};

    OpBuilder builder(user);
    SmallVector<Value> extras(contract.getExtras());
    AffineMap initMap = contract.getInitMap();
    SmallVector<AffineMap> maps;
    for (unsigned i = 0; i + 1 < contract.getIndexingMaps().size(); ++i)
      maps.push_back(contract.getMap(i));
    Block &old = contract.getEpilogue().front(), &added = user.getRegion().front();
    SmallVector<std::pair<unsigned, BlockArgument>> newArguments;
    for (auto [i, input] : llvm::enumerate(user.getDpsInputs())) {
      if (input == result)
        continue;
      Source source = skipBroadcasts({input, user.getIndexingMapsArray()[i]});
      extras.push_back(source.value);
      maps.push_back(source.map.compose(initMap));
      newArguments.push_back({i, added.getArgument(i)});
    }
    maps.push_back(initMap);
    auto larger = kernel::ContractOp::create(
        builder, user.getLoc(), user.getResultTypes(), contract.getLhs(), contract.getRhs(), extras,
        user.getDpsInits()[0], builder.getAffineMapArrayAttr(maps), contract.getLoopSizesAttr(),
        contract.getAccumulatesAttr(), contract.getPanelWidthAttr(), contract.getInPlaceAttr(),
        /*winograd=*/UnitAttr(), /*pool=*/kernel::PoolAttr(), /*zero_borders=*/DenseI64ArrayAttr(),
        /*reversed_rhs=*/DenseI64ArrayAttr());
    widenLike(larger, contract);
    larger.getEpilogue().takeBody(contract.getEpilogue());
    Operation *oldYield = old.getTerminator();
    IRMapping mapping;
    for (auto [i, argument] : newArguments)
      mapping.map(argument, old.addArgument(argument.getType(), argument.getLoc()));
    for (auto [i, input] : llvm::enumerate(user.getDpsInputs()))
      if (input == result)
        mapping.map(added.getArgument(i), oldYield->getOperand(0));
    builder.setInsertionPoint(oldYield);
    for (Operation &op : added.without_terminator())
      builder.clone(op, mapping);
    oldYield->setOperand(0, mapping.lookupOrDefault(added.getTerminator()->getOperand(0)));
    user.replaceAllUsesWith(larger->getResults());
    user.erase();
    contract.erase();
    return larger;
  }

  bool canAbsorb(kernel::ContractOp contract, linalg::GenericOp user) {
    if (user.getNumDpsInits() != 1 || user.getNumResults() != 1 || user.hasIndexSemantics() ||
        !user.hasPureTensorSemantics() || user.getNumReductionLoops() != 0)
      return false;
    AffineMap identity = builderIdentity(user);
    SmallVector<AffineMap> maps = user.getIndexingMapsArray();
    if (maps.back() != identity)
      return false;
    Block &body = user.getRegion().front();
    Value result = contract.getResult(0), init = user.getDpsInits()[0];
    if (init == result || !body.getArguments().back().use_empty() ||
        !llvm::all_of(body.getArgumentTypes(), isVectorElement))
      return false;
    unsigned last = identity.getNumDims() - 1;
    for (auto [i, input] : llvm::enumerate(user.getDpsInputs())) {
      if (input == result ? maps[i] != identity
                          : !maps[i].isProjectedPermutation(/*allowZeroInResults=*/true))
        return false;
      // Elements along the columns are loaded as vectors.
      AffineMap map = skipBroadcasts({input, maps[i]}).map;
      if (involves(map, last) && map.getResults().back() != getAffineDimExpr(last, &getContext()))
        return false;
    }
    int64_t numOps = body.getOperations().size() + contract.getEpilogue().front().getOperations().size();
    if (numOps > kLargestEpilogue || !llvm::all_of(body.without_terminator(), isVectorizable))
      return false;
    if (getElementTypeOrSelf(init.getType()) == contract.getAccumulatorType())
      return true;
    // Blocks of a long sum, and Winograd's tiles, meet in the result's memory, so its elements must be those
    // of the sum. What tiles save is more than what a pass over the results costs.
    return isShortSum(contract) && (exact || !paysWinograd(contract, getUnit()));
  }

  static AffineMap builderIdentity(linalg::GenericOp op) {
    return AffineMap::getMultiDimIdentityMap(op.getNumLoops(), op.getContext());
  }

  static bool isShortSum(kernel::ContractOp contract) {
    int64_t length = 1;
    for (auto [loop, size] : llvm::enumerate(contract.getLoopSizes())) {
      if (involves(contract.getInitMap(), loop))
        continue;
      if (ShapedType::isDynamic(size))
        return false;
      length *= size;
    }
    return length <= kLongestUnblockedSum;
  }
};

} // namespace
} // namespace tgc
