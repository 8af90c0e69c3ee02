//===- LowerScan.cpp - Loops of running sums and products -----------------===//
//
// A nest of loops over the dimensions in memory order. Every element takes its predecessor from the result,
// so the innermost loop is free of dependences unless it is the scanned one; half precision rounds at every
// step, as TensorFlow's CPU kernel.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/CPU/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace tgc {
#define GEN_PASS_DEF_LOWERSCANPASS
#include "compiler/Codegen/CPU/Passes.h.inc"

namespace {

class ScanEmitter {
public:
  explicit ScanEmitter(kernel::ScanOp op) : op(op), builder(op), loc(op.getLoc()) {}

  void emit() {
    Value x = op.getX(), zero = constant(builder, 0);
    dimension = op.getDimension();
    one = constant(builder, 1);
    SmallVector<Value> upper;
    for (int64_t dim = 0; dim < cast<MemRefType>(x.getType()).getRank(); ++dim)
      upper.push_back(builder.createOrFold<memref::DimOp>(loc, x, dim));
    SmallVector<Value> lower(upper.size(), zero);
    Value size = upper[dimension];
    last = arith::SubIOp::create(builder, loc, size, one);
    upper[dimension] = arith::MinSIOp::create(builder, loc, size, one);
    forEach(lower, upper, [&](OpBuilder &b, ValueRange at) -> Value {
      if (op.getExclusive())
        return op.getStart();
      return memref::LoadOp::create(b, loc, x, place(b, at, false));
    });
    lower[dimension] = one;
    upper[dimension] = size;
    forEach(lower, upper, [&](OpBuilder &b, ValueRange at) -> Value {
      Value sum = memref::LoadOp::create(b, loc, op.getInit(), place(b, at, true));
      Value next = memref::LoadOp::create(b, loc, x, place(b, at, op.getExclusive()));
      return combine(b, sum, next);
    });
    op->erase();
  }

private:
  Value constant(OpBuilder &b, int64_t value) { return arith::ConstantIndexOp::create(b, loc, value); }

  /// A result for each point, which are steps of the scan.
  void forEach(ValueRange lower, ValueRange upper, function_ref<Value(OpBuilder &, ValueRange)> result) {
    SmallVector<Value> steps(upper.size(), one);
    scf::buildLoopNest(builder, loc, lower, upper, steps, [&](OpBuilder &b, Location, ValueRange at) {
      memref::StoreOp::create(b, loc, result(b, at), op.getInit(), place(b, at, false));
    });
  }

  /// The element that a step, or the one before it, stands for.
  SmallVector<Value> place(OpBuilder &b, ValueRange steps, bool isPrevious) {
    SmallVector<Value> indices(steps);
    Value step = steps[dimension];
    if (isPrevious)
      step = arith::SubIOp::create(b, loc, step, one);
    indices[dimension] = op.getReverse() ? Value(arith::SubIOp::create(b, loc, last, step)) : step;
    return indices;
  }

  Value combine(OpBuilder &b, Value sum, Value next) {
    Block &body = op.getCombination().front();
    IRMapping mapping;
    mapping.map(body.getArguments(), ValueRange{sum, next});
    for (Operation &inner : body.without_terminator())
      b.clone(inner, mapping);
    return mapping.lookupOrDefault(body.getTerminator()->getOperand(0));
  }

  kernel::ScanOp op;
  OpBuilder builder;
  Location loc;
  size_t dimension = 0;
  Value one, last;
};

struct LowerScanPass : impl::LowerScanPassBase<LowerScanPass> {
  void runOnOperation() override {
    getOperation().walk([](kernel::ScanOp op) { ScanEmitter(op).emit(); });
  }
};

} // namespace
} // namespace tgc
