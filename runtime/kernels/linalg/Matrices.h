//===- Matrices.h - Tensors as batches of Eigen's matrices ----------------===//
//
// The kernels of this folder are of type tgc_host_kernel_fn; their numbers are those of TensorFlow's CPU
// kernels, which use the same decompositions of Eigen. tgc_rt_fail leaves by longjmp, so nothing with a
// destructor may live where it is called: each kernel computes in a function of its own that returns false,
// and fails after it. Eigen takes temporary memory from malloc.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_KERNELS_LINALG_MATRICES_H
#define TGC_KERNELS_LINALG_MATRICES_H

// Where memory runs out Eigen asks for more than there is, so that operator new throws; without exceptions it
// would end the process either way. Under its own name it keeps libstdc++ out of compiled modules; no header
// may use it before.
void *operator new(__SIZE_TYPE__ size) __asm__("tgc_kernel_linalg_no_memory");

#include "tgc/abi.h"

#include <Eigen/Dense>
#include <complex>

namespace tgc::linalg {

using Index = Eigen::Index;
template <typename T> using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
template <typename T> using Vector = Eigen::Matrix<T, Eigen::Dynamic, 1>;

/// Dimension `i` from the last one.
inline Index sizeFromEnd(const tgc_tensor_t &tensor, int i) {
  return tensor.rank < i ? 1 : tensor.dims[tensor.rank - i];
}

/// How many matrices (or, of `inner` = 1, vectors) a tensor holds.
inline Index batchCount(const tgc_tensor_t &tensor, int inner) {
  Index count = 1;
  for (int i = 0; i + inner < tensor.rank; ++i)
    count *= tensor.dims[i];
  return count;
}

template <typename T> Eigen::Map<Matrix<T>> matrix(const tgc_tensor_t &tensor, Index i) {
  Index rows = sizeFromEnd(tensor, 2), columns = sizeFromEnd(tensor, 1);
  return {static_cast<T *>(tensor.data) + i * rows * columns, rows, columns};
}
template <typename T> Eigen::Map<Vector<T>> vector(const tgc_tensor_t &tensor, Index i) {
  Index size = sizeFromEnd(tensor, 1);
  return {static_cast<T *>(tensor.data) + i * size, size};
}
template <typename T> T &scalar(const tgc_tensor_t &tensor, Index i) {
  return static_cast<T *>(tensor.data)[i];
}

/// What a kernel is given, without what it must not call where matrices live.
struct Call {
  const char *config;
  const tgc_tensor_t *inputs;
  tgc_tensor_t *outputs;
  /// Whether the configuration names a flag; it is a list of words.
  bool has(const char *flag) const;
};

/// Runs Body<T>::run for the element type of input 0, and fails with `message` if it returns false. The
/// importer lets only the types through that are asked for here.
template <template <typename> class Body, bool withComplex>
void dispatch(tgc_frame_t *frame, const char *node, const Call &call, const char *message) {
  bool isOk = false;
  switch (call.inputs[0].dtype) {
  case TGC_FLOAT32:
    isOk = Body<float>::run(call);
    break;
  case TGC_FLOAT64:
    isOk = Body<double>::run(call);
    break;
  case TGC_COMPLEX64:
    if constexpr (withComplex)
      isOk = Body<std::complex<float>>::run(call);
    break;
  case TGC_COMPLEX128:
    if constexpr (withComplex)
      isOk = Body<std::complex<double>>::run(call);
    break;
  default:
    break;
  }
  if (!isOk)
    tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node, message, nullptr, 0);
}

} // namespace tgc::linalg

#define TGC_LINALG_KERNEL(name, body, withComplex, message)                                                  \
  extern "C" void name(tgc_frame_t *frame, const char *node, const char *config, const tgc_tensor_t *inputs, \
                       uint32_t, tgc_tensor_t *outputs, uint32_t) {                                          \
    tgc::linalg::dispatch<body, withComplex>(frame, node, {config, inputs, outputs}, message);               \
  }

#endif // TGC_KERNELS_LINALG_MATRICES_H
