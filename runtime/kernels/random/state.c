/*===- state.c - Keys and counters of random operators ------------------------===*/

#include "philox.h"
#include "random.h"

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
    seed[i] = inputs[0].dtype == TGC_INT32 ? (uint64_t)(int64_t)((const int32_t *)inputs[0].data)[i] : ((const uint64_t *)inputs[0].data)[i];
  tgc_philox_t philox = tgc_philox_make(0x02461e293ec8f720u, seed[0], seed[1]);
  uint32_t mix[4];
  tgc_philox_next(&philox, mix);
  uint64_t *key = outputs[0].data, *counter = outputs[1].data;
  key[0] = mix[0] | (uint64_t)mix[1] << 32;
  counter[0] = 0;
  counter[1] = mix[2] | (uint64_t)mix[3] << 32;
}
