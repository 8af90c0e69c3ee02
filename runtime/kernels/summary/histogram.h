/*===- histogram.h - Histograms as TensorBoard takes them -----------------------===*/
#ifndef TGC_RUNTIME_KERNELS_SUMMARY_HISTOGRAM_H
#define TGC_RUNTIME_KERNELS_SUMMARY_HISTOGRAM_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* 774 limits on either side of zero, the greatest number on both ends, and zero. */
enum { TGC_MAX_BUCKETS = 1551 };

typedef struct tgc_histogram {
  double min, max, num, sum, sum_squares;
  uint32_t num_buckets;
  double limits[TGC_MAX_BUCKETS], counts[TGC_MAX_BUCKETS];
} tgc_histogram_t;

/* TensorFlow's buckets: exponential ones with a ratio of 1.1 on both sides of zero; a run of empty ones is
 * one. What is not finite is left out; the result is how many that were. */
uint64_t tgc_histogram_make(const double *values, uint64_t count, tgc_histogram_t *out_histogram);

#ifdef __cplusplus
}
#endif
#endif /* TGC_RUNTIME_KERNELS_SUMMARY_HISTOGRAM_H */
