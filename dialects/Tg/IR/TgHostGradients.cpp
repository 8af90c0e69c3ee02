//===- TgHostGradients.cpp - Gradients of hand-written kernels ------------===//
//
// Of decompositions and linear systems, after Giles: Collected matrix derivative results for forward and
// reverse mode algorithmic differentiation (2008), and Murray: Differentiation of the Cholesky decomposition
// (2016).
//
//===----------------------------------------------------------------------===//

#include "dialects/Tg/IR/MatrixCall.h"

using namespace mlir;

namespace tgc::tg {

using Direction = ComparisonDirection;
using Size = OpFoldResult;
using Gradients = SmallVector<Value>;

//===----------------------------------------------------------------------===//
// Words
//===----------------------------------------------------------------------===//

SmallVector<Value> MatrixCall::callAll(StringRef kernel, ValueRange operands, TypeRange types,
                                       ArrayRef<Size> sizes, StringRef config) const {
  auto created = HostCallOp::create(g.builder, g.loc, types, operands, getDynamicSizes(sizes), kernel, config,
                                    /*pure=*/true,
                                    /*finds_sizes=*/false);
  return SmallVector<Value>(created.getResults());
}

Value MatrixCall::call(StringRef kernel, ValueRange operands, Value like, StringRef config) const {
  return callAll(kernel, operands, like.getType(), g.getSizes(like), config).front();
}

Value MatrixCall::matmul(Value lhs, bool adjointLhs, Value rhs, bool adjointRhs) const {
  lhs = adjointLhs ? g.conj(lhs) : lhs;
  rhs = adjointRhs ? g.conj(rhs) : rhs;
  return MatMulOp::create(g.builder, g.loc, lhs, rhs, adjointLhs, adjointRhs);
}

Value MatrixCall::adjoint(Value x) const {
  auto permutation = llvm::to_vector(llvm::seq<int64_t>(0, g.getRank(x)));
  std::swap(permutation.back(), permutation[permutation.size() - 2]);
  return g.conj(g.transpose(x, permutation));
}

Value MatrixCall::isPart(Direction rowToColumn, Value like) const {
  SmallVector<Size> sizes = g.getSizes(like);
  int64_t rank = sizes.size();
  Type i64 = g.builder.getI64Type();
  return g.compare(rowToColumn, g.iota(sizes, i64, rank - 2), g.iota(sizes, i64, rank - 1));
}

Value MatrixCall::part(Direction rowToColumn, Value x) const {
  return g.select(isPart(rowToColumn, x), x, g.number(x, 0));
}

Value MatrixCall::identity(Value like) const { return part(Direction::EQ, g.number(like, 1)); }

/// A tensor without the last `count` dimensions, repeated along them.
Value MatrixCall::repeat(Value x, int64_t count, Value like) const {
  auto missing = llvm::to_vector(llvm::seq<int64_t>(g.getRank(like) - count, g.getRank(like)));
  return g.refine(g.broadcastAlong(x, missing, g.getSizes(like)), like.getType());
}

Value MatrixCall::spreadRows(Value x, Value like) const { return repeat(x, 1, like); }

Value MatrixCall::spreadColumns(Value x, Value like) const {
  return g.refine(g.broadcastAlong(x, {g.getRank(like) - 2}, g.getSizes(like)), like.getType());
}

//===----------------------------------------------------------------------===//
// Rules
//===----------------------------------------------------------------------===//

namespace {

Value buildCholesky(const MatrixCall &c, Value l, Value dl) {
  GradientBuilder &g = c.g;
  // Phi takes the lower triangle and half of the diagonal.
  Value middle = c.matmul(l, true, dl, false), zero = g.number(middle, 0);
  middle = g.select(c.isPart(Direction::EQ, middle), g.mul(middle, 0.5), middle);
  middle = g.select(c.isPart(Direction::GE, middle), middle, zero);
  Value inverse = c.solveTriangular(l, c.identity(l), "lower");
  Value da = c.matmul(c.matmul(inverse, true, middle, false), false, inverse, false);
  return g.mul(g.add(da, c.adjoint(da)), 0.5);
}

/// The gradients of the matrix and the right-hand side of a linear system.
Gradients buildSolve(const MatrixCall &c, Value x, Value dx) {
  GradientBuilder &g = c.g;
  StringRef config = c.op.getConfig();
  bool isAdjoint = config.ends_with("adjoint"),
       isTriangular = c.op.getKernel() == "tgc_kernel_matrix_triangular_solve";
  StringRef part = isTriangular ? config.split(' ').first : "";
  std::string other = part.str() + (isAdjoint ? "" : part.empty() ? "adjoint" : " adjoint");
  Value db = c.call(c.op.getKernel(), {c.operand(0), dx}, dx, other);
  Value da = g.neg(isAdjoint ? c.matmul(x, false, db, true) : c.matmul(db, false, x, true));
  if (isTriangular)
    da = g.select(c.isPart(part == "lower" ? Direction::GE : Direction::LE, da), da, g.number(da, 0));
  return {g.refine(da, c.operand(0).getType()), g.refine(db, c.operand(1).getType())};
}

/// Rows of matrices moved `by` rows down, with zeros for those that come in.
Value moveRows(const MatrixCall &c, Value x, int64_t by) {
  SmallVector<Size> low(c.g.getRank(x), c.g.size(0)), high = low;
  low[low.size() - 2] = c.g.size(by);
  high[low.size() - 2] = c.g.size(-by);
  return by ? c.g.refine(c.g.pad(x, low, high), x.getType()) : x;
}

/// The diagonals, `offsets` columns right of the main one, of -p q*, each a row as long as the matrix; what
/// lies outside is zero.
Value buildDiagonals(const MatrixCall &c, Value p, Value q, ArrayRef<int64_t> offsets) {
  GradientBuilder &g = c.g;
  int64_t rank = g.getRank(p);
  SmallVector<Value> rows;
  for (int64_t offset : offsets) {
    Value sum = g.reduce(ReductionKind::Sum, g.mul(p, g.conj(moveRows(c, q, -offset))), {rank - 1});
    SmallVector<Size> sizes = g.getSizes(sum);
    sizes.insert(sizes.end() - 1, g.size(1));
    rows.push_back(g.neg(g.reshape(sum, sizes)));
  }
  return rows.size() == 1 ? rows.front() : g.concat(rows, rank - 2);
}

/// Of a matrix given by its diagonals (upper, main, lower) and a right-hand side.
Gradients buildTridiagonalSolve(const MatrixCall &c, Value x, Value dx) {
  GradientBuilder &g = c.g;
  Value diagonals = g.conj(c.operand(0));
  int64_t rank = g.getRank(diagonals);
  auto diagonal = [&](int64_t place, int64_t by) {
    SmallVector<Size> offsets(rank, g.size(0)), sizes = g.getSizes(diagonals), low = offsets, high = offsets;
    offsets[rank - 2] = g.size(place);
    sizes[rank - 2] = g.size(1);
    low[rank - 1] = g.size(by);
    high[rank - 1] = g.size(-by);
    return g.pad(g.slice(diagonals, offsets, sizes), low, high);
  };
  Value adjoint = g.concat({diagonal(2, -1), diagonal(1, 0), diagonal(0, 1)}, rank - 2);
  Value db = c.call(c.op.getKernel(), {adjoint, dx}, dx, c.op.getConfig());
  return {g.refine(buildDiagonals(c, db, x, {1, 0, -1}), diagonals.getType()), db};
}

FailureOr<Gradients> buildBandedSolve(const MatrixCall &c, Value x, Value dx) {
  GradientBuilder &g = c.g;
  StringRef config = c.op.getConfig();
  auto [part, adjoint] = config.split(' ');
  int64_t width = c.rows(c.operand(0));
  if (ShapedType::isDynamic(width))
    return FailureOr<Gradients>(mlir::emitError(c.op.getLoc())
                                << "the gradient of a banded system needs a known number of bands, got "
                                << c.operand(0).getType());
  Value db =
      c.call(c.op.getKernel(), {c.operand(0), dx}, dx, adjoint.empty() ? part.str() + " adjoint" : part);
  SmallVector<int64_t> offsets;
  for (int64_t band = 0; band < width; ++band)
    offsets.push_back(part == "lower" ? -band : width - 1 - band);
  Value bands = adjoint.empty() ? buildDiagonals(c, db, x, offsets) : buildDiagonals(c, x, db, offsets);
  return Gradients{g.refine(bands, c.operand(0).getType()), db};
}

} // namespace

/// The gradients of the inputs, of which those at the end may be missing.
static FailureOr<Gradients> buildInputGradients(const MatrixCall &c, ArrayRef<Value> gradients) {
  GradientBuilder &g = c.g;
  StringRef kernel = c.op.getKernel();
  Gradients result(c.op.getInputs().size());
  if (isFactorization(kernel))
    return buildFactorizationGradients(c, gradients);
  if (kernel == "tgc_kernel_cholesky") {
    result[0] = buildCholesky(c, c.op.getResult(0), gradients[0]);
  } else if (kernel == "tgc_kernel_matrix_inverse") {
    // With `adjoint` the result is the inverse of the adjoint.
    Value y = c.op.getResult(0),
          inner = g.neg(c.matmul(c.matmul(y, true, gradients[0], false), false, y, true));
    result[0] = c.op.getConfig() == "adjoint" ? c.adjoint(inner) : inner;
  } else if (kernel == "tgc_kernel_matrix_determinant") {
    Value scale = g.mul(gradients[0], g.conj(c.op.getResult(0)));
    result[0] = g.mul(c.spread(scale, c.operand(0)), c.inverse(c.operand(0), true));
  } else if (kernel == "tgc_kernel_log_matrix_determinant" && gradients[1]) {
    result[0] = g.mul(c.spread(gradients[1], c.operand(0)), c.inverse(c.operand(0), true));
  } else if (kernel == "tgc_kernel_log_matrix_determinant") {
    // The sign is constant.
  } else if (kernel == "tgc_kernel_matrix_solve" || kernel == "tgc_kernel_matrix_triangular_solve") {
    Gradients both = buildSolve(c, c.op.getResult(0), gradients[0]);
    llvm::copy(both, result.begin());
  } else if (kernel == "tgc_kernel_tridiagonal_solve") {
    return buildTridiagonalSolve(c, c.op.getResult(0), gradients[0]);
  } else if (kernel == "tgc_kernel_banded_solve") {
    return buildBandedSolve(c, c.op.getResult(0), gradients[0]);
  } else {
    return buildKernelGradients(c, gradients);
  }
  return result;
}

FailureOr<Gradients> HostCallOp::buildGradients(GradientBuilder &g, ArrayRef<Value> gradients) {
  auto result = buildInputGradients({*this, g}, gradients);
  // Sizes have no gradients.
  if (succeeded(result))
    result->resize(getNumOperands());
  return result;
}

} // namespace tgc::tg
