/*===- build.c - New strings --------------------------------------------------===*
 *
 * A kernel that makes strings has two outputs: the strings, and the bytes that they point to, which live as
 * long as the run.
 *
 *===------------------------------------------------------------------------===*/

#include "tgc/abi.h"

#include <stdio.h>
#include <string.h>

static int64_t count_of(const tgc_tensor_t *tensor) {
  int64_t count = 1;
  for (int32_t dim = 0; dim < tensor->rank; ++dim)
    count *= tensor->dims[dim];
  return count;
}

/* Element `index` of a tensor, or the one element that a scalar has. */
static tgc_string_t element(const tgc_tensor_t *tensor, int64_t index) {
  return ((const tgc_string_t *)tensor->data)[tensor->rank ? index : 0];
}

static char *append(char *at, const char *bytes, uint64_t size) {
  if (size)
    memcpy(at, bytes, size);
  return at + size;
}

/* Output 0: the elements of all inputs, which have its shape or are scalars, with `config` in between. Output
 * 1: bytes. */
void tgc_kernel_string_join(tgc_frame_t *frame, const char *node, const char *config,
                            const tgc_tensor_t *inputs, uint32_t num_inputs, tgc_tensor_t *outputs,
                            uint32_t num_outputs) {
  (void)node, (void)num_outputs;
  uint64_t separator = strlen(config);
  int64_t count = count_of(&outputs[0]), total = 0;
  for (int64_t i = 0; i < count; ++i)
    for (uint32_t k = 0; k < num_inputs; ++k)
      total += (int64_t)(element(&inputs[k], i).size + (k ? separator : 0));
  tgc_rt_host_output(frame, (uint32_t)outputs[1].byte_size, &outputs[1], 1, &total);
  char *at = outputs[1].data;
  tgc_string_t *joined = outputs[0].data;
  for (int64_t i = 0; i < count; ++i) {
    joined[i].data = at;
    for (uint32_t k = 0; k < num_inputs; ++k) {
      tgc_string_t part = element(&inputs[k], i);
      at = append(at, config, k ? separator : 0);
      at = append(at, part.data, part.size);
    }
    joined[i].size = (uint64_t)(at - joined[i].data);
  }
}

/* Output 0, a scalar: "<input 0>-<input 1>-of-<input 2>" with five digits each. Output 1: bytes. */
void tgc_kernel_sharded_filename(tgc_frame_t *frame, const char *node, const char *config,
                                 const tgc_tensor_t *inputs, uint32_t num_inputs, tgc_tensor_t *outputs,
                                 uint32_t num_outputs) {
  (void)node, (void)config, (void)num_inputs, (void)num_outputs;
  tgc_string_t base = element(&inputs[0], 0);
  char ending[64];
  int length = snprintf(ending, sizeof ending, "-%05d-of-%05d", *(const int32_t *)inputs[1].data,
                        *(const int32_t *)inputs[2].data);
  int64_t total = (int64_t)base.size + length;
  tgc_rt_host_output(frame, (uint32_t)outputs[1].byte_size, &outputs[1], 1, &total);
  append(append(outputs[1].data, base.data, base.size), ending, (uint64_t)length);
  *(tgc_string_t *)outputs[0].data = (tgc_string_t){outputs[1].data, (uint64_t)total};
}
