//===- TgHostGradients.cpp - Gradients of hand-written kernels ------------===//
//
// Of decompositions and linear systems, after Giles: Collected matrix derivative results for forward and reverse mode
// algorithmic differentiation (2008), and Murray: Differentiation of the Cholesky decomposition (2016).
//
//===----------------------------------------------------------------------===//

#include "dialects/Tg/IR/GradientBuilder.h"

using namespace mlir;

namespace tgc::tg {
namespace {

using Direction = ComparisonDirection;
using Size = OpFoldResult;
using Gradients = SmallVector<Value>;

/// A call of a kernel of linear algebra that is differentiated.
struct Call {
  mutable HostCallOp op;
  GradientBuilder &g;

  Value operand(unsigned i) const { return op.getInputs()[i]; }
  /// A kernel whose result looks like `like`.
  Value call(StringRef kernel, ValueRange operands, Value like, StringRef config = "") const {
    SmallVector<Value> sizes = getDynamicSizes(g.getSizes(like));
    return HostCallOp::create(g.builder, g.loc, TypeRange{like.getType()}, operands, sizes, kernel, config, /*pure=*/true,
                              /*finds_sizes=*/false)
        .getResult(0);
  }
  Value matmul(Value lhs, bool adjointLhs, Value rhs, bool adjointRhs) const {
    lhs = adjointLhs ? g.conj(lhs) : lhs;
    rhs = adjointRhs ? g.conj(rhs) : rhs;
    return MatMulOp::create(g.builder, g.loc, lhs, rhs, adjointLhs, adjointRhs);
  }
  Value adjoint(Value x) const {
    auto permutation = llvm::to_vector(llvm::seq<int64_t>(0, g.getRank(x)));
    std::swap(permutation.back(), permutation[permutation.size() - 2]);
    return g.conj(g.transpose(x, permutation));
  }
  /// Where the row's number compares so with the column's.
  Value isPart(Direction rowToColumn, Value like) const {
    SmallVector<Size> sizes = g.getSizes(like);
    int64_t rank = sizes.size();
    Type i64 = g.builder.getI64Type();
    return g.compare(rowToColumn, g.iota(sizes, i64, rank - 2), g.iota(sizes, i64, rank - 1));
  }
  /// A number per matrix, repeated over it.
  Value spread(Value x, Value like) const {
    int64_t rank = g.getRank(like);
    return g.refine(g.broadcastAlong(x, {rank - 2, rank - 1}, g.getSizes(like)), like.getType());
  }
  Value inverse(Value x, bool isAdjoint) const { return call("tgc_kernel_matrix_inverse", x, x, isAdjoint ? "adjoint" : ""); }
};

Value buildCholesky(const Call &c, Value l, Value dl) {
  GradientBuilder &g = c.g;
  // Phi takes the lower triangle and half of the diagonal.
  Value middle = c.matmul(l, true, dl, false), zero = g.number(middle, 0);
  middle = g.select(c.isPart(Direction::EQ, middle), g.mul(middle, 0.5), middle);
  middle = g.select(c.isPart(Direction::GE, middle), middle, zero);
  Value identity = g.select(c.isPart(Direction::EQ, l), g.number(l, 1), g.number(l, 0));
  Value inverse = c.call("tgc_kernel_matrix_triangular_solve", {l, identity}, l, "lower");
  Value da = c.matmul(c.matmul(inverse, true, middle, false), false, inverse, false);
  return g.mul(g.add(da, c.adjoint(da)), 0.5);
}

/// The gradients of the matrix and the right-hand side of a linear system.
Gradients buildSolve(const Call &c, Value x, Value dx) {
  GradientBuilder &g = c.g;
  StringRef config = c.op.getConfig();
  bool isAdjoint = config.ends_with("adjoint"), isTriangular = c.op.getKernel() == "tgc_kernel_matrix_triangular_solve";
  StringRef part = isTriangular ? config.split(' ').first : "";
  std::string other = part.str() + (isAdjoint ? "" : part.empty() ? "adjoint" : " adjoint");
  Value db = c.call(c.op.getKernel(), {c.operand(0), dx}, dx, other);
  Value da = g.neg(isAdjoint ? c.matmul(x, false, db, true) : c.matmul(db, false, x, true));
  if (isTriangular)
    da = g.select(c.isPart(part == "lower" ? Direction::GE : Direction::LE, da), da, g.number(da, 0));
  return {g.refine(da, c.operand(0).getType()), g.refine(db, c.operand(1).getType())};
}

} // namespace

FailureOr<Gradients> HostCallOp::buildGradients(GradientBuilder &g, ArrayRef<Value> gradients) {
  Call c{*this, g};
  StringRef kernel = getKernel();
  Gradients result(getNumOperands());
  if (kernel == "tgc_kernel_cholesky") {
    result[0] = buildCholesky(c, getResult(0), gradients[0]);
  } else if (kernel == "tgc_kernel_matrix_inverse") {
    // With `adjoint` the result is the inverse of the adjoint.
    Value y = getResult(0), inner = g.neg(c.matmul(c.matmul(y, true, gradients[0], false), false, y, true));
    result[0] = getConfig() == "adjoint" ? c.adjoint(inner) : inner;
  } else if (kernel == "tgc_kernel_matrix_determinant") {
    Value scale = g.mul(gradients[0], g.conj(getResult(0)));
    result[0] = g.mul(c.spread(scale, c.operand(0)), c.inverse(c.operand(0), true));
  } else if (kernel == "tgc_kernel_log_matrix_determinant" && gradients[1]) {
    result[0] = g.mul(c.spread(gradients[1], c.operand(0)), c.inverse(c.operand(0), true));
  } else if (kernel == "tgc_kernel_log_matrix_determinant") {
    // The sign is constant.
  } else if (kernel == "tgc_kernel_matrix_solve" || kernel == "tgc_kernel_matrix_triangular_solve") {
    Gradients both = buildSolve(c, getResult(0), gradients[0]);
    llvm::copy(both, result.begin());
  } else {
    return mlir::emitError(getLoc()) << "no gradient is known of the kernel " << kernel;
  }
  return result;
}

} // namespace tgc::tg
