/*===- logarithm.c - Logarithms and inverse hyperbolic functions -----------------===*
 *
 * x = 2^e m with m between sqrt(1/2) and sqrt(2), and log(m) = 2 atanh((m - 1) / (m + 1)).
 *
 *===------------------------------------------------------------------------===*/

#include "arithmetic.h"

static const double kSeries[] = {2.0 / 23, 2.0 / 21, 2.0 / 19, 2.0 / 17, 2.0 / 15, 2.0 / 13,
                                 2.0 / 11, 2.0 / 9,  2.0 / 7,  2.0 / 5,  2.0 / 3};

double log(double x) {
  if (!(x > 0.0))
    return x == 0.0 ? -(double)INFINITY : (double)NAN;
  if (isinf(x))
    return x;
  double bias = 0.0;
  if (x < 0x1p-1022) {
    x *= 0x1p52;
    bias = -52.0;
  }
  int64_t e = (int64_t)(bits_of(x) - 0x3fe6a09e667f3bcd) >> 52;
  double f = double_of(bits_of(x) - ((uint64_t)e << 52)) - 1.0, exponent = (double)e + bias;
  /* log(1 + f) = f - (f^2 / 2 - s (f^2 / 2 + R)), so that f hides the errors of the rest. */
  double s = f / (f + 2.0), square = s * s, half = 0.5 * f * f;
  double y = s * fma(POLYNOMIAL(square, kSeries), square, half);
  y = fma(exponent, kLn2Low, y);
  return fma(exponent, kLn2, f + (y - half));
}

double log1p(double x) {
  double u = 1.0 + x;
  if (u == 1.0 || isinf(x) || u == 0.0)
    return u == 0.0 ? -(double)INFINITY : x < 0.0 && isinf(x) ? (double)NAN : x;
  /* What the rounding of u lost comes back by the derivative. */
  return log(u) + (x - (u - 1.0)) / u;
}

double asinh(double x) {
  double size = fabs(x), y;
  if (size > 0x1p28)
    y = log(size) + (kLn2 + kLn2Low);
  else
    y = log1p(size + size * size / (1.0 + sqrt(fma(size, size, 1.0))));
  return copysign(y, x);
}

double acosh(double x) {
  if (x > 0x1p28)
    return log(x) + (kLn2 + kLn2Low);
  if (x < 1.0)
    return NAN;
  double t = x - 1.0;
  return log1p(t + sqrt(t * (t + 2.0)));
}

double atanh(double x) {
  double size = fabs(x);
  return copysign(0.5 * log1p(2.0 * size / (1.0 - size)), x);
}
