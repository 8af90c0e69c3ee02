//===- TgWindowGradients.cpp - Gradients of windows over a tensor ---------===//
//
// A sum under a window is undone by a window over the gradient. A maximum sends its gradient to the first of
// the largest elements under the window, in row-major order, as TensorFlow's CPU kernels do.
//
//===----------------------------------------------------------------------===//

#include "dialects/Tg/IR/GradientBuilder.h"

using namespace mlir;

namespace tgc::tg {

using Direction = ComparisonDirection;
using Size = OpFoldResult;
using Gradients = SmallVector<Value>;

/// Windows with more elements than this are not taken apart into one comparison per place: the code would
/// grow with them.
constexpr int64_t kMaxUnrolledWindow = 64;

/// How many elements `count` elements with `stride - 1` others between them take.
static Size getSpreadSize(GradientBuilder &g, Size count, int64_t stride) {
  if (stride == 1)
    return count;
  return g.addSizes(count,
                    g.mulSizes(g.maxSizes(g.addSizes(count, g.size(-1)), g.size(0)), g.size(stride - 1)));
}

/// The gradient of what lies at place `low` of each window: spread over a tensor of the sizes `to`.
static Value spread(GradientBuilder &g, Value dy, ArrayRef<Size> low, ArrayRef<Size> to,
                    ArrayRef<int64_t> strides) {
  SmallVector<Size> high, sizes = g.getSizes(dy);
  SmallVector<int64_t> interior;
  for (size_t dim = 0; dim < to.size(); ++dim) {
    high.push_back(g.subSizes(g.subSizes(to[dim], low[dim]), getSpreadSize(g, sizes[dim], strides[dim])));
    interior.push_back(strides[dim] - 1);
  }
  return g.pad(dy, low, high, interior);
}

static Value buildSumGradient(GradientBuilder &g, ReduceWindowOp op, Value dy) {
  SmallVector<Size> low, to = g.getSizes(op.getX());
  for (auto [dim, window] : llvm::enumerate(op.getWindow())) {
    low.push_back(g.size((window - 1) * op.getDilations()[dim]));
    to[dim] = g.addSizes(to[dim], low.back());
  }
  SmallVector<int64_t> ones(to.size(), 1);
  return ReduceWindowOp::create(g.builder, g.loc, ReductionKind::Sum, spread(g, dy, low, to, op.getStrides()),
                                op.getWindow(), ones, op.getDilations());
}

/// One comparison per place finds which won, one padded tensor per place carries the gradient back.
static Value buildUnrolledChoice(GradientBuilder &g, ReduceWindowOp op, Value dy, int64_t count) {
  SmallVector<Size> to = g.getSizes(op.getX()), sizes = g.getSizes(op.getResult());
  SmallVector<SmallVector<Size>> places;
  SmallVector<int64_t> position(to.size(), 0);
  for (int64_t number = 0; number < count; ++number) {
    SmallVector<Size> low;
    for (size_t dim = 0; dim < to.size(); ++dim)
      low.push_back(g.size(position[dim] * op.getDilations()[dim]));
    places.push_back(low);
    for (int64_t dim = to.size() - 1; dim >= 0 && ++position[dim] == op.getWindow()[dim]; --dim)
      position[dim] = 0;
  }
  Value zero = g.number(dy, 0), sum, isTaken;
  for (const SmallVector<Size> &place : places) {
    Value part = g.refine(g.slice(op.getX(), place, sizes, op.getStrides()), op.getType());
    Value isChosen = g.compare(Direction::EQ, part, op.getResult());
    Value won = g.select(isChosen, dy, zero);
    if (isTaken)
      won = g.select(isTaken, zero, won);
    isTaken = isTaken ? g.binary<OrOp>(isTaken, isChosen) : isChosen;
    Value back = g.refine(spread(g, won, place, to, op.getStrides()), op.getX().getType());
    sum = sum ? g.add(sum, back) : back;
  }
  return sum;
}

/// Large windows: all elements under each are laid out, and the gradient is scattered to where the chosen one
/// was.
static Value buildScatteredChoice(GradientBuilder &g, ReduceWindowOp op, Value dy) {
  Type i64 = g.builder.getI64Type();
  int64_t rank = op.getType().getRank();
  SmallVector<Size> outputs = g.getSizes(op.getResult()), row = outputs, column = outputs;
  Value patches = op.getX();
  SmallVector<int64_t> permutation;
  auto scaled = [&](Value x, int64_t factor) { return g.mul(x, g.number(x, factor)); };
  for (int64_t dim = 0; dim < rank; ++dim) {
    SmallVector<Size> shape{outputs[dim], g.size(op.getWindow()[dim])};
    Value at = g.add(scaled(g.iota(shape, i64, 0), op.getStrides()[dim]),
                     scaled(g.iota(shape, i64, 1), op.getDilations()[dim]));
    patches = GatherOp::create(g.builder, g.loc, patches, at, 2 * dim, 0, BoundsMode::Error);
    permutation.push_back(2 * dim);
  }
  for (int64_t dim = 0; dim < rank; ++dim)
    permutation.push_back(2 * dim + 1);
  int64_t count = 1;
  for (int64_t window : op.getWindow())
    count *= window;
  row.push_back(g.size(count));
  column.push_back(g.size(1));
  patches = g.reshape(g.transpose(patches, permutation), row);
  Value winner =
      ArgReduceOp::create(g.builder, g.loc, getTypeOfSizes(outputs, i64), op.getKind(), patches, rank);
  SmallVector<Value> coordinates;
  for (int64_t dim = 0; dim < rank; ++dim) {
    count /= op.getWindow()[dim];
    Value place =
        g.binary<FloorModOp>(g.div(winner, g.number(winner, count)), g.number(winner, op.getWindow()[dim]));
    Value at =
        g.add(scaled(g.iota(outputs, i64, dim), op.getStrides()[dim]), scaled(place, op.getDilations()[dim]));
    coordinates.push_back(g.reshape(at, column));
  }
  return g.scatterAdd(g.number(op.getX(), 0), g.concat(coordinates, rank), dy, BoundsMode::Error);
}

FailureOr<Gradients> ReduceWindowOp::buildGradients(GradientBuilder &g, ArrayRef<Value> gradients) {
  int64_t count = 1;
  for (int64_t window : getWindow())
    count *= window;
  switch (getKind()) {
  case ReductionKind::Sum:
    return Gradients{g.refine(buildSumGradient(g, *this, gradients[0]), getX().getType())};
  case ReductionKind::Max:
  case ReductionKind::Min:
    if (count <= kMaxUnrolledWindow)
      return Gradients{buildUnrolledChoice(g, *this, gradients[0], count)};
    return Gradients{buildScatteredChoice(g, *this, gradients[0])};
  default:
    return mlir::emitError(getLoc()) << "no gradient is known of a window's "
                                     << stringifyReductionKind(getKind());
  }
}

} // namespace tgc::tg
