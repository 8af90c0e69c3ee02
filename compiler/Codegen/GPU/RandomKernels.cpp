//===- RandomKernels.cpp - Random numbers ---------------------------------===//
//
// A thread takes a step of the generator and writes what it gives: four elements of 32 bits or less, two of
// 64. A truncated normal needs an unknown number of steps, so each thread has as many for itself as the host
// reserves for a group. Keys and counters of nodes are made by kernels of one thread, so that what they are
// made of, a variable, stays on the device.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/GPU/NestWriter.h"
#include "compiler/Codegen/GPU/OpNests.h"
#include "compiler/Codegen/GPU/RandomWriter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace tgc {
namespace {

constexpr unsigned kThreads = 256;
/// Steps that are reserved for an output of a truncated normal.
constexpr int64_t kStepsOfOutput = 256;

class RandomKernel : NestWriter {
public:
  RandomKernel(const NestChain &chain, ModuleOp kernels, KernelRecord &record)
      : NestWriter(chain, kernels, record), random(builder, loc), wordType(builder.getI64Type()) {}

  void writeNumbers() {
    output = &op.getDpsInitsMutable()[0];
    element = getElementTypeOrSelf(output->get().getType());
    numbers = getRandomNumbers(op);
    group = element.getIntOrFloatBitWidth() == 64 ? 2 : 4;
    record.threads = kThreads;
    record.spaces.front().pointsPerBlock = kThreads * group;
    key = loadWord(0, 0);
    low = loadWord(1, 0);
    high = loadWord(1, 1);
    total = countPoints(parallelLoops);
    Value groups = arith::CeilDivUIOp::create(builder, loc, total, constant(group));
    Value threads = special("ntid.x");
    Value first = add(multiply(special("ctaid.x"), threads), special("tid.x"));
    forEach(first, groups, multiply(special("nctaid.x"), threads), {}, [&](Value number, ValueRange) {
      bool isTruncated = numbers.kind == RandomNumbers::TruncatedNormal;
      store(number, isTruncated ? drawUntilAccepted(number) : draw(number));
      return SmallVector<Value>();
    });
    finish();
  }

  void writeState() {
    record.threads = 1;
    record.spaces.front().pointsPerBlock = 1;
    RandomState state = getRandomState(op);
    if (state.isStateless)
      writeStateless();
    else
      writeStateful(state);
    finish();
  }

private:
  Value wide(uint64_t value) {
    return arith::ConstantOp::create(builder, loc, builder.getI64IntegerAttr(int64_t(value)));
  }

  Value addressOfWord(Value memory, int64_t at) {
    return addressOf(memory,
                     cast<MemRefType>(memory.getType()).getRank() ? ValueRange(constant(at)) : ValueRange());
  }
  Value loadWord(unsigned input, int64_t at) {
    Value memory = op.getDpsInputs()[input];
    Type type = getElementTypeOrSelf(memory.getType());
    Value value = LLVM::LoadOp::create(builder, loc, type, addressOfWord(memory, at));
    return type == wordType ? value : Value(arith::ExtSIOp::create(builder, loc, wordType, value));
  }
  void storeState(Value newKey, Value newLow, Value newHigh) {
    LLVM::StoreOp::create(builder, loc, newKey, addressOfWord(op.getDpsInits()[0], 0));
    LLVM::StoreOp::create(builder, loc, newLow, addressOfWord(op.getDpsInits()[1], 0));
    LLVM::StoreOp::create(builder, loc, newHigh, addressOfWord(op.getDpsInits()[1], 1));
  }

  /// As tgc_kernel_random_state does.
  void writeStateful(const RandomState &state) {
    Value seed = wide(state.seed);
    if (state.isOfSession)
      seed = load(*op.getDpsInputOperand(1), {});
    auto [newLow, newHigh] = random.skip(wide(0), wide(state.seed2), loadWord(0, 0));
    storeState(seed, newLow, newHigh);
  }

  /// As tgc_kernel_random_stateless_state does.
  void writeStateless() {
    RandomWords mixed = random.next(wide(0x02461e293ec8f720u), loadWord(0, 0), loadWord(0, 1));
    storeState(random.join(mixed[0], mixed[1]), wide(0), random.join(mixed[2], mixed[3]));
  }

  RandomWords nextWords(Value steps) {
    auto [counterLow, counterHigh] = random.skip(low, high, steps);
    return random.next(key, counterLow, counterHigh);
  }

  Value toWord(Value number) { return arith::IndexCastOp::create(builder, loc, wordType, number); }

  /// What a step gives.
  SmallVector<Value> draw(Value number) {
    RandomWords x = nextWords(toWord(number));
    SmallVector<Value> drawn;
    if (numbers.kind == RandomNumbers::Normal) {
      drawn = normalsOf(x);
      for (Value &value : drawn)
        value = random.roundTo(element, value);
      return drawn;
    }
    for (unsigned i = 0; i < group; ++i)
      if (numbers.kind == RandomNumbers::Integers)
        drawn.push_back(group == 2 ? integer(random.join(x[2 * i], x[2 * i + 1])) : integer(x[i]));
      else
        drawn.push_back(group == 2 ? random.uniform(element, x[2 * i], x[2 * i + 1])
                                   : random.uniform(element, x[i], Value()));
    return drawn;
  }

  SmallVector<Value> normalsOf(const RandomWords &x) {
    auto [a, b] = random.normals(x[0], x[1]);
    auto [c, d] = random.normals(x[2], x[3]);
    return {a, b, c, d};
  }

  /// low + bits % range; all bits without a range.
  Value integer(Value bits) {
    Type type = bits.getType();
    auto number = [&](uint64_t value) {
      APInt all(64, value);
      return arith::ConstantOp::create(builder, loc,
                                       builder.getIntegerAttr(type, all.trunc(type.getIntOrFloatBitWidth())))
          .getResult();
    };
    bool isAll = type == wordType ? numbers.range == 0 : uint32_t(numbers.range) == 0;
    if (isAll)
      return bits;
    return arith::AddIOp::create(builder, loc, number(numbers.low),
                                 arith::RemUIOp::create(builder, loc, bits, number(numbers.range)));
  }

  /// Normal numbers between -2 and 2, four of them.
  SmallVector<Value> drawUntilAccepted(Value number) {
    Value ofGroup = multiply(number, constant(group * kStepsOfOutput / RandomWriter::kWordsOfStep));
    Type single = builder.getF32Type(), count = builder.getI32Type();
    auto small = [&](int64_t value) {
      return arith::ConstantIntOp::create(builder, loc, value, 32).getResult();
    };
    Value zero = arith::ConstantOp::create(builder, loc, builder.getFloatAttr(single, 0));
    SmallVector<Value> begin = {toWord(ofGroup), small(0)};
    begin.append(group, zero);
    SmallVector<Type> types = {wordType, count};
    types.append(group, single);
    auto loop = scf::WhileOp::create(builder, loc, types, begin, nullptr, nullptr);
    OpBuilder::InsertionGuard guard(builder);
    Block *test = loop.getBeforeBody(), *body = loop.getAfterBody();
    builder.setInsertionPointToEnd(test);
    Value isOpen =
        arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ult, test->getArgument(1), small(group));
    scf::ConditionOp::create(builder, loc, isOpen, test->getArguments());
    builder.setInsertionPointToEnd(body);
    SmallVector<Value> state(body->getArguments());
    for (Value candidate : normalsOf(nextWords(state[0]))) {
      Value size = math::AbsFOp::create(builder, loc, candidate);
      Value two = arith::ConstantOp::create(builder, loc, builder.getFloatAttr(single, 2));
      Value isTaken = arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OLT, size, two);
      for (unsigned i = 0; i < group; ++i) {
        Value isNext = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, state[1], small(i));
        Value takes = arith::AndIOp::create(builder, loc, isTaken, isNext);
        state[2 + i] = arith::SelectOp::create(builder, loc, takes, candidate, state[2 + i]);
      }
      state[1] = add(state[1], arith::ExtUIOp::create(builder, loc, count, isTaken));
    }
    state[0] = add(state[0], wide(1));
    scf::YieldOp::create(builder, loc, state);
    builder.setInsertionPointAfter(loop);
    SmallVector<Value> drawn;
    for (Value value : loop.getResults().drop_front(2))
      drawn.push_back(random.roundTo(element, value));
    return drawn;
  }

  /// A group's numbers; the last group has more than there are elements.
  void store(Value number, ArrayRef<Value> drawn) {
    Value first = multiply(number, constant(group));
    for (auto [i, value] : llvm::enumerate(drawn)) {
      Value at = add(first, constant(i));
      Value exists = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ult, at, total);
      auto ifExists = scf::IfOp::create(builder, loc, exists, /*withElseRegion=*/false);
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPointToStart(ifExists.thenBlock());
      SmallVector<Value> index(op.getNumLoops());
      splitPoint(at, parallelLoops, index);
      NestWriter::store(value, *output, index);
    }
  }

  RandomWriter random;
  Type wordType, element;
  OpOperand *output = nullptr;
  RandomNumbers numbers{};
  unsigned group = 4;
  Value key, low, high, total;
};

} // namespace

void writeRandomKernel(const NestChain &chain, ModuleOp kernels, KernelRecord &record) {
  RandomKernel(chain, kernels, record).writeNumbers();
}

void writeRandomStateKernel(const NestChain &chain, ModuleOp kernels, KernelRecord &record) {
  RandomKernel(chain, kernels, record).writeState();
}

} // namespace tgc
