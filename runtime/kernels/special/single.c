/*===- single.c - Special functions in single precision ------------------------===*/

#include "special.h"

#include <math.h>

#define DEFINE_UNARY(name)                                                                                   \
  float tgc_special_##name##_f32(float x) { return (float)tgc_special_##name##_f64(x); }
#define DEFINE_BINARY(name)                                                                                  \
  float tgc_special_##name##_f32(float x, float y) { return (float)tgc_special_##name##_f64(x, y); }
#define DEFINE_TERNARY(name)                                                                                 \
  float tgc_special_##name##_f32(float x, float y, float z) {                                                \
    return (float)tgc_special_##name##_f64(x, y, z);                                                         \
  }

TGC_SPECIAL_UNARY_BY_DOUBLE(DEFINE_UNARY)
TGC_SPECIAL_BINARY(DEFINE_BINARY)
TGC_SPECIAL_TERNARY(DEFINE_TERNARY)

/* TensorFlow's polynomial in single precision multiplies zero by its logarithm. */
float tgc_special_bessel_y1_f32(float x) { return x == 0.0f ? NAN : (float)tgc_special_bessel_y1_f64(x); }
