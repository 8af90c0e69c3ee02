/*===- tensor_proto.c - Tensors as messages, and summaries that hold them -----===*
 *
 * TensorProto { 1: dtype, 2: shape { 2: dimension { 1: size } }, 4: content | 8: string... }.
 *
 *===------------------------------------------------------------------------===*/

#include "runtime/kernels/print/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void put_varint(tgc_text_t *text, uint64_t value) {
  char bytes[10];
  uint64_t size = 0;
  for (; value >= 0x80; value >>= 7)
    bytes[size++] = (char)(value | 0x80);
  bytes[size++] = (char)value;
  tgc_text_add(text, bytes, size);
}

static void put_number(tgc_text_t *text, unsigned field, uint64_t value) {
  put_varint(text, field << 3);
  put_varint(text, value);
}

static void put_field(tgc_text_t *text, unsigned field, const char *bytes, uint64_t size) {
  put_varint(text, field << 3 | 2);
  put_varint(text, size);
  tgc_text_add(text, bytes, size);
}

static void put_text(tgc_text_t *text, unsigned field, const tgc_text_t *content) {
  put_field(text, field, content->data, content->size);
}

static tgc_text_t make_tensor(tgc_frame_t *frame, const tgc_tensor_t *tensor, int32_t dtype) {
  tgc_text_t text = {.frame = frame}, shape = {.frame = frame};
  put_number(&text, 1, (uint64_t)dtype);
  for (int32_t dim = 0; dim < tensor->rank; ++dim) {
    tgc_text_t size = {.frame = frame};
    if (tensor->dims[dim] != 0)
      put_number(&size, 1, (uint64_t)tensor->dims[dim]);
    put_text(&shape, 2, &size);
  }
  put_text(&text, 2, &shape);
  int64_t count = tgc_count(tensor);
  if (tensor->dtype == TGC_STRING)
    for (int64_t i = 0; i < count; ++i)
      put_field(&text, 8, ((const tgc_string_t *)tensor->data)[i].data,
                ((const tgc_string_t *)tensor->data)[i].size);
  else if (count > 0)
    put_field(&text, 4, (const char *)tensor->data, (uint64_t)count * tgc_dtype_size(tensor->dtype));
  return text;
}

static void set_text(tgc_tensor_t *output, tgc_text_t text) {
  *(tgc_string_t *)output->data = (tgc_string_t){text.data, text.size};
}

/* Config: the number of TensorFlow's type. Output 0, a scalar: input 0 as a message. */
TGC_KERNEL(tgc_kernel_serialize_tensor) {
  TGC_KERNEL_UNUSED;
  set_text(&outputs[0], make_tensor(frame, &inputs[0], (int32_t)strtol(config, NULL, 10)));
}

/* Config: the number of the type. Inputs: the tag or, with an empty one, the node's name; the tensor;
 * metadata, of the second version only. */
TGC_KERNEL(tgc_kernel_tensor_summary) {
  TGC_KERNEL_UNUSED;
  const tgc_string_t *name = inputs[0].data;
  int has_tag = num_inputs > 2;
  tgc_text_t value = {.frame = frame}, summary = {.frame = frame},
             tensor = make_tensor(frame, &inputs[1], (int32_t)strtol(config, NULL, 10));
  put_field(&value, has_tag ? 1 : 7, name->data, name->size);
  put_text(&value, 8, &tensor);
  if (has_tag)
    put_field(&value, 9, ((const tgc_string_t *)inputs[2].data)->data,
              ((const tgc_string_t *)inputs[2].data)->size);
  put_text(&summary, 1, &value);
  set_text(&outputs[0], summary);
}

static void put_little_endian(tgc_text_t *text, uint32_t value, uint64_t size) {
  const char bytes[4] = {(char)value, (char)(value >> 8), (char)(value >> 16), (char)(value >> 24)};
  tgc_text_add(text, bytes, size);
}

/* The samples of a clip [frames, channels] as a RIFF file of 16 bits. */
static tgc_text_t make_wave(tgc_frame_t *frame, const float *samples, int64_t frames, int64_t channels,
                            uint32_t rate) {
  tgc_text_t text = {.frame = frame};
  uint32_t bytes = (uint32_t)(frames * channels * 2);
  tgc_text_add_zero_terminated(&text, "RIFF");
  put_little_endian(&text, bytes + 36, 4);
  tgc_text_add_zero_terminated(&text, "WAVEfmt ");
  put_little_endian(&text, 16, 4);
  put_little_endian(&text, 1, 2);
  put_little_endian(&text, (uint32_t)channels, 2);
  put_little_endian(&text, rate, 4);
  put_little_endian(&text, rate * (uint32_t)channels * 2, 4);
  put_little_endian(&text, (uint32_t)channels * 2, 2);
  put_little_endian(&text, 16, 2);
  tgc_text_add_zero_terminated(&text, "data");
  put_little_endian(&text, bytes, 4);
  for (int64_t i = 0; i < frames * channels; ++i) {
    float sample = roundf(samples[i] * 32768.0f);
    sample = sample < -32768 ? -32768 : sample > 32767 ? 32767 : sample;
    put_little_endian(&text, (uint32_t)(int32_t)sample, 2);
  }
  return text;
}

/* Config: how many clips at most. Inputs: tag, clips [count, frames, channels], samples in a second. */
TGC_KERNEL(tgc_kernel_audio_summary) {
  TGC_KERNEL_UNUSED;
  const tgc_string_t *tag = inputs[0].data;
  int64_t most = strtoll(config, NULL, 10), count = inputs[1].dims[0] < most ? inputs[1].dims[0] : most,
          frames = inputs[1].dims[1], channels = inputs[1].dims[2];
  float rate = *(const float *)inputs[2].data;
  if (!(rate > 0))
    tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node, "sample_rate must be > 0", NULL, 0);
  tgc_text_t summary = {.frame = frame};
  for (int64_t i = 0; i < count; ++i) {
    tgc_text_t name = {.frame = frame}, audio = {.frame = frame}, value = {.frame = frame};
    char ending[40];
    snprintf(ending, sizeof ending, most > 1 ? "/audio/%lld" : "/audio", (long long)i);
    tgc_text_add(&name, tag->data, tag->size);
    tgc_text_add_zero_terminated(&name, ending);
    tgc_text_t wave = make_wave(frame, (const float *)inputs[1].data + i * frames * channels, frames,
                                channels, (uint32_t)lrintf(rate));
    put_varint(&audio, 1 << 3 | 5);
    tgc_text_add(&audio, (const char *)&rate, sizeof rate);
    put_number(&audio, 2, (uint64_t)channels);
    put_number(&audio, 3, (uint64_t)frames);
    put_text(&audio, 4, &wave);
    put_field(&audio, 5, "audio/wav", 9);
    put_text(&value, 1, &name);
    put_text(&value, 6, &audio);
    put_text(&summary, 1, &value);
  }
  set_text(&outputs[0], summary);
}
