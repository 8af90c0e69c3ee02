//===- RowKernels.cpp - Threads that share a result -----------------------===//
//
// The row writer: reductions along the dimension that lies side by side in memory. The lanes of a warp, or
// the threads of a block where a row is long, take the row's elements in turn, so that a warp reads whole
// lines. Partial results meet by shuffles in a butterfly, then through shared memory: the order depends on
// the sizes only, so results are the same each time.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/CPU/FreeCombiner.h"
#include "compiler/Codegen/GPU/NestWriter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace tgc {
namespace {

constexpr unsigned kWarp = 32, kThreads = 256;
/// Fewer elements leave most lanes without work.
constexpr int64_t kShortestRow = 16;
/// From this length on a block takes a row.
constexpr int64_t kLongRow = 2048;

/// How partial results are combined, and what changes none.
struct Combiner {
  Operation *op;
  TypedAttr neutral;
};

/// Products and logical functions, which FreeCombiner leaves out, and all that it knows. Products of floats
/// only if they may be taken in any order: what overflows in one may not in another.
std::optional<Combiner> findCombiner(linalg::GenericOp op) {
  if (op.getNumDpsInits() != 1)
    return std::nullopt;
  if (auto known = matchFreeCombiner(op))
    return Combiner{known->op, known->neutral};
  Operation *last = op.getBody()->getTerminator()->getOperand(0).getDefiningOp();
  BlockArgument accumulator = op.getBody()->getArguments().back();
  if (!last || !accumulator.hasOneUse() || *accumulator.user_begin() != last || last->getNumOperands() != 2)
    return std::nullopt;
  Builder builder(op.getContext());
  Type type = accumulator.getType();
  if (auto product = dyn_cast<arith::MulFOp>(last);
      product && bitEnumContainsAll(product.getFastmath(), arith::FastMathFlags::reassoc))
    return Combiner{last, builder.getFloatAttr(type, 1.0)};
  if (isa<arith::MulIOp>(last))
    return Combiner{last, builder.getIntegerAttr(type, 1)};
  if (isa<arith::AndIOp>(last))
    return Combiner{last, builder.getIntegerAttr(type, -1)};
  if (isa<arith::OrIOp>(last))
    return Combiner{last, builder.getIntegerAttr(type, 0)};
  return std::nullopt;
}

/// The points of the reduction; nothing if that is known only during the run.
std::optional<int64_t> getRowLength(linalg::GenericOp op) {
  SmallVector<unsigned> loops;
  op.getReductionDims(loops);
  int64_t length = 1;
  for (unsigned loop : loops) {
    int64_t size = op.getStaticLoopRanges()[loop];
    if (ShapedType::isDynamic(size))
      return std::nullopt;
    length *= size;
  }
  return length;
}

class RowWriter : NestWriter {
public:
  using NestWriter::NestWriter;

  void write() {
    combiner = *findCombiner(op);
    std::optional<int64_t> length = getRowLength(op);
    lanes = length && *length < kLongRow ? kWarp : kThreads;
    record.threads = kThreads;
    record.pointsPerBlock = kThreads / lanes;
    Value thread = special("tid.x");
    Value perBlock = constant(record.pointsPerBlock);
    lane = arith::RemUIOp::create(builder, loc, thread, constant(lanes));
    Value row = arith::DivUIOp::create(builder, loc, thread, constant(lanes));
    // All threads of a block go through the loop equally often: there are barriers in it.
    Value total = countPoints(parallelLoops);
    Value step = multiply(special("nctaid.x"), perBlock);
    forEach(multiply(special("ctaid.x"), perBlock), total, step, {}, [&](Value first, ValueRange) {
      writeRow(add(first, row), total);
      return SmallVector<Value>();
    });
    finish();
  }

private:
  Value combine(Value a, Value b) {
    Operation *copy = builder.clone(*combiner.op);
    copy->setOperands({a, b});
    return copy->getResult(0);
  }

  void writeRow(Value point, Value total) {
    // Warps beyond the last row take it once more and store nothing.
    Value isInside = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ult, point, total);
    Value last = arith::SubIOp::create(builder, loc, total, constant(1));
    SmallVector<Value> index(op.getNumLoops());
    splitPoint(arith::SelectOp::create(builder, loc, isInside, point, last), parallelLoops, index);
    Value neutral = arith::ConstantOp::create(builder, loc, combiner.neutral);
    Value partial = forEach(lane, countPoints(reductionLoops), constant(lanes), neutral,
                            [&](Value element, ValueRange carried) {
                              SmallVector<Value> place = index;
                              splitPoint(element, reductionLoops, place);
                              return compute(place, carried);
                            })[0];
    Value result = combineLanes(partial);
    if (lanes > kWarp)
      result = combineWarps(result);
    Value isFirst = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, lane, constant(0));
    Value stores = arith::AndIOp::create(builder, loc, isFirst, isInside);
    auto ifFirst = scf::IfOp::create(builder, loc, stores, /*withElseRegion=*/false);
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(ifFirst.thenBlock());
    OpOperand &output = op.getDpsInitsMutable()[0];
    store(combine(load(output, index), result), output, index);
  }

  /// A butterfly: each lane has the whole result.
  Value combineLanes(Value value) {
    for (unsigned distance = kWarp / 2; distance; distance /= 2)
      value = combine(value, shuffle(value, distance));
    return value;
  }

  /// Warps leave their results in shared memory, and each reads all of them.
  Value combineWarps(Value value) {
    constexpr unsigned kWarps = kThreads / kWarp;
    Value shared = declareShared("parts", value.getType(), kWarps);
    Value warp = arith::DivUIOp::create(builder, loc, lane, constant(kWarp));
    Value laneOfWarp = arith::RemUIOp::create(builder, loc, lane, constant(kWarp));
    Value isFirst = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, laneOfWarp, constant(0));
    auto ifFirst = scf::IfOp::create(builder, loc, isFirst, /*withElseRegion=*/false);
    {
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPointToStart(ifFirst.thenBlock());
      LLVM::StoreOp::create(builder, loc, value, elementOf(shared, value.getType(), warp));
    }
    wait();
    Value result;
    for (unsigned i = 0; i < kWarps; ++i) {
      Value part = LLVM::LoadOp::create(builder, loc, value.getType(),
                                        elementOf(shared, value.getType(), constant(i)));
      result = result ? combine(result, part) : part;
    }
    // The next row must not overtake.
    wait();
    return result;
  }

  /// The value of the lane whose number differs in the bits of `distance`.
  Value shuffle(Value value, unsigned distance) {
    Type type = value.getType(), word = builder.getI32Type();
    unsigned width = type.getIntOrFloatBitWidth();
    Type bits = builder.getIntegerType(width);
    if (isa<FloatType>(type))
      value = arith::BitcastOp::create(builder, loc, bits, value);
    if (width < 32)
      value = arith::ExtUIOp::create(builder, loc, word, value);
    if (width <= 32) {
      value = shuffleWord(value, distance);
      if (width < 32)
        value = arith::TruncIOp::create(builder, loc, bits, value);
    } else {
      Value half = arith::ConstantIntOp::create(builder, loc, 32, 64);
      Value high = arith::ShRUIOp::create(builder, loc, value, half);
      shuffleWords(value, high, distance);
      value = arith::OrIOp::create(builder, loc, arith::ShLIOp::create(builder, loc, high, half), value);
    }
    return isa<FloatType>(type) ? Value(arith::BitcastOp::create(builder, loc, type, value)) : value;
  }

  /// Shuffles the two words of a wide value, which are given and left as 64 bits each.
  void shuffleWords(Value &low, Value &high, unsigned distance) {
    for (Value *word : {&low, &high}) {
      Value narrow = arith::TruncIOp::create(builder, loc, builder.getI32Type(), *word);
      *word = arith::ExtUIOp::create(builder, loc, builder.getI64Type(), shuffleWord(narrow, distance));
    }
  }

  Value shuffleWord(Value value, unsigned distance) {
    auto number = [&](int64_t n) { return arith::ConstantIntOp::create(builder, loc, n, 32).getResult(); };
    return callIntrinsic("shfl.sync.bfly.i32", builder.getI32Type(),
                         {number(-1), value, number(distance), number(kWarp - 1)});
  }

  Combiner combiner;
  unsigned lanes = kWarp;
  Value lane;
};

} // namespace

bool isRowReduction(linalg::GenericOp op) {
  SmallVector<unsigned> loops;
  op.getReductionDims(loops);
  std::optional<int64_t> length = getRowLength(op);
  if (loops.empty() || (length && *length < kShortestRow) || !findCombiner(op))
    return false;
  // The last loop of the reduction must step through neighbours in memory in some operand.
  return llvm::any_of(op.getDpsInputOperands(), [&](OpOperand *operand) {
    AffineMap map = op.getMatchingIndexingMap(operand);
    auto type = dyn_cast<MemRefType>(operand->get().getType());
    if (!type || !map.getNumResults())
      return false;
    auto last = dyn_cast<AffineDimExpr>(map.getResults().back());
    return last && last.getPosition() == loops.back() && type.isLastDimUnitStride();
  });
}

void writeRowKernel(linalg::GenericOp op, ModuleOp kernels, KernelRecord &record) {
  RowWriter(op, kernels, record).write();
}

} // namespace tgc
