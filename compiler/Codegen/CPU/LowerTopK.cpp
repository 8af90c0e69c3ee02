//===- LowerTopK.cpp - Loops of searches for the largest elements ---------===//
//
// Each row is read once. The k best elements so far stand in the row of the results as a heap, the worst of
// them at the root; whoever is better than the root takes its place. At the end the heap is taken apart from
// the root, which leaves the row in descending order: O(n log k) steps, no memory but the results. Most
// elements are not better: a vector of them is compared with the root at once, and only those lanes that may
// be are looked at one by one. Of equal elements the one with the lower index is better. A NaN counts as
// larger than every number, so it is not lost.
//
// Who wants all elements sorts the row: a heap takes them one by one, while the comparisons of a network do
// not depend on what they find, so that a vector of them is made at once.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/CPU/Passes.h"
#include "dialects/Kernel/IR/Independent.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace tgc {
#define GEN_PASS_DEF_LOWERTOPKPASS
#include "compiler/Codegen/CPU/Passes.h.inc"

namespace {

/// Elements that are compared with the worst of the best at once: few, so that it is worse each time.
constexpr int64_t kLanes = 16;

/// From how many elements on a network sorts them faster than a heap.
constexpr int64_t kLeastSorted = 32;

/// An element and where it was.
struct Candidate {
  Value value, index;
};

/// The code of one row's search, at the insertion point of `b`.
struct RowSearch {
  OpBuilder &b;
  kernel::TopKOp op;
  Location loc;
  /// The indices of the row in the leading dimensions.
  ValueRange row;

  RowSearch at(OpBuilder &builder) const { return {builder, op, loc, row}; }

  Value constant(int64_t value) { return arith::ConstantIndexOp::create(b, loc, value); }
  Value add(Value x, Value y) { return arith::AddIOp::create(b, loc, x, y); }
  Value sub(Value x, Value y) { return arith::SubIOp::create(b, loc, x, y); }
  Value less(Value x, Value y) { return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, x, y); }
  Value both(Value x, Value y) { return arith::AndIOp::create(b, loc, x, y); }
  Value either(Value x, Value y) { return arith::OrIOp::create(b, loc, x, y); }
  Value choose(Value condition, Value x, Value y) { return arith::SelectOp::create(b, loc, condition, x, y); }

  Value isLarger(Value x, Value y) { return createIsLarger(b, loc, x, y, op.getIsUnsigned()); }

  /// Whether x comes before y in the result.
  Value isBetter(Candidate x, Candidate y) {
    Value comesFirst = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, x.index, y.index);
    Value isSmaller = isLarger(y.value, x.value);
    Value isNotSmaller = arith::XOrIOp::create(b, loc, isSmaller, createTrue(isSmaller.getType()));
    return either(isLarger(x.value, y.value), both(isNotSmaller, comesFirst));
  }
  Value createTrue(Type type) { return arith::ConstantOp::create(b, loc, b.getOneAttr(type)); }
  Candidate choose(Value condition, Candidate x, Candidate y) {
    return {choose(condition, x.value, y.value), choose(condition, x.index, y.index)};
  }

  SmallVector<Value> place(Value last) {
    SmallVector<Value> indices(row);
    indices.push_back(last);
    return indices;
  }
  Value read(Value memory, Value last) { return memref::LoadOp::create(b, loc, memory, place(last)); }
  /// What the results have so far.
  Candidate read(Value slot) { return {read(op.getValues(), slot), read(op.getIndices(), slot)}; }
  void write(Value slot, Candidate x) {
    memref::StoreOp::create(b, loc, x.value, op.getValues(), place(slot));
    memref::StoreOp::create(b, loc, x.index, op.getIndices(), place(slot));
  }

  /// Element `i` of the operand, as a candidate.
  Candidate readOperand(Value i) {
    Type indexType = cast<MemRefType>(op.getIndices().getType()).getElementType();
    return {read(op.getX(), i), arith::IndexCastOp::create(b, loc, indexType, i)};
  }

  /// Puts `x` into the heap of the first `size` slots in place of slot `hole`: children that are worse move
  /// up.
  void siftDown(Value hole, Value size, Candidate x);

  void forEach(Value lower, Value upper, function_ref<void(RowSearch, Value i)> body) {
    scf::ForOp::create(b, loc, lower, upper, constant(1), ValueRange(),
                       [&](OpBuilder &inner, Location l, Value i, ValueRange) {
                         body(at(inner), i);
                         scf::YieldOp::create(inner, l);
                       });
  }

  /// Lets the `i`th element of the row into the heap of `k`, if it is better than the root.
  void offer(Value i, Value k);

  /// A bit for each of the elements from the `first`th on that may be better than the root.
  Value findHits(Value first);

  /// The same for a vector of elements.
  void offerHits(Value first, Value k);

  /// Finds the `k` best with a heap.
  void search(Value size, Value k);

  /// A vector of what the results have so far, from `slot` on.
  Candidate readLanes(Value slot);
  void writeLanes(Value slot, Candidate x);

  /// Puts the better of the elements at `i` and `i + distance` first.
  void order(Value i, Value distance);

  /// The same for the lanes of `mask` at `i` and after it. Those at `i + distance` are not among them.
  void orderLanes(Value i, Value distance, Value mask);

  /// Orders the elements i < `end` in which the bits of `stride`, a power of two, are those of `phase`.
  void orderAll(Value end, Value stride, Value phase, Value distance);

  /// Sorts a row of which every element is wanted, by Batcher's merge exchange (Knuth, The Art of Computer
  /// Programming 3, algorithm 5.2.2 M): about (log2 size)^2 / 2 passes over the results.
  void sort(Value size);

  void run(Value size, Value k);

  static Value createIsLarger(OpBuilder &b, Location loc, Value x, Value y, bool isUnsigned) {
    if (!isa<FloatType>(getElementTypeOrSelf(x.getType())))
      return arith::CmpIOp::create(b, loc, isUnsigned ? arith::CmpIPredicate::ugt : arith::CmpIPredicate::sgt,
                                   x, y);
    Value larger = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGT, x, y);
    Value isNan = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNO, x, x);
    Value isNumber = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::ORD, y, y);
    return arith::OrIOp::create(b, loc, larger, arith::AndIOp::create(b, loc, isNan, isNumber));
  }
};

void RowSearch::siftDown(Value hole, Value size, Candidate x) {
  Type indexType = b.getIndexType();
  SmallVector<Type> after{indexType, indexType, x.value.getType(), x.index.getType()};
  auto loop = scf::WhileOp::create(
      b, loc, after, hole,
      [&](OpBuilder &inner, Location l, ValueRange state) {
        RowSearch s = at(inner);
        // Children that do not exist are read as the last slot, which does.
        Value left = s.add(s.add(state[0], state[0]), s.constant(1)), last = s.sub(size, s.constant(1));
        Value first = arith::MinSIOp::create(inner, l, left, last);
        Value second = arith::MinSIOp::create(inner, l, s.add(left, s.constant(1)), last);
        Candidate a = s.read(first), c = s.read(second);
        Value secondIsWorse = s.isBetter(a, c);
        Candidate child = s.choose(secondIsWorse, c, a);
        Value goesOn = s.both(s.less(left, size), s.isBetter(x, child));
        scf::ConditionOp::create(
            inner, l, goesOn,
            ValueRange{state[0], s.choose(secondIsWorse, second, first), child.value, child.index});
      },
      [&](OpBuilder &inner, Location l, ValueRange state) {
        at(inner).write(state[0], {state[2], state[3]});
        scf::YieldOp::create(inner, l, state[1]);
      });
  write(loop.getResult(0), x);
}

void RowSearch::offer(Value i, Value k) {
  Candidate candidate = readOperand(i);
  Value enters = isLarger(candidate.value, read(op.getValues(), constant(0)));
  scf::IfOp::create(b, loc, enters, [&](OpBuilder &inner, Location l) {
    RowSearch t = at(inner);
    t.siftDown(t.constant(0), k, candidate);
    scf::YieldOp::create(inner, l);
  });
}

Value RowSearch::findHits(Value first) {
  Type type = cast<MemRefType>(op.getX().getType()).getElementType();
  auto vectorType = VectorType::get({kLanes}, type);
  Value elements = vector::TransferReadOp::create(b, loc, vectorType, op.getX(), place(first),
                                                  arith::ConstantOp::create(b, loc, b.getZeroAttr(type)),
                                                  ArrayRef<bool>{true});
  Value root = vector::BroadcastOp::create(b, loc, vectorType, read(op.getValues(), constant(0)));
  Value hits;
  // A NaN on either side is a hit.
  if (isa<FloatType>(type))
    hits = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UGT, elements, root);
  else
    hits = arith::CmpIOp::create(
        b, loc, op.getIsUnsigned() ? arith::CmpIPredicate::ugt : arith::CmpIPredicate::sgt, elements, root);
  Value bits = vector::BitCastOp::create(b, loc, VectorType::get({1}, b.getIntegerType(kLanes)), hits);
  return vector::ExtractOp::create(b, loc, bits, ArrayRef<int64_t>{0});
}

void RowSearch::offerHits(Value first, Value k) {
  Value hits = findHits(first);
  Type bitsType = hits.getType();
  scf::WhileOp::create(
      b, loc, bitsType, hits,
      [&](OpBuilder &inner, Location l, ValueRange state) {
        Value none = arith::ConstantOp::create(inner, l, inner.getIntegerAttr(bitsType, 0));
        Value isLeft = arith::CmpIOp::create(inner, l, arith::CmpIPredicate::ne, state[0], none);
        scf::ConditionOp::create(inner, l, isLeft, state);
      },
      [&](OpBuilder &inner, Location l, ValueRange state) {
        RowSearch s = at(inner);
        Value lane = math::CountTrailingZerosOp::create(inner, l, state[0]);
        s.offer(s.add(first, arith::IndexCastUIOp::create(inner, l, inner.getIndexType(), lane)), k);
        Value one = arith::ConstantOp::create(inner, l, inner.getIntegerAttr(bitsType, 1));
        scf::YieldOp::create(inner, l, s.both(state[0], s.sub(state[0], one)));
      });
}

void RowSearch::search(Value size, Value k) {
  Value zero = constant(0), one = constant(1);
  // Slots k / 2 - 1, ..., 0 have children.
  Value parents = arith::ShRUIOp::create(b, loc, k, one);
  forEach(zero, parents, [&](RowSearch s, Value i) {
    Value slot = s.sub(s.sub(parents, s.constant(1)), i);
    s.siftDown(slot, k, s.read(slot));
  });
  // A heap of nothing has no root to compare with.
  Value end = choose(less(zero, k), size, zero);
  Value lanes = constant(kLanes), left = arith::MaxSIOp::create(b, loc, sub(end, k), zero);
  Value whole = arith::DivUIOp::create(b, loc, left, lanes);
  forEach(zero, whole, [&](RowSearch s, Value block) {
    s.offerHits(s.add(k, arith::MulIOp::create(s.b, loc, block, lanes)), k);
  });
  Value rest = add(k, arith::MulIOp::create(b, loc, whole, lanes));
  forEach(rest, end, [&](RowSearch s, Value i) { s.offer(i, k); });
  forEach(one, arith::MaxSIOp::create(b, loc, k, one), [&](RowSearch s, Value i) {
    Value last = s.sub(k, i);
    Candidate worst = s.read(s.constant(0)), moved = s.read(last);
    s.write(last, worst);
    s.siftDown(s.constant(0), last, moved);
  });
}

Candidate RowSearch::readLanes(Value slot) {
  auto readFrom = [&](Value memory) -> Value {
    Type type = cast<MemRefType>(memory.getType()).getElementType();
    return vector::TransferReadOp::create(b, loc, VectorType::get({kLanes}, type), memory, place(slot),
                                          arith::ConstantOp::create(b, loc, b.getZeroAttr(type)),
                                          ArrayRef<bool>{true});
  };
  return {readFrom(op.getValues()), readFrom(op.getIndices())};
}

void RowSearch::writeLanes(Value slot, Candidate x) {
  vector::TransferWriteOp::create(b, loc, x.value, op.getValues(), place(slot), ArrayRef<bool>{true});
  vector::TransferWriteOp::create(b, loc, x.index, op.getIndices(), place(slot), ArrayRef<bool>{true});
}

void RowSearch::order(Value i, Value distance) {
  Value j = add(i, distance);
  Candidate x = read(i), y = read(j);
  Value swaps = isBetter(y, x);
  write(i, choose(swaps, y, x));
  write(j, choose(swaps, x, y));
}

void RowSearch::orderLanes(Value i, Value distance, Value mask) {
  Value j = add(i, distance);
  Candidate x = readLanes(i), y = readLanes(j);
  Value swaps = both(mask, isBetter(y, x));
  writeLanes(i, choose(swaps, y, x));
  // Where the vectors overlap, elements of the first are in the second, at lanes without partners.
  writeLanes(j, choose(mask, choose(swaps, x, y), readLanes(j)));
}

void RowSearch::orderAll(Value end, Value stride, Value phase, Value distance) {
  Value lanes = constant(kLanes), zero = constant(0);
  // Long runs of elements, or all of them with some lanes.
  Value hasRuns = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sge, stride, lanes);
  Value period = choose(hasRuns, add(stride, stride), end), first = choose(hasRuns, phase, zero);
  Value length = choose(hasRuns, stride, end);
  auto laneType = VectorType::get({kLanes}, b.getI32Type());
  SmallVector<int32_t> numbers = llvm::to_vector(llvm::seq<int32_t>(0, kLanes));
  auto spread = [&](Value x) -> Value {
    Value lowBits = both(x, constant(kLanes - 1));
    return vector::BroadcastOp::create(b, loc, laneType,
                                       arith::IndexCastOp::create(b, loc, b.getI32Type(), lowBits));
  };
  Value numbersOfLanes =
      arith::ConstantOp::create(b, loc, DenseElementsAttr::get(laneType, ArrayRef<int32_t>(numbers)));
  Value mask = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, both(numbersOfLanes, spread(stride)),
                                     spread(phase));
  forEach(zero, arith::CeilDivSIOp::create(b, loc, end, period), [&](RowSearch s, Value run) {
    Value begin = s.add(arith::MulIOp::create(s.b, loc, run, period), first);
    Value stop = arith::MinSIOp::create(s.b, loc, s.add(begin, length), end);
    Value count = arith::MaxSIOp::create(s.b, loc, s.sub(stop, begin), zero);
    Value whole = arith::DivUIOp::create(s.b, loc, count, lanes);
    s.forEach(zero, whole, [&](RowSearch t, Value block) {
      t.orderLanes(t.add(begin, arith::MulIOp::create(t.b, loc, block, lanes)), distance, mask);
    });
    Value rest = s.add(begin, arith::MulIOp::create(s.b, loc, whole, lanes));
    s.forEach(rest, stop, [&](RowSearch t, Value i) {
      Value isMeant = arith::CmpIOp::create(t.b, loc, arith::CmpIPredicate::eq, t.both(i, stride), phase);
      scf::IfOp::create(t.b, loc, isMeant, [&](OpBuilder &inner, Location l) {
        t.at(inner).order(i, distance);
        scf::YieldOp::create(inner, l);
      });
    });
  });
}

void RowSearch::sort(Value size) {
  Value zero = constant(0), one = constant(1);
  // The powers of two below the size.
  Value unused = math::CountLeadingZerosOp::create(
      b, loc, arith::IndexCastOp::create(b, loc, b.getI64Type(), sub(size, one)));
  Value powers = sub(constant(64), arith::IndexCastOp::create(b, loc, b.getIndexType(), unused));
  auto power = [&](RowSearch s, Value exponent) -> Value {
    return arith::ShLIOp::create(s.b, loc, one, exponent);
  };
  forEach(one, add(powers, one), [&](RowSearch s, Value step) {
    Value stride = power(s, s.sub(powers, step));
    s.orderAll(s.sub(size, stride), stride, zero, stride);
    s.forEach(one, step, [&](RowSearch t, Value merge) {
      Value distance = t.sub(power(t, t.sub(powers, merge)), stride);
      t.orderAll(t.sub(size, distance), stride, stride, distance);
    });
  });
}

void RowSearch::run(Value size, Value k) {
  forEach(constant(0), k, [&](RowSearch s, Value i) { s.write(i, s.readOperand(i)); });
  auto knownSize = getConstantIntValue(size), knownK = getConstantIntValue(k);
  bool isPart = knownSize && knownK && *knownSize != *knownK;
  if (isPart || (knownK && *knownK < kLeastSorted))
    return search(size, k);
  if (knownSize && knownK)
    return sort(size);
  Value isWhole = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, size, k);
  Value isLong = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sge, k, constant(kLeastSorted));
  scf::IfOp::create(
      b, loc, both(isWhole, isLong),
      [&](OpBuilder &inner, Location l) {
        at(inner).sort(size);
        scf::YieldOp::create(inner, l);
      },
      [&](OpBuilder &inner, Location l) {
        at(inner).search(size, k);
        scf::YieldOp::create(inner, l);
      });
}

void lower(kernel::TopKOp op) {
  OpBuilder builder(op);
  Location loc = op.getLoc();
  auto sizeOf = [&](Value memory, int64_t dim) {
    return builder.createOrFold<memref::DimOp>(loc, memory, dim);
  };
  int64_t last = cast<MemRefType>(op.getX().getType()).getRank() - 1;
  SmallVector<Value> sizes;
  for (int64_t dim = 0; dim < last; ++dim)
    sizes.push_back(sizeOf(op.getX(), dim));
  Value size = sizeOf(op.getX(), last), k = sizeOf(op.getValues(), last);
  Value zero = arith::ConstantIndexOp::create(builder, loc, 0),
        one = arith::ConstantIndexOp::create(builder, loc, 1);
  // One row is a kernel as well.
  if (last == 0)
    sizes.push_back(one);
  SmallVector<Value> begins(sizes.size(), zero), steps(sizes.size(), one);
  auto nest =
      scf::buildLoopNest(builder, loc, begins, sizes, steps, [&](OpBuilder &b, Location l, ValueRange row) {
        RowSearch{b, op, l, row.take_front(last)}.run(size, k);
      });
  for (scf::ForOp loop : nest.loops)
    loop->setDiscardableAttr(kernel::kIndependentAttr, builder.getUnitAttr());
  op->erase();
}

struct LowerTopKPass : impl::LowerTopKPassBase<LowerTopKPass> {
  void runOnOperation() override {
    getOperation().walk([](kernel::TopKOp op) { lower(op); });
  }
};

} // namespace
} // namespace tgc
