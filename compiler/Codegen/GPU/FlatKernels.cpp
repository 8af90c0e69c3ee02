//===- FlatKernels.cpp - One thread for each result -----------------------===//
//
// The flat writer: threads stride over the results by the grid. Elementwise chains, broadcasts, transposes,
// gathers, and reductions that are short or run along the slow dimensions, which neighbouring threads then
// read side by side. Operands are addressed by their indexing maps, so none is copied to fit.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/GPU/NestWriter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace tgc {
namespace {

constexpr unsigned kThreads = 256;

class FlatWriter : NestWriter {
public:
  using NestWriter::NestWriter;

  void write() {
    record.threads = record.spaces.front().pointsPerBlock = kThreads;
    Value threads = special("ntid.x");
    Value first = add(multiply(special("ctaid.x"), threads), special("tid.x"));
    Value step = multiply(special("nctaid.x"), threads);
    forEach(first, countPoints(parallelLoops), step, {}, [&](Value point, ValueRange) {
      writePoint(point);
      return SmallVector<Value>();
    });
    finish();
  }

private:
  void writePoint(Value point) {
    SmallVector<Value> index(op.getNumLoops());
    splitPoint(point, parallelLoops, index);
    SmallVector<Value> results;
    for (OpOperand &output : op.getDpsInitsMutable())
      results.push_back(reductionLoops.empty() && op.getMatchingBlockArgument(&output).use_empty()
                            ? Value()
                            : load(output, index));
    results = reduce(0, index, results);
    for (auto [output, value] : llvm::zip(op.getDpsInitsMutable(), results))
      store(value, output, index);
  }

  /// The loops of the reduction from number `depth` on.
  SmallVector<Value> reduce(unsigned depth, SmallVector<Value> &index, ArrayRef<Value> results) {
    if (depth == reductionLoops.size())
      return compute(index, results);
    unsigned loop = reductionLoops[depth];
    return forEach(constant(0), sizeOf(loop), constant(1), results, [&](Value at, ValueRange carried) {
      index[loop] = at;
      return reduce(depth + 1, index, llvm::to_vector(carried));
    });
  }
};

} // namespace

void writeFlatKernel(const NestChain &chain, ModuleOp kernels, KernelRecord &record) {
  FlatWriter(chain, kernels, record).write();
}

} // namespace tgc
