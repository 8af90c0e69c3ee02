//===- Factor.cpp - Cholesky, QR and LU -----------------------------------===//

#include "runtime/kernels/linalg/Matrices.h"

namespace tgc::linalg {
namespace {

template <typename T> struct Cholesky {
  static bool run(const Call &call) {
    for (Index i = 0, count = batchCount(call.inputs[0], 2); i < count; ++i) {
      auto a = matrix<T>(call.inputs[0], i), l = matrix<T>(call.outputs[0], i);
      if (a.rows() == 0)
        continue;
      Eigen::LLT<Matrix<T>, Eigen::Lower> llt(a);
      if (llt.info() != Eigen::Success)
        return false;
      l = llt.matrixL();
    }
    return true;
  }
};

/// Config: "full" or nothing; the outputs have the sizes that go with it.
template <typename T> struct Qr {
  static bool run(const Call &call) {
    for (Index i = 0, count = batchCount(call.inputs[0], 2); i < count; ++i) {
      auto a = matrix<T>(call.inputs[0], i), q = matrix<T>(call.outputs[0], i),
           r = matrix<T>(call.outputs[1], i);
      if (a.rows() == 0 || a.cols() == 0) {
        q.setIdentity();
        continue;
      }
      Eigen::HouseholderQR<Matrix<T>> qr(a);
      Matrix<T> identity = Matrix<T>::Identity(q.rows(), q.cols());
      q = qr.householderQ() * identity;
      r = qr.matrixQR().topRows(r.rows()).template triangularView<Eigen::Upper>();
    }
    return true;
  }
};

/// Packed factors, and for each row of them the row of the input that it is.
template <typename T> struct Lu {
  static bool run(const Call &call) {
    for (Index i = 0, count = batchCount(call.inputs[0], 2); i < count; ++i) {
      auto a = matrix<T>(call.inputs[0], i);
      if (a.rows() == 0)
        continue;
      Eigen::PartialPivLU<Matrix<T>> lu(a);
      if (!(lu.matrixLU().diagonal().cwiseAbs().minCoeff() > 0))
        return false;
      matrix<T>(call.outputs[0], i) = lu.matrixLU();
      Eigen::PermutationMatrix<Eigen::Dynamic> rows = lu.permutationP().transpose();
      for (Index row = 0; row < a.rows(); ++row) {
        Index at = i * a.rows() + row;
        if (call.outputs[1].dtype == TGC_INT64)
          scalar<int64_t>(call.outputs[1], at) = rows.indices()(row);
        else
          scalar<int32_t>(call.outputs[1], at) = rows.indices()(row);
      }
    }
    return true;
  }
};

} // namespace
} // namespace tgc::linalg

TGC_LINALG_KERNEL(tgc_kernel_cholesky, tgc::linalg::Cholesky, true,
                  "Cholesky decomposition was not successful. The input might not be valid.")
TGC_LINALG_KERNEL(tgc_kernel_qr, tgc::linalg::Qr, true, "")
TGC_LINALG_KERNEL(tgc_kernel_lu, tgc::linalg::Lu, true, "Input is not invertible.")
