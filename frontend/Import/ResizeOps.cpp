//===- ResizeOps.cpp - Images of another size -----------------------------===//
//
// Where a pixel of the result lies in the image is computed in f32 as TensorFlow's kernels do, from sizes
// that may be known only at run time. Bilinear and nearest neighbour gather; bicubic, area and all gradients
// multiply by a matrix of weights per dimension, [new size, old size], which is small.
//
//===----------------------------------------------------------------------===//

#include "frontend/Import/NodeImporter.h"
#include "frontend/Import/OpRegistry.h"

using namespace mlir;

namespace tgc {
namespace {

using Direction = tg::ComparisonDirection;
using Kind = tg::ReductionKind;
using Size = OpFoldResult;

/// One spatial dimension of a resize.
struct Axis {
  NodeImporter &n;
  Size from, to;
  bool alignsCorners, usesPixelCenters;

  Type f32() const { return n.builder.getF32Type(); }
  Type i32() const { return n.builder.getI32Type(); }
  Value number(Value like, double value) const { return n.splatLike(like, value); }
  /// A size as a number, repeated like `like`.
  Value size(Value like, Size value) const {
    return n.broadcastTo(n.sizeTensor(value, getElementTypeOrSelf(like.getType())), n.sizes.sizesOf(like));
  }

  /// Old pixels per new pixel, like `like`; `isPositive`: a single old pixel has a part of it in each new
  /// one.
  Value scale(Value like, bool isPositive = false) const {
    IndexBuilder &s = n.sizes;
    Size above = from, below = to;
    if (alignsCorners) {
      // Of a single pixel the corners cannot be aligned.
      Size least = isPositive ? s.min(from, to) : to;
      Value isSeveral = s.equals(s.max(least, s.constant(2)), least);
      above = s.select(isSeveral, s.sub(from, s.constant(1)), from);
      below = s.select(isSeveral, s.sub(to, s.constant(1)), to);
    }
    auto a = IndexBuilder::getConstant(above), b = IndexBuilder::getConstant(below);
    if (a && b && *b)
      return number(like, static_cast<float>(*a) / static_cast<float>(*b));
    return n.div(size(like, above), size(like, below));
  }

  /// Where the new pixels lie in the old image: f32, [to]. `shift`: of the old grid if pixel centres are
  /// used.
  Value positions(double shift) const {
    Value index = n.iota({to}, f32(), 0);
    if (!usesPixelCenters)
      return n.mul(index, scale(index));
    Value centered = n.mul(n.add(index, number(index, 0.5)), scale(index));
    return shift == 0 ? centered : n.sub(centered, number(centered, shift));
  }

  /// `x` (f32) as an index of the old image.
  Value clampToIndex(Value x) const {
    Value inside = n.create<tg::MaximumOp>(
        n.create<tg::MinimumOp>(x, size(x, n.sizes.sub(from, n.sizes.constant(1)))), number(x, 0));
    return n.cast(inside, i32());
  }

  /// Two neighbours of each new pixel, and how far it is from the first to the second.
  struct Neighbours {
    Value lower, upper, weight;
  };
  Neighbours neighbours() const {
    Value position = positions(0.5), floor = n.create<tg::FloorOp>(position);
    return {clampToIndex(floor), clampToIndex(n.create<tg::CeilOp>(position)), n.sub(position, floor)};
  }

  /// The old pixel next to each new one.
  Value nearest() const {
    Value position = positions(0);
    Value rounded = alignsCorners ? n.create<tg::FloorOp>(n.add(position, number(position, 0.5)))
                                  : n.create<tg::FloorOp>(position);
    return clampToIndex(rounded);
  }

  SmallVector<Size> matrixShape() const { return {to, from}; }
  /// A matrix that is `weights` (or one) in the column that `indices` names and zero elsewhere.
  Value weightAt(Value indices, Value weights = nullptr) const {
    SmallVector<Size> shape = matrixShape();
    Value isThere = n.compare(Direction::EQ, n.iota(shape, i32(), 1), n.broadcastAlong(indices, 0, shape));
    Value zero = n.broadcastTo(n.scalar(f32(), 0), shape);
    return n.select(isThere, weights ? n.broadcastAlong(weights, 0, shape) : n.splatLike(zero, 1), zero);
  }

  Value nearestMatrix() const { return weightAt(nearest()); }
  Value bilinearMatrix() const;
  Value bicubicMatrix() const;
  Value areaMatrix() const;
};

Value Axis::bilinearMatrix() const {
  Neighbours near = neighbours();
  return n.add(weightAt(near.lower, n.sub(number(near.weight, 1), near.weight)),
               weightAt(near.upper, near.weight));
}

/// Keys, Cubic convolution interpolation, 1981: a = -1/2 with pixel centres, -3/4 without. Distances are
/// rounded to 1/1024, as TensorFlow's table of the kernel has them. With pixel centres what lies outside of
/// the image does not count.
Value Axis::bicubicMatrix() const {
  double a = usesPixelCenters ? -0.5 : -0.75;
  Value position = positions(0.5), floor = n.create<tg::FloorOp>(position);
  Value steps = n.create<tg::RoundEvenOp>(n.mul(n.sub(position, floor), number(floor, 1024)));
  Value t = n.mul(steps, number(steps, 1.0 / 1024));
  auto near = [&](Value x) {
    Value inner = n.sub(n.mul(x, number(x, a + 2)), number(x, a + 3));
    return n.add(n.mul(n.mul(inner, x), x), number(x, 1));
  };
  auto far = [&](Value x) {
    Value inner = n.sub(n.mul(x, number(x, a)), number(x, 5 * a));
    return n.sub(n.mul(n.add(n.mul(inner, x), number(x, 8 * a)), x), number(x, 4 * a));
  };
  Value weights[] = {far(n.add(t, number(t, 1))), near(t), near(n.sub(number(t, 1), t)),
                     far(n.sub(number(t, 2), t))};
  Value matrix, sum;
  for (auto [i, weight] : llvm::enumerate(weights)) {
    Value place = n.add(floor, number(floor, static_cast<double>(i) - 1));
    if (usesPixelCenters) {
      Value last = size(place, n.sizes.sub(from, n.sizes.constant(1)));
      Value isInside = n.create<tg::AndOp>(n.compare(Direction::GE, place, number(place, 0)),
                                           n.compare(Direction::LE, place, last));
      weight = n.select(isInside, weight, number(weight, 0));
    }
    Value part = weightAt(clampToIndex(place), weight);
    matrix = matrix ? n.add(matrix, part) : part;
    sum = sum ? n.add(sum, weight) : weight;
  }
  return usesPixelCenters ? n.div(matrix, n.broadcastAlong(sum, 0, matrixShape())) : matrix;
}

/// How much of each old pixel a new one covers; the last old pixel stands for what lies beyond.
Value Axis::areaMatrix() const {
  SmallVector<Size> shape = matrixShape();
  Value index = n.iota({to}, f32(), 0), step = scale(index, /*isPositive=*/true);
  Value start = n.broadcastAlong(n.mul(index, step), 0, shape);
  Value end = n.broadcastAlong(n.mul(n.add(index, number(index, 1)), step), 0, shape);
  Value left = n.iota(shape, f32(), 1);
  Value isLast = n.compare(Direction::EQ, left, size(left, n.sizes.sub(from, n.sizes.constant(1))));
  Value right = n.select(isLast, end, n.add(left, number(left, 1)));
  Value covered = n.sub(n.create<tg::MinimumOp>(right, end), n.create<tg::MaximumOp>(left, start));
  return n.div(n.create<tg::MaximumOp>(covered, number(covered, 0)), n.broadcastAlong(step, 0, shape));
}

/// Height and width.
struct Axes {
  Axis rows, columns;
};

FailureOr<Axes> makeAxes(NodeImporter &n, ArrayRef<Size> from, ArrayRef<Size> to) {
  bool alignsCorners = n.getBool("align_corners"), usesPixelCenters = n.getBool("half_pixel_centers");
  if (alignsCorners && usesPixelCenters) {
    n.error() << "align_corners and half_pixel_centers exclude each other";
    return failure();
  }
  return Axes{{n, from[0], to[0], alignsCorners, usesPixelCenters},
              {n, from[1], to[1], alignsCorners, usesPixelCenters}};
}

/// Sizes of images of rank 4 at input 0 as they are, and as input 1 wants them.
FailureOr<Axes> getAxes(NodeImporter &n) {
  if (n.getRank(0) != 4) {
    n.error() << "images must have rank 4, got " << n.getType(0);
    return failure();
  }
  auto to = n.getSizeOperand(1, "size");
  if (failed(to))
    return failure();
  if (to->size() != 2) {
    n.error() << "size must have two elements, height and width, got " << to->size();
    return failure();
  }
  if (failed(n.checkPositive(*to, "size")))
    return failure();
  SmallVector<Size> sizes = n.sizes.sizesOf(n.getTensor(0));
  if (failed(n.checkPositive(ArrayRef(sizes).drop_front(), "each size of an input image")))
    return failure();
  return makeAxes(n, {sizes[1], sizes[2]}, *to);
}

/// The same for a gradient at input 0 of images whose height and width are `from`.
FailureOr<Axes> getGradientAxes(NodeImporter &n, ArrayRef<Size> from) {
  if (n.getRank(0) != 4 || from.size() != 2) {
    n.error() << "expects a gradient of rank 4 and images of two spatial dimensions, got " << n.getType(0);
    return failure();
  }
  SmallVector<Size> sizes = n.sizes.sizesOf(n.getTensor(0));
  return makeAxes(n, from, {sizes[1], sizes[2]});
}

/// Multiplies dimension `dim` of `x` by a matrix (transposed for gradients); the dimension goes first.
Value multiplyAlong(NodeImporter &n, Value matrix, Value x, int64_t dim, bool isTransposed) {
  SmallVector<Size> shape = n.sizes.sizesOf(x);
  SmallVector<int64_t> permutation{dim};
  SmallVector<Size> moved{shape[dim]}, others;
  for (int64_t i = 0, rank = shape.size(); i < rank; ++i)
    if (i != dim) {
      permutation.push_back(i);
      others.push_back(shape[i]);
    }
  Value flat = n.reshape(n.transpose(x, permutation), {shape[dim], n.sizes.product(others)});
  Value product = n.create<tg::MatMulOp>(matrix, flat, isTransposed, false);
  SmallVector<Size> result{n.sizes.sizeOf(matrix, isTransposed ? 1 : 0)};
  llvm::append_range(result, others);
  return n.reshape(product, result);
}

/// Images [batch, rows, columns, channels] times a matrix for the rows and one for the columns, in f64 where
/// that is the result's type or the images'.
Value multiplyImages(NodeImporter &n, Value x, Value rows, Value columns, bool isTransposed, Type result) {
  bool isWide = getElementTypeOrSelf(x.getType()).isF64() || result.isF64();
  Type element = isWide ? n.builder.getF64Type() : n.builder.getF32Type();
  Value byRows = multiplyAlong(n, n.cast(rows, element), n.cast(x, element), 1, isTransposed);
  // [rows, batch, columns, channels] -> [columns, rows, batch, channels]
  Value byBoth = multiplyAlong(n, n.cast(columns, element), byRows, 2, isTransposed);
  return n.cast(n.transpose(byBoth, {2, 1, 0, 3}), result);
}

Value gather(NodeImporter &n, Value x, Value indices, int64_t axis) {
  return n.create<tg::GatherOp>(x, indices, axis, 0, tg::BoundsMode::Error);
}

/// Elements of `x` along `dim` between two neighbours.
Value interpolate(NodeImporter &n, Value x, const Axis::Neighbours &near, int64_t dim) {
  Value lower = gather(n, x, near.lower, dim), upper = gather(n, x, near.upper, dim);
  return n.add(lower, n.mul(n.sub(upper, lower), n.broadcastAlong(near.weight, dim, n.sizes.sizesOf(lower))));
}

LogicalResult importBilinear(NodeImporter &n) {
  auto axes = getAxes(n);
  if (failed(axes))
    return failure();
  Value x = n.cast(n.getTensor(0), n.builder.getF32Type());
  n.setResult(interpolate(n, interpolate(n, x, axes->columns.neighbours(), 2), axes->rows.neighbours(), 1));
  return success();
}

LogicalResult importNearest(NodeImporter &n) {
  auto axes = getAxes(n);
  if (failed(axes))
    return failure();
  n.setResult(gather(n, gather(n, n.getTensor(0), axes->rows.nearest(), 1), axes->columns.nearest(), 2));
  return success();
}

using Matrix = Value (Axis::*)() const;

template <Matrix matrix> LogicalResult importByMatrix(NodeImporter &n) {
  auto axes = getAxes(n);
  if (failed(axes))
    return failure();
  Value x = n.cast(n.getTensor(0), n.builder.getF32Type());
  n.setResult(
      multiplyImages(n, x, (axes->rows.*matrix)(), (axes->columns.*matrix)(), false, n.builder.getF32Type()));
  return success();
}

/// Inputs: gradient, the images that were resized.
template <Matrix matrix> LogicalResult importGradient(NodeImporter &n) {
  if (n.getRank(1) != 4)
    return n.error() << "images must have rank 4, got " << n.getType(1);
  SmallVector<Size> sizes = n.sizes.sizesOf(n.getTensor(1));
  auto axes = getGradientAxes(n, {sizes[1], sizes[2]});
  if (failed(axes))
    return failure();
  n.setResult(multiplyImages(n, n.getTensor(0), (axes->rows.*matrix)(), (axes->columns.*matrix)(), true,
                             n.getElementType(1)));
  return success();
}

/// Inputs: gradient, height and width of the images that were resized.
LogicalResult importNearestGradient(NodeImporter &n) {
  auto size = n.getSizeOperand(1, "size");
  if (failed(size) || failed(n.checkPositive(*size, "size")))
    return failure();
  auto axes = getGradientAxes(n, *size);
  if (failed(axes))
    return failure();
  n.setResult(multiplyImages(n, n.getTensor(0), axes->rows.nearestMatrix(), axes->columns.nearestMatrix(),
                             true, n.getElementType(0)));
  return success();
}

} // namespace

void registerResizeOps(OpRegistry &registry) {
  registry.add({"ResizeBilinear"}, importBilinear);
  registry.add({"ResizeNearestNeighbor"}, importNearest);
  registry.add({"ResizeBicubic"}, importByMatrix<&Axis::bicubicMatrix>);
  registry.add({"ResizeArea"}, importByMatrix<&Axis::areaMatrix>);
  registry.add({"ResizeBilinearGrad"}, importGradient<&Axis::bilinearMatrix>);
  registry.add({"ResizeBicubicGrad"}, importGradient<&Axis::bicubicMatrix>);
  registry.add({"ResizeNearestNeighborGrad"}, importNearestGradient);
}

} // namespace tgc
