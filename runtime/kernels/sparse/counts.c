/*===- counts.c - How often values occur, by row -------------------------------===*/

#include "runtime/kernels/sparse/sparse.h"

#include <stddef.h>
#include <stdlib.h>

/* The row of each value: of a matrix, of the sparse tensor's index, or between two splits. */
static int64_t *find_rows(tgc_frame_t *frame, const char *node, const tgc_tensor_t *inputs,
                          uint32_t num_inputs, int64_t count, int64_t *num_rows) {
  int64_t *rows = tgc_rt_scratch(frame, (uint64_t)(count + 1) * sizeof *rows);
  memset(rows, 0, (size_t)count * sizeof *rows);
  const int64_t *first = inputs[0].data;
  *num_rows = 1;
  if (num_inputs == 2 && inputs[0].rank == 2) {
    *num_rows = inputs[0].dims[0];
    for (int64_t i = 0; i < count; ++i)
      rows[i] = i / inputs[0].dims[1];
  } else if (num_inputs == 4 && tgc_count(&inputs[2]) > 1) {
    *num_rows = ((const int64_t *)inputs[2].data)[0];
    for (int64_t i = 0; i < count; ++i) {
      rows[i] = first[i * inputs[0].dims[1]];
      if (rows[i] < 0 || rows[i] >= *num_rows)
        tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node, "an index names row %d, which there is not", &rows[i],
                    1);
    }
  } else if (num_inputs == 3) {
    *num_rows = inputs[0].dims[0] - 1;
    if (*num_rows < 0 || first[0] != 0 || first[*num_rows] != count)
      tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node,
                  "Splits must start with 0 and end with the number of "
                  "values, %d",
                  &count, 1);
    for (int64_t row = 0; row < *num_rows; ++row) {
      if (first[row] > first[row + 1])
        tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node, "split %d is greater than the one after it", &row, 1);
      for (int64_t i = first[row]; i < first[row + 1]; ++i)
        rows[i] = row;
    }
  }
  return rows;
}

/* Config "LEAST MOST BINARY": at least so many columns; columns from `most` on are left out, unless it is not
 * positive; whether 1 stands for any number. Inputs: values [columns] or [rows, columns]; or indices, values
 * and shape of a sparse tensor; or splits and values of a ragged one; then weights, none or one for each
 * value. Outputs: indices, counts and shape, sparse; of one row without its number. */
TGC_KERNEL(tgc_kernel_sparse_counts) {
  TGC_KERNEL_UNUSED;
  char *rest;
  int64_t least = strtoll(config, &rest, 10), most = strtoll(rest, &rest, 10), num_rows, kept = 0, last = 0;
  int is_binary = (int)strtol(rest, NULL, 10);
  const tgc_tensor_t *values = &inputs[num_inputs == 2 ? 0 : 1], *weights = &inputs[num_inputs - 1];
  int64_t count = tgc_count(values), given[2] = {tgc_count(weights), count};
  if (given[0] && given[0] != count)
    tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node, "there are %d weights for %d values", given, 2);
  int64_t *rows = find_rows(frame, node, inputs, num_inputs, count, &num_rows),
          *cells = tgc_rt_scratch(frame, (uint64_t)(2 * count + 1) * sizeof *cells),
          *source = tgc_rt_scratch(frame, (uint64_t)(count + 1) * sizeof *source);
  for (int64_t i = 0; i < count; ++i) {
    int64_t value = tgc_get_int(values->dtype, values->data, i);
    if (value < 0 || (most > 0 && value >= most))
      continue;
    cells[2 * kept] = rows[i];
    cells[2 * kept + 1] = value;
    source[kept++] = i;
    last = value > last ? value : last;
  }
  int64_t *order = tgc_sort_indices(frame, cells, kept, 2), distinct = 0, at = -1;
  for (int64_t k = 0; k < kept; ++k)
    distinct += k == 0 || tgc_compare_indices(cells + 2 * order[k - 1], cells + 2 * order[k], 2) != 0;
  int64_t rank = outputs[2].dims[0], dims[2] = {distinct, rank};
  int64_t *indices = tgc_find_output(frame, &outputs[0], 2, dims), *shape = outputs[2].data;
  tgc_find_output(frame, &outputs[1], 1, dims);
  tgc_tensor_t unit = outputs[1];
  char bytes[sizeof(double)];
  unit.data = bytes;
  if (tgc_is_float(unit.dtype))
    tgc_set_double(unit.dtype, bytes, 0, 1);
  else
    tgc_set_int(unit.dtype, bytes, 0, 1);
  for (int64_t k = 0; k < kept; ++k) {
    const int64_t *cell = cells + 2 * order[k];
    const tgc_tensor_t *step = given[0] && !is_binary ? weights : &unit;
    int64_t from = step == weights ? source[order[k]] : 0;
    if (k && tgc_compare_indices(cells + 2 * order[k - 1], cell, 2) == 0) {
      if (!is_binary)
        tgc_combine(kAdd, &outputs[1], at, &outputs[1], at, step, from);
      continue;
    }
    ++at;
    if (rank == 2)
      indices[2 * at] = cell[0];
    indices[rank * at + rank - 1] = cell[1];
    tgc_copy_element(&outputs[1], at, step, from);
  }
  if (rank == 2)
    shape[0] = num_rows;
  shape[rank - 1] = most > 0 ? most : last + 1 > least ? last + 1 : least;
}
