/*===- error.c - The error function --------------------------------------------------===*
 *
 * Polynomials are minimax fits: erf(x) / x - 1 of x^2 up to 1, and erfc(a) e^(a a) (a + 4) of (a - 4) / (a +
 * 4) from 1/2 to 28, where erfc is zero.
 *
 *===------------------------------------------------------------------------===*/

#include "arithmetic.h"

static const double kErf[] = {-0x1.29b9f1b3df556p-38, 0x1.7f072188e194dp-34,  -0x1.4e607b41a6416p-30,
                              0x1.fc4356498c2d9p-27,  -0x1.5f6d925a0bc7ap-23, 0x1.b9e6509b9867dp-20,
                              -0x1.f4d2561aeafd4p-17, 0x1.f9a326c233146p-14,  -0x1.c02db3feeb579p-11,
                              0x1.565bcd0e6502dp-8,   -0x1.b82ce312889bap-6,  0x1.ce2f21a042bdep-4,
                              -0x1.812746b0379e7p-2,  0x1.06eba8214db69p-3};
static const double kErfc[] = {
    -0x1.368b4165ef3fep-32, -0x1.f7801f579dae2p-34, 0x1.77a0cd9f68282p-29,  0x1.daf5810cff937p-31,
    -0x1.4611383ce5975p-26, -0x1.3a64b486486d1p-31, 0x1.12731ebf04c77p-23,  -0x1.3e2aabccb6220p-24,
    -0x1.c7862712c8a9dp-21, 0x1.7e11aa187f42ep-20,  0x1.3b193f54b7a67p-18,  -0x1.3c6d7206b2878p-16,
    -0x1.e7eff65a9f1e5p-19, 0x1.72cd9d488096dp-13,  -0x1.dd28436f09ea4p-12, -0x1.269b5154a2732p-12,
    0x1.908f472236d65p-8,   -0x1.b00c052c8511dp-6,  0x1.38dbd2c8e347cp-4,   -0x1.645fd8a4bb89ap-3,
    0x1.52cac2371014fp-2,   -0x1.14eacb1ad0349p-1,  0x1.8be202d26c706p-1,   -0x1.f3fe31ecb49bfp-1,
    0x1.18932bf08e154p+0};
static double small_erf(double x) { return fma(x, POLYNOMIAL(x * x, kErf), x); }

/* a >= 1/2. */
static double tail(double a) {
  a = a > 28.0 ? 28.0 : a;
  double inverse = 1.0 / (a + 4.0);
  pair_t square = exact_product(a, a);
  return POLYNOMIAL((a - 4.0) * inverse, kErfc) * inverse * tgc_gpumath_exp(-square.high, -square.low, 0);
}

double erf(double x) {
  double size = fabs(x);
  if (isnan(x) || size < 1.0)
    return isnan(x) ? x : small_erf(x);
  return copysign(1.0 - tail(size), x);
}

double erfc(double x) {
  double size = fabs(x);
  if (isnan(x) || size < 0.5)
    return isnan(x) ? x : 1.0 - small_erf(x);
  return x < 0.0 ? 2.0 - tail(size) : tail(size);
}
