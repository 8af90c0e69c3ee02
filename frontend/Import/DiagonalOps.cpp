//===- DiagonalOps.cpp - Diagonals of matrices ----------------------------===//
//
// The diagonals [lower, upper] of a matrix are packed as [upper - lower + 1, length], the highest first, the
// shorter ones aligned left or right. Packing and unpacking are gathers whose indices are arithmetic on the
// coordinates.
//
//===----------------------------------------------------------------------===//

#include "frontend/Import/Indexing.h"
#include "frontend/Import/OpRegistry.h"

using namespace mlir;

namespace tgc {
namespace {

using Size = OpFoldResult;
using Direction = tg::ComparisonDirection;

struct Band {
  int64_t lower = 0, upper = 0;
  bool alignUpperLeft = true, alignLowerLeft = true;
  int64_t count() const { return upper - lower + 1; }
};

/// `k` is input `i`: one number or two. The first versions of the ops have none: the main diagonal.
FailureOr<Band> getBand(NodeImporter &n, std::optional<size_t> i) {
  Band band;
  StringRef align = n.getString("align");
  band.alignUpperLeft = !align.starts_with("RIGHT");
  band.alignLowerLeft = !align.ends_with("RIGHT");
  if (!i)
    return band;
  auto k = n.getConstants(*i, "k");
  if (failed(k))
    return failure();
  if (k->empty() || k->size() > 2 || k->front() > k->back()) {
    n.error() << "k must be a number or two ascending ones, got " << k->size();
    return failure();
  }
  band.lower = k->front();
  band.upper = k->back();
  return band;
}

/// Integer arithmetic on coordinates, all of one shape.
class Coordinates {
public:
  Coordinates(NodeImporter &n, ArrayRef<Size> shape) : n(n), shape(shape) {}
  Value axis(int64_t dim) { return n.iota(shape, type(), dim); }
  Value number(Size value) { return n.sizeTensor(value, type(), shape); }
  Value number(int64_t value) { return number(n.sizes.constant(value)); }
  Value max(Value a, Value b) { return n.create<tg::MaximumOp>(a, b); }
  Value min(Value a, Value b) { return n.create<tg::MinimumOp>(a, b); }
  Value andAll(ArrayRef<Value> conditions) {
    Value all = conditions.front();
    for (Value condition : conditions.drop_front())
      all = n.create<tg::AndOp>(all, condition);
    return all;
  }
  Value atLeast(Value a, Value b) { return n.compare(Direction::GE, a, b); }
  Value below(Value a, Value b) { return n.compare(Direction::LT, a, b); }
  /// The number of elements of diagonal `d` of a rows x columns matrix.
  Value diagonalLength(Value d, Size rows, Size columns) {
    Value zero = number(static_cast<int64_t>(0));
    return min(n.add(number(rows), min(d, zero)), n.sub(number(columns), max(d, zero)));
  }
  /// Where diagonal `d` starts in its row of the packed form.
  Value padding(Value d, const Band &band, Value length, Size packedLength) {
    Value zero = number(static_cast<int64_t>(0));
    if (band.alignUpperLeft && band.alignLowerLeft)
      return zero;
    Value right = n.sub(number(packedLength), length);
    Value upper = band.alignUpperLeft ? zero : right, lower = band.alignLowerLeft ? zero : right;
    return n.select(atLeast(d, zero), upper, lower);
  }

private:
  Type type() { return n.builder.getI64Type(); }
  NodeImporter &n;
  SmallVector<Size> shape;
};

/// The longest of the diagonals of the band.
Size packedLength(NodeImporter &n, const Band &band, Size rows, Size columns) {
  return n.sizes.min(n.sizes.add(rows, n.sizes.constant(std::min<int64_t>(band.upper, 0))),
                     n.sizes.sub(columns, n.sizes.constant(std::max<int64_t>(band.lower, 0))));
}

/// The last `taken` dimensions of x as one.
Value flattenLast(NodeImporter &n, Value x, int64_t taken) {
  SmallVector<Size> shape = n.sizes.sizesOf(x);
  Size last = n.sizes.product(ArrayRef(shape).take_back(taken));
  shape.resize(shape.size() - taken);
  shape.push_back(last);
  return n.reshape(x, shape);
}

/// A [rows, columns] condition for all matrices of `shape`.
Value forAll(NodeImporter &n, Value condition, ArrayRef<Size> shape) {
  return n.broadcastTo(condition, shape);
}

/// Packed diagonals of `band` as matrices; elsewhere what `background` has (of the result's type).
FailureOr<Value> unpack(NodeImporter &n, Value diagonals, const Band &band, Size length, Value background) {
  SmallVector<Size> shape = n.sizes.sizesOf(background);
  Size rows = shape[shape.size() - 2], columns = shape.back();
  Coordinates c(n, {rows, columns});
  Value d = n.sub(c.axis(1), c.axis(0)), zero = c.number(static_cast<int64_t>(0));
  Value isInside = c.andAll({c.atLeast(d, c.number(band.lower)), c.atLeast(c.number(band.upper), d)});
  Value position = n.sub(c.axis(1), c.max(d, zero));
  position = n.add(position, c.padding(d, band, c.diagonalLength(d, rows, columns), length));
  Value row = n.sub(c.number(band.upper), d);
  Value index = n.select(isInside, n.add(n.mul(row, c.number(length)), position), zero);
  auto picked = gatherAlong(n, diagonals, index, cast<RankedTensorType>(diagonals.getType()).getRank() - 1);
  if (failed(picked))
    return failure();
  return n.select(forAll(n, isInside, shape), n.broadcastTo(*picked, shape), background);
}

/// Diagonals with their last dimensions as one, and the length of a row of them.
FailureOr<Size> flattenDiagonals(NodeImporter &n, Value &diagonals, const Band &band) {
  int64_t rank = cast<RankedTensorType>(diagonals.getType()).getRank();
  if (rank < (band.count() > 1 ? 2 : 1)) {
    n.error() << "diagonal has rank " << rank << ", too few for " << band.count() << " diagonals";
    return failure();
  }
  Size length = n.sizes.sizeOf(diagonals, rank - 1);
  if (band.count() == 1)
    return length;
  if (failed(n.requireEqual(n.sizes.sizeOf(diagonals, rank - 2), n.sizes.constant(band.count()),
                            "diagonal has %d rows, k names %d diagonals")))
    return failure();
  diagonals = flattenLast(n, diagonals, 2);
  return length;
}

LogicalResult importMatrixDiag(NodeImporter &n) {
  bool isFirst = n.getNumInputs() == 1;
  auto band = getBand(n, isFirst ? std::nullopt : std::optional<size_t>(1));
  if (failed(band))
    return failure();
  Value diagonals = n.getTensor(0);
  auto length = flattenDiagonals(n, diagonals, *band);
  if (failed(length))
    return failure();
  IndexBuilder &s = n.sizes;
  Size rows = s.constant(-1), columns = rows, unknown = rows;
  if (!isFirst) {
    auto givenRows = n.getScalarSize(2, "num_rows"), givenColumns = n.getScalarSize(3, "num_cols");
    if (failed(givenRows) || failed(givenColumns))
      return failure();
    rows = *givenRows;
    columns = *givenColumns;
  }
  // The smallest matrix that has diagonals of this length.
  Size minRows = s.add(*length, s.constant(-std::min<int64_t>(band->upper, 0))),
       minColumns = s.add(*length, s.constant(std::max<int64_t>(band->lower, 0)));
  bool rowsOpen = IndexBuilder::isEqual(rows, unknown), columnsOpen = IndexBuilder::isEqual(columns, unknown);
  if (rowsOpen && columnsOpen)
    rows = columns = s.max(minRows, minColumns);
  else if (rowsOpen)
    rows = minRows;
  else if (columnsOpen)
    columns = minColumns;
  if (failed(n.requireAtMost(minRows, rows,
                             "The number of rows is too small: at least %d are needed, got %d")) ||
      failed(n.requireAtMost(minColumns, columns,
                             "The number of columns is too small: at least %d are needed, got %d")) ||
      (!isFirst &&
       failed(n.requireEqual(packedLength(n, *band, rows, columns), *length,
                             "The diagonals of the matrix are up to %d long, diagonal has %d columns"))))
    return failure();
  SmallVector<Size> shape = s.sizesOf(diagonals);
  shape.back() = rows;
  shape.push_back(columns);
  Value padding = isFirst ? n.scalar(n.getElementType(0), 0) : n.getTensor(4);
  auto result = unpack(n, diagonals, *band, *length, n.broadcastTo(padding, shape));
  if (failed(result))
    return failure();
  n.setResult(*result);
  return success();
}

LogicalResult importMatrixDiagPart(NodeImporter &n) {
  bool isFirst = n.getNumInputs() == 1;
  auto band = getBand(n, isFirst ? std::nullopt : std::optional<size_t>(1));
  if (failed(band))
    return failure();
  Value x = n.getTensor(0);
  SmallVector<Size> shape = n.sizes.sizesOf(x);
  int64_t rank = shape.size();
  if (rank < 2)
    return n.error() << "input must be at least 2-dim, received shape: " << x.getType();
  Size rows = shape[rank - 2], columns = shape[rank - 1], length = packedLength(n, *band, rows, columns);
  // The main diagonal is one of any matrix, be it without elements.
  int64_t neededRows = band->lower < 0 ? 1 - band->lower : 0,
          neededColumns = band->upper > 0 ? 1 + band->upper : 0;
  if (failed(n.requireAtMost(n.sizes.constant(neededRows), rows,
                             "lower diagonal index is out of bound: %d rows are needed, got %d")) ||
      failed(n.requireAtMost(n.sizes.constant(neededColumns), columns,
                             "upper diagonal index is out of bound: %d columns are needed, got %d")))
    return failure();
  Coordinates c(n, {n.sizes.constant(band->count()), length});
  Value d = n.sub(c.number(band->upper), c.axis(0)), zero = c.number(static_cast<int64_t>(0));
  Value diagonalLength = c.diagonalLength(d, rows, columns);
  Value position = n.sub(c.axis(1), c.padding(d, *band, diagonalLength, length));
  Value isInside = c.andAll({c.atLeast(position, zero), c.below(position, diagonalLength)});
  Value row = n.sub(position, c.min(d, zero)), column = n.add(position, c.max(d, zero));
  Value index = n.select(isInside, n.add(n.mul(row, c.number(columns)), column), zero);
  auto picked = gatherAlong(n, flattenLast(n, x, 2), index, rank - 2);
  if (failed(picked))
    return failure();
  SmallVector<Size> packed(ArrayRef(shape).drop_back(2));
  packed.push_back(n.sizes.constant(band->count()));
  packed.push_back(length);
  Value result = *picked;
  if (band->count() > 1) {
    Value padding = isFirst ? n.scalar(n.getElementType(0), 0) : n.getTensor(2);
    result =
        n.select(forAll(n, isInside, packed), n.broadcastTo(result, packed), n.broadcastTo(padding, packed));
  } else {
    packed.erase(packed.end() - 2);
    result = n.reshape(result, packed);
  }
  n.setResult(result);
  return success();
}

LogicalResult importMatrixSetDiag(NodeImporter &n) {
  auto band = getBand(n, n.getNumInputs() == 2 ? std::nullopt : std::optional<size_t>(2));
  if (failed(band))
    return failure();
  Value x = n.getTensor(0), diagonals = n.getTensor(1);
  SmallVector<Size> shape = n.sizes.sizesOf(x);
  if (shape.size() < 2)
    return n.error() << "input must be at least 2-dim, received shape: " << x.getType();
  auto length = flattenDiagonals(n, diagonals, *band);
  if (failed(length) ||
      failed(n.requireEqual(packedLength(n, *band, shape[shape.size() - 2], shape.back()), *length,
                            "The diagonals of the matrix are up to %d long, diagonal has %d columns")))
    return failure();
  if (cast<RankedTensorType>(diagonals.getType()).getRank() + 1 != n.getRank(0))
    return n.error() << "diagonal " << n.getType(1) << " does not fit input " << x.getType();
  auto result = unpack(n, diagonals, *band, *length, x);
  if (failed(result))
    return failure();
  n.setResult(*result);
  return success();
}

/// What lies further below or above the main diagonal is zero; a negative width keeps all.
LogicalResult importMatrixBandPart(NodeImporter &n) {
  Value x = n.getTensor(0);
  SmallVector<Size> shape = n.sizes.sizesOf(x);
  if (shape.size() < 2)
    return n.error() << "input must be at least 2-dim, received shape: " << x.getType();
  auto lower = n.getScalarSize(1, "num_lower"), upper = n.getScalarSize(2, "num_upper");
  if (failed(lower) || failed(upper))
    return failure();
  Size rows = shape[shape.size() - 2], columns = shape.back();
  auto orAll = [&](Size width, Size all) {
    if (auto value = IndexBuilder::getConstant(width))
      return *value < 0 ? all : width;
    return n.sizes.select(n.sizes.compare(arith::CmpIPredicate::slt, width, n.sizes.constant(0)), all, width);
  };
  Coordinates c(n, {rows, columns});
  Value i = c.axis(0), j = c.axis(1);
  Value isInside = c.andAll({c.atLeast(c.number(orAll(*lower, rows)), n.sub(i, j)),
                             c.atLeast(c.number(orAll(*upper, columns)), n.sub(j, i))});
  n.setResult(n.select(forAll(n, isInside, shape), x, n.splatLike(x, 0)));
  return success();
}

//===----------------------------------------------------------------------===//
// Diag: of a tensor of any rank, with all dimensions doubled
//===----------------------------------------------------------------------===//

LogicalResult importDiag(NodeImporter &n) {
  Value x = n.getTensor(0);
  SmallVector<Size> shape = n.sizes.sizesOf(x);
  if (shape.empty())
    return n.error() << "Input must be at least rank 1, got 0";
  Size total = n.sizes.product(shape);
  Value zeros = n.broadcastTo(n.scalar(n.getElementType(0), 0), {total, total});
  auto matrix = unpack(n, n.reshape(x, {total}), Band(), total, zeros);
  if (failed(matrix))
    return failure();
  SmallVector<Size> doubled(shape);
  llvm::append_range(doubled, shape);
  n.setResult(n.reshape(*matrix, doubled));
  return success();
}

LogicalResult importDiagPart(NodeImporter &n) {
  Value x = n.getTensor(0);
  SmallVector<Size> shape = n.sizes.sizesOf(x);
  size_t half = shape.size() / 2;
  if (shape.empty() || shape.size() % 2)
    return n.error() << "The rank of the tensor should be even and positive, got " << x.getType();
  for (size_t dim = 0; dim < half; ++dim)
    if (failed(n.requireEqual(shape[dim], shape[dim + half],
                              "Invalid shape: dimensions " + Twine(dim) + " and " + Twine(dim + half) +
                                  " do not match, got %d and %d")))
      return failure();
  shape.resize(half);
  Size total = n.sizes.product(shape);
  Type element = n.builder.getI64Type();
  Value step = n.sizeTensor(n.sizes.add(total, n.sizes.constant(1)), element, {total});
  auto picked =
      gatherAlong(n, n.reshape(x, {n.sizes.mul(total, total)}), n.mul(n.iota({total}, element, 0), step), 0);
  if (failed(picked))
    return failure();
  n.setResult(n.reshape(*picked, shape));
  return success();
}

} // namespace

void registerDiagonalOps(OpRegistry &registry) {
  registry.add({"MatrixDiag", "BatchMatrixDiag", "MatrixDiagV2", "MatrixDiagV3"}, importMatrixDiag);
  registry.add({"MatrixDiagPart", "BatchMatrixDiagPart", "MatrixDiagPartV2", "MatrixDiagPartV3"},
               importMatrixDiagPart);
  registry.add({"MatrixSetDiag", "BatchMatrixSetDiag", "MatrixSetDiagV2", "MatrixSetDiagV3"},
               importMatrixSetDiag);
  registry.add({"MatrixBandPart", "BatchMatrixBandPart"}, importMatrixBandPart);
  registry.add({"Diag"}, importDiag);
  registry.add({"DiagPart"}, importDiagPart);
}

} // namespace tgc
