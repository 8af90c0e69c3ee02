//===- ImageOps.cpp - Colours and crops -----------------------------------===//

#include "frontend/Import/NodeImporter.h"
#include "frontend/Import/OpRegistry.h"

using namespace mlir;

namespace tgc {
namespace {

using Direction = tg::ComparisonDirection;
using Kind = tg::ReductionKind;
using Size = OpFoldResult;

//===----------------------------------------------------------------------===//
// Colours
//===----------------------------------------------------------------------===//

/// A colour per pixel as three tensors, computed in f32 (f64 for f64).
struct Pixels {
  NodeImporter &n;
  Value parts[3];

  Value number(double value) const { return n.splatLike(parts[0], value); }
  Value max(Value a, Value b) const { return n.create<tg::MaximumOp>(a, b); }
  Value min(Value a, Value b) const { return n.create<tg::MinimumOp>(a, b); }
  Value abs(Value x) const { return n.create<tg::AbsOp>(x); }
  Value clamp(Value x) const { return max(min(x, number(1)), number(0)); }
};

/// The colours of a tensor [..., 3].
FailureOr<Pixels> getPixels(NodeImporter &n) {
  RankedTensorType type = n.getType(0);
  int64_t last = type.getRank() - 1;
  if (last < 0 || (type.getShape().back() != 3)) {
    n.error() << "expects a last dimension of 3 colours, got " << type;
    return failure();
  }
  Value x = n.cast(n.getTensor(0), n.getSumType(type.getElementType()));
  SmallVector<Size> sizes = n.sizes.sizesOf(x), offsets(sizes.size(), n.sizes.constant(0));
  Pixels pixels{n, {}};
  sizes[last] = n.sizes.constant(1);
  for (int64_t i = 0; i < 3; ++i) {
    offsets[last] = n.sizes.constant(i);
    pixels.parts[i] = n.slice(x, offsets, sizes);
  }
  return pixels;
}

void setPixels(NodeImporter &n, const Pixels &pixels) {
  Value joined = n.create<tg::ConcatOp>(ValueRange(pixels.parts), n.getRank(0) - 1);
  n.setResult(n.cast(joined, n.getElementType(0)));
}

/// Hue and saturation in [0, 1], and the value.
Pixels toHsv(const Pixels &rgb) {
  NodeImporter &n = rgb.n;
  Value r = rgb.parts[0], g = rgb.parts[1], b = rgb.parts[2], zero = rgb.number(0), one = rgb.number(1);
  Value value = rgb.max(rgb.max(r, g), b), range = n.sub(value, rgb.min(rgb.min(r, g), b));
  auto isAboveZero = [&](Value x) { return n.compare(Direction::GT, x, zero); };
  Value saturation =
      n.select(isAboveZero(value), n.div(range, n.select(isAboveZero(value), value, one)), zero);
  Value norm = n.div(rgb.number(1.0 / 6), n.select(isAboveZero(range), range, one));
  Value fromRed = n.mul(norm, n.sub(g, b));
  Value fromGreen = n.add(n.mul(norm, n.sub(b, r)), rgb.number(2.0 / 6));
  Value fromBlue = n.add(n.mul(norm, n.sub(r, g)), rgb.number(4.0 / 6));
  Value hue = n.select(n.compare(Direction::EQ, r, value), fromRed,
                       n.select(n.compare(Direction::EQ, g, value), fromGreen, fromBlue));
  hue = n.select(isAboveZero(range), hue, zero);
  hue = n.select(n.compare(Direction::LT, hue, zero), n.add(hue, one), hue);
  return {n, {hue, saturation, value}};
}

/// The pure colour of a hue.
std::array<Value, 3> getTints(const Pixels &hsv) {
  NodeImporter &n = hsv.n;
  Value sixths = n.mul(hsv.parts[0], hsv.number(6));
  auto distance = [&](double from) { return hsv.abs(n.sub(sixths, hsv.number(from))); };
  return {hsv.clamp(n.sub(distance(3), hsv.number(1))), hsv.clamp(n.sub(hsv.number(2), distance(2))),
          hsv.clamp(n.sub(hsv.number(2), distance(4)))};
}

Pixels toRgb(const Pixels &hsv) {
  NodeImporter &n = hsv.n;
  Value saturation = hsv.parts[1], value = hsv.parts[2];
  std::array<Value, 3> tints = getTints(hsv);
  Pixels rgb{n, {}};
  Value grey = n.sub(hsv.number(1), saturation);
  for (int i = 0; i < 3; ++i)
    rgb.parts[i] = n.mul(n.add(grey, n.mul(saturation, tints[i])), value);
  return rgb;
}

LogicalResult importRgbToHsv(NodeImporter &n) {
  auto pixels = getPixels(n);
  if (failed(pixels))
    return failure();
  setPixels(n, toHsv(*pixels));
  return success();
}

LogicalResult importHsvToRgb(NodeImporter &n) {
  auto pixels = getPixels(n);
  if (failed(pixels))
    return failure();
  setPixels(n, toRgb(*pixels));
  return success();
}

/// A scalar input, repeated like the pixels.
FailureOr<Value> getAmount(NodeImporter &n, Value like, StringRef what) {
  if (n.getRank(1) != 0) {
    n.error() << what << " must be a scalar, got " << n.getType(1);
    return failure();
  }
  return n.broadcastTo(n.cast(n.getTensor(1), getElementTypeOrSelf(like.getType())), n.sizes.sizesOf(like));
}

LogicalResult importAdjustHue(NodeImporter &n) {
  auto pixels = getPixels(n);
  if (failed(pixels))
    return failure();
  auto delta = getAmount(n, pixels->parts[0], "delta");
  if (failed(delta))
    return failure();
  Pixels hsv = toHsv(*pixels), rgb{n, {}};
  hsv.parts[0] = n.create<tg::FloorModOp>(n.add(hsv.parts[0], *delta), hsv.number(1));
  // Between the least and the greatest part, and not by the saturation: colours may be negative here.
  ArrayRef<Value> parts = pixels->parts;
  Value least = pixels->min(pixels->min(parts[0], parts[1]), parts[2]), range = n.sub(hsv.parts[2], least);
  for (auto [part, tint] : llvm::zip_equal(rgb.parts, getTints(hsv)))
    part = n.add(least, n.mul(range, tint));
  setPixels(n, rgb);
  return success();
}

LogicalResult importAdjustSaturation(NodeImporter &n) {
  auto pixels = getPixels(n);
  if (failed(pixels))
    return failure();
  auto scale = getAmount(n, pixels->parts[0], "scale");
  if (failed(scale))
    return failure();
  Pixels hsv = toHsv(*pixels);
  hsv.parts[1] = hsv.clamp(n.mul(hsv.parts[1], *scale));
  setPixels(n, toRgb(hsv));
  return success();
}

/// (x - mean) * factor + mean, the mean being that of an image's channel. Version 1 clamps to a range and
/// gives floats.
LogicalResult importAdjustContrast(NodeImporter &n) {
  int64_t rank = n.getRank(0);
  bool isFirst = n.node.op() == "AdjustContrast";
  if (rank < 3)
    return n.error() << "images must have rank 3 or more, got " << n.getType(0);
  Type element = n.getElementType(0);
  Value x = n.cast(n.getTensor(0), isFirst ? Type(n.builder.getF32Type()) : n.getSumType(element));
  auto factor = getAmount(n, x, "contrast_factor");
  if (failed(factor))
    return failure();
  SmallVector<Size> shape = n.sizes.sizesOf(x);
  Value sum = n.reduce(Kind::Sum, x, {rank - 3, rank - 2}, true);
  Size count = n.sizes.mul(shape[rank - 3], shape[rank - 2]);
  Value average =
      n.div(sum, n.broadcastTo(n.sizeTensor(count, getElementTypeOrSelf(x.getType())), n.sizes.sizesOf(sum)));
  Value mean = n.broadcastTo(average, shape);
  Value result = n.add(n.mul(n.sub(x, mean), *factor), mean);
  if (isFirst) {
    auto bound = [&](size_t i) { return n.broadcastTo(n.reshape(n.getTensor(i), {}), shape); };
    result = n.create<tg::MaximumOp>(n.create<tg::MinimumOp>(result, bound(3)), bound(2));
  }
  n.setResult(isFirst ? result : n.cast(result, element));
  return success();
}

//===----------------------------------------------------------------------===//
// CropAndResize
//===----------------------------------------------------------------------===//

/// Where the pixels of the crops lie along one dimension of the images: f32, [boxes, pixels].
struct CropAxis {
  NodeImporter &n;
  Size from, to; ///< pixels of the image and of a crop
  Value position;

  Value last() const {
    return n.broadcastTo(n.sizeTensor(n.sizes.sub(from, n.sizes.constant(1)), n.builder.getF32Type()),
                         n.sizes.sizesOf(position));
  }
  Value zero() const { return n.splatLike(position, 0); }
  Value isInside() const {
    return n.create<tg::AndOp>(n.compare(Direction::GE, position, zero()),
                               n.compare(Direction::LE, position, last()));
  }
  /// As an index (i32), what lies outside at the border.
  Value index(Value x) const {
    Value clamped = n.create<tg::MaximumOp>(n.create<tg::MinimumOp>(x, last()), zero());
    return n.cast(clamped, n.builder.getI32Type());
  }
};

/// `start` and `end`: [boxes], in shares of the image.
CropAxis getCropAxis(NodeImporter &n, Value start, Value end, Size from, Size to) {
  Type f32 = n.builder.getF32Type();
  SmallVector<Size> shape{n.sizes.sizeOf(start, 0), to};
  auto spread = [&](Value vector) { return n.broadcastAlong(vector, 0, shape); };
  auto number = [&](Size size) { return n.broadcastTo(n.sizeTensor(size, f32), shape); };
  Value first = spread(start), last = spread(end), extent = number(n.sizes.sub(from, n.sizes.constant(1)));
  // A crop of one pixel is taken from the middle of its box.
  Value middle = n.mul(n.mul(n.add(first, last), n.splatLike(first, 0.5)), extent);
  Size gaps = n.sizes.max(n.sizes.sub(to, n.sizes.constant(1)), n.sizes.constant(1));
  Value step = n.div(n.mul(n.sub(last, first), extent), number(gaps));
  Value regular = n.add(n.mul(first, extent), n.mul(n.iota(shape, f32, 1), step));
  Value isOne = n.compare(Direction::EQ, number(to), n.splatLike(first, 1));
  return {n, from, to, n.select(isOne, middle, regular)};
}

LogicalResult importCropAndResize(NodeImporter &n) {
  if (n.getRank(0) != 4 || n.getRank(1) != 2 || n.getRank(2) != 1)
    return n.error() << "expects images of rank 4, boxes of rank 2 and box_ind of rank 1, got "
                     << n.getType(0) << ", " << n.getType(1) << " and " << n.getType(2);
  StringRef method = n.getString("method");
  if (method != "bilinear" && method != "nearest")
    return n.error() << "method " << method << " is neither bilinear nor nearest";
  auto crop = n.getSizeOperand(3, "crop_size");
  if (failed(crop))
    return failure();
  if (crop->size() != 2)
    return n.error() << "crop_size must have two elements, got " << crop->size();
  if (failed(n.checkPositive(*crop, "crop_size")))
    return failure();
  Type f32 = n.builder.getF32Type(), i32 = n.builder.getI32Type();
  Value image = n.cast(n.getTensor(0), f32), boxes = n.cast(n.getTensor(1), f32);
  SmallVector<Size> sizes = n.sizes.sizesOf(image);
  Size count = n.sizes.sizeOf(boxes, 0);
  auto indices = n.withShape({n.getTensor(2)}, {count});
  auto fourCorners = n.withShape({boxes}, {count, n.sizes.constant(4)});
  if (failed(indices) || failed(fourCorners))
    return failure();
  Value index = indices->front();
  n.checkAll(n.create<tg::AndOp>(
                 n.compare(Direction::GE, index, n.splatLike(index, 0)),
                 n.compare(Direction::LT, index, n.sizeTensor(sizes[0], i32, n.sizes.sizesOf(index)))),
             "box_index has values outside [0, batch_size)");
  auto corner = [&](int64_t i) {
    Value column = n.slice(fourCorners->front(), {n.sizes.constant(0), n.sizes.constant(i)},
                           {count, n.sizes.constant(1)});
    return n.reshape(column, {count});
  };
  CropAxis rows = getCropAxis(n, corner(0), corner(2), sizes[1], (*crop)[0]);
  CropAxis columns = getCropAxis(n, corner(1), corner(3), sizes[2], (*crop)[1]);

  // Rows of all images one behind the other, so that one index names image and row.
  Value allRows = n.reshape(image, {n.sizes.mul(sizes[0], sizes[1]), sizes[2], sizes[3]});
  SmallVector<Size> rowShape{count, (*crop)[0]}, shape{count, (*crop)[0], (*crop)[1], sizes[3]};
  Value firstRow =
      n.mul(n.broadcastAlong(index, 0, rowShape), n.broadcastTo(n.sizeTensor(sizes[1], i32), rowShape));
  auto take = [&](Value row, Value column) {
    Value taken = n.create<tg::GatherOp>(allRows, n.add(firstRow, row), 0, 0, tg::BoundsMode::Error);
    return n.create<tg::GatherOp>(taken, column, 2, 1, tg::BoundsMode::Error);
  };
  auto floor = [&](const CropAxis &axis) { return n.create<tg::FloorOp>(axis.position); };
  auto ceil = [&](const CropAxis &axis) { return n.create<tg::CeilOp>(axis.position); };
  // [boxes, pixels] repeated to the result's shape.
  auto spread = [&](Value x, int64_t dim) {
    SmallVector<Size> own{count, n.sizes.constant(1), n.sizes.constant(1), n.sizes.constant(1)};
    own[dim] = shape[dim];
    return n.broadcastTo(n.reshape(x, own), shape);
  };
  Value result;
  if (method == "nearest") {
    auto nearest = [&](const CropAxis &axis) {
      return axis.index(n.create<tg::FloorOp>(n.add(axis.position, n.splatLike(axis.position, 0.5))));
    };
    result = take(nearest(rows), nearest(columns));
  } else {
    auto weight = [&](const CropAxis &axis, int64_t dim) {
      return spread(n.sub(axis.position, floor(axis)), dim);
    };
    auto mix = [&](Value from, Value to, Value share) { return n.add(from, n.mul(n.sub(to, from), share)); };
    Value left = columns.index(floor(columns)), right = columns.index(ceil(columns));
    Value top = rows.index(floor(rows)), bottom = rows.index(ceil(rows)), across = weight(columns, 2);
    result = mix(mix(take(top, left), take(top, right), across),
                 mix(take(bottom, left), take(bottom, right), across), weight(rows, 1));
  }
  Value isInside = n.create<tg::AndOp>(spread(rows.isInside(), 1), spread(columns.isInside(), 2));
  n.setResult(n.select(isInside, result, n.splatLike(result, n.getFloat("extrapolation_value"))));
  return success();
}

} // namespace

void registerImageOps(OpRegistry &registry) {
  registry.add({"RGBToHSV"}, importRgbToHsv);
  registry.add({"HSVToRGB"}, importHsvToRgb);
  registry.add({"AdjustHue"}, importAdjustHue);
  registry.add({"AdjustSaturation"}, importAdjustSaturation);
  registry.add({"AdjustContrast", "AdjustContrastv2"}, importAdjustContrast);
  registry.add({"CropAndResize"}, importCropAndResize);
}

} // namespace tgc
