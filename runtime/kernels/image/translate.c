/*===- translate.c - Images scaled and moved ----------------------------------===*
 *
 * Each pixel is a weighted mean of those under a window of the kernel, first along the rows, then along the
 * columns; the gradient is the transposed map.
 *
 *===------------------------------------------------------------------------===*/

#include "runtime/kernels/elements.h"

#include <float.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

typedef struct window {
  const char *name;
  float radius;
} window_t;

static const window_t kWindows[] = {{"lanczos1", 1}, {"lanczos3", 3}, {"lanczos5", 5},  {"gaussian", 1.5f},
                                    {"box", 1},      {"triangle", 1}, {"keyscubic", 2}, {"mitchellcubic", 2}};

static float weigh(const window_t *window, float x) {
  const float pi = 3.14159265359f;
  x = fabsf(x);
  switch (window->name[0]) {
  case 'l':
    if (x > window->radius)
      return 0;
    return x <= 1e-3f ? 1 : window->radius * sinf(pi * x) * sinf(pi * x / window->radius) / (pi * pi * x * x);
  case 'g':
    return x >= window->radius ? 0 : expf(-x * x * 4.5f / (window->radius * window->radius));
  case 'b':
    return x < 0.5f ? 1 : x == 0.5f ? 0.5f : 0;
  case 't':
    return x < 1 ? 1 - x : 0;
  case 'k':
    if (x >= 2)
      return 0;
    return x >= 1 ? ((-0.5f * x + 2.5f) * x - 4) * x + 2 : ((1.5f * x - 2.5f) * x) * x + 1;
  default:
    if (x >= 2)
      return 0;
    return x >= 1 ? ((-7.0f / 18 * x + 2) * x - 10.0f / 3) * x + 16.0f / 9
                  : ((7.0f / 6 * x - 2) * x) * x + 8.0f / 9;
  }
}

/* Which pixels make up each of the new ones along a dimension, and by which weights. */
typedef struct spans {
  int64_t from, to, width;
  int64_t *starts;
  float *weights; /* [to, width] */
} spans_t;

static int64_t clamp(float x, int64_t most) { return x<0 ? 0 : x>(float) most ? most : (int64_t)x; }

static spans_t make_spans(tgc_frame_t *frame, const char *node, const window_t *window, int antialias,
                          int64_t from, int64_t to, float scale, float translation) {
  if (!(scale > 0))
    tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node, "scale must be greater than zero", NULL, 0);
  float inverse = 1.0f / scale, offset = -inverse * translation,
        stretch = antialias && inverse > 1 ? inverse : 1;
  int64_t width = 2 * (int64_t)ceilf(window->radius * stretch) + 1;
  spans_t spans = {from, to, width < from ? width : from, NULL, NULL};
  spans.starts = tgc_rt_scratch(frame, sizeof(int64_t) * (uint64_t)(to + 1));
  spans.weights = tgc_rt_scratch(frame, sizeof(float) * (uint64_t)(to * spans.width + 1));
  for (int64_t i = 0; i < to; ++i) {
    float *weights = spans.weights + i * spans.width, total = 0,
          center = ((float)i + 0.5f) * inverse + offset;
    memset(weights, 0, sizeof(float) * (uint64_t)spans.width);
    spans.starts[i] = 0;
    if (center < 0 || center > (float)from)
      continue;
    int64_t begin = clamp(ceilf(center - window->radius * stretch - 0.5f), from - 1);
    int64_t end = clamp(floorf(center + window->radius * stretch - 0.5f), from - 1) + 1;
    spans.starts[i] = begin;
    for (int64_t k = begin; k < end && k - begin < spans.width; ++k) {
      weights[k - begin] = weigh(window, ((float)k + 0.5f - center) * (1.0f / stretch));
      total += weights[k - begin];
    }
    if (fabsf(total) < 1000 * FLT_MIN)
      memset(weights, 0, sizeof(float) * (uint64_t)spans.width);
    else
      for (int64_t k = 0; k < end - begin && k < spans.width; ++k)
        weights[k] *= 1.0f / total;
  }
  return spans;
}

/* y [outer, to, inner] of x [outer, from, inner], or, transposed, x of y. */
static void apply(const spans_t *spans, int64_t outer, int64_t inner, const float *x, float *y,
                  int is_transposed) {
  memset(y, 0, sizeof(float) * (uint64_t)(outer * (is_transposed ? spans->from : spans->to) * inner));
  for (int64_t o = 0; o < outer; ++o)
    for (int64_t i = 0; i < spans->to; ++i)
      for (int64_t k = 0; k < spans->width && spans->starts[i] + k < spans->from; ++k) {
        float weight = spans->weights[i * spans->width + k];
        if (weight == 0)
          continue;
        int64_t small = (o * spans->from + spans->starts[i] + k) * inner, large = (o * spans->to + i) * inner;
        const float *source = x + (is_transposed ? large : small);
        float *target = y + (is_transposed ? small : large);
        for (int64_t c = 0; c < inner; ++c)
          target[c] += weight * source[c];
      }
}

/* Config "KERNEL ANTIALIAS GRADIENT"; inputs: images (float32), scale [2], translation [2]. */
TGC_KERNEL(tgc_kernel_scale_and_translate) {
  TGC_KERNEL_UNUSED;
  const window_t *window = kWindows;
  const char *rest = strchr(config, ' ');
  for (size_t i = 0; i < sizeof kWindows / sizeof *kWindows; ++i)
    if (strlen(kWindows[i].name) == (size_t)(rest - config) &&
        memcmp(kWindows[i].name, config, (size_t)(rest - config)) == 0)
      window = &kWindows[i];
  int antialias = rest[1] == '1', is_gradient = rest[3] == '1';
  const tgc_tensor_t *images = &inputs[0], *small = is_gradient ? &outputs[0] : images,
                     *large = is_gradient ? images : &outputs[0];
  const float *scale = inputs[1].data, *translation = inputs[2].data;
  spans_t rows = make_spans(frame, node, window, antialias, small->dims[1], large->dims[1], scale[0],
                            translation[0]),
          columns = make_spans(frame, node, window, antialias, small->dims[2], large->dims[2], scale[1],
                               translation[1]);
  int64_t batch = images->dims[0], depth = images->dims[3];
  float *middle =
      tgc_rt_scratch(frame, sizeof(float) * (uint64_t)(batch * rows.to * columns.from * depth + 1));
  if (is_gradient) {
    apply(&columns, batch * rows.to, depth, images->data, middle, 1);
    apply(&rows, batch, columns.from * depth, middle, outputs[0].data, 1);
  } else {
    apply(&rows, batch, columns.from * depth, images->data, middle, 0);
    apply(&columns, batch * rows.to, depth, middle, outputs[0].data, 0);
  }
}
