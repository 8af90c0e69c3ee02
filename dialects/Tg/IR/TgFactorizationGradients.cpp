//===- TgFactorizationGradients.cpp - Gradients of decompositions ---------===//
//
// QR: Walter, Lehmann: Algorithmic differentiation of linear algebra functions (2010), and Roberts, Roberts:
// QR and LQ decomposition matrix backpropagation algorithms (2020) for wide matrices. Singular values:
// Townsend: Differentiating the singular value decomposition (2016). Eigenvalues and LU: Giles: Collected
// matrix derivative results for forward and reverse mode algorithmic differentiation (2008). Exponential:
// Mathias: A chain rule for matrix functions (1996).
//
//===----------------------------------------------------------------------===//

#include "dialects/Tg/IR/MatrixCall.h"

using namespace mlir;

namespace tgc::tg {
namespace {

using Direction = ComparisonDirection;
using Gradients = SmallVector<Value>;
using Size = OpFoldResult;

/// One over x, and zero where x is: equal singular values or eigenvalues have no vectors of their own.
Value invertOrZero(GradientBuilder &g, Value x) { return g.div(x, g.add(g.square(x), 1e-20)); }

/// 1 / (x_j - x_i) off the diagonal, for rows i and columns j of matrices like `like`.
Value invertDifferences(const MatrixCall &c, Value x, Value like) {
  Value differences = c.g.sub(c.spreadColumns(x, like), c.spreadRows(x, like));
  return c.part(Direction::NE, invertOrZero(c.g, differences));
}

Value orZero(GradientBuilder &g, Value gradient, Value like) {
  return gradient ? gradient : g.number(like, 0);
}

/// Columns [from, to) of matrices.
Value sliceColumns(const MatrixCall &c, Value x, int64_t from, int64_t to) {
  SmallVector<OpFoldResult> sizes = c.g.getSizes(x), offsets(sizes.size(), c.g.size(0));
  offsets.back() = c.g.size(from);
  sizes.back() = c.g.size(to - from);
  return c.g.slice(x, offsets, sizes);
}

/// Of q and r with as many columns as q.
Value buildTallQr(const MatrixCall &c, Value q, Value r, Value dq, Value dr) {
  GradientBuilder &g = c.g;
  Value m = g.sub(c.matmul(r, false, dr, true), c.matmul(dq, true, q, false));
  // The lower triangle on both sides of the diagonal, whose imaginary part is fixed by that of r being zero.
  Value below = c.part(Direction::GT, m), diagonal = c.part(Direction::EQ, m);
  Value real = g.mul(g.add(diagonal, g.conj(diagonal)), 0.5);
  Value inner = g.add(dq, c.matmul(q, false, g.add(g.add(below, c.adjoint(below)), real), false));
  return c.adjoint(c.solveTriangular(r, c.adjoint(inner), "upper"));
}

FailureOr<Value> buildQr(const MatrixCall &c, ArrayRef<Value> gradients) {
  GradientBuilder &g = c.g;
  Value q = c.op.getResult(0), r = c.op.getResult(1);
  int64_t rows = c.rows(c.operand(0)), columns = c.columns(c.operand(0));
  if (ShapedType::isDynamic(rows) || ShapedType::isDynamic(columns) ||
      c.columns(q) != std::min(rows, columns))
    return FailureOr<Value>(
        mlir::emitError(c.op.getLoc())
        << "the gradient of a QR decomposition needs matrices of known size and, if they have more rows "
           "than columns, full_matrices=false; got "
        << c.operand(0).getType());
  Value dq = orZero(g, gradients[0], q), dr = c.part(Direction::LE, orZero(g, gradients[1], r));
  if (rows >= columns)
    return buildTallQr(c, q, r, dq, dr);
  // [x y] = q [u v]: y is q v.
  Value y = sliceColumns(c, c.operand(0), rows, columns), dv = sliceColumns(c, dr, rows, columns);
  Value dx = buildTallQr(c, q, sliceColumns(c, r, 0, rows), g.add(dq, c.matmul(y, false, dv, true)),
                         sliceColumns(c, dr, 0, rows));
  return g.concat({dx, c.matmul(q, false, dv, false)}, g.getRank(dx) - 1);
}

Value buildLu(const MatrixCall &c, Value gradient) {
  GradientBuilder &g = c.g;
  Value packed = c.op.getResult(0), rows = c.op.getResult(1);
  Value lower = g.add(c.part(Direction::GT, packed), c.identity(packed)),
        upper = c.part(Direction::LE, packed);
  Value dLower = c.part(Direction::GT, c.matmul(lower, true, c.part(Direction::GT, gradient), false));
  Value dUpper = c.part(Direction::LE, c.matmul(c.part(Direction::LE, gradient), false, upper, true));
  Value inner = c.solveTriangular(lower, g.add(dLower, dUpper), "lower adjoint");
  inner = c.adjoint(c.solveTriangular(upper, c.adjoint(inner), "upper"));
  // Row i of the factors is row `rows[i]` of the matrix.
  int64_t rank = g.getRank(packed);
  Value row = g.broadcastAlong(rows, {rank - 1}, g.getSizes(packed));
  Value column = g.iota(g.getSizes(packed), g.getType(rows).getElementType(), rank - 1);
  Value isRow = g.compare(Direction::EQ, g.refine(row, column.getType()), column);
  Value permutation = g.select(g.refine(isRow, withElementType(packed.getType(), g.builder.getI1Type())),
                               g.number(packed, 1), g.number(packed, 0));
  return c.matmul(permutation, true, inner, false);
}

/// Values and vectors of a kernel that was called for the values only.
SmallVector<Value> callForVectors(const MatrixCall &c, ArrayRef<SmallVector<OpFoldResult>> vectors) {
  Value values = c.op.getResult(0);
  Type element = c.g.getType(values).getElementType();
  SmallVector<Type> types{values.getType()};
  SmallVector<OpFoldResult> sizes = c.g.getSizes(values);
  for (ArrayRef<OpFoldResult> shape : vectors) {
    types.push_back(getTypeOfSizes(shape, element));
    llvm::append_range(sizes, shape);
  }
  return c.callAll(c.op.getKernel(), c.operand(0), types, sizes, "vectors");
}

/// The kernel reads the lower triangle only.
Value buildSelfAdjointEigen(const MatrixCall &c, ArrayRef<Value> gradients) {
  GradientBuilder &g = c.g;
  bool hasVectors = c.op.getConfig().contains("vectors");
  SmallVector<Value> parts(c.op.getResults());
  if (!hasVectors)
    parts = callForVectors(c, {g.getSizes(c.operand(0))});
  Value values = parts[0], vectors = parts[1], inner = g.number(c.operand(0), 0);
  if (gradients[0])
    inner = c.part(Direction::EQ, c.spreadColumns(gradients[0], inner));
  if (hasVectors && gradients[1])
    inner = g.add(inner,
                  g.mul(invertDifferences(c, values, inner), c.matmul(vectors, true, gradients[1], false)));
  Value full = c.matmul(c.matmul(vectors, false, inner, false), false, vectors, true);
  Value sum = g.add(full, c.adjoint(full));
  return g.add(c.part(Direction::GT, sum), g.mul(c.part(Direction::EQ, sum), 0.5));
}

FailureOr<Value> buildSingularValues(const MatrixCall &c, ArrayRef<Value> gradients) {
  GradientBuilder &g = c.g;
  Value a = c.operand(0);
  bool hasVectors = c.op.getConfig().contains("vectors");
  int64_t rows = c.rows(a), columns = c.columns(a);
  bool isFull = hasVectors && c.op.getConfig().contains("full");
  if (isFull &&
      (ShapedType::isDynamic(rows) || ShapedType::isDynamic(columns) || std::abs(rows - columns) > 1))
    return FailureOr<Value>(
        mlir::emitError(c.op.getLoc())
        << "the gradient of singular vectors of " << a.getType()
        << " needs full_matrices=false: vectors that belong to no singular value are not unique");
  SmallVector<Value> parts(c.op.getResults());
  if (!hasVectors) {
    SmallVector<OpFoldResult> left = g.getSizes(a), right = left;
    OpFoldResult inner = g.getSizes(parts[0]).back();
    right[right.size() - 2] = left.back();
    left.back() = right.back() = inner;
    parts = callForVectors(c, {left, right});
  }
  Value s = parts[0], u = parts[1], v = parts[2], du = hasVectors ? gradients[1] : Value(),
        dv = hasVectors ? gradients[2] : Value();
  // The one vector that belongs to no singular value: orthogonal to the others, it turns as they do.
  Value left, right, dLeft, dRight;
  int64_t inner = std::min(rows, columns);
  auto splitLast = [&](Value &vectors, Value &gradient, Value &last, Value &dLast) {
    last = sliceColumns(c, vectors, inner, inner + 1);
    vectors = sliceColumns(c, vectors, 0, inner);
    dLast = gradient ? sliceColumns(c, gradient, inner, inner + 1) : Value();
    gradient = gradient ? sliceColumns(c, gradient, 0, inner) : Value();
  };
  if (isFull && rows > columns)
    splitLast(u, du, left, dLeft);
  if (isFull && rows < columns)
    splitLast(v, dv, right, dRight);
  Value like = c.matmul(u, true, u, false), middle = g.number(like, 0);
  if (gradients[0])
    middle = c.part(Direction::EQ, c.spreadColumns(gradients[0], like));
  // F is antisymmetric: 1 / (s_j^2 - s_i^2).
  Value f = du || dv ? invertDifferences(c, g.square(s), like) : Value();
  Value sigma = c.spreadColumns(s, like), inverse = invertOrZero(g, s), result;
  auto antisymmetric = [&](Value vectors, Value gradient) {
    Value product = c.matmul(vectors, true, gradient, false);
    return g.mul(f, g.sub(product, c.adjoint(product)));
  };
  // What of a gradient is orthogonal to the vectors, divided by the singular values.
  auto outside = [&](Value vectors, Value gradient) {
    Value rest = g.sub(gradient, c.matmul(vectors, false, c.matmul(vectors, true, gradient, false), false));
    return g.mul(rest, c.spreadColumns(inverse, rest));
  };
  if (du)
    middle = g.add(middle, g.mul(antisymmetric(u, du), sigma));
  if (dv)
    middle = g.add(middle, g.mul(antisymmetric(v, dv), c.spreadRows(s, like)));
  result = c.matmul(c.matmul(u, false, middle, false), false, v, true);
  if (du)
    result = g.add(result, c.matmul(outside(u, du), false, v, true));
  if (dv)
    result = g.add(result, c.matmul(u, false, outside(v, dv), true));
  auto turned = [&](Value vectors, Value last, Value dLast) {
    Value weights = c.matmul(vectors, true, dLast, false);
    return g.mul(c.matmul(last, false, weights, true),
                 c.spreadColumns(inverse, c.matmul(last, false, weights, true)));
  };
  if (dLeft)
    result = g.sub(result, c.matmul(turned(u, left, dLeft), false, v, true));
  if (dRight)
    result = g.sub(result, c.matmul(u, false, turned(v, right, dRight), true));
  return g.refine(result, a.getType());
}

/// Of any square matrix; a real one takes the real part of what is complex.
Value buildGeneralEigen(const MatrixCall &c, ArrayRef<Value> gradients) {
  GradientBuilder &g = c.g;
  Value a = c.operand(0);
  bool hasVectors = c.op.getConfig().contains("vectors");
  SmallVector<Value> parts(c.op.getResults());
  if (!hasVectors)
    parts = callForVectors(c, {g.getSizes(a)});
  Value values = parts[0], vectors = parts[1], inner = g.number(vectors, 0);
  if (gradients[0])
    inner = c.part(Direction::EQ, c.spreadColumns(gradients[0], inner));
  if (hasVectors && gradients[1]) {
    // Vectors have norm one: what would change their length does not count.
    Value product = c.matmul(vectors, true, gradients[1], false);
    Value lengths = c.part(Direction::EQ, g.mul(g.add(product, g.conj(product)), 0.5));
    Value rest = g.sub(product, c.matmul(c.matmul(vectors, true, vectors, false), false, lengths, false));
    inner = g.add(inner, g.mul(g.conj(invertDifferences(c, values, inner)), rest));
  }
  Value left = c.adjoint(vectors), right = c.matmul(inner, false, vectors, true);
  Value result = c.call("tgc_kernel_matrix_solve", {left, right}, right);
  return isa<ComplexType>(g.getType(a).getElementType()) ? result : g.unary<RealOp>(result, a.getType());
}

/// The exponential of [[a* d] [0 a*]] holds the derivative of exp at a* in direction d.
Value buildExponential(const MatrixCall &c, Value gradient) {
  GradientBuilder &g = c.g;
  Value a = c.adjoint(c.operand(0)), zero = g.number(a, 0);
  int64_t rank = g.getRank(a);
  Value block = g.concat(
      {g.concat({a, g.refine(gradient, a.getType())}, rank - 1), g.concat({zero, a}, rank - 1)}, rank - 2);
  Value result = c.call("tgc_kernel_matrix_exponential", block, block);
  SmallVector<OpFoldResult> sizes = g.getSizes(a), offsets(rank, g.size(0));
  offsets.back() = sizes.back();
  return g.slice(result, offsets, sizes);
}

/// The root r with r r = a: r* x + x r* = dy is a system of as many equations as matrices have elements.
Value buildSquareRoot(const MatrixCall &c, Value dy) {
  GradientBuilder &g = c.g;
  Value root = c.op.getResult(0), adjoint = c.adjoint(root), unit = c.identity(root);
  SmallVector<Size> sizes = g.getSizes(root), batch(ArrayRef(sizes).drop_back(2)), whole = batch,
                    square = batch, column = batch;
  Size n = sizes.back(), all = g.mulSizes(n, n);
  whole.append({n, n, n, n});
  square.append({all, all});
  column.append({all, g.size(1)});
  int64_t first = batch.size();
  // [i, j, k, l]: element (i, k) of the left factor times (j, l) of the right one.
  auto kronecker = [&](Value left, Value right) {
    Value product = g.mul(g.broadcastAlong(left, {first + 1, first + 3}, whole),
                          g.broadcastAlong(right, {first, first + 2}, whole));
    return g.reshape(product, square);
  };
  Value matrix = g.add(kronecker(adjoint, unit), kronecker(unit, g.conj(root)));
  Value rhs = g.reshape(dy, column);
  return g.reshape(c.call("tgc_kernel_matrix_solve", {matrix, rhs}, rhs), sizes);
}

/// Of a matrix and a right-hand side, from the normal equations.
FailureOr<Gradients> buildLeastSquares(const MatrixCall &c, Value dx) {
  GradientBuilder &g = c.g;
  Value a = c.operand(0), b = c.operand(1), x = c.op.getResult(0);
  int64_t rows = c.rows(a), columns = c.columns(a);
  if (ShapedType::isDynamic(rows) || ShapedType::isDynamic(columns))
    return FailureOr<Gradients>(mlir::emitError(c.op.getLoc())
                                << "the gradient of least squares needs matrices of known size, got "
                                << a.getType());
  bool isTall = rows >= columns;
  Value square = isTall ? c.matmul(a, true, a, false) : c.matmul(a, false, a, true);
  Value weight = g.cast(g.reshape(c.operand(2), {}), a.getType());
  SmallVector<int64_t> all = llvm::to_vector(llvm::seq<int64_t>(0, g.getRank(square)));
  Value regularizer = g.broadcastAlong(weight, all, g.getSizes(square));
  square = g.add(square, c.part(Direction::EQ, g.refine(regularizer, square.getType())));
  auto solve = [&](Value rhs) { return c.call("tgc_kernel_matrix_solve", {square, rhs}, rhs); };
  if (isTall) {
    Value z = solve(dx), residual = g.sub(b, g.refine(c.matmul(a, false, x, false), b.getType()));
    Value da =
        g.sub(c.matmul(residual, false, z, true), c.matmul(c.matmul(a, false, z, false), false, x, true));
    return Gradients{g.refine(da, a.getType()), g.refine(c.matmul(a, false, z, false), b.getType()), Value()};
  }
  // x = a* w with (a a* + weight) w = b.
  Value w = solve(b), db = solve(c.matmul(a, false, dx, false));
  Value both = g.add(c.matmul(c.matmul(db, false, w, true), false, a, false),
                     c.matmul(c.matmul(w, false, db, true), false, a, false));
  return Gradients{g.refine(g.sub(c.matmul(w, false, dx, true), both), a.getType()),
                   g.refine(db, b.getType()), Value()};
}

} // namespace

bool isFactorization(StringRef kernel) {
  return llvm::is_contained({"tgc_kernel_qr", "tgc_kernel_lu", "tgc_kernel_self_adjoint_eigen",
                             "tgc_kernel_singular_values", "tgc_kernel_general_eigen",
                             "tgc_kernel_matrix_exponential", "tgc_kernel_matrix_square_root",
                             "tgc_kernel_matrix_solve_ls"},
                            kernel);
}

FailureOr<Gradients> buildFactorizationGradients(const MatrixCall &c, ArrayRef<Value> gradients) {
  StringRef kernel = c.op.getKernel();
  if (kernel == "tgc_kernel_matrix_solve_ls")
    return buildLeastSquares(c, gradients[0]);
  FailureOr<Value> result = Value();
  if (kernel == "tgc_kernel_qr")
    result = buildQr(c, gradients);
  else if (kernel == "tgc_kernel_singular_values")
    result = buildSingularValues(c, gradients);
  else if (kernel == "tgc_kernel_self_adjoint_eigen")
    result = buildSelfAdjointEigen(c, gradients);
  else if (kernel == "tgc_kernel_general_eigen")
    result = buildGeneralEigen(c, gradients);
  else if (kernel == "tgc_kernel_matrix_square_root")
    result = buildSquareRoot(c, gradients[0]);
  else if (kernel == "tgc_kernel_matrix_exponential")
    result = buildExponential(c, gradients[0]);
  else if (gradients[0])
    result = buildLu(c, gradients[0]);
  if (failed(result))
    return failure();
  return Gradients{*result ? c.g.refine(*result, c.operand(0).getType()) : Value()};
}

} // namespace tgc::tg
