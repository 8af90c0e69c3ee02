//===- Functions.cpp - Functions and eigenvalues of general matrices ------===//

#include "runtime/kernels/linalg/Matrices.h"

#include <unsupported/Eigen/MatrixFunctions>

namespace tgc::linalg {
namespace {

/// Of complex matrices only, as TensorFlow has it. Eigen's log() sorts eigenvalues in lists of libstdc++; the
/// triangle of the Schur form is taken as one block here.
template <typename T> struct Logarithm {
  static bool run(const Call &call) {
    if constexpr (Eigen::NumTraits<T>::IsComplex) {
      using Block = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>;
      for (Index i = 0, count = batchCount(call.inputs[0], 2); i < count; ++i) {
        if (sizeFromEnd(call.inputs[0], 1) == 0)
          continue;
        Eigen::ComplexSchur<Block> schur(Block(matrix<T>(call.inputs[0], i)));
        if (schur.info() != Eigen::Success)
          return false;
        Eigen::internal::MatrixLogarithmAtomic<Block> logarithm;
        matrix<T>(call.outputs[0], i) =
            schur.matrixU() * logarithm.compute(Block(schur.matrixT())) * schur.matrixU().adjoint();
      }
      return true;
    }
    return false;
  }
};

template <typename T> struct SquareRoot {
  static bool run(const Call &call) {
    for (Index i = 0, count = batchCount(call.inputs[0], 2); i < count; ++i)
      if (sizeFromEnd(call.inputs[0], 1) > 0)
        matrix<T>(call.outputs[0], i) = Matrix<T>(matrix<T>(call.inputs[0], i)).sqrt();
    return true;
  }
};

/// Outputs: eigenvalues and eigenvectors, complex. Config: "vectors" or nothing.
template <typename T> struct GeneralEigen {
  using Complex = std::complex<typename Eigen::NumTraits<T>::Real>;
  using Solver = std::conditional_t<Eigen::NumTraits<T>::IsComplex, Eigen::ComplexEigenSolver<Matrix<T>>,
                                    Eigen::EigenSolver<Matrix<T>>>;
  static bool run(const Call &call) {
    bool hasVectors = call.has("vectors");
    for (Index i = 0, count = batchCount(call.inputs[0], 2); i < count; ++i) {
      if (sizeFromEnd(call.inputs[0], 1) == 0)
        continue;
      Solver solver(Matrix<T>(matrix<T>(call.inputs[0], i)), hasVectors);
      if (solver.info() != Eigen::Success)
        return false;
      vector<Complex>(call.outputs[0], i) = solver.eigenvalues();
      if (hasVectors)
        matrix<Complex>(call.outputs[1], i) = solver.eigenvectors();
    }
    return true;
  }
};

} // namespace
} // namespace tgc::linalg

TGC_LINALG_KERNEL(tgc_kernel_matrix_square_root, tgc::linalg::SquareRoot, true, "")
TGC_LINALG_KERNEL(tgc_kernel_matrix_logarithm, tgc::linalg::Logarithm, true,
                  "The Schur form of the matrix was not found. The input might not be valid.")
TGC_LINALG_KERNEL(tgc_kernel_general_eigen, tgc::linalg::GeneralEigen, true,
                  "Eigen decomposition was not successful. The input might not be valid.")
