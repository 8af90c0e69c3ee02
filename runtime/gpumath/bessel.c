/*===- bessel.c - Bessel functions of order 0 and 1 -------------------------------===*
 *
 * Sources: DLMF 10.74 (Miller's backward recurrence, made exact by 1 = J0 + 2 J2 + 2 J4 + ...), 10.8
 * (Neumann's expansions of Y by J), 10.17 (Hankel's expansions, for large arguments).
 *
 *===------------------------------------------------------------------------===*/

#include "arithmetic.h"

/* From here on the smallest term of Hankel's expansions, e^-2x, lies below the precision. */
static const double kFar = 25.0;

/* J and Y of order 0 or 1 at x > 0. */
typedef struct both {
  double j, y;
} both_t;

static both_t near(int order, double x) {
  const double kEuler = 0.57721566490153286061;
  /* So many orders above x that J is below 2^-60 there. */
  int n = (int)(x + 24.0 + 8.0 * sqrt(sqrt(x)));
  n += n & 1;
  double above = 0.0, here = 0x1p-900, sum = 0.0, expansion = 0.0;
  for (int k = n; k > 0; --k) {
    /* `here` is J(k) but for a factor that all have. */
    if (k % 2 == 0)
      sum += 2.0 * here;
    double sign = (k / 2) % 2 ? -1.0 : 1.0;
    if (order == 0 && k % 2 == 0)
      expansion += sign * here / (k / 2);
    if (order == 1 && k % 2 == 1 && k > 1)
      expansion += sign * k * here / ((double)(k / 2) * (k / 2 + 1));
    double below = 2.0 * k / x * here - above;
    above = here;
    here = below;
    if (fabs(here) > 0x1p400) {
      here *= 0x1p-800;
      above *= 0x1p-800;
      sum *= 0x1p-800;
      expansion *= 0x1p-800;
    }
  }
  sum += here;
  double j0 = here / sum, j1 = above / sum, logarithm = log(0.5 * x) + kEuler;
  expansion /= sum;
  if (order == 0)
    return (both_t){j0, 2.0 / kPi * (logarithm * j0 - 2.0 * expansion)};
  return (both_t){j1, 2.0 / kPi * ((logarithm - 1.0) * j1 - expansion - j0 / x)};
}

static both_t far(int order, double x) {
  double p = 1.0, q = 0.0, term = 1.0, square = 4.0 * order * order;
  for (int k = 1; k < 60; ++k) {
    double odd = 2.0 * k - 1.0, next = term * (square - odd * odd) / (k * 8.0 * x);
    if (fabs(next) >= fabs(term) || fabs(next) < 0x1p-60)
      break;
    term = next;
    double signed_term = (k / 2) % 2 ? -term : term;
    if (k % 2)
      q += signed_term;
    else
      p += signed_term;
  }
  /* The angle is x - pi/4, or x - 3 pi/4. */
  pair_t turn = tgc_gpumath_circular(x);
  double root = sqrt(0.5), cosine = root * (turn.low + turn.high), sine = root * (turn.high - turn.low);
  if (order) {
    double old = cosine;
    cosine = sine;
    sine = -old;
  }
  double size = sqrt(2.0 / kPi) / sqrt(x);
  return (both_t){size * (p * cosine - q * sine), size * (p * sine + q * cosine)};
}

static both_t bessel(int order, double x) { return x < kFar ? near(order, x) : far(order, x); }

double j0(double x) {
  double size = fabs(x);
  if (isnan(x) || isinf(x))
    return isnan(x) ? x : 0.0;
  return size < 0x1p-27 ? 1.0 : bessel(0, size).j;
}

double j1(double x) {
  double size = fabs(x);
  if (isnan(x) || isinf(x))
    return isnan(x) ? x : 0.0;
  return size < 0x1p-27 ? 0.5 * x : copysign(1.0, x) * bessel(1, size).j;
}

double y0(double x) {
  if (isnan(x) || !(x > 0.0) || isinf(x))
    return isnan(x) ? x : x < 0.0 ? (double)NAN : x == 0.0 ? -(double)INFINITY : 0.0;
  return x < 0x1p-27 ? 2.0 / kPi * (log(x) + (0.57721566490153286061 - 0.693147180559945309417))
                     : bessel(0, x).y;
}

double y1(double x) {
  if (isnan(x) || !(x > 0.0) || isinf(x))
    return isnan(x) ? x : x < 0.0 ? (double)NAN : x == 0.0 ? -(double)INFINITY : 0.0;
  return x < 0x1p-27 ? -2.0 / (kPi * x) : bessel(1, x).y;
}
