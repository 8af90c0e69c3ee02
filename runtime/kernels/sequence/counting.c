/*===- counting.c - Histograms, running sums of exponentials, sets ------------===*/

#include "runtime/kernels/random/precision.h"
#include "runtime/kernels/sparse/sparse.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>

/* Inputs: values and the range of the histogram [2]. Output 0: how many fall into each bin; those outside
 * into the outer ones. */
TGC_KERNEL(tgc_kernel_histogram) {
  TGC_KERNEL_UNUSED;
  int64_t bins = outputs[0].dims[0];
  int32_t dtype = inputs[0].dtype;
  double low = tgc_get_double(dtype, inputs[1].data, 0), high = tgc_get_double(dtype, inputs[1].data, 1);
  if (!(low < high))
    tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node,
                "value_range should satisfy value_range[0] < value_range[1]", NULL, 0);
  double width = high - low;
  if (dtype == TGC_FLOAT32)
    width = (float)width;
  double step = width / (double)bins;
  memset(outputs[0].data, 0, outputs[0].byte_size);
  for (int64_t i = 0, count = tgc_count(&inputs[0]); i < count; ++i) {
    double offset = tgc_get_double(dtype, inputs[0].data, i);
    offset = offset > low ? offset - low : 0;
    if (dtype == TGC_FLOAT32)
      offset = (float)offset;
    int64_t bin = offset / step >= (double)bins ? bins - 1 : (int64_t)(offset / step);
    tgc_set_int(outputs[0].dtype, outputs[0].data, bin,
                tgc_get_int(outputs[0].dtype, outputs[0].data, bin) + 1);
  }
}

/* Config "AXIS EXCLUSIVE REVERSE": log of the running sum of exponentials of input 0. */
TGC_KERNEL(tgc_kernel_cumulative_logsumexp) {
  TGC_KERNEL_UNUSED;
  char *rest;
  int32_t axis = (int32_t)strtol(config, &rest, 10), dtype = inputs[0].dtype;
  int is_exclusive = (int)strtol(rest, &rest, 10), is_reverse = (int)strtol(rest, NULL, 10);
  int64_t outer = tgc_count_dims(&inputs[0], 0, axis), count = inputs[0].dims[axis];
  int64_t inner = tgc_count_dims(&inputs[0], axis + 1, inputs[0].rank);
  for (int64_t line = 0; line < outer * inner; ++line) {
    double sum = -INFINITY;
    for (int64_t k = 0; k < count; ++k) {
      int64_t at = (line / inner * count + (is_reverse ? count - 1 - k : k)) * inner + line % inner;
      double x = tgc_get_double(dtype, inputs[0].data, at);
      if (is_exclusive)
        tgc_set_double(dtype, outputs[0].data, at, sum);
      double larger = fmax(sum, x), smaller = fmin(sum, x);
      double share = tgc_round_to(dtype, exp(tgc_round_to(dtype, smaller - larger)));
      sum = larger == smaller && isinf(larger)
                ? larger
                : tgc_round_to(dtype, larger + tgc_round_to(dtype, log1p(share)));
      if (!is_exclusive)
        tgc_set_double(dtype, outputs[0].data, at, sum);
    }
  }
}

static int compare_elements(const tgc_tensor_t *a, int64_t i, const tgc_tensor_t *b, int64_t j) {
  if (a->dtype == TGC_STRING) {
    tgc_string_t x = ((const tgc_string_t *)a->data)[i], y = ((const tgc_string_t *)b->data)[j];
    uint64_t common = x.size < y.size ? x.size : y.size;
    int order = common ? memcmp(x.data, y.data, common) : 0;
    return order ? order : x.size < y.size ? -1 : x.size > y.size;
  }
  int64_t x = tgc_get_int(a->dtype, a->data, i), y = tgc_get_int(b->dtype, b->data, j);
  return x < y ? -1 : x > y;
}

/* The different elements of a row, ascending: their positions in `order`; how many. */
static int64_t sort_row(const tgc_tensor_t *tensor, int64_t first, int64_t count, int64_t *order) {
  int64_t kept = 0;
  for (int64_t i = first; i < first + count; ++i) {
    int64_t low = 0, high = kept;
    while (low < high) {
      int64_t middle = (low + high) / 2;
      if (compare_elements(tensor, order[middle], tensor, i) < 0)
        low = middle + 1;
      else
        high = middle;
    }
    if (low < kept && compare_elements(tensor, order[low], tensor, i) == 0)
      continue;
    memmove(order + low + 1, order + low, (size_t)(kept - low) * sizeof *order);
    order[low] = i;
    ++kept;
  }
  return kept;
}

/* Inputs: indices, values and shape of a sparse tensor; output 0 (int32): how many different values each row
 * has. */
TGC_KERNEL(tgc_kernel_set_size) {
  TGC_KERNEL_UNUSED;
  const int64_t *indices = inputs[0].data;
  int64_t count = inputs[0].dims[0], rank = inputs[0].dims[1],
          *order = tgc_rt_scratch(frame, (uint64_t)(count + 1) * sizeof *order);
  memset(outputs[0].data, 0, outputs[0].byte_size);
  for (int64_t begin = 0, end; begin < count; begin = end) {
    int64_t at = 0;
    for (end = begin;
         end < count && tgc_compare_indices(indices + begin * rank, indices + end * rank, rank - 1) == 0;)
      ++end;
    for (int64_t k = 0; k + 1 < rank; ++k)
      at = at * outputs[0].dims[k] + indices[begin * rank + k];
    if (at < 0 || at >= tgc_count(&outputs[0]))
      tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node, "the index of entry %d is out of bounds", &begin, 1);
    ((int32_t *)outputs[0].data)[at] = (int32_t)sort_row(&inputs[1], begin, end - begin, order);
  }
}

/* Sets, one a row: rows of a dense tensor, of `width` elements each, or of a sparse one, whose row r is the
 * values [begins[r], begins[r + 1]). `order`: room for a row. */
typedef struct sets {
  const tgc_tensor_t *values;
  const int64_t *dims;
  int32_t rank;
  int64_t rows, width, *begins, *order;
} sets_t;

static sets_t dense_sets(const tgc_tensor_t *values) {
  int32_t rank = values->rank;
  return (sets_t){values, values->dims, rank, tgc_count_dims(values, 0, rank - 1), values->dims[rank - 1],
                  NULL,   NULL};
}

/* Of the indices, values and shape at `sparse`. */
static sets_t sparse_sets(tgc_frame_t *frame, const char *node, const tgc_tensor_t *sparse) {
  const int64_t *indices = sparse[0].data;
  sets_t sets = {&sparse[1], sparse[2].data, (int32_t)sparse[2].dims[0], 1, 0, NULL, NULL};
  for (int32_t k = 0; k + 1 < sets.rank; ++k)
    if (sets.dims[k] < 0 || __builtin_mul_overflow(sets.rows, sets.dims[k], &sets.rows) ||
        sets.rows > (int64_t)1 << 40)
      tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node, "a size of %d is negative or makes too many sets",
                  &sets.dims[k], 1);
  sets.begins = tgc_rt_scratch(frame, (uint64_t)(sets.rows + 1) * sizeof *sets.begins);
  int64_t row = 0;
  for (int64_t i = 0; i < sparse[0].dims[0]; ++i) {
    int64_t at = 0;
    for (int32_t k = 0; k + 1 < sets.rank; ++k) {
      int64_t index = indices[i * sets.rank + k];
      at = index < 0 || index >= sets.dims[k] ? sets.rows : at * sets.dims[k] + index;
      if (at >= sets.rows)
        break;
    }
    if (at >= sets.rows || at + 1 < row)
      tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node, "the index of entry %d is out of bounds or out of order",
                  &i, 1);
    while (row <= at)
      sets.begins[row++] = i;
  }
  while (row <= sets.rows)
    sets.begins[row++] = sparse[0].dims[0];
  for (row = 0; row < sets.rows; ++row)
    if (sets.begins[row + 1] - sets.begins[row] > sets.width)
      sets.width = sets.begins[row + 1] - sets.begins[row];
  return sets;
}

/* Sorts a row and drops what occurs twice; returns how many elements are left. */
static int64_t sort_set(const sets_t *sets, int64_t row) {
  int64_t begin = sets->begins ? sets->begins[row] : row * sets->width;
  return sort_row(sets->values, begin, sets->begins ? sets->begins[row + 1] - begin : sets->width,
                  sets->order);
}

/* Config: "a-b", "b-a", "intersection" or "union" of the rows of two tensors, as a sparse tensor of ascending
 * sets. Inputs: both, or the second one's indices, values and shape, or those of both. */
TGC_KERNEL(tgc_kernel_set_operation) {
  TGC_KERNEL_UNUSED;
  sets_t sets[2] = {num_inputs == 6 ? sparse_sets(frame, node, inputs) : dense_sets(inputs),
                    num_inputs == 2 ? dense_sets(inputs + 1)
                                    : sparse_sets(frame, node, inputs + num_inputs - 3)};
  int32_t rank = sets[0].rank;
  for (int32_t k = 0; k + 1 < rank; ++k) {
    int64_t sizes[2] = {sets[0].dims[k], sets[1].dims[k]};
    if (sizes[0] != sizes[1])
      tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node, "the sets have sizes %d and %d", sizes, 2);
  }
  int64_t total = 0, longest = 0, *indices = NULL;
  int takes_left = config[0] == 'a' || config[0] == 'u', takes_right = config[0] == 'b' || config[0] == 'u';
  int takes_both = config[0] == 'i' || config[0] == 'u';
  for (int side = 0; side < 2; ++side)
    sets[side].order = tgc_rt_scratch(frame, (uint64_t)(sets[side].width + 1) * sizeof *sets[side].order);
  for (int pass = 0; pass < 2; ++pass) {
    if (pass == 1) {
      int64_t dims[2] = {total, rank};
      indices = tgc_find_output(frame, &outputs[0], 2, dims);
      tgc_find_output(frame, &outputs[1], 1, dims);
      total = 0;
    }
    for (int64_t row = 0; row < sets[0].rows; ++row) {
      int64_t sizes[2] = {sort_set(&sets[0], row), sort_set(&sets[1], row)}, count = 0;
      for (int64_t i = 0, j = 0; i < sizes[0] || j < sizes[1];) {
        int order = i == sizes[0]   ? 1
                    : j == sizes[1] ? -1
                                    : compare_elements(sets[0].values, sets[0].order[i], sets[1].values,
                                                       sets[1].order[j]);
        int is_taken = order < 0 ? takes_left : order > 0 ? takes_right : takes_both;
        if (is_taken && pass == 1) {
          int64_t at = row;
          for (int32_t k = rank - 2; k >= 0; --k) {
            indices[total * rank + k] = at % sets[0].dims[k];
            at /= sets[0].dims[k];
          }
          indices[total * rank + rank - 1] = count;
          tgc_copy_element(&outputs[1], total, sets[order > 0].values,
                           order > 0 ? sets[1].order[j] : sets[0].order[i]);
        }
        count += is_taken;
        total += is_taken;
        i += order <= 0;
        j += order >= 0;
      }
      longest = count > longest ? count : longest;
    }
  }
  int64_t *shape = outputs[2].data;
  memcpy(shape, sets[0].dims, sizeof *shape * (size_t)(rank - 1));
  shape[rank - 1] = longest;
}
