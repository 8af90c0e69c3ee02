//===- SharedSums.cpp - Sums that several blocks share --------------------===//

#include "compiler/Codegen/GPU/SharedSums.h"
#include "compiler/Codegen/GPU/RowCombiner.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;

namespace tgc {
namespace {

constexpr const char kSharedSumsAttribute[] = "tgc.shared_sums";

/// Blocks that large GPUs run at a time, each of which has a tile at most.
constexpr int64_t kBlocks = 132;
/// Steps that are worth a block, and what parts are multiples of: whole stages of all forms of kernels.
constexpr int64_t kFewestSteps = 512, kStepsAtOnce = 128;
/// The same of rows: 32 elements for each thread, and whole lines of memory.
constexpr int64_t kFewestOfRow = 8192, kElementsAtOnce = 1024;

/// Sizes of the host's program. Divisors are constants, so that all of it can be computed before there is
/// memory.
class Sizes {
public:
  Sizes(linalg::GenericOp op, Operation *before) : builder(before), op(op) {}

  Value constant(int64_t value) { return arith::ConstantIndexOp::create(builder, loc(), value); }
  Value multiply(Value a, Value b) { return builder.createOrFold<arith::MulIOp>(loc(), a, b); }
  Value divideUp(Value a, int64_t b) {
    return builder.createOrFold<arith::CeilDivUIOp>(loc(), a, constant(b));
  }
  Value roundUp(Value a, int64_t b) { return multiply(divideUp(a, b), constant(b)); }
  Value isAtMost(Value a, Value b) {
    return builder.createOrFold<arith::CmpIOp>(loc(), arith::CmpIPredicate::ule, a, b);
  }
  Value both(Value a, Value b) { return builder.createOrFold<arith::AndIOp>(loc(), a, b); }
  Value select(Value condition, Value yes, Value no) {
    return builder.createOrFold<arith::SelectOp>(loc(), condition, yes, no);
  }
  Value countPoints(ArrayRef<unsigned> loops) {
    Value points = constant(1);
    for (unsigned loop : loops)
      points = multiply(points, sizeOf(loop));
    return points;
  }
  Location loc() { return op.getLoc(); }

  OpBuilder builder;

private:
  Value sizeOf(unsigned loop) {
    int64_t range = op.getStaticLoopRanges()[loop];
    Value operand;
    unsigned dim;
    if (!ShapedType::isDynamic(range))
      return constant(range);
    if (failed(cast<linalg::LinalgOp>(*op).mapIterationSpaceDimToOperandDim(loop, operand, dim)))
      llvm_unreachable("a kernel's loops have sizes of operands");
    return builder.createOrFold<memref::DimOp>(loc(), operand, dim);
  }

  linalg::GenericOp op;
};

/// Whether a body adds something to its accumulator that may be added in any order.
bool isFreeSum(linalg::GenericOp op) {
  Block &body = *op.getBody();
  Value accumulator = body.getArgument(2);
  Operation *sum = body.getTerminator()->getOperand(0).getDefiningOp();
  auto ofFloats = dyn_cast_or_null<arith::AddFOp>(sum);
  bool isFree = isa_and_nonnull<arith::AddIOp>(sum) ||
                (ofFloats && bitEnumContainsAll(ofFloats.getFastmath(), arith::FastMathFlags::reassoc));
  return isFree && accumulator.hasOneUse() && llvm::is_contained(sum->getOperands(), accumulator) &&
         llvm::is_contained({32u, 64u}, sum->getResult(0).getType().getIntOrFloatBitWidth());
}

linalg::GenericOp fillWithZero(OpBuilder &builder, Location loc, Value memory) {
  return linalg::GenericOp::create(builder, loc, ValueRange(), memory, builder.getMultiDimIdentityMap(1),
                                   utils::IteratorType::parallel,
                                   [](OpBuilder &inner, Location loc, ValueRange) {
                                     Value zero = arith::ConstantIntOp::create(inner, loc, 0, 32);
                                     linalg::YieldOp::create(inner, loc, zero);
                                   });
}

bool mayBeLong(linalg::GenericOp op, ArrayRef<unsigned> summed) {
  return llvm::any_of(summed,
                      [&](unsigned loop) { return ShapedType::isDynamic(op.getStaticLoopRanges()[loop]); }) ||
         countUsual(op, summed) >= 2 * kFewestSteps;
}

/// Steps of a part at least, and what they are multiples of; what a tile leaves, and how much of it.
struct PartSize {
  int64_t fewest, atOnce;
};
struct PartSums {
  Type element;
  int64_t count;
};

/// Cuts sums of so many steps, of so many tiles; nothing if they need not be cut.
std::optional<SharedSums> cut(Sizes &sizes, Value tiles, Value all, PartSize size, PartSums sums) {
  std::optional<int64_t> knownTiles = getConstantIntValue(tiles);
  Value count = sizes.constant(1), stepsOfPart = all;
  int64_t mostBlocks = knownTiles ? *knownTiles : kBlocks;
  for (int64_t parts = 2; parts <= kBlocks; parts *= 2) {
    Value fits = sizes.isAtMost(sizes.multiply(tiles, sizes.constant(parts)), sizes.constant(kBlocks));
    Value isWorth = sizes.both(fits, sizes.isAtMost(sizes.constant(parts * size.fewest), all));
    Value steps = sizes.roundUp(sizes.divideUp(all, parts), size.atOnce);
    count = sizes.select(isWorth, sizes.constant(parts), count);
    stepsOfPart = sizes.select(isWorth, steps, stepsOfPart);
    if (knownTiles && getConstantIntValue(isWorth) != 0)
      mostBlocks = std::min(*knownTiles * parts, kBlocks);
  }
  if (getConstantIntValue(count) == 1)
    return std::nullopt;

  OpBuilder &builder = sizes.builder;
  Location loc = sizes.loc();
  auto allocate = [&](Type element, Value size) {
    std::optional<int64_t> known = getConstantIntValue(size);
    auto type = MemRefType::get({known.value_or(ShapedType::kDynamic)}, element);
    auto memory = memref::AllocOp::create(builder, loc, type, known ? ValueRange() : ValueRange(size));
    memory->setAttr(kSharedSumsAttribute, builder.getUnitAttr());
    return memory.getResult();
  };
  SharedSums shared;
  shared.parts.count = count;
  shared.parts.steps = stepsOfPart;
  shared.parts.sums = allocate(sums.element, sizes.constant(mostBlocks * sums.count));
  // Without parts there is nothing to count, and no kernel for it.
  Value isCut = sizes.isAtMost(sizes.constant(2), count);
  shared.parts.counters =
      allocate(builder.getI32Type(), sizes.select(isCut, sizes.constant(kBlocks), sizes.constant(0)));
  shared.start = fillWithZero(builder, loc, shared.parts.counters);
  shared.start->setAttr(kSharedSumsAttribute, builder.getUnitAttr());
  return shared;
}

} // namespace

std::optional<SharedSums> shareSums(linalg::GenericOp op, GpuF32 products, Operation *before) {
  ContractLoops loops = *sortLoops(op);
  SmallVector<unsigned> summed;
  op.getReductionDims(summed);
  TileShape tile = chooseTile(op, products);
  int64_t usualTiles = countUsual(op, loops.batch) * llvm::divideCeil(countUsual(op, loops.rows), tile.rows) *
                       llvm::divideCeil(countUsual(op, loops.columns), tile.columns);
  if (!isFreeSum(op) || 2 * usualTiles > kBlocks || !mayBeLong(op, summed))
    return std::nullopt;

  Sizes sizes(op, before);
  Value all = sizes.countPoints(summed);
  Value across = sizes.divideUp(sizes.countPoints(loops.columns), tile.columns);
  Value down = sizes.divideUp(sizes.countPoints(loops.rows), tile.rows);
  Value tiles = sizes.multiply(sizes.countPoints(loops.batch), sizes.multiply(down, across));
  TileShape most = hasWgmmaKernel(op, products) ? chooseWgmmaTile(op, products) : tile;
  int64_t ofTile = std::max(tile.rows * tile.columns, most.rows * most.columns);
  return cut(sizes, tiles, all, {kFewestSteps, kStepsAtOnce},
             {getElementTypeOrSelf(op.getDpsInits()[0].getType()), ofTile});
}

std::optional<SharedSums> shareRows(const NestChain &chain, Operation *before) {
  linalg::GenericOp op = chain.main;
  SmallVector<unsigned> rows, columns;
  op.getParallelDims(rows);
  op.getReductionDims(columns);
  std::optional<int64_t> length = getRowLength(op);
  int64_t numRows = 1;
  for (unsigned loop : rows)
    numRows *=
        ShapedType::isDynamic(op.getStaticLoopRanges()[loop]) ? kBlocks : op.getStaticLoopRanges()[loop];
  if (op.getNumDpsInits() != 1 || 2 * numRows > kBlocks || (length && *length < 2 * kFewestOfRow))
    return std::nullopt;
  // No block but the last one sees the result, so nothing may go through the row again.
  auto isOnce = [&](linalg::GenericOp member) {
    return member == op || getRealLoops(member).size() == chain.rowLoops;
  };
  if (!llvm::all_of(chain.members, isOnce))
    return std::nullopt;
  Sizes sizes(op, before);
  return cut(sizes, sizes.countPoints(rows), sizes.countPoints(columns), {kFewestOfRow, kElementsAtOnce},
             {getElementTypeOrSelf(op.getDpsInits()[0].getType()), 1});
}

void dropSharedSums(ModuleOp program) {
  SmallVector<Operation *> all;
  program.walk([&](Operation *op) {
    if (op->hasAttr(kSharedSumsAttribute))
      all.push_back(op);
  });
  for (Operation *op : llvm::reverse(all))
    op->erase();
}

} // namespace tgc
