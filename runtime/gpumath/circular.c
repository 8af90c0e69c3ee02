/*===- circular.c - Sine, cosine, tangent -------------------------------------------===*
 *
 * Arguments of any size are reduced to a pair between -pi/4 and pi/4: those up to 2^20 by subtracting
 * multiples of pi/2 in three parts, larger ones by Payne and Hanek's method, with so many bits of 2/pi as
 * count. Then Taylor series.
 *
 *===------------------------------------------------------------------------===*/

#include "arithmetic.h"

/* The bits of 2/pi behind the point, after 64 zeros. */
static const uint64_t kTwoOverPi[] = {0,
                                      0xa2f9836e4e441529u,
                                      0xfc2757d1f534ddc0u,
                                      0xdb6295993c439041u,
                                      0xfe5163abdebbc561u,
                                      0xb7246e3a424dd2e0u,
                                      0x06492eea09d1921cu,
                                      0xfe1deb1cb129a73eu,
                                      0xe88235f52ebb4484u,
                                      0xe99c7026b45f7e41u,
                                      0x3991d639835339f4u,
                                      0x9c845f8bbdf9283bu,
                                      0x1ff897ffde05980fu,
                                      0xef2f118b5a0a6d1fu,
                                      0x6d367ecf27cb09b7u,
                                      0x4f463f669e5fea2du,
                                      0x7527bac7ebe5f17bu,
                                      0x3d0739f78a5292eau,
                                      0x6bfb5fb11f8d5d08u,
                                      0x56033046fc7b6babu,
                                      0xf0cfbc209af4361du,
                                      0xa9e391615ee61b08u};

static const double kHalfPi[] = {0x1.921fb54442d18p+0, 0x1.1a62633145c07p-54, -0x1.f1976b7ed8fbcp-110};

typedef struct angle {
  pair_t rest;
  int quadrant; /* but for multiples of 4 */
} angle_t;

/* 64 bits of the table from one on. */
static uint64_t window(int bit) {
  int word = bit >> 6, shift = bit & 63;
  uint64_t high = kTwoOverPi[word] << shift;
  return shift ? high | kTwoOverPi[word + 1] >> (64 - shift) : high;
}

/* |x| >= 2^20, finite. */
static angle_t reduce_large(double x) {
  uint64_t bits = bits_of(x), m = (bits & 0xfffffffffffffu) | 0x10000000000000u;
  /* |x| = m 2^e. What of 2/pi makes multiples of 4 is left out, and so is what lies 192 bits behind that. */
  int e = (int)(bits >> 52 & 0x7ff) - 1075, first = e + 62;
  unsigned __int128 low = (unsigned __int128)window(first + 128) * m;
  unsigned __int128 middle = (unsigned __int128)window(first + 64) * m + (uint64_t)(low >> 64);
  uint64_t w2 = (uint64_t)low, w1 = (uint64_t)middle, w0 = window(first) * m + (uint64_t)(middle >> 64);
  int quadrant = (int)(w0 >> 62);
  /* The fraction, of pi/2, between -1/2 and 1/2. */
  w0 = w0 << 2 | w1 >> 62;
  w1 = w1 << 2 | w2 >> 62;
  w2 <<= 2;
  double sign = 1.0;
  if (w0 >> 63) {
    ++quadrant;
    sign = -1.0;
    w2 = ~w2;
    w1 = ~w1;
    w0 = ~w0;
  }
  double a = (double)(w0 >> 11) * 0x1p-53, b = (double)((w0 & 0x7ff) << 42 | w1 >> 22) * 0x1p-106,
         c = (double)((w1 & 0x3fffff) << 31 | w2 >> 33) * 0x1p-159;
  pair_t fraction = quick_sum(a, b);
  fraction = quick_sum(fraction.high, fraction.low + c);
  pair_t rest = exact_product(fraction.high, kHalfPi[0]);
  rest.low += fraction.high * kHalfPi[1] + fraction.low * kHalfPi[0];
  rest = quick_sum(sign * rest.high, sign * rest.low);
  if (bits >> 63) {
    rest = (pair_t){-rest.high, -rest.low};
    quadrant = -quadrant;
  }
  return (angle_t){rest, quadrant};
}

static angle_t reduce(double x) {
  if (fabs(x) <= 0.78)
    return (angle_t){{x, 0.0}, 0};
  if (!(fabs(x) < 0x1p20))
    return reduce_large(x);
  double n = nearbyint(x * 0x1.45f306dc9c883p-1);
  /* The first difference is exact. */
  double first = fma(-n, kHalfPi[0], x);
  pair_t second = exact_product(n, kHalfPi[1]);
  pair_t rest = exact_sum(first, -second.high);
  rest.low -= second.low + n * kHalfPi[2];
  return (angle_t){quick_sum(rest.high, rest.low), (int)n};
}

/* (-1)^k / (2k + 1)! and (-1)^k / (2k)! down to k = 1 and k = 2. */
static const double kSine[] = {
    1.0 / 355687428096000.0, -1.0 / 1307674368000.0, 1.0 / 6227020800.0, -1.0 / 39916800.0,
    1.0 / 362880.0,          -1.0 / 5040.0,          1.0 / 120.0,        -1.0 / 6.0};
static const double kCosine[] = {1.0 / 2432902008176640000.0,
                                 -1.0 / 6402373705728000.0,
                                 1.0 / 20922789888000.0,
                                 -1.0 / 87178291200.0,
                                 1.0 / 479001600.0,
                                 -1.0 / 3628800.0,
                                 1.0 / 40320.0,
                                 -1.0 / 720.0,
                                 1.0 / 24.0};

pair_t tgc_gpumath_circular(double x) {
  if (isnan(x) || isinf(x))
    return (pair_t){NAN, NAN};
  angle_t angle = reduce(x);
  double high = angle.rest.high, low = angle.rest.low, square = high * high;
  double sine = high + fma(high * square, POLYNOMIAL(square, kSine), low * (1.0 - 0.5 * square));
  double half = 0.5 * square, top = 1.0 - half;
  double cosine =
      top + (((1.0 - top) - half) + fma(square * square, POLYNOMIAL(square, kCosine), -high * low));
  int quadrant = angle.quadrant & 3;
  pair_t turned = quadrant & 1 ? (pair_t){cosine, sine} : (pair_t){sine, cosine};
  if (quadrant & 2)
    turned.high = -turned.high;
  if (quadrant == 1 || quadrant == 2)
    turned.low = -turned.low;
  return turned;
}

double sin(double x) { return x == 0.0 ? x : tgc_gpumath_circular(x).high; }
double cos(double x) { return tgc_gpumath_circular(x).low; }

double tan(double x) {
  pair_t both = tgc_gpumath_circular(x);
  return x == 0.0 ? x : both.high / both.low;
}
