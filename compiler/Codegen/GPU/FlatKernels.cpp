//===- FlatKernels.cpp - One thread for each result -----------------------===//
//
// The flat writer: threads stride over the results by the grid. Elementwise chains, broadcasts, transposes,
// gathers, and reductions that are short or run along the slow dimensions, which neighbouring threads then
// read side by side. Operands are addressed by their indexing maps, so none is copied to fit. Where they have
// neighbours, a thread does packs of points; what is left of them at the end, and all of it where memory is
// not aligned, is done point by point. What a nest makes of a point, those behind it in a chain take from
// registers.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/GPU/PackWriter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace tgc {
namespace {

constexpr unsigned kThreads = 256;
/// So many points give each thread of a large GPU less than a pack.
constexpr int64_t kFewPoints = 32 << 10;

class FlatWriter : PackWriter {
public:
  using PackWriter::PackWriter;

  void write() {
    std::optional<int64_t> known = countKnown();
    if (reductionLoops.empty() && (!known || *known >= kFewPoints))
      choosePacks(chain.members, /*mayBeApart=*/false);
    record.threads = kThreads;
    record.spaces.front().pointsPerBlock = kThreads * mostPoints;
    Value threads = special("ntid.x"), total = countPoints(parallelLoops);
    Value first = add(multiply(special("ctaid.x"), threads), special("tid.x"));
    Value step = multiply(special("nctaid.x"), threads);
    if (mostPoints > 1) {
      Value points = constant(mostPoints), packs = arith::DivUIOp::create(builder, loc, total, points);
      Value canPack = isAligned(chain.members);
      if (lineLoops < getLoops().size())
        canPack = arith::AndIOp::create(builder, loc, canPack, isWholePacks());
      packs = arith::SelectOp::create(builder, loc, canPack, packs, constant(0));
      stride(first, packs, step, mostPoints);
      first = add(multiply(packs, points), first);
    }
    stride(first, total, step, 1);
    finish();
  }

private:
  /// The points, if their number is known.
  std::optional<int64_t> countKnown() {
    int64_t points = 1;
    for (unsigned loop : parallelLoops) {
      int64_t size = op.getStaticLoopRanges()[loop];
      if (ShapedType::isDynamic(size))
        return std::nullopt;
      points *= size;
    }
    return points;
  }

  SmallVector<unsigned> getLoops() override {
    SmallVector<unsigned> loops = getRealLoops(op);
    llvm::erase_if(loops, [&](unsigned loop) { return llvm::is_contained(reductionLoops, loop); });
    return loops;
  }

  /// All packs of some number of points from one on.
  void stride(Value first, Value end, Value step, unsigned points) {
    width = points;
    forEach(first, end, step, {}, [&](Value number, ValueRange) {
      writePoints(multiply(number, constant(points)));
      return SmallVector<Value>();
    });
  }

  void writePoints(Value first) {
    SmallVector<SmallVector<Value>> places = placePoints(first);
    for (linalg::GenericOp member : chain.members) {
      enter(member);
      SmallVector<SmallVector<Value>> points;
      for (ArrayRef<Value> place : places) {
        points.emplace_back(op.getNumLoops(), constant(0));
        for (auto [loop, at] : llvm::zip_equal(getLoops(), place))
          points.back()[loop] = at;
      }
      writeNest(points);
    }
    enter(chain.main);
    made.clear();
  }

  void writeNest(MutableArrayRef<SmallVector<Value>> points) {
    if (reductionLoops.empty())
      readElements(points);
    SmallVector<SmallVector<Value>> results(op.getNumDpsInits());
    for (point = 0; point < width; ++point) {
      SmallVector<Value> old;
      for (OpOperand &output : op.getDpsInitsMutable())
        old.push_back(reductionLoops.empty() && op.getMatchingBlockArgument(&output).use_empty()
                          ? Value()
                          : load(output, points[point]));
      for (auto [all, value] : llvm::zip_equal(results, reduce(0, points[point], old)))
        all.push_back(value);
    }
    forgetElements();
    for (auto [output, values] : llvm::zip_equal(op.getDpsInitsMutable(), results)) {
      Value base = chain.bases.lookup(output.get());
      if (!chain.own.contains(base))
        storePack(values, output, points);
      if (base)
        made[base] = std::move(values);
    }
  }

  SmallVector<Value> loadPack(OpOperand &operand, Points points) override {
    auto known = made.find(chain.bases.lookup(operand.get()));
    return known == made.end() ? PackWriter::loadPack(operand, points) : known->second;
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

  /// By memory: what members of a chain have made of the points.
  llvm::DenseMap<Value, SmallVector<Value>> made;
};

} // namespace

void writeFlatKernel(const NestChain &chain, ModuleOp kernels, KernelRecord &record) {
  FlatWriter(chain, kernels, record).write();
}

} // namespace tgc
