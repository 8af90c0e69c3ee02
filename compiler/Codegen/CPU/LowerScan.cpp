//===- LowerScan.cpp - Loops of running sums and products -----------------===//
//
// The loops outside of the scanned dimension are independent; where there are none, those inside of it are,
// some columns at a time. Along the last dimension the sums so far of some rows stay in registers, so that
// one addition need not wait for the other; else every element takes its predecessor from the result, so the
// innermost loop is free of dependences. Half precision rounds at every step, as TensorFlow's CPU kernel.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/CPU/Passes.h"
#include "dialects/Kernel/IR/Independent.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace tgc {
#define GEN_PASS_DEF_LOWERSCANPASS
#include "compiler/Codegen/CPU/Passes.h.inc"

namespace {

/// Columns that are scanned together, where nothing else is independent: some lines of the cache.
constexpr int64_t kColumns = 1024;

/// Rows that are scanned together: about as many additions as one takes.
constexpr int64_t kRows = 4;

class ScanEmitter {
public:
  explicit ScanEmitter(kernel::ScanOp op) : op(op), builder(op), loc(op.getLoc()) {}

  void emit() {
    Value x = op.getX();
    auto type = cast<MemRefType>(x.getType());
    zero = constant(builder, 0);
    one = constant(builder, 1);
    dimension = op.getDimension();
    for (int64_t dim = 0; dim < type.getRank(); ++dim)
      sizes.push_back(builder.createOrFold<memref::DimOp>(loc, x, dim));
    last = arith::SubIOp::create(builder, loc, sizes[dimension], one);
    ArrayRef<Value> inner = ArrayRef(sizes).drop_front(dimension + 1);
    SmallVector<Value> lower(inner.size(), zero), upper(inner);
    if (inner.empty()) {
      emitRows(type.getShape());
    } else if (dimension > 0) {
      forIndependent(ArrayRef(sizes).take_front(dimension),
                     [&](OpBuilder &b, ValueRange outer) { emitScan(b, outer, lower, upper); });
    } else {
      int64_t behind = 1;
      for (int64_t size : type.getShape().drop_front(2))
        behind *= ShapedType::isDynamic(size) ? 1 : std::max<int64_t>(size, 1);
      Value columns = constant(builder, std::max<int64_t>(kColumns / behind, 1));
      Value blocks = builder.createOrFold<arith::CeilDivUIOp>(loc, upper[0], columns);
      forIndependent(blocks, [&](OpBuilder &b, ValueRange at) {
        lower[0] = arith::MulIOp::create(b, loc, at[0], columns);
        upper[0] = arith::MinSIOp::create(b, loc, sizes[1], arith::AddIOp::create(b, loc, lower[0], columns));
        emitScan(b, {}, lower, upper);
      });
    }
    op->erase();
  }

private:
  using Body = function_ref<void(OpBuilder &, ValueRange)>;

  Value constant(OpBuilder &b, int64_t value) { return arith::ConstantIndexOp::create(b, loc, value); }

  void forIndependent(ValueRange upper, Body body) {
    SmallVector<Value> lower(upper.size(), zero);
    for (scf::ForOp loop : forEach(builder, lower, upper, body))
      loop->setDiscardableAttr(kernel::kIndependentAttr, builder.getUnitAttr());
  }

  scf::LoopVector forEach(OpBuilder &b, ValueRange lower, ValueRange upper, Body body) {
    SmallVector<Value> steps(upper.size(), one);
    return scf::buildLoopNest(b, loc, lower, upper, steps,
                              [&](OpBuilder &b, Location, ValueRange at) { body(b, at); })
        .loops;
  }

  /// Along the last dimension of `shape`. Where there are fewer rows than are scanned together, the last one
  /// is scanned several times.
  void emitRows(ArrayRef<int64_t> shape) {
    if (dimension == 0)
      return forIndependent(one, [&](OpBuilder &b, ValueRange) { emitSums(b, {{}}); });
    int64_t known = shape[dimension - 1];
    int64_t together = ShapedType::isDynamic(known) ? kRows : std::clamp<int64_t>(known, 1, kRows);
    SmallVector<Value> upper(ArrayRef(sizes).take_front(dimension));
    Value rows = upper.back(), step = constant(builder, together);
    upper.back() = builder.createOrFold<arith::CeilDivUIOp>(loc, rows, step);
    Value lastRow = arith::SubIOp::create(builder, loc, rows, one);
    forIndependent(upper, [&](OpBuilder &b, ValueRange at) {
      Value first = arith::MulIOp::create(b, loc, at.back(), step);
      SmallVector<SmallVector<Value>> outers;
      for (int64_t i = 0; i < together; ++i) {
        Value row = arith::AddIOp::create(b, loc, first, constant(b, i));
        outers.emplace_back(at.drop_back()).push_back(arith::MinSIOp::create(b, loc, row, lastRow));
      }
      emitSums(b, outers);
    });
  }

  /// What is done if the scanned dimension has any elements.
  void ifAny(OpBuilder &b, function_ref<void(OpBuilder &)> body) {
    Value end = arith::MinSIOp::create(b, loc, sizes[dimension], one);
    forEach(b, zero, end, [&](OpBuilder &b, ValueRange) { body(b); });
  }

  /// Of what lies at `outer`, elements from `lower` to `upper` inside of the scanned dimension.
  void emitScan(OpBuilder &b, ValueRange outer, ValueRange lower, ValueRange upper) {
    ifAny(b, [&](OpBuilder &b) {
      forEach(b, lower, upper,
              [&](OpBuilder &b, ValueRange inner) { store(b, first(b, outer, inner), outer, zero, inner); });
      forEach(b, one, sizes[dimension], [&](OpBuilder &b, ValueRange step) {
        forEach(b, lower, upper, [&](OpBuilder &b, ValueRange inner) {
          Value before = arith::SubIOp::create(b, loc, step[0], one);
          Value sum = memref::LoadOp::create(b, loc, op.getInit(), place(b, outer, before, inner));
          store(b, combine(b, sum, next(b, outer, step[0], inner)), outer, step[0], inner);
        });
      });
    });
  }

  /// Rows at `outers`, along the last dimension. Each step reads all before it writes any, so a row may be
  /// there twice.
  void emitSums(OpBuilder &b, ArrayRef<SmallVector<Value>> outers) {
    auto storeAll = [&](OpBuilder &b, ValueRange sums, Value step) {
      for (auto [sum, outer] : llvm::zip_equal(sums, outers))
        store(b, sum, outer, step, {});
    };
    ifAny(b, [&](OpBuilder &b) {
      SmallVector<Value> firsts;
      for (ValueRange outer : outers)
        firsts.push_back(first(b, outer, {}));
      storeAll(b, firsts, zero);
      scf::ForOp::create(b, loc, one, sizes[dimension], one, firsts,
                         [&](OpBuilder &b, Location, Value step, ValueRange sums) {
                           SmallVector<Value> all;
                           for (auto [sum, outer] : llvm::zip_equal(sums, outers))
                             all.push_back(combine(b, sum, next(b, outer, step, {})));
                           storeAll(b, all, step);
                           scf::YieldOp::create(b, loc, all);
                         });
    });
  }

  Value first(OpBuilder &b, ValueRange outer, ValueRange inner) {
    if (op.getExclusive())
      return op.getStart();
    return memref::LoadOp::create(b, loc, op.getX(), place(b, outer, zero, inner));
  }

  /// What a step adds.
  Value next(OpBuilder &b, ValueRange outer, Value step, ValueRange inner) {
    if (op.getExclusive())
      step = arith::SubIOp::create(b, loc, step, one);
    return memref::LoadOp::create(b, loc, op.getX(), place(b, outer, step, inner));
  }

  void store(OpBuilder &b, Value value, ValueRange outer, Value step, ValueRange inner) {
    memref::StoreOp::create(b, loc, value, op.getInit(), place(b, outer, step, inner));
  }

  /// The element that a step stands for.
  SmallVector<Value> place(OpBuilder &b, ValueRange outer, Value step, ValueRange inner) {
    SmallVector<Value> indices(outer);
    indices.push_back(op.getReverse() ? Value(arith::SubIOp::create(b, loc, last, step)) : step);
    llvm::append_range(indices, inner);
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
  int64_t dimension = 0;
  SmallVector<Value> sizes;
  Value zero, one, last;
};

struct LowerScanPass : impl::LowerScanPassBase<LowerScanPass> {
  void runOnOperation() override {
    getOperation().walk([](kernel::ScanOp op) { ScanEmitter(op).emit(); });
  }
};

} // namespace
} // namespace tgc
