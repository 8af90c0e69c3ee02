/*===- compare.c - Equality of strings ---------------------------------------===*/

#include "tgc/abi.h"

#include <string.h>

/* Output 0 (bool): whether the elements of inputs 0 and 1, which have its shape, are equal. */
void tgc_kernel_string_equal(tgc_frame_t *frame, const char *node, const char *config,
                             const tgc_tensor_t *inputs, uint32_t num_inputs, tgc_tensor_t *outputs,
                             uint32_t num_outputs) {
  (void)frame, (void)node, (void)config, (void)num_inputs, (void)num_outputs;
  const tgc_string_t *a = inputs[0].data, *b = inputs[1].data;
  uint8_t *equal = outputs[0].data;
  int64_t count = 1;
  for (int32_t dim = 0; dim < outputs[0].rank; ++dim)
    count *= outputs[0].dims[dim];
  for (int64_t i = 0; i < count; ++i)
    equal[i] = a[i].size == b[i].size && (a[i].size == 0 || memcmp(a[i].data, b[i].data, a[i].size) == 0);
}
