//===- ContractKernels.cpp - Contractions, element by element -------------===//
//
// For arithmetic that must be exactly what the program says: f32 and f64 by fused multiply-adds, integers.
// Sums are taken in the order of the loops.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/GPU/ContractWriter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;

namespace tgc {
namespace {

/// Smaller operands leave most of a tile empty.
constexpr int64_t kSmallestSide = 8, kFewestSteps = 4;

/// A size that is known only during the run counts as large.
bool isAtLeast(linalg::GenericOp op, ArrayRef<unsigned> loops, int64_t least) {
  int64_t size = 1;
  for (unsigned loop : loops) {
    int64_t range = op.getStaticLoopRanges()[loop];
    size *= ShapedType::isDynamic(range) ? least : range;
  }
  return size >= least;
}

class ScalarWriter : public ContractWriter {
public:
  using ContractWriter::ContractWriter;

private:
  /// Threads stand in a square; each has 4 x 4 results this far apart.
  static constexpr unsigned kSide = 16, kPerThread = kTile / kSide;
  /// An element more in each line of shared memory: neighbours of a column lie in different banks.
  static constexpr unsigned kLine = kTile + 1;

  void locate(Value thread) override {
    threadRow = arith::DivUIOp::create(builder, loc, thread, constant(kSide));
    threadColumn = arith::RemUIOp::create(builder, loc, thread, constant(kSide));
  }

  std::pair<Value, Value> resultAt(unsigned i) override {
    return {add(threadRow, constant(kSide * (i / kPerThread))),
            add(threadColumn, constant(kSide * (i % kPerThread)))};
  }

  unsigned sharedSize() override { return kLine * kSteps; }
  Value placeInShared(Value step, Value position) override {
    return add(multiply(step, constant(kLine)), position);
  }
  bool needsWholeSteps() override { return false; }

  /// The elements of a step that the thread takes of one operand.
  SmallVector<Value> readStep(const Side &side, Value step, Value threadPosition) {
    SmallVector<Value> elements;
    for (unsigned i = 0; i < kPerThread; ++i) {
      Value place = placeInShared(step, add(threadPosition, constant(kSide * i)));
      elements.push_back(
          LLVM::LoadOp::create(builder, loc, side.type, elementOf(side.shared, side.type, place)));
    }
    return elements;
  }

  SmallVector<Value> multiplyTiles(const Side &rows, const Side &columns, Value count,
                                   ValueRange sums) override {
    return forEach(constant(0), count, constant(1), sums, [&](Value step, ValueRange carried) {
      SmallVector<Value> left = readStep(rows, step, threadRow);
      SmallVector<Value> right = readStep(columns, step, threadColumn);
      SmallVector<Value> results;
      for (unsigned i = 0; i < kResults; ++i)
        results.push_back(computeOf({left[i / kPerThread], right[i % kPerThread]}, carried[i])[0]);
      return results;
    });
  }

  Value threadRow, threadColumn;
};

} // namespace

bool isContraction(linalg::GenericOp op) {
  std::optional<ContractLoops> loops = sortLoops(op);
  SmallVector<unsigned> summed;
  op.getReductionDims(summed);
  if (!loops || summed.empty() || !isAtLeast(op, loops->rows, kSmallestSide) ||
      !isAtLeast(op, loops->columns, kSmallestSide) || !isAtLeast(op, summed, kFewestSteps))
    return false;
  if (!llvm::all_of(op.getDpsInputs(), [](Value value) { return isa<MemRefType>(value.getType()); }))
    return false;
  // Elements are all that the body may look at: those outside of the edges are others than it thinks.
  bool isPlain = true;
  op.getRegion().walk([&](Operation *inner) { isPlain &= isPure(inner) && !isa<linalg::IndexOp>(inner); });
  return isPlain;
}

void writeContractKernel(const NestChain &chain, GpuF32 products, ModuleOp kernels, KernelRecord &record) {
  if (isTensorContraction(chain.main, products))
    writeTensorKernel(chain, products, kernels, record);
  else
    ScalarWriter(chain, kernels, record).write();
}

} // namespace tgc
