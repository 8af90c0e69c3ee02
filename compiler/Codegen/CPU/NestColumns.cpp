//===- NestColumns.cpp - Nests on vectors along the result ----------------===//

#include "compiler/Codegen/CPU/KeepLoop.h"
#include "compiler/Codegen/CPU/NestVectorizer.h"
#include "compiler/Codegen/CPU/SelectBlocks.h"
#include "compiler/Codegen/CPU/VectorBody.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace tgc {

void NestVectorizer::emitColumns(const Addresses &place) {
  shareScalars(place);
  int64_t width = numVectors * lanes;
  auto known = getConstantIntValue(sizes[vectorLoop]);
  if (known && *known == width)
    return emitTile(place, {});
  if (known && *known < width) { // of small powers of two
    SmallVector<Value> masks;
    for (int64_t v = 0; v < numVectors; ++v)
      masks.push_back(createLaneMask(builder, loc, math.known(*known - v * lanes), lanes));
    return emitTile(place, masks);
  }
  bool hasRest = !known || *known % width != 0;
  if (hasRest && numVectors == 1 && summedLoops.empty() &&
      countOps(op.getRegion().front()) > kLongestRepeatedBody)
    return emitLongColumns(place);
  OpFoldResult tiles = math.div(sizes[vectorLoop], math.known(width));
  auto emitTiles = [&](bool pastCaches) {
    scf::ForOp::create(builder, loc, constant(0), math.materialize(tiles), constant(1), ValueRange(),
                       [&](OpBuilder &, Location, Value tile, ValueRange) {
                         emitTile(moveAlong(math, accesses, place, vectorLoop,
                                            math.mul(OpFoldResult(tile), math.known(width))),
                                  {}, pastCaches);
                         scf::YieldOp::create(builder, loc);
                       });
  };
  if (streams) {
    auto emitBranch = [&](bool pastCaches) {
      return [&, pastCaches](OpBuilder &, Location) {
        emitTiles(pastCaches);
        scf::YieldOp::create(builder, loc);
      };
    };
    scf::IfOp::create(builder, loc, isAligned(place), emitBranch(true), emitBranch(false));
  } else {
    emitTiles(false);
  }
  if (!hasRest)
    return;
  OpFoldResult begin = math.mul(tiles, math.known(width)), left = math.sub(sizes[vectorLoop], begin);
  auto emitRest = [&] {
    SmallVector<Value> masks;
    int64_t vectors = known ? llvm::divideCeil(*known % width, lanes) : numVectors;
    for (int64_t v = 0; v < vectors; ++v)
      masks.push_back(createLaneMask(builder, loc, math.sub(left, math.known(v * lanes)), lanes));
    emitTile(moveAlong(math, accesses, place, vectorLoop, begin), masks);
  };
  if (known)
    return emitRest();
  Value isLeft =
      arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::sgt, math.materialize(left), constant(0));
  scf::IfOp::create(builder, loc, isLeft, [&](OpBuilder &, Location) {
    emitRest();
    scf::YieldOp::create(builder, loc);
  });
}

void NestVectorizer::emitLongColumns(const Addresses &place) {
  Block &body = op.getRegion().front();
  SmallVector<unsigned> moving;
  for (unsigned i = 0; i <= init; ++i)
    if (movesWithLanes(i) && !body.getArgument(i).use_empty())
      moving.push_back(i);
  auto loop = scf::ForOp::create(
      builder, loc, constant(0), math.materialize(sizes[vectorLoop]), constant(lanes), ValueRange(),
      [&](OpBuilder &, Location, Value index, ValueRange) {
        Addresses here = moveAlong(math, accesses, place, vectorLoop, OpFoldResult(index));
        OpFoldResult left = math.sub(sizes[vectorLoop], OpFoldResult(index));
        Value isWhole = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::sge, math.materialize(left),
                                              constant(lanes));
        auto loadAll = [&](bool isMasked) {
          return [&, isMasked](OpBuilder &, Location) {
            Value mask = isMasked ? createLaneMask(builder, loc, left, lanes) : Value();
            SmallVector<Value> vectors;
            for (unsigned operand : moving)
              vectors.push_back(load(operand, here[operand], mask));
            scf::YieldOp::create(builder, loc, vectors);
          };
        };
        IRMapping mapping(shared);
        if (!moving.empty()) {
          auto loaded = scf::IfOp::create(builder, loc, isWhole, loadAll(false), loadAll(true));
          for (auto [operand, vector] : llvm::zip_equal(moving, loaded.getResults()))
            mapping.map(body.getArgument(operand), vector);
        }
        std::swap(shared, mapping);
        Value result;
        computeBody(here, {}, result);
        std::swap(shared, mapping);
        auto store = [&](bool isMasked) {
          return [&, isMasked](OpBuilder &, Location) {
            Value to = math.materialize(here[init]);
            if (isMasked)
              vector::MaskedStoreOp::create(builder, loc, accesses[init].flat, to,
                                            createLaneMask(builder, loc, left, lanes), result);
            else
              vector::StoreOp::create(builder, loc, result, accesses[init].flat, to);
            scf::YieldOp::create(builder, loc);
          };
        };
        scf::IfOp::create(builder, loc, isWhole, store(false), store(true));
        scf::YieldOp::create(builder, loc);
      });
  keepLoop(loop);
}

Value NestVectorizer::isAligned(const Addresses &place) {
  int64_t bytes = getResultBytes();
  Value memory = memref::ExtractAlignedPointerAsIndexOp::create(builder, loc, accesses[init].flat);
  OpFoldResult address = math.add(OpFoldResult(memory), math.mul(place[init], math.known(bytes)));
  Value beyond = math.materialize(math.rem(address, math.known(lanes * bytes)));
  return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, beyond, constant(0));
}

void NestVectorizer::emitTile(const Addresses &place, ArrayRef<Value> masks, bool pastCaches) {
  SmallVector<Value> accumulators;
  int64_t count = masks.empty() ? numVectors : masks.size();
  auto addressOf = [&](int64_t v) { return math.add(place[init], math.known(v * lanes)); };
  bool readsInit = !summedLoops.empty() || !op.getRegion().front().getArguments().back().use_empty();
  for (int64_t v = 0; v < count; ++v)
    accumulators.push_back(readsInit ? load(init, addressOf(v), masks.empty() ? Value() : masks[v])
                                     : Value());
  accumulators = emitSummed(0, place, accumulators, [&](const Addresses &inner, SmallVector<Value> carried) {
    computeBody(inner, masks, carried);
    return carried;
  });
  for (int64_t v = 0; v < count; ++v) {
    Value index = math.materialize(addressOf(v));
    if (pastCaches)
      vector::StoreOp::create(builder, loc, accumulators[v], accesses[init].flat, ValueRange{index},
                              /*nontemporal=*/true, llvm::MaybeAlign(lanes * getResultBytes()));
    else if (masks.empty())
      vector::StoreOp::create(builder, loc, accumulators[v], accesses[init].flat, ValueRange{index});
    else
      vector::MaskedStoreOp::create(builder, loc, accesses[init].flat, ValueRange{index}, masks[v],
                                    accumulators[v]);
  }
}

} // namespace tgc
