//===- PadOps.cpp - Pad, MirrorPad and its gradient -----------------------===//

#include "frontend/Import/HostFamilies.h"
#include "frontend/Import/Indexing.h"

using namespace mlir;

namespace tgc {
namespace {

using Size = OpFoldResult;

struct Paddings {
  SmallVector<Size> low, high;
};

/// Input 1, [rank, 2].
FailureOr<Paddings> getPaddings(NodeImporter &n) {
  auto elements = n.getSizeOperand(1, "paddings", 2);
  if (failed(elements))
    return failure();
  if (static_cast<int64_t>(elements->size()) != 2 * n.getRank(0)) {
    n.error() << "paddings must be [" << n.getRank(0) << ",2] for " << n.getType(0) << ", got "
              << elements->size() << " elements";
    return failure();
  }
  Paddings paddings;
  for (auto [i, element] : llvm::enumerate(*elements)) {
    if (!IndexBuilder::isNonNegative(element) &&
        (failed(n.requireAtMost(n.sizes.constant(0), element, "paddings must not be less than %d, got %d")) ||
         failed(n.requireAtMost(element, n.sizes.constant(kMostElements),
                                "a padding of %d is more than any memory holds, at most %d"))))
      return failure();
    (i % 2 ? paddings.high : paddings.low).push_back(element);
  }
  return paddings;
}

LogicalResult importPad(NodeImporter &n) {
  auto paddings = getPaddings(n);
  if (failed(paddings))
    return failure();
  bool hasValue = n.getNumInputs() > 2;
  if (hasValue && n.getRank(2) != 0)
    return n.error() << "constant_values must be a scalar, got " << n.getType(2);
  Value value = hasValue ? n.getTensor(2) : n.scalar(n.getElementType(0), 0);
  n.setResult(n.pad(n.getTensor(0), value, paddings->low, paddings->high));
  return success();
}

/// A vector of known sizes with more of them before and behind: shapes of another rank.
bool hostPad(NodeImporter &n) {
  const HostTensor *vector = n.getHost(0), *value = n.getNumInputs() > 2 ? n.getHost(2) : nullptr;
  auto paddings = n.getHost(1) ? n.getHost(1)->getConstants() : std::nullopt;
  if (!vector || vector->shape.size() != 1 || !paddings || paddings->size() != 2 ||
      (n.getNumInputs() > 2 && (!value || !value->isScalar())))
    return false;
  for (int64_t padding : *paddings)
    if (padding < 0 || padding > kMaxHostElements)
      return false;
  Size filler = value ? value->elements.front() : n.sizes.constant(0);
  SmallVector<Size> elements(paddings->front(), filler);
  llvm::append_range(elements, vector->elements);
  elements.append(paddings->back(), filler);
  if (static_cast<int64_t>(elements.size()) > kMaxHostElements)
    return false;
  n.setSizesResult(0, elements, vector->elementType);
  return true;
}

/// `size` elements of dimension `dim` from `offset` on, in steps of `stride`.
Value sliceDim(NodeImporter &n, Value x, int64_t dim, Size offset, Size size, int64_t stride) {
  SmallVector<Size> sizes = n.sizes.sizesOf(x), offsets(sizes.size(), n.sizes.constant(0));
  SmallVector<int64_t> strides(sizes.size(), 1);
  offsets[dim] = offset;
  sizes[dim] = size;
  strides[dim] = stride;
  return n.slice(x, offsets, sizes, strides);
}

/// Dimension by dimension, what lies inside is repeated outside backwards: without the edge itself for
/// REFLECT.
LogicalResult importMirrorPad(NodeImporter &n) {
  auto paddings = getPaddings(n);
  if (failed(paddings))
    return failure();
  int64_t edge = n.getString("mode") == "REFLECT" ? 1 : 0;
  Value x = n.getTensor(0);
  for (int64_t dim = 0; dim < n.getRank(0); ++dim) {
    Size low = paddings->low[dim], high = paddings->high[dim], size = n.sizes.sizeOf(x, dim);
    Size most = n.sizes.sub(size, n.sizes.constant(edge));
    SmallVector<Value> parts{x};
    SmallVector<Size> shape = n.sizes.sizesOf(x);
    for (Size amount : {low, high})
      if (!IndexBuilder::isConstant(amount, 0) &&
          failed(n.requireAtMost(amount, most,
                                 "paddings of dimension " + Twine(dim) +
                                     " must not be greater than the dimension's elements, got %d of %d")))
        return failure();
    if (!IndexBuilder::isConstant(low, 0))
      parts.insert(parts.begin(), sliceDim(n, x, dim, n.sizes.add(low, n.sizes.constant(edge - 1)), low, -1));
    if (!IndexBuilder::isConstant(high, 0))
      parts.push_back(sliceDim(n, x, dim, n.sizes.sub(size, n.sizes.constant(1 + edge)), high, -1));
    if (parts.size() == 1)
      continue;
    auto joined = n.tryCreate<tg::ConcatOp>(ValueRange(parts), n.builder.getI64IntegerAttr(dim));
    if (failed(joined))
      return failure();
    x = *joined;
    shape[dim] = n.sizes.add(n.sizes.add(low, size), high);
    n.sizes.setSizes(x, shape);
  }
  n.setResult(x);
  return success();
}

/// What was repeated outside adds to what it was taken from.
LogicalResult importMirrorPadGrad(NodeImporter &n) {
  auto paddings = getPaddings(n);
  if (failed(paddings))
    return failure();
  int64_t edge = n.getString("mode") == "REFLECT" ? 1 : 0;
  Value x = n.getTensor(0), zero = n.scalar(n.getElementType(0), 0);
  Size none = n.sizes.constant(0), margin = n.sizes.constant(edge);
  for (int64_t dim = 0; dim < n.getRank(0); ++dim) {
    Size low = paddings->low[dim], high = paddings->high[dim], total = n.sizes.sizeOf(x, dim),
         size = n.sizes.sub(total, n.sizes.add(low, high));
    if (IndexBuilder::isConstant(low, 0) && IndexBuilder::isConstant(high, 0))
      continue;
    if (failed(n.requireAtMost(n.sizes.add(low, high), total,
                               "paddings of dimension " + Twine(dim) +
                                   " are together %d, more than its %d elements")))
      return failure();
    Value sum = sliceDim(n, x, dim, low, size, 1);
    SmallVector<Size> shape = n.sizes.sizesOf(sum);
    auto addBack = [&](Size offset, Size amount, Size before) {
      if (IndexBuilder::isConstant(amount, 0))
        return;
      Value part =
          sliceDim(n, x, dim, n.sizes.sub(n.sizes.add(offset, amount), n.sizes.constant(1)), amount, -1);
      SmallVector<Size> left(shape.size(), none), right(shape.size(), none);
      left[dim] = before;
      right[dim] = n.sizes.sub(n.sizes.sub(size, before), amount);
      Value spread = n.refine(n.pad(part, zero, left, right), sum.getType());
      sum = n.add(sum, spread);
      n.sizes.setSizes(sum, shape);
    };
    addBack(none, low, margin);
    addBack(n.sizes.add(low, size), high, n.sizes.sub(n.sizes.sub(size, high), margin));
    x = sum;
  }
  n.setResult(x);
  return success();
}

} // namespace

void registerPadOps(OpRegistry &registry) {
  registry.add({"Pad", "PadV2"}, importPad);
  registry.addHost({"Pad", "PadV2"}, hostPad);
  registry.add({"MirrorPad"}, importMirrorPad);
  registry.add({"MirrorPadGrad"}, importMirrorPadGrad);
}

} // namespace tgc
