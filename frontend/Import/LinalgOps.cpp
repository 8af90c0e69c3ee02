//===- LinalgOps.cpp - Decompositions and linear systems ------------------===//
//
// Calls of the kernels in runtime/kernels/linalg, over batches of matrices.
//
//===----------------------------------------------------------------------===//

#include "frontend/Import/NodeImporter.h"
#include "frontend/Import/OpRegistry.h"

using namespace mlir;

namespace tgc {
namespace {

using Size = OpFoldResult;

/// The sizes of input `i`, which must be (batches of) matrices.
FailureOr<SmallVector<Size>> getMatrices(NodeImporter &n, size_t i) {
  if (n.getRank(i) >= 2)
    return n.sizes.sizesOf(n.getTensor(i));
  n.error() << "input must have rank >= 2, got " << n.getType(i);
  return failure();
}

FailureOr<SmallVector<Size>> getSquareMatrices(NodeImporter &n, size_t i) {
  auto shape = getMatrices(n, i);
  if (failed(shape) || failed(n.requireEqual((*shape)[shape->size() - 2], shape->back(),
                                             "input matrices must be square, got %d rows and %d columns")))
    return failure();
  return shape;
}

/// The kernels know f32 and f64, and complex numbers of them if `withComplex`; half precision goes through
/// f32.
LogicalResult checkElement(NodeImporter &n, bool withComplex) {
  Type element = n.getElementType(0);
  bool isKnown = isa<FloatType>(element) || (withComplex && isa<ComplexType>(element));
  return isKnown ? success() : LogicalResult(n.error() << "is not supported on " << element);
}

/// Calls a kernel: results of these shapes, all of the inputs' element type but integers where `integers`
/// says so.
SmallVector<Value> callKernel(NodeImporter &n, StringRef kernel, ArrayRef<Value> operands,
                              ArrayRef<SmallVector<Size>> shapes, StringRef config = "",
                              Type lastElement = nullptr) {
  Type element = n.getElementType(0);
  bool isHalf = isa<FloatType>(element) && element.getIntOrFloatBitWidth() < 32;
  Type wide = isHalf ? Type(n.builder.getF32Type()) : element;
  SmallVector<Value> inputs, extents;
  SmallVector<Type> types;
  for (Value operand : operands)
    inputs.push_back(isHalf ? n.cast(operand, wide) : operand);
  for (auto [i, shape] : llvm::enumerate(shapes)) {
    types.push_back(tg::getTypeOfSizes(shape, lastElement && i + 1 == shapes.size() ? lastElement : wide));
    llvm::append_range(extents, tg::getDynamicSizes(shape));
  }
  SmallVector<Value> results = n.hostCall(kernel, inputs, types, config, extents);
  for (auto [i, result] : llvm::enumerate(results)) {
    n.sizes.setSizes(result, shapes[i]);
    if (isHalf && !(lastElement && i + 1 == shapes.size()))
      result = n.cast(result, element);
  }
  return results;
}

void setResults(NodeImporter &n, ArrayRef<Value> results) {
  for (auto [i, result] : llvm::enumerate(results.take_front(n.getOutputs().size())))
    n.setResult(i, result);
}

SmallVector<Size> withLast(ArrayRef<Size> shape, ArrayRef<Size> last, size_t dropped = 2) {
  SmallVector<Size> result(shape.drop_back(dropped));
  llvm::append_range(result, last);
  return result;
}

/// Square matrices to square matrices.
LogicalResult importSquare(NodeImporter &n, StringRef kernel, bool withComplex) {
  auto shape = getSquareMatrices(n, 0);
  if (failed(shape) || failed(checkElement(n, withComplex)))
    return failure();
  setResults(n, callKernel(n, kernel, n.getTensor(0), {*shape}, n.getBool("adjoint") ? "adjoint" : ""));
  return success();
}
LogicalResult importCholesky(NodeImporter &n) { return importSquare(n, "tgc_kernel_cholesky", true); }
LogicalResult importInverse(NodeImporter &n) { return importSquare(n, "tgc_kernel_matrix_inverse", true); }
LogicalResult importExponential(NodeImporter &n) {
  return importSquare(n, "tgc_kernel_matrix_exponential", true);
}
LogicalResult importLogarithm(NodeImporter &n) {
  return importSquare(n, "tgc_kernel_matrix_logarithm", true);
}
LogicalResult importSquareRoot(NodeImporter &n) {
  return importSquare(n, "tgc_kernel_matrix_square_root", true);
}

LogicalResult importCholeskyGrad(NodeImporter &n) {
  auto shape = getSquareMatrices(n, 0);
  if (failed(shape) || failed(checkElement(n, false)))
    return failure();
  auto same = n.withOneShape({n.getTensor(0), n.getTensor(1)});
  if (failed(same))
    return failure();
  setResults(n, callKernel(n, "tgc_kernel_cholesky_gradient", *same, {*shape}));
  return success();
}

/// Determinants, one number a matrix (for the logarithm two).
LogicalResult importDeterminant(NodeImporter &n) {
  auto shape = getSquareMatrices(n, 0);
  if (failed(shape) || failed(checkElement(n, true)))
    return failure();
  bool isLog = n.node.op() == "LogMatrixDeterminant";
  SmallVector<SmallVector<Size>> shapes(isLog ? 2 : 1, withLast(*shape, {}));
  setResults(n, callKernel(n, isLog ? "tgc_kernel_log_matrix_determinant" : "tgc_kernel_matrix_determinant",
                           n.getTensor(0), shapes));
  return success();
}

/// Systems of square matrices; batch dimensions broadcast where the op says so.
LogicalResult importSolve(NodeImporter &n, StringRef kernel, bool broadcasts, StringRef config) {
  auto shape = getSquareMatrices(n, 0), rhs = getMatrices(n, 1);
  if (failed(shape) || failed(rhs) || failed(checkElement(n, true)))
    return failure();
  if (failed(n.requireEqual(shape->back(), (*rhs)[rhs->size() - 2],
                            "Input matrix and rhs are incompatible: %d and %d rows")))
    return failure();
  Value a = n.getTensor(0), b = n.getTensor(1);
  auto batch = n.broadcastSizes(ArrayRef(*shape).drop_back(2), ArrayRef(*rhs).drop_back(2));
  if (failed(batch))
    return failure();
  if (!broadcasts && shape->size() != rhs->size())
    return n.error() << "matrix and rhs must have the same batch dimensions, got " << a.getType() << " and "
                     << b.getType();
  SmallVector<Size> left(*batch), right(*batch);
  llvm::append_range(left, ArrayRef(*shape).take_back(2));
  llvm::append_range(right, ArrayRef(*rhs).take_back(2));
  setResults(n, callKernel(n, kernel, {n.broadcastTo(a, left), n.broadcastTo(b, right)}, {right}, config));
  return success();
}
LogicalResult importMatrixSolve(NodeImporter &n) {
  return importSolve(n, "tgc_kernel_matrix_solve", false, n.getBool("adjoint") ? "adjoint" : "");
}
LogicalResult importTriangularSolve(NodeImporter &n) {
  std::string config =
      std::string(n.getBool("lower") ? "lower" : "upper") + (n.getBool("adjoint") ? " adjoint" : "");
  return importSolve(n, "tgc_kernel_matrix_triangular_solve", true, config);
}

LogicalResult importSolveLs(NodeImporter &n) {
  auto shape = getMatrices(n, 0), rhs = getMatrices(n, 1);
  if (failed(shape) || failed(rhs) || failed(checkElement(n, true)))
    return failure();
  Type element = n.getElementType(0);
  if (shape->size() != rhs->size() || element.isBF16() || element.isF16())
    return n.error() << "expects matrices of the same rank, of f32, f64 or complex numbers of these, got "
                     << n.getType(0) << " and " << n.getType(1);
  for (size_t dim = 0; dim + 1 < shape->size(); ++dim)
    if (failed(n.requireEqual((*shape)[dim], (*rhs)[dim],
                              "matrix and rhs have %d and %d elements in dimension " + Twine(dim))))
      return failure();
  setResults(n,
             callKernel(n, "tgc_kernel_matrix_solve_ls", n.getTensors(0, 3),
                        {withLast(*shape, {shape->back(), rhs->back()})}, n.getBool("fast") ? "fast" : ""));
  return success();
}

LogicalResult importQr(NodeImporter &n) {
  auto shape = getMatrices(n, 0);
  if (failed(shape) || failed(checkElement(n, true)))
    return failure();
  Size rows = (*shape)[shape->size() - 2], columns = shape->back();
  bool isFull = n.getBool("full_matrices");
  Size inner = isFull ? rows : n.sizes.min(rows, columns);
  setResults(n, callKernel(n, "tgc_kernel_qr", n.getTensor(0),
                           {withLast(*shape, {rows, inner}), withLast(*shape, {inner, columns})},
                           isFull ? "full" : ""));
  return success();
}

LogicalResult importLu(NodeImporter &n) {
  auto shape = getSquareMatrices(n, 0);
  auto index = n.getElementTypeAttr("output_idx_type");
  if (failed(shape) || failed(index) || failed(checkElement(n, true)))
    return failure();
  setResults(n, callKernel(n, "tgc_kernel_lu", n.getTensor(0), {*shape, withLast(*shape, {shape->back()})},
                           "", *index));
  return success();
}

/// SelfAdjointEig (version 1) puts the eigenvalues into the first row over the vectors.
LogicalResult importSelfAdjointEig(NodeImporter &n) {
  auto shape = getSquareMatrices(n, 0);
  if (failed(shape) || failed(checkElement(n, true)))
    return failure();
  bool isFirst = n.getOutputs().size() == 1, hasVectors = isFirst || n.getBool("compute_v");
  Size size = shape->back(), none = n.sizes.constant(0);
  SmallVector<Size> vectors = hasVectors ? *shape : withLast(*shape, {none, none});
  SmallVector<Value> results = callKernel(n, "tgc_kernel_self_adjoint_eigen", n.getTensor(0),
                                          {withLast(*shape, {size}), vectors}, hasVectors ? "vectors" : "");
  if (isFirst) {
    Value row = n.reshape(results[0], withLast(*shape, {n.sizes.constant(1), size}));
    auto joined = n.tryCreate<tg::ConcatOp>(ValueRange{row, results[1]},
                                            n.builder.getI64IntegerAttr(shape->size() - 2));
    if (failed(joined))
      return failure();
    results.assign({*joined});
  }
  setResults(n, results);
  return success();
}

LogicalResult importSvd(NodeImporter &n) {
  auto shape = getMatrices(n, 0);
  if (failed(shape) || failed(checkElement(n, true)))
    return failure();
  Size rows = (*shape)[shape->size() - 2], columns = shape->back(), inner = n.sizes.min(rows, columns),
       none = n.sizes.constant(0);
  bool hasVectors = n.getBool("compute_uv"), isFull = n.getBool("full_matrices");
  SmallVector<Size> left = withLast(*shape, {rows, isFull ? rows : inner}),
                    right = withLast(*shape, {columns, isFull ? columns : inner});
  if (!hasVectors)
    left = right = {none};
  std::string config = std::string(hasVectors ? "vectors" : "") + (isFull ? " full" : "");
  setResults(n, callKernel(n, "tgc_kernel_singular_values", n.getTensor(0),
                           {withLast(*shape, {inner}), left, right}, config));
  return success();
}

/// Eigenvalues and vectors are complex, whatever the matrix is.
LogicalResult importEig(NodeImporter &n) {
  auto shape = getSquareMatrices(n, 0);
  auto element = n.getElementTypeAttr("Tout");
  if (failed(shape) || failed(element) || failed(checkElement(n, true)))
    return failure();
  Type real = n.getElementType(0);
  real = isa<ComplexType>(real) ? cast<ComplexType>(real).getElementType() : real;
  if (*element != ComplexType::get(real))
    return n.error() << "Tout must be complex numbers of the input's precision, got " << *element;
  bool hasVectors = n.getBool("compute_v");
  Size none = n.sizes.constant(0);
  SmallVector<SmallVector<Size>> shapes{withLast(*shape, {shape->back()}),
                                        hasVectors ? *shape : withLast(*shape, {none, none})};
  SmallVector<Type> types;
  SmallVector<Value> extents;
  for (ArrayRef<Size> sizes : shapes) {
    types.push_back(tg::getTypeOfSizes(sizes, *element));
    llvm::append_range(extents, tg::getDynamicSizes(sizes));
  }
  SmallVector<Value> results =
      n.hostCall("tgc_kernel_general_eigen", n.getTensor(0), types, hasVectors ? "vectors" : "", extents);
  for (auto [result, sizes] : llvm::zip_equal(results, shapes))
    n.sizes.setSizes(result, sizes);
  setResults(n, results);
  return success();
}

//===----------------------------------------------------------------------===//
// Few diagonals
//===----------------------------------------------------------------------===//

/// The system's rows, and right-hand sides of the same batch.
LogicalResult checkSides(NodeImporter &n, size_t rhs, ArrayRef<Size> left) {
  auto right = getMatrices(n, rhs);
  if (failed(right))
    return failure();
  if (right->size() != left.size())
    return n.error() << "the matrix and the right-hand sides must have one rank, got " << n.getType(0)
                     << " and " << n.getType(rhs);
  for (size_t dim = 0; dim + 2 < left.size(); ++dim)
    if (failed(n.requireEqual(left[dim], (*right)[dim], "batch dimensions of %d and %d differ")))
      return failure();
  return n.requireEqual(left.back(), (*right)[right->size() - 2], "diagonals of %d elements, %d rows");
}

LogicalResult importTridiagonalSolve(NodeImporter &n) {
  auto shape = getMatrices(n, 0);
  if (failed(shape) || failed(checkElement(n, true)) || failed(checkSides(n, 1, *shape)) ||
      failed(n.requireEqual((*shape)[shape->size() - 2], n.sizes.constant(3),
                            "there are %d diagonals, expected %d")))
    return failure();
  if (n.getBool("perturb_singular"))
    return n.error() << "perturb_singular is not supported";
  setResults(n, callKernel(n, "tgc_kernel_tridiagonal_solve", n.getTensors(0, 2),
                           {n.sizes.sizesOf(n.getTensor(1))}, n.getBool("partial_pivoting") ? "pivot" : ""));
  return success();
}

/// Batch dimensions broadcast.
LogicalResult importBandedSolve(NodeImporter &n) {
  auto shape = getMatrices(n, 0), rhs = getMatrices(n, 1);
  if (failed(shape) || failed(rhs) || failed(checkElement(n, true)))
    return failure();
  auto batch = n.broadcastSizes(ArrayRef(*shape).drop_back(2), ArrayRef(*rhs).drop_back(2));
  if (failed(batch) ||
      failed(n.requireEqual(shape->back(), (*rhs)[rhs->size() - 2], "bands of %d elements, %d rows")) ||
      failed(n.requireAtMost((*shape)[shape->size() - 2], shape->back(), "%d bands for a matrix of %d rows")))
    return failure();
  SmallVector<Size> left(*batch), right(*batch);
  llvm::append_range(left, ArrayRef(*shape).take_back(2));
  llvm::append_range(right, ArrayRef(*rhs).take_back(2));
  std::string config =
      std::string(n.getBool("lower") ? "lower" : "upper") + (n.getBool("adjoint") ? " adjoint" : "");
  setResults(n, callKernel(n, "tgc_kernel_banded_solve",
                           {n.broadcastTo(n.getTensor(0), left), n.broadcastTo(n.getTensor(1), right)},
                           {right}, config));
  return success();
}

/// (upper, main, lower diagonal [..., 1, n], x [..., n, k]): each row is that of its neighbours too.
LogicalResult importTridiagonalMatMul(NodeImporter &n) {
  auto shape = getMatrices(n, 3);
  if (failed(shape))
    return failure();
  Value x = n.getTensor(3);
  int64_t rank = shape->size(), row = rank - 2;
  Size one = n.sizes.constant(1), zero = n.sizes.constant(0), size = (*shape)[row];
  SmallVector<Size> diagonal = withLast(*shape, {one, size}), column = withLast(*shape, {size, one}),
                    none(rank, zero), first(none), second(none);
  auto same = n.withShape(n.getTensors(0, 3), diagonal);
  if (failed(same))
    return failure();
  auto times = [&](size_t i, Value part) {
    return n.mul(n.broadcastTo(n.reshape((*same)[i], column), *shape), part);
  };
  // x one row up or down, with zeros for the row that comes in.
  Value empty = n.scalar(getElementTypeOrSelf(x.getType()), 0);
  auto moved = [&](int64_t by) {
    SmallVector<Size> low(none), high(none);
    low[row] = n.sizes.constant(by);
    high[row] = n.sizes.constant(-by);
    return n.withSizes(n.pad(x, empty, low, high, SmallVector<int64_t>(rank, 0)), *shape);
  };
  n.setResult(n.add(n.add(times(0, moved(-1)), times(1, x)), times(2, moved(1))));
  return success();
}

} // namespace

void registerLinalgOps(OpRegistry &registry) {
  registry.add({"Cholesky", "BatchCholesky"}, importCholesky);
  registry.add({"MatrixInverse", "BatchMatrixInverse"}, importInverse);
  registry.add({"MatrixExponential"}, importExponential);
  registry.add({"MatrixLogarithm"}, importLogarithm);
  registry.add({"MatrixSquareRoot"}, importSquareRoot);
  registry.add({"CholeskyGrad"}, importCholeskyGrad);
  registry.add({"Eig"}, importEig);
  registry.add({"TridiagonalSolve"}, importTridiagonalSolve);
  registry.add({"TridiagonalMatMul"}, importTridiagonalMatMul);
  registry.add({"BandedTriangularSolve"}, importBandedSolve);
  registry.add({"MatrixDeterminant", "BatchMatrixDeterminant", "LogMatrixDeterminant"}, importDeterminant);
  registry.add({"MatrixSolve", "BatchMatrixSolve"}, importMatrixSolve);
  registry.add({"MatrixTriangularSolve", "BatchMatrixTriangularSolve"}, importTriangularSolve);
  registry.add({"MatrixSolveLs", "BatchMatrixSolveLs"}, importSolveLs);
  registry.add({"Qr"}, importQr);
  registry.add({"Lu"}, importLu);
  registry.add({"SelfAdjointEig", "BatchSelfAdjointEig", "SelfAdjointEigV2", "BatchSelfAdjointEigV2"},
               importSelfAdjointEig);
  registry.add({"Svd", "BatchSvd"}, importSvd);
}

} // namespace tgc
