/*===- build.c - Names of files -----------------------------------------------===*/

#include "runtime/kernels/print/text.h"

#include <stdio.h>

/* Output 0, a scalar: "<input 0>-<input 1>-of-<input 2>" with five digits each. */
TGC_KERNEL(tgc_kernel_sharded_filename) {
  TGC_KERNEL_UNUSED;
  const tgc_string_t *base = inputs[0].data;
  char ending[64];
  snprintf(ending, sizeof ending, "-%05d-of-%05d", *(const int32_t *)inputs[1].data,
           *(const int32_t *)inputs[2].data);
  tgc_text_t text = {.frame = frame};
  tgc_text_add(&text, base->data, base->size);
  tgc_text_add_zero_terminated(&text, ending);
  *(tgc_string_t *)outputs[0].data = (tgc_string_t){text.data, text.size};
}

/* Output 0, a scalar: "<input 0>-?????-of-<input 1>", which all files of a sharded checkpoint match. */
TGC_KERNEL(tgc_kernel_sharded_filespec) {
  TGC_KERNEL_UNUSED;
  const tgc_string_t *base = inputs[0].data;
  char ending[64];
  snprintf(ending, sizeof ending,
           "-????"
           "?-of-%05d",
           *(const int32_t *)inputs[1].data);
  tgc_text_t text = {.frame = frame};
  tgc_text_add(&text, base->data, base->size);
  tgc_text_add_zero_terminated(&text, ending);
  *(tgc_string_t *)outputs[0].data = (tgc_string_t){text.data, text.size};
}
