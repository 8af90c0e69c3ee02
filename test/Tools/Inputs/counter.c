/*===- counter.c - A module written by hand, for the tests of tgc-run -------===*
 *
 * Entries over the variables n (int64, uninitialised) and w (float32 [2], starts as 0.5, 1.5):
 *   init   target init: n = 0
 *   step   x:0 float32 [?] -> y:0 = x + n, target inc: n += 1 after the read
 *   echo   one feed of every element type, each fetched as it is
 *
 *===----------------------------------------------------------------------===*/
#include "tgc/abi.h"
#include <string.h>

static int32_t run_init(tgc_frame_t *frame) {
  int64_t *n = frame->functions->variable_write(frame, 0, NULL, sizeof(int64_t));
  *n = 0;
  return TGC_OK;
}

static int32_t run_step(tgc_frame_t *frame) {
  const tgc_tensor_t *x = &frame->feeds[0];
  int64_t *n = frame->functions->variable_read(frame, 0, "step/read");
  float *y = frame->functions->fetch(frame, 0, x->dims, x->byte_size);
  for (int64_t i = 0; i < x->dims[0]; ++i)
    y[i] = ((const float *)x->data)[i] + (float)*n;
  ++*(int64_t *)frame->functions->variable_write(frame, 0, NULL, sizeof(int64_t));
  return TGC_OK;
}

#define ECHOED 16

static int32_t run_echo(tgc_frame_t *frame) {
  for (uint32_t i = 0; i < ECHOED; ++i) {
    const tgc_tensor_t *feed = &frame->feeds[i];
    void *out = frame->functions->fetch(frame, i, feed->dims, feed->byte_size);
    if (feed->byte_size)
      memcpy(out, feed->data, feed->byte_size);
  }
  return TGC_OK;
}

static const int64_t dynamic[1] = {-1}, pair[2] = {-1, 2}, two[1] = {2};
static const tgc_tensor_info_t x[1] = {{"x:0", TGC_FLOAT32, 1, dynamic}};
static const tgc_tensor_info_t y[1] = {{"y:0", TGC_FLOAT32, 1, dynamic}};
static const char *const init_targets[1] = {"init"};
static const char *const step_targets[1] = {"inc"};

#define EACH_TYPE(prefix)                                                                                    \
  {prefix "f2:0", TGC_FLOAT16, 2, pair}, {prefix "f4:0", TGC_FLOAT32, 2, pair},                              \
      {prefix "f8:0", TGC_FLOAT64, 2, pair}, {prefix "i1:0", TGC_INT8, 2, pair},                             \
      {prefix "i2:0", TGC_INT16, 2, pair}, {prefix "i4:0", TGC_INT32, 2, pair},                              \
      {prefix "i8:0", TGC_INT64, 2, pair}, {prefix "u1:0", TGC_UINT8, 2, pair},                              \
      {prefix "u2:0", TGC_UINT16, 2, pair}, {prefix "u4:0", TGC_UINT32, 2, pair},                            \
      {prefix "u8:0", TGC_UINT64, 2, pair}, {prefix "b1:0", TGC_BOOL, 2, pair},                              \
      {prefix "c8:0", TGC_COMPLEX64, 2, pair}, {prefix "c16:0", TGC_COMPLEX128, 2, pair},                    \
      {prefix "bf16:0", TGC_BFLOAT16, 2, pair}, {                                                            \
    prefix "s:0", TGC_STRING, 2, pair                                                                        \
  }

static const tgc_tensor_info_t echo_feeds[ECHOED] = {EACH_TYPE("in/")};
static const tgc_tensor_info_t echo_fetches[ECHOED] = {EACH_TYPE("out/")};

static const tgc_entry_info_t entries[3] = {
    {"init", 0, 0, 1, NULL, NULL, init_targets, 0, run_init},
    {"step", 1, 1, 1, x, y, step_targets, 0, run_step},
    {"echo", ECHOED, ECHOED, 0, echo_feeds, echo_fetches, NULL, 0, run_echo},
};

static const float w_value[2] = {0.5f, 1.5f};
static const tgc_variable_info_t variables[2] = {
    {{"n", TGC_INT64, 0, NULL}, 0, NULL, NULL},
    {{"w", TGC_FLOAT32, 1, two}, 1, w_value, NULL},
};

static const tgc_module_info_t module = {.size = sizeof(tgc_module_info_t),
                                         .version = TGC_ABI_VERSION,
                                         .target = "test",
                                         .fingerprint = "0",
                                         .num_entries = 3,
                                         .num_variables = 2,
                                         .entries = entries,
                                         .variables = variables};

__attribute__((visibility("default"))) const tgc_module_info_t *tgc_module_query(uint32_t max_version) {
  return max_version >= TGC_ABI_VERSION ? &module : NULL;
}
