//===- SliceOps.cpp - Parts of tensors, turned and shifted ----------------===//

#include "frontend/Import/Indexing.h"
#include "frontend/Import/OpRegistry.h"

using namespace mlir;

namespace tgc {
namespace {

using Size = OpFoldResult;

/// Elements [offset, offset + size) of one dimension.
Value sliceDim(NodeImporter &n, Value x, int64_t dim, Size offset, Size size) {
  SmallVector<Size> sizes = n.sizes.sizesOf(x), offsets(sizes.size(), n.sizes.constant(0));
  offsets[dim] = offset;
  sizes[dim] = size;
  return n.slice(x, offsets, sizes);
}

LogicalResult importSlice(NodeImporter &n) {
  Value x = n.getTensor(0);
  auto begin = n.getSizeOperand(1, "begin"), size = n.getSizeOperand(2, "size");
  if (failed(begin) || failed(size))
    return failure();
  SmallVector<Size> shape = n.sizes.sizesOf(x);
  if (begin->size() != shape.size() || size->size() != shape.size())
    return n.error() << "begin and size must have " << shape.size() << " elements, as the input's rank, got "
                     << begin->size() << " and " << size->size();
  Size zero = n.sizes.constant(0), rest = n.sizes.constant(-1);
  for (auto [dim, bound] : llvm::enumerate(shape)) {
    Size from = (*begin)[dim], &count = (*size)[dim];
    if (!IndexBuilder::isNonNegative(from) &&
        failed(n.requireAtMost(zero, from, "Expected begin[" + Twine(dim) + "] >= %d, but got %d")))
      return failure();
    if (!IndexBuilder::isConstant(from, 0) &&
        failed(n.requireAtMost(from, bound,
                               "Expected begin[" + Twine(dim) + "], which is %d, to be at most %d")))
      return failure();
    Size left = n.sizes.sub(bound, from);
    if (IndexBuilder::isEqual(count, rest))
      count = left;
    else if (!IndexBuilder::getConstant(count) && !IndexBuilder::isNonNegative(count))
      count = n.sizes.select(n.sizes.equals(count, rest), left, count);
    if (!IndexBuilder::isNonNegative(count) &&
        failed(n.requireAtMost(zero, count, "Expected size[" + Twine(dim) + "] >= %d, but got %d")))
      return failure();
    if (!IndexBuilder::isEqual(count, left) &&
        failed(n.requireAtMost(count, left,
                               "Expected size[" + Twine(dim) +
                                   "], which is %d, to be at most %d, what begin[" + Twine(dim) +
                                   "] leaves")))
      return failure();
  }
  n.setResult(n.slice(x, *begin, *size));
  return success();
}

LogicalResult importSplit(NodeImporter &n) {
  Value x = n.getTensor(1);
  auto axis = n.getAxis(0, n.getRank(1), "split_dim");
  if (failed(axis))
    return failure();
  int64_t count = n.getOutputs().size();
  Size total = n.sizes.sizeOf(x, *axis), pieces = n.sizes.constant(count),
       size = n.sizes.floorDiv(total, pieces);
  if (failed(n.requireEqual(
          n.sizes.mul(size, pieces), total,
          "Number of ways to split should evenly divide the split dimension, but dimension " + Twine(*axis) +
              " splits into " + Twine(count) + " parts of together %d of its %d elements")))
    return failure();
  for (int64_t i = 0; i < count; ++i)
    n.setResult(i, sliceDim(n, x, *axis, n.sizes.mul(size, n.sizes.constant(i)), size));
  return success();
}

LogicalResult importSplitV(NodeImporter &n) {
  Value x = n.getTensor(0);
  auto axis = n.getAxis(2, n.getRank(0), "split_dim");
  auto pieces = n.getSizeOperand(1, "size_splits");
  if (failed(axis) || failed(pieces))
    return failure();
  if (pieces->size() != n.getOutputs().size())
    return n.error() << "size_splits has " << pieces->size()
                     << " elements for num_split = " << n.getOutputs().size();
  Size total = n.sizes.sizeOf(x, *axis), known = n.sizes.constant(0), zero = known;
  std::optional<size_t> rest;
  for (auto [i, piece] : llvm::enumerate(*pieces)) {
    if (!IndexBuilder::isConstant(piece, -1)) {
      known = n.sizes.add(known, piece);
      if (!IndexBuilder::isNonNegative(piece) &&
          (failed(
               n.requireAtMost(zero, piece, "Split size at index " + Twine(i) + " must be >= %d. Got: %d")) ||
           failed(n.requireAtMost(piece, total,
                                  "Split size at index " + Twine(i) +
                                      " is %d, more than the %d elements along split_dim"))))
        return failure();
      continue;
    }
    if (rest)
      return n.error() << "There can only be one -1 in the input.";
    rest = i;
  }
  if (rest) {
    (*pieces)[*rest] = n.sizes.sub(total, known);
    if (failed(n.requireAtMost(
            known, total,
            "Determined shape must either match input shape along split_dim exactly if fully specified, or "
            "be less than the size of the input along split_dim if not fully specified.  Got: %d of %d")))
      return failure();
  } else if (failed(n.requireEqual(
                 known, total,
                 "Determined shape must match input shape along split_dim exactly.  Got: %d of %d"))) {
    return failure();
  }
  Size offset = zero;
  for (auto [i, piece] : llvm::enumerate(*pieces)) {
    n.setResult(i, sliceDim(n, x, *axis, offset, piece));
    offset = n.sizes.add(offset, piece);
  }
  return success();
}

LogicalResult importUnpack(NodeImporter &n) {
  Value x = n.getTensor(0);
  auto axis = n.normalizeAxis(n.getInt("axis"), n.getRank(0));
  if (failed(axis))
    return failure();
  int64_t count = n.getOutputs().size();
  if (failed(n.requireEqual(n.sizes.sizeOf(x, *axis), n.sizes.constant(count),
                            "Input shape axis " + Twine(*axis) + " must equal num, got shape %d and num %d")))
    return failure();
  SmallVector<Size> shape = n.sizes.sizesOf(x);
  shape.erase(shape.begin() + *axis);
  for (int64_t i = 0; i < count; ++i)
    n.setResult(i, n.reshape(sliceDim(n, x, *axis, n.sizes.constant(i), n.sizes.constant(1)), shape));
  return success();
}

/// The vector product of the last dimensions, which have three elements.
LogicalResult importCross(NodeImporter &n) {
  Value a = n.getTensor(0), b = n.getTensor(1);
  SmallVector<Size> shape = n.sizes.sizesOf(a), other = n.sizes.sizesOf(b);
  int64_t last = static_cast<int64_t>(shape.size()) - 1;
  if (last < 0 || other.size() != shape.size())
    return n.error() << "inputs must be of the same shape with a last dimension of 3, got " << a.getType()
                     << " and " << b.getType();
  for (auto [dim, size] : llvm::enumerate(shape))
    if (failed(n.requireEqual(size, other[dim],
                              "inputs must be of the same shape: dimension " + Twine(dim) +
                                  " has %d and %d elements")))
      return failure();
  if (failed(n.requireEqual(shape.back(), n.sizes.constant(3),
                            "the last dimension has %d elements, expected %d")))
    return failure();
  b = n.broadcastTo(b, shape);
  Value parts[3], as[3], bs[3];
  for (int64_t i = 0; i < 3; ++i) {
    as[i] = sliceDim(n, a, last, n.sizes.constant(i), n.sizes.constant(1));
    bs[i] = sliceDim(n, b, last, n.sizes.constant(i), n.sizes.constant(1));
  }
  for (int i = 0; i < 3; ++i) {
    int next = (i + 1) % 3, after = (i + 2) % 3;
    parts[i] = n.sub(n.mul(as[next], bs[after]), n.mul(as[after], bs[next]));
  }
  auto joined = n.tryCreate<tg::ConcatOp>(ValueRange(parts), n.builder.getI64IntegerAttr(last));
  if (failed(joined))
    return failure();
  n.setResult(*joined);
  return success();
}

//===----------------------------------------------------------------------===//
// Turned and shifted
//===----------------------------------------------------------------------===//

Value reverse(NodeImporter &n, Value x, ArrayRef<int64_t> dims) {
  return dims.empty() ? x : n.create<tg::ReverseOp>(x, n.builder.getDenseI64ArrayAttr(dims));
}

LogicalResult importReverse(NodeImporter &n) {
  auto flags = n.getConstants(1, "dims");
  if (failed(flags))
    return failure();
  if (static_cast<int64_t>(flags->size()) != n.getRank(0))
    return n.error() << "dims has " << flags->size() << " elements for " << n.getType(0);
  SmallVector<int64_t> dims;
  for (auto [dim, flag] : llvm::enumerate(*flags))
    if (flag)
      dims.push_back(dim);
  n.setResult(reverse(n, n.getTensor(0), dims));
  return success();
}

LogicalResult importReverseV2(NodeImporter &n) {
  auto axes = n.getAxes(1, n.getRank(0));
  if (failed(axes))
    return failure();
  if (axes->size() != n.getHost(1)->elements.size())
    return n.error() << "an axis is specified more than once";
  n.setResult(reverse(n, n.getTensor(0), *axes));
  return success();
}

/// The first seq_lengths[b] elements of each row b are turned around: a gather along the sequence.
LogicalResult importReverseSequence(NodeImporter &n) {
  Value x = n.getTensor(0), lengths = n.getTensor(1);
  int64_t rank = n.getRank(0);
  auto batch = n.normalizeAxis(n.getInt("batch_dim"), rank, "batch_dim"),
       sequence = n.normalizeAxis(n.getInt("seq_dim"), rank, "seq_dim");
  if (failed(batch) || failed(sequence))
    return failure();
  if (*batch == *sequence)
    return n.error() << "batch_dim == seq_dim == " << *batch;
  if (n.getRank(1) != 1)
    return n.error() << "seq_lengths must be 1-dim, not " << n.getType(1);
  Size rows = n.sizes.sizeOf(x, *batch), steps = n.sizes.sizeOf(x, *sequence);
  if (failed(n.requireEqual(n.sizes.sizeOf(lengths, 0), rows,
                            "Length of seq_lengths is %d, but the batch dimension has %d elements")))
    return failure();
  Type element = n.getElementType(1);
  n.checkAll(n.compare(tg::ComparisonDirection::GE, lengths, n.splatLike(lengths, 0)),
             "seq_lengths must not be negative");
  n.checkAll(n.compare(tg::ComparisonDirection::LE, lengths, n.sizeTensor(steps, element, {rows})),
             "seq_lengths must be at most the %d elements of seq_dim", n.sizes.get(steps));
  Value position = n.iota({rows, steps}, element, 1);
  Value length = n.broadcastTo(n.reshape(lengths, {rows, n.sizes.constant(1)}), {rows, steps});
  Value mirrored = n.sub(n.sub(length, n.sizeTensor(n.sizes.constant(1), element, {rows, steps})), position);
  Value indices = n.select(n.compare(tg::ComparisonDirection::LT, position, length), mirrored, position);
  SmallVector<int64_t> order{*batch, *sequence}, inverse(rank);
  for (int64_t dim = 0; dim < rank; ++dim)
    if (dim != *batch && dim != *sequence)
      order.push_back(dim);
  for (auto [to, from] : llvm::enumerate(order))
    inverse[from] = to;
  auto gathered = gatherAlong(n, n.transpose(x, order), indices, 1, 1);
  if (failed(gathered))
    return failure();
  n.setResult(n.transpose(*gathered, inverse));
  return success();
}

LogicalResult importRoll(NodeImporter &n) {
  Value x = n.getTensor(0);
  int64_t rank = n.getRank(0);
  auto shifts = n.getSizeOperand(1, "shift");
  auto axes = n.getConstants(2, "axis");
  if (failed(shifts) || failed(axes))
    return failure();
  if (shifts->size() != axes->size())
    return n.error() << "shift and axis must have the same size, got " << shifts->size() << " and "
                     << axes->size();
  SmallVector<Size> total(rank, n.sizes.constant(0));
  for (auto [i, axis] : llvm::enumerate(*axes)) {
    auto dim = n.normalizeAxis(axis, rank);
    if (failed(dim))
      return failure();
    total[*dim] = n.sizes.add(total[*dim], (*shifts)[i]);
  }
  for (int64_t dim = 0; dim < rank; ++dim) {
    Size size = n.sizes.sizeOf(x, dim);
    // Of an empty dimension, nothing is shifted.
    Size shift = n.sizes.floorMod(total[dim], n.sizes.max(size, n.sizes.constant(1)));
    if (IndexBuilder::isConstant(shift, 0) || IndexBuilder::isConstant(size, 0))
      continue;
    Size rest = n.sizes.sub(size, shift);
    SmallVector<Size> shape = n.sizes.sizesOf(x);
    auto joined = n.tryCreate<tg::ConcatOp>(
        ValueRange{sliceDim(n, x, dim, rest, shift), sliceDim(n, x, dim, n.sizes.constant(0), rest)},
        n.builder.getI64IntegerAttr(dim));
    if (failed(joined))
      return failure();
    x = n.refine(*joined, x.getType());
    n.sizes.setSizes(x, shape);
  }
  n.setResult(x);
  return success();
}

} // namespace

void registerSliceOps(OpRegistry &registry) {
  registry.add({"Slice"}, importSlice);
  registry.add({"Split"}, importSplit);
  registry.add({"SplitV"}, importSplitV);
  registry.add({"Unpack"}, importUnpack);
  registry.add({"Cross"}, importCross);
  registry.add({"Reverse"}, importReverse);
  registry.add({"ReverseV2"}, importReverseV2);
  registry.add({"ReverseSequence"}, importReverseSequence);
  registry.add({"Roll"}, importRoll);
}

} // namespace tgc
