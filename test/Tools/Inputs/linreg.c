/*===- linreg.c - y = x * W + b by hand, for the tests of checkpoints -------===*
 *
 * `more` is a variable that the checkpoints do not have, and they have some (Adam's) that the module does
 * not.
 *
 *===----------------------------------------------------------------------===*/
#include "tgc/abi.h"
#include <stddef.h>

static int32_t run(tgc_frame_t *frame) {
  const tgc_tensor_t *x = &frame->feeds[0];
  const float *w = frame->functions->variable_read(frame, 0, "W/read");
  const float *b = frame->functions->variable_read(frame, 1, "b/read");
  float *y = frame->functions->fetch(frame, 0, x->dims, x->byte_size);
  for (int64_t i = 0; i < x->dims[0]; ++i)
    y[i] = ((const float *)x->data)[i] * *w + *b;
  return TGC_OK;
}

static const int64_t column[2] = {-1, 1}, one[2] = {1, 1};
static const tgc_tensor_info_t x = {"x:0", TGC_FLOAT32, 2, column}, y = {"y:0", TGC_FLOAT32, 2, column};
static const tgc_entry_info_t entry = {"main", 1, 1, 0, &x, &y, NULL, 0, run};
static const float more[1] = {7};
static const tgc_variable_info_t variables[3] = {
    {{"W", TGC_FLOAT32, 2, one}, 1, NULL, NULL},
    {{"b", TGC_FLOAT32, 1, one}, 1, NULL, NULL},
    {{"more", TGC_FLOAT32, 1, one}, 0, more, NULL},
};
static const tgc_module_info_t module = {.size = sizeof(tgc_module_info_t),
                                         .version = TGC_ABI_VERSION,
                                         .target = "test",
                                         .fingerprint = "0",
                                         .num_entries = 1,
                                         .num_variables = 3,
                                         .entries = &entry,
                                         .variables = variables};

__attribute__((visibility("default"))) const tgc_module_info_t *tgc_module_query(uint32_t max_version) {
  return max_version >= TGC_ABI_VERSION ? &module : NULL;
}
