/*===- gamma.c - The gamma function ------------------------------------------------===*
 *
 * Sources: DLMF 5.5 (recurrence and reflection), 5.11 (Stirling's series). Between 1 and 3, where the
 * logarithm has its zeros, it is (x - 1) (x - 2) times a minimax fit.
 *
 *===------------------------------------------------------------------------===*/

#include "arithmetic.h"

static const double kNearTwo[] = {
    0x1.d53b0afd53420p-34, -0x1.e2397c6844932p-33, -0x1.9d2b34409877fp-32, 0x1.a7ca11a685f3fp-31,
    0x1.68864aa822a50p-30, -0x1.72c596f8d59d4p-29, -0x1.0ef4cbd383fbfp-31, 0x1.0ebb46aaf26a9p-30,
    0x1.ba24f58cdab91p-28, -0x1.caecbfa877041p-27, 0x1.50b1e730c453cp-26,  -0x1.60869e758c483p-25,
    0x1.8a7b250706e02p-24, -0x1.9e596de4283f8p-23, 0x1.b13b2fafe4260p-22,  -0x1.c9aaed1901562p-21,
    0x1.e5608b8d72e67p-20, -0x1.0232c4731cdcep-18, 0x1.13e3f4dc25e3bp-17,  -0x1.2850376ded721p-16,
    0x1.402f11c795d76p-15, -0x1.5c86b741de9f5p-14, 0x1.7ed733a605f3cp-13,  -0x1.a96a400c26dccp-12,
    0x1.dfebcf8e90719p-11, -0x1.145121f9a3d48p-9,  0x1.47974853aa106p-8,   -0x1.95ce223a9cb35p-7,
    0x1.0e0c9df293532p-5,  -0x1.9ae6509ea109fp-4,  0x1.b0ee6072093cep-2};
/* B(2k) / (2k (2k - 1)) from k = 8 down to 1. */
static const double kStirling[] = {-3617.0 / 122400, 1.0 / 156,    -691.0 / 360360, 1.0 / 1188,
                                   -1.0 / 1680,      1.0 / 1260.0, -1.0 / 360,      1.0 / 12};

/* x > 0. */
static double positive(double x) {
  double product = 1.0;
  if (x >= 16.0) {
    double series = POLYNOMIAL(1.0 / (x * x), kStirling) / x;
    return (x - 0.5) * (log(x) - 1.0) + (0.418938533204672742 + series);
  }
  if (x < 1.0) {
    double logarithm = log(x);
    return fma(x, (x - 1.0) * POLYNOMIAL(x - 1.0, kNearTwo), -logarithm);
  }
  for (; x > 3.0; product *= x)
    x -= 1.0;
  double y = (x - 1.0) * (x - 2.0) * POLYNOMIAL(x - 2.0, kNearTwo);
  return product == 1.0 ? y : y + log(product);
}

double lgamma_r(double x, int *sign) {
  *sign = 1;
  if (isnan(x) || isinf(x))
    return isnan(x) ? x : (double)INFINITY;
  if (x > 0.0)
    return positive(x);
  if (x == floor(x)) {
    *sign = copysign(1.0, x) < 0.0 ? -1 : 1;
    return INFINITY;
  }
  /* gamma(x) gamma(1 - x) sin(pi x) = pi; the sine's period is reduced first, exactly. */
  double rest = x - nearbyint(x);
  *sign = ((int64_t)floor(x) & 1) ? -1 : 1;
  if (x > -0x1p-50)
    return -log(-x);
  return log(kPi / fabs(x * sin(kPi * rest))) - positive(-x);
}

double tgamma(double x) {
  double product = 1.0;
  int sign;
  if (x > 172.0)
    return INFINITY;
  for (; x >= 2.0; product *= x)
    x -= 1.0;
  double y = tgc_gpumath_exp(lgamma_r(x, &sign), 0.0, 0);
  return sign * y * product;
}
