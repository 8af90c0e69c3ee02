/*===- sparse.h - Sparse tensors in coordinate form ---------------------------===*
 *
 * A sparse tensor is three: indices (int64 [entries, rank]), values [entries], shape (int64 [rank]).
 *
 *===------------------------------------------------------------------------===*/
#ifndef TGC_KERNELS_SPARSE_SPARSE_H
#define TGC_KERNELS_SPARSE_SPARSE_H

#include "runtime/kernels/elements.h"

/* Negative, zero or positive as index a comes before, is, or comes after b, row by row. */
static inline int tgc_compare_indices(const int64_t *a, const int64_t *b, int64_t rank) {
  for (int64_t i = 0; i < rank; ++i)
    if (a[i] != b[i])
      return a[i] < b[i] ? -1 : 1;
  return 0;
}

/* Copies an element. */
static inline void tgc_copy_element(const tgc_tensor_t *to, int64_t i, const tgc_tensor_t *from, int64_t j) {
  uint32_t width = tgc_dtype_size(from->dtype);
  memcpy((char *)to->data + (uint64_t)i * width, (const char *)from->data + (uint64_t)j * width, width);
}

typedef enum tgc_combiner { kAdd, kMultiply, kDivide, kLarger, kSmaller } tgc_combiner_t;

/* to[i] = x[j] combined with y[k], in the tensors' type. */
void tgc_combine(tgc_combiner_t combiner, const tgc_tensor_t *to, int64_t i, const tgc_tensor_t *x, int64_t j,
                 const tgc_tensor_t *y, int64_t k);

/* Numbers of the entries in the order of their indices, equal ones in the order that they have; scratch
 * memory. */
int64_t *tgc_sort_indices(tgc_frame_t *frame, const int64_t *indices, int64_t count, int64_t rank);

#endif /* TGC_KERNELS_SPARSE_SPARSE_H */
