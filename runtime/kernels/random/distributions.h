/*===- distributions.h - Numbers of a distribution from random bits -----------===*
 *
 * The bit tricks and the Box-Muller transform as TensorFlow's random_distributions.h computes them, step by
 * step in the same precision, so that the results agree to the bit; f64 up to libm's last place.
 *
 *===------------------------------------------------------------------------===*/
#ifndef TGC_KERNELS_RANDOM_DISTRIBUTIONS_H
#define TGC_KERNELS_RANDOM_DISTRIBUTIONS_H

#include "runtime/kernels/elements.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#pragma STDC FP_CONTRACT OFF

/* [0, 1) from the low 23 bits. */
static inline float tgc_uniform_f32(uint32_t bits) {
  uint32_t word = 127u << 23 | (bits & 0x7fffffu);
  float value;
  memcpy(&value, &word, sizeof value);
  return value - 1.0f;
}

/* [0, 1) from 52 bits; the first word gives the upper ones. */
static inline double tgc_uniform_f64(uint32_t high, uint32_t low) {
  uint64_t word = (uint64_t)1023 << 52 | (uint64_t)(high & 0xfffffu) << 32 | low;
  double value;
  memcpy(&value, &word, sizeof value);
  return value - 1.0;
}

/* The logarithm, sine and cosine that TensorFlow takes from glibc (2.28 and later, where they are those of
 * Arm's Optimized Routines): short polynomials in double, rounded once. They are written down here, as some
 * are off by one in the last place and TensorFlow's numbers are, too; so normal numbers are its own to the
 * bit with any libm and on devices. RandomWriter (compiler/Codegen/GPU) makes the same steps of the same
 * constants. */

/* ln(x) of a normalised x > 0: a sixteenth of a binade has 1 / c and ln(c) of a c in it, and
 * ln(x) = exponent * ln(2) + ln(c) + ln(1 + r), where r = x / (c * 2^exponent) - 1. */
static inline float tgc_logf(float x) {
  static const double inverse[16] = {0x1.661ec79f8f3bep+0, 0x1.571ed4aaf883dp+0,
                                     0x1.49539f0f010bp+0,  0x1.3c995b0b80385p+0,
                                     0x1.30d190c8864a5p+0, 0x1.25e227b0b8eap+0,
                                     0x1.1bb4a4a1a343fp+0, 0x1.12358f08ae5bap+0,
                                     0x1.0953f419900a7p+0, 1.0,
                                     0x1.e608cfd9a47acp-1, 0x1.ca4b31f026aap-1,
                                     0x1.b2036576afce6p-1, 0x1.9c2d163a1aa2dp-1,
                                     0x1.886e6037841edp-1, 0x1.767dcf5534862p-1};
  static const double logarithm[16] = {-0x1.57bf7808caadep-2, -0x1.2bef0a7c06ddbp-2,
                                       -0x1.01eae7f513a67p-2, -0x1.b31d8a68224e9p-3,
                                       -0x1.6574f0ac07758p-3, -0x1.1aa2bc79c81p-3,
                                       -0x1.a4e76ce8c0e5ep-4, -0x1.1973c5a611cccp-4,
                                       -0x1.252f438e10c1ep-5, 0.0,
                                       0x1.aa5aa5df25984p-5,  0x1.c5e53aa362eb4p-4,
                                       0x1.526e57720db08p-3,  0x1.bc2860d22477p-3,
                                       0x1.1058bc8a07ee1p-2,  0x1.4043057b6ee09p-2};
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  const uint32_t shifted = bits - 0x3f330000u, part = shifted >> 19 & 15;
  const int32_t exponent = (int32_t)shifted >> 23;
  bits -= (uint32_t)exponent << 23;
  float significand;
  memcpy(&significand, &bits, sizeof significand);
  const double r = significand * inverse[part] - 1.0, z = r * r;
  double series = r * 0x1.5575b0be00b6ap-2 + -0x1.ffffef20a4123p-2;
  series = z * -0x1.00ea348b88334p-2 + series;
  return (float)(series * z + (logarithm[part] + exponent * 0x1.62e42fefa39efp-1 + r));
}

/* Sine and cosine of 0 <= x <= 2 pi: polynomials around the next multiple of pi / 2. */
static inline void tgc_sin_cosf(float x, float *sine, float *cosine) {
  const int quadrant = (int)(x * 0x1.45f306dc9c883p-1 + 0.5);
  const double r = x - quadrant * 0x1.921fb54442d18p+0, z = r * r, cube = r * z, square = z * z;
  const double s =
      r + cube * -0x1.555545995a603p-3 + cube * z * (0x1.1107605230bc4p-7 + z * -0x1.994eb3774cf24p-13);
  const double c = 1.0 + z * -0x1.ffffffd0c621cp-2 + square * 0x1.55553e1068f19p-5 +
                   square * z * (-0x1.6c087e89a359dp-10 + z * 0x1.99343027bf8c3p-16);
  const double first = quadrant & 1 ? c : s, second = quadrant & 1 ? s : c;
  *sine = (float)(quadrant & 2 ? -first : first);
  *cosine = (float)((quadrant + 1) & 2 ? -second : second);
}

/* Two normal numbers from two uniform ones. */
static inline void tgc_box_muller_f32(uint32_t x0, uint32_t x1, float normal[2]) {
  float u1 = tgc_uniform_f32(x0);
  if (u1 < 1.0e-7f)
    u1 = 1.0e-7f;
  const float angle = (float)(2.0f * 3.14159265358979323846 * tgc_uniform_f32(x1));
  const float radius = sqrtf(-2.0f * tgc_logf(u1));
  float sine, cosine;
  tgc_sin_cosf(angle, &sine, &cosine);
  normal[0] = sine * radius;
  normal[1] = cosine * radius;
}

static inline void tgc_box_muller_f64(const uint32_t x[4], double normal[2]) {
  double u1 = tgc_uniform_f64(x[0], x[1]);
  if (u1 < 1.0e-7)
    u1 = 1.0e-7;
  const double angle = 2 * 3.14159265358979323846 * tgc_uniform_f64(x[2], x[3]);
  const double radius = sqrt(-2.0 * log(u1));
  normal[0] = sin(angle) * radius;
  normal[1] = cos(angle) * radius;
}

/* [0, 1) of 10 and 7 random bits. */
static inline uint16_t tgc_uniform_half(uint32_t bits) {
  return tgc_half_from_f32((float)(bits & 0x3ffu) / 1024.0f);
}
static inline uint16_t tgc_uniform_bfloat16(uint32_t bits) {
  return tgc_bfloat16_from_f32((float)(bits & 0x7fu) / 128.0f);
}

#endif /* TGC_KERNELS_RANDOM_DISTRIBUTIONS_H */
