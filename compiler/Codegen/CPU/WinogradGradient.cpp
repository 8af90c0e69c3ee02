//===- WinogradGradient.cpp - Gradients by filters of tiles ---------------===//
//
//   for each unit: channels and a group of columns whose sums stay in the cache, over a part of the tiles
//     for each block of tiles
//       transform their elements and the gradients of their results
//       add the products of both, summed over the tiles, to the sums       36 contractions
//   for each channel: add the parts, transform the sums; then the region; then store
//
// Units are the same for any number of threads. Gradients of results that two tiles share count for the
// first.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/CPU/SelectBlocks.h"
#include "compiler/Codegen/CPU/VectorBody.h"
#include "compiler/Codegen/CPU/WinogradVectors.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace tgc {
namespace {

struct GradientEmitter : TileEmitter {
  const FilterGradientPlan &plan;
  LinearAccess lhs;

  GradientEmitter(OpBuilder &builder, kernel::ContractOp op, const FilterGradientPlan &plan,
                  const ContractOperands &in)
      : TileEmitter(builder, op, plan, in), plan(plan),
        lhs(LinearAccess::create(builder, loc, in.lhs, op.getLhsMap())) {}

  /// A buffer of one dimension.
  Value flatten(Value memref) {
    return LinearAccess::create(builder, loc, memref,
                                AffineMap::getMultiDimIdentityMap(1, builder.getContext()))
        .flat;
  }

  OpFoldResult addressOfSum(OpFoldResult part, int64_t product, OpFoldResult channel, OpFoldResult column) {
    OpFoldResult address = math.mul(part, math.known(plan.getPartSize()));
    address = math.add(address, math.known(product * plan.channels * plan.getRowSize()));
    return math.add(math.add(address, math.mul(channel, math.known(plan.getRowSize()))), column);
  }

  void emitSums(VectorUnit unit) {
    LinearAccess rhs = LinearAccess::create(builder, loc, in.rhs, op.getRhsMap());
    Matrices elements =
        allocate(plan.tilesOfBlock, llvm::alignTo(plan.channelsOfUnit, plan.lanes) + kRoomBetweenCopies);
    Matrices gradients = allocate(plan.tilesOfBlock, plan.getGroupWidth());
    OpFoldResult numTiles = tiles.count(math, in.loopSizes), size = math.known(plan.tilesOfBlock);
    OpFoldResult tilesOfPart = math.ceilDiv(numTiles, math.known(plan.numParts));
    forEach(OpFoldResult(in.begin), OpFoldResult(in.end), 1, [&](OpFoldResult index) {
      OpFoldResult groups = math.known(plan.numGroups),
                   chunks = math.known(plan.channels / plan.channelsOfUnit);
      OpFoldResult column = math.mul(math.rem(index, groups), math.known(plan.getGroupWidth()));
      OpFoldResult rest = math.div(index, groups);
      OpFoldResult channel = math.mul(math.rem(rest, chunks), math.known(plan.channelsOfUnit));
      OpFoldResult part = math.div(rest, chunks);
      ChannelPhase phase = getPhase(plan, channel);
      Value target = viewSums(addressOfSum(part, 0, channel, column));
      clear(part, channel, column);
      OpFoldResult begin = math.mul(part, tilesOfPart),
                   end = math.min(numTiles, math.add(begin, tilesOfPart));
      forEach(begin, end, plan.tilesOfBlock, [&](OpFoldResult first) {
        OpFoldResult count = plan.areBlocksEqual ? size : math.min(size, math.sub(end, first));
        forEach(math.known(0), count, 1, [&](OpFoldResult tile) {
          TilePlace place = locate(math.add(first, tile));
          forEachVector(math.known(plan.channelsOfUnit), plan.channelsOfUnit,
                        [&](OpFoldResult inUnit, Value mask) {
                          transformTile(lhs, place, phase, math.add(phase.channel, inUnit), mask, elements,
                                        tile, inUnit);
                        });
          forEach(math.known(0), math.known(plan.getGroupWidth()), plan.lanes, [&](OpFoldResult inGroup) {
            transformGradient(rhs, place, math.add(column, inGroup), gradients, tile, inGroup);
          });
        });
        multiply(view(elements, count, plan.channelsOfUnit), view(gradients, count, plan.getGroupWidth()),
                 target, {{0, 2, 1}, {0, 2, 3}, {0, 1, 3}},
                 {math.known(tiles.getProducts()), math.known(plan.channelsOfUnit), count,
                  math.known(plan.getGroupWidth())},
                 /*accumulates=*/true, /*panelWidth=*/0, unit);
      });
    });
  }

  /// The sums of a unit, which in.init holds.
  Value viewSums(OpFoldResult offset) {
    int64_t product = plan.channels * plan.getRowSize();
    auto layout =
        StridedLayoutAttr::get(builder.getContext(), ShapedType::kDynamic, {product, plan.getRowSize(), 1});
    auto type = MemRefType::get({tiles.getProducts(), plan.channelsOfUnit, plan.getGroupWidth()},
                                builder.getF32Type(), layout);
    OpFoldResult sizes[] = {math.known(tiles.getProducts()), math.known(plan.channelsOfUnit),
                            math.known(plan.getGroupWidth())};
    OpFoldResult strides[] = {math.known(product), math.known(plan.getRowSize()), math.known(1)};
    return memref::ReinterpretCastOp::create(builder, loc, type, in.init, math.materialize(offset), sizes,
                                             strides);
  }

  void clear(OpFoldResult part, OpFoldResult channel, OpFoldResult column) {
    Value flat = flatten(in.init), zeros = constant(0);
    forEach(math.known(0), math.known(plan.channelsOfUnit), 1, [&](OpFoldResult inUnit) {
      forEach(math.known(0), math.known(plan.getGroupWidth()), plan.lanes, [&](OpFoldResult inGroup) {
        for (int64_t product = 0; product < tiles.getProducts(); ++product)
          store(zeros, flat,
                addressOfSum(part, product, math.add(channel, inUnit), math.add(column, inGroup)));
      });
    });
  }

  /// Transforms a vector of columns of the gradients of a tile's results; columns beyond the last are zeros.
  void transformGradient(const LinearAccess &rhs, const TilePlace &place, OpFoldResult column,
                         const Matrices &to, OpFoldResult tile, OpFoldResult inGroup) {
    Value mask, zeros = constant(0);
    if (plan.columns != plan.getRowSize())
      mask = createLaneMask(builder, loc, math.max(math.sub(math.known(plan.columns), column), math.known(0)),
                            plan.lanes);
    auto transformed = transform(
        tiles.down.results, tiles.across.results, &VectorMath::transformGradients,
        [&](int64_t i, int64_t j) {
          Value gradient = load(rhs.flat, math.add(addressAt(rhs, place, i, j), column), mask);
          if (i < tiles.getSharedDown())
            gradient = arith::SelectOp::create(builder, loc, place.isLastDown, zeros, gradient);
          if (j < tiles.getSharedAcross())
            gradient = arith::SelectOp::create(builder, loc, place.isLastAcross, zeros, gradient);
          return gradient;
        },
        tiles);
    for (int64_t product = 0; product < tiles.getProducts(); ++product)
      store(transformed[product / tiles.across.elements][product % tiles.across.elements], to.flat,
            addressIn(to, tile, product, inGroup));
  }

  void ifHasWeight(ChannelPhase phase, bool isLastRow, bool isLastColumn, function_ref<void()> body) {
    auto ifEven = [&](OpFoldResult odd, bool isOfEvenOnly, function_ref<void()> inner) {
      if (isOfEvenOnly)
        ifTrue(isEqual(odd, math.known(0)), inner);
      else
        inner();
    };
    ifEven(phase.down, plan.isOfEvenOnly(plan.windowHeight, isLastRow),
           [&] { ifEven(phase.across, plan.isOfEvenOnly(plan.windowWidth, isLastColumn), body); });
  }

  void emitResult() {
    LinearAccess init = LinearAccess::create(builder, loc, in.init, op.getInitMap());
    Value sums = flatten(in.rhs);
    int64_t height = tiles.down.getWindow(), width = tiles.across.getWindow();
    forEach(OpFoldResult(in.begin), OpFoldResult(in.end), 1, [&](OpFoldResult channel) {
      ChannelPhase phase = getPhase(plan, channel);
      forEachVector(math.known(plan.columns), plan.columns, [&](OpFoldResult column, Value mask) {
        auto results = transform(
            tiles.down.elements, tiles.across.elements, &VectorMath::transformFilterSums,
            [&](int64_t i, int64_t j) {
              Value sum;
              for (int64_t part = 0; part < plan.numParts; ++part) {
                Value next = load(
                    sums, addressOfSum(math.known(part), i * tiles.across.elements + j, channel, column));
                sum = sum ? add(sum, next) : next;
              }
              return sum;
            },
            tiles);
        SmallVector<Value> shared(extras.size());
        for (int64_t i = 0; i < height; ++i)
          for (int64_t j = 0; j < width; ++j) {
            auto addressOf = [&](const LinearAccess &access) {
              OpFoldResult address = access.offset;
              for (auto [at, loop] :
                   {std::pair(math.add(math.known(plan.stride * i), phase.down), plan.windowY),
                    {math.add(math.known(plan.stride * j), phase.across), plan.windowX},
                    {phase.channel, plan.channel},
                    {column, plan.column}})
                address = math.add(address, math.mul(at, access.strides[loop]));
              return address;
            };
            ifHasWeight(phase, i + 1 == height, j + 1 == width, [&] {
              store(finish(results[i][j], addressOf, {plan.windowY, plan.windowX}, mask, shared), init.flat,
                    addressOf(init), mask);
            });
          }
      });
    });
  }
};

} // namespace

void emitGradientSums(OpBuilder &builder, kernel::ContractOp op, const FilterGradientPlan &plan,
                      VectorUnit unit, const ContractOperands &operands) {
  GradientEmitter(builder, op, plan, operands).emitSums(unit);
}

void emitFilterGradient(OpBuilder &builder, kernel::ContractOp op, const FilterGradientPlan &plan,
                        const ContractOperands &operands) {
  GradientEmitter(builder, op, plan, operands).emitResult();
}

} // namespace tgc
