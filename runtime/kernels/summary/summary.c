/*===- summary.c - Summaries for TensorBoard --------------------------------------===*
 *
 * Encoded by hand as protocol buffers. Outputs are the text of a Summary, and the bytes that it points to.
 *
 *===------------------------------------------------------------------------===*/

#include "histogram.h"
#include "tgc/abi.h"

#include <string.h>

static char *put_varint(char *at, uint64_t value) {
  for (; value >= 0x80; value >>= 7)
    *at++ = (char)(value | 0x80);
  *at++ = (char)value;
  return at;
}

static char *put_bytes(char *at, const void *bytes, uint64_t size) {
  if (size)
    memcpy(at, bytes, size);
  return at + size;
}

/* Key and length of a field of bytes. */
static char *put_head(char *at, unsigned field, uint64_t size) {
  *at++ = (char)(field << 3 | 2);
  return put_varint(at, size);
}

/* The length of a varint. */
static uint64_t varint_size(uint64_t value) {
  uint64_t size = 1;
  for (; value >= 0x80; value >>= 7)
    ++size;
  return size;
}

static uint64_t field_size(uint64_t size) { return 1 + varint_size(size) + size; }

/* Points output 0, a scalar, to the bytes of output 1. */
static char *allocate(tgc_frame_t *frame, tgc_tensor_t *outputs, uint64_t size) {
  int64_t dims[] = {(int64_t)size};
  tgc_rt_host_output(frame, (uint32_t)outputs[1].byte_size, &outputs[1], 1, dims);
  *(tgc_string_t *)outputs[0].data = (tgc_string_t){outputs[1].data, size};
  return outputs[1].data;
}

/* A value for each of the tags (input 0) with the number (input 1, float32) at the same place. */
void tgc_kernel_scalar_summary(tgc_frame_t *frame, const char *node, const char *config,
                               const tgc_tensor_t *inputs, uint32_t num_inputs, tgc_tensor_t *outputs,
                               uint32_t num_outputs) {
  (void)node, (void)config, (void)num_inputs, (void)num_outputs;
  enum { NUMBER_SIZE = 5 };
  const tgc_string_t *tags = inputs[0].data;
  uint64_t count = inputs[0].byte_size / sizeof *tags, total = 0;
  for (uint64_t i = 0; i < count; ++i)
    total += field_size(field_size(tags[i].size) + NUMBER_SIZE);
  char *at = allocate(frame, outputs, total);
  for (uint64_t i = 0; i < count; ++i) {
    at = put_head(at, 1, field_size(tags[i].size) + NUMBER_SIZE);
    at = put_bytes(put_head(at, 1, tags[i].size), tags[i].data, tags[i].size);
    *at++ = 2 << 3 | 5;
    at = put_bytes(at, (const float *)inputs[1].data + i, sizeof(float));
  }
}

/* A histogram of input 1 (float64) under the tag of input 0, a scalar. */
void tgc_kernel_histogram_summary(tgc_frame_t *frame, const char *node, const char *config,
                                  const tgc_tensor_t *inputs, uint32_t num_inputs, tgc_tensor_t *outputs,
                                  uint32_t num_outputs) {
  (void)config, (void)num_inputs, (void)num_outputs;
  enum { NUM_NUMBERS = 5, NUMBER_SIZE = 9 };
  const tgc_string_t *tag = inputs[0].data;
  tgc_histogram_t histogram;
  if (tgc_histogram_make(inputs[1].data, inputs[1].byte_size / sizeof(double), &histogram)) {
    tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node, "Nan or infinity in a summary histogram", NULL, 0);
    return;
  }
  const double numbers[NUM_NUMBERS] = {histogram.min, histogram.max, histogram.num, histogram.sum,
                                       histogram.sum_squares};
  uint64_t buckets = histogram.num_buckets * sizeof(double), body = 2 * field_size(buckets);
  for (unsigned i = 0; i < NUM_NUMBERS; ++i)
    body += numbers[i] != 0 ? NUMBER_SIZE : 0;
  uint64_t value = field_size(tag->size) + field_size(body);
  char *at = put_head(allocate(frame, outputs, field_size(value)), 1, value);
  at = put_bytes(put_head(at, 1, tag->size), tag->data, tag->size);
  at = put_head(at, 5, body);
  for (unsigned i = 0; i < NUM_NUMBERS; ++i) {
    if (numbers[i] == 0)
      continue;
    *at++ = (char)((i + 1) << 3 | 1);
    at = put_bytes(at, &numbers[i], sizeof(double));
  }
  at = put_bytes(put_head(at, 6, buckets), histogram.limits, buckets);
  put_bytes(put_head(at, 7, buckets), histogram.counts, buckets);
}
