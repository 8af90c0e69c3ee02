//===- QuantizeOps.cpp - Numbers rounded to a grid ------------------------===//
//
// Operators that stay in floating point but allow only the values that a narrow integer could have.
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

/// The numbers of one shape that an operator works with.
struct Numbers {
  NodeImporter &n;
  Value like;

  Value number(double value) const { return n.splatLike(like, value); }
  Value max(Value a, Value b) const { return n.create<tg::MaximumOp>(a, b); }
  Value min(Value a, Value b) const { return n.create<tg::MinimumOp>(a, b); }
  Value isLess(Value a, Value b) const { return n.compare(Direction::LT, a, b); }
  /// Rounded to the nearest integer, halves up.
  Value round(Value x) const { return n.create<tg::FloorOp>(n.add(x, n.splatLike(x, 0.5))); }
};

//===----------------------------------------------------------------------===//
// FakeQuant
//===----------------------------------------------------------------------===//

/// The range moved so that zero lies on the grid. Scalars, or vectors with one element per channel.
struct NudgedRange {
  Value min, max, scale;
  Value isEmpty; ///< i1: min and max are both zero
};

FailureOr<NudgedRange> nudgeRange(NodeImporter &n, Value min, Value max) {
  int64_t bits = n.getInt("num_bits");
  if (bits < 2 || bits > 16) {
    n.error() << "num_bits " << bits << " is out of range, expected 2 to 16";
    return failure();
  }
  Numbers range{n, min};
  double lowest = n.getBool("narrow_range") ? 1 : 0, highest = (1 << bits) - 1;
  Value zero = range.number(0), first = range.number(lowest), last = range.number(highest);
  Value isEmpty =
      n.create<tg::AndOp>(n.compare(Direction::EQ, min, zero), n.compare(Direction::EQ, max, zero));
  Value scale = n.div(n.sub(max, min), range.number(highest - lowest));
  Value exactZero = n.sub(first, n.div(min, scale));
  Value rounded = n.create<tg::FloorOp>(n.add(exactZero, range.number(0.5)));
  Value zeroPoint =
      n.select(range.isLess(exactZero, first), first, n.select(range.isLess(last, exactZero), last, rounded));
  return NudgedRange{n.mul(n.sub(first, zeroPoint), scale), n.mul(n.sub(last, zeroPoint), scale), scale,
                     isEmpty};
}

/// The range of the node: attributes, scalar inputs from `first` on, or vectors along the last dimension of
/// `x`.
FailureOr<NudgedRange> getRange(NodeImporter &n, Value x, std::optional<size_t> first, bool isPerChannel) {
  Type element = getElementTypeOrSelf(x.getType());
  if (!first) {
    double min = n.getFloat("min"), max = n.getFloat("max");
    if (!(min < max)) {
      n.error() << "min " << std::to_string(min) << " is not less than max " << std::to_string(max);
      return failure();
    }
    return nudgeRange(n, n.scalar(element, min), n.scalar(element, max));
  }
  Value min = n.getTensor(*first), max = n.getTensor(*first + 1);
  if (!isPerChannel && (n.getRank(*first) != 0 || n.getRank(*first + 1) != 0)) {
    n.error() << "min and max must be scalars, got " << min.getType() << " and " << max.getType();
    return failure();
  }
  if (isPerChannel) {
    if (cast<RankedTensorType>(x.getType()).getRank() < 1) {
      n.error() << "expects a tensor of rank 1 or more, got " << x.getType();
      return failure();
    }
    auto vectors = n.withShape({min, max}, {n.sizes.sizesOf(x).back()});
    if (failed(vectors))
      return failure();
    min = vectors->front();
    max = vectors->back();
  }
  return nudgeRange(n, min, max);
}

/// A scalar or a vector over the last dimension, repeated to the shape of `like`.
Value spreadLike(NodeImporter &n, Value x, Value like) { return n.broadcastTo(x, n.sizes.sizesOf(like)); }

/// Where x lies beyond the range.
struct Outside {
  Value isBelow, isAbove, isAny;
};

Outside findOutside(NodeImporter &n, Value x, const NudgedRange &range) {
  Numbers all{n, x};
  Value none = n.create<tg::NotOp>(spreadLike(n, range.isEmpty, x));
  Value isBelow = n.create<tg::AndOp>(none, all.isLess(x, spreadLike(n, range.min, x)));
  Value isAbove = n.create<tg::AndOp>(none, all.isLess(spreadLike(n, range.max, x), x));
  return {isBelow, isAbove, n.create<tg::OrOp>(isBelow, isAbove)};
}

template <bool hasInputs, bool isPerChannel> LogicalResult importFakeQuant(NodeImporter &n) {
  Value x = n.getTensor(0);
  auto range = getRange(n, x, hasInputs ? std::optional<size_t>(1) : std::nullopt, isPerChannel);
  if (failed(range))
    return failure();
  Numbers all{n, x};
  auto spread = [&](Value v) { return spreadLike(n, v, x); };
  Value inverse = n.div(n.splatLike(range->scale, 1), range->scale);
  Value zeroPoint = all.round(n.mul(n.create<tg::NegOp>(range->min), inverse));
  Value clamped = all.max(all.min(x, spread(range->max)), spread(range->min));
  Value steps = all.round(n.mul(n.sub(clamped, spread(range->min)), spread(inverse)));
  Value result = n.mul(n.sub(steps, spread(zeroPoint)), spread(range->scale));
  result = n.select(spread(range->isEmpty), all.number(0), result);
  // Gradients pass as if nothing had been rounded: within the range to x, else to the end of the range.
  if (n.wantsGradients()) {
    Outside outside = findOutside(n, x, *range);
    SmallVector<Value> xs{x}, partials{n.select(outside.isAny, all.number(0), all.number(1))};
    for (size_t input = 1; hasInputs && input < 3; ++input) {
      xs.push_back(spread(n.getTensor(input)));
      partials.push_back(
          n.select(input == 1 ? outside.isBelow : outside.isAbove, all.number(1), all.number(0)));
    }
    result = n.withPartials(result, xs, partials);
  }
  n.setResult(result);
  return success();
}

/// Inputs: gradient, x (, min, max). The gradient passes within the range; what lies beyond goes to min and
/// max.
template <bool hasInputs, bool isPerChannel> LogicalResult importFakeQuantGradient(NodeImporter &n) {
  auto same = n.withOneShape({n.getTensor(0), n.getTensor(1)});
  if (failed(same))
    return failure();
  Value gradient = same->front(), x = same->back();
  auto range = getRange(n, x, hasInputs ? std::optional<size_t>(2) : std::nullopt, isPerChannel);
  if (failed(range))
    return failure();
  Numbers all{n, x};
  Value zero = all.number(0);
  auto [isBelow, isAbove, isOutside] = findOutside(n, x, *range);
  n.setResult(0, n.select(isOutside, zero, gradient));
  if (!hasInputs)
    return success();
  int64_t reduced = cast<RankedTensorType>(x.getType()).getRank() - (isPerChannel ? 1 : 0);
  auto dims = llvm::to_vector(llvm::seq<int64_t>(0, reduced));
  n.setResult(1, n.reduce(Kind::Sum, n.select(isBelow, gradient, zero), dims));
  n.setResult(2, n.reduce(Kind::Sum, n.select(isAbove, gradient, zero), dims));
  return success();
}

//===----------------------------------------------------------------------===//
// QuantizeAndDequantize
//===----------------------------------------------------------------------===//

/// V1 (the range is attributes), V2, V3 (num_bits is an input) and V4: scaled so that the range fits the
/// integers and zero stays zero, rounded, scaled back.
LogicalResult importQuantizeAndDequantize(NodeImporter &n) {
  Value x = n.getTensor(0);
  int64_t rank = n.getRank(0), bits = n.getInt("num_bits");
  if (n.node.op() == "QuantizeAndDequantizeV3") {
    auto number = n.getConstant(3, "num_bits");
    if (failed(number))
      return failure();
    bits = *number;
  }
  bool isSigned = n.getBool("signed_input"), isNarrow = n.getBool("narrow_range"),
       isGiven = n.getBool("range_given");
  if (bits < 1 || bits > 63 || (isSigned && bits < 2))
    return n.error() << "num_bits " << bits << " is out of range";
  int64_t axis = findAttr(n.node, "axis") ? n.getInt("axis") : -1;
  if (axis < -1 || axis >= rank)
    return n.error() << "axis " << axis << " is out of range for rank " << rank;
  double highest = isSigned ? std::ldexp(1.0, bits - 1) - 1 : std::ldexp(1.0, bits) - 1;
  double lowest = isSigned ? -std::ldexp(1.0, bits - 1) + (isNarrow ? 1 : 0) : 0;

  Value min, max;
  if (isGiven && n.getNumInputs() == 1) {
    min = n.scalar(n.getElementType(0), n.getFloat("input_min"));
    max = n.scalar(n.getElementType(0), n.getFloat("input_max"));
  } else if (isGiven) {
    min = n.getTensor(1);
    max = n.getTensor(2);
  } else {
    SmallVector<int64_t> reduced;
    for (int64_t dim = 0; dim < rank; ++dim)
      if (dim != axis)
        reduced.push_back(dim);
    min = n.reduce(Kind::Min, x, reduced);
    max = n.reduce(Kind::Max, x, reduced);
  }
  SmallVector<Size> rangeShape;
  if (axis >= 0)
    rangeShape.push_back(n.sizes.sizeOf(x, axis));
  auto vectors = n.withShape({min, max}, rangeShape);
  if (failed(vectors))
    return failure();
  min = vectors->front();
  max = vectors->back();

  Numbers range{n, min};
  Value first = range.number(lowest), last = range.number(highest), zero = range.number(0);
  const llvm::fltSemantics &type = cast<FloatType>(getElementTypeOrSelf(min.getType())).getFloatSemantics();
  Value unbounded = range.number(APFloat::getLargest(type).convertToDouble());
  auto sideScale = [&](Value bound, Value side) {
    return n.select(range.isLess(zero, n.mul(bound, side)), n.div(bound, side), unbounded);
  };
  Value fromMin = sideScale(first, min), fromMax = sideScale(last, max);
  Value isMinSide = range.isLess(fromMin, fromMax);
  Value scale = n.select(isMinSide, fromMin, fromMax);
  Value inverse = lowest == 0 ? n.div(max, last) : n.select(isMinSide, n.div(min, first), n.div(max, last));
  Value newMax = n.select(isMinSide, n.mul(last, inverse), max),
        newMin = n.select(isMinSide, min, n.mul(first, inverse));

  SmallVector<Size> shape = n.sizes.sizesOf(x);
  auto spread = [&](Value v) {
    return axis >= 0 ? n.broadcastAlong(v, axis, shape) : n.broadcastTo(v, shape);
  };
  Numbers all{n, x};
  Value clamped = isGiven ? all.max(all.min(x, spread(newMax)), spread(newMin)) : x;
  Value scaled = n.mul(clamped, spread(scale));
  StringRef mode = n.getString("round_mode");
  Value rounded = mode == "HALF_UP" ? all.round(scaled) : n.create<tg::RoundEvenOp>(scaled);
  Value result = n.mul(rounded, spread(inverse));
  // Gradients pass as if nothing had been rounded; those of V4 within the range only.
  if (n.wantsGradients()) {
    Value partial = all.number(1);
    if (n.node.op() == "QuantizeAndDequantizeV4") {
      auto given = n.withShape({n.getTensor(1), n.getTensor(2)}, rangeShape);
      if (failed(given))
        return failure();
      Value isInside = n.create<tg::AndOp>(n.compare(Direction::GE, x, spread((*given)[0])),
                                           n.compare(Direction::LE, x, spread((*given)[1])));
      partial = n.select(isInside, partial, all.number(0));
    }
    result = n.withPartials(result, x, partial);
  }
  n.setResult(result);
  return success();
}

/// The gradient passes where the input lies in the range; the range has none.
LogicalResult importQuantizeAndDequantizeGrad(NodeImporter &n) {
  auto same = n.withOneShape({n.getTensor(0), n.getTensor(1)});
  if (failed(same))
    return failure();
  Value gradient = same->front(), x = same->back();
  int64_t axis = n.getInt("axis");
  SmallVector<Size> shape = n.sizes.sizesOf(x), rangeShape;
  if (axis < -1 || axis >= static_cast<int64_t>(shape.size()))
    return n.error() << "axis " << axis << " is out of range for rank " << shape.size();
  if (axis >= 0)
    rangeShape.push_back(shape[axis]);
  auto range = n.withShape({n.getTensor(2), n.getTensor(3)}, rangeShape);
  if (failed(range))
    return failure();
  auto spread = [&](Value v) {
    return axis >= 0 ? n.broadcastAlong(v, axis, shape) : n.broadcastTo(v, shape);
  };
  Value isInside = n.create<tg::AndOp>(n.compare(Direction::GE, x, spread((*range)[0])),
                                       n.compare(Direction::LE, x, spread((*range)[1])));
  n.setResult(0, n.select(isInside, gradient, n.splatLike(gradient, 0)));
  n.setResult(1, n.splatLike((*range)[0], 0));
  n.setResult(2, n.splatLike((*range)[1], 0));
  return success();
}

} // namespace

void registerQuantizeOps(OpRegistry &registry) {
  registry.add({"FakeQuantWithMinMaxArgs"}, importFakeQuant<false, false>);
  registry.add({"FakeQuantWithMinMaxVars"}, importFakeQuant<true, false>);
  registry.add({"FakeQuantWithMinMaxVarsPerChannel"}, importFakeQuant<true, true>);
  registry.add({"FakeQuantWithMinMaxArgsGradient"}, importFakeQuantGradient<false, false>);
  registry.add({"FakeQuantWithMinMaxVarsGradient"}, importFakeQuantGradient<true, false>);
  registry.add({"FakeQuantWithMinMaxVarsPerChannelGradient"}, importFakeQuantGradient<true, true>);
  registry.add({"QuantizeAndDequantize", "QuantizeAndDequantizeV2", "QuantizeAndDequantizeV3",
                "QuantizeAndDequantizeV4"},
               importQuantizeAndDequantize);
  registry.add({"QuantizeAndDequantizeV4Grad"}, importQuantizeAndDequantizeGrad);
}

} // namespace tgc
