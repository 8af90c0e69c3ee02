/*===- bessel.c - Bessel functions ----------------------------------------------===*
 *
 * Sources: DLMF 10.25 (series of I), 10.40 (its asymptotic expansion), 10.32.9 (integral of K, summed by the
 * trapezoidal rule, whose error falls exponentially there). J and Y are libm's. At infinity and below zero
 * the values are TensorFlow's, which are not always the limits.
 *
 *===------------------------------------------------------------------------===*/

#define _DEFAULT_SOURCE /* j0, j1, y0, y1 */
#include "special.h"

#include <float.h>
#include <math.h>

/* Where the asymptotic expansion's smallest term, e^-2x, lies below the precision. */
static const double kAsymptotic = 21.0;

/* I of order 0 or 1 at x >= 0, times e^-x if `scaled`. */
static double bessel_i(int order, double x, int scaled) {
  if (isnan(x))
    return x;
  if (x < kAsymptotic) {
    double quarter = 0.25 * x * x, term = order ? 0.5 * x : 1.0, sum = term;
    for (int k = 1; k < 200 && term > sum * DBL_EPSILON * 0.1; ++k) {
      term *= quarter / ((double)k * (k + order));
      sum += term;
    }
    return scaled ? sum * exp(-x) : sum;
  }
  double sum = 1.0, term = 1.0, fourOrderSquared = 4.0 * order * order;
  for (int k = 1; k < 60; ++k) {
    double odd = 2.0 * k - 1.0;
    double next = -term * (fourOrderSquared - odd * odd) / (k * 8.0 * x);
    if (fabs(next) >= fabs(term))
      break;
    term = next;
    sum += term;
    if (fabs(term) < DBL_EPSILON * 0.1)
      break;
  }
  if (isinf(x))
    return scaled ? 0.0 : NAN;
  double root = sum / sqrt(2.0 * 3.14159265358979323846 * x);
  /* Half of the exponential at a time, so that it does not overflow before the product does. */
  return scaled ? root : exp(0.5 * x) * root * exp(0.5 * x);
}

double tgc_special_bessel_i0_f64(double x) { return bessel_i(0, fabs(x), 0); }
double tgc_special_bessel_i0e_f64(double x) { return bessel_i(0, fabs(x), 1); }
double tgc_special_bessel_i1_f64(double x) { return copysign(bessel_i(1, fabs(x), 0), x); }
double tgc_special_bessel_i1e_f64(double x) { return copysign(bessel_i(1, fabs(x), 1), x); }

double tgc_special_bessel_j0_f64(double x) { return isinf(x) ? NAN : j0(x); }
double tgc_special_bessel_j1_f64(double x) { return isinf(x) ? NAN : j1(x); }

/* Y, which is -infinity from zero down. */
static double bessel_y(double (*y)(double), double x) {
  if (x <= 0.0)
    return -INFINITY;
  return isinf(x) ? NAN : y(x);
}

double tgc_special_bessel_y0_f64(double x) { return bessel_y(y0, x); }
double tgc_special_bessel_y1_f64(double x) { return bessel_y(y1, x); }

/* e^x K of order 0 or 1: the integral of e^(-x (cosh t - 1)) cosh(order t) over t > 0. */
static double bessel_ke(int order, double x) {
  if (isnan(x))
    return x;
  if (x <= 0.0)
    return INFINITY;
  if (isinf(x))
    return 0.0;
  /* The integrand is a bell of width 1 / sqrt(x) for large x, and analytic up to pi / 2 beside the real line.
   */
  double step = 0.5 / sqrt(x + 4.0), sum = 0.5;
  for (int k = 1;; ++k) {
    double t = k * step, s = sinh(0.5 * t);
    double term = exp(-2.0 * x * s * s) * (order ? cosh(t) : 1.0);
    sum += term;
    if (term < sum * DBL_EPSILON * 0.01)
      return sum * step;
  }
}

double tgc_special_bessel_k0e_f64(double x) { return bessel_ke(0, x); }
double tgc_special_bessel_k1e_f64(double x) { return bessel_ke(1, x); }
double tgc_special_bessel_k0_f64(double x) { return x > 0.0 ? exp(-x) * bessel_ke(0, x) : bessel_ke(0, x); }
double tgc_special_bessel_k1_f64(double x) { return x > 0.0 ? exp(-x) * bessel_ke(1, x) : bessel_ke(1, x); }
