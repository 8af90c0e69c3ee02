/*===- arithmetic.c - Sums, normalisation and resizing of quantised tensors ---===*/

#include "ranges.h"

#include <stddef.h>
#include <stdlib.h>

#pragma STDC FP_CONTRACT OFF

/* Where integer x of one range lies in another of 32 bits: first + x * step. */
typedef struct line {
  int64_t first;
  int32_t step;
} line_t;

static line_t line_between(tgc_grid_t grid, float min, float max, float new_min, float new_max) {
  tgc_grid_t wide = tgc_grid_make(32, 1);
  int64_t first = tgc_quantize_unclamped(tgc_dequantize_one(0, min, max, grid), new_min, new_max, wide);
  int64_t second = tgc_quantize_unclamped(tgc_dequantize_one(1, min, max, grid), new_min, new_max, wide);
  return (line_t){first, (int32_t)(second - first)};
}

/* Where integer i of a side lies. A single number is not moved along the line, but by itself. */
static int64_t place_of(const tgc_tensor_t *x, int64_t i, line_t line, float min, float max, float range,
                        int is_single) {
  int64_t value = tgc_get_int(x->dtype, x->data, i);
  tgc_grid_t wide = tgc_grid_make(32, 1);
  if (is_single)
    return tgc_quantize_one(tgc_dequantize_one(value, min, max, tgc_grid_of(x->dtype)), -range, range, wide);
  return tgc_clamp_to(line.first + value * line.step, wide);
}

/* Inputs: x, y of one shape, min and max of each, x and y before they were repeated. Outputs: sums of 32
 * bits, min, max. */
TGC_KERNEL(tgc_kernel_quantized_add) {
  TGC_KERNEL_UNUSED;
  float min_x = tgc_get_f32(&inputs[2]), max_x = tgc_get_f32(&inputs[3]), min_y = tgc_get_f32(&inputs[4]),
        max_y = tgc_get_f32(&inputs[5]);
  if (!(max_x > min_x) || !(max_y > min_y))
    tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node, "max must be larger than min", NULL, 0);
  float low = min_x < min_y ? min_x : min_y, high = max_x > max_y ? max_x : max_y;
  float range = (fabsf(low) > fabsf(high) ? fabsf(low) : fabsf(high)) * (1 << 14);
  int is_single_x = tgc_count(&inputs[6]) == 1, is_single_y = !is_single_x && tgc_count(&inputs[7]) == 1;
  line_t x = line_between(tgc_grid_of(inputs[0].dtype), min_x, max_x, -range, range),
         y = line_between(tgc_grid_of(inputs[1].dtype), min_y, max_y, -range, range);
  int32_t *sums = outputs[0].data;
  for (int64_t i = 0, count = tgc_count(&inputs[0]); i < count; ++i) {
    int64_t a = place_of(&inputs[0], i, x, min_x, max_x, range, is_single_x),
            b = place_of(&inputs[1], i, y, min_y, max_y, range, is_single_y);
    sums[i] = (int32_t)(uint32_t)((uint64_t)a + (uint64_t)b);
  }
  tgc_set_f32(&outputs[1], -range);
  tgc_set_f32(&outputs[2], range);
}

/* Input i of the normalisation as a number: tensors stand before their min and max. */
static float value_of(const tgc_tensor_t *inputs, int i, int64_t element) {
  const tgc_tensor_t *x = &inputs[3 * i];
  return tgc_dequantize_one(tgc_get_int(x->dtype, x->data, element), tgc_get_f32(x + 1), tgc_get_f32(x + 2),
                            tgc_grid_of(x->dtype));
}

/* Inputs: x, means, variances, beta, gamma, each with min and max. Config "EPSILON SCALED". Outputs: 32 bits
 * of the fixed range [-2^20, 2^20], min, max. */
TGC_KERNEL(tgc_kernel_quantized_batch_norm) {
  TGC_KERNEL_UNUSED;
  char *rest;
  float epsilon = strtof(config, &rest), range = 1 << 20;
  int is_scaled = (int)strtol(rest, NULL, 10);
  tgc_grid_t wide = tgc_grid_make(32, 1), grid = tgc_grid_of(inputs[0].dtype);
  int64_t depth = inputs[3].dims[0], count = tgc_count(&inputs[0]);
  int32_t one = (int32_t)tgc_quantize_one(1, -range, range, wide), *to = outputs[0].data;
  for (int64_t channel = 0; channel < depth; ++channel) {
    float scale = 1.0f / sqrtf(value_of(inputs, 2, channel) + epsilon);
    if (is_scaled)
      scale *= value_of(inputs, 4, channel);
    float shift = -value_of(inputs, 1, channel) * scale + value_of(inputs, 3, channel);
    int32_t factor = (int32_t)tgc_quantize_one(scale, -range, range, wide),
            offset = (int32_t)tgc_quantize_one(shift, -range, range, wide);
    for (int64_t i = channel; i < count; i += depth) {
      float value = tgc_dequantize_one(tgc_get_int(inputs[0].dtype, inputs[0].data, i),
                                       tgc_get_f32(&inputs[1]), tgc_get_f32(&inputs[2]), grid);
      uint32_t product = (uint32_t)tgc_quantize_one(value, -range, range, wide) * (uint32_t)factor;
      to[i] = (int32_t)((uint32_t)((int32_t)product / one) + (uint32_t)offset);
    }
  }
  tgc_set_f32(&outputs[1], -range);
  tgc_set_f32(&outputs[2], range);
}

/* One dimension of a resized image: between which two pixels each of the new ones lies. */
typedef struct place {
  int64_t lower, upper;
  float share;
} place_t;

static place_t find_place(int64_t i, int64_t size, float scale, int has_half_pixels) {
  float at = has_half_pixels ? ((float)i + 0.5f) * scale - 0.5f : (float)i * scale, below = floorf(at);
  place_t place = {(int64_t)below, (int64_t)ceilf(at), at - below};
  place.lower = place.lower > 0 ? place.lower : 0;
  place.upper = place.upper < size - 1 ? place.upper : size - 1;
  place.lower = place.lower < place.upper ? place.lower : place.upper;
  return place;
}

static float scale_of(int64_t from, int64_t to, int is_aligned) {
  return is_aligned && to > 1 ? (float)(from - 1) / (float)(to - 1) : (float)from / (float)to;
}

/* Bytes are mixed with 7 fractional bits in 16-bit arithmetic, sums of 32 bits with 30 in 64. */
static int64_t mix_fixed(const int64_t corner[4], int64_t across, int64_t down, int bits, int is_narrow) {
  int64_t one = (int64_t)1 << bits;
  int64_t top = corner[0] * one + (corner[1] - corner[0]) * across,
          bottom = corner[2] * one + (corner[3] - corner[2]) * across;
  if (is_narrow) {
    top = (int16_t)top;
    bottom = (int16_t)bottom;
  }
  int64_t mixed = top + (bottom - top) / one * down;
  if (is_narrow)
    mixed = (int16_t)mixed;
  return (mixed + one / 2) / one;
}

/* Inputs: images [batch, height, width, channels], min, max. Config "ALIGNED HALF". */
TGC_KERNEL(tgc_kernel_quantized_resize) {
  TGC_KERNEL_UNUSED;
  char *rest;
  int is_aligned = (int)strtol(config, &rest, 10), has_half = (int)strtol(rest, NULL, 10);
  const tgc_tensor_t *x = &inputs[0];
  tgc_tensor_t *y = &outputs[0];
  float min = tgc_get_f32(&inputs[1]), max = tgc_get_f32(&inputs[2]);
  tgc_grid_t grid = tgc_grid_of(x->dtype);
  int is_float = x->dtype == TGC_FLOAT32, bits = grid.steps == 256 ? 7 : 30;
  int64_t height = x->dims[1], width = x->dims[2], depth = x->dims[3];
  float scale_y = scale_of(height, y->dims[1], is_aligned), scale_x = scale_of(width, y->dims[2], is_aligned);
  for (int64_t i = 0, count = tgc_count(y); i < count; ++i) {
    int64_t c = i % depth, column = i / depth % y->dims[2], row = i / depth / y->dims[2] % y->dims[1],
            batch = i / depth / y->dims[2] / y->dims[1];
    place_t v = find_place(row, height, scale_y, has_half), h = find_place(column, width, scale_x, has_half);
    int64_t at[4] = {v.lower * width + h.lower, v.lower * width + h.upper, v.upper * width + h.lower,
                     v.upper * width + h.upper};
    if (is_float) {
      const float *from = x->data;
      float corner[4];
      for (int k = 0; k < 4; ++k)
        corner[k] = from[(batch * height * width + at[k]) * depth + c];
      float top = corner[0] + (corner[1] - corner[0]) * h.share,
            bottom = corner[2] + (corner[3] - corner[2]) * h.share;
      ((float *)y->data)[i] = top + (bottom - top) * v.share;
      continue;
    }
    int64_t corner[4];
    for (int k = 0; k < 4; ++k)
      corner[k] = tgc_get_int(x->dtype, x->data, (batch * height * width + at[k]) * depth + c);
    double one = (double)((int64_t)1 << bits);
    int64_t value = mix_fixed(corner, (int64_t)(h.share * one), (int64_t)(v.share * one), bits, bits == 7);
    tgc_set_int(y->dtype, y->data, i, value);
  }
  tgc_set_f32(&outputs[1], min);
  tgc_set_f32(&outputs[2], max);
}

/* Inputs: x [batch, height, width, channels], min, max. Config "GIVEN MIN MAX EPSILON SEPARATION". */
TGC_KERNEL(tgc_kernel_quantized_instance_norm) {
  TGC_KERNEL_UNUSED;
  char *rest;
  int is_given = (int)strtol(config, &rest, 10);
  float low = strtof(rest, &rest), high = strtof(rest, &rest), epsilon = strtof(rest, &rest),
        separation = strtof(rest, NULL);
  const tgc_tensor_t *x = &inputs[0];
  const uint8_t *from = x->data;
  float min = tgc_get_f32(&inputs[1]), max = tgc_get_f32(&inputs[2]), scale = (max - min) / 255.0f;
  if (!(min < max))
    tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node, "input_min must be less than input_max", NULL, 0);
  int64_t count = tgc_count(x), pixels = x->dims[1] * x->dims[2], depth = x->dims[3];
  float *normed = tgc_rt_scratch(frame, sizeof(float) * (uint64_t)count);
  float least = INFINITY, most = -INFINITY;
  for (int64_t image = 0; image < x->dims[0] * depth; ++image) {
    int64_t first = image / depth * pixels * depth + image % depth;
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < pixels; ++i)
      sum += from[first + i * depth];
    float mean = (float)(sum / (double)pixels);
    for (int64_t i = 0; i < pixels; ++i) {
      float distance = scale * ((float)from[first + i * depth] - mean);
      squares += (double)(distance * distance);
    }
    float inverse = 1.0f / sqrtf((float)(squares / (double)pixels) + epsilon);
    for (int64_t i = 0; i < pixels; ++i) {
      float value = scale * ((float)from[first + i * depth] - mean) * inverse;
      normed[first + i * depth] = value;
      least = value < least ? value : least;
      most = value > most ? value : most;
    }
  }
  if (is_given) {
    least = low;
    most = high;
  }
  if (most - least < separation)
    most = least + separation;
  tgc_to_grid_t map = tgc_to_grid_make(least, most, tgc_grid_make(8, 0));
  for (int64_t i = 0; i < count; ++i)
    ((uint8_t *)outputs[0].data)[i] = (uint8_t)tgc_to_grid_apply(map, normed[i]);
  tgc_set_f32(&outputs[1], least);
  tgc_set_f32(&outputs[2], most);
}
