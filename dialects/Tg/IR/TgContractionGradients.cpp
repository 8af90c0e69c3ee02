//===- TgContractionGradients.cpp - Gradients of products -----------------===//
//
// Both gradients of a product are products again. Of a convolution, with respect to the input: the gradient,
// with zeros between its elements where the stride was more than one, over the filter turned around and with
// its two kinds of channels swapped. With respect to the filter: the input over the gradient, batch and
// channels changing roles, strides and dilations too.
//
//===----------------------------------------------------------------------===//

#include "dialects/Tg/IR/GradientBuilder.h"

using namespace mlir;

namespace tgc::tg {

using Size = OpFoldResult;
using Gradients = SmallVector<Value>;

FailureOr<Gradients> MatMulOp::buildGradients(GradientBuilder &g, ArrayRef<Value> gradients) {
  auto matmul = [&](Value lhs, bool transposeLhs, Value rhs, bool transposeRhs) -> Value {
    return MatMulOp::create(g.builder, g.loc, lhs, rhs, transposeLhs, transposeRhs);
  };
  bool tl = getTransposeLhs(), tr = getTransposeRhs();
  Value dy = gradients[0];
  Gradients result(2);
  if (g.needs(0)) {
    Value rhs = g.conj(getRhs());
    result[0] = g.refine(tl ? matmul(rhs, tr, dy, true) : matmul(dy, false, rhs, !tr), getLhs().getType());
  }
  if (g.needs(1)) {
    Value lhs = g.conj(getLhs());
    result[1] = g.refine(tr ? matmul(dy, true, lhs, tl) : matmul(lhs, !tl, dy, false), getRhs().getType());
  }
  return result;
}

/// Swaps the channels of a grouped filter: [spatial..., c, groups * f] -> [spatial..., f, groups * c].
static Value swapChannels(GradientBuilder &g, Value filter, int64_t groups) {
  SmallVector<Size> sizes = g.getSizes(filter);
  int64_t spatial = sizes.size() - 2;
  auto permutation = llvm::to_vector(llvm::seq<int64_t>(0, spatial));
  if (groups == 1) {
    permutation.append({spatial + 1, spatial});
    return g.transpose(filter, permutation);
  }
  Size inputs = sizes[spatial], perGroup = g.divSizes(sizes[spatial + 1], g.size(groups));
  SmallVector<Size> split(ArrayRef(sizes).take_front(spatial)), joined = split;
  split.append({inputs, g.size(groups), perGroup});
  joined.append({perGroup, g.mulSizes(g.size(groups), inputs)});
  permutation.append({spatial + 2, spatial + 1, spatial});
  return g.reshape(g.transpose(g.reshape(filter, split), permutation), joined);
}

/// [batch, spatial..., groups * c] -> [c, spatial..., groups * batch].
static Value swapBatch(GradientBuilder &g, Value input, int64_t groups) {
  SmallVector<Size> sizes = g.getSizes(input);
  int64_t last = sizes.size() - 1;
  auto spatial = llvm::to_vector(llvm::seq<int64_t>(1, last));
  SmallVector<int64_t> permutation{groups == 1 ? last : last + 1};
  llvm::append_range(permutation, spatial);
  if (groups == 1) {
    permutation.push_back(0);
    return g.transpose(input, permutation);
  }
  permutation.append({last, 0});
  Size perGroup = g.divSizes(sizes[last], g.size(groups));
  SmallVector<Size> split(ArrayRef(sizes).drop_back()), joined{perGroup};
  split.append({g.size(groups), perGroup});
  llvm::append_range(joined, ArrayRef(sizes).slice(1, last - 1));
  joined.push_back(g.mulSizes(g.size(groups), sizes[0]));
  return g.reshape(g.transpose(g.reshape(input, split), permutation), joined);
}

/// Elements that a window of `size` reaches beyond its first.
static Size getReach(GradientBuilder &g, Size size, int64_t dilation) {
  return g.mulSizes(g.addSizes(size, g.size(-1)), g.size(dilation));
}

static Value buildInputGradient(GradientBuilder &g, ConvOp op, Value dy) {
  SmallVector<Size> input = g.getSizes(op.getInput()), filter = g.getSizes(op.getFilter()),
                    output = g.getSizes(dy);
  SmallVector<Size> low{g.size(0)}, high{g.size(0)};
  SmallVector<int64_t> interior{0}, turned, ones;
  for (size_t i = 0; i < op.getStrides().size(); ++i) {
    int64_t stride = op.getStrides()[i];
    Size reach = getReach(g, filter[i], op.getDilations()[i]), count = output[i + 1];
    if (stride > 1)
      count = g.addSizes(
          count, g.mulSizes(g.maxSizes(g.addSizes(count, g.size(-1)), g.size(0)), g.size(stride - 1)));
    low.push_back(reach);
    // The window slides over input + reach elements, of which `reach` lie before.
    high.push_back(g.subSizes(input[i + 1], count));
    interior.push_back(stride - 1);
    turned.push_back(i);
    ones.push_back(1);
  }
  low.push_back(g.size(0));
  high.push_back(g.size(0));
  interior.push_back(0);
  Value flipped = g.conj(g.reverse(swapChannels(g, op.getFilter(), op.getGroups()), turned));
  Value spread = g.pad(dy, low, high, interior);
  return ConvOp::create(g.builder, g.loc, spread, flipped, ones, op.getDilations(), op.getGroups());
}

static Value buildFilterGradient(GradientBuilder &g, ConvOp op, Value dy) {
  int64_t rank = op.getType().getRank();
  SmallVector<Size> input = g.getSizes(op.getInput()), filter = g.getSizes(op.getFilter()),
                    output = g.getSizes(dy);
  // The part of the input that the gradient slides over, so that there are as many positions as the filter is
  // large.
  SmallVector<Size> offsets(rank, g.size(0)), covered = input;
  for (size_t i = 0; i < op.getStrides().size(); ++i)
    covered[i + 1] = g.addSizes(g.addSizes(getReach(g, filter[i], op.getDilations()[i]),
                                           getReach(g, output[i + 1], op.getStrides()[i])),
                                g.size(1));
  Value part = covered == input ? Value(op.getInput()) : g.slice(op.getInput(), offsets, covered);
  // The gradient as the filter: [spatial..., batch, outputs].
  auto permutation = llvm::to_vector(llvm::seq<int64_t>(1, rank - 1));
  permutation.append({0, rank - 1});
  Value asFilter = g.transpose(dy, permutation);
  Value result = ConvOp::create(g.builder, g.loc, swapBatch(g, g.conj(part), op.getGroups()), asFilter,
                                op.getDilations(), op.getStrides(), op.getGroups());
  return g.transpose(result, permutation);
}

FailureOr<Gradients> ConvOp::buildGradients(GradientBuilder &g, ArrayRef<Value> gradients) {
  Gradients result(2);
  if (g.needs(0))
    result[0] = g.refine(buildInputGradient(g, *this, gradients[0]), getInput().getType());
  if (g.needs(1))
    result[1] = g.refine(buildFilterGradient(g, *this, gradients[0]), getFilter().getType());
  return result;
}

} // namespace tgc::tg
