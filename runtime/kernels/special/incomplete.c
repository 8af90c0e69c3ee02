/*===- incomplete.c - Incomplete gamma and beta functions -----------------------===*
 *
 * Sources: DLMF 8.7 (series), 8.9 (continued fraction of Q), 5.11 (Stirling's series for the common
 * factor), 8.17 (continued fraction of the beta function); Lentz's method for continued fractions, on dual
 * numbers where a derivative is wanted.
 *
 *===------------------------------------------------------------------------===*/

#define _DEFAULT_SOURCE
#include "special.h"

#include <float.h>
#include <math.h>

/* Enough for a of 1e9; a loop ends when a term no longer counts. */
enum { kMostTerms = 1 << 19 };

static const double kTiny = 1e-290;

static double log_gamma(double x) {
  int sign;
  return lgamma_r(x, &sign);
}

/* u - log(1 + u) without cancellation, u = (x - a) / a. */
static double less_log1p(double a, double x) {
  double u = (x - a) / a;
  if (fabs(u) > 0.3)
    return u - log(x / a);
  double power = u * u, sum = 0.0;
  for (int k = 2; k < 60; ++k, power *= -u) {
    double term = power / k;
    sum += term;
    if (fabs(term) < DBL_EPSILON * 0.1 * fabs(sum))
      break;
  }
  return sum;
}

/* x^a e^-x / gamma(a). */
static double gamma_factor(double a, double x) {
  if (a < 20.0)
    return exp(a * log(x) - x - log_gamma(a));
  /* Stirling: gamma(a) = sqrt(2 pi / a) (a / e)^a e^correction, so the large terms cancel on paper. */
  double z = 1.0 / (a * a);
  double correction =
      (1.0 / 12 +
       z * (-1.0 / 360 + z * (1.0 / 1260 + z * (-1.0 / 1680 + z * (1.0 / 1188 - z * 691.0 / 360360))))) /
      a;
  double exponent = -a * less_log1p(a, x);
  return sqrt(a / (2.0 * 3.14159265358979323846)) * exp(exponent - correction);
}

/* The lower function by its series, for x up to about a. */
static double gamma_series(double a, double x) {
  double term = 1.0 / a, sum = term, n = a;
  for (int k = 0; k < kMostTerms; ++k) {
    n += 1.0;
    term *= x / n;
    sum += term;
    if (term < sum * DBL_EPSILON * 0.5)
      break;
  }
  return sum * gamma_factor(a, x);
}

typedef struct dual {
  double value, slope; /* and its derivative by a */
} dual_t;

/* The continued fraction of Q / gamma_factor, for x beyond a. */
static dual_t gamma_fraction(double a, double x) {
  dual_t b = {x + 1.0 - a, -1.0};
  dual_t c = {1.0 / kTiny, 0.0};
  dual_t d = {1.0 / b.value, -b.slope / (b.value * b.value)};
  dual_t h = d;
  for (int k = 1; k < kMostTerms; ++k) {
    dual_t numerator = {-k * (k - a), k};
    b.value += 2.0;
    dual_t below = {numerator.value * d.value + b.value,
                    numerator.slope * d.value + numerator.value * d.slope + b.slope};
    if (fabs(below.value) < kTiny)
      below.value = kTiny;
    d.value = 1.0 / below.value;
    d.slope = -below.slope * d.value * d.value;
    dual_t next = {b.value + numerator.value / c.value,
                   b.slope + (numerator.slope - numerator.value * c.slope / c.value) / c.value};
    if (fabs(next.value) < kTiny)
      next.value = kTiny;
    c = next;
    dual_t ratio = {c.value * d.value, c.slope * d.value + c.value * d.slope};
    h.slope = h.slope * ratio.value + h.value * ratio.slope;
    h.value *= ratio.value;
    if (fabs(ratio.value - 1.0) < DBL_EPSILON && fabs(ratio.slope) <= DBL_EPSILON * fabs(h.slope / h.value))
      break;
  }
  return h;
}

static int prefers_series(double a, double x) { return x < 1.0 || x < a; }

/* At the borders as TensorFlow has it: zero and infinity decide before NaN does. */
double tgc_special_igamma_f64(double a, double x) {
  if (x == 0.0)
    return 0.0;
  if (isnan(a) || isnan(x) || x < 0.0 || a <= 0.0)
    return NAN;
  if (isinf(a))
    return 0.0;
  if (isinf(x))
    return 1.0;
  return prefers_series(a, x) ? gamma_series(a, x) : 1.0 - gamma_fraction(a, x).value * gamma_factor(a, x);
}

double tgc_special_igammac_f64(double a, double x) {
  if (isnan(a) || isnan(x) || x < 0.0 || a <= 0.0)
    return NAN;
  if (isinf(a))
    return isinf(x) ? 0.0 : 1.0;
  if (x == 0.0)
    return 1.0;
  if (isinf(x))
    return 0.0;
  return prefers_series(a, x) ? 1.0 - gamma_series(a, x) : gamma_fraction(a, x).value * gamma_factor(a, x);
}

/* The derivative of igamma by a. */
double tgc_special_igamma_grad_a_f64(double a, double x) {
  if (x == 0.0)
    return 0.0;
  if (isnan(a) || isnan(x) || x < 0.0 || a <= 0.0)
    return NAN;
  if (isinf(x) || isinf(a))
    return 0.0;
  double factor = gamma_factor(a, x), factorSlope = log(x) - tgc_special_digamma_f64(a);
  if (!prefers_series(a, x)) {
    dual_t fraction = gamma_fraction(a, x);
    return -factor * (fraction.value * factorSlope + fraction.slope);
  }
  /* Each term of the series is a product of x / (a + i); its slope by a is minus the term times the sum of 1
   * / (a + i). */
  double term = 1.0 / a, harmonic = 1.0 / a, sum = term, slope = -term * harmonic, n = a;
  for (int k = 0; k < kMostTerms; ++k) {
    n += 1.0;
    term *= x / n;
    harmonic += 1.0 / n;
    sum += term;
    slope -= term * harmonic;
    if (term * harmonic < -slope * DBL_EPSILON * 0.5)
      break;
  }
  return factor * (sum * factorSlope + slope);
}

/* The continued fraction of the incomplete beta function, quick for x < (a + 1) / (a + b + 2). */
static double beta_fraction(double a, double b, double x) {
  double c = 1.0, d = 1.0 - (a + b) * x / (a + 1.0);
  d = 1.0 / (fabs(d) < kTiny ? kTiny : d);
  double h = d;
  for (int m = 1; m < kMostTerms; ++m) {
    double even = m * (b - m) * x / ((a + 2 * m - 1.0) * (a + 2 * m));
    d = 1.0 + even * d;
    d = 1.0 / (fabs(d) < kTiny ? kTiny : d);
    c = 1.0 + even / c;
    c = fabs(c) < kTiny ? kTiny : c;
    h *= d * c;
    double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1.0));
    d = 1.0 + odd * d;
    d = 1.0 / (fabs(d) < kTiny ? kTiny : d);
    c = 1.0 + odd / c;
    c = fabs(c) < kTiny ? kTiny : c;
    double ratio = d * c;
    h *= ratio;
    if (fabs(ratio - 1.0) < DBL_EPSILON)
      break;
  }
  return h;
}

double tgc_special_betainc_f64(double a, double b, double x) {
  if (!(a > 0.0) || !(b > 0.0) || !(x >= 0.0 && x <= 1.0))
    return NAN;
  if (x == 0.0 || x == 1.0)
    return x;
  double factor = exp(log_gamma(a + b) - log_gamma(a) - log_gamma(b) + a * log(x) + b * log1p(-x));
  if (x < (a + 1.0) / (a + b + 2.0))
    return factor * beta_fraction(a, b, x) / a;
  return 1.0 - factor * beta_fraction(b, a, 1.0 - x) / b;
}
