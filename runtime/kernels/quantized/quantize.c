/*===- quantize.c - Between numbers, grids and other grids --------------------===*
 *
 * Products round before sums are taken: with a fused multiply-add, numbers that lie half way between two
 * integers would go to the other one than in TensorFlow.
 *
 *===------------------------------------------------------------------------===*/

#include "ranges.h"

#include <float.h>
#include <stddef.h>
#include <stdlib.h>

#pragma STDC FP_CONTRACT OFF

typedef struct quantizer {
  char mode; /* C(ombined), F(irst), S(caled) */
  int is_even, is_narrow;
  float least_range;
  tgc_grid_t grid;
} quantizer_t;

/* The range of a slice as it is used: it holds zero, and its ends lie apart. */
static void widen(const quantizer_t *quantizer, float *min, float *max) {
  float most = fabsf(*min) > fabsf(*max) ? fabsf(*min) : fabsf(*max);
  float gap = (most > 1 ? most : 1) * quantizer->least_range, low = *min < 0 ? *min : 0;
  float high = *max > low + gap ? *max : low + gap;
  *min = low;
  *max = high > 0 ? high : 0;
}

/* The range that the grid covers with one scale and no offset. */
static float find_scale(const quantizer_t *quantizer, float *min, float *max) {
  float lowest = (float)(quantizer->grid.lowest + quantizer->is_narrow),
        highest = (float)quantizer->grid.highest;
  float from_min = lowest * *min > 0 ? lowest / *min : FLT_MAX,
        from_max = highest * *max > 0 ? highest / *max : FLT_MAX;
  float scale = from_min < from_max ? from_min : from_max;
  *min = lowest / scale;
  *max = highest / scale;
  return scale;
}

static void quantize_rows(const quantizer_t *quantizer, const tgc_tensor_t *x, tgc_tensor_t *output,
                          float min, float max, float scale, int64_t first, int64_t count) {
  const float *from = x->data;
  tgc_to_grid_t map = tgc_to_grid_make(min, max, quantizer->grid);
  float half = quantizer->grid.lowest < 0 ? (float)(quantizer->grid.steps / 2) : 0;
  for (int64_t i = first; i < first + count; ++i) {
    float value = from[i] < max ? from[i] : max;
    value = value > min ? value : min;
    int64_t place;
    if (quantizer->mode == 'F') {
      place = tgc_to_grid_apply(map, from[i]);
    } else if (quantizer->mode == 'S') {
      float scaled = value * scale;
      place = (int64_t)(quantizer->is_even ? rintf(scaled) : roundf(scaled));
    } else {
      float scaled = (value - min) * scale;
      place = (int64_t)(quantizer->grid.lowest < 0 ? roundf(scaled - half) : floorf(scaled + 0.5f));
    }
    tgc_set_int(output->dtype, output->data, i, place);
  }
}

/* Config "MODE EVEN NARROW AXIS LEAST": rounding halves to even, the narrow range, the axis along which each
 * slice has a range of its own (-1: one for all), how far the ends of a range lie apart at least. Inputs: x,
 * min, max; outputs: integers and the ranges that they stand for. */
TGC_KERNEL(tgc_kernel_quantize) {
  TGC_KERNEL_UNUSED;
  char *rest;
  quantizer_t quantizer = {config[0], 0, 0, 0, tgc_grid_of(outputs[0].dtype)};
  quantizer.is_even = (int)strtol(config + 1, &rest, 10);
  quantizer.is_narrow = (int)strtol(rest, &rest, 10);
  int32_t axis = (int32_t)strtol(rest, &rest, 10);
  quantizer.least_range = strtof(rest, NULL);
  int64_t slices = axis < 0 ? 1 : inputs[0].dims[axis],
          inner = axis < 0 ? tgc_count(&inputs[0]) : tgc_count_dims(&inputs[0], axis + 1, inputs[0].rank),
          outer = axis < 0 ? 1 : tgc_count_dims(&inputs[0], 0, axis);
  for (int64_t slice = 0; slice < slices; ++slice) {
    float min = ((const float *)inputs[1].data)[slice], max = ((const float *)inputs[2].data)[slice];
    if (max < min)
      tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node, "input_max_range must be larger than input_min_range",
                  NULL, 0);
    widen(&quantizer, &min, &max);
    float scale = (float)(quantizer.grid.steps - 1) / (max - min);
    if (quantizer.mode == 'S')
      scale = find_scale(&quantizer, &min, &max);
    for (int64_t i = 0; i < outer; ++i)
      quantize_rows(&quantizer, &inputs[0], &outputs[0], min, max, scale, (i * slices + slice) * inner,
                    inner);
    ((float *)outputs[1].data)[slice] = min;
    ((float *)outputs[2].data)[slice] = max;
  }
}

/* Sums of 32 bits to bytes by fixed-point arithmetic of 16 fractional bits. */
static void requantize_sums(const tgc_tensor_t *x, float min, float max, float new_min, float new_max,
                            tgc_tensor_t *output) {
  const int32_t *from = x->data;
  uint8_t *to = output->data;
  float range = max - min, new_range = new_max - new_min;
  int is_empty = new_range == 0;
  float inverse = is_empty ? 0 : (float)(255.0 / (double)new_range);
  float middle = (float)((double)(min + max) / 2.0), scaled_middle = middle * inverse;
  int64_t scale = is_empty ? 0 : (int64_t)(255.0 * 65536 * (double)range / (double)new_range);
  int64_t offset = (int64_t)(scaled_middle * 65536);
  int64_t new_offset = is_empty ? 0 : (int64_t)(65536 * ((double)new_min * 255.0) / (double)new_range);
  for (int64_t i = 0, count = tgc_count(x); i < count; ++i) {
    int64_t value = ((int64_t)from[i] * scale >> 32) + (offset - new_offset + 32768);
    value >>= 16;
    to[i] = (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
  }
}

/* Inputs: x, its min and max, new min and max. */
TGC_KERNEL(tgc_kernel_requantize) {
  TGC_KERNEL_UNUSED;
  float min = tgc_get_f32(&inputs[1]), max = tgc_get_f32(&inputs[2]), new_min = tgc_get_f32(&inputs[3]),
        new_max = tgc_get_f32(&inputs[4]);
  tgc_tensor_t *output = &outputs[0];
  tgc_grid_t from = tgc_grid_of(inputs[0].dtype), to = tgc_grid_of(output->dtype);
  if (from.steps > 65536 && to.steps == 256 && to.lowest == 0) {
    requantize_sums(&inputs[0], min, max, new_min, new_max, output);
    return;
  }
  tgc_to_float_t to_float = tgc_to_float_make(min, max, from);
  tgc_to_grid_t to_grid = tgc_to_grid_make(new_min, new_max, to);
  for (int64_t i = 0, count = tgc_count(&inputs[0]); i < count; ++i) {
    float value = tgc_to_float_apply(to_float, tgc_get_int(inputs[0].dtype, inputs[0].data, i));
    tgc_set_int(output->dtype, output->data, i, tgc_to_grid_apply(to_grid, value));
  }
}

/* The range that the elements of x (inputs: x, min, max) really have, with zero. */
TGC_KERNEL(tgc_kernel_requantization_range) {
  TGC_KERNEL_UNUSED;
  float min = tgc_get_f32(&inputs[1]), max = tgc_get_f32(&inputs[2]);
  tgc_grid_t grid = tgc_grid_of(inputs[0].dtype);
  int64_t least = grid.highest, most = grid.lowest;
  for (int64_t i = 0, count = tgc_count(&inputs[0]); i < count; ++i) {
    int64_t value = tgc_get_int(inputs[0].dtype, inputs[0].data, i);
    least = value < least ? value : least;
    most = value > most ? value : most;
  }
  float low = tgc_dequantize_one(least, min, max, grid);
  tgc_set_f32(&outputs[0], low < 0 ? low : 0);
  tgc_set_f32(&outputs[1], tgc_dequantize_one(most, min, max, grid));
}

/* The integer that stands for a number. Config "BITS SIGNED CLAMPED"; inputs: the number, min, max. */
TGC_KERNEL(tgc_kernel_quantize_number) {
  TGC_KERNEL_UNUSED;
  char *rest;
  int bits = (int)strtol(config, &rest, 10), is_signed = (int)strtol(rest, &rest, 10);
  int is_clamped = (int)strtol(rest, NULL, 10);
  tgc_grid_t grid = tgc_grid_make(bits, is_signed);
  int64_t place =
      tgc_quantize_unclamped(tgc_get_f32(&inputs[0]), tgc_get_f32(&inputs[1]), tgc_get_f32(&inputs[2]), grid);
  tgc_set_int(outputs[0].dtype, outputs[0].data, 0, is_clamped ? tgc_clamp_to(place, grid) : place);
}
