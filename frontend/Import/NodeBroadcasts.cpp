//===- NodeBroadcasts.cpp - Gives operands of a node one shape ------------===//

#include "frontend/Import/GraphImporter.h"
#include "frontend/Import/NodeImporter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace tgc {

Value NodeImporter::broadcastTo(Value x, ArrayRef<Size> wanted) {
  SmallVector<Size> to = sizes.canonical(wanted);
  auto type = cast<RankedTensorType>(x.getType());
  RankedTensorType result = tg::getTypeOfSizes(to, type.getElementType());
  SmallVector<Size> from = sizes.sizesOf(x);
  SmallVector<int64_t> equal;
  int64_t lead = to.size() - from.size();
  for (auto [dim, size] : llvm::enumerate(from))
    if (IndexBuilder::isEqual(size, to[dim + lead]))
      equal.push_back(dim + lead);
  if (equal.size() == to.size())
    return refine(x, result);
  if (auto constant = x.getDefiningOp<tg::ConstantOp>(); constant && result.hasStaticShape())
    if (auto dense = dyn_cast<DenseElementsAttr>(constant.getValue()); dense && dense.isSplat())
      return create<tg::ConstantOp>(dense.resizeSplat(result));
  return create<tg::BroadcastToOp>(result, x, tg::getDynamicSizes(to), builder.getDenseI64ArrayAttr(equal));
}

/// "[3,%d]" with `unknown` for sizes that are not known.
static std::string shapeText(ArrayRef<OpFoldResult> shape, StringRef unknown = "%d") {
  std::string text = "[";
  for (auto [i, size] : llvm::enumerate(shape)) {
    auto value = IndexBuilder::getConstant(size);
    text += (i ? "," : "") + (value ? std::to_string(*value) : unknown.str());
  }
  return text + "]";
}

FailureOr<SmallVector<OpFoldResult>> NodeImporter::broadcastSizes(ArrayRef<Size> a, ArrayRef<Size> b) {
  size_t rank = std::max(a.size(), b.size());
  SmallVector<Size> result;
  Value fits;
  for (size_t dim = 0; dim < rank; ++dim) {
    Size x = dim + a.size() < rank ? sizes.constant(1) : sizes.canonical(a[dim + a.size() - rank]);
    Size y = dim + b.size() < rank ? sizes.constant(1) : sizes.canonical(b[dim + b.size() - rank]);
    auto known = IndexBuilder::getConstant(x), otherKnown = IndexBuilder::getConstant(y);
    if (sizes.isBroadcastOf(x, y) || otherKnown == 1) {
      result.push_back(x);
      continue;
    }
    if (known == 1 || sizes.isBroadcastOf(y, x)) {
      result.push_back(y);
      continue;
    }
    if (known && otherKnown) {
      error() << "incompatible shapes " << shapeText(a) << " and " << shapeText(b);
      return failure();
    }
    // Two sizes of which one may be one at run time.
    Value equal = sizes.equals(x, y), xIsOne = known ? Value() : sizes.equals(x, sizes.constant(1));
    Value ok = equal;
    if (xIsOne)
      ok = arith::OrIOp::create(builder, loc, ok, xIsOne);
    if (!otherKnown)
      ok = arith::OrIOp::create(builder, loc, ok, sizes.equals(y, sizes.constant(1)));
    fits = fits ? Value(arith::AndIOp::create(builder, loc, fits, ok)) : ok;
    result.push_back(known ? x : otherKnown ? y : sizes.broadcast(x, y));
  }
  if (fits) {
    SmallVector<Value> values = tg::getDynamicSizes(a);
    llvm::append_range(values, tg::getDynamicSizes(b));
    check(fits, "Incompatible shapes: " + shapeText(a) + " vs. " + shapeText(b), values);
  }
  return result;
}

FailureOr<SmallVector<Value>> NodeImporter::broadcastTogether(ValueRange operands) {
  SmallVector<Size> shape = sizes.sizesOf(operands.front());
  for (Value operand : operands.drop_front()) {
    auto both = broadcastSizes(shape, sizes.sizesOf(operand));
    if (failed(both))
      return failure();
    shape = *both;
  }
  return llvm::map_to_vector(operands, [&](Value operand) { return broadcastTo(operand, shape); });
}

Value NodeImporter::broadcastAlong(Value vector, int64_t dim, ArrayRef<Size> to) {
  SmallVector<Size> shape(to.size(), sizes.constant(1));
  shape[dim] = sizes.sizeOf(vector, 0);
  return broadcastTo(reshape(vector, shape), to);
}

FailureOr<SmallVector<Value>> NodeImporter::withOneShape(ValueRange operands) {
  return withShape(operands, sizes.sizesOf(operands.front()));
}

FailureOr<SmallVector<Value>> NodeImporter::withShape(ValueRange operands, ArrayRef<Size> wanted) {
  SmallVector<Size> shape = sizes.canonical(wanted);
  Value fits;
  SmallVector<std::pair<Size, Size>> found;
  for (Value operand : operands) {
    SmallVector<Size> other = sizes.sizesOf(operand);
    bool conflicts = other.size() != shape.size();
    for (size_t dim = 0; !conflicts && dim < shape.size(); ++dim) {
      if (IndexBuilder::isEqual(shape[dim], other[dim]))
        continue;
      bool isKnown = IndexBuilder::getConstant(shape[dim]).has_value(),
           isOtherKnown = IndexBuilder::getConstant(other[dim]).has_value();
      conflicts = isKnown && isOtherKnown;
      Value equal = sizes.equals(shape[dim], other[dim]);
      fits = fits ? Value(arith::AndIOp::create(builder, loc, fits, equal)) : equal;
      found.push_back({shape[dim], other[dim]});
      if (isOtherKnown)
        shape[dim] = other[dim];
    }
    if (conflicts) {
      error() << "expects a tensor of shape " << shapeText(wanted, "?") << ", got " << operand.getType();
      return failure();
    }
  }
  if (fits)
    check(fits, "operands do not have the same shape");
  for (auto [a, b] : found)
    sizes.setEqual(a, b);
  return llvm::map_to_vector(operands, [&](Value operand) { return withSizes(operand, shape); });
}

} // namespace tgc
