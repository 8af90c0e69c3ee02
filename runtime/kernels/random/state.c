/*===- state.c - Keys and counters of random operators ------------------------===*/

#include "random.h"
#include "words.h"

#include <stdlib.h>

TGC_RANDOM_KERNEL(tgc_kernel_random_state) {
  (void)num_inputs, (void)num_outputs;
  char *rest;
  uint64_t seed = (uint64_t)strtoll(config, &rest, 10), seed2 = (uint64_t)strtoll(rest, NULL, 10);
  if (seed == 0 && seed2 == 0) {
    seed = tgc_rt_seed(frame);
    /* FNV-1a of the node's name, so that nodes differ. */
    seed2 = 14695981039346656037u;
    for (const char *c = node; *c; ++c)
      seed2 = (seed2 ^ (unsigned char)*c) * 1099511628211u;
  }
  tgc_philox_t philox = tgc_philox_make(seed, 0, seed2);
  tgc_philox_skip(&philox, *(const uint64_t *)inputs[0].data);
  uint64_t *key = outputs[0].data, *counter = outputs[1].data;
  key[0] = seed;
  counter[0] = philox.counter[0] | (uint64_t)philox.counter[1] << 32;
  counter[1] = philox.counter[2] | (uint64_t)philox.counter[3] << 32;
}

TGC_RANDOM_KERNEL(tgc_kernel_random_stateless_state) {
  (void)frame, (void)node, (void)config, (void)num_inputs, (void)num_outputs;
  uint64_t seed[2];
  for (int i = 0; i < 2; ++i)
    seed[i] = inputs[0].dtype == TGC_INT32 ? (uint64_t)(int64_t)((const int32_t *)inputs[0].data)[i]
                                           : ((const uint64_t *)inputs[0].data)[i];
  tgc_philox_t philox = tgc_philox_make(0x02461e293ec8f720u, seed[0], seed[1]);
  uint32_t mix[4];
  tgc_philox_next(&philox, mix);
  uint64_t *key = outputs[0].data, *counter = outputs[1].data;
  key[0] = mix[0] | (uint64_t)mix[1] << 32;
  counter[0] = 0;
  counter[1] = mix[2] | (uint64_t)mix[3] << 32;
}

/* Key and counter of the generator that input 0 (int64[at least 3]: counter, key) holds; output 2: it, moved
 * on by input 1 (uint64) steps. */
TGC_RANDOM_KERNEL(tgc_kernel_random_generator) {
  TGC_KERNEL_UNUSED;
  const uint64_t *state = inputs[0].data;
  uint64_t *key = outputs[0].data, *counter = outputs[1].data, *moved = outputs[2].data;
  memcpy(moved, state, outputs[2].byte_size);
  key[0] = state[2];
  counter[0] = state[0];
  counter[1] = state[1];
  tgc_philox_t philox = tgc_philox_make(state[2], state[0], state[1]);
  tgc_philox_skip(&philox, *(const uint64_t *)inputs[1].data);
  moved[0] = philox.counter[0] | (uint64_t)philox.counter[1] << 32;
  moved[1] = philox.counter[2] | (uint64_t)philox.counter[3] << 32;
}

/* Output 0 (int64[n]): a number up to each of input 2's, which are drawn for those that are not 0. */
TGC_RANDOM_KERNEL(tgc_kernel_random_offsets) {
  TGC_KERNEL_UNUSED;
  const uint64_t *key = inputs[0].data, *counter = inputs[1].data;
  const int64_t *most = inputs[2].data;
  tgc_words_t words = tgc_words_make(tgc_philox_make(key[0], counter[0], counter[1]));
  for (int64_t i = 0; i < inputs[2].dims[0]; ++i)
    ((int64_t *)outputs[0].data)[i] =
        most[i] > 0 ? (int64_t)(tgc_next_u32(&words) % (uint32_t)(most[i] + 1)) : 0;
}
