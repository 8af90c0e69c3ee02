/*===- remainder.c - Exact remainders and neighbours --------------------------------===*/

#include "arithmetic.h"

/* a 2^shift mod b, for b below 2^53: as many bits at a time as 64 hold. */
static uint64_t shifted_remainder(uint64_t a, uint64_t b, int shift, int step) {
  for (a %= b; shift > 0 && a; shift -= step) {
    int now = shift < step ? shift : step;
    a = (a << now) % b;
  }
  return a;
}

double fmod(double x, double y) {
  double size = fabs(x), modulus = fabs(y);
  if (isnan(x) || isnan(y) || isinf(x) || y == 0.0)
    return NAN;
  if (size < modulus)
    return x;
  /* Numbers are a 2^i with whole a; those without a leading bit have the least i. */
  uint64_t a = bits_of(size), b = bits_of(modulus);
  int i = (int)(a >> 52), k = (int)(b >> 52);
  a = i ? (a & 0xfffffffffffffu) | 0x10000000000000u : a;
  b = k ? (b & 0xfffffffffffffu) | 0x10000000000000u : b;
  i += !i;
  k += !k;
  a = shifted_remainder(a, b, i - k, 11);
  /* Of 2^52 and less there is a power to spare: both factors are exact. */
  double result =
      k > 60 ? (double)a * double_of((uint64_t)(k - 52) << 52) : (double)a * power_of_two(k - 61) * 0x1p-1014;
  return copysign(result, x);
}

float fmodf(float x, float y) {
  float size = __builtin_fabsf(x), modulus = __builtin_fabsf(y);
  if (isnan(x) || isnan(y) || isinf(x) || y == 0.0f)
    return NAN;
  if (size < modulus)
    return x;
  uint32_t a, b;
  __builtin_memcpy(&a, &size, sizeof a);
  __builtin_memcpy(&b, &modulus, sizeof b);
  int i = (int)(a >> 23), k = (int)(b >> 23);
  a = i ? (a & 0x7fffffu) | 0x800000u : a;
  b = k ? (b & 0x7fffffu) | 0x800000u : b;
  i += !i;
  k += !k;
  uint64_t rest = shifted_remainder(a, b, i - k, 40);
  /* All numbers of f32 are normal ones of f64. */
  return __builtin_copysignf((float)((double)rest * power_of_two(k - 150)), x);
}

double nextafter(double x, double y) {
  if (isnan(x) || isnan(y))
    return x + y;
  if (x == y)
    return y;
  if (x == 0.0)
    return copysign(0x0.0000000000001p-1022, y);
  return double_of(bits_of(x) + ((x < y) == (x > 0.0) ? 1 : -1));
}

float nextafterf(float x, float y) {
  if (isnan(x) || isnan(y))
    return x + y;
  if (x == y)
    return y;
  if (x == 0.0f)
    return __builtin_copysignf(0x1p-149f, y);
  uint32_t bits;
  __builtin_memcpy(&bits, &x, sizeof bits);
  bits += (x < y) == (x > 0.0f) ? 1 : -1;
  __builtin_memcpy(&x, &bits, sizeof x);
  return x;
}
