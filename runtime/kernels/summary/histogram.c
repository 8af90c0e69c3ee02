/*===- histogram.c - Histograms as TensorBoard takes them -----------------------===*/

#include "histogram.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* Upper bounds, ascending; returns how many there are. */
static uint32_t make_limits(double limits[TGC_MAX_BUCKETS]) {
  double positive[TGC_MAX_BUCKETS / 2];
  uint32_t half = 0, count = 0;
  for (double limit = 1e-12; limit < 1e20 && half < TGC_MAX_BUCKETS / 2 - 1; limit *= 1.1)
    positive[half++] = limit;
  positive[half++] = DBL_MAX;
  for (uint32_t i = half; i > 0; --i)
    limits[count++] = -positive[i - 1];
  limits[count++] = 0;
  for (uint32_t i = 0; i < half; ++i)
    limits[count++] = positive[i];
  return count;
}

/* The first limit that is greater. */
static uint32_t find_bucket(const double *limits, uint32_t count, double value) {
  uint32_t low = 0, high = count - 1;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (limits[middle] > value)
      high = middle;
    else
      low = middle + 1;
  }
  return low;
}

uint64_t tgc_histogram_make(const double *values, uint64_t count, tgc_histogram_t *out_histogram) {
  double limits[TGC_MAX_BUCKETS], counts[TGC_MAX_BUCKETS] = {0};
  uint32_t num_limits = make_limits(limits);
  uint64_t num_bad = 0;
  memset(out_histogram, 0, sizeof *out_histogram);
  out_histogram->min = DBL_MAX;
  out_histogram->max = -DBL_MAX;
  for (uint64_t i = 0; i < count; ++i) {
    double value = values[i];
    if (!isfinite(value)) {
      ++num_bad;
      continue;
    }
    counts[find_bucket(limits, num_limits, value)] += 1;
    out_histogram->min = fmin(out_histogram->min, value);
    out_histogram->max = fmax(out_histogram->max, value);
    out_histogram->num += 1;
    out_histogram->sum += value;
    out_histogram->sum_squares += value * value;
  }
  for (uint32_t i = 0; i < num_limits; ++i) {
    uint32_t first = i;
    while (counts[first] == 0 && i + 1 < num_limits && counts[i + 1] == 0)
      ++i;
    out_histogram->limits[out_histogram->num_buckets] = limits[i];
    out_histogram->counts[out_histogram->num_buckets++] = counts[first];
  }
  return num_bad;
}
