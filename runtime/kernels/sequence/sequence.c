/*===- sequence.c - Distances and decodings of sequences ----------------------===*/

#include "runtime/kernels/sparse/sparse.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>

static int is_same(const tgc_tensor_t *a, int64_t i, const tgc_tensor_t *b, int64_t j) {
  uint32_t width = tgc_dtype_size(a->dtype);
  if (a->dtype != TGC_STRING)
    return memcmp((const char *)a->data + (uint64_t)i * width, (const char *)b->data + (uint64_t)j * width,
                  width) == 0;
  tgc_string_t x = ((const tgc_string_t *)a->data)[i], y = ((const tgc_string_t *)b->data)[j];
  return x.size == y.size && (x.size == 0 || memcmp(x.data, y.data, x.size) == 0);
}

/* Levenshtein's distance of two ranges of values. */
static int64_t distance(tgc_frame_t *frame, const tgc_tensor_t *a, int64_t first_a, int64_t count_a,
                        const tgc_tensor_t *b, int64_t first_b, int64_t count_b) {
  int64_t *row = tgc_rt_scratch(frame, (uint64_t)(count_b + 1) * sizeof *row);
  for (int64_t j = 0; j <= count_b; ++j)
    row[j] = j;
  for (int64_t i = 1; i <= count_a; ++i) {
    int64_t diagonal = row[0];
    row[0] = i;
    for (int64_t j = 1; j <= count_b; ++j) {
      int64_t best = diagonal + !is_same(a, first_a + i - 1, b, first_b + j - 1);
      diagonal = row[j];
      best = row[j] + 1 < best ? row[j] + 1 : best;
      row[j] = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
    }
  }
  return row[count_b];
}

/* Config "normalize"; inputs: indices, values and shape of the hypothesis and of the truth, sequences lying
 * along the last dimension. Output 0 (float): the distance of each pair, over the truth's length if
 * normalised. */
TGC_KERNEL(tgc_kernel_edit_distance) {
  TGC_KERNEL_UNUSED;
  int64_t rank = inputs[0].dims[1], numbers[2] = {inputs[0].dims[0], inputs[3].dims[0]}, next[2] = {0, 0};
  const int64_t *indices[2] = {inputs[0].data, inputs[3].data};
  float *distances = outputs[0].data;
  for (int64_t group = 0, count = tgc_count(&outputs[0]); group < count; ++group) {
    int64_t first[2] = {next[0], next[1]};
    for (int side = 0; side < 2; ++side)
      for (; next[side] < numbers[side]; ++next[side]) {
        int64_t at = 0;
        for (int64_t k = 0; k + 1 < rank; ++k)
          at = at * outputs[0].dims[k] + indices[side][next[side] * rank + k];
        if (at != group)
          break;
      }
    int64_t sizes[2] = {next[0] - first[0], next[1] - first[1]};
    float value = (float)distance(frame, &inputs[1], first[0], sizes[0], &inputs[4], first[1], sizes[1]);
    if (*config)
      value = sizes[1] > 0 ? value / (float)sizes[1] : sizes[0] > 0 ? INFINITY : 0;
    distances[group] = value;
  }
}

/* Config "MERGE BLANK"; inputs: logits [time, batch, classes], lengths (int32 [batch]). Outputs: the best
 * class at each time, without blanks and, merged, repetitions, as a sparse tensor; the negated sum of the
 * best logits [batch, 1]. */
TGC_KERNEL(tgc_kernel_ctc_greedy) {
  TGC_KERNEL_UNUSED;
  char *rest;
  int merges = (int)strtol(config, &rest, 10);
  int64_t times = inputs[0].dims[0], batch = inputs[0].dims[1], classes = inputs[0].dims[2],
          blank = strtoll(rest, NULL, 10);
  if (blank < 0)
    blank += classes;
  int64_t total = 0, longest = 0, *indices = NULL, *values = NULL;
  for (int pass = 0; pass < 2; ++pass) {
    if (pass == 1) {
      int64_t dims[2] = {total, 2};
      indices = tgc_find_output(frame, &outputs[0], 2, dims);
      values = tgc_find_output(frame, &outputs[1], 1, dims);
      total = 0;
    }
    for (int64_t b = 0; b < batch; ++b) {
      int64_t length = ((const int32_t *)inputs[1].data)[b], previous = -1, count = 0;
      double sum = 0;
      if (length < 0 || length > times) {
        int64_t numbers[2] = {b, times};
        tgc_rt_fail(frame, TGC_FAILED_PRECONDITION, node, "sequence_length(%d) must be in [0, %d]", numbers,
                    2);
      }
      for (int64_t t = 0; t < length; ++t) {
        int64_t row = (t * batch + b) * classes, best = 0;
        for (int64_t k = 1; k < classes; ++k)
          if (tgc_get_double(inputs[0].dtype, inputs[0].data, row + k) >
              tgc_get_double(inputs[0].dtype, inputs[0].data, row + best))
            best = k;
        sum -= tgc_get_double(inputs[0].dtype, inputs[0].data, row + best);
        if (inputs[0].dtype == TGC_FLOAT32)
          sum = (float)sum;
        if (best != blank && !(merges && best == previous)) {
          if (pass == 1) {
            indices[2 * total] = b;
            indices[2 * total + 1] = count;
            values[total] = best;
          }
          ++count;
          ++total;
        }
        previous = best;
      }
      longest = count > longest ? count : longest;
      tgc_set_double(outputs[3].dtype, outputs[3].data, b, sum);
    }
  }
  ((int64_t *)outputs[2].data)[0] = batch;
  ((int64_t *)outputs[2].data)[1] = longest;
}
