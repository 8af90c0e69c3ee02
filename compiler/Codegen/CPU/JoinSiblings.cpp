//===- JoinSiblings.cpp - Narrow products of one operand as one -----------===//
//
// The heads of a net, the gates of a mixture, projections to a few columns each: a product of ten columns
// takes as many instructions as one of sixteen. Side by side they share vectors. Products that fill their
// vectors alone gain nothing (their left operand stays in the cache from one to the next), and keep what
// follows them in registers instead. Of a single row, a lone vector of sums waits for itself.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/CPU/JoinSiblings.h"
#include "compiler/Codegen/CPU/PackConstants.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/Support/MathExtras.h"
#include <cstring>

using namespace mlir;

namespace tgc {
namespace {

/// Vectors of a single row's sums at a time, at least, lest the steps wait for each other.
constexpr int64_t kVectorsOfRow = 2;

/// A sum that could be joined.
struct Sibling {
  // Its accessors are not const.
  mutable linalg::GenericOp op;
  unsigned lhs, rhs;
  ElementsAttr weight;
  /// The loop over the result's last dimension, and the dimension of the weight that it walks.
  unsigned columnLoop, columnDim;
  int64_t columns;

  tensor::EmptyOp getMemory() const {
    auto fill = op.getDpsInits()[0].getDefiningOp<linalg::FillOp>();
    return fill ? fill.getOutputs()[0].getDefiningOp<tensor::EmptyOp>() : nullptr;
  }

  /// The steps of the sum, and the elements of a column of the result.
  std::pair<int64_t, int64_t> countStepsAndRows() const {
    int64_t steps = 1, rows = 1;
    AffineMap result = op.getIndexingMapsArray().back();
    for (auto [loop, size] : llvm::enumerate(op.getStaticLoopRanges()))
      if (loop != columnLoop)
        (result.isFunctionOfDim(loop) ? rows : steps) *= ShapedType::isDynamic(size) ? kTypicalSize : size;
    return {steps, rows};
  }
};

std::optional<Sibling> describe(const SumOfProducts &sum) {
  linalg::GenericOp op = sum.op;
  auto constant = op.getDpsInputs()[sum.rhs].getDefiningOp<arith::ConstantOp>();
  if (!constant)
    return std::nullopt;
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  unsigned loop = maps[2].getDimPosition(maps[2].getNumResults() - 1);
  std::optional<unsigned> dim = maps[sum.rhs].getResultPosition(getAffineDimExpr(loop, op.getContext()));
  Sibling sibling = {op, sum.lhs, sum.rhs, cast<ElementsAttr>(constant.getValue()), loop, dim.value_or(0), 0};
  if (!dim || maps[sum.lhs].isFunctionOfDim(loop) || !sibling.getMemory() ||
      getConstantBytes(sibling.weight).empty())
    return std::nullopt;
  sibling.columns = sibling.weight.getShapedType().getDimSize(*dim);
  return sibling;
}

/// Whether they differ in their weights, the number of their columns and their memory only.
bool areAlike(const Sibling &a, const Sibling &b) {
  auto sizesBut = [](const Sibling &sibling) {
    SmallVector<int64_t> sizes = sibling.op.getStaticLoopRanges();
    sizes[sibling.columnLoop] = 0;
    return sizes;
  };
  auto getRows = [](const Sibling &sibling) {
    SmallVector<OpFoldResult> sizes = sibling.getMemory().getMixedSizes();
    sizes.pop_back();
    return sizes;
  };
  auto getFirst = [](const Sibling &sibling) {
    return sibling.op.getDpsInits()[0].getDefiningOp<linalg::FillOp>().getInputs()[0];
  };
  return a.op.getIndexingMaps() == b.op.getIndexingMaps() && a.rhs == b.rhs && sizesBut(a) == sizesBut(b) &&
         getRows(a) == getRows(b) && a.weight.getElementType() == b.weight.getElementType() &&
         getFirst(a) == getFirst(b) &&
         OperationEquivalence::isRegionEquivalentTo(&a.op.getRegion(), &b.op.getRegion(),
                                                    OperationEquivalence::IgnoreLocations);
}

/// What a sum costs, in instructions on vectors.
int64_t getCost(int64_t columns, int64_t steps, int64_t rows, int64_t lanes) {
  if (columns < kLeastColumns)
    return columns * rows * (llvm::divideCeil(steps, lanes) + kInstructionsPerRowSum);
  int64_t vectors = llvm::divideCeil(columns, lanes);
  return (rows == 1 ? std::max(vectors, kVectorsOfRow) : vectors) * steps * rows + kInstructionsPerKernel;
}

bool pays(ArrayRef<Sibling> siblings, VectorUnit unit) {
  auto [steps, rows] = siblings.front().countStepsAndRows();
  Type element = getElementTypeOrSelf(siblings.front().op.getResult(0).getType());
  int64_t lanes = std::max<int64_t>(unit.bytes * 8 / element.getIntOrFloatBitWidth(), 1);
  int64_t apart = 0, moved = 0, columns = 0;
  for (const Sibling &sibling : siblings) {
    apart += getCost(sibling.columns, steps, rows, lanes);
    // What follows reads the columns from memory.
    moved += kInstructionsPerMovedVector * llvm::divideCeil(sibling.columns, lanes) * rows;
    columns += sibling.columns;
  }
  return columns * steps * rows >= kLeastProducts &&
         getCost(columns, steps, rows, lanes) + moved < apart - apart / 8;
}

/// The weights side by side, along the dimension of the columns.
ElementsAttr concatenate(ArrayRef<Sibling> siblings) {
  unsigned dim = siblings.front().columnDim;
  SmallVector<int64_t> shape(siblings.front().weight.getShapedType().getShape());
  int64_t outer = 1, inner = siblings.front().weight.getElementType().getIntOrFloatBitWidth() / 8;
  for (auto [i, size] : llvm::enumerate(shape))
    (i < dim ? outer : inner) *= i == dim ? 1 : size;
  shape[dim] = 0;
  for (const Sibling &sibling : siblings)
    shape[dim] += sibling.columns;
  SmallVector<char, 0> bytes;
  bytes.reserve(outer * shape[dim] * inner);
  for (int64_t i = 0; i < outer; ++i)
    for (const Sibling &sibling : siblings)
      llvm::append_range(
          bytes,
          getConstantBytes(sibling.weight).slice(i * sibling.columns * inner, sibling.columns * inner));
  return makeAlignedConstant(bytes, RankedTensorType::get(shape, siblings.front().weight.getElementType()));
}

/// The steps of an unrolled loop share their weights, joined or not.
using JoinedWeights = std::map<std::vector<const void *>, ElementsAttr>;

linalg::GenericOp join(ArrayRef<Sibling> siblings, JoinedWeights &known) {
  linalg::GenericOp first = siblings.front().op;
  std::vector<const void *> key = {reinterpret_cast<const void *>(size_t(siblings.front().columnDim))};
  for (const Sibling &sibling : siblings)
    key.push_back(sibling.weight.getAsOpaquePointer());
  ElementsAttr &weight = known[key];
  if (!weight)
    weight = concatenate(siblings);

  OpBuilder builder(first);
  Location loc = first.getLoc();
  SmallVector<OpFoldResult> sizes = siblings.front().getMemory().getMixedSizes();
  sizes.back() = builder.getIndexAttr(weight.getShapedType().getDimSize(siblings.front().columnDim));
  SmallVector<Value> inputs(first.getDpsInputs());
  inputs[siblings.front().rhs] = arith::ConstantOp::create(builder, loc, weight);
  Value zero = first.getDpsInits()[0].getDefiningOp<linalg::FillOp>().getInputs()[0];
  Value memory = tensor::EmptyOp::create(builder, loc, sizes, getElementTypeOrSelf(zero.getType()));
  Value init = linalg::FillOp::create(builder, loc, zero, memory).getResult(0);
  auto joined = linalg::GenericOp::create(builder, loc, init.getType(), inputs, init,
                                          first.getIndexingMapsArray(), first.getIteratorTypesArray());
  joined.getRegion().takeBody(first.getRegion());

  SmallVector<OpFoldResult> offsets(sizes.size(), builder.getIndexAttr(0)),
      steps(sizes.size(), builder.getIndexAttr(1));
  int64_t column = 0;
  for (const Sibling &sibling : siblings) {
    offsets.back() = builder.getIndexAttr(column);
    sizes.back() = builder.getIndexAttr(sibling.columns);
    column += sibling.columns;
    Value old = sibling.op.getResult(0);
    old.replaceAllUsesWith(tensor::ExtractSliceOp::create(builder, loc, cast<RankedTensorType>(old.getType()),
                                                          joined.getResult(0), offsets, sizes, steps));
  }
  // The slices stand before the first of them.
  for (const Sibling &sibling : siblings)
    sibling.op.erase();
  return joined;
}

} // namespace

void joinSiblings(SmallVectorImpl<SumOfProducts> &sums, VectorUnit unit) {
  llvm::MapVector<std::pair<Block *, Value>, SmallVector<SmallVector<Sibling>>> families;
  for (const SumOfProducts &sum : sums) {
    std::optional<Sibling> sibling = describe(sum);
    if (!sibling)
      continue;
    SmallVector<SmallVector<Sibling>> &groups =
        families[{sibling->op->getBlock(), sibling->op.getDpsInputs()[sum.lhs]}];
    auto group = llvm::find_if(groups, [&](ArrayRef<Sibling> g) { return areAlike(g.front(), *sibling); });
    if (group == groups.end())
      groups.push_back({*sibling});
    else
      group->push_back(*sibling);
  }
  JoinedWeights known;
  llvm::DenseSet<Operation *> gone;
  SmallVector<SumOfProducts> joined;
  for (auto &[place, groups] : families)
    for (ArrayRef<Sibling> group : groups) {
      if (group.size() < 2 || !pays(group, unit))
        continue;
      for (const Sibling &sibling : group)
        gone.insert(sibling.op);
      joined.push_back({join(group, known), group.front().lhs, group.front().rhs});
    }
  llvm::erase_if(sums, [&](const SumOfProducts &sum) { return gone.contains(sum.op); });
  sums.append(joined);
}

} // namespace tgc
