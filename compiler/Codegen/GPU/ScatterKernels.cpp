//===- ScatterKernels.cpp - Rows that go where coordinates say ------------===//
//
// Rows that go to one place are taken one after the other, in the order of the rows, so results are the same
// each time, and those of a CPU. Places are dealt to warps: place number p is that of warp p mod W, for each
// chunk of 32 elements of a place. A warp looks at 32 rows at a time, one a lane, and then does those that
// are its own, an element a lane:
//
//   for each 32 rows
//     votes = lanes whose row goes to a place of this warp
//     for each vote, from the lowest on: place[lane] = combine(place[lane], row[lane])
//
// Nobody else touches these elements, so there are no atomics.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/GPU/NestWriter.h"
#include "compiler/Codegen/GPU/OpNests.h"
#include "compiler/Codegen/GPU/ScatterNests.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace tgc {
namespace {

constexpr unsigned kThreads = 256, kWarps = kThreads / kWarpThreads;
/// Warps of all chunks together, and those of a chunk: each looks at all rows.
constexpr int64_t kMostWarps = 4096, kMostOwners = 1024;
/// Of a place whose size the run brings.
constexpr int64_t kLikelyElements = 128;

class ScatterWriter : NestWriter {
public:
  ScatterWriter(const NestChain &chain, ModuleOp kernels, KernelRecord &record)
      : NestWriter(chain, kernels, record), depth(countCoordinates(op)), result(op.getDpsInitsMutable()[0]) {}

  void write() {
    record.threads = kThreads;
    int64_t owners = countOwners();
    record.spaces.front().pointsPerBlock = kWarpThreads;
    record.spaces.push_back({{{owners, -1}}, kWarps});
    rows = sizeOf(0);
    elements = countPoints(parallelLoops);
    Value thread = special("tid.x");
    lane = arith::RemUIOp::create(builder, loc, thread, constant(kWarpThreads));
    Value warp = arith::DivUIOp::create(builder, loc, thread, constant(kWarpThreads));
    Value chunks = arith::CeilDivUIOp::create(builder, loc, elements, constant(kWarpThreads));
    Value first = add(multiply(special("ctaid.x"), constant(kWarps)), warp);
    Value step = multiply(special("nctaid.x"), constant(kWarps));
    forEach(first, multiply(chunks, constant(owners)), step, {}, [&](Value share, ValueRange) {
      Value owner = arith::RemUIOp::create(builder, loc, share, constant(owners));
      Value chunk = arith::DivUIOp::create(builder, loc, share, constant(owners));
      takeShare(owner, constant(owners), multiply(chunk, constant(kWarpThreads)));
      return SmallVector<Value>();
    });
    finish();
  }

private:
  /// Warps that share the places.
  int64_t countOwners() {
    auto type = cast<MemRefType>(result.get().getType());
    int64_t places = 1, size = 1;
    for (auto [dim, extent] : llvm::enumerate(type.getShape()))
      if (dim < depth)
        places = std::min(kMostOwners, places * (ShapedType::isDynamic(extent) ? kMostOwners : extent));
      else
        size *= ShapedType::isDynamic(extent) ? kLikelyElements : extent;
    int64_t chunks = std::max<int64_t>(llvm::divideCeil(size, kWarpThreads), 1);
    return std::clamp<int64_t>(kMostWarps / chunks, 1, std::max<int64_t>(places, 1));
  }

  Value isBelow(Value a, Value b) {
    return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ult, a, b);
  }

  void takeShare(Value owner, Value owners, Value firstElement) {
    Value element = add(firstElement, lane), exists = isBelow(element, elements);
    SmallVector<Value> index(op.getNumLoops());
    splitPoint(element, parallelLoops, index);
    forEach(constant(0), rows, constant(kWarpThreads), {}, [&](Value first, ValueRange) {
      Value mine = voteFor(add(first, lane), owner, owners);
      Value all = arith::ConstantIntOp::create(builder, loc, -1, 32);
      Value votes = callIntrinsic("vote.ballot.sync", builder.getI32Type(), {all, mine});
      takeRows(votes, first, exists, index);
      return SmallVector<Value>();
    });
  }

  /// The coordinates of a row.
  SmallVector<Value> coordinatesOf(Value row) {
    SmallVector<Value> coordinates;
    OpOperand &indices = *op.getDpsInputOperand(0);
    auto type = cast<MemRefType>(indices.get().getType());
    for (unsigned dim = 0; dim < depth; ++dim) {
      SmallVector<Value> place = {row};
      if (type.getRank() == 2)
        place.push_back(constant(dim));
      Value number =
          LLVM::LoadOp::create(builder, loc, type.getElementType(), addressOf(indices.get(), place));
      coordinates.push_back(arith::IndexCastOp::create(builder, loc, builder.getIndexType(), number));
    }
    return coordinates;
  }

  /// Whether a row exists and goes to a place inside that belongs to `owner`.
  Value voteFor(Value row, Value owner, Value owners) {
    Value no = arith::ConstantIntOp::create(builder, loc, 0, 1);
    auto choice =
        scf::IfOp::create(builder, loc, builder.getI1Type(), isBelow(row, rows), /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(choice.elseBlock());
    scf::YieldOp::create(builder, loc, no);
    builder.setInsertionPointToStart(choice.thenBlock());
    Value place = constant(0), isInside = arith::ConstantIntOp::create(builder, loc, 1, 1);
    for (auto [dim, coordinate] : llvm::enumerate(coordinatesOf(row))) {
      Value limit = load(*op.getDpsInputOperand(op.getNumDpsInputs() - depth + dim), {});
      isInside = arith::AndIOp::create(builder, loc, isInside, isBelow(coordinate, limit));
      place = add(multiply(place, limit), coordinate);
    }
    Value whose = arith::RemUIOp::create(builder, loc, place, owners);
    Value isOurs = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, whose, owner);
    scf::YieldOp::create(builder, loc, arith::AndIOp::create(builder, loc, isInside, isOurs).getResult());
    return choice.getResult(0);
  }

  /// Does the rows that have votes, an element of each.
  void takeRows(Value votes, Value first, Value exists, MutableArrayRef<Value> index) {
    Type word = builder.getI32Type();
    auto loop = scf::WhileOp::create(
        builder, loc, word, votes, [](OpBuilder &, Location, ValueRange) {},
        [](OpBuilder &, Location, ValueRange) {});
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToEnd(loop.getBeforeBody());
    Value left = loop.getBeforeArguments().front(), none = arith::ConstantIntOp::create(builder, loc, 0, 32);
    Value hasMore = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ne, left, none);
    scf::ConditionOp::create(builder, loc, hasMore, left);
    builder.setInsertionPointToEnd(loop.getAfterBody());
    left = loop.getAfterArguments().front();
    Value lowest = math::CountTrailingZerosOp::create(builder, loc, left);
    Value row = add(first, arith::IndexCastUIOp::create(builder, loc, builder.getIndexType(), lowest));
    auto choice = scf::IfOp::create(builder, loc, exists, /*withElseRegion=*/false);
    Value one = arith::ConstantIntOp::create(builder, loc, 1, 32);
    Value less = arith::SubIOp::create(builder, loc, left, one);
    scf::YieldOp::create(builder, loc, arith::AndIOp::create(builder, loc, left, less).getResult());
    builder.setInsertionPointToStart(choice.thenBlock());
    takeRow(row, index);
  }

  void takeRow(Value row, MutableArrayRef<Value> index) {
    index[0] = row;
    SmallVector<Value> place = coordinatesOf(row), values = {Value()};
    for (unsigned loop : parallelLoops)
      place.push_back(index[loop]);
    unsigned numUpdates = op.getNumDpsInputs() - 1 - depth;
    for (unsigned i = 0; i < numUpdates; ++i)
      values.push_back(load(*op.getDpsInputOperand(1 + i), index));
    values.resize(op.getNumDpsInputs());
    Value at = addressOf(result.get(), place);
    Value old = LLVM::LoadOp::create(builder, loc, getElementTypeOrSelf(result.get().getType()), at);
    LLVM::StoreOp::create(builder, loc, computeOf(values, old).front(), at);
  }

  unsigned depth;
  OpOperand &result;
  Value rows, elements, lane;
};

} // namespace

void writeScatterKernel(const NestChain &chain, ModuleOp kernels, KernelRecord &record) {
  ScatterWriter(chain, kernels, record).write();
}

} // namespace tgc
