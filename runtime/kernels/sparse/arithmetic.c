/*===- arithmetic.c - Sums, products and reductions of sparse tensors ---------===*/

#include "sparse.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>

static double magnitude(const tgc_tensor_t *values, int64_t i) {
  if (values->dtype == TGC_COMPLEX64)
    return hypot(((const float *)values->data)[2 * i], ((const float *)values->data)[2 * i + 1]);
  if (values->dtype == TGC_COMPLEX128)
    return hypot(((const double *)values->data)[2 * i], ((const double *)values->data)[2 * i + 1]);
  return fabs(tgc_get_double(values->dtype, values->data, i));
}

/* The union of the entries of a and b (inputs 0, 1 and 3, 4 have indices and values). What both have is
 * combined; an entry that only one has is combined with zero if `with_zero`; a sum that is smaller than
 * `threshold` is left out. */
static void merge(tgc_frame_t *frame, const tgc_tensor_t *inputs, tgc_combiner_t combiner, int with_zero,
                  double threshold, tgc_tensor_t *outputs) {
  const int64_t *a = inputs[0].data, *b = inputs[3].data;
  int64_t na = inputs[0].dims[0], nb = inputs[3].dims[0], rank = inputs[0].dims[1], dims[2] = {0, rank};
  char room[2][16] = {{0}};
  tgc_tensor_t zero = {.data = room[0], .dtype = inputs[1].dtype},
               sum = {.data = room[1], .dtype = inputs[1].dtype};
  int64_t *indices = NULL;
  for (int pass = 0; pass < 2; ++pass) {
    if (pass == 1) {
      indices = tgc_find_output(frame, &outputs[0], 2, dims);
      tgc_find_output(frame, &outputs[1], 1, dims);
      dims[0] = 0;
    }
    for (int64_t i = 0, j = 0; i < na || j < nb;) {
      int order = i == na ? 1 : j == nb ? -1 : tgc_compare_indices(a + i * rank, b + j * rank, rank);
      const int64_t *index = order <= 0 ? a + i * rank : b + j * rank;
      if (order == 0)
        tgc_combine(combiner, &sum, 0, &inputs[1], i, &inputs[4], j);
      else if (with_zero && order < 0)
        tgc_combine(combiner, &sum, 0, &inputs[1], i, &zero, 0);
      else if (with_zero)
        tgc_combine(combiner, &sum, 0, &zero, 0, &inputs[4], j);
      else
        tgc_copy_element(&sum, 0, order < 0 ? &inputs[1] : &inputs[4], order < 0 ? i : j);
      i += order <= 0;
      j += order >= 0;
      if (order == 0 && magnitude(&sum, 0) < threshold)
        continue;
      if (pass == 1) {
        memcpy(indices + dims[0] * rank, index, (size_t)rank * sizeof *index);
        tgc_copy_element(&outputs[1], dims[0], &sum, 0);
      }
      ++dims[0];
    }
  }
}

static void check_shapes(tgc_frame_t *frame, const char *node, const tgc_tensor_t *a, const tgc_tensor_t *b) {
  if (a->dims[0] != b->dims[0] || memcmp(a->data, b->data, (size_t)a->dims[0] * sizeof(int64_t)) != 0)
    tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node, "Operands' shapes do not match", NULL, 0);
}

/* Inputs: indices, values and shape of a and b, and a threshold. */
TGC_KERNEL(tgc_kernel_sparse_add) {
  TGC_KERNEL_UNUSED;
  check_shapes(frame, node, &inputs[2], &inputs[5]);
  merge(frame, inputs, kAdd, 0, tgc_get_double(inputs[6].dtype, inputs[6].data, 0), outputs);
  memcpy(outputs[2].data, inputs[2].data, (size_t)inputs[2].dims[0] * sizeof(int64_t));
}

/* The same without a threshold; config "max" or "min". */
TGC_KERNEL(tgc_kernel_sparse_extreme) {
  TGC_KERNEL_UNUSED;
  check_shapes(frame, node, &inputs[2], &inputs[5]);
  merge(frame, inputs, config[1] == 'a' ? kLarger : kSmaller, 1, -1, outputs);
}

/* Inputs: gradients of a sum's values, indices of a, b and the sum. Outputs: gradients of the values of a and
 * b. */
TGC_KERNEL(tgc_kernel_sparse_add_grad) {
  TGC_KERNEL_UNUSED;
  int64_t rank = inputs[3].dims[1];
  const int64_t *sum = inputs[3].data;
  for (int part = 0; part < 2; ++part) {
    const int64_t *indices = inputs[1 + part].data;
    memset(outputs[part].data, 0, outputs[part].byte_size);
    for (int64_t i = 0, j = 0; i < inputs[1 + part].dims[0] && j < inputs[3].dims[0];) {
      int order = tgc_compare_indices(indices + i * rank, sum + j * rank, rank);
      if (order == 0)
        tgc_copy_element(&outputs[part], i, &inputs[0], j);
      i += order <= 0;
      j += order >= 0;
    }
  }
}

/* Where the element of a dense tensor stands that an index refers to; dimensions of one are repeated, missing
 * ones too. */
static int64_t dense_position(const tgc_tensor_t *dense, const int64_t *index, int64_t rank) {
  int64_t at = 0;
  for (int32_t k = 0; k < dense->rank; ++k)
    at = at * dense->dims[k] + (dense->dims[k] == 1 ? 0 : index[rank - dense->rank + k]);
  return at;
}

/* Inputs: indices, values, shape, a dense tensor that broadcasts to the shape. Config "add", "mul" or "div";
 * output: values. */
TGC_KERNEL(tgc_kernel_sparse_dense) {
  TGC_KERNEL_UNUSED;
  const int64_t *indices = inputs[0].data, *shape = inputs[2].data;
  int64_t rank = inputs[0].dims[1];
  const tgc_tensor_t *dense = &inputs[3];
  for (int32_t k = 0; k < dense->rank; ++k)
    if (dense->rank > rank || (dense->dims[k] != 1 && dense->dims[k] != shape[rank - dense->rank + k]))
      tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node,
                  "the dense operand does not broadcast to the sparse one's shape", NULL, 0);
  tgc_combiner_t combiner = config[0] == 'a' ? kAdd : config[0] == 'm' ? kMultiply : kDivide;
  for (int64_t i = 0; i < inputs[0].dims[0]; ++i)
    tgc_combine(combiner, &outputs[0], i, &inputs[1], i, dense,
                dense_position(dense, indices + i * rank, rank));
}

/* Inputs: indices (int32 or int64), values, shape, a dense tensor; output: the sum, dense. */
TGC_KERNEL(tgc_kernel_sparse_dense_add) {
  TGC_KERNEL_UNUSED;
  int64_t rank = inputs[0].dims[1];
  memcpy(outputs[0].data, inputs[3].data, outputs[0].byte_size);
  for (int64_t i = 0; i < inputs[0].dims[0]; ++i) {
    int64_t at = 0;
    for (int64_t k = 0; k < rank; ++k) {
      int64_t index = tgc_get_int(inputs[0].dtype, inputs[0].data, i * rank + k);
      int64_t values[3] = {i, k, index};
      if (index < 0 || index >= outputs[0].dims[k])
        tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node, "the index [%d, %d] is out of bounds: %d", values, 3);
      at = at * outputs[0].dims[k] + index;
    }
    tgc_combine(kAdd, &outputs[0], at, &outputs[0], at, &inputs[1], i);
  }
}

/* Inputs: indices (sorted), values, shape. Output: the softmax of the entries of each row, a row being what
 * has the same index in all dimensions but the last. */
TGC_KERNEL(tgc_kernel_sparse_softmax) {
  TGC_KERNEL_UNUSED;
  const int64_t *indices = inputs[0].data;
  int64_t count = inputs[0].dims[0], rank = inputs[0].dims[1];
  int32_t dtype = inputs[1].dtype;
  for (int64_t begin = 0, end; begin < count; begin = end) {
    double most = -INFINITY, sum = 0;
    for (end = begin;
         end < count && tgc_compare_indices(indices + begin * rank, indices + end * rank, rank - 1) == 0;
         ++end)
      most = fmax(most, tgc_get_double(dtype, inputs[1].data, end));
    for (int64_t i = begin; i < end; ++i)
      sum += exp(tgc_get_double(dtype, inputs[1].data, i) - most);
    for (int64_t i = begin; i < end; ++i)
      tgc_set_double(dtype, outputs[0].data, i, exp(tgc_get_double(dtype, inputs[1].data, i) - most) / sum);
  }
}

/* Config "max" or "sum", and for each dimension 1 if it is reduced, else 0. Inputs: indices, values, shape.
 * Output 0: dense, of the sizes that are kept. Groups without entries are zero. */
TGC_KERNEL(tgc_kernel_sparse_reduce) {
  TGC_KERNEL_UNUSED;
  const int64_t *indices = inputs[0].data, *shape = inputs[2].data;
  int64_t rank = inputs[0].dims[1], count = tgc_count(&outputs[0]);
  uint8_t *is_set = tgc_rt_scratch(frame, (uint64_t)count);
  memset(is_set, 0, (size_t)count);
  memset(outputs[0].data, 0, outputs[0].byte_size);
  for (int64_t i = 0; i < inputs[0].dims[0]; ++i) {
    int64_t at = 0;
    for (int64_t k = 0; k < rank; ++k)
      if (config[4 + k] == '0')
        at = at * shape[k] + indices[i * rank + k];
    if (at < 0 || at >= count)
      tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node, "the index of entry %d is out of bounds", &i, 1);
    if (is_set[at])
      tgc_combine(config[0] == 'm' ? kLarger : kAdd, &outputs[0], at, &outputs[0], at, &inputs[1], i);
    else
      tgc_copy_element(&outputs[0], at, &inputs[1], i);
    is_set[at] = 1;
  }
}

/* The same as a sparse tensor: config "max" or "sum", "keep" or "drop", and the dimensions. Outputs: indices,
 * values, shape. */
TGC_KERNEL(tgc_kernel_sparse_reduce_sparse) {
  TGC_KERNEL_UNUSED;
  const int64_t *indices = inputs[0].data, *shape = inputs[2].data;
  int64_t count = inputs[0].dims[0], rank = inputs[0].dims[1], kept = 0, groups = 0;
  int keeps_dims = config[4] == 'k';
  int64_t *grouped = tgc_rt_scratch(frame, (uint64_t)(count * rank) * sizeof *grouped),
          *new_shape = outputs[2].data;
  for (int64_t k = 0; k < rank; ++k)
    if (config[9 + k] == '0' || keeps_dims)
      new_shape[kept++] = config[9 + k] == '0' ? shape[k] : 1;
  for (int64_t i = 0; i < count; ++i)
    for (int64_t k = 0, at = 0; k < rank; ++k)
      if (config[9 + k] == '0' || keeps_dims)
        grouped[i * kept + at++] = config[9 + k] == '0' ? indices[i * rank + k] : 0;
  int64_t *order = tgc_sort_indices(frame, grouped, count, kept);
  for (int64_t i = 0; i < count; ++i)
    groups +=
        i == 0 || tgc_compare_indices(grouped + order[i - 1] * kept, grouped + order[i] * kept, kept) != 0;
  int64_t dims[2] = {groups, kept}, *to = tgc_find_output(frame, &outputs[0], 2, dims), at = -1;
  tgc_find_output(frame, &outputs[1], 1, dims);
  for (int64_t i = 0; i < count; ++i) {
    if (i > 0 && tgc_compare_indices(grouped + order[i - 1] * kept, grouped + order[i] * kept, kept) == 0) {
      tgc_combine(config[0] == 'm' ? kLarger : kAdd, &outputs[1], at, &outputs[1], at, &inputs[1], order[i]);
      continue;
    }
    ++at;
    memcpy(to + at * kept, grouped + order[i] * kept, (size_t)kept * sizeof *to);
    tgc_copy_element(&outputs[1], at, &inputs[1], order[i]);
  }
}
