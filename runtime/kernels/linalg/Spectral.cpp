//===- Spectral.cpp - Eigenvalues, singular values, exponentials ----------===//

#include "runtime/kernels/linalg/Matrices.h"

#include <unsupported/Eigen/MatrixFunctions>

namespace tgc::linalg {
namespace {

/// Outputs: eigenvalues (of the element type), eigenvectors. Config: "vectors" or nothing.
template <typename T> struct SelfAdjointEigen {
  static bool run(const Call &call) {
    bool hasVectors = call.has("vectors");
    for (Index i = 0, count = batchCount(call.inputs[0], 2); i < count; ++i) {
      auto a = matrix<T>(call.inputs[0], i);
      if (a.rows() == 0)
        continue;
      Eigen::SelfAdjointEigenSolver<Matrix<T>> solver(a, hasVectors ? Eigen::ComputeEigenvectors
                                                                    : Eigen::EigenvaluesOnly);
      if (solver.info() != Eigen::Success)
        return false;
      vector<T>(call.outputs[0], i) = solver.eigenvalues().template cast<T>();
      if (hasVectors)
        matrix<T>(call.outputs[1], i) = solver.eigenvectors();
    }
    return true;
  }
};

/// Outputs: singular values, left and right vectors. Config: "vectors" or nothing, "full" or nothing.
template <typename T> struct SingularValues {
  static bool run(const Call &call) {
    bool hasVectors = call.has("vectors"), isFull = call.has("full");
    unsigned options = !hasVectors ? 0
                       : isFull    ? Eigen::ComputeFullU | Eigen::ComputeFullV
                                   : Eigen::ComputeThinU | Eigen::ComputeThinV;
    for (Index i = 0, count = batchCount(call.inputs[0], 2); i < count; ++i) {
      auto a = matrix<T>(call.inputs[0], i);
      if (a.rows() == 0 || a.cols() == 0) {
        if (hasVectors) {
          matrix<T>(call.outputs[1], i).setIdentity();
          matrix<T>(call.outputs[2], i).setIdentity();
        }
        continue;
      }
      Eigen::BDCSVD<Matrix<T>> svd(a, options);
      if (svd.info() != Eigen::Success)
        return false;
      vector<T>(call.outputs[0], i) = svd.singularValues().template cast<T>();
      if (hasVectors) {
        matrix<T>(call.outputs[1], i) = svd.matrixU();
        matrix<T>(call.outputs[2], i) = svd.matrixV();
      }
    }
    return true;
  }
};

template <typename T> struct Exponential {
  static bool run(const Call &call) {
    for (Index i = 0, count = batchCount(call.inputs[0], 2); i < count; ++i)
      if (sizeFromEnd(call.inputs[0], 1) > 0)
        matrix<T>(call.outputs[0], i) = Matrix<T>(matrix<T>(call.inputs[0], i)).exp();
    return true;
  }
};

} // namespace
} // namespace tgc::linalg

TGC_LINALG_KERNEL(tgc_kernel_self_adjoint_eigen, tgc::linalg::SelfAdjointEigen, true,
                  "Self-adjoint eigen decomposition was not successful. The input might not be valid.")
TGC_LINALG_KERNEL(tgc_kernel_singular_values, tgc::linalg::SingularValues, true,
                  "Singular value decomposition was not successful. The input might not be valid.")
TGC_LINALG_KERNEL(tgc_kernel_matrix_exponential, tgc::linalg::Exponential, true, "")
