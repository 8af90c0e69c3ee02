//===- TopKKernels.cpp - The largest elements of rows ---------------------===//
//
// A block has a row. Elements and their places are sorted in shared memory, as many as it has slots for; a
// longer row comes piece by piece, and what is best so far keeps the first slots. The network of comparisons
// is Batcher's bitonic one (Sorting networks and their applications, 1968). Places make all elements
// different, so the result is the one that an order by value, then place, has.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/GPU/NestWriter.h"
#include "compiler/Codegen/GPU/OpNests.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace tgc {
namespace {

constexpr unsigned kThreads = 256;
/// Slots of a block, and of those that rows of unknown or greater length come in pieces of.
constexpr int64_t kMostSlots = 2048, kSlots = 1024;

int64_t getCount(linalg::GenericOp op) {
  return cast<MemRefType>(op.getDpsInits()[0].getType()).getShape().back();
}

int64_t getLength(linalg::GenericOp op) {
  return cast<MemRefType>(op.getDpsInputs()[0].getType()).getShape().back();
}

/// Slots, and how many of them keep what was best before; none where a row has slots enough.
std::pair<int64_t, int64_t> chooseSlots(linalg::GenericOp op) {
  int64_t length = getLength(op), count = getCount(op);
  auto roundUp = [](int64_t x) { return int64_t(llvm::PowerOf2Ceil(std::max<int64_t>(x, 2))); };
  if (!ShapedType::isDynamic(length) && length <= kMostSlots)
    return {roundUp(length), 0};
  return {std::max(2 * roundUp(count), kSlots), roundUp(count)};
}

class TopKWriter : NestWriter {
public:
  TopKWriter(const NestChain &chain, ModuleOp kernels, KernelRecord &record)
      : NestWriter(chain, kernels, record), x(*op.getDpsInputOperand(0)),
        element(getElementTypeOrSelf(x.get().getType())), place(builder.getI32Type()) {}

  void write() {
    std::tie(slots, kept) = chooseSlots(op);
    record.threads = kThreads;
    Space &space = record.spaces.front();
    parallelLoops.pop_back();
    space.extents.pop_back();
    space.pointsPerBlock = 1;
    values = declareShared("values", element, slots);
    places = declareShared("places", place, slots);
    thread = special("tid.x");
    length = sizeOf(reductionLoops.front());
    forEach(special("ctaid.x"), countPoints(parallelLoops), special("nctaid.x"), {},
            [&](Value row, ValueRange) {
              index.assign(op.getNumLoops(), Value());
              splitPoint(row, parallelLoops, index);
              search();
              return SmallVector<Value>();
            });
    finish();
  }

private:
  /// An element and where it was; no element: at -1.
  struct Slot {
    Value value, place;
  };

  Value compare(arith::CmpIPredicate predicate, Value a, Value b) {
    return arith::CmpIOp::create(builder, loc, predicate, a, b);
  }
  Value both(Value a, Value b) { return arith::AndIOp::create(builder, loc, a, b); }
  Value either(Value a, Value b) { return arith::OrIOp::create(builder, loc, a, b); }
  Value isNot(Value a) {
    return arith::XOrIOp::create(builder, loc, a, arith::ConstantIntOp::create(builder, loc, 1, 1));
  }
  Value subtract(Value a, Value b) { return arith::SubIOp::create(builder, loc, a, b); }
  Value noPlace() { return arith::ConstantIntOp::create(builder, loc, -1, 32); }

  /// As the CPU's search says it: a NaN is larger than all numbers.
  Value isLarger(Value a, Value b) {
    if (!isa<FloatType>(element))
      return compare(isUnsignedSearch(op) ? arith::CmpIPredicate::ugt : arith::CmpIPredicate::sgt, a, b);
    auto ofFloats = [&](arith::CmpFPredicate predicate, Value one, Value other) -> Value {
      return arith::CmpFOp::create(builder, loc, predicate, one, other);
    };
    Value isNan = both(ofFloats(arith::CmpFPredicate::UNO, a, a), ofFloats(arith::CmpFPredicate::ORD, b, b));
    return either(ofFloats(arith::CmpFPredicate::OGT, a, b), isNan);
  }

  Value isBetter(const Slot &a, const Slot &b) {
    Value isEarlier =
        both(isNot(isLarger(b.value, a.value)), compare(arith::CmpIPredicate::ult, a.place, b.place));
    Value isNone = compare(arith::CmpIPredicate::eq, a.place, noPlace());
    Value isOtherNone = compare(arith::CmpIPredicate::eq, b.place, noPlace());
    return both(isNot(isNone), either(isOtherNone, either(isLarger(a.value, b.value), isEarlier)));
  }

  Slot read(Value number) {
    return {LLVM::LoadOp::create(builder, loc, element, elementOf(values, element, number)),
            LLVM::LoadOp::create(builder, loc, place, elementOf(places, place, number))};
  }
  void write(Value number, const Slot &slot) {
    LLVM::StoreOp::create(builder, loc, slot.value, elementOf(values, element, number));
    LLVM::StoreOp::create(builder, loc, slot.place, elementOf(places, place, number));
  }

  /// Each of so many numbers, by one of the threads.
  void share(int64_t count, function_ref<void(Value)> body) {
    forEach(thread, constant(count), constant(kThreads), {}, [&](Value number, ValueRange) {
      body(number);
      return SmallVector<Value>();
    });
  }

  void search() {
    Value piece = constant(slots - kept);
    // One piece at least, which fills the slots of an empty row.
    Value end = arith::MaxUIOp::create(builder, loc, length, constant(1));
    forEach(constant(0), end, piece, {}, [&](Value begin, ValueRange) {
      fill(begin);
      wait();
      sort();
      return SmallVector<Value>();
    });
    share(getCount(op), [&](Value number) {
      Slot best = read(number);
      index.back() = number;
      store(best.value, op.getDpsInitsMutable()[0], index);
      Type type = getElementTypeOrSelf(op.getDpsInits()[1].getType());
      Value at = arith::IndexCastOp::create(builder, loc, builder.getIndexType(), best.place);
      store(arith::IndexCastOp::create(builder, loc, type, at), op.getDpsInitsMutable()[1], index);
    });
    // The next row must not overtake.
    wait();
  }

  /// Puts elements from `begin` on behind the slots that are kept; the first time these are empty.
  void fill(Value begin) {
    Value isFirst = compare(arith::CmpIPredicate::eq, begin, constant(0));
    share(slots, [&](Value number) {
      Value isNew = compare(arith::CmpIPredicate::uge, number, constant(kept));
      auto ifFilled = scf::IfOp::create(builder, loc, either(isNew, isFirst), /*withElseRegion=*/false);
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPointToStart(ifFilled.thenBlock());
      Value at = subtract(add(begin, number), constant(kept));
      Value exists = both(isNew, compare(arith::CmpIPredicate::ult, at, length));
      auto choice =
          scf::IfOp::create(builder, loc, TypeRange{element, place}, exists, /*withElseRegion=*/true);
      write(number, {choice.getResult(0), choice.getResult(1)});
      builder.setInsertionPointToStart(choice.elseBlock());
      Value nothing = arith::ConstantOp::create(builder, loc, builder.getZeroAttr(element));
      scf::YieldOp::create(builder, loc, ValueRange{nothing, noPlace()});
      builder.setInsertionPointToStart(choice.thenBlock());
      index[reductionLoops.front()] = at;
      Value found = load(x, index);
      scf::YieldOp::create(builder, loc,
                           ValueRange{found, arith::IndexCastOp::create(builder, loc, place, at)});
    });
  }

  void sort() {
    Value one = constant(1), steps = constant(llvm::Log2_64(slots));
    forEach(one, add(steps, one), one, {}, [&](Value step, ValueRange) {
      Value size = arith::ShLIOp::create(builder, loc, one, step);
      forEach(constant(0), step, one, {}, [&](Value turn, ValueRange) {
        Value distance = arith::ShRUIOp::create(builder, loc, size, add(turn, one));
        share(slots / 2, [&](Value pair) { exchange(pair, size, distance); });
        wait();
        return SmallVector<Value>();
      });
      return SmallVector<Value>();
    });
  }

  /// Puts a pair in order: the better one first, or last in every other part of `size` slots.
  void exchange(Value pair, Value size, Value distance) {
    Value low = both(pair, subtract(distance, constant(1)));
    Value first = add(multiply(subtract(pair, low), constant(2)), low), second = add(first, distance);
    Slot a = read(first), b = read(second);
    Value isTurned = compare(arith::CmpIPredicate::ne, both(first, size), constant(0));
    Value swaps = arith::SelectOp::create(builder, loc, isTurned, isBetter(a, b), isBetter(b, a));
    auto ifSwapped = scf::IfOp::create(builder, loc, swaps, /*withElseRegion=*/false);
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(ifSwapped.thenBlock());
    write(first, b);
    write(second, a);
  }

  OpOperand &x;
  Type element, place;
  int64_t slots = 0, kept = 0;
  Value values, places, thread, length;
  /// Of the row.
  SmallVector<Value> index;
};

} // namespace

std::string whyNoSearch(linalg::GenericOp op) {
  int64_t count = getCount(op);
  if (ShapedType::isDynamic(count))
    return "how many elements are looked for is known during the run only";
  auto [slots, kept] = chooseSlots(op);
  return slots > kMostSlots ? "it looks for more elements than a block can keep" : "";
}

void writeTopKKernel(const NestChain &chain, ModuleOp kernels, KernelRecord &record) {
  TopKWriter(chain, kernels, record).write();
}

} // namespace tgc
