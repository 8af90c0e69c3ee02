/*===- philox.h - The Philox 4x32-10 generator --------------------------------===*
 *
 * Salmon et al., Parallel Random Numbers: As Easy as 1, 2, 3, SC 2011, with the counter and key layout of
 * TensorFlow's PhiloxRandom: one step gives four 32-bit numbers and advances the 128-bit counter by one.
 *
 *===------------------------------------------------------------------------===*/
#ifndef TGC_KERNELS_RANDOM_PHILOX_H
#define TGC_KERNELS_RANDOM_PHILOX_H

#include <stdint.h>

typedef struct tgc_philox {
  uint32_t counter[4]; /* least significant word first */
  uint32_t key[2];
} tgc_philox_t;

static inline tgc_philox_t tgc_philox_make(uint64_t key, uint64_t counter_low, uint64_t counter_high) {
  tgc_philox_t philox = {{(uint32_t)counter_low, (uint32_t)(counter_low >> 32), (uint32_t)counter_high,
                          (uint32_t)(counter_high >> 32)},
                         {(uint32_t)key, (uint32_t)(key >> 32)}};
  return philox;
}

/* Advances the counter by `count` steps. */
static inline void tgc_philox_skip(tgc_philox_t *philox, uint64_t count) {
  uint64_t low = philox->counter[0] | (uint64_t)philox->counter[1] << 32;
  uint64_t high = philox->counter[2] | (uint64_t)philox->counter[3] << 32;
  uint64_t sum = low + count;
  high += sum < low;
  philox->counter[0] = (uint32_t)sum;
  philox->counter[1] = (uint32_t)(sum >> 32);
  philox->counter[2] = (uint32_t)high;
  philox->counter[3] = (uint32_t)(high >> 32);
}

/* The next four numbers. */
static inline void tgc_philox_next(tgc_philox_t *philox, uint32_t numbers[4]) {
  uint32_t key0 = philox->key[0], key1 = philox->key[1];
  uint32_t x0 = philox->counter[0], x1 = philox->counter[1], x2 = philox->counter[2], x3 = philox->counter[3];
  for (int round = 0; round < 10; ++round) {
    uint64_t product0 = (uint64_t)0xD2511F53u * x0, product1 = (uint64_t)0xCD9E8D57u * x2;
    x0 = (uint32_t)(product1 >> 32) ^ x1 ^ key0;
    x1 = (uint32_t)product1;
    x2 = (uint32_t)(product0 >> 32) ^ x3 ^ key1;
    x3 = (uint32_t)product0;
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
  numbers[0] = x0;
  numbers[1] = x1;
  numbers[2] = x2;
  numbers[3] = x3;
  tgc_philox_skip(philox, 1);
}

#endif /* TGC_KERNELS_RANDOM_PHILOX_H */
