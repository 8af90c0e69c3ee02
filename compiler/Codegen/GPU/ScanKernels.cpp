//===- ScanKernels.cpp - Running sums and products ------------------------===//
//
// Two forms. Where neighbours in memory belong to other lines, or an order is to be kept (half precision
// rounds at every step), a thread goes along its line, and neighbouring threads along neighbouring lines.
// Else a warp, or a block where lines are long, takes as many elements as it has threads at a time: each warp
// scans its elements by shuffles, warps add what those before them have, and all of them what came before.
// The order depends on the sizes only, so results are the same each time.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/GPU/NestWriter.h"
#include "compiler/Codegen/GPU/OpNests.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace tgc {
namespace {

constexpr unsigned kThreads = 256, kWarps = kThreads / kWarpThreads;
/// So many lines side by side make whole accesses; shorter lines are not worth a warp.
constexpr int64_t kLinesAtOnce = 32, kShortLine = 16;

class ScanWriter : NestWriter {
public:
  ScanWriter(const NestChain &chain, ModuleOp kernels, KernelRecord &record)
      : NestWriter(chain, kernels, record), scan(getScan(op)), x(*op.getDpsInputOperand(0)),
        result(op.getDpsInitsMutable()[0]), element(getElementTypeOrSelf(result.get().getType())) {}

  void write() {
    for (unsigned loop : parallelLoops)
      if (loop != scan.dimension)
        lines.push_back(loop);
    record.threads = kThreads;
    Space &space = record.spaces.front();
    space.extents.clear();
    for (unsigned loop : lines)
      space.extents.push_back(extentOf(loop));
    lanes = chooseLanes();
    space.pointsPerBlock = kThreads / lanes;
    size = sizeOf(scan.dimension);
    start = load(*op.getDpsInputOperand(1), {});
    thread = special("tid.x");
    Value perBlock = constant(kThreads / lanes);
    lane = arith::RemUIOp::create(builder, loc, thread, constant(lanes));
    if (lanes == kThreads)
      totals = declareShared("totals", element, kWarps);
    Value ofBlock = arith::DivUIOp::create(builder, loc, thread, constant(lanes));
    // All threads that share a line go through the loop equally often: they wait for each other in it.
    Value first = add(multiply(special("ctaid.x"), perBlock), ofBlock);
    Value step = multiply(special("nctaid.x"), perBlock);
    forEach(first, countPoints(lines), step, {}, [&](Value line, ValueRange) {
      index.assign(op.getNumLoops(), Value());
      splitPoint(line, lines, index);
      if (lanes == 1)
        goAlong();
      else
        goTogether();
      return SmallVector<Value>();
    });
    finish();
  }

private:
  unsigned chooseLanes() {
    SmallVector<int64_t> ranges = op.getStaticLoopRanges();
    int64_t inner = 1;
    for (int64_t range : ArrayRef(ranges).drop_front(scan.dimension + 1))
      inner *= ShapedType::isDynamic(range) ? kLinesAtOnce : range;
    int64_t length = ranges[scan.dimension];
    bool isKnown = !ShapedType::isDynamic(length);
    bool keepsOrder = isa<FloatType>(element) && element.getIntOrFloatBitWidth() < 32;
    if (keepsOrder || inner >= kLinesAtOnce || (isKnown && length < kShortLine))
      return 1;
    return isKnown && length < kLongRow ? kWarpThreads : kThreads;
  }

  /// The place of a step of the scan.
  ArrayRef<Value> at(Value step) {
    if (scan.isReversed)
      step =
          arith::SubIOp::create(builder, loc, arith::SubIOp::create(builder, loc, size, constant(1)), step);
    index[scan.dimension] = step;
    return index;
  }

  Value before(Value step) { return arith::SubIOp::create(builder, loc, step, constant(1)); }

  Value combine(Value sum, Value next) { return computeOf({next, sum}, {Value()}).front(); }

  void goAlong() {
    Value one = constant(1), zero = constant(0);
    // The first step, if there is one.
    Value hasAny = arith::MinUIOp::create(builder, loc, size, one);
    SmallVector<Value> sum = forEach(zero, hasAny, one, start, [&](Value step, ValueRange) {
      Value first = scan.isExclusive ? start : load(x, at(step));
      store(first, result, at(step));
      return SmallVector<Value>{first};
    });
    forEach(one, size, one, sum, [&](Value step, ValueRange carried) {
      Value next = load(x, at(scan.isExclusive ? before(step) : step));
      Value all = combine(carried.front(), next);
      store(all, result, at(step));
      return SmallVector<Value>{all};
    });
  }

  void goTogether() {
    Value stride = constant(lanes);
    Value rounds = arith::CeilDivUIOp::create(builder, loc, size, stride);
    forEach(constant(0), rounds, constant(1), start, [&](Value round, ValueRange carried) {
      Value step = add(multiply(round, stride), lane);
      Value exists = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ult, step, size);
      Value mine = scanWarp(loadStep(step, exists));
      auto [earlier, all] = lanes == kThreads
                                ? shareTotals(mine, carried.front())
                                : std::pair(carried.front(), combine(carried.front(), lastOf(mine)));
      Value sum = combine(earlier, mine);
      auto ifExists = scf::IfOp::create(builder, loc, exists, /*withElseRegion=*/false);
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPointToStart(ifExists.thenBlock());
      store(sum, result, at(step));
      return SmallVector<Value>{all};
    });
  }

  /// What a step adds; what changes nothing where there is no step, and as the first one of an exclusive
  /// scan.
  Value loadStep(Value step, Value exists) {
    if (scan.isExclusive) {
      Value isLater = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ne, step, constant(0));
      exists = arith::AndIOp::create(builder, loc, exists, isLater);
    }
    auto choice = scf::IfOp::create(builder, loc, element, exists, /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(choice.elseBlock());
    scf::YieldOp::create(builder, loc, start);
    builder.setInsertionPointToStart(choice.thenBlock());
    scf::YieldOp::create(builder, loc, load(x, at(scan.isExclusive ? before(step) : step)));
    return choice.getResult(0);
  }

  Value scanWarp(Value value) {
    Value ofWarp = arith::RemUIOp::create(builder, loc, thread, constant(kWarpThreads));
    for (unsigned distance = 1; distance < kWarpThreads; distance *= 2) {
      Value other = shuffle("up", value, distance);
      Value isFar =
          arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::uge, ofWarp, constant(distance));
      value = arith::SelectOp::create(builder, loc, isFar, combine(other, value), value);
    }
    return value;
  }

  Value lastOf(Value value) { return shuffle("idx", value, kWarpThreads - 1); }

  /// What came before a warp's elements, and what all warps come to.
  std::pair<Value, Value> shareTotals(Value mine, Value carried) {
    Value warp = arith::DivUIOp::create(builder, loc, thread, constant(kWarpThreads));
    Value ofWarp = arith::RemUIOp::create(builder, loc, thread, constant(kWarpThreads));
    Value isLast =
        arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, ofWarp, constant(kWarpThreads - 1));
    auto ifLast = scf::IfOp::create(builder, loc, isLast, /*withElseRegion=*/false);
    {
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPointToStart(ifLast.thenBlock());
      LLVM::StoreOp::create(builder, loc, mine, elementOf(totals, element, warp));
    }
    wait();
    Value earlier = carried, all = carried;
    for (unsigned i = 0; i < kWarps; ++i) {
      Value isMine = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, warp, constant(i));
      earlier = arith::SelectOp::create(builder, loc, isMine, all, earlier);
      all =
          combine(all, LLVM::LoadOp::create(builder, loc, element, elementOf(totals, element, constant(i))));
    }
    // The next elements must not overtake.
    wait();
    return {earlier, all};
  }

  Scan scan;
  OpOperand &x, &result;
  Type element;
  SmallVector<unsigned> lines;
  unsigned lanes = 1;
  Value size, start, thread, lane, totals;
  /// Of the line that is gone along.
  SmallVector<Value> index;
};

} // namespace

void writeScanKernel(const NestChain &chain, ModuleOp kernels, KernelRecord &record) {
  ScanWriter(chain, kernels, record).write();
}

} // namespace tgc
