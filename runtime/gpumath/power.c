/*===- power.c - Powers and distances --------------------------------------------===*
 *
 * e^(y log(x)) with a logarithm of some 65 bits, since the product may be 700. What is one of C's annex F's
 * exceptions comes last.
 *
 *===------------------------------------------------------------------------===*/

#include "arithmetic.h"

/* 2 / k from k = 21 down to 5. */
static const double kSeries[] = {2.0 / 21, 2.0 / 19, 2.0 / 17, 2.0 / 15, 2.0 / 13,
                                 2.0 / 11, 2.0 / 9,  2.0 / 7,  2.0 / 5};

/* Of a positive finite number. */
static pair_t precise_log(double x) {
  int64_t e = 0;
  if (x < 0x1p-1022) {
    x *= 0x1p52;
    e = -52;
  }
  int64_t more = (int64_t)(bits_of(x) - 0x3fe6a09e667f3bcd) >> 52;
  double m = double_of(bits_of(x) - ((uint64_t)more << 52)), f = m - 1.0;
  double exponent = (double)(e + more);
  /* s = f / (m + 1), both of it exact. */
  pair_t below = exact_sum(m, 1.0);
  double s = f / below.high;
  double sLow = (fma(-s, below.high, f) - s * below.low) / below.high;
  /* 2 s + 2 s^3 / 3 + s^5 (2 / 5 + ...): of the second term, too, more than a double's bits count. */
  pair_t square = exact_product(s, s);
  square.low += 2.0 * s * sLow;
  pair_t cube = exact_product(square.high, s);
  cube.low += square.low * s + square.high * sLow;
  pair_t third = exact_product(cube.high, 0x1.5555555555555p-1);
  third.low += cube.high * 0x1.5555555555555p-55 + cube.low * 0x1.5555555555555p-1;
  double rest = cube.high * square.high * POLYNOMIAL(square.high, kSeries);
  pair_t sum = exact_sum(2.0 * s, third.high);
  sum.low += third.low + rest + 2.0 * sLow;
  /* The exponent's part is exact but for the last of ln(2). */
  pair_t all = exact_sum(exponent * kLn2, sum.high);
  pair_t low = exact_sum(exponent * kLn2Low, sum.low);
  pair_t y = exact_sum(all.high, all.low + low.high);
  y.low += low.low + ((all.low - (all.low + low.high)) + low.high);
  return y;
}

/* Whether a finite number is odd; 0, 1 or, of no whole number, 2. */
static int parity_of(double y) {
  double size = fabs(y);
  if (size >= 0x1p53)
    return 0;
  if (size != floor(size))
    return 2;
  return (int)((uint64_t)size & 1);
}

double pow(double x, double y) {
  if (x == 1.0 || y == 0.0)
    return 1.0;
  if (isnan(x) || isnan(y))
    return x + y;
  double size = fabs(x);
  if (isinf(y))
    return size == 1.0 ? 1.0 : (size > 1.0) == (y > 0.0) ? (double)INFINITY : 0.0;
  int parity = parity_of(y);
  double sign = x < 0.0 || (x == 0.0 && copysign(1.0, x) < 0.0) ? -1.0 : 1.0;
  double result;
  if (x == 0.0 || isinf(x)) {
    result = (x == 0.0) == (y > 0.0) ? 0.0 : (double)INFINITY;
  } else if (sign < 0.0 && parity == 2) {
    return NAN;
  } else {
    pair_t logarithm = precise_log(size);
    /* Powers beyond these are infinite, or zero, or 1: a product of more overflows. */
    double times = y > 0x1p64 ? 0x1p64 : y < -0x1p64 ? -0x1p64 : y;
    pair_t product = exact_product(times, logarithm.high);
    product.low += times * logarithm.low;
    result = tgc_gpumath_exp(product.high, fabs(product.high) > 800.0 ? 0.0 : product.low, 0);
  }
  return parity == 1 ? copysign(result, sign) : result;
}

double hypot(double x, double y) {
  double large = fmax(fabs(x), fabs(y)), small = fmin(fabs(x), fabs(y));
  if (isinf(x) || isinf(y))
    return INFINITY;
  if (isnan(x) || isnan(y))
    return x + y;
  /* Squares neither overflow nor get lost. */
  double scale = large > 0x1p500 ? 0x1p-600 : large < 0x1p-400 ? 0x1p600 : 1.0;
  large *= scale;
  small *= scale;
  pair_t a = exact_product(large, large), b = exact_product(small, small);
  pair_t sum = quick_sum(a.high, b.high);
  double rest = sum.low + a.low + b.low, root = sqrt(sum.high + rest);
  return root / scale;
}
