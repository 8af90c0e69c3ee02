/*===- integrals.c - Error function's inverse, Dawson, Fresnel, Ei, dilogarithm --===*
 *
 * Sources: Winitzki, "A handy approximation for the error function and its inverse" (first guess, made exact
 * by Halley's method); DLMF 7.6 and 7.12 (Dawson), 7.9 (continued fraction of erfc, for Fresnel), 6.6
 * and 6.12 (Ei), 25.12 (dilogarithm).
 *
 *===------------------------------------------------------------------------===*/

#include "special.h"

#include <float.h>
#include <math.h>

static const double kPi = 3.14159265358979323846, kEuler = 0.57721566490153286061;

/* y >= 0 with erfc(y) = q, 0 < q <= 1; `p` is 1 - q, exact where q is not small. */
static double erfc_inverse(double q, double p) {
  const double twoOverRootPi = 1.12837916709551257390;
  double l = log(q) + log1p(p), middle = 2.0 / (kPi * 0.147) + 0.5 * l;
  double y = sqrt(fmax(sqrt(middle * middle - l / 0.147) - middle, 0.0));
  for (int i = 0; i < 4; ++i) {
    /* erf where it is the smaller one of the pair keeps its relative precision. */
    double excess = p < 0.5 ? p - erf(y) : erfc(y) - q;
    double slope = twoOverRootPi * exp(-y * y);
    y += excess / (slope - y * excess);
  }
  return y;
}

double tgc_special_erfinv_f64(double x) {
  double size = fabs(x);
  if (isnan(x) || size > 1.0)
    return NAN;
  if (size == 1.0)
    return copysign(INFINITY, x);
  return copysign(erfc_inverse(1.0 - size, size), x);
}

double tgc_special_ndtri_f64(double p) {
  if (isnan(p) || p < 0.0 || p > 1.0)
    return NAN;
  if (p == 0.0 || p == 1.0)
    return p == 0.0 ? -INFINITY : INFINITY;
  double tail = p <= 0.5 ? p : 1.0 - p;
  double y = 1.41421356237309504880 * erfc_inverse(2.0 * tail, 1.0 - 2.0 * tail);
  return p <= 0.5 ? -y : y;
}

double tgc_special_dawsn_f64(double x) {
  double size = fabs(x), square = x * x;
  if (isnan(x))
    return x;
  if (size < 7.0) {
    double power = x, sum = x;
    for (int k = 1; k < 300; ++k) {
      power *= square / k;
      double term = power / (2 * k + 1);
      sum += term;
      if (fabs(term) <= fabs(sum) * DBL_EPSILON * 0.1)
        break;
    }
    return exp(-square) * sum;
  }
  double term = 1.0, sum = 1.0;
  for (int k = 1; k < 40; ++k) {
    term *= (2 * k - 1) / (2.0 * square);
    sum += term;
    if (term < DBL_EPSILON * 0.1)
      break;
  }
  return sum * 0.5 / x;
}

double tgc_special_expint_f64(double x) {
  if (isnan(x) || isinf(x) || x < 0.0) /* TensorFlow has no value at infinity */
    return NAN;
  if (x == 0.0)
    return -INFINITY;
  if (x < 40.0) {
    double power = 1.0, sum = 0.0;
    for (int k = 1; k < 300; ++k) {
      power *= x / k;
      sum += power / k;
      if (power / k < sum * DBL_EPSILON * 0.1)
        break;
    }
    return kEuler + log(x) + sum;
  }
  double term = 1.0, sum = 1.0;
  for (int k = 1; k < 40; ++k) {
    term *= k / x;
    sum += term;
    if (term < DBL_EPSILON * 0.1)
      break;
  }
  return exp(0.5 * x) * (sum / x) * exp(0.5 * x);
}

/* The dilogarithm at z, |z| <= 1/2. */
static double dilogarithm(double z) {
  double power = z, sum = z;
  for (int k = 2; k < 100; ++k) {
    power *= z;
    double term = power / ((double)k * k);
    sum += term;
    if (fabs(term) <= fabs(sum) * DBL_EPSILON * 0.1)
      break;
  }
  return sum;
}

/* The integral of log(t) / (1 - t) from 1 to x, 0 <= x <= 1.5: the dilogarithm at 1 - x. */
static double spence_below(double x) {
  const double piSquaredOver6 = 1.64493406684822643647;
  if (x == 0.0)
    return piSquaredOver6;
  if (x < 0.5)
    return piSquaredOver6 - log(x) * log1p(-x) - dilogarithm(x);
  return dilogarithm(1.0 - x);
}

double tgc_special_spence_f64(double x) {
  if (isnan(x) || isinf(x) || x < 0.0) /* TensorFlow has no value at infinity */
    return NAN;
  if (x <= 1.5)
    return spence_below(x);
  double l = log(x);
  return -0.5 * l * l - spence_below(1.0 / x);
}

typedef struct fresnel {
  double cosine, sine;
} fresnel_t;

/* Both integrals of cos and sin of pi t^2 / 2 from 0 to x >= 0. */
static fresnel_t fresnel(double x) {
  if (x > 36974.0) /* where the expansion of TensorFlow ends */
    return (fresnel_t){0.5, 0.5};
  double square = x * x;
  if (x < 1.5) {
    /* The series of exp(i pi t^2 / 2), integrated: even terms make the cosine, odd ones the sine. */
    double power = x, cosine = x, sine = 0.0;
    for (int k = 1; k < 60; ++k) {
      power *= 0.5 * kPi * square / k;
      double term = power / (2 * k + 1);
      double signed_term = k & 2 ? -term : term;
      if (k & 1)
        sine += signed_term;
      else
        cosine += signed_term;
      if (term < DBL_EPSILON * 0.01 * x)
        break;
    }
    return (fresnel_t){cosine, sine};
  }
  /* h = continued fraction of erfc(z) at z = (1 - i) x sqrt(pi) / 2, by Lentz's method; re and im parts by
   * hand. */
  double bRe = 1.0, bIm = -kPi * square;
  double norm = bRe * bRe + bIm * bIm;
  double dRe = bRe / norm, dIm = -bIm / norm, hRe = dRe, hIm = dIm, cRe = 1e140, cIm = 0.0;
  for (int n = 1; n < 400; n += 2) {
    double a = -(double)n * (n + 1);
    bRe += 4.0;
    double re = a * dRe + bRe, im = a * dIm + bIm;
    norm = re * re + im * im;
    dRe = re / norm;
    dIm = -im / norm;
    double scale = a / (cRe * cRe + cIm * cIm);
    re = bRe + scale * cRe;
    im = bIm - scale * cIm;
    cRe = re;
    cIm = im;
    double ratioRe = cRe * dRe - cIm * dIm, ratioIm = cRe * dIm + cIm * dRe;
    re = hRe * ratioRe - hIm * ratioIm;
    hIm = hRe * ratioIm + hIm * ratioRe;
    hRe = re;
    if (fabs(ratioRe - 1.0) + fabs(ratioIm) < DBL_EPSILON)
      break;
  }
  /* (1 + i) / 2 * (1 - e^(i pi x^2 / 2) (1 - i) x h); the angle's period is 4 in x^2. */
  double angle = 0.5 * kPi * fmod(square, 4.0), cosine = cos(angle), sine = sin(angle);
  double gRe = x * (hRe + hIm), gIm = x * (hIm - hRe);
  double restRe = 1.0 - (cosine * gRe - sine * gIm), restIm = -(cosine * gIm + sine * gRe);
  return (fresnel_t){0.5 * (restRe - restIm), 0.5 * (restRe + restIm)};
}

double tgc_special_fresnel_cos_f64(double x) { return isnan(x) ? x : copysign(fresnel(fabs(x)).cosine, x); }
double tgc_special_fresnel_sin_f64(double x) { return isnan(x) ? x : copysign(fresnel(fabs(x)).sine, x); }
