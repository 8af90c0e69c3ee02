/*===- ranges.h - What the integers of a quantised tensor stand for -----------===*
 *
 * A range of floating-point numbers travels beside each quantised tensor: its smallest integer stands for the
 * range's beginning, the largest for its end. TensorFlow computes these maps in two ways that differ in the
 * last bit, with doubles for single numbers and in single precision for whole tensors; both are here.
 *
 *===------------------------------------------------------------------------===*/
#ifndef TGC_KERNELS_QUANTIZED_RANGES_H
#define TGC_KERNELS_QUANTIZED_RANGES_H

#include "runtime/kernels/elements.h"

#include <math.h>

/* The numbers of an integer type. */
typedef struct tgc_grid {
  int64_t lowest, highest;
  double steps; /* how many numbers there are */
} tgc_grid_t;

static inline tgc_grid_t tgc_grid_make(int bits, int is_signed) {
  int64_t count = (int64_t)1 << bits;
  int64_t lowest = is_signed ? -(count / 2) : 0;
  return (tgc_grid_t){lowest, lowest + count - 1, (double)count};
}

static inline tgc_grid_t tgc_grid_of(int32_t dtype) {
  int is_signed = dtype == TGC_INT8 || dtype == TGC_QINT8 || dtype == TGC_INT16 || dtype == TGC_QINT16 ||
                  dtype == TGC_INT32 || dtype == TGC_QINT32;
  return tgc_grid_make((int)tgc_dtype_size(dtype) * 8, is_signed);
}

/* The integer nearest to `x`, which may lie beyond the type's. */
static inline int64_t tgc_quantize_unclamped(float x, float min, float max, tgc_grid_t grid) {
  if (min == max)
    return grid.lowest;
  double range = (double)(max - min) * (grid.steps / (grid.steps - 1)), scale = grid.steps / range;
  return (int64_t)(round((double)x * scale) - round((double)min * scale)) + grid.lowest;
}

static inline int64_t tgc_clamp_to(int64_t x, tgc_grid_t grid) {
  return x < grid.lowest ? grid.lowest : x > grid.highest ? grid.highest : x;
}

static inline int64_t tgc_quantize_one(float x, float min, float max, tgc_grid_t grid) {
  return tgc_clamp_to(tgc_quantize_unclamped(x, min, max, grid), grid);
}

static inline float tgc_dequantize_one(int64_t x, float min, float max, tgc_grid_t grid) {
  if (min == max)
    return min;
  double range = (double)(max - min) * (grid.steps / (grid.steps - 1)), scale = range / grid.steps;
  double first = (double)(roundf(min / (float)scale) * (float)scale);
  return (float)(first + (double)(x - grid.lowest) * scale);
}

/* The same maps for whole tensors. */
typedef struct tgc_to_float {
  float offset, scale;
} tgc_to_float_t;

static inline tgc_to_float_t tgc_to_float_make(float min, float max, tgc_grid_t grid) {
  float scale = (float)((double)(max - min) / (grid.steps - 1));
  float first = max == min ? min : roundf(min / scale) * scale;
  return (tgc_to_float_t){first - (float)grid.lowest * scale, scale};
}

static inline float tgc_to_float_apply(tgc_to_float_t map, int64_t x) {
  float scaled = (float)x * map.scale;
  return map.offset + scaled;
}

typedef struct tgc_to_grid {
  float scale, offset, least, most;
} tgc_to_grid_t;

static inline tgc_to_grid_t tgc_to_grid_make(float min, float max, tgc_grid_t grid) {
  float scale = max == min ? 0 : (float)((grid.steps - 1) / (double)(max - min));
  /* The largest numbers that fit 32 bits after rounding to single precision. */
  float most =
      (float)grid.highest > 2147483520.0f && grid.steps > 65536 ? 2147483520.0f : (float)grid.highest;
  return (tgc_to_grid_t){scale, roundf(min * scale) - (float)grid.lowest, (float)grid.lowest, most};
}

static inline int64_t tgc_to_grid_apply(tgc_to_grid_t map, float x) {
  float scaled = x * map.scale, place = roundf(scaled) - map.offset;
  place = place < map.least ? map.least : place;
  return (int64_t)(place > map.most ? map.most : place);
}

static inline float tgc_get_f32(const tgc_tensor_t *tensor) { return *(const float *)tensor->data; }
static inline void tgc_set_f32(tgc_tensor_t *tensor, float value) { *(float *)tensor->data = value; }

#endif /* TGC_KERNELS_QUANTIZED_RANGES_H */
