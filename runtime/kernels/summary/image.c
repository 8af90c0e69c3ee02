/*===- image.c - Image summaries ----------------------------------------------------===*/

#include "runtime/kernels/codec/codec.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void put_varint(tgc_text_t *text, uint64_t value) {
  char bytes[10];
  unsigned size = 0;
  for (; value >= 0x80; value >>= 7)
    bytes[size++] = (char)(value | 0x80);
  bytes[size++] = (char)value;
  tgc_text_add(text, bytes, size);
}

static void put_field(tgc_text_t *text, unsigned field, const char *bytes, uint64_t size) {
  put_varint(text, field << 3 | 2);
  put_varint(text, size);
  tgc_text_add(text, bytes, size);
}

/* Floating-point pixels as bytes, as TensorFlow scales them: what is not finite becomes red, or white. */
static void to_bytes(const float *values, int64_t num_pixels, int64_t depth, uint8_t *bytes) {
  static const uint8_t bad[] = {255, 0, 0, 255};
  static const float threshold = 1e-6f;
  float least = INFINITY, most = -INFINITY;
  for (int64_t i = 0; i < num_pixels * depth; ++i) {
    if (!isfinite(values[i]))
      continue;
    least = fminf(least, values[i]);
    most = fmaxf(most, values[i]);
  }
  float offset = least < 0 ? 128 : 0, range = least < 0 ? fmaxf(fabsf(least), fabsf(most)) : most;
  float scale = range < threshold ? 0 : (least < 0 ? 127 : 255) / range;
  for (int64_t pixel = 0; pixel < num_pixels; ++pixel) {
    uint8_t is_finite = 1;
    for (int64_t c = 0; c < depth; ++c)
      is_finite &= isfinite(values[pixel * depth + c]) != 0;
    for (int64_t c = 0; c < depth; ++c)
      bytes[pixel * depth + c] = is_finite ? (uint8_t)(values[pixel * depth + c] * scale + offset) : bad[c];
  }
}

static void put_value(tgc_text_t *summary, const char *tag, const tgc_text_t *png, const int64_t *dims) {
  tgc_text_t image = {.frame = summary->frame}, value = {.frame = summary->frame};
  for (unsigned field = 1; field <= 3; ++field) {
    put_varint(&image, field << 3);
    put_varint(&image, (uint64_t)dims[field]);
  }
  put_field(&image, 4, png->data, png->size);
  put_field(&value, 1, tag, strlen(tag));
  put_field(&value, 4, image.data, image.size);
  put_field(summary, 1, value.data, value.size);
}

/* The first images of input 1 (uint8 or float32, [count, height, width, channels]), as many as `config` says,
 * under the tag of input 0. Output 0: the text of a Summary; output 1: its bytes. */
TGC_KERNEL(tgc_kernel_image_summary) {
  TGC_KERNEL_UNUSED;
  const tgc_string_t *base = inputs[0].data;
  const int64_t *dims = inputs[1].dims;
  int64_t most = strtoll(config, NULL, 10), count = dims[0] < most ? dims[0] : most;
  int64_t num_pixels = dims[1] * dims[2], depth = dims[3], num_values = num_pixels * depth;
  tgc_text_t summary = {.frame = frame};
  uint8_t *bytes = tgc_rt_scratch(frame, (uint64_t)num_values);
  char tag[1024];
  for (int64_t i = 0; i < count; ++i) {
    tgc_text_t png = {.frame = frame};
    int length =
        snprintf(tag, sizeof tag, "%.*s/image", (int)(base->size < 900 ? base->size : 900), base->data);
    if (most > 1)
      snprintf(tag + length, sizeof tag - (size_t)length, "/%lld", (long long)i);
    const uint8_t *pixels = bytes;
    if (inputs[1].dtype == TGC_UINT8)
      pixels = (const uint8_t *)inputs[1].data + i * num_values;
    else
      to_bytes((const float *)inputs[1].data + i * num_values, num_pixels, depth, bytes);
    tgc_write_png(&png, TGC_UINT8, pixels, dims[1], dims[2], depth);
    put_value(&summary, tag, &png, dims);
  }
  int64_t sizes[] = {(int64_t)summary.size};
  tgc_rt_host_output(frame, (uint32_t)outputs[1].byte_size, &outputs[1], 1, sizes);
  if (summary.size)
    memcpy(outputs[1].data, summary.data, summary.size);
  *(tgc_string_t *)outputs[0].data = (tgc_string_t){outputs[1].data, summary.size};
}
