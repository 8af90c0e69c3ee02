/*===- fractional.c - Pooling over regions of two sizes -----------------------===*
 *
 * Graham, Fractional Max-Pooling, 2014: the regions along rows and columns are a random sequence of lengths k
 * and k + 1.
 *
 *===------------------------------------------------------------------------===*/

#include "runtime/kernels/elements.h"
#include "runtime/kernels/random/words.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* Fills the borders [regions + 1] of `regions` regions over `size` elements. */
static void draw_regions(tgc_philox_t *philox, int64_t size, int64_t regions, int is_pseudo,
                         int64_t *borders) {
  tgc_words_t words = tgc_words_make(*philox);
  int64_t each = size / regions;
  borders[0] = 0;
  if (is_pseudo) {
    tgc_philox_skip(philox, 1);
    double alpha = (double)size / (double)regions, first = (double)(each + 2) / alpha - 1,
           last = (double)(size + 1 - each) / alpha - (double)(regions - 1);
    double u = tgc_next_f64(&words) * (first < last ? first : last);
    for (int64_t i = 1; i < regions; ++i)
      borders[i] = (int64_t)ceil(alpha * ((double)i + u)) - 1;
    borders[regions] = size;
    return;
  }
  tgc_philox_skip(philox, (uint64_t)(regions + 3) / 4);
  for (int64_t i = 0; i < regions; ++i)
    borders[i + 1] = each + (i < size % regions);
  for (int64_t i = 0; i + 1 < regions; ++i) {
    int64_t other = i + tgc_next_u32(&words) % (uint32_t)(regions - i), kept = borders[i + 1];
    borders[i + 1] = borders[other + 1];
    borders[other + 1] = kept;
  }
  for (int64_t i = 0; i < regions; ++i)
    borders[i + 1] += borders[i];
}

/* The pixels of region `i`: [begin, end). */
typedef struct region {
  int64_t begin, end;
} region_t;

static region_t region_of(const int64_t *borders, int64_t i, int64_t size, int overlaps) {
  int64_t end = borders[i + 1] + overlaps;
  region_t region = {borders[i] > 0 ? borders[i] : 0, end < size ? end : size};
  return region;
}

/* Everything that the loops over regions need. */
typedef struct pool {
  const int64_t *rows, *columns;
  int64_t height, width, depth; /* of the input */
  int64_t out_height, out_width;
  int overlaps;
} pool_t;

/* Where the largest element of output element `i`'s region lies. */
static int64_t find_largest(const pool_t *pool, const tgc_tensor_t *x, int64_t i) {
  int64_t c = i % pool->depth, column = i / pool->depth % pool->out_width,
          row = i / pool->depth / pool->out_width % pool->out_height,
          image = i / pool->depth / pool->out_width / pool->out_height, best = -1;
  region_t rows = region_of(pool->rows, row, pool->height, pool->overlaps),
           columns = region_of(pool->columns, column, pool->width, pool->overlaps);
  for (int64_t h = rows.begin; h < rows.end; ++h)
    for (int64_t w = columns.begin; w < columns.end; ++w) {
      int64_t at = ((image * pool->height + h) * pool->width + w) * pool->depth + c;
      if (best < 0 || (tgc_is_float(x->dtype)
                           ? tgc_get_double(x->dtype, x->data, at) > tgc_get_double(x->dtype, x->data, best)
                           : tgc_get_int(x->dtype, x->data, at) > tgc_get_int(x->dtype, x->data, best)))
        best = at;
    }
  return best;
}

/* Adds a share of output element `i` to all of its region, or the other way round. */
static void average(const pool_t *pool, const tgc_tensor_t *x, tgc_tensor_t *y, int64_t i, double *shares) {
  int64_t c = i % pool->depth, column = i / pool->depth % pool->out_width,
          row = i / pool->depth / pool->out_width % pool->out_height,
          image = i / pool->depth / pool->out_width / pool->out_height;
  region_t rows = region_of(pool->rows, row, pool->height, pool->overlaps),
           columns = region_of(pool->columns, column, pool->width, pool->overlaps);
  int64_t count = (rows.end - rows.begin) * (columns.end - columns.begin), whole = 0;
  double sum = 0;
  for (int64_t h = rows.begin; h < rows.end; ++h)
    for (int64_t w = columns.begin; w < columns.end; ++w) {
      int64_t at = ((image * pool->height + h) * pool->width + w) * pool->depth + c;
      if (shares)
        shares[at] += tgc_get_double(x->dtype, x->data, i) / (double)count;
      else if (tgc_is_float(x->dtype))
        sum += tgc_get_double(x->dtype, x->data, at);
      else
        whole += tgc_get_int(x->dtype, x->data, at);
    }
  if (shares)
    return;
  if (tgc_is_float(x->dtype))
    tgc_set_double(y->dtype, y->data, i, sum / (double)count);
  else
    tgc_set_int(y->dtype, y->data, i, count ? whole / count : 0);
}

/* Config "MAX PSEUDO OVERLAPS ROW_RATIO COLUMN_RATIO"; inputs: key, counter, x. Outputs: y, the borders of
 * rows and columns. */
TGC_KERNEL(tgc_kernel_fractional_pool) {
  TGC_KERNEL_UNUSED;
  char *rest;
  const tgc_tensor_t *x = &inputs[2];
  int is_max = (int)strtol(config, &rest, 10), is_pseudo = (int)strtol(rest, &rest, 10);
  int overlaps = (int)strtol(rest, &rest, 10);
  float ratios[2];
  ratios[0] = strtof(rest, &rest);
  ratios[1] = strtof(rest, NULL);
  const uint64_t *key = inputs[0].data, *counter = inputs[1].data;
  tgc_philox_t philox = tgc_philox_make(key[0], counter[0], counter[1]);
  int64_t dims[4] = {x->dims[0], 0, 0, x->dims[3]}, counts[2], *borders[2];
  for (int k = 0; k < 2; ++k) {
    dims[k + 1] = (int64_t)floorf((float)x->dims[k + 1] / ratios[k]);
    if (dims[k + 1] < 1) {
      tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node, "the pooling ratio leaves no output", NULL, 0);
      return;
    }
    counts[k] = dims[k + 1] + 1;
    borders[k] = tgc_find_output(frame, &outputs[k + 1], 1, &counts[k]);
    draw_regions(&philox, x->dims[k + 1], dims[k + 1], is_pseudo, borders[k]);
  }
  char *to = tgc_find_output(frame, &outputs[0], 4, dims);
  pool_t pool = {borders[0], borders[1], x->dims[1], x->dims[2], x->dims[3], dims[1], dims[2], overlaps};
  uint64_t bytes = tgc_dtype_size(x->dtype);
  for (int64_t i = 0, count = tgc_count(&outputs[0]); i < count; ++i) {
    if (is_max)
      memcpy(to + (uint64_t)i * bytes, (const char *)x->data + (uint64_t)find_largest(&pool, x, i) * bytes,
             bytes);
    else
      average(&pool, x, &outputs[0], i, NULL);
  }
}

/* Config "MAX OVERLAPS"; inputs: x (of the maximum only its values count), gradients of y, borders. */
TGC_KERNEL(tgc_kernel_fractional_pool_gradient) {
  TGC_KERNEL_UNUSED;
  const tgc_tensor_t *x = &inputs[0], *dy = &inputs[1];
  tgc_tensor_t *dx = &outputs[0];
  int is_max = config[0] == '1', overlaps = config[2] == '1';
  int64_t count = tgc_count(dx);
  pool_t pool = {inputs[2].data, inputs[3].data, dx->dims[1], dx->dims[2],
                 dx->dims[3],    dy->dims[1],    dy->dims[2], overlaps};
  for (int k = 0; k < 2; ++k) {
    const int64_t *borders = inputs[k + 2].data;
    for (int64_t i = 0; i < dy->dims[k + 1]; ++i)
      if (borders[i] < 0 || borders[i + 1] < borders[i] || borders[i + 1] > dx->dims[k + 1])
        tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node, "the pooling sequence is not one of the input's size",
                    NULL, 0);
  }
  double *shares = tgc_rt_scratch(frame, sizeof(double) * (uint64_t)(count + 1));
  memset(shares, 0, sizeof(double) * (uint64_t)count);
  for (int64_t i = 0, outs = tgc_count(dy); i < outs; ++i) {
    int64_t at = is_max ? find_largest(&pool, x, i) : 0;
    if (!is_max)
      average(&pool, dy, NULL, i, shares);
    else if (at >= 0)
      shares[at] += tgc_get_double(dy->dtype, dy->data, i);
  }
  for (int64_t i = 0; i < count; ++i)
    tgc_set_double(dx->dtype, dx->data, i, shares[i]);
}
