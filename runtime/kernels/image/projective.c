/*===- projective.c - Images under a projective map ---------------------------===*/

#include "runtime/kernels/elements.h"

#include <math.h>

typedef struct source {
  const tgc_tensor_t *images;
  int64_t image, channel;
  float fill;
} source_t;

static double read_pixel(const source_t *source, int64_t row, int64_t column) {
  const int64_t *dims = source->images->dims;
  if (row < 0 || row >= dims[1] || column < 0 || column >= dims[2])
    return source->fill;
  int64_t i = ((source->image * dims[1] + row) * dims[2] + column) * dims[3] + source->channel;
  return tgc_get_double(source->images->dtype, source->images->data, i);
}

/* A place beyond the image, brought into it. MODE: R(eflect), W(rap), N(earest), C(onstant: left outside). */
static float fold(char mode, float x, int64_t size) {
  float last = (float)(size - 1);
  if (mode == 'C')
    return x;
  if (mode == 'R' && x < 0) {
    int64_t twice = 2 * size;
    if (size <= 1)
      return 0;
    if (x < (float)twice)
      x += (float)(twice * (int64_t)(-x / (float)twice));
    x = x < (float)-size ? x + (float)twice : -x - 1;
  } else if (mode == 'R' && x > last) {
    int64_t twice = 2 * size;
    if (size <= 1)
      return 0;
    x -= (float)(twice * (int64_t)(x / (float)twice));
    if (x >= (float)size)
      x = (float)twice - x - 1;
  } else if (mode == 'W' && x < 0) {
    if (size <= 1)
      return 0;
    x += (float)(size * ((int64_t)(-x / last) + 1));
  } else if (mode == 'W' && x > last) {
    if (size <= 1)
      return 0;
    x -= (float)(size * (int64_t)(x / last));
  }
  return x < 0 ? 0 : x > last ? last : x;
}

static double sample(const source_t *source, int is_nearest, float y, float x) {
  if (is_nearest)
    return read_pixel(source, (int64_t)roundf(y), (int64_t)roundf(x));
  float top = floorf(y), left = floorf(x), bottom = top + 1, right = left + 1;
  int64_t row = (int64_t)top, column = (int64_t)left;
  float corner[4];
  for (int k = 0; k < 4; ++k)
    corner[k] = (float)read_pixel(source, row + k / 2, column + k % 2);
  float above = (right - x) * corner[0] + (x - left) * corner[1],
        below = (right - x) * corner[2] + (x - left) * corner[3];
  return (bottom - y) * above + (y - top) * below;
}

/* Config: N(earest) or B(ilinear), then the mode. Inputs: images, transforms [1 or images, 8], the fill
 * value. */
TGC_KERNEL(tgc_kernel_projective_transform) {
  TGC_KERNEL_UNUSED;
  tgc_tensor_t *output = &outputs[0];
  source_t source = {&inputs[0], 0, 0, *(const float *)inputs[2].data};
  int64_t depth = output->dims[3], width = output->dims[2], height = output->dims[1];
  for (int64_t i = 0, count = tgc_count(output); i < count; ++i) {
    source.channel = i % depth;
    source.image = i / depth / width / height;
    float x = (float)(i / depth % width), y = (float)(i / depth / width % height);
    const float *t = (const float *)inputs[1].data + (inputs[1].dims[0] == 1 ? 0 : 8 * source.image);
    float divisor = t[6] * x + t[7] * y + 1;
    double value = source.fill;
    if (divisor != 0) {
      float from_x = (t[0] * x + t[1] * y + t[2]) / divisor, from_y = (t[3] * x + t[4] * y + t[5]) / divisor;
      if (isfinite(from_x) && isfinite(from_y) && fabsf(from_x) < 1e9f && fabsf(from_y) < 1e9f)
        value = sample(&source, config[0] == 'N', fold(config[1], from_y, inputs[0].dims[1]),
                       fold(config[1], from_x, inputs[0].dims[2]));
    }
    tgc_set_double(output->dtype, output->data, i, value);
  }
}
