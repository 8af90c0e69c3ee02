/*===- forward.c - The symbols that generated code calls --------------------===
 *
 * Each goes through the table of the frame, to the runtime that made it. So a module runs on its host's
 * runtime although it carries one of its own. Nothing here may look at a session.
 *
 *===----------------------------------------------------------------------===*/
#include "tgc/abi.h"

#include <stddef.h>

/* Whether the table of the frame's runtime reaches to `member`: appended functions are missing in older
 * runtimes. */
#define HAS(functions, member)                                                                               \
  ((functions)->size >= offsetof(tgc_runtime_functions_t, member) + sizeof((functions)->member))

void *tgc_rt_workspace(tgc_frame_t *frame, uint64_t bytes) {
  return frame->functions->workspace(frame, bytes);
}

void *tgc_rt_buffer(tgc_frame_t *frame, uint32_t index, uint64_t bytes) {
  return frame->functions->buffer(frame, index, bytes);
}

void *tgc_rt_fetch(tgc_frame_t *frame, uint32_t index, const int64_t *dims, uint64_t bytes) {
  return frame->functions->fetch(frame, index, dims, bytes);
}

void *tgc_rt_variable_read(tgc_frame_t *frame, uint32_t index, const char *node) {
  return frame->functions->variable_read(frame, index, node);
}

void *tgc_rt_variable_write(tgc_frame_t *frame, uint32_t index, const int64_t *dims, uint64_t bytes) {
  return frame->functions->variable_write(frame, index, dims, bytes);
}

void tgc_rt_fail(tgc_frame_t *frame, int32_t code, const char *node, const char *text, const int64_t *values,
                 uint32_t num_values) {
  frame->functions->fail(frame, code, node, text, values, num_values);
}

void tgc_rt_parallel_for(tgc_frame_t *frame, tgc_loop_body_fn body, void *context, int64_t count,
                         int64_t grain) {
  frame->functions->parallel_for(frame, body, context, count, grain);
}

void tgc_rt_host_output(tgc_frame_t *frame, uint32_t index, tgc_tensor_t *output, int32_t rank,
                        const int64_t *dims) {
  frame->functions->host_output(frame, index, output, rank, dims);
}

static void fail_for_age(tgc_frame_t *frame) {
  frame->functions->fail(frame, TGC_UNIMPLEMENTED, NULL,
                         "the module needs a newer runtime than the one that runs it", NULL, 0);
}

uint64_t *tgc_rt_counter(tgc_frame_t *frame, uint32_t index) {
  if (!HAS(frame->functions, counter))
    fail_for_age(frame);
  return frame->functions->counter(frame, index);
}

uint64_t tgc_rt_seed(tgc_frame_t *frame) {
  if (!HAS(frame->functions, seed))
    fail_for_age(frame);
  return frame->functions->seed(frame);
}

void *tgc_rt_scratch(tgc_frame_t *frame, uint64_t bytes) {
  if (!HAS(frame->functions, scratch))
    fail_for_age(frame);
  return frame->functions->scratch(frame, bytes);
}

void **tgc_rt_object(tgc_frame_t *frame, const char *name, void (*release)(void *object)) {
  if (!HAS(frame->functions, object))
    fail_for_age(frame);
  return frame->functions->object(frame, name, release);
}

void *tgc_rt_variable_peek(tgc_frame_t *frame, uint32_t index, uint64_t bytes) {
  if (!HAS(frame->functions, variable_peek))
    fail_for_age(frame);
  return frame->functions->variable_peek(frame, index, bytes);
}

uint8_t tgc_rt_variable_is_initialized(tgc_frame_t *frame, const char *name) {
  if (!HAS(frame->functions, variable_is_initialized))
    fail_for_age(frame);
  return frame->functions->variable_is_initialized(frame, name);
}

void tgc_rt_variable_destroy(tgc_frame_t *frame, const char *name) {
  if (!HAS(frame->functions, variable_destroy))
    fail_for_age(frame);
  frame->functions->variable_destroy(frame, name);
}

tgc_residence_t *tgc_rt_variable_residence(tgc_frame_t *frame, uint32_t index) {
  if (!HAS(frame->functions, variable_residence))
    fail_for_age(frame);
  return frame->functions->variable_residence(frame, index);
}

void tgc_rt_profile(tgc_frame_t *frame, const char *kernel, const char *nodes) {
  if (HAS(frame->functions, profile))
    frame->functions->profile(frame, kernel, nodes);
}

uint8_t tgc_rt_profile_device(tgc_frame_t *frame, const tgc_device_work_t *work) {
  return HAS(frame->functions, profile_device) && frame->functions->profile_device(frame, work);
}

tgc_guests_t *tgc_rt_guests(tgc_frame_t *frame) {
  return HAS(frame->functions, guests) ? frame->functions->guests(frame) : NULL;
}
