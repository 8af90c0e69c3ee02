//===- SegmentOps.cpp - Rows with equal numbers reduced to one ------------===//

#include "dialects/Tg/IR/ScatterOrder.h"
#include "frontend/Import/Indexing.h"
#include "frontend/Import/OpRegistry.h"
#include "frontend/Import/RowGradients.h"

#include <cmath>

using namespace mlir;

namespace tgc {
namespace {

using Size = OpFoldResult;
using Direction = tg::ComparisonDirection;
using Kind = tg::ScatterKind;

/// What a segment of rows in any order starts from: of a maximum the lowest finite number, as TensorFlow has
/// it.
Value neutral(NodeImporter &n, Kind kind, Type element) {
  if (kind == Kind::Mul)
    return n.scalar(element, 1);
  if (kind != Kind::Max && kind != Kind::Min)
    return n.scalar(element, 0);
  auto type = RankedTensorType::get({}, element);
  bool isLowest = kind == Kind::Max;
  if (auto real = dyn_cast<FloatType>(element))
    return n.create<tg::ConstantOp>(
        DenseElementsAttr::get(type, APFloat::getLargest(real.getFloatSemantics(), isLowest)));
  unsigned width = element.getIntOrFloatBitWidth();
  bool isUnsigned = element.isUnsignedInteger();
  APInt limit = isLowest ? (isUnsigned ? APInt::getMinValue(width) : APInt::getSignedMinValue(width))
                         : (isUnsigned ? APInt::getMaxValue(width) : APInt::getSignedMaxValue(width));
  return n.create<tg::ConstantOp>(DenseElementsAttr::get(type, limit));
}

/// [count, row...] of `value`, and the rows of `data` put in by their number.
Value reduceRows(NodeImporter &n, Kind kind, Value value, Size count, Value data, Value ids) {
  SmallVector<Size> shape{count};
  int64_t idRank = cast<RankedTensorType>(ids.getType()).getRank();
  llvm::append_range(shape, ArrayRef(n.sizes.sizesOf(data)).drop_front(idRank));
  Value result = scatterRows(n, kind, n.broadcastTo(value, shape), ids, data, tg::BoundsMode::Skip);
  if (kind == Kind::Max || kind == Kind::Min)
    result.getDefiningOp()->setAttr(tg::kKeepsUpdates, n.builder.getUnitAttr());
  return result;
}

/// Numbers in any order; rows with a negative one are left out.
template <Kind kind> LogicalResult importUnsortedSegment(NodeImporter &n) {
  Value data = n.getTensor(0), ids = n.getTensor(1);
  auto count = n.getScalarSize(2, "num_segments");
  if (failed(count))
    return failure();
  if (!IndexBuilder::isNonNegative(*count) &&
      failed(n.requireAtMost(n.sizes.constant(0), *count, "Input num_segments must be at least %d, got %d")))
    return failure();
  SmallVector<Size> shape = n.sizes.sizesOf(data), idShape = n.sizes.sizesOf(ids);
  if (idShape.size() > shape.size())
    return n.error() << "data.shape = " << data.getType()
                     << " does not start with segment_ids.shape = " << ids.getType();
  for (auto [dim, size] : llvm::enumerate(idShape))
    if (failed(n.requireEqual(shape[dim], size,
                              "data does not start with the shape of segment_ids: dimension " + Twine(dim) +
                                  " has %d elements instead of %d")))
      return failure();
  Value limit = n.sizeTensor(*count, n.getElementType(1), idShape);
  n.checkAll(n.compare(Direction::LT, ids, limit), "an element of segment_ids is out of range [0, %d)",
             n.sizes.get(*count));
  n.setResult(reduceRows(n, kind, neutral(n, kind, n.getElementType(0)), *count, data, ids));
  return success();
}

/// How many segments ascending numbers make: the last one and one more.
Size countSegments(NodeImporter &n, Value ids) {
  IndexBuilder &s = n.sizes;
  Size count = s.sizeOf(ids, 0), one = s.constant(1), zero = s.constant(0);
  Size pairs = s.max(s.sub(count, one), zero);
  if (!IndexBuilder::isConstant(pairs, 0)) {
    Value before = n.slice(ids, {zero}, {pairs}), after = n.slice(ids, {s.sub(count, pairs)}, {pairs});
    n.checkAll(n.compare(Direction::LE, before, after), "segment ids are not increasing");
  }
  n.checkAll(n.compare(Direction::GE, ids, n.splatLike(ids, 0)), "segment ids must be >= 0");
  return s.add(largestElement(n, ids, -1), one);
}

/// Number of rows of each segment: counted in 64 bits, since no narrower type need hold it.
Value countRows(NodeImporter &n, Value ids, Size segments) {
  Type wide = n.builder.getI64Type();
  Value ones = n.broadcastTo(n.scalar(wide, 1), n.sizes.sizesOf(ids));
  return reduceRows(n, Kind::Add, n.scalar(wide, 0), segments, ones, ids);
}

/// The same, at least one, as a divisor of `element`.
Value countForDivision(NodeImporter &n, Value ids, Size segments, Type element) {
  Value counts = countRows(n, ids, segments);
  return n.cast(n.create<tg::MaximumOp>(counts, n.splatLike(counts, 1)), element);
}

/// Rows with ascending numbers; what no number names is zero (one for products).
template <Kind kind> LogicalResult importSegment(NodeImporter &n) {
  Value data = n.getTensor(0), ids = n.getTensor(1);
  Type element = n.getElementType(0);
  if (n.getRank(1) != 1 || n.getRank(0) < 1)
    return n.error() << "segment_ids should be a vector, got " << ids.getType() << " for data "
                     << data.getType();
  if (failed(n.requireEqual(n.sizes.sizeOf(ids, 0), n.sizes.sizeOf(data, 0),
                            "segment_ids should be the same size as dimension 0 of input, got %d and %d")))
    return failure();
  Size segments = countSegments(n, ids);
  bool isExtreme = kind == Kind::Max || kind == Kind::Min;
  Value start = isExtreme && isa<FloatType>(element)
                    ? n.scalar(element, kind == Kind::Max ? -INFINITY : INFINITY)
                    : neutral(n, kind, element);
  Value result = reduceRows(n, kind, start, segments, data, ids);
  if (isExtreme) {
    Value counts = countRows(n, ids, segments);
    Value hasRows = n.compare(Direction::NE, counts, n.splatLike(counts, 0));
    result = n.select(broadcastTrailing(n, hasRows, n.sizes.sizesOf(result)), result, n.splatLike(result, 0));
  }
  n.setResult(result);
  return success();
}

LogicalResult importSegmentMean(NodeImporter &n) {
  if (failed(importSegment<Kind::Add>(n)))
    return failure();
  Value sum = n.getOutputs()[0].tensor, ids = n.getTensor(1);
  Value counts = countForDivision(n, ids, n.sizes.sizeOf(sum, 0), n.getElementType(0));
  n.setResult(n.div(sum, broadcastTrailing(n, counts, n.sizes.sizesOf(sum))));
  return success();
}

//===----------------------------------------------------------------------===//
// Of chosen rows
//===----------------------------------------------------------------------===//

enum class Scale { None, Mean, SqrtN };

/// `rows` (of segment sums, by segment) divided by the number of rows of the segment, or its root.
Value scaleBySegment(NodeImporter &n, Scale scale, Value rows, Value ids, Size segments) {
  if (scale == Scale::None)
    return rows;
  Value counts = countForDivision(n, ids, segments, getElementTypeOrSelf(rows.getType()));
  if (scale == Scale::SqrtN)
    counts = n.create<tg::SqrtOp>(counts);
  return n.div(rows, broadcastTrailing(n, counts, n.sizes.sizesOf(rows)));
}

template <Scale scale> LogicalResult importSparseSegment(NodeImporter &n) {
  Value data = n.getTensor(0), indices = n.getTensor(1), ids = n.getTensor(2);
  if (n.getRank(0) < 1 || n.getRank(1) != 1 || n.getRank(2) != 1)
    return n.error() << "indices and segment_ids should be vectors, got " << indices.getType() << " and "
                     << ids.getType();
  if (failed(n.requireEqual(n.sizes.sizeOf(ids, 0), n.sizes.sizeOf(indices, 0),
                            "segment_ids and indices should have same size, got %d and %d")))
    return failure();
  // The gradient is a whole tensor, unless the node asks for rows: then each comes once.
  bool hasRowGradient = n.getBool("sparse_gradient");
  if (n.wantsGradients() && !hasRowGradient)
    data = n.create<tg::WatchOp>(data);
  auto rows = gatherAlong(n, data, toIndices(n, indices), 0);
  if (failed(rows))
    return failure();
  if (auto gather = rows->getDefiningOp<tg::GatherOp>(); gather && n.wantsGradients() && hasRowGradient)
    gather->setAttr(kSumsEqualRows, n.builder.getUnitAttr());
  Size segments = countSegments(n, ids);
  if (n.getNumInputs() > 3) {
    auto wanted = n.getScalarSize(3, "num_segments");
    if (failed(wanted) ||
        failed(n.requireAtMost(segments, *wanted, "segment ids name %d segments, more than num_segments %d")))
      return failure();
    segments = *wanted;
  }
  // Half precision sums in f32.
  Type element = n.getElementType(0);
  Type wide = isa<FloatType>(element) && element.getIntOrFloatBitWidth() < 32 ? Type(n.builder.getF32Type())
                                                                              : element;
  Value sums = reduceRows(n, Kind::Add, n.scalar(wide, 0), segments, n.cast(*rows, wide), ids);
  n.setResult(n.cast(scaleBySegment(n, scale, sums, ids, segments), element));
  return success();
}

/// The gradient of each segment goes to all rows that were summed into it.
template <Scale scale> LogicalResult importSparseSegmentGrad(NodeImporter &n) {
  Value grad = n.getTensor(0), indices = n.getTensor(1), ids = n.getTensor(2);
  auto rowCount = n.getScalarSize(3, "output_dim0");
  if (failed(rowCount))
    return failure();
  if (n.getRank(0) < 1 || n.getRank(1) != 1 || n.getRank(2) != 1)
    return n.error() << "indices and segment_ids should be vectors, got " << indices.getType() << " and "
                     << ids.getType();
  if (failed(n.requireEqual(n.sizes.sizeOf(ids, 0), n.sizes.sizeOf(indices, 0),
                            "segment_ids and indices should have same size, got %d and %d")))
    return failure();
  grad = scaleBySegment(n, scale, grad, ids, n.sizes.sizeOf(grad, 0));
  auto rows = gatherAlong(n, grad, toIndices(n, ids), 0);
  if (failed(rows))
    return failure();
  SmallVector<Size> shape = n.sizes.sizesOf(grad);
  shape[0] = *rowCount;
  n.setResult(
      scatterRows(n, Kind::Add, n.broadcastTo(n.scalar(n.getElementType(0), 0), shape), indices, *rows));
  return success();
}

/// The same for the rows that occur alone, and which they are, ascending.
template <Scale scale> LogicalResult importSparseSegmentGradV2(NodeImporter &n) {
  Value grad = n.getTensor(0), indices = n.getTensor(1), ids = n.getTensor(2);
  if (n.getRank(0) < 1 || n.getRank(1) != 1 || n.getRank(2) != 1)
    return n.error() << "indices and segment_ids should be vectors, got " << indices.getType() << " and "
                     << ids.getType();
  Size count = n.sizes.sizeOf(indices, 0);
  if (failed(n.requireEqual(n.sizes.sizeOf(ids, 0), count,
                            "segment_ids and indices should have same size, got %d and %d")))
    return failure();
  auto rowCount = n.getScalarSize(3, "dense_output_dim0");
  if (failed(rowCount))
    return failure();
  Value limit = n.broadcastTo(n.sizeTensor(*rowCount, n.getElementType(1)), {count});
  n.checkAll(n.compare(Direction::LT, indices, limit), "an index is out of range [0, %d)",
             n.sizes.get(*rowCount));
  Type types[] = {RankedTensorType::get({ShapedType::kDynamic}, n.getElementType(1)),
                  RankedTensorType::get({ShapedType::kDynamic}, n.builder.getI64Type())};
  SmallVector<Value> found = n.hostCall("tgc_kernel_sorted_unique", indices, types, "", {}, /*isPure=*/true,
                                        /*findsSizes=*/true);
  grad = scaleBySegment(n, scale, grad, ids, n.sizes.sizeOf(grad, 0));
  auto rows = gatherAlong(n, grad, toIndices(n, ids), 0);
  if (failed(rows))
    return failure();
  SmallVector<Size> shape = n.sizes.sizesOf(grad);
  shape[0] = n.sizes.sizeOf(found[0], 0);
  Value places = n.withSizes(found[1], {count});
  n.setResult(
      0, scatterRows(n, Kind::Add, n.broadcastTo(n.scalar(n.getElementType(0), 0), shape), places, *rows));
  n.setResult(1, found[0]);
  return success();
}

} // namespace

void registerSegmentOps(OpRegistry &registry) {
  registry.add({"UnsortedSegmentSum", "SegmentSumV2"}, importUnsortedSegment<Kind::Add>);
  registry.add({"UnsortedSegmentProd", "SegmentProdV2"}, importUnsortedSegment<Kind::Mul>);
  registry.add({"UnsortedSegmentMax", "SegmentMaxV2"}, importUnsortedSegment<Kind::Max>);
  registry.add({"UnsortedSegmentMin", "SegmentMinV2"}, importUnsortedSegment<Kind::Min>);
  registry.add({"SegmentSum"}, importSegment<Kind::Add>);
  registry.add({"SegmentProd"}, importSegment<Kind::Mul>);
  registry.add({"SegmentMax"}, importSegment<Kind::Max>);
  registry.add({"SegmentMin"}, importSegment<Kind::Min>);
  registry.add({"SegmentMean"}, importSegmentMean);
  registry.add({"SparseSegmentSum", "SparseSegmentSumWithNumSegments"}, importSparseSegment<Scale::None>);
  registry.add({"SparseSegmentMean", "SparseSegmentMeanWithNumSegments"}, importSparseSegment<Scale::Mean>);
  registry.add({"SparseSegmentSqrtN", "SparseSegmentSqrtNWithNumSegments"},
               importSparseSegment<Scale::SqrtN>);
  registry.add({"SparseSegmentSumGrad"}, importSparseSegmentGrad<Scale::None>);
  registry.add({"SparseSegmentMeanGrad"}, importSparseSegmentGrad<Scale::Mean>);
  registry.add({"SparseSegmentSqrtNGrad"}, importSparseSegmentGrad<Scale::SqrtN>);
  registry.add({"SparseSegmentSumGradV2"}, importSparseSegmentGradV2<Scale::None>);
  registry.add({"SparseSegmentMeanGradV2"}, importSparseSegmentGradV2<Scale::Mean>);
  registry.add({"SparseSegmentSqrtNGradV2"}, importSparseSegmentGradV2<Scale::SqrtN>);
}

} // namespace tgc
