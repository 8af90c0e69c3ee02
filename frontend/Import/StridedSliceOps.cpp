//===- StridedSliceOps.cpp - Slices as Python writes them -----------------===//
//
// StridedSlice, its gradient and its updating forms share one reading of begin, end, strides and the five
// masks: an offset, a size and a stride for each dimension of the tensor, and the shape that new_axis and
// shrink_axis make of the sizes.
//
//===----------------------------------------------------------------------===//

#include "frontend/Import/GraphImporter.h"
#include "frontend/Import/Indexing.h"
#include "frontend/Import/OpRegistry.h"

using namespace mlir;

namespace tgc {
namespace {

using Size = OpFoldResult;

struct SliceRegion {
  SmallVector<Size> offsets, sizes; ///< of the first element and of the region, per dimension of the tensor
  SmallVector<int64_t> strides;
  SmallVector<Size> finalShape; ///< with new dimensions, without shrunk ones
};

/// Appends begin:end:stride of a dimension of `dim` elements; a missing bound is the whole dimension's.
void appendRange(NodeImporter &n, SliceRegion &region, Size dim, std::optional<Size> begin,
                 std::optional<Size> end, int64_t stride) {
  IndexBuilder &s = n.sizes;
  Size zero = s.constant(0), one = s.constant(1);
  Size low = stride > 0 ? zero : s.constant(-1), high = stride > 0 ? dim : s.sub(dim, one);
  // Negative positions count from the end; all are clamped. What is known of the sign saves arithmetic.
  auto clamp = [&](Size position) {
    auto value = IndexBuilder::getConstant(position);
    bool isFromStart = value ? *value >= 0 : IndexBuilder::isNonNegative(position);
    bool isFromEnd = value && *value < 0;
    if (isFromStart)
      return s.min(position, high);
    Size fromEnd = s.add(position, dim);
    if (isFromEnd)
      return s.max(fromEnd, low);
    Value isNegative = s.compare(arith::CmpIPredicate::slt, position, zero);
    return s.min(s.max(s.select(isNegative, fromEnd, position), low), high);
  };
  Size first = begin ? clamp(*begin) : (stride > 0 ? low : high);
  Size last = end ? clamp(*end) : (stride > 0 ? high : low);
  Size span = stride > 0 ? s.sub(last, first) : s.sub(first, last);
  Size count = s.ceilDiv(span, s.constant(stride > 0 ? stride : -stride));
  bool startsAtEdge = stride > 0 ? IndexBuilder::isConstant(first, 0) : !begin;
  bool endsAtEdge = !end;
  if (!startsAtEdge && !endsAtEdge)
    count = s.max(count, zero);
  region.offsets.push_back(first);
  region.sizes.push_back(count);
  region.strides.push_back(stride);
  region.finalShape.push_back(count);
}

/// The region that begin, end and strides (inputs `first` to `first` + 2) name in a tensor of `shape`.
FailureOr<SliceRegion> readRegion(NodeImporter &n, ArrayRef<Size> shape, size_t first) {
  for (StringRef mask : {"begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask"})
    if (!llvm::isInt<32>(n.getInt(mask))) {
      n.error() << "attr " << mask << " has value " << n.getInt(mask) << " out of range for an int32";
      return failure();
    }
  auto begin = n.getSizeOperand(first, "begin"), end = n.getSizeOperand(first + 1, "end");
  if (failed(begin) || failed(end))
    return failure();
  auto strides = n.getConstants(first + 2, "strides");
  if (failed(strides))
    return failure();
  int64_t count = begin->size(), rank = shape.size();
  if (static_cast<int64_t>(end->size()) != count || static_cast<int64_t>(strides->size()) != count ||
      count > 32) {
    n.error() << "begin, end and strides must have one length of at most 32, got " << count << ", "
              << end->size() << " and " << strides->size();
    return failure();
  }
  auto bit = [&](StringRef mask, int64_t i) { return (n.getInt(mask) >> i) & 1; };
  int64_t ellipsis = -1, named = 0;
  for (int64_t i = 0; i < count; ++i) {
    if (bit("ellipsis_mask", i)) {
      if (ellipsis >= 0) {
        n.error() << "multiple ellipses in slice spec not allowed";
        return failure();
      }
      ellipsis = i;
    } else if (!bit("new_axis_mask", i)) {
      ++named;
    }
  }
  if (named > rank) {
    n.error() << "index out of range: " << named << " dimensions are sliced of a tensor of rank " << rank;
    return failure();
  }
  SliceRegion region;
  int64_t dim = 0;
  auto takeWhole = [&](int64_t dimensions) {
    for (; dimensions > 0; --dimensions, ++dim)
      appendRange(n, region, shape[dim], std::nullopt, std::nullopt, 1);
  };
  for (int64_t i = 0; i < count; ++i) {
    if (i == ellipsis) {
      takeWhole(rank - named);
      continue;
    }
    if (bit("new_axis_mask", i)) {
      region.finalShape.push_back(n.sizes.constant(1));
      continue;
    }
    int64_t stride = (*strides)[i];
    if (stride == 0) {
      n.error() << "strides[" << i << "] must be non-zero";
      return failure();
    }
    // Beyond every tensor one step is as good as another.
    stride = std::clamp(stride, -kMostElements, kMostElements);
    if (!bit("shrink_axis_mask", i)) {
      appendRange(n, region, shape[dim], bit("begin_mask", i) ? std::nullopt : std::optional((*begin)[i]),
                  bit("end_mask", i) ? std::nullopt : std::optional((*end)[i]), stride);
      ++dim;
      continue;
    }
    if (stride < 0) {
      n.error() << "only stride 1 allowed on non-range indexing.";
      return failure();
    }
    Size index = (*begin)[i], size = shape[dim], position = index;
    if (auto value = IndexBuilder::getConstant(index)) {
      if (*value < 0)
        position = n.sizes.add(size, index);
    } else if (!IndexBuilder::isNonNegative(index)) {
      Value isNegative = n.sizes.compare(arith::CmpIPredicate::slt, index, n.sizes.constant(0));
      position = n.sizes.select(isNegative, n.sizes.add(size, index), index);
    }
    auto known = IndexBuilder::getConstant(position), knownSize = IndexBuilder::getConstant(size);
    if ((known && *known < 0) || (known && knownSize && *known >= *knownSize)) {
      n.error() << "slice index " << *IndexBuilder::getConstant(index) << " of dimension " << dim
                << " out of bounds.";
      return failure();
    }
    if (!known || !knownSize) {
      Value fits = n.sizes.compare(arith::CmpIPredicate::ult, position, size);
      n.check(fits, "slice index %d of dimension " + Twine(dim) + " out of bounds.", n.sizes.get(index));
    }
    region.offsets.push_back(position);
    region.sizes.push_back(n.sizes.constant(1));
    region.strides.push_back(1);
    ++dim;
  }
  takeWhole(rank - dim);
  return region;
}

LogicalResult importStridedSlice(NodeImporter &n) {
  Value x = n.getTensor(0);
  auto region = readRegion(n, n.sizes.sizesOf(x), 1);
  if (failed(region))
    return failure();
  n.setResult(n.reshape(n.slice(x, region->offsets, region->sizes, region->strides), region->finalShape));
  return success();
}

/// `part` at its region of a tensor of `shape`, and `value` around it.
Value expandRegion(NodeImporter &n, Value part, Value value, const SliceRegion &region,
                   ArrayRef<Size> shape) {
  IndexBuilder &s = n.sizes;
  SmallVector<Size> low, high;
  SmallVector<int64_t> interior, reversed;
  for (auto [dim, size] : llvm::enumerate(shape)) {
    int64_t stride = region.strides[dim], step = std::abs(stride);
    Size count = region.sizes[dim], first = region.offsets[dim], span = s.constant(0);
    if (stride != 1)
      span = s.mul(s.max(s.sub(count, s.constant(1)), s.constant(0)), s.constant(step));
    if (stride < 0) {
      reversed.push_back(dim);
      first = s.sub(first, span);
    }
    // What is left after the last element; of an empty region, all.
    Size covered = step == 1 ? count : s.add(span, s.min(count, s.constant(1)));
    low.push_back(first);
    high.push_back(s.sub(s.sub(size, first), covered));
    interior.push_back(step - 1);
  }
  if (!reversed.empty())
    part = n.create<tg::ReverseOp>(part, n.builder.getDenseI64ArrayAttr(reversed));
  Value padded = n.refine(n.pad(part, value, low, high, interior),
                          tg::getTypeOfSizes(shape, getElementTypeOrSelf(part.getType())));
  n.sizes.setSizes(padded, shape);
  return padded;
}

/// `dy` (checked against the final shape of the region) in the region's own sizes.
FailureOr<Value> toRegion(NodeImporter &n, Value part, const SliceRegion &region, StringRef what) {
  SmallVector<Size> sizes = n.sizes.sizesOf(part);
  if (sizes.size() != region.finalShape.size()) {
    n.error() << what << " has rank " << sizes.size() << ", the slice has rank " << region.finalShape.size();
    return failure();
  }
  for (auto [dim, size] : llvm::enumerate(sizes))
    if (failed(
            n.requireEqual(size, region.finalShape[dim],
                           "dimension " + Twine(dim) + " of " + what + " has %d elements, the slice has %d")))
      return failure();
  return n.reshape(part, region.sizes);
}

LogicalResult importStridedSliceGrad(NodeImporter &n) {
  auto shape = n.getSizeOperand(0, "shape");
  if (failed(shape))
    return failure();
  auto region = readRegion(n, *shape, 1);
  if (failed(region))
    return failure();
  auto part = toRegion(n, n.getTensor(4), *region, "dy");
  if (failed(part))
    return failure();
  n.setResult(expandRegion(n, *part, n.scalar(n.getElementType(4), 0), *region, *shape));
  return success();
}

/// x with a region replaced: where a mask of the region holds, the new elements.
FailureOr<Value> updateRegion(NodeImporter &n, Value x, Value part) {
  SmallVector<Size> shape = n.sizes.sizesOf(x);
  auto region = readRegion(n, shape, 1);
  if (failed(region))
    return failure();
  // The value broadcasts to the region.
  SmallVector<Size> given = n.sizes.sizesOf(part);
  bool isSame = given.size() == region->finalShape.size() &&
                llvm::all_of_zip(given, region->finalShape, IndexBuilder::isEqual);
  if (!isSame && given.size() <= region->finalShape.size()) {
    auto common = n.broadcastSizes(given, region->finalShape);
    if (failed(common))
      return failure();
    for (auto [dim, size] : llvm::enumerate(*common))
      if (failed(n.requireEqual(size, region->finalShape[dim],
                                "dimension " + Twine(dim) + " of value has %d elements, the slice has %d")))
        return failure();
    part = n.broadcastTo(part, region->finalShape);
  }
  auto sized = toRegion(n, part, *region, "value");
  if (failed(sized))
    return failure();
  Type element = getElementTypeOrSelf(x.getType()), boolean = n.builder.getI1Type();
  Value inside = expandRegion(n, n.broadcastTo(n.scalar(boolean, 1), region->sizes), n.scalar(boolean, 0),
                              *region, shape);
  return n.select(inside, expandRegion(n, *sized, n.scalar(element, 0), *region, shape), x);
}

LogicalResult importTensorStridedSliceUpdate(NodeImporter &n) {
  auto result = updateRegion(n, n.getTensor(0), n.getTensor(4));
  if (failed(result))
    return failure();
  n.setResult(*result);
  return success();
}

LogicalResult importStridedSliceAssign(NodeImporter &n) {
  const auto &variable = n.getInput(0).variable;
  if (!variable)
    return n.error() << "input 0 is no variable";
  auto result = updateRegion(n, n.getTensor(0), n.getTensor(4));
  if (failed(result))
    return failure();
  n.graph.entry.writeVariable(variable->name, *result);
  if (!n.getOutputs().empty())
    n.forward(0, 0);
  return success();
}

} // namespace

void registerStridedSliceOps(OpRegistry &registry) {
  registry.add({"StridedSlice"}, importStridedSlice);
  registry.add({"StridedSliceGrad"}, importStridedSliceGrad);
  registry.add({"TensorStridedSliceUpdate"}, importTensorStridedSliceUpdate);
  registry.add({"StridedSliceAssign", "ResourceStridedSliceAssign"}, importStridedSliceAssign);
}

} // namespace tgc
