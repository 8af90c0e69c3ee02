/*===- gamma.c - Logarithm of the gamma function, its derivatives, zeta ---------===*
 *
 * Sources: DLMF 5.5 (reflection and recurrence), 5.11 (Stirling's series), 25.11 (Euler-Maclaurin for
 * Hurwitz's zeta).
 *
 *===------------------------------------------------------------------------===*/

#define _DEFAULT_SOURCE /* lgamma_r, which leaves no global behind */
#include "special.h"

#include <float.h>
#include <math.h>

static const double kPi = 3.14159265358979323846;

double tgc_special_lgamma_f64(double x) {
  int sign;
  return lgamma_r(x, &sign);
}

/* B(2k) / (2k) for k = 1, 2, ... */
static const double kBernoulliOver2k[] = {1.0 / 12,  -1.0 / 120,       1.0 / 252, -1.0 / 240,
                                          1.0 / 132, -691.0 / 32760.0, 1.0 / 12,  -3617.0 / 8160.0};

double tgc_special_digamma_f64(double x) {
  double reflection = 0.0, shift = 0.0, series = 0.0;
  if (x <= 0.0) {
    if (x == floor(x))
      return NAN; /* a pole, with different limits at its sides */
    /* psi(1 - x) - psi(x) = pi / tan(pi x), with x reduced first: the tangent's period is one, and the
     * nearest integer is taken away exactly. */
    reflection = kPi / tan(kPi * (x - nearbyint(x)));
    x = 1.0 - x;
  }
  for (; x < 12.0; x += 1.0)
    shift += 1.0 / x;
  if (x < 1e17) {
    double z = 1.0 / (x * x);
    for (int k = sizeof(kBernoulliOver2k) / sizeof(kBernoulliOver2k[0]) - 1; k >= 0; --k)
      series = z * (kBernoulliOver2k[k] + series);
  }
  return log(x) - 0.5 / x - series - shift - reflection;
}

/* (2k)! / B(2k) for k = 1, 2, ... */
static const double kFactorialOverBernoulli[] = {12.0,
                                                 -720.0,
                                                 30240.0,
                                                 -1209600.0,
                                                 47900160.0,
                                                 -1307674368000.0 / 691.0,
                                                 74724249600.0,
                                                 -10670622842880000.0 / 3617.0,
                                                 5109094217170944000.0 / 43867.0,
                                                 -802857662698291200000.0 / 174611.0};

/* Sum of (q + k)^-x over k = 0, 1, ... */
double tgc_special_zeta_f64(double x, double q) {
  enum { kTerms = sizeof(kFactorialOverBernoulli) / sizeof(kFactorialOverBernoulli[0]) };
  /* Each step towards the right half line costs a power; nobody asks for so many. */
  const double farthest = -1e6;
  if (x == 1.0)
    return INFINITY;
  if (isnan(x) || isnan(q))
    return NAN;
  if (x < 1.0)
    return NAN;
  if (isinf(x)) /* the first term's limit */
    return q < 1.0 ? INFINITY : q == 1.0 ? 1.0 : 0.0;
  if (q <= 0.0) {
    if (q == floor(q))
      return x == floor(x) && fmod(x, 2.0) == 0.0 ? INFINITY : NAN;
    if (x != floor(x) || q < farthest)
      return NAN;
  }
  if (isinf(q))
    return 0.0;
  double sum = 0.0, a = q;
  for (int k = 0; k < 10 || a < 10.0; ++k, a += 1.0)
    sum += pow(a, -x);
  /* Euler-Maclaurin: the integral, half of the end point, and derivatives there. */
  double power = pow(a, -x);
  sum += power * a / (x - 1.0) + 0.5 * power;
  double factor = 1.0, k = 0.0;
  for (int i = 0; i < kTerms; ++i) {
    factor *= x + k;
    power /= a;
    double term = factor * power / kFactorialOverBernoulli[i];
    sum += term;
    if (fabs(term) < DBL_EPSILON * 0.1 * fabs(sum))
      break;
    factor *= x + k + 1.0;
    power /= a;
    k += 2.0;
  }
  return sum;
}

/* The n-th derivative of digamma at x: (-1)^(n+1) n! zeta(n + 1, x). */
double tgc_special_polygamma_f64(double n, double x) {
  if (!(n >= 0.0) || n != floor(n))
    return NAN;
  if (n == 0.0)
    return tgc_special_digamma_f64(x);
  double size = n <= 170.0 ? tgamma(n + 1.0) : INFINITY;
  return (fmod(n, 2.0) == 0.0 ? -size : size) * tgc_special_zeta_f64(n + 1.0, x);
}
