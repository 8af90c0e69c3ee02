/*===- categorical.c - Draws of classes, and shuffling ------------------------===*/

#include "random.h"
#include "words.h"

#include <math.h>

/* The first position whose value is greater than `wanted`, or `count`. */
static int64_t upper_bound(const double *ascending, int64_t count, double wanted) {
  int64_t first = 0;
  while (count > 0) {
    int64_t half = count / 2;
    if (ascending[first + half] <= wanted) {
      first += half + 1;
      count -= half + 1;
    } else {
      count = half;
    }
  }
  return first;
}

/* Input 2: logits [batch, classes]; output 0: [batch, samples], int32 or int64. All rows draw from one
 * stream. */
TGC_RANDOM_KERNEL(tgc_kernel_random_categorical) {
  TGC_KERNEL_UNUSED;
  const uint64_t *key = inputs[0].data, *counter = inputs[1].data;
  const tgc_tensor_t *logits = &inputs[2];
  int64_t rows = logits->dims[0], classes = logits->dims[1], samples = outputs[0].dims[1];
  if (rows == 0 || samples == 0)
    return;
  tgc_words_t words = tgc_words_make(tgc_philox_make(key[0], counter[0], counter[1]));
  double *sums = tgc_rt_scratch(frame, (uint64_t)classes * sizeof *sums);
  for (int64_t row = 0; row < rows; ++row) {
    double largest = -INFINITY, total = 0;
    for (int64_t i = 0; i < classes; ++i) {
      sums[i] = tgc_get_double(logits->dtype, logits->data, row * classes + i);
      if (isfinite(sums[i]) && sums[i] > largest)
        largest = sums[i];
    }
    /* Classes without a finite logit are never drawn. */
    for (int64_t i = 0; i < classes; ++i) {
      if (isfinite(sums[i]))
        total += exp(sums[i] - largest);
      sums[i] = total;
    }
    for (int64_t sample = 0; sample < samples; ++sample)
      tgc_set_int(outputs[0].dtype, outputs[0].data, row * samples + sample,
                  upper_bound(sums, classes, tgc_next_f64(&words) * total));
  }
}

/* Input 2 with its slices along dimension 0 in another order; Fisher and Yates, from the front. */
TGC_RANDOM_KERNEL(tgc_kernel_random_shuffle) {
  TGC_KERNEL_UNUSED;
  const uint64_t *key = inputs[0].data, *counter = inputs[1].data;
  int64_t count = inputs[2].dims[0];
  uint64_t bytes = (uint64_t)tgc_count_dims(&inputs[2], 1, inputs[2].rank) * tgc_dtype_size(inputs[2].dtype);
  if (count == 0 || bytes == 0)
    return;
  tgc_words_t words = tgc_words_make(tgc_philox_make(key[0], counter[0], counter[1]));
  int64_t *order = tgc_rt_scratch(frame, (uint64_t)count * sizeof *order);
  for (int64_t i = 0; i < count; ++i)
    order[i] = i;
  for (int64_t i = 0; i + 1 < count; ++i) {
    int64_t j = i + tgc_next_u32(&words) % (uint32_t)(count - i), swapped = order[i];
    order[i] = order[j];
    order[j] = swapped;
  }
  for (int64_t i = 0; i < count; ++i)
    memcpy((char *)outputs[0].data + (uint64_t)i * bytes,
           (const char *)inputs[2].data + (uint64_t)order[i] * bytes, bytes);
}
