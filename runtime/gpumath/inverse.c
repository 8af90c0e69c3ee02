/*===- inverse.c - Inverse circular functions --------------------------------------===*
 *
 * atan(t) for t between 0 and 1 is that of the next of 0, 1/2 and 1, and a Taylor series of the rest.
 *
 *===------------------------------------------------------------------------===*/

#include "arithmetic.h"

/* (-1)^k / (2k + 1) from k = 14 down to 1: u is at most 1/4 in size. */
static const double kSeries[] = {1.0 / 29,  -1.0 / 27, 1.0 / 25,  -1.0 / 23, 1.0 / 21, -1.0 / 19, 1.0 / 17,
                                 -1.0 / 15, 1.0 / 13,  -1.0 / 11, 1.0 / 9,   -1.0 / 7, 1.0 / 5,   -1.0 / 3};

/* The angle of (x, y) above the right half line, 0 <= y <= x, as a pair. */
static pair_t angle_below(double y, double x) {
  double t = y / x;
  if (t <= 0.25) {
    double square = t * t;
    /* What the quotient lost counts where the angle is taken away from another one, and does no harm here. */
    return quick_sum(t, t * square * POLYNOMIAL(square, kSeries));
  }
  double c = t < 0.75 ? 0.5 : 1.0;
  pair_t base = c == 0.5 ? (pair_t){0x1.dac670561bb4fp-2, 0x1.a2b7f222f65e2p-56}
                         : (pair_t){0x1.921fb54442d18p-1, 0x1.1a62633145c07p-55};
  double u = fma(-c, x, y) / fma(c, y, x), square = u * u;
  pair_t sum = quick_sum(base.high, u);
  return quick_sum(sum.high, sum.low + fma(u * square, POLYNOMIAL(square, kSeries), base.low));
}

double atan2(double y, double x) {
  if (isnan(x) || isnan(y))
    return x + y;
  double across = fabs(x), up = fabs(y);
  pair_t angle;
  if (isinf(across) && isinf(up)) {
    across = up = 1.0;
  } else if (fmax(across, up) > 0x1p1000) {
    across *= 0x1p-30;
    up *= 0x1p-30;
  } else if (fmax(across, up) < 0x1p-900) {
    across *= 0x1p120;
    up *= 0x1p120;
  }
  if (up == 0.0)
    angle = (pair_t){0.0, 0.0};
  else if (up <= across)
    angle = angle_below(up, across);
  else {
    angle = angle_below(across, up);
    double right = 0.5 * kPi, rest = right - angle.high;
    angle = (pair_t){rest, ((right - rest) - angle.high) + (0.5 * kPiLow - angle.low)};
  }
  double result;
  if (x < 0.0 || (x == 0.0 && copysign(1.0, x) < 0.0)) {
    double rest = kPi - angle.high;
    result = rest + (((kPi - rest) - angle.high) + (kPiLow - angle.low));
  } else {
    result = angle.high + angle.low;
  }
  return copysign(result, y);
}

double atan(double x) { return atan2(x, 1.0); }

double asin(double x) { return fabs(x) < 0x1p-27 ? x : atan2(x, sqrt((1.0 - x) * (1.0 + x))); }

double acos(double x) { return 2.0 * atan2(sqrt(1.0 - x), sqrt(1.0 + x)); }
