//===- Banded.cpp - Systems of matrices with few diagonals ----------------===//

#include "runtime/kernels/linalg/Matrices.h"

namespace tgc::linalg {
namespace {

/// Inputs: diagonals [..., 3, n] (upper, main, lower), right-hand sides [..., n, k]. Config: "pivot" or
/// nothing. With pivots rows are exchanged, which fills a second upper diagonal.
template <typename T> struct TridiagonalSolve {
  static bool run(const Call &call) {
    for (Index i = 0, count = batchCount(call.inputs[1], 2); i < count; ++i) {
      auto diagonals = matrix<T>(call.inputs[0], i), b = matrix<T>(call.inputs[1], i),
           x = matrix<T>(call.outputs[0], i);
      if (b.rows() > 0 && !solve(diagonals, b, x, call.has("pivot")))
        return false;
    }
    return true;
  }

  static bool solve(const Eigen::Map<Matrix<T>> &diagonals, const Eigen::Map<Matrix<T>> &b,
                    Eigen::Map<Matrix<T>> &x, bool pivots) {
    Index size = b.rows();
    // Of each row of the triangle: the diagonal and the two numbers behind it.
    Matrix<T> u = Matrix<T>::Zero(size, 3);
    x = b;
    u(0, 0) = diagonals(1, 0);
    if (size > 1)
      u(0, 1) = diagonals(0, 0);
    for (Index row = 0; row + 1 < size; ++row) {
      T lower = diagonals(2, row + 1), middle = diagonals(1, row + 1),
        upper = row + 2 < size ? diagonals(0, row + 1) : T(0);
      if (pivots && std::abs(u(row, 0)) < std::abs(lower)) {
        T factor = u(row, 0) / lower;
        u(row + 1, 0) = u(row, 1) - factor * middle;
        u(row + 1, 1) = -factor * upper;
        u.row(row) << lower, middle, upper;
        x.row(row).swap(x.row(row + 1));
        x.row(row + 1) -= factor * x.row(row);
        continue;
      }
      if (u(row, 0) == T(0))
        return false;
      T factor = lower / u(row, 0);
      u(row + 1, 0) = middle - factor * u(row, 1);
      u(row + 1, 1) = upper;
      x.row(row + 1) -= factor * x.row(row);
    }
    for (Index row = size; row-- > 0;) {
      if (u(row, 0) == T(0))
        return false;
      if (row + 1 < size)
        x.row(row) -= u(row, 1) * x.row(row + 1);
      if (row + 2 < size)
        x.row(row) -= u(row, 2) * x.row(row + 2);
      x.row(row) /= u(row, 0);
    }
    return true;
  }
};

/// Inputs: bands [..., k, n] (from the diagonal down, or of an upper matrix from the outermost to the
/// diagonal), right-hand sides. Config: "lower" or nothing, "adjoint" or nothing.
template <typename T> struct BandedSolve {
  static bool run(const Call &call) {
    bool isLower = call.has("lower"), isAdjoint = call.has("adjoint");
    for (Index i = 0, count = batchCount(call.inputs[1], 2); i < count; ++i) {
      auto bands = matrix<T>(call.inputs[0], i), b = matrix<T>(call.inputs[1], i),
           x = matrix<T>(call.outputs[0], i);
      Index size = b.rows(), width = bands.rows();
      auto element = [&](Index row, Index column) {
        if (isAdjoint)
          std::swap(row, column);
        T value = bands(isLower ? row - column : width - 1 - (column - row), row);
        return isAdjoint ? Eigen::numext::conj(value) : value;
      };
      bool goesDown = isLower != isAdjoint;
      x = b;
      for (Index step = 0; step < size; ++step) {
        Index row = goesDown ? step : size - 1 - step;
        for (Index k = 1; k < width && k <= step; ++k) {
          Index column = goesDown ? row - k : row + k;
          x.row(row) -= element(row, column) * x.row(column);
        }
        if (element(row, row) == T(0))
          return false;
        x.row(row) /= element(row, row);
      }
    }
    return true;
  }
};

/// Inputs: a Cholesky factor and its gradient. Murray, Differentiation of the Cholesky decomposition, 2016.
template <typename T> struct CholeskyGradient {
  static bool run(const Call &call) {
    for (Index i = 0, count = batchCount(call.inputs[0], 2); i < count; ++i) {
      Matrix<T> l = matrix<T>(call.inputs[0], i).template triangularView<Eigen::Lower>();
      Matrix<T> gradient = matrix<T>(call.inputs[1], i).template triangularView<Eigen::Lower>();
      if (l.rows() == 0)
        continue;
      Matrix<T> middle = (l.adjoint() * gradient).template triangularView<Eigen::Lower>();
      middle.diagonal() *= T(0.5);
      // adjoint(l)^-1 * middle * l^-1.
      auto upper = l.adjoint().template triangularView<Eigen::Upper>();
      Matrix<T> left = upper.solve(middle);
      Matrix<T> both = upper.solve(left.adjoint()).adjoint();
      matrix<T>(call.outputs[0], i) = T(0.5) * (both + both.adjoint());
    }
    return true;
  }
};

} // namespace
} // namespace tgc::linalg

TGC_LINALG_KERNEL(tgc_kernel_tridiagonal_solve, tgc::linalg::TridiagonalSolve, true,
                  "The matrix is not invertible.")
TGC_LINALG_KERNEL(tgc_kernel_banded_solve, tgc::linalg::BandedSolve, true, "Input matrix is not invertible.")
TGC_LINALG_KERNEL(tgc_kernel_cholesky_gradient, tgc::linalg::CholeskyGradient, false, "")
