/*===- rearrange.c - Sparse tensors in another order or shape -----------------===*/

#include "sparse.h"

#include <stddef.h>
#include <stdlib.h>

/* Inputs: indices, values. Outputs: the same, sorted. */
TGC_KERNEL(tgc_kernel_sparse_reorder) {
  TGC_KERNEL_UNUSED;
  const int64_t *indices = inputs[0].data;
  int64_t count = inputs[0].dims[0], rank = inputs[0].dims[1],
          *order = tgc_sort_indices(frame, indices, count, rank);
  for (int64_t i = 0; i < count; ++i) {
    memcpy((int64_t *)outputs[0].data + i * rank, indices + order[i] * rank, (size_t)rank * sizeof *indices);
    tgc_copy_element(&outputs[1], i, &inputs[1], order[i]);
  }
}

/* Inputs: indices, shape, new shape with one -1 at most. Outputs: new indices, new shape. */
TGC_KERNEL(tgc_kernel_sparse_reshape) {
  TGC_KERNEL_UNUSED;
  const int64_t *indices = inputs[0].data, *shape = inputs[1].data, *wanted = inputs[2].data;
  int64_t count = inputs[0].dims[0], rank = inputs[1].dims[0], new_rank = inputs[2].dims[0], total = 1,
          known = 1, open = -1;
  int64_t *to = outputs[0].data, *new_shape = outputs[1].data;
  for (int64_t i = 0; i < rank; ++i)
    total *= shape[i];
  for (int64_t i = 0; i < new_rank; ++i) {
    new_shape[i] = wanted[i];
    if (wanted[i] >= 0)
      known *= wanted[i];
    else if (open >= 0)
      tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node, "only one output dimension may be -1", NULL, 0);
    else
      open = i;
  }
  if (open >= 0)
    new_shape[open] = known > 0 ? total / known : 0;
  int64_t values[2] = {total, open >= 0 ? known * new_shape[open] : known};
  if (values[0] != values[1])
    tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node,
                "Input to reshape is a tensor with %d dense values, but the requested shape has %d", values,
                2);
  for (int64_t i = 0; i < count; ++i) {
    int64_t linear = 0;
    for (int64_t k = 0; k < rank; ++k)
      linear = linear * shape[k] + indices[i * rank + k];
    for (int64_t k = new_rank - 1; k >= 0; --k) {
      to[i * new_rank + k] = new_shape[k] > 0 ? linear % new_shape[k] : 0;
      linear = new_shape[k] > 0 ? linear / new_shape[k] : 0;
    }
  }
}

/* Config "DIM N"; inputs: N indices, N values, N shapes. Outputs: all along one dimension, sorted. */
TGC_KERNEL(tgc_kernel_sparse_concat) {
  TGC_KERNEL_UNUSED;
  char *rest;
  int64_t dim = strtoll(config, &rest, 10), n = strtoll(rest, NULL, 10), rank = inputs[2 * n].dims[0],
          count = 0, offset = 0;
  for (int64_t t = 0; t < n; ++t)
    count += inputs[t].dims[0];
  int64_t *all = tgc_rt_scratch(frame, (uint64_t)(count * rank) * sizeof *all), *shape = outputs[2].data;
  int64_t *sources = tgc_rt_scratch(frame, (uint64_t)count * 2 * sizeof *sources), at = 0;
  for (int64_t t = 0; t < n; ++t) {
    const int64_t *indices = inputs[t].data, *part = inputs[2 * n + t].data;
    for (int64_t k = 0; k < rank; ++k) {
      int64_t values[3] = {k, part[k], ((const int64_t *)inputs[2 * n].data)[k]};
      if (k != dim && values[1] != values[2])
        tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node, "Input shapes must match: dimension %d is %d and %d",
                    values, 3);
      shape[k] = k == dim ? offset + part[k] : part[k];
    }
    for (int64_t i = 0; i < inputs[t].dims[0]; ++i, ++at) {
      memcpy(all + at * rank, indices + i * rank, (size_t)rank * sizeof *all);
      all[at * rank + dim] += offset;
      sources[2 * at] = t;
      sources[2 * at + 1] = i;
    }
    offset += part[dim];
  }
  int64_t *order = tgc_sort_indices(frame, all, count, rank), dims[2] = {count, rank};
  int64_t *to = tgc_find_output(frame, &outputs[0], 2, dims);
  tgc_find_output(frame, &outputs[1], 1, dims);
  for (int64_t i = 0; i < count; ++i) {
    memcpy(to + i * rank, all + order[i] * rank, (size_t)rank * sizeof *to);
    tgc_copy_element(&outputs[1], i, &inputs[n + sources[2 * order[i]]], sources[2 * order[i] + 1]);
  }
}

/* The entries of a box [start, start + size), as a sparse tensor of its own. */
static void slice(tgc_frame_t *frame, const tgc_tensor_t *indices, const tgc_tensor_t *values,
                  const int64_t *shape, const int64_t *start, const int64_t *size, tgc_tensor_t *outputs) {
  const int64_t *from = indices->data;
  int64_t rank = indices->dims[1], dims[2] = {0, rank}, *to = NULL, *extents = outputs[2].data;
  for (int64_t k = 0; k < rank; ++k) {
    int64_t left = shape[k] - start[k];
    extents[k] = left < 0 ? 0 : size[k] < left ? size[k] : left;
  }
  for (int pass = 0; pass < 2; ++pass) {
    if (pass == 1) {
      to = tgc_find_output(frame, &outputs[0], 2, dims);
      tgc_find_output(frame, &outputs[1], 1, dims);
      dims[0] = 0;
    }
    for (int64_t i = 0; i < indices->dims[0]; ++i) {
      int is_inside = 1;
      for (int64_t k = 0; k < rank; ++k)
        is_inside &= from[i * rank + k] >= start[k] && from[i * rank + k] < start[k] + extents[k];
      if (!is_inside)
        continue;
      for (int64_t k = 0; pass == 1 && k < rank; ++k)
        to[dims[0] * rank + k] = from[i * rank + k] - start[k];
      if (pass == 1)
        tgc_copy_element(&outputs[1], dims[0], values, i);
      ++dims[0];
    }
  }
}

/* Inputs: indices, values, shape, start, size. */
TGC_KERNEL(tgc_kernel_sparse_slice) {
  TGC_KERNEL_UNUSED;
  slice(frame, &inputs[0], &inputs[1], inputs[2].data, inputs[3].data, inputs[4].data, outputs);
}

/* Config "DIM N"; inputs: indices, values, shape. Outputs: N indices, N values, N shapes; the first parts are
 * the larger ones. */
TGC_KERNEL(tgc_kernel_sparse_split) {
  TGC_KERNEL_UNUSED;
  char *rest;
  int64_t dim = strtoll(config, &rest, 10), n = strtoll(rest, NULL, 10), rank = inputs[2].dims[0];
  const int64_t *shape = inputs[2].data;
  int64_t start[TGC_MAX_RANK] = {0}, size[TGC_MAX_RANK];
  for (int64_t part = 0; part < n; ++part) {
    memcpy(size, shape, (size_t)rank * sizeof *size);
    size[dim] = shape[dim] / n + (part < shape[dim] % n);
    tgc_tensor_t triple[3] = {outputs[part], outputs[n + part], outputs[2 * n + part]};
    slice(frame, &inputs[0], &inputs[1], shape, start, size, triple);
    outputs[part] = triple[0];
    outputs[n + part] = triple[1];
    outputs[2 * n + part] = triple[2];
    start[dim] += size[dim];
  }
}

/* Inputs: gradients of the slice's values, indices, start, the slice's indices. Output 0: gradients of all
 * values. */
TGC_KERNEL(tgc_kernel_sparse_slice_grad) {
  TGC_KERNEL_UNUSED;
  const int64_t *all = inputs[1].data, *start = inputs[2].data, *kept = inputs[3].data;
  int64_t rank = inputs[1].dims[1], next = 0;
  memset(outputs[0].data, 0, outputs[0].byte_size);
  for (int64_t i = 0; i < inputs[1].dims[0] && next < inputs[3].dims[0]; ++i) {
    int is_next = 1;
    for (int64_t k = 0; k < rank; ++k)
      is_next &= all[i * rank + k] == kept[next * rank + k] + start[k];
    if (is_next)
      tgc_copy_element(&outputs[0], i, &inputs[0], next++);
  }
}

/* Inputs: indices, values, shape, default. Outputs: indices, values, which rows were empty, where each old
 * entry stands now. */
TGC_KERNEL(tgc_kernel_sparse_fill_empty_rows) {
  TGC_KERNEL_UNUSED;
  const int64_t *indices = inputs[0].data;
  int64_t count = inputs[0].dims[0], rank = inputs[0].dims[1], rows = *(const int64_t *)inputs[2].data,
          total = 0;
  int64_t *sizes = tgc_rt_scratch(frame, (uint64_t)(rows + 1) * sizeof *sizes),
          *map = tgc_find_output(frame, &outputs[3], 1, &count);
  uint8_t *is_empty = tgc_find_output(frame, &outputs[2], 1, &rows);
  memset(sizes, 0, (size_t)(rows + 1) * sizeof *sizes);
  for (int64_t i = 0; i < count; ++i) {
    int64_t values[3] = {i, indices[i * rank], rows};
    if (values[1] < 0 || values[1] >= rows)
      tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node, "indices(%d, 0) is invalid: %d >= %d", values, 3);
    ++sizes[indices[i * rank]];
  }
  for (int64_t row = 0; row < rows; ++row) {
    int64_t size = sizes[row];
    is_empty[row] = size == 0;
    sizes[row] = total;
    total += size ? size : 1;
  }
  int64_t dims[2] = {total, rank}, *to = tgc_find_output(frame, &outputs[0], 2, dims);
  tgc_find_output(frame, &outputs[1], 1, dims);
  for (int64_t row = 0; row < rows; ++row)
    if (is_empty[row]) {
      memset(to + sizes[row] * rank, 0, (size_t)rank * sizeof *to);
      to[sizes[row] * rank] = row;
      tgc_copy_element(&outputs[1], sizes[row], &inputs[3], 0);
    }
  for (int64_t i = 0; i < count; ++i) {
    map[i] = sizes[indices[i * rank]]++;
    memcpy(to + map[i] * rank, indices + i * rank, (size_t)rank * sizeof *to);
    tgc_copy_element(&outputs[1], map[i], &inputs[1], i);
  }
}

/* Inputs: where entries went, gradients of the filled values. Outputs: gradients of the entries, and of the
 * default. */
TGC_KERNEL(tgc_kernel_sparse_fill_empty_rows_grad) {
  TGC_KERNEL_UNUSED;
  const int64_t *map = inputs[0].data;
  int64_t count = inputs[0].dims[0], filled = inputs[1].dims[0];
  uint8_t *is_entry = tgc_rt_scratch(frame, (uint64_t)filled);
  memset(is_entry, 0, (size_t)filled);
  memset(outputs[1].data, 0, outputs[1].byte_size);
  for (int64_t i = 0; i < count; ++i) {
    if (map[i] < 0 || map[i] >= filled)
      tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node, "Elements in reverse index must be in [0, %d)", &filled,
                  1);
    tgc_copy_element(&outputs[0], i, &inputs[1], map[i]);
    is_entry[map[i]] = 1;
  }
  for (int64_t i = 0; i < filled; ++i)
    if (!is_entry[i])
      tgc_combine(kAdd, &outputs[1], 0, &outputs[1], 0, &inputs[1], i);
}
