/*===- distributions.h - Numbers of a distribution from random bits -----------===*
 *
 * The bit tricks and the Box-Muller transform as TensorFlow's random_distributions.h computes them, step by
 * step in the same precision, so that the results agree to the bit up to libm's last place.
 *
 *===------------------------------------------------------------------------===*/
#ifndef TGC_KERNELS_RANDOM_DISTRIBUTIONS_H
#define TGC_KERNELS_RANDOM_DISTRIBUTIONS_H

#include "runtime/kernels/elements.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

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

/* Two normal numbers from two uniform ones. */
static inline void tgc_box_muller_f32(uint32_t x0, uint32_t x1, float normal[2]) {
  float u1 = tgc_uniform_f32(x0);
  if (u1 < 1.0e-7f)
    u1 = 1.0e-7f;
  const float angle = (float)(2.0f * 3.14159265358979323846 * tgc_uniform_f32(x1));
  const float radius = sqrtf(-2.0f * logf(u1));
  normal[0] = sinf(angle) * radius;
  normal[1] = cosf(angle) * radius;
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
