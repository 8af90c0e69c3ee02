/*===- math.h - What code for GPUs has of C's header -----------------------------===*
 *
 * Functions that are instructions, or a few of them, are the compiler's; the others stand in this folder's
 * parent.
 *
 *===------------------------------------------------------------------------===*/
#ifndef TGC_RUNTIME_GPUMATH_MATH_H
#define TGC_RUNTIME_GPUMATH_MATH_H

#define NAN __builtin_nanf("")
#define INFINITY __builtin_inff()

#define isnan(x) __builtin_isnan(x)
#define isinf(x) __builtin_isinf(x)
#define ceil(x) __builtin_ceil(x)
#define copysign(x, y) __builtin_copysign(x, y)
#define fabs(x) __builtin_fabs(x)
#define floor(x) __builtin_floor(x)
#define fma(x, y, z) __builtin_fma(x, y, z)
#define fmax(x, y) __builtin_fmax(x, y)
#define fmin(x, y) __builtin_fmin(x, y)
#define nearbyint(x) __builtin_nearbyint(x)
#define sqrt(x) __builtin_sqrt(x)
#define trunc(x) __builtin_trunc(x)

/* Each name of one number, of two, in f64 and, with an f behind it, in f32. */
#define TGC_GPUMATH_UNARY(F)                                                                                 \
  F(acos)                                                                                                    \
  F(acosh)                                                                                                   \
  F(asin)                                                                                                    \
  F(asinh)                                                                                                   \
  F(atan)                                                                                                    \
  F(atanh)                                                                                                   \
  F(cos)                                                                                                     \
  F(cosh)                                                                                                    \
  F(erf)                                                                                                     \
  F(erfc)                                                                                                    \
  F(exp)                                                                                                     \
  F(expm1)                                                                                                   \
  F(log)                                                                                                     \
  F(log1p)                                                                                                   \
  F(sin)                                                                                                     \
  F(sinh)                                                                                                    \
  F(tan)                                                                                                     \
  F(tanh)
#define TGC_GPUMATH_BINARY(F) F(atan2) F(hypot) F(pow)

#define TGC_GPUMATH_DECLARE_UNARY(name)                                                                      \
  double name(double x);                                                                                     \
  float name##f(float x);
#define TGC_GPUMATH_DECLARE_BINARY(name)                                                                     \
  double name(double x, double y);                                                                           \
  float name##f(float x, float y);
TGC_GPUMATH_UNARY(TGC_GPUMATH_DECLARE_UNARY)
TGC_GPUMATH_BINARY(TGC_GPUMATH_DECLARE_BINARY)
TGC_GPUMATH_DECLARE_BINARY(fmod)
TGC_GPUMATH_DECLARE_BINARY(nextafter)

double j0(double x);
double j1(double x);
double y0(double x);
double y1(double x);
double lgamma_r(double x, int *sign);
double tgamma(double x);

#endif /* TGC_RUNTIME_GPUMATH_MATH_H */
