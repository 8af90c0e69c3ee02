/*===- uniform.c - Tensors quantised by scales and zero points ----------------===*/

#include "ranges.h"

#include <stddef.h>
#include <stdlib.h>

#pragma STDC FP_CONTRACT OFF

/* How the elements of a tensor are quantised: alike, or by slices along an axis. */
typedef struct slices {
  int64_t inner, count;
  int64_t least, most;
} slices_t;

/* Config "AXIS MIN MAX". */
static slices_t read_slices(const char *config, const tgc_tensor_t *x) {
  char *rest;
  int32_t axis = (int32_t)strtol(config, &rest, 10);
  slices_t slices = {1, 1, 0, 0};
  slices.least = strtoll(rest, &rest, 10);
  slices.most = strtoll(rest, NULL, 10);
  if (axis >= 0) {
    slices.inner = tgc_count_dims(x, axis + 1, x->rank);
    slices.count = x->dims[axis];
  }
  return slices;
}

/* Which number of a scalar or a vector belongs to element `i`. */
static int64_t number_of(slices_t slices, const tgc_tensor_t *numbers, int64_t i) {
  return numbers->rank == 0 || tgc_count(numbers) == 1 ? 0 : i / slices.inner % slices.count;
}

static float float_of(slices_t slices, const tgc_tensor_t *numbers, int64_t i) {
  return ((const float *)numbers->data)[number_of(slices, numbers, i)];
}
static int32_t int_of(slices_t slices, const tgc_tensor_t *numbers, int64_t i) {
  return ((const int32_t *)numbers->data)[number_of(slices, numbers, i)];
}

static int64_t clamp(slices_t slices, int64_t x) {
  return x > slices.most    ? slices.most < slices.least ? slices.least : slices.most
         : x < slices.least ? slices.least
                            : x;
}

static void check_scales(tgc_frame_t *frame, const char *node, const tgc_tensor_t *scales) {
  for (int64_t i = 0, count = tgc_count(scales); i < count; ++i)
    if (!(((const float *)scales->data)[i] > 0))
      tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node, "scales elements must be all positive", NULL, 0);
}

/* Inputs: x (float), scales, zero points. */
TGC_KERNEL(tgc_kernel_uniform_quantize) {
  TGC_KERNEL_UNUSED;
  check_scales(frame, node, &inputs[1]);
  slices_t slices = read_slices(config, &inputs[0]);
  for (int64_t i = 0, count = tgc_count(&inputs[0]); i < count; ++i) {
    float scaled = ((const float *)inputs[0].data)[i] * (1.0f / float_of(slices, &inputs[1], i));
    int32_t place = (int32_t)floorf(scaled + 0.5f) + int_of(slices, &inputs[2], i);
    tgc_set_int(outputs[0].dtype, outputs[0].data, i, clamp(slices, place));
  }
}

/* Inputs: x (integers), scales, zero points. */
TGC_KERNEL(tgc_kernel_uniform_dequantize) {
  TGC_KERNEL_UNUSED;
  check_scales(frame, node, &inputs[1]);
  slices_t slices = read_slices(config, &inputs[0]);
  for (int64_t i = 0, count = tgc_count(&inputs[0]); i < count; ++i) {
    int32_t distance =
        (int32_t)tgc_get_int(inputs[0].dtype, inputs[0].data, i) - int_of(slices, &inputs[2], i);
    ((float *)outputs[0].data)[i] = (float)distance * float_of(slices, &inputs[1], i);
  }
}

/* x * factor, the factor as 31 bits and a shift, rounded once. */
static int64_t multiply_fixed(int32_t x, double factor) {
  int shift;
  double fraction = frexp(factor, &shift);
  int64_t fixed = (int64_t)round(fraction * 2147483648.0);
  if (fixed == 2147483648) {
    fixed /= 2;
    ++shift;
  }
  if (shift < -31) {
    fixed = 0;
    shift = 0;
  }
  if (shift > 30) {
    fixed = 2147483647;
    shift = 30;
  }
  int64_t product = x * fixed + ((int64_t)1 << (30 - shift));
  return tgc_clamp_to(product >> (31 - shift), tgc_grid_make(32, 1));
}

/* Inputs: x (integers), two scales whose product is x's, its zero points, new scales, new zero points. */
TGC_KERNEL(tgc_kernel_uniform_requantize) {
  TGC_KERNEL_UNUSED;
  for (int k = 1; k < 5; k += k == 2 ? 2 : 1)
    check_scales(frame, node, &inputs[k]);
  slices_t slices = read_slices(config, &inputs[0]);
  for (int64_t i = 0, count = tgc_count(&inputs[0]); i < count; ++i) {
    double factor = (double)float_of(slices, &inputs[1], i) * (double)float_of(slices, &inputs[2], i) /
                    (double)float_of(slices, &inputs[4], i);
    uint32_t distance =
        (uint32_t)tgc_get_int(inputs[0].dtype, inputs[0].data, i) - (uint32_t)int_of(slices, &inputs[3], i);
    int64_t value = multiply_fixed((int32_t)distance, factor) + int_of(slices, &inputs[5], i);
    tgc_set_int(outputs[0].dtype, outputs[0].data, i, clamp(slices, value));
  }
}
