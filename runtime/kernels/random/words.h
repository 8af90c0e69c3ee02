/*===- words.h - A generator, number by number --------------------------------===*
 *
 * Samplers draw one number at a time from the four words of a step: forwards as plain words, or, as the
 * rejection samplers of TensorFlow do, from buffers of a distribution's numbers that they empty from the end.
 *
 *===------------------------------------------------------------------------===*/
#ifndef TGC_KERNELS_RANDOM_WORDS_H
#define TGC_KERNELS_RANDOM_WORDS_H

#include "distributions.h"
#include "philox.h"

typedef struct tgc_words {
  tgc_philox_t philox;
  uint32_t x[4];
  int used;
} tgc_words_t;

static inline tgc_words_t tgc_words_make(tgc_philox_t start) {
  tgc_words_t words = {start, {0}, 4};
  return words;
}

static inline uint32_t tgc_next_u32(tgc_words_t *words) {
  if (words->used == 4) {
    tgc_philox_next(&words->philox, words->x);
    words->used = 0;
  }
  return words->x[words->used++];
}

static inline uint64_t tgc_next_u64(tgc_words_t *words) {
  uint64_t low = tgc_next_u32(words);
  return low | (uint64_t)tgc_next_u32(words) << 32;
}

/* [0, 1). */
static inline double tgc_next_f64(tgc_words_t *words) {
  uint32_t high = tgc_next_u32(words);
  return tgc_uniform_f64(high, tgc_next_u32(words));
}

/* Without bias in [0, n), n > 0: numbers of the incomplete last turn are drawn again. */
static inline uint64_t tgc_next_below_u64(tgc_words_t *words, uint64_t n) {
  uint64_t number = tgc_next_u64(words);
  if ((n & (n - 1)) == 0)
    return number & (n - 1);
  while (number < UINT64_MAX % n + 1)
    number = tgc_next_u64(words);
  return number % n;
}

static inline uint32_t tgc_next_below_u32(tgc_words_t *words, uint32_t n) {
  uint32_t number = tgc_next_u32(words);
  if ((n & (n - 1)) == 0)
    return number & (n - 1);
  while (number < UINT32_MAX % n + 1)
    number = tgc_next_u32(words);
  return number % n;
}

/* Two buffers over one generator; `uniforms` holds up to two doubles or four floats. */
typedef struct tgc_buffers {
  tgc_philox_t philox;
  double uniforms[4], normals[2];
  int num_uniforms, num_normals;
} tgc_buffers_t;

static inline tgc_buffers_t tgc_buffers_make(tgc_philox_t start, uint64_t steps) {
  tgc_buffers_t buffers = {start, {0}, {0}, 0, 0};
  tgc_philox_skip(&buffers.philox, steps);
  return buffers;
}

static inline double tgc_draw_uniform(tgc_buffers_t *buffers) {
  if (buffers->num_uniforms == 0) {
    uint32_t x[4];
    tgc_philox_next(&buffers->philox, x);
    buffers->uniforms[0] = tgc_uniform_f64(x[0], x[1]);
    buffers->uniforms[1] = tgc_uniform_f64(x[2], x[3]);
    buffers->num_uniforms = 2;
  }
  return buffers->uniforms[--buffers->num_uniforms];
}

static inline double tgc_draw_uniform_f32(tgc_buffers_t *buffers) {
  if (buffers->num_uniforms == 0) {
    uint32_t x[4];
    tgc_philox_next(&buffers->philox, x);
    for (int i = 0; i < 4; ++i)
      buffers->uniforms[i] = tgc_uniform_f32(x[i]);
    buffers->num_uniforms = 4;
  }
  return buffers->uniforms[--buffers->num_uniforms];
}

static inline double tgc_draw_normal(tgc_buffers_t *buffers) {
  if (buffers->num_normals == 0) {
    uint32_t x[4];
    tgc_philox_next(&buffers->philox, x);
    tgc_box_muller_f64(x, buffers->normals);
    buffers->num_normals = 2;
  }
  return buffers->normals[--buffers->num_normals];
}

#endif /* TGC_KERNELS_RANDOM_WORDS_H */
