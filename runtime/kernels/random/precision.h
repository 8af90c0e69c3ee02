/*===- precision.h - Arithmetic in the precision of a type --------------------===*
 *
 * A sampler must round where TensorFlow's does, or it accepts other numbers. Sums, products, quotients and
 * roots that are computed in double and then rounded to float are what float arithmetic gives; half precision
 * is float arithmetic rounded once more.
 *
 *===------------------------------------------------------------------------===*/
#ifndef TGC_KERNELS_RANDOM_PRECISION_H
#define TGC_KERNELS_RANDOM_PRECISION_H

#include "runtime/kernels/elements.h"

#include <math.h>

static inline double tgc_round_to(int32_t dtype, double x) {
  switch (dtype) {
  case TGC_FLOAT32:
    return (float)x;
  case TGC_FLOAT16:
    return tgc_f32_from_half(tgc_half_from_f32((float)x));
  case TGC_BFLOAT16:
    return tgc_f32_from_bfloat16(tgc_bfloat16_from_f32((float)x));
  default:
    return x;
  }
}

static inline double tgc_exp_in(int32_t dtype, double x) {
  return dtype == TGC_FLOAT64 ? exp(x) : tgc_round_to(dtype, expf((float)x));
}

static inline double tgc_log_in(int32_t dtype, double x) {
  return dtype == TGC_FLOAT64 ? log(x) : tgc_round_to(dtype, logf((float)x));
}

static inline double tgc_sqrt_in(int32_t dtype, double x) { return tgc_round_to(dtype, sqrt(x)); }

#endif /* TGC_KERNELS_RANDOM_PRECISION_H */
