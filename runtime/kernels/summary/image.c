/*===- image.c - Image summaries ----------------------------------------------------===*
 *
 * A PNG whose pixels are stored, not compressed: TensorBoard reads it, and no library is needed.
 *
 *===------------------------------------------------------------------------===*/

#include "tgc/abi.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_STORED = 65535, TYPE_GRAY = 0, TYPE_COLOR = 2, TYPE_GRAY_ALPHA = 4, TYPE_COLOR_ALPHA = 6 };

/* Bytes that grow; everything that is put is dropped once memory was missing. */
typedef struct text {
  char *data;
  uint64_t size, capacity;
  uint8_t lacks_memory;
} text_t;

static void put(text_t *text, const void *bytes, uint64_t size) {
  if (size > text->capacity - text->size && !text->lacks_memory) {
    uint64_t capacity = 2 * text->capacity + size + 64;
    char *data = realloc(text->data, capacity);
    text->lacks_memory = data == NULL;
    text->data = data ? data : text->data;
    text->capacity = data ? capacity : text->capacity;
  }
  if (text->lacks_memory || !size)
    return;
  memcpy(text->data + text->size, bytes, size);
  text->size += size;
}

static void put_big_endian(text_t *text, uint32_t value) {
  const uint8_t bytes[] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8),
                           (uint8_t)value};
  put(text, bytes, sizeof bytes);
}

static void put_varint(text_t *text, uint64_t value) {
  uint8_t bytes[10];
  unsigned size = 0;
  for (; value >= 0x80; value >>= 7)
    bytes[size++] = (uint8_t)(value | 0x80);
  bytes[size++] = (uint8_t)value;
  put(text, bytes, size);
}

static void put_field(text_t *text, unsigned field, const void *bytes, uint64_t size) {
  put_varint(text, field << 3 | 2);
  put_varint(text, size);
  put(text, bytes, size);
}

static uint32_t crc_of(const char *bytes, uint64_t size) {
  uint32_t crc = ~0u;
  for (uint64_t i = 0; i < size; ++i) {
    crc ^= (uint8_t)bytes[i];
    for (int bit = 0; bit < 8; ++bit)
      crc = (crc >> 1) ^ (0xedb88320u & (0u - (crc & 1)));
  }
  return ~crc;
}

/* A chunk: length, type, bytes, checksum of the last two. `body` begins with the type. */
static void put_chunk(text_t *png, const text_t *body) {
  put_big_endian(png, (uint32_t)(body->size - 4));
  put(png, body->data, body->size);
  put_big_endian(png, crc_of(body->data, body->size));
  png->lacks_memory |= body->lacks_memory;
}

/* `rows` as a zlib stream of stored blocks. */
static void put_stream(text_t *out, const text_t *rows) {
  uint32_t low = 1, high = 0;
  put(out, "\x78\x01", 2);
  for (uint64_t at = 0; at < rows->size || at == 0;) {
    uint64_t left = rows->size - at, size = left < MAX_STORED ? left : MAX_STORED;
    const uint8_t head[] = {size == left, (uint8_t)size, (uint8_t)(size >> 8), (uint8_t)~size,
                            (uint8_t)(~size >> 8)};
    put(out, head, sizeof head);
    put(out, rows->data + at, size);
    at += size;
    if (size == left)
      break;
  }
  for (uint64_t i = 0; i < rows->size; ++i) {
    low = (low + (uint8_t)rows->data[i]) % 65521;
    high = (high + low) % 65521;
  }
  put_big_endian(out, high << 16 | low);
  out->lacks_memory |= rows->lacks_memory;
}

static void put_png(text_t *png, const uint8_t *pixels, int64_t height, int64_t width, int64_t depth) {
  const uint8_t types[] = {0, TYPE_GRAY, TYPE_GRAY_ALPHA, TYPE_COLOR, TYPE_COLOR_ALPHA};
  text_t body = {0}, rows = {0};
  put(png, "\x89PNG\r\n\x1a\n", 8);
  put(&body, "IHDR", 4);
  put_big_endian(&body, (uint32_t)width);
  put_big_endian(&body, (uint32_t)height);
  const uint8_t rest[] = {8, types[depth], 0, 0, 0};
  put(&body, rest, sizeof rest);
  put_chunk(png, &body);
  body.size = 0;
  for (int64_t row = 0; row < height; ++row) {
    put(&rows, "", 1); /* no filter */
    put(&rows, pixels + row * width * depth, (uint64_t)(width * depth));
  }
  put(&body, "IDAT", 4);
  put_stream(&body, &rows);
  put_chunk(png, &body);
  body.size = 0;
  put(&body, "IEND", 4);
  put_chunk(png, &body);
  free(body.data);
  free(rows.data);
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

static void put_value(text_t *summary, const char *tag, const text_t *png, const int64_t *dims) {
  text_t image = {0}, value = {0};
  for (unsigned field = 1; field <= 3; ++field) {
    put_varint(&image, field << 3);
    put_varint(&image, (uint64_t)dims[field]);
  }
  put_field(&image, 4, png->data, png->size);
  put_field(&value, 1, tag, strlen(tag));
  put_field(&value, 4, image.data, image.size);
  put_field(summary, 1, value.data, value.size);
  summary->lacks_memory |= png->lacks_memory | image.lacks_memory | value.lacks_memory;
  free(image.data);
  free(value.data);
}

/* The first images of input 1 (uint8 or float32, [count, height, width, channels]), as many as `config` says,
 * under the tag of input 0. Output 0: the text of a Summary; output 1: its bytes. */
void tgc_kernel_image_summary(tgc_frame_t *frame, const char *node, const char *config,
                              const tgc_tensor_t *inputs, uint32_t num_inputs, tgc_tensor_t *outputs,
                              uint32_t num_outputs) {
  (void)num_inputs, (void)num_outputs;
  const tgc_string_t *base = inputs[0].data;
  const int64_t *dims = inputs[1].dims;
  int64_t most = strtoll(config, NULL, 10), count = dims[0] < most ? dims[0] : most;
  int64_t num_pixels = dims[1] * dims[2], depth = dims[3];
  text_t summary = {0};
  uint8_t *bytes = malloc((uint64_t)(num_pixels * depth) + 1);
  char tag[1024];
  for (int64_t i = 0; bytes && i < count; ++i) {
    text_t png = {0};
    int length =
        snprintf(tag, sizeof tag, "%.*s/image", (int)(base->size < 900 ? base->size : 900), base->data);
    if (most > 1)
      snprintf(tag + length, sizeof tag - (size_t)length, "/%lld", (long long)i);
    if (inputs[1].dtype == TGC_UINT8)
      memcpy(bytes, (const uint8_t *)inputs[1].data + i * num_pixels * depth, (uint64_t)(num_pixels * depth));
    else
      to_bytes((const float *)inputs[1].data + i * num_pixels * depth, num_pixels, depth, bytes);
    put_png(&png, bytes, dims[1], dims[2], depth);
    put_value(&summary, tag, &png, dims);
    free(png.data);
  }
  uint8_t is_complete = bytes && !summary.lacks_memory;
  free(bytes);
  int64_t sizes[] = {(int64_t)summary.size};
  if (is_complete) {
    /* The runtime's memory may be missing, too: then this does not return, and what is lost is a summary. */
    tgc_rt_host_output(frame, (uint32_t)outputs[1].byte_size, &outputs[1], 1, sizes);
    if (summary.size)
      memcpy(outputs[1].data, summary.data, summary.size);
    *(tgc_string_t *)outputs[0].data = (tgc_string_t){outputs[1].data, summary.size};
  }
  free(summary.data);
  if (!is_complete)
    tgc_rt_fail(frame, TGC_RESOURCE_EXHAUSTED, node, "no memory for an image summary", NULL, 0);
}
