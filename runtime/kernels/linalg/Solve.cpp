//===- Solve.cpp - Inverses, determinants, linear systems -----------------===//

#include "runtime/kernels/linalg/Matrices.h"

#include <cmath>
#include <cstdlib>
#include <cstring>

extern "C" void *tgc_kernel_linalg_no_memory(std::size_t) { std::abort(); }

namespace tgc::linalg {

bool Call::has(const char *flag) const { return std::strstr(config, flag) != nullptr; }

namespace {

template <typename T> bool isSingular(const Eigen::PartialPivLU<Matrix<T>> &lu) {
  return lu.rows() > 0 && !(lu.matrixLU().diagonal().cwiseAbs().minCoeff() > 0);
}

/// Config: "adjoint" or nothing.
template <typename T> struct Inverse {
  static bool run(const Call &call) {
    for (Index i = 0, count = batchCount(call.inputs[0], 2); i < count; ++i) {
      Matrix<T> a = matrix<T>(call.inputs[0], i);
      if (a.rows() == 0)
        continue;
      if (call.has("adjoint"))
        a = a.adjoint().eval();
      Eigen::PartialPivLU<Matrix<T>> lu(a);
      if (isSingular(lu))
        return false;
      matrix<T>(call.outputs[0], i).noalias() = lu.inverse();
    }
    return true;
  }
};

template <typename T> struct Solve {
  static bool run(const Call &call) {
    for (Index i = 0, count = batchCount(call.inputs[0], 2); i < count; ++i) {
      Matrix<T> a = matrix<T>(call.inputs[0], i);
      auto b = matrix<T>(call.inputs[1], i);
      if (a.rows() == 0 || b.cols() == 0)
        continue;
      if (call.has("adjoint"))
        a = a.adjoint().eval();
      Eigen::PartialPivLU<Matrix<T>> lu(a);
      if (isSingular(lu))
        return false;
      matrix<T>(call.outputs[0], i).noalias() = lu.solve(b);
    }
    return true;
  }
};

/// Config: "lower" or nothing, "adjoint" or nothing.
template <typename T> struct TriangularSolve {
  static bool run(const Call &call) {
    for (Index i = 0, count = batchCount(call.inputs[0], 2); i < count; ++i) {
      auto a = matrix<T>(call.inputs[0], i), b = matrix<T>(call.inputs[1], i),
           x = matrix<T>(call.outputs[0], i);
      if (a.rows() == 0 || b.cols() == 0)
        continue;
      if (a.diagonal().cwiseAbs().minCoeff() == 0)
        return false;
      bool isLower = call.has("lower");
      if (!call.has("adjoint"))
        isLower ? void(x.noalias() = a.template triangularView<Eigen::Lower>().solve(b))
                : void(x.noalias() = a.template triangularView<Eigen::Upper>().solve(b));
      else
        isLower ? void(x.noalias() = a.adjoint().template triangularView<Eigen::Upper>().solve(b))
                : void(x.noalias() = a.adjoint().template triangularView<Eigen::Lower>().solve(b));
    }
    return true;
  }
};

/// Sign and logarithm of the absolute value of the determinant.
template <typename T> void logDeterminant(const Eigen::Map<Matrix<T>> &a, T &sign, T &logAbs) {
  sign = T(1);
  logAbs = T(0);
  if (a.rows() == 0)
    return;
  Eigen::PartialPivLU<Matrix<T>> lu(a);
  sign = T(lu.permutationP().determinant());
  auto diagonal = lu.matrixLU().diagonal().eval();
  if (!(diagonal.cwiseAbs().minCoeff() > 0)) {
    sign = T(0);
    logAbs = T(-std::numeric_limits<typename Eigen::NumTraits<T>::Real>::infinity());
    return;
  }
  for (Index i = 0; i < diagonal.size(); ++i) {
    auto size = std::abs(diagonal(i));
    sign *= diagonal(i) / size;
    logAbs += std::log(size);
  }
}

template <typename T> struct Determinant {
  static bool run(const Call &call) {
    for (Index i = 0, count = batchCount(call.inputs[0], 2); i < count; ++i) {
      T sign, logAbs;
      logDeterminant(matrix<T>(call.inputs[0], i), sign, logAbs);
      scalar<T>(call.outputs[0], i) = sign == T(0) ? T(0) : sign * T(std::exp(std::real(logAbs)));
    }
    return true;
  }
};

template <typename T> struct LogDeterminant {
  static bool run(const Call &call) {
    for (Index i = 0, count = batchCount(call.inputs[0], 2); i < count; ++i)
      logDeterminant(matrix<T>(call.inputs[0], i), scalar<T>(call.outputs[0], i),
                     scalar<T>(call.outputs[1], i));
    return true;
  }
};

/// Least squares. Input 2: the regularizer (double). Config: "fast" (normal equations) or nothing.
template <typename T> struct LeastSquares {
  static bool run(const Call &call) {
    T penalty = T(scalar<double>(call.inputs[2], 0));
    for (Index i = 0, count = batchCount(call.inputs[0], 2); i < count; ++i) {
      auto a = matrix<T>(call.inputs[0], i), b = matrix<T>(call.inputs[1], i),
           x = matrix<T>(call.outputs[0], i);
      if (a.rows() == 0 || a.cols() == 0 || b.cols() == 0) {
        x.setZero();
        continue;
      }
      if (!call.has("fast")) {
        x.noalias() = Eigen::CompleteOrthogonalDecomposition<Matrix<T>>(a).solve(b);
        continue;
      }
      bool isTall = a.rows() >= a.cols();
      Matrix<T> gram = isTall ? Matrix<T>(a.adjoint() * a) : Matrix<T>(a * a.adjoint());
      gram.diagonal().array() += penalty;
      Eigen::LLT<Matrix<T>, Eigen::Lower> llt(gram);
      if (llt.info() != Eigen::Success)
        return false;
      if (isTall)
        x.noalias() = llt.solve(Matrix<T>(a.adjoint() * b));
      else
        x.noalias() = a.adjoint() * Matrix<T>(llt.solve(b));
    }
    return true;
  }
};

} // namespace
} // namespace tgc::linalg

TGC_LINALG_KERNEL(tgc_kernel_matrix_inverse, tgc::linalg::Inverse, true, "Input is not invertible.")
TGC_LINALG_KERNEL(tgc_kernel_matrix_solve, tgc::linalg::Solve, true, "Input matrix is not invertible.")
TGC_LINALG_KERNEL(tgc_kernel_matrix_triangular_solve, tgc::linalg::TriangularSolve, true,
                  "Input matrix is not invertible.")
TGC_LINALG_KERNEL(tgc_kernel_matrix_determinant, tgc::linalg::Determinant, true, "")
TGC_LINALG_KERNEL(tgc_kernel_log_matrix_determinant, tgc::linalg::LogDeterminant, true, "")
TGC_LINALG_KERNEL(tgc_kernel_matrix_solve_ls, tgc::linalg::LeastSquares, true,
                  "Input matrix was rank deficient or ill-conditioned. Try setting fast=False or provide a "
                  "larger l2_regularizer > 0.")
