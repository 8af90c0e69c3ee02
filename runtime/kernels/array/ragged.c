/*===- ragged.c - Counts by rows of different lengths, sorted numbers ---------===*/

#include "runtime/kernels/elements.h"

#include <stddef.h>
#include <stdlib.h>

/* Config "BINARY". Inputs: where rows begin and end (int64), values, weights (or none). Output: for each row
 * how often each number occurs, or the sum of its weights, or whether it occurs. */
TGC_KERNEL(tgc_kernel_ragged_bincount) {
  TGC_KERNEL_UNUSED;
  const int64_t *splits = inputs[0].data;
  tgc_tensor_t *counts = &outputs[0];
  int is_binary = config[0] == '1', is_float = tgc_is_float(counts->dtype);
  int64_t rows = counts->dims[0], size = counts->dims[1], total = tgc_count(&inputs[1]),
          num_weights = tgc_count(&inputs[2]);
  if (inputs[0].dims[0] < 1 || splits[0] != 0 || splits[rows] != total)
    tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node,
                "Splits must start with 0 and end with the number of values, %d", &total, 1);
  if (num_weights != 0 && num_weights != total)
    tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node, "weights must be empty or as many as the %d values",
                &total, 1);
  memset(counts->data, 0, (uint64_t)(rows * size) * tgc_dtype_size(counts->dtype));
  for (int64_t row = 0; row < rows; ++row) {
    if (splits[row + 1] < splits[row] || splits[row + 1] > total)
      tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node, "Splits must be ascending", NULL, 0);
    for (int64_t i = splits[row]; i < splits[row + 1]; ++i) {
      int64_t value = tgc_get_int(inputs[1].dtype, inputs[1].data, i), at = row * size + value;
      if (value < 0)
        tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node, "Input must be non-negative", NULL, 0);
      if (value >= size)
        continue;
      if (is_float) {
        double weight = num_weights ? tgc_get_double(counts->dtype, inputs[2].data, i) : 1;
        tgc_set_double(counts->dtype, counts->data, at,
                       is_binary ? 1 : tgc_get_double(counts->dtype, counts->data, at) + weight);
      } else {
        int64_t weight = num_weights ? tgc_get_int(counts->dtype, inputs[2].data, i) : 1;
        tgc_set_int(counts->dtype, counts->data, at,
                    is_binary ? 1 : tgc_get_int(counts->dtype, counts->data, at) + weight);
      }
    }
  }
}

static int compare_numbers(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

/* Input: integers. Outputs: the different ones, ascending, and where each of the inputs stands among them
 * (int64). */
TGC_KERNEL(tgc_kernel_sorted_unique) {
  TGC_KERNEL_UNUSED;
  int64_t count = tgc_count(&inputs[0]), different = 0;
  int64_t *sorted = tgc_rt_scratch(frame, sizeof(int64_t) * (uint64_t)(count + 1));
  for (int64_t i = 0; i < count; ++i)
    sorted[i] = tgc_get_int(inputs[0].dtype, inputs[0].data, i);
  qsort(sorted, (size_t)count, sizeof *sorted, compare_numbers);
  for (int64_t i = 0; i < count; ++i)
    if (i == 0 || sorted[i] != sorted[i - 1])
      sorted[different++] = sorted[i];
  tgc_find_output(frame, &outputs[0], 1, &different);
  int64_t *places = tgc_find_output(frame, &outputs[1], 1, &count);
  for (int64_t i = 0; i < different; ++i)
    tgc_set_int(outputs[0].dtype, outputs[0].data, i, sorted[i]);
  for (int64_t i = 0; i < count; ++i) {
    int64_t value = tgc_get_int(inputs[0].dtype, inputs[0].data, i), low = 0, high = different;
    while (high - low > 1) {
      int64_t middle = (low + high) / 2;
      if (sorted[middle] <= value)
        low = middle;
      else
        high = middle;
    }
    places[i] = low;
  }
}
