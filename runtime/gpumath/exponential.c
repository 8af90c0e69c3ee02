/*===- exponential.c - e^x and hyperbolic functions -----------------------------===*
 *
 * x = n log(2) + r, and e^r by its Taylor series.
 *
 *===------------------------------------------------------------------------===*/

#include "arithmetic.h"

/* 1 / k! from k = 13 down to 2: for |r| <= log(2) / 2 the next term is below 2^-57. */
static const double kSeries[] = {1.0 / 6227020800, 1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800,
                                 1.0 / 362880,     1.0 / 40320,     1.0 / 5040,     1.0 / 720,
                                 1.0 / 120,        1.0 / 24,        1.0 / 6,        0.5};

/* e^r - 1 with r = x + low - n log(2). */
static double remainder_expm1(double x, double low, double n) {
  double r = fma(-n, kLn2, x);
  r = fma(-n, kLn2Low, r) + low;
  return fma(POLYNOMIAL(r, kSeries), r * r, r);
}

double tgc_gpumath_exp(double x, double low, int scale) {
  if (isnan(x))
    return x;
  /* Beyond these it is infinite, or zero. */
  x = x > 800.0 ? 800.0 : x < -800.0 ? -800.0 : x;
  double n = nearbyint(x * 1.44269504088896341);
  double mantissa = 1.0 + remainder_expm1(x, low, n);
  /* In two steps: the power may lie beyond those of normal numbers. */
  int exponent = (int)n + scale, half = exponent >> 1;
  return mantissa * power_of_two(half) * power_of_two(exponent - half);
}

double exp(double x) { return tgc_gpumath_exp(x, 0.0, 0); }

double expm1(double x) {
  if (x == 0.0)
    return x;
  if (x > 60.0)
    return exp(x);
  if (x < -60.0)
    return -1.0;
  double n = nearbyint(x * 1.44269504088896341), power = power_of_two((int)n);
  return fma(remainder_expm1(x, 0.0, n), power, power - 1.0);
}

double sinh(double x) {
  double size = fabs(x), y;
  if (size < 1.0) {
    double t = expm1(size);
    y = 0.5 * (t + t / (t + 1.0));
  } else {
    y = tgc_gpumath_exp(size, 0.0, -1);
    y -= 0.25 / y;
  }
  return copysign(y, x);
}

double cosh(double x) {
  double half = tgc_gpumath_exp(fabs(x), 0.0, -1);
  return half + 0.25 / half;
}

double tanh(double x) {
  double size = fabs(x);
  if (isnan(x))
    return x;
  double t = expm1(2.0 * (size > 20.0 ? 20.0 : size));
  return copysign(size < 0.5 ? t / (t + 2.0) : 1.0 - 2.0 / (t + 2.0), x);
}
